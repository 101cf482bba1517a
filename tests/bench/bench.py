#!/usr/bin/python3
# SPDX-License-Identifier: MIT
print("x")

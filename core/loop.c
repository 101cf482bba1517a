/* SPDX-License-Identifier: MIT */
#include <core/core.h>

/* SPDX-License-Identifier: MIT */
#include <core/core.h>
int main(void) { return 0; }

/* SPDX-License-Identifier: MIT */
#include <core/remote.h>

uint32_t remote_port(const struct remote *r)
{
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Giving up capabilities. By system calls and not through libcap, so that the library needs nothing for it. */
#ifdef __linux__
#define _GNU_SOURCE /* syscall() */
#endif
#include <errno.h>
#include <string.h>

#include <aeriecap.h>

#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITY_LAST 63

int aeriecap_drop_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	unsigned long i;

	memset(data, 0, sizeof data);
	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	/* Nothing that is executed later gets them back. The bounding set needs CAP_SETPCAP: without it, the next line
	 * of defence holds. */
	for (i = 0; i <= CAPABILITY_LAST; i++)
		if (!(keep >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			break; /* EPERM, or the kernel has no more of them */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -1;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t mask = (uint32_t)(keep >> 32 * i);

		data[i].permitted &= mask;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -1 : 0;
}
#else
int aeriecap_drop_capabilities(uint64_t keep)
{
	return 0;
}
#endif

/* SPDX-License-Identifier: MIT */
/* Giving up capabilities. By system calls and not through libcap, so that the library needs nothing for it. */
#ifdef __linux__
#define _GNU_SOURCE /* syscall(), setresuid() */
#endif
#include <errno.h>
#include <string.h>

#include "handler.h"

#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITY_LAST 63

int drop_capabilities(uint64_t keep)
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

/* A set-user-ID program becomes its user's for ever: root's files are open to root without any capability. In all threads,
 * as the C library has it; others than this one are left without capabilities, and this one without effective ones. */
static int become_user(void)
{
	uid_t uid = getuid(), effective = geteuid();
	int on_parents_end = 0;

	if (uid == effective)
		return 0;
	if (prctl(PR_GET_PDEATHSIG, &on_parents_end) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(uid, uid, uid) < 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_PDEATHSIG, on_parents_end); /* forgotten by a change of user */
}

int aeriecap_drop_capabilities(uint64_t keep)
{
	if (drop_capabilities(keep) < 0 || become_user() < 0)
		return -1;
	return drop_capabilities(keep); /* those that were kept take effect again */
}
#else
int drop_capabilities(uint64_t keep)
{
	return 0;
}

int aeriecap_drop_capabilities(uint64_t keep)
{
	return 0;
}
#endif

/* SPDX-License-Identifier: MIT */
/* Files of modules: may they be trusted, are they known, and do they survive being opened in a child process. */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_PARALLEL 4u
#define PROBE_OUTPUT_MAX 65536u /* octets that are read of what a probe says */

/* A file, as it is recognised again. */
struct file_id {
	uint64_t size, mtime_ns, inode;
};

/* Is the file acceptable: a regular one, owned by root or the user, and nobody else can write to it or its directory? 0 with the
 * resolved path (heap) and id; or a negative errno with a sentence (heap). */
int probe_trust(const char *path, char **ret_resolved, struct file_id *ret_id, char **ret_reason);

/* The lists HOME/plugins.known and HOME/plugins.quarantine. */
struct probe_lists;
struct probe_lists *probe_lists_read(const char *home); /* home NULL: empty, and never written; NULL: memory is out */
void probe_lists_free(struct probe_lists *l);
bool probe_known(const struct probe_lists *l, const char *path, const struct file_id *id);
const char *probe_quarantined(const struct probe_lists *l, const char *path, const struct file_id *id); /* the reason, or NULL */
/* reason NULL: known to be good; otherwise: quarantined. Replaces what the lists said about the path. */
int probe_note(struct probe_lists *l, const char *path, const struct file_id *id, const char *reason);
void probe_forget(struct probe_lists *l, const char *path);
int probe_lists_write(const struct probe_lists *l); /* 0, also when nothing changed, or a negative errno */

/* HOME/plugins.starting: the module that is being started by this process. When the process ends before it says that it is not,
 * probe_lists_read() puts the module in quarantine. Several processes with one home: the first one has the file. */
struct probe_start;
struct probe_start *probe_start_new(const char *home); /* NULL, which all of these take: nothing is noted */
void probe_start_note(struct probe_start *s, const char *path, const struct file_id *id); /* path NULL: none */
void probe_start_free(struct probe_start *s);

struct probe_job {
	const char *path;
	int result;   /* 0: fine; -EINVAL: refused; -EFAULT: crashed or left; -ETIMEDOUT; another errno: could not be probed */
	char *reason; /* heap, or NULL when fine */
};
/* Opens each file in a child process of its own, `self --probe-plugin FILE`, some at a time. */
void probe_run(const char *self, struct probe_job *jobs, size_t n, unsigned timeout_ms);
/* What the child does; its exit status. */
int probe_child(const char *path);

#endif

/* SPDX-License-Identifier: MIT */
/* The module descriptor, its options, its life cycle, and the host's face. Since ABI 1.0.
 *
 * A module exports exactly one symbol, the function aerie_plugin_entry(), made by AERIE_PLUGIN_EXPORT. The host
 * calls it once after dlopen, checks the 16-byte prefix, and copies min(size, its own size) bytes into a zeroed
 * struct of its own: members that an old module does not have read as NULL, members that this host does
 * not know are ignored.
 *
 * Life cycle, all on the main thread:
 *
 *   load -> configure -> start -> ... -> quiesce -> stop -> unload
 *
 *   load       takes services with get_service() and registers everything the module offers. The only place where
 *              registration is legal. What it registers becomes visible to others when start() has succeeded.
 *   configure  reads and validates its options. The last point at which a wrong setting can be refused.
 *   start      opens sockets, makes threads.
 *   quiesce    takes no new work; what is under way may finish.
 *   stop       joins threads, closes sockets. No callback of the module runs after stop() returned.
 *   unload     frees the state. The host then removes whatever is still registered and logs what was forgotten.
 *
 * load, configure and start may fail: return host->fail(host, -errno, "what, why, what to do"). Functions of services marked
 * "(told)" have said it already: return their result as it is. A callee that fails
 * has cleaned up after itself; the host undoes the steps before it in reverse (after a failed configure: unload;
 * after a failed start: unload). All members of the life cycle but load may be NULL. */
#ifndef AERIE_PLUGIN_H
#define AERIE_PLUGIN_H

#include <aerie/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aerie_host;
struct aerie_config;

/* Types of an option's value. Text forms: integers in decimal or 0x hex; booleans true/t/false/f; durations a
 * number with s, ms, us, m, h or d (a bare number is seconds); sizes a number with K, M or G (powers of 1024). */
#define AERIE_OPT_STR 1u
#define AERIE_OPT_INT 2u
#define AERIE_OPT_BOOL 3u
#define AERIE_OPT_DURATION 4u
#define AERIE_OPT_SIZE 5u

#define AERIE_OPT_REQUIRED (1u << 0)   /* must be set when the module is loaded */
#define AERIE_OPT_REPEATED (1u << 1)   /* several values accumulate */
#define AERIE_OPT_SECRET (1u << 2)     /* never shown in logs or over HTTP */
#define AERIE_OPT_RELOADABLE (1u << 3) /* may change while the module runs */
#define AERIE_OPT_DEPRECATED (1u << 4) /* accepted with a warning */

/* One declared option. `name` is the key in configuration files and for -s; case-insensitive. */
struct aerie_option {
	uint32_t size;  /* sizeof (struct aerie_option) */
	uint32_t type;  /* AERIE_OPT_... */
	uint32_t flags; /* AERIE_OPT_..., or 0 */
	uint32_t reserved;
	const char *name;
	const char *dflt;  /* text form of the default, or NULL: unset */
	const char *range; /* "1..65535", "a|b|c", or NULL: any */
	const char *help;  /* one sentence; required */
};
/* A table of options ends with a row whose name is NULL. */
#define AERIE_OPTION_END { (uint32_t)sizeof(struct aerie_option), 0, 0, 0, NULL, NULL, NULL, NULL }
#define AERIE_OPTION(type, flags, name, dflt, range, help) \
	{ (uint32_t)sizeof(struct aerie_option), type, flags, 0, name, dflt, range, help }

/* thread_model: callbacks may run at the same time on every thread that their tag allows. The only model of
 * ABI 1.0; a host refuses a model it does not know. */
#define AERIE_THREADS_FREE 0u

struct aerie_plugin {
	struct aerie_abi abi;
	const char *id;      /* [A-Za-z0-9._-]{1,64}; reverse-DNS ("org.example.zigbee"); the host's own begin with "aerie."; required */
	const char *version; /* the module's own version text; required */
	const char *summary; /* one line; required */
	const char *license; /* SPDX expression; required */
	const char *url;     /* or NULL */
	/* NULL-terminated lists of service ids (AERIE_..._SERVICE of the headers, or a module's own), or NULL. A required
	 * service must be offered by the host or by another module, which is then started before this one and stopped after
	 * it. A trailing '?' makes a requirement optional: ordered when present, ignored when absent. A provided id is
	 * answered by get_ext(). */
	const char *const *provides;
	const char *const *requires_;
	const struct aerie_option *options; /* or NULL */
	uint32_t caps;                      /* 0 in ABI 1.0 */
	uint32_t thread_model;              /* AERIE_THREADS_... */

	int (*load)(const struct aerie_host *h, void **ret_state);        /* [main] required */
	int (*configure)(void *state, const struct aerie_config *config); /* [main] config is valid during the call */
	int (*start)(void *state);                                        /* [main] */
	void (*quiesce)(void *state);                                     /* [main] */
	void (*stop)(void *state);                                        /* [main] */
	void (*unload)(void *state);                                      /* [main] */
	/* [any] The table of a provided service; valid until unload(). */
	const void *(*get_ext)(void *state, const char *id);
};

/* Severity of a message; the numbers of the ecosystem's message bus. */
#define AERIE_LOG_DEBUG 1
#define AERIE_LOG_INFO 2
#define AERIE_LOG_ERROR 4
#define AERIE_LOG_ALERT 8
#define AERIE_LOG_FATAL 16

/* The host's face, one per module; valid until unload() has returned. */
struct aerie_host {
	uint32_t size;
	uint16_t major, minor; /* ABI of the host */
	void *priv;            /* the host's own */
	/* [any] The table of service `id`, or NULL when nobody offers it. A module asks only for what it lists in
	 * requires_; anything else answers NULL and is logged as the module's mistake. */
	const void *(*get_service)(const struct aerie_host *h, const char *id);
	/* [any] One line on the message bus, prefixed with the module's id. level is AERIE_LOG_... */
	void (*log)(const struct aerie_host *h, int level, const char *msg);
	/* [any] Keeps msg, which replaces what was said before, as the reason of the failure under way and returns err, which must be
	 * negative. */
	int (*fail)(const struct aerie_host *h, int err, const char *msg);
};

#define AERIE_ABI_INIT                                                                                 \
	{ AERIE_ABI_MAGIC, AERIE_ABI_MAJOR, AERIE_ABI_MINOR, AERIE_ABI_TARGET, 0,                      \
	  (uint32_t)sizeof(struct aerie_plugin) }

typedef const struct aerie_plugin *aerie_plugin_entry_fn(void);

/* The one symbol of a module. Declared here, so that in C++ it has C's name too. */
AERIE_EXPORT const struct aerie_plugin *aerie_plugin_entry(void);

#define AERIE_PLUGIN_EXPORT(desc)                                              \
	const struct aerie_plugin *aerie_plugin_entry(void) { return &(desc); } \
	extern int aerie_plugin_entry_needs_semicolon

#ifdef __cplusplus
}
#endif
#endif

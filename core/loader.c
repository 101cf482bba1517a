/* SPDX-License-Identifier: MIT */
/* The modules' life: load, configure, start, and back; the services that they provide; and the list of them. Finding them is
 * loader_scan.c's part. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/epoch.h>
#include <core/loader_priv.h>
#include <core/loop.h>
#include <core/pipeline.h>

static const struct {
	const char *word, *phrase;
} states[] = {
	[0] = { "ready", "is ready" },
	[AERIE_PLUGIN_RUNNING] = { "running", "runs" },
	[AERIE_PLUGIN_FAILED] = { "failed", "does not run" },
	[AERIE_PLUGIN_REFUSED] = { "refused", "is refused" },
	[AERIE_PLUGIN_QUARANTINED] = { "quarantined", "is in quarantine" },
	[AERIE_PLUGIN_DISABLED] = { "disabled", "is disabled" },
};

const char *entry_name(const struct entry *e)
{
	return e->id ? e->id : e->file;
}

uint32_t entry_state(struct loader *l, const struct entry *e)
{
	uint32_t state;

	pthread_mutex_lock(&l->lock);
	state = e->state;
	pthread_mutex_unlock(&l->lock);
	return state;
}

static void set_state(struct loader *l, struct entry *e, uint32_t state, char *reason)
{
	pthread_mutex_lock(&l->lock);
	free(e->reason);
	e->state = state;
	e->reason = reason;
	pthread_mutex_unlock(&l->lock);
}

void entry_refuse(struct loader *l, struct entry *e, uint32_t state, char *reason)
{
	const char *why = reason ? reason : "memory is out";
	int level = state == AERIE_PLUGIN_DISABLED ? AERIE_LOG_DEBUG : AERIE_LOG_ERROR;

	if (e->id)
		bus_printf(l->core->bus, level, "module %s (%s) %s: %s", e->id, e->path, states[state].phrase, why);
	else
		bus_printf(l->core->bus, level, "module %s %s: %s", e->path, states[state].phrase, why);
	set_state(l, e, state, reason);
}

/* ---- Start ---- */

static struct entry *provider_of(struct loader *l, const char *service)
{
	size_t len = strlen(service), i;
	char **p;

	len -= len && service[len - 1] == '?';
	for (i = 0; i < l->n_order; i++)
		for (p = l->entries[l->order[i]]->provides; p && *p; p++)
			if (!strncmp(*p, service, len) && !(*p)[len])
				return l->entries[l->order[i]];
	return NULL;
}

/* The first requirement whose provider did not start. */
static const struct entry *lost_provider(struct loader *l, const struct entry *e, const char **ret_service)
{
	const struct entry *p;
	char **r;

	for (r = e->requires_; *r; r++) {
		if ((*r)[strlen(*r) - 1] == '?' || services_find(*r))
			continue;
		p = provider_of(l, *r);
		if (!p || entry_state(l, p) != AERIE_PLUGIN_RUNNING) {
			*ret_service = *r;
			return p;
		}
	}
	return NULL;
}

static int failed(struct loader *l, struct entry *e, const char *step, int err)
{
	const char *text = e->m ? e->m->fail_text : NULL;
	char *reason = NULL;
	int n;

	if (text || err < 0)
		n = asprintf(&reason, "%s failed: %s", step, text ? text : strerror(-err));
	else
		n = asprintf(&reason, "%s failed: it returned %d, and only 0 and negative errnos have a meaning: correct the module", step, err);
	if (n < 0)
		reason = NULL;
	entry_refuse(l, e, AERIE_PLUGIN_FAILED, reason);
	return err < 0 ? err : -EINVAL;
}

/* What was said in an earlier step is not the reason when this one fails. */
static void forget_reason(struct module *m)
{
	pthread_mutex_lock(&m->lock);
	free(m->fail_text);
	m->fail_text = NULL;
	pthread_mutex_unlock(&m->lock);
}

static void call(void (*fn)(void *state), struct entry *e)
{
	if (fn)
		fn(e->state_of_module);
}

static int run_load(struct loader *l, struct entry *e)
{
	char **p;
	int err;

	e->m = module_new(l->core, e->id);
	if (!e->m)
		return failed(l, e, "load()", -ENOMEM);
	e->m->requires_ = (const char *const *)e->requires_;
	err = e->d.p.load(&e->m->host, &e->state_of_module);
	e->m->loading = false;
	if (err)
		return failed(l, e, "load()", err);
	for (p = e->provides; *p; p++)
		if (!e->d.p.get_ext(e->state_of_module, *p)) {
			err = module_fail(e->m, -EINVAL, "it provides \"%s\", but its get_ext() knows nothing of it: correct one of the two",
					  *p);
			failed(l, e, "load()", err);
			call(e->d.p.unload, e);
			return err;
		}
	return 0;
}

static int run_configure(struct loader *l, struct entry *e)
{
	const struct aerie_config *view;
	const char *error = NULL;
	int err = config_check_owner(l->core->config, e->id, &error);

	forget_reason(e->m);
	if (err < 0) {
		module_fail(e->m, err, "%s", error);
	} else if (e->d.p.configure) {
		view = config_view(l->core->config, e->m);
		err = view ? e->d.p.configure(e->state_of_module, view) : -ENOMEM;
		if (!err && config_view_misused(view))
			err = -ENOKEY;
	}
	if (!err)
		return 0;
	err = failed(l, e, "configure()", err);
	call(e->d.p.unload, e);
	return err;
}

static int run_start(struct loader *l, struct entry *e)
{
	int err;

	forget_reason(e->m);
	err = e->d.p.start ? e->d.p.start(e->state_of_module) : 0;
	if (err) {
		err = failed(l, e, "start()", err);
		call(e->d.p.unload, e);
		return err;
	}
	err = epochs_commit(l->core->epochs, e->m);
	if (err < 0) {
		err = failed(l, e, "making it visible", err);
		call(e->d.p.quiesce, e);
		call(e->d.p.stop, e);
		call(e->d.p.unload, e);
		return err;
	}
	if (l->core->pipeline)
		pipereg_announce(l->core, e->m);
	return 0;
}

/* Removes a module that does not run (any more) from memory. */
static void drop(struct entry *e)
{
	module_free(e->m);
	e->m = NULL;
	e->state_of_module = NULL;
	descriptor_close(&e->d);
}

/* 0, -EINVAL: the configuration is at fault; -EIO. */
static int start_one(struct loader *l, struct entry *e)
{
	const struct entry *lost;
	const char *service = NULL;
	char *reason = NULL;
	int result = -EIO;

	lost = lost_provider(l, e, &service);
	if (service) {
		if (asprintf(&reason, "it requires \"%s\" of %s, which does not run: see its reason", service,
			     lost ? entry_name(lost) : "a module") < 0)
			reason = NULL;
		entry_refuse(l, e, AERIE_PLUGIN_FAILED, reason);
		drop(e);
		return -EIO;
	}
	if (run_load(l, e) < 0)
		goto out;
	if (run_configure(l, e) < 0) {
		result = -EINVAL;
		goto out;
	}
	if (run_start(l, e) < 0)
		goto out;
	set_state(l, e, AERIE_PLUGIN_RUNNING, NULL);
	return 0;
out:
	drop(e);
	return result;
}

int loader_start(struct loader *l)
{
	const char *home = config_home(l->core->config);
	struct probe_start *begun = NULL;
	int result = 0, err;
	struct entry *e;
	size_t i;

	for (i = 0; i < l->n_order; i++) {
		e = l->entries[l->order[i]];
		if (!e->own && !begun)
			begun = probe_start_new(*home ? home : NULL);
		if (!e->own)
			probe_start_note(begun, e->resolved, &e->file_id);
		err = start_one(l, e);
		if (!err)
			l->started[l->n_started++] = l->order[i];
		else if ((e->own || e->asked_for) && !result)
			result = err;
		if (!e->own)
			probe_start_note(begun, NULL, NULL);
	}
	probe_start_free(begun);
	return result;
}

int loader_check_options(struct loader *l)
{
	const struct entry *e;
	const char *error;
	int result = 0;
	size_t i;

	for (i = 0; i < l->n_order; i++) {
		e = l->entries[l->order[i]];
		if (config_check_owner(l->core->config, e->id, &error) == 0)
			continue;
		bus_printf(l->core->bus, AERIE_LOG_ERROR, "module %s: %s", e->path, error);
		result = -EINVAL;
	}
	return result;
}

/* ---- Stop ---- */

/* Does a module that started later, and still runs, require the one at this place? */
static bool needed_by_running(struct loader *l, size_t place)
{
	const struct entry *e = l->entries[l->started[place]], *other;
	size_t i;
	char **r;

	for (i = place + 1; i < l->n_started; i++) {
		other = l->entries[l->started[i]];
		for (r = other->m ? other->requires_ : NULL; r && *r; r++)
			if (provider_of(l, *r) == e)
				return true;
	}
	return false;
}

static void stop_one(struct loader *l, struct entry *e)
{
	call(e->d.p.stop, e);
	loop_sweep(l->core->loop, e->m);
	if (!epochs_wait(l->core->epochs, e->m, 0)) {
		bus_printf(l->core->bus, AERIE_LOG_ERROR, "%s is still in use after %u ms: it is not unloaded", e->id, LOADER_DRAIN_MS);
		e->m = NULL; /* left as it is, on purpose: somebody holds pointers into it */
		e->d.handle = NULL;
		return;
	}
	call(e->d.p.unload, e);
	drop(e);
}

/* Stops, in reverse order, those that nobody needs and, unless forced, nobody uses. How many. */
static unsigned stop_some(struct loader *l, bool forced)
{
	unsigned stopped = 0;
	struct entry *e;
	size_t i;

	for (i = l->n_started; i-- > 0;) {
		e = l->entries[l->started[i]];
		if (!e->m || needed_by_running(l, i) || (!forced && epochs_holding(l->core->epochs, e->m)))
			continue;
		stop_one(l, e);
		set_state(l, e, 0, NULL);
		stopped++;
	}
	return stopped;
}

void loader_stop(struct loader *l)
{
	struct entry *e;
	size_t i;

	for (i = l->n_started; i-- > 0;)
		call(l->entries[l->started[i]]->d.p.quiesce, l->entries[l->started[i]]);
	for (i = l->n_started; i-- > 0;)
		epochs_withdraw(l->core->epochs, l->entries[l->started[i]]->m);
	/* Those that nobody uses go at once: stopping a transport lets go of the requests that hold the others. */
	while (stop_some(l, false))
		;
	for (i = l->n_started; i-- > 0;) {
		e = l->entries[l->started[i]];
		if (e->m)
			(void)epochs_wait(l->core->epochs, e->m, LOADER_DRAIN_MS);
		while (stop_some(l, false))
			;
	}
	while (stop_some(l, true))
		;
	l->n_started = 0;
}

/* ---- Services ---- */

const void *loader_service(struct loader *l, const char *id)
{
	struct entry *e = provider_of(l, id);

	if (!e || entry_state(l, e) != AERIE_PLUGIN_RUNNING)
		return NULL;
	return e->d.p.get_ext(e->state_of_module, id);
}

struct snapshot {
	struct aerie_plugin_info info;
	char *reason;
};

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* A copy, because plugins are not called with the lock held; only state and reason ever change. */
static size_t take_snapshot(struct loader *l, struct snapshot **ret)
{
	struct snapshot *s;
	struct entry *e;
	size_t i, n;

	pthread_mutex_lock(&l->lock);
	n = l->searched ? l->n : 0;
	s = calloc(n + 1, sizeof *s);
	for (i = 0; s && i < n; i++) {
		e = l->entries[i];
		s[i].reason = e->reason ? strdup(e->reason) : NULL;
		s[i].info = (struct aerie_plugin_info){
			.size = sizeof s[i].info,
			.state = e->state,
			.id = entry_name(e),
			.version = or_empty(e->version),
			.summary = or_empty(e->summary),
			.license = or_empty(e->license),
			.url = or_empty(e->url),
			.path = e->path,
			.reason = or_empty(s[i].reason),
		};
	}
	pthread_mutex_unlock(&l->lock);
	*ret = s;
	return s ? n : 0;
}

static int each(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_plugin_info *info), void *user)
{
	struct loader *l = module_of(h)->core->loader;
	struct snapshot *s;
	size_t n, i;
	int result = 0;

	if (!l)
		return 0;
	n = take_snapshot(l, &s);
	if (!s)
		return -ENOMEM;
	for (i = 0; i < n && !result; i++)
		result = fn(user, &s[i].info);
	for (i = 0; i < n; i++)
		free(s[i].reason);
	free(s);
	return result;
}

static const char *host_version(const struct aerie_host *h)
{
	return PACKAGE_VERSION;
}

static const char *server_uuid(const struct aerie_host *h)
{
	return module_of(h)->core->loader->server_uuid;
}

static uint64_t start_time_s(const struct aerie_host *h)
{
	return module_of(h)->core->loader->start_time_s;
}

const struct aerie_plugins plugins_service = {
	.size = sizeof(struct aerie_plugins),
	.each = each,
	.host_version = host_version,
	.server_uuid = server_uuid,
	.start_time_s = start_time_s,
};

/* ---- The host's own UUID ---- */

static bool uuid_ok(const char *text)
{
	size_t i;

	for (i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	return true;
}

/* Version 4, random (RFC 4122 4.4). */
static void make_uuid(char ret[37])
{
	uint8_t b[16];

	if (getrandom(b, sizeof b, 0) != sizeof b)
		memset(b, 0, sizeof b);
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(ret, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5], b[6],
		 b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static bool read_uuid(const char *path, char ret[37])
{
	char buf[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, sizeof buf - 1);
	close(fd);
	if (n < 36 || !uuid_ok(buf))
		return false;
	memcpy(ret, buf, 36);
	ret[36] = '\0';
	return true;
}

static int write_uuid(const char *path, const char *uuid)
{
	char line[38];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), err = 0;

	if (fd < 0)
		return -errno;
	errno = 0;
	snprintf(line, sizeof line, "%s\n", uuid);
	if (write(fd, line, 37) != 37)
		err = errno ? -errno : -EIO;
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}

static void find_uuid(struct loader *l)
{
	const char *home = config_home(l->core->config), *set = config_str(l->core->config, "server_uuid");
	char *path;
	int err;

	if (set && strlen(set) == 36 && uuid_ok(set)) {
		memcpy(l->server_uuid, set, 37);
		return;
	}
	if (set)
		bus_printf(l->core->bus, AERIE_LOG_ERROR, "server_uuid is \"%s\", which is no UUID: the one in the home directory is used", set);
	if (asprintf(&path, "%s/server.uuid", home) < 0)
		return;
	if (!read_uuid(path, l->server_uuid)) {
		make_uuid(l->server_uuid);
		err = *home ? write_uuid(path, l->server_uuid) : 0;
		if (err < 0)
			bus_printf(l->core->bus, AERIE_LOG_ERROR, "cannot write %s: %s: this host will have another UUID next time", path,
				   strerror(-err));
	}
	free(path);
}

struct loader *loader_new(struct core *core, const struct loader_options *o)
{
	struct loader *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->core = core;
	l->o = *o;
	pthread_mutex_init(&l->lock, NULL);
	l->start_time_s = core->loop ? loop_now_us(core->loop) / 1000000u : 0;
	find_uuid(l);
	return l;
}

void loader_free(struct loader *l)
{
	size_t i;

	if (!l)
		return;
	for (i = 0; i < l->n; i++)
		entry_free(l->entries[i]);
	free(l->entries);
	free(l->order);
	free(l->started);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* ---- --list-plugins, --dump-plugin ---- */

void loader_list(struct loader *l, FILE *out)
{
	struct snapshot *s;
	size_t n = take_snapshot(l, &s), i;
	int wide = 2;

	for (i = 0; i < n; i++)
		if ((int)strlen(s[i].info.id) > wide)
			wide = (int)strlen(s[i].info.id);
	fprintf(out, "%-*s  %-10s  %-11s  %s\n", wide, "ID", "VERSION", "STATE", "PATH AND SUMMARY OR REASON");
	for (i = 0; i < n; i++) {
		fprintf(out, "%-*s  %-10s  %-11s  %s  %s\n", wide, s[i].info.id, *s[i].info.version ? s[i].info.version : "-",
			states[s[i].info.state].word, s[i].info.path, s[i].info.state > AERIE_PLUGIN_RUNNING ? s[i].info.reason
													    : s[i].info.summary);
		free(s[i].reason);
	}
	free(s);
}

static int dump_opened(const char *path, FILE *out, FILE *err)
{
	struct descriptor d;
	char *reason = NULL;

	if (descriptor_open(path, &d, &reason) < 0) {
		fprintf(err, "aeried: module %s is refused: %s\n", path, reason ? reason : "memory is out");
		free(reason);
		return 2;
	}
	descriptor_dump(&d, path, out);
	descriptor_close(&d);
	return 0;
}

int loader_dump(const char *path, const char *home, const char *self, unsigned timeout_ms, FILE *out, FILE *err)
{
	struct probe_job job = { 0 };
	struct probe_lists *lists;
	struct file_id id;
	char *resolved = NULL, *reason = NULL;
	int status;

	if (probe_trust(path, &resolved, &id, &reason) < 0) {
		fprintf(err, "aeried: module %s is refused: %s\n", path, reason ? reason : "memory is out");
		free(reason);
		return 2;
	}
	lists = probe_lists_read(home);
	job.path = resolved;
	probe_run(self, &job, 1, timeout_ms);
	if (job.result) {
		status = job.result == -EFAULT || job.result == -ETIMEDOUT ? 1 : 2;
		fprintf(err, "aeried: module %s is refused: %s\n", path, job.reason ? job.reason : "memory is out");
	} else {
		status = dump_opened(resolved, out, err);
		if (lists && probe_note(lists, resolved, &id, NULL) == 0 && home && access(home, F_OK) == 0 &&
		    probe_lists_write(lists) < 0)
			fprintf(err, "aeried: the lists of known and quarantined modules in %s cannot be written\n", home);
	}
	probe_lists_free(lists);
	free(job.reason);
	free(resolved);
	return status;
}

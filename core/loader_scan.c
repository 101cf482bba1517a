/* SPDX-License-Identifier: MIT */
/* Finding modules: search, trust, quarantine, probes, descriptors, selection, options, order. Whatever is wrong with a module
 * becomes its reason on the list; the others go on. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/loader_priv.h>
#include <core/order.h>

static char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static char *text(const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return s;
}

static void list_free(char **list)
{
	size_t i;

	for (i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static char **list_copy(const char *const *from)
{
	size_t n = 0, i;
	char **list;

	while (from && from[n])
		n++;
	list = calloc(n + 1, sizeof *list);
	for (i = 0; list && i < n; i++) {
		list[i] = strdup(from[i]);
		if (!list[i]) {
			list_free(list);
			return NULL;
		}
	}
	return list;
}

void entry_free(struct entry *e)
{
	if (!e)
		return;
	descriptor_close(&e->d);
	list_free(e->provides);
	list_free(e->requires_);
	free(e->path);
	free(e->resolved);
	free(e->id);
	free(e->version);
	free(e->summary);
	free(e->license);
	free(e->url);
	free(e->reason);
	free(e);
}

/* ---- Search ---- */

static bool found_before(const struct loader *l, const char *file)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!strcmp(l->entries[i]->file, file))
			return true;
	return false;
}

static int add_file(struct loader *l, const char *dir, const char *file)
{
	struct entry **entries, *e;

	if (found_before(l, file)) {
		bus_printf(l->core->bus, AERIE_LOG_INFO, "module %s/%s is not used: an earlier directory has one of that name", dir, file);
		return 0;
	}
	if (l->n >= LOADER_MODULES_MAX) {
		bus_printf(l->core->bus, AERIE_LOG_ERROR, "module %s/%s is not used: there are more than %u", dir, file,
			   LOADER_MODULES_MAX);
		return 0;
	}
	entries = realloc(l->entries, (l->n + 1) * sizeof *entries);
	if (!entries)
		return -ENOMEM;
	l->entries = entries;
	e = calloc(1, sizeof *e);
	if (!e)
		return -ENOMEM;
	e->path = text("%s/%s", dir, file);
	if (!e->path) {
		free(e);
		return -ENOMEM;
	}
	e->file = strrchr(e->path, '/') + 1;
	e->own = l->o.own_dir && !strcmp(dir, l->o.own_dir);
	l->entries[l->n++] = e;
	if (l->o.safe_mode && !e->own)
		entry_refuse(l, e, AERIE_PLUGIN_DISABLED, text("--safe-mode leaves out all modules but the host's own"));
	return 0;
}

static int is_module_file(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return d->d_name[0] != '.' && len > 3 && !strcmp(d->d_name + len - 3, ".so");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int search_directory(struct loader *l, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_module_file, by_name), i, err = 0;

	if (n < 0) {
		if (errno != ENOENT)
			bus_printf(l->core->bus, AERIE_LOG_ERROR, "modules in %s cannot be listed: %s: correct its permissions", dir,
				   strerror(errno));
		return errno == ENOMEM ? -ENOMEM : 0;
	}
	for (i = 0; i < n; i++) {
		if (!err)
			err = add_file(l, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return err;
}

/* ---- Trust and probes ---- */

static void check_file(struct loader *l, struct entry *e, const struct probe_lists *lists)
{
	const char *quarantined;
	char *reason = NULL;

	if (entry_state(l, e))
		return;
	if (probe_trust(e->path, &e->resolved, &e->file_id, &reason) < 0) {
		entry_refuse(l, e, AERIE_PLUGIN_REFUSED, reason);
		return;
	}
	quarantined = probe_quarantined(lists, e->resolved, &e->file_id);
	if (quarantined)
		entry_refuse(l, e, AERIE_PLUGIN_QUARANTINED, text("%s: to try again, run aeried --dump-plugin %s",
								  quarantined, e->resolved));
	else
		e->probe = l->o.self && !probe_known(lists, e->resolved, &e->file_id);
}

static void take_result(struct loader *l, struct entry *e, const struct probe_job *job, struct probe_lists *lists)
{
	if (!job->result) {
		(void)probe_note(lists, e->resolved, &e->file_id, NULL);
	} else if (e->own && job->result != -EFAULT && job->result != -EINVAL) { /* late, or no child could be made: no verdict */
		bus_printf(l->core->bus, AERIE_LOG_INFO, "module %s: %s; it is the host's own, and used all the same", e->path,
			   job->reason ? job->reason : "memory is out");
	} else if (job->result == -EFAULT || job->result == -ETIMEDOUT) {
		(void)probe_note(lists, e->resolved, &e->file_id, job->reason ? job->reason : "memory is out");
		entry_refuse(l, e, AERIE_PLUGIN_QUARANTINED, text("%s: to try again, run aeried --dump-plugin %s",
								  job->reason, e->resolved));
	} else {
		entry_refuse(l, e, AERIE_PLUGIN_REFUSED, text("%s", job->reason ? job->reason : "memory is out"));
	}
}

static int probe_unknown(struct loader *l, struct probe_lists *lists)
{
	uint64_t timeout_us = config_duration_us(l->core->config, "plugin_probe_timeout", LOADER_PROBE_TIMEOUT_MS * 1000u);
	struct probe_job *jobs = calloc(l->n + 1, sizeof *jobs);
	struct entry **of = calloc(l->n + 1, sizeof *of);
	size_t n = 0, i;

	if (!jobs || !of) {
		free(jobs);
		free(of);
		return -ENOMEM;
	}
	for (i = 0; i < l->n; i++)
		if (l->entries[i]->probe) {
			jobs[n].path = l->entries[i]->resolved;
			of[n++] = l->entries[i];
		}
	probe_run(l->o.self, jobs, n, (unsigned)(timeout_us / 1000));
	for (i = 0; i < n; i++) {
		take_result(l, of[i], &jobs[i], lists);
		free(jobs[i].reason);
	}
	free(jobs);
	free(of);
	return 0;
}

static int check_files(struct loader *l)
{
	struct probe_lists *lists = probe_lists_read(*config_home(l->core->config) ? config_home(l->core->config) : NULL);
	int err, written;
	size_t i;

	if (!lists)
		return -ENOMEM;
	for (i = 0; i < l->n; i++)
		check_file(l, l->entries[i], lists);
	err = probe_unknown(l, lists);
	written = err ? 0 : probe_lists_write(lists);
	if (written < 0)
		bus_printf(l->core->bus, AERIE_LOG_ERROR, "the lists of known and quarantined modules in %s cannot be written: %s: modules will "
			   "be probed again; make the directory writable", config_home(l->core->config), strerror(-written));
	probe_lists_free(lists);
	return err;
}

/* ---- Descriptors ---- */

static int copy_facts(struct entry *e)
{
	const struct aerie_plugin *p = &e->d.p;

	e->id = strdup(p->id);
	e->version = strdup(p->version);
	e->summary = strdup(p->summary);
	e->license = strdup(p->license);
	e->url = strdup(p->url ? p->url : "");
	e->provides = list_copy(p->provides);
	e->requires_ = list_copy(p->requires_);
	return e->id && e->version && e->summary && e->license && e->url && e->provides && e->requires_ ? 0 : -ENOMEM;
}

static const struct entry *same_id(const struct loader *l, const struct entry *e)
{
	size_t i;

	for (i = 0; i < l->n && l->entries[i] != e; i++)
		if (l->entries[i]->id && !strcmp(l->entries[i]->id, e->id))
			return l->entries[i];
	return NULL;
}

static int open_module(struct loader *l, struct entry *e)
{
	const struct entry *other;
	char *reason = NULL;
	int err;

	if (entry_state(l, e))
		return 0;
	if (descriptor_open(e->resolved, &e->d, &reason) < 0) {
		entry_refuse(l, e, AERIE_PLUGIN_REFUSED, reason);
		return 0;
	}
	err = copy_facts(e);
	if (err < 0)
		return err;
	other = same_id(l, e);
	if (other) {
		entry_refuse(l, e, AERIE_PLUGIN_REFUSED, text("%s has the same id %s and is used: remove one of the two", other->path, e->id));
		free(e->id); /* the id is the other's */
		e->id = NULL;
	}
	return 0;
}

/* ---- Selection, options, order ---- */

static void leave_out(struct loader *l)
{
	const char *const *glob;
	size_t i;

	for (i = 0; i < l->n; i++)
		for (glob = l->o.without; glob && *glob; glob++)
			if (l->entries[i]->id && !entry_state(l, l->entries[i]) && !fnmatch(*glob, l->entries[i]->id, 0))
				entry_refuse(l, l->entries[i], AERIE_PLUGIN_DISABLED, text("--no-plugin %s leaves it out", *glob));
}

static int find_asked_for(struct loader *l)
{
	const char *const *id;
	size_t i;

	for (id = l->o.only; id && *id; id++) {
		for (i = 0; i < l->n; i++)
			if (l->entries[i]->id && !strcmp(l->entries[i]->id, *id))
				break;
		if (i == l->n) {
			bus_printf(l->core->bus, AERIE_LOG_FATAL, "--plugin %s: no module has this id: see aeried --list-plugins for those that "
				   "there are", *id);
			return -ENOENT;
		}
		l->entries[i]->asked_for = true;
	}
	return 0;
}

static void keep_what_is_asked_for(struct loader *l, const struct order_node *nodes)
{
	bool *keep = calloc(l->n + 1, sizeof *keep), changed = true;
	size_t i;
	long p;
	char **r;

	for (i = 0; keep && i < l->n; i++)
		keep[i] = l->entries[i]->asked_for;
	while (keep && changed) {
		changed = false;
		for (i = 0; i < l->n; i++)
			for (r = keep[i] ? l->entries[i]->requires_ : NULL; r && *r; r++) {
				p = (*r)[strlen(*r) - 1] == '?' ? -1 : order_provider(nodes, l->n, *r);
				if (p >= 0 && !keep[p])
					keep[p] = changed = true;
			}
	}
	for (i = 0; keep && i < l->n; i++)
		if (!keep[i] && !entry_state(l, l->entries[i]))
			entry_refuse(l, l->entries[i], AERIE_PLUGIN_DISABLED,
				     text("--plugin does not name it, and none that it names requires it"));
	free(keep);
}

static void declare_options(struct loader *l)
{
	struct entry *e;
	const char *error;
	bool left_out = false;
	size_t i;

	for (i = 0; i < l->n; i++) {
		e = l->entries[i];
		left_out |= !e->d.handle;
		if (!e->d.handle || !e->d.p.options || !e->id)
			continue;
		/* Those of disabled modules, too: their keys are no mistakes. */
		if (config_declare(l->core->config, e->id, e->d.p.options, &error) < 0) {
			left_out = true;
			if (!entry_state(l, e))
				entry_refuse(l, e, AERIE_PLUGIN_REFUSED, text("its options cannot be taken: %s", error));
		}
	}
	if (left_out)
		config_tolerate_unknown(l->core->config);
}

static bool host_has(void *user, const char *id)
{
	return services_find(id) != NULL;
}

static void fill_nodes(struct loader *l, struct order_node *nodes)
{
	struct entry *e;
	size_t i;

	for (i = 0; i < l->n; i++) {
		e = l->entries[i];
		/* The host's own come first: a stranger that wants a path or format of theirs is then the one that is refused. */
		nodes[i] = (struct order_node){ .id = entry_name(e), .provides = (const char *const *)e->provides,
						.requires_ = (const char *const *)e->requires_, .early = e->own,
						.out = entry_state(l, e) != 0 };
	}
}

static int put_in_order(struct loader *l)
{
	struct order_node *nodes = calloc(l->n + 1, sizeof *nodes);
	long n;
	size_t i;

	l->order = calloc(l->n + 1, sizeof *l->order);
	l->started = calloc(l->n + 1, sizeof *l->started);
	if (!nodes || !l->order || !l->started) {
		free(nodes);
		return -ENOMEM;
	}
	fill_nodes(l, nodes);
	if (l->o.only && l->o.only[0]) {
		keep_what_is_asked_for(l, nodes);
		fill_nodes(l, nodes);
	}
	n = order_resolve(nodes, l->n, host_has, NULL, l->order);
	for (i = 0; i < l->n; i++)
		if (nodes[i].out && !entry_state(l, l->entries[i]))
			entry_refuse(l, l->entries[i], AERIE_PLUGIN_FAILED, nodes[i].reason);
		else
			free(nodes[i].reason);
	free(nodes);
	if (n < 0)
		return (int)n;
	l->n_order = (size_t)n;
	return 0;
}

int loader_scan(struct loader *l)
{
	const char *const *dir;
	size_t i;
	int err = 0;

	for (dir = l->o.dirs; dir && *dir && !err; dir++)
		err = search_directory(l, *dir);
	if (!err)
		err = check_files(l);
	for (i = 0; i < l->n && !err; i++)
		err = open_module(l, l->entries[i]);
	if (!err)
		err = find_asked_for(l);
	if (err < 0)
		return err;
	leave_out(l);
	declare_options(l);
	err = put_in_order(l);
	for (i = 0; i < l->n; i++) /* after order_resolve(), which looks at nothing in them */
		if (entry_state(l, l->entries[i]))
			descriptor_close(&l->entries[i]->d);
	pthread_mutex_lock(&l->lock);
	l->searched = !err;
	pthread_mutex_unlock(&l->lock);
	return err;
}

/* SPDX-License-Identifier: MIT */
/* A module's face of the host (struct aerie_host): services, log lines, reasons of failures; and what it owns. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/epoch.h>
#include <core/loader.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/streams.h>
#include <core/strings.h>


static bool may_ask(const struct module *m, const char *id)
{
	const char *const *r;
	size_t len = strlen(id);

	if (!m->requires_)
		return true;
	for (r = m->requires_; *r; r++)
		if (!strncmp(*r, id, len) && ((*r)[len] == '\0' || ((*r)[len] == '?' && (*r)[len + 1] == '\0')))
			return true;
	return false;
}

static const void *get_service(const struct aerie_host *h, const char *id)
{
	struct module *m = module_of(h);
	const void *table;

	if (!id)
		return NULL;
	if (!may_ask(m, id)) {
		bus_printf(m->core->bus, AERIE_LOG_ERROR,
			   "%s asked for service \"%s\" without listing it in requires_: it got nothing; add the id there",
			   m->id, id);
		return NULL;
	}
	table = services_find(id);
	if (!table && m->core->loader)
		table = loader_service(m->core->loader, id);
	return table;
}

static void host_log(const struct aerie_host *h, int level, const char *msg)
{
	struct module *m = module_of(h);

	bus_printf(m->core->bus, level, "%s: %s", m->id, msg ? msg : "(no text)");
}

static int host_fail(const struct aerie_host *h, int err, const char *msg)
{
	struct module *m = module_of(h);
	char *text = strdup(msg ? msg : "no reason given");

	pthread_mutex_lock(&m->lock);
	if (text) {
		free(m->fail_text);
		m->fail_text = text;
	}
	pthread_mutex_unlock(&m->lock);
	return err < 0 ? err : -EINVAL;
}

int module_fail(struct module *m, int err, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	err = host_fail(&m->host, err, len < 0 ? "memory is out" : text);
	if (len >= 0)
		free(text);
	return err;
}

struct module *module_new(struct core *core, const char *id)
{
	struct module *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->id = strdup(id);
	if (!m->id) {
		free(m);
		return NULL;
	}
	pthread_mutex_init(&m->lock, NULL);
	m->core = core;
	m->loading = true;
	m->host.size = sizeof m->host;
	m->host.major = AERIE_ABI_MAJOR;
	m->host.minor = AERIE_ABI_MINOR;
	m->host.priv = m;
	m->host.get_service = get_service;
	m->host.log = host_log;
	m->host.fail = host_fail;
	return m;
}

static void release_strings(struct module *m)
{
	const struct aerie_str **strs;
	size_t n, i;

	pthread_mutex_lock(&m->lock);
	strs = m->strs;
	n = m->n_strs;
	m->strs = NULL;
	m->n_strs = m->cap_strs = 0;
	pthread_mutex_unlock(&m->lock);
	for (i = 0; i < n; i++)
		strings_put(strs[i]);
	free(strs);
	if (n && m != m->core->self)
		bus_printf(m->core->bus, AERIE_LOG_DEBUG, "%s left %zu interned texts behind: released", m->id, n);
}

void module_sweep(struct module *m)
{
	if (m->core->loop)
		loop_sweep(m->core->loop, m);
	if (m->core->epochs)
		epochs_withdraw(m->core->epochs, m);
	if (m->core->streams)
		streams_sweep(m->core->streams, m);
	release_strings(m);
}

void module_free(struct module *m)
{
	if (!m)
		return;
	module_sweep(m);
	if (m->core->epochs)
		(void)epochs_wait(m->core->epochs, m, 2000);
	pthread_mutex_destroy(&m->lock);
	free(m->fail_text);
	free(m->id);
	free(m);
}

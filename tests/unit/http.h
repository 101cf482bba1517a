/* SPDX-License-Identifier: MIT */
/* A core with just what the router needs, and the real serializer modules, for the tests of router and replies. */
#ifndef TESTS_UNIT_HTTP_H
#define TESTS_UNIT_HTTP_H

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/epoch.h>
#include <core/router.h>

static struct core core;
static struct module *mod;

/* Loads build/modules/.libs/NAME.so and runs its load() as part of mod. */
static inline void load_module(const char *name)
{
	const char *build = getenv("AERIE_BUILD");
	const struct aerie_plugin *plugin;
	char path[4096];
	void *dl, *state = NULL, *sym;
	aerie_plugin_entry_fn *entry;

	(void)snprintf(path, sizeof path, "%s/modules/.libs/%s.so", build ? build : ".", name);
	dl = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	cr_assert_not_null(dl, "%s", dlerror());
	sym = dlsym(dl, "aerie_plugin_entry");
	memcpy(&entry, &sym, sizeof entry);
	plugin = entry();
	cr_assert_eq(plugin->load(&mod->host, &state), 0, "%s", mod->fail_text);
}

static inline void router_up(void)
{
	core = (struct core){ 0 };
	core.epochs = epochs_new();
	core.bus = bus_new(&core);
	core.router = router_new(&core);
	mod = module_new(&core, "test");
	load_module("json");
	load_module("msgpack");
}

static inline void router_down(void)
{
	epochs_withdraw(core.epochs, mod);
	module_free(mod);
	router_free(core.router);
	bus_free(core.bus);
	epochs_free(core.epochs);
}

static inline int add_route(uint32_t methods, const char *path, const char *formats, const char *role, aerie_handler_fn *fn, void *user)
{
	struct aerie_route r = {
		.size = sizeof r, .methods = methods, .path = path, .formats = formats, .role = role, .summary = "s", .help = "h",
		.handle = fn, .user = user,
	};

	return http_service.register_route(&mod->host, &r);
}

static inline void routes_done(void)
{
	cr_assert_eq(epochs_commit(core.epochs, mod), 0);
	mod->loading = false;
}

struct answer {
	uint32_t status;
	char type[64], allow[64], headers[1024]; /* "Name: value\n" */
	uint32_t methods;
	int64_t length, end; /* end: 0, or the error that cut it */
	char *body;
	size_t len;
};

static inline struct answer ask_request(const struct aerie_http_request *req)
{
	struct aerie_http_response res = { .size = sizeof res };
	struct aerie_reply *rep = http_service.dispatch(&mod->host, req, &res);
	struct answer a = { 0 };
	char buf[7000];
	int64_t n;
	uint32_t i;

	cr_assert_not_null(rep);
	a.status = res.status;
	a.length = res.length;
	a.methods = res.methods;
	for (i = 0; i < res.n_headers; i++)
		(void)snprintf(a.headers + strlen(a.headers), sizeof a.headers - strlen(a.headers), "%s: %s\n", res.headers[i].name,
			       res.headers[i].value);
	(void)snprintf(a.type, sizeof a.type, "%s", res.content_type);
	(void)snprintf(a.allow, sizeof a.allow, "%s", res.allow ? res.allow : "");
	a.body = malloc(1);
	while ((n = http_service.read(rep, buf, sizeof buf)) > 0) {
		a.body = realloc(a.body, a.len + (size_t)n + 1);
		memcpy(a.body + a.len, buf, (size_t)n);
		a.len += (size_t)n;
	}
	a.body[a.len] = '\0';
	a.end = n;
	http_service.reply_free(rep);
	return a;
}

static inline struct answer ask_query(uint32_t method, const char *path, const char *query, const char *role)
{
	struct aerie_http_request req = { .size = sizeof req, .method = method, .path = path, .query = query, .role = role, .peer = "test" };

	return ask_request(&req);
}

static inline struct answer ask(const char *path)
{
	return ask_query(AERIE_HTTP_GET, path, NULL, NULL);
}

#endif

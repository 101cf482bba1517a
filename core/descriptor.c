/* SPDX-License-Identifier: MIT */
/* Descriptors: nothing in one is believed before it was checked, in the order in which it becomes safe to look at:
 * the frozen prefix, the size, the members, the texts, the lists, the options. */
#include <config.h>

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <core/config_priv.h>
#include <core/descriptor.h>

/* An old module may end behind load: all members after it are optional. */
#define SIZE_MIN (offsetof(struct aerie_plugin, load) + sizeof(((struct aerie_plugin *)NULL)->load))

static int refuse(char **ret_reason, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int refuse(char **ret_reason, int err, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	*ret_reason = text;
	return err;
}

static int check_prefix(const struct aerie_abi *abi, char **ret_reason)
{
	if (abi->magic != AERIE_ABI_MAGIC)
		return refuse(ret_reason, -ENOEXEC, "its descriptor has the magic number 0x%08x instead of 0x%08x: it is no Aerie module; "
			      "start the descriptor with AERIE_ABI_INIT", abi->magic, AERIE_ABI_MAGIC);
	if (abi->major != AERIE_ABI_MAJOR)
		return refuse(ret_reason, -ENOEXEC, "it is built for ABI %u.%u and this host has %u.%u: rebuild it with this host's headers",
			      abi->major, abi->minor_built, AERIE_ABI_MAJOR, AERIE_ABI_MINOR);
	if (abi->minor_needed > AERIE_ABI_MINOR)
		return refuse(ret_reason, -ENOEXEC, "it needs ABI %u.%u and this host has %u.%u: update aeried, or build the module with "
			      "a lower AERIE_ABI_TARGET", abi->major, abi->minor_needed, AERIE_ABI_MAJOR, AERIE_ABI_MINOR);
	if (abi->size < SIZE_MIN || abi->size > DESCRIPTOR_SIZE_MAX)
		return refuse(ret_reason, -ENOEXEC, "its descriptor says that it has %u octets, and only %zu to %u make sense: start it with "
			      "AERIE_ABI_INIT", abi->size, SIZE_MIN, DESCRIPTOR_SIZE_MAX);
	return 0;
}

static bool is_one_line(const char *text)
{
	size_t i;

	for (i = 0; text[i]; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || i >= DESCRIPTOR_TEXT_MAX)
			return false;
	return true;
}

static bool id_ok(const char *id)
{
	size_t i;

	for (i = 0; id[i]; i++)
		if (i >= 64 || (!isalnum((unsigned char)id[i]) && !strchr("._-", id[i])))
			return false;
	return i > 0;
}

static int check_texts(const struct aerie_plugin *p, char **ret_reason)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "id", p->id }, { "version", p->version }, { "summary", p->summary }, { "license", p->license } };
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (!texts[i].text || !*texts[i].text)
			return refuse(ret_reason, -EINVAL, "its descriptor has no %s, which is required: add it", texts[i].name);
		if (!is_one_line(texts[i].text))
			return refuse(ret_reason, -EINVAL, "its %s is not one line of at most %u octets: shorten it", texts[i].name,
				      DESCRIPTOR_TEXT_MAX);
	}
	if (!id_ok(p->id))
		return refuse(ret_reason, -EINVAL, "its id \"%.80s\" is malformed: an id is 1 to 64 of A-Z a-z 0-9 . _ -, as in "
			      "org.example.thing", p->id);
	if (p->url && !is_one_line(p->url))
		return refuse(ret_reason, -EINVAL, "its url is not one line of at most %u octets: shorten it", DESCRIPTOR_TEXT_MAX);
	if (!p->load)
		return refuse(ret_reason, -EINVAL, "its descriptor has no load, which is required: add it");
	return 0;
}

/* "org.example.thing/1", with '?' behind it when optional. */
static bool service_id_ok(const char *id, bool may_be_optional)
{
	const char *slash = strchr(id, '/');
	size_t len = strlen(id), i;

	if (!slash || slash == id || len > DESCRIPTOR_TEXT_MAX)
		return false;
	for (i = 0; id + i < slash; i++)
		if (!isalnum((unsigned char)id[i]) && !strchr("._-", id[i]))
			return false;
	i = strspn(slash + 1, "0123456789");
	if (!i)
		return false;
	return !slash[1 + i] || (may_be_optional && !strcmp(slash + 1 + i, "?"));
}

static int check_list(const char *name, const char *const *list, bool may_be_optional, char **ret_reason)
{
	size_t n;

	for (n = 0; list && list[n]; n++) {
		if (n >= DESCRIPTOR_LIST_MAX)
			return refuse(ret_reason, -EINVAL, "its list of what it %s has more than %u entries: is the NULL at the end missing?",
				      name, DESCRIPTOR_LIST_MAX);
		if (!service_id_ok(list[n], may_be_optional))
			return refuse(ret_reason, -EINVAL, "it %s \"%.80s\", which is not a service id: write it as in org.example.thing/1",
				      name, list[n]);
	}
	return 0;
}

static int check_options(const struct aerie_plugin *p, char **ret_reason)
{
	struct config *scratch;
	const char *error = "memory is out";
	int err = 0;

	if (!p->options)
		return 0;
	scratch = config_new();
	err = scratch ? config_declare(scratch, p->id, p->options, &error) : -ENOMEM;
	if (err < 0)
		(void)refuse(ret_reason, err, "its table of options is malformed: %s", error);
	config_free(scratch);
	return err;
}

int descriptor_take(const struct aerie_plugin *from, struct aerie_plugin *ret, char **ret_reason)
{
	struct aerie_plugin p = { 0 };
	int err;

	err = check_prefix(&from->abi, ret_reason);
	if (err < 0)
		return err;
	memcpy(&p, from, from->abi.size < sizeof p ? from->abi.size : sizeof p);
	err = check_texts(&p, ret_reason);
	if (!err)
		err = check_list("provides", p.provides, false, ret_reason);
	if (!err)
		err = check_list("requires", p.requires_, true, ret_reason);
	if (!err && p.provides && p.provides[0] && !p.get_ext)
		err = refuse(ret_reason, -EINVAL, "it provides \"%s\" but has no get_ext, which would answer for it: add it", p.provides[0]);
	if (!err && p.thread_model != AERIE_THREADS_FREE)
		err = refuse(ret_reason, -ENOTSUP, "it wants the thread model %u, which this host does not know: update aeried, or use "
			     "AERIE_THREADS_FREE", p.thread_model);
	if (!err)
		err = check_options(&p, ret_reason);
	if (!err)
		*ret = p;
	return err;
}

int descriptor_open(const char *path, struct descriptor *ret, char **ret_reason)
{
	struct descriptor d = { 0 };
	const struct aerie_plugin *from;
	aerie_plugin_entry_fn *entry;
	const char *error;
	void *symbol;
	int err;

	d.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!d.handle) {
		error = dlerror();
		return refuse(ret_reason, -ENOEXEC, "it cannot be loaded: %s: rebuild it for this machine or remove it",
			      error ? error : "no reason given");
	}
	symbol = dlsym(d.handle, "aerie_plugin_entry");
	if (!symbol) {
		dlclose(d.handle);
		return refuse(ret_reason, -ENOEXEC, "it has no function aerie_plugin_entry: it is no Aerie module, or AERIE_PLUGIN_EXPORT is "
			      "missing in it");
	}
	memcpy(&entry, &symbol, sizeof entry);
	from = entry();
	if (from)
		err = descriptor_take(from, &d.p, ret_reason);
	else
		err = refuse(ret_reason, -ENOEXEC, "its aerie_plugin_entry() returned NULL: it must return the descriptor");
	if (err < 0)
		dlclose(d.handle);
	else
		*ret = d;
	return err;
}

static bool keep_loaded(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#else
	/* Valgrind preloads itself; an unloaded module has no symbols in its reports. */
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
#endif
}

void descriptor_close(struct descriptor *d)
{
	if (d->handle && !keep_loaded())
		dlclose(d->handle);
	memset(d, 0, sizeof *d);
}

static void dump_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, "%s=", key);
	for (; text && *text; text++)
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\')
			fputs("\\\\", out);
		else
			fputc(*text, out);
	fputc('\n', out);
}

static void dump_list(FILE *out, const char *key, const char *const *list)
{
	for (; list && *list; list++)
		dump_text(out, key, *list);
}

static const struct {
	uint32_t flag;
	const char *word;
} option_flags[] = {
	{ AERIE_OPT_REQUIRED, "required" },     { AERIE_OPT_REPEATED, "repeated" },     { AERIE_OPT_SECRET, "secret" },
	{ AERIE_OPT_RELOADABLE, "reloadable" }, { AERIE_OPT_DEPRECATED, "deprecated" },
};

static const char *const option_types[] = { "", "str", "int", "bool", "duration", "size" };

static void dump_option(FILE *out, const struct aerie_option *o)
{
	const char *sep = "";
	char key[CONFIG_KEY_MAX + 32];
	size_t i;

	dump_text(out, "option", o->name);
	fprintf(out, "option.%s.type=%s\n", o->name, option_types[o->type]);
	fprintf(out, "option.%s.flags=", o->name);
	for (i = 0; i < sizeof option_flags / sizeof option_flags[0]; i++)
		if (o->flags & option_flags[i].flag) {
			fprintf(out, "%s%s", sep, option_flags[i].word);
			sep = ",";
		}
	fputc('\n', out);
	if (o->dflt) {
		snprintf(key, sizeof key, "option.%s.default", o->name);
		dump_text(out, key, o->dflt);
	}
	if (o->range) {
		snprintf(key, sizeof key, "option.%s.range", o->name);
		dump_text(out, key, o->range);
	}
	snprintf(key, sizeof key, "option.%s.help", o->name);
	dump_text(out, key, o->help);
}

void descriptor_dump(const struct descriptor *d, const char *path, FILE *out)
{
	const struct aerie_plugin *p = &d->p;
	const struct aerie_option *o = p->options;

	dump_text(out, "path", path);
	fprintf(out, "abi.major=%u\nabi.minor_built=%u\nabi.minor_needed=%u\nabi.size=%u\n", p->abi.major, p->abi.minor_built,
		p->abi.minor_needed, p->abi.size);
	dump_text(out, "id", p->id);
	dump_text(out, "version", p->version);
	dump_text(out, "summary", p->summary);
	dump_text(out, "license", p->license);
	dump_text(out, "url", p->url);
	dump_list(out, "provides", p->provides);
	dump_list(out, "requires", p->requires_);
	fprintf(out, "caps=0x%x\nthread_model=%u\n", p->caps, p->thread_model);
	fprintf(out, "configure=%s\nstart=%s\nquiesce=%s\nstop=%s\nunload=%s\nget_ext=%s\n", p->configure ? "yes" : "no",
		p->start ? "yes" : "no", p->quiesce ? "yes" : "no", p->stop ? "yes" : "no", p->unload ? "yes" : "no",
		p->get_ext ? "yes" : "no");
	for (; o && o->name; o = (const void *)((const char *)o + o->size))
		dump_option(out, o);
}

/* SPDX-License-Identifier: MIT */
/* aeried: puts the parts of the core together, reads the configuration, runs the modules and the loop, and takes everything apart
 * again in reverse order. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/devices.h>
#include <core/epoch.h>
#include <core/loader.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/options.h>
#include <core/pipeline.h>
#include <core/probe.h>
#include <core/registry.h>
#include <core/router.h>
#include <core/sources.h>
#include <core/streams.h>
#include <core/views.h>
#include <core/strings.h>

#define EXIT_DONE 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

#define LEVELS_SHOWN (AERIE_LOG_INFO | AERIE_LOG_ERROR | AERIE_LOG_ALERT | AERIE_LOG_FATAL)

/* Those that end the host; a terminal that goes is no reason not to write what shall be written. */
static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
#define N_SIGNALS (sizeof ending / sizeof ending[0])

struct host {
	struct core core;
	struct options o;
	char *home, *self, *own_dir, *user_dir;
	const char **dirs; /* of modules */
	int ready_fd;      /* --daemonize: where the parent waits for our exit status, or 0 for "it runs"; -1 */
	bool signalled, failed;
	uint64_t begun_ns;
	uv_signal_t signals[N_SIGNALS];
};

/* The signal that asked us to stop. Global, because a signal's handler is told nothing else. */
static volatile sig_atomic_t stop_signal;

static const struct aerie_option core_options[] = {
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REPEATED, "source", NULL, NULL,
		     "A datasource, interface:option=value,...; ignored when -c is given."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "kismet_packet_threads", "0", "0..256", "Packet workers; 0: one per processor."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "packet_backlog_limit", "8192", "1..1048576" /* BACKLOG_DEFAULT, BACKLOG_MAX */,
		     "Packets of one source that may wait for a worker; beyond, files are read slower and radios lose packets."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "packet_dedup_size", "2048", "0..1048576" /* DUPLICATES_DEFAULT, DUPLICATES_MAX */,
		     "Frames that are remembered, so that one that several radios hear counts once; 0: each counts."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "track_device_rrds", "true", NULL, "Keep round-robin series of packets per device."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "server_uuid", NULL, NULL, "UUID of this host; unset: made once, kept in the home directory."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "plugin_probe_timeout", "20s", "1ms..5m",
		     "How long an unknown module may take to be opened in a child process."),
	AERIE_OPTION_END
};

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Whoever started us may have closed standard input, output or error: what is opened next must not take their places, which we, our capture
 * programs and libuv take for somebody else's. */
static void fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* ---- Places ---- */

static int find_places(struct host *h)
{
	const char *home = getenv("HOME");
	const struct passwd *pw = NULL;
	char exe[4096], *slash;
	ssize_t n;

	if (!home || !*home)
		pw = getpwuid(getuid());
	if (pw)
		home = pw->pw_dir;
	if (h->o.home)
		h->home = strdup(h->o.home);
	else if (!home || asprintf(&h->home, "%s/.aerie", home) < 0)
		h->home = NULL;
	n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n <= 0 || !h->home)
		return -ENOENT;
	exe[n] = '\0';
	h->self = strdup(exe);
	slash = strrchr(exe, '/');
	*slash = '\0';
	/* The build tree has its modules beside its programs. */
	if (!h->self || asprintf(&h->own_dir, "%s/../modules/.libs", exe) < 0)
		return -ENOMEM;
	if (access(h->own_dir, F_OK) < 0) {
		free(h->own_dir);
		h->own_dir = strdup(PLUGINDIR);
	} else if ((slash = realpath(h->own_dir, NULL))) {
		free(h->own_dir);
		h->own_dir = slash;
	}
	return h->own_dir ? 0 : -ENOMEM;
}

static int make_home(struct host *h)
{
	struct stat st;

	if (mkdir(h->home, 0700) < 0 && errno != EEXIST) {
		fprintf(stderr, "aeried: cannot make the directory %s: %s: make it, or name another with --home\n", h->home, strerror(errno));
		return -errno;
	}
	if (stat(h->home, &st) < 0 || !S_ISDIR(st.st_mode)) {
		fprintf(stderr, "aeried: %s is not a directory: name another with --home\n", h->home);
		return -ENOTDIR;
	}
	return 0;
}

/* Two hosts in one home replace each other's files. The lock goes with the process. */
static void claim_home(struct host *h)
{
	int fd = open(h->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		bus_printf(h->core.bus, AERIE_LOG_INFO, "warning: another aeried runs in %s: of the login, API keys and names of devices, what one of the "
			   "two changes is lost when the other does; name another directory with --home", h->home);
}

static int list_plugin_dirs(struct host *h)
{
	size_t i;
	struct stat st;

	h->dirs = calloc(h->o.plugin_dirs.n + 3, sizeof *h->dirs);
	if (!h->dirs || asprintf(&h->user_dir, "%s/plugins", h->home) < 0)
		return -ENOMEM;
	for (i = 0; i < h->o.plugin_dirs.n; i++) {
		h->dirs[i] = h->o.plugin_dirs.items[i];
		if (stat(h->dirs[i], &st) < 0 || !S_ISDIR(st.st_mode)) {
			fprintf(stderr, "aeried: --plugin-dir %s: there is no such directory: correct its name\n", h->dirs[i]);
			return -ENOENT;
		}
	}
	h->dirs[i++] = h->own_dir;
	h->dirs[i] = h->user_dir;
	return 0;
}

/* ---- --daemonize ---- */

/* The parent waits until the child runs, or failed, and ends with its status. Before any thread or loop exists. */
static int daemonize(struct host *h)
{
	unsigned char status = EXIT_FAILED;
	int fds[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(fds[0]);
		h->ready_fd = fds[1];
		setsid();
		return 0;
	}
	close(fds[1]);
	do
		n = read(fds[0], &status, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1 && status == EXIT_DONE)
		printf("aeried runs in the background as process %ld; messages go to %s/aeried.log\n", (long)pid, h->home);
	if (n != 1)
		fprintf(stderr, "aeried: the process in the background, %ld, ended before it said whether it runs\n", (long)pid);
	exit(n == 1 ? status : EXIT_FAILED);
}

static void tell_parent(struct host *h, int status)
{
	unsigned char octet = (unsigned char)status;

	if (h->ready_fd < 0)
		return;
	if (write(h->ready_fd, &octet, 1) != 1)
		bus_printf(h->core.bus, AERIE_LOG_ERROR, "the process that started this one is gone");
	close(h->ready_fd);
	h->ready_fd = -1;
}

/* The terminal is the parent's: from now on, everything goes to the log file. */
static int move_to_log(struct host *h)
{
	char *path;
	int fd, null;

	if (h->ready_fd < 0)
		return 0;
	if (asprintf(&path, "%s/aeried.log", h->home) < 0)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0) {
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "cannot write %s: %s: correct its permissions", path, strerror(errno));
		free(path);
		return -EIO;
	}
	free(path);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
	close(null);
	bus_stamp_output(h->core.bus);
	tell_parent(h, EXIT_DONE);
	return 0;
}

/* ---- Configuration ---- */

static void override(struct host *h, const char *key, const char *value)
{
	char *text;

	if (!value || asprintf(&text, "%s=%s", key, value) < 0)
		return;
	(void)config_override(h->core.config, text);
	free(text);
}

static void read_if_there(struct host *h, const char *dir)
{
	char *path;

	if (asprintf(&path, "%s/aerie.conf", dir) < 0)
		return;
	if (access(path, F_OK) == 0)
		(void)config_read_file(h->core.config, path);
	free(path);
}

static int read_config(struct host *h)
{
	const char *error;
	size_t i;
	int err;

	config_set_home(h->core.config, h->home);
	err = config_declare(h->core.config, "core", core_options, &error);
	if (err < 0) {
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "the core's own options: %s", error);
		return err;
	}
	if (h->o.config_file) {
		(void)config_read_file(h->core.config, h->o.config_file);
	} else {
		read_if_there(h, SYSCONFDIR "/aerie");
		read_if_there(h, h->home);
	}
	for (i = 0; i < h->o.settings.n; i++)
		(void)config_override(h->core.config, h->o.settings.items[i]);
	override(h, "httpd_port", h->o.port);
	override(h, "httpd_bind_address", h->o.bind);
	for (i = 0; config_error(h->core.config, (uint32_t)i); i++)
		bus_printf(h->core.bus, AERIE_LOG_ERROR, "%s", config_error(h->core.config, (uint32_t)i));
	return i ? -EINVAL : 0;
}

static void report(void *user, bool is_error, const char *text)
{
	struct host *h = user;

	bus_printf(h->core.bus, is_error ? AERIE_LOG_ERROR : AERIE_LOG_INFO, "%s%s", is_error ? "" : "warning: ", text);
}

/* ---- Parts of the core ---- */

static int make_base(struct host *h)
{
	struct core *c = &h->core;

	c->epochs = epochs_new();
	c->bus = c->epochs ? bus_new(c) : NULL;
	c->config = config_new();
	c->strings = strings_new();
	if (!c->bus || !c->config || !c->strings)
		return -ENOMEM;
	bus_set_output(c->bus, STDERR_FILENO, h->o.mode == RUN_LIST_PLUGINS ? AERIE_LOG_FATAL : LEVELS_SHOWN);
	return 0;
}

static int make_parts(struct host *h)
{
	const struct loader_options lo = {
		.dirs = h->dirs,
		.own_dir = h->own_dir,
		.only = h->o.plugins.n ? h->o.plugins.items : NULL,
		.without = h->o.no_plugins.items,
		.safe_mode = h->o.safe_mode,
		.self = h->self,
	};
	struct core *c = &h->core;

	c->loop = loop_new(c);
	c->self = module_new(c, "core");
	c->registry = c->self ? registry_new(c) : NULL;
	c->devices = c->registry ? devices_new(c) : NULL;
	c->pipeline = c->devices ? pipeline_new(c, (unsigned)config_int(c->config, "kismet_packet_threads", 0)) : NULL;
	c->sources = c->pipeline && c->loop ? sources_new(c) : NULL;
	c->router = c->sources ? router_new(c) : NULL;
	c->views = c->router ? views_new(c) : NULL;
	c->streams = c->views ? streams_new(c) : NULL;
	c->loader = c->streams ? loader_new(c, &lo) : NULL;
	if (!c->loader || devices_set_server(c->devices, plugins_service.server_uuid(&c->self->host)) < 0)
		return -ENOMEM;
	c->self->loading = false;
	return epochs_commit(c->epochs, c->self);
}

static void free_parts(struct host *h)
{
	struct core *c = &h->core;

	loader_free(c->loader);
	if (c->sources)
		sources_free(c->sources);
	if (c->pipeline)
		pipeline_free(c->pipeline);
	module_free(c->self);
	epochs_free(c->epochs);
	c->epochs = NULL;
	streams_free(c->streams);
	views_free(c->views);
	if (c->router)
		router_free(c->router);
	if (c->devices)
		devices_free(c->devices);
	if (c->registry)
		registry_free(c->registry);
	loop_free(c->loop);
	if (c->strings)
		strings_free(c->strings);
	config_free(c->config);
	bus_free(c->bus);
}

/* ---- Running ---- */

static void end_at_once(int number)
{
	static const char text[] = "aeried: stopped at once, as asked\n";

	if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(EXIT_FAILED);
	_exit(EXIT_FAILED);
}

static void on_signal(uv_signal_t *s, int number)
{
	struct host *h = s->data;

	if (h->signalled && number == SIGHUP)
		return;
	if (h->signalled)
		end_at_once(number);
	h->signalled = true;
	bus_printf(h->core.bus, AERIE_LOG_INFO, "stopping (signal %d); once more to stop at once", number);
	loop_stop(h->core.loop);
}

static void on_done(void *user)
{
	loop_stop(((struct host *)user)->core.loop);
}

/* While modules start, no loop runs that would see a signal, and one of them may hang. */
static void on_early_signal(int number)
{
	if (stop_signal && number != SIGHUP)
		end_at_once(number);
	stop_signal = number;
}

/* nohup(1): whoever starts us may not want to be told that the terminal is gone. */
static bool is_wanted(int number)
{
	struct sigaction now;

	return number != SIGHUP || sigaction(number, NULL, &now) < 0 || now.sa_handler != SIG_IGN;
}

static void handle_signals(void (*handler)(int number))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	size_t i;

	for (i = 0; i < N_SIGNALS; i++)
		if (is_wanted(ending[i]))
			sigaction(ending[i], &action, NULL);
}

static void watch_signals(struct host *h)
{
	size_t i;

	for (i = 0; i < N_SIGNALS; i++) {
		uv_signal_init(loop_uv(h->core.loop), &h->signals[i]);
		h->signals[i].data = h;
		if (is_wanted(ending[i]))
			uv_signal_start(&h->signals[i], on_signal, ending[i]);
	}
	if (stop_signal)
		on_signal(h->signals, stop_signal);
}

/* The loop is over: what is left may take long, as writing to a pipe that nobody reads. A terminal that goes may say so twice, the shell and
 * the kernel each: that is no impatience. */
static void unwatch_signals(struct host *h)
{
	size_t i;

	for (i = 0; i < N_SIGNALS; i++)
		uv_signal_stop(&h->signals[i]);
	handle_signals(end_at_once);
	signal(SIGHUP, SIG_IGN);
}

static int same_suffix(void *user, const char *suffix, const char *content_type, const char *help)
{
	return !strcmp(user, suffix);
}

/* A file is written beside its name and renamed; what is no file is opened as it is. */
static int check_directory(const char *file)
{
	char *dir = strdup(file), *slash = dir ? strrchr(dir, '/') : NULL;
	struct stat st;
	int err = 0;

	if (!dir)
		return -ENOMEM;
	if (slash)
		slash[slash == dir] = '\0';
	if ((stat(file, &st) < 0 || S_ISREG(st.st_mode)) && access(slash ? dir : ".", W_OK | X_OK) < 0)
		err = -errno;
	free(dir);
	return err;
}

/* An hour of capture should not end with "unknown format". */
static int check_write_devices(struct host *h)
{
	const char *file = h->o.write_devices, *dot;
	int err;

	if (!file)
		return 0;
	dot = strrchr(file, '.');
	if (!dot || !serializers_service.each(&h->core.self->host, same_suffix, (char *)dot + 1)) {
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "--write-devices %s: no serializer has this suffix: use .json, or load the module that has it", file);
		return -EINVAL;
	}
	err = check_directory(file);
	if (err < 0)
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "--write-devices %s: nothing can be written there: %s: make the directory, or correct its permissions",
			   file, strerror(-err));
	return err;
}

static int add_source(struct host *h, const char *definition)
{
	const char *error = NULL;
	int err = sources_add(h->core.sources, definition, &error);

	if (err < 0)
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "source %s: %s", definition, error ? error : strerror(-err));
	return err;
}

/* Those of the command line, or else of the configuration; NULL: no more. */
static const char *nth_source(const struct host *h, uint32_t i)
{
	if (h->o.sources.n)
		return i < h->o.sources.n ? h->o.sources.items[i] : NULL;
	return config_nth(h->core.config, "source", i);
}

static int add_sources(struct host *h)
{
	const char *definition;
	uint32_t i;
	int err = 0;

	for (i = 0; !err && (definition = nth_source(h, i)); i++)
		err = add_source(h, definition);
	return err;
}

/* What can be told without the modules that open them. */
static int check_sources(struct host *h)
{
	const char *definition, *error = NULL;
	uint32_t i;
	int err = sources_check(h->core.sources, NULL, &error);

	if (err < 0)
		bus_printf(h->core.bus, AERIE_LOG_ERROR, "%s", error);
	for (i = 0; (definition = nth_source(h, i)); i++) {
		if (sources_check(h->core.sources, definition, &error) == 0)
			continue;
		bus_printf(h->core.bus, AERIE_LOG_ERROR, "source %s: %s", definition, error);
		err = -EINVAL;
	}
	return err;
}

static int start(struct host *h)
{
	int err = loader_start(h->core.loader);

	if (err < 0) {
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "aeried ends, because a module of its own did not start: see above");
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	if (check_write_devices(h) < 0)
		return EXIT_USAGE;
	err = pipeline_start(h->core.pipeline);
	if (err < 0) {
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "packet workers cannot be started: %s: allow more threads or set kismet_packet_threads", strerror(-err));
		return EXIT_FAILED;
	}
	if (devices_start(h->core.devices) < 0) {
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "memory is out");
		return EXIT_FAILED;
	}
	h->begun_ns = monotonic_ns();
	sources_listen(h->core.sources);
	if (add_sources(h) < 0)
		return EXIT_USAGE;
	return EXIT_DONE;
}

static int write_devices(struct host *h)
{
	const char *error = NULL;
	int err;

	if (!h->o.write_devices)
		return 0;
	err = router_write_devices(h->core.router, h->o.write_devices, &error);
	if (err < 0)
		bus_printf(h->core.bus, AERIE_LOG_ERROR, "--write-devices: %s", error ? error : strerror(-err));
	return err;
}

static void print_done(struct host *h)
{
	struct aerie_packet_stats stats = { .size = sizeof stats };
	uint64_t ms = (monotonic_ns() - h->begun_ns) / 1000000u;

	(void)packets_service.stats(&h->core.self->host, &stats);
	printf("done: packets=%llu dropped=%llu errors=%llu devices=%llu seconds=%llu.%03llu\n", (unsigned long long)stats.packets,
	       (unsigned long long)stats.dropped, (unsigned long long)stats.errors,
	       (unsigned long long)devices_service.count(&h->core.self->host), (unsigned long long)(ms / 1000),
	       (unsigned long long)(ms % 1000));
	fflush(stdout);
}

/* The first turn of the loop: what modules had to say about their start has been said on the terminal. */
static void on_running(void *user)
{
	struct host *h = user;

	if (move_to_log(h) == 0)
		return;
	h->failed = true;
	loop_stop(h->core.loop);
}

static int run(struct host *h)
{
	int status = start(h);
	bool done;

	if (status == EXIT_DONE && loop_post(h->core.loop, on_running, h) < 0) {
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "memory is out");
		status = EXIT_FAILED;
	}
	if (status == EXIT_DONE) {
		watch_signals(h);
		if (h->o.exit_when_done)
			sources_when_done(h->core.sources, on_done, h);
		loop_run(h->core.loop);
		unwatch_signals(h);
		status = h->failed ? EXIT_FAILED : EXIT_DONE;
	}
	done = status == EXIT_DONE && h->o.exit_when_done && !h->signalled;
	if (done && sources_failed(h->core.sources)) {
		sources_tell_failed(h->core.sources);
		status = EXIT_FAILED;
	}
	sources_stop(h->core.sources);
	pipeline_stop(h->core.pipeline);
	if (status != EXIT_USAGE && h->begun_ns && write_devices(h) < 0)
		status = EXIT_FAILED;
	loader_stop(h->core.loader);
	if (done)
		print_done(h);
	return status;
}

/* Everything that needs the parts of the core. */
static int with_parts(struct host *h)
{
	int err;

	if (read_config(h) < 0)
		return EXIT_USAGE;
	err = make_parts(h);
	if (err < 0) {
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "the host cannot be put together: memory or file descriptors are out");
		return EXIT_FAILED;
	}
	err = loader_scan(h->core.loader);
	if (err == -ENOENT)
		return EXIT_USAGE;
	if (err < 0) {
		bus_printf(h->core.bus, AERIE_LOG_FATAL, "the modules cannot be found: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (h->o.mode == RUN_LIST_PLUGINS) {
		loader_list(h->core.loader, stdout);
		return EXIT_DONE;
	}
	err = config_check(h->core.config, report, h);
	if (check_sources(h) < 0 || err < 0)
		return EXIT_USAGE;
	if (h->o.mode == RUN_CHECK_CONFIG) {
		if (loader_check_options(h->core.loader) < 0)
			return EXIT_USAGE;
		printf("the configuration is in order\n");
		return EXIT_DONE;
	}
	handle_signals(on_early_signal);
	claim_home(h);
	return run(h);
}

static int host_main(struct host *h)
{
	int status;

	if (make_home(h) < 0 || list_plugin_dirs(h) < 0)
		return EXIT_USAGE;
	if (h->o.daemonize && h->o.mode == RUN_HOST && daemonize(h) < 0) {
		fprintf(stderr, "aeried: cannot go to the background: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	if (make_base(h) < 0) {
		fprintf(stderr, "aeried: memory is out\n");
		return EXIT_FAILED;
	}
	status = with_parts(h);
	tell_parent(h, status);
	free_parts(h);
	return status;
}

int main(int argc, char **argv)
{
	struct host h = { .ready_fd = -1 };
	int status = EXIT_DONE;

	fill_standard();
	signal(SIGPIPE, SIG_IGN);
	thread_role_set(THREAD_MAIN);
	if (options_parse(&h.o, argc, argv) < 0) {
		status = EXIT_USAGE;
	} else if (h.o.mode == RUN_VERSION) {
		printf("aeried %s, ABI %d.%d\n", PACKAGE_VERSION, AERIE_ABI_MAJOR, AERIE_ABI_MINOR);
	} else if (h.o.mode == RUN_HELP) {
		options_help();
	} else if (h.o.mode == RUN_PROBE) {
		_exit(probe_child(h.o.file));
	} else if (find_places(&h) < 0) {
		fprintf(stderr, "aeried: no home directory: set HOME or use --home\n");
		status = EXIT_USAGE;
	} else if (h.o.mode == RUN_DUMP_PLUGIN) {
		status = loader_dump(h.o.file, h.home, h.self, LOADER_PROBE_TIMEOUT_MS, stdout, stderr);
	} else {
		status = host_main(&h);
	}
	options_free(&h.o);
	free(h.dirs);
	free(h.home);
	free(h.self);
	free(h.own_dir);
	free(h.user_dir);
	return status;
}

/* SPDX-License-Identifier: MIT */
/* The configuration. Expected behaviour: doc/architecture.md, the manual aeried(8), and the syntax of existing configurations. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/bus.h>
#include <core/config_priv.h>
#include <core/module.h>

static struct config *c;
static char dir[64];
static char told[16][512];
static unsigned n_told;

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "httpd_port", "2501", "1..65535", "Port."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REPEATED, "source", NULL, NULL, "Sources."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_SECRET, "httpd_password", NULL, NULL, "Password."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "track_device_rrds", "true", NULL, "Series."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "idle", "10s", "1s..1h", "Idle."),
	AERIE_OPTION(AERIE_OPT_SIZE, 0, "room", "1M", NULL, "Room."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "colour", "red", "red|green", "Colour."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_DEPRECATED, "oldie", NULL, NULL, "Old."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "logs", "%h/logs-%n", NULL, "Logs."),
	AERIE_OPTION_END
};

static void declare(const char *owner, const struct aerie_option *table)
{
	const char *error = NULL;

	cr_assert_eq(config_declare(c, owner, table, &error), 0, "%s", error);
}

static void up(void)
{
	strcpy(dir, "/tmp/aerie-config-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	c = config_new();
	n_told = 0;
	declare("core", options);
}

static void down(void)
{
	char command[128];

	config_free(c);
	snprintf(command, sizeof command, "rm -r %s", dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(config, .init = up, .fini = down);

static int text(const char *lines)
{
	return config_read_text(c, "x.conf", lines, strlen(lines));
}

static const char *put(const char *name, const char *lines)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	fputs(lines, f);
	fclose(f);
	return path;
}

static void tell(void *user, bool is_error, const char *line)
{
	if (n_told < 16)
		snprintf(told[n_told++], sizeof told[0], "%c %s", is_error ? 'E' : 'W', line);
}

static int check(void)
{
	n_told = 0;
	return config_check(c, tell, NULL);
}

/* Reads one bad text: exactly this error. */
static void bad(const char *lines, const char *error)
{
	cr_assert_eq(text(lines), -EINVAL);
	cr_assert_not_null(config_error(c, 0));
	cr_assert_str_eq(config_error(c, 0), error);
	cr_assert_null(config_error(c, 1));
}

Test(config, reads_keys_without_regard_to_case_comments_and_spaces)
{
	cr_assert_eq(text("\xef\xbb\xbf# comment\n\n  HTTPD_Port =  0x1F90 \r\n\t# another\nsource=a b=c#d"), 0);
	cr_assert_eq(config_int(c, "httpd_PORT", 0), 8080);
	cr_assert_str_eq(config_str(c, "source"), "a b=c#d");
	cr_assert_eq(check(), 0);
	cr_assert_eq(n_told, 0);
}

Test(config, repeated_keys_accumulate_and_last_value_of_single_ones_counts)
{
	cr_assert_eq(text("source=a\nsource=b\nsource+=c\nhttpd_port=1\nhttpd_port=2\n"), 0);
	cr_assert_eq(config_count(c, "source"), 3);
	cr_assert_str_eq(config_nth(c, "source", 0), "a");
	cr_assert_str_eq(config_nth(c, "source", 2), "c");
	cr_assert_null(config_nth(c, "source", 3));
	cr_assert_eq(config_int(c, "httpd_port", 0), 2);
	cr_assert_eq(check(), 0);
	cr_assert_eq(n_told, 1);
	cr_assert_str_eq(told[0], "W x.conf:4: \"httpd_port\" is set again further on: only the last value counts");
}

Test(config, defaults_answer_for_what_is_unset)
{
	cr_assert_eq(config_int(c, "httpd_port", 0), 2501);
	cr_assert_eq(config_bool(c, "track_device_rrds", false), true);
	cr_assert_eq(config_duration_us(c, "idle", 0), 10000000);
	cr_assert_null(config_str(c, "source"));
	cr_assert_eq(config_count(c, "source"), 0);
	cr_assert_eq(config_count(c, "colour"), 1);
	cr_assert_str_eq(config_nth(c, "colour", 0), "red");
	cr_assert_eq(config_int(c, "nobody", 7), 7);
}

Test(config, line_without_equals_sign_is_told_with_its_place)
{
	bad("httpd_port=1\nhttpd_port 2\n", "x.conf:2: \"httpd_port 2\" is not key=value: add a '=' and a value, or start the line with '#'");
}

Test(config, empty_value_is_told)
{
	bad("\nsource= \n", "x.conf:2: \"source\" has no value: give it one or remove the line");
}

Test(config, malformed_key_is_told)
{
	bad("my key=1\n", "x.conf:1: \"my key\" is not a key: keys are 1 to 64 letters, digits, '_', '.' or '-'");
}

Test(config, empty_key_is_told)
{
	bad("=1\n", "x.conf:1: \"\" is not a key: keys are 1 to 64 letters, digits, '_', '.' or '-'");
}

Test(config, nul_octet_is_told)
{
	cr_assert_eq(config_read_text(c, "x.conf", "a=1\nb\0=2\n", 9), -EINVAL);
	cr_assert_str_eq(config_error(c, 0), "x.conf:2: the line has a NUL octet: this is not a text file");
}

Test(config, long_line_is_told_and_the_rest_is_read)
{
	char *lines = malloc(CONFIG_LINE_MAX + 100);

	memset(lines, 'a', CONFIG_LINE_MAX + 1);
	strcpy(lines + CONFIG_LINE_MAX + 1, "\nhttpd_port=x y\n=\n");
	cr_assert_eq(text(lines), -EINVAL);
	cr_assert_str_eq(config_error(c, 0), "x.conf:1: the line has more than 8192 octets: shorten it");
	cr_assert_str_eq(config_error(c, 1), "x.conf:3: \"\" is not a key: keys are 1 to 64 letters, digits, '_', '.' or '-'");
	cr_assert_str_eq(config_str(c, "httpd_port"), "x y");
	free(lines);
}

Test(config, too_many_values_and_errors_are_counted_not_kept)
{
	char *lines = malloc(CONFIG_VALUES_MAX * 4 + 100);
	unsigned i;

	for (i = 0; i < CONFIG_VALUES_MAX + 2; i++)
		memcpy(lines + 4 * i, "a=b\n", 5);
	cr_assert_eq(text(lines), -EINVAL);
	cr_assert_str_eq(config_error(c, 0), "x.conf:10001: more than 10000 values are set: is it a configuration file?");
	cr_assert_null(config_error(c, 1));
	for (i = 0; i < 300; i++)
		memcpy(lines + 4 * i, "aaa\n", 5);
	cr_assert_eq(text(lines), -EINVAL);
	cr_assert_not_null(config_error(c, CONFIG_ERRORS_MAX - 1));
	cr_assert_null(config_error(c, CONFIG_ERRORS_MAX));
	free(lines);
}

Test(config, include_starts_at_the_directory_of_its_file)
{
	put("part.conf", "source=part\n");
	cr_assert_eq(config_read_file(c, put("main.conf", "source=main\ninclude=part.conf\nsource=end\n")), 0);
	cr_assert_str_eq(config_nth(c, "source", 0), "main");
	cr_assert_str_eq(config_nth(c, "source", 1), "part");
	cr_assert_str_eq(config_nth(c, "source", 2), "end");
}

Test(config, missing_include_names_the_line_that_wants_it)
{
	char expected[256];

	cr_assert_eq(config_read_file(c, put("main.conf", "\ninclude=%E/absent.conf\n")), -EINVAL);
	snprintf(expected, sizeof expected, "%s/main.conf:2: cannot read %s/absent.conf: No such file or directory: create the file, or "
		 "correct its name or permissions", dir, dir);
	cr_assert_str_eq(config_error(c, 0), expected);
}

Test(config, missing_file_directory_and_device_are_told)
{
	cr_assert_eq(config_read_file(c, "/nowhere/x.conf"), -EINVAL);
	cr_assert_str_eq(config_error(c, 0), "cannot read /nowhere/x.conf: No such file or directory: create the file, or correct its name "
			 "or permissions");
	cr_assert_eq(config_read_file(c, "/"), -EINVAL);
	cr_assert_str_eq(config_error(c, 1), "cannot read /: Is a directory: create the file, or correct its name or permissions");
	cr_assert_eq(config_read_file(c, "/dev/zero"), -EINVAL);
	cr_assert_str_eq(config_error(c, 2), "cannot read /dev/zero: not a regular file: create the file, or correct its name or permissions");
}

Test(config, file_that_includes_itself_ends)
{
	cr_assert_eq(config_read_file(c, put("main.conf", "include=main.conf\n")), -EINVAL);
	cr_assert_not_null(strstr(config_error(c, 0), "goes too far (16 files deep, 256 in all): does a file include itself?"));
	cr_assert_null(config_error(c, 1));
}

Test(config, optional_include_takes_a_pattern_and_may_find_nothing)
{
	put("b.part", "source=b\n");
	put("a.part", "source=a\n");
	cr_assert_eq(config_read_file(c, put("main.conf", "opt_include=*.part\nopt_include=*.none\n")), 0);
	cr_assert_eq(config_count(c, "source"), 2);
	cr_assert_str_eq(config_nth(c, "source", 0), "a");
}

Test(config, a_relative_path_of_the_first_file_does_not_matter_to_what_it_includes)
{
	put("a.part", "source=a\n");
	put("b.conf", "source=b\n");
	put("site.conf", "httpd_port=9\n");
	put("main.conf", "opt_include=*.part\ninclude=b.conf\ninclude=%E/b.conf\nopt_override=site.conf\n");
	cr_assert_eq(chdir(dir), 0);
	cr_assert_eq(chdir(".."), 0);
	cr_assert_eq(config_read_file(c, strcat(strcpy((char[128]){ 0 }, strrchr(dir, '/') + 1), "/main.conf")), 0, "%s", config_error(c, 0));
	cr_assert_eq(config_count(c, "source"), 3);
	cr_assert_str_eq(config_nth(c, "source", 0), "a");
	cr_assert_eq(config_int(c, "httpd_port", 0), 9);
}

Test(config, override_file_is_read_last_and_replaces)
{
	put("site.conf", "source=site\nhttpd_port+=9\n");
	cr_assert_eq(config_read_file(c, put("main.conf", "opt_override=site.conf\nopt_override=absent.conf\nsource=a\nsource=b\nhttpd_port=8\n")),
		     0);
	cr_assert_eq(config_count(c, "source"), 1);
	cr_assert_str_eq(config_str(c, "source"), "site");
	cr_assert_eq(config_count(c, "httpd_port"), 2);
	cr_assert_eq(config_int(c, "httpd_port", 0), 9);
}

Test(config, huge_file_is_refused)
{
	char path[128], expected[256];

	snprintf(path, sizeof path, "%s", put("huge.conf", "#"));
	cr_assert_eq(truncate(path, CONFIG_FILE_MAX + 1), 0);
	cr_assert_eq(config_read_file(c, path), -EINVAL);
	snprintf(expected, sizeof expected, "%s has more than 1048576 octets: is it a configuration file? Split it up if so", path);
	cr_assert_str_eq(config_error(c, 0), expected);
}

Test(config, command_line_replaces_files_and_its_first_override_decides)
{
	cr_assert_eq(text("source=file1\nsource=file2\nhttpd_port=1\n"), 0);
	cr_assert_eq(config_override(c, "Source=cli1"), 0);
	cr_assert_eq(config_override(c, "source=cli2"), 0);
	cr_assert_eq(config_override(c, "httpd_port=3"), 0);
	cr_assert_eq(config_count(c, "source"), 2);
	cr_assert_str_eq(config_nth(c, "source", 0), "cli1");
	cr_assert_str_eq(config_nth(c, "source", 1), "cli2");
	cr_assert_eq(config_int(c, "httpd_port", 0), 3);
}

Test(config, malformed_override_is_told)
{
	cr_assert_eq(config_override(c, "httpd_port"), -EINVAL);
	cr_assert_str_eq(config_error(c, 0), "-s httpd_port: this is not KEY=VALUE: write it as in -s httpd_port=2501");
	cr_assert_eq(config_override(c, "httpd_port="), -EINVAL);
	cr_assert_eq(config_override(c, "=1"), -EINVAL);
}

Test(config, macros_of_paths_are_replaced_and_others_kept_and_secrets_untouched)
{
	setenv("HOME", "/var/me", 1);
	cr_assert_eq(text("logs=%h/%p/%h%%\nhttpd_password=%hello\n"), 0);
	cr_assert_str_eq(config_str(c, "logs"), "/var/me/%p//var/me%%");
	cr_assert_str_eq(config_str(c, "httpd_password"), "%hello");
}

Test(config, unknown_key_names_the_nearest)
{
	cr_assert_eq(text("htpd_prt=1\n"), 0);
	cr_assert_eq(check(), -EINVAL);
	cr_assert_eq(n_told, 1);
	cr_assert_str_eq(told[0], "E x.conf:1: nobody declares the key \"htpd_prt\": did you mean \"httpd_port\"?");
}

Test(config, unknown_key_that_is_like_no_other_is_not_guessed_at)
{
	cr_assert_eq(text("antenna_gain=1\n"), 0);
	cr_assert_eq(check(), -EINVAL);
	cr_assert_eq(n_told, 1);
	cr_assert_str_eq(told[0], "E x.conf:1: nobody declares the key \"antenna_gain\": remove it");
	/* at most a third of the longer word's letters differ */
	cr_expect_eq(config_nearness("chanel", "channel"), 1);
	cr_expect_eq(config_nearness("abcdef", "abcdxy"), 2);
	cr_expect_eq(config_nearness("abcdef", "abcxyz"), UINT_MAX);
	cr_expect_eq(config_nearness("ab", "ac"), UINT_MAX);
	cr_expect_eq(config_nearness("", "x"), UINT_MAX);
}

Test(config, key_of_the_ecosystem_without_meaning_is_a_warning)
{
	cr_assert_eq(text("wepkey=1\ndot11_ssidscan_enabled=true\nHidedata=x\n"), 0);
	cr_assert_eq(check(), 0);
	cr_assert_eq(n_told, 3);
	cr_assert_str_eq(told[0], "W x.conf:1: \"wepkey\" is ignored: this version does nothing with it; remove it to silence this");
}

Test(config, every_key_of_the_table_is_found)
{
	/* The first, the last, and some between: the table is searched by halves and must be sorted. */
	static const char *const keys[] = { "alert", "writeinterval", "wigle_log_throttle", "kis_log_packet_filter_default", "gps",
					    "dot11_11d_country_full", "server_uuid", "uav_match" };
	size_t i;

	for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
		cr_assert(config_key_of_ecosystem(keys[i]), "%s", keys[i]);
	cr_assert_not(config_key_of_ecosystem("zzz"));
	cr_assert_not(config_key_of_ecosystem("a"));
}

Test(config, unknown_key_is_a_warning_when_modules_were_left_out)
{
	cr_assert_eq(text("thing=1\n"), 0);
	config_tolerate_unknown(c);
	cr_assert_eq(check(), 0);
	cr_assert_eq(told[0][0], 'W');
	cr_assert_not_null(strstr(told[0], "(it may belong to a module that was left out)"));
}

Test(config, values_are_checked_for_type_and_range)
{
	cr_assert_eq(text("httpd_port=0\nhttpd_port=65536\nhttpd_port=12a\ntrack_device_rrds=yes\nidle=2d\nidle=soon\nroom=1X\n"
			  "colour=blue\nhttpd_port=99999999999999999999\n"), 0);
	cr_assert_eq(check(), -EINVAL);
	unsigned i, e = 0;
	static const char *const expected[] = {
		"E x.conf:1: \"httpd_port\" is \"0\", but core wants a value in 1..65535",
		"E x.conf:2: \"httpd_port\" is \"65536\", but core wants a value in 1..65535",
		"E x.conf:3: \"httpd_port\" is \"12a\", but core wants a number such as 10 or 0x1f",
		"E x.conf:4: \"track_device_rrds\" is \"yes\", but core wants true or false",
		"E x.conf:5: \"idle\" is \"2d\", but core wants a value in 1s..1h",
		"E x.conf:6: \"idle\" is \"soon\", but core wants a duration such as 30, 30s, 500ms or 2h",
		"E x.conf:7: \"room\" is \"1X\", but core wants a size such as 4096, 64K or 10M",
		"E x.conf:8: \"colour\" is \"blue\", but core wants one of red|green",
		"E x.conf:9: \"httpd_port\" is \"99999999999999999999\", but core wants a value in 1..65535",
	};
	for (i = 0; i < n_told; i++)
		if (told[i][0] == 'E') {
			cr_assert_lt(e, sizeof expected / sizeof expected[0]);
			cr_assert_str_eq(told[i], expected[e++]);
		}
	cr_assert_eq(e, 9);
}

Test(config, secrets_are_not_shown)
{
	static const struct aerie_option secret[] = { AERIE_OPTION(AERIE_OPT_INT, AERIE_OPT_SECRET, "pin", NULL, NULL, "Pin."),
						      AERIE_OPTION_END };

	declare("org.test.pin", secret);
	cr_assert_eq(text("pin=abc\n"), 0);
	cr_assert_eq(check(), -EINVAL);
	cr_assert_str_eq(told[0], "E x.conf:1: \"pin\" is \"(secret)\", but org.test.pin wants a number such as 10 or 0x1f");
}

Test(config, deprecated_key_is_a_warning)
{
	cr_assert_eq(text("oldie=1\n"), 0);
	cr_assert_eq(check(), 0);
	cr_assert_eq(n_told, 1);
	cr_assert_not_null(strstr(told[0], "\"oldie\" is deprecated"));
}

static void bad_table(struct aerie_option row, const char *error)
{
	struct aerie_option table[2] = { row, AERIE_OPTION_END };
	const char *said = NULL;

	cr_assert_eq(config_declare(c, "org.test.bad", table, &said), -EINVAL);
	cr_assert_str_eq(said, error);
	if (row.name && config_key_ok(row.name, strlen(row.name)))
		cr_assert_null(config_option_of(c, "org.test.bad", row.name), "nothing of a bad table stays");
}

Test(config, malformed_tables_are_told)
{
	bad_table((struct aerie_option)AERIE_OPTION(AERIE_OPT_INT, 0, "a b", NULL, NULL, "x"),
		  "option \"a b\": a name is 1 to 64 letters, digits, '_', '.' or '-'");
	bad_table((struct aerie_option)AERIE_OPTION(99, 0, "n", NULL, NULL, "x"), "option \"n\" has the unknown type 99");
	bad_table((struct aerie_option)AERIE_OPTION(AERIE_OPT_INT, 0, "n", NULL, NULL, ""),
		  "option \"n\" has no help: every option says in one sentence what it does");
	bad_table((struct aerie_option)AERIE_OPTION(AERIE_OPT_BOOL, 0, "n", NULL, "a|b", "x"),
		  "option \"n\" has the malformed range \"a|b\": write \"1..10\" or \"a|b\"");
	bad_table((struct aerie_option)AERIE_OPTION(AERIE_OPT_INT, 0, "n", "x", NULL, "x"),
		  "option \"n\" has the default \"x\", which is not a number such as 10 or 0x1f");
	bad_table((struct aerie_option){ 8, AERIE_OPT_INT, 0, 0, "n", NULL, NULL, "x" },
		  "row 0 of the options has size 8: use AERIE_OPTION and AERIE_OPTION_END");
}

Test(config, table_that_never_ends_is_refused)
{
	struct aerie_option *table = calloc(CONFIG_OPTIONS_MAX + 2, sizeof *table);
	char names[CONFIG_OPTIONS_MAX + 2][8];
	const char *said = NULL;
	unsigned i;

	for (i = 0; i < CONFIG_OPTIONS_MAX + 2; i++) {
		snprintf(names[i], sizeof names[i], "n%u", i);
		table[i] = (struct aerie_option)AERIE_OPTION(AERIE_OPT_INT, 0, names[i], NULL, NULL, "x");
	}
	cr_assert_eq(config_declare(c, "org.test.long", table, &said), -EINVAL);
	cr_assert_str_eq(said, "the options have more than 256 rows: is AERIE_OPTION_END missing?");
	cr_assert_null(config_option_of(c, NULL, "n0"));
	free(table);
}

Test(config, longer_rows_of_a_newer_abi_are_read_by_their_size)
{
	struct row {
		struct aerie_option o;
		uint64_t more[3];
	} rows[3] = { { AERIE_OPTION(AERIE_OPT_INT, 0, "n1", "1", NULL, "x"), { 9, 9, 9 } },
		      { AERIE_OPTION(AERIE_OPT_INT, 0, "n2", "2", NULL, "x"), { 9, 9, 9 } },
		      { AERIE_OPTION_END, { 9, 9, 9 } } };
	unsigned i;

	for (i = 0; i < 3; i++)
		rows[i].o.size = sizeof rows[0];
	declare("org.test.newer", &rows[0].o);
	cr_assert_eq(config_int(c, "n1", 0), 1);
	cr_assert_eq(config_int(c, "n2", 0), 2);
}

Test(config, key_of_two_owners_must_have_one_type)
{
	static const struct aerie_option same[] = { AERIE_OPTION(AERIE_OPT_INT, 0, "HTTPD_port", "80", NULL, "Port."), AERIE_OPTION_END };
	static const struct aerie_option other[] = { AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_port", NULL, NULL, "Port."), AERIE_OPTION_END };
	static const struct aerie_option list[] = { AERIE_OPTION(AERIE_OPT_INT, AERIE_OPT_REPEATED, "httpd_port", NULL, NULL, "Port."),
						    AERIE_OPTION_END };
	const char *said = NULL;

	declare("org.test.same", same);
	cr_assert_eq(config_declare(c, "org.test.other", other, &said), -EEXIST);
	cr_assert_str_eq(said, "option \"httpd_port\" is declared as text, but core has it as an integer");
	cr_assert_eq(config_declare(c, "org.test.list", list, &said), -EEXIST);
	cr_assert_str_eq(said, "option \"httpd_port\" is declared as a list of an integer, but core has it as an integer");
	cr_assert_eq(config_declare(c, "org.test.same", same, &said), -EINVAL);
	cr_assert_str_eq(said, "option \"HTTPD_port\" is declared twice");
}

Test(config, owner_needs_its_required_options)
{
	static const struct aerie_option table[] = { AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REQUIRED, "must", NULL, NULL, "Must."),
						     AERIE_OPTION_END };
	const char *said = NULL;

	declare("org.test.must", table);
	cr_assert_eq(config_check_owner(c, "core", &said), 0);
	cr_assert_eq(config_check_owner(c, "org.test.must", &said), -ENODATA);
	cr_assert_str_eq(said, "option \"must\" is required and not set: set it in the configuration or with -s must=...");
	cr_assert_eq(text("MUST=x\n"), 0);
	cr_assert_eq(config_check_owner(c, "org.test.must", &said), 0);
}

/* Text forms, as <aerie/plugin.h> gives them. */
Test(config, text_forms_of_numbers)
{
	int64_t i = 0;
	uint64_t u = 0;
	uint8_t b = 9;

	cr_assert(!config_parse_int("-9223372036854775808", &i) && i == INT64_MIN);
	cr_assert(!config_parse_int("0xff", &i) && i == 255);
	cr_assert_eq(config_parse_int("9223372036854775808", &i), -ERANGE);
	cr_assert_eq(config_parse_int("", &i), -EINVAL);
	cr_assert_eq(config_parse_int("0x", &i), -EINVAL);
	cr_assert_eq(config_parse_int("1 ", &i), -EINVAL);
	cr_assert_eq(config_parse_int("--1", &i), -EINVAL);
	cr_assert_eq(i, 255, "untouched on failure");
	cr_assert(!config_parse_bool("T", &b) && b == 1);
	cr_assert(!config_parse_bool("False", &b) && b == 0);
	cr_assert_eq(config_parse_bool("1", &b), -EINVAL);
	cr_assert(!config_parse_duration("90", &u) && u == 90000000);
	cr_assert(!config_parse_duration("250ms", &u) && u == 250000);
	cr_assert(!config_parse_duration("7us", &u) && u == 7);
	cr_assert(!config_parse_duration("2m", &u) && u == 120000000);
	cr_assert(!config_parse_duration("3h", &u) && u == 10800000000);
	cr_assert(!config_parse_duration("1d", &u) && u == 86400000000);
	cr_assert_eq(config_parse_duration("999999999999999d", &u), -ERANGE);
	cr_assert_eq(config_parse_duration("s", &u), -EINVAL);
	cr_assert(!config_parse_size("3K", &u) && u == 3072);
	cr_assert(!config_parse_size("2M", &u) && u == 2097152);
	cr_assert(!config_parse_size("1G", &u) && u == 1073741824);
	cr_assert_eq(config_parse_size("18446744073709551615G", &u), -ERANGE);
	cr_assert_eq(config_parse_size("1k", &u), -EINVAL);
}

Test(config, distance_is_levenshteins)
{
	cr_assert_eq(config_distance("kitten", "sitting"), 3);
	cr_assert_eq(config_distance("", "abc"), 3);
	cr_assert_eq(config_distance("SAME", "same"), 0);
	cr_assert_eq(config_distance("abc", ""), 3);
	cr_assert_eq(config_distance("psp", "PPS"), 1, "two neighbours that changed places are one mistake");
	cr_assert_eq(config_distance("ca", "abc"), 3, "no letter is touched twice");
}

/* ---- A module's view ---- */

static struct core core;

static struct module *viewer(void)
{
	core = (struct core){ .config = c, .bus = NULL };
	return module_new(&core, "core");
}

Test(config, view_reads_each_type)
{
	struct module *m = viewer();
	const struct aerie_config *v = config_view(c, m);
	const char *s = NULL;
	uint64_t u = 0;
	int64_t i = 0;
	uint8_t b = 9;
	uint32_t n = 0;

	cr_assert_eq(text("source=a\nsource=b\ntrack_device_rrds=f\n"), 0);
	config_set_home(c, "/var/lib/x");
	cr_assert(!config_service.get_int(v, "httpd_port", &i) && i == 2501);
	cr_assert(!config_service.get_bool(v, "track_device_rrds", &b) && b == 0);
	cr_assert(!config_service.get_duration(v, "idle", &u) && u == 10000000);
	cr_assert(!config_service.get_size(v, "room", &u) && u == 1048576);
	cr_assert(!config_service.get_str(v, "colour", &s) && !strcmp(s, "red"));
	cr_assert(!config_service.count(v, "source", &n) && n == 2);
	cr_assert(!config_service.get_nth(v, "source", 1, &s) && !strcmp(s, "b"));
	cr_assert_eq(config_service.get_nth(v, "source", 2, &s), -ENODATA);
	cr_assert_eq(config_service.get_str(v, "httpd_password", &s), -ENODATA);
	cr_assert_str_eq(s, "b", "untouched on failure");
	cr_assert_str_eq(config_service.home(v), "/var/lib/x");
	cr_assert_not(config_view_misused(v));
	cr_assert_eq(config_view(c, m), v);
	module_free(m);
}

Test(config, view_refuses_what_the_module_did_not_declare)
{
	struct module *m;
	const struct aerie_config *v;
	int64_t i = 5;

	core = (struct core){ .config = c };
	m = module_new(&core, "org.test.other");
	v = config_view(c, m);
	cr_assert_eq(config_service.get_int(v, "httpd_port", &i), -ENOKEY);
	cr_assert_eq(i, 5);
	cr_assert_str_eq(m->fail_text, "org.test.other read the option \"httpd_port\", which it does not declare: add it to the module's table "
			 "of options");
	cr_assert(config_view_misused(v));
	module_free(m);
}

/* SPDX-License-Identifier: MIT */
/* Source definitions: interface[:option=value,...]. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <core/definition.h>

static bool no_file(const char *path)
{
	return false;
}

static bool some_files(const char *path)
{
	return strcmp(path, "a:b.pcap") == 0 || strcmp(path, "a") == 0 || strcmp(path, "x:name=y") == 0;
}

/* "interface|name=value|..." */
static void show(const struct definition *d, char *to)
{
	uint32_t i;

	to += sprintf(to, "%s", d->interface);
	for (i = 0; i < d->n_options; i++)
		to += sprintf(to, "|%s=%s", d->options[i].name, d->options[i].value);
}

Test(definition, what_is_accepted)
{
	static const struct {
		const char *text, *wanted;
		bool (*is_file)(const char *path);
	} rows[] = {
		{ "wlan0", "wlan0", no_file },
		{ "wlan0:", "wlan0", no_file },
		{ "wlan0:name=ath9k,channel=6", "wlan0|name=ath9k|channel=6", no_file },
		{ "cap.pcap:type=pcapfile,realtime=true", "cap.pcap|type=pcapfile|realtime=true", no_file },
		{ "wlan0:channels=\"1,6,11\",name=x", "wlan0|channels=1,6,11|name=x", no_file },
		{ "wlan0:name=\"\"", "wlan0|name=", no_file },
		{ "wlan0:channels=1,6HT40+,11,name=x", "wlan0|channels=1,6HT40+,11|name=x", no_file },
		{ "zb0:name=x,Block_Channels=15,25,add_channels=11", "zb0|name=x|Block_Channels=15,25|add_channels=11", no_file },
		{ "wlan0:name=\"a=b:c\"", "wlan0|name=a=b:c", no_file },
		{ "wlan0:name=a=b", "wlan0|name=a=b", no_file },
		{ "wlan0:name=say \"hi\"", "wlan0|name=say \"hi\"", no_file },
		{ "/a dir/b,c=d.pcap:name=x", "/a dir/b,c=d.pcap|name=x", no_file },
		{ "a:b.pcap", "a:b.pcap", some_files },
		{ "a:b.pcap:name=z", "a:b.pcap|name=z", some_files },
		{ "a:name=z", "a|name=z", some_files },
		{ "x:name=y", "x:name=y", some_files },
		{ "x:name=y:name=z", "x:name=y|name=z", some_files },
		{ "x:name=z", "x|name=z", some_files },
	};
	char error[DEFINITION_ERROR], seen[512];
	struct definition *d;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_assert_eq(definition_parse(rows[i].text, rows[i].is_file, &d, error), 0, "%s: %s", rows[i].text, error);
		show(d, seen);
		cr_expect_str_eq(seen, rows[i].wanted);
		cr_expect_str_eq(d->text, rows[i].text);
		definition_free(d);
	}
}

Test(definition, what_is_refused_and_why)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "", "the definition has no interface; write interface:option=value,..." },
		{ ":type=x", "the definition has no interface; write interface:option=value,..." },
		{ "a:b", "option 'b' has no value; write name=value" },
		{ "a:b,c=d", "option 'b' has no value; write name=value" },
		{ "a:b=", "option 'b' has no value; write name=value" },
		{ "a:b=,c=d", "option 'b' has no value; write name=value" },
		{ "a:name=b,c", "'c' stands without '='; write name=value, and a value with ',' in double quotes" },
		{ "a:channels=1,,6", "an option is empty: two ',' in a row, or a '=' without a name before it" },
		{ "a:channels=1,6,", "after option 'channels' a ',' stands at the end; remove it or add an option" },
		{ "a:channels=,6", "option 'channels' has no value; write name=value" },
		{ "a:channels=\"1\",6", "'6' stands without '='; write name=value, and a value with ',' in double quotes" },
		{ "a:=x", "an option is empty: two ',' in a row, or a '=' without a name before it" },
		{ "a:b=c,,d=e", "an option is empty: two ',' in a row, or a '=' without a name before it" },
		{ "a:b=c,", "after option 'b' a ',' stands at the end; remove it or add an option" },
		{ "a:b=\"c", "the quoted value of option 'b' has no closing quote" },
		{ "a:b=\"c\"d", "after the quoted value of option 'b' comes text; separate options with ','" },
		{ "a:b c=d", "'b c' is not the name of an option (letters, digits, '_', '.', '-')" },
		{ "a:b=c,B=d", "option 'B' is given twice" },
		{ "a:b=c\nd", "the definition has a control character" },
	};
	char error[DEFINITION_ERROR];
	struct definition *d = (void *)1;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_expect_eq(definition_parse(rows[i].text, no_file, &d, error), -EINVAL, "%s", rows[i].text);
		cr_expect_str_eq(error, rows[i].error);
	}
	cr_expect_eq(d, (void *)1, "untouched");
}

Test(definition, limits_are_4096_octets_and_64_options)
{
	char text[DEFINITION_MAX + 2], error[DEFINITION_ERROR];
	struct definition *d;
	size_t at = 0;
	unsigned i;

	memset(text, 'x', sizeof text);
	text[DEFINITION_MAX] = '\0';
	cr_assert_eq(definition_parse(text, no_file, &d, error), 0);
	definition_free(d);
	text[DEFINITION_MAX] = 'x';
	text[DEFINITION_MAX + 1] = '\0';
	cr_expect_eq(definition_parse(text, no_file, &d, error), -EINVAL);
	cr_expect_str_eq(error, "the definition is longer than 4096 octets, the limit of the capture protocol");

	at += (size_t)sprintf(text, "a:");
	for (i = 0; i < DEFINITION_OPTIONS; i++)
		at += (size_t)sprintf(text + at, "%so%u=1", i ? "," : "", i);
	cr_assert_eq(definition_parse(text, no_file, &d, error), 0);
	cr_expect_eq(d->n_options, 64);
	definition_free(d);
	sprintf(text + at, ",one=1");
	cr_expect_eq(definition_parse(text, no_file, &d, error), -EINVAL);
	cr_expect_str_eq(error, "more options than 64, at 'one'");
}

Test(definition, options_are_found_without_regard_to_case)
{
	char error[DEFINITION_ERROR];
	struct definition *d;

	cr_assert_eq(definition_parse("a:Name=x,Retry=F", no_file, &d, error), 0);
	cr_expect_str_eq(definition_get(d, "name"), "x");
	cr_expect_null(definition_get(d, "nam"));
	cr_expect_not(definition_bool(d, "retry", true));
	cr_expect(definition_bool(d, "other", true));
	definition_free(d);
}

static const struct aerie_option generic[] = {
	AERIE_OPTION(AERIE_OPT_STR, 0, "name", NULL, NULL, "x"),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "retry", NULL, NULL, "x"),
	AERIE_OPTION_END,
};
static const struct aerie_option special[] = {
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "realtime", NULL, NULL, "x"),
	AERIE_OPTION(AERIE_OPT_INT, 0, "pps", NULL, "1..1000", "x"),
	AERIE_OPTION(AERIE_OPT_STR, 0, "speed", NULL, "slow|fast", "x"),
	AERIE_OPTION_END,
};

Test(definition, options_are_checked_against_the_tables)
{
	static const struct aerie_option *const tables[] = { generic, NULL, special };
	static const struct {
		const char *text, *error; /* NULL: accepted */
	} rows[] = {
		{ "a:name=x,retry=t,realtime=TRUE,pps=1000,speed=fast", NULL },
		{ "a:pps=0", "option 'pps' is '0'; it must be a value in 1..1000" },
		{ "a:pps=fast", "option 'pps' is 'fast'; it must be a number such as 10 or 0x1f" },
		{ "a:realtime=yes", "option 'realtime' is 'yes'; it must be true or false" },
		{ "a:speed=medium", "option 'speed' is 'medium'; it must be one of slow|fast" },
		{ "a:realtim=true", "option 'realtim' is not known; the nearest is 'realtime'" },
		{ "a:PPs=5", NULL },
		{ "a:psp=5", "option 'psp' is not known; the nearest is 'pps'" },
		{ "a:antenna=5", "option 'antenna' is not known; remove it" },
	};
	char error[DEFINITION_ERROR];
	struct definition *d;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int r;

		cr_assert_eq(definition_parse(rows[i].text, no_file, &d, error), 0, "%s", error);
		error[0] = '\0';
		r = definition_check(d, tables, 3, error);
		cr_expect_eq(r, rows[i].error ? -EINVAL : 0, "%s", rows[i].text);
		cr_expect_str_eq(error, rows[i].error ? rows[i].error : "");
		definition_free(d);
	}
}

/* SPDX-License-Identifier: MIT */
/* What requests for files say: paths as sent, conditions and ranges (RFC 9110 13 and 14; dates by GNU date -u). */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "httpd/server/files.h"

static const char *path_of(const char *target)
{
	static char path[FILES_PATH_OCTETS + 2];
	bool slash = false;

	if (files_path(target, path, &slash))
		return "(none)";
	if (slash)
		strcat(path, "/");
	return path;
}

Test(files, paths_are_decoded_once_and_blanks_between_slashes_go)
{
	cr_expect_str_eq(path_of("/a%20b/c.js"), "a b/c.js");
	cr_expect_str_eq(path_of("//a///b/"), "a/b/");
	cr_expect_str_eq(path_of("/"), "/");
	cr_expect_str_eq(path_of("/%2541"), "%41");
	cr_expect_str_eq(path_of("/%C3%A9"), "\303\251");
	cr_expect_str_eq(path_of("/a.b.c/x..y"), "a.b.c/x..y");
}

Test(files, what_could_leave_the_folder_or_is_hidden_is_no_path)
{
	static const char *const targets[] = {
		"", "a", "*", "/..", "/../a", "/a/..", "/a/../b", "/%2e%2e/a", "/.%2e", "/%2e", "/.", "/.a", "/a/.b", "/a%2fb", "/a\\b", "/a%5cb",
		"/a%00", "/a%0a", "/%7f", "/%", "/%4", "/%zz", "/a\001",
	};
	size_t i;

	for (i = 0; i < sizeof targets / sizeof targets[0]; i++)
		cr_expect_str_eq(path_of(targets[i]), "(none)", "%s", targets[i]);
}

Test(files, long_paths_are_refused)
{
	char target[FILES_PATH_OCTETS + 8], path[FILES_PATH_OCTETS];
	bool slash;

	memset(target, 'a', sizeof target);
	target[0] = '/';
	target[FILES_PATH_OCTETS] = '\0';
	cr_expect_eq(files_path(target, path, &slash), 0);
	cr_expect_eq(strlen(path), FILES_PATH_OCTETS - 1);
	target[FILES_PATH_OCTETS] = 'a';
	target[FILES_PATH_OCTETS + 1] = '\0';
	cr_expect_eq(files_path(target, path, &slash), -ENAMETOOLONG);
}

Test(files, types_by_suffix_with_the_last_setting_first)
{
	static const char *const extra[] = { "js:text/x", "glb:model/gltf-binary", "JS:text/y" };

	cr_expect_str_eq(files_type("a/b.html", NULL, 0), "text/html; charset=utf-8");
	cr_expect_str_eq(files_type("B.PNG", NULL, 0), "image/png");
	cr_expect_str_eq(files_type("a.tar.gz", NULL, 0), "application/gzip");
	cr_expect_str_eq(files_type("a.b/c", NULL, 0), "application/octet-stream");
	cr_expect_str_eq(files_type("noext", NULL, 0), "application/octet-stream");
	cr_expect_str_eq(files_type("x.js", extra, 3), "text/y");
	cr_expect_str_eq(files_type("x.glb", extra, 3), "model/gltf-binary");
	cr_expect(files_type_valid("glb:model/gltf-binary"));
	cr_expect(files_type_valid("txt:text/plain; charset=utf-8"));
	cr_expect_not(files_type_valid("glb"));
	cr_expect_not(files_type_valid(":a/b"));
	cr_expect_not(files_type_valid("a:b"));
	cr_expect_not(files_type_valid("a:b/"));
	cr_expect_not(files_type_valid(".a:b/c"));
	cr_expect_not(files_type_valid("a:b/c\r\nX: y"));
}

Test(files, entity_tags_are_compared_weakly)
{
	cr_expect(files_etag_listed("\"a\"", "\"a\""));
	cr_expect(files_etag_listed("\"x\", W/\"a\" , \"y\"", "\"a\""));
	cr_expect(files_etag_listed(" *", "\"a\""));
	cr_expect_not(files_etag_listed("", "\"a\""));
	cr_expect_not(files_etag_listed("\"ab\"", "\"a\""));
	cr_expect_not(files_etag_listed("a", "\"a\""));
	cr_expect_not(files_etag_listed("\"x,\"a\"", "\"a\""));
	cr_expect_not(files_etag_listed("\"", "\"a\""));
}

Test(files, dates_are_those_of_rfc_9110)
{
	char text[FILES_DATE_OCTETS];
	time_t t = 0;

	files_date(784111777, text);
	cr_expect_str_eq(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	cr_expect_eq(files_read_date("Sun, 06 Nov 1994 08:49:37 GMT", &t), 0);
	cr_expect_eq(t, 784111777);
	cr_expect_eq(files_read_date("Thu, 29 Feb 2024 23:59:59 GMT", &t), 0);
	cr_expect_eq(t, 1709251199);
	cr_expect_eq(files_read_date("Thu, 30 Feb 2024 00:00:00 GMT", &t), -EINVAL);
	cr_expect_eq(files_read_date("Mon, 06 Nov 1994 08:49:37 GMT", &t), -EINVAL);
	cr_expect_eq(files_read_date("Sunday, 06-Nov-94 08:49:37 GMT", &t), -EINVAL);
	cr_expect_eq(files_read_date("Sun, 06 Xov 1994 08:49:37 GMT", &t), -EINVAL);
	cr_expect_eq(files_read_date("", &t), -EINVAL);
}

Test(files, ranges)
{
	static const struct {
		const char *text;
		uint64_t size;
		int err;
		uint64_t first, len;
	} rows[] = {
		{ "bytes=0-0", 10, 0, 0, 1 },       { "bytes=2-5", 10, 0, 2, 4 },       { "bytes=5-", 10, 0, 5, 5 },
		{ "bytes=-3", 10, 0, 7, 3 },        { "bytes=-30", 10, 0, 0, 10 },      { "Bytes=1-100", 10, 0, 1, 9 },
		{ "bytes=10-", 10, -ERANGE, 0, 0 }, { "bytes=-0", 10, -ERANGE, 0, 0 },  { "bytes=0-", 0, -ERANGE, 0, 0 },
		{ "bytes=20-30", 10, -ERANGE, 0, 0 }, { "bytes=-1", 0, -ERANGE, 0, 0 }, { "bytes=5-4", 10, -ENOENT, 0, 0 },
		{ "bytes=1-2,4-5", 10, -ENOENT, 0, 0 }, { "lines=1-2", 10, -ENOENT, 0, 0 }, { "bytes=", 10, -ENOENT, 0, 0 },
		{ "bytes=a-b", 10, -ENOENT, 0, 0 }, { "bytes=1", 10, -ENOENT, 0, 0 },   { "bytes=--1", 10, -ENOENT, 0, 0 },
		{ "bytes=1-2x", 10, -ENOENT, 0, 0 }, { "bytes=18446744073709551616-", 10, -ENOENT, 0, 0 }, { "", 10, -ENOENT, 0, 0 },
	};
	uint64_t first, len;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		first = len = 0;
		cr_expect_eq(files_range(rows[i].text, rows[i].size, &first, &len), rows[i].err, "%s", rows[i].text);
		cr_expect_eq(first, rows[i].first, "%s", rows[i].text);
		cr_expect_eq(len, rows[i].len, "%s", rows[i].text);
	}
}

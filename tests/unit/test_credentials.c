/* SPDX-License-Identifier: MIT */
/* How requests bring logins: the grammar is that of RFC 6265 4.2 (Cookie), RFC 7617 (Basic) and of forms in a query. Base64 is by
 * Python's base64.b64encode. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "httpd/server/credentials.h"

static const char *cookie(const char *header, unsigned i)
{
	static char token[TOKEN_OCTETS];

	return credentials_cookie(header, i, token) ? "(none)" : token;
}

Test(credentials, our_cookie_is_found_among_others)
{
	cr_expect_str_eq(cookie("KISMET=abc", 0), "abc");
	cr_expect_str_eq(cookie("a=b; KISMET=abc; c=d", 0), "abc");
	cr_expect_str_eq(cookie("a=b;KISMET=abc;c=d", 0), "abc");
	cr_expect_str_eq(cookie("KISMET=abc ; c=d", 0), "abc");
	cr_expect_str_eq(cookie("KISMET=\"abc\"", 0), "abc");
	cr_expect_str_eq(cookie("; ;\t;KISMET=A-z_9.", 0), "A-z_9.");
}

Test(credentials, what_only_resembles_our_cookie_is_none)
{
	static const char *const headers[] = {
		"", ";", "KISMET", "KISMET=", "KISMET=\"\"", "KISMET =abc", "XKISMET=abc", "kismet=abc", "KISMETX=abc", "a=KISMET=abc",
		"KISMET=a b", "KISMET=a%20b", "KISMET=a,b", "KISMET=\"abc", "KISMET=\x80", "KISMET==abc",
	};
	size_t i;

	for (i = 0; i < sizeof headers / sizeof headers[0]; i++)
		cr_expect_str_eq(cookie(headers[i], 0), "(none)", "%s", headers[i]);
}

Test(credentials, several_of_our_name_are_told_apart)
{
	static const char header[] = "KISMET=one; KISMET=; x=y; KISMET=two";

	cr_expect_str_eq(cookie(header, 0), "one");
	cr_expect_str_eq(cookie(header, 1), "two");
	cr_expect_str_eq(cookie(header, 2), "(none)");
}

Test(credentials, a_token_has_a_length_that_fits)
{
	char header[512], letters[300];

	memset(letters, 'a', sizeof letters);
	(void)snprintf(header, sizeof header, "KISMET=%.*s", (int)TOKEN_OCTETS - 1, letters);
	cr_expect_eq(strlen(cookie(header, 0)), TOKEN_OCTETS - 1);
	(void)snprintf(header, sizeof header, "KISMET=%.*s", (int)TOKEN_OCTETS, letters);
	cr_expect_str_eq(cookie(header, 0), "(none)");
}

Test(credentials, basic_gives_user_and_password)
{
	static const struct {
		const char *header, *user, *password;
	} rows[] = {
		{ "Basic dXNlcjpwYXNz", "user", "pass" },
		{ "basic  dXNlcjpwYXNz  ", "user", "pass" },
		{ "BASIC\tdXNlcjpwYXNz", "user", "pass" },
		{ "Basic dXNlcjpwYTpzczo=", "user", "pa:ss:" },
		{ "Basic dXNlcjpwYTpzczo", "user", "pa:ss:" },            /* padding left out */
		{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame" }, /* RFC 7617 2 */
		{ "Basic dGVzdDoxMjPCow==", "test", "123\xc2\xa3" },      /* RFC 7617 2.1 */
	};
	char user[CREDENTIAL_OCTETS], password[CREDENTIAL_OCTETS];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_expect_eq(credentials_basic(rows[i].header, user, password), 0, "%s", rows[i].header);
		cr_expect_str_eq(user, rows[i].user);
		cr_expect_str_eq(password, rows[i].password);
	}
}

Test(credentials, malformed_basic_is_refused_and_another_scheme_is_another)
{
	static const struct {
		const char *header;
		int err;
	} rows[] = {
		{ "Bearer dXNlcjpwYXNz", -ENOENT }, { "", -ENOENT }, { "Basi", -ENOENT }, { "Basicx dXNlcjpwYXNz", -ENOENT },
		{ "Basic", -EINVAL }, { "Basic ", -EINVAL }, { "Basic ====", -EINVAL }, { "Basic !!!!", -EINVAL },
		{ "Basic dXNlcjpwYXNz x", -EINVAL }, { "Basic dXNl cjpwYXNz", -EINVAL },
		{ "Basic dXNlcg==", -EINVAL },         /* user */
		{ "Basic OnBhc3M=", -EINVAL },         /* :pass */
		{ "Basic dXNlcjo=", -EINVAL },         /* user: */
		{ "Basic dXNlADpwYXNz", -EINVAL },     /* use\0:pass */
		{ "Basic dXNlcjpwYXMK", -EINVAL },     /* user:pas\n */
		{ "Basic dXNlcjpwYXN/", -EINVAL },     /* user:pas\x7f */
	};
	char user[CREDENTIAL_OCTETS] = "kept", password[CREDENTIAL_OCTETS] = "kept";
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect_eq(credentials_basic(rows[i].header, user, password), rows[i].err, "%s", rows[i].header);
	cr_expect_str_eq(user, "kept");
	cr_expect_str_eq(password, "kept");
}

Test(credentials, an_endless_login_is_refused)
{
	char user[CREDENTIAL_OCTETS], password[CREDENTIAL_OCTETS], header[4096] = "Basic ";

	memset(header + 6, 'O', sizeof header - 7); /* "8:8..." and on */
	cr_expect_eq(credentials_basic(header, user, password), -EINVAL);
}

static const char *variable(const char *query, const char *name)
{
	static char value[8];

	memset(value, 0, sizeof value);
	switch (credentials_query(query, name, value, sizeof value)) {
	case 0:
		return value;
	case -ENOENT:
		return "(none)";
	}
	return "!"; /* malformed */
}

Test(credentials, variables_are_split_first_and_decoded_then)
{
	cr_expect_str_eq(variable("user=u&password=p", "user"), "u");
	cr_expect_str_eq(variable("user=u&password=p", "password"), "p");
	cr_expect_str_eq(variable("a=b&user=a%26b%3d", "user"), "a&b=");
	cr_expect_str_eq(variable("user=a+b%2B", "user"), "a b+");
	cr_expect_str_eq(variable("%75ser=u", "user"), "u");
	cr_expect_str_eq(variable("user=", "user"), "");
	cr_expect_str_eq(variable("user=1&user=2", "user"), "1");
	cr_expect_str_eq(variable("&&user=u&&", "user"), "u");
	cr_expect_str_eq(variable("user=a=b", "user"), "a=b");
}

Test(credentials, a_variable_that_is_not_there_or_no_text_is_told)
{
	cr_expect_str_eq(variable(NULL, "user"), "(none)");
	cr_expect_str_eq(variable("", "user"), "(none)");
	cr_expect_str_eq(variable("user", "user"), "(none)");
	cr_expect_str_eq(variable("xuser=u", "user"), "(none)");
	cr_expect_str_eq(variable("User=u", "user"), "(none)");
	cr_expect_str_eq(variable("user=%4", "user"), "!");
	cr_expect_str_eq(variable("user=%00", "user"), "!");
	cr_expect_str_eq(variable("user=1234567", "user"), "1234567");
	cr_expect_str_eq(variable("user=12345678", "user"), "!");
}

/* SPDX-License-Identifier: MIT */
/* Networks of proxies, and the clients that proxies tell of (RFC 7239; X-Forwarded-For as nginx and Apache write it). */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "httpd/server/address.h"

static bool has(const char *network, const char *address)
{
	struct network n, a;

	cr_assert_eq(network_parse(network, &n), 0, "%s", network);
	cr_assert_eq(network_parse(address, &a), 0, "%s", address);
	return network_has(&n, &a.address);
}

Test(address, networks_have_their_addresses_and_no_others)
{
	cr_expect(has("192.0.2.1", "192.0.2.1"));
	cr_expect_not(has("192.0.2.1", "192.0.2.2"));
	cr_expect(has("192.0.2.0/24", "192.0.2.255"));
	cr_expect_not(has("192.0.2.0/24", "192.0.3.0"));
	cr_expect(has("192.0.2.128/25", "192.0.2.129"));
	cr_expect_not(has("192.0.2.128/25", "192.0.2.127"));
	cr_expect(has("0.0.0.0/0", "203.0.113.1"));
	cr_expect_not(has("0.0.0.0/0", "2001:db8::1"));
	cr_expect(has("2001:db8::/33", "2001:db8:7fff::1"));
	cr_expect_not(has("2001:db8::/33", "2001:db8:8000::1"));
	cr_expect(has("::/0", "2001:db8::1"));
	cr_expect(has("::ffff:192.0.2.1", "192.0.2.1"));
}

Test(address, what_is_no_network)
{
	static const char *const texts[] = { "", "x", "192.0.2", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1/-1", "192.0.2.1/+1", "192.0.2.1/1x", "::1/129",
					     "[::1]", "192.0.2.1 ", "192.0.2.01", "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21:22" };
	struct network n;
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
		cr_expect_eq(network_parse(texts[i], &n), -EINVAL, "%s", texts[i]);
}

static const char *client(const char *header, bool rfc7239)
{
	static char text[ADDRESS_OCTETS];
	struct network trusted[2];

	cr_assert_eq(network_parse("10.0.0.0/8", &trusted[0]), 0);
	cr_assert_eq(network_parse("2001:db8::/32", &trusted[1]), 0);
	address_forwarded(header, rfc7239, trusted, 2, text);
	return text;
}

Test(address, the_client_is_the_last_one_that_is_not_a_proxy_of_ours)
{
	cr_expect_str_eq(client("203.0.113.9", false), "203.0.113.9");
	cr_expect_str_eq(client("1.1.1.1, 203.0.113.9", false), "203.0.113.9");
	cr_expect_str_eq(client("203.0.113.9,10.0.0.1 , 2001:db8::5", false), "203.0.113.9");
	cr_expect_str_eq(client("10.0.0.2, 10.0.0.1", false), "10.0.0.2");
	cr_expect_str_eq(client("\"[2001:db9::1]:80\"", false), "2001:db9::1");
	cr_expect_str_eq(client("203.0.113.9:8080", false), "203.0.113.9");
	cr_expect_str_eq(client("", false), "");
	cr_expect_str_eq(client("203.0.113.9, unknown", false), "");
	cr_expect_str_eq(client("203.0.113.9, ", false), "");
	cr_expect_str_eq(client("unknown, 10.0.0.1", false), "10.0.0.1");
	cr_expect_str_eq(client("[", false), "");
	cr_expect_str_eq(client(":", false), "");
}

Test(address, forwarded_of_rfc_7239)
{
	char text[32];

	cr_expect_str_eq(client("for=203.0.113.9;by=10.0.0.1", true), "203.0.113.9");
	cr_expect_str_eq(client("FOR=\"[2001:db9::1]:47\"; proto=https", true), "2001:db9::1");
	cr_expect_str_eq(client("for=1.1.1.1, for=203.0.113.9", true), "203.0.113.9");
	cr_expect_str_eq(client("proto=https, for=10.0.0.1", true), "10.0.0.1");
	cr_expect_str_eq(client("for=_secret", true), "");
	cr_expect_str_eq(client("xfor=203.0.113.9", true), "");
	address_parameter("proto=http, for=1.1.1.1;proto=\"https\" ;host=a.example:1", "proto", text, sizeof text);
	cr_expect_str_eq(text, "https");
	address_parameter("for=1.1.1.1;host=a.example:1", "host", text, sizeof text);
	cr_expect_str_eq(text, "a.example:1");
	address_parameter("host=a.example, for=1.1.1.1", "host", text, sizeof text);
	cr_expect_str_eq(text, "");
	address_parameter("host=0123456789012345678901234567890123456789", "host", text, sizeof text);
	cr_expect_str_eq(text, "");
}

/* SPDX-License-Identifier: MIT */
/* See files.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "files.h"

#define SUFFIX_OCTETS 16u

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The octet at *p, decoded; *p moves on. -EINVAL */
static int next_octet(const char **p)
{
	int high, low;

	if (**p != '%')
		return (uint8_t)*(*p)++;
	high = hex((*p)[1]);
	low = high < 0 ? -1 : hex((*p)[2]);
	if (low < 0)
		return -EINVAL;
	*p += 3;
	return high << 4 | low;
}

/* One segment, up to '/' or the end, behind what ret_path has. */
static int take_segment(const char **p, char *path, size_t *len)
{
	size_t start = *len;
	int c;

	while (**p && **p != '/') {
		c = next_octet(p);
		if (c < 0x20 || c == 0x7f || c == '/' || c == '\\' || (c == '.' && *len == start))
			return -EINVAL;
		if (*len + 1 >= FILES_PATH_OCTETS)
			return -ENAMETOOLONG;
		path[(*len)++] = (char)c;
	}
	return 0;
}

int files_path(const char *target, char ret_path[FILES_PATH_OCTETS], bool *ret_slash)
{
	char path[FILES_PATH_OCTETS];
	const char *p = target;
	size_t len = 0;
	bool slash = false;
	int err;

	if (*p != '/')
		return -EINVAL;
	while (*p) {
		slash = *p == '/';
		p += strspn(p, "/");
		if (!*p)
			break;
		slash = false;
		if (len && len + 1 >= sizeof path)
			return -ENAMETOOLONG;
		if (len)
			path[len++] = '/';
		err = take_segment(&p, path, &len);
		if (err)
			return err;
	}
	path[len] = '\0';
	memcpy(ret_path, path, len + 1);
	*ret_slash = slash;
	return 0;
}

static bool same_suffix(const char *setting, const char *suffix)
{
	size_t n = strcspn(setting, ":");

	return strlen(suffix) == n && !strncasecmp(setting, suffix, n);
}

const char *files_type(const char *name, const char *const *extra, uint32_t n)
{
	static const char *const types[][2] = {
		{ "html", "text/html; charset=utf-8" }, { "htm", "text/html; charset=utf-8" },
		{ "js", "text/javascript; charset=utf-8" }, { "mjs", "text/javascript; charset=utf-8" },
		{ "css", "text/css; charset=utf-8" }, { "txt", "text/plain; charset=utf-8" }, { "md", "text/markdown; charset=utf-8" },
		{ "csv", "text/csv; charset=utf-8" }, { "json", "application/json" }, { "map", "application/json" },
		{ "geojson", "application/geo+json" }, { "webmanifest", "application/manifest+json" },
		{ "xml", "application/xml" }, { "wasm", "application/wasm" }, { "pdf", "application/pdf" }, { "zip", "application/zip" },
		{ "gz", "application/gzip" }, { "svg", "image/svg+xml" }, { "png", "image/png" }, { "jpg", "image/jpeg" },
		{ "jpeg", "image/jpeg" }, { "gif", "image/gif" }, { "webp", "image/webp" }, { "avif", "image/avif" },
		{ "ico", "image/x-icon" }, { "bmp", "image/bmp" }, { "woff", "font/woff" }, { "woff2", "font/woff2" }, { "ttf", "font/ttf" },
		{ "otf", "font/otf" }, { "mp3", "audio/mpeg" }, { "ogg", "audio/ogg" }, { "wav", "audio/wav" }, { "mp4", "video/mp4" },
		{ "webm", "video/webm" }, { "pcap", "application/vnd.tcpdump.pcap" }, { "pcapng", "application/vnd.tcpdump.pcap" },
	};
	const char *dot = strrchr(name, '.');
	size_t i;

	if (!dot || strchr(dot, '/'))
		return "application/octet-stream";
	for (i = n; i > 0; i--) /* the last setting wins */
		if (same_suffix(extra[i - 1], dot + 1))
			return strchr(extra[i - 1], ':') + 1;
	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (!strcasecmp(types[i][0], dot + 1))
			return types[i][1];
	return "application/octet-stream";
}

bool files_type_valid(const char *setting)
{
	const char *colon = strchr(setting, ':'), *slash = colon ? strchr(colon, '/') : NULL, *p;

	if (!slash || colon == setting || (size_t)(colon - setting) > SUFFIX_OCTETS || slash == colon + 1 || !slash[1])
		return false;
	for (p = setting; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (p < colon && (*p == '.' || *p == '/')))
			return false;
	return true;
}

bool files_etag_listed(const char *list, const char *etag)
{
	size_t len = strlen(etag);
	const char *p = list + strspn(list, " \t");

	if (*p == '*')
		return true;
	while (*p) {
		p += strspn(p, ", \t");
		if (!strncmp(p, "W/", 2))
			p += 2;
		if (!strncmp(p, etag, len) && (!p[len] || strchr(", \t", p[len])))
			return true;
		if (*p == '"')
			p += 1 + strcspn(p + 1, "\"");
		p += strcspn(p, ",");
	}
	return false;
}

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void files_date(time_t t, char ret_text[FILES_DATE_OCTETS])
{
	static const char days[] = "SunMonTueWedThuFriSat";
	struct tm tm = { .tm_mday = 1 };

	(void)gmtime_r(&t, &tm);
	(void)snprintf(ret_text, FILES_DATE_OCTETS, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + tm.tm_wday % 7 * 3,
		       (unsigned)tm.tm_mday % 32u, months + tm.tm_mon % 12 * 3, (unsigned)(tm.tm_year + 1900) % 10000u,
		       (unsigned)tm.tm_hour % 24u, (unsigned)tm.tm_min % 60u, (unsigned)tm.tm_sec % 61u);
}

int files_read_date(const char *text, time_t *ret_t)
{
	char again[FILES_DATE_OCTETS], month[4];
	struct tm tm = { 0 };
	const char *m;
	time_t t;

	if (sscanf(text, "%*3c, %2d %3c %4d %2d:%2d:%2d GMT", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return -EINVAL;
	month[3] = '\0';
	m = strstr(months, month);
	if (!m || (m - months) % 3)
		return -EINVAL;
	tm.tm_mon = (int)(m - months) / 3;
	tm.tm_year -= 1900;
	t = timegm(&tm);
	files_date(t, again);
	if (strcmp(again, text)) /* what it does not write, it does not read: 31 Feb, a wrong day of the week */
		return -EINVAL;
	*ret_t = t;
	return 0;
}

/* Decimal digits at *p; *p moves on. -ENOENT: there are none, or too many for 64 bits. */
static int digits(const char **p, uint64_t *ret)
{
	uint64_t value = 0;
	const char *start = *p;

	for (; **p >= '0' && **p <= '9'; (*p)++) {
		if (value > (UINT64_MAX - 9) / 10)
			return -ENOENT;
		value = value * 10 + (uint64_t)(**p - '0');
	}
	if (*p == start)
		return -ENOENT;
	*ret = value;
	return 0;
}

static int suffix_range(const char *p, uint64_t size, uint64_t *ret_first, uint64_t *ret_len)
{
	uint64_t n = 0;

	if (digits(&p, &n) || p[strspn(p, " \t")])
		return -ENOENT;
	if (!n || !size)
		return -ERANGE;
	n = n < size ? n : size;
	*ret_first = size - n;
	*ret_len = n;
	return 0;
}

int files_range(const char *text, uint64_t size, uint64_t *ret_first, uint64_t *ret_len)
{
	uint64_t first = 0, last = size ? size - 1 : 0;
	const char *p = text + strspn(text, " \t");

	if (strncasecmp(p, "bytes=", 6))
		return -ENOENT;
	p += 6 + strspn(p + 6, " \t");
	if (*p == '-')
		return suffix_range(p + 1, size, ret_first, ret_len);
	if (digits(&p, &first) || *p++ != '-')
		return -ENOENT;
	if (*p >= '0' && *p <= '9' && digits(&p, &last))
		return -ENOENT;
	if (p[strspn(p, " \t")] || last < first)
		return size && first > last && !p[strspn(p, " \t")] && first >= size ? -ERANGE : -ENOENT;
	if (first >= size)
		return -ERANGE;
	last = last < size ? last : size - 1;
	*ret_first = first;
	*ret_len = last - first + 1;
	return 0;
}

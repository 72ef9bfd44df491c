/*
 * What any parser that yields whole JSON strings needs besides: bounds, escapes, numbers, and the URL's parts.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "peer.h"

bool peer_copy(char *to, size_t size, const char *text, size_t len)
{
	if (len >= size) {
		return false;
	}
	memcpy(to, text, len);
	to[len] = '\0';
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool hex4(uint32_t *unit, const char *text)
{
	*unit = 0;
	for (int i = 0; i < 4; i++) {
		const int digit = hex_digit(text[i]);

		if (digit < 0) {
			return false;
		}
		*unit = *unit << 4 | (uint32_t)digit;
	}
	return true;
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
	if (c < 0x80U) {
		to[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800U) {
		to[0] = (uint8_t)(0xC0U | c >> 6);
		to[1] = (uint8_t)(0x80U | (c & 0x3FU));
		return 2;
	}
	if (c < 0x10000U) {
		to[0] = (uint8_t)(0xE0U | c >> 12);
		to[1] = (uint8_t)(0x80U | (c >> 6 & 0x3FU));
		to[2] = (uint8_t)(0x80U | (c & 0x3FU));
		return 3;
	}
	to[0] = (uint8_t)(0xF0U | c >> 18);
	to[1] = (uint8_t)(0x80U | (c >> 12 & 0x3FU));
	to[2] = (uint8_t)(0x80U | (c >> 6 & 0x3FU));
	to[3] = (uint8_t)(0x80U | (c & 0x3FU));
	return 4;
}

/* One escape, behind its backslash; 0 if it is none. */
static size_t escape(uint8_t *to, const char **text, const char *end)
{
	static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	const char *at = *text;
	const char c = at < end ? *at++ : '\0';
	uint32_t unit;
	uint32_t low;

	if (c != 'u') {
		for (size_t i = 0; i < sizeof(escapes) - 1; i += 2) {
			if (escapes[i] == c) {
				to[0] = (uint8_t)escapes[i + 1];
				*text = at;
				return 1;
			}
		}
		return 0;
	}
	if (end - at < 4 || !hex4(&unit, at) || unit == 0U) {
		return 0;
	}
	at += 4;
	if (unit >= 0xD800U && unit < 0xE000U) {
		if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || !hex4(&low, at + 2) || unit >= 0xDC00U ||
		    low < 0xDC00U || low >= 0xE000U) {
			return 0;
		}
		at += 6;
		unit = 0x10000U + ((unit - 0xD800U) << 10) + (low - 0xDC00U);
	}
	*text = at;
	return put_utf8(to, unit);
}

bool peer_unescape(char *to, size_t size, const char *text, size_t len)
{
	const char *const end = text + len;
	char *const full = to + size - 1;

	while (text < end) {
		uint8_t bytes[4];
		size_t count;

		if (*text != '\\') {
			if (to == full || *text == '\0') {
				return false;
			}
			*to++ = *text++;
			continue;
		}
		text++;
		count = escape(bytes, &text, end);
		if (count == 0 || count > (size_t)(full - to)) {
			return false;
		}
		memcpy(to, bytes, count);
		to += count;
	}
	*to = '\0';
	return true;
}

bool peer_u32(uint32_t *to, const char *text, size_t len)
{
	uint64_t number = 0;

	if (len == 0 || len > 10) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return false;
		}
		number = number * 10U + (uint64_t)(text[i] - '0');
	}
	*to = (uint32_t)number;
	return number <= UINT32_MAX;
}

bool peer_digest(uint8_t *to, const char *text, size_t len)
{
	if (len != 64) {
		return false;
	}
	for (size_t i = 0; i < 32; i++) {
		const int high = hex_digit(text[2 * i]);
		const int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool peer_scheme(uint8_t *to, const char *text, size_t len)
{
	if (len != 0 && text[len - 1] == ':') {
		len--;
	}
	if (len == 4 && memcmp(text, "http", 4) == 0) {
		*to = 1;
		return true;
	}
	*to = 2;
	return len == 5 && memcmp(text, "https", 5) == 0;
}

static bool printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '#') {
			return false;
		}
	}
	return true;
}

bool peer_path(char *to, size_t size, const char *text, size_t len)
{
	const size_t slash = len == 0 || text[0] != '/';

	if (!printable(text, len) || !peer_copy(to + slash, size - slash, text, len)) {
		return false;
	}
	to[0] = '/';
	return true;
}

bool peer_url(struct bench_values *values, const char *text, size_t len)
{
	const char *const end = text + len;
	const char *at = memchr(text, ':', len);
	const char *host;
	uint32_t port = 0;

	if (at == NULL || end - at < 3 || memcmp(at, "://", 3) != 0 ||
	    !peer_scheme(&values->scheme, text, (size_t)(at - text))) {
		return false;
	}
	host = at + 3;
	for (at = host; at < end && *at != '/' && *at != '?' && *at != ':'; at++) {
		if (!(*at == '.' || *at == '-' || *at == '_' || (*at >= '0' && *at <= '9') ||
		      (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z'))) {
			return false;
		}
	}
	if (at == host || !peer_copy(values->host, sizeof(values->host), host, (size_t)(at - host))) {
		return false;
	}
	if (at < end && *at == ':') {
		const char *const digits = ++at;

		while (at < end && *at != '/' && *at != '?') {
			at++;
		}
		if (!peer_u32(&port, digits, (size_t)(at - digits)) || port == 0 || port > UINT16_MAX) {
			return false;
		}
	}
	values->port = (uint16_t)port;
	return peer_path(values->path, sizeof(values->path), at, (size_t)(end - at));
}

/*
 * The URL splitter: an input is the URL. It has to do with every one what the parser does with a member that is a URL.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include <aws_fota/parser.h>

#include "url_rules.h"

#define SIZE_MAX_TRIED 4096

static bool same(const struct aws_fota_url *a, const struct aws_fota_url *b)
{
	return a->scheme == b->scheme && a->port == b->port && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->path, b->path) == 0;
}

/** Each byte as an escape, so that every text can stand in a message. */
static size_t escape(char *to, const uint8_t *text, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		memcpy(&to[6U * i], "\\u00", 4);
		to[6U * i + 4U] = digits[text[i] >> 4];
		to[6U * i + 5U] = digits[text[i] & 0x0FU];
	}
	return 6U * len;
}

static void hold_as_member(const uint8_t *text, size_t len, int result,
			   const struct aws_fota_url *url)
{
	static const char before[] = "{\"execution\":{\"jobDocument\":{\"location\":{\"url\":\"";
	static const char behind[] = "\"}}}}";
	struct aws_fota_message *const message = malloc(sizeof(*message));
	struct aws_fota_parser parser;
	char *const data = malloc(sizeof(before) + 6U * len + sizeof(behind));
	size_t size = sizeof(before) - 1U;

	HOLDS(message != NULL && data != NULL);
	memset(message, RUBBISH, sizeof(*message));
	memcpy(data, before, size);
	size += escape(&data[size], text, len);
	memcpy(&data[size], behind, sizeof(behind) - 1U);
	size += sizeof(behind) - 1U;
	aws_fota_parser_init(&parser, AWS_FOTA_MESSAGE_EXECUTION, message);
	HOLDS(aws_fota_parser_feed(&parser, (const uint8_t *)data, size) == AWS_FOTA_PARSE_OK);
	/* The message lacks whatever else is required. */
	HOLDS(aws_fota_parser_finish(&parser) ==
	      (result == AWS_FOTA_PARSE_OK ? AWS_FOTA_PARSE_MISSING : result));
	if (result != AWS_FOTA_PARSE_OK) {
		HOLDS(parser.field == AWS_FOTA_FIELD_LOCATION_URL);
	}
	HOLDS(same(url, &message->job.url));
	free(data);
	free(message);
}

/** The parts, put together again, are split into the same. */
static void hold_again(const struct aws_fota_url *url)
{
	struct aws_fota_url again;
	char text[sizeof("https://:65535") + AWS_FOTA_HOST_MAX + AWS_FOTA_PATH_MAX];
	int len;

	len = snprintf(text, sizeof(text), url->port != 0U ? "%s://%s:%u%s" : "%s://%s%.0u%s",
		       url->scheme == AWS_FOTA_SCHEME_HTTPS ? "https" : "http", url->host,
		       (unsigned int)url->port, url->path);
	HOLDS(len > 0 && (size_t)len < sizeof(text));
	HOLDS(aws_fota_url_split(text, (size_t)len, &again) == AWS_FOTA_PARSE_OK);
	HOLDS(same(url, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aws_fota_url *url;
	int result;

	if (size > SIZE_MAX_TRIED) {
		return 0;
	}
	url = malloc(sizeof(*url));
	HOLDS(url != NULL);
	memset(url, RUBBISH, sizeof(*url));
	result = aws_fota_url_split((const char *)data, size, url);
	HOLDS(result == AWS_FOTA_PARSE_OK || result == AWS_FOTA_PARSE_TOO_LONG ||
	      result == AWS_FOTA_PARSE_WRONG_VALUE);
	hold_url(url);
	if (result == AWS_FOTA_PARSE_OK) {
		HOLDS(url->scheme != 0U && url->host[0] != '\0' && url->path[0] == '/');
		hold_again(url);
	} else {
		HOLDS(url->scheme == 0U && url->port == 0U && url->host[0] == '\0' &&
		      url->path[0] == '\0');
	}
	hold_as_member(data, size, result, url);
	free(url);
	return 0;
}

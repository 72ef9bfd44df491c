/*
 * jsmn as a subject: tokens, and from them the members of the default description.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#define JSMN_STRICT
#define JSMN_STATIC
#include <jsmn.h>

#include "peer.h"

#define TOKENS 224

const bool bench_streams = false;

static struct bench_values values;
static uint8_t digest[32];
static bool watched;

struct document {
	const char *text;
	const jsmntok_t *tokens;
	int count;
};

/* The token behind a value and all that is in it. */
static int behind(const struct document *document, int token)
{
	const int end = document->tokens[token].end;

	do {
		token++;
	} while (token < document->count && document->tokens[token].start < end);
	return token;
}

/* The value of a member of an object, or 0. */
static int member(const struct document *document, int object, const char *name)
{
	const size_t len = strlen(name);
	int token = object + 1;

	for (int i = 0; i < document->tokens[object].size; i++) {
		const jsmntok_t *const key = &document->tokens[token];

		if (key->type == JSMN_STRING && (size_t)(key->end - key->start) == len &&
		    memcmp(document->text + key->start, name, len) == 0) {
			return token + 1;
		}
		token = behind(document, token + 1);
	}
	return 0;
}

static int of_type(const struct document *document, int token, jsmntype_t type)
{
	return token != 0 && document->tokens[token].type == type ? token : 0;
}

static bool string(const struct document *document, int object, const char *name, char *to, size_t size)
{
	const int token = of_type(document, member(document, object, name), JSMN_STRING);
	const jsmntok_t *const value = &document->tokens[token];

	return token != 0 && peer_unescape(to, size, document->text + value->start, (size_t)(value->end - value->start));
}

static bool number(const struct document *document, int object, const char *name, uint32_t *to)
{
	const int token = of_type(document, member(document, object, name), JSMN_PRIMITIVE);
	const jsmntok_t *const value = &document->tokens[token];

	return token != 0 && peer_u32(to, document->text + value->start, (size_t)(value->end - value->start));
}

static bool place(const struct document *document, int location)
{
	static char text[2400];

	values.port = 0;
	if (member(document, location, "url") != 0) {
		return string(document, location, "url", text, sizeof(text)) && peer_url(&values, text, strlen(text));
	}
	return string(document, location, "protocol", text, sizeof(text)) &&
	       peer_scheme(&values.scheme, text, strlen(text)) &&
	       string(document, location, "host", values.host, sizeof(values.host)) &&
	       string(document, location, "path", text, sizeof(text)) &&
	       peer_path(values.path, sizeof(values.path), text, strlen(text));
}

static bool job(const struct document *document, int object)
{
	static char text[65];
	const int location = of_type(document, member(document, object, "location"), JSMN_OBJECT);

	if (member(document, object, "sha256") != 0 &&
	    !(string(document, object, "sha256", text, sizeof(text)) && peer_digest(digest, text, strlen(text)))) {
		return false;
	}
	return string(document, object, "operation", values.operation, sizeof(values.operation)) &&
	       string(document, object, "fwversion", values.version, sizeof(values.version)) &&
	       number(document, object, "size", &values.size) && location != 0 && place(document, location);
}

int bench_parse(const struct bench_message *message, size_t piece)
{
	jsmntok_t tokens[TOKENS];
	jsmn_parser parser;
	struct document document = {(const char *)message->data, tokens, 0};
	int execution;
	int object;

	(void)piece;
	watched = message->watch;
	jsmn_init(&parser);
	document.count = jsmn_parse(&parser, document.text, message->size, tokens, TOKENS);
	if (document.count < 1 || tokens[0].type != JSMN_OBJECT) {
		return 1;
	}
	execution = of_type(&document, member(&document, 0, "execution"), JSMN_OBJECT);
	if (execution == 0 || !string(&document, execution, "jobId", values.job_id, sizeof(values.job_id)) ||
	    !string(&document, execution, "status", values.status, sizeof(values.status)) ||
	    !number(&document, execution, "versionNumber", &values.version_number)) {
		return 2;
	}
	object = of_type(&document, member(&document, execution, "jobDocument"), JSMN_OBJECT);
	return message->watch || (object != 0 && job(&document, object)) ? 0 : 3;
}

void bench_read(struct bench_values *to)
{
	*to = values;
	if (watched) {
		to->operation[0] = '\0';
		to->version[0] = '\0';
		to->size = 0;
		to->scheme = 0;
		to->port = 0;
		to->host[0] = '\0';
		to->path[0] = '\0';
	}
}

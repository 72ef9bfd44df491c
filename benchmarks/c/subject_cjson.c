/*
 * cJSON as a subject: a tree, and from it the members of the default description.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include <cjson/cJSON.h>

#include "peer.h"

const bool bench_streams = false;

static struct bench_values values;
static uint8_t digest[32];
static bool watched;

static const char *string(const cJSON *object, const char *name)
{
	const char *const text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text == NULL ? "" : text;
}

static bool copy(const cJSON *object, const char *name, char *to, size_t size)
{
	const char *const text = string(object, name);

	return text[0] != '\0' && peer_copy(to, size, text, strlen(text));
}

static bool number(const cJSON *object, const char *name, uint32_t *to)
{
	const cJSON *const item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > UINT32_MAX) {
		return false;
	}
	*to = (uint32_t)item->valuedouble;
	return true;
}

static bool place(const cJSON *location)
{
	const char *text = string(location, "url");

	values.port = 0;
	if (text[0] != '\0') {
		return peer_url(&values, text, strlen(text));
	}
	text = string(location, "protocol");
	if (!peer_scheme(&values.scheme, text, strlen(text))) {
		return false;
	}
	text = string(location, "path");
	return copy(location, "host", values.host, sizeof(values.host)) &&
	       peer_path(values.path, sizeof(values.path), text, strlen(text));
}

static bool job(const cJSON *document)
{
	const char *const text = string(document, "sha256");

	if (text[0] != '\0' && !peer_digest(digest, text, strlen(text))) {
		return false;
	}
	return copy(document, "operation", values.operation, sizeof(values.operation)) &&
	       copy(document, "fwversion", values.version, sizeof(values.version)) &&
	       number(document, "size", &values.size) &&
	       place(cJSON_GetObjectItemCaseSensitive(document, "location"));
}

int bench_parse(const struct bench_message *message, size_t piece)
{
	cJSON *const root = cJSON_ParseWithLength((const char *)message->data, message->size);
	const cJSON *const execution = cJSON_GetObjectItemCaseSensitive(root, "execution");
	bool fine;

	(void)piece;
	watched = message->watch;
	fine = copy(execution, "jobId", values.job_id, sizeof(values.job_id)) &&
	       copy(execution, "status", values.status, sizeof(values.status)) &&
	       number(execution, "versionNumber", &values.version_number) &&
	       (message->watch || job(cJSON_GetObjectItemCaseSensitive(execution, "jobDocument")));
	cJSON_Delete(root);
	return fine ? 0 : 1;
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

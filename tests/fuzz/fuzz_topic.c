/*
 * Topics: an input is a thing name, a NUL, and the topic. What was taken apart is put together again.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <string.h>

#include <aws_fota/topic.h>

/** What stands behind "jobs/" and, of the kinds with a job, behind its jobId. */
static const char *const tails[] = {
	[AWS_FOTA_TOPIC_NOTIFY] = "notify",
	[AWS_FOTA_TOPIC_NOTIFY_NEXT] = "notify-next",
	[AWS_FOTA_TOPIC_LIST_ACCEPTED] = "get/accepted",
	[AWS_FOTA_TOPIC_LIST_REJECTED] = "get/rejected",
	[AWS_FOTA_TOPIC_NEXT_ACCEPTED] = "$next/get/accepted",
	[AWS_FOTA_TOPIC_NEXT_REJECTED] = "$next/get/rejected",
	[AWS_FOTA_TOPIC_JOB_ACCEPTED] = "/get/accepted",
	[AWS_FOTA_TOPIC_JOB_REJECTED] = "/get/rejected",
	[AWS_FOTA_TOPIC_UPDATE_ACCEPTED] = "/update/accepted",
	[AWS_FOTA_TOPIC_UPDATE_REJECTED] = "/update/rejected",
};

/** Whether a topic is the prefix, then the jobId, then the tail, and no more. */
static int is_composed(const char *topic, size_t len, const char *prefix, const char *job_id,
		       size_t job_id_len, const char *tail)
{
	const size_t prefix_len = strlen(prefix);
	const size_t tail_len = strlen(tail);

	return len == prefix_len + job_id_len + tail_len &&
	       memcmp(topic, prefix, prefix_len) == 0 &&
	       (job_id_len == 0U || memcmp(&topic[prefix_len], job_id, job_id_len) == 0) &&
	       memcmp(&topic[prefix_len + job_id_len], tail, tail_len) == 0;
}

static void hold_topic(const char *prefix, const char *topic, size_t len,
		       const struct aws_fota_topic *parts)
{
	const size_t prefix_len = strlen(prefix);

	HOLDS(parts->kind <= AWS_FOTA_TOPIC_UPDATE_REJECTED);
	HOLDS((parts->kind == AWS_FOTA_TOPIC_FOREIGN) ==
	      (len < prefix_len || memcmp(topic, prefix, prefix_len) != 0));
	if (parts->kind >= AWS_FOTA_TOPIC_JOB_ACCEPTED) {
		HOLDS(parts->job_id == topic + prefix_len);
		HOLDS(parts->job_id_len != 0U && parts->job_id_len <= AWS_FOTA_JOB_ID_MAX);
		for (size_t i = 0; i < parts->job_id_len; i++) {
			HOLDS(parts->job_id[i] != '\0' && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
								 "hijklmnopqrstuvwxyz0123456789-_",
								 parts->job_id[i]) != NULL);
		}
	} else {
		HOLDS(parts->job_id_len == 0U);
	}
	for (size_t kind = AWS_FOTA_TOPIC_NOTIFY; kind <= AWS_FOTA_TOPIC_UPDATE_REJECTED; kind++) {
		const int is_this = is_composed(topic, len, prefix, parts->job_id,
						parts->job_id_len, tails[kind]);

		/* Those without a job are known by their text alone. */
		if (parts->kind == kind || kind < AWS_FOTA_TOPIC_JOB_ACCEPTED) {
			HOLDS((parts->kind == kind) == (is_this != 0));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char before[] = "$aws/things/";
	static const char behind[] = "/jobs/";
	const uint8_t *const end = size != 0U ? memchr(data, '\0', size) : NULL;
	char prefix[sizeof(before) + AWS_FOTA_THING_NAME_MAX + sizeof(behind)];
	struct aws_fota_topic parts;
	const char *thing = (const char *)data;
	char *topic;
	size_t len;

	if (end == NULL || end - data > AWS_FOTA_THING_NAME_MAX) {
		return 0;
	}
	len = size - (size_t)(end - data) - 1U;
	topic = malloc(len);
	HOLDS(topic != NULL || len == 0U);
	if (len != 0U) {
		memcpy(topic, end + 1, len);
	}
	snprintf(prefix, sizeof(prefix), "%s%s%s", before, thing, behind);
	parts = aws_fota_topic_parse(thing, topic, len);
	hold_topic(prefix, topic, len, &parts);
	free(topic);
	return 0;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <stdio.h>
#include <string.h>

#include <net/aws_jobs.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "service.h"

#define TOKEN_LEN 8

static char topic_prefix[64];
static char topic[160];
static char payload[1200];

static const char *at(const char *rest)
{
	(void)snprintf(topic, sizeof(topic), "%s%s", topic_prefix, rest);
	return topic;
}

/* The clientToken of a request. */
static const char *token_of(const struct line_packet *packet)
{
	static const char key[] = "\"clientToken\":\"";
	static char token[TOKEN_LEN + 1];

	for (size_t i = 0; i + sizeof(key) + TOKEN_LEN <= packet->len; i++) {
		if (memcmp(packet->body + i, key, sizeof(key) - 1U) == 0) {
			memcpy(token, packet->body + i + sizeof(key) - 1U, TOKEN_LEN);
			return token;
		}
	}
	zassert_unreachable("a request without clientToken");
	return token;
}

static struct line_packet request(const char *rest)
{
	struct line_packet packet = line_sent();

	zassert_equal(packet.first, LINE_PUBLISH);
	zassert_true(line_holds(&packet, at(rest)), "not %s: %.*s", topic, (int)packet.len,
		     packet.body);
	return packet;
}

void service_connect(const char *thing)
{
	(void)snprintf(topic_prefix, sizeof(topic_prefix), "$aws/things/%s/jobs/", thing);
	line_connect(thing);
	zassert_equal(line_sent().first, LINE_SUBSCRIBE);
	zassert_ok(line_accept_subscription());
}

void service_offer(const struct service_job *job)
{
	const struct line_packet packet = request("$next/get");
	int len = snprintf(payload, sizeof(payload), "{\"clientToken\":\"%s\"", token_of(&packet));

	if (job != NULL) {
		len += snprintf(payload + len, sizeof(payload) - (size_t)len,
				",\"execution\":{\"jobId\":\"%s\",\"status\":\"QUEUED\","
				"\"versionNumber\":1,\"jobDocument\":%s}",
				job->id, job->document);
	}
	zassert_true((size_t)len + 1U < sizeof(payload));
	strcat(payload, "}");
	zassert_ok(line_receive_publish(at("$next/get/accepted"), payload, 0));
}

struct line_packet service_accept_update(const char *job_id, const char *status)
{
	char rest[80];
	struct line_packet packet;

	(void)snprintf(rest, sizeof(rest), "%s/update", job_id);
	packet = request(rest);
	zassert_true(line_holds(&packet, status), "%.*s", (int)packet.len, packet.body);
	(void)snprintf(payload, sizeof(payload),
		       "{\"clientToken\":\"%s\",\"executionState\":{\"status\":\"%s\","
		       "\"versionNumber\":2}}",
		       token_of(&packet), status);
	(void)snprintf(rest, sizeof(rest), "%s/update/accepted", job_id);
	zassert_ok(line_receive_publish(at(rest), payload, 0));
	return packet;
}

void service_describe(const struct service_job *job)
{
	char rest[80];
	struct line_packet packet;
	int len;

	(void)snprintf(rest, sizeof(rest), "%s/get", job->id);
	packet = request(rest);
	len = snprintf(payload, sizeof(payload),
		       "{\"clientToken\":\"%s\",\"execution\":{\"jobId\":\"%s\","
		       "\"status\":\"IN_PROGRESS\",\"versionNumber\":2,\"jobDocument\":%s}}",
		       token_of(&packet), job->id, job->document);
	zassert_true(len > 0 && (size_t)len < sizeof(payload));
	(void)snprintf(rest, sizeof(rest), "%s/get/accepted", job->id);
	zassert_ok(line_receive_publish(at(rest), payload, 0));
}

void service_remove(const char *job_id)
{
	char rest[80];
	struct line_packet packet;

	zassert_ok(line_receive_publish(at("notify-next"), "{\"timestamp\":1}", 0));
	(void)snprintf(rest, sizeof(rest), "%s/get", job_id);
	packet = request(rest);
	(void)snprintf(payload, sizeof(payload),
		       "{\"clientToken\":\"%s\",\"code\":\"ResourceNotFound\",\"message\":\"\"}",
		       token_of(&packet));
	(void)snprintf(rest, sizeof(rest), "%s/get/rejected", job_id);
	zassert_ok(line_receive_publish(at(rest), payload, 0));
}

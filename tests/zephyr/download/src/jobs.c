/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <stdio.h>
#include <string.h>

#include <net/aws_jobs.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "jobs.h"
#include "line.h"

#define SLICE_MS    10
/* Far longer than any wait of the module's, in simulated time. */
#define PATIENCE_MS 600000

static char prefix[64];
static const char *document;
static char status[16];
static char details[300];
static unsigned int version;
static char payload[1200];

const char *jobs_status(void)
{
	return status;
}

const char *jobs_details(void)
{
	return details;
}

bool jobs_ended(void)
{
	return strcmp(status, "QUEUED") != 0 && strcmp(status, "IN_PROGRESS") != 0;
}

/* Copy what stands between `before` and the first of `end` in the packet; false when it does not. */
static bool between(const struct line_packet *packet, const char *before, const char *end, char *to,
		    size_t size)
{
	static char text[sizeof(packet->body) + 1];
	const char *at;
	size_t len;

	memcpy(text, packet->body, packet->len);
	/* The topic's length comes first. */
	for (size_t i = 0; i < packet->len; i++) {
		text[i] = text[i] == '\0' ? ' ' : text[i];
	}
	text[packet->len] = '\0';
	at = strstr(text, before);
	if (at == NULL) {
		return false;
	}
	at += strlen(before);
	len = strcspn(at, end);
	zassert_true(len < size);
	memcpy(to, at, len);
	to[len] = '\0';
	return true;
}

static void publish(const char *suffix)
{
	char topic[128];

	(void)snprintf(topic, sizeof(topic), "%s%s", prefix, suffix);
	zassert_ok(line_receive_publish(topic, payload, 0));
	zassert_equal(line_handled, 0);
}

void jobs_notify(void)
{
	if (jobs_ended()) {
		(void)snprintf(payload, sizeof(payload), "{\"timestamp\":1}");
	} else {
		(void)snprintf(payload, sizeof(payload),
			       "{\"execution\":{\"jobId\":\"" JOBS_ID
			       "\",\"status\":\"%s\",\"versionNumber\":%u}}",
			       status, version);
	}
	publish("notify-next");
}

static void answer_describe(const char *token, const char *suffix, bool with_document, bool next)
{
	int len = snprintf(payload, sizeof(payload), "{\"clientToken\":\"%s\"", token);

	if (!next || !jobs_ended()) {
		len += snprintf(payload + len, sizeof(payload) - (size_t)len,
				",\"execution\":{\"jobId\":\"" JOBS_ID
				"\",\"status\":\"%s\",\"versionNumber\":%u",
				status, version);
		if (with_document) {
			len += snprintf(payload + len, sizeof(payload) - (size_t)len,
					",\"jobDocument\":%s", document);
		}
		len += snprintf(payload + len, sizeof(payload) - (size_t)len, "}");
	}
	len += snprintf(payload + len, sizeof(payload) - (size_t)len, "}");
	zassert_true((size_t)len < sizeof(payload));
	publish(suffix);
}

static void answer_update(const struct line_packet *packet, const char *token)
{
	const char *suffix = JOBS_ID "/update/accepted";

	if (jobs_ended()) {
		(void)snprintf(payload, sizeof(payload),
			       "{\"clientToken\":\"%s\",\"code\":\"InvalidStateTransition\","
			       "\"message\":\"\",\"executionState\":{\"status\":\"%s\","
			       "\"versionNumber\":%u}}",
			       token, status, version);
		suffix = JOBS_ID "/update/rejected";
	} else {
		zassert_true(between(packet, "\"status\":\"", "\"", status, sizeof(status)));
		zassert_true(between(packet, "\"statusDetails\":{", "}", details, sizeof(details)));
		version++;
		(void)snprintf(payload, sizeof(payload),
			       "{\"clientToken\":\"%s\",\"executionState\":{\"status\":\"%s\","
			       "\"versionNumber\":%u}}",
			       token, status, version);
	}
	publish(suffix);
}

static void answer(const struct line_packet *packet)
{
	char token[65];

	if (packet->first != LINE_PUBLISH) {
		return;
	}
	zassert_true(between(packet, "\"clientToken\":\"", "\"", token, sizeof(token)));
	if (line_holds(packet, "/update{")) {
		answer_update(packet, token);
	} else if (line_holds(packet, "$next/get{")) {
		answer_describe(token, "$next/get/accepted",
				!line_holds(packet, "\"includeJobDocument\":false"), true);
	} else if (line_holds(packet, JOBS_ID "/get{")) {
		answer_describe(token, JOBS_ID "/get/accepted",
				!line_holds(packet, "\"includeJobDocument\":false"), false);
	} else {
		zassert_unreachable("not asked for by this device");
	}
}

void jobs_connect(const char *thing)
{
	(void)snprintf(prefix, sizeof(prefix), "$aws/things/%s/jobs/", thing);
	line_connect(thing);
	zassert_equal(line_sent().first, LINE_SUBSCRIBE);
	zassert_ok(line_accept_subscription());
}

void jobs_create(const char *new_document)
{
	document = new_document;
	strcpy(status, "QUEUED");
	details[0] = '\0';
	version = 1;
	jobs_notify();
}

void jobs_cancel(void)
{
	strcpy(status, "CANCELED");
	version++;
	jobs_notify();
}

void jobs_serve_for(int milliseconds)
{
	struct line_packet packet;
	const int64_t end = k_uptime_get() + milliseconds;

	while (k_uptime_get() < end) {
		if (line_take(&packet, K_MSEC(SLICE_MS))) {
			answer(&packet);
		}
	}
}

void jobs_serve_until(bool (*done)(void))
{
	struct line_packet packet;
	const int64_t end = k_uptime_get() + PATIENCE_MS;

	while (!done()) {
		zassert_true(k_uptime_get() < end, "it takes too long; the job is %s: %s", status,
			     details);
		if (line_take(&packet, K_MSEC(SLICE_MS))) {
			answer(&packet);
		}
	}
}

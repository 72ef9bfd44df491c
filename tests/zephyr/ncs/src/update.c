/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <stdio.h>
#include <string.h>

#include <net/aws_fota_ext.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "signed_image.h"
#include "update.h"

#define JOB_ID "job-1"

K_MSGQ_DEFINE(events, sizeof(struct aws_fota_event), 16, 4);

uint8_t update_image[UPDATE_SIZE];

static char digest[65];
static char document[500];

static void on_update(struct aws_fota_event *event)
{
	zassert_ok(k_msgq_put(&events, event, K_NO_WAIT));
}

void *update_setup(void)
{
	static bool done;

	if (!done) {
		done = true;
		signed_image_make(update_image, UPDATE_SIZE, digest);
		zassert_ok(aws_fota_init(on_update));
		service_connect("thing:2");
		service_offer(NULL);
	}
	return NULL;
}

static const struct service_job *write_job(const char *url, uint32_t size, const char *sha256)
{
	static const struct service_job job = {.id = JOB_ID, .document = document};
	int len = snprintf(document, sizeof(document),
			   "{\"operation\":\"app_fw_update\",\"fwversion\":\"v1.1.0\",\"size\":%u,"
			   "\"sha256\":\"%s\",\"location\":{\"url\":\"%s\"}}",
			   size, sha256, url);

	zassert_true(len > 0 && (size_t)len < sizeof(document));
	return &job;
}

static const struct service_job *make_job(const char *url, uint32_t size, const char *sha256)
{
	/* The device asks for it after this. */
	zassert_ok(line_receive_publish("$aws/things/thing:2/jobs/notify-next",
					"{\"execution\":{\"jobId\":\"" JOB_ID
					"\",\"status\":\"QUEUED\",\"versionNumber\":1}}",
					0));
	return write_job(url, size, sha256);
}

const struct service_job *update_job(const char *url)
{
	return make_job(url, UPDATE_SIZE, digest);
}

const struct service_job *update_job_of_size(const char *url, uint32_t size)
{
	return make_job(url, size, digest);
}

const struct service_job *update_job_with_wrong_digest(void)
{
	static char wrong[65];

	memset(wrong, '0', 64);
	return make_job(UPDATE_URL, UPDATE_SIZE, wrong);
}

const struct service_job *update_same_job(const char *url)
{
	return write_job(url, UPDATE_SIZE, digest);
}

struct aws_fota_event update_expect(enum aws_fota_evt_id id)
{
	struct aws_fota_event event = {0};

	zassert_ok(k_msgq_get(&events, &event, K_SECONDS(200)), "event %d does not come", id);
	zassert_equal(event.id, id, "event %d instead of %d", event.id, id);
	return event;
}

struct fake_start update_begin(const struct service_job *job)
{
	service_offer(job);
	(void)service_accept_update(JOB_ID, "IN_PROGRESS");
	(void)update_expect(AWS_FOTA_EVT_START);
	(void)update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	(void)update_expect(AWS_FOTA_EVT_ERASE_DONE);
	return fake_started();
}

void update_fragment(size_t from, size_t len, int percent, bool reported)
{
	char text[sizeof("\"progress\":\"100\"")];

	fake_fragment(update_image + from, len);
	zassert_equal(update_expect(AWS_FOTA_EVT_DL_PROGRESS).dl.progress, percent);
	if (reported) {
		const struct line_packet packet = service_accept_update(JOB_ID, "IN_PROGRESS");

		(void)snprintf(text, sizeof(text), "\"progress\":\"%d\"", percent);
		zassert_true(line_holds(&packet, text), "%.*s", (int)packet.len, packet.body);
	}
}

void update_expect_failure(const char *reason)
{
	struct line_packet packet;

	(void)update_expect(AWS_FOTA_EVT_ERROR);
	packet = service_accept_update(JOB_ID, "FAILED");
	zassert_true(line_holds(&packet, reason), "%.*s", (int)packet.len, packet.body);
	service_offer(NULL);
	zassert_true(fake_idle());
}

void update_cancel(void)
{
	zassert_ok(aws_fota_cancel());
	update_expect_failure("cancelled by the application");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "application.h"
#include "line.h"

char token[TOKEN_LEN + 1];
/* What the application was told: enum aws_fota_evt_id, and enum aws_fota_ext_evt_id from 100 on. */
K_MSGQ_DEFINE(told, sizeof(int), 8, 4);
struct aws_fota_ext_event last;
char last_job_id[AWS_FOTA_JOB_ID_MAX + 1];

static void on_update(struct aws_fota_event *event)
{
	const int what = (int)event->id;

	zassert_ok(k_msgq_put(&told, &what, K_NO_WAIT));
}

static void on_more(const struct aws_fota_ext_event *event)
{
	const int what = EXT + (int)event->id;

	last = *event;
	strcpy(last_job_id, event->job_id);
	zassert_ok(k_msgq_put(&told, &what, K_NO_WAIT));
	if (event->id == AWS_FOTA_EXT_EVT_FOREIGN) {
		zassert_str_equal(event->foreign.job_id, event->job_id);
		zassert_str_equal(event->foreign.message->job.operation, "reboot");
	}
}

void expect_told(int what)
{
	int next = -1;

	zassert_ok(k_msgq_get(&told, &next, K_SECONDS(10)));
	zassert_equal(next, what);
}

/* The next packet, after a backoff, is the SUBSCRIBE. */
void expect_subscription(void)
{
	struct line_packet packet;

	zassert_true(line_take(&packet, K_SECONDS(600)));
	zassert_equal(packet.first, LINE_SUBSCRIBE);
}

/* A request to the service, whose token is kept. */
void expect_request(const char *topic)
{
	static const char name[] = "\"clientToken\":\"";
	struct line_packet packet = line_sent();

	zassert_equal(packet.first, LINE_PUBLISH);
	zassert_true(line_holds(&packet, topic), "%.*s", (int)packet.len, packet.body);
	for (size_t at = 0; at + sizeof(name) - 1U + TOKEN_LEN <= packet.len; at++) {
		if (memcmp(packet.body + at, name, sizeof(name) - 1U) == 0) {
			memcpy(token, packet.body + at + sizeof(name) - 1U, TOKEN_LEN);
			return;
		}
	}
	zassert_unreachable("no token");
}

/* The service's answer to the last request; `rest` comes after the token. */
void answer(const char *topic, const char *rest)
{
	static char payload[600];

	(void)snprintf(payload, sizeof(payload), "{\"clientToken\":\"%s\"%s}", token, rest);
	zassert_ok(line_receive_publish(topic, payload, 0));
	zassert_equal(line_handled, 0);
}

void expect_puback(uint16_t id)
{
	struct line_packet packet = line_sent();

	zassert_equal(packet.first, LINE_PUBACK);
	zassert_equal(packet.len, 2U);
	zassert_equal((uint16_t)(packet.body[0] << 8U | packet.body[1]), id);
}

static void before_init(void)
{
	const struct mqtt_evt evt = {.type = MQTT_EVT_PINGRESP};
	struct aws_fota_error error = {.reason = AWS_FOTA_REASON_DIGEST, .detail = 1};
	uint8_t text[65];

	zassert_equal(aws_fota_mqtt_evt_handler(&line_client, &evt), -ENOENT);
	zassert_equal(aws_fota_get_job_id(text, sizeof(text)), 14);
	zassert_str_equal((const char *)text, "INVALID-JOB-ID");
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_UNBOOTED);
	zassert_equal(aws_fota_jobs_left(), 0U);
	zassert_ok(aws_fota_last_error(&error));
	zassert_equal(error.reason, AWS_FOTA_REASON_NONE);
	zassert_equal(aws_fota_last_error(NULL), -EINVAL);
	zassert_equal(aws_fota_job_accept(), -EPERM);
	zassert_equal(aws_fota_job_reject(), -EPERM);
	zassert_equal(aws_fota_job_accept_by_id("job"), -EPERM);
	zassert_equal(aws_fota_job_reject_by_id("job"), -EPERM);
	zassert_equal(aws_fota_cancel_by_id("job"), -EPERM);
	zassert_equal(aws_fota_pause(), -EPERM);
	zassert_equal(aws_fota_resume(), -EPERM);
	zassert_equal(aws_fota_cancel(), -EPERM);
	zassert_equal(aws_fota_confirm(), -EPERM);
	zassert_equal(aws_fota_reject(), -EPERM);
	zassert_equal(aws_fota_init(NULL), -EINVAL);
}

static void thing_names(void)
{
	char longest[AWS_FOTA_THING_NAME_MAX + 2];

	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1U] = '\0';
	zassert_equal(aws_fota_thing_name_set(NULL), -EINVAL);
	zassert_equal(aws_fota_thing_name_set(""), -EINVAL);
	zassert_equal(aws_fota_thing_name_set("a/b"), -EINVAL);
	zassert_equal(aws_fota_thing_name_set("a b"), -EINVAL);
	zassert_equal(aws_fota_thing_name_set(longest), -EINVAL);
	longest[sizeof(longest) - 2U] = '\0';
	zassert_ok(aws_fota_thing_name_set(longest));
	zassert_ok(aws_fota_thing_name_set("thing:2"));
}

static void init(void)
{
	const struct mqtt_evt evt = {.type = MQTT_EVT_PINGRESP};
	uint8_t text[65];

	aws_fota_ext_callback_set(on_more);
	zassert_ok(aws_fota_init(on_update));
	zassert_equal(aws_fota_init(on_update), -EPERM);
	zassert_equal(aws_fota_mqtt_evt_handler(NULL, &evt), -EINVAL);
	zassert_equal(aws_fota_mqtt_evt_handler(&line_client, NULL), -EINVAL);
	zassert_equal(aws_fota_mqtt_evt_handler(&line_client, &evt), 1);
	zassert_equal(aws_fota_get_job_id(NULL, 1), -EINVAL);
	zassert_equal(aws_fota_get_job_id(text, 14), -EMSGSIZE);
	zassert_equal(aws_fota_get_job_id(text, 15), 14);
}

void *application_start(void)
{
	static bool done;

	if (!done) {
		done = true;
		before_init();
		thing_names();
		init();
	}
	return NULL;
}

void lost_connection(void)
{
	zassert_ok(mqtt_abort(&line_client));
	zassert_equal(line_handled, 1, "the application sees the end too");
}

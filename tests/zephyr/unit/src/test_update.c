/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The functions of net/aws_fota.h and net/aws_fota_ext.h, in the order in which an application meets them.
 */

#include <errno.h>
#include <string.h>

#include <net/aws_fota.h>
#include <net/aws_fota_ext.h>
#include <net/aws_jobs.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>
#include <zephyr/ztest.h>

#include "line.h"

#define PREFIX "$aws/things/thing:2/jobs/"

/* What the handler of net/aws_fota_ext.h was told last; the jobId is valid during its call only. */
static struct aws_fota_ext_event told;
static char told_job_id[AWS_FOTA_JOB_ID_MAX + 1];
static K_SEM_DEFINE(telling, 0, 8);

/* clientToken of the last request. */
static char token[9];

static void on_update(struct aws_fota_event *event)
{
	ARG_UNUSED(event);
}

static void on_more(const struct aws_fota_ext_event *event)
{
	told = *event;
	strcpy(told_job_id, event->job_id);
	k_sem_give(&telling);
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
	zassert_ok(aws_fota_error(&error));
	zassert_equal(error.reason, AWS_FOTA_REASON_NONE);
	zassert_equal(aws_fota_error(NULL), -EINVAL);
	zassert_equal(aws_fota_job_accept(), -EPERM);
	zassert_equal(aws_fota_job_reject(), -EPERM);
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

static void connection(void)
{
	static const uint8_t foreign_suback[] = {0x90, 3, 0x12, 0x34, 1};
	static const uint8_t suback[] = {
		0x90, 4, SUBSCRIBE_NOTIFY_NEXT >> 8, SUBSCRIBE_NOTIFY_NEXT & 0xff, 1, 1};
	struct line_packet packet;

	line_connect("another-client-id");
	zassert_equal(line_handled, 1, "the application sees CONNACK too");
	zassert_equal(aws_fota_thing_name_set("later"), -EBUSY);
	packet = line_sent();
	zassert_equal(packet.first, LINE_SUBSCRIBE);
	zassert_true(line_holds(&packet, PREFIX "notify-next"));
	zassert_true(line_holds(&packet, PREFIX "notify\x01"));
	zassert_ok(line_receive(foreign_suback, sizeof(foreign_suback)));
	zassert_equal(line_handled, 1);
	zassert_true(line_idle());
	zassert_ok(line_receive(suback, sizeof(suback)));
	zassert_equal(line_handled, 0);
}

/* The next packet is a request to @a topic; its clientToken is kept. */
static struct line_packet expect_request(const char *topic)
{
	static const char key[] = "\"clientToken\":\"";
	struct line_packet packet = line_sent();
	size_t at = 0;

	zassert_equal(packet.first, LINE_PUBLISH);
	zassert_true(line_holds(&packet, topic));
	while (memcmp(&packet.body[at], key, strlen(key)) != 0) {
		at++;
		zassert_true(at + strlen(key) + 8U < packet.len, "a request has a clientToken");
	}
	memcpy(token, &packet.body[at + strlen(key)], 8);

	return packet;
}

static void expect_told(enum aws_fota_ext_evt_id id)
{
	zassert_ok(k_sem_take(&telling, K_SECONDS(5)));
	zassert_equal(told.id, id);
}

static void expect_puback(uint16_t id)
{
	struct line_packet packet = line_sent();

	zassert_equal(packet.first, LINE_PUBACK);
	zassert_equal(packet.len, 2U);
	zassert_equal((uint16_t)(packet.body[0] << 8U | packet.body[1]), id);
}

static void a_job_that_does_not_fit(void)
{
	static char message[600];
	struct line_packet packet = expect_request(PREFIX "$next/get{\"clientToken\":\"");

	snprintk(message, sizeof(message),
		 "{\"clientToken\":\"%s\",\"execution\":{\"jobId\":\"job-1\",\"status\":\"QUEUED\","
		 "\"versionNumber\":1,\"jobDocument\":{\"operation\":\"app_fw_update\","
		 "\"fwversion\":\"9.9.9\",\"size\":4294967295,"
		 "\"location\":{\"url\":\"https://host/path\"}}}}",
		 token);
	zassert_ok(line_receive_publish(PREFIX "$next/get/accepted", message, 1));
	expect_told(AWS_FOTA_EXT_EVT_ERROR);
	zassert_str_equal(told_job_id, "job-1");
	zassert_equal(told.error.reason, AWS_FOTA_REASON_TOO_LARGE);
	expect_puback(1);
	packet = expect_request(PREFIX "job-1/update");
	zassert_true(line_holds(&packet, "\"status\":\"REJECTED\""));
	zassert_true(line_holds(&packet, "\"reason\":\"image is larger than the slot\""));
	snprintk(message, sizeof(message),
		 "{\"clientToken\":\"%s\",\"executionState\":{\"status\":\"REJECTED\","
		 "\"versionNumber\":2}}",
		 token);
	zassert_ok(line_receive_publish(PREFIX "job-1/update/accepted", message, 2));
	expect_told(AWS_FOTA_EXT_EVT_FINISHED);
	zassert_str_equal(told_job_id, "job-1", "the engine has forgotten it by now");
	zassert_equal(told.finished.status, AWS_FOTA_JOB_REJECTED);
	zassert_equal(told.finished.error.reason, AWS_FOTA_REASON_TOO_LARGE);
	zassert_not_equal(told.finished.error.detail, 0U, "the size of the slot");
	expect_puback(2);
	(void)expect_request(PREFIX "$next/get");
}

static void messages_of_others(void)
{
	zassert_ok(line_receive_publish("some/topic", "{\"a\":1}", 7));
	zassert_equal(line_handled, 1);
	zassert_equal(line_unread(), 7U, "the payload is the application's");
	line_drain();
	zassert_ok(line_receive_publish("$aws/things/another-client-id/jobs/notify", "{}", 8));
	zassert_equal(line_handled, 1);
	line_drain();
	zassert_true(line_idle());
}

static void messages_of_any_kind(void)
{
	static char huge[6000];

	memset(huge, 'x', sizeof(huge) - 1U);
	zassert_ok(line_receive_publish(PREFIX "notify-next", huge, 9));
	zassert_equal(line_handled, 0);
	zassert_equal(line_unread(), 0U, "read to the end, whatever it holds");
	expect_puback(9);
	zassert_ok(line_receive_publish(PREFIX "notify", "{\"timestamp\":1,\"jobs\":{}}", 10));
	zassert_equal(line_handled, 0);
	expect_puback(10);
	zassert_ok(line_receive_publish(PREFIX "unheard/of/accepted", "", 11));
	zassert_equal(line_handled, 0);
	expect_puback(11);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
}

static void lost_connection(void)
{
	zassert_ok(mqtt_abort(&line_client));
	zassert_equal(line_handled, 1, "the application sees the end too");
}

ZTEST(aws_fota, test_an_application)
{
	before_init();
	thing_names();
	init();
	connection();
	a_job_that_does_not_fit();
	messages_of_others();
	messages_of_any_kind();
	lost_connection();
}

ZTEST_SUITE(aws_fota, NULL, NULL, NULL, NULL, NULL);

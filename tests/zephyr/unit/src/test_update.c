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
#include <zephyr/ztest.h>

#include "line.h"

#define PREFIX "$aws/things/thing:2/jobs/"

static void on_update(struct aws_fota_event *event)
{
	ARG_UNUSED(event);
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
	packet = line_sent();
	zassert_equal(packet.first, LINE_PUBLISH);
	zassert_true(line_holds(&packet, PREFIX "$next/get{\"clientToken\":\""));
}

static void expect_puback(uint16_t id)
{
	struct line_packet packet = line_sent();

	zassert_equal(packet.first, LINE_PUBACK);
	zassert_equal(packet.len, 2U);
	zassert_equal((uint16_t)(packet.body[0] << 8U | packet.body[1]), id);
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
	messages_of_others();
	messages_of_any_kind();
	lost_connection();
}

ZTEST_SUITE(aws_fota, NULL, NULL, NULL, NULL, NULL);

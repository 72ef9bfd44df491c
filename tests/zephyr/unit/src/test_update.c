/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The functions of net/aws_fota.h and net/aws_fota_ext.h, in the order in which an application meets them.
 */

#include <errno.h>
#include <string.h>

#include <mbedtls/sha256.h>
#include <net/aws_fota.h>
#include <net/aws_fota_ext.h>
#include <net/aws_jobs.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/ztest.h>

#include "glue.h"
#include "line.h"

#define PREFIX "$aws/things/thing:2/jobs/"

#define TOKEN_LEN 8

/* The token of the request that was sent last. */
static char token[TOKEN_LEN + 1];
/* What the application was told: enum aws_fota_evt_id, and enum aws_fota_ext_evt_id from 100 on. */
K_MSGQ_DEFINE(told, sizeof(int), 8, 4);
/* The last event of net/aws_fota_ext.h; the jobId is valid during its call only. */
static struct aws_fota_ext_event last;
static char last_job_id[AWS_FOTA_JOB_ID_MAX + 1];
#define EXT 100

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
		zassert_str_equal(event->foreign.job_id, "reboot-1");
		zassert_str_equal(event->foreign.message->job.operation, "reboot");
	}
}

static void expect_told(int what)
{
	int next = -1;

	zassert_ok(k_msgq_get(&told, &next, K_SECONDS(10)));
	zassert_equal(next, what);
}

/* A request to the service, whose token is kept. */
static void expect_request(const char *topic)
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
static void answer(const char *topic, const char *rest)
{
	static char payload[600];

	(void)snprintf(payload, sizeof(payload), "{\"clientToken\":\"%s\"%s}", token, rest);
	zassert_ok(line_receive_publish(topic, payload, 0));
	zassert_equal(line_handled, 0);
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

static void connection(void)
{
	static const uint8_t foreign_suback[] = {0x90, 3, 0x12, 0x34, 1};
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
	zassert_ok(line_accept_subscription());
	zassert_equal(line_handled, 0);
	expect_request(PREFIX "$next/get{\"clientToken\":\"");
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
	answer(PREFIX "$next/get/accepted",
	       ",\"execution\":{\"jobId\":\"job-1\",\"status\":\"QUEUED\",\"versionNumber\":1,"
	       "\"jobDocument\":{\"operation\":\"app_fw_update\",\"fwversion\":\"9.9.9\","
	       "\"size\":4294967295,\"location\":{\"url\":\"http://host/path\"}}}");
	expect_told(EXT + AWS_FOTA_EXT_EVT_ERROR);
	zassert_str_equal(last_job_id, "job-1");
	zassert_equal(last.error.reason, AWS_FOTA_REASON_TOO_LARGE);
	expect_told(AWS_FOTA_EVT_ERROR);
	expect_request(PREFIX "job-1/update{\"status\":\"REJECTED\","
			      "\"statusDetails\":{\"reason\":\"image is larger than the slot\"");
	answer(PREFIX "job-1/update/accepted",
	       ",\"executionState\":{\"status\":\"REJECTED\",\"versionNumber\":2}");
	expect_told(EXT + AWS_FOTA_EXT_EVT_FINISHED);
	zassert_str_equal(last_job_id, "job-1", "the engine has forgotten it by now");
	zassert_equal(last.finished.status, AWS_FOTA_JOB_REJECTED);
	zassert_equal(last.finished.error.reason, AWS_FOTA_REASON_TOO_LARGE);
	zassert_not_equal(last.finished.error.detail, 0U, "the size of the slot");
	expect_request(PREFIX "$next/get");
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

/* A job of the application's own: it takes it, and reports it by net/aws_jobs.h. */
static void foreign_job(void)
{
	static const uint8_t job[] = "reboot-1";
	static uint8_t topic[AWS_JOBS_TOPIC_MAX_LEN];
	struct line_packet packet;
	uint8_t text[65];

	answer(PREFIX "$next/get/accepted",
	       ",\"execution\":{\"jobId\":\"reboot-1\",\"status\":\"QUEUED\",\"versionNumber\":1,"
	       "\"jobDocument\":{\"operation\":\"reboot\"}}");
	expect_told(EXT + AWS_FOTA_EXT_EVT_FOREIGN);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_OFFERED);
	zassert_equal(aws_fota_get_job_id(text, sizeof(text)), 8);
	zassert_str_equal((const char *)text, "reboot-1");
	/* The message that could not be read may have been about another job. */
	expect_request(PREFIX "$next/get");
	answer(PREFIX "$next/get/accepted", ",\"execution\":{\"jobId\":\"reboot-1\","
					    "\"status\":\"QUEUED\",\"versionNumber\":1}");
	zassert_equal(aws_fota_jobs_left(), 0U);
	zassert_ok(aws_fota_reject(), "it is late, and about the running image: the job is left alone");
	zassert_ok(aws_fota_job_accept());
	expect_request(PREFIX "get{");
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
	zassert_equal(aws_fota_jobs_left(), 1U);
	answer(PREFIX "get/accepted", ",\"inProgressJobs\":[],\"queuedJobs\":[]");
	zassert_ok(aws_jobs_update_job_execution(&line_client, job, AWS_JOBS_SUCCEEDED, NULL, 1,
						 NULL, topic));
	packet = line_sent();
	zassert_equal(packet.first, LINE_PUBLISH_1);
	zassert_true(line_holds(&packet, PREFIX "reboot-1/update"));
	zassert_true(line_holds(&packet, "{\"status\":\"SUCCEEDED\",\"expectedVersion\":1,"));
	zassert_true(line_idle());
}

/* The timer of a request expires while its answer is read: the request that follows is not lost. */
static void answer_in_the_last_moment(void)
{
	uint8_t text[65];

	zassert_ok(line_receive_publish(PREFIX "notify-next",
					"{\"execution\":{\"jobId\":\"update-1\",\"status\":"
					"\"QUEUED\",\"versionNumber\":1}}",
					0));
	expect_request(PREFIX "$next/get");
	k_mutex_lock(&aws_fota_glue.lock, K_FOREVER);
	k_sleep(K_SECONDS(CONFIG_AWS_FOTA_ANSWER_TIMEOUT_SECONDS + 1));
	answer(PREFIX "$next/get/accepted",
	       ",\"execution\":{\"jobId\":\"update-1\",\"status\":\"QUEUED\",\"versionNumber\":1,"
	       "\"jobDocument\":{\"operation\":\"app_fw_update\",\"fwversion\":\"2.0.0\","
	       "\"size\":1000,\"location\":{\"url\":\"http://127.0.0.1:1/a\"}}}");
	k_mutex_unlock(&aws_fota_glue.lock);
	expect_request(PREFIX "update-1/update");
	k_sleep(K_SECONDS(1));
	zassert_true(line_idle(), "the update was sent again");
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_STARTING);
	zassert_equal(aws_fota_get_job_id(text, sizeof(text)), 8);
	zassert_str_equal((const char *)text, "update-1");
	answer(PREFIX "update-1/update/accepted",
	       ",\"executionState\":{\"status\":\"CANCELED\",\"versionNumber\":2}");
	expect_told(EXT + AWS_FOTA_EXT_EVT_CANCELLED);
	expect_told(AWS_FOTA_EVT_ERROR);
	expect_request(PREFIX "$next/get");
	answer(PREFIX "$next/get/accepted", "");
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
}

/* Connections that come and go faster than the queue runs: nobody waits, and the last one counts. */
static void many_connections(void)
{
	const struct mqtt_evt lost = {.type = MQTT_EVT_DISCONNECT};
	const struct mqtt_evt made = {.type = MQTT_EVT_CONNACK};

	k_mutex_lock(&aws_fota_glue.lock, K_FOREVER);
	for (int i = 0; i < 50; i++) {
		zassert_equal(aws_fota_mqtt_evt_handler(&line_client, &lost), 1);
		zassert_equal(aws_fota_mqtt_evt_handler(&line_client, &made), 1);
	}
	k_mutex_unlock(&aws_fota_glue.lock);
	zassert_equal(line_sent().first, LINE_SUBSCRIBE);
	k_sleep(K_SECONDS(1));
	zassert_true(line_idle(), "subscribed more than once");
	zassert_ok(line_accept_subscription());
	expect_request(PREFIX "$next/get");
	answer(PREFIX "$next/get/accepted", "");
}

/* How often SHA-256 is to fail, as an accelerator may. */
static int sha256_failures;

int __real_mbedtls_sha256_starts(mbedtls_sha256_context *context, int is224);
int __wrap_mbedtls_sha256_starts(mbedtls_sha256_context *context, int is224);
int __wrap_mbedtls_sha256_starts(mbedtls_sha256_context *context, int is224)
{
	if (sha256_failures > 0) {
		sha256_failures--;
		return -1;
	}
	return __real_mbedtls_sha256_starts(context, is224);
}

/* A description that cannot be looked at is acknowledged, the connection is kept, and it is asked for again. */
static void sha256_that_fails(void)
{
	static char payload[300];

	zassert_ok(line_receive_publish(PREFIX "notify-next",
					"{\"execution\":{\"jobId\":\"a\",\"status\":"
					"\"QUEUED\",\"versionNumber\":1}}",
					0));
	expect_request(PREFIX "$next/get");
	(void)snprintf(
		payload, sizeof(payload),
		"{\"clientToken\":\"%s\",\"execution\":{\"jobId\":\"a\",\"status\":\"QUEUED\","
		"\"versionNumber\":1,\"jobDocument\":{\"operation\":\"app_fw_update\","
		"\"fwversion\":\"2.0.0\",\"size\":1000,\"location\":{\"url\":\"http://a/b\"}}}}",
		token);
	sha256_failures = 1;
	zassert_ok(line_receive_publish(PREFIX "$next/get/accepted", payload, 23));
	zassert_equal(line_handled, 0);
	zassert_equal(sha256_failures, 0);
	expect_puback(23);
	zassert_true(line_idle());
	k_sleep(K_SECONDS(CONFIG_AWS_FOTA_ANSWER_TIMEOUT_SECONDS));
	expect_request(PREFIX "$next/get");
	answer(PREFIX "$next/get/accepted", "");
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
}

/* What the queue comes to when the connection that the message came by is another one is not
 * acknowledged: there the packet id is another message's.
 */
static void a_late_acknowledgement(void)
{
	/* The queue is done with the message before. */
	k_sleep(K_MSEC(100));
	k_mutex_lock(&aws_fota_glue.lock, K_FOREVER);
	zassert_ok(line_receive_publish(PREFIX "notify", "{\"timestamp\":1,\"jobs\":{}}", 21));
	zassert_equal(line_handled, 0);
	zassert_ok(mqtt_abort(&line_client));
	line_connect("another-client-id");
	k_mutex_unlock(&aws_fota_glue.lock);
	zassert_equal(line_sent().first, LINE_SUBSCRIBE);
	zassert_ok(line_accept_subscription());
	expect_request(PREFIX "$next/get");
	answer(PREFIX "$next/get/accepted", "");
	zassert_ok(line_receive_publish(PREFIX "notify", "{\"timestamp\":1,\"jobs\":{}}", 22));
	expect_puback(22);
	zassert_true(line_idle());
}

/* An aborted work stays so, however many follow while it hangs. */
static void aborted_for_long(void)
{
	const struct aws_fota_action verify = {.id = AWS_FOTA_ACTION_VERIFY};
	const struct aws_fota_action fetch = {.id = AWS_FOTA_ACTION_FETCH, .length = 1};
	uint32_t number = 0;

	for (int i = 0; i < 100; i++) {
		aws_fota_download_post(&fetch, 0);
		aws_fota_download_abort();
	}
	k_mutex_lock(&aws_fota_glue.lock, K_FOREVER);
	/* Waits for the lock. */
	aws_fota_download_post(&verify, 0);
	k_sleep(K_MSEC(100));
	while (!aws_fota_download_wanted(number)) {
		number++;
		zassert_true(number < 1000U);
	}
	aws_fota_download_abort();
	for (int i = 0; i < 1000; i++) {
		aws_fota_download_post(&fetch, 0);
		zassert_false(aws_fota_download_wanted(number), "after %d works", i);
		aws_fota_download_abort();
	}
	k_mutex_unlock(&aws_fota_glue.lock);
	k_sleep(K_SECONDS(1));
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
}

/* An abort is about the work that was asked for last: the erasing of a cancelled upgrade, which waits
 * before it, is still carried out.
 */
static void aborted_work(void)
{
	const struct aws_fota_action verify = {.id = AWS_FOTA_ACTION_VERIFY};
	const struct aws_fota_action erase = {.id = AWS_FOTA_ACTION_ERASE};
	const struct aws_fota_action fetch = {.id = AWS_FOTA_ACTION_FETCH, .length = 1};
	static uint8_t slot[16] = {0};
	const struct flash_area *area;

	zassert_ok(flash_area_open(FIXED_PARTITION_ID(slot1_partition), &area));
	zassert_ok(flash_area_write(area, 0, slot, sizeof(slot)));
	k_mutex_lock(&aws_fota_glue.lock, K_FOREVER);
	/* Waits for the lock. */
	aws_fota_download_post(&verify, 0);
	k_sleep(K_MSEC(100));
	aws_fota_download_post(&erase, 0);
	aws_fota_download_post(&fetch, 0);
	aws_fota_download_abort();
	/* More than can wait at a time. */
	for (int i = 0; i < 100; i++) {
		aws_fota_download_post(&fetch, 0);
		aws_fota_download_abort();
	}
	k_mutex_unlock(&aws_fota_glue.lock);
	k_sleep(K_SECONDS(1));
	zassert_ok(flash_area_read(area, 0, slot, sizeof(slot)));
	for (size_t i = 0; i < sizeof(slot); i++) {
		zassert_equal(slot[i], 0xff);
	}
	flash_area_close(area);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
}

/* A message whose rest comes late, and one whose rest never comes. */
static void slow_broker(void)
{
	line_split(60, K_MSEC(700));
	zassert_ok(line_receive_publish(PREFIX "notify", "{\"timestamp\":1,\"jobs\":{}}", 12));
	zassert_equal(line_handled, 0);
	zassert_equal(line_unread(), 0U);
	expect_puback(12);
	line_split(60, K_FOREVER);
	(void)line_receive_publish(PREFIX "notify", "{\"timestamp\":1,\"jobs\":{}}", 13);
	zassert_equal(line_handled, -ETIMEDOUT);
	zassert_true(line_idle(), "a message that was not read to its end is not acknowledged");
}

/* Longer than what a read takes, CONFIG_AWS_FOTA_PAYLOAD_SIZE, and than the client's buffer. */
static const char three_pieces[] =
	"{\"timestamp\":1,\"and\":"
	"\"0123456789012345678901234567890123456789012345678901234567890123456789"
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567\""
	"}";

/* A message that trickles in: no byte of it lets this thread wait longer than for the whole. */
static void trickling_broker(void)
{
	static const char text[] = "{\"timestamp\":1,\"jobs\":{}}";
	const int64_t bound = CONFIG_AWS_FOTA_MQTT_TIMEOUT_SECONDS * MSEC_PER_SEC;
	int64_t start;
	int64_t took;

	line_connect("another-client-id");
	zassert_equal(line_sent().first, LINE_SUBSCRIBE);
	line_trickle(60, K_MSEC(bound / 100));
	zassert_ok(line_receive_publish(PREFIX "notify", text, 14));
	zassert_equal(line_handled, 0);
	zassert_equal(line_unread(), 0U);
	expect_puback(14);
	/* What has come is taken, however late this thread is. */
	line_read_slowly(K_MSEC(bound / 2));
	zassert_ok(line_receive_publish(PREFIX "notify-next", three_pieces, 15));
	line_read_slowly(K_NO_WAIT);
	zassert_equal(line_handled, 0);
	expect_puback(15);
	/* Each byte in time, and all together not. */
	line_trickle(40, K_MSEC(bound / 5));
	start = k_uptime_get();
	(void)line_receive_publish(PREFIX "notify", text, 16);
	took = k_uptime_get() - start;
	zassert_between_inclusive(took, bound, bound + bound / 4);
	zassert_equal(line_handled, -ETIMEDOUT);
	zassert_true(line_idle(), "a message that was not read to its end is not acknowledged");
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE, "the engine is free");
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
	foreign_job();
	answer_in_the_last_moment();
	many_connections();
	sha256_that_fails();
	a_late_acknowledgement();
	aborted_for_long();
	aborted_work();
	slow_broker();
	lost_connection();
	trickling_broker();
	lost_connection();
}

ZTEST_SUITE(aws_fota, NULL, NULL, NULL, NULL, NULL);

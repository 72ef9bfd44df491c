/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The functions of net/aws_fota.h and net/aws_fota_ext.h, in the order in which an application meets them.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#if defined(CONFIG_AWS_FOTA_SHA256_PSA)
#include <psa/crypto.h>
#else
#include <mbedtls/sha256.h>
#endif
#include <net/aws_fota.h>
#include <net/aws_fota_ext.h>
#include <net/aws_jobs.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/ztest.h>

#include "application.h"
#include "glue.h"
#include "line.h"

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
	/* What is meant for another job changes nothing. */
	zassert_equal(aws_fota_job_accept_by_id(NULL), -EINVAL);
	zassert_equal(aws_fota_job_accept_by_id(""), -EINVAL);
	zassert_equal(aws_fota_job_reject_by_id(NULL), -EINVAL);
	zassert_ok(aws_fota_job_accept_by_id("reboot-2"));
	k_sleep(K_MSEC(100));
	zassert_ok(aws_fota_job_reject_by_id("reboot-2"));
	zassert_ok(aws_fota_reject(),
		   "it is late, and about the running image: the job is left alone");
	k_sleep(K_MSEC(100));
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_OFFERED);
	zassert_ok(aws_fota_job_accept_by_id("reboot-1"));
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

/* Let the service offer a job of the application's own. */
static void offer(const char *job_id)
{
	static char payload[300];

	(void)snprintf(
		payload, sizeof(payload),
		"{\"execution\":{\"jobId\":\"%s\",\"status\":\"QUEUED\",\"versionNumber\":1}}",
		job_id);
	zassert_ok(line_receive_publish(PREFIX "notify-next", payload, 0));
	expect_request(PREFIX "$next/get");
	(void)snprintf(payload, sizeof(payload),
		       ",\"execution\":{\"jobId\":\"%s\",\"status\":\"QUEUED\","
		       "\"versionNumber\":1,\"jobDocument\":{\"operation\":\"reboot\"}}",
		       job_id);
	answer(PREFIX "$next/get/accepted", payload);
	expect_told(EXT + AWS_FOTA_EXT_EVT_FOREIGN);
	zassert_str_equal(last_job_id, job_id);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_OFFERED);
}

/* Rejected by its name, and taken without it. */
static void foreign_jobs(void)
{
	offer("reboot-3");
	zassert_ok(aws_fota_job_reject_by_id("reboot-3"));
	expect_request(PREFIX "reboot-3/update{\"status\":\"REJECTED\","
			      "\"statusDetails\":{\"reason\":\"rejected by the application\"}");
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_REPORTING);
	answer(PREFIX "reboot-3/update/accepted",
	       ",\"executionState\":{\"status\":\"REJECTED\",\"versionNumber\":2}");
	expect_told(EXT + AWS_FOTA_EXT_EVT_FINISHED);
	zassert_str_equal(last_job_id, "reboot-3");
	zassert_equal(last.finished.status, AWS_FOTA_JOB_REJECTED);
	zassert_equal(last.finished.error.reason, AWS_FOTA_REASON_APPLICATION);
	expect_request(PREFIX "$next/get");
	answer(PREFIX "$next/get/accepted", "");
	zassert_equal(aws_fota_jobs_left(), 1U);

	offer("reboot-4");
	zassert_ok(aws_fota_job_accept());
	expect_request(PREFIX "get{");
	zassert_equal(aws_fota_jobs_left(), 2U);
	answer(PREFIX "get/accepted", ",\"inProgressJobs\":[],\"queuedJobs\":[]");

	offer("reboot-5");
	zassert_ok(aws_fota_job_reject());
	expect_request(PREFIX "reboot-5/update{\"status\":\"REJECTED\"");
	answer(PREFIX "reboot-5/update/accepted",
	       ",\"executionState\":{\"status\":\"REJECTED\",\"versionNumber\":2}");
	expect_told(EXT + AWS_FOTA_EXT_EVT_FINISHED);
	expect_request(PREFIX "$next/get");
	answer(PREFIX "$next/get/accepted", "");
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
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

#if defined(CONFIG_AWS_FOTA_SHA256_PSA)
psa_status_t __real_psa_hash_setup(psa_hash_operation_t *operation, psa_algorithm_t alg);
psa_status_t __wrap_psa_hash_setup(psa_hash_operation_t *operation, psa_algorithm_t alg);
psa_status_t __wrap_psa_hash_setup(psa_hash_operation_t *operation, psa_algorithm_t alg)
{
	if (sha256_failures > 0) {
		sha256_failures--;
		return PSA_ERROR_HARDWARE_FAILURE;
	}
	return __real_psa_hash_setup(operation, alg);
}
#else
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
#endif

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

ZTEST(aws_fota, test_an_application)
{
	connection();
	a_job_that_does_not_fit();
	messages_of_others();
	messages_of_any_kind();
	foreign_job();
	foreign_jobs();
	answer_in_the_last_moment();
	many_connections();
	sha256_that_fails();
	a_late_acknowledgement();
	aborted_for_long();
	aborted_work();
	lost_connection();
}

ZTEST_SUITE(aws_fota, NULL, application_start, NULL, NULL, NULL);

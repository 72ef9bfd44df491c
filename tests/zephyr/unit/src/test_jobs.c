/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every function of net/aws_jobs.h, down to the packet that leaves.
 */

#include <errno.h>
#include <string.h>

#include <net/aws_jobs.h>
#include <zephyr/ztest.h>

#include "line.h"

#define PREFIX "$aws/things/thing:2/jobs/"

static const uint8_t job[] = "job_1-A";
static uint8_t topic[AWS_JOBS_TOPIC_MAX_LEN];

static uint16_t number_at(const struct line_packet *packet, size_t at)
{
	return (uint16_t)(packet->body[at] << 8U | packet->body[at + 1U]);
}

/* A SUBSCRIBE or UNSUBSCRIBE of one topic. */
static void expect_request(uint8_t first, uint16_t id, const char *text)
{
	struct line_packet packet = line_sent();
	size_t len = strlen(text);

	zassert_equal(packet.first, first);
	zassert_equal(number_at(&packet, 0), id);
	zassert_equal(number_at(&packet, 2), len);
	zassert_mem_equal(packet.body + 4, text, len);
	zassert_equal(packet.len, 4U + len + (first == LINE_SUBSCRIBE ? 1U : 0U));
	if (first == LINE_SUBSCRIBE) {
		zassert_equal(packet.body[packet.len - 1U], MQTT_QOS_1_AT_LEAST_ONCE);
	}
	zassert_str_equal((const char *)topic, text);
}

/* A PUBLISH with QoS 1. */
static void expect_publish(const char *text, const char *payload)
{
	struct line_packet packet = line_sent();
	size_t len = strlen(text);

	zassert_equal(packet.first, LINE_PUBLISH_1);
	zassert_equal(number_at(&packet, 0), len);
	zassert_mem_equal(packet.body + 2, text, len);
	zassert_not_equal(number_at(&packet, 2U + len), 0);
	zassert_equal(packet.len, 4U + len + strlen(payload));
	zassert_mem_equal(packet.body + 4U + len, payload, strlen(payload), "%.*s",
			  (int)(packet.len - 4U - len), packet.body + 4U + len);
}

static void *connect(void)
{
	line_connect("thing:2");
	return NULL;
}

ZTEST(aws_jobs, test_topics)
{
	zassert_ok(aws_jobs_create_topic_notify(&line_client, topic));
	zassert_str_equal((const char *)topic, PREFIX "notify");
	zassert_ok(aws_jobs_create_topic_notify_next(&line_client, topic));
	zassert_str_equal((const char *)topic, PREFIX "notify-next");
	zassert_ok(aws_jobs_create_topic_get(&line_client, job, topic));
	zassert_str_equal((const char *)topic, PREFIX "job_1-A/get/#");
}

ZTEST(aws_jobs, test_topics_that_cannot_be)
{
	static const uint8_t too_long[] =
		"12345678901234567890123456789012345678901234567890123456789012345";
	static const uint8_t foreign[] = "a/b";
	static const uint8_t wildcard[] = "#";
	static const uint8_t empty[] = "";

	zassert_equal(aws_jobs_create_topic_notify(NULL, topic), -EINVAL);
	zassert_equal(aws_jobs_create_topic_notify(&line_client, NULL), -EINVAL);
	zassert_equal(aws_jobs_create_topic_notify_next(NULL, topic), -EINVAL);
	zassert_equal(aws_jobs_create_topic_notify_next(&line_client, NULL), -EINVAL);
	zassert_equal(aws_jobs_create_topic_get(NULL, job, topic), -EINVAL);
	zassert_equal(aws_jobs_create_topic_get(&line_client, NULL, topic), -EINVAL);
	zassert_equal(aws_jobs_create_topic_get(&line_client, job, NULL), -EINVAL);
	zassert_equal(aws_jobs_create_topic_get(&line_client, too_long, topic), -EINVAL);
	zassert_equal(aws_jobs_create_topic_get(&line_client, foreign, topic), -EINVAL);
	zassert_equal(aws_jobs_create_topic_get(&line_client, wildcard, topic), -EINVAL);
	zassert_equal(aws_jobs_create_topic_get(&line_client, empty, topic), -EINVAL);
}

ZTEST(aws_jobs, test_notify)
{
	zassert_ok(aws_jobs_subscribe_topic_notify(&line_client, topic));
	expect_request(LINE_SUBSCRIBE, SUBSCRIBE_NOTIFY, PREFIX "notify");
	zassert_ok(aws_jobs_unsubscribe_topic_notify(&line_client, topic));
	expect_request(LINE_UNSUBSCRIBE, SUBSCRIBE_NOTIFY, PREFIX "notify");
	zassert_equal(aws_jobs_subscribe_topic_notify(NULL, topic), -EINVAL);
	zassert_equal(aws_jobs_unsubscribe_topic_notify(&line_client, NULL), -EINVAL);
}

ZTEST(aws_jobs, test_notify_next)
{
	zassert_ok(aws_jobs_subscribe_topic_notify_next(&line_client, topic));
	expect_request(LINE_SUBSCRIBE, SUBSCRIBE_NOTIFY_NEXT, PREFIX "notify-next");
	zassert_ok(aws_jobs_unsubscribe_topic_notify_next(&line_client, topic));
	expect_request(LINE_UNSUBSCRIBE, SUBSCRIBE_NOTIFY_NEXT, PREFIX "notify-next");
	zassert_equal(aws_jobs_subscribe_topic_notify_next(NULL, topic), -EINVAL);
	zassert_equal(aws_jobs_unsubscribe_topic_notify_next(&line_client, NULL), -EINVAL);
}

ZTEST(aws_jobs, test_get)
{
	zassert_ok(aws_jobs_subscribe_topic_get(&line_client, job, topic));
	expect_request(LINE_SUBSCRIBE, SUBSCRIBE_JOB_ID_GET, PREFIX "job_1-A/get/#");
	zassert_ok(aws_jobs_unsubscribe_topic_get(&line_client, job, topic));
	expect_request(LINE_UNSUBSCRIBE, SUBSCRIBE_JOB_ID_GET, PREFIX "job_1-A/get/#");
	zassert_equal(aws_jobs_subscribe_topic_get(&line_client, NULL, topic), -EINVAL);
	zassert_equal(aws_jobs_unsubscribe_topic_get(&line_client, NULL, topic), -EINVAL);
}

ZTEST(aws_jobs, test_update)
{
	zassert_ok(aws_jobs_subscribe_topic_update(&line_client, job, topic));
	expect_request(LINE_SUBSCRIBE, SUBSCRIBE_JOB_ID_UPDATE, PREFIX "job_1-A/update/#");
	zassert_ok(aws_jobs_unsubscribe_topic_update(&line_client, job, topic));
	expect_request(LINE_UNSUBSCRIBE, SUBSCRIBE_JOB_ID_UPDATE, PREFIX "job_1-A/update/#");
	zassert_equal(aws_jobs_subscribe_topic_update(&line_client, NULL, topic), -EINVAL);
	zassert_equal(aws_jobs_unsubscribe_topic_update(NULL, job, topic), -EINVAL);
}

ZTEST(aws_jobs, test_update_job_execution)
{
	static const uint8_t details[] = "{\"step\":\"one\"}";
	static const uint8_t token[] = "token";
	static const uint8_t quoted[] = "a\"b";

	zassert_ok(aws_jobs_update_job_execution(&line_client, job, AWS_JOBS_SUCCEEDED, details, 3,
						 token, topic));
	expect_publish(PREFIX "job_1-A/update",
		       "{\"status\":\"SUCCEEDED\",\"statusDetails\":{\"step\":\"one\"},"
		       "\"expectedVersion\":3,\"includeJobExecutionState\":true,"
		       "\"clientToken\":\"token\"}");
	zassert_ok(aws_jobs_update_job_execution(&line_client, job, AWS_JOBS_IN_PROGRESS, NULL, 0,
						 NULL, topic));
	expect_publish(PREFIX "job_1-A/update",
		       "{\"status\":\"IN_PROGRESS\",\"includeJobExecutionState\":true}");
	zassert_equal(aws_jobs_update_job_execution(&line_client, job, AWS_JOBS_FAILED, NULL, 0,
						    quoted, topic),
		      -EINVAL);
	zassert_equal(aws_jobs_update_job_execution(&line_client, NULL, AWS_JOBS_FAILED, NULL, 0,
						    NULL, topic),
		      -EINVAL);
	zassert_equal(aws_jobs_update_job_execution(&line_client, job,
						    (enum execution_status)(AWS_JOBS_CANCELED + 1),
						    NULL, 0, NULL, topic),
		      -EINVAL);
}

ZTEST(aws_jobs, test_update_that_does_not_fit)
{
	/* AWS_JOBS_UPDATE_MAX_LEN, which the nRF Connect SDK's header has not. */
	static uint8_t details[1350 + 1];

	memset(details, ' ', sizeof(details) - 1U);
	zassert_equal(aws_jobs_update_job_execution(&line_client, job, AWS_JOBS_FAILED, details, 0,
						    NULL, topic),
		      -ENOMEM);
	zassert_true(line_idle());
}

ZTEST(aws_jobs, test_get_job_execution)
{
	zassert_ok(aws_jobs_get_job_execution(&line_client, "$next", topic));
	expect_publish(PREFIX "$next/get", "{}");
	zassert_ok(aws_jobs_get_job_execution(&line_client, (const char *)job, topic));
	expect_publish(PREFIX "job_1-A/get", "{}");
	zassert_equal(aws_jobs_get_job_execution(&line_client, NULL, topic), -EINVAL);
	zassert_equal(aws_jobs_get_job_execution(&line_client, "a/b", topic), -EINVAL);
}

static bool cmp(const char *sub, const char *pub, const char *suffix)
{
	return aws_jobs_cmp(sub, pub, strlen(pub), (const uint8_t *)suffix);
}

ZTEST(aws_jobs, test_cmp)
{
	zassert_true(cmp(PREFIX "notify-next", PREFIX "notify-next", ""));
	zassert_false(cmp(PREFIX "notify", PREFIX "notify-next", ""));
	zassert_false(cmp(PREFIX "notify-next", PREFIX "notify", ""));
	zassert_true(cmp(PREFIX "a/update/#", PREFIX "a/update/accepted", "accepted"));
	zassert_true(cmp(PREFIX "a/update/#", PREFIX "a/update/rejected", ""));
	zassert_false(cmp(PREFIX "a/update/#", PREFIX "a/update/rejected", "accepted"));
	zassert_false(cmp(PREFIX "a/update/#", PREFIX "b/update/accepted", "accepted"));
	zassert_false(aws_jobs_cmp(NULL, "a", 1, (const uint8_t *)""));
	zassert_false(aws_jobs_cmp("a", NULL, 1, (const uint8_t *)""));
	zassert_false(aws_jobs_cmp("a", "a", 1, NULL));
	zassert_false(cmp("", "", ""));
	/* A topic is not NUL-terminated in a message. */
	zassert_true(aws_jobs_cmp("a/#", "a/accepted{}", 10, (const uint8_t *)"accepted"));
}

ZTEST_SUITE(aws_jobs, NULL, connect, NULL, NULL, NULL);

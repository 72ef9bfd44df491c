/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Brokers that are slow, or break MQTT.
 */

#include <errno.h>
#include <string.h>

#include <net/aws_jobs.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "application.h"
#include "line.h"

static void connect(void *fixture)
{
	ARG_UNUSED(fixture);
	line_connect("another-client-id");
	expect_subscription();
	zassert_ok(line_accept_subscription());
	expect_request(PREFIX "$next/get");
	answer(PREFIX "$next/get/accepted", "");
}

/* A message whose rest comes late, and one whose rest never comes. */
ZTEST(broker, test_a_slow_one)
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
ZTEST(broker, test_a_trickling_one)
{
	static const char text[] = "{\"timestamp\":1,\"jobs\":{}}";
	const int64_t bound = CONFIG_AWS_FOTA_MQTT_TIMEOUT_SECONDS * MSEC_PER_SEC;
	int64_t start;
	int64_t took;

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

/* AWS IoT has no QoS 2, and it was not subscribed to: neither a PUBACK nor a PUBREC would be right. Of one with
 * QoS 1, 0 is no packet id.
 */
ZTEST(broker, test_messages_that_cannot_be_acknowledged)
{
	static const struct {
		uint8_t first;
		uint16_t packet_id;
	} cases[] = {
		{LINE_PUBLISH_2, 31}, {LINE_PUBLISH_2 | LINE_PUBLISH_1, 32}, {LINE_PUBLISH_1, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int err;

		zassert_ok(line_receive_publish_as(LINE_PUBLISH_2, "some/topic", "{}", 30));
		zassert_equal(line_handled, 1, "what is not ours is the application's");
		line_drain();
		line_handled = 0;
		err = line_receive_publish_as(cases[i].first, PREFIX "notify",
					      "{\"timestamp\":1,\"jobs\":{}}", cases[i].packet_id);
		/* Unless the client itself refuses it. */
		zassert_true(err != 0 || line_handled == -EPROTO, "%zu: %d", i, line_handled);
		k_sleep(K_SECONDS(1));
		zassert_true(line_idle(), "it was answered");
		zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
		lost_connection();
		connect(NULL);
	}
}

/* Of one topic nobody knows: nothing is taken for subscribed, and both are asked for again in a while. */
ZTEST(broker, test_a_suback_for_other_than_both_topics)
{
	static const uint8_t for_one[] = {0x90, 3, SUBSCRIBE_NOTIFY_NEXT >> 8,
					  SUBSCRIBE_NOTIFY_NEXT & 0xff, 1};
	static const uint8_t for_three[] = {
		0x90, 5, SUBSCRIBE_NOTIFY_NEXT >> 8, SUBSCRIBE_NOTIFY_NEXT & 0xff, 1, 1, 1};
	static const uint8_t for_none[] = {
		0x90, 4, SUBSCRIBE_NOTIFY_NEXT >> 8, SUBSCRIBE_NOTIFY_NEXT & 0xff, 1, 0x80};
	static const struct {
		const uint8_t *suback;
		size_t len;
		int handled;
	} cases[] = {
		{for_one, sizeof(for_one), -EPROTO},
		{for_three, sizeof(for_three), -EPROTO},
		{for_none, sizeof(for_none), 0},
	};

	lost_connection();
	line_connect("another-client-id");
	expect_subscription();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const int64_t start = k_uptime_get();

		zassert_ok(line_receive(cases[i].suback, cases[i].len));
		zassert_equal(line_handled, cases[i].handled, "%d", line_handled);
		expect_subscription();
		zassert_true(k_uptime_get() - start > 5000);
	}
	zassert_ok(line_accept_subscription());
	expect_request(PREFIX "$next/get");
	answer(PREFIX "$next/get/accepted", "");
}

/* Long waits are counted instead of waited for, which takes this simulated clock minutes. */
#define LONG_MS ((int64_t)CONFIG_AWS_FOTA_BACKOFF_MAX_SECONDS * MSEC_PER_SEC + 1000)

static atomic_t skipping;
static int64_t skipped_ms;
static uint64_t longest_ticks;

int __real_k_work_reschedule_for_queue(struct k_work_q *queue, struct k_work_delayable *work,
				       k_timeout_t delay);
int __wrap_k_work_reschedule_for_queue(struct k_work_q *queue, struct k_work_delayable *work,
				       k_timeout_t delay);
int __wrap_k_work_reschedule_for_queue(struct k_work_q *queue, struct k_work_delayable *work,
				       k_timeout_t delay)
{
	const int64_t ms = (int64_t)k_ticks_to_ms_floor64((uint64_t)delay.ticks);

	longest_ticks = MAX(longest_ticks, (uint64_t)delay.ticks);
	if (atomic_get(&skipping) != 0 && ms > LONG_MS) {
		skipped_ms += ms;
		delay = K_MSEC(1);
	}
	return __real_k_work_reschedule_for_queue(queue, work, delay);
}

/* Milliseconds until the next request. */
static int64_t time_to_next_request(void)
{
	const int64_t start = k_uptime_get();
	struct line_packet packet;

	skipped_ms = 0;
	zassert_true(line_take(&packet, K_MSEC(2 * LONG_MS)));
	zassert_equal(packet.first, LINE_PUBLISH);
	return k_uptime_get() - start + skipped_ms;
}

/* Bursts of requests, each with its wait, and the slow retry between them. */
ZTEST(broker, test_a_service_that_never_answers)
{
	const int64_t slow = (int64_t)CONFIG_AWS_FOTA_SLOW_RETRY_SECONDS * MSEC_PER_SEC;
	int64_t longest = 0;

	lost_connection();
	line_connect("another-client-id");
	expect_subscription();
	zassert_ok(line_accept_subscription());
	expect_request(PREFIX "$next/get");
	atomic_set(&skipping, 1);
	for (int bursts = 0; bursts < 10; bursts++) {
		int64_t waited;

		for (int i = 1; i < CONFIG_AWS_FOTA_RETRIES_MAX; i++) {
			waited = time_to_next_request();
			zassert_true(waited < LONG_MS, "%lld", (long long)waited);
		}
		/* After the last wait for an answer. */
		waited = time_to_next_request();
		zassert_between_inclusive(waited, slow / 2, slow + LONG_MS, "%lld",
					  (long long)waited);
		longest = MAX(longest, waited);
	}
	atomic_set(&skipping, 0);
	zassert_true(longest > slow * 3 / 4, "%lld", (long long)longest);
	/* Without CONFIG_TIMEOUT_64BIT the kernel takes no more. */
	zassert_true(longest_ticks <= (uint64_t)INT32_MAX / 2U, "%llu",
		     (unsigned long long)longest_ticks);
}

static void disconnect(void *fixture)
{
	ARG_UNUSED(fixture);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE, "the engine is free");
	lost_connection();
	zassert_true(line_idle());
}

ZTEST_SUITE(broker, NULL, application_start, connect, disconnect, NULL);

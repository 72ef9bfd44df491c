/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the application asks for and is told while a download runs.
 */

#include <errno.h>

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "faults.h"
#include "glue.h"
#include "jobs.h"
#include "server.h"
#include "update.h"

static void begin(void)
{
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
}

ZTEST(application, test_a_job_that_ends_in_the_cloud)
{
	server.silent_after = 700;
	begin();
	jobs_cancel();
	update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_CANCELLED);
	zassert_str_equal(update_ext_job, JOBS_ID);
	update_expect(AWS_FOTA_EVT_ERROR);
	jobs_serve_for(CONFIG_AWS_FOTA_HTTP_TIMEOUT_SECONDS * 2000);
	zassert_equal(server_requests, 1);
	zassert_str_equal(jobs_status(), "CANCELED");
}

ZTEST(application, test_a_job_that_ends_in_the_cloud_before_its_reboot)
{
	update_run();
	jobs_cancel();
	update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_CANCELLED);
	update_expect(AWS_FOTA_EVT_ERROR);
	jobs_serve_for(1000);
	zassert_str_equal(jobs_status(), "CANCELED");
}

ZTEST(application, test_a_pause)
{
	server.silent_after = 700;
	begin();
	zassert_ok(aws_fota_pause());
	jobs_serve_for(CONFIG_AWS_FOTA_HTTP_TIMEOUT_SECONDS * 2000);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_PAUSED);
	zassert_equal(server_requests, 1);
	server.silent_after = 0;
	zassert_ok(aws_fota_resume());
	update_expect(AWS_FOTA_EVT_DONE);
	zassert_true(update_in_slot(UPDATE_SIZE));
	update_cancel();
}

ZTEST(application, test_a_cancel)
{
	server.silent_after = 700;
	begin();
	update_cancel();
	zassert_equal(server_requests, 1);
}

/* A late cancel does not hit the job that came after the one that it was meant for. */
ZTEST(application, test_a_cancel_of_another_job)
{
	static const char too_long[] = "0123456789012345678901234567890123456789012345678901234567890123"
				       "4";

	server.silent_after = 700;
	begin();
	zassert_equal(aws_fota_cancel_by_id(NULL), -EINVAL);
	zassert_equal(aws_fota_cancel_by_id(""), -EINVAL);
	zassert_equal(aws_fota_cancel_by_id(too_long), -EINVAL);
	zassert_ok(aws_fota_cancel_by_id(too_long + 1));
	jobs_serve_for(100);
	zassert_ok(aws_fota_job_reject_by_id(JOBS_ID), "it is not offered");
	jobs_serve_for(100);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_RECEIVING);
	/* One waits at a time. */
	k_mutex_lock(&aws_fota_glue.lock, K_FOREVER);
	zassert_ok(aws_fota_cancel_by_id("another"));
	zassert_equal(aws_fota_cancel_by_id(JOBS_ID), -EAGAIN);
	k_mutex_unlock(&aws_fota_glue.lock);
	jobs_serve_for(100);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_RECEIVING);
	zassert_ok(aws_fota_cancel_by_id(JOBS_ID));
	update_expect_failure("\"reason\":\"cancelled by the application\"");
}

/* A device that cannot save for seconds still reads what the broker sends. */
static void expect_prompt_reading(void)
{
	const int64_t start = k_uptime_get();

	jobs_notify();
	zassert_true(k_uptime_get() - start < 100, "the MQTT thread waited");
}

ZTEST(application, test_messages_are_read_while_flash_is_written)
{
	update_create_job();
	fault_slow(FAULT_STORE, 3000);
	update_expect(AWS_FOTA_EVT_START);
	/* The headers of the first range: what follows them is being saved. */
	k_msleep(500);
	zassert_equal(server_requests, 1);
	expect_prompt_reading();
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	update_expect(AWS_FOTA_EVT_DONE);
	update_cancel();
}

ZTEST(application, test_messages_are_read_while_the_handler_runs)
{
	update_create_job();
	update_handler_ms = 3000;
	/* It is told before the handler goes to sleep. */
	update_expect(AWS_FOTA_EVT_START);
	update_handler_ms = 0;
	expect_prompt_reading();
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	update_expect(AWS_FOTA_EVT_DONE);
	update_cancel();
}

/* What the application asks for too often is refused, and takes no room from what a download tells. */
ZTEST(application, test_a_full_queue)
{
	int refused = 0;

	server.silent_after = 700;
	begin();
	k_mutex_lock(&aws_fota_glue.lock, K_FOREVER);
	server.silent_after = 0;
	for (int i = 0; i < 50; i++) {
		int err = aws_fota_resume();

		zassert_true(err == 0 || err == -EAGAIN);
		refused += err != 0 ? 1 : 0;
		/* The queue's thread takes the first, and waits with it. */
		k_msleep(1);
	}
	zassert_true(refused > 0 && refused < 50);
	/* The silent server's timeout is told meanwhile. */
	k_sleep(K_SECONDS(CONFIG_AWS_FOTA_HTTP_TIMEOUT_SECONDS * 3));
	k_mutex_unlock(&aws_fota_glue.lock);
	update_expect(AWS_FOTA_EVT_DONE);
	zassert_true(update_in_slot(UPDATE_SIZE));
	update_cancel();
}

ZTEST_SUITE(application, NULL, update_setup, update_before, update_after, NULL);

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the application asks for and is told while a download runs.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

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

ZTEST_SUITE(application, NULL, update_setup, update_before, update_after, NULL);

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Downloads by fota_download that fail, each with the reason that the service gets.
 */

#include <errno.h>

#include <net/aws_fota_ext.h>
#include <zephyr/dfu/mcuboot.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "update.h"

#define FRESH_URL "https://bucket.example:8443/dir/app.bin?X-Amz-Signature=1bE"

/* A download that was interrupted begins again, with a fresh URL. */
static void expect_another_try(void)
{
	struct fake_start start;

	service_describe(update_same_job(FRESH_URL));
	(void)update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	(void)update_expect(AWS_FOTA_EVT_ERASE_DONE);
	start = fake_started();
	zassert_str_equal(start.file, "dir/app.bin?X-Amz-Signature=1bE");
}

static void fail_until_the_job_fails(enum fota_download_error_cause cause, const char *detail)
{
	(void)update_begin(update_job(UPDATE_URL));
	for (int i = 0; i < CONFIG_AWS_FOTA_RETRIES_MAX; i++) {
		fake_error(cause);
		expect_another_try();
	}
	fake_error(cause);
	update_expect_failure(detail);
}

ZTEST(failures, test_no_connection)
{
	fail_until_the_job_fails(
		FOTA_DOWNLOAD_ERROR_CAUSE_CONNECT_FAILED,
		"{\"reason\":\"download failed too often\",\"detail\":\"1\"}");
}

/* 403, 404, an unknown host: the library does not say. */
ZTEST(failures, test_a_download_of_which_nothing_comes)
{
	fail_until_the_job_fails(
		FOTA_DOWNLOAD_ERROR_CAUSE_DOWNLOAD_FAILED,
		"{\"reason\":\"download failed too often\",\"detail\":\"9\"}");
}

ZTEST(failures, test_a_download_that_breaks)
{
	(void)update_begin(update_job(UPDATE_URL));
	update_fragment(0, 256, 25, true);
	for (int i = 0; i < CONFIG_AWS_FOTA_RETRIES_MAX; i++) {
		fake_error(FOTA_DOWNLOAD_ERROR_CAUSE_DOWNLOAD_FAILED);
		expect_another_try();
		update_fragment(0, 256, 25, false);
	}
	fake_error(FOTA_DOWNLOAD_ERROR_CAUSE_DOWNLOAD_FAILED);
	update_expect_failure(
		"{\"reason\":\"download failed too often\",\"detail\":\"4\"}");
}

ZTEST(failures, test_a_broken_download_begins_at_the_first_byte_again)
{
	(void)update_begin(update_job(UPDATE_URL));
	update_fragment(0, 512, 50, true);
	fake_resets = 0;
	fake_error(FOTA_DOWNLOAD_ERROR_CAUSE_DOWNLOAD_FAILED);
	expect_another_try();
	zassert_equal(fake_resets, 1);
	update_fragment(0, 768, 75, true);
	update_cancel();
}

static void fail_at_once(enum fota_download_error_cause cause, const char *reason)
{
	(void)update_begin(update_job(UPDATE_URL));
	fake_error(cause);
	update_expect_failure(reason);
}

ZTEST(failures, test_what_the_library_refuses_is_no_image)
{
	fail_at_once(FOTA_DOWNLOAD_ERROR_CAUSE_INVALID_UPDATE, "\"not a bootable image\"");
	fail_at_once(FOTA_DOWNLOAD_ERROR_CAUSE_TYPE_MISMATCH, "\"not a bootable image\"");
}

ZTEST(failures, test_an_internal_error_is_one_of_the_flash)
{
	fail_at_once(FOTA_DOWNLOAD_ERROR_CAUSE_INTERNAL, "\"flash could not be written\"");
}

ZTEST(failures, test_an_object_that_is_too_short)
{
	(void)update_begin(update_job(UPDATE_URL));
	update_fragment(0, 512, 50, true);
	fake_event(FOTA_DOWNLOAD_EVT_FINISHED);
	update_expect_failure("\"object has another size\"");
}

ZTEST(failures, test_an_object_that_is_too_long)
{
	(void)update_begin(update_job_of_size(UPDATE_URL, 512));
	/* Exactly as long as it should be, and then it goes on. */
	update_fragment(0, 512, 99, true);
	fake_fragment(update_image + 512, 512);
	fake_event(FOTA_DOWNLOAD_EVT_FINISHED);
	update_expect_failure("\"object has another size\"");
}

ZTEST(failures, test_another_digest_is_never_installed)
{
	(void)update_begin(update_job_with_wrong_digest());
	update_fragment(0, UPDATE_SIZE, 99, true);
	fake_event(FOTA_DOWNLOAD_EVT_FINISHED);
	zassert_equal(update_expect(AWS_FOTA_EVT_DL_PROGRESS).dl.progress, 100);
	update_expect_failure("\"sha256 differs\"");
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

ZTEST(failures, test_a_library_in_use_is_tried_again)
{
	fake_start_result = -EALREADY;
	(void)update_begin(update_job(UPDATE_URL));
	fake_start_result = 0;
	expect_another_try();
	update_fragment(0, 256, 25, true);
	update_cancel();
}

ZTEST(failures, test_a_cancellation_by_somebody_else_is_tried_again)
{
	(void)update_begin(update_job(UPDATE_URL));
	update_fragment(0, 256, 25, true);
	fake_event(FOTA_DOWNLOAD_EVT_CANCELLED);
	expect_another_try();
	update_fragment(0, 512, 50, true);
	update_cancel();
}

ZTEST_SUITE(failures, NULL, update_setup, NULL, NULL, NULL);

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Downloads by fota_download that end as they should: whole, cancelled, paused or removed.
 */

#include <errno.h>
#include <string.h>

#include <net/aws_fota_ext.h>
#include <zephyr/dfu/mcuboot.h>
#include <zephyr/kernel.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/ztest.h>

#include "update.h"

static void expect_slot(const uint8_t *data, size_t len)
{
	static uint8_t slot[UPDATE_SIZE];
	const struct flash_area *area;

	zassert_ok(flash_area_open(FIXED_PARTITION_ID(slot1_partition), &area));
	zassert_ok(flash_area_read(area, 0, slot, len));
	flash_area_close(area);
	zassert_mem_equal(slot, data, len);
}

static void expect_cancels(int count)
{
	/* The download thread looks every 200 ms. */
	k_sleep(K_MSEC(500));
	zassert_equal(fake_cancels, count);
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	fake_cancels = 0;
	fake_resets = 0;
}

ZTEST(download, test_a_whole_update)
{
	const struct fake_start start = update_begin(update_job(UPDATE_URL));

	zassert_str_equal(start.host, "https://bucket.example:8443");
	zassert_str_equal(start.file, "dir/app.bin?X-Amz-Signature=0aF");
	zassert_equal(start.tag, 42);
	update_fragment(0, 256, 25, true);
	update_fragment(256, 256, 50, true);
	/* The last byte counts when the library has flushed it. */
	update_fragment(512, 512, 99, true);
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
	fake_event(FOTA_DOWNLOAD_EVT_FINISHED);
	zassert_equal(update_expect(AWS_FOTA_EVT_DL_PROGRESS).dl.progress, 100);
	zassert_equal(update_expect(AWS_FOTA_EVT_DONE).image, DFU_TARGET_IMAGE_TYPE_MCUBOOT);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_REBOOTING);
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_TEST);
	expect_slot(update_image, UPDATE_SIZE);
	/* Nothing is left to install after this. */
	update_cancel();
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
	zassert_equal(fake_cancels, 0);
}

ZTEST(download, test_http_has_no_tag_and_a_path_with_two_slashes_stays_whole)
{
	const struct fake_start start = update_begin(update_job("http://bucket.example/a//b"));

	zassert_str_equal(start.host, "http://bucket.example");
	zassert_str_equal(start.file, ":///a//b");
	zassert_equal(start.tag, -1);
	update_fragment(0, 256, 25, true);
	update_cancel();
	expect_cancels(1);
}

ZTEST(download, test_a_cancelled_update_begins_at_the_first_byte_again)
{
	(void)update_begin(update_job(UPDATE_URL));
	update_fragment(0, 256, 25, true);
	update_cancel();
	expect_cancels(1);
	fake_resets = 0;
	(void)update_begin(update_job(UPDATE_URL));
	zassert_equal(fake_resets, 1);
	update_fragment(0, 512, 50, true);
	expect_slot(update_image, 512);
	update_cancel();
	expect_cancels(2);
}

/* The library's client forgets a cancellation while it connects. */
ZTEST(download, test_a_cancellation_waits_for_the_first_byte)
{
	(void)update_begin(update_job(UPDATE_URL));
	update_cancel();
	expect_cancels(0);
	fake_fragment(update_image, 256);
	expect_cancels(1);
}

ZTEST(download, test_a_cancellation_before_the_first_byte_may_meet_an_error)
{
	(void)update_begin(update_job(UPDATE_URL));
	update_cancel();
	fake_error(FOTA_DOWNLOAD_ERROR_CAUSE_CONNECT_FAILED);
	expect_cancels(0);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
}

ZTEST(download, test_a_job_that_is_removed_stops_the_download)
{
	(void)update_begin(update_job(UPDATE_URL));
	update_fragment(0, 256, 25, true);
	service_remove("job-1");
	(void)update_expect(AWS_FOTA_EVT_ERROR);
	service_offer(NULL);
	expect_cancels(1);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
}

ZTEST(download, test_a_pause_begins_at_the_first_byte_again)
{
	(void)update_begin(update_job(UPDATE_URL));
	update_fragment(0, 256, 25, true);
	zassert_ok(aws_fota_pause());
	expect_cancels(1);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_PAUSED);
	zassert_ok(aws_fota_resume());
	(void)update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	(void)update_expect(AWS_FOTA_EVT_ERASE_DONE);
	(void)fake_started();
	update_fragment(0, 512, 50, true);
	update_cancel();
	expect_cancels(2);
}

ZTEST(download, test_what_the_library_erases_is_not_told_again)
{
	(void)update_begin(update_job(UPDATE_URL));
	fake_event(FOTA_DOWNLOAD_EVT_ERASE_PENDING);
	fake_event(FOTA_DOWNLOAD_EVT_ERASE_TIMEOUT);
	fake_event(FOTA_DOWNLOAD_EVT_ERASE_DONE);
	update_fragment(0, 256, 25, true);
	update_cancel();
	expect_cancels(1);
}

ZTEST_SUITE(download, NULL, update_setup, before, NULL, NULL);

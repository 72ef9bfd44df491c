/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The slot: what is erased, and how a job ends when flash fails.
 */

#include <errno.h>
#include <string.h>

#include <zephyr/dfu/mcuboot.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/ztest.h>

#include "faults.h"
#include "jobs.h"
#include "server.h"
#include "slot.h"
#include "store.h"
#include "update.h"

static void begin(void)
{
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
}

ZTEST(flash, test_what_stood_in_the_slot_is_gone)
{
	update_run();
	zassert_true(update_in_slot(aws_fota_slot_size()));
	update_cancel();
}

/* What requesting an upgrade writes; of a mode that is known, a flash page with the trailer, and the
 * one before the image.
 */
ZTEST(flash, test_what_the_bootloader_leaves_of_the_slot)
{
	const uint32_t rest = UPDATE_SLOT_START > 0U ? 2U * UPDATE_SLOT_START : 16U + 3U * 8U;

	zassert_equal(aws_fota_slot_size(), FIXED_PARTITION_SIZE(slot1_partition) - rest);
}

ZTEST(flash, test_a_slot_that_cannot_be_erased)
{
	fault_order(FAULT_ERASE, -EIO, 0, 3);
	begin();
	update_expect_failure("\"reason\":\"flash could not be written\",\"detail\":\"5\"");
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

/* Nor does a job fail for a flash that is busy for a moment, nor is a cancelled image installed. */
ZTEST(flash, test_a_slot_that_cannot_be_erased_at_once)
{
	fault_order(FAULT_ERASE, -EBUSY, 0, 2);
	update_run();
	zassert_not_null(strstr(faults_calls(), "EEe"));
	fault_order(FAULT_ERASE, -EBUSY, 0, 2);
	update_cancel();
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

ZTEST(flash, test_a_slot_that_cannot_be_written)
{
	fault_order(FAULT_WRITE, -EIO, 3, 1);
	begin();
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	update_expect_failure("\"reason\":\"flash could not be written\"");
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

ZTEST(flash, test_a_slot_that_cannot_be_read)
{
	begin();
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	fault_order(FAULT_READ, -EIO, 0, 1000);
	update_expect_failure("\"reason\":\"flash could not be written\",\"detail\":\"5\"");
	faults_reset();
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

ZTEST(flash, test_an_upgrade_that_cannot_be_requested)
{
	fault_order(FAULT_UPGRADE, -EIO, 0, 1);
	begin();
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	update_expect_failure("\"reason\":\"upgrade could not be requested\",\"detail\":\"5\"");
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

/* The application is told to reboot, and the next start tries again. */
ZTEST(flash, test_a_cancelled_upgrade_that_cannot_be_erased)
{
	update_run();
	fault_order(FAULT_ERASE, -EIO, 0, 3);
	zassert_ok(aws_fota_cancel());
	update_expect(AWS_FOTA_EVT_DONE);
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_TEST);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_REVERTING);
	update_reboot();
	update_expect_failure("\"reason\":\"cancelled by the application\"");
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

static bool offset_saved(void)
{
	return store_len > 0U && sys_get_le32(&store_record[20]) == CONFIG_AWS_FOTA_RESUME_STEP;
}

/* How many ranges are asked for after a reboot in the middle of a download. */
static int requests_after_reboot(void)
{
	server.silent_from = CONFIG_AWS_FOTA_RESUME_STEP + 1000U;
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	jobs_serve_until(offset_saved);
	/* Nothing runs any more where there was a reboot. */
	zassert_ok(aws_fota_pause());
	jobs_serve_for(500);
	server.silent_from = 0;
	server_requests = 0;
	update_reboot();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	update_expect(AWS_FOTA_EVT_DONE);
	zassert_true(update_in_slot(UPDATE_SIZE));
	update_cancel();
	return server_requests;
}

ZTEST(flash, test_a_reboot_between_two_flash_pages)
{
	zassert_equal(requests_after_reboot(),
		      DIV_ROUND_UP(UPDATE_SIZE - CONFIG_AWS_FOTA_RESUME_STEP,
				   CONFIG_AWS_FOTA_RANGE_SIZE));
}

/* The erasing of the rest would take what is there along. */
ZTEST(flash, test_a_reboot_amid_a_flash_page)
{
	fault_flash_page(4 * CONFIG_AWS_FOTA_RESUME_STEP);
	zassert_equal(requests_after_reboot(),
		      DIV_ROUND_UP(UPDATE_SIZE, CONFIG_AWS_FOTA_RANGE_SIZE));
}

ZTEST_SUITE(flash, NULL, update_setup, update_before, update_after, NULL);

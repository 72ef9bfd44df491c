/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Record before action: what the module does when the record cannot be saved.
 */

#include <errno.h>

#include <zephyr/dfu/mcuboot.h>
#include <zephyr/ztest.h>

#include "faults.h"
#include "jobs.h"
#include "server.h"
#include "slot.h"
#include "update.h"

#define FOREVER 1000

ZTEST(record, test_the_record_stands_before_what_it_is_about)
{
	update_run();
	/* The erasing; two saved offsets; the upgrade, and that it is requested. */
	zassert_str_equal(faults_calls(), "se"
					  "ss"
					  "su"
					  "s");
	zassert_true(update_in_slot(UPDATE_SIZE));
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_TEST);
	faults_reset();
	update_cancel();
	zassert_str_equal(faults_calls(), "se"
					  "s"
					  "c");
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

ZTEST(record, test_nothing_is_erased_without_a_record)
{
	fault_order(FAULT_STORE, -EIO, 0, FOREVER);
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect_failure("\"reason\":\"flash could not be written\",\"detail\":\"5\"");
	/* Neither for the erasing, nor for the failure, nor for its end. */
	zassert_str_equal(faults_calls(), "fff"
					  "fff"
					  "xxx");
	zassert_equal(server_requests, 1);
}

ZTEST(record, test_a_record_is_saved_after_a_while)
{
	fault_order(FAULT_STORE, -EBUSY, 0, 2);
	update_run();
	zassert_str_equal(faults_calls(), "ffse"
					  "ss"
					  "su"
					  "s");
	update_cancel();
}

ZTEST(record, test_no_upgrade_is_requested_without_a_record)
{
	fault_order(FAULT_STORE, -ENOSPC, 3, 3);
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	update_expect_failure("\"reason\":\"upgrade could not be requested\",\"detail\":\"28\"");
	zassert_str_equal(faults_calls(), "se"
					  "ss"
					  "fff"
					  "s"
					  "c");
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

ZTEST(record, test_an_offset_that_cannot_be_saved_is_an_older_one)
{
	fault_order(FAULT_STORE, -EIO, 1, 6);
	update_run();
	zassert_str_equal(faults_calls(), "se"
					  "fff"
					  "fff"
					  "su"
					  "s");
	zassert_true(update_in_slot(UPDATE_SIZE));
	update_cancel();
}

/* It was not noted that the upgrade is cancelled: it is not yet, and the application is told to
 * reboot.
 */
ZTEST(record, test_no_cancel_is_carried_out_without_a_record)
{
	update_run();
	faults_reset();
	fault_order(FAULT_STORE, -EIO, 0, 3);
	zassert_ok(aws_fota_cancel());
	update_expect(AWS_FOTA_EVT_DONE);
	zassert_str_equal(faults_calls(), "fff"
					  "s");
	zassert_true(update_in_slot(UPDATE_SIZE));
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_TEST);
	update_reboot();
	update_expect_failure("\"reason\":\"cancelled by the application\"");
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
}

/* Nothing begins anew at offset 0 over a record that says more than that. */
ZTEST(record, test_a_changed_object_is_not_begun_without_a_record)
{
	server.silent_after = 1;
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	server.silent_after = 0;
	server.etag = "\"second\"";
	fault_order(FAULT_STORE, -EIO, 0, FOREVER);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect_failure("\"reason\":\"flash could not be written\",\"detail\":\"5\"");
	faults_reset();
}

static void after(void *fixture)
{
	/* What could not be removed is, by the next job. */
	faults_reset();
	if (aws_fota_state() == AWS_FOTA_PHASE_IDLE) {
		update_run();
		update_cancel();
	}
	update_after(fixture);
}

ZTEST_SUITE(record, NULL, update_setup, update_before, after, NULL);

/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zephyr/dfu/mcuboot.h>
#include <zephyr/kernel.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/ztest.h>

#include "faults.h"
#include "glue.h"
#include "jobs.h"
#include "line.h"
#include "server.h"
#include "signed_image.h"
#include "slot.h"
#include "store.h"
#include "update.h"

#define THING "thing:3"

K_MSGQ_DEFINE(told, sizeof(int), 16, 4);

uint8_t update_image[UPDATE_SIZE];
struct aws_fota_ext_event update_ext;
char update_ext_job[AWS_FOTA_JOB_ID_MAX + 1];

int update_handler_ms;

static char digest[65];
static int next_told;

static void tell(int what)
{
	zassert_ok(k_msgq_put(&told, &what, K_NO_WAIT));
}

static void on_update(struct aws_fota_event *event)
{
	if (event->id != AWS_FOTA_EVT_DL_PROGRESS) {
		tell((int)event->id);
		k_msleep(update_handler_ms);
	}
}

static void on_more(const struct aws_fota_ext_event *event)
{
	update_ext = *event;
	strcpy(update_ext_job, event->job_id);
	tell(UPDATE_EXT + (int)event->id);
}

void update_put_trailer(uint8_t copy_done, uint8_t image_ok, uint8_t magic)
{
	uint8_t trailer[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			       0xff, 0xff, 0xff, 0xff, 0xff, 0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2,
			       0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
	const struct flash_area *area;

	trailer[0] = copy_done;
	trailer[8] = image_ok;
	trailer[16] = magic;

	zassert_ok(flash_area_open(FIXED_PARTITION_ID(slot0_partition), &area));
	/* native_sim keeps its flash in a file from run to run. */
	zassert_ok(flash_area_flatten(area, 0, area->fa_size));
	zassert_ok(flash_area_write(area, (off_t)(area->fa_size - sizeof(trailer)), trailer,
				    sizeof(trailer)));
	flash_area_close(area);
}

static int other_result;

static void start_too(void *a, void *b, void *c)
{
	ARG_UNUSED(a);
	ARG_UNUSED(b);
	ARG_UNUSED(c);
	other_result = aws_fota_init(on_update);
}

/* Of two threads that start the module at once, one does, and the other learns of it. */
static void start_twice(void)
{
	static K_THREAD_STACK_DEFINE(stack, 16384);
	static struct k_thread other;
	int result;

	fault_slow(FAULT_LOAD, 100);
	(void)k_thread_create(&other, stack, K_THREAD_STACK_SIZEOF(stack), start_too, NULL, NULL,
			      NULL, 1, 0, K_NO_WAIT);
	/* The other one reads the record meanwhile. */
	k_msleep(50);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_UNBOOTED);
	result = aws_fota_init(on_update);
	zassert_ok(k_thread_join(&other, K_SECONDS(1)));
	zassert_ok(other_result);
	zassert_equal(result, -EPERM);
}

void *update_setup(void)
{
	static bool done;

	if (done) {
		return NULL;
	}
	done = true;
	signed_image_make(update_image, UPDATE_SIZE, digest);
	update_put_trailer(1, 0xff, 0x77);
	faults_reset();
	aws_fota_ext_callback_set(on_more);
	/* Whoever could not start may try again. */
	fault_order(FAULT_READ, -EIO, 0, 1);
	zassert_equal(aws_fota_init(on_update), -EIO);
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_UNBOOTED);
	/* A record that cannot be read is as good as none: updates go on. */
	store_len = sizeof(store_record);
	fault_order(FAULT_LOAD, -EIO, 0, 1);
	start_twice();
	store_len = 0;
	jobs_connect(THING);
	/* An image on trial takes no job before it is confirmed. */
	update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_CONFIRM);
	zassert_str_equal(update_ext_job, "");
	fault_order(FAULT_CONFIRM, -EIO, 0, 1);
	zassert_ok(aws_fota_confirm());
	update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_ERROR);
	zassert_equal(update_ext.error.reason, AWS_FOTA_REASON_CONFIRM);
	update_expect(AWS_FOTA_EVT_ERROR);
	/* As applications do that were written before the module's own function: it is noticed. */
	zassert_ok(boot_write_img_confirmed());
	jobs_serve_for(11000);
	zassert_str_equal(faults_calls(), "Kk");
	zassert_true(aws_fota_glue.engine.confirmed);
	zassert_true(update_quiet());
	return NULL;
}

void update_before(void *fixture)
{
	static const uint8_t zeros[4096];
	const struct flash_area *area;

	ARG_UNUSED(fixture);
	server_reset(update_image, sizeof(update_image));
	zassert_ok(flash_area_open(aws_fota_slot_id(), &area));
	zassert_ok(flash_area_flatten(area, 0, area->fa_size));
	for (off_t at = 0; at < (off_t)area->fa_size; at += (off_t)sizeof(zeros)) {
		zassert_ok(flash_area_write(area, at, zeros, sizeof(zeros)));
	}
	flash_area_close(area);
	faults_reset();
}

void update_after(void *fixture)
{
	ARG_UNUSED(fixture);
	jobs_serve_for(500);
	zassert_true(jobs_ended());
	zassert_equal(aws_fota_state(), AWS_FOTA_PHASE_IDLE);
	zassert_true(update_quiet());
	zassert_equal(store_len, 0U);
	zassert_false(server_connected, "a connection is kept that nobody needs");
}

void update_create_job(void)
{
	static char document[400];
	int len = snprintf(
		document, sizeof(document),
		"{\"operation\":\"app_fw_update\",\"fwversion\":\"v1.1.0\",\"size\":%u,"
		"\"sha256\":\"%s\",\"location\":{\"url\":\"http://host.example/app.bin\"}}",
		UPDATE_SIZE, digest);

	zassert_true(len > 0 && (size_t)len < sizeof(document));
	jobs_create(document);
}

static bool anything_told(void)
{
	return k_msgq_get(&told, &next_told, K_NO_WAIT) == 0;
}

void update_expect(int what)
{
	jobs_serve_until(anything_told);
	zassert_equal(next_told, what, "%d was told instead of %d; the job is %s: %s", next_told,
		      what, jobs_status(), jobs_details());
}

bool update_quiet(void)
{
	return k_msgq_num_used_get(&told) == 0U;
}

void update_run(void)
{
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	update_expect(AWS_FOTA_EVT_DONE);
}

void update_expect_failure(const char *details)
{
	update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_ERROR);
	zassert_str_equal(update_ext_job, JOBS_ID);
	update_expect(AWS_FOTA_EVT_ERROR);
	update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_FINISHED);
	zassert_str_equal(update_ext_job, JOBS_ID);
	zassert_equal(update_ext.finished.status, AWS_FOTA_JOB_FAILED);
	zassert_str_equal(jobs_status(), "FAILED");
	zassert_str_equal(jobs_details(), details, "%s", jobs_details());
}

void update_cancel(void)
{
	zassert_ok(aws_fota_cancel());
	update_expect_failure("\"reason\":\"cancelled by the application\"");
}

void update_reboot(void)
{
	static uint8_t record[AWS_FOTA_RECORD_MAX];
	struct aws_fota_input input = {.id = AWS_FOTA_INPUT_BOOT};

	const int len = aws_fota_record_load(record);

	zassert_true(len >= 0);
	input.data.boot.record = len > 0 ? record : NULL;
	input.data.boot.record_len = (size_t)len;
	input.data.boot.confirmed = true;
	input.data.boot.swap_pending = mcuboot_swap_type() == BOOT_SWAP_TYPE_TEST;
	input.data.boot.slot_size = aws_fota_slot_size();
	zassert_ok(aws_fota_queue_post(&input));
	/* The queue would take the connection first. */
	k_msleep(50);
	jobs_connect(THING);
}

bool update_in_slot(uint32_t end)
{
	const struct flash_area *area;
	uint8_t byte;
	bool same = true;

	zassert_ok(flash_area_open(aws_fota_slot_id(), &area));
	for (uint32_t at = 0; same && at < UPDATE_SLOT_START; at++) {
		zassert_ok(flash_area_read(area, (off_t)at, &byte, 1));
		same = byte == 0xffU;
	}
	for (uint32_t at = 0; same && at < end; at++) {
		zassert_ok(flash_area_read(area, (off_t)(UPDATE_SLOT_START + at), &byte, 1));
		same = byte == (at < UPDATE_SIZE ? update_image[at] : 0xffU);
		if (!same) {
			TC_PRINT("the slot differs at %u: %02x\n", at, byte);
		}
	}
	flash_area_close(area);
	return same;
}

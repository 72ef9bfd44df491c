/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The nRF Connect SDK's fota_download as the glue sees it: it writes to the slot by itself, keeps the pointers that it
 * was given, and goes on where it was when the target was not reset.
 */

#include <errno.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/ztest.h>

#include "fake_fota_download.h"

int fake_start_result;
int fake_cancels;
int fake_resets;

K_SEM_DEFINE(starts, 0, 8);

static fota_download_callback_t callback;
static const char *kept_host;
static const char *kept_file;
static struct fake_start last;
static atomic_t running;
static bool target;
static size_t offset;

int fota_download_init(fota_download_callback_t client_callback)
{
	callback = client_callback;
	return 0;
}

int fota_download_start_with_image_type(const char *host, const char *file, int sec_tag,
					uint8_t pdn_id, size_t fragment_size,
					const enum dfu_target_image_type expected_type)
{
	/* The test goes on, and may change it, as soon as it knows. */
	const int result = fake_start_result;

	zassert_not_null(callback);
	zassert_equal(expected_type, DFU_TARGET_IMAGE_TYPE_MCUBOOT);
	zassert_equal(pdn_id, 0);
	zassert_equal(fragment_size, 0U);
	zassert_true(strlen(host) < sizeof(last.host));
	zassert_true(strlen(file) < sizeof(last.file));
	if (result == 0) {
		zassert_false(target, "it would go on in the middle");
		zassert_equal(atomic_set(&running, 1), 0);
		kept_host = host;
		kept_file = file;
		strcpy(last.host, host);
		strcpy(last.file, file);
		last.tag = sec_tag;
	}
	k_sem_give(&starts);
	return result;
}

static void end(const struct fota_download_evt *evt)
{
	zassert_equal(atomic_set(&running, 0), 1);
	callback(evt);
}

int fota_download_cancel(void)
{
	const struct fota_download_evt evt = {.id = FOTA_DOWNLOAD_EVT_CANCELLED};

	fake_cancels++;
	if (atomic_get(&running) == 0) {
		return -EAGAIN;
	}
	end(&evt);
	return 0;
}

int dfu_target_offset_get(size_t *out)
{
	*out = offset;
	return target ? 0 : -EACCES;
}

int dfu_target_reset(void)
{
	fake_resets++;
	target = false;
	offset = 0;
	return 0;
}

struct fake_start fake_started(void)
{
	zassert_ok(k_sem_take(&starts, K_SECONDS(200)), "no download was started");
	return last;
}

bool fake_idle(void)
{
	return k_sem_count_get(&starts) == 0U;
}

void fake_fragment(const void *data, size_t len)
{
	const struct fota_download_evt evt = {.id = FOTA_DOWNLOAD_EVT_PROGRESS};
	const struct flash_area *area;

	zassert_equal(atomic_get(&running), 1);
	zassert_str_equal(kept_host, last.host, "the host has to outlive the download");
	zassert_str_equal(kept_file, last.file, "the file has to outlive the download");
	zassert_ok(flash_area_open(FIXED_PARTITION_ID(slot1_partition), &area));
	zassert_ok(flash_area_write(area, (off_t)offset, data, len), "is it erased?");
	flash_area_close(area);
	target = true;
	offset += len;
	callback(&evt);
}

void fake_event(enum fota_download_evt_id id)
{
	const struct fota_download_evt evt = {.id = id};

	if (id == FOTA_DOWNLOAD_EVT_FINISHED || id == FOTA_DOWNLOAD_EVT_CANCELLED) {
		end(&evt);
	} else {
		callback(&evt);
	}
}

void fake_error(enum fota_download_error_cause cause)
{
	const struct fota_download_evt evt = {.id = FOTA_DOWNLOAD_EVT_ERROR, .cause = cause};

	end(&evt);
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <string.h>

#include <zephyr/dfu/flash_img.h>
#include <zephyr/dfu/mcuboot.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/kernel.h>
#include <zephyr/storage/flash_map.h>

#include "faults.h"

static struct {
	int error;
	int skip;
	int times;
	int milliseconds;
} orders[FAULTS];
static char calls[200];
static size_t flash_page;
static struct k_spinlock lock;

void fault_order(enum fault fault, int error, int skip, int times)
{
	k_spinlock_key_t key = k_spin_lock(&lock);

	orders[fault].error = error;
	orders[fault].skip = skip;
	orders[fault].times = times;
	k_spin_unlock(&lock, key);
}

void fault_slow(enum fault fault, int milliseconds)
{
	orders[fault].milliseconds = milliseconds;
}

void fault_flash_page(size_t size)
{
	flash_page = size;
}

void faults_reset(void)
{
	k_spinlock_key_t key = k_spin_lock(&lock);

	memset(orders, 0, sizeof(orders));
	memset(calls, 0, sizeof(calls));
	flash_page = 0;
	k_spin_unlock(&lock, key);
}

int fault_take(enum fault fault, char done, char failed)
{
	k_spinlock_key_t key = k_spin_lock(&lock);
	const size_t len = strlen(calls);
	const int milliseconds = orders[fault].milliseconds;
	int error = 0;

	orders[fault].milliseconds = 0;
	if (orders[fault].skip > 0) {
		orders[fault].skip--;
	} else if (orders[fault].times > 0) {
		orders[fault].times--;
		error = orders[fault].error;
	}
	if (done != '\0' && len + 1U < sizeof(calls)) {
		calls[len] = error == 0 ? done : failed;
	}
	k_spin_unlock(&lock, key);
	if (milliseconds > 0) {
		k_msleep(milliseconds);
	}
	return error;
}

const char *faults_calls(void)
{
	return calls;
}

int __real_flash_area_flatten(const struct flash_area *area, off_t offset, size_t len);
int __wrap_flash_area_flatten(const struct flash_area *area, off_t offset, size_t len);
int __wrap_flash_area_flatten(const struct flash_area *area, off_t offset, size_t len)
{
	/* With CONFIG_IMG_ERASE_PROGRESSIVELY flash_img erases the trailer by it too. */
	const bool whole = offset + (off_t)len == (off_t)area->fa_size && len > 0x1000;
	int error = whole ? fault_take(FAULT_ERASE, 'e', 'E') : 0;

	if (flash_page > 0U) {
		const off_t surplus = offset % (off_t)flash_page;

		offset -= surplus;
		len += (size_t)surplus;
	}
	return error != 0 ? error : __real_flash_area_flatten(area, offset, len);
}

int __real_z_impl_flash_get_page_info_by_offs(const struct device *dev, off_t offset,
					      struct flash_pages_info *info);
int __wrap_z_impl_flash_get_page_info_by_offs(const struct device *dev, off_t offset,
					      struct flash_pages_info *info);
int __wrap_z_impl_flash_get_page_info_by_offs(const struct device *dev, off_t offset,
					      struct flash_pages_info *info)
{
	const off_t slot = FIXED_PARTITION_OFFSET(slot1_partition);
	const off_t slot_end = slot + (off_t)FIXED_PARTITION_SIZE(slot1_partition);
	int error = __real_z_impl_flash_get_page_info_by_offs(dev, offset, info);

	if (error == 0 && flash_page > 0U && offset >= slot && offset < slot_end) {
		info->start_offset = offset - (offset - slot) % (off_t)flash_page;
		info->size = (size_t)MIN((off_t)flash_page, slot_end - info->start_offset);
	}
	return error;
}

int __real_flash_area_read(const struct flash_area *area, off_t offset, void *to, size_t len);
int __wrap_flash_area_read(const struct flash_area *area, off_t offset, void *to, size_t len);
int __wrap_flash_area_read(const struct flash_area *area, off_t offset, void *to, size_t len)
{
	int error = fault_take(FAULT_READ, '\0', '\0');

	return error != 0 ? error : __real_flash_area_read(area, offset, to, len);
}

int __real_flash_img_buffered_write(struct flash_img_context *ctx, const uint8_t *data, size_t len,
				    bool flush);
int __wrap_flash_img_buffered_write(struct flash_img_context *ctx, const uint8_t *data, size_t len,
				    bool flush);
int __wrap_flash_img_buffered_write(struct flash_img_context *ctx, const uint8_t *data, size_t len,
				    bool flush)
{
	int error = fault_take(FAULT_WRITE, '\0', '\0');

	return error != 0 ? error : __real_flash_img_buffered_write(ctx, data, len, flush);
}

int __real_boot_request_upgrade(int permanent);
int __wrap_boot_request_upgrade(int permanent);
int __wrap_boot_request_upgrade(int permanent)
{
	int error = fault_take(FAULT_UPGRADE, 'u', 'U');

	return error != 0 ? error : __real_boot_request_upgrade(permanent);
}

int __real_boot_write_img_confirmed(void);
int __wrap_boot_write_img_confirmed(void);
int __wrap_boot_write_img_confirmed(void)
{
	int error = fault_take(FAULT_CONFIRM, 'k', 'K');

	return error != 0 ? error : __real_boot_write_img_confirmed();
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is found of an image in the slot.
 */

#include <string.h>

#include <zephyr/dfu/mcuboot.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/ztest.h>

#include "image.h"
#include "slot.h"
#include "update.h"

#define HEADER 32U
#define BODY   64U

static uint8_t bytes[512];
static size_t end;
static struct aws_fota_image image;

static void put_tlv(uint16_t type, uint16_t len)
{
	sys_put_le16(type, bytes + end);
	sys_put_le16(len, bytes + end + 2U);
	for (uint16_t i = 0; i < len; i++) {
		bytes[end + 4U + i] = (uint8_t)(type + i);
	}
	end += 4U + len;
}

/* Header, body, and the info of a TLV area of so many bytes. */
static void begin(uint16_t area)
{
	memset(bytes, 0, sizeof(bytes));
	sys_put_le32(0x96f3b83dU, bytes);
	sys_put_le16(HEADER, bytes + 8);
	sys_put_le32(BODY, bytes + 12);
	bytes[20] = 3U;
	end = HEADER + BODY;
	sys_put_le16(0x6907U, bytes + end);
	sys_put_le16(area, bytes + end + 2U);
	end += 4U;
}

static void read_image(uint32_t limit)
{
	const struct flash_area *area;

	zassert_ok(flash_area_open(aws_fota_slot_id(), &area));
	zassert_ok(flash_area_flatten(area, 0, area->fa_size));
	zassert_ok(flash_area_write(area, UPDATE_SLOT_START, bytes, sizeof(bytes)));
	flash_area_close(area);
	memset(&image, 0xff, sizeof(image));
	zassert_ok(aws_fota_image_read(aws_fota_slot_id(), limit, &image));
}

static void expect_hash(uint16_t type, uint16_t len)
{
	begin((uint16_t)(4U + 8U + 4U + len));
	put_tlv(0x01, 4);
	put_tlv(type, len);
	read_image((uint32_t)end);
	zassert_true(image.valid);
	zassert_true(image.has_hash);
	zassert_equal(image.version.major, 3);
	for (size_t i = 0; i < sizeof(image.hash); i++) {
		zassert_equal(image.hash[i], (uint8_t)(type + i));
	}
}

ZTEST(image, test_the_hash_of_any_key)
{
	expect_hash(0x10, 32);
	/* Of ECDSA-P384 and of Ed25519. */
	expect_hash(0x11, 48);
	expect_hash(0x12, 64);
}

ZTEST(image, test_what_is_no_hash)
{
	static const uint16_t types[] = {0x0f, 0x13, 0x10};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const uint16_t len = types[i] == 0x10 ? 31 : 64;

		begin((uint16_t)(4U + 4U + len));
		put_tlv(types[i], len);
		read_image((uint32_t)end);
		zassert_true(image.valid);
		zassert_false(image.has_hash);
	}
}

ZTEST(image, test_an_image_that_ends_early)
{
	begin(4U + 36U);
	put_tlv(0x10, 32);
	read_image((uint32_t)end + 100U);
	zassert_true(image.valid, "what follows the image does not matter");
	for (uint32_t limit = 0; limit < end; limit++) {
		read_image(limit);
		zassert_false(image.valid, "of %u bytes", limit);
		zassert_false(image.has_hash);
	}
}

ZTEST(image, test_a_hash_that_its_area_does_not_hold)
{
	begin(4U + 36U - 1U);
	put_tlv(0x10, 32);
	read_image((uint32_t)end);
	zassert_false(image.valid);
	zassert_false(image.has_hash);
}

/* As MCUboot decides at the next boot. */
ZTEST(image, test_whether_the_running_image_stays)
{
	update_put_trailer(1, 0xff, 0x77);
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_REVERT);
	zassert_false(aws_fota_running_image_stays());
	zassert_ok(boot_write_img_confirmed());
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE);
	zassert_true(aws_fota_running_image_stays());
}

/* It took no job any more: it was neither confirmed, nor could it be. */
ZTEST(image, test_a_running_image_whose_trailer_is_broken)
{
	update_put_trailer(1, 0xff, 0x76);
	zassert_false(boot_is_img_confirmed());
	zassert_not_equal(boot_write_img_confirmed(), 0);
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_NONE, "MCUboot keeps it");
	zassert_true(aws_fota_running_image_stays());
	/* An upgrade, whose swap writes the trailer anew, is taken. */
	zassert_ok(aws_fota_slot_erase(0));
	zassert_ok(boot_request_upgrade(BOOT_UPGRADE_TEST));
	zassert_equal(mcuboot_swap_type(), BOOT_SWAP_TYPE_TEST);
	zassert_ok(aws_fota_slot_erase(0));
	update_put_trailer(1, 1, 0x77);
	zassert_true(aws_fota_running_image_stays());
}

ZTEST_SUITE(image, NULL, update_setup, update_before, update_after, NULL);

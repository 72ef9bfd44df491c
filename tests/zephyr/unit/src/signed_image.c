/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <string.h>

#include <mbedtls/sha256.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/sys/util.h>
#include <zephyr/ztest.h>

#include "signed_image.h"

void signed_image_make(uint8_t *image, size_t size, char digest[65])
{
	uint8_t *tlv = image + size - SIGNED_IMAGE_TLV_SIZE;
	uint8_t sha256[32];

	sys_put_le32(0x96f3b83dU, image);
	sys_put_le16(SIGNED_IMAGE_HEADER_SIZE, image + 8);
	sys_put_le32((uint32_t)size - SIGNED_IMAGE_HEADER_SIZE - SIGNED_IMAGE_TLV_SIZE, image + 12);
	image[20] = 1U;
	image[21] = 1U;
	for (size_t i = SIGNED_IMAGE_HEADER_SIZE; i < size - SIGNED_IMAGE_TLV_SIZE; i++) {
		image[i] = (uint8_t)(i * 7U + i / 256U);
	}
	sys_put_le16(0x6907U, tlv);
	sys_put_le16(SIGNED_IMAGE_TLV_SIZE, tlv + 2);
	sys_put_le16(0x10U, tlv + 4);
	sys_put_le16(32U, tlv + 6);
	memset(tlv + 8, 0xa5, 32);
	zassert_ok(mbedtls_sha256(image, size, sha256, 0));
	zassert_equal(bin2hex(sha256, sizeof(sha256), digest, 65), 64U);
}

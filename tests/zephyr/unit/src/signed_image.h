/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * An image as MCUboot knows it; its hash and its content are made up.
 */

#ifndef SIGNED_IMAGE_H_
#define SIGNED_IMAGE_H_

#include <stddef.h>
#include <stdint.h>

/** Bytes of the header and of the TLVs behind the content. */
#define SIGNED_IMAGE_HEADER_SIZE 32U
#define SIGNED_IMAGE_TLV_SIZE    (4U + 4U + 32U)

/**
 * @brief Make an image of version 1.1.0
 *
 * @param[out] image The image.
 * @param size Its length in bytes.
 * @param[out] digest SHA-256 over all of it, in hexadecimal digits.
 */
void signed_image_make(uint8_t *image, size_t size, char digest[65]);

#endif /* SIGNED_IMAGE_H_ */

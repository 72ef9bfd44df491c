/*
 * SPDX-License-Identifier: Apache-2.0
 */

#ifndef READER_H_
#define READER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aws_fota/engine.h>

/** Reads what write_vectors.py wrote. */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
};

/** A block of bytes, NULL for none. */
struct block {
	const uint8_t *data;
	size_t len;
};

/** Whether all was read. */
bool reader_at_end(const struct reader *reader);

/** The next number. */
uint32_t reader_number(struct reader *reader);

/** The next block. */
struct block reader_block(struct reader *reader);

/** The next input; a message's topic, result and field are left out. */
struct aws_fota_input reader_input(struct reader *reader);

#endif /* READER_H_ */

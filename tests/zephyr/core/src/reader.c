/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <zephyr/ztest.h>

#include "reader.h"

bool reader_at_end(const struct reader *reader)
{
	return reader->at == reader->end;
}

uint32_t reader_number(struct reader *reader)
{
	uint32_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		zassert_true(reader->at < reader->end, "the vectors end early");
		byte = *reader->at++;
		value |= (uint32_t)(byte & 0x7fU) << shift;
		shift += 7U;
	} while ((byte & 0x80U) != 0U);
	return value;
}

struct block reader_block(struct reader *reader)
{
	uint32_t len = reader_number(reader);
	struct block block = {0};

	if (len > 0U) {
		block.data = reader->at;
		block.len = len - 1U;
		zassert_true(block.len <= (size_t)(reader->end - reader->at),
			     "the vectors end early");
		reader->at += block.len;
	}
	return block;
}

static void read_boot(struct reader *reader, struct aws_fota_input_boot *boot)
{
	struct block record = reader_block(reader);

	boot->record = record.data;
	boot->record_len = record.len;
	boot->running_hash = reader_block(reader).data;
	boot->version_valid = reader_number(reader) != 0U;
	boot->version.major = (uint8_t)reader_number(reader);
	boot->version.minor = (uint8_t)reader_number(reader);
	boot->version.revision = (uint16_t)reader_number(reader);
	boot->version.build = reader_number(reader);
	boot->confirmed = reader_number(reader) != 0U;
	boot->swap_pending = reader_number(reader) != 0U;
	boot->slot_size = reader_number(reader);
	boot->seed = reader_number(reader);
}

static void read_http(struct reader *reader, struct aws_fota_input_http *http)
{
	struct block block;

	http->status = (uint16_t)reader_number(reader);
	http->has_range = reader_number(reader) != 0U;
	http->range_start = reader_number(reader);
	http->range_end = reader_number(reader);
	http->range_total = reader_number(reader);
	http->has_length = reader_number(reader) != 0U;
	http->length = reader_number(reader);
	block = reader_block(reader);
	http->etag = (const char *)block.data;
	http->etag_len = block.len;
	block = reader_block(reader);
	http->location = (const char *)block.data;
	http->location_len = block.len;
}

static void read_verified(struct reader *reader, struct aws_fota_input_verified *verified)
{
	verified->error = (int)reader_number(reader);
	verified->digest = reader_block(reader).data;
	verified->image_valid = reader_number(reader) != 0U;
	verified->hash = reader_block(reader).data;
	verified->version.major = (uint8_t)reader_number(reader);
	verified->version.minor = (uint8_t)reader_number(reader);
	verified->version.revision = (uint16_t)reader_number(reader);
	verified->version.build = reader_number(reader);
}

struct aws_fota_input reader_input(struct reader *reader)
{
	struct aws_fota_input input = {.id = (uint8_t)reader_number(reader)};

	switch (input.id) {
	case AWS_FOTA_INPUT_BOOT:
		read_boot(reader, &input.data.boot);
		break;
	case AWS_FOTA_INPUT_MESSAGE:
		input.data.message.packet_id = (uint16_t)reader_number(reader);
		input.data.message.identity = reader_block(reader).data;
		break;
	case AWS_FOTA_INPUT_TIMER:
		input.data.timer = (uint8_t)reader_number(reader);
		break;
	case AWS_FOTA_INPUT_HTTP_RESPONSE:
		read_http(reader, &input.data.http);
		break;
	case AWS_FOTA_INPUT_FETCH_FAILED:
		input.data.fetch_error = (uint8_t)reader_number(reader);
		break;
	case AWS_FOTA_INPUT_WRITTEN:
		input.data.written = reader_number(reader);
		break;
	case AWS_FOTA_INPUT_VERIFIED:
		read_verified(reader, &input.data.verified);
		break;
	case AWS_FOTA_INPUT_SUBSCRIBED:
	case AWS_FOTA_INPUT_ERASED:
	case AWS_FOTA_INPUT_UPGRADE_REQUESTED:
	case AWS_FOTA_INPUT_CONFIRMED:
		input.data.error = (int)reader_number(reader);
		break;
	default:
		break;
	}
	return input;
}

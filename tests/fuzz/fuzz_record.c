/*
 * The record: an input is one byte and what the flash holds. With an odd byte length and CRC are put right, since no
 * fuzzer finds a checksum.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <string.h>

#include <aws_fota/record.h>

#include "engine_private.h"

#define JOB_ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* The frozen layout of doc/engine.md. */
#define OFFSET_LENGTH   4
#define OFFSET_ID_LEN   10
#define OFFSET_ETAG_LEN 11
#define OFFSET_VERSION  12
#define OFFSET_SHA256   60
#define OFFSET_TEXTS    124U
#define CRC_SIZE        4U

/* CRC-32 of IEEE 802.3 by its definition, one bit at a time. */
static uint32_t checksum(const uint8_t *bytes, size_t len)
{
	uint32_t crc = 0xFFFFFFFFU;

	for (size_t i = 0; i < 8U * len; i++) {
		const uint32_t bit = (uint32_t)bytes[i / 8U] >> i % 8U & 1U;

		crc = ((crc ^ bit) & 1U) != 0U ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
	}
	return crc ^ 0xFFFFFFFFU;
}

static void mend(uint8_t *record, size_t len)
{
	uint32_t crc;

	if (len < OFFSET_LENGTH + 2U + CRC_SIZE || len > UINT16_MAX) {
		return;
	}
	record[OFFSET_LENGTH] = (uint8_t)len;
	record[OFFSET_LENGTH + 1] = (uint8_t)(len >> 8);
	crc = checksum(record, len - CRC_SIZE);
	for (size_t i = 0; i < CRC_SIZE; i++) {
		record[len - CRC_SIZE + i] = (uint8_t)(crc >> 8U * i);
	}
}

/** Hold a record that was written against the layout of doc/engine.md. */
static void hold_record(const uint8_t *record, size_t len)
{
	const size_t id_len = record[OFFSET_ID_LEN];
	const size_t etag_len = record[OFFSET_ETAG_LEN];

	HOLDS(len <= AWS_FOTA_RECORD_MAX && len == OFFSET_TEXTS + id_len + etag_len + CRC_SIZE);
	HOLDS(id_len != 0U && id_len <= AWS_FOTA_JOB_ID_MAX && etag_len <= AWS_FOTA_ETAG_MAX);
	for (size_t i = 0; i < id_len; i++) {
		const char c = (char)record[OFFSET_TEXTS + i];

		HOLDS(c != '\0' && strchr(JOB_ID_CHARACTERS, c) != NULL);
	}
	for (size_t i = 0; i < etag_len; i++) {
		const uint8_t c = record[OFFSET_TEXTS + id_len + i];

		HOLDS(c > ' ' && c <= '~');
	}
}

/** What this version writes of a record that it took, it reads. */
static void hold_taken(const struct aws_fota_engine *engine, const uint8_t *taken)
{
	/* Blocks of their own, so that a byte written behind them is found. */
	uint8_t *const first = malloc(AWS_FOTA_RECORD_MAX);
	uint8_t *const second = malloc(AWS_FOTA_RECORD_MAX);
	struct aws_fota_engine *const again = calloc(1, sizeof(*again));
	size_t len;

	HOLDS(first != NULL && second != NULL && again != NULL);
	len = aws_fota_record_encode(engine, first);
	hold_record(first, len);
	HOLDS(memcmp(&first[OFFSET_VERSION], &taken[OFFSET_VERSION],
		     OFFSET_SHA256 - OFFSET_VERSION) == 0);
	HOLDS(memcmp(&first[OFFSET_TEXTS], &taken[OFFSET_TEXTS], len - CRC_SIZE - OFFSET_TEXTS) ==
	      0);
	aws_fota_record_decode(again, first, len);
	HOLDS(aws_fota_record_encode(again, second) == len && memcmp(first, second, len) == 0);
	free(again);
	free(second);
	free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aws_fota_engine *engine;
	struct aws_fota_engine *untouched;
	uint8_t *record;
	size_t len;

	if (size == 0U) {
		return 0;
	}
	len = size - 1U;
	/* A block of exactly the length, so that a byte read behind it is found. */
	record = malloc(len);
	engine = calloc(1, sizeof(*engine));
	untouched = calloc(1, sizeof(*untouched));
	HOLDS((record != NULL || len == 0U) && engine != NULL && untouched != NULL);
	if (len != 0U) {
		memcpy(record, data + 1, len);
		if ((data[0] & 1U) != 0U) {
			mend(record, len);
		}
	}
	aws_fota_record_decode(engine, record, len);
	/* What is not taken has no offset, and neither has what is past downloading. */
	HOLDS(aws_fota_record_resume_offset(record, len) ==
	      (engine->job.resumable
		       ? engine->job.persisted - engine->job.persisted % AWS_FOTA_RESUME_STEP
		       : 0U));
	if (memcmp(engine, untouched, sizeof(*engine)) != 0) {
		hold_taken(engine, record);
	}
	free(untouched);
	free(engine);
	free(record);
	return 0;
}

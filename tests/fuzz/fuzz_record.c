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

#define OFFSET_LENGTH 4
#define CRC_SIZE      4U

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

static void hold_decoded(const struct aws_fota_engine *engine)
{
	struct aws_fota_engine again;
	uint8_t record[AWS_FOTA_RECORD_MAX];
	const size_t id_len = strnlen(engine->job.id, sizeof(engine->job.id));
	size_t len;

	HOLDS(id_len != 0U && id_len <= AWS_FOTA_JOB_ID_MAX);
	for (size_t i = 0; i < id_len; i++) {
		HOLDS(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
			     engine->job.id[i]) != NULL);
	}
	HOLDS(engine->job.etag_len <= AWS_FOTA_ETAG_MAX);
	HOLDS(strnlen(engine->job.etag, sizeof(engine->job.etag)) == engine->job.etag_len);
	for (size_t i = 0; i < engine->job.etag_len; i++) {
		HOLDS(engine->job.etag[i] > ' ' && engine->job.etag[i] <= '~');
	}
	HOLDS(engine->job.persisted <= engine->job.size);

	/* What this version writes of it, this version reads. */
	len = aws_fota_record_encode(engine, record);
	HOLDS(len <= sizeof(record));
	memset(&again, 0, sizeof(again));
	aws_fota_record_decode(&again, record, len);
	HOLDS(strcmp(again.job.id, engine->job.id) == 0);
	HOLDS(strcmp(again.job.etag, engine->job.etag) == 0);
	HOLDS(again.job.size == engine->job.size);
	HOLDS(again.job.persisted == engine->job.persisted);
	HOLDS(again.job.version == engine->job.version);
	HOLDS(again.job.has_sha256 == engine->job.has_sha256);
	HOLDS(memcmp(again.job.sha256, engine->job.sha256, sizeof(again.job.sha256)) == 0);
	HOLDS(memcmp(again.job.identity, engine->job.identity, sizeof(again.job.identity)) == 0);
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
	if (engine->job.id[0] != '\0') {
		hold_decoded(engine);
	} else {
		HOLDS(memcmp(engine, untouched, sizeof(*engine)) == 0);
	}
	free(untouched);
	free(engine);
	free(record);
	return 0;
}

/*
 * Answers questions about one generated parser over a pipe: see parser_process.py.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aws_fota/parser.h>

#define CANARY_SIZE 64
#define CANARY      0xA5
/* Rubbish that an output holds before aws_fota_parser_init() must not show up in what comes out. */
#define RUBBISH     0x5A

static void fail(const char *what)
{
	fprintf(stderr, "parser_process: %s\n", what);
	abort();
}

static void write_raw(const void *data, size_t size)
{
	if (fwrite(data, 1, size, stdout) != size) {
		fail("cannot write");
	}
}

static void write_number(uint64_t number)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(number >> 8 * i);
	}
	write_raw(bytes, sizeof(bytes));
}

static void write_bytes(const uint8_t *data, size_t size)
{
	write_number(size);
	write_raw(data, size);
}

static void write_text(const char *text, size_t capacity)
{
	const char *const end = memchr(text, '\0', capacity);

	if (end == NULL) {
		fail("a text does not end");
	}
	write_bytes((const uint8_t *)text, (size_t)(end - text));
}

static void write_url(const struct aws_fota_url *url)
{
	write_number(url->scheme);
	write_number(url->port);
	write_text(url->host, sizeof(url->host));
	write_text(url->path, sizeof(url->path));
}

#include "dump_job.h"

static bool read_number(uint64_t *number)
{
	uint8_t bytes[8];

	if (fread(bytes, 1, sizeof(bytes), stdin) != sizeof(bytes)) {
		return false;
	}
	*number = 0;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		*number |= (uint64_t)bytes[i] << 8 * i;
	}
	return true;
}

static uint64_t read_needed(void)
{
	uint64_t number;

	if (!read_number(&number)) {
		fail("the question ends early");
	}
	return number;
}

/* A block of its own for each piece, so that a byte read beyond it is found. */
static uint8_t *read_block(size_t size)
{
	uint8_t *const block = malloc(size);

	if (size != 0 && (block == NULL || fread(block, 1, size, stdin) != size)) {
		fail("the question ends early");
	}
	return block;
}

struct guarded_message {
	uint8_t before[CANARY_SIZE];
	struct aws_fota_message message;
	uint8_t behind[CANARY_SIZE];
};

struct guarded_parser {
	uint8_t before[CANARY_SIZE];
	struct aws_fota_parser parser;
	uint8_t behind[CANARY_SIZE];
};

static void check_canary(const uint8_t *canary)
{
	for (size_t i = 0; i < CANARY_SIZE; i++) {
		if (canary[i] != CANARY) {
			fail("a byte beside the outputs was written");
		}
	}
}

static void write_present(const struct aws_fota_message *message)
{
	uint64_t count = 0;

	for (unsigned int field = 0; field < 32U * (sizeof(message->present) / 4U); field++) {
		const bool has = aws_fota_message_has(message, (enum aws_fota_field)field);

		if (has && field >= AWS_FOTA_FIELD_END) {
			fail("a bit without a field is set");
		}
		count += has;
	}
	write_number(count);
	for (unsigned int field = 0; field < AWS_FOTA_FIELD_END; field++) {
		if (aws_fota_message_has(message, (enum aws_fota_field)field)) {
			write_number(field);
		}
	}
}

static void parse(void)
{
	const uint64_t kind = read_needed();
	const uint64_t remembered_count = read_needed();
	uint64_t *const remembered = calloc(remembered_count + 1, sizeof(*remembered));
	struct guarded_message *const outputs = malloc(sizeof(*outputs));
	struct guarded_parser *const state = malloc(sizeof(*state));
	struct aws_fota_job *const job = malloc(sizeof(*job));
	uint64_t *lengths;
	uint64_t pieces;
	bool refused = false;
	int result;

	if (remembered == NULL || outputs == NULL || state == NULL || job == NULL) {
		fail("out of memory");
	}
	for (uint64_t i = 0; i < remembered_count; i++) {
		remembered[i] = read_needed();
	}
	pieces = read_needed();
	lengths = calloc(pieces + 1, sizeof(*lengths));
	if (lengths == NULL) {
		fail("out of memory");
	}
	for (uint64_t i = 0; i < pieces; i++) {
		lengths[i] = read_needed();
	}
	memset(outputs, RUBBISH, sizeof(*outputs));
	memset(state, RUBBISH, sizeof(*state));
	memset(outputs->before, CANARY, CANARY_SIZE);
	memset(outputs->behind, CANARY, CANARY_SIZE);
	memset(state->before, CANARY, CANARY_SIZE);
	memset(state->behind, CANARY, CANARY_SIZE);
	memcpy(job, &outputs->message.job, sizeof(*job));
	outputs->message.remembered = remembered;
	outputs->message.remembered_count = remembered_count;
	aws_fota_parser_init(&state->parser, (enum aws_fota_message_kind)kind, &outputs->message);
	for (uint64_t i = 0; i < pieces; i++) {
		uint8_t *const piece = read_block(lengths[i]);
		const int answer = aws_fota_parser_feed(&state->parser, piece, lengths[i]);

		if (answer != AWS_FOTA_PARSE_OK && answer != AWS_FOTA_PARSE_SYNTAX &&
		    answer != AWS_FOTA_PARSE_DEPTH) {
			fail("feed returns something else than a refusal");
		}
		if (refused && answer == AWS_FOTA_PARSE_OK) {
			fail("a refused text is taken back");
		}
		refused = answer != AWS_FOTA_PARSE_OK;
		free(piece);
	}
	result = aws_fota_parser_finish(&state->parser);
	check_canary(outputs->before);
	check_canary(outputs->behind);
	check_canary(state->before);
	check_canary(state->behind);
	if (result != state->parser.result) {
		fail("finish returns something else than the result");
	}
	if (kind != AWS_FOTA_MESSAGE_EXECUTION) {
		/* What is in use must not be touched: the rubbish is still there, and is none of the outputs. */
		if (memcmp(job, &outputs->message.job, sizeof(*job)) != 0) {
			fail("the job in use was touched");
		}
		memset(&outputs->message.job, 0, sizeof(outputs->message.job));
	}
	write_number((uint64_t)result);
	write_number(state->parser.field);
	write_number(state->parser.offset);
	write_number(outputs->message.client_token);
	write_number(outputs->message.version_number);
	write_number(outputs->message.status);
	write_number(outputs->message.code);
	write_text(outputs->message.job_id, sizeof(outputs->message.job_id));
	write_present(&outputs->message);
	write_job(&outputs->message);
	free(lengths);
	free(job);
	free(state);
	free(outputs);
	free(remembered);
}

static void split_url(void)
{
	const size_t size = read_needed();
	uint8_t *const text = read_block(size);
	struct aws_fota_url *const url = malloc(sizeof(*url));

	if (url == NULL) {
		fail("out of memory");
	}
	memset(url, RUBBISH, sizeof(*url));
	write_number((uint64_t)aws_fota_url_split((const char *)text, size, url));
	write_url(url);
	free(url);
	free(text);
}

static void hash(void)
{
	const size_t size = read_needed();
	uint8_t *const job_id = read_block(size);

	/* The question ends with the NUL. */
	if (size == 0 || memchr(job_id, '\0', size) != &job_id[size - 1]) {
		fail("a jobId does not end");
	}
	write_number(aws_fota_job_hash((const char *)job_id));
	free(job_id);
}

int main(void)
{
	uint64_t question;

	while (read_number(&question)) {
		if (question == 0) {
			parse();
		} else if (question == 1) {
			split_url();
		} else {
			hash();
		}
		if (fflush(stdout) != 0) {
			fail("cannot write");
		}
	}
	return 0;
}

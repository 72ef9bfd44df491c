/*
 * Answers questions about one generated engine over a pipe: see engine_process.py.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aws_fota/engine.h>
#include <aws_fota/parser.h>
#include <aws_fota/publication.h>
#include <aws_fota/record.h>

#include "engine_private.h"
#include "engine_table.h"

#define CANARY_SIZE   64
#define CANARY        0xA5
/* More rows than a step can follow. */
#define ROWS_MAX      16
/* More than any topic or payload has. */
#define TEXT_SIZE_MAX 1024

#ifdef LOADED_TABLE
/* A table that comes over the pipe, for tests that break it. */
#define LOADED_MAX 2048
#define SETS_MAX   (0x100 - AWS_FOTA_WORD_AMONG)
static uint8_t loaded_transitions[LOADED_MAX];
static uint16_t loaded_sets[SETS_MAX];
#define aws_fota_transitions loaded_transitions
#define aws_fota_phase_sets  loaded_sets
#endif
#include "engine_guards.c"

static uint64_t rows[ROWS_MAX];
static size_t rows_count;

static void fail(const char *what)
{
	fprintf(stderr, "engine_process: %s\n", what);
	abort();
}

/* Rows that begin before a word. */
static uint64_t rows_before(const uint8_t *word)
{
	uint64_t count = 0;

	for (const uint8_t *other = aws_fota_transitions; other != word; other++) {
		count += *other >= AWS_FOTA_WORD_IN ? 1U : 0U;
	}

	return count;
}

/* A row is taken that counts in the phase, unless one of its conditions does not hold. */
static bool trace(bool holds, const uint8_t *word)
{
	if (*word < AWS_FOTA_WORD_IN) {
		rows_count -= holds ? 0U : 1U;
	} else if (holds) {
		if (rows_count == ROWS_MAX) {
			fail("a step goes in a circle");
		}
		rows[rows_count++] = rows_before(word);
	}

	return holds;
}

/* The one place where rows are tried: inside take(). */
#define aws_fota_engine_holds(engine, input, word)                                                 \
	trace(aws_fota_engine_holds(engine, input, word), word)
#include "engine.c"
#undef aws_fota_engine_holds

static void write_raw(const void *data, size_t size)
{
	if (size != 0 && fwrite(data, 1, size, stdout) != size) {
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

static void write_bytes(const void *data, size_t size)
{
	write_number(size);
	write_raw(data, size);
}

static void write_text(const char *text)
{
	write_bytes(text, strlen(text));
}

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

/* Blocks of exactly their size, freed after the question: bytes beside them, and later uses, are found. */
static void *blocks[8];
static size_t blocks_count;

static void *read_block(size_t *size)
{
	void *block;

	*size = read_needed();
	block = malloc(*size);
	if (*size != 0 && (block == NULL || fread(block, 1, *size, stdin) != *size)) {
		fail("the question ends early");
	}
	blocks[blocks_count++] = block;
	return block;
}

/* A block that may be absent. */
static void *read_optional(size_t *size)
{
	*size = 0;
	return read_needed() != 0 ? read_block(size) : NULL;
}

static const uint8_t *read_hash(void)
{
	size_t size;
	const uint8_t *const hash = read_optional(&size);

	if (hash != NULL && size != AWS_FOTA_SHA256_SIZE) {
		fail("a hash has another size");
	}
	return hash;
}

static void free_blocks(void)
{
	while (blocks_count != 0) {
		free(blocks[--blocks_count]);
	}
}

static struct {
	uint8_t before[CANARY_SIZE];
	struct aws_fota_engine engine;
	uint8_t between[CANARY_SIZE];
	struct aws_fota_message message;
	uint8_t behind[CANARY_SIZE];
} device;

static char thing[TEXT_SIZE_MAX];

/* The message that was read last, for the step that follows. */
static struct {
	char *topic_text;
	struct aws_fota_topic topic;
	int result;
	uint8_t field;
} last;

static void check_canaries(void)
{
	for (size_t i = 0; i < CANARY_SIZE; i++) {
		if (device.before[i] != CANARY || device.between[i] != CANARY ||
		    device.behind[i] != CANARY) {
			fail("a byte beside the engine was written");
		}
	}
}

static void init(void)
{
	size_t size;
	const char *const name = read_block(&size);

	if (size >= sizeof(thing)) {
		fail("the thing name is too long for this program");
	}
	memset(&device, CANARY, sizeof(device));
	memcpy(thing, name, size);
	thing[size] = '\0';
	write_number((uint64_t)(int64_t)aws_fota_engine_init(&device.engine, thing,
							     &device.message));
}

static void topic(void)
{
	size_t size;
	const char *const text = read_block(&size);

	free(last.topic_text);
	last.topic_text = malloc(size);
	if (size != 0) {
		memcpy(last.topic_text, text, size);
	}
	last.topic = aws_fota_topic_parse(thing, last.topic_text, size);
	write_number(last.topic.kind);
	write_bytes(last.topic.job_id, last.topic.job_id_len);
	write_number(aws_fota_engine_message_kind(&device.engine, &last.topic));
}

static void write_identity(void)
{
	char text[AWS_FOTA_HOST_MAX + AWS_FOTA_PATH_MAX + 32];
	char scratch[8];
	const char *piece = NULL;
	unsigned int index = 0;
	size_t size = 0;
	size_t len;

	while ((len = aws_fota_url_identity(&device.message.job.url, index++, &piece, scratch)) != 0) {
		memcpy(&text[size], piece, len);
		size += len;
	}
	write_bytes(text, size);
}

static void parse(void)
{
	struct aws_fota_parser parser;
	const enum aws_fota_message_kind kind = (enum aws_fota_message_kind)read_needed();
	size_t size;
	const uint8_t *const text = read_block(&size);

	aws_fota_parser_init(&parser, kind, &device.message);
	(void)aws_fota_parser_feed(&parser, text, size);
	last.result = aws_fota_parser_finish(&parser);
	last.field = parser.field;
	write_number((uint64_t)last.result);
	write_number(last.field);
	if (kind == AWS_FOTA_MESSAGE_EXECUTION && last.result == AWS_FOTA_PARSE_OK &&
	    device.message.job.url.scheme != AWS_FOTA_SCHEME_NONE) {
		write_identity();
	} else {
		write_number(0);
	}
}

static void read_boot(struct aws_fota_input_boot *boot)
{
	boot->record = read_optional(&boot->record_len);
	boot->running_hash = read_hash();
	boot->version_valid = read_needed() != 0;
	boot->version.major = (uint8_t)read_needed();
	boot->version.minor = (uint8_t)read_needed();
	boot->version.revision = (uint16_t)read_needed();
	boot->version.build = (uint32_t)read_needed();
	boot->confirmed = read_needed() != 0;
	boot->swap_pending = read_needed() != 0;
	boot->slot_size = (uint32_t)read_needed();
	boot->seed = (uint32_t)read_needed();
}

static void read_http(struct aws_fota_input_http *http)
{
	http->status = (uint16_t)read_needed();
	http->has_range = read_needed() != 0;
	http->range_start = (uint32_t)read_needed();
	http->range_end = (uint32_t)read_needed();
	http->range_total = (uint32_t)read_needed();
	http->has_length = read_needed() != 0;
	http->length = (uint32_t)read_needed();
	http->etag = read_optional(&http->etag_len);
	http->location = read_optional(&http->location_len);
}

static void read_input(struct aws_fota_input *input)
{
	input->id = (uint8_t)read_needed();
	switch (input->id) {
	case AWS_FOTA_INPUT_BOOT:
		read_boot(&input->data.boot);
		break;
	case AWS_FOTA_INPUT_MESSAGE:
		input->data.message.topic = last.topic;
		input->data.message.result = (uint8_t)last.result;
		input->data.message.field = last.field;
		input->data.message.packet_id = (uint16_t)read_needed();
		input->data.message.identity = read_hash();
		break;
	case AWS_FOTA_INPUT_HTTP_RESPONSE:
		read_http(&input->data.http);
		break;
	case AWS_FOTA_INPUT_VERIFIED:
		input->data.verified.error = (int)(int64_t)read_needed();
		input->data.verified.digest = read_hash();
		input->data.verified.image_valid = read_needed() != 0;
		input->data.verified.hash = read_hash();
		input->data.verified.version.major = (uint8_t)read_needed();
		input->data.verified.version.minor = (uint8_t)read_needed();
		input->data.verified.version.revision = (uint16_t)read_needed();
		input->data.verified.version.build = (uint32_t)read_needed();
		break;
	case AWS_FOTA_INPUT_TIMER:
		input->data.timer = (uint8_t)read_needed();
		break;
	case AWS_FOTA_INPUT_FETCH_FAILED:
		input->data.fetch_error = (uint8_t)read_needed();
		break;
	case AWS_FOTA_INPUT_WRITTEN:
		input->data.written = (uint32_t)read_needed();
		break;
	case AWS_FOTA_INPUT_SUBSCRIBED:
	case AWS_FOTA_INPUT_ERASED:
	case AWS_FOTA_INPUT_UPGRADE_REQUESTED:
	case AWS_FOTA_INPUT_CONFIRMED:
		input->data.error = (int)(int64_t)read_needed();
		break;
	default:
		break;
	}
}

/* A text from one of the functions of publication.h, in a block of exactly the size that it was promised. */
static void write_publication(int (*publish)(const struct aws_fota_engine *, char *, size_t),
			      size_t size)
{
	char *const text = malloc(size);
	const int len = publish(&device.engine, text, size);

	write_number((uint64_t)(int64_t)len);
	if (len >= 0) {
		if (strlen(text) != (size_t)len) {
			fail("a length is not that of its text");
		}
		write_raw(text, (size_t)len);
	}
	free(text);
}

static void write_state(void)
{
	const char *const etag = aws_fota_engine_etag(&device.engine);
	const struct aws_fota_subject *const told = aws_fota_engine_told(&device.engine);
	uint8_t *const record = malloc(AWS_FOTA_RECORD_MAX);

	write_number(aws_fota_engine_phase(&device.engine));
	write_text(aws_fota_engine_job_id(&device.engine));
	write_number(aws_fota_engine_reason(&device.engine));
	write_number(aws_fota_engine_detail(&device.engine));
	write_text(told->job_id);
	write_number(told->reason);
	write_number(told->detail);
	write_text(etag != NULL ? etag : "");
	write_number(aws_fota_engine_size(&device.engine));
	write_bytes(record, aws_fota_record_encode(&device.engine, record));
	free(record);
	write_publication(aws_fota_publication_topic, AWS_FOTA_TOPIC_MAX + 1);
	write_publication(aws_fota_publication_payload, AWS_FOTA_PUBLICATION_MAX + 1);
	write_number(device.message.job.url.scheme);
	write_text(device.message.job.url.host);
	write_number(device.message.job.url.port);
	write_text(device.message.job.url.path);
}

static void step(void)
{
	struct aws_fota_action *const actions = malloc(sizeof(*actions) * AWS_FOTA_ACTIONS_MAX);
	struct aws_fota_input input;
	size_t count;

	memset(&input, CANARY, sizeof(input));
	read_input(&input);
	rows_count = 0;
	count = aws_fota_engine_step(&device.engine, &input, actions);
	memset(&input, CANARY, sizeof(input));
	free_blocks();
	check_canaries();

	write_number(count);
	for (size_t i = 0; i < count; i++) {
		write_number(actions[i].id);
		write_number(actions[i].what);
		write_number(actions[i].packet_id);
		write_number(actions[i].value);
		write_number(actions[i].length);
	}
	free(actions);
	write_state();
#ifdef LOADED_TABLE
	/* Which row did it is not what its effect is. */
	rows_count = 0;
#endif
	write_number(rows_count);
	for (size_t i = 0; i < rows_count; i++) {
		write_number(rows[i]);
	}
}

static int subscription_0(const struct aws_fota_engine *engine, char *text, size_t size)
{
	return aws_fota_subscription_topic(engine, 0, text, size);
}

static int subscription_1(const struct aws_fota_engine *engine, char *text, size_t size)
{
	return aws_fota_subscription_topic(engine, 1, text, size);
}

static int subscription_2(const struct aws_fota_engine *engine, char *text, size_t size)
{
	return aws_fota_subscription_topic(engine, 2, text, size);
}

/* One of the functions of publication.h with a buffer of any size. */
static void publication(void)
{
	static int (*const functions[])(const struct aws_fota_engine *, char *, size_t) = {
		aws_fota_publication_topic, aws_fota_publication_payload, subscription_0,
		subscription_1, subscription_2,
	};
	const uint64_t which = read_needed();

	write_publication(functions[which], read_needed());
}

/* What the texts of two versions are, and how they compare. */
static void version(void)
{
	struct aws_fota_version versions[2];
	bool valid[2];

	for (unsigned int i = 0; i < 2; i++) {
		size_t size;
		char *text = read_block(&size);
		char *terminated = malloc(size + 1);

		if (size != 0) {
			memcpy(terminated, text, size);
		}
		terminated[size] = '\0';
		memset(&versions[i], CANARY, sizeof(versions[i]));
		valid[i] = aws_fota_version_parse(terminated, &versions[i]);
		free(terminated);
		write_number(valid[i]);
		write_number(versions[i].major);
		write_number(versions[i].minor);
		write_number(versions[i].revision);
		write_number(versions[i].build);
	}
	write_number((uint64_t)(int64_t)aws_fota_version_compare(&versions[0], &versions[1]));
}

/* The rules of the table and its sets of phases, and where its kinds of words begin. */
static void table(void)
{
#ifdef LOADED_TABLE
	size_t size;
	uint8_t *rules = read_block(&size);
	const uint64_t sets = read_needed();

	if (size > LOADED_MAX || sets > SETS_MAX) {
		fail("no such table");
	}
	memcpy(loaded_transitions, rules, size);
	for (uint64_t i = 0; i < sets; i++) {
		loaded_sets[i] = (uint16_t)read_needed();
	}
#else
	const uint8_t *end = aws_fota_transitions;
	size_t sets = 0;

	for (; *end != AWS_FOTA_WORD_ON; end++) {
		if (*end >= AWS_FOTA_WORD_AMONG && sets <= (size_t)(*end - AWS_FOTA_WORD_AMONG)) {
			sets = (size_t)(*end - AWS_FOTA_WORD_AMONG) + 1;
		}
	}
	write_bytes(aws_fota_transitions, (size_t)(end - aws_fota_transitions) + 1);
	write_number(sets);
	for (size_t i = 0; i < sets; i++) {
		write_number(aws_fota_phase_sets[i]);
	}
	write_number(AWS_FOTA_WORD_SET);
	write_number(AWS_FOTA_WORD_DO_FORGET);
	write_number(AWS_FOTA_WORD_ACT);
	write_number(AWS_FOTA_WORD_DUE);
	write_number(AWS_FOTA_WORD_TELL);
	write_number(AWS_FOTA_WORD_TO);
	write_number(AWS_FOTA_WORD_THEN);
#endif
}

int main(void)
{
	static void (*const answers[])(void) = {
		init, topic, parse, step, publication, version, table,
	};
	uint64_t question;

	while (read_number(&question)) {
		answers[question]();
		free_blocks();
		fflush(stdout);
	}
	free(last.topic_text);
	return 0;
}

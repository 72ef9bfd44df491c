/*
 * The parser, of any description: an input is the kind of message, a byte that decides on the pieces, and the message.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include <aws_fota/parser.h>

#include "rfc8259.h"
#include "url_rules.h"

/* JOB_MEMBERS(): the members of struct aws_fota_job by what they are. */
#include "job_members.h"

#define KINDS            6
#define REMEMBERED_COUNT 2

/** One message as it was read. */
struct reading {
	/* In a block of their own, so that a byte written beside them is found. */
	struct aws_fota_message *message;
	struct aws_fota_parser *parser;
	int result;
};

/** What comes next of the lengths into which a byte of the input splits a message. */
static size_t piece_length(uint32_t *random, uint8_t split, size_t rest)
{
	size_t length;

	if (split == 0U) {
		return 1;
	}
	/* Numerical Recipes' generator; its upper bits are the better ones. */
	*random = *random * 1664525U + 1013904223U;
	/* Every second one is short; empty ones are among them. */
	length = (*random >> 24) % ((split & 1U) != 0U ? 4U : 64U);
	return length < rest ? length : rest;
}

static bool is_refusal(int result)
{
	return result == AWS_FOTA_PARSE_SYNTAX || result == AWS_FOTA_PARSE_TRUNCATED ||
	       result == AWS_FOTA_PARSE_DEPTH;
}

/** Feed one piece and hold what is promised of it. */
static void feed(struct reading *reading, const uint8_t *data, size_t len)
{
	const int before = reading->result;
	struct aws_fota_message outputs;
	uint8_t *const piece = malloc(len);

	if (len != 0U) {
		HOLDS(piece != NULL);
		memcpy(piece, data, len);
	}
	if (before != AWS_FOTA_PARSE_OK) {
		memcpy(&outputs, reading->message, sizeof(outputs));
	}
	reading->result = aws_fota_parser_feed(reading->parser, len != 0U ? piece : NULL, len);
	free(piece);
	if (before != AWS_FOTA_PARSE_OK) {
		HOLDS(reading->result == before);
		HOLDS(memcmp(&outputs, reading->message, sizeof(outputs)) == 0);
	}
	HOLDS(reading->result == AWS_FOTA_PARSE_OK || reading->result == AWS_FOTA_PARSE_SYNTAX ||
	      reading->result == AWS_FOTA_PARSE_DEPTH);
}

static struct reading read_message(enum aws_fota_message_kind kind, const uint8_t *data, size_t len,
				   const uint64_t *remembered, size_t remembered_count, bool whole,
				   uint8_t split)
{
	struct reading reading = {
		.message = malloc(sizeof(*reading.message)),
		.parser = malloc(sizeof(*reading.parser)),
		.result = AWS_FOTA_PARSE_OK,
	};
	struct aws_fota_job job;
	uint32_t random = split;

	HOLDS(reading.message != NULL && reading.parser != NULL);
	memset(reading.message, RUBBISH, sizeof(*reading.message));
	memset(reading.parser, RUBBISH, sizeof(*reading.parser));
	memset(&job, RUBBISH, sizeof(job));
	reading.message->remembered = remembered;
	reading.message->remembered_count = remembered_count;
	aws_fota_parser_init(reading.parser, kind, reading.message);
	if (whole) {
		feed(&reading, data, len);
	} else {
		for (size_t at = 0; at < len;) {
			const size_t length = piece_length(&random, split, len - at);

			feed(&reading, data + at, length);
			at += length;
		}
	}
	if (reading.result != AWS_FOTA_PARSE_OK) {
		const int refusal = reading.result;

		reading.result = aws_fota_parser_finish(reading.parser);
		HOLDS(reading.result == refusal);
	} else {
		reading.result = aws_fota_parser_finish(reading.parser);
		HOLDS(reading.result != AWS_FOTA_PARSE_SYNTAX &&
		      reading.result != AWS_FOTA_PARSE_DEPTH);
	}
	HOLDS(reading.result == reading.parser->result);
	if (kind != AWS_FOTA_MESSAGE_EXECUTION) {
		/* What is in use; below it counts as empty. */
		HOLDS(memcmp(&reading.message->job, &job, sizeof(job)) == 0);
		memset(&reading.message->job, 0, sizeof(job));
	}
	return reading;
}

static void release(struct reading *reading)
{
	free(reading->message);
	free(reading->parser);
}

/** Length of a text that has to end inside its buffer and to be UTF-8. */
static size_t length_of(const char *text, size_t capacity)
{
	const char *const end = memchr(text, '\0', capacity);

	HOLDS(end != NULL);
	HOLDS(rfc8259_is_utf8((const uint8_t *)text, (size_t)(end - text)));
	return (size_t)(end - text);
}

static bool same_url(const struct aws_fota_url *a, const struct aws_fota_url *b)
{
	return a->scheme == b->scheme && a->port == b->port && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->path, b->path) == 0;
}

static bool is_empty(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != 0U) {
			return false;
		}
	}
	return true;
}

#define TEXT_HOLDS(member) (void)length_of(job->member, sizeof(job->member));
#define NOTHING(member)
#define URL_HOLDS(member)   hold_url(&job->member);
#define TEXT_SAME(member)   HOLDS(strcmp(a->member, b->member) == 0);
#define PLAIN_SAME(member)  HOLDS(memcmp(&a->member, &b->member, sizeof(a->member)) == 0);
#define URL_SAME(member)    HOLDS(same_url(&a->member, &b->member));
#define TEXT_EMPTY(member)  HOLDS(job->member[0] == '\0');
#define PLAIN_EMPTY(member) HOLDS(is_empty((const uint8_t *)&job->member, sizeof(job->member)));
#define URL_EMPTY(member)                                                                          \
	HOLDS(job->member.scheme == 0U && job->member.port == 0U && job->member.host[0] == '\0' && \
	      job->member.path[0] == '\0');

static void hold_job(const struct aws_fota_job *job)
{
	JOB_MEMBERS(TEXT_HOLDS, NOTHING, URL_HOLDS)
}

static void hold_same_job(const struct aws_fota_job *a, const struct aws_fota_job *b)
{
	JOB_MEMBERS(TEXT_SAME, PLAIN_SAME, URL_SAME)
}

static void hold_empty_job(const struct aws_fota_job *job)
{
	JOB_MEMBERS(TEXT_EMPTY, PLAIN_EMPTY, URL_EMPTY)
}

static bool has(const struct reading *reading, enum aws_fota_field field)
{
	return aws_fota_message_has(reading->message, field);
}

/** The rules that every outcome obeys. */
static void hold_outcome(const struct reading *reading, enum aws_fota_message_kind kind, size_t len)
{
	const struct aws_fota_message *const message = reading->message;
	const struct aws_fota_parser *const parser = reading->parser;
	const unsigned int bits = 32U * (unsigned int)(sizeof(message->present) / 4U);
	const size_t job_id_len = length_of(message->job_id, sizeof(message->job_id));
	unsigned int present = 0;

	HOLDS(reading->result >= AWS_FOTA_PARSE_OK && reading->result <= AWS_FOTA_PARSE_MISSING);
	HOLDS(parser->field < AWS_FOTA_FIELD_END);
	HOLDS(parser->offset <= len);
	if (reading->result == AWS_FOTA_PARSE_OK) {
		HOLDS(parser->field == 0U && parser->offset == 0U);
	} else if (reading->result == AWS_FOTA_PARSE_MISSING ||
		   reading->result == AWS_FOTA_PARSE_TRUNCATED) {
		HOLDS(parser->offset == len);
	} else {
		HOLDS(parser->offset < len);
	}
	for (unsigned int field = 0; field < bits; field++) {
		if (has(reading, (enum aws_fota_field)field)) {
			HOLDS(field < AWS_FOTA_FIELD_END);
			HOLDS(field <= AWS_FOTA_FIELD_QUEUED_JOBS || field >= 16U);
			HOLDS(field < 16U || kind == AWS_FOTA_MESSAGE_EXECUTION);
			present++;
		}
	}
	for (size_t i = 0; i < job_id_len; i++) {
		HOLDS(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
			     message->job_id[i]) != NULL);
	}
	HOLDS((job_id_len != 0U) == has(reading, AWS_FOTA_FIELD_JOB_ID));
	HOLDS(message->status <= AWS_FOTA_JOB_CANCELED);
	HOLDS((message->status != 0U) == has(reading, AWS_FOTA_FIELD_STATUS));
	HOLDS(message->code <= AWS_FOTA_REFUSAL_TERMINAL_STATE_REACHED);
	HOLDS((message->code != 0U) == has(reading, AWS_FOTA_FIELD_CODE));
	HOLDS((message->version_number != 0U) == has(reading, AWS_FOTA_FIELD_VERSION_NUMBER));
	HOLDS(message->client_token == 0U || has(reading, AWS_FOTA_FIELD_CLIENT_TOKEN));
	if (kind == AWS_FOTA_MESSAGE_PENDING && job_id_len != 0U) {
		const uint64_t hash = aws_fota_job_hash(message->job_id);

		for (size_t i = 0; i < message->remembered_count; i++) {
			HOLDS(message->remembered[i] != hash);
		}
	}
	/* A violating field is cleared. */
	if (reading->result > AWS_FOTA_PARSE_DEPTH && reading->result != AWS_FOTA_PARSE_MISSING) {
		HOLDS(!has(reading, (enum aws_fota_field)parser->field));
	}
	if (is_refusal(reading->result)) {
		HOLDS(present == 0U && parser->field == 0U && message->client_token == 0U);
		hold_empty_job(&message->job);
	}
	hold_job(&message->job);
}

static void hold_same(const struct reading *a, const struct reading *b)
{
	HOLDS(a->result == b->result);
	HOLDS(a->parser->field == b->parser->field);
	HOLDS(a->parser->offset == b->parser->offset);
	HOLDS(memcmp(a->message->present, b->message->present, sizeof(a->message->present)) == 0);
	HOLDS(a->message->client_token == b->message->client_token);
	HOLDS(a->message->version_number == b->message->version_number);
	HOLDS(a->message->status == b->message->status);
	HOLDS(a->message->code == b->message->code);
	HOLDS(strcmp(a->message->job_id, b->message->job_id) == 0);
	hold_same_job(&a->message->job, &b->message->job);
}

static void hold_as_reference(const struct reading *reading, const uint8_t *data, size_t len)
{
	static const int results[] = {
		[RFC8259_FINE] = AWS_FOTA_PARSE_OK,
		[RFC8259_SYNTAX] = AWS_FOTA_PARSE_SYNTAX,
		[RFC8259_TRUNCATED] = AWS_FOTA_PARSE_TRUNCATED,
		[RFC8259_DEPTH] = AWS_FOTA_PARSE_DEPTH,
	};
	size_t offset;
	const enum rfc8259_verdict verdict = rfc8259_read(data, len, AWS_FOTA_JSON_DEPTH, &offset);

	if (verdict == RFC8259_FINE) {
		HOLDS(!is_refusal(reading->result));
	} else {
		HOLDS(reading->result == results[verdict]);
		HOLDS(reading->parser->offset == offset);
	}
}

/** An execution that is read and one that is watched say the same of the envelope. */
static void hold_watched(const struct reading *reading, const uint8_t *data, size_t len)
{
	struct reading watched = read_message(AWS_FOTA_MESSAGE_WATCH, data, len, NULL, 0, true, 0);

	HOLDS(strcmp(reading->message->job_id, watched.message->job_id) == 0);
	HOLDS(reading->message->status == watched.message->status);
	HOLDS(reading->message->version_number == watched.message->version_number);
	HOLDS(reading->message->client_token == watched.message->client_token);
	release(&watched);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t remembered[REMEMBERED_COUNT] = {
		aws_fota_job_hash("job-1"),
		aws_fota_job_hash("a"),
	};
	enum aws_fota_message_kind kind;
	size_t remembered_count;
	uint8_t split;
	struct reading whole;
	struct reading pieces;

	if (size < 2U) {
		return 0;
	}
	/* The digits '0' to '5' are the kinds, '6' to ';' the same with jobs to pass over. */
	kind = (enum aws_fota_message_kind)(data[0] % KINDS);
	remembered_count = data[0] / KINDS % 2U != 0U ? REMEMBERED_COUNT : 0U;
	split = data[1];
	data += 2;
	size -= 2U;
	whole = read_message(kind, data, size, remembered, remembered_count, true, 0);
	pieces = read_message(kind, data, size, remembered, remembered_count, false, split);
	hold_outcome(&whole, kind, size);
	hold_same(&whole, &pieces);
	hold_as_reference(&whole, data, size);
	if (kind == AWS_FOTA_MESSAGE_EXECUTION) {
		hold_watched(&whole, data, size);
	}
	release(&whole);
	release(&pieces);
	return 0;
}

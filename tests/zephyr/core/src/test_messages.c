/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every message of vector_messages.py, whole, byte by byte, and in two pieces at every place.
 */

#include <string.h>

#include <aws_fota/parser.h>
#include <zephyr/ztest.h>

#include "reader.h"

static const uint8_t vectors[] = {
#include "messages.inc"
};

struct vector {
	enum aws_fota_message_kind kind;
	struct block text;
	uint32_t result;
	uint32_t field;
	uint32_t offset;
	uint32_t client_token;
	uint32_t status;
	uint32_t version_number;
	uint32_t code;
	uint32_t present;
	struct block job_id;
	struct block operation;
	struct block version;
	uint32_t size;
	struct block sha256;
	uint32_t scheme;
	uint32_t port;
	struct block host;
	struct block path;
};

static struct aws_fota_message message;
static struct aws_fota_parser parser;

static void read_vector(struct reader *reader, struct vector *vector)
{
	vector->kind = (enum aws_fota_message_kind)reader_number(reader);
	vector->text = reader_block(reader);
	vector->result = reader_number(reader);
	vector->field = reader_number(reader);
	vector->offset = reader_number(reader);
	vector->client_token = reader_number(reader);
	vector->status = reader_number(reader);
	vector->version_number = reader_number(reader);
	vector->code = reader_number(reader);
	vector->present = reader_number(reader);
	vector->job_id = reader_block(reader);
	vector->operation = reader_block(reader);
	vector->version = reader_block(reader);
	vector->size = reader_number(reader);
	vector->sha256 = reader_block(reader);
	vector->scheme = reader_number(reader);
	vector->port = reader_number(reader);
	vector->host = reader_block(reader);
	vector->path = reader_block(reader);
}

static void same_text(const char *text, struct block expected, const char *what, uint32_t number)
{
	zassert_equal(strlen(text), expected.len, "message %u: length of %s", number, what);
	zassert_mem_equal(text, expected.data, expected.len, "message %u: %s", number, what);
}

static void check(const struct vector *v, uint32_t number, int result)
{
	zassert_equal(result, (int)v->result, "message %u: result %d, not %u", number, result,
		      v->result);
	zassert_equal(parser.field, v->field, "message %u: field", number);
	zassert_equal(parser.offset, v->offset, "message %u: offset %u, not %u", number,
		      parser.offset, v->offset);
	zassert_equal(message.client_token, v->client_token, "message %u: token", number);
	zassert_equal(message.status, v->status, "message %u: status", number);
	zassert_equal(message.version_number, v->version_number, "message %u: version", number);
	zassert_equal(message.code, v->code, "message %u: code", number);
	zassert_equal(message.present[0], v->present, "message %u: present", number);
	same_text(message.job_id, v->job_id, "jobId", number);
	if (v->kind != AWS_FOTA_MESSAGE_EXECUTION) {
		return;
	}
	same_text(message.job.operation, v->operation, "operation", number);
	same_text(message.job.version, v->version, "version", number);
	zassert_equal(message.job.size, v->size, "message %u: size", number);
	zassert_mem_equal(message.job.sha256, v->sha256.data, v->sha256.len, "message %u: sha256",
			  number);
	zassert_equal(message.job.url.scheme, v->scheme, "message %u: scheme", number);
	zassert_equal(message.job.url.port, v->port, "message %u: port", number);
	same_text(message.job.url.host, v->host, "host", number);
	same_text(message.job.url.path, v->path, "path", number);
}

static void begin(const struct vector *v)
{
	/* Whatever the message before left must not show. */
	memset(&message, 0x5a, sizeof(message));
	memset(&parser, 0xa5, sizeof(parser));
	message.remembered = NULL;
	message.remembered_count = 0;
	aws_fota_parser_init(&parser, v->kind, &message);
}

static void in_two(const struct vector *v, uint32_t number, size_t split)
{
	begin(v);
	(void)aws_fota_parser_feed(&parser, v->text.data, split);
	(void)aws_fota_parser_feed(&parser, v->text.data + split, v->text.len - split);
	check(v, number, aws_fota_parser_finish(&parser));
}

static void byte_by_byte(const struct vector *v, uint32_t number)
{
	begin(v);
	for (size_t i = 0; i < v->text.len; i++) {
		(void)aws_fota_parser_feed(&parser, v->text.data + i, 1);
		(void)aws_fota_parser_feed(&parser, NULL, 0);
	}
	check(v, number, aws_fota_parser_finish(&parser));
}

ZTEST(aws_fota_messages, test_the_oracle_says_the_same_at_every_split)
{
	struct reader reader = {.at = vectors, .end = vectors + sizeof(vectors)};
	uint32_t count = reader_number(&reader);
	struct vector vector;

	zassert_true(count > 50U, "only %u messages", count);
	for (uint32_t number = 0; number < count; number++) {
		read_vector(&reader, &vector);
		for (size_t split = 0; split <= vector.text.len; split++) {
			in_two(&vector, number, split);
		}
		byte_by_byte(&vector, number);
	}
	zassert_true(reader_at_end(&reader), "vectors are left over");
}

ZTEST_SUITE(aws_fota_messages, NULL, NULL, NULL, NULL, NULL);

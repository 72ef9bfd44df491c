/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The scenarios of the differential tests, step by step: actions, what can be seen of the engine, its record, and
 * what it sends.
 */

#include <stdio.h>
#include <string.h>

#include <aws_fota/engine.h>
#include <aws_fota/parser.h>
#include <aws_fota/publication.h>
#include <aws_fota/record.h>
#include <zephyr/sys/crc.h>
#include <zephyr/ztest.h>

#include "reader.h"

static const uint8_t traces[] = {
#include "traces.inc"
};

/* What comes next in a trace: oracle_pair.py. */
enum next {
	NEXT_BEGIN,
	NEXT_MESSAGE,
	NEXT_STEP,
};

static struct aws_fota_engine engine;
static struct aws_fota_message message;
static struct aws_fota_parser parser;
static char thing[AWS_FOTA_THING_NAME_MAX + 1];
static struct aws_fota_input_message parsed;
static uint32_t steps;

static void begin(struct reader *reader)
{
	struct block name = reader_block(reader);

	memcpy(thing, name.data, name.len);
	thing[name.len] = '\0';
	memset(&engine, 0x5a, sizeof(engine));
	memset(&message, 0x5a, sizeof(message));
	zassert_ok(aws_fota_engine_init(&engine, thing, &message));
}

static void take_message(struct reader *reader)
{
	struct block topic = reader_block(reader);
	struct block text = reader_block(reader);
	enum aws_fota_message_kind kind;

	parsed.topic = aws_fota_topic_parse(thing, (const char *)topic.data, topic.len);
	zassert_equal(parsed.topic.kind, reader_number(reader), "step %u: topic", steps);
	kind = aws_fota_engine_message_kind(&engine, &parsed.topic);
	zassert_equal(kind, reader_number(reader), "step %u: kind", steps);
	aws_fota_parser_init(&parser, kind, &message);
	(void)aws_fota_parser_feed(&parser, text.data, text.len);
	parsed.result = (uint8_t)aws_fota_parser_finish(&parser);
	parsed.field = parser.field;
	zassert_equal(parsed.result, reader_number(reader), "step %u: result", steps);
	zassert_equal(parsed.field, reader_number(reader), "step %u: field", steps);
}

static void same_actions(struct reader *reader, const struct aws_fota_action *actions, size_t count)
{
	zassert_equal(count, reader_number(reader), "step %u: number of actions", steps);
	for (size_t i = 0; i < count; i++) {
		zassert_equal(actions[i].id, reader_number(reader), "step %u: action %zu", steps,
			      i);
		zassert_equal(actions[i].what, reader_number(reader), "step %u: what", steps);
		zassert_equal(actions[i].packet_id, reader_number(reader), "step %u: packet",
			      steps);
		zassert_equal(actions[i].value, reader_number(reader), "step %u: value", steps);
		zassert_equal(actions[i].length, reader_number(reader), "step %u: length", steps);
	}
}

static void same_state(struct reader *reader)
{
	static uint8_t record[AWS_FOTA_RECORD_MAX];
	const char *etag = aws_fota_engine_etag(&engine);
	const char *job_id = aws_fota_engine_job_id(&engine);
	struct block expected;
	size_t len;

	zassert_equal(aws_fota_engine_phase(&engine), reader_number(reader), "step %u: phase",
		      steps);
	zassert_equal(aws_fota_engine_reason(&engine), reader_number(reader), "step %u: reason",
		      steps);
	zassert_equal(aws_fota_engine_detail(&engine), reader_number(reader), "step %u: detail",
		      steps);
	zassert_equal(aws_fota_engine_size(&engine), reader_number(reader), "step %u: size", steps);
	len = aws_fota_record_encode(&engine, record);
	zassert_equal(crc32_ieee(record, len), reader_number(reader), "step %u: record", steps);
	expected = reader_block(reader);
	zassert_equal(strlen(job_id), expected.len, "step %u: jobId", steps);
	zassert_mem_equal(job_id, expected.data, expected.len, "step %u: jobId", steps);
	expected = reader_block(reader);
	zassert_equal(etag != NULL ? strlen(etag) : 0U, expected.len, "step %u: ETag", steps);
	if (etag != NULL) {
		zassert_mem_equal(etag, expected.data, expected.len, "step %u: ETag", steps);
	}
}

static void same_publication(struct reader *reader)
{
	static char sent[AWS_FOTA_TOPIC_MAX + 1 + AWS_FOTA_PUBLICATION_MAX + 1];
	struct block expected = reader_block(reader);
	int topic;
	int payload;

	if (expected.data == NULL) {
		return;
	}
	topic = aws_fota_publication_topic(&engine, sent, AWS_FOTA_TOPIC_MAX + 1);
	zassert_true(topic > 0, "step %u: topic %d", steps, topic);
	sent[topic] = '\n';
	payload = aws_fota_publication_payload(&engine, sent + topic + 1,
					       AWS_FOTA_PUBLICATION_MAX + 1);
	zassert_true(payload > 0, "step %u: payload %d", steps, payload);
	zassert_equal((size_t)(topic + 1 + payload), expected.len, "step %u: %s", steps, sent);
	zassert_mem_equal(sent, expected.data, expected.len, "step %u: %s", steps, sent);
}

static void take_step(struct reader *reader)
{
	struct aws_fota_action actions[AWS_FOTA_ACTIONS_MAX];
	struct aws_fota_input input = reader_input(reader);

	if (input.id == AWS_FOTA_INPUT_MESSAGE) {
		parsed.packet_id = input.data.message.packet_id;
		parsed.identity = input.data.message.identity;
		input.data.message = parsed;
	}
	same_actions(reader, actions, aws_fota_engine_step(&engine, &input, actions));
	same_state(reader);
	same_publication(reader);
	steps++;
}

ZTEST(aws_fota_traces, test_the_oracle_does_the_same_at_every_step)
{
	struct reader reader = {.at = traces, .end = traces + sizeof(traces)};

	while (!reader_at_end(&reader)) {
		switch (reader_number(&reader)) {
		case NEXT_BEGIN:
			begin(&reader);
			break;
		case NEXT_MESSAGE:
			take_message(&reader);
			break;
		case NEXT_STEP:
			take_step(&reader);
			break;
		default:
			zassert_unreachable("the vectors are damaged");
		}
	}
	zassert_true(steps > 50U, "only %u steps", steps);
	TC_PRINT("%u steps in %zu bytes of traces\n", steps, sizeof(traces));
}

ZTEST_SUITE(aws_fota_traces, NULL, NULL, NULL, NULL, NULL);

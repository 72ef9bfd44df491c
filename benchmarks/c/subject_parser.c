/*
 * The generated parser as a subject.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include <aws_fota/parser.h>

#include "subject.h"

const bool bench_streams = true;

static struct aws_fota_parser parser;
static struct aws_fota_message message;

int bench_parse(const struct bench_message *of, size_t piece)
{
	const uint8_t *at = of->data;
	size_t left = of->size;

	aws_fota_parser_init(&parser, of->watch ? AWS_FOTA_MESSAGE_WATCH : AWS_FOTA_MESSAGE_EXECUTION,
			     &message);
	if (piece == 0) {
		(void)aws_fota_parser_feed(&parser, at, left);
		return aws_fota_parser_finish(&parser);
	}
	while (left > piece) {
		(void)aws_fota_parser_feed(&parser, at, piece);
		at += piece;
		left -= piece;
	}
	(void)aws_fota_parser_feed(&parser, at, left);
	return aws_fota_parser_finish(&parser);
}

void bench_read(struct bench_values *values)
{
	static const char *const statuses[] = {"",       "QUEUED",    "IN_PROGRESS", "SUCCEEDED", "FAILED",
					       "TIMED_OUT", "REJECTED", "REMOVED",     "CANCELED"};

	memset(values, 0, sizeof(*values));
	strcpy(values->job_id, message.job_id);
	strcpy(values->status, statuses[message.status]);
	values->version_number = message.version_number;
	if (!aws_fota_message_has(&message, AWS_FOTA_FIELD_JOB_DOCUMENT)) {
		return;
	}
	strcpy(values->operation, message.job.operation);
	strcpy(values->version, message.job.version);
	values->size = message.job.size;
	values->scheme = message.job.url.scheme;
	values->port = message.job.url.port;
	strcpy(values->host, message.job.url.host);
	strcpy(values->path, message.job.url.path);
}

/*
 * What is measured: one parser reading one message.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BENCHMARKS_SUBJECT_H_
#define BENCHMARKS_SUBJECT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One message of the set; the table is written by messages.py. */
struct bench_message {
	const char *name;
	const uint8_t *data;
	size_t size;
	/** Only jobId, status and versionNumber are wanted. */
	bool watch;
};

extern const struct bench_message bench_messages[];
extern const size_t bench_message_count;

/** What every parser must have read from a message, so that all do the same work. */
struct bench_values {
	char job_id[65];
	char status[16];
	uint32_t version_number;
	char operation[33];
	char version[33];
	uint32_t size;
	uint8_t scheme;
	uint16_t port;
	char host[256];
	char path[2048];
};

/** Whether the parser can be fed pieces. */
extern const bool bench_streams;

/**
 * @brief Read one message
 *
 * @param piece Bytes fed at once; 0 feeds the message whole.
 *
 * @return 0, or the parser's own number of what went wrong.
 */
int bench_parse(const struct bench_message *message, size_t piece);

/** What the last bench_parse() read. Not part of what is counted. */
void bench_read(struct bench_values *values);

#endif /* BENCHMARKS_SUBJECT_H_ */

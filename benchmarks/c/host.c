/*
 * The same on this machine, for valgrind: callgrind counts and dumps each call of bench_parse().
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "subject.h"

#define PIECE 128U

static void report(const struct bench_message *message, size_t piece)
{
	static struct bench_values values;
	const int result = bench_parse(message, piece);

	bench_read(&values);
	printf("%s %zu %d\nvalues %s %s %u %s %s %u %u %u %s %s\n", message->name, piece, result, values.job_id,
	       values.status, (unsigned int)values.version_number, values.operation, values.version,
	       (unsigned int)values.size, values.scheme, values.port, values.host, values.path);
}

int main(void)
{
	for (size_t i = 0; i < bench_message_count; i++) {
		report(&bench_messages[i], 0);
		if (bench_streams) {
			report(&bench_messages[i], PIECE);
		}
	}
	return 0;
}

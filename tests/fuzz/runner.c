/*
 * The main() of a fuzz target without libFuzzer: each argument is the file of one input; without any, stdin is one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include <string.h>

static void run(FILE *file, const char *name)
{
	size_t capacity = 4096;
	size_t size = 0;
	uint8_t *read = malloc(capacity);
	uint8_t *exact;

	HOLDS(read != NULL);
	for (;;) {
		const size_t more = fread(read + size, 1, capacity - size, file);

		size += more;
		if (more == 0U) {
			break;
		}
		if (size == capacity) {
			capacity *= 2U;
			read = realloc(read, capacity);
			HOLDS(read != NULL);
		}
	}
	if (ferror(file) != 0) {
		fprintf(stderr, "cannot read %s\n", name);
		exit(2);
	}
	/* A block of exactly its size, so that a byte read behind it is found. */
	exact = malloc(size);
	HOLDS(exact != NULL || size == 0U);
	if (size != 0U) {
		memcpy(exact, read, size);
	}
	free(read);
	/* What was said last tells which input ended the process. */
	fprintf(stderr, "%s\n", name);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		run(stdin, "stdin");
	}
	for (int i = 1; i < argc; i++) {
		FILE *const file = fopen(argv[i], "rb");

		if (file == NULL) {
			fprintf(stderr, "cannot open %s\n", argv[i]);
			return 2;
		}
		run(file, argv[i]);
		fclose(file);
	}
	return 0;
}

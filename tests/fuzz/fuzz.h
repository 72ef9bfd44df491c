/*
 * What every fuzz target has: see run.py for how they are built, doc/fuzzing.md for what they find.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FUZZ_H_
#define FUZZ_H_

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** What outputs hold before a call, so that one that was not written shows. */
#define RUBBISH 0x5A

/** End the process, which the fuzzer takes as a finding, unless a property holds. */
#define HOLDS(property)                                                                            \
	do {                                                                                       \
		if (!(property)) {                                                                 \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#property);                                                        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/** libFuzzer's entry point; runner.c has the main() without libFuzzer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* FUZZ_H_ */

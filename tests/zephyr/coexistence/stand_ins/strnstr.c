/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The host's libc has none.
 */

#include <stddef.h>
#include <string.h>

char *strnstr(const char *haystack, const char *needle, size_t size);

char *strnstr(const char *haystack, const char *needle, size_t size)
{
	const size_t len = strlen(needle);

	for (size_t i = 0; i + len <= size && haystack[i] != '\0'; i++) {
		if (strncmp(haystack + i, needle, len) == 0) {
			return (char *)(haystack + i);
		}
	}
	return NULL;
}

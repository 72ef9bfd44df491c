/*
 * What any parser that yields whole JSON strings needs besides, to read the same from a message.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BENCHMARKS_PEER_H_
#define BENCHMARKS_PEER_H_

#include "subject.h"

/**
 * @brief Copy a text that must fit
 *
 * @param size Of the buffer, the NUL included.
 */
bool peer_copy(char *to, size_t size, const char *text, size_t len);

/**
 * @brief Copy the content of a JSON string, its escapes replaced
 *
 * @param size Of the buffer, the NUL included.
 */
bool peer_unescape(char *to, size_t size, const char *text, size_t len);

/** A decimal number without sign that fits 32 bits. */
bool peer_u32(uint32_t *to, const char *text, size_t len);

/** 64 hexadecimal digits. */
bool peer_digest(uint8_t *to, const char *text, size_t len);

/** "http" or "https", with or without the colon. */
bool peer_scheme(uint8_t *to, const char *text, size_t len);

/** A path, with the leading slash if it has none. */
bool peer_path(char *to, size_t size, const char *text, size_t len);

/** Split a URL into scheme, host, port and path. */
bool peer_url(struct bench_values *values, const char *text, size_t len);

#endif /* BENCHMARKS_PEER_H_ */

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The download server: what stands for a connection of the module to it.
 */

#ifndef SERVER_H_
#define SERVER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How the server answers. */
struct server {
	/** The object. */
	const uint8_t *object;
	size_t size;
	/** Its ETag, with the quotes; NULL for none. */
	const char *etag;
	/** What is sent instead of head and range, and the connection closed; NULL for those. */
	const char *script;
	/** Requests before it, and how many of it answers; 0 for all. */
	int script_skip;
	int script_times;
	/** It comes again and again without an end, after the first time from this offset on. */
	bool repeats;
	size_t repeats_from;
	/** Names of headers in upper and lower case by turns. */
	bool odd_case;
	/** The connection is closed after each response, without a word of it. */
	bool hangs_up;
	/** Sent before the status line, or NULL. */
	const char *before;
	/** Header lines in addition, each with CR LF, or NULL. */
	const char *headers;
	/** Sent after the body, or NULL. */
	const char *after;
	/** Bytes that one call receives at most; 0 for any number. */
	size_t piece;
	/** Milliseconds that one call takes. */
	int slow_ms;
	/** The same of the body, where that is not 0. */
	size_t body_piece;
	int body_ms;
	/** The whole object and 200, whatever is asked for. */
	bool whole;
	/** Neither Content-Length nor chunks: the end of the body is that of the connection. */
	bool until_close;
	/** The body in chunks. */
	bool chunked;
	/** Bytes of the body of a range after which nothing comes any more; 0 for never. */
	size_t silent_after;
	/** Offset in the object from which on nothing comes any more; 0 for never. */
	size_t silent_from;
	/** What a connection ends in: enum aws_fota_fetch_error, or 0. */
	int refused;
};

extern struct server server;

/** Requests since server_reset(). */
extern int server_requests;

/** Connections since then. */
extern int server_connections;

/** Whether a connection is open. */
extern bool server_connected;

/** The last request. */
extern char server_request[1024];

/** Serve @a object as a server does that keeps to everything. */
void server_reset(const uint8_t *object, size_t size);

#endif /* SERVER_H_ */

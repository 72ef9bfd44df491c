/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "connection.h"
#include "glue.h"
#include "server.h"

#define SLICE_MS    20
#define SOME_SOCKET 77

struct server server;
int server_requests;
int server_connections;
bool server_connected;
char server_request[1024];

static size_t request_len;
static char response[16384];
static size_t response_len;
static size_t response_at;
/* Where the server falls silent; SIZE_MAX for nowhere. */
static size_t silent_at;
/* Where the body begins. */
static size_t body_at;
/* Whether the last response was `server.script`. */
static bool scripted;
/* Whether the connection is closed by the server. */
static bool hung_up;

void server_reset(const uint8_t *object, size_t size)
{
	memset(&server, 0, sizeof(server));
	server.object = object;
	server.size = size;
	server.etag = "\"first\"";
	server_requests = 0;
	server_connections = 0;
}

static void add(const void *data, size_t len)
{
	zassert_true(response_len + len <= sizeof(response));
	memcpy(response + response_len, data, len);
	response_len += len;
}

static void add_text(const char *text)
{
	if (text != NULL) {
		add(text, strlen(text));
	}
}

static void add_line(const char *name, const char *value)
{
	/* Names of headers have no case. */
	for (size_t i = 0; name[i] != '\0'; i++) {
		const char c = (char)(i % 2U == 0U ? tolower((unsigned char)name[i])
						   : toupper((unsigned char)name[i]));

		add(server.odd_case ? &c : &name[i], 1);
	}
	add_text(": ");
	add_text(value);
	add_text("\r\n");
}

/* The whole object, as from a server that knows no ranges. */
static void respond_whole(void)
{
	char text[24];

	add_text("HTTP/1.1 200 OK\r\n");
	(void)snprintf(text, sizeof(text), "%zu", server.size);
	add_line("Content-Length", text);
	add_text("\r\n");
	body_at = response_len;
	add(server.object, server.size);
}

static void add_body(size_t start, size_t len)
{
	char text[24];

	body_at = response_len;
	silent_at = server.silent_after > 0U ? response_len + server.silent_after : SIZE_MAX;
	if (server.silent_from > 0U && server.silent_from < start + len) {
		silent_at = response_len + server.silent_from - start;
	}
	if (!server.chunked) {
		add(server.object + start, len);
		return;
	}
	for (size_t at = 0; at < len;) {
		const size_t part = MIN(len - at, 700U);

		(void)snprintf(text, sizeof(text), "%zx\r\n", part);
		add_text(text);
		add(server.object + start + at, part);
		add_text("\r\n");
		at += part;
	}
	add_text("0\r\n\r\n");
}

static void respond(void)
{
	const char *range = strstr(server_request, "\r\nRange: bytes=");
	const char *match = strstr(server_request, "\r\nIf-Match: ");
	char text[64];
	size_t start;
	size_t end;

	response_len = 0;
	response_at = 0;
	silent_at = SIZE_MAX;
	body_at = SIZE_MAX;
	server_requests++;
	add_text(server.before);
	if (server.script != NULL && server_requests > server.script_skip &&
	    (server.script_times == 0 ||
	     server_requests <= server.script_skip + server.script_times)) {
		scripted = true;
		add_text(server.script);
		return;
	}
	scripted = false;
	if (server.whole) {
		respond_whole();
		return;
	}
	zassert_not_null(range);
	start = strtoul(range + strlen("\r\nRange: bytes="), (char **)&range, 10);
	end = MIN(strtoul(range + 1, NULL, 10), server.size - 1U);
	if (match != NULL && server.etag != NULL &&
	    strncmp(match + strlen("\r\nIf-Match: "), server.etag, strlen(server.etag)) != 0) {
		add_text("HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n");
		return;
	}
	add_text("HTTP/1.1 206 Partial Content\r\n");
	(void)snprintf(text, sizeof(text), "bytes %zu-%zu/%zu", start, end, server.size);
	add_line("Content-Range", text);
	if (server.etag != NULL) {
		add_line("ETag", server.etag);
	}
	if (server.chunked) {
		add_line("Transfer-Encoding", "chunked");
	} else if (!server.until_close) {
		(void)snprintf(text, sizeof(text), "%zu", end - start + 1U);
		add_line("Content-Length", text);
	}
	add_text(server.headers);
	add_text("\r\n");
	add_body(start, end - start + 1U);
	add_text(server.after);
}

int __wrap_aws_fota_connection_open(struct aws_fota_connection *connection, uint8_t scheme,
				    const char *host, uint16_t port, uint32_t work);
int __wrap_aws_fota_connection_open(struct aws_fota_connection *connection, uint8_t scheme,
				    const char *host, uint16_t port, uint32_t work)
{
	ARG_UNUSED(work);
	if (server.refused != 0) {
		return server.refused;
	}
	connection->socket = SOME_SOCKET;
	connection->scheme = scheme;
	connection->port = port;
	strcpy(connection->host, host);
	server_connections++;
	server_connected = true;
	hung_up = false;
	request_len = 0;
	response_len = 0;
	response_at = 0;
	return 0;
}

int __wrap_aws_fota_connection_send(struct aws_fota_connection *connection, const void *data,
				    size_t len, k_timepoint_t end, uint32_t work);
int __wrap_aws_fota_connection_send(struct aws_fota_connection *connection, const void *data,
				    size_t len, k_timepoint_t end, uint32_t work)
{
	zassert_false(sys_timepoint_expired(end));
	zassert_equal(connection->socket, SOME_SOCKET);
	if (!aws_fota_download_wanted(work)) {
		return -ECANCELED;
	}
	zassert_true(request_len + len < sizeof(server_request));
	memcpy(server_request + request_len, data, len);
	request_len += len;
	if (server.hangs_up && response_len > 0U) {
		/* Between two requests: what is sent still goes somewhere. */
		hung_up = true;
		response_at = response_len;
		request_len = 0;
		return 0;
	}
	server_request[request_len] = '\0';
	if (request_len >= 4U && strcmp(server_request + request_len - 4U, "\r\n\r\n") == 0) {
		respond();
		request_len = 0;
	}
	return 0;
}

/* Let time pass; 0, or what a call that waits so long ends in. */
static int wait(int milliseconds, k_timepoint_t end, uint32_t work)
{
	/* A sleep may take a tick longer. */
	const int64_t until = k_uptime_get() + milliseconds;

	while (k_uptime_get() < until) {
		k_msleep((int32_t)MIN(until - k_uptime_get(), SLICE_MS));
		if (!aws_fota_download_wanted(work)) {
			return -ECANCELED;
		}
		if (sys_timepoint_expired(end)) {
			return -ETIMEDOUT;
		}
	}
	return 0;
}

int __wrap_aws_fota_connection_receive(struct aws_fota_connection *connection, void *data,
				       size_t size, k_timepoint_t end, uint32_t work);
int __wrap_aws_fota_connection_receive(struct aws_fota_connection *connection, void *data,
				       size_t size, k_timepoint_t end, uint32_t work)
{
	if (server.repeats && response_at == response_len) {
		response_at = server.repeats_from;
	}

	const bool in_body = response_at >= body_at;
	const size_t piece = in_body && server.body_piece > 0U ? server.body_piece : server.piece;
	size_t len = MIN(size, MIN(response_len, silent_at) - response_at);
	int err;

	zassert_equal(connection->socket, SOME_SOCKET);
	if (!aws_fota_download_wanted(work)) {
		return -ECANCELED;
	}
	if (sys_timepoint_expired(end)) {
		return -ETIMEDOUT;
	}
	err = wait(in_body && server.body_ms > 0 ? server.body_ms : server.slow_ms, end, work);
	if (err != 0) {
		return err;
	}
	if (piece > 0U) {
		len = MIN(len, piece);
	}
	if (!in_body && body_at != SIZE_MAX && server.body_ms > 0) {
		len = MIN(len, body_at - response_at);
	}
	if (len == 0U && (server.until_close || scripted || hung_up)) {
		return 0;
	}
	if (len == 0U) {
		err = wait(CONFIG_AWS_FOTA_HTTP_TIMEOUT_SECONDS * 1000, end, work);
		return err != 0 ? err : -ETIMEDOUT;
	}
	memcpy(data, response + response_at, len);
	response_at += len;
	return (int)len;
}

void __wrap_aws_fota_connection_close(struct aws_fota_connection *connection);
void __wrap_aws_fota_connection_close(struct aws_fota_connection *connection)
{
	connection->socket = -1;
	server_connected = false;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Responses of servers that are broken, or mean it.
 */

#include <stdio.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "jobs.h"
#include "server.h"
#include "update.h"

#define RANGES ((int)((UPDATE_SIZE + CONFIG_AWS_FOTA_RANGE_SIZE - 1U) / CONFIG_AWS_FOTA_RANGE_SIZE))

/* What each new job comes to. */
static void expect_of(const char *script, const char *details)
{
	server.script = script;
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect_failure(details);
}

/* What is tried again is told after the last attempt, and was asked for so often. */
static void expect_attempts_of(const char *script, const char *details)
{
	server_requests = 0;
	expect_of(script, details);
	zassert_equal(server_requests, CONFIG_AWS_FOTA_RETRIES_MAX + 1, "%d", server_requests);
}

/* An update that goes its way. */
static void expect_update(void)
{
	update_run();
	zassert_true(update_in_slot(UPDATE_SIZE));
	update_cancel();
}

ZTEST(hostile, test_ranges_that_were_not_asked_for)
{
	static const char *const ranges[] = {
		"bytes 1-2048/9999",
		"bytes 0-9998/9999",
		"bytes 5-4/9999",
		"bytes 0-2047/*",
		"bytes */9999",
		"bytes 0-2047",
		"bytes 0-2047/9999, bytes 0-1/2",
		"bytes -1-2047/9999",
		"bytes +0-2047/9999",
		"bytes 0x0-2047/9999",
		"bytes  0-2047/9999",
		"bits 0-2047/9999",
		"bytes 18446744073709551616-18446744073709553663/9999",
		"bytes 0-2047/4294977295",
		"bytes 0-18446744073709553663/9999",
		"",
	};
	static char script[200];

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		(void)snprintf(script, sizeof(script),
			       "HTTP/1.1 206 Partial Content\r\nContent-Range: %s\r\n"
			       "Content-Length: 2048\r\n\r\nab",
			       ranges[i]);
		server.script = script;
		update_create_job();
		update_expect(AWS_FOTA_EVT_START);
		update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_ERROR);
		/* Zephyr's parser looks at it, too, from 4.1 on, and takes what it refuses for no HTTP. */
		zassert_true(update_ext.error.reason == AWS_FOTA_REASON_CONTENT_RANGE ||
				     (update_ext.error.reason == AWS_FOTA_REASON_CONNECTION &&
				      update_ext.error.detail == AWS_FOTA_FETCH_PROTOCOL),
			     "%s: %d", ranges[i], (int)update_ext.error.reason);
		update_expect(AWS_FOTA_EVT_ERROR);
		update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_FINISHED);
	}
	expect_of(
		"HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=x\r\n"
		"Content-Length: 2048\r\n\r\n--x",
		"\"reason\":\"server sent a wrong Content-Range\"");
}

/* The server says another length than its range has: more is a violation, less a connection that ended. */
ZTEST(hostile, test_a_body_of_another_length)
{
	static char script[4096];

	(void)snprintf(script, sizeof(script),
		       "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/%u\r\n"
		       "Content-Length: 1000\r\n\r\n%0999d",
		       UPDATE_SIZE, 0);
	server.script = script;
	server.script_times = 1;
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	/* The server mends its ways: nothing of what it sent was kept. */
	update_expect(AWS_FOTA_EVT_DONE);
	zassert_true(update_in_slot(UPDATE_SIZE));
	update_cancel();
}

ZTEST(hostile, test_names_of_headers_in_any_case)
{
	server.odd_case = true;
	expect_update();
	zassert_equal(server_requests, RANGES);
	zassert_not_null(strstr(server_request, "\r\nIf-Match: \"first\"\r\n"));
}

static void run_with_etag(const char *etag, bool is_kept)
{
	static char line[200];

	(void)snprintf(line, sizeof(line), "\r\nIf-Match: %s\r\n", etag);
	server.etag = etag;
	server_requests = 0;
	expect_update();
	zassert_equal(server_requests, RANGES);
	zassert_equal(strstr(server_request, line) != NULL, is_kept);
	zassert_equal(strstr(server_request, "If-Match") != NULL, is_kept);
}

/* As long as the record takes, and one byte more, of which no part is an ETag. */
ZTEST(hostile, test_etags)
{
	static char etag[AWS_FOTA_ETAG_MAX + 60];

	memset(etag, 'e', AWS_FOTA_ETAG_MAX);
	etag[0] = '"';
	etag[AWS_FOTA_ETAG_MAX - 1] = '"';
	run_with_etag(etag, true);
	memset(etag, 'e', sizeof(etag) - 1U);
	etag[0] = '"';
	etag[AWS_FOTA_ETAG_MAX] = '"';
	etag[AWS_FOTA_ETAG_MAX + 1] = '\0';
	run_with_etag(etag, false);
	memset(etag, 'e', sizeof(etag) - 1U);
	run_with_etag(etag, false);
	run_with_etag("W/\"weak\"", false);
	run_with_etag("\"with a space\"", false);
	run_with_etag("\"\x80\"", false);
	run_with_etag("", false);
}

/* RFC 9112, 9.3.1: a server may close a connection that it kept at any time. */
ZTEST(hostile, test_connections_that_end_between_two_ranges)
{
	const int64_t start = k_uptime_get();

	server.hangs_up = true;
	update_run();
	zassert_true(update_in_slot(UPDATE_SIZE));
	zassert_equal(server_requests, RANGES);
	zassert_equal(server_connections, RANGES);
	zassert_true(k_uptime_get() - start < 900, "no attempt is lost on it");
	update_cancel();
}

ZTEST(hostile, test_statuses)
{
	static const struct {
		const char *status;
		const char *detail;
	} final[] = {
		{"201 Created", "201"},
		{"204 No Content", "204"},
		{"300 Multiple Choices", "300"},
		{"304 Not Modified", "304"},
		{"400 Bad Request", "400"},
		{"404 Not Found", "404"},
		{"416 Range Not Satisfiable", "416"},
		{"600 ", "600"},
		{"999 ", "999"},
	};
	static const char *const passing[] = {"408", "425", "429", "500", "503", "599"};
	char script[120];
	char details[80];

	for (size_t i = 0; i < ARRAY_SIZE(final); i++) {
		(void)snprintf(
			script, sizeof(script),
			"HTTP/1.1 %s\r\nContent-Range: bytes */9999\r\nContent-Length: 0\r\n\r\n",
			final[i].status);
		(void)snprintf(details, sizeof(details),
			       "\"reason\":\"server refused the download\",\"detail\":\"%s\"",
			       final[i].detail);
		server_requests = 0;
		expect_of(script, details);
		zassert_equal(server_requests, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
		(void)snprintf(
			script, sizeof(script),
			"HTTP/1.1 %s Later\r\nRetry-After: 1\r\nContent-Length: 5\r\n\r\nlater",
			passing[i]);
		(void)snprintf(details, sizeof(details),
			       "\"reason\":\"server refused the download\",\"detail\":\"%s\"",
			       passing[i]);
		expect_attempts_of(script, details);
	}
}

/* A server that is overloaded for a moment, and says when to come back: the backoff sees to it. */
ZTEST(hostile, test_a_server_that_is_busy_for_a_while)
{
	server.script = "HTTP/1.1 503 Slow Down\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n"
			"Content-Length: 0\r\n\r\n";
	server.script_skip = 2;
	server.script_times = 2;
	expect_update();
	zassert_equal(server_requests, RANGES + 2);
}

ZTEST(hostile, test_redirects)
{
	static const char *const refused[] = {
		"",
		"app.bin",
		"?query",
		"ftp://a/b",
		"http://",
		"http://user:password@host.example/",
		"//",
		"http://a/b c",
		"http://a:70000/",
		"http:/a/b",
		"http://[::1/b",
		"javascript:alert(1)",
		"http://a\tb/",
		"http://host.example/a#fragment",
	};
	static char script[AWS_FOTA_PATH_MAX + AWS_FOTA_HOST_MAX + 200];
	const char *const details = "\"reason\":\"redirect refused\"";

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		(void)snprintf(script, sizeof(script),
			       "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
			       refused[i]);
		server_requests = 0;
		expect_of(script, details);
		zassert_equal(server_requests, 1, "%s", refused[i]);
	}
	expect_of("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", details);
	/* In a circle. */
	server_requests = 0;
	expect_of("HTTP/1.1 307 Temporary Redirect\r\nLocation: /app.bin\r\nContent-Length: "
		  "0\r\n\r\n",
		  details);
	zassert_equal(server_requests, 4);
	/* Two that do not agree are one that no URL is. */
	expect_of("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: http://b/\r\n"
		  "Content-Length: 0\r\n\r\n",
		  details);
	/* Longer than any URL that is taken. */
	(void)snprintf(script, sizeof(script),
		       "HTTP/1.1 302 Found\r\nLocation: /%0*d\r\nContent-Length: 0\r\n\r\n",
		       AWS_FOTA_PATH_MAX + AWS_FOTA_HOST_MAX + 50, 0);
	expect_of(script, details);
}

ZTEST(hostile, test_what_is_not_http)
{
	static const char *const scripts[] = {
		"",
		"\r\n\r\n",
		"220 ftp.example ready\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"HTTP/1.1\r\n\r\n",
		"HTTP/1.1 2xx\r\n\r\n",
		"HTTP/1.1 20600 Partial Content\r\n\r\n",
		"HTTP/999999.1 206 Partial Content\r\n\r\n",
		"HTTP/1.1 206 Partial Content\r\nContent-Range bytes 0-1/2\r\n\r\n",
		"HTTP/1.1 206 Partial Content\r\n: no name\r\n\r\n",
		"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2047/9999\r\n",
		"HTTP/1.1 206 Partial Content\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		server.script = scripts[i];
		server_requests = 0;
		update_create_job();
		update_expect(AWS_FOTA_EVT_START);
		update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_ERROR);
		zassert_equal(update_ext.error.reason, AWS_FOTA_REASON_CONNECTION, "%zu: %d", i,
			      (int)update_ext.error.reason);
		update_expect(AWS_FOTA_EVT_ERROR);
		update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_FINISHED);
		zassert_true(server_requests > CONFIG_AWS_FOTA_RETRIES_MAX, "%zu", i);
	}
}

/* One interim response after another, as fast as they are read; and a header without an end. */
ZTEST(hostile, test_headers_without_an_end)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
	static const char field[] = "X-Field: 0123456789abcdef\r\n";
	static char script[8000];

	server.repeats = true;
	server.slow_ms = 10;
	script[0] = '\0';
	while (strlen(script) + sizeof(interim) < sizeof(script)) {
		strcat(script, interim);
	}
	expect_attempts_of(script, "\"reason\":\"download failed too often\",\"detail\":\"3\"");
	strcpy(script, "HTTP/1.1 206 Partial Content\r\n");
	server.repeats_from = strlen(script);
	while (strlen(script) + sizeof(field) < sizeof(script)) {
		strcat(script, field);
	}
	server.script = script;
	server_requests = 0;
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
	update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_ERROR);
	zassert_equal(update_ext.error.reason, AWS_FOTA_REASON_CONNECTION);
	update_expect(AWS_FOTA_EVT_ERROR);
	update_expect(UPDATE_EXT + AWS_FOTA_EXT_EVT_FINISHED);
	zassert_equal(server_requests, CONFIG_AWS_FOTA_RETRIES_MAX + 1);
}

ZTEST_SUITE(hostile, NULL, update_setup, update_before, update_after, NULL);

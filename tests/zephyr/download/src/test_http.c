/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Responses, as servers send them and as they should not.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "connection.h"
#include "jobs.h"
#include "server.h"
#include "update.h"

#define RANGES ((int)((UPDATE_SIZE + CONFIG_AWS_FOTA_RANGE_SIZE - 1U) / CONFIG_AWS_FOTA_RANGE_SIZE))

static void begin(void)
{
	update_create_job();
	update_expect(AWS_FOTA_EVT_START);
}

/* Without a retry, whose wait would be a second or more. */
static void run_without_delay(int connections)
{
	const int64_t start = k_uptime_get();

	update_run();
	zassert_true(update_in_slot(UPDATE_SIZE));
	zassert_equal(server_requests, RANGES, "%d requests", server_requests);
	zassert_equal(server_connections, connections, "%d connections", server_connections);
	zassert_true(k_uptime_get() - start < 900);
	update_cancel();
}

ZTEST(http, test_one_connection_for_all_ranges)
{
	run_without_delay(1);
}

ZTEST(http, test_byte_by_byte)
{
	server.piece = 1;
	server.headers = "X-Empty:\r\nX-More: 1\r\n";
	run_without_delay(1);
}

ZTEST(http, test_what_precedes_a_response)
{
	server.before = "HTTP/1.1 100 Continue\r\nETag: \"none\"\r\n\r\n"
			"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
	run_without_delay(1);
}

ZTEST(http, test_chunks)
{
	server.chunked = true;
	run_without_delay(1);
}

ZTEST(http, test_a_body_that_ends_with_the_connection)
{
	server.until_close = true;
	run_without_delay(RANGES);
}

/* What follows a response belongs to none: the connection is not used again. */
ZTEST(http, test_bytes_after_a_response)
{
	server.after = "HTTP/1.1 206 Partial Content\r\n";
	run_without_delay(RANGES);
}

ZTEST(http, test_a_connection_that_is_not_kept)
{
	server.headers = "Connection: close\r\n";
	run_without_delay(RANGES);
}

ZTEST(http, test_numbers_that_32_bits_do_not_hold)
{
	server.script = "HTTP/1.1 206 Partial Content\r\n"
			"Content-Range: bytes 4294967296-4294967297/9999\r\n"
			"Content-Length: 2\r\n\r\nab";
	begin();
	update_expect_failure("\"reason\":\"server sent a wrong Content-Range\"");
	server.script = "HTTP/1.1 206 Partial Content\r\n"
			"Content-Range: bytes 0-4294967295/9999\r\n"
			"Content-Length: 2\r\n\r\nab";
	begin();
	update_expect_failure("\"reason\":\"server sent a wrong Content-Range\"");
	/* 2^32 + 9999, which is the size in 32 bits. */
	server.script = "HTTP/1.1 200 OK\r\nContent-Length: 4294977295\r\n\r\nab";
	begin();
	update_expect_failure("\"reason\":\"object has another size\",\"detail\":\"4294967295\"");
}

ZTEST(http, test_a_length_that_no_parser_takes)
{
	server.script = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nab";
	begin();
	/* 5: not HTTP, by enum aws_fota_fetch_error. */
	update_expect_failure("\"reason\":\"download failed too often\",\"detail\":\"5\"");
	zassert_equal(server_requests, CONFIG_AWS_FOTA_RETRIES_MAX + 1);
}

ZTEST(http, test_a_server_that_falls_silent)
{
	server.silent_after = 700;
	begin();
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	server.silent_after = 0;
	update_expect(AWS_FOTA_EVT_DONE);
	zassert_true(update_in_slot(UPDATE_SIZE));
	zassert_equal(server_connections, 2);
	update_cancel();
}

ZTEST(http, test_a_header_that_trickles_in)
{
	server.piece = 1;
	server.slow_ms = CONFIG_AWS_FOTA_HTTP_TIMEOUT_SECONDS * 1000 / 10;
	begin();
	/* 3: no answer in time, by enum aws_fota_fetch_error. */
	update_expect_failure("\"reason\":\"download failed too often\",\"detail\":\"3\"");
	zassert_equal(server_requests, CONFIG_AWS_FOTA_RETRIES_MAX + 1);
}

/* Each 4096 bytes of a body may take the wait for the next ones, and a second for so many. */
#define BODY_MS(bytes)                                                                             \
	(CONFIG_AWS_FOTA_HTTP_TIMEOUT_SECONDS * 1000 +                                             \
	 (int)(bytes) * 1000 / CONFIG_AWS_FOTA_HTTP_MIN_RATE)

static void run_slowly(size_t piece, int milliseconds)
{
	server.body_piece = piece;
	server.body_ms = milliseconds;
	update_run();
	zassert_true(update_in_slot(UPDATE_SIZE));
	zassert_equal(server_connections, 1, "%d connections", server_connections);
	update_cancel();
}

/* What begins in time may take its time. */
ZTEST(http, test_a_slow_body)
{
	/* As over NB-IoT. */
	run_slowly(100, 100);
}

ZTEST(http, test_a_body_at_the_slowest_rate)
{
	run_slowly(CONFIG_AWS_FOTA_HTTP_MIN_RATE, 1000);
}

static bool tried_again(void)
{
	return server_connections == 2;
}

/* How long a server was waited for whose body trickles in. */
static int64_t time_until_given_up(void)
{
	int64_t start;

	begin();
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	start = k_uptime_get();
	jobs_serve_until(tried_again);
	server.body_piece = 0;
	server.body_ms = 0;
	return k_uptime_get() - start;
}

/* One byte now and then is no progress: the connection is as good as lost. */
ZTEST(http, test_a_body_that_trickles_in)
{
	const int bound = BODY_MS(CONFIG_AWS_FOTA_RANGE_SIZE);
	int64_t took;

	server.body_piece = 1;
	server.body_ms = 1000;
	took = time_until_given_up();
	zassert_between_inclusive(took, bound - 100, bound + 2500, "%d ms", (int)took);
	/* What came is kept. */
	update_expect(AWS_FOTA_EVT_DONE);
	zassert_true(update_in_slot(UPDATE_SIZE));
	zassert_true(server_connections == 2);
	update_cancel();
}

/* Of one without ranges, which has one body for all, each stretch is held against the rate. */
ZTEST(http, test_a_body_that_trickles_in_without_ranges)
{
	const int bound = BODY_MS(4096);
	int64_t took;

	server.whole = true;
	server.body_piece = 1;
	server.body_ms = 1000;
	took = time_until_given_up();
	zassert_between_inclusive(took, bound - 100, bound + 2500, "%d ms", (int)took);
	update_expect(AWS_FOTA_EVT_ERASE_PENDING);
	update_expect(AWS_FOTA_EVT_ERASE_DONE);
	update_expect(AWS_FOTA_EVT_DONE);
	zassert_true(update_in_slot(UPDATE_SIZE));
	update_cancel();
}

ZTEST(http, test_a_slow_body_without_ranges)
{
	server.whole = true;
	run_slowly(100, 100);
}

ZTEST(http, test_a_server_that_cannot_be_reached)
{
	server.refused = AWS_FOTA_FETCH_TLS;
	begin();
	update_expect_failure("\"reason\":\"download failed too often\",\"detail\":\"2\"");
	zassert_equal(server_requests, 0);
}

ZTEST_SUITE(http, NULL, update_setup, update_before, update_after, NULL);

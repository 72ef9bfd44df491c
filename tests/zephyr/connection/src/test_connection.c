/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * How long a download hangs where nobody answers, and what an abort leaves of that.
 */

#include <errno.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/net/loopback.h>
#include <zephyr/net/socket.h>
#include <zephyr/ztest.h>

#include "connection.h"
#include "glue.h"

#define PORT 8080
#define WORK 1U

/* A name with two addresses. */
#define TWO "two.example"

/* A look-up asks for addresses of IPv4, and then for those of IPv6. */
#define DNS_MS (2 * CONFIG_NET_SOCKETS_DNS_TIMEOUT)

/* Ticks, and the threads of the network stack. */
#define SPARE_MS 300

static struct aws_fota_connection connection = {.socket = -1};
static int listener;
static atomic_t aborted;

bool __wrap_aws_fota_download_wanted(uint32_t work);
bool __wrap_aws_fota_download_wanted(uint32_t work)
{
	zassert_equal(work, WORK);
	return atomic_get(&aborted) == 0;
}

int __real_zsock_getaddrinfo(const char *host, const char *service,
			     const struct zsock_addrinfo *hints, struct zsock_addrinfo **found);
int __wrap_zsock_getaddrinfo(const char *host, const char *service,
			     const struct zsock_addrinfo *hints, struct zsock_addrinfo **found);
int __wrap_zsock_getaddrinfo(const char *host, const char *service,
			     const struct zsock_addrinfo *hints, struct zsock_addrinfo **found)
{
	static struct zsock_addrinfo second;
	int err = __real_zsock_getaddrinfo(strcmp(host, TWO) == 0 ? "127.0.0.1" : host, service,
					   hints, found);

	if (err == 0 && strcmp(host, TWO) == 0) {
		second = **found;
		second.ai_addr = &second._ai_addr;
		second.ai_next = NULL;
		(*found)->ai_next = &second;
	}
	return err;
}

static void abort_it(struct k_work *work)
{
	ARG_UNUSED(work);
	atomic_set(&aborted, 1);
}

static K_WORK_DELAYABLE_DEFINE(abort_work, abort_it);

/* Milliseconds that it takes to end in `result`. */
static int64_t time_to_open(const char *host, int result)
{
	const int64_t start = k_uptime_get();
	int err = aws_fota_connection_open(&connection, AWS_FOTA_SCHEME_HTTP, host, PORT, WORK);

	zassert_equal(err, result, "%d", err);
	zassert_equal(connection.socket >= 0, result == 0);
	return k_uptime_get() - start;
}

static void expect_time(int64_t took, int64_t expected)
{
	zassert_between_inclusive(took, expected, expected + SPARE_MS, "%d ms", (int)took);
}

ZTEST(connection, test_a_server_that_answers)
{
	expect_time(time_to_open("127.0.0.1", 0), 0);
	zassert_true(
		aws_fota_connection_fits(&connection, AWS_FOTA_SCHEME_HTTP, "127.0.0.1", PORT));
	zassert_false(aws_fota_connection_fits(&connection, AWS_FOTA_SCHEME_HTTP, TWO, PORT));
}

/* The earlier of the two: what the whole has, and what the next bytes have. */
ZTEST(connection, test_a_server_that_keeps_silent)
{
	int64_t start;
	char byte;

	(void)time_to_open("127.0.0.1", 0);
	start = k_uptime_get();
	zassert_equal(aws_fota_connection_receive(&connection, &byte, 1,
						  sys_timepoint_calc(K_SECONDS(3)), WORK),
		      -ETIMEDOUT);
	expect_time(k_uptime_get() - start, 3000);
	start = k_uptime_get();
	zassert_equal(aws_fota_connection_receive(&connection, &byte, 1,
						  sys_timepoint_calc(K_SECONDS(1000)), WORK),
		      -ETIMEDOUT);
	expect_time(k_uptime_get() - start, CONFIG_AWS_FOTA_HTTP_TIMEOUT_SECONDS * MSEC_PER_SEC);
	start = k_uptime_get();
	(void)k_work_schedule(&abort_work, K_MSEC(500));
	zassert_equal(aws_fota_connection_receive(&connection, &byte, 1,
						  sys_timepoint_calc(K_SECONDS(1000)), WORK),
		      -ECANCELED);
	expect_time(k_uptime_get() - start, 500);
}

ZTEST(connection, test_a_name_server_that_keeps_silent)
{
	(void)loopback_set_packet_drop_ratio(1.0f);
	expect_time(time_to_open("silent.example", AWS_FOTA_FETCH_CONNECT), DNS_MS);
}

ZTEST(connection, test_a_server_that_is_not_there)
{
	(void)loopback_set_packet_drop_ratio(1.0f);
	expect_time(time_to_open("127.0.0.1", AWS_FOTA_FETCH_TIMEOUT),
		    CONFIG_NET_SOCKETS_CONNECT_TIMEOUT);
	expect_time(time_to_open(TWO, AWS_FOTA_FETCH_TIMEOUT),
		    2 * CONFIG_NET_SOCKETS_CONNECT_TIMEOUT);
}

/* An abort waits for what is under way, and for nothing else; what that came to is nobody's affair any
 * more.
 */
ZTEST(connection, test_an_abort)
{
	(void)loopback_set_packet_drop_ratio(1.0f);
	(void)k_work_schedule(&abort_work, K_MSEC(500));
	expect_time(time_to_open("silent.example", AWS_FOTA_FETCH_CONNECT), DNS_MS);
	atomic_clear(&aborted);
	(void)k_work_schedule(&abort_work, K_MSEC(500));
	expect_time(time_to_open(TWO, -ECANCELED), CONFIG_NET_SOCKETS_CONNECT_TIMEOUT);
	/* Nor is a connection kept that nobody asks for any more. */
	(void)loopback_set_packet_drop_ratio(0.0f);
	expect_time(time_to_open("127.0.0.1", -ECANCELED), 0);
}

static void *listen_on_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	listener = zsock_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	zassert_true(listener >= 0);
	zassert_ok(zsock_bind(listener, (struct sockaddr *)&address, sizeof(address)));
	zassert_ok(zsock_listen(listener, 2));
	return NULL;
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	atomic_clear(&aborted);
}

static void after(void *fixture)
{
	struct zsock_pollfd pollfd = {.fd = listener, .events = ZSOCK_POLLIN};

	ARG_UNUSED(fixture);
	(void)loopback_set_packet_drop_ratio(0.0f);
	aws_fota_connection_close(&connection);
	/* What connected is closed, and its resources are free, before the next test. */
	while (zsock_poll(&pollfd, 1, 0) > 0) {
		(void)zsock_close(zsock_accept(listener, NULL, NULL));
	}
	k_sleep(K_SECONDS(5));
}

ZTEST_SUITE(connection, NULL, listen_on_port, before, after, NULL);

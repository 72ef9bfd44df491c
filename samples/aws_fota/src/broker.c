/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <net/aws_fota.h>
#include <zephyr/logging/log.h>
#include <zephyr/net/mqtt.h>
#include <zephyr/net/socket.h>

#include "sample.h"

LOG_MODULE_REGISTER(broker, LOG_LEVEL_INF);

static struct mqtt_client client;
static struct sockaddr_storage address;
/* The receive buffer holds the header of the largest PUBLISH: thing name, jobId and 43 bytes. */
static uint8_t rx_buffer[256];
static uint8_t tx_buffer[1024];
static bool connected;

static void on_event(struct mqtt_client *const from, const struct mqtt_evt *evt)
{
	/* First, so that messages on its topics are read and acknowledged. */
	int handled = aws_fota_mqtt_evt_handler(from, evt);

	if (handled < 0) {
		LOG_ERR("The update module cannot go on with this connection: %d", handled);
		(void)mqtt_abort(from);
		return;
	}
	if (handled == 0) {
		return;
	}
	switch (evt->type) {
	case MQTT_EVT_CONNACK:
		if (evt->result == 0) {
			LOG_INF("Connected as %s", sample_settings()->client_id);
			connected = true;
		} else {
			LOG_ERR("The broker refused the connection: %d", evt->result);
		}
		break;
	case MQTT_EVT_DISCONNECT:
		LOG_INF("Disconnected: %d", evt->result);
		connected = false;
		break;
	default:
		break;
	}
}

static int resolve(void)
{
	const struct zsock_addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct zsock_addrinfo *found;
	char port[6];
	int err;

	(void)snprintf(port, sizeof(port), "%u", sample_settings()->port);
	err = zsock_getaddrinfo(sample_settings()->broker, port, &hints, &found);
	if (err != 0) {
		LOG_ERR("%s cannot be resolved: %d", sample_settings()->broker, err);
		return -EHOSTUNREACH;
	}
	memcpy(&address, found->ai_addr, found->ai_addrlen);
	zsock_freeaddrinfo(found);
	return 0;
}

static void configure(void)
{
	mqtt_client_init(&client);
	client.broker = &address;
	client.evt_cb = on_event;
	client.client_id.utf8 = (const uint8_t *)sample_settings()->client_id;
	client.client_id.size = strlen(sample_settings()->client_id);
	client.protocol_version = MQTT_VERSION_3_1_1;
	client.rx_buf = rx_buffer;
	client.rx_buf_size = sizeof(rx_buffer);
	client.tx_buf = tx_buffer;
	client.tx_buf_size = sizeof(tx_buffer);
#if defined(CONFIG_MQTT_LIB_TLS)
	static const sec_tag_t tags[] = {SAMPLE_SECURITY_TAG};
	struct mqtt_sec_config *tls = &client.transport.tls.config;

	client.transport.type = MQTT_TRANSPORT_SECURE;
	tls->peer_verify = TLS_PEER_VERIFY_REQUIRED;
	tls->sec_tag_list = tags;
	tls->sec_tag_count = ARRAY_SIZE(tags);
	tls->hostname = sample_settings()->broker;
#else
	client.transport.type = MQTT_TRANSPORT_NON_SECURE;
#endif
}

static int socket_of_client(void)
{
#if defined(CONFIG_MQTT_LIB_TLS)
	return client.transport.tls.sock;
#else
	return client.transport.tcp.sock;
#endif
}

static void tell_failure(int err)
{
	const char *why = "";

	if (IS_ENABLED(CONFIG_MQTT_LIB_TLS) && err == -ECONNABORTED) {
		why = ", the TLS handshake failed: is the broker's certificate of the authority in "
		      "ca.crt, and this device's one that the broker knows?";
	} else if (IS_ENABLED(CONFIG_MQTT_LIB_TLS) && (err == -ETIMEDOUT || err == -EAGAIN)) {
		/* The latter from Zephyr 3.7. */
		why = ", TCP or the TLS handshake took longer than "
		      "CONFIG_NET_SOCKETS_CONNECT_TIMEOUT";
	}
	LOG_ERR("No connection to %s port %u: %d%s", sample_settings()->broker,
		sample_settings()->port, err, why);
}

int sample_broker_serve(void)
{
	struct zsock_pollfd pollfd = {.events = ZSOCK_POLLIN};
	int err = resolve();

	if (err != 0) {
		return err;
	}
	configure();
	connected = false;
	err = mqtt_connect(&client);
	if (err != 0) {
		tell_failure(err);
		return err;
	}
	pollfd.fd = socket_of_client();
	do {
		(void)zsock_poll(&pollfd, 1, MIN(mqtt_keepalive_time_left(&client), 1000));
		if ((pollfd.revents & ZSOCK_POLLIN) != 0) {
			err = mqtt_input(&client);
		} else if ((pollfd.revents & (ZSOCK_POLLERR | ZSOCK_POLLHUP | ZSOCK_POLLNVAL)) !=
			   0) {
			err = -ECONNRESET;
		} else {
			err = mqtt_live(&client);
		}
	} while (err == 0 || err == -EAGAIN);
	if (connected) {
		(void)mqtt_abort(&client);
	}
	return err;
}

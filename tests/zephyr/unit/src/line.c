/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <errno.h>
#include <string.h>

#include <net/aws_fota.h>
#include <net/aws_jobs.h>
#include <zephyr/kernel.h>
#include <zephyr/net/mqtt.h>
#include <zephyr/ztest.h>

#include "line.h"

#define PACKETS_MAX 8

K_MSGQ_DEFINE(sent, sizeof(struct line_packet), PACKETS_MAX, 4);

struct mqtt_client line_client;
int line_handled;

static uint8_t incoming[8192];
static size_t incoming_len;
static size_t incoming_at;
/* Of which a part may come later. */
static size_t whole_len;
static size_t split_at;
static k_timeout_t split_rest;
/* Bytes that come at a time after the first part, and what lies between two of them. */
static size_t rest_step;
static k_timeout_t rest_pause;
static k_timeout_t read_pause;
static uint8_t rx_buffer[256];
static uint8_t tx_buffer[2048];
static struct sockaddr_storage nowhere;

int mqtt_client_custom_transport_connect(struct mqtt_client *client)
{
	ARG_UNUSED(client);
	return 0;
}

int mqtt_client_custom_transport_disconnect(struct mqtt_client *client)
{
	ARG_UNUSED(client);
	return 0;
}

int mqtt_client_custom_transport_read(struct mqtt_client *client, uint8_t *data, uint32_t buflen,
				      bool shall_block)
{
	size_t len = MIN(buflen, incoming_len - incoming_at);

	ARG_UNUSED(client);
	if (len == 0U) {
		return shall_block ? 0 : -EAGAIN;
	}
	if (!K_TIMEOUT_EQ(read_pause, K_NO_WAIT)) {
		(void)k_sleep(read_pause);
	}
	memcpy(data, incoming + incoming_at, len);
	incoming_at += len;
	return (int)len;
}

/* Packets of this client are written whole. */
static void take(const uint8_t *data, size_t len)
{
	struct line_packet packet = {.first = data[0]};
	size_t at = 1;

	while ((data[at++] & 0x80U) != 0U) {
	}
	packet.len = len - at;
	zassert_true(packet.len <= sizeof(packet.body));
	memcpy(packet.body, data + at, packet.len);
	zassert_ok(k_msgq_put(&sent, &packet, K_NO_WAIT));
}

int mqtt_client_custom_transport_write(struct mqtt_client *client, const uint8_t *data,
				       uint32_t datalen)
{
	ARG_UNUSED(client);
	take(data, datalen);
	return 0;
}

int mqtt_client_custom_transport_write_msg(struct mqtt_client *client, const struct msghdr *message)
{
	static uint8_t whole[4096];
	size_t len = 0;

	ARG_UNUSED(client);
	for (size_t i = 0; i < message->msg_iovlen; i++) {
		zassert_true(len + message->msg_iov[i].iov_len <= sizeof(whole));
		memcpy(whole + len, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
		len += message->msg_iov[i].iov_len;
	}
	take(whole, len);
	return 0;
}

static void on_event(struct mqtt_client *const client, const struct mqtt_evt *evt)
{
	line_handled = aws_fota_mqtt_evt_handler(client, evt);
}

static void deliver_rest(struct k_work *work)
{
	incoming_len += MIN(rest_step, whole_len - incoming_len);
	if (incoming_len < whole_len) {
		(void)k_work_schedule(k_work_delayable_from_work(work), rest_pause);
	}
}

static K_WORK_DELAYABLE_DEFINE(rest_work, deliver_rest);

void line_split(size_t first, k_timeout_t rest)
{
	split_at = first;
	split_rest = rest;
	rest_step = SIZE_MAX;
}

void line_trickle(size_t first, k_timeout_t pause)
{
	split_at = first;
	split_rest = pause;
	rest_step = 1;
	rest_pause = pause;
}

void line_read_slowly(k_timeout_t pause)
{
	read_pause = pause;
}

int line_receive(const void *data, size_t len)
{
	zassert_true(len <= sizeof(incoming));
	/* Of the packet before, which may not have been read to its end. */
	(void)k_work_cancel_delayable(&rest_work);
	memcpy(incoming, data, len);
	whole_len = len;
	incoming_len = len;
	incoming_at = 0;
	if (split_at != 0U) {
		incoming_len = split_at;
		split_at = 0;
		if (!K_TIMEOUT_EQ(split_rest, K_FOREVER)) {
			(void)k_work_schedule(&rest_work, split_rest);
		}
	}
	return mqtt_input(&line_client);
}

int line_receive_publish_as(uint8_t first, const char *topic, const char *payload,
			    uint16_t packet_id)
{
	static uint8_t packet[sizeof(incoming)];
	size_t topic_len = strlen(topic);
	size_t payload_len = strlen(payload);
	size_t left = 2U + topic_len + (first != LINE_PUBLISH ? 2U : 0U) + payload_len;
	size_t at = 0;

	packet[at++] = first;
	do {
		packet[at] = (uint8_t)(left & 0x7fU);
		left >>= 7U;
		packet[at++] |= left > 0U ? 0x80U : 0U;
	} while (left > 0U);
	packet[at++] = (uint8_t)(topic_len >> 8U);
	packet[at++] = (uint8_t)topic_len;
	memcpy(packet + at, topic, topic_len);
	at += topic_len;
	if (first != LINE_PUBLISH) {
		packet[at++] = (uint8_t)(packet_id >> 8U);
		packet[at++] = (uint8_t)packet_id;
	}
	memcpy(packet + at, payload, payload_len);
	return line_receive(packet, at + payload_len);
}

int line_receive_publish(const char *topic, const char *payload, uint16_t packet_id)
{
	return line_receive_publish_as(packet_id != 0U ? LINE_PUBLISH_1 : LINE_PUBLISH, topic,
				       payload, packet_id);
}

size_t line_unread(void)
{
	return incoming_len - incoming_at;
}

void line_drain(void)
{
	uint8_t piece[64];

	while (line_unread() > 0U) {
		zassert_true(
			mqtt_read_publish_payload_blocking(&line_client, piece, sizeof(piece)) > 0);
	}
}

void line_connect(const char *client_id)
{
	static const uint8_t connack[] = {0x20, 2, 0, 0};

	mqtt_client_init(&line_client);
	line_client.broker = &nowhere;
	line_client.evt_cb = on_event;
	line_client.client_id.utf8 = (const uint8_t *)client_id;
	line_client.client_id.size = strlen(client_id);
	line_client.protocol_version = MQTT_VERSION_3_1_1;
	line_client.rx_buf = rx_buffer;
	line_client.rx_buf_size = sizeof(rx_buffer);
	line_client.tx_buf = tx_buffer;
	line_client.tx_buf_size = sizeof(tx_buffer);
	line_client.transport.type = MQTT_TRANSPORT_CUSTOM;
	zassert_ok(mqtt_connect(&line_client));
	zassert_equal(line_sent().first, LINE_CONNECT);
	zassert_ok(line_receive(connack, sizeof(connack)));
}

int line_accept_subscription(void)
{
	static const uint8_t suback[] = {
		0x90, 4, SUBSCRIBE_NOTIFY_NEXT >> 8, SUBSCRIBE_NOTIFY_NEXT & 0xff, 1, 1};

	return line_receive(suback, sizeof(suback));
}

struct line_packet line_sent(void)
{
	struct line_packet packet = {0};

	zassert_ok(k_msgq_get(&sent, &packet, K_SECONDS(10)), "nothing was sent");
	return packet;
}

bool line_take(struct line_packet *packet, k_timeout_t timeout)
{
	return k_msgq_get(&sent, packet, timeout) == 0;
}

bool line_idle(void)
{
	return k_msgq_num_used_get(&sent) == 0U;
}

bool line_holds(const struct line_packet *packet, const char *text)
{
	size_t len = strlen(text);

	for (size_t at = 0; at + len <= packet->len; at++) {
		if (memcmp(packet->body + at, text, len) == 0) {
			return true;
		}
	}
	return false;
}

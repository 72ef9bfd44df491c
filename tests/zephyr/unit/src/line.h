/*
 * SPDX-License-Identifier: Apache-2.0
 */

#ifndef LINE_H_
#define LINE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zephyr/kernel.h>
#include <zephyr/net/mqtt.h>

/** First bytes of MQTT packets. */
#define LINE_CONNECT     0x10
#define LINE_PUBLISH     0x30
#define LINE_PUBLISH_1   0x32
#define LINE_PUBLISH_2   0x34
#define LINE_PUBACK      0x40
#define LINE_SUBSCRIBE   0x82
#define LINE_UNSUBSCRIBE 0xa2

/** A packet that the client sent. */
struct line_packet {
	uint8_t first;
	/** Without first byte and length. */
	uint8_t body[600];
	size_t len;
};

/** What the application's handler got, and what the module's said to it. */
extern int line_handled;

/** The client; its transport is a buffer that the test fills and empties. */
extern struct mqtt_client line_client;

/** Connect the client, and let the broker accept it. */
void line_connect(const char *client_id);

/** Let the broker accept what the client subscribed to. 0, or what mqtt_input() says. */
int line_accept_subscription(void);

/** Hand bytes to the client as if they came from the broker. 0, or what mqtt_input() says. */
int line_receive(const void *data, size_t len);

/** Hand a PUBLISH to the client. */
int line_receive_publish(const char *topic, const char *payload, uint16_t packet_id);

/** The same, with a first byte of its own. */
int line_receive_publish_as(uint8_t first, const char *topic, const char *payload,
			    uint16_t packet_id);

/** Deliver the first bytes of the next packet only, and the others after a while or, with K_FOREVER,
 * never.
 */
void line_split(size_t first, k_timeout_t rest);

/** Deliver the first bytes of the next packet at once, and of the others one after each @a pause. */
void line_trickle(size_t first, k_timeout_t pause);

/** Let each read from the transport take so long, though the bytes are there; K_NO_WAIT ends it. */
void line_read_slowly(k_timeout_t pause);

/** Bytes that were not read by anybody. */
size_t line_unread(void);

/** Read away what nobody read. */
void line_drain(void);

/** Wait for the next packet; a test fails when none comes. */
struct line_packet line_sent(void);

/** The next packet, if one comes in time. */
bool line_take(struct line_packet *packet, k_timeout_t timeout);

/** Whether nothing was sent that was not looked at. */
bool line_idle(void);

/** Whether the body of @a packet holds @a text. */
bool line_holds(const struct line_packet *packet, const char *text);

#endif /* LINE_H_ */

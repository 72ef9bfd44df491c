/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * On native_sim: -broker=HOST -port=N -client-id=NAME -credentials=FOLDER -self-test-fails
 */

#include <cmdline.h>
#include <soc.h>
#include <zephyr/sys/util.h>

#include "sample.h"

/* Options that are not given are set to NULL, UINT32_MAX and false. */
static char *broker;
static char *client_id;
#if defined(CONFIG_MQTT_LIB_TLS)
static char *credentials;
#endif
static uint32_t port;
static bool self_test_fails;

static void add_options(void)
{
	static struct args_struct_t options[] = {
		{.option = "broker",
		 .name = "host",
		 .type = 's',
		 .dest = (void *)&broker,
		 .descript = "Host name or address of the broker"},
		{.option = "port",
		 .name = "number",
		 .type = 'u',
		 .dest = (void *)&port,
		 .descript = "Port of the broker"},
		{.option = "client-id",
		 .name = "name",
		 .type = 's',
		 .dest = (void *)&client_id,
		 .descript = "MQTT client id, which is the thing name"},
#if defined(CONFIG_MQTT_LIB_TLS)
		{.option = "credentials",
		 .name = "folder",
		 .type = 's',
		 .dest = (void *)&credentials,
		 .descript = "Folder with ca.crt, device.crt and device.key"},
#endif
		{.option = "self-test-fails",
		 .is_switch = true,
		 .type = 'b',
		 .dest = (void *)&self_test_fails,
		 .descript = "Give a new image up instead of confirming it"},
		ARG_TABLE_ENDMARKER};

	native_add_command_line_opts(options);
}

NATIVE_TASK(add_options, PRE_BOOT_1, 10);

const struct sample_settings *sample_settings(void)
{
	static struct sample_settings settings;

	settings.broker = broker != NULL ? broker : CONFIG_SAMPLE_BROKER;
	settings.port = port <= UINT16_MAX ? (uint16_t)port : CONFIG_SAMPLE_BROKER_PORT;
	settings.client_id = client_id != NULL ? client_id : CONFIG_SAMPLE_CLIENT_ID;
#if defined(CONFIG_MQTT_LIB_TLS)
	settings.credentials = credentials != NULL ? credentials : CONFIG_SAMPLE_CREDENTIALS;
#endif
	settings.self_test_fails = self_test_fails;
	return &settings;
}

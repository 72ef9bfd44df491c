/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include "sample.h"

const struct sample_settings *sample_settings(void)
{
	static const struct sample_settings settings = {
		.broker = CONFIG_SAMPLE_BROKER,
		.port = CONFIG_SAMPLE_BROKER_PORT,
		.client_id = CONFIG_SAMPLE_CLIENT_ID,
	};

	return &settings;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the image does is told by the build number in its header: the same program is signed as one that keeps
 * itself (0), that fails its self-test (1), and that ends in a reset before anything runs (2).
 */

#include <zephyr/dfu/mcuboot.h>
#include <zephyr/init.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/reboot.h>

#include "sample.h"

static uint32_t build_number(void)
{
	struct mcuboot_img_header header;

	if (boot_read_bank_header(FIXED_PARTITION_ID(slot0_partition), &header, sizeof(header)) != 0) {
		return 0;
	}
	return header.h.v1.sem_ver.build_num;
}

static int crash(void)
{
	if (build_number() == 2U) {
		sys_reboot(SYS_REBOOT_COLD);
	}
	return 0;
}

SYS_INIT(crash, APPLICATION, 0);

const struct sample_settings *sample_settings(void)
{
	static struct sample_settings settings = {
		.broker = CONFIG_SAMPLE_BROKER,
		.port = CONFIG_SAMPLE_BROKER_PORT,
		.client_id = CONFIG_SAMPLE_CLIENT_ID,
	};

	settings.self_test_fails = build_number() == 1U;
	return &settings;
}

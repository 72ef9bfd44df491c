/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * -pause-for=MILLISECONDS: pauses the first download once it runs, and resumes it after that time.
 */

#include <cmdline.h>
#include <soc.h>
#include <net/aws_fota_ext.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

LOG_MODULE_REGISTER(pauses, LOG_LEVEL_INF);

#define POLL_MS 5

/* UINT32_MAX when the option is not given. */
static uint32_t pause_for;

static void add_option(void)
{
	static struct args_struct_t options[] = {{.option = "pause-for",
						  .name = "milliseconds",
						  .type = 'u',
						  .dest = (void *)&pause_for,
						  .descript = "Pause the download"},
						 ARG_TABLE_ENDMARKER};

	native_add_command_line_opts(options);
}

NATIVE_TASK(add_option, PRE_BOOT_1, 11);

static void wait_for(enum aws_fota_phase phase)
{
	while (aws_fota_state() != phase) {
		k_msleep(POLL_MS);
	}
}

static void run(void *a, void *b, void *c)
{
	ARG_UNUSED(a);
	ARG_UNUSED(b);
	ARG_UNUSED(c);
	if (pause_for == UINT32_MAX) {
		return;
	}
	wait_for(AWS_FOTA_PHASE_RECEIVING);
	/* Some ranges later. */
	k_msleep(200);
	(void)aws_fota_pause();
	wait_for(AWS_FOTA_PHASE_PAUSED);
	LOG_INF("Paused");
	k_msleep((int32_t)pause_for);
	LOG_INF("Resuming, phase %d", (int)aws_fota_state());
	(void)aws_fota_resume();
}

K_THREAD_DEFINE(pauses, 4096, run, NULL, NULL, NULL, 5, 0, 0);

/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <net/aws_fota.h>
#include <net/aws_fota_ext.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/logging/log_ctrl.h>
#include <zephyr/sys/reboot.h>

#include "sample.h"

LOG_MODULE_REGISTER(device, LOG_LEVEL_INF);

#define RECONNECT_DELAY K_SECONDS(5)
#define INIT_DELAY      K_SECONDS(60)

static void reboot(struct k_work *work)
{
	ARG_UNUSED(work);
	LOG_INF("Rebooting");
	LOG_PANIC();
	sys_reboot(SYS_REBOOT_COLD);
}

static K_WORK_DELAYABLE_DEFINE(reboot_work, reboot);

static void on_update(struct aws_fota_event *event)
{
	uint8_t job_id[65];

	switch (event->id) {
	case AWS_FOTA_EVT_START:
		(void)aws_fota_get_job_id(job_id, sizeof(job_id));
		LOG_INF("Update %s begins", (const char *)job_id);
		break;
	case AWS_FOTA_EVT_ERASE_PENDING:
		LOG_INF("Erasing the slot");
		break;
	case AWS_FOTA_EVT_ERASE_DONE:
		LOG_INF("Downloading");
		break;
	case AWS_FOTA_EVT_DL_PROGRESS:
		LOG_INF("%d %%", event->dl.progress);
		break;
	case AWS_FOTA_EVT_DONE:
		LOG_INF("The new image is in place");
		/* Gives the module's queue the time to finish what it is at. */
		(void)k_work_schedule(&reboot_work, K_SECONDS(1));
		break;
	case AWS_FOTA_EVT_ERROR:
		LOG_ERR("The update ended without a new image");
		break;
	}
}

/* What a product would find out here: does the new image do what it must? */
static void test_itself(void)
{
	if (sample_settings()->self_test_fails) {
		LOG_ERR("Self-test failed: giving the new image up");
		(void)aws_fota_reject();
		(void)k_work_schedule(&reboot_work, K_SECONDS(1));
	} else {
		LOG_INF("Self-test passed: keeping the new image");
		(void)aws_fota_confirm();
	}
}

static void on_more(const struct aws_fota_ext_event *event)
{
	switch (event->id) {
	case AWS_FOTA_EXT_EVT_CONFIRM:
		LOG_INF("A new image runs");
		test_itself();
		break;
	case AWS_FOTA_EXT_EVT_CANCELLED:
		LOG_WRN("The job was cancelled");
		break;
	case AWS_FOTA_EXT_EVT_ERROR:
		LOG_ERR("The job failed: reason %d, detail %u", (int)event->error.reason,
			event->error.detail);
		break;
	case AWS_FOTA_EXT_EVT_FINISHED:
		LOG_INF("Job %s is done: status %d", event->job_id, (int)event->finished.status);
		break;
	case AWS_FOTA_EXT_EVT_FOREIGN:
		LOG_INF("A job that is not an update: %s", event->foreign.job_id);
		(void)aws_fota_job_reject();
		break;
	}
}

int main(void)
{
	int err = 0;

#if defined(CONFIG_MQTT_LIB_TLS)
	err = sample_credentials_add();
#endif
	if (err != 0) {
		LOG_ERR("The credentials cannot be used: %d", err);
		return 0;
	}
	aws_fota_ext_callback_set(on_more);
	/* Given up, it could never be mended by an update. */
	while ((err = aws_fota_init(on_update)) != 0) {
		LOG_ERR("The update module cannot start: %d", err);
		k_sleep(INIT_DELAY);
	}
	for (;;) {
		err = sample_broker_serve();
		LOG_WRN("Connection ended: %d", err);
		k_sleep(RECONNECT_DELAY);
	}
	return 0;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Uses what both libraries have, with the types that both headers have.
 */

#include <net/aws_fota.h>
#include <net/aws_jobs.h>
#include <zephyr/net/mqtt.h>

static struct mqtt_client client;

static void on_update(struct aws_fota_event *event)
{
	switch (event->id) {
	case AWS_FOTA_EVT_DONE:
		(void)(event->image == DFU_TARGET_IMAGE_TYPE_MCUBOOT);
		break;
	case AWS_FOTA_EVT_DL_PROGRESS:
		(void)(event->dl.progress == AWS_FOTA_EVT_DL_COMPLETE_VAL);
		break;
	case AWS_FOTA_EVT_START:
	case AWS_FOTA_EVT_ERROR:
	case AWS_FOTA_EVT_ERASE_PENDING:
	case AWS_FOTA_EVT_ERASE_DONE:
		break;
	}
}

int main(void)
{
	static uint8_t job_id[AWS_JOBS_JOB_ID_MAX_LEN];
	static uint8_t topic[AWS_JOBS_TOPIC_MAX_LEN];
	const struct mqtt_evt event = {.type = MQTT_EVT_PINGRESP};

	if (aws_fota_init(on_update) != 0) {
		return 1;
	}
	(void)aws_fota_mqtt_evt_handler(&client, &event);
	(void)aws_fota_get_job_id(job_id, sizeof(job_id));
	return aws_jobs_subscribe_topic_notify_next(&client, topic) == 0 ? 0 : 1;
}

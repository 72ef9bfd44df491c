/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * An application that is updated, the image that it is updated to, and the job for it.
 */

#ifndef UPDATE_H_
#define UPDATE_H_

#include <stdbool.h>
#include <stdint.h>

#include <net/aws_fota.h>
#include <net/aws_fota_ext.h>

/** Several saved offsets, and no multiple of anything. */
#define UPDATE_SIZE 9999U

/** Bytes of the slot before an image: its first sector, where MCUboot swaps by offset. */
#if defined(CONFIG_MCUBOOT_BOOTLOADER_MODE_SWAP_USING_OFFSET)
#define UPDATE_SLOT_START 4096U
#else
#define UPDATE_SLOT_START 0U
#endif

/** What the application is told: enum aws_fota_evt_id, and enum aws_fota_ext_evt_id from here on. */
#define UPDATE_EXT 100

/** An image for MCUboot. */
extern uint8_t update_image[UPDATE_SIZE];

/** The last event of net/aws_fota_ext.h, and its jobId. */
extern struct aws_fota_ext_event update_ext;
extern char update_ext_job[AWS_FOTA_JOB_ID_MAX + 1];

/** How long the application's handler of net/aws_fota.h takes. */
extern int update_handler_ms;

/** Start the module, once for all suites. */
void *update_setup(void);

/** Write MCUboot's trailer of the running image: two flags, 1 or 0xff for unset, and the magic's first
 * byte, 0x77 if right. */
void update_put_trailer(uint8_t copy_done, uint8_t image_ok, uint8_t magic);

/** A server that keeps to everything, no faults, and nothing in the slot but zeros. */
void update_before(void *fixture);

/** The job is at its end, and the module has nothing to do. */
void update_after(void *fixture);

/** Create the job, with the image's digest. */
void update_create_job(void);

/** Serve until the next event but progress, which has to be @a what. */
void update_expect(int what);

/** Whether nothing was told that was not looked at. */
bool update_quiet(void);

/** Create the job, and serve up to the request to reboot. */
void update_run(void);

/** Serve until the job has failed, with these details. */
void update_expect_failure(const char *details);

/** The application cancels the job, and the service takes the report. */
void update_cancel(void);

/** Begin as after a restart: with the record that was saved, and what the bootloader was asked for. */
void update_reboot(void);

/** Whether the slot holds the image, and nothing behind it up to @a end. */
bool update_in_slot(uint32_t end);

#endif /* UPDATE_H_ */

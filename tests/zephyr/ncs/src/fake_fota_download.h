/*
 * SPDX-License-Identifier: Apache-2.0
 */

#ifndef FAKE_FOTA_DOWNLOAD_H_
#define FAKE_FOTA_DOWNLOAD_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net/fota_download.h>

/** What the next start returns. */
extern int fake_start_result;

/** Times that a cancellation was asked for, and the target was reset. */
extern int fake_cancels;
extern int fake_resets;

/** What the download was started with. */
struct fake_start {
	char host[300];
	char file[400];
	int tag;
};

/** Wait for a start; a test fails when none comes. */
struct fake_start fake_started(void);

/** Whether no start came that was not waited for. */
bool fake_idle(void);

/** A fragment arrives: it is written to the slot, and progress is told. */
void fake_fragment(const void *data, size_t len);

/** An event without data. */
void fake_event(enum fota_download_evt_id id);

/** The download ends in an error. */
void fake_error(enum fota_download_error_cause cause);

#endif /* FAKE_FOTA_DOWNLOAD_H_ */

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * An application that is updated, and the image that it is updated to.
 */

#ifndef UPDATE_H_
#define UPDATE_H_

#include <stddef.h>
#include <stdint.h>

#include <net/aws_fota.h>

#include "fake_fota_download.h"
#include "service.h"

#define UPDATE_URL  "https://bucket.example:8443/dir/app.bin?X-Amz-Signature=0aF"
#define UPDATE_SIZE 1024U

/** An image for MCUboot. */
extern uint8_t update_image[UPDATE_SIZE];

/** Make the image and start the module, once for all suites. */
void *update_setup(void);

/** A job for @a url with the image's size and digest. */
const struct service_job *update_job(const char *url);

/** The same with another size. */
const struct service_job *update_job_of_size(const char *url, uint32_t size);

/** The same with a digest that is not the image's. */
const struct service_job *update_job_with_wrong_digest(void);

/** The job that was made last, with @a url; it is not announced. */
const struct service_job *update_same_job(const char *url);

/** Take @a job up to the start of the download. */
struct fake_start update_begin(const struct service_job *job);

/** Wait for the next event of the application, which has to be @a id. */
struct aws_fota_event update_expect(enum aws_fota_evt_id id);

/** A part of the image arrives; progress of @a percent is told, and is reported if @a reported. */
void update_fragment(size_t from, size_t len, int percent, bool reported);

/** The job fails: the application is told, and the service with @a reason. */
void update_expect_failure(const char *reason);

/** The application cancels the job, and the service takes the report. */
void update_cancel(void);

#endif /* UPDATE_H_ */

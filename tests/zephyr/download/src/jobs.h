/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * AWS IoT Jobs with one device and one job; it answers as soon as it is asked.
 */

#ifndef JOBS_H_
#define JOBS_H_

#include <stdbool.h>

#define JOBS_ID "job-1"

/** Connect the device as @a thing. */
void jobs_connect(const char *thing);

/** Create the job, and notify the device. */
void jobs_create(const char *document);

/** Notify the device once more. */
void jobs_notify(void);

/** Cancel the job, and notify the device. */
void jobs_cancel(void);

/** Answer what the device asks, until @a done holds; a test fails when that takes too long. */
void jobs_serve_until(bool (*done)(void));

/** Answer what the device asks in the next @a milliseconds. */
void jobs_serve_for(int milliseconds);

/** Status of the job, as in AWS IoT; "" when there is none. */
const char *jobs_status(void);

/** Its statusDetails, as JSON. */
const char *jobs_details(void);

/** Whether the job has ended. */
bool jobs_ended(void);

#endif /* JOBS_H_ */

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * AWS IoT Jobs, as far as one device and one job need it.
 */

#ifndef SERVICE_H_
#define SERVICE_H_

#include "line.h"

/** The job's document; the execution holds it. */
struct service_job {
	const char *id;
	const char *document;
};

/** Connect the device, and accept its subscription. */
void service_connect(const char *thing);

/** Answer the device's `$next/get` with @a job, or with none for NULL. */
void service_offer(const struct service_job *job);

/** Accept the update of a job that the device sends next, and hand it out. */
struct line_packet service_accept_update(const char *job_id, const char *status);

/** Answer the device's describe of @a job, IN_PROGRESS, by its id. */
void service_describe(const struct service_job *job);

/** Remove the job, and answer the describe that follows. */
void service_remove(const char *job_id);

#endif /* SERVICE_H_ */

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * An application with the module, what it is told, and what the service is asked.
 */

#ifndef APPLICATION_H_
#define APPLICATION_H_

#include <stdint.h>

#include <net/aws_fota.h>
#include <net/aws_fota_ext.h>

#define PREFIX "$aws/things/thing:2/jobs/"

/** What the application is told: enum aws_fota_evt_id, and enum aws_fota_ext_evt_id from here on. */
#define EXT 100

#define TOKEN_LEN 8

/** The token of the request that was sent last. */
extern char token[TOKEN_LEN + 1];

/** The last event of net/aws_fota_ext.h; the jobId is valid during its call only. */
extern struct aws_fota_ext_event last;
extern char last_job_id[AWS_FOTA_JOB_ID_MAX + 1];

/** Start the module, once for all suites; what it says before that is looked at. */
void *application_start(void);

/** The next that the application is told is @a what. */
void expect_told(int what);

/** The next packet, after a backoff, is the SUBSCRIBE. */
void expect_subscription(void);

/** The next packet is a request to the service, whose token is kept. */
void expect_request(const char *topic);

/** The next packet is the acknowledgement of this message. */
void expect_puback(uint16_t id);

/** The service's answer to the last request; @a rest comes after the token. */
void answer(const char *topic, const char *rest);

/** The connection ends. */
void lost_connection(void);

#endif /* APPLICATION_H_ */

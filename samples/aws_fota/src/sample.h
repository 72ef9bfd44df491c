/*
 * SPDX-License-Identifier: Apache-2.0
 */

#ifndef SAMPLE_H_
#define SAMPLE_H_

#include <stdbool.h>
#include <stdint.h>

/** Where the broker is, and who this device is. */
struct sample_settings {
	const char *broker;
	uint16_t port;
	const char *client_id;
	/** Folder with the credentials; on native_sim only. */
	const char *credentials;
	/** Whether the self-test is to fail, so that the new image is given up. */
	bool self_test_fails;
};

/** The settings; on native_sim those of the command line, elsewhere those of the build. */
const struct sample_settings *sample_settings(void);

/** Register the device's credentials for the TLS stack. 0, or a negative errno. */
int sample_credentials_add(void);

/** Security tag of the credentials. */
#define SAMPLE_SECURITY_TAG 1

/** Connect to the broker and serve the connection until it ends. Returns why, a negative errno. */
int sample_broker_serve(void);

#endif /* SAMPLE_H_ */

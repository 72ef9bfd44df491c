/*
 * SPDX-License-Identifier: Apache-2.0
 */

#ifndef CREDENTIALS_H_
#define CREDENTIALS_H_

#include <stddef.h>

/** What a device needs for TLS with a client certificate. */
enum sample_credential_id {
	/** The root that signed the broker's certificate, and the download server's. */
	SAMPLE_CREDENTIAL_CA,
	SAMPLE_CREDENTIAL_CERTIFICATE,
	SAMPLE_CREDENTIAL_KEY,
	/** Their number. */
	SAMPLE_CREDENTIALS,
};

/** A credential; it stays where it is, for the TLS stack keeps the pointer. */
struct sample_credential {
	/** PEM, which needs a terminating NUL. */
	const unsigned char *pem;
	/** Bytes, with the NUL. */
	size_t size;
};

/** One credential; on native_sim from a file, elsewhere from the build. 0, or a negative errno. */
int sample_credential_read(enum sample_credential_id id, struct sample_credential *credential);

#endif /* CREDENTIALS_H_ */

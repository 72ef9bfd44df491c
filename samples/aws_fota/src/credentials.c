/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <zephyr/kernel.h>
#include <zephyr/net/tls_credentials.h>

#include "credentials.h"
#include "sample.h"

int sample_credentials_add(void)
{
	static const enum tls_credential_type types[SAMPLE_CREDENTIALS] = {
		[SAMPLE_CREDENTIAL_CA] = TLS_CREDENTIAL_CA_CERTIFICATE,
		[SAMPLE_CREDENTIAL_CERTIFICATE] = TLS_CREDENTIAL_SERVER_CERTIFICATE,
		[SAMPLE_CREDENTIAL_KEY] = TLS_CREDENTIAL_PRIVATE_KEY,
	};
	struct sample_credential credential;
	int err = 0;

	for (int i = 0; err == 0 && i < SAMPLE_CREDENTIALS; i++) {
		err = sample_credential_read((enum sample_credential_id)i, &credential);
		if (err == 0) {
			err = tls_credential_add(SAMPLE_SECURITY_TAG, types[i], credential.pem,
						 credential.size);
		}
	}
	return err;
}

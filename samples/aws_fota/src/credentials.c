/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include <zephyr/kernel.h>
#include <zephyr/net/tls_credentials.h>

#include "sample.h"

/* PEM needs a terminating NUL. */
static const unsigned char ca[] = {
#include "ca.crt.inc"
	0x00};
static const unsigned char certificate[] = {
#include "device.crt.inc"
	0x00};
static const unsigned char key[] = {
#include "device.key.inc"
	0x00};

int sample_credentials_add(void)
{
	int err = tls_credential_add(SAMPLE_SECURITY_TAG, TLS_CREDENTIAL_CA_CERTIFICATE, ca,
				     sizeof(ca));

	if (err == 0) {
		err = tls_credential_add(SAMPLE_SECURITY_TAG, TLS_CREDENTIAL_SERVER_CERTIFICATE,
					 certificate, sizeof(certificate));
	}
	if (err == 0) {
		err = tls_credential_add(SAMPLE_SECURITY_TAG, TLS_CREDENTIAL_PRIVATE_KEY, key,
					 sizeof(key));
	}
	return err;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include "credentials.h"

static const unsigned char ca[] = {
#include "ca.crt.inc"
	0x00};
static const unsigned char certificate[] = {
#include "device.crt.inc"
	0x00};
static const unsigned char key[] = {
#include "device.key.inc"
	0x00};

int sample_credential_read(enum sample_credential_id id, struct sample_credential *credential)
{
	static const struct sample_credential of_build[SAMPLE_CREDENTIALS] = {
		[SAMPLE_CREDENTIAL_CA] = {ca, sizeof(ca)},
		[SAMPLE_CREDENTIAL_CERTIFICATE] = {certificate, sizeof(certificate)},
		[SAMPLE_CREDENTIAL_KEY] = {key, sizeof(key)},
	};

	*credential = of_build[id];
	return 0;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * On native_sim: from the folder that -credentials= names, so that one build serves every device.
 */

#include <errno.h>
#include <stdio.h>

#include <nsi_host_trampolines.h>
#include <zephyr/logging/log.h>
#include <zephyr/sys/util.h>

#include "credentials.h"
#include "sample.h"

LOG_MODULE_REGISTER(credentials, LOG_LEVEL_INF);

#define PATH_SIZE       512
#define CREDENTIAL_SIZE 4096

/* The same on every host. */
#define READ_ONLY 0

int sample_credential_read(enum sample_credential_id id, struct sample_credential *credential)
{
	static const char *const names[SAMPLE_CREDENTIALS] = {
		[SAMPLE_CREDENTIAL_CA] = "ca.crt",
		[SAMPLE_CREDENTIAL_CERTIFICATE] = "device.crt",
		[SAMPLE_CREDENTIAL_KEY] = "device.key",
	};
	static unsigned char pem[SAMPLE_CREDENTIALS][CREDENTIAL_SIZE];
	char path[PATH_SIZE];
	long len;
	int file;

	if (snprintf(path, sizeof(path), "%s/%s", sample_settings()->credentials, names[id]) >=
	    (int)sizeof(path)) {
		return -ENAMETOOLONG;
	}
	file = nsi_host_open(path, READ_ONLY);
	if (file < 0) {
		LOG_ERR("%s cannot be read", path);
		return -ENOENT;
	}
	len = nsi_host_read(file, pem[id], CREDENTIAL_SIZE);
	(void)nsi_host_close(file);
	if (len <= 0 || len == CREDENTIAL_SIZE) {
		LOG_ERR("%s is empty, or has %d bytes or more", path, CREDENTIAL_SIZE);
		return -EINVAL;
	}
	pem[id][len] = '\0';
	credential->pem = pem[id];
	credential->size = (size_t)len + 1U;
	return 0;
}

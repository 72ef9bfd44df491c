/*
 * What must hold of every URL that was split, whoever split it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef URL_RULES_H_
#define URL_RULES_H_

#include <string.h>

#include <aws_fota/message.h>

#include "fuzz.h"

/**
 * Nothing of a URL can break out of a request: no control character, no space, no fragment, and
 * both texts end inside their buffers. Parts that are not there are empty.
 */
static void hold_url(const struct aws_fota_url *url)
{
	const char *const host_end = memchr(url->host, '\0', sizeof(url->host));
	const char *const path_end = memchr(url->path, '\0', sizeof(url->path));

	HOLDS(host_end != NULL && path_end != NULL);
	HOLDS(url->scheme <= AWS_FOTA_SCHEME_HTTPS);
	for (const char *at = url->host; at != host_end; at++) {
		HOLDS(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_[:]",
			     *at) != NULL);
	}
	for (const char *at = url->path; at != path_end; at++) {
		HOLDS(*at > ' ' && *at <= '~' && *at != '#');
	}
	HOLDS(url->path[0] == '/' || url->path[0] == '\0');
	/* Only an IPv6 literal has brackets and colons. */
	if (url->host[0] == '[') {
		HOLDS(host_end[-1] == ']' && strpbrk(url->host + 1, "[") == NULL);
		HOLDS(strchr(url->host, ']') == host_end - 1);
	} else {
		HOLDS(strpbrk(url->host, "[:]") == NULL);
	}
	HOLDS(url->port == 0U || url->host[0] != '\0');
}

#endif /* URL_RULES_H_ */

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_sim's offloaded sockets resolve nothing whose type of socket is left open, and the SDK's download client
 * leaves it open. Linked with --wrap=zsock_getaddrinfo.
 */

#include <zephyr/net/socket.h>

int __real_zsock_getaddrinfo(const char *host, const char *service,
			     const struct zsock_addrinfo *hints, struct zsock_addrinfo **res);
int __wrap_zsock_getaddrinfo(const char *host, const char *service,
			     const struct zsock_addrinfo *hints, struct zsock_addrinfo **res);

int __wrap_zsock_getaddrinfo(const char *host, const char *service,
			     const struct zsock_addrinfo *hints, struct zsock_addrinfo **res)
{
	struct zsock_addrinfo narrowed = {0};

	if (hints != NULL) {
		narrowed = *hints;
	}
	if (narrowed.ai_socktype == 0) {
		narrowed.ai_socktype = SOCK_STREAM;
	}
	return __real_zsock_getaddrinfo(host, service, &narrowed, res);
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The SDK's Zephyr has it; upstream's, which does as well here, has not. The values are never used.
 */

#ifndef SOCKET_NCS_H_
#define SOCKET_NCS_H_

#include <zephyr/net/socket.h>

#define SO_BINDTOPDN    1000
#define SOCK_NATIVE_TLS 0x1000
#define AI_PDNSERV      0x1000

#endif /* SOCKET_NCS_H_ */

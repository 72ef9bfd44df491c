/*
 * SPDX-License-Identifier: Apache-2.0
 */

#ifndef STORE_H_
#define STORE_H_

#include <stddef.h>
#include <stdint.h>

/** The record as it is saved; no bytes where there is none. */
extern uint8_t store_record[256];
extern size_t store_len;

#endif /* STORE_H_ */

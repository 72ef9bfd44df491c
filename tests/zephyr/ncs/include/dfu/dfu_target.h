/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The names of the nRF Connect SDK's header that the glue uses.
 */

#ifndef DFU_DFU_TARGET_H_
#define DFU_DFU_TARGET_H_

#include <stddef.h>

#include <net/aws_fota.h>

int dfu_target_offset_get(size_t *offset);
int dfu_target_reset(void);

#endif /* DFU_DFU_TARGET_H_ */

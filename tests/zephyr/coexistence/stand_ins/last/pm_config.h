/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the partition manager would generate, from the devicetree.
 */

#ifndef PM_CONFIG_H_
#define PM_CONFIG_H_

#include <zephyr/devicetree.h>
#include <zephyr/storage/flash_map.h>

#define PM_MCUBOOT_SECONDARY_SIZE    DT_REG_SIZE(DT_NODELABEL(slot1_partition))
#define PM_MCUBOOT_SECONDARY_ADDRESS DT_REG_ADDR(DT_NODELABEL(slot1_partition))
#define PM_MCUBOOT_SECONDARY_NAME    mcuboot_secondary
#define PM_MCUBOOT_SECONDARY_DEV     DT_MTD_FROM_FIXED_PARTITION(DT_NODELABEL(slot1_partition))

#endif /* PM_CONFIG_H_ */

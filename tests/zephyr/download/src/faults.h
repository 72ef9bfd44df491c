/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Flash, settings and MCUboot's requests, which do what they should or fail on order, and tell in which order
 * they were called.
 */

#ifndef FAULTS_H_
#define FAULTS_H_

#include <stddef.h>

/** What can be made to fail. */
enum fault {
	/** Erasing of flash. */
	FAULT_ERASE,
	/** Reading of flash. */
	FAULT_READ,
	/** Writing of an image. */
	FAULT_WRITE,
	/** Request of an upgrade. */
	FAULT_UPGRADE,
	/** Confirmation of the running image. */
	FAULT_CONFIRM,
	/** Saving and removing of a setting. */
	FAULT_STORE,
	/** Reading of a setting. */
	FAULT_LOAD,
	/** Their number. */
	FAULTS,
};

/** Let the next @a times calls after @a skip ones fail with @a error. */
void fault_order(enum fault fault, int error, int skip, int times);

/** Let the next call take @a milliseconds. */
void fault_slow(enum fault fault, int milliseconds);

/**
 * @brief Let the slot have pages of @a size bytes, as those of STM32F4, which its devicetree does not tell
 *
 * What is erased begins with the page that it begins in, as with the driver of that flash.
 */
void fault_flash_page(size_t size);

/** Take all orders back, and forget the calls. */
void faults_reset(void);

/** What this call ends in: the error that was ordered, or 0; it is noted as @a done or as @a failed,
 * unless that is NUL.
 */
int fault_take(enum fault fault, char done, char failed);

/**
 * @brief The calls, one character each
 *
 * `s` the record was saved, `f` it was not, `c` it was removed, `x` it was not; `e` flash was erased;
 * `u` an upgrade was requested; `k` the image was confirmed. Capital letters are calls that failed.
 */
const char *faults_calls(void);

#endif /* FAULTS_H_ */

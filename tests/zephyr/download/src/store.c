/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A settings backend that holds one setting, in RAM, and fails on order.
 */

#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/settings/settings.h>
#include <zephyr/ztest.h>

#include "faults.h"
#include "store.h"

#define KEY "aws_fota/record"

uint8_t store_record[256];
size_t store_len;

static int save(struct settings_store *store, const char *name, const char *value, size_t len)
{
	int error = fault_take(FAULT_STORE, len > 0U ? 's' : 'c', len > 0U ? 'f' : 'x');

	ARG_UNUSED(store);
	if (error != 0) {
		return error;
	}
	zassert_str_equal(name, KEY);
	zassert_true(len <= sizeof(store_record));
	if (len > 0U) {
		memcpy(store_record, value, len);
	}
	store_len = len;
	return 0;
}

static ssize_t read_record(void *cb_arg, void *data, size_t len)
{
	int error = fault_take(FAULT_LOAD, '\0', '\0');

	ARG_UNUSED(cb_arg);
	if (error != 0) {
		return error;
	}
	len = MIN(len, store_len);
	memcpy(data, store_record, len);
	return (ssize_t)len;
}

static int load(struct settings_store *store, const struct settings_load_arg *arg)
{
	ARG_UNUSED(store);
	if (store_len > 0U) {
		(void)settings_call_set_handler(KEY, store_len, read_record, NULL, arg);
	}
	return 0;
}

static const struct settings_store_itf functions = {.csi_load = load, .csi_save = save};
static struct settings_store store = {.cs_itf = &functions};

/* Called by settings_subsys_init(). */
int settings_backend_init(void);
int settings_backend_init(void)
{
	settings_src_register(&store);
	settings_dst_register(&store);
	return 0;
}

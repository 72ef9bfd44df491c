/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Tells what the threads took of their stacks, and Mbed TLS of its heap: every second, and before a reboot.
 */

#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>
#include <zephyr/sys/reboot.h>

#if defined(CONFIG_MBEDTLS_MEMORY_DEBUG)
#include <mbedtls/memory_buffer_alloc.h>
#endif

void __real_sys_reboot(int type);
void __wrap_sys_reboot(int type);

static void tell_stack(const struct k_thread *thread, void *data)
{
	size_t unused;

	ARG_UNUSED(data);
	if (k_thread_stack_space_get(thread, &unused) == 0) {
		printk("stack %s: %zu of %zu\n", k_thread_name_get((k_tid_t)thread),
		       thread->stack_info.size - unused, thread->stack_info.size);
	}
}

static void tell(void)
{
	k_thread_foreach(tell_stack, NULL);
#if defined(CONFIG_MBEDTLS_MEMORY_DEBUG)
	size_t used;
	size_t blocks;

	mbedtls_memory_buffer_alloc_max_get(&used, &blocks);
	printk("heap: %zu in %zu blocks of %d\n", used, blocks, CONFIG_MBEDTLS_HEAP_SIZE);
#endif
	printk("measured\n");
}

static void measure(void *first, void *second, void *third)
{
	ARG_UNUSED(first);
	ARG_UNUSED(second);
	ARG_UNUSED(third);
	for (;;) {
		k_sleep(K_SECONDS(1));
		tell();
	}
}

K_THREAD_DEFINE(measuring, 1024, measure, NULL, NULL, NULL, K_LOWEST_APPLICATION_THREAD_PRIO, 0, 0);

void __wrap_sys_reboot(int type)
{
	tell();
	__real_sys_reboot(type);
}

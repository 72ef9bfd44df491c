/*
 * Counts instructions on the Cortex-M33 of QEMU's mps2-an505, without an operating system.
 *
 * With -icount shift=10 an instruction takes 1024 ns of the machine's time; the CMSDK timer counts its 20 MHz, 20.48
 * of them for each instruction. So a difference of two readings tells the number of instructions exactly.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "subject.h"

/* Secure alias of the first CMSDK timer: the machine starts in secure state. */
#define TIMER_CONTROL (*(volatile uint32_t *)0x50000000U)
#define TIMER_VALUE   (*(volatile uint32_t *)0x50000004U)
#define TIMER_RELOAD  (*(volatile uint32_t *)0x50000008U)
#define TIMER_ENABLE  1U

/* Semihosting. */
#define SYS_WRITE0        0x04U
#define SYS_EXIT          0x18U
#define STOPPED_EXIT      0x20026U
#define STOPPED_FAULT     0x20024U
#define PIECE             128U
#define UNTOUCHED         0x5AA55AA5U

/* Of the linker script. */
extern uint32_t stack_bottom[];
extern uint32_t stack_top[];

void start(void);
void fault(void);

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
	stack_top, (const void *)start, (const void *)fault, (const void *)fault,
	(const void *)fault, (const void *)fault, (const void *)fault, (const void *)fault,
};

static void semihost(uint32_t operation, const void *parameter)
{
	register uint32_t r0 __asm__("r0") = operation;
	register const void *r1 __asm__("r1") = parameter;

	__asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void say(const char *text)
{
	semihost(SYS_WRITE0, text);
}

static void say_number(uint32_t number)
{
	char text[12];
	char *at = &text[sizeof(text) - 1];

	*at = '\0';
	do {
		*--at = (char)('0' + number % 10U);
		number /= 10U;
	} while (number != 0U);
	*--at = ' ';
	say(at);
}

/* A known number of instructions: two for each turn. */
__attribute__((noinline)) static int turn(uint32_t turns)
{
	__asm__ volatile("1: subs %0, %0, #1\n"
			 "bne 1b"
			 : "+r"(turns)
			 :
			 : "cc");
	return 0;
}

struct reading {
	uint32_t ticks;
	uint32_t stack;
	int result;
};

/* Either a number of turns or a message. */
__attribute__((noinline)) static struct reading count(uint32_t turns,
						     const struct bench_message *message,
						     size_t piece)
{
	struct reading reading;
	uint32_t *lowest;
	uint32_t *top;
	uint32_t begin;

	__asm__ volatile("mov %0, sp" : "=r"(top));
	for (volatile uint32_t *at = stack_bottom; at < top; at++) {
		*at = UNTOUCHED;
	}
	begin = TIMER_VALUE;
	reading.result = message == NULL ? turn(turns) : bench_parse(message, piece);
	reading.ticks = begin - TIMER_VALUE;
	for (lowest = stack_bottom; lowest < top && *lowest == UNTOUCHED; lowest++) {
	}
	reading.stack = (uint32_t)((uintptr_t)top - (uintptr_t)lowest);
	return reading;
}

static void report(const char *name, size_t piece, struct reading reading)
{
	say(name);
	say_number(piece);
	say_number(reading.ticks);
	say_number(reading.stack);
	say_number((uint32_t)reading.result);
	say("\n");
}

static void report_values(void)
{
	static struct bench_values values;

	bench_read(&values);
	say("values ");
	say(values.job_id);
	say(" ");
	say(values.status);
	say_number(values.version_number);
	say(" ");
	say(values.operation);
	say(" ");
	say(values.version);
	say_number(values.size);
	say_number(values.scheme);
	say_number(values.port);
	say(" ");
	say(values.host);
	say(" ");
	say(values.path);
	say("\n");
}

void start(void)
{
	static const uint32_t turns[] = {1, 1001, 100001};

	TIMER_RELOAD = UINT32_MAX;
	TIMER_VALUE = UINT32_MAX;
	TIMER_CONTROL = TIMER_ENABLE;
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		report("turns", turns[i], count(turns[i], NULL, 0));
	}
	for (size_t i = 0; i < bench_message_count; i++) {
		report(bench_messages[i].name, 0, count(0, &bench_messages[i], 0));
		report_values();
		if (bench_streams) {
			report(bench_messages[i].name, PIECE, count(0, &bench_messages[i], PIECE));
			report_values();
		}
	}
	semihost(SYS_EXIT, (const void *)STOPPED_EXIT);
	for (;;) {
	}
}

void fault(void)
{
	say("fault\n");
	semihost(SYS_EXIT, (const void *)STOPPED_FAULT);
	for (;;) {
	}
}

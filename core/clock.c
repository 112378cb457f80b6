#include "core/clock.h"

#include <stdatomic.h>
#include <time.h>

#ifdef WR_FAULTS
#include <stdio.h>
#include <stdlib.h>

/* Somebody sets the clock. */
static int64_t wrong_by(void)
{
	const char *path = getenv("WEIR_CLOCK");
	FILE *f = path ? fopen(path, "r") : NULL;
	char text[32] = "";

	if (!f)
		return 0;
	if (!fgets(text, sizeof text, f))
		text[0] = 0;
	fclose(f);
	return strtoll(text, NULL, 10);
}
#else
static int64_t wrong_by(void)
{
	return 0;
}
#endif

static _Atomic bool by_hand;
static _Atomic int64_t hand_ms;

int64_t wr_clock_ms(void)
{
	struct timespec t;

	if (atomic_load_explicit(&by_hand, memory_order_acquire))
		return atomic_load(&hand_ms);
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + wrong_by();
}

int64_t wr_clock_steady_ms(void)
{
	static _Atomic int64_t begun; /* wall minus monotonic clock at the first call */
	int64_t mono = wr_clock_mono_ns() / 1000000, was = atomic_load(&begun);

	if (atomic_load_explicit(&by_hand, memory_order_acquire))
		return atomic_load(&hand_ms);
	if (was == 0) {
		int64_t now = wr_clock_ms() - mono;

		if (atomic_compare_exchange_strong(&begun, &was, now))
			was = now;
	}
	return mono + was;
}

int64_t wr_clock_mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void wr_clock_set(int64_t ms)
{
	atomic_store(&hand_ms, ms);
	atomic_store_explicit(&by_hand, true, memory_order_release);
}

void wr_clock_real(void)
{
	atomic_store(&by_hand, false);
}

#include "core/clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic bool by_hand;
static _Atomic int64_t hand_ms;

int64_t wr_clock_ms(void)
{
	struct timespec t;

	if (atomic_load_explicit(&by_hand, memory_order_acquire))
		return atomic_load(&hand_ms);
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
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

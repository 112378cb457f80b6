/* The allocator of a process that runs for months. */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <stdint.h>

/* Sets it up; before the first thread. */
void wr_heap_setup(void);

/*
 * Gives back to the system what is free in the heaps, when nobody has done so for half a minute.
 * now: of wr_clock_mono_ns. Any thread may call it, as often as it likes.
 */
void wr_heap_tend(int64_t now);

#endif

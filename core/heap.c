/*
 * malloc's defaults keep much that is free. One heap per thread is twice the memory. And what it
 * takes from the system grows with the largest piece that was ever given back, so that large
 * pieces come to stand in heaps and leave holes there: a bound of our own stays where it is.
 *
 * Holes come all the same: RocksDB's memtables, a reader's queue when the broker was slow. malloc
 * gives back only what is free at a heap's end, so every heap stays as large as it once was, and a
 * process that runs for days grows by each bad moment of one of its threads: 25 MB an hour at
 * 20,000 events a second, with half of it free. So whole pages of holes are given back now and
 * then. It takes a millisecond or so, and what is needed again comes back at a page's fault.
 */
#include "core/heap.h"

#include <malloc.h>
#include <stdatomic.h>

static const int64_t EVERY_NS = 30000000000;

void wr_heap_setup(void)
{
	mallopt(M_ARENA_MAX, 4);
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

void wr_heap_tend(int64_t now)
{
	static _Atomic int64_t last;
	int64_t before = atomic_load_explicit(&last, memory_order_relaxed);

	if (now - before >= EVERY_NS && atomic_compare_exchange_strong(&last, &before, now))
		malloc_trim(0);
}

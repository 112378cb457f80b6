/*
 * Named counters and gauges, for metrics and SHOW. A counter is made once by its name and labels
 * and then bumped by pointer: an atomic addition without order, nothing else. Counters live as long
 * as the process. Thread: any.
 *
 *	static wr_counter *late;
 *	late = wr_counter_get("rows_dropped_total", "query=\"CTAS_A_1\",reason=\"late\"");
 *	wr_counter_add(late, 1);
 */
#ifndef CORE_COUNTERS_H
#define CORE_COUNTERS_H

#include "core/buf.h"

#include <stdatomic.h>

typedef struct wr_counter {
	_Atomic int64_t value;
	const char *name;   /* without the prefix weir_ */
	const char *labels; /* as in `a="x",b="y"`; "" for none */
} wr_counter;

/*
 * The counter of that name and those labels, made at 0 when there is none. Takes a lock: not per
 * row.
 */
wr_counter *wr_counter_get(const char *name, const char *labels);
/* The same with the labels query and reason; NULL leaves one out. */
wr_counter *wr_counter_of(const char *name, const char *query, const char *reason);

static inline void wr_counter_add(wr_counter *c, int64_t n)
{
	atomic_fetch_add_explicit(&c->value, n, memory_order_relaxed);
}
/* For gauges. */
static inline void wr_counter_set(wr_counter *c, int64_t v)
{
	atomic_store_explicit(&c->value, v, memory_order_relaxed);
}
static inline int64_t wr_counter_read(const wr_counter *c)
{
	return atomic_load_explicit(&c->value, memory_order_relaxed);
}

/* Calls f for every counter, ordered by name, then labels. f must not make counters. */
void wr_counters_each(void (*f)(void *ctx, const wr_counter *c), void *ctx);
/*
 * Forgets the values (not the counters) whose labels hold this text: of a query that was dropped.
 * NULL: all.
 */
void wr_counters_clear(const char *labels_with);

#endif

/*
 * The clock: real, or moved by hand in tests. Programs with fault points take from the file
 * $WEIR_CLOCK, if there is one, by how many ms the wall clock is wrong. Thread: any.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Wall clock in ms since 1970. By hand: what wr_clock_set said. */
int64_t wr_clock_ms(void);
/*
 * Wall clock in ms as it was at the first call, and what has passed since: for ages of what outlives
 * the process, so that setting the clock neither makes things old nor young while it runs. By hand:
 * as wr_clock_ms.
 */
int64_t wr_clock_steady_ms(void);
/* Monotonic ns, never by hand: for timers and measuring. */
int64_t wr_clock_mono_ns(void);
/* From now on wr_clock_ms answers ms. */
void wr_clock_set(int64_t ms);
void wr_clock_real(void);

#endif

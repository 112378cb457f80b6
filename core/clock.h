/* The clock: real, or moved by hand in tests. Thread: any. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Wall clock in ms since 1970. By hand: what wr_clock_set said. */
int64_t wr_clock_ms(void);
/* Monotonic ns, never by hand: for timers and measuring. */
int64_t wr_clock_mono_ns(void);
/* From now on wr_clock_ms answers ms. */
void wr_clock_set(int64_t ms);
void wr_clock_real(void);

#endif

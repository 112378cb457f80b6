/* When a request may go: a rate, a circuit breaker, pauses between tries. Times are monotonic
 * milliseconds unless said otherwise. */
#ifndef SINKS_OUTBOX_PACE_H
#define SINKS_OUTBOX_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* ---- a bucket that a token drips into every interval_ns; it holds a tenth of a second's worth, at
 * least one */

typedef struct wr_bucket {
	int64_t interval_ns; /* 0: no bound */
	int64_t full_ns;     /* when it will be full again */
} wr_bucket;

/* Takes a token; false: *at_ns (monotonic) is when there will be one. */
bool wr_bucket_take(wr_bucket *b, int64_t now_ns, int64_t *at_ns);

/* ---- a circuit breaker */

enum { WR_BREAKER_TRIPS = 5 }; /* failures in a row */

typedef enum wr_breaker_state {
	WR_BREAKER_CLOSED,    /* all may go */
	WR_BREAKER_OPEN,      /* nothing goes before `until` */
	WR_BREAKER_HALF_OPEN, /* one went, to see */
} wr_breaker_state;

typedef struct wr_breaker {
	wr_breaker_state state;
	unsigned failures; /* in a row, over all lanes */
	unsigned probes;   /* that failed since it opened */
	int64_t until;
} wr_breaker;

/* Whether a request may go now; else *at is when to ask again (INT64_MAX: when an answer came). */
bool wr_breaker_allows(const wr_breaker *b, int64_t now, int64_t *at);
void wr_breaker_started(wr_breaker *b);
/* The endpoint took, or refused, a request: it lives. */
void wr_breaker_answered(wr_breaker *b);
/* It did not. until: when the next probe may go, should it be open. true: it has opened just
 * now. */
bool wr_breaker_failed(wr_breaker *b, int64_t until);

/* ---- pauses */

/* Full jitter: any time from 1 to base · 2ⁿ⁻¹ ms, at most `most`; n: failures in a row, from 1. */
int64_t wr_jitter(uint64_t *random, int64_t base, int64_t most, unsigned n);

#endif

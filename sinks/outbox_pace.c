#include "sinks/outbox_pace.h"

bool wr_bucket_take(wr_bucket *b, int64_t now_ns, int64_t *at_ns)
{
	int64_t holds = b->interval_ns > 100000000 ? b->interval_ns : 100000000;

	if (!b->interval_ns)
		return true;
	if (!b->full_ns) /* begins with one token */
		b->full_ns = now_ns + holds - b->interval_ns;
	int64_t full = b->full_ns > now_ns ? b->full_ns : now_ns;

	if (full + b->interval_ns - now_ns > holds) {
		*at_ns = full + b->interval_ns - holds;
		return false;
	}
	b->full_ns = full + b->interval_ns;
	return true;
}

bool wr_breaker_allows(const wr_breaker *b, int64_t now, int64_t *at)
{
	*at = b->state == WR_BREAKER_OPEN ? b->until : INT64_MAX;
	return b->state == WR_BREAKER_CLOSED || (b->state == WR_BREAKER_OPEN && now >= b->until);
}

void wr_breaker_started(wr_breaker *b)
{
	if (b->state == WR_BREAKER_OPEN)
		b->state = WR_BREAKER_HALF_OPEN;
}

void wr_breaker_answered(wr_breaker *b)
{
	*b = (wr_breaker){ 0 };
}

bool wr_breaker_failed(wr_breaker *b, int64_t until)
{
	bool was_closed = b->state == WR_BREAKER_CLOSED;

	b->failures++;
	if (b->state == WR_BREAKER_OPEN || (was_closed && b->failures < WR_BREAKER_TRIPS))
		return false; /* OPEN: it was under way when the breaker opened */
	b->probes += !was_closed;
	b->state = WR_BREAKER_OPEN;
	b->until = until;
	return was_closed;
}

int64_t wr_jitter(uint64_t *random, int64_t base, int64_t most, unsigned n)
{
	unsigned doublings = n - 1 < 30 ? n - 1 : 30;

	if (base <= most >> doublings)
		most = base << doublings;
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return 1 + (int64_t)(*random % (uint64_t)most);
}

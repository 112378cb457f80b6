/*
 * The edit distance of two names: insert, delete, change, or swap two neighbours, one each. Near
 * means at most a third of the longer name's letters, and never all of them: `CONUT` finds COUNT,
 * `A` finds nothing.
 */
#include "core/near.h"

enum { LONGEST = 64 };

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Three rows of the usual table: the swap looks two rows back. */
static uint32_t distance(wr_str a, wr_str b)
{
	uint32_t rows[3][LONGEST + 1];
	uint32_t *old = rows[0], *last = rows[1], *now = rows[2], *spare;

	for (uint32_t j = 0; j <= b.n; j++)
		last[j] = j;
	for (uint32_t i = 1; i <= a.n; i++) {
		now[0] = i;
		for (uint32_t j = 1; j <= b.n; j++) {
			uint32_t same = lower(a.p[i - 1]) == lower(b.p[j - 1]);

			now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && lower(a.p[i - 1]) == lower(b.p[j - 2]) &&
			    lower(a.p[i - 2]) == lower(b.p[j - 1]))
				now[j] = least(now[j], old[j - 2] + 1);
		}
		spare = old;
		old = last;
		last = now;
		now = spare;
	}
	return last[b.n];
}

void wr_near_offer(wr_near *n, wr_str candidate)
{
	uint32_t longer = n->wanted.n > candidate.n ? n->wanted.n : candidate.n;
	uint32_t d;

	if (n->wanted.n == 0 || candidate.n == 0 || longer > LONGEST)
		return;
	d = distance(n->wanted, candidate);
	if (d > (longer + 1) / 3 || d >= least(n->wanted.n, candidate.n))
		return;
	if (!n->best.p || d < n->distance) {
		n->best = candidate;
		n->distance = d;
	}
}

const char *wr_near_of(wr_str wanted, const char *const *names, uint32_t n)
{
	wr_near near = wr_near_begin(wanted);

	for (uint32_t i = 0; i < n; i++)
		wr_near_offer(&near, wr_str_of(names[i]));
	return near.best.p;
}

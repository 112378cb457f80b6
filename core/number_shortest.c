/*
 * The shortest decimal that reads back as a double, without trial: Raffaello Giulietti's Schubfach
 * ("The Schubfach way to render doubles", 2020).
 *
 * A double is c * 2^q; what reads back as it lies between the middles towards its neighbours. Let
 * 10^k be the largest power of ten not wider than that gap: then among the multiples of 10^(k+1) at
 * most one lies in the gap, and among the multiples of 10^k one or two. So there are four
 * candidates: the multiples of 10^(k+1) and of 10^k next to v, below and above.
 *
 *	     gap of v:        (-------- v --------)
 *	10^k:             s--------------t              s, t = s + 1
 *	10^(k+1):    s'                                 s' = s rounded down to tens, t' = s' + 10
 *
 * All is compared in quarters of 10^k, in integers: v and both ends times 10^-k, of which two
 * further bits and one that says "and something more" are kept. A power of ten of 126 bits is exact
 * enough for that, the paper proves. The powers are made by GMP when the first is asked for.
 */
#include "core/number_shortest.h"

#include <gmp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { K_MIN = -324, K_MAX = 292, Q_MIN = -1074, MANTISSA = 52 };
#define C_MIN  ((uint64_t)1 << MANTISSA)
#define MASK63 (((uint64_t)1 << 63) - 1)

/* floor(10^-k * 2^-r) + 1 for that r which makes it 126 bits, as two halves of 63. */
typedef struct power {
	uint64_t high, low;
} power;

static power powers[K_MAX - K_MIN + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/*
 * floor(log10(2^q)), floor(log10(3/4 * 2^q)), floor(log2(10^k)): by logarithms times 2^41 and 2^38.
 */
static int log10_pow2(int q)
{
	return (int)((int64_t)q * 661971961083 >> 41);
}

static int log10_three_quarters_pow2(int q)
{
	return (int)(((int64_t)q * 661971961083 - 274743187321) >> 41);
}

static int log2_pow10(int k)
{
	return (int)((int64_t)k * 913124641741 >> 38);
}

static uint64_t take_63(mpz_t g)
{
	uint64_t v = mpz_get_ui(g) & MASK63;

	mpz_tdiv_q_2exp(g, g, 63);
	return v;
}

static void make_powers(void)
{
	mpz_t g;

	mpz_init(g);
	for (int k = K_MIN; k <= K_MAX; k++) {
		int shift = 125 - log2_pow10(-k); /* -r */
		mpz_t ten;

		mpz_init(ten);
		mpz_ui_pow_ui(ten, 10, (unsigned long)(k < 0 ? -k : k));
		mpz_set_ui(g, 1);
		if (k <= 0)
			mpz_set(g, ten);
		if (shift >= 0)
			mpz_mul_2exp(g, g, (mp_bitcnt_t)shift);
		else
			mpz_tdiv_q_2exp(g, g, (mp_bitcnt_t)-shift);
		if (k > 0)
			mpz_tdiv_q(g, g, ten);
		mpz_add_ui(g, g, 1);
		powers[k - K_MIN].low = take_63(g);
		powers[k - K_MIN].high = take_63(g);
		mpz_clear(ten);
	}
	mpz_clear(g);
}

/* x * power / 2^127, with the lowest bit set when anything was cut off. */
static uint64_t times(const power *g, uint64_t x)
{
	unsigned __int128 y = (unsigned __int128)g->high * x;
	uint64_t low = (uint64_t)((unsigned __int128)g->low * x >> 64);
	uint64_t z = ((uint64_t)y >> 1) + low;

	return ((uint64_t)(y >> 64) + (z >> 63)) | ((z & MASK63) != 0);
}

/* Of c * 2^q. */
static uint64_t shortest(uint64_t c, int q, int *exp)
{
	bool even = c % 2 == 0;			 /* then the ends themselves read back as v */
	bool regular = c != C_MIN || q == Q_MIN; /* else the gap below is half as wide */
	int k = regular ? log10_pow2(q) : log10_three_quarters_pow2(q);
	int h = q + log2_pow10(-k) + 2;
	const power *g = &powers[k - K_MIN];
	uint64_t v = times(g, c << 2 << h);
	uint64_t low = times(g, ((c << 2) - (regular ? 2 : 1)) << h) + !even;
	uint64_t high = times(g, ((c << 2) + 2) << h);
	uint64_t s = v >> 2, tens = s / 10 * 10;
	bool below, above;

	*exp = k;
	if (s >= 100) {
		below = low <= tens << 2;
		above = ((tens + 10) << 2) + !even <= high;
		if (below != above)
			return below ? tens : tens + 10;
	}
	below = low <= s << 2;
	above = ((s + 1) << 2) + !even <= high;
	if (below != above)
		return below ? s : s + 1;
	if (v == (s << 2) + 2)
		return s + (s & 1);
	return v < (s << 2) + 2 ? s : s + 1;
}

uint64_t wr_shortest(double v, int *exp)
{
	uint64_t bits, c, digits;
	int q;

	pthread_once(&once, make_powers);
	memcpy(&bits, &v, sizeof(bits));
	c = bits & (C_MIN - 1);
	q = (int)(bits >> MANTISSA);
	if (q)
		return shortest(c | C_MIN, q + Q_MIN - 1, exp);
	if (c >= 3)
		return shortest(c, Q_MIN, exp);
	/*
	 * the two smallest of all have one digit: two are wanted, so ten times as much is rendered
	 */
	digits = shortest(10 * c, Q_MIN, exp);
	*exp -= 1;
	return digits;
}

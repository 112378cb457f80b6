/*
 * STDDEV_SAMP and STDDEV_SAMPLE of integers over a table, where values come and go for as long as
 * the query runs: exact, so that nothing is left of a value that went. (Over streams agg_stat.c
 * moves the squared distances on value by value, as the dialect does; taking back would leave a
 * rounding error each time, and two equal values would end with a deviation that is not zero.)
 *
 * State: how many, their sum in 128 bits, the sum of their squares in 256. The result is
 * (n · squares − sum²) / (n · (n − 1)), computed in 256 bits and rounded once:
 *
 *	3000000001, 3000000003    n = 2, sum = 6000000004, squares = 18000000024000000010
 *	                          (2 · squares − sum²) / 2 = 4 / 2 = 2
 */
#include "functions/agg_bag.h"
#include "functions/families.h"

#include <math.h>

typedef unsigned __int128 u128;

/* Least limb first; arithmetic is modulo 2^256. */
typedef struct wide {
	uint64_t limb[4];
} wide;

typedef struct exact {
	__int128 sum;
	wide squares;
	int64_t n;
} exact;

static void add(wide *x, wide y)
{
	u128 carry = 0;

	for (int i = 0; i < 4; i++) {
		carry += (u128)x->limb[i] + y.limb[i];
		x->limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
}

static void subtract(wide *x, wide y)
{
	uint64_t borrow = 0;

	for (int i = 0; i < 4; i++) {
		u128 d = (u128)x->limb[i] - y.limb[i] - borrow;

		x->limb[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> 64) != 0;
	}
}

static wide times(wide x, uint64_t factor)
{
	u128 carry = 0;

	for (int i = 0; i < 4; i++) {
		carry += (u128)x.limb[i] * factor;
		x.limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return x;
}

static wide square(__int128 v)
{
	u128 x = v < 0 ? -(u128)v : (u128)v;
	uint64_t low = (uint64_t)x, high = (uint64_t)(x >> 64);
	wide w = { { low, high, 0, 0 } }, upper = times(w, high);

	w = times(w, low);
	add(&w, (wide){ { 0, upper.limb[0], upper.limb[1], upper.limb[2] } });
	return w;
}

static long double number(wide x)
{
	long double d = 0;

	for (int i = 4; i-- > 0;)
		d = d * 0x1p64L + (long double)x.limb[i];
	return d;
}

static uint32_t size(const wr_agg_cx *cx)
{
	(void)cx;
	return sizeof(exact);
}

static void init(const wr_agg_cx *cx, void *state)
{
	(void)cx;
	memset(state, 0, sizeof(exact));
}

static int64_t value_at(const wr_vec *v, uint32_t row)
{
	uint32_t at = wr_vec_at(v, row);

	return v->type->tag == WR_INTEGER ? wr_vec_INTEGER(v)[at] : wr_vec_BIGINT(v)[at];
}

static bool step(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	exact *e = state;

	(void)cx;
	if (wr_vec_is_null(args[0], row))
		return true;
	e->n++;
	e->sum += value_at(args[0], row);
	add(&e->squares, square(value_at(args[0], row)));
	return true;
}

static bool undo(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	exact *e = state;

	(void)cx;
	if (wr_vec_is_null(args[0], row))
		return true;
	e->n--;
	e->sum -= value_at(args[0], row);
	subtract(&e->squares, square(value_at(args[0], row)));
	return true;
}

static double variance(const exact *e)
{
	wide w;

	if (e->n < 2)
		return 0;
	w = times(e->squares, (uint64_t)e->n);
	subtract(&w, square(e->sum));
	return (double)(number(w) / ((long double)e->n * (long double)(e->n - 1)));
}

static void push(const wr_agg_cx *cx, wr_vec *out, double d)
{
	wr_vec_resize(out, cx->arena, out->n + 1);
	wr_vec_DOUBLE(out)[out->n - 1] = d;
}

static void final_variance(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	push(cx, out, variance(state));
}

static void final_deviation(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	push(cx, out, sqrt(variance(state)));
}

static void save(const wr_agg_cx *cx, const void *state, wr_buf *out)
{
	const exact *e = state;

	(void)cx;
	wr_buf_u64(out, (uint64_t)e->n);
	wr_buf_u64(out, (uint64_t)e->sum);
	wr_buf_u64(out, (uint64_t)((u128)e->sum >> 64));
	for (int i = 0; i < 4; i++)
		wr_buf_u64(out, e->squares.limb[i]);
}

static bool load(const wr_agg_cx *cx, void *state, const char **p, const char *end)
{
	exact *e = state;
	uint64_t n, low, high;
	bool good =
	    wr_load_u64(p, end, &n) && wr_load_u64(p, end, &low) && wr_load_u64(p, end, &high);

	(void)cx;
	for (int i = 0; good && i < 4; i++)
		good = wr_load_u64(p, end, &e->squares.limb[i]);
	if (good) {
		e->n = (int64_t)n;
		e->sum = (__int128)((u128)high << 64 | low);
	}
	return good;
}

#define EXACT(name_, fin)                                                                          \
	{                                                                                          \
		.name = name_, .args = "BIGINT", .result = "DOUBLE", .size = size, .init = init,   \
		.step = step, .undo = undo, .final = fin, .save = save, .load = load               \
	}

const wr_agg wr_agg_exact_variance = EXACT("STDDEV_SAMP", final_variance);
const wr_agg wr_agg_exact_deviation = EXACT("STDDEV_SAMPLE", final_deviation);

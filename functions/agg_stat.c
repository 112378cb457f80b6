/*
 * STDDEV_SAMP (in truth the sample variance, as the dialect keeps it), STDDEV_SAMPLE, CORRELATION.
 *
 * The spread is kept as count, sum and the sum of squared distances from the mean (m2), moved on by
 * each value; so large values far from zero do not cancel out. Taking a value back runs the same
 * step backwards. (Integers over a table: exact, agg_spread.c.)
 */
#include "functions/agg_bag.h"
#include "functions/families.h"

#include <math.h>

static double number_at(const wr_vec *v, uint32_t row)
{
	uint32_t at = wr_vec_at(v, row);

	switch (v->type->tag) {
	case WR_INTEGER: return wr_vec_INTEGER(v)[at];
	case WR_BIGINT: return (double)wr_vec_BIGINT(v)[at];
	default: return wr_vec_DOUBLE(v)[at];
	}
}

static void save_doubles(const double *d, uint32_t n, wr_buf *out)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t bits;

		memcpy(&bits, &d[i], sizeof(bits));
		wr_buf_u64(out, bits);
	}
}

static bool load_doubles(double *d, uint32_t n, const char **p, const char *end)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t bits;

		if (!wr_load_u64(p, end, &bits))
			return false;
		memcpy(&d[i], &bits, sizeof(bits));
	}
	return true;
}

static void push_double(const wr_agg_cx *cx, wr_vec *out, double d)
{
	wr_vec_resize(out, cx->arena, out->n + 1);
	wr_vec_DOUBLE(out)[out->n - 1] = d;
}

/* ---- spread */

typedef struct spread {
	double n, sum, m2;
} spread;

static uint32_t spread_size(const wr_agg_cx *cx)
{
	(void)cx;
	return sizeof(spread);
}

static void spread_init(const wr_agg_cx *cx, void *state)
{
	(void)cx;
	*(spread *)state = (spread){ 0, 0, 0 };
}

/* How much a value adds to m2, when n and sum count it already. */
static double moved(const spread *s, double v)
{
	double d = s->n * v - s->sum;

	return s->n > 1 ? d * d / (s->n * (s->n - 1)) : 0;
}

static bool spread_step(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	spread *s = state;
	double v;

	(void)cx;
	if (wr_vec_is_null(args[0], row))
		return true;
	v = number_at(args[0], row);
	s->n++;
	s->sum += v;
	s->m2 += moved(s, v);
	return true;
}

static bool spread_undo(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	spread *s = state;
	double v;

	(void)cx;
	if (wr_vec_is_null(args[0], row))
		return true;
	v = number_at(args[0], row);
	s->m2 -= moved(s, v);
	s->n--;
	s->sum -= v;
	if (s->n < 2 || s->m2 < 0)
		s->m2 = 0;
	return true;
}

static bool spread_merge(const wr_agg_cx *cx, void *into, const void *from)
{
	spread *s = into;
	const spread *o = from;
	double d;

	(void)cx;
	if (s->n > 0 && o->n > 0) {
		d = s->sum / s->n - o->sum / o->n;
		s->m2 += o->m2 + d * d * s->n * o->n / (s->n + o->n);
	} else {
		s->m2 += o->m2;
	}
	s->n += o->n;
	s->sum += o->sum;
	return true;
}

static double variance(const void *state)
{
	const spread *s = state;

	return s->n < 2 ? 0 : s->m2 / (s->n - 1);
}

static void final_variance(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	push_double(cx, out, variance(state));
}

static void final_deviation(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	push_double(cx, out, sqrt(variance(state)));
}

static void spread_save(const wr_agg_cx *cx, const void *state, wr_buf *out)
{
	const spread *s = state;

	(void)cx;
	save_doubles((const double[]){ s->n, s->sum, s->m2 }, 3, out);
}

static bool spread_load(const wr_agg_cx *cx, void *state, const char **p, const char *end)
{
	double d[3];

	(void)cx;
	if (!load_doubles(d, 3, p, end))
		return false;
	*(spread *)state = (spread){ d[0], d[1], d[2] };
	return true;
}

/* ---- correlation */

typedef struct pairs {
	double n, x, y, xx, yy, xy;
} pairs;

static uint32_t pairs_size(const wr_agg_cx *cx)
{
	(void)cx;
	return sizeof(pairs);
}

static void pairs_init(const wr_agg_cx *cx, void *state)
{
	(void)cx;
	memset(state, 0, sizeof(pairs));
}

static bool pairs_add(void *state, const wr_vec *const *args, uint32_t row, double sign)
{
	pairs *p = state;
	double x, y;

	if (wr_vec_is_null(args[0], row) || wr_vec_is_null(args[1], row))
		return true;
	x = number_at(args[0], row);
	y = number_at(args[1], row);
	p->n += sign;
	p->x += sign * x;
	p->y += sign * y;
	p->xx += sign * x * x;
	p->yy += sign * y * y;
	p->xy += sign * x * y;
	return true;
}

static bool pairs_step(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	(void)cx;
	return pairs_add(state, args, row, 1);
}

static bool pairs_undo(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	(void)cx;
	return pairs_add(state, args, row, -1);
}

static bool pairs_merge(const wr_agg_cx *cx, void *into, const void *from)
{
	pairs *p = into;
	const pairs *o = from;

	(void)cx;
	*p = (pairs){ p->n + o->n,   p->x + o->x,   p->y + o->y,
		      p->xx + o->xx, p->yy + o->yy, p->xy + o->xy };
	return true;
}

static void final_correlation(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	const pairs *p = state;
	double vx = p->n * p->xx - p->x * p->x, vy = p->n * p->yy - p->y * p->y;

	if (p->n < 2 || !(vx > 0) || !(vy > 0))
		push_double(cx, out, NAN);
	else
		push_double(cx, out, (p->n * p->xy - p->x * p->y) / sqrt(vx * vy));
}

static void pairs_save(const wr_agg_cx *cx, const void *state, wr_buf *out)
{
	const pairs *p = state;

	(void)cx;
	save_doubles((const double[]){ p->n, p->x, p->y, p->xx, p->yy, p->xy }, 6, out);
}

static bool pairs_load(const wr_agg_cx *cx, void *state, const char **p, const char *end)
{
	double d[6];

	(void)cx;
	if (!load_doubles(d, 6, p, end))
		return false;
	*(pairs *)state = (pairs){ d[0], d[1], d[2], d[3], d[4], d[5] };
	return true;
}

#define SPREAD(name_, args_, fin, exact, doc_, example_)                                           \
	{                                                                                          \
		.name = name_, .args = args_, .result = "DOUBLE", .size = spread_size,             \
		.init = spread_init, .step = spread_step, .undo = spread_undo,                     \
		.merge = spread_merge, .final = fin, .save = spread_save, .load = spread_load,     \
		.over_table = exact, .doc = doc_, .example = example_                              \
	}

#define PAIRS(args_, example_)                                                                         \
	{                                                                                              \
		.name = "CORRELATION", .args = args_, .result = "DOUBLE", .size = pairs_size,          \
		.init = pairs_init, .step = pairs_step, .undo = pairs_undo, .merge = pairs_merge,      \
		.final = final_correlation, .save = pairs_save, .load = pairs_load,                    \
		.doc =                                                                                 \
		    "The correlation of two columns (Pearson), -1 to 1; NaN of fewer than two pairs.", \
		.example = example_                                                                    \
	}

#define VARIANCE  "The sample variance; 0 of fewer than two values."
#define DEVIATION "The sample standard deviation; 0 of fewer than two values."

const wr_agg wr_aggs_stat[] = {
	PAIRS("INTEGER, INTEGER", "CORRELATION(x, x) OVER (1, 2) => 1E0"),
	PAIRS("BIGINT, BIGINT", "CORRELATION(x, x) OVER (3000000000, 6000000000) => 1E0"),
	PAIRS("DOUBLE, DOUBLE", "CORRELATION(x, x) OVER (1E0, 2E0) => 1E0"),
	SPREAD("STDDEV_SAMP", "INTEGER", final_variance, &wr_agg_exact_variance, VARIANCE,
	       "STDDEV_SAMP(x) OVER (1, 3) => 2E0"),
	SPREAD("STDDEV_SAMP", "BIGINT", final_variance, &wr_agg_exact_variance, VARIANCE,
	       "STDDEV_SAMP(x) OVER (3000000001, 3000000003) => 2E0"),
	SPREAD("STDDEV_SAMP", "DOUBLE", final_variance, NULL, VARIANCE,
	       "STDDEV_SAMP(x) OVER (1E0, 3E0) => 2E0"),
	SPREAD("STDDEV_SAMPLE", "INTEGER", final_deviation, &wr_agg_exact_deviation, DEVIATION,
	       "STDDEV_SAMPLE(x) OVER (1, 2, 3) => 1E0"),
	SPREAD("STDDEV_SAMPLE", "BIGINT", final_deviation, &wr_agg_exact_deviation, DEVIATION,
	       "STDDEV_SAMPLE(x) OVER (3000000001, 3000000002, 3000000003) => 1E0"),
	SPREAD("STDDEV_SAMPLE", "DOUBLE", final_deviation, NULL, DEVIATION,
	       "STDDEV_SAMPLE(x) OVER (1E0, 2E0, 3E0) => 1E0"),
	{ 0 },
};

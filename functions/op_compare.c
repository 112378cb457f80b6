/*
 * Comparisons: = <> < <= > >=, IS [NOT] DISTINCT FROM, IN.
 *
 * Two-valued: whatever is compared with null is false, and the result is never null. The binder
 * brings both sides to one type before, except decimals, which are compared by value whatever their
 * scales. What a hot filter needs has a loop per type and per place of a constant: op = 'c' is a
 * length test and a memcmp, price > 100.00 a 128-bit compare.
 *
 * DOUBLE follows wr_vec_cmp: -0.0 equals 0.0; NaN equals itself and is the largest.
 */
#include "functions/families.h"
#include "functions/kernel.h"

/* ---- results where an operand is null */

static void false_at_nulls(const wr_fn_cx *cx, const wr_vec *v, wr_vec *out)
{
	uint8_t *r = out->data;

	if (!v->null)
		return;
	if (v->kind == WR_CONST) {
		if (v->null[0])
			memset(r, 0, cx->rows);
		return;
	}
	for (uint32_t i = 0; i < cx->rows; i++)
		r[i] &= (uint8_t)!v->null[i];
}

/* ---- one loop per storage, and per operator */

#define EQ_(x, y) ((x) == (y))
#define NE_(x, y) ((x) != (y))
#define LT_(x, y) ((x) < (y))
#define LE_(x, y) ((x) <= (y))
#define GT_(x, y) ((x) > (y))
#define GE_(x, y) ((x) >= (y))

/* -1, 0, 1 with NaN last and equal to itself */
static inline int double_cmp(double x, double y)
{
	if (x < y)
		return -1;
	if (x > y)
		return 1;
	if (x == y)
		return 0;
	return (x != x) - (y != y);
}

static inline bool str_eq(wr_str x, wr_str y)
{
	return x.n == y.n && memcmp(x.p ? x.p : "", y.p ? y.p : "", x.n) == 0;
}

typedef int (*cmp_fn)(const wr_fn_cx *cx, const wr_vec *const *args, uint32_t row);

static int cmp_str(const wr_fn_cx *cx, const wr_vec *const *args, uint32_t row)
{
	(void)cx;
	return wr_str_cmp(wr_vec_str(args[0], row), wr_vec_str(args[1], row));
}

static int cmp_dec(const wr_fn_cx *cx, const wr_vec *const *args, uint32_t row)
{
	return wr_dec_cmp(WR_ARG(wr_dec, 0, row), cx->types[0], WR_ARG(wr_dec, 1, row),
			  cx->types[1]);
}

static int cmp_any(const wr_fn_cx *cx, const wr_vec *const *args, uint32_t row)
{
	(void)cx;
	return wr_vec_cmp(args[0], wr_vec_at(args[0], row), args[1], wr_vec_at(args[1], row));
}

static int cmp_equal(const wr_fn_cx *cx, const wr_vec *const *args, uint32_t row)
{
	(void)cx;
	return !wr_vec_eq(args[0], wr_vec_at(args[0], row), args[1], wr_vec_at(args[1], row));
}

/* Values whose bytes mean nothing at null rows: strings, wide decimals, nested ones. */
#define COMPARE_CAREFULLY(cmp, test)                                                               \
	do {                                                                                       \
		uint8_t *r_ = out->data;                                                           \
                                                                                                   \
		for (uint32_t i = 0; i < cx->rows; i++) {                                          \
			if (wr_vec_is_null(args[0], i) || wr_vec_is_null(args[1], i))              \
				r_[i] = 0;                                                         \
			else                                                                       \
				r_[i] = (uint8_t)test(cmp(cx, args, i), 0);                        \
		}                                                                                  \
	} while (0)

static bool plain_decimals(const wr_fn_cx *cx)
{
	return cx->types[0]->scale == cx->types[1]->scale && !wr_type_wide(cx->types[0]) &&
	       !wr_type_wide(cx->types[1]);
}

#define COMPARE(name, test)                                                                        \
	static void name##_dec(WR_KERNEL)                                                          \
	{                                                                                          \
		if (plain_decimals(cx)) {                                                          \
			WR_EACH2(__int128, __int128, uint8_t, test(x, y));                         \
			false_at_nulls(cx, args[0], out);                                          \
			false_at_nulls(cx, args[1], out);                                          \
		} else {                                                                           \
			COMPARE_CAREFULLY(cmp_dec, test);                                          \
		}                                                                                  \
	}                                                                                          \
	static void name(WR_KERNEL)                                                                \
	{                                                                                          \
		switch (args[0]->type->tag) {                                                      \
		case WR_INTEGER:                                                                   \
		case WR_DATE:                                                                      \
		case WR_TIME: WR_EACH2(int32_t, int32_t, uint8_t, test(x, y)); break;              \
		case WR_BIGINT:                                                                    \
		case WR_TIMESTAMP: WR_EACH2(int64_t, int64_t, uint8_t, test(x, y)); break;         \
		case WR_DOUBLE: WR_EACH2(double, double, uint8_t, test(double_cmp(x, y), 0));      \
		    break;                                                                         \
		case WR_DECIMAL: name##_dec(cx, args, nargs, out); return;                         \
		case WR_STRING:                                                                    \
		case WR_BYTES: COMPARE_CAREFULLY(cmp_str, test); return;                           \
		default: COMPARE_CAREFULLY(cmp_any, test); return;                                 \
		}                                                                                  \
		false_at_nulls(cx, args[0], out);                                                  \
		false_at_nulls(cx, args[1], out);                                                  \
	}

COMPARE(compare_eq, EQ_)
COMPARE(compare_ne, NE_)
COMPARE(eval_lt, LT_)
COMPARE(eval_le, LE_)
COMPARE(eval_gt, GT_)
COMPARE(eval_ge, GE_)

/* A string column against one text: the commonest filter there is. */
static void eq_text(const wr_fn_cx *cx, const wr_vec *v, wr_str text, uint8_t want, uint8_t *r)
{
	const wr_str *s = v->data;

	for (uint32_t i = 0; i < cx->rows; i++) {
		if (v->null && v->null[i])
			r[i] = 0;
		else
			r[i] = str_eq(s[i], text) == want;
	}
}

static bool is_text_column(const wr_vec *x, const wr_vec *y)
{
	return (x->type->tag == WR_STRING || x->type->tag == WR_BYTES) && x->kind == WR_FLAT &&
	       y->kind == WR_CONST && !(y->null && y->null[0]);
}

#define EQUALITY(name, compare, test, want)                                                        \
	static void name(WR_KERNEL)                                                                \
	{                                                                                          \
		if (is_text_column(args[0], args[1]))                                              \
			eq_text(cx, args[0], wr_vec_str(args[1], 0), want, out->data);             \
		else if (wr_tag_nested(args[0]->type->tag))                                        \
			COMPARE_CAREFULLY(cmp_equal, test);                                        \
		else                                                                               \
			compare(cx, args, nargs, out);                                             \
	}

EQUALITY(eval_eq, compare_eq, EQ_, 1)
EQUALITY(eval_ne, compare_ne, NE_, 0)

/* ---- IS DISTINCT FROM: null is a value */

static bool same(const wr_fn_cx *cx, const wr_vec *const *args, uint32_t row)
{
	bool x = wr_vec_is_null(args[0], row), y = wr_vec_is_null(args[1], row);

	if (x || y)
		return x && y;
	if (args[0]->type->tag == WR_DECIMAL)
		return cmp_dec(cx, args, row) == 0;
	return wr_vec_eq(args[0], wr_vec_at(args[0], row), args[1], wr_vec_at(args[1], row));
}

static void eval_distinct(WR_KERNEL)
{
	uint8_t *r = out->data;

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		r[i] = !same(cx, args, i);
}

static void eval_not_distinct(WR_KERNEL)
{
	uint8_t *r = out->data;

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		r[i] = same(cx, args, i);
}

/* ---- IN: all of one type */

static void in_text(const wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, uint8_t *r)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_str s;

		r[i] = 0;
		if (wr_vec_is_null(args[0], i))
			continue;
		s = wr_vec_str(args[0], i);
		for (uint32_t k = 1; k < nargs && !r[i]; k++)
			r[i] = !wr_vec_is_null(args[k], i) && str_eq(s, wr_vec_str(args[k], i));
	}
}

#define IN_NUMBERS(type)                                                                           \
	for (uint32_t k = 1; k < nargs; k++)                                                       \
		for (uint32_t i = 0; i < cx->rows; i++)                                            \
			r[i] |= (uint8_t)(WR_ARG(type, 0, i) == WR_ARG(type, k, i) &&              \
					  !wr_vec_is_null(args[k], i));

static void in_any(const wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, uint8_t *r)
{
	for (uint32_t i = 0; i < cx->rows; i++)
		for (uint32_t k = 1; k < nargs && !r[i]; k++)
			r[i] = !wr_vec_is_null(args[0], i) && !wr_vec_is_null(args[k], i) &&
			       wr_vec_eq(args[0], wr_vec_at(args[0], i), args[k],
					 wr_vec_at(args[k], i));
}

static void eval_in(WR_KERNEL)
{
	uint8_t *r = out->data;

	memset(r, 0, cx->rows);
	switch (args[0]->type->tag) {
	case WR_STRING:
	case WR_BYTES: in_text(cx, args, nargs, r); return;
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME: IN_NUMBERS(int32_t) break;
	case WR_BIGINT:
	case WR_TIMESTAMP: IN_NUMBERS(int64_t) break;
	default: in_any(cx, args, nargs, r); return;
	}
	false_at_nulls(cx, args[0], out);
}

enum { FLAGS = WR_FN_PURE | WR_FN_HIDDEN | WR_FN_TOTAL };

#define ROW(name, eval)                                                                            \
	{                                                                                          \
		name, "ANY, ANY", "BOOLEAN", FLAGS, eval, NULL, NULL, NULL                         \
	}

const wr_fn wr_fns_compare[] = {
	ROW("$eq", eval_eq),
	ROW("$ne", eval_ne),
	ROW("$lt", eval_lt),
	ROW("$le", eval_le),
	ROW("$gt", eval_gt),
	ROW("$ge", eval_ge),
	ROW("$distinct", eval_distinct),
	ROW("$not_distinct", eval_not_distinct),
	{ "$in", "ANY, ANY...", "BOOLEAN", FLAGS, eval_in, NULL, NULL, NULL },
	{ 0 },
};

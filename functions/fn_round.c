/*
 * ROUND, TRUNC, CEIL, FLOOR.
 *
 * ROUND goes to the nearest, and half way toward +infinity, for every type: 1.5 → 2, -1.5 → -1. One
 * argument makes integers (BIGINT of DOUBLE, DECIMAL without fraction of DECIMAL); a second one
 * says how many decimal places stay, may be negative, and keeps the type. A DOUBLE is rounded as
 * the decimal text it prints as, so ROUND(2.675, 2) is 2.68. A result that has one digit too many
 * for its DECIMAL fails.
 *
 * Narrow decimals are rounded as 128-bit integers, all else as text: digits d with value 0.ddd ×
 * 10^point.
 *
 *	-12.345 to 1 place, nearest: digits 12345, point 2, keep 3 → 123|45, the rest is below the half → -12.3
 */
#include "core/number.h"
#include "functions/families.h"
#include "functions/kernel.h"

#include <math.h>
#include <stdio.h>

typedef enum rounding { NEAREST, DOWN, CEIL, FLOOR } rounding;

/*
 * Whether the kept digits grow by one. half: the rest compared with the half, -1, 0, 1; any: the
 * rest is not zero.
 */
static bool away(rounding how, bool minus, int half, bool any)
{
	switch (how) {
	case NEAREST: return half > 0 || (half == 0 && !minus);
	case CEIL: return any && !minus;
	case FLOOR: return any && minus;
	case DOWN: break;
	}
	return false;
}

/* ---- text */

enum { MOST_DIGITS = 1100 };

typedef struct number {
	bool minus;
	int n, point;
	char d[MOST_DIGITS + 2]; /* d[0] is kept free for a carry */
} number;

/* Plain or with an exponent. false: no number (NaN) or too long. */
static bool number_read(wr_str s, number *x)
{
	const char *p = s.p, *end = p + s.n;
	int fraction = 0, exponent = 0;
	bool behind = false;

	*x = (number){ .minus = p < end && *p == '-' };
	p += x->minus;
	for (; p < end && *p != 'E' && *p != 'e'; p++) {
		if (*p == '.') {
			behind = true;
			continue;
		}
		if (*p < '0' || *p > '9' || x->n == MOST_DIGITS)
			return false;
		fraction += behind;
		x->d[++x->n] = *p;
	}
	if (p < end) {
		int64_t e;

		if (!wr_parse_i64((wr_str){ p + 1, (uint32_t)(end - p - 1) }, &e))
			return false;
		exponent = (int)e;
	}
	x->point = x->n - fraction + exponent;
	return true;
}

static int compare_half(const number *x, int keep)
{
	if (x->d[1 + keep] != '5')
		return x->d[1 + keep] > '5' ? 1 : -1;
	for (int i = keep + 1; i < x->n; i++)
		if (x->d[1 + i] != '0')
			return 1;
	return 0;
}

static void number_zero(number *x)
{
	x->n = 1;
	x->d[1] = '0';
	x->point = 1;
}

static void number_round(number *x, int places, rounding how)
{
	int64_t wide = (int64_t)x->point + places;
	int keep = wide > x->n ? x->n : (int)wide, half = -1;
	bool any = false, up;

	if (wide >= x->n)
		return;
	for (int i = keep < 0 ? 0 : keep; i < x->n; i++)
		any = any || x->d[1 + i] != '0';
	if (keep >= 0)
		half = compare_half(x, keep);
	up = away(how, x->minus, half, any);
	if (keep < 0 || (keep == 0 && !up)) {
		number_zero(x);
		if (up) { /* CEIL and FLOOR of something tiny */
			x->d[1] = '1';
			x->point = 1 - places;
		}
		return;
	}
	x->n = keep;
	if (!up)
		return;
	while (keep > 0 && x->d[keep] == '9')
		x->d[keep--] = '0';
	if (keep > 0) {
		x->d[keep]++;
		return;
	}
	memmove(x->d + 2, x->d + 1, (size_t)x->n);
	x->d[1] = '1';
	x->n++;
	x->point++;
}

static wr_str number_text(const number *x, char *to, size_t room)
{
	int n = snprintf(to, room, "%s0.%.*sE%d", x->minus ? "-" : "", x->n, x->d + 1, x->point);

	return (wr_str){ to, (uint32_t)n };
}

/* ---- DOUBLE */

static double round_double(double v, int places, rounding how)
{
	char text[WR_DOUBLE_TEXT], back[MOST_DIGITS + 32];
	number x;
	double r;

	if (!isfinite(v) || !number_read((wr_str){ text, wr_print_double_to(v, text) }, &x))
		return v;
	number_round(&x, places, how);
	return wr_parse_double(number_text(&x, back, sizeof(back)), &r) ? r : v;
}

/* As Java's Math.round: saturating, NaN is 0. */
static int64_t nearest_integer(double v)
{
	double f = floor(v);

	if (v - f >= 0.5)
		f += 1;
	if (f != f)
		return 0;
	return f >= 0x1p63 ? INT64_MAX : f <= -0x1p63 ? INT64_MIN : (int64_t)f;
}

static int64_t toward_zero(double v)
{
	if (v != v)
		return 0;
	return v >= 0x1p63 ? INT64_MAX : v <= -0x1p63 ? INT64_MIN : (int64_t)v;
}

static void eval_round(WR_KERNEL)
{
	WR_EACH1(double, int64_t, nearest_integer(x));
}

static void eval_trunc(WR_KERNEL)
{
	WR_EACH1(double, int64_t, toward_zero(x));
}

static void eval_to_big(WR_KERNEL)
{
	WR_EACH1(int64_t, int64_t, x);
}

static void eval_round_places(WR_KERNEL)
{
	WR_EACH2(double, int32_t, double, round_double(x, y, NEAREST));
}

static void eval_trunc_places(WR_KERNEL)
{
	WR_EACH2(double, int32_t, double, round_double(x, y, DOWN));
}

static void eval_ceil(WR_KERNEL)
{
	WR_EACH1(double, double, ceil(x));
}

static void eval_floor(WR_KERNEL)
{
	WR_EACH1(double, double, floor(x));
}

static void eval_same_int(WR_KERNEL)
{
	WR_EACH1(int32_t, int32_t, x);
}

/* ---- DECIMAL */

static bool round_narrow(wr_dec d, const wr_type *from, int places, rounding how, const wr_type *to,
			 wr_dec *out)
{
	__int128 f, q, r;
	int drop = (int)from->scale - places;

	if (drop <= 0 || drop > WR_DEC_NARROW_MAX) {
		if (drop > 0)
			d.i = 0;
		out->i = d.i;
		return true;
	}
	f = wr_dec_pow10((unsigned)drop);
	q = d.i / f;
	r = d.i % f;
	if (r < 0)
		r = -r;
	if (away(how, d.i<0, r> f - r ? 1 : r == f - r ? 0 : -1, r != 0))
		q += d.i < 0 ? -1 : 1;
	if (to->scale != from->scale) { /* only to scale 0, from places 0 */
		out->i = q;
		return wr_dec_fits(q, to->precision);
	}
	return !__builtin_mul_overflow(q, f, &out->i) && wr_dec_fits(out->i, to->precision);
}

static bool round_wide(wr_fn_cx *cx, wr_dec d, const wr_type *from, int places, rounding how,
		       const wr_type *to, wr_dec *out)
{
	wr_buf text = { 0 };
	char back[MOST_DIGITS + 32];
	number x;
	bool good;

	wr_dec_print(d, from, &text);
	good = number_read(wr_buf_view(&text), &x);
	wr_buf_free(&text);
	if (!good)
		return false;
	number_round(&x, places, how);
	return wr_dec_parse(cx->arena, number_text(&x, back, sizeof(back)), to, true, out);
}

static void decimal_rows(wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out,
			 rounding how)
{
	bool wide = wr_type_wide(args[0]->type) || wr_type_wide(out->type);

	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_dec d = WR_ARG(wr_dec, 0, i), *r = (wr_dec *)out->data + i;
		int places = nargs > 1 ? WR_ARG(int32_t, 1, i) : 0;
		const wr_type *t = args[0]->type;

		if (wr_fn_null(cx, i))
			continue;
		if (!(wide ? round_wide(cx, d, t, places, how, out->type, r)
			   : round_narrow(d, t, places, how, out->type, r)))
			wr_fn_fail(cx, out, i, "the rounded number does not fit DECIMAL(%u, %u)",
				   out->type->precision, out->type->scale);
	}
}

#define DECIMAL(name, how)                                                                         \
	static void name(WR_KERNEL)                                                                \
	{                                                                                          \
		decimal_rows(cx, args, nargs, out, how);                                           \
	}

DECIMAL(eval_round_dec, NEAREST)
DECIMAL(eval_trunc_dec, DOWN)
DECIMAL(eval_ceil_dec, CEIL)
DECIMAL(eval_floor_dec, FLOOR)

static const wr_type *integer_decimal(wr_arena *a, const wr_type *const *types,
				      const wr_vec *const *consts, uint32_t n, const void **bound,
				      wr_err *err)
{
	unsigned digits = types[0]->precision - types[0]->scale;

	(void)consts, (void)n, (void)bound, (void)err;
	return wr_type_decimal(a, digits ? digits : 1, 0);
}

enum { FLAGS = WR_FN_STRICT | WR_FN_PURE | WR_FN_TOTAL, FAILING = WR_FN_STRICT | WR_FN_PURE };

#define ROUND  "The nearest integer; of two the greater one."
#define ROUND2 "Rounded to so many decimal places; of two nearest the greater one."
#define TRUNC  "The integer part."
#define TRUNC2 "Cut after so many decimal places."
#define CEIL_  "The smallest integer that is not smaller."
#define FLOOR_ "The largest integer that is not larger."

/* clang-format off */
const wr_fn wr_fns_round[] = {
	{ "ROUND", "BIGINT", "BIGINT", FLAGS, eval_to_big, NULL, ROUND, "ROUND(7) => 7" },
	{ "ROUND", "DOUBLE", "BIGINT", FLAGS, eval_round, NULL, ROUND, "ROUND(-1.5E0) => -1" },
	{ "ROUND", "DECIMAL", NULL, FAILING, eval_round_dec, integer_decimal, ROUND,
	  "CAST(ROUND(12.50) AS STRING) => '13'" },
	{ "ROUND", "DOUBLE, INTEGER", "DOUBLE", FLAGS, eval_round_places, NULL, ROUND2,
	  "ROUND(2.675E0, 2) => 2.68E0" },
	{ "ROUND", "DECIMAL, INTEGER", "DECIMAL", FAILING, eval_round_dec, NULL, ROUND2,
	  "ROUND(12.345, 1) => 12.300" },
	{ "TRUNC", "BIGINT", "BIGINT", FLAGS, eval_to_big, NULL, TRUNC, "TRUNC(7) => 7" },
	{ "TRUNC", "DOUBLE", "BIGINT", FLAGS, eval_trunc, NULL, TRUNC, "TRUNC(-1.5E0) => -1" },
	{ "TRUNC", "DECIMAL", NULL, FAILING, eval_trunc_dec, integer_decimal, TRUNC,
	  "CAST(TRUNC(12.99) AS STRING) => '12'" },
	{ "TRUNC", "DOUBLE, INTEGER", "DOUBLE", FLAGS, eval_trunc_places, NULL, TRUNC2,
	  "TRUNC(2.679E0, 2) => 2.67E0" },
	{ "TRUNC", "DECIMAL, INTEGER", "DECIMAL", FAILING, eval_trunc_dec, NULL, TRUNC2,
	  "TRUNC(12.99, 1) => 12.90" },
	{ "CEIL", "INTEGER", "INTEGER", FLAGS, eval_same_int, NULL, CEIL_, "CEIL(7) => 7" },
	{ "CEIL", "BIGINT", "BIGINT", FLAGS, eval_to_big, NULL, CEIL_, "CEIL(7000000000) => 7000000000" },
	{ "CEIL", "DOUBLE", "DOUBLE", FLAGS, eval_ceil, NULL, CEIL_, "CEIL(1.2E0) => 2E0" },
	{ "CEIL", "DECIMAL", "DECIMAL", FAILING, eval_ceil_dec, NULL, CEIL_, "CEIL(1.20) => 2.00" },
	{ "FLOOR", "INTEGER", "INTEGER", FLAGS, eval_same_int, NULL, FLOOR_, "FLOOR(7) => 7" },
	{ "FLOOR", "BIGINT", "BIGINT", FLAGS, eval_to_big, NULL, FLOOR_, "FLOOR(7000000000) => 7000000000" },
	{ "FLOOR", "DOUBLE", "DOUBLE", FLAGS, eval_floor, NULL, FLOOR_, "FLOOR(-1.2E0) => -2E0" },
	{ "FLOOR", "DECIMAL", "DECIMAL", FAILING, eval_floor_dec, NULL, FLOOR_, "FLOOR(-1.20) => -2.00" },
	{ 0 },
};
/* clang-format on */

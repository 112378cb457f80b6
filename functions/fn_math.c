/*
 * Mathematics on DOUBLE, and what keeps its type: ABS, SIGN, GENERATE_SERIES, GEO_DISTANCE.
 * Rounding is in fn_round.c.
 */
#include "functions/families.h"
#include "functions/kernel.h"

#include <math.h>
#include <stdlib.h>

/* ---- DOUBLE to DOUBLE: outside of their domain these give NaN or Infinity, never an error */

#define MATH1(name, body)                                                                          \
	static void eval_##name(WR_KERNEL)                                                         \
	{                                                                                          \
		WR_EACH1(double, double, body);                                                    \
	}
#define MATH2(name, body)                                                                          \
	static void eval_##name(WR_KERNEL)                                                         \
	{                                                                                          \
		WR_EACH2(double, double, double, body);                                            \
	}

MATH1(acos, acos(x))
MATH1(asin, asin(x))
MATH1(atan, atan(x))
/* glibc's cbrt of doubles is off in the last digit every other time */
MATH1(cbrt, (double)cbrtl(x))
MATH1(cos, cos(x))
MATH1(cosh, cosh(x))
MATH1(cot, 1.0 / tan(x))
MATH1(degrees, x *(180.0 / M_PI))
MATH1(exp, exp(x))
MATH1(ln, log(x))
MATH1(radians, x *(M_PI / 180.0))
MATH1(sin, sin(x))
MATH1(sinh, sinh(x))
MATH1(sqrt, sqrt(x))
MATH1(tan, tan(x))
MATH1(tanh, tanh(x))
MATH2(atan2, atan2(x, y))
MATH2(power, pow(x, y))

static double log_of(double base, double x)
{
	if (base <= 0 || base == 1)
		return NAN;
	return log(x) / log(base);
}

MATH2(log_base, log_of(x, y))

/* ---- ABS, SIGN */

static void eval_abs_int(WR_KERNEL)
{
	WR_EACH1(int32_t, int32_t, x < 0 ? (int32_t)(0 - (uint32_t)x) : x);
}

static void eval_abs_big(WR_KERNEL)
{
	WR_EACH1(int64_t, int64_t, x < 0 ? (int64_t)(0 - (uint64_t)x) : x);
}

MATH1(abs, fabs(x))

static bool negative(wr_dec d, const wr_type *t)
{
	static const wr_type one = { .tag = WR_DECIMAL, .precision = 1 };

	return wr_dec_cmp(d, t, (wr_dec){ .i = 0 }, &one) < 0;
}

static void eval_abs_dec(WR_KERNEL)
{
	wr_dec *r = out->data;

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_dec x = WR_ARG(wr_dec, 0, i);

		if (!wr_fn_null(cx, i))
			r[i] = negative(x, out->type) ? wr_dec_neg(cx->arena, x, out->type) : x;
	}
}

static void eval_sign_int(WR_KERNEL)
{
	WR_EACH1(int32_t, int32_t, (x > 0) - (x < 0));
}

static void eval_sign_big(WR_KERNEL)
{
	WR_EACH1(int64_t, int32_t, (x > 0) - (x < 0));
}

static void eval_sign(WR_KERNEL)
{
	WR_EACH1(double, int32_t, (x > 0) - (x < 0));
}

/* ---- constants and chance */

static void eval_pi(WR_KERNEL)
{
	double *r = out->data;

	(void)args, (void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		r[i] = M_PI;
}

static void eval_random(WR_KERNEL)
{
	static _Thread_local struct drand48_data state;
	static _Thread_local bool seeded;
	double *r = out->data;

	(void)args, (void)nargs;
	if (!seeded) {
		srand48_r((long)((uintptr_t)&state ^ (uintptr_t)cx->arena ^ (uintptr_t)random()),
			  &state);
		seeded = true;
	}
	for (uint32_t i = 0; i < cx->rows; i++)
		drand48_r(&state, &r[i]);
}

/* ---- GENERATE_SERIES */

enum { LONGEST_SERIES = 10000000 };

static int64_t series_arg(const wr_vec *v, uint32_t row)
{
	uint32_t at = wr_vec_at(v, row);

	return v->type->tag == WR_INTEGER ? wr_vec_INTEGER(v)[at] : wr_vec_BIGINT(v)[at];
}

static void push_number(wr_fn_cx *cx, wr_vec *v, int64_t x)
{
	uint32_t at = v->n;

	wr_vec_resize(v, cx->arena, at + 1);
	if (v->type->tag == WR_INTEGER)
		wr_vec_INTEGER(v)[at] = (int32_t)x;
	else
		wr_vec_BIGINT(v)[at] = x;
}

static void push_series(wr_fn_cx *cx, int64_t from, int64_t to, int64_t step, wr_vec *out,
			uint32_t row)
{
	__int128 span = (__int128)to - from;
	uint32_t begin = wr_vec_list_begin(out);

	if (step == 0 || (span > 0 && step < 0) || (span < 0 && step > 0)) {
		wr_fn_fail(cx, out, row,
			   "GENERATE_SERIES never gets from %lld to %lld in steps of %lld",
			   (long long)from, (long long)to, (long long)step);
		return;
	}
	if (span / step >= LONGEST_SERIES) {
		wr_fn_fail(cx, out, row, "GENERATE_SERIES of more than %d values", LONGEST_SERIES);
		return;
	}
	for (int64_t k = 0, n = (int64_t)(span / step); k <= n; k++)
		push_number(cx, &out->kids[0], from + k * step);
	wr_vec_list_end(out, cx->arena, begin);
}

static void eval_generate_series(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		int64_t from, to;

		if (wr_fn_push_null(cx, out, i))
			continue;
		from = series_arg(args[0], i);
		to = series_arg(args[1], i);
		push_series(cx, from, to,
			    nargs > 2	 ? series_arg(args[2], i)
			    : to >= from ? 1
					 : -1,
			    out, i);
	}
}

/* ---- GEO_DISTANCE: the haversine formula on a sphere */

static double haversine(double lat1, double lon1, double lat2, double lon2, double radius)
{
	double rad = M_PI / 180;
	double dlat = (lat2 - lat1) * rad, dlon = (lon2 - lon1) * rad;
	double a = sin(dlat / 2) * sin(dlat / 2) +
		   sin(dlon / 2) * sin(dlon / 2) * cos(lat1 * rad) * cos(lat2 * rad);

	return 2 * asin(sqrt(a)) * radius;
}

static bool is_one_of(wr_str s, const char *const *words)
{
	for (; *words; words++)
		if (wr_str_ieq(s, wr_str_of(*words)))
			return true;
	return false;
}

/* The radius of the earth in the unit; 0 when it is none. */
static double radius_in(wr_str unit)
{
	static const char *const km[] = { "km",	       "kilometer",  "kilometers",
					  "kilometre", "kilometres", NULL };
	static const char *const miles[] = { "mi", "mile", "miles", NULL };

	return is_one_of(unit, km) ? 6371 : is_one_of(unit, miles) ? 3959 : 0;
}

static void eval_geo_distance(WR_KERNEL)
{
	double *r = out->data;

	for (uint32_t i = 0; i < cx->rows; i++) {
		double lat1 = WR_ARG(double, 0, i), lon1 = WR_ARG(double, 1, i);
		double lat2 = WR_ARG(double, 2, i), lon2 = WR_ARG(double, 3, i), radius;

		if (wr_fn_null(cx, i))
			continue;
		radius = nargs > 4 ? radius_in(wr_vec_str(args[4], i)) : 6371;
		if (radius == 0)
			wr_fn_fail(cx, out, i, "GEO_DISTANCE measures in km or miles");
		else if (!(fabs(lat1) <= 90 && fabs(lat2) <= 90 && fabs(lon1) <= 180 &&
			   fabs(lon2) <= 180))
			wr_fn_fail(
			    cx, out, i,
			    "GEO_DISTANCE takes latitudes of -90 to 90 and longitudes of -180 to 180");
		else
			r[i] = haversine(lat1, lon1, lat2, lon2, radius);
	}
}

enum { FLAGS = WR_FN_STRICT | WR_FN_PURE | WR_FN_TOTAL, FAILING = WR_FN_STRICT | WR_FN_PURE };

/* All take DOUBLE; INTEGER, BIGINT and DECIMAL widen to it. */
#define ROW1(name, fn, doc, example)                                                               \
	{                                                                                          \
		name, "DOUBLE", "DOUBLE", FLAGS, eval_##fn, NULL, doc, example                     \
	}
#define ROW2(name, fn, doc, example)                                                               \
	{                                                                                          \
		name, "DOUBLE, DOUBLE", "DOUBLE", FLAGS, eval_##fn, NULL, doc, example             \
	}

const wr_fn wr_fns_math[] = {
	{ "ABS", "INTEGER", "INTEGER", FLAGS, eval_abs_int, NULL, "The absolute value.",
	  "ABS(-3) => 3" },
	{ "ABS", "BIGINT", "BIGINT", FLAGS, eval_abs_big, NULL, "The absolute value.",
	  "ABS(-3000000000) => 3000000000" },
	{ "ABS", "DOUBLE", "DOUBLE", FLAGS, eval_abs, NULL, "The absolute value.",
	  "ABS(-1.5E0) => 1.5E0" },
	{ "ABS", "DECIMAL", "DECIMAL", FLAGS, eval_abs_dec, NULL, "The absolute value.",
	  "ABS(-1.50) => 1.50" },
	ROW1("ACOS", acos, "The arc cosine, in radians.", "ACOS(1) => 0E0"),
	ROW1("ASIN", asin, "The arc sine, in radians.", "ASIN(0) => 0E0"),
	ROW1("ATAN", atan, "The arc tangent, in radians.", "ATAN(0) => 0E0"),
	ROW2("ATAN2", atan2, "The angle of the point (x, y), given as y and x, in radians.",
	     "ATAN2(0, 1) => 0E0"),
	ROW1("CBRT", cbrt, "The cube root.", "CBRT(-8) => -2E0"),
	ROW1("COS", cos, "The cosine of an angle in radians.", "COS(0) => 1E0"),
	ROW1("COSH", cosh, "The hyperbolic cosine.", "COSH(0) => 1E0"),
	ROW1("COT", cot, "The cotangent of an angle in radians.",
	     "CAST(COT(0) AS STRING) => 'Infinity'"),
	ROW1("DEGREES", degrees, "Radians to degrees.", "DEGREES(PI()) => 1.8E2"),
	ROW1("EXP", exp, "e to the power of the argument.", "EXP(0) => 1E0"),
	{ "GENERATE_SERIES", "INTEGER, INTEGER, INTEGER?", "ARRAY<INTEGER>", FAILING,
	  eval_generate_series, NULL,
	  "The numbers from the first to the second, in steps of the third (1 or -1 when left out).",
	  "GENERATE_SERIES(1, 7, 3) => ARRAY[1, 4, 7]" },
	{ "GENERATE_SERIES", "BIGINT, BIGINT, INTEGER?", "ARRAY<BIGINT>", FAILING,
	  eval_generate_series, NULL,
	  "The numbers from the first to the second, in steps of the third (1 or -1 when left out).",
	  "GENERATE_SERIES(3000000001, 3000000000) => ARRAY[3000000001, 3000000000]" },
	{ "GEO_DISTANCE", "DOUBLE, DOUBLE, DOUBLE, DOUBLE, STRING?", "DOUBLE", FAILING,
	  eval_geo_distance, NULL,
	  "The distance of two points on the earth (latitude, longitude, latitude, longitude in degrees), in km or in the unit given: 'KM' or 'MILES'.",
	  "GEO_DISTANCE(0, 0, 0, 0, 'MILES') => 0E0" },
	ROW1("LN", ln, "The natural logarithm.", "LN(1) => 0E0"),
	ROW1("LOG", ln, "The natural logarithm.", "LOG(1) => 0E0"),
	ROW2("LOG", log_base, "The logarithm of the second argument to the base of the first.",
	     "LOG(2, 8) => 3E0"),
	{ "PI", "", "DOUBLE", FLAGS, eval_pi, NULL,
	  "The ratio of a circle's circumference to its diameter.", "PI() => 3.141592653589793E0" },
	ROW2("POWER", power, "The first argument to the power of the second.",
	     "POWER(2, 10) => 1024E0"),
	ROW1("RADIANS", radians, "Degrees to radians.", "RADIANS(180) => 3.141592653589793E0"),
	{ "RANDOM", "", "DOUBLE", WR_FN_STRICT, eval_random, NULL,
	  "A random number from 0 on, below 1; another one for each row.", NULL },
	{ "SIGN", "INTEGER", "INTEGER", FLAGS, eval_sign_int, NULL,
	  "-1, 0 or 1, as the argument's sign.", "SIGN(-7) => -1" },
	{ "SIGN", "BIGINT", "INTEGER", FLAGS, eval_sign_big, NULL,
	  "-1, 0 or 1, as the argument's sign.", "SIGN(7000000000) => 1" },
	{ "SIGN", "DOUBLE", "INTEGER", FLAGS, eval_sign, NULL,
	  "-1, 0 or 1, as the argument's sign.", "SIGN(0E0) => 0" },
	ROW1("SIN", sin, "The sine of an angle in radians.", "SIN(0) => 0E0"),
	ROW1("SINH", sinh, "The hyperbolic sine.", "SINH(0) => 0E0"),
	ROW1("SQRT", sqrt, "The square root; NaN of a negative number.", "SQRT(2.25) => 1.5E0"),
	ROW1("TAN", tan, "The tangent of an angle in radians.", "TAN(0) => 0E0"),
	ROW1("TANH", tanh, "The hyperbolic tangent.", "TANH(0) => 0E0"),
	{ 0 },
};

/*
 * Arithmetic: + - * / % and unary minus.
 *
 * INTEGER and BIGINT wrap around as in Java, division truncates toward zero and by zero fails (the
 * row is null). DOUBLE is IEEE. DECIMAL is exact or fails: the result's precision is always chosen
 * so that + - * cannot overflow, so where operands and result have at most 38 digits these are
 * plain 128-bit operations without a check; the rest goes through core/decimal.h.
 *
 *	DECIMAL(12,2) * DECIMAL(3,1) → DECIMAL(16,3): 12.50 * 2.0 = 25.000, in integers 1250 * 20 = 25000
 *
 * STRING + STRING is the concatenation of Java, where null is the text "null".
 */
#include "functions/families.h"
#include "functions/kernel.h"

/* ---- integers: in unsigned numbers, where wrapping is defined */

#define WRAPPING(name, sign)                                                                       \
	static void eval_##name##_int(WR_KERNEL)                                                   \
	{                                                                                          \
		WR_EACH2(uint32_t, uint32_t, uint32_t, x sign y);                                  \
	}                                                                                          \
	static void eval_##name##_big(WR_KERNEL)                                                   \
	{                                                                                          \
		WR_EACH2(uint64_t, uint64_t, uint64_t, x sign y);                                  \
	}                                                                                          \
	static void eval_##name##_double(WR_KERNEL)                                                \
	{                                                                                          \
		WR_EACH2(double, double, double, x sign y);                                        \
	}

WRAPPING(add, +)
WRAPPING(sub, -)
WRAPPING(mul, *)

/* x op y for y not 0; the lowest number by -1 wraps. */
#define DIVIDING(name, type, utype, sign, by_minus_1)                                              \
	static void eval_##name(WR_KERNEL)                                                         \
	{                                                                                          \
		type *r = out->data;                                                               \
                                                                                                   \
		(void)nargs;                                                                       \
		for (uint32_t i = 0; i < cx->rows; i++) {                                          \
			type x = WR_ARG(type, 0, i), y = WR_ARG(type, 1, i);                       \
                                                                                                   \
			if (wr_fn_null(cx, i))                                                     \
				r[i] = 0;                                                          \
			else if (y == 0)                                                           \
				wr_fn_fail(cx, out, i, "division by zero");                        \
			else                                                                       \
				r[i] = y == -1 ? (by_minus_1) : (type)(x sign y);                  \
		}                                                                                  \
	}

DIVIDING(div_int, int32_t, uint32_t, /, (int32_t)(0 - (uint32_t)x))
DIVIDING(div_big, int64_t, uint64_t, /, (int64_t)(0 - (uint64_t)x))
DIVIDING(mod_int, int32_t, uint32_t, %, 0)
DIVIDING(mod_big, int64_t, uint64_t, %, 0)

static void eval_div_double(WR_KERNEL)
{
	WR_EACH2(double, double, double, x / y);
}

static void eval_mod_double(WR_KERNEL)
{
	WR_EACH2(double, double, double, __builtin_fmod(x, y));
}

static void eval_neg_int(WR_KERNEL)
{
	WR_EACH1(uint32_t, uint32_t, 0 - x);
}

static void eval_neg_big(WR_KERNEL)
{
	WR_EACH1(uint64_t, uint64_t, 0 - x);
}

static void eval_neg_double(WR_KERNEL)
{
	WR_EACH1(double, double, -x);
}

/* ---- decimals */

static bool all_narrow(const wr_fn_cx *cx, const wr_type *result)
{
	return !wr_type_wide(cx->types[0]) && !wr_type_wide(cx->types[1]) && !wr_type_wide(result);
}

/* At null rows the operands are anything, so the arithmetic is unsigned. */
typedef unsigned __int128 u128;

static void add_narrow(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, bool subtract)
{
	u128 fx = (u128)wr_dec_pow10(out->type->scale - cx->types[0]->scale);
	u128 fy = (u128)wr_dec_pow10(out->type->scale - cx->types[1]->scale);
	uint32_t sx = args[0]->kind == WR_FLAT, sy = args[1]->kind == WR_FLAT;
	const wr_dec *x = args[0]->data, *y = args[1]->data;
	wr_dec *r = out->data;

	if (subtract)
		fy = 0 - fy;
	for (uint32_t i = 0; i < cx->rows; i++)
		r[i].i = (__int128)((u128)x[i * sx].i * fx + (u128)y[i * sy].i * fy);
}

static void mul_narrow(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out)
{
	uint32_t sx = args[0]->kind == WR_FLAT, sy = args[1]->kind == WR_FLAT;
	const wr_dec *x = args[0]->data, *y = args[1]->data;
	wr_dec *r = out->data;

	for (uint32_t i = 0; i < cx->rows; i++)
		r[i].i = (__int128)((u128)x[i * sx].i * (u128)y[i * sy].i);
}

static void decimal_rows(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, char op)
{
	wr_dec *r = out->data;

	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_dec x = WR_ARG(wr_dec, 0, i), y = WR_ARG(wr_dec, 1, i);

		if (wr_fn_null(cx, i))
			r[i] = (wr_dec){ .i = 0 };
		else if (!wr_dec_arith(cx->arena, op, x, cx->types[0], y, cx->types[1], out->type,
				       &r[i]))
			wr_fn_fail(cx, out, i, "%c on decimals has no exact result of %u digits",
				   op, (unsigned)out->type->precision);
	}
}

static void eval_add_dec(WR_KERNEL)
{
	(void)nargs;
	if (all_narrow(cx, out->type))
		add_narrow(cx, args, out, false);
	else
		decimal_rows(cx, args, out, '+');
}

static void eval_sub_dec(WR_KERNEL)
{
	(void)nargs;
	if (all_narrow(cx, out->type))
		add_narrow(cx, args, out, true);
	else
		decimal_rows(cx, args, out, '-');
}

static void eval_mul_dec(WR_KERNEL)
{
	(void)nargs;
	if (all_narrow(cx, out->type))
		mul_narrow(cx, args, out);
	else
		decimal_rows(cx, args, out, '*');
}

static void eval_div_dec(WR_KERNEL)
{
	(void)nargs;
	decimal_rows(cx, args, out, '/');
}

static void eval_mod_dec(WR_KERNEL)
{
	(void)nargs;
	decimal_rows(cx, args, out, '%');
}

static void eval_neg_dec(WR_KERNEL)
{
	wr_dec *r = out->data;

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_null(cx, i))
			r[i] = wr_dec_neg(cx->arena, WR_ARG(wr_dec, 0, i), out->type);
}

#define DECIMAL_TYPE(name, op)                                                                     \
	static const wr_type *name(wr_arena *a, const wr_type *const *types,                       \
				   const wr_vec *const *consts, uint32_t n, const void **bound,    \
				   wr_err *err)                                                    \
	{                                                                                          \
		(void)consts, (void)n, (void)bound, (void)err;                                     \
		return wr_dec_arith_type(a, op, types[0], types[1]);                               \
	}

DECIMAL_TYPE(type_add, '+')
DECIMAL_TYPE(type_sub, '-')
DECIMAL_TYPE(type_mul, '*')
DECIMAL_TYPE(type_div, '/')
DECIMAL_TYPE(type_mod, '%')

/* ---- strings */

static wr_str text_or_null(const wr_vec *v, uint32_t row)
{
	return wr_vec_is_null(v, row) ? WR_STR_LIT("null") : wr_vec_str(v, row);
}

static void eval_add_string(WR_KERNEL)
{
	wr_str *r = out->data;

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_str x = text_or_null(args[0], i), y = text_or_null(args[1], i);
		char *to = wr_arena_alloc(cx->arena, (size_t)x.n + y.n);

		if (x.n)
			memcpy(to, x.p, x.n);
		if (y.n)
			memcpy(to + x.n, y.p, y.n);
		r[i] = (wr_str){ to, x.n + y.n };
	}
}

enum {
	TOTAL = WR_FN_STRICT | WR_FN_PURE | WR_FN_HIDDEN | WR_FN_TOTAL | WR_FN_ARITH,
	FAILING = WR_FN_STRICT | WR_FN_PURE | WR_FN_HIDDEN | WR_FN_ARITH,
};

#define ROWS(name, flags)                                                                          \
	{ "$" #name, "INTEGER, INTEGER", "INTEGER", flags, eval_##name##_int, NULL, NULL, NULL },  \
	    { "$" #name, "BIGINT, BIGINT", "BIGINT", flags, eval_##name##_big, NULL, NULL, NULL }, \
	    { "$" #name,	 "DECIMAL, DECIMAL", NULL, FAILING,                                \
	      eval_##name##_dec, type_##name,	     NULL, NULL },                                 \
	{                                                                                          \
		"$" #name, "DOUBLE, DOUBLE", "DOUBLE", TOTAL, eval_##name##_double, NULL, NULL,    \
		    NULL                                                                           \
	}

/* clang-format off */
const wr_fn wr_fns_arith[] = {
	ROWS(add, TOTAL),
	ROWS(sub, TOTAL),
	ROWS(mul, TOTAL),
	ROWS(div, FAILING),
	ROWS(mod, FAILING),
	{ "$add", "STRING, STRING", "STRING", WR_FN_PURE | WR_FN_HIDDEN, eval_add_string, NULL, NULL, NULL },
	{ "$neg", "INTEGER", "INTEGER", TOTAL, eval_neg_int, NULL, NULL, NULL },
	{ "$neg", "BIGINT", "BIGINT", TOTAL, eval_neg_big, NULL, NULL, NULL },
	{ "$neg", "DECIMAL", "DECIMAL", TOTAL, eval_neg_dec, NULL, NULL, NULL },
	{ "$neg", "DOUBLE", "DOUBLE", TOTAL, eval_neg_double, NULL, NULL, NULL },
	{ 0 },
};
/* clang-format on */

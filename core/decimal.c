/*
 * Decimals of up to 38 digits, in 128 bits; what does not fit into them on the way goes to
 * decimal_wide.c.
 *
 * Every operation is "make an exact integer, bring it to the scale wanted, look whether it fits". A
 * shift by powers of ten is the only place where digits can be lost: there `exact` refuses, or the
 * half goes away from zero.
 *
 *	12.30 (4,2)  →  (3,1)     unscaled 1230, shift by -1: 123      exact
 *	12.35 (4,2)  →  (3,1)     1235, shift by -1: 124 rest          refused if exact, else 12.4
 *
 * An intermediate product may pass 128 bits though operands and result are narrow; then, and when
 * any type is wide, the same formula runs on GMP integers. The two paths are held to each other by
 * tests/unit/core_decimal.c.
 */
#include "core/decimal.h"

#include "core/decimal_wide.h"
#include "core/number.h"

#include <math.h>

typedef __int128 i128;
typedef unsigned __int128 u128;

#define E19 ((i128)10000000000000000000u)
static const uint64_t pow10u[20] = {
	1u,
	10u,
	100u,
	1000u,
	10000u,
	100000u,
	1000000u,
	10000000u,
	100000000u,
	1000000000u,
	10000000000u,
	100000000000u,
	1000000000000u,
	10000000000000u,
	100000000000000u,
	1000000000000000u,
	10000000000000000u,
	100000000000000000u,
	1000000000000000000u,
	10000000000000000000u,
};

i128 wr_dec_pow10(unsigned n)
{
	WR_ASSERT(n <= 38);
	return n < 20 ? (i128)pow10u[n] : E19 * (i128)pow10u[n - 19];
}

bool wr_dec_fits(i128 x, unsigned digits)
{
	i128 limit = wr_dec_pow10(digits);

	return x < limit && x > -limit;
}

typedef enum moved { MOVED, NOT_EXACT, TOO_BIG } moved;

/* v * 10^by. TOO_BIG: beyond 128 bits, and so beyond 38 digits. */
static moved shift(i128 v, int64_t by, bool exact, i128 *out)
{
	i128 unit, rest;

	if (v == 0 || by == 0) {
		*out = v;
		return MOVED;
	}
	if (by > 0)
		return by > 38 || __builtin_mul_overflow(v, wr_dec_pow10((unsigned)by), out)
			   ? TOO_BIG
			   : MOVED;
	if (by < -38) {
		*out = 0; /* |v| < 1.8e38, less than half of 10^39 */
		return exact ? NOT_EXACT : MOVED;
	}
	unit = wr_dec_pow10((unsigned)-by);
	*out = v / unit;
	rest = v % unit;
	if (rest && exact)
		return NOT_EXACT;
	if (rest < 0)
		rest = -rest;
	if (rest >= unit - rest)
		*out += v < 0 ? -1 : 1;
	return MOVED;
}

/* The end of every narrow operation: v * 10^by as a value of the narrow type t. */
static bool settle(i128 v, int64_t by, const wr_type *t, bool exact, wr_dec *out)
{
	i128 x;

	if (shift(v, by, exact, &x) != MOVED || !wr_dec_fits(x, t->precision))
		return false;
	out->i = x;
	return true;
}

/* ---- text */

/*
 * Reads sign, digits, point and exponent; digits without the point go into an arena copy when there
 * is a point.
 */
static bool scan(wr_arena *a, wr_str s, wr_dec_text *x)
{
	const char *p = s.p, *end = p + s.n;
	bool point = false, any = false, exp_minus = false;
	char *to = NULL;
	char small[48];

	*x = (wr_dec_text){ 0 };
	if (p < end && (*p == '-' || *p == '+'))
		x->minus = *p++ == '-';
	to = s.n < sizeof(small) ? wr_arena_alloc(a, sizeof(small)) : wr_arena_alloc(a, s.n);
	x->digits = to;
	for (; p < end; p++) {
		if (*p == '.' && !point) {
			point = true;
			continue;
		}
		if (*p < '0' || *p > '9')
			break;
		any = true;
		x->exp -= point;
		if (x->n || *p != '0')
			to[x->n++] = *p;
	}
	if (!any)
		return false;
	if (p < end && (*p == 'e' || *p == 'E')) {
		int64_t e = 0;

		if (++p < end && (*p == '-' || *p == '+'))
			exp_minus = *p++ == '-';
		if (p == end)
			return false;
		for (; p < end && *p >= '0' && *p <= '9'; p++)
			if (e < INT32_MAX)
				e = e * 10 + (*p - '0');
		x->exp += exp_minus ? -e : e;
	}
	return p == end;
}

static i128 digits_value(const wr_dec_text *x)
{
	uint64_t part = 0;
	i128 v = 0;

	for (uint32_t i = 0; i < x->n; i++) {
		part = part * 10 + (unsigned)(x->digits[i] - '0');
		if (i % 19 == 18 || i + 1 == x->n) {
			v = v * (i128)pow10u[i % 19 + 1] + (i128)part;
			part = 0;
		}
	}
	return x->minus ? -v : v;
}

bool wr_dec_parse(wr_arena *a, wr_str text, const wr_type *t, bool exact, wr_dec *out)
{
	wr_dec_text x;
	int64_t size;

	if (!scan(a, text, &x))
		return false;
	while (x.n && x.digits[x.n - 1] == '0') {
		x.n--;
		x.exp++;
	}
	size = x.n + x.exp + t->scale; /* digits of the unscaled value */
	if (x.n == 0 || size < 0) {
		if (x.n && exact)
			return false;
		x = (wr_dec_text){ .digits = "" };
	} else if (size > t->precision) {
		return false;
	}
	if (wr_type_wide(t) || x.n > 38)
		return wr_wide_from_text(a, &x, t, exact, out);
	return settle(digits_value(&x), x.exp + t->scale, t, exact, out);
}

/* The digits of a value that is not negative; returns how many. */
static unsigned digits_of(u128 v, char *to)
{
	char tmp[40];
	unsigned at = sizeof(tmp);

	do {
		uint64_t low = (uint64_t)(v % (u128)E19);
		bool more = (v /= (u128)E19) != 0;

		for (unsigned i = 0; i < 19 && (more || low || at == sizeof(tmp)); i++, low /= 10)
			tmp[--at] = (char)('0' + low % 10);
	} while (v);
	memcpy(to, tmp + at, sizeof(tmp) - at);
	return (unsigned)sizeof(tmp) - at;
}

/* -? digits, with the point `scale` from the right, and zeros where digits are missing. */
static void put_point(bool minus, const char *d, size_t n, unsigned scale, wr_buf *out)
{
	size_t zeros = n <= scale ? scale + 1 - n : 0;
	char *to = wr_buf_reserve(out, n + zeros + 2), *from = to;
	size_t whole = n + zeros - scale;

	if (minus)
		*to++ = '-';
	for (size_t i = 0; i < n + zeros; i++) {
		if (i == whole)
			*to++ = '.';
		*to++ = i < zeros ? '0' : d[i - zeros];
	}
	out->n += (size_t)(to - from);
	*to = 0;
}

void wr_dec_print(wr_dec d, const wr_type *t, wr_buf *out)
{
	wr_buf big = { 0 };
	char text[40];
	bool minus;

	if (!wr_type_wide(t)) {
		minus = d.i < 0;
		put_point(minus, text, digits_of(minus ? -(u128)d.i : (u128)d.i, text), t->scale,
			  out);
		return;
	}
	wr_wide_digits(d, t, &big);
	minus = big.p[0] == '-';
	put_point(minus, big.p + minus, big.n - minus, t->scale, out);
	wr_buf_free(&big);
}

/* ---- conversions */

bool wr_dec_rescale(wr_arena *a, wr_dec d, const wr_type *from, const wr_type *to, bool exact,
		    wr_dec *out)
{
	if (wr_type_wide(from) || wr_type_wide(to))
		return wr_wide_rescale(a, d, from, from->scale, to, exact, out);
	return settle(d.i, (int)to->scale - from->scale, to, exact, out);
}

bool wr_dec_from_int(wr_arena *a, int64_t v, const wr_type *to, wr_dec *out)
{
	static const wr_type bigint = { .tag = WR_DECIMAL, .precision = 19 };

	return wr_dec_rescale(a, (wr_dec){ .i = v }, &bigint, to, true, out);
}

bool wr_dec_from_double(wr_arena *a, double v, const wr_type *to, wr_dec *out)
{
	char text[WR_DOUBLE_TEXT];

	if (!isfinite(v))
		return false;
	return wr_dec_parse(a, (wr_str){ text, wr_print_double_to(v, text) }, to, false, out);
}

double wr_dec_to_double(wr_dec d, const wr_type *t)
{
	wr_buf text = { 0 };
	double v = 0;

	if (!wr_type_wide(t) && t->scale <= 22 && wr_dec_fits(d.i, 15))
		return (double)d.i / (double)wr_dec_pow10(t->scale);
	wr_dec_print(d, t, &text);
	wr_parse_double(wr_buf_view(&text), &v);
	wr_buf_free(&text);
	return v;
}

bool wr_dec_to_int64(wr_dec d, const wr_type *t, int64_t *out)
{
	i128 v;

	if (wr_type_wide(t))
		return wr_wide_to_int64(d, t, out);
	v = d.i / wr_dec_pow10(t->scale);
	*out = (int64_t)v;
	return v >= INT64_MIN && v <= INT64_MAX;
}

/* ---- arithmetic */

static bool any_wide(const wr_type *x, const wr_type *y, const wr_type *z)
{
	return wr_type_wide(x) || wr_type_wide(y) || wr_type_wide(z);
}

/* x and y brought to one scale. */
static bool align(i128 *x, unsigned sx, i128 *y, unsigned sy)
{
	return shift(*x, sy > sx ? sy - sx : 0, true, x) == MOVED &&
	       shift(*y, sx > sy ? sx - sy : 0, true, y) == MOVED;
}

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

typedef struct outcome {
	i128 v;
	int64_t by; /* the value is v * 10^by in units of the result's scale */
} outcome;

/* The exact integer result; TOO_BIG when 128 bits do not hold it, NOT_EXACT when there is none. */
static moved compute(char op, i128 x, unsigned sx, i128 y, unsigned sy, unsigned scale, outcome *r)
{
	int by;

	switch (op) {
	case '+':
	case '-':
		if (!align(&x, sx, &y, sy))
			return TOO_BIG;
		r->by = (int)scale - (int)max(sx, sy);
		return (op == '+' ? __builtin_add_overflow(x, y, &r->v)
				  : __builtin_sub_overflow(x, y, &r->v))
			   ? TOO_BIG
			   : MOVED;
	case '*':
		r->by = (int)scale - (int)(sx + sy);
		return __builtin_mul_overflow(x, y, &r->v) ? TOO_BIG : MOVED;
	case '/':
		by = (int)scale + (int)sy - (int)sx;
		if (by < 0 || shift(x, by, true, &x) != MOVED)
			return TOO_BIG;
		*r = (outcome){ x / y, 0 };
		return x % y ? NOT_EXACT : MOVED;
	case '%':
		if (!align(&x, sx, &y, sy))
			return TOO_BIG;
		*r = (outcome){ x % y, (int)scale - (int)max(sx, sy) };
		return MOVED;
	default: WR_BUG("no such operation: %c", op);
	}
}

bool wr_dec_arith(wr_arena *a, char op, wr_dec x, const wr_type *tx, wr_dec y, const wr_type *ty,
		  const wr_type *result, wr_dec *out)
{
	outcome r = { 0 };

	if (any_wide(tx, ty, result))
		return wr_wide_arith(a, op, x, tx, y, ty, result, out);
	if ((op == '/' || op == '%') && y.i == 0)
		return false;
	switch (compute(op, x.i, tx->scale, y.i, ty->scale, result->scale, &r)) {
	case MOVED: return settle(r.v, r.by, result, true, out);
	case TOO_BIG: return wr_wide_arith(a, op, x, tx, y, ty, result, out);
	case NOT_EXACT: break;
	}
	return false;
}

const wr_type *wr_dec_arith_type(wr_arena *a, char op, const wr_type *x, const wr_type *y)
{
	unsigned p1 = x->precision, s1 = x->scale, p2 = y->precision, s2 = y->scale;
	unsigned s = max(s1, s2);

	switch (op) {
	case '+':
	case '-': return wr_type_decimal(a, max(p1 - s1, p2 - s2) + s + 1, s);
	case '*': return wr_type_decimal(a, p1 + p2 + 1, s1 + s2);
	case '/': s = max(6, s1 + p2 + 1); return wr_type_decimal(a, p1 - s1 + s2 + s, s);
	case '%': return wr_type_decimal(a, (p1 - s1 < p2 - s2 ? p1 - s1 : p2 - s2) + s, s);
	default: WR_BUG("no such operation: %c", op);
	}
}

int wr_dec_cmp(wr_dec x, const wr_type *tx, wr_dec y, const wr_type *ty)
{
	i128 a = x.i, b = y.i;

	if (wr_type_wide(tx) || wr_type_wide(ty) || !align(&a, tx->scale, &b, ty->scale))
		return wr_wide_cmp(x, tx, y, ty);
	return (a > b) - (a < b);
}

wr_dec wr_dec_neg(wr_arena *a, wr_dec d, const wr_type *t)
{
	return wr_type_wide(t) ? wr_wide_neg(a, d, t) : (wr_dec){ .i = -d.i };
}

/* ---- bytes */

bool wr_dec_from_bytes(wr_arena *a, wr_str bytes, int scale, const wr_type *t, bool exact,
		       wr_dec *out)
{
	u128 v = bytes.n && bytes.p[0] < 0 ? ~(u128)0 : 0;

	if (bytes.n > 16 || wr_type_wide(t))
		return wr_wide_from_bytes(a, bytes, scale, t, exact, out);
	for (uint32_t i = 0; i < bytes.n; i++)
		v = v << 8 | (uint8_t)bytes.p[i];
	return settle((i128)v, (int64_t)t->scale - scale, t, exact, out);
}

void wr_dec_to_bytes(wr_dec d, const wr_type *t, wr_buf *out)
{
	char b[16];
	unsigned at = 16;
	i128 v = d.i;

	if (wr_type_wide(t)) {
		wr_wide_to_bytes(d, t, out);
		return;
	}
	do {
		b[--at] = (char)v;
		v >>= 8;
	} while (at && !(v == 0 && b[at] >= 0) && !(v == -1 && b[at] < 0));
	wr_buf_put(out, b + at, 16 - at);
}

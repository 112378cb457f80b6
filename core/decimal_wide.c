/*
 * Decimals of any size, by GMP. See core/decimal.c for what the operations mean; here is the same
 * on big integers.
 *
 * A wide value is stored as minimal big-endian two's complement bytes: equal values have equal
 * bytes, so they hash and compare as bytes where only equality counts. GMP allocates from the heap;
 * wide decimals are rare enough to bear it.
 */
#include "core/decimal_wide.h"

#include <gmp.h>
#include <stdlib.h>

/* -2^(8n) <= z < 0 from its low bytes: what the highest bit says was not said by import. */
static void load_bytes(mpz_t z, wr_str s)
{
	mpz_import(z, s.n, 1, 1, 1, 0, s.p);
	if (s.n && s.p[0] < 0) {
		mpz_t top;

		mpz_init(top);
		mpz_setbit(top, (mp_bitcnt_t)s.n * 8);
		mpz_sub(z, z, top);
		mpz_clear(top);
	}
}

static void load_narrow(mpz_t z, __int128 v)
{
	unsigned __int128 u = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
	uint64_t half[2] = { (uint64_t)u, (uint64_t)(u >> 64) };

	mpz_import(z, 2, -1, sizeof(half[0]), 0, 0, half);
	if (v < 0)
		mpz_neg(z, z);
}

static void load(mpz_t z, wr_dec d, const wr_type *t)
{
	if (wr_type_wide(t))
		load_bytes(z, d.wide);
	else
		load_narrow(z, d.i);
}

/* Bytes that z takes: its bits and one for the sign. */
static size_t byte_count(const mpz_t z)
{
	size_t bits;

	if (mpz_sgn(z) >= 0)
		return mpz_sizeinbase(z, 2) / 8 + 1;
	/* -2^k takes k bits, its magnitude k + 1 */
	bits = mpz_sizeinbase(z, 2);
	if (mpz_scan1(z, 0) == bits - 1)
		bits--;
	return bits / 8 + 1;
}

static void store_bytes(const mpz_t z, char *to, size_t n)
{
	mpz_t u;
	size_t got;

	mpz_init_set(u, z);
	if (mpz_sgn(z) < 0) {
		mpz_t top;

		mpz_init(top);
		mpz_setbit(top, n * 8);
		mpz_add(u, u, top);
		mpz_clear(top);
	}
	got = (mpz_sizeinbase(u, 2) + 7) / 8;
	if (mpz_sgn(u) == 0)
		got = 0;
	memset(to, 0, n - got);
	mpz_export(to + n - got, NULL, 1, 1, 1, 0, u);
	mpz_clear(u);
}

static __int128 narrow_value(const mpz_t z)
{
	uint64_t half[2] = { 0, 0 };
	__int128 v;

	mpz_export(half, NULL, -1, sizeof(half[0]), 0, 0, z);
	v = (__int128)((unsigned __int128)half[1] << 64 | half[0]);
	return mpz_sgn(z) < 0 ? -v : v;
}

/* z as a value of t, when it fits. */
static bool store(wr_arena *a, const mpz_t z, const wr_type *t, wr_dec *out)
{
	bool fits;
	mpz_t limit;
	size_t n;
	char *p;

	mpz_init(limit);
	mpz_ui_pow_ui(limit, 10, t->precision);
	fits = mpz_cmpabs(z, limit) < 0;
	mpz_clear(limit);
	if (!fits)
		return false;
	if (!wr_type_wide(t)) {
		out->i = narrow_value(z);
		return true;
	}
	n = byte_count(z);
	p = wr_arena_alloc(a, n);
	store_bytes(z, p, n);
	out->wide = (wr_str){ p, (uint32_t)n };
	return true;
}

/* z *= 10^by; false when digits would be lost though `exact`. */
static bool shift(mpz_t z, int64_t by, bool exact)
{
	mpz_t unit, rest;
	bool ok = true;
	int sign = mpz_sgn(z);

	if (by == 0 || sign == 0)
		return true;
	mpz_inits(unit, rest, NULL);
	mpz_ui_pow_ui(unit, 10, (unsigned long)(by < 0 ? -by : by));
	if (by > 0) {
		mpz_mul(z, z, unit);
	} else {
		mpz_tdiv_qr(z, rest, z, unit);
		ok = !exact || mpz_sgn(rest) == 0;
		mpz_mul_2exp(rest, rest, 1);
		if (mpz_cmpabs(rest, unit) >= 0) {
			if (sign < 0)
				mpz_sub_ui(z, z, 1);
			else
				mpz_add_ui(z, z, 1);
		}
	}
	mpz_clears(unit, rest, NULL);
	return ok;
}

/*
 * A shift that foreign data asks for may be absurd: beyond what any type holds the answer is known
 * without work.
 */
static bool settle(wr_arena *a, mpz_t z, int64_t by, const wr_type *t, bool exact, wr_dec *out)
{
	int64_t digits = (int64_t)mpz_sizeinbase(z, 10); /* or one more than there are */

	if (mpz_sgn(z) != 0 && digits - 1 + by > t->precision)
		return false;
	if (mpz_sgn(z) != 0 && digits + by < -1) {
		if (exact)
			return false;
		mpz_set_ui(z, 0);
	}
	return shift(z, by, exact) && store(a, z, t, out);
}

bool wr_wide_from_text(wr_arena *a, const wr_dec_text *x, const wr_type *t, bool exact, wr_dec *out)
{
	char *text = wr_malloc((size_t)x->n + 2);
	bool ok;
	mpz_t z;

	text[0] = '0';
	memcpy(text + 1, x->digits, x->n);
	text[x->n + 1] = 0;
	mpz_init_set_str(z, text, 10);
	free(text);
	if (x->minus)
		mpz_neg(z, z);
	ok = settle(a, z, x->exp + t->scale, t, exact, out);
	mpz_clear(z);
	return ok;
}

void wr_wide_digits(wr_dec d, const wr_type *t, wr_buf *out)
{
	mpz_t z;

	mpz_init(z);
	load(z, d, t);
	mpz_get_str(wr_buf_reserve(out, mpz_sizeinbase(z, 10) + 2), 10, z);
	out->n += strlen(out->p + out->n);
	mpz_clear(z);
}

bool wr_wide_rescale(wr_arena *a, wr_dec d, const wr_type *from, int scale, const wr_type *to,
		     bool exact, wr_dec *out)
{
	bool ok;
	mpz_t z;

	mpz_init(z);
	load(z, d, from);
	ok = settle(a, z, (int64_t)to->scale - scale, to, exact, out);
	mpz_clear(z);
	return ok;
}

bool wr_wide_from_bytes(wr_arena *a, wr_str bytes, int scale, const wr_type *t, bool exact,
			wr_dec *out)
{
	bool ok;
	mpz_t z;

	mpz_init(z);
	load_bytes(z, bytes);
	ok = settle(a, z, (int64_t)t->scale - scale, t, exact, out);
	mpz_clear(z);
	return ok;
}

void wr_wide_to_bytes(wr_dec d, const wr_type *t, wr_buf *out)
{
	WR_ASSERT(wr_type_wide(t));
	wr_buf_put(out, d.wide.p, d.wide.n);
}

static void align(mpz_t x, unsigned sx, mpz_t y, unsigned sy)
{
	if (sx < sy)
		shift(x, sy - sx, true);
	else
		shift(y, sx - sy, true);
}

/*
 * r * 10^*by is the exact result in units of the scale; false when there is none. x and y are used
 * up.
 */
static bool compute(char op, mpz_t x, unsigned sx, mpz_t y, unsigned sy, unsigned scale,
		    int64_t *by)
{
	unsigned common = sx > sy ? sx : sy;
	int64_t up = (int64_t)scale + sy - sx;
	bool ok;

	if ((op == '/' || op == '%') && mpz_sgn(y) == 0)
		return false;
	*by = (int64_t)scale - common;
	if (op == '*') {
		mpz_mul(x, x, y);
		*by = (int64_t)scale - sx - sy;
		return true;
	}
	if (op == '/') {
		if (up >= 0)
			shift(x, up, true);
		else
			shift(y, -up, true);
		*by = 0;
		ok = mpz_divisible_p(x, y);
		mpz_tdiv_q(x, x, y);
		return ok;
	}
	align(x, sx, y, sy);
	if (op == '+')
		mpz_add(x, x, y);
	else if (op == '-')
		mpz_sub(x, x, y);
	else
		mpz_tdiv_r(x, x, y);
	return true;
}

bool wr_wide_arith(wr_arena *a, char op, wr_dec x, const wr_type *tx, wr_dec y, const wr_type *ty,
		   const wr_type *result, wr_dec *out)
{
	int64_t by;
	mpz_t p, q;
	bool ok;

	mpz_inits(p, q, NULL);
	load(p, x, tx);
	load(q, y, ty);
	ok = compute(op, p, tx->scale, q, ty->scale, result->scale, &by) &&
	     settle(a, p, by, result, true, out);
	mpz_clears(p, q, NULL);
	return ok;
}

int wr_wide_cmp(wr_dec x, const wr_type *tx, wr_dec y, const wr_type *ty)
{
	mpz_t p, q;
	int c;

	mpz_inits(p, q, NULL);
	load(p, x, tx);
	load(q, y, ty);
	align(p, tx->scale, q, ty->scale);
	c = mpz_cmp(p, q);
	mpz_clears(p, q, NULL);
	return c;
}

bool wr_wide_to_int64(wr_dec d, const wr_type *t, int64_t *out)
{
	bool ok;
	mpz_t z, unit;

	mpz_inits(z, unit, NULL);
	load(z, d, t);
	mpz_ui_pow_ui(unit, 10, t->scale);
	mpz_tdiv_q(z, z, unit);
	ok = mpz_fits_slong_p(z);
	*out = ok ? mpz_get_si(z) : 0;
	mpz_clears(z, unit, NULL);
	return ok;
}

wr_dec wr_wide_neg(wr_arena *a, wr_dec d, const wr_type *t)
{
	wr_dec out = d;
	mpz_t z;

	mpz_init(z);
	load(z, d, t);
	mpz_neg(z, z);
	store(a, z, t, &out);
	mpz_clear(z);
	return out;
}

/*
 * Internal to the JSON pass: numbers of the usual spelling, eight digits at a time. What does not
 * look like that is left to the slow way, which also says what is wrong with it. On machines whose
 * lowest byte is not the first all goes the slow way.
 */
#ifndef FORMATS_JSON_DIGITS_H
#define FORMATS_JSON_DIGITS_H

#include "core/type.h"

#define INLINE	    static inline __attribute__((always_inline))
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LITTLE	    (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline bool ends_value(char c)
{
	return c == ',' || c == '}' || c == ']' || is_blank(c);
}

static inline uint64_t load8(const char *p)
{
	uint64_t x;

	memcpy(&x, p, 8);
	return x;
}

/* Eight bytes of digit values, the first digit in the lowest byte, as a number. */
static inline uint64_t eight_digits(uint64_t v)
{
	v = v * 10 + (v >> 8);
	return (((v & 0x000000FF000000FFull) * 0x000F424000000064ull) +
		(((v >> 16) & 0x000000FF000000FFull) * 0x0000271000000001ull)) >>
	       32;
}

/* 0x80 in every byte of x (digit values) that is no digit. */
static inline uint64_t no_digits(uint64_t x)
{
	return ((x + 0x7676767676767676ull) | x) & 0x8080808080808080ull;
}

static const uint64_t powers[9] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };

/*
 * An integer of up to 16 digits with 8 readable bytes behind them; returns what follows; NULL: not
 * this simple.
 */
INLINE const char *read_integer(const char *p, const char *end, int64_t *out)
{
	bool minus = *p == '-';
	uint64_t x, bad, v;
	unsigned n;

	p += minus;
	if (UNLIKELY(end - p < 8 || !LITTLE))
		return NULL;
	x = load8(p) ^ 0x3030303030303030ull;
	bad = no_digits(x);
	if (bad) {
		n = (unsigned)__builtin_ctzll(bad) / 8;
		if (n == 0 || (n > 1 && *p == '0'))
			return NULL;
		v = eight_digits(x << (64 - 8 * n));
		p += n;
	} else {
		if (*p == '0' || end - p < 16)
			return NULL;
		v = eight_digits(x);
		x = load8(p + 8) ^ 0x3030303030303030ull;
		bad = no_digits(x);
		n = bad ? (unsigned)__builtin_ctzll(bad) / 8 : 8;
		if (n)
			v = v * powers[n] + eight_digits(x << (64 - 8 * n));
		p += 8 + n;
	}
	if (!ends_value(*p))
		return NULL;
	*out = minus ? -(int64_t)v : (int64_t)v;
	return p;
}

/* [-]D.F with all of the type's fraction digits, up to 8 of each, 16 readable bytes. */
static inline bool simple_decimal(const char *p, uint32_t n, const char *end, const wr_type *type,
				  int64_t *out)
{
	uint32_t scale = type->scale, whole;
	bool minus = n && *p == '-';
	uint64_t x, bad, v;

	p += minus;
	n -= minus;
	whole = scale ? n - scale - 1 : n;
	if (n <= scale + (scale > 0) || whole > 8 || scale > 8 || end - p < 18 ||
	    whole + scale > type->precision || (scale && p[whole] != '.') ||
	    (whole > 1 && *p == '0') || !LITTLE)
		return false;
	x = (load8(p) ^ 0x3030303030303030ull) << (64 - 8 * whole);
	bad = no_digits(x);
	v = eight_digits(x);
	if (scale) {
		x = (load8(p + whole + 1) ^ 0x3030303030303030ull) << (64 - 8 * scale);
		bad |= no_digits(x);
		v = v * powers[scale] + eight_digits(x);
	}
	*out = minus ? -(int64_t)v : (int64_t)v;
	return !bad;
}

#endif

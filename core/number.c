/*
 * Numbers as text.
 *
 * Printing a double needs the shortest decimal that reads back the same: whole numbers are easy,
 * for the rest see number_shortest.c. Reading needs the nearest double: up to 15 digits fit a
 * double exactly, and so do 10^0 .. 10^22. One multiplication or division of two exact doubles
 * rounds once, so its result is the nearest double. What is longer goes to the C library, which is
 * exact but ten times slower; Weir never sets LC_NUMERIC, so that its decimal point is a point.
 */
#include "core/number.h"

#include "core/number_shortest.h"

#include <math.h>
#include <stdlib.h>

static const char pairs[201] = "00010203040506070809101112131415161718192021222324"
			       "25262728293031323334353637383940414243444546474849"
			       "50515253545556575859606162636465666768697071727374"
			       "75767778798081828384858687888990919293949596979899";

static const double pow10s[] = { 1e0,  1e1,  1e2,  1e3,	 1e4,  1e5,  1e6,  1e7,
				 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
				 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static unsigned print_u64(uint64_t v, char *to)
{
	char tmp[20];
	unsigned at = sizeof(tmp);

	while (v >= 100) {
		at -= 2;
		memcpy(tmp + at, pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		at -= 2;
		memcpy(tmp + at, pairs + v * 2, 2);
	} else {
		tmp[--at] = (char)('0' + v);
	}
	memcpy(to, tmp + at, sizeof(tmp) - at);
	return (unsigned)sizeof(tmp) - at;
}

unsigned wr_print_i64(int64_t v, char *to)
{
	if (v >= 0)
		return print_u64((uint64_t)v, to);
	*to = '-';
	return 1 + print_u64(-(uint64_t)v, to + 1);
}

void wr_buf_i64(wr_buf *b, int64_t v)
{
	b->n += wr_print_i64(v, wr_buf_reserve(b, WR_I64_TEXT));
	b->p[b->n] = 0;
}

bool wr_parse_i64(wr_str s, int64_t *out)
{
	bool minus = s.n && s.p[0] == '-';
	uint32_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
	uint64_t v = 0;

	if (i == s.n)
		return false;
	for (; i < s.n; i++) {
		unsigned d = (unsigned char)s.p[i] - '0';

		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	if (v > (uint64_t)INT64_MAX + minus)
		return false;
	*out = (int64_t)(minus ? -v : v);
	return true;
}

/* ---- doubles to text */

/* Puts digits d1 d2 … dn, meaning d1.d2…dn * 10^exp, in Java's form. */
static unsigned layout(const char *d, unsigned n, int exp, char *to)
{
	char *from = to;
	int i;

	if (exp >= -3 && exp < 7) {
		if (exp < 0) {
			*to++ = '0';
			*to++ = '.';
			for (i = -1; i > exp; i--)
				*to++ = '0';
			memcpy(to, d, n);
			return (unsigned)(to + n - from);
		}
		for (i = 0; i <= exp; i++)
			*to++ = (unsigned)i < n ? d[i] : '0';
		*to++ = '.';
		if ((unsigned)i >= n)
			*to++ = '0';
		for (; (unsigned)i < n; i++)
			*to++ = d[i];
		return (unsigned)(to - from);
	}
	*to++ = d[0];
	*to++ = '.';
	if (n == 1)
		*to++ = '0';
	memcpy(to, d + 1, n - 1);
	to += n - 1;
	*to++ = 'E';
	return (unsigned)(to - from) + wr_print_i64(exp, to);
}

/* The digits of m without closing zeros; returns how many, *all is how many there were. */
static unsigned digits_of(uint64_t m, char *d, unsigned *all)
{
	unsigned n = *all = print_u64(m, d);

	while (n > 1 && d[n - 1] == '0')
		n--;
	return n;
}

/* Whole numbers and the rest: most doubles are whole. */
static unsigned print_positive(double v, char *to)
{
	char d[20];
	unsigned n, all;
	int exp = 0;
	uint64_t m;

	if (v < 1e15 && v == (double)(int64_t)v)
		m = (uint64_t)v;
	else
		m = wr_shortest(v, &exp);
	n = digits_of(m, d, &all);
	return layout(d, n, (int)all - 1 + exp, to);
}

static unsigned copy(char *to, const char *z)
{
	size_t n = strlen(z);

	memcpy(to, z, n);
	return (unsigned)n;
}

unsigned wr_print_double_to(double v, char *to)
{
	if (isnan(v))
		return copy(to, "NaN");
	if (signbit(v)) {
		*to = '-';
		return 1 + wr_print_double_to(-v, to + 1);
	}
	if (isinf(v))
		return copy(to, "Infinity");
	if (v == 0)
		return copy(to, "0.0");
	return print_positive(v, to);
}

void wr_print_double(double v, wr_buf *out)
{
	out->n += wr_print_double_to(v, wr_buf_reserve(out, WR_DOUBLE_TEXT));
	out->p[out->n] = 0;
}

/* ---- text to doubles */

/*
 * What was read of a number's text: mantissa * 10^exp, exact when digits <= 19 and none was
 * dropped.
 */
typedef struct parts {
	bool minus;
	uint64_t mantissa;
	unsigned digits; /* significant ones */
	int exp;
} parts;

static const char *read_digits(const char *p, const char *end, parts *x, int step)
{
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (x->digits || *p != '0')
			x->digits++;
		if (x->digits <= 19)
			x->mantissa = x->mantissa * 10 + (unsigned)(*p - '0');
		x->exp += step;
	}
	return p;
}

static bool read_exponent(const char *p, const char *end, parts *x)
{
	bool minus = false;
	int v = 0;

	if (p < end && (*p == '-' || *p == '+'))
		minus = *p++ == '-';
	if (p == end)
		return false;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		if (v < 100000)
			v = v * 10 + (*p - '0');
	}
	x->exp += minus ? -v : v;
	return true;
}

static bool read_parts(wr_str s, parts *x)
{
	const char *p = s.p, *end = s.p + s.n, *from;
	bool any;

	*x = (parts){ 0 };
	if (p < end && (*p == '-' || *p == '+'))
		x->minus = *p++ == '-';
	from = p;
	p = read_digits(p, end, x, 0);
	any = p > from;
	if (p < end && *p == '.') {
		from = ++p;
		p = read_digits(p, end, x, -1);
		any |= p > from;
	}
	if (!any)
		return false;
	if (p < end && (*p == 'e' || *p == 'E'))
		return read_exponent(p + 1, end, x);
	return p == end;
}

static bool read_word(wr_str s, double *out)
{
	bool minus = s.n && s.p[0] == '-';
	bool sign = s.n && (s.p[0] == '-' || s.p[0] == '+');
	wr_str word = { s.p + sign, s.n - sign };

	if (wr_str_is(word, "NaN"))
		*out = NAN;
	else if (wr_str_is(word, "Infinity"))
		*out = minus ? -INFINITY : INFINITY;
	else
		return false;
	return true;
}

static double by_library(wr_str s)
{
	char small[64], *z = s.n < sizeof(small) ? small : wr_malloc((size_t)s.n + 1);
	double v;

	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	v = strtod(z, NULL);
	if (z != small)
		free(z);
	return v;
}

bool wr_parse_double(wr_str s, double *out)
{
	parts x;
	double v;

	if (!read_parts(s, &x))
		return read_word(s, out);
	if (x.digits <= 15 && x.exp >= -22 && x.exp <= 22) {
		v = (double)x.mantissa;
		v = x.exp < 0 ? v / pow10s[-x.exp] : v * pow10s[x.exp];
		*out = x.minus ? -v : v;
	} else {
		*out = by_library(s);
	}
	return true;
}

/* When an expected JSON value and an actual one are the same. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "cli/conform.h"
#include "core/number.h"

/* A number's text as unscaled digits and scale: 1.50E1 is 150 and 1. */
typedef struct number {
	bool negative;
	char digits[96]; /* without leading zeros; "" is 0 */
	int n;
	int64_t scale;
	bool whole; /* neither point nor exponent */
} number;

static bool read_number(wr_str s, number *out)
{
	uint32_t i = 0;
	bool point = false;

	*out = (number){ .whole = true };
	if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
		out->negative = s.p[i++] == '-';
	if (i == s.n || !(isdigit((unsigned char)s.p[i]) || s.p[i] == '.'))
		return false;
	for (; i < s.n && (isdigit((unsigned char)s.p[i]) || (s.p[i] == '.' && !point)); i++) {
		if (s.p[i] == '.') {
			point = true;
			out->whole = false;
			continue;
		}
		out->scale += point;
		if ((out->n || s.p[i] != '0') && out->n < 95)
			out->digits[out->n++] = s.p[i];
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		out->whole = false;
		out->scale -= strtol(s.p + i + 1, NULL, 10);
		while (++i < s.n &&
		       (isdigit((unsigned char)s.p[i]) || s.p[i] == '-' || s.p[i] == '+'))
			;
	}
	if (out->n == 0)
		out->negative = false;
	return i == s.n;
}

static bool same_decimal(const number *x, const number *y)
{
	return x->negative == y->negative && x->n == y->n &&
	       memcmp(x->digits, y->digits, (size_t)x->n) == 0 && (x->scale == y->scale);
}

static double value_of(wr_str s)
{
	double d = NAN;

	(void)wr_parse_double(s, &d);
	return d;
}

/* Expected number against an actual whole number. */
static bool equals_whole(wr_str expected, wr_str actual)
{
	int64_t a, e;
	number n;

	if (!wr_parse_i64(actual, &a))
		return false;
	if (!wr_parse_i64(expected, &e)) {
		if (!read_number(expected, &n))
			return false;
		e = (int64_t)value_of(expected);
	}
	if (a >= INT32_MIN && a <= INT32_MAX)
		return (int32_t)e == (int32_t)a;
	return e == a;
}

static bool equal_numbers(wr_str expected, wr_str actual, bool exact)
{
	number e, a;

	if (!read_number(expected, &e) || !read_number(actual, &a))
		return false;
	if (a.whole)
		return equals_whole(expected, actual);
	if (!exact)
		return fabs(value_of(expected) - value_of(actual)) < 1e-6;
	if (e.whole)
		return a.scale <= 0 && value_of(expected) == value_of(actual);
	return same_decimal(&e, &a);
}

static const wr_json *member(const wr_json *object, wr_str name)
{
	const wr_json *m = wr_json_get_str(object, name);
	char upper[256];

	if ((m && m->kind != WR_JSON_NULL) || name.n >= sizeof upper)
		return m;
	for (uint32_t i = 0; i < name.n; i++)
		upper[i] = (char)toupper((unsigned char)name.p[i]);
	const wr_json *u = wr_json_get_str(object, (wr_str){ upper, name.n });

	return u ? u : m;
}

static bool equal_objects(const wr_conform *c, const wr_json *e, const wr_json *a, bool exact)
{
	if (!wr_json_is(a, WR_JSON_OBJECT) || e->n != a->n)
		return false;
	WR_JSON_EACH(m, e)
	if (!wr_conform_equal(c, m, member(a, m->name), exact))
		return false;
	return true;
}

static bool equal_arrays(const wr_conform *c, const wr_json *e, const wr_json *a, bool exact)
{
	if (!wr_json_is(a, WR_JSON_ARRAY) || e->n != a->n)
		return false;
	const wr_json *x = a->first;

	WR_JSON_EACH(item, e)
	{
		if (!wr_conform_equal(c, item, x, exact))
			return false;
		x = x->next;
	}
	return true;
}

static bool equal_text(const wr_json *e, const wr_json *a)
{
	number x, y;

	if (wr_json_is(a, WR_JSON_STRING))
		return wr_str_eq(e->text, a->text);
	return wr_json_is(a, WR_JSON_NUMBER) && read_number(e->text, &x) &&
	       read_number(a->text, &y) && !y.whole && same_decimal(&x, &y);
}

bool wr_conform_equal(const wr_conform *c, const wr_json *e, const wr_json *a, bool exact)
{
	switch (e->kind) {
	case WR_JSON_NULL: return !a || a->kind == WR_JSON_NULL;
	case WR_JSON_TRUE:
	case WR_JSON_FALSE: return a && a->kind == e->kind;
	case WR_JSON_OBJECT: return equal_objects(c, e, a, exact);
	case WR_JSON_ARRAY: return equal_arrays(c, e, a, exact);
	case WR_JSON_STRING: return equal_text(e, a);
	default: return wr_json_is(a, WR_JSON_NUMBER) && equal_numbers(e->text, a->text, exact);
	}
}

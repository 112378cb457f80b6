#include "functions/coerce.h"

static bool decimal_fits(const wr_type *from, const wr_type *to)
{
	return from->scale <= to->scale &&
	       from->precision - from->scale <= to->precision - to->scale;
}

/* The place of a numeric type in the chain of widening. */
static int rank(wr_tag tag)
{
	switch (tag) {
	case WR_INTEGER: return 1;
	case WR_BIGINT: return 2;
	case WR_DECIMAL: return 3;
	case WR_DOUBLE: return 4;
	default: return 0;
	}
}

int wr_widen_cost(const wr_type *from, const wr_type *to)
{
	int f = rank(from->tag), t = to ? rank(to->tag) : 3;

	if (to && wr_type_eq(from, to))
		return 0;
	if (!f || !t || f > t)
		return -1;
	if (t != 3 || !to)
		return t - f;
	if (from->tag == WR_DECIMAL)
		return decimal_fits(from, to) ? 1 : -1;
	return (from->tag == WR_INTEGER ? 10 : 19) <= to->precision - to->scale ? t - f : -1;
}

const wr_type *wr_type_as_decimal(wr_arena *a, const wr_type *t)
{
	if (t->tag == WR_INTEGER)
		return wr_type_decimal(a, 10, 0);
	if (t->tag == WR_BIGINT)
		return wr_type_decimal(a, 19, 0);
	WR_ASSERT(t->tag == WR_DECIMAL);
	return t;
}

static const wr_type *common_decimal(wr_arena *a, const wr_type *x, const wr_type *y)
{
	unsigned scale = x->scale > y->scale ? x->scale : y->scale;
	unsigned xi = x->precision - x->scale, yi = y->precision - y->scale;

	return wr_type_decimal(a, (xi > yi ? xi : yi) + scale, scale);
}

static const wr_type *common_number(wr_arena *a, const wr_type *x, const wr_type *y)
{
	int rx = rank(x->tag), ry = rank(y->tag);

	if (rx == 3 || ry == 3)
		if (rx != 4 && ry != 4)
			return common_decimal(a, wr_type_as_decimal(a, x),
					      wr_type_as_decimal(a, y));
	return rx > ry ? x : y;
}

static int field_of(const wr_type *t, wr_str name)
{
	for (uint32_t i = 0; i < t->nkids; i++)
		if (wr_str_eq(t->names[i], name))
			return (int)i;
	return -1;
}

/* The fields of x, each common with y's of that name, then the ones that only y has. */
static const wr_type *common_struct(wr_arena *a, const wr_type *x, const wr_type *y)
{
	uint32_t n = 0;
	wr_str *names = WR_NEW_ARRAY(a, wr_str, x->nkids + y->nkids);
	const wr_type **kids = WR_NEW_ARRAY(a, const wr_type *, x->nkids + y->nkids);

	for (uint32_t i = 0; i < x->nkids; i++) {
		int j = field_of(y, x->names[i]);

		names[n] = x->names[i];
		kids[n] = j < 0 ? x->kids[i] : wr_widen_common(a, x->kids[i], y->kids[j]);
		if (!kids[n++])
			return NULL;
	}
	for (uint32_t j = 0; j < y->nkids; j++)
		if (field_of(x, y->names[j]) < 0) {
			names[n] = y->names[j];
			kids[n++] = y->kids[j];
		}
	return wr_type_struct(a, n, names, kids);
}

const wr_type *wr_widen_common(wr_arena *a, const wr_type *x, const wr_type *y)
{
	const wr_type *k, *v;

	if (wr_type_eq(x, y))
		return x;
	if (rank(x->tag) && rank(y->tag))
		return common_number(a, x, y);
	if (x->tag != y->tag)
		return NULL;
	switch (x->tag) {
	case WR_ARRAY:
		v = wr_widen_common(a, x->kids[0], y->kids[0]);
		return v ? wr_type_array(a, v) : NULL;
	case WR_MAP:
		k = wr_widen_common(a, x->kids[0], y->kids[0]);
		v = wr_widen_common(a, x->kids[1], y->kids[1]);
		return k && v ? wr_type_map(a, k, v) : NULL;
	case WR_STRUCT: return common_struct(a, x, y);
	default: return NULL;
	}
}

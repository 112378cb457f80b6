/*
 * CAST: the table of pairs, and a conversion per pair.
 *
 *	any but BYTES → STRING                      numbers ↔ numbers
 *	STRING → BOOLEAN, numbers, times, BYTES     TIMESTAMP → TIME, DATE; DATE → TIMESTAMP
 *	ARRAY, MAP, STRUCT element by element, STRUCT fields by name
 *
 * Implicit widening runs through here too, so the numeric pairs are loops over the storage. A
 * conversion that cannot be (text that is no number, a decimal that does not fit) fails for that
 * row.
 *
 * Nested values are converted as a whole: the lists stay as they are, the child vector is cast. A
 * failing element fails its row: the rows that own the elements are found afterwards.
 */
#include "functions/cast.h"

#include "core/base64.h"
#include "core/number.h"
#include "core/time_text.h"
#include "functions/coerce.h"
#include "functions/families.h"
#include "functions/kernel.h"

#include <math.h>

/* ---- which pairs there are */

static int field_of(const wr_type *t, wr_str name)
{
	for (uint32_t i = 0; i < t->nkids; i++)
		if (wr_str_eq(t->names[i], name))
			return (int)i;
	return -1;
}

static bool struct_exists(const wr_type *from, const wr_type *to)
{
	for (uint32_t i = 0; i < to->nkids; i++) {
		int j = field_of(from, to->names[i]);

		if (j >= 0 && !wr_cast_exists(from->kids[j], to->kids[i]))
			return false;
	}
	return true;
}

static bool from_string(wr_tag to)
{
	return to != WR_ARRAY && to != WR_MAP && to != WR_STRUCT;
}

bool wr_cast_exists(const wr_type *from, const wr_type *to)
{
	if (wr_type_eq(from, to) || (wr_type_numeric(from) && wr_type_numeric(to)))
		return true;
	if (to->tag == WR_STRING)
		return from->tag != WR_BYTES;
	switch (from->tag) {
	case WR_STRING: return from_string(to->tag);
	case WR_TIMESTAMP: return to->tag == WR_TIME || to->tag == WR_DATE;
	case WR_DATE: return to->tag == WR_TIMESTAMP;
	case WR_ARRAY: return to->tag == WR_ARRAY && wr_cast_exists(from->kids[0], to->kids[0]);
	case WR_MAP:
		return to->tag == WR_MAP && wr_cast_exists(from->kids[0], to->kids[0]) &&
		       wr_cast_exists(from->kids[1], to->kids[1]);
	case WR_STRUCT: return to->tag == WR_STRUCT && struct_exists(from, to);
	default: return false;
	}
}

/* ---- numbers */

/* As Java narrows: saturating, NaN is 0. */
static int32_t double_to_int(double x)
{
	if (!(x > INT32_MIN))
		return x != x ? 0 : INT32_MIN;
	return x >= INT32_MAX ? INT32_MAX : (int32_t)x;
}

static int64_t double_to_big(double x)
{
	if (!(x > -0x1p63))
		return x != x ? 0 : INT64_MIN;
	return x >= 0x1p63 ? INT64_MAX : (int64_t)x;
}

#define CONVERT(name, from, to, body)                                                              \
	static void name(WR_KERNEL)                                                                \
	{                                                                                          \
		WR_EACH1(from, to, body);                                                          \
	}

CONVERT(int_to_big, int32_t, int64_t, x)
CONVERT(int_to_double, int32_t, double, x)
CONVERT(big_to_int, uint64_t, uint32_t, x)
CONVERT(big_to_double, int64_t, double, x)
CONVERT(double_to_int_rows, double, int32_t, double_to_int(x))
CONVERT(double_to_big_rows, double, int64_t, double_to_big(x))

#define TO_DECIMAL(name, storage, function)                                                        \
	static void name(WR_KERNEL)                                                                \
	{                                                                                          \
		wr_dec *r = out->data;                                                             \
                                                                                                   \
		(void)nargs;                                                                       \
		for (uint32_t i = 0; i < cx->rows; i++) {                                          \
			storage x = WR_ARG(storage, 0, i);                                         \
                                                                                                   \
			if (!wr_fn_null(cx, i) && !(function))                                     \
				wr_fn_fail(cx, out, i, "the number does not fit DECIMAL(%u, %u)",  \
					   out->type->precision, out->type->scale);                \
		}                                                                                  \
	}

TO_DECIMAL(int_to_dec, int32_t, wr_dec_from_int(cx->arena, x, out->type, &r[i]))
TO_DECIMAL(big_to_dec, int64_t, wr_dec_from_int(cx->arena, x, out->type, &r[i]))
TO_DECIMAL(double_to_dec, double, wr_dec_from_double(cx->arena, x, out->type, &r[i]))
TO_DECIMAL(dec_to_dec, wr_dec, wr_dec_rescale(cx->arena, x, args[0]->type, out->type, false, &r[i]))

static void dec_to_double(WR_KERNEL)
{
	double *r = out->data;

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_null(cx, i))
			r[i] = wr_dec_to_double(WR_ARG(wr_dec, 0, i), args[0]->type);
}

static void dec_to_integer(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		int64_t v = 0;

		if (wr_fn_null(cx, i))
			continue;
		if (!wr_dec_to_int64(WR_ARG(wr_dec, 0, i), args[0]->type, &v))
			wr_fn_fail(cx, out, i, "the number is out of range");
		else if (out->type->tag == WR_BIGINT)
			wr_vec_BIGINT(out)[i] = v;
		else
			wr_vec_INTEGER(out)[i] = (int32_t)v;
	}
}

/* ---- text to anything */

static wr_str trimmed(wr_str s)
{
	while (s.n && (unsigned char)s.p[0] <= ' ')
		s.p++, s.n--;
	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

/* true and yes, and what they begin with. */
static bool reads_true(wr_str s)
{
	return s.n && ((s.n <= 4 && wr_str_ieq(s, (wr_str){ "true", s.n })) ||
		       (s.n <= 3 && wr_str_ieq(s, (wr_str){ "yes", s.n })));
}

static bool read_int(wr_str s, int32_t *out)
{
	int64_t v;

	if (!wr_parse_i64(s, &v) || v != (int32_t)v)
		return false;
	*out = (int32_t)v;
	return true;
}

static bool read_date(wr_str s, int32_t *out)
{
	int64_t days, ms;

	if (!wr_parse_date(s, &days)) {
		if (!wr_parse_timestamp(s, &ms))
			return false;
		days = ms / WR_MS_DAY - (ms % WR_MS_DAY < 0);
	}
	*out = (int32_t)days;
	return days == (int32_t)days;
}

static bool read_text(wr_arena *a, wr_str s, const wr_type *to, void *data, uint32_t i)
{
	switch (to->tag) {
	case WR_BOOLEAN: ((uint8_t *)data)[i] = reads_true(trimmed(s)); return true;
	case WR_INTEGER: return read_int(trimmed(s), (int32_t *)data + i);
	case WR_BIGINT: return wr_parse_i64(trimmed(s), (int64_t *)data + i);
	case WR_DOUBLE: return wr_parse_double(trimmed(s), (double *)data + i);
	case WR_DECIMAL: return wr_dec_parse(a, trimmed(s), to, false, (wr_dec *)data + i);
	case WR_DATE: return read_date(trimmed(s), (int32_t *)data + i);
	case WR_TIME: return wr_parse_time(trimmed(s), (int32_t *)data + i);
	case WR_TIMESTAMP: return wr_parse_timestamp(trimmed(s), (int64_t *)data + i);
	case WR_BYTES: return wr_base64_read(a, s, (wr_str *)data + i);
	default: WR_BUG("no cast from STRING to %s", wr_tag_name(to->tag));
	}
}

static void text_to_any(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_str s;

		if (wr_fn_null(cx, i))
			continue;
		s = wr_vec_str(args[0], i);
		if (!read_text(cx->arena, s, out->type, out->data, i))
			wr_fn_fail(cx, out, i, "cannot read '%.*s' as %s", s.n > 60 ? 60 : (int)s.n,
				   s.p, wr_tag_name(out->type->tag));
	}
}

static void any_to_text(WR_KERNEL)
{
	wr_str *r = out->data;
	wr_buf text = { 0 };

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		if (wr_fn_null(cx, i))
			continue;
		wr_buf_reset(&text);
		wr_cast_print(args[0], i, &text);
		r[i] = wr_arena_str(cx->arena, wr_buf_view(&text));
	}
	wr_buf_free(&text);
}

/* ---- times */

static int64_t floor_days(int64_t ms)
{
	return ms / WR_MS_DAY - (ms % WR_MS_DAY < 0);
}

CONVERT(timestamp_to_date, int64_t, int32_t, floor_days(x))
CONVERT(timestamp_to_time, int64_t, int32_t, x - floor_days(x) * WR_MS_DAY)
CONVERT(date_to_timestamp, int32_t, int64_t, (int64_t)x *WR_MS_DAY)

/* ---- nested */

/* The cast of a child vector in a context of its own; its failed elements, NULL when there are
 * none. */
static const uint8_t *cast_kid(wr_fn_cx *cx, const wr_vec *in, wr_vec *out)
{
	wr_fn_cx kid = { .arena = cx->arena };

	wr_cast_vec(&kid, in, out);
	cx->failures += kid.failures;
	if (kid.failures)
		memcpy(cx->last_failure, kid.last_failure, sizeof(cx->last_failure));
	return kid.failed;
}

static void fail_row(wr_fn_cx *cx, wr_vec *out, uint32_t row)
{
	uint64_t counted = cx->failures;

	wr_fn_fail(cx, out, row, "%s", cx->last_failure);
	cx->failures = counted; /* its element was counted */
}

static void cast_lists(wr_fn_cx *cx, const wr_vec *in, wr_vec *out)
{
	wr_list *r;

	wr_vec_resize(out, cx->arena, cx->rows);
	r = out->data;
	for (uint32_t i = 0; i < cx->rows; i++)
		r[i] = ((const wr_list *)in->data)[wr_vec_at(in, i)];
	for (uint32_t k = 0; k < in->type->nkids; k++) {
		const uint8_t *failed = cast_kid(cx, &in->kids[k], &out->kids[k]);

		for (uint32_t i = 0; failed && i < cx->rows; i++)
			for (uint32_t j = 0; j < r[i].n; j++)
				if (failed[r[i].at + j]) {
					fail_row(cx, out, i);
					break;
				}
	}
}

static void cast_struct(wr_fn_cx *cx, const wr_vec *in, wr_vec *out)
{
	uint32_t n = in->kind == WR_CONST ? 1 : cx->rows;

	for (uint32_t k = 0; k < out->type->nkids; k++) {
		int j = field_of(in->type, out->type->names[k]);
		const uint8_t *failed;

		if (j < 0) {
			for (uint32_t i = 0; i < n; i++)
				wr_vec_push_null(&out->kids[k], cx->arena);
			continue;
		}
		failed = cast_kid(cx, &in->kids[j], &out->kids[k]);
		for (uint32_t i = 0; failed && i < n; i++)
			if (failed[i])
				fail_row(cx, out, i);
	}
	out->n = out->room = n;
	if (in->kind == WR_CONST)
		out->kind = WR_CONST;
}

/* ---- the table */

static wr_kernel number_pair(wr_tag from, wr_tag to)
{
	static const wr_kernel pairs[4][4] = {
		/* from INTEGER */ { NULL, int_to_big, int_to_double, int_to_dec },
		/* BIGINT */ { big_to_int, NULL, big_to_double, big_to_dec },
		/* DOUBLE */ { double_to_int_rows, double_to_big_rows, NULL, double_to_dec },
		/* DECIMAL */ { dec_to_integer, dec_to_integer, dec_to_double, dec_to_dec },
	};
	_Static_assert(WR_BIGINT == WR_INTEGER + 1 && WR_DOUBLE == WR_INTEGER + 2 &&
			   WR_DECIMAL == WR_INTEGER + 3,
		       "the table follows the order of the tags");

	return pairs[from - WR_INTEGER][to - WR_INTEGER];
}

static wr_kernel kernel_of(const wr_type *from, const wr_type *to)
{
	if (to->tag == WR_STRING)
		return any_to_text;
	if (from->tag == WR_STRING)
		return text_to_any;
	if (wr_type_numeric(from) && wr_type_numeric(to))
		return number_pair(from->tag, to->tag);
	if (from->tag == WR_TIMESTAMP)
		return to->tag == WR_DATE ? timestamp_to_date : timestamp_to_time;
	if (from->tag == WR_DATE && to->tag == WR_TIMESTAMP)
		return date_to_timestamp;
	WR_BUG("no cast from %s to %s", wr_tag_name(from->tag), wr_tag_name(to->tag));
}

/* Puts the nulls of `in` into out; the lists of null rows are empty already. */
static void copy_nulls(wr_fn_cx *cx, const wr_vec *in, wr_vec *out)
{
	uint8_t *to;

	if (!in->null)
		return;
	to = wr_vec_nulls(out, cx->arena);
	for (uint32_t i = 0; i < out->n; i++)
		to[i] |= in->null[wr_vec_at(in, i)];
}

void wr_cast_vec(wr_fn_cx *cx, const wr_vec *in, wr_vec *out)
{
	const wr_vec *args[1] = { in };
	const wr_type *types[1] = { in->type };
	const wr_type *to = out->type ? out->type : in->type;

	if (!cx->rows)
		cx->rows = in->n;
	if (wr_type_eq(in->type, to)) {
		*out = *in;
		return;
	}
	cx->types = types;
	if (!cx->null && in->kind == WR_FLAT)
		cx->null = in->null;
	if (wr_tag_nested(in->type->tag) && to->tag != WR_STRING) {
		if (to->tag == WR_STRUCT)
			cast_struct(cx, in, out);
		else
			cast_lists(cx, in, out);
	} else {
		wr_vec_resize(out, cx->arena, cx->rows);
		kernel_of(in->type, to)(cx, args, 1, out);
	}
	copy_nulls(cx, in, out);
}

const wr_vec *wr_cast_constant(wr_arena *a, const wr_vec *in, const wr_type *to)
{
	wr_fn_cx cx = { .arena = a, .rows = 1 };
	wr_vec *out;

	if (!in->type || !to || (in->null && in->null[0])) {
		out = WR_NEW(a, wr_vec);
		wr_vec_const_null(out, a, to ? to : wr_type_of(WR_STRING));
		return out;
	}
	if (wr_type_eq(in->type, to))
		return in;
	if (!wr_cast_exists(in->type, to))
		return NULL;
	out = WR_NEW(a, wr_vec);
	wr_vec_init(out, a, to, 1);
	wr_cast_vec(&cx, in, out);
	out->kind = WR_CONST;
	return cx.failures ? NULL : out;
}

/* Not STRICT, so that structs may come out CONST; nulls pass through above. */
static void eval_cast(WR_KERNEL)
{
	(void)nargs;
	if (args[0]->null && args[0]->kind == WR_CONST && args[0]->null[0]) {
		wr_vec_const_null(out, cx->arena, out->type);
		return;
	}
	wr_cast_vec(cx, args[0], out);
}

const wr_fn wr_fns_cast[] = {
	{ "$cast", "ANY", "ANY", WR_FN_PURE | WR_FN_HIDDEN, eval_cast, NULL, NULL, NULL },
	{ 0 },
};

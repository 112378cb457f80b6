/*
 * Format DELIMITED: one line of comma-separated values, as RFC 4180 has it.
 *
 * Reading: a field may be quoted, with quotes doubled inside, and blanks may follow it; an empty
 * field is null, quoted or not; the number of fields must be that of the columns; what follows the
 * first line is not looked at. Fields without quotes inside point into the message.
 *
 * Writing: a field is quoted only where it must be, which is the rule of the library that other
 * engines use, so that texts compare equal: it holds the delimiter, a quote or a line end; it
 * begins with a control character, blank, ! " or #, or ends with a blank or control character; or
 * it stands first and is empty or begins with anything but an ASCII letter or digit (-1!).
 *
 *	7,"a ""b""",,12.50,AP8=		INTEGER 7, STRING a "b", null, DECIMAL 12.50, BYTES
 */
#include "core/base64.h"
#include "core/number.h"
#include "core/time_text.h"
#include "formats/json_read.h"
#include "formats/side.h"

typedef struct delimited_side {
	wr_side base;
	char delimiter;
} delimited_side;

/* ---- reading */

static bool read_number(wr_vec *v, wr_arena *a, wr_str text, uint32_t row)
{
	int64_t i;

	switch (v->type->tag) {
	case WR_DOUBLE: return wr_parse_double(text, &((double *)v->data)[row]);
	case WR_DECIMAL: return wr_dec_parse(a, text, v->type, true, &((wr_dec *)v->data)[row]);
	case WR_BIGINT: return wr_parse_i64(text, &((int64_t *)v->data)[row]);
	default:
		if (!wr_parse_i64(text, &i) || i != (int32_t)i)
			return false;
		((int32_t *)v->data)[row] = (int32_t)i;
		return true;
	}
}

/* A number in the type's unit, or ISO text. */
static bool read_time(wr_vec *v, wr_str text, uint32_t row)
{
	int32_t ms;
	int64_t x;

	if (v->type->tag == WR_TIMESTAMP) {
		int64_t *to = &((int64_t *)v->data)[row];

		return wr_parse_i64(text, to) || wr_parse_timestamp(text, to);
	}
	if (v->type->tag == WR_DATE) {
		if ((!wr_parse_i64(text, &x) && !wr_parse_date(text, &x)) || x != (int32_t)x)
			return false;
	} else if (wr_parse_i64(text, &x)) {
		if (x < 0 || x >= WR_MS_DAY)
			return false;
	} else {
		if (!wr_parse_time(text, &ms))
			return false;
		x = ms;
	}
	((int32_t *)v->data)[row] = (int32_t)x;
	return true;
}

static bool read_value(wr_vec *v, wr_arena *a, wr_str text, uint32_t row)
{
	char *bytes;

	switch (v->type->tag) {
	case WR_BOOLEAN:
		((uint8_t *)v->data)[row] = wr_str_ieq(text, WR_STR_LIT("true"));
		return true;
	case WR_STRING: ((wr_str *)v->data)[row] = text; return wr_jread_utf8(text.p, text.n);
	case WR_BYTES:
		bytes = wr_arena_alloc(a, WR_BASE64_ROOM(text.n));
		((wr_str *)v->data)[row].p = bytes;
		return wr_base64_decode(text, bytes, &((wr_str *)v->data)[row].n);
	case WR_DATE:
	case WR_TIME:
	case WR_TIMESTAMP: return read_time(v, text, row);
	default: return read_number(v, a, text, row);
	}
}

static bool is_line_end(const char *p, const char *end)
{
	return p == end || *p == '\n' || *p == '\r';
}

/* p is behind the opening quote. Returns what follows the field; NULL: it does not end. */
static const char *quoted_field(delimited_side *s, const char *p, const char *end, wr_str *out)
{
	const char *from = p;
	bool doubled = false;
	char *to;

	for (; p < end; p++) {
		if (*p != '"')
			continue;
		if (p + 1 == end || p[1] != '"')
			break;
		doubled = true;
		p++;
	}
	if (p == end)
		return NULL;
	*out = (wr_str){ from, (uint32_t)(p - from) };
	if (doubled) {
		out->p = to = wr_arena_alloc(s->base.batch->arena, out->n);
		out->n = 0;
		for (const char *q = from; q < p; q++) {
			to[out->n++] = *q;
			q += *q == '"';
		}
	}
	for (p++; p < end && *p == ' ' && s->delimiter != ' '; p++)
		;
	return is_line_end(p, end) || *p == s->delimiter ? p : NULL;
}

/* Reads the field at p; returns the delimiter or line end behind it. */
static const char *next_field(delimited_side *s, const char *p, const char *end, wr_str *out)
{
	const char *q = p;

	if (q < end && *q == '"')
		return quoted_field(s, q + 1, end, out);
	while (!is_line_end(q, end) && *q != s->delimiter)
		q++;
	*out = (wr_str){ p, (uint32_t)(q - p) };
	return q;
}

static wr_side_result bad_count(wr_defect *why, const wr_side_spec *spec, const char *more)
{
	return wr_defect_set(why, -1, "the line has %s than the %u fields of the columns", more,
			     spec->n);
}

static wr_side_result store(delimited_side *s, uint32_t i, wr_str field, uint32_t row,
			    wr_defect *why)
{
	const wr_side_spec *spec = s->base.spec;
	wr_vec *v;

	if (spec->to[i] < 0)
		return WR_SIDE_ROW;
	v = &s->base.batch->cols[spec->to[i]];
	if (field.n == 0) {
		wr_vec_set_null(v, s->base.batch->arena, row);
		return WR_SIDE_ROW;
	}
	if (v->null)
		v->null[row] = 0;
	if (read_value(v, s->base.batch->arena, field, row))
		return WR_SIDE_ROW;
	return wr_defect_set(why, -1, "column %.*s is %s, which the field %.*s%s is not",
			     WR_STR_ARG(spec->cols[i].name), wr_tag_name(v->type->tag),
			     field.n > 40 ? 40 : (int)field.n, field.p, field.n > 40 ? "..." : "");
}

static wr_side_result read_side(wr_side *side, wr_str bytes, uint32_t row, wr_defect *why)
{
	delimited_side *s = (delimited_side *)side;
	const char *p = bytes.p, *end = p + bytes.n;
	wr_str field;

	for (uint32_t i = 0; i < side->spec->n; i++) {
		const char *from = p;

		p = next_field(s, p, end, &field);
		if (!p)
			return wr_defect_set(why, from - bytes.p, "a quoted field does not end");
		if (store(s, i, field, row, why) == WR_SIDE_BAD)
			return WR_SIDE_BAD;
		if (i + 1 < side->spec->n && is_line_end(p, end))
			return bad_count(why, side->spec, "fewer");
		if (i + 1 == side->spec->n && !is_line_end(p, end))
			return bad_count(why, side->spec, "more");
		p++;
	}
	return WR_SIDE_ROW;
}

static void bind(wr_side *s, wr_batch *b)
{
	s->batch = b;
}

wr_side *wr_delimited_open(wr_arena *a, const wr_side_spec *spec)
{
	delimited_side *s = WR_NEW(a, delimited_side);

	s->base = (wr_side){ .spec = spec, .bind = bind, .read = read_side };
	s->delimiter = spec->delimiter ? spec->delimiter : ',';
	return &s->base;
}

/* ---- writing */

static bool must_quote(wr_str s, char delimiter, bool first)
{
	unsigned char c = s.n ? (unsigned char)s.p[0] : 0;

	if (s.n == 0)
		return first;
	if (first && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z'))
		return true;
	if (c <= '#' || (unsigned char)s.p[s.n - 1] <= ' ')
		return true;
	for (uint32_t i = 0; i < s.n; i++)
		if (s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '"' || s.p[i] == delimiter)
			return true;
	return false;
}

/* Quotes what stands in out from `at` on, where it must be. */
static void quote_from(wr_buf *out, size_t at, char delimiter, bool first)
{
	wr_str s = { out->p + at, (uint32_t)(out->n - at) };
	uint32_t quotes = 0;
	char *to;

	if (!must_quote(s, delimiter, first))
		return;
	for (uint32_t i = 0; i < s.n; i++)
		quotes += s.p[i] == '"';
	wr_buf_reserve(out, quotes + 2);
	to = out->p + out->n + quotes + 2;
	out->n += quotes + 2;
	*--to = '"';
	for (uint32_t i = s.n; i-- > 0;) {
		char c = out->p[at + i];

		*--to = c;
		if (c == '"')
			*--to = '"';
	}
	*--to = '"';
	out->p[out->n] = 0;
}

static void put_value(const wr_vec *v, uint32_t row, wr_buf *out)
{
	uint32_t at = wr_vec_at(v, row);
	const void *data = v->data;

	switch (v->type->tag) {
	case WR_BOOLEAN: wr_buf_puts(out, ((const uint8_t *)data)[at] ? "true" : "false"); break;
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME: wr_buf_i64(out, ((const int32_t *)data)[at]); break;
	case WR_BIGINT:
	case WR_TIMESTAMP: wr_buf_i64(out, ((const int64_t *)data)[at]); break;
	case WR_DOUBLE: wr_print_double(((const double *)data)[at], out); break;
	case WR_DECIMAL: wr_dec_print(((const wr_dec *)data)[at], v->type, out); break;
	case WR_BYTES: wr_base64_encode(((const wr_str *)data)[at], out); break;
	default: wr_buf_str(out, ((const wr_str *)data)[at]);
	}
}

void wr_delimited_put(const void *prepared, const wr_side_spec *spec, const wr_batch *b,
		      uint32_t row, wr_buf *out)
{
	char delimiter = spec->delimiter ? spec->delimiter : ',';

	(void)prepared;
	wr_buf_reserve(out, 0);
	for (uint32_t i = 0; i < spec->n; i++) {
		const wr_vec *v = &b->cols[spec->to[i]];
		size_t at;

		if (i)
			wr_buf_putc(out, delimiter);
		if (wr_vec_is_null(v, row))
			continue;
		at = out->n;
		put_value(v, row, out);
		quote_from(out, at, delimiter, i == 0);
	}
}

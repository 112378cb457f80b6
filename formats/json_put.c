/*
 * Format JSON, writing: compact, columns in their order, nulls explicit, names as in the schema.
 *
 *	{"ID":7,"PRICE":12.50,"RATE":1.0E10,"TAGS":["a",null],"RAW":"AP8="}
 *
 * DECIMAL with its full scale, DOUBLE as Java prints it (NaN and infinities as text, which JSON
 * lacks), DATE, TIME and TIMESTAMP as numbers, BYTES as base64.
 */
#include "core/base64.h"
#include "core/number.h"
#include "formats/json_put.h"
#include "formats/side.h"

#include <math.h>

/* Bytes that go out as they are: neither control characters nor " nor \. */
static inline bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escape(unsigned char c, wr_buf *out)
{
	static const char digits[] = "0123456789ABCDEF", shorts[] = "b\bf\fn\nr\rt\t";
	const char *at = c < 32 ? memchr(shorts, c, 10) : NULL;
	char text[6] = { '\\', (char)c };
	uint32_t n = 2;

	if (at) {
		text[1] = at[-1];
	} else if (c < 32) {
		memcpy(text, "\\u00", 4);
		text[4] = digits[c >> 4];
		text[5] = digits[c & 15];
		n = 6;
	}
	wr_buf_put(out, text, n);
}

/* Bytes from p on that go out as they are, at most n: eight at a step. */
static uint32_t plain_run(const char *p, uint32_t n)
{
	const uint64_t ones = 0x0101010101010101ull, highs = 0x8080808080808080ull;
	uint32_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t x, quote, escape;

		memcpy(&x, p + i, 8);
		quote = x ^ ones * '"';
		escape = x ^ ones * '\\';
		if (((quote - ones) & ~quote & highs) | ((escape - ones) & ~escape & highs) |
		    ((x - ones * 0x20) & ~x & highs))
			break;
	}
	while (i < n && is_plain((unsigned char)p[i]))
		i++;
	return i;
}

void wr_json_put_string(wr_str s, wr_buf *out)
{
	uint32_t run = plain_run(s.p, s.n), at = 0;
	char *to = wr_buf_reserve(out, (size_t)run + 2);

	*to = '"';
	if (run)
		memcpy(to + 1, s.p, run);
	out->n += (size_t)run + 1;
	for (at = run; at < s.n; at += run) {
		put_escape((unsigned char)s.p[at++], out);
		run = plain_run(s.p + at, s.n - at);
		wr_buf_put(out, s.p + at, run);
	}
	wr_buf_putc(out, '"');
}

/* Up to 18 digits; others as core/decimal.c prints them, which is the same. */
static void put_decimal(wr_dec d, const wr_type *t, wr_buf *out)
{
	const int64_t most = 1000000000000000000;
	char digits[WR_I64_TEXT], *to, *start;
	uint32_t n, scale = t->scale;

	if (wr_type_wide(t) || d.i <= -most || d.i >= most || scale > 18) {
		wr_dec_print(d, t, out);
		return;
	}
	n = wr_print_i64(d.i < 0 ? -(int64_t)d.i : (int64_t)d.i, digits);
	start = to = wr_buf_reserve(out, 2 * WR_I64_TEXT + 3);
	if (d.i < 0)
		*to++ = '-';
	if (n <= scale) {
		*to++ = '0';
		*to++ = '.';
		memset(to, '0', scale - n);
		memcpy(to + scale - n, digits, n);
		to += scale;
	} else {
		memcpy(to, digits, n - scale);
		to += n - scale;
		if (scale)
			*to++ = '.';
		memcpy(to, digits + n - scale, scale);
		to += scale;
	}
	out->n += (size_t)(to - start);
	out->p[out->n] = 0;
}

static void put_double(double v, wr_buf *out)
{
	bool quote = !isfinite(v);

	if (quote)
		wr_buf_putc(out, '"');
	wr_print_double(v, out);
	if (quote)
		wr_buf_putc(out, '"');
}

static void put_bytes(wr_str s, wr_buf *out)
{
	wr_buf_putc(out, '"');
	wr_base64_encode(s, out);
	wr_buf_putc(out, '"');
}

static void put_array(const wr_vec *v, wr_list l, wr_buf *out)
{
	wr_buf_putc(out, '[');
	for (uint32_t i = 0; i < l.n; i++) {
		if (i)
			wr_buf_putc(out, ',');
		wr_json_put_value(&v->kids[0], l.at + i, out);
	}
	wr_buf_putc(out, ']');
}

/* A map's key: its text as a string. */
static void put_name(const wr_vec *v, uint32_t row, wr_buf *out)
{
	size_t at = out->n;

	if (!wr_vec_is_null(v, row) && v->type->tag == WR_STRING) {
		wr_json_put_string(wr_vec_str(v, row), out);
		return;
	}
	wr_buf_putc(out, '"');
	wr_json_put_value(v, row, out);
	if (out->p[at + 1] == '"') {
		memmove(out->p + at, out->p + at + 1, out->n - at - 1);
		out->n--;
		return;
	}
	wr_buf_putc(out, '"');
}

static void put_map(const wr_vec *v, wr_list l, wr_buf *out)
{
	wr_buf_putc(out, '{');
	for (uint32_t i = 0; i < l.n; i++) {
		if (i)
			wr_buf_putc(out, ',');
		put_name(&v->kids[0], l.at + i, out);
		wr_buf_putc(out, ':');
		wr_json_put_value(&v->kids[1], l.at + i, out);
	}
	wr_buf_putc(out, '}');
}

static void put_struct(const wr_vec *v, uint32_t row, wr_buf *out)
{
	wr_buf_putc(out, '{');
	for (uint32_t i = 0; i < v->type->nkids; i++) {
		if (i)
			wr_buf_putc(out, ',');
		wr_json_put_string(v->type->names[i], out);
		wr_buf_putc(out, ':');
		wr_json_put_value(&v->kids[i], row, out);
	}
	wr_buf_putc(out, '}');
}

void wr_json_put_value(const wr_vec *v, uint32_t row, wr_buf *out)
{
	uint32_t at = wr_vec_at(v, row);
	const void *data = v->data;

	if (v->null && v->null[at]) {
		wr_buf_put(out, "null", 4);
		return;
	}
	switch (v->type->tag) {
	case WR_BOOLEAN: wr_buf_puts(out, ((const uint8_t *)data)[at] ? "true" : "false"); break;
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME: wr_buf_i64(out, ((const int32_t *)data)[at]); break;
	case WR_BIGINT:
	case WR_TIMESTAMP: wr_buf_i64(out, ((const int64_t *)data)[at]); break;
	case WR_DOUBLE: put_double(((const double *)data)[at], out); break;
	case WR_DECIMAL: put_decimal(((const wr_dec *)data)[at], v->type, out); break;
	case WR_STRING: wr_json_put_string(((const wr_str *)data)[at], out); break;
	case WR_BYTES: put_bytes(((const wr_str *)data)[at], out); break;
	case WR_ARRAY: put_array(v, ((const wr_list *)data)[at], out); break;
	case WR_MAP: put_map(v, ((const wr_list *)data)[at], out); break;
	case WR_STRUCT: put_struct(v, at, out); break;
	case WR_TAGS: break;
	}
}

/* {"A": and ,"B": .. as they stand before the columns. */
const void *wr_json_side_prepare(wr_arena *a, const wr_side_spec *spec)
{
	wr_str *before = WR_NEW_ARRAY(a, wr_str, spec->n + 1);
	wr_buf text = { 0 };

	for (uint32_t i = 0; i < spec->n; i++) {
		wr_buf_reset(&text);
		wr_buf_putc(&text, i ? ',' : '{');
		wr_json_put_string(spec->cols[i].name, &text);
		wr_buf_putc(&text, ':');
		before[i] = wr_arena_str(a, wr_buf_view(&text));
	}
	wr_buf_free(&text);
	return before;
}

void wr_json_side_put(const void *prepared, const wr_side_spec *spec, const wr_batch *b,
		      uint32_t row, wr_buf *out)
{
	const wr_str *before = prepared;

	if (!spec->wrap && spec->n == 1) {
		wr_json_put_value(&b->cols[spec->to[0]], row, out);
		return;
	}
	if (spec->n == 0)
		wr_buf_putc(out, '{');
	for (uint32_t i = 0; i < spec->n; i++) {
		wr_buf_str(out, before[i]);
		wr_json_put_value(&b->cols[spec->to[i]], row, out);
	}
	wr_buf_putc(out, '}');
}

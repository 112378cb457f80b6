/*
 * Format JSON, writing: compact, columns in their order, nulls explicit, names as in the schema.
 *
 *	{"ID":7,"PRICE":12.50,"RATE":1.0E10,"TAGS":["a",null],"RAW":"AP8="}
 *
 * DECIMAL with its full scale, DOUBLE as Java prints it (NaN and infinities as text, which JSON lacks), DATE, TIME and TIMESTAMP
 * as numbers, BYTES as base64.
 */
#include "core/number.h"
#include "formats/base64.h"
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

void wr_json_put_string(wr_str s, wr_buf *out)
{
	uint32_t from = 0;

	wr_buf_putc(out, '"');
	for (uint32_t i = 0; i < s.n; i++) {
		if (is_plain((unsigned char)s.p[i]))
			continue;
		wr_buf_put(out, s.p + from, i - from);
		put_escape((unsigned char)s.p[i], out);
		from = i + 1;
	}
	wr_buf_put(out, s.p + from, s.n - from);
	wr_buf_putc(out, '"');
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
	case WR_DECIMAL: wr_dec_print(((const wr_dec *)data)[at], v->type, out); break;
	case WR_STRING: wr_json_put_string(((const wr_str *)data)[at], out); break;
	case WR_BYTES: put_bytes(((const wr_str *)data)[at], out); break;
	case WR_ARRAY: put_array(v, ((const wr_list *)data)[at], out); break;
	case WR_MAP: put_map(v, ((const wr_list *)data)[at], out); break;
	case WR_STRUCT: put_struct(v, at, out); break;
	case WR_TAGS: break;
	}
}

void wr_json_side_put(const wr_side_spec *spec, const wr_batch *b, uint32_t row, wr_buf *out)
{
	if (!spec->wrap && spec->n == 1) {
		wr_json_put_value(&b->cols[spec->to[0]], row, out);
		return;
	}
	wr_buf_putc(out, '{');
	for (uint32_t i = 0; i < spec->n; i++) {
		if (i)
			wr_buf_putc(out, ',');
		wr_json_put_string(spec->cols[i].name, out);
		wr_buf_putc(out, ':');
		wr_json_put_value(&b->cols[spec->to[i]], row, out);
	}
	wr_buf_putc(out, '}');
}

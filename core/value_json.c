#include "core/value_json.h"

#include <math.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/number.h"
#include "core/time_text.h"

/* What has no quotes in JSON either, and texts without theirs. */
static void print_bare(const wr_vec *v, uint32_t at, wr_buf *out)
{
	switch (v->type->tag) {
	case WR_BOOLEAN: wr_buf_puts(out, wr_vec_BOOLEAN(v)[at] ? "true" : "false"); break;
	case WR_INTEGER: wr_buf_i64(out, wr_vec_INTEGER(v)[at]); break;
	case WR_BIGINT: wr_buf_i64(out, wr_vec_BIGINT(v)[at]); break;
	case WR_DOUBLE: wr_print_double(wr_vec_DOUBLE(v)[at], out); break;
	case WR_DECIMAL: wr_dec_print(wr_vec_DECIMAL(v)[at], v->type, out); break;
	case WR_DATE: wr_print_date(wr_vec_DATE(v)[at], out); break;
	case WR_TIME: wr_print_time(wr_vec_TIME(v)[at], out); break;
	case WR_TIMESTAMP: wr_print_timestamp(wr_vec_TIMESTAMP(v)[at], out); break;
	case WR_BYTES: wr_base64_encode(wr_vec_str(v, at), out); break;
	default: wr_buf_str(out, wr_vec_str(v, at));
	}
}

static void print_array(const wr_vec *v, wr_list l, wr_buf *out)
{
	wr_buf_putc(out, '[');
	for (uint32_t i = 0; i < l.n; i++) {
		if (i)
			wr_buf_putc(out, ',');
		wr_value_json(&v->kids[0], l.at + i, out);
	}
	wr_buf_putc(out, ']');
}

/* A member's name is a text, whatever the key's type. */
static void print_name(const wr_vec *keys, uint32_t row, wr_buf *out)
{
	wr_buf text = { 0 };

	wr_value_cell(keys, row, &text);
	wr_json_quote(out, wr_buf_view(&text));
	wr_buf_putc(out, ':');
	wr_buf_free(&text);
}

static void print_map(const wr_vec *v, wr_list l, wr_buf *out)
{
	wr_buf_putc(out, '{');
	for (uint32_t i = 0; i < l.n; i++) {
		if (i)
			wr_buf_putc(out, ',');
		print_name(&v->kids[0], l.at + i, out);
		wr_value_json(&v->kids[1], l.at + i, out);
	}
	wr_buf_putc(out, '}');
}

static void print_struct(const wr_vec *v, uint32_t at, wr_buf *out)
{
	wr_buf_putc(out, '{');
	for (uint32_t i = 0; i < v->type->nkids; i++) {
		if (i)
			wr_buf_putc(out, ',');
		wr_json_quote(out, v->type->names[i]);
		wr_buf_putc(out, ':');
		wr_value_json(&v->kids[i], at, out);
	}
	wr_buf_putc(out, '}');
}

static bool is_text(const wr_vec *v, uint32_t at)
{
	switch (v->type->tag) {
	case WR_STRING:
	case WR_BYTES:
	case WR_DATE:
	case WR_TIME:
	case WR_TIMESTAMP: return true;
	case WR_DOUBLE: /* JSON has no number for NaN and the infinities */
		return !isfinite(wr_vec_DOUBLE(v)[at]);
	default: return false;
	}
}

static void print_text(const wr_vec *v, uint32_t at, wr_buf *out)
{
	wr_buf text = { 0 };

	if (v->type->tag == WR_STRING) {
		wr_json_quote(out, wr_vec_str(v, at));
		return;
	}
	print_bare(v, at, &text);
	wr_json_quote(out, wr_buf_view(&text));
	wr_buf_free(&text);
}

void wr_value_json(const wr_vec *v, uint32_t row, wr_buf *out)
{
	uint32_t at = wr_vec_at(v, row);

	if (wr_vec_is_null(v, row))
		wr_buf_puts(out, "null");
	else if (v->type->tag == WR_ARRAY)
		print_array(v, wr_vec_ARRAY(v)[at], out);
	else if (v->type->tag == WR_MAP)
		print_map(v, wr_vec_MAP(v)[at], out);
	else if (v->type->tag == WR_STRUCT)
		print_struct(v, at, out);
	else if (is_text(v, at))
		print_text(v, at, out);
	else
		print_bare(v, at, out);
}

bool wr_value_cell(const wr_vec *v, uint32_t row, wr_buf *out)
{
	if (wr_vec_is_null(v, row))
		return false;
	if (wr_tag_nested(v->type->tag))
		wr_value_json(v, row, out);
	else
		print_bare(v, wr_vec_at(v, row), out);
	return true;
}

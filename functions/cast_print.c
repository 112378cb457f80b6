/* Values as text, the way CAST … AS STRING writes them: what Java's toString gives for each. */
#include "core/number.h"
#include "core/time_text.h"
#include "functions/cast.h"
#include "functions/map_order.h"

static void print_list(const wr_vec *v, uint32_t at, wr_buf *out)
{
	wr_list list = ((const wr_list *)v->data)[at];
	bool map = v->type->tag == WR_MAP, in_order = map && list.n <= WR_MAP_FEW;
	uint32_t rows[WR_MAP_FEW];

	if (in_order)
		wr_map_order(NULL, &v->kids[0], list.at, list.n, rows);
	wr_buf_putc(out, map ? '{' : '[');
	for (uint32_t i = 0; i < list.n; i++) {
		uint32_t row = in_order ? rows[i] : list.at + i;

		if (i)
			wr_buf_puts(out, ", ");
		wr_cast_print(&v->kids[0], row, out);
		if (map) {
			wr_buf_putc(out, '=');
			wr_cast_print(&v->kids[1], row, out);
		}
	}
	wr_buf_putc(out, map ? '}' : ']');
}

/* Fields that are null are left out. */
static void print_struct(const wr_vec *v, uint32_t at, wr_buf *out)
{
	bool first = true;

	wr_buf_puts(out, "Struct{");
	for (uint32_t i = 0; i < v->type->nkids; i++) {
		if (wr_vec_is_null(&v->kids[i], at))
			continue;
		if (!first)
			wr_buf_putc(out, ',');
		first = false;
		wr_buf_str(out, v->type->names[i]);
		wr_buf_putc(out, '=');
		wr_cast_print(&v->kids[i], at, out);
	}
	wr_buf_putc(out, '}');
}

void wr_cast_print(const wr_vec *v, uint32_t row, wr_buf *out)
{
	uint32_t at = wr_vec_at(v, row);

	if (v->null && v->null[at]) {
		wr_buf_puts(out, "null");
		return;
	}
	switch (v->type->tag) {
	case WR_BOOLEAN: wr_buf_puts(out, wr_vec_BOOLEAN(v)[at] ? "true" : "false"); break;
	case WR_INTEGER: wr_buf_i64(out, wr_vec_INTEGER(v)[at]); break;
	case WR_BIGINT: wr_buf_i64(out, wr_vec_BIGINT(v)[at]); break;
	case WR_DOUBLE: wr_print_double(wr_vec_DOUBLE(v)[at], out); break;
	case WR_DECIMAL: wr_dec_print(wr_vec_DECIMAL(v)[at], v->type, out); break;
	case WR_STRING:
	case WR_BYTES: wr_buf_str(out, wr_vec_str(v, row)); break;
	case WR_DATE: wr_print_date(wr_vec_DATE(v)[at], out); break;
	case WR_TIME: wr_print_time(wr_vec_TIME(v)[at], out); break;
	case WR_TIMESTAMP: wr_print_timestamp(wr_vec_TIMESTAMP(v)[at], out); break;
	case WR_ARRAY:
	case WR_MAP: print_list(v, at, out); break;
	default: print_struct(v, at, out);
	}
}

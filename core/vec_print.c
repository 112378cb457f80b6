/* Values as text in the manner of SQL literals: for explain, tests and messages. */
#include "core/vec.h"

#include "core/number.h"
#include "core/time_text.h"

static void print_quoted(wr_buf *out, void (*print)(int64_t, wr_buf *), int64_t v)
{
	wr_buf_putc(out, '\'');
	print(v, out);
	wr_buf_putc(out, '\'');
}

static void print_time(int64_t ms, wr_buf *out)
{
	wr_print_time((int32_t)ms, out);
}

static void print_hex(wr_str s, wr_buf *out)
{
	wr_buf_puts(out, "X'");
	for (uint32_t i = 0; i < s.n; i++)
		wr_buf_printf(out, "%02X", (unsigned char)s.p[i]);
	wr_buf_putc(out, '\'');
}

static void print_array(const wr_vec *v, wr_list l, wr_buf *out)
{
	wr_buf_puts(out, "ARRAY[");
	for (uint32_t i = 0; i < l.n; i++) {
		if (i)
			wr_buf_puts(out, ", ");
		wr_vec_print(&v->kids[0], l.at + i, out);
	}
	wr_buf_putc(out, ']');
}

static void print_map(const wr_vec *v, wr_list l, wr_buf *out)
{
	wr_buf_puts(out, "MAP(");
	for (uint32_t i = 0; i < l.n; i++) {
		if (i)
			wr_buf_puts(out, ", ");
		wr_vec_print(&v->kids[0], l.at + i, out);
		wr_buf_puts(out, " := ");
		wr_vec_print(&v->kids[1], l.at + i, out);
	}
	wr_buf_putc(out, ')');
}

static void print_struct(const wr_vec *v, uint32_t row, wr_buf *out)
{
	wr_buf_puts(out, "STRUCT(");
	for (uint32_t i = 0; i < v->type->nkids; i++) {
		if (i)
			wr_buf_puts(out, ", ");
		wr_buf_quote_name(out, v->type->names[i]);
		wr_buf_puts(out, " := ");
		wr_vec_print(&v->kids[i], row, out);
	}
	wr_buf_putc(out, ')');
}

void wr_vec_print(const wr_vec *v, uint32_t row, wr_buf *out)
{
	uint32_t i = wr_vec_at(v, row);

	if (wr_vec_is_null(v, row)) {
		wr_buf_puts(out, "NULL");
		return;
	}
	switch (v->type->tag) {
	case WR_BOOLEAN: wr_buf_puts(out, wr_vec_BOOLEAN(v)[i] ? "TRUE" : "FALSE"); break;
	case WR_INTEGER: wr_buf_i64(out, wr_vec_INTEGER(v)[i]); break;
	case WR_BIGINT: wr_buf_i64(out, wr_vec_BIGINT(v)[i]); break;
	case WR_DOUBLE: wr_print_double(wr_vec_DOUBLE(v)[i], out); break;
	case WR_DECIMAL: wr_dec_print(wr_vec_DECIMAL(v)[i], v->type, out); break;
	case WR_STRING: wr_buf_quote_text(out, wr_vec_str(v, i)); break;
	case WR_BYTES: print_hex(wr_vec_str(v, i), out); break;
	case WR_DATE: print_quoted(out, wr_print_date, wr_vec_DATE(v)[i]); break;
	case WR_TIME: print_quoted(out, print_time, wr_vec_TIME(v)[i]); break;
	case WR_TIMESTAMP: print_quoted(out, wr_print_timestamp, wr_vec_TIMESTAMP(v)[i]); break;
	case WR_ARRAY: print_array(v, wr_vec_ARRAY(v)[i], out); break;
	case WR_MAP: print_map(v, wr_vec_MAP(v)[i], out); break;
	case WR_STRUCT: print_struct(v, i, out); break;
	case WR_TAGS: WR_BUG("no such type");
	}
}

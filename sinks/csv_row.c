#include "sinks/csv_row.h"

#include "core/number.h"
#include "core/value_json.h"

void wr_csv_format_init(wr_csv_format *f, char delimiter, wr_str null_text)
{
	*f = (wr_csv_format){ .delimiter = delimiter, .null_text = null_text };
	f->special[(unsigned char)delimiter] = true;
	f->special['"'] = f->special['\n'] = f->special['\r'] = true;
}

/* Quotes also keep a text apart from NULL. */
static bool needs_quotes(const wr_csv_format *f, wr_str text)
{
	for (uint32_t i = 0; i < text.n; i++)
		if (f->special[(unsigned char)text.p[i]])
			return true;
	return text.n == 0 || wr_str_eq(text, f->null_text);
}

static void put_quoted(wr_str text, wr_buf *out)
{
	char *from = wr_buf_reserve(out, (size_t)text.n * 2 + 2), *to = from;

	*to++ = '"';
	for (uint32_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			*to++ = '"';
		*to++ = text.p[i];
	}
	*to++ = '"';
	out->n += (size_t)(to - from);
}

void wr_csv_text(const wr_csv_format *f, wr_str text, wr_buf *out)
{
	if (needs_quotes(f, text))
		put_quoted(text, out);
	else
		wr_buf_str(out, text);
}

/* What is not a plain number or text is printed first and looked at then. */
static void put_printed(const wr_csv_format *f, const wr_vec *v, uint32_t row, wr_buf *out)
{
	size_t at = out->n;

	if (wr_tag_nested(v->type->tag))
		wr_value_json(v, row, out);
	else
		wr_value_cell(v, row, out);
	wr_str text = { out->p + at, (uint32_t)(out->n - at) };

	if (!needs_quotes(f, text))
		return;
	wr_buf quoted = { 0 };

	put_quoted(text, &quoted);
	out->n = at;
	wr_buf_put(out, quoted.p, quoted.n);
	wr_buf_free(&quoted);
}

static void put_i64(int64_t value, wr_buf *out)
{
	out->n += wr_print_i64(value, wr_buf_reserve(out, WR_I64_TEXT));
}

/* No delimiter can stand in a number: the sink's check sees to that. A null text can. */
static void put_number(const wr_csv_format *f, int64_t value, wr_buf *out)
{
	char text[WR_I64_TEXT];

	if (f->null_text.n == 0)
		put_i64(value, out);
	else
		wr_csv_text(f, (wr_str){ text, wr_print_i64(value, text) }, out);
}

static void put_value(const wr_csv_format *f, const wr_vec *v, uint32_t row, wr_buf *out)
{
	if (wr_vec_is_null(v, row)) {
		wr_buf_str(out, f->null_text);
		return;
	}
	switch (v->type->tag) {
	case WR_INTEGER: put_number(f, wr_vec_INTEGER(v)[wr_vec_at(v, row)], out); break;
	case WR_BIGINT: put_number(f, wr_vec_BIGINT(v)[wr_vec_at(v, row)], out); break;
	case WR_STRING: wr_csv_text(f, wr_vec_str(v, row), out); break;
	default: put_printed(f, v, row, out);
	}
}

void wr_csv_header(const wr_csv_format *f, const wr_fields *fields, wr_str op_column, wr_buf *out)
{
	if (op_column.p)
		wr_csv_text(f, op_column, out);
	for (uint32_t i = 0; i < fields->n; i++) {
		if (i || op_column.p)
			wr_buf_putc(out, f->delimiter);
		wr_csv_text(f, fields->items[i].name, out);
	}
	wr_buf_putc(out, '\n');
}

void wr_csv_row(const wr_csv_format *f, const wr_fields *fields, const wr_batch *b, uint32_t row,
		char op, wr_buf *out)
{
	bool gone = b->change[row] == WR_ROW_GONE;

	if (op)
		wr_buf_putc(out, op);
	for (uint32_t i = 0; i < fields->n; i++) {
		const wr_field *field = &fields->items[i];

		if (i || op)
			wr_buf_putc(out, f->delimiter);
		if (field->col < 0)
			put_i64(wr_field_bound(field, b, row), out);
		else if (gone && !field->key)
			wr_buf_str(out, f->null_text);
		else
			put_value(f, &b->cols[field->col], row, out);
	}
	wr_buf_putc(out, '\n');
}

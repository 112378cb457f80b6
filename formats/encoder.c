/* One side of a record, written: the columns by their format, then the window of a windowed key. */
#include "formats/side.h"

#include <endian.h>

struct wr_encoder {
	wr_side_spec spec;
	const wr_format_row *format;
	const void *prepared;
	/* not wrapped: a null column is a null side. A DELIMITED line stays, if empty */
	bool is_single;
};

wr_status wr_encoder_open(wr_arena *arena, const wr_side_spec *spec, wr_encoder **out, wr_err *err)
{
	wr_encoder *e = WR_NEW(arena, wr_encoder);

	e->spec = *spec;
	e->format = wr_format_row_find(wr_str_of(spec->format));
	e->is_single = !spec->wrap && spec->n == 1;
	if (e->format && e->format->def.delimiter)
		e->is_single = false;
	if (!e->format)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "Unknown format: %s",
				  spec->format);
	if (!e->format->put) {
		wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, WR_NO_SPAN, "Format %s cannot be written",
			   e->format->def.name);
		return wr_err_hint(err, "write JSON, DELIMITED or KAFKA");
	}
	if (e->format->prepare)
		e->prepared = e->format->prepare(arena, spec);
	*out = e;
	return WR_OK;
}

static bool all_null(const wr_side_spec *spec, const wr_batch *b, uint32_t row)
{
	for (uint32_t i = 0; i < spec->n; i++)
		if (!wr_vec_is_null(&b->cols[spec->to[i]], row))
			return false;
	return true;
}

static void put_i64(int64_t v, wr_buf *out)
{
	uint64_t x = htobe64((uint64_t)v);

	wr_buf_put(out, &x, sizeof(x));
}

/* What is null as a whole: a bare value; a key of which nothing is known. Values of several columns
 * are never null here: a row that has a value has an object, though all in it be null, or nothing
 * be in it. */
bool wr_encoder_put(wr_encoder *e, const wr_batch *b, uint32_t row, wr_buf *out)
{
	if (e->spec.n == 0 && (e->spec.is_key || !e->format->def.multi))
		return false;
	if ((e->spec.is_key || e->is_single) && all_null(&e->spec, b, row))
		return false;
	e->format->put(e->prepared, &e->spec, b, row, out);
	if (e->spec.window == WR_WINDOW_NONE)
		return true;
	if (e->spec.window == WR_WINDOW_SESSION)
		put_i64(b->wend[row], out);
	put_i64(b->wstart[row], out);
	return true;
}

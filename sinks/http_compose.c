/*
 * What a row looks like on its way to an endpoint.
 *
 *	ENVELOPE='NONE'		{"id":1,"town":"Bari"}			the row as it is now
 *				{"id":1,"__deleted":true}		it is gone, with ON_DELETE='SEND'
 *	ENVELOPE='CHANGE'	{"op":"u","key":{"id":1},"before":{…},"after":{…},"ts_ms":1780000000000}
 */
#include "core/json.h"
#include "core/number.h"
#include "core/value_json.h"
#include "sinks/http.h"

static void put_field(const wr_field *f, const wr_batch *b, uint32_t row, bool *comma, wr_buf *out)
{
	wr_buf_putc(out, *comma ? ',' : '{');
	*comma = true;
	wr_json_quote(out, f->name);
	wr_buf_putc(out, ':');
	if (f->col < 0)
		wr_buf_i64(out, wr_field_bound(f, b, row));
	else
		wr_value_json(&b->cols[f->col], row, out);
}

/* The open object of a row: its closing brace is the caller's. */
static void open_object(const wr_fields *fields, const wr_batch *b, uint32_t row, bool keys_only,
			wr_buf *out)
{
	bool comma = false;

	for (uint32_t i = 0; i < fields->n; i++)
		if (fields->items[i].key || !keys_only)
			put_field(&fields->items[i], b, row, &comma, out);
	if (!comma)
		wr_buf_putc(out, '{');
}

static void put_row(const wr_fields *fields, const wr_batch *b, uint32_t row, bool keys_only,
		    wr_buf *out)
{
	open_object(fields, b, row, keys_only, out);
	wr_buf_putc(out, '}');
}

static bool has_key(const wr_fields *fields)
{
	for (uint32_t i = 0; i < fields->n; i++)
		if (fields->items[i].key)
			return true;
	return false;
}

/* before, after: -1: null. */
static void put_change(const wr_fields *fields, const wr_batch *b, const char *op, int64_t before,
		       int64_t after, wr_buf *out)
{
	uint32_t row = (uint32_t)(after >= 0 ? after : before);

	wr_buf_printf(out, "{\"op\":\"%s\",\"key\":", op);
	if (has_key(fields))
		put_row(fields, b, row, true, out);
	else
		wr_buf_puts(out, "null");
	wr_buf_puts(out, ",\"before\":");
	if (before >= 0 && b->change[before] != WR_ROW_GONE)
		put_row(fields, b, (uint32_t)before, false, out);
	else
		wr_buf_puts(out, "null");
	wr_buf_puts(out, ",\"after\":");
	if (after >= 0)
		put_row(fields, b, (uint32_t)after, false, out);
	else
		wr_buf_puts(out, "null");
	wr_buf_printf(out, ",\"ts_ms\":%lld}", (long long)b->rowtime[row]);
}

static bool deletion(const wr_http_options *o, const wr_fields *fields, const wr_batch *b,
		     uint32_t row, wr_buf *out)
{
	if (o->on_delete == WR_DELETE_IGNORE)
		return false;
	if (o->envelope == WR_ENVELOPE_CHANGE) {
		put_change(fields, b, "d", row, -1, out);
		return true;
	}
	open_object(fields, b, row, has_key(fields), out);
	wr_buf_puts(out, fields->n ? ",\"__deleted\":true}" : "\"__deleted\":true}");
	return true;
}

bool wr_http_row(const wr_http_options *o, const wr_fields *fields, const wr_batch *b,
		 uint32_t *row, wr_buf *out)
{
	int64_t before = -1;
	uint8_t change = b->change[*row];

	if (change == WR_ROW_OLD || change == WR_ROW_GONE)
		return deletion(o, fields, b, *row, out);
	if (change == WR_ROW_BEFORE) { /* its AFTER is the next row, always */
		before = *row;
		++*row;
	}
	if (o->envelope == WR_ENVELOPE_CHANGE)
		put_change(fields, b, before >= 0 ? "u" : "c", before, *row, out);
	else
		put_row(fields, b, *row, false, out);
	return true;
}

#include "sinks/records.h"

wr_status wr_row_encoder_open(wr_row_encoder *e, wr_arena *arena, const wr_sink_spec *spec,
			      wr_err *err)
{
	*e = (wr_row_encoder){ .keyless = spec->key.n == 0 };
	return wr_encoder_open(arena, &spec->key, &e->key, err) ||
		       wr_encoder_open(arena, &spec->value, &e->value, err)
		   ? WR_FAIL
		   : WR_OK;
}

void wr_row_encoder_close(wr_row_encoder *e)
{
	wr_buf_free(&e->bytes);
}

static bool without_value(uint8_t change)
{
	return change == WR_ROW_INSERT_NULL || wr_change_removes(change);
}

bool wr_row_encode(wr_row_encoder *e, const wr_batch *b, uint32_t row, wr_record *out)
{
	uint8_t change = b->change[row];

	if (change == WR_ROW_BEFORE)
		return false;
	wr_buf_reset(&e->bytes);
	bool key = !e->keyless && wr_encoder_put(e->key, b, row, &e->bytes);
	size_t key_n = e->bytes.n;
	bool value = !without_value(change) && wr_encoder_put(e->value, b, row, &e->bytes);
	const char *p = e->bytes.p ? e->bytes.p : "";

	*out = (wr_record){ .timestamp = b->rowtime[row],
			    .partition = -1,
			    .headers = b->headers ? b->headers[row] : NULL };
	if (key)
		out->key = (wr_str){ p, (uint32_t)key_n };
	if (value)
		out->value = (wr_str){ p + key_n, (uint32_t)(e->bytes.n - key_n) };
	return true;
}

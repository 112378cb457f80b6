/*
 * The columns beside a stream's row: op, where in the database's log the change stands, which
 * transaction made it.
 */
#include "formats/debezium.h"

const wr_jread_token *wr_jread_met(const wr_jread_object *o, uint32_t i)
{
	return i < o->n && o->slots[i].seen == o->gen ? &o->slots[i].raw : NULL;
}

void wr_cdc_put(const wr_decode_spec *spec, wr_batch *b, uint32_t row, wr_cdc_column which,
		wr_str text)
{
	int32_t to = spec->cdc_to[which];
	wr_vec *v;

	if (to < 0)
		return;
	v = &b->cols[to];
	if (!text.p) {
		wr_vec_set_null(v, b->arena, row);
		return;
	}
	if (v->null)
		v->null[row] = 0;
	((wr_str *)v->data)[row] = text;
}

/* A token's text; p == NULL when it is missing or null. */
static wr_str text_of(wr_batch *b, const wr_jread_token *t)
{
	wr_jread quiet = { .arena = b->arena };
	wr_str text = { NULL, 0 };

	if (!t || t->kind == 'n' || !wr_jread_as_text(&quiet, t, &text))
		return (wr_str){ NULL, 0 };
	return text;
}

static void put(const wr_decode_spec *spec, wr_batch *b, uint32_t row, wr_cdc_column which,
		const wr_jread_token *t)
{
	if (spec->cdc_to[which] >= 0)
		wr_cdc_put(spec, b, row, which, text_of(b, t));
}

static void put_time(const wr_decode_spec *spec, wr_batch *b, uint32_t row, const wr_jread_token *t)
{
	int32_t to = spec->cdc_to[WR_CDC_SOURCE_TS];
	int64_t ms;

	if (to < 0)
		return;
	if (!t || t->kind != '0' || !wr_jread_integer(t, &ms)) {
		wr_vec_set_null(&b->cols[to], b->arena, row);
		return;
	}
	if (b->cols[to].null)
		b->cols[to].null[row] = 0;
	((int64_t *)b->cols[to].data)[row] = ms;
}

/* lsn, or file:pos:row. */
static wr_str position(wr_batch *b, const wr_jread_object *s)
{
	wr_str lsn = text_of(b, wr_jread_met(s, WR_SOURCE_LSN)), file, pos, row;

	if (lsn.p)
		return lsn;
	file = text_of(b, wr_jread_met(s, WR_SOURCE_FILE));
	pos = text_of(b, wr_jread_met(s, WR_SOURCE_POS));
	row = text_of(b, wr_jread_met(s, WR_SOURCE_ROW));
	if (!file.p || !pos.p)
		return (wr_str){ NULL, 0 };
	return wr_arena_printf(b->arena, "%.*s:%.*s:%.*s", WR_STR_ARG(file), WR_STR_ARG(pos),
			       WR_STR_ARG(row.p ? row : WR_STR_LIT("0")));
}

void wr_cdc_from_source(const wr_decode_spec *spec, wr_batch *b, uint32_t row,
			const wr_jread_object *s)
{
	wr_str tx;

	put_time(spec, b, row, wr_jread_met(s, WR_SOURCE_TS));
	put(spec, b, row, WR_CDC_SOURCE_DB, wr_jread_met(s, WR_SOURCE_DB));
	put(spec, b, row, WR_CDC_SOURCE_SCHEMA, wr_jread_met(s, WR_SOURCE_SCHEMA));
	put(spec, b, row, WR_CDC_SOURCE_TABLE, wr_jread_met(s, WR_SOURCE_TABLE));
	put(spec, b, row, WR_CDC_SOURCE_SNAPSHOT, wr_jread_met(s, WR_SOURCE_SNAPSHOT));
	if (spec->cdc_to[WR_CDC_SOURCE_POSITION] >= 0)
		wr_cdc_put(spec, b, row, WR_CDC_SOURCE_POSITION, position(b, s));
	if (spec->cdc_to[WR_CDC_SOURCE_TX] < 0)
		return;
	tx = text_of(b, wr_jread_met(s, WR_SOURCE_TXID));
	wr_cdc_put(spec, b, row, WR_CDC_SOURCE_TX,
		   tx.p ? tx : text_of(b, wr_jread_met(s, WR_SOURCE_GTID)));
}

const wr_jread_token *wr_flat_mark(const wr_event_row *flat, uint32_t i)
{
	uint32_t at = flat->nvalue + flat->nkeys + i;
	const wr_jread_token *t = wr_jread_met(flat->object, at);

	return t ? t : wr_jread_met(flat->object, at + WR_FLAT_MARKS);
}

void wr_cdc_from_flat(const wr_decode_spec *spec, wr_batch *b, uint32_t row,
		      const wr_event_row *flat)
{
	put_time(spec, b, row, wr_flat_mark(flat, WR_FLAT_TS));
	put(spec, b, row, WR_CDC_SOURCE_DB, wr_flat_mark(flat, WR_FLAT_DB));
	put(spec, b, row, WR_CDC_SOURCE_SCHEMA, wr_flat_mark(flat, WR_FLAT_SCHEMA));
	put(spec, b, row, WR_CDC_SOURCE_TABLE, wr_flat_mark(flat, WR_FLAT_TABLE));
	put(spec, b, row, WR_CDC_SOURCE_POSITION, wr_flat_mark(flat, WR_FLAT_LSN));
	put(spec, b, row, WR_CDC_SOURCE_TX, wr_flat_mark(flat, WR_FLAT_TX));
	put(spec, b, row, WR_CDC_SOURCE_SNAPSHOT, wr_flat_mark(flat, WR_FLAT_SNAPSHOT));
	if (spec->cdc_to[WR_CDC_BEFORE] >= 0)
		wr_vec_set_null(&b->cols[spec->cdc_to[WR_CDC_BEFORE]], b->arena, row);
}

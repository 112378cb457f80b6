/*
 * Table-table join on both primary keys. Each side's rows are kept; either side's change gives the
 * change of the result:
 *
 *	left NEW (1, 'a')     INNER: nothing                      LEFT: NEW (1, 'a', NULL)
 *	right NEW (1, 'x')    NEW (1, 'a', 'x')                   BEFORE (1, 'a', NULL)  AFTER (1, 'a', 'x')
 *	left GONE (1)         OLD (1, 'a', 'x')                   OLD (1, 'a', 'x')
 *
 * A result's row time is the later one of its two rows, or of the change and the row that stays.
 *
 * Kept per key: one payload with the rows of both sides, so that a change needs one look-up. The
 * old result is made of what is kept, whatever images the input brings.
 */
#include "operators/join_out.h"
#include "operators/op_list.h"
#include "state/keyenc.h"

typedef struct both {
	wr_row_bytes row[2];
	int64_t time[2];
	bool there[2];
} both;

typedef struct op_join_tables {
	wr_op op;
	wr_join_shape shape;
	wr_cache *rows;
	bool tight;
	wr_buf key, row;
} op_join_tables;

static const wr_spec_join_tables *spec_of(const op_join_tables *self)
{
	return (const wr_spec_join_tables *)self->op.spec;
}

/* ---------------------------------------------------------------- the payload */

static void both_save(void *self, const void *payload, wr_buf *out)
{
	const both *p = payload;

	(void)self;
	for (int s = 0; s < 2; s++) {
		wr_buf_putc(out, p->there[s]);
		if (!p->there[s])
			continue;
		wr_buf_u64(out, (uint64_t)p->time[s]);
		wr_buf_u32(out, p->row[s].n);
		wr_buf_put(out, p->row[s].p, p->row[s].n);
	}
}

static bool both_load(void *self, void *payload, wr_str bytes)
{
	const char *at = bytes.p, *end = bytes.p + bytes.n;
	both *p = payload;

	(void)self;
	for (int s = 0; s < 2; s++) {
		uint32_t n;

		if (at == end)
			return false;
		p->there[s] = *at++ != 0;
		if (!p->there[s])
			continue;
		if (end - at < 12)
			return false;
		memcpy(&p->time[s], at, 8);
		memcpy(&n, at + 8, 4);
		at += 12;
		if ((size_t)(end - at) < n)
			return false;
		wr_row_bytes_set(&p->row[s], at, n);
		at += n;
	}
	return at == end;
}

static void both_drop(void *self, void *payload)
{
	both *p = payload;

	(void)self;
	wr_row_bytes_free(&p->row[0]);
	wr_row_bytes_free(&p->row[1]);
}

static size_t both_bytes(void *self, const void *payload)
{
	const both *p = payload;

	(void)self;
	return wr_row_bytes_size(&p->row[0]) + wr_row_bytes_size(&p->row[1]);
}

static const wr_cache_def both_payload = {
	.size = sizeof(both),
	.save = both_save,
	.load = both_load,
	.drop = both_drop,
	.bytes = both_bytes,
};

/* ---------------------------------------------------------------- rows */

static wr_status open_join(wr_op *op, wr_err *err)
{
	op_join_tables *self = (op_join_tables *)op;
	const wr_spec_join_tables *spec = spec_of(self);

	(void)err;
	wr_join_shape_init(&self->shape, op->cx->arena, op->spec->in, spec->right, op->spec->out,
			   spec->from);
	self->rows = wr_cache_new(wr_store_open(op->cx->state, op->spec->id, op->cx->task),
				  &both_payload, self);
	return WR_OK;
}

static bool exists(const op_join_tables *self, const bool there[2])
{
	switch (spec_of(self)->kind) {
	case WR_JOINS_INNER: return there[0] && there[1];
	case WR_JOINS_LEFT: return there[0];
	case WR_JOINS_RIGHT: return there[1];
	case WR_JOINS_FULL: return there[0] || there[1];
	}
	return false;
}

static bool put_image(wr_join_out *o, const both *p, const bool there[2], wr_join_line line)
{
	wr_str l = wr_row_bytes_view(&p->row[0]), r = wr_row_bytes_view(&p->row[1]);

	return wr_join_out_row(o, line, there[0] ? &l : NULL, there[1] ? &r : NULL);
}

/*
 * Side `side` of the key gets the row (row NULL: loses it); the change of the result, if any, goes
 * to o.
 */
static bool change(op_join_tables *self, wr_join_out *o, both *p, int side, const wr_str *row,
		   wr_join_line line)
{
	bool before[2] = { p->there[0], p->there[1] }, now[2] = { before[0], before[1] };
	bool was, is;

	now[side] = row != NULL;
	was = exists(self, before);
	is = exists(self, now);
	if (before[!side] && p->time[!side] > line.rowtime)
		line.rowtime = p->time[!side];
	if (was) {
		line.change = is ? WR_ROW_BEFORE : WR_ROW_OLD;
		if (!put_image(o, p, before, line))
			return false;
	}
	p->there[side] = now[side];
	if (row)
		wr_row_bytes_set(&p->row[side], row->p, row->n);
	if (!is)
		return true;
	line.change = was ? WR_ROW_AFTER : WR_ROW_NEW;
	return put_image(o, p, now, line);
}

static bool one_row(op_join_tables *self, wr_join_out *o, int side, const wr_batch *b, uint32_t i)
{
	bool removes = wr_change_removes(b->change[i]), created = false, good;
	wr_join_line line = { .from = i, .rowtime = b->rowtime[i] };
	wr_str key, row;
	uint64_t hash;
	both *p;

	wr_buf_reset(&self->key);
	wr_key_put_row(&self->key, b->cols, b->schema->nkeys, i);
	key = wr_buf_view(&self->key);
	hash = wr_cache_hash(key);
	if (removes) {
		p = wr_cache_find(self->rows, key, hash);
		if (!p || !p->there[side])
			return true;
		good = change(self, o, p, side, NULL, line);
	} else {
		wr_buf_reset(&self->row);
		wr_row_save(&self->shape.side[side], b->cols, i, &self->row);
		row = wr_buf_view(&self->row);
		p = wr_cache_make(self->rows, key, hash, &created);
		good = change(self, o, p, side, &row, line);
		p->time[side] = b->rowtime[i];
	}
	wr_cache_touch(self->rows, p);
	if (!p->there[0] && !p->there[1])
		wr_cache_remove(self->rows, key, hash);
	return good;
}

static bool null_key(const wr_batch *b, uint32_t i)
{
	for (uint32_t k = 0; k < b->schema->nkeys; k++)
		if (wr_vec_is_null(&b->cols[k], i))
			return true;
	return false;
}

static wr_status push_join(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			   wr_err *err)
{
	op_join_tables *self = (op_join_tables *)op;
	wr_join_out o;

	wr_op_trim(self->rows, op->cx->memory, &self->tight);
	wr_join_out_begin(&o, &self->shape, b->arena, b, 2 * n);
	for (uint32_t i = at; i < at + n; i++) {
		if (b->change[i] == WR_ROW_BEFORE)
			continue;
		if (null_key(b, i))
			op->stats.null_key++;
		else if (!one_row(self, &o, input, b, i))
			return wr_op_damaged(op, err);
	}
	return wr_join_out_end(op, &o, err);
}

static wr_status snapshot_join(wr_op *op, wr_err *err)
{
	op_join_tables *self = (op_join_tables *)op;

	(void)err;
	wr_cache_flush(self->rows);
	self->tight = false;
	return WR_OK;
}

static void close_join(wr_op *op)
{
	op_join_tables *self = (op_join_tables *)op;

	if (self->rows)
		wr_cache_close(self->rows);
	wr_buf_free(&self->key);
	wr_buf_free(&self->row);
}

static void explain_join(const wr_op_spec *spec, wr_buf *out)
{
	static const char *const kinds[] = { "INNER", "LEFT", "RIGHT", "FULL" };

	wr_buf_printf(out, "%s JOIN TABLES ON the primary key",
		      kinds[((const wr_spec_join_tables *)spec)->kind]);
}

const wr_op_def wr_op_join_tables_def = {
	.name = "join_tables",
	.size = sizeof(op_join_tables),
	.ninputs = 2,
	.open = open_join,
	.push = push_join,
	.snapshot = snapshot_join,
	.close = close_join,
	.explain = explain_join,
};

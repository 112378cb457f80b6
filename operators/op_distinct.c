/*
 * DISTINCT: each combination of values once. Kept per combination: how many rows have it.
 *
 *	of a stream       INSERT (a, 1)         →  INSERT (a, 1)
 *	                  INSERT (a, 1)         →  nothing
 *	of a table        NEW (a)               →  NEW (a)
 *	(by those columns) NEW (a)              →  nothing
 *	                  OLD (a)               →  nothing
 *	                  OLD (a)               →  OLD (a)
 *
 * A table's rows come with these columns as their key, so that an update that keeps the combination
 * (BEFORE, AFTER) changes nothing. Of a stream nothing is ever taken back; where a table is wanted
 * of it (the values of IN) its first rows are NEW ones. NULL is a value like others. A row that is
 * taken out though it never came is ignored.
 */
#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"

typedef struct counted {
	int64_t rows;
} counted;

typedef struct op_distinct {
	wr_op op;
	const wr_spec_distinct *spec;
	wr_cache *counts;
	bool tight;
	wr_buf keys;
} op_distinct;

static void save(void *self, const void *payload, wr_buf *out)
{
	(void)self;
	wr_buf_u64(out, (uint64_t)((const counted *)payload)->rows);
}

static bool load(void *self, void *payload, wr_str bytes)
{
	(void)self;
	if (bytes.n != sizeof(counted))
		return false;
	memcpy(payload, bytes.p, sizeof(counted));
	return true;
}

static const wr_cache_def counted_payload = { .size = sizeof(counted), .save = save, .load = load };

static wr_status open_distinct(wr_op *op, wr_err *err)
{
	op_distinct *self = (op_distinct *)op;

	(void)err;
	self->spec = (const wr_spec_distinct *)op->spec;
	self->counts = wr_cache_new(wr_store_open(op->cx->state, op->spec->id, op->cx->task),
				    &counted_payload, self);
	return WR_OK;
}

/* Counts a row in; true: it is the first. */
static bool comes(op_distinct *self, wr_str key, uint64_t hash)
{
	bool created;
	counted *c = wr_cache_make(self->counts, key, hash, &created);

	if (!created && self->spec->stream)
		return false;
	c->rows++;
	wr_cache_touch(self->counts, c);
	return created;
}

/* Counts a row out; true: it was the last. */
static bool goes(op_distinct *self, wr_str key, uint64_t hash)
{
	counted *c = wr_cache_find(self->counts, key, hash);

	if (!c)
		return false;
	if (c->rows > 1) {
		c->rows--;
		wr_cache_touch(self->counts, c);
		return false;
	}
	wr_cache_remove(self->counts, key, hash);
	return true;
}

static bool goes_on(op_distinct *self, uint8_t change, wr_str key, uint64_t hash)
{
	switch ((wr_change)change) {
	case WR_ROW_INSERT:
	case WR_ROW_NEW: return comes(self, key, hash);
	case WR_ROW_OLD: return goes(self, key, hash);
	case WR_ROW_BEFORE:
	case WR_ROW_AFTER:
	case WR_ROW_INSERT_NULL:
	case WR_ROW_GONE:
	case WR_ROW_TRUNCATE: break;
	}
	return false;
}

static wr_status push_distinct(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			       wr_err *err)
{
	op_distinct *self = (op_distinct *)op;
	const wr_spec_distinct *spec = self->spec;
	uint32_t *rows = wr_arena_alloc(b->arena, n * sizeof(*rows)), m = 0;
	wr_vec *cols = wr_arena_alloc(b->arena, (spec->ncols + 1) * sizeof(*cols));
	wr_row_keys keys;
	wr_batch out;

	(void)input;
	wr_op_trim(self->counts, op->cx->memory, &self->tight);
	for (uint32_t c = 0; c < spec->ncols; c++)
		cols[c] = b->cols[spec->cols[c]];
	keys = wr_row_keys_of(b->arena, &self->keys, cols, spec->ncols, at, n);
	for (uint32_t i = 0; i < n; i++) {
		wr_row_keys_ahead(&keys, self->counts, i);
		if (goes_on(self, b->change[at + i], keys.key[i], keys.hash[i]))
			rows[m++] = at + i;
	}
	if (m == 0)
		return WR_OK;
	wr_batch_gather(&out, b, rows, m);
	for (uint32_t i = 0; op->spec->table && i < m; i++)
		if (out.change[i] == WR_ROW_INSERT)
			out.change[i] = WR_ROW_NEW;
	return wr_out_push(op, &out, 0, m, err);
}

static wr_status snapshot_distinct(wr_op *op, wr_err *err)
{
	op_distinct *self = (op_distinct *)op;

	(void)err;
	wr_cache_flush(self->counts);
	self->tight = false;
	return WR_OK;
}

static void close_distinct(wr_op *op)
{
	op_distinct *self = (op_distinct *)op;

	if (self->counts)
		wr_cache_close(self->counts);
	wr_buf_free(&self->keys);
}

static void explain_distinct(const wr_op_spec *spec, wr_buf *out)
{
	const wr_spec_distinct *s = (const wr_spec_distinct *)spec;

	wr_buf_puts(out, "DISTINCT ");
	for (uint32_t i = 0; i < s->ncols; i++) {
		wr_buf_puts(out, i ? ", " : "");
		wr_buf_str(out, spec->in->cols[s->cols[i]].name);
	}
}

const wr_op_def wr_op_distinct_def = {
	.name = "distinct",
	.size = sizeof(op_distinct),
	.ninputs = 1,
	.open = open_distinct,
	.push = push_distinct,
	.snapshot = snapshot_distinct,
	.close = close_distinct,
	.explain = explain_distinct,
};

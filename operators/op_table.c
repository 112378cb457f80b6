/*
 * A table's rows: upserts and deletions by key become changes with their old image.
 *
 *	in                 kept before       out
 *	NEW  (1, 'a')      -                 NEW    (1, 'a')
 *	NEW  (1, 'b')      (1, 'a')          BEFORE (1, 'a')  AFTER (1, 'b')
 *	GONE (1)           (1, 'b')          OLD    (1, 'b')
 *	GONE (1)           -                 GONE   (1)
 *
 * An update equal to what was there is still a change. Rows that come with images of their own (BEFORE, AFTER, OLD: the database wrote
 * them) keep those and only bring the kept row up to date. Columns that the change event left out are taken from the kept
 * row; with none there they are null, and counted.
 *
 * Kept per key: the row time and the value columns as a saved row (operators/rows.h), owned by the cache's payload. Rows are handled one by one, as an
 * earlier row of the batch may be the old image of a later one; the columns are put together afterwards, and a batch that needs
 * no old image and no filling goes on as it came.
 */
#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"
#include "state/cache.h"
#include "state/keyenc.h"

typedef struct op_table {
	wr_op op;
	wr_row_keep rows;
	wr_row_shape shape;	/* the value columns */
	bool tight;
	wr_buf keys, row;
} op_table;

/* What one push puts together. `side` holds rows that are in no column of the input: old images and filled rows. */
typedef struct weave {
	const wr_batch *b;
	wr_vec *side;		/* the shape's columns; NULL: none yet */
	uint32_t nside, m;
	int32_t *pick;		/* per out row: row of b, or ~row of side */
	uint32_t *from;		/* per out row: the row of b whose key and metadata it has */
	uint8_t *change;
	bool same;		/* so far out is the input */
} weave;

static wr_status open_table(wr_op *op, wr_err *err)
{
	op_table *self = (op_table *)op;
	const wr_schema *s = op->spec->in;

	(void)err;
	if (!((const wr_spec_table *)op->spec)->materialise)
		return WR_OK;
	wr_row_shape_range(&self->shape, op->cx->arena, s, s->nkeys, s->n);
	wr_row_keep_open(&self->rows, wr_store_open(op->cx->state, op->spec->id, op->cx->task),
	                 &self->shape);
	return WR_OK;
}

static void put(weave *w, uint32_t from, int32_t pick, uint8_t change)
{
	w->same = w->same && pick == (int32_t)from && change == w->b->change[from];
	w->from[w->m] = from;
	w->pick[w->m] = pick;
	w->change[w->m++] = change;
}

/* The kept row to the side; its number there. The bytes are copied first: they may be overwritten by the next row. */
static bool old_to_side(op_table *self, weave *w, wr_str bytes, int32_t *at)
{
	if (!w->side)
		w->side = wr_row_vecs(&self->shape, w->b->arena, 16);
	*at = (int32_t)w->nside++;
	if (bytes.n < sizeof(int64_t))
		return false;
	bytes = wr_arena_str(w->b->arena, (wr_str){ bytes.p + 8, bytes.n - 8 });
	return wr_row_load(&self->shape, w->side, w->b->arena, bytes);
}

/* Row i with its absent columns taken from side row `old` (negative: there is none), to the side. */
static int32_t fill(op_table *self, weave *w, uint32_t i, int32_t old)
{
	const wr_batch *b = w->b;

	if (!w->side)
		w->side = wr_row_vecs(&self->shape, b->arena, 16);
	for (uint32_t k = 0; k < self->shape.n; k++) {
		uint32_t c = self->shape.cols[k];

		if (!wr_batch_is_absent(b, i, c)) {
			wr_vec_push(&w->side[k], b->arena, &b->cols[c], i, false);
		} else if (old >= 0) {
			wr_vec one;	/* pushing from a vector to itself: it may move */

			wr_vec_slice(&one, b->arena, &w->side[k], (uint32_t)old, 1);
			wr_vec_push(&w->side[k], b->arena, &one, 0, false);
		} else {
			wr_vec_push_null(&w->side[k], b->arena);
			self->op.stats.failed_values++;
		}
	}
	return (int32_t)w->nside++;
}

static bool any_absent(const wr_batch *b, uint32_t i)
{
	uint32_t words = WR_ABSENT_WORDS(b->schema);

	if (!b->absent)
		return false;
	for (uint32_t k = 0; k < words; k++)
		if (b->absent[(size_t)i * words + k])
			return true;
	return false;
}

/* The row's bytes into the payload: of the batch, or of the side when it was filled. */
static void store_row(op_table *self, weave *w, void *kept, uint32_t i, int32_t pick)
{
	wr_buf_reset(&self->row);
	wr_buf_u64(&self->row, (uint64_t)w->b->rowtime[i]);
	if (pick >= 0) {
		wr_row_save(&self->shape, w->b->cols, (uint32_t)pick, &self->row);
	} else {
		uint32_t *cols = WR_NEW_ARRAY(w->b->arena, uint32_t, self->shape.n + 1);
		wr_row_shape side = { self->shape.n, cols, self->shape.types };

		for (uint32_t k = 0; k < side.n; k++)
			cols[k] = k;
		wr_row_save(&side, w->side, (uint32_t)~pick, &self->row);
	}
	wr_row_keep_set(&self->rows, kept, wr_buf_view(&self->row));
}

static bool upsert(op_table *self, weave *w, uint32_t i, wr_str key, uint64_t hash)
{
	bool created, images = w->b->change[i] == WR_ROW_AFTER, absent = any_absent(w->b, i);
	void *kept = wr_cache_make(self->rows.cache, key, hash, &created);
	int32_t old = -1, pick = (int32_t)i;

	if (!created && (!images || absent) &&
	    !old_to_side(self, w, wr_row_keep_get(kept), &old))
		return false;
	if (absent)
		pick = ~fill(self, w, i, old);
	store_row(self, w, kept, i, pick);
	if (images) {
		put(w, i, pick, WR_ROW_AFTER);
	} else if (created) {
		put(w, i, pick, WR_ROW_NEW);
	} else {
		put(w, i, ~old, WR_ROW_BEFORE);
		put(w, i, pick, WR_ROW_AFTER);
	}
	return true;
}

static bool removal(op_table *self, weave *w, uint32_t i, wr_str key, uint64_t hash)
{
	void *kept = wr_cache_find(self->rows.cache, key, hash);
	int32_t old;

	if (!kept || w->b->change[i] == WR_ROW_OLD) {
		put(w, i, (int32_t)i, w->b->change[i]);
	} else {
		if (!old_to_side(self, w, wr_row_keep_get(kept), &old))
			return false;
		put(w, i, ~old, WR_ROW_OLD);
	}
	if (kept)
		wr_cache_remove(self->rows.cache, key, hash);
	return true;
}

static bool one_row(op_table *self, weave *w, uint32_t i, wr_str key, uint64_t hash)
{
	if (w->b->change[i] == WR_ROW_BEFORE) {
		put(w, i, (int32_t)i, WR_ROW_BEFORE);
		return true;
	}
	if (wr_change_removes(w->b->change[i]))
		return removal(self, w, i, key, hash);
	return upsert(self, w, i, key, hash);
}

static void put_together(op_table *self, const weave *w, wr_batch *out)
{
	const wr_batch *b = w->b;

	wr_batch_rows(out, b, w->from, w->m, b->schema);
	memcpy(out->change, w->change, w->m);
	for (uint32_t c = 0; c < b->schema->nkeys; c++)
		wr_vec_gather(&out->cols[c], b->arena, &b->cols[c], w->from, w->m);
	for (uint32_t k = 0; k < self->shape.n; k++) {
		uint32_t c = self->shape.cols[k];

		wr_vec_weave(&out->cols[c], b->arena, &b->cols[c], &w->side[k], w->pick, w->m);
	}
}

static wr_status push_table(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
                            wr_err *err)
{
	op_table *self = (op_table *)op;
	weave w = { .b = b, .same = true };
	wr_row_keys keys;
	wr_batch out;

	(void)input;
	if (!self->rows.cache)
		return wr_out_push(op, b, at, n, err);
	wr_op_trim(self->rows.cache, op->cx->memory, &self->tight);
	w.pick = wr_arena_alloc(b->arena, 2 * n * sizeof(*w.pick));
	w.from = wr_arena_alloc(b->arena, 2 * n * sizeof(*w.from));
	w.change = wr_arena_alloc(b->arena, 2 * n);
	keys = wr_row_keys_of(b->arena, &self->keys, b->cols, b->schema->nkeys, at, n);
	for (uint32_t i = 0; i < n; i++) {
		wr_row_keys_ahead(&keys, self->rows.cache, i);
		if (!one_row(self, &w, at + i, keys.key[i], keys.hash[i]))
			return wr_op_damaged(op, err);
	}
	if (w.same)
		return wr_out_push(op, b, at, n, err);
	put_together(self, &w, &out);
	return wr_out_push(op, &out, 0, w.m, err);
}

static wr_status snapshot_table(wr_op *op, wr_err *err)
{
	op_table *self = (op_table *)op;

	(void)err;
	if (!self->rows.cache)
		return WR_OK;
	wr_cache_flush(self->rows.cache);
	self->tight = false;
	return WR_OK;
}

static void close_table(wr_op *op)
{
	op_table *self = (op_table *)op;

	wr_cache_close(self->rows.cache);
	wr_buf_free(&self->keys);
	wr_buf_free(&self->row);
}

static void explain_table(const wr_op_spec *spec, wr_buf *out)
{
	wr_buf_puts(out, ((const wr_spec_table *)spec)->materialise ?
	                         "TABLE rows kept per key" :
	                         "TABLE changes as the source tells them");
}

const wr_op_def wr_op_table_def = {
	.name = "table",
	.size = sizeof(op_table),
	.ninputs = 1,
	.open = open_table,
	.push = push_table,
	.snapshot = snapshot_table,
	.close = close_table,
	.explain = explain_table,
};

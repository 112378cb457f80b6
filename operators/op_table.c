/*
 * A table's rows: upserts and deletions by key become changes with their old image.
 *
 *	in                 kept before       out
 *	NEW  (1, 'a')      -                 NEW    (1, 'a')
 *	NEW  (1, 'b')      (1, 'a')          BEFORE (1, 'a')  AFTER (1, 'b')
 *	GONE (1)           (1, 'b')          OLD    (1, 'b')
 *	GONE (1)           -                 GONE   (1)
 *
 * An update equal to what was there is still a change. Rows that come with images of their own
 * (BEFORE, AFTER, OLD: the database wrote them) keep those and only bring the kept row up to date.
 * Columns that the change event left out are taken from the kept row; with none there they are
 * null, and counted.
 *
 * TRUNCATE takes all rows that came before it: of its own partition those read before, of others
 * those not later by row time (and such that come afterwards are ignored). Only where the rows are
 * kept, and by one task, as only one reads the event.
 *
 * A query that ends wants the rows that are left and nothing of how they came to be (a group that
 * was emptied never was): then (hold) nothing goes out before the barrier that ends the reading,
 * where all rows go out as NEW ones.
 *
 * Kept per key (of a table with windows, per key and window): the row time, the partition and the
 * value columns as a saved row (operators/rows.h), owned by the cache's payload. Rows are handled
 * one by one, as an earlier row of the batch may be the old image of a later one; the columns are
 * put together afterwards, and a batch that needs no old image and no filling goes on as it came.
 */
#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"
#include "state/cache.h"
#include "state/keyenc.h"

typedef struct op_table {
	wr_op op;
	wr_row_keep rows;
	wr_store *side;	    /* holds cut */
	wr_row_shape shape; /* the value columns */
	struct {
		int64_t time; /* of the last TRUNCATE; WR_TIME_NONE: none */
		int64_t part;
	} cut;
	bool tight;
	bool held; /* hold: rows came since the last barrier */
	wr_buf keys, row;
} op_table;

static bool holds(const op_table *self)
{
	return ((const wr_spec_table *)self->op.spec)->hold;
}

static bool windowed(const op_table *self)
{
	return ((const wr_spec_table *)self->op.spec)->windowed;
}

/* The rows' keys; those of a table with windows end in the window. */
static wr_row_keys keys_of(op_table *self, const wr_batch *b, uint32_t at, uint32_t n)
{
	wr_str *key;
	uint64_t *hash;

	if (!windowed(self) || !b->wstart)
		return wr_row_keys_of(b->arena, &self->keys, b->cols, b->schema->nkeys, at, n);
	key = wr_arena_alloc(b->arena, n * sizeof(*key));
	hash = wr_arena_alloc(b->arena, n * sizeof(*hash));
	for (uint32_t i = 0; i < n; i++) {
		wr_buf_reset(&self->keys);
		wr_key_put_row(&self->keys, b->cols, b->schema->nkeys, at + i);
		wr_key_put_i64(&self->keys, b->wstart[at + i]);
		wr_key_put_i64(&self->keys, b->wend[at + i]);
		key[i] = wr_arena_str(b->arena, wr_buf_view(&self->keys));
		hash[i] = wr_cache_hash(key[i]);
	}
	return (wr_row_keys){ key, hash, n };
}

/*
 * What one push puts together. `side` holds rows that are in no column of the input: old images and
 * filled rows.
 */
typedef struct weave {
	const wr_batch *b;
	wr_vec *side; /* the shape's columns; NULL: none yet */
	uint32_t nside, m;
	int32_t *pick;	/* per out row: row of b, or ~row of side */
	uint32_t *from; /* per out row: the row of b whose key and metadata it has */
	uint8_t *change;
	bool same; /* so far out is the input */
} weave;

static const wr_str cut_name = WR_STR_LIT("truncate");

static wr_status open_table(wr_op *op, wr_err *err)
{
	op_table *self = (op_table *)op;
	const wr_schema *s = op->spec->in;

	if (!((const wr_spec_table *)op->spec)->materialise)
		return WR_OK;
	wr_row_shape_range(&self->shape, op->cx->arena, s, s->nkeys, s->n);
	wr_row_keep_open(&self->rows, wr_store_open(op->cx->state, op->spec->id, op->cx->task),
			 &self->shape);
	self->side = wr_store_open(op->cx->state, WR_OP_SIDE_STORE(op->spec->id), op->cx->task);
	self->cut.time = WR_TIME_NONE;
	if (wr_store_get(self->side, cut_name, &self->row)) {
		if (self->row.n != sizeof(self->cut))
			return wr_op_damaged(op, err);
		memcpy(&self->cut, self->row.p, sizeof(self->cut));
	}
	return WR_OK;
}

static void put(weave *w, uint32_t from, int32_t pick, uint8_t change)
{
	w->same = w->same && pick == (int32_t)from && change == w->b->change[from];
	w->from[w->m] = from;
	w->pick[w->m] = pick;
	w->change[w->m++] = change;
}

/*
 * The kept row to the side; its number there. The bytes are copied first: they may be overwritten
 * by the next row.
 */
static bool old_to_side(op_table *self, weave *w, wr_str bytes, int32_t *at)
{
	if (!w->side)
		w->side = wr_row_vecs(&self->shape, w->b->arena, 16);
	*at = (int32_t)w->nside++;
	if (bytes.n < WR_TABLE_HEAD)
		return false;
	bytes = (wr_str){ bytes.p + WR_TABLE_HEAD, bytes.n - WR_TABLE_HEAD };
	bytes = wr_arena_str(w->b->arena, bytes);
	return wr_row_load(&self->shape, w->side, w->b->arena, bytes);
}

/*
 * Row i with its absent columns taken from side row `old` (negative: there is none), to the side.
 */
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
			wr_vec one; /* pushing from a vector to itself: it may move */

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
	wr_buf_u32(&self->row, w->b->part[i]);
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

	if (!created && (!images || absent) && !old_to_side(self, w, wr_row_keep_get(kept), &old))
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
	if (w->b->rowtime[i] < self->cut.time && w->b->part[i] != self->cut.part) {
		self->op.stats.late++;
		return true;
	}
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

/* ---------------------------------------------------------------- TRUNCATE */

/* What goes, on its way out. */
typedef struct emptying {
	op_table *self;
	const wr_batch *src;
	uint32_t row; /* the event */
	wr_arena *arena;
	wr_batch out;
	wr_status status;
	wr_err *err;
} emptying;

static void next_batch(emptying *e)
{
	wr_arena_reset(e->arena);
	wr_batch_init(&e->out, e->arena, e->src->schema, WR_BATCH_ROWS);
}

/* A kept key as the key of row b->n. */
static bool add_key(emptying *e, wr_str key)
{
	const char *p = key.p, *end = key.p + key.n;
	wr_batch *b = &e->out;

	for (uint32_t c = 0; c < b->schema->nkeys; c++)
		if (!wr_key_get(&b->cols[c], e->arena, &p, end))
			return false;
	if (!windowed(e->self))
		return p == end;
	if (!b->wstart) {
		b->wstart = WR_NEW_ARRAY(e->arena, int64_t, b->room);
		b->wend = WR_NEW_ARRAY(e->arena, int64_t, b->room);
	}
	return wr_key_get_i64(&b->wstart[b->n], &p, end) &&
	       wr_key_get_i64(&b->wend[b->n], &p, end) && p == end;
}

static bool add_old(emptying *e, wr_str key, wr_str row)
{
	wr_batch *b = &e->out;

	wr_batch_meta(b, b->n, e->src, e->row);
	if (!add_key(e, key))
		return false;
	b->change[b->n++] = WR_ROW_OLD;
	row = (wr_str){ row.p + WR_TABLE_HEAD, row.n - WR_TABLE_HEAD };
	return wr_row_load(&e->self->shape, b->cols + b->schema->nkeys, e->arena,
			   wr_arena_str(e->arena, row));
}

static bool visit(void *arg, wr_str key, void *payload)
{
	emptying *e = arg;
	wr_str row = wr_row_keep_get(payload);
	int64_t time;
	uint32_t part;

	if (row.n >= WR_TABLE_HEAD) {
		memcpy(&time, row.p, 8);
		memcpy(&part, row.p + 8, 4);
		if (time > e->src->rowtime[e->row] && part != e->src->part[e->row])
			return true;
	}
	if (row.n < WR_TABLE_HEAD || !add_old(e, key, row)) {
		e->status = wr_op_damaged(&e->self->op, e->err);
		return false;
	}
	wr_cache_remove(e->self->rows.cache, key, wr_cache_hash(key));
	if (e->out.n == WR_BATCH_ROWS) {
		if (!holds(e->self))
			e->status = wr_out_push(&e->self->op, &e->out, 0, e->out.n, e->err);
		next_batch(e);
	}
	return e->status == WR_OK;
}

static wr_status cannot_truncate(const op_table *self, wr_err *err)
{
	bool kept = self->rows.cache != NULL;

	wr_err_set(
	    err, WR_ERR_RUNTIME, WR_NO_SPAN,
	    "the source table was truncated, and this query cannot tell which rows that takes: %s",
	    kept ? "several tasks share them" : "it does not keep them");
	return wr_err_hint(err, kept ? "set tasks to 1" : "create the table with BEFORE='STATE'");
}

static wr_status truncate_rows(op_table *self, const wr_batch *b, uint32_t row, wr_err *err)
{
	const wr_str all = { NULL, 0 };
	emptying e = { .self = self, .src = b, .row = row, .err = err };

	if (!self->rows.cache || self->op.cx->ntasks > 1)
		return cannot_truncate(self, err);
	if (b->rowtime[row] > self->cut.time) {
		self->cut.time = b->rowtime[row];
		self->cut.part = b->part[row];
		wr_store_put(self->side, cut_name,
			     (wr_str){ (const char *)&self->cut, sizeof(self->cut) });
	}
	e.arena = wr_arena_new();
	next_batch(&e);
	wr_cache_scan(self->rows.cache, all, all, visit, &e);
	if (e.status == WR_OK && !holds(self))
		e.status = wr_out_push(&self->op, &e.out, 0, e.out.n, err);
	wr_arena_free(e.arena);
	return e.status;
}

/* ---------------------------------------------------------------- rows held until the end */

static bool add_kept(emptying *e, wr_str key, wr_str row)
{
	wr_batch *b = &e->out;
	uint32_t at = b->n;

	if (row.n < WR_TABLE_HEAD || !add_key(e, key))
		return false;
	b->n++;
	b->change[at] = WR_ROW_NEW;
	memcpy(&b->rowtime[at], row.p, 8);
	memcpy(&b->part[at], row.p + 8, 4);
	b->ptime[at] = b->rowtime[at];
	row = (wr_str){ row.p + WR_TABLE_HEAD, row.n - WR_TABLE_HEAD };
	return wr_row_load(&e->self->shape, b->cols + b->schema->nkeys, e->arena,
			   wr_arena_str(e->arena, row));
}

static bool hand_out(void *arg, wr_str key, void *payload)
{
	emptying *e = arg;

	if (!add_kept(e, key, wr_row_keep_get(payload)))
		e->status = wr_op_damaged(&e->self->op, e->err);
	if (e->status == WR_OK && e->out.n == WR_BATCH_ROWS) {
		e->status = wr_out_push(&e->self->op, &e->out, 0, e->out.n, e->err);
		wr_arena_reset(e->arena);
		wr_batch_init(&e->out, e->arena, e->self->op.spec->out, WR_BATCH_ROWS);
	}
	return e->status == WR_OK;
}

static wr_status flush_table(wr_op *op, wr_err *err)
{
	op_table *self = (op_table *)op;
	const wr_str all = { NULL, 0 };
	emptying e = { .self = self, .err = err };

	if (!self->held)
		return WR_OK;
	self->held = false;
	e.arena = wr_arena_new();
	wr_batch_init(&e.out, e.arena, op->spec->out, WR_BATCH_ROWS);
	wr_cache_scan(self->rows.cache, all, all, hand_out, &e);
	if (e.status == WR_OK)
		e.status = wr_out_push(op, &e.out, 0, e.out.n, err);
	wr_arena_free(e.arena);
	return e.status;
}

/* ---------------------------------------------------------------- the operator */

/* Rows without a TRUNCATE among them. */
static wr_status push_run(op_table *self, const wr_batch *b, uint32_t at, uint32_t n, wr_err *err)
{
	weave w = { .b = b, .same = true };
	wr_op *op = &self->op;
	wr_row_keys keys;
	wr_batch out;

	if (n == 0)
		return WR_OK;
	w.pick = wr_arena_alloc(b->arena, 2 * n * sizeof(*w.pick));
	w.from = wr_arena_alloc(b->arena, 2 * n * sizeof(*w.from));
	w.change = wr_arena_alloc(b->arena, 2 * n);
	keys = keys_of(self, b, at, n);
	for (uint32_t i = 0; i < n; i++) {
		wr_row_keys_ahead(&keys, self->rows.cache, i);
		if (!one_row(self, &w, at + i, keys.key[i], keys.hash[i]))
			return wr_op_damaged(op, err);
	}
	if (holds(self)) {
		self->held = true;
		return WR_OK;
	}
	if (w.same && w.m == n)
		return wr_out_push(op, b, at, n, err);
	if (w.m == 0)
		return WR_OK;
	if (!w.side)
		w.side = wr_row_vecs(&self->shape, b->arena, 1);
	put_together(self, &w, &out);
	return wr_out_push(op, &out, 0, w.m, err);
}

static wr_status push_table(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	op_table *self = (op_table *)op;
	uint32_t end = at + n;

	(void)input;
	if (self->rows.cache)
		wr_op_trim(self->rows.cache, op->cx->memory, &self->tight);
	while (at < end) {
		const uint8_t *cut = memchr(b->change + at, WR_ROW_TRUNCATE, end - at);
		uint32_t stop = cut ? (uint32_t)(cut - b->change) : end;
		wr_status status = self->rows.cache ? push_run(self, b, at, stop - at, err)
						    : wr_out_push(op, b, at, stop - at, err);

		if (status == WR_OK && cut)
			status = truncate_rows(self, b, stop, err);
		if (status != WR_OK)
			return WR_FAIL;
		at = cut ? stop + 1 : end;
	}
	return WR_OK;
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
	wr_buf_puts(out, ((const wr_spec_table *)spec)->materialise
			     ? "TABLE rows kept per key"
			     : "TABLE changes as the source tells them");
}

const wr_op_def wr_op_table_def = {
	.name = "table",
	.size = sizeof(op_table),
	.ninputs = 1,
	.open = open_table,
	.push = push_table,
	.flush = flush_table,
	.snapshot = snapshot_table,
	.close = close_table,
	.explain = explain_table,
};

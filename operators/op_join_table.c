/*
 * Stream-table join: input 0 is the stream, input 1 the table. A row of the stream meets the
 * table's row of its key as it is now; only the stream's rows give results, with the stream's time
 * and place.
 *
 *	table NEW (7, 'Ann')      stream (order 1, customer 7)   →  (order 1, 7, 'Ann')
 *	                          stream (order 2, customer 8)   →  nothing; LEFT: (order 2, 8, NULL)
 *
 * Records without a value give nothing. A null key meets nobody: inner joins drop and count the
 * row, left joins pass it with nulls.
 *
 * Kept per key: the columns of the table that the result takes, as a saved row. A result's strings
 * point into that row: it cannot change before the push is over, since the table's rows come by
 * pushes of their own.
 */
#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"
#include "state/cache.h"
#include "state/keyenc.h"

typedef struct op_join_table {
	wr_op op;
	wr_prog *prog; /* the stream's key; NULL: its key columns */
	wr_row_keep rows;
	wr_row_shape shape; /* table columns that the result has */
	uint32_t *place;    /* table column -> its place in shape */
	bool tight;
	wr_buf keys, row;
} op_join_table;

static const wr_spec_join_table *spec_of(const op_join_table *self)
{
	return (const wr_spec_join_table *)self->op.spec;
}

static wr_status open_join(wr_op *op, wr_err *err)
{
	op_join_table *self = (op_join_table *)op;
	const wr_spec_join_table *spec = spec_of(self);
	wr_arena *a = op->cx->arena;
	bool *used = WR_NEW_ARRAY(a, bool, spec->right->n + 1);

	(void)err;
	if (spec->key)
		self->prog = wr_prog_new(a, &spec->key, 1);
	for (uint32_t c = 0; c < op->spec->out->n; c++)
		if (spec->from[c] < 0)
			used[~spec->from[c]] = true;
	wr_row_shape_of(&self->shape, a, spec->right, used);
	self->place = WR_NEW_ARRAY(a, uint32_t, spec->right->n + 1);
	for (uint32_t k = 0; k < self->shape.n; k++)
		self->place[self->shape.cols[k]] = k;
	wr_row_keep_open(&self->rows, wr_store_open(op->cx->state, op->spec->id, op->cx->task),
			 &self->shape);
	return WR_OK;
}

static void push_right(op_join_table *self, const wr_batch *b, uint32_t at, uint32_t n)
{
	wr_cache *c = self->rows.cache;
	wr_row_keys keys = wr_row_keys_of(b->arena, &self->keys, b->cols, b->schema->nkeys, at, n);

	for (uint32_t i = 0; i < n; i++) {
		bool created;

		wr_row_keys_ahead(&keys, c, i);
		if (b->change[at + i] == WR_ROW_BEFORE)
			continue;
		if (wr_change_removes(b->change[at + i])) {
			wr_cache_remove(c, keys.key[i], keys.hash[i]);
			continue;
		}
		wr_buf_reset(&self->row);
		wr_row_save(&self->shape, b->cols, at + i, &self->row);
		wr_row_keep_set(&self->rows, wr_cache_make(c, keys.key[i], keys.hash[i], &created),
				wr_buf_view(&self->row));
	}
}

static bool goes_on(op_join_table *self, const void *right, bool null_key)
{
	if (right || spec_of(self)->left_outer)
		return true;
	if (null_key)
		self->op.stats.null_key++;
	else
		self->op.stats.unmatched++;
	return false;
}

static void take_columns(op_join_table *self, wr_batch *out, const wr_batch *left,
			 const wr_vec *right)
{
	const int32_t *from = spec_of(self)->from;

	for (uint32_t c = 0; c < out->schema->n; c++)
		out->cols[c] = from[c] >= 0 ? left->cols[from[c]] : right[self->place[~from[c]]];
}

typedef struct stream_key {
	const wr_vec *cols;
	uint32_t n, at;
} stream_key;

static stream_key key_of(op_join_table *self, const wr_batch *b, uint32_t at, uint32_t n,
			 wr_vec *computed)
{
	wr_prog_stats ps = { 0 };

	if (!self->prog)
		return (stream_key){ b->cols, spec_of(self)->right->nkeys, at };
	wr_prog_eval(self->prog, b, at, n, computed, &ps);
	wr_op_failures(&self->op, &ps);
	return (stream_key){ computed, 1, 0 };
}

/* A key with a null in it is nobody's. */
static bool null_key(const stream_key *k, uint32_t row)
{
	for (uint32_t i = 0; i < k->n; i++)
		if (wr_vec_is_null(&k->cols[i], k->at + row))
			return true;
	return false;
}

static wr_status push_left(op_join_table *self, const wr_batch *b, uint32_t at, uint32_t n,
			   wr_err *err)
{
	uint32_t *rows = wr_arena_alloc(b->arena, n * sizeof(*rows)), m = 0;
	wr_vec *right = wr_row_vecs(&self->shape, b->arena, n), computed;
	stream_key key = key_of(self, b, at, n, &computed);
	wr_row_keys keys = wr_row_keys_of(b->arena, &self->keys, key.cols, key.n, key.at, n);
	wr_batch left, out;

	for (uint32_t i = 0; i < n; i++) {
		const void *kept = NULL;

		wr_row_keys_ahead(&keys, self->rows.cache, i);
		if (b->change[at + i] == WR_ROW_INSERT_NULL) {
			self->op.stats.null_value++;
			continue;
		}
		if (!null_key(&key, i))
			kept = wr_cache_find(self->rows.cache, keys.key[i], keys.hash[i]);
		if (!goes_on(self, kept, null_key(&key, i)))
			continue;
		rows[m++] = at + i;
		if (!kept)
			wr_row_load_nulls(&self->shape, right, b->arena);
		else if (!wr_row_load(&self->shape, right, b->arena, wr_row_keep_get(kept)))
			return wr_op_damaged(&self->op, err);
	}
	if (m == 0)
		return WR_OK;
	if (m == n && at == 0 && n == b->n)
		left = *b;
	else
		wr_batch_gather(&left, b, rows, m);
	wr_batch_over(&out, &left, 0, m, self->op.spec->out);
	take_columns(self, &out, &left, right);
	return wr_out_push(&self->op, &out, 0, m, err);
}

static wr_status push_join(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			   wr_err *err)
{
	op_join_table *self = (op_join_table *)op;

	wr_op_trim(self->rows.cache, op->cx->memory, &self->tight);
	if (input == 0)
		return push_left(self, b, at, n, err);
	push_right(self, b, at, n);
	return WR_OK;
}

static wr_status snapshot_join(wr_op *op, wr_err *err)
{
	(void)err;
	wr_cache_flush(((op_join_table *)op)->rows.cache);
	((op_join_table *)op)->tight = false;
	return WR_OK;
}

static void close_join(wr_op *op)
{
	op_join_table *self = (op_join_table *)op;

	wr_cache_close(self->rows.cache);
	wr_buf_free(&self->keys);
	wr_buf_free(&self->row);
}

static void explain_join(const wr_op_spec *spec, wr_buf *out)
{
	const wr_spec_join_table *s = (const wr_spec_join_table *)spec;

	wr_buf_puts(out, s->left_outer ? "LEFT JOIN TABLE ON " : "JOIN TABLE ON ");
	if (s->key)
		wr_expr_print(s->key, spec->in, out);
	for (uint32_t i = 0; !s->key && i < s->right->nkeys; i++) {
		wr_buf_puts(out, i ? ", " : "");
		wr_buf_str(out, spec->in->cols[i].name);
	}
}

const wr_op_def wr_op_join_table_def = {
	.name = "join_table",
	.size = sizeof(op_join_table),
	.ninputs = 2,
	.open = open_join,
	.push = push_join,
	.snapshot = snapshot_join,
	.close = close_join,
	.explain = explain_join,
};

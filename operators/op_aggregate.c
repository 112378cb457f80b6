/*
 * GROUP BY. Rows come with their group as key columns; each change of a row is one change of its
 * group (of each of its windows). What a group is made of is agg_state.c, which windows a row falls
 * into agg_window.c and agg_session.c, what goes downstream agg_emit.c; here rows are handed out
 * and barriers kept.
 *
 *	COUNT(*), SUM(v) by k         rows          groups           out (direct)
 *	                              (a, 5)        a: 1, 5          NEW (a, 1, 5)
 *	                              (a, 2)        a: 2, 7          BEFORE (a, 1, 5)  AFTER (a, 2, 7)
 *
 * Over a table, NEW and AFTER rows are added, OLD and BEFORE rows taken back; the two halves of an
 * update that stay in one group are one change of it. What is taken back from a group that does not
 * exist is ignored. A group reduced to nothing stays and shows its empty results.
 *
 * Rows are handled one by one, in order, whatever the batch: cut differently they give the same.
 *
 * A barrier: flush sends the changed groups downstream, snapshot forgets expired windows and brings
 * cache and times to the store.
 */
#include <stdlib.h>

#include "operators/agg.h"
#include "operators/op_list.h"

static bool sessions(const op_aggregate *self)
{
	return self->spec->window.kind == WR_WINDOW_SESSION;
}

/* ---------------------------------------------------------------- times and counters over a
 * restart */

static const char meta_name = AGG_META;

static bool meta_load(op_aggregate *self)
{
	agg_meta m = { WR_TIME_NONE, INT64_MIN, INT64_MIN, 0 };
	bool there = wr_store_get(self->side, (wr_str){ &meta_name, 1 }, &self->tmp);

	if (there) {
		if (self->tmp.n != sizeof(m))
			return false;
		memcpy(&m, self->tmp.p, sizeof(m));
	}
	self->saved = m;
	self->time = m.time;
	self->closed = m.closed;
	self->max_start = m.max_start;
	self->arrivals = m.arrivals;
	return true;
}

static void meta_save(op_aggregate *self)
{
	agg_meta m = { self->time, self->closed, self->max_start, self->arrivals };

	if (memcmp(&m, &self->saved, sizeof(m)) == 0)
		return;
	self->saved = m;
	wr_store_put(self->side, (wr_str){ &meta_name, 1 },
		     (wr_str){ (const char *)&m, sizeof(m) });
}

/* ---------------------------------------------------------------- rows */

static bool null_group(op_aggregate *self, uint32_t i)
{
	const wr_batch *b = self->in;

	for (uint32_t k = 0; k < b->schema->nkeys; k++) {
		if (wr_vec_is_null(&b->cols[k], i)) {
			self->op.stats.null_key++;
			return true;
		}
	}
	return false;
}

static void group_key(op_aggregate *self, uint32_t i)
{
	wr_buf_reset(&self->key);
	wr_key_put_row(&self->key, self->in->cols, self->in->schema->nkeys, i);
}

static wr_status plain_row(op_aggregate *self, uint32_t i, wr_err *err)
{
	agg_group *g = agg_front_find(self, i, 0);
	bool created;
	wr_str key;

	if (!g) {
		group_key(self, i);
		key = wr_buf_view(&self->key);
		g = wr_cache_make(self->groups, key, wr_cache_hash(key), &created);
		agg_front_put(self, i, 0, g);
	}
	return agg_change(self, g, UINT32_MAX, i, 0, 0, err);
}

static wr_status stream_row(op_aggregate *self, uint32_t i, wr_err *err)
{
	bool local = self->op.cx->local_time;

	if (self->in->change[i] == WR_ROW_INSERT_NULL) {
		self->op.stats.null_value++;
		return WR_OK;
	}
	if (null_group(self, i))
		return WR_OK;
	if (self->spec->window.kind != WR_WINDOW_NONE && !wr_op_good_time(self->in->rowtime[i])) {
		self->op.stats.late++;
		return WR_OK;
	}
	if (local && self->in->rowtime[i] > self->time)
		self->time = self->in->rowtime[i];
	if (sessions(self)) {
		if (agg_session_row(self, i, err) != WR_OK)
			return WR_FAIL;
		return local ? agg_session_time(self, self->time, err) : WR_OK;
	}
	if (agg_windowed(self)) {
		if (agg_window_row(self, i, err) != WR_OK)
			return WR_FAIL;
		return local ? agg_window_time(self, self->time, err) : WR_OK;
	}
	return plain_row(self, i, err);
}

/* Takes back row `undo` and adds row `step` of one group; UINT32_MAX: none. */
static wr_status table_change(op_aggregate *self, uint32_t undo, uint32_t step, wr_err *err)
{
	uint32_t row = step != UINT32_MAX ? step : undo;
	agg_group *g = agg_front_find(self, row, 0);
	bool created = false;
	wr_str key;
	uint64_t hash;

	if (g)
		return agg_change(self, g, undo, step, 0, 0, err);
	group_key(self, row);
	key = wr_buf_view(&self->key);
	hash = wr_cache_hash(key);
	if (step == UINT32_MAX) {
		g = wr_cache_find(self->groups, key, hash);
		if (!g)
			return WR_OK;
	} else {
		g = wr_cache_make(self->groups, key, hash, &created);
	}
	agg_front_put(self, row, 0, g);
	return agg_change(self, g, created ? UINT32_MAX : undo, step, 0, 0, err);
}

/* The row at *i, or the pair that begins there. */
static wr_status table_row(op_aggregate *self, uint32_t *i, wr_err *err)
{
	uint32_t row = *i;

	if (self->in->change[row] == WR_ROW_GONE)
		return WR_OK;
	if (self->in->change[row] == WR_ROW_BEFORE)
		++*i;
	if (null_group(self, row))
		return WR_OK;
	if (self->in->change[row] == WR_ROW_BEFORE)
		return table_change(self, row, row + 1, err);
	if (self->in->change[row] == WR_ROW_OLD)
		return table_change(self, row, UINT32_MAX, err);
	return table_change(self, UINT32_MAX, row, err);
}

static void evaluate(op_aggregate *self, const wr_batch *b, uint32_t at, uint32_t n)
{
	wr_prog_stats ps = { 0 };

	self->in = b;
	self->in_at = at;
	if (self->prog)
		wr_prog_eval(self->prog, b, at, n, self->vecs, &ps);
	wr_op_failures(&self->op, &ps);
}

/*
 * Clean entries leave the cache; changed groups go out first, as their places in it may not outlast
 * that.
 */
static wr_status stay_small(op_aggregate *self, wr_err *err)
{
	size_t memory = self->heap < self->op.cx->memory ? self->op.cx->memory - self->heap : 0;

	if (wr_cache_bytes(self->groups) <= wr_cache_room(self->groups, memory) || self->tight)
		return WR_OK;
	if (agg_emit_changed(self, err) != WR_OK)
		return WR_FAIL;
	self->age++;
	wr_op_trim(self->groups, memory, &self->tight);
	return WR_OK;
}

static wr_status push_aggregate(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
				wr_err *err)
{
	op_aggregate *self = (op_aggregate *)op;
	wr_status status = stay_small(self, err);

	(void)input;
	evaluate(self, b, at, n);
	if (self->direct)
		agg_out_begin(self, b->arena, b, 2 * n);
	agg_ahead_begin(self, at, n);
	for (uint32_t i = at; status == WR_OK && i < at + n; i++) {
		if (self->ahead)
			agg_ahead(self, i, at + n);
		status =
		    self->spec->from_table ? table_row(self, &i, err) : stream_row(self, i, err);
	}
	if (status == WR_OK && self->direct)
		status = agg_out_end(self, err);
	self->in = NULL;
	return status == WR_OK && self->damaged ? wr_op_damaged(op, err) : status;
}

/* ---------------------------------------------------------------- time, barriers, life */

static wr_status watermark_aggregate(wr_op *op, int64_t t, wr_err *err)
{
	op_aggregate *self = (op_aggregate *)op;

	if (op->cx->local_time || t == WR_TIME_NONE || t <= self->time)
		return WR_OK;
	if (t != INT64_MAX)
		self->time = t;
	if (sessions(self))
		return agg_session_time(self, t, err);
	return agg_windowed(self) ? agg_window_time(self, t, err) : WR_OK;
}

static wr_status flush_aggregate(wr_op *op, wr_err *err)
{
	op_aggregate *self = (op_aggregate *)op;
	wr_status status = agg_emit_changed(self, err);

	return status == WR_OK && self->damaged ? wr_op_damaged(op, err) : status;
}

static wr_status snapshot_aggregate(wr_op *op, wr_err *err)
{
	op_aggregate *self = (op_aggregate *)op;

	(void)err;
	wr_cache_flush(self->groups);
	self->age++;
	self->tight = false;
	if (agg_windowed(self))
		agg_window_expire(self);
	meta_save(self);
	return WR_OK;
}

static wr_status open_aggregate(wr_op *op, wr_err *err)
{
	op_aggregate *self = (op_aggregate *)op;

	self->spec = (const wr_spec_aggregate *)op->spec;
	if (agg_layout(self, err) != WR_OK)
		return WR_FAIL;
	self->payload = sessions(self) ? agg_session_payload : agg_group_payload;
	if (!sessions(self))
		self->payload.size = self->group_size;
	self->st = wr_store_open(op->cx->state, op->spec->id, op->cx->task);
	self->side = wr_store_open(op->cx->state, WR_OP_SIDE_STORE(op->spec->id), op->cx->task);
	self->groups = wr_cache_new(self->st, &self->payload, self);
	self->emit_arena = wr_arena_new();
	self->images = wr_arena_new();
	self->scratch = wr_arena_new();
	self->images_wanted = !self->spec->no_before;
	self->direct = !self->spec->emit_final && (op->cx->cache_bytes == 0 || sessions(self));
	agg_front_open(self);
	if (!meta_load(self))
		return wr_op_damaged(op, err);
	if (sessions(self))
		agg_session_open(self);
	else if (agg_windowed(self))
		agg_window_open(self);
	return WR_OK;
}

static void close_aggregate(wr_op *op)
{
	op_aggregate *self = (op_aggregate *)op;

	if (self->groups)
		wr_cache_close(self->groups);
	wr_arena_free(self->emit_arena);
	wr_arena_free(self->images);
	wr_arena_free(self->scratch);
	free(self->changed);
	wr_buf_free(&self->key);
	wr_buf_free(&self->tmp);
	wr_buf_free(&self->tmp2);
}

static void explain_window(const wr_window_spec *w, wr_buf *out)
{
	static const char *const names[] = { "", "TUMBLING", "HOPPING", "SESSION" };

	if (w->kind == WR_WINDOW_NONE)
		return;
	wr_buf_printf(out, " WINDOW %s %lld ms", names[w->kind], (long long)w->size);
	if (w->kind == WR_WINDOW_HOPPING)
		wr_buf_printf(out, " every %lld ms", (long long)w->advance);
	wr_buf_printf(out, " grace %lld ms", (long long)w->grace);
}

static void explain_aggregate(const wr_op_spec *spec, wr_buf *out)
{
	const wr_spec_aggregate *s = (const wr_spec_aggregate *)spec;

	wr_buf_puts(out, "AGGREGATE ");
	for (uint32_t i = 0; i < s->naggs; i++) {
		wr_buf_printf(out, "%s%s(", i ? ", " : "", s->aggs[i].agg->name);
		for (uint32_t k = 0; k < s->aggs[i].nargs; k++) {
			wr_buf_puts(out, k ? ", " : "");
			wr_expr_print(s->aggs[i].args[k], spec->in, out);
		}
		wr_buf_puts(out, s->aggs[i].nargs ? ")" : "*)");
	}
	explain_window(&s->window, out);
	if (s->emit_final)
		wr_buf_puts(out, " FINAL");
}

const wr_op_def wr_op_aggregate_def = {
	.name = "aggregate",
	.size = sizeof(op_aggregate),
	.ninputs = 1,
	.open = open_aggregate,
	.push = push_aggregate,
	.watermark = watermark_aggregate,
	.flush = flush_aggregate,
	.snapshot = snapshot_aggregate,
	.close = close_aggregate,
	.explain = explain_aggregate,
};

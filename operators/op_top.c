/*
 * ORDER BY … LIMIT n [OFFSET m]: the rows in places m+1 .. m+n of an order, as a table that follows
 * its input.
 *
 *	ORDER BY v DESC LIMIT 2     in               out
 *	                            NEW (a, 5)       NEW (a, 5)
 *	                            NEW (b, 7)       NEW (b, 7)
 *	                            NEW (c, 6)       OLD (a, 5)  NEW (c, 6)
 *	                            OLD (b, 7)       OLD (b, 7)  NEW (a, 5)
 *
 * Kept in the store: an entry per row, `order columns ‖ primary key` -> row time, window, row;
 * those columns are encoded so that the order of the bytes is the order asked for (descending ones
 * with their bits turned). A row that goes is found by its old image. The first entries stand in
 * memory too, sorted: `list`, the places up to m+n and some behind them, so that most changes end
 * with a blind write, and a row that leaves the places is replaced without a read. `more` says that
 * the store may have entries behind the list; when the list runs short it is filled from there.
 * Invariant: every entry of the store that is not in the list comes behind the list's last one.
 *
 * A change of the input moves at most one row out of the places and one in, an update two; what
 * goes out and comes in again is no change, and two images of one primary key are an update.
 *
 * Rows of a stream have no primary key. They are told apart by where they were read, nothing is
 * ever taken back, so that nothing behind place m+n is kept. Where the result needs a key (ranked)
 * it is the place: a row that comes in moves those behind it.
 *
 * Rows are handled one by one, in order, whatever the batch.
 */
#include <stdlib.h>

#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"
#include "state/keyenc.h"

/* HEAD: row time, window, bytes of the key that are the order */
enum { TOP_SPARE = 64, HEAD = 32 };

typedef struct entry {
	wr_buf key, row; /* row: the head, then a saved row */
} entry;

/* What one change of the input does to the places. */
typedef struct moves {
	entry *out[2], *in[2];
	uint32_t nout, nin;
	entry *dead[3]; /* left the list; may be used again when all is emitted */
	uint32_t ndead;
} moves;

typedef struct op_top {
	wr_op op;
	const wr_spec_top *spec;
	wr_store *st, *side;
	wr_row_shape shape;  /* all columns of the input */
	uint32_t first, end; /* the places: list[first .. end) */
	uint32_t n, room;
	entry **list;
	uint32_t nfree;
	entry **free;
	bool more;
	uint64_t seq;	     /* of a stream: rows so far, so that two of one record differ */
	uint32_t sort_bytes; /* of the key put together last */
	wr_buf key, row, other;
	/* the present push */
	const wr_batch *b;
	wr_batch out;
} op_top;

static const wr_str seq_name = WR_STR_LIT("seq");

/* ---------------------------------------------------------------- keys and rows */

static void put_order(op_top *self, uint32_t row, wr_buf *out)
{
	for (uint32_t i = 0; i < self->spec->norder; i++) {
		size_t from = out->n;

		wr_key_put(out, &self->b->cols[self->spec->order[i].col], row);
		for (size_t k = from; self->spec->order[i].descending && k < out->n; k++)
			out->p[k] = (char)~out->p[k];
	}
}

static void put_identity(op_top *self, uint32_t row, wr_buf *out)
{
	const wr_batch *b = self->b;

	if (self->spec->stream) {
		wr_key_put_i64(out, b->part[row]);
		wr_key_put_i64(out, b->offset[row]);
		wr_key_put_i64(out, (int64_t)self->seq++);
		return;
	}
	wr_key_put_row(out, b->cols, b->schema->nkeys, row);
	if (b->wstart) {
		wr_key_put_i64(out, b->wstart[row]);
		wr_key_put_i64(out, b->wend[row]);
	}
}

/* The key of a row into out; self->sort_bytes of it are its place. */
static wr_str key_of(op_top *self, uint32_t row, wr_buf *out)
{
	wr_buf_reset(out);
	put_order(self, row, out);
	self->sort_bytes = (uint32_t)out->n;
	put_identity(self, row, out);
	return wr_buf_view(out);
}

static wr_str row_of(op_top *self, uint32_t row)
{
	const wr_batch *b = self->b;

	wr_buf_reset(&self->row);
	wr_buf_u64(&self->row, (uint64_t)b->rowtime[row]);
	wr_buf_u64(&self->row, b->wstart ? (uint64_t)b->wstart[row] : 0);
	wr_buf_u64(&self->row, b->wstart ? (uint64_t)b->wend[row] : 0);
	wr_buf_u64(&self->row, self->sort_bytes);
	wr_row_save(&self->shape, b->cols, row, &self->row);
	return wr_buf_view(&self->row);
}

/* ---------------------------------------------------------------- the list */

static entry *new_entry(op_top *self, wr_str key, wr_str row)
{
	entry *e = self->nfree ? self->free[--self->nfree] : wr_calloc(1, sizeof(*e));

	wr_buf_reset(&e->key);
	wr_buf_reset(&e->row);
	wr_buf_str(&e->key, key);
	wr_buf_str(&e->row, row);
	return e;
}

static void give_back(op_top *self, entry *e)
{
	self->free[self->nfree++] = e;
}

static int compare(wr_str a, wr_str b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* The place of the first entry that is not before key; *there: it has that key. */
static uint32_t place_of(const op_top *self, wr_str key, bool *there)
{
	uint32_t lo = 0, hi = self->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (compare(wr_buf_view(&self->list[mid]->key), key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*there = lo < self->n && compare(wr_buf_view(&self->list[lo]->key), key) == 0;
	return lo;
}

/* Fills the list from the store behind its last entry. */
static bool refill(op_top *self)
{
	wr_str key, row, from = { NULL, 0 };
	wr_iter *it;
	bool good = true;

	wr_buf_reset(&self->other);
	if (self->n) {
		wr_buf_str(&self->other, wr_buf_view(&self->list[self->n - 1]->key));
		wr_buf_putc(&self->other, 0);
		from = wr_buf_view(&self->other);
	}
	it = wr_store_scan(self->st, from, (wr_str){ NULL, 0 }, false);
	self->more = false;
	while (good && wr_iter_next(it, &key, &row)) {
		if (self->n == self->room) {
			self->more = true;
			break;
		}
		self->list[self->n++] = new_entry(self, key, row);
		good = row.n >= HEAD;
	}
	wr_iter_close(it);
	return good;
}

static void add_move(entry **list, uint32_t *n, entry **other, uint32_t *m, entry *e)
{
	for (uint32_t i = 0; i < *m; i++)
		if (other[i] == e) { /* it goes back to where it was */
			other[i] = other[--*m];
			return;
		}
	list[(*n)++] = e;
}

static void moves_out(moves *v, entry *e)
{
	add_move(v->out, &v->nout, v->in, &v->nin, e);
}

static void moves_in(moves *v, entry *e)
{
	add_move(v->in, &v->nin, v->out, &v->nout, e);
}

static bool take_out(op_top *self, wr_str key, moves *v)
{
	bool there;
	uint32_t at;
	entry *e;

	wr_store_del(self->st, key);
	at = place_of(self, key, &there);
	if (!there)
		return true;
	if (self->n <= self->end && self->more && !refill(self))
		return false;
	e = self->list[at];
	if (at < self->end) {
		if (at >= self->first)
			moves_out(v, e);
		else if (self->n > self->first)
			moves_out(v, self->list[self->first]);
		if (self->n > self->end)
			moves_in(v, self->list[self->end]);
	}
	memmove(&self->list[at], &self->list[at + 1], (self->n - at - 1) * sizeof(*self->list));
	self->n--;
	v->dead[v->ndead++] = e;
	return true;
}

/* A row of a key that is there: the entry changes in place. */
static void replace(op_top *self, uint32_t at, wr_str key, wr_str row, moves *v)
{
	entry *old = self->list[at], *e = new_entry(self, key, row);

	self->list[at] = e;
	if (at >= self->first && at < self->end) {
		moves_out(v, old);
		moves_in(v, e);
	}
	v->dead[v->ndead++] = old;
}

static void drop_last(op_top *self, moves *v)
{
	entry *e = self->list[--self->n];

	if (self->spec->stream)
		wr_store_del(self->st, wr_buf_view(&e->key));
	else
		self->more = true;
	v->dead[v->ndead++] = e;
}

static bool put_in(op_top *self, wr_str key, wr_str row, moves *v)
{
	bool there;
	uint32_t at;
	entry *e;

	if (self->more && self->n == 0 && !refill(self))
		return false;
	at = place_of(self, key, &there);
	if (self->spec->stream && at >= self->end)
		return true;
	wr_store_put(self->st, key, row);
	if (there) {
		replace(self, at, key, row, v);
		return true;
	}
	if (at == self->n && (self->more || self->n == self->room)) {
		self->more = true;
		return true;
	}
	e = new_entry(self, key, row);
	if (at < self->end) {
		if (self->n >= self->end && self->end > self->first)
			moves_out(v, self->list[self->end - 1]);
		if (at >= self->first)
			moves_in(v, e);
		else if (self->n >= self->first && self->end > self->first)
			moves_in(v, self->list[self->first - 1]);
	}
	memmove(&self->list[at + 1], &self->list[at], (self->n - at) * sizeof(*self->list));
	self->list[at] = e;
	self->n++;
	if (self->n > self->room)
		drop_last(self, v);
	return true;
}

/* ---------------------------------------------------------------- rows out */

/* The entry as a row of the result, with the metadata of row i of the input; it has the later time
 * of both. */
static bool emit(op_top *self, const entry *e, uint8_t change, uint32_t i)
{
	wr_batch *out = &self->out;
	wr_str bytes = wr_arena_str(out->arena, wr_buf_view(&e->row));
	int64_t head[3];
	uint32_t row = out->n;

	memcpy(head, bytes.p, sizeof(head));
	wr_batch_reserve(out, row + 1);
	wr_batch_meta(out, row, self->b, i);
	out->n++;
	out->change[row] = change;
	if (head[0] > out->rowtime[row])
		out->rowtime[row] = head[0];
	if (out->wstart) {
		out->wstart[row] = head[1];
		out->wend[row] = head[2];
	}
	return wr_row_load(&self->shape, out->cols + self->spec->ranked, out->arena,
			   (wr_str){ bytes.p + HEAD, bytes.n - HEAD });
}

/* The key without the order. */
static wr_str identity(const entry *e)
{
	uint64_t sort;

	memcpy(&sort, e->row.p + HEAD - sizeof(sort), sizeof(sort));
	return (wr_str){ e->key.p + sort, (uint32_t)(e->key.n - sort) };
}

static bool same_row(const entry *a, const entry *b)
{
	return compare(identity(a), identity(b)) == 0;
}

/* What went out and came in: an update where both are of one primary key. */
static bool emit_moves(op_top *self, moves *v, uint32_t i)
{
	bool good = true;

	for (uint32_t o = 0; o < v->nout; o++)
		for (uint32_t k = 0; k < v->nin; k++)
			if (same_row(v->out[o], v->in[k])) {
				good &= emit(self, v->out[o], WR_ROW_BEFORE, i) &&
					emit(self, v->in[k], WR_ROW_AFTER, i);
				v->out[o--] = v->out[--v->nout];
				v->in[k] = v->in[--v->nin];
				break;
			}
	for (uint32_t o = 0; o < v->nout; o++)
		good &= emit(self, v->out[o], WR_ROW_OLD, i);
	for (uint32_t k = 0; k < v->nin; k++)
		good &= emit(self, v->in[k], WR_ROW_NEW, i);
	return good;
}

static void push_rank(op_top *self, uint32_t place)
{
	wr_vec *v = &self->out.cols[0];

	wr_vec_resize(v, self->out.arena, v->n + 1);
	wr_vec_BIGINT(v)[v->n - 1] = (int64_t)place + 1;
}

/* A row came in at place `at`: it and those behind it have new places. last: the one that went. */
static bool emit_ranks(op_top *self, uint32_t at, const entry *last, uint32_t i)
{
	uint32_t end = self->n < self->end ? self->n : self->end;
	bool good = true;

	for (uint32_t p = at < self->first ? self->first : at; p < end; p++) {
		const entry *before = p + 1 < self->n ? self->list[p + 1] : last;

		if (before) {
			good &= emit(self, before, WR_ROW_BEFORE, i);
			push_rank(self, p);
		}
		good &= emit(self, self->list[p], before ? WR_ROW_AFTER : WR_ROW_NEW, i);
		push_rank(self, p);
	}
	return good;
}

static bool ranked_row(op_top *self, uint32_t i)
{
	moves v = { 0 };
	wr_str key = key_of(self, i, &self->key);
	bool there, good;
	uint32_t at = place_of(self, key, &there);

	if (!put_in(self, key, row_of(self, i), &v))
		return false;
	good = at >= self->end || emit_ranks(self, at, v.ndead ? v.dead[0] : NULL, i);
	while (v.ndead)
		give_back(self, v.dead[--v.ndead]);
	return good;
}

/* Row `old` goes, row `new` comes; UINT32_MAX: none. */
static bool change_row(op_top *self, uint32_t old, uint32_t new)
{
	moves v = { 0 };
	bool good = true;

	if (new != UINT32_MAX)
		key_of(self, new, &self->key);
	if (old != UINT32_MAX) {
		wr_str gone = key_of(self, old, &self->other);

		if (new == UINT32_MAX || compare(gone, wr_buf_view(&self->key)) != 0) {
			/* refill uses other */
			wr_str copy = wr_arena_str(self->b->arena, gone);

			good = take_out(self, copy, &v);
		}
	}
	if (good && new != UINT32_MAX) {
		key_of(self, new, &self->key);
		good = put_in(self, wr_buf_view(&self->key), row_of(self, new), &v);
	}
	good = good && emit_moves(self, &v, new != UINT32_MAX ? new : old);
	while (v.ndead)
		give_back(self, v.dead[--v.ndead]);
	return good;
}

/* The row at *i, or the pair that begins there. */
static bool one_change(op_top *self, uint32_t *i)
{
	uint32_t row = *i;

	switch ((wr_change)self->b->change[row]) {
	case WR_ROW_INSERT:
	case WR_ROW_NEW:
	case WR_ROW_AFTER:
		return self->spec->ranked ? ranked_row(self, row)
					  : change_row(self, UINT32_MAX, row);
	case WR_ROW_OLD: return change_row(self, row, UINT32_MAX);
	case WR_ROW_BEFORE: ++*i; return change_row(self, row, row + 1);
	case WR_ROW_INSERT_NULL:
	case WR_ROW_GONE:
	case WR_ROW_TRUNCATE: break;
	}
	return true;
}

/* ---------------------------------------------------------------- the operator */

static wr_status push_top(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			  wr_err *err)
{
	op_top *self = (op_top *)op;

	(void)input;
	self->b = b;
	wr_batch_init(&self->out, b->arena, op->spec->out, 16);
	for (uint32_t i = at; i < at + n; i++)
		if (!one_change(self, &i))
			return wr_op_damaged(op, err);
	return wr_out_push(op, &self->out, 0, self->out.n, err);
}

static wr_status open_top(wr_op *op, wr_err *err)
{
	op_top *self = (op_top *)op;
	const wr_spec_top *spec = (const wr_spec_top *)op->spec;

	self->spec = spec;
	self->first = (uint32_t)spec->offset;
	self->end = self->first + (uint32_t)spec->limit;
	self->room = spec->stream ? self->end : self->end + TOP_SPARE;
	self->list = WR_NEW_ARRAY(op->cx->arena, entry *, self->room + 1);
	self->free = WR_NEW_ARRAY(op->cx->arena, entry *, self->room + 8);
	wr_row_shape_range(&self->shape, op->cx->arena, spec->base.in, 0, spec->base.in->n);
	self->st = wr_store_open(op->cx->state, spec->base.id, op->cx->task);
	self->side = wr_store_open(op->cx->state, WR_OP_SIDE_STORE(spec->base.id), op->cx->task);
	if (wr_store_get(self->side, seq_name, &self->other)) {
		if (self->other.n != sizeof(self->seq))
			return wr_op_damaged(op, err);
		memcpy(&self->seq, self->other.p, sizeof(self->seq));
	}
	return refill(self) ? WR_OK : wr_op_damaged(op, err);
}

static wr_status snapshot_top(wr_op *op, wr_err *err)
{
	op_top *self = (op_top *)op;

	(void)err;
	if (self->spec->stream)
		wr_store_put(self->side, seq_name,
			     (wr_str){ (const char *)&self->seq, sizeof(self->seq) });
	return WR_OK;
}

static void free_entries(entry **list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		wr_buf_free(&list[i]->key);
		wr_buf_free(&list[i]->row);
		free(list[i]);
	}
}

static void close_top(wr_op *op)
{
	op_top *self = (op_top *)op;

	free_entries(self->list, self->n);
	free_entries(self->free, self->nfree);
	wr_buf_free(&self->key);
	wr_buf_free(&self->row);
	wr_buf_free(&self->other);
}

static void explain_top(const wr_op_spec *spec, wr_buf *out)
{
	const wr_spec_top *s = (const wr_spec_top *)spec;

	wr_buf_puts(out, "TOP BY ");
	for (uint32_t i = 0; i < s->norder; i++) {
		wr_buf_puts(out, i ? ", " : "");
		wr_buf_str(out, spec->in->cols[s->order[i].col].name);
		wr_buf_puts(out, s->order[i].descending ? " DESC" : "");
	}
	wr_buf_printf(out, " LIMIT %llu", (unsigned long long)s->limit);
	if (s->offset)
		wr_buf_printf(out, " OFFSET %llu", (unsigned long long)s->offset);
	if (s->ranked)
		wr_buf_puts(out, " by rank");
}

const wr_op_def wr_op_top_def = {
	.name = "top",
	.size = sizeof(op_top),
	.ninputs = 1,
	.open = open_top,
	.push = push_top,
	.snapshot = snapshot_top,
	.close = close_top,
	.explain = explain_top,
};

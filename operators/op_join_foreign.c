/*
 * Foreign-key join of two tables: each left row refers to at most one right row, a right row may be
 * referred to by many.
 *
 *	right NEW (c1, 'Ann')
 *	left  NEW (o1, c1)       →  NEW    (o1, 'Ann')
 *	left  NEW (o2, c1)       →  NEW    (o2, 'Ann')
 *	right c1 is now 'Eve'    →  BEFORE (o1, 'Ann')  AFTER (o1, 'Eve')      and the same for o2
 *	left  o1 refers to c9    →  OLD    (o1, 'Eve')                         LEFT: BEFORE, AFTER (o1, NULL)
 *
 * A result's row time is the later one of its two rows, or of the change and the row that stays.
 * Left rows that a right one touches come in the order of their keys.
 *
 * In conformance runs a left row that referred to something, had no result and changes or goes still
 * gives a GONE, as in Kafka Streams, where the left side does not know what the right side answered.
 *
 * Kept, by one cache: 0 ‖ left key -> row and encoded foreign key; 1 ‖ right key -> row. The side
 * store holds the references, right key ‖ left key, so that a right row finds its left ones by a
 * walk.
 */
#include "operators/join_out.h"
#include "operators/op_list.h"
#include "state/keyenc.h"

typedef struct kept {
	wr_row_bytes row;
	wr_row_bytes ref; /* left rows: the foreign key's encoding; n == 0: null */
	int64_t time;
} kept;

typedef struct op_join_foreign {
	wr_op op;
	wr_join_shape shape;
	wr_prog *prog; /* the foreign key */
	wr_cache *rows;
	wr_store *refs;
	bool tight;
	wr_join_out out;
	wr_buf key, other, row, ref, tmp;
} op_join_foreign;

static const wr_spec_join_foreign *spec_of(const op_join_foreign *self)
{
	return (const wr_spec_join_foreign *)self->op.spec;
}

/* ---------------------------------------------------------------- the payload */

static void put_bytes(wr_buf *out, const wr_row_bytes *b)
{
	wr_buf_u32(out, b->n);
	wr_buf_put(out, b->p, b->n);
}

static bool get_bytes(wr_row_bytes *b, const char **at, const char *end)
{
	uint32_t n;

	if (end - *at < 4)
		return false;
	memcpy(&n, *at, 4);
	*at += 4;
	if ((size_t)(end - *at) < n)
		return false;
	wr_row_bytes_set(b, *at, n);
	*at += n;
	return true;
}

static void kept_save(void *self, const void *payload, wr_buf *out)
{
	const kept *p = payload;

	(void)self;
	wr_buf_u64(out, (uint64_t)p->time);
	put_bytes(out, &p->row);
	put_bytes(out, &p->ref);
}

static bool kept_load(void *self, void *payload, wr_str bytes)
{
	const char *at = bytes.p + 8, *end = bytes.p + bytes.n;
	kept *p = payload;

	(void)self;
	if (bytes.n < 8)
		return false;
	memcpy(&p->time, bytes.p, 8);
	return get_bytes(&p->row, &at, end) && get_bytes(&p->ref, &at, end) && at == end;
}

static void kept_drop(void *self, void *payload)
{
	kept *p = payload;

	(void)self;
	wr_row_bytes_free(&p->row);
	wr_row_bytes_free(&p->ref);
}

static size_t kept_bytes(void *self, const void *payload)
{
	const kept *p = payload;

	(void)self;
	return (size_t)p->row.room + p->ref.room;
}

static const wr_cache_def kept_payload = {
	.size = sizeof(kept),
	.save = kept_save,
	.load = kept_load,
	.drop = kept_drop,
	.bytes = kept_bytes,
};

/* ---------------------------------------------------------------- keys */

static wr_str side_key(wr_buf *buf, char side, const char *p, size_t n)
{
	wr_buf_reset(buf);
	wr_buf_putc(buf, side);
	wr_buf_put(buf, p, n);
	return wr_buf_view(buf);
}

/* self->key: the key of row i on its side. */
static wr_str row_key(op_join_foreign *self, char side, const wr_batch *b, uint32_t i)
{
	wr_buf_reset(&self->key);
	wr_buf_putc(&self->key, side);
	wr_key_put_row(&self->key, b->cols, b->schema->nkeys, i);
	return wr_buf_view(&self->key);
}

static kept *find(op_join_foreign *self, wr_str key)
{
	return wr_cache_find(self->rows, key, wr_cache_hash(key));
}

/* The right row that a left one refers to; NULL: none. */
static kept *referred(op_join_foreign *self, wr_str ref)
{
	return ref.n ? find(self, side_key(&self->other, 1, ref.p, ref.n)) : NULL;
}

static wr_str ref_key(op_join_foreign *self, wr_str ref, wr_str left)
{
	wr_buf_reset(&self->tmp);
	wr_buf_str(&self->tmp, ref);
	wr_buf_put(&self->tmp, left.p + 1, left.n - 1);
	return wr_buf_view(&self->tmp);
}

/* ---------------------------------------------------------------- results */

static int64_t later(int64_t x, int64_t y)
{
	return x > y ? x : y;
}

static bool exists(const op_join_foreign *self, const void *left, const void *right)
{
	return left && (right || spec_of(self)->kind == WR_JOINS_LEFT);
}

static bool put(op_join_foreign *self, wr_join_line line, wr_str key, const wr_str *left,
		const wr_str *right)
{
	if (self->out.keys)
		return wr_join_out_key_row(&self->out, line, (wr_str){ key.p + 1, key.n - 1 }, left,
					   right);
	return wr_join_out_row(&self->out, line, left, right);
}

/* The two images of one result; NULL sides are missing. key: the left row's. */
typedef struct images {
	const wr_str *left[2], *right[2]; /* old, new */
	bool asked;			  /* the old left row referred to something, there or not */
} images;

static bool give(op_join_foreign *self, wr_join_line line, wr_str key, const images *im)
{
	bool was = exists(self, im->left[0], im->right[0]),
	     is = exists(self, im->left[1], im->right[1]);

	if (was) {
		line.change = is ? WR_ROW_BEFORE : WR_ROW_OLD;
		if (!put(self, line, key, im->left[0], im->right[0]))
			return false;
	}
	if (!is && !was && im->asked && self->op.cx->local_time) {
		line.change = WR_ROW_GONE;
		return put(self, line, key, NULL, NULL);
	}
	if (!is)
		return true;
	line.change = was ? WR_ROW_AFTER : WR_ROW_NEW;
	return put(self, line, key, im->left[1], im->right[1]);
}

/* ---------------------------------------------------------------- left rows */

static void point(op_join_foreign *self, wr_str key, wr_str from, wr_str to)
{
	if (wr_str_eq(from, to))
		return;
	if (from.n)
		wr_store_del(self->refs, ref_key(self, from, key));
	if (to.n)
		wr_store_put(self->refs, ref_key(self, to, key), (wr_str){ "", 0 });
}

/* self->ref: the foreign key of row i; empty when a part of it is null. fk: those of the rows from
 * at on. */
static void find_ref(op_join_foreign *self, const wr_vec *fk, uint32_t i)
{
	wr_buf_reset(&self->ref);
	for (uint32_t k = 0; k < spec_of(self)->nforeign; k++)
		if (wr_vec_is_null(&fk[k], i))
			return;
	for (uint32_t k = 0; k < spec_of(self)->nforeign; k++)
		wr_key_put(&self->ref, &fk[k], i);
}

/* Row i of b; fk: the foreign keys of the rows from at on. */
static bool left_row(op_join_foreign *self, const wr_batch *b, uint32_t i, const wr_vec *fk,
		     uint32_t at)
{
	bool removes = wr_change_removes(b->change[i]), created;
	wr_str key = row_key(self, 0, b, i), old, row, old_right, new_right, ref;
	wr_join_line line = { .from = i, .rowtime = b->rowtime[i] };
	kept *p = find(self, key), *right;
	images im = { 0 };

	if (!p && removes)
		return true;
	if (p) {
		im.asked = p->ref.n > 0;
		old = wr_arena_str(b->arena, wr_row_bytes_view(&p->row));
		im.left[0] = &old;
		right = referred(self, wr_row_bytes_view(&p->ref));
		if (right) {
			old_right = wr_row_bytes_view(&right->row);
			im.right[0] = &old_right;
			line.rowtime = removes ? later(line.rowtime, right->time) : line.rowtime;
		}
	}
	wr_buf_reset(&self->ref);
	if (!removes)
		find_ref(self, fk, i - at);
	ref = wr_buf_view(&self->ref);
	point(self, key, p ? wr_row_bytes_view(&p->ref) : (wr_str){ NULL, 0 }, ref);
	if (removes) {
		wr_cache_remove(self->rows, key, wr_cache_hash(key));
		return give(self, line, key, &im);
	}
	wr_buf_reset(&self->row);
	wr_row_save(&self->shape.side[0], b->cols, i, &self->row);
	row = wr_buf_view(&self->row);
	im.left[1] = &row;
	right = referred(self, ref);
	if (right) {
		new_right = wr_row_bytes_view(&right->row);
		im.right[1] = &new_right;
		line.rowtime = later(line.rowtime, right->time);
	}
	p = wr_cache_make(self->rows, key, wr_cache_hash(key), &created);
	wr_row_bytes_set(&p->row, row.p, row.n);
	wr_row_bytes_set(&p->ref, ref.p, ref.n);
	p->time = b->rowtime[i];
	wr_cache_touch(self->rows, p);
	return give(self, line, key, &im);
}

/* Sends on what is there when it is a full batch. */
static wr_status spill(op_join_foreign *self, wr_err *err)
{
	wr_join_out o = self->out;

	if (o.n < 2 * WR_BATCH_ROWS)
		return WR_OK;
	if (wr_join_out_end(&self->op, &self->out, err) != WR_OK)
		return WR_FAIL;
	wr_join_out_begin(&self->out, &self->shape, o.arena, o.src, 2 * WR_BATCH_ROWS);
	if (o.keys)
		wr_join_out_give_keys(&self->out);
	return WR_OK;
}

/* ---------------------------------------------------------------- right rows */

/* The end of all keys that begin with prefix. */
static wr_str behind(wr_buf *out, wr_str prefix)
{
	wr_buf_reset(out);
	wr_buf_str(out, prefix);
	while (out->n && (uint8_t)out->p[out->n - 1] == 0xff)
		out->n--;
	out->p[out->n - 1]++;
	return wr_buf_view(out);
}

/* The results of all left rows that refer to the right row whose old and new image are given. */
static wr_status touch_left(op_join_foreign *self, wr_str ref, const images *right,
			    wr_join_line line, wr_err *err)
{
	int64_t time = line.rowtime;
	wr_str name, value;
	wr_status status = WR_OK;
	wr_iter *it = wr_store_scan(self->refs, ref, behind(&self->tmp, ref), false);

	while (status == WR_OK && wr_iter_next(it, &name, &value)) {
		wr_str key = side_key(&self->other, 0, name.p + ref.n, name.n - ref.n), left;
		kept *p = find(self, key);
		images im = { { &left, &left }, { right->right[0], right->right[1] }, false };

		if (!p)
			continue;
		left = wr_row_bytes_view(&p->row);
		line.rowtime = later(time, p->time);
		status =
		    give(self, line, key, &im) ? spill(self, err) : wr_op_damaged(&self->op, err);
	}
	wr_iter_close(it);
	return status;
}

static wr_status right_row(op_join_foreign *self, const wr_batch *b, uint32_t i, wr_err *err)
{
	bool removes = wr_change_removes(b->change[i]), created;
	wr_str key = row_key(self, 1, b, i), ref, old, now;
	wr_join_line line = { .from = i, .rowtime = b->rowtime[i] };
	kept *p = find(self, key);
	images im = { 0 };

	if (!p && removes)
		return WR_OK;
	if (p) {
		old = wr_row_bytes_view(&p->row);
		im.right[0] = &old;
	}
	if (!removes) {
		wr_buf_reset(&self->row);
		wr_row_save(&self->shape.side[1], b->cols, i, &self->row);
		now = wr_buf_view(&self->row);
		im.right[1] = &now;
	}
	ref = (wr_str){ key.p + 1, key.n - 1 };
	if (touch_left(self, ref, &im, line, err) != WR_OK)
		return WR_FAIL;
	if (removes) {
		wr_cache_remove(self->rows, key, wr_cache_hash(key));
		return WR_OK;
	}
	p = wr_cache_make(self->rows, key, wr_cache_hash(key), &created);
	wr_row_bytes_set(&p->row, now.p, now.n);
	p->time = b->rowtime[i];
	wr_cache_touch(self->rows, p);
	return WR_OK;
}

/* ---------------------------------------------------------------- the operator */

static wr_status push_join(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			   wr_err *err)
{
	op_join_foreign *self = (op_join_foreign *)op;
	wr_prog_stats ps = { 0 };
	wr_vec *fk = wr_arena_alloc(b->arena, (spec_of(self)->nforeign + 1) * sizeof(*fk));

	wr_op_trim(self->rows, op->cx->memory, &self->tight);
	if (input == 0)
		wr_prog_eval(self->prog, b, at, n, fk, &ps);
	wr_op_failures(op, &ps);
	wr_join_out_begin(&self->out, &self->shape, b->arena, b, 2 * n);
	if (input == 1)
		wr_join_out_give_keys(&self->out);
	for (uint32_t i = at; i < at + n; i++) {
		if (b->change[i] == WR_ROW_BEFORE)
			continue;
		if (input == 1 && right_row(self, b, i, err) != WR_OK)
			return WR_FAIL;
		if (input == 0 && !left_row(self, b, i, fk, at))
			return wr_op_damaged(op, err);
	}
	return wr_join_out_end(op, &self->out, err);
}

static wr_status open_join(wr_op *op, wr_err *err)
{
	op_join_foreign *self = (op_join_foreign *)op;
	const wr_spec_join_foreign *spec = spec_of(self);

	(void)err;
	wr_join_shape_init(&self->shape, op->cx->arena, op->spec->in, spec->right, op->spec->out,
			   spec->from);
	self->prog = wr_prog_new(op->cx->arena, spec->foreign, spec->nforeign);
	self->rows = wr_cache_new(wr_store_open(op->cx->state, op->spec->id, op->cx->task),
				  &kept_payload, self);
	self->refs = wr_store_open(op->cx->state, WR_OP_SIDE_STORE(op->spec->id), op->cx->task);
	return WR_OK;
}

static wr_status snapshot_join(wr_op *op, wr_err *err)
{
	op_join_foreign *self = (op_join_foreign *)op;

	(void)err;
	wr_cache_flush(self->rows);
	self->tight = false;
	return WR_OK;
}

static void close_join(wr_op *op)
{
	op_join_foreign *self = (op_join_foreign *)op;

	if (self->rows)
		wr_cache_close(self->rows);
	wr_buf_free(&self->key);
	wr_buf_free(&self->other);
	wr_buf_free(&self->row);
	wr_buf_free(&self->ref);
	wr_buf_free(&self->tmp);
}

static void explain_join(const wr_op_spec *spec, wr_buf *out)
{
	const wr_spec_join_foreign *s = (const wr_spec_join_foreign *)spec;

	wr_buf_printf(out, "%s JOIN TABLES ON the foreign key ",
		      s->kind == WR_JOINS_LEFT ? "LEFT" : "INNER");
	for (uint32_t i = 0; i < s->nforeign; i++) {
		wr_buf_puts(out, i ? ", " : "");
		wr_expr_print(s->foreign[i], spec->in, out);
	}
}

const wr_op_def wr_op_join_foreign_def = {
	.name = "join_foreign",
	.size = sizeof(op_join_foreign),
	.ninputs = 2,
	.open = open_join,
	.push = push_join,
	.snapshot = snapshot_join,
	.close = close_join,
	.explain = explain_join,
};

/*
 * Stream-stream join within a span of time. Both inputs have the join key as their key columns.
 * Rows of a key match when
 *
 *	l - before <= r <= l + after
 *
 * and a pair leaves when its later half comes, with the later time. A row of an outer side that has
 * met nobody leaves alone:
 *
 *	no GRACE    at once; should a partner come, the pair leaves as well
 *	GRACE       when the time is past its reach (after for left rows, before for right ones) + grace; at once when it comes so late that
 *	            its reach is past already
 *
 * Windowed inputs: a window's start (and a session's end) is part of the key, behind its columns.
 * The ends of windows of a fixed size are not, for the sides may have sizes of their own; the
 * result has the left one's.
 *
 * Kept per side and key: one payload with the rows by time. A row is kept until its time + keep,
 * keep = before + after + grace (24 h without GRACE). The side store has two kinds of keys, so that
 * nobody is looked at before its time:
 *
 *	WAITING  time side key number     an outer row that may have to leave alone; right rows before left ones, as Kafka Streams has it
 *	EXPIRY   time side key            the first of a list's rows goes when time + keep has passed
 *
 * An entry of WAITING stays when its row meets a partner; the row itself knows. Time is that of the
 * row's partition, and what waits leaves by watermark; in conformance runs it is the operator's own
 * and what waits leaves in push, before the row that moved it, and each side's rows are past by its
 * own highest time, a millisecond earlier (nothing is deleted then: such runs are short).
 */
#include "operators/join_list.h"
#include "operators/join_out.h"
#include "operators/op_list.h"
#include "state/keyenc.h"

enum { WAITING = 1, EXPIRY = 2, META = 0 };

static const int64_t day = 86400000;

typedef struct op_join_streams {
	wr_op op;
	wr_join_shape shape;
	wr_cache *rows;
	wr_store *side;
	bool tight;
	int64_t keep;
	bool wait; /* GRACE was given */
	struct {
		int64_t time;	 /* highest row time, or the watermark */
		int64_t seen[2]; /* per side */
		uint64_t number;
	} meta;
	int64_t next_waiting, next_expiry; /* nothing to do while time is not past these */
	wr_join_out out;
	wr_buf key, row, tmp;
} op_join_streams;

static const wr_spec_join_streams *spec_of(const op_join_streams *self)
{
	return (const wr_spec_join_streams *)self->op.spec;
}

static bool outer(const op_join_streams *self, int side)
{
	wr_join_kind kind = spec_of(self)->kind;

	return kind == WR_JOINS_FULL || kind == (side ? WR_JOINS_RIGHT : WR_JOINS_LEFT);
}

/* How far ahead of its own time a row of the side may still meet partners. */
static int64_t reach(const op_join_streams *self, int side)
{
	return side ? spec_of(self)->before : spec_of(self)->after;
}

static int64_t reach_back(const op_join_streams *self, int side)
{
	return side ? spec_of(self)->after : spec_of(self)->before;
}

/* ---------------------------------------------------------------- keys */

static bool windowed(const op_join_streams *self)
{
	return spec_of(self)->window.kind != WR_WINDOW_NONE;
}

static bool sessions(const op_join_streams *self)
{
	return spec_of(self)->window.kind == WR_WINDOW_SESSION;
}

/* self->key: side ‖ key columns of row i [‖ window start [‖ session end]]. */
static wr_str list_key(op_join_streams *self, int side, const wr_batch *b, uint32_t i)
{
	wr_buf_reset(&self->key);
	wr_buf_putc(&self->key, (char)side);
	wr_key_put_row(&self->key, b->cols, b->schema->nkeys, i);
	if (windowed(self))
		wr_key_put_i64(&self->key, b->wstart[i]);
	if (sessions(self))
		wr_key_put_i64(&self->key, b->wend[i]);
	return wr_buf_view(&self->key);
}

/* Takes the window off the end of a list's key, into the line. */
static bool take_window(const op_join_streams *self, wr_str *key, wr_join_line *line)
{
	uint32_t n = !windowed(self) ? 0 : sessions(self) ? 16 : 8;
	const char *p = key->p + key->n - n, *end = key->p + key->n;

	if (n == 0)
		return true;
	if (key->n < n || !wr_key_get_i64(&line->wstart, &p, end))
		return false;
	key->n -= n;
	line->wend = line->wstart + spec_of(self)->window.size;
	return !sessions(self) || wr_key_get_i64(&line->wend, &p, end);
}

/* kind ‖ time ‖ list (whose first byte, the side, is turned round: right rows first) [‖ number] */
static wr_str timer_key(op_join_streams *self, char kind, int64_t t, wr_str list,
			const uint64_t *number)
{
	wr_buf_reset(&self->tmp);
	wr_buf_putc(&self->tmp, kind);
	wr_key_put_i64(&self->tmp, t);
	wr_buf_putc(&self->tmp, !list.p[0]);
	wr_buf_put(&self->tmp, list.p + 1, list.n - 1);
	if (number)
		wr_key_put_i64(&self->tmp, (int64_t)*number);
	return wr_buf_view(&self->tmp);
}

/*
 * The timers of a kind from time `from` on: callers know the first one there is, so that those
 * taken away are not walked over.
 */
static wr_iter *scan(op_join_streams *self, char kind, int64_t from)
{
	const char end = (char)(kind + 1);

	wr_buf_reset(&self->tmp);
	wr_buf_putc(&self->tmp, kind);
	wr_key_put_i64(&self->tmp, from);
	return wr_store_scan(self->side, wr_buf_view(&self->tmp), (wr_str){ &end, 1 }, false);
}

static bool timer_time(wr_str key, int64_t *t)
{
	const char *p = key.p + 1;

	return wr_key_get_i64(t, &p, key.p + key.n);
}

static int64_t first_timer(op_join_streams *self, char kind)
{
	wr_iter *it = scan(self, kind, INT64_MIN);
	int64_t t = INT64_MAX;
	wr_str key, value;

	if (wr_iter_next(it, &key, &value) && !timer_time(key, &t))
		t = INT64_MIN;
	wr_iter_close(it);
	return t;
}

/* ---------------------------------------------------------------- what waits */

/*
 * The row of a WAITING key leaves alone unless it met a partner. list: scratch for its list's key.
 */
static bool leave(op_join_streams *self, wr_join_out *o, wr_str timer, wr_buf *list)
{
	const char *p = timer.p + timer.n - 8;
	const join_list *rows;
	const join_row *r;
	wr_join_line line;
	int64_t t, number;
	int side;
	wr_str row, key;

	if (timer.n < 18 || !timer_time(timer, &t) || !wr_key_get_i64(&number, &p, p + 8))
		return false;
	side = !timer.p[9];
	wr_buf_reset(list);
	wr_buf_putc(list, (char)side);
	wr_buf_put(list, timer.p + 10, timer.n - 18);
	key = wr_buf_view(list);
	rows = wr_cache_find(self->rows, key, wr_cache_hash(key));
	r = rows ? join_list_find(rows, t, (uint64_t)number) : NULL;
	if (!r || r->matched)
		return true;
	row = wr_row_bytes_view(&r->row);
	line = (wr_join_line){
		.part = r->part, .offset = r->offset, .change = WR_ROW_INSERT, .rowtime = r->time
	};
	key = (wr_str){ key.p + 1, key.n - 1 };
	return take_window(self, &key, &line) &&
	       wr_join_out_key_row(o, line, key, side ? NULL : &row, side ? &row : NULL);
}

/* A row of the side at t that met nobody has waited long enough. */
static bool waited(const op_join_streams *self, int side, int64_t t, int64_t now)
{
	return now == INT64_MAX || t + reach(self, side) + spec_of(self)->grace < now;
}

/* Rows that waited long enough by time `now` leave alone. */
static wr_status leave_all(op_join_streams *self, int64_t now, wr_arena *a, wr_err *err)
{
	wr_str key, value, *gone = NULL;
	uint32_t n = 0, room = 0;
	wr_buf list = { 0 };
	wr_join_out o;
	bool good = true;
	wr_iter *it;

	if (!waited(self, reach(self, 0) < reach(self, 1) ? 0 : 1, self->next_waiting, now))
		return WR_OK;
	wr_join_out_begin(&o, &self->shape, a, NULL, 16);
	it = scan(self, WAITING, self->next_waiting);
	self->next_waiting = INT64_MAX;
	while (good && wr_iter_next(it, &key, &value)) {
		int64_t t = INT64_MIN;

		good = timer_time(key, &t);
		if (!waited(self, !key.p[9], t, now)) {
			self->next_waiting = t < self->next_waiting ? t : self->next_waiting;
			if (!waited(self, key.p[9], t, now))
				break;
			continue;
		}
		if (n == room) {
			wr_str *more =
			    wr_arena_alloc(a, (room = room ? 2 * room : 16) * sizeof(*more));

			memcpy(more, n ? gone : more, n * sizeof(*more));
			gone = more;
		}
		gone[n++] = wr_arena_str(a, key);
	}
	wr_iter_close(it);
	for (uint32_t i = 0; i < n; i++) {
		good = good && leave(self, &o, gone[i], &list);
		wr_store_del(self->side, gone[i]);
	}
	wr_buf_free(&list);
	return good ? wr_join_out_end(&self->op, &o, err) : wr_op_damaged(&self->op, err);
}

/* ---------------------------------------------------------------- what is kept */

static void arm_expiry(op_join_streams *self, join_list *list, wr_str key, int64_t t)
{
	if (list->timer <= t)
		return;
	list->timer = t;
	wr_store_put(self->side, timer_key(self, EXPIRY, t, key, NULL), (wr_str){ "", 0 });
	if (t < self->next_expiry)
		self->next_expiry = t;
}

/* Forgets the rows of a list that are not kept any more. */
static void forget(op_join_streams *self, wr_str key, int64_t now)
{
	join_list *list = wr_cache_find(self->rows, key, wr_cache_hash(key));

	if (!list)
		return;
	join_list_cut(list, now - self->keep);
	list->timer = INT64_MAX;
	wr_cache_touch(self->rows, list);
	if (list->n)
		arm_expiry(self, list, key, list->rows[0].time);
	else
		wr_cache_remove(self->rows, key, wr_cache_hash(key));
}

static void expire(op_join_streams *self, int64_t now)
{
	wr_str key, value, *fired = NULL;
	uint32_t n = 0, room = 0;
	wr_arena *a;
	wr_iter *it;

	if (now == INT64_MAX || self->next_expiry >= now - self->keep)
		return;
	a = wr_arena_new();
	it = scan(self, EXPIRY, self->next_expiry);
	self->next_expiry = INT64_MAX;
	while (wr_iter_next(it, &key, &value)) {
		int64_t t = INT64_MIN;

		if (timer_time(key, &t) && t + self->keep >= now) {
			self->next_expiry = t;
			break;
		}
		if (n == room) {
			wr_str *more =
			    wr_arena_alloc(a, (room = room ? 2 * room : 64) * sizeof(*more));

			memcpy(more, n ? fired : more, n * sizeof(*more));
			fired = more;
		}
		fired[n++] = wr_arena_str(a, key);
	}
	wr_iter_close(it);
	for (uint32_t i = 0; i < n; i++) {
		char *p = (char *)(uintptr_t)fired[i].p;

		wr_store_del(self->side, fired[i]);
		p[9] = !p[9];
		forget(self, (wr_str){ p + 9, fired[i].n - 9 }, now);
	}
	wr_arena_free(a);
}

/* ---------------------------------------------------------------- rows */

static int64_t later(int64_t x, int64_t y)
{
	return x > y ? x : y;
}

static bool pair(op_join_streams *self, int side, wr_join_line line, const wr_str *mine,
		 const wr_str *other)
{
	return wr_join_out_row(&self->out, line, side ? other : mine, side ? mine : other);
}

/* A result that row i of b causes. */
static wr_join_line line_of(const op_join_streams *self, const wr_batch *b, uint32_t i, int64_t t)
{
	wr_join_line line = { .from = i, .change = WR_ROW_INSERT, .rowtime = t };

	if (windowed(self)) {
		line.wstart = b->wstart[i];
		line.wend = sessions(self) ? b->wend[i] : line.wstart + spec_of(self)->window.size;
	}
	return line;
}

/*
 * All partners of row i, whose bytes are in self->row; how many there were in *n. live: partners
 * older than that are past.
 */
static bool meet(op_join_streams *self, int side, const wr_batch *b, uint32_t i, int64_t live,
		 uint32_t *n)
{
	wr_str key = list_key(self, !side, b, i), mine = wr_buf_view(&self->row);
	int64_t from = b->rowtime[i] - reach_back(self, side),
		to = b->rowtime[i] + reach(self, side);
	join_list *list = wr_cache_find(self->rows, key, wr_cache_hash(key));

	*n = 0;
	for (uint32_t k = 0; list && k < list->n && list->rows[k].time <= to; k++) {
		join_row *r = &list->rows[k];
		wr_str other = wr_row_bytes_view(&r->row);

		if (r->time < from || r->time < live)
			continue;
		if (!r->matched)
			wr_cache_touch(self->rows, list);
		r->matched = true;
		++*n;
		if (!pair(self, side, line_of(self, b, i, later(b->rowtime[i], r->time)), &mine,
			  &other))
			return false;
	}
	return true;
}

static bool alone(op_join_streams *self, int side, const wr_batch *b, uint32_t i)
{
	wr_str mine = wr_buf_view(&self->row);

	return pair(self, side, line_of(self, b, i, b->rowtime[i]), &mine, NULL);
}

/* Row i is kept for partners to come. */
static void keep_row(op_join_streams *self, int side, const wr_batch *b, uint32_t i, bool matched,
		     bool waits)
{
	wr_str key = list_key(self, side, b, i);
	bool created;
	join_list *list = wr_cache_make(self->rows, key, wr_cache_hash(key), &created);
	join_row *r = join_list_insert(list,
				       (join_row){ .time = b->rowtime[i],
						   .offset = b->offset[i],
						   .number = ++self->meta.number,
						   .part = b->part[i],
						   .matched = matched },
				       wr_buf_view(&self->row));

	wr_cache_touch(self->rows, list);
	arm_expiry(self, list, key, r->time);
	if (!waits)
		return;
	wr_store_put(self->side, timer_key(self, WAITING, r->time, key, &r->number),
		     (wr_str){ "", 0 });
	if (r->time < self->next_waiting)
		self->next_waiting = r->time;
}

static bool null_key(const wr_batch *b, uint32_t i)
{
	for (uint32_t k = 0; k < b->schema->nkeys; k++)
		if (wr_vec_is_null(&b->cols[k], i))
			return true;
	return false;
}

static bool one_row(op_join_streams *self, int side, const wr_batch *b, uint32_t i)
{
	bool local = self->op.cx->local_time, waits, past;
	int64_t t = b->rowtime[i], now = local ? self->meta.time : b->ptime[i];
	int64_t mine = local ? self->meta.seen[side] : now;
	int64_t theirs = local ? self->meta.seen[!side] : now;
	uint32_t met = 0;

	wr_buf_reset(&self->row);
	wr_row_save(&self->shape.side[side], b->cols, i, &self->row);
	if (null_key(b, i)) {
		if (outer(self, side))
			return alone(self, side, b, i);
		self->op.stats.null_key++;
		return true;
	}
	if (!meet(self, side, b, i, theirs == WR_TIME_NONE ? theirs : theirs - self->keep + local,
		  &met))
		return false;
	past = t + reach(self, side) + (local ? 0 : spec_of(self)->grace) < now;
	waits = met == 0 && outer(self, side) && self->wait && !past;
	if (t >= mine - self->keep + local)
		keep_row(self, side, b, i, met > 0, waits);
	else
		self->op.stats.late++;
	if (met == 0 && outer(self, side) && !waits)
		return alone(self, side, b, i);
	self->op.stats.unmatched += met == 0 && !outer(self, side);
	return true;
}

/* Conformance runs: the row moves time first, and what has waited long enough leaves before it. */
static wr_status move_time(op_join_streams *self, int side, const wr_batch *b, uint32_t i,
			   wr_err *err)
{
	int64_t t = b->rowtime[i];

	self->meta.seen[side] = later(self->meta.seen[side], t);
	if (t < self->meta.time)
		return WR_OK;
	self->meta.time = t;
	if (self->next_waiting != INT64_MAX) {
		if (wr_join_out_end(&self->op, &self->out, err) != WR_OK ||
		    leave_all(self, t, b->arena, err) != WR_OK)
			return WR_FAIL;
		wr_join_out_begin(&self->out, &self->shape, b->arena, b, 16);
	}
	return WR_OK;
}

static wr_status push_join(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			   wr_err *err)
{
	op_join_streams *self = (op_join_streams *)op;

	wr_op_trim(self->rows, op->cx->memory, &self->tight);
	wr_join_out_begin(&self->out, &self->shape, b->arena, b, n);
	for (uint32_t i = at; i < at + n; i++) {
		if (b->change[i] == WR_ROW_INSERT_NULL) {
			op->stats.null_value++;
			continue;
		}
		if (!wr_op_good_time(b->rowtime[i])) {
			op->stats.late++;
			continue;
		}
		if (op->cx->local_time && move_time(self, input, b, i, err) != WR_OK)
			return WR_FAIL;
		if (!one_row(self, input, b, i))
			return wr_op_damaged(op, err);
		if (self->out.n >= WR_BATCH_ROWS) {
			if (wr_join_out_end(op, &self->out, err) != WR_OK)
				return WR_FAIL;
			wr_join_out_begin(&self->out, &self->shape, b->arena, b, n);
		}
	}
	return wr_join_out_end(op, &self->out, err);
}

/* ---------------------------------------------------------------- time, barriers, life */

static wr_status watermark_join(wr_op *op, int64_t t, wr_err *err)
{
	op_join_streams *self = (op_join_streams *)op;
	wr_status status = WR_OK;
	wr_arena *a;

	if (op->cx->local_time || t == WR_TIME_NONE || t <= self->meta.time)
		return WR_OK;
	if (t != INT64_MAX)
		self->meta.time = t;
	if (self->next_waiting != INT64_MAX) {
		a = wr_arena_new();
		status = leave_all(self, t, a, err);
		wr_arena_free(a);
	}
	expire(self, t);
	return status;
}

static const char meta_name = META;

static wr_status open_join(wr_op *op, wr_err *err)
{
	op_join_streams *self = (op_join_streams *)op;
	const wr_spec_join_streams *spec = spec_of(self);

	wr_join_shape_init(&self->shape, op->cx->arena, op->spec->in, spec->right, op->spec->out,
			   spec->from);
	self->shape.windowed = windowed(self);
	self->rows = wr_cache_new(wr_store_open(op->cx->state, op->spec->id, op->cx->task),
				  &join_list_payload, self);
	self->side = wr_store_open(op->cx->state, WR_OP_SIDE_STORE(op->spec->id), op->cx->task);
	self->wait = spec->grace >= 0;
	self->keep = spec->before + spec->after + (self->wait ? spec->grace : day);
	self->meta.time = self->meta.seen[0] = self->meta.seen[1] = WR_TIME_NONE;
	if (wr_store_get(self->side, (wr_str){ &meta_name, 1 }, &self->tmp)) {
		if (self->tmp.n != sizeof(self->meta))
			return wr_op_damaged(op, err);
		memcpy(&self->meta, self->tmp.p, sizeof(self->meta));
	}
	self->next_waiting = first_timer(self, WAITING);
	self->next_expiry = first_timer(self, EXPIRY);
	return WR_OK;
}

static wr_status snapshot_join(wr_op *op, wr_err *err)
{
	op_join_streams *self = (op_join_streams *)op;

	(void)err;
	wr_cache_flush(self->rows);
	self->tight = false;
	wr_store_put(self->side, (wr_str){ &meta_name, 1 },
		     (wr_str){ (const char *)&self->meta, sizeof(self->meta) });
	return WR_OK;
}

static void close_join(wr_op *op)
{
	op_join_streams *self = (op_join_streams *)op;

	if (self->rows)
		wr_cache_close(self->rows);
	wr_buf_free(&self->key);
	wr_buf_free(&self->row);
	wr_buf_free(&self->tmp);
}

static void explain_join(const wr_op_spec *spec, wr_buf *out)
{
	static const char *const kinds[] = { "INNER", "LEFT", "RIGHT", "FULL" };
	const wr_spec_join_streams *s = (const wr_spec_join_streams *)spec;

	wr_buf_printf(out, "%s JOIN STREAMS WITHIN (%lld ms, %lld ms)", kinds[s->kind],
		      (long long)s->before, (long long)s->after);
	if (s->grace >= 0)
		wr_buf_printf(out, " GRACE %lld ms", (long long)s->grace);
}

const wr_op_def wr_op_join_streams_def = {
	.name = "join_streams",
	.size = sizeof(op_join_streams),
	.ninputs = 2,
	.open = open_join,
	.push = push_join,
	.watermark = watermark_join,
	.snapshot = snapshot_join,
	.close = close_join,
	.explain = explain_join,
};

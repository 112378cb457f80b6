/*
 * Tumbling and hopping windows. A window [start, start + size) of a group is a group of its own,
 * whose key begins with the start: in the store, groups stand in the order of time, and closing and
 * expiry are walks from the front.
 *
 *	HOPPING (SIZE 10, ADVANCE BY 5), row at 12:   [5,15) [10,20)       windows start at multiples of 5, none below 0
 *
 * A row is late for a window when end + grace <= the time its own partition had shown (local_time:
 * the operator's own), or when the window has been closed by a watermark all the same (its
 * partition was thought idle).
 *
 *	closed   windows that start before it are closed: no row gets in, and EMIT FINAL has given them
 *	keep     a window is forgotten when start + keep <= time; keep >= size + grace, so that only closed windows are
 *
 * EMIT FINAL: when time passes, the cache is brought to the store's overlay and the windows in
 * [closed, now closed] are read from there in (start, key) order. The end of the input (INT64_MAX)
 * closes all windows there are but does not move time: a file may grow, and what comes later opens
 * new windows.
 */
#include "operators/agg.h"

static int64_t floor_to(int64_t t, int64_t step)
{
	int64_t r = t % step;

	return t - (r < 0 ? r + step : r);
}

static int64_t advance_of(const wr_window_spec *w)
{
	return w->kind == WR_WINDOW_HOPPING ? w->advance : w->size;
}

/* The first window that holds t. */
static int64_t first_start(const wr_window_spec *w, int64_t t)
{
	int64_t start = floor_to(t - w->size + advance_of(w), advance_of(w));

	return t >= 0 && start < 0 ? 0 : start;
}

static bool late(const op_aggregate *self, int64_t start, int64_t ptime)
{
	const wr_window_spec *w = &self->spec->window;
	int64_t time = self->op.cx->local_time ? self->time : ptime;

	return start + w->size + w->grace <= time || start < self->closed;
}

static void note_start(op_aggregate *self, int64_t start)
{
	if (start > self->max_start)
		self->max_start = start;
	if (start < self->low)
		self->low = start;
	if (start < self->lowest)
		self->lowest = start;
}

/* self->key: start (to be set), group. */
static void set_start(op_aggregate *self, int64_t start)
{
	uint64_t v = __builtin_bswap64((uint64_t)start ^ (uint64_t)1 << 63);

	memcpy(self->key.p, &v, 8);
}

static wr_str start_key(wr_buf *key, int64_t start)
{
	wr_buf_reset(key);
	wr_key_put_i64(key, start);
	return wr_buf_view(key);
}

int64_t agg_window_first(const op_aggregate *self, uint32_t i)
{
	return first_start(&self->spec->window, self->in->rowtime[i]);
}

/*
 * The group of row i in the window that begins at start. self->key is made at the first need:
 * *keyed.
 */
static agg_group *group_of(op_aggregate *self, uint32_t i, int64_t start, bool *keyed)
{
	agg_group *g = agg_front_find(self, i, start);
	bool created;
	wr_str key;

	if (g)
		return g;
	if (!*keyed) {
		start_key(&self->key, start);
		wr_key_put_row(&self->key, self->in->cols, self->in->schema->nkeys, i);
		*keyed = true;
	}
	set_start(self, start);
	key = wr_buf_view(&self->key);
	g = wr_cache_make(self->groups, key, wr_cache_hash(key), &created);
	if (created)
		note_start(self, start);
	agg_front_put(self, i, start, g);
	return g;
}

wr_status agg_window_row(op_aggregate *self, uint32_t i, wr_err *err)
{
	const wr_window_spec *w = &self->spec->window;
	const wr_batch *b = self->in;
	int64_t t = b->rowtime[i], advance = advance_of(w);
	bool taken = false, keyed = false;

	for (int64_t start = first_start(w, t); start <= t; start += advance) {
		agg_group *g;

		if (late(self, start, b->ptime[i]))
			continue;
		taken = true;
		g = group_of(self, i, start, &keyed);
		if (agg_change(self, g, UINT32_MAX, i, start, start + w->size, err) != WR_OK)
			return WR_FAIL;
	}
	self->op.stats.late += !taken;
	return WR_OK;
}

/* ---------------------------------------------------------------- walks */

/* Iterates the groups of windows that start in [from, to]. */
static wr_iter *scan_starts(op_aggregate *self, int64_t from, int64_t to)
{
	wr_str end = { NULL, 0 };

	if (to != INT64_MAX)
		end = start_key(&self->tmp2, to + 1);
	return wr_store_scan(self->st, start_key(&self->tmp, from), end, false);
}

static bool start_of(wr_str key, int64_t *start, wr_str *group)
{
	const char *p = key.p, *end = key.p + key.n;

	if (!wr_key_get_i64(start, &p, end))
		return false;
	*group = (wr_str){ p, (uint32_t)(end - p) };
	return true;
}

/* The first window start at or after `from` that has a group in the store; INT64_MAX: none. */
static int64_t first_kept(op_aggregate *self, int64_t from)
{
	wr_iter *it = scan_starts(self, from, INT64_MAX);
	int64_t start = INT64_MAX;
	wr_str key, value, group;

	if (wr_iter_next(it, &key, &value) && !start_of(key, &start, &group))
		start = INT64_MIN;
	wr_iter_close(it);
	return start;
}

void agg_window_open(op_aggregate *self)
{
	const wr_window_spec *w = &self->spec->window;

	self->keep = w->size + w->grace;
	if (w->retention > self->keep)
		self->keep = w->retention;
	self->lowest = first_kept(self, INT64_MIN);
	self->low = first_kept(self, self->closed);
}

/* EMIT FINAL under dialect='ksql' loses windows out of retention (LANGUAGE section 8). */
static bool lost(const op_aggregate *self, int64_t start)
{
	return self->spec->lose_late_finals && start < self->max_start - self->keep;
}

static bool give_final(op_aggregate *self, wr_str key, wr_str value)
{
	const char *p = value.p, *end = value.p + value.n;
	agg_line line = { .change = WR_ROW_NEW };
	agg_group *g;
	wr_str group;
	bool good;

	if (!start_of(key, &line.wstart, &group))
		return false;
	if (lost(self, line.wstart))
		return true;
	g = wr_arena_alloc(self->out.arena, self->group_size);
	if (!agg_group_load(self, g, &p, end) || p != end)
		return false;
	line.wend = line.wstart + self->spec->window.size;
	line.rowtime = g->rowtime;
	good = agg_out_key_row(self, g, group, line);
	agg_group_drop(self, g);
	return good;
}

static wr_status close_up_to(op_aggregate *self, int64_t limit, wr_err *err)
{
	wr_status status = WR_OK;
	wr_str key, value;
	wr_iter *it;

	wr_cache_flush(self->groups);
	self->age++;
	wr_arena_reset(self->emit_arena);
	agg_out_begin(self, self->emit_arena, NULL, 256);
	it = scan_starts(self, self->closed, limit);
	while (status == WR_OK && wr_iter_next(it, &key, &value)) {
		status = give_final(self, key, value) ? agg_out_spill(self, err)
						      : wr_op_damaged(&self->op, err);
	}
	wr_iter_close(it);
	if (status == WR_OK)
		status = agg_out_end(self, err);
	return status;
}

wr_status agg_window_time(op_aggregate *self, int64_t t, wr_err *err)
{
	const wr_window_spec *w = &self->spec->window;
	int64_t limit;

	if (t == INT64_MAX)
		limit = self->max_start;
	else
		limit = t - (self->spec->emit_final ? w->size + w->grace : self->keep);
	if (limit < self->closed)
		return WR_OK;
	if (self->spec->emit_final && self->low <= limit) {
		if (close_up_to(self, limit, err) != WR_OK)
			return WR_FAIL;
		self->low = first_kept(self, limit + 1);
	}
	if (t != INT64_MAX || self->spec->emit_final)
		self->closed = limit + 1;
	return WR_OK;
}

void agg_window_expire(op_aggregate *self)
{
	wr_arena *a = self->emit_arena;
	int64_t limit = self->time - self->keep;
	wr_str key, value;
	wr_iter *it;

	if (self->time < INT64_MIN + self->keep || self->lowest > limit)
		return;
	wr_arena_reset(a);
	it = scan_starts(self, INT64_MIN, limit);
	while (wr_iter_next(it, &key, &value))
		wr_cache_remove(self->groups, wr_arena_str(a, key), wr_cache_hash(key));
	wr_iter_close(it);
	wr_cache_flush(self->groups);
	self->age++;
	self->lowest = first_kept(self, limit + 1);
	if (self->low < self->lowest)
		self->low = self->lowest;
}

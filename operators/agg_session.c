/*
 * Session windows: rows of a group that are at most `gap` apart. A row makes a session, makes one
 * longer, or joins several:
 *
 *	gap 30            sessions                      out
 *	row at 0          [0,0]                         NEW [0,0]
 *	row at 70         [0,0] [70,70]                 NEW [70,70]
 *	row at 35         [0,0]  [35,70]                OLD [70,70]  NEW [35,70]
 *	row at 20         [0,70]                        OLD [0,0]  OLD [35,70]  NEW [0,70]
 *
 * The window is part of the key, so a session that changed leaves under its old window and comes
 * back under its new one; only a row at the very place of a session of one instant leaves the
 * window as it was. Results carry the end of their window as row time. Changes go out at once, also
 * where a cache is allowed: windows that wait would be gone before they left.
 *
 * A group's live sessions are one payload, sorted by start. A session is live until end + keep has
 * passed (keep: gap + grace, or the retention if longer), by the time of the row that looks. A row
 * is late when even the session it would make is not live.
 *
 * Who looks after groups that get no rows any more: each group has one timer in the store, at or
 * before its first end. When time passes it, sessions that are over are dropped (EMIT FINAL: given,
 * in the order of end and key) and the timer is set anew: a group that goes on costs nothing per
 * row.
 */
#include <stdlib.h>

#include "operators/agg.h"

static int64_t gap_of(const op_aggregate *self)
{
	return self->spec->window.size;
}

static agg_session *at(const op_aggregate *self, const agg_sessions *s, uint32_t i)
{
	return (agg_session *)(void *)(s->items + (size_t)i * self->session_size);
}

/* ---------------------------------------------------------------- the payload */

static void payload_init(void *self, void *payload)
{
	(void)self;
	*(agg_sessions *)payload = (agg_sessions){ .timer = INT64_MAX };
}

static void payload_save(void *self, const void *payload, wr_buf *out)
{
	const agg_sessions *s = payload;

	wr_buf_u64(out, (uint64_t)s->timer);
	wr_buf_u32(out, s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		wr_buf_u64(out, (uint64_t)at(self, s, i)->start);
		wr_buf_u64(out, (uint64_t)at(self, s, i)->end);
		agg_group_save(self, &at(self, s, i)->group, out);
	}
}

static void make_room(const op_aggregate *self, agg_sessions *s, uint32_t n)
{
	if (n <= s->room)
		return;
	s->room = n < 2 * s->room ? 2 * s->room : n;
	s->items = wr_realloc(s->items, (size_t)s->room * self->session_size);
}

static bool payload_load(void *self, void *payload, wr_str bytes)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;
	agg_sessions *s = payload;
	uint32_t n;

	*s = (agg_sessions){ .timer = INT64_MAX };
	if (bytes.n < 12)
		return false;
	memcpy(&s->timer, p, 8);
	memcpy(&n, p + 8, 4);
	p += 12;
	if (n > bytes.n / 16)
		return false;
	make_room(self, s, n);
	for (; s->n < n; s->n++) {
		if (end - p < 16)
			return false;
		memcpy(&at(self, s, s->n)->start, p, 8);
		memcpy(&at(self, s, s->n)->end, p + 8, 8);
		p += 16;
		if (!agg_group_load(self, &at(self, s, s->n)->group, &p, end))
			return false;
	}
	return p == end;
}

static void payload_drop(void *self, void *payload)
{
	agg_sessions *s = payload;

	for (uint32_t i = 0; i < s->n; i++)
		agg_group_drop(self, &at(self, s, i)->group);
	free(s->items);
	*s = (agg_sessions){ .timer = INT64_MAX };
}

static size_t payload_bytes(void *self, const void *payload)
{
	return (size_t)((const agg_sessions *)payload)->room *
	       ((const op_aggregate *)self)->session_size;
}

const wr_cache_def agg_session_payload = {
	.size = sizeof(agg_sessions),
	.init = payload_init,
	.save = payload_save,
	.load = payload_load,
	.drop = payload_drop,
	.bytes = payload_bytes,
};

/* ---------------------------------------------------------------- timers */

static wr_str timer_key(op_aggregate *self, int64_t t, wr_str group)
{
	wr_buf_reset(&self->tmp);
	wr_buf_putc(&self->tmp, AGG_TIMER);
	wr_key_put_i64(&self->tmp, t);
	wr_buf_str(&self->tmp, group);
	return wr_buf_view(&self->tmp);
}

/* Sees to it that the group is looked at when t has passed. */
static void arm(op_aggregate *self, agg_sessions *s, wr_str group, int64_t t)
{
	if (s->timer <= t)
		return;
	s->timer = t;
	wr_store_put(self->side, timer_key(self, t, group), (wr_str){ "", 0 });
	if (t < self->next_timer)
		self->next_timer = t;
}

void agg_session_open(op_aggregate *self)
{
	const wr_window_spec *w = &self->spec->window;
	const char from = AGG_TIMER, to = AGG_TIMER + 1, *p;
	wr_iter *it;
	wr_str key, value;

	self->keep = w->size + w->grace;
	if (w->retention > self->keep)
		self->keep = w->retention;
	self->next_timer = INT64_MAX;
	it = wr_store_scan(self->side, (wr_str){ &from, 1 }, (wr_str){ &to, 1 }, false);
	if (wr_iter_next(it, &key, &value)) {
		p = key.p + 1;
		wr_key_get_i64(&self->next_timer, &p, key.p + key.n);
	}
	wr_iter_close(it);
}

/* ---------------------------------------------------------------- rows */

/* The sessions [*first, *end) that a row at t touches; those that ended before `live` are past. */
static void touched(const op_aggregate *self, const agg_sessions *s, int64_t t, int64_t live,
		    uint32_t *first, uint32_t *end)
{
	uint32_t i = 0;

	while (i < s->n && (at(self, s, i)->end < t - gap_of(self) || at(self, s, i)->end < live))
		i++;
	*first = i;
	while (i < s->n && at(self, s, i)->start <= t + gap_of(self))
		i++;
	*end = i;
}

static agg_session *insert(op_aggregate *self, agg_sessions *s, uint32_t i, int64_t t)
{
	make_room(self, s, s->n + 1);
	memmove(at(self, s, i + 1), at(self, s, i), (size_t)(s->n - i) * self->session_size);
	s->n++;
	at(self, s, i)->start = at(self, s, i)->end = t;
	agg_group_init(self, &at(self, s, i)->group);
	return at(self, s, i);
}

/* Takes out sessions [i, j), whose states are dropped already or moved. */
static void cut(op_aggregate *self, agg_sessions *s, uint32_t i, uint32_t j)
{
	memmove(at(self, s, i), at(self, s, j), (size_t)(s->n - j) * self->session_size);
	s->n -= j - i;
}

static wr_status join(op_aggregate *self, agg_sessions *s, uint32_t i, uint32_t j, wr_err *err)
{
	agg_session *into = at(self, s, i);

	for (uint32_t k = i + 1; k < j; k++) {
		agg_session *from = at(self, s, k);

		if (agg_group_merge(self, &into->group, &from->group, err) != WR_OK)
			return WR_FAIL;
		if (from->end > into->end)
			into->end = from->end;
		agg_group_drop(self, &from->group);
	}
	cut(self, s, i + 1, j);
	return WR_OK;
}

static void out_session(op_aggregate *self, agg_session *w, uint32_t row, uint8_t change)
{
	agg_line line = { .change = change, .rowtime = w->end, .wstart = w->start, .wend = w->end };

	agg_out_row(self, &w->group, row, line);
}

static bool is_late(op_aggregate *self, const agg_sessions *s, uint32_t i, uint32_t j, int64_t t,
		    int64_t time)
{
	int64_t end = j > i && at(self, s, j - 1)->end > t ? at(self, s, j - 1)->end : t;

	return end + gap_of(self) + self->spec->window.grace < time;
}

/* Row `row` at time t goes to the sessions [i, j) of the group. */
static wr_status take_row(op_aggregate *self, agg_sessions *s, uint32_t i, uint32_t j, uint32_t row,
			  wr_err *err)
{
	int64_t t = self->in->rowtime[row];
	bool same = j == i + 1 && at(self, s, i)->start == t && at(self, s, i)->end == t;
	agg_session *w;
	uint8_t change = WR_ROW_NEW;

	for (uint32_t k = i; self->direct && !same && k < j; k++)
		out_session(self, at(self, s, k), row, WR_ROW_OLD);
	if (i == j)
		insert(self, s, i, t);
	else if (join(self, s, i, j, err) != WR_OK)
		return WR_FAIL;
	w = at(self, s, i);
	if (self->direct && same && self->images_wanted) {
		out_session(self, w, row, WR_ROW_BEFORE);
		change = WR_ROW_AFTER;
	}
	w->start = t < w->start ? t : w->start;
	w->end = t > w->end ? t : w->end;
	if (agg_group_step(self, &w->group, row, err) != WR_OK)
		return WR_FAIL;
	w->group.rowtime = w->end;
	w->group.offset = self->in->offset[row];
	w->group.part = self->in->part[row];
	if (self->direct)
		out_session(self, w, row, change);
	return agg_out_spill(self, err);
}

wr_status agg_session_row(op_aggregate *self, uint32_t row, wr_err *err)
{
	static const agg_sessions none = { 0 };
	const wr_batch *b = self->in;
	int64_t t = b->rowtime[row], time = self->op.cx->local_time ? self->time : b->ptime[row];
	uint32_t i, j;
	bool created;
	agg_sessions *s;
	uint64_t hash;
	wr_str key;

	wr_buf_reset(&self->key);
	wr_key_put_row(&self->key, b->cols, b->schema->nkeys, row);
	key = wr_buf_view(&self->key);
	hash = wr_cache_hash(key);
	s = wr_cache_find(self->groups, key, hash);
	i = j = 0;
	if (s)
		touched(self, s, t, time == WR_TIME_NONE ? time : time - self->keep, &i, &j);
	if (is_late(self, s ? s : &none, i, j, t, time)) {
		self->op.stats.late++;
		return WR_OK;
	}
	if (!s)
		s = wr_cache_make(self->groups, key, hash, &created);
	wr_cache_touch(self->groups, s);
	if (take_row(self, s, i, j, row, err) != WR_OK)
		return WR_FAIL;
	arm(self, s, key, at(self, s, i)->end);
	return WR_OK;
}

/* ---------------------------------------------------------------- time */

typedef struct over {
	wr_str key;
	agg_session *session;
} over;

static int over_order(const void *x, const void *y)
{
	const over *p = x, *q = y;

	if (p->session->end != q->session->end)
		return p->session->end < q->session->end ? -1 : 1;
	return wr_str_cmp(p->key, q->key);
}

static agg_sessions *sessions_of(op_aggregate *self, wr_str group)
{
	return wr_cache_find(self->groups, group, wr_cache_hash(group));
}

/*
 * The groups of fired timers: the timers are taken away. One that a group has no more, since an
 * earlier one took its place, says nothing: else the group would be looked at twice.
 */
static uint32_t groups_of(op_aggregate *self, wr_str *timers, uint32_t n)
{
	uint32_t m = 0;

	for (uint32_t i = 0; i < n; i++) {
		const char *p = timers[i].p + 1;
		wr_str group = { p + 8, timers[i].n - 9 };
		const agg_sessions *s = sessions_of(self, group);
		int64_t t = INT64_MAX;

		wr_store_del(self->side, timers[i]);
		if (s && wr_key_get_i64(&t, &p, p + 8) && t == s->timer)
			timers[m++] = group;
	}
	return m;
}

/*
 * The groups whose timers are before limit, into the arena; the timers are taken away. The walk
 * begins at the first timer there is, not at the front: what was taken away since the last commit
 * would be walked over again and again.
 */
static wr_str *fired(op_aggregate *self, wr_arena *a, int64_t limit, uint32_t *n)
{
	const char to = AGG_TIMER + 1;
	uint32_t room = 64;
	wr_str *keys = wr_arena_alloc(a, room * sizeof(*keys)), key, value;
	wr_str from = timer_key(self, self->next_timer, (wr_str){ NULL, 0 });
	wr_iter *it = wr_store_scan(self->side, from, (wr_str){ &to, 1 }, false);

	*n = 0;
	self->next_timer = INT64_MAX;
	while (wr_iter_next(it, &key, &value)) {
		const char *p = key.p + 1;
		int64_t t = INT64_MAX;

		if (!wr_key_get_i64(&t, &p, key.p + key.n) || t >= limit) {
			self->next_timer = t;
			break;
		}
		if (*n == room) {
			wr_str *more = wr_arena_alloc(a, 2 * room * sizeof(*more));

			memcpy(more, keys, room * sizeof(*more));
			keys = more;
			room *= 2;
		}
		keys[(*n)++] = wr_arena_str(a, key);
	}
	wr_iter_close(it);
	*n = groups_of(self, keys, *n);
	return keys;
}

/* Drops the sessions of a group that ended before `limit`, and sets its timer anew. */
static void forget(op_aggregate *self, wr_str group, int64_t limit)
{
	agg_sessions *s = sessions_of(self, group);
	uint32_t kept = 0;
	int64_t first = INT64_MAX;

	if (!s)
		return;
	for (uint32_t i = 0; i < s->n; i++) {
		agg_session *w = at(self, s, i);

		if (w->end < limit) {
			agg_group_drop(self, &w->group);
			continue;
		}
		first = w->end < first ? w->end : first;
		if (kept != i)
			memcpy(at(self, s, kept), w, self->session_size);
		kept++;
	}
	s->n = kept;
	s->timer = INT64_MAX;
	wr_cache_touch(self->groups, s);
	if (kept)
		arm(self, s, group, first);
	else
		wr_cache_remove(self->groups, group, wr_cache_hash(group));
}

/* EMIT FINAL: sessions of the groups that ended before `limit`, by (end, key). */
static wr_status give_finals(op_aggregate *self, const wr_str *groups, uint32_t n, int64_t limit,
			     wr_arena *a, wr_err *err)
{
	uint32_t m = 0, room = 0;
	over *list;

	for (uint32_t i = 0; i < n; i++) {
		agg_sessions *s = sessions_of(self, groups[i]);

		room += s ? s->n : 0;
	}
	list = wr_arena_alloc(a, room * sizeof(*list));
	for (uint32_t i = 0; i < n; i++) {
		agg_sessions *s = sessions_of(self, groups[i]);

		for (uint32_t k = 0; s && k < s->n; k++)
			if (at(self, s, k)->end < limit)
				list[m++] = (over){ groups[i], at(self, s, k) };
	}
	qsort(list, m, sizeof(*list), over_order);
	agg_out_begin(self, a, NULL, m);
	for (uint32_t i = 0; i < m; i++) {
		agg_session *w = list[i].session;
		agg_line line = {
			.change = WR_ROW_NEW, .rowtime = w->end, .wstart = w->start, .wend = w->end
		};

		if (!agg_out_key_row(self, &w->group, list[i].key, line))
			return wr_op_damaged(&self->op, err);
	}
	return agg_out_end(self, err);
}

wr_status agg_session_time(op_aggregate *self, int64_t t, wr_err *err)
{
	const wr_window_spec *w = &self->spec->window;
	int64_t limit = t; /* sessions that ended before it are over */
	uint32_t n;
	wr_str *groups;
	wr_arena *a;
	wr_status status = WR_OK;

	if (t == INT64_MAX && !self->spec->emit_final)
		return WR_OK;
	if (t != INT64_MAX)
		limit = t - (self->spec->emit_final ? w->size + w->grace : self->keep);
	if (self->next_timer >= limit)
		return WR_OK;
	a = wr_arena_new();
	groups = fired(self, a, limit, &n);
	if (self->spec->emit_final)
		status = give_finals(self, groups, n, limit, a, err);
	for (uint32_t i = 0; status == WR_OK && i < n; i++)
		forget(self, groups[i], limit);
	wr_arena_free(a);
	return status;
}

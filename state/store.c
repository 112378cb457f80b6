/*
 * The stores of a query: the open epoch over committed data.
 *
 * A store's overlay is two things: `points`, a tree of keys with their new values or with the mark
 * "deleted", and `ranges`, disjoint stretches whose committed keys are hidden. A range delete takes
 * the points inside it out and joins the ranges, so the rule is always: first the ranges go, then
 * the points are set. The same rule is what a base is told at commit.
 *
 *     committed   a=1  b=2  c=3  d=4
 *     del_range   [b, d)                    ranges {[b, d)}   points {}
 *     put c=9                               ranges {[b, d)}   points {c=9}
 *     del a                                 ranges {[b, d)}   points {a deleted, c=9}
 *     what reads see                        c=9  d=4
 *
 * Iterators and views are in scan.c. `base_empty` says that nothing is committed, which spares the
 * base in most tests, fresh queries and transient ones.
 *
 * Overlays belong to stores and so to tasks; nothing here takes a lock on the way of a row. The
 * list of stores has one, for tasks may open theirs at the same time and dirty bytes are asked for
 * from outside.
 */
#include "state/store_inner.h"

#include <stdlib.h>

enum {
	MIRRORS = 64 << 20, /* bytes, when no cache size is given */
	HELD = 6	    /* what all caches together may hold, in sizes of the block cache */
};

wr_status wr_db_open(const char *dir, const wr_db_options *opt, wr_db **out, wr_err *err)
{
	const wr_base_def *def = opt->memory ? &wr_base_memory : &wr_base_rocks;
	void *base;

	if (def->open(dir, opt, &base, err) != WR_OK)
		return WR_FAIL;
	*out = wr_malloc(sizeof(**out));
	**out = (wr_db){ .def = def, .base = base };
	(*out)->held_limit = opt->cache_bytes ? opt->cache_bytes * HELD : SIZE_MAX;
	(*out)->mirror_limit = opt->cache_bytes ? opt->cache_bytes : MIRRORS;
	return WR_OK;
}

void wr_db_close(wr_db *db)
{
	if (!db)
		return;
	db->def->close(db->base);
	free(db);
}

wr_status wr_db_backup(wr_db *db, const char *dir, wr_err *err)
{
	return db->def->backup(db->base, dir, err);
}

wr_status wr_db_verify(wr_db *db, uint64_t *keys, wr_err *err)
{
	*keys = 0;
	return db->def->verify(db->base, keys, err);
}

wr_status wr_state_open(wr_db *db, const char *incarnation, wr_state **out, wr_err *err)
{
	wr_state *s;
	void *base;

	WR_ASSERT(strcmp(incarnation, "default") != 0); /* RocksDB's own */
	if (db->def->state_open(db->base, incarnation, &base, err) != WR_OK)
		return WR_FAIL;
	s = wr_calloc(1, sizeof(*s));
	s->db = db;
	s->def = db->def;
	s->base = base;
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return WR_OK;
}

wr_status wr_state_drop(wr_db *db, const char *incarnation, wr_err *err)
{
	return db->def->state_drop(db->base, incarnation, err);
}

wr_status wr_state_each(wr_db *db, void (*visit)(void *self, const char *incarnation), void *self,
			wr_err *err)
{
	return db->def->state_each(db->base, visit, self, err);
}

wr_status wr_state_health(wr_state *s, wr_err *err)
{
	return s->def->health(s->base, err);
}

static void free_range(wr_range *r)
{
	free((char *)r->from.p);
	free((char *)r->to.p);
}

static void clear_overlay(wr_store *st)
{
	wr_tree_clear(&st->points);
	for (uint32_t i = 0; i < st->nranges; i++)
		free_range(&st->ranges[i]);
	st->nranges = 0;
	atomic_store_explicit(&st->bytes, 0, memory_order_relaxed);
}

void wr_state_close(wr_state *s)
{
	if (!s)
		return;
	for (wr_store *st = s->stores, *next; st; st = next) {
		next = st->next;
		clear_overlay(st);
		wr_tree_free(&st->points);
		st->def->store_close(st->base);
		wr_store_drop_spare(st);
		wr_store_drop_mirror(st);
		free(st->ranges);
		wr_buf_free(&st->highest);
		free(st);
	}
	s->def->state_close(s->base);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static wr_store *new_store(wr_state *s, uint32_t id)
{
	wr_store *st = wr_calloc(1, sizeof(*st));

	st->state = s;
	st->def = s->def;
	st->id = id;
	st->base = s->def->store_open(s->base, id, &st->base_empty);
	st->read_def = st->def;
	st->read = st->base;
	st->no_mirror = s->def == &wr_base_memory;
	wr_tree_init(&st->points, false);
	return st;
}

wr_store *wr_store_open(wr_state *s, uint16_t op, uint16_t task)
{
	uint32_t id = wr_store_id(op, task);
	wr_store **p, *st;

	WR_ASSERT(id != UINT32_MAX); /* a base may keep its own things there */
	pthread_mutex_lock(&s->lock);
	for (p = &s->stores; *p && (*p)->id < id; p = &(*p)->next)
		;
	st = *p;
	if (!st || st->id != id) {
		st = new_store(s, id);
		st->next = *p;
		*p = st;
	}
	pthread_mutex_unlock(&s->lock);
	return st;
}

void wr_store_note_cached(wr_store *st, ptrdiff_t more)
{
	size_t now = atomic_load_explicit(&st->cached, memory_order_relaxed) + (size_t)more;

	atomic_store_explicit(&st->cached, now, memory_order_relaxed);
}

void wr_store_note_held(wr_store *st, ptrdiff_t more, ptrdiff_t caches)
{
	wr_db *db = st->state->db;

	atomic_fetch_add_explicit(&db->held, (size_t)more, memory_order_relaxed);
	if (caches)
		atomic_fetch_add_explicit(&db->caches, (size_t)caches, memory_order_relaxed);
}

size_t wr_store_held_over(const wr_store *st, size_t *share)
{
	const wr_db *db = st->state->db;
	size_t n = atomic_load_explicit(&db->caches, memory_order_relaxed);
	size_t held = atomic_load_explicit(&db->held, memory_order_relaxed);

	*share = db->held_limit / n;
	return held > db->held_limit ? held - db->held_limit : 0;
}

void wr_store_cached(wr_store *st)
{
	st->no_mirror = true;
}

bool wr_store_empty(const wr_store *st)
{
	return st->base_empty && st->points.count == 0;
}

void wr_store_fail(wr_store *st, const char *message)
{
	st->def->fail(st->state->base, message);
}

/* The number of ranges that begin at or before key. */
static uint32_t ranges_upto(const wr_store *st, wr_str key)
{
	uint32_t lo = 0, hi = st->nranges;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (wr_str_cmp(st->ranges[mid].from, key) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const wr_range *wr_store_hidden(const wr_store *st, wr_str key)
{
	uint32_t n = st->nranges ? ranges_upto(st, key) : 0;
	const wr_range *r = n ? &st->ranges[n - 1] : NULL;

	return r && (!r->to.p || wr_str_cmp(key, r->to) < 0) ? r : NULL;
}

/* The last committed key, looked for once. A failed read is no answer. */
static void learn_highest(wr_store *st)
{
	wr_cursor *c = st->def->cursor_open(st->base);

	st->highest_is = WR_HIGHEST_NONE;
	if (c && st->def->seek(c, (wr_str){ NULL, 0 }, true)) {
		st->highest_is = WR_HIGHEST_KNOWN;
		wr_buf_reset(&st->highest);
		wr_buf_str(&st->highest, c->key);
	}
	if (c)
		st->def->cursor_close(c);
}

/*
 * Whether key comes behind all that is committed. Keys of rows often grow, and then a new one is
 * known to be new by one comparison.
 */
static bool beyond(wr_store *st, wr_str key)
{
	if (st->highest_is == WR_HIGHEST_UNKNOWN)
		learn_highest(st);
	return st->highest_is == WR_HIGHEST_KNOWN && wr_str_cmp(key, wr_buf_view(&st->highest)) > 0;
}

/* The overlay is being committed: its last key may be the highest one now. */
static void note_highest(wr_store *st)
{
	wr_tree_pos pos;
	const wr_rec *last = wr_tree_seek(&st->points, &pos, (wr_str){ NULL, 0 }, true);

	if (!last)
		return;
	if (st->base_empty)
		st->highest_is = WR_HIGHEST_KNOWN;
	else if (st->highest_is != WR_HIGHEST_KNOWN ||
		 wr_str_cmp(wr_rec_key(last), wr_buf_view(&st->highest)) <= 0)
		return;
	wr_buf_reset(&st->highest);
	wr_buf_str(&st->highest, wr_rec_key(last));
}

bool wr_store_get(wr_store *st, wr_str key, wr_buf *out)
{
	const wr_rec *r = wr_tree_find(&st->points, key);

	wr_buf_reset(out);
	if (r) {
		if (wr_rec_deleted(r))
			return false;
		wr_buf_str(out, wr_rec_value(r));
		return true;
	}
	if (st->base_empty || beyond(st, key) || wr_store_hidden(st, key))
		return false;
	return st->read_def->get(st->read, key, out);
}

static void note_bytes(wr_store *st)
{
	size_t bytes = st->points.bytes + st->nranges * sizeof(wr_range);

	atomic_store_explicit(&st->bytes, bytes, memory_order_relaxed);
}

/* A value of no bytes may come without a pointer; the tree would take that for the mark. */
static wr_str some(wr_str value)
{
	return value.p ? value : WR_STR_LIT("");
}

void wr_store_put(wr_store *st, wr_str key, wr_str value)
{
	wr_tree_put(&st->points, key, some(value));
	note_bytes(st);
}

/* Where nothing is committed below, a deletion leaves no mark. */
static void del(wr_store *st, wr_str key)
{
	if (st->base_empty || wr_store_hidden(st, key))
		wr_tree_remove(&st->points, key);
	else
		wr_tree_put(&st->points, key, (wr_str){ 0 });
}

void wr_store_del(wr_store *st, wr_str key)
{
	del(st, key);
	note_bytes(st);
}

void wr_store_put_sorted(wr_store *st, const wr_kv *kv, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (kv[i].value.p)
			wr_tree_put(&st->points, kv[i].key, kv[i].value);
		else
			del(st, kv[i].key);
	}
	note_bytes(st);
}

static wr_str heap_copy(wr_str s)
{
	char *p = wr_malloc(s.n);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (wr_str){ p, s.n };
}

/* True when a range ending at `to` reaches as far as key. */
static bool reaches(wr_str to, wr_str key)
{
	return !to.p || wr_str_cmp(to, key) >= 0;
}

static void ranges_make_room(wr_store *st)
{
	if (st->nranges < st->room)
		return;
	st->room = st->room ? st->room * 2 : 8;
	st->ranges = wr_realloc(st->ranges, st->room * sizeof(*st->ranges));
}

/* Joins [from, to) with the ranges it touches: those from `first` up to, not including, `end`. */
static void ranges_add(wr_store *st, wr_str from, wr_str to)
{
	uint32_t first = ranges_upto(st, from), end;
	wr_range r = { heap_copy(from), to.p ? heap_copy(to) : (wr_str){ 0 } };

	if (first && reaches(st->ranges[first - 1].to, from))
		first--;
	for (end = first; end < st->nranges && reaches(to, st->ranges[end].from); end++) {
		wr_range *old = &st->ranges[end];
		wr_str *low = wr_str_cmp(old->from, r.from) < 0 ? &old->from : NULL;
		wr_str *high =
		    r.to.p && (!old->to.p || wr_str_cmp(old->to, r.to) > 0) ? &old->to : NULL;
		wr_range join = r;

		if (low) {
			join.from = *low;
			*low = r.from;
		}
		if (high) {
			join.to = *high;
			*high = r.to;
		}
		free_range(old);
		r = join;
	}
	if (first == end) {
		ranges_make_room(st);
		memmove(&st->ranges[first + 1], &st->ranges[first],
			(st->nranges - first) * sizeof(*st->ranges));
		st->nranges++;
	} else {
		memmove(&st->ranges[first + 1], &st->ranges[end],
			(st->nranges - end) * sizeof(*st->ranges));
		st->nranges -= end - first - 1;
	}
	st->ranges[first] = r;
}

void wr_store_del_range(wr_store *st, wr_str from, wr_str to)
{
	if (!from.p)
		from = WR_STR_LIT("");
	if (to.p && wr_str_cmp(from, to) >= 0)
		return;
	wr_tree_remove_range(&st->points, from, to);
	if (!st->base_empty)
		ranges_add(st, from, to);
	note_bytes(st);
}

size_t wr_state_dirty_bytes(const wr_state *s)
{
	wr_state *open = (wr_state *)s;
	size_t sum = 0;

	pthread_mutex_lock(&open->lock);
	for (wr_store *st = s->stores; st; st = st->next)
		sum += atomic_load_explicit(&st->bytes, memory_order_relaxed) +
		       atomic_load_explicit(&st->cached, memory_order_relaxed);
	pthread_mutex_unlock(&open->lock);
	return sum;
}

static bool changed(const wr_store *st)
{
	return st->points.count || st->nranges;
}

static wr_changes changes_of(const wr_store *st)
{
	return (wr_changes){ st->base, st->id, &st->points, st->ranges, st->nranges };
}

/* The changes of all stores in key order, n of them; NULL when there are none. */
static wr_changes *collect(const wr_state *s, uint32_t *n)
{
	wr_changes *list;
	uint32_t count = 0;

	for (const wr_store *st = s->stores; st; st = st->next)
		count += changed(st);
	*n = count;
	if (!count)
		return NULL;
	list = wr_malloc(count * sizeof(*list));
	count = 0;
	for (const wr_store *st = s->stores; st; st = st->next)
		if (changed(st))
			list[count++] = changes_of(st);
	return list;
}

static void after_commit(wr_state *s)
{
	for (wr_store *st = s->stores; st; st = st->next) {
		if (st->mirror && changed(st)) {
			wr_changes ch = changes_of(st);

			wr_store_update_mirror(st, &ch);
		}
		note_highest(st);
		if (st->points.count)
			st->base_empty = false;
		clear_overlay(st);
	}
}

wr_status wr_state_commit(wr_state *s, wr_err *err)
{
	uint32_t n;
	uint64_t epoch;
	wr_changes *list = collect(s, &n);
	wr_status status;

	WR_ASSERT(!s->def->pending(s->base, &epoch));
	if (!list)
		return WR_OK;
	status = s->def->commit(s->base, list, n, err);
	free(list);
	if (status == WR_OK)
		after_commit(s);
	return status;
}

void wr_state_rollback(wr_state *s)
{
	for (wr_store *st = s->stores; st; st = st->next)
		clear_overlay(st);
}

wr_status wr_state_prepare(wr_state *s, uint64_t epoch, wr_err *err)
{
	uint32_t n;
	uint64_t before;
	wr_changes *list = collect(s, &n);
	wr_status status;

	WR_ASSERT(!s->def->pending(s->base, &before));
	status = s->def->prepare(s->base, list, n, epoch, err);
	free(list);
	return status;
}

bool wr_state_pending(wr_state *s, uint64_t *epoch)
{
	return s->def->pending(s->base, epoch);
}

wr_status wr_state_apply(wr_state *s, wr_err *err)
{
	if (s->def->apply(s->base, err) != WR_OK)
		return WR_FAIL;
	after_commit(s);
	return WR_OK;
}

wr_status wr_state_discard(wr_state *s, wr_err *err)
{
	return s->def->discard(s->base, err);
}

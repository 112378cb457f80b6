/*
 * Reading from RocksDB: gets, cursors, views.
 *
 * A store that is used as a queue — timers, the rows a join may still need — is scanned from its
 * beginning and deleted from its beginning, and RocksDB walks over the remains of what was deleted
 * until a compaction comes by. So a seek that took long is remembered as a gap: from where it was
 * asked to the key it found nothing is committed, and a later seek from inside begins at its end. A
 * commit cuts the gaps in which it puts a key.
 *
 * Iterators are dear to open (they pin a version and build a heap), cheap to seek. So a store keeps
 * those it closed for the next scan until the next commit, which is when they would become stale.
 * Views read at a snapshot, hold the column family, and may outlive the state, even its drop, not
 * the db.
 */
#include "state/rocks.h"

#include <endian.h>
#include <rocksdb/c.h>
#include <stdlib.h>

#include "core/clock.h"

enum { SPARE = 4 };

/* How long a seek takes that is worth remembering, in ns. Where tests look for faults, every
 * one. */
#ifdef WR_FAULTS
enum { SLOW = -1 };
#else
enum { SLOW = 20000 };
#endif

typedef struct wr_rock_cursor {
	wr_cursor cursor;     /* first */
	wr_rock_state *state; /* whom errors are told */
	wr_rock_store *store; /* NULL: of a view */
	struct wr_rock_cursor *next;
	rocksdb_readoptions_t *read;
	rocksdb_iterator_t *it;
	char lower[WR_ROCKS_PREFIX], upper[WR_ROCKS_PREFIX]; /* RocksDB points at them */
	wr_buf key;
} wr_rock_cursor;

typedef struct rock_view {
	wr_rock_state state; /* only what cursors use */
	const rocksdb_snapshot_t *snapshot;
	uint32_t n;
	wr_cursor **cursors;
} rock_view;

void wr_rocks_put_prefix(char to[WR_ROCKS_PREFIX], uint32_t id)
{
	id = htobe32(id);
	memcpy(to, &id, WR_ROCKS_PREFIX);
}

wr_str wr_rocks_key(wr_buf *buf, uint32_t id, wr_str key)
{
	char prefix[WR_ROCKS_PREFIX];

	wr_rocks_put_prefix(prefix, id);
	wr_buf_reset(buf);
	wr_buf_put(buf, prefix, WR_ROCKS_PREFIX);
	wr_buf_str(buf, key);
	return wr_buf_view(buf);
}

static wr_rock_cursor *new_cursor(wr_rock_state *s, uint32_t id, const rocksdb_snapshot_t *snapshot)
{
	wr_rock_cursor *c = wr_calloc(1, sizeof(*c));

	c->state = s;
	wr_rocks_put_prefix(c->lower, id);
	wr_rocks_put_prefix(c->upper, id + 1);
	c->read = rocksdb_readoptions_create();
	rocksdb_readoptions_set_iterate_lower_bound(c->read, c->lower, WR_ROCKS_PREFIX);
	rocksdb_readoptions_set_iterate_upper_bound(c->read, c->upper, WR_ROCKS_PREFIX);
	if (snapshot)
		rocksdb_readoptions_set_snapshot(c->read, snapshot);
	c->it = rocksdb_create_iterator_cf(s->db->db, c->read, s->cf->handle);
	return c;
}

static void free_cursor(wr_rock_cursor *c)
{
	rocksdb_iter_destroy(c->it);
	rocksdb_readoptions_destroy(c->read);
	wr_buf_free(&c->key);
	free(c);
}

static bool show(wr_rock_cursor *c)
{
	size_t n;
	char *message = NULL;

	if (!rocksdb_iter_valid(c->it)) {
		rocksdb_iter_get_error(c->it, &message);
		if (message)
			wr_rocks_read_failed(c->state, message);
		return false;
	}
	c->cursor.key.p = rocksdb_iter_key(c->it, &n) + WR_ROCKS_PREFIX;
	c->cursor.key.n = (uint32_t)n - WR_ROCKS_PREFIX;
	c->cursor.value.p = rocksdb_iter_value(c->it, &n);
	c->cursor.value.n = (uint32_t)n;
	return true;
}

static wr_str cursor_key(wr_rock_cursor *c, wr_str key)
{
	wr_buf_reset(&c->key);
	wr_buf_put(&c->key, c->lower, WR_ROCKS_PREFIX);
	wr_buf_str(&c->key, key);
	return wr_buf_view(&c->key);
}

/* ---- gaps */

/* The gap that key stands in; NULL when there is none. */
static wr_rock_gap *gap_of(wr_rock_store *st, wr_str key)
{
	for (uint32_t i = 0; i < WR_ROCKS_GAPS; i++) {
		wr_rock_gap *g = &st->gaps[i];

		if (g->set && wr_str_cmp(wr_buf_view(&g->from), key) <= 0 &&
		    (g->open || wr_str_cmp(key, wr_buf_view(&g->to)) < 0))
			return g;
	}
	return NULL;
}

static void set_gap_end(wr_rock_gap *g, const wr_str *to)
{
	g->open = !to;
	wr_buf_reset(&g->to);
	if (to)
		wr_buf_str(&g->to, *to);
}

static void add_gap(wr_rock_store *st, wr_str from, const wr_str *to)
{
	wr_rock_gap *g = &st->gaps[st->next_gap++ % WR_ROCKS_GAPS];

	g->set = true;
	wr_buf_reset(&g->from);
	wr_buf_str(&g->from, from);
	set_gap_end(g, to);
}

static void free_gaps(wr_rock_store *st)
{
	for (uint32_t i = 0; i < WR_ROCKS_GAPS; i++) {
		wr_buf_free(&st->gaps[i].from);
		wr_buf_free(&st->gaps[i].to);
	}
}

static void cut_gap(wr_rock_gap *g, const wr_tree *points)
{
	wr_tree_pos pos;
	const wr_rec *r = wr_tree_seek(points, &pos, wr_buf_view(&g->from), false);
	wr_str key;

	while (r && wr_rec_deleted(r))
		r = wr_tree_step(&pos, false);
	if (!r)
		return;
	key = wr_rec_key(r);
	if (g->open || wr_str_cmp(key, wr_buf_view(&g->to)) < 0)
		set_gap_end(g, &key);
	g->set = g->open || wr_str_cmp(wr_buf_view(&g->from), wr_buf_view(&g->to)) < 0;
}

void wr_rocks_cut_gaps(const wr_changes *ch)
{
	wr_rock_store *st = ch->store;

	for (uint32_t i = 0; i < WR_ROCKS_GAPS; i++)
		if (st->gaps[i].set)
			cut_gap(&st->gaps[i], ch->points);
}

/* The first key >= key, past a gap when key stands in one. */
static bool seek_forward(wr_rock_cursor *c, wr_str key)
{
	wr_rock_gap *g = c->store ? gap_of(c->store, key) : NULL;
	int64_t begin = wr_clock_mono_ns();
	wr_str full;
	bool here;

	if (g && g->open)
		return false;
	full = cursor_key(c, g ? wr_buf_view(&g->to) : key);
	rocksdb_iter_seek(c->it, full.p, full.n);
	here = show(c);
	if (!c->store || c->state->broken)
		return here;
	if (g)
		set_gap_end(g, here ? &c->cursor.key : NULL);
	else if (wr_clock_mono_ns() - begin > SLOW && (!here || !wr_str_eq(c->cursor.key, key)))
		add_gap(c->store, key, here ? &c->cursor.key : NULL);
	return here;
}

bool wr_rocks_seek(wr_cursor *self, wr_str key, bool backwards)
{
	wr_rock_cursor *c = (wr_rock_cursor *)self;
	wr_str full, at;

	if (!backwards)
		return seek_forward(c, key);
	if (!key.p) {
		rocksdb_iter_seek_to_last(c->it);
		return show(c);
	}
	full = cursor_key(c, key);
	rocksdb_iter_seek_for_prev(c->it, full.p, full.n);
	if (!show(c))
		return false;
	at = (wr_str){ full.p + WR_ROCKS_PREFIX, full.n - WR_ROCKS_PREFIX };
	if (!wr_str_eq(c->cursor.key, at))
		return true;
	rocksdb_iter_prev(c->it);
	return show(c);
}

bool wr_rocks_step(wr_cursor *self, bool backwards)
{
	wr_rock_cursor *c = (wr_rock_cursor *)self;

	if (backwards)
		rocksdb_iter_prev(c->it);
	else
		rocksdb_iter_next(c->it);
	return show(c);
}

wr_cursor *wr_rocks_cursor_open(void *self)
{
	wr_rock_store *st = self;
	wr_rock_cursor *c = st->spare;

	if (c) {
		st->spare = c->next;
		st->nspare--;
		return &c->cursor;
	}
	c = new_cursor(st->state, st->id, NULL);
	c->store = st;
	return &c->cursor;
}

void wr_rocks_cursor_close(wr_cursor *self)
{
	wr_rock_cursor *c = (wr_rock_cursor *)self;
	wr_rock_store *st = c->store;

	if (st->nspare >= SPARE) {
		free_cursor(c);
		return;
	}
	c->next = st->spare;
	st->spare = c;
	st->nspare++;
}

void wr_rocks_drop_spare(wr_rock_store *st)
{
	for (wr_rock_cursor *c = st->spare, *next; c; c = next) {
		next = c->next;
		free_cursor(c);
	}
	st->spare = NULL;
	st->nspare = 0;
}

bool wr_rocks_read(wr_rock_state *s, wr_str full, wr_buf *out)
{
	rocksdb_pinnableslice_t *v;
	char *message = NULL;
	const char *p;
	size_t n;

	v = rocksdb_get_pinned_cf(s->db->db, s->db->read, s->cf->handle, full.p, full.n, &message);
	if (message)
		wr_rocks_read_failed(s, message);
	if (!v)
		return false;
	p = rocksdb_pinnableslice_value(v, &n);
	wr_buf_reset(out);
	wr_buf_put(out, p, n);
	rocksdb_pinnableslice_destroy(v);
	return true;
}

bool wr_rocks_get(void *self, wr_str key, wr_buf *out)
{
	wr_rock_store *st = self;

	return wr_rocks_read(st->state, wr_rocks_key(&st->key, st->id, key), out);
}

/* Without what is still in the memtable, which is not much. */
uint64_t wr_rocks_size(void *self)
{
	wr_rock_store *st = self;
	char lower[WR_ROCKS_PREFIX], upper[WR_ROCKS_PREFIX], *message = NULL;
	const char *from = lower, *to = upper;
	size_t n = WR_ROCKS_PREFIX;
	uint64_t size = 0;

	wr_rocks_put_prefix(lower, st->id);
	wr_rocks_put_prefix(upper, st->id + 1);
	rocksdb_approximate_sizes_cf(st->state->db->db, st->state->cf->handle, 1, &from, &n, &to,
				     &n, &size, &message);
	if (message)
		wr_rocks_read_failed(st->state, message);
	return size;
}

void *wr_rocks_store_open(void *self, uint32_t id, bool *empty)
{
	wr_rock_state *s = self;
	wr_rock_store *st = wr_calloc(1, sizeof(*st));
	wr_cursor *c;

	st->state = s;
	st->id = id;
	pthread_mutex_lock(&s->lock);
	st->next = s->stores;
	s->stores = st;
	pthread_mutex_unlock(&s->lock);
	c = wr_rocks_cursor_open(st);
	*empty = !wr_rocks_seek(c, (wr_str){ 0 }, false);
	wr_rocks_cursor_close(c);
	return st;
}

void wr_rocks_store_close(void *self)
{
	wr_rock_store *st = self;
	wr_rock_store **p;

	pthread_mutex_lock(&st->state->lock);
	for (p = &st->state->stores; *p != st; p = &(*p)->next)
		;
	*p = st->next;
	pthread_mutex_unlock(&st->state->lock);
	wr_rocks_drop_spare(st);
	free_gaps(st);
	wr_buf_free(&st->key);
	free(st);
}

/* ---- views */

static bool first_task(wr_rock_state *s, uint16_t op, uint32_t from, const rocksdb_snapshot_t *snap,
		       uint32_t *id)
{
	wr_rock_cursor *c = new_cursor(s, from, snap);
	const char *key;
	size_t n;
	uint32_t be;
	bool found = false;

	/* the whole operator, not one store */
	rocksdb_iter_destroy(c->it);
	wr_rocks_put_prefix(c->upper, ((uint32_t)op + 1) << 16);
	if (op == UINT16_MAX)
		memset(c->upper, 0xFF, WR_ROCKS_PREFIX);
	c->it = rocksdb_create_iterator_cf(s->db->db, c->read, s->cf->handle);
	rocksdb_iter_seek(c->it, c->lower, WR_ROCKS_PREFIX);
	if (show(c)) {
		key = rocksdb_iter_key(c->it, &n);
		memcpy(&be, key, WR_ROCKS_PREFIX);
		*id = be32toh(be);
		found = *id != WR_ROCKS_PENDING;
	}
	free_cursor(c);
	return found;
}

void wr_rocks_view_close(void *self)
{
	rock_view *v = self;

	for (uint32_t i = 0; i < v->n; i++)
		free_cursor((wr_rock_cursor *)v->cursors[i]);
	rocksdb_release_snapshot(v->state.db->db, v->snapshot);
	wr_rocks_release(v->state.db, v->state.cf);
	pthread_mutex_destroy(&v->state.lock);
	free(v->state.broken);
	free(v->cursors);
	free(v);
}

void *wr_rocks_view_open(void *self, uint16_t op, wr_range r, wr_cursor ***out, uint32_t *n)
{
	wr_rock_state *s = self;
	rock_view *v = wr_calloc(1, sizeof(*v));
	uint32_t id = wr_store_id(op, 0);

	(void)r;
	wr_rocks_hold(s->db, s->cf);
	v->state.db = s->db;
	v->state.cf = s->cf;
	pthread_mutex_init(&v->state.lock, NULL);
	v->snapshot = rocksdb_create_snapshot(s->db->db);
	while (first_task(&v->state, op, id, v->snapshot, &id)) {
		v->cursors = wr_realloc(v->cursors, (v->n + 1) * sizeof(*v->cursors));
		v->cursors[v->n++] = &new_cursor(&v->state, id, v->snapshot)->cursor;
		if ((id & UINT16_MAX) == UINT16_MAX)
			break;
		id++;
	}
	*out = v->cursors;
	*n = v->n;
	return v;
}

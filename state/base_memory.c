/*
 * Committed data in memory: a tree per store. For tests and transient queries; nothing is left when
 * the wr_db closes.
 *
 * States live as long as the db does, so that closing and opening one shows its last commit, as
 * files would. Tasks read without a lock, for commits come while they stand still. Views come from
 * other threads: they take the state's lock and copy the range they are to show, and need the state
 * no more.
 *
 * The same stores serve as mirrors of stores whose data is in files (see mirror.c).
 */
#include "state/base.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct mem_store {
	struct mem_store *next; /* ascending by id */
	uint32_t id;
	wr_tree tree;
	struct mem_cursor *spare; /* closed, for the next scan */
} mem_store;

/* Changes of a pending epoch: copies. */
typedef struct mem_pending {
	uint64_t epoch;
	uint32_t n;
	wr_changes *changes;
	wr_tree *points; /* n */
	wr_arena *arena; /* of ranges */
} mem_pending;

typedef struct mem_state {
	struct mem_state *next;
	char *incarnation;
	pthread_rwlock_t lock;
	mem_store *stores;
	char *broken;
	mem_pending *pending; /* NULL: none */
} mem_state;

typedef struct mem_db {
	pthread_mutex_t lock;
	mem_state *states;
} mem_db;

typedef struct mem_cursor {
	wr_cursor cursor; /* first */
	mem_store *store; /* NULL: of a view */
	const wr_tree *tree;
	wr_tree_pos pos;
} mem_cursor;

typedef struct mem_view {
	uint32_t n;
	wr_tree *trees;
	mem_cursor *cursors;
	wr_cursor **list;
} mem_view;

static wr_status mem_open(const char *dir, const wr_db_options *opt, void **out, wr_err *err)
{
	mem_db *db = wr_calloc(1, sizeof(*db));

	(void)dir, (void)opt, (void)err;
	pthread_mutex_init(&db->lock, NULL);
	*out = db;
	return WR_OK;
}

static void free_pending(mem_pending *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->n; i++)
		wr_tree_free(&p->points[i]);
	wr_arena_free(p->arena);
	free(p->points);
	free(p->changes);
	free(p);
}

static void free_state(mem_state *s)
{
	free_pending(s->pending);
	for (mem_store *st = s->stores, *next; st; st = next) {
		next = st->next;
		wr_tree_free(&st->tree);
		free(st->spare);
		free(st);
	}
	pthread_rwlock_destroy(&s->lock);
	free(s->broken);
	free(s->incarnation);
	free(s);
}

static void mem_close(void *self)
{
	mem_db *db = self;

	for (mem_state *s = db->states, *next; s; s = next) {
		next = s->next;
		free_state(s);
	}
	pthread_mutex_destroy(&db->lock);
	free(db);
}

static wr_status mem_state_open(void *self, const char *incarnation, void **out, wr_err *err)
{
	mem_db *db = self;
	mem_state *s;

	(void)err;
	pthread_mutex_lock(&db->lock);
	for (s = db->states; s; s = s->next)
		if (strcmp(s->incarnation, incarnation) == 0)
			break;
	if (!s) {
		s = wr_calloc(1, sizeof(*s));
		s->incarnation = wr_strdup(incarnation);
		pthread_rwlock_init(&s->lock, NULL);
		s->next = db->states;
		db->states = s;
	}
	pthread_mutex_unlock(&db->lock);
	*out = s;
	return WR_OK;
}

static void mem_state_close(void *self)
{
	(void)self;
}

static wr_status mem_state_drop(void *self, const char *incarnation, wr_err *err)
{
	mem_db *db = self;

	(void)err;
	pthread_mutex_lock(&db->lock);
	for (mem_state **p = &db->states; *p; p = &(*p)->next) {
		mem_state *s = *p;

		if (strcmp(s->incarnation, incarnation) == 0) {
			*p = s->next;
			free_state(s);
			break;
		}
	}
	pthread_mutex_unlock(&db->lock);
	return WR_OK;
}

static wr_status mem_state_each(void *self, void (*visit)(void *, const char *), void *arg,
				wr_err *err)
{
	mem_db *db = self;

	(void)err;
	pthread_mutex_lock(&db->lock);
	for (mem_state *s = db->states; s; s = s->next)
		visit(arg, s->incarnation);
	pthread_mutex_unlock(&db->lock);
	return WR_OK;
}

static wr_status mem_health(void *self, wr_err *err)
{
	mem_state *s = self;
	wr_status status = WR_OK;

	pthread_rwlock_rdlock(&s->lock);
	if (s->broken)
		status = wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s", s->broken);
	pthread_rwlock_unlock(&s->lock);
	return status;
}

static void mem_fail(void *self, const char *message)
{
	mem_state *s = self;

	pthread_rwlock_wrlock(&s->lock);
	if (!s->broken)
		s->broken = wr_strdup(message);
	pthread_rwlock_unlock(&s->lock);
}

static void *mem_store_open(void *self, uint32_t id, bool *empty)
{
	mem_state *s = self;
	mem_store **p, *st;

	pthread_rwlock_wrlock(&s->lock);
	for (p = &s->stores; *p && (*p)->id < id; p = &(*p)->next)
		;
	st = *p;
	if (!st || st->id != id) {
		st = wr_calloc(1, sizeof(*st));
		st->id = id;
		wr_tree_init(&st->tree, true);
		st->next = *p;
		*p = st;
	}
	pthread_rwlock_unlock(&s->lock);
	*empty = st->tree.count == 0;
	return st;
}

static void mem_store_close(void *self)
{
	(void)self;
}

static uint64_t mem_size(void *self)
{
	return ((mem_store *)self)->tree.bytes;
}

static bool mem_get(void *self, wr_str key, wr_buf *out)
{
	mem_store *st = self;
	const wr_rec *r = wr_tree_find(&st->tree, key);

	if (!r)
		return false;
	wr_buf_reset(out);
	wr_buf_str(out, wr_rec_value(r));
	return true;
}

static wr_cursor *mem_cursor_open(void *self)
{
	mem_store *st = self;
	mem_cursor *c = st->spare ? st->spare : wr_malloc(sizeof(*c));

	st->spare = NULL;
	*c = (mem_cursor){ .store = st, .tree = &st->tree };
	return &c->cursor;
}

static bool show(mem_cursor *c, const wr_rec *r)
{
	if (!r)
		return false;
	c->cursor.key = wr_rec_key(r);
	c->cursor.value = wr_rec_value(r);
	return true;
}

static bool mem_seek(wr_cursor *self, wr_str key, bool backwards)
{
	mem_cursor *c = (mem_cursor *)self;

	return show(c, wr_tree_seek(c->tree, &c->pos, key, backwards));
}

static bool mem_step(wr_cursor *self, bool backwards)
{
	mem_cursor *c = (mem_cursor *)self;

	return show(c, wr_tree_step(&c->pos, backwards));
}

static void mem_cursor_close(wr_cursor *self)
{
	mem_cursor *c = (mem_cursor *)self;

	if (c->store->spare)
		free(c);
	else
		c->store->spare = c;
}

static void apply(mem_store *st, const wr_changes *ch)
{
	wr_tree_pos pos;

	for (uint32_t i = 0; i < ch->nranges; i++)
		wr_tree_remove_range(&st->tree, ch->ranges[i].from, ch->ranges[i].to);
	for (const wr_rec *r = wr_tree_seek(ch->points, &pos, (wr_str){ 0 }, false); r;
	     r = wr_tree_step(&pos, false)) {
		if (wr_rec_deleted(r))
			wr_tree_remove(&st->tree, wr_rec_key(r));
		else
			wr_tree_put(&st->tree, wr_rec_key(r), wr_rec_value(r));
	}
	wr_tree_tidy(&st->tree);
}

static wr_status mem_commit(void *self, const wr_changes *ch, uint32_t n, wr_err *err)
{
	mem_state *s = self;

	(void)err;
	pthread_rwlock_wrlock(&s->lock);
	for (uint32_t i = 0; i < n; i++)
		apply(ch[i].store, &ch[i]);
	pthread_rwlock_unlock(&s->lock);
	return WR_OK;
}

static mem_pending *copy_changes(const wr_changes *ch, uint32_t n, uint64_t epoch)
{
	mem_pending *p = wr_calloc(1, sizeof(*p));

	p->epoch = epoch;
	p->n = n;
	p->arena = wr_arena_new();
	p->changes = wr_calloc(n, sizeof(*p->changes));
	p->points = wr_calloc(n, sizeof(*p->points));
	for (uint32_t i = 0; i < n; i++) {
		wr_range *ranges = WR_NEW_ARRAY(p->arena, wr_range, ch[i].nranges);
		wr_tree_pos pos;

		for (uint32_t k = 0; k < ch[i].nranges; k++) {
			ranges[k].from = wr_arena_str(p->arena, ch[i].ranges[k].from);
			if (ch[i].ranges[k].to.p)
				ranges[k].to = wr_arena_str(p->arena, ch[i].ranges[k].to);
		}
		wr_tree_init(&p->points[i], false);
		for (const wr_rec *r = wr_tree_seek(ch[i].points, &pos, (wr_str){ 0 }, false); r;
		     r = wr_tree_step(&pos, false))
			wr_tree_put(&p->points[i], wr_rec_key(r), wr_rec_value(r));
		p->changes[i] = ch[i];
		p->changes[i].points = &p->points[i];
		p->changes[i].ranges = ranges;
	}
	return p;
}

static wr_status mem_prepare(void *self, const wr_changes *ch, uint32_t n, uint64_t epoch,
			     wr_err *err)
{
	(void)err;
	((mem_state *)self)->pending = copy_changes(ch, n, epoch);
	return WR_OK;
}

static bool mem_has_pending(void *self, uint64_t *epoch)
{
	mem_state *s = self;

	if (s->pending)
		*epoch = s->pending->epoch;
	return s->pending != NULL;
}

static wr_status mem_discard(void *self, wr_err *err)
{
	mem_state *s = self;

	(void)err;
	free_pending(s->pending);
	s->pending = NULL;
	return WR_OK;
}

static wr_status mem_apply(void *self, wr_err *err)
{
	mem_state *s = self;

	if (s->pending)
		(void)mem_commit(s, s->pending->changes, s->pending->n, err);
	return mem_discard(s, err);
}

/* A copy would be gone with the process. */
static wr_status mem_backup(void *self, const char *dir, wr_err *err)
{
	(void)self, (void)dir;
	return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "state in memory cannot be backed up");
}

static wr_status mem_verify(void *self, uint64_t *keys, wr_err *err)
{
	mem_db *db = self;

	(void)err;
	pthread_mutex_lock(&db->lock);
	for (mem_state *s = db->states; s; s = s->next)
		for (mem_store *st = s->stores; st; st = st->next)
			*keys += st->tree.count;
	pthread_mutex_unlock(&db->lock);
	return WR_OK;
}

static void copy_range(wr_tree *to, const wr_tree *from, wr_range range)
{
	wr_tree_pos pos;

	wr_tree_init(to, false);
	for (const wr_rec *r = wr_tree_seek(from, &pos, range.from, false); r;
	     r = wr_tree_step(&pos, false)) {
		if (range.to.p && wr_str_cmp(wr_rec_key(r), range.to) >= 0)
			break;
		wr_tree_put(to, wr_rec_key(r), wr_rec_value(r));
	}
}

static void *mem_view_open(void *self, uint16_t op, wr_range range, wr_cursor ***out, uint32_t *n)
{
	mem_state *s = self;
	mem_view *v = wr_calloc(1, sizeof(*v));
	uint32_t at = 0;

	pthread_rwlock_rdlock(&s->lock);
	for (mem_store *st = s->stores; st; st = st->next)
		v->n += st->id >> 16 == op;
	v->trees = wr_calloc(v->n, sizeof(*v->trees));
	v->cursors = wr_calloc(v->n, sizeof(*v->cursors));
	v->list = wr_calloc(v->n, sizeof(*v->list));
	for (mem_store *st = s->stores; st; st = st->next) {
		if (st->id >> 16 != op)
			continue;
		copy_range(&v->trees[at], &st->tree, range);
		v->cursors[at].tree = &v->trees[at];
		v->list[at] = &v->cursors[at].cursor;
		at++;
	}
	pthread_rwlock_unlock(&s->lock);
	*out = v->list;
	*n = v->n;
	return v;
}

static void mem_view_close(void *self)
{
	mem_view *v = self;

	for (uint32_t i = 0; i < v->n; i++)
		wr_tree_free(&v->trees[i]);
	free(v->trees);
	free(v->cursors);
	free(v->list);
	free(v);
}

void *wr_mirror_new(void)
{
	mem_store *st = wr_calloc(1, sizeof(*st));

	wr_tree_init(&st->tree, true);
	return st;
}

void wr_mirror_free(void *mirror)
{
	mem_store *st = mirror;

	if (!st)
		return;
	wr_tree_free(&st->tree);
	free(st->spare);
	free(st);
}

void wr_mirror_put(void *mirror, wr_str key, wr_str value)
{
	wr_tree_put(&((mem_store *)mirror)->tree, key, value);
}

void wr_mirror_apply(void *mirror, const wr_changes *ch)
{
	apply(mirror, ch);
}

size_t wr_mirror_bytes(const void *mirror)
{
	const wr_tree *t = &((const mem_store *)mirror)->tree;

	return t->bytes + (t->arena ? wr_arena_bytes(t->arena) : 0);
}

const wr_base_def wr_base_memory = {
	.open = mem_open,
	.close = mem_close,
	.backup = mem_backup,
	.verify = mem_verify,
	.state_open = mem_state_open,
	.state_close = mem_state_close,
	.state_drop = mem_state_drop,
	.state_each = mem_state_each,
	.health = mem_health,
	.fail = mem_fail,
	.store_open = mem_store_open,
	.store_close = mem_store_close,
	.size = mem_size,
	.get = mem_get,
	.cursor_open = mem_cursor_open,
	.seek = mem_seek,
	.step = mem_step,
	.cursor_close = mem_cursor_close,
	.commit = mem_commit,
	.prepare = mem_prepare,
	.pending = mem_has_pending,
	.apply = mem_apply,
	.discard = mem_discard,
	.view_open = mem_view_open,
	.view_close = mem_view_close,
};

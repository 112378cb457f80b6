/*
 * Stores against a model: an array of rows, searched from end to end, with a copy of its last commit. Random operations run on
 * both, over memory and over RocksDB, and every answer must agree: gets, scans both ways, range deletes, neighbours'
 * prefixes, commits, rollbacks, views, and what is there after closing and opening again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/base.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEY_MAX = 24, VALUE_MAX = 40, STORES = 6 };

typedef struct row {
	int store;
	uint32_t klen, vlen;
	char key[KEY_MAX], value[VALUE_MAX];
} row;

typedef struct model {
	row *rows;
	size_t n, room;
} model;

typedef struct world {
	char dir[64];
	wr_db_options opt;
	wr_db *db;
	wr_state *state;
	wr_store *stores[STORES];
	model now, committed;
	uint64_t seed;
	bool big; /* let some epochs be large enough for a file */
} world;

/* neighbours: same operator, next operator, the byte borders */
static const uint16_t ops[STORES] = { 1, 1, 2, 255, 256, 65535 };
static const uint16_t tasks[STORES] = { 0, 65535, 0, 7, 0, 1 };

static uint64_t next_random(world *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return w->seed;
}

static uint32_t below(world *w, uint32_t n)
{
	return (uint32_t)(next_random(w) >> 16) % n;
}

static int cmp_bytes(const char *a, uint32_t an, const char *b, uint32_t bn)
{
	return wr_str_cmp((wr_str){ a, an }, (wr_str){ b, bn });
}

static int cmp_rows(const void *x, const void *y)
{
	const row *a = x, *b = y;

	if (a->store != b->store)
		return a->store - b->store;
	return cmp_bytes(a->key, a->klen, b->key, b->klen);
}

static row *model_find(model *m, int store, wr_str key)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->rows[i].store == store &&
		    cmp_bytes(m->rows[i].key, m->rows[i].klen, key.p, key.n) == 0)
			return &m->rows[i];
	return NULL;
}

static void model_put(model *m, int store, wr_str key, wr_str value)
{
	row *r = model_find(m, store, key);

	if (!r) {
		if (m->n == m->room) {
			m->room = m->room ? m->room * 2 : 64;
			m->rows = realloc(m->rows, m->room * sizeof(row));
		}
		r = &m->rows[m->n++];
		r->store = store;
		r->klen = key.n;
		memcpy(r->key, key.p, key.n);
	}
	r->vlen = value.n;
	memcpy(r->value, value.p, value.n);
}

static void model_del_range(model *m, int store, wr_str from, wr_str to)
{
	size_t keep = 0;

	for (size_t i = 0; i < m->n; i++) {
		row *r = &m->rows[i];
		bool in = r->store == store && cmp_bytes(r->key, r->klen, from.p, from.n) >= 0 &&
			  (!to.p || cmp_bytes(r->key, r->klen, to.p, to.n) < 0);

		if (!in)
			m->rows[keep++] = *r;
	}
	m->n = keep;
}

static void model_del(model *m, int store, wr_str key)
{
	row *r = model_find(m, store, key);

	if (r)
		*r = m->rows[--m->n];
}

static void model_copy(model *to, const model *from)
{
	to->rows = realloc(to->rows, (from->n + 1) * sizeof(row));
	to->room = from->n + 1;
	to->n = from->n;
	if (from->n)
		memcpy(to->rows, from->rows, from->n * sizeof(row));
}

/* Keys that share beginnings, are beginnings of each other, and hold the bytes at the borders. */
static wr_str random_key(world *w, char *to)
{
	static const char letters[] = { 0, 1, 'a', 'b', (char)0x7F, (char)0x80, (char)0xFF };
	uint32_t n = below(w, 4);

	if (below(w, 3) == 0) {
		memcpy(to, "commonprefix", 12);
		for (uint32_t i = 12; i < 12 + n; i++)
			to[i] = letters[below(w, sizeof(letters))];
		return (wr_str){ to, 12 + n };
	}
	for (uint32_t i = 0; i < n; i++)
		to[i] = letters[below(w, sizeof(letters))];
	return (wr_str){ to, n };
}

static wr_str random_value(world *w, char *to)
{
	uint32_t n = below(w, VALUE_MAX);

	for (uint32_t i = 0; i < n; i++)
		to[i] = (char)next_random(w);
	return (wr_str){ to, n };
}

static void open_world(world *w)
{
	wr_err err = WR_ERR_INIT;

	if (!w->db && wr_db_open(w->dir, &w->opt, &w->db, &err) != WR_OK)
		fail_msg("%s", err.message);
	if (wr_state_open(w->db, "incarnation-1", &w->state, &err) != WR_OK)
		fail_msg("%s", err.message);
	for (int i = 0; i < STORES; i++)
		w->stores[i] = wr_store_open(w->state, ops[i], tasks[i]);
}

/* Closes without a commit, as a kill would: what is open is lost. */
static void reopen(world *w)
{
	wr_state_close(w->state);
	if (!w->opt.memory) {
		wr_db_close(w->db);
		w->db = NULL;
	}
	open_world(w);
	model_copy(&w->now, &w->committed);
}

static void check_get(world *w)
{
	char k[KEY_MAX];
	int s = (int)below(w, STORES);
	wr_str key = random_key(w, k);
	row *r = model_find(&w->now, s, key);
	wr_buf out = { 0 };
	bool got = wr_store_get(w->stores[s], key, &out);

	assert_int_equal(got, r != NULL);
	if (r) {
		assert_int_equal(out.n, r->vlen);
		if (r->vlen)
			assert_memory_equal(out.p, r->value, r->vlen);
	}
	wr_buf_free(&out);
}

static void assert_row(const row *r, wr_str key, wr_str value)
{
	assert_int_equal(key.n, r->klen);
	if (key.n)
		assert_memory_equal(key.p, r->key, key.n);
	assert_int_equal(value.n, r->vlen);
	if (value.n)
		assert_memory_equal(value.p, r->value, value.n);
}

static bool inside(const row *r, wr_str from, wr_str to)
{
	return (!from.p || cmp_bytes(r->key, r->klen, from.p, from.n) >= 0) &&
	       (!to.p || cmp_bytes(r->key, r->klen, to.p, to.n) < 0);
}

static void check_scan_of(world *w, int s, wr_str from, wr_str to, bool backwards)
{
	wr_iter *it = wr_store_scan(w->stores[s], from, to, backwards);
	wr_str key, value;
	size_t n = w->now.n;

	if (n)
		qsort(w->now.rows, n, sizeof(row), cmp_rows);
	for (size_t i = 0; i < n; i++) {
		const row *r = &w->now.rows[backwards ? n - 1 - i : i];

		if (r->store != s || !inside(r, from, to))
			continue;
		assert_true(wr_iter_next(it, &key, &value));
		assert_row(r, key, value);
	}
	assert_false(wr_iter_next(it, &key, &value));
	assert_false(wr_iter_next(it, &key, &value));
	wr_iter_close(it);
}

static void random_range(world *w, char *a, char *b, wr_str *from, wr_str *to)
{
	*from = random_key(w, a);
	*to = random_key(w, b);
	if (below(w, 4) == 0)
		*from = (wr_str){ 0 };
	if (below(w, 4) == 0)
		*to = (wr_str){ 0 };
}

static void check_scan(world *w)
{
	char a[KEY_MAX], b[KEY_MAX];
	wr_str from, to;

	random_range(w, a, b, &from, &to);
	if (below(w, 4) == 0) { /* beside another one on the same store */
		int s = (int)below(w, STORES);
		wr_iter *other = wr_store_scan(w->stores[s], (wr_str){ 0 }, (wr_str){ 0 }, false);
		wr_str key, value;

		(void)wr_iter_next(other, &key, &value);
		check_scan_of(w, s, from, to, below(w, 2));
		(void)wr_iter_next(other, &key, &value);
		wr_iter_close(other);
		return;
	}
	check_scan_of(w, (int)below(w, STORES), from, to, below(w, 2));
}

static void check_view(world *w)
{
	wr_str key, value, last = { 0 };
	char kept[KEY_MAX];
	wr_view *v = wr_view_open(w->state, 1, (wr_str){ 0 }, (wr_str){ 0 });
	size_t rows = 0, want = 0;

	for (size_t i = 0; i < w->committed.n; i++)
		want += ops[w->committed.rows[i].store] == 1;
	while (wr_view_next(v, &key, &value)) {
		row *r0 = model_find(&w->committed, 0, key),
		    *r1 = model_find(&w->committed, 1, key);

		assert_true(!last.p || wr_str_cmp(last, key) <= 0);
		assert_true((r0 && wr_str_eq(value, (wr_str){ r0->value, r0->vlen })) ||
			    (r1 && wr_str_eq(value, (wr_str){ r1->value, r1->vlen })));
		memcpy(kept, key.p, key.n);
		last = (wr_str){ kept, key.n };
		rows++;
	}
	assert_int_equal(rows, want);
	wr_view_close(v);
}

static void put(world *w)
{
	char k[KEY_MAX], v[VALUE_MAX];
	int s = (int)below(w, STORES);
	wr_str key = random_key(w, k), value = random_value(w, v);

	wr_store_put(w->stores[s], key, value);
	model_put(&w->now, s, key, value);
}

static void del(world *w)
{
	char k[KEY_MAX];
	int s = (int)below(w, STORES);
	wr_str key = random_key(w, k);

	wr_store_del(w->stores[s], key);
	model_del(&w->now, s, key);
}

static void del_range(world *w)
{
	char a[KEY_MAX], b[KEY_MAX];
	int s = (int)below(w, STORES);
	wr_str from, to;

	random_range(w, a, b, &from, &to);
	wr_store_del_range(w->stores[s], from, to);
	model_del_range(&w->now, s, from, to);
}

static int cmp_kv(const void *x, const void *y)
{
	return wr_str_cmp(((const wr_kv *)x)->key, ((const wr_kv *)y)->key);
}

static void put_sorted(world *w)
{
	char k[20][KEY_MAX], v[20][VALUE_MAX];
	wr_kv kv[20];
	size_t n = 0;
	int s = (int)below(w, STORES);

	for (int i = 0; i < 20; i++)
		kv[i] = (wr_kv){ random_key(w, k[i]),
				 below(w, 5) ? random_value(w, v[i]) : (wr_str){ 0 } };
	qsort(kv, 20, sizeof(kv[0]), cmp_kv);
	for (int i = 0; i < 20; i++)
		if (n == 0 || wr_str_cmp(kv[n - 1].key, kv[i].key) != 0)
			kv[n++] = kv[i];
	wr_store_put_sorted(w->stores[s], kv, n);
	for (size_t i = 0; i < n; i++) {
		if (kv[i].value.p)
			model_put(&w->now, s, kv[i].key, kv[i].value);
		else
			model_del(&w->now, s, kv[i].key);
	}
}

/* Rows far from all others make the epoch large; they are written and, in the same store, taken away by the next one. */
static void fatten(world *w)
{
	char k[KEY_MAX];

	for (int i = 0; i < 10500; i++) {
		int n = snprintf(k, sizeof(k), "zzz%06d", i);

		wr_store_put(w->stores[3], (wr_str){ k, (uint32_t)n }, WR_STR_LIT("fat"));
	}
}

static void commit(world *w)
{
	wr_err err = WR_ERR_INIT;
	bool fat = w->big && below(w, 4) == 0;

	if (fat)
		fatten(w);
	if (wr_state_commit(w->state, &err) != WR_OK)
		fail_msg("%s", err.message);
	model_copy(&w->committed, &w->now);
	assert_int_equal(wr_state_dirty_bytes(w->state), 0);
	if (fat)
		wr_store_del_range(w->stores[3], WR_STR_LIT("zzz000000"), WR_STR_LIT("zzz999999"));
}

static void rollback(world *w)
{
	wr_state_rollback(w->state);
	model_copy(&w->now, &w->committed);
}

static void act(world *w)
{
	switch (below(w, 40)) {
	case 0:
		if (!w->big)
			rollback(w);
		break;
	case 1:
	case 2: commit(w); break;
	case 3:
		if (!w->big && below(w, 4) == 0)
			reopen(w);
		break;
	case 4: del_range(w); break;
	case 5:
	case 6: put_sorted(w); break;
	case 7:
	case 8:
	case 9:
	case 10: del(w); break;
	case 11:
	case 12:
	case 13:
	case 14:
	case 15: check_scan(w); break;
	case 16:
		if (!w->big)
			check_view(w);
		break;
	case 17:
	case 18:
	case 19:
	case 20:
	case 21: check_get(w); break;
	default: put(w);
	}
}

static void clear_dir(const char *dir)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

static void start(world *w, bool memory, uint64_t seed)
{
	/* now and then with so little memory that mirrors are given up */
	size_t bytes = seed % 3 == 0 ? 20000 : seed % 3 == 1 ? 500 : 8 << 20;

	*w = (world){ .opt = { .memory = memory, .cache_bytes = bytes }, .seed = seed };
	snprintf(w->dir, sizeof(w->dir), "/tmp/weir-state-test-%d", (int)getpid());
	clear_dir(w->dir);
	open_world(w);
}

static void finish(world *w)
{
	wr_err err = WR_ERR_INIT;

	assert_int_equal(wr_state_health(w->state, &err), WR_OK);
	wr_state_close(w->state);
	wr_db_close(w->db);
	free(w->now.rows);
	free(w->committed.rows);
	clear_dir(w->dir);
}

static void run(bool memory, uint64_t seed, int steps, bool big)
{
	world w;

	start(&w, memory, seed);
	w.big = big;
	for (int i = 0; i < steps; i++)
		act(&w);
	for (int s = 0; s < STORES; s++) {
		check_scan_of(&w, s, (wr_str){ 0 }, (wr_str){ 0 }, false);
		check_scan_of(&w, s, (wr_str){ 0 }, (wr_str){ 0 }, true);
	}
	finish(&w);
}

static void test_memory(void **t)
{
	(void)t;
	for (uint64_t seed = 1; seed <= 20; seed++)
		run(true, seed * 7919, 4000, false);
}

static void test_rocks(void **t)
{
	(void)t;
	for (uint64_t seed = 1; seed <= 8; seed++)
		run(false, seed * 104729, 2500, false);
}

static void test_rocks_files(void **t)
{
	(void)t;
	for (uint64_t seed = 1; seed <= 3; seed++)
		run(false, seed * 1299709, 800, true);
}

static void put_text(wr_store *st, const char *k, const char *v)
{
	wr_store_put(st, wr_str_of(k), wr_str_of(v));
}

static bool has(wr_store *st, const char *k, const char *v)
{
	wr_buf out = { 0 };
	bool got = wr_store_get(st, wr_str_of(k), &out) && wr_str_is(wr_buf_view(&out), v);

	wr_buf_free(&out);
	return got;
}

/* In one large epoch: a range goes, a key in it is written again, a key before it is kept. */
static void test_file_range_then_point(void **t)
{
	world w;
	wr_err err = WR_ERR_INIT;

	(void)t;
	start(&w, false, 1);
	put_text(w.stores[0], "a", "1");
	put_text(w.stores[0], "b", "2");
	put_text(w.stores[0], "c", "3");
	put_text(w.stores[1], "b", "other");
	assert_int_equal(wr_state_commit(w.state, &err), WR_OK);
	wr_store_del_range(w.stores[0], WR_STR_LIT("b"), (wr_str){ 0 });
	put_text(w.stores[0], "c", "new");
	fatten(&w);
	assert_int_equal(wr_state_commit(w.state, &err), WR_OK);
	for (int round = 0; round < 2; round++) {
		assert_true(has(w.stores[0], "a", "1"));
		assert_false(has(w.stores[0], "b", "2"));
		assert_true(has(w.stores[0], "c", "new"));
		assert_true(has(w.stores[1], "b", "other"));
		assert_true(has(w.stores[3], "zzz010499", "fat"));
		reopen(&w);
	}
	finish(&w);
}

/* A view shows the commit at which it was opened, whatever is committed or dropped while it is read. */
static void test_view_stands(void **t)
{
	world w;
	wr_err err = WR_ERR_INIT;

	for (int memory = 0; memory < 2; memory++) {
		wr_str key, value;
		wr_view *v;

		(void)t;
		start(&w, memory, 1);
		put_text(w.stores[0], "a", "1");
		put_text(w.stores[1], "b", "2");
		put_text(w.stores[2], "a", "not this operator");
		assert_int_equal(wr_state_commit(w.state, &err), WR_OK);
		v = wr_view_open(w.state, 1, (wr_str){ 0 }, (wr_str){ 0 });
		put_text(w.stores[0], "a", "later");
		put_text(w.stores[0], "c", "later");
		assert_int_equal(wr_state_commit(w.state, &err), WR_OK);
		assert_true(wr_view_next(v, &key, &value));
		assert_true(wr_str_is(key, "a") && wr_str_is(value, "1"));
		assert_true(wr_view_next(v, &key, &value));
		assert_true(wr_str_is(key, "b") && wr_str_is(value, "2"));
		assert_false(wr_view_next(v, &key, &value));
		wr_view_close(v);
		finish(&w);
	}
}

/* Each commit writes its number under many keys; a view must show one number only. */
static void *look(void *arg)
{
	world *w = arg;

	for (int i = 0; i < 150; i++) {
		wr_view *v = wr_view_open(w->state, 1, (wr_str){ 0 }, (wr_str){ 0 });
		wr_str key, value;
		char first = 0;
		int n = 0;

		while (wr_view_next(v, &key, &value)) {
			if (n++ == 0)
				first = value.p[0];
			if (value.p[0] != first)
				return w;
		}
		wr_view_close(v);
		if (n != 0 && n != 200)
			return w;
	}
	return NULL;
}

static void test_views_beside_commits(void **t)
{
	(void)t;
	for (int memory = 0; memory < 2; memory++) {
		world w;
		wr_err err = WR_ERR_INIT;
		pthread_t other;
		void *bad;
		char k[16];

		start(&w, memory, 1);
		assert_int_equal(pthread_create(&other, NULL, look, &w), 0);
		for (int n = 0; n < 60; n++) {
			char digit = (char)('0' + n % 10);

			for (int i = 0; i < 200; i++)
				wr_store_put(w.stores[i % 2],
					     (wr_str){ k, (uint32_t)sprintf(k, "%d", i) },
					     (wr_str){ &digit, 1 });
			assert_int_equal(wr_state_commit(w.state, &err), WR_OK);
		}
		pthread_join(other, &bad);
		assert_null(bad);
		finish(&w);
	}
}

static void count_one(void *self, const char *incarnation)
{
	assert_true(strcmp(incarnation, "incarnation-1") == 0 || strcmp(incarnation, "two") == 0);
	++*(int *)self;
}

static void test_states_and_drop(void **t)
{
	(void)t;
	for (int memory = 0; memory < 2; memory++) {
		world w;
		wr_state *two;
		wr_err err = WR_ERR_INIT;
		int n = 0;

		start(&w, memory, 1);
		assert_int_equal(wr_state_open(w.db, "two", &two, &err), WR_OK);
		put_text(wr_store_open(two, 1, 0), "k", "v");
		assert_int_equal(wr_state_commit(two, &err), WR_OK);
		assert_false(has(w.stores[0], "k", "v"));
		assert_int_equal(wr_state_each(w.db, count_one, &n, &err), WR_OK);
		assert_int_equal(n, 2);
		wr_state_close(two);
		assert_int_equal(wr_state_drop(w.db, "two", &err), WR_OK);
		assert_int_equal(wr_state_drop(w.db, "never was", &err), WR_OK);
		assert_int_equal(wr_state_open(w.db, "two", &two, &err), WR_OK);
		assert_false(has(wr_store_open(two, 1, 0), "k", "v"));
		wr_state_close(two);
		finish(&w);
	}
}

static void test_second_process(void **t)
{
	world w;
	int status;
	pid_t child;

	(void)t;
	start(&w, false, 1);
	child = fork();
	if (child == 0) {
		wr_err err = WR_ERR_INIT;
		wr_db *db;
		char who[32];

		snprintf(who, sizeof(who), "process %d", (int)getppid());
		if (wr_db_open(w.dir, &w.opt, &db, &err) == WR_OK)
			_exit(1);
		_exit(err.cls == WR_ERR_IO && strstr(err.message, who) && err.hint[0] ? 0 : 2);
	}
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	finish(&w);
}

static void damage(const char *dir, const char *pattern)
{
	char command[512];

	snprintf(
	    command, sizeof(command),
	    "for f in %s/state/%s; do n=$(stat -c %%s $f); "
	    "dd if=/dev/urandom of=$f bs=1 count=64 seek=$((n/3)) conv=notrunc status=none; done",
	    dir, pattern);
	assert_int_equal(system(command), 0);
}

static void test_damaged_manifest(void **t)
{
	world w;
	wr_err err = WR_ERR_INIT;
	wr_db *db;

	(void)t;
	start(&w, false, 1);
	put_text(w.stores[0], "a", "1");
	assert_int_equal(wr_state_commit(w.state, &err), WR_OK);
	wr_state_close(w.state);
	wr_db_close(w.db);
	damage(w.dir, "MANIFEST*");
	assert_int_equal(wr_db_open(w.dir, &w.opt, &db, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	assert_non_null(strstr(err.message, "is damaged"));
	assert_true(err.hint[0] != 0);
	clear_dir(w.dir);
}

static void shell(const char *command, const char *dir)
{
	char line[512];

	snprintf(line, sizeof(line), command, dir);
	assert_int_equal(system(line), 0);
}

/* A database whose maker died at once is made again; one that lost a file of its own is refused, not begun anew. */
static void test_missing_files(void **t)
{
	world w;
	wr_err err = WR_ERR_INIT;
	wr_db *db;

	(void)t;
	start(&w, false, 1);
	put_text(w.stores[0], "a", "1");
	assert_int_equal(wr_state_commit(w.state, &err), WR_OK);
	wr_state_close(w.state);
	wr_db_close(w.db);
	shell("rm '%s/state/CURRENT'", w.dir);
	assert_int_equal(wr_db_open(w.dir, &w.opt, &db, &err), WR_FAIL);
	assert_non_null(strstr(err.message, "is damaged"));
	shell("cd '%s/state' && rm -f *.log *.sst", w.dir);
	w.db = NULL;
	open_world(&w);
	assert_false(has(w.stores[0], "a", "1"));
	finish(&w);
}

/* A damaged data file is met when it is read: the read finds nothing, and health says why. */
static void test_damaged_file(void **t)
{
	world w;
	wr_err err = WR_ERR_INIT;
	wr_buf out = { 0 };
	char k[KEY_MAX];

	(void)t;
	start(&w, false, 1);
	fatten(&w);
	assert_int_equal(wr_state_commit(w.state, &err), WR_OK);
	wr_state_close(w.state);
	wr_db_close(w.db);
	w.db = NULL;
	damage(w.dir, "*.sst");
	open_world(&w);
	for (int i = 0; i < 10500; i++) {
		int n = snprintf(k, sizeof(k), "zzz%06d", i);

		wr_store_get(w.stores[3], (wr_str){ k, (uint32_t)n }, &out);
	}
	wr_buf_free(&out);
	assert_int_equal(wr_state_health(w.state, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	wr_state_close(w.state);
	wr_db_close(w.db);
	clear_dir(w.dir);
}

static void test_files_left_behind(void **t)
{
	world w;
	char path[128];
	wr_err err = WR_ERR_INIT;
	int fd;

	(void)t;
	start(&w, false, 1);
	put_text(w.stores[0], "a", "1");
	assert_int_equal(wr_state_commit(w.state, &err), WR_OK);
	snprintf(path, sizeof(path), "%s/ingest/77.sst", w.dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	reopen(&w);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(has(w.stores[0], "a", "1"));
	finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_rocks),
		cmocka_unit_test(test_rocks_files),
		cmocka_unit_test(test_file_range_then_point),
		cmocka_unit_test(test_view_stands),
		cmocka_unit_test(test_views_beside_commits),
		cmocka_unit_test(test_states_and_drop),
		cmocka_unit_test(test_second_process),
		cmocka_unit_test(test_damaged_manifest),
		cmocka_unit_test(test_missing_files),
		cmocka_unit_test(test_damaged_file),
		cmocka_unit_test(test_files_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

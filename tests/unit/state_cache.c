/*
 * The cache against a plain map: random finds, changes, removals, flushes, commits, rollbacks and trims on both; what is found
 * must be the same at every step, in memory or brought back from the store. Payloads own heap memory, which leak detection watches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEYS = 700 };

typedef struct item {
	int64_t number;
	char *text;	/* owned; NULL until set */
	uint64_t check; /* ~number: shows bytes gone astray */
} item;

typedef struct slot {
	bool there;
	bool touched; /* else a trim may take it, and it counts as never made */
	int64_t number;
	char text[32];
} slot;

typedef struct world {
	char dir[64];
	wr_db *db;
	wr_state *state;
	wr_store *store;
	wr_cache *cache;
	slot now[KEYS], committed[KEYS];
	uint64_t seed;
} world;

static int live_payloads; /* of all caches */

static void item_init(void *self, void *payload)
{
	item *it = payload;

	(void)self;
	assert_int_equal(it->number, 0);
	assert_null(it->text);
	it->check = ~(uint64_t)0;
	live_payloads++;
}

static void item_save(void *self, const void *payload, wr_buf *out)
{
	const item *it = payload;

	(void)self;
	wr_buf_u64(out, (uint64_t)it->number);
	wr_buf_puts(out, it->text ? it->text : "");
}

static bool item_load(void *self, void *payload, wr_str bytes)
{
	item *it = payload;

	(void)self;
	if (bytes.n < 8)
		return false;
	memcpy(&it->number, bytes.p, 8);
	it->check = ~(uint64_t)it->number;
	if (bytes.n > 8)
		it->text = strndup(bytes.p + 8, bytes.n - 8);
	live_payloads++;
	return true;
}

static void item_drop(void *self, void *payload)
{
	(void)self;
	free(((item *)payload)->text);
	live_payloads--;
}

static size_t item_bytes(void *self, const void *payload)
{
	const item *it = payload;

	(void)self;
	return it->text ? strlen(it->text) + 1 : 0;
}

static const wr_cache_def item_def = {
	.size = sizeof(item),
	.init = item_init,
	.save = item_save,
	.load = item_load,
	.drop = item_drop,
	.bytes = item_bytes,
};

static uint32_t below(world *w, uint32_t n)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 7;
	w->seed ^= w->seed << 17;
	return (uint32_t)(w->seed >> 20) % n;
}

/* Keys of 0 to some 40 bytes; many share beginnings, some are beginnings of others. */
static wr_str make_key(uint32_t i, char *to)
{
	int n;

	if (i == 0)
		return (wr_str){ to, 0 };
	if (i % 3 == 0)
		n = sprintf(to, "%c%c%c", (int)(i >> 8), 0, (int)(i & 0xFF));
	else if (i % 3 == 1)
		n = sprintf(to, "customer/%08u", i);
	else
		n = sprintf(to, "a rather long key that ends in %u%.*s", i, (int)(i % 7),
			    "\1\1\1\1\1\1\1");
	return (wr_str){ to, (uint32_t)n };
}

static void check_item(const slot *s, const item *it)
{
	assert_true(it->check == ~(uint64_t)it->number);
	assert_int_equal(it->number, s->number);
	assert_string_equal(it->text ? it->text : "", s->text);
	assert_int_equal((uintptr_t)it % 16, 0);
}

static void find(world *w)
{
	uint32_t i = below(w, KEYS);
	char k[64];
	wr_str key = make_key(i, k);
	item *it = wr_cache_find(w->cache, key, wr_cache_hash(key));

	wr_cache_prefetch(w->cache, wr_cache_hash(key));
	wr_cache_prefetch_entry(w->cache, wr_cache_hash(key));
	assert_int_equal(it != NULL, w->now[i].there);
	if (it) {
		check_item(&w->now[i], it);
		assert_true(wr_str_eq(wr_cache_key(w->cache, it), key));
	}
}

static void change(world *w, item *it, slot *s)
{
	wr_cache_touch(w->cache, it);
	assert_false(wr_cache_touch(w->cache, it));
	s->touched = true;
	s->number = it->number = it->number + below(w, 100) - 50;
	it->check = ~(uint64_t)it->number;
	if (below(w, 2)) {
		free(it->text);
		sprintf(s->text, "%.*s%u", (int)below(w, 20), "abcdefghijklmnopqrst",
			below(w, 1000));
		it->text = strdup(s->text);
	}
}

static void make(world *w)
{
	uint32_t i = below(w, KEYS);
	char k[64];
	wr_str key = make_key(i, k);
	slot *s = &w->now[i];
	bool created;
	item *it = wr_cache_make(w->cache, key, wr_cache_hash(key), &created);

	assert_int_equal(created, !s->there);
	if (created)
		*s = (slot){ .there = true };
	check_item(s, it);
	change(w, it, s);
}

static void remove_one(world *w)
{
	uint32_t i = below(w, KEYS);
	char k[64];
	wr_str key = make_key(i, k);

	wr_cache_remove(w->cache, key, wr_cache_hash(key));
	w->now[i] = (slot){ 0 };
}

static void commit(world *w)
{
	wr_err err = WR_ERR_INIT;

	wr_cache_flush(w->cache);
	assert_int_equal(wr_cache_dirty(w->cache), 0);
	if (wr_state_commit(w->state, &err) != WR_OK)
		fail_msg("%s", err.message);
	memcpy(w->committed, w->now, sizeof(w->now));
}

static void rollback(world *w)
{
	wr_cache_close(w->cache);
	assert_int_equal(live_payloads, 0);
	wr_state_rollback(w->state);
	w->cache = wr_cache_new(w->store, &item_def, NULL);
	memcpy(w->now, w->committed, sizeof(w->now));
}

static void trim(world *w)
{
	size_t before = wr_cache_bytes(w->cache);

	wr_cache_trim(w->cache, below(w, 3) ? before / 2 : 0);
	assert_true(wr_cache_bytes(w->cache) <= before + 8192);
}

typedef struct tour {
	world *w;
	char last[64];
	uint32_t nlast, n;
	bool remove_some;
} tour;

static bool visit(void *arg, wr_str key, void *payload)
{
	tour *t = arg;
	char k[64];

	assert_true(t->n == 0 || wr_str_cmp((wr_str){ t->last, t->nlast }, key) < 0);
	memcpy(t->last, key.p, key.n);
	t->nlast = key.n;
	t->n++;
	for (uint32_t i = 0; i < KEYS; i++) {
		if (!wr_str_eq(make_key(i, k), key))
			continue;
		assert_true(t->w->now[i].there);
		check_item(&t->w->now[i], payload);
		if (t->remove_some && i % 5 == 0) {
			wr_cache_remove(t->w->cache, make_key(i, k), wr_cache_hash(key));
			t->w->now[i] = (slot){ 0 };
		}
		return true;
	}
	fail();
	return false;
}

static void scan(world *w)
{
	tour t = { .w = w, .remove_some = below(w, 2) };
	uint32_t want = 0;

	for (int i = 0; i < KEYS; i++)
		want += w->now[i].there;
	wr_cache_scan(w->cache, (wr_str){ 0 }, (wr_str){ 0 }, visit, &t);
	assert_int_equal(t.n, want);
}

static void act(world *w)
{
	switch (below(w, 400)) {
	case 0: rollback(w); break;
	case 1:
	case 2:
	case 3:
	case 4:
	case 5: commit(w); break;
	case 6:
	case 7:
	case 8: trim(w); break;
	case 9:
		if (below(w, 8) == 0)
			scan(w);
		break;
	case 10:
	case 11: wr_cache_flush(w->cache); break;
	default:
		switch (below(w, 6)) {
		case 0: remove_one(w); break;
		case 1:
		case 2: find(w); break;
		default: make(w); break;
		}
	}
}

static void run(bool memory, uint64_t seed, int steps)
{
	static world w;
	wr_db_options opt = { .memory = memory };
	wr_err err = WR_ERR_INIT;
	char command[128];

	w = (world){ .seed = seed };
	live_payloads = 0;
	snprintf(w.dir, sizeof(w.dir), "/tmp/weir-cache-test-%d", (int)getpid());
	snprintf(command, sizeof(command), "rm -rf '%s'", w.dir);
	assert_int_equal(system(command), 0);
	if (wr_db_open(w.dir, &opt, &w.db, &err) || wr_state_open(w.db, "one", &w.state, &err))
		fail_msg("%s", err.message);
	w.store = wr_store_open(w.state, 3, 1);
	w.cache = wr_cache_new(w.store, &item_def, NULL);
	for (int i = 0; i < steps; i++)
		act(&w);
	assert_int_equal(wr_state_health(w.state, &err), WR_OK);
	wr_cache_close(w.cache);
	assert_int_equal(live_payloads, 0);
	wr_state_close(w.state);
	wr_db_close(w.db);
	assert_int_equal(system(command), 0);
}

static void test_memory(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++)
		run(true, seed * 7919, 30000);
}

static void test_rocks(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++)
		run(false, seed * 7919, 20000);
}

static void save_nothing(void *self, const void *payload, wr_buf *out)
{
	(void)self, (void)payload, (void)out;
}

static bool load_never(void *self, void *payload, wr_str bytes)
{
	(void)self, (void)payload, (void)bytes;
	return false;
}

/* A value that cannot be read counts as not there, and health tells. */
static void test_damage(void **state)
{
	static const wr_cache_def def = { .size = 8, .save = save_nothing, .load = load_never };
	wr_db_options opt = { .memory = true };
	wr_err err = WR_ERR_INIT;
	wr_db *db;
	wr_state *st;
	wr_store *store;
	wr_cache *c;

	(void)state;
	assert_int_equal(wr_db_open("", &opt, &db, &err), WR_OK);
	assert_int_equal(wr_state_open(db, "one", &st, &err), WR_OK);
	store = wr_store_open(st, 1, 0);
	wr_store_put(store, WR_STR_LIT("k"), WR_STR_LIT("damaged"));
	c = wr_cache_new(store, &def, NULL);
	assert_null(wr_cache_find(c, WR_STR_LIT("other"), wr_cache_hash(WR_STR_LIT("other"))));
	assert_int_equal(wr_state_health(st, &err), WR_OK);
	assert_null(wr_cache_find(c, WR_STR_LIT("k"), wr_cache_hash(WR_STR_LIT("k"))));
	assert_int_equal(wr_state_health(st, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	wr_cache_close(c);
	wr_state_close(st);
	wr_db_close(db);
}

/* Trimming a clean cache of many entries really gives memory back, and all of it can be read again. */
static void test_trim_shrinks(void **state)
{
	static const wr_cache_def def = { .size = 8, .save = save_nothing, .load = load_never };
	wr_db_options opt = { .memory = true };
	wr_err err = WR_ERR_INIT;
	wr_db *db;
	wr_state *st;
	wr_cache *c;
	bool created;
	size_t full;

	(void)state;
	assert_int_equal(wr_db_open("", &opt, &db, &err), WR_OK);
	assert_int_equal(wr_state_open(db, "one", &st, &err), WR_OK);
	c = wr_cache_new(wr_store_open(st, 1, 0), &def, NULL);
	for (uint64_t i = 0; i < 200000; i++) {
		wr_str key = { (const char *)&i, sizeof(i) };

		wr_cache_make(c, key, wr_cache_hash(key), &created);
		assert_true(created);
	}
	full = wr_cache_bytes(c);
	assert_true(full < 200000 * 100);
	wr_cache_trim(c, full / 4);
	assert_true(wr_cache_bytes(c) <= full / 4);
	wr_cache_trim(c, 0);
	assert_true(wr_cache_bytes(c) < 4 << 20);
	wr_cache_close(c);
	wr_state_close(st);
	wr_db_close(db);
}

/* What is changed and not committed is counted, in the cache and on its way: commit.bytes goes by it. */
static void test_changed_bytes(void **unused)
{
	static const wr_cache_def def = { .size = 32, .save = item_save };
	wr_db_options opt = { .memory = true };
	wr_err err = WR_ERR_INIT;
	bool created;
	wr_db *db;
	wr_state *st;

	(void)unused;
	assert_int_equal(wr_db_open(NULL, &opt, &db, &err), WR_OK);
	assert_int_equal(wr_state_open(db, "one", &st, &err), WR_OK);
	wr_cache *c = wr_cache_new(wr_store_open(st, 1, 0), &def, NULL);

	for (uint64_t i = 0; i < 1000; i++) {
		wr_str key = { (const char *)&i, sizeof(i) };
		void *payload = wr_cache_make(c, key, wr_cache_hash(key), &created);

		wr_cache_touch(c, payload);
		wr_cache_touch(c, payload);
	}
	size_t changed = wr_state_dirty_bytes(st);

	/* each and its copy for the commit, and what points at them */
	assert_in_range(changed, 1000 * 2 * (32 + 8), 1000 * 2 * (32 + 8 + 64));
	wr_cache_flush(c);
	assert_in_range(wr_state_dirty_bytes(st), 1000 * 8, 2 * changed);
	assert_int_equal(wr_state_commit(st, &err), WR_OK);
	assert_int_equal(wr_state_dirty_bytes(st), 0);
	wr_cache_close(c);
	wr_state_close(st);
	wr_db_close(db);
}

static void fill(wr_cache *c, uint64_t n)
{
	bool created;

	for (uint64_t i = 0; i < n; i++) {
		wr_str key = { (const char *)&i, sizeof(i) };

		wr_cache_make(c, key, wr_cache_hash(key), &created);
	}
}

/* All caches of a data directory share 6 times the block cache: who grows gives way. */
static void test_room(void **unused)
{
	static const wr_cache_def def = { .size = 32, .save = item_save };
	enum { LIMIT = 6 * 20000, ANY = 1 << 20 };
	wr_db_options opt = { .memory = true, .cache_bytes = 20000 };
	wr_err err = WR_ERR_INIT;
	wr_db *db;
	wr_state *st;

	(void)unused;
	assert_int_equal(wr_db_open(NULL, &opt, &db, &err), WR_OK);
	assert_int_equal(wr_state_open(db, "one", &st, &err), WR_OK);
	wr_cache *a = wr_cache_new(wr_store_open(st, 1, 0), &def, NULL);
	wr_cache *b = wr_cache_new(wr_store_open(st, 2, 0), &def, NULL);

	fill(a, 500);
	assert_in_range(wr_cache_bytes(a), LIMIT / 2, LIMIT);
	assert_int_equal(wr_cache_room(a, ANY), ANY);
	assert_int_equal(wr_cache_room(a, 100), 100);
	fill(b, 500);
	assert_true(wr_cache_room(b, ANY) >= LIMIT / 2); /* its share, at least */
	assert_true(wr_cache_room(b, ANY) < wr_cache_bytes(b));
	wr_cache_trim(b, wr_cache_room(b, ANY));
	(void)wr_cache_room(b, ANY); /* tells */
	wr_cache_trim(a, wr_cache_room(a, ANY));
	(void)wr_cache_room(a, ANY);
	assert_true(wr_cache_bytes(a) + wr_cache_bytes(b) <= LIMIT);
	wr_cache_close(a); /* the other may have all again */
	assert_int_equal(wr_cache_room(b, ANY), ANY);
	wr_cache_close(b);
	wr_state_close(st);
	wr_db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),	      cmocka_unit_test(test_rocks),
		cmocka_unit_test(test_damage),	      cmocka_unit_test(test_trim_shrinks),
		cmocka_unit_test(test_changed_bytes), cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

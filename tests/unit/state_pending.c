/*
 * Commits in two steps, backups and the check of everything. A pending epoch, small or large, outlives the process and is then either
 * all there or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/base.h"
#include "state/catalog_sqlite.h"
#include "state/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SMALL = 10, LARGE = 12000 };

typedef struct world {
	char dir[64];
	wr_db_options opt;
	wr_db *db;
	wr_state *state;
	wr_store *a, *b;
} world;

static void shell(const char *format, const char *dir)
{
	char command[256];

	snprintf(command, sizeof(command), format, dir);
	assert_int_equal(system(command), 0);
}

static void open_state(world *w)
{
	wr_err err = WR_ERR_INIT;

	if (!w->db && wr_db_open(w->dir, &w->opt, &w->db, &err) != WR_OK)
		fail_msg("%s", err.message);
	if (wr_state_open(w->db, "one", &w->state, &err) != WR_OK)
		fail_msg("%s", err.message);
	w->a = w->b = NULL;
}

static void open_stores(world *w)
{
	w->a = wr_store_open(w->state, 1, 0);
	w->b = wr_store_open(w->state, 65535, 65534);
}

static void close_all(world *w)
{
	wr_state_close(w->state);
	if (!w->opt.memory) {
		wr_db_close(w->db);
		w->db = NULL;
	}
}

static void start(world *w, bool memory)
{
	*w = (world){ .opt.memory = memory };
	snprintf(w->dir, sizeof(w->dir), "/tmp/weir-pending-test-%d", (int)getpid());
	shell("rm -rf '%s'", w->dir);
	open_state(w);
	open_stores(w);
}

static void finish(world *w)
{
	close_all(w);
	wr_db_close(w->db);
	shell("rm -rf '%s'", w->dir);
}

static void ok(wr_status status, const wr_err *err)
{
	if (status != WR_OK)
		fail_msg("%s", err->message);
}

static bool has(wr_store *st, const char *k, const char *v)
{
	wr_buf out = { 0 };
	bool got = wr_store_get(st, wr_str_of(k), &out) && wr_str_is(wr_buf_view(&out), v);

	wr_buf_free(&out);
	return got;
}

static void put(wr_store *st, const char *k, const char *v)
{
	wr_store_put(st, wr_str_of(k), wr_str_of(v));
}

/* The last commit has old=1, gone=1; the epoch deletes gone by a range and adds rows to both stores. */
static void make_epoch(world *w, int rows)
{
	wr_err err = WR_ERR_INIT;
	char k[16];

	put(w->a, "gone", "1");
	put(w->a, "old", "1");
	ok(wr_state_commit(w->state, &err), &err);
	wr_store_del_range(w->a, WR_STR_LIT("g"), WR_STR_LIT("h"));
	for (int i = 0; i < rows; i++) {
		snprintf(k, sizeof(k), "row%06d", i);
		put(w->b, k, "new");
	}
	put(w->a, "old", "2");
}

static void assert_before(world *w)
{
	assert_true(has(w->a, "gone", "1"));
	assert_true(has(w->a, "old", "1"));
	assert_false(has(w->b, "row000000", "new"));
}

static void assert_after(world *w, int rows)
{
	char k[16];

	snprintf(k, sizeof(k), "row%06d", rows - 1);
	assert_false(has(w->a, "gone", "1"));
	assert_true(has(w->a, "old", "2"));
	assert_true(has(w->b, "row000000", "new"));
	assert_true(has(w->b, k, "new"));
}

static size_t view_rows(wr_state *s, uint16_t op)
{
	wr_view *v = wr_view_open(s, op, (wr_str){ 0 }, (wr_str){ 0 });
	wr_str key, value;
	size_t n = 0;

	while (wr_view_next(v, &key, &value))
		n++;
	wr_view_close(v);
	return n;
}

static void two_steps(bool memory, int rows, bool restart, bool apply)
{
	world w;
	wr_err err = WR_ERR_INIT;
	uint64_t epoch = 0;

	start(&w, memory);
	make_epoch(&w, rows);
	assert_false(wr_state_pending(w.state, &epoch));
	ok(wr_state_prepare(w.state, 42, &err), &err);
	assert_true(wr_state_pending(w.state, &epoch));
	assert_int_equal(epoch, 42);
	assert_after(&w, rows); /* the open epoch is still seen by its own stores */
	assert_int_equal(view_rows(w.state, 65535), 0); /* by nobody else */
	if (restart) {
		close_all(&w);
		open_state(&w);
		epoch = 0;
		assert_true(wr_state_pending(w.state, &epoch));
		assert_int_equal(epoch, 42);
	}
	ok(apply ? wr_state_apply(w.state, &err) : wr_state_discard(w.state, &err), &err);
	assert_false(wr_state_pending(w.state, &epoch));
	if (!apply)
		wr_state_rollback(w.state);
	if (restart)
		open_stores(&w);
	for (int round = 0; round < 2; round++) {
		if (apply)
			assert_after(&w, rows);
		else
			assert_before(&w);
		assert_int_equal(view_rows(w.state, 65535), apply ? rows : 0);
		assert_false(wr_state_pending(w.state, &epoch));
		close_all(&w);
		open_state(&w);
		open_stores(&w);
	}
	put(w.a, "next", "epoch");
	ok(wr_state_commit(w.state, &err), &err);
	finish(&w);
}

static void test_two_steps(void **state)
{
	(void)state;
	for (int i = 0; i < 16; i++)
		two_steps(i & 1, i & 2 ? LARGE : SMALL, i & 4, i & 8);
}

/* An epoch without changes can be pending, too: the sink may have had output. */
static void test_nothing_to_prepare(void **state)
{
	(void)state;
	for (int memory = 0; memory < 2; memory++) {
		world w;
		wr_err err = WR_ERR_INIT;
		uint64_t epoch;

		start(&w, memory);
		ok(wr_state_prepare(w.state, 7, &err), &err);
		assert_true(wr_state_pending(w.state, &epoch));
		ok(wr_state_apply(w.state, &err), &err);
		assert_false(wr_state_pending(w.state, &epoch));
		finish(&w);
	}
}

/* The file of a large pending epoch goes when it is decided, and others' files are left alone. */
static void test_files(void **state)
{
	world w;
	wr_err err = WR_ERR_INIT;

	(void)state;
	start(&w, false);
	make_epoch(&w, LARGE);
	ok(wr_state_prepare(w.state, 1, &err), &err);
	shell("test -f '%s/ingest/p-one-1.sst'", w.dir);
	shell("touch '%s/ingest/p-two-9.sst'", w.dir);
	close_all(&w);
	open_state(&w);
	shell("test -f '%s/ingest/p-one-1.sst'", w.dir);
	shell("test ! -e '%s/ingest/p-two-9.sst'", w.dir);
	ok(wr_state_apply(w.state, &err), &err);
	shell("test ! -e '%s/ingest/p-one-1.sst'", w.dir);
	finish(&w);
}

/* The file is gone: the decision fails and says so; nothing else changes. */
static void test_lost_file(void **state)
{
	world w;
	wr_err err = WR_ERR_INIT;
	uint64_t epoch;

	(void)state;
	start(&w, false);
	make_epoch(&w, LARGE);
	ok(wr_state_prepare(w.state, 1, &err), &err);
	shell("rm '%s/ingest/p-one-1.sst'", w.dir);
	assert_int_equal(wr_state_apply(w.state, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	assert_true(wr_state_pending(w.state, &epoch));
	finish(&w);
}

static void test_backup(void **state)
{
	world w, copy;
	wr_err err = WR_ERR_INIT;
	char to[80];
	uint64_t epoch, keys;

	(void)state;
	start(&w, false);
	make_epoch(&w, LARGE);
	ok(wr_state_prepare(w.state, 5, &err), &err);
	snprintf(to, sizeof(to), "%s-copy", w.dir);
	shell("rm -rf '%s'", to);
	ok(wr_db_backup(w.db, to, &err), &err);
	ok(wr_state_apply(w.state, &err), &err);
	ok(wr_db_verify(w.db, &keys, &err), &err);
	assert_int_equal(keys, LARGE + 1);
	copy = (world){ .opt = w.opt };
	memcpy(copy.dir, to, sizeof(copy.dir));
	open_state(&copy);
	assert_true(wr_state_pending(copy.state, &epoch));
	ok(wr_state_apply(copy.state, &err), &err);
	open_stores(&copy);
	assert_after(&copy, LARGE);
	finish(&copy);
	assert_after(&w, LARGE);
	finish(&w);
}

static void test_verify_finds_damage(void **state)
{
	world w;
	wr_err err = WR_ERR_INIT;
	uint64_t keys;

	(void)state;
	start(&w, false);
	make_epoch(&w, LARGE);
	ok(wr_state_commit(w.state, &err), &err);
	close_all(&w);
	shell(
	    "cd '%s/state' && printf XXXXXXXX | dd of=$(ls -S *.sst | head -1) bs=1 seek=5000 conv=notrunc status=none",
	    w.dir);
	open_state(&w);
	assert_int_equal(wr_db_verify(w.db, &keys, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	assert_non_null(strstr(err.message, "is damaged"));
	finish(&w);
}

static void test_check(void **state)
{
	world w;
	wr_err err = WR_ERR_INIT;
	wr_statement_row row = { .incarnation = WR_STR_LIT("one"), .status = WR_STATEMENT_LIVE };
	wr_buf report = { 0 };
	wr_catdb *catalog;
	wr_state *orphan;
	wr_check found;
	int64_t seq;

	(void)state;
	start(&w, false);
	assert_int_equal(wr_check_data(w.dir, &found, &report, &err), WR_FAIL); /* no catalog */
	wr_err_clear(&err);
	ok(wr_catdb_open(w.dir, &catalog, &err), &err);
	ok(wr_catdb_append(catalog, &row, &seq, &err), &err);
	wr_catdb_close(catalog);
	assert_int_equal(wr_check_data(w.dir, &found, &report, &err), WR_FAIL); /* in use */
	assert_non_null(strstr(err.message, "in use"));
	wr_err_clear(&err);
	make_epoch(&w, SMALL);
	ok(wr_state_prepare(w.state, 9, &err), &err);
	ok(wr_state_open(w.db, "nobody's", &orphan, &err), &err);
	wr_state_close(orphan);
	close_all(&w);
	ok(wr_check_data(w.dir, &found, &report, &err), &err);
	assert_int_equal(found.statements, 1);
	assert_int_equal(found.queries, 2);
	assert_int_equal(found.orphans, 1);
	assert_int_equal(found.pending, 1);
	assert_int_equal(found.keys, 2 + 1); /* what is pending is one key */
	assert_non_null(strstr(report.p, "epoch 9"));
	assert_non_null(strstr(report.p, "nobody's"));
	wr_buf_free(&report);
	open_state(&w);
	finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_steps), cmocka_unit_test(test_nothing_to_prepare),
		cmocka_unit_test(test_files),	  cmocka_unit_test(test_lost_file),
		cmocka_unit_test(test_backup),	  cmocka_unit_test(test_verify_finds_damage),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

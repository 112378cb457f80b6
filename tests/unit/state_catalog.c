/*
 * The catalog: what is written is there after closing and opening, in order; rolled back is gone; counters never repeat; a
 * damaged file, another program's file and an unknown format are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/format.h"
#include "state/catalog_sqlite.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[96];

static void clear(void)
{
	char command[128];

	snprintf(dir, sizeof(dir), "/tmp/weir-catalog-test-%d", (int)getpid());
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

static wr_catdb *open_good(void)
{
	wr_err err = WR_ERR_INIT;
	wr_catdb *db;

	if (wr_catdb_open(dir, &db, &err) != WR_OK)
		fail_msg("%s", err.message);
	return db;
}

static void refused(const char *words)
{
	wr_err err = WR_ERR_INIT;
	wr_catdb *db;

	assert_int_equal(wr_catdb_open(dir, &db, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	if (!strstr(err.message, words))
		fail_msg("%s", err.message);
	assert_true(err.hint[0] != 0);
}

static int64_t append(wr_catdb *db, const char *text, const char *name)
{
	wr_err err = WR_ERR_INIT;
	int64_t seq;
	wr_statement_row row = {
		.place = WR_STR_LIT("pipeline.sql"),
		.ordinal = 7,
		.text = wr_str_of(text),
		.normal = wr_str_of(text),
		.kind = WR_STR_LIT("CREATE TABLE"),
		.name = wr_str_of(name),
		.query_id = WR_STR_LIT("CTAS_X_5"),
		.tasks = 3,
		.created_at = 1234567890123,
		.properties = WR_STR_LIT("{\"a\":1}"),
	};

	if (wr_catdb_append(db, &row, &seq, &err) != WR_OK)
		fail_msg("%s", err.message);
	return seq;
}

typedef struct seen {
	wr_statement_row rows[8];
	char text[8][64];
	int n;
} seen;

static wr_status see(void *self, const wr_statement_row *row, wr_err *err)
{
	seen *s = self;

	(void)err;
	s->rows[s->n] = *row;
	snprintf(s->text[s->n], 64, "%.*s", WR_STR_ARG(row->text));
	if (s->n == 0) { /* strings are looked at while they live */
		assert_true(wr_str_is(row->place, "pipeline.sql"));
		assert_true(wr_str_is(row->kind, "CREATE TABLE"));
		assert_true(wr_str_is(row->query_id, "CTAS_X_5"));
		assert_null(row->incarnation.p);
	}
	s->n++;
	return WR_OK;
}

static seen list(wr_catdb *db, bool dropped)
{
	wr_err err = WR_ERR_INIT;
	seen s = { .n = 0 };

	assert_int_equal(wr_catdb_each(db, dropped, see, &s, &err), WR_OK);
	return s;
}

static void test_statements(void **state)
{
	wr_err err = WR_ERR_INIT;
	wr_catdb *db;
	int64_t a, b, c;
	seen s;

	(void)state;
	clear();
	db = open_good();
	a = append(db, "CREATE 1", "A");
	b = append(db, "CREATE 2", "B");
	c = append(db, "CREATE 3", "C");
	assert_true(a < b && b < c);
	assert_int_equal(wr_catdb_set_status(db, a, WR_STATEMENT_LIVE, &err), WR_OK);
	assert_int_equal(wr_catdb_set_status(db, b, WR_STATEMENT_DROPPED, &err), WR_OK);
	assert_int_equal(wr_catdb_set_extra(db, c, WR_STR_LIT("{}"), &err), WR_OK);
	assert_int_equal(wr_catdb_set_properties(db, c, (wr_str){ 0 }, &err), WR_OK);
	wr_catdb_close(db);
	db = open_good();
	s = list(db, false);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.text[0], "CREATE 1");
	assert_int_equal(s.rows[0].status, WR_STATEMENT_LIVE);
	assert_int_equal(s.rows[0].ordinal, 7);
	assert_int_equal(s.rows[0].tasks, 3);
	assert_true(s.rows[0].created_at == 1234567890123);
	assert_int_equal(s.rows[1].seq, c);
	assert_int_equal(s.rows[1].status, WR_STATEMENT_CREATING);
	assert_null(s.rows[1].properties.p);
	s = list(db, true);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.rows[1].status, WR_STATEMENT_DROPPED);
	assert_int_equal(wr_catdb_set_status(db, 999, WR_STATEMENT_LIVE, &err), WR_FAIL);
	wr_catdb_close(db);
}

static void test_update(void **state)
{
	wr_err err = WR_ERR_INIT;
	wr_catdb *db;
	wr_statement_row row = { .text = WR_STR_LIT("new text"),
				 .status = WR_STATEMENT_LIVE,
				 .tasks = 1,
				 .place = WR_STR_LIT("pipeline.sql"),
				 .kind = WR_STR_LIT("CREATE TABLE"),
				 .query_id = WR_STR_LIT("CTAS_X_5") };
	seen s;

	(void)state;
	clear();
	db = open_good();
	row.seq = append(db, "CREATE 1", "A");
	assert_int_equal(wr_catdb_update(db, &row, &err), WR_OK);
	s = list(db, false);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.text[0], "new text");
	assert_null(s.rows[0].name.p);
	wr_catdb_close(db);
}

static void test_transactions(void **state)
{
	wr_err err = WR_ERR_INIT;
	wr_catdb *db;
	int64_t n, m;

	(void)state;
	clear();
	db = open_good();
	assert_int_equal(wr_catdb_begin(db, &err), WR_OK);
	append(db, "gone", "A");
	assert_int_equal(wr_catdb_next(db, "query", &n, &err), WR_OK);
	wr_catdb_rollback(db);
	assert_int_equal(list(db, true).n, 0);
	assert_int_equal(wr_catdb_next(db, "query", &m, &err), WR_OK);
	assert_true(m > n);
	assert_int_equal(wr_catdb_begin(db, &err), WR_OK);
	append(db, "stays", "A");
	append(db, "stays too", "B");
	assert_int_equal(wr_catdb_commit(db, &err), WR_OK);
	/* an open one is lost with the process */
	assert_int_equal(wr_catdb_begin(db, &err), WR_OK);
	append(db, "lost", "C");
	wr_catdb_close(db);
	db = open_good();
	assert_int_equal(list(db, true).n, 2);
	assert_int_equal(wr_catdb_next(db, "query", &n, &err), WR_OK);
	assert_true(n > m);
	assert_int_equal(wr_catdb_next(db, "other", &n, &err), WR_OK);
	assert_int_equal(n, 1);
	wr_catdb_close(db);
}

static wr_status count_topics(void *self, wr_str name, int32_t partitions, wr_str kind, wr_err *err)
{
	(void)err;
	assert_true(wr_str_is(name, "orders") && partitions == 6 && wr_str_is(kind, "log"));
	++*(int *)self;
	return WR_OK;
}

static void test_settings_and_topics(void **state)
{
	wr_err err = WR_ERR_INIT;
	wr_buf out = { 0 };
	wr_catdb *db;
	bool found;
	int32_t parts;
	int n = 0;

	(void)state;
	clear();
	db = open_good();
	assert_int_equal(wr_catdb_get(db, "k", &out, &found, &err), WR_OK);
	assert_false(found);
	assert_int_equal(wr_catdb_set(db, "k", WR_STR_LIT("v1"), &err), WR_OK);
	assert_int_equal(wr_catdb_set(db, "k", WR_STR_LIT("v2"), &err), WR_OK);
	assert_int_equal(wr_catdb_get(db, "k", &out, &found, &err), WR_OK);
	assert_true(found && wr_str_is(wr_buf_view(&out), "v2"));
	assert_int_equal(wr_catdb_put_topic(db, WR_STR_LIT("orders"), 4, WR_STR_LIT("log"), &err),
			 WR_OK);
	assert_int_equal(wr_catdb_put_topic(db, WR_STR_LIT("orders"), 6, WR_STR_LIT("log"), &err),
			 WR_OK);
	assert_int_equal(wr_catdb_put_topic(db, WR_STR_LIT("x"), 1, WR_STR_LIT("log"), &err),
			 WR_OK);
	assert_int_equal(wr_catdb_drop_topic(db, WR_STR_LIT("x"), &err), WR_OK);
	assert_int_equal(wr_catdb_topic(db, WR_STR_LIT("orders"), &parts, &out, &err), WR_OK);
	assert_int_equal(parts, 6);
	assert_true(wr_str_is(wr_buf_view(&out), "log"));
	assert_int_equal(wr_catdb_topic(db, WR_STR_LIT("x"), &parts, &out, &err), WR_OK);
	assert_int_equal(parts, 0);
	assert_int_equal(wr_catdb_each_topic(db, count_topics, &n, &err), WR_OK);
	assert_int_equal(n, 1);
	wr_buf_free(&out);
	wr_catdb_close(db);
}

static void run_sql(const char *sql)
{
	char path[128];
	sqlite3 *raw;

	snprintf(path, sizeof(path), "%s/weir.db", dir);
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
}

static void test_refusals(void **state)
{
	char path[128], noise[4096];
	int fd;

	(void)state;
	clear();
	wr_catdb_close(open_good());
	run_sql("UPDATE meta SET value = '99' WHERE key = 'format'");
	refused("has format 99");
	run_sql("UPDATE meta SET value = '" WR_DATA_FORMAT "' WHERE key = 'format'");
	wr_catdb_close(open_good());
	run_sql("PRAGMA application_id = 5");
	refused("is not a catalog of weir");
	clear();
	wr_catdb_close(open_good());
	snprintf(path, sizeof(path), "%s/weir.db", dir);
	memset(noise, 0xA5, sizeof(noise));
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, noise, sizeof(noise), 4096), (int)sizeof(noise));
	close(fd);
	refused("weir.db");
	clear();
}

static void test_memory(void **state)
{
	wr_err err = WR_ERR_INIT;
	wr_catdb *db;

	(void)state;
	assert_int_equal(wr_catdb_open(NULL, &db, &err), WR_OK);
	append(db, "x", "X");
	assert_int_equal(list(db, false).n, 1);
	wr_catdb_close(db);
}

static void test_backup(void **state)
{
	wr_err err = WR_ERR_INIT;
	char to[128], from[80];
	wr_catdb *db;

	(void)state;
	clear();
	db = open_good();
	append(db, "x", "X");
	snprintf(to, sizeof(to), "%s/copy", dir);
	if (wr_catdb_backup(db, to, &err) != WR_OK)
		fail_msg("%s", err.message);
	wr_catdb_close(db);
	snprintf(from, sizeof(from), "%.60s", dir);
	snprintf(dir, sizeof(dir), "%s/copy", from);
	db = open_good();
	assert_int_equal(list(db, false).n, 1);
	wr_catdb_close(db);
	clear();
}

static void *writer(void *arg)
{
	wr_err err = WR_ERR_INIT;

	for (int i = 0; i < 30; i++) {
		int64_t n;

		if (wr_catdb_begin(arg, &err) != WR_OK ||
		    wr_catdb_next(arg, "n", &n, &err) != WR_OK)
			return arg;
		append(arg, "t", "T");
		if (wr_catdb_commit(arg, &err) != WR_OK)
			return arg;
	}
	return NULL;
}

static void test_threads(void **state)
{
	wr_err err = WR_ERR_INIT;
	pthread_t t[4];
	wr_catdb *db;
	int64_t n;

	(void)state;
	assert_int_equal(wr_catdb_open(NULL, &db, &err), WR_OK);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, writer, db);
	for (int i = 0; i < 4; i++) {
		void *bad;

		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(wr_catdb_next(db, "n", &n, &err), WR_OK);
	assert_int_equal(n, 121);
	wr_catdb_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements),   cmocka_unit_test(test_update),
		cmocka_unit_test(test_transactions), cmocka_unit_test(test_settings_and_topics),
		cmocka_unit_test(test_refusals),     cmocka_unit_test(test_memory),
		cmocka_unit_test(test_backup),	     cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

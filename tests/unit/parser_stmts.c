/*
 * Every kind of statement: what it parses to, said as the text that the tree prints, and that this text parses to
 * the same tree again. Where a text could not show a difference, the tree's fields are looked at.
 */
#include "parser/parse.h"
#include "parser/unparse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static wr_arena *arena;

static wr_stmt *one(const char *text)
{
	wr_err err = WR_ERR_INIT;
	wr_stmts s;

	if (wr_parse(arena, wr_str_of(text), &s, &err) != WR_OK)
		fail_msg("%s: %s (%s)", text, err.message, err.hint);
	assert_int_equal(s.n, 1);
	return s.items[0];
}

static const char *printed(const wr_stmt *s)
{
	wr_buf b = { 0 };
	const char *z;

	wr_unparse_stmt(s, &b);
	z = wr_arena_str(arena, wr_buf_view(&b)).p;
	wr_buf_free(&b);
	return z;
}

/* in prints as out, and out is the same tree and prints as itself. */
static void check(const char *in, wr_stmt_kind kind, const char *out)
{
	wr_stmt *s = one(in), *again;

	assert_int_equal(s->kind, kind);
	assert_string_equal(printed(s), out);
	again = one(out);
	assert_true(wr_ast_stmt_eq(s, again));
	assert_string_equal(printed(again), out);
}

/* in prints as itself. */
static void same(const char *in, wr_stmt_kind kind)
{
	check(in, kind, in);
}

static void test_create_source(void **state)
{
	(void)state;
	check("create stream s (id int key, name varchar, v double) with (kafka_topic='t', "
	      "VALUE_FORMAT='JSON');",
	      WR_STMT_CREATE_SOURCE,
	      "CREATE STREAM s (id INTEGER KEY, name STRING, v DOUBLE) WITH (kafka_topic = 't', "
	      "VALUE_FORMAT = 'JSON');");
	same("CREATE OR REPLACE TABLE t (id BIGINT PRIMARY KEY) WITH (kafka_topic = 't');",
	     WR_STMT_CREATE_SOURCE);
	same("CREATE SOURCE STREAM IF NOT EXISTS s (h ARRAY<STRUCT<key STRING, value BYTES>> "
	     "HEADERS, x BYTES HEADER('a''b'));",
	     WR_STMT_CREATE_SOURCE);
	same("CREATE STREAM s;", WR_STMT_CREATE_SOURCE);
	same("CREATE STREAM s WITH ();", WR_STMT_CREATE_SOURCE);
	same("CREATE TABLE t WITH (partitions = 4, wrap = TRUE, x = NULL, y = -1.5) AS SELECT a "
	     "FROM s;",
	     WR_STMT_CREATE_SOURCE);
	check("CREATE STREAM s WITH (\"HEADER.X-A\" = 'b', `c` = 1);", WR_STMT_CREATE_SOURCE,
	      "CREATE STREAM s WITH ('HEADER.X-A' = 'b', 'c' = 1);");
	same("CREATE STREAM map (if INTEGER, `from` STRING, 1ab STRING);", WR_STMT_CREATE_SOURCE);
}

static void test_create_source_tree(void **state)
{
	const wr_stmt_create_source *c;

	(void)state;
	c = &one("CREATE OR REPLACE SOURCE TABLE IF NOT EXISTS Ab (x INT PRIMARY KEY, `y` Foo) "
		 "WITH ('k.V'=1);")
		 ->create_source;
	assert_true(c->is_table && c->or_replace && c->is_source && c->if_not_exists);
	assert_true(wr_str_is(c->name.name, "AB") && wr_str_is(c->name.text, "Ab"));
	assert_int_equal(c->elements.n, 2);
	assert_int_equal(c->elements.items[0].kind, WR_ELEMENT_PRIMARY_KEY);
	assert_true(c->elements.items[0].type->type == wr_type_of(WR_INTEGER));
	assert_true(c->elements.items[1].name.quoted &&
		    wr_str_is(c->elements.items[1].name.name, "y"));
	assert_null(c->elements.items[1].type->type);
	assert_true(wr_str_is(c->elements.items[1].type->name.name, "FOO"));
	assert_true(wr_str_is(c->props.items[0].name.name, "K.V"));
	assert_true(wr_str_is(c->props.items[0].name.text, "k.V"));
	assert_null(c->query);
}

static void test_types(void **state)
{
	(void)state;
	check("CREATE TYPE t AS STRUCT<a INT, b VARCHAR(STRING), c DECIMAL(4,2), d TIME, e "
	      "TIMESTAMP, f DATE, g BOOLEAN>;",
	      WR_STMT_CREATE_TYPE,
	      "CREATE TYPE t AS STRUCT<a INTEGER, b STRING, c DECIMAL(4, 2), d TIME, e TIMESTAMP, "
	      "f DATE, g BOOLEAN>;");
	check("CREATE TYPE IF NOT EXISTS t AS MAP<STRING,ARRAY<x>>;", WR_STMT_CREATE_TYPE,
	      "CREATE TYPE IF NOT EXISTS t AS MAP<STRING, ARRAY<x>>;");
	check("CREATE TYPE t AS INT ARRAY ARRAY;", WR_STMT_CREATE_TYPE,
	      "CREATE TYPE t AS ARRAY<ARRAY<INTEGER>>;");
	check("CREATE TYPE t AS STRUCT<>;", WR_STMT_CREATE_TYPE, "CREATE TYPE t AS STRUCT<>;");
	check("CREATE TYPE t AS STRUCT< >;", WR_STMT_CREATE_TYPE, "CREATE TYPE t AS STRUCT<>;");
}

static void test_sinks(void **state)
{
	const wr_ast_query *q;

	(void)state;
	same("CREATE OR REPLACE SINK out WITH (TYPE = 'http') AS SELECT * FROM s;",
	     WR_STMT_CREATE_SINK);
	same("CREATE SINK IF NOT EXISTS out WITH (TYPE = 'http', URL = 'http://h/${a}') AS SELECT "
	     "Count(*) AS n FROM s;",
	     WR_STMT_CREATE_SINK);
	same("DROP SINK out;", WR_STMT_DROP);
	same("DROP SINK IF EXISTS out;", WR_STMT_DROP);
	same("SHOW SINKS;", WR_STMT_SHOW);
	same("DESCRIBE SINK out;", WR_STMT_DESCRIBE);
	q = one("CREATE SINK x WITH (TYPE='csv') AS SELECT COUNT(*) AS myCount FROM s;")
		->create_sink.query;
	assert_true(wr_str_is(q->items[0].alias.text, "myCount"));
	assert_true(wr_str_is(q->items[0].alias.name, "MYCOUNT"));
}

static void test_connectors(void **state)
{
	(void)state;
	same("CREATE SINK CONNECTOR IF NOT EXISTS c WITH ('connector.class' = 'x');",
	     WR_STMT_CREATE_CONNECTOR);
	same("CREATE SOURCE CONNECTOR c WITH ('a' = 'b');", WR_STMT_CREATE_CONNECTOR);
	same("DROP CONNECTOR IF EXISTS c;", WR_STMT_DROP);
	same("DESCRIBE CONNECTOR c;", WR_STMT_DESCRIBE);
	same("SHOW CONNECTORS;", WR_STMT_SHOW);
	same("SHOW SOURCE CONNECTORS;", WR_STMT_SHOW);
	same("SHOW SINK CONNECTORS;", WR_STMT_SHOW);
	same("SHOW CONNECTOR PLUGINS;", WR_STMT_SHOW);
}

static void test_insert(void **state)
{
	(void)state;
	check("insert into s values (1, 'x', NULL, -2, array[1]);", WR_STMT_INSERT_VALUES,
	      "INSERT INTO s VALUES (1, 'x', NULL, -2, ARRAY[1]);");
	same("INSERT INTO map (a, `b`) VALUES (1, 2), (3, 4);", WR_STMT_INSERT_VALUES);
	same("INSERT INTO s SELECT * FROM t;", WR_STMT_INSERT_QUERY);
	same("INSERT INTO s WITH (QUERY_ID = 'q') SELECT * FROM t;", WR_STMT_INSERT_QUERY);
	same("INSERT INTO s WITH c AS (SELECT * FROM t) SELECT * FROM c;", WR_STMT_INSERT_QUERY);
	assert_int_equal(one("INSERT INTO s VALUES (1), (2), (3);")->values.nrows, 3);
}

static void test_drop_alter(void **state)
{
	(void)state;
	same("DROP STREAM s;", WR_STMT_DROP);
	same("DROP TABLE IF EXISTS t DELETE TOPIC;", WR_STMT_DROP);
	same("DROP TYPE IF EXISTS t;", WR_STMT_DROP);
	check("ALTER STREAM s ADD a INT, ADD COLUMN b STRING;", WR_STMT_ALTER,
	      "ALTER STREAM s ADD COLUMN a INTEGER, ADD COLUMN b STRING;");
	check("ALTER TABLE t ADD column INT;", WR_STMT_ALTER,
	      "ALTER TABLE t ADD COLUMN column INTEGER;");
	same("ALTER SYSTEM 'k' = 'v';", WR_STMT_ALTER_SYSTEM);
}

static void test_show(void **state)
{
	(void)state;
	same("SHOW PROPERTIES;", WR_STMT_SHOW);
	check("list topics;", WR_STMT_SHOW, "SHOW TOPICS;");
	same("SHOW ALL TOPICS EXTENDED;", WR_STMT_SHOW);
	same("SHOW STREAMS EXTENDED;", WR_STMT_SHOW);
	same("SHOW TABLES;", WR_STMT_SHOW);
	same("SHOW FUNCTIONS;", WR_STMT_SHOW);
	same("SHOW TYPES;", WR_STMT_SHOW);
	same("SHOW VARIABLES;", WR_STMT_SHOW);
	same("SHOW QUERIES EXTENDED;", WR_STMT_SHOW);
	same("SHOW ERRORS LIMIT 5;", WR_STMT_SHOW);
	same("SHOW OUTAGES;", WR_STMT_SHOW);
}

static void test_describe(void **state)
{
	(void)state;
	same("DESCRIBE s;", WR_STMT_DESCRIBE);
	same("DESCRIBE s EXTENDED;", WR_STMT_DESCRIBE);
	same("DESCRIBE STREAMS EXTENDED;", WR_STMT_DESCRIBE);
	same("DESCRIBE TABLES;", WR_STMT_DESCRIBE);
	same("DESCRIBE `TABLES`;", WR_STMT_DESCRIBE);
	same("DESCRIBE FUNCTION count;", WR_STMT_DESCRIBE);
	same("DESCRIBE function;", WR_STMT_DESCRIBE);
	assert_true(one("DESCRIBE TABLES;")->describe.every);
	assert_false(one("DESCRIBE `TABLES`;")->describe.every);
	assert_int_equal(one("DESCRIBE sink;")->describe.object, WR_OBJ_SOURCE);
}

static void test_print_and_ids(void **state)
{
	(void)state;
	same("PRINT t;", WR_STMT_PRINT);
	same("PRINT 'My.Topic' FROM BEGINNING INTERVAL 2 LIMIT 3;", WR_STMT_PRINT);
	check("PRINT t SAMPLE 2;", WR_STMT_PRINT, "PRINT t INTERVAL 2;");
	same("TERMINATE ALL;", WR_STMT_TERMINATE);
	same("TERMINATE CSAS_X_1;", WR_STMT_TERMINATE);
	same("PAUSE 'q-1';", WR_STMT_PAUSE);
	same("RESUME ALL;", WR_STMT_RESUME);
	same("EXPLAIN CSAS_X_1;", WR_STMT_EXPLAIN);
	same("EXPLAIN ANALYZE q;", WR_STMT_EXPLAIN);
	same("EXPLAIN show;", WR_STMT_EXPLAIN);
	same("EXPLAIN SHOW TOPICS;", WR_STMT_EXPLAIN);
	same("EXPLAIN ANALYZE SELECT * FROM s EMIT CHANGES;", WR_STMT_EXPLAIN);
	same("EXPLAIN CREATE STREAM s AS SELECT * FROM t;", WR_STMT_EXPLAIN);
}

static void test_settings(void **state)
{
	(void)state;
	check("SET 'a.b'='c';", WR_STMT_SET, "SET 'a.b' = 'c';");
	same("UNSET 'a.b';", WR_STMT_UNSET);
	same("DEFINE v = 'it''s';", WR_STMT_DEFINE);
	same("UNDEFINE v;", WR_STMT_UNDEFINE);
	assert_true(wr_str_is(one("SET 'Ab'='';")->setting.name.text, "Ab"));
	assert_non_null(one("SET 'Ab'='';")->setting.value.p);
}

static void test_asserts(void **state)
{
	(void)state;
	same("ASSERT TOPIC t;", WR_STMT_ASSERT_TOPIC);
	same("ASSERT NOT EXISTS TOPIC 't.x' WITH (PARTITIONS = 1) TIMEOUT 10 SECONDS;",
	     WR_STMT_ASSERT_TOPIC);
	same("ASSERT SCHEMA SUBJECT s ID 3 TIMEOUT 1 MINUTES;", WR_STMT_ASSERT_SCHEMA);
	same("ASSERT NOT EXISTS SCHEMA ID 3;", WR_STMT_ASSERT_SCHEMA);
	same("ASSERT SCHEMA SUBJECT 's-value';", WR_STMT_ASSERT_SCHEMA);
	same("ASSERT VALUES s (a, b) VALUES (1, 'x');", WR_STMT_ASSERT_VALUES);
	same("ASSERT NULL VALUES s (a) KEY (1);", WR_STMT_ASSERT_NULL_VALUES);
	same("ASSERT STREAM s (a INTEGER KEY) WITH (x = 'y');", WR_STMT_ASSERT_SOURCE);
	same("ASSERT TABLE t;", WR_STMT_ASSERT_SOURCE);
}

static void test_texts(void **state)
{
	(void)state;
	same("SAMPLE 'topic';", WR_STMT_SAMPLE);
	same("SAMPLE 'topic' LIMIT 10;", WR_STMT_SAMPLE);
	same("BACKUP TO 'dir';", WR_STMT_BACKUP);
	same("RUN SCRIPT 'file.sql';", WR_STMT_RUN_SCRIPT);
}

static void test_select(void **state)
{
	(void)state;
	check("select *, s.*, f->*, a x, b as `y` from s as t emit changes limit 5;", WR_STMT_QUERY,
	      "SELECT *, s.*, f->*, a AS x, b AS `y` FROM s AS t EMIT CHANGES LIMIT 5;");
	same("SELECT a FROM s WHERE a > 1 GROUP BY a, b + 1 PARTITION BY c HAVING COUNT(*) > 1 "
	     "EMIT FINAL;",
	     WR_STMT_QUERY);
	check("SELECT a FROM s GROUP BY (a, b AND c);", WR_STMT_QUERY,
	      "SELECT a FROM s GROUP BY a, (b AND c);");
	check("SELECT a FROM s PARTITION BY (a);", WR_STMT_QUERY,
	      "SELECT a FROM s PARTITION BY a;");
	check("SELECT DISTINCT a FROM s ORDER BY a ASC, b + 1 DESC LIMIT 10 OFFSET 5;",
	      WR_STMT_QUERY, "SELECT DISTINCT a FROM s ORDER BY a, b + 1 DESC LIMIT 10 OFFSET 5;");
	same("WITH c (x) AS (SELECT a FROM s), d AS (SELECT * FROM c) SELECT x FROM (SELECT * FROM "
	     "d) AS q;",
	     WR_STMT_QUERY);
	same("SELECT a FROM s WHERE a IN (SELECT b FROM t) AND c > (SELECT MAX(d) FROM u);",
	     WR_STMT_QUERY);
}

static void test_windows(void **state)
{
	const wr_ast_window *w;

	(void)state;
	check("SELECT a FROM s WINDOW TUMBLING (SIZE 10 SECOND) GROUP BY a;", WR_STMT_QUERY,
	      "SELECT a FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY a;");
	same("SELECT a FROM s WINDOW w TUMBLING (SIZE 1 DAYS, RETENTION 2 DAYS, GRACE PERIOD 3 "
	     "HOURS) GROUP BY a;",
	     WR_STMT_QUERY);
	same("SELECT a FROM s WINDOW HOPPING (SIZE 2 MINUTES, ADVANCE BY 1 MINUTES, RETENTION 1 "
	     "HOURS) GROUP BY a;",
	     WR_STMT_QUERY);
	same("SELECT a FROM s WINDOW session SESSION (500 MILLISECONDS, GRACE PERIOD 0 SECONDS) "
	     "GROUP BY a;",
	     WR_STMT_QUERY);
	w = one("SELECT a FROM s WINDOW HOPPING (SIZE 2 MINUTES, ADVANCE BY 30 SECONDS) GROUP BY "
		"a;")
		->query->window;
	assert_int_equal(w->size.ms, 120000);
	assert_int_equal(w->advance.ms, 30000);
	assert_int_equal(w->advance.unit, WR_UNIT_SECONDS);
	assert_false(w->grace.given);
}

static void test_joins(void **state)
{
	const wr_ast_relation *r;

	(void)state;
	check("SELECT * FROM a INNER JOIN b ON a.x = b.y;", WR_STMT_QUERY,
	      "SELECT * FROM a JOIN b ON a.x = b.y;");
	check("SELECT * FROM a x LEFT OUTER JOIN b y WITHIN 1 HOUR ON x.k = y.k;", WR_STMT_QUERY,
	      "SELECT * FROM a AS x LEFT JOIN b AS y WITHIN 1 HOURS ON x.k = y.k;");
	same("SELECT * FROM a RIGHT JOIN b WITHIN (1 HOURS, 2 DAYS) GRACE PERIOD 5 MINUTES ON a.k "
	     "= b.k AND a.l = b.l;",
	     WR_STMT_QUERY);
	same("SELECT * FROM a JOIN b ON a.k = b.k FULL JOIN (SELECT * FROM c) AS c ON a.k = c.k;",
	     WR_STMT_QUERY);
	r = one("SELECT * FROM a JOIN b ON x = y LEFT JOIN c WITHIN 5 SECONDS ON x = z;")
		->query->from;
	assert_int_equal(r->kind, WR_REL_JOIN);
	assert_int_equal(r->join.type, WR_JOIN_LEFT);
	assert_int_equal(r->join.within.before.ms, 5000);
	assert_int_equal(r->join.within.after.ms, 5000);
	assert_false(r->join.within.pair);
	assert_int_equal(r->join.left->kind, WR_REL_JOIN);
	assert_true(wr_str_is(r->join.left->join.left->source.name, "A"));
}

/* Words that may be names, where a clause could begin. */
static void test_free_words(void **state)
{
	(void)state;
	same("SELECT emit, partition AS escape, offset AS order FROM emit AS partition EMIT "
	     "CHANGES;",
	     WR_STMT_QUERY);
	check("SELECT a emit, b offset FROM s partition PARTITION BY emit;", WR_STMT_QUERY,
	      "SELECT a AS emit, b AS offset FROM s AS partition PARTITION BY emit;");
	check("SELECT array, map, struct, x.array[1], s->array[1] FROM s;", WR_STMT_QUERY,
	      "SELECT array, map, struct, x.array[1], s->array[1] FROM s;");
	check("SELECT (array)[1] FROM s;", WR_STMT_QUERY, "SELECT `ARRAY`[1] FROM s;");
	same("SELECT if FROM s WHERE if NOT IN (1);", WR_STMT_QUERY);
	same("SELECT date, DATE('x'), DATE 'x', id, key FROM s;", WR_STMT_QUERY);
	same("CREATE STREAM order (source STRING, sink STRING, type STRING, errors INTEGER);",
	     WR_STMT_CREATE_SOURCE);
}

static void test_spans(void **state)
{
	const char *text = "-- first\n  SELECT a + b\nFROM s ; /* x */ DROP\tTABLE t;";
	wr_err err = WR_ERR_INIT;
	wr_stmts s;

	(void)state;
	assert_int_equal(wr_parse(arena, wr_str_of(text), &s, &err), WR_OK);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.items[0]->span.at, 11);
	assert_memory_equal(text + s.items[0]->span.at, "SELECT a + b\nFROM s ;",
			    s.items[0]->span.length);
	assert_int_equal(s.items[0]->span.length, 21);
	assert_memory_equal(text + s.items[0]->query->items[0].expr->span.at, "a + b", 5);
	assert_memory_equal(text + s.items[1]->span.at, "DROP\tTABLE t;", s.items[1]->span.length);
}

static void test_next_goes_on_after_an_error(void **state)
{
	wr_str text = WR_STR_LIT("SHOW TOPICS; SELCT 'a;b' -- ;\n x; SHOW TABLES; --end");
	wr_err err = WR_ERR_INIT;
	uint32_t at = 0;
	wr_stmt *s;

	(void)state;
	assert_int_equal(wr_parse_next(arena, text, &at, &s, &err), WR_OK);
	assert_int_equal(s->kind, WR_STMT_SHOW);
	assert_int_equal(wr_parse_next(arena, text, &at, &s, &err), WR_FAIL);
	assert_null(s);
	assert_int_equal(err.span.at, 13);
	wr_err_clear(&err);
	assert_int_equal(wr_parse_next(arena, text, &at, &s, &err), WR_OK);
	assert_int_equal(s->show.what, WR_SHOW_TABLES);
	assert_int_equal(wr_parse_next(arena, text, &at, &s, &err), WR_OK);
	assert_null(s);
	assert_int_equal(at, text.n);
}

static void test_equality_sees_differences(void **state)
{
	static const char *const different[] = {
		"SELECT a FROM s;",
		"SELECT b FROM s;",
		"SELECT `a` FROM s;",
		"SELECT a AS b FROM s;",
		"SELECT a FROM s EMIT CHANGES;",
		"SELECT a FROM s LIMIT 1;",
		"SELECT a FROM s LIMIT 2;",
		"SELECT a FROM s WHERE a = 1;",
		"SELECT a FROM s WHERE a = 1.0;",
		"SELECT a FROM s WHERE a = '1';",
		"SELECT a FROM s WHERE a <> 1;",
		"SELECT a FROM s GROUP BY a;",
		"SELECT a FROM s PARTITION BY a;",
		"SELECT a FROM s JOIN t ON x = y;",
		"SELECT a FROM s JOIN t WITHIN 60 SECONDS ON x = y;",
		"SELECT a FROM s JOIN t WITHIN 1 MINUTES ON x = y;",
		"SELECT COUNT(a) FROM s;",
		"SELECT COUNT(DISTINCT a) FROM s;",
		"SELECT COUNT(*) FROM s;",
		"SELECT CAST(a AS INT) FROM s;",
		"SELECT CAST(a AS BIGINT) FROM s;",
		"INSERT INTO s VALUES (1);",
		"INSERT INTO s VALUES (1), (1);",
		"INSERT INTO s VALUES (1, 1);",
		"CREATE STREAM s (a INT);",
		"CREATE STREAM s (a INT KEY);",
		"CREATE STREAM s WITH (a = 1);",
		"CREATE STREAM s WITH (a = 2);",
		"DROP STREAM s;",
		"DROP TABLE s;",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(different) / sizeof(*different); i++)
		for (size_t j = 0; j < sizeof(different) / sizeof(*different); j++)
			assert_int_equal(wr_ast_stmt_eq(one(different[i]), one(different[j])),
					 i == j);
	assert_true(wr_ast_stmt_eq(one("select A from s;"), one("SELECT (a)\nFROM S;")));
}

static int begin(void **state)
{
	(void)state;
	arena = wr_arena_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	wr_arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_source),
		cmocka_unit_test(test_create_source_tree),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_sinks),
		cmocka_unit_test(test_connectors),
		cmocka_unit_test(test_insert),
		cmocka_unit_test(test_drop_alter),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_print_and_ids),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_asserts),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_joins),
		cmocka_unit_test(test_free_words),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_next_goes_on_after_an_error),
		cmocka_unit_test(test_equality_sees_differences),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

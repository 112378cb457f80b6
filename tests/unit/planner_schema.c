/*
 * What relations and results look like: columns, names, keys, formats, windows.
 */
#include "planner_kit.h"

static void columns_and_properties(void **state)
{
	kit *k = kit_new();
	const wr_relation *r;

	(void)state;
	kit_ok(
	    k,
	    "CREATE TABLE t (v ARRAY<INT>, Id BIGINT PRIMARY KEY, `x y` POINT, ts STRING) WITH ("
	    "kafka_topic='top', value_format='json', key_format='delimited', key_delimiter='|', partitions=7,"
	    "timestamp='ts', timestamp_format='yyyy-MM-dd', start_at='offset 5', on_error='stop',"
	    "idle_timeout='2 minutes');");
	r = k->plan.relation;
	assert_string_equal(
	    kit_schema(k, "T"),
	    "`ID` BIGINT PRIMARY KEY, `V` ARRAY<INTEGER>, `x y` DOUBLE, `TS` STRING");
	assert_true(wr_str_is(r->spelled[0], "Id"));
	assert_true(wr_str_is(r->topic, "top"));
	assert_string_equal(r->key_format, "DELIMITED");
	assert_string_equal(r->value_format, "JSON");
	assert_int_equal(r->key_delimiter, '|');
	assert_int_equal(r->partitions, 7);
	assert_int_equal(k->plan.partitions, 7);
	assert_true(wr_str_is(r->time_column, "TS"));
	assert_true(wr_str_is(r->start_at, "offset 5"));
	assert_int_equal(r->on_error, WR_ON_ERROR_STOP);
	assert_int_equal(r->idle_timeout, 120000);
	assert_true(k->plan.compact);
	kit_free(k);
}

static void files_need_no_topic(void **state)
{
	kit *k = kit_new();
	const wr_scan *s;

	(void)state;
	kit_ok(
	    k,
	    "CREATE TABLE t (id BIGINT PRIMARY KEY, n STRING) WITH (FILE='a.ndjson', VALUE_FORMAT='JSON', FILE_FOLLOW='true');"
	    "SELECT n FROM t EMIT CHANGES;");
	assert_true(wr_str_is(k->relations[0]->topic, "T"));
	s = &k->plan.graph->scans[0];
	assert_string_equal(s->source->kind, "file");
	assert_true(s->source->file_follow);
	/* the key stands in the value */
	assert_int_equal(s->decode->key.n, 0);
	assert_int_equal(s->decode->value.n, 2);
	assert_int_equal(s->decode->value.to[0], 0);
	assert_int_equal(s->decode->schema->nkeys, 1);
	kit_ok(
	    k,
	    "CREATE STREAM r (k STRING KEY, n STRING) WITH (FILE='a', FILE_LAYOUT='RECORD', VALUE_FORMAT='JSON');"
	    "SELECT k, n FROM r EMIT CHANGES;");
	s = &k->plan.graph->scans[0];
	assert_true(s->source->file_records);
	assert_null(s->source->topic.p);
	assert_int_equal(s->decode->key.n, 1);
	kit_free(k);
}

static const char base[] =
    "CREATE STREAM s (k STRING KEY, a INT, st STRUCT<x INT, a INT>, h BYTES HEADER('q'), z STRING)"
    " WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=4);"
    "CREATE STREAM s2 (k STRING KEY, a INT, d DOUBLE) WITH (KAFKA_TOPIC='s2', VALUE_FORMAT='JSON', PARTITIONS=4);"
    "CREATE STREAM m (k1 INT KEY, k2 INT KEY, v INT) WITH (KAFKA_TOPIC='m', FORMAT='JSON');"
    "CREATE TABLE t (id STRING PRIMARY KEY, name STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=4);";

typedef struct naming {
	const char *query, *schema;
} naming;

/* clang-format off */
static const naming namings[] = {
	{ "CREATE STREAM o AS SELECT * FROM s;",
	  "`K` STRING KEY, `A` INTEGER, `ST` STRUCT<`X` INTEGER, `A` INTEGER>, `Z` STRING, `H` BYTES" },
	{ "CREATE STREAM o AS SELECT a + 1, k AS kk, a * 2 FROM s;",
	  "`KK` STRING KEY, `KSQL_COL_0` INTEGER, `KSQL_COL_1` INTEGER" },
	{ "CREATE STREAM o AS SELECT k, st->x, st->a FROM s;", "`K` STRING KEY, `X` INTEGER, `A_1` INTEGER" },
	{ "CREATE STREAM o AS SELECT k, st->* FROM s;", "`K` STRING KEY, `X` INTEGER, `A` INTEGER" },
	{ "CREATE STREAM o AS SELECT v, k2, k1 FROM m;", "`K1` INTEGER KEY, `K2` INTEGER KEY, `V` INTEGER" },
	{ "CREATE STREAM o AS SELECT * FROM s PARTITION BY a;",
	  "`A` INTEGER KEY, `ST` STRUCT<`X` INTEGER, `A` INTEGER>, `Z` STRING, `H` BYTES, `K` STRING" },
	{ "CREATE STREAM o AS SELECT * FROM s2 PARTITION BY a + 1;",
	  "`KSQL_COL_0` INTEGER KEY, `A` INTEGER, `D` DOUBLE, `K` STRING" },
	{ "CREATE STREAM o AS SELECT k, a FROM s PARTITION BY NULL;", "`K` STRING, `A` INTEGER" },
	{ "CREATE TABLE o AS SELECT COUNT(*) AS n, z FROM s GROUP BY z;", "`Z` STRING PRIMARY KEY, `N` BIGINT" },
	{ "CREATE TABLE o AS SELECT COUNT(*) AS n, a + 1 AS b, (a + 1) * 2 AS c FROM s GROUP BY a + 1;",
	  "`B` INTEGER PRIMARY KEY, `N` BIGINT, `C` INTEGER" },
	{ "CREATE STREAM o AS SELECT * FROM s2 JOIN t ON s2.k = t.id;",
	  "`S2_K` STRING KEY, `S2_A` INTEGER, `S2_D` DOUBLE, `T_ID` STRING, `T_NAME` STRING" },
	{ "CREATE STREAM o AS SELECT d, id FROM s2 JOIN t ON s2.k = t.id;", "`ID` STRING KEY, `D` DOUBLE" },
	{ "CREATE STREAM o AS SELECT l.k, l.a, r.a, d FROM s l JOIN s2 AS r WITHIN 1 HOUR ON l.k = r.k;",
	  "`L_K` STRING KEY, `L_A` INTEGER, `R_A` INTEGER, `D` DOUBLE" },
	{ "CREATE STREAM o AS SELECT rowkey AS kk, d FROM s l FULL JOIN s2 r WITHIN 1 HOUR ON l.k = r.k;",
	  "`KK` STRING KEY, `D` DOUBLE" },
	{ "CREATE STREAM o AS SELECT k, s2.rowtime AS tt FROM s2 WHERE a IN (1, 2);", "`K` STRING KEY, `TT` BIGINT" },
	{ "CREATE STREAM o AS SELECT l.k, l.rowtime, d FROM s l JOIN s2 r WITHIN 1 HOUR ON l.k = r.k;",
	  "`L_K` STRING KEY, `L_ROWTIME` BIGINT, `D` DOUBLE" },
	{ "CREATE STREAM o AS SELECT k, EXPLODE(ARRAY[1, 2]) FROM s;", "`K` STRING KEY, `KSQL_COL_0` INTEGER" },
};
/* clang-format on */

static void names_and_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(namings) / sizeof(*namings); i++) {
		kit *k = kit_new();

		kit_ok(k, base);
		kit_ok(k, namings[i].query);
		if (strcmp(kit_schema(k, "O"), namings[i].schema))
			fail_msg("%s\n%s", namings[i].query, kit_schema(k, "O"));
		kit_free(k);
	}
}

static void formats_are_inherited(void **state)
{
	kit *k = kit_new();

	(void)state;
	kit_ok(
	    k,
	    "CREATE STREAM s (k STRING KEY, a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='DELIMITED', VALUE_DELIMITER='|', PARTITIONS=3);"
	    "CREATE STREAM o AS SELECT * FROM s;");
	assert_string_equal(k->plan.relation->value_format, "DELIMITED");
	assert_int_equal(k->plan.relation->value_delimiter, '|');
	assert_int_equal(k->plan.relation->partitions, 3);
	kit_ok(
	    k,
	    "CREATE STREAM o2 WITH (VALUE_FORMAT='JSON', KAFKA_TOPIC='oo', PARTITIONS=5) AS SELECT k, a FROM s;");
	assert_string_equal(k->plan.relation->value_format, "JSON");
	assert_true(k->plan.relation->value_wrap);
	assert_true(wr_str_is(k->plan.relation->topic, "oo"));
	assert_int_equal(k->plan.partitions, 5);
	kit_ok(
	    k,
	    "CREATE STREAM o3 WITH (WRAP_SINGLE_VALUE=false, VALUE_FORMAT='JSON') AS SELECT k, a FROM s;");
	assert_false(k->plan.relation->value_wrap);
	kit_ok(k, "CREATE STREAM o4 AS SELECT * FROM s PARTITION BY NULL;");
	assert_string_equal(k->plan.relation->key_format, "NONE");
	kit_ok(
	    k,
	    "CREATE STREAM ev (id BIGINT KEY, n STRING) WITH (KAFKA_TOPIC='e', FORMAT='DEBEZIUM');"
	    "CREATE STREAM o5 AS SELECT * FROM ev;");
	assert_string_equal(k->plan.relation->value_format, "JSON");
	assert_string_equal(k->plan.relation->key_format, "JSON");
	assert_string_equal(kit_schema(k, "O5"), "`ID` BIGINT KEY, `N` STRING");
	kit_free(k);
}

static void windows_have_defaults(void **state)
{
	kit *k = kit_new();

	(void)state;
	kit_ok(k, base);
	kit_ok(
	    k,
	    "CREATE TABLE o AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k;");
	assert_int_equal(k->plan.graph->window.kind, WR_WINDOW_TUMBLING);
	assert_int_equal(k->plan.graph->window.grace, 86400000 - 10000);
	assert_int_equal(k->plan.relation->window_size, 10000);
	kit_ok(
	    k,
	    "CREATE TABLE p AS SELECT k, COUNT(*) AS n FROM s WINDOW HOPPING (SIZE 2 DAYS, ADVANCE BY 1 DAY) GROUP BY k;");
	assert_int_equal(k->plan.graph->window.grace, 0);
	assert_int_equal(k->plan.graph->window.advance, 86400000);
	kit_ok(
	    k,
	    "CREATE TABLE q AS SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (10 SECONDS) GROUP BY k EMIT FINAL;");
	assert_int_equal(k->plan.graph->window.grace, 0);
	assert_int_equal(k->plan.relation->window_size, 0);
	kit_free(k);
}

static void change_events_have_more_columns(void **state)
{
	kit *k = kit_new();
	const wr_decode_spec *d;

	(void)state;
	kit_ok(
	    k,
	    "CREATE STREAM ev (id BIGINT KEY, name STRING, big STRING) WITH (KAFKA_TOPIC='e', FORMAT='DEBEZIUM');"
	    "SELECT id, BEFORE->name AS old FROM ev WHERE CHANGED(name) AND OP <> 'd' EMIT CHANGES;");
	d = k->plan.graph->scans[0].decode;
	assert_int_equal(d->schema->n, 4); /* ID, NAME, OP, BEFORE */
	assert_true(d->cdc_to[WR_CDC_OP] >= 0);
	assert_true(d->cdc_to[WR_CDC_BEFORE] >= 0);
	assert_int_equal(d->cdc_to[WR_CDC_SOURCE_DB], -1);
	kit_ok(
	    k,
	    "CREATE STREAM e2 (id BIGINT KEY, op INT) WITH (KAFKA_TOPIC='e2', FORMAT='DEBEZIUM');"
	    "CREATE STREAM o AS SELECT id, op FROM e2;");
	assert_string_equal(kit_schema(k, "O"), "`ID` BIGINT KEY, `OP` INTEGER");
	kit_free(k);
}

static void sinks_keep_spelling_and_keys(void **state)
{
	kit *k = kit_new();
	const wr_sink_spec *s;

	(void)state;
	kit_ok(
	    k,
	    "CREATE STREAM s (Id BIGINT KEY, `Name` STRING, c INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');"
	    "CREATE SINK out WITH (TYPE='csv', PATH='x.csv') AS SELECT *, c + 1 AS Next FROM s;");
	s = k->plan.graph->sink;
	assert_string_equal(s->type, "csv");
	assert_int_equal(s->schema->n, 4);
	assert_true(wr_str_is(s->fields[0], "Id"));
	assert_true(wr_str_is(s->fields[1], "Name"));
	assert_true(wr_str_is(s->fields[3], "Next"));
	assert_int_equal(s->nprops, 1);
	kit_ok(
	    k,
	    "CREATE SINK agg WITH (TYPE='csv', PATH='x.csv') AS SELECT COUNT(*) AS n FROM s GROUP BY c;");
	s = k->plan.graph->sink;
	assert_int_equal(s->schema->nkeys, 1);
	assert_null(s->fields[0].p); /* the key is there, and not shown */
	assert_true(wr_str_is(s->fields[1], "n"));
	kit_ok(k,
	       "CREATE SINK top WITH (TYPE='kafka', TOPIC='T') AS SELECT Id, c AS Count FROM s;");
	s = k->plan.graph->sink;
	assert_true(wr_str_is(s->topic, "T"));
	assert_true(wr_str_is(s->value.cols[0].name, "Count"));
	kit_free(k);
}

static void rows_are_inserted(void **state)
{
	kit *k = kit_new();
	const wr_batch *b;
	wr_buf text = { 0 };

	(void)state;
	kit_ok(k, base);
	kit_ok(k, "INSERT INTO s2 (d, k, ROWTIME) VALUES (1, 'x', 7), (2.5, 'y', 8);");
	b = k->plan.rows;
	assert_int_equal(b->n, 2);
	assert_int_equal(b->rowtime[1], 8);
	assert_true(wr_vec_is_null(&b->cols[1], 0));
	wr_vec_print(&b->cols[2], 1, &text);
	assert_string_equal(wr_buf_z(&text), "2.5");
	wr_buf_free(&text);
	kit_ok(k, "INSERT INTO t VALUES ('a', 'b');");
	assert_int_equal(k->plan.rows->rowtime[0], WR_TIME_NONE);
	assert_int_equal(k->plan.rows->change[0], WR_ROW_NEW);
	kit_free(k);
}

static void replacement_adds_columns_only(void **state)
{
	kit *k = kit_new();

	(void)state;
	kit_ok(
	    k,
	    "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');"
	    "CREATE OR REPLACE STREAM s (k STRING KEY, a INT, b INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');");
	assert_true(k->plan.or_replace);
	assert_int_equal(
	    kit_plan(
		k,
		"CREATE OR REPLACE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');"),
	    WR_FAIL);
	kit_ok(
	    k,
	    "CREATE STREAM IF NOT EXISTS s (x INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');");
	assert_true(k->plan.if_not_exists);
	kit_free(k);
}

static void columns_are_added(void **state)
{
	kit *k = kit_new();

	(void)state;
	kit_ok(k,
	       "CREATE STREAM s (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');"
	       "CREATE STREAM o AS SELECT * FROM s;"
	       "ALTER STREAM s ADD COLUMN b INT, ADD c STRING;");
	assert_string_equal(kit_schema(k, "S"),
			    "`K` STRING KEY, `A` INTEGER, `B` INTEGER, `C` STRING");
	assert_true(k->plan.or_replace);
	assert_int_equal(kit_plan(k, "ALTER STREAM s ADD COLUMN a INT;"), WR_FAIL);
	assert_int_equal(kit_plan(k, "ALTER TABLE s ADD COLUMN d INT;"), WR_FAIL);
	assert_int_equal(kit_plan(k, "ALTER STREAM o ADD COLUMN d INT;"), WR_FAIL);
	assert_string_equal(k->err.message, "O is made by a query: its columns are the query's");
	kit_free(k);
}

typedef struct takeover {
	const char *old, *fresh;
	bool good;
} takeover;

/* clang-format off */
static const takeover takeovers[] = {
	{ "SELECT k, a FROM s", "SELECT k, a, z FROM s WHERE a > 1", true },
	{ "SELECT z, COUNT(*) AS n FROM s GROUP BY z", "SELECT z, COUNT(*) AS n FROM s WHERE a > 1 GROUP BY z", true },
	{ "SELECT z, COUNT(*) AS n FROM s GROUP BY z", "SELECT z, COUNT(*) AS n, SUM(a) AS t FROM s GROUP BY z", false },
	{ "SELECT z, COUNT(*) AS n FROM s GROUP BY z", "SELECT a, COUNT(*) AS n FROM s GROUP BY a", false },
	{ "SELECT k, a FROM s", "SELECT k, a FROM s2", false },
	{ "SELECT id, name FROM t", "SELECT id, name FROM t WHERE name <> 'x'", true },
	{ "SELECT z, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY z",
	  "SELECT z, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 HOUR) WHERE a > 1 GROUP BY z", true },
	{ "SELECT z, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY z",
	  "SELECT z, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 2 HOURS) GROUP BY z", false },
	{ "SELECT k, name FROM s JOIN t ON s.k = t.id", "SELECT k, a, name FROM s JOIN t ON s.k = t.id", true },
	{ "SELECT k, a FROM s JOIN t ON s.k = t.id", "SELECT k, name FROM s JOIN t ON s.k = t.id", false },
};
/* clang-format on */

static void a_plan_takes_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(takeovers) / sizeof(*takeovers); i++) {
		const takeover *t = &takeovers[i];
		kit *k = kit_new();
		wr_err err = WR_ERR_INIT;
		wr_plan old;

		kit_ok(k, base);
		kit_ok(k, wr_arena_printf(k->arena, "%s EMIT CHANGES;", t->old).p);
		old = k->plan;
		kit_ok(k, wr_arena_printf(k->arena, "%s EMIT CHANGES;", t->fresh).p);
		if ((wr_plan_can_replace(&old, &k->plan, WR_NO_SPAN, &err) == WR_OK) != t->good)
			fail_msg("%s: %s", t->fresh, err.message);
		kit_free(k);
	}
}

/* What we do and dialect='ksql' refuses. */
static void the_dialect_refuses(void **state)
{
	static const char *const statements[] = {
		"CREATE TABLE o AS SELECT name, MAX(id) AS n FROM t GROUP BY name;",
		"CREATE STREAM o AS SELECT x.k, y.d FROM s2 x JOIN s2 y WITHIN 1 HOUR ON x.k = y.k;",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++) {
		kit *k = kit_new();

		kit_ok(k, base);
		kit_ok(k, statements[i]);
		kit_free(k);
		k = kit_new();
		kit_ok(k, base);
		kit_set(k, "dialect", "ksql");
		assert_int_equal(kit_plan(k, statements[i]), WR_FAIL);
		assert_int_equal(k->err.cls, WR_ERR_STATEMENT);
		kit_free(k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_and_properties),
		cmocka_unit_test(files_need_no_topic),
		cmocka_unit_test(names_and_keys),
		cmocka_unit_test(formats_are_inherited),
		cmocka_unit_test(windows_have_defaults),
		cmocka_unit_test(change_events_have_more_columns),
		cmocka_unit_test(sinks_keep_spelling_and_keys),
		cmocka_unit_test(rows_are_inserted),
		cmocka_unit_test(replacement_adds_columns_only),
		cmocka_unit_test(columns_are_added),
		cmocka_unit_test(a_plan_takes_over),
		cmocka_unit_test(the_dialect_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Plans as EXPLAIN shows them: what is read, where rows move, what keeps state.
 */
#include "planner_kit.h"

static const char setup[] =
    "CREATE STREAM s (k STRING KEY, a INT, b BIGINT, c STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=4);"
    "CREATE STREAM s2 (k STRING KEY, a INT) WITH (KAFKA_TOPIC='s2', VALUE_FORMAT='JSON', PARTITIONS=4);"
    "CREATE TABLE t (id STRING PRIMARY KEY, name STRING, x INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=4);"
    "CREATE TABLE u (id STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='u', VALUE_FORMAT='JSON', PARTITIONS=2);"
    "CREATE TABLE p (x INT PRIMARY KEY, y INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='p', FORMAT='JSON', PARTITIONS=4);"
    "CREATE TABLE q (a INT PRIMARY KEY, b INT PRIMARY KEY, w INT) WITH (KAFKA_TOPIC='q', FORMAT='JSON', PARTITIONS=4);"
    "CREATE TABLE ev (id BIGINT PRIMARY KEY, name STRING, amount INT) WITH (KAFKA_TOPIC='ev', FORMAT='DEBEZIUM');";

typedef struct golden {
	const char *statement, *plan;
} golden;

static const golden goldens[] = {
	{ "SELECT k FROM s WHERE b > 3 EMIT CHANGES;",
	  "stream to the client\n"
	  "  2 PROJECT K\n"
	  "    1 FILTER (B > 3)\n"
	  "      scan stream S: topic 's' (JSON, key KAFKA), reads K, B\n" },
	{ "CREATE TABLE o AS SELECT c, COUNT(*) AS n, SUM(b) AS total FROM s GROUP BY c HAVING COUNT(*) > 1;",
	  "table O: topic 'O' (JSON, key KAFKA)\n"
	  "  4 PROJECT C, COUNT AS `N`, SUM AS `TOTAL`\n"
	  "    3 FILTER (COUNT > 1)\n"
	  "      0 AGGREGATE COUNT(*), SUM(B) [state: per key]\n"
	  "        exchange by C\n"
	  "          2 KEY BY C\n"
	  "            scan stream S: topic 's' (JSON, key KAFKA), reads B, C\n" },
	{ "CREATE TABLE o AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT FINAL;",
	  "table O: topic 'O' (JSON, key KAFKA)\n"
	  "  3 PROJECT K, COUNT AS `N`\n"
	  "    0 AGGREGATE COUNT(*) WINDOW TUMBLING 10000 ms grace 0 ms FINAL [state: per key and window]\n"
	  "      2 KEY BY K\n"
	  "        scan stream S: topic 's' (JSON, key KAFKA), reads K\n" },
	{ "CREATE TABLE o AS SELECT name, MAX(amount) AS m FROM ev GROUP BY name;",
	  "table O: topic 'O' (JSON, key JSON)\n"
	  "  4 PROJECT NAME, MAX AS `M`\n"
	  "    1 AGGREGATE MAX(AMOUNT) [state: per key]\n"
	  "      exchange by NAME\n"
	  "        3 KEY BY NAME\n"
	  "          0 TABLE rows kept per key [state: per key]\n"
	  "            scan table EV: topic 'ev' (DEBEZIUM, key DEBEZIUM), reads ID, NAME, AMOUNT\n" },
	{ "CREATE TABLE o AS SELECT id, name FROM t;",
	  "table O: topic 'O' (JSON, key KAFKA)\n"
	  "  2 PROJECT ID, NAME\n"
	  "    0 TABLE changes as the source tells them\n"
	  "      scan table T: topic 't' (JSON, key KAFKA), reads ID, NAME\n" },
	{ "CREATE TABLE o AS SELECT id, name FROM t WHERE name <> 'x';",
	  "table O: topic 'O' (JSON, key KAFKA)\n"
	  "  3 PROJECT ID, NAME\n"
	  "    2 FILTER (NAME <> 'x')\n"
	  "      0 TABLE rows kept per key [state: per key]\n"
	  "        scan table T: topic 't' (JSON, key KAFKA), reads ID, NAME\n" },
	{ "CREATE STREAM o AS SELECT s.k, t.name, t.ROWTIME AS at_ FROM s LEFT JOIN t ON s.k = t.id;",
	  "stream O: topic 'O' (JSON, key KAFKA)\n"
	  "  4 PROJECT S.K or T.ID AS `K`, T_NAME AS `NAME`, T_ROWTIME AS `AT_`\n"
	  "    1 LEFT JOIN TABLE ON K [state: per key of the table]\n"
	  "      scan stream S: topic 's' (JSON, key KAFKA), reads K\n"
	  "      3 PROJECT ID AS `ROWKEY`, NAME AS `T_NAME`, ROWTIME AS `T_ROWTIME`\n"
	  "        0 TABLE changes as the source tells them\n"
	  "          scan table T: topic 't' (JSON, key KAFKA), reads ID, NAME\n" },
	{ "CREATE STREAM o AS SELECT c, name FROM s JOIN t ON s.c = t.id WHERE a > 1;",
	  "stream O: topic 'O' (JSON, key KAFKA)\n"
	  "  5 PROJECT S.C or T.ID AS `C`, T_NAME AS `NAME`\n"
	  "    4 FILTER (S_A > 1)\n"
	  "      1 JOIN TABLE ON ROWKEY [state: per key of the table]\n"
	  "        exchange by ROWKEY\n"
	  "          3 KEY BY C AS `ROWKEY`\n"
	  "            scan stream S: topic 's' (JSON, key KAFKA), reads A, C\n"
	  "        exchange by ID\n"
	  "          0 TABLE changes as the source tells them\n"
	  "            scan table T: topic 't' (JSON, key KAFKA), reads ID, NAME\n" },
	{ "CREATE STREAM o AS SELECT x.k, y.a FROM s x JOIN s2 y WITHIN 1 HOUR GRACE PERIOD 1 MINUTE ON x.k = y.k;",
	  "stream O: topic 'O' (JSON, key KAFKA)\n"
	  "  2 PROJECT X.K or Y.K AS `X_K`, Y_A\n"
	  "    0 INNER JOIN STREAMS WITHIN (3600000 ms, 3600000 ms) GRACE 60000 ms [state: rows of the last WITHIN]\n"
	  "      scan stream S: topic 's' (JSON, key KAFKA), reads K\n"
	  "      scan stream S2: topic 's2' (JSON, key KAFKA), reads K, A\n" },
	{ "CREATE TABLE o AS SELECT ROWKEY AS id, t.name, u.v FROM t FULL JOIN u ON t.id = u.id;",
	  "table O: topic 'O' (JSON, key KAFKA)\n"
	  "  4 PROJECT ROWKEY AS `ID`, T_NAME AS `NAME`, U_V AS `V`\n"
	  "    2 FULL JOIN TABLES ON the primary key [state: per key of both tables]\n"
	  "      exchange by ID\n"
	  "        0 TABLE changes as the source tells them\n"
	  "          scan table T: topic 't' (JSON, key KAFKA), reads ID, NAME\n"
	  "      exchange by ID\n"
	  "        1 TABLE changes as the source tells them\n"
	  "          scan table U: topic 'u' (JSON, key KAFKA), reads ID, V\n" },
	{ "CREATE STREAM o AS SELECT * FROM s2 PARTITION BY a;",
	  "stream O: topic 'O' (JSON, key KAFKA)\n"
	  "  2 PROJECT A, K\n"
	  "    exchange by A\n"
	  "      1 KEY BY A\n"
	  "        scan stream S2: topic 's2' (JSON, key KAFKA), reads K, A\n" },
	{ "CREATE STREAM o AS SELECT k, EXPLODE(ARRAY[a, 2]) AS x FROM s2;",
	  "stream O: topic 'O' (JSON, key KAFKA)\n"
	  "  2 PROJECT K, KSQL_SYNTH_0 AS `X`\n"
	  "    1 UNROLL K, EXPLODE(ARRAY[A, 2]) AS `KSQL_SYNTH_0`\n"
	  "      scan stream S2: topic 's2' (JSON, key KAFKA), reads K, A\n" },
	{ "CREATE STREAM o WITH (TIMESTAMP='b') AS SELECT k, b FROM s;",
	  "stream O: topic 'O' (JSON, key KAFKA)\n"
	  "  2 ROWTIME `B`\n"
	  "    1 PROJECT K, B\n"
	  "      scan stream S: topic 's' (JSON, key KAFKA), reads K, B\n" },
	{ "CREATE SINK o WITH (TYPE='csv', PATH='x') AS SELECT * FROM t;",
	  "table O: csv\n"
	  "  2 PROJECT ID, NAME, X\n"
	  "    0 TABLE rows kept per key [state: per key]\n"
	  "      scan table T: topic 't' (JSON, key KAFKA), reads ID, NAME, X\n" },
	{ "SELECT COUNT(*) FROM s GROUP BY 1 EMIT CHANGES LIMIT 2;",
	  "table to the client\n"
	  "  4 LIMIT 2\n"
	  "    3 PROJECT COUNT AS `KSQL_COL_0`\n"
	  "      0 AGGREGATE COUNT(*) [state: per key]\n"
	  "        exchange by 1\n"
	  "          2 KEY BY 1 AS `1`\n"
	  "            scan stream S: topic 's' (JSON, key KAFKA), reads no column\n" },
	{ "CREATE TABLE o AS SELECT t.id, t.name, u.v FROM t LEFT JOIN u ON t.name = u.id;",
	  "table O: topic 'O' (JSON, key KAFKA)\n"
	  "  4 PROJECT T.ID AS `T_ID`, T_NAME AS `NAME`, U_V AS `V`\n"
	  "    2 LEFT JOIN TABLES ON the foreign key NAME [state: per key of both tables]\n"
	  "      exchange to one task\n"
	  "        0 TABLE changes as the source tells them\n"
	  "          scan table T: topic 't' (JSON, key KAFKA), reads ID, NAME\n"
	  "      exchange to one task\n"
	  "        1 TABLE changes as the source tells them\n"
	  "          scan table U: topic 'u' (JSON, key KAFKA), reads ID, V\n" },
	{ "CREATE TABLE o AS SELECT big.c, big.n, t.name FROM (SELECT c, COUNT(*) AS n FROM s GROUP BY c) AS big JOIN t ON big.c = t.id;",
	  "table O: topic 'O' (JSON, key KAFKA)\n"
	  "  5 PROJECT BIG.C or T.ID AS `C`, BIG_N AS `N`, T_NAME AS `NAME`\n"
	  "    2 INNER JOIN TABLES ON the primary key [state: per key of both tables]\n"
	  "      1 AGGREGATE COUNT(*) [state: per key]\n"
	  "        exchange by C\n"
	  "          4 KEY BY C\n"
	  "            scan stream S: topic 's' (JSON, key KAFKA), reads C\n"
	  "      exchange by ID\n"
	  "        0 TABLE changes as the source tells them\n"
	  "          scan table T: topic 't' (JSON, key KAFKA), reads ID, NAME\n" },
	{ "CREATE TABLE o AS WITH per AS (SELECT c, COUNT(*) AS n FROM s GROUP BY c) SELECT n, COUNT(*) AS groups FROM per WHERE n > 1 GROUP BY n;",
	  "table O: topic 'O' (JSON, key KAFKA)\n"
	  "  6 PROJECT N, COUNT AS `GROUPS`\n"
	  "    1 AGGREGATE COUNT(*) [state: per key]\n"
	  "      exchange by N\n"
	  "        5 KEY BY COUNT AS `N`\n"
	  "          4 FILTER (COUNT > 1)\n"
	  "            0 AGGREGATE COUNT(*) [state: per key]\n"
	  "              exchange by C\n"
	  "                3 KEY BY C\n"
	  "                  scan stream S: topic 's' (JSON, key KAFKA), reads C\n" },
	{ "SELECT x.k, x.b2, total FROM (SELECT k, b * 2 AS b2, c FROM s WHERE a > 0) x JOIN (SELECT id, x + 1 AS total FROM t) y ON x.c = y.id EMIT CHANGES;",
	  "stream to the client\n"
	  "  7 PROJECT X_K AS `K`, X_B2 AS `B2`, Y_TOTAL AS `TOTAL`\n"
	  "    1 JOIN TABLE ON ROWKEY [state: per key of the table]\n"
	  "      exchange by ROWKEY\n"
	  "        5 KEY BY C AS `ROWKEY`\n"
	  "          4 PROJECT K, (B * 2) AS `B2`, C\n"
	  "            3 FILTER (A > 0)\n"
	  "              scan stream S: topic 's' (JSON, key KAFKA), reads K, A, B, C\n"
	  "      exchange by ID\n"
	  "        6 PROJECT ID, (X + 1) AS `TOTAL`\n"
	  "          0 TABLE changes as the source tells them\n"
	  "            scan table T: topic 't' (JSON, key KAFKA), reads ID, X\n" },
	{ "CREATE TABLE o AS SELECT n, COUNT(*) AS many FROM (SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY k) GROUP BY n;",
	  "table O: topic 'O' (JSON, key KAFKA)\n"
	  "  5 PROJECT N, COUNT AS `MANY`\n"
	  "    1 AGGREGATE COUNT(*) [state: per key]\n"
	  "      exchange by N\n"
	  "        4 KEY BY COUNT AS `N`\n"
	  "          0 AGGREGATE COUNT(*) WINDOW TUMBLING 60000 ms grace 86340000 ms [state: per key and window]\n"
	  "            3 KEY BY K\n"
	  "              scan stream S: topic 's' (JSON, key KAFKA), reads K\n" },
	{ "CREATE TABLE o AS SELECT p.x, p.y, p.v, q.w FROM p LEFT JOIN q ON p.y = q.b AND p.x = q.a;",
	  "table O: topic 'O' (JSON, key JSON)\n"
	  "  4 PROJECT P.X or Q.A AS `X`, P.Y or Q.B AS `Y`, P_V AS `V`, Q_W AS `W`\n"
	  "    2 LEFT JOIN TABLES ON the primary key [state: per key of both tables]\n"
	  "      0 TABLE changes as the source tells them\n"
	  "        scan table P: topic 'p' (JSON, key JSON), reads X, Y, V\n"
	  "      1 TABLE changes as the source tells them\n"
	  "        scan table Q: topic 'q' (JSON, key JSON), reads A, B, W\n" },
	{ "CREATE STREAM o AS SELECT b.k, b.a, q.b, q.w FROM s b JOIN q ON CAST(b.b AS INT) = q.b AND b.a = q.a;",
	  "stream O: topic 'O' (JSON, key JSON)\n"
	  "  4 PROJECT B.A or Q.A AS `B_A`, Q.B AS `Q_B`, B_K AS `K`, Q_W AS `W`\n"
	  "    1 JOIN TABLE ON ROWKEY, ROWKEY_1 [state: per key of the table]\n"
	  "      exchange by ROWKEY, ROWKEY_1\n"
	  "        3 KEY BY A AS `ROWKEY`, CAST(B AS INTEGER) AS `ROWKEY_1`\n"
	  "          scan stream S: topic 's' (JSON, key KAFKA), reads K, A, B\n"
	  "      exchange by A, B\n"
	  "        0 TABLE changes as the source tells them\n"
	  "          scan table Q: topic 'q' (JSON, key JSON), reads A, B, W\n" },
	{ "CREATE STREAM o AS SELECT l.k, l.a, r.a AS other FROM s2 l JOIN s2 r WITHIN 1 HOUR ON l.k = r.k AND l.a = r.a;",
	  "stream O: topic 'O' (JSON, key JSON)\n"
	  "  4 PROJECT L.K or R.K AS `L_K`, L.A or R.A AS `L_A`, R_A AS `OTHER`\n"
	  "    0 INNER JOIN STREAMS WITHIN (3600000 ms, 3600000 ms) [state: rows of the last WITHIN]\n"
	  "      exchange by ROWKEY, ROWKEY_1\n"
	  "        2 KEY BY K AS `ROWKEY`, A AS `ROWKEY_1`\n"
	  "          scan stream S2: topic 's2' (JSON, key KAFKA), reads K, A\n"
	  "      exchange by ROWKEY, ROWKEY_1\n"
	  "        3 KEY BY K AS `ROWKEY`, A AS `ROWKEY_1`\n"
	  "          scan stream S2: topic 's2' (JSON, key KAFKA), reads K, A\n" },
};

static void plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(*goldens); i++) {
		kit *k = kit_new();

		kit_ok(k, setup);
		kit_ok(k, goldens[i].statement);
		if (strcmp(kit_explain(k), goldens[i].plan))
			fail_msg("%s\n%s", goldens[i].statement, kit_explain(k));
		kit_free(k);
	}
}

/* A statement planned twice numbers its operators alike. */
static void numbers_are_stable(void **state)
{
	kit *k = kit_new();
	const wr_graph *g;

	(void)state;
	kit_ok(k, setup);
	kit_ok(k, "CREATE STREAM o AS SELECT c, name FROM s JOIN t ON s.c = t.id;");
	g = k->plan.graph;
	kit_ok(k, "CREATE STREAM o2 AS SELECT c, name FROM s JOIN t ON s.c = t.id;");
	assert_int_equal(g->nstages, k->plan.graph->nstages);
	for (uint32_t i = 0; i < g->nstages; i++)
		for (uint32_t j = 0; j < g->stages[i].nops; j++)
			assert_int_equal(g->stages[i].ops[j].spec->id,
					 k->plan.graph->stages[i].ops[j].spec->id);
	assert_int_equal(g->sink->op, k->plan.graph->sink->op);
	kit_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(plans),
					    cmocka_unit_test(numbers_are_stable) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the binder makes of expressions: values, types, and what it refuses. */
#include "tests/unit/expr_help.h"

typedef struct pair {
	const char *sql, *want;
} pair;

static void check_values(const pair *pairs)
{
	help *h = help_new();

	for (; pairs->sql; pairs++) {
		const char *got = help_eval(h, pairs->sql);

		if (strcmp(got, pairs->want) != 0)
			fail_msg("%s: got %s, want %s", pairs->sql, got, pairs->want);
	}
	help_free(h);
}

static void check_types(const pair *pairs)
{
	help *h = help_new();

	for (; pairs->sql; pairs++) {
		const char *got = help_type(h, pairs->sql);

		if (strcmp(got, pairs->want) != 0)
			fail_msg("%s: is %s, want %s", pairs->sql, got, pairs->want);
	}
	help_free(h);
}

/* want: a part of the message or of the hint */
static void check_errors(const pair *pairs)
{
	help *h = help_new();

	for (; pairs->sql; pairs++) {
		if (help_bind(h, pairs->sql))
			fail_msg("%s: binds", pairs->sql);
		if (!strstr(h->err.message, pairs->want) && !strstr(h->err.hint, pairs->want))
			fail_msg("%s: \"%s\" (%s) lacks \"%s\"", pairs->sql, h->err.message,
				 h->err.hint, pairs->want);
		if (!h->err.span.length)
			fail_msg("%s: no place", pairs->sql);
	}
	help_free(h);
}

static void literals(void **state)
{
	(void)state;
	check_types((const pair[]){
	    { "12", "INTEGER" },
	    { "2147483647", "INTEGER" },
	    { "2147483648", "BIGINT" },
	    { "-2147483648", "INTEGER" },
	    { "1.50", "DECIMAL(3, 2)" },
	    { "0.005", "DECIMAL(4, 3)" },
	    { ".5", "DECIMAL(2, 1)" },
	    { "1.", "DECIMAL(1, 0)" },
	    { "-012.30", "DECIMAL(4, 2)" },
	    { "1e3", "DOUBLE" },
	    { "'x'", "STRING" },
	    { "TRUE", "BOOLEAN" },
	    { "DATE '2020-02-29'", "DATE" },
	    { "TIMESTAMP '2020-02-29T10:00:00'", "TIMESTAMP" },
	    { "ARRAY[1, 3000000000]", "ARRAY<BIGINT>" },
	    { "MAP('a' := 1, 'b' := 2.5)", "MAP<STRING, DECIMAL(11, 1)>" },
	    { "STRUCT(a := 1, `b` := 'x')", "STRUCT<`A` INTEGER, `b` STRING>" },
	    { 0 },
	});
}

static void arithmetic(void **state)
{
	(void)state;
	check_values((const pair[]){
	    { "1 + 2 * 3", "7" },
	    { "7 / 2", "3" },
	    { "-7 / 2", "-3" },
	    { "-7 % 3", "-1" },
	    { "2147483647 + 1", "-2147483648" },
	    { "9223372036854775807 + 1", "-9223372036854775808" },
	    { "(-2147483647 - 1) / -1", "-2147483648" },
	    { "1 / 0", "NULL" },
	    { "1 % 0", "NULL" },
	    { "CAST(CAST(1 AS DOUBLE) / 0 AS STRING)", "'Infinity'" },
	    { "1.10 + 2.2", "3.30" },
	    { "1.10 * 2.2", "2.420" },
	    { "1.0 / 4.0", "0.250000" },
	    { "1.0 / 3.0", "NULL" },
	    { "1.0 / 0.0", "NULL" },
	    { "5.5 % 2.0", "1.5" },
	    { "1.5 + 1", "2.5" },
	    { "1 + 3000000000", "3000000001" },
	    { "-(1.50)", "-1.50" },
	    { "'a' || 'b' || NULL", "'ab'" },
	    { "'a' + 'b'", "'ab'" },
	    { 0 },
	});
	check_types((const pair[]){
	    { "1 + 3000000000", "BIGINT" },
	    { "1 + 1e0", "DOUBLE" },
	    { "1.5 + 1e0", "DOUBLE" },
	    { "1.10 + 2.2", "DECIMAL(4, 2)" },
	    { "1.10 - 12.222", "DECIMAL(6, 3)" },
	    { "1.10 * 2.2", "DECIMAL(6, 3)" },
	    { "1.10 / 2.2", "DECIMAL(8, 6)" },
	    { "1.10 % 22.2", "DECIMAL(3, 2)" },
	    { "1.5 + 1", "DECIMAL(12, 1)" },
	    { "1.5 + 3000000000", "DECIMAL(21, 1)" },
	    { 0 },
	});
	check_errors((const pair[]){
	    { "1 + NULL", "NULL cannot be an operand" },
	    { "1 + 'a'", "+ cannot be applied to (INTEGER, STRING)" },
	    { "TRUE * 2", "* cannot be applied" },
	    { "-'a'", "unary -" },
	    { "1 || 2", "||" },
	    { 0 },
	});
}

static void comparisons(void **state)
{
	(void)state;
	check_values((const pair[]){
	    { "1 = 1.0", "TRUE" },
	    { "1 < 1.5", "TRUE" },
	    { "2.50 = 2.5", "TRUE" },
	    { "3000000000 > 1", "TRUE" },
	    { "1e0 = 1", "TRUE" },
	    { "1.1 = 1.1e0", "TRUE" },
	    { "'a' < 'b'", "TRUE" },
	    { "'B' < 'a'", "TRUE" },
	    { "TRUE = FALSE", "FALSE" },
	    { "CAST(NULL AS INTEGER) = 1", "FALSE" },
	    { "CAST(NULL AS INTEGER) <> 1", "FALSE" },
	    { "NOT CAST(NULL AS INTEGER) = 1", "TRUE" },
	    { "CAST(NULL AS INTEGER) IS DISTINCT FROM 1", "TRUE" },
	    { "CAST(NULL AS INTEGER) IS NOT DISTINCT FROM NULL", "TRUE" },
	    { "NULL IS NULL", "TRUE" },
	    { "1 IS NOT NULL", "TRUE" },
	    { "DATE '2020-01-02' > '2020-01-01'", "TRUE" },
	    { "'10:30' < TIME '10:31'", "TRUE" },
	    { "TIMESTAMP '2020-01-01T00:00:00' = DATE '2020-01-01'", "TRUE" },
	    { "ARRAY[1, 2] = ARRAY[1, 2]", "TRUE" },
	    { "ARRAY[1, 2] = ARRAY[1, 3000000000]", "FALSE" },
	    { "STRUCT(a := 1) <> STRUCT(a := 2)", "TRUE" },
	    { "2 BETWEEN 1 AND 3", "TRUE" },
	    { "2 NOT BETWEEN 1 AND 3", "FALSE" },
	    { "CAST(NULL AS INTEGER) BETWEEN 1 AND 3", "FALSE" },
	    { "'abc' LIKE 'a%'", "TRUE" },
	    { "'abc' LIKE 'a_'", "FALSE" },
	    { "'abc' LIKE '_b_'", "TRUE" },
	    { "'aXbXc' LIKE 'a%X_'", "TRUE" },
	    { "'50%' LIKE '50!%' ESCAPE '!'", "TRUE" },
	    { "'500' LIKE '50!%' ESCAPE '!'", "FALSE" },
	    { "'\xc3\xa4' LIKE '_'", "TRUE" },
	    { "'' LIKE '%'", "TRUE" },
	    { "'abc' NOT LIKE '%z%'", "TRUE" },
	    { 0 },
	});
	check_errors((const pair[]){
	    { "1 = NULL", "IS NULL" },
	    { "NULL <> NULL", "IS NULL" },
	    { "1 = 'a'", "INTEGER cannot be compared with STRING" },
	    { "TRUE < FALSE", "no order" },
	    { "ARRAY[1] < ARRAY[2]", "no order" },
	    { "TIME '10:00' = DATE '2020-01-01'", "cannot be compared" },
	    { "DATE '2020-01-02' > 'x'", "cannot read 'x' as DATE" },
	    { "1 AND TRUE", "AND needs conditions" },
	    { "NOT 1", "NOT needs conditions" },
	    { 0 },
	});
}

static void lists(void **state)
{
	(void)state;
	check_values((const pair[]){
	    { "2 IN (1, 2, 3)", "TRUE" },
	    { "2 NOT IN (1, 3)", "TRUE" },
	    { "4 IN (1, '4.000')", "TRUE" },
	    { "4 IN (1, 4.5)", "FALSE" },
	    { "4 IN (1, NULL)", "FALSE" },
	    { "CAST(NULL AS INTEGER) IN (1)", "FALSE" },
	    { "'10.30' IN ('x', 10.30)", "TRUE" },
	    { "'true' IN (true)", "TRUE" },
	    { "TRUE IN ('yes')", "TRUE" },
	    { "ARRAY[3, NULL] IN (ARRAY[1], ARRAY['3', NULL])", "TRUE" },
	    { "MAP('b' := 5) IN (MAP('b' := 3000000000), MAP('b' := 5))", "TRUE" },
	    { "STRUCT(f0 := 20) IN (STRUCT(f0 := 10), STRUCT(`f0` := 20))", "FALSE" },
	    { "ARRAY[NULL, 10, '2e1', 3]", "ARRAY[NULL, 10, 20, 3]" },
	    { "MAP('a' := TRUE, 10 := 'no')['10']", "FALSE" },
	    { "COALESCE(NULL, 1, 2.5)", "1.0" },
	    { "CASE WHEN FALSE THEN 1 ELSE 2.5 END", "2.5" },
	    { "CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "'b'" },
	    { "CASE WHEN FALSE THEN 'a' END", "NULL" },
	    { "GREATEST(DATE '2020-01-01', NULL, '2021-01-01')", "'2021-01-01'" },
	    { 0 },
	});
	check_types((const pair[]){
	    { "ARRAY[NULL, 10, '2e1', 3000000000]", "ARRAY<DECIMAL(19, 0)>" },
	    { "ARRAY[1, 2e0]", "ARRAY<DOUBLE>" },
	    { "ARRAY[STRUCT(a := 1), STRUCT(b := 'x')]", "ARRAY<STRUCT<`A` INTEGER, `B` STRING>>" },
	    { "CASE WHEN TRUE THEN NULL ELSE 'x' END", "STRING" },
	    { "LEAST(1, 3000000000)", "BIGINT" },
	    { 0 },
	});
	check_errors((const pair[]){
	    { "1 IN (1, TRUE)", "BOOLEAN does not go together" },
	    { "1 IN ('x')", "cannot read 'x' as INTEGER" },
	    { "TRUE IN (1)", "INTEGER does not go together" },
	    { "ARRAY[NULL]", "are NULL" },
	    { "MAP('a' := NULL)", "are NULL" },
	    { "CASE WHEN TRUE THEN NULL END", "are NULL" },
	    { "CASE WHEN 1 THEN 2 END", "CASE needs conditions" },
	    { "STRUCT(a := NULL)", "has no type" },
	    { "STRUCT(a := 1, A := 2)", "two fields" },
	    { "LEAST(NULL, NULL)", "has no type" },
	    { "LEAST()", "cannot be applied to ()" },
	    { "LEAST('a', 1)", "cannot be applied to (STRING, INTEGER)" },
	    { 0 },
	});
}

static void nested(void **state)
{
	(void)state;
	check_values((const pair[]){
	    { "ARRAY[10, 20, 30][1]", "10" },
	    { "ARRAY[10, 20, 30][-1]", "30" },
	    { "ARRAY[10, 20, 30][0]", "NULL" },
	    { "ARRAY[10, 20, 30][4]", "NULL" },
	    { "MAP('a' := 1)['a']", "1" },
	    { "MAP('a' := 1)['b']", "NULL" },
	    { "MAP('a' := 1, 'a' := 2)['a']", "2" },
	    { "STRUCT(a := STRUCT(b := 'x'))->a->b", "'x'" },
	    { "CAST(NULL AS STRUCT<a INT>)->a", "NULL" },
	    { "CAST(NULL AS ARRAY<INT>)[1]", "NULL" },
	    { 0 },
	});
	check_errors((const pair[]){
	    { "STRUCT(price := 1)->prise", "did you mean PRICE?" },
	    { "STRUCT(a := 1)['a']", "->" },
	    { "MAP('a' := 1)->a", "['key']" },
	    { "1[1]", "[ ]" },
	    { "MAP('a' := 1)[1]", "[ ]" },
	    { 0 },
	});
}

static void casts(void **state)
{
	(void)state;
	check_values((const pair[]){
	    { "CAST(12 AS STRING)", "'12'" },
	    { "CAST(1.50 AS STRING)", "'1.50'" },
	    { "CAST(1e10 AS STRING)", "'1.0E10'" },
	    { "CAST(1e-3 AS STRING)", "'0.001'" },
	    { "CAST(TRUE AS STRING)", "'true'" },
	    { "CAST(ARRAY[1, NULL] AS STRING)", "'[1, null]'" },
	    { "CAST(MAP('a' := 1) AS STRING)", "'{a=1}'" },
	    { "CAST(STRUCT(a := 1, `b` := 'x') AS STRING)", "'Struct{A=1,b=x}'" },
	    { "CAST(DATE '2020-01-01' AS STRING)", "'2020-01-01'" },
	    { "CAST(TIME '10:30' AS STRING)", "'10:30'" },
	    { "CAST(TIMESTAMP '2020-01-01' AS STRING)", "'2020-01-01T00:00:00.000'" },
	    { "CAST(' 12 ' AS INTEGER)", "12" },
	    { "CAST('x' AS INTEGER)", "NULL" },
	    { "CAST('3000000000' AS INTEGER)", "NULL" },
	    { "CAST('1.5' AS DOUBLE)", "1.5" },
	    { "CAST('yes' AS BOOLEAN)", "TRUE" },
	    { "CAST('tr' AS BOOLEAN)", "TRUE" },
	    { "CAST('on' AS BOOLEAN)", "FALSE" },
	    { "CAST(1.9e0 AS INTEGER)", "1" },
	    { "CAST(-1.9e0 AS BIGINT)", "-1" },
	    { "CAST(1e20 AS INTEGER)", "2147483647" },
	    { "CAST(1.99 AS INTEGER)", "1" },
	    { "CAST(1.5 AS DECIMAL(2, 0))", "2" },
	    { "CAST(-1.5 AS DECIMAL(2, 0))", "-2" },
	    { "CAST(1234 AS DECIMAL(4, 1))", "NULL" },
	    { "CAST(0.1e0 AS DECIMAL(4, 2))", "0.10" },
	    { "CAST('12.345' AS DECIMAL(5, 2))", "12.35" },
	    { "CAST(4294967297 AS INTEGER)", "1" },
	    { "CAST(TIMESTAMP '2020-01-01T10:30:00' AS DATE)", "'2020-01-01'" },
	    { "CAST(TIMESTAMP '2020-01-01T10:30:00' AS TIME)", "'10:30'" },
	    { "CAST('2020-01-01' AS DATE)", "'2020-01-01'" },
	    { "CAST(ARRAY['1', '2'] AS ARRAY<INT>)", "ARRAY[1, 2]" },
	    { "CAST(ARRAY['1', 'x'] AS ARRAY<INT>)", "NULL" },
	    { "CAST(MAP('a' := '1') AS MAP<STRING, INT>)['a']", "1" },
	    { "CAST(STRUCT(a := 1, b := 2) AS STRUCT<c INT, a STRING>)->a", "'1'" },
	    { "CAST(STRUCT(a := 1, b := 2) AS STRUCT<c INT, a STRING>)->c", "NULL" },
	    { "CAST(NULL AS ARRAY<INT>)", "NULL" },
	    { 0 },
	});
	check_errors((const pair[]){
	    { "CAST('a' AS ARRAY<INT>)", "STRING cannot be cast to ARRAY<INTEGER>" },
	    { "CAST(TRUE AS INT)", "BOOLEAN cannot be cast to INTEGER" },
	    { "CAST(1 AS DATE)", "cannot be cast" },
	    { "CAST(1 AS strng)", "did you mean STRING?" },
	    { "DATE 'x'", "cannot read 'x' as DATE" },
	    { 0 },
	});
}

/* A failed operator makes null of the expression around it, up to the next function call or element. */
static void failures(void **state)
{
	(void)state;
	check_values((const pair[]){
	    { "CAST('x' AS INTEGER) IS NULL", "NULL" },
	    { "1 / 0 = 1 OR TRUE", "NULL" },
	    { "TRUE OR 1 / 0 = 1", "TRUE" },
	    { "FALSE AND 1 / 0 = 1", "FALSE" },
	    { "CASE WHEN TRUE THEN 1 ELSE 1 / 0 END", "1" },
	    { "CASE WHEN 1 / 0 = 1 THEN 1 ELSE 2 END", "NULL" },
	    { "ARRAY[1 / 0, 2]", "ARRAY[NULL, 2]" },
	    { "COALESCE(GEO_DISTANCE(0, 0, 0, 0, 'x'), 7e0)", "7.0" },
	    { 0 },
	});
}

static void functions(void **state)
{
	(void)state;
	check_types((const pair[]){
	    { "ABS(1)", "INTEGER" },
	    { "ABS(1.5)", "DECIMAL(2, 1)" },
	    { "ROUND(1.55)", "DECIMAL(1, 0)" },
	    { "ROUND(1.55, 1)", "DECIMAL(3, 2)" },
	    { "SQRT(1)", "DOUBLE" },
	    { "ROUND(1)", "BIGINT" },
	    { 0 },
	});
	check_values((const pair[]){
	    { "ROUND(-1.5e0)", "-1" },
	    { "ROUND(-1.5)", "-1" },
	    { "ROUND(1.5)", "2" },
	    { "ROUND(9.99, 1)", "NULL" },
	    { "ROUND(19.99, 1)", "20.00" },
	    { "ROUND(155.5, -1)", "160.0" },
	    { "ROUND(155.5e0, -1)", "160.0" },
	    { "ROUND(1.5e0, 400)", "1.5" },
	    { "ROUND(1.5e0, -400)", "0.0" },
	    { "TRUNC(-19.99, 1)", "-19.90" },
	    { "CEIL(-0.5)", "0.0" },
	    { "FLOOR(-0.5)", "-1.0" },
	    { "ROUND(12345678987654321.2345678987654321234567890123456789, 2)",
	      "12345678987654321.2300000000000000000000000000000000" },
	    { "GENERATE_SERIES(3, 1)", "ARRAY[3, 2, 1]" },
	    { "GENERATE_SERIES(1, 3, 0)", "NULL" },
	    { "NULLIF(1, 1)", "NULL" },
	    { "ABS(CAST(NULL AS INTEGER))", "NULL" },
	    { 0 },
	});
	check_errors((const pair[]){
	    { "SQRTT(1)", "did you mean SQRT?" },
	    { "SQRT('x')", "SQRT takes (DOUBLE)" },
	    { "SQRT(*)", "does not take *" },
	    { "COUNT(*)", "cannot stand in" },
	    { "EXPLODE(ARRAY[1])", "cannot stand in" },
	    { "x => 1", "" },
	    { 0 },
	});
}

/* ---- names */

static void names(void **state)
{
	help *h = help_new();
	const wr_bind_col cols[] = {
		{ WR_STR_LIT("L"), WR_STR_LIT("ID"), wr_type_of(WR_INTEGER), 0 },
		{ WR_STR_LIT("L"), WR_STR_LIT("NAME"), wr_type_of(WR_STRING), 1 },
		{ WR_STR_LIT("R"), WR_STR_LIT("ID"), wr_type_of(WR_INTEGER), 2 },
		{ WR_STR_LIT("R"), WR_STR_LIT("price"), wr_type_of(WR_DOUBLE), 3 },
		{ WR_STR_LIT("L"), WR_STR_LIT("ROWTIME"), wr_type_of(WR_BIGINT), WR_COL_ROWTIME },
	};
	static const pair errors[] = {
		{ "id", "write L.ID or R.ID" },
		{ "nmae", "did you mean NAME?" },
		{ "L.price", "there is no column L.PRICE" },
		{ "X.id", "no stream, table or alias" },
		{ "price", "there is no column PRICE" },
		{ "ROWTIME > 'yesterday'", "no point in time" },
		{ 0 },
	};

	(void)state;
	h->scope = (wr_bind_scope){ cols, 5 };
	assert_int_equal(help_must_bind(h, "name")->col, 1);
	assert_int_equal(help_must_bind(h, "l.id")->col, 0);
	assert_int_equal(help_must_bind(h, "R.ID")->col, 2);
	assert_int_equal(help_must_bind(h, "`price`")->col, 3);
	assert_int_equal(help_must_bind(h, "rowtime")->col, WR_COL_ROWTIME);
	for (const pair *p = errors; p->sql; p++) {
		assert_null(help_bind(h, p->sql));
		if (!strstr(h->err.message, p->want) && !strstr(h->err.hint, p->want))
			fail_msg("%s: \"%s\" (%s)", p->sql, h->err.message, h->err.hint);
	}
	help_free(h);
}

static const char *printed(help *h, const char *sql)
{
	wr_buf_reset(&h->text);
	wr_expr_print(help_must_bind(h, sql), NULL, &h->text);
	return wr_arena_strdup(h->arena, wr_buf_z(&h->text));
}

/* Constants are brought to the column's type where that is exact, so that no column is cast. */
static void printed_form(void **state)
{
	help *h = help_new();
	const wr_bind_col cols[] = {
		{ { 0 }, WR_STR_LIT("I"), wr_type_of(WR_INTEGER), 0 },
		{ { 0 }, WR_STR_LIT("D"), wr_type_decimal(h->arena, 12, 2), 1 },
		{ { 0 }, WR_STR_LIT("S"), wr_type_of(WR_STRING), 2 },
		{ { 0 }, WR_STR_LIT("ROWTIME"), wr_type_of(WR_BIGINT), WR_COL_ROWTIME },
	};

	(void)state;
	h->scope = (wr_bind_scope){ cols, 4 };
	assert_string_equal(printed(h, "d > 100"), "(#1 > 100.00)");
	assert_string_equal(printed(h, "i = 2.0"), "(#0 = 2)");
	assert_string_equal(printed(h, "i = 2.5"), "(CAST(#0 AS DECIMAL(10, 0)) = 2.5)");
	assert_string_equal(printed(h, "s IN ('c', 'u') AND i > 1 AND d < 5"),
			    "((#2 IN ('c', 'u')) AND (#0 > 1) AND (#1 < 5.00))");
	assert_string_equal(printed(h, "ROWTIME > '1970-01-01T00:00:01'"), "(ROWTIME > 1000)");
	assert_string_equal(printed(h, "i + 1 + 2"), "((#0 + 1) + 2)");
	assert_string_equal(printed(h, "1 + 2 + i"), "(3 + #0)");
	assert_string_equal(printed(h, "CASE s WHEN 'a' THEN 1 END"),
			    "CASE WHEN (#2 = 'a') THEN 1 END");
	assert_true(wr_expr_eq(help_must_bind(h, "i + d * 2"), help_must_bind(h, "I + D * 2")));
	assert_false(wr_expr_eq(help_must_bind(h, "i + 1"), help_must_bind(h, "i + 2")));
	help_free(h);
}

static const char *coerced(help *h, const char *sql, const wr_type *type, wr_coercion how)
{
	const wr_expr *e = help_must_bind(h, sql);

	wr_buf_reset(&h->text);
	if (wr_bind_coerce(&h->binder, e, type, how, &e, &h->err) == WR_OK)
		wr_expr_print(e, NULL, &h->text);
	else
		wr_buf_puts(&h->text, "refused");
	return wr_buf_z(&h->text);
}

static void coercion(void **state)
{
	help *h = help_new();
	const wr_type *d = wr_type_decimal(h->arena, 5, 2), *date = wr_type_of(WR_DATE);
	const wr_type *big = wr_type_of(WR_BIGINT), *i = wr_type_of(WR_INTEGER);

	(void)state;
	assert_string_equal(coerced(h, "1", big, WR_COERCE_WIDEN), "1");
	assert_string_equal(coerced(h, "3000000000", i, WR_COERCE_INSERT), "refused");
	assert_string_equal(coerced(h, "1.5", i, WR_COERCE_INSERT), "refused");
	assert_string_equal(coerced(h, "NULL", d, WR_COERCE_INSERT), "NULL");
	assert_string_equal(coerced(h, "12.5", d, WR_COERCE_INSERT), "12.50");
	assert_string_equal(coerced(h, "12.555", d, WR_COERCE_INSERT), "refused");
	assert_string_equal(coerced(h, "12", d, WR_COERCE_INSERT), "12.00");
	assert_string_equal(coerced(h, "12345", d, WR_COERCE_INSERT), "refused");
	assert_string_equal(coerced(h, "'2020-01-01'", date, WR_COERCE_INSERT), "'2020-01-01'");
	assert_string_equal(coerced(h, "'x'", date, WR_COERCE_INSERT), "refused");
	assert_string_equal(coerced(h, "1", wr_type_of(WR_STRING), WR_COERCE_INSERT), "refused");
	assert_string_equal(coerced(h, "'1'", i, WR_COERCE_INSERT), "refused");
	help_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals),    cmocka_unit_test(arithmetic),
		cmocka_unit_test(comparisons), cmocka_unit_test(lists),
		cmocka_unit_test(nested),      cmocka_unit_test(casts),
		cmocka_unit_test(failures),    cmocka_unit_test(functions),
		cmocka_unit_test(names),       cmocka_unit_test(printed_form),
		cmocka_unit_test(coercion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

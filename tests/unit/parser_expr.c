/* Expressions: precedence, every kind, literals, and their text. */
#include "parser/parse.h"
#include "parser/unparse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static wr_arena *arena;

static wr_ast_expr *parsed(const char *text)
{
	wr_err err = WR_ERR_INIT;
	wr_ast_expr *e = NULL;

	if (wr_parse_expr(arena, wr_str_of(text), &e, &err) != WR_OK)
		fail_msg("%s: %s (%s)", text, err.message, err.hint);
	return e;
}

static const char *printed(const wr_ast_expr *e)
{
	wr_buf b = { 0 };
	const char *z;

	wr_unparse_expr(e, &b);
	z = wr_arena_str(arena, wr_buf_view(&b)).p;
	wr_buf_free(&b);
	return z;
}

/* Both texts are the same tree, and the first prints as itself. */
static void means(const char *text, const char *with_parentheses)
{
	const wr_ast_expr *e = parsed(text);

	assert_string_equal(printed(e), text);
	if (!wr_ast_expr_eq(e, parsed(with_parentheses)))
		fail_msg("%s is not %s", text, with_parentheses);
	assert_true(wr_ast_expr_eq(e, parsed(printed(e))));
}

static void same(const char *text)
{
	means(text, text);
}

static void refused(const char *text, const char *message)
{
	wr_err err = WR_ERR_INIT;
	wr_ast_expr *e;

	assert_int_equal(wr_parse_expr(arena, wr_str_of(text), &e, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_SYNTAX);
	assert_string_equal(err.message, message);
}

static void test_precedence(void **state)
{
	(void)state;
	means("a OR b AND c", "a OR (b AND c)");
	means("(a OR b) AND c", "((a OR b)) AND c");
	means("NOT a AND b", "(NOT a) AND b");
	means("NOT a = b", "NOT (a = b)");
	means("a = b OR c = d AND e = f", "(a = b) OR ((c = d) AND (e = f))");
	means("a + b * c", "a + (b * c)");
	means("(a + b) * c", "((a + b)) * c");
	means("a - b - c", "(a - b) - c");
	means("a - (b - c)", "a - ((b - c))");
	means("a / b * c % d", "((a / b) * c) % d");
	means("a || b + c", "a || (b + c)");
	means("a || b = c || d", "(a || b) = (c || d)");
	means("-a * b", "(-a) * b");
	means("-(a * b)", "-((a * b))");
	means("-a[1]->b", "-((a[1])->b)");
	means("a * b AT TIME ZONE 'z'", "a * (b AT TIME ZONE 'z')");
	means("-a AT TIME ZONE 'z'", "-(a AT TIME ZONE 'z')");
	means("a BETWEEN b + 1 AND c AND d", "(a BETWEEN (b + 1) AND c) AND d");
	means("a IS NULL OR b", "(a IS NULL) OR b");
	means("(a = b) = c", "((a = b)) = c");
	means("(a AND b) IS NULL", "((a AND b)) IS NULL");
	means("a < b AND NOT (c OR d)", "(a < b) AND (NOT (c OR d))");
}

static void test_predicates(void **state)
{
	(void)state;
	same("a = b");
	same("a <> b");
	same("a <= b");
	same("a >= b");
	assert_int_equal(parsed("a != b")->binary.op, WR_BIN_NE);
	same("a NOT BETWEEN 1 AND 2");
	same("a IN (1)");
	same("a NOT IN (1, 'x', b + 1)");
	same("a IN (SELECT b FROM t)");
	same("a LIKE '%x'");
	same("a NOT LIKE 'x!%' ESCAPE '!'");
	same("a IS NOT NULL");
	same("a IS DISTINCT FROM b");
	same("a IS NOT DISTINCT FROM b");
	assert_true(parsed("a NOT LIKE 'x'")->like.negated);
	assert_true(parsed("a NOT IN (1)")->in_list.negated);
	refused("a = b = c", "syntax error at =");
	refused("a IN ()", "syntax error at )");
}

static void test_primaries(void **state)
{
	(void)state;
	same("a.b");
	same("a->b->c");
	same("a[1][-1]");
	same("a[b || c]->d");
	same("f()");
	same("COUNT(*)");
	same("COUNT(DISTINCT a)");
	same("f(a, b + 1, NULL)");
	same("CASE WHEN a = b THEN 1 WHEN c THEN 2 ELSE 3 END");
	same("CASE a + 1 WHEN 1 THEN 'x' END");
	same("CAST(a AS DECIMAL(4, 2))");
	same("CAST(a AS MAP<STRING, ARRAY<x>>)");
	same("ARRAY[]");
	same("ARRAY[1, a]");
	same("MAP()");
	same("MAP('a' := 1, b := c OR d)");
	same("STRUCT(a := 1, `b` := 'x')");
	same("STRUCT()");
	same("(SELECT a FROM s)");
	same("a AT TIME ZONE 'Europe/Berlin'");
	same("TIMESTAMP '2020-01-01T00:00:00'");
	same("`quoted ``name`");
	means("`quoted\"name`", "\"quoted\"\"name\"");
}

static void test_lambdas(void **state)
{
	const wr_ast_expr *e;

	(void)state;
	same("TRANSFORM(a, x => x + 1)");
	same("TRANSFORM(m, (k, v) => UCASE(k), (k, v) => v + 1)");
	means("FILTER(a, x => x > 1 AND y)", "FILTER(a, (x) => ((x > 1) AND y))");
	means("REDUCE(a, b, (s, x) => REDUCE(x, s, (t, y) => t + y))",
	      "REDUCE(a, (b), (s, x) => REDUCE(x, s, (t, y) => (t + y)))");
	e = parsed("f((a), (b, c) => d)");
	assert_int_equal(e->call.args.items[0]->kind, WR_AST_COLUMN);
	assert_int_equal(e->call.args.items[1]->lambda.params.n, 2);
	refused("x => y", "syntax error at =>");
}

static void test_units(void **state)
{
	(void)state;
	same("TIMESTAMPADD(MILLISECONDS, 5, ts)");
	assert_int_equal(parsed("TIMESTAMPADD(DAY, 5, ts)")->call.args.items[0]->kind, WR_AST_UNIT);
	assert_int_equal(parsed("f(DAY, 5)")->call.args.items[0]->kind, WR_AST_COLUMN);
	assert_int_equal(parsed("DATEADD(`DAY`, 5, d)")->call.args.items[0]->kind, WR_AST_COLUMN);
	assert_int_equal(parsed("f(DAYS, 5)")->call.args.items[0]->unit, WR_UNIT_DAYS);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(parsed("12")->integer, 12);
	assert_int_equal(parsed("- 12")->integer, -12);
	assert_int_equal(parsed("9223372036854775807")->integer, INT64_MAX);
	assert_int_equal(parsed("-9223372036854775808")->integer, INT64_MIN);
	assert_string_equal(printed(parsed("-(9223372036854775808)")), "-9223372036854775808");
	refused("9223372036854775808", "the number does not fit BIGINT");
	refused("- -9223372036854775808 + 9223372036854775808", "the number does not fit BIGINT");
	refused("-9223372036854775809", "the number does not fit BIGINT");
	assert_int_equal(parsed("1.50")->kind, WR_AST_DECIMAL);
	assert_true(wr_str_is(parsed("-1.50")->text, "-1.50"));
	assert_int_equal(parsed(".5")->kind, WR_AST_DECIMAL);
	assert_int_equal(parsed("1.")->kind, WR_AST_DECIMAL);
	assert_int_equal(parsed("1e3")->kind, WR_AST_DOUBLE);
	assert_true(parsed("-1.5E-2")->number == -0.015);
	refused("1.8e308", "the number does not fit DOUBLE");
	refused("1.5E", "a number ends in its exponent");
	assert_string_equal(printed(parsed("- -5")), "- -5");
	assert_string_equal(printed(parsed("-(-a)")), "- -a");
	assert_string_equal(printed(parsed("+ + a")), "++a");
	assert_string_equal(printed(parsed("(-5)[1]")), "(-5)[1]");
	assert_string_equal(printed(parsed("a - -5")), "a - -5");
	assert_string_equal(printed(parsed("1AB + 1e_x")), "1AB + 1e_x");
}

static void test_strings(void **state)
{
	(void)state;
	assert_true(wr_str_is(parsed("'it''s'")->text, "it's"));
	assert_true(wr_str_is(parsed("''")->text, ""));
	assert_true(wr_str_is(parsed("'-- no /* comment'")->text, "-- no /* comment"));
	assert_true(wr_str_is(parsed("'a\\n'")->text, "a\\n"));
	same("'it''s'");
	assert_true(wr_ast_expr_eq(parsed("a /* x ** */ + -- y\n b"), parsed("a+b")));
}

/* A tree as deep as allowed can be walked; one deeper is refused with words. */
static void test_depth(void **state)
{
	wr_buf b = { 0 };
	wr_err err = WR_ERR_INIT;
	wr_ast_expr *e;

	(void)state;
	for (int i = 0; i < 1500; i++)
		wr_buf_puts(&b, "a + ");
	wr_buf_puts(&b, "a");
	assert_string_equal(printed(parsed(wr_buf_z(&b))), wr_buf_z(&b));
	for (int i = 0; i < 1500; i++)
		wr_buf_puts(&b, " + a");
	assert_int_equal(wr_parse_expr(arena, wr_buf_view(&b), &e, &err), WR_FAIL);
	assert_string_equal(err.message, "the expression is nested too deeply");
	wr_buf_reset(&b);
	for (int i = 0; i < 100000; i++)
		wr_buf_putc(&b, '(');
	wr_err_clear(&err);
	assert_int_equal(wr_parse_expr(arena, wr_buf_view(&b), &e, &err), WR_FAIL);
	assert_string_equal(err.message, "the statement is nested too deeply");
	wr_buf_free(&b);
}

static void test_type(void **state)
{
	wr_err err = WR_ERR_INIT;
	wr_ast_type *t;
	wr_buf b = { 0 };

	(void)state;
	assert_int_equal(wr_parse_type(arena, WR_STR_LIT("MAP<STRING, DECIMAL(3, 1)>"), &t, &err),
			 WR_OK);
	wr_type_print(t->type, &b);
	assert_string_equal(wr_buf_z(&b), "MAP<STRING, DECIMAL(3, 1)>");
	assert_int_equal(wr_parse_type(arena, WR_STR_LIT("DECIMAL(0, 0)"), &t, &err), WR_FAIL);
	wr_err_clear(&err);
	assert_int_equal(wr_parse_type(arena, WR_STR_LIT("BIGINT(3)"), &t, &err), WR_FAIL);
	wr_buf_free(&b);
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
		cmocka_unit_test(test_precedence), cmocka_unit_test(test_predicates),
		cmocka_unit_test(test_primaries),  cmocka_unit_test(test_lambdas),
		cmocka_unit_test(test_units),	   cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),	   cmocka_unit_test(test_depth),
		cmocka_unit_test(test_type),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

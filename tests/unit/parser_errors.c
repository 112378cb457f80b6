/* Errors as people see them: exact text, caret and hint. */
#include "parser/parse.h"
#include "parser/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The first error of a text, rendered. */
static void shows(const char *text, const char *expected)
{
	wr_arena *a = wr_arena_new();
	wr_err err = WR_ERR_INIT;
	wr_buf out = { 0 };
	wr_stmts s;

	assert_int_equal(wr_parse(a, wr_str_of(text), &s, &err), WR_FAIL);
	wr_render_error(&out, wr_str_of(text), &err);
	assert_string_equal(wr_buf_z(&out), expected);
	wr_buf_free(&out);
	wr_arena_free(a);
}

/* Message, the text under the caret, and hint. */
static void says(const char *text, const char *message, const char *place, const char *hint)
{
	wr_arena *a = wr_arena_new();
	wr_err err = WR_ERR_INIT;
	wr_stmts s;

	assert_int_equal(wr_parse(a, wr_str_of(text), &s, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_SYNTAX);
	assert_string_equal(err.message, message);
	assert_string_equal(err.hint, hint);
	assert_true(err.span.at + err.span.length <= strlen(text) + 1);
	if (place)
		assert_string_equal(
		    wr_arena_str(a, (wr_str){ text + err.span.at, err.span.length }).p, place);
	wr_arena_free(a);
}

static void test_render(void **state)
{
	(void)state;
	shows("SELECT * FORM t;", "error: syntax error at FORM\n"
				  "  line 1:10\n"
				  "  SELECT * FORM t;\n"
				  "           ^^^^\n"
				  "  hint: expected FROM\n");
	shows("SHOW TOPICS;\nSELECT *\n\tFROM s\n\tWHERE größe = 1;",
	      "error: syntax error at ö\n"
	      "  line 4:10\n"
	      "   WHERE größe = 1;\n"
	      "           ^\n"
	      "  hint: names with letters other than A to Z stand in quotes: `Straße`\n");
	shows("SELECT a FROM t", "error: the statement does not end\n"
				 "  line 1:16\n"
				 "  SELECT a FROM t\n"
				 "                 ^\n"
				 "  hint: end it with ;\n");
	shows("SELECT 'größer' 'x' FROM t;", "error: syntax error at 'x'\n"
					     "  line 1:17\n"
					     "  SELECT 'größer' 'x' FROM t;\n"
					     "                  ^^^\n"
					     "  hint: expected FROM or ,\n");
	shows("SELECT 'abc\n FROM t;", "error: a string is not closed\n"
				       "  line 1:8\n"
				       "  SELECT 'abc\n"
				       "         ^\n"
				       "  hint: end it with '\n");
}

static void test_render_long_line(void **state)
{
	wr_buf text = { 0 }, out = { 0 };
	wr_err err = WR_ERR_INIT;

	(void)state;
	for (int i = 0; i < 300; i++)
		wr_buf_puts(&text, i == 150 ? "X" : "ö");
	err.span = (wr_span){ 300, 1 };
	wr_err_set(&err, WR_ERR_STATEMENT, (wr_span){ 300, 1 }, "here");
	wr_render_error(&out, wr_buf_view(&text), &err);
	assert_non_null(strstr(wr_buf_z(&out), "line 1:151\n  …öö"));
	assert_non_null(strstr(wr_buf_z(&out), "ö…\n   "));
	/* the caret stands under the X */
	assert_true(strstr(wr_buf_z(&out), "X") < strstr(wr_buf_z(&out), "^"));
	wr_buf_free(&text);
	wr_buf_free(&out);
}

static void test_render_without_place(void **state)
{
	wr_err err = WR_ERR_INIT;
	wr_buf out = { 0 };

	(void)state;
	wr_err_set(&err, WR_ERR_DATA, WR_NO_SPAN, "not JSON");
	strcpy(err.topic, "orders");
	err.partition = 2;
	err.offset = 17;
	wr_render_error(&out, WR_STR_LIT("SELECT 1;"), &err);
	assert_string_equal(wr_buf_z(&out),
			    "error: not JSON\n  record: orders, partition 2, offset 17\n");
	wr_buf_reset(&out);
	wr_err_clear(&err);
	err.topic[0] = 0;
	wr_err_set(&err, WR_ERR_STATEMENT, (wr_span){ 100, 5 }, "elsewhere");
	wr_render_error(&out, WR_STR_LIT("SELECT 1;"), &err);
	assert_string_equal(wr_buf_z(&out), "error: elsewhere\n");
	wr_buf_free(&out);
}

static void test_misspelt(void **state)
{
	(void)state;
	says("SELECT a FORM t;", "syntax error at FORM", "FORM", "expected FROM");
	says("SELEC a FROM t;", "syntax error at SELEC", "SELEC", "expected SELECT");
	says("CREATE STREM s (a INT);", "syntax error at STREM", "STREM", "expected STREAM");
	says("SELECT * FROM t WHRE a;", "syntax error at WHRE", "WHRE", "expected WHERE");
	says("SELECT * FROM t EMIT CHANGE;", "syntax error at CHANGE", "CHANGE",
	     "expected CHANGES");
	says("SELECT * FROM t LIMIT 5 OFSET 3;", "syntax error at OFSET", "OFSET",
	     "expected OFFSET");
	says("SHOW STREAM;", "syntax error at STREAM", "STREAM", "expected STREAMS");
	says("SELECT COUNT(*) FROM t WINDOW TUMBLIG (SIZE 1 MINUTE) GROUP BY a;",
	     "syntax error at TUMBLIG", "TUMBLIG", "expected TUMBLING");
	says("INSERT INTO t VALUE (1);", "syntax error at VALUE", "VALUE", "expected VALUES");
}

static void test_expected(void **state)
{
	(void)state;
	says("SELECT * FROM t WHERE;", "the statement ends too early", ";",
	     "expected an expression");
	says("SELECT a, FROM t;", "syntax error at FROM", "FROM", "expected an expression or *");
	says("SELECT (a FROM t;", "syntax error at FROM", "FROM", "expected )");
	says("SELECT * FROM a JOIN b WHERE x;", "syntax error at WHERE", "WHERE",
	     "expected ON or WITHIN");
	says("INSERT INTO t (a, b VALUES (1);", "syntax error at VALUES", "VALUES",
	     "expected , or )");
	says("CREATE STREAM s (a INT", "the text ends too early", NULL, "expected , or )");
	says("SELECT * FROM t GROUP a;", "syntax error at a", "a", "expected BY");
	says("DROP STREAM;", "the statement ends too early", ";", "expected a name");
	says("SELECT * FROM t LIMIT x;", "syntax error at x", "x", "expected a whole number");
	says("CREATE SINK x WITH (TYPE=) AS SELECT * FROM t;", "syntax error at )", ")",
	     "expected a literal");
}

static void test_causes(void **state)
{
	(void)state;
	says("FOO;", "syntax error at FOO", "FOO",
	     "a statement begins with CREATE, INSERT, SELECT, DROP, SHOW, DESCRIBE, SET …");
	says("SELECT size FROM t;", "syntax error at size", "size",
	     "SIZE is a reserved word; as a name it is written `SIZE`");
	says("SELECT * FROM t WHERE a = b = c;", "syntax error at =", "=",
	     "comparisons do not chain: write a = b AND b = c, or use parentheses");
	says("CREATE SINK x WITH (TYPE=csv) AS SELECT * FROM t;", "syntax error at csv", "csv",
	     "a value that is text has quotes: 'csv'");
	says("SELECT * FROM t ORDER x;", "syntax error at x", "x", "expected BY");
	says("SELECT * FROM t UNION SELECT * FROM u;", "syntax error at SELECT", "SELECT",
	     "there is no UNION: let two INSERT INTO statements write to one stream");
	says("CREATE TABLE t (id INT KEY);", "the key of a table is a PRIMARY KEY", "KEY",
	     "write PRIMARY KEY in place of KEY");
	says("CREATE STREAM t (id INT PRIMARY KEY);", "a stream has no PRIMARY KEY", "PRIMARY KEY",
	     "write KEY, or create a table");
	says("CREATE STREAM s (a DECIMAL(3,4));",
	     "DECIMAL(p, s) needs a precision of at least 1 and a scale not above it",
	     "DECIMAL(3,4)", "DECIMAL(10, 2) holds 8 digits before the point and 2 behind it");
}

static void test_missing_semicolon(void **state)
{
	(void)state;
	says("SELECT a FROM t\nCREATE STREAM s (a INT);", "syntax error at CREATE", "CREATE",
	     "end the statement before it with ;");
	says("SHOW TOPICS\nSELECT a FROM t;", "syntax error at SELECT", "SELECT",
	     "end the statement before it with ;");
}

static void test_scanner(void **state)
{
	(void)state;
	says("SELECT `a FROM t;", "a quoted name is not closed", "`", "end it with `");
	says("SELECT /* a FROM t;", "a comment is not closed", "/", "end it with */");
	says("SELECT `` FROM t;", "a name is empty", "``", "write it between the quotes");
	says("SELECT a ! b FROM t;", "syntax error at !", "!", "expected != or NOT");
	says("SELECT a ^ b FROM t;", "syntax error at ^", "^",
	     "this character has no meaning here");
	says("SELECT a \x01 FROM t;", "syntax error at the control character 0x01", "\x01",
	     "this character has no meaning here");
	says("SELECT ${x} FROM t;", "the variable ${x} has no value here", "${x}",
	     "set it with DEFINE, or turn variable substitution on");
	says("SELECT a FROM t WHERE x = 'ein sehr langer Text, der nicht ganz gezeigt wird' 'x';",
	     "syntax error at 'x'", "'x'", "");
	says("SELECT 'ein sehr langer Text, der nicht ganz gezeigt wird' FROM 'ein sehr langer "
	     "Text, der nicht ganz';",
	     "syntax error at 'ein sehr langer Text, der nicht ganz'",
	     "'ein sehr langer Text, der nicht ganz'", "expected a name or (");
}

/* What may stand nowhere must not pass: shapes that other dialects have, or that look nearly right. */
static void test_refused(void **state)
{
	static const char *const bad[] = {
		"SELECT 1;",
		"SELECT * FROM a, b;",
		"SELECT * FROM f(x);",
		"SELECT a FROM s GROUP BY a AND b;",
		"SELECT a FROM s PARTITION BY a = b;",
		"SELECT CAST(a AS NULL) FROM s;",
		"SELECT x => x FROM s;",
		"SELECT a b c FROM s;",
		"SELECT * FROM s WHERE a IN ();",
		"SELECT * FROM s EMIT CHANGES WHERE a = 1;",
		"SELECT * FROM a JOIN b;",
		"SELECT * FROM s LIMIT 2.5;",
		"SELECT * FROM s LIMIT -1;",
		"CREATE STREAM s (a INT,);",
		"CREATE STREAM s ();",
		"CREATE STREAM s (a VARCHAR(KEY));",
		"CREATE STREAM s (a STRUCT<b NULL>);",
		"CREATE STREAM from (a INT);",
		"CREATE STREAM s WITH (a = b);",
		"CREATE STREAM s WITH (a = -'x');",
		"CREATE SINK s AS SELECT * FROM t;",
		"INSERT INTO s (a INT) VALUES (1);",
		"INSERT INTO s VALUES ();",
		"DROP s;",
		"SET a = 'b';",
		"DESCRIBE;",
		"EXPLAIN;",
		"SHOW ALL STREAMS;",
		"TERMINATE;",
		"SELECT COUNT(*) FROM s WINDOW TUMBLING (10 SECONDS) GROUP BY a;",
		"SELECT COUNT(*) FROM s WINDOW SESSION (SIZE 10 SECONDS) GROUP BY a;",
		"SELECT COUNT(*) FROM s WINDOW TUMBLING (SIZE 1.5 SECONDS) GROUP BY a;",
		"SELECT COUNT(*) FROM s WINDOW TUMBLING (SIZE 99999999999999999 DAYS) GROUP BY a;",
	};
	wr_arena *a = wr_arena_new();
	wr_stmts s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		wr_err err = WR_ERR_INIT;

		if (wr_parse(a, wr_str_of(bad[i]), &s, &err) == WR_OK)
			fail_msg("%s parses", bad[i]);
		assert_int_equal(err.cls, WR_ERR_SYNTAX);
		assert_true(err.message[0] && err.span.length);
	}
	wr_arena_free(a);
}

static void test_empty_grouping(void **state)
{
	wr_arena *a = wr_arena_new();
	wr_err err = WR_ERR_INIT;
	wr_stmts s;

	(void)state;
	assert_int_equal(wr_parse(a, WR_STR_LIT("SELECT a FROM s PARTITION BY ();"), &s, &err),
			 WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_STATEMENT);
	assert_string_equal(err.message, "there is nothing between the parentheses");
	wr_arena_free(a);
}

static void test_statements_before_an_error(void **state)
{
	wr_arena *a = wr_arena_new();
	wr_err err = WR_ERR_INIT;
	wr_stmts s;

	(void)state;
	assert_int_equal(wr_parse(a, WR_STR_LIT("SHOW TOPICS; SHOW TABLES; SHOW X;"), &s, &err),
			 WR_FAIL);
	assert_int_equal(s.n, 2);
	assert_int_equal(err.span.at, 31);
	wr_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_render),
		cmocka_unit_test(test_render_long_line),
		cmocka_unit_test(test_render_without_place),
		cmocka_unit_test(test_misspelt),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_missing_semicolon),
		cmocka_unit_test(test_scanner),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_empty_grouping),
		cmocka_unit_test(test_statements_before_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

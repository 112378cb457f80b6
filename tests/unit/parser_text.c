/* Text before it is parsed: where statements end, whether a text is complete, variables. */
#include "parser/parse.h"
#include "parser/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_complete(void **state)
{
	static const struct {
		const char *text;
		wr_complete is;
	} cases[] = {
		{ "", WR_COMPLETE_EMPTY },
		{ " \n-- only a comment ;", WR_COMPLETE_EMPTY },
		{ "/* ; */", WR_COMPLETE_EMPTY },
		{ "SELECT", WR_COMPLETE_MORE },
		{ "SELECT 1;", WR_COMPLETE },
		{ "SELECT 1; -- done", WR_COMPLETE },
		{ "SELECT 1; SELECT", WR_COMPLETE_MORE },
		{ "SELECT ';", WR_COMPLETE_STRING },
		{ "SELECT 'it''s;", WR_COMPLETE_STRING },
		{ "SELECT 'it''s';", WR_COMPLETE },
		{ "SELECT \";", WR_COMPLETE_DOUBLE },
		{ "SELECT `a;", WR_COMPLETE_BACKTICK },
		{ "SELECT `a'b`;", WR_COMPLETE },
		{ "SELECT /* ;", WR_COMPLETE_COMMENT },
		{ "SELECT /*/ ;", WR_COMPLETE_COMMENT },
		{ "SELECT -- it's ;\n", WR_COMPLETE_MORE },
		{ "SELECT -- it's ;\n;", WR_COMPLETE },
		{ "SELECT a - - b;", WR_COMPLETE },
		{ ";", WR_COMPLETE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (wr_parse_complete(wr_str_of(cases[i].text)) != cases[i].is)
			fail_msg("%s: %d", cases[i].text,
				 (int)wr_parse_complete(wr_str_of(cases[i].text)));
}

static void test_split(void **state)
{
	wr_str text = WR_STR_LIT("--@ directive\n;; A 'x;y' ; /* ; */ B\n;\n C `;` ");
	static const char *const parts[] = { "A 'x;y' ;", "B\n;", "C `;`" };
	uint32_t at = 0, n = 0;
	wr_span span;

	(void)state;
	while (wr_parse_split(text, &at, &span)) {
		assert_int_equal(span.length, strlen(parts[n]));
		assert_memory_equal(text.p + span.at, parts[n], span.length);
		n++;
	}
	assert_int_equal(n, 3);
	assert_int_equal(at, text.n);
	at = 0;
	assert_false(wr_parse_split(WR_STR_LIT(" ; -- x"), &at, &span));
	at = 0;
	assert_true(wr_parse_split(WR_STR_LIT("a; 'open ;"), &at, &span));
	assert_true(wr_parse_split(WR_STR_LIT("a; 'open ;"), &at, &span));
	assert_int_equal(span.at, 3);
	assert_int_equal(span.length, 7);
}

static void test_line_column(void **state)
{
	wr_str text = WR_STR_LIT("aö\n\nb");
	uint32_t line, column;

	(void)state;
	wr_line_column(text, 0, &line, &column);
	assert_true(line == 1 && column == 1);
	wr_line_column(text, 3, &line, &column);
	assert_true(line == 1 && column == 3);
	wr_line_column(text, 5, &line, &column);
	assert_true(line == 3 && column == 1);
	wr_line_column(text, 99, &line, &column);
	assert_true(line == 3 && column == 2);
}

/* ---------------------------------------------------------------- variables */

static wr_str lookup(void *ctx, wr_str name)
{
	static const char *const variables[][2] = {
		{ "topic", "orders" }, { "format", "'JSON'" }, { "n", "-5" },
		{ "quote", "it's" },   { "two", "a, b" },      { "drop", "DROP" },
		{ "empty", "" },       { "comment", "--" },    { "sneaky", "'a' -- '" },
		{ "yes", "TRUE" },     { "tick", "a`b" },      { "quoted", "`a b`" },
		{ "minus", "--5" },    { "nested", "${n}" },   { "key", "key" },
		{ "blank", " a" },
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		if (wr_str_ieq(name, wr_str_of(variables[i][0])))
			return wr_str_of(variables[i][1]);
	return (wr_str){ 0 };
}

static void becomes(const char *in, const char *out)
{
	wr_arena *a = wr_arena_new();
	wr_err err = WR_ERR_INIT;
	wr_str s;

	if (wr_substitute(a, wr_str_of(in), lookup, NULL, &s, &err) != WR_OK)
		fail_msg("%s: %s", in, err.message);
	assert_string_equal(wr_arena_str(a, s).p, out);
	wr_arena_free(a);
}

static void refused(const char *in, const char *message)
{
	wr_arena *a = wr_arena_new();
	wr_err err = WR_ERR_INIT;
	wr_str s;

	assert_int_equal(wr_substitute(a, wr_str_of(in), lookup, NULL, &s, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_STATEMENT);
	assert_int_equal(in[err.span.at], '$');
	assert_int_equal(in[err.span.at + err.span.length - 1], '}');
	assert_string_equal(err.message, message);
	wr_arena_free(a);
}

static void test_substitute(void **state)
{
	(void)state;
	becomes("SELECT 1;", "SELECT 1;");
	becomes("SELECT * FROM ${topic};", "SELECT * FROM orders;");
	becomes("SELECT * FROM ${TOPIC};", "SELECT * FROM orders;");
	becomes("x = ${format}, y = ${n}, z = ${yes}", "x = 'JSON', y = -5, z = TRUE");
	becomes("SELECT ${key}, ${quoted};", "SELECT key, `a b`;");
	becomes("'${topic}-${quote}'", "'orders-it''s'");
	becomes("`${tick}`", "`a``b`");
	becomes("'http://h/${column}'", "'http://h/${column}'");
	becomes("'it''s ${topic}' ${topic}", "'it''s orders' orders");
	becomes("$${topic} '$${topic}'", "${topic} '${topic}'");
	becomes("-- ${nobody}\n/* ${nobody} */ ${topic}", "-- ${nobody}\n/* ${nobody} */ orders");
	becomes("'$' $ '${}' '${a b}' '${'", "'$' $ '${}' '${a b}' '${'");
	becomes("'${nested}'", "'${n}'");
	becomes("${key}_${topic}", "key_orders");
	/* neither a comment nor one longer string */
	becomes("3-${n} x", "3- -5 x");
	becomes("'a'${format}'b'", "'a' 'JSON' 'b'");
}

static void test_substitute_refuses(void **state)
{
	const char *neither = "the value of the variable %s is neither one name nor one literal";
	static const char *const bad[] = { "two",    "drop",  "empty", "comment",
					   "sneaky", "minus", "blank", "nested" };

	(void)state;
	refused("SELECT ${nobody};", "the variable nobody is not defined");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char in[64], message[128];

		snprintf(in, sizeof(in), "SELECT ${%s} FROM t;", bad[i]);
		snprintf(message, sizeof(message), neither, bad[i]);
		refused(in, message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),	   cmocka_unit_test(test_split),
		cmocka_unit_test(test_line_column),	   cmocka_unit_test(test_substitute),
		cmocka_unit_test(test_substitute_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

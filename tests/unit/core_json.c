/* JSON documents: what is accepted, what is kept, what is written. */
#include "core/json.h"
#include "core/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static wr_arena *arena;

static wr_json *parse(const char *z)
{
	wr_err err = WR_ERR_INIT;
	wr_json *j = wr_json_parse(arena, wr_str_of(z), &err);

	if (!j)
		fail_msg("%s: %s", z, err.message);
	return j;
}

static const char *written(const wr_json *j, bool pretty)
{
	wr_buf b = { 0 };
	const char *z;

	if (pretty)
		wr_json_write_pretty(j, &b);
	else
		wr_json_write(j, &b);
	z = wr_arena_strdup(arena, wr_buf_z(&b));
	wr_buf_free(&b);
	return z;
}

static void test_keeps_text(void **state)
{
	static const char *const docs[] = {
		"null",
		"true",
		"[]",
		"{}",
		"1.10",
		"-0",
		"1E+400",
		"123456789012345678901234567890.10",
		"{\"a\":[1,2.50,{\"b\":null}],\"a\":\"x\"}",
		"\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\"",
		"\"ä€😀\"",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(docs) / sizeof(*docs); i++)
		assert_string_equal(written(parse(docs[i]), false), docs[i]);
	assert_string_equal(written(parse(" { \"a\" : [ 1 , 2 ] } \n"), false), "{\"a\":[1,2]}");
	assert_string_equal(written(parse("\"\\u00e4\\u20AC\\ud83d\\uDE00\\/\""), false),
			    "\"ä€😀/\"");
	assert_int_equal(parse("\"a\\u0000b\"")->text.n, 3);
	assert_string_equal(written(parse("{\"a\":[1,{}],\"b\":[]}"), true),
			    "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

static void test_refuses(void **state)
{
	static const char *const bad[] = {
		"",	  " ",	      "nul",	      "[1,]",	   "{\"a\":1,}",  "{a:1}",
		"[1 2]",  "01",	      "1.",	      ".5",	   "+1",	  "1e",
		"-",	  "\"a",      "\"\\x\"",      "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"",
		"\"\t\"", "\"\xFF\"", "\"\xC0\x80\"", "[",	   "{\"a\"",	  "1 2",
		"{}x",	  "\"\\",     "NaN",	      "'a'",	   "// c\n1",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		size_t n = strlen(bad[i]);
		char *exact = malloc(n ? n : 1); /* so that a read beyond is noticed */
		wr_err err = WR_ERR_INIT;

		memcpy(exact, bad[i], n);
		if (wr_json_parse(arena, (wr_str){ exact, (uint32_t)n }, &err))
			fail_msg("%s", bad[i]);
		assert_int_equal(err.cls, WR_ERR_DATA);
		assert_true(err.message[0] != 0);
		free(exact);
	}
}

static void test_depth(void **state)
{
	wr_buf b = { 0 };
	wr_err err = WR_ERR_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		wr_buf_putc(&b, '[');
	assert_null(wr_json_parse(arena, wr_buf_view(&b), &err));
	wr_buf_free(&b);
}

static void test_lookup(void **state)
{
	wr_json *j = parse("{\"a\":1,\"B\":\"x\",\"a\":7,\"c\":[10,true,1.0],\"b\":false}");

	(void)state;
	assert_int_equal(wr_json_int(wr_json_get(j, "a"), 0), 7);
	assert_true(wr_json_is(wr_json_get_nocase(j, WR_STR_LIT("b")), WR_JSON_FALSE));
	assert_true(
	    wr_str_is(wr_json_string(wr_json_get_nocase(j, WR_STR_LIT("B")), WR_STR_LIT("")), "x"));
	assert_int_equal(wr_json_int(wr_json_get_nocase(j, WR_STR_LIT("A")), 0), 7);
	assert_null(wr_json_get(j, "none"));
	assert_null(wr_json_get(wr_json_get(j, "none"), "a"));
	assert_int_equal(wr_json_int(wr_json_at(wr_json_get(j, "c"), 0), 0), 10);
	assert_true(wr_json_bool(wr_json_at(wr_json_get(j, "c"), 1), false));
	assert_int_equal(wr_json_int(wr_json_at(wr_json_get(j, "c"), 2), -1), -1);
	assert_null(wr_json_at(wr_json_get(j, "c"), 3));
	assert_int_equal(j->n, 5);
	WR_JSON_EACH(member, j)
	assert_true(member->name.n == 1);
}

static void test_make(void **state)
{
	wr_json *j = wr_json_new(arena, WR_JSON_OBJECT);
	wr_buf b = { 0 };
	wr_json_out w = { .out = &b };

	(void)state;
	wr_json_put(j, WR_STR_LIT("n"), wr_json_new_int(arena, -5));
	wr_json_add(wr_json_put(j, WR_STR_LIT("l"), wr_json_new(arena, WR_JSON_ARRAY)),
		    wr_json_new_bool(arena, true));
	assert_string_equal(written(j, false), "{\"n\":-5,\"l\":[true]}");

	wr_json_open(&w, '{');
	wr_json_key(&w, "a");
	wr_json_open(&w, '[');
	wr_json_put_int(&w, 1);
	wr_json_put_z(&w, "two");
	wr_json_put_null(&w);
	wr_json_open(&w, '{');
	wr_json_close(&w, '}');
	wr_json_close(&w, ']');
	wr_json_key(&w, "b");
	wr_json_put_printf(&w, "%d\"", 3);
	wr_json_close(&w, '}');
	assert_string_equal(wr_buf_z(&b), "{\"a\":[1,\"two\",null,{}],\"b\":\"3\\\"\"}");
	wr_buf_free(&b);
}

static void test_quote_and_utf8(void **state)
{
	wr_buf b = { 0 };
	uint32_t c;

	(void)state;
	wr_json_quote(&b, (wr_str){ "a\0\x1F\xFFz\x7F", 6 });
	assert_string_equal(wr_buf_z(&b), "\"a\\u0000\\u001f\xEF\xBF\xBDz\x7F\"");
	wr_buf_free(&b);
	for (c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 97) {
		char text[4];
		uint32_t back;
		unsigned n;

		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		n = wr_utf8_put(text, c);
		assert_int_equal(wr_utf8_get(text, text + n, &back), n);
		assert_int_equal(back, c);
		assert_int_equal(wr_utf8_get(text, text + n - 1, &back), 0);
	}
	assert_int_equal(wr_utf8_length(wr_str_of("aä€😀")), 4);
	assert_false(wr_utf8_valid(wr_str_of("\xED\xA0\x80")));
	assert_false(wr_utf8_valid(wr_str_of("\xF4\x90\x80\x80")));
	assert_true(wr_utf8_valid(wr_str_of("0123456789abcdefä0123456789")));
}

static void test_prefix(void **state)
{
	wr_err err = WR_ERR_INIT;
	wr_str rest = wr_str_of("{\"a\":1} [2]\n3 ");
	unsigned n = 0;

	(void)state;
	while (rest.n) {
		assert_non_null(wr_json_parse_prefix(arena, rest, &rest, &err));
		n++;
	}
	assert_int_equal(n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_text), cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_depth),	   cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_make),	   cmocka_unit_test(test_quote_and_utf8),
		cmocka_unit_test(test_prefix),
	};
	int failed;

	arena = wr_arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	wr_arena_free(arena);
	return failed;
}

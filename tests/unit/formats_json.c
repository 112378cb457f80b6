/* Format JSON: what fits which type, names, nesting, bad records, and writing. */
#include "formats_kit.h"

#include "formats/json_put.h"

static void scalars(void **state)
{
	kit k;

	(void)state;
	kit_init(&k, "JSON", "K STRING KEY, I INTEGER, L BIGINT, D DOUBLE, B BOOLEAN, S STRING");
	kit_add(&k, "\"a\"",
		"{\"I\":-7,\"L\":9223372036854775807,\"D\":1.5e3,\"B\":true,\"S\":\"x\"}");
	kit_add(&k, "\"b\"", "{\"I\":\"12\",\"L\":\"-3\",\"D\":\"0.25\",\"B\":false,\"S\":12}");
	kit_add(&k, "\"c\"", " { \"L\" : 3.9 , \"S\" : 1e10 } ");
	kit_add(&k, "null", "{\"S\":{\"a\" : [1, \"\\u00e9\"]},\"I\":null}");
	kit_add(&k, NULL, "{\"S\":[1, \"b\", null,true]}");
	assert_string_equal(kit_run(&k),
			    "INSERT 'a', -7, 9223372036854775807, 1500.0, TRUE, 'x'\n"
			    "INSERT 'b', 12, -3, 0.25, FALSE, '12'\n"
			    "INSERT 'c', NULL, 3, NULL, NULL, '1E+10'\n"
			    "INSERT NULL, NULL, NULL, NULL, NULL, '{\"a\":[1,\"\xc3\xa9\"]}'\n"
			    "INSERT NULL, NULL, NULL, NULL, NULL, '[1, b, null, true]'\n");
	assert_int_equal(k.nbad, 0);
	kit_free(&k);
}

static void times_and_decimals(void **state)
{
	kit k;

	(void)state;
	kit_init(&k, "JSON",
		 "P DECIMAL(6, 2), W DECIMAL(45, 1), D DATE, T TIME, TS TIMESTAMP, X BYTES");
	kit_add(&k, NULL,
		"{\"P\":12.5,\"W\":\"-12345678901234567890123456789012345678901234.5\",\"D\":18262,"
		"\"T\":1000,"
		"\"TS\":1577836800000,\"X\":\"AP8=\"}");
	kit_add(&k, NULL,
		"{\"P\":\"-0.01\",\"D\":\"-1\",\"T\":\"5\",\"TS\":\"1970-01-02T00:00:00Z\",\"X\":"
		"\"\"}");
	kit_add(&k, NULL, "{\"P\":9999.99,\"D\":\"2020-02-29\",\"T\":\"10:20\"}");
	kit_add(&k, NULL, "{\"P\":12.345}");
	kit_add(&k, NULL, "{\"P\":10000.00}");
	kit_add(&k, NULL, "{\"X\":\"?\"}");
	kit_add(&k, NULL, "{\"T\":86400000}");
	kit_run(&k);
	assert_int_equal(k.nbad, 4);
	assert_non_null(strstr(k.bad, "column P is DECIMAL, which the number 12.345 is not"));
	assert_non_null(strstr(k.bad, "column X is BYTES, which the text ? is not"));
	assert_int_equal(k.batch.n, 3);
	assert_true(wr_vec_DECIMAL(&k.batch.cols[0])[0].i == 1250);
	assert_true(wr_vec_DECIMAL(&k.batch.cols[0])[1].i == -1);
	assert_true(wr_vec_DECIMAL(&k.batch.cols[0])[2].i == 999999);
	assert_int_equal(wr_vec_DATE(&k.batch.cols[2])[1], -1);
	assert_int_equal(wr_vec_DATE(&k.batch.cols[2])[2], 18321);
	assert_int_equal(wr_vec_TIME(&k.batch.cols[3])[2], 37200000);
	assert_int_equal(wr_vec_TIMESTAMP(&k.batch.cols[4])[1], 86400000);
	assert_int_equal(wr_vec_BYTES(&k.batch.cols[5])[0].n, 2);
	kit_free(&k);
}

static void nested(void **state)
{
	kit k;

	(void)state;
	kit_init(&k, "JSON",
		 "A ARRAY<BIGINT>, M MAP<STRING, INTEGER>, S STRUCT<`X` STRING, `y` "
		 "ARRAY<STRUCT<`Z` DOUBLE>>>");
	kit_add(&k, NULL,
		"{\"A\":[1,null,3],\"M\":{\"a\":1,\"b\":null,\"a\":2},\"S\":{\"x\":\"q\",\"y\":[{"
		"\"z\":1},null,{}]}}");
	kit_add(&k, NULL, "{\"A\":[],\"M\":{},\"S\":null}");
	kit_add(&k, NULL, "{\"A\":[4]}");
	kit_add(&k, NULL, "{\"A\":[\"x\"]}");
	kit_add(&k, NULL, "{\"A\":{}}");
	assert_string_equal(
	    kit_run(&k),
	    "INSERT ARRAY[1, NULL, 3], MAP('b' := NULL, 'a' := 2), "
	    "STRUCT(`X` := 'q', `y` := ARRAY[STRUCT(`Z` := 1.0), NULL, STRUCT(`Z` := NULL)])\n"
	    "INSERT ARRAY[], MAP(), NULL\n"
	    "INSERT ARRAY[4], NULL, NULL\n");
	assert_int_equal(k.nbad, 2);
	kit_free(&k);
}

static void names(void **state)
{
	kit k;

	(void)state;
	kit_init(&k, "JSON", "ID BIGINT, low BIGINT");
	kit_add(&k, NULL, "{\"id\":1,\"low\":2}");
	kit_add(&k, NULL, "{\"Id\":1,\"ID\":3,\"iD\":4,\"LOW\":9}");
	kit_add(&k, NULL, "{\"ID\":1,\"ID\":5}");
	kit_add(&k, NULL, "{\"\\u0069d\":6,\"unread\":{\"ID\":[\"}\"]}}");
	kit_add(&k, NULL, "{\"id\":7,\"a_name_that_is_longer_than_thirty_two_bytes\":1,\"low\":8}");
	kit_add(&k, NULL, "{\"id\":7,\"a_name_that_is_longer_than_thirty_two_bytez\":1,\"low\":8}");
	kit_add(&k, NULL, "{}");
	assert_string_equal(kit_run(&k),
			    "INSERT 1, 2\nINSERT 3, NULL\nINSERT 5, NULL\nINSERT 6, NULL\n"
			    "INSERT 7, 8\nINSERT 7, 8\nINSERT NULL, NULL\n");
	kit_free(&k);
}

static void bad_records(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"}",
		"[]",
		"7",
		"{\"A\":1",
		"{\"A\":1}}",
		"{\"A\":1} x",
		"{\"A\" 1}",
		"{\"A\":}",
		"{A:1}",
		"{\"A\":1,}",
		"{\"A\":1 \"B\":2}",
		"{\"B\":\"\\x\"}",
		"{\"B\":\"\\u12\"}",
		"{\"B\":\"x}",
		"{\"B\":[}",
		"{\"B\":{]}",
		"{\"B\":[[1]}",
		"{\"A\":01}",
		"{\"A\":1.}",
		"{\"A\":tru}",
		"{\"A\":-}",
		"{\"S\":\"\x01\"}",
		"{\"S\":\"\xff\"}",
		"{\"S\":\"\\ud800\"}",
		"{\"A\":99999999999}",
		"{\"A\":[1]}",
		"{\"S\":nul}",
	};
	kit k;

	(void)state;
	kit_init(&k, "JSON", "A INTEGER, S STRING");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		kit_add(&k, NULL, bad[i]);
		kit_run(&k);
		if (k.nbad != 1)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(k.batch.n, 0);
	}
	kit_add(&k, NULL, "{\"A\":1,\"S\":\"a\"}");
	kit_add(&k, NULL, "{\"A\":2,\"S\":null,\"A\":[}");
	kit_add(&k, NULL, "{\"A\":3,\"S\":\"c\"}");
	assert_string_equal(kit_run(&k), "INSERT 1, 'a'\nINSERT 3, 'c'\n");
	kit_free(&k);
}

static void single_values(void **state)
{
	kit k;

	(void)state;
	kit_init(&k, "JSON", "K BIGINT KEY, V ARRAY<STRING>");
	k.spec.value.wrap = false;
	kit_add(&k, "1", " [\"a\", null]\n");
	kit_add(&k, "2", "null");
	kit_add(&k, "3", "[\"a\"]]");
	kit_add(&k, "x", "[]");
	kit_add(&k, "4", NULL);
	assert_string_equal(
	    kit_run(&k), "INSERT 1, ARRAY['a', NULL]\nINSERT_NULL 2, NULL\nINSERT_NULL 4, NULL\n");
	assert_int_equal(k.nbad, 2);
	kit_free(&k);
}

static void tables(void **state)
{
	kit k;

	(void)state;
	kit_init(&k, "JSON", "A BIGINT KEY, B STRING KEY, V INTEGER");
	k.spec.table = true;
	kit_add(&k, "{\"A\":1,\"B\":\"x\"}", "{\"V\":1}");
	kit_add(&k, "{\"A\":1,\"B\":\"x\"}", NULL);
	kit_add(&k, NULL, "{\"V\":1}");
	kit_add(&k, "{\"A\":1,\"B\":\"x\"}", "null");
	assert_string_equal(kit_run(&k), "NEW 1, 'x', 1\nGONE 1, 'x', NULL\nGONE 1, 'x', NULL\n");
	assert_string_equal(k.bad,
			    "the key cannot be read: it is null, and a table's row needs one\n");
	kit_free(&k);
}

static void projection(void **state)
{
	kit k;
	static int32_t to[3] = { -1, 0, -1 };
	static const wr_column cols[3] = { { { "A", 1 }, NULL },
					   { { "B", 1 }, NULL },
					   { { "C", 1 }, NULL } };
	wr_column typed[3];

	(void)state;
	kit_init(&k, "JSON", "B BIGINT");
	memcpy(typed, cols, sizeof(cols));
	for (int i = 0; i < 3; i++)
		typed[i].type = wr_type_of(WR_BIGINT);
	k.spec.value.n = 3;
	k.spec.value.cols = typed;
	k.spec.value.to = to;
	kit_add(&k, NULL, "{\"A\":\"no number\",\"B\":5,\"C\":[{}]}");
	assert_string_equal(kit_run(&k), "INSERT 5\n");
	kit_free(&k);
}

static void row_times(void **state)
{
	kit k;

	(void)state;
	kit_init(&k, "JSON", "V INTEGER, TS STRING");
	k.spec.time_col = 1;
	k.spec.time_format = "yyyy-MM-dd HH:mm:ss";
	kit_add(&k, NULL, "{\"V\":1,\"TS\":\"2020-01-01 00:00:01\"}");
	kit_add(&k, NULL, "{\"V\":2,\"TS\":\"nonsense\"}");
	kit_add(&k, NULL, "{\"V\":3,\"TS\":null}");
	kit_add(&k, NULL, "{\"V\":4,\"TS\":\"1960-01-01 00:00:00\"}");
	kit_add(&k, NULL, NULL);
	assert_string_equal(kit_run(&k),
			    "INSERT 1, '2020-01-01 00:00:01'\nINSERT_NULL NULL, NULL\n");
	assert_int_equal(k.nbad, 3);
	assert_int_equal(k.batch.rowtime[0], 1577836801000);
	assert_int_equal(k.batch.rowtime[1], 1004);
	k.spec.strict_time = true;
	k.decoder = NULL;
	kit_add(&k, NULL, "{\"V\":2,\"TS\":\"nonsense\"}");
	assert_string_equal(kit_run(&k), "FAIL column TS gives the record no valid time\n");
	kit_free(&k);
}

static void header_columns(void **state)
{
	static const wr_header items[3] = { { { "a", 1 }, { "1", 1 } },
					    { { "b", 1 }, { NULL, 0 } },
					    { { "a", 1 }, { "2", 1 } } };
	static const wr_headers headers = { 3, items };
	wr_header_column cols[2] = { { { NULL, 0 }, 1 }, { { "a", 1 }, 2 } };
	kit k;

	(void)state;
	kit_init(&k, "JSON", "V INTEGER, H ARRAY<STRUCT<`KEY` STRING, `VALUE` BYTES>>, A BYTES");
	k.spec.value.n = 1;
	k.spec.nheaders = 2;
	k.spec.headers = cols;
	kit_add(&k, NULL, "{\"V\":1}");
	kit_add(&k, NULL, "{\"V\":2}");
	k.recs[1].headers = &headers;
	kit_run(&k);
	assert_int_equal(wr_vec_ARRAY(&k.batch.cols[1])[0].n, 0);
	assert_int_equal(wr_vec_ARRAY(&k.batch.cols[1])[1].n, 3);
	assert_true(wr_vec_is_null(&k.batch.cols[1].kids[0].kids[1], 1));
	assert_true(wr_vec_is_null(&k.batch.cols[2], 0));
	assert_true(wr_str_is(wr_vec_str(&k.batch.cols[2], 1), "2"));
	assert_null(k.batch.headers[0]);
	assert_ptr_equal(k.batch.headers[1], &headers);
	kit_free(&k);
}

static void windowed_keys(void **state)
{
	static const char key[] = "7\0\0\0\0\0\0\x03\xe8";
	static const char session[] = "7\0\0\0\0\0\0\x07\xd0\0\0\0\0\0\0\x03\xe8";
	kit k;

	(void)state;
	kit_init(&k, "JSON", "K BIGINT KEY, V INTEGER");
	k.spec.key.window = WR_WINDOW_TUMBLING;
	k.spec.key.window_size = 500;
	kit_add(&k, NULL, "{\"V\":1}");
	k.recs[0].key = (wr_str){ key, 9 };
	kit_add(&k, "7", "{\"V\":1}");
	assert_string_equal(kit_run(&k), "INSERT 7, 1\n");
	assert_int_equal(k.nbad, 1);
	assert_int_equal(k.batch.wstart[0], 1000);
	assert_int_equal(k.batch.wend[0], 1500);
	k.spec.key.window = WR_WINDOW_SESSION;
	k.decoder = NULL;
	kit_add(&k, NULL, "{\"V\":1}");
	k.recs[0].key = (wr_str){ session, 17 };
	assert_string_equal(kit_run(&k), "INSERT 7, 1\n");
	assert_int_equal(k.batch.wstart[0], 1000);
	assert_int_equal(k.batch.wend[0], 2000);
	kit_free(&k);
}

/* Writes row 0 of what was read with the same columns. */
static void written(kit *k, wr_side_spec *spec, const char *expected)
{
	wr_encoder *e;
	wr_err err = WR_ERR_INIT;
	wr_buf out = { 0 };

	assert_int_equal(wr_encoder_open(k->plan, spec, &e, &err), WR_OK);
	if (!wr_encoder_put(e, &k->batch, 0, &out))
		assert_null(expected);
	else
		assert_string_equal(wr_buf_z(&out), expected);
	wr_buf_free(&out);
}

static void writing(void **state)
{
	kit k;

	(void)state;
	kit_init(&k, "JSON",
		 "K BIGINT KEY, J STRING KEY, P DECIMAL(6, 2), R DOUBLE, S STRING, X BYTES, A "
		 "ARRAY<STRING>, "
		 "M MAP<STRING, INTEGER>, T STRUCT<`a` BOOLEAN, `B` DATE>, N BIGINT");
	kit_add(&k, "{}",
		"{\"P\":5,\"R\":1e10,\"S\":\"a\\\"\\\\\\n\\u0001\\u00e9\",\"X\":\"AP8=\",\"A\":["
		"\"q\",null],"
		"\"M\":{\"k\":1},\"T\":{\"a\":true,\"b\":3}}");
	kit_run(&k);
	assert_int_equal(k.batch.n, 1);
	written(&k, &k.spec.value,
		"{\"P\":5.00,\"R\":1.0E10,\"S\":\"a\\\"\\\\\\n\\u0001\xc3\xa9\",\"X\":\"AP8=\","
		"\"A\":[\"q\",null],\"M\":{\"k\":1},\"T\":{\"a\":true,\"B\":3},\"N\":null}");
	written(&k, &k.spec.key, NULL);
	k.spec.key.is_key = false;
	written(&k, &k.spec.key, "{\"K\":null,\"J\":null}");
	kit_free(&k);
}

static void written_decimals(void **state)
{
	wr_arena *a = wr_arena_new();

	(void)state;
	for (unsigned scale = 0; scale < 38; scale++) {
		const wr_type *t = wr_type_decimal(a, 38, scale);
		__int128 v = 1;

		for (int digits = 1; digits < 38; digits++, v *= 10) {
			for (int sign = -1; sign <= 1; sign++) {
				wr_dec d = { .i = sign * (v + digits % 7) };
				wr_vec one = { .type = t, .n = 1, .room = 1, .data = &d };
				wr_buf x = { 0 }, y = { 0 };

				wr_json_put_value(&one, 0, &x);
				wr_dec_print(d, t, &y);
				assert_string_equal(wr_buf_z(&x), wr_buf_z(&y));
				wr_buf_free(&x);
				wr_buf_free(&y);
			}
		}
	}
	wr_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars),	    cmocka_unit_test(times_and_decimals),
		cmocka_unit_test(nested),	    cmocka_unit_test(names),
		cmocka_unit_test(bad_records),	    cmocka_unit_test(single_values),
		cmocka_unit_test(tables),	    cmocka_unit_test(projection),
		cmocka_unit_test(row_times),	    cmocka_unit_test(header_columns),
		cmocka_unit_test(windowed_keys),    cmocka_unit_test(writing),
		cmocka_unit_test(written_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

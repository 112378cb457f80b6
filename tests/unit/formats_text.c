/* Formats DELIMITED, KAFKA and NONE, windowed keys written, and what the list of formats refuses. */
#include "formats_kit.h"

static void delimited_reading(void **state)
{
	kit k;

	(void)state;
	kit_init(
	    &k, "DELIMITED",
	    "K BIGINT KEY, S STRING, P DECIMAL(6, 2), B BOOLEAN, X BYTES, T TIMESTAMP, D DOUBLE");
	kit_add(&k, "7", "a,12.5,true,AP8=,1000,1e3");
	kit_add(&k, "\"8\"", "\"a \"\"b\"\", c\",,,,,");
	kit_add(&k, NULL, "\"x\" ,-1,FALSE,\"\",-5,.5\r\nsecond line");
	kit_add(&k, "9", NULL);
	kit_add(&k, "9", "a,1,2");
	kit_add(&k, "9", "a,1,true,AP8=,1000,1,2");
	kit_add(&k, "9", "\"a,1");
	kit_add(&k, "9", "a,1.234,true,AP8=,1000,1");
	kit_add(&k, "x", "a,1,true,AP8=,1000,1");
	kit_run(&k);
	assert_string_equal(
	    wr_buf_z(&k.out),
	    "INSERT 7, 'a', 12.50, TRUE, X'00FF', '1970-01-01T00:00:01.000', 1000.0\n"
	    "INSERT 8, 'a \"b\", c', NULL, NULL, NULL, NULL, NULL\n"
	    "INSERT NULL, 'x', -1.00, FALSE, NULL, '1969-12-31T23:59:59.995', 0.5\n"
	    "INSERT_NULL 9, NULL, NULL, NULL, NULL, NULL, NULL\n");
	assert_int_equal(k.nbad, 5);
	assert_non_null(strstr(k.bad, "the line has fewer than the 6 fields"));
	assert_non_null(strstr(k.bad, "the line has more than the 6 fields"));
	assert_non_null(strstr(k.bad, "a quoted field does not end"));
	kit_free(&k);
}

static const char *put(kit *k, const wr_side_spec *spec, uint32_t row, wr_buf *out)
{
	wr_encoder *e;
	wr_err err = WR_ERR_INIT;

	wr_buf_reset(out);
	assert_int_equal(wr_encoder_open(k->plan, spec, &e, &err), WR_OK);
	return wr_encoder_put(e, &k->batch, row, out) ? wr_buf_z(out) : NULL;
}

static void delimited_writing(void **state)
{
	wr_buf out = { 0 };
	kit k;

	(void)state;
	kit_init(&k, "JSON", "S STRING, T STRING, D DOUBLE, P DECIMAL(6, 2)");
	kit_add(&k, NULL, "{\"S\":\"plain\",\"T\":\"a,b\",\"D\":0.1,\"P\":1}");
	kit_add(&k, NULL, "{\"S\":\"\",\"T\":\"\",\"D\":null,\"P\":null}");
	kit_add(&k, NULL, "{\"S\":null,\"T\":\"say \\\"hi\\\"\"}");
	kit_add(&k, NULL, "{\"S\":\"\\u00e9\",\"T\":\"\\u00e9\"}");
	kit_add(&k, NULL, "{\"S\":\"ends \",\"T\":\"two\\nlines\"}");
	kit_add(&k, NULL, "{\"S\":\"-1\",\"T\":\"-1\"}");
	kit_run(&k);
	k.spec.value.format = "DELIMITED";
	assert_string_equal(put(&k, &k.spec.value, 0, &out), "plain,\"a,b\",0.1,1.00");
	assert_string_equal(put(&k, &k.spec.value, 1, &out), "\"\",,,");
	assert_string_equal(put(&k, &k.spec.value, 2, &out), ",\"say \"\"hi\"\"\",,");
	assert_string_equal(put(&k, &k.spec.value, 3, &out), "\"\xc3\xa9\",\xc3\xa9,,");
	assert_string_equal(put(&k, &k.spec.value, 4, &out), "\"ends \",\"two\nlines\",,");
	assert_string_equal(put(&k, &k.spec.value, 5, &out), "\"-1\",-1,,");
	k.spec.value.delimiter = '|';
	assert_string_equal(put(&k, &k.spec.value, 0, &out), "plain|a,b|0.1|1.00");
	wr_buf_free(&out);
	kit_free(&k);
}

static void kafka_values(void **state)
{
	static const char i4[] = "\xff\xff\xff\xfe", i8[] = "\0\0\0\0\0\0\x01\0",
			  d8[] = "\x3f\xf8\0\0\0\0\0\0";
	static const struct {
		const char *type, *bytes;
		uint32_t n;
		const char *text;
	} good[] = {
		{ "V INTEGER", i4, 4, "INSERT -2\n" },
		{ "V BIGINT", i8, 8, "INSERT 256\n" },
		{ "V DOUBLE", d8, 8, "INSERT 1.5\n" },
		{ "V STRING", "x,y", 3, "INSERT 'x,y'\n" },
		{ "V BYTES", "\xff", 1, "INSERT X'FF'\n" },
	};
	wr_buf out = { 0 };
	kit k;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		kit_init(&k, "KAFKA", good[i].type);
		k.spec.value.wrap = false;
		kit_add(&k, NULL, NULL);
		k.recs[0].value = (wr_str){ good[i].bytes, good[i].n };
		kit_add(&k, NULL, NULL);
		kit_run(&k);
		assert_memory_equal(k.out.p, good[i].text, strlen(good[i].text));
		assert_non_null(put(&k, &k.spec.value, 0, &out));
		assert_int_equal(out.n, good[i].n);
		assert_memory_equal(out.p, good[i].bytes, good[i].n);
		assert_null(put(&k, &k.spec.value, 1, &out));
		kit_free(&k);
	}
	kit_init(&k, "KAFKA", "V BIGINT");
	kit_add(&k, NULL, "1234567");
	kit_run(&k);
	assert_string_equal(k.bad, "the value cannot be read: 7 bytes are no KAFKA BIGINT\n");
	wr_buf_free(&out);
	kit_free(&k);
}

static void windowed_keys(void **state)
{
	wr_buf out = { 0 };
	int64_t starts[1] = { 1000 }, ends[1] = { 2000 };
	kit k;

	(void)state;
	kit_init(&k, "JSON", "K BIGINT KEY");
	kit_add(&k, "7", "{}");
	kit_run(&k);
	k.batch.wstart = starts;
	k.batch.wend = ends;
	k.spec.key.window = WR_WINDOW_HOPPING;
	assert_non_null(put(&k, &k.spec.key, 0, &out));
	assert_int_equal(out.n, 9);
	assert_memory_equal(out.p, "7\0\0\0\0\0\0\x03\xe8", 9);
	k.spec.key.window = WR_WINDOW_SESSION;
	assert_non_null(put(&k, &k.spec.key, 0, &out));
	assert_int_equal(out.n, 17);
	assert_memory_equal(out.p, "7\0\0\0\0\0\0\x07\xd0\0\0\0\0\0\0\x03\xe8", 17);
	wr_buf_free(&out);
	kit_free(&k);
}

static void refused(const char *format, const char *columns, bool is_key, wr_err_class cls)
{
	const wr_format_def *f = wr_format_find(wr_str_of(format));
	wr_err err = WR_ERR_INIT;
	wr_decoder *d;
	kit k;

	kit_init(&k, format, columns);
	assert_non_null(f);
	if (f->check && f->check(&k.spec.value, is_key, &err) == WR_FAIL)
		assert_int_equal(err.cls, cls);
	else
		assert_int_not_equal(cls, WR_ERR_STATEMENT);
	err = WR_ERR_INIT;
	if (cls != WR_ERR_NONE) {
		assert_int_equal(wr_decoder_open(k.plan, &k.spec, &d, &err), WR_FAIL);
		assert_int_equal(err.cls, cls);
	}
	kit_free(&k);
}

static void list_of_formats(void **state)
{
	(void)state;
	assert_null(wr_format_find(WR_STR_LIT("XML")));
	assert_string_equal(wr_format_find(WR_STR_LIT("json"))->name, "JSON");
	assert_false(wr_format_find(WR_STR_LIT("KAFKA"))->multi);
	assert_false(wr_format_find(WR_STR_LIT("NONE"))->value);
	assert_true(wr_format_find(WR_STR_LIT("AVRO"))->registry);
	refused("KAFKA", "A BIGINT, B BIGINT", true, WR_ERR_STATEMENT);
	refused("KAFKA", "A DATE", true, WR_ERR_STATEMENT);
	refused("KAFKA", "A BYTES", true, WR_ERR_NONE);
	refused("DELIMITED", "A ARRAY<BIGINT>", false, WR_ERR_STATEMENT);
	refused("JSON", "A STRUCT<`X` MAP<BIGINT, BIGINT>>", false, WR_ERR_STATEMENT);
	refused("JSON", "A STRUCT<`X` MAP<STRING, BIGINT>>", false, WR_ERR_NONE);
	refused("NONE", "A BIGINT", true, WR_ERR_STATEMENT);
	refused("AVRO", "A BIGINT", false, WR_ERR_NOT_IMPLEMENTED);
	refused("PROTOBUF_NOSR", "A BIGINT", false, WR_ERR_NOT_IMPLEMENTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delimited_reading), cmocka_unit_test(delimited_writing),
		cmocka_unit_test(kafka_values),	     cmocka_unit_test(windowed_keys),
		cmocka_unit_test(list_of_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

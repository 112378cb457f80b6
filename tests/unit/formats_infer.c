/* Columns out of records: by their schema, and by what the values show. */
#include "formats_kit.h"

#include "formats/infer.h"

static const char *ddl(const char *const (*recs)[2], uint32_t n)
{
	static char text[4096];
	wr_arena *a = wr_arena_new();
	wr_record records[16] = { 0 };
	wr_err err = WR_ERR_INIT;
	wr_buf out = { 0 };
	wr_inferred in;

	for (uint32_t i = 0; i < n; i++) {
		records[i].key = wr_str_of(recs[i][0]);
		records[i].value = wr_str_of(recs[i][1]);
	}
	if (wr_infer(a, records, n, &in, &err))
		wr_buf_puts(&out, err.message);
	else
		wr_inferred_ddl(&in, WR_STR_LIT("t"), WR_STR_LIT("a.b"), &out);
	snprintf(text, sizeof(text), "%s", wr_buf_z(&out));
	wr_buf_free(&out);
	wr_arena_free(a);
	return text;
}

static void by_schema(void **state)
{
	static const char *const recs[][2] = { {
	    "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int32\",\"field\":\"id\"}]},"
	    "\"payload\":{\"id\":1}}",
	    "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"struct\",\"field\":\"after\","
	    "\"fields\":["
	    "{\"type\":\"int32\",\"field\":\"id\"},"
	    "{\"type\":\"bytes\",\"name\":\"org.apache.kafka.connect.data.Decimal\",\"parameters\":"
	    "{\"scale\":\"2\","
	    "\"connect.decimal.precision\":\"12\"},\"field\":\"total\"},"
	    "{\"type\":\"int64\",\"name\":\"io.debezium.time.MicroTimestamp\",\"field\":\"at\"},"
	    "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"field\":\"tags\"},"
	    "{\"type\":\"struct\",\"fields\":[{\"type\":\"double\",\"field\":\"x\"}],\"field\":"
	    "\"place\"},"
	    "{\"type\":\"string\",\"field\":\"select\"},{\"type\":\"string\",\"field\":\"a.b\"}]},"
	    "{\"type\":\"string\",\"field\":\"op\"}]},\"payload\":null}",
	} };

	(void)state;
	assert_string_equal(ddl(recs, 1),
			    "CREATE TABLE t (\n  `ID` INTEGER PRIMARY KEY,\n  `TOTAL` "
			    "DECIMAL(12, 2),\n  `AT` TIMESTAMP,\n"
			    "  `TAGS` ARRAY<STRING>,\n  `PLACE` STRUCT<`X` DOUBLE>,\n  "
			    "`SELECT` STRING,\n  `a.b` STRING\n"
			    ") WITH (KAFKA_TOPIC='a.b', FORMAT='DEBEZIUM');\n");
}

static void by_values(void **state)
{
	static const char *const events[][2] = {
		{ "{\"id\":1}", "{\"before\":null,\"after\":{\"id\":1,\"name\":null,\"n\":1,\"on\":"
				"true},\"op\":\"c\"}" },
		{ "{\"id\":1}", NULL },
		{ NULL, "no json" },
		{ "{\"id\":2}", "{\"before\":{\"id\":2,\"name\":\"x\",\"n\":1.5,\"at\":\"2024-02-"
				"29T10:34:56Z\"},\"after\":null,\"op\":\"d\"}" },
	};
	static const char *const plain[][2] = {
		{ "{\"k\":1}", "{\"a\":{\"b\":[1,2],\"c\":{}},\"mixed\":1}" },
		{ NULL, "{\"mixed\":\"x\",\"none\":null}" },
	};
	static const char *const nothing[][2] = { { NULL, "[1]" }, { NULL, NULL } };

	(void)state;
	assert_string_equal(ddl(events, 4),
			    "CREATE TABLE t (\n  `ID` BIGINT PRIMARY KEY,\n  `NAME` STRING,\n  `N` "
			    "DOUBLE,\n  `ON` BOOLEAN,\n"
			    "  `AT` TIMESTAMP\n) WITH (KAFKA_TOPIC='a.b', FORMAT='DEBEZIUM');\n");
	assert_string_equal(
	    ddl(plain, 2),
	    "CREATE STREAM t (\n  `A` STRUCT<`B` ARRAY<BIGINT>, `C` STRING>,\n  `MIXED` STRING,\n"
	    "  `NONE` STRING\n) WITH (KAFKA_TOPIC='a.b', FORMAT='JSON');\n");
	assert_string_equal(ddl(nothing, 2), "the 2 records looked at show no row in JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_schema),
		cmocka_unit_test(by_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Format DEBEZIUM: every layout and operation, as table and as stream, and the values of its types. */
#include "formats_kit.h"

#define SOURCE                                                                                     \
	"\"source\":{\"version\":\"3.0\",\"connector\":\"postgresql\",\"name\":\"s\",\"ts_ms\":"   \
	"555,\"snapshot\":\"false\","                                                              \
	"\"db\":\"shop\",\"sequence\":\"[\\\"1\\\",\\\"2\\\"]\",\"schema\":\"public\",\"table\":"  \
	"\"t\",\"txId\":9,\"lsn\":42}"
#define EVENT(op, before, after)                                                                   \
	"{\"before\":" before ",\"after\":" after "," SOURCE ",\"op\":\"" op                       \
	"\",\"ts_ms\":666,\"transaction\":null}"
#define ROW(id, name, qty)                                                                         \
	"{\"id\":" #id ",\"name\":\"" name "\",\"qty\":" #qty ",\"unread\":{\"id\":[1]}}"
#define KEY(id) "{\"id\":" #id "}"

/* The same with the schema part. */
#define FIELDS                                                                                     \
	"[{\"type\":\"int64\",\"field\":\"id\"},{\"type\":\"string\",\"field\":\"name\"},{"        \
	"\"type\":\"int32\",\"field\":\"qty\"}]"
#define SCHEMA                                                                                     \
	"{\"type\":\"struct\",\"fields\":[{\"type\":\"struct\",\"fields\":" FIELDS                 \
	",\"field\":\"before\"},"                                                                  \
	"{\"type\":\"struct\",\"fields\":" FIELDS                                                  \
	",\"field\":\"after\"},{\"type\":\"string\",\"field\":\"op\"}]}"
#define WITH_SCHEMA(payload) "{\"schema\":" SCHEMA ",\"payload\":" payload "}"
#define KEY_WITH_SCHEMA(id)                                                                        \
	"{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int64\",\"field\":\"id\"}]},"    \
	"\"payload\":" KEY(id) "}"

static void start(kit *k, bool table, bool before_event)
{
	kit_init(k, "DEBEZIUM", "ID BIGINT KEY, NAME STRING, QTY INTEGER");
	k->spec.table = table;
	k->spec.before_event = before_event;
}

static void table_from_state(void **state)
{
	kit k;

	(void)state;
	start(&k, true, false);
	kit_add(&k, KEY(1), EVENT("r", "null", ROW(1, "a", 1)));
	kit_add(&k, KEY(2), EVENT("c", "null", ROW(2, "b", 2)));
	kit_add(&k, KEY(1), EVENT("u", "null", ROW(1, "A", 3)));
	kit_add(&k, KEY(1), EVENT("u", ROW(1, "A", 3), ROW(1, "B", 4)));
	kit_add(&k, KEY(2), EVENT("d", ROW(2, "b", 2), "null"));
	kit_add(&k, KEY(2), NULL);
	kit_add(&k, KEY(2), NULL);
	kit_add(&k, KEY(3), NULL);
	kit_add(&k, NULL, EVENT("d", ROW(4, "", 0), "null"));
	kit_add(&k, KEY(9), "{\"op\":\"m\",\"ts_ms\":1,\"message\":{\"prefix\":\"x\"}}");
	assert_string_equal(kit_run(&k),
			    "NEW 1, 'a', 1\nNEW 2, 'b', 2\nNEW 1, 'A', 3\nNEW 1, 'B', 4\n"
			    "GONE 2, NULL, NULL\nGONE 3, NULL, NULL\nGONE 4, NULL, NULL\n");
	assert_int_equal(k.nbad, 0);
	kit_add(&k, KEY(1), EVENT("c", "null", ROW(1, "a", 1)));
	kit_add(&k, NULL, EVENT("t", "null", "null"));
	kit_add(&k, KEY(1), EVENT("c", "null", ROW(1, "b", 2)));
	assert_string_equal(kit_run(&k),
			    "NEW 1, 'a', 1\nTRUNCATE NULL, NULL, NULL\nNEW 1, 'b', 2\n");
	kit_free(&k);
}

static void table_from_events(void **state)
{
	kit k;

	(void)state;
	start(&k, true, true);
	kit_add(&k, KEY(1), EVENT("c", "null", ROW(1, "a", 1)));
	kit_add(&k, KEY(1), EVENT("u", ROW(1, "a", 1), ROW(1, "b", 2)));
	kit_add(&k, KEY(1), EVENT("u", ROW(1, "b", 2), ROW(5, "b", 2)));
	kit_add(&k, KEY(5), EVENT("d", ROW(5, "b", 2), "null"));
	kit_add(&k, KEY(5), NULL);
	kit_add(&k, KEY(6),
		"{\"op\":\"u\",\"after\":" ROW(6, "y", 2) ",\"before\":" ROW(6, "x", 1) "}");
	kit_add(&k, KEY(7),
		"{\"op\":\"c\",\"before\":" ROW(7, "stray", 1) ",\"after\":" ROW(7, "z", 1) "}");
	assert_string_equal(
	    kit_run(&k),
	    "NEW 1, 'a', 1\nBEFORE 1, 'a', 1\nAFTER 1, 'b', 2\nOLD 1, 'b', 2\nNEW 5, 'b', 2\n"
	    "OLD 5, 'b', 2\nBEFORE 6, 'x', 1\nAFTER 6, 'y', 2\nNEW 7, 'z', 1\n");
	assert_int_equal(k.nbad, 0);
	kit_free(&k);
}

static void before_images_that_lack(void **state)
{
	kit k;

	(void)state;
	start(&k, true, true);
	kit_add(&k, KEY(1), EVENT("u", "null", ROW(1, "b", 2)));
	kit_add(&k, KEY(1), EVENT("d", "null", "null"));
	kit_add(&k, KEY(1),
		EVENT("d",
		      "{\"id\":1,\"name\":\"\",\"qty\":0,\"on\":true,\"at\":\"1970-01-01T00:00:"
		      "00Z\",\"x\":null,\"p\":\"AA==\",\"q\":\"0.00\"}",
		      "null"));
	kit_add(&k, KEY(1),
		EVENT("d", "{\"id\":1,\"name\":\"\",\"qty\":0,\"other\":\"says something\"}",
		      "null"));
	kit_add(&k, KEY(1), EVENT("d", "{\"id\":1,\"name\":\"\",\"qty\":3}", "null"));
	kit_add(&k, KEY(9), NULL);
	assert_string_equal(kit_run(&k), "OLD 1, '', 0\nOLD 1, '', 3\n");
	assert_int_equal(k.nbad, 4);
	assert_non_null(strstr(k.bad, "no before image"));
	assert_non_null(strstr(k.bad, "holds only the key"));
	assert_non_null(strstr(k.bad, "a tombstone without a delete event"));
	kit_free(&k);
}

static void streams(void **state)
{
	kit k;

	(void)state;
	kit_init(
	    &k, "DEBEZIUM",
	    "ID BIGINT KEY, NAME STRING, OP STRING, BEFORE STRUCT<`ID` BIGINT, `NAME` STRING>, "
	    "SOURCE_TS TIMESTAMP, SOURCE_DB STRING, SOURCE_SCHEMA STRING, SOURCE_TABLE STRING, "
	    "SOURCE_POSITION STRING, SOURCE_TX STRING, SOURCE_SNAPSHOT STRING");
	k.spec.value.n = 1;
	for (int i = 0; i < WR_CDC_COUNT; i++)
		k.spec.cdc_to[i] = 2 + i;
	kit_add(&k, KEY(1), EVENT("u", ROW(1, "a", 1), ROW(1, "b", 1)));
	kit_add(&k, KEY(1), EVENT("d", ROW(1, "b", 1), "null"));
	kit_add(&k, KEY(1), NULL);
	kit_add(&k, NULL,
		"{\"before\":null,\"after\":" ROW(
		    2, "x", 1) ",\"source\":{\"file\":\"bin.1\",\"pos\":7,\"row\":2,"
			       "\"gtid\":\"0-1-2\"},\"op\":\"c\"}");
	kit_add(&k, NULL,
		"{\"before\":null,\"after\":" ROW(3, "y", 1) ",\"source\":null,\"op\":\"r\"}");
	kit_add(&k, NULL, EVENT("t", "null", "null"));
	assert_string_equal(
	    kit_run(&k),
	    "INSERT 1, 'b', 'u', STRUCT(`ID` := 1, `NAME` := 'a'), '1970-01-01T00:00:00.555', "
	    "'shop', 'public', "
	    "'t', '42', '9', 'false'\n"
	    "INSERT 1, NULL, 'd', STRUCT(`ID` := 1, `NAME` := 'b'), '1970-01-01T00:00:00.555', "
	    "'shop', 'public', "
	    "'t', '42', '9', 'false'\n"
	    "INSERT 2, 'x', 'c', NULL, NULL, NULL, NULL, NULL, 'bin.1:7:2', '0-1-2', NULL\n"
	    "INSERT 3, 'y', 'r', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL\n");
	assert_int_equal(k.nbad, 0);
	kit_free(&k);
}

static void with_schemas(void **state)
{
	kit k;

	(void)state;
	start(&k, true, false);
	for (int i = 0; i < 2; i++) {
		kit_add(&k, KEY_WITH_SCHEMA(1), WITH_SCHEMA(EVENT("c", "null", ROW(1, "a", 1))));
		kit_add(&k, KEY_WITH_SCHEMA(1), WITH_SCHEMA(EVENT("d", ROW(1, "a", 1), "null")));
		kit_add(&k, KEY_WITH_SCHEMA(1), NULL);
		kit_add(&k, KEY_WITH_SCHEMA(2),
			"{\"payload\":" EVENT("c", "null", ROW(2, "b", 1)) ",\"schema\":" SCHEMA
									   "}");
		kit_add(&k, KEY_WITH_SCHEMA(2),
			"{\"schema\":null,\"payload\":" EVENT("c", "null", ROW(3, "c", 1)) "}");
		kit_add(&k, KEY_WITH_SCHEMA(4), "{\"schema\":null,\"payload\":null}");
		/* flattened: the schema is that of the row */
		kit_add(&k, KEY_WITH_SCHEMA(5),
			"{\"schema\":{\"type\":\"struct\",\"fields\":" FIELDS
			"},\"payload\":" ROW(5, "e", 1) "}");
		kit_add(&k, KEY_WITH_SCHEMA(5),
			"{\"payload\":" ROW(5, "f",
					    1) ",\"schema\":{\"type\":\"struct\",\"fields\":" FIELDS
					       "}}");
		assert_string_equal(kit_run(&k), "NEW 1, 'a', 1\nGONE 1, NULL, NULL\nNEW 2, 'b', "
						 "1\nNEW 3, 'c', 1\nGONE 4, NULL, NULL\n"
						 "NEW 5, 'e', 1\nNEW 5, 'f', 1\n");
		assert_int_equal(k.nbad, 0);
	}
	kit_free(&k);
}

static void flattened(void **state)
{
	kit k;

	(void)state;
	start(&k, true, false);
	kit_add(&k, KEY(1), ROW(1, "a", 1));
	kit_add(&k, KEY(1),
		"{\"id\":1,\"name\":\"b\",\"qty\":2,\"__deleted\":\"false\",\"__op\":\"u\"}");
	kit_add(&k, KEY(1), "{\"id\":1,\"name\":\"b\",\"qty\":2,\"__deleted\":\"true\"}");
	kit_add(&k, KEY(1), NULL);
	kit_add(&k, KEY(2), "{\"id\":2,\"name\":\"b\",\"qty\":2,\"__op\":\"d\"}");
	kit_add(&k, KEY(3), NULL);
	kit_add(&k, KEY(4), EVENT("c", "null", ROW(4, "mixed", 1)));
	assert_string_equal(kit_run(&k), "NEW 1, 'a', 1\nNEW 1, 'b', 2\nGONE 1, NULL, NULL\nGONE "
					 "2, NULL, NULL\nGONE 3, NULL, NULL\n"
					 "NEW 4, 'mixed', 1\n");
	kit_free(&k);

	kit_init(
	    &k, "DEBEZIUM",
	    "ID BIGINT KEY, NAME STRING, OP STRING, SOURCE_POSITION STRING, SOURCE_TS TIMESTAMP");
	k.spec.value.n = 1;
	k.spec.cdc_to[WR_CDC_OP] = 2;
	k.spec.cdc_to[WR_CDC_SOURCE_POSITION] = 3;
	k.spec.cdc_to[WR_CDC_SOURCE_TS] = 4;
	kit_add(&k, KEY(1), ROW(1, "a", 1));
	kit_add(&k, KEY(1), NULL);
	kit_add(&k, KEY(1),
		"{\"id\":1,\"name\":\"b\",\"__op\":\"u\",\"__lsn\":7,\"__source_ts_ms\":1}");
	kit_add(&k, KEY(1), "{\"id\":1,\"name\":\"b\",\"__deleted\":\"true\",\"__source_lsn\":8}");
	kit_add(&k, KEY(1), NULL);
	assert_string_equal(
	    kit_run(&k),
	    "INSERT 1, 'a', NULL, NULL, NULL\nINSERT 1, NULL, 'd', NULL, NULL\n"
	    "INSERT 1, 'b', 'u', '7', '1970-01-01T00:00:00.001'\nINSERT 1, NULL, 'd', '8', NULL\n");
	kit_free(&k);
}

static void keys(void **state)
{
	kit k;

	(void)state;
	start(&k, true, false);
	/* the image lacks the key; the key alone; no key anywhere; a bare key */
	kit_add(&k, KEY(1), EVENT("c", "null", "{\"name\":\"a\"}"));
	kit_add(&k, NULL, EVENT("d", "{\"name\":\"a\"}", "null"));
	kit_add(&k, NULL, EVENT("c", "null", "{\"name\":\"a\"}"));
	kit_add(&k, "5", EVENT("d", "null", "null"));
	kit_add(&k, "{\"id\":", EVENT("d", "null", "null"));
	assert_string_equal(kit_run(&k), "NEW 1, 'a', NULL\nGONE 5, NULL, NULL\n");
	assert_int_equal(k.nbad, 3);
	assert_non_null(strstr(k.bad, "neither the event nor its key"));
	assert_non_null(strstr(k.bad, "the key cannot be read at byte"));
	kit_free(&k);

	/* a key of another format */
	start(&k, true, false);
	k.spec.key.format = "KAFKA";
	kit_add(&k, NULL, EVENT("c", "null", ROW(1, "a", 1)));
	k.recs[0].key = (wr_str){ "\0\0\0\0\0\0\0\x09", 8 };
	kit_add(&k, NULL, EVENT("c", "null", ROW(1, "a", 1)));
	assert_string_equal(kit_run(&k), "NEW 9, 'a', 1\n");
	assert_int_equal(k.nbad, 1);
	kit_free(&k);
}

static void unavailable(void **state)
{
	kit k;

	(void)state;
	kit_init(&k, "DEBEZIUM",
		 "ID BIGINT KEY, S STRING, X BYTES, A ARRAY<STRING>, M MAP<STRING, STRING>, I "
		 "ARRAY<BIGINT>");
	k.spec.table = true;
#define GAP "\"__debezium_unavailable_value\""
	kit_add(&k, KEY(1),
		EVENT("u", "null",
		      "{\"id\":1,\"s\":" GAP
		      ",\"x\":\"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==\",\"a\":[" GAP
		      "],\"m\":{" GAP ":" GAP
		      "},\"i\":[95,95,100,101,98,101,122,105,117,109,95,117,110,97,118,97]}"));
	kit_add(&k, KEY(1),
		EVENT("u", "null", "{\"id\":1,\"s\":\"x\",\"a\":[\"q\"],\"i\":[95,95]}"));
	kit_add(&k, KEY(1), EVENT("u", "null", "{\"id\":1,\"s\":" GAP ",\"x\":5}"));
	kit_add(&k, KEY(1),
		EVENT("u", "null", "{\"id\":1,\"s\":\"28 bytes long, but no marker.\"}"));
	assert_string_equal(kit_run(&k),
			    "NEW 1, NULL~, NULL~, NULL~, NULL~, NULL~\n"
			    "NEW 1, 'x', NULL, ARRAY['q'], NULL, ARRAY[95, 95]\n"
			    "NEW 1, '28 bytes long, but no marker.', NULL, NULL, NULL, NULL\n");
	assert_int_equal(k.nbad, 1);
	kit_free(&k);

	/* an event that brings its old image fills itself; a stream has nothing to fill from */
	start(&k, true, true);
	kit_add(&k, KEY(1), EVENT("u", ROW(1, "old", 1), "{\"id\":1,\"name\":" GAP ",\"qty\":2}"));
	assert_string_equal(kit_run(&k), "BEFORE 1, 'old', 1\nAFTER 1, 'old', 2\n");
	kit_free(&k);
	start(&k, false, false);
	kit_add(&k, KEY(1), EVENT("u", "null", "{\"id\":1,\"name\":" GAP ",\"qty\":2}"));
	assert_string_equal(kit_run(&k), "INSERT 1, NULL, 2\n");
	kit_free(&k);
}

/* A batch that is filled by several runs keeps its marks while it grows. */
static void unavailable_while_growing(void **state)
{
	static const char event[] = EVENT("u", "null", "{\"id\":1,\"name\":" GAP ",\"qty\":2}");
	static const uint32_t parts[1] = { 0 };
	wr_record rec = { .value = { event, sizeof(event) - 1 } };
	wr_err err = WR_ERR_INIT;
	kit k;

	(void)state;
	start(&k, true, false);
	kit_run(&k);
	for (int i = 0; i < 300; i++)
		assert_int_equal(wr_decoder_run(k.decoder, &rec, 1, parts, &k.batch, kit_bad, &k,
						&err),
				 WR_OK);
	assert_int_equal(k.batch.n, 300);
	for (uint32_t i = 0; i < 300; i++) {
		assert_true(wr_batch_is_absent(&k.batch, i, 1));
		assert_false(wr_batch_is_absent(&k.batch, i, 2));
		assert_int_equal(wr_vec_INTEGER(&k.batch.cols[2])[i], 2);
	}
	kit_free(&k);
}

static void one_value(const char *type, const char *value, const char *expected)
{
	char text[1024];
	kit k;

	snprintf(text, sizeof(text), "V %s", type);
	kit_init(&k, "DEBEZIUM", text);
	snprintf(text, sizeof(text), EVENT("c", "null", "{\"v\":%s}"), value);
	kit_add(&k, NULL, text);
	kit_run(&k);
	if (k.nbad)
		assert_string_equal(expected, "bad");
	else
		assert_string_equal(wr_buf_z(&k.out) + strlen("INSERT "), expected);
	kit_free(&k);
}

static void values_without_schema(void **state)
{
	(void)state;
	one_value("DECIMAL(12, 2)", "\"Mr4=\"", "129.90\n");
	one_value("DECIMAL(12, 2)", "\"129.90\"", "129.90\n");
	one_value("DECIMAL(12, 2)", "\"-0.01\"", "-0.01\n");
	one_value("DECIMAL(12, 2)", "129.9", "129.90\n");
	one_value("DECIMAL(12, 2)", "\"/x8=\"", "-2.25\n");
	one_value("DECIMAL(10, 0)", "\"1234\"", "1234\n");
	one_value("DECIMAL(12, 2)", "\"1234\"", "-26588.24\n");
	one_value("DECIMAL(38, 10)", "\"CUmw9vACMxPESZBOzGdFFQ==\"",
		  "1234567890123456789012345678.0123456789\n");
	one_value("DECIMAL(60, 8)", "{\"scale\":8,\"value\":\"AQ==\"}", "0.00000001\n");
	one_value("DECIMAL(60, 1)", "{\"scale\":1,\"value\":\"D5Uan6OihslPDnZsOQ==\"}",
		  "123456789012345678901234567890.5\n");
	one_value("DECIMAL(4, 2)", "\"Mr4=\"", "bad");
	one_value("DECIMAL(12, 2)", "\"NaN\"", "bad");
	one_value("TIMESTAMP", "1709210096789", "'2024-02-29T12:34:56.789'\n");
	one_value("TIMESTAMP", "1709210096789012", "'2024-02-29T12:34:56.789'\n");
	one_value("TIMESTAMP", "1709210096789012345", "'2024-02-29T12:34:56.789'\n");
	one_value("TIMESTAMP", "\"2024-02-29T10:34:56.789012Z\"", "'2024-02-29T10:34:56.789'\n");
	one_value("TIMESTAMP", "-1", "'1969-12-31T23:59:59.999'\n");
	one_value("DATE", "19782", "'2024-02-29'\n");
	one_value("DATE", "\"2024-02-29Z\"", "'2024-02-29'\n");
	one_value("TIME", "45296789", "'12:34:56.789'\n");
	one_value("TIME", "45296789012", "'12:34:56.789'\n");
	one_value("TIME", "45296789012345", "'12:34:56.789'\n");
	one_value("TIME", "\"12:34:56.789Z\"", "'12:34:56.789'\n");
	one_value("BOOLEAN", "1", "TRUE\n");
	one_value("BOOLEAN", "false", "FALSE\n");
	one_value("BOOLEAN", "2", "bad");
	one_value("DOUBLE", "\"NaN\"", "NaN\n");
	one_value("STRING", "{\"x\":1.5,\"wkb\":\"AQ==\",\"srid\":null}",
		  "'{\"x\":1.5,\"wkb\":\"AQ==\",\"srid\":null}'\n");
	one_value("STRUCT<`X` DOUBLE, `SRID` INTEGER>",
		  "{\"x\":1.5,\"wkb\":\"AQ==\",\"srid\":null}",
		  "STRUCT(`X` := 1.5, `SRID` := NULL)\n");
	one_value("ARRAY<DECIMAL(8, 2)>", "[\"AJY=\",\"/x8=\",null]", "ARRAY[1.50, -2.25, NULL]\n");
	one_value("ARRAY<TIMESTAMP>", "[1704067200000000]", "ARRAY['2024-01-01T00:00:00.000']\n");
	one_value("BIGINT", "{\"$numberLong\":\"7\"}", "7\n");
	one_value("STRING", "{\"$oid\":\"65\"}", "'65'\n");
	one_value("STRING", "\"\\u00e9\"", "'\xc3\xa9'\n");
}

static void schema_value(const char *declared, const char *field, const char *value,
			 const char *expected)
{
	char text[2048];
	kit k;

	snprintf(text, sizeof(text), "V %s", declared);
	kit_init(&k, "DEBEZIUM", text);
	snprintf(text, sizeof(text),
		 "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"struct\",\"field\":"
		 "\"after\",\"fields\":"
		 "[{%s,\"field\":\"v\"}]},{\"field\":\"op\"}]},\"payload\":{\"after\":{\"v\":%s},"
		 "\"op\":\"c\"}}",
		 field, value);
	kit_add(&k, NULL, text);
	kit_run(&k);
	if (k.nbad)
		assert_string_equal(expected, "bad");
	else
		assert_string_equal(wr_buf_z(&k.out) + strlen("INSERT "), expected);
	kit_free(&k);
}

#define DECIMAL_OF(scale)                                                                          \
	"\"name\":\"org.apache.kafka.connect.data.Decimal\",\"parameters\":{\"scale\":\"" #scale   \
	"\"}"
#define NAMED(name) "\"name\":\"io.debezium.time." name "\""

static void values_with_schema(void **state)
{
	(void)state;
	schema_value("DECIMAL(12, 4)", DECIMAL_OF(2), "\"Mr4=\"", "129.9000\n");
	schema_value("DECIMAL(12, 1)", DECIMAL_OF(2), "\"Mr4=\"", "129.9\n");
	schema_value("DECIMAL(12, 1)", DECIMAL_OF(2), "\"Mr8=\"", "bad");
	schema_value("DECIMAL(12, 2)", DECIMAL_OF(0), "\"1234\"", "-2658824.00\n");
	schema_value("DECIMAL(12, 2)", "\"type\":\"string\"", "\"1234\"", "1234.00\n");
	schema_value("STRING", DECIMAL_OF(2), "\"Mr4=\"", "'129.90'\n");
	schema_value("DOUBLE", DECIMAL_OF(2), "\"Mr4=\"", "129.9\n");
	schema_value("BIGINT", DECIMAL_OF(0), "\"AP//////////\"", "bad");
	schema_value("BIGINT", DECIMAL_OF(0), "\"Mr4=\"", "12990\n");
	schema_value("STRING", "\"name\":\"io.debezium.data.VariableScaleDecimal\"",
		     "{\"scale\":2,\"value\":\"Mr4=\"}", "'129.90'\n");
	schema_value("TIMESTAMP", NAMED("Timestamp"), "1000", "'1970-01-01T00:00:01.000'\n");
	schema_value("TIMESTAMP", NAMED("MicroTimestamp"), "-1", "'1969-12-31T23:59:59.999'\n");
	schema_value("TIMESTAMP", NAMED("NanoTimestamp"), "1000000000",
		     "'1970-01-01T00:00:01.000'\n");
	schema_value("TIMESTAMP", NAMED("ZonedTimestamp"), "\"1970-01-01T01:00:00+01:00\"",
		     "'1970-01-01T00:00:00.000'\n");
	schema_value("TIMESTAMP", NAMED("Date"), "1", "'1970-01-02T00:00:00.000'\n");
	schema_value("DATE", NAMED("MicroTimestamp"), "-1", "'1969-12-31'\n");
	schema_value("TIME", NAMED("MicroTime"), "1000000", "'00:00:01'\n");
	schema_value("TIME", NAMED("NanoTime"), "1000000000", "'00:00:01'\n");
	schema_value("TIME", NAMED("MicroTime"), "3020399000000", "bad");
	schema_value("BIGINT", NAMED("MicroTime"), "3020399000000", "3020399000000\n");
	schema_value("ARRAY<DECIMAL(8, 3)>", "\"type\":\"array\",\"items\":{" DECIMAL_OF(2) "}",
		     "[\"AJY=\"]", "ARRAY[1.500]\n");
}

static void event_times(void **state)
{
	kit k;

	(void)state;
	start(&k, false, false);
	k.spec.file_times = true;
	kit_add(&k, NULL, EVENT("c", "null", ROW(1, "a", 1)));
	kit_add(&k, NULL, "{\"after\":" ROW(1, "a", 1) ",\"op\":\"c\",\"ts_ms\":77}");
	kit_add(&k, NULL, "{\"after\":" ROW(1, "a", 1) ",\"op\":\"c\"}");
	kit_run(&k);
	assert_int_equal(k.batch.n, 3);
	assert_int_equal(k.batch.rowtime[0], 555);
	assert_int_equal(k.batch.rowtime[1], 77);
	assert_int_equal(k.batch.rowtime[2], 1002);
	kit_free(&k);
}

static void images_as_text(void **state)
{
	kit k;

	(void)state;
	start(&k, true, false);
	kit_add(&k, NULL,
		"{\"before\":null,\"after\":\"{\\\"id\\\": {\\\"$numberLong\\\": "
		"\\\"3\\\"},\\\"name\\\": \\\"m\\\"}\",\"op\":\"c\"}");
	kit_add(&k, NULL, "{\"before\":null,\"after\":\"{\\\"id\\\":\",\"op\":\"c\"}");
	assert_string_equal(kit_run(&k), "NEW 3, 'm', NULL\n");
	assert_int_equal(k.nbad, 1);
	kit_free(&k);
}

static void cut_off(void **state)
{
	static const char event[] = WITH_SCHEMA(EVENT("u", ROW(1, "a", 1), ROW(1, "b\\u00e9", 2)));
	static const char bare[] = EVENT("u", ROW(1, "a", 1), ROW(1, "b\\u00e9", 2));
	kit k;

	(void)state;
	for (int mode = 0; mode < 4; mode++) {
		const char *text = mode & 1 ? event : bare;
		size_t n = mode & 1 ? sizeof(event) - 1 : sizeof(bare) - 1;

		start(&k, true, mode & 2);
		for (size_t i = 0; i < n; i++) {
			/* an exact copy, so that reading beyond its end shows */
			char *copy = wr_malloc(i ? i : 1);

			memcpy(copy, text, i);
			kit_add(&k, NULL, NULL);
			k.recs[0].value = (wr_str){ copy, (uint32_t)i };
			kit_run(&k);
			free(copy);
			if (k.batch.n || k.nbad != 1)
				fail_msg("accepted %zu bytes of %s", i, text);
		}
		kit_add(&k, NULL, text);
		kit_run(&k);
		assert_int_equal(k.nbad, 0);
		kit_free(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_from_state),
		cmocka_unit_test(table_from_events),
		cmocka_unit_test(before_images_that_lack),
		cmocka_unit_test(streams),
		cmocka_unit_test(with_schemas),
		cmocka_unit_test(flattened),
		cmocka_unit_test(keys),
		cmocka_unit_test(unavailable),
		cmocka_unit_test(unavailable_while_growing),
		cmocka_unit_test(values_without_schema),
		cmocka_unit_test(values_with_schema),
		cmocka_unit_test(event_times),
		cmocka_unit_test(images_as_text),
		cmocka_unit_test(cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

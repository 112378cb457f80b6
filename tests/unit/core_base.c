/* The small parts: arenas, buffers, errors, batches, schemas, settings, counters, fault points, near names, the clock. */
#include "core/batch.h"
#include "core/clock.h"
#include "core/counters.h"
#include "core/fault.h"
#include "core/near.h"
#include "core/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_arena(void **state)
{
	wr_arena *a = wr_arena_new();
	size_t held = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		for (size_t n = 0; n < 3000; n++) {
			char *p = wr_arena_alloc(a, n);

			assert_int_equal((uintptr_t)p % 16, 0);
			memset(p, (int)n, n);
		}
		if (round == 3)
			held = wr_arena_bytes(a);
		wr_arena_reset(a);
	}
	assert_int_equal(wr_arena_bytes(a), held); /* a steady loop takes no more memory */
	assert_true(wr_str_is(wr_arena_printf(a, "%d-%s", 5, "x"), "5-x"));
	memset(wr_arena_alloc(a, 50 << 20), 1, 50 << 20);
	wr_arena_free(a);
	wr_arena_free(NULL);
}

static void test_buf(void **state)
{
	wr_buf b = { 0 };

	(void)state;
	assert_string_equal(wr_buf_z(&b), "");
	wr_buf_put(&b, NULL, 0);
	for (int i = 0; i < 1000; i++)
		wr_buf_printf(&b, "%03d,", i);
	assert_int_equal(b.n, 4000);
	assert_memory_equal(b.p + 3996, "999,", 5);
	wr_buf_reset(&b);
	wr_buf_quote_name(&b, WR_STR_LIT("a`b"));
	wr_buf_quote_text(&b, WR_STR_LIT("it's"));
	assert_string_equal(wr_buf_z(&b), "`a``b`'it''s'");
	wr_buf_reset(&b);
	wr_buf_u32(&b, 0x01020304);
	assert_memory_equal(b.p, "\4\3\2\1", 4);
	wr_buf_free(&b);
}

static void test_err(void **state)
{
	wr_err err = WR_ERR_INIT;
	char big[3000];

	(void)state;
	memset(big, 'x', sizeof(big));
	memcpy(big + 1021, "\xE2\x82\xAC", 3); /* a character across the end */
	big[2999] = 0;
	assert_int_equal(wr_err_set(&err, WR_ERR_DATA, WR_NO_SPAN, "%s", big), WR_FAIL);
	assert_int_equal(strlen(err.message), 1021);
	wr_err_set(&err, WR_ERR_IO, WR_NO_SPAN, "second");
	assert_int_equal(err.cls, WR_ERR_DATA);
	wr_err_hint(&err, "one");
	wr_err_hint(&err, "two");
	assert_string_equal(err.hint, "one");
	wr_err_clear(&err);
	assert_int_equal(err.cls, WR_ERR_NONE);
}

static void test_str(void **state)
{
	(void)state;
	assert_true(wr_str_ieq(WR_STR_LIT("aBc"), WR_STR_LIT("AbC")));
	assert_false(wr_str_ieq(WR_STR_LIT("a["), WR_STR_LIT("a{")));
	assert_true(wr_str_cmp(WR_STR_LIT("a"), WR_STR_LIT("ab")) < 0);
	assert_true(wr_str_cmp(WR_STR_LIT("\xFF"), WR_STR_LIT("a")) > 0);
}

/* ---- batches */

static const wr_schema *schema_kv(void)
{
	static wr_column cols[2];
	static wr_schema s = { 2, 1, cols };

	cols[0] = (wr_column){ WR_STR_LIT("K"), wr_type_of(WR_STRING) };
	cols[1] = (wr_column){ WR_STR_LIT("V"), wr_type_of(WR_BIGINT) };
	return &s;
}

static void push_row(wr_batch *b, const char *k, int64_t v, wr_change change)
{
	uint32_t at = b->n;

	wr_batch_reserve(b, at + 1);
	for (uint32_t c = 0; c < 2; c++)
		wr_vec_resize(&b->cols[c], b->arena, at + 1);
	wr_vec_STRING(&b->cols[0])[at] = wr_str_of(k);
	wr_vec_BIGINT(&b->cols[1])[at] = v;
	b->change[at] = (uint8_t)change;
	b->rowtime[at] = v * 10;
	b->offset[at] = v;
	b->n++;
}

static void test_batch(void **state)
{
	wr_arena *a = wr_arena_new(), *other = wr_arena_new();
	static const uint32_t rows[] = { 0, 3, 4, 5 };
	static const uint8_t mended[] = { WR_ROW_OLD, WR_ROW_NEW, WR_ROW_BEFORE, WR_ROW_AFTER };
	wr_batch b, out, over, copy;

	(void)state;
	wr_batch_init(&b, a, schema_kv(), 1);
	for (int64_t i = 0; i < 3; i++) {
		push_row(&b, "k", i * 2, WR_ROW_BEFORE);
		push_row(&b, "k", i * 2 + 1, WR_ROW_AFTER);
	}
	wr_batch_select(&out, &b, rows, 4);
	assert_memory_equal(out.change, mended, 4);
	assert_int_equal(out.rowtime[1], 30);
	assert_int_equal(wr_vec_BIGINT(&out.cols[1])[3], 5);

	wr_batch_over(&over, &b, 2, 3, schema_kv());
	assert_int_equal(over.offset[0], 2);
	assert_int_equal(over.n, 3);

	wr_batch_init(&copy, other, schema_kv(), 0);
	b.wstart = wr_arena_zalloc(a, b.room * sizeof(int64_t));
	b.wend = wr_arena_zalloc(a, b.room * sizeof(int64_t));
	b.wend[4] = 77;
	b.headers = wr_arena_zalloc(a, b.room * sizeof(*b.headers));
	b.headers[4] = &(wr_headers){ 1, &(wr_header){ WR_STR_LIT("h"), { NULL, 0 } } };
	for (uint32_t i = 0; i < b.n; i++)
		wr_batch_push(&copy, &b, i);
	wr_arena_free(a); /* nothing may point there any more */
	assert_int_equal(copy.n, 6);
	assert_int_equal(copy.wend[4], 77);
	assert_null(copy.headers[3]);
	assert_true(wr_str_is(copy.headers[4]->items[0].key, "h"));
	assert_null(copy.headers[4]->items[0].value.p);
	assert_true(wr_str_is(wr_vec_str(&copy.cols[0], 5), "k"));
	wr_arena_free(other);
}

static void test_schema(void **state)
{
	wr_buf b = { 0 };
	wr_arena *a = wr_arena_new();

	(void)state;
	wr_schema_print(schema_kv(), true, &b);
	assert_string_equal(wr_buf_z(&b), "`K` STRING PRIMARY KEY, `V` BIGINT");
	assert_int_equal(wr_schema_find(schema_kv(), WR_STR_LIT("V")), 1);
	assert_int_equal(wr_schema_find(schema_kv(), WR_STR_LIT("v")), -1);
	assert_true(wr_schema_eq(schema_kv(), wr_schema_copy(a, schema_kv())));
	wr_buf_free(&b);
	wr_arena_free(a);
}

/* ---- settings */

static wr_status set(wr_settings *s, const char *name, const char *value, wr_err *err)
{
	wr_err_clear(err);
	return wr_settings_set(s, wr_str_of(name), wr_str_of(value), err);
}

static void test_settings(void **state)
{
	static wr_settings s;
	wr_err err;
	wr_buf b = { 0 };

	(void)state;
	wr_settings_init(&s);
	assert_int_equal(wr_setting_int(&s, WR_SET_COMMIT_INTERVAL_MS), 200);
	assert_int_equal(wr_setting_int(&s, WR_SET_MEMORY), 128 << 20);
	assert_true(wr_str_is(wr_setting_text(&s, WR_SET_AUTO_OFFSET_RESET), "earliest"));
	assert_int_equal(set(&s, "ksql.streams.auto.offset.reset", "LATEST", &err), WR_OK);
	assert_true(wr_str_is(wr_setting_text(&s, WR_SET_AUTO_OFFSET_RESET), "latest"));
	assert_int_equal(set(&s, "processing.guarantee", "at_least_once", &err), WR_OK);
	assert_int_equal(wr_setting_int(&s, WR_SET_COMMIT_INTERVAL_MS), 1000);
	assert_int_equal(set(&s, "commit.interval.ms", "5s", &err), WR_OK);
	assert_int_equal(wr_setting_int(&s, WR_SET_COMMIT_INTERVAL_MS), 5000);
	assert_int_equal(set(&s, "ksql.streams.cache.max.bytes.buffering", "0", &err), WR_OK);
	assert_int_equal(set(&s, "persistence.default.format.value", "JSON", &err), WR_OK);
	assert_true(wr_str_is(wr_setting_text(&s, WR_SET_DEFAULT_VALUE_FORMAT), "JSON"));
	assert_int_equal(set(&s, "ksql.query.pull.table.scan.enabled", "False", &err), WR_OK);
	assert_false(wr_setting_bool(&s, WR_SET_PULL_TABLE_SCAN));
	assert_int_equal(set(&s, "ksql.streams.topology.optimization", "none", &err), WR_OK);
	assert_int_equal(set(&s, "ksql.streams.__emit.interval.ms.x", "0", &err), WR_OK);

	assert_int_equal(set(&s, "batch.rows", "1025", &err), WR_FAIL);
	assert_string_equal(err.hint, "it lies between 1 and 1024");
	assert_int_equal(set(&s, "memory", "lots", &err), WR_FAIL);
	assert_int_equal(set(&s, "memory", "5s", &err), WR_FAIL);
	assert_int_equal(set(&s, "memory", "9999999999g", &err), WR_FAIL);
	assert_int_equal(set(&s, "state.store", "disk", &err), WR_FAIL);
	assert_int_equal(set(&s, "comit.interval.ms", "1", &err), WR_FAIL);
	assert_string_equal(err.hint, "did you mean commit.interval.ms?");

	wr_err_clear(&err);
	assert_int_equal(wr_settings_unset(&s, WR_STR_LIT("auto.offset.reset"), &err), WR_OK);
	wr_setting_print(&s, WR_SET_AUTO_OFFSET_RESET, &b);
	assert_string_equal(wr_buf_z(&b), "earliest");
	wr_buf_free(&b);
}

/* ---- the rest */

static void test_near(void **state)
{
	static const char *const names[] = { "COUNT", "COLLECT_LIST", "SUM", "A" };

	(void)state;
	assert_string_equal(wr_near_of(WR_STR_LIT("conut"), names, 4), "COUNT");
	assert_string_equal(wr_near_of(WR_STR_LIT("collectlist"), names, 4), "COLLECT_LIST");
	assert_string_equal(wr_near_of(WR_STR_LIT("SUMM"), names, 4), "SUM");
	assert_null(wr_near_of(WR_STR_LIT("B"), names, 4));
	assert_null(wr_near_of(WR_STR_LIT("EXPLODE"), names, 4));
	assert_null(wr_near_of(WR_STR_LIT(""), names, 4));
}

static void add_up(void *ctx, const wr_counter *c)
{
	wr_buf_printf(ctx, "%s{%s}=%lld;", c->name, c->labels, (long long)wr_counter_read(c));
}

static void test_counters(void **state)
{
	wr_buf b = { 0 };

	(void)state;
	wr_counter_add(wr_counter_of("rows_dropped", "Q", "late"), 2);
	wr_counter_add(wr_counter_of("rows_dropped", "Q", "late"), 3);
	wr_counter_set(wr_counter_of("lag", NULL, NULL), 9);
	wr_counters_each(add_up, &b);
	assert_string_equal(wr_buf_z(&b), "lag{}=9;rows_dropped{query=\"Q\",reason=\"late\"}=5;");
	wr_counters_clear("query=\"Q\"");
	assert_int_equal(wr_counter_read(wr_counter_of("rows_dropped", "Q", "late")), 0);
	wr_buf_free(&b);
}

static void test_fault(void **state)
{
	(void)state;
#ifdef WR_FAULTS
	wr_fault_set("a.b:2:fail,c:1:fail");
	assert_false(WR_FAULT("a.b"));
	assert_true(WR_FAULT("a.b"));
	assert_false(WR_FAULT("a.b"));
	assert_true(WR_FAULT("c"));
	assert_int_equal(wr_fault_passed("a.b"), 3);
	wr_fault_set("d:2-3:fail,e:2-:enospc");
	assert_false(WR_FAULT("d"));
	assert_true(WR_FAULT("d"));
	assert_true(WR_FAULT("d"));
	assert_false(WR_FAULT("d"));
	assert_int_equal(wr_fault("e"), WR_FAULT_NONE);
	assert_int_equal(wr_fault("e"), WR_FAULT_NO_SPACE);
	assert_int_equal(wr_fault("e"), WR_FAULT_NO_SPACE);
	wr_fault_set(NULL);
	assert_false(WR_FAULT("c"));
#else
	assert_false(WR_FAULT("c"));
#endif
}

static void test_clock(void **state)
{
	(void)state;
	wr_clock_set(42);
	assert_int_equal(wr_clock_ms(), 42);
	wr_clock_real();
	assert_true(wr_clock_ms() > 1600000000000);
	assert_true(wr_clock_mono_ns() > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena),	 cmocka_unit_test(test_buf),
		cmocka_unit_test(test_err),	 cmocka_unit_test(test_str),
		cmocka_unit_test(test_batch),	 cmocka_unit_test(test_schema),
		cmocka_unit_test(test_settings), cmocka_unit_test(test_near),
		cmocka_unit_test(test_counters), cmocka_unit_test(test_fault),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

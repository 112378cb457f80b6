/* The operators without state: filter, project, rekey, unroll, row time, limit. */
#include "op_kit.h"

static const wr_expr *const *list(kit *k, uint32_t n, ...)
{
	const wr_expr **e = WR_NEW_ARRAY(k->plan, const wr_expr *, n + 1);
	va_list ap;

	va_start(ap, n);
	for (uint32_t i = 0; i < n; i++)
		e[i] = va_arg(ap, const wr_expr *);
	va_end(ap);
	return e;
}

/* ---------------------------------------------------------------- filter */

static void filter(kit *k, bool table)
{
	wr_spec_filter *f = WR_NEW(k->plan, wr_spec_filter);

	f->base = (wr_op_spec){ .def = &wr_op_filter_def, .table = table };
	f->base.in = f->base.out = kit_schema(k, "K STRING KEY, V BIGINT");
	f->pred = kit_call(k, "$gt", kit_col(k, f->base.in, "V"), kit_int(k, 10));
	kit_add(k, &f->base);
}

static void stream_filter(kit *k)
{
	filter(k, false);
}

static void table_filter(kit *k)
{
	filter(k, true);
}

static void filter_keeps_true_rows(void **state)
{
	(void)state;
	kit_check((kit){ 0 }, stream_filter,
		  "INSERT a 11 @1\nINSERT b 10 @2\nINSERT c null @3\nINSERT_NULL d null @4\n"
		  "INSERT e 12 @5\n",
		  "INSERT 'a', 11 @1\nINSERT 'e', 12 @5\n");
	kit_check((kit){ 0 }, stream_filter, "INSERT a 11 @1\nINSERT b 12 @2\n",
		  "INSERT 'a', 11 @1\nINSERT 'b', 12 @2\n");
}

static void filter_mends_updates(void **state)
{
	(void)state;
	kit_check(
	    (kit){ 0 }, table_filter,
	    "BEFORE a 11 @1\nAFTER a 5 @1\nBEFORE a 5 @2\nAFTER a 12 @2\n"
	    "BEFORE a 12 @3\nAFTER a 13 @3\nBEFORE b 1 @4\nAFTER b 2 @4\nGONE c null @5\nOLD a 13 @6\n",
	    "OLD 'a', 11 @1\nNEW 'a', 12 @2\nBEFORE 'a', 12 @3\nAFTER 'a', 13 @3\n"
	    "GONE 'c', NULL @5\nOLD 'a', 13 @6\n");
}

/* ---------------------------------------------------------------- project */

static void projection(kit *k)
{
	wr_spec_project *p = WR_NEW(k->plan, wr_spec_project);
	const wr_schema *in = kit_schema(k, "K STRING KEY, V BIGINT, W BIGINT");

	p->base = (wr_op_spec){ .def = &wr_op_project_def, .in = in };
	p->base.out = kit_schema(k, "K STRING KEY, S BIGINT, T BIGINT, ONE BIGINT");
	p->exprs = list(k, 4, kit_col(k, in, "K"),
			kit_call(k, "$add", kit_col(k, in, "V"), kit_col(k, in, "W")),
			kit_pseudo(k, WR_COL_ROWTIME, WR_BIGINT), kit_int(k, 1));
	kit_add(k, &p->base);
}

static void project_computes(void **state)
{
	(void)state;
	kit_check((kit){ 0 }, projection,
		  "INSERT a 1 2 @5\nINSERT b null 2 @6\nINSERT_NULL c null null @7\n"
		  "GONE d null null @8\nINSERT e 3 4 @9\n",
		  "INSERT 'a', 3, 5, 1 @5\nINSERT 'b', NULL, 6, 1 @6\n"
		  "INSERT_NULL 'c', NULL, NULL, NULL @7\nGONE 'd', NULL, NULL, NULL @8\n"
		  "INSERT 'e', 7, 9, 1 @9\n");
}

/* ---------------------------------------------------------------- rekey */

static void rekey(kit *k, bool table, bool drop_null)
{
	wr_spec_rekey *r = WR_NEW(k->plan, wr_spec_rekey);
	int32_t *carried = WR_NEW_ARRAY(k->plan, int32_t, 2);
	const wr_schema *in = kit_schema(k, "K STRING KEY, V BIGINT");

	carried[0] = 0;
	carried[1] = WR_COL_ROWTIME;
	r->base = (wr_op_spec){ .def = &wr_op_rekey_def, .id = 3, .in = in, .table = table };
	r->base.out = kit_schema(k, "V BIGINT KEY, K STRING, T BIGINT");
	r->nkeys = 1;
	r->keys = list(k, 1, kit_col(k, in, "V"));
	r->carried = carried;
	r->drop_null = drop_null;
	kit_add(k, &r->base);
}

static void group_stream(kit *k)
{
	rekey(k, false, true);
}

static void partition_stream(kit *k)
{
	rekey(k, false, false);
}

static void group_table(kit *k)
{
	rekey(k, true, true);
}

static void rekey_streams(void **state)
{
	const char *rows =
	    "INSERT a 1 @5\nINSERT b null @6\nINSERT_NULL c null @7\nINSERT d 2 @8\n";

	(void)state;
	kit_check((kit){ 0 }, group_stream, rows, "INSERT 1, 'a', 5 @5\nINSERT 2, 'd', 8 @8\n");
	kit_check((kit){ 0 }, partition_stream, rows,
		  "INSERT 1, 'a', 5 @5\nINSERT NULL, 'b', 6 @6\nINSERT_NULL NULL, 'c', 7 @7\n"
		  "INSERT 2, 'd', 8 @8\n");
}

static void rekey_parts_updates(void **state)
{
	(void)state;
	kit_check((kit){ 0 }, group_table,
		  "NEW a 1 @1\nBEFORE a 1 @2\nAFTER a 1 @2\nBEFORE a 1 @3\nAFTER a 2 @3\n"
		  "BEFORE a 2 @4\nAFTER a null @4\nBEFORE a null @5\nAFTER a 3 @5\nGONE b null @6\n"
		  "OLD a 3 @7\n",
		  "NEW 1, 'a', 1 @1\nBEFORE 1, 'a', 2 @2\nAFTER 1, 'a', 2 @2\n"
		  "OLD 1, 'a', 3 @3\nNEW 2, 'a', 3 @3\nOLD 2, 'a', 4 @4\nNEW 3, 'a', 5 @5\n"
		  "OLD 3, 'a', 7 @7\n");
}

/* ---------------------------------------------------------------- unroll */

static void unroll(kit *k)
{
	wr_spec_flatmap *f = WR_NEW(k->plan, wr_spec_flatmap);
	bool *unrolled = WR_NEW_ARRAY(k->plan, bool, 3);
	const wr_schema *in = kit_schema(k, "K STRING KEY, A ARRAY<BIGINT>, B ARRAY<STRING>");

	unrolled[1] = unrolled[2] = true;
	f->base = (wr_op_spec){ .def = &wr_op_flatmap_def, .in = in };
	f->base.out = kit_schema(k, "K STRING KEY, A BIGINT, B STRING");
	f->exprs = list(k, 3, kit_col(k, in, "K"), kit_col(k, in, "A"), kit_col(k, in, "B"));
	f->unrolled = unrolled;
	kit_add(k, &f->base);
}

static void unroll_zips(void **state)
{
	(void)state;
	kit_check((kit){ 0 }, unroll,
		  "INSERT a 1;2 x @1\nINSERT b - null @2\nINSERT c 3;null y;z;w @3\n"
		  "INSERT_NULL d null null @4\nINSERT e - v @5\n",
		  "INSERT 'a', 1, 'x' @1\nINSERT 'a', 2, NULL @1\n"
		  "INSERT 'c', 3, 'y' @3\nINSERT 'c', NULL, 'z' @3\nINSERT 'c', NULL, 'w' @3\n"
		  "INSERT 'e', NULL, 'v' @5\n");
}

/* ---------------------------------------------------------------- row time */

static void rowtime(kit *k, const char *schema, const char *format, bool strict)
{
	wr_spec_rowtime *r = WR_NEW(k->plan, wr_spec_rowtime);

	r->base = (wr_op_spec){ .def = &wr_op_rowtime_def };
	r->base.in = r->base.out = kit_schema(k, schema);
	r->col = 1;
	r->format = format;
	r->strict = strict;
	kit_add(k, &r->base);
}

static void rowtime_number(kit *k)
{
	rowtime(k, "K STRING KEY, T BIGINT", NULL, false);
}

static void rowtime_text(kit *k)
{
	rowtime(k, "K STRING KEY, T STRING", "yyyy-MM-dd", false);
}

static void rowtime_strict(kit *k)
{
	rowtime(k, "K STRING KEY, T BIGINT", NULL, true);
}

static void rowtime_from_column(void **state)
{
	kit world = { 0 };

	(void)state;
	kit_check((kit){ 0 }, rowtime_number,
		  "INSERT a 7 @1\nINSERT b null @2\nINSERT c -1 @3\nBEFORE d 5 @4\nAFTER d 6 @4\n"
		  "BEFORE d 5 @4\nAFTER d null @4\nOLD d 5 @9\n",
		  "INSERT 'a', 7 @7\nBEFORE 'd', 5 @4\nAFTER 'd', 6 @6\nOLD 'd', 5 @9\n");
	kit_check((kit){ 0 }, rowtime_text, "INSERT a 1970-01-02 @1\nINSERT b soon @2\n",
		  "INSERT 'a', '1970-01-02' @86400000\n");
	kit_begin(&world, rowtime_strict);
	assert_int_equal(kit_rows(&world, "INSERT a null @1\n"), WR_FAIL);
	assert_int_equal(world.err.cls, WR_ERR_RUNTIME);
	kit_end(&world);
}

/* ---------------------------------------------------------------- limit */

static void limit(kit *k)
{
	wr_spec_limit *l = WR_NEW(k->plan, wr_spec_limit);

	l->base = (wr_op_spec){ .def = &wr_op_limit_def };
	l->base.in = l->base.out = kit_schema(k, "K STRING KEY, V BIGINT");
	l->n = 2;
	kit_add(k, &l->base);
}

static void limit_counts_changes(void **state)
{
	kit world = { 0 };

	(void)state;
	kit_begin(&world, limit);
	assert_int_equal(kit_rows(&world, "NEW a 1 @1\n"), WR_OK);
	assert_false(world.cx.done);
	assert_int_equal(kit_rows(&world, "BEFORE a 1 @2\nAFTER a 2 @2\nNEW b 3 @3\n"), WR_OK);
	assert_true(world.cx.done);
	assert_string_equal(wr_buf_z(&world.out),
			    "NEW 'a', 1 @1\nBEFORE 'a', 1 @2\nAFTER 'a', 2 @2\n");
	kit_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_keeps_true_rows), cmocka_unit_test(filter_mends_updates),
		cmocka_unit_test(project_computes),	  cmocka_unit_test(rekey_streams),
		cmocka_unit_test(rekey_parts_updates),	  cmocka_unit_test(unroll_zips),
		cmocka_unit_test(rowtime_from_column),	  cmocka_unit_test(limit_counts_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

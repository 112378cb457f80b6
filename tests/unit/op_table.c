/* The table operator and the stream-table join: what is kept per key. */
#include "op_kit.h"

static void table(kit *k)
{
	wr_spec_table *t = WR_NEW(k->plan, wr_spec_table);

	t->base = (wr_op_spec){ .def = &wr_op_table_def, .id = 1, .table = true };
	t->base.in = t->base.out =
	    kit_schema(k, "K STRING KEY, V BIGINT, D DECIMAL(10;2), A ARRAY<STRING>, S STRING");
	t->materialise = true;
	kit_add(k, &t->base);
}

static void keeps_old_images(void **state)
{
	(void)state;
	kit_check(
	    (kit){ 0 }, table,
	    "NEW a 1 1.50 x;y s1 @1\nNEW b 2 null null null @2\nNEW a 3 2.25 z s2 @3\n"
	    "GONE c null null null null @4\nNEW a 3 2.25 z s2 @5\nGONE a null null null null @6\n"
	    "GONE a null null null null @7\nNEW a 9 0.00 - s3 @8\nNEW b 2 5.00 null null @9\n",
	    "NEW 'a', 1, 1.50, ARRAY['x', 'y'], 's1' @1\n"
	    "NEW 'b', 2, NULL, NULL, NULL @2\n"
	    "BEFORE 'a', 1, 1.50, ARRAY['x', 'y'], 's1' @3\n"
	    "AFTER 'a', 3, 2.25, ARRAY['z'], 's2' @3\n"
	    "GONE 'c', NULL, NULL, NULL, NULL @4\n"
	    "BEFORE 'a', 3, 2.25, ARRAY['z'], 's2' @5\n"
	    "AFTER 'a', 3, 2.25, ARRAY['z'], 's2' @5\n"
	    "OLD 'a', 3, 2.25, ARRAY['z'], 's2' @6\n"
	    "GONE 'a', NULL, NULL, NULL, NULL @7\n"
	    "NEW 'a', 9, 0.00, ARRAY[], 's3' @8\n"
	    "BEFORE 'b', 2, NULL, NULL, NULL @9\n"
	    "AFTER 'b', 2, 5.00, NULL, NULL @9\n");
}

static void fills_absent_columns(void **state)
{
	(void)state;
	kit_check(
	    (kit){ 0 }, table,
	    "absent 4 NEW a 1 1.50 x null @1\nNEW a 2 1.50 x s @2\n"
	    "absent 4 NEW a 3 1.50 y null @3\nabsent 3 NEW a 4 1.50 null t @4\nNEW a 5 1.50 z u @5\n",
	    "NEW 'a', 1, 1.50, ARRAY['x'], NULL @1\n"
	    "BEFORE 'a', 1, 1.50, ARRAY['x'], NULL @2\n"
	    "AFTER 'a', 2, 1.50, ARRAY['x'], 's' @2\n"
	    "BEFORE 'a', 2, 1.50, ARRAY['x'], 's' @3\n"
	    "AFTER 'a', 3, 1.50, ARRAY['y'], 's' @3\n"
	    "BEFORE 'a', 3, 1.50, ARRAY['y'], 's' @4\n"
	    "AFTER 'a', 4, 1.50, ARRAY['y'], 't' @4\n"
	    "BEFORE 'a', 4, 1.50, ARRAY['y'], 't' @5\n"
	    "AFTER 'a', 5, 1.50, ARRAY['z'], 'u' @5\n");
}

static void keeps_the_events_own_images(void **state)
{
	(void)state;
	kit_check((kit){ 0 }, table,
		  "NEW a 1 null null x @1\nBEFORE a 7 null null y @2\nAFTER a 2 null null z @2\n"
		  "OLD a 8 null null w @3\nNEW a 4 null null v @4\nGONE a null null null null @5\n",
		  "NEW 'a', 1, NULL, NULL, 'x' @1\n"
		  "BEFORE 'a', 7, NULL, NULL, 'y' @2\nAFTER 'a', 2, NULL, NULL, 'z' @2\n"
		  "OLD 'a', 8, NULL, NULL, 'w' @3\nNEW 'a', 4, NULL, NULL, 'v' @4\n"
		  "OLD 'a', 4, NULL, NULL, 'v' @5\n");
}

static void truncation_takes_all_rows(void **state)
{
	(void)state;
	kit_check(
	    (kit){ 0 }, table,
	    "NEW b 1 null null x @1\nNEW a 2 null null y @2\nTRUNCATE null null null null null @5\n"
	    "NEW a 3 null null z @5\nTRUNCATE null null null null null @6\n"
	    "GONE a null null null null @7\n",
	    "NEW 'b', 1, NULL, NULL, 'x' @1\nNEW 'a', 2, NULL, NULL, 'y' @2\n"
	    "OLD 'a', 2, NULL, NULL, 'y' @5\nOLD 'b', 1, NULL, NULL, 'x' @5\n"
	    "NEW 'a', 3, NULL, NULL, 'z' @5\nOLD 'a', 3, NULL, NULL, 'z' @6\n"
	    "GONE 'a', NULL, NULL, NULL, NULL @7\n");
	/* other partitions: by time */
	kit_check(
	    (kit){ 0 }, table,
	    "NEW a 1 null null x @9 p1\nNEW b 2 null null y @4 p1\nTRUNCATE null null null null null @5 p0\n"
	    "NEW c 3 null null z @4 p1\nNEW d 4 null null w @4 p0\nNEW e 5 null null v @6 p1\n",
	    "NEW 'a', 1, NULL, NULL, 'x' @9\nNEW 'b', 2, NULL, NULL, 'y' @4\n"
	    "OLD 'b', 2, NULL, NULL, 'y' @5\nNEW 'd', 4, NULL, NULL, 'w' @4\nNEW 'e', 5, NULL, NULL, 'v' @6\n");
}

static void pass(kit *k)
{
	table(k);
	((wr_spec_table *)(uintptr_t)k->specs[0])->materialise = false;
}

static void truncation_of_rows_not_kept_stops_the_query(void **state)
{
	kit world = { 0 };

	(void)state;
	kit_begin(&world, pass);
	assert_int_equal(kit_rows(&world,
				  "NEW b 1 null null x @1\nTRUNCATE null null null null null @5\n"),
			 WR_FAIL);
	assert_int_equal(world.err.cls, WR_ERR_RUNTIME);
	kit_end(&world);
}

static void passes_when_nobody_asks(void **state)
{
	(void)state;
	kit_check((kit){ 0 }, pass,
		  "NEW a 1 null null x @1\nNEW a 2 null null x @2\nGONE a null null null null @3\n",
		  "NEW 'a', 1, NULL, NULL, 'x' @1\nNEW 'a', 2, NULL, NULL, 'x' @2\n"
		  "GONE 'a', NULL, NULL, NULL, NULL @3\n");
}

/* ---------------------------------------------------------------- stream-table join */

static void join(kit *k, bool left)
{
	wr_spec_join_table *j = WR_NEW(k->plan, wr_spec_join_table);
	int32_t *from = WR_NEW_ARRAY(k->plan, int32_t, 4);

	from[1] = 1;
	from[2] = ~2;
	from[3] = ~0;
	j->base = (wr_op_spec){ .def = &wr_op_join_table_def, .id = 2 };
	j->base.in = kit_schema(k, "O BIGINT KEY, C STRING");
	j->base.out = kit_schema(k, "O BIGINT KEY, C STRING, NAME STRING, CC STRING");
	j->right = k->right = kit_schema(k, "C STRING KEY, X BIGINT, NAME STRING");
	j->key = kit_col(k, j->base.in, "C");
	j->left_outer = left;
	j->from = from;
	kit_add(k, &j->base);
}

static void inner(kit *k)
{
	join(k, false);
}

static void left(kit *k)
{
	join(k, true);
}

static const char join_rows[] =
    "INSERT 1 c1 @1\nright NEW c1 5 Ann @2\nINSERT 2 c1 @3\n"
    "INSERT 3 null @4\nINSERT_NULL 4 null @5\nINSERT 5 c1 @6\n"
    "right BEFORE c1 5 Ann @7\nright AFTER c1 6 Eve @7\n"
    "right NEW c2 1 null @8\nINSERT 6 c1 @9\nINSERT 7 c2 @9\n"
    "right OLD c1 6 Eve @10\nINSERT 8 c1 @11\nright GONE c2 null null @12\n"
    "INSERT 9 c2 @13\n";

static void joins_as_it_is_now(void **state)
{
	(void)state;
	kit_check((kit){ 0 }, inner, join_rows,
		  "INSERT 2, 'c1', 'Ann', 'c1' @3\nINSERT 5, 'c1', 'Ann', 'c1' @6\n"
		  "INSERT 6, 'c1', 'Eve', 'c1' @9\nINSERT 7, 'c2', NULL, 'c2' @9\n");
	kit_check((kit){ 0 }, left, join_rows,
		  "INSERT 1, 'c1', NULL, NULL @1\nINSERT 2, 'c1', 'Ann', 'c1' @3\n"
		  "INSERT 3, NULL, NULL, NULL @4\nINSERT 5, 'c1', 'Ann', 'c1' @6\n"
		  "INSERT 6, 'c1', 'Eve', 'c1' @9\nINSERT 7, 'c2', NULL, 'c2' @9\n"
		  "INSERT 8, 'c1', NULL, NULL @11\nINSERT 9, 'c2', NULL, NULL @13\n");
}

static void counts_what_it_drops(void **state)
{
	kit world = { 0 };

	(void)state;
	kit_begin(&world, inner);
	assert_int_equal(kit_rows(&world, join_rows), WR_OK);
	assert_int_equal(world.ops[0]->stats.null_key, 1);
	assert_int_equal(world.ops[0]->stats.unmatched, 3);
	kit_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_old_images),
		cmocka_unit_test(fills_absent_columns),
		cmocka_unit_test(keeps_the_events_own_images),
		cmocka_unit_test(passes_when_nobody_asks),
		cmocka_unit_test(truncation_takes_all_rows),
		cmocka_unit_test(truncation_of_rows_not_kept_stops_the_query),
		cmocka_unit_test(joins_as_it_is_now),
		cmocka_unit_test(counts_what_it_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Table-table and stream-stream joins. */
#include "op_kit.h"

static wr_join_kind kind;
static int64_t grace, before = 10, after = 10;

static void tables(kit *k)
{
	wr_spec_join_tables *j = WR_NEW(k->plan, wr_spec_join_tables);
	int32_t *from = WR_NEW_ARRAY(k->plan, int32_t, 4);

	from[1] = 1;
	from[2] = ~1;
	from[3] = ~0;
	j->base = (wr_op_spec){ .def = &wr_op_join_tables_def, .id = 2, .table = true };
	j->base.in = kit_schema(k, "K BIGINT KEY, A STRING");
	j->base.out = kit_schema(k, "K BIGINT KEY, A STRING, B STRING, KR BIGINT");
	j->right = k->right = kit_schema(k, "K BIGINT KEY, B STRING");
	j->kind = kind;
	j->from = from;
	kit_add(k, &j->base);
}

static const char table_rows[] = "NEW 1 a @5\nright NEW 1 x @3\nright BEFORE 1 x @9\n"
				 "right AFTER 1 y @9\nBEFORE 1 a @7\nAFTER 1 b @7\n"
				 "right NEW 2 z @10\nGONE 1 null @11\nGONE 1 null @12\n"
				 "right OLD 1 y @13\nright GONE 1 null @14\n";

static void inner_tables(void **state)
{
	(void)state;
	kind = WR_JOINS_INNER;
	kit_check((kit){ 0 }, tables, table_rows,
		  "NEW 1, 'a', 'x', 1 @5\nBEFORE 1, 'a', 'x', 1 @9\nAFTER 1, 'a', 'y', 1 @9\n"
		  "BEFORE 1, 'a', 'y', 1 @9\nAFTER 1, 'b', 'y', 1 @9\nOLD 1, 'b', 'y', 1 @11\n");
}

static void outer_tables(void **state)
{
	(void)state;
	kind = WR_JOINS_LEFT;
	kit_check(
	    (kit){ 0 }, tables, table_rows,
	    "NEW 1, 'a', NULL, NULL @5\nBEFORE 1, 'a', NULL, NULL @5\nAFTER 1, 'a', 'x', 1 @5\n"
	    "BEFORE 1, 'a', 'x', 1 @9\nAFTER 1, 'a', 'y', 1 @9\n"
	    "BEFORE 1, 'a', 'y', 1 @9\nAFTER 1, 'b', 'y', 1 @9\nOLD 1, 'b', 'y', 1 @11\n");
	kind = WR_JOINS_FULL;
	kit_check(
	    (kit){ 0 }, tables, table_rows,
	    "NEW 1, 'a', NULL, NULL @5\nBEFORE 1, 'a', NULL, NULL @5\nAFTER 1, 'a', 'x', 1 @5\n"
	    "BEFORE 1, 'a', 'x', 1 @9\nAFTER 1, 'a', 'y', 1 @9\n"
	    "BEFORE 1, 'a', 'y', 1 @9\nAFTER 1, 'b', 'y', 1 @9\nNEW 2, NULL, 'z', 2 @10\n"
	    "BEFORE 1, 'b', 'y', 1 @11\nAFTER 1, NULL, 'y', 1 @11\nOLD 1, NULL, 'y', 1 @13\n");
	kind = WR_JOINS_RIGHT;
	kit_check((kit){ 0 }, tables,
		  "NEW 1 a @5\nright NEW 1 x @3\nOLD 1 a @6\nright OLD 1 x @7\n",
		  "NEW 1, 'a', 'x', 1 @5\nBEFORE 1, 'a', 'x', 1 @6\nAFTER 1, NULL, 'x', 1 @6\n"
		  "OLD 1, NULL, 'x', 1 @7\n");
}

/* ---------------------------------------------------------------- foreign key */

static void foreign(kit *k)
{
	wr_spec_join_foreign *j = WR_NEW(k->plan, wr_spec_join_foreign);
	int32_t *from = WR_NEW_ARRAY(k->plan, int32_t, 4);

	from[1] = 1;
	from[2] = ~0;
	from[3] = ~1;
	j->base = (wr_op_spec){ .def = &wr_op_join_foreign_def, .id = 2, .table = true };
	j->base.in = kit_schema(k, "O BIGINT KEY, A STRING, C STRING");
	j->base.out = kit_schema(k, "O BIGINT KEY, A STRING, C STRING, NAME STRING");
	j->right = k->right = kit_schema(k, "C STRING KEY, NAME STRING");
	j->nforeign = 1;
	j->foreign = WR_NEW_ARRAY(k->plan, const wr_expr *, 1);
	((const wr_expr **)j->foreign)[0] = kit_col(k, j->base.in, "C");
	j->kind = kind;
	j->from = from;
	kit_add(k, &j->base);
}

static const char foreign_rows[] = "right NEW c1 Ann @0\nNEW 1 x c1 @10\nNEW 2 y c9 @13\n"
				   "right BEFORE c1 Ann @15\nright AFTER c1 Eve @15\n"
				   "NEW 10 z c1 @16\nBEFORE 1 x c1 @17\nAFTER 1 w c1 @17\n"
				   "BEFORE 10 z c1 @18\nAFTER 10 z c9 @18\nright NEW c9 Zoe @19\n"
				   "BEFORE 10 z c9 @20\nAFTER 10 z null @20\nright OLD c1 Eve @21\n"
				   "right GONE c1 null @22\nOLD 1 w c1 @23\nOLD 2 y c9 @18\n"
				   "GONE 5 null null @24\n";

static void foreign_keys(void **state)
{
	(void)state;
	kind = WR_JOINS_INNER;
	kit_check((kit){ 0 }, foreign, foreign_rows,
		  "NEW 1, 'x', 'c1', 'Ann' @10\n"
		  "BEFORE 1, 'x', 'c1', 'Ann' @15\nAFTER 1, 'x', 'c1', 'Eve' @15\n"
		  "NEW 10, 'z', 'c1', 'Eve' @16\n"
		  "BEFORE 1, 'x', 'c1', 'Eve' @17\nAFTER 1, 'w', 'c1', 'Eve' @17\n"
		  "OLD 10, 'z', 'c1', 'Eve' @18\n"
		  "NEW 2, 'y', 'c9', 'Zoe' @19\nNEW 10, 'z', 'c9', 'Zoe' @19\n"
		  "OLD 10, 'z', 'c9', 'Zoe' @20\nOLD 1, 'w', 'c1', 'Eve' @21\n"
		  "OLD 2, 'y', 'c9', 'Zoe' @19\n");
	kind = WR_JOINS_LEFT;
	kit_check((kit){ 0 }, foreign, foreign_rows,
		  "NEW 1, 'x', 'c1', 'Ann' @10\nNEW 2, 'y', NULL, NULL @13\n"
		  "BEFORE 1, 'x', 'c1', 'Ann' @15\nAFTER 1, 'x', 'c1', 'Eve' @15\n"
		  "NEW 10, 'z', 'c1', 'Eve' @16\n"
		  "BEFORE 1, 'x', 'c1', 'Eve' @17\nAFTER 1, 'w', 'c1', 'Eve' @17\n"
		  "BEFORE 10, 'z', 'c1', 'Eve' @18\nAFTER 10, 'z', NULL, NULL @18\n"
		  "BEFORE 2, 'y', NULL, NULL @19\nAFTER 2, 'y', 'c9', 'Zoe' @19\n"
		  "BEFORE 10, 'z', NULL, NULL @19\nAFTER 10, 'z', 'c9', 'Zoe' @19\n"
		  "BEFORE 10, 'z', 'c9', 'Zoe' @20\nAFTER 10, 'z', NULL, NULL @20\n"
		  "BEFORE 1, 'w', 'c1', 'Eve' @21\nAFTER 1, 'w', NULL, NULL @21\n"
		  "OLD 1, 'w', NULL, NULL @23\nOLD 2, 'y', 'c9', 'Zoe' @19\n");
	kind = WR_JOINS_INNER;
	kit_check((kit){ .local_time = true }, foreign, "NEW 2 y c9 @13\nOLD 2 y c9 @18\n",
		  "GONE 2, NULL, NULL, NULL @18\n");
	kit_check((kit){ .local_time = true }, foreign,
		  "NEW 2 y null @13\nBEFORE 2 y null @14\nAFTER 2 y c9 @14\n"
		  "BEFORE 2 y c9 @15\nAFTER 2 y null @15\nOLD 2 y null @18\n",
		  "GONE 2, NULL, NULL, NULL @15\n");
}

/* ---------------------------------------------------------------- streams */

static void streams(kit *k)
{
	wr_spec_join_streams *j = WR_NEW(k->plan, wr_spec_join_streams);
	int32_t *from = WR_NEW_ARRAY(k->plan, int32_t, 3);

	from[1] = 1;
	from[2] = ~1;
	j->base = (wr_op_spec){ .def = &wr_op_join_streams_def, .id = 2 };
	j->base.in = kit_schema(k, "K BIGINT KEY, A STRING");
	j->base.out = kit_schema(k, "K BIGINT KEY, A STRING, B STRING");
	j->right = k->right = kit_schema(k, "K BIGINT KEY, B STRING");
	j->kind = kind;
	j->before = before;
	j->after = after;
	j->grace = grace;
	j->from = from;
	kit_add(k, &j->base);
}

static void streams_meet_within(void **state)
{
	const char *rows =
	    "INSERT 1 a @0\nright INSERT 1 x @10\nright INSERT 1 y @11\nINSERT 1 b @20\n"
	    "INSERT 2 c @20\nright INSERT 2 z @9\nright INSERT_NULL 2 null @20\n"
	    "INSERT null d @21\nright INSERT 1 w @5\n";

	(void)state;
	kind = WR_JOINS_INNER;
	grace = -1;
	kit_check((kit){ 0 }, streams, rows,
		  "INSERT 1, 'a', 'x' @10\nINSERT 1, 'b', 'x' @20\nINSERT 1, 'b', 'y' @20\n"
		  "INSERT 1, 'a', 'w' @5\n");
	kind = WR_JOINS_LEFT;
	kit_check((kit){ 0 }, streams, rows,
		  "INSERT 1, 'a', NULL @0\nINSERT 1, 'a', 'x' @10\nINSERT 1, 'b', 'x' @20\n"
		  "INSERT 1, 'b', 'y' @20\nINSERT 2, 'c', NULL @20\nINSERT NULL, 'd', NULL @21\n"
		  "INSERT 1, 'a', 'w' @5\n");
}

static void lonely_rows_wait(void **state)
{
	const char *rows =
	    "INSERT 1 a @0\nright INSERT 2 x @2\nINSERT 2 b @3\nright INSERT 3 y @1\n"
	    "INSERT 4 c @15\nright INSERT 5 z @16\nright INSERT 5 v @17\n";

	(void)state;
	kind = WR_JOINS_FULL;
	grace = 5;
	kit_check((kit){ .local_time = true }, streams, rows,
		  "INSERT 2, 'b', 'x' @3\nINSERT 1, 'a', NULL @0\nINSERT 3, NULL, 'y' @1\n");
	kit_check(
	    (kit){ 0 }, streams,
	    "INSERT 1 a @0\nright INSERT 2 x @2\nINSERT 2 b @3\nright INSERT 3 y @1\ntime 15\ntime 16\n"
	    "time 17\nend\n",
	    "INSERT 2, 'b', 'x' @3\nINSERT 1, 'a', NULL @0\nINSERT 3, NULL, 'y' @1\n");
}

/* Sides of different reach: each leaves when its own is over. */
static void reach_may_differ(void **state)
{
	(void)state;
	kind = WR_JOINS_FULL;
	grace = 0;
	before = 2;
	after = 10;
	kit_check((kit){ 0 }, streams,
		  "INSERT 1 a @0\nright INSERT 2 x @0\ntime 3\ntime 10\ntime 11\n",
		  "INSERT 2, NULL, 'x' @0\nINSERT 1, 'a', NULL @0\n");
	before = 10;
}

static void old_rows_are_forgotten(void **state)
{
	kit world = { .cut = 1 };
	wr_str key, value;
	wr_view *v;
	int n = 0;

	(void)state;
	kind = WR_JOINS_INNER;
	grace = 5;
	kit_begin(&world, streams);
	assert_int_equal(
	    kit_rows(&world,
		     "INSERT 1 a @0\nright INSERT 2 c @3\nINSERT 1 b @30\ntime 26\nbarrier\n"),
	    WR_OK);
	v = wr_view_open(world.state, 2, (wr_str){ NULL, 0 }, (wr_str){ NULL, 0 });
	while (wr_view_next(v, &key, &value))
		n++;
	wr_view_close(v);
	assert_int_equal(n, 2);
	assert_int_equal(kit_rows(&world, "time 29\nbarrier\n"), WR_OK);
	v = wr_view_open(world.state, 2, (wr_str){ NULL, 0 }, (wr_str){ NULL, 0 });
	for (n = 0; wr_view_next(v, &key, &value);)
		n++;
	wr_view_close(v);
	assert_int_equal(n, 1);
	kit_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inner_tables),		  cmocka_unit_test(outer_tables),
		cmocka_unit_test(foreign_keys),		  cmocka_unit_test(streams_meet_within),
		cmocka_unit_test(lonely_rows_wait),	  cmocka_unit_test(reach_may_differ),
		cmocka_unit_test(old_rows_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

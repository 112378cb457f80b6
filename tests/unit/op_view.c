/* What tables and aggregates keep, read from outside. */
#include "op_kit.h"

#include "operators/view.h"

/* The rows of operator 0 in [from, to), one per line. */
static const char *seen(kit *k, wr_op_view *v, wr_str from, wr_str to)
{
	wr_view *it;
	wr_str key, value;
	wr_batch b;

	wr_batch_init(&b, k->batch, k->specs[0]->out, 1);
	it = wr_view_open(k->state, k->specs[0]->id, from, to);
	while (wr_view_next(it, &key, &value))
		assert_true(wr_op_view_add(v, key, value, &b));
	wr_view_close(it);
	wr_buf_reset(&k->out);
	for (uint32_t i = 0; i < b.n; i++)
		kit_print(k, &b, i);
	return wr_buf_z(&k->out);
}

static const wr_str open_end = { NULL, 0 };

static wr_op_view *view(kit *k)
{
	wr_op_view *v;

	if (wr_op_view_open(k->plan, k->specs[0], NULL, &v, &k->err) != WR_OK)
		fail_msg("%s", k->err.message);
	return v;
}

static void table(kit *k)
{
	wr_spec_table *t = WR_NEW(k->plan, wr_spec_table);

	t->base = (wr_op_spec){ .def = &wr_op_table_def, .id = 1, .table = true };
	t->base.in = t->base.out = kit_schema(k, "K BIGINT KEY, V BIGINT, S STRING");
	t->materialise = true;
	kit_add(k, &t->base);
}

static void tables_are_seen(void **state)
{
	kit world = { 0 }, *k = &world;
	char rows[2000];
	wr_buf from = { 0 }, to = { 0 };
	wr_op_view *v;
	wr_vec key;

	(void)state;
	kit_begin(k, table);
	/* a row too long for its payload, and short again */
	snprintf(rows, sizeof(rows),
		 "NEW 2 5 %0500d @7\nNEW 1 null b @8\nNEW 3 3 c @9\nGONE 3 null null @10\n", 7);
	assert_int_equal(kit_rows(k, rows), WR_OK);
	kit_barrier(k);
	v = view(k);
	snprintf(rows, sizeof(rows), "NEW 1, NULL, 'b' @8\nNEW 2, 5, '%0500d' @7\n", 7);
	assert_string_equal(seen(k, v, open_end, open_end), rows);
	assert_int_equal(kit_rows(k, "NEW 2 6 x @11\n"), WR_OK);
	kit_barrier(k);
	assert_string_equal(seen(k, v, open_end, open_end),
			    "NEW 1, NULL, 'b' @8\nNEW 2, 6, 'x' @11\n");
	wr_vec_init(&key, k->plan, wr_type_of(WR_BIGINT), 1);
	kit_value(&key, k->plan, "2");
	wr_op_view_range(v, &key, 0, WR_TIME_NONE, &from, &to);
	assert_string_equal(seen(k, v, wr_buf_view(&from), wr_buf_view(&to)),
			    "NEW 2, 6, 'x' @11\n");
	wr_buf_free(&from);
	wr_buf_free(&to);
	kit_end(k);
}

static wr_window_spec window;

static void counts(kit *k)
{
	wr_spec_aggregate *s = WR_NEW(k->plan, wr_spec_aggregate);
	wr_agg_spec *aggs = WR_NEW_ARRAY(k->plan, wr_agg_spec, 1);

	s->base = (wr_op_spec){ .def = &wr_op_aggregate_def, .id = 1, .table = true };
	s->base.in = kit_schema(k, "G STRING KEY, V BIGINT");
	s->base.out = kit_schema(k, "G STRING KEY, S BIGINT");
	aggs[0] = kit_agg(k, "SUM", kit_col(k, s->base.in, "V"));
	s->aggs = aggs;
	s->naggs = 1;
	s->window = window;
	kit_add(k, &s->base);
}

static void groups_are_seen(void **state)
{
	static const char rows[] = "INSERT b 1 @1\nINSERT a 2 @2\nINSERT b 4 @13\n";
	kit world = { 0 }, *k = &world;
	wr_buf from = { 0 }, to = { 0 };

	(void)state;
	window = (wr_window_spec){ 0 };
	kit_begin(k, counts);
	assert_int_equal(kit_rows(k, rows), WR_OK);
	kit_barrier(k);
	assert_string_equal(seen(k, view(k), open_end, open_end),
			    "NEW 'a', 2 @2\nNEW 'b', 5 @13\n");
	kit_end(k);

	window = (wr_window_spec){ .kind = WR_WINDOW_TUMBLING, .size = 10, .advance = 10 };
	world = (kit){ 0 };
	kit_begin(k, counts);
	assert_int_equal(kit_rows(k, rows), WR_OK);
	kit_barrier(k);
	assert_string_equal(seen(k, view(k), open_end, open_end),
			    "NEW 'a', 2 @2 [0,10)\nNEW 'b', 1 @1 [0,10)\nNEW 'b', 4 @13 [10,20)\n");
	wr_op_view_starts(10, INT64_MAX, &from, &to);
	assert_string_equal(seen(k, view(k), wr_buf_view(&from), wr_buf_view(&to)),
			    "NEW 'b', 4 @13 [10,20)\n");
	wr_op_view_starts(0, 9, &from, &to);
	assert_string_equal(seen(k, view(k), wr_buf_view(&from), wr_buf_view(&to)),
			    "NEW 'a', 2 @2 [0,10)\nNEW 'b', 1 @1 [0,10)\n");
	wr_buf_free(&from);
	wr_buf_free(&to);
	kit_end(k);

	window = (wr_window_spec){ .kind = WR_WINDOW_SESSION, .size = 5 };
	world = (kit){ 0 };
	kit_begin(k, counts);
	assert_int_equal(kit_rows(k, "INSERT b 1 @1\nINSERT b 4 @13\nINSERT b 2 @15\n"), WR_OK);
	kit_barrier(k);
	assert_string_equal(seen(k, view(k), open_end, open_end),
			    "NEW 'b', 1 @1 [1,1)\nNEW 'b', 6 @15 [13,15)\n");
	kit_end(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_seen),
		cmocka_unit_test(groups_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

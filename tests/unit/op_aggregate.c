/* GROUP BY: plain groups, windows, sessions, EMIT FINAL, retraction, changes merged between commits. */
#include "op_kit.h"

typedef struct shape {
	const char *in, *out;
	const char *names[3], *args[3]; /* aggregates */
	wr_window_spec window;
	bool from_table, emit_final, lose, no_before;
} shape;

static shape the; /* what `aggregate` builds */

static void aggregate(kit *k)
{
	wr_spec_aggregate *s = WR_NEW(k->plan, wr_spec_aggregate);
	wr_agg_spec *aggs = WR_NEW_ARRAY(k->plan, wr_agg_spec, 3);
	int32_t *pk = WR_NEW_ARRAY(k->plan, int32_t, 1);

	s->base = (wr_op_spec){ .def = &wr_op_aggregate_def, .id = 5, .table = true };
	s->base.in = kit_schema(k, the.in);
	s->base.out = kit_schema(k, the.out);
	while (s->naggs < 3 && the.names[s->naggs]) {
		const char *arg = the.args[s->naggs];

		aggs[s->naggs] =
		    kit_agg(k, the.names[s->naggs], arg ? kit_col(k, s->base.in, arg) : NULL);
		s->naggs++;
	}
	pk[0] = (int32_t)s->base.in->n - 1;
	s->aggs = aggs;
	s->window = the.window;
	s->from_table = the.from_table;
	s->npk = 1;
	s->pk = pk;
	s->emit_final = the.emit_final;
	s->lose_late_finals = the.lose;
	s->no_before = the.no_before;
	kit_add(k, &s->base);
}

static const shape counting = { .in = "G STRING KEY, V BIGINT",
				.out = "G STRING KEY, N BIGINT, S BIGINT",
				.names = { "COUNT", "SUM" },
				.args = { NULL, "V" } };

static void one_change_per_row(void **state)
{
	const char *rows = "INSERT a 5 @10\nINSERT b 1 @11\nINSERT a 2 @9\nINSERT null 1 @12\n"
			   "INSERT_NULL a null @13\nINSERT a null @14\n";

	(void)state;
	the = counting;
	kit_check(
	    (kit){ 0 }, aggregate, rows,
	    "NEW 'a', 1, 5 @10\nNEW 'b', 1, 1 @11\nBEFORE 'a', 1, 5 @10\nAFTER 'a', 2, 7 @10\n"
	    "BEFORE 'a', 2, 7 @14\nAFTER 'a', 3, 7 @14\n");
	the.no_before = true;
	kit_check((kit){ 0 }, aggregate, rows,
		  "NEW 'a', 1, 5 @10\nNEW 'b', 1, 1 @11\nNEW 'a', 2, 7 @10\nNEW 'a', 3, 7 @14\n");
}

static void a_sum_out_of_range_stops_the_query(void **state)
{
	kit world = { 0 };

	(void)state;
	the = counting;
	the.in = "G STRING KEY, V DECIMAL(4;2)";
	the.out = "G STRING KEY, N BIGINT, S DECIMAL(4;2)";
	kit_begin(&world, aggregate);
	assert_int_equal(kit_rows(&world, "INSERT a 99.99 @1\nINSERT a 0.01 @2\n"), WR_FAIL);
	assert_int_equal(world.err.cls, WR_ERR_RUNTIME);
	kit_end(&world);
}

/* ---------------------------------------------------------------- tables */

static const shape retracting = { .in = "G STRING KEY, V BIGINT, ID BIGINT",
				  .out = "G STRING KEY, N BIGINT, S BIGINT",
				  .names = { "COUNT", "SUM" },
				  .args = { NULL, "V" },
				  .from_table = true };

static void an_update_is_one_change(void **state)
{
	(void)state;
	the = retracting;
	kit_check((kit){ 0 }, aggregate,
		  "NEW a 5 1 @1\nNEW a 3 2 @2\nBEFORE a 5 1 @3\nAFTER a 6 1 @3\n"
		  "OLD a 6 1 @4\nNEW b 6 1 @4\nGONE c null 7 @5\nOLD c 1 9 @6\nOLD a 3 2 @7\n"
		  "BEFORE d 1 4 @8\nAFTER d 2 4 @8\n",
		  "NEW 'a', 1, 5 @1\nBEFORE 'a', 1, 5 @2\nAFTER 'a', 2, 8 @2\n"
		  "BEFORE 'a', 2, 8 @3\nAFTER 'a', 2, 9 @3\n"
		  "BEFORE 'a', 2, 9 @4\nAFTER 'a', 1, 3 @4\nNEW 'b', 1, 6 @4\n"
		  "BEFORE 'a', 1, 3 @7\nAFTER 'a', 0, 0 @7\n"
		  "NEW 'd', 1, 2 @8\n");
}

static void minimum_and_maximum_retract(void **state)
{
	(void)state;
	the = retracting;
	the.names[0] = "MIN";
	the.names[1] = "MAX";
	the.args[0] = "V";
	the.no_before = true;
	kit_check(
	    (kit){ 0 }, aggregate,
	    "NEW a 5 1 @1\nNEW a 3 2 @2\nNEW a 5 3 @3\nNEW a null 4 @3\nOLD a 3 2 @4\nOLD a 5 1 @5\n"
	    "BEFORE a 5 3 @6\nAFTER a -7 3 @6\nNEW b 1 9 @6\nNEW a 4 5 @6\nOLD a -7 3 @7\nOLD a 4 5 @8\n"
	    "OLD a null 4 @9\nNEW a 2 6 @10\n",
	    "NEW 'a', 5, 5 @1\nNEW 'a', 3, 5 @2\nNEW 'a', 3, 5 @3\nNEW 'a', 3, 5 @3\nNEW 'a', 5, 5 @4\n"
	    "NEW 'a', 5, 5 @5\nNEW 'a', -7, -7 @6\nNEW 'b', 1, 1 @6\nNEW 'a', -7, 4 @6\n"
	    "NEW 'a', 4, 4 @7\nNEW 'a', NULL, NULL @8\nNEW 'a', NULL, NULL @9\nNEW 'a', 2, 2 @10\n");
}

static void order_of_arrival_retracts(void **state)
{
	(void)state;
	the = retracting;
	the.names[0] = "EARLIEST_BY_OFFSET";
	the.names[1] = "LATEST_BY_OFFSET";
	the.args[0] = "V";
	the.no_before = true;
	kit_check(
	    (kit){ 0 }, aggregate,
	    "NEW a 5 1 @1\nNEW a 3 2 @2\nNEW a 4 3 @3\nOLD a 5 1 @4\nBEFORE a 3 2 @5\nAFTER a 8 2 @5\n"
	    "OLD a 8 2 @6\nOLD a 4 3 @7\n",
	    "NEW 'a', 5, 5 @1\nNEW 'a', 5, 3 @2\nNEW 'a', 5, 4 @3\nNEW 'a', 3, 4 @4\n"
	    "NEW 'a', 4, 8 @5\nNEW 'a', 4, 4 @6\nNEW 'a', NULL, NULL @7\n");
}

enum { PKS = 40, GROUPS = 3, NONE = INT32_MIN };

/* The model: the value and group of each row. */
typedef struct model {
	int value[PKS], group[PKS];
} model;

static void model_line(const model *m, int g, char *to, size_t room)
{
	int min = NONE, max = NONE;

	for (int i = 0; i < PKS; i++) {
		if (m->group[i] != g || m->value[i] == NONE)
			continue;
		min = min == NONE || m->value[i] < min ? m->value[i] : min;
		max = max == NONE || m->value[i] > max ? m->value[i] : max;
	}
	if (min == NONE)
		snprintf(to, room, "NEW 'g%d', NULL, NULL @1\n", g);
	else
		snprintf(to, room, "NEW 'g%d', %d, %d @1\n", g, min, max);
}

static void image(char *to, size_t room, const char *kind, int pk, int g, int v)
{
	if (v == NONE)
		snprintf(to, room, "%s g%d null %d @1\n", kind, g, pk);
	else
		snprintf(to, room, "%s g%d %d %d @1\n", kind, g, v, pk);
}

/* A row appears, goes, changes its value or its group; each group's result is the model's after every change. */
static void random_change(kit *k, model *m)
{
	char rows[200], line[100], want[200] = "";
	int pk = rand() % PKS, old = m->group[pk], ov = m->value[pk];
	int g = rand() % 4 == 0 ? NONE : rand() % GROUPS, v = rand() % 10 == 0 ? NONE : rand() % 12;

	rows[0] = 0;
	if (old != NONE)
		image(rows, sizeof(rows), old == g ? "BEFORE" : "OLD", pk, old, ov);
	if (g != NONE) {
		image(line, sizeof(line), old == g ? "AFTER" : "NEW", pk, g, v);
		strcat(rows, line);
	}
	if (old != NONE && old != g) {
		m->group[pk] = NONE;
		model_line(m, old, want, sizeof(want));
	}
	m->group[pk] = g;
	m->value[pk] = v;
	if (g != NONE) {
		model_line(m, g, line, sizeof(line));
		strcat(want, line);
	}
	wr_buf_reset(&k->out);
	if (kit_rows(k, rows) != WR_OK)
		fail_msg("%s", k->err.message);
	assert_string_equal(wr_buf_z(&k->out), want);
}

static void extremes_are_right_after_any_change(void **state)
{
	(void)state;
	the = retracting;
	the.names[0] = "MIN";
	the.names[1] = "MAX";
	the.args[0] = "V";
	the.no_before = true;
	for (int seed = 0; seed < 4; seed++) {
		kit world = { .memory = seed & 1 ? 1 : 0 };
		model m;

		srand((unsigned)seed);
		for (int i = 0; i < PKS; i++)
			m.group[i] = NONE;
		kit_begin(&world, aggregate);
		for (int i = 0; i < 1500; i++) {
			random_change(&world, &m);
			if (seed & 2 && rand() % 10 == 0) {
				kit_barrier(&world);
				kit_close(&world);
				kit_open(&world);
			}
		}
		kit_end(&world);
	}
}

/* ---------------------------------------------------------------- windows */

static void tumbling(void **state)
{
	(void)state;
	the = counting;
	the.window =
	    (wr_window_spec){ .kind = WR_WINDOW_TUMBLING, .size = 10, .advance = 10, .grace = 10 };
	the.no_before = true;
	kit_check((kit){ .local_time = true }, aggregate,
		  "INSERT a 1 @0\nINSERT a 2 @9\nINSERT a 3 @10\nINSERT b 4 @5\nINSERT a 5 @19\n"
		  "INSERT a 6 @1\nINSERT a 7 @20\nINSERT a 8 @9\nINSERT a 9 @12\n",
		  "NEW 'a', 1, 1 @0 [0,10)\nNEW 'a', 2, 3 @9 [0,10)\nNEW 'a', 1, 3 @10 [10,20)\n"
		  "NEW 'b', 1, 4 @5 [0,10)\nNEW 'a', 2, 8 @19 [10,20)\nNEW 'a', 3, 9 @9 [0,10)\n"
		  "NEW 'a', 1, 7 @20 [20,30)\nNEW 'a', 3, 17 @19 [10,20)\n");
}

static void hopping(void **state)
{
	(void)state;
	the = counting;
	the.window =
	    (wr_window_spec){ .kind = WR_WINDOW_HOPPING, .size = 10, .advance = 5, .grace = 0 };
	the.no_before = true;
	kit_check((kit){ 0 }, aggregate, "INSERT a 1 @2\nINSERT a 2 @12\nINSERT a 3 @9\n",
		  "NEW 'a', 1, 1 @2 [0,10)\nNEW 'a', 1, 2 @12 [5,15)\nNEW 'a', 1, 2 @12 [10,20)\n"
		  "NEW 'a', 2, 5 @12 [5,15)\n");
}

/* A row is late by its own partition's time. */
static void late_by_partition(void **state)
{
	kit world = { 0 };

	(void)state;
	the = counting;
	the.window = (wr_window_spec){ .kind = WR_WINDOW_TUMBLING, .size = 10, .advance = 10 };
	the.no_before = true;
	kit_check((kit){ 0 }, aggregate, "INSERT a 1 @25 p0\nINSERT a 2 @5 p1\nINSERT a 3 @5 p0\n",
		  "NEW 'a', 1, 1 @25 [20,30)\nNEW 'a', 1, 2 @5 [0,10)\n");
	kit_begin(&world, aggregate);
	assert_int_equal(kit_rows(&world, "INSERT a 1 @25\nINSERT a 3 @5\n"), WR_OK);
	assert_int_equal(world.ops[0]->stats.late, 1);
	kit_end(&world);
}

static void absurd_times_are_late(void **state)
{
	kit world = { 0 };

	(void)state;
	the = counting;
	the.window = (wr_window_spec){ .kind = WR_WINDOW_HOPPING, .size = 10, .advance = 5 };
	kit_begin(&world, aggregate);
	assert_int_equal(
	    kit_rows(&world, "INSERT a 1 @9223372036854775807\nINSERT a 1 @-9223372036854775807\n"),
	    WR_OK);
	assert_int_equal(world.ops[0]->stats.late, 2);
	kit_end(&world);
}

static void final_windows(void **state)
{
	(void)state;
	the = counting;
	the.window =
	    (wr_window_spec){ .kind = WR_WINDOW_TUMBLING, .size = 10, .advance = 10, .grace = 5 };
	the.emit_final = true;
	kit_check(
	    (kit){ 0 }, aggregate,
	    "INSERT b 1 @0\nINSERT a 2 @9\nINSERT a 3 @10\ntime 14\nINSERT a 4 @3\ntime 15\n"
	    "INSERT a 5 @4 p1\nINSERT a 6 @99\ntime 99\nINSERT c 7 @101\nend\nINSERT c 8 @120\n"
	    "INSERT c 9 @101\nend\n",
	    "NEW 'a', 2, 6 @9 [0,10)\nNEW 'b', 1, 1 @0 [0,10)\nNEW 'a', 1, 3 @10 [10,20)\n"
	    "NEW 'a', 1, 6 @99 [90,100)\nNEW 'c', 1, 7 @101 [100,110)\n"
	    "NEW 'c', 1, 8 @120 [120,130)\n");
}

static void final_windows_on_every_row(void **state)
{
	const char *rows =
	    "INSERT a 1 @0\nINSERT a 1 @1\nINSERT a 1 @2\nINSERT b 1 @1\nINSERT a 1 @0\n"
	    "INSERT a 1 @5\n";

	(void)state;
	the = counting;
	the.window =
	    (wr_window_spec){ .kind = WR_WINDOW_TUMBLING, .size = 2, .advance = 2, .grace = 1 };
	the.emit_final = true;
	kit_check((kit){ .local_time = true }, aggregate, rows,
		  "NEW 'a', 3, 3 @1 [0,2)\nNEW 'b', 1, 1 @1 [0,2)\nNEW 'a', 1, 1 @2 [2,4)\n");
	the.lose = true;
	kit_check((kit){ .local_time = true }, aggregate, rows, "NEW 'a', 1, 1 @2 [2,4)\n");
}

/* Windows out of retention leave the store. */
static void windows_expire(void **state)
{
	kit world = { .cut = 1 };
	wr_str key, value;
	wr_view *v;
	int n = 0;

	(void)state;
	the = counting;
	the.window = (wr_window_spec){
		.kind = WR_WINDOW_TUMBLING, .size = 10, .advance = 10, .grace = 5, .retention = 50
	};
	kit_begin(&world, aggregate);
	assert_int_equal(
	    kit_rows(&world, "INSERT a 1 @0\nINSERT b 1 @20\nINSERT a 1 @49\ntime 49\nbarrier\n"
			     "INSERT a 1 @70\ntime 70\nbarrier\n"),
	    WR_OK);
	v = wr_view_open(world.state, 5, (wr_str){ NULL, 0 }, (wr_str){ NULL, 0 });
	while (wr_view_next(v, &key, &value))
		n++;
	wr_view_close(v);
	assert_int_equal(n, 2); /* [40,50) and [70,80) */
	kit_end(&world);
}

/* ---------------------------------------------------------------- sessions */

static void session_windows(void **state)
{
	(void)state;
	the = counting;
	the.window = (wr_window_spec){ .kind = WR_WINDOW_SESSION, .size = 30, .grace = 1000 };
	kit_check(
	    (kit){ .local_time = true }, aggregate,
	    "INSERT a 1 @0\nINSERT a 2 @70\nINSERT a 4 @35\nINSERT b 1 @40\nINSERT a 8 @20\n"
	    "INSERT b 2 @40\nINSERT a 16 @50\n",
	    "NEW 'a', 1, 1 @0 [0,0)\nNEW 'a', 1, 2 @70 [70,70)\n"
	    "NEW 'a', 1, 4 @35 [35,35)\nNEW 'b', 1, 1 @40 [40,40)\n"
	    "OLD 'a', 1, 1 @0 [0,0)\nOLD 'a', 1, 4 @35 [35,35)\nNEW 'a', 3, 13 @35 [0,35)\n"
	    "BEFORE 'b', 1, 1 @40 [40,40)\nAFTER 'b', 2, 3 @40 [40,40)\n"
	    "OLD 'a', 3, 13 @35 [0,35)\nOLD 'a', 1, 2 @70 [70,70)\nNEW 'a', 5, 31 @70 [0,70)\n");
}

/* What has ended longer than gap + grace ago is late, and sessions so old are not joined. */
static void late_sessions(void **state)
{
	(void)state;
	the = counting;
	the.window = (wr_window_spec){ .kind = WR_WINDOW_SESSION, .size = 30, .grace = 60 };
	kit_check(
	    (kit){ .local_time = true }, aggregate,
	    "INSERT a 1 @0\nINSERT a 2 @101\nINSERT a 3 @10\nINSERT a 4 @11\nINSERT a 5 @12\n",
	    "NEW 'a', 1, 1 @0 [0,0)\nNEW 'a', 1, 2 @101 [101,101)\nNEW 'a', 1, 4 @11 [11,11)\n"
	    "OLD 'a', 1, 4 @11 [11,11)\nNEW 'a', 2, 9 @12 [11,12)\n");
}

static void final_sessions(void **state)
{
	(void)state;
	the = counting;
	the.window = (wr_window_spec){ .kind = WR_WINDOW_SESSION, .size = 10, .grace = 0 };
	the.emit_final = true;
	kit_check(
	    (kit){ 0 }, aggregate,
	    "INSERT b 1 @0\nINSERT a 2 @0\nINSERT a 3 @5\ntime 10\ntime 11\nINSERT c 1 @12\ntime 15\n"
	    "time 16\nINSERT c 2 @20\ntime 31\nINSERT d 1 @40\nINSERT d 1 @60\nend\n",
	    "NEW 'b', 1, 1 @0 [0,0)\nNEW 'a', 2, 5 @5 [0,5)\nNEW 'c', 2, 3 @20 [12,20)\n"
	    "NEW 'd', 1, 1 @40 [40,40)\nNEW 'd', 1, 1 @60 [60,60)\n");
}

/* ---------------------------------------------------------------- changes merged between commits */

static void changes_wait_for_the_barrier(void **state)
{
	(void)state;
	the = counting;
	kit_world(
	    (kit){ .cut = 2, .cache_bytes = 1 << 20 }, aggregate,
	    "INSERT a 5 @1\nINSERT b 1 @2\nINSERT a 2 @3\nbarrier\nbarrier\nINSERT a 1 @4\nINSERT a 1 @5\n"
	    "INSERT c 1 @6\nbarrier\n",
	    "NEW 'a', 2, 7 @3\nNEW 'b', 1, 1 @2\nBEFORE 'a', 2, 7 @5\nAFTER 'a', 4, 9 @5\nNEW 'c', 1, 1 @6\n");
	the.window = (wr_window_spec){ .kind = WR_WINDOW_HOPPING, .size = 10, .advance = 5 };
	the.no_before = true;
	kit_world((kit){ .cache_bytes = 1 << 20 }, aggregate,
		  "INSERT a 5 @7\nINSERT a 2 @8\nbarrier\nINSERT a 2 @8\nbarrier\n",
		  "NEW 'a', 2, 7 @8 [0,10)\nNEW 'a', 2, 7 @8 [5,15)\n"
		  "NEW 'a', 3, 9 @8 [0,10)\nNEW 'a', 3, 9 @8 [5,15)\n");
}

static void changes_go_out_when_they_are_many(void **state)
{
	(void)state;
	the = counting;
	kit_world((kit){ .cache_bytes = 1 }, aggregate, "INSERT a 5 @1\nINSERT a 2 @3\n",
		  "NEW 'a', 1, 5 @1\nBEFORE 'a', 1, 5 @3\nAFTER 'a', 2, 7 @3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_change_per_row),
		cmocka_unit_test(a_sum_out_of_range_stops_the_query),
		cmocka_unit_test(an_update_is_one_change),
		cmocka_unit_test(minimum_and_maximum_retract),
		cmocka_unit_test(extremes_are_right_after_any_change),
		cmocka_unit_test(order_of_arrival_retracts),
		cmocka_unit_test(tumbling),
		cmocka_unit_test(hopping),
		cmocka_unit_test(late_by_partition),
		cmocka_unit_test(absurd_times_are_late),
		cmocka_unit_test(final_windows),
		cmocka_unit_test(final_windows_on_every_row),
		cmocka_unit_test(windows_expire),
		cmocka_unit_test(session_windows),
		cmocka_unit_test(late_sessions),
		cmocka_unit_test(final_sessions),
		cmocka_unit_test(changes_wait_for_the_barrier),
		cmocka_unit_test(changes_go_out_when_they_are_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

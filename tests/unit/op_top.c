/* ORDER BY … LIMIT as an operator: the changes it gives, played into a table, are the places of the sorted rows at any time. */
#include "op_kit.h"

enum { IDS = 300 };

static uint64_t limit = 2, offset;
static bool stream, ranked;

static void top(kit *k)
{
	wr_spec_top *t = WR_NEW(k->plan, wr_spec_top);
	wr_order *order = WR_NEW_ARRAY(k->plan, wr_order, 1);

	t->base = (wr_op_spec){ .def = &wr_op_top_def, .id = 1, .table = true };
	t->base.in = kit_schema(k, stream ? "ID BIGINT, V BIGINT" : "ID BIGINT KEY, V BIGINT");
	t->base.out = ranked ? kit_schema(k, "RANK BIGINT KEY, ID BIGINT, V BIGINT") : t->base.in;
	order[0] = (wr_order){ 1, true };
	t->norder = 1;
	t->order = order;
	t->limit = limit;
	t->offset = offset;
	t->stream = stream;
	t->ranked = ranked;
	kit_add(k, &t->base);
}

static void gives_what_comes_and_goes(void **state)
{
	(void)state;
	limit = 2, offset = 0, stream = ranked = false;
	kit_check(
	    (kit){ 0 }, top,
	    "NEW 1 5 @1\nNEW 2 7 @2\nNEW 3 6 @3\nNEW 4 1 @4\n"
	    "BEFORE 4 1 @5\nAFTER 4 9 @5\nBEFORE 4 9 @6\nAFTER 4 8 @6\nOLD 2 7 @7\nGONE 9 null @8\n"
	    "OLD 4 8 @9\nOLD 3 6 @9\nOLD 1 5 @9\n",
	    "NEW 1, 5 @1\nNEW 2, 7 @2\nOLD 1, 5 @3\nNEW 3, 6 @3\n"
	    "OLD 3, 6 @5\nNEW 4, 9 @5\nBEFORE 4, 9 @6\nAFTER 4, 8 @6\nOLD 2, 7 @7\nNEW 3, 6 @7\n"
	    "OLD 4, 8 @9\nNEW 1, 5 @9\nOLD 3, 6 @9\nOLD 1, 5 @9\n");
}

static void ranks_a_stream(void **state)
{
	(void)state;
	limit = 2, offset = 1, stream = ranked = true;
	kit_check(
	    (kit){ 0 }, top,
	    "INSERT 1 5 @1\nINSERT 2 7 @2\nINSERT_NULL 9 null @2\nINSERT 3 6 @3\nINSERT 4 9 @4\nINSERT 5 5 @5\n",
	    "NEW 2, 1, 5 @2\n"
	    "BEFORE 2, 1, 5 @3\nAFTER 2, 3, 6 @3\nNEW 3, 1, 5 @3\n"
	    "BEFORE 2, 3, 6 @4\nAFTER 2, 2, 7 @4\nBEFORE 3, 1, 5 @4\nAFTER 3, 3, 6 @4\n");
}

static void takes_rows_that_are_equal(void **state)
{
	(void)state;
	limit = 3, offset = 0, stream = true, ranked = false;
	kit_check((kit){ 0 }, top, "INSERT 1 5 @1\nINSERT 1 5 @2\nINSERT 1 5 @3\nINSERT 1 5 @4\n",
		  "NEW 1, 5 @1\nNEW 1, 5 @2\nNEW 1, 5 @3\n");
}

/* ---------------------------------------------------------------- against sorting */

static uint32_t seed;

static uint32_t any(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static long value[IDS]; /* -1: no row */
static long shown[IDS]; /* what the changes say */

/* The place of id: rows with higher values, or the same and a lower id, come before it. */
static uint32_t place(uint32_t id)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < IDS; i++)
		n += value[i] >= 0 && (value[i] > value[id] || (value[i] == value[id] && i < id));
	return n;
}

static void play(char *lines)
{
	char *save = NULL;

	for (char *l = strtok_r(lines, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char kind[16];
		long id, v;

		assert_int_equal(sscanf(l, "%15s %ld, %ld", kind, &id, &v), 3);
		if (kind[0] == 'O' || kind[0] == 'B') {
			assert_int_equal(shown[id], v);
			shown[id] = -1;
		} else {
			assert_int_equal(shown[id], -1);
			shown[id] = v;
		}
	}
}

static void random_changes(kit *k, uint32_t steps, uint32_t rows)
{
	char text[200];

	memset(value, -1, sizeof(value));
	memset(shown, -1, sizeof(shown));
	for (uint32_t i = 0; i < steps; i++) {
		uint32_t id = any(rows);
		long v = any(20);

		if (value[id] < 0)
			sprintf(text, "NEW %u %ld @0\n", id, v);
		else if (any(3) == 0)
			sprintf(text, "OLD %u %ld @0\n", id, value[id]), v = -1;
		else
			sprintf(text, "BEFORE %u %ld @0\nAFTER %u %ld @0\n", id, value[id], id, v);
		value[id] = v;
		wr_buf_reset(&k->out);
		assert_int_equal(kit_rows(k, text), WR_OK);
		if (any(50) == 0)
			kit_barrier(k);
		play((char *)wr_buf_z(&k->out));
		for (uint32_t r = 0; r < IDS; r++) {
			bool in = value[r] >= 0 && place(r) >= offset && place(r) < offset + limit;

			assert_int_equal(shown[r], in ? value[r] : -1);
		}
	}
}

static void equals_sorting(void **state)
{
	static const struct {
		uint64_t limit, offset;
		uint32_t rows;
	} cases[] = { { 1, 0, 5 }, { 3, 2, 10 },    { 2, 5, 8 },
		      { 0, 0, 5 }, { 5, 100, IDS }, { 4, 1, IDS } };

	(void)state;
	stream = ranked = false;
	for (uint32_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		kit k = { .reopen = i % 2, .cut = 1 };

		limit = cases[i / 2].limit;
		offset = cases[i / 2].offset;
		seed = i + 1;
		print_message("limit %d offset %d seed %u\n", (int)limit, (int)offset, seed);
		kit_begin(&k, top);
		random_changes(&k, 600, cases[i / 2].rows);
		kit_end(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_what_comes_and_goes),
		cmocka_unit_test(ranks_a_stream),
		cmocka_unit_test(takes_rows_that_are_equal),
		cmocka_unit_test(equals_sorting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

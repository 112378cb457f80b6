/*
 * Runs the example of every function's row, as the documentation shows it. Scalars: "ABS(-3) => 3", both sides are expressions of
 * the same value. Aggregates: "SUM(x) OVER (1, 2) => 3", the values come one after the other as x; over half of them the state is saved and loaded, and
 * what can undo gets a further value and takes it back. Table functions: "EXPLODE(…) => 1, 2".
 */
#include "functions/families.h"
#include "tests/unit/expr_help.h"

static void same(help *h, const char *example, const char *left, const char *right)
{
	const char *got = help_eval(h, left), *want = help_eval(h, right);

	if (strncmp(got, "error", 5) == 0 || strcmp(got, want) != 0)
		fail_msg("%s: got %s, want %s", example, got, want);
	if (!wr_type_numeric(help_must_bind(h, left)->type) && strcmp(want, "NULL") != 0)
		assert_string_equal(help_type(h, left), help_type(h, right));
}

/* ---- scalars */

static void run_scalar(help *h, const wr_fn *fn)
{
	char text[512];
	char *arrow;

	if (!fn->example) {
		assert_true((fn->flags & WR_FN_HIDDEN) || !(fn->flags & WR_FN_PURE));
		return;
	}
	assert_non_null(fn->doc);
	snprintf(text, sizeof(text), "%s", fn->example);
	arrow = strstr(text, " => ");
	for (char *next; arrow && (next = strstr(arrow + 4, " => ")) != NULL;)
		arrow = next;
	if (!arrow)
		fail_msg("%s: no => in \"%s\"", fn->name, fn->example);
	*arrow = 0;
	if (strncmp(text, fn->name, strlen(fn->name)) != 0 && !strstr(text, fn->name))
		fail_msg("%s: the example \"%s\" does not use it", fn->name, fn->example);
	same(h, fn->example, text, arrow + 4);
}

static void scalar_examples(void **state)
{
	help *h = help_new();

	(void)state;
#define X(family)                                                                                  \
	for (const wr_fn *fn = wr_fns_##family; fn->name; fn++)                                    \
		run_scalar(h, fn);
	WR_SCALAR_FAMILIES(X)
#undef X
	help_free(h);
}

/* ---- aggregates */

typedef struct agg_run {
	help *h;
	const wr_bind_call *call;
	wr_fn_match match;
	const wr_expr *args[8];
	uint32_t nargs;
	const wr_vec *consts[8];
} agg_run;

static wr_status collect(void *self, const wr_bind_call *call, const wr_expr **out, wr_err *err)
{
	help *h = self;
	agg_run *run = *(agg_run **)h->text.p;

	(void)err;
	run->match = *call->match;
	run->nargs = call->nargs;
	for (uint32_t i = 0; i < call->nargs; i++) {
		run->args[i] = call->args[i];
		run->consts[i] = call->consts[i];
	}
	*out = wr_bind_column(h->arena, 0, call->match->result, call->span);
	return WR_OK;
}

static void step_all(const wr_agg *agg, const wr_agg_cx *cx, void *state, agg_run *run,
		     const wr_batch *b, uint32_t from, uint32_t to, bool undo)
{
	wr_vec vecs[8];
	const wr_vec *args[8];

	for (uint32_t i = from; i < to; i++) {
		if (run->nargs)
			wr_prog_eval(wr_prog_new(run->h->arena, run->args, run->nargs), b, i, 1,
				     vecs, NULL);
		for (uint32_t k = 0; k < run->nargs; k++)
			args[k] = &vecs[k];
		assert_true((undo ? agg->undo : agg->step)(cx, state, args, 0));
	}
}

static const char *printed(agg_run *run, const wr_agg *agg, const wr_agg_cx *cx, const void *state)
{
	wr_vec out;
	wr_buf text = { 0 };
	const char *z;

	wr_vec_init(&out, run->h->arena, cx->result, 1);
	agg->final(cx, state, &out);
	assert_int_equal(out.n, 1);
	wr_vec_print(&out, 0, &text);
	z = wr_arena_strdup(run->h->arena, wr_buf_z(&text));
	wr_buf_free(&text);
	return z;
}

/* The values as a batch with one column x. */
static void values_batch(help *h, const char *list, wr_batch *b)
{
	char *sql = malloc(strlen(list) + 10);
	const wr_expr *e;
	const char *failure;
	wr_vec v;
	wr_schema *s = WR_NEW(h->arena, wr_schema);
	wr_column *col = WR_NEW(h->arena, wr_column);

	sprintf(sql, "ARRAY[%s]", list);
	e = help_must_bind(h, sql);
	free(sql);
	wr_expr_value(h->arena, e, &v, &failure);
	*col = (wr_column){ .name = WR_STR_LIT("X"), .type = e->type->kids[0] };
	*s = (wr_schema){ .n = 1, .cols = col };
	*b = (wr_batch){
		.schema = s, .arena = h->arena, .n = v.kids[0].n, .cols = WR_NEW(h->arena, wr_vec)
	};
	b->cols[0] = v.kids[0];
}

static void bind_over(help *h, const char *call, const wr_batch *b, agg_run *run)
{
	wr_bind_col col = { .name = WR_STR_LIT("X"), .type = b->schema->cols[0].type };

	h->scope = (wr_bind_scope){ &col, 1 };
	h->binder.on_aggregate = collect;
	wr_buf_reset(&h->text);
	wr_buf_put(&h->text, &run, sizeof(run));
	help_must_bind(h, call);
	h->scope = (wr_bind_scope){ NULL, 0 };
	h->binder.on_aggregate = NULL;
}

static void run_agg(help *h, const wr_agg *row)
{
	char text[512];
	char *over, *arrow, *close;
	wr_batch b;
	agg_run run = { .h = h };
	const wr_agg *agg;
	size_t bytes = 0;
	wr_agg_cx cx;
	void *state, *other, *third;
	wr_buf saved = { 0 };
	const char *p, *want;

	assert_non_null(row->doc);
	assert_non_null(row->example);
	snprintf(text, sizeof(text), "%s", row->example);
	over = strstr(text, " OVER (");
	arrow = strstr(text, ") => ");
	assert_non_null(over);
	assert_non_null(arrow);
	*over = *arrow = 0;
	close = arrow + 5;
	values_batch(h, over + 7, &b);
	bind_over(h, text, &b, &run);
	agg = run.match.agg;
	if (strcmp(agg->args, row->args) != 0)
		fail_msg("%s: the example is of %s(%s)", row->example, agg->name, agg->args);
	cx = (wr_agg_cx){ .arena = h->arena,
			  .types = run.match.want,
			  .result = run.match.result,
			  .nargs = run.nargs,
			  .consts = run.consts,
			  .limit = -1,
			  .bytes = &bytes };
	want = help_eval(h, close);
	state = aligned_alloc(16, 64);
	other = aligned_alloc(16, 64);
	third = aligned_alloc(16, 64);
	assert_true(agg->size(&cx) <= 64);

	/* half of the rows, through bytes into another state, the rest */
	agg->init(&cx, state);
	step_all(agg, &cx, state, &run, &b, 0, b.n / 2, false);
	agg->save(&cx, state, &saved);
	p = saved.p;
	assert_true(agg->load(&cx, other, &p, saved.p + saved.n));
	assert_ptr_equal(p, saved.p + saved.n);
	for (size_t cut = 0; cut < saved.n; cut++) {
		p = saved.p;
		if (agg->load(&cx, third, &p, saved.p + cut) && agg->drop)
			agg->drop(&cx, third);
	}
	step_all(agg, &cx, other, &run, &b, b.n / 2, b.n, false);
	assert_string_equal(printed(&run, agg, &cx, other), want);
	if (agg->undo) {
		step_all(agg, &cx, other, &run, &b, 0, 1, false);
		step_all(agg, &cx, other, &run, &b, 0, 1, true);
		assert_string_equal(printed(&run, agg, &cx, other), want);
	}
	/* the other half on its own, merged into the first */
	if (agg->merge) {
		if (agg->drop)
			agg->drop(&cx, other);
		agg->init(&cx, other);
		step_all(agg, &cx, other, &run, &b, b.n / 2, b.n, false);
		assert_true(agg->merge(&cx, state, other));
		assert_string_equal(printed(&run, agg, &cx, state), want);
	}
	if (agg->drop) {
		agg->drop(&cx, state);
		agg->drop(&cx, other);
	}
	assert_int_equal(bytes, 0);
	wr_buf_free(&saved);
	free(state);
	free(other);
	free(third);
}

static void aggregate_examples(void **state)
{
	help *h = help_new();

	(void)state;
#define X(family)                                                                                  \
	for (const wr_agg *agg = wr_aggs_##family; agg->name; agg++)                               \
		run_agg(h, agg);
	WR_AGG_FAMILIES(X)
#undef X
	help_free(h);
}

/* ---- table functions */

static wr_status take_array(void *self, const wr_bind_call *call, const wr_expr **out, wr_err *err)
{
	(void)self, (void)err;
	*out = call->array;
	return WR_OK;
}

static void run_table(help *h, const wr_udtf *fn)
{
	char text[512], want[512];
	char *arrow;

	snprintf(text, sizeof(text), "%s", fn->example);
	arrow = strstr(text, " => ");
	*arrow = 0;
	snprintf(want, sizeof(want), "ARRAY[%s]", arrow + 4);
	h->binder.on_table_function = take_array;
	assert_string_equal(help_eval(h, text), want);
	h->binder.on_table_function = NULL;
}

static void table_examples(void **state)
{
	help *h = help_new();

	(void)state;
#define X(family)                                                                                  \
	for (const wr_udtf *fn = wr_udtfs_##family; fn->name; fn++)                                \
		run_table(h, fn);
	WR_UDTF_FAMILIES(X)
#undef X
	help_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalar_examples),
		cmocka_unit_test(aggregate_examples),
		cmocka_unit_test(table_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

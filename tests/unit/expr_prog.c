/*
 * Programs over batches: the same answer however a batch is cut, nulls, branches that must not be computed, failures, lambdas.
 */
#include "functions/registry.h"
#include "tests/unit/expr_help.h"

enum { ROWS = 97 };

static wr_column columns[] = {
	{ WR_STR_LIT("I"), NULL },  { WR_STR_LIT("L"), NULL }, { WR_STR_LIT("D"), NULL },
	{ WR_STR_LIT("S"), NULL },  { WR_STR_LIT("M"), NULL }, { WR_STR_LIT("A"), NULL },
	{ WR_STR_LIT("ST"), NULL }, { WR_STR_LIT("C"), NULL },
};
enum { NCOLS = sizeof(columns) / sizeof(*columns) };
static wr_schema schema = { NCOLS, 0, columns };

static void push_int(wr_vec *v, wr_arena *a, int32_t x)
{
	wr_vec_resize(v, a, v->n + 1);
	wr_vec_INTEGER(v)[v->n - 1] = x;
}

static void push_str(wr_vec *v, wr_arena *a, wr_str s)
{
	wr_vec_resize(v, a, v->n + 1);
	wr_vec_STRING(v)[v->n - 1] = s;
}

static void push_row(wr_batch *b, uint32_t i)
{
	static const char *const words[] = { "c", "u", "d", "12", "x7" };
	wr_arena *a = b->arena;
	wr_vec *c = b->cols;
	uint32_t begin;

	if (i % 7 == 3) {
		wr_vec_push_null(&c[0], a);
		wr_vec_push_null(&c[3], a);
		wr_vec_push_null(&c[6], a);
		/* what stands at a null row is anything */
		wr_vec_STRING(&c[3])[i] = (wr_str){ (const char *)8, 99 };
	} else {
		push_int(&c[0], a, (int32_t)(i % 5));
		push_str(&c[3], a, wr_str_of(words[i % 5]));
		push_int(&c[6].kids[0], a, (int32_t)i);
		wr_vec_struct_end(&c[6], a);
	}
	wr_vec_resize(&c[1], a, i + 1);
	wr_vec_BIGINT(&c[1])[i] = (int64_t)i * 1000000007;
	wr_vec_resize(&c[2], a, i + 1);
	wr_vec_DOUBLE(&c[2])[i] = i / 4.0;
	wr_vec_resize(&c[4], a, i + 1);
	wr_vec_DECIMAL(&c[4])[i].i = i * 25;
	begin = wr_vec_list_begin(&c[5]);
	for (uint32_t k = 0; k < i % 4; k++)
		push_int(&c[5].kids[0], a, (int32_t)(i + k));
	wr_vec_list_end(&c[5], a, begin);
}

static void make_batch(help *h, wr_batch *b)
{
	static const wr_str field = { "F", 1 };
	static wr_bind_col scope[NCOLS + 1];
	const wr_type *i = wr_type_of(WR_INTEGER);

	columns[0].type = i;
	columns[1].type = wr_type_of(WR_BIGINT);
	columns[2].type = wr_type_of(WR_DOUBLE);
	columns[3].type = wr_type_of(WR_STRING);
	columns[4].type = wr_type_decimal(h->arena, 12, 2);
	columns[5].type = wr_type_array(h->arena, i);
	columns[6].type = wr_type_struct(h->arena, 1, &field, &i);
	columns[7].type = i;
	wr_batch_init(b, h->arena, &schema, ROWS);
	for (uint32_t k = 0; k < ROWS; k++)
		push_row(b, k);
	push_int(&b->cols[7], h->arena, 42);
	b->cols[7].kind = WR_CONST;
	b->cols[7].n = ROWS;
	b->n = ROWS;
	for (uint32_t k = 0; k < ROWS; k++)
		b->rowtime[k] = 1000 + k;
	for (uint32_t k = 0; k < NCOLS; k++)
		scope[k] = (wr_bind_col){ { 0 }, columns[k].name, columns[k].type, (int32_t)k };
	scope[NCOLS] =
	    (wr_bind_col){ { 0 }, WR_STR_LIT("ROWTIME"), wr_type_of(WR_BIGINT), WR_COL_ROWTIME };
	h->scope = (wr_bind_scope){ scope, NCOLS + 1 };
}

/* The values of all rows, evaluated in runs of `cut` rows. */
static const char *run(help *h, wr_prog *p, const wr_batch *b, uint32_t cut)
{
	wr_prog_stats stats = { 0 };
	wr_vec out;

	wr_buf_reset(&h->text);
	for (uint32_t at = 0; at < b->n; at += cut) {
		uint32_t n = b->n - at < cut ? b->n - at : cut;

		wr_prog_eval(p, b, at, n, &out, &stats);
		assert_int_equal(out.n, n);
		for (uint32_t i = 0; i < n; i++) {
			wr_vec_print(&out, wr_vec_at(&out, i), &h->text);
			wr_buf_putc(&h->text, ' ');
		}
	}
	h->failures = stats.failures;
	return wr_arena_strdup(h->arena, wr_buf_z(&h->text));
}

static void cuts_agree(void **state)
{
	static const char *const list[] = {
		"i + 1",
		"i * l",
		"l / (i - 1)",
		"d * 2.5",
		"m + 1.25",
		"m * m",
		"-i",
		"s || 'x'",
		"s + s",
		"i = 1",
		"i <> 1",
		"i IS NULL",
		"i IS DISTINCT FROM c",
		"s = 'c'",
		"'c' = s",
		"s > 'c'",
		"m > 10",
		"l > i",
		"d >= i",
		"s IN ('c', 'u')",
		"i IN (1, c, 3)",
		"s LIKE '_'",
		"NOT i = 1",
		"m = 2.5",
		"i = 1 AND s = 'u'",
		"i = 1 OR s = 'u'",
		"i <> 0 AND 10 / i > 2",
		"i = 0 OR 10 / i > 2",
		"s = 'c' AND i IN (0) OR d > 20 AND CAST(s AS INTEGER) = 12",
		"CASE WHEN i = 1 THEN 'one' WHEN s = 'd' THEN s ELSE 'other' END",
		"CASE WHEN i = 0 THEN 0 WHEN 10 / i = 5 THEN 10 / i END",
		"CASE i WHEN 1 THEN m WHEN 2 THEN d ELSE l END",
		"CAST(s AS INTEGER)",
		"CAST(i AS STRING)",
		"CAST(m AS DOUBLE)",
		"CAST(a AS STRING)",
		"CAST(a AS ARRAY<STRING>)",
		"a[1]",
		"a[-1] + a[1]",
		"st->f",
		"st->f + i",
		"ARRAY[i, c]",
		"MAP('a' := i, s := c)",
		"STRUCT(x := i, y := s)->y",
		"COALESCE(i, c)",
		"COALESCE(s, 'none')",
		"GREATEST(i, c, NULL)",
		"NULLIF(i, 1)",
		"ROUND(d)",
		"ABS(i - 2)",
		"SQRT(i)",
		"GENERATE_SERIES(0, i)",
		"rowtime - l",
		"c",
		"c + 1",
		"a",
		"st",
		"7",
		"ARRAY[1 / i, 2]",
		"COALESCE(CAST(s AS INTEGER), 5)",
		"a = ARRAY[1]",
		"st = STRUCT(f := 5)",
		"m IN (0.25, 0.5)",
		"i BETWEEN 1 AND 3",
		"CASE WHEN i IS NULL THEN -1 ELSE CASE WHEN i > 2 THEN 100 / (i - 3) ELSE i END END",
	};
	help *h = help_new();
	wr_batch b;

	(void)state;
	make_batch(h, &b);
	for (size_t k = 0; k < sizeof(list) / sizeof(*list); k++) {
		const wr_expr *e = help_must_bind(h, list[k]);
		wr_prog *p = wr_prog_new(h->arena, &e, 1);
		const char *whole = run(h, p, &b, ROWS), *part;
		static const uint32_t cuts[] = { 1, 2, 7 };

		for (size_t c = 0; c < 3; c++) {
			part = run(h, p, &b, cuts[c]);
			if (strcmp(whole, part) != 0)
				fail_msg("%s in runs of %u:\n%s\n%s", list[k], cuts[c], whole,
					 part);
		}
	}
	help_free(h);
}

static void first_rows_of(help *h, const wr_batch *b, const wr_expr *e, const char *want)
{
	const char *got = run(h, wr_prog_new(h->arena, &e, 1), b, ROWS);

	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("%s instead of %s", got, want);
}

static void first_rows(help *h, const wr_batch *b, const char *sql, const char *want)
{
	first_rows_of(h, b, help_must_bind(h, sql), want);
}

/* i: 0 1 2 null 4 0 1 …; s: c u d null x7 c … */
static void values(void **state)
{
	help *h = help_new();
	wr_batch b;

	(void)state;
	make_batch(h, &b);
	first_rows(h, &b, "i + 1", "1 2 3 NULL 5 1 2 ");
	first_rows(h, &b, "10 / i", "NULL 10 5 NULL 2 NULL 10 ");
	first_rows(h, &b, "i <> 1", "TRUE FALSE TRUE FALSE TRUE TRUE ");
	first_rows(h, &b, "NOT i = 1", "TRUE FALSE TRUE TRUE TRUE TRUE ");
	first_rows(h, &b, "s + 'x'", "'cx' 'ux' 'dx' 'nullx' 'x7x' ");
	first_rows(h, &b, "i <> 0 AND 10 / i > 4", "FALSE TRUE TRUE FALSE FALSE FALSE ");
	assert_int_equal(h->failures, 0);
	first_rows(h, &b, "CASE WHEN i = 0 THEN 7 ELSE 10 / i END", "7 10 5 NULL 2 7 ");
	assert_int_equal(h->failures, 0);
	first_rows(h, &b, "CAST(s AS INTEGER)", "NULL NULL NULL NULL NULL ");
	assert_true(h->failures > 0);
	first_rows(h, &b, "CAST(s AS INTEGER) IS NULL", "NULL NULL NULL TRUE NULL ");
	first_rows(h, &b, "a[1] + a[-1]", "NULL 2 5 8 NULL 10 ");
	first_rows(h, &b, "st->f", "0 1 2 NULL 4 ");
	first_rows(h, &b, "ROWTIME", "1000 1001 ");
	first_rows(h, &b, "c * 2", "84 84 ");
	help_free(h);
}

static uint32_t filtered(help *h, const wr_batch *b, const char *sql, uint32_t at, uint32_t n,
			 uint32_t *rows)
{
	const wr_expr *e = help_must_bind(h, sql);

	return wr_prog_filter(wr_prog_new(h->arena, &e, 1), b, at, n, rows, NULL);
}

static void filters(void **state)
{
	help *h = help_new();
	wr_batch b;
	uint32_t rows[ROWS];

	(void)state;
	make_batch(h, &b);
	assert_int_equal(filtered(h, &b, "s IN ('c', 'u') AND i = 1", 0, 10, rows), 2);
	assert_int_equal(rows[0], 1);
	assert_int_equal(rows[1], 6);
	assert_int_equal(filtered(h, &b, "i = 2", 3, 20, rows), 3);
	assert_int_equal(rows[0], 7);
	assert_int_equal(filtered(h, &b, "TRUE", 5, 3, rows), 3);
	assert_int_equal(rows[0], 5);
	assert_int_equal(filtered(h, &b, "CAST(s AS INTEGER) <> 5", 0, 20, rows),
			 3); /* 12; failed rows are out */
	assert_int_equal(filtered(h, &b, "NOT CAST(s AS INTEGER) = 5", 0, 20, rows),
			 6); /* and the nulls */
	assert_int_equal(filtered(h, &b, "i = 1", 0, 0, rows), 0);
	help_free(h);
}

/* Several expressions share what is equal; RANDOM is never shared. */
static void sharing(void **state)
{
	help *h = help_new();
	const wr_expr *e[4];
	wr_batch b;
	wr_vec out[4];
	wr_prog_stats stats = { 0 };

	(void)state;
	make_batch(h, &b);
	e[0] = help_must_bind(h, "CAST(s AS INTEGER) + 1");
	e[1] = help_must_bind(h, "CASE WHEN i = 1 THEN CAST(s AS INTEGER) END");
	e[2] = help_must_bind(h, "RANDOM()");
	e[3] = help_must_bind(h, "RANDOM()");
	wr_prog_eval(wr_prog_new(h->arena, e, 4), &b, 0, 4, out, &stats);
	assert_int_equal(stats.failures, 3);
	assert_non_null(strstr(stats.last, "cannot read 'd' as INTEGER"));
	assert_true(wr_vec_DOUBLE(&out[2])[0] != wr_vec_DOUBLE(&out[3])[0]);
	assert_true(wr_vec_DOUBLE(&out[2])[0] != wr_vec_DOUBLE(&out[2])[1]);
	help_free(h);
}

/* ---- lambdas, through a function of the test's own: each element of the array through the lambda */

static void eval_each(wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out)
{
	const wr_vec *kid = &args[0]->kids[0];
	/* rows may share elements: there can be more of them than the child vector has */
	uint32_t n = 0, *outer = wr_arena_alloc(cx->arena, 4 * (cx->rows + 1) * sizeof(uint32_t));
	uint32_t *rows = wr_arena_alloc(cx->arena, 4 * (cx->rows + 1) * sizeof(uint32_t));
	wr_vec elements, results;
	const wr_vec *params[1] = { &elements };

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_list l = ((const wr_list *)args[0]->data)[wr_vec_at(args[0], i)];

		for (uint32_t k = 0; k < l.n; k++) {
			rows[n] = l.at + k;
			outer[n++] = i;
		}
	}
	wr_vec_gather(&elements, cx->arena, kid, rows, n);
	cx->lambdas[1]->call(cx->lambdas[1], cx->arena, params, outer, n, &results);
	for (uint32_t i = 0, at = 0; i < cx->rows; i++) {
		uint32_t m = ((const wr_list *)args[0]->data)[wr_vec_at(args[0], i)].n;
		uint32_t begin = wr_vec_list_begin(out);

		for (uint32_t k = 0; k < m; k++)
			wr_vec_push(&out->kids[0], cx->arena, &results, at++, false);
		wr_vec_list_end(out, cx->arena, begin);
	}
}

/* clang-format off */
static const wr_fn each = { "EACH", "ARRAY<T>, LAMBDA(T) R", "ARRAY<R>", WR_FN_STRICT | WR_FN_PURE, eval_each,
	                    NULL, NULL, NULL };
/* clang-format on */

static const wr_expr *make(help *h, wr_expr e, uint32_t n, const wr_expr *const *args)
{
	wr_expr *p = WR_NEW(h->arena, wr_expr);
	const wr_expr **own = WR_NEW_ARRAY(h->arena, const wr_expr *, n + 1);

	for (uint32_t i = 0; i < n; i++)
		own[i] = args[i];
	*p = e;
	p->nargs = n;
	p->args = own;
	return p;
}

/* EACH(array, p => body) where the body is written over the columns, its column L standing for the parameter `depth` out. */
static const wr_expr *swap_param(void *self, const wr_expr *e)
{
	help *h = self;

	if (e->kind == WR_EXPR_CALL && strcmp(e->fn->name, "$cast") == 0 &&
	    e->args[0]->kind == WR_EXPR_COL && e->args[0]->col == 7)
		return make(h,
			    (wr_expr){
				.kind = WR_EXPR_PARAM, .type = wr_type_of(WR_INTEGER), .depth = 1 },
			    0, NULL);
	if (e->kind == WR_EXPR_COL && e->col == 7)
		return make(h, (wr_expr){ .kind = WR_EXPR_PARAM, .type = wr_type_of(WR_INTEGER) },
			    0, NULL);
	return NULL;
}

static const wr_expr *each_of(help *h, const wr_expr *array, const wr_expr *body)
{
	const wr_expr *args[2] = { array, NULL };

	args[1] = make(h, (wr_expr){ .kind = WR_EXPR_LAMBDA, .type = body->type, .nparams = 1 }, 1,
		       &body);
	return make(h,
		    (wr_expr){ .kind = WR_EXPR_CALL,
			       .type = wr_type_array(h->arena, body->type),
			       .fn = &each },
		    2, args);
}

static void lambdas(void **state)
{
	help *h = help_new();
	wr_batch b;
	const wr_expr *body, *e, *cond, *cases[2];

	(void)state;
	make_batch(h, &b);
	/* c is the parameter */
	body = wr_bind_rewrite(h->arena, help_must_bind(h, "c * 10 + i"), swap_param, h);
	e = each_of(h, help_must_bind(h, "a"), body);
	first_rows(h, &b, "a", "ARRAY[] ARRAY[1] ARRAY[2, 3] ARRAY[3, 4, 5] ARRAY[] ARRAY[5] ");
	assert_string_equal(run(h, wr_prog_new(h->arena, &e, 1), &b, ROWS),
			    run(h, wr_prog_new(h->arena, &e, 1), &b, 1));
	first_rows_of(h, &b, e, "ARRAY[] ARRAY[11] ARRAY[22, 32] NULL ARRAY[] ARRAY[50] ");

	/* inside of a CASE the lambda's rows go through the selection */
	cond = help_must_bind(h, "i = 2");
	cases[0] = cond;
	cases[1] = e;
	e = make(h, (wr_expr){ .kind = WR_EXPR_CASE, .type = e->type }, 2, cases);
	assert_int_equal(strncmp(run(h, wr_prog_new(h->arena, &e, 1), &b, ROWS),
				 "NULL NULL ARRAY[22, 32] NULL NULL NULL NULL ARRAY[72, 82, 92] ",
				 55),
			 0);

	/* a failing body makes the function's value null, and nothing more */
	body = wr_bind_rewrite(h->arena, help_must_bind(h, "60 / (c - 3)"), swap_param, h);
	e = each_of(h, help_must_bind(h, "a"), body);
	assert_int_equal(strncmp(run(h, wr_prog_new(h->arena, &e, 1), &b, ROWS),
				 "ARRAY[] ARRAY[-30] NULL NULL ARRAY[] ARRAY[30] ", 46),
			 0);
	help_free(h);
}

static void nested_lambdas(void **state)
{
	help *h = help_new();
	wr_batch b;
	const wr_expr *inner, *e;

	(void)state;
	make_batch(h, &b);
	/* x => EACH(a, y => y + x * 100 + i): y is c, x is CAST(c AS BIGINT) in this text */
	inner = wr_bind_rewrite(h->arena, help_must_bind(h, "c + i"), swap_param, h);
	{
		const wr_expr *x =
		    make(h,
			 (wr_expr){
			     .kind = WR_EXPR_PARAM, .type = wr_type_of(WR_INTEGER), .depth = 1 },
			 0, NULL);
		const wr_expr *hundred = help_must_bind(h, "100"), *pair[2] = { x, hundred };

		if (wr_bind_call_fn(&h->binder, "$mul", pair, 2, WR_NO_SPAN, &x, &h->err) != WR_OK)
			fail();
		pair[0] = inner;
		pair[1] = x;
		if (wr_bind_call_fn(&h->binder, "$add", pair, 2, WR_NO_SPAN, &inner, &h->err) !=
		    WR_OK)
			fail();
	}
	inner = each_of(h, help_must_bind(h, "a"), inner);
	e = each_of(h, help_must_bind(h, "a"), inner);
	assert_int_equal(
	    strncmp(run(h, wr_prog_new(h->arena, &e, 1), &b, ROWS),
		    "ARRAY[] ARRAY[ARRAY[102]] ARRAY[ARRAY[204, 205], ARRAY[304, 305]] ", 66),
	    0);
	assert_string_equal(run(h, wr_prog_new(h->arena, &e, 1), &b, ROWS),
			    run(h, wr_prog_new(h->arena, &e, 1), &b, 3));
	help_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_agree), cmocka_unit_test(values),
		cmocka_unit_test(filters),    cmocka_unit_test(sharing),
		cmocka_unit_test(lambdas),    cmocka_unit_test(nested_lambdas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

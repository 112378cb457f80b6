/*
 * TRANSFORM, FILTER, REDUCE: functions that call lambdas.
 *
 * A lambda works on vectors like everything else. The elements of all rows of the batch are laid
 * out as one vector beside the numbers of the rows they belong to, and the lambda is called once: a
 * batch of a thousand arrays of five costs one call over five thousand rows. REDUCE calls it once
 * per position: first with the first elements of all rows, then with the second ones of those that
 * have two.
 *
 * What fails in a lambda fails for the row that the element belongs to; the evaluator sees to that.
 */
#include "functions/families.h"
#include "functions/kernel.h"
#include "functions/map_order.h"

#define LIST(k, row) WR_ARG(wr_list, k, row)

/* The elements of all rows, one after the other. */
typedef struct flat {
	uint32_t n;
	uint32_t *at;	 /* positions in the list's kids */
	uint32_t *outer; /* rows */
} flat;

static bool missing(const wr_fn_cx *cx, const wr_vec *list, uint32_t row)
{
	return wr_fn_null(cx, row) || wr_vec_is_null(list, row);
}

static flat flatten(const wr_fn_cx *cx, const wr_vec *const *args)
{
	flat f = { .n = 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < cx->rows; i++)
		n += missing(cx, args[0], i) ? 0 : LIST(0, i).n;
	f.at = wr_arena_alloc(cx->arena, n * sizeof(uint32_t));
	f.outer = wr_arena_alloc(cx->arena, n * sizeof(uint32_t));
	for (uint32_t i = 0; i < cx->rows; i++)
		for (uint32_t k = 0; !missing(cx, args[0], i) && k < LIST(0, i).n; k++) {
			f.at[f.n] = LIST(0, i).at + k;
			f.outer[f.n++] = i;
		}
	return f;
}

/*
 * A lambda over the elements (arrays) or the keys and values (maps). Nothing is called where there
 * is nothing.
 */
static void call(wr_fn_cx *cx, const wr_lambda *lambda, const wr_vec *list, const flat *f,
		 wr_vec *out)
{
	wr_vec kids[2];
	const wr_vec *params[2] = { &kids[0], &kids[1] };

	*out = (wr_vec){ .type = lambda->result };
	if (f->n == 0)
		return;
	for (uint32_t k = 0; k < list->type->nkids; k++)
		wr_vec_gather(&kids[k], cx->arena, &list->kids[k], f->at, f->n);
	lambda->call(lambda, cx->arena, params, f->outer, f->n, out);
}

/* ---------------------------------------------------------------- TRANSFORM */

static void eval_transform_array(WR_KERNEL)
{
	flat f = flatten(cx, args);
	uint32_t at = 0;
	wr_vec made;

	(void)nargs;
	call(cx, cx->lambdas[1], args[0], &f, &made);
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);

		if (wr_fn_push_null(cx, out, i))
			continue;
		for (uint32_t k = 0; k < LIST(0, i).n; k++)
			wr_vec_push(&out->kids[0], cx->arena, &made, at++, false);
		wr_vec_list_end(out, cx->arena, begin);
	}
}

/* Whether one of the keys at .. at + n - 1 equals another, or is null. */
static bool bad_keys(const wr_vec *keys, uint32_t at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (wr_vec_is_null(keys, at + i))
			return true;
		for (uint32_t j = 0; j < i; j++)
			if (wr_vec_eq(keys, wr_vec_at(keys, at + i), keys, wr_vec_at(keys, at + j)))
				return true;
	}
	return false;
}

static void eval_transform_map(WR_KERNEL)
{
	flat f = flatten(cx, args);
	uint32_t at = 0;
	wr_vec keys, values;

	(void)nargs;
	call(cx, cx->lambdas[1], args[0], &f, &keys);
	call(cx, cx->lambdas[2], args[0], &f, &values);
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out), n;

		if (wr_fn_push_null(cx, out, i))
			continue;
		n = LIST(0, i).n;
		if (bad_keys(&keys, at, n)) {
			wr_fn_fail(cx, out, i,
				   "the new map would have a key twice, or a null as one");
			at += n;
			continue;
		}
		for (uint32_t k = 0; k < n; k++, at++) {
			wr_vec_push(&out->kids[0], cx->arena, &keys, at, false);
			wr_vec_push(&out->kids[1], cx->arena, &values, at, false);
		}
		wr_vec_list_end(out, cx->arena, begin);
	}
}

/* ---------------------------------------------------------------- FILTER */

static bool is_true(const wr_vec *v, uint32_t row)
{
	return !wr_vec_is_null(v, row) && ((const uint8_t *)v->data)[wr_vec_at(v, row)];
}

static void eval_filter(WR_KERNEL)
{
	flat f = flatten(cx, args);
	uint32_t at = 0;
	wr_vec keep;

	(void)nargs;
	call(cx, cx->lambdas[1], args[0], &f, &keep);
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);

		if (wr_fn_push_null(cx, out, i))
			continue;
		for (uint32_t k = 0; k < LIST(0, i).n; k++) {
			if (!is_true(&keep, at++))
				continue;
			for (uint32_t kid = 0; kid < out->type->nkids; kid++)
				wr_vec_push(&out->kids[kid], cx->arena, &args[0]->kids[kid],
					    LIST(0, i).at + k, false);
		}
		wr_vec_list_end(out, cx->arena, begin);
	}
}

/* ---------------------------------------------------------------- REDUCE */

/* Where the state of each row stands: it moves to another vector with each step. */
typedef struct place {
	const wr_vec *v;
	uint32_t at;
} place;

/* The rows that have an element at `position`. */
static flat rows_at(wr_fn_cx *cx, const wr_vec *const *args, uint32_t *const *order,
		    uint32_t position)
{
	flat f = { .at = wr_arena_alloc(cx->arena, cx->rows * sizeof(uint32_t)),
		   .outer = wr_arena_alloc(cx->arena, cx->rows * sizeof(uint32_t)) };

	for (uint32_t i = 0; i < cx->rows; i++) {
		if (!order[i] || LIST(0, i).n <= position)
			continue;
		f.at[f.n] = order[i][position];
		f.outer[f.n++] = i;
	}
	return f;
}

static wr_vec *step(wr_fn_cx *cx, const wr_lambda *lambda, const wr_vec *list, const flat *f,
		    const place *states)
{
	wr_vec params[3], *made = WR_NEW(cx->arena, wr_vec);
	const wr_vec *p[3] = { &params[0], &params[1], &params[2] };

	wr_vec_init(&params[0], cx->arena, lambda->result, f->n);
	for (uint32_t i = 0; i < f->n; i++)
		wr_vec_push(&params[0], cx->arena, states[f->outer[i]].v, states[f->outer[i]].at,
			    false);
	for (uint32_t k = 0; k < list->type->nkids; k++)
		wr_vec_gather(&params[k + 1], cx->arena, &list->kids[k], f->at, f->n);
	*made = (wr_vec){ .type = lambda->result };
	lambda->call(lambda, cx->arena, p, f->outer, f->n, made);
	return made;
}

/* Where the elements of a row stand, in the order in which they are met; an array's as they are. */
static uint32_t *order_of(wr_fn_cx *cx, const wr_vec *list, wr_list l)
{
	uint32_t *rows = wr_arena_alloc(cx->arena, l.n * sizeof(uint32_t) + 1);

	if (list->type->tag == WR_MAP)
		wr_map_order(cx->arena, &list->kids[0], l.at, l.n, rows);
	else
		for (uint32_t k = 0; k < l.n; k++)
			rows[k] = l.at + k;
	return rows;
}

static void eval_reduce(WR_KERNEL)
{
	place *states = wr_arena_alloc(cx->arena, cx->rows * sizeof(place));
	/* NULL: nothing to go through */
	uint32_t **order = wr_arena_alloc(cx->arena, cx->rows * sizeof(*order));

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		bool over = wr_vec_is_null(args[0], i) || wr_vec_is_null(args[1], i);

		states[i] = (place){ args[1], wr_vec_at(args[1], i) };
		order[i] = over ? NULL : order_of(cx, args[0], LIST(0, i));
	}
	for (uint32_t position = 0;; position++) {
		flat f = rows_at(cx, args, order, position);
		const wr_vec *made;

		if (f.n == 0)
			break;
		made = step(cx, cx->lambdas[2], args[0], &f, states);
		for (uint32_t i = 0; i < f.n; i++)
			states[f.outer[i]] = (place){ made, wr_vec_at(made, i) };
	}
	wr_vec_init(out, cx->arena, out->type, cx->rows);
	for (uint32_t i = 0; i < cx->rows; i++)
		wr_vec_push(out, cx->arena, states[i].v, states[i].at, false);
}

#define STRICT WR_FN_STRICT | WR_FN_PURE

const wr_fn wr_fns_lambda[] = {
	{ "FILTER", "ARRAY<T>, LAMBDA(T) BOOLEAN", "ARRAY<T>", STRICT, eval_filter, NULL,
	  "The elements for which the lambda is true.",
	  "FILTER(ARRAY[1, 5, 3], x => x > 2) => ARRAY[5, 3]" },
	{ "FILTER", "MAP<K, V>, LAMBDA(K, V) BOOLEAN", "MAP<K, V>", STRICT, eval_filter, NULL,
	  "The entries for which the lambda is true.",
	  "FILTER(MAP('a' := 1, 'b' := 2), (k, v) => v > 1) => MAP('b' := 2)" },
	{ "REDUCE", "ARRAY<T>, S, LAMBDA(S, T) S", "S", WR_FN_PURE, eval_reduce, NULL,
	  "Goes through the elements with a state that the lambda makes anew at each.",
	  "REDUCE(ARRAY[1, 2, 3], 10, (s, x) => s + x) => 16" },
	{ "REDUCE", "MAP<K, V>, S, LAMBDA(S, K, V) S", "S", WR_FN_PURE, eval_reduce, NULL,
	  "Goes through the entries with a state that the lambda makes anew at each.",
	  "REDUCE(MAP('a' := 1, 'b' := 2), 0, (s, k, v) => s + v) => 3" },
	{ "TRANSFORM", "ARRAY<T>, LAMBDA(T) R", "ARRAY<R>", STRICT, eval_transform_array, NULL,
	  "What the lambda makes of each element.",
	  "TRANSFORM(ARRAY['a', 'b'], x => UCASE(x)) => ARRAY['A', 'B']" },
	{ "TRANSFORM", "MAP<K, V>, LAMBDA(K, V) R, LAMBDA(K, V) S", "MAP<R, S>", STRICT,
	  eval_transform_map, NULL,
	  "A map of what one lambda makes of each key and the other of each value.",
	  "TRANSFORM(MAP('a' := 1), (k, v) => UCASE(k), (k, v) => v + 1) => MAP('A' := 2)" },
	{ 0 },
};

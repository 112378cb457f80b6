/*
 * COALESCE, IFNULL, NULLIF, GREATEST, LEAST, AS_VALUE: functions that choose among their arguments,
 * all of one type.
 */
#include "functions/families.h"
#include "functions/kernel.h"

static void push(wr_fn_cx *cx, wr_vec *out, const wr_vec *v, uint32_t row)
{
	wr_vec_push(out, cx->arena, v, row, false);
}

/* The rows of out are pushed one by one. */
static void begin(wr_fn_cx *cx, wr_vec *out)
{
	wr_vec_init(out, cx->arena, out->type, cx->rows);
}

static void eval_coalesce(WR_KERNEL)
{
	if (!args[0]->null) {
		*out = *args[0];
		return;
	}
	begin(cx, out);
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t k = 0;

		while (k < nargs && wr_vec_is_null(args[k], i))
			k++;
		if (k < nargs)
			push(cx, out, args[k], i);
		else
			wr_vec_push_null(out, cx->arena);
	}
}

static void eval_nullif(WR_KERNEL)
{
	(void)nargs;
	begin(cx, out);
	for (uint32_t i = 0; i < cx->rows; i++) {
		bool same =
		    !wr_vec_is_null(args[1], i) && !wr_vec_is_null(args[0], i) &&
		    wr_vec_eq(args[0], wr_vec_at(args[0], i), args[1], wr_vec_at(args[1], i));

		if (same)
			wr_vec_push_null(out, cx->arena);
		else
			push(cx, out, args[0], i);
	}
}

static void choose(wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out, int sign)
{
	begin(cx, out);
	for (uint32_t i = 0; i < cx->rows; i++) {
		const wr_vec *best = NULL;

		for (uint32_t k = 0; k < nargs; k++)
			if (!wr_vec_is_null(args[k], i) &&
			    (!best || sign * wr_vec_cmp(args[k], wr_vec_at(args[k], i), best,
							wr_vec_at(best, i)) >
					  0))
				best = args[k];
		if (best)
			push(cx, out, best, i);
		else
			wr_vec_push_null(out, cx->arena);
	}
}

static void eval_greatest(WR_KERNEL)
{
	choose(cx, args, nargs, out, 1);
}

static void eval_least(WR_KERNEL)
{
	choose(cx, args, nargs, out, -1);
}

static void eval_as_value(WR_KERNEL)
{
	(void)cx, (void)nargs;
	*out = *args[0];
}

static const wr_type *bind_ordered(wr_arena *a, const wr_type *const *types,
				   const wr_vec *const *consts, uint32_t n, const void **bound,
				   wr_err *err)
{
	(void)a, (void)consts, (void)n, (void)bound;
	if (!wr_tag_nested(types[0]->tag) && types[0]->tag != WR_BOOLEAN)
		return types[0];
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "values of type %s have no order",
		   wr_tag_name(types[0]->tag));
	return NULL;
}

enum { FLAGS = WR_FN_PURE | WR_FN_TOTAL };

const wr_fn wr_fns_conditional[] = {
	{ "AS_VALUE", "T", "T", FLAGS, eval_as_value, NULL,
	  "The argument: makes a value column that is a copy of a key column.",
	  "AS_VALUE(3) => 3" },
	{ "COALESCE", "T, T...", "T", FLAGS, eval_coalesce, NULL,
	  "The first argument that is not null.", "COALESCE(NULL, 'a', 'b') => 'a'" },
	{ "GREATEST", "T, T...", "T", FLAGS, eval_greatest, bind_ordered,
	  "The greatest of the arguments that are not null.", "GREATEST(1, NULL, 3) => 3" },
	{ "IFNULL", "T, T", "T", FLAGS, eval_coalesce, NULL,
	  "The first argument, or the second where it is null.", "IFNULL(NULL, 2) => 2" },
	{ "LEAST", "T, T...", "T", FLAGS, eval_least, bind_ordered,
	  "The least of the arguments that are not null.", "LEAST('b', 'a') => 'a'" },
	{ "NULLIF", "T, T", "T", FLAGS, eval_nullif, NULL,
	  "The first argument, or null where it equals the second.", "NULLIF(1, 2) => 1" },
	{ 0 },
};

/*
 * Building values: ||, ARRAY[…], MAP(…), STRUCT(…). The binder has brought elements to one type and
 * gives the call its type.
 */
#include "functions/families.h"
#include "functions/kernel.h"

/* ---- || and CONCAT: nulls are skipped */

static void eval_concat(WR_KERNEL)
{
	wr_str *r = out->data;

	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t n = 0, at = 0;
		char *to;

		for (uint32_t k = 0; k < nargs; k++)
			n += wr_vec_is_null(args[k], i) ? 0 : wr_vec_str(args[k], i).n;
		to = wr_arena_alloc(cx->arena, n);
		for (uint32_t k = 0; k < nargs; k++) {
			wr_str s = wr_vec_is_null(args[k], i) ? (wr_str){ NULL, 0 }
							      : wr_vec_str(args[k], i);

			if (s.n)
				memcpy(to + at, s.p, s.n);
			at += s.n;
		}
		r[i] = (wr_str){ to, n };
	}
}

static void eval_array(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);

		for (uint32_t k = 0; k < nargs; k++)
			wr_vec_push(&out->kids[0], cx->arena, args[k], i, false);
		wr_vec_list_end(out, cx->arena, begin);
	}
}

/* Whether a later key of the row is equal: then this entry is the one that gives way. */
static bool repeated(const wr_vec *const *args, uint32_t nargs, uint32_t k, uint32_t row)
{
	for (uint32_t j = k + 2; j < nargs; j += 2)
		if (wr_vec_eq(args[k], wr_vec_at(args[k], row), args[j], wr_vec_at(args[j], row)))
			return true;
	return false;
}

/* A key is never null: the text null stands for it where keys are texts. */
static void push_key(wr_fn_cx *cx, wr_vec *keys, const wr_vec *from, uint32_t row)
{
	if (keys->type->tag != WR_STRING || !wr_vec_is_null(from, row)) {
		wr_vec_push(keys, cx->arena, from, row, false);
		return;
	}
	wr_vec_resize(keys, cx->arena, keys->n + 1);
	wr_vec_STRING(keys)[keys->n - 1] = WR_STR_LIT("null");
}

/* $map(key, value, key, value …) */
static void eval_map(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);

		for (uint32_t k = 0; k < nargs; k += 2) {
			if (repeated(args, nargs, k, i))
				continue;
			push_key(cx, &out->kids[0], args[k], i);
			wr_vec_push(&out->kids[1], cx->arena, args[k + 1], i, false);
		}
		wr_vec_list_end(out, cx->arena, begin);
	}
}

static void eval_struct(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		for (uint32_t k = 0; k < nargs; k++)
			wr_vec_push(&out->kids[k], cx->arena, args[k], i, false);
		wr_vec_struct_end(out, cx->arena);
	}
}

enum { FLAGS = WR_FN_PURE | WR_FN_HIDDEN | WR_FN_TOTAL };

const wr_fn wr_fns_construct[] = {
	{ "$concat", "STRING, STRING", "STRING", FLAGS, eval_concat, NULL, NULL, NULL },
	{ "$concat", "BYTES, BYTES", "BYTES", FLAGS, eval_concat, NULL, NULL, NULL },
	{ "$array", "ANY...", "ANY", FLAGS, eval_array, NULL, NULL, NULL },
	{ "$map", "ANY...", "ANY", FLAGS, eval_map, NULL, NULL, NULL },
	{ "$struct", "ANY...", "ANY", FLAGS, eval_struct, NULL, NULL, NULL },
	{ 0 },
};

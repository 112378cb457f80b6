/*
 * Reading out of nested values: s->f, a[i], m[k]. None of them copies a value: a field is the
 * struct's own child vector, an element a gather of positions in the list's child.
 */
#include "functions/families.h"
#include "functions/kernel.h"

/* ---- $field(struct, index of the field) */

static void eval_field(WR_KERNEL)
{
	const wr_vec *s = args[0];
	int32_t field = WR_ARG(int32_t, 1, 0);
	uint32_t n = s->kind == WR_CONST ? 1 : cx->rows;
	uint8_t *null;

	(void)nargs;
	*out = s->kids[field];
	out->n = out->room = n;
	out->kind = s->kind == WR_CONST ? WR_CONST : s->kids[field].kind;
	if (!s->null)
		return;
	null = wr_arena_alloc(cx->arena, n);
	for (uint32_t i = 0; i < n; i++)
		null[i] = s->null[i] | (out->null ? out->null[wr_vec_at(out, i)] : 0);
	out->null = null;
}

/* ---- subscripts */

enum { NOWHERE = UINT32_MAX };

/* out = kid's values at the positions; null at NOWHERE. */
static void take(wr_fn_cx *cx, const wr_vec *kid, uint32_t *at, wr_vec *out)
{
	uint8_t *missing = NULL;

	if (kid->n == 0) {
		wr_vec_const_null(out, cx->arena, out->type);
		return;
	}
	for (uint32_t i = 0; i < cx->rows; i++) {
		if (at[i] != NOWHERE)
			continue;
		if (!missing)
			missing = wr_arena_zalloc(cx->arena, cx->rows);
		missing[i] = 1;
		at[i] = 0;
	}
	wr_vec_gather(out, cx->arena, kid, at, cx->rows);
	if (missing)
		for (uint32_t i = 0; i < cx->rows; i++)
			if (missing[i])
				wr_vec_set_null(out, cx->arena, i);
}

/* The position of element `index` of a list, 1-based, negative from the end. */
static uint32_t element(wr_list list, int64_t index)
{
	if (index < 0)
		index += (int64_t)list.n + 1;
	return index < 1 || index > list.n ? (uint32_t)NOWHERE : list.at + (uint32_t)(index - 1);
}

static void eval_element(WR_KERNEL)
{
	uint32_t *at = wr_arena_alloc(cx->arena, cx->rows * sizeof(uint32_t));

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		at[i] = wr_vec_is_null(args[0], i) || wr_vec_is_null(args[1], i)
			    ? (uint32_t)NOWHERE
			    : element(WR_ARG(wr_list, 0, i), WR_ARG(int64_t, 1, i));
	take(cx, &args[0]->kids[0], at, out);
}

static uint32_t entry_of(const wr_vec *map, uint32_t row, const wr_vec *key)
{
	wr_list list = ((const wr_list *)map->data)[wr_vec_at(map, row)];

	/* From the end: of equal keys the last one counts. */
	for (uint32_t i = list.n; i-- > 0;)
		if (wr_vec_eq(&map->kids[0], list.at + i, key, wr_vec_at(key, row)))
			return list.at + i;
	return NOWHERE;
}

static void eval_entry(WR_KERNEL)
{
	uint32_t *at = wr_arena_alloc(cx->arena, cx->rows * sizeof(uint32_t));

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		at[i] = wr_vec_is_null(args[0], i) || wr_vec_is_null(args[1], i)
			    ? (uint32_t)NOWHERE
			    : entry_of(args[0], i, args[1]);
	take(cx, &args[0]->kids[1], at, out);
}

enum { FLAGS = WR_FN_PURE | WR_FN_HIDDEN | WR_FN_TOTAL };

const wr_fn wr_fns_access[] = {
	{ "$field", "STRUCT, INTEGER", "ANY", FLAGS, eval_field, NULL, NULL, NULL },
	{ "$index", "ARRAY<T>, BIGINT", "T", FLAGS, eval_element, NULL, NULL, NULL },
	{ "$index", "MAP<K, V>, K", "V", FLAGS, eval_entry, NULL, NULL, NULL },
	{ 0 },
};

/*
 * TOPK and TOPKDISTINCT: the k greatest values, greatest first. An equal value stands behind the
 * ones that came before it; over a table, behind the ones of rows with a smaller primary key.
 *
 * TOPK(x, a, b, k) keeps further columns with each value and gives STRUCT<sort_col, col0, col1>:
 * the bag then holds such structs, and the sorting value is its first field.
 */
#include "functions/agg_bag.h"
#include "functions/families.h"

static uint32_t most(const wr_agg_cx *cx)
{
	return (uint32_t)wr_vec_INTEGER(cx->consts[cx->nargs - 1])[0];
}

/* ---- one column */

static uint32_t place_of(const wr_bag *b, const wr_vec *v, uint32_t row)
{
	uint32_t at = wr_bag_n(b);

	while (at > 0 && wr_bag_cmp(b, at - 1, v, row) < 0)
		at--;
	return at;
}

static void put(const wr_agg_cx *cx, wr_bag *b, uint32_t at, const wr_bag_key *key)
{
	if (at >= most(cx))
		return;
	wr_bag_insert(cx, b, at, key, 0);
	if (wr_bag_n(b) > most(cx))
		wr_bag_remove(cx, b, wr_bag_n(b) - 1);
}

static bool step(const wr_agg_cx *cx, void *state, const wr_vec *v, uint32_t row, bool distinct)
{
	wr_bag *b = wr_bag_of(state);
	uint32_t at;
	wr_bag_key key;

	if (wr_vec_is_null(v, row))
		return true;
	at = place_of(b, v, row);
	if (distinct && at > 0 && wr_bag_cmp(b, at - 1, v, row) == 0)
		return true;
	wr_bag_key_of(v, row, &key);
	put(cx, b, at, &key);
	wr_bag_key_done(&key);
	return true;
}

static bool step_all(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	return step(cx, state, args[0], row, false);
}

static bool step_distinct(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	return step(cx, state, args[0], row, true);
}

/* The other's values as a vector, to go through step again. */
static bool merge(const wr_agg_cx *cx, void *into, const void *from, bool distinct)
{
	const wr_bag *other = wr_bag_of(from);
	wr_vec v;

	wr_vec_init(&v, cx->arena, cx->types[0], wr_bag_n(other));
	for (uint32_t i = 0; i < wr_bag_n(other); i++) {
		wr_bag_push(other, i, &v, cx->arena);
		step(cx, into, &v, i, distinct);
	}
	return true;
}

static bool merge_all(const wr_agg_cx *cx, void *into, const void *from)
{
	return merge(cx, into, from, false);
}

static bool merge_distinct(const wr_agg_cx *cx, void *into, const void *from)
{
	return merge(cx, into, from, true);
}

static void final(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	const wr_bag *b = wr_bag_of(state);
	uint32_t begin = wr_vec_list_begin(out);

	for (uint32_t i = 0; i < wr_bag_n(b); i++)
		wr_bag_push(b, i, &out->kids[0], cx->arena);
	wr_vec_list_end(out, cx->arena, begin);
}

/* ---- with further columns */

static void put_struct(const wr_agg_cx *cx, wr_bag *b, const wr_vec *entry)
{
	uint32_t at = wr_bag_n(b);
	wr_vec kept;
	wr_bag_key key;

	wr_vec_init(&kept, cx->arena, entry->type, at);
	for (uint32_t i = 0; i < at; i++)
		wr_bag_push(b, i, &kept, cx->arena);
	while (at > 0 && wr_vec_cmp(&kept.kids[0], at - 1, &entry->kids[0], 0) < 0)
		at--;
	wr_bag_key_of(entry, 0, &key);
	put(cx, b, at, &key);
	wr_bag_key_done(&key);
}

static bool step_struct(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	wr_vec entry;

	if (wr_vec_is_null(args[0], row))
		return true;
	wr_vec_init(&entry, cx->arena, cx->result->kids[0], 1);
	for (uint32_t k = 0; k + 1 < cx->nargs; k++)
		wr_vec_push(&entry.kids[k], cx->arena, args[k], row, false);
	wr_vec_struct_end(&entry, cx->arena);
	put_struct(cx, wr_bag_of(state), &entry);
	return true;
}

static bool merge_struct(const wr_agg_cx *cx, void *into, const void *from)
{
	const wr_bag *other = wr_bag_of(from);

	for (uint32_t i = 0; i < wr_bag_n(other); i++) {
		wr_vec entry;

		wr_vec_init(&entry, cx->arena, cx->result->kids[0], 1);
		wr_bag_push(other, i, &entry, cx->arena);
		put_struct(cx, wr_bag_of(into), &entry);
	}
	return true;
}

/* ---- types */

static bool good_k(const wr_vec *k, wr_err *err)
{
	if (k && !(k->null && k->null[0]) && wr_vec_INTEGER(k)[0] > 0)
		return true;
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
		   "the number of values must be a literal of at least 1");
	return false;
}

static bool has_order(const wr_type *t, wr_err *err)
{
	if (!wr_tag_nested(t->tag) && t->tag != WR_BOOLEAN)
		return true;
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "values of type %s have no order",
		   wr_tag_name(t->tag));
	return false;
}

static const wr_type *bind(wr_arena *a, const wr_type *const *types, const wr_vec *const *consts,
			   uint32_t n, wr_err *err)
{
	if (!good_k(consts[n - 1], err) || !has_order(types[0], err))
		return NULL;
	return wr_type_array(a, types[0]);
}

static const wr_type *bind_struct(wr_arena *a, const wr_type *const *types,
				  const wr_vec *const *consts, uint32_t n, wr_err *err)
{
	wr_str *names = WR_NEW_ARRAY(a, wr_str, n);

	if (!good_k(consts[n - 1], err) || !has_order(types[0], err))
		return NULL;
	names[0] = WR_STR_LIT("sort_col");
	for (uint32_t i = 1; i + 1 < n; i++)
		names[i] = wr_arena_printf(a, "col%u", i - 1);
	return wr_type_array(a, wr_type_struct(a, n - 1, names, types));
}

#define ROW(name_, args_, result_, which, one_of_equals, bind_, doc_, example_)                    \
	{                                                                                          \
		.name = name_, .args = args_, .result = result_, .size = wr_bag_state_size,        \
		.init = wr_bag_state_init, .step = step_##which, .merge = merge_##which,           \
		.final = final, .save = wr_bag_state_save, .load = wr_bag_state_load,              \
		.drop = wr_bag_state_drop, .multiset = WR_AGG_LAST, .distinct = one_of_equals,     \
		.most = most, .doc = doc_, .example = example_, .bind = bind_                      \
	}

/* clang-format off */
const wr_agg wr_aggs_topk[] = {
	ROW("TOPK", "T, INTEGER", "ARRAY<T>", all, false, bind, "The k greatest values, greatest first.",
	    "TOPK(x, 2) OVER (1, 3, 2, 3) => ARRAY[3, 3]"),
	ROW("TOPK", "T, ANY, ANY..., INTEGER", NULL, struct, false, bind_struct,
	    "The k greatest values of the first column with the columns behind it, as structs.",
	    "TOPK(x, 'a', 1) OVER (1, 3) => ARRAY[STRUCT(`sort_col` := 3, `col0` := 'a')]"),
	ROW("TOPKDISTINCT", "T, INTEGER", "ARRAY<T>", distinct, true, bind,
	    "The k greatest distinct values, greatest first.",
	    "TOPKDISTINCT(x, 2) OVER (1, 3, 2, 3) => ARRAY[3, 2]"),
	{ 0 },
};
/* clang-format on */

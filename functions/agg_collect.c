/*
 * COLLECT_LIST and COLLECT_SET: the values as an array, in the order of arrival; null is a value.
 * Limited by ksql.functions.collect_*.limit.
 */
#include "functions/agg_bag.h"
#include "functions/families.h"

static uint32_t most(const wr_agg_cx *cx)
{
	return cx->limit < 0 || cx->limit > UINT32_MAX ? UINT32_MAX : (uint32_t)cx->limit;
}

static bool nulls(const wr_agg_cx *cx)
{
	(void)cx;
	return true;
}

static bool full(const wr_agg_cx *cx, const wr_bag *b)
{
	return cx->limit >= 0 && wr_bag_n(b) >= (uint64_t)cx->limit;
}

static bool step_list(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	wr_bag *b = wr_bag_of(state);
	wr_bag_key key;

	if (full(cx, b))
		return true;
	wr_bag_key_of(args[0], row, &key);
	wr_bag_insert(cx, b, wr_bag_n(b), &key, 0);
	wr_bag_key_done(&key);
	return true;
}

/* The last equal one goes: what the dialect has for tables. */
static bool undo_list(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	wr_bag *b = wr_bag_of(state);
	wr_bag_key key;
	int64_t at;

	wr_bag_key_of(args[0], row, &key);
	at = wr_bag_find_last(b, &key);
	wr_bag_key_done(&key);
	if (at >= 0)
		wr_bag_remove(cx, b, (uint32_t)at);
	return true;
}

static bool step_set(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	wr_bag *b = wr_bag_of(state);
	wr_bag_key key;

	if (full(cx, b))
		return true;
	wr_bag_key_of(args[0], row, &key);
	if (wr_bag_find(b, &key) < 0)
		wr_bag_insert(cx, b, wr_bag_n(b), &key, 0);
	wr_bag_key_done(&key);
	return true;
}

static bool merge_list(const wr_agg_cx *cx, void *into, const void *from)
{
	wr_bag *b = wr_bag_of(into), *other = wr_bag_of(from);

	for (uint32_t i = 0; i < wr_bag_n(other) && !full(cx, b); i++) {
		wr_bag_key key = wr_bag_key_at(other, i);

		wr_bag_insert(cx, b, wr_bag_n(b), &key, 0);
	}
	return true;
}

static bool merge_set(const wr_agg_cx *cx, void *into, const void *from)
{
	wr_bag *b = wr_bag_of(into), *other = wr_bag_of(from);

	for (uint32_t i = 0; i < wr_bag_n(other) && !full(cx, b); i++) {
		wr_bag_key key = wr_bag_key_at(other, i);

		if (wr_bag_find(b, &key) < 0)
			wr_bag_insert(cx, b, wr_bag_n(b), &key, 0);
	}
	return true;
}

static void final(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	const wr_bag *b = wr_bag_of(state);
	uint32_t begin = wr_vec_list_begin(out);

	for (uint32_t i = 0; i < wr_bag_n(b); i++)
		wr_bag_push(b, i, &out->kids[0], cx->arena);
	wr_vec_list_end(out, cx->arena, begin);
}

#define ROW(name_, which, undo_, order, doc_, example_)                                            \
	{                                                                                          \
		.name = name_, .args = "T", .result = "ARRAY<T>", .size = wr_bag_state_size,       \
		.init = wr_bag_state_init, .step = step_##which, .undo = undo_,                    \
		.merge = merge_##which, .final = final, .save = wr_bag_state_save,                 \
		.load = wr_bag_state_load, .drop = wr_bag_state_drop, .multiset = order,           \
		.most = most, .nulls = nulls, .doc = doc_, .example = example_                     \
	}

const wr_agg wr_aggs_collect[] = {
	ROW("COLLECT_LIST", list, undo_list, WR_AGG_EARLIEST, "All values as an array, nulls too.",
	    "COLLECT_LIST(x) OVER (1, NULL, 1) => ARRAY[1, NULL, 1]"),
	ROW("COLLECT_SET", set, NULL, WR_AGG_COUNTED, "The distinct values as an array, null too.",
	    "COLLECT_SET(x) OVER (1, NULL, 1) => ARRAY[1, NULL]"),
	{ 0 },
};

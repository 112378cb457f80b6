/*
 * HISTOGRAM, COUNT_DISTINCT, ATTR: a bag of the distinct values, the number of each being how often
 * it came.
 *
 * COUNT_DISTINCT counts exactly, in memory by the number of distinct values, and skips nulls.
 */
#include "functions/agg_bag.h"
#include "functions/families.h"

enum { MOST_HISTOGRAM_KEYS = 1000 };

static void add(const wr_agg_cx *cx, wr_bag *b, const wr_bag_key *key, int64_t times, uint32_t most)
{
	int64_t at = wr_bag_find(b, key);

	if (at >= 0)
		*wr_bag_number(b, (uint32_t)at) += times;
	else if (wr_bag_n(b) < most)
		wr_bag_insert(cx, b, wr_bag_n(b), key, times);
}

static bool step(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row, uint32_t most)
{
	wr_bag_key key;

	wr_bag_key_of(args[0], row, &key);
	add(cx, wr_bag_of(state), &key, 1, most);
	wr_bag_key_done(&key);
	return true;
}

static bool step_histogram(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	return wr_vec_is_null(args[0], row) || step(cx, state, args, row, MOST_HISTOGRAM_KEYS);
}

static bool step_distinct(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	return wr_vec_is_null(args[0], row) || step(cx, state, args, row, UINT32_MAX);
}

static bool step_attr(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	return step(cx, state, args, row, UINT32_MAX);
}

static bool undo(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	wr_bag *b = wr_bag_of(state);
	wr_bag_key key;
	int64_t at;

	wr_bag_key_of(args[0], row, &key);
	at = wr_bag_find(b, &key);
	wr_bag_key_done(&key);
	if (at >= 0 && --*wr_bag_number(b, (uint32_t)at) <= 0)
		wr_bag_remove(cx, b, (uint32_t)at);
	return true;
}

static bool merge(const wr_agg_cx *cx, void *into, const void *from)
{
	wr_bag *other = wr_bag_of(from);

	for (uint32_t i = 0; i < wr_bag_n(other); i++) {
		wr_bag_key key = wr_bag_key_at(other, i);

		add(cx, wr_bag_of(into), &key, *wr_bag_number(other, i), UINT32_MAX);
	}
	return true;
}

static void final_histogram(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	wr_bag *b = wr_bag_of(state);
	uint32_t begin = wr_vec_list_begin(out);
	wr_vec *counts = &out->kids[1];

	for (uint32_t i = 0; i < wr_bag_n(b); i++) {
		wr_bag_push(b, i, &out->kids[0], cx->arena);
		wr_vec_resize(counts, cx->arena, counts->n + 1);
		wr_vec_BIGINT(counts)[counts->n - 1] = *wr_bag_number(b, i);
	}
	wr_vec_list_end(out, cx->arena, begin);
}

static void final_distinct(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	wr_vec_resize(out, cx->arena, out->n + 1);
	wr_vec_BIGINT(out)[out->n - 1] = wr_bag_n(wr_bag_of(state));
}

static void final_attr(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	const wr_bag *b = wr_bag_of(state);

	if (wr_bag_n(b) == 1)
		wr_bag_push(b, 0, out, cx->arena);
	else
		wr_vec_push_null(out, cx->arena);
}

#define ROW(name_, args_, result_, which, undo_, set, doc_, example_)                              \
	{ .name = name_, .args = args_, .result = result_, .size = wr_bag_state_size,              \
	  .init = wr_bag_state_init, .step = step_##which, .undo = undo_, .merge = merge,          \
	  .final = final_##which, .save = wr_bag_state_save, .load = wr_bag_state_load,            \
	  .drop = wr_bag_state_drop, .multiset = set, .doc = doc_, .example = example_ }

const wr_agg wr_aggs_keyed[] = {
	ROW("ATTR", "T", "T", attr, undo, WR_AGG_NO_MULTISET,
	    "The value that all rows share; null when they differ.", "ATTR(x) OVER (2, 2) => 2"),
	ROW("COUNT_DISTINCT", "T", "BIGINT", distinct, NULL, WR_AGG_ALL_BY_ARRIVAL,
	    "The number of distinct values; nulls do not count.",
	    "COUNT_DISTINCT(x) OVER (1, NULL, 2, 1) => 2"),
	ROW("HISTOGRAM", "STRING", "MAP<STRING, BIGINT>", histogram, undo, WR_AGG_NO_MULTISET,
	    "How often each value came, at most 1000 of them.",
	    "HISTOGRAM(x) OVER ('a', 'b', 'a') => MAP('a' := 2, 'b' := 1)"),
	{ 0 },
};

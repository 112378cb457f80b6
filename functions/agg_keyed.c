/*
 * HISTOGRAM, COUNT_DISTINCT, ATTR: a bag of the distinct values, the number of each being how often
 * it came.
 *
 * COUNT_DISTINCT counts exactly, in memory by the number of distinct values, and skips nulls. Over
 * a table the operator counts the values in the store, and what is left is a number:
 * distinct_count.
 */
#include "functions/agg_bag.h"
#include "functions/families.h"

enum { MOST_HISTOGRAM_KEYS = 1000 };

static uint32_t most_histogram(const wr_agg_cx *cx)
{
	(void)cx;
	return MOST_HISTOGRAM_KEYS;
}

/* Two values that differ say it all. */
static uint32_t most_attr(const wr_agg_cx *cx)
{
	(void)cx;
	return 2;
}

static bool nulls(const wr_agg_cx *cx)
{
	(void)cx;
	return true;
}

static void add(const wr_agg_cx *cx, wr_bag *b, const wr_bag_key *key, int64_t times, uint32_t most)
{
	int64_t at = wr_bag_find(b, key);

	if (at >= 0)
		*wr_bag_number(b, (uint32_t)at) += times;
	else if (wr_bag_n(b) < most)
		wr_bag_insert(cx, b, wr_bag_n(b), key, times);
}

static bool step(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row,
		 uint32_t most)
{
	wr_bag_key key;

	wr_bag_key_of(args[0], row, &key);
	add(cx, wr_bag_of(state), &key, 1, most);
	wr_bag_key_done(&key);
	return true;
}

static bool step_histogram(const wr_agg_cx *cx, void *state, const wr_vec *const *args,
			   uint32_t row)
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

static void step_times(const wr_agg_cx *cx, void *state, const wr_vec *value, uint32_t row,
		       int64_t times)
{
	wr_bag_key key;

	wr_bag_key_of(value, row, &key);
	add(cx, wr_bag_of(state), &key, times, MOST_HISTOGRAM_KEYS);
	wr_bag_key_done(&key);
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

/* ---- COUNT_DISTINCT over a table: a number that goes up with each new value and down with each
 * lost one */

static uint32_t number_size(const wr_agg_cx *cx)
{
	(void)cx;
	return sizeof(int64_t);
}

static void number_init(const wr_agg_cx *cx, void *state)
{
	(void)cx;
	*(int64_t *)state = 0;
}

static bool number_step(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	(void)cx, (void)args, (void)row;
	++*(int64_t *)state;
	return true;
}

static bool number_undo(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	(void)cx, (void)args, (void)row;
	--*(int64_t *)state;
	return true;
}

static void number_final(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	wr_vec_resize(out, cx->arena, out->n + 1);
	wr_vec_BIGINT(out)[out->n - 1] = *(const int64_t *)state;
}

static void number_save(const wr_agg_cx *cx, const void *state, wr_buf *out)
{
	(void)cx;
	wr_buf_u64(out, (uint64_t) * (const int64_t *)state);
}

static bool number_load(const wr_agg_cx *cx, void *state, const char **p, const char *end)
{
	(void)cx;
	return wr_load_u64(p, end, state);
}

static const wr_agg distinct_count = {
	.name = "COUNT_DISTINCT",
	.args = "T",
	.result = "BIGINT",
	.size = number_size,
	.init = number_init,
	.step = number_step,
	.undo = number_undo,
	.final = number_final,
	.save = number_save,
	.load = number_load,
	.multiset = WR_AGG_COUNT_ONLY,
};

#define ROW(name_, args_, result_, which, doc_, example_, ...)                                     \
	{                                                                                          \
		.name = name_, .args = args_, .result = result_, .size = wr_bag_state_size,        \
		.init = wr_bag_state_init, .step = step_##which, .merge = merge,                   \
		.final = final_##which, .save = wr_bag_state_save, .load = wr_bag_state_load,      \
		.drop = wr_bag_state_drop, .doc = doc_, .example = example_, __VA_ARGS__           \
	}

const wr_agg wr_aggs_keyed[] = {
	ROW("ATTR", "T", "T", attr, "The value that all rows share; null when they differ.",
	    "ATTR(x) OVER (2, 2) => 2", .undo = undo, .multiset = WR_AGG_COUNTED, .most = most_attr,
	    .nulls = nulls),
	ROW("COUNT_DISTINCT", "T", "BIGINT", distinct,
	    "The number of distinct values; nulls do not count.",
	    "COUNT_DISTINCT(x) OVER (1, NULL, 2, 1) => 2", .multiset = WR_AGG_COUNT_ONLY,
	    .over_table = &distinct_count),
	ROW("HISTOGRAM", "STRING", "MAP<STRING, BIGINT>", histogram,
	    "How often each value came, at most 1000 of them.",
	    "HISTOGRAM(x) OVER ('a', 'b', 'a') => MAP('a' := 2, 'b' := 1)", .undo = undo,
	    .multiset = WR_AGG_COUNTED, .most = most_histogram, .step_times = step_times),
	{ 0 },
};

/*
 * EARLIEST_BY_OFFSET and LATEST_BY_OFFSET: the first or last value that came, or the first or last
 * n of them.
 *
 *	f(x [, ignore nulls])        a value
 *	f(x, n [, ignore nulls])     an array, oldest first
 *
 * Each kept value has the number of its arrival, so that merged sessions keep the order in which
 * their rows came. Numbers grow over restarts too: they start at the clock, and behind every number
 * that is met, should the clock have been set back.
 */
#include "functions/agg_bag.h"
#include "functions/families.h"

#include <stdatomic.h>

#include "core/clock.h"

static _Atomic int64_t counter;

/* At planning, before there is a row: tasks take numbers at the same time. */
static void start_counter(void)
{
	int64_t none = 0;

	atomic_compare_exchange_strong(&counter, &none, wr_clock_ms() * 1000000);
}

static void go_beyond(int64_t number)
{
	int64_t n = atomic_load_explicit(&counter, memory_order_relaxed);

	while (n <= number && !atomic_compare_exchange_weak(&counter, &n, number + 1))
		;
}

/* For a value behind those of the bag. */
static int64_t next_arrival(wr_bag *b)
{
	if (wr_bag_n(b))
		go_beyond(*wr_bag_number(b, wr_bag_n(b) - 1));
	return atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);
}

/* ---- arguments that are constants */

static bool takes_n(const wr_agg_cx *cx)
{
	return cx->nargs > 1 && cx->types[1]->tag == WR_INTEGER;
}

static bool ignores_nulls(const wr_agg_cx *cx)
{
	uint32_t k = takes_n(cx) ? 2 : 1;

	return k >= cx->nargs || !cx->consts[k] || wr_vec_BOOLEAN(cx->consts[k])[0];
}

static bool nulls(const wr_agg_cx *cx)
{
	return !ignores_nulls(cx);
}

static uint32_t most(const wr_agg_cx *cx)
{
	return takes_n(cx) ? (uint32_t)wr_vec_INTEGER(cx->consts[1])[0] : 1;
}

/* ---- keeping */

static bool step_earliest(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	wr_bag *b = wr_bag_of(state);
	wr_bag_key key;

	if (wr_bag_n(b) >= most(cx) || (wr_vec_is_null(args[0], row) && ignores_nulls(cx)))
		return true;
	int64_t arrival = next_arrival(b);

	wr_bag_key_of(args[0], row, &key);
	wr_bag_insert(cx, b, wr_bag_n(b), &key, arrival);
	wr_bag_key_done(&key);
	return true;
}

static bool step_latest(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	wr_bag *b = wr_bag_of(state);
	wr_bag_key key;

	if (wr_vec_is_null(args[0], row) && ignores_nulls(cx))
		return true;
	int64_t arrival = next_arrival(b);

	wr_bag_key_of(args[0], row, &key);
	if (wr_bag_n(b) >= most(cx))
		wr_bag_remove(cx, b, 0);
	wr_bag_insert(cx, b, wr_bag_n(b), &key, arrival);
	wr_bag_key_done(&key);
	return true;
}

static void take_all(const wr_agg_cx *cx, wr_bag *b, wr_bag *other)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < wr_bag_n(other); i++) {
		wr_bag_key key = wr_bag_key_at(other, i);
		int64_t number = *wr_bag_number(other, i);

		while (at < wr_bag_n(b) && *wr_bag_number(b, at) < number)
			at++;
		wr_bag_insert(cx, b, at, &key, number);
	}
}

static bool merge_earliest(const wr_agg_cx *cx, void *into, const void *from)
{
	wr_bag *b = wr_bag_of(into);

	take_all(cx, b, wr_bag_of(from));
	while (wr_bag_n(b) > most(cx))
		wr_bag_remove(cx, b, wr_bag_n(b) - 1);
	return true;
}

static bool merge_latest(const wr_agg_cx *cx, void *into, const void *from)
{
	wr_bag *b = wr_bag_of(into);

	take_all(cx, b, wr_bag_of(from));
	while (wr_bag_n(b) > most(cx))
		wr_bag_remove(cx, b, 0);
	return true;
}

static void final_one(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	const wr_bag *b = wr_bag_of(state);

	if (wr_bag_n(b))
		wr_bag_push(b, 0, out, cx->arena);
	else
		wr_vec_push_null(out, cx->arena);
}

static void final_n(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	const wr_bag *b = wr_bag_of(state);
	uint32_t begin = wr_vec_list_begin(out);

	for (uint32_t i = 0; i < wr_bag_n(b); i++)
		wr_bag_push(b, i, &out->kids[0], cx->arena);
	wr_vec_list_end(out, cx->arena, begin);
}

static const wr_type *bind(wr_arena *a, const wr_type *const *types, const wr_vec *const *consts,
			   uint32_t n, wr_err *err)
{
	start_counter();
	bool counted = n > 1 && types[1]->tag == WR_INTEGER;

	for (uint32_t i = 1; i < n; i++)
		if (!consts[i] || (consts[i]->null && consts[i]->null[0])) {
			wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				   "the arguments behind the first must be literals");
			return NULL;
		}
	if (counted && wr_vec_INTEGER(consts[1])[0] < 1) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
			   "the number of values must be at least 1");
		return NULL;
	}
	return counted ? wr_type_array(a, types[0]) : types[0];
}

#define ROW(name_, args_, result_, which, order, fin, doc_, example_)                              \
	{                                                                                          \
		.name = name_, .args = args_, .result = result_, .size = wr_bag_state_size,        \
		.init = wr_bag_state_init, .step = step_##which, .merge = merge_##which,           \
		.final = fin, .save = wr_bag_state_save, .load = wr_bag_state_load,                \
		.drop = wr_bag_state_drop, .multiset = order, .most = most, .nulls = nulls,        \
		.doc = doc_, .example = example_, .bind = bind                                     \
	}

#define NULLS " Nulls are skipped unless the last argument is FALSE."

const wr_agg wr_aggs_offset[] = {
	ROW("EARLIEST_BY_OFFSET", "T, BOOLEAN?", "T", earliest, WR_AGG_EARLIEST, final_one,
	    "The value that came first." NULLS, "EARLIEST_BY_OFFSET(x) OVER (NULL, 1, 2) => 1"),
	ROW("EARLIEST_BY_OFFSET", "T, INTEGER, BOOLEAN?", "ARRAY<T>", earliest, WR_AGG_EARLIEST,
	    final_n, "The first n values that came, oldest first." NULLS,
	    "EARLIEST_BY_OFFSET(x, 2) OVER (1, 2, 3) => ARRAY[1, 2]"),
	ROW("LATEST_BY_OFFSET", "T, BOOLEAN?", "T", latest, WR_AGG_LATEST, final_one,
	    "The value that came last." NULLS, "LATEST_BY_OFFSET(x, FALSE) OVER (1, 2) => 2"),
	ROW("LATEST_BY_OFFSET", "T, INTEGER, BOOLEAN?", "ARRAY<T>", latest, WR_AGG_LATEST, final_n,
	    "The last n values that came, oldest first." NULLS,
	    "LATEST_BY_OFFSET(x, 2) OVER (1, 2, 3) => ARRAY[2, 3]"),
	{ 0 },
};

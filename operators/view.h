/*
 * The rows that an operator keeps, read from outside its task: what pull queries see of a table.
 * Entries come from wr_view_open(state, spec->id, …), of the last commit; they become rows of the
 * operator's output schema, with row time and window. What stands behind the operator in the plan
 * (HAVING, the SELECT list) is up to the caller: such operators need no state.
 *
 *	wr_op_view_open(a, spec, settings, &v, &err);
 *	wr_op_view_range(v, keys, 0, WR_TIME_NONE, &from, &to);
 *	for (it = wr_view_open(state, spec->id, from, to); wr_view_next(it, &key, &value);)
 *		wr_op_view_add(v, key, value, &batch);
 */
#ifndef OPERATORS_VIEW_H
#define OPERATORS_VIEW_H

#include "operators/spec.h"

typedef struct wr_op_view wr_op_view;

/*
 * For a table that keeps its rows, and for aggregates; others are refused with NOT_IMPLEMENTED. All
 * memory is in a. Thread: any, one at a time.
 */
WR_CHECKED wr_status wr_op_view_open(wr_arena *a, const wr_op_spec *spec,
				     const wr_settings *settings, wr_op_view **out, wr_err *err);

/*
 * Appends the rows of one entry to b (made with wr_batch_init for spec->out; strings go to b's
 * arena), as NEW. A session group gives a row per session. false: the entry is damaged.
 */
bool wr_op_view_add(wr_op_view *v, wr_str key, wr_str value, wr_batch *b);

/*
 * The range of entries for one key, whose parts are row `row` of keys[0 .. nkeys): from and to are
 * reset and filled. start: of a TUMBLING or HOPPING result, the window's start; WR_TIME_NONE there
 * means all windows of all keys, and the caller filters.
 */
void wr_op_view_range(const wr_op_view *v, const wr_vec *keys, uint32_t row, int64_t start,
		      wr_buf *from, wr_buf *to);
/* The range of windows that start in [first, last], of all keys. */
void wr_op_view_starts(int64_t first, int64_t last, wr_buf *from, wr_buf *to);

#endif

/* COUNT(*) and COUNT(x). State: the number. */
#include "functions/agg_bag.h"
#include "functions/families.h"

static uint32_t size(const wr_agg_cx *cx)
{
	(void)cx;
	return sizeof(int64_t);
}

static void init(const wr_agg_cx *cx, void *state)
{
	(void)cx;
	*(int64_t *)state = 0;
}

static bool step_row(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	(void)cx, (void)args, (void)row;
	++*(int64_t *)state;
	return true;
}

static bool undo_row(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	(void)cx, (void)args, (void)row;
	--*(int64_t *)state;
	return true;
}

static bool step_value(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	(void)cx;
	*(int64_t *)state += !wr_vec_is_null(args[0], row);
	return true;
}

static bool undo_value(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	(void)cx;
	*(int64_t *)state -= !wr_vec_is_null(args[0], row);
	return true;
}

static bool merge(const wr_agg_cx *cx, void *into, const void *from)
{
	(void)cx;
	*(int64_t *)into += *(const int64_t *)from;
	return true;
}

static void final(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	wr_vec_resize(out, cx->arena, out->n + 1);
	wr_vec_BIGINT(out)[out->n - 1] = *(const int64_t *)state;
}

static void save(const wr_agg_cx *cx, const void *state, wr_buf *out)
{
	(void)cx;
	wr_buf_u64(out, (uint64_t) * (const int64_t *)state);
}

static bool load(const wr_agg_cx *cx, void *state, const char **p, const char *end)
{
	(void)cx;
	return wr_load_u64(p, end, state);
}

const wr_agg wr_aggs_count[] = {
	{ .name = "COUNT",
	  .args = "*",
	  .result = "BIGINT",
	  .size = size,
	  .init = init,
	  .step = step_row,
	  .undo = undo_row,
	  .merge = merge,
	  .final = final,
	  .save = save,
	  .load = load,
	  .doc = "The number of rows.",
	  .example = "COUNT(*) OVER (1, NULL) => 2" },
	{ .name = "COUNT",
	  .args = "ANY",
	  .result = "BIGINT",
	  .size = size,
	  .init = init,
	  .step = step_value,
	  .undo = undo_value,
	  .merge = merge,
	  .final = final,
	  .save = save,
	  .load = load,
	  .doc = "The number of rows where the argument is not null.",
	  .example = "COUNT(x) OVER (1, NULL) => 1" },
	{ 0 },
};

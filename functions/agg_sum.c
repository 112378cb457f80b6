/*
 * SUM, SUM_LIST, AVG: sums of fixed width.
 *
 * Sums begin at 0 and skip nulls; integers wrap around in their own width. A DECIMAL sum has the
 * argument's type and stops the query when it leaves its precision. AVG counts as well; the sum of
 * integers is kept in their width, so it wraps like SUM's.
 *
 * A sum of a DECIMAL of more than 38 digits owns its bytes.
 */
#include "functions/agg_bag.h"
#include "functions/families.h"

#include <stdlib.h>

/* ---- numbers: one state for all, with the sum in 64 bits */

typedef struct sums {
	union {
		int64_t i;
		double d;
	};
	int64_t n;
} sums;

static uint32_t size(const wr_agg_cx *cx)
{
	(void)cx;
	return sizeof(sums);
}

static void init(const wr_agg_cx *cx, void *state)
{
	(void)cx;
	*(sums *)state = (sums){ .i = 0 };
}

static void add_int(sums *s, int32_t v, int sign)
{
	s->i = (int32_t)((uint32_t)s->i + (uint32_t)v * (uint32_t)sign);
}

static void add_big(sums *s, int64_t v, int sign)
{
	s->i = (int64_t)((uint64_t)s->i + (uint64_t)v * (uint64_t)(int64_t)sign);
}

static void add_double(sums *s, double v, int sign)
{
	s->d += sign * v;
}

#define STEPS(name, tag)                                                                           \
	static bool step_##name(const wr_agg_cx *cx, void *state, const wr_vec *const *args,       \
				uint32_t row)                                                      \
	{                                                                                          \
		(void)cx;                                                                          \
		if (wr_vec_is_null(args[0], row))                                                  \
			return true;                                                               \
		add_##name(state, wr_vec_##tag(args[0])[wr_vec_at(args[0], row)], 1);              \
		((sums *)state)->n++;                                                              \
		return true;                                                                       \
	}                                                                                          \
	static bool undo_##name(const wr_agg_cx *cx, void *state, const wr_vec *const *args,       \
				uint32_t row)                                                      \
	{                                                                                          \
		(void)cx;                                                                          \
		if (wr_vec_is_null(args[0], row))                                                  \
			return true;                                                               \
		add_##name(state, wr_vec_##tag(args[0])[wr_vec_at(args[0], row)], -1);             \
		((sums *)state)->n--;                                                              \
		return true;                                                                       \
	}                                                                                          \
	static bool merge_##name(const wr_agg_cx *cx, void *into, const void *from)                \
	{                                                                                          \
		sums both = *(const sums *)from;                                                   \
                                                                                                   \
		(void)cx;                                                                          \
		add_##name(into, MERGED(name), 1);                                                 \
		((sums *)into)->n += both.n;                                                       \
		return true;                                                                       \
	}                                                                                          \
	static bool list_##name(void *state, const wr_vec *list, uint32_t row, int sign)           \
	{                                                                                          \
		wr_list l;                                                                         \
                                                                                                   \
		if (wr_vec_is_null(list, row))                                                     \
			return true;                                                               \
		l = ((const wr_list *)list->data)[wr_vec_at(list, row)];                           \
		for (uint32_t i = l.at; i < l.at + l.n; i++)                                       \
			if (!wr_vec_is_null(&list->kids[0], i))                                    \
				add_##name(state, wr_vec_##tag(&list->kids[0])[i], sign);          \
		return true;                                                                       \
	}                                                                                          \
	static bool step_list_##name(const wr_agg_cx *cx, void *state, const wr_vec *const *args,  \
				     uint32_t row)                                                 \
	{                                                                                          \
		(void)cx;                                                                          \
		return list_##name(state, args[0], row, 1);                                        \
	}                                                                                          \
	static bool undo_list_##name(const wr_agg_cx *cx, void *state, const wr_vec *const *args,  \
				     uint32_t row)                                                 \
	{                                                                                          \
		(void)cx;                                                                          \
		return list_##name(state, args[0], row, -1);                                       \
	}

#define MERGED(name)  MERGED_##name
#define MERGED_int    (int32_t) both.i
#define MERGED_big    both.i
#define MERGED_double both.d

STEPS(int, INTEGER)
STEPS(big, BIGINT)
STEPS(double, DOUBLE)

static void final(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	const sums *s = state;
	uint32_t at = out->n;

	wr_vec_resize(out, cx->arena, at + 1);
	if (out->type->tag == WR_INTEGER)
		wr_vec_INTEGER(out)[at] = (int32_t)s->i;
	else if (out->type->tag == WR_BIGINT)
		wr_vec_BIGINT(out)[at] = s->i;
	else
		wr_vec_DOUBLE(out)[at] = s->d;
}

static void final_avg(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	const sums *s = state;
	double sum = cx->types[0]->tag == WR_DOUBLE ? s->d : (double)s->i;

	wr_vec_resize(out, cx->arena, out->n + 1);
	wr_vec_DOUBLE(out)[out->n - 1] = s->n ? sum / (double)s->n : 0;
}

static void save(const wr_agg_cx *cx, const void *state, wr_buf *out)
{
	const sums *s = state;

	(void)cx;
	wr_buf_u64(out, (uint64_t)s->i);
	wr_buf_u64(out, (uint64_t)s->n);
}

static bool load(const wr_agg_cx *cx, void *state, const char **p, const char *end)
{
	uint64_t i, n;

	(void)cx;
	if (!wr_load_u64(p, end, &i) || !wr_load_u64(p, end, &n))
		return false;
	*(sums *)state = (sums){ .i = (int64_t)i, .n = (int64_t)n };
	return true;
}

/* ---- decimals */

static uint32_t dec_size(const wr_agg_cx *cx)
{
	(void)cx;
	return sizeof(wr_dec);
}

/* Puts a sum that may lie in the arena into the state. */
static void dec_keep(const wr_agg_cx *cx, wr_dec *state, wr_dec sum)
{
	char *own;

	if (!wr_type_wide(cx->types[0])) {
		*state = sum;
		return;
	}
	own = wr_malloc(sum.wide.n ? sum.wide.n : 1);
	if (sum.wide.n)
		memcpy(own, sum.wide.p, sum.wide.n);
	*cx->bytes += sum.wide.n;
	*cx->bytes -= state->wide.n;
	free((void *)state->wide.p);
	state->wide = (wr_str){ own, sum.wide.n };
}

static void dec_init(const wr_agg_cx *cx, void *state)
{
	wr_dec zero = { .i = 0 };

	memset(state, 0, sizeof(wr_dec));
	if (wr_type_wide(cx->types[0]) && wr_dec_from_int(cx->arena, 0, cx->types[0], &zero))
		dec_keep(cx, state, zero);
}

/* The type of a sum before it is checked: one digit more. */
static bool dec_add_wide(const wr_agg_cx *cx, wr_dec *state, wr_dec v, char op)
{
	const wr_type *t = cx->types[0], *roomy = wr_dec_arith_type(cx->arena, '+', t, t);
	wr_dec sum, back;

	if (!wr_dec_arith(cx->arena, op, *state, t, v, t, roomy, &sum) ||
	    !wr_dec_rescale(cx->arena, sum, roomy, t, true, &back))
		return false;
	dec_keep(cx, state, back);
	return true;
}

static bool dec_add(const wr_agg_cx *cx, void *state, wr_dec v, int sign)
{
	wr_dec *sum = state;
	__int128 r;

	if (wr_type_wide(cx->types[0]))
		return dec_add_wide(cx, sum, v, sign > 0 ? '+' : '-');
	if (sign > 0 ? __builtin_add_overflow(sum->i, v.i, &r)
		     : __builtin_sub_overflow(sum->i, v.i, &r))
		return false;
	sum->i = r;
	return wr_dec_fits(r, cx->types[0]->precision);
}

static bool dec_step(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	if (wr_vec_is_null(args[0], row))
		return true;
	return dec_add(cx, state, wr_vec_DECIMAL(args[0])[wr_vec_at(args[0], row)], 1);
}

static bool dec_undo(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	if (wr_vec_is_null(args[0], row))
		return true;
	return dec_add(cx, state, wr_vec_DECIMAL(args[0])[wr_vec_at(args[0], row)], -1);
}

static bool dec_merge(const wr_agg_cx *cx, void *into, const void *from)
{
	return dec_add(cx, into, *(const wr_dec *)from, 1);
}

static void dec_final(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	wr_dec sum = *(const wr_dec *)state;

	if (wr_type_wide(cx->types[0]))
		sum.wide = wr_arena_str(cx->arena, sum.wide);
	wr_vec_resize(out, cx->arena, out->n + 1);
	wr_vec_DECIMAL(out)[out->n - 1] = sum;
}

static void dec_save(const wr_agg_cx *cx, const void *state, wr_buf *out)
{
	const wr_dec *sum = state;

	if (wr_type_wide(cx->types[0])) {
		wr_buf_u32(out, sum->wide.n);
		wr_buf_str(out, sum->wide);
	} else {
		wr_buf_u64(out, (uint64_t)sum->i);
		wr_buf_u64(out, (uint64_t)(sum->i >> 64));
	}
}

static bool dec_load(const wr_agg_cx *cx, void *state, const char **p, const char *end)
{
	uint64_t low, high;
	uint32_t n;

	memset(state, 0, sizeof(wr_dec));
	if (wr_type_wide(cx->types[0])) {
		if (!wr_load_u32(p, end, &n) || (size_t)(end - *p) < n)
			return false;
		dec_keep(cx, state, (wr_dec){ .wide = { *p, n } });
		*p += n;
		return true;
	}
	if (!wr_load_u64(p, end, &low) || !wr_load_u64(p, end, &high))
		return false;
	((wr_dec *)state)->i = (__int128)((unsigned __int128)high << 64 | low);
	return true;
}

static void dec_drop(const wr_agg_cx *cx, void *state)
{
	wr_dec *sum = state;

	if (!wr_type_wide(cx->types[0]))
		return;
	*cx->bytes -= sum->wide.n;
	free((void *)sum->wide.p);
	sum->wide = (wr_str){ NULL, 0 };
}

#define ROW(name_, args_, result_, kind, fin, doc_, example_)                                      \
	{                                                                                          \
		.name = name_, .args = args_, .result = result_, .size = size, .init = init,       \
		.step = step_##kind, .undo = undo_##kind, .merge = merge_##fin, .save = save,      \
		.load = load, .doc = doc_, .example = example_

#define SUM_DOC	 "The sum; 0 when there are no values."
#define AVG_DOC	 "The mean; 0 when there are no values."
#define LIST_DOC "The sum of the elements of all arrays."

/* clang-format off */
const wr_agg wr_aggs_sum[] = {
	ROW("SUM", "INTEGER", "INTEGER", int, int, SUM_DOC, "SUM(x) OVER (1, NULL, 2) => 3"), .final = final },
	ROW("SUM", "BIGINT", "BIGINT", big, big, SUM_DOC, "SUM(x) OVER (3000000000, 1) => 3000000001"), .final = final },
	ROW("SUM", "DOUBLE", "DOUBLE", double, double, SUM_DOC, "SUM(x) OVER (1.5E0, 2E0) => 3.5E0"), .final = final },
	{ .name = "SUM",
	  .args = "DECIMAL",
	  .result = "DECIMAL",
	  .size = dec_size,
	  .init = dec_init,
	  .step = dec_step,
	  .undo = dec_undo,
	  .merge = dec_merge,
	  .final = dec_final,
	  .save = dec_save,
	  .load = dec_load,
	  .drop = dec_drop,
	  .doc = SUM_DOC,
	  .example = "SUM(x) OVER (1.10, 2.20) => 3.30" },
	ROW("AVG", "INTEGER", "DOUBLE", int, int, AVG_DOC, "AVG(x) OVER (1, NULL, 2) => 1.5E0"), .final = final_avg },
	ROW("AVG", "BIGINT", "DOUBLE", big, big, AVG_DOC, "AVG(x) OVER (3000000000, 1) => 1500000000.5E0"), .final = final_avg },
	ROW("AVG", "DOUBLE", "DOUBLE", double, double, AVG_DOC, "AVG(x) OVER (1E0, 2E0) => 1.5E0"), .final = final_avg },
	ROW("SUM_LIST", "ARRAY<INTEGER>", "INTEGER", list_int, int, LIST_DOC,
	    "SUM_LIST(x) OVER (ARRAY[1, NULL, 2], ARRAY[3]) => 6"), .final = final },
	ROW("SUM_LIST", "ARRAY<BIGINT>", "BIGINT", list_big, big, LIST_DOC,
	    "SUM_LIST(x) OVER (ARRAY[3000000000, 1]) => 3000000001"), .final = final },
	ROW("SUM_LIST", "ARRAY<DOUBLE>", "DOUBLE", list_double, double, LIST_DOC,
	    "SUM_LIST(x) OVER (ARRAY[1.5E0, 2E0]) => 3.5E0"), .final = final },
	{ 0 },
};
/* clang-format on */

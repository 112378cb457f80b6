/*
 * MIN and MAX. State: whether there is a value, and the value in its own width; texts and wide
 * decimals are owned copies.
 *
 * Over a table the operator keeps the values in order and asks for the first or the last
 * (wr_agg.multiset).
 */
#include "functions/agg_bag.h"
#include "functions/families.h"

#include <stdlib.h>

typedef struct extreme {
	union {
		char bytes[16];
		int32_t i;
		int64_t l;
		double d;
		wr_dec dec;
		wr_str s;
	};
	bool has;
} extreme;

static uint32_t size(const wr_agg_cx *cx)
{
	(void)cx;
	return sizeof(extreme);
}

static void init(const wr_agg_cx *cx, void *state)
{
	(void)cx;
	memset(state, 0, sizeof(extreme));
}

static bool owns(const wr_type *t)
{
	return t->tag == WR_STRING || t->tag == WR_BYTES || wr_type_wide(t);
}

static void drop(const wr_agg_cx *cx, void *state)
{
	extreme *e = state;

	if (!owns(cx->types[0]) || !e->has)
		return;
	*cx->bytes -= e->s.n;
	free((void *)e->s.p);
	e->has = false;
}

static void keep(const wr_agg_cx *cx, extreme *e, const void *value)
{
	if (!owns(cx->types[0])) {
		memcpy(e->bytes, value, wr_tag_size(cx->types[0]->tag));
	} else {
		wr_str s = *(const wr_str *)value;
		char *own = wr_malloc(s.n ? s.n : 1);

		if (s.n)
			memcpy(own, s.p, s.n);
		drop(cx, e);
		e->s = (wr_str){ own, s.n };
		*cx->bytes += s.n;
	}
	e->has = true;
}

static int compare(const wr_agg_cx *cx, const void *x, const void *y)
{
	wr_vec a = { .type = cx->types[0], .kind = WR_CONST, .n = 1, .data = (void *)x };
	wr_vec b = { .type = cx->types[0], .kind = WR_CONST, .n = 1, .data = (void *)y };

	switch (cx->types[0]->tag) {
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME:
		return (*(const int32_t *)x > *(const int32_t *)y) -
		       (*(const int32_t *)x < *(const int32_t *)y);
	case WR_BIGINT:
	case WR_TIMESTAMP:
		return (*(const int64_t *)x > *(const int64_t *)y) -
		       (*(const int64_t *)x < *(const int64_t *)y);
	default: return wr_vec_cmp(&a, 0, &b, 0);
	}
}

static bool offer(const wr_agg_cx *cx, extreme *e, const void *value, int sign)
{
	if (!e->has || sign * compare(cx, value, e->bytes) > 0)
		keep(cx, e, value);
	return true;
}

static bool step(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row,
		 int sign)
{
	uint32_t at = wr_vec_at(args[0], row);

	if (args[0]->null && args[0]->null[at])
		return true;
	return offer(cx, state, (const char *)args[0]->data + at * wr_tag_size(args[0]->type->tag),
		     sign);
}

static bool step_min(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	return step(cx, state, args, row, -1);
}

static bool step_max(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row)
{
	return step(cx, state, args, row, 1);
}

static bool merge_min(const wr_agg_cx *cx, void *into, const void *from)
{
	const extreme *e = from;

	return !e->has || offer(cx, into, e->bytes, -1);
}

static bool merge_max(const wr_agg_cx *cx, void *into, const void *from)
{
	const extreme *e = from;

	return !e->has || offer(cx, into, e->bytes, 1);
}

static void final(const wr_agg_cx *cx, const void *state, wr_vec *out)
{
	const extreme *e = state;
	size_t width = wr_tag_size(out->type->tag);
	wr_str copy;

	if (!e->has) {
		wr_vec_push_null(out, cx->arena);
		return;
	}
	wr_vec_resize(out, cx->arena, out->n + 1);
	if (owns(out->type)) {
		copy = wr_arena_str(cx->arena, e->s);
		memcpy((char *)out->data + (out->n - 1) * width, &copy, sizeof(copy));
	} else {
		memcpy((char *)out->data + (out->n - 1) * width, e->bytes, width);
	}
}

/*
 * A length (0 for none), then the bytes: of a text its length and one more, so that the empty text
 * is not none.
 */
static void save(const wr_agg_cx *cx, const void *state, wr_buf *out)
{
	const extreme *e = state;
	bool text = owns(cx->types[0]);
	uint32_t n = text ? e->s.n : (uint32_t)wr_tag_size(cx->types[0]->tag);

	wr_buf_u32(out, e->has ? n + 1 : 0);
	if (e->has)
		wr_buf_put(out, text ? e->s.p : e->bytes, n);
}

static bool load(const wr_agg_cx *cx, void *state, const char **p, const char *end)
{
	uint32_t n;
	wr_str s;
	extreme value;

	init(cx, state);
	if (!wr_load_u32(p, end, &n))
		return false;
	if (!n)
		return true;
	if ((size_t)(end - *p) < --n)
		return false;
	s = (wr_str){ *p, n };
	*p += n;
	if (owns(cx->types[0])) {
		keep(cx, state, &s);
		return true;
	}
	if (n != wr_tag_size(cx->types[0]->tag))
		return false;
	memcpy(value.bytes, s.p, n);
	keep(cx, state, value.bytes);
	return true;
}

static const wr_type *bind(wr_arena *a, const wr_type *const *types, const wr_vec *const *consts,
			   uint32_t n, wr_err *err)
{
	(void)a, (void)consts, (void)n;
	if (!wr_tag_nested(types[0]->tag) && types[0]->tag != WR_BOOLEAN)
		return types[0];
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "values of type %s have no order",
		   wr_tag_name(types[0]->tag));
	return NULL;
}

#define ROW(name_, which, order, doc_, example_)                                                   \
	{                                                                                          \
		.name = name_, .args = "T", .result = "T", .size = size, .init = init,             \
		.step = step_##which, .merge = merge_##which, .final = final, .save = save,        \
		.load = load, .drop = drop, .multiset = order, .doc = doc_, .example = example_,   \
		.bind = bind                                                                       \
	}

const wr_agg wr_aggs_minmax[] = {
	ROW("MIN", min, WR_AGG_FIRST, "The least value; null when there is none.",
	    "MIN(x) OVER (3, NULL, 2) => 2"),
	ROW("MAX", max, WR_AGG_LAST, "The greatest value; null when there is none.",
	    "MAX(x) OVER ('a', 'b') => 'b'"),
	{ 0 },
};

/*
 * Arrays. Null is a value like any other here: equal to itself, kept where elements are compared.
 *
 * Sets (DISTINCT, UNION, INTERSECT, EXCEPT) go through a hash table of positions, made in the
 * batch's arena per row, so that long arrays cost no square; results keep the order in which
 * elements first stand.
 *
 *	ARRAY_EXCEPT([1, NULL, 1, 2], [2])   [1, NULL]
 */
#include "functions/cast.h"
#include "functions/families.h"
#include "functions/kernel.h"

#include <stdlib.h>

#define LIST(k, row) WR_ARG(wr_list, k, row)

static const wr_vec *elements(const wr_vec *const *args, uint32_t k)
{
	return &args[k]->kids[0];
}

static void take(wr_fn_cx *cx, wr_vec *out, const wr_vec *from, uint32_t at)
{
	wr_vec_push(&out->kids[0], cx->arena, from, at, false);
}

/* ---------------------------------------------------------------- LENGTH, CONTAINS, REMOVE,
 * CONCAT, SLICE */

static void eval_length(WR_KERNEL)
{
	WR_EACH1(wr_list, int32_t, x.n);
}

static bool contains(const wr_vec *const *args, uint32_t row)
{
	wr_list l = LIST(0, row);

	for (uint32_t i = 0; i < l.n; i++)
		if (wr_vec_eq(elements(args, 0), l.at + i, args[1], wr_vec_at(args[1], row)))
			return true;
	return false;
}

static void eval_contains(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		((uint8_t *)out->data)[i] = !wr_vec_is_null(args[0], i) && contains(args, i);
}

static void eval_remove(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);

		if (wr_vec_is_null(args[0], i)) {
			wr_vec_push_null(out, cx->arena);
			continue;
		}
		for (uint32_t k = 0; k < LIST(0, i).n; k++)
			if (!wr_vec_eq(elements(args, 0), LIST(0, i).at + k, args[1],
				       wr_vec_at(args[1], i)))
				take(cx, out, elements(args, 0), LIST(0, i).at + k);
		wr_vec_list_end(out, cx->arena, begin);
	}
}

static void eval_concat(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);
		bool any = false;

		for (uint32_t k = 0; k < nargs; k++) {
			if (wr_vec_is_null(args[k], i))
				continue;
			any = true;
			for (uint32_t j = 0; j < LIST(k, i).n; j++)
				take(cx, out, elements(args, k), LIST(k, i).at + j);
		}
		if (any)
			wr_vec_list_end(out, cx->arena, begin);
		else
			wr_vec_push_null(out, cx->arena);
	}
}

/* From and to count from 1, both belong to the slice; null is the end. */
static void eval_slice(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);
		int64_t n, from, to;

		if (wr_vec_is_null(args[0], i)) {
			wr_vec_push_null(out, cx->arena);
			continue;
		}
		n = LIST(0, i).n;
		from = wr_vec_is_null(args[1], i) ? 1 : WR_ARG(int32_t, 1, i);
		to = wr_vec_is_null(args[2], i) ? n : WR_ARG(int32_t, 2, i);
		if (from < 1 || to > n || from > to + 1) {
			wr_vec_push_null(out, cx->arena);
			continue;
		}
		for (; from <= to; from++)
			take(cx, out, elements(args, 0), LIST(0, i).at + (uint32_t)(from - 1));
		wr_vec_list_end(out, cx->arena, begin);
	}
}

/* ---------------------------------------------------------------- sets */

typedef struct set {
	struct slot {
		const wr_vec *v; /* NULL: free */
		uint32_t at;
	} * slots;
	uint32_t mask;
} set;

/* Room for n elements. */
static set new_set(wr_arena *a, uint32_t n)
{
	uint32_t size = 8;

	while (size < n * 2ull)
		size *= 2;
	return (set){ WR_NEW_ARRAY(a, struct slot, size), size - 1 };
}

static struct slot *slot_of(const set *s, const wr_vec *v, uint32_t at)
{
	uint32_t i = (uint32_t)wr_vec_hash(v, at, 0) & s->mask;

	while (s->slots[i].v && !wr_vec_eq(s->slots[i].v, s->slots[i].at, v, at))
		i = (i + 1) & s->mask;
	return &s->slots[i];
}

static bool has(const set *s, const wr_vec *v, uint32_t at)
{
	return slot_of(s, v, at)->v != NULL;
}

/* false: it was there. */
static bool put(const set *s, const wr_vec *v, uint32_t at)
{
	struct slot *slot = slot_of(s, v, at);

	if (slot->v)
		return false;
	*slot = (struct slot){ v, at };
	return true;
}

static void put_all(const set *s, const wr_vec *v, wr_list l)
{
	for (uint32_t i = 0; i < l.n; i++)
		put(s, v, l.at + i);
}

/* The elements of all the arrays, each once. */
static void eval_union(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out), n = 0;
		set seen;

		if (wr_fn_push_null(cx, out, i))
			continue;
		for (uint32_t k = 0; k < nargs; k++)
			n += LIST(k, i).n;
		seen = new_set(cx->arena, n);
		for (uint32_t k = 0; k < nargs; k++)
			for (uint32_t j = 0; j < LIST(k, i).n; j++)
				if (put(&seen, elements(args, k), LIST(k, i).at + j))
					take(cx, out, elements(args, k), LIST(k, i).at + j);
		wr_vec_list_end(out, cx->arena, begin);
	}
}

/* The elements of the first array, each once, that are (or are not) in the second. */
static void choose(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, bool wanted)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);
		set seen, other;

		if (wr_fn_push_null(cx, out, i))
			continue;
		seen = new_set(cx->arena, LIST(0, i).n);
		other = new_set(cx->arena, LIST(1, i).n);
		put_all(&other, elements(args, 1), LIST(1, i));
		for (uint32_t j = 0; j < LIST(0, i).n; j++) {
			uint32_t at = LIST(0, i).at + j;

			if (has(&other, elements(args, 0), at) == wanted &&
			    put(&seen, elements(args, 0), at))
				take(cx, out, elements(args, 0), at);
		}
		wr_vec_list_end(out, cx->arena, begin);
	}
}

static void eval_intersect(WR_KERNEL)
{
	(void)nargs;
	choose(cx, args, out, true);
}

static void eval_except(WR_KERNEL)
{
	(void)nargs;
	choose(cx, args, out, false);
}

/* ---------------------------------------------------------------- order */

static const wr_type *bind_ordered(wr_arena *a, const wr_type *const *types,
				   const wr_vec *const *consts, uint32_t n, const void **bound,
				   wr_err *err)
{
	(void)a, (void)consts, (void)n, (void)bound;
	if (!wr_tag_nested(types[0]->kids[0]->tag))
		return types[0];
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "elements of type %s have no order",
		   wr_tag_name(types[0]->kids[0]->tag));
	return NULL;
}

static void extreme(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, int sign)
{
	const wr_vec *v = elements(args, 0);

	wr_vec_init(out, cx->arena, out->type, cx->rows);
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_list l = wr_fn_null(cx, i) ? (wr_list){ 0, 0 } : LIST(0, i);
		uint32_t best = UINT32_MAX;

		for (uint32_t at = l.at; at < l.at + l.n; at++)
			if (!wr_vec_is_null(v, at) &&
			    (best == UINT32_MAX || sign * wr_vec_cmp(v, at, v, best) > 0))
				best = at;
		if (best == UINT32_MAX)
			wr_vec_push_null(out, cx->arena);
		else
			wr_vec_push(out, cx->arena, v, best, false);
	}
}

static void eval_max(WR_KERNEL)
{
	(void)nargs;
	extreme(cx, args, out, 1);
}

static void eval_min(WR_KERNEL)
{
	(void)nargs;
	extreme(cx, args, out, -1);
}

typedef struct order {
	const wr_vec *v;
	int sign;
} order;

static int by_value(const void *x, const void *y, void *self)
{
	const order *o = self;

	return o->sign * wr_vec_cmp(o->v, *(const uint32_t *)x, o->v, *(const uint32_t *)y);
}

/* 1, -1, or 0 when the word is none for a direction. */
static int direction(wr_str word)
{
	if (wr_str_ieq(word, WR_STR_LIT("ASC")) || wr_str_ieq(word, WR_STR_LIT("ASCENDING")))
		return 1;
	if (wr_str_ieq(word, WR_STR_LIT("DESC")) || wr_str_ieq(word, WR_STR_LIT("DESCENDING")))
		return -1;
	return 0;
}

static void sort_row(wr_fn_cx *cx, wr_vec *out, const wr_vec *v, wr_list l, int sign)
{
	uint32_t begin = wr_vec_list_begin(out), n = 0;
	uint32_t *rows = wr_arena_alloc(cx->arena, l.n * sizeof(uint32_t));
	order o = { v, sign };

	for (uint32_t i = 0; i < l.n; i++)
		if (!wr_vec_is_null(v, l.at + i))
			rows[n++] = l.at + i;
	qsort_r(rows, n, sizeof(*rows), by_value, &o);
	for (uint32_t i = 0; i < n; i++)
		take(cx, out, v, rows[i]);
	for (; n < l.n; n++)
		wr_vec_push_null(&out->kids[0], cx->arena);
	wr_vec_list_end(out, cx->arena, begin);
}

static void eval_sort(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		int sign = 1;

		if (wr_fn_push_null(cx, out, i))
			continue;
		if (nargs > 1)
			sign = direction(WR_ARG(wr_str, 1, i));
		if (sign)
			sort_row(cx, out, elements(args, 0), LIST(0, i), sign);
		else
			wr_vec_push_null(out, cx->arena);
	}
}

/* ---------------------------------------------------------------- ARRAY_JOIN */

static const wr_type *bind_join(wr_arena *a, const wr_type *const *types,
				const wr_vec *const *consts, uint32_t n, const void **bound,
				wr_err *err)
{
	(void)a, (void)consts, (void)n, (void)bound;
	if (!wr_tag_nested(types[0]->kids[0]->tag))
		return wr_type_of(WR_STRING);
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
		   "elements of type %s cannot be joined to a text",
		   wr_tag_name(types[0]->kids[0]->tag));
	return NULL;
}

static void join_row(const wr_vec *v, wr_list l, wr_str by, wr_buf *text)
{
	for (uint32_t i = 0; i < l.n; i++) {
		if (i)
			wr_buf_str(text, by);
		if (wr_vec_is_null(v, l.at + i))
			wr_buf_puts(text, "null");
		else
			wr_cast_print(v, l.at + i, text);
	}
}

/* Not strict: a null delimiter is none. */
static void eval_join(WR_KERNEL)
{
	wr_buf text = { 0 };

	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_str by = WR_STR_LIT(",");

		if (wr_vec_is_null(args[0], i)) {
			wr_vec_set_null(out, cx->arena, i);
			continue;
		}
		if (nargs > 1)
			by =
			    wr_vec_is_null(args[1], i) ? (wr_str){ NULL, 0 } : WR_ARG(wr_str, 1, i);
		wr_buf_reset(&text);
		join_row(elements(args, 0), LIST(0, i), by, &text);
		wr_out_str(out, i, wr_arena_str(cx->arena, wr_buf_view(&text)));
	}
	wr_buf_free(&text);
}

#define STRICT WR_FN_STRICT | WR_FN_PURE

const wr_fn wr_fns_array[] = {
	{ "ARRAY_CONCAT", "ARRAY<T>, ARRAY<T>", "ARRAY<T>", WR_FN_PURE, eval_concat, NULL,
	  "The elements of the first array, then those of the second; a null array counts as empty "
	  "if the other is none.",
	  "ARRAY_CONCAT(ARRAY[1, 2], ARRAY[2, 3]) => ARRAY[1, 2, 2, 3]" },
	{ "ARRAY_CONTAINS", "ARRAY<T>, T", "BOOLEAN", WR_FN_PURE, eval_contains, NULL,
	  "Whether an element equals the value; a null is found too.",
	  "ARRAY_CONTAINS(ARRAY['a', 'b'], 'b') => true" },
	{ "ARRAY_DISTINCT", "ARRAY<T>", "ARRAY<T>", STRICT, eval_union, NULL,
	  "Each different element once, where it stands first.",
	  "ARRAY_DISTINCT(ARRAY[2, 1, 2]) => ARRAY[2, 1]" },
	{ "ARRAY_EXCEPT", "ARRAY<T>, ARRAY<T>", "ARRAY<T>", STRICT, eval_except, NULL,
	  "The different elements of the first array that the second lacks.",
	  "ARRAY_EXCEPT(ARRAY[1, 2, 3, 3], ARRAY[2]) => ARRAY[1, 3]" },
	{ "ARRAY_INTERSECT", "ARRAY<T>, ARRAY<T>", "ARRAY<T>", STRICT, eval_intersect, NULL,
	  "The different elements of the first array that the second has too.",
	  "ARRAY_INTERSECT(ARRAY[1, 2, 3], ARRAY[3, 2, 5]) => ARRAY[2, 3]" },
	{ "ARRAY_JOIN", "ARRAY<T>, STRING?", "STRING", WR_FN_PURE, eval_join, bind_join,
	  "The elements as one text, with a delimiter (a comma) between them.",
	  "ARRAY_JOIN(ARRAY[1, NULL, 3], '-') => '1-null-3'" },
	{ "ARRAY_LENGTH", "ARRAY<T>", "INTEGER", STRICT, eval_length, NULL,
	  "The number of elements.", "ARRAY_LENGTH(ARRAY['a', NULL]) => 2" },
	{ "ARRAY_MAX", "ARRAY<T>", "T", STRICT, eval_max, bind_ordered,
	  "The greatest element that is not null.", "ARRAY_MAX(ARRAY[3, NULL, 5]) => 5" },
	{ "ARRAY_MIN", "ARRAY<T>", "T", STRICT, eval_min, bind_ordered,
	  "The least element that is not null.", "ARRAY_MIN(ARRAY['b', 'a']) => 'a'" },
	{ "ARRAY_REMOVE", "ARRAY<T>, T", "ARRAY<T>", WR_FN_PURE, eval_remove, NULL,
	  "The array without the elements that equal the value; NULL takes out nulls.",
	  "ARRAY_REMOVE(ARRAY[1, 2, 1], 1) => ARRAY[2]" },
	{ "ARRAY_SORT", "ARRAY<T>, STRING?", "ARRAY<T>", STRICT, eval_sort, bind_ordered,
	  "The elements in order, 'ASC' or 'DESC', nulls last.",
	  "ARRAY_SORT(ARRAY[2, NULL, 3, 1], 'DESC') => ARRAY[3, 2, 1, NULL]" },
	{ "ARRAY_UNION", "ARRAY<T>, ARRAY<T>", "ARRAY<T>", STRICT, eval_union, NULL,
	  "The different elements of both arrays.",
	  "ARRAY_UNION(ARRAY[1, 2], ARRAY[2, 3]) => ARRAY[1, 2, 3]" },
	{ "SLICE", "ARRAY<T>, INTEGER, INTEGER", "ARRAY<T>", WR_FN_PURE, eval_slice, NULL,
	  "The elements from one position to another, both counted from 1; null where there are "
	  "none.",
	  "SLICE(ARRAY['a', 'b', 'c', 'd'], 2, 3) => ARRAY['b', 'c']" },
	{ 0 },
};

/*
 * Maps: their keys, values and entries, and maps made of other things. Where a key comes twice the
 * last value stays, at the first one's place.
 */
#include "functions/families.h"
#include "functions/kernel.h"
#include "functions/map_order.h"

#include <stdlib.h>

#define STR(k, row)  WR_ARG(wr_str, k, row)
#define LIST(k, row) WR_ARG(wr_list, k, row)

/* The rows of a map's entries in the order in which they are met. */
static uint32_t *entries_of(wr_fn_cx *cx, const wr_vec *map, wr_list l)
{
	uint32_t *rows = wr_arena_alloc(cx->arena, l.n * sizeof(uint32_t));

	wr_map_order(cx->arena, &map->kids[0], l.at, l.n, rows);
	return rows;
}

/* ---------------------------------------------------------------- MAP_KEYS, MAP_VALUES */

static void part(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, int kid)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out), *rows;

		if (wr_fn_push_null(cx, out, i))
			continue;
		rows = entries_of(cx, args[0], LIST(0, i));
		for (uint32_t k = 0; k < LIST(0, i).n; k++)
			wr_vec_push(&out->kids[0], cx->arena, &args[0]->kids[kid], rows[k], false);
		wr_vec_list_end(out, cx->arena, begin);
	}
}

static void eval_keys(WR_KERNEL)
{
	(void)nargs;
	part(cx, args, out, 0);
}

static void eval_values(WR_KERNEL)
{
	(void)nargs;
	part(cx, args, out, 1);
}

/* ---------------------------------------------------------------- MAP_UNION, AS_MAP */

/* The entry of the key, counted from the list's begin; UINT32_MAX: none. */
static uint32_t entry_of(const wr_vec *keys, wr_list l, const wr_vec *key, uint32_t at)
{
	for (uint32_t i = 0; i < l.n; i++)
		if (wr_vec_eq(keys, l.at + i, key, at))
			return l.at + i;
	return UINT32_MAX;
}

static void push_entry(wr_fn_cx *cx, wr_vec *out, const wr_vec *const kids[2], uint32_t key,
		       uint32_t value)
{
	wr_vec_push(&out->kids[0], cx->arena, kids[0], key, false);
	wr_vec_push(&out->kids[1], cx->arena, kids[1], value, false);
}

static void union_row(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, uint32_t row)
{
	wr_list none = { 0, 0 };
	wr_list a = wr_vec_is_null(args[0], row) ? none : LIST(0, row);
	wr_list b = wr_vec_is_null(args[1], row) ? none : LIST(1, row);
	const wr_vec *ka = &args[0]->kids[0], *kb = &args[1]->kids[0];
	const wr_vec *const of_a[2] = { ka, &args[0]->kids[1] }, *const of_b[2] = {
		kb, &args[1]->kids[1]
	};
	uint32_t begin = wr_vec_list_begin(out);

	for (uint32_t i = 0; i < a.n; i++) {
		uint32_t at = entry_of(kb, b, ka, a.at + i);

		if (at == UINT32_MAX)
			push_entry(cx, out, of_a, a.at + i, a.at + i);
		else
			push_entry(cx, out, of_b, at, at);
	}
	for (uint32_t i = 0; i < b.n; i++)
		if (entry_of(ka, a, kb, b.at + i) == UINT32_MAX)
			push_entry(cx, out, of_b, b.at + i, b.at + i);
	wr_vec_list_end(out, cx->arena, begin);
}

static void eval_union(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		if (wr_vec_is_null(args[0], i) && wr_vec_is_null(args[1], i))
			wr_vec_push_null(out, cx->arena);
		else
			union_row(cx, args, out, i);
}

/* A key is never null: the text null stands for it. */
static void push_key(wr_fn_cx *cx, wr_vec *keys, const wr_vec *from, uint32_t at)
{
	if (wr_vec_is_null(from, at))
		wr_push_str(keys, cx->arena, WR_STR_LIT("null"));
	else
		wr_vec_push(keys, cx->arena, from, at, false);
}

static void as_map_row(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, uint32_t row)
{
	wr_list keys = LIST(0, row), values = LIST(1, row);
	const wr_vec *k = &args[0]->kids[0], *v = &args[1]->kids[0];
	uint32_t begin = wr_vec_list_begin(out);

	for (uint32_t i = 0; i < keys.n; i++) {
		wr_list later = { keys.at + i + 1, keys.n - i - 1 };

		if (entry_of(k, later, k, keys.at + i) != UINT32_MAX)
			continue;
		push_key(cx, &out->kids[0], k, keys.at + i);
		if (i < values.n)
			wr_vec_push(&out->kids[1], cx->arena, v, values.at + i, false);
		else
			wr_vec_push_null(&out->kids[1], cx->arena);
	}
	wr_vec_list_end(out, cx->arena, begin);
}

static void eval_as_map(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_push_null(cx, out, i))
			as_map_row(cx, args, out, i);
}

/* ---------------------------------------------------------------- ENTRIES */

static const wr_type *bind_entries(wr_arena *a, const wr_type *const *types,
				   const wr_vec *const *consts, uint32_t n, const void **bound,
				   wr_err *err)
{
	static const wr_str names[] = { { "K", 1 }, { "V", 1 } };

	(void)consts, (void)n, (void)bound, (void)err;
	return wr_type_array(a, wr_type_struct(a, 2, names, types[0]->kids));
}

static int by_key(const void *x, const void *y, void *keys)
{
	return wr_vec_cmp(keys, *(const uint32_t *)x, keys, *(const uint32_t *)y);
}

static void eval_entries(WR_KERNEL)
{
	const wr_vec *map = args[0];
	wr_vec *entry = &out->kids[0];

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out), *rows;
		wr_list l;

		if (wr_fn_push_null(cx, out, i))
			continue;
		l = LIST(0, i);
		rows = entries_of(cx, map, l);
		if (WR_ARG(uint8_t, 1, i))
			qsort_r(rows, l.n, sizeof(*rows), by_key, (void *)&map->kids[0]);
		for (uint32_t k = 0; k < l.n; k++) {
			wr_vec_push(&entry->kids[0], cx->arena, &map->kids[0], rows[k], false);
			wr_vec_push(&entry->kids[1], cx->arena, &map->kids[1], rows[k], false);
			wr_vec_struct_end(entry, cx->arena);
		}
		wr_vec_list_end(out, cx->arena, begin);
	}
}

/* ---------------------------------------------------------------- SPLIT_TO_MAP */

/* What stands before the next `by`; s moves behind it. *found: there was one. */
static wr_str next_part(wr_str *s, wr_str by, bool *found)
{
	const char *at = s->n ? memmem(s->p, s->n, by.p, by.n) : NULL;
	wr_str before = *s;

	*found = at != NULL;
	if (!at) {
		s->p += s->n;
		s->n = 0;
		return before;
	}
	before.n = (uint32_t)(at - s->p);
	s->p += before.n + by.n;
	s->n -= before.n + by.n;
	return before;
}

static void put_pair(wr_fn_cx *cx, wr_vec *out, uint32_t begin, wr_str key, wr_str value)
{
	const wr_vec *keys = &out->kids[0];

	for (uint32_t i = begin; i < keys->n; i++) {
		if (!wr_str_eq(wr_vec_str(keys, i), key))
			continue;
		wr_out_str(&out->kids[1], i, value);
		return;
	}
	wr_push_str(&out->kids[0], cx->arena, key);
	wr_push_str(&out->kids[1], cx->arena, value);
}

static void split_row(wr_fn_cx *cx, wr_vec *out, wr_str s, wr_str entry, wr_str kv)
{
	uint32_t begin = wr_vec_list_begin(out);

	while (s.n) {
		bool found;
		wr_str e = next_part(&s, entry, &found), key = next_part(&e, kv, &found);

		if (found)
			put_pair(cx, out, begin, key, next_part(&e, kv, &found));
	}
	wr_vec_list_end(out, cx->arena, begin);
}

static void eval_split_to_map(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		if (wr_fn_push_null(cx, out, i))
			continue;
		if (STR(1, i).n == 0 || STR(2, i).n == 0 || wr_str_eq(STR(1, i), STR(2, i)))
			wr_vec_push_null(out, cx->arena);
		else
			split_row(cx, out, STR(0, i), STR(1, i), STR(2, i));
	}
}

#define STRICT WR_FN_STRICT | WR_FN_PURE

const wr_fn wr_fns_map[] = {
	{ "AS_MAP", "ARRAY<STRING>, ARRAY<T>", "MAP<STRING, T>", STRICT, eval_as_map, NULL,
	  "A map of an array of keys and an array of their values; values that lack are null.",
	  "AS_MAP(ARRAY['a', 'b'], ARRAY[1, 2]) => MAP('a' := 1, 'b' := 2)" },
	{ "ENTRIES", "MAP<STRING, T>, BOOLEAN", NULL, STRICT, eval_entries, bind_entries,
	  "The map's entries as structs of K and V; in the order of the keys if so told.",
	  "ENTRIES(MAP('b' := 2, 'a' := 1), true) => ARRAY[STRUCT(K := 'a', V := 1), STRUCT(K := "
	  "'b', V := 2)]" },
	{ "MAP_KEYS", "MAP<K, V>", "ARRAY<K>", STRICT, eval_keys, NULL, "The map's keys.",
	  "MAP_KEYS(MAP('a' := 1, 'b' := 2)) => ARRAY['a', 'b']" },
	{ "MAP_UNION", "MAP<K, V>, MAP<K, V>", "MAP<K, V>", WR_FN_PURE, eval_union, NULL,
	  "The entries of both maps; where both have a key, the second's.",
	  "MAP_UNION(MAP('a' := 1, 'b' := 2), MAP('a' := 3)) => MAP('a' := 3, 'b' := 2)" },
	{ "MAP_VALUES", "MAP<K, V>", "ARRAY<V>", STRICT, eval_values, NULL, "The map's values.",
	  "MAP_VALUES(MAP('a' := 1, 'b' := 2)) => ARRAY[1, 2]" },
	{ "SPLIT_TO_MAP", "STRING, STRING, STRING", "MAP<STRING, STRING>", STRICT,
	  eval_split_to_map, NULL,
	  "A map of a text whose entries, and keys and values in them, are parted by delimiters.",
	  "SPLIT_TO_MAP('a=1;b=2', ';', '=') => MAP('a' := '1', 'b' := '2')" },
	{ 0 },
};

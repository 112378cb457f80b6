/*
 * Plans of JSON objects: which names are wanted, and what the reader has learnt about the names it
 * met.
 *
 * A member name met for the first time is looked up among the slots: spelt exactly as the column it
 * is that column; else, when its upper-case form is a column's name, that one (names without quotes
 * are stored in upper case, so this is "without regard to case unless quoted"). The answer is kept
 * under the name's raw bytes, quotes and escapes included, and each member points to the one that
 * followed it last:
 *
 *	{"a":1,"b":2,"c":3}  then  {"a":1,"c":3}	start → a → b → c;  then a → c: one look-up in the table, nothing learnt anew
 *
 * The names are bounded in number and length, so that hostile input cannot fill memory; beyond,
 * each name is looked up by itself.
 */
#include "formats/json_read.h"

#include <stdarg.h>
#include <stdio.h>

void *wr_jread_refuse(wr_jread *r, const char *at, const char *format, ...)
{
	va_list ap;

	if (r->at)
		return NULL;
	r->at = at;
	va_start(ap, format);
	vsnprintf(r->reason, sizeof(r->reason), format, ap);
	va_end(ap);
	return NULL;
}

wr_jread_object *wr_jread_object_new(wr_arena *a, uint32_t n)
{
	static const char never[1]; /* a byte that no name starts with */
	wr_jread_object *o = WR_NEW(a, wr_jread_object);

	o->arena = a;
	o->n = n;
	o->slots = WR_NEW_ARRAY(a, wr_jread_slot, n);
	for (uint32_t i = 0; i < n; i++)
		o->slots[i].column = -1;
	o->scratch.next = o->start.next = &o->scratch;
	o->scratch.n = 1;
	o->scratch.mask = 1;
	o->scratch.text = never;
	return o;
}

void wr_jread_object_ready(wr_jread_object *o)
{
	o->wanted = 0;
	for (uint32_t i = 0; i < o->n; i++)
		o->wanted += o->slots[i].kind <= WR_JREAD_COLUMNS;
}

static wr_jread_kind kind_of(const wr_type *type)
{
	switch (type->tag) {
	case WR_BIGINT: return WR_JREAD_BIGINT;
	case WR_INTEGER: return WR_JREAD_INTEGER;
	case WR_STRING: return WR_JREAD_STRING;
	case WR_DECIMAL: return wr_type_wide(type) ? WR_JREAD_LEAF : WR_JREAD_DECIMAL;
	case WR_ARRAY: return WR_JREAD_ARRAY;
	case WR_MAP: return WR_JREAD_MAP;
	case WR_STRUCT: return WR_JREAD_STRUCT;
	default: return WR_JREAD_LEAF;
	}
}

void wr_jread_slot_init(wr_arena *a, wr_jread_slot *s, wr_str name, const wr_type *type,
			wr_jread_leaf leaf)
{
	*s = (wr_jread_slot){
		.kind = kind_of(type),
		.column = -1,
		.leaf = leaf,
		.name = name,
		.type = type,
	};
	if (type->tag == WR_STRUCT) {
		s->object = wr_jread_object_new(a, type->nkids);
		for (uint32_t i = 0; i < type->nkids; i++)
			wr_jread_slot_init(a, &s->object->slots[i], type->names[i], type->kids[i],
					   leaf);
		wr_jread_object_ready(s->object);
	} else if (wr_tag_nested(type->tag)) {
		s->kids = WR_NEW_ARRAY(a, wr_jread_slot, type->nkids);
		for (uint32_t i = 0; i < type->nkids; i++)
			wr_jread_slot_init(a, &s->kids[i], name, type->kids[i], leaf);
	}
}

void wr_jread_bind(wr_jread_slot *slot, wr_vec *v)
{
	slot->vec = v;
	for (uint32_t i = 0; wr_tag_nested(v->type->tag) && i < v->type->nkids; i++)
		wr_jread_bind(slot->object ? &slot->object->slots[i] : &slot->kids[i], &v->kids[i]);
}

/* ---- names */

static uint32_t hash_of(wr_str s)
{
	uint32_t h = 2166136261u;

	for (uint32_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619u;
	return (h ^ h >> 15) % WR_JREAD_BUCKETS;
}

/* True when `name`, in upper case, is `column`. */
static bool is_upper_of(wr_str column, wr_str name)
{
	if (column.n != name.n)
		return false;
	for (uint32_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (column.p[i] != (c >= 'a' && c <= 'z' ? (char)(c - 32) : c))
			return false;
	}
	return true;
}

static wr_jread_slot *find_slot(wr_jread_object *o, wr_str name, bool *exact)
{
	*exact = true;
	for (uint32_t i = 0; i < o->n; i++)
		if (wr_str_eq(o->slots[i].name, name))
			return &o->slots[i];
	*exact = false;
	for (uint32_t i = 0; i < o->n; i++)
		if (is_upper_of(o->slots[i].name, name))
			return &o->slots[i];
	return NULL;
}

/* Names are few; those with escapes fewer. One that cannot be decoded is nobody's. */
static void resolve(wr_jread *r, wr_jread_object *o, wr_jread_member *m, wr_str quoted)
{
	wr_jread_token t = { .p = quoted.p + 1, .n = quoted.n - 2, .kind = '"', .high = true };
	wr_jread quiet = { .arena = r->arena, .at = NULL };
	wr_str name;

	t.escaped = memchr(t.p, '\\', t.n) != NULL;
	m->slot = NULL;
	if (wr_jread_string(&quiet, &t, &name))
		m->slot = find_slot(o, name, &m->exact);
}

static wr_jread_member *remember(wr_jread *r, wr_jread_object *o, wr_str quoted, uint32_t bucket)
{
	wr_jread_member *m = WR_NEW(o->arena, wr_jread_member);
	uint32_t n = quoted.n < sizeof(m->quoted) ? quoted.n : (uint32_t)sizeof(m->quoted);

	memcpy(m->quoted, quoted.p, n);
	m->text = wr_arena_str(o->arena, quoted).p;
	m->n = quoted.n;
	m->mask = (uint32_t)((1ull << n) - 1);
	m->next = &o->scratch;
	m->chain = o->table[bucket];
	o->table[bucket] = m;
	o->nmembers++;
	resolve(r, o, m, quoted);
	return m;
}

wr_jread_member *wr_jread_learn(wr_jread *r, wr_jread_object *o, wr_jread_member *prev,
				wr_str quoted)
{
	uint32_t bucket = hash_of(quoted);
	wr_jread_member *m;

	for (m = o->table[bucket]; m; m = m->chain)
		if (m->n == quoted.n && !memcmp(m->text, quoted.p, quoted.n))
			break;
	if (!m && o->nmembers < WR_JREAD_MEMBERS && quoted.n <= WR_JREAD_NAME_MAX)
		m = remember(r, o, quoted, bucket);
	if (!m) {
		resolve(r, o, &o->scratch, quoted);
		return &o->scratch;
	}
	if (prev != &o->scratch)
		prev->next = m;
	return m;
}

/* ---- rows */

void wr_jread_fill(wr_jread *r, wr_jread_object *o, uint32_t row)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (o->slots[i].kind <= WR_JREAD_COLUMNS && o->slots[i].seen != o->gen)
			wr_vec_set_null(o->slots[i].vec, r->arena, row);
}

void wr_jread_set_rows(wr_vec *v, uint32_t n)
{
	v->n = n;
	if (v->type->tag == WR_STRUCT)
		for (uint32_t i = 0; i < v->type->nkids; i++)
			wr_jread_set_rows(&v->kids[i], n);
}

/* Keeps entry `from` as entry `to`, which is lower or the same. */
static void move_entry(wr_jread *r, wr_vec *map, uint32_t to, uint32_t from)
{
	for (int k = 0; k < 2 && to != from; k++) {
		uint32_t pick = from;
		wr_vec one;

		wr_vec_gather(&one, r->arena, &map->kids[k], &pick, 1);
		wr_jread_set_rows(&map->kids[k], to);
		wr_vec_push(&map->kids[k], r->arena, &one, 0, false);
	}
}

/*
 * Repeats are rare: they are looked for with a table of hashes, and only when there are any are
 * entries moved.
 */
void wr_jread_unique(wr_jread *r, wr_vec *map, uint32_t begin)
{
	wr_vec *keys = &map->kids[0];
	uint32_t n = keys->n - begin, size = 4, kept = 0, *last, *table;
	bool *drop, any = false;

	if (n < 2)
		return;
	while (size < n * 2)
		size *= 2;
	table = wr_arena_zalloc(r->arena, size * sizeof(*table));
	drop = wr_arena_zalloc(r->arena, n);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t h = wr_vec_hash(keys, begin + i, 0);

		for (last = &table[h & (size - 1)]; *last; last = &table[++h & (size - 1)])
			if (wr_vec_eq(keys, begin + *last - 1, keys, begin + i)) {
				drop[*last - 1] = any = true;
				break;
			}
		*last = i + 1;
	}
	if (!any)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (!drop[i])
			kept++;
	/* From the front: what is moved never stands before where it goes. */
	for (uint32_t i = 0, to = 0; i < n; i++)
		if (!drop[i]) {
			uint32_t all = keys->n, values = map->kids[1].n;

			move_entry(r, map, begin + to++, begin + i);
			wr_jread_set_rows(keys, all);
			wr_jread_set_rows(&map->kids[1], values);
		}
	wr_jread_set_rows(keys, begin + kept);
	wr_jread_set_rows(&map->kids[1], begin + kept);
}

/*
 * Bags. Items stand in one array, in order; a value of up to 12 bytes stands in its item, a longer
 * one in a block of its own.
 *
 * The hash index (open addressing, positions + 1) is made by the first wr_bag_find and kept by
 * appending. Any other change drops it: those who search a lot (COLLECT_SET, COUNT_DISTINCT) only
 * append.
 */
#include "functions/agg_bag.h"

#include <stdlib.h>
#include <xxhash.h>

enum { INLINE = 12, NULL_LENGTH = UINT32_MAX };

typedef struct item {
	int64_t number;
	uint32_t length;
	char in[INLINE]; /* or the pointer */
} item;

struct wr_bag {
	uint32_t n, room;
	item *items;
	uint32_t *slots, nslots; /* NULL: no index */
};

/* ---- keys */

static void key_nested(const wr_vec *v, uint32_t row, wr_bag_key *key)
{
	wr_vec_save(v, wr_vec_at(v, row), &key->nested);
	key->bytes = wr_buf_view(&key->nested);
}

void wr_bag_key_of(const wr_vec *v, uint32_t row, wr_bag_key *key)
{
	uint32_t at = wr_vec_at(v, row);
	size_t size = wr_tag_size(v->type->tag);

	key->null = v->null && v->null[at];
	key->nested = (wr_buf){ 0 };
	key->bytes = (wr_str){ NULL, 0 };
	if (key->null)
		return;
	if (v->type->tag == WR_STRING || v->type->tag == WR_BYTES || wr_type_wide(v->type)) {
		key->bytes = ((const wr_str *)v->data)[at];
	} else if (wr_tag_nested(v->type->tag)) {
		key_nested(v, row, key);
	} else if (v->type->tag == WR_DOUBLE) {
		double d = ((const double *)v->data)[at];

		d = d == 0 ? 0 : d != d ? __builtin_nan("") : d; /* one zero, one NaN */
		memcpy(key->own, &d, size);
		key->bytes = (wr_str){ key->own, (uint32_t)size };
	} else {
		key->bytes = (wr_str){ (const char *)v->data + at * size, (uint32_t)size };
	}
}

void wr_bag_key_done(wr_bag_key *key)
{
	wr_buf_free(&key->nested);
}

/* ---- items */

static wr_str item_bytes(const item *i)
{
	const char *p;

	if (i->length == NULL_LENGTH)
		return (wr_str){ NULL, 0 };
	if (i->length <= INLINE)
		return (wr_str){ i->in, i->length };
	memcpy(&p, i->in, sizeof(p));
	return (wr_str){ p, i->length };
}

static void item_set(const wr_agg_cx *cx, item *i, bool null, wr_str bytes, int64_t number)
{
	char *p;

	i->number = number;
	i->length = null ? NULL_LENGTH : bytes.n;
	if (null || !bytes.n)
		return;
	if (bytes.n <= INLINE) {
		memcpy(i->in, bytes.p, bytes.n);
		return;
	}
	p = wr_malloc(bytes.n);
	memcpy(p, bytes.p, bytes.n);
	memcpy(i->in, &p, sizeof(p));
	*cx->bytes += bytes.n;
}

static void item_free(const wr_agg_cx *cx, item *i)
{
	if (i->length == NULL_LENGTH || i->length <= INLINE)
		return;
	*cx->bytes -= i->length;
	free((void *)item_bytes(i).p);
}

static bool item_is(const item *i, const wr_bag_key *key)
{
	if (i->length == NULL_LENGTH || key->null)
		return i->length == NULL_LENGTH && key->null;
	return wr_str_eq(item_bytes(i), key->bytes);
}

/* ---- the index */

static void index_drop(const wr_agg_cx *cx, wr_bag *b)
{
	*cx->bytes -= b->nslots * sizeof(uint32_t);
	free(b->slots);
	b->slots = NULL;
	b->nslots = 0;
}

static uint64_t hash_of(bool null, wr_str bytes)
{
	return null ? 1 : XXH3_64bits(bytes.p ? bytes.p : "", bytes.n);
}

static void index_put(wr_bag *b, uint32_t at)
{
	const item *i = &b->items[at];
	uint64_t h = hash_of(i->length == NULL_LENGTH, item_bytes(i));

	while (b->slots[h & (b->nslots - 1)])
		h++;
	b->slots[h & (b->nslots - 1)] = at + 1;
}

static void index_make(wr_bag *b)
{
	uint32_t n = 16;

	while (n < b->n * 4)
		n *= 2;
	free(b->slots);
	b->slots = wr_calloc(n, sizeof(uint32_t));
	b->nslots = n;
	for (uint32_t i = 0; i < b->n; i++)
		index_put(b, i);
}

/* ---- the bag */

wr_bag *wr_bag_new(const wr_agg_cx *cx)
{
	*cx->bytes += sizeof(wr_bag);
	return wr_calloc(1, sizeof(wr_bag));
}

void wr_bag_free(const wr_agg_cx *cx, wr_bag *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i < b->n; i++)
		item_free(cx, &b->items[i]);
	*cx->bytes -= sizeof(*b) + b->room * sizeof(item) + b->nslots * sizeof(uint32_t);
	free(b->items);
	free(b->slots);
	free(b);
}

uint32_t wr_bag_n(const wr_bag *b)
{
	return b->n;
}

int64_t *wr_bag_number(wr_bag *b, uint32_t at)
{
	return &b->items[at].number;
}

static void make_room(const wr_agg_cx *cx, wr_bag *b)
{
	uint32_t room = b->room ? b->room * 2 : 4;

	if (b->n < b->room)
		return;
	b->items = wr_realloc(b->items, room * sizeof(item));
	*cx->bytes += (room - b->room) * sizeof(item);
	b->room = room;
}

void wr_bag_insert(const wr_agg_cx *cx, wr_bag *b, uint32_t at, const wr_bag_key *key,
		   int64_t number)
{
	make_room(cx, b);
	memmove(b->items + at + 1, b->items + at, (b->n - at) * sizeof(item));
	item_set(cx, &b->items[at], key->null, key->bytes, number);
	b->n++;
	if (!b->slots)
		return;
	if (at + 1 != b->n || b->n * 2 > b->nslots)
		index_drop(cx, b);
	else
		index_put(b, at);
}

void wr_bag_remove(const wr_agg_cx *cx, wr_bag *b, uint32_t at)
{
	item_free(cx, &b->items[at]);
	b->n--;
	memmove(b->items + at, b->items + at + 1, (b->n - at) * sizeof(item));
	index_drop(cx, b);
}

int64_t wr_bag_find(wr_bag *b, const wr_bag_key *key)
{
	uint64_t h;
	uint32_t at;

	if (!b->slots) {
		if (b->n < 16)
			return wr_bag_find_last(b, key);
		index_make(b);
	}
	h = hash_of(key->null, key->bytes);
	for (; (at = b->slots[h & (b->nslots - 1)]); h++)
		if (item_is(&b->items[at - 1], key))
			return at - 1;
	return -1;
}

int64_t wr_bag_find_last(const wr_bag *b, const wr_bag_key *key)
{
	for (int64_t i = (int64_t)b->n - 1; i >= 0; i--)
		if (item_is(&b->items[i], key))
			return i;
	return -1;
}

/* ---- values again */

void wr_bag_push(const wr_bag *b, uint32_t at, wr_vec *v, wr_arena *a)
{
	const item *i = &b->items[at];
	wr_str bytes = item_bytes(i);
	size_t size = wr_tag_size(v->type->tag);
	const char *p = bytes.p;

	if (i->length == NULL_LENGTH) {
		wr_vec_push_null(v, a);
		return;
	}
	if (wr_tag_nested(v->type->tag)) {
		if (!wr_vec_load(v, a, &p, bytes.p + bytes.n))
			WR_BUG("a kept value cannot be read");
		return;
	}
	wr_vec_resize(v, a, v->n + 1);
	if (v->type->tag == WR_STRING || v->type->tag == WR_BYTES || wr_type_wide(v->type))
		((wr_str *)v->data)[v->n - 1] = wr_arena_str(a, bytes);
	else
		memcpy((char *)v->data + (v->n - 1) * size, bytes.p, size);
}

int wr_bag_cmp(const wr_bag *b, uint32_t at, const wr_vec *v, uint32_t row)
{
	wr_str bytes = item_bytes(&b->items[at]);
	union {
		char room[16];
		wr_str s;
		wr_dec d;
	} value;
	wr_vec one = { .type = v->type, .kind = WR_CONST, .n = 1, .room = 1, .data = &value };

	if (v->type->tag == WR_STRING || v->type->tag == WR_BYTES || wr_type_wide(v->type))
		value.s = bytes;
	else
		memcpy(value.room, bytes.p, wr_tag_size(v->type->tag));
	return wr_vec_cmp(&one, 0, v, wr_vec_at(v, row));
}

wr_bag_key wr_bag_key_at(const wr_bag *b, uint32_t at)
{
	return (wr_bag_key){ .null = b->items[at].length == NULL_LENGTH,
			     .bytes = item_bytes(&b->items[at]) };
}

/* ---- bytes for the store: n, then number, length and bytes of each */

void wr_bag_save(const wr_bag *b, wr_buf *out)
{
	wr_buf_u32(out, b->n);
	for (uint32_t i = 0; i < b->n; i++) {
		wr_buf_u64(out, (uint64_t)b->items[i].number);
		wr_buf_u32(out, b->items[i].length);
		wr_buf_str(out, item_bytes(&b->items[i]));
	}
}

bool wr_load_u32(const char **p, const char *end, uint32_t *out)
{
	const unsigned char *q = (const unsigned char *)*p;

	if (end - *p < 4)
		return false;
	*out = (uint32_t)q[0] | (uint32_t)q[1] << 8 | (uint32_t)q[2] << 16 | (uint32_t)q[3] << 24;
	*p += 4;
	return true;
}

bool wr_load_u64(const char **p, const char *end, uint64_t *out)
{
	uint32_t low, high;

	if (end - *p < 8 || !wr_load_u32(p, end, &low) || !wr_load_u32(p, end, &high))
		return false;
	*out = (uint64_t)high << 32 | low;
	return true;
}

static bool load_item(const wr_agg_cx *cx, wr_bag *b, const char **p, const char *end)
{
	uint64_t number;
	wr_bag_key key = { .null = false };

	if (!wr_load_u64(p, end, &number) || !wr_load_u32(p, end, &key.bytes.n))
		return false;
	key.null = key.bytes.n == NULL_LENGTH;
	key.bytes.p = *p;
	if (!key.null) {
		if ((size_t)(end - *p) < key.bytes.n)
			return false;
		*p += key.bytes.n;
	}
	wr_bag_insert(cx, b, b->n, &key, (int64_t)number);
	return true;
}

wr_bag *wr_bag_load(const wr_agg_cx *cx, const char **p, const char *end)
{
	uint32_t n;
	wr_bag *b;

	if (!wr_load_u32(p, end, &n))
		return NULL;
	b = wr_bag_new(cx);
	while (n--)
		if (!load_item(cx, b, p, end)) {
			wr_bag_free(cx, b);
			return NULL;
		}
	return b;
}

/* ---- a state that is a bag */

uint32_t wr_bag_state_size(const wr_agg_cx *cx)
{
	(void)cx;
	return sizeof(wr_bag *);
}

void wr_bag_state_init(const wr_agg_cx *cx, void *state)
{
	*(wr_bag **)state = wr_bag_new(cx);
}

void wr_bag_state_save(const wr_agg_cx *cx, const void *state, wr_buf *out)
{
	(void)cx;
	wr_bag_save(wr_bag_of(state), out);
}

bool wr_bag_state_load(const wr_agg_cx *cx, void *state, const char **p, const char *end)
{
	*(wr_bag **)state = wr_bag_load(cx, p, end);
	return wr_bag_of(state) != NULL;
}

void wr_bag_state_drop(const wr_agg_cx *cx, void *state)
{
	wr_bag_free(cx, wr_bag_of(state));
	*(wr_bag **)state = NULL;
}

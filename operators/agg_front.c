/*
 * The groups that came last, found without making a key: a small table by (window start, value of
 * the one key column). Only where the group is one STRING or BIGINT; other groups go the long way.
 * A hit compares the value itself, so it is exact:
 *
 *	STRING   the value with the group's key bytes; those hold it unchanged when they are just as long (state/keyenc.c
 *	         writes a mark before it, one behind it, and lengthens what contains marks)
 *	BIGINT   the value with the slot's
 *
 * Places of groups in the cache are good until it is flushed or trimmed: `age` counts those, and
 * slots of another age are empty.
 *
 * Where groups are many, none of this helps and each look-up waits for memory. Then the keys of a
 * batch are made once more beforehand and their hashes tell the cache what will be wanted.
 */
#include "operators/agg.h"

enum { MANY = 4 << 20 }; /* bytes of groups that no cache of a processor holds */

enum { MARKS = 2 }; /* bytes around a string in its key */

/* Both halves of a 128-bit product: every bit of the factors counts. */
static uint64_t mix(uint64_t x, uint64_t y)
{
	unsigned __int128 p =
	    (unsigned __int128)(x ^ 0x9E3779B97F4A7C15u) * (y ^ 0xC2B2AE3D27D4EB4Fu);

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t string_hash(wr_str s)
{
	uint64_t a = 0, b = 0;

	if (s.n >= 8) {
		memcpy(&a, s.p, 8);
		memcpy(&b, s.p + s.n - 8, 8);
	} else if (s.n >= 4) {
		uint32_t x, y;

		memcpy(&x, s.p, 4);
		memcpy(&y, s.p + s.n - 4, 4);
		a = x;
		b = y;
	} else if (s.n) {
		a = (uint8_t)s.p[0];
		b = (uint64_t)(uint8_t)s.p[s.n / 2] << 8 | (uint8_t)s.p[s.n - 1];
	}
	return mix(a ^ s.n, b);
}

static inline agg_front_slot *slot_of(op_aggregate *self, uint64_t hash, int64_t start)
{
	return &self->front[mix(hash, (uint64_t)start) & (AGG_FRONT - 1)];
}

void agg_front_open(op_aggregate *self)
{
	const wr_schema *in = self->op.spec->in;

	self->age = 1;
	if (in->nkeys != 1 || self->any_multi || self->spec->window.kind == WR_WINDOW_SESSION)
		return;
	if (in->cols[0].type->tag == WR_STRING || in->cols[0].type->tag == WR_BIGINT)
		self->front = WR_NEW_ARRAY(self->op.cx->arena, agg_front_slot, AGG_FRONT);
}

static bool same_string(const op_aggregate *self, const agg_group *g, wr_str s)
{
	wr_str key = wr_cache_key(self->groups, g);
	uint32_t before = (agg_windowed(self) ? 8 : 0) + 1;

	return key.n == before + s.n + 1 && memcmp(key.p + before, s.p, s.n) == 0;
}

agg_group *agg_front_find(op_aggregate *self, uint32_t i, int64_t start)
{
	const wr_vec *v = &self->in->cols[0];
	agg_front_slot *slot;
	int64_t value;
	wr_str s;

	if (!self->front)
		return NULL;
	if (v->type->tag == WR_STRING) {
		s = wr_vec_str(v, i);
		slot = slot_of(self, string_hash(s), start);
		if (slot->age != self->age || slot->start != start ||
		    !same_string(self, slot->group, s))
			return NULL;
		return slot->group;
	}
	value = wr_vec_BIGINT(v)[wr_vec_at(v, i)];
	slot = slot_of(self, (uint64_t)value, start);
	if (slot->age != self->age || slot->start != start || slot->value != value)
		return NULL;
	return slot->group;
}

void agg_front_put(op_aggregate *self, uint32_t i, int64_t start, agg_group *g)
{
	const wr_vec *v = &self->in->cols[0];
	agg_front_slot *slot;
	int64_t value = 0;
	wr_str s;

	if (!self->front)
		return;
	if (v->type->tag == WR_STRING) {
		s = wr_vec_str(v, i);
		if (wr_cache_key(self->groups, g).n != (agg_windowed(self) ? 8 : 0) + s.n + MARKS)
			return;
		slot = slot_of(self, string_hash(s), start);
	} else {
		value = wr_vec_BIGINT(v)[wr_vec_at(v, i)];
		slot = slot_of(self, (uint64_t)value, start);
	}
	*slot = (agg_front_slot){ .age = self->age, .start = start, .value = value, .group = g };
}

void agg_ahead_begin(op_aggregate *self, uint32_t at, uint32_t n)
{
	const wr_batch *b = self->in;
	uint64_t *hash;

	self->ahead = NULL;
	if (n < 16 || wr_cache_bytes(self->groups) < MANY)
		return;
	hash = wr_arena_alloc(b->arena, n * sizeof(*hash));
	for (uint32_t i = 0; i < n; i++) {
		wr_buf_reset(&self->key);
		if (agg_windowed(self))
			wr_key_put_i64(&self->key, agg_window_first(self, at + i));
		wr_key_put_row(&self->key, b->cols, b->schema->nkeys, at + i);
		hash[i] = wr_cache_hash(wr_buf_view(&self->key));
	}
	self->ahead = hash;
}

void agg_ahead(op_aggregate *self, uint32_t i, uint32_t end)
{
	uint32_t k = i - self->in_at;

	if (i + 16 < end)
		wr_cache_prefetch(self->groups, self->ahead[k + 16]);
	if (i + 8 < end)
		wr_cache_prefetch_entry(self->groups, self->ahead[k + 8]);
}

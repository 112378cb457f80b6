/*
 * Saved rows and woven batches; see the header.
 *
 * The bytes of a saved row: a bit per column, set where it is null (LSB first), then the values
 * that are not null, in the shape's order: BOOLEAN 1 byte, INTEGER, DATE, TIME 4, BIGINT, DOUBLE,
 * TIMESTAMP 8, DECIMAL 16 (native byte order: a data directory does not move between machines of
 * different order), STRING, BYTES and wide DECIMAL a length of 4 and the bytes, nested types as
 * wr_vec_save writes them.
 */
#include <stdlib.h>

#include "operators/rows.h"

#include "state/keyenc.h"

void wr_row_shape_range(wr_row_shape *s, wr_arena *a, const wr_schema *schema, uint32_t first,
			uint32_t end)
{
	bool *used = WR_NEW_ARRAY(a, bool, schema->n + 1);

	for (uint32_t c = first; c < end; c++)
		used[c] = true;
	wr_row_shape_of(s, a, schema, used);
}

void wr_row_shape_of(wr_row_shape *s, wr_arena *a, const wr_schema *schema, const bool *used)
{
	uint32_t *cols = WR_NEW_ARRAY(a, uint32_t, schema->n + 1);
	const wr_type **types = WR_NEW_ARRAY(a, const wr_type *, schema->n + 1);

	*s = (wr_row_shape){ 0, cols, types };
	for (uint32_t c = 0; c < schema->n; c++) {
		if (!used[c])
			continue;
		cols[s->n] = c;
		types[s->n++] = schema->cols[c].type;
	}
}

static bool has_length(const wr_type *t)
{
	return t->tag == WR_STRING || t->tag == WR_BYTES || wr_type_wide(t);
}

static void save_value(const wr_type *t, const wr_vec *v, uint32_t row, wr_buf *out)
{
	wr_str s;
	size_t size;

	if (wr_tag_nested(t->tag)) {
		wr_vec_save(v, row, out);
	} else if (has_length(t)) {
		s = t->tag == WR_DECIMAL ? wr_vec_DECIMAL(v)[wr_vec_at(v, row)].wide
					 : wr_vec_str(v, row);
		wr_buf_put(out, &s.n, sizeof(s.n));
		wr_buf_put(out, s.p, s.n);
	} else {
		size = wr_tag_size(t->tag);
		wr_buf_put(out, (const char *)v->data + wr_vec_at(v, row) * size, size);
	}
}

void wr_row_save(const wr_row_shape *s, const wr_vec *cols, uint32_t row, wr_buf *out)
{
	size_t bits = out->n, nbits = (s->n + 7) / 8;

	if (nbits)
		memset(wr_buf_reserve(out, nbits), 0, nbits);
	out->n += nbits;
	for (uint32_t i = 0; i < s->n; i++) {
		const wr_vec *v = &cols[s->cols[i]];

		if (wr_vec_is_null(v, row))
			out->p[bits + i / 8] = (char)(out->p[bits + i / 8] | 1 << (i % 8));
		else
			save_value(s->types[i], v, row, out);
	}
}

static bool load_value(const wr_type *t, wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	size_t size = wr_tag_size(t->tag);
	uint32_t n;
	wr_str s;

	if (wr_tag_nested(t->tag))
		return wr_vec_load(v, a, p, end);
	wr_vec_resize(v, a, v->n + 1);
	if (!has_length(t)) {
		if ((size_t)(end - *p) < size)
			return false;
		memcpy((char *)v->data + (v->n - 1) * size, *p, size);
		*p += size;
		return true;
	}
	if (end - *p < 4)
		return false;
	memcpy(&n, *p, 4);
	if ((size_t)(end - *p) - 4 < n)
		return false;
	s = (wr_str){ *p + 4, n };
	*p += 4 + (size_t)n;
	if (t->tag == WR_DECIMAL)
		wr_vec_DECIMAL(v)[v->n - 1].wide = s;
	else
		((wr_str *)v->data)[v->n - 1] = s;
	return true;
}

bool wr_row_load(const wr_row_shape *s, wr_vec *vecs, wr_arena *a, wr_str bytes)
{
	size_t nbits = (s->n + 7) / 8;
	const char *bits = bytes.p, *p = bytes.p + nbits, *end = bytes.p + bytes.n;

	if (bytes.n < nbits)
		return false;
	for (uint32_t i = 0; i < s->n; i++) {
		if (bits[i / 8] >> (i % 8) & 1)
			wr_vec_push_null(&vecs[i], a);
		else if (!load_value(s->types[i], &vecs[i], a, &p, end))
			return false;
	}
	return p == end;
}

void wr_row_load_nulls(const wr_row_shape *s, wr_vec *vecs, wr_arena *a)
{
	for (uint32_t i = 0; i < s->n; i++)
		wr_vec_push_null(&vecs[i], a);
}

wr_vec *wr_row_vecs(const wr_row_shape *s, wr_arena *a, uint32_t room)
{
	wr_vec *v = WR_NEW_ARRAY(a, wr_vec, s->n + 1);

	for (uint32_t i = 0; i < s->n; i++)
		wr_vec_init(&v[i], a, s->types[i], room);
	return v;
}

/* ---------------------------------------------------------------- bytes owned by states */

void wr_row_bytes_set(wr_row_bytes *b, const char *p, size_t n)
{
	if (n > b->room) {
		size_t room = (n + 15) & ~(size_t)15;

		free(b->p);
		b->p = wr_malloc(room);
		b->room = (uint32_t)room;
	}
	if (n)
		memcpy(b->p, p, n);
	b->n = (uint32_t)n;
}

void wr_row_bytes_free(wr_row_bytes *b)
{
	free(b->p);
	*b = (wr_row_bytes){ 0 };
}

/* ---------------------------------------------------------------- a cache of rows */

/* A payload. room 0: the n bytes stand right behind the head; else on the heap. */
typedef struct slot {
	uint32_t n, room;
	char *p; /* or the first of the bytes */
} slot;

static char *inside(const slot *s)
{
	return (char *)(uintptr_t)s + offsetof(slot, p);
}

static uint32_t inside_room(const wr_row_keep *k)
{
	return k->def.size - (uint32_t)offsetof(slot, p);
}

static void slot_drop(void *self, void *payload)
{
	slot *s = payload;

	(void)self;
	if (s->room)
		free(s->p);
	s->n = s->room = 0;
}

static void slot_set(const wr_row_keep *k, slot *s, wr_str bytes)
{
	if (bytes.n <= inside_room(k)) {
		if (s->room)
			slot_drop(NULL, s);
	} else if (bytes.n > s->room) {
		uint32_t room = (bytes.n + 31) & ~31u;

		slot_drop(NULL, s);
		s->p = wr_malloc(room);
		s->room = room;
	}
	if (bytes.n)
		memcpy(s->room ? s->p : inside(s), bytes.p, bytes.n);
	s->n = bytes.n;
}

static void slot_save(void *self, const void *payload, wr_buf *out)
{
	(void)self;
	wr_buf_str(out, wr_row_keep_get(payload));
}

static bool slot_load(void *self, void *payload, wr_str bytes)
{
	slot_set(self, payload, bytes);
	return true;
}

static size_t slot_bytes(void *self, const void *payload)
{
	(void)self;
	const slot *s = payload;

	return wr_heap_bytes(s->room);
}

/* What a table's row of the shape takes when its texts are short. */
static uint32_t usual_size(const wr_row_shape *shape)
{
	uint32_t n = WR_TABLE_HEAD + (shape->n + 7) / 8;

	for (uint32_t i = 0; i < shape->n; i++)
		n += has_length(shape->types[i]) ? 16 : (uint32_t)wr_tag_size(shape->types[i]->tag);
	return n > 160 ? 160 : n;
}

void wr_row_keep_open(wr_row_keep *k, wr_store *st, const wr_row_shape *shape)
{
	uint32_t size = (uint32_t)offsetof(slot, p) + usual_size(shape);

	k->def = (wr_cache_def){
		.size = size < sizeof(slot) ? sizeof(slot) : size,
		.save = slot_save,
		.load = slot_load,
		.drop = slot_drop,
		.bytes = slot_bytes,
	};
	k->cache = wr_cache_new(st, &k->def, k);
}

wr_str wr_row_keep_get(const void *payload)
{
	const slot *s = payload;

	return (wr_str){ s->room ? s->p : inside(s), s->n };
}

void wr_row_keep_set(wr_row_keep *k, void *payload, wr_str bytes)
{
	slot_set(k, payload, bytes);
	wr_cache_touch(k->cache, payload);
}

wr_row_keys wr_row_keys_of(wr_arena *a, wr_buf *buf, const wr_vec *cols, uint32_t ncols,
			   uint32_t at, uint32_t n)
{
	wr_str *key = wr_arena_alloc(a, n * sizeof(*key));
	uint64_t *hash = wr_arena_alloc(a, n * sizeof(*hash));
	const char *p;

	wr_buf_reset(buf);
	for (uint32_t i = 0; i < n; i++) {
		size_t from = buf->n;

		wr_key_put_row(buf, cols, ncols, at + i);
		key[i].n = (uint32_t)(buf->n - from);
	}
	p = buf->p;
	for (uint32_t i = 0; i < n; i++) {
		key[i].p = p;
		p += key[i].n;
		hash[i] = wr_cache_hash(key[i]);
	}
	return (wr_row_keys){ key, hash, n };
}

/* ---------------------------------------------------------------- vectors */

void wr_vec_slice(wr_vec *out, wr_arena *a, const wr_vec *v, uint32_t at, uint32_t n)
{
	*out = *v;
	if (v->kind == WR_CONST || (at == 0 && n == v->n))
		return;
	out->n = out->room = n;
	out->data = (char *)v->data + at * wr_tag_size(v->type->tag);
	out->null = v->null ? v->null + at : NULL;
	if (v->type->tag != WR_STRUCT)
		return;
	out->kids = WR_NEW_ARRAY(a, wr_vec, v->type->nkids);
	for (uint32_t k = 0; k < v->type->nkids; k++)
		wr_vec_slice(&out->kids[k], a, &v->kids[k], at, n);
}

/* Values by size alone, whatever their type. */
typedef uint8_t __attribute__((may_alias)) any1;
typedef uint32_t __attribute__((may_alias)) any4;
typedef uint64_t __attribute__((may_alias)) any8;
typedef struct __attribute__((may_alias)) any16 {
	uint64_t half[2];
} any16;

#define WEAVE(storage)                                                                             \
	do {                                                                                       \
		storage *to = out->data;                                                           \
		const storage *fx = x->data, *fy = y->data;                                        \
		for (uint32_t j = 0; j < n; j++)                                                   \
			to[j] = pick[j] >= 0 ? fx[wr_vec_at(x, (uint32_t)pick[j])]                 \
					     : fy[wr_vec_at(y, (uint32_t)~pick[j])];               \
	} while (0)

static void weave_nulls(wr_vec *out, wr_arena *a, const wr_vec *x, const wr_vec *y,
			const int32_t *pick, uint32_t n)
{
	uint8_t *null;

	if (!x->null && !y->null)
		return;
	null = wr_vec_nulls(out, a);
	for (uint32_t j = 0; j < n; j++)
		null[j] = pick[j] >= 0 ? wr_vec_is_null(x, (uint32_t)pick[j])
				       : wr_vec_is_null(y, (uint32_t)~pick[j]);
}

void wr_vec_weave(wr_vec *out, wr_arena *a, const wr_vec *x, const wr_vec *y, const int32_t *pick,
		  uint32_t n)
{
	size_t size = wr_tag_size(x->type->tag);

	wr_vec_init(out, a, x->type, n);
	if (wr_tag_nested(x->type->tag)) {
		for (uint32_t j = 0; j < n; j++) {
			if (pick[j] >= 0)
				wr_vec_push(out, a, x, (uint32_t)pick[j], false);
			else
				wr_vec_push(out, a, y, (uint32_t)~pick[j], false);
		}
		return;
	}
	wr_vec_resize(out, a, n);
	if (size == 16)
		WEAVE(any16);
	else if (size == 8)
		WEAVE(any8);
	else if (size == 4)
		WEAVE(any4);
	else
		WEAVE(any1);
	weave_nulls(out, a, x, y, pick, n);
}

void wr_vec_mask(wr_vec *v, wr_arena *a, const uint8_t *mask, uint32_t n)
{
	wr_vec out;

	wr_vec_init(&out, a, v->type, n);
	for (uint32_t i = 0; i < n; i++) {
		if (mask[i])
			wr_vec_push_null(&out, a);
		else
			wr_vec_push(&out, a, v, i, false);
	}
	*v = out;
}

/* ---------------------------------------------------------------- batches */

#define TAKE(member)                                                                               \
	do {                                                                                       \
		if (!src->member)                                                                  \
			break;                                                                     \
		out->member = wr_arena_alloc(out->arena, n * sizeof(*out->member));                \
		for (uint32_t i = 0; i < n; i++)                                                   \
			out->member[i] = src->member[rows[i]];                                     \
	} while (0)

void wr_batch_rows(wr_batch *out, const wr_batch *src, const uint32_t *rows, uint32_t n,
		   const wr_schema *s)
{
	*out = (wr_batch){ .schema = s, .arena = src->arena, .n = n, .room = n };
	out->cols = WR_NEW_ARRAY(src->arena, wr_vec, s->n);
	out->change = wr_arena_alloc(src->arena, n);
	TAKE(rowtime);
	TAKE(part);
	TAKE(ptime);
	TAKE(offset);
	TAKE(wstart);
	TAKE(wend);
	TAKE(headers);
	TAKE(pk);
	TAKE(version);
}

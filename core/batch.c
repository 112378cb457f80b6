/*
 * Batches: metadata arrays beside the columns, and the ways rows move from one batch to another.
 *
 * The arrays that not every batch has (windows, headers, pk, version) are made when the first row
 * brings them; rows that were there before get 0, NULL or "none".
 *
 * Pairs: an update is two rows, BEFORE and AFTER, and a filter may drop one of them. Which row was
 * whose neighbour is known only while the source's row numbers are at hand, so wr_batch_select
 * mends while it gathers:
 *
 *	src  BEFORE1 AFTER1 BEFORE2 AFTER2    rows {0, 3}    →  OLD1 NEW2   (not one update!)
 */
#include "core/batch.h"

static void *more(wr_arena *a, void *old, uint32_t n, size_t size, uint32_t room)
{
	char *p = wr_arena_zalloc(a, room * size);

	if (n)
		memcpy(p, old, n * size);
	return p;
}

#define MORE(member) b->member = more(b->arena, b->member, b->n, sizeof(*b->member), room)

static void grow(wr_batch *b, uint32_t room)
{
	MORE(change);
	MORE(rowtime);
	MORE(part);
	MORE(ptime);
	MORE(offset);
	if (b->wstart)
		MORE(wstart);
	if (b->wend)
		MORE(wend);
	if (b->headers)
		MORE(headers);
	if (b->pk)
		MORE(pk);
	if (b->version)
		MORE(version);
	b->room = room;
}

void wr_batch_init(wr_batch *b, wr_arena *a, const wr_schema *s, uint32_t room)
{
	*b = (wr_batch){ .schema = s, .arena = a };
	b->cols = WR_NEW_ARRAY(a, wr_vec, s->n);
	for (uint32_t i = 0; i < s->n; i++)
		wr_vec_init(&b->cols[i], a, s->cols[i].type, room);
	grow(b, room);
}

void wr_batch_reserve(wr_batch *b, uint32_t n)
{
	if (n > b->room)
		grow(b, n > b->room * 2 ? n : b->room * 2);
	for (uint32_t i = 0; i < b->schema->n; i++)
		if (b->cols[i].kind == WR_FLAT)
			wr_vec_reserve(&b->cols[i], b->arena, n);
}

/* Copies a member that may be missing on either side. */
#define TAKE(member, none)                                                                         \
	do {                                                                                       \
		if (src->member && !b->member)                                                     \
			b->member = wr_arena_zalloc(b->arena, b->room * sizeof(*b->member));       \
		if (b->member)                                                                     \
			b->member[to] = src->member ? src->member[row] : none;                     \
	} while (0)

void wr_batch_meta(wr_batch *b, uint32_t to, const wr_batch *src, uint32_t row)
{
	WR_ASSERT(to < b->room);
	b->rowtime[to] = src->rowtime[row];
	b->part[to] = src->part[row];
	b->ptime[to] = src->ptime[row];
	b->offset[to] = src->offset[row];
	TAKE(wstart, 0);
	TAKE(wend, 0);
	TAKE(headers, NULL);
	TAKE(pk, ((wr_str){ NULL, 0 }));
	TAKE(version, 0);
}

#define FROM(member) .member = src->member ? src->member + at : NULL

void wr_batch_over(wr_batch *b, const wr_batch *src, uint32_t at, uint32_t n, const wr_schema *s)
{
	*b = (wr_batch){
		.schema = s,
		.arena = src->arena,
		.n = n,
		.room = n,
		FROM(rowtime),
		FROM(part),
		FROM(ptime),
		FROM(offset),
		FROM(wstart),
		FROM(wend),
		FROM(headers),
		FROM(pk),
		FROM(version),
	};
	b->change = wr_arena_alloc(b->arena, n);
	memcpy(b->change, src->change + at, n);
	b->cols = WR_NEW_ARRAY(b->arena, wr_vec, s->n);
}

#define PICK(member)                                                                               \
	do {                                                                                       \
		if (!src->member)                                                                  \
			break;                                                                     \
		out->member = wr_arena_alloc(src->arena, n * sizeof(*src->member));                \
		for (uint32_t i = 0; i < n; i++)                                                   \
			out->member[i] = src->member[rows[i]];                                     \
	} while (0)

void wr_batch_gather(wr_batch *out, const wr_batch *src, const uint32_t *rows, uint32_t n)
{
	*out = (wr_batch){ .schema = src->schema, .arena = src->arena, .n = n, .room = n };
	out->cols = WR_NEW_ARRAY(src->arena, wr_vec, src->schema->n);
	for (uint32_t c = 0; c < src->schema->n; c++)
		wr_vec_gather(&out->cols[c], src->arena, &src->cols[c], rows, n);
	PICK(change);
	PICK(rowtime);
	PICK(part);
	PICK(ptime);
	PICK(offset);
	PICK(wstart);
	PICK(wend);
	PICK(headers);
	PICK(pk);
	PICK(version);
}

void wr_batch_select(wr_batch *out, const wr_batch *src, const uint32_t *rows, uint32_t n)
{
	wr_batch_gather(out, src, rows, n);
	for (uint32_t i = 0; i < n; i++) {
		if (out->change[i] == WR_ROW_BEFORE && (i + 1 == n || rows[i + 1] != rows[i] + 1))
			out->change[i] = WR_ROW_OLD;
		else if (out->change[i] == WR_ROW_AFTER && (i == 0 || rows[i - 1] + 1 != rows[i]))
			out->change[i] = WR_ROW_NEW;
	}
}

static const wr_headers *copy_headers(wr_arena *a, const wr_headers *h)
{
	wr_headers *c;
	wr_header *items;

	if (!h)
		return NULL;
	c = WR_NEW(a, wr_headers);
	items = WR_NEW_ARRAY(a, wr_header, h->n);
	for (uint32_t i = 0; i < h->n; i++) {
		items[i].key = wr_arena_str(a, h->items[i].key);
		if (h->items[i].value.p)
			items[i].value = wr_arena_str(a, h->items[i].value);
	}
	*c = (wr_headers){ h->n, items };
	return c;
}

void wr_batch_push(wr_batch *b, const wr_batch *src, uint32_t row)
{
	uint32_t to = b->n;

	if (to == b->room)
		wr_batch_reserve(b, to ? to * 2 : 8);
	for (uint32_t c = 0; c < b->schema->n; c++)
		wr_vec_push(&b->cols[c], b->arena, &src->cols[c], row, true);
	wr_batch_meta(b, to, src, row);
	b->change[to] = src->change[row];
	if (b->headers)
		b->headers[to] = copy_headers(b->arena, b->headers[to]);
	if (b->pk && b->pk[to].p)
		b->pk[to] = wr_arena_str(b->arena, b->pk[to]);
	b->n++;
}

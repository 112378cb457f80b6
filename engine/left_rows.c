#include "engine/left_rows.h"

#include <stdlib.h>

struct wr_left_rows {
	wr_arena *arena;
	wr_batch rows;	 /* every image that ever appeared */
	bool *gone;	 /* per row of rows */
	uint32_t *slots; /* open addressing: row + 1; 0: free. Gone rows keep their slot. */
	uint32_t room, gone_room;
};

wr_left_rows *wr_left_rows_new(const wr_schema *schema)
{
	wr_left_rows *l = wr_calloc(1, sizeof *l);

	l->arena = wr_arena_new();
	wr_batch_init(&l->rows, l->arena, schema, 64);
	l->room = 256;
	l->slots = wr_calloc(l->room, sizeof *l->slots);
	return l;
}

void wr_left_rows_free(wr_left_rows *l)
{
	if (!l)
		return;
	wr_arena_free(l->arena);
	free(l->gone);
	free(l->slots);
	free(l);
}

static uint64_t hash_row(const wr_batch *b, uint32_t row)
{
	uint64_t hash = 0;

	for (uint32_t c = 0; c < b->schema->n; c++)
		hash = wr_vec_hash(&b->cols[c], row, hash);
	return hash ^ hash >> 32;
}

static bool same_row(const wr_batch *a, uint32_t i, const wr_batch *b, uint32_t j)
{
	for (uint32_t c = 0; c < a->schema->n; c++)
		if (!wr_vec_eq(&a->cols[c], i, &b->cols[c], j))
			return false;
	return true;
}

static void put_slot(wr_left_rows *l, uint32_t row)
{
	uint64_t at = hash_row(&l->rows, row) & (l->room - 1);

	while (l->slots[at])
		at = (at + 1) & (l->room - 1);
	l->slots[at] = row + 1;
}

/* Rows that are gone are left behind when the table grows. */
static void grow(wr_left_rows *l)
{
	l->room *= 2;
	free(l->slots);
	l->slots = wr_calloc(l->room, sizeof *l->slots);
	for (uint32_t i = 0; i < l->rows.n; i++)
		if (!l->gone[i])
			put_slot(l, i);
}

static void add(wr_left_rows *l, const wr_batch *b, uint32_t row)
{
	wr_batch_append(&l->rows, b, &row, 1);
	if (l->rows.n > l->gone_room) {
		l->gone_room = l->gone_room ? l->gone_room * 2 : 256;
		l->gone = wr_realloc(l->gone, l->gone_room);
	}
	l->gone[l->rows.n - 1] = false;
	if (l->rows.n * 2 > l->room)
		grow(l);
	else
		put_slot(l, l->rows.n - 1);
}

static void take_out(wr_left_rows *l, const wr_batch *b, uint32_t row)
{
	for (uint64_t at = hash_row(b, row) & (l->room - 1); l->slots[at];
	     at = (at + 1) & (l->room - 1)) {
		uint32_t i = l->slots[at] - 1;

		if (!l->gone[i] && same_row(&l->rows, i, b, row)) {
			l->gone[i] = true;
			return;
		}
	}
}

void wr_left_rows_take(wr_left_rows *l, const wr_batch *b, uint32_t at, uint32_t n)
{
	for (uint32_t i = at; i < at + n; i++) {
		if (b->change[i] == WR_ROW_GONE || b->change[i] == WR_ROW_INSERT_NULL)
			continue;
		if (wr_change_removes(b->change[i]))
			take_out(l, b, i);
		else
			add(l, b, i);
	}
}

typedef struct sorting {
	const wr_batch *b;
	const wr_left_order *order;
} sorting;

static int compare(const void *x, const void *y, void *self)
{
	const sorting *s = self;
	uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y;
	int order = 0;

	for (uint32_t c = 0; c < s->order->n && order == 0; c++) {
		const wr_vec *v = &s->b->cols[s->order->cols[c].col];

		order = wr_vec_cmp(v, i, v, k) * (s->order->cols[c].descending ? -1 : 1);
	}
	for (uint32_t c = 0; c < s->b->schema->n && order == 0; c++)
		order = wr_vec_cmp(&s->b->cols[c], i, &s->b->cols[c], k);
	return order;
}

uint32_t wr_left_rows_batch(wr_left_rows *l, const wr_left_order *order, wr_batch *out)
{
	uint32_t *list = WR_NEW_ARRAY(l->arena, uint32_t, l->rows.n + 1), n = 0, first;
	sorting s = { &l->rows, order };

	for (uint32_t i = 0; i < l->rows.n; i++)
		if (!l->gone[i])
			list[n++] = i;
	qsort_r(list, n, sizeof *list, compare, &s);
	first = order->skip < n ? (uint32_t)order->skip : n;
	n -= first;
	if (order->limit >= 0 && n > order->limit)
		n = (uint32_t)order->limit;
	wr_batch_gather(out, &l->rows, list + first, n);
	out->schema = order->shown;
	for (uint32_t i = 0; i < n; i++)
		out->change[i] = WR_ROW_INSERT;
	return n;
}

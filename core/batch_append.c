/*
 * Copying chosen rows of one batch behind those of another, column by column: strings of a column
 * move into one piece of memory, so a row costs a few copies and no allocation of its own.
 */
#include "core/batch.h"

static void append_strings(wr_vec *to, wr_arena *a, const wr_vec *from, const uint32_t *rows,
			   uint32_t n)
{
	wr_str *out = (wr_str *)to->data + to->n;
	size_t bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		if (!wr_vec_is_null(from, rows[i]))
			bytes += wr_vec_str(from, rows[i]).n;
	char *p = wr_arena_alloc(a, bytes + 1);

	for (uint32_t i = 0; i < n; i++) {
		wr_str s =
		    wr_vec_is_null(from, rows[i]) ? (wr_str){ 0 } : wr_vec_str(from, rows[i]);

		if (s.n)
			memcpy(p, s.p, s.n);
		out[i] = (wr_str){ p, s.n };
		p += s.n;
	}
}

#define COPY(storage)                                                                              \
	do {                                                                                       \
		storage *out = (storage *)to->data + to->n;                                        \
		const storage *in = from->data;                                                    \
		for (uint32_t i = 0; i < n; i++)                                                   \
			out[i] = in[wr_vec_at(from, rows[i])];                                     \
	} while (0)

static void append_data(wr_vec *to, wr_arena *a, const wr_vec *from, const uint32_t *rows,
			uint32_t n)
{
	switch (wr_tag_size(from->type->tag)) {
	case 1: COPY(uint8_t); break;
	case 4: COPY(int32_t); break;
	case 8: COPY(int64_t); break;
	default:
		if (from->type->tag == WR_STRING || from->type->tag == WR_BYTES ||
		    wr_type_wide(from->type))
			append_strings(to, a, from, rows, n);
		else
			COPY(wr_dec);
	}
}

static void append_column(wr_vec *to, wr_arena *a, const wr_vec *from, const uint32_t *rows,
			  uint32_t n)
{
	if (wr_tag_nested(from->type->tag)) {
		for (uint32_t i = 0; i < n; i++)
			wr_vec_push(to, a, from, rows[i], true);
		return;
	}
	wr_vec_reserve(to, a, to->n + n);
	append_data(to, a, from, rows, n);
	if (from->null || to->null) {
		uint8_t *null = wr_vec_nulls(to, a) + to->n;

		for (uint32_t i = 0; i < n; i++)
			null[i] = wr_vec_is_null(from, rows[i]);
	}
	to->n += n;
}

static const wr_headers *copy_headers(wr_arena *a, const wr_headers *h)
{
	wr_headers *copy = WR_NEW(a, wr_headers);
	wr_header *items = WR_NEW_ARRAY(a, wr_header, h->n);

	for (uint32_t i = 0; i < h->n; i++) {
		items[i].key = wr_arena_str(a, h->items[i].key);
		if (h->items[i].value.p)
			items[i].value = wr_arena_str(a, h->items[i].value);
	}
	*copy = (wr_headers){ h->n, items };
	return copy;
}

/* What the metadata of row `row` points to moves into the batch's arena too. */
static void own_meta(wr_batch *b, uint32_t row)
{
	if (b->headers && b->headers[row])
		b->headers[row] = copy_headers(b->arena, b->headers[row]);
	if (b->pk && b->pk[row].n)
		b->pk[row] = wr_arena_str(b->arena, b->pk[row]);
}

void wr_batch_append(wr_batch *b, const wr_batch *src, const uint32_t *rows, uint32_t n)
{
	wr_batch_reserve(b, b->n + n);
	for (uint32_t c = 0; c < b->schema->n; c++)
		append_column(&b->cols[c], b->arena, &src->cols[c], rows, n);
	for (uint32_t i = 0; i < n; i++) {
		wr_batch_meta(b, b->n, src, rows[i]);
		own_meta(b, b->n);
		b->change[b->n++] = src->change[rows[i]];
	}
}

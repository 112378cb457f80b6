#include "functions/map_order.h"

#include "core/utf8.h"

#include <stdlib.h>

/* s[0] * 31^(n-1) + … + s[n-1] over UTF-16 units: what java.lang.String defines as its hash. */
static uint32_t text_hash(wr_str s)
{
	const char *p = s.p, *end = p + s.n;
	uint32_t h = 0;

	while (p < end) {
		uint32_t c = 0xfffd;
		unsigned n = wr_utf8_get(p, end, &c);

		if (c >= 0x10000) {
			h = h * 31 + 0xd800 + ((c - 0x10000) >> 10);
			c = 0xdc00 + (c & 0x3ff);
		}
		h = h * 31 + c;
		p += n ? n : 1;
	}
	return h;
}

static uint32_t key_hash(const wr_vec *keys, uint32_t at)
{
	uint64_t v;

	switch (keys->type->tag) {
	case WR_STRING: return text_hash(wr_vec_str(keys, at));
	case WR_INTEGER: return (uint32_t)wr_vec_INTEGER(keys)[at];
	case WR_BIGINT: v = (uint64_t)wr_vec_BIGINT(keys)[at]; return (uint32_t)(v ^ v >> 32);
	default: return 0;
	}
}

typedef struct place {
	uint32_t bucket, row;
} place;

static int by_bucket(const void *x, const void *y)
{
	const place *a = x, *b = y;

	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

void wr_map_order(wr_arena *a, const wr_vec *keys, uint32_t at, uint32_t n, uint32_t *rows)
{
	place few[WR_MAP_FEW],
	    *places = n > WR_MAP_FEW ? wr_arena_alloc(a, n * sizeof(place)) : few;
	uint32_t buckets = 1;

	/* The smallest power of two that leaves a quarter empty. */
	while (buckets < UINT32_MAX / 8 && (uint64_t)n * 4 > (uint64_t)buckets * 3)
		buckets *= 2;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t h = key_hash(keys, at + i);

		places[i] = (place){ (h ^ h >> 16) & (buckets - 1), at + i };
	}
	qsort(places, n, sizeof(*places), by_bucket);
	for (uint32_t i = 0; i < n; i++)
		rows[i] = places[i].row;
}

/*
 * Equality, order and hash of values. The three agree: equal means cmp 0 and the same hash.
 *
 * A map is a set of entries: neither the order in which they came nor their places count. Maps here
 * are small and their order is asked for rarely, so both walk without memory of their own, in n
 * squared.
 */
#include "core/vec.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static int cmp_value(const wr_vec *x, uint32_t i, const wr_vec *y, uint32_t j);

#define LESS_MORE(a, b) (((a) > (b)) - ((a) < (b)))

/* -0.0 is 0.0; NaN stands behind everything and equals itself. */
static int cmp_double(double a, double b)
{
	if (a != a || b != b)
		return LESS_MORE(a != a, b != b);
	return LESS_MORE(a, b);
}

static int cmp_array(const wr_vec *x, wr_list a, const wr_vec *y, wr_list b)
{
	for (uint32_t k = 0; k < a.n && k < b.n; k++) {
		int c = wr_vec_cmp(&x->kids[0], a.at + k, &y->kids[0], b.at + k);

		if (c)
			return c;
	}
	return LESS_MORE(a.n, b.n);
}

/* The place of a key among a map's entries, or a.n. */
static uint32_t find_key(const wr_vec *x, wr_list a, const wr_vec *keys, uint32_t key)
{
	uint32_t k = 0;

	while (k < a.n && wr_vec_cmp(&x->kids[0], a.at + k, keys, key) != 0)
		k++;
	return k;
}

/* The entry with the smallest key behind that of `last` (a.n: the smallest of all). */
static uint32_t next_key(const wr_vec *x, wr_list a, uint32_t last)
{
	uint32_t best = a.n;

	for (uint32_t k = 0; k < a.n; k++) {
		if (last < a.n && wr_vec_cmp(x->kids, a.at + k, x->kids, a.at + last) <= 0)
			continue;
		if (best == a.n || wr_vec_cmp(x->kids, a.at + k, x->kids, a.at + best) < 0)
			best = k;
	}
	return best;
}

static bool same_entries(const wr_vec *x, wr_list a, const wr_vec *y, wr_list b)
{
	for (uint32_t k = 0; k < a.n; k++) {
		uint32_t at = find_key(y, b, &x->kids[0], a.at + k);

		if (at == b.n || !wr_vec_eq(&x->kids[1], a.at + k, &y->kids[1], b.at + at))
			return false;
	}
	return true;
}

/* Shorter maps first, then by their entries in the order of their keys. */
static int cmp_map(const wr_vec *x, wr_list a, const wr_vec *y, wr_list b)
{
	uint32_t k = a.n, m = b.n;

	if (a.n != b.n)
		return LESS_MORE(a.n, b.n);
	if (same_entries(x, a, y, b))
		return 0;
	for (uint32_t i = 0; i < a.n; i++) {
		int c;

		k = next_key(x, a, k);
		m = next_key(y, b, m);
		if (k == a.n || m == b.n)
			return LESS_MORE(k == a.n, m == b.n);
		c = wr_vec_cmp(&x->kids[0], a.at + k, &y->kids[0], b.at + m);
		if (!c)
			c = wr_vec_cmp(&x->kids[1], a.at + k, &y->kids[1], b.at + m);
		if (c)
			return c;
	}
	return 0;
}

static int cmp_struct(const wr_vec *x, uint32_t i, const wr_vec *y, uint32_t j)
{
	for (uint32_t k = 0; k < x->type->nkids; k++) {
		int c = wr_vec_cmp(&x->kids[k], i, &y->kids[k], j);

		if (c)
			return c;
	}
	return 0;
}

static int cmp_value(const wr_vec *x, uint32_t i, const wr_vec *y, uint32_t j)
{
#define AT(type, v, k) (((const type *)(v)->data)[k])
	switch (x->type->tag) {
	case WR_BOOLEAN: return LESS_MORE(AT(uint8_t, x, i), AT(uint8_t, y, j));
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME: return LESS_MORE(AT(int32_t, x, i), AT(int32_t, y, j));
	case WR_BIGINT:
	case WR_TIMESTAMP: return LESS_MORE(AT(int64_t, x, i), AT(int64_t, y, j));
	case WR_DOUBLE: return cmp_double(AT(double, x, i), AT(double, y, j));
	case WR_DECIMAL:
		if (!wr_type_wide(x->type) && x->type->scale == y->type->scale)
			return LESS_MORE(AT(wr_dec, x, i).i, AT(wr_dec, y, j).i);
		return wr_dec_cmp(AT(wr_dec, x, i), x->type, AT(wr_dec, y, j), y->type);
	case WR_STRING:
	case WR_BYTES: return wr_str_cmp(AT(wr_str, x, i), AT(wr_str, y, j));
	case WR_ARRAY: return cmp_array(x, AT(wr_list, x, i), y, AT(wr_list, y, j));
	case WR_MAP: return cmp_map(x, AT(wr_list, x, i), y, AT(wr_list, y, j));
	case WR_STRUCT: return cmp_struct(x, i, y, j);
	case WR_TAGS: break;
	}
	WR_BUG("no such type");
#undef AT
}

int wr_vec_cmp(const wr_vec *x, uint32_t i, const wr_vec *y, uint32_t j)
{
	bool xnull = wr_vec_is_null(x, i), ynull = wr_vec_is_null(y, j);

	if (xnull || ynull)
		return LESS_MORE(ynull, xnull);
	return cmp_value(x, wr_vec_at(x, i), y, wr_vec_at(y, j));
}

bool wr_vec_eq(const wr_vec *x, uint32_t i, const wr_vec *y, uint32_t j)
{
	if (x->type->tag == WR_STRING && !wr_vec_is_null(x, i) && !wr_vec_is_null(y, j))
		return wr_str_eq(wr_vec_str(x, i), wr_vec_str(y, j));
	return wr_vec_cmp(x, i, y, j) == 0;
}

/* ---- hash */

static uint64_t mix(uint64_t x, uint64_t seed)
{
	x ^= seed + 0x9E3779B97F4A7C15u;
	x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
	x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
	return x ^ (x >> 31);
}

static uint64_t hash_bytes(wr_str s, uint64_t seed)
{
	return XXH3_64bits_withSeed(s.p ? s.p : "", s.n, seed);
}

static uint64_t hash_double(double d, uint64_t seed)
{
	uint64_t bits;

	if (d != d)
		return mix(0x7FF8000000000000u, seed);
	if (d == 0)
		d = 0; /* no minus */
	memcpy(&bits, &d, sizeof(bits));
	return mix(bits, seed);
}

static uint64_t hash_list(const wr_vec *v, wr_list l, uint64_t seed)
{
	uint64_t h = mix(l.n, seed);

	for (uint32_t i = 0; i < l.n; i++)
		h = wr_vec_hash(&v->kids[0], l.at + i, h);
	return h;
}

/* A sum, for the entries have no order. */
static uint64_t hash_map(const wr_vec *v, wr_list l, uint64_t seed)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i < l.n; i++)
		h += wr_vec_hash(&v->kids[1], l.at + i, wr_vec_hash(&v->kids[0], l.at + i, seed));
	return mix(h, seed + l.n);
}

static uint64_t hash_dec(const wr_type *t, wr_dec d, uint64_t seed)
{
	if (wr_type_wide(t))
		return hash_bytes(d.wide, seed);
	return mix((uint64_t)(d.i >> 64), mix((uint64_t)d.i, seed));
}

uint64_t wr_vec_hash(const wr_vec *v, uint32_t row, uint64_t seed)
{
	uint32_t i = wr_vec_at(v, row);

	if (v->null && v->null[i])
		return mix(0x6E756C6C, seed);
	switch (v->type->tag) {
	case WR_BOOLEAN: return mix(((const uint8_t *)v->data)[i], seed);
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME: return mix((uint64_t)((const int32_t *)v->data)[i], seed);
	case WR_BIGINT:
	case WR_TIMESTAMP: return mix((uint64_t)((const int64_t *)v->data)[i], seed);
	case WR_DOUBLE: return hash_double(((const double *)v->data)[i], seed);
	case WR_DECIMAL: return hash_dec(v->type, ((const wr_dec *)v->data)[i], seed);
	case WR_STRING:
	case WR_BYTES: return hash_bytes(((const wr_str *)v->data)[i], seed);
	case WR_ARRAY: return hash_list(v, ((const wr_list *)v->data)[i], seed);
	case WR_MAP: return hash_map(v, ((const wr_list *)v->data)[i], seed);
	case WR_STRUCT:
		for (uint32_t k = 0; k < v->type->nkids; k++)
			seed = wr_vec_hash(&v->kids[k], i, seed);
		return mix(v->type->nkids, seed);
	case WR_TAGS: break;
	}
	WR_BUG("no such type");
}

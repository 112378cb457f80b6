/*
 * Values as bytes in the order of wr_vec_cmp.
 *
 *   null                    00, of any type; so nulls come first
 *   BOOLEAN                 01 false, 02 true
 *   INTEGER DATE TIME       01, 4 bytes big-endian, sign bit flipped
 *   BIGINT TIMESTAMP        01, 8 bytes alike
 *   DOUBLE                  01, 8 bytes: positive ones with the sign bit flipped, negative ones with all bits flipped; one zero, one NaN
 *   DECIMAL                 01, a head, two's complement bytes, as few as keep the value, big-endian
 *                           The head is 80 + length for zero and above, 7F - length below: a longer number is farther from zero.
 *                           Wide decimals have a head of two bytes, 8000 + length and 7FFF - length.
 *   STRING BYTES            01, the bytes, 00. A 00 among them is written 01 01, a 01 as 01 02, so that the end is below all that
 *                           could go on.
 *   ARRAY                   01, for each element 01 and its encoding, 00 at the end
 *   MAP                     01, the count in 4 bytes, the entries in the order of their keys, each a key and a value
 *   STRUCT                  01, the fields
 *
 * No encoding is the beginning of another one of the same type, so that columns may follow each
 * other: ("a", 5) and ("ab", 1) compare at the end mark of "a". Bytes are state on disk: changing
 * them needs a new format version, and the reader trusts no length.
 *
 *     STRING 'ab', INTEGER -1      01 61 62 00   01 7F FF FF FF
 */
#include "state/keyenc.h"

#include <endian.h>
#include <stdlib.h>

enum { NONE = 0, SOME = 1, MAP_SMALL = 32 };

/* ---- putting */

static void put_u32(wr_buf *out, uint32_t v)
{
	char *to = wr_buf_reserve(out, 5);

	to[0] = SOME;
	v = htobe32(v);
	memcpy(to + 1, &v, 4);
	out->n += 5;
}

static void put_u64(wr_buf *out, uint64_t v)
{
	char *to = wr_buf_reserve(out, 9);

	to[0] = SOME;
	v = htobe64(v);
	memcpy(to + 1, &v, 8);
	out->n += 9;
}

static uint64_t flip(int64_t v)
{
	return (uint64_t)v ^ (uint64_t)1 << 63;
}

static uint64_t double_bits(double d)
{
	uint64_t bits;

	if (d != d)
		return UINT64_MAX;
	if (d == 0)
		d = 0; /* -0.0 too */
	memcpy(&bits, &d, sizeof(bits));
	return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static void put_narrow(wr_buf *out, __int128 v)
{
	char b[16], *to;
	unsigned at = 16, n;

	for (__int128 rest = v;;) {
		b[--at] = (char)rest;
		rest >>= 8;
		if ((rest == 0 && b[at] >= 0) || (rest == -1 && b[at] < 0) || at == 0)
			break;
	}
	n = 16 - at;
	to = wr_buf_reserve(out, 2 + n);
	to[0] = SOME;
	to[1] = (char)(v < 0 ? 0x7F - n : 0x80 + n);
	memcpy(to + 2, b + at, n);
	out->n += 2 + n;
}

static void put_wide(wr_buf *out, wr_str s)
{
	bool minus = s.n && s.p[0] < 0;
	uint16_t head;
	char *to;

	while (s.n > 1 && ((s.p[0] == 0 && s.p[1] >= 0) || (s.p[0] == -1 && s.p[1] < 0))) {
		s.p++;
		s.n--;
	}
	WR_ASSERT(s.n < 0x7FFF);
	if (s.n == 0)
		s = (wr_str){ "\0", 1 };
	to = wr_buf_reserve(out, 3 + s.n);
	head = htobe16((uint16_t)(minus ? 0x7FFF - s.n : 0x8000 + s.n));
	to[0] = SOME;
	memcpy(to + 1, &head, 2);
	memcpy(to + 3, s.p, s.n);
	out->n += 3 + s.n;
}

static void put_bytes(wr_buf *out, wr_str s)
{
	char *to = wr_buf_reserve(out, 2 * (size_t)s.n + 2);
	char *at = to;

	*at++ = SOME;
	for (uint32_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 1) {
			*at++ = 1;
			c++;
		}
		*at++ = (char)c;
	}
	*at++ = 0;
	out->n += (size_t)(at - to);
}

static void put_array(wr_buf *out, const wr_vec *v, wr_list l)
{
	wr_buf_putc(out, SOME);
	for (uint32_t i = 0; i < l.n; i++) {
		wr_buf_putc(out, SOME);
		wr_key_put(out, &v->kids[0], l.at + i);
	}
	wr_buf_putc(out, NONE);
}

typedef struct entries {
	const wr_vec *keys;
} entries;

static int cmp_entry(const void *x, const void *y, void *self)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
	int c = wr_vec_cmp(((entries *)self)->keys, a, ((entries *)self)->keys, b);

	return c ? c : (a > b) - (a < b);
}

static void put_map(wr_buf *out, const wr_vec *v, wr_list l)
{
	uint32_t few[MAP_SMALL], *order = l.n <= MAP_SMALL ? few : wr_malloc(l.n * sizeof(*order));
	entries cx = { &v->kids[0] };
	uint32_t n = htobe32(l.n);

	for (uint32_t i = 0; i < l.n; i++)
		order[i] = l.at + i;
	qsort_r(order, l.n, sizeof(*order), cmp_entry, &cx);
	wr_buf_putc(out, SOME);
	wr_buf_put(out, &n, sizeof(n));
	for (uint32_t i = 0; i < l.n; i++) {
		wr_key_put(out, &v->kids[0], order[i]);
		wr_key_put(out, &v->kids[1], order[i]);
	}
	if (order != few)
		free(order);
}

void wr_key_put(wr_buf *out, const wr_vec *v, uint32_t row)
{
	uint32_t i = wr_vec_at(v, row);

	if (v->null && v->null[i]) {
		wr_buf_putc(out, NONE);
		return;
	}
	switch (v->type->tag) {
	case WR_BOOLEAN: wr_buf_putc(out, ((const uint8_t *)v->data)[i] ? 2 : 1); break;
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME: put_u32(out, ((const uint32_t *)v->data)[i] ^ (uint32_t)1 << 31); break;
	case WR_BIGINT:
	case WR_TIMESTAMP: put_u64(out, flip(((const int64_t *)v->data)[i])); break;
	case WR_DOUBLE: put_u64(out, double_bits(((const double *)v->data)[i])); break;
	case WR_DECIMAL:
		if (wr_type_wide(v->type))
			put_wide(out, ((const wr_dec *)v->data)[i].wide);
		else
			put_narrow(out, ((const wr_dec *)v->data)[i].i);
		break;
	case WR_STRING:
	case WR_BYTES: put_bytes(out, ((const wr_str *)v->data)[i]); break;
	case WR_ARRAY: put_array(out, v, ((const wr_list *)v->data)[i]); break;
	case WR_MAP: put_map(out, v, ((const wr_list *)v->data)[i]); break;
	case WR_STRUCT:
		wr_buf_putc(out, SOME);
		wr_key_put_row(out, v->kids, v->type->nkids, i);
		break;
	case WR_TAGS: WR_BUG("no such type");
	}
}

void wr_key_put_row(wr_buf *out, const wr_vec *cols, uint32_t n, uint32_t row)
{
	for (uint32_t i = 0; i < n; i++)
		wr_key_put(out, &cols[i], row);
}

void wr_key_put_i64(wr_buf *out, int64_t v)
{
	uint64_t be = htobe64(flip(v));

	wr_buf_put(out, &be, sizeof(be));
}

/* ---- getting: each appends one value that is not null; *p stands behind the 01 */

static bool take(const char **p, const char *end, void *to, size_t n)
{
	if ((size_t)(end - *p) < n)
		return false;
	memcpy(to, *p, n);
	*p += n;
	return true;
}

static void *one_more(wr_vec *v, wr_arena *a)
{
	uint32_t n = v->n;

	wr_vec_resize(v, a, n + 1);
	return (char *)v->data + n * wr_tag_size(v->type->tag);
}

static bool get_u32(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	uint32_t x;

	if (!take(p, end, &x, sizeof(x)))
		return false;
	*(uint32_t *)one_more(v, a) = be32toh(x) ^ (uint32_t)1 << 31;
	return true;
}

bool wr_key_get_i64(int64_t *v, const char **p, const char *end)
{
	uint64_t x;

	if (!take(p, end, &x, sizeof(x)))
		return false;
	*v = (int64_t)flip((int64_t)be64toh(x));
	return true;
}

static bool get_double(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	uint64_t bits;

	if (!take(p, end, &bits, sizeof(bits)))
		return false;
	bits = be64toh(bits);
	if (bits == UINT64_MAX)
		bits = 0x7FF8000000000000u;
	else
		bits = bits >> 63 ? bits & ~((uint64_t)1 << 63) : ~bits;
	memcpy(one_more(v, a), &bits, sizeof(bits));
	return true;
}

static bool get_narrow(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	unsigned char head, b[16];
	unsigned n;
	unsigned __int128 x;

	if (!take(p, end, &head, 1))
		return false;
	n = head >= 0x80 ? head - 0x80 : 0x7F - head;
	if (n == 0 || n > 16 || !take(p, end, b, n))
		return false;
	x = head >= 0x80 ? 0 : ~(unsigned __int128)0;
	for (unsigned i = 0; i < n; i++)
		x = x << 8 | b[i];
	((wr_dec *)one_more(v, a))->i = (__int128)x;
	return true;
}

static bool get_wide(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	uint16_t head;
	uint32_t n;
	wr_str s;

	if (!take(p, end, &head, 2))
		return false;
	head = be16toh(head);
	n = head >= 0x8000 ? head - 0x8000 : 0x7FFF - head;
	if (n == 0 || n > (size_t)(end - *p))
		return false;
	s = wr_arena_str(a, (wr_str){ *p, n });
	*p += n;
	((wr_dec *)one_more(v, a))->wide = s;
	return true;
}

static bool get_bytes(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	const char *stop = memchr(*p, 0, (size_t)(end - *p));
	char *to, *at;

	if (!stop)
		return false;
	to = at = wr_arena_alloc(a, (size_t)(stop - *p) + 1);
	for (const char *from = *p; from < stop; from++) {
		char c = *from;

		if (c == 1) {
			from++;
			if (from == stop || *from < 1 || *from > 2)
				return false;
			c = (char)(*from - 1);
		}
		*at++ = c;
	}
	*at = 0;
	*p = stop + 1;
	*(wr_str *)one_more(v, a) = (wr_str){ to, (uint32_t)(at - to) };
	return true;
}

static bool get_array(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	uint32_t begin = wr_vec_list_begin(v);
	char mark;

	for (;;) {
		if (!take(p, end, &mark, 1))
			return false;
		if (mark == NONE)
			break;
		if (mark != SOME || !wr_key_get(&v->kids[0], a, p, end))
			return false;
	}
	wr_vec_list_end(v, a, begin);
	return true;
}

static bool get_map(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	uint32_t begin = wr_vec_list_begin(v), n;

	if (!take(p, end, &n, sizeof(n)))
		return false;
	n = be32toh(n);
	if (n > (size_t)(end - *p))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!wr_key_get(&v->kids[0], a, p, end) || !wr_key_get(&v->kids[1], a, p, end))
			return false;
	wr_vec_list_end(v, a, begin);
	return true;
}

static bool get_struct(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	for (uint32_t k = 0; k < v->type->nkids; k++)
		if (!wr_key_get(&v->kids[k], a, p, end))
			return false;
	wr_vec_struct_end(v, a);
	return true;
}

static bool get_value(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	switch (v->type->tag) {
	case WR_BOOLEAN: break;
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME: return get_u32(v, a, p, end);
	case WR_BIGINT:
	case WR_TIMESTAMP: return (size_t)(end - *p) >= 8 && wr_key_get_i64(one_more(v, a), p, end);
	case WR_DOUBLE: return get_double(v, a, p, end);
	case WR_DECIMAL:
		return wr_type_wide(v->type) ? get_wide(v, a, p, end) : get_narrow(v, a, p, end);
	case WR_STRING:
	case WR_BYTES: return get_bytes(v, a, p, end);
	case WR_ARRAY: return get_array(v, a, p, end);
	case WR_MAP: return get_map(v, a, p, end);
	case WR_STRUCT: return get_struct(v, a, p, end);
	case WR_TAGS: break;
	}
	WR_BUG("no such type");
}

bool wr_key_get(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	char mark;

	if (!take(p, end, &mark, 1))
		return false;
	if (mark == NONE) {
		wr_vec_push_null(v, a);
		return true;
	}
	if (v->type->tag == WR_BOOLEAN) {
		if (mark != 1 && mark != 2)
			return false;
		*(uint8_t *)one_more(v, a) = mark == 2;
		return true;
	}
	return mark == SOME && get_value(v, a, p, end);
}

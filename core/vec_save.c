/*
 * Values as bytes, for state and queues.
 *
 * Every value begins with a head that also says null, so that values stand behind each other with
 * nothing between:
 *
 *   BOOLEAN                 one byte: 0 null, 1 false, 2 true
 *   INTEGER DATE TIME       0, or 1 and 4 bytes little-endian
 *   BIGINT TIMESTAMP DOUBLE 0, or 1 and 8 bytes
 *   DECIMAL narrow          0, or 1 + n and the n lowest bytes (n 0..16; the rest is the sign)
 *   DECIMAL wide, STRING, BYTES   a varint, 0 or 1 + length, and the bytes
 *   ARRAY, MAP              a varint, 0 or 1 + count, and the elements (key, value, key, value …)
 *   STRUCT                  0, or 1 and the fields
 *
 * This is state on disk: what is read may be damaged, so the reader trusts no length. A change of
 * this form needs a new format version of the state.
 */
#include "core/vec.h"

#include <endian.h>

static void put_varint(wr_buf *out, uint64_t v)
{
	char *to = wr_buf_reserve(out, 10);
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		to[n++] = (char)(v | 0x80);
	to[n++] = (char)v;
	out->n += n;
}

static bool get_varint(const char **p, const char *end, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned shift = 0; *p < end && shift < 35; shift += 7) {
		uint8_t c = (uint8_t) * (*p)++;

		v |= (uint64_t)(c & 0x7F) << shift;
		if (!(c & 0x80)) {
			*out = v;
			return true;
		}
	}
	return false;
}

static void put_fixed(wr_buf *out, const void *value, size_t size)
{
	char *to = wr_buf_reserve(out, size + 1);

	to[0] = 1;
	memcpy(to + 1, value, size);
	out->n += size + 1;
}

/* As few of the 16 bytes as keep the value, by the sign of the highest. */
static void put_narrow(wr_buf *out, __int128 v)
{
	char *to = wr_buf_reserve(out, 17);
	char n = 0;

	for (__int128 rest = v; rest != 0 && !(rest == -1 && n > 0 && to[(int)n] < 0); rest >>= 8)
		to[(int)++n] = (char)rest;
	/* a positive value whose highest byte looks negative needs a zero above it */
	if (v > 0 && to[(int)n] < 0 && n < 16)
		to[(int)++n] = 0;
	to[0] = (char)(n + 1);
	out->n += (size_t)n + 1;
}

static void put_bytes(wr_buf *out, wr_str s)
{
	put_varint(out, (uint64_t)s.n + 1);
	wr_buf_put(out, s.p, s.n);
}

static void put_list(const wr_vec *v, wr_list l, wr_buf *out)
{
	put_varint(out, (uint64_t)l.n + 1);
	for (uint32_t i = 0; i < l.n; i++)
		for (uint32_t k = 0; k < v->type->nkids; k++)
			wr_vec_save(&v->kids[k], l.at + i, out);
}

void wr_vec_save(const wr_vec *v, uint32_t row, wr_buf *out)
{
	uint32_t i = wr_vec_at(v, row);
	uint32_t u32;
	uint64_t u64;

	if (v->null && v->null[i]) {
		wr_buf_putc(out, 0);
		return;
	}
	switch (v->type->tag) {
	case WR_BOOLEAN: wr_buf_putc(out, ((const uint8_t *)v->data)[i] ? 2 : 1); break;
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME:
		u32 = htole32(((const uint32_t *)v->data)[i]);
		put_fixed(out, &u32, sizeof(u32));
		break;
	case WR_BIGINT:
	case WR_TIMESTAMP:
	case WR_DOUBLE:
		memcpy(&u64, (const char *)v->data + i * sizeof(u64), sizeof(u64));
		u64 = htole64(u64);
		put_fixed(out, &u64, sizeof(u64));
		break;
	case WR_DECIMAL:
		if (wr_type_wide(v->type))
			put_bytes(out, ((const wr_dec *)v->data)[i].wide);
		else
			put_narrow(out, ((const wr_dec *)v->data)[i].i);
		break;
	case WR_STRING:
	case WR_BYTES: put_bytes(out, ((const wr_str *)v->data)[i]); break;
	case WR_ARRAY:
	case WR_MAP: put_list(v, ((const wr_list *)v->data)[i], out); break;
	case WR_STRUCT:
		wr_buf_putc(out, 1);
		for (uint32_t k = 0; k < v->type->nkids; k++)
			wr_vec_save(&v->kids[k], i, out);
		break;
	case WR_TAGS: WR_BUG("no such type");
	}
}

/* ---- loading: each appends one value that is not null; *p stands behind the head */

static bool load_fixed(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	size_t size = wr_tag_size(v->type->tag);
	uint32_t n = v->n;

	if ((size_t)(end - *p) < size)
		return false;
	wr_vec_resize(v, a, n + 1);
	memcpy((char *)v->data + n * size, *p, size);
#if __BYTE_ORDER == __BIG_ENDIAN
	if (size == 4)
		((uint32_t *)v->data)[n] = le32toh(((uint32_t *)v->data)[n]);
	else
		((uint64_t *)v->data)[n] = le64toh(((uint64_t *)v->data)[n]);
#endif
	*p += size;
	return true;
}

static bool load_narrow(wr_vec *v, wr_arena *a, unsigned size, const char **p, const char *end)
{
	unsigned __int128 x = 0;

	if (size > 16 || (size_t)(end - *p) < size)
		return false;
	if (size && (*p)[size - 1] < 0)
		x = ~(unsigned __int128)0;
	for (unsigned i = size; i-- > 0;)
		x = x << 8 | (uint8_t)(*p)[i];
	*p += size;
	wr_vec_resize(v, a, v->n + 1);
	((wr_dec *)v->data)[v->n - 1].i = (__int128)x;
	return true;
}

static bool load_bytes(wr_vec *v, wr_arena *a, uint64_t n, const char **p, const char *end)
{
	wr_str s;

	if (n > (uint64_t)(end - *p))
		return false;
	s = wr_arena_str(a, (wr_str){ *p, (uint32_t)n });
	*p += n;
	wr_vec_resize(v, a, v->n + 1);
	if (v->type->tag == WR_DECIMAL)
		((wr_dec *)v->data)[v->n - 1].wide = s;
	else
		((wr_str *)v->data)[v->n - 1] = s;
	return true;
}

static bool load_list(wr_vec *v, wr_arena *a, uint64_t n, const char **p, const char *end)
{
	uint32_t begin = wr_vec_list_begin(v);

	if (n > (uint64_t)(end - *p)) /* every element takes a byte at least */
		return false;
	for (uint64_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < v->type->nkids; k++)
			if (!wr_vec_load(&v->kids[k], a, p, end))
				return false;
	wr_vec_list_end(v, a, begin);
	return true;
}

static bool load_struct(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	for (uint32_t k = 0; k < v->type->nkids; k++)
		if (!wr_vec_load(&v->kids[k], a, p, end))
			return false;
	wr_vec_struct_end(v, a);
	return true;
}

static bool load_boolean(wr_vec *v, wr_arena *a, uint64_t head)
{
	if (head > 2)
		return false;
	wr_vec_resize(v, a, v->n + 1);
	((uint8_t *)v->data)[v->n - 1] = head == 2;
	return true;
}

bool wr_vec_load(wr_vec *v, wr_arena *a, const char **p, const char *end)
{
	uint64_t head;

	if (!get_varint(p, end, &head) || head > UINT32_MAX)
		return false;
	if (head == 0) {
		wr_vec_push_null(v, a);
		return true;
	}
	switch (v->type->tag) {
	case WR_BOOLEAN: return load_boolean(v, a, head);
	case WR_DECIMAL:
		if (!wr_type_wide(v->type))
			return load_narrow(v, a, (unsigned)head - 1, p, end);
		return head > 1 && load_bytes(v, a, head - 1, p, end);
	case WR_STRING:
	case WR_BYTES: return load_bytes(v, a, head - 1, p, end);
	case WR_ARRAY:
	case WR_MAP: return load_list(v, a, head - 1, p, end);
	case WR_STRUCT: return head == 1 && load_struct(v, a, p, end);
	default: return head == 1 && load_fixed(v, a, p, end);
	}
}

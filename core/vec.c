/*
 * Vectors: making them, growing them, appending to them. Order and hash stand in vec_order.c, bytes
 * in vec_save.c, text in vec_print.c.
 *
 * A vector grows by doubling inside an arena: the old array stays behind until the arena is reset,
 * which costs at most as much again as what is used. `room` covers data and, when there are any,
 * the null bytes.
 *
 * A STRUCT has no data; its rows live in the kids, so everything that adds a row to a STRUCT adds
 * one to each kid, also for a null row. Lists only name a range of their kids: a gather of lists
 * shares the kids and copies no element. A shared kid's room is cut to what it holds, so that
 * whoever appends to one of the two first moves away.
 *
 *	ARRAY<BIGINT> [1,2], null, [3]     data {0,2} {2,0} {2,1}   null 0 1 0   kids[0]: 1 2 3
 */
#include "core/vec.h"

static void init_kids(wr_vec *v, wr_arena *a, uint32_t room)
{
	if (!wr_tag_nested(v->type->tag))
		return;
	v->kids = WR_NEW_ARRAY(a, wr_vec, v->type->nkids);
	for (uint32_t i = 0; i < v->type->nkids; i++)
		wr_vec_init(&v->kids[i], a, v->type->kids[i], room);
}

void wr_vec_init(wr_vec *v, wr_arena *a, const wr_type *type, uint32_t room)
{
	*v = (wr_vec){ .type = type, .kind = WR_FLAT, .room = room };
	if (room)
		v->data = wr_arena_alloc(a, room * wr_tag_size(type->tag));
	init_kids(v, a, room);
}

static void grow(wr_vec *v, wr_arena *a, uint32_t room)
{
	size_t size = wr_tag_size(v->type->tag);
	void *data = wr_arena_alloc(a, room * size);

	if (v->n && size)
		memcpy(data, v->data, v->n * size);
	v->data = data;
	if (v->null) {
		uint8_t *null = wr_arena_zalloc(a, room);

		memcpy(null, v->null, v->n);
		v->null = null;
	}
	v->room = room;
}

void wr_vec_reserve(wr_vec *v, wr_arena *a, uint32_t n)
{
	WR_ASSERT(v->kind == WR_FLAT);
	if (n > v->room) {
		uint32_t room = v->room < UINT32_MAX / 2 ? v->room * 2 : UINT32_MAX;

		if (room < 8)
			room = 8;
		grow(v, a, room > n ? room : n);
	}
	if (v->type->tag == WR_STRUCT)
		for (uint32_t i = 0; i < v->type->nkids; i++)
			wr_vec_reserve(&v->kids[i], a, n);
}

void wr_vec_resize(wr_vec *v, wr_arena *a, uint32_t n)
{
	uint32_t old = v->n;

	if (n > v->room)
		wr_vec_reserve(v, a, n);
	if (n > old && v->null)
		memset(v->null + old, 0, n - old);
	if (n > old && (v->type->tag == WR_ARRAY || v->type->tag == WR_MAP))
		memset((wr_list *)v->data + old, 0, (n - old) * sizeof(wr_list));
	v->n = n;
	if (v->type->tag == WR_STRUCT)
		for (uint32_t i = 0; i < v->type->nkids; i++)
			wr_vec_resize(&v->kids[i], a, n);
}

void wr_vec_const_null(wr_vec *v, wr_arena *a, const wr_type *type)
{
	wr_vec_init(v, a, type, 1);
	wr_vec_push_null(v, a);
	v->kind = WR_CONST;
}

uint8_t *wr_vec_nulls(wr_vec *v, wr_arena *a)
{
	if (!v->null)
		v->null = wr_arena_zalloc(a, v->room > v->n ? v->room : v->n);
	return v->null;
}

void wr_vec_set_null(wr_vec *v, wr_arena *a, uint32_t row)
{
	uint32_t at = wr_vec_at(v, row);

	wr_vec_nulls(v, a)[at] = 1;
	if (v->type->tag == WR_ARRAY || v->type->tag == WR_MAP)
		((wr_list *)v->data)[at] = (wr_list){ 0, 0 };
	else if (v->type->tag == WR_STRUCT)
		for (uint32_t i = 0; i < v->type->nkids; i++)
			wr_vec_set_null(&v->kids[i], a, at);
}

/* Room for one more row, by doubling. */
static void room_for_one(wr_vec *v, wr_arena *a)
{
	WR_ASSERT(v->kind == WR_FLAT);
	if (v->n == v->room)
		grow(v, a, v->room ? v->room * 2 : 8);
}

void wr_vec_push_null(wr_vec *v, wr_arena *a)
{
	room_for_one(v, a);
	wr_vec_nulls(v, a)[v->n] = 1;
	if (v->type->tag == WR_STRUCT)
		for (uint32_t i = 0; i < v->type->nkids; i++)
			wr_vec_push_null(&v->kids[i], a);
	else
		memset((char *)v->data + v->n * wr_tag_size(v->type->tag), 0,
		       wr_tag_size(v->type->tag));
	v->n++;
}

static void push_list(wr_vec *v, wr_arena *a, wr_list from, const wr_vec *src, bool deep)
{
	uint32_t begin = wr_vec_list_begin(v);

	for (uint32_t k = 0; k < v->type->nkids; k++)
		for (uint32_t i = 0; i < from.n; i++)
			wr_vec_push(&v->kids[k], a, &src->kids[k], from.at + i, deep);
	wr_vec_list_end(v, a, begin);
}

static wr_str copy_str(wr_arena *a, wr_str s, bool deep)
{
	return deep ? wr_arena_str(a, s) : s;
}

static void push_value(wr_vec *v, wr_arena *a, const wr_vec *src, uint32_t at, bool deep)
{
	uint32_t n = v->n;

	room_for_one(v, a);
	switch (v->type->tag) {
	case WR_STRING:
	case WR_BYTES: ((wr_str *)v->data)[n] = copy_str(a, ((wr_str *)src->data)[at], deep); break;
	case WR_DECIMAL:
		((wr_dec *)v->data)[n] = ((wr_dec *)src->data)[at];
		if (wr_type_wide(v->type))
			((wr_dec *)v->data)[n].wide =
			    copy_str(a, ((wr_dec *)src->data)[at].wide, deep);
		break;
#define X(tag, storage)                                                                            \
	case WR_##tag: ((storage *)v->data)[n] = ((const storage *)src->data)[at]; break;
		X(BOOLEAN, uint8_t)
		X(INTEGER, int32_t)
		X(BIGINT, int64_t)
		X(DOUBLE, double)
		X(DATE, int32_t)
		X(TIME, int32_t)
		X(TIMESTAMP, int64_t)
#undef X
	default: WR_BUG("no scalar: %s", wr_tag_name(v->type->tag));
	}
	if (v->null)
		v->null[n] = 0;
	v->n = n + 1;
}

void wr_vec_push(wr_vec *v, wr_arena *a, const wr_vec *src, uint32_t row, bool deep)
{
	uint32_t at = wr_vec_at(src, row);

	WR_ASSERT(v->type->tag == src->type->tag);
	if (src->null && src->null[at]) {
		wr_vec_push_null(v, a);
	} else if (!wr_tag_nested(v->type->tag)) {
		push_value(v, a, src, at, deep);
	} else if (v->type->tag == WR_STRUCT) {
		for (uint32_t i = 0; i < v->type->nkids; i++)
			wr_vec_push(&v->kids[i], a, &src->kids[i], at, deep);
		wr_vec_struct_end(v, a);
	} else {
		push_list(v, a, ((const wr_list *)src->data)[at], src, deep);
	}
}

uint32_t wr_vec_list_begin(wr_vec *v)
{
	return v->kids[0].n;
}

void wr_vec_list_end(wr_vec *v, wr_arena *a, uint32_t begin)
{
	room_for_one(v, a);
	((wr_list *)v->data)[v->n] = (wr_list){ begin, v->kids[0].n - begin };
	if (v->null)
		v->null[v->n] = 0;
	v->n++;
}

void wr_vec_struct_end(wr_vec *v, wr_arena *a)
{
	room_for_one(v, a);
	if (v->null)
		v->null[v->n] = 0;
	v->n++;
}

/* ---- gather */

static void share_kids(wr_vec *out, const wr_vec *src)
{
	for (uint32_t i = 0; i < src->type->nkids; i++) {
		out->kids[i] = src->kids[i];
		out->kids[i].room = src->kids[i].n;
	}
}

static void gather_data(void *to, const void *from, size_t size, const uint32_t *rows, uint32_t n)
{
#define COPY(type)                                                                                 \
	for (uint32_t i = 0; i < n; i++)                                                           \
		((type *)to)[i] = ((const type *)from)[rows[i]];                                   \
	break;
	switch (size) {
	case 1: COPY(uint8_t)
	case 4: COPY(uint32_t)
	case 8: COPY(uint64_t)
	default: COPY(wr_dec)
	}
#undef COPY
}
_Static_assert(sizeof(wr_dec) == 16 && sizeof(wr_str) == 16,
	       "gather copies values of 1, 4, 8 and 16 bytes");

void wr_vec_gather(wr_vec *out, wr_arena *a, const wr_vec *src, const uint32_t *rows, uint32_t n)
{
	wr_tag tag = src->type->tag;

	if (src->kind == WR_CONST) {
		*out = *src;
		out->n = n;
		return;
	}
	*out = (wr_vec){ .type = src->type, .kind = WR_FLAT, .n = n, .room = n };
	if (wr_tag_nested(tag))
		out->kids = WR_NEW_ARRAY(a, wr_vec, src->type->nkids);
	if (tag == WR_STRUCT) {
		for (uint32_t i = 0; i < src->type->nkids; i++)
			wr_vec_gather(&out->kids[i], a, &src->kids[i], rows, n);
	} else {
		out->data = wr_arena_alloc(a, n * wr_tag_size(tag));
		/* void data is aligned to 16 by the arena, whatever the type */
		gather_data(out->data, src->data, wr_tag_size(tag), rows, n);
		share_kids(out, src);
	}
	if (src->null) {
		out->null = wr_arena_alloc(a, n);
		for (uint32_t i = 0; i < n; i++)
			out->null[i] = src->null[rows[i]];
	}
}

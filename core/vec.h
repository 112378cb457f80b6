/*
 * wr_vec: one column of values of one type, the only model of values in Weir. A literal is a vector
 * of one.
 *
 * FLAT: n values in data. CONST: one value (index 0) that stands for every row. Nulls are a byte a
 * row (1 = null; one byte for CONST); null == NULL means there are none. A byte, not a bit: rows
 * are appended one by one on the hot path, and 1 KiB a column is nothing. What stands in data at a
 * null row is undefined, but a wr_list there has n == 0.
 *
 * Nested: ARRAY's wr_list ranges over kids[0], MAP's over kids[0] (keys) and kids[1] (values, same
 * positions); STRUCT has kids[i] per field, each with as many rows as the vector itself. A CONST
 * nested vector has kind CONST itself and FLAT kids.
 *
 * Memory comes from the arena named at each call and is never freed; strings point wherever their
 * maker says. Thread: one at a time.
 */
#ifndef CORE_VEC_H
#define CORE_VEC_H

#include "core/decimal.h"

typedef enum wr_vec_kind { WR_FLAT, WR_CONST } wr_vec_kind;

typedef struct wr_vec wr_vec;
struct wr_vec {
	const wr_type *type;
	wr_vec_kind kind;
	uint32_t n, room; /* values; values there is room for */
	void *data;
	uint8_t *null;
	wr_vec *kids; /* type->nkids of them; NULL for scalars */
};

/* An empty FLAT vector with room for `room` values (more come by themselves). */
void wr_vec_init(wr_vec *v, wr_arena *a, const wr_type *type, uint32_t room);
/* Room for n values in all; existing ones stay. */
void wr_vec_reserve(wr_vec *v, wr_arena *a, uint32_t n);
/*
 * Sets n (room is made); new values are undefined and not null. For kernels that fill data
 * themselves. STRUCT kids are resized alike.
 */
void wr_vec_resize(wr_vec *v, wr_arena *a, uint32_t n);
/* Makes v a CONST null of a type. */
void wr_vec_const_null(wr_vec *v, wr_arena *a, const wr_type *type);
/* The null bytes, made (all 0) when there were none, for `room` rows. */
uint8_t *wr_vec_nulls(wr_vec *v, wr_arena *a);

static inline uint32_t wr_vec_at(const wr_vec *v, uint32_t row)
{
	return v->kind == WR_CONST ? 0 : row;
}
static inline bool wr_vec_is_null(const wr_vec *v, uint32_t row)
{
	return v->null && v->null[wr_vec_at(v, row)];
}
void wr_vec_set_null(wr_vec *v, wr_arena *a, uint32_t row);

/* Checked access: wr_vec_BIGINT(v) is int64_t *, and a bug stop when v is no BIGINT. */
#define X(TAG, storage)                                                                            \
	static inline storage *wr_vec_##TAG(const wr_vec *v)                                       \
	{                                                                                          \
		WR_ASSERT(v->type->tag == WR_##TAG);                                               \
		return (storage *)v->data;                                                         \
	}
WR_TYPES(X)
#undef X

/* The string or bytes at a row, without a check of the tag. */
static inline wr_str wr_vec_str(const wr_vec *v, uint32_t row)
{
	return ((const wr_str *)v->data)[wr_vec_at(v, row)];
}

/* Appends; a grows the vector where needed. */
void wr_vec_push_null(wr_vec *v, wr_arena *a);
/* Appends src[row] (same type). deep: strings are copied into a, else they are shared. */
void wr_vec_push(wr_vec *v, wr_arena *a, const wr_vec *src, uint32_t row, bool deep);
/*
 * Opens row v->n of an ARRAY or MAP: call wr_vec_list_end after pushing m elements onto the kid(s).
 */
uint32_t wr_vec_list_begin(wr_vec *v);
void wr_vec_list_end(wr_vec *v, wr_arena *a, uint32_t begin);
/* Ends a STRUCT row whose fields were pushed onto every kid. */
void wr_vec_struct_end(wr_vec *v, wr_arena *a);

/* out = the rows of src listed in rows (n of them), in that order. Strings are shared. */
void wr_vec_gather(wr_vec *out, wr_arena *a, const wr_vec *src, const uint32_t *rows, uint32_t n);

/*
 * Equality (null equals null), order (nulls first; decimals by value; structs, arrays by element;
 * -0.0 == 0.0, NaN last and equal to itself) and a hash that agrees with equality. Types must be
 * the same.
 */
bool wr_vec_eq(const wr_vec *x, uint32_t i, const wr_vec *y, uint32_t j);
int wr_vec_cmp(const wr_vec *x, uint32_t i, const wr_vec *y, uint32_t j);
uint64_t wr_vec_hash(const wr_vec *v, uint32_t i, uint64_t seed);

/*
 * One value as bytes for state and queues: self-delimiting, not ordered. wr_vec_load appends what
 * save wrote to v and moves *p on; strings are copied into a. false when the bytes are damaged.
 */
void wr_vec_save(const wr_vec *v, uint32_t row, wr_buf *out);
bool wr_vec_load(wr_vec *v, wr_arena *a, const char **p, const char *end);

/* For explain, tests and messages: 12, 'text', NULL, ARRAY[1, 2] … as SQL literals. */
void wr_vec_print(const wr_vec *v, uint32_t row, wr_buf *out);

#endif

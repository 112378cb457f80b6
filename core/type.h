/*
 * SQL types. One list gives tags, C storage, names and the checked accessors of core/vec.h.
 *
 * A wr_type is immutable and lives in an arena or in static memory (the scalar ones: wr_type_of).
 * Two types are the same when wr_type_eq says so; pointers prove nothing.
 *
 * Storage of one value in a vector:
 *   DATE int32 days since 1970; TIME int32 milliseconds of the day; TIMESTAMP int64 milliseconds UTC;
 *   DECIMAL wr_dec, see core/decimal.h; STRING UTF-8, BYTES raw: wr_str;
 *   ARRAY, MAP wr_list: a range of the child vectors; STRUCT nothing itself, its children have a row each.
 */
#ifndef CORE_TYPE_H
#define CORE_TYPE_H

#include "core/arena.h"
#include "core/buf.h"

/*
 * A decimal: unscaled value as a 128-bit integer when precision <= 38, else as bytes
 * (core/decimal.h).
 */
typedef union wr_dec {
	__int128 i;
	wr_str wide; /* big-endian two's complement, minimal length */
} wr_dec;

/* Rows at .. at + n - 1 of the child vector(s). */
typedef struct wr_list {
	uint32_t at, n;
} wr_list;

typedef struct wr_nothing {
	uint8_t none;
} wr_nothing;

/* X(tag, C storage) */
#define WR_TYPES(X)                                                                                \
	X(BOOLEAN, uint8_t)                                                                        \
	X(INTEGER, int32_t)                                                                        \
	X(BIGINT, int64_t)                                                                         \
	X(DOUBLE, double)                                                                          \
	X(DECIMAL, wr_dec)                                                                         \
	X(STRING, wr_str)                                                                          \
	X(BYTES, wr_str)                                                                           \
	X(DATE, int32_t)                                                                           \
	X(TIME, int32_t)                                                                           \
	X(TIMESTAMP, int64_t)                                                                      \
	X(ARRAY, wr_list)                                                                          \
	X(MAP, wr_list)                                                                            \
	X(STRUCT, wr_nothing)

typedef enum wr_tag {
#define X(tag, storage) WR_##tag,
	WR_TYPES(X)
#undef X
	    WR_TAGS,
} wr_tag;

typedef struct wr_type wr_type;
struct wr_type {
	wr_tag tag;
	uint16_t precision, scale; /* DECIMAL */
	/* ARRAY 1 (element), MAP 2 (key, value), STRUCT its fields */
	uint16_t nkids;
	const wr_type *const *kids;
	const wr_str *names; /* STRUCT: field names, nkids of them; else NULL */
};

enum { WR_DEC_NARROW_MAX = 38 };

/* True when a DECIMAL is stored as bytes. */
static inline bool wr_type_wide(const wr_type *t)
{
	return t->tag == WR_DECIMAL && t->precision > WR_DEC_NARROW_MAX;
}

/* The one static object of a scalar type without parameters (not DECIMAL, ARRAY, MAP, STRUCT). */
const wr_type *wr_type_of(wr_tag tag);
const wr_type *wr_type_decimal(wr_arena *a, unsigned precision, unsigned scale);
const wr_type *wr_type_array(wr_arena *a, const wr_type *element);
const wr_type *wr_type_map(wr_arena *a, const wr_type *key, const wr_type *value);
/* Copies the arrays, not the types or the names' bytes. */
const wr_type *wr_type_struct(wr_arena *a, uint32_t n, const wr_str *names,
			      const wr_type *const *kids);
/* A deep copy that depends on nothing outside the arena. */
const wr_type *wr_type_copy(wr_arena *a, const wr_type *t);

bool wr_type_eq(const wr_type *a, const wr_type *b);
bool wr_type_numeric(const wr_type *t); /* INTEGER, BIGINT, DOUBLE, DECIMAL */
static inline bool wr_tag_nested(wr_tag tag)
{
	return tag >= WR_ARRAY;
}

/* Bytes of one value in a vector (0 for STRUCT). */
size_t wr_tag_size(wr_tag tag);
/* "BIGINT"; of nested types the word alone. */
const char *wr_tag_name(wr_tag tag);
/* As schemas and errors show it: DECIMAL(4, 2), ARRAY<STRING>, STRUCT<`A` INTEGER>. */
void wr_type_print(const wr_type *t, wr_buf *out);
/* The same into an arena, zero-terminated. */
const char *wr_type_text(wr_arena *a, const wr_type *t);
/* Reads what wr_type_print wrote (used by the catalog). NULL when the text is no type. */
const wr_type *wr_type_read(wr_arena *a, wr_str text);

#endif

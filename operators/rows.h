/*
 * What operators share: saved rows, and output batches put together from rows of several places.
 *
 * A saved row is the bytes of some columns of one row: what tables and joins keep per key.
 * Fixed-width values stand as they are, so that reading one back is a few copies; strings are not
 * copied on reading: they point into the bytes.
 */
#ifndef OPERATORS_ROWS_H
#define OPERATORS_ROWS_H

#include "core/batch.h"
#include "state/cache.h"

/* Which columns are saved, in this order. */
typedef struct wr_row_shape {
	uint32_t n;
	const uint32_t *cols;
	const wr_type *const *types;
} wr_row_shape;

/* The columns first .. end-1 of a schema. */
void wr_row_shape_range(wr_row_shape *s, wr_arena *a, const wr_schema *schema, uint32_t first,
			uint32_t end);
/* The columns c of a schema with used[c]. */
void wr_row_shape_of(wr_row_shape *s, wr_arena *a, const wr_schema *schema, const bool *used);

/* Appends the bytes of row `row` of the batch columns `cols` (indexed by shape->cols). */
void wr_row_save(const wr_row_shape *s, const wr_vec *cols, uint32_t row, wr_buf *out);
/*
 * Appends a saved row to vecs[0 .. shape->n). Strings point into `bytes`; nested values are copied
 * into a. false: damaged.
 */
bool wr_row_load(const wr_row_shape *s, wr_vec *vecs, wr_arena *a, wr_str bytes);
/* Appends nulls instead. */
void wr_row_load_nulls(const wr_row_shape *s, wr_vec *vecs, wr_arena *a);
/* Empty vectors for the shape's columns. */
wr_vec *wr_row_vecs(const wr_row_shape *s, wr_arena *a, uint32_t room);

/*
 * A table's kept row begins with its row time (8 bytes) and partition (4), before the saved value
 * columns.
 */
enum { WR_TABLE_HEAD = 12 };

/* What an allocation of so many bytes takes of the heap, with what that keeps of its own; 0: none. */
static inline size_t wr_heap_bytes(size_t room)
{
	return room ? room + 16 : 0;
}

/*
 * Bytes that a state owns: kept in place while they fit. Zeroed is empty; wr_row_bytes_free gives
 * back.
 */
typedef struct wr_row_bytes {
	char *p;
	uint32_t n, room;
} wr_row_bytes;

void wr_row_bytes_set(wr_row_bytes *b, const char *p, size_t n);
void wr_row_bytes_free(wr_row_bytes *b);
/* What they take of the heap, with what it keeps of its own beside them. */
static inline size_t wr_row_bytes_size(const wr_row_bytes *b)
{
	return wr_heap_bytes(b->room);
}
static inline wr_str wr_row_bytes_view(const wr_row_bytes *b)
{
	return (wr_str){ b->p, b->n };
}

/*
 * A cache of saved rows: small ones stand in the payload itself, so that a row is one place in
 * memory, larger ones on the heap.
 */
typedef struct wr_row_keep {
	wr_cache_def def;
	wr_cache *cache;
} wr_row_keep;

/* k must stay where it is until wr_cache_close(k->cache). */
void wr_row_keep_open(wr_row_keep *k, wr_store *st, const wr_row_shape *shape);
/* The bytes of a payload of k->cache; valid until it is set again. */
wr_str wr_row_keep_get(const void *payload);
/* Sets them and marks the payload as changed. */
void wr_row_keep_set(wr_row_keep *k, void *payload, wr_str bytes);

/*
 * The encoded keys of a run of rows and their hashes, so that memory can be asked for ahead. Valid
 * until buf or the arena change.
 */
typedef struct wr_row_keys {
	const wr_str *key; /* [i]: of row at + i */
	const uint64_t *hash;
	uint32_t n;
} wr_row_keys;

/* cols: n_cols key columns; rows at .. at+n-1. buf is the caller's and is reset. */
wr_row_keys wr_row_keys_of(wr_arena *a, wr_buf *buf, const wr_vec *cols, uint32_t ncols,
			   uint32_t at, uint32_t n);
/* To be called before the look-up of key i. */
static inline void wr_row_keys_ahead(const wr_row_keys *k, const wr_cache *c, uint32_t i)
{
	if (i + 16 < k->n)
		wr_cache_prefetch(c, k->hash[i + 16]);
	if (i + 8 < k->n)
		wr_cache_prefetch_entry(c, k->hash[i + 8]);
}

/* out = a view of rows at .. at+n-1 of v: nothing is copied (but a STRUCT's list of kids). */
void wr_vec_slice(wr_vec *out, wr_arena *a, const wr_vec *v, uint32_t at, uint32_t n);
/* out[j] = x[pick[j]], or y[~pick[j]] where pick[j] is negative. Strings are shared. */
void wr_vec_weave(wr_vec *out, wr_arena *a, const wr_vec *x, const wr_vec *y, const int32_t *pick,
		  uint32_t n);
/*
 * Makes rows with mask[i] null, in a copy of its own (v may share its memory with others). v has n
 * rows or is CONST.
 */
void wr_vec_mask(wr_vec *v, wr_arena *a, const uint8_t *mask, uint32_t n);

/*
 * out = an empty frame of n rows: columns (schema's; zeroed vectors, to be filled) and change[] to
 * be filled; all other metadata is that of src's rows rows[0 .. n). Row times stand in an array of
 * out's own.
 */
void wr_batch_rows(wr_batch *out, const wr_batch *src, const uint32_t *rows, uint32_t n,
		   const wr_schema *s);

#endif

/*
 * Keys whose byte order is their value order: memcmp on the encodings orders as wr_vec_cmp on the
 * values (nulls first). Encodings are self-delimiting, so that several columns can stand in a row
 * and windows in front of them.
 */
#ifndef STATE_KEYENC_H
#define STATE_KEYENC_H

#include "core/vec.h"

/*
 * Appends the encoding of one value. Values that are equal (-0.0 and 0.0, maps in another order)
 * have one encoding.
 */
void wr_key_put(wr_buf *out, const wr_vec *v, uint32_t row);
/*
 * Appends the value that stands at *p to v and moves *p on; false when damaged. Strings are copied
 * into a.
 */
bool wr_key_get(wr_vec *v, wr_arena *a, const char **p, const char *end);
/* The first n columns of row `row`, one after the other. */
void wr_key_put_row(wr_buf *out, const wr_vec *cols, uint32_t n, uint32_t row);

/* Signed 64-bit numbers (times, versions), big-endian with the sign flipped. */
void wr_key_put_i64(wr_buf *out, int64_t v);
bool wr_key_get_i64(int64_t *v, const char **p, const char *end);

#endif

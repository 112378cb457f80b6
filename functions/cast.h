/*
 * CAST, explicit and implicit: which pairs there are, and the conversion of whole vectors.
 */
#ifndef FUNCTIONS_CAST_H
#define FUNCTIONS_CAST_H

#include "functions/function.h"

/* Whether CAST(from AS to) exists; nested types element by element. */
bool wr_cast_exists(const wr_type *from, const wr_type *to);

/* out (empty, of type `to`) = in converted; row failures go through wr_fn_fail. */
void wr_cast_vec(wr_fn_cx *cx, const wr_vec *in, wr_vec *out);

/*
 * One constant brought to a type: in itself when it has it; NULL when that fails or there is no
 * such cast.
 */
const wr_vec *wr_cast_constant(wr_arena *a, const wr_vec *in, const wr_type *to);

/*
 * Text of a value as CAST … AS STRING gives it, appended: numbers plain, doubles as Java prints
 * them, times as ISO, [a, b] and {k=v} for nested ones.
 */
void wr_cast_print(const wr_vec *v, uint32_t row, wr_buf *out);

#endif

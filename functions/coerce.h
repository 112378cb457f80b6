/*
 * Implicit conversions between types: what may be widened to what, and the type that two can share.
 */
#ifndef FUNCTIONS_COERCE_H
#define FUNCTIONS_COERCE_H

#include "core/vec.h"

/*
 * 0: the same type; > 0: from widens to `to` (more steps, higher number); -1: it does not. INTEGER
 * → BIGINT → DECIMAL → DOUBLE, DECIMAL → roomier DECIMAL. `to` NULL: any DECIMAL.
 */
int wr_widen_cost(const wr_type *from, const wr_type *to);

/*
 * The narrowest type that both widen to, or NULL. Nested types element by element; STRUCTs by the
 * union of their fields.
 */
const wr_type *wr_widen_common(wr_arena *a, const wr_type *x, const wr_type *y);

/* INTEGER is DECIMAL(10, 0), BIGINT DECIMAL(19, 0), a DECIMAL itself. */
const wr_type *wr_type_as_decimal(wr_arena *a, const wr_type *t);

#endif

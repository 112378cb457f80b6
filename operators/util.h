/* Small things that several operators need. */
#ifndef OPERATORS_UTIL_H
#define OPERATORS_UTIL_H

#include "expr/prog.h"
#include "operators/operator.h"
#include "operators/spec.h"
#include "state/cache.h"

/* Counts values that became null because their expression failed. */
void wr_op_failures(wr_op *op, const wr_prog_stats *ps);

/* A reference to column col of the batch. */
const wr_expr *wr_op_column(wr_arena *a, int32_t col, const wr_type *type);

/* mask[i] = row at + i is of one of two kinds; false when there is none (mask is not made). */
bool wr_op_mask(const wr_batch *b, uint32_t at, uint32_t n, uint8_t kind1, uint8_t kind2,
		uint8_t **mask);

/*
 * Drops clean entries until at most `bytes` are held, or less where all caches hold too much
 * together. *tight is set when that cannot be, as too
 * much waits for the commit; the caller then leaves off until its next snapshot.
 */
void wr_op_trim(wr_cache *c, size_t bytes, bool *tight);

/*
 * Row times that windows can reckon with: within 70 million years of 1970. Rows beyond are late for
 * whatever has a window.
 */
static inline bool wr_op_good_time(int64_t t)
{
	return t > -((int64_t)1 << 61) && t < (int64_t)1 << 61;
}

/* A state that cannot be read: fails with class IO. */
wr_status wr_op_damaged(const wr_op *op, wr_err *err);

/* "name AS `X`" … of output columns: the list of expressions for explain. */
void wr_op_explain_list(const wr_expr *const *exprs, const wr_schema *in, const wr_schema *out,
			uint32_t n, wr_buf *buf);

#endif

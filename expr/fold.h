/* Evaluation without a batch: constants at plan time. */
#ifndef EXPR_FOLD_H
#define EXPR_FOLD_H

#include "expr/expr.h"

/*
 * e itself, or the constant it always is: when all arguments are constants, everything in it is
 * PURE, and nothing fails.
 */
const wr_expr *wr_expr_fold(wr_arena *a, const wr_expr *e);

/*
 * The value of an expression without columns, one row, in the arena; *failure: words of a runtime
 * failure (the value is null), NULL when there was none; they live in the arena.
 */
void wr_expr_value(wr_arena *a, const wr_expr *e, wr_vec *out, const char **failure);

/* Whether e reads no column, pseudo column or parameter. */
bool wr_expr_constant(const wr_expr *e);

#endif

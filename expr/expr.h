/*
 * Typed expressions: what the planner's binder builds and the evaluator compiles. Immutable, in the
 * query's arena.
 *
 * Everything strict is a CALL of a row of functions/ (operators too: $add, $eq, $cast, $field,
 * $index …, hidden rows). Only what must not evaluate all its arguments has a kind of its own:
 * CASE, AND, OR. Two-valued logic: comparisons with null are false.
 */
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H

#include "core/batch.h"
#include "functions/function.h"

typedef enum wr_expr_kind {
	WR_EXPR_COL,   /* column `col` of the batch, or a pseudo column */
	WR_EXPR_CONST, /* `value`, one row */
	WR_EXPR_CALL,  /* fn(args); lambdas among args are LAMBDA */
	WR_EXPR_CASE,  /* args: when, then, when, then …, [else] */
	WR_EXPR_AND,
	WR_EXPR_OR,
	WR_EXPR_LAMBDA, /* body args[0], nparams; only as an argument of CALL */
	WR_EXPR_PARAM,	/* parameter `col` of the lambda `depth` levels out */
} wr_expr_kind;

/* Pseudo columns as values of `col`. */
enum {
	WR_COL_ROWTIME = -1,
	WR_COL_ROWPARTITION = -2,
	WR_COL_ROWOFFSET = -3,
	WR_COL_WINDOWSTART = -4,
	WR_COL_WINDOWEND = -5,
	WR_COL_HEADERS = -6, /* ARRAY<STRUCT<KEY STRING, VALUE BYTES>> */
};

typedef struct wr_expr wr_expr;
struct wr_expr {
	wr_expr_kind kind;
	wr_span span;
	const wr_type *type;
	int32_t col;
	uint32_t nparams, depth;
	const wr_vec *value;
	const wr_fn *fn;
	const void *bound; /* what fn->bind left */
	uint32_t nargs;
	const wr_expr *const *args;
};

/* SQL-like text, for EXPLAIN and for comparing plans; columns by the schema's names. */
void wr_expr_print(const wr_expr *e, const wr_schema *s, wr_buf *out);
bool wr_expr_eq(const wr_expr *a, const wr_expr *b);
/* Marks in used[0..n) the columns that e reads. */
void wr_expr_columns(const wr_expr *e, bool *used, uint32_t n);

#endif

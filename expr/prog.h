/*
 * A program: one or more expressions compiled to a flat array of steps, each a kernel over vectors.
 * Constants are folded, equal sub-expressions computed once. Compiled once per task (a program owns
 * scratch state). Thread: its task.
 */
#ifndef EXPR_PROG_H
#define EXPR_PROG_H

#include "expr/expr.h"

typedef struct wr_prog wr_prog;

/* arena: the query's; lives as long as the program. */
wr_prog *wr_prog_new(wr_arena *arena, const wr_expr *const *exprs, uint32_t n);

typedef struct wr_prog_stats {
	uint64_t failures; /* values that became null because a function failed */
	const char *last;  /* words of the latest failure */
} wr_prog_stats;

/*
 * Evaluates every expression for rows at .. at+n-1 of b. out[i] has n rows (or is CONST); it lives
 * in b's columns and arena, valid as long as the batch. stats may be NULL; is added to.
 */
void wr_prog_eval(wr_prog *p, const wr_batch *b, uint32_t at, uint32_t n, wr_vec *out,
		  wr_prog_stats *stats);

/*
 * For a program of one BOOLEAN expression: the rows (indices relative to b, in order) for which it
 * is true go to rows[] (room for n); returns how many. Null and failed are not true.
 */
uint32_t wr_prog_filter(wr_prog *p, const wr_batch *b, uint32_t at, uint32_t n, uint32_t *rows,
			wr_prog_stats *stats);

#endif

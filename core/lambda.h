/*
 * A lambda as a scalar function sees it: something to call on vectors. The evaluator (expr/) makes
 * it, functions (TRANSFORM, FILTER, REDUCE) call it; neither includes the other's internals.
 */
#ifndef CORE_LAMBDA_H
#define CORE_LAMBDA_H

#include "core/vec.h"

typedef struct wr_lambda wr_lambda;
struct wr_lambda {
	uint32_t nparams;
	const wr_type *result;
	/*
	 * params: nparams vectors of n rows; outer[i] is the row of the surrounding batch that row
	 * i belongs to (captured columns are read there). out is filled with n rows in arena.
	 */
	void (*call)(const wr_lambda *self, wr_arena *arena, const wr_vec *const *params,
		     const uint32_t *outer, uint32_t n, wr_vec *out);
};

#endif

/*
 * The families of functions. A family is a file with a table at its end: add a row there to add a
 * function, add a line here to add a family. Tables end with a row without a name.
 *
 *   scalar       X(math)     functions/fn_math.c     const wr_fn wr_fns_math[]
 *   operators    X(compare)  functions/op_compare.c  const wr_fn wr_fns_compare[]
 *   aggregates   X(count)    functions/agg_count.c   const wr_agg wr_aggs_count[]
 *   table        X(explode)  functions/tf_explode.c  const wr_udtf wr_udtfs_explode[]
 */
#ifndef FUNCTIONS_FAMILIES_H
#define FUNCTIONS_FAMILIES_H

#include "functions/function.h"

#define WR_SCALAR_FAMILIES(X)                                                                      \
	X(arith)                                                                                   \
	X(compare)                                                                                 \
	X(logic)                                                                                   \
	X(access)                                                                                  \
	X(construct)                                                                               \
	X(cast)                                                                                    \
	X(math)                                                                                    \
	X(round)                                                                                   \
	X(conditional)                                                                             \
	X(string)                                                                                  \
	X(bytes)                                                                                   \
	X(regexp)                                                                                  \
	X(array)                                                                                   \
	X(map)                                                                                     \
	X(lambda)                                                                                  \
	X(json)                                                                                    \
	X(tojson)                                                                                  \
	X(mask)                                                                                    \
	X(url)                                                                                     \
	X(time)

#define WR_AGG_FAMILIES(X)                                                                         \
	X(count)                                                                                   \
	X(sum)                                                                                     \
	X(minmax)                                                                                  \
	X(collect)                                                                                 \
	X(offset)                                                                                  \
	X(topk)                                                                                    \
	X(stat)                                                                                    \
	X(keyed)

#define WR_UDTF_FAMILIES(X) X(explode)

#define X(family) extern const wr_fn wr_fns_##family[];
WR_SCALAR_FAMILIES(X)
#undef X
#define X(family) extern const wr_agg wr_aggs_##family[];
WR_AGG_FAMILIES(X)
#undef X
/* What stands in for a row over tables (wr_agg.over_table): agg_spread.c. */
extern const wr_agg wr_agg_exact_variance, wr_agg_exact_deviation;

#define X(family) extern const wr_udtf wr_udtfs_##family[];
WR_UDTF_FAMILIES(X)
#undef X

#endif

/*
 * The list of operators: a row here and a file op_NAME.c is all it takes to have one more. Lowering
 * names wr_op_NAME_def in the spec's `def`.
 */
#ifndef OPERATORS_OP_LIST_H
#define OPERATORS_OP_LIST_H

#include "operators/operator.h"

#define WR_OPERATORS(X)                                                                            \
	X(filter)                                                                                  \
	X(project)                                                                                 \
	X(table)                                                                                   \
	X(rekey)                                                                                   \
	X(aggregate)                                                                               \
	X(join_table)                                                                              \
	X(join_tables)                                                                             \
	X(join_streams)                                                                            \
	X(join_foreign)                                                                            \
	X(flatmap)                                                                                 \
	X(rowtime)                                                                                 \
	X(distinct)                                                                                \
	X(top)                                                                                     \
	X(limit)

#define X(name) extern const wr_op_def wr_op_##name##_def;
WR_OPERATORS(X)
#undef X

#endif

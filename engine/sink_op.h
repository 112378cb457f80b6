/* The operator at the end of the last stage: hands rows to the query's sink. */
#ifndef ENGINE_SINK_OP_H
#define ENGINE_SINK_OP_H

#include "engine/run.h"

typedef struct wr_sink_op_spec {
	wr_op_spec base;
	wr_run *run;
} wr_sink_op_spec;

extern const wr_op_def wr_sink_op_def;

/* The writer puts what must survive into its store. */
WR_CHECKED wr_status wr_sink_op_snapshot(wr_op *op, wr_err *err);

#endif

/*
 * The exchange: the operator at the end of a stage that sends rows to the tasks of the next one,
 * hashed on their key columns.
 */
#ifndef ENGINE_EXCHANGE_H
#define ENGINE_EXCHANGE_H

#include "engine/run.h"

/* Where rows go: the queues of all tasks of the stage behind, and who we are to them. */
typedef struct wr_exchange_spec {
	wr_op_spec base;
	uint32_t ntargets;
	wr_queue *const *targets;
	uint32_t producer; /* our number among the queue's producers */
	uint32_t input;	   /* stage input there */
	uint32_t hash_cols;
} wr_exchange_spec;

extern const wr_op_def wr_exchange_def;

/*
 * Sends what is collected, with the times, to every target; times alone to those that get no rows
 * when `times_changed`.
 */
WR_CHECKED wr_status wr_exchange_send(wr_op *exchange, const int64_t *times, bool times_changed,
				      wr_err *err);
/* A barrier to every target. */
WR_CHECKED wr_status wr_exchange_barrier(wr_op *exchange, bool final, wr_err *err);

#endif

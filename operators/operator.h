/*
 * An operator: a const row of functions over its own state. The driver (engine/task.c) owns time,
 * barriers, batch splitting and back-pressure; an operator sees rows and answers with rows.
 *
 * What an operator may rely on: push is called with whole changes (BEFORE and AFTER are never
 * parted); everything in the batch dies when the outermost push returns, so what must stay is
 * copied; calls come from one thread. Its whole memory across calls is in its struct, the task
 * arena and its stores; after a rollback all of that is thrown away and open is called anew.
 */
#ifndef OPERATORS_OPERATOR_H
#define OPERATORS_OPERATOR_H

#include "core/batch.h"
#include "core/settings.h"
#include "state/store.h"

typedef struct wr_op wr_op;
typedef struct wr_op_def wr_op_def;
typedef struct wr_op_spec wr_op_spec; /* operators/spec.h */

/* An operator has the store of its own number, and where it needs one beside its cache's, this. */
#define WR_OP_SIDE_STORE(id) ((uint16_t)((id) | 0x8000))

/* Where an operator's rows go. */
typedef struct wr_out {
	wr_op *op;
	int input;
} wr_out;

/*
 * Rows counted under a reason; sums over tasks are what SHOW and metrics print. Plain numbers, read
 * by others only at barriers.
 */
typedef struct wr_op_stats {
	uint64_t rows_in, rows_out;
	uint64_t late;	   /* dropped: its window had closed */
	uint64_t null_key; /* dropped: a group, partition or join key was null or failed */
	/* dropped: a stream's record without a value, where one is needed */
	uint64_t null_value;
	uint64_t no_time;	/* dropped: TIMESTAMP's column gives no time */
	uint64_t failed_values; /* became null because an expression failed */
	uint64_t unmatched;	/* inner join rows without partner */
	char last_failure[256];
} wr_op_stats;

/* What the driver gives to an operator. */
typedef struct wr_op_cx {
	wr_arena *arena;       /* the task's: lives as long as the operator */
	wr_arena *batch_arena; /* reset when the outermost push returns */
	wr_state *state;
	uint16_t task, ntasks;
	const wr_settings *settings;
	/* merge changes of one row between commits, up to so many bytes; 0: each goes out */
	size_t cache_bytes;
	size_t memory; /* what an operator may hold in clean cache entries */
	/*
	 * Conformance runs: one partition, and time is the operator's own: one number, the highest
	 * row time of the rows that reached it; windows close at once in push (after each row).
	 * Else a row's lateness goes by its batch.ptime alone (and a row for a window that a
	 * watermark has closed is late too), and windows close in watermark().
	 */
	bool local_time;
	/* set by an operator (LIMIT): no more rows are wanted; the driver looks after each push */
	bool done;
} wr_op_cx;

/* The head of every operator's struct. */
struct wr_op {
	const wr_op_def *def;
	const wr_op_spec *spec;
	wr_op_cx *cx;
	wr_out out;
	wr_op_stats stats;
};

struct wr_op_def {
	const char *name;
	uint32_t size; /* of the operator's struct, wr_op included; zeroed before open */
	uint8_t ninputs;
	wr_status (*open)(wr_op *op, wr_err *err); /* NULL: nothing to open */
	wr_status (*push)(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			  wr_err *err);
	/*
	 * The minimum over live partitions of the times that reached this stage is now t
	 * (INT64_MAX: the input is over). NULL: no interest. The driver passes it along the chain
	 * by itself, upstream first.
	 */
	wr_status (*watermark)(wr_op *op, int64_t t, wr_err *err);
	/*
	 * A barrier: first flush (held-back changes go downstream), then snapshot (dirty state goes
	 * to the stores).
	 */
	wr_status (*flush)(wr_op *op, wr_err *err);    /* NULL: holds nothing back */
	wr_status (*snapshot)(wr_op *op, wr_err *err); /* NULL: no state */
	void (*close)(wr_op *op);		       /* NULL: owns nothing outside its arena */
	void (*explain)(const wr_op_spec *spec, wr_buf *out); /* one line, no newline */
};

/* Hands rows on: the only way to emit. */
static inline wr_status wr_out_push(wr_op *from, const wr_batch *b, uint32_t at, uint32_t n,
				    wr_err *err)
{
	if (n == 0)
		return WR_OK;
	from->stats.rows_out += n;
	from->out.op->stats.rows_in += n;
	return from->out.op->def->push(from->out.op, from->out.input, b, at, n, err);
}

#endif

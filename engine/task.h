/*
 * A task: one thread's share of a query. It runs one stage (or all stages, when there is one task),
 * fed by readers, by a queue, or both.
 */
#ifndef ENGINE_TASK_H
#define ENGINE_TASK_H

#include "engine/run.h"

/* An entry of rows into the task's operators. */
typedef struct wr_entry {
	wr_op *op;
	int input;
} wr_entry;

struct wr_task {
	wr_run *run;
	/* the stage it runs; with one task: the last one, all are fused */
	uint32_t stage;
	uint16_t index;
	wr_arena *arena, *batch_arena;
	wr_op_cx cx;
	uint32_t nops;
	wr_op **ops; /* upstream first */
	wr_op *end;  /* exchange or sink */
	uint32_t nreaders;
	wr_scan_reader **readers;
	wr_queue *in;	     /* NULL: readers only */
	uint32_t nproducers; /* that write to `in` */
	wr_entry *inputs;    /* per input of the stage: where rows of the queue go */
	uint32_t barriers;   /* producers that have sent theirs */
	wr_times times;	     /* producers, then this task's readers as one more */
	int64_t *own_times;  /* what its readers say, nparts */
	int64_t *merged;
	int64_t watermark;
	bool watches; /* some operator wants watermarks */
	bool times_changed;
	int wake; /* eventfd: barrier asked, stop */
	pthread_t thread;
	bool started;
	char told_trouble[256];	    /* of its sources, as the run knows it */
	uint32_t unlooked;	    /* rows since it looked at the size of the open epoch */
	bool told_done, told_first; /* counted in the run's readers_done and first_done */
};

/*
 * Makes the task's operators and links them; the run's scans, sink and the later tasks (its
 * consumers) exist already.
 */
WR_CHECKED wr_status wr_task_open(wr_run *run, uint32_t stage, uint16_t index, wr_task **out,
				  wr_err *err);
/* Opens its readers (the run's positions are known). */
WR_CHECKED wr_status wr_task_open_readers(wr_task *t, wr_err *err);
void wr_task_start(wr_task *t);
void wr_task_join(wr_task *t);
void wr_task_close(wr_task *t);
void wr_task_wake(wr_task *t);

/* Pushes rows that came from a scan into the operators and moves time on. By hand too. */
WR_CHECKED wr_status wr_task_feed(wr_task *t, wr_entry to, const wr_batch *b, uint32_t at,
				  uint32_t n, wr_err *err);
/*
 * What a task does at a barrier before it parks: everything downstream, then state to the stores.
 */
WR_CHECKED wr_status wr_task_settle(wr_task *t, bool final, wr_err *err);
/* The watermark as the times now say, given to the operators when it moved. */
WR_CHECKED wr_status wr_task_advance(wr_task *t, wr_err *err);

#endif

/*
 * Queues between stages: the only places where tasks meet. Many producers (the tasks of earlier
 * stages), one consumer (a task). Bounded in bytes: a full queue holds its producers back. One
 * message always fits.
 *
 * A message owns the memory of its rows; the consumer gives it back to the queue, and the next
 * producer uses it again.
 */
#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H

#include "core/batch.h"

typedef enum wr_msg_kind {
	WR_MSG_ROWS,	/* batch, and times */
	WR_MSG_TIMES,	/* times alone */
	WR_MSG_BARRIER, /* the producer has sent all of this epoch and stands still */
} wr_msg_kind;

typedef struct wr_msg wr_msg;
struct wr_msg {
	wr_msg_kind kind;
	uint32_t from;	/* producer: its number among those that write to this queue */
	uint32_t input; /* stage input of the consumer */
	bool final;	/* BARRIER: the input is over */
	wr_arena *arena;
	wr_batch batch;
	bool has_times;
	int64_t *times; /* per partition known to the query: see engine/times.h */
	uint32_t ntimes;
	wr_msg *next;
};

typedef struct wr_queue wr_queue;

/* bytes: bound. ntimes: partitions of the query. */
wr_queue *wr_queue_new(size_t bytes, uint32_t ntimes);
void wr_queue_free(wr_queue *q);
/* An empty message, its arena reset. Thread: producers. */
wr_msg *wr_queue_blank(wr_queue *q);
/*
 * Waits while the queue is full. false: the queue was shut. The message belongs to the queue in
 * both cases.
 */
bool wr_queue_put(wr_queue *q, wr_msg *m);
/*
 * The next message; waits at most timeout_ms (-1: for ever). NULL: none came, or the queue is shut.
 */
wr_msg *wr_queue_take(wr_queue *q, int timeout_ms);
/* Gives a message back for reuse. */
void wr_queue_recycle(wr_queue *q, wr_msg *m);
/* Wakes everybody; put and take fail from now on. */
void wr_queue_shut(wr_queue *q);

#endif

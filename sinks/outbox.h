/*
 * An outbox: what is to be sent to somebody outside, kept in the query's state until he has it. Entries are bytes; they stand in lanes,
 * each a queue of its own, numbered from 0 for ever. The number never changes, whatever crashes: it makes the entry's id.
 *
 *	a lane belongs to a task:	lane = task * lanes per task + 0 … lanes per task - 1
 *	put, snapshot			task: entries of the open epoch
 *	committed			coordinator: they may go out
 *	first, ack			sender: the oldest committed entry of a lane, and that it is delivered
 *
 * What is delivered is noted in the state by a later snapshot, or by wr_outbox_settle. Entries that were delivered and are not noted when the
 * process dies come again, with the same number.
 */
#ifndef SINKS_OUTBOX_H
#define SINKS_OUTBOX_H

#include "sinks/sink.h"

typedef struct wr_outbox wr_outbox;

/* Reads how far the lanes are. */
wr_outbox *wr_outbox_open(wr_sink_cx *cx, uint16_t op, uint32_t lanes_per_task);
void wr_outbox_close(wr_outbox *ob);	/* NULL is fine */
uint32_t wr_outbox_lanes(const wr_outbox *ob);

/* Opens the task's store; before its first put. Thread: the task or the coordinator. */
void wr_outbox_task(wr_outbox *ob, uint16_t task);
/* rows: how many the entry stands for, for words. */
void wr_outbox_put(wr_outbox *ob, uint32_t lane, wr_str entry, uint32_t rows);
/* The task's numbers go into its store; delivered entries go. */
void wr_outbox_snapshot(wr_outbox *ob, uint16_t task);

/* All tasks stand still and their snapshots are committed. */
void wr_outbox_committed(wr_outbox *ob);
/*
 * All tasks stand still or are gone, nothing uncommitted is worth keeping: notes what is delivered
 * and commits that.
 */
WR_CHECKED wr_status wr_outbox_settle(wr_outbox *ob, wr_err *err);

/* Thread: any. */
bool wr_outbox_waits(wr_outbox *ob, uint32_t lane);
/*
 * The oldest entry that is committed and not delivered; false when there is none, or it cannot be
 * read (the state's health then says why).
 */
bool wr_outbox_first(wr_outbox *ob, uint32_t lane, wr_buf *entry, uint64_t *n);
void wr_outbox_ack(wr_outbox *ob, uint32_t lane, uint32_t rows);
/* Entries and rows that are committed and not delivered. */
uint64_t wr_outbox_waiting(wr_outbox *ob, uint64_t *rows);

#endif

/*
 * An outbox: what is to be sent to somebody outside, kept in the query's state until he has it.
 * Entries stand in lanes, each a queue of its own, numbered from 0 for ever. The number never
 * changes, whatever crashes: it makes the entry's id.
 *
 *	put, snapshot		a task: entries of the open epoch
 *	committed		the coordinator: they may go out
 *	first			the sender: what a lane sends next
 *	delivered, refuse, split	the sender: what became of it
 *
 * An entry of several rows can be split: its halves are sent one after the other as id/0 and id/1,
 * these again, down to a row. A split counts when it is committed; until then the lane waits. What
 * is delivered is noted by a later snapshot or by wr_outbox_settle: what was delivered and is not
 * noted when the process dies comes again, under the same id.
 */
#ifndef SINKS_OUTBOX_H
#define SINKS_OUTBOX_H

#include "sinks/sink.h"

/* ---------------------------------------------------------------- outbox_piece.c: what an entry
 * is */

typedef struct wr_parcel {
	uint32_t rows;
	int64_t made_ms; /* wr_clock_steady_ms */
	wr_str to, body; /* URL or addresses; what is sent */
} wr_parcel;

void wr_parcel_put(const wr_parcel *e, wr_buf *out);
/* Views into bytes; false when they are damaged. */
bool wr_parcel_get(wr_str bytes, wr_parcel *e);

/* Which half of a half …: "", "/0", "/0/1", at most 31 levels. */
enum { WR_PATH_MAX = 64 };

/*
 * The piece of a parcel at the path. A body of several rows is a JSON array or lines of JSON;
 * `room` holds the bytes of the piece. false: there is no such piece.
 */
bool wr_parcel_piece(const wr_parcel *whole, const char *path, wr_buf *room, wr_parcel *out);
/* How many rows a body is: elements of an array, else lines, at least one. */
uint32_t wr_parcel_rows(wr_str body);
/* The path of what comes after the piece; false: it was the last of its entry (path is then ""). */
bool wr_path_next(char path[WR_PATH_MAX]);

/* ---------------------------------------------------------------- outbox.c */

typedef struct wr_outbox wr_outbox;

typedef struct wr_outbox_hooks {
	void *self;
	/* A refused piece becomes part of the epoch that is being closed. Thread: a task at a
	 * barrier, or the coordinator. */
	void (*refused)(void *self, const wr_refused *r);
	/* What was told since the last commit is void: it will be told again. */
	void (*forget)(void *self);
	/* Before wr_outbox_settle commits. */
	wr_status (*before_commit)(void *self, wr_err *err);
} wr_outbox_hooks;

/*
 * Reads how far the lanes are. hooks must outlive it. STATEMENT: the number of lanes is not what it
 * was, and something waits in the old ones.
 */
WR_CHECKED wr_status wr_outbox_open(wr_sink_cx *cx, const wr_sink_spec *spec,
				    uint32_t lanes_per_task, const wr_outbox_hooks *hooks,
				    wr_outbox **out, wr_err *err);
void wr_outbox_close(wr_outbox *ob); /* NULL is fine */
uint32_t wr_outbox_lanes(const wr_outbox *ob);

/* Opens the task's store; before its first put. Thread: the task or the coordinator. */
void wr_outbox_task(wr_outbox *ob, uint16_t task);
/* lane: of the task, from 0. */
void wr_outbox_put(wr_outbox *ob, uint16_t task, uint32_t lane, const wr_parcel *p);
/* The same in the lane of that number (wr_refused.lane); in its task's first one should it be none
 * any more. */
void wr_outbox_put_again(wr_outbox *ob, uint32_t number, const wr_parcel *p);
/* The task's numbers go into its store; delivered entries go, refused ones are told to the hook. */
void wr_outbox_snapshot(wr_outbox *ob, uint16_t task);

/* All tasks stand still and their snapshots are committed. */
void wr_outbox_committed(wr_outbox *ob);
/*
 * All tasks stand still or are gone, nothing uncommitted is worth keeping: notes what became of
 * what was sent, and commits that.
 */
WR_CHECKED wr_status wr_outbox_settle(wr_outbox *ob, wr_err *err);
/* True when there is something to note: urgent: that a lane waits for. Thread: the coordinator. */
bool wr_outbox_due(wr_outbox *ob, bool urgent);

/* What follows: of all lanes, 0 … wr_outbox_lanes - 1. Thread: any. */

typedef struct wr_outbox_at {
	uint64_t number;
	char path[WR_PATH_MAX];
} wr_outbox_at;

/* There is something committed that may be sent. */
bool wr_outbox_waits(wr_outbox *ob, uint32_t lane);
/* That, as the bytes of its entry; false when there is none, or it cannot be read (the state's
 * health then says why). */
bool wr_outbox_first(wr_outbox *ob, uint32_t lane, wr_buf *entry, wr_outbox_at *at);
/* "incarnation-lane-number/path" */
void wr_outbox_id(const wr_outbox *ob, uint32_t lane, const wr_outbox_at *at, char *out,
		  size_t room);

/* Of what wr_outbox_first gave. rows: of the piece. */
void wr_outbox_delivered(wr_outbox *ob, uint32_t lane, uint32_t rows);
/* It goes to the bad records, with the reason. */
void wr_outbox_refuse(wr_outbox *ob, uint32_t lane, uint32_t rows, const char *reason);
/* Its halves are sent. Only for more than one row. */
void wr_outbox_split(wr_outbox *ob, uint32_t lane);

typedef struct wr_outbox_load {
	uint64_t n, rows, bytes;
} wr_outbox_load;

/* What is committed and not delivered. */
wr_outbox_load wr_outbox_waiting(wr_outbox *ob);

#endif

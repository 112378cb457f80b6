/*
 * A query: its plan, and the coordinator that keeps a run of it alive: epochs on time, rollback
 * when one fails, the end when its input is over. One thread per query.
 */
#ifndef ENGINE_QUERY_H
#define ENGINE_QUERY_H

#include "engine/engine.h"
#include "engine/run.h"
#include "planner/plan.h"

typedef struct wr_query wr_query;
struct wr_query {
	wr_engine *engine;
	char id[192];
	char incarnation[40]; /* UUID text */
	wr_arena *arena;      /* plan and everything the run refers to */
	const wr_plan *plan;
	const wr_stmt *stmt;
	wr_str text;	  /* of its statement */
	wr_str sink_name; /* relation or sink it fills; p NULL: transient */
	wr_settings settings;
	wr_io io; /* the engine's, with the settings' Kafka properties */
	wr_run_spec spec;
	int64_t seq; /* of its statement in the catalog */

	pthread_mutex_t lock;
	pthread_cond_t ended;
	pthread_t thread;
	bool started;	      /* the coordinator's thread exists */
	wr_run *run;	      /* between open and start, and by hand; else the coordinator's */
	wr_run *live;	      /* the coordinator's run while it exists; under lock */
	_Atomic int state;    /* wr_query_state */
	_Atomic bool stop;    /* end with a commit */
	_Atomic bool abandon; /* end without */
	_Atomic bool pause;   /* rests: no run, all committed */
	_Atomic bool goes_on; /* ends now, and another takes its place: its topic is written on */
	wr_err err;	      /* why FAILED or RETRYING */
	bool told_waiting;    /* that it waits for its source */
	_Atomic uint64_t rows_in, epoch;
	wr_drops drops;
	wr_push_query *push; /* transient: its client */
	wr_query *next;
};

/* Prepares a query; the plan lives in arena, which outlives the query (a transient one owns it).
 * Never fails. */
wr_query *wr_query_new(wr_engine *e, wr_arena *arena, const wr_plan *plan,
		       const wr_settings *settings);
/* Opens its first run: topics, state and sink are reached, start positions are stored. Errors:
 * CONNECT, IO, STATEMENT. */
WR_CHECKED wr_status wr_query_open(wr_query *q, wr_err *err);
/* Starts the coordinator (nothing by hand). Without wr_query_open it opens the first run too. */
void wr_query_start(wr_query *q);
/* The coordinator's life, for a thread: runs the query q until it is over. Returns NULL. */
void *wr_query_coordinate(void *q);
/* Asks it to end with (or without) a last commit; wr_query_join waits. */
void wr_query_stop(wr_query *q, bool commit);
void wr_query_join(wr_query *q);
/* Pauses it with a commit, or lets it go on; a pause is over when this returns. Errors: by hand,
 * those of the commit. */
WR_CHECKED wr_status wr_query_pause(wr_query *q, bool pause, wr_err *err);
/* Starts a query in error again, at its last commit. */
void wr_query_try_again(wr_query *q);
/* Stops without commit and frees. */
void wr_query_free(wr_query *q);
static inline bool wr_query_over(const wr_query *q)
{
	return q->state == WR_QUERY_ENDED || q->state == WR_QUERY_FAILED;
}

#endif

/*
 * A run: one life of a query's tasks, from "open at the stored positions" to "all threads have
 * stopped". Going back (a failed epoch, a restart) means throwing the run away and making a new
 * one, so that rollback and restart are one piece of code.
 *
 *	run.c     makes and ends runs          epoch.c   barriers and the atomic commit
 *	task.c    what a thread does           reader.c  a scan's records to batches
 *	exchange.c, sink_op.c                  the operators at the ends of stages
 *
 * Who may touch what: a task owns its operators, readers and arenas while it runs. While it is
 * parked at a barrier the coordinator may look at them (the run's lock orders the two). Fields
 * marked atomic are read by anybody.
 */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/drops.h"
#include "engine/queue.h"
#include "engine/replay.h"
#include "engine/times.h"
#include "operators/spec.h"

typedef struct wr_run wr_run;
typedef struct wr_task wr_task;
typedef struct wr_scan_reader wr_scan_reader;

/* When a run ends by itself. */
typedef enum wr_until { WR_UNTIL_STOPPED, WR_UNTIL_CAUGHT_UP, WR_UNTIL_END } wr_until;

/* Where a new query begins, instead of what its source says: it is built anew in the place of
 * another. */
typedef struct wr_begin {
	uint32_t scan;
	int32_t partition;
	int64_t next;
} wr_begin;

/* What a run is made from; owned by the query, lives longer than the run. */
typedef struct wr_run_spec {
	const char *id; /* query id, for words */
	const char *incarnation;
	const wr_graph *graph; /* normalised: engine/graph.h */
	const wr_settings *settings;
	const wr_io *io;
	wr_db *db;
	uint16_t ntasks; /* per stage; fixed for the query's life */
	wr_until until;
	bool transient; /* rows go to the client at once; nothing is committed */
	bool by_hand;	/* no threads: engine/hand.c feeds it */
	const wr_sink_def *sink_def;
	const wr_sink_spec *sink_spec;
	void *client; /* of a transient query: handed to its sink */
	/* --until-end: true while another query of this process may still write that topic. */
	bool (*still_written)(void *self, wr_str topic);
	bool (*stopping)(void *self); /* the query was told to end; NULL: never */
	const wr_replay *replay;      /* kept records to be read again; NULL: none */
	const wr_begin *begins;	      /* nbegins; matter to the first run only */
	uint32_t nbegins;
	/* read-locked while an epoch is committed: a backup holds it; NULL: none */
	pthread_rwlock_t *commits;
	wr_drops *drops; /* where counts of dropped rows are told; NULL: nowhere */
	void *self;
} wr_run_spec;

/* A scan of the run: its partitions and where they stand. */
typedef struct wr_scan_run {
	const wr_scan *scan;
	const wr_source_def *def;
	int32_t nparts;
	uint32_t part_base; /* of its first partition in times arrays */
	wr_position *pos;   /* nparts: where the run began, and the end it had then */
	int64_t *ptime;	    /* nparts: stored highest row times */
	/* nparts: START_AT a time: of the records before this offset, those before the first that is
	 * not older are not wanted; 0: all are */
	int64_t *seek;
	wr_last_record *seen;	    /* nparts: what was read last, where the source can tell */
	_Atomic int64_t *committed; /* nparts: where the last epoch ended; anybody reads it */
	bool first;		    /* a join's table side: others wait until it is read */
	_Atomic bool end_known;	    /* until a writer of the topic has ended, the end moves */
} wr_scan_run;

struct wr_run {
	const wr_run_spec *spec;
	wr_arena *arena;
	wr_state *state;
	char identity[40]; /* the query's name to its sink: wr_epoch_identity */
	wr_store *meta;	   /* epoch, positions, times, mark */
	wr_store *errors;  /* bad records */
	uint32_t nscans, nparts;
	wr_scan_run *scans;
	wr_sink *sink;
	wr_sink_cx sink_cx;
	pthread_mutex_t sink_lock; /* around writers of sinks that are not parallel */
	uint32_t ntasks;
	wr_task **tasks;
	uint64_t epoch; /* last committed */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* to the coordinator: a task parked, failed or is done */
	pthread_cond_t resume;	/* to tasks: the barrier is over */
	/* number of the barrier asked for; atomic copy below for tasks' quick look */
	uint64_t barrier;
	_Atomic uint64_t barrier_asked;
	uint64_t barrier_over; /* tasks parked for a barrier <= this go on */
	bool barrier_final;
	uint32_t parked;
	/* tasks that have read all their scans to the end that counts */
	uint32_t readers_done;
	uint32_t first_done; /* … all their first scans */
	_Atomic bool stop;
	_Atomic bool gate_open; /* readers of non-first scans may read */
	_Atomic uint64_t rows;	/* records taken in: anything new since the last commit? */
	/* batches given to the sink: time alone may close windows */
	_Atomic uint64_t written;
	_Atomic bool full; /* the open epoch is larger than commit.bytes */
	/* around what follows, while tasks run; and around stores of errors and meta then */
	pthread_mutex_t bad_lock;
	/* a scan's DEAD_LETTER topic; NULL: none, or one before it has it */
	struct wr_letter_topic **letters;
	bool letters_wait; /* bad records from letters_from on are not in it yet */
	int64_t letters_from;
	/* the next bad record's number; there is none before this one */
	int64_t error_seq, error_first;
	uint64_t nerrors; /* kept bad records */
	bool nerrors_changed;
	/* stored by earlier runs; counted by readers here */
	uint64_t dropped_before[WR_DROP_COUNT], dropped[WR_DROP_COUNT];
	bool failed;
	wr_err err;
	const wr_task *troubled; /* the task whose sources say so */
	/* why a source has nothing to give now; "": all is well. Under lock */
	char trouble[256];
};

/* Opens state, sink, scans and tasks at the stored (or, first time, resolved and then stored)
 * positions. Nothing runs yet. */
WR_CHECKED wr_status wr_run_open(const wr_run_spec *spec, wr_run **out, wr_err *err);
/* Starts the tasks' threads. */
void wr_run_start(wr_run *run);
/* Ends the threads where they stand (no commit) and frees everything; the open epoch is gone. */
void wr_run_close(wr_run *run);

/* What a task's sources say about why nothing comes; "" takes it back. Thread: a task. */
void wr_run_tell_trouble(wr_run *run, const wr_task *t, const char *text);
/* Copies it. Thread: any. */
void wr_run_trouble(wr_run *run, char out[256]);
/* A task has failed: the first error is kept, all stop. Thread: any. */
void wr_run_fail(wr_run *run, const wr_err *err);

/* One epoch: a barrier through all tasks, the atomic commit, the sink told, tasks resumed. final:
 * inputs are over, windows still open come out (unless the run is only to catch up). Thread: the
 * coordinator. */
WR_CHECKED wr_status wr_run_epoch(wr_run *run, bool final, wr_err *err);

/* True when every scan has been read to its end (until-end and caught-up runs). */
bool wr_run_inputs_done(wr_run *run);
/* True when the gate is shut and every first scan has been read to its end: time for an epoch and
 * wr_run_open_gate. */
bool wr_run_gate_ripe(wr_run *run);
void wr_run_open_gate(wr_run *run);

/* Asks whether a topic has got partitions since the run was opened: they are read from the next run
 * on. NULL: none has. Waits a few 100 ms at most. */
const wr_scan_run *wr_run_grown(wr_run *run, int32_t *now);

/* Does with a bad record what its source's ON_ERROR says. Thread: a task (takes a lock; bad records
 * are rare). STOP fails (DATA). */
WR_CHECKED wr_status wr_run_bad_record(wr_run *run, const wr_scan *scan, const wr_record *rec,
				       const wr_err *why, wr_err *err);
/* Keeps what the sink could not deliver there too: topic: the sink's name; place: lane and number;
 * key: the request's id. As wr_sink_cx.keep_refused. */
void wr_run_refused(void *run, const wr_refused *r);
/* When it is opened: how far the numbers of kept records have come. */
void wr_bad_records_restore(wr_run *run);
/* All tasks stand still: the oldest beyond errors.max give way. */
void wr_bad_records_bound(wr_run *run);

/* bad_letters.c: bad records of sources with DEAD_LETTER='topic'. Errors: CONNECT, IO. */
WR_CHECKED wr_status wr_bad_letters_open(wr_run *run, wr_err *err);
void wr_bad_letters_close(wr_run *run);
void wr_bad_letters_restore(wr_run *run);
/* The record that is kept next is to be written; with bad_lock. */
void wr_bad_letters_next(wr_run *run);
/* Writes what waits and is committed, and notes it in a commit of its own: nothing else may be
 * open. All tasks stand still. */
WR_CHECKED wr_status wr_bad_letters_write(wr_run *run, wr_err *err);

#endif

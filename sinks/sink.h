/*
 * Sinks: where results go. Three kinds (DESIGN section 7) by whose word decides an epoch:
 *
 *   follower  writes and syncs its data first; our atomic write carries its mark; at start what lies beyond the mark is cut off
 *   decider   its own commit decides (Kafka transactions). It makes an epoch ready, our write is stored as pending, it commits, our write is
 *             applied; at start it is asked whether the pending epoch was committed. Only under exactly_once (wr_sink_cx.decides): else it
 *             is used as a follower whose mark says nothing
 *   deriver   works after our commit, from our state; doing it again is harmless
 *
 * A sink is one object per query; each task of the last stage has a writer. Writers put what must
 * survive into the query's state (their store), which is part of the same atomic write.
 *
 * Thread: open, mark, prepare, commit, decided, committed, close: the coordinator. Writers: their
 * task; where def->parallel is false the engine holds a lock around each call.
 */
#ifndef SINKS_SINK_H
#define SINKS_SINK_H

#include <stdatomic.h>

#include "core/batch.h"
#include "core/settings.h"
#include "formats/format.h"
#include "sources/source.h"
#include "state/store.h"

/* A wish for a commit: none, when the interval is over, as soon as may be. */
typedef enum wr_due { WR_DUE_NO, WR_DUE_COMMIT, WR_DUE_SOON } wr_due;

typedef enum wr_sink_kind { WR_SINK_FOLLOWER, WR_SINK_DECIDER, WR_SINK_DERIVER } wr_sink_kind;

/* A property of CREATE SINK … WITH, as given. */
typedef struct wr_sink_prop {
	wr_str name;  /* upper-cased unless quoted */
	wr_str value; /* text of the literal */
	wr_span span;
} wr_sink_prop;

/* What to write. Immutable, in the query's arena. */
typedef struct wr_sink_spec {
	/* "kafka", "log", "memory", "csv", "http", "client" … a row of sink_list.h */
	const char *type;
	wr_str name;
	wr_str topic; /* kafka, log, memory */
	int32_t partitions;
	wr_side_spec key, value;
	const wr_schema *schema; /* of the rows, keys first */
	/* per column: its name as the statement spells it (sinks of CREATE SINK) */
	const wr_str *fields;
	bool table; /* rows are table changes */
	wr_window_kind window;
	uint32_t nprops;
	const wr_sink_prop *props;
	uint16_t op; /* operator number of its stores */
} wr_sink_spec;

typedef struct wr_sink wr_sink;
typedef struct wr_sink_writer wr_sink_writer;
typedef struct wr_sink_def wr_sink_def;

/* What a sink could not deliver and will not try again. */
typedef struct wr_refused {
	uint32_t lane;
	uint64_t number; /* of the request in its lane */
	const char *id;	 /* of the request */
	const char *reason;
	wr_str to, body; /* URL or address; what was to be sent */
} wr_refused;

typedef struct wr_sink_cx {
	const wr_io *io;
	const wr_settings *settings;
	wr_state *state; /* the query's */
	uint16_t ntasks;
	bool decides;		 /* a decider's prepare, commit and decided are used, not mark */
	const char *incarnation; /* UUID text: part of every id and mark */
	void *client;		 /* type "client": the engine's */
	/* True when the query is to end now: committed(final) need not wait any longer. NULL:
	 * never. Thread: any. */
	bool (*stopping)(void *self);
	void *self;
	/* Bytes put out in the open epoch outside the state: sinks add, the engine begins again at
	 * 0. */
	_Atomic uint64_t out_bytes;
	/* Keeps it with the query's bad records, in the epoch that is being closed. NULL: nowhere.
	 * Thread: a task at a barrier, or the coordinator. */
	void (*keep_refused)(void *run, const wr_refused *r);
	void *run;
} wr_sink_cx;

struct wr_sink_def {
	const char *type;
	wr_sink_kind kind;
	bool parallel; /* writers may run at once */
	/* CREATE OR REPLACE SINK may change it: what it wrote and what it will write need not fit
	 * together */
	bool replaceable;
	/* Checks the properties without opening anything: called when the statement is planned.
	 * Unknown ones are errors with did-you-mean. */
	wr_status (*check)(const wr_sink_spec *spec, wr_err *err);
	/* mark: what the last committed epoch stored (p NULL: nothing yet). Cuts off or marks what
	 * lies beyond. */
	wr_status (*open)(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
			  wr_err *err);
	wr_status (*writer)(wr_sink *s, uint16_t task, wr_sink_writer **out, wr_err *err);
	/* Takes rows in order. May fail: the epoch is rolled back. */
	wr_status (*write)(wr_sink_writer *w, const wr_batch *b, uint32_t at, uint32_t n,
			   wr_err *err);
	/* A barrier reached this writer: puts what it holds into its store. NULL: nothing. */
	wr_status (*snapshot)(wr_sink_writer *w, wr_err *err);
	/* All writers stand still: data is out and synced (delivered); appends the mark for epoch
	 * n. */
	wr_status (*mark)(wr_sink *s, uint64_t epoch, wr_buf *mark, wr_err *err);
	/*
	 * Of deciders. prepare: all writers still; data is delivered, undecided, together with what
	 * decided looks for; appends the mark for epoch n. *open: there is something to commit;
	 * false: nothing was written, and commit is not called. The first epoch whose mark before
	 * was empty is always open; the engine sees to it that it holds no rows. commit: decides
	 * for it, returns when the decision is definite; an error leaves it unknown (and the run is
	 * thrown away). decided: comes right after open, before any store is opened. pending: the
	 * epoch that may have been committed, or NULL. An answer that fits neither it nor the mark
	 * is a STATEMENT error. Thread: the coordinator.
	 */
	wr_status (*prepare)(wr_sink *s, uint64_t epoch, wr_buf *mark, bool *open, wr_err *err);
	wr_status (*commit)(wr_sink *s, uint64_t epoch, wr_err *err);
	wr_status (*decided)(wr_sink *s, const uint64_t *pending, bool *committed, wr_err *err);
	/* Epoch n is committed: derive, start sending … final: the query ends now; return only when
	 * all is delivered. NULL: nothing. */
	wr_status (*committed)(wr_sink *s, uint64_t epoch, bool final, wr_err *err);
	/* Whether it holds something that should become part of a commit although no row came.
	 * NULL: never. Thread: the coordinator. */
	wr_due (*due)(wr_sink *s);
	/* What keep_refused was once told goes out again, behind what waits in its lane. NULL: the
	 * sink never refuses. Thread: the coordinator, writers still. */
	void (*again)(wr_sink *s, uint32_t lane, wr_str to, wr_str body);
	/* Words about its state for SHOW SINKS (rows waiting, last answer, next retry). NULL:
	 * none. */
	void (*status)(wr_sink *s, wr_buf *out);
	/* The query known by that name is over for good, and its sink is closed: what was noted
	 * elsewhere for it goes, if that can be done now. NULL: nothing was. */
	void (*forget)(const wr_sink_spec *spec, const char *identity);
	void (*close)(wr_sink *s); /* writers too; unwritten rows are gone */
};

struct wr_sink {
	const wr_sink_def *def;
	const wr_sink_spec *spec;
	wr_sink_cx *cx;
};
struct wr_sink_writer {
	wr_sink *sink;
	uint16_t task;
};

/* By type, any case; NULL: none such. */
const wr_sink_def *wr_sink_find(wr_str type);

#endif

/*
 * The engine: a library under the shell, `weir run`, the server and the tests. It owns the catalog,
 * the topics, the state and the running queries; a front end gives it statements and gets outcomes.
 *
 * Thread: any. Statements are executed one at a time; queries run on threads of their own.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "core/batch.h"
#include "core/catalog.h"
#include "core/settings.h"
#include "engine/drops.h"
#include "engine/replay.h"
#include "io/topics.h"
#include "parser/ast.h"

typedef struct wr_engine wr_engine;
typedef struct wr_session wr_session;
typedef struct wr_push_query wr_push_query; /* a transient SELECT */
typedef struct wr_print wr_print;	    /* PRINT: a topic's records as text */

typedef enum wr_until_mode {
	WR_RUN_FOREVER,
	WR_RUN_UNTIL_CAUGHT_UP,
	WR_RUN_UNTIL_END
} wr_until_mode;

typedef struct wr_engine_config {
	const char *dir;	     /* data directory; NULL: everything in memory */
	const char *broker;	     /* NULL: embedded topics */
	const wr_settings *settings; /* defaults of all sessions */
	wr_until_mode until;
	/* No threads: rows move when wr_engine_pump or wr_engine_feed say so, in one task, always
	 * in the same order. */
	bool by_hand;
	/* queries wait for wr_engine_release: a file that is run again may change them first */
	bool hold;
	/* kept bad records that queries read again when they open; NULL: none */
	const wr_replay *replay;
	/* Words for people (a query was rolled back, a broker is away …); NULL: stderr. */
	void (*notice)(void *self, const char *text);
	void *self;
} wr_engine_config;

/* What somebody who knows says of a query that stopped. COMMITTED, ABORTED: in the place of its
 * sink, what became of the pending epoch, if there is one; the next start begins anew with the
 * sink. LOST: the next start may go on behind records that a topic's retention took before they
 * were read. */
typedef enum wr_assume { WR_ASSUME_COMMITTED, WR_ASSUME_ABORTED, WR_ASSUME_LOST } wr_assume;

/* query: its id or its incarnation. No engine may have dir open. Errors: STATEMENT (no such query;
 * no sink that decides), IO. */
WR_CHECKED wr_status wr_engine_recover(const char *dir, const char *query, wr_assume assume,
				       wr_err *err);

/* Calls visit for every bad record kept in dir, which no engine may have open: by query, oldest
 * first; a query's others are passed over when it says false. What it gets lives as long as the
 * call. Errors: IO. */
struct wr_bad_record;
typedef bool (*wr_error_visit)(void *self, const char *query, const struct wr_bad_record *bad);
WR_CHECKED wr_status wr_engine_errors(const char *dir, wr_error_visit visit, void *self,
				      wr_err *err);

/*
 * Makes the data directory `to`, which must be empty or not be there, of a backup that BACKUP TO
 * made. Its queries have new names to their sinks, so that Kafka, SQLite and endpoints do not take
 * the restored for the original. Errors: IO, STATEMENT (no backup).
 */
WR_CHECKED wr_status wr_engine_restore(const char *backup, const char *to, wr_err *err);

/* Opens the data directory and resumes every query that it knows. Errors: IO (in use by another
 * process, damaged, from another version, no permission), CONNECT. */
WR_CHECKED wr_status wr_engine_open(const wr_engine_config *config, wr_engine **out, wr_err *err);
/* Queries that config.hold has held back begin. A statement that looks at what queries do does it,
 * too. */
void wr_engine_release(wr_engine *e);
/* Commits and stops all queries. */
void wr_engine_close(wr_engine *e);
/* Stops all without commit, as a crash would (tests: restart, rollback). */
void wr_engine_abandon(wr_engine *e);

/* A session: settings and variables of one connection, file or request. */
wr_session *wr_session_new(wr_engine *e);
void wr_session_free(wr_session *s);
wr_settings *wr_session_settings(wr_session *s);
/* Sets by name, as SET and --set do; Kafka's own settings are refused when its client does not know
 * them. Errors: STATEMENT. */
WR_CHECKED wr_status wr_engine_set(wr_settings *s, wr_str name, wr_str value, wr_err *err);
void wr_session_define(wr_session *s, wr_str name, wr_str value);
/* What is defined by now came with the command line: statements DEFINE leave it as it is, so a
 * file's are its defaults. */
void wr_session_keep_defined(wr_session *s);

/* ---------------------------------------------------------------- statements */

typedef enum wr_outcome_kind {
	WR_OUTCOME_NONE,    /* SET, DEFINE, INSERT VALUES … */
	WR_OUTCOME_MESSAGE, /* CREATE, DROP …: message */
	WR_OUTCOME_WARNING, /* IF NOT EXISTS and nothing to do: message */
	WR_OUTCOME_LISTING, /* SHOW, DESCRIBE: a table of texts */
	WR_OUTCOME_TEXT,    /* EXPLAIN: message */
	WR_OUTCOME_QUERY,   /* SELECT: query, not started */
	WR_OUTCOME_PRINT,   /* PRINT: print */
	WR_OUTCOME_SCRIPT,  /* RUN SCRIPT: message is the file's path, which the caller runs */
} wr_outcome_kind;

typedef struct wr_listing {
	uint32_t ncols, nrows;
	const char *const *names;
	const char *const *cells; /* nrows * ncols; NULL: null */
} wr_listing;

typedef struct wr_outcome {
	wr_outcome_kind kind;
	const wr_stmt *stmt;
	wr_str text; /* the statement's text after substitution */
	const char *message;
	const char *object;	 /* name of the object made or dropped; NULL: none */
	const char *object_kind; /* "stream", "table", "sink", "type", "query" … */
	const char *query_id;	 /* of the persistent query started; NULL: none */
	wr_listing listing;
	wr_listing details; /* DESCRIBE … EXTENDED: property and value; ncols 0: none */
	wr_push_query *query;
	wr_print *print; /* until wr_print_free */
} wr_outcome;

/*
 * Executes the first statement at or behind *at of text and moves *at behind it. Variables are
 * substituted. *found false: only blanks and comments were left. The outcome lives in the arena
 * (the query, when there is one, until wr_push_query_free). Errors: SYNTAX, STATEMENT,
 * NOT_IMPLEMENTED with a span in *shown (the text after substitution, which the caller renders
 * errors with); CONNECT, IO.
 */
WR_CHECKED wr_status wr_engine_next(wr_engine *e, wr_session *s, wr_arena *a, wr_str text,
				    uint32_t *at, bool *found, wr_outcome *out, wr_str *shown,
				    wr_err *err);
/* The same for a parsed statement. text: what its spans count in. validate_only: nothing is changed
 * (REST checks a request as a whole, against a copy of the catalog: see wr_engine_validate). */
WR_CHECKED wr_status wr_engine_execute(wr_engine *e, wr_session *s, wr_arena *a,
				       const wr_stmt *stmt, wr_str text, wr_outcome *out,
				       wr_err *err);
/* The next statement of a text, variables replaced, not carried out. */
WR_CHECKED wr_status wr_engine_parse(wr_session *s, wr_arena *a, wr_str text, uint32_t *at,
				     bool *found, wr_stmt **stmt, wr_str *shown, wr_err *err);
/* The statement's plan (planner/plan.h), in the arena; nothing is executed. text: as for
 * wr_engine_execute. */
struct wr_plan;
WR_CHECKED wr_status wr_engine_plan(wr_engine *e, wr_session *s, wr_arena *a, const wr_stmt *stmt,
				    wr_str text, struct wr_plan *out, wr_err *err);
/* Checks all statements of a text one after the other against a copy of the catalog; nothing is
 * executed. */
WR_CHECKED wr_status wr_engine_validate(wr_engine *e, wr_session *s, wr_str text, wr_err *err);

/* A file of statements that continues its data directory (DESIGN section 1): a statement equal to
 * the recorded one at its place is not executed again. place: the file's identity (its path as
 * given); NULL: text that is no file (-e), always carried out. stop_at_error: as `weir run` does.
 * each(): told of every outcome. */
typedef void (*wr_outcome_fn)(void *self, const wr_outcome *out);
WR_CHECKED wr_status wr_engine_run_text(wr_engine *e, wr_session *s, const char *place, wr_str text,
					wr_outcome_fn each, void *self, wr_str *shown, wr_err *err);

/* ---------------------------------------------------------------- transient queries */

typedef struct wr_push_def {
	/* Rows in order, from a thread of the query; names are the result's columns, in select
	 * order. false: no more, please. */
	bool (*rows)(void *self, const wr_batch *b, uint32_t at, uint32_t n);
	/* Told once when it has ended: LIMIT reached, end of input, cancelled (err->cls NONE), or
	 * failed. */
	void (*ended)(void *self, bool limit_reached, const wr_err *err);
	void *self;
} wr_push_def;

const char *wr_push_query_id(const wr_push_query *q);
const wr_schema *wr_push_query_schema(const wr_push_query *q); /* columns in select order */
bool wr_push_query_table(const wr_push_query *q);
/* A SELECT without EMIT: rows that are there now, and then it ends. */
bool wr_push_query_pull(const wr_push_query *q);
/* The result's columns as the statement spells them; NULL: as the schema has them. */
const wr_str *wr_push_query_names(const wr_push_query *q);
WR_CHECKED wr_status wr_push_query_start(wr_push_query *q, const wr_push_def *def, wr_err *err);
/* Asks it to end; ended() comes from its thread. Any thread. */
void wr_push_query_cancel(wr_push_query *q);
/* Waits until it has ended. */
void wr_push_query_wait(wr_push_query *q);
void wr_push_query_free(wr_push_query *q); /* cancels and waits first */
/* By id: /close-query, TERMINATE. false: no such query. */
bool wr_engine_cancel(wr_engine *e, const char *query_id);

/* ---------------------------------------------------------------- PRINT */

/*
 * The next line, without its end, valid until the next call; p NULL: none within timeout_ms, or it
 * is over. One thread at a time. Errors: CONNECT, IO.
 */
WR_CHECKED wr_status wr_print_next(wr_print *p, int timeout_ms, wr_str *line, wr_err *err);
/* LIMIT is reached, or the engine runs to an end and this is it. */
bool wr_print_over(const wr_print *p);
void wr_print_free(wr_print *p);

/* ---------------------------------------------------------------- looking */

typedef enum wr_query_state {
	WR_QUERY_RUNNING,
	WR_QUERY_PAUSED,
	WR_QUERY_RETRYING, /* rolled back; waits before it begins again */
	WR_QUERY_FAILED,
	WR_QUERY_ENDED, /* its input is over (until-end runs) */
} wr_query_state;

typedef struct wr_query_info {
	const char *id, *text, *sink, *sink_topic; /* sink: relation or sink name */
	wr_query_state state;
	/* why RETRYING or FAILED, or why its sources give nothing now; "" else */
	const char *trouble;
	bool transient;
	uint64_t rows_in, bad_records, epoch;
	/* Rows that came to nothing, up to the last commit, by reason (engine/drops.h); and what
	 * that was when this process opened the query. */
	uint64_t dropped[WR_DROP_COUNT], dropped_before[WR_DROP_COUNT];
} wr_query_info;

/* Calls visit for each relation / query while the engine holds its lock: copy what must stay. */
void wr_engine_relations(wr_engine *e, void (*visit)(void *self, const wr_relation *r), void *self);
void wr_engine_queries(wr_engine *e, void (*visit)(void *self, const wr_query_info *q), void *self);
const char *wr_query_state_text(wr_query_state s);
/* Whether every persistent query has read what its embedded topics hold, and committed what came of
 * it. Those that have failed or ended, or are paused, are not asked. */
bool wr_engine_settled(wr_engine *e);
wr_topics *wr_engine_topics(wr_engine *e); /* embedded topics; NULL with a broker */

/* Until-end and caught-up runs: waits until every query has ended. Returns the number of failed
 * queries; their words in err. stop: polled, non-zero ends the waiting (signals). */
uint32_t wr_engine_wait(wr_engine *e, const volatile int *stop, wr_err *err);

/* ---------------------------------------------------------------- by hand (tests) */

/* Every persistent query, in creation order, reads what its topics hold that it has not read yet,
 * until nothing moves. */
WR_CHECKED wr_status wr_engine_pump(wr_engine *e, wr_err *err);
/* Ids of persistent queries in creation order; returns how many. */
uint32_t wr_engine_query_ids(wr_engine *e, const char **ids, uint32_t max);
/* Topics that a query reads; returns how many. */
uint32_t wr_engine_query_topics(wr_engine *e, const char *id, wr_str *topics, uint32_t max);
/* Gives one record of a topic to one query; what it produces is appended to its sink's topic before
 * this returns. */
WR_CHECKED wr_status wr_engine_feed(wr_engine *e, const char *query_id, wr_str topic,
				    const wr_record *rec, wr_err *err);

#endif

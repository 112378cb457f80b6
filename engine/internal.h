/*
 * The engine's insides, shared by its files:
 *
 *	engine.c    opening, closing, waiting          names.c     relations, types: the catalog as the planner sees it
 *	session.c   settings and variables             execute.c   one statement: which file does it
 *	define.c    CREATE, INSERT: plans to queries   drop.c      DROP, TERMINATE, PAUSE
 *	listing.c   SHOW, DESCRIBE                     insert.c    INSERT VALUES
 *	errors.c    SHOW ERRORS                        replace.c   CREATE OR REPLACE
 *	assert.c    ASSERT TOPIC                       look.c      a topic read by a statement
 *	print.c     PRINT                              sample.c    SAMPLE, columns found out from events
 *	backup.c    BACKUP TO, weir restore
 *	journal.c   the statements on disk, and the way back from them
 *	hand.c      tests that move rows by hand
 *
 * wr_engine.lock is held while a statement is executed; names and queries change under it only.
 * list_lock nests inside it.
 */
#ifndef ENGINE_INTERNAL_H
#define ENGINE_INTERNAL_H

#include "engine/engine.h"
#include "engine/push_query.h"
#include "engine/query.h"

/* A relation or sink of the catalog. */
typedef struct wr_named {
	const wr_relation *relation; /* NULL: a sink */
	wr_str name;
	wr_str text;	 /* of its statement */
	wr_query *query; /* that fills it; NULL: none */
	int64_t seq;
	struct wr_named *before; /* what it replaced: recorded still, goes with it */
	/* by a statement that is carried out again at start: it needs this one */
	bool looked_up;
	struct wr_named *next;
} wr_named;

typedef struct wr_named_type {
	wr_str name;
	const wr_type *type;
	wr_str text; /* CREATE TYPE … */
	int64_t seq;
	bool looked_up;
	struct wr_named_type *next;
} wr_named_type;

typedef struct wr_names {
	wr_catalog catalog; /* handed to the planner */
	wr_named *first;    /* in order of making */
	wr_named_type *types;
} wr_names;

struct wr_engine {
	wr_engine_config config;
	wr_settings settings;
	pthread_mutex_t lock;
	/* around `queries`, held for moments only: coordinators look there too */
	pthread_mutex_t list_lock;
	wr_arena *arena;   /* names and types; grows with every definition */
	wr_topics *topics; /* NULL with a broker */
	/* for the statement being carried out; queries have their own */
	wr_io io;
	wr_db *db;		  /* state of persistent queries */
	wr_db *scratch;		  /* of transient ones: memory */
	pthread_rwlock_t commits; /* wr_run_spec.commits of all queries */
	wr_names names;
	wr_query *queries;	    /* persistent, in order of making */
	wr_push_query *pushes[512]; /* transient ones that exist */
	int64_t seq;		    /* of the next statement that is recorded */
	int64_t next_push;
	/* recorded queries are being made: who writes a topic is not known yet */
	_Atomic bool opening;
	bool held;		    /* config.hold, until wr_engine_release; under lock */
	struct wr_journal *journal; /* NULL: nothing is kept */
	/* Plans of definitions: relations point into them, and outlive their queries. */
	wr_arena **plans;
	uint32_t nplans, plans_room;
};

struct wr_session {
	wr_engine *engine;
	wr_settings settings;
	wr_arena *arena;
	uint32_t nvars, room;
	wr_str (*vars)[2];
	uint32_t given; /* the first so many stay as they are: wr_session_keep_defined */
};

/* What a statement's execution has at hand. */
typedef struct wr_exec {
	wr_engine *e;
	wr_session *s;
	wr_arena *arena; /* the caller's: the outcome lives here */
	const wr_stmt *stmt;
	wr_str text; /* of this statement alone */
	/* as it was written, where text has found columns in addition; p NULL: text */
	wr_str written;
	wr_span found; /* the columns found, in text */
	wr_span place; /* of the statement as written, in what errors are shown in */
	wr_outcome *out;
	/* Recovery and continuation: the recorded identity instead of a new one. */
	int64_t seq; /* 0: a new statement */
	const char *incarnation;
	uint16_t ntasks;
	const char *query_id; /* NULL: made from name and number */
	bool replace;	      /* as if it said OR REPLACE */
	bool rebuild;	      /* the old query's state cannot be kept */
	/* what becomes of state, a line for each operator; NULL: nothing is replaced */
	const char *verdict;
	/* it was dropped later: it comes back for those that need it, without its topic */
	bool gone;
	/* its query was terminated or replaced: only the relation comes back */
	bool relation_only;
	bool paused; /* its query waits for RESUME */
} wr_exec;

/* names.c */
void wr_names_init(wr_engine *e);
wr_named *wr_names_find(wr_engine *e, wr_str name);
wr_named *wr_names_add(wr_engine *e, const wr_relation *r, wr_str sink_name, wr_str text);
void wr_names_remove(wr_engine *e, wr_named *n);
const wr_type *wr_names_type(wr_engine *e, wr_str name);

/* session.c */
wr_str wr_session_lookup(void *session, wr_str name);		       /* p NULL: not defined */
void wr_session_define_here(wr_session *s, wr_str name, wr_str value); /* the statement DEFINE */
bool wr_session_undefine(wr_session *s, wr_str name);

/* define.c */
/* where a topic without FILE is: a row of source_list.h */
const char *wr_engine_topic_kind(const wr_engine *e);
WR_CHECKED wr_status wr_exec_define(wr_exec *x, wr_err *err); /* CREATE …, INSERT INTO … SELECT */
WR_CHECKED wr_status wr_exec_select(wr_exec *x, wr_err *err);
WR_CHECKED wr_status wr_exec_type(wr_exec *x, wr_err *err);
WR_CHECKED wr_status wr_exec_explain(wr_exec *x, wr_err *err);
/* Starts it, or leaves it to wr_engine_release. */
void wr_engine_start(wr_engine *e, wr_query *q);
/* Fills q->spec from its plan. */
void wr_query_specify(wr_query *q, uint16_t ntasks);
/* Plans a statement in an arena, with the engine's catalog and the session's settings. */
WR_CHECKED wr_status wr_exec_plan(wr_exec *x, wr_arena *arena, const wr_stmt *stmt, wr_plan *out,
				  wr_err *err);
/* drop.c */
WR_CHECKED wr_status wr_exec_drop(wr_exec *x, wr_err *err);
WR_CHECKED wr_status wr_exec_query_id(wr_exec *x, wr_err *err); /* TERMINATE, PAUSE, RESUME */
wr_query *wr_engine_find_query(wr_engine *e, wr_str id);
/* replace.c: whether plan may take the place of old. Errors: STATEMENT, with what differs. */
WR_CHECKED wr_status wr_replace_check(wr_exec *x, const wr_named *old, const wr_plan *plan,
				      wr_err *err);
/* Ends query old with a commit and goes on as plan: same id, state, positions and tasks. When that
 * fails, old goes on. */
WR_CHECKED wr_status wr_replace_query(wr_exec *x, wr_arena *arena, const wr_plan *plan,
				      wr_query *old, wr_query **out, wr_err *err);
/* insert.c */
WR_CHECKED wr_status wr_exec_insert_values(wr_exec *x, wr_err *err);
/* Whether the rows of statement seq, an INSERT into r's Kafka topic that was not recorded as live,
 * were committed: asked after what it may have left is ended. */
WR_CHECKED wr_status wr_insert_decided(wr_engine *e, const wr_relation *r, int64_t seq,
				       bool *committed, wr_err *err);
/* errors.c */
WR_CHECKED wr_status wr_exec_show_errors(wr_exec *x, wr_err *err);
/* listing.c */
WR_CHECKED wr_status wr_exec_show(wr_exec *x, wr_err *err);
WR_CHECKED wr_status wr_exec_describe(wr_exec *x, wr_err *err);
/* print.c, sample.c */
WR_CHECKED wr_status wr_exec_print(wr_exec *x, wr_err *err);
WR_CHECKED wr_status wr_exec_sample(wr_exec *x, wr_err *err);
/* Spans of such a statement's errors: brought from x->text to what was written. */
void wr_exec_written_span(const wr_exec *x, wr_err *err);
/* CREATE of DEBEZIUM without columns: puts those that the events show into x->stmt and x->text.
 * Errors: STATEMENT, CONNECT, IO. */
WR_CHECKED wr_status wr_exec_find_columns(wr_exec *x, wr_err *err);
/* backup.c */
WR_CHECKED wr_status wr_exec_backup(wr_exec *x, wr_err *err);
/* Fails (IO) when dir is a backup, or one that was not restored to its end: nothing may run in
 * it. */
WR_CHECKED wr_status wr_backup_refuse(const char *dir, wr_err *err);
/* journal.c: the catalog */
wr_status wr_journal_backup(wr_engine *e, const char *dir, wr_err *err);
/* assert.c */
WR_CHECKED wr_status wr_exec_assert_topic(wr_exec *x, wr_err *err);
/* execute.c: what any statement about connectors says */
WR_CHECKED wr_status wr_exec_no_connectors(wr_exec *x, wr_err *err);
/* execute.c: as wr_engine_execute; replace: as if it said OR REPLACE */
WR_CHECKED wr_status wr_engine_execute_as(wr_engine *e, wr_session *s, wr_arena *a,
					  const wr_stmt *stmt, wr_str text, bool replace,
					  wr_outcome *out, wr_err *err);
/* execute.c, with the lock held */
WR_CHECKED wr_status wr_exec_statement(wr_exec *x, wr_err *err);

/* The engine's connections, as the statement's session has set them: until the next statement. */
void wr_engine_connect_as(wr_engine *e, const wr_exec *x);

/* Outcome helpers. */
void wr_say(wr_exec *x, wr_outcome_kind kind, const char *format, ...) WR_PRINTF(3, 4);
const char *wr_z(wr_arena *a, wr_str s);

/* A new UUID text. */
void wr_uuid_make(char out[40]);

#endif

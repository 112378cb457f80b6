/*
 * The durable catalog, DATA/weir.db: every statement in the order in which it was executed, topics,
 * counters and settings. What a statement means is the engine's business; here it is a row.
 *
 * A statement is first appended as CREATING, then its parts are made (state, topics), then it is
 * marked LIVE. Start-up lists the rows: what is CREATING never came to be and is marked DROPPED,
 * and the state of incarnations that no live row names is removed.
 *
 * Each call is one durable transaction (WAL, synced) unless it stands between wr_catdb_begin and
 * its end. Errors are of class IO. Thread: any; calls wait for each other, and for the end of
 * another thread's transaction.
 */
#ifndef STATE_CATALOG_SQLITE_H
#define STATE_CATALOG_SQLITE_H

#include "core/buf.h"

typedef struct wr_catdb wr_catdb;

typedef enum wr_statement_status {
	WR_STATEMENT_CREATING,
	WR_STATEMENT_LIVE,
	WR_STATEMENT_DROPPED
} wr_statement_status;

/* Strings with p == NULL are NULL in the table and come back so. */
typedef struct wr_statement_row {
	int64_t seq;	 /* order of execution, from 1; given by append */
	wr_str place;	 /* identity of the file it stood in; NULL: typed */
	int32_t ordinal; /* number of the statement in that file, from 0 */
	wr_str text;	 /* as given */
	/* what a start carries out again: the text with what was found out for it written in */
	wr_str normal;
	wr_statement_status status;
	wr_str kind;	    /* CREATE STREAM, INSERT, SET … */
	wr_str name;	    /* of the object; NULL: none */
	wr_str query_id;    /* NULL: starts no query */
	wr_str incarnation; /* of the query's state; NULL: none */
	int32_t tasks;	    /* the query's number of tasks; 0: none */
	int64_t created_at; /* ms since 1970 */
	wr_str properties;  /* JSON; session settings that were in force */
	wr_str extra;	    /* JSON; the engine's notes: resolved start positions, schema … */
} wr_statement_row;

/*
 * Opens or creates dir/weir.db; dir == NULL: a catalog in memory that is gone at close. A file that
 * is damaged, of another program or of a format that this version does not know is refused with
 * words that say what to do.
 */
wr_status wr_catdb_open(const char *dir, wr_catdb **out, wr_err *err);
void wr_catdb_close(wr_catdb *db); /* NULL is fine; an open transaction is rolled back */

/* Several calls as one. Other threads wait until the end; so end it soon. Not nested. */
wr_status wr_catdb_begin(wr_catdb *db, wr_err *err);
wr_status wr_catdb_commit(wr_catdb *db, wr_err *err); /* on failure it was rolled back */
void wr_catdb_rollback(wr_catdb *db);

/* Appends row (its seq is not looked at) with the status it has; *seq gets its number. */
wr_status wr_catdb_append(wr_catdb *db, const wr_statement_row *row, int64_t *seq, wr_err *err);
/* Writes all fields of the row with row->seq anew. */
wr_status wr_catdb_update(wr_catdb *db, const wr_statement_row *row, wr_err *err);
wr_status wr_catdb_set_status(wr_catdb *db, int64_t seq, wr_statement_status status, wr_err *err);
wr_status wr_catdb_set_properties(wr_catdb *db, int64_t seq, wr_str json, wr_err *err);
wr_status wr_catdb_set_extra(wr_catdb *db, int64_t seq, wr_str json, wr_err *err);

/*
 * Calls visit for every row in order of seq, dropped ones too when `dropped`. The row's strings
 * live as long as the call; visit must not call the catalog. Stops at a visit that fails, with its
 * status.
 */
typedef wr_status wr_statement_visit(void *self, const wr_statement_row *row, wr_err *err);
wr_status wr_catdb_each(wr_catdb *db, bool dropped, wr_statement_visit *visit, void *self,
			wr_err *err);

/*
 * The next number of a named counter, from 1; never given twice, whatever is rolled back later or
 * crashes.
 */
wr_status wr_catdb_next(wr_catdb *db, const char *counter, int64_t *out, wr_err *err);

/* Settings by key. get: *found is false and *out empty when there is none. */
wr_status wr_catdb_get(wr_catdb *db, const char *key, wr_buf *out, bool *found, wr_err *err);
wr_status wr_catdb_set(wr_catdb *db, const char *key, wr_str value, wr_err *err);

/* Topics that this program made. partitions of an unknown one: 0. */
wr_status wr_catdb_put_topic(wr_catdb *db, wr_str name, int32_t partitions, wr_str kind,
			     wr_err *err);
wr_status wr_catdb_drop_topic(wr_catdb *db, wr_str name, wr_err *err);
wr_status wr_catdb_topic(wr_catdb *db, wr_str name, int32_t *partitions, wr_buf *kind, wr_err *err);
typedef wr_status wr_topic_visit(void *self, wr_str name, int32_t partitions, wr_str kind,
				 wr_err *err);
wr_status wr_catdb_each_topic(wr_catdb *db, wr_topic_visit *visit, void *self, wr_err *err);

/* Copies the catalog as it stands into dir/weir.db (for a backup). */
wr_status wr_catdb_backup(wr_catdb *db, const char *dir, wr_err *err);

#endif

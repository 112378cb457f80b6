/*
 * The durable catalog: DIR/weir.db (SQLite, WAL, synchronous=FULL). A list of statements in the order in which they were carried out, nothing
 * more: the catalog itself is what carrying them out again gives.
 *
 * Thread: any (one lock inside).
 */
#ifndef STATE_JOURNAL_DB_H
#define STATE_JOURNAL_DB_H

#include "core/arena.h"

typedef struct wr_journal_db wr_journal_db;

typedef enum wr_stmt_status {
	WR_STMT_CREATING,	/* recorded before its parts exist */
	WR_STMT_LIVE,
	WR_STMT_DROPPED,
	WR_STMT_TERMINATED,	/* CREATE … AS whose query was ended; what it filled stays */
} wr_stmt_status;

/* A recorded statement. Texts are zero-terminated; "" where there is none. */
typedef struct wr_recorded {
	int64_t seq;
	wr_stmt_status status;
	const char *text;		/* as carried out, variables replaced */
	const char *place;		/* file it came from; "" for others */
	int64_t ordinal;		/* its number among that file's statements, from 0; -1 */
	const char *incarnation;	/* of its query; "" when it has none */
	int32_t ntasks;
	const char *settings;		/* settings in force then, "name=value\n" lines, only those given */
} wr_recorded;

/* Opens or makes the file. Errors: IO; a format version of another program version is refused with words that say what to do. */
WR_CHECKED wr_status wr_journal_db_open(const char *dir, wr_journal_db **out, wr_err *err);
void wr_journal_db_close(wr_journal_db *j);

/* Inserts (seq must be new) or replaces a statement's row; durable when it returns. */
WR_CHECKED wr_status wr_journal_db_put(wr_journal_db *j, const wr_recorded *r, wr_err *err);
WR_CHECKED wr_status wr_journal_db_status(wr_journal_db *j, int64_t seq, wr_stmt_status status, wr_err *err);
/* Removes a row altogether. */
WR_CHECKED wr_status wr_journal_db_remove(wr_journal_db *j, int64_t seq, wr_err *err);
/* All rows in order of seq, in the arena. */
WR_CHECKED wr_status wr_journal_db_all(wr_journal_db *j, wr_arena *a, wr_recorded **rows, uint32_t *n, wr_err *err);
/* One more than the highest seq ever used. */
WR_CHECKED wr_status wr_journal_db_next(wr_journal_db *j, int64_t *seq, wr_err *err);

#endif

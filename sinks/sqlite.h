/* The SQLite sink in two parts: sqlite.c has the protocol, sqlite_table.c the table and its rows.
 * Inside sinks/sqlite*.c only. */
#ifndef SINKS_SQLITE_H
#define SINKS_SQLITE_H

#include <sqlite3.h>

#include "sinks/props.h"

/* Of epochs, one row per query that writes to the database. */
#define WR_SQLITE_EPOCHS "weir_epochs"

typedef enum wr_sqlite_mode { WR_SQLITE_APPEND, WR_SQLITE_TABLE } wr_sqlite_mode;

typedef struct wr_sqlite_table {
	sqlite3 *db;	  /* the sink's */
	const char *path; /* of the database, for words */
	const char *name; /* of the table */
	wr_span span;	  /* where the statement names it */
	wr_sqlite_mode mode;
	wr_fields fields;	       /* .key: part of what a row is known by */
	sqlite3_stmt *put, *del, *add; /* by key; a plain INSERT */
} wr_sqlite_table;

/* "cannot WHAT DATABASE: reason". IO where waiting may help, else RUNTIME. Always WR_FAIL. */
wr_status wr_sqlite_fail(sqlite3 *db, const char *path, const char *what, wr_err *err);
WR_CHECKED wr_status wr_sqlite_exec(sqlite3 *db, const char *path, const char *sql,
				    const char *what, wr_err *err);

/* The fields of the rows; .key set for all that is part of the key, window bounds too. Free
 * items. */
void wr_sqlite_fields(const wr_sink_spec *spec, wr_fields *out);

/*
 * db, path, name, span, mode and fields are set: makes the table when there is none, else sees that
 * it fits (a STATEMENT error says what does not), and prepares the statements.
 */
WR_CHECKED wr_status wr_sqlite_table_open(wr_sqlite_table *t, const wr_sink_spec *spec,
					  wr_err *err);
void wr_sqlite_table_close(wr_sqlite_table *t);

/* Appends what row `row` of the batch does to the table; nothing for a row that does nothing.
 * Touches no database. */
void wr_sqlite_row(const wr_sqlite_table *t, const wr_batch *b, uint32_t row, wr_buf *out);
/* Does it all, in order. *rows is counted up. */
WR_CHECKED wr_status wr_sqlite_rows_apply(wr_sqlite_table *t, wr_str rows, uint64_t *count,
					  wr_err *err);

#endif

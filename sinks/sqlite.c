/*
 * TYPE='sqlite': rows in a table of a SQLite database, each of them there once.
 *
 * A sink that decides: an epoch's rows and its witness, the epoch's number in the row of this query
 * in table weir_epochs, are written in one transaction, synced (synchronous=FULL) by its COMMIT:
 *
 *	write		tasks turn rows into bytes                      nothing is locked
 *	prepare		BEGIN IMMEDIATE, rows, witness                  the database is locked from here
 *	(the engine stores its write as pending)
 *	commit		COMMIT                                          the epoch exists
 *
 * so other programs may read at any time and write between epochs. A large epoch begins its
 * transaction earlier, when a task has collected SPILL bytes, and SQLite keeps it on disk. A
 * database that another program holds locked is waited for, WAIT_MS; then the epoch is rolled back
 * and tried again.
 *
 * At start the witness is read under the lock, so that nobody who held an open transaction can
 * still commit it. A database that we make is in WAL mode: its readers do not hold us up. One that
 * was there keeps its mode. A database that was deleted or replaced under us is noticed before an
 * epoch is written to it.
 *
 * Under at_least_once, and by hand, an epoch's rows are committed before ours, without a witness.
 */
#include "sinks/sqlite.h"

#include <libgen.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"
#include "io/files.h"
#include "sinks/sink_list.h"
#include "sinks/witness.h"

enum { SPILL = 1 << 20, WAIT_MS = 5000, FORGET_MS = 500, NAP_MS = 5 };

typedef struct sqlite_options {
	wr_str database, table;
	int mode; /* wr_sqlite_mode */
} sqlite_options;

static const wr_sink_rule rules[] = {
	{ "DATABASE", WR_RULE_TEXT, offsetof(sqlite_options, database), 0, 0, NULL },
	{ "TABLE", WR_RULE_TEXT, offsetof(sqlite_options, table), 0, 0, NULL },
	{ "MODE", WR_RULE_CHOICE, offsetof(sqlite_options, mode), 0, 0, "APPEND|TABLE" },
};

typedef struct sqlite_writer sqlite_writer;
typedef struct sqlite_sink {
	wr_sink sink;
	char *path, *name;
	wr_sqlite_table table;
	sqlite3 *db;
	sqlite3_stmt *put_witness;
	pthread_mutex_t lock; /* the connection, and what follows */
	bool open;	      /* a transaction */
	uint64_t rows;	      /* written since the start */
	int64_t witness;      /* the last committed; -1: none under this regime */
	sqlite_writer *writers;
} sqlite_sink;

struct sqlite_writer {
	wr_sink_writer writer;
	wr_buf rows;
	sqlite_writer *next;
};

/* ---------------------------------------------------------------- properties */

static wr_status refuse(const wr_sink_spec *spec, const char *prop, const char *message,
			const char *hint, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, prop), "%s", message);
	return hint ? wr_err_hint(err, "%s", hint) : WR_FAIL;
}

/* MODE='TABLE' finds rows by their key: all of it must be among the columns. */
static wr_status check_key(const wr_sink_spec *spec, wr_err *err)
{
	wr_fields f;
	uint32_t keys = 0, wanted = spec->schema->nkeys + (spec->window != WR_WINDOW_NONE ? 2 : 0);

	if (spec->schema->nkeys == 0)
		return refuse(spec, "MODE",
			      "MODE='TABLE' holds one row for each key, and these rows have no key",
			      "use MODE='APPEND', or give the query a GROUP BY or PARTITION BY",
			      err);
	wr_sqlite_fields(spec, &f);
	for (uint32_t i = 0; i < f.n; i++)
		keys += f.items[i].key;
	free(f.items);
	return keys >= wanted
		   ? WR_OK
		   : refuse(
			 spec, "MODE",
			 "a table of SQLite finds its rows by their key, and the SELECT leaves out a part of it",
			 "add the key's columns to the SELECT, or use MODE='APPEND'", err);
}

static wr_status read_options(const wr_sink_spec *spec, sqlite_options *o, wr_err *err)
{
	*o = (sqlite_options){ .mode = spec->table && spec->schema->nkeys ? WR_SQLITE_TABLE
									  : WR_SQLITE_APPEND };
	if (wr_sink_props_read(spec, rules, sizeof rules / sizeof *rules, o, err))
		return WR_FAIL;
	if (!o->database.n)
		return refuse(spec, "DATABASE", "a SQLite sink needs a DATABASE",
			      "add DATABASE='results.db' to WITH", err);
	if (!o->table.n)
		return refuse(spec, "TABLE", "a SQLite sink needs a TABLE",
			      "add TABLE='results' to WITH; it is made when it is not there", err);
	if (wr_str_ieq(o->table, WR_STR_LIT(WR_SQLITE_EPOCHS)) ||
	    (o->table.n >= 7 && wr_str_ieq((wr_str){ o->table.p, 7 }, WR_STR_LIT("sqlite_"))))
		return refuse(spec, "TABLE", "this name is taken by SQLite or by weir itself", NULL,
			      err);
	return o->mode == WR_SQLITE_TABLE ? check_key(spec, err) : WR_OK;
}

static wr_status check(const wr_sink_spec *spec, wr_err *err)
{
	sqlite_options o;

	return read_options(spec, &o, err);
}

/* ---------------------------------------------------------------- transactions */

/* SQLite asks whether to wait longer for a lock. */
static int busy(void *self, int times)
{
	const sqlite_sink *s = self;
	const wr_sink_cx *cx = s->sink.cx;

	if (times >= WAIT_MS / NAP_MS || (cx->stopping && cx->stopping(cx->self)))
		return 0;
	usleep(NAP_MS * 1000);
	return 1;
}

static wr_status begin(sqlite_sink *s, wr_err *err)
{
	int moved = 0;

	if (s->open)
		return WR_OK;
	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (moved) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
			   "the database %s was removed or replaced while it was written to",
			   s->path);
		return wr_err_hint(err, "put the file back, or DROP the sink and create it again");
	}
	if (WR_FAULT_FAIL("sqlite.before_begin", err) ||
	    wr_sqlite_exec(s->db, s->path, "BEGIN IMMEDIATE", "write to", err))
		return WR_FAIL;
	s->open = true;
	return WR_FAULT_FAIL("sqlite.begun", err);
}

static wr_status end(sqlite_sink *s, wr_err *err)
{
	if (WR_FAULT_FAIL("sqlite.before_commit", err) ||
	    wr_sqlite_exec(s->db, s->path, "COMMIT", "commit to", err))
		return WR_FAIL;
	s->open = false;
	return WR_FAULT_FAIL("sqlite.committed", err);
}

static wr_status drain(sqlite_sink *s, sqlite_writer *w, wr_err *err)
{
	if (!w->rows.n)
		return WR_OK;
	if (begin(s, err) || wr_sqlite_rows_apply(&s->table, wr_buf_view(&w->rows), &s->rows, err))
		return WR_FAIL;
	wr_buf_reset(&w->rows);
	return WR_OK;
}

static wr_status drain_all(sqlite_sink *s, wr_err *err)
{
	for (sqlite_writer *w = s->writers; w; w = w->next)
		if (drain(s, w, err))
			return WR_FAIL;
	return WR_OK;
}

static bool any_rows(const sqlite_sink *s)
{
	bool any = s->open;

	for (const sqlite_writer *w = s->writers; w; w = w->next)
		any |= w->rows.n > 0;
	return any;
}

/* ---------------------------------------------------------------- opening */

static wr_status make_directories(const char *path, wr_err *err)
{
	char *copy = wr_strdup(path);
	wr_status status = wr_file_make_dir(dirname(copy), err);

	free(copy);
	return status;
}

static wr_status gone(const sqlite_sink *s, wr_err *err)
{
	wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN,
		   "the database %s is not there, but epoch %lld had been committed to it", s->path,
		   (long long)s->witness);
	return wr_err_hint(err, "put the file back, or DROP the sink and create it again");
}

static wr_status connect(sqlite_sink *s, wr_err *err)
{
	struct stat st;
	bool fresh = stat(s->path, &st) || st.st_size == 0;

	if (fresh && s->witness >= 0)
		return gone(s, err);
	if (make_directories(s->path, err) || WR_FAULT_FAIL("sqlite.before_open", err))
		return WR_FAIL;
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		return wr_sqlite_fail(s->db, s->path, "open the database", err);
	sqlite3_busy_handler(s->db, busy, s);
	if (fresh &&
	    wr_sqlite_exec(s->db, s->path, "PRAGMA journal_mode = WAL", "open the database", err))
		return WR_FAIL;
	return wr_sqlite_exec(s->db, s->path, "PRAGMA synchronous = FULL", "open the database",
			      err);
}

static wr_status prepare_witness(sqlite_sink *s, wr_err *err)
{
	static const char make[] =
	    "CREATE TABLE IF NOT EXISTS " WR_SQLITE_EPOCHS
	    " (incarnation TEXT PRIMARY KEY, epoch INTEGER NOT NULL, sink TEXT) WITHOUT ROWID";
	static const char put[] = "INSERT OR REPLACE INTO " WR_SQLITE_EPOCHS " VALUES (?, ?, ?)";

	if (wr_sqlite_exec(s->db, s->path, make, "write to", err))
		return WR_FAIL;
	if (sqlite3_prepare_v3(s->db, put, -1, SQLITE_PREPARE_PERSISTENT, &s->put_witness, NULL) !=
	    SQLITE_OK)
		return wr_sqlite_fail(s->db, s->path, "write to", err);
	return WR_OK;
}

/* Tables that are missing are made, all or none. */
static wr_status open_tables(sqlite_sink *s, wr_err *err)
{
	s->table.db = s->db;
	s->table.path = s->path;
	s->table.name = s->name;
	s->table.span = wr_sink_prop_span(s->sink.spec, "TABLE");
	if (begin(s, err) || (s->sink.cx->decides && prepare_witness(s, err)) ||
	    wr_sqlite_table_open(&s->table, s->sink.spec, err))
		return WR_FAIL;
	return end(s, err);
}

static void close_sink(wr_sink *sink)
{
	sqlite_sink *s = (sqlite_sink *)sink;

	while (s->writers) {
		sqlite_writer *next = s->writers->next;

		wr_buf_free(&s->writers->rows);
		free(s->writers);
		s->writers = next;
	}
	wr_sqlite_table_close(&s->table);
	sqlite3_finalize(s->put_witness);
	sqlite3_close(s->db); /* rolls back what is open */
	pthread_mutex_destroy(&s->lock);
	free(s->table.fields.items);
	free(s->path);
	free(s->name);
	free(s);
}

static char *z_of(wr_str s)
{
	char *z = wr_malloc((size_t)s.n + 1);

	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	return z;
}

static wr_status open_sink(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
			   wr_err *err)
{
	sqlite_options o;

	if (read_options(spec, &o, err))
		return WR_FAIL;
	sqlite_sink *s = wr_calloc(1, sizeof *s);

	s->sink = (wr_sink){ &wr_sink_sqlite, spec, cx };
	s->path = z_of(o.database);
	s->name = z_of(o.table);
	s->table.mode = (wr_sqlite_mode)o.mode;
	s->witness = wr_witness_get(mark, cx->incarnation);
	pthread_mutex_init(&s->lock, NULL);
	wr_sqlite_fields(spec, &s->table.fields);
	if (connect(s, err) || open_tables(s, err)) {
		close_sink(&s->sink);
		return WR_FAIL;
	}
	*out = &s->sink;
	return WR_OK;
}

static wr_status open_writer(wr_sink *sink, uint16_t task, wr_sink_writer **out, wr_err *err)
{
	sqlite_sink *s = (sqlite_sink *)sink;
	sqlite_writer *w = wr_calloc(1, sizeof *w);

	(void)err;
	w->writer = (wr_sink_writer){ sink, task };
	w->next = s->writers;
	s->writers = w;
	*out = &w->writer;
	return WR_OK;
}

/* ---------------------------------------------------------------- rows and epochs */

static wr_status write_rows(wr_sink_writer *writer, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	sqlite_writer *w = (sqlite_writer *)writer;
	sqlite_sink *s = (sqlite_sink *)writer->sink;

	for (uint32_t i = at; i < at + n; i++)
		wr_sqlite_row(&s->table, b, i, &w->rows);
	/* failing there makes any epoch a large one */
	if (w->rows.n < SPILL && !WR_FAULT("sqlite.small"))
		return WR_OK;
	pthread_mutex_lock(&s->lock);
	wr_status status = WR_FAULT_FAIL("sqlite.spill", err) ? WR_FAIL : drain(s, w, err);

	pthread_mutex_unlock(&s->lock);
	return status;
}

/* Not deciding: what comes again after a crash. */
static wr_status mark_epoch(wr_sink *sink, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	sqlite_sink *s = (sqlite_sink *)sink;

	(void)epoch;
	(void)mark;
	if (drain_all(s, err))
		return WR_FAIL;
	return s->open ? end(s, err) : WR_OK;
}

static wr_status write_witness(sqlite_sink *s, uint64_t epoch, wr_err *err)
{
	wr_str name = s->sink.spec->name;

	if (WR_FAULT_FAIL("sqlite.before_witness", err))
		return WR_FAIL;
	sqlite3_bind_text(s->put_witness, 1, s->sink.cx->incarnation, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s->put_witness, 2, (int64_t)epoch);
	sqlite3_bind_text(s->put_witness, 3, name.p, (int)name.n, SQLITE_STATIC);
	wr_status status = sqlite3_step(s->put_witness) == SQLITE_DONE
			       ? WR_OK
			       : wr_sqlite_fail(s->db, s->path, "write to", err);

	sqlite3_reset(s->put_witness);
	return status;
}

static wr_status prepare(wr_sink *sink, uint64_t epoch, wr_buf *mark, bool *open, wr_err *err)
{
	sqlite_sink *s = (sqlite_sink *)sink;

	*open = s->witness < 0 || any_rows(s);
	wr_witness_put(mark, sink->cx->incarnation, *open ? (int64_t)epoch : s->witness);
	if (!*open)
		return WR_OK;
	return begin(s, err) || drain_all(s, err) || write_witness(s, epoch, err)
		   ? WR_FAIL
		   : WR_FAULT_FAIL("sqlite.ready", err);
}

static wr_status commit(wr_sink *sink, uint64_t epoch, wr_err *err)
{
	sqlite_sink *s = (sqlite_sink *)sink;

	if (end(s, err))
		return WR_FAIL;
	s->witness = (int64_t)epoch;
	return WR_OK;
}

static wr_status read_witness(sqlite_sink *s, int64_t *found, wr_err *err)
{
	static const char sql[] = "SELECT epoch FROM " WR_SQLITE_EPOCHS " WHERE incarnation = ?";
	sqlite3_stmt *st = NULL;

	*found = -1;
	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
		return wr_sqlite_fail(s->db, s->path, "read", err);
	sqlite3_bind_text(st, 1, s->sink.cx->incarnation, -1, SQLITE_STATIC);
	if (sqlite3_step(st) == SQLITE_ROW)
		*found = sqlite3_column_int64(st, 0);
	return sqlite3_finalize(st) == SQLITE_OK ? WR_OK
						 : wr_sqlite_fail(s->db, s->path, "read", err);
}

/* A row that stays because somebody else has the database locked, or took it away, harms nobody. */
static void forget(const wr_sink_spec *spec, const char *identity)
{
	static const char sql[] = "DELETE FROM " WR_SQLITE_EPOCHS " WHERE incarnation = ?";
	wr_err ignored = WR_ERR_INIT;
	sqlite_options o;
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;

	if (read_options(spec, &o, &ignored))
		return;
	char *path = z_of(o.database);

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
		sqlite3_busy_timeout(db, FORGET_MS);
		if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK) {
			sqlite3_bind_text(st, 1, identity, -1, SQLITE_STATIC);
			sqlite3_step(st);
		}
		sqlite3_finalize(st);
	}
	sqlite3_close(db);
	free(path);
}

static wr_status decided(wr_sink *sink, const uint64_t *pending, bool *committed, wr_err *err)
{
	sqlite_sink *s = (sqlite_sink *)sink;
	wr_buf where = { 0 };
	wr_status status = WR_FAIL;

	*committed = false;
	if (s->witness < 0 && !pending)
		return WR_OK;
	wr_buf_printf(&where, "table %s", s->name);
	wr_witness w = { sink->cx->incarnation, s->path, wr_buf_view(&where), s->witness, -1 };

	if (begin(s, err) || WR_FAULT_FAIL("sqlite.ask", err) || read_witness(s, &w.found, err) ||
	    wr_sqlite_exec(s->db, s->path, "ROLLBACK", "read", err))
		goto out;
	s->open = false;
	status = wr_witness_judge(&w, pending, committed, err);
	if (*committed)
		s->witness = w.found;
out:
	wr_buf_free(&where);
	return status;
}

static void status(wr_sink *sink, wr_buf *out)
{
	sqlite_sink *s = (sqlite_sink *)sink;

	pthread_mutex_lock(&s->lock);
	wr_buf_printf(out, "%s, table %s, %llu change%s", s->path, s->name,
		      (unsigned long long)s->rows, s->rows == 1 ? "" : "s");
	pthread_mutex_unlock(&s->lock);
}

const wr_sink_def wr_sink_sqlite = {
	.type = "sqlite",
	.kind = WR_SINK_DECIDER,
	.parallel = true,
	.check = check,
	.open = open_sink,
	.writer = open_writer,
	.write = write_rows,
	.mark = mark_epoch,
	.prepare = prepare,
	.commit = commit,
	.decided = decided,
	.forget = forget,
	.status = status,
	.close = close_sink,
};

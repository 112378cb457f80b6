/*
 * The catalog in SQLite.
 *
 * One connection behind a recursive mutex; statements are prepared at each call, for the catalog is
 * asked at start and at DDL, never per row. `application_id` tells our files from others, and the
 * row `format` in meta is checked before anything else is read.
 *
 * Counters stand in meta, too. One that is taken outside a transaction is durable before it is
 * used. Inside a transaction it would go back with a rollback and be given twice; so the highest
 * number given is also kept in memory.
 */
#include "state/catalog_sqlite.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/fault.h"
#include "core/format.h"
#include "state/files.h"

enum { APPLICATION = 0x57454952, WAIT_MS = 5000 }; /* "WEIR" */

typedef struct counter {
	struct counter *next;
	char *name;
	int64_t last;
} counter;

struct wr_catdb {
	sqlite3 *db;
	pthread_mutex_t lock; /* recursive */
	char path[4096];
	bool open; /* a transaction; under the lock */
	counter *counters;
};

static const char schema[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE statement ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT, ordinal INTEGER NOT NULL,"
    "  text TEXT, normal TEXT, status TEXT NOT NULL CHECK (status IN ('creating', 'live', 'dropped')),"
    "  kind TEXT, name TEXT, query_id TEXT, incarnation TEXT, tasks INTEGER NOT NULL,"
    "  created_at INTEGER NOT NULL, properties TEXT, extra TEXT);"
    "CREATE TABLE topic (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL, kind TEXT) WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('format', '" WR_DATA_FORMAT "');";

static const char *const status_text[] = { "creating", "live", "dropped" };

static void lock(wr_catdb *db)
{
	pthread_mutex_lock(&db->lock);
}

static void unlock(wr_catdb *db)
{
	pthread_mutex_unlock(&db->lock);
}

static wr_status fail(wr_catdb *db, const char *what, wr_err *err)
{
	int code = db->db ? sqlite3_errcode(db->db) : SQLITE_NOMEM;

	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s the catalog %s: %s", what, db->path,
		   db->db ? sqlite3_errmsg(db->db) : sqlite3_errstr(code));
	if (code == SQLITE_FULL)
		wr_err_hint(err, "Make room on the disk; nothing committed is lost");
	else if (code == SQLITE_BUSY)
		wr_err_hint(err, "Another program has it open; close that one");
	else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		wr_err_hint(
		    err,
		    "Restore the data directory from a backup, or use another one with --data");
	return WR_FAIL;
}

static wr_status exec(wr_catdb *db, const char *sql, const char *what, wr_err *err)
{
	return sqlite3_exec(db->db, sql, NULL, NULL, NULL) == SQLITE_OK ? WR_OK
									: fail(db, what, err);
}

static void bind_text(sqlite3_stmt *st, int at, wr_str s)
{
	if (s.p)
		sqlite3_bind_text(st, at, s.p, (int)s.n, SQLITE_STATIC);
	else
		sqlite3_bind_null(st, at);
}

/*
 * Prepares sql and binds a value per letter of `types`: s a wr_str, z a text, i an int64_t. NULL on
 * failure.
 */
static sqlite3_stmt *prepare(wr_catdb *db, wr_err *err, const char *sql, const char *types, ...)
{
	sqlite3_stmt *st = NULL;
	va_list ap;

	if (sqlite3_prepare_v2(db->db, sql, -1, &st, NULL) != SQLITE_OK) {
		fail(db, "cannot use", err);
		return NULL;
	}
	va_start(ap, types);
	for (int i = 0; types[i]; i++) {
		if (types[i] == 'i')
			sqlite3_bind_int64(st, i + 1, va_arg(ap, int64_t));
		else if (types[i] == 'z')
			bind_text(st, i + 1, wr_str_of(va_arg(ap, const char *)));
		else
			bind_text(st, i + 1, va_arg(ap, wr_str));
	}
	va_end(ap);
	return st;
}

/* Runs a statement that gives no rows. */
static wr_status finish(wr_catdb *db, sqlite3_stmt *st, wr_err *err)
{
	wr_status status = WR_OK;

	if (!st)
		return WR_FAIL;
	if (WR_FAULT_FAIL("catalog.write", err))
		status = WR_FAIL;
	else if (sqlite3_step(st) != SQLITE_DONE)
		status = fail(db, "cannot write", err);
	sqlite3_finalize(st);
	return status;
}

/* Steps to the next row; false at the end and after a failure, which is then in err. */
static bool next_row(wr_catdb *db, sqlite3_stmt *st, wr_err *err)
{
	int code = st ? sqlite3_step(st) : SQLITE_DONE;

	if (code != SQLITE_ROW && code != SQLITE_DONE)
		fail(db, "cannot read", err);
	return code == SQLITE_ROW;
}

static wr_str column(sqlite3_stmt *st, int at)
{
	const char *p = (const char *)sqlite3_column_text(st, at);

	return (wr_str){ p, p ? (uint32_t)sqlite3_column_bytes(st, at) : 0 };
}

static wr_status end_rows(sqlite3_stmt *st, const wr_err *err)
{
	sqlite3_finalize(st);
	return err->cls == WR_ERR_NONE ? WR_OK : WR_FAIL;
}

/* ---- opening */

static int64_t number_of(wr_catdb *db, const char *sql, wr_err *err)
{
	sqlite3_stmt *st = prepare(db, err, sql, "");
	int64_t n = next_row(db, st, err) ? sqlite3_column_int64(st, 0) : 0;

	sqlite3_finalize(st);
	return n;
}

static wr_status create(wr_catdb *db, wr_err *err)
{
	char pragma[64];

	snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d", APPLICATION);
	if (exec(db, "BEGIN IMMEDIATE", "cannot make", err) != WR_OK)
		return WR_FAIL;
	if (exec(db, schema, "cannot make", err) != WR_OK ||
	    exec(db, pragma, "cannot make", err) != WR_OK)
		return WR_FAIL;
	return exec(db, "COMMIT", "cannot make", err);
}

static wr_status foreign(wr_catdb *db, wr_err *err)
{
	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the file %s is not a catalog of weir", db->path);
	return wr_err_hint(err, "Use another data directory with --data");
}

static wr_status check_format(wr_catdb *db, wr_err *err)
{
	wr_buf found = { 0 };
	bool there;

	if (wr_catdb_get(db, "format", &found, &there, err) == WR_OK && !there)
		foreign(db, err);
	else if (there && !wr_str_is(wr_buf_view(&found), WR_DATA_FORMAT)) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
			   "the catalog %s has format %s; this program reads format %s", db->path,
			   wr_buf_z(&found), WR_DATA_FORMAT);
		wr_err_hint(err,
			    "Use the version of weir that wrote it, or another data directory");
	}
	wr_buf_free(&found);
	return err->cls == WR_ERR_NONE ? WR_OK : WR_FAIL;
}

static wr_status check_damage(wr_catdb *db, wr_err *err)
{
	sqlite3_stmt *st = prepare(db, err, "PRAGMA quick_check(1)", "");

	if (next_row(db, st, err) && !wr_str_is(column(st, 0), "ok")) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the catalog %s is damaged: %.*s", db->path,
			   WR_STR_ARG(column(st, 0)));
		wr_err_hint(
		    err,
		    "Restore the data directory from a backup, or use another one with --data");
	}
	return end_rows(st, err);
}

static wr_status set_up(wr_catdb *db, wr_err *err)
{
	int64_t tables, application;

	sqlite3_busy_timeout(db->db, WAIT_MS);
	sqlite3_extended_result_codes(db->db, 0);
	if (exec(
		db,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF",
		"cannot open", err) != WR_OK)
		return WR_FAIL;
	tables = number_of(db, "SELECT count(*) FROM sqlite_schema", err);
	application = number_of(db, "PRAGMA application_id", err);
	if (err->cls != WR_ERR_NONE)
		return WR_FAIL;
	if (tables == 0 && application == 0)
		return create(db, err);
	if (application != APPLICATION)
		return foreign(db, err);
	return check_damage(db, err) == WR_OK ? check_format(db, err) : WR_FAIL;
}

wr_status wr_catdb_open(const char *dir, wr_catdb **out, wr_err *err)
{
	wr_catdb *db;
	pthread_mutexattr_t kind;

	if (dir && wr_dir_make(dir, err) != WR_OK)
		return WR_FAIL;
	db = wr_calloc(1, sizeof(*db));
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&db->lock, &kind);
	pthread_mutexattr_destroy(&kind);
	if (dir)
		snprintf(db->path, sizeof(db->path), "%s/weir.db", dir);
	else
		snprintf(db->path, sizeof(db->path), ":memory:");
	if (sqlite3_open(db->path, &db->db) != SQLITE_OK)
		fail(db, "cannot open", err);
	else if (set_up(db, err) == WR_OK) {
		*out = db;
		return WR_OK;
	}
	wr_catdb_close(db);
	return WR_FAIL;
}

void wr_catdb_close(wr_catdb *db)
{
	if (!db)
		return;
	if (db->open)
		wr_catdb_rollback(db);
	sqlite3_close(db->db);
	for (counter *c = db->counters, *next; c; c = next) {
		next = c->next;
		free(c->name);
		free(c);
	}
	pthread_mutex_destroy(&db->lock);
	free(db);
}

/* ---- transactions: the lock is held from begin to the end */

wr_status wr_catdb_begin(wr_catdb *db, wr_err *err)
{
	lock(db);
	WR_ASSERT(!db->open);
	if (exec(db, "BEGIN IMMEDIATE", "cannot write", err) != WR_OK) {
		unlock(db);
		return WR_FAIL;
	}
	db->open = true;
	return WR_OK;
}

void wr_catdb_rollback(wr_catdb *db)
{
	WR_ASSERT(db->open);
	sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
	db->open = false;
	unlock(db);
}

wr_status wr_catdb_commit(wr_catdb *db, wr_err *err)
{
	WR_ASSERT(db->open);
	if (exec(db, "COMMIT", "cannot write", err) != WR_OK) {
		wr_catdb_rollback(db);
		return WR_FAIL;
	}
	db->open = false;
	unlock(db);
	return WR_OK;
}

/* ---- statements */

static sqlite3_stmt *prepare_row(wr_catdb *db, const char *sql, const wr_statement_row *r,
				 int64_t seq, wr_err *err)
{
	return prepare(db, err, sql, "sisszssssiissi", r->place, (int64_t)r->ordinal, r->text,
		       r->normal, status_text[r->status], r->kind, r->name, r->query_id,
		       r->incarnation, (int64_t)r->tasks, r->created_at, r->properties, r->extra,
		       seq);
}

wr_status wr_catdb_append(wr_catdb *db, const wr_statement_row *row, int64_t *seq, wr_err *err)
{
	static const char sql[] =
	    "INSERT INTO statement (place, ordinal, text, normal, status, kind, name, query_id, incarnation,"
	    " tasks, created_at, properties, extra, seq)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, nullif(?14, 0))";
	wr_status status;

	lock(db);
	status = finish(db, prepare_row(db, sql, row, 0, err), err);
	if (status == WR_OK)
		*seq = sqlite3_last_insert_rowid(db->db);
	unlock(db);
	return status;
}

/* Runs what must change one row. */
static wr_status change(wr_catdb *db, sqlite3_stmt *st, int64_t seq, wr_err *err)
{
	wr_status status = finish(db, st, err);

	if (status == WR_OK && sqlite3_changes(db->db) != 1)
		status = wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
				    "the catalog %s has no statement number %lld", db->path,
				    (long long)seq);
	unlock(db);
	return status;
}

wr_status wr_catdb_update(wr_catdb *db, const wr_statement_row *row, wr_err *err)
{
	static const char sql[] =
	    "UPDATE statement SET place = ?1, ordinal = ?2, text = ?3, normal = ?4, status = ?5, kind = ?6,"
	    " name = ?7, query_id = ?8, incarnation = ?9, tasks = ?10, created_at = ?11, properties = ?12,"
	    " extra = ?13 WHERE seq = ?14";

	lock(db);
	return change(db, prepare_row(db, sql, row, row->seq, err), row->seq, err);
}

wr_status wr_catdb_set_status(wr_catdb *db, int64_t seq, wr_statement_status status, wr_err *err)
{
	lock(db);
	return change(db,
		      prepare(db, err, "UPDATE statement SET status = ? WHERE seq = ?", "zi",
			      status_text[status], seq),
		      seq, err);
}

wr_status wr_catdb_set_properties(wr_catdb *db, int64_t seq, wr_str json, wr_err *err)
{
	lock(db);
	return change(db,
		      prepare(db, err, "UPDATE statement SET properties = ? WHERE seq = ?", "si",
			      json, seq),
		      seq, err);
}

wr_status wr_catdb_set_extra(wr_catdb *db, int64_t seq, wr_str json, wr_err *err)
{
	lock(db);
	return change(db,
		      prepare(db, err, "UPDATE statement SET extra = ? WHERE seq = ?", "si", json,
			      seq),
		      seq, err);
}

static wr_statement_status status_of(wr_str text)
{
	for (int i = 0; i < 2; i++)
		if (wr_str_is(text, status_text[i]))
			return (wr_statement_status)i;
	return WR_STATEMENT_DROPPED;
}

static wr_statement_row read_row(sqlite3_stmt *st)
{
	return (wr_statement_row){
		.seq = sqlite3_column_int64(st, 0),
		.place = column(st, 1),
		.ordinal = sqlite3_column_int(st, 2),
		.text = column(st, 3),
		.normal = column(st, 4),
		.status = status_of(column(st, 5)),
		.kind = column(st, 6),
		.name = column(st, 7),
		.query_id = column(st, 8),
		.incarnation = column(st, 9),
		.tasks = sqlite3_column_int(st, 10),
		.created_at = sqlite3_column_int64(st, 11),
		.properties = column(st, 12),
		.extra = column(st, 13),
	};
}

wr_status wr_catdb_each(wr_catdb *db, bool dropped, wr_statement_visit *visit, void *self,
			wr_err *err)
{
	static const char sql[] =
	    "SELECT seq, place, ordinal, text, normal, status, kind, name, query_id, incarnation, tasks, created_at,"
	    " properties, extra FROM statement WHERE ? OR status <> 'dropped' ORDER BY seq";
	sqlite3_stmt *st;
	wr_status status = WR_OK;

	lock(db);
	st = prepare(db, err, sql, "i", (int64_t)dropped);
	while (status == WR_OK && next_row(db, st, err)) {
		wr_statement_row row = read_row(st);

		status = visit(self, &row, err);
	}
	if (end_rows(st, err) != WR_OK)
		status = WR_FAIL;
	unlock(db);
	return status;
}

/* ---- settings and counters */

wr_status wr_catdb_get(wr_catdb *db, const char *key, wr_buf *out, bool *found, wr_err *err)
{
	sqlite3_stmt *st;
	wr_status status;

	wr_buf_reset(out);
	lock(db);
	st = prepare(db, err, "SELECT value FROM meta WHERE key = ?", "z", key);
	*found = next_row(db, st, err);
	if (*found)
		wr_buf_str(out, column(st, 0));
	status = end_rows(st, err);
	unlock(db);
	return status;
}

wr_status wr_catdb_set(wr_catdb *db, const char *key, wr_str value, wr_err *err)
{
	wr_status status;

	lock(db);
	status = finish(db,
			prepare(db, err, "INSERT OR REPLACE INTO meta VALUES (?, ?)", "zs", key,
				value.p ? value : WR_STR_LIT("")),
			err);
	unlock(db);
	return status;
}

static counter *find_counter(wr_catdb *db, const char *name)
{
	counter *c = db->counters;

	while (c && strcmp(c->name, name) != 0)
		c = c->next;
	if (c)
		return c;
	c = wr_calloc(1, sizeof(*c));
	c->name = wr_strdup(name);
	c->next = db->counters;
	return db->counters = c;
}

static wr_status read_counter(wr_catdb *db, const char *key, int64_t *out, wr_err *err)
{
	wr_buf value = { 0 };
	bool found;
	wr_status status = wr_catdb_get(db, key, &value, &found, err);

	*out = found ? strtoll(wr_buf_z(&value), NULL, 10) : 0;
	wr_buf_free(&value);
	return status;
}

wr_status wr_catdb_next(wr_catdb *db, const char *name, int64_t *out, wr_err *err)
{
	char key[128], text[32];
	counter *c;
	int64_t last;
	wr_status status = WR_FAIL;

	snprintf(key, sizeof(key), "counter.%s", name);
	lock(db);
	c = find_counter(db, name);
	if (read_counter(db, key, &last, err) == WR_OK) {
		c->last = (last > c->last ? last : c->last) + 1;
		snprintf(text, sizeof(text), "%lld", (long long)c->last);
		status = wr_catdb_set(db, key, wr_str_of(text), err);
		*out = c->last;
	}
	unlock(db);
	return status;
}

/* ---- topics */

wr_status wr_catdb_put_topic(wr_catdb *db, wr_str name, int32_t partitions, wr_str kind,
			     wr_err *err)
{
	wr_status status;

	lock(db);
	status = finish(db,
			prepare(db, err, "INSERT OR REPLACE INTO topic VALUES (?, ?, ?)", "sis",
				name, (int64_t)partitions, kind),
			err);
	unlock(db);
	return status;
}

wr_status wr_catdb_drop_topic(wr_catdb *db, wr_str name, wr_err *err)
{
	wr_status status;

	lock(db);
	status = finish(db, prepare(db, err, "DELETE FROM topic WHERE name = ?", "s", name), err);
	unlock(db);
	return status;
}

wr_status wr_catdb_topic(wr_catdb *db, wr_str name, int32_t *partitions, wr_buf *kind, wr_err *err)
{
	sqlite3_stmt *st;
	wr_status status;

	wr_buf_reset(kind);
	*partitions = 0;
	lock(db);
	st = prepare(db, err, "SELECT partitions, kind FROM topic WHERE name = ?", "s", name);
	if (next_row(db, st, err)) {
		*partitions = sqlite3_column_int(st, 0);
		wr_buf_str(kind, column(st, 1));
	}
	status = end_rows(st, err);
	unlock(db);
	return status;
}

wr_status wr_catdb_each_topic(wr_catdb *db, wr_topic_visit *visit, void *self, wr_err *err)
{
	sqlite3_stmt *st;
	wr_status status = WR_OK;

	lock(db);
	st = prepare(db, err, "SELECT name, partitions, kind FROM topic ORDER BY name", "");
	while (status == WR_OK && next_row(db, st, err))
		status = visit(self, column(st, 0), sqlite3_column_int(st, 1), column(st, 2), err);
	if (end_rows(st, err) != WR_OK)
		status = WR_FAIL;
	unlock(db);
	return status;
}

wr_status wr_catdb_backup(wr_catdb *db, const char *dir, wr_err *err)
{
	char path[4200];
	wr_status status;

	if (wr_dir_make(dir, err) != WR_OK)
		return WR_FAIL;
	snprintf(path, sizeof(path), "%s/weir.db", dir);
	lock(db);
	status = finish(db, prepare(db, err, "VACUUM INTO ?", "z", path), err);
	unlock(db);
	return status;
}

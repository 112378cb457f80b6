/*
 * The table of a SQLite sink, and rows on their way into it.
 *
 * Rows are turned into bytes by the tasks, each into a buffer of its own, without touching the
 * database; in the epoch's transaction the buffers are read and carried out:
 *
 *	'+' or '-', then a cell per field ('-': per key field): 'n' | 'i' 8 bytes | 'd' 8 bytes | 't' length bytes | 'b' length bytes
 *
 * What a type is in SQLite: BOOLEAN, INTEGER, BIGINT and window bounds (milliseconds) integers;
 * DOUBLE a real; BYTES a blob; DECIMAL, DATE, TIME and TIMESTAMP text as in CSV, since a real would
 * lose digits; ARRAY, MAP and STRUCT JSON text.
 *
 * SQLite converts what is stored by the "affinity" of the column's declared type: text '007' in an
 * INTEGER column becomes 7. So a table that was there before is looked at: a column whose affinity
 * would change our values is refused, and so is one without the key or with more columns than we
 * can fill.
 *
 * MODE='TABLE': an upsert by the key's unique index. NULL is equal to nothing in an index, so a row
 * with NULL in its key is deleted (IS) and inserted. Keys are declared INT, not INTEGER, which
 * would make them row ids, and NULL a new one each time.
 */
#include "sinks/sqlite.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "core/fault.h"
#include "core/value_json.h"

enum { TEXT = 'T', INTEGER = 'I', REAL = 'R', BLOB = 'B', NUMERIC = 'N' };

/* ---------------------------------------------------------------- words */

static bool may_pass(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_NOMEM:
	case SQLITE_INTERRUPT: return true;
	default: return false;
	}
}

wr_status wr_sqlite_fail(sqlite3 *db, const char *path, const char *what, wr_err *err)
{
	int code = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;

	wr_err_set(err, may_pass(code) ? WR_ERR_IO : WR_ERR_RUNTIME, WR_NO_SPAN, "cannot %s %s: %s",
		   what, path, db ? sqlite3_errmsg(db) : "no memory");
	switch (code & 0xff) {
	case SQLITE_FULL:
		return wr_err_hint(err,
				   "make room on that disk; nothing that was committed is lost");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return wr_err_hint(
		    err, "another program keeps it locked; the rows wait until it lets go");
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return wr_err_hint(err, "check the permissions of the file and of its directory");
	default: return WR_FAIL;
	}
}

wr_status wr_sqlite_exec(sqlite3 *db, const char *path, const char *sql, const char *what,
			 wr_err *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? WR_OK
		   : wr_sqlite_fail(db, path, what, err);
}

static wr_status refuse(const wr_sqlite_table *t, const char *what, wr_str name, const char *rest,
			wr_err *err)
{
	return wr_err_set(err, WR_ERR_STATEMENT, t->span, "table %s in %s %s%.*s%s", t->name,
			  t->path, what, WR_STR_ARG(name), rest);
}

static void put_name(wr_buf *out, wr_str name)
{
	wr_buf_putc(out, '"');
	for (uint32_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"')
			wr_buf_putc(out, '"');
		wr_buf_putc(out, name.p[i]);
	}
	wr_buf_putc(out, '"');
}

/* ---------------------------------------------------------------- fields and their types */

static void key_by_name(wr_fields *f, const char *name)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (wr_str_ieq(f->items[i].name, wr_str_of(name)))
			f->items[i].key = true;
}

/* Window bounds that the statement shows by itself are part of the key as well. */
void wr_sqlite_fields(const wr_sink_spec *spec, wr_fields *out)
{
	wr_fields_of(spec, out);
	if (spec->window == WR_WINDOW_NONE)
		return;
	key_by_name(out, "windowstart");
	key_by_name(out, "windowend");
}

static wr_tag tag_of(const wr_sqlite_table *t, const wr_sink_spec *spec, uint32_t i)
{
	int32_t col = t->fields.items[i].col;

	return col < 0 ? WR_BIGINT : spec->schema->cols[col].type->tag;
}

static const char *declared(wr_tag tag)
{
	switch (tag) {
	case WR_BOOLEAN: return "BOOLEAN";
	case WR_INTEGER: return "INT";
	case WR_BIGINT: return "BIGINT";
	case WR_DOUBLE: return "DOUBLE";
	case WR_BYTES: return "BLOB";
	default: return "TEXT";
	}
}

static bool has(const char *type, const char *word)
{
	size_t n = strlen(word);

	for (; *type; type++)
		if (strncasecmp(type, word, n) == 0)
			return true;
	return false;
}

/* SQLite's rule for declared types. */
static char affinity_of(const char *type)
{
	if (has(type, "INT"))
		return INTEGER;
	if (has(type, "CHAR") || has(type, "CLOB") || has(type, "TEXT"))
		return TEXT;
	if (!type[0] || has(type, "BLOB") || strcasecmp(type, "ANY") == 0)
		return BLOB;
	return has(type, "REAL") || has(type, "FLOA") || has(type, "DOUB") ? REAL : NUMERIC;
}

/* Whether values of the type come out as they went in. */
static bool keeps(char affinity, wr_tag tag)
{
	switch (tag) {
	case WR_BOOLEAN:
	case WR_INTEGER:
	case WR_BIGINT: return affinity == INTEGER || affinity == NUMERIC || affinity == BLOB;
	case WR_DOUBLE: return affinity == REAL || affinity == NUMERIC || affinity == BLOB;
	case WR_BYTES: return affinity == BLOB;
	default: return affinity == TEXT || affinity == BLOB;
	}
}

/* ---------------------------------------------------------------- the table */

static void list_names(const wr_sqlite_table *t, bool keys_only, wr_buf *out)
{
	bool first = true;

	for (uint32_t i = 0; i < t->fields.n; i++) {
		if (keys_only && !t->fields.items[i].key)
			continue;
		wr_buf_puts(out, first ? "" : ", ");
		put_name(out, t->fields.items[i].name);
		first = false;
	}
}

static wr_status make(wr_sqlite_table *t, const wr_sink_spec *spec, wr_err *err)
{
	wr_buf sql = { 0 };

	wr_buf_puts(&sql, "CREATE TABLE ");
	put_name(&sql, wr_str_of(t->name));
	for (uint32_t i = 0; i < t->fields.n; i++) {
		wr_buf_puts(&sql, i ? ", " : " (");
		put_name(&sql, t->fields.items[i].name);
		wr_buf_printf(&sql, " %s", declared(tag_of(t, spec, i)));
	}
	if (t->mode == WR_SQLITE_TABLE) {
		wr_buf_puts(&sql, ", PRIMARY KEY (");
		list_names(t, true, &sql);
		wr_buf_puts(&sql, ")");
	}
	wr_buf_puts(&sql, ")");
	wr_status status = wr_sqlite_exec(t->db, t->path, wr_buf_z(&sql), "make a table in", err);

	wr_buf_free(&sql);
	return status;
}

static uint32_t field_named(const wr_sqlite_table *t, wr_str name)
{
	uint32_t i = 0;

	while (i < t->fields.n && !wr_str_ieq(t->fields.items[i].name, name))
		i++;
	return i;
}

static wr_str text_at(sqlite3_stmt *st, int col)
{
	const char *z = (const char *)sqlite3_column_text(st, col);

	return wr_str_of(z ? z : "");
}

/* A row of table_xinfo: 1 name, 2 type, 3 not null, 4 default, 5 number in the primary key, 6
 * hidden or generated. */
static wr_status check_column(wr_sqlite_table *t, const wr_sink_spec *spec, sqlite3_stmt *st,
			      uint8_t *seen, wr_err *err)
{
	wr_str name = text_at(st, 1), type = text_at(st, 2);
	uint32_t i = field_named(t, name);

	if (i == t->fields.n) {
		if (sqlite3_column_int(st, 3) && sqlite3_column_type(st, 4) == SQLITE_NULL &&
		    !sqlite3_column_int(st, 6)) {
			refuse(t, "needs a value for its column ", name,
			       ", which the query does not give", err);
			return wr_err_hint(err,
					   "add the column to the SELECT, or name another TABLE");
		}
		return WR_OK;
	}
	seen[i] = 1;
	if (sqlite3_column_int(st, 6))
		return refuse(t, "computes its column ", name, " itself", err);
	if (keeps(affinity_of(type.p), tag_of(t, spec, i)))
		return WR_OK;
	wr_err_set(
	    err, WR_ERR_STATEMENT, t->span,
	    "column %.*s of table %s in %s is declared %.*s, which would change values of type %s",
	    WR_STR_ARG(name), t->name, t->path, WR_STR_ARG(type), wr_tag_name(tag_of(t, spec, i)));
	return wr_err_hint(
	    err, "it should be %s; or name another TABLE, which is made when it is not there",
	    declared(tag_of(t, spec, i)));
}

static wr_status check_columns(wr_sqlite_table *t, const wr_sink_spec *spec, bool *there,
			       wr_err *err)
{
	uint8_t *seen = wr_calloc(t->fields.n + 1, 1);
	sqlite3_stmt *st = NULL;
	wr_status status = WR_OK;

	*there = false;
	if (sqlite3_prepare_v2(t->db, "SELECT * FROM pragma_table_xinfo(?)", -1, &st, NULL) !=
	    SQLITE_OK)
		status = wr_sqlite_fail(t->db, t->path, "read", err);
	else
		sqlite3_bind_text(st, 1, t->name, -1, SQLITE_STATIC);
	while (status == WR_OK && sqlite3_step(st) == SQLITE_ROW) {
		*there = true;
		status = check_column(t, spec, st, seen, err);
	}
	if (sqlite3_finalize(st) != SQLITE_OK && status == WR_OK)
		status = wr_sqlite_fail(t->db, t->path, "read", err);
	for (uint32_t i = 0; *there && i < t->fields.n && status == WR_OK; i++)
		if (!seen[i]) {
			status = refuse(t, "has no column ", t->fields.items[i].name, "", err);
			wr_err_hint(
			    err,
			    "add it with ALTER TABLE, or name another TABLE, which is made when it is not there");
		}
	free(seen);
	return status;
}

/* ---------------------------------------------------------------- statements */

static wr_status prepare(wr_sqlite_table *t, const wr_buf *sql, sqlite3_stmt **out, wr_err *err)
{
	if (sqlite3_prepare_v3(t->db, sql->p, (int)sql->n, SQLITE_PREPARE_PERSISTENT, out, NULL) ==
	    SQLITE_OK)
		return WR_OK;
	if (strstr(sqlite3_errmsg(t->db), "ON CONFLICT")) {
		refuse(t, "is not unique by the key of the rows", (wr_str){ 0 }, "", err);
		return wr_err_hint(
		    err,
		    "give it a PRIMARY KEY or a UNIQUE index on these columns, or say MODE='APPEND'");
	}
	return wr_sqlite_fail(t->db, t->path, "write to", err);
}

static void insert_text(const wr_sqlite_table *t, wr_buf *sql)
{
	wr_buf_puts(sql, "INSERT INTO ");
	put_name(sql, wr_str_of(t->name));
	wr_buf_puts(sql, " (");
	list_names(t, false, sql);
	wr_buf_puts(sql, ") VALUES (");
	for (uint32_t i = 0; i < t->fields.n; i++)
		wr_buf_puts(sql, i ? ", ?" : "?");
	wr_buf_puts(sql, ")");
}

static void conflict_text(const wr_sqlite_table *t, wr_buf *sql)
{
	bool first = true;

	wr_buf_puts(sql, " ON CONFLICT (");
	list_names(t, true, sql);
	wr_buf_puts(sql, ") DO ");
	for (uint32_t i = 0; i < t->fields.n; i++) {
		if (t->fields.items[i].key)
			continue;
		wr_buf_puts(sql, first ? "UPDATE SET " : ", ");
		put_name(sql, t->fields.items[i].name);
		wr_buf_puts(sql, " = excluded.");
		put_name(sql, t->fields.items[i].name);
		first = false;
	}
	if (first)
		wr_buf_puts(sql, "NOTHING");
}

static void delete_text(const wr_sqlite_table *t, wr_buf *sql)
{
	bool first = true;

	wr_buf_puts(sql, "DELETE FROM ");
	put_name(sql, wr_str_of(t->name));
	for (uint32_t i = 0; i < t->fields.n; i++) {
		if (!t->fields.items[i].key)
			continue;
		wr_buf_puts(sql, first ? " WHERE " : " AND ");
		put_name(sql, t->fields.items[i].name);
		wr_buf_puts(sql, " IS ?");
		first = false;
	}
}

static wr_status prepare_all(wr_sqlite_table *t, wr_err *err)
{
	wr_buf sql = { 0 };
	wr_status status;

	insert_text(t, &sql);
	status = prepare(t, &sql, &t->add, err);
	if (status == WR_OK && t->mode == WR_SQLITE_TABLE) {
		conflict_text(t, &sql);
		status = prepare(t, &sql, &t->put, err);
		wr_buf_reset(&sql);
		delete_text(t, &sql);
		if (status == WR_OK)
			status = prepare(t, &sql, &t->del, err);
	}
	wr_buf_free(&sql);
	return status;
}

wr_status wr_sqlite_table_open(wr_sqlite_table *t, const wr_sink_spec *spec, wr_err *err)
{
	bool there;

	if (check_columns(t, spec, &there, err) || (!there && make(t, spec, err)))
		return WR_FAIL;
	return prepare_all(t, err);
}

void wr_sqlite_table_close(wr_sqlite_table *t)
{
	sqlite3_finalize(t->put);
	sqlite3_finalize(t->del);
	sqlite3_finalize(t->add);
	t->put = t->del = t->add = NULL;
}

/* ---------------------------------------------------------------- rows to bytes */

static void put_i64(int64_t v, wr_buf *out)
{
	wr_buf_putc(out, 'i');
	wr_buf_u64(out, (uint64_t)v);
}

static void put_bytes(char kind, wr_str s, wr_buf *out)
{
	wr_buf_putc(out, kind);
	wr_buf_u32(out, s.n);
	wr_buf_str(out, s);
}

/* Printed in place, behind a length that is known afterwards. */
static void put_printed(const wr_vec *v, uint32_t row, wr_buf *out)
{
	size_t at = out->n;

	put_bytes('t', (wr_str){ "", 0 }, out);
	if (wr_tag_nested(v->type->tag))
		wr_value_json(v, row, out);
	else
		wr_value_cell(v, row, out);
	uint32_t n = (uint32_t)(out->n - at - 5);

	memcpy(out->p + at + 1, &n, sizeof n);
}

static void put_value(const wr_vec *v, uint32_t row, wr_buf *out)
{
	uint32_t at = wr_vec_at(v, row);
	double d;

	if (wr_vec_is_null(v, row)) {
		wr_buf_putc(out, 'n');
		return;
	}
	switch (v->type->tag) {
	case WR_BOOLEAN: put_i64(wr_vec_BOOLEAN(v)[at], out); break;
	case WR_INTEGER: put_i64(wr_vec_INTEGER(v)[at], out); break;
	case WR_BIGINT: put_i64(wr_vec_BIGINT(v)[at], out); break;
	case WR_STRING: put_bytes('t', wr_vec_str(v, row), out); break;
	case WR_BYTES: put_bytes('b', wr_vec_str(v, row), out); break;
	case WR_DOUBLE:
		d = wr_vec_DOUBLE(v)[at];
		if (isnan(d)) { /* SQLite's real knows no NaN: it would be NULL */
			put_printed(v, row, out);
			break;
		}
		wr_buf_putc(out, 'd');
		wr_buf_put(out, &d, sizeof d);
		break;
	default: put_printed(v, row, out);
	}
}

static void put_fields(const wr_sqlite_table *t, const wr_batch *b, uint32_t row, bool keys_only,
		       wr_buf *out)
{
	for (uint32_t i = 0; i < t->fields.n; i++) {
		const wr_field *f = &t->fields.items[i];

		if (keys_only && !f->key)
			continue;
		if (f->col < 0)
			put_i64(wr_field_bound(f, b, row), out);
		else
			put_value(&b->cols[f->col], row, out);
	}
}

void wr_sqlite_row(const wr_sqlite_table *t, const wr_batch *b, uint32_t row, wr_buf *out)
{
	uint8_t change = b->change[row];
	bool removes = wr_change_removes(change) ||
		       (t->mode == WR_SQLITE_TABLE && change == WR_ROW_INSERT_NULL);

	if (change == WR_ROW_BEFORE || (removes && t->mode == WR_SQLITE_APPEND))
		return;
	wr_buf_putc(out, removes ? '-' : '+');
	put_fields(t, b, row, removes, out);
}

/* ---------------------------------------------------------------- bytes to rows */

/* Binds the next cell; returns whether it is NULL. Bytes were written by put_fields in this
 * process. */
static bool bind_cell(sqlite3_stmt *st, int at, const char **p)
{
	char kind = *(*p)++;
	uint32_t n;
	int64_t i;
	double d;

	switch (kind) {
	case 'n': sqlite3_bind_null(st, at); return true;
	case 'i':
		memcpy(&i, *p, sizeof i);
		*p += sizeof i;
		sqlite3_bind_int64(st, at, i);
		return false;
	case 'd':
		memcpy(&d, *p, sizeof d);
		*p += sizeof d;
		sqlite3_bind_double(st, at, d);
		return false;
	default:
		memcpy(&n, *p, sizeof n);
		*p += sizeof n;
		if (kind == 'b')
			sqlite3_bind_blob(st, at, *p, (int)n, SQLITE_STATIC);
		else
			sqlite3_bind_text(st, at, *p, (int)n, SQLITE_STATIC);
		*p += n;
		return false;
	}
}

/* Steps, so that the statement can be bound anew. */
static wr_status run(wr_sqlite_table *t, sqlite3_stmt *st, wr_err *err)
{
	if (WR_FAULT_FAIL("sqlite.row", err))
		return WR_FAIL;
	int code = sqlite3_step(st);
	wr_status status = code == SQLITE_DONE || code == SQLITE_ROW
			       ? WR_OK
			       : wr_sqlite_fail(t->db, t->path, "write to", err);

	sqlite3_reset(st);
	return status;
}

static wr_status delete (wr_sqlite_table *t, const char **p, wr_err *err)
{
	int at = 1;

	for (uint32_t i = 0; i < t->fields.n; i++)
		if (t->fields.items[i].key)
			bind_cell(t->del, at++, p);
	return run(t, t->del, err);
}

/* Binds all cells of a put, and those of the key to del; true when the key has a NULL. */
static bool bind_put(wr_sqlite_table *t, sqlite3_stmt *st, const char **p)
{
	bool null_in_key = false;
	int key = 1;

	for (uint32_t i = 0; i < t->fields.n; i++) {
		const char *cell = *p;
		bool null = bind_cell(st, (int)i + 1, p);

		if (t->mode == WR_SQLITE_APPEND || !t->fields.items[i].key)
			continue;
		null_in_key |= null;
		bind_cell(t->del, key++, &cell);
	}
	return null_in_key;
}

static wr_status put(wr_sqlite_table *t, const char **p, wr_err *err)
{
	const char *from = *p;

	if (t->mode == WR_SQLITE_APPEND) {
		bind_put(t, t->add, p);
		return run(t, t->add, err);
	}
	if (!bind_put(t, t->put, p))
		return run(t, t->put, err);
	if (run(t, t->del, err))
		return WR_FAIL;
	*p = from;
	bind_put(t, t->add, p);
	return run(t, t->add, err);
}

wr_status wr_sqlite_rows_apply(wr_sqlite_table *t, wr_str rows, uint64_t *count, wr_err *err)
{
	const char *p = rows.p, *end = rows.p + rows.n;

	while (p < end) {
		bool removes = *p++ == '-';

		if (removes ? delete (t, &p, err) : put(t, &p, err))
			return WR_FAIL;
		++*count;
	}
	return WR_OK;
}

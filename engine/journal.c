/*
 * What is on disk and the way back from it.
 *
 * A statement that changes something is recorded as creating before its parts exist and as live after. Start-up carries out the live ones again, in
 * order, each with the settings it had, the incarnation of its query and its number of tasks: a query finds its state under the incarnation and goes
 * on from its last epoch. Rows that are still creating are removed with their state. A query whose statement no longer plans or opens is reported,
 * and kept in the journal.
 */
#include "engine/journal.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/notice.h"
#include "parser/parse.h"
#include "state/journal_db.h"

struct wr_journal {
	wr_journal_db *db;
	bool replaying;
	const char *place;	/* the file whose statements are carried out now; NULL: none */
	int64_t ordinal;
};

static bool quiet(const wr_engine *e)
{
	return !e->journal || e->journal->replaying;
}

/* The settings somebody gave, as "name=value" lines. */
static void print_settings(const wr_settings *s, wr_buf *out)
{
	for (int i = 0; i < WR_SETTING_COUNT; i++) {
		if (!s->given[i])
			continue;
		wr_buf_puts(out, wr_setting_row_of((wr_setting_id)i)->name);
		wr_buf_putc(out, '=');
		wr_setting_print(s, (wr_setting_id)i, out);
		wr_buf_putc(out, '\n');
	}
}

static void read_settings(wr_settings *s, const char *text)
{
	while (*text) {
		const char *end = strchr(text, '\n'), *eq = strchr(text, '=');
		wr_err ignored = WR_ERR_INIT;

		if (!end || !eq || eq > end)
			return;
		(void)!wr_settings_set(s, (wr_str){ text, (uint32_t)(eq - text) },
				       (wr_str){ eq + 1, (uint32_t)(end - eq - 1) }, &ignored);
		text = end + 1;
	}
}

wr_status wr_journal_creating(wr_exec *x, const wr_query *q, wr_err *err)
{
	wr_buf settings = { 0 };

	if (quiet(x->e))
		return WR_OK;
	print_settings(&x->s->settings, &settings);
	wr_recorded r = {
		.seq = x->seq,
		.status = WR_STMT_CREATING,
		.text = wr_z(x->arena, x->text),
		.place = x->e->journal->place ? x->e->journal->place : "",
		.ordinal = x->e->journal->place ? x->e->journal->ordinal : -1,
		.incarnation = q ? q->incarnation : "",
		.ntasks = q ? q->spec.ntasks : 0,
		.settings = wr_buf_z(&settings),
	};
	wr_status status = wr_journal_db_put(x->e->journal->db, &r, err);

	wr_buf_free(&settings);
	return status;
}

wr_status wr_journal_live(wr_exec *x, wr_err *err)
{
	return quiet(x->e) ? WR_OK : wr_journal_db_status(x->e->journal->db, x->seq, WR_STMT_LIVE, err);
}

void wr_journal_undo(wr_exec *x, const wr_query *q)
{
	wr_err ignored = WR_ERR_INIT;

	if (quiet(x->e))
		return;
	(void)!wr_journal_db_remove(x->e->journal->db, x->seq, &ignored);
	if (q && q->incarnation[0])
		(void)!wr_state_drop(x->e->db, q->incarnation, &ignored);
}

wr_status wr_journal_dropped(wr_engine *e, int64_t seq, wr_err *err)
{
	return quiet(e) ? WR_OK : wr_journal_db_status(e->journal->db, seq, WR_STMT_DROPPED, err);
}

wr_status wr_journal_terminated(wr_engine *e, int64_t seq, wr_err *err)
{
	return quiet(e) ? WR_OK : wr_journal_db_status(e->journal->db, seq, WR_STMT_TERMINATED, err);
}

/* ---------------------------------------------------------------- the way back */

/* Carries one recorded statement out again. */
static wr_status replay(wr_engine *e, const wr_recorded *r, wr_err *err)
{
	wr_session *s = wr_session_new(e);
	wr_arena *a = wr_arena_new();
	wr_outcome out = { 0 };
	wr_stmts stmts;
	wr_status status = WR_FAIL;

	read_settings(&s->settings, r->settings);
	if (wr_parse(a, wr_str_of(r->text), &stmts, err) || stmts.n != 1)
		goto done;
	wr_exec x = { .e = e, .s = s, .arena = a, .stmt = stmts.items[0], .text = wr_str_of(r->text), .out = &out,
		      .seq = r->seq, .incarnation = r->incarnation[0] ? r->incarnation : NULL,
		      .ntasks = (uint16_t)r->ntasks, .relation_only = r->status == WR_STMT_TERMINATED };
	status = x.stmt->kind == WR_STMT_INSERT_VALUES ? WR_OK : wr_exec_statement(&x, err);
done:
	wr_session_free(s);
	wr_arena_free(a);
	return status;
}

static wr_status settle(wr_engine *e, const wr_recorded *r, wr_err *err)
{
	char writer[40];

	switch (r->status) {
	case WR_STMT_LIVE:
	case WR_STMT_TERMINATED:
		if (replay(e, r, err) == WR_OK)
			return WR_OK;
		wr_notice(e, "statement %lld of this data directory cannot be resumed: %s: %s", (long long)r->seq, err->message,
			  r->text);
		return WR_FAIL;
	case WR_STMT_CREATING:
		snprintf(writer, sizeof writer, "insert-%lld", (long long)r->seq);
		if (e->topics && (wr_topics_writer(e->topics, writer, 0, err) || wr_topics_forget(e->topics, writer, err)))
			return WR_FAIL;
		if (r->incarnation[0] && wr_state_drop(e->db, r->incarnation, err))
			return WR_FAIL;
		return wr_journal_db_remove(e->journal->db, r->seq, err);
	default:
		return WR_OK;
	}
}

typedef struct orphans {
	wr_engine *e;
	const wr_recorded *rows;
	uint32_t nrows, n;
	char found[64][40];
} orphans;

static void look_for_owner(void *self, const char *incarnation)
{
	orphans *o = self;

	for (uint32_t i = 0; i < o->nrows; i++)
		if (o->rows[i].status == WR_STMT_LIVE && strcmp(o->rows[i].incarnation, incarnation) == 0)
			return;
	if (o->n < 64)
		snprintf(o->found[o->n++], 40, "%s", incarnation);
}

static wr_status remove_orphans(wr_engine *e, const wr_recorded *rows, uint32_t n, wr_err *err)
{
	orphans *o = wr_calloc(1, sizeof *o);
	wr_status status;

	*o = (orphans){ .e = e, .rows = rows, .nrows = n };
	status = wr_state_each(e->db, look_for_owner, o, err);
	for (uint32_t i = 0; status == WR_OK && i < o->n; i++)
		status = wr_state_drop(e->db, o->found[i], err);
	free(o);
	return status;
}

/* Every writer of embedded topics must be known before anyone reads: frames of open epochs are aborted by the queries' sinks. */
static wr_status replay_all(wr_engine *e, wr_err *err)
{
	wr_arena *a = wr_arena_new();
	wr_recorded *rows;
	uint32_t n;
	wr_status status = wr_journal_db_all(e->journal->db, a, &rows, &n, err);

	if (status == WR_OK)
		status = remove_orphans(e, rows, n, err);
	e->journal->replaying = true;
	for (uint32_t i = 0; status == WR_OK && i < n; i++)
		status = settle(e, &rows[i], err);
	e->journal->replaying = false;
	wr_arena_free(a);
	return status;
}

wr_status wr_journal_open(wr_engine *e, wr_err *err)
{
	e->journal = wr_calloc(1, sizeof *e->journal);
	if (wr_journal_db_open(e->config.dir, &e->journal->db, err) ||
	    wr_journal_db_next(e->journal->db, &e->seq, err))
		return WR_FAIL;
	return replay_all(e, err);
}

void wr_journal_close(wr_engine *e)
{
	if (!e->journal)
		return;
	wr_journal_db_close(e->journal->db);
	free(e->journal);
}

/* ---------------------------------------------------------------- a file continues its data directory */

/* The recorded statement of that file at that place; NULL: none. */
static const wr_recorded *recorded_at(const wr_recorded *rows, uint32_t n, const char *place, int64_t ordinal)
{
	for (uint32_t i = n; i-- > 0;)
		if (rows[i].ordinal == ordinal && strcmp(rows[i].place, place) == 0 &&
		    (rows[i].status == WR_STMT_LIVE || rows[i].status == WR_STMT_TERMINATED))
			return &rows[i];
	return NULL;
}

static wr_status changed(const wr_recorded *r, wr_str text, wr_span span, wr_err *err)
{
	(void)text;
	wr_err_set(err, WR_ERR_STATEMENT, span,
		   "this statement is not the one that this data directory has carried out here");
	return wr_err_hint(err, "it was: %.200s … Use another --data directory, or DROP the old one first", r->text);
}

/* Sets and definitions act on the session and are carried out every time. */
static bool is_recorded_kind(const wr_stmt *s)
{
	switch (s->kind) {
	case WR_STMT_CREATE_SOURCE:
	case WR_STMT_CREATE_SINK:
	case WR_STMT_CREATE_TYPE:
	case WR_STMT_INSERT_QUERY:
	case WR_STMT_INSERT_VALUES:
		return true;
	default:
		return false;
	}
}

typedef struct file_run {
	wr_engine *e;
	wr_session *s;
	const char *place;
	const wr_recorded *rows;
	uint32_t nrows;
	int64_t ordinal;
} file_run;

/* Carries out one statement of a file, unless it stands recorded at its place. */
static wr_status run_one(file_run *f, wr_arena *a, const wr_stmt *stmt, wr_str text, wr_outcome *out, wr_err *err)
{
	wr_status status;

	if (!f->e->journal || !is_recorded_kind(stmt))
		return wr_engine_execute(f->e, f->s, a, stmt, text, out, err);
	const wr_recorded *r = recorded_at(f->rows, f->nrows, f->place, f->ordinal);
	wr_str own = { text.p + stmt->span.at, stmt->span.length };

	f->ordinal++;
	if (r && wr_str_is(own, r->text)) {
		*out = (wr_outcome){ .kind = WR_OUTCOME_NONE, .stmt = stmt };
		return WR_OK;
	}
	if (r)
		return changed(r, own, stmt->span, err);
	f->e->journal->place = f->place;
	f->e->journal->ordinal = f->ordinal - 1;
	status = wr_engine_execute(f->e, f->s, a, stmt, text, out, err);
	f->e->journal->place = NULL;
	return status;
}

static wr_status run_text(file_run *f, wr_str text, wr_outcome_fn each, void *self, wr_str *shown, wr_err *err)
{
	wr_arena *a = wr_arena_new();
	uint32_t at = 0;
	bool found = true;
	wr_status status = WR_OK;

	while (status == WR_OK && found) {
		wr_stmt *stmt;
		wr_outcome out;

		status = wr_engine_parse(f->s, a, text, &at, &found, &stmt, shown, err);
		if (status || !found)
			break;
		status = run_one(f, a, stmt, *shown, &out, err);
		if (status == WR_OK && each)
			each(self, &out);
	}
	if (status && shown->p != text.p)	/* the caller renders it when this arena is gone */
		*shown = wr_arena_str(f->s->arena, *shown);
	wr_arena_free(a);
	return status;
}

static void report_removed(const file_run *f)
{
	for (uint32_t i = 0; i < f->nrows; i++)
		if (f->rows[i].ordinal >= f->ordinal && strcmp(f->rows[i].place, f->place) == 0 &&
		    f->rows[i].status == WR_STMT_LIVE)
			wr_notice(f->e, "%s no longer has this statement, which goes on in the data directory: %.120s",
				  f->place, f->rows[i].text);
}

wr_status wr_engine_run_text(wr_engine *e, wr_session *s, const char *place, wr_str text, wr_outcome_fn each,
			     void *self, wr_str *shown, wr_err *err)
{
	wr_arena *a = wr_arena_new();
	wr_recorded *rows = NULL;
	file_run f = { .e = e, .s = s, .place = place };
	wr_status status = WR_OK;

	*shown = text;
	if (e->journal)
		status = wr_journal_db_all(e->journal->db, a, &rows, &f.nrows, err);
	f.rows = rows;
	if (status == WR_OK)
		status = run_text(&f, text, each, self, shown, err);
	if (status == WR_OK)
		report_removed(&f);
	wr_arena_free(a);
	return status;
}

/*
 * What is on disk and the way back from it.
 *
 * A statement that changes something is recorded as creating before its parts exist and as live
 * after. Start-up carries out the live ones again, in order, each with the settings it had, the
 * incarnation of its query and its number of tasks: a query finds its state under the incarnation
 * and goes on from its last epoch. Rows that are still creating are removed with their state. A
 * query whose statement no longer plans or opens is reported, and kept in the journal.
 *
 * What was replaced stays recorded, for those that were planned against it; its query does not come
 * back, the new one has its state.
 */
#include "engine/journal.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/settings_kafka.h"
#include "core/number.h"
#include "core/fault.h"
#include "engine/notice.h"
#include "parser/parse.h"
#include "state/catalog_sqlite.h"

struct wr_journal {
	wr_catdb *db;
	bool replaying;
	const char *place; /* the file whose statements are carried out now; NULL: none */
	int64_t ordinal;
};

/* In the `extra` of a CREATE … AS whose query was ended, went on as another's, or rests. */
#define TERMINATED "terminated"
#define REPLACED   "replaced"
#define PAUSED	   "paused"
/* Dropped, when the statement of this number was the last; it may be needed for those before. */
#define GONE	   "gone after "

static bool quiet(const wr_engine *e)
{
	return !e->journal || e->journal->replaying;
}

/* Secrets are not written down: whoever starts the program gives them with --set. */
static void print_kafka(const wr_settings *s, wr_buf *out)
{
	wr_arena *a = wr_arena_new();

	for (const char *const *p = wr_settings_kafka(s, a); p && *p; p += 2)
		if (!wr_kafka_property_is_secret(p[0]) && !strchr(p[1], '\n'))
			wr_buf_printf(out, "kafka.%s=%s\n", p[0], p[1]);
	wr_arena_free(a);
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
	print_kafka(s, out);
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

static wr_statement_row row_of(const wr_exec *x, wr_str settings)
{
	const struct wr_journal *j = x->e->journal;

	return (wr_statement_row){
		.seq = x->seq,
		.place = j->place ? wr_str_of(j->place) : (wr_str){ 0 },
		.ordinal = j->place ? (int32_t)j->ordinal : -1,
		.text = x->written.p ? x->written : x->text,
		.normal = x->text,
		.status = WR_STATEMENT_CREATING,
		.kind = wr_str_of(wr_stmt_kind_text(x->stmt->kind)),
		.created_at = wr_clock_ms(),
		.properties = settings,
	};
}

static int32_t recorded_partitions(wr_engine *e, wr_str topic)
{
	wr_buf kind = { 0 };
	wr_err ignored = WR_ERR_INIT;
	int32_t n;

	if (wr_catdb_topic(e->journal->db, topic, &n, &kind, &ignored) || n <= 0)
		n = -1;
	wr_buf_free(&kind);
	return n;
}

int32_t wr_journal_partitions(wr_engine *e, wr_str topic)
{
	return e->journal && e->journal->replaying ? recorded_partitions(e, topic) : -1;
}

wr_status wr_journal_topic(wr_engine *e, wr_str topic, int32_t partitions, wr_err *err)
{
	if (quiet(e) || partitions <= 0 || recorded_partitions(e, topic) == partitions)
		return WR_OK;
	return wr_catdb_put_topic(e->journal->db, topic, partitions, WR_STR_LIT("kafka"), err);
}

wr_status wr_journal_new_insert_id(wr_catdb *catalog, char out[WR_INSERT_ID], wr_err *err)
{
	char uuid[40];

	wr_uuid_make(uuid);
	snprintf(out, WR_INSERT_ID, "insert-%s", uuid);
	return wr_catdb_set(catalog, WR_INSERT_ID_KEY, wr_str_of(out), err);
}

wr_status wr_journal_insert_id(wr_engine *e, bool make, char out[WR_INSERT_ID], wr_err *err)
{
	wr_buf id = { 0 };
	bool found;
	wr_status status = wr_catdb_get(e->journal->db, WR_INSERT_ID_KEY, &id, &found, err);

	snprintf(out, WR_INSERT_ID, "%s", status == WR_OK && found ? wr_buf_z(&id) : "");
	if (status == WR_OK && !found && make)
		status = wr_journal_new_insert_id(e->journal->db, out, err);
	wr_buf_free(&id);
	return status;
}

wr_status wr_journal_number(wr_exec *x, wr_err *err)
{
	wr_buf settings = { 0 };
	wr_status status;

	if (x->seq)
		return WR_OK;
	if (quiet(x->e)) {
		x->seq = ++x->e->seq;
		return WR_OK;
	}
	print_settings(&x->s->settings, &settings);
	wr_statement_row row = row_of(x, (wr_str){ wr_buf_z(&settings), (uint32_t)settings.n });

	status = WR_FAULT_FAIL("journal.number", err)
		     ? WR_FAIL
		     : wr_catdb_append(x->e->journal->db, &row, &x->seq, err);
	wr_buf_free(&settings);
	return status;
}

static void name_row(wr_statement_row *row, const wr_query *q)
{
	row->query_id = wr_str_of(q->id);
	row->incarnation = wr_str_of(q->incarnation);
	row->tasks = q->spec.ntasks;
	row->name = q->sink_name;
}

wr_status wr_journal_creating(wr_exec *x, const wr_query *q, wr_err *err)
{
	wr_buf settings = { 0 };
	wr_status status;

	if (quiet(x->e))
		return WR_OK;
	print_settings(&x->s->settings, &settings);
	wr_statement_row row = row_of(x, (wr_str){ wr_buf_z(&settings), (uint32_t)settings.n });

	name_row(&row, q);
	status = WR_FAULT_FAIL("journal.creating", err)
		     ? WR_FAIL
		     : wr_catdb_update(x->e->journal->db, &row, err);
	wr_buf_free(&settings);
	return status;
}

wr_status wr_journal_live(wr_exec *x, wr_err *err)
{
	if (quiet(x->e))
		return WR_OK;
	if (WR_FAULT_FAIL("journal.before_live", err) ||
	    wr_catdb_set_status(x->e->journal->db, x->seq, WR_STATEMENT_LIVE, err))
		return WR_FAIL;
	return WR_FAULT_FAIL("journal.live", err);
}

bool wr_journal_undo(wr_exec *x, const wr_query *q)
{
	wr_err ignored = WR_ERR_INIT;

	if (quiet(x->e))
		return true;
	if (wr_catdb_set_status(x->e->journal->db, x->seq, WR_STATEMENT_DROPPED, &ignored))
		return false;
	if (q && q->incarnation[0])
		(void)!wr_state_drop(x->e->db, q->incarnation, &ignored);
	return true;
}

/* Whether what is there might have been planned against what goes: relations without their query,
 * and what was replaced. */
static bool may_be_needed(const wr_engine *e)
{
	for (const wr_named *n = e->names.first; n; n = n->next)
		if (n->before || (n->relation && n->relation->from_query && !n->query))
			return true;
	return false;
}

static wr_status last_number(void *self, const wr_statement_row *row, wr_err *err)
{
	(void)err;
	*(int64_t *)self = row->seq;
	return WR_OK;
}

wr_status wr_journal_gone(wr_engine *e, int64_t seq, bool needed, wr_err *err)
{
	char extra[48];
	int64_t last = seq;

	if (quiet(e))
		return WR_OK;
	if (!needed && !may_be_needed(e))
		return wr_journal_dropped(e, seq, err);
	if (WR_FAULT_FAIL("journal.gone", err) ||
	    wr_catdb_each(e->journal->db, true, last_number, &last, err))
		return WR_FAIL;
	snprintf(extra, sizeof extra, GONE "%lld", (long long)last);
	return wr_catdb_set_extra(e->journal->db, seq, wr_str_of(extra), err);
}

wr_status wr_journal_dropped(wr_engine *e, int64_t seq, wr_err *err)
{
	if (quiet(e))
		return WR_OK;
	return WR_FAULT_FAIL("journal.dropped", err)
		   ? WR_FAIL
		   : wr_catdb_set_status(e->journal->db, seq, WR_STATEMENT_DROPPED, err);
}

wr_status wr_journal_terminated(wr_engine *e, int64_t seq, wr_err *err)
{
	if (quiet(e))
		return WR_OK;
	return WR_FAULT_FAIL("journal.terminated", err)
		   ? WR_FAIL
		   : wr_catdb_set_extra(e->journal->db, seq, WR_STR_LIT(TERMINATED), err);
}

wr_status wr_journal_paused(wr_engine *e, int64_t seq, bool paused, wr_err *err)
{
	return quiet(e) ? WR_OK
			: wr_catdb_set_extra(e->journal->db, seq,
					     paused ? WR_STR_LIT(PAUSED) : (wr_str){ 0 }, err);
}

wr_status wr_journal_replaced(wr_exec *x, const wr_query *q, int64_t old, wr_err *err)
{
	wr_buf settings = { 0 };
	wr_catdb *db;
	wr_status status;

	if (quiet(x->e))
		return WR_OK;
	db = x->e->journal->db;
	print_settings(&x->s->settings, &settings);
	wr_statement_row row = row_of(x, (wr_str){ wr_buf_z(&settings), (uint32_t)settings.n });

	name_row(&row, q);
	row.status = WR_STATEMENT_LIVE;
	if (q->pause)
		row.extra = WR_STR_LIT(PAUSED);
	status = wr_catdb_begin(db, err);
	if (status == WR_OK &&
	    (wr_catdb_update(db, &row, err) || WR_FAULT_FAIL("journal.replacing", err) ||
	     wr_catdb_set_extra(db, old, WR_STR_LIT(REPLACED), err))) {
		wr_catdb_rollback(db);
		status = WR_FAIL;
	} else if (status == WR_OK) {
		status = wr_catdb_commit(db, err);
	}
	wr_buf_free(&settings);
	return status;
}

/* ---------------------------------------------------------------- the way back */

/* A recorded statement, copied out of the database. */
typedef struct recorded {
	int64_t seq, ordinal;
	wr_statement_status status;
	const char *text, *normal, *place, *incarnation, *settings, *query_id;
	uint16_t ntasks;
	bool relation_only, replaced, paused, taken;
	bool seen; /* the file that is run now has it */
	wr_str kind;
	int64_t gone; /* number of the last statement that may know it; 0: it is there */
} recorded;

typedef struct recorded_list {
	wr_arena *arena;
	recorded *rows;
	uint32_t n, room;
} recorded_list;

static int64_t gone_after(wr_str extra)
{
	uint32_t n = sizeof GONE - 1;
	int64_t seq;

	if (extra.n <= n || memcmp(extra.p, GONE, n) != 0 ||
	    !wr_parse_i64((wr_str){ extra.p + n, extra.n - n }, &seq))
		return 0;
	return seq;
}

static wr_status copy_row(void *self, const wr_statement_row *row, wr_err *err)
{
	recorded_list *l = self;

	(void)err;
	if (l->n == l->room) {
		recorded *more = WR_NEW_ARRAY(l->arena, recorded, l->room ? l->room * 2 : 64);

		if (l->n)
			memcpy(more, l->rows, l->n * sizeof *more);
		l->rows = more;
		l->room = l->room ? l->room * 2 : 64;
	}
	l->rows[l->n++] = (recorded){
		.seq = row->seq,
		.ordinal = row->ordinal,
		.status = row->status,
		.text = wr_arena_str(l->arena, row->text).p,
		.normal = wr_arena_str(l->arena, row->normal).p,
		.place = wr_arena_str(l->arena, row->place).p,
		.incarnation = wr_arena_str(l->arena, row->incarnation).p,
		.settings = wr_arena_str(l->arena, row->properties).p,
		.ntasks = (uint16_t)row->tasks,
		.query_id = wr_arena_str(l->arena, row->query_id).p,
		.replaced = wr_str_is(row->extra, REPLACED),
		.kind = wr_arena_str(l->arena, row->kind),
		.gone = gone_after(row->extra),
		.relation_only = wr_str_is(row->extra, TERMINATED) ||
				 wr_str_is(row->extra, REPLACED) || gone_after(row->extra),
		.paused = wr_str_is(row->extra, PAUSED),
	};
	return WR_OK;
}

static wr_status read_rows(wr_engine *e, wr_arena *a, recorded_list *out, wr_err *err)
{
	*out = (recorded_list){ .arena = a };
	return wr_catdb_each(e->journal->db, false, copy_row, out, err);
}

/* Where its name is taken, it took over when it was carried out: whether it said so, or stood
 * changed in a file. */
static bool takes_over(wr_engine *e, const wr_stmt *s)
{
	if (s->kind == WR_STMT_CREATE_SINK)
		return wr_names_find(e, s->create_sink.name.name) != NULL;
	return s->kind == WR_STMT_CREATE_SOURCE && !s->create_source.is_source &&
	       wr_names_find(e, s->create_source.name.name) != NULL;
}

/* Carries one recorded statement out again. */
static wr_status replay(wr_engine *e, const recorded *r, wr_err *err)
{
	wr_session *s = wr_session_new(e);
	wr_arena *a = wr_arena_new();
	wr_outcome out = { 0 };
	wr_stmts stmts;
	wr_status status = WR_FAIL;

	read_settings(&s->settings, r->settings);
	if (wr_parse(a, wr_str_of(r->normal), &stmts, err) || stmts.n != 1)
		goto done;
	wr_exec x = { .e = e,
		      .s = s,
		      .arena = a,
		      .stmt = stmts.items[0],
		      .text = wr_str_of(r->normal),
		      .out = &out,
		      .seq = r->seq,
		      .incarnation = r->incarnation[0] ? r->incarnation : NULL,
		      .ntasks = r->ntasks,
		      .query_id = r->query_id && r->query_id[0] ? r->query_id : NULL,
		      .relation_only = r->relation_only,
		      .gone = r->gone != 0,
		      .paused = r->paused };
	x.replace = takes_over(e, x.stmt);
	status = WR_FAULT_FAIL("start.replay", err)	 ? WR_FAIL
		 : x.stmt->kind == WR_STMT_INSERT_VALUES ? WR_OK
							 : wr_exec_statement(&x, err);
done:
	wr_session_free(s);
	wr_arena_free(a);
	return status;
}

/* What an INSERT … VALUES that does not count has written. */
static wr_status take_back_rows(wr_engine *e, int64_t seq, wr_err *err)
{
	char writer[40];

	snprintf(writer, sizeof writer, "insert-%lld", (long long)seq);
	return e->topics ? wr_topics_take_back(e->topics, writer, err) : WR_OK;
}

/* One that failed and was undone may have been kept from taking its rows back. */
static wr_status visit_undone(void *self, const wr_statement_row *row, wr_err *err)
{
	if (row->status != WR_STATEMENT_DROPPED ||
	    !wr_str_is(row->kind, wr_stmt_kind_text(WR_STMT_INSERT_VALUES)))
		return WR_OK;
	return take_back_rows(self, row->seq, err);
}

/* Half recorded is an INSERT … VALUES whose transaction may have been committed. */
static wr_status insert_is_live(wr_engine *e, const recorded *r, bool *live, wr_err *err)
{
	wr_arena *a = wr_arena_new();
	wr_err ignored = WR_ERR_INIT;
	wr_stmts stmts;
	wr_named *n = NULL;

	*live = false;
	if (!e->topics && wr_parse(a, wr_str_of(r->text), &stmts, &ignored) == WR_OK &&
	    stmts.n == 1 && stmts.items[0]->kind == WR_STMT_INSERT_VALUES)
		n = wr_names_find(e, stmts.items[0]->values.name.name);
	wr_status status =
	    n && n->relation ? wr_insert_decided(e, n->relation, r->seq, live, err) : WR_OK;

	wr_arena_free(a);
	return status;
}

/* A statement that was only half carried out: what it left is removed. */
static wr_status remove_half(wr_engine *e, const recorded *r, wr_err *err)
{
	bool live;

	if (WR_FAULT_FAIL("start.half", err) || insert_is_live(e, r, &live, err))
		return WR_FAIL;
	if (live)
		return wr_catdb_set_status(e->journal->db, r->seq, WR_STATEMENT_LIVE, err);
	if (take_back_rows(e, r->seq, err))
		return WR_FAIL;
	if (r->incarnation[0] && wr_state_drop(e->db, r->incarnation, err))
		return WR_FAIL;
	if (WR_FAULT_FAIL("start.half_removed", err))
		return WR_FAIL;
	return wr_catdb_set_status(e->journal->db, r->seq, WR_STATEMENT_DROPPED, err);
}

static wr_status settle(wr_engine *e, const recorded *r, wr_err *err)
{
	if (r->status == WR_STATEMENT_CREATING)
		return remove_half(e, r, err);
	wr_err ignored = WR_ERR_INIT;

	if (r->gone) /* whoever needs it will say that it is missing */
		return (void)!replay(e, r, &ignored), WR_OK;
	if (replay(e, r, err) == WR_OK)
		return WR_OK;
	wr_notice(e, "statement %lld of this data directory cannot be resumed: %s: %s",
		  (long long)r->seq, err->message, r->text);
	return WR_FAIL;
}

typedef struct orphans {
	const recorded_list *rows;
	uint32_t n;
	char found[64][40];
} orphans;

static void look_for_owner(void *self, const char *incarnation)
{
	orphans *o = self;

	/* what was replaced has none of its own, what was terminated needs none */
	for (uint32_t i = 0; i < o->rows->n; i++)
		if (!o->rows->rows[i].relation_only &&
		    strcmp(o->rows->rows[i].incarnation, incarnation) == 0)
			return;
	if (o->n < 64)
		snprintf(o->found[o->n++], 40, "%s", incarnation);
}

static wr_status remove_orphans(wr_engine *e, const recorded_list *rows, wr_err *err)
{
	orphans *o = wr_calloc(1, sizeof *o);
	wr_status status;

	o->rows = rows;
	status = wr_state_each(e->db, look_for_owner, o, err);
	for (uint32_t i = 0; status == WR_OK && i < o->n; i++)
		status = wr_state_drop(e->db, o->found[i], err);
	free(o);
	return status;
}

static bool take_type(wr_engine *e, int64_t seq, bool *needed)
{
	for (wr_named_type **at = &e->names.types; *at; at = &(*at)->next)
		if ((*at)->seq == seq) {
			*needed = (*at)->looked_up;
			*at = (*at)->next;
			return true;
		}
	return false;
}

static bool take_name(wr_engine *e, int64_t seq, bool *needed)
{
	for (wr_named *n = e->names.first; n; n = n->next)
		for (wr_named *old = n; old; old = old->before)
			if (old->seq == seq) {
				*needed = old->looked_up;
				if (old == n)
					wr_names_remove(e, n);
				return true;
			}
	return false;
}

/* What was dropped before statement `seq` was carried out goes; for good when nothing has looked it
 * up. */
static wr_status take_away(wr_engine *e, recorded_list *l, int64_t seq, wr_err *err)
{
	bool needed;

	/* those that were replaced before the one that has them behind it */
	for (uint32_t i = 0; i < l->n; i++) {
		recorded *r = &l->rows[i];

		if (!r->gone || r->gone >= seq || r->taken)
			continue;
		r->taken = true;
		if ((take_type(e, r->seq, &needed) || take_name(e, r->seq, &needed)) && !needed &&
		    wr_catdb_set_status(e->journal->db, r->seq, WR_STATEMENT_DROPPED, err))
			return WR_FAIL;
	}
	return WR_OK;
}

static wr_status replay_all(wr_engine *e, wr_err *err)
{
	wr_arena *a = wr_arena_new();
	recorded_list rows;
	wr_status status = read_rows(e, a, &rows, err);

	if (status == WR_OK)
		status = wr_catdb_each(e->journal->db, true, visit_undone, e, err);
	if (status == WR_OK)
		status =
		    WR_FAULT_FAIL("start.orphans", err) ? WR_FAIL : remove_orphans(e, &rows, err);
	e->journal->replaying = true;
	for (uint32_t i = 0; status == WR_OK && i < rows.n; i++) {
		status = take_away(e, &rows, rows.rows[i].seq, err);
		e->journal->replaying = rows.rows[i].status == WR_STATEMENT_LIVE;
		if (status == WR_OK)
			status = settle(e, &rows.rows[i], err);
	}
	e->journal->replaying = false;
	if (status == WR_OK)
		status = take_away(e, &rows, INT64_MAX, err);
	wr_arena_free(a);
	return status;
}

wr_status wr_journal_open(wr_engine *e, wr_err *err)
{
	e->journal = wr_calloc(1, sizeof *e->journal);
	return wr_catdb_open(e->config.dir, &e->journal->db, err) ? WR_FAIL : replay_all(e, err);
}

wr_status wr_journal_backup(wr_engine *e, const char *dir, wr_err *err)
{
	return wr_catdb_backup(e->journal->db, dir, err);
}

void wr_journal_close(wr_engine *e)
{
	if (!e->journal)
		return;
	wr_catdb_close(e->journal->db);
	free(e->journal);
}

/* ---------------------------------------------------------------- a file continues its data
 * directory */

/*
 * A file's statements are known again by their text, wherever in the file they stand now; a
 * definition whose text has changed, by its name.
 */
static bool stands(const recorded *r, const char *place)
{
	return !r->seen && !r->replaced && !r->gone && r->status == WR_STATEMENT_LIVE &&
	       strcmp(r->place, place) == 0;
}

/* The recorded statement of that text, at that place in the file if there are several; NULL:
 * none. */
static recorded *recorded_text(const recorded_list *l, const char *place, int64_t ordinal,
			       wr_str text)
{
	recorded *found = NULL;

	for (uint32_t i = l->n; i-- > 0;)
		if (stands(&l->rows[i], place) && wr_str_is(text, l->rows[i].text) &&
		    (!found || found->ordinal != ordinal))
			found = &l->rows[i];
	return found;
}

static recorded *recorded_number(const recorded_list *l, const char *place, int64_t seq)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->rows[i].seq == seq && stands(&l->rows[i], place))
			return &l->rows[i];
	return NULL;
}

/* The one that stood at that place and is not in the rest of the file: text that was changed, if it
 * is of the same kind. */
static recorded *recorded_at(const recorded_list *l, const char *place, int64_t ordinal,
			     wr_str kind, wr_str rest)
{
	for (uint32_t i = l->n; i-- > 0;) {
		recorded *r = &l->rows[i];

		if (r->ordinal == ordinal && stands(r, place) && wr_str_eq(r->kind, kind) &&
		    !memmem(rest.p, rest.n, r->text, strlen(r->text)))
			return r;
	}
	return NULL;
}

static wr_status changed(const recorded *r, wr_span span, wr_err *err)
{
	wr_err_set(
	    err, WR_ERR_STATEMENT, span,
	    "this statement is not the one that this data directory has carried out here, and cannot take its place");
	return wr_err_hint(err,
			   "it was: %.200s … Use another --data directory, or leave it as it was",
			   r->text);
}

/* The recorded definition of the name that a CREATE defines; NULL: the file has none. */
static recorded *recorded_name(wr_engine *e, const recorded_list *l, const char *place,
			       const wr_stmt *s)
{
	bool relation = s->kind == WR_STMT_CREATE_SOURCE;
	wr_named *n =
	    relation || s->kind == WR_STMT_CREATE_SINK
		? wr_names_find(e, relation ? s->create_source.name.name : s->create_sink.name.name)
		: NULL;

	return n ? recorded_number(l, place, n->seq) : NULL;
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
	case WR_STMT_ALTER: return true;
	default: return false;
	}
}

static bool is_setting(const wr_stmt *s)
{
	return s->kind == WR_STMT_SET || s->kind == WR_STMT_UNSET || s->kind == WR_STMT_DEFINE ||
	       s->kind == WR_STMT_UNDEFINE;
}

typedef struct file_run {
	wr_engine *e;
	wr_session *s;
	const char *place;
	recorded_list rows;
	int64_t ordinal;
	wr_str rest; /* of the file, behind the statement */
} file_run;

/* Carries out one statement of a file, unless it stands recorded at its place. */
static wr_status run_one(file_run *f, wr_arena *a, const wr_stmt *stmt, wr_str text,
			 wr_outcome *out, wr_err *err)
{
	wr_status status;

	if (!is_recorded_kind(stmt) && !is_setting(stmt))
		wr_engine_release(f->e);
	if (!f->e->journal || !f->place || !is_recorded_kind(stmt))
		return wr_engine_execute(f->e, f->s, a, stmt, text, out, err);
	wr_str own = { text.p + stmt->span.at, stmt->span.length };
	recorded *r = recorded_text(&f->rows, f->place, f->ordinal++, own);

	if (r) {
		r->seen = true;
		*out = (wr_outcome){ .kind = WR_OUTCOME_NONE, .stmt = stmt };
		return WR_OK;
	}
	r = recorded_name(f->e, &f->rows, f->place, stmt);
	bool replace = r != NULL;

	if (!r && stmt->kind != WR_STMT_CREATE_SOURCE && stmt->kind != WR_STMT_CREATE_SINK)
		r = recorded_at(&f->rows, f->place, f->ordinal - 1,
				wr_str_of(wr_stmt_kind_text(stmt->kind)), f->rest);
	if (r && !replace)
		return changed(r, stmt->span, err);
	if (r)
		r->seen = true;
	f->e->journal->place = f->place;
	f->e->journal->ordinal = f->ordinal - 1;
	status = wr_engine_execute_as(f->e, f->s, a, stmt, text, replace, out, err);
	f->e->journal->place = NULL;
	return status;
}

static wr_status run_text(file_run *f, wr_str text, wr_outcome_fn each, void *self, wr_str *shown,
			  wr_err *err)
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
		f->rest = (wr_str){ text.p + at, text.n - at };
		status = run_one(f, a, stmt, *shown, &out, err);
		if (status == WR_OK && each)
			each(self, &out);
	}
	if (status && shown->p != text.p) /* the caller renders it when this arena is gone */
		*shown = wr_arena_str(f->s->arena, *shown);
	wr_arena_free(a);
	return status;
}

static void report_removed(const file_run *f)
{
	for (uint32_t i = 0; i < f->rows.n; i++) {
		const recorded *r = &f->rows.rows[i];

		if (stands(r, f->place))
			wr_notice(
			    f->e,
			    "%s no longer has this statement, which goes on in the data directory: %.120s",
			    f->place, r->text);
	}
}

wr_status wr_engine_run_text(wr_engine *e, wr_session *s, const char *place, wr_str text,
			     wr_outcome_fn each, void *self, wr_str *shown, wr_err *err)
{
	wr_arena *a = wr_arena_new();
	file_run f = { .e = e, .s = s, .place = place };
	wr_status status = WR_OK;

	*shown = text;
	if (e->journal)
		status = read_rows(e, a, &f.rows, err);
	if (status == WR_OK)
		status = run_text(&f, text, each, self, shown, err);
	if (status == WR_OK && place)
		report_removed(&f);
	wr_arena_free(a);
	return status;
}

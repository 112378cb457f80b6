/*
 * The bad records that queries have kept, for people: SHOW ERRORS of a running engine, and `weir
 * errors` on a data directory that is not in use. Both read the last commit. bad_record.h says how
 * they are stored.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/bad_record.h"
#include "engine/epoch.h"
#include "engine/internal.h"
#include "state/catalog_sqlite.h"

enum { MOST = 1000, COLS = 7, TEXT_MAX = 4000 };

/* Calls visit for each kept record of the state, oldest first, until it says false. A damaged one
 * has a reason that says so. */
static void each_error(wr_state *state, const char *query, wr_error_visit visit, void *self)
{
	wr_view *v = wr_view_open(state, WR_ERROR_STORE, (wr_str){ 0 }, (wr_str){ 0 });
	wr_arena *a = wr_arena_new();
	wr_str key, value;
	bool more = true;

	while (more && wr_view_next(v, &key, &value)) {
		wr_bad_record bad;

		if (!wr_bad_record_get(a, value, &bad))
			bad = (wr_bad_record){ .reason = WR_STR_LIT(
						   "what was kept of this record is damaged") };
		(void)!wr_bad_record_number(key, &bad.number);
		more = visit(self, query, &bad);
		wr_arena_reset(a);
	}
	wr_arena_free(a);
	wr_view_close(v);
}

/* ---------------------------------------------------------------- SHOW ERRORS */

typedef struct error_rows {
	wr_exec *x;
	uint32_t n, max;
	const char **cells;
} error_rows;

static bool add(void *self, const char *query, const wr_bad_record *bad)
{
	error_rows *r = self;
	wr_arena *a = r->x->arena;
	const char **c = r->cells + (size_t)r->n * COLS;

	if (r->n == r->max)
		return false;
	c[0] = wr_arena_strdup(a, query);
	c[1] = wr_arena_printf(a, "%lld", (long long)bad->number).p;
	c[2] = wr_bad_record_text(a, bad->topic, TEXT_MAX);
	c[3] = wr_arena_printf(a, "%d:%lld", bad->rec.partition, (long long)bad->rec.offset).p;
	c[4] = wr_bad_record_text(a, bad->reason, TEXT_MAX);
	c[5] = wr_bad_record_text(a, bad->rec.key, TEXT_MAX);
	c[6] = wr_bad_record_text(a, bad->rec.value, TEXT_MAX);
	r->n++;
	return true;
}

static wr_status read_query(error_rows *r, wr_query *q, wr_err *err)
{
	wr_state *state;
	wr_status status = WR_OK;

	pthread_mutex_lock(&q->lock);
	if (q->live) {
		each_error(q->live->state, q->id, add, r);
	} else if (q->run) {
		each_error(q->run->state, q->id, add, r);
	} else { /* between two runs, or ended */
		status = wr_state_open(q->engine->db, q->incarnation, &state, err);
		if (status == WR_OK) {
			each_error(state, q->id, add, r);
			wr_state_close(state);
		}
	}
	pthread_mutex_unlock(&q->lock);
	return status;
}

wr_status wr_exec_show_errors(wr_exec *x, wr_err *err)
{
	static const char *const names[] = { "query",  "number", "topic", "partition:offset",
					     "reason", "key",	 "value" };
	const wr_limit *limit = &x->stmt->show.limit;
	error_rows r = { .x = x,
			 .max = limit->given && limit->n < MOST ? (uint32_t)limit->n : MOST };

	r.cells = WR_NEW_ARRAY(x->arena, const char *, (size_t)r.max *COLS + COLS);
	for (wr_query *q = x->e->queries; q; q = q->next)
		if (read_query(&r, q, err))
			return WR_FAIL;
	x->out->kind = WR_OUTCOME_LISTING;
	x->out->listing = (wr_listing){ COLS, r.n, names, r.cells };
	return WR_OK;
}

/* ---------------------------------------------------------------- a directory that is not in
 * use */

typedef struct look {
	wr_db *db;
	wr_error_visit visit;
	void *self;
	wr_arena *arena;
	struct {
		const char *id, *incarnation;
	} * queries;
	uint32_t n, room;
} look;

static wr_status note_query(void *self, const wr_statement_row *row, wr_err *err)
{
	look *l = self;

	(void)err;
	if (row->status != WR_STATEMENT_LIVE || !row->incarnation.n || !row->query_id.n)
		return WR_OK;
	for (uint32_t i = 0; i < l->n; i++) /* what was replaced has the same */
		if (wr_str_is(row->incarnation, l->queries[i].incarnation))
			return WR_OK;
	if (l->n == l->room) {
		l->room = l->room ? l->room * 2 : 16;
		l->queries = wr_realloc(l->queries, l->room * sizeof *l->queries);
	}
	l->queries[l->n].id = wr_arena_str(l->arena, row->query_id).p;
	l->queries[l->n++].incarnation = wr_arena_str(l->arena, row->incarnation).p;
	return WR_OK;
}

typedef struct having {
	const char *incarnation;
	bool found;
} having;

static void compare(void *self, const char *incarnation)
{
	having *h = self;

	h->found |= !strcmp(h->incarnation, incarnation);
}

static wr_status each_query(look *l, wr_err *err)
{
	for (uint32_t i = 0; i < l->n; i++) {
		having h = { l->queries[i].incarnation, false };
		wr_state *state;

		if (wr_state_each(l->db, compare, &h, err))
			return WR_FAIL;
		if (!h.found) /* terminated: it has no state, and looking must not make one */
			continue;
		if (wr_state_open(l->db, h.incarnation, &state, err))
			return WR_FAIL;
		each_error(state, l->queries[i].id, l->visit, l->self);
		wr_state_close(state);
	}
	return WR_OK;
}

wr_status wr_engine_errors(const char *dir, wr_error_visit visit, void *self, wr_err *err)
{
	wr_db_options options = { .cache_bytes = 8 << 20 };
	look l = { .visit = visit, .self = self, .arena = wr_arena_new() };
	wr_catdb *catalog = NULL;
	wr_status status = wr_db_open(dir, &options, &l.db, err);

	if (status == WR_OK)
		status = wr_catdb_open(dir, &catalog, err) ||
				 wr_catdb_each(catalog, false, note_query, &l, err) ||
				 each_query(&l, err)
			     ? WR_FAIL
			     : WR_OK;
	wr_catdb_close(catalog);
	wr_db_close(l.db);
	free(l.queries);
	wr_arena_free(l.arena);
	return status;
}

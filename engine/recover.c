/* weir recover: somebody who knows decides in the place of a sink that cannot say what became of an
 * epoch, or does without records that are lost. */
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/epoch.h"
#include "state/catalog_sqlite.h"

typedef struct wanted {
	const char *query; /* as given */
	char incarnation[40];
} wanted;

/* Visits hold the database's lock: what is done with a state is done behind them. */
typedef struct names {
	wr_arena *arena;
	const char **items;
	uint32_t n, room;
} names;

static void note(void *self, const char *incarnation)
{
	names *l = self;

	if (l->n == l->room) {
		const char **more =
		    WR_NEW_ARRAY(l->arena, const char *, l->room ? l->room * 2 : 16);

		if (l->n)
			memcpy(more, l->items, l->n * sizeof *more);
		l->items = more;
		l->room = l->room ? l->room * 2 : 16;
	}
	l->items[l->n++] = wr_arena_strdup(l->arena, incarnation);
}

wr_status wr_incarnations(wr_db *db, wr_arena *a, const char ***out, uint32_t *n, wr_err *err)
{
	names l = { .arena = a };
	wr_status status = wr_state_each(db, note, &l, err);

	*out = l.items;
	*n = l.n;
	return status;
}

/*
 * The state of a query by its incarnation or by its identity, which a restore has changed: sinks
 * speak of that one. NULL and no error: there is none.
 */
static wr_status find(wr_db *db, const char *name, wr_state **state, char identity[40], wr_err *err)
{
	wr_arena *a = wr_arena_new();
	const char **items;
	uint32_t n;
	wr_status status = wr_incarnations(db, a, &items, &n, err);

	*state = NULL;
	for (uint32_t i = 0; status == WR_OK && i < n; i++) {
		if ((status = wr_state_open(db, items[i], state, err)))
			break;
		wr_epoch_identity(*state, items[i], identity);
		if (!strcmp(items[i], name) || !strcmp(identity, name))
			break;
		wr_state_close(*state);
		*state = NULL;
	}
	wr_arena_free(a);
	return status;
}

/* An empty mark makes the next start begin anew with the sink. */
static wr_status forget_mark(wr_state *state, wr_err *err)
{
	wr_store_put(wr_store_open(state, WR_META_STORE, 0), WR_STR_LIT("m"), WR_STR_LIT(""));
	return wr_state_commit(state, err);
}

static wr_status settle(wr_state *state, const char *incarnation, bool committed, wr_err *err)
{
	wr_buf mark = { 0 };
	size_t n = strlen(incarnation);
	uint64_t epoch;

	wr_epoch_mark(state, &mark);
	bool decider = mark.n > n && !memcmp(mark.p, incarnation, n) && mark.p[n] == ' ';
	bool pending = wr_state_pending(state, &epoch);

	wr_buf_free(&mark);
	if (!decider && !pending)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				  "query %s has no sink that decides: there is nothing to recover",
				  incarnation);
	if (pending && (committed ? wr_state_apply : wr_state_discard)(state, err))
		return WR_FAIL;
	return forget_mark(state, err);
}

/* A pending epoch must be decided first, by the sink: the mark that allows is beside it, in the
 * next commit. */
static wr_status allow_lost(wr_state *state, const char *incarnation, wr_err *err)
{
	uint64_t epoch;

	if (wr_state_pending(state, &epoch)) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
			   "epoch %llu of query %s is not decided yet", (unsigned long long)epoch,
			   incarnation);
		return wr_err_hint(err, "start once with the broker there, then do this");
	}
	wr_store_put(wr_store_open(state, WR_META_STORE, 0), WR_STR_LIT("l"), WR_STR_LIT("1"));
	return wr_state_commit(state, err);
}

static wr_status name_incarnation(void *self, const wr_statement_row *row, wr_err *err)
{
	wanted *w = self;

	(void)err;
	if (row->incarnation.n && wr_str_ieq(row->query_id, wr_str_of(w->query)))
		snprintf(w->incarnation, sizeof w->incarnation, "%.*s",
			 WR_STR_ARG(row->incarnation));
	return WR_OK;
}

/* The incarnation of a query by its id; what is none may be an incarnation itself. */
static wr_status find_incarnation(const char *dir, wanted *w, wr_err *err)
{
	wr_catdb *catalog;

	snprintf(w->incarnation, sizeof w->incarnation, "%s", w->query);
	if (wr_catdb_open(dir, &catalog, err))
		return WR_FAIL;
	wr_status status = wr_catdb_each(catalog, false, name_incarnation, w, err);

	wr_catdb_close(catalog);
	return status;
}

wr_status wr_engine_recover(const char *dir, const char *query, wr_assume assume, wr_err *err)
{
	wr_db_options options = { .cache_bytes = 8 << 20 };
	wanted w = { .query = query };
	char identity[40];
	wr_state *state = NULL;
	wr_db *db;

	if (wr_db_open(dir, &options, &db, err))
		return WR_FAIL;
	wr_status status =
	    find_incarnation(dir, &w, err) || find(db, w.incarnation, &state, identity, err)
		? WR_FAIL
		: WR_OK;

	if (status == WR_OK && !state)
		status = wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				    "%s holds no state of a query %s", dir, query);
	if (status == WR_OK)
		status = assume == WR_ASSUME_LOST
			     ? allow_lost(state, w.incarnation, err)
			     : settle(state, identity, assume == WR_ASSUME_COMMITTED, err);
	if (state)
		wr_state_close(state);
	wr_db_close(db);
	return status;
}

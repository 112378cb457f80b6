/* weir recover: somebody who knows decides in the place of a sink that cannot say what became of an
 * epoch. */
#include <string.h>

#include "engine/engine.h"
#include "engine/epoch.h"

typedef struct wanted {
	const char *incarnation;
	bool found;
} wanted;

static void look(void *self, const char *incarnation)
{
	wanted *w = self;

	w->found |= !strcmp(incarnation, w->incarnation);
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
				  "query %s has no sink that decides: there is nothing to recover", incarnation);
	if (pending && (committed ? wr_state_apply : wr_state_discard)(state, err))
		return WR_FAIL;
	return forget_mark(state, err);
}

wr_status wr_engine_recover(const char *dir, const char *incarnation, bool committed, wr_err *err)
{
	wr_db_options options = { .cache_bytes = 8 << 20 };
	wanted w = { incarnation, false };
	wr_state *state;
	wr_db *db;

	if (wr_db_open(dir, &options, &db, err))
		return WR_FAIL;
	wr_status status = wr_state_each(db, look, &w, err);

	if (status == WR_OK && !w.found)
		status = wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "%s holds no state of a query %s", dir, incarnation);
	if (status == WR_OK && (status = wr_state_open(db, incarnation, &state, err)) == WR_OK) {
		status = settle(state, incarnation, committed, err);
		wr_state_close(state);
	}
	wr_db_close(db);
	return status;
}

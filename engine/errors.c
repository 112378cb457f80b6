/*
 * SHOW ERRORS: the bad records that queries have kept, read from the last commit. bad_records.c
 * says how they are stored.
 */
#include <stdlib.h>

#include "engine/epoch.h"
#include "engine/internal.h"

enum { MOST = 1000, COLS = 6 };

typedef struct error_rows {
	wr_exec *x;
	uint32_t n, max;
	const char **cells;
} error_rows;

static bool get_u32(const char **p, const char *end, uint32_t *v)
{
	if (end - *p < 4)
		return false;
	memcpy(v, *p, 4);
	*p += 4;
	return true;
}

/* A length-prefixed text; NULL for null. false: damaged. */
static bool get_text(wr_arena *a, const char **p, const char *end, const char **out)
{
	uint32_t n;

	*out = NULL;
	if (!get_u32(p, end, &n) || (n && (int64_t)(n - 1) > end - *p))
		return false;
	if (n) {
		*out = wr_arena_str(a, (wr_str){ *p, n - 1 }).p;
		*p += n - 1;
	}
	return true;
}

static void add(error_rows *r, const char *query, wr_str value)
{
	wr_arena *a = r->x->arena;
	const char *p = value.p, *end = value.p + value.n, **c = r->cells + (size_t)r->n * COLS;
	uint32_t partition;
	int64_t offset;

	c[0] = wr_arena_strdup(a, query);
	if (!get_text(a, &p, end, &c[1]) || !get_u32(&p, end, &partition) || end - p < 8)
		return;
	memcpy(&offset, p, 8);
	p += 8;
	c[2] = wr_arena_printf(a, "%u:%lld", partition, (long long)offset).p;
	const char *key;

	if (get_text(a, &p, end, &c[3]) && get_text(a, &p, end, &key) && get_text(a, &p, end, &c[5])) {
		c[4] = key;
		r->n++;
	}
}

static void read_state(error_rows *r, const char *query, wr_state *state)
{
	wr_view *v = wr_view_open(state, WR_ERROR_STORE, (wr_str){ 0 }, (wr_str){ 0 });
	wr_str key, value;

	while (r->n < r->max && wr_view_next(v, &key, &value))
		add(r, query, value);
	wr_view_close(v);
}

static wr_status read_query(error_rows *r, wr_query *q, wr_err *err)
{
	wr_state *state;
	wr_status status = WR_OK;

	pthread_mutex_lock(&q->lock);
	if (q->live) {
		read_state(r, q->id, q->live->state);
	} else if (q->run) {
		read_state(r, q->id, q->run->state);
	} else {	/* between two runs, or ended */
		status = wr_state_open(q->engine->db, q->incarnation, &state, err);
		if (status == WR_OK) {
			read_state(r, q->id, state);
			wr_state_close(state);
		}
	}
	pthread_mutex_unlock(&q->lock);
	return status;
}

wr_status wr_exec_show_errors(wr_exec *x, wr_err *err)
{
	static const char *const names[] = { "query", "topic", "partition:offset", "reason", "key", "value" };
	const wr_limit *limit = &x->stmt->show.limit;
	error_rows r = { .x = x, .max = limit->given && limit->n < MOST ? (uint32_t)limit->n : MOST };

	r.cells = WR_NEW_ARRAY(x->arena, const char *, (size_t)r.max * COLS + COLS);
	for (wr_query *q = x->e->queries; q; q = q->next)
		if (read_query(&r, q, err))
			return WR_FAIL;
	x->out->kind = WR_OUTCOME_LISTING;
	x->out->listing = (wr_listing){ COLS, r.n, names, r.cells };
	return WR_OK;
}

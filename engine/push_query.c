#include "engine/push_query.h"

#include <stdlib.h>

#include "engine/left_rows.h"
#include "engine/pull.h"

/* ---------------------------------------------------------------- the sink */

static wr_status open(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
		      wr_err *err)
{
	wr_sink *s = wr_calloc(1, sizeof *s);

	(void)mark, (void)err;
	*s = (wr_sink){ &wr_client_sink_def, spec, cx };
	*out = s;
	return WR_OK;
}

/* Writers have no state of their own: one serves all tasks. */
static wr_status writer(wr_sink *sink, uint16_t task, wr_sink_writer **out, wr_err *err)
{
	static const wr_sink_writer blank;
	wr_sink_writer *w =
	    wr_arena_alloc(((wr_push_query *)sink->cx->client)->query->arena, sizeof *w);

	(void)err;
	*w = blank;
	*w = (wr_sink_writer){ sink, task };
	*out = w;
	return WR_OK;
}

/* The first rows that OFFSET leaves out; an update's halves count as one. */
static uint32_t skipped(wr_push_query *p, const wr_batch *b, uint32_t at, uint32_t n)
{
	uint32_t i = 0;

	for (; i < n && p->skip > 0; p->skip--)
		i += b->change[at + i] == WR_ROW_BEFORE && i + 1 < n ? 2 : 1;
	return i;
}

/* Rows that still fit under LIMIT, counted alike. */
static uint32_t within_limit(wr_push_query *p, const wr_batch *b, uint32_t at, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && (p->limit < 0 || p->given < p->limit)) {
		bool pair = b->change[at + i] == WR_ROW_BEFORE;

		i += pair && i + 1 < n ? 2 : 1;
		p->given++;
	}
	return i;
}

static wr_status write_rows(wr_sink_writer *w, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	wr_push_query *p = w->sink->cx->client;
	uint32_t fit, skip;

	(void)err;
	if (wr_push_query_done(p))
		return WR_OK;
	if (p->left) {
		wr_left_rows_take(p->left, b, at, n);
		return WR_OK;
	}
	skip = skipped(p, b, at, n);
	fit = within_limit(p, b, at + skip, n - skip);
	if (fit && !p->def.rows(p->def.self, b, at + skip, fit))
		p->refused = true;
	if (p->limit >= 0 && p->given >= p->limit)
		p->limit_reached = true;
	return WR_OK;
}

static wr_status mark_nothing(wr_sink *s, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	(void)s, (void)epoch, (void)mark, (void)err;
	return WR_OK;
}

static void close_sink(wr_sink *s)
{
	free(s);
}

const wr_sink_def wr_client_sink_def = {
	.type = "client",
	.kind = WR_SINK_DERIVER,
	.open = open,
	.writer = writer,
	.write = write_rows,
	.mark = mark_nothing,
	.close = close_sink,
};

/* ---------------------------------------------------------------- the query */

bool wr_push_query_done(const wr_push_query *p)
{
	return p->limit_reached || p->refused;
}

void wr_push_query_over(wr_push_query *p, const wr_err *err)
{
	wr_err none = WR_ERR_INIT;

	if (p->left && !err && !p->query->abandon) {
		const wr_plan *plan = p->query->plan;
		wr_left_order order = { plan->norder, plan->order, p->skip, p->limit, &p->shown };
		wr_batch b;
		uint32_t n = wr_left_rows_batch(p->left, &order, &b);

		p->limit_reached = p->limit >= 0 && n == p->limit;
		if (n)
			(void)!p->def.rows(p->def.self, &b, 0, n);
	}
	if (p->def.ended)
		p->def.ended(p->def.self, p->limit_reached, err ? err : &none);
	pthread_mutex_lock(&p->query->lock);
	p->over = true;
	pthread_cond_broadcast(&p->query->ended);
	pthread_mutex_unlock(&p->query->lock);
}

const char *wr_push_query_id(const wr_push_query *p)
{
	return p->query->id;
}

const wr_schema *wr_push_query_schema(const wr_push_query *p)
{
	return &p->shown;
}

bool wr_push_query_table(const wr_push_query *p)
{
	return p->query->plan->graph->table;
}

wr_status wr_push_query_start(wr_push_query *p, const wr_push_def *def, wr_err *err)
{
	p->def = *def;
	if (p->limit == 0)
		p->limit_reached = true;
	if (p->query->plan->pull && wr_pull_possible(p)) {
		wr_pull_start(p);
		return WR_OK;
	}
	if (wr_query_open(p->query, err))
		return WR_FAIL;
	wr_query_start(p->query);
	return WR_OK;
}

void wr_push_query_cancel(wr_push_query *p)
{
	wr_query_stop(p->query, false);
}

void wr_push_query_wait(wr_push_query *p)
{
	pthread_mutex_lock(&p->query->lock);
	while (p->query->started && !p->over)
		pthread_cond_wait(&p->query->ended, &p->query->lock);
	pthread_mutex_unlock(&p->query->lock);
}

const wr_str *wr_push_query_names(const wr_push_query *p)
{
	return p->query->plan->names;
}

bool wr_push_query_pull(const wr_push_query *p)
{
	return p->query->plan->pull;
}

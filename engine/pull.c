/*
 * A pull query on state. The tables that it reads are results of running queries, which keep them:
 * the last operator with state of such a query (its aggregate, or its table) is read by
 * operators/view.h, and its rows pass the filters and projections behind that operator
 *
 *	CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k HAVING COUNT(*) > 1;       SELECT n FROM t WHERE k = 'a';
 *
 *	state of AGGREGATE, last commit  ▸  FILTER  ▸  PROJECT  ▸  (columns of the scan of t)  ▸  the pull query's own operators  ▸  client
 *
 * instead of being read from t's topic. Those operators run as they do by hand (engine/hand.c): one
 * task, this thread. A condition on the whole key, or on WINDOWSTART, narrows what is read of the
 * state to a range of keys; it is evaluated all the same.
 *
 * All views are opened before any is read, each is of its query's last commit. While they are open
 * the locks of those queries are held (in the order of their addresses), so that no run is closed
 * under them; epochs do not need that lock and go on.
 *
 * What cannot be read so (streams, tables that nobody here fills, joins' results, MIN and its like
 * over tables, EMIT FINAL, a query that rests) makes the whole query read topics. So does a run that
 * ends by itself: there a pull query waits for what its tables will be in the end, and the last
 * commit of a query that still reads is not that.
 */
#include "engine/pull.h"

#include <stdlib.h>

#include "engine/internal.h"
#include "engine/reader.h"
#include "engine/task.h"
#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"
#include "operators/view.h"

enum { CHAIN_MAX = 16, SCANS_MAX = 32 };

/* Where a relation's rows are kept, and what stands behind that; ops upstream first. */
typedef struct chain {
	wr_query *query;
	const wr_op_spec *root;
	const wr_schema *out; /* the relation's columns */
	uint32_t n;
	const wr_op_spec *ops[CHAIN_MAX];
} chain;

typedef struct pull {
	wr_push_query *push;
	wr_query *q;
	wr_arena *arena, *rows; /* rows: of one batch */
	uint32_t n;
	chain chains[SCANS_MAX];
	wr_view *views[SCANS_MAX];
	wr_buf from[SCANS_MAX], to[SCANS_MAX];
	uint32_t nlocked;
	wr_query *locked[SCANS_MAX];
	wr_run *run;
} pull;

/* ---------------------------------------------------------------- where the rows are */

static bool stateless(const wr_op_spec *s)
{
	return s->def == &wr_op_filter_def || s->def == &wr_op_project_def;
}

/* A group is read by itself: results that stand in entries of their own (MIN over a table …) are
 * not. */
static bool whole_groups(const wr_spec_aggregate *a)
{
	for (uint32_t i = 0; a->from_table && i < a->naggs; i++)
		if (a->aggs[i].agg->multiset != WR_AGG_NO_MULTISET)
			return false;
	return !a->emit_final;
}

static bool readable(const wr_op_spec *s)
{
	if (s->def == &wr_op_aggregate_def)
		return whole_groups((const wr_spec_aggregate *)s);
	return s->def == &wr_op_table_def && ((const wr_spec_table *)s)->materialise &&
	       !((const wr_spec_table *)s)->windowed;
}

static int32_t feeder_of(const wr_stage *s, int32_t op)
{
	for (uint32_t i = 0; i < s->nops; i++)
		if (s->ops[i].next == op)
			return (int32_t)i;
	return -1;
}

static bool find_chain(wr_query *q, chain *c)
{
	const wr_graph *g = q->plan->graph;
	const wr_stage *s = &g->stages[g->nstages - 1];
	int32_t op = feeder_of(s, -1);

	*c = (chain){ .query = q, .out = g->out };
	for (; op >= 0 && c->n < CHAIN_MAX && stateless(s->ops[op].spec); op = feeder_of(s, op))
		c->ops[c->n++] = s->ops[op].spec;
	if (op < 0 || !readable(s->ops[op].spec))
		return false;
	c->root = s->ops[op].spec;
	for (uint32_t i = 0; i < c->n / 2; i++) {
		const wr_op_spec *x = c->ops[i];

		c->ops[i] = c->ops[c->n - 1 - i];
		c->ops[c->n - 1 - i] = x;
	}
	return true;
}

/* The engine's lock is held. */
static bool find_kept(wr_engine *e, const wr_scan *scan, chain *c)
{
	wr_named *n = wr_names_find(e, scan->relation);

	return scan->table && n && n->relation && n->relation->table &&
	       !n->relation->time_column.p && n->query && n->query->plan->graph &&
	       !n->query->pause && find_chain(n->query, c);
}

static bool find_all(wr_push_query *p, chain *chains)
{
	const wr_graph *g = p->query->plan->graph;
	const wr_engine_config *c = &p->query->engine->config;

	if (!p->query->plan->pull || c->by_hand || c->until != WR_RUN_FOREVER ||
	    g->nscans > SCANS_MAX)
		return false;
	for (uint32_t i = 0; i < g->nscans; i++)
		if (!find_kept(p->query->engine, &g->scans[i], &chains[i]))
			return false;
	return g->nscans > 0;
}

bool wr_pull_possible(wr_push_query *p)
{
	wr_engine *e = p->query->engine;
	chain *chains = wr_calloc(SCANS_MAX, sizeof *chains);

	pthread_mutex_lock(&e->lock);
	bool possible = find_all(p, chains);

	for (uint32_t i = 0; possible && i < p->query->plan->graph->nscans; i++) {
		pthread_mutex_lock(&chains[i].query->lock);
		possible = chains[i].query->live != NULL;
		pthread_mutex_unlock(&chains[i].query->lock);
	}
	pthread_mutex_unlock(&e->lock);
	free(chains);
	return possible;
}

/* ---------------------------------------------------------------- which keys are asked for */

static bool is_col(const wr_expr *e, int32_t col)
{
	return e->kind == WR_EXPR_COL && e->col == col;
}

static bool is_value(const wr_expr *e, const wr_type *type)
{
	return e->kind == WR_EXPR_CONST && wr_type_eq(e->type, type) &&
	       !wr_vec_is_null(e->value, 0);
}

static bool calls(const wr_expr *e, const char *fn)
{
	return e->kind == WR_EXPR_CALL && e->nargs == 2 && strcmp(e->fn->name, fn) == 0;
}

/* The value that column col must have by the condition; NULL: any. */
static const wr_vec *value_of(const wr_expr *e, int32_t col)
{
	if (e->kind == WR_EXPR_AND) {
		const wr_vec *v = NULL;

		for (uint32_t i = 0; i < e->nargs && !v; i++)
			v = value_of(e->args[i], col);
		return v;
	}
	if (!calls(e, "$eq"))
		return NULL;
	for (int i = 0; i < 2; i++)
		if (is_col(e->args[i], col) && is_value(e->args[1 - i], e->args[i]->type))
			return e->args[1 - i]->value;
	return NULL;
}

/* Narrows first .. last to what the condition says of WINDOWSTART. */
static void narrow_starts(const wr_expr *e, int64_t *first, int64_t *last)
{
	static const char *const less[] = { "$lt", "$le", "$eq" }, *const more[] = { "$gt", "$ge",
										     "$eq" };

	for (uint32_t i = 0; e->kind == WR_EXPR_AND && i < e->nargs; i++)
		narrow_starts(e->args[i], first, last);
	for (int i = 0; e->kind == WR_EXPR_CALL && e->nargs == 2 && i < 2; i++) {
		if (!is_col(e->args[i], WR_COL_WINDOWSTART) ||
		    !is_value(e->args[1 - i], wr_type_of(WR_BIGINT)))
			continue;
		int64_t v = wr_vec_BIGINT(e->args[1 - i]->value)[0];

		for (int k = 0; k < 3; k++) { /* col < v, or v > col */
			if (calls(e, i ? more[k] : less[k]) && v < *last)
				*last = v;
			if (calls(e, i ? less[k] : more[k]) && v > *first)
				*first = v;
		}
	}
}

/* Rows of the result have the key of what is kept, column by column. */
static bool same_keys(const chain *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const wr_spec_project *p = (const wr_spec_project *)c->ops[i];

		for (uint32_t k = 0; c->ops[i]->def == &wr_op_project_def && k < c->out->nkeys; k++)
			if (!is_col(p->exprs[k], (int32_t)k))
				return false;
	}
	return c->root->out->nkeys == c->out->nkeys;
}

static bool fixed_windows(const chain *c)
{
	const wr_spec_aggregate *a = (const wr_spec_aggregate *)c->root;

	return c->root->def == &wr_op_aggregate_def &&
	       (a->window.kind == WR_WINDOW_TUMBLING || a->window.kind == WR_WINDOW_HOPPING);
}

/* The condition that stands right behind the scan; NULL: none. */
static const wr_expr *condition_of(const wr_scan_reader *r)
{
	const wr_op *next = r->to.op->def == &wr_op_table_def ? r->to.op->out.op : r->to.op;

	return next->def == &wr_op_filter_def ? ((const wr_spec_filter *)next->spec)->pred : NULL;
}

/* The range of entries that reader r needs of chain i; empty buffers: all. */
static void find_range(pull *x, uint32_t i, const wr_scan_reader *r, const wr_op_view *v)
{
	const chain *c = &x->chains[i];
	const wr_expr *e = condition_of(r);
	uint32_t nkeys = c->out->nkeys, k = 0;
	wr_vec *keys = WR_NEW_ARRAY(x->arena, wr_vec, nkeys + 1);
	int64_t first = INT64_MIN, last = INT64_MAX;

	if (!e || !same_keys(c))
		return;
	for (; k < nkeys; k++) {
		const wr_vec *value = value_of(e, (int32_t)k);

		if (!value)
			break;
		keys[k] = *value;
		keys[k].kind = WR_CONST;
	}
	if (fixed_windows(c))
		narrow_starts(e, &first, &last);
	if (k == nkeys && (!fixed_windows(c) || first == last))
		wr_op_view_range(v, keys, 0, fixed_windows(c) ? first : WR_TIME_NONE, &x->from[i],
				 &x->to[i]);
	else if (first != INT64_MIN || last != INT64_MAX)
		wr_op_view_starts(first, last, &x->from[i], &x->to[i]);
}

/* ---------------------------------------------------------------- rows on their way */

/* The end of a chain: the scan's columns of the rows, into the pull query. */
typedef struct hatch {
	wr_op op;
	wr_task *task;
	wr_entry to;
	const wr_schema *schema;
	int32_t *map; /* column of schema -> of the rows that come */
} hatch;

static wr_status push_hatch(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	hatch *h = (hatch *)op;
	wr_batch out;

	(void)input;
	wr_batch_over(&out, b, at, n, h->schema);
	for (uint32_t c = 0; c < h->schema->n; c++)
		wr_vec_slice(&out.cols[c], b->arena, &b->cols[h->map[c]], at, n);
	return wr_task_feed(h->task, h->to, &out, 0, n, err);
}

static const wr_op_def hatch_def = { .name = "hatch", .ninputs = 1, .push = push_hatch };

static wr_op *make_hatch(pull *x, const chain *c, wr_scan_reader *r)
{
	hatch *h = WR_NEW(x->arena, hatch);

	h->op.def = &hatch_def;
	h->task = r->task;
	h->to = r->to;
	if (r->to.op->def == &wr_op_table_def) /* these rows are a table's already */
		h->to = (wr_entry){ r->to.op->out.op, r->to.op->out.input };
	h->schema = r->scan->scan->decode->schema;
	h->map = WR_NEW_ARRAY(x->arena, int32_t, h->schema->n + 1);
	for (uint32_t i = 0; i < h->schema->n; i++) {
		h->map[i] = wr_schema_find(c->out, h->schema->cols[i].name);
		WR_ASSERT(h->map[i] >= 0);
	}
	return &h->op;
}

/* The chain's operators with the hatch at the end; *first: where rows of the root go in. */
static wr_status make_chain(pull *x, const chain *c, wr_scan_reader *r, wr_op **first, wr_err *err)
{
	wr_op_cx *cx = WR_NEW(x->arena, wr_op_cx);
	wr_op *next = make_hatch(x, c, r);

	*cx = (wr_op_cx){
		.arena = x->arena, .batch_arena = x->rows, .ntasks = 1, .settings = &x->q->settings
	};
	for (uint32_t i = c->n; i-- > 0;) {
		wr_op *op = wr_arena_zalloc(x->arena, c->ops[i]->def->size);

		op->def = c->ops[i]->def;
		op->spec = c->ops[i];
		op->cx = cx;
		op->out = (wr_out){ next, 0 };
		if (op->def->open && op->def->open(op, err))
			return WR_FAIL;
		next = op;
	}
	*first = next;
	return WR_OK;
}

static wr_status pass_on(pull *x, wr_op *first, wr_batch *b, const wr_schema *schema, wr_err *err)
{
	wr_status status = b->n ? first->def->push(first, 0, b, 0, b->n, err) : WR_OK;

	wr_arena_reset(x->rows);
	wr_batch_init(b, x->rows, schema, WR_BATCH_ROWS);
	return status;
}

static wr_status read_view(pull *x, uint32_t i, wr_scan_reader *r, wr_op_view *v, wr_err *err)
{
	const chain *c = &x->chains[i];
	wr_str key, value;
	wr_op *first;
	wr_batch b;

	if (make_chain(x, c, r, &first, err))
		return WR_FAIL;
	wr_batch_init(&b, x->rows, c->root->out, WR_BATCH_ROWS);
	while (!x->q->abandon && wr_view_next(x->views[i], &key, &value)) {
		if (!wr_op_view_add(v, key, value, &b))
			return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
					  "the state of query %s is damaged", c->query->id);
		if (b.n >= WR_BATCH_ROWS && pass_on(x, first, &b, c->root->out, err))
			return WR_FAIL;
	}
	return pass_on(x, first, &b, c->root->out, err);
}

/* ---------------------------------------------------------------- the query */

static int by_address(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return (x > y) - (x < y);
}

/* Locks the queries that keep the rows; false: not all of them run. */
static bool lock_sources(pull *x)
{
	wr_engine *e = x->q->engine;
	bool good;

	pthread_mutex_lock(&e->lock);
	good = find_all(x->push, x->chains);
	x->n = x->q->plan->graph->nscans;
	for (uint32_t i = 0; good && i < x->n; i++)
		x->locked[x->nlocked++] = x->chains[i].query;
	qsort(x->locked, x->nlocked, sizeof *x->locked, by_address);
	for (uint32_t i = 0; i < x->nlocked; i++)
		if (i == 0 || x->locked[i] != x->locked[i - 1]) {
			pthread_mutex_lock(&x->locked[i]->lock);
			good = good && x->locked[i]->live;
		}
	pthread_mutex_unlock(&e->lock);
	return good;
}

static void unlock_sources(pull *x)
{
	for (uint32_t i = 0; i < x->n; i++) {
		wr_view_close(x->views[i]);
		x->views[i] = NULL;
	}
	for (uint32_t i = 0; i < x->nlocked; i++)
		if (i == 0 || x->locked[i] != x->locked[i - 1])
			pthread_mutex_unlock(&x->locked[i]->lock);
	x->nlocked = 0;
}

static wr_str bound(const wr_buf *b)
{
	return b->n ? wr_buf_view(b) : (wr_str){ NULL, 0 };
}

static wr_status open_views(pull *x, wr_op_view **readers, wr_err *err)
{
	wr_task *t = x->run->tasks[0];

	for (uint32_t i = 0; i < t->nreaders; i++) {
		uint32_t scan = t->readers[i]->number;
		const chain *c = &x->chains[scan];

		if (wr_op_view_open(x->arena, c->root, &c->query->settings, &readers[scan], err))
			return WR_FAIL;
		find_range(x, scan, t->readers[i], readers[scan]);
		x->views[scan] = wr_view_open(c->query->live->state, c->root->id,
					      bound(&x->from[scan]), bound(&x->to[scan]));
	}
	return WR_OK;
}

static wr_status read_all(pull *x, wr_op_view **readers, wr_err *err)
{
	wr_task *t = x->run->tasks[0];

	for (int first = 1; first >= 0; first--) {
		for (uint32_t i = 0; i < t->nreaders; i++) {
			wr_scan_reader *r = t->readers[i];

			if (r->scan->first == first &&
			    read_view(x, r->number, r, readers[r->number], err))
				return WR_FAIL;
		}
		if (first && wr_task_settle(t, false, err))
			return WR_FAIL;
	}
	return WR_OK;
}

static wr_status answer(pull *x, wr_err *err)
{
	wr_op_view **readers = WR_NEW_ARRAY(x->arena, wr_op_view *, x->n + 1);
	wr_status status = open_views(x, readers, err);

	if (status == WR_OK)
		status = read_all(x, readers, err);
	unlock_sources(x);
	return status ? WR_FAIL : wr_task_settle(x->run->tasks[0], true, err);
}

static void end(pull *x, wr_status status, const wr_err *err)
{
	wr_query *q = x->q;

	unlock_sources(x);
	wr_run_close(x->run);
	for (uint32_t i = 0; i < x->n; i++) {
		wr_buf_free(&x->from[i]);
		wr_buf_free(&x->to[i]);
	}
	wr_arena_free(x->arena);
	wr_arena_free(x->rows);
	pthread_mutex_lock(&q->lock);
	q->state = status ? WR_QUERY_FAILED : WR_QUERY_ENDED;
	if (status)
		q->err = *err;
	pthread_cond_broadcast(&q->ended);
	pthread_mutex_unlock(&q->lock);
	wr_push_query_over(x->push, status ? &q->err : NULL);
}

static void *pull_thread(void *arg)
{
	wr_push_query *p = arg;
	pull *x = wr_calloc(1, sizeof *x);
	wr_err err = WR_ERR_INIT;
	wr_status status;

	*x = (pull){ .push = p, .q = p->query, .arena = wr_arena_new(), .rows = wr_arena_new() };
	if (lock_sources(x)) {
		x->q->spec.by_hand = true;
		status = wr_run_open(&x->q->spec, &x->run, &err);
		if (status == WR_OK)
			status = answer(x, &err);
		end(x, status, &err);
	} else { /* somebody paused or dropped one of them just now */
		unlock_sources(x);
		wr_arena_free(x->arena);
		wr_arena_free(x->rows);
		wr_query_coordinate(p->query);
	}
	free(x);
	return NULL;
}

void wr_pull_start(wr_push_query *p)
{
	if (pthread_create(&p->query->thread, NULL, pull_thread, p))
		WR_BUG("cannot start a thread");
	p->query->started = true;
}

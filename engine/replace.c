/*
 * CREATE OR REPLACE: a new statement takes the place of an old one under the same name.
 *
 * A query goes on as another: the old one commits and stops; the new one opens under the same
 * incarnation, so that it finds state and positions, and has the same id and number of tasks.
 * Opening changes nothing on disk. Then one transaction of the journal makes the new statement live
 * and the old one replaced; a crash before it leaves the old query, after it the new one. Should
 * the new one not open, the old one is opened again.
 *
 * Where the state cannot be kept but can be built anew (planner/compat.c), the new query has an
 * incarnation of its own and begins where the old one began; the old state goes when the journal
 * has the new one.
 *
 * The planner lets columns only be added behind the others, and topic and formats stay: records
 * already in the topic, and those who read it, stay right. Queries that read the relation keep the
 * plan they were made with.
 */
#include <stdio.h>

#include "engine/internal.h"
#include "core/fault.h"
#include "engine/epoch.h"
#include "engine/journal.h"

static const char *word(const wr_relation *r)
{
	return !r ? "sink" : r->table ? "table" : "stream";
}

static wr_status check_sinks(wr_exec *x, const wr_plan *old, const wr_plan *fresh, wr_err *err)
{
	const wr_sink_spec *a = old->graph ? old->graph->sink : NULL,
			   *b = fresh->graph ? fresh->graph->sink : NULL;

	if (!a || !b)
		return WR_OK;
	if (fresh->kind == WR_PLAN_CREATE_SINK && !wr_sink_find(wr_str_of(b->type))->replaceable) {
		wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span, "sink %.*s cannot be replaced",
			   WR_STR_ARG(b->name));
		return wr_err_hint(
		    err, "sinks of type http and email can; DROP this one and create it anew");
	}
	if (!strcmp(a->type, b->type) && wr_str_eq(a->topic, b->topic))
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span,
		   "the new query writes to another place than the old one");
	return wr_err_hint(err, "DROP the old one and create it anew");
}

/* The topics hold all that the old query has read, from where it began. */
static wr_status still_there(wr_exec *x, const wr_query *old, wr_state *state, uint32_t scan,
			     wr_err *err)
{
	wr_source_spec first = *old->spec.graph->scans[scan].source;
	const wr_source_def *def = wr_source_find(first.kind);
	int32_t n;

	first.start = WR_START_EARLIEST;
	if (def->partitions(old->spec.io, &first, &n, err))
		return WR_FAIL;
	wr_position *pos = WR_NEW_ARRAY(x->arena, wr_position, n);

	if (def->resolve(old->spec.io, &first, pos, n, err))
		return WR_FAIL;
	for (int32_t p = 0; p < n; p++) {
		int64_t begin = wr_epoch_begin(state, scan, p);

		if (pos[p].next <= begin)
			continue;
		wr_err_set(
		    err, WR_ERR_STATEMENT, x->stmt->span,
		    "the state would have to be built anew, but %.*s holds partition %d from offset %lld on only, and the query began at %lld",
		    WR_STR_ARG(first.topic), p, (long long)pos[p].next, (long long)begin);
		return wr_err_hint(err, "DROP it and create it anew");
	}
	return WR_OK;
}

/* Where the old query's scan began, for the one that is built anew in its place. */
static wr_status hand_begins(const wr_query *old, wr_state *state, uint32_t scan, wr_query *fresh,
			     wr_err *err)
{
	const wr_source_spec *s = old->spec.graph->scans[scan].source;
	uint32_t had = fresh->spec.nbegins;
	int32_t n;

	if (wr_source_find(s->kind)->partitions(old->spec.io, s, &n, err))
		return WR_FAIL;
	wr_begin *all = WR_NEW_ARRAY(fresh->arena, wr_begin, had + (uint32_t)n + 1);

	if (had)
		memcpy(all, fresh->spec.begins, had * sizeof *all);
	for (int32_t p = 0; p < n; p++)
		all[had + (uint32_t)p] = (wr_begin){ scan, p, wr_epoch_begin(state, scan, p) };
	fresh->spec.begins = all;
	fresh->spec.nbegins = had + (uint32_t)n;
	return WR_OK;
}

/* fresh NULL: only checks that all is still there. */
static wr_status look_at_begins(wr_exec *x, wr_query *old, wr_query *fresh, wr_err *err)
{
	wr_run *run;
	wr_state *state = NULL;
	wr_status status = WR_OK;

	pthread_mutex_lock(&old->lock);
	run = old->live ? old->live : old->run;
	if (run)
		state = run->state;
	else
		status = wr_state_open(x->e->db, old->incarnation, &state, err);
	if (status == WR_OK && !fresh && wr_epoch_narrowed(state)) {
		status = wr_err_set(
		    err, WR_ERR_STATEMENT, x->stmt->span,
		    "the state would have to be built anew, but rows of a query that was replaced before, with other filters, would stay");
		wr_err_hint(err, "DROP it and create it anew");
	}
	for (uint32_t i = 0; status == WR_OK && !old->spec.by_hand && i < old->spec.graph->nscans;
	     i++)
		status = fresh ? hand_begins(old, state, i, fresh, err)
			       : still_there(x, old, state, i, err);
	if (!run && state)
		wr_state_close(state);
	pthread_mutex_unlock(&old->lock);
	return status;
}

static wr_status judge(wr_exec *x, wr_query *old, const wr_plan *plan, wr_err *err)
{
	wr_buf lines = { 0 };
	wr_fate fate = wr_plan_fate(old->plan, plan, x->stmt->span,
				    wr_dialect_rebuilds(&x->s->settings), &lines, err);

	x->rebuild = fate == WR_FATE_REBUILT;
	x->verdict = wr_arena_strdup(x->arena, wr_buf_z(&lines));
	wr_buf_free(&lines);
	if (fate == WR_FATE_IMPOSSIBLE)
		return WR_FAIL;
	return x->rebuild ? look_at_begins(x, old, NULL, err) : WR_OK;
}

wr_status wr_replace_check(wr_exec *x, const wr_named *old, const wr_plan *plan, wr_err *err)
{
	const wr_relation *a = old->relation,
			  *b = plan->kind == WR_PLAN_CREATE_SINK ? NULL : plan->relation;

	if (!a != !b) {
		wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span,
			   "%.*s is a %s: a %s cannot replace it", WR_STR_ARG(old->name), word(a),
			   word(b));
		return wr_err_hint(err, "DROP it first");
	}
	if (!old->query)
		return WR_OK;
	return check_sinks(x, old->query->plan, plan, err) ? WR_FAIL
							   : judge(x, old->query, plan, err);
}

/* The new query with all that the old one was. */
static wr_query *heir(wr_exec *x, wr_arena *arena, const wr_plan *plan, const wr_query *old)
{
	wr_query *q = wr_query_new(x->e, arena, plan, &x->s->settings);

	q->seq = x->seq;
	q->text = wr_arena_str(arena, x->text);
	q->sink_name = wr_arena_str(arena, plan->name);
	q->pause = old->pause;
	snprintf(q->id, sizeof q->id, "%s", old->id);
	if (x->rebuild)
		wr_uuid_make(q->incarnation);
	else
		snprintf(q->incarnation, sizeof q->incarnation, "%s", old->incarnation);
	wr_query_specify(q, old->spec.ntasks);
	return q;
}

static wr_status stop(wr_query *q, wr_err *err)
{
	if (q->spec.by_hand) {
		if (wr_run_epoch(q->run, false, err))
			return WR_FAIL;
		wr_run_close(q->run);
		q->run = NULL;
		return WR_OK;
	}
	wr_query_stop(q, true);
	wr_query_join(q);
	return WR_OK;
}

/* It goes on as if nothing had been; what keeps it from opening keeps its coordinator trying. */
static void go_on(wr_query *q)
{
	wr_err ignored = WR_ERR_INIT;

	q->stop = false;
	q->state = WR_QUERY_RUNNING;
	if (!q->run)
		(void)!wr_query_open(q, &ignored);
	wr_engine_start(q->engine, q);
}

static void put_in_place(wr_engine *e, wr_query *old, wr_query *fresh)
{
	pthread_mutex_lock(&e->list_lock);
	for (wr_query **at = &e->queries; *at; at = &(*at)->next)
		if (*at == old) {
			fresh->next = old->next;
			*at = fresh;
			break;
		}
	pthread_mutex_unlock(&e->list_lock);
}

/* Its state goes, and what it wrote and had not committed. What is left of them when this fails is
 * removed at the next start. */
static void forget(wr_engine *e, wr_query *q)
{
	wr_err ignored = WR_ERR_INIT;

	wr_run_close(q->run);
	q->run = NULL;
	if (e->topics)
		(void)!wr_topics_forget(e->topics, q->incarnation, &ignored);
	(void)!wr_state_drop(e->db, q->incarnation, &ignored);
}

wr_status wr_replace_query(wr_exec *x, wr_arena *arena, const wr_plan *plan, wr_query *old,
			   wr_query **out, wr_err *err)
{
	wr_query *q = heir(x, arena, plan, old);
	bool over = wr_query_over(old) && old->state == WR_QUERY_FAILED;

	old->goes_on = true;
	if ((x->rebuild && look_at_begins(x, old, q, err)) || stop(old, err) ||
	    WR_FAULT_FAIL("replace.stopped", err) || wr_query_open(q, err) ||
	    WR_FAULT_FAIL("replace.opened", err) || wr_journal_replaced(x, q, old->seq, err)) {
		if (x->rebuild)
			forget(x->e, q);
		wr_query_free(q);
		if (!over)
			go_on(old);
		old->goes_on = false;
		(void)wr_journal_undo(x, NULL);
		return WR_FAIL;
	}
	(void)WR_FAULT("replace.recorded"); /* too late to fail: crashes only */
	if (!x->rebuild && q->run && !wr_plan_covers(old->plan, plan))
		wr_epoch_set_narrowed(q->run);
	if (x->rebuild)
		forget(x->e, old);
	put_in_place(x->e, old, q);
	wr_query_free(old);
	wr_engine_start(x->e, q);
	*out = q;
	return WR_OK;
}

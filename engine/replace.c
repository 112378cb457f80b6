/*
 * CREATE OR REPLACE: a new statement takes the place of an old one under the same name.
 *
 * A query goes on as another: the old one commits and stops; the new one opens under the same incarnation, so that it finds state and
 * positions, and has the same id and number of tasks. Opening changes nothing on disk. Then one transaction of the journal makes the new
 * statement live and the old one replaced; a crash before it leaves the old query, after it the new one. Should the new one not open, the old
 * one is opened again.
 *
 * The planner lets columns only be added behind the others, and topic and formats stay: records already in the topic, and those who read it, stay right. Queries that read the relation
 * keep the plan they were made with.
 */
#include <stdio.h>

#include "engine/internal.h"
#include "core/fault.h"
#include "engine/journal.h"

static const char *word(const wr_relation *r)
{
	return !r ? "sink" : r->table ? "table" : "stream";
}

static wr_status check_sinks(wr_exec *x, const wr_plan *old, const wr_plan *fresh, wr_err *err)
{
	const wr_sink_spec *a = old->graph ? old->graph->sink : NULL, *b = fresh->graph ? fresh->graph->sink : NULL;

	if (!a || !b)
		return WR_OK;
	if (fresh->kind == WR_PLAN_CREATE_SINK && !wr_sink_find(wr_str_of(b->type))->replaceable) {
		wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span, "sink %.*s cannot be replaced", WR_STR_ARG(b->name));
		return wr_err_hint(err, "sinks of type http and email can; DROP this one and create it anew");
	}
	if (!strcmp(a->type, b->type) && wr_str_eq(a->topic, b->topic))
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span, "the new query writes to another place than the old one");
	return wr_err_hint(err, "DROP the old one and create it anew");
}

wr_status wr_replace_check(wr_exec *x, const wr_named *old, const wr_plan *plan, wr_err *err)
{
	const wr_relation *a = old->relation, *b = plan->kind == WR_PLAN_CREATE_SINK ? NULL : plan->relation;

	if (!a != !b) {
		wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span, "%.*s is a %s: a %s cannot replace it",
			   WR_STR_ARG(old->name), word(a), word(b));
		return wr_err_hint(err, "DROP it first");
	}
	if (!old->query)
		return WR_OK;
	return check_sinks(x, old->query->plan, plan, err) ? WR_FAIL :
	       wr_plan_can_replace(old->query->plan, plan, x->stmt->span, err);
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
	wr_query_start(q);
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

wr_status wr_replace_query(wr_exec *x, wr_arena *arena, const wr_plan *plan, wr_query *old, wr_query **out,
			   wr_err *err)
{
	wr_query *q = heir(x, arena, plan, old);
	bool over = wr_query_over(old) && old->state == WR_QUERY_FAILED;

	if (stop(old, err) || WR_FAULT_FAIL("replace.stopped", err) || wr_query_open(q, err) ||
	    WR_FAULT_FAIL("replace.opened", err) || wr_journal_replaced(x, q, old->seq, err)) {
		wr_query_free(q);
		if (!over)
			go_on(old);
		(void)wr_journal_undo(x, NULL);
		return WR_FAIL;
	}
	(void)WR_FAULT("replace.recorded");	/* too late to fail: crashes only */
	put_in_place(x->e, old, q);
	wr_query_free(old);
	wr_query_start(q);
	*out = q;
	return WR_OK;
}

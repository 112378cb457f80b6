/* DROP, TERMINATE, PAUSE, RESUME: what ends or rests. */
#include <stdio.h>

#include "engine/internal.h"
#include "core/fault.h"
#include "engine/epoch.h"
#include "engine/journal.h"
#include "io/kafka_admin.h"

wr_query *wr_engine_find_query(wr_engine *e, wr_str id)
{
	for (wr_query *q = e->queries; q; q = q->next)
		if (wr_str_ieq(wr_str_of(q->id), id))
			return q;
	return NULL;
}

static void unlink_query(wr_engine *e, wr_query *q)
{
	pthread_mutex_lock(&e->list_lock);
	for (wr_query **at = &e->queries; *at; at = &(*at)->next)
		if (*at == q) {
			*at = q->next;
			break;
		}
	pthread_mutex_unlock(&e->list_lock);
	for (wr_named *n = e->names.first; n; n = n->next)
		if (n->query == q)
			n->query = NULL;
}

/* What is left of a query that has ended. */
typedef struct remains {
	char incarnation[40], identity[40]; /* "": none has */
	const wr_sink_def *sink;
	const wr_sink_spec *spec;
} remains;

/* Under which name its sink knows it. */
static void identify(wr_engine *e, remains *r)
{
	wr_err ignored = WR_ERR_INIT;
	wr_state *state;

	snprintf(r->identity, sizeof r->identity, "%s", r->incarnation);
	if (wr_state_open(e->db, r->incarnation, &state, &ignored))
		return;
	wr_epoch_identity(state, r->incarnation, r->identity);
	wr_state_close(state);
}

/* Ends a query with a commit. What it has on disk stays until the journal says that it is over. */
static wr_status end_query(wr_engine *e, wr_query *q, remains *r, wr_err *err)
{
	if (WR_FAULT_FAIL("drop.query", err))
		return WR_FAIL;
	wr_query_stop(q, true);
	wr_query_join(q);
	unlink_query(e, q);
	snprintf(r->incarnation, sizeof r->incarnation, "%s", q->incarnation);
	r->sink = q->spec.sink_def;
	r->spec = q->spec.sink_spec;
	wr_query_free(q);
	if (r->sink->forget)
		identify(e, r);
	return WR_FAULT_FAIL("drop.stopped", err);
}

/*
 * Comes after the record: a crash between leaves a state without a statement, which the next start
 * removes. The other way round the next start would find a statement without its state, and do
 * everything once more.
 */
static wr_status remove_state(wr_engine *e, const remains *r, wr_err *err)
{
	if (!r->incarnation[0])
		return WR_OK;
	if (WR_FAULT_FAIL("drop.recorded", err) ||
	    (e->topics && wr_topics_forget(e->topics, r->incarnation, err)))
		return WR_FAIL;
	if (r->sink->forget)
		r->sink->forget(r->spec, r->identity);
	return WR_FAULT_FAIL("drop.forgotten", err) ? WR_FAIL
						    : wr_state_drop(e->db, r->incarnation, err);
}

/* The first query that reads or writes the relation, its own creator left out. */
static wr_query *user_of(wr_engine *e, const wr_named *n, const char **how)
{
	for (wr_query *q = e->queries; q; q = q->next) {
		if (q == n->query)
			continue;
		*how = "read";
		for (uint32_t i = 0; i < q->plan->nreads; i++)
			if (wr_str_eq(q->plan->reads[i], n->name))
				return q;
		*how = "written";
		if (q->plan->kind == WR_PLAN_INSERT_QUERY &&
		    wr_str_eq(q->plan->relation->name, n->name))
			return q;
	}
	return NULL;
}

static wr_status delete_topic(wr_engine *e, const wr_relation *r, wr_err *err)
{
	return e->topics ? wr_topics_delete(e->topics, r->topic, err)
			 : wr_kafka_topic_delete(e->config.broker, e->io.kafka_conf, r->topic, err);
}

static wr_status drop_type(wr_exec *x, wr_err *err)
{
	const wr_stmt_drop *s = &x->stmt->drop;

	for (wr_named_type **at = &x->e->names.types; *at; at = &(*at)->next)
		if (wr_str_eq((*at)->name, s->name.name)) {
			int64_t seq = (*at)->seq;

			*at = (*at)->next;
			wr_say(x, WR_OUTCOME_MESSAGE, "Dropped type '%.*s'",
			       WR_STR_ARG(s->name.name));
			return wr_journal_gone(x->e, seq, true, err);
		}
	if (s->if_exists) {
		wr_say(x, WR_OUTCOME_WARNING, "Type '%.*s' does not exist",
		       WR_STR_ARG(s->name.name));
		return WR_OK;
	}
	return wr_err_set(err, WR_ERR_STATEMENT, s->name.span, "there is no type %.*s",
			  WR_STR_ARG(s->name.name));
}

static const char *object_word(wr_object o)
{
	return o == WR_OBJ_SINK ? "sink" : o == WR_OBJ_TABLE ? "table" : "stream";
}

static wr_status missing(wr_exec *x, wr_err *err)
{
	const wr_stmt_drop *s = &x->stmt->drop;

	if (!s->if_exists)
		return wr_err_set(err, WR_ERR_STATEMENT, s->name.span, "there is no %s %.*s",
				  object_word(s->object), WR_STR_ARG(s->name.name));
	wr_say(x, WR_OUTCOME_WARNING, "Source `%.*s` does not exist.", WR_STR_ARG(s->name.name));
	return WR_OK;
}

static wr_status may_drop(wr_exec *x, const wr_named *n, wr_err *err)
{
	const wr_stmt_drop *s = &x->stmt->drop;
	const wr_relation *r = n->relation;
	const char *how;

	if ((s->object == WR_OBJ_SINK) != (r == NULL) ||
	    (r && r->table != (s->object == WR_OBJ_TABLE))) {
		wr_err_set(err, WR_ERR_STATEMENT, s->name.span, "%.*s is a %s, not a %s",
			   WR_STR_ARG(n->name),
			   !r	      ? "sink"
			   : r->table ? "table"
				      : "stream",
			   object_word(s->object));
		return wr_err_hint(err, "say DROP %s %.*s",
				   !r	      ? "SINK"
				   : r->table ? "TABLE"
					      : "STREAM",
				   WR_STR_ARG(n->name));
	}
	wr_query *q = user_of(x->e, n, &how);

	if (q) {
		wr_err_set(err, WR_ERR_STATEMENT, s->name.span, "%.*s is %s by query %s",
			   WR_STR_ARG(n->name), how, q->id);
		return wr_err_hint(err, "TERMINATE %s first", q->id);
	}
	if (s->delete_topic && r && r->source_only)
		return wr_err_set(err, WR_ERR_STATEMENT, s->name.span,
				  "%.*s is a SOURCE: its topic is not ours to delete",
				  WR_STR_ARG(n->name));
	return WR_OK;
}

wr_status wr_exec_drop(wr_exec *x, wr_err *err)
{
	const wr_stmt_drop *s = &x->stmt->drop;

	if (s->object == WR_OBJ_TYPE)
		return drop_type(x, err);
	if (s->object == WR_OBJ_CONNECTOR)
		return wr_exec_no_connectors(x, err);
	wr_named *n = wr_names_find(x->e, s->name.name);

	if (!n)
		return missing(x, err);
	if (may_drop(x, n, err))
		return WR_FAIL;
	const wr_relation *r = n->relation;

	remains left = { 0 };

	if (n->query && end_query(x->e, n->query, &left, err))
		return WR_FAIL;
	wr_names_remove(x->e, n);
	if ((s->delete_topic && r && delete_topic(x->e, r, err)) ||
	    WR_FAULT_FAIL("drop.before_record", err))
		return WR_FAIL;
	x->out->object = wr_z(x->arena, s->name.name);
	x->out->object_kind = object_word(s->object);
	wr_say(x, WR_OUTCOME_MESSAGE,
	       r ? "Source `%.*s` (topic: %.*s) was dropped." : "Sink `%.*s` was dropped.",
	       WR_STR_ARG(n->name), WR_STR_ARG(r ? r->topic : n->name));
	for (; n; n = n->before)
		if (wr_journal_gone(x->e, n->seq, false, err))
			return WR_FAIL;
	return remove_state(x->e, &left, err);
}

/* ---------------------------------------------------------------- TERMINATE, PAUSE, RESUME */

static wr_status terminate(wr_exec *x, wr_query *q, wr_err *err)
{
	int64_t seq = q->seq;
	bool named = q->plan->kind != WR_PLAN_INSERT_QUERY;
	remains left = { 0 };

	if (end_query(x->e, q, &left, err))
		return WR_FAIL;
	/* A relation stays when its query ends; the journal must not bring the query back. */
	if (named ? wr_journal_terminated(x->e, seq, err) : wr_journal_dropped(x->e, seq, err))
		return WR_FAIL;
	return remove_state(x->e, &left, err);
}

static wr_status terminate_all(wr_exec *x, wr_err *err)
{
	while (x->e->queries)
		if (terminate(x, x->e->queries, err))
			return WR_FAIL;
	wr_say(x, WR_OUTCOME_MESSAGE, "All queries terminated.");
	return WR_OK;
}

static wr_status pause_one(wr_exec *x, wr_query *q, wr_err *err)
{
	bool pause = x->stmt->kind == WR_STMT_PAUSE;

	if (q->state == WR_QUERY_FAILED && !pause && !x->e->config.by_hand) {
		wr_query_try_again(q);
		wr_say(x, WR_OUTCOME_MESSAGE, "Query resumed.");
		return WR_OK;
	}
	if (wr_query_over(q)) {
		wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span, "query %s has ended", q->id);
		return WR_FAIL;
	}
	wr_say(x, WR_OUTCOME_MESSAGE, pause ? "Query paused." : "Query resumed.");
	if (q->pause == pause)
		return WR_OK;
	if (wr_query_pause(q, pause, err))
		return WR_FAIL;
	/* It may have come to its end in the meantime: then there is nothing to go on with. */
	return wr_query_over(q) ? WR_OK : wr_journal_paused(x->e, q->seq, pause, err);
}

static wr_status pause_all(wr_exec *x, wr_err *err)
{
	bool pause = x->stmt->kind == WR_STMT_PAUSE;

	for (wr_query *q = x->e->queries; q; q = q->next)
		if (!wr_query_over(q) && pause_one(x, q, err))
			return WR_FAIL;
	wr_say(x, WR_OUTCOME_MESSAGE, pause ? "All queries paused." : "All queries resumed.");
	return WR_OK;
}

wr_status wr_exec_query_id(wr_exec *x, wr_err *err)
{
	const wr_stmt_query_id *s = &x->stmt->query_id;

	if (s->all && x->stmt->kind != WR_STMT_TERMINATE)
		return pause_all(x, err);
	if (s->all)
		return terminate_all(x, err);
	wr_query *q = wr_engine_find_query(x->e, s->id.name);

	x->out->object = wr_z(x->arena, s->id.name);
	x->out->object_kind = "query";
	if (!q && x->stmt->kind == WR_STMT_TERMINATE &&
	    wr_engine_cancel(x->e, wr_z(x->arena, s->id.text))) {
		wr_say(x, WR_OUTCOME_MESSAGE, "Query terminated.");
		return WR_OK;
	}
	if (!q) {
		wr_err_set(err, WR_ERR_STATEMENT, s->id.span, "there is no query %.*s",
			   WR_STR_ARG(s->id.text));
		return wr_err_hint(err, "SHOW QUERIES lists them");
	}
	if (x->stmt->kind != WR_STMT_TERMINATE)
		return pause_one(x, q, err);
	wr_say(x, WR_OUTCOME_MESSAGE, "Query terminated.");
	return terminate(x, q, err);
}

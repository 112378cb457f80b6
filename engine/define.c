/*
 * Statements that define: a plan becomes a relation, a topic, a running query.
 *
 * Order matters for what a crash may leave: the statement is recorded as creating, the topic made,
 * the query opened (its start positions are stored), the statement marked live. What was only half
 * made is removed at the next start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/graph.h"
#include "core/fault.h"
#include "engine/internal.h"
#include "engine/journal.h"
#include "engine/extended.h"
#include "engine/left_rows.h"
#include "core/settings_kafka.h"
#include "io/kafka_admin.h"
#include "parser/parse.h"
#include "planner/bind.h"

/* ---------------------------------------------------------------- planning */

const char *wr_engine_topic_kind(const wr_engine *e)
{
	return e->config.broker ? "kafka" : e->config.dir ? "log" : "memory";
}

wr_status wr_exec_plan(wr_exec *x, wr_arena *arena, const wr_stmt *stmt, wr_plan *out, wr_err *err)
{
	wr_engine_connect_as(x->e, x);
	wr_plan_cx cx = { .arena = arena,
			  .catalog = &x->e->names.catalog,
			  .settings = &x->s->settings,
			  .source_kind = wr_engine_topic_kind(x->e),
			  .text = wr_arena_str(arena, x->text) };

	return wr_plan_statement(&cx, stmt, out, err);
}

/* Always true. */
static bool as_replacement(const wr_exec *x, wr_stmt *s)
{
	if (x->replace && s->kind == WR_STMT_CREATE_SOURCE)
		s->create_source.or_replace = true;
	if (x->replace && s->kind == WR_STMT_CREATE_SINK)
		s->create_sink.or_replace = true;
	return true;
}

/* Plans a statement that outlives the text it came from: parsed once more into the plan's own
 * arena. */
static wr_status plan_to_keep(wr_exec *x, wr_arena *arena, wr_plan *out, wr_err *err)
{
	wr_stmts stmts;
	bool earlier = err->cls != WR_ERR_NONE;

	if (wr_parse(arena, wr_arena_str(arena, x->text), &stmts, err) == WR_OK && stmts.n == 1 &&
	    as_replacement(x, stmts.items[0]) &&
	    wr_exec_plan(x, arena, stmts.items[0], out, err) == WR_OK)
		return WR_OK;
	if (!earlier && err->span.length)
		err->span.at += x->stmt->span.at;
	return WR_FAIL;
}

/* ---------------------------------------------------------------- topics */

static wr_status make_topic(wr_engine *e, const wr_plan *plan, wr_err *err)
{
	const wr_relation *r = plan->relation;
	int32_t n = plan->partitions > 0 ? plan->partitions : 1;

	if (!r || r->file.p)
		return WR_OK;
	if (WR_FAULT_FAIL("create.topic", err))
		return WR_FAIL;
	if (!e->topics)
		return wr_kafka_topic_ensure(e->config.broker, e->io.kafka_conf, r->topic,
					     &(wr_kafka_topic){ plan->partitions, plan->replicas,
								plan->retention_ms, plan->compact },
					     err);
	return wr_topics_create(e->topics, r->topic, n, err);
}

/*
 * A recorded statement made its topic when it was new. The broker need not be there now; and a
 * topic that was deleted since must not come back empty as if nothing had been.
 */
static bool topic_is_made(const wr_exec *x)
{
	return x->seq && !x->e->topics;
}

static wr_status note_topic(wr_exec *x, const wr_plan *plan, wr_err *err)
{
	const wr_relation *r = plan->relation;

	return !r || r->file.p || x->e->topics || x->gone
		   ? WR_OK
		   : wr_journal_topic(x->e, r->topic, r->partitions, err);
}

/* ---------------------------------------------------------------- queries */

static bool still_written(void *self, wr_str topic)
{
	wr_query *q = self;
	/* a query that was replaced comes behind those that read from it */
	bool written = q->engine->opening;

	pthread_mutex_lock(&q->engine->list_lock);
	for (wr_query *it = q->engine->queries; it && !written; it = it->next)
		written = it != q && (it->goes_on || !wr_query_over(it)) &&
			  it->state != WR_QUERY_PAUSED && it->spec.sink_spec &&
			  wr_str_eq(it->spec.sink_spec->topic, topic);
	pthread_mutex_unlock(&q->engine->list_lock);
	return written;
}

static bool stopping(void *self)
{
	wr_query *q = self;

	return q->stop || q->abandon || q->pause;
}

static wr_until until_of(const wr_engine *e)
{
	return e->config.until == WR_RUN_UNTIL_END	   ? WR_UNTIL_END
	       : e->config.until == WR_RUN_UNTIL_CAUGHT_UP ? WR_UNTIL_CAUGHT_UP
							   : WR_UNTIL_STOPPED;
}

void wr_query_specify(wr_query *q, uint16_t ntasks)
{
	wr_engine *e = q->engine;
	const wr_graph *g = q->plan->graph;
	const wr_sink_spec *sink = g->sink;
	static const wr_sink_spec client = { .type = "client" };

	if (!sink)
		sink = &client;
	q->spec = (wr_run_spec){
		.id = q->id,
		.incarnation = q->incarnation,
		.graph = wr_graph_for_tasks(q->arena, g, ntasks),
		.settings = &q->settings,
		.io = &q->io,
		.db = g->sink ? e->db : e->scratch,
		.ntasks = ntasks,
		.until = until_of(e),
		.transient = !g->sink,
		.by_hand = e->config.by_hand,
		.sink_def = g->sink ? wr_sink_find(wr_str_of(sink->type)) : &wr_client_sink_def,
		.sink_spec = sink,
		.client = q->push,
		.still_written = still_written,
		.stopping = stopping,
		.drops = &q->drops,
		.commits = &e->commits,
		.replay = e->config.replay,
		.self = q,
	};
	if (!q->spec.sink_def)
		WR_BUG("no sink of type %s", sink->type);
}

/* Plans go by the number of partitions there were when the relation was made: which keys lie
 * where. */
static wr_status as_planned(const wr_query *q, const wr_scan *scan, int32_t n, wr_err *err)
{
	const wr_named *named = wr_names_find(q->engine, scan->relation);
	int32_t planned = named && named->relation ? named->relation->partitions : 0;

	if (q->engine->topics || planned <= 0 || planned == n || scan->source->file.p)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
		   "topic %.*s has %d partitions, but had %d when %.*s was made",
		   WR_STR_ARG(scan->source->topic), n, planned, WR_STR_ARG(scan->relation));
	return wr_err_hint(err, "make %.*s anew, or read the topic under another name",
			   WR_STR_ARG(scan->relation));
}

/* The most partitions that any of its sources has. */
static wr_status most_partitions(const wr_query *q, int32_t *most, wr_err *err)
{
	*most = 1;
	for (uint32_t i = 0; i < q->plan->graph->nscans; i++) {
		const wr_source_spec *s = q->plan->graph->scans[i].source;
		int32_t n = 1;

		if (wr_source_find(s->kind)->partitions(&q->io, s, &n, err) ||
		    as_planned(q, &q->plan->graph->scans[i], n, err))
			return WR_FAIL;
		*most = n > *most ? n : *most;
	}
	return WR_OK;
}

/* Tasks per stage: as set; else the smaller of partitions and processors. Fixed for the query's
 * life. */
static wr_status choose_tasks(const wr_query *q, uint16_t *ntasks, wr_err *err)
{
	int64_t set = wr_setting_int(&q->settings, WR_SET_TASKS),
		cores = sysconf(_SC_NPROCESSORS_ONLN);
	int32_t partitions;

	*ntasks = 1;
	if (q->engine->config.by_hand)
		return WR_OK;
	if (most_partitions(q, &partitions, err))
		return WR_FAIL;
	if (set == 0)
		set = partitions < cores ? partitions : cores;
	*ntasks = (uint16_t)(set < 1 ? 1 : set > 64 ? 64 : set);
	return WR_OK;
}

static void append_query(wr_engine *e, wr_query *q)
{
	wr_query **last = &e->queries;

	pthread_mutex_lock(&e->list_lock);
	while (*last)
		last = &(*last)->next;
	*last = q;
	pthread_mutex_unlock(&e->list_lock);
}

static void name_query(wr_query *q, const wr_plan *plan, int64_t seq)
{
	const char *prefix = plan->kind == WR_PLAN_INSERT_QUERY	       ? "INSERTQUERY"
			     : plan->kind == WR_PLAN_CREATE_SINK       ? "SINK"
			     : plan->relation && plan->relation->table ? "CTAS"
								       : "CSAS";

	if (plan->query_id.p)
		snprintf(q->id, sizeof q->id, "%.*s", WR_STR_ARG(plan->query_id));
	else if (plan->kind == WR_PLAN_INSERT_QUERY)
		snprintf(q->id, sizeof q->id, "%s_%lld", prefix, (long long)seq);
	else
		snprintf(q->id, sizeof q->id, "%s_%.*s_%lld", prefix, WR_STR_ARG(plan->name),
			 (long long)seq);
}

/*
 * A query that was there before must not keep the program, and so the other queries, from starting:
 * that its broker is away, say, is its own state. So its coordinator opens it. Where the program is
 * to end with its queries, it says what stops one instead.
 */
static bool begins_later(const wr_exec *x)
{
	return x->incarnation && !x->e->topics && x->e->config.until == WR_RUN_FOREVER &&
	       !x->e->config.by_hand;
}

/* Makes and opens the query of a plan, which does not run yet; the engine keeps its arena. */
static wr_status open_query(wr_exec *x, wr_arena *arena, const wr_plan *plan, wr_query **out,
			    wr_err *err)
{
	wr_query *q = wr_query_new(x->e, arena, plan, &x->s->settings);
	uint16_t ntasks = x->ntasks;

	q->seq = x->seq;
	q->text = wr_arena_str(arena, x->text);
	q->sink_name = wr_arena_str(arena, plan->name);
	if (x->query_id)
		snprintf(q->id, sizeof q->id, "%s", x->query_id);
	else
		name_query(q, plan, q->seq);
	q->pause = x->paused;
	if (x->incarnation)
		snprintf(q->incarnation, sizeof q->incarnation, "%s", x->incarnation);
	else
		wr_uuid_make(q->incarnation);
	if (ntasks == 0 && choose_tasks(q, &ntasks, err))
		goto failed;
	wr_query_specify(q, ntasks);
	if (wr_journal_creating(x, q, err) || WR_FAULT_FAIL("create.recorded", err) ||
	    (!begins_later(x) && wr_query_open(q, err)) || WR_FAULT_FAIL("create.opened", err))
		goto failed;
	*out = q;
	return WR_OK;
failed:
	(void)wr_journal_undo(x, q);
	wr_query_free(q);
	return WR_FAIL;
}

/* ---------------------------------------------------------------- CREATE, INSERT INTO … SELECT */

static const char *kind_word(const wr_plan *plan)
{
	return plan->kind == WR_PLAN_CREATE_SINK ? "sink"
	       : plan->relation->table		 ? "table"
						 : "stream";
}

/* true: the name is taken and the statement allows that. */
static wr_status name_taken(wr_exec *x, const wr_plan *plan, bool *skip, wr_err *err)
{
	wr_named *n = plan->kind == WR_PLAN_INSERT_QUERY ? NULL : wr_names_find(x->e, plan->name);

	*skip = n && plan->if_not_exists;
	if (!n || plan->or_replace)
		return WR_OK;
	const char *there = !n->relation ? "sink" : n->relation->table ? "table" : "stream";

	if (*skip) {
		wr_say(x, WR_OUTCOME_WARNING,
		       "Cannot add %s `%.*s`: A %s with the same name already exists.",
		       kind_word(plan), WR_STR_ARG(plan->name), there);
		return WR_OK;
	}
	wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span, "there is a %s named %.*s already", there,
		   WR_STR_ARG(plan->name));
	return wr_err_hint(err, "DROP it first, or say CREATE %s IF NOT EXISTS",
			   plan->kind == WR_PLAN_CREATE_SINK ? "SINK"
			   : plan->relation->table	     ? "TABLE"
							     : "STREAM");
}

static void say_created(wr_exec *x, const wr_plan *plan, const wr_query *q)
{
	x->out->object = plan->kind == WR_PLAN_INSERT_QUERY ? q->id : wr_z(x->arena, plan->name);
	x->out->object_kind = plan->kind == WR_PLAN_INSERT_QUERY ? "query" : kind_word(plan);
	if (q) {
		x->out->query_id = wr_arena_strdup(x->arena, q->id);
		wr_say(x, WR_OUTCOME_MESSAGE, "Created query with ID %s%s", q->id,
		       x->verdict ? x->verdict : "");
	} else {
		wr_say(x, WR_OUTCOME_MESSAGE, "%s created",
		       plan->relation->table ? "Table" : "Stream");
	}
}

static void keep_plan(wr_engine *e, wr_arena *arena)
{
	if (e->nplans == e->plans_room) {
		e->plans_room = e->plans_room ? e->plans_room * 2 : 16;
		e->plans = wr_realloc(e->plans, e->plans_room * sizeof *e->plans);
	}
	e->plans[e->nplans++] = arena;
}

/* The name stands for the new one from here on. */
static void name_it(wr_exec *x, const wr_plan *plan, wr_named *old, wr_query *q)
{
	wr_named *n;

	if (old)
		wr_names_remove(x->e, old);
	n = wr_names_add(x->e, plan->kind == WR_PLAN_CREATE_SINK ? NULL : plan->relation,
			 plan->name, x->text);
	n->query = q;
	n->seq = x->seq;
	n->before = old;
}

/*
 * The statement is recorded as live, and only then its query (NULL: none; fresh: it took nobody's
 * place) runs: what a half made statement has written is written again by the next one.
 */
static wr_status begin_to_live(wr_exec *x, wr_query *q, bool fresh, wr_err *err)
{
	if (wr_journal_live(x, err)) {
		if (!q || fresh)
			(void)wr_journal_undo(x, q);
		if (fresh)
			wr_query_free(q);
		return WR_FAIL;
	}
	if (fresh) {
		append_query(x->e, q);
		wr_engine_start(x->e, q);
	}
	(void)WR_FAULT("create.started"); /* too late to fail: crashes only */
	return WR_OK;
}

static wr_status carry_out(wr_exec *x, wr_arena *arena, wr_plan *plan, bool *kept, wr_err *err)
{
	wr_named *old = plan->or_replace ? wr_names_find(x->e, plan->name) : NULL;
	wr_query *q = NULL;
	bool skip;

	if (name_taken(x, plan, &skip, err) || skip)
		return skip ? WR_OK : WR_FAIL;
	if ((old && wr_replace_check(x, old, plan, err)) ||
	    (!topic_is_made(x) && !x->gone && make_topic(x->e, plan, err)))
		return WR_FAIL;
	if (wr_journal_number(x, err) || note_topic(x, plan, err))
		return WR_FAIL;
	keep_plan(x->e, arena);
	*kept = true;
	if (plan->graph && !x->relation_only) {
		if (old && old->query ? wr_replace_query(x, arena, plan, old->query, &q, err)
				      : open_query(x, arena, plan, &q, err))
			return WR_FAIL;
	}
	if (begin_to_live(x, q, q && !(old && old->query), err))
		return WR_FAIL;
	if (plan->kind != WR_PLAN_INSERT_QUERY)
		name_it(x, plan, old, q);
	say_created(x, plan, q);
	return WR_OK;
}

wr_status wr_exec_define(wr_exec *x, wr_err *err)
{
	if (wr_exec_find_columns(x, err))
		return WR_FAIL;
	wr_arena *arena = wr_arena_new();
	wr_plan *plan = WR_NEW(arena, wr_plan);
	bool kept = false;
	wr_status status = plan_to_keep(x, arena, plan, err);

	if (status == WR_OK)
		status = carry_out(x, arena, plan, &kept, err);
	if (status)
		wr_exec_written_span(x, err);
	if (!kept)
		wr_arena_free(arena);
	return status;
}

/* What became of rows that came to nothing. */
static void explain_drops(wr_query *q, wr_buf *out)
{
	uint64_t n[WR_DROP_COUNT], any = 0;

	for (int i = 0; i < WR_DROP_COUNT; i++)
		any += n[i] = q->drops.n[i];
	if (any == 0)
		return;
	wr_buf_puts(out, "dropped: ");
	wr_drops_print(n, NULL, false, out);
}

/* EXPLAIN CREATE OR REPLACE: what would become of the old query's state. */
static wr_status explain_verdict(wr_exec *x, const wr_plan *plan, wr_buf *out, wr_err *err)
{
	wr_named *old = plan->or_replace ? wr_names_find(x->e, plan->name) : NULL;

	if (!old || !old->query)
		return WR_OK;
	if (wr_replace_check(x, old, plan, err)) {
		wr_buf_free(out);
		return WR_FAIL;
	}
	wr_buf_printf(out, "in the place of query %s:%s", old->query->id, x->verdict);
	return WR_OK;
}

wr_status wr_exec_explain(wr_exec *x, wr_err *err)
{
	wr_plan plan;
	wr_buf text = { 0 };
	const wr_stmt_explain *s = &x->stmt->explain;

	if (s->statement) {
		if (s->analyze) {
			wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span,
				   "EXPLAIN ANALYZE tells what a running query has done");
			return wr_err_hint(
			    err,
			    "give its id, as SHOW QUERIES lists it; EXPLAIN shows the plan of a statement");
		}
		if (wr_exec_plan(x, x->arena, s->statement, &plan, err))
			return WR_FAIL;
		wr_plan_explain(&plan, &text);
		if (explain_verdict(x, &plan, &text, err))
			return WR_FAIL;
	} else {
		wr_query *q = wr_engine_find_query(x->e, s->id.name);

		if (!q)
			return wr_err_set(err, WR_ERR_STATEMENT, s->id.span,
					  "there is no query %.*s", WR_STR_ARG(s->id.name));
		wr_plan_explain(q->plan, &text);
		if (s->analyze)
			wr_explain_figures(x, q, &text);
		explain_drops(q, &text);
	}
	wr_say(x, WR_OUTCOME_TEXT, "%s", wr_buf_z(&text));
	wr_buf_free(&text);
	return WR_OK;
}

/* ---------------------------------------------------------------- SELECT */

/* A pull query looks at all that its topics hold, wherever the session's push queries begin. */
static wr_status plan_select(wr_exec *x, wr_arena *arena, wr_plan *plan, wr_err *err)
{
	wr_settings kept = x->s->settings;
	wr_status status = WR_OK;

	if (x->stmt->query->emit == WR_EMIT_NONE)
		status = wr_settings_set(&x->s->settings, WR_STR_LIT("auto.offset.reset"),
					 WR_STR_LIT("earliest"), err);
	if (status == WR_OK)
		status = plan_to_keep(x, arena, plan, err);
	x->s->settings = kept;
	return status;
}

static void make_pull(wr_push_query *p, wr_query *q)
{
	q->spec.until = WR_UNTIL_END; /* nothing comes behind what is there */
	if (q->engine->config.until == WR_RUN_FOREVER)
		q->spec.still_written = NULL; /* what is there now is enough */
	if (q->plan->graph->table || q->plan->norder)
		p->left = wr_left_rows_new(q->plan->graph->out);
}

wr_status wr_exec_select(wr_exec *x, wr_err *err)
{
	wr_arena *arena = wr_arena_new();
	wr_plan *plan = WR_NEW(arena, wr_plan);

	if (plan_select(x, arena, plan, err)) {
		wr_arena_free(arena);
		return WR_FAIL;
	}
	wr_push_query *p = wr_calloc(1, sizeof *p);
	wr_query *q = wr_query_new(x->e, arena, plan, &x->s->settings);
	uint16_t ntasks = 1;

	p->query = q;
	p->limit = plan->limit;
	p->skip = plan->skip;
	p->shown = *plan->graph->out;
	p->shown.n = plan->nshown;
	q->push = p;
	q->text = wr_arena_str(arena, x->text);
	snprintf(q->id, sizeof q->id, "transient_%lld", (long long)x->e->next_push++);
	wr_uuid_make(q->incarnation);
	wr_query_specify(q, ntasks);
	if (plan->pull)
		make_pull(p, q);
	for (size_t i = 0; i < sizeof x->e->pushes / sizeof *x->e->pushes; i++)
		if (!x->e->pushes[i]) {
			x->e->pushes[i] = p;
			x->out->kind = WR_OUTCOME_QUERY;
			x->out->query = p;
			x->out->query_id = q->id;
			return WR_OK;
		}
	wr_left_rows_free(p->left);
	wr_query_free(q);
	free(p);
	return wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span,
			  "too many push queries are running");
}

void wr_push_query_free(wr_push_query *p)
{
	if (!p)
		return;
	wr_engine *e = p->query->engine;

	wr_push_query_cancel(p);
	wr_push_query_wait(p);
	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < sizeof e->pushes / sizeof *e->pushes; i++)
		if (e->pushes[i] == p)
			e->pushes[i] = NULL;
	pthread_mutex_unlock(&e->lock);
	wr_err ignored = WR_ERR_INIT;
	char incarnation[40];

	snprintf(incarnation, sizeof incarnation, "%s", p->query->incarnation);
	wr_query_free(p->query);
	(void)!wr_state_drop(e->scratch, incarnation, &ignored);
	wr_left_rows_free(p->left);
	free(p);
}

/* ---------------------------------------------------------------- CREATE TYPE */

static const wr_type *find_type(void *self, wr_str name)
{
	return wr_names_type(self, name);
}

wr_status wr_exec_type(wr_exec *x, wr_err *err)
{
	const wr_stmt_create_type *s = &x->stmt->create_type;
	const wr_type *type;

	if (wr_names_type(x->e, s->name.name)) {
		if (s->if_not_exists) {
			wr_say(x, WR_OUTCOME_WARNING, "Cannot add type `%.*s`: it exists already.",
			       WR_STR_ARG(s->name.name));
			return WR_OK;
		}
		return wr_err_set(err, WR_ERR_STATEMENT, s->name.span,
				  "there is a type named %.*s already", WR_STR_ARG(s->name.name));
	}
	wr_binder b = { .arena = x->e->arena, .self = x->e, .find_type = find_type };

	if (wr_bind_type(&b, s->type, &type, err))
		return WR_FAIL;
	if (wr_journal_number(x, err))
		return WR_FAIL;
	wr_named_type *t = WR_NEW(x->e->arena, wr_named_type);

	*t = (wr_named_type){ .name = wr_arena_str(x->e->arena, s->name.name),
			      .type = type,
			      .text = wr_arena_str(x->e->arena, x->text),
			      .seq = x->seq,
			      .next = x->e->names.types };
	x->e->names.types = t;
	x->out->object = t->name.p;
	x->out->object_kind = "type";
	wr_say(x, WR_OUTCOME_MESSAGE, "Registered custom type with name '%s'", t->name.p);
	return wr_journal_live(x, err);
}

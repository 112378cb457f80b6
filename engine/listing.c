/* SHOW and DESCRIBE: tables of texts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/settings_kafka.h"
#include "engine/extended.h"
#include "functions/registry.h"
#include "io/kafka_admin.h"

/* A listing in the making. */
typedef struct rows {
	wr_exec *x;
	uint32_t ncols, n, room;
	const char **cells;
} rows;

static const char **add(rows *r)
{
	if (r->n == r->room) {
		r->room = r->room ? r->room * 2 : 32;
		r->cells = wr_realloc(r->cells, r->room * r->ncols * sizeof *r->cells);
	}
	const char **row = r->cells + (size_t)r->n++ * r->ncols;

	memset(row, 0, r->ncols * sizeof *row);
	return row;
}

static wr_status done(rows *r, const char *const *names)
{
	wr_arena *a = r->x->arena;
	size_t bytes = (size_t)r->n * r->ncols * sizeof *r->cells;
	const char **cells = wr_arena_alloc(a, bytes + 1);

	if (bytes)
		memcpy(cells, r->cells, bytes);
	free(r->cells);
	r->x->out->kind = WR_OUTCOME_LISTING;
	r->x->out->listing = (wr_listing){ r->ncols, r->n, names, cells };
	return WR_OK;
}

static const char *format(wr_exec *x, const char *f, ...) WR_PRINTF(2, 3);
static const char *format(wr_exec *x, const char *f, ...)
{
	char text[2048];
	va_list args;

	va_start(args, f);
	vsnprintf(text, sizeof text, f, args);
	va_end(args);
	return wr_arena_strdup(x->arena, text);
}

/* ---------------------------------------------------------------- SHOW */

static wr_status relations(wr_exec *x, bool tables, bool extended)
{
	static const char *const names[] = { "name",	 "topic",      "key format", "value format",
					     "windowed", "partitions", "row time",   "written by",
					     "read by",	 "statement" };
	rows r = { .x = x, .ncols = extended ? 10 : 6 };

	for (wr_named *n = x->e->names.first; n; n = n->next) {
		if (!n->relation || n->relation->table != tables)
			continue;
		const char **c = add(&r);

		c[0] = wr_z(x->arena, n->name);
		c[1] = wr_z(x->arena, n->relation->topic);
		c[2] = n->relation->key_format;
		c[3] = n->relation->value_format;
		c[4] = n->relation->window_kind ? "true" : "false";
		c[5] = format(x, "%d", n->relation->partitions);
		if (!extended)
			continue;
		c[6] = wr_row_time_of(x, n->relation);
		c[7] = wr_writers_of(x, n);
		c[8] = wr_readers_of(x, n);
		c[9] = wr_z(x->arena, n->text);
	}
	return done(&r, names);
}

static const char *dropped(wr_exec *x, const wr_query_info *q)
{
	wr_buf words = { 0 };

	wr_drops_print(q->dropped, NULL, true, &words);
	const char *text = wr_arena_strdup(x->arena, wr_buf_z(&words));

	wr_buf_free(&words);
	return text;
}

static void query_row(void *self, const wr_query_info *q)
{
	rows *r = self;
	const char **c = add(r);

	c[0] = wr_arena_strdup(r->x->arena, q->id);
	c[1] = q->transient ? "PUSH" : "PERSISTENT";
	c[2] = wr_query_state_text(q->state);
	c[3] = q->sink ? wr_arena_strdup(r->x->arena, q->sink) : "";
	c[4] = format(r->x, "%llu", (unsigned long long)q->rows_in);
	c[5] = format(r->x, "%llu", (unsigned long long)q->bad_records);
	c[6] = dropped(r->x, q);
	c[7] = wr_arena_strdup(r->x->arena, q->trouble);
	c[8] = wr_arena_strdup(r->x->arena, q->text ? q->text : "");
	if (r->ncols < 11)
		return;
	c[9] = wr_arena_strdup(r->x->arena, q->sink_topic ? q->sink_topic : "");
	c[10] = format(r->x, "%llu", (unsigned long long)q->epoch);
}

static wr_status queries(wr_exec *x, bool extended)
{
	static const char *const names[] = { "id",	  "type",	 "state",   "sink",
					     "rows in",	  "bad records", "dropped", "trouble",
					     "statement", "topic",	 "commits" };
	rows r = { .x = x, .ncols = extended ? 11 : 9 };

	wr_engine_queries(x->e, query_row, &r);
	return done(&r, names);
}

/* In the sink's own words; nothing while it does not run. */
static const char *sink_status(wr_exec *x, wr_query *q)
{
	wr_buf words = { 0 };

	pthread_mutex_lock(&q->lock);
	if (q->live && q->live->sink && q->live->sink->def->status)
		q->live->sink->def->status(q->live->sink, &words);
	pthread_mutex_unlock(&q->lock);
	const char *text = wr_arena_strdup(x->arena, wr_buf_z(&words));

	wr_buf_free(&words);
	return text;
}

static wr_status sinks(wr_exec *x)
{
	static const char *const names[] = { "name", "type", "query", "state", "status" };
	rows r = { .x = x, .ncols = 5 };

	for (wr_named *n = x->e->names.first; n; n = n->next) {
		if (n->relation || !n->query)
			continue;
		const char **c = add(&r);

		c[0] = wr_z(x->arena, n->name);
		c[1] = n->query->spec.sink_spec->type;
		c[2] = wr_arena_strdup(x->arena, n->query->id);
		c[3] = wr_query_state_text(n->query->state);
		c[4] = sink_status(x, n->query);
	}
	return done(&r, names);
}

static void topic_row(void *self, wr_str name, int32_t partitions)
{
	rows *r = self;
	const char **c = add(r);

	c[0] = wr_z(r->x->arena, name);
	c[1] = format(r->x, "%d", partitions);
	if (r->ncols == 2)
		return;
	wr_buf who = { 0 };

	for (const wr_named *n = r->x->e->names.first; n; n = n->next)
		if (n->relation && !n->relation->file.p && wr_str_eq(n->relation->topic, name))
			wr_buf_printf(&who, "%s%.*s", who.n ? ", " : "", WR_STR_ARG(n->name));
	c[2] = wr_arena_strdup(r->x->arena, wr_buf_z(&who));
	wr_buf_free(&who);
}

static wr_status topics(wr_exec *x, wr_err *err)
{
	static const char *const names[] = { "name", "partitions", "streams and tables" };
	rows r = { .x = x, .ncols = x->stmt->show.extended ? 3 : 2 };
	wr_status status = WR_OK;

	if (x->e->topics)
		wr_topics_each(x->e->topics, topic_row, &r);
	else
		status = wr_kafka_topics_each(x->e->config.broker, x->e->io.kafka_conf, topic_row,
					      &r, err);
	(void)done(&r, names);
	return status;
}

static wr_status properties(wr_exec *x)
{
	static const char *const names[] = { "name", "value", "about" };
	rows r = { .x = x, .ncols = 3 };
	wr_buf b = { 0 };

	for (int i = 0; i < WR_SETTING_COUNT; i++) {
		const char **c = add(&r);

		wr_buf_reset(&b);
		wr_setting_print(&x->s->settings, (wr_setting_id)i, &b);
		c[0] = wr_setting_row_of((wr_setting_id)i)->name;
		c[1] = wr_z(x->arena, wr_buf_view(&b));
		c[2] = wr_setting_row_of((wr_setting_id)i)->doc;
	}
	wr_buf_free(&b);
	for (const char *const *p = wr_settings_kafka(&x->s->settings, x->arena); p && *p; p += 2) {
		const char **c = add(&r);

		c[0] = format(x, "kafka.%s", p[0]);
		c[1] = wr_kafka_property_is_secret(p[0]) ? "(hidden)" : p[1];
		c[2] = "a property of Kafka's client";
	}
	return done(&r, names);
}

static void function_row(void *self, const char *name, wr_fn_kind kind)
{
	rows *r = self;
	const char **c = add(r);
	const wr_fn *fn = NULL;
	const wr_agg *agg = NULL;
	const wr_udtf *udtf = NULL;

	wr_fn_overloads(wr_str_of(name), &fn, &agg, &udtf, 1);
	c[0] = name;
	c[1] = kind == WR_FN_AGGREGATE ? "AGGREGATE" : kind == WR_FN_TABLE ? "TABLE" : "SCALAR";
	c[2] = udtf ? udtf->doc : agg ? agg->doc : fn ? fn->doc : "";
}

static wr_status functions(wr_exec *x)
{
	static const char *const names[] = { "name", "type", "about" };
	rows r = { .x = x, .ncols = 3 };

	wr_fn_each(function_row, &r);
	return done(&r, names);
}

static wr_status types(wr_exec *x)
{
	static const char *const names[] = { "name", "type" };
	rows r = { .x = x, .ncols = 2 };

	for (wr_named_type *t = x->e->names.types; t; t = t->next) {
		const char **c = add(&r);

		c[0] = wr_z(x->arena, t->name);
		c[1] = wr_type_text(x->arena, t->type);
	}
	return done(&r, names);
}

static wr_status variables(wr_exec *x)
{
	static const char *const names[] = { "name", "value" };
	rows r = { .x = x, .ncols = 2 };

	for (uint32_t i = 0; i < x->s->nvars; i++) {
		const char **c = add(&r);

		c[0] = wr_z(x->arena, x->s->vars[i][0]);
		c[1] = wr_z(x->arena, x->s->vars[i][1]);
	}
	return done(&r, names);
}

wr_status wr_exec_show(wr_exec *x, wr_err *err)
{
	switch (x->stmt->show.what) {
	case WR_SHOW_STREAMS: return relations(x, false, x->stmt->show.extended);
	case WR_SHOW_TABLES: return relations(x, true, x->stmt->show.extended);
	case WR_SHOW_QUERIES: return queries(x, x->stmt->show.extended);
	case WR_SHOW_SINKS: return sinks(x);
	case WR_SHOW_TOPICS: return topics(x, err);
	case WR_SHOW_PROPERTIES: return properties(x);
	case WR_SHOW_FUNCTIONS: return functions(x);
	case WR_SHOW_TYPES: return types(x);
	case WR_SHOW_VARIABLES: return variables(x);
	case WR_SHOW_ERRORS: return wr_exec_show_errors(x, err);
	case WR_SHOW_CONNECTORS:
	case WR_SHOW_SOURCE_CONNECTORS:
	case WR_SHOW_SINK_CONNECTORS:
	case WR_SHOW_CONNECTOR_PLUGINS: return wr_exec_no_connectors(x, err);
	default:
		return wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, x->stmt->span,
				  "this SHOW is understood, but this version does not run it");
	}
}

/* ---------------------------------------------------------------- DESCRIBE */

static wr_status describe_relation(wr_exec *x, const wr_relation *rel)
{
	static const char *const names[] = { "field", "type", "key" };
	rows r = { .x = x, .ncols = 3 };

	for (uint32_t i = 0; i < rel->schema->n; i++) {
		const char **c = add(&r);

		c[0] = wr_z(x->arena, rel->schema->cols[i].name);
		c[1] = wr_type_text(x->arena, rel->schema->cols[i].type);
		c[2] = i >= rel->schema->nkeys ? "" : rel->table ? "PRIMARY KEY" : "KEY";
	}
	x->out->message = wr_z(x->arena, rel->statement);
	return done(&r, names);
}

static void overload(rows *r, const char *name, const char *args, const char *result,
		     const char *doc, const char *example)
{
	const char **c = add(r);

	c[0] = format(r->x, "%s(%s)", name, args ? args : "");
	c[1] = result ? result : "depends on the arguments";
	c[2] = doc;
	c[3] = example;
}

static wr_status describe_function(wr_exec *x, wr_err *err)
{
	static const char *const names[] = { "function", "result", "about", "example" };
	const wr_fn *fns[64];
	const wr_agg *aggs[64];
	const wr_udtf *udtfs[64];
	wr_str name = x->stmt->describe.name.name;
	rows r = { .x = x, .ncols = 4 };

	memset(fns, 0, sizeof fns);
	memset(aggs, 0, sizeof aggs);
	memset(udtfs, 0, sizeof udtfs);
	uint32_t n = wr_fn_overloads(name, fns, aggs, udtfs, 64);

	if (n == 0) {
		wr_err_set(err, WR_ERR_STATEMENT, x->stmt->describe.name.span,
			   "there is no function %.*s", WR_STR_ARG(name));
		return wr_err_hint(err, "SHOW FUNCTIONS lists them all");
	}
	for (uint32_t i = 0; i < n && i < 64; i++) {
		if (fns[i])
			overload(&r, fns[i]->name, fns[i]->args, fns[i]->result, fns[i]->doc,
				 fns[i]->example);
		if (aggs[i])
			overload(&r, aggs[i]->name, aggs[i]->args, aggs[i]->result, aggs[i]->doc,
				 aggs[i]->example);
		if (udtfs[i])
			overload(&r, udtfs[i]->name, udtfs[i]->args, udtfs[i]->result,
				 udtfs[i]->doc, udtfs[i]->example);
	}
	return done(&r, names);
}

static wr_status describe_sink(wr_exec *x, const wr_named *n)
{
	static const char *const names[] = { "field", "type", "key" };
	const wr_schema *s = n->query->plan->graph->out;
	rows r = { .x = x, .ncols = 3 };

	for (uint32_t i = 0; i < s->n; i++) {
		const char **c = add(&r);

		c[0] = wr_z(x->arena, s->cols[i].name);
		c[1] = wr_type_text(x->arena, s->cols[i].type);
		c[2] = i < s->nkeys ? "KEY" : "";
	}
	const char *status = sink_status(x, n->query);

	x->out->message = *status ? format(x, "%.*s\nstatus: %s", WR_STR_ARG(n->text), status)
				  : wr_z(x->arena, n->text);
	return done(&r, names);
}

wr_status wr_exec_describe(wr_exec *x, wr_err *err)
{
	const wr_stmt_describe *s = &x->stmt->describe;

	if (s->every)
		return relations(x, s->object == WR_OBJ_TABLE, s->extended);
	if (s->object == WR_OBJ_FUNCTION)
		return describe_function(x, err);
	if (s->object == WR_OBJ_CONNECTOR)
		return wr_exec_no_connectors(x, err);
	wr_named *n = wr_names_find(x->e, s->name.name);

	if (!n || (s->object == WR_OBJ_SINK) != (n->relation == NULL)) {
		wr_err_set(err, WR_ERR_STATEMENT, s->name.span, "there is no %s %.*s",
			   s->object == WR_OBJ_SINK ? "sink" : "stream or table",
			   WR_STR_ARG(s->name.name));
		return wr_err_hint(err,
				   "SHOW STREAMS, SHOW TABLES and SHOW SINKS list what there is");
	}
	if (n->relation && s->extended)
		wr_describe_extended(x, n);
	return n->relation ? describe_relation(x, n->relation) : describe_sink(x, n);
}

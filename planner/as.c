/*
 * CREATE … AS and INSERT INTO … SELECT: a query whose results fill a relation. A new relation takes
 * its formats and the number of its topic's partitions from the leftmost one that is read, where
 * the statement does not say.
 */
#include "planner/impl.h"

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* What DEBEZIUM is when it is written. */
static const char *written(const char *format)
{
	return is(format, "DEBEZIUM") ? "JSON" : format;
}

/* Whether a format that nobody asked for can hold the key's columns. */
static bool holds(const char *format, const wr_schema *s)
{
	const wr_format_def *f = wr_format_find(wr_str_of(format));
	wr_side_spec key = {
		.format = format, .n = s->nkeys, .cols = s->cols, .wrap = s->nkeys > 1
	};
	wr_err no = WR_ERR_INIT;

	if (!f || (s->nkeys > 1 && !f->multi))
		return false;
	return s->nkeys == 0 || !f->check || f->check(&key, true, &no) == WR_OK;
}

wr_status wr_inherit_formats(wr_planner *p, const wr_result *r, const wr_with *w, wr_relation *rel,
			     wr_err *err)
{
	const wr_relation *from = r->leftmost;
	uint32_t nkeys = rel->schema->nkeys;

	if (w->key_format && !nkeys && !is(w->key_format, "NONE") &&
	    w->key_format != w->value_format)
		return WR_REFUSE(err, w->key_format_span,
				 "KEY_FORMAT is given, and the result has no key");
	if (w->key_format)
		rel->key_format = w->key_format;
	else if (r->keyless)
		rel->key_format = "NONE";
	else if (is(from->key_format, "NONE") && nkeys)
		rel->key_format =
		    wr_arena_str(p->a, wr_setting_text(p->set, WR_SET_DEFAULT_KEY_FORMAT)).p;
	else
		rel->key_format = written(from->key_format);
	if (!w->key_format && !holds(rel->key_format, rel->schema) &&
	    wr_dialect_finds_key_format(p))
		rel->key_format = "JSON";
	rel->value_format = w->value_format ? w->value_format : written(from->value_format);
	if (is(rel->key_format, "DEBEZIUM") || is(rel->value_format, "DEBEZIUM"))
		return WR_REFUSE(err, w->value_format_span,
				 "DEBEZIUM is a format to read, not to write");
	rel->key_delimiter = w->key_delimiter;
	if (!w->key_delimiter && is(rel->key_format, from->key_format))
		rel->key_delimiter = from->key_delimiter;
	rel->value_delimiter = w->value_delimiter;
	if (!w->value_delimiter && is(rel->value_format, from->value_format))
		rel->value_delimiter = from->value_delimiter;
	return WR_OK;
}

wr_status wr_inherit_topic(wr_planner *p, const wr_result *r, const wr_with *w, wr_relation *rel,
			   wr_plan *out, wr_err *err)
{
	wr_str prefix = wr_setting_text(p->set, WR_SET_OUTPUT_TOPIC_PREFIX);
	int32_t there;

	rel->topic = w->topic.p ? w->topic
				: wr_arena_printf(p->a, "%.*s%.*s", WR_STR_ARG(prefix),
						  WR_STR_ARG(rel->name));
	out->partitions = w->partitions > 0 ? (int32_t)w->partitions : r->leftmost->partitions;
	if (out->partitions <= 0)
		out->partitions = 1;
	out->replicas = w->replicas > 0 ? (int32_t)w->replicas : 0;
	out->retention_ms = w->retention_ms;
	out->compact = w->compact || (rel->table && !rel->window_kind);
	there = p->catalog->partitions(p->catalog, rel->topic);
	if (there > 0 && w->partitions > 0 && there != w->partitions)
		return WR_REFUSE(err, w->span, "topic '%.*s' has %d partitions, not %d",
				 WR_STR_ARG(rel->topic), there, (int)w->partitions);
	if (there > 0)
		out->partitions = there;
	rel->partitions = out->partitions;
	return WR_OK;
}

static wr_status check_kind(const wr_stmt_create_source *c, const wr_result *r, wr_err *err)
{
	if (r->node->table == c->is_table)
		return WR_OK;
	if (r->node->table) {
		WR_REFUSE(err, c->name.span, "the result of this query is a table, not a stream");
		return wr_err_hint(err, "write CREATE TABLE %.*s AS …", WR_STR_ARG(c->name.text));
	}
	WR_REFUSE(err, c->name.span, "the result of this query is a stream, not a table");
	return wr_err_hint(err, "write CREATE STREAM %.*s AS …, or GROUP BY a key",
			   WR_STR_ARG(c->name.text));
}

/* DISTINCT of a table: all columns are the key, and the value is there all the same. */
static wr_status check_bare(const wr_relation *rel, wr_span span, wr_err *err)
{
	if (rel->schema->n > rel->schema->nkeys ||
	    wr_format_find(wr_str_of(rel->value_format))->multi)
		return WR_OK;
	WR_REFUSE(err, span, "the result has key columns only, for which format %s has no value",
		  rel->value_format);
	return wr_err_hint(err, "use VALUE_FORMAT='JSON'");
}

static wr_node *set_row_time(wr_planner *p, wr_node *in, int32_t col, wr_str format)
{
	wr_node *n;

	if (col < 0)
		return in;
	n = wr_node_new(p->a, WR_NODE_ROWTIME, in);
	n->col = col;
	n->time_format = format.p ? wr_arena_str(p->a, format).p : NULL;
	return n;
}

wr_status wr_plan_create_as(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err)
{
	const wr_stmt_create_source *c = &s->create_source;
	const wr_relation *old = p->catalog->find(p->catalog, c->name.name);
	wr_relation *rel = WR_NEW(p->a, wr_relation);
	wr_result r;
	wr_with w;
	int32_t time_col;

	out->kind = WR_PLAN_CREATE_AS;
	out->relation = old;
	if (old && c->if_not_exists)
		return WR_OK;
	out->relation = rel;
	if (wr_check_existing(p, c, old, err) || wr_with_read(p, &c->props, WR_WITH_AS, &w, err) ||
	    wr_query_plan(p, c->query, WR_USE_AS, c->name.name, &r, err) || check_kind(c, &r, err))
		return WR_FAIL;
	rel->name = wr_arena_str(p->a, c->name.name);
	rel->table = r.node->table;
	rel->from_query = true;
	rel->schema = r.node->out;
	rel->spelled = r.names;
	rel->window_kind = r.node->window.kind;
	rel->window_size = r.node->window.kind == WR_WINDOW_SESSION ? 0 : r.node->window.size;
	rel->statement = wr_arena_str(p->a, p->cx->text);
	if (w.span.length == 0)
		w.span = c->name.span;
	if (wr_inherit_formats(p, &r, &w, rel, err) || wr_relation_formats(p, rel, &w, err) ||
	    wr_dialect_agg_state(p, &r, rel->value_format, err) ||
	    check_bare(rel, c->name.span, err) ||
	    wr_check_timestamp(p, rel->schema, &w, rel, &time_col, err) ||
	    wr_inherit_topic(p, &r, &w, rel, out, err) || wr_check_replacement(p, c, rel, err))
		return WR_FAIL;
	wr_plan_reads(p, &r.from, out);
	return wr_lower(p, set_row_time(p, r.node, time_col, w.timestamp_format),
			wr_sink_of_relation(p, rel, rel->table), &r, -1, &out->graph, err);
}

/* ---------------------------------------------------------------- INSERT INTO … SELECT */

static wr_status check_target(const wr_relation *t, const wr_ident *name, wr_err *err)
{
	if (t->table)
		return WR_REFUSE(err, name->span,
				 "%.*s is a table: a query can be inserted into a stream only",
				 WR_STR_ARG(t->name));
	if (t->source_only)
		return WR_REFUSE(err, name->span, "%.*s is a SOURCE STREAM: it is read only",
				 WR_STR_ARG(t->name));
	if (t->header_cols)
		return WR_REFUSE(err, name->span,
				 "%.*s has header columns: nothing can be inserted",
				 WR_STR_ARG(t->name));
	if (t->file.p)
		return WR_REFUSE(err, name->span,
				 "%.*s is read from a file: nothing can be inserted",
				 WR_STR_ARG(t->name));
	return WR_OK;
}

static wr_status differs(wr_planner *p, const wr_relation *t, const wr_result *r, wr_span span,
			 wr_err *err)
{
	wr_buf a = { 0 }, b = { 0 };

	(void)p;
	wr_schema_print(r->node->out, false, &a);
	wr_schema_print(t->schema, false, &b);
	WR_REFUSE(err, span, "the query gives %s, and %.*s has %s", wr_buf_z(&a),
		  WR_STR_ARG(t->name), wr_buf_z(&b));
	wr_buf_free(&a);
	wr_buf_free(&b);
	return wr_err_hint(
	    err, "names, their order and types must be the same; keys are keys on both sides");
}

/* The projection, its columns brought to the target's types. */
static wr_status fit(wr_planner *p, const wr_relation *t, wr_result *r, wr_span span, wr_err *err)
{
	wr_binder b = { .arena = p->a };
	const wr_schema *in = r->node->out, *to = t->schema;
	const wr_expr **exprs = WR_NEW_ARRAY(p->a, const wr_expr *, in->n);

	if (in->n != to->n || in->nkeys != to->nkeys)
		return differs(p, t, r, span, err);
	for (uint32_t i = 0; i < in->n; i++) {
		wr_err no = WR_ERR_INIT;

		if (!wr_str_eq(in->cols[i].name, to->cols[i].name) ||
		    wr_bind_coerce(&b, r->node->exprs[i], to->cols[i].type, WR_COERCE_INTO,
				   &exprs[i], &no))
			return differs(p, t, r, span, err);
	}
	r->node->exprs = exprs;
	r->node->out = to;
	return WR_OK;
}

wr_status wr_plan_insert_query(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err)
{
	const wr_stmt_insert_query *c = &s->insert_query;
	const wr_relation *t = wr_find_relation(p, &c->name, err);
	wr_result r;
	wr_with w;

	if (!t || check_target(t, &c->name, err) ||
	    wr_with_read(p, &c->props, WR_WITH_INSERT, &w, err) ||
	    wr_query_plan(p, c->query, WR_USE_AS, t->name, &r, err))
		return WR_FAIL;
	if (r.node->table) {
		WR_REFUSE(err, c->query->span,
			  "the query's result is a table, and %.*s is a stream",
			  WR_STR_ARG(t->name));
		return WR_FAIL;
	}
	if ((int)r.node->window.kind != t->window_kind)
		return WR_REFUSE(
		    err, c->query->span,
		    "one of the query's result and %.*s has windows, the other has not",
		    WR_STR_ARG(t->name));
	if (fit(p, t, &r, c->query->span, err))
		return WR_FAIL;
	out->kind = WR_PLAN_INSERT_QUERY;
	out->name = t->name;
	out->relation = t;
	out->query_id = w.query_id;
	wr_plan_reads(p, &r.from, out);
	return wr_lower(p, r.node, wr_sink_of_relation(p, t, false), &r, -1, &out->graph, err);
}

/* ---------------------------------------------------------------- SELECT … EMIT */

wr_status wr_plan_select(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err)
{
	const wr_ast_query *q = s->query;
	wr_result r;

	if (wr_query_plan(p, q, WR_USE_CLIENT, (wr_str){ NULL, 0 }, &r, err))
		return WR_FAIL;
	out->kind = WR_PLAN_SELECT;
	out->emit_final = q->emit == WR_EMIT_FINAL;
	out->pull = q->emit == WR_EMIT_NONE;
	out->names = r.names;
	out->norder = r.norder;
	out->order = r.order;
	out->nshown = r.nshown ? r.nshown : r.node->out->n;
	wr_plan_reads(p, &r.from, out);
	if (out->pull) /* LIMIT counts the rows that are there at the end */
		r.old_images = r.ends = true;
	if (out->pull || !q->norder) { /* else the places are kept by the query itself */
		out->limit = q->limit.given ? q->limit.n : -1;
		out->skip = q->offset.given ? q->offset.n : 0;
	}
	return wr_lower(p, r.node, NULL, &r,
			out->pull || out->limit < 0 ? -1 : out->limit + out->skip, &out->graph,
			err);
}

void wr_plan_reads(wr_planner *p, const wr_from *f, wr_plan *out)
{
	wr_str *reads = WR_NEW_ARRAY(p->a, wr_str, f->nsources);

	out->nreads = f->nsources;
	for (uint32_t i = 0; i < f->nsources; i++)
		reads[i] = f->sources[i]->name;
	out->reads = reads;
}

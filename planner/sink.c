/*
 * Where results go: the sink of a relation, which is its topic, and CREATE SINK.
 */
#include "planner/impl.h"

const wr_sink_spec *wr_sink_of_relation(wr_planner *p, const wr_relation *r, bool table)
{
	wr_sink_spec *s = WR_NEW(p->a, wr_sink_spec);

	s->type = p->cx->source_kind;
	s->name = r->name;
	s->topic = r->topic;
	s->partitions = r->partitions;
	wr_relation_sides(p->a, r, &s->key, &s->value);
	s->schema = r->schema;
	s->table = table;
	s->window = (wr_window_kind)r->window_kind;
	return s;
}

/* ---------------------------------------------------------------- CREATE SINK */

static const wr_prop *find_prop(const wr_props *props, const char *name)
{
	for (uint32_t i = 0; i < props->n; i++)
		if (wr_str_is(props->items[i].name.name, name))
			return &props->items[i];
	return NULL;
}

static wr_str literal(const wr_ast_expr *e)
{
	switch (e->kind) {
	case WR_AST_STRING: return e->text;
	case WR_AST_BOOL: return e->boolean ? WR_STR_LIT("true") : WR_STR_LIT("false");
	case WR_AST_NULL: return (wr_str){ NULL, 0 };
	default: return e->spelled;
	}
}

static wr_status find_type(const wr_stmt *s, wr_str *type, wr_span *span, wr_err *err)
{
	const wr_stmt_create_sink *c = &s->create_sink;
	const wr_prop *t = find_prop(&c->props, "TYPE");

	if (!t) {
		WR_REFUSE(err, c->props.span.length ? c->props.span : c->name.span,
			  "nothing says what kind of sink %.*s is", WR_STR_ARG(c->name.name));
		return wr_err_hint(err,
				   "add TYPE='csv', 'email', 'http', 'kafka' or 'sqlite' to WITH");
	}
	*type = literal(t->value);
	*span = t->value->span;
	if (wr_str_ieq(*type, WR_STR_LIT("kafka")) || wr_sink_find(*type))
		return WR_OK;
	WR_REFUSE(err, *span, "there is no sink of type '%.*s'", WR_STR_ARG(*type));
	return wr_err_hint(err, "types are csv, email, http, kafka and sqlite");
}

static void copy_props(wr_planner *p, const wr_props *props, wr_sink_spec *s)
{
	wr_sink_prop *out = WR_NEW_ARRAY(p->a, wr_sink_prop, props->n);

	for (uint32_t i = 0; i < props->n; i++) {
		const wr_prop *in = &props->items[i];

		if (wr_str_is(in->name.name, "TYPE"))
			continue;
		out[s->nprops++] =
		    (wr_sink_prop){ wr_arena_str(p->a,
						 in->name.quoted ? in->name.text : in->name.name),
				    wr_arena_str(p->a, literal(in->value)), in->name.span };
	}
	s->props = out;
}

/*
 * A relation that no catalog has, for the formats of a topic; columns are named as the statement
 * spells them.
 */
static wr_relation *as_relation(wr_planner *p, const wr_result *r, wr_str name)
{
	wr_relation *rel = WR_NEW(p->a, wr_relation);
	const wr_schema *s = r->node->out;
	wr_schema *spelled = wr_schema_new(p->a, s->n, s->nkeys);

	for (uint32_t i = 0; i < s->n; i++)
		wr_schema_cols(spelled)[i] =
		    (wr_column){ r->names[i].p ? r->names[i] : s->cols[i].name, s->cols[i].type };
	rel->name = name;
	rel->schema = spelled;
	rel->table = r->node->table;
	rel->window_kind = r->node->window.kind;
	rel->window_size = r->node->window.size;
	return rel;
}

static wr_status topic_sink(wr_planner *p, const wr_stmt *s, wr_result *r, wr_sink_spec *out,
			    wr_plan *plan, wr_err *err)
{
	const wr_stmt_create_sink *c = &s->create_sink;
	wr_relation *rel = as_relation(p, r, c->name.name);
	wr_with w;

	if (wr_with_read(p, &c->props, WR_WITH_KAFKA_SINK, &w, err) ||
	    wr_inherit_formats(p, r, &w, rel, err) || wr_relation_formats(p, rel, &w, err) ||
	    wr_inherit_topic(p, r, &w, rel, plan, err))
		return WR_FAIL;
	plan->relation = rel;
	*out = *wr_sink_of_relation(p, rel, r->node->table);
	return WR_OK;
}

wr_status wr_plan_create_sink(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err)
{
	const wr_stmt_create_sink *c = &s->create_sink;
	wr_sink_spec *spec = WR_NEW(p->a, wr_sink_spec);
	wr_result r;
	wr_str type;
	wr_span span;

	if (find_type(s, &type, &span, err) ||
	    wr_query_plan(p, c->query, WR_USE_SINK, c->name.name, &r, err))
		return WR_FAIL;
	if (wr_str_ieq(type, WR_STR_LIT("kafka"))) {
		if (topic_sink(p, s, &r, spec, out, err))
			return WR_FAIL;
	} else {
		wr_relation *rel = as_relation(p, &r, c->name.name);

		rel->key_format = rel->value_format = "JSON";
		rel->key_wrap = rel->value_wrap = true;
		*spec = *wr_sink_of_relation(p, rel, r.node->table);
		spec->type = wr_sink_find(type)->type;
		spec->topic = (wr_str){ NULL, 0 };
	}
	spec->name = wr_arena_str(p->a, c->name.name);
	spec->schema = r.node->out;
	spec->fields = r.names;
	copy_props(p, &c->props, spec);
	if (wr_sink_find(wr_str_of(spec->type)) && wr_sink_find(wr_str_of(spec->type))->check &&
	    !wr_str_ieq(type, WR_STR_LIT("kafka")) &&
	    wr_sink_find(wr_str_of(spec->type))->check(spec, err)) {
		if (!err->span.length)
			err->span = c->props.span;
		return WR_FAIL;
	}
	out->kind = WR_PLAN_CREATE_SINK;
	out->or_replace = c->or_replace;
	out->if_not_exists = c->if_not_exists;
	out->name = spec->name;
	wr_plan_reads(p, &r.from, out);
	return wr_lower(p, r.node, spec, &r, -1, &out->graph, err);
}

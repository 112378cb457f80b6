/*
 * ALTER STREAM|TABLE … ADD: the relation with further value columns behind the others.
 */
#include "planner/impl.h"

static wr_status check(const wr_stmt_alter *c, const wr_relation *r, wr_err *err)
{
	if (r->table != c->is_table)
		return WR_REFUSE(err, c->name.span, "%.*s is a %s, not a %s", WR_STR_ARG(r->name),
				 r->table ? "table" : "stream", c->is_table ? "table" : "stream");
	if (r->source_only)
		return WR_REFUSE(err, c->name.span, "%.*s is a SOURCE %s: it cannot be altered",
				 WR_STR_ARG(r->name), r->table ? "TABLE" : "STREAM");
	if (!r->from_query)
		return WR_OK;
	WR_REFUSE(err, c->name.span, "%.*s is made by a query: its columns are the query's",
		  WR_STR_ARG(r->name));
	return wr_err_hint(err, "CREATE OR REPLACE %s %.*s AS … with the new columns",
			   r->table ? "TABLE" : "STREAM", WR_STR_ARG(r->name));
}

static wr_status add(wr_planner *p, const wr_element *e, wr_schema *s, wr_err *err)
{
	wr_column *c = &wr_schema_cols(s)[s->n];

	if (e->kind != WR_ELEMENT_VALUE)
		return WR_REFUSE(err, e->kind_span, "%.*s: only value columns can be added",
				 WR_STR_ARG(e->name.name));
	if (wr_reserved_name(e->name.name))
		return WR_REFUSE(err, e->name.span,
				 "%.*s is a reserved name: a column cannot have it",
				 WR_STR_ARG(e->name.name));
	if (wr_schema_find(s, e->name.name) >= 0)
		return WR_REFUSE(err, e->name.span, "there is a column %.*s already",
				 WR_STR_ARG(e->name.name));
	c->name = wr_arena_str(p->a, e->name.name);
	s->n++;
	return wr_read_type(p, e->type, &c->type, err);
}

static const void *longer(wr_arena *a, const void *old, uint32_t n, uint32_t added, size_t size)
{
	char *out;

	if (!old)
		return NULL;
	out = wr_arena_zalloc(a, (n + added) * size);
	memcpy(out, old, n * size);
	return out;
}

wr_status wr_plan_alter(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err)
{
	const wr_stmt_alter *c = &s->alter;
	const wr_relation *old = wr_find_relation(p, &c->name, err);
	wr_relation *r = WR_NEW(p->a, wr_relation);
	wr_with none = { .wrap = -1, .span = c->name.span };
	wr_schema *schema;
	uint32_t n;

	if (!old || check(c, old, err))
		return WR_FAIL;
	n = old->schema->n;
	schema = wr_schema_new(p->a, n + c->added.n, old->schema->nkeys);
	memcpy(wr_schema_cols(schema), old->schema->cols, n * sizeof(wr_column));
	schema->n = n;
	*r = *old;
	r->schema = schema;
	r->header_cols = longer(p->a, old->header_cols, n, c->added.n, sizeof(*r->header_cols));
	r->header_keys = longer(p->a, old->header_keys, n, c->added.n, sizeof(*r->header_keys));
	r->spelled = longer(p->a, old->spelled, n, c->added.n, sizeof(*r->spelled));
	for (uint32_t i = 0; i < c->added.n; i++) {
		if (add(p, &c->added.items[i], schema, err))
			return WR_FAIL;
		if (r->spelled)
			((wr_str *)r->spelled)[n + i] =
			    wr_arena_str(p->a, c->added.items[i].name.text);
	}
	if (wr_relation_formats(p, r, &none, err))
		return WR_FAIL;
	out->kind = WR_PLAN_CREATE_SOURCE;
	out->or_replace = true;
	out->name = r->name;
	out->relation = r;
	return WR_OK;
}

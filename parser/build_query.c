/* Builders of queries: select items, relations, joins, CTEs. */
#include "parser/build.h"

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t expr_depth(const wr_ast_expr *e)
{
	return e ? e->depth : 0;
}

static uint32_t list_depth(const wr_ast_exprs *l)
{
	uint32_t d = 0;

	for (uint32_t i = 0; i < l->n; i++)
		d = max(d, l->items[i]->depth);
	return d;
}

wr_select_item *wr_build_item(wr_build *cx, wr_span span, wr_item_kind kind, wr_ast_expr *expr)
{
	wr_select_item *item = WR_NEW(cx->arena, wr_select_item);

	item->span = span;
	item->kind = kind;
	item->expr = expr;
	return item;
}

wr_ast_relation *wr_build_source(wr_build *cx, wr_span span, wr_ident source, wr_ident alias)
{
	wr_ast_relation *r = WR_NEW(cx->arena, wr_ast_relation);

	r->kind = WR_REL_SOURCE;
	r->span = span;
	r->source = source;
	r->alias = alias;
	r->depth = 1;
	return r;
}

wr_ast_relation *wr_build_derived(wr_build *cx, wr_span span, wr_ast_query *query, wr_ident alias)
{
	wr_ast_relation *r = WR_NEW(cx->arena, wr_ast_relation);

	r->kind = WR_REL_QUERY;
	r->span = span;
	r->query = query;
	r->alias = alias;
	r->depth = query->depth + 1;
	return r;
}

wr_ast_relation *wr_build_join(wr_build *cx, wr_span span, wr_ast_relation *left,
			       const wr_ast_relation *join)
{
	wr_ast_relation *r = WR_NEW(cx->arena, wr_ast_relation);

	*r = *join;
	r->span = span;
	r->join.left = left;
	r->depth = max(max(left->depth, join->join.right->depth), join->join.on->depth) + 1;
	if (r->depth > WR_AST_DEPTH_MAX)
		wr_build_refuse(cx, span, "too many joins in one query",
				"make streams or tables of some of them");
	return r;
}

wr_cte *wr_build_cte(wr_build *cx, wr_ident name, wr_links columns, wr_ast_query *query)
{
	wr_cte *c = WR_NEW(cx->arena, wr_cte);

	c->name = name;
	c->columns = wr_build_idents(cx, columns);
	c->query = query;
	return c;
}

wr_order_item *wr_build_order(wr_build *cx, wr_span span, wr_ast_expr *expr, bool descending)
{
	wr_order_item *o = WR_NEW(cx->arena, wr_order_item);

	*o = (wr_order_item){ expr, descending, span };
	return o;
}

static uint32_t query_depth(const wr_ast_query *q)
{
	uint32_t d = q->from->depth;

	for (uint32_t i = 0; i < q->nctes; i++)
		d = max(d, q->ctes[i].query->depth);
	for (uint32_t i = 0; i < q->nitems; i++)
		d = max(d, expr_depth(q->items[i].expr));
	for (uint32_t i = 0; i < q->norder; i++)
		d = max(d, q->order_by[i].expr->depth);
	d = max(d, max(expr_depth(q->where), expr_depth(q->having)));
	return max(d, max(list_depth(&q->group_by), list_depth(&q->partition_by)));
}

wr_ast_query *wr_build_query(wr_build *cx, wr_span span, const wr_ast_query *parts)
{
	wr_ast_query *q = WR_NEW(cx->arena, wr_ast_query);

	*q = *parts;
	q->span = span;
	q->depth = query_depth(q) + 1;
	if (q->depth > WR_AST_DEPTH_MAX)
		wr_build_refuse(cx, span, "the query is nested too deeply",
				"make streams or tables of parts of it");
	return q;
}

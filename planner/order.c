/*
 * ORDER BY, LIMIT, OFFSET.
 *
 * In a query that ends (a SELECT without EMIT) they are what they are anywhere: the rows are put in
 * order when all are there, which is done where they are handed out. In one that goes on for ever
 * ORDER BY … LIMIT is the rows in the first places at any time: a table that follows its input
 * (operators/op_top.c). Without LIMIT there is no such thing, as every row of it would move.
 *
 * An entry of ORDER BY is the number of a SELECT list's entry, its name, or any expression that the
 * list could have; what the list has not is added to it unseen, so that grouping and projection
 * treat it like the others, and dropped again at the end:
 *
 *   PROJECT list | unseen  ──EXCHANGE to one task──▶  TOP  ──PROJECT──▶  list
 *
 * The result's key is that of a table's rows. Rows of a stream have none that tells them apart:
 * CREATE TABLE … AS has the place, RANK, for its key.
 */
#include "planner/impl.h"

bool wr_select_ends(const wr_select *s)
{
	return s->use == WR_USE_CLIENT && s->ast->emit == WR_EMIT_NONE;
}

static wr_status check_size(const wr_ast_query *q, wr_err *err)
{
	int64_t n = q->limit.n, skip = q->offset.given ? q->offset.n : 0;

	if (n <= WR_TOP_MAX && skip <= WR_TOP_MAX - n)
		return WR_OK;
	WR_REFUSE(err, q->limit.span,
		  "LIMIT and OFFSET of a query that goes on for ever reach to place %d at most",
		  WR_TOP_MAX);
	return wr_err_hint(err, "the rows in these places are kept in memory");
}

wr_status wr_order_check(wr_select *s, wr_err *err)
{
	const wr_ast_query *q = s->ast;

	if (wr_select_ends(s))
		return WR_OK;
	s->top = q->norder && q->limit.given;
	if (q->norder && !q->limit.given) {
		WR_REFUSE(err, q->order_span,
			  "ORDER BY without LIMIT has no meaning in a query that goes on for ever");
		return wr_err_hint(err, "add LIMIT n: the n rows that come first, at any time");
	}
	if (s->top && q->partition_by.n)
		return WR_REFUSE(err, q->partition_by.span,
				 "PARTITION BY and ORDER BY … LIMIT do not go together");
	if (s->top)
		return check_size(q, err);
	if (s->use == WR_USE_CLIENT || (!q->limit.given && !q->offset.given))
		return WR_OK;
	WR_REFUSE(err, q->limit.given ? q->limit.span : q->offset.span,
		  "%s needs an order here, since the query goes on for ever",
		  q->limit.given ? "LIMIT" : "OFFSET");
	return wr_err_hint(err, "add ORDER BY before it: the rows that come first, at any time");
}

/* ---------------------------------------------------------------- the entries */

static wr_status by_number(const wr_select *s, const wr_ast_expr *e, int32_t *item, wr_err *err)
{
	int64_t n = 0;

	for (uint32_t i = 0; i < e->spelled.n && n <= s->items.n; i++)
		n = n * 10 + (e->spelled.p[i] - '0');
	if (n >= 1 && n <= s->items.n) {
		*item = (int32_t)n - 1;
		return WR_OK;
	}
	WR_REFUSE(err, e->span, "the SELECT list has no column %.*s", WR_STR_ARG(e->spelled));
	return wr_err_hint(err, "it has %u", s->items.n);
}

static wr_status by_name(const wr_select *s, const wr_ast_expr *e, int32_t *item, wr_err *err)
{
	for (uint32_t i = 0; i < s->items.n; i++) {
		const wr_item *it = &s->items.items[i];

		if (it->hidden || !wr_str_eq(it->name, e->column.name.name))
			continue;
		if (*item >= 0 && !wr_expr_eq(it->e, s->items.items[*item].e)) {
			WR_REFUSE(err, e->span, "two columns of the SELECT list are called %.*s",
				  WR_STR_ARG(it->name));
			return wr_err_hint(err, "order by its number, or give it another name");
		}
		if (*item < 0)
			*item = (int32_t)i;
	}
	return WR_OK;
}

static wr_status by_expression(wr_select *s, const wr_ast_expr *ast, int32_t *item, wr_err *err)
{
	const wr_expr *e;

	s->binder.clause = "ORDER BY";
	if (wr_bind_expr(&s->binder, s->cdc ? wr_cdc_expand(s->p->a, (wr_ast_expr *)ast) : ast, &e,
			 err))
		return WR_FAIL;
	for (uint32_t i = 0; i < s->items.n; i++)
		if (wr_expr_eq(s->items.items[i].e, e)) {
			*item = (int32_t)i;
			return WR_OK;
		}
	if (!e->type)
		return WR_REFUSE(err, ast->span, "ORDER BY NULL orders nothing");
	if (s->ast->distinct) {
		WR_REFUSE(err, ast->span, "DISTINCT rows are ordered by columns that they have");
		return wr_err_hint(err, "add it to the SELECT list");
	}
	*item = (int32_t)s->items.n;
	wr_select_add(s, (wr_item){ .e = e,
				    .name = wr_arena_printf(s->p->a, "ORDER_BY_%d", *item),
				    .span = ast->span,
				    .hidden = true });
	return WR_OK;
}

static wr_status bind_one(wr_select *s, const wr_order_item *o, wr_order *out, wr_err *err)
{
	const wr_ast_expr *e = o->expr;
	const wr_type *type;
	int32_t item = -1;
	bool bare = e->kind == WR_AST_COLUMN && !wr_ident_given(&e->column.qualifier);

	if (e->kind == WR_AST_INTEGER && by_number(s, e, &item, err))
		return WR_FAIL;
	if (bare && by_name(s, e, &item, err))
		return WR_FAIL;
	if (item < 0 && by_expression(s, e, &item, err))
		return WR_FAIL;
	type = s->items.items[item].e->type;
	if (type->tag == WR_ARRAY || type->tag == WR_MAP || type->tag == WR_STRUCT) {
		WR_REFUSE(err, o->span, "values of type %s have no order",
			  wr_type_text(s->p->a, type));
		return wr_err_hint(err, "order by a part of it");
	}
	*out = (wr_order){ item, o->descending };
	return WR_OK;
}

wr_status wr_order_bind(wr_select *s, wr_err *err)
{
	s->order = WR_NEW_ARRAY(s->p->a, wr_order, s->ast->norder);
	for (uint32_t i = 0; i < s->ast->norder; i++)
		if (bind_one(s, &s->ast->order_by[i], &s->order[i], err))
			return WR_FAIL;
	return WR_OK;
}

/* ---------------------------------------------------------------- the nodes */

static wr_str rank_name(const wr_select *s)
{
	wr_namer namer = { .a = s->p->a };

	for (uint32_t i = 0; i < s->items.n; i++)
		wr_namer_take(&namer, s->items.items[i].name);
	return wr_namer_field(&namer, WR_STR_LIT("RANK"));
}

static wr_node *top(wr_select *s, wr_node *in, bool single)
{
	wr_arena *a = s->p->a;
	wr_order *order = WR_NEW_ARRAY(a, wr_order, s->ast->norder);
	wr_node *n;

	if (!single) {
		in = wr_node_new(a, WR_NODE_EXCHANGE, in);
		in->single = true;
	}
	n = wr_node_new(a, WR_NODE_TOP, in);
	for (uint32_t i = 0; i < s->ast->norder; i++)
		order[i] = (wr_order){ (int32_t)s->items.items[s->order[i].col].at,
				       s->order[i].descending };
	n->table = true;
	n->norder = s->ast->norder;
	n->order = order;
	n->limit = s->ast->limit.n;
	n->offset = s->ast->offset.given ? s->ast->offset.n : 0;
	n->ranked = !in->table && s->use != WR_USE_CLIENT;
	if (n->ranked) {
		wr_schema *schema = wr_schema_new(a, in->out->n + 1, 1);

		wr_schema_cols(schema)[0] = (wr_column){ rank_name(s), wr_type_of(WR_BIGINT) };
		memcpy(wr_schema_cols(schema) + 1, in->out->cols, in->out->n * sizeof(wr_column));
		n->out = schema;
	}
	return n;
}

/* The projection under construction: column by column. */
typedef struct shown {
	wr_select *s;
	wr_schema *schema;
	const wr_expr **exprs;
	wr_str *names;
} shown;

static void show(shown *x, const wr_schema *in, uint32_t col, wr_str name)
{
	uint32_t i = x->schema->n++;

	wr_schema_cols(x->schema)[i] = in->cols[col];
	x->exprs[i] = wr_bind_column(x->s->p->a, (int32_t)col, in->cols[col].type, WR_NO_SPAN);
	x->names[i] = name;
}

/* Keys first where the result has any, then the list as it was written. */
static void show_list(shown *x, const wr_node *in)
{
	const wr_select *s = x->s;
	bool keys = s->use != WR_USE_CLIENT;
	wr_str none = { NULL, 0 };

	if (in->ranked)
		show(x, in->out, 0, s->use == WR_USE_AS ? in->out->cols[0].name : none);
	for (uint32_t k = 0; keys && k < s->nkeys; k++)
		for (uint32_t i = 0; i < s->items.n; i++) {
			const wr_item *it = &s->items.items[i];

			if (it->key == (int32_t)k)
				show(x, in->out, k, it->hidden ? none : it->text);
		}
	x->schema->nkeys = x->schema->n;
	for (uint32_t i = 0; i < s->items.n; i++) {
		const wr_item *it = &s->items.items[i];

		if (!it->hidden && (!keys || it->key < 0))
			show(x, in->out, it->at + (uint32_t)in->ranked, it->text);
	}
}

static void apply_top(wr_select *s, wr_result *out)
{
	wr_arena *a = s->p->a;
	wr_node *in = top(s, out->node, out->single);
	shown x = { .s = s, .schema = wr_schema_new(a, in->out->n, 0) };

	x.schema->n = 0;
	x.exprs = WR_NEW_ARRAY(a, const wr_expr *, in->out->n);
	x.names = WR_NEW_ARRAY(a, wr_str, in->out->n);
	show_list(&x, in);
	out->node = wr_node_new(a, WR_NODE_PROJECT, in);
	out->node->out = x.schema;
	out->node->exprs = x.exprs;
	out->names = x.names;
	out->placed = NULL;
	out->single = true;
}

wr_status wr_order_apply(wr_select *s, wr_result *out, wr_err *err)
{
	uint32_t n = 0;

	(void)err;
	if (s->top) {
		apply_top(s, out);
		return WR_OK;
	}
	for (uint32_t i = 0; i < s->ast->norder; i++)
		s->order[i].col = (int32_t)s->items.items[s->order[i].col].at;
	for (uint32_t i = 0; i < s->items.n; i++)
		n += !s->items.items[i].hidden;
	out->norder = s->ast->norder;
	out->order = s->order;
	out->nshown = n;
	return WR_OK;
}

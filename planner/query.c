/*
 * One SELECT: what its clauses may say, and the nodes that do it, from the bottom:
 *
 *   FROM  ▸  WHERE  ▸  table functions  ▸  GROUP BY and HAVING, or PARTITION BY  ▸  projection  ▸  DISTINCT  ▸  ORDER BY … LIMIT
 *
 * All expressions are bound over FROM's row first, so that errors come in the order of the clauses
 * a reader sees; the nodes are built afterwards, and group.c and project.c move the expressions up
 * to where they stand.
 */
#include "planner/impl.h"

static const wr_type *find_type(void *self, wr_str name)
{
	const wr_select *s = self;

	return s->p->catalog->find_type(s->p->catalog, name);
}

/* A table function as a scalar one that gives an array. */
static const wr_expr *array_of(wr_arena *a, const wr_bind_call *call)
{
	const wr_udtf *f = call->match->udtf;
	wr_fn *fn = WR_NEW(a, wr_fn);
	wr_expr *e = WR_NEW(a, wr_expr);

	*fn = (wr_fn){ .name = f->name,
		       .args = f->args,
		       .flags = WR_FN_PURE,
		       .eval = f->eval,
		       .doc = f->doc };
	e->kind = WR_EXPR_CALL;
	e->span = call->span;
	e->type = wr_type_array(a, call->match->result);
	e->fn = fn;
	e->bound = call->match->bound;
	e->nargs = call->nargs;
	e->args = call->args;
	return e;
}

static wr_status on_table_function(void *self, const wr_bind_call *call, const wr_expr **out,
				   wr_err *err)
{
	wr_select *s = self;
	uint32_t i = s->nunrolled;
	const wr_expr *e = array_of(s->p->a, call);

	if (s->from.node->table) {
		WR_REFUSE(err, call->span,
			  "%.*s makes several rows of one, which a table cannot have",
			  WR_STR_ARG(call->name));
		return wr_err_hint(err, "table functions work on streams");
	}
	if (s->ast->group_by.n)
		return WR_REFUSE(err, call->span,
				 "table functions and GROUP BY do not go together");
	if (i == s->unrolled_room) {
		const wr_expr **more = WR_NEW_ARRAY(s->p->a, const wr_expr *, i * 2 + 4);

		if (i)
			memcpy(more, s->unrolled, i * sizeof(*more));
		s->unrolled = more;
		s->unrolled_room = i * 2 + 4;
	}
	s->unrolled[s->nunrolled++] = e;
	*out = wr_bind_column(s->p->a, s->base + (int32_t)i, e->type->kids[0], call->span);
	return WR_OK;
}

static wr_status on_unknown(void *self, wr_str qualifier, wr_str name, wr_span span,
			    const wr_expr **out, wr_err *err)
{
	const wr_select *s = self;

	(void)qualifier;
	*out = NULL;
	if (!wr_str_is(name, "WINDOWSTART") && !wr_str_is(name, "WINDOWEND"))
		return WR_OK;
	if (s->windowed)
		WR_REFUSE(err, span,
			  "%.*s is known in the SELECT list alone: windows are made after %s",
			  WR_STR_ARG(name), s->binder.clause);
	else
		WR_REFUSE(err, span, "%.*s: there are no windows here", WR_STR_ARG(name));
	return s->windowed ? WR_FAIL
			   : wr_err_hint(err, "add WINDOW TUMBLING (SIZE 1 HOUR) behind FROM");
}

/* Of the clauses that are computed before SELECT. */
static bool is_alias(void *self, wr_str name)
{
	const wr_select *s = self;
	const wr_ast_query *q = s->ast;

	if (!s->binder.clause || strcmp(s->binder.clause, "SELECT") == 0)
		return false;
	for (uint32_t i = 0; i < q->nitems; i++)
		if (q->items[i].kind == WR_ITEM_EXPR && wr_str_eq(q->items[i].alias.name, name))
			return true;
	return false;
}

/* ---------------------------------------------------------------- what the clauses may say */

static wr_status check_clauses(wr_select *s, wr_err *err)
{
	const wr_ast_query *q = s->ast;

	if (wr_dialect_query(s->p, q, s->use, err))
		return WR_FAIL;
	if (wr_order_check(s, err))
		return WR_FAIL;
	if (q->window && !q->group_by.n) {
		WR_REFUSE(err, q->window->span, "WINDOW without GROUP BY");
		return wr_err_hint(err, "windows divide groups: add GROUP BY");
	}
	if (q->having && !q->group_by.n) {
		WR_REFUSE(err, q->having->span, "HAVING without GROUP BY");
		return wr_err_hint(err, "HAVING looks at groups; WHERE looks at rows");
	}
	if (q->emit == WR_EMIT_FINAL && !q->window) {
		WR_REFUSE(err, q->emit_span,
			  "EMIT FINAL gives the results of windows, and there is no WINDOW");
		return wr_err_hint(err, "write EMIT CHANGES, or add a WINDOW");
	}
	return WR_OK;
}

/* ---------------------------------------------------------------- scopes */

static void add_bounds(wr_select *s)
{
	wr_bind_col *cols = WR_NEW_ARRAY(s->p->a, wr_bind_col, s->scope_bare.n + 2);

	memcpy(cols, s->scope_bare.cols, s->scope_bare.n * sizeof(*cols));
	for (uint32_t i = 0; i < 2; i++) {
		int32_t col = i ? WR_COL_WINDOWEND : WR_COL_WINDOWSTART;

		cols[s->scope_bare.n + i] = (wr_bind_col){ .name = wr_bind_pseudo_name(col),
							   .type = wr_bind_pseudo_type(col),
							   .col = col };
	}
	s->scope = (wr_bind_scope){ cols, s->scope_bare.n + 2 };
}

static wr_status on_scalar(void *self, const wr_fn *fn, const wr_fn_arg *given, uint32_t n,
			   wr_span span, wr_err *err)
{
	return wr_dialect_scalar(((wr_select *)self)->p, fn, given, n, span, err);
}

static void open_scopes(wr_select *s)
{
	s->windowed = s->ast->window != NULL;
	s->scope_bare = wr_from_scope(s->p, &s->from, s->windowed ? WR_SEEN_BOUND : 0);
	s->scope = s->scope_bare;
	if (s->windowed && (!s->from.join || wr_dialect_join_bounds(s->p)))
		add_bounds(s);
	s->base = (int32_t)s->from.node->out->n;
	s->cdc = s->from.cdc;
	s->namer = (wr_namer){ .a = s->p->a };
	s->binder = (wr_binder){ .arena = s->p->a,
				 .scope = &s->scope,
				 .self = s,
				 .find_type = find_type,
				 .on_unknown = on_unknown,
				 .on_scalar = on_scalar,
				 .is_alias = is_alias,
				 .late_texts = wr_dialect_late_texts(s->p) };
}

/* ---------------------------------------------------------------- binding */

static wr_status bind_where(wr_select *s, const wr_expr **out, wr_err *err)
{
	wr_ast_expr *e = s->ast->where;

	*out = NULL;
	if (!e)
		return WR_OK;
	s->binder.clause = "WHERE";
	s->binder.scope = &s->scope_bare;
	return wr_bind_condition(&s->binder, s->cdc ? wr_cdc_expand(s->p->a, e) : e, out, err);
}

static wr_status bind_list(wr_select *s, wr_err *err)
{
	s->binder.scope = &s->scope;
	s->binder.on_aggregate = wr_on_aggregate;
	s->binder.on_table_function = on_table_function;
	if (wr_select_items(s, err))
		return WR_FAIL;
	s->binder.on_table_function = NULL;
	if (wr_order_bind(s, err))
		return WR_FAIL;
	if (!s->ast->having)
		return WR_OK;
	s->binder.clause = "HAVING";
	s->binder.scope = &s->scope_bare;
	return wr_bind_condition(&s->binder, s->ast->having, &s->having, err);
}

static void unroll(wr_select *s)
{
	wr_arena *a = s->p->a;
	wr_node *in = s->node, *n = wr_node_new(a, WR_NODE_FLATMAP, in);
	uint32_t all = in->out->n + s->nunrolled;
	wr_schema *schema = wr_schema_new(a, all, in->out->nkeys);
	wr_column *cols = wr_schema_cols(schema);
	const wr_expr **exprs = WR_NEW_ARRAY(a, const wr_expr *, all);
	bool *unrolled = WR_NEW_ARRAY(a, bool, all);

	for (uint32_t i = 0; i < in->out->n; i++) {
		cols[i] = in->out->cols[i];
		exprs[i] = wr_bind_column(a, (int32_t)i, cols[i].type, WR_NO_SPAN);
	}
	for (uint32_t i = 0; i < s->nunrolled; i++) {
		uint32_t at = in->out->n + i;

		cols[at] = (wr_column){ wr_arena_printf(a, "KSQL_SYNTH_%u", i),
					s->unrolled[i]->type->kids[0] };
		exprs[at] = s->unrolled[i];
		unrolled[at] = true;
	}
	n->out = schema;
	n->exprs = exprs;
	n->unrolled = unrolled;
	s->node = n;
}

static wr_status build(wr_select *s, const wr_expr *where, wr_err *err)
{
	s->node = s->from.node;
	if (where)
		s->node = wr_node_filter(s->p->a, s->node, where);
	if (s->nunrolled)
		unroll(s);
	if (s->ast->group_by.n)
		return wr_select_group(s, err);
	if (s->ast->partition_by.n)
		return wr_select_partition(s, err);
	s->nkeys = s->from.nkeys;
	s->keys = s->from.keys;
	return WR_OK;
}

/* Where the rows of the result are: where FROM had them, unless a re-keying moved them. */
static void note_place(const wr_select *s, wr_result *out)
{
	const wr_node *n = s->node;

	while (n->kind != WR_NODE_REKEY && n != s->from.node)
		n = n->in[0];
	out->placed = s->from.placed;
	out->single = s->from.single;
	if (n != s->from.node && n->exchange) {
		out->placed = NULL;
		out->single = false;
	}
}

static wr_status plan_select(wr_planner *p, const wr_ast_query *q, wr_query_use use, wr_str name,
			     wr_result *out, wr_err *err)
{
	wr_select *s = WR_NEW(p->a, wr_select);
	const wr_expr *where;

	s->p = p;
	s->ast = q;
	s->use = use;
	s->name = name;
	if (check_clauses(s, err) || wr_from_plan(p, q->from, q, &s->from, err) ||
	    wr_subqueries_join(s, err) || wr_dialect_sources(p, &s->from, use, err))
		return WR_FAIL;
	open_scopes(s);
	if (s->windowed && wr_window_read(p, q->window, q->emit == WR_EMIT_FINAL, &s->window, err))
		return WR_FAIL;
	if (bind_where(s, &where, err) || wr_select_parts(s, err) || bind_list(s, err) ||
	    build(s, where, err))
		return WR_FAIL;
	*out = (wr_result){ .leftmost = s->from.sources[0],
			    .from = s->from,
			    .keyless = s->part_null,
			    .one_by_one = s->from.one_by_one,
			    .naggs = s->naggs,
			    .aggs = s->aggs };
	note_place(s, out);
	return wr_select_project(s, out, err);
}

wr_status wr_query_plan(wr_planner *p, const wr_ast_query *q, wr_query_use use, wr_str name,
			wr_result *out, wr_err *err)
{
	const wr_with_query *before;
	wr_status st;

	if (wr_with_open(p, q, &before, err))
		return WR_FAIL;
	st = plan_select(p, q, use, name, out, err);
	p->with = before;
	return st;
}

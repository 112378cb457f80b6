/*
 * GROUP BY and PARTITION BY.
 *
 * Everything in the SELECT list was bound over FROM's row. Grouping puts nodes above it,
 *
 *   FROM row  ──REKEY──▶  group | columns of FROM  ──AGGREGATE──▶  group | results
 *
 * and then rewrites the list to stand over the last: an expression that equals a grouping
 * expression becomes its key column, an aggregate call (a column beyond those of FROM until now)
 * its result, and a column that is left over is one that the group does not determine: an error.
 * PARTITION BY is the same without the second step, and every column stays.
 *
 * The rows move to another task only when the group is not already the key by which they lie.
 */
#include "parser/unparse.h"
#include "planner/impl.h"

/* ---------------------------------------------------------------- aggregate calls */

static bool same_call(const wr_agg_spec *x, const wr_bind_call *call)
{
	if (x->agg != call->match->agg || x->nargs != call->nargs)
		return false;
	for (uint32_t i = 0; i < x->nargs; i++)
		if (!wr_expr_eq(x->args[i], call->args[i]))
			return false;
	return true;
}

static bool reads_bounds(const wr_expr *e)
{
	if (e->kind == WR_EXPR_COL)
		return e->col == WR_COL_WINDOWSTART || e->col == WR_COL_WINDOWEND;
	for (uint32_t i = 0; i < e->nargs; i++)
		if (reads_bounds(e->args[i]))
			return true;
	return false;
}

static wr_agg_spec agg_spec(wr_select *s, const wr_bind_call *call)
{
	wr_arena *a = s->p->a;
	wr_agg_spec g = { .agg = call->match->agg,
			  .nargs = call->nargs,
			  .result = call->match->result };
	const wr_expr **args = WR_NEW_ARRAY(a, const wr_expr *, call->nargs);
	const wr_vec **consts = WR_NEW_ARRAY(a, const wr_vec *, call->nargs);
	const wr_type **types = WR_NEW_ARRAY(a, const wr_type *, call->nargs);

	for (uint32_t i = 0; i < call->nargs; i++) {
		args[i] = call->args[i];
		consts[i] = call->args[i]->kind == WR_EXPR_CONST ? call->args[i]->value : NULL;
		types[i] = call->args[i]->type;
	}
	g.args = args;
	g.consts = consts;
	g.types = types;
	return g;
}

wr_status wr_on_aggregate(void *self, const wr_bind_call *call, const wr_expr **out, wr_err *err)
{
	wr_select *s = self;
	uint32_t i;

	if (!s->ast->group_by.n) {
		WR_REFUSE(err, call->span, "%.*s needs groups to work on, and there is no GROUP BY",
			  WR_STR_ARG(call->name));
		return wr_err_hint(err, "add GROUP BY with the columns that make a group");
	}
	for (i = 0; i < call->nargs; i++)
		if (s->windowed && reads_bounds(call->args[i]))
			return WR_REFUSE(
			    err, call->span,
			    "window bounds are known after %.*s is computed, not before",
			    WR_STR_ARG(call->name));
	for (i = 0; i < s->naggs && !same_call(&s->aggs[i], call); i++)
		;
	if (i == s->naggs) {
		if (i == s->aggs_room) {
			wr_agg_spec *more = WR_NEW_ARRAY(s->p->a, wr_agg_spec, i * 2 + 8);
			wr_span *spans = WR_NEW_ARRAY(s->p->a, wr_span, i * 2 + 8);

			if (i) {
				memcpy(more, s->aggs, i * sizeof(*more));
				memcpy(spans, s->agg_spans, i * sizeof(*spans));
			}
			s->aggs = more;
			s->agg_spans = spans;
			s->aggs_room = i * 2 + 8;
		}
		s->aggs[i] = agg_spec(s, call);
		s->agg_spans[i] = call->span;
		s->naggs++;
	}
	*out = wr_bind_column(s->p->a, s->base + (int32_t)i, call->match->result, call->span);
	return WR_OK;
}

/* ---------------------------------------------------------------- the expressions of the clause */

static wr_str part_words(const wr_select *s, const wr_ast_expr *ast)
{
	wr_buf b = { 0 };
	wr_str text;

	if (ast->kind == WR_AST_COLUMN)
		return ast->column.name.name;
	if (ast->kind == WR_AST_DEREF)
		return ast->deref.field.name;
	wr_unparse_expr(ast, &b);
	text = wr_arena_str(s->p->a, wr_buf_view(&b));
	wr_buf_free(&b);
	return text;
}

static wr_status bind_parts(wr_select *s, const wr_ast_exprs *list, const char *clause, wr_err *err)
{
	s->nparts = list->n;
	s->parts = WR_NEW_ARRAY(s->p->a, const wr_expr *, list->n);
	s->part_names = WR_NEW_ARRAY(s->p->a, wr_str, list->n);
	s->binder.clause = clause;
	s->binder.scope = &s->scope_bare;
	for (uint32_t i = 0; i < list->n; i++) {
		const wr_ast_expr *ast =
		    s->cdc ? wr_cdc_expand(s->p->a, list->items[i]) : list->items[i];

		if (wr_bind_expr(&s->binder, ast, &s->parts[i], err))
			return WR_FAIL;
		if (!s->parts[i]->type) {
			WR_REFUSE(err, ast->span, "%s NULL has no type", clause);
			return list->n > 1 ? wr_err_hint(err, "NULL stands alone or not at all")
					   : WR_FAIL;
		}
		s->part_names[i] = part_words(s, ast);
	}
	return WR_OK;
}

/* True when the rows already have that key, in that order. */
static bool is_key(const wr_select *s)
{
	const wr_from *f = &s->from;

	if (s->nparts != f->nkeys || f->node->window.kind)
		return false;
	for (uint32_t i = 0; i < s->nparts; i++) {
		bool same = false;

		for (uint32_t j = 0; s->parts[i]->kind == WR_EXPR_COL && j < f->keys[i].n; j++)
			same |= f->keys[i].cols[j] == s->parts[i]->col;
		if (!same)
			return false;
	}
	return true;
}

/* group | all columns of the input | the input's window bounds where it has any */
static wr_node *rekey(wr_select *s, wr_node *in)
{
	wr_arena *a = s->p->a;
	uint32_t bounds = in->window.kind ? 2 : 0, n = s->nparts + in->out->n + bounds;
	wr_node *k = wr_node_new(a, WR_NODE_REKEY, in);
	wr_schema *schema = wr_schema_new(a, n, s->nparts);
	wr_column *cols = wr_schema_cols(schema);
	int32_t *carried = WR_NEW_ARRAY(a, int32_t, n);

	for (uint32_t i = 0; i < s->nparts; i++)
		cols[i] = (wr_column){ s->part_names[i], s->parts[i]->type };
	for (uint32_t i = 0; i < in->out->n; i++) {
		cols[s->nparts + i] = in->out->cols[i];
		carried[i] = (int32_t)i;
	}
	for (uint32_t i = 0; i < bounds; i++) {
		int32_t col = i ? WR_COL_WINDOWEND : WR_COL_WINDOWSTART;

		cols[s->nparts + in->out->n + i] =
		    (wr_column){ wr_bind_pseudo_name(col), wr_bind_pseudo_type(col) };
		carried[in->out->n + i] = col;
	}
	k->out = schema;
	k->exprs = s->parts;
	k->carried = carried;
	k->exchange = s->nparts && !is_key(s);
	return k;
}

static const wr_expr *over_rekeyed(void *self, const wr_expr *e)
{
	wr_select *s = self;
	int32_t n = (int32_t)s->nparts, all = (int32_t)s->node->in[0]->out->n;

	if (e->kind != WR_EXPR_COL)
		return NULL;
	if (e->col >= 0)
		return wr_bind_column(s->p->a, n + e->col, e->type, e->span);
	if (s->node->in[0]->window.kind && e->col == WR_COL_WINDOWSTART)
		return wr_bind_column(s->p->a, n + all, e->type, e->span);
	if (s->node->in[0]->window.kind && e->col == WR_COL_WINDOWEND)
		return wr_bind_column(s->p->a, n + all + 1, e->type, e->span);
	return NULL;
}

/* ---------------------------------------------------------------- GROUP BY */

static wr_status check_aggs(const wr_select *s, wr_err *err)
{
	for (uint32_t i = 0; s->from.node->table && i < s->naggs; i++) {
		const wr_agg *g = s->aggs[i].agg;

		if (g->undo)
			continue;
		if (g->multiset == WR_AGG_NO_MULTISET) {
			WR_REFUSE(err, s->agg_spans[i],
				  "%s cannot take a row back, as a table's changes demand",
				  g->name);
			return wr_err_hint(err, "it works on streams");
		}
		if (wr_dialect_table_agg(s->p, g, s->agg_spans[i], err))
			return WR_FAIL;
	}
	return WR_OK;
}

/* The input table's key among the re-keyed columns; of a table with windows their start too. */
static void set_primary_key(wr_select *s, wr_node *n)
{
	const wr_node *table = s->node->in[0];
	uint32_t nkeys = table->out->nkeys;
	int32_t *pk = WR_NEW_ARRAY(s->p->a, int32_t, nkeys + 2);

	for (uint32_t i = 0; i < nkeys; i++)
		pk[i] = (int32_t)(s->nparts + i);
	for (uint32_t i = 0; table->window.kind && i < 2; i++)
		pk[nkeys + i] = (int32_t)(s->nparts + table->out->n + i);
	n->npk = nkeys + (table->window.kind ? 2 : 0);
	n->pk = pk;
}

static wr_node *aggregate(wr_select *s)
{
	wr_arena *a = s->p->a;
	wr_node *in = s->node, *n = wr_node_new(a, WR_NODE_AGGREGATE, in);
	wr_schema *schema = wr_schema_new(a, s->nparts + s->naggs, s->nparts);
	wr_column *cols = wr_schema_cols(schema);

	memcpy(cols, in->out->cols, s->nparts * sizeof(*cols));
	for (uint32_t i = 0; i < s->naggs; i++) {
		wr_agg_spec *g = &s->aggs[i];
		const wr_expr **args = WR_NEW_ARRAY(a, const wr_expr *, g->nargs);

		for (uint32_t k = 0; k < g->nargs; k++)
			args[k] = wr_bind_rewrite(a, g->args[k], over_rekeyed, s);
		g->args = args;
		cols[s->nparts + i] = (wr_column){ wr_str_of(g->agg->name), g->result };
	}
	if (in->table)
		set_primary_key(s, n);
	n->out = schema;
	n->table = true;
	n->window = s->window;
	n->naggs = s->naggs;
	n->aggs = s->aggs;
	n->emit_final = s->ast->emit == WR_EMIT_FINAL;
	return n;
}

static const wr_expr *over_groups(void *self, const wr_expr *e)
{
	wr_select *s = self;
	bool bound;

	for (uint32_t i = 0; i < s->nparts; i++)
		if (wr_expr_eq(e, s->parts[i]))
			return wr_bind_column(s->p->a, (int32_t)i, e->type, e->span);
	if (e->kind != WR_EXPR_COL)
		return NULL;
	if (e->col >= s->base)
		return wr_bind_column(s->p->a, (int32_t)s->nparts + e->col - s->base, e->type,
				      e->span);
	bound = e->col == WR_COL_WINDOWSTART || e->col == WR_COL_WINDOWEND;
	if (!(bound && s->windowed) && !s->lost) {
		s->lost = true;
		s->lost_span = e->span;
		s->lost_col = e->col;
	}
	return e;
}

static wr_status regroup(wr_select *s, const wr_expr **e, const char *clause, wr_err *err)
{
	wr_str name = WR_STR_LIT("this column");

	s->lost = false;
	*e = wr_bind_rewrite(s->p->a, *e, over_groups, s);
	if (!s->lost)
		return WR_OK;
	for (uint32_t i = 0; i < s->from.nseen; i++)
		if (s->from.seen[i].col == s->lost_col)
			name = s->from.seen[i].name;
	WR_REFUSE(err, s->lost_span.length ? s->lost_span : (*e)->span,
		  "%.*s is not the same for all rows of a group, so %s cannot use it",
		  WR_STR_ARG(name), clause);
	return wr_err_hint(
	    err, "add it to GROUP BY, or put it into an aggregate: LATEST_BY_OFFSET(%.*s)",
	    WR_STR_ARG(name));
}

static void group_keys(wr_select *s)
{
	s->nkeys = s->nparts;
	s->keys = WR_NEW_ARRAY(s->p->a, wr_key_part, s->nparts);
	for (uint32_t i = 0; i < s->nparts; i++) {
		int32_t *col = WR_NEW(s->p->a, int32_t);

		*col = (int32_t)i;
		s->keys[i] = (wr_key_part){ .n = 1, .cols = col, .words = s->part_names[i] };
	}
}

wr_status wr_select_parts(wr_select *s, wr_err *err)
{
	const wr_ast_query *q = s->ast;

	if (q->group_by.n && bind_parts(s, &q->group_by, "GROUP BY", err))
		return WR_FAIL;
	if (!q->partition_by.n)
		return WR_OK;
	if (q->group_by.n)
		return WR_REFUSE(err, q->partition_by.span,
				 "PARTITION BY and GROUP BY exclude each other");
	if (s->from.node->table) {
		WR_REFUSE(err, q->partition_by.span,
			  "PARTITION BY is for streams, and this is a table");
		return wr_err_hint(err, "a table's rows lie by their primary key");
	}
	if (s->from.node->window.kind)
		return WR_REFUSE(err, q->partition_by.span,
				 "windowed rows cannot be given another key");
	s->part_null = q->partition_by.n == 1 && q->partition_by.items[0]->kind == WR_AST_NULL;
	return s->part_null ? WR_OK : bind_parts(s, &q->partition_by, "PARTITION BY", err);
}

wr_status wr_select_group(wr_select *s, wr_err *err)
{
	if (s->naggs == 0) {
		WR_REFUSE(err, s->ast->group_by.span,
			  "GROUP BY without an aggregate in SELECT or HAVING");
		return wr_err_hint(err, "select COUNT(*), for example, or leave GROUP BY out");
	}
	if (s->windowed && s->from.node->table)
		return WR_REFUSE(err, s->ast->window->span,
				 "windows are for streams, and this is a table");
	if (check_aggs(s, err))
		return WR_FAIL;
	s->node = rekey(s, s->node);
	s->node->drop_null = true;
	s->node->drop_window = s->node->in[0]->window.kind != WR_WINDOW_NONE;
	s->node->window = (wr_window_spec){ .kind = WR_WINDOW_NONE };
	s->node = aggregate(s);
	for (uint32_t i = 0; i < s->items.n; i++)
		if (regroup(s, &s->items.items[i].e, "SELECT", err))
			return WR_FAIL;
	if (s->having) {
		if (regroup(s, &s->having, "HAVING", err))
			return WR_FAIL;
		s->node = wr_node_filter(s->p->a, s->node, s->having);
	}
	group_keys(s);
	return WR_OK;
}

/* ---------------------------------------------------------------- PARTITION BY */

static const wr_expr *over_parts(void *self, const wr_expr *e)
{
	wr_select *s = self;

	for (uint32_t i = 0; i < s->nparts; i++)
		if (wr_expr_eq(e, s->parts[i]))
			return wr_bind_column(s->p->a, (int32_t)i, e->type, e->span);
	if (e->kind != WR_EXPR_COL || e->col < 0)
		return NULL;
	return wr_bind_column(s->p->a, (int32_t)s->nparts + e->col, e->type, e->span);
}

wr_status wr_select_partition(wr_select *s, wr_err *err)
{
	(void)err;
	s->node = rekey(s, s->node);
	for (uint32_t i = 0; i < s->items.n; i++)
		s->items.items[i].e = wr_bind_rewrite(s->p->a, s->items.items[i].e, over_parts, s);
	group_keys(s);
	return WR_OK;
}

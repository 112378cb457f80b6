/*
 * Queries inside expressions: x IN (SELECT …), EXISTS (SELECT …), (SELECT …) as a value, in WHERE
 * and in the SELECT list.
 *
 * Each becomes a LEFT join of FROM's rows with a table that has one row per key, and its place in
 * the expression a column of that join, under a name that nobody can write:
 *
 *   x IN (SELECT c FROM t WHERE …)             key c, looked up by x                 the key that was found IS NOT NULL
 *   EXISTS (SELECT * FROM t WHERE t.a = s.b)   key a, looked up by s.b               likewise
 *   (SELECT MAX(v) FROM t WHERE t.a = s.b)     key a, looked up by s.b               its MAX(v)
 *   (SELECT MAX(v) FROM t)                     key 1, looked up by 1                 its MAX(v)
 *
 *   FROM  ──EXCHANGE to one task──▶  JOIN  ◀──EXCHANGE to one task── REKEY key [◀── DISTINCT] ◀── the inner SELECT
 *
 * Equalities of the inner WHERE that compare something of the inner FROM with something of the
 * outer one make the key; the rest stays inside. Several of them are one STRUCT. A stream's row
 * sees the table as it is when the row comes; a table's rows follow both sides.
 *
 * NULL: x NULL is neither IN nor NOT IN, and NULLs among the inner values are left out. A value
 * that is not there is NULL; COUNT's is 0 (no_rows.c).
 */
#include "planner/bind_internal.h"
#include "planner/impl.h"
#include "planner/make_ast.h"

/* One such query while it is planned. */
typedef struct sub {
	wr_select *s;
	const wr_ast_expr *ast;
	const wr_ast_query *query;
	wr_from inner;	     /* what its FROM shows */
	uint32_t n, room;    /* pairs of the key */
	wr_ast_expr **in;    /* of the inner FROM */
	const wr_expr **out; /* over the outer FROM's row */
	wr_ast_expr *rest;   /* of the inner WHERE */
	const wr_expr *key;  /* the outer side, as one value */
	wr_node *node;	     /* key | value */
} sub;

/* The rewriting of a clause. */
typedef struct rewriting {
	wr_select *s;
	uint32_t n; /* queries met */
	wr_err *err;
	bool failed;
} rewriting;

static const wr_type *find_type(void *self, wr_str name)
{
	const wr_select *s = self;

	return s->p->catalog->find_type(s->p->catalog, name);
}

static wr_status bind_over(wr_select *s, const wr_from *f, const wr_ast_expr *ast,
			   const wr_expr **out, wr_err *err)
{
	wr_bind_scope scope = wr_from_scope(s->p, f, 0);
	wr_binder b = { .arena = s->p->a,
			.scope = &scope,
			.self = s,
			.find_type = find_type,
			.clause = "a sub-query" };

	return wr_bind_expr(&b, f->cdc ? wr_cdc_expand(s->p->a, (wr_ast_expr *)ast) : ast, out,
			    err);
}

static bool binds(wr_select *s, const wr_from *f, const wr_ast_expr *ast)
{
	wr_err no = WR_ERR_INIT;
	const wr_expr *e;

	return bind_over(s, f, ast, &e, &no) == WR_OK;
}

/* ---------------------------------------------------------------- the key */

static void add_pair(sub *x, wr_ast_expr *in, const wr_expr *out)
{
	if (x->n == x->room) {
		uint32_t room = x->room * 2 + 4;
		wr_ast_expr **ins = WR_NEW_ARRAY(x->s->p->a, wr_ast_expr *, room);
		const wr_expr **outs = WR_NEW_ARRAY(x->s->p->a, const wr_expr *, room);

		if (x->n) {
			memcpy(ins, x->in, x->n * sizeof(*ins));
			memcpy(outs, x->out, x->n * sizeof(*outs));
		}
		x->in = ins;
		x->out = outs;
		x->room = room;
	}
	x->in[x->n] = in;
	x->out[x->n++] = out;
}

/* Takes a = b of the inner WHERE as a pair when one side is of the outer FROM. */
static bool take_pair(sub *x, wr_ast_expr *in, wr_ast_expr *out)
{
	wr_err no = WR_ERR_INIT;
	const wr_expr *e;

	if (!binds(x->s, &x->inner, in) || bind_over(x->s, &x->s->from, out, &e, &no))
		return false;
	add_pair(x, in, e);
	return true;
}

static void split_where(sub *x, wr_ast_expr *e)
{
	if (e->kind == WR_AST_BINARY && e->binary.op == WR_BIN_AND) {
		split_where(x, e->binary.left);
		split_where(x, e->binary.right);
		return;
	}
	if (e->kind == WR_AST_BINARY && e->binary.op == WR_BIN_EQ && !binds(x->s, &x->inner, e) &&
	    (take_pair(x, e->binary.left, e->binary.right) ||
	     take_pair(x, e->binary.right, e->binary.left)))
		return;
	if (x->rest) {
		e = wr_make_binary(x->s->p->a, WR_BIN_AND, x->rest, e, x->rest->span);
	}
	x->rest = e;
}

static wr_status plan_inner_from(sub *x, wr_err *err)
{
	wr_planner *p = x->s->p;
	const wr_with_query *before;
	wr_status st;

	if (wr_with_open(p, x->query, &before, err))
		return WR_FAIL;
	st = wr_from_plan(p, x->query->from, x->query, &x->inner, err);
	p->with = before;
	return st;
}

/* ---------------------------------------------------------------- the inner SELECT */

static wr_ident hidden_name(wr_arena *a, const char *what, uint32_t i)
{
	wr_str s = wr_arena_printf(a, "(%s %u)", what, i);

	return (wr_ident){ .name = s, .text = s, .quoted = true };
}

static wr_select_item item(wr_ast_expr *e, wr_ident name)
{
	return (wr_select_item){ .kind = WR_ITEM_EXPR, .span = e->span, .expr = e, .alias = name };
}

static wr_ast_expr *note_aggregate(void *self, wr_ast_expr *e)
{
	*(bool *)self |=
	    e->kind == WR_AST_CALL && wr_fn_kind_of(e->call.name.name) == WR_FN_AGGREGATE;
	return NULL;
}

static bool aggregates(wr_arena *a, const wr_ast_query *q)
{
	bool any = false;

	for (uint32_t i = 0; i < q->nitems; i++)
		if (q->items[i].kind == WR_ITEM_EXPR)
			(void)wr_ast_map(a, q->items[i].expr, note_aggregate, &any);
	return any;
}

/* What cannot be cut by the outer row: it has a meaning for all rows together. */
static wr_status check_related(const sub *x, wr_err *err)
{
	const wr_ast_query *q = x->query;

	if (!q->group_by.n && !q->distinct && !q->limit.given && !q->offset.given && !q->window)
		return WR_OK;
	WR_LATER(err, x->ast->span,
		 "a sub-query that reads the outer row cannot have %s of its own yet",
		 q->group_by.n	  ? "GROUP BY"
		 : q->distinct	  ? "DISTINCT"
		 : q->limit.given ? "LIMIT"
				  : "OFFSET");
	return wr_err_hint(err, "join a SELECT in FROM instead");
}

static wr_status check_form(const sub *x, wr_err *err)
{
	const wr_ast_query *q = x->query;

	if (q->emit == WR_EMIT_CHANGES) {
		WR_REFUSE(err, q->emit_span,
			  "EMIT CHANGES stands at the end of the whole statement");
		return wr_err_hint(err, "leave it out here");
	}
	if (x->ast->kind == WR_AST_EXISTS)
		return WR_OK;
	if (q->nitems != 1)
		return WR_REFUSE(err, x->ast->span,
				 "this sub-query gives %u columns, and one is wanted", q->nitems);
	if (q->items[0].kind == WR_ITEM_EXPR)
		return WR_OK;
	WR_REFUSE(err, q->items[0].span, "this sub-query gives one column, which must be named");
	return wr_err_hint(err, "write its name instead of *");
}

/* The query as it is planned: keys, then the value. */
static wr_ast_query inner_query(const sub *x)
{
	wr_arena *a = x->s->p->a;
	wr_ast_query q = *x->query;
	bool value = x->ast->kind != WR_AST_EXISTS,
	     global = value && !q.group_by.n && aggregates(a, &q);
	wr_select_item *items = WR_NEW_ARRAY(a, wr_select_item, x->n + 2);
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->n; i++)
		items[n++] = item(x->in[i], hidden_name(a, "key", i));
	if (value)
		items[n++] = item(q.items[0].expr, hidden_name(a, "value", 0));
	q.where = x->rest;
	if (global) {
		wr_ast_expr **parts = WR_NEW_ARRAY(a, wr_ast_expr *, x->n + 1);

		if (x->n)
			memcpy(parts, x->in, x->n * sizeof(*parts));
		parts[x->n] = wr_make_digit(a, 1, x->ast->span);
		q.group_by =
		    (wr_ast_exprs){ .n = x->n ? x->n : 1, .items = parts, .span = x->ast->span };
		q.having = wr_no_rows_having(a, q.having, x->ast->span);
	}
	if (!value && !x->n)
		return q;
	q.items = items;
	q.nitems = n;
	return q;
}

/* Whether the key has every key column of the inner rows, so that it finds one row at most. */
static bool pins_row(sub *x)
{
	const wr_from *f = &x->inner;
	uint32_t k, i;

	if (!f->node->table || !f->nkeys || f->node->window.kind)
		return false;
	for (k = 0; k < f->nkeys; k++) {
		for (i = 0; i < x->n; i++) {
			wr_err no = WR_ERR_INIT;
			const wr_expr *e;
			bool same = false;

			if (bind_over(x->s, f, x->in[i], &e, &no) || e->kind != WR_EXPR_COL)
				continue;
			for (uint32_t c = 0; c < f->keys[k].n; c++)
				same |= f->keys[k].cols[c] == e->col;
			if (same)
				break;
		}
		if (i == x->n)
			return false;
	}
	return true;
}

/* Conditions key = constant of a sub-query for a value are pairs too: they may pin the row. */
static void pin_constants(sub *x, wr_ast_expr *e)
{
	wr_ast_expr *l, *r;
	wr_err no = WR_ERR_INIT;
	wr_from nothing = { .node = x->inner.node };
	const wr_expr *c;

	if (!e || e->kind != WR_AST_BINARY)
		return;
	if (e->binary.op == WR_BIN_AND) {
		pin_constants(x, e->binary.left);
		pin_constants(x, e->binary.right);
		return;
	}
	l = e->binary.left;
	r = e->binary.right;
	if (e->binary.op != WR_BIN_EQ)
		return;
	if (bind_over(x->s, &nothing, r, &c, &no) == WR_OK && c->type)
		add_pair(x, l, c);
	else if (bind_over(x->s, &nothing, l, &c, &no) == WR_OK && c->type)
		add_pair(x, r, c);
}

static wr_status check_single(sub *x, wr_err *err)
{
	const wr_ast_query *q = x->query;

	if (x->ast->kind != WR_AST_QUERY)
		return WR_OK;
	if (!q->group_by.n && aggregates(x->s->p->a, q))
		return wr_no_rows_check(q, err);
	if (!x->n && q->norder && q->limit.given && q->limit.n <= 1)
		return WR_OK;
	if (!q->group_by.n && !q->distinct && !q->limit.given) {
		pin_constants(x, x->rest);
		if (pins_row(x))
			return WR_OK;
	}
	WR_REFUSE(err, x->ast->span,
		  "this sub-query stands for one value and may give several rows");
	return wr_err_hint(
	    err, "use an aggregate, ORDER BY … LIMIT 1, or compare its table's whole primary key");
}

/* ---------------------------------------------------------------- nodes */

static wr_node *to_one_task(wr_arena *a, wr_node *in, bool single)
{
	wr_node *n;

	if (single)
		return in;
	n = wr_node_new(a, WR_NODE_EXCHANGE, in);
	n->single = true;
	return n;
}

static const wr_expr *not_null(wr_arena *a, const wr_expr *e)
{
	return wr_bind_make(a, wr_fn_operator("$is_not_null"), wr_type_of(WR_BOOLEAN), &e, 1,
			    e->span);
}

static const wr_expr *all_known(wr_arena *a, const wr_expr **list, uint32_t n)
{
	const wr_expr *all = not_null(a, list[0]);

	for (uint32_t i = 1; i < n; i++)
		all = wr_bind_and(a, all, not_null(a, list[i]));
	return all;
}

/* The values as one: itself, a STRUCT of several, 1 of none. NULL when one of them is. */
static const wr_expr *packed(wr_arena *a, const wr_expr **list, uint32_t n, wr_span span)
{
	const wr_type **kids = WR_NEW_ARRAY(a, const wr_type *, n + 1);
	wr_str *names = WR_NEW_ARRAY(a, wr_str, n + 1);
	const wr_expr **args = WR_NEW_ARRAY(a, const wr_expr *, 2);
	wr_expr *e;
	wr_vec v;

	if (n == 0) {
		wr_vec_init(&v, a, wr_type_of(WR_INTEGER), 1);
		wr_vec_resize(&v, a, 1);
		wr_vec_INTEGER(&v)[0] = 1;
		return wr_bind_const(a, &v, span);
	}
	if (n == 1)
		return list[0];
	for (uint32_t i = 0; i < n; i++) {
		kids[i] = list[i]->type;
		names[i] = wr_arena_printf(a, "K%u", i);
	}
	args[0] = all_known(a, list, n);
	args[1] = wr_bind_make(a, wr_fn_operator("$struct"), wr_type_struct(a, n, names, kids),
			       list, n, span);
	e = WR_NEW(a, wr_expr);
	*e = (wr_expr){
		.kind = WR_EXPR_CASE, .span = span, .type = args[1]->type, .nargs = 2, .args = args
	};
	return e;
}

/* Both sides of each pair brought to one type: in over the inner node, out over the outer one. */
static wr_status make_keys(sub *x, const wr_node *node, const wr_expr **in, const wr_expr **out,
			   wr_err *err)
{
	wr_arena *a = x->s->p->a;
	const wr_expr **ins = WR_NEW_ARRAY(a, const wr_expr *, x->n);
	wr_binder b = { .arena = a, .self = x->s, .find_type = find_type };

	for (uint32_t i = 0; i < x->n; i++) {
		wr_ident name = hidden_name(a, "key", i);
		int c = wr_schema_find(node->out, name.name);
		const wr_expr *both[2];
		const wr_type *type;
		wr_err no = WR_ERR_INIT;

		WR_ASSERT(c >= 0);
		both[0] = wr_bind_column(a, c, node->out->cols[c].type, x->in[i]->span);
		both[1] = x->out[i];
		if (wr_bind_common(&b, both, 2, "the compared values", &type, &no)) {
			WR_REFUSE(err, x->out[i]->span.length ? x->out[i]->span : x->ast->span,
				  "%s cannot be compared with the sub-query's %s",
				  wr_type_text(a, x->out[i]->type), wr_type_text(a, both[0]->type));
			return wr_err_hint(err, "CAST one side to the other's type");
		}
		ins[i] = both[0];
		x->out[i] = both[1];
	}
	*in = packed(a, ins, x->n, x->ast->span);
	*out = packed(a, x->out, x->n, x->ast->span);
	return WR_OK;
}

/* key | value, by the key; of IN and EXISTS the key alone, each once. */
static wr_node *keyed(sub *x, wr_node *in, const wr_expr *key)
{
	wr_arena *a = x->s->p->a;
	bool value = x->ast->kind == WR_AST_QUERY;
	wr_node *n = wr_node_new(a, WR_NODE_REKEY, in);
	wr_schema *s = wr_schema_new(a, 1 + value, 1);
	const wr_expr **keys = WR_NEW_ARRAY(a, const wr_expr *, 1);
	int32_t *carried = WR_NEW_ARRAY(a, int32_t, 1);

	keys[0] = key;
	wr_schema_cols(s)[0] = (wr_column){ WR_STR_LIT("KEY"), key->type };
	if (value) {
		carried[0] = wr_schema_find(in->out, hidden_name(a, "value", 0).name);
		wr_schema_cols(s)[1] = in->out->cols[carried[0]];
	}
	n->out = s;
	n->exprs = keys;
	n->carried = carried;
	n->drop_null = true;
	n->drop_window = in->window.kind != WR_WINDOW_NONE;
	n->window = (wr_window_spec){ .kind = WR_WINDOW_NONE };
	if (value)
		return n;
	n = wr_node_distinct(a, n, 1);
	n->table = true;
	return n;
}

static void add_sources(wr_arena *a, wr_from *f, const wr_from *more)
{
	uint32_t n = f->nsources + more->nsources;
	const wr_relation **all = WR_NEW_ARRAY(a, const wr_relation *, n);

	memcpy(all, f->sources, f->nsources * sizeof(*all));
	memcpy(all + f->nsources, more->sources, more->nsources * sizeof(*all));
	f->sources = all;
	f->nsources = n;
}

/* The column that the join adds to FROM: the value, or the key that was found. */
static void join(sub *x, const wr_result *r, wr_ident name)
{
	wr_arena *a = x->s->p->a;
	wr_from *f = &x->s->from;
	wr_node *n = wr_node_new(a, f->node->table ? WR_NODE_JOIN_FOREIGN : WR_NODE_JOIN_TABLE,
				 to_one_task(a, f->node, f->single));
	uint32_t cols = f->node->out->n, right = x->node->out->n - 1;
	wr_schema *s = wr_schema_new(a, cols + 1, f->node->out->nkeys);
	int32_t *from = WR_NEW_ARRAY(a, int32_t, cols + 1);
	wr_seen *seen = WR_NEW_ARRAY(a, wr_seen, f->nseen + 1);
	const wr_expr **key = WR_NEW_ARRAY(a, const wr_expr *, 1);

	key[0] = x->key;
	for (uint32_t i = 0; i < cols; i++) {
		wr_schema_cols(s)[i] = f->node->out->cols[i];
		from[i] = (int32_t)i;
	}
	wr_schema_cols(s)[cols] = (wr_column){ name.name, x->node->out->cols[right].type };
	from[cols] = ~(int32_t)right;
	n->span = x->ast->span;
	n->in[1] = x->node;
	n->out = s;
	n->from = from;
	n->join = WR_JOINS_LEFT;
	if (f->node->table) {
		n->nforeign = 1;
		n->foreign = key;
	} else {
		n->key = x->key;
	}
	memcpy(seen, f->seen, f->nseen * sizeof(*seen));
	seen[f->nseen] = (wr_seen){ .name = name.name,
				    .text = name.text,
				    .type = s->cols[cols].type,
				    .col = (int32_t)cols,
				    .flags = WR_SEEN_QUERY };
	f->seen = seen;
	f->nseen++;
	f->node = n;
	f->single = true;
	f->placed = NULL;
	f->one_by_one |= r->one_by_one || wr_from_shares(f, &r->from);
	add_sources(a, f, &r->from);
}

static wr_status plan_sub(sub *x, wr_ident name, wr_err *err)
{
	wr_planner *p = x->s->p;
	const wr_expr *in = NULL;
	wr_ast_query q;
	wr_result r;

	if (wr_dialect_subquery(p, x->ast->span, err) || check_form(x, err) ||
	    plan_inner_from(x, err))
		return WR_FAIL;
	if (x->query->where)
		split_where(x, x->query->where);
	if ((x->n && check_related(x, err)) || check_single(x, err))
		return WR_FAIL;
	q = inner_query(x);
	if (x->ast->kind == WR_AST_IN_QUERY) {
		const wr_expr *e;

		if (bind_over(x->s, &x->s->from, x->ast->in_query.value, &e, err))
			return WR_FAIL;
		if (!e->type)
			return WR_REFUSE(err, e->span, "NULL is IN nothing");
		q.items[q.nitems - 1].alias = hidden_name(p->a, "key", x->n);
		add_pair(x, q.items[q.nitems - 1].expr, e);
	}
	if (wr_query_plan(p, &q, WR_USE_INNER, (wr_str){ NULL, 0 }, &r, err))
		return WR_FAIL;
	if (x->ast->kind == WR_AST_QUERY && !r.node->table)
		return WR_REFUSE(err, x->ast->span,
				 "this sub-query gives a stream, which is no value");
	if (x->s->from.node->table && x->s->from.node->window.kind)
		return WR_LATER(err, x->ast->span,
				"a sub-query beside a table with windows is not there yet");
	if (make_keys(x, r.node, &in, &x->key, err))
		return WR_FAIL;
	x->node = keyed(x, to_one_task(p->a, r.node, r.single), in);
	join(x, &r, name);
	return WR_OK;
}

/* ---------------------------------------------------------------- the expression around it */

static wr_ast_expr *not_in(wr_arena *a, wr_ast_expr *found, wr_ast_expr *value, wr_span span)
{
	return wr_make_binary(a, WR_BIN_AND, wr_make_is_null(a, found, false, span),
			      wr_make_is_null(a, value, true, span), span);
}

static wr_ast_expr *replaced(wr_arena *a, wr_ast_expr *e, wr_ident name)
{
	wr_ast_expr *column = wr_make_ast(a, WR_AST_COLUMN, e->span);

	column->column.name = name;
	if (e->kind == WR_AST_QUERY)
		return wr_no_rows_value(a, e->query, column);
	if (e->kind == WR_AST_IN_QUERY && e->in_query.negated)
		return not_in(a, column, e->in_query.value, e->span);
	return wr_make_is_null(a, column, true, e->span);
}

static wr_ast_expr *swap(void *self, wr_ast_expr *e)
{
	rewriting *w = self;
	sub x = { .s = w->s, .ast = e, .query = e->query };
	wr_ident name;

	if (w->failed)
		return e;
	if (e->kind == WR_AST_IN_QUERY)
		x.query = e->in_query.query;
	else if (e->kind != WR_AST_QUERY && e->kind != WR_AST_EXISTS)
		return NULL;
	name = hidden_name(w->s->p->a, "SELECT", ++w->n);
	name.span = e->span;
	if (plan_sub(&x, name, w->err)) {
		w->failed = true;
		return e;
	}
	return replaced(w->s->p->a, e, name);
}

static wr_ast_expr *note_query(void *self, wr_ast_expr *e)
{
	*(bool *)self |=
	    e->kind == WR_AST_QUERY || e->kind == WR_AST_EXISTS || e->kind == WR_AST_IN_QUERY;
	return NULL;
}

static bool any_query(wr_arena *a, const wr_ast_query *q)
{
	bool any = false;

	(void)wr_ast_map(a, q->where, note_query, &any);
	for (uint32_t i = 0; i < q->nitems; i++)
		(void)wr_ast_map(a, q->items[i].expr, note_query, &any);
	return any;
}

wr_status wr_subqueries_join(wr_select *s, wr_err *err)
{
	wr_arena *a = s->p->a;
	rewriting w = { .s = s, .err = err };
	wr_ast_query *q;

	if (!any_query(a, s->ast))
		return WR_OK;
	q = WR_NEW(a, wr_ast_query);
	*q = *s->ast;
	q->where = wr_ast_map(a, q->where, swap, &w);
	q->items = WR_NEW_ARRAY(a, wr_select_item, q->nitems);
	for (uint32_t i = 0; i < q->nitems; i++) {
		q->items[i] = s->ast->items[i];
		q->items[i].expr = wr_ast_map(a, q->items[i].expr, swap, &w);
	}
	s->ast = q;
	return w.failed ? WR_FAIL : WR_OK;
}

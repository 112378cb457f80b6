/* Copies of expressions of the tree with something replaced in them. */
#include "planner/impl.h"

typedef struct mapper {
	wr_arena *a;
	wr_ast_expr *(*swap)(void *self, wr_ast_expr *e);
	void *self;
} mapper;

static void map(mapper *m, wr_ast_expr **e)
{
	*e = wr_ast_map(m->a, *e, m->swap, m->self);
}

static void map_array(mapper *m, wr_ast_expr ***items, uint32_t n)
{
	wr_ast_expr **out = WR_NEW_ARRAY(m->a, wr_ast_expr *, n);

	for (uint32_t i = 0; i < n; i++) {
		out[i] = (*items)[i];
		map(m, &out[i]);
	}
	*items = out;
}

static void map_case(mapper *m, wr_ast_expr *e)
{
	wr_when *whens = WR_NEW_ARRAY(m->a, wr_when, e->cases.n);

	for (uint32_t i = 0; i < e->cases.n; i++) {
		whens[i] = e->cases.whens[i];
		map(m, &whens[i].when);
		map(m, &whens[i].then);
	}
	e->cases.whens = whens;
	map(m, &e->cases.operand);
	map(m, &e->cases.otherwise);
}

static void map_predicate(mapper *m, wr_ast_expr *e)
{
	switch (e->kind) {
	case WR_AST_BETWEEN:
		map(m, &e->between.value);
		map(m, &e->between.low);
		map(m, &e->between.high);
		return;
	case WR_AST_IN_LIST:
		map(m, &e->in_list.value);
		map_array(m, &e->in_list.items.items, e->in_list.items.n);
		return;
	case WR_AST_IN_QUERY: map(m, &e->in_query.value); return;
	case WR_AST_LIKE:
		map(m, &e->like.value);
		map(m, &e->like.pattern);
		return;
	default: map(m, &e->is_null.value); return;
	}
}

/* What e, a copy, has below it. */
static void map_below(mapper *m, wr_ast_expr *e)
{
	switch (e->kind) {
	case WR_AST_CALL: map_array(m, &e->call.args.items, e->call.args.n); return;
	case WR_AST_LAMBDA: map(m, &e->lambda.body); return;
	case WR_AST_CASE: map_case(m, e); return;
	case WR_AST_CAST: map(m, &e->cast.value); return;
	case WR_AST_UNARY: map(m, &e->unary.value); return;
	case WR_AST_BINARY:
		map(m, &e->binary.left);
		map(m, &e->binary.right);
		return;
	case WR_AST_BETWEEN:
	case WR_AST_IN_LIST:
	case WR_AST_IN_QUERY:
	case WR_AST_LIKE:
	case WR_AST_IS_NULL: map_predicate(m, e); return;
	case WR_AST_SUBSCRIPT:
		map(m, &e->subscript.base);
		map(m, &e->subscript.index);
		return;
	case WR_AST_DEREF: map(m, &e->deref.base); return;
	case WR_AST_ARRAY: map_array(m, &e->array.items, e->array.n); return;
	case WR_AST_MAP:
		map_array(m, &e->map.keys, e->map.n);
		map_array(m, &e->map.values, e->map.n);
		return;
	case WR_AST_STRUCT: map_array(m, &e->fields.values, e->fields.n); return;
	case WR_AST_AT_ZONE: map(m, &e->at_zone.value); return;
	default: return;
	}
}

wr_ast_expr *wr_ast_map(wr_arena *a, wr_ast_expr *e,
			wr_ast_expr *(*swap)(void *self, wr_ast_expr *e), void *self)
{
	mapper m = { a, swap, self };
	wr_ast_expr *other, *copy;

	if (!e)
		return NULL;
	other = swap(self, e);
	if (other)
		return other;
	copy = WR_NEW(a, wr_ast_expr);
	*copy = *e;
	map_below(&m, copy);
	return copy;
}

#include "planner/make_ast.h"

wr_ast_expr *wr_make_ast(wr_arena *a, wr_ast_expr_kind kind, wr_span span)
{
	wr_ast_expr *e = WR_NEW(a, wr_ast_expr);

	e->kind = kind;
	e->span = span;
	return e;
}

wr_ast_expr *wr_make_digit(wr_arena *a, int n, wr_span span)
{
	wr_ast_expr *e = wr_make_ast(a, WR_AST_INTEGER, span);

	e->integer = n;
	e->spelled = wr_arena_printf(a, "%d", n);
	return e;
}

wr_ast_expr *wr_make_binary(wr_arena *a, wr_binary_op op, wr_ast_expr *left, wr_ast_expr *right,
			    wr_span span)
{
	wr_ast_expr *e = wr_make_ast(a, WR_AST_BINARY, span);

	e->binary.op = op;
	e->binary.left = left;
	e->binary.right = right;
	return e;
}

wr_ast_expr *wr_make_is_null(wr_arena *a, wr_ast_expr *value, bool negated, wr_span span)
{
	wr_ast_expr *e = wr_make_ast(a, WR_AST_IS_NULL, span);

	e->is_null.value = value;
	e->is_null.negated = negated;
	return e;
}

/* Pieces of syntax that the planner writes itself, when it says one thing by another. */
#ifndef PLANNER_MAKE_AST_H
#define PLANNER_MAKE_AST_H

#include "parser/ast.h"

wr_ast_expr *wr_make_ast(wr_arena *a, wr_ast_expr_kind kind, wr_span span);
/* The literal n, 0 to 9. */
wr_ast_expr *wr_make_digit(wr_arena *a, int n, wr_span span);
wr_ast_expr *wr_make_binary(wr_arena *a, wr_binary_op op, wr_ast_expr *left, wr_ast_expr *right,
			    wr_span span);
/* negated: value IS NOT NULL. */
wr_ast_expr *wr_make_is_null(wr_arena *a, wr_ast_expr *value, bool negated, wr_span span);

#endif

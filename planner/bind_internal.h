/* Internal to planner/bind*.c. */
#ifndef PLANNER_BIND_INTERNAL_H
#define PLANNER_BIND_INTERNAL_H

#include "planner/bind.h"

/* A lambda around the expression that is being bound. */
struct wr_bind_lambda {
	struct wr_bind_lambda *outer;
	const wr_ident *names;
	const wr_type *const *types;
	uint32_t n;
};

/* Constants. */
const wr_expr *wr_bind_null(wr_arena *a, const wr_type *type, wr_span span);
const wr_expr *wr_bind_boolean(wr_arena *a, bool value, wr_span span);
const wr_expr *wr_bind_string(wr_arena *a, wr_str s, wr_span span);
/* The literals of the AST, typed ones included. */
wr_status wr_bind_literal(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
/*
 * A text that holds a number, as the literal of that text: INTEGER, BIGINT or DECIMAL. false when
 * it is none.
 */
bool wr_bind_number(wr_arena *a, wr_str text, wr_span span, const wr_expr **out);

/* A call of a row with arguments of the right types; folded when constant. */
const wr_expr *wr_bind_make(wr_arena *a, const wr_fn *fn, const wr_type *type,
			    const wr_expr *const *args, uint32_t n, wr_span span);
/* e, or the constant it is. */
const wr_expr *wr_bind_fold(wr_arena *a, const wr_expr *e);
/* $cast to a type, without asking whether it may be; nothing when the type is the same. */
const wr_expr *wr_bind_cast_to(wr_arena *a, const wr_expr *e, const wr_type *type);

/* True for a constant that is not null. */
static inline bool wr_bind_is_const(const wr_expr *e)
{
	return e->kind == WR_EXPR_CONST && e->type && !(e->value->null && e->value->null[0]);
}

/* bind_operator.c, bind_compare.c, bind_nested.c, bind_call.c: one kind of AST node each. */
wr_status wr_bind_unary(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_binary(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_case(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_cast(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_at_zone(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_is_null(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_like(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_between(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_in(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_subscript(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_deref(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_array(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_map(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_struct(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);
wr_status wr_bind_function(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err);

#endif

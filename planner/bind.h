/*
 * The expression binder: AST to typed expr/. It resolves columns, literals, operators, functions,
 * lambdas and types, brings arguments to the types that were asked for, and refuses what the
 * dialect refuses, with span and hint.
 *
 * The planner says what is visible (a scope) and what happens at calls that are not scalar (hooks).
 * A binder is a plain struct on the planner's stack: zero it, set arena, scope, find_type and what
 * else applies, and bind any number of expressions. Bound expressions live in `arena` alone and
 * keep nothing of the AST.
 *
 * The type of a bound expression is NULL in one case only: the literal NULL that met nothing that
 * gives it a type. wr_bind_coerce makes it a null of any type; the planner refuses it where a type
 * is needed.
 *
 * Thread: one at a time.
 */
#ifndef PLANNER_BIND_H
#define PLANNER_BIND_H

#include "expr/expr.h"
#include "functions/registry.h"
#include "parser/ast.h"

/*
 * One visible column. Pseudo columns (ROWTIME …) are entries like any other, with col = WR_COL_…;
 * what is not listed is not visible. Names are as stored: upper-cased by the parser unless they
 * were quoted.
 */
typedef struct wr_bind_col {
	wr_str qualifier; /* source name or alias; n == 0: reachable by bare name only */
	wr_str name;
	const wr_type *type;
	int32_t col; /* index in the batch, or a pseudo column */
} wr_bind_col;

typedef struct wr_bind_scope {
	const wr_bind_col *cols;
	uint32_t n;
} wr_bind_scope;

/* Types of the pseudo columns, by col (WR_COL_ROWTIME …). */
const wr_type *wr_bind_pseudo_type(int32_t col);
/* "ROWTIME" … */
wr_str wr_bind_pseudo_name(int32_t col);

/* An aggregate or table function call whose arguments are bound and brought to match->want. */
typedef struct wr_bind_call {
	wr_span span;
	wr_str name; /* upper case */
	const wr_fn_match *match;
	const wr_expr *const *args;
	uint32_t nargs;		     /* 0: COUNT(*) */
	const wr_vec *const *consts; /* per argument: its value when it is a constant, else NULL */
	const wr_expr *
	    array; /* table functions: the call as an expression that gives the ARRAY of its rows */
} wr_bind_call;

typedef struct wr_binder wr_binder;
struct wr_binder {
	wr_arena *arena;
	const wr_bind_scope *scope;
	void *self; /* handed to every hook */

	/* CREATE TYPE: the type of that name, or NULL. May be NULL itself. */
	const wr_type *(*find_type)(void *self, wr_str name);

	/*
	 * An aggregate call. Collects it and returns what stands for its result (a column of the
	 * aggregate's output). While its arguments were bound, aggregates in them were refused (no
	 * nesting). NULL: aggregates are refused everywhere; `clause` says where.
	 */
	wr_status (*on_aggregate)(void *self, const wr_bind_call *call, const wr_expr **out,
				  wr_err *err);
	/* Likewise for table functions. */
	wr_status (*on_table_function)(void *self, const wr_bind_call *call, const wr_expr **out,
				       wr_err *err);
	/*
	 * May be NULL. Called for every column found, before the reference is made: may refuse it
	 * (window bounds in WHERE).
	 */
	wr_status (*on_column)(void *self, const wr_bind_col *col, wr_span span, wr_err *err);
	/*
	 * May be NULL. Called when a column is not in the scope: *out stays NULL for "I don't know
	 * it either".
	 */
	wr_status (*on_unknown)(void *self, wr_str qualifier, wr_str name, wr_span span,
				const wr_expr **out, wr_err *err);

	/* May be NULL: whether the SELECT list gives that name to a value, for the hint that it
	 * cannot be used. */
	bool (*is_alias)(void *self, wr_str name);

	/*
	 * May be NULL. Called for every call of a scalar function, with its arguments as they were
	 * written: may refuse it.
	 */
	wr_status (*on_scalar)(void *self, const wr_fn *fn, const wr_fn_arg *given, uint32_t n,
			       wr_span span, wr_err *err);

	/*
	 * A constant text that a function cannot use (a pattern that is none) is no error: each row
	 * finds out, and its value is null.
	 */
	bool late_texts;

	const char *clause; /* "WHERE", "GROUP BY" …, for error texts; may be NULL */

	/* The binder's own; leave zero. */
	struct wr_bind_lambda *lambda;
	bool in_aggregate, in_table_function;
};

/* Binds one expression. Errors: class STATEMENT (or NOT_IMPLEMENTED), with span. */
WR_CHECKED wr_status wr_bind_expr(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out,
				  wr_err *err);

/* The same for WHERE, HAVING, ON: must be BOOLEAN. */
WR_CHECKED wr_status wr_bind_condition(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out,
				       wr_err *err);

/* A type of the statement's text, custom names included. */
WR_CHECKED wr_status wr_bind_type(wr_binder *b, const wr_ast_type *ast, const wr_type **out,
				  wr_err *err);

typedef enum wr_coercion {
	WR_COERCE_WIDEN, /* INTEGER → BIGINT → DECIMAL → DOUBLE, DECIMAL into a roomier one; NULL */
	WR_COERCE_INTO, /* INSERT … SELECT: also an INTEGER or BIGINT into any DECIMAL */
	/* INSERT … VALUES: also text to time types, BYTES and numbers' literals to the column's
	 * DECIMAL */
	WR_COERCE_INSERT,
} wr_coercion;

/* e brought to a type. Refused with "cannot use X where Y is needed" at e's span. */
WR_CHECKED wr_status wr_bind_coerce(wr_binder *b, const wr_expr *e, const wr_type *type,
				    wr_coercion how, const wr_expr **out, wr_err *err);

/*
 * The type that a list of expressions takes (LANGUAGE section 4, lists), and the expressions
 * brought to it, in place. NULL literals take any. All NULL is refused with `what` ("the elements
 * of ARRAY[…]").
 */
WR_CHECKED wr_status wr_bind_common(wr_binder *b, const wr_expr **list, uint32_t n,
				    const char *what, const wr_type **type, wr_err *err);

/*
 * Builders for the planner: a column reference, a constant (v has one row, copied), a call of a
 * hidden operator row ("$eq").
 */
const wr_expr *wr_bind_column(wr_arena *a, int32_t col, const wr_type *type, wr_span span);
const wr_expr *wr_bind_const(wr_arena *a, const wr_vec *v, wr_span span);
WR_CHECKED wr_status wr_bind_call_fn(wr_binder *b, const char *name, const wr_expr *const *args,
				     uint32_t n, wr_span span, const wr_expr **out, wr_err *err);
/*
 * left = right with the dialect's comparison rules, and a AND b; for joins and pushed-down
 * conditions.
 */
WR_CHECKED wr_status wr_bind_compare(wr_binder *b, const char *op, const wr_expr *x,
				     const wr_expr *y, wr_span span, const wr_expr **out,
				     wr_err *err);
const wr_expr *wr_bind_and(wr_arena *a, const wr_expr *x, const wr_expr *y);

/*
 * A copy of e in which `swap` replaced sub-expressions: it is asked for every node from the top and
 * returns what stands there instead, or NULL to go on below. Used to put grouping expressions in
 * place of their computation, and to move columns.
 */
const wr_expr *wr_bind_rewrite(wr_arena *a, const wr_expr *e,
			       const wr_expr *(*swap)(void *self, const wr_expr *e), void *self);

/*
 * Evaluates a (coerced) expression without columns to its one value (CONST, one row), for INSERT
 * VALUES and the like. *failure: words of a runtime failure, the value is null then; else NULL.
 * Refuses expressions that read columns.
 */
WR_CHECKED wr_status wr_bind_eval(wr_arena *a, const wr_expr *e, wr_vec *out, const char **failure,
				  wr_err *err);

#endif

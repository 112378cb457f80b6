/*
 * Function calls: scalar ones become CALL, aggregates and table functions go to the planner's
 * hooks.
 *
 * Lambdas are bound last: the overload is chosen by their number of parameters, then the registry
 * tells the parameters' types, which it knows from the other arguments, and asks for the type of
 * the body.
 *
 *	TRANSFORM(ARRAY[1, 2], x => x * 1.5)    T is INTEGER, so x is; the body is DECIMAL, so R is
 */
#include "core/near.h"
#include "planner/bind_internal.h"

typedef struct call {
	wr_binder *b;
	const wr_ast_expr *ast;
	uint32_t n;
	const wr_expr **args; /* lambdas: their bodies, once bound */
	wr_fn_arg *given;
	const wr_vec **consts;
	wr_fn_match match;
} call;

/* ---- arguments */

static wr_status bind_args(call *c, wr_err *err)
{
	const wr_ast_exprs *list = &c->ast->call.args;

	c->n = list->n;
	c->args = WR_NEW_ARRAY(c->b->arena, const wr_expr *, c->n + 1);
	c->given = WR_NEW_ARRAY(c->b->arena, wr_fn_arg, c->n + 1);
	c->consts = WR_NEW_ARRAY(c->b->arena, const wr_vec *, c->n + 1);
	for (uint32_t i = 0; i < c->n; i++) {
		if (list->items[i]->kind == WR_AST_LAMBDA) {
			c->given[i].lambda_params = list->items[i]->lambda.params.n;
			continue;
		}
		if (wr_bind_expr(c->b, list->items[i], &c->args[i], err) != WR_OK)
			return WR_FAIL;
		c->given[i].type = c->args[i]->type;
		if (wr_bind_is_const(c->args[i]))
			c->given[i].constant = c->args[i]->value;
	}
	return WR_OK;
}

static const wr_type *type_lambda(void *self, uint32_t arg, const wr_type *const *params,
				  uint32_t n, wr_err *err)
{
	call *c = self;
	const wr_ast_expr *ast = c->ast->call.args.items[arg];
	struct wr_bind_lambda l = { c->b->lambda, ast->lambda.params.items, params, n };
	wr_status s;

	c->b->lambda = &l;
	s = wr_bind_expr(c->b, ast->lambda.body, &c->args[arg], err);
	c->b->lambda = l.outer;
	if (s != WR_OK)
		return NULL;
	if (!c->args[arg]->type) {
		wr_err_set(err, WR_ERR_STATEMENT, ast->lambda.body->span,
			   "the lambda's result has no type");
		wr_err_hint(err, "give it one: CAST(NULL AS STRING)");
	}
	return c->args[arg]->type;
}

static const wr_expr *lambda(call *c, uint32_t i)
{
	wr_expr *e = WR_NEW(c->b->arena, wr_expr);
	const wr_expr **body = WR_NEW_ARRAY(c->b->arena, const wr_expr *, 1);

	body[0] = c->args[i];
	*e = (wr_expr){ .kind = WR_EXPR_LAMBDA,
			.span = c->ast->call.args.items[i]->span,
			.type = body[0]->type,
			.nparams = c->given[i].lambda_params,
			.nargs = 1,
			.args = body };
	return e;
}

static wr_status choose(call *c, wr_err *err)
{
	return wr_fn_resolve(c->b->arena, c->ast->call.name.name, c->given, c->n, c->ast->span,
			     type_lambda, c, &c->match, err);
}

/* With texts that are constants hidden from the function, which then meets them row by row. */
static wr_status choose_late(call *c)
{
	wr_err no = WR_ERR_INIT;

	for (uint32_t i = 0; i < c->n; i++)
		if (c->given[i].type && c->given[i].type->tag == WR_STRING)
			c->given[i].constant = NULL;
	return choose(c, &no);
}

/* Chooses the overload and brings the arguments to what it wants. */
static wr_status resolve(call *c, wr_err *err)
{
	if (choose(c, err) != WR_OK && !(c->b->late_texts && choose_late(c) == WR_OK))
		return WR_FAIL;
	wr_err_clear(err);
	for (uint32_t i = 0; i < c->n; i++) {
		if (wr_bind_coerce(c->b, c->args[i], c->match.want[i], WR_COERCE_WIDEN, &c->args[i],
				   err) != WR_OK)
			return WR_FAIL;
		if (c->given[i].lambda_params)
			c->args[i] = lambda(c, i);
		else if (c->args[i]->kind == WR_EXPR_CONST)
			c->consts[i] = c->args[i]->value;
	}
	return WR_OK;
}

/* ---- the three kinds */

static const wr_expr *expression(call *c, const wr_type *type)
{
	wr_expr *e = WR_NEW(c->b->arena, wr_expr);

	*e = (wr_expr){ .kind = WR_EXPR_CALL,
			.span = c->ast->span,
			.type = type,
			.fn = c->match.fn,
			.bound = c->match.bound,
			.nargs = c->n,
			.args = c->args };
	return e;
}

static wr_bind_call for_planner(const call *c)
{
	return (wr_bind_call){ .span = c->ast->span,
			       .name = c->ast->call.name.name,
			       .match = &c->match,
			       .args = c->args,
			       .nargs = c->n,
			       .consts = c->consts };
}

static wr_status not_here(const wr_binder *b, const wr_ast_expr *ast, const char *what,
			  const char *hint, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, ast->span, "the %s function %.*s cannot stand in %s",
		   what, WR_STR_ARG(ast->call.name.name),
		   b->in_aggregate	  ? "an aggregate's argument"
		   : b->in_table_function ? "a table function's argument"
		   : b->lambda		  ? "a lambda"
		   : b->clause		  ? b->clause
					  : "this place");
	return hint ? wr_err_hint(err, "%s", hint) : WR_FAIL;
}

/* AGG(*) and AGG() mean the row's time, but COUNT counts rows. */
static wr_status row_time_arg(call *c, wr_err *err)
{
	static const wr_ident none = { .quoted = false };
	wr_ast_expr *column = WR_NEW(c->b->arena, wr_ast_expr);

	column->kind = WR_AST_COLUMN;
	column->span = c->ast->span;
	column->column.qualifier = none;
	column->column.name = (wr_ident){ .name = WR_STR_LIT("ROWTIME"), .span = c->ast->span };
	if (wr_bind_expr(c->b, column, &c->args[0], err) != WR_OK)
		return WR_FAIL;
	c->given[0].type = c->args[0]->type;
	c->n = 1;
	return WR_OK;
}

static wr_status bind_aggregate(call *c, const wr_expr **out, wr_err *err)
{
	wr_binder *b = c->b;
	wr_bind_call planned;

	if (!b->on_aggregate || b->in_aggregate || b->in_table_function || b->lambda)
		return not_here(b, c->ast, "aggregate",
				b->on_aggregate ? "compute the inner one in a table of its own"
						: NULL,
				err);
	b->in_aggregate = true;
	if (bind_args(c, err) != WR_OK ||
	    (c->n == 0 && !wr_str_ieq(c->ast->call.name.name, WR_STR_LIT("COUNT")) &&
	     row_time_arg(c, err) != WR_OK)) {
		b->in_aggregate = false;
		return WR_FAIL;
	}
	b->in_aggregate = false;
	if (resolve(c, err) != WR_OK)
		return WR_FAIL;
	planned = for_planner(c);
	return b->on_aggregate(b->self, &planned, out, err);
}

static wr_status bind_table_function(call *c, const wr_expr **out, wr_err *err)
{
	wr_binder *b = c->b;
	wr_bind_call planned;
	wr_status s;

	if (!b->on_table_function || b->in_aggregate || b->in_table_function || b->lambda)
		return not_here(b, c->ast, "table", "table functions stand in the SELECT list",
				err);
	b->in_table_function = true;
	s = bind_args(c, err);
	b->in_table_function = false;
	if (s != WR_OK || resolve(c, err) != WR_OK)
		return WR_FAIL;
	planned = for_planner(c);
	planned.array = expression(c, wr_type_array(b->arena, c->match.result));
	return b->on_table_function(b->self, &planned, out, err);
}

static wr_status bind_scalar(call *c, const wr_expr **out, wr_err *err)
{
	const wr_expr *e;

	if (c->ast->call.star) {
		wr_err_set(err, WR_ERR_STATEMENT, c->ast->span, "%.*s does not take *",
			   WR_STR_ARG(c->ast->call.name.name));
		return wr_err_hint(err, "name its arguments");
	}
	if (bind_args(c, err) != WR_OK || resolve(c, err) != WR_OK)
		return WR_FAIL;
	if (c->b->on_scalar &&
	    c->b->on_scalar(c->b->self, c->match.fn, c->given, c->n, c->ast->span, err) != WR_OK)
		return WR_FAIL;
	e = expression(c, c->match.result);
	*out = wr_bind_fold(c->b->arena, e);
	return WR_OK;
}

wr_status wr_bind_function(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	call c = { .b = b, .ast = ast };
	wr_str name = ast->call.name.name;

	if (ast->call.distinct) {
		wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, ast->span,
			   "DISTINCT inside of %.*s cannot be run", WR_STR_ARG(name));
		return wr_err_hint(
		    err, "COUNT_DISTINCT(x) counts distinct values, COLLECT_SET(x) collects them");
	}
	switch (wr_fn_kind_of(name)) {
	case WR_FN_AGGREGATE: return bind_aggregate(&c, out, err);
	case WR_FN_TABLE: return bind_table_function(&c, out, err);
	case WR_FN_SCALAR:
	case WR_FN_UNKNOWN: break;
	}
	return bind_scalar(&c, out, err);
}

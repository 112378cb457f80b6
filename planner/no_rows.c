/*
 * (SELECT aggregate FROM t …) as a value, when t has no rows. The table that the value is looked up
 * in (subexpr.c) has no row then, and the look-up gives NULL. That is right for SUM, MAX and their
 * like, and for what arithmetic makes of them. COUNT of nothing is 0, which is put in behind the
 * look-up.
 *
 * COUNT(*) + 1 and COALESCE(SUM(v), 0) have a value of nothing as well, but another one, and NULL
 * may also come from rows that are there. Such expressions are refused: written around the
 * sub-query they mean the same, and are right.
 */
#include "planner/impl.h"
#include "planner/make_ast.h"

static bool is_count(const wr_ast_expr *e)
{
	return e->kind == WR_AST_CALL && (wr_str_is(e->call.name.name, "COUNT") ||
					  wr_str_is(e->call.name.name, "COUNT_DISTINCT"));
}

/* A NULL among its arguments makes it NULL, whichever form is chosen. */
static bool is_strict(wr_str function)
{
	enum { MOST = 64 };
	const wr_fn *fns[MOST];
	const wr_agg *aggs[MOST];
	const wr_udtf *udtfs[MOST];
	uint32_t n = wr_fn_overloads(function, fns, aggs, udtfs, MOST);

	for (uint32_t i = 0; i < n && i < MOST; i++)
		if (!fns[i] || !(fns[i]->flags & WR_FN_STRICT))
			return false;
	return n > 0 && n <= MOST;
}

/* Whether e is NULL when every aggregate in it but COUNT is. */
static bool null_of_nothing(const wr_ast_expr *e)
{
	switch (e->kind) {
	case WR_AST_CALL:
		if (wr_fn_kind_of(e->call.name.name) == WR_FN_AGGREGATE)
			return !is_count(e);
		for (uint32_t i = 0; is_strict(e->call.name.name) && i < e->call.args.n; i++)
			if (null_of_nothing(e->call.args.items[i]))
				return true;
		return false;
	case WR_AST_BINARY:
		return e->binary.op != WR_BIN_AND && e->binary.op != WR_BIN_OR &&
		       e->binary.op != WR_BIN_DISTINCT && e->binary.op != WR_BIN_NOT_DISTINCT &&
		       (null_of_nothing(e->binary.left) || null_of_nothing(e->binary.right));
	case WR_AST_UNARY: return null_of_nothing(e->unary.value);
	case WR_AST_CAST: return null_of_nothing(e->cast.value);
	case WR_AST_SUBSCRIPT: return null_of_nothing(e->subscript.base);
	case WR_AST_DEREF: return null_of_nothing(e->deref.base);
	default: return false;
	}
}

wr_status wr_no_rows_check(const wr_ast_query *q, wr_err *err)
{
	const wr_ast_expr *value = q->items[0].expr;

	/* HAVING may leave out the row of nothing: NULL as well */
	if ((is_count(value) && !q->having) || null_of_nothing(value))
		return WR_OK;
	WR_LATER(err, value->span,
		 "an aggregate inside such an expression is not there yet in a sub-query");
	return wr_err_hint(err, "let the sub-query give the aggregate alone, and write the rest "
				"around it, as in COALESCE((SELECT SUM(v) FROM t), 0)");
}

wr_ast_expr *wr_no_rows_having(wr_arena *a, wr_ast_expr *having, wr_span span)
{
	wr_ast_expr *count = wr_make_ast(a, WR_AST_CALL, span), *some;

	count->call.name =
	    (wr_ident){ .name = WR_STR_LIT("COUNT"), .text = WR_STR_LIT("COUNT"), .span = span };
	count->call.star = true;
	some = wr_make_binary(a, WR_BIN_GT, count, wr_make_digit(a, 0, span), span);
	return having ? wr_make_binary(a, WR_BIN_AND, some, having, span) : some;
}

wr_ast_expr *wr_no_rows_value(wr_arena *a, const wr_ast_query *q, wr_ast_expr *found)
{
	wr_ast_expr *e;

	if (q->group_by.n || !is_count(q->items[0].expr))
		return found;
	e = wr_make_ast(a, WR_AST_CASE, found->span);
	e->cases.n = 1;
	e->cases.whens = WR_NEW(a, wr_when);
	e->cases.whens[0] = (wr_when){ wr_make_is_null(a, found, false, found->span),
				       wr_make_digit(a, 0, found->span) };
	e->cases.otherwise = found;
	return e;
}

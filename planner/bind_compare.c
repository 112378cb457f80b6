/*
 * Comparisons: = <> < <= > >=, IS [NOT] DISTINCT FROM, BETWEEN, IN, LIKE, IS NULL.
 *
 * Both sides are brought to one type here, so that the kernels compare like with like:
 *
 *	number, number       the wider one; a constant is brought to the other side's type when it is the same number there
 *	row time, text       the text is an instant, in milliseconds: ROWTIME > '2026-05-01'
 *	text, time or bytes  the text is read; once, when it is a constant
 *	DATE, TIMESTAMP      as TIMESTAMP
 *
 * BOOLEAN and nested values are equal or not and have no order.
 */
#include "core/time_text.h"
#include "functions/cast.h"
#include "core/utf8.h"
#include "functions/coerce.h"
#include "planner/bind_internal.h"

/* ---- what can be compared, and as what */

static bool is_row_time(const wr_expr *e)
{
	return e->kind == WR_EXPR_COL &&
	       (e->col == WR_COL_ROWTIME || e->col == WR_COL_WINDOWSTART ||
		e->col == WR_COL_WINDOWEND);
}

static bool is_text(const wr_expr *e)
{
	return e->type->tag == WR_STRING;
}

/* Times, and bytes: what a text can be read as to be compared. */
static bool reads_text(const wr_expr *e)
{
	wr_tag tag = e->type->tag;

	return tag == WR_DATE || tag == WR_TIME || tag == WR_TIMESTAMP || tag == WR_BYTES;
}

static wr_status read_instant(wr_binder *b, const wr_expr **text, wr_err *err)
{
	wr_str s = wr_vec_str((*text)->value, 0);
	wr_vec v;
	int64_t ms;

	if (!wr_parse_timestamp(s, &ms)) {
		wr_err_set(err, WR_ERR_STATEMENT, (*text)->span, "'%.*s' is no point in time",
			   WR_STR_ARG(s));
		return wr_err_hint(err,
				   "write it as '2026-05-01', '2026-05-01T12:30:00' or with a zone "
				   "'2026-05-01T12:30:00+0200'");
	}
	wr_vec_init(&v, b->arena, wr_type_of(WR_BIGINT), 1);
	wr_vec_resize(&v, b->arena, 1);
	wr_vec_BIGINT(&v)[0] = ms;
	*text = wr_bind_const(b->arena, &v, (*text)->span);
	return WR_OK;
}

static wr_status read_text(wr_binder *b, const wr_expr **text, const wr_type *type, wr_err *err)
{
	if (wr_bind_is_const(*text))
		return wr_bind_coerce(b, *text, type, WR_COERCE_WIDEN, text, err);
	*text = wr_bind_cast_to(b->arena, *text, type);
	return WR_OK;
}

/* A constant as a value of another numeric type, when that loses nothing. */
static bool exact_const(wr_binder *b, const wr_expr **e, const wr_type *type)
{
	const wr_vec *v, *back;

	if (!wr_bind_is_const(*e) || type->tag == WR_DOUBLE || (*e)->type->tag == WR_DOUBLE)
		return false;
	v = wr_cast_constant(b->arena, (*e)->value, type);
	back = v ? wr_cast_constant(b->arena, v, (*e)->type) : NULL;
	if (!back || !wr_vec_eq(back, 0, (*e)->value, 0))
		return false;
	*e = wr_bind_const(b->arena, v, (*e)->span);
	return true;
}

static void match_numbers(wr_binder *b, const wr_expr **x, const wr_expr **y)
{
	const wr_type *common;

	if (wr_type_eq((*x)->type, (*y)->type) || exact_const(b, y, (*x)->type) ||
	    exact_const(b, x, (*y)->type))
		return;
	common = wr_widen_common(b->arena, (*x)->type, (*y)->type);
	if (common->tag == WR_DECIMAL) {
		/* Decimals are compared by value whatever their scales. */
		if ((*x)->type->tag != WR_DECIMAL)
			*x =
			    wr_bind_cast_to(b->arena, *x, wr_type_as_decimal(b->arena, (*x)->type));
		if ((*y)->type->tag != WR_DECIMAL)
			*y =
			    wr_bind_cast_to(b->arena, *y, wr_type_as_decimal(b->arena, (*y)->type));
		return;
	}
	*x = wr_bind_cast_to(b->arena, *x, common);
	*y = wr_bind_cast_to(b->arena, *y, common);
}

static bool ordered(const char *op)
{
	return op[1] == 'l' || op[1] == 'g';
}

static wr_status incomparable(wr_binder *b, const char *op, const wr_expr *x, const wr_expr *y,
			      wr_span span, wr_err *err)
{
	const char *tx = wr_type_text(b->arena, x->type), *ty = wr_type_text(b->arena, y->type);

	if (wr_type_eq(x->type, y->type) && ordered(op)) {
		wr_err_set(err, WR_ERR_STATEMENT, span, "values of type %s have no order", tx);
		return wr_err_hint(err, "only = and <> compare them");
	}
	wr_err_set(err, WR_ERR_STATEMENT, span, "%s cannot be compared with %s", tx, ty);
	if (wr_cast_exists(x->type, y->type) || wr_cast_exists(y->type, x->type))
		return wr_err_hint(err, "CAST one side to the other's type");
	return WR_FAIL;
}

/* Brings both to one type; *good false: there is none. */
static wr_status match(wr_binder *b, const char *op, const wr_expr **x, const wr_expr **y,
		       bool *good, wr_err *err)
{
	const wr_type *tx = (*x)->type, *ty = (*y)->type, *common;

	*good = true;
	if (wr_type_numeric(tx) && wr_type_numeric(ty)) {
		match_numbers(b, x, y);
		return WR_OK;
	}
	if (is_row_time(*x) && wr_bind_is_const(*y) && is_text(*y))
		return read_instant(b, y, err);
	if (is_row_time(*y) && wr_bind_is_const(*x) && is_text(*x))
		return read_instant(b, x, err);
	if (is_text(*x) && reads_text(*y))
		return read_text(b, x, ty, err);
	if (is_text(*y) && reads_text(*x))
		return read_text(b, y, tx, err);
	if (tx->tag == WR_DATE && ty->tag == WR_TIMESTAMP) {
		*x = wr_bind_cast_to(b->arena, *x, ty);
		return WR_OK;
	}
	if (tx->tag == WR_TIMESTAMP && ty->tag == WR_DATE) {
		*y = wr_bind_cast_to(b->arena, *y, tx);
		return WR_OK;
	}
	common = wr_widen_common(b->arena, tx, ty);
	*good = common && !(ordered(op) && (wr_tag_nested(tx->tag) || tx->tag == WR_BOOLEAN));
	if (*good) {
		*x = wr_bind_cast_to(b->arena, *x, common);
		*y = wr_bind_cast_to(b->arena, *y, common);
	}
	return WR_OK;
}

static wr_status null_comparison(wr_span span, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, span, "nothing can be compared with NULL");
	return wr_err_hint(err, "use IS NULL or IS NOT NULL");
}

/* x IS DISTINCT FROM NULL is x IS NOT NULL. */
static wr_status distinct_null(wr_binder *b, const char *op, const wr_expr *x, const wr_expr *y,
			       wr_span span, const wr_expr **out, wr_err *err)
{
	bool same = strcmp(op, "$not_distinct") == 0;
	const wr_expr *arg = x->type ? x : y;

	if (!arg->type) {
		*out = wr_bind_boolean(b->arena, same, span);
		return WR_OK;
	}
	return wr_bind_call_fn(b, same ? "$is_null" : "$is_not_null", &arg, 1, span, out, err);
}

wr_status wr_bind_compare(wr_binder *b, const char *op, const wr_expr *x, const wr_expr *y,
			  wr_span span, const wr_expr **out, wr_err *err)
{
	const wr_expr *args[2] = { x, y };
	bool good;

	if (!x->type || !y->type)
		return strstr(op, "distinct") ? distinct_null(b, op, x, y, span, out, err)
					      : null_comparison(span, err);
	if (match(b, op, &args[0], &args[1], &good, err) != WR_OK)
		return WR_FAIL;
	if (!good)
		return incomparable(b, op, x, y, span, err);
	*out = wr_bind_make(b->arena, wr_fn_operator(op), wr_type_of(WR_BOOLEAN), args, 2, span);
	return WR_OK;
}

/* ---- BETWEEN, IN */

static wr_status negate(wr_binder *b, bool negated, const wr_expr **e, wr_err *err)
{
	const wr_expr *arg = *e;

	return negated ? wr_bind_call_fn(b, "$not", &arg, 1, arg->span, e, err) : WR_OK;
}

wr_status wr_bind_between(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	const wr_expr *value, *low, *high, *from, *to;

	if (wr_bind_expr(b, ast->between.value, &value, err) != WR_OK ||
	    wr_bind_expr(b, ast->between.low, &low, err) != WR_OK ||
	    wr_bind_expr(b, ast->between.high, &high, err) != WR_OK ||
	    wr_bind_compare(b, "$ge", value, low, ast->span, &from, err) != WR_OK ||
	    wr_bind_compare(b, "$le", value, high, ast->span, &to, err) != WR_OK)
		return WR_FAIL;
	*out = wr_bind_and(b->arena, from, to);
	return negate(b, ast->between.negated, out, err);
}

/* Row times and dates take texts as in a comparison, before the list rule looks at them. */
static wr_status read_items(wr_binder *b, const wr_expr **args, uint32_t n, wr_err *err)
{
	if (!args[0]->type || !is_row_time(args[0]))
		return WR_OK;
	for (uint32_t i = 1; i < n; i++)
		if (wr_bind_is_const(args[i]) && is_text(args[i]) &&
		    read_instant(b, &args[i], err) != WR_OK)
			return WR_FAIL;
	return WR_OK;
}

/*
 * Constants of the value's own type spare a cast of the value, and the cases where that would be
 * slow.
 */
static bool same_numbers(wr_binder *b, const wr_expr **args, uint32_t n)
{
	const wr_type *t = args[0]->type;
	const wr_expr **brought = WR_NEW_ARRAY(b->arena, const wr_expr *, n);

	if (!t || !wr_type_numeric(t) || t->tag == WR_DOUBLE)
		return false;
	for (uint32_t i = 1; i < n; i++) {
		brought[i] = args[i];
		if (!args[i]->type || !wr_type_numeric(args[i]->type) ||
		    (!wr_type_eq(args[i]->type, t) && !exact_const(b, &brought[i], t)))
			return false;
	}
	memcpy(args + 1, brought + 1, (n - 1) * sizeof(*args));
	return true;
}

wr_status wr_bind_in(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	uint32_t n = ast->in_list.items.n + 1;
	const wr_expr **args = WR_NEW_ARRAY(b->arena, const wr_expr *, n);
	const wr_type *type;

	if (wr_bind_expr(b, ast->in_list.value, &args[0], err) != WR_OK)
		return WR_FAIL;
	for (uint32_t i = 1; i < n; i++)
		if (wr_bind_expr(b, ast->in_list.items.items[i - 1], &args[i], err) != WR_OK)
			return WR_FAIL;
	if (!args[0]->type)
		return null_comparison(ast->in_list.value->span, err);
	if (read_items(b, args, n, err) != WR_OK)
		return WR_FAIL;
	if (!same_numbers(b, args, n) &&
	    wr_bind_common(b, args, n, "the list of IN", &type, err) != WR_OK)
		return WR_FAIL;
	*out = wr_bind_make(b->arena, wr_fn_operator("$in"), wr_type_of(WR_BOOLEAN), args, n,
			    ast->span);
	return negate(b, ast->in_list.negated, out, err);
}

/* ---- LIKE, IS NULL */

/* ESCAPE is one character, the same for all rows. */
static wr_status check_escape(const wr_expr *e, wr_err *err)
{
	wr_str s = e->type && e->type->tag == WR_STRING && e->kind == WR_EXPR_CONST
		       ? wr_vec_str(e->value, 0)
		       : (wr_str){ NULL, 0 };

	if (s.n && wr_utf8_get(s.p, s.p + s.n, NULL) == s.n)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, e->span, "ESCAPE needs a text of one character");
	return wr_err_hint(err, "for example LIKE '10!%%' ESCAPE '!'");
}

wr_status wr_bind_like(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	const wr_expr *args[3];
	uint32_t n = ast->like.escape ? 3 : 2;

	if (wr_bind_expr(b, ast->like.value, &args[0], err) != WR_OK ||
	    wr_bind_expr(b, ast->like.pattern, &args[1], err) != WR_OK ||
	    (n > 2 && (wr_bind_expr(b, ast->like.escape, &args[2], err) != WR_OK ||
		       check_escape(args[2], err) != WR_OK)))
		return WR_FAIL;
	if (wr_bind_call_fn(b, "$like", args, n, ast->span, out, err) != WR_OK)
		return WR_FAIL;
	return negate(b, ast->like.negated, out, err);
}

wr_status wr_bind_is_null(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	const wr_expr *arg;

	if (wr_bind_expr(b, ast->is_null.value, &arg, err) != WR_OK)
		return WR_FAIL;
	if (!arg->type) {
		*out = wr_bind_boolean(b->arena, !ast->is_null.negated, ast->span);
		return WR_OK;
	}
	return wr_bind_call_fn(b, ast->is_null.negated ? "$is_not_null" : "$is_null", &arg, 1,
			       ast->span, out, err);
}

/* Arithmetic, ||, AND, OR, NOT, CASE, CAST, AT TIME ZONE. */
#include "functions/cast.h"
#include "planner/bind_internal.h"

wr_status wr_bind_call_fn(wr_binder *b, const char *name, const wr_expr *const *args, uint32_t n,
			  wr_span span, const wr_expr **out, wr_err *err)
{
	wr_fn_arg *given = WR_NEW_ARRAY(b->arena, wr_fn_arg, n + 1);
	const wr_expr **brought = WR_NEW_ARRAY(b->arena, const wr_expr *, n + 1);
	wr_fn_match m;
	wr_expr *e;

	for (uint32_t i = 0; i < n; i++)
		given[i] =
		    (wr_fn_arg){ .type = args[i]->type,
				 .constant = wr_bind_is_const(args[i]) ? args[i]->value : NULL };
	if (wr_fn_resolve(b->arena, wr_str_of(name), given, n, span, NULL, NULL, &m, err) != WR_OK)
		return WR_FAIL;
	for (uint32_t i = 0; i < n; i++)
		if (wr_bind_coerce(b, args[i], m.want[i], WR_COERCE_WIDEN, &brought[i], err) !=
		    WR_OK)
			return WR_FAIL;
	*out = wr_bind_make(b->arena, m.fn, m.result, brought, n, span);
	if ((*out)->kind == WR_EXPR_CALL && m.bound) {
		e = (wr_expr *)*out; /* just made */
		e->bound = m.bound;
	}
	return WR_OK;
}

/* ---- arithmetic */

static wr_status no_null(const wr_expr *e, const char *sign, wr_err *err)
{
	if (e->type)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, e->span, "NULL cannot be an operand of %s", sign);
	return wr_err_hint(err, "give it a type: CAST(NULL AS INTEGER)");
}

static wr_status arithmetic(wr_binder *b, const char *row, const wr_ast_expr *ast,
			    const wr_expr **out, wr_err *err)
{
	const wr_expr *args[2];
	const char *sign = wr_binary_op_text(ast->binary.op);

	if (wr_bind_expr(b, ast->binary.left, &args[0], err) != WR_OK ||
	    wr_bind_expr(b, ast->binary.right, &args[1], err) != WR_OK ||
	    no_null(args[0], sign, err) != WR_OK || no_null(args[1], sign, err) != WR_OK)
		return WR_FAIL;
	return wr_bind_call_fn(b, row, args, 2, ast->span, out, err);
}

static wr_status concat(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	const wr_expr *args[2];

	if (wr_bind_expr(b, ast->binary.left, &args[0], err) != WR_OK ||
	    wr_bind_expr(b, ast->binary.right, &args[1], err) != WR_OK)
		return WR_FAIL;
	for (int i = 0; i < 2; i++)
		if (!args[i]->type)
			args[i] = wr_bind_null(b->arena,
					       args[1 - i]->type ? args[1 - i]->type
								 : wr_type_of(WR_STRING),
					       args[i]->span);
	return wr_bind_call_fn(b, "$concat", args, 2, ast->span, out, err);
}

/* ---- AND, OR, NOT */

static wr_status operand(wr_binder *b, const wr_ast_expr *ast, const char *word,
			 const wr_expr **out, wr_err *err)
{
	if (wr_bind_expr(b, ast, out, err) != WR_OK)
		return WR_FAIL;
	if ((*out)->type && (*out)->type->tag == WR_BOOLEAN)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, ast->span, "%s needs conditions, this is %s", word,
		   (*out)->type ? wr_type_text(b->arena, (*out)->type) : "NULL");
	return wr_err_hint(err, "compare it with something, for example = or IS NOT NULL");
}

static uint32_t add_operand(const wr_expr **to, uint32_t n, wr_expr_kind kind, const wr_expr *e)
{
	if (e->kind != kind) {
		to[n] = e;
		return n + 1;
	}
	for (uint32_t i = 0; i < e->nargs; i++)
		to[n++] = e->args[i];
	return n;
}

/* a AND b AND c is one node with three operands. */
static wr_status logical(wr_binder *b, const wr_ast_expr *ast, wr_expr_kind kind,
			 const wr_expr **out, wr_err *err)
{
	const char *word = kind == WR_EXPR_AND ? "AND" : "OR";
	const wr_expr *x, *y, **args;
	uint32_t n;
	wr_expr *e;

	if (operand(b, ast->binary.left, word, &x, err) != WR_OK ||
	    operand(b, ast->binary.right, word, &y, err) != WR_OK)
		return WR_FAIL;
	args = WR_NEW_ARRAY(b->arena, const wr_expr *, 2 + x->nargs + y->nargs);
	n = add_operand(args, 0, kind, x);
	n = add_operand(args, n, kind, y);
	e = WR_NEW(b->arena, wr_expr);
	*e = (wr_expr){ .kind = kind,
			.span = ast->span,
			.type = wr_type_of(WR_BOOLEAN),
			.nargs = n,
			.args = args };
	*out = e;
	return WR_OK;
}

wr_status wr_bind_unary(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	const wr_expr *arg;

	if (ast->unary.op == WR_UN_NOT) {
		if (operand(b, ast->unary.value, "NOT", &arg, err) != WR_OK)
			return WR_FAIL;
		return wr_bind_call_fn(b, "$not", &arg, 1, ast->span, out, err);
	}
	if (wr_bind_expr(b, ast->unary.value, &arg, err) != WR_OK ||
	    no_null(arg, ast->unary.op == WR_UN_MINUS ? "-" : "+", err) != WR_OK)
		return WR_FAIL;
	if (ast->unary.op == WR_UN_PLUS && wr_type_numeric(arg->type)) {
		*out = arg;
		return WR_OK;
	}
	return wr_bind_call_fn(b, "$neg", &arg, 1, ast->span, out, err);
}

wr_status wr_bind_binary(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	static const char *const rows[] = {
		[WR_BIN_EQ] = "$eq",
		[WR_BIN_NE] = "$ne",
		[WR_BIN_LT] = "$lt",
		[WR_BIN_LE] = "$le",
		[WR_BIN_GT] = "$gt",
		[WR_BIN_GE] = "$ge",
		[WR_BIN_DISTINCT] = "$distinct",
		[WR_BIN_NOT_DISTINCT] = "$not_distinct",
		[WR_BIN_ADD] = "$add",
		[WR_BIN_SUB] = "$sub",
		[WR_BIN_MUL] = "$mul",
		[WR_BIN_DIV] = "$div",
		[WR_BIN_MOD] = "$mod",
	};
	const wr_expr *x, *y;

	switch (ast->binary.op) {
	case WR_BIN_OR: return logical(b, ast, WR_EXPR_OR, out, err);
	case WR_BIN_AND: return logical(b, ast, WR_EXPR_AND, out, err);
	case WR_BIN_CONCAT: return concat(b, ast, out, err);
	case WR_BIN_ADD:
	case WR_BIN_SUB:
	case WR_BIN_MUL:
	case WR_BIN_DIV:
	case WR_BIN_MOD: return arithmetic(b, rows[ast->binary.op], ast, out, err);
	default: break;
	}
	if (wr_bind_expr(b, ast->binary.left, &x, err) != WR_OK ||
	    wr_bind_expr(b, ast->binary.right, &y, err) != WR_OK)
		return WR_FAIL;
	return wr_bind_compare(b, rows[ast->binary.op], x, y, ast->span, out, err);
}

/* ---- CASE */

static wr_status case_condition(wr_binder *b, const wr_expr *operand_, const wr_ast_expr *when,
				const wr_expr **out, wr_err *err)
{
	const wr_expr *value;

	if (!operand_)
		return operand(b, when, "CASE", out, err);
	if (wr_bind_expr(b, when, &value, err) != WR_OK)
		return WR_FAIL;
	return wr_bind_compare(b, "$eq", operand_, value, when->span, out, err);
}

wr_status wr_bind_case(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	uint32_t n = ast->cases.n, nargs = 2 * n + (ast->cases.otherwise ? 1 : 0);
	const wr_expr **args = WR_NEW_ARRAY(b->arena, const wr_expr *, nargs);
	const wr_expr **results = WR_NEW_ARRAY(b->arena, const wr_expr *, n + 1);
	const wr_expr *value = NULL;
	const wr_type *type;
	wr_expr *e;

	if (ast->cases.operand && wr_bind_expr(b, ast->cases.operand, &value, err) != WR_OK)
		return WR_FAIL;
	for (uint32_t i = 0; i < n; i++)
		if (case_condition(b, value, ast->cases.whens[i].when, &args[2 * i], err) !=
			WR_OK ||
		    wr_bind_expr(b, ast->cases.whens[i].then, &results[i], err) != WR_OK)
			return WR_FAIL;
	if (ast->cases.otherwise &&
	    wr_bind_expr(b, ast->cases.otherwise, &results[n], err) != WR_OK)
		return WR_FAIL;
	if (wr_bind_common(b, results, nargs - n, "the results of CASE", &type, err) != WR_OK)
		return WR_FAIL;
	for (uint32_t i = 0; i < n; i++)
		args[2 * i + 1] = results[i];
	if (ast->cases.otherwise)
		args[2 * n] = results[n];
	e = WR_NEW(b->arena, wr_expr);
	*e = (wr_expr){
		.kind = WR_EXPR_CASE, .span = ast->span, .type = type, .nargs = nargs, .args = args
	};
	*out = e;
	return WR_OK;
}

/* ---- CAST, AT TIME ZONE */

wr_status wr_bind_cast(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	const wr_expr *value;
	const wr_type *type;

	if (wr_bind_expr(b, ast->cast.value, &value, err) != WR_OK ||
	    wr_bind_type(b, ast->cast.type, &type, err) != WR_OK)
		return WR_FAIL;
	if (value->type && !wr_cast_exists(value->type, type))
		return wr_err_set(err, WR_ERR_STATEMENT, ast->span, "%s cannot be cast to %s",
				  wr_type_text(b->arena, value->type),
				  wr_type_text(b->arena, type));
	*out = wr_bind_cast_to(b->arena, value, type);
	return WR_OK;
}

wr_status wr_bind_at_zone(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	const wr_expr *args[3];

	if (wr_bind_expr(b, ast->at_zone.value, &args[0], err) != WR_OK)
		return WR_FAIL;
	if (wr_fn_kind_of(WR_STR_LIT("CONVERT_TZ")) != WR_FN_SCALAR)
		return wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, ast->span,
				  "AT TIME ZONE cannot be run yet");
	args[1] = wr_bind_string(b->arena, WR_STR_LIT("UTC"), ast->span);
	args[2] = wr_bind_string(b->arena, ast->at_zone.zone, ast->span);
	return wr_bind_call_fn(b, "CONVERT_TZ", args, 3, ast->span, out, err);
}

/*
 * The binder: names, and the way down the tree. What each kind of node does stands in
 * bind_literal.c, bind_operator.c, bind_compare.c, bind_nested.c, bind_call.c; conversions in
 * bind_coerce.c.
 *
 * A name is looked up in the lambdas around it first, from the inside out, then in the scope. A
 * column of the scope matches when its name does, and its qualifier, if one was written. Two
 * matches are ambiguous.
 */
#include "core/near.h"
#include "expr/fold.h"
#include "functions/other_names.h"
#include "planner/bind_internal.h"

/* ---- builders */

static const wr_expr *keep(wr_arena *a, wr_expr e)
{
	wr_expr *p = WR_NEW(a, wr_expr);

	*p = e;
	return p;
}

const wr_expr *wr_bind_column(wr_arena *a, int32_t col, const wr_type *type, wr_span span)
{
	return keep(a, (wr_expr){ .kind = WR_EXPR_COL, .span = span, .type = type, .col = col });
}

const wr_expr *wr_bind_const(wr_arena *a, const wr_vec *v, wr_span span)
{
	wr_vec *own = WR_NEW(a, wr_vec);

	wr_vec_init(own, a, v->type, 1);
	wr_vec_push(own, a, v, 0, true);
	own->kind = WR_CONST;
	return keep(a, (wr_expr){
			   .kind = WR_EXPR_CONST, .span = span, .type = v->type, .value = own });
}

const wr_expr *wr_bind_make(wr_arena *a, const wr_fn *fn, const wr_type *type,
			    const wr_expr *const *args, uint32_t n, wr_span span)
{
	const wr_expr **own = WR_NEW_ARRAY(a, const wr_expr *, n + 1);

	if (n)
		memcpy(own, args, n * sizeof(*own));
	return wr_expr_fold(a, keep(a, (wr_expr){ .kind = WR_EXPR_CALL,
						  .span = span,
						  .type = type,
						  .fn = fn,
						  .nargs = n,
						  .args = own }));
}

const wr_expr *wr_bind_fold(wr_arena *a, const wr_expr *e)
{
	return wr_expr_fold(a, e);
}

const wr_expr *wr_bind_and(wr_arena *a, const wr_expr *x, const wr_expr *y)
{
	const wr_expr **args = WR_NEW_ARRAY(a, const wr_expr *, 2);

	args[0] = x;
	args[1] = y;
	return keep(a, (wr_expr){ .kind = WR_EXPR_AND,
				  .span = x->span,
				  .type = wr_type_of(WR_BOOLEAN),
				  .nargs = 2,
				  .args = args });
}

const wr_expr *wr_bind_rewrite(wr_arena *a, const wr_expr *e,
			       const wr_expr *(*swap)(void *self, const wr_expr *e), void *self)
{
	const wr_expr *other = swap(self, e), **args;
	wr_expr *copy;

	if (other)
		return other;
	if (!e->nargs)
		return e;
	copy = WR_NEW(a, wr_expr);
	*copy = *e;
	args = WR_NEW_ARRAY(a, const wr_expr *, e->nargs);
	for (uint32_t i = 0; i < e->nargs; i++)
		args[i] = wr_bind_rewrite(a, e->args[i], swap, self);
	copy->args = args;
	return copy;
}

wr_status wr_bind_eval(wr_arena *a, const wr_expr *e, wr_vec *out, const char **failure,
		       wr_err *err)
{
	if (!wr_expr_constant(e))
		return wr_err_set(err, WR_ERR_STATEMENT, e->span, "a column cannot stand here");
	WR_ASSERT(e->type);
	wr_expr_value(a, e, out, failure);
	out->kind = WR_CONST;
	return WR_OK;
}

/* ---- pseudo columns */

const wr_type *wr_bind_pseudo_type(int32_t col)
{
	static const wr_str names[] = { { "KEY", 3 }, { "VALUE", 5 } };
	static const wr_type *kids[2];
	static const wr_type entry = { .tag = WR_STRUCT, .nkids = 2, .kids = kids, .names = names };
	static const wr_type *entries[] = { &entry };
	static const wr_type headers = { .tag = WR_ARRAY, .nkids = 1, .kids = entries };

	if (col == WR_COL_ROWPARTITION)
		return wr_type_of(WR_INTEGER);
	if (col != WR_COL_HEADERS)
		return wr_type_of(WR_BIGINT);
	kids[0] = wr_type_of(WR_STRING); /* the same whoever writes it */
	kids[1] = wr_type_of(WR_BYTES);
	return &headers;
}

wr_str wr_bind_pseudo_name(int32_t col)
{
	static const char *const names[] = { "ROWTIME",	    "ROWPARTITION", "ROWOFFSET",
					     "WINDOWSTART", "WINDOWEND",    "HEADERS" };

	WR_ASSERT(col < 0 && col >= -6);
	return wr_str_of(names[-col - 1]);
}

/* ---- names */

static bool find_param(const wr_binder *b, wr_str name, wr_span span, const wr_expr **out)
{
	uint32_t depth = 0;

	for (const struct wr_bind_lambda *l = b->lambda; l; l = l->outer, depth++)
		for (uint32_t i = 0; i < l->n; i++)
			if (wr_str_eq(l->names[i].name, name)) {
				*out = keep(b->arena, (wr_expr){ .kind = WR_EXPR_PARAM,
								 .span = span,
								 .type = l->types[i],
								 .col = (int32_t)i,
								 .depth = depth });
				return true;
			}
	return false;
}

static bool matches(const wr_bind_col *c, wr_str qualifier, wr_str name)
{
	return wr_str_eq(c->name, name) && (!qualifier.n || wr_str_eq(c->qualifier, qualifier));
}

static wr_status ambiguous(const wr_bind_col *x, const wr_bind_col *y, wr_span span, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, span, "%.*s is ambiguous", WR_STR_ARG(x->name));
	return wr_err_hint(err, "write %.*s.%.*s or %.*s.%.*s", WR_STR_ARG(x->qualifier),
			   WR_STR_ARG(x->name), WR_STR_ARG(y->qualifier), WR_STR_ARG(y->name));
}

static bool known_qualifier(const wr_bind_scope *s, wr_str qualifier)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (wr_str_eq(s->cols[i].qualifier, qualifier))
			return true;
	return false;
}

/* x.y where x is a column: how its parts are read. */
static wr_status hint_parts(wr_tag tag, const wr_ast_expr *ast, wr_err *err)
{
	wr_str whole = ast->column.qualifier.text, part = ast->column.name.text;

	if (tag == WR_STRUCT)
		return wr_err_hint(err, "a field of a STRUCT is read with ->: %.*s->%.*s",
				   WR_STR_ARG(whole), WR_STR_ARG(part));
	if (tag == WR_MAP)
		return wr_err_hint(err, "a value of a MAP is read with its key: %.*s['%.*s']",
				   WR_STR_ARG(whole), WR_STR_ARG(part));
	return wr_err_hint(err, "%.*s is a column, of type %s", WR_STR_ARG(whole),
			   wr_tag_name(tag));
}

static wr_status unknown_source(const wr_binder *b, const wr_ast_expr *ast, wr_err *err)
{
	wr_str qualifier = ast->column.qualifier.name;
	wr_near near = wr_near_begin(qualifier);

	for (uint32_t i = 0; i < b->scope->n; i++)
		wr_near_offer(&near, b->scope->cols[i].qualifier);
	wr_err_set(err, WR_ERR_STATEMENT, ast->span,
		   "%.*s is no stream, table or alias of this query", WR_STR_ARG(qualifier));
	for (uint32_t i = 0; i < b->scope->n; i++)
		if (wr_str_eq(b->scope->cols[i].name, qualifier) && b->scope->cols[i].type)
			return hint_parts(b->scope->cols[i].type->tag, ast, err);
	if (wr_near_best(&near).p)
		wr_err_hint(err, "did you mean %.*s?", WR_STR_ARG(wr_near_best(&near)));
	return WR_FAIL;
}

/* The likeliest reason of several: the first hint stays. */
static wr_status hint_no_column(const wr_binder *b, const wr_ast_expr *ast, wr_str near,
				wr_err *err)
{
	wr_str name = ast->column.name.name;

	if (wr_fn_elsewhere(name))
		wr_err_hint(err, "%s", wr_fn_elsewhere(name));
	if (b->is_alias && b->is_alias(b->self, name))
		wr_err_hint(
		    err, "%.*s is given in SELECT, which comes later: write the expression itself",
		    WR_STR_ARG(name));
	if (near.p)
		wr_err_hint(err, "did you mean %.*s?", WR_STR_ARG(near));
	if (ast->column.name.quoted)
		wr_err_hint(err, "double quotes are for names; a text has single ones: '%.*s'",
			    WR_STR_ARG(name));
	return WR_FAIL;
}

static wr_status unknown_column(const wr_binder *b, const wr_ast_expr *ast, wr_err *err)
{
	wr_str qualifier = ast->column.qualifier.name, name = ast->column.name.name;
	wr_near near = wr_near_begin(name);

	if (qualifier.n && !known_qualifier(b->scope, qualifier))
		return unknown_source(b, ast, err);
	for (uint32_t i = 0; i < b->scope->n; i++)
		if (!qualifier.n || wr_str_eq(b->scope->cols[i].qualifier, qualifier))
			wr_near_offer(&near, b->scope->cols[i].name);
	wr_err_set(err, WR_ERR_STATEMENT, ast->span, "there is no column %.*s%s%.*s%s%s",
		   WR_STR_ARG(qualifier), qualifier.n ? "." : "", WR_STR_ARG(name),
		   b->clause ? " for " : "", b->clause ? b->clause : "");
	return hint_no_column(b, ast, wr_near_best(&near), err);
}

static wr_status bind_column(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	wr_str qualifier = ast->column.qualifier.name, name = ast->column.name.name;
	const wr_bind_col *found = NULL;

	if (!qualifier.n && find_param(b, name, ast->span, out))
		return WR_OK;
	for (uint32_t i = 0; i < b->scope->n; i++) {
		const wr_bind_col *c = &b->scope->cols[i];

		if (!matches(c, qualifier, name))
			continue;
		if (found && found->col != c->col)
			return ambiguous(found, c, ast->span, err);
		found = c;
	}
	if (!found) {
		*out = NULL;
		if (b->on_unknown &&
		    b->on_unknown(b->self, qualifier, name, ast->span, out, err) != WR_OK)
			return WR_FAIL;
		return *out ? WR_OK : unknown_column(b, ast, err);
	}
	if (b->on_column && b->on_column(b->self, found, ast->span, err) != WR_OK)
		return WR_FAIL;
	*out = wr_bind_column(b->arena, found->col, found->type, ast->span);
	return WR_OK;
}

/* ---- types */

static wr_status unknown_type(const wr_ast_type *ast, wr_err *err)
{
	wr_near near = wr_near_begin(ast->name.name);
	const char *elsewhere = wr_type_elsewhere(ast->name.name);

	for (int tag = 0; tag < WR_TAGS; tag++)
		wr_near_offer(&near, wr_str_of(wr_tag_name((wr_tag)tag)));
	wr_err_set(err, WR_ERR_STATEMENT, ast->span, "there is no type %.*s",
		   WR_STR_ARG(ast->name.name));
	if (elsewhere)
		return wr_err_hint(err, "%s", elsewhere);
	if (wr_near_best(&near).p)
		return wr_err_hint(
		    err, "did you mean %.*s? SHOW TYPES lists the types made by CREATE TYPE",
		    WR_STR_ARG(wr_near_best(&near)));
	return wr_err_hint(err, "SHOW TYPES lists the types made by CREATE TYPE");
}

/* The name of field i, which no field before it has. */
static wr_status field_name(wr_binder *b, const wr_ast_type *ast, uint32_t i, wr_str *names,
			    wr_err *err)
{
	for (uint32_t k = 0; k < i; k++)
		if (wr_str_eq(names[k], ast->names[i].name))
			return wr_err_set(err, WR_ERR_STATEMENT, ast->names[i].span,
					  "the struct has two fields of the name %.*s",
					  WR_STR_ARG(names[k]));
	names[i] = wr_arena_str(b->arena, ast->names[i].name);
	return WR_OK;
}

wr_status wr_bind_type(wr_binder *b, const wr_ast_type *ast, const wr_type **out, wr_err *err)
{
	const wr_type **kids;
	wr_str *names;

	if (ast->type) {
		*out = wr_type_copy(b->arena, ast->type);
		return WR_OK;
	}
	if (ast->kind == WR_ASTT_NAMED) {
		*out = b->find_type ? b->find_type(b->self, ast->name.name) : NULL;
		return *out ? WR_OK : unknown_type(ast, err);
	}
	kids = WR_NEW_ARRAY(b->arena, const wr_type *, ast->nkids + 1);
	names = WR_NEW_ARRAY(b->arena, wr_str, ast->nkids + 1);
	for (uint32_t i = 0; i < ast->nkids; i++) {
		if (wr_bind_type(b, ast->kids[i], &kids[i], err) != WR_OK)
			return WR_FAIL;
		if (ast->kind == WR_ASTT_STRUCT && field_name(b, ast, i, names, err) != WR_OK)
			return WR_FAIL;
	}
	if (ast->kind == WR_ASTT_ARRAY)
		*out = wr_type_array(b->arena, kids[0]);
	else if (ast->kind == WR_ASTT_MAP)
		*out = wr_type_map(b->arena, kids[0], kids[1]);
	else
		*out = wr_type_struct(b->arena, ast->nkids, names, kids);
	return WR_OK;
}

/* ---- down the tree */

static wr_status no_subquery(const wr_ast_expr *ast, wr_err *err)
{
	wr_err_set(
	    err, WR_ERR_NOT_IMPLEMENTED, ast->span,
	    "a query inside an expression can stand in WHERE and in the SELECT list only, so far");
	return wr_err_hint(err, "put the rest into a SELECT in FROM, or join a table");
}

wr_status wr_bind_expr(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	switch (ast->kind) {
	case WR_AST_NULL:
	case WR_AST_BOOL:
	case WR_AST_INTEGER:
	case WR_AST_DECIMAL:
	case WR_AST_DOUBLE:
	case WR_AST_STRING:
	case WR_AST_TYPED:
	case WR_AST_UNIT: return wr_bind_literal(b, ast, out, err);
	case WR_AST_COLUMN: return bind_column(b, ast, out, err);
	case WR_AST_CALL: return wr_bind_function(b, ast, out, err);
	case WR_AST_LAMBDA:
		return wr_err_set(err, WR_ERR_STATEMENT, ast->span,
				  "a lambda can only be an argument of a function");
	case WR_AST_CASE: return wr_bind_case(b, ast, out, err);
	case WR_AST_CAST: return wr_bind_cast(b, ast, out, err);
	case WR_AST_UNARY: return wr_bind_unary(b, ast, out, err);
	case WR_AST_BINARY: return wr_bind_binary(b, ast, out, err);
	case WR_AST_BETWEEN: return wr_bind_between(b, ast, out, err);
	case WR_AST_IN_LIST: return wr_bind_in(b, ast, out, err);
	case WR_AST_LIKE: return wr_bind_like(b, ast, out, err);
	case WR_AST_IS_NULL: return wr_bind_is_null(b, ast, out, err);
	case WR_AST_SUBSCRIPT: return wr_bind_subscript(b, ast, out, err);
	case WR_AST_DEREF: return wr_bind_deref(b, ast, out, err);
	case WR_AST_ARRAY: return wr_bind_array(b, ast, out, err);
	case WR_AST_MAP: return wr_bind_map(b, ast, out, err);
	case WR_AST_STRUCT: return wr_bind_struct(b, ast, out, err);
	case WR_AST_AT_ZONE: return wr_bind_at_zone(b, ast, out, err);
	case WR_AST_IN_QUERY:
	case WR_AST_EXISTS:
	case WR_AST_QUERY: return no_subquery(ast, err);
	}
	WR_BUG("expression of kind %d", (int)ast->kind);
}

wr_status wr_bind_condition(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	if (wr_bind_expr(b, ast, out, err) != WR_OK)
		return WR_FAIL;
	if ((*out)->type && (*out)->type->tag == WR_BOOLEAN)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, ast->span, "%s needs a condition, this is %s",
		   b->clause ? b->clause : "this place",
		   (*out)->type ? wr_type_text(b->arena, (*out)->type) : "NULL");
	return wr_err_hint(err, "compare it with something, for example = or IS NOT NULL");
}

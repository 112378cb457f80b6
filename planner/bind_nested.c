/* Nested values: s->f, a[i], m[k], ARRAY[…], MAP(…), STRUCT(…). */
#include "core/near.h"
#include "planner/bind_internal.h"

/* ---- reading */

static wr_status no_field(const wr_type *t, const wr_ident *field, wr_err *err)
{
	wr_near near = wr_near_begin(field->name);

	for (uint32_t i = 0; i < t->nkids; i++)
		wr_near_offer(&near, t->names[i]);
	wr_err_set(err, WR_ERR_STATEMENT, field->span, "the struct has no field %.*s",
		   WR_STR_ARG(field->name));
	if (wr_near_best(&near).p)
		wr_err_hint(err, "did you mean %.*s?", WR_STR_ARG(wr_near_best(&near)));
	return WR_FAIL;
}

static const wr_expr *field_of(wr_binder *b, const wr_expr *base, int32_t i, wr_span span)
{
	const wr_expr *args[2] = { base, NULL };
	wr_vec v;

	wr_vec_init(&v, b->arena, wr_type_of(WR_INTEGER), 1);
	wr_vec_resize(&v, b->arena, 1);
	wr_vec_INTEGER(&v)[0] = i;
	args[1] = wr_bind_const(b->arena, &v, span);
	return wr_bind_make(b->arena, wr_fn_operator("$field"), base->type->kids[i], args, 2, span);
}

wr_status wr_bind_deref(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	const wr_ident *field = &ast->deref.field;
	const wr_expr *base;

	if (wr_bind_expr(b, ast->deref.base, &base, err) != WR_OK)
		return WR_FAIL;
	if (!base->type || base->type->tag != WR_STRUCT) {
		wr_err_set(err, WR_ERR_STATEMENT, ast->span,
			   "-> reads a field of a STRUCT, this is %s",
			   base->type ? wr_type_text(b->arena, base->type) : "NULL");
		if (base->type && base->type->tag == WR_MAP)
			return wr_err_hint(err, "a MAP is read with ['key']");
		return WR_FAIL;
	}
	for (uint32_t i = 0; i < base->type->nkids; i++)
		if (wr_str_eq(base->type->names[i], field->name)) {
			*out = field_of(b, base, (int32_t)i, ast->span);
			return WR_OK;
		}
	return no_field(base->type, field, err);
}

wr_status wr_bind_subscript(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	const wr_expr *args[2];

	if (wr_bind_expr(b, ast->subscript.base, &args[0], err) != WR_OK ||
	    wr_bind_expr(b, ast->subscript.index, &args[1], err) != WR_OK)
		return WR_FAIL;
	if (args[0]->type && args[0]->type->tag == WR_STRUCT) {
		wr_err_set(err, WR_ERR_STATEMENT, ast->span, "a STRUCT has no subscripts");
		return wr_err_hint(err, "its fields are read with ->");
	}
	if (!args[0]->type)
		return wr_err_set(err, WR_ERR_STATEMENT, ast->span, "NULL has no subscripts");
	return wr_bind_call_fn(b, "$index", args, 2, ast->span, out, err);
}

/* ---- building */

static wr_status empty(const char *what, wr_span span, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, span, "an empty %s has no type", what);
	return wr_err_hint(err, "give it at least one element");
}

wr_status wr_bind_array(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	uint32_t n = ast->array.n;
	const wr_expr **args = WR_NEW_ARRAY(b->arena, const wr_expr *, n + 1);
	const wr_type *type;

	if (!n)
		return empty("ARRAY", ast->span, err);
	for (uint32_t i = 0; i < n; i++)
		if (wr_bind_expr(b, ast->array.items[i], &args[i], err) != WR_OK)
			return WR_FAIL;
	if (wr_bind_common(b, args, n, "the elements of ARRAY[…]", &type, err) != WR_OK)
		return WR_FAIL;
	*out = wr_bind_make(b->arena, wr_fn_operator("$array"), wr_type_array(b->arena, type), args,
			    n, ast->span);
	return WR_OK;
}

wr_status wr_bind_map(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	uint32_t n = ast->map.n;
	const wr_expr **keys = WR_NEW_ARRAY(b->arena, const wr_expr *, n + 1);
	const wr_expr **values = WR_NEW_ARRAY(b->arena, const wr_expr *, n + 1);
	const wr_expr **args = WR_NEW_ARRAY(b->arena, const wr_expr *, 2 * n + 1);
	const wr_type *k, *v;

	if (!n)
		return empty("MAP", ast->span, err);
	for (uint32_t i = 0; i < n; i++)
		if (wr_bind_expr(b, ast->map.keys[i], &keys[i], err) != WR_OK ||
		    wr_bind_expr(b, ast->map.values[i], &values[i], err) != WR_OK)
			return WR_FAIL;
	if (wr_bind_common(b, keys, n, "the keys of MAP(…)", &k, err) != WR_OK ||
	    wr_bind_common(b, values, n, "the values of MAP(…)", &v, err) != WR_OK)
		return WR_FAIL;
	for (uint32_t i = 0; i < n; i++) {
		args[2 * i] = keys[i];
		args[2 * i + 1] = values[i];
	}
	*out = wr_bind_make(b->arena, wr_fn_operator("$map"), wr_type_map(b->arena, k, v), args,
			    2 * n, ast->span);
	return WR_OK;
}

static wr_status struct_field(wr_binder *b, const wr_ast_expr *ast, uint32_t i, const wr_expr **out,
			      wr_err *err)
{
	const wr_ident *names = ast->fields.names;

	for (uint32_t j = 0; j < i; j++)
		if (wr_str_eq(names[j].name, names[i].name))
			return wr_err_set(err, WR_ERR_STATEMENT, names[i].span,
					  "the struct has two fields of the name %.*s",
					  WR_STR_ARG(names[i].name));
	if (wr_bind_expr(b, ast->fields.values[i], out, err) != WR_OK)
		return WR_FAIL;
	if ((*out)->type)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, (*out)->span, "the field %.*s has no type",
		   WR_STR_ARG(names[i].name));
	return wr_err_hint(err, "give it one: CAST(NULL AS STRING)");
}

wr_status wr_bind_struct(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	uint32_t n = ast->fields.n;
	const wr_expr **args = WR_NEW_ARRAY(b->arena, const wr_expr *, n + 1);
	const wr_type **kids = WR_NEW_ARRAY(b->arena, const wr_type *, n + 1);
	wr_str *names = WR_NEW_ARRAY(b->arena, wr_str, n + 1);

	for (uint32_t i = 0; i < n; i++) {
		if (struct_field(b, ast, i, &args[i], err) != WR_OK)
			return WR_FAIL;
		names[i] = wr_arena_str(b->arena, ast->fields.names[i].name);
		kids[i] = args[i]->type;
	}
	*out = wr_bind_make(b->arena, wr_fn_operator("$struct"),
			    wr_type_struct(b->arena, n, names, kids), args, n, ast->span);
	return WR_OK;
}

/* Literals: their types and values. */
#include "core/number.h"
#include "core/time_text.h"
#include "functions/cast.h"
#include "planner/bind_internal.h"

static const wr_expr *constant(wr_arena *a, const wr_type *type, const void *value, wr_span span)
{
	wr_vec v;

	wr_vec_init(&v, a, type, 1);
	wr_vec_resize(&v, a, 1);
	memcpy(v.data, value, wr_tag_size(type->tag));
	return wr_bind_const(a, &v, span);
}

const wr_expr *wr_bind_null(wr_arena *a, const wr_type *type, wr_span span)
{
	wr_expr *e = WR_NEW(a, wr_expr);
	wr_vec *v = NULL;

	if (type) {
		v = WR_NEW(a, wr_vec);
		wr_vec_const_null(v, a, type);
	}
	*e = (wr_expr){ .kind = WR_EXPR_CONST, .span = span, .type = type, .value = v };
	return e;
}

const wr_expr *wr_bind_boolean(wr_arena *a, bool value, wr_span span)
{
	uint8_t b = value;

	return constant(a, wr_type_of(WR_BOOLEAN), &b, span);
}

const wr_expr *wr_bind_string(wr_arena *a, wr_str s, wr_span span)
{
	return constant(a, wr_type_of(WR_STRING), &s, span);
}

static const wr_expr *integer(wr_arena *a, int64_t v, wr_span span)
{
	int32_t small = (int32_t)v;

	if (v == small)
		return constant(a, wr_type_of(WR_INTEGER), &small, span);
	return constant(a, wr_type_of(WR_BIGINT), &v, span);
}

/*
 * Digits that count and digits behind the point: 00.50 has scale 2; below one the precision is the
 * scale and one more.
 */
static const wr_type *decimal_type(wr_arena *a, wr_str text)
{
	unsigned whole = 0, scale = 0;
	bool behind = false;

	for (uint32_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '.')
			behind = true;
		else if (behind)
			scale++;
		else if (c >= '0' && c <= '9')
			whole += whole || c != '0';
	}
	return wr_type_decimal(a, scale + (whole ? whole : 1), scale);
}

static bool plain_number(wr_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (s.p[i] == 'e' || s.p[i] == 'E')
			return false;
	return s.n > 0;
}

/* 2e1 as 20, 1.5e-3 as 0.0015 */
static bool exponent_number(wr_arena *a, wr_str text, wr_span span, const wr_expr **out)
{
	double d;
	wr_buf plain = { 0 };
	const wr_type *wide = wr_type_decimal(a, 76, 38);
	wr_dec v;
	bool good = wr_parse_double(text, &d) && wr_dec_parse(a, text, wide, true, &v);
	wr_str s;

	if (!good)
		return false;
	wr_dec_print(v, wide, &plain);
	s = wr_arena_str(a, wr_buf_view(&plain));
	wr_buf_free(&plain);
	while (s.n && s.p[s.n - 1] == '0')
		s.n--;
	s.n -= s.p[s.n - 1] == '.';
	wide = decimal_type(a, s);
	if (!wr_dec_parse(a, s, wide, true, &v))
		return false;
	*out = constant(a, wide, &v, span);
	return true;
}

bool wr_bind_number(wr_arena *a, wr_str text, wr_span span, const wr_expr **out)
{
	int64_t i;
	wr_dec d;
	const wr_type *t;

	while (text.n && text.p[0] == ' ')
		text.p++, text.n--;
	while (text.n && text.p[text.n - 1] == ' ')
		text.n--;
	if (wr_parse_i64(text, &i)) {
		*out = integer(a, i, span);
		return true;
	}
	if (!plain_number(text))
		return exponent_number(a, text, span, out);
	t = decimal_type(a, text);
	if (!wr_dec_parse(a, text, t, true, &d))
		return false;
	*out = constant(a, t, &d, span);
	return true;
}

static wr_status typed(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	wr_ast_type named = { .kind = WR_ASTT_NAMED,
			      .span = ast->typed.type.span,
			      .name = ast->typed.type };
	const wr_expr *text = wr_bind_string(b->arena, ast->typed.text, ast->span);
	const wr_type *t = NULL;
	const wr_vec *v;

	for (int tag = 0; tag < WR_ARRAY; tag++)
		if (tag != WR_DECIMAL && wr_str_is(ast->typed.type.name, wr_tag_name((wr_tag)tag)))
			t = wr_type_of((wr_tag)tag);
	if (!t && wr_bind_type(b, &named, &t, err) != WR_OK)
		return WR_FAIL;
	v = wr_cast_exists(text->type, t) ? wr_cast_constant(b->arena, text->value, t) : NULL;
	if (!v)
		return wr_err_set(err, WR_ERR_STATEMENT, ast->span, "cannot read '%.*s' as %s",
				  WR_STR_ARG(ast->typed.text), wr_type_text(b->arena, t));
	*out = wr_bind_const(b->arena, v, ast->span);
	return WR_OK;
}

wr_status wr_bind_literal(wr_binder *b, const wr_ast_expr *ast, const wr_expr **out, wr_err *err)
{
	wr_arena *a = b->arena;

	switch (ast->kind) {
	case WR_AST_NULL: *out = wr_bind_null(a, NULL, ast->span); return WR_OK;
	case WR_AST_BOOL: *out = wr_bind_boolean(a, ast->boolean, ast->span); return WR_OK;
	case WR_AST_INTEGER: *out = integer(a, ast->integer, ast->span); return WR_OK;
	case WR_AST_DECIMAL:
		if (wr_bind_number(a, ast->text, ast->span, out) && (*out)->type->tag == WR_DECIMAL)
			return WR_OK;
		return wr_err_set(err, WR_ERR_STATEMENT, ast->span, "cannot read the number %.*s",
				  WR_STR_ARG(ast->text));
	case WR_AST_DOUBLE:
		*out = constant(a, wr_type_of(WR_DOUBLE), &ast->number, ast->span);
		return WR_OK;
	case WR_AST_STRING: *out = wr_bind_string(a, ast->text, ast->span); return WR_OK;
	case WR_AST_UNIT:
		*out = wr_bind_string(a, wr_str_of(wr_unit_name(ast->unit)), ast->span);
		return WR_OK;
	default: return typed(b, ast, out, err);
	}
}

/*
 * Conversions that nobody wrote: widening, text to times, the common type of a list.
 *
 * The list rule goes from left to right: the first element that is not NULL says what kind of list
 * it is, the others join it. Numbers widen. A text literal joins numbers, booleans and times by
 * what it reads as; any literal joins texts by how it prints. What is no literal must be of that
 * kind already.
 *
 *	ARRAY[null, 10, '2e1', b]      b BIGINT: INTEGER, then with 20 DECIMAL(10,0), then DECIMAL(19,0)
 */
#include "functions/cast.h"
#include "functions/coerce.h"
#include "planner/bind_internal.h"

const wr_expr *wr_bind_cast_to(wr_arena *a, const wr_expr *e, const wr_type *type)
{
	if (!e->type)
		return wr_bind_null(a, type, e->span);
	if (wr_type_eq(e->type, type))
		return e;
	return wr_bind_make(a, wr_fn_operator("$cast"), type, &e, 1, e->span);
}

static bool reads_from_text(const wr_type *t)
{
	return t->tag == WR_DATE || t->tag == WR_TIME || t->tag == WR_TIMESTAMP ||
	       t->tag == WR_BYTES;
}

static wr_status cannot_read(wr_binder *b, const wr_expr *e, const wr_type *type, wr_err *err)
{
	wr_buf text = { 0 };

	wr_vec_print(e->value, 0, &text);
	wr_err_set(err, WR_ERR_STATEMENT, e->span, "cannot read %s as %s", wr_buf_z(&text),
		   wr_type_text(b->arena, type));
	wr_buf_free(&text);
	return WR_FAIL;
}

static wr_status mismatch(wr_binder *b, const wr_expr *e, const wr_type *type, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, e->span, "%s stands where %s is needed",
		   wr_type_text(b->arena, e->type), wr_type_text(b->arena, type));
	if (wr_cast_exists(e->type, type))
		return wr_err_hint(err, "CAST(… AS %s) converts it", wr_type_text(b->arena, type));
	return WR_FAIL;
}

/* ---- to a given type */

static bool widens(const wr_type *from, const wr_type *to)
{
	if (wr_widen_cost(from, to) >= 0)
		return true;
	if (from->tag != to->tag || !wr_tag_nested(from->tag))
		return false;
	if (from->tag != WR_STRUCT) {
		for (uint32_t i = 0; i < from->nkids; i++)
			if (!widens(from->kids[i], to->kids[i]))
				return false;
		return true;
	}
	for (uint32_t i = 0; i < from->nkids; i++) {
		uint32_t j = 0;

		while (j < to->nkids && !wr_str_eq(to->names[j], from->names[i]))
			j++;
		if (j == to->nkids || !widens(from->kids[i], to->kids[j]))
			return false;
	}
	return true;
}

/* What INSERT … VALUES takes on top: text for times, bytes; any number for a DECIMAL. */
static bool inserts(const wr_type *from, const wr_type *to)
{
	if (widens(from, to))
		return true;
	if (from->tag == WR_STRING)
		return reads_from_text(to);
	if (wr_type_numeric(from) && to->tag == WR_DECIMAL)
		return true;
	if (from->tag != to->tag || !wr_tag_nested(from->tag))
		return false;
	if (from->tag != WR_STRUCT) {
		for (uint32_t i = 0; i < from->nkids; i++)
			if (!inserts(from->kids[i], to->kids[i]))
				return false;
		return true;
	}
	for (uint32_t i = 0; i < from->nkids; i++) {
		uint32_t j = 0;

		while (j < to->nkids && !wr_str_eq(to->names[j], from->names[i]))
			j++;
		if (j == to->nkids || !inserts(from->kids[i], to->kids[j]))
			return false;
	}
	return true;
}

/* A number that would be rounded on its way into a DECIMAL does not fit it. */
static bool rounded(const wr_expr *e, const wr_vec *v)
{
	if (e->type->tag != WR_DECIMAL || v->type->tag != WR_DECIMAL)
		return false;
	return wr_dec_cmp(wr_vec_DECIMAL(e->value)[0], e->type, wr_vec_DECIMAL(v)[0], v->type) != 0;
}

static wr_status const_to(wr_binder *b, const wr_expr *e, const wr_type *type, const wr_expr **out,
			  wr_err *err)
{
	const wr_vec *v = wr_cast_constant(b->arena, e->value, type);

	if (!v || rounded(e, v))
		return cannot_read(b, e, type, err);
	*out = wr_bind_const(b->arena, v, e->span);
	return WR_OK;
}

wr_status wr_bind_coerce(wr_binder *b, const wr_expr *e, const wr_type *type, wr_coercion how,
			 const wr_expr **out, wr_err *err)
{
	bool good;

	if (!e->type || wr_type_eq(e->type, type)) {
		*out = wr_bind_cast_to(b->arena, e, type);
		return WR_OK;
	}
	good = how == WR_COERCE_INSERT ? inserts(e->type, type) : widens(e->type, type);
	if (how == WR_COERCE_INTO && type->tag == WR_DECIMAL)
		good |= e->type->tag == WR_INTEGER || e->type->tag == WR_BIGINT;
	if (!good && wr_bind_is_const(e) && e->type->tag == WR_STRING)
		good = reads_from_text(type);
	if (!good)
		return mismatch(b, e, type, err);
	if (e->kind == WR_EXPR_CONST)
		return const_to(b, e, type, out, err);
	*out = wr_bind_cast_to(b->arena, e, type);
	return WR_OK;
}

/* ---- to a common type */

static wr_status no_common(wr_binder *b, const wr_expr *e, const wr_type *type, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, e->span, "%s does not go together with the %s before it",
		   wr_type_text(b->arena, e->type), wr_type_text(b->arena, type));
	return wr_err_hint(err, "CAST one of them");
}

static bool reads_boolean(wr_str s, bool *value)
{
	static const char *const words[] = { "true", "yes", "false", "no" };

	for (int i = 0; i < 4 && s.n; i++) {
		size_t n = strlen(words[i]);

		if (s.n <= n && wr_str_ieq(s, (wr_str){ words[i], s.n })) {
			*value = i < 2;
			return true;
		}
	}
	return false;
}

static wr_status hint_first(wr_binder *b, const wr_type *type, wr_err *err)
{
	return wr_err_hint(err, "what stands before it makes all of them %s",
			   wr_type_text(b->arena, type));
}

/* A text literal among other things: what it reads as. */
static wr_status join_text(wr_binder *b, const wr_expr **e, const wr_type *type, wr_err *err)
{
	wr_str s = wr_vec_str((*e)->value, 0);
	bool value;

	if (wr_type_numeric(type)) {
		if (!wr_bind_number(b->arena, s, (*e)->span, e)) {
			cannot_read(b, *e, type, err);
			return hint_first(b, type, err);
		}
		return WR_OK;
	}
	if (type->tag == WR_BOOLEAN) {
		if (!reads_boolean(s, &value)) {
			cannot_read(b, *e, type, err);
			return hint_first(b, type, err);
		}
		*e = wr_bind_boolean(b->arena, value, (*e)->span);
		return WR_OK;
	}
	if (reads_from_text(type))
		return const_to(b, *e, type, e, err);
	return no_common(b, *e, type, err);
}

static wr_status join(wr_binder *b, const wr_expr **e, const wr_type **type, wr_err *err)
{
	bool literal = wr_bind_is_const(*e);
	const wr_type *common;

	if (literal && (*e)->type->tag == WR_STRING && (*type)->tag != WR_STRING &&
	    join_text(b, e, *type, err) != WR_OK)
		return WR_FAIL;
	common = wr_widen_common(b->arena, *type, (*e)->type);
	if (common) {
		*type = common;
		return WR_OK;
	}
	/* Any literal joins texts; a nested one joins element by element. */
	if (literal && (*type)->tag == WR_STRING && !wr_tag_nested((*e)->type->tag) &&
	    (*e)->type->tag != WR_BYTES)
		return WR_OK;
	if (literal && (*type)->tag == (*e)->type->tag && wr_tag_nested((*type)->tag) &&
	    wr_cast_exists((*e)->type, *type))
		return const_to(b, *e, *type, e, err);
	return no_common(b, *e, *type, err);
}

wr_status wr_bind_common(wr_binder *b, const wr_expr **list, uint32_t n, const char *what,
			 const wr_type **type, wr_err *err)
{
	*type = NULL;
	for (uint32_t i = 0; i < n; i++) {
		if (!list[i]->type)
			continue;
		if (!*type)
			*type = list[i]->type;
		else if (join(b, &list[i], type, err) != WR_OK)
			return WR_FAIL;
	}
	if (!*type) {
		wr_err_set(err, WR_ERR_STATEMENT, n ? list[0]->span : WR_NO_SPAN,
			   "all of %s are NULL", what);
		return wr_err_hint(err, "give one a type: CAST(NULL AS STRING)");
	}
	for (uint32_t i = 0; i < n; i++)
		list[i] = wr_bind_cast_to(b->arena, list[i], *type);
	return WR_OK;
}

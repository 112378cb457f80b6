/*
 * Builders of types, durations, WITH properties and column lists.
 *
 * A type is made a wr_type at once where all its parts are known; the name of a CREATE TYPE
 * anywhere in it leaves `type` NULL, and the planner, who knows the names, completes it.
 */
#include "parser/build.h"

#include <stdlib.h>

static const struct scalar_name {
	const char *name;
	wr_tag tag;
} scalar_names[13];

static wr_ast_type *node(wr_build *cx, wr_span span, wr_ast_type_kind kind, uint32_t nkids)
{
	wr_ast_type *t = WR_NEW(cx->arena, wr_ast_type);

	t->kind = kind;
	t->span = span;
	t->depth = 1;
	t->nkids = nkids;
	t->kids = WR_NEW_ARRAY(cx->arena, wr_ast_type *, nkids);
	return t;
}

/* Takes the kids' depth; false when one of them has no type yet. */
static bool complete(wr_build *cx, wr_ast_type *t)
{
	bool known = true;

	for (uint32_t i = 0; i < t->nkids; i++) {
		if (t->kids[i]->depth >= t->depth)
			t->depth = t->kids[i]->depth + 1;
		known &= t->kids[i]->type != NULL;
	}
	if (t->depth > 100) {
		wr_build_refuse(cx, t->span, "the type is nested too deeply",
				"100 levels are the limit");
		return false;
	}
	return known;
}

wr_ast_type *wr_build_type_array(wr_build *cx, wr_span span, wr_ast_type *element)
{
	wr_ast_type *t = node(cx, span, WR_ASTT_ARRAY, 1);

	t->kids[0] = element;
	if (complete(cx, t))
		t->type = wr_type_array(cx->arena, element->type);
	return t;
}

wr_ast_type *wr_build_type_map(wr_build *cx, wr_span span, wr_ast_type *key, wr_ast_type *value)
{
	wr_ast_type *t = node(cx, span, WR_ASTT_MAP, 2);

	t->kids[0] = key;
	t->kids[1] = value;
	if (complete(cx, t))
		t->type = wr_type_map(cx->arena, key->type, value->type);
	return t;
}

static const wr_type *struct_of(wr_build *cx, const wr_ast_type *t)
{
	wr_str *names = WR_NEW_ARRAY(cx->arena, wr_str, t->nkids);
	const wr_type **kids = WR_NEW_ARRAY(cx->arena, const wr_type *, t->nkids);

	for (uint32_t i = 0; i < t->nkids; i++) {
		names[i] = t->names[i].name;
		kids[i] = t->kids[i]->type;
	}
	return wr_type_struct(cx->arena, t->nkids, names, kids);
}

wr_ast_type *wr_build_type_struct(wr_build *cx, wr_span span, wr_links names, wr_links types)
{
	wr_ast_type *t = node(cx, span, WR_ASTT_STRUCT, 0);

	if (names.n > UINT16_MAX) {
		wr_build_refuse(cx, span, "the type has too many fields", "65535 are the limit");
		return t;
	}
	t->nkids = names.n;
	t->names = wr_build_array(cx, names, sizeof(wr_ident));
	t->kids = wr_build_pointers(cx, types);
	if (complete(cx, t))
		t->type = struct_of(cx, t);
	return t;
}

/* Digits to a number; what is too large becomes `max` + 1. */
static int64_t number(wr_str digits, int64_t max)
{
	int64_t n = 0;

	for (uint32_t i = 0; i < digits.n; i++) {
		int digit = digits.p[i] - '0';

		if (n > (max - digit) / 10)
			return max + 1;
		n = n * 10 + digit;
	}
	return n;
}

wr_ast_type *wr_build_type_decimal(wr_build *cx, wr_span span, wr_str precision, wr_str scale)
{
	wr_ast_type *t = node(cx, span, WR_ASTT_SCALAR, 0);
	int64_t p = number(precision, INT16_MAX), s = number(scale, INT16_MAX);

	if (p < 1 || p > INT16_MAX || s > p) {
		wr_build_refuse(
		    cx, span,
		    "DECIMAL(p, s) needs a precision of at least 1 and a scale not above it",
		    "DECIMAL(10, 2) holds 8 digits before the point and 2 behind it");
		p = s = 1;
	}
	t->type = wr_type_decimal(cx->arena, (unsigned)p, (unsigned)s);
	return t;
}

wr_ast_type *wr_build_type_named(wr_build *cx, wr_span span, wr_ident name, bool sized)
{
	wr_ast_type *t = node(cx, span, WR_ASTT_NAMED, 0);

	t->name = name;
	for (size_t i = 0; !name.quoted && scalar_names[i].name; i++) {
		if (wr_str_is(name.name, scalar_names[i].name)) {
			t->kind = WR_ASTT_SCALAR;
			t->type = wr_type_of(scalar_names[i].tag);
		}
	}
	if (sized && !(t->type && t->type->tag == WR_STRING))
		wr_build_refuse(cx, span, "this type takes no length",
				"only VARCHAR and DECIMAL have (…)");
	return t;
}

wr_duration wr_build_duration(wr_build *cx, wr_span span, wr_str count, wr_unit unit)
{
	static const int64_t unit_ms[] = {
#define X(tag, ms) ms,
		WR_UNITS(X)
#undef X
	};
	int64_t n = number(count, INT64_MAX / 16 / 86400000);

	if (n > INT64_MAX / 16 / 86400000) {
		wr_build_refuse(cx, span, "the time span is too long",
				"it must fit 64 bits of milliseconds");
		n = 0;
	}
	return (wr_duration){
		.given = true, .ms = n * unit_ms[unit], .count = n, .unit = unit, .span = span
	};
}

wr_limit wr_build_limit(wr_build *cx, wr_span span, wr_str count)
{
	int64_t n = number(count, INT64_MAX - 1);

	if (n == INT64_MAX)
		wr_build_refuse(cx, span, "the number does not fit BIGINT", "write a smaller one");
	return (wr_limit){ .given = true, .n = n, .span = span };
}

static wr_str upper(wr_build *cx, wr_str s)
{
	wr_str u = wr_arena_str(cx->arena, s);
	char *p = (char *)u.p;

	for (uint32_t i = 0; i < u.n; i++)
		if (p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)(p[i] - 'a' + 'A');
	return u;
}

wr_prop *wr_build_prop(wr_build *cx, wr_ident name, wr_ast_expr *value)
{
	wr_prop *p = WR_NEW(cx->arena, wr_prop);

	p->name = name;
	p->name.name = upper(cx, name.text);
	p->value = value;
	/* the only way here that is no literal: a minus before something that is no number */
	if (value->kind == WR_AST_UNARY)
		wr_build_refuse(cx, value->span, "a property's value is a literal",
				"write a number, a string, TRUE, FALSE or NULL");
	return p;
}

wr_props wr_build_props(wr_build *cx, wr_span span, wr_links list)
{
	return (wr_props){ .given = true,
			   .n = list.n,
			   .items = wr_build_array(cx, list, sizeof(wr_prop)),
			   .span = span };
}

wr_element *wr_build_element(wr_build *cx, wr_span span, wr_ident name, wr_ast_type *type)
{
	wr_element *e = WR_NEW(cx->arena, wr_element);

	e->name = name;
	e->type = type;
	e->span = span;
	return e;
}

wr_elements wr_build_elements(wr_build *cx, wr_span span, wr_links list)
{
	return (wr_elements){ .given = true,
			      .n = list.n,
			      .items = wr_build_array(cx, list, sizeof(wr_element)),
			      .span = span };
}

/* The names a scalar type has in statements; a row without name ends them. */
static const struct scalar_name scalar_names[13] = {
	{ "BOOLEAN", WR_BOOLEAN }, { "INTEGER", WR_INTEGER },	  { "INT", WR_INTEGER },
	{ "BIGINT", WR_BIGINT },   { "DOUBLE", WR_DOUBLE },	  { "STRING", WR_STRING },
	{ "VARCHAR", WR_STRING },  { "BYTES", WR_BYTES },	  { "DATE", WR_DATE },
	{ "TIME", WR_TIME },	   { "TIMESTAMP", WR_TIMESTAMP },
};

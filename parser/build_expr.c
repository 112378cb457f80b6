/*
 * Builders of expressions.
 *
 * Every node knows the depth of the tree below it, and none is deeper than WR_AST_DEPTH_MAX, so
 * everyone may walk trees by recursion. `a + b + c …` leans to the left and grows the depth by one
 * per operator: the limit is what a person may reach by hand, and far from what the stack bears.
 *
 * A minus before a number belongs to the number, as in -5, so that literals stay literals where
 * only those are allowed. 9223372036854775808 is a number only there; until its minus comes it is
 * remembered in cx->lone.
 */
#include "parser/build.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static wr_ast_expr *node(wr_build *cx, wr_ast_expr_kind kind, wr_span span)
{
	wr_ast_expr *e = WR_NEW(cx->arena, wr_ast_expr);

	e->kind = kind;
	e->span = span;
	e->depth = 1;
	return e;
}

/* e stands over a part of that depth. */
static void over_depth(wr_build *cx, wr_ast_expr *e, uint32_t depth)
{
	if (depth >= e->depth)
		e->depth = depth + 1;
	if (e->depth > WR_AST_DEPTH_MAX)
		wr_build_refuse(cx, e->span, "the expression is nested too deeply",
				"compute parts of it in a stream or table of their own");
}

static void over(wr_build *cx, wr_ast_expr *e, const wr_ast_expr *part)
{
	if (part)
		over_depth(cx, e, part->depth);
}

static void over_all(wr_build *cx, wr_ast_expr *e, const wr_ast_exprs *parts)
{
	for (uint32_t i = 0; i < parts->n; i++)
		over(cx, e, parts->items[i]);
}

wr_ast_expr *wr_build_null(wr_build *cx, wr_span span)
{
	return node(cx, WR_AST_NULL, span);
}

wr_ast_expr *wr_build_bool(wr_build *cx, wr_span span, bool value)
{
	wr_ast_expr *e = node(cx, WR_AST_BOOL, span);

	e->boolean = value;
	return e;
}

wr_ast_expr *wr_build_string(wr_build *cx, wr_span span, wr_str text)
{
	wr_ast_expr *e = node(cx, WR_AST_STRING, span);

	e->text = text;
	return e;
}

wr_ast_expr *wr_build_integer(wr_build *cx, wr_span span, wr_str text)
{
	wr_ast_expr *e = node(cx, WR_AST_INTEGER, span);
	uint64_t value = 0;

	e->spelled = text;
	for (uint32_t i = 0; i < text.n; i++) {
		uint64_t digit = (uint64_t)(text.p[i] - '0');

		if (value > ((uint64_t)INT64_MAX + 1 - digit) / 10) {
			wr_build_refuse(cx, span, "the number does not fit BIGINT",
					"write a point behind it for a DECIMAL");
			return e;
		}
		value = value * 10 + digit;
	}
	if (value > INT64_MAX) {
		if (cx->lone)
			wr_build_finish(cx);
		cx->lone = e;
		e->integer = INT64_MIN;
	} else {
		e->integer = (int64_t)value;
	}
	return e;
}

wr_ast_expr *wr_build_decimal(wr_build *cx, wr_span span, wr_str text)
{
	wr_ast_expr *e = node(cx, WR_AST_DECIMAL, span);

	e->text = e->spelled = text;
	return e;
}

wr_ast_expr *wr_build_double(wr_build *cx, wr_span span, wr_str text)
{
	wr_ast_expr *e = node(cx, WR_AST_DOUBLE, span);

	e->spelled = text;
	e->number = strtod(wr_arena_printf(cx->arena, "%.*s", WR_STR_ARG(text)).p, NULL);
	if (!isfinite(e->number))
		wr_build_refuse(cx, span, "the number does not fit DOUBLE",
				"the largest is about 1.797E308");
	return e;
}

wr_ast_expr *wr_build_typed(wr_build *cx, wr_span span, wr_ident type, wr_str text)
{
	wr_ast_expr *e = node(cx, WR_AST_TYPED, span);

	e->typed.type = type;
	e->typed.text = text;
	return e;
}

wr_ast_expr *wr_build_column(wr_build *cx, wr_span span, const wr_ident *qualifier, wr_ident name)
{
	wr_ast_expr *e = node(cx, WR_AST_COLUMN, span);

	if (qualifier)
		e->column.qualifier = *qualifier;
	e->column.name = name;
	return e;
}

/*
 * SECOND … DAY are words that may be columns; as first argument of these functions they are units.
 */
static void first_arg_unit(wr_ident name, wr_ast_expr *arg)
{
	static const char *const functions[] = { "TIMESTAMPADD", "TIMESTAMPSUB", "DATEADD",
						 "DATESUB",	 "TIMEADD",	 "TIMESUB" };
	static const struct {
		const char *word;
		wr_unit unit;
	} words[] = {
		{ "SECOND", WR_UNIT_SECONDS }, { "MINUTE", WR_UNIT_MINUTES },
		{ "HOUR", WR_UNIT_HOURS },     { "DAY", WR_UNIT_DAYS },
		{ "MONTH", WR_UNIT_MONTHS },   { "YEAR", WR_UNIT_YEARS },
	};
	wr_str word = arg->column.name.name;
	bool takes = false;

	if (arg->kind != WR_AST_COLUMN || arg->column.name.quoted ||
	    wr_ident_given(&arg->column.qualifier))
		return;
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		takes |= wr_str_is(name.name, functions[i]);
	for (size_t i = 0; takes && i < sizeof(words) / sizeof(*words); i++) {
		if (wr_str_is(word, words[i].word)) {
			arg->kind = WR_AST_UNIT;
			arg->unit = words[i].unit;
			return;
		}
	}
}

wr_ast_expr *wr_build_call(wr_build *cx, wr_span span, wr_ident name, wr_links args, bool distinct)
{
	wr_ast_expr *e = node(cx, WR_AST_CALL, span);

	e->call.name = name;
	e->call.distinct = distinct;
	e->call.args = wr_build_exprs(cx, args, span);
	over_all(cx, e, &e->call.args);
	if (args.n)
		first_arg_unit(name, e->call.args.items[0]);
	return e;
}

wr_ast_expr *wr_build_call_star(wr_build *cx, wr_span span, wr_ident name)
{
	wr_ast_expr *e = node(cx, WR_AST_CALL, span);

	e->call.name = name;
	e->call.star = true;
	return e;
}

wr_ast_expr *wr_build_lambda(wr_build *cx, wr_span span, wr_links params, wr_ast_expr *body)
{
	wr_ast_expr *e = node(cx, WR_AST_LAMBDA, span);

	e->lambda.params = wr_build_idents(cx, params);
	e->lambda.body = body;
	over(cx, e, body);
	return e;
}

wr_ast_expr *wr_build_unit(wr_build *cx, wr_span span, wr_unit unit)
{
	wr_ast_expr *e = node(cx, WR_AST_UNIT, span);

	e->unit = unit;
	return e;
}

wr_when *wr_build_when(wr_build *cx, wr_ast_expr *when, wr_ast_expr *then)
{
	wr_when *w = WR_NEW(cx->arena, wr_when);

	*w = (wr_when){ when, then };
	return w;
}

wr_ast_expr *wr_build_case(wr_build *cx, wr_span span, wr_ast_expr *operand, wr_links whens,
			   wr_ast_expr *otherwise)
{
	wr_ast_expr *e = node(cx, WR_AST_CASE, span);

	e->cases.operand = operand;
	e->cases.n = whens.n;
	e->cases.whens = wr_build_array(cx, whens, sizeof(wr_when));
	e->cases.otherwise = otherwise;
	over(cx, e, operand);
	over(cx, e, otherwise);
	for (uint32_t i = 0; i < whens.n; i++) {
		over(cx, e, e->cases.whens[i].when);
		over(cx, e, e->cases.whens[i].then);
	}
	return e;
}

wr_ast_expr *wr_build_cast(wr_build *cx, wr_span span, wr_ast_expr *value, wr_ast_type *type)
{
	wr_ast_expr *e = node(cx, WR_AST_CAST, span);

	e->cast.value = value;
	e->cast.type = type;
	over(cx, e, value);
	over_depth(cx, e, type->depth);
	return e;
}

/* Puts the minus into a number literal. false when e is none or has one already. */
static bool negate(wr_build *cx, wr_span span, wr_ast_expr *e)
{
	if (!e->spelled.n || e->spelled.p[0] == '-')
		return false;
	e->spelled = wr_arena_printf(cx->arena, "-%.*s", WR_STR_ARG(e->spelled));
	e->span = span;
	if (e->kind == WR_AST_DECIMAL)
		e->text = e->spelled;
	else if (e->kind == WR_AST_DOUBLE)
		e->number = -e->number;
	else if (e == cx->lone)
		cx->lone = NULL;
	else
		e->integer = -e->integer;
	return true;
}

wr_ast_expr *wr_build_unary(wr_build *cx, wr_span span, wr_unary_op op, wr_ast_expr *value)
{
	wr_ast_expr *e;

	if (op == WR_UN_MINUS && negate(cx, span, value))
		return value;
	e = node(cx, WR_AST_UNARY, span);
	e->unary.op = op;
	e->unary.value = value;
	over(cx, e, value);
	return e;
}

wr_ast_expr *wr_build_binary(wr_build *cx, wr_binary_op op, wr_ast_expr *left, wr_ast_expr *right)
{
	wr_ast_expr *e = node(cx, WR_AST_BINARY, wr_span_join(left->span, right->span));

	e->binary.op = op;
	e->binary.left = left;
	e->binary.right = right;
	over(cx, e, left);
	over(cx, e, right);
	return e;
}

wr_ast_expr *wr_build_between(wr_build *cx, wr_ast_expr *value, bool negated, wr_ast_expr *low,
			      wr_ast_expr *high)
{
	wr_ast_expr *e = node(cx, WR_AST_BETWEEN, wr_span_join(value->span, high->span));

	e->between.value = value;
	e->between.negated = negated;
	e->between.low = low;
	e->between.high = high;
	over(cx, e, value);
	over(cx, e, low);
	over(cx, e, high);
	return e;
}

wr_ast_expr *wr_build_in_list(wr_build *cx, wr_span span, wr_ast_expr *value, bool negated,
			      wr_ast_exprs items)
{
	wr_ast_expr *e = node(cx, WR_AST_IN_LIST, span);

	e->in_list.value = value;
	e->in_list.negated = negated;
	e->in_list.items = items;
	over(cx, e, value);
	over_all(cx, e, &items);
	return e;
}

wr_ast_expr *wr_build_in_query(wr_build *cx, wr_span span, wr_ast_expr *value, bool negated,
			       wr_ast_query *query)
{
	wr_ast_expr *e = node(cx, WR_AST_IN_QUERY, span);

	e->in_query.value = value;
	e->in_query.negated = negated;
	e->in_query.query = query;
	over(cx, e, value);
	over_depth(cx, e, query->depth);
	return e;
}

wr_ast_expr *wr_build_like(wr_build *cx, wr_ast_expr *value, bool negated, wr_ast_expr *pattern,
			   wr_ast_expr *escape)
{
	wr_ast_expr *e =
	    node(cx, WR_AST_LIKE, wr_span_join(value->span, escape ? escape->span : pattern->span));

	e->like.value = value;
	e->like.negated = negated;
	e->like.pattern = pattern;
	e->like.escape = escape;
	over(cx, e, value);
	over(cx, e, pattern);
	return e;
}

wr_ast_expr *wr_build_is_null(wr_build *cx, wr_span span, wr_ast_expr *value, bool negated)
{
	wr_ast_expr *e = node(cx, WR_AST_IS_NULL, span);

	e->is_null.value = value;
	e->is_null.negated = negated;
	over(cx, e, value);
	return e;
}

wr_ast_expr *wr_build_subscript(wr_build *cx, wr_span span, wr_ast_expr *base, wr_ast_expr *index)
{
	wr_ast_expr *e = node(cx, WR_AST_SUBSCRIPT, span);

	e->subscript.base = base;
	e->subscript.index = index;
	over(cx, e, base);
	over(cx, e, index);
	return e;
}

wr_ast_expr *wr_build_deref(wr_build *cx, wr_span span, wr_ast_expr *base, wr_ident field)
{
	wr_ast_expr *e = node(cx, WR_AST_DEREF, span);

	e->deref.base = base;
	e->deref.field = field;
	over(cx, e, base);
	return e;
}

wr_ast_expr *wr_build_array_expr(wr_build *cx, wr_span span, wr_links items)
{
	wr_ast_expr *e = node(cx, WR_AST_ARRAY, span);

	e->array = wr_build_exprs(cx, items, span);
	over_all(cx, e, &e->array);
	return e;
}

wr_ast_expr *wr_build_map_expr(wr_build *cx, wr_span span, wr_links pairs)
{
	wr_ast_expr *e = node(cx, WR_AST_MAP, span);
	uint32_t n = pairs.n / 2, i = 0;

	e->map.n = n;
	e->map.keys = WR_NEW_ARRAY(cx->arena, wr_ast_expr *, n);
	e->map.values = WR_NEW_ARRAY(cx->arena, wr_ast_expr *, n);
	for (const wr_link *l = pairs.first; l; l = l->next->next, i++) {
		e->map.keys[i] = l->part;
		e->map.values[i] = l->next->part;
		over(cx, e, e->map.keys[i]);
		over(cx, e, e->map.values[i]);
	}
	return e;
}

wr_ast_expr *wr_build_struct_expr(wr_build *cx, wr_span span, wr_links names, wr_links values)
{
	wr_ast_expr *e = node(cx, WR_AST_STRUCT, span);

	e->fields.n = names.n;
	e->fields.names = wr_build_array(cx, names, sizeof(wr_ident));
	e->fields.values = wr_build_pointers(cx, values);
	for (uint32_t i = 0; i < names.n; i++)
		over(cx, e, e->fields.values[i]);
	return e;
}

wr_ast_expr *wr_build_at_zone(wr_build *cx, wr_span span, wr_ast_expr *value, wr_str zone)
{
	wr_ast_expr *e = node(cx, WR_AST_AT_ZONE, span);

	e->at_zone.value = value;
	e->at_zone.zone = zone;
	over(cx, e, value);
	return e;
}

wr_ast_expr *wr_build_subquery(wr_build *cx, wr_span span, bool exists, wr_ast_query *query)
{
	wr_ast_expr *e = node(cx, exists ? WR_AST_EXISTS : WR_AST_QUERY, span);

	e->query = query;
	over_depth(cx, e, query->depth);
	return e;
}

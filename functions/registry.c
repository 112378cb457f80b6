/*
 * The registry: every row of every family under its name, found by binary search, chosen by
 * argument types.
 *
 * Built once, from constant tables, into an arena that lives as long as the process. A table
 * function is also kept as a scalar row that gives the ARRAY of its rows: that is how it stands in
 * a plan.
 *
 * The choice. First the overloads whose parameters are exactly the arguments' types, only when
 * there are none those that fit by widening. Among several the one with fewer liberties wins: no
 * letters before letters, a fixed number of arguments before any number, fewer steps of widening
 * before more. What is then still equal is an ambiguous call, and an error.
 */
#include "functions/registry.h"

#include "core/near.h"
#include "functions/cast.h"
#include "functions/coerce.h"
#include "functions/families.h"
#include "functions/other_names.h"
#include "functions/signature.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct entry {
	const char *name;
	wr_fn_kind kind;
	bool hidden;
	const wr_fn *fn; /* of a table function: its array form */
	const wr_agg *agg;
	const wr_udtf *udtf;
	wr_sig sig;
	const char *args;
	uint32_t order;
} entry;

static struct {
	pthread_once_t once;
	wr_arena *arena;
	entry *items;
	uint32_t n, room;
} reg = { .once = PTHREAD_ONCE_INIT };

/* ---- building */

static entry *add(const char *name, wr_fn_kind kind, const char *args, const char *result)
{
	entry *e;

	if (reg.n == reg.room) {
		reg.room = reg.room ? reg.room * 2 : 256;
		reg.items = wr_realloc(reg.items, reg.room * sizeof(entry));
	}
	e = &reg.items[reg.n];
	*e = (entry){ .name = name, .kind = kind, .args = args, .order = reg.n++ };
	wr_sig_read(reg.arena, args, result, &e->sig);
	return e;
}

static void add_scalars(const wr_fn *fns)
{
	for (; fns->name; fns++) {
		entry *e = add(fns->name, WR_FN_SCALAR, fns->args, fns->result);

		e->fn = fns;
		e->hidden = fns->flags & WR_FN_HIDDEN;
	}
}

static void add_aggs(const wr_agg *aggs)
{
	for (; aggs->name; aggs++)
		add(aggs->name, WR_FN_AGGREGATE, aggs->args, aggs->result)->agg = aggs;
}

static void add_tables(const wr_udtf *udtfs)
{
	for (; udtfs->name; udtfs++) {
		entry *e = add(udtfs->name, WR_FN_TABLE, udtfs->args, udtfs->result);
		wr_fn *fn = WR_NEW(reg.arena, wr_fn);

		*fn = (wr_fn){ .name = udtfs->name,
			       .args = udtfs->args,
			       .flags = WR_FN_STRICT | WR_FN_PURE,
			       .eval = udtfs->eval,
			       .doc = udtfs->doc };
		e->fn = fn;
		e->udtf = udtfs;
	}
}

static int by_name(const void *x, const void *y)
{
	const entry *a = x, *b = y;
	int d = strcmp(a->name, b->name);

	return d ? d : (a->order > b->order) - (a->order < b->order);
}

static void build(void)
{
	reg.arena = wr_arena_new();
#define X(family) add_scalars(wr_fns_##family);
	WR_SCALAR_FAMILIES(X)
#undef X
#define X(family) add_aggs(wr_aggs_##family);
	WR_AGG_FAMILIES(X)
#undef X
#define X(family) add_tables(wr_udtfs_##family);
	WR_UDTF_FAMILIES(X)
#undef X
	qsort(reg.items, reg.n, sizeof(entry), by_name);
}

/* ---- finding */

/* The order of strcmp, any case; operators' names are exact. */
static int name_cmp(wr_str name, const char *of)
{
	size_t i;

	for (i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c >= 'a' && c <= 'z' && name.p[0] != '$')
			c = (char)(c - 32);
		if (c != of[i])
			return (unsigned char)c < (unsigned char)of[i] ? -1 : 1;
	}
	return of[i] ? -1 : 0;
}

static uint32_t find(wr_str name, const entry **first)
{
	uint32_t low = 0, high, n = 0;

	pthread_once(&reg.once, build);
	high = reg.n;
	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (name_cmp(name, reg.items[mid].name) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	*first = &reg.items[low];
	while (low + n < reg.n && name_cmp(name, reg.items[low + n].name) == 0)
		n++;
	return n;
}

wr_fn_kind wr_fn_kind_of(wr_str name)
{
	const entry *e;

	return find(name, &e) && !e->hidden ? e->kind : WR_FN_UNKNOWN;
}

void wr_fn_each(void (*visit)(void *self, const char *name, wr_fn_kind kind), void *self)
{
	pthread_once(&reg.once, build);
	for (uint32_t i = 0; i < reg.n; i++)
		if (!reg.items[i].hidden &&
		    (i == 0 || strcmp(reg.items[i].name, reg.items[i - 1].name) != 0))
			visit(self, reg.items[i].name, reg.items[i].kind);
}

uint32_t wr_fn_overloads(wr_str name, const wr_fn **fns, const wr_agg **aggs, const wr_udtf **udtfs,
			 uint32_t max)
{
	const entry *e;
	uint32_t n = find(name, &e);

	for (uint32_t i = 0; i < n && i < max; i++) {
		fns[i] = e[i].udtf ? NULL : e[i].fn;
		aggs[i] = e[i].agg;
		udtfs[i] = e[i].udtf;
	}
	return n < max ? n : max;
}

/* ---- errors */

static wr_status unknown(wr_str name, wr_span span, wr_err *err)
{
	wr_near near = wr_near_begin(name);
	const char *elsewhere = wr_fn_elsewhere(name);

	for (uint32_t i = 0; i < reg.n; i++)
		if (!reg.items[i].hidden)
			wr_near_offer(&near, wr_str_of(reg.items[i].name));
	wr_err_set(err, WR_ERR_STATEMENT, span, "there is no function %.*s", WR_STR_ARG(name));
	if (elsewhere)
		wr_err_hint(err, "%s", elsewhere);
	else if (near.best.p)
		wr_err_hint(err, "did you mean %.*s? SHOW FUNCTIONS lists them all",
			    WR_STR_ARG(near.best));
	else
		wr_err_hint(err, "SHOW FUNCTIONS lists them all");
	return WR_FAIL;
}

static void print_args(const wr_fn_arg *args, uint32_t n, wr_buf *out)
{
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			wr_buf_puts(out, ", ");
		if (args[i].lambda_params)
			wr_buf_printf(out, "lambda of %u", args[i].lambda_params);
		else if (args[i].type)
			wr_type_print(args[i].type, out);
		else
			wr_buf_puts(out, "NULL");
	}
}

/* Operators are hidden rows; users know them by their sign. */
static const char *shown_name(const char *name)
{
	static const struct {
		const char *row, *sign;
	} signs[] = {
		{ "$add", "+" },   { "$sub", "-" },	{ "$mul", "*" },       { "$div", "/" },
		{ "$mod", "%" },   { "$concat", "||" }, { "$neg", "unary -" }, { "$like", "LIKE" },
		{ "$not", "NOT" }, { "$index", "[ ]" },
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (strcmp(signs[i].row, name) == 0)
			return signs[i].sign;
	return name;
}

/* What to write instead, where that is known better than by the list of what fits. */
static const char *instead(const entry *e, const wr_fn_arg *args, uint32_t n)
{
	bool add = strcmp(e->name, "$add") == 0 || strcmp(e->name, "$sub") == 0;

	for (uint32_t i = 0; i < n && args[i].type; i++) {
		wr_tag t = args[i].type->tag;

		if (add && (t == WR_TIMESTAMP || t == WR_DATE || t == WR_TIME))
			return "TIMESTAMPADD, DATEADD and TIMEADD move times: TIMESTAMPADD(SECONDS, 90, t)";
	}
	if (strcmp(e->name, "$concat") == 0 || strcmp(e->name, "CONCAT") == 0)
		return "it joins texts: CAST(… AS STRING) makes one";
	return NULL;
}

static wr_status no_fit(const entry *e, uint32_t nentries, const wr_fn_arg *args, uint32_t n,
			wr_span span, wr_err *err)
{
	wr_buf given = { 0 }, taken = { 0 };

	print_args(args, n, &given);
	for (uint32_t i = 0; i < nentries; i++)
		wr_buf_printf(&taken, "%s(%s)", i ? " or " : "", e[i].args);
	wr_err_set(err, WR_ERR_STATEMENT, span, "%s cannot be applied to (%s)", shown_name(e->name),
		   wr_buf_z(&given));
	if (instead(e, args, n))
		wr_err_hint(err, "%s", instead(e, args, n));
	wr_err_hint(err, "%s takes %s", shown_name(e->name), wr_buf_z(&taken));
	wr_buf_free(&given);
	wr_buf_free(&taken);
	return WR_FAIL;
}

static wr_status ambiguous(const entry *x, const entry *y, const wr_fn_arg *args, uint32_t n,
			   wr_span span, wr_err *err)
{
	wr_buf given = { 0 };

	print_args(args, n, &given);
	wr_err_set(err, WR_ERR_STATEMENT, span, "%s(%s) is ambiguous", x->name, wr_buf_z(&given));
	wr_err_hint(err, "it could be %s(%s) or %s(%s); CAST an argument to the type you mean",
		    x->name, x->args, y->name, y->args);
	wr_buf_free(&given);
	return WR_FAIL;
}

/* ---- choosing */

/* Lower is better. */
static uint32_t liberties(const entry *e, const wr_sig_match *m)
{
	return (e->sig.generic ? 1u << 17 : 0) + (e->sig.variadic >= 0 ? 1u << 16 : 0) + m->cost;
}

typedef struct choice {
	const entry *best, *rival;
	wr_sig_match match;
} choice;

static bool choose(wr_arena *a, const entry *e, uint32_t nentries, const wr_fn_arg *args,
		   uint32_t n, bool implicit, choice *out)
{
	uint32_t least = UINT32_MAX;

	*out = (choice){ .best = NULL };
	for (uint32_t i = 0; i < nentries; i++) {
		wr_sig_match m;
		uint32_t l;

		if (!wr_sig_fits(a, &e[i].sig, args, n, implicit, &m))
			continue;
		l = liberties(&e[i], &m);
		if (l > least)
			continue;
		out->rival = l == least ? out->best : NULL;
		out->best = &e[i];
		out->match = m;
		least = l;
	}
	return out->best != NULL;
}

typedef struct lambda_typing {
	wr_lambda_typer typer;
	void *self;
} lambda_typing;

static wr_status type_lambda(wr_arena *a, const wr_sig_type *p, uint32_t arg, wr_sig_match *m,
			     const lambda_typing *lt, wr_err *err)
{
	const wr_type **params = WR_NEW_ARRAY(a, const wr_type *, p->nkids);
	const wr_type **letter = &m->letters[p->result->letter ? p->result->letter - 'A' : 0];
	const wr_type *got;

	for (uint32_t i = 0; i < p->nkids; i++)
		params[i] = wr_sig_resolve(a, &p->kids[i], m, NULL);
	got = lt->typer(lt->self, arg, params, p->nkids, err);
	if (!got)
		return WR_FAIL;
	if (p->result->kind == WR_SIG_LETTER && !*letter)
		*letter = got;
	return WR_OK;
}

static wr_status untyped(const entry *e, wr_span span, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, span,
		   "the result of %s has no type: all arguments are NULL", e->name);
	return wr_err_hint(err, "give one a type: CAST(NULL AS STRING)");
}

static wr_status resolve_args(wr_arena *a, const choice *c, const wr_fn_arg *args, uint32_t n,
			      wr_span span, const lambda_typing *lt, wr_fn_match *out, wr_err *err)
{
	wr_sig_match m = c->match;
	const wr_sig *s = &c->best->sig;
	const wr_type **want = WR_NEW_ARRAY(a, const wr_type *, n + 1);

	for (uint32_t i = 0; i < n; i++) {
		const wr_sig_type *p = wr_sig_param(s, i, n);

		if (p->kind == WR_SIG_LAMBDA) {
			if (type_lambda(a, p, i, &m, lt, err) != WR_OK)
				return WR_FAIL;
			want[i] = wr_sig_resolve(a, p->result, &m, NULL);
		} else {
			want[i] = wr_sig_resolve(a, p, &m, args[i].type);
		}
	}
	out->want = want;
	if (s->result && s->result->kind == WR_SIG_LETTER && !m.letters[s->result->letter - 'A'])
		return untyped(c->best, span, err);
	if (s->result)
		out->result = wr_sig_resolve(a, s->result, &m, n ? want[0] : NULL);
	return WR_OK;
}

/* Constants as the function will get them. */
static const wr_vec *const *wanted_consts(wr_arena *a, const wr_fn_arg *args, uint32_t n,
					  const wr_type *const *want)
{
	const wr_vec **consts = WR_NEW_ARRAY(a, const wr_vec *, n + 1);

	for (uint32_t i = 0; i < n; i++)
		if (args[i].constant && !args[i].lambda_params)
			consts[i] = wr_cast_constant(a, args[i].constant, want[i]);
	return consts;
}

static wr_status bind_fn(wr_arena *a, const wr_fn_arg *args, uint32_t n, wr_span span,
			 wr_fn_match *out, wr_err *err)
{
	const wr_fn *fn = out->fn;
	const wr_type *told;

	if (!fn->bind)
		return WR_OK;
	told = fn->bind(a, out->want, wanted_consts(a, args, n, out->want), n, &out->bound, err);
	if (!told) {
		err->span = span;
		return wr_err_set(err, WR_ERR_STATEMENT, span, "%s cannot be applied here",
				  shown_name(fn->name));
	}
	if (!out->result)
		out->result = told;
	return WR_OK;
}

static wr_status bind_agg(wr_arena *a, const wr_fn_arg *args, uint32_t n, wr_span span,
			  wr_fn_match *out, wr_err *err)
{
	const wr_agg *agg = out->agg;
	const wr_type *told;

	if (!agg->bind)
		return WR_OK;
	told = agg->bind(a, out->want, wanted_consts(a, args, n, out->want), n, err);
	if (!told) {
		err->span = span;
		return wr_err_set(err, WR_ERR_STATEMENT, span, "%s cannot be applied here",
				  agg->name);
	}
	if (!out->result)
		out->result = told;
	return WR_OK;
}

wr_status wr_fn_resolve(wr_arena *a, wr_str name, const wr_fn_arg *args, uint32_t n, wr_span span,
			wr_lambda_typer typer, void *typer_self, wr_fn_match *out, wr_err *err)
{
	const entry *e;
	uint32_t nentries = find(name, &e);
	lambda_typing lt = { typer, typer_self };
	choice c;

	*out = (wr_fn_match){ .fn = NULL };
	if (!nentries)
		return unknown(name, span, err);
	if (!choose(a, e, nentries, args, n, false, &c) &&
	    !choose(a, e, nentries, args, n, true, &c))
		return no_fit(e, nentries, args, n, span, err);
	if (c.rival)
		return ambiguous(c.rival, c.best, args, n, span, err);
	if (resolve_args(a, &c, args, n, span, &lt, out, err) != WR_OK)
		return WR_FAIL;
	out->fn = c.best->fn;
	out->agg = c.best->agg;
	out->udtf = c.best->udtf;
	if (out->agg)
		return bind_agg(a, args, n, span, out, err);
	return bind_fn(a, args, n, span, out, err);
}

const wr_fn *wr_fn_operator(const char *name)
{
	const entry *e;

	if (!find(wr_str_of(name), &e) || !e->fn)
		WR_BUG("there is no operator %s", name);
	return e->fn;
}

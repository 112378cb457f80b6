/*
 * Compilation of expressions to flat code.
 *
 * Every expression becomes a register, computed by a step over a selection of rows. What must not
 * be evaluated for all rows — the right side of AND and OR, the branches of CASE — gets a selection
 * of its own, and the columns it reads are gathered into that. So a kernel always sees dense
 * vectors and never a selection.
 *
 *	a <> 0 AND 10 / a > 2        LOAD a; CALL <> (all rows); SELECT rows where true → s1;
 *	                             GATHER a into s1; CALL / (s1); CALL > (s1); AND
 *
 * A right side made only of TOTAL functions (comparisons and their like) is computed for all rows
 * instead: that is cheaper than a selection. Equal sub-expressions over the same selection share a
 * register; over an outer selection's they are gathered. Constants are registers filled here, with
 * no step. Calls on constants were folded when the plan was bound (expr/fold.h).
 *
 * Failures. A failed operator (cast, division …) makes the whole expression around it null, up to
 * the next function call, array element or struct field: each register carries the rows that
 * failed, and SETTLE turns them to nulls at those borders.
 */
#include "expr/code.h"

#include <stdlib.h>

struct wr_prog {
	wr_code code;
	uint32_t n;
	uint32_t *results; /* registers of the expressions */
	char last[256];
};

typedef struct known {
	const wr_expr *expr;
	uint32_t sel, reg;
	bool settled;
} known;

typedef struct compiler {
	wr_arena *a;
	wr_code *c;
	known *known;
	uint32_t nknown, room_known, room_steps, room_regs, room_sels;
} compiler;

static uint32_t value(compiler *x, const wr_expr *e, uint32_t sel);

/* ---- arrays that grow; all live in the arena */

static void *grown(wr_arena *a, void *old, size_t size, uint32_t n, uint32_t *room)
{
	void *p;

	if (n < *room)
		return old;
	*room = *room ? *room * 2 : 16;
	p = wr_arena_zalloc(a, *room * size);
	if (n)
		memcpy(p, old, n * size);
	return p;
}

static uint32_t new_reg(compiler *x)
{
	x->c->regs = grown(x->a, x->c->regs, sizeof(wr_reg), x->c->nregs, &x->room_regs);
	return x->c->nregs++;
}

static uint32_t new_sel(compiler *x, uint32_t parent)
{
	x->c->sels = grown(x->a, x->c->sels, sizeof(wr_sel), x->c->nsels, &x->room_sels);
	x->c->sels[x->c->nsels].parent = parent;
	return x->c->nsels++;
}

static uint32_t emit(compiler *x, wr_step s)
{
	x->c->steps = grown(x->a, x->c->steps, sizeof(wr_step), x->c->nsteps, &x->room_steps);
	x->c->steps[x->c->nsteps++] = s;
	return s.out;
}

static const uint32_t *regs_of(compiler *x, uint32_t n, const uint32_t *from)
{
	uint32_t *r = WR_NEW_ARRAY(x->a, uint32_t, n);

	memcpy(r, from, n * sizeof(uint32_t));
	return r;
}

/* ---- what is computed already */

static bool repeatable(const wr_expr *e)
{
	if (e->kind == WR_EXPR_CALL && !(e->fn->flags & WR_FN_PURE))
		return false;
	for (uint32_t i = 0; i < e->nargs; i++)
		if (!repeatable(e->args[i]))
			return false;
	return true;
}

static void remember(compiler *x, const wr_expr *e, uint32_t sel, uint32_t reg, bool settled)
{
	x->known = grown(x->a, x->known, sizeof(known), x->nknown, &x->room_known);
	x->known[x->nknown++] = (known){ e, sel, reg, settled };
}

static bool find(const compiler *x, const wr_expr *e, uint32_t sel, bool settled, uint32_t *reg)
{
	for (uint32_t i = 0; i < x->nknown; i++) {
		const known *k = &x->known[i];

		if (k->sel == sel && k->settled == settled &&
		    (k->expr == e || (wr_expr_eq(k->expr, e) && repeatable(e)))) {
			*reg = k->reg;
			return true;
		}
	}
	return false;
}

/* ---- steps */

static uint32_t gather(compiler *x, uint32_t reg, uint32_t sel)
{
	return emit(x, (wr_step){ .kind = WR_STEP_GATHER,
				  .sel = sel,
				  .out = new_reg(x),
				  .nargs = 1,
				  .args = regs_of(x, 1, &reg) });
}

static uint32_t load(compiler *x, const wr_expr *e, uint32_t sel)
{
	if (sel)
		return gather(x, value(x, e, x->c->sels[sel].parent), sel);
	return emit(x, (wr_step){ .kind = WR_STEP_LOAD, .out = new_reg(x), .expr = e });
}

static uint32_t constant(compiler *x, const wr_expr *e)
{
	uint32_t reg = new_reg(x);

	x->c->regs[reg].v = *e->value;
	x->c->regs[reg].v.kind = WR_CONST;
	return reg;
}

/* Whether e can be computed for rows where nobody wants it: it neither fails nor costs much. */
static bool total(const wr_expr *e)
{
	switch (e->kind) {
	case WR_EXPR_CALL:
		if (!(e->fn->flags & WR_FN_TOTAL))
			return false;
		break;
	case WR_EXPR_CASE:
	case WR_EXPR_LAMBDA: return false;
	default: break;
	}
	for (uint32_t i = 0; i < e->nargs; i++)
		if (!total(e->args[i]))
			return false;
	return true;
}

static uint32_t select_rows(compiler *x, uint32_t reg, uint32_t sel, bool want)
{
	uint32_t to = new_sel(x, sel);

	emit(x, (wr_step){ .kind = WR_STEP_SELECT,
			   .sel = sel,
			   .to = to,
			   .want = want,
			   .nargs = 1,
			   .args = regs_of(x, 1, &reg) });
	return to;
}

/* AND and OR take two or more; a chain is worked off from the left. */
static uint32_t logical(compiler *x, const wr_expr *e, uint32_t sel)
{
	bool all = e->kind == WR_EXPR_AND;
	uint32_t left = value(x, e->args[0], sel);

	for (uint32_t i = 1; i < e->nargs; i++) {
		uint32_t to = total(e->args[i]) ? sel : select_rows(x, left, sel, all);
		uint32_t pair[2] = { left, value(x, e->args[i], to) };

		left = emit(x, (wr_step){ .kind = all ? WR_STEP_AND : WR_STEP_OR,
					  .sel = sel,
					  .to = to,
					  .out = new_reg(x),
					  .nargs = 2,
					  .args = regs_of(x, 2, pair) });
	}
	return left;
}

/*
 * Conditions narrow the rows one after the other: the second is asked of the rows where the first
 * is not true.
 */
static uint32_t cases(compiler *x, const wr_expr *e, uint32_t sel)
{
	uint32_t *regs = WR_NEW_ARRAY(x->a, uint32_t, e->nargs + 1), left = sel, i;

	for (i = 0; i + 1 < e->nargs; i += 2) {
		const wr_expr *then = e->args[i + 1];

		regs[i] = value(x, e->args[i], left);
		regs[i + 1] = then->kind == WR_EXPR_CONST
				  ? value(x, then, left)
				  : value(x, then, select_rows(x, regs[i], left, true));
		left = select_rows(x, regs[i], left, false);
	}
	if (i < e->nargs)
		regs[i] = value(x, e->args[i], left);
	return emit(x, (wr_step){ .kind = WR_STEP_CASE,
				  .sel = sel,
				  .out = new_reg(x),
				  .nargs = e->nargs,
				  .args = regs,
				  .expr = e });
}

static uint32_t settled(compiler *x, const wr_expr *e, uint32_t sel)
{
	uint32_t reg = value(x, e, sel), out;

	if (e->kind == WR_EXPR_COL || e->kind == WR_EXPR_CONST || e->kind == WR_EXPR_PARAM ||
	    total(e))
		return reg;
	if (find(x, e, sel, true, &out))
		return out;
	out = emit(x, (wr_step){ .kind = WR_STEP_SETTLE,
				 .sel = sel,
				 .out = new_reg(x),
				 .nargs = 1,
				 .args = regs_of(x, 1, &reg) });
	remember(x, e, sel, out, true);
	return out;
}

static const wr_lambda *compile_lambda(compiler *x, const wr_expr *e)
{
	wr_lam *lam = WR_NEW(x->a, wr_lam);
	compiler inner = { .a = x->a, .c = WR_NEW(x->a, wr_code) };

	lam->lambda =
	    (wr_lambda){ .nparams = e->nparams, .result = e->args[0]->type, .call = wr_lam_call };
	lam->code = inner.c;
	inner.c->arena = x->a;
	inner.c->outer = x->c;
	new_sel(&inner, 0);
	lam->result = value(&inner, e->args[0], 0);
	return &lam->lambda;
}

/* Array elements and struct fields that fail are null alone. */
static bool is_constructor(const wr_fn *fn)
{
	return strcmp(fn->name, "$array") == 0 || strcmp(fn->name, "$map") == 0 ||
	       strcmp(fn->name, "$struct") == 0;
}

static uint32_t call(compiler *x, const wr_expr *e, uint32_t sel)
{
	uint32_t *regs = WR_NEW_ARRAY(x->a, uint32_t, e->nargs + 1);
	const wr_type **types = WR_NEW_ARRAY(x->a, const wr_type *, e->nargs + 1);
	const wr_lambda **lambdas = NULL;
	bool settle = is_constructor(e->fn);

	for (uint32_t i = 0; i < e->nargs; i++) {
		const wr_expr *arg = e->args[i];

		if (arg->kind == WR_EXPR_LAMBDA) {
			if (!lambdas)
				lambdas = WR_NEW_ARRAY(x->a, const wr_lambda *, e->nargs);
			lambdas[i] = compile_lambda(x, arg);
			regs[i] = UINT32_MAX;
			continue;
		}
		regs[i] = settle ? settled(x, arg, sel) : value(x, arg, sel);
		types[i] = arg->type;
	}
	return emit(x, (wr_step){ .kind = WR_STEP_CALL,
				  .sel = sel,
				  .out = new_reg(x),
				  .nargs = e->nargs,
				  .args = regs,
				  .expr = e,
				  .types = types,
				  .lambdas = lambdas,
				  .vecs = WR_NEW_ARRAY(x->a, const wr_vec *, e->nargs + 1) });
}

static uint32_t compute(compiler *x, const wr_expr *e, uint32_t sel)
{
	switch (e->kind) {
	case WR_EXPR_COL:
	case WR_EXPR_PARAM: return load(x, e, sel);
	case WR_EXPR_CONST: return constant(x, e);
	case WR_EXPR_CALL: return call(x, e, sel);
	case WR_EXPR_CASE: return cases(x, e, sel);
	case WR_EXPR_AND:
	case WR_EXPR_OR: return logical(x, e, sel);
	case WR_EXPR_LAMBDA: break;
	}
	WR_BUG("a lambda stands where a value should");
}

static uint32_t value(compiler *x, const wr_expr *e, uint32_t sel)
{
	uint32_t reg;

	if (find(x, e, sel, false, &reg))
		return reg;
	if (sel && e->kind != WR_EXPR_CONST) {
		uint32_t up = x->c->sels[sel].parent;

		for (;; up = x->c->sels[up].parent) {
			if (find(x, e, up, false, &reg)) {
				reg = gather(x, value(x, e, x->c->sels[sel].parent), sel);
				remember(x, e, sel, reg, false);
				return reg;
			}
			if (!up)
				break;
		}
	}
	reg = compute(x, e, sel);
	remember(x, e, sel, reg, false);
	return reg;
}

/* ---- exported */

wr_prog *wr_prog_new(wr_arena *arena, const wr_expr *const *exprs, uint32_t n)
{
	wr_prog *p = WR_NEW(arena, wr_prog);
	compiler x = { .a = arena, .c = &p->code };

	p->code.arena = arena;
	p->n = n;
	p->results = WR_NEW_ARRAY(arena, uint32_t, n + 1);
	new_sel(&x, 0);
	for (uint32_t i = 0; i < n; i++)
		p->results[i] = settled(&x, exprs[i], 0);
	return p;
}

static void run(wr_prog *p, const wr_batch *b, uint32_t at, uint32_t n, wr_prog_stats *stats)
{
	p->code.b = b;
	p->code.at = at;
	p->code.batch = b->arena;
	p->code.stats = stats;
	p->code.last = p->last;
	wr_code_run(&p->code, n);
}

void wr_prog_eval(wr_prog *p, const wr_batch *b, uint32_t at, uint32_t n, wr_vec *out,
		  wr_prog_stats *stats)
{
	run(p, b, at, n, stats);
	for (uint32_t i = 0; i < p->n; i++) {
		out[i] = p->code.regs[p->results[i]].v;
		if (out[i].kind == WR_CONST)
			out[i].n = n;
	}
}

uint32_t wr_prog_filter(wr_prog *p, const wr_batch *b, uint32_t at, uint32_t n, uint32_t *rows,
			wr_prog_stats *stats)
{
	const wr_vec *v;
	const uint8_t *is;
	uint32_t kept = 0, step;

	run(p, b, at, n, stats);
	v = &p->code.regs[p->results[0]].v;
	is = wr_vec_BOOLEAN(v);
	step = v->kind == WR_FLAT;
	for (uint32_t i = 0; i < n; i++) {
		rows[kept] = at + i;
		kept += is[i * step] && !(v->null && v->null[i * step]);
	}
	return kept;
}

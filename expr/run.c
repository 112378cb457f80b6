/*
 * Running compiled code: one loop over the steps, each over whole vectors.
 *
 * Memory: every result is in the batch's arena or shares a column's memory; registers are
 * overwritten by the next run. A slice of a column is the column's own array from a row on; only
 * gathers copy.
 *
 * STRICT functions: the nulls of all arguments are joined first and told to the kernel, which may
 * compute anything there; afterwards they are the result's nulls. Strings at null rows are emptied
 * before, so that a kernel may read them.
 */
#include "expr/code.h"

/* ---- loading */

static void slice(wr_vec *out, wr_arena *a, const wr_vec *v, uint32_t at, uint32_t n)
{
	size_t size;

	*out = *v;
	out->n = n;
	if (v->kind == WR_CONST)
		return;
	out->room = n;
	size = wr_tag_size(v->type->tag);
	if (out->data)
		out->data = (char *)v->data + at * size;
	if (out->null)
		out->null = v->null + at;
	if (v->type->tag != WR_STRUCT || (at == 0 && n == v->n))
		return;
	out->kids = WR_NEW_ARRAY(a, wr_vec, v->type->nkids);
	for (uint32_t i = 0; i < v->type->nkids; i++)
		slice(&out->kids[i], a, &v->kids[i], at, n);
}

static void load_longs(wr_vec *out, wr_arena *a, const wr_type *t, int64_t *from, uint32_t n)
{
	if (!from) {
		wr_vec_const_null(out, a, t);
		return;
	}
	*out = (wr_vec){ .type = t, .kind = WR_FLAT, .n = n, .room = n, .data = from };
}

static void load_partition(wr_vec *out, wr_arena *a, const wr_type *t, const uint32_t *part,
			   uint32_t n)
{
	wr_vec_init(out, a, t, n);
	wr_vec_resize(out, a, n);
	for (uint32_t i = 0; i < n; i++)
		wr_vec_INTEGER(out)[i] = WR_PART_NUMBER(part[i]);
}

static void push_header(wr_vec *entry, wr_arena *a, const wr_header *h)
{
	for (int k = 0; k < 2; k++) {
		wr_str s = k ? h->value : h->key;
		wr_vec *v = &entry->kids[k];

		if (!s.p) {
			wr_vec_push_null(v, a);
			continue;
		}
		wr_vec_resize(v, a, v->n + 1);
		((wr_str *)v->data)[v->n - 1] = s;
	}
	wr_vec_struct_end(entry, a);
}

static void load_headers(wr_vec *out, wr_arena *a, const wr_type *t, const wr_batch *b, uint32_t at,
			 uint32_t n)
{
	wr_vec_init(out, a, t, n);
	for (uint32_t i = 0; i < n; i++) {
		const wr_headers *h = b->headers ? b->headers[at + i] : NULL;
		uint32_t begin = wr_vec_list_begin(out);

		for (uint32_t k = 0; h && k < h->n; k++)
			push_header(&out->kids[0], a, &h->items[k]);
		wr_vec_list_end(out, a, begin);
	}
}

static void load_column(wr_code *c, const wr_expr *e, uint32_t n, wr_vec *out)
{
	const wr_batch *b = c->b;
	uint32_t at = c->at;

	switch (e->col) {
	case WR_COL_ROWTIME:
		load_longs(out, c->batch, e->type, b->rowtime ? b->rowtime + at : NULL, n);
		break;
	case WR_COL_ROWPARTITION: load_partition(out, c->batch, e->type, b->part + at, n); break;
	case WR_COL_ROWOFFSET:
		load_longs(out, c->batch, e->type, b->offset ? b->offset + at : NULL, n);
		break;
	case WR_COL_WINDOWSTART:
		load_longs(out, c->batch, e->type, b->wstart ? b->wstart + at : NULL, n);
		break;
	case WR_COL_WINDOWEND:
		load_longs(out, c->batch, e->type, b->wend ? b->wend + at : NULL, n);
		break;
	case WR_COL_HEADERS: load_headers(out, c->batch, e->type, b, at, n); break;
	default: slice(out, c->batch, &b->cols[e->col], at, n);
	}
}

/*
 * The rows of the outer run that the rows of a lambda's run belong to: through the selections of
 * the call's place.
 */
static const uint32_t *outer_rows(wr_code *c)
{
	uint32_t n = c->sels[0].n;

	if (c->outer_rows)
		return c->outer_rows;
	c->outer_rows = wr_arena_alloc(c->batch, n * sizeof(uint32_t));
	if (n)
		memcpy(c->outer_rows, c->rows, n * sizeof(uint32_t));
	for (uint32_t s = c->outer_sel; s; s = c->outer->sels[s].parent)
		for (uint32_t i = 0; !c->outer->sels[s].all && i < n; i++)
			c->outer_rows[i] = c->outer->sels[s].rows[c->outer_rows[i]];
	return c->outer_rows;
}

/* depth: how many lambdas out a parameter is; columns are all the way out. */
static void load(wr_code *c, const wr_expr *e, uint32_t depth, uint32_t n, wr_vec *out)
{
	wr_vec around;

	if (!c->outer) {
		load_column(c, e, n, out);
	} else if (e->kind == WR_EXPR_PARAM && depth == 0) {
		*out = *c->params[e->col];
		out->n = n;
	} else {
		load(c->outer, e, depth - 1, c->outer->sels[0].n, &around);
		wr_vec_gather(out, c->batch, &around, outer_rows(c), n);
	}
}

/* ---- selections */

static void gather(wr_code *c, const wr_step *s)
{
	const wr_sel *sel = &c->sels[s->sel];
	const wr_reg *from = &c->regs[s->args[0]];
	wr_reg *to = &c->regs[s->out];

	to->failed = NULL;
	if (sel->all || from->v.kind == WR_CONST) {
		*to = *from;
		if (!from->failed || sel->all)
			return;
	} else {
		wr_vec_gather(&to->v, c->batch, &from->v, sel->rows, sel->n);
	}
	if (!from->failed)
		return;
	to->failed = wr_arena_alloc(c->batch, sel->n);
	for (uint32_t i = 0; i < sel->n; i++)
		to->failed[i] = from->failed[sel->rows[i]];
}

static bool is_true(const wr_vec *v, uint32_t row)
{
	uint32_t at = wr_vec_at(v, row);

	return ((const uint8_t *)v->data)[at] && !(v->null && v->null[at]);
}

/* Rows that failed go neither way. */
static void select_rows(wr_code *c, const wr_step *s)
{
	const wr_reg *r = &c->regs[s->args[0]];
	wr_sel *to = &c->sels[s->to];
	uint32_t n = c->sels[s->sel].n, kept = 0;
	uint32_t *rows = wr_arena_alloc(c->batch, n * sizeof(uint32_t));

	for (uint32_t i = 0; i < n; i++) {
		rows[kept] = i;
		kept += is_true(&r->v, i) == s->want && !(r->failed && r->failed[i]);
	}
	to->rows = rows;
	to->n = kept;
	to->all = kept == n;
}

/* ---- AND, OR, CASE */

static void mark_failed(wr_code *c, uint8_t **failed, uint32_t n, uint32_t row)
{
	if (!*failed)
		*failed = wr_arena_zalloc(c->batch, n);
	(*failed)[row] = 1;
}

static void new_booleans(wr_code *c, const wr_step *s, wr_reg *out, uint32_t n)
{
	(void)s;
	wr_vec_init(&out->v, c->batch, wr_type_of(WR_BOOLEAN), n);
	out->v.n = n;
	out->failed = NULL;
}

/* The right side over fewer rows: where the left one decides, it has no row. */
static void logical(wr_code *c, const wr_step *s, bool and)
{
	const wr_reg *x = &c->regs[s->args[0]], *y = &c->regs[s->args[1]];
	uint32_t n = c->sels[s->sel].n, next = 0;
	wr_reg *out = &c->regs[s->out];
	uint8_t *r;

	new_booleans(c, s, out, n);
	r = out->v.data;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at;

		if (x->failed && x->failed[i]) {
			r[i] = 0;
			mark_failed(c, &out->failed, n, i);
			continue;
		}
		r[i] = is_true(&x->v, i);
		if (s->to != s->sel && r[i] != and)
			continue;
		at = s->to == s->sel ? i : next++;
		if (r[i] != and)
			continue;
		r[i] = is_true(&y->v, at);
		if (y->failed && y->failed[at])
			mark_failed(c, &out->failed, n, i);
	}
}

/* Both sides over all rows, no nulls, no failures: the usual filter. */
static bool logical_dense(wr_code *c, const wr_step *s, bool and)
{
	const wr_reg *x = &c->regs[s->args[0]], *y = &c->regs[s->args[1]];
	uint32_t n = c->sels[s->sel].n;
	const uint8_t *p = x->v.data, *q = y->v.data;
	wr_reg *out = &c->regs[s->out];
	uint8_t *r;

	if (s->to != s->sel || x->v.kind == WR_CONST || y->v.kind == WR_CONST || x->v.null ||
	    y->v.null || x->failed || y->failed)
		return false;
	new_booleans(c, s, out, n);
	r = out->v.data;
	for (uint32_t i = 0; i < n; i++)
		r[i] = and? p[i] & q[i] : p[i] | q[i];
	return true;
}

/*
 * The branch of a row: conditions are asked in turn. Each of them, and each result, has rows for
 * those that came so far, in order; a cursor per register says which is next.
 */
static void cases(wr_code *c, const wr_step *s)
{
	uint32_t n = c->sels[s->sel].n, nargs = s->nargs;
	uint32_t *next = wr_arena_zalloc(c->batch, (nargs + 1) * sizeof(uint32_t));
	wr_reg *out = &c->regs[s->out];

	wr_vec_init(&out->v, c->batch, s->expr->type, n);
	out->failed = NULL;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = 0, at = 0;
		bool failed = false;

		for (; k + 1 < nargs; k += 2) {
			const wr_reg *when = &c->regs[s->args[k]];

			at = next[k]++;
			failed = when->failed && when->failed[at];
			if (failed || is_true(&when->v, at))
				break;
		}
		if (failed) {
			wr_vec_push_null(&out->v, c->batch);
			mark_failed(c, &out->failed, n, i);
			continue;
		}
		k += k + 1 < nargs; /* to the THEN; or it is the ELSE already */
		if (k >= nargs) {
			wr_vec_push_null(&out->v, c->batch);
			continue;
		}
		at = next[k]++;
		wr_vec_push(&out->v, c->batch, &c->regs[s->args[k]].v, at, false);
		if (c->regs[s->args[k]].failed && c->regs[s->args[k]].failed[at])
			mark_failed(c, &out->failed, n, i);
	}
}

/* Null where the register failed. */
static void settle(wr_code *c, const wr_step *s)
{
	const wr_reg *from = &c->regs[s->args[0]];
	wr_reg *out = &c->regs[s->out];
	uint32_t n = c->sels[s->sel].n;

	out->failed = NULL;
	out->v = from->v;
	if (!from->failed)
		return;
	wr_vec_init(&out->v, c->batch, from->v.type, n);
	for (uint32_t i = 0; i < n; i++)
		if (from->failed[i])
			wr_vec_push_null(&out->v, c->batch);
		else
			wr_vec_push(&out->v, c->batch, &from->v, i, false);
}

/* ---- calls */

/* Strings of null rows may be anything; empty they are safe to read. */
static void empty_null_strings(const wr_vec *v, uint32_t n)
{
	wr_str *s = v->data;

	if (v->type->tag != WR_STRING && v->type->tag != WR_BYTES && !wr_type_wide(v->type))
		return;
	for (uint32_t i = 0; i < n; i++)
		if (v->null[i] && s[i].n)
			s[i] = (wr_str){ NULL, 0 };
}

/*
 * The nulls of all arguments, NULL when there are none; *null: some argument is null for every row.
 */
static const uint8_t *join_nulls(wr_code *c, const wr_step *s, uint32_t n, bool *null)
{
	const uint8_t *joined = NULL;
	uint8_t *own = NULL;

	*null = false;
	for (uint32_t k = 0; k < s->nargs; k++) {
		const wr_vec *v = s->vecs[k];

		if (!v || !v->null)
			continue;
		if (v->kind == WR_CONST) {
			*null = *null || v->null[0];
			continue;
		}
		empty_null_strings(v, n);
		if (!joined) {
			joined = v->null;
			continue;
		}
		if (!own) {
			own = wr_arena_alloc(c->batch, n);
			memcpy(own, joined, n);
			joined = own;
		}
		for (uint32_t i = 0; i < n; i++)
			own[i] |= v->null[i];
	}
	return joined;
}

static void put_nulls(wr_code *c, wr_vec *out, const uint8_t *null, uint32_t n)
{
	if (out->kind == WR_CONST)
		return;
	if (!wr_tag_nested(out->type->tag) && !out->null) {
		out->null = (uint8_t *)null; /* shared; nobody writes to a finished register */
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		if (null[i] && !(out->null && out->null[i]))
			wr_vec_set_null(out, c->batch, i);
}

static bool all_const(const wr_step *s)
{
	for (uint32_t k = 0; k < s->nargs; k++)
		if (!s->vecs[k] || s->vecs[k]->kind != WR_CONST)
			return false;
	return true;
}

static void count_failures(wr_code *c, const wr_fn_cx *cx)
{
	if (!cx->failures || !c->stats)
		return;
	c->stats->failures += cx->failures;
	memcpy(c->last, cx->last_failure, sizeof(cx->last_failure));
	c->stats->last = c->last;
}

/*
 * Where an argument failed: an operator fails too; a function's value is null, and that is the end
 * of it. But a lambda that failed inside another one makes that one fail too.
 */
static void pass_failures(wr_code *c, const wr_step *s, wr_reg *out, uint8_t *failed, uint32_t n)
{
	bool operator= s->expr->fn->flags & WR_FN_HIDDEN;
	uint8_t *all = operator? failed : NULL;

	for (uint32_t k = 0; k < s->nargs; k++) {
		const uint8_t *f = s->args[k] == UINT32_MAX ? NULL : c->regs[s->args[k]].failed;

		for (uint32_t i = 0; f && i < n; i++)
			if (f[i])
				mark_failed(c, &all, n, i);
	}
	for (uint32_t i = 0; c->lambda_failed && i < n; i++)
		if (c->lambda_failed[i])
			mark_failed(c, &all, n, i);
	out->failed = NULL;
	if (!all)
		return;
	if (operator) {
		out->failed = all;
		return;
	}
	if (out->v.kind == WR_CONST || !(s->expr->fn->flags & WR_FN_STRICT)) {
		wr_vec own; /* the vector may be an argument's own */

		wr_vec_init(&own, c->batch, out->v.type, n);
		for (uint32_t i = 0; i < n; i++)
			wr_vec_push(&own, c->batch, &out->v, i, false);
		out->v = own;
	}
	for (uint32_t i = 0; i < n; i++)
		if (all[i])
			wr_vec_set_null(&out->v, c->batch, i);
	if (c->outer)
		out->failed = c->lambda_failed;
}

/* Arithmetic on null inside a lambda: the call around the lambda fails. Elsewhere it is null. */
static void fail_nulls(wr_code *c, const wr_step *s, uint32_t n)
{
	const wr_reg *r = &c->regs[s->out];

	if (!c->outer || !(s->expr->fn->flags & WR_FN_ARITH) || !r->v.null)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (wr_vec_is_null(&r->v, i))
			mark_failed(c, &c->regs[s->out].failed, n, i);
}

static void prepare_lambdas(wr_code *c, const wr_step *s)
{
	for (uint32_t k = 0; s->lambdas && k < s->nargs; k++) {
		wr_lam *lam = (wr_lam *)s->lambdas[k];

		if (!lam)
			continue;
		lam->code->outer_sel = s->sel;
		lam->code->stats = c->stats;
		lam->code->last = c->last;
	}
}

static const int64_t *times(const wr_code *c)
{
	return c->b && c->b->rowtime ? c->b->rowtime + c->at : NULL;
}

static void call(wr_code *c, const wr_step *s)
{
	const wr_fn *fn = s->expr->fn;
	uint32_t n = c->sels[s->sel].n;
	wr_reg *out = &c->regs[s->out];
	wr_fn_cx cx;
	bool null = false, constant;

	for (uint32_t k = 0; k < s->nargs; k++)
		s->vecs[k] = s->args[k] == UINT32_MAX ? NULL : &c->regs[s->args[k]].v;
	constant = (fn->flags & WR_FN_PURE) && n && s->nargs && all_const(s);
	cx.arena = c->batch;
	cx.rows = constant ? 1 : n;
	cx.failures = 0;
	cx.lambdas = s->lambdas;
	cx.bound = s->expr->bound;
	cx.types = s->types;
	cx.rowtime = s->sel ? NULL : times(c);
	cx.null = fn->flags & WR_FN_STRICT ? join_nulls(c, s, n, &null) : NULL;
	cx.failed = NULL;
	c->lambda_failed = NULL;
	if (null) {
		wr_vec_const_null(&out->v, c->batch, s->expr->type);
		pass_failures(c, s, out, NULL, n);
		fail_nulls(c, s, n);
		return;
	}
	prepare_lambdas(c, s);
	wr_vec_init(&out->v, c->batch, s->expr->type, cx.rows);
	if (!wr_tag_nested(s->expr->type->tag))
		out->v.n = cx.rows;
	fn->eval(&cx, s->vecs, s->nargs, &out->v);
	if (cx.null)
		put_nulls(c, &out->v, cx.null, cx.rows);
	if (constant && !cx.failures && out->v.kind == WR_FLAT)
		out->v.kind = WR_CONST;
	count_failures(c, &cx);
	if (constant && cx.failures) {
		wr_vec_const_null(&out->v, c->batch, s->expr->type);
		cx.failed = memset(wr_arena_alloc(c->batch, n), 1, n);
	}
	pass_failures(c, s, out, cx.failed, n);
	fail_nulls(c, s, n);
}

/* ---- lambdas */

void wr_lam_call(const wr_lambda *self, wr_arena *arena, const wr_vec *const *params,
		 const uint32_t *outer, uint32_t n, wr_vec *out)
{
	const wr_lam *lam = (const wr_lam *)self;
	wr_code *c = lam->code;
	const wr_reg *r;
	uint8_t *pending = c->outer->lambda_failed;

	c->batch = arena;
	c->params = params;
	c->rows = outer;
	c->outer_rows = NULL;
	wr_code_run(c, n);
	r = &c->regs[lam->result];
	*out = r->v;
	if (out->kind == WR_CONST)
		out->n = n;
	for (uint32_t i = 0; r->failed && i < n; i++)
		if (r->failed[i])
			mark_failed(c->outer, &pending, c->outer->sels[c->outer_sel].n, outer[i]);
	c->outer->lambda_failed = pending;
}

/* ---- the loop */

static void empty(wr_code *c, const wr_step *s)
{
	const wr_type *t = s->expr ? s->expr->type : s->nargs ? c->regs[s->args[0]].v.type : NULL;

	if (s->kind == WR_STEP_SELECT) {
		c->sels[s->to] = (wr_sel){ .parent = s->sel, .all = true };
		return;
	}
	c->regs[s->out].failed = NULL;
	wr_vec_init(&c->regs[s->out].v, c->batch, t ? t : wr_type_of(WR_BOOLEAN), 0);
}

void wr_code_run(wr_code *c, uint32_t n)
{
	c->sels[0] = (wr_sel){ .n = n, .all = true };
	for (uint32_t i = 0; i < c->nsteps; i++) {
		const wr_step *s = &c->steps[i];

		if (!c->sels[s->sel].n) {
			empty(c, s);
			continue;
		}
		switch (s->kind) {
		case WR_STEP_LOAD:
			c->regs[s->out].failed = NULL;
			load(c, s->expr, s->expr->depth, n, &c->regs[s->out].v);
			break;
		case WR_STEP_GATHER: gather(c, s); break;
		case WR_STEP_SELECT: select_rows(c, s); break;
		case WR_STEP_CALL: call(c, s); break;
		case WR_STEP_AND:
		case WR_STEP_OR:
			if (!logical_dense(c, s, s->kind == WR_STEP_AND))
				logical(c, s, s->kind == WR_STEP_AND);
			break;
		case WR_STEP_CASE: cases(c, s); break;
		case WR_STEP_SETTLE: settle(c, s); break;
		}
	}
}

#include "expr/fold.h"

#include "expr/prog.h"

bool wr_expr_constant(const wr_expr *e)
{
	if (e->kind == WR_EXPR_COL || e->kind == WR_EXPR_PARAM)
		return false;
	for (uint32_t i = 0; i < e->nargs; i++)
		if (!wr_expr_constant(e->args[i]))
			return false;
	return true;
}

void wr_expr_value(wr_arena *a, const wr_expr *e, wr_vec *out, const char **failure)
{
	static const wr_schema none = { .n = 0 };
	wr_batch b = { .schema = &none, .arena = a, .n = 1 };
	wr_prog_stats stats = { 0 };
	const wr_expr *const list[1] = { e };

	wr_prog_eval(wr_prog_new(a, list, 1), &b, 0, 1, out, &stats);
	*failure = stats.failures ? wr_arena_strdup(a, stats.last) : NULL;
}

static bool foldable(const wr_expr *e)
{
	if (e->kind == WR_EXPR_CALL && !(e->fn->flags & WR_FN_PURE))
		return false;
	for (uint32_t i = 0; i < e->nargs; i++)
		if (e->args[i]->kind != WR_EXPR_CONST || !e->args[i]->type)
			return false;
	return e->nargs > 0 || e->kind == WR_EXPR_CALL;
}

const wr_expr *wr_expr_fold(wr_arena *a, const wr_expr *e)
{
	const char *failure;
	wr_vec *v;
	wr_expr *c;

	if (e->kind == WR_EXPR_CONST || e->kind == WR_EXPR_LAMBDA || e->kind == WR_EXPR_COL ||
	    e->kind == WR_EXPR_PARAM || !foldable(e))
		return e;
	v = WR_NEW(a, wr_vec);
	wr_expr_value(a, e, v, &failure);
	if (failure)
		return e;
	v->kind = WR_CONST;
	c = WR_NEW(a, wr_expr);
	*c = (wr_expr){ .kind = WR_EXPR_CONST, .span = e->span, .type = e->type, .value = v };
	return c;
}

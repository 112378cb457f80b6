/*
 * Checking a request as a whole before any of it is carried out: each statement is planned against
 * the catalog as the ones before it would leave it. The list of names is copied, changed while
 * checking, and put back.
 */
#include "engine/internal.h"

/* A copy of the list, cell by cell; what the cells point to is shared. */
static wr_named *copy_names(wr_arena *a, const wr_named *from)
{
	wr_named *first = NULL, **last = &first;

	for (; from; from = from->next) {
		*last = WR_NEW(a, wr_named);
		**last = *from;
		(*last)->next = NULL;
		last = &(*last)->next;
	}
	return first;
}

static wr_status check_create(wr_exec *x, wr_arena *a, wr_err *err)
{
	wr_plan plan;

	if (wr_exec_find_columns(x, err) || wr_exec_plan(x, a, x->stmt, &plan, err))
		return WR_FAIL;
	if (plan.kind == WR_PLAN_INSERT_QUERY || plan.kind == WR_PLAN_INSERT_VALUES ||
	    plan.kind == WR_PLAN_SELECT)
		return WR_OK;
	wr_named *there = wr_names_find(x->e, plan.name);

	if (there && !plan.if_not_exists && !plan.or_replace)
		return wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span,
				  "there is a stream, table or sink named %.*s already",
				  WR_STR_ARG(plan.name));
	if (there)
		wr_names_remove(x->e, there);
	wr_named *n = WR_NEW(a, wr_named);

	*n = (wr_named){ .relation = plan.kind == WR_PLAN_CREATE_SINK ? NULL : plan.relation,
			 .name = plan.name,
			 .text = x->text,
			 .next = x->e->names.first };
	x->e->names.first = n;
	return WR_OK;
}

static wr_status check_one(wr_exec *x, wr_arena *a, wr_err *err)
{
	wr_named *n;

	switch (x->stmt->kind) {
	case WR_STMT_CREATE_SOURCE:
	case WR_STMT_CREATE_SINK:
	case WR_STMT_INSERT_QUERY:
	case WR_STMT_INSERT_VALUES: return check_create(x, a, err);
	case WR_STMT_DROP:
		n = x->stmt->drop.object == WR_OBJ_TYPE
			? NULL
			: wr_names_find(x->e, x->stmt->drop.name.name);
		if (n)
			wr_names_remove(x->e, n);
		return WR_OK;
	default: return WR_OK;
	}
}

wr_status wr_engine_validate(wr_engine *e, wr_session *s, wr_str text, wr_err *err)
{
	wr_arena *a = wr_arena_new();
	wr_outcome out = { 0 };
	wr_status status = WR_OK;
	uint32_t at = 0;
	bool found = true;

	pthread_mutex_lock(&e->lock);
	wr_named *kept = e->names.first;

	e->names.first = copy_names(a, kept);
	while (status == WR_OK && found) {
		wr_exec x = { .e = e, .s = s, .arena = a, .out = &out };
		wr_stmt *stmt;
		wr_str shown;

		status = wr_engine_parse(s, a, text, &at, &found, &stmt, &shown, err);
		x.stmt = stmt;
		if (status == WR_OK && found) {
			x.text = (wr_str){ shown.p + stmt->span.at, stmt->span.length };
			status = check_one(&x, a, err);
		}
	}
	e->names.first = kept;
	pthread_mutex_unlock(&e->lock);
	wr_arena_free(a);
	return status;
}

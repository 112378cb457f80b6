/*
 * INSERT INTO … VALUES: expressions without columns, evaluated now, to a batch of the target's
 * rows.
 */
#include "core/near.h"
#include "planner/impl.h"

typedef struct inserter {
	wr_planner *p;
	const wr_relation *t;
	uint32_t n;    /* columns given */
	int32_t *cols; /* index in the schema, or WR_COL_ROWTIME */
	wr_binder binder;
	wr_bind_scope scope;
} inserter;

static const wr_type *find_type(void *self, wr_str name)
{
	const inserter *in = self;

	return in->p->catalog->find_type(in->p->catalog, name);
}

static wr_status check_target(const wr_relation *t, const wr_ident *name, wr_err *err)
{
	if (t->source_only)
		return WR_REFUSE(err, name->span, "%.*s is a SOURCE %s: it is read only",
				 WR_STR_ARG(t->name), t->table ? "TABLE" : "STREAM");
	if (t->window_kind)
		return WR_REFUSE(err, name->span, "%.*s has windows: rows cannot be inserted",
				 WR_STR_ARG(t->name));
	if (t->file.p)
		return WR_REFUSE(err, name->span,
				 "%.*s is read from a file: rows cannot be inserted",
				 WR_STR_ARG(t->name));
	if (wr_is_debezium(t))
		return WR_REFUSE(err, name->span, "%.*s has change events: rows cannot be inserted",
				 WR_STR_ARG(t->name));
	return WR_OK;
}

static wr_status unknown(const inserter *in, const wr_ident *name, wr_err *err)
{
	wr_near near = wr_near_begin(name->name);

	for (uint32_t i = 0; i < in->t->schema->n; i++)
		wr_near_offer(&near, in->t->schema->cols[i].name);
	WR_REFUSE(err, name->span, "%.*s has no column %.*s", WR_STR_ARG(in->t->name),
		  WR_STR_ARG(name->name));
	if (wr_near_best(&near).p)
		return wr_err_hint(err, "did you mean %.*s?", WR_STR_ARG(wr_near_best(&near)));
	return WR_FAIL;
}

static wr_status name_columns(inserter *in, const wr_ident_list *l, wr_err *err)
{
	const wr_schema *s = in->t->schema;

	in->cols = WR_NEW_ARRAY(in->p->a, int32_t, l->n + s->n);
	for (uint32_t i = 0; i < s->n && l->n == 0; i++)
		if (!in->t->header_cols || !in->t->header_cols[i])
			in->cols[in->n++] = (int32_t)i;
	for (uint32_t i = 0; i < l->n; i++) {
		const wr_ident *id = &l->items[i];
		int32_t col = wr_schema_find(s, id->name);

		if (wr_str_is(id->name, "ROWTIME"))
			col = WR_COL_ROWTIME;
		else if (wr_reserved_name(id->name))
			return WR_REFUSE(err, id->span, "%.*s cannot be inserted",
					 WR_STR_ARG(id->name));
		else if (col < 0)
			return unknown(in, id, err);
		else if (in->t->header_cols && in->t->header_cols[col])
			return WR_REFUSE(err, id->span,
					 "%.*s is a header column: it cannot be inserted",
					 WR_STR_ARG(id->name));
		for (uint32_t j = 0; j < in->n; j++)
			if (in->cols[j] == col)
				return WR_REFUSE(err, id->span, "%.*s is named twice",
						 WR_STR_ARG(id->name));
		in->cols[in->n++] = col;
	}
	return WR_OK;
}

static wr_status value_of(inserter *in, const wr_ast_expr *ast, const wr_type *type, wr_vec *out,
			  wr_err *err)
{
	const wr_expr *e;
	const char *failure = NULL;

	if (wr_bind_expr(&in->binder, ast, &e, err) ||
	    wr_bind_coerce(&in->binder, e, type, WR_COERCE_INSERT, &e, err) ||
	    wr_bind_eval(in->p->a, e, out, &failure, err))
		return WR_FAIL;
	if (failure)
		return WR_REFUSE(err, ast->span, "this value cannot be computed: %s", failure);
	return WR_OK;
}

static wr_status check_row(const inserter *in, const wr_ast_exprs *row, wr_err *err)
{
	if (row->n == in->n)
		return WR_OK;
	WR_REFUSE(err, row->span, "%u values for %u columns", row->n, in->n);
	return wr_err_hint(err, "name the columns: INSERT INTO %.*s (…) VALUES (…)",
			   WR_STR_ARG(in->t->name));
}

static wr_status put_row(inserter *in, const wr_ast_exprs *row, wr_batch *b, wr_err *err)
{
	const wr_schema *s = in->t->schema;
	wr_vec *values = WR_NEW_ARRAY(in->p->a, wr_vec, s->n);
	bool *given = WR_NEW_ARRAY(in->p->a, bool, s->n);
	int64_t rowtime = WR_TIME_NONE;

	if (check_row(in, row, err))
		return WR_FAIL;
	for (uint32_t i = 0; i < in->n; i++) {
		int32_t col = in->cols[i];
		wr_vec time;

		if (col == WR_COL_ROWTIME) {
			if (value_of(in, row->items[i], wr_type_of(WR_BIGINT), &time, err))
				return WR_FAIL;
			if (!wr_vec_is_null(&time, 0))
				rowtime = wr_vec_BIGINT(&time)[0];
			continue;
		}
		if (value_of(in, row->items[i], s->cols[col].type, &values[col], err))
			return WR_FAIL;
		given[col] = true;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		bool null = !given[i] || wr_vec_is_null(&values[i], 0);

		if (null && in->t->table && i < s->nkeys)
			return WR_REFUSE(err, row->span, "primary key column %.*s has no value",
					 WR_STR_ARG(s->cols[i].name));
		if (null)
			wr_vec_push_null(&b->cols[i], in->p->a);
		else
			wr_vec_push(&b->cols[i], in->p->a, &values[i], 0, true);
	}
	b->change[b->n] = in->t->table ? WR_ROW_NEW : WR_ROW_INSERT;
	b->rowtime[b->n++] = rowtime;
	return WR_OK;
}

wr_status wr_plan_insert_values(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err)
{
	const wr_stmt_values *c = &s->values;
	const wr_relation *t = wr_find_relation(p, &c->name, err);
	inserter in = { .p = p, .t = t };
	wr_batch *b = WR_NEW(p->a, wr_batch);

	if (!t || (s->kind == WR_STMT_INSERT_VALUES && check_target(t, &c->name, err)) ||
	    name_columns(&in, &c->columns, err))
		return WR_FAIL;
	in.binder = (wr_binder){ .arena = p->a,
				 .scope = &in.scope,
				 .self = &in,
				 .find_type = find_type,
				 .clause = "VALUES" };
	wr_batch_init(b, p->a, t->schema, c->nrows);
	for (uint32_t i = 0; i < c->nrows; i++)
		if (put_row(&in, &c->rows[i], b, err))
			return WR_FAIL;
	out->kind = WR_PLAN_INSERT_VALUES;
	out->name = t->name;
	out->relation = t;
	out->rows = b;
	wr_relation_sides(p->a, t, &out->key, &out->value);
	return WR_OK;
}

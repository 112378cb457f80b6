/*
 * Whether one plan may take over from another: the same relations are read, and what keeps state is
 * the same in the same order. Two operators with state are the same when EXPLAIN says the same of
 * them and the rows they keep have the same columns; numbers follow from that (lower.c numbers
 * those with state first). Filters and projections may come, go and change.
 */
#include "planner/impl.h"

static bool is(const wr_op_spec *spec, const char *name)
{
	return strcmp(spec->def->name, name) == 0;
}

/* The columns of the rows that it keeps. */
static void describe_rows(const wr_op_spec *spec, wr_buf *out)
{
	if (is(spec, "aggregate")) {
		wr_schema_print(spec->out, false, out);
	} else if (is(spec, "join_table")) {
		wr_schema_print(((const wr_spec_join_table *)spec)->right, false, out);
	} else {
		wr_schema_print(spec->in, false, out);
		if (is(spec, "join_streams"))
			wr_schema_print(((const wr_spec_join_streams *)spec)->right, false, out);
		else if (is(spec, "join_tables"))
			wr_schema_print(((const wr_spec_join_tables *)spec)->right, false, out);
		else if (is(spec, "join_foreign"))
			wr_schema_print(((const wr_spec_join_foreign *)spec)->right, false, out);
	}
}

static void describe(const wr_op_spec *spec, wr_buf *out)
{
	if (spec->def->explain)
		spec->def->explain(spec, out);
	describe_rows(spec, out);
}

/* The i-th table that keeps its rows or could; NULL: there are fewer. */
static const wr_spec_table *table_op(const wr_graph *g, uint32_t i)
{
	for (uint32_t s = 0; s < g->nstages; s++)
		for (uint32_t k = 0; k < g->stages[s].nops; k++)
			if (is(g->stages[s].ops[k].spec, "table") && i-- == 0)
				return (const wr_spec_table *)g->stages[s].ops[k].spec;
	return NULL;
}

/* Kept rows must be readable: the columns read of a table whose rows are kept are the same. */
static wr_status same_tables(const wr_graph *x, const wr_graph *y, wr_span span, wr_err *err)
{
	const wr_spec_table *a, *b;
	wr_buf s = { 0 }, t = { 0 };
	bool same = true;

	for (uint32_t i = 0; same && (a = table_op(x, i)) && (b = table_op(y, i)); i++) {
		if (!a->materialise || !b->materialise)
			continue;
		wr_buf_reset(&s);
		wr_buf_reset(&t);
		wr_schema_print(a->base.in, false, &s);
		wr_schema_print(b->base.in, false, &t);
		same = wr_str_eq(wr_buf_view(&s), wr_buf_view(&t)) && a->base.id == b->base.id;
	}
	wr_buf_free(&s);
	wr_buf_free(&t);
	if (same)
		return WR_OK;
	WR_REFUSE(err, span,
		  "the new query reads other columns of a table whose rows the old one keeps");
	return wr_err_hint(err, "DROP it and create it anew, or read the same columns");
}

/*
 * The i-th operator whose state decides; NULL: there are fewer. A table's rows come again from its
 * topic, a re-keying counts only.
 */
static const wr_op_spec *stateful(const wr_graph *g, uint32_t i)
{
	for (uint32_t s = 0; s < g->nstages; s++)
		for (uint32_t k = 0; k < g->stages[s].nops; k++) {
			const wr_op_spec *spec = g->stages[s].ops[k].spec;

			if (spec->def->snapshot && !is(spec, "table") && !is(spec, "rekey") &&
			    i-- == 0)
				return spec;
		}
	return NULL;
}

static bool same(const wr_op_spec *x, const wr_op_spec *y)
{
	wr_buf a = { 0 }, b = { 0 };
	bool eq;

	describe(x, &a);
	describe(y, &b);
	eq = wr_str_eq(wr_buf_view(&a), wr_buf_view(&b)) && x->id == y->id;
	wr_buf_free(&a);
	wr_buf_free(&b);
	return eq;
}

static wr_status same_scans(const wr_graph *x, const wr_graph *y, wr_span span, wr_err *err)
{
	for (uint32_t i = 0; i < x->nscans || i < y->nscans; i++)
		if (i >= x->nscans || i >= y->nscans ||
		    !wr_str_eq(x->scans[i].relation, y->scans[i].relation))
			return WR_REFUSE(
			    err, span,
			    "the new query reads other streams or tables than the old one");
	return WR_OK;
}

static bool windowed(const wr_graph *g)
{
	return g->window.kind != WR_WINDOW_NONE;
}

wr_status wr_plan_can_replace(const wr_plan *old, const wr_plan *fresh, wr_span span, wr_err *err)
{
	const wr_graph *x = old->graph, *y = fresh->graph;

	if (!x || !y)
		return x == y ? WR_OK
			      : WR_REFUSE(err, span, "a query cannot replace what is no query");
	if (same_scans(x, y, span, err))
		return WR_FAIL;
	if (windowed(x) || windowed(y)) {
		WR_REFUSE(err, span, "a query with windows cannot be replaced while it goes on");
		return wr_err_hint(err, "DROP it and create it anew");
	}
	if (same_tables(x, y, span, err))
		return WR_FAIL;
	if (x->sink && y->sink && x->sink->op != y->sink->op) {
		WR_REFUSE(err, span, "the new query changes how often rows get new keys");
		return wr_err_hint(err,
				   "PARTITION BY cannot come or go; DROP it and create it anew");
	}
	for (uint32_t i = 0;; i++) {
		const wr_op_spec *a = stateful(x, i), *b = stateful(y, i);

		if (!a && !b)
			return WR_OK;
		if (a && b && same(a, b))
			continue;
		WR_REFUSE(err, span, "the new query keeps other state than the old one: %s",
			  (a ? a : b)->def->name);
		return wr_err_hint(err, "filters and the SELECT list may change; grouping, joins "
					"and aggregates may not");
	}
}

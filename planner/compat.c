/*
 * Whether one plan may take over from another: the same relations are read, and what keeps state is
 * the same in the same order. Two operators with state are the same when EXPLAIN says the same of
 * them and the rows they keep have the same columns; numbers follow from that (lower.c numbers
 * those with state first). Filters and projections may come, go and change.
 *
 * What cannot be kept may be rebuilt: all of the query's state is thrown away, and it reads its
 * inputs from where it began. Its rows come out again, so that is for results where a row takes the
 * place of the one before it, and only when no key can be left over from the old query: a grouping
 * by the same keys of the same rows, which computes something else.
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

wr_status wr_plan_can_replace(const wr_plan *old, const wr_plan *fresh, wr_span span, wr_err *err)
{
	const wr_graph *x = old->graph, *y = fresh->graph;

	if (!x || !y)
		return x == y ? WR_OK
			      : WR_REFUSE(err, span, "a query cannot replace what is no query");
	if (same_scans(x, y, span, err))
		return WR_FAIL;
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

/* ---------------------------------------------------------------- the verdict */

static void say(const wr_op_spec *spec, wr_buf *out)
{
	if (spec->def->explain)
		spec->def->explain(spec, out);
	else
		wr_buf_puts(out, spec->def->name);
}

static bool keeps_state(const wr_op_spec *spec)
{
	if (is(spec, "table"))
		return ((const wr_spec_table *)spec)->materialise;
	return spec->def->snapshot && !is(spec, "rekey");
}

/* The operators that decide which keys a result has, upstream first; NULL: there are fewer. */
static const wr_op_spec *shaping(const wr_graph *g, uint32_t i)
{
	for (uint32_t s = 0; s < g->nstages; s++)
		for (uint32_t k = 0; k < g->stages[s].nops; k++) {
			const wr_op_spec *spec = g->stages[s].ops[k].spec;

			if (!is(spec, "project") && !is(spec, "table") && i-- == 0)
				return spec;
		}
	return NULL;
}

/* They let the same keys through. An aggregate has a row for each of its groups, whatever it
 * computes. */
static bool same_keys(const wr_op_spec *a, const wr_op_spec *b)
{
	wr_buf s = { 0 }, t = { 0 };
	bool eq = a->def == b->def && a->out->nkeys == b->out->nkeys;

	if (eq && is(a, "aggregate")) {
		const wr_window_spec *v = &((const wr_spec_aggregate *)a)->window;
		const wr_window_spec *w = &((const wr_spec_aggregate *)b)->window;

		eq = v->kind == w->kind && v->size == w->size && v->advance == w->advance &&
		     v->grace == w->grace && v->retention == w->retention;
	} else if (eq) {
		say(a, &s);
		say(b, &t);
		eq = wr_str_eq(wr_buf_view(&s), wr_buf_view(&t));
	}
	for (uint32_t i = 0; eq && i < a->out->nkeys; i++)
		eq = wr_type_eq(a->out->cols[i].type, b->out->cols[i].type);
	wr_buf_free(&s);
	wr_buf_free(&t);
	return eq;
}

/* Every key that x has written is one that y writes again. */
static bool covers(const wr_graph *x, const wr_graph *y)
{
	bool grouped = false;

	for (uint32_t i = 0;; i++) {
		const wr_op_spec *a = shaping(x, i), *b = shaping(y, i);

		if (!a && !b)
			return grouped;
		if (!a || !b || !same_keys(a, b) || (grouped && is(b, "filter")))
			return false;
		grouped |= is(b, "aggregate");
	}
}

static bool gives_finals(const wr_graph *g)
{
	const wr_op_spec *spec;

	for (uint32_t i = 0; (spec = shaping(g, i)); i++)
		if (is(spec, "aggregate") && ((const wr_spec_aggregate *)spec)->emit_final)
			return true;
	return false;
}

/* Why the result cannot be computed once more into the same place; NULL: it can. */
static const char *why_not_again(const wr_graph *x, const wr_graph *y)
{
	wr_err ignored = WR_ERR_INIT;

	if (!y->table)
		return "who reads its result would get all rows a second time";
	if (!y->sink || !y->sink->topic.n)
		return "what its sink has got cannot be taken back";
	if (gives_finals(x) || gives_finals(y))
		return "final results that are out would be given a second time";
	if (same_scans(x, y, WR_NO_SPAN, &ignored))
		return "rows that came of the old inputs would stay in its topic";
	if (!covers(x, y))
		return "rows that the new query does not have any more would stay in its topic";
	return NULL;
}

static void put_line(const wr_op_spec *spec, wr_fate v, bool same_state, wr_buf *lines)
{
	wr_buf_puts(lines, !keeps_state(spec)  ? "\n  no state: "
			   : v == WR_FATE_KEPT ? "\n  kept: "
					       : "\n  rebuilt: ");
	say(spec, lines);
	if (v == WR_FATE_REBUILT && keeps_state(spec))
		wr_buf_puts(lines,
			    same_state
				? ", with the others"
				: ", from its inputs, read again from where the query began");
}

static void put_lines(const wr_graph *x, const wr_graph *y, wr_fate v, wr_buf *lines)
{
	for (uint32_t s = y->nstages; s-- > 0;)
		for (uint32_t k = y->stages[s].nops; k-- > 0;) {
			const wr_op_spec *spec = y->stages[s].ops[k].spec, *old;
			bool there = false;

			for (uint32_t i = 0; keeps_state(spec) && !there && (old = stateful(x, i));
			     i++)
				there = old->def == spec->def && same(old, spec);
			put_line(spec, v, there, lines);
		}
}

static bool windowed(const wr_plan *p)
{
	return p->graph && p->graph->window.kind != WR_WINDOW_NONE;
}

wr_fate wr_plan_fate(const wr_plan *old, const wr_plan *fresh, wr_span span, bool may_rebuild,
		     wr_buf *lines, wr_err *err)
{
	wr_err why = WR_ERR_INIT;
	const char *not_again;

	if (!may_rebuild && (windowed(old) || windowed(fresh))) {
		WR_REFUSE(err, span, "a query with windows cannot be replaced while it goes on");
		wr_err_hint(err, "DROP it and create it anew");
		return WR_FATE_IMPOSSIBLE;
	}
	if (wr_plan_can_replace(old, fresh, span, &why) == WR_OK) {
		if (fresh->graph)
			put_lines(old->graph, fresh->graph, WR_FATE_KEPT, lines);
		return WR_FATE_KEPT;
	}
	if (!may_rebuild || !old->graph || !fresh->graph) {
		*err = why;
		return WR_FATE_IMPOSSIBLE;
	}
	not_again = why_not_again(old->graph, fresh->graph);
	if (not_again) {
		wr_err_set(err, WR_ERR_STATEMENT, span,
			   "%s; and its state cannot be built anew: %s", why.message, not_again);
		wr_err_hint(err, "DROP it and create it anew");
		return WR_FATE_IMPOSSIBLE;
	}
	put_lines(old->graph, fresh->graph, WR_FATE_REBUILT, lines);
	return WR_FATE_REBUILT;
}

bool wr_plan_covers(const wr_plan *old, const wr_plan *fresh)
{
	return old->graph && fresh->graph && covers(old->graph, fresh->graph);
}

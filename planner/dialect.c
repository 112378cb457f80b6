/*
 * What dialect='ksql' refuses though Weir does it, or means to: conformance cases expect the
 * refusals. Nothing outside of this file asks which dialect it is. Each function says nothing when
 * the dialect is our own.
 */
#include "planner/impl.h"

/* LIMIT in a query that goes on for ever; WITH; a SELECT in FROM; DISTINCT, ORDER BY, OFFSET. */
wr_status wr_dialect_query(wr_planner *p, const wr_ast_query *q, wr_query_use use, wr_err *err)
{
	if (p->ksql && q->nctes)
		return WR_REFUSE(err, q->ctes[0].name.span, "WITH cannot stand before SELECT");
	if (p->ksql && use == WR_USE_INNER)
		return WR_REFUSE(err, q->span, "a SELECT cannot stand in FROM");
	if (p->ksql && q->distinct)
		return WR_REFUSE(err, q->span, "SELECT has no DISTINCT");
	if (p->ksql && q->norder)
		return WR_REFUSE(err, q->order_span, "rows cannot be put in order");
	if (p->ksql && q->offset.given)
		return WR_REFUSE(err, q->offset.span, "a query has no OFFSET");
	if (p->ksql && q->limit.given && use != WR_USE_CLIENT)
		return WR_REFUSE(err, q->limit.span, "a persistent query has no LIMIT");
	return WR_OK;
}

/*
 * A table with windows is no source of another persistent query, in any dialect: its changes are
 * those of the aggregate.
 */
wr_status wr_dialect_sources(wr_planner *p, const wr_from *f, wr_query_use use, wr_err *err)
{
	(void)p;
	for (uint32_t i = 0; use == WR_USE_AS && i < f->nsources; i++)
		if (f->sources[i]->table && f->sources[i]->window_kind) {
			WR_REFUSE(err, f->span,
				  "%.*s is a table with windows, which a further query cannot read",
				  WR_STR_ARG(f->sources[i]->name));
			return wr_err_hint(
			    err, "declare a STREAM with WINDOW_TYPE over its topic '%.*s'",
			    WR_STR_ARG(f->sources[i]->topic));
		}
	return WR_OK;
}

static wr_status same_relation(const wr_from *l, const wr_from *r, wr_span span, wr_err *err)
{
	for (uint32_t i = 0; i < l->nsources; i++)
		for (uint32_t k = 0; k < r->nsources; k++)
			if (wr_str_eq(l->sources[i]->name, r->sources[k]->name))
				return WR_REFUSE(err, span, "%.*s cannot be joined with itself",
						 WR_STR_ARG(l->sources[i]->name));
	return WR_OK;
}

/* Self joins; joins of values in format KAFKA. */
wr_status wr_dialect_join(wr_planner *p, const wr_from *left, const wr_from *right, wr_span span,
			  wr_err *err)
{
	if (!p->ksql)
		return WR_OK;
	for (uint32_t i = 0; i < left->nsources + right->nsources; i++) {
		const wr_relation *r =
		    i < left->nsources ? left->sources[i] : right->sources[i - left->nsources];

		if (strcmp(r->value_format, "KAFKA") == 0)
			return WR_REFUSE(err, span,
					 "%.*s has values in format KAFKA, which joins do not take",
					 WR_STR_ARG(r->name));
	}
	return same_relation(left, right, span, err);
}

/*
 * Sides of a join that stay where they are but have different numbers of partitions; here they
 * move.
 */
wr_status wr_dialect_places(wr_planner *p, const wr_relation *l, const wr_relation *r, wr_span span,
			    wr_err *err)
{
	if (!p->ksql || !l || !r || l->partitions <= 0 || r->partitions <= 0 ||
	    l->partitions == r->partitions)
		return WR_OK;
	return WR_REFUSE(err, span,
			 "%.*s has %d partitions and %.*s has %d: a join needs the same number",
			 WR_STR_ARG(l->name), l->partitions, WR_STR_ARG(r->name), r->partitions);
}

/* A join on a foreign key stands first among several. */
wr_status wr_dialect_late_foreign(wr_planner *p, wr_span span, wr_err *err)
{
	return p->ksql ? WR_REFUSE(err, span, "a join on a foreign key cannot follow another join")
		       : WR_OK;
}

/* A join on several columns. */
wr_status wr_dialect_conditions(wr_planner *p, wr_span span, wr_err *err)
{
	return p->ksql ? WR_REFUSE(err, span, "a join has one condition") : WR_OK;
}

wr_status wr_dialect_subquery(wr_planner *p, wr_span span, wr_err *err)
{
	return p->ksql ? WR_REFUSE(err, span, "a SELECT cannot stand in an expression") : WR_OK;
}

/* MIN, MAX and their like on tables: done with a multiset here. */
wr_status wr_dialect_table_agg(wr_planner *p, const wr_agg *agg, wr_span span, wr_err *err)
{
	if (p->ksql)
		return WR_REFUSE(err, span, "%s does not work on a table", agg->name);
	return WR_OK;
}

/*
 * GREATEST and LEAST of integers of two widths, or of integers and decimals (greatest, least
 * cases): ambiguous there, unless a DOUBLE makes all of them one.
 */
wr_status wr_dialect_scalar(wr_planner *p, const wr_fn *fn, const wr_fn_arg *given, uint32_t n,
			    wr_span span, wr_err *err)
{
	const wr_type *first = NULL;
	bool mixed = false;

	if (!p->ksql || (strcmp(fn->name, "GREATEST") != 0 && strcmp(fn->name, "LEAST") != 0))
		return WR_OK;
	for (uint32_t i = 0; i < n; i++) {
		if (!given[i].type)
			continue;
		if (given[i].type->tag == WR_DOUBLE)
			return WR_OK;
		mixed =
		    mixed || (first && first->tag != given[i].type->tag && wr_type_numeric(first));
		first = given[i].type;
	}
	return mixed ? WR_REFUSE(err, span, "%s of numbers of several types is ambiguous", fn->name)
		     : WR_OK;
}

bool wr_dialect_late_texts(const wr_planner *p)
{
	return p->ksql;
}

static bool nested_state(const char *name)
{
	static const char *const names[] = { "AVG",
					     "COLLECT_LIST",
					     "COLLECT_SET",
					     "TOPK",
					     "TOPKDISTINCT",
					     "HISTOGRAM",
					     "EARLIEST_BY_OFFSET",
					     "LATEST_BY_OFFSET",
					     "COUNT_DISTINCT",
					     "CORRELATION",
					     "STDDEV_SAMP",
					     "STDDEV_SAMPLE",
					     "ATTR" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Aggregates whose state the value's format could not hold; our state has a format of its own. */
wr_status wr_dialect_agg_state(wr_planner *p, const wr_result *r, const char *value_format,
			       wr_err *err)
{
	bool flat = strcmp(value_format, "DELIMITED") == 0 || strcmp(value_format, "KAFKA") == 0;

	for (uint32_t i = 0; p->ksql && flat && i < r->naggs; i++)
		if (nested_state(r->aggs[i].agg->name))
			return WR_REFUSE(err, r->from.span, "format %s cannot hold the state of %s",
					 value_format, r->aggs[i].agg->name);
	return WR_OK;
}

bool wr_dialect_loses_finals(const wr_planner *p)
{
	return p->ksql;
}

bool wr_dialect_finds_key_format(const wr_planner *p)
{
	return !p->ksql;
}

bool wr_dialect_join_bounds(const wr_planner *p)
{
	return !p->ksql;
}

bool wr_dialect_keys_as_selected(const wr_planner *p)
{
	return p->ksql && wr_setting_bool(p->set, WR_SET_NEW_PLANNER);
}

bool wr_dialect_star_pseudo(const wr_planner *p)
{
	return p->ksql;
}

bool wr_dialect_rebuilds(const wr_settings *s)
{
	return !wr_str_is(wr_setting_text(s, WR_SET_DIALECT), "ksql");
}

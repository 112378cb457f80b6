/*
 * A SELECT in FROM, written there or named by WITH before: planned like any other, and shown to the
 * outer query as a relation of its columns. It keeps the key of its rows, unseen where its list
 * leaves it out, as a sink's query does; so a table in FROM stays a table, and a join on its key
 * moves no row.
 *
 * A query named by WITH is planned anew at every place that names it, and sees the names before its
 * own only, so that none refers to itself.
 */
#include "planner/impl.h"

static wr_status check_inner(const wr_ast_query *q, wr_err *err)
{
	if (q->emit == WR_EMIT_CHANGES) {
		WR_REFUSE(err, q->emit_span,
			  "EMIT CHANGES stands at the end of the whole statement");
		return wr_err_hint(err, "leave it out here");
	}
	return WR_OK;
}

static void show(wr_planner *p, const wr_result *r, const wr_ident *alias, wr_from *out)
{
	const wr_schema *s = r->node->out;
	static const int32_t pseudo[] = { WR_COL_ROWTIME, WR_COL_WINDOWSTART, WR_COL_WINDOWEND };

	out->seen = WR_NEW_ARRAY(p->a, wr_seen, s->n + 3);
	for (uint32_t i = 0; i < s->n; i++)
		if (r->names[i].p)
			out->seen[out->nseen++] = (wr_seen){ alias->name,
							     alias->text,
							     s->cols[i].name,
							     r->names[i],
							     s->cols[i].type,
							     (int32_t)i,
							     i < s->nkeys ? WR_SEEN_KEY : 0u };
	for (uint32_t i = 0; i < (r->node->window.kind ? 3 : 1); i++) {
		wr_str name = wr_bind_pseudo_name(pseudo[i]);

		if (wr_schema_find(s, name) < 0)
			out->seen[out->nseen++] =
			    (wr_seen){ alias->name,
				       alias->text,
				       name,
				       name,
				       wr_bind_pseudo_type(pseudo[i]),
				       pseudo[i],
				       WR_SEEN_PSEUDO | (i ? WR_SEEN_BOUND : 0u) };
	}
}

static void show_keys(wr_planner *p, const wr_result *r, wr_from *out)
{
	out->nkeys = r->node->out->nkeys;
	out->keys = WR_NEW_ARRAY(p->a, wr_key_part, out->nkeys);
	for (uint32_t i = 0; i < out->nkeys; i++) {
		int32_t *col = WR_NEW(p->a, int32_t);

		*col = (int32_t)i;
		out->keys[i] =
		    (wr_key_part){ .n = 1, .cols = col, .words = r->node->out->cols[i].name };
	}
}

wr_status wr_from_query(wr_planner *p, const wr_ast_query *q, const wr_ident *alias, wr_span span,
			wr_from *out, wr_err *err)
{
	wr_result r;

	if (check_inner(q, err) || wr_query_plan(p, q, WR_USE_INNER, alias->name, &r, err))
		return WR_FAIL;
	*out = (wr_from){ .node = r.node,
			  .span = span,
			  .nsources = r.from.nsources,
			  .sources = r.from.sources,
			  .placed = r.placed,
			  .single = r.single,
			  .one_by_one = r.one_by_one,
			  .naliases = 1 };
	out->aliases = WR_NEW_ARRAY(p->a, wr_str, 1);
	out->aliases[0] = alias->name;
	show(p, &r, alias, out);
	show_keys(p, &r, out);
	return WR_OK;
}

static wr_status rename_columns(wr_planner *p, const wr_cte *cte, wr_from *f, wr_err *err)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->nseen; i++)
		n += !(f->seen[i].flags & WR_SEEN_PSEUDO);
	if (cte->columns.n && cte->columns.n != n)
		return WR_REFUSE(err, cte->name.span,
				 "%.*s names %u columns, and its SELECT has %u",
				 WR_STR_ARG(cte->name.name), cte->columns.n, n);
	for (uint32_t i = 0; i < cte->columns.n; i++) {
		f->seen[i].name = wr_arena_str(p->a, cte->columns.items[i].name);
		f->seen[i].text = wr_arena_str(p->a, cte->columns.items[i].text);
	}
	return WR_OK;
}

wr_status wr_from_with(wr_planner *p, const wr_ast_relation *r, wr_from *out, bool *found,
		       wr_err *err)
{
	const wr_with_query *w = p->with, *before = w;
	const wr_ident *alias = wr_ident_given(&r->alias) ? &r->alias : &r->source;
	wr_status st;

	while (w && !wr_str_eq(w->cte->name.name, r->source.name))
		w = w->outer;
	*found = w != NULL;
	if (!w)
		return WR_OK;
	p->with = w->outer;
	st = wr_from_query(p, w->cte->query, alias, r->span, out, err);
	p->with = before;
	return st ? WR_FAIL : rename_columns(p, w->cte, out, err);
}

wr_status wr_with_open(wr_planner *p, const wr_ast_query *q, const wr_with_query **before,
		       wr_err *err)
{
	*before = p->with;
	for (uint32_t i = 0; i < q->nctes; i++) {
		wr_with_query *w = WR_NEW(p->a, wr_with_query);

		for (uint32_t j = 0; j < i; j++)
			if (wr_str_eq(q->ctes[j].name.name, q->ctes[i].name.name)) {
				p->with = *before;
				return WR_REFUSE(err, q->ctes[i].name.span, "WITH names %.*s twice",
						 WR_STR_ARG(q->ctes[i].name.name));
			}
		*w = (wr_with_query){ p->with, &q->ctes[i] };
		p->with = w;
	}
	return WR_OK;
}

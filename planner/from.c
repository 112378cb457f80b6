/*
 * FROM: relations to nodes, and the columns that the rest of the statement may name.
 *
 * What FROM gives (wr_from) is one node, the columns seen with the names under which they may be
 * written, and for every key column of the node's rows the columns that hold the same value. A
 * single relation shows its columns as they stand, ROWTIME and its like as pseudo columns. A join
 * (join.c) has all of both sides as real columns, row times included, because each side has its
 * own.
 */
#include "planner/impl.h"

static bool shadowed(const wr_schema *s, wr_str name)
{
	return wr_schema_find(s, name) >= 0;
}

/* The scan's columns: those declared, then what a stream of change events adds. */
static wr_node *scan(wr_planner *p, const wr_relation *r)
{
	wr_node *n = wr_node_new(p->a, WR_NODE_SCAN, NULL);
	uint32_t extra = wr_is_debezium(r) && !r->table ? WR_CDC_COUNT : 0;
	wr_schema *s = wr_schema_new(p->a, r->schema->n + extra, r->schema->nkeys);
	wr_column *cols = wr_schema_cols(s);

	memcpy(cols, r->schema->cols, r->schema->n * sizeof(*cols));
	for (uint32_t i = 0; i < extra; i++)
		cols[r->schema->n + i] = (wr_column){ wr_cdc_name((wr_cdc_column)i),
						      wr_cdc_type(p->a, r, (wr_cdc_column)i) };
	n->out = s;
	n->rel = r;
	n->table = r->table;
	n->window =
	    (wr_window_spec){ .kind = (wr_window_kind)r->window_kind, .size = r->window_size };
	return n;
}

typedef struct show {
	wr_planner *p;
	wr_from *f;
	wr_str source, source_text;
} show;

static void show_column(show *s, wr_str name, wr_str text, const wr_type *type, int32_t col,
			unsigned flags)
{
	s->f->seen[s->f->nseen++] =
	    (wr_seen){ s->source, s->source_text, name, text, type, col, flags };
}

static void show_pseudo(show *s, int32_t col, unsigned flags)
{
	wr_str name = wr_bind_pseudo_name(col);

	show_column(s, name, name, wr_bind_pseudo_type(col), col, flags);
}

static void show_declared(show *s, const wr_relation *r, bool key, bool headers)
{
	const wr_schema *c = r->schema;

	for (uint32_t i = 0; i < c->n; i++) {
		bool is_key = i < c->nkeys, is_header = r->header_cols && r->header_cols[i];

		if (is_key == key && is_header == headers)
			show_column(s, c->cols[i].name,
				    r->spelled ? r->spelled[i] : c->cols[i].name, c->cols[i].type,
				    (int32_t)i,
				    (is_key ? WR_SEEN_KEY : 0u) |
					(is_header ? WR_SEEN_HEADER : 0u));
	}
}

static void show_all(show *s, const wr_relation *r)
{
	const wr_schema *c = r->schema;

	s->f->seen = WR_NEW_ARRAY(s->p->a, wr_seen, c->n + WR_CDC_COUNT + 6);
	show_declared(s, r, true, false);
	if (r->window_kind) {
		show_pseudo(s, WR_COL_WINDOWSTART, WR_SEEN_PSEUDO | WR_SEEN_BOUND);
		show_pseudo(s, WR_COL_WINDOWEND, WR_SEEN_PSEUDO | WR_SEEN_BOUND);
	}
	show_declared(s, r, false, false);
	show_declared(s, r, false, true);
	show_pseudo(s, WR_COL_ROWTIME, WR_SEEN_PSEUDO);
	show_pseudo(s, WR_COL_ROWPARTITION, WR_SEEN_PSEUDO);
	show_pseudo(s, WR_COL_ROWOFFSET, WR_SEEN_PSEUDO);
	for (uint32_t i = 0; wr_is_debezium(r) && !r->table && i < WR_CDC_COUNT; i++) {
		wr_str name = wr_cdc_name((wr_cdc_column)i);

		if (!shadowed(c, name))
			show_column(s, name, name, wr_cdc_type(s->p->a, r, (wr_cdc_column)i),
				    (int32_t)(c->n + i), WR_SEEN_CDC);
	}
}

static wr_status from_source(wr_planner *p, const wr_ast_relation *ast, wr_from *out, wr_err *err)
{
	const wr_relation *r = wr_find_relation(p, &ast->source, err);
	const wr_ident *alias = wr_ident_given(&ast->alias) ? &ast->alias : &ast->source;
	show s = { p, out, alias->name, alias->text };

	if (!r)
		return WR_FAIL;
	*out = (wr_from){ .span = ast->span,
			  .nsources = 1,
			  .naliases = 1,
			  .cdc = wr_is_debezium(r) && !r->table };
	out->sources = WR_NEW_ARRAY(p->a, const wr_relation *, 1);
	out->aliases = WR_NEW_ARRAY(p->a, wr_str, 1);
	out->sources[0] = r;
	out->aliases[0] = alias->name;
	out->placed = r;
	out->node = scan(p, r);
	if (r->table)
		out->node = wr_node_new(p->a, WR_NODE_TABLE, out->node);
	show_all(&s, r);
	out->nkeys = r->schema->nkeys;
	out->keys = WR_NEW_ARRAY(p->a, wr_key_part, out->nkeys);
	for (uint32_t i = 0; i < out->nkeys; i++) {
		int32_t *col = WR_NEW(p->a, int32_t);

		*col = (int32_t)i;
		out->keys[i] =
		    (wr_key_part){ .n = 1, .cols = col, .words = r->schema->cols[i].name };
	}
	return WR_OK;
}

wr_status wr_from_plan(wr_planner *p, const wr_ast_relation *r, const wr_ast_query *q, wr_from *out,
		       wr_err *err)
{
	wr_from left, right;
	bool found;

	switch (r->kind) {
	case WR_REL_SOURCE:
		if (wr_from_with(p, r, out, &found, err))
			return WR_FAIL;
		return found ? WR_OK : from_source(p, r, out, err);
	case WR_REL_QUERY: return wr_from_query(p, r->query, &r->alias, r->span, out, err);
	case WR_REL_JOIN: break;
	}
	if (wr_from_plan(p, r->join.left, q, &left, err) ||
	    wr_from_plan(p, r->join.right, q, &right, err))
		return WR_FAIL;
	return wr_from_join(p, r, &left, &right, out, err);
}

wr_bind_scope wr_from_scope(wr_planner *p, const wr_from *f, unsigned without)
{
	wr_bind_col *cols = WR_NEW_ARRAY(p->a, wr_bind_col, f->nseen);
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->nseen; i++) {
		const wr_seen *s = &f->seen[i];

		if (!(s->flags & without))
			cols[n++] = (wr_bind_col){ s->source, s->name, s->type, s->col };
	}
	return (wr_bind_scope){ cols, n };
}

bool wr_from_clashes(const wr_from *f, wr_str name)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->nseen; i++)
		n += wr_str_eq(f->seen[i].name, name);
	return n > 1;
}

/*
 * SELECT DISTINCT: over the whole SELECT, whatever made its rows.
 *
 *   a table    PROJECT list  ──REKEY all of it──▶  DISTINCT      the result's key is the whole list
 *   a stream   PROJECT list  ──EXCHANGE to one task──▶  DISTINCT     each combination when it comes first
 *
 * A stream's rows keep the key they have where the list has it, else they have none. They go
 * through one task, since rows of one key must keep their order, and may not lie together by the
 * list.
 */
#include "planner/impl.h"

wr_node *wr_node_distinct(wr_arena *a, wr_node *in, uint32_t ncols)
{
	wr_node *n = wr_node_new(a, WR_NODE_DISTINCT, in);
	int32_t *cols = WR_NEW_ARRAY(a, int32_t, ncols);

	for (uint32_t i = 0; i < ncols; i++)
		cols[i] = (int32_t)i;
	n->npk = ncols;
	n->pk = cols;
	return n;
}

wr_node *wr_node_key_by_all(wr_arena *a, wr_node *in, bool drop_null)
{
	wr_node *n = wr_node_new(a, WR_NODE_REKEY, in);
	const wr_expr **keys = WR_NEW_ARRAY(a, const wr_expr *, in->out->n);
	wr_schema *s = wr_schema_new(a, in->out->n, in->out->n);

	for (uint32_t i = 0; i < in->out->n; i++) {
		keys[i] = wr_bind_column(a, (int32_t)i, in->out->cols[i].type, WR_NO_SPAN);
		wr_schema_cols(s)[i] = in->out->cols[i];
	}
	n->out = s;
	n->exprs = keys;
	n->drop_null = drop_null;
	n->drop_window = in->window.kind != WR_WINDOW_NONE;
	n->window = (wr_window_spec){ .kind = WR_WINDOW_NONE };
	n->exchange = true;
	return n;
}

static void of_table(wr_select *s, wr_result *out)
{
	wr_arena *a = s->p->a;

	out->node = wr_node_distinct(a, wr_node_key_by_all(a, out->node, false), out->node->out->n);
	s->nkeys = s->items.n;
	for (uint32_t i = 0; i < s->items.n; i++)
		s->items.items[i].key = (int32_t)i;
	out->placed = NULL;
	out->single = false;
}

/* The columns as they are. Above what gives its columns as they lie below, it puts them in order. */
static wr_node *as_listed(wr_arena *a, wr_node *in, uint32_t nkeys)
{
	wr_node *n = wr_node_new(a, WR_NODE_PROJECT, in);
	const wr_expr **exprs = WR_NEW_ARRAY(a, const wr_expr *, in->out->n);
	wr_schema *schema = wr_schema_new(a, in->out->n, nkeys);

	for (uint32_t i = 0; i < in->out->n; i++) {
		exprs[i] = wr_bind_column(a, (int32_t)i, in->out->cols[i].type, WR_NO_SPAN);
		wr_schema_cols(schema)[i] = in->out->cols[i];
	}
	n->out = schema;
	n->exprs = exprs;
	return n;
}

static void of_stream(wr_select *s, wr_result *out)
{
	wr_arena *a = s->p->a;
	wr_node *in = out->node;

	if (!out->single) {
		in = wr_node_new(a, WR_NODE_EXCHANGE, in);
		in->single = true;
	}
	out->node = as_listed(a, wr_node_distinct(a, in, in->out->n), in->out->nkeys);
	out->keyless = out->keyless || in->out->nkeys == 0;
	out->placed = NULL;
	out->single = true;
}

/* A client's rows have no key. */
static void without_key(wr_select *s, wr_result *out)
{
	out->node = as_listed(s->p->a, out->node, 0);
	s->nkeys = 0;
}

void wr_distinct_apply(wr_select *s, wr_result *out)
{
	if (!s->ast->distinct)
		return;
	if (!out->node->table) {
		of_stream(s, out);
		return;
	}
	of_table(s, out);
	if (s->use == WR_USE_CLIENT && !s->top)
		without_key(s, out);
}

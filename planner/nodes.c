#include "planner/impl.h"

wr_node *wr_node_new(wr_arena *a, wr_node_kind kind, wr_node *in)
{
	wr_node *n = WR_NEW(a, wr_node);

	n->kind = kind;
	n->in[0] = in;
	if (in) {
		n->out = in->out;
		n->table = in->table;
		n->window = in->window;
	}
	return n;
}

wr_node *wr_node_filter(wr_arena *a, wr_node *in, const wr_expr *pred)
{
	wr_node *n = wr_node_new(a, WR_NODE_FILTER, in);

	n->pred = pred;
	return n;
}

wr_schema *wr_schema_new(wr_arena *a, uint32_t n, uint32_t nkeys)
{
	wr_schema *s = WR_NEW(a, wr_schema);

	s->n = n;
	s->nkeys = nkeys;
	s->cols = WR_NEW_ARRAY(a, wr_column, n);
	return s;
}

wr_column *wr_schema_cols(const wr_schema *s)
{
	return (wr_column *)s->cols;
}

typedef struct mover {
	wr_arena *a;
	const int32_t *map;
} mover;

static const wr_expr *move(void *self, const wr_expr *e)
{
	mover *m = self;

	if (e->kind != WR_EXPR_COL || e->col < 0)
		return NULL;
	WR_ASSERT(m->map[e->col] >= 0);
	return wr_bind_column(m->a, m->map[e->col], e->type, e->span);
}

const wr_expr *wr_expr_move(wr_arena *a, const wr_expr *e, const int32_t *map)
{
	mover m = { a, map };

	return wr_bind_rewrite(a, e, move, &m);
}

bool wr_node_keeps_keys(const wr_node *n)
{
	while (n->kind == WR_NODE_PROJECT || n->kind == WR_NODE_FILTER ||
	       n->kind == WR_NODE_FLATMAP || n->kind == WR_NODE_ROWTIME ||
	       n->kind == WR_NODE_EXCHANGE || n->kind == WR_NODE_DISTINCT ||
	       (n->kind == WR_NODE_JOIN_TABLE && n->key))
		n = n->in[0];
	return n->kind == WR_NODE_SCAN;
}

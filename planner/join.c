/*
 * Joins: two FROMs to one.
 *
 * Each side is brought to the shape  join key | all columns seen of that side  (row times and their like are columns from here on), by a
 * PROJECT where the rows have that key already (lower.c drops it when it changes nothing), else by
 * a REKEY, which moves them.
 * The join's own rows are  join key | columns of the left | columns of the right,  so a column's place follows from its place
 * among those seen. What joins what:
 *
 *   stream, stream   WITHIN, any expressions          stream, table   the table's primary key
 *   table, table     both primary keys; or the left one's foreign key and the right one's primary key
 *
 * The result's key bears the name of a column that holds it; only where there is none, or in a FULL
 * JOIN, it is ROWKEY.
 */
#include "planner/join.h"

/* ---------------------------------------------------------------- the sides' rows */

/* True when rows with equal keys of both relations lie in partitions of equal number. */
static bool same_place(const wr_relation *x, const wr_relation *y)
{
	return x && y && strcmp(x->key_format, y->key_format) == 0 &&
	       x->key_delimiter == y->key_delimiter && x->partitions == y->partitions &&
	       x->partitions > 0 && (x->file.p != NULL) == (y->file.p != NULL);
}

/* The left of a join on a foreign key keeps its own key; other sides have the join key. */
static bool keeps_key(const wr_joiner *j, const wr_join_side *s)
{
	return wr_join_foreign(j) && s == &j->l;
}

static wr_schema *side_schema(wr_joiner *j, const wr_join_side *s, uint32_t nkeys)
{
	wr_arena *a = j->p->a;
	const wr_from *f = s->from;
	wr_schema *out = wr_schema_new(a, nkeys + f->nseen, nkeys);
	wr_column *cols = wr_schema_cols(out);

	for (uint32_t i = 0; i < nkeys; i++)
		if (keeps_key(j, s))
			cols[i] = f->node->out->cols[i];
		else if (i == 0)
			cols[i] = (wr_column){ WR_STR_LIT("ROWKEY"), s->on[0]->type };
		else
			cols[i] = (wr_column){ wr_arena_printf(a, "ROWKEY_%u", i), s->on[i]->type };
	for (uint32_t i = 0; i < f->nseen; i++) {
		const wr_seen *c = &f->seen[i];
		bool bare = f->join || !c->source.n;

		cols[nkeys + i] =
		    (wr_column){ bare ? c->name
				      : wr_arena_printf(a, "%.*s_%.*s", WR_STR_ARG(c->source),
							WR_STR_ARG(c->name)),
				 c->type };
	}
	return out;
}

/* key | columns seen. move: rows go to the task of their key. */
static wr_node *side_node(wr_joiner *j, const wr_join_side *s, bool move)
{
	wr_arena *a = j->p->a;
	const wr_from *f = s->from;
	uint32_t nkeys = keeps_key(j, s) ? f->nkeys : s->n;
	const wr_expr **exprs = WR_NEW_ARRAY(a, const wr_expr *, nkeys + f->nseen);
	int32_t *carried = WR_NEW_ARRAY(a, int32_t, f->nseen);
	wr_node *in = f->node, *n;

	if (move && f->node->table)
		in = wr_node_new(a, WR_NODE_EXCHANGE, in);
	for (uint32_t i = 0; i < nkeys; i++)
		exprs[i] = s->is_key || keeps_key(j, s)
			       ? wr_bind_column(a, (int32_t)i, f->node->out->cols[i].type, s->span)
			       : s->on[i];
	for (uint32_t i = 0; i < f->nseen; i++) {
		carried[i] = f->seen[i].col;
		exprs[nkeys + i] = wr_bind_column(a, f->seen[i].col, f->seen[i].type, s->span);
	}
	n = wr_node_new(a, move && !f->node->table ? WR_NODE_REKEY : WR_NODE_PROJECT, in);
	n->out = side_schema(j, s, nkeys);
	n->exprs = exprs;
	n->carried = carried;
	n->exchange = n->kind == WR_NODE_REKEY;
	n->drop_null = j->ast->join.type == WR_JOIN_INNER;
	return n;
}

static void place(wr_joiner *j, wr_node **l, wr_node **r)
{
	bool rekey_l = !j->l.is_key, rekey_r = !j->r.is_key;
	bool apart = rekey_l || rekey_r || !same_place(j->l.from->placed, j->r.from->placed);
	bool hashed_l = !rekey_l && !j->l.from->placed && !j->l.from->single;
	bool hashed_r = !rekey_r && !j->r.from->placed && !j->r.from->single;

	if (wr_join_foreign(j)) {
		*l = side_node(j, &j->l, true);
		*r = side_node(j, &j->r, true);
		(*l)->in[0]->single = (*r)->in[0]->single = true;
		j->out->placed = NULL;
		j->out->single = true;
		return;
	}
	*l = side_node(j, &j->l, apart && !hashed_l);
	*r = side_node(j, &j->r, apart && !hashed_r);
	j->out->placed = apart ? NULL : j->l.from->placed;
}

static wr_join_kind join_kind(wr_join_type t)
{
	switch (t) {
	case WR_JOIN_LEFT: return WR_JOINS_LEFT;
	case WR_JOIN_RIGHT: return WR_JOINS_RIGHT;
	case WR_JOIN_FULL: return WR_JOINS_FULL;
	case WR_JOIN_INNER: break;
	}
	return WR_JOINS_INNER;
}

static wr_schema *join_schema(wr_joiner *j, const wr_schema *l, const wr_schema *r, int32_t **from)
{
	wr_schema *s = wr_schema_new(j->p->a, l->n + r->n - r->nkeys, l->nkeys);
	wr_column *cols = wr_schema_cols(s);

	*from = WR_NEW_ARRAY(j->p->a, int32_t, s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		cols[i] = i < l->n ? l->cols[i] : r->cols[i - l->n + r->nkeys];
		(*from)[i] = i < l->n ? (int32_t)i : ~(int32_t)(i - l->n + r->nkeys);
	}
	for (uint32_t i = 0; i < l->nkeys; i++)
		cols[i].name = j->out->keys[i].words;
	return s;
}

/* The left row's expressions for the right one's key columns. */
static void set_foreign(wr_joiner *j, wr_node *n)
{
	const wr_expr **all = WR_NEW_ARRAY(j->p->a, const wr_expr *, j->l.n);

	for (uint32_t i = 0; i < j->l.n; i++)
		all[i] = wr_join_lift(j, j->l.from, j->l.from->nkeys, j->l.on[i]);
	n->nforeign = j->l.n;
	n->foreign = all;
}

static wr_status make_node(wr_joiner *j, wr_err *err)
{
	bool lt = j->l.from->node->table, rt = j->r.from->node->table;
	wr_node_kind kind = !rt	 ? WR_NODE_JOIN_STREAMS
			    : lt ? WR_NODE_JOIN_TABLES
				 : WR_NODE_JOIN_TABLE;
	const wr_within *w = &j->ast->join.within;
	wr_node *l, *r, *n;
	int32_t *from;

	if (j->l.is_key && j->r.is_key &&
	    wr_dialect_places(j->p, j->l.from->placed, j->r.from->placed, j->ast->span, err))
		return WR_FAIL;
	place(j, &l, &r);
	if (wr_join_foreign(j))
		kind = WR_NODE_JOIN_FOREIGN;
	n = wr_node_new(j->p->a, kind, l);
	n->span = j->ast->join.words.length ? j->ast->join.words : j->ast->span;
	n->in[1] = r;
	n->out = join_schema(j, l->out, r->out, &from);
	n->from = from;
	n->join = join_kind(j->ast->join.type);
	if (wr_join_foreign(j))
		set_foreign(j, n);
	if (j->l.outer)
		n->key = wr_join_lift(j, j->l.from, l->out->nkeys, j->l.on[0]);
	n->before = w->before.ms;
	n->after = w->pair ? w->after.ms : w->before.ms;
	n->grace = w->grace.given ? w->grace.ms : -1;
	j->out->node = n;
	return WR_OK;
}

bool wr_from_shares(const wr_from *l, const wr_from *r)
{
	for (uint32_t i = 0; i < l->nsources; i++)
		for (uint32_t k = 0; k < r->nsources; k++)
			if (wr_str_eq(l->sources[i]->name, r->sources[k]->name))
				return true;
	return false;
}

static wr_status check_aliases(const wr_joiner *j, wr_err *err)
{
	const wr_from *l = j->l.from, *r = j->r.from;

	for (uint32_t i = 0; i < l->naliases; i++)
		for (uint32_t k = 0; k < r->naliases; k++)
			if (l->aliases[i].n && wr_str_eq(l->aliases[i], r->aliases[k])) {
				WR_REFUSE(err, r->span, "two relations of the join are called %.*s",
					  WR_STR_ARG(l->aliases[i]));
				return wr_err_hint(err, "give one of them an alias: %.*s AS other",
						   WR_STR_ARG(l->aliases[i]));
			}
	return WR_OK;
}

wr_status wr_from_join(wr_planner *p, const wr_ast_relation *r, const wr_from *left,
		       const wr_from *right, wr_from *out, wr_err *err)
{
	wr_joiner j = {
		.p = p, .ast = r, .l = { .from = left }, .r = { .from = right }, .out = out
	};

	*out = (wr_from){ .span = r->span, .join = true };
	if (wr_dialect_join(p, left, right, r->span, err) || check_aliases(&j, err) ||
	    wr_join_on(&j, err))
		return WR_FAIL;
	out->one_by_one = left->one_by_one || right->one_by_one || wr_from_shares(left, right);
	wr_join_show(&j);
	return make_node(&j, err);
}

/*
 * Joins: two FROMs to one.
 *
 * Each side is brought to the shape  join key | all columns seen of that side  (row times and their like are columns from here on), by a
 * PROJECT where the rows have that key already (lower.c drops it when it changes nothing), else by a REKEY, which moves them.
 * The join's own rows are  join key | columns of the left | columns of the right,  so a column's place follows from its place
 * among those seen. What joins what:
 *
 *   stream, stream   WITHIN, any expressions          stream, table   the table's primary key
 *   table, table     both primary keys; or the left one's foreign key and the right one's primary key
 *
 * The result's key bears the name of a column that holds it; only where there is none, or in a FULL JOIN, it is ROWKEY.
 */
#include "planner/impl.h"

typedef struct side {
	const wr_from *from;
	const wr_expr *on;	/* over from->node */
	wr_span span;
	int32_t seen;		/* the seen column that `on` is, or -1 */
	bool is_key;		/* `on` is the rows' one key column already */
} side;

typedef struct joiner {
	wr_planner *p;
	const wr_ast_relation *ast;
	side l, r;
	wr_from *out;
} joiner;

static const wr_expr *to_side(void *self, const wr_expr *e)
{
	joiner *j = self;
	uint32_t nl = j->l.from->nseen, i = (uint32_t)e->col;
	const wr_seen *s;

	if (e->kind != WR_EXPR_COL)
		return NULL;
	s = i < nl ? &j->l.from->seen[i] : &j->r.from->seen[i - nl];
	return wr_bind_column(j->p->a, s->col, s->type, e->span);
}

/* Which sides an expression over both reads: 1 left, 2 right. */
static unsigned sides_of(const joiner *j, const wr_expr *e)
{
	uint32_t nl = j->l.from->nseen, n = nl + j->r.from->nseen;
	bool *used = WR_NEW_ARRAY(j->p->a, bool, n);
	unsigned sides = 0;

	wr_expr_columns(e, used, n);
	for (uint32_t i = 0; i < n; i++)
		if (used[i])
			sides |= i < nl ? 1u : 2u;
	return sides;
}

static bool holds_key(const wr_key_part *k, const wr_expr *e)
{
	for (uint32_t i = 0; e->kind == WR_EXPR_COL && i < k->n; i++)
		if (k->cols[i] == e->col)
			return true;
	for (uint32_t i = 0; i < k->nexprs; i++)
		if (wr_expr_eq(k->exprs[i], e))
			return true;
	return false;
}

static void set_side(joiner *j, side *s, const wr_expr *e)
{
	uint32_t nl = j->l.from->nseen;

	s->span = e->span;
	s->seen = -1;
	if (e->kind == WR_EXPR_COL)
		s->seen = e->col - (s == &j->r ? (int32_t)nl : 0);
	s->on = wr_bind_rewrite(j->p->a, e, to_side, j);
	s->is_key = s->from->nkeys == 1 && holds_key(&s->from->keys[0], s->on);
}

/* Both sides' columns, numbered in the order in which they are seen. */
static wr_bind_scope both(joiner *j)
{
	uint32_t nl = j->l.from->nseen, n = nl + j->r.from->nseen;
	wr_bind_col *cols = WR_NEW_ARRAY(j->p->a, wr_bind_col, n);

	for (uint32_t i = 0; i < n; i++) {
		const wr_seen *s = i < nl ? &j->l.from->seen[i] : &j->r.from->seen[i - nl];

		cols[i] = (wr_bind_col){ s->source, s->name, s->type, (int32_t)i };
	}
	return (wr_bind_scope){ cols, n };
}

static const wr_type *find_type(void *self, wr_str name)
{
	const joiner *j = self;

	return j->p->catalog->find_type(j->p->catalog, name);
}

static wr_status one_side(const wr_expr *e, unsigned sides, wr_err *err)
{
	if (sides == 1 || sides == 2)
		return WR_OK;
	WR_REFUSE(err, e->span, sides ? "one side of a join's = reads columns of both relations" :
	                                "one side of a join's = reads no column");
	return wr_err_hint(err, "a join is ON left.column = right.column; put other conditions into WHERE");
}

static wr_status bind_on(joiner *j, wr_err *err)
{
	const wr_ast_expr *on = j->ast->join.on;
	wr_bind_scope scope = both(j);
	wr_binder b = { .arena = j->p->a, .scope = &scope, .self = j, .find_type = find_type, .clause = "JOIN ON" };
	const wr_expr *x, *y;
	unsigned sx, sy;

	if (on->kind == WR_AST_BINARY && on->binary.op == WR_BIN_AND) {
		if (wr_bind_condition(&b, on, &x, err))
			return WR_FAIL;
		return wr_dialect_conditions(j->p, on->span, err);
	}
	if (on->kind != WR_AST_BINARY || on->binary.op != WR_BIN_EQ) {
		WR_REFUSE(err, on->span, "a join's condition is one equality");
		return wr_err_hint(err, "write ON left.column = right.column");
	}
	if (wr_bind_expr(&b, on->binary.left, &x, err) || wr_bind_expr(&b, on->binary.right, &y, err))
		return WR_FAIL;
	sx = sides_of(j, x);
	sy = sides_of(j, y);
	if (one_side(x, sx, err) || one_side(y, sy, err))
		return WR_FAIL;
	if (sx == sy)
		return WR_REFUSE(err, on->span, "both sides of the join's = read the same relation");
	if (!wr_type_eq(x->type, y->type)) {
		WR_REFUSE(err, on->span, "the sides of the join's = have different types: %s and %s",
		          wr_type_text(j->p->a, x->type), wr_type_text(j->p->a, y->type));
		return wr_err_hint(err, "CAST one of them");
	}
	set_side(j, &j->l, sx == 1 ? x : y);
	set_side(j, &j->r, sx == 1 ? y : x);
	return WR_OK;
}

/* ---------------------------------------------------------------- rules */


static wr_status check_windows(const joiner *j, wr_err *err)
{
	wr_window_kind l = j->l.from->node->window.kind, r = j->r.from->node->window.kind;
	bool session = l == WR_WINDOW_SESSION;

	if (!l && !r)
		return WR_OK;
	if (j->l.from->node->table || j->r.from->node->table)
		return WR_LATER(err, j->ast->span, "a join with a table that has windows is not there yet");
	if (!l != !r) {
		WR_REFUSE(err, j->ast->span, "one side of the join has windows and the other has none");
		return WR_FAIL;
	}
	if (session != (r == WR_WINDOW_SESSION))
		return WR_REFUSE(err, j->ast->span, "one side of the join has sessions and the other has windows of a fixed size");
	if (!j->l.is_key || !j->r.is_key)
		return WR_REFUSE(err, j->ast->join.on->span, "windowed rows are joined on their key alone");
	return WR_OK;
}

static wr_status check_kinds(const joiner *j, wr_err *err)
{
	bool lt = j->l.from->node->table, rt = j->r.from->node->table;
	wr_join_type type = j->ast->join.type;
	const wr_within *w = &j->ast->join.within;

	if (lt && !rt) {
		WR_REFUSE(err, j->ast->span, "a table cannot be joined with a stream in this order");
		return wr_err_hint(err, "put the stream first: stream JOIN table");
	}
	if (!lt && rt && type != WR_JOIN_INNER && type != WR_JOIN_LEFT)
		return WR_REFUSE(err, j->ast->join.words, "a stream joins a table by INNER or LEFT JOIN only");
	if ((lt || rt) && w->given) {
		WR_REFUSE(err, w->span, "WITHIN is for joins of two streams, and %s is a table", lt ? "the left side" : "the right side");
		return wr_err_hint(err, "leave WITHIN out");
	}
	if (!lt && !rt && !w->given) {
		WR_REFUSE(err, j->ast->join.words.length ? j->ast->join.words : j->ast->span,
		          "a join of two streams says how far apart its rows may be");
		return wr_err_hint(err, "add WITHIN 1 HOUR before ON");
	}
	return WR_OK;
}

/* The left table's rows name rows of the right one. */
static bool is_foreign(const joiner *j)
{
	return j->l.from->node->table && !j->l.is_key;
}

static wr_status check_keys(const joiner *j, wr_err *err)
{
	wr_join_type type = j->ast->join.type;

	if (!j->r.from->node->table)
		return WR_OK;
	if (!j->r.is_key) {
		WR_REFUSE(err, j->r.span, "a table on the right is joined on its primary key, which this is not");
		if (j->r.from->nkeys == 1)
			return wr_err_hint(err, "its key is %.*s", WR_STR_ARG(j->r.from->keys[0].words));
		return wr_err_hint(err, "its key has several columns, which cannot be joined on yet");
	}
	if (j->l.from->node->table && !j->l.is_key && type != WR_JOIN_INNER && type != WR_JOIN_LEFT)
		return WR_REFUSE(err, j->ast->join.words, "a join on a foreign key is INNER or LEFT");
	if (is_foreign(j) && j->l.from->join)
		return wr_dialect_late_foreign(j->p, j->ast->join.on->span, err);
	return WR_OK;
}

/* ---------------------------------------------------------------- the sides' rows */

/* True when rows with equal keys of both relations lie in partitions of equal number. */
static bool same_place(const wr_relation *x, const wr_relation *y)
{
	return x && y && strcmp(x->key_format, y->key_format) == 0 && x->key_delimiter == y->key_delimiter &&
	       x->partitions == y->partitions && x->partitions > 0 && (x->file.p != NULL) == (y->file.p != NULL);
}

/* The left of a join on a foreign key keeps its own key; other sides have the join key. */
static bool keeps_key(const joiner *j, const side *s)
{
	return is_foreign(j) && s == &j->l;
}

static wr_schema *side_schema(joiner *j, const side *s, uint32_t nkeys)
{
	const wr_from *f = s->from;
	wr_schema *out = wr_schema_new(j->p->a, nkeys + f->nseen, nkeys);
	wr_column *cols = wr_schema_cols(out);

	if (nkeys)
		memcpy(cols, f->node->out->cols, nkeys * sizeof(*cols));
	if (!keeps_key(j, s))
		cols[0] = (wr_column){ WR_STR_LIT("ROWKEY"), s->on->type };
	for (uint32_t i = 0; i < f->nseen; i++) {
		const wr_seen *c = &f->seen[i];

		cols[nkeys + i] = (wr_column){ f->join ? c->name : wr_arena_printf(j->p->a, "%.*s_%.*s", WR_STR_ARG(c->source),
			                                                       WR_STR_ARG(c->name)),
			                   c->type };
	}
	return out;
}

/* key | columns seen. move: rows go to the task of their key. */
static wr_node *side_node(joiner *j, const side *s, bool move)
{
	const wr_from *f = s->from;
	uint32_t nkeys = keeps_key(j, s) ? f->nkeys : 1;
	const wr_expr **exprs = WR_NEW_ARRAY(j->p->a, const wr_expr *, nkeys + f->nseen);
	int32_t *carried = WR_NEW_ARRAY(j->p->a, int32_t, f->nseen);
	wr_node *in = f->node, *n;

	if (move && f->node->table)
		in = wr_node_new(j->p->a, WR_NODE_EXCHANGE, in);
	for (uint32_t i = 0; i < nkeys; i++)
		exprs[i] = wr_bind_column(j->p->a, (int32_t)i, f->node->out->cols[i].type, s->span);
	if (!s->is_key && !keeps_key(j, s))
		exprs[0] = s->on;
	for (uint32_t i = 0; i < f->nseen; i++) {
		carried[i] = f->seen[i].col;
		exprs[nkeys + i] = wr_bind_column(j->p->a, f->seen[i].col, f->seen[i].type, s->span);
	}
	n = wr_node_new(j->p->a, move && !f->node->table ? WR_NODE_REKEY : WR_NODE_PROJECT, in);
	n->out = side_schema(j, s, nkeys);
	n->exprs = exprs;
	n->carried = carried;
	n->exchange = n->kind == WR_NODE_REKEY;
	n->drop_null = j->ast->join.type == WR_JOIN_INNER;
	return n;
}

static void place(joiner *j, wr_node **l, wr_node **r)
{
	bool rekey_l = !j->l.is_key, rekey_r = !j->r.is_key;
	bool apart = rekey_l || rekey_r || !same_place(j->l.from->placed, j->r.from->placed);
	bool hashed_l = !rekey_l && !j->l.from->placed && !j->l.from->single;
	bool hashed_r = !rekey_r && !j->r.from->placed && !j->r.from->single;

	if (is_foreign(j)) {
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

/* ---------------------------------------------------------------- the result */

static int32_t *numbers(wr_arena *a, uint32_t n)
{
	return WR_NEW_ARRAY(a, int32_t, n);
}

static void show_side(joiner *j, const wr_from *f, uint32_t first)
{
	wr_from *o = j->out;

	for (uint32_t i = 0; i < f->nseen; i++) {
		wr_seen *s = &o->seen[o->nseen++];

		*s = f->seen[i];
		s->col = (int32_t)(first + i);
		if (s->flags & WR_SEEN_SYNTHETIC) {	/* the key of a join below: nobody's now */
			s->flags |= WR_SEEN_PSEUDO;
			s->name = s->text = (wr_str){ "", 0 };
		}
	}
}

static void add_rep(joiner *j, wr_key_part *k, const wr_from *f, int32_t seen, uint32_t first)
{
	const wr_seen *s = &f->seen[seen];
	wr_str name = wr_arena_printf(j->p->a, "%.*s.%.*s", WR_STR_ARG(s->source), WR_STR_ARG(s->name));

	((int32_t *)k->cols)[k->n++] = (int32_t)first + seen;
	k->words = k->words.n ? wr_arena_printf(j->p->a, "%.*s or %.*s", WR_STR_ARG(k->words), WR_STR_ARG(name)) : name;
}

/* The columns of a side that hold the join key: the one named and, in a chain of joins, those equal to it. */
static void add_reps(joiner *j, wr_key_part *k, const side *s, uint32_t first)
{
	const wr_from *f = s->from;

	if (!s->is_key || !f->join) {
		if (s->seen >= 0)
			add_rep(j, k, f, s->seen, first);
		return;
	}
	for (uint32_t i = 0; i < f->keys[0].n; i++)
		for (uint32_t c = 0; c < f->nseen; c++)
			if (f->seen[c].col == f->keys[0].cols[i] && !(f->seen[c].flags & WR_SEEN_SYNTHETIC))
				add_rep(j, k, f, (int32_t)c, first);
}

typedef struct lift {
	joiner *j;
	const wr_from *from;
	uint32_t first;
	bool lost;
} lift;

static const wr_expr *lift_column(void *self, const wr_expr *e)
{
	lift *x = self;

	if (e->kind != WR_EXPR_COL)
		return NULL;
	for (uint32_t i = 0; i < x->from->nseen; i++)
		if (x->from->seen[i].col == e->col)
			return wr_bind_column(x->j->p->a, (int32_t)(x->first + i), e->type, e->span);
	x->lost = true;
	return e;
}

/* Expressions of a side that have the key's value, over the join's rows. */
static void add_exprs(joiner *j, wr_key_part *k, const side *s, uint32_t first)
{
	const wr_key_part *below = s->is_key && s->from->nkeys == 1 ? &s->from->keys[0] : NULL;
	uint32_t n = 1 + (below ? below->nexprs : 0);
	const wr_expr **all = WR_NEW_ARRAY(j->p->a, const wr_expr *, k->nexprs + n);

	if (k->nexprs)
		memcpy(all, k->exprs, k->nexprs * sizeof(*all));
	for (uint32_t i = 0; i < n; i++) {
		const wr_expr *e = i ? below->exprs[i - 1] : s->on;
		lift x = { j, s->from, first, false };

		e = wr_bind_rewrite(j->p->a, e, lift_column, &x);
		if (!x.lost && e->kind != WR_EXPR_COL)
			all[k->nexprs++] = e;
	}
	k->exprs = all;
}

static void synthetic_key(joiner *j, wr_key_part *k)
{
	wr_from *o = j->out;
	wr_namer namer = { .a = j->p->a };
	wr_str name;

	for (uint32_t i = 0; i < o->nseen; i++)
		wr_namer_take(&namer, o->seen[i].name);
	name = wr_namer_field(&namer, WR_STR_LIT("ROWKEY"));
	memmove(o->seen + 1, o->seen, o->nseen * sizeof(*o->seen));
	o->nseen++;
	o->seen[0] = (wr_seen){ .name = name, .text = name, .type = j->l.on->type, .col = 0,
		                .flags = WR_SEEN_KEY | WR_SEEN_SYNTHETIC };
	k->n = 1;
	((int32_t *)k->cols)[0] = 0;
	k->words = name;
}

/* A join on a foreign key keeps the left table's key. */
static void left_keys(joiner *j)
{
	wr_from *o = j->out;
	const wr_from *l = j->l.from;

	o->nkeys = l->nkeys;
	o->keys = WR_NEW_ARRAY(j->p->a, wr_key_part, l->nkeys);
	for (uint32_t k = 0; k < l->nkeys; k++) {
		o->keys[k].cols = numbers(j->p->a, l->nseen);
		for (uint32_t i = 0; i < l->nseen; i++)
			if (holds_key(&l->keys[k], wr_bind_column(j->p->a, l->seen[i].col, l->seen[i].type, WR_NO_SPAN)))
				add_rep(j, &o->keys[k], l, (int32_t)i, l->nkeys);
	}
}

static void show(joiner *j)
{
	wr_arena *a = j->p->a;
	wr_from *o = j->out;
	const wr_from *l = j->l.from, *r = j->r.from;
	wr_key_part *k = WR_NEW(a, wr_key_part);
	uint32_t first = is_foreign(j) ? l->nkeys : 1;

	o->seen = WR_NEW_ARRAY(a, wr_seen, l->nseen + r->nseen + 1);
	show_side(j, l, first);
	show_side(j, r, first + l->nseen);
	o->nkeys = 1;
	o->keys = k;
	k->cols = numbers(a, l->nseen + r->nseen + 1);
	if (is_foreign(j)) {
		left_keys(j);
	} else if (j->ast->join.type != WR_JOIN_FULL) {
		add_reps(j, k, &j->l, 1);
		add_reps(j, k, &j->r, 1 + l->nseen);
		add_exprs(j, k, &j->l, 1);
		add_exprs(j, k, &j->r, 1 + l->nseen);
	}
	if (o->keys[0].n == 0)
		synthetic_key(j, k);
	o->nsources = l->nsources + r->nsources;
	o->sources = WR_NEW_ARRAY(a, const wr_relation *, o->nsources);
	for (uint32_t i = 0; i < o->nsources; i++)
		o->sources[i] = i < l->nsources ? l->sources[i] : r->sources[i - l->nsources];
	o->naliases = l->naliases + r->naliases;
	o->aliases = WR_NEW_ARRAY(a, wr_str, o->naliases);
	for (uint32_t i = 0; i < o->naliases; i++)
		o->aliases[i] = i < l->naliases ? l->aliases[i] : r->aliases[i - l->naliases];
	o->cdc = l->cdc || r->cdc;
}

static wr_join_kind join_kind(wr_join_type t)
{
	switch (t) {
	case WR_JOIN_LEFT:
		return WR_JOINS_LEFT;
	case WR_JOIN_RIGHT:
		return WR_JOINS_RIGHT;
	case WR_JOIN_FULL:
		return WR_JOINS_FULL;
	case WR_JOIN_INNER:
		break;
	}
	return WR_JOINS_INNER;
}

static wr_schema *join_schema(joiner *j, const wr_schema *l, const wr_schema *r, int32_t **from)
{
	wr_schema *s = wr_schema_new(j->p->a, l->n + r->n - 1, l->nkeys);
	wr_column *cols = wr_schema_cols(s);

	*from = numbers(j->p->a, s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		cols[i] = i < l->n ? l->cols[i] : r->cols[i - l->n + 1];
		(*from)[i] = i < l->n ? (int32_t)i : ~(int32_t)(i - l->n + 1);
	}
	for (uint32_t i = 0; i < l->nkeys; i++)
		cols[i].name = j->out->keys[i].words;
	return s;
}

/* The foreign key over the left side's rows as side_node made them. */
static const wr_expr *foreign_key(joiner *j)
{
	lift x = { j, j->l.from, j->l.from->nkeys, false };
	const wr_expr *e = wr_bind_rewrite(j->p->a, j->l.on, lift_column, &x);

	WR_ASSERT(!x.lost);
	return e;
}

static wr_status make_node(joiner *j, wr_err *err)
{
	bool lt = j->l.from->node->table, rt = j->r.from->node->table;
	wr_node_kind kind = !rt ? WR_NODE_JOIN_STREAMS : lt ? WR_NODE_JOIN_TABLES : WR_NODE_JOIN_TABLE;
	const wr_within *w = &j->ast->join.within;
	wr_node *l, *r, *n;
	int32_t *from;

	if (j->l.is_key && j->r.is_key &&
	    wr_dialect_places(j->p, j->l.from->placed, j->r.from->placed, j->ast->span, err))
		return WR_FAIL;
	place(j, &l, &r);
	if (is_foreign(j))
		kind = WR_NODE_JOIN_FOREIGN;
	n = wr_node_new(j->p->a, kind, l);
	n->span = j->ast->join.words.length ? j->ast->join.words : j->ast->span;
	n->in[1] = r;
	n->out = join_schema(j, l->out, r->out, &from);
	n->from = from;
	n->join = join_kind(j->ast->join.type);
	n->key = is_foreign(j) ? foreign_key(j) : wr_bind_column(j->p->a, 0, j->l.on->type, j->l.span);
	n->before = w->before.ms;
	n->after = w->pair ? w->after.ms : w->before.ms;
	n->grace = w->grace.given ? w->grace.ms : -1;
	j->out->node = n;
	return WR_OK;
}

static bool shares_source(const wr_from *l, const wr_from *r)
{
	for (uint32_t i = 0; i < l->nsources; i++)
		for (uint32_t k = 0; k < r->nsources; k++)
			if (wr_str_eq(l->sources[i]->name, r->sources[k]->name))
				return true;
	return false;
}

static wr_status check_aliases(const joiner *j, wr_err *err)
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

wr_status wr_from_join(wr_planner *p, const wr_ast_relation *r, const wr_from *left, const wr_from *right,
                       wr_from *out, wr_err *err)
{
	joiner j = { .p = p, .ast = r, .l = { .from = left }, .r = { .from = right }, .out = out };

	*out = (wr_from){ .span = r->span, .join = true };
	if (wr_dialect_join(p, left, right, r->span, err) || check_aliases(&j, err) || check_kinds(&j, err) ||
	    bind_on(&j, err) || check_windows(&j, err) || check_keys(&j, err))
		return WR_FAIL;
	out->one_by_one = left->one_by_one || right->one_by_one || shares_source(left, right);
	show(&j);
	return make_node(&j, err);
}

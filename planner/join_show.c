/*
 * What a join shows: the columns of both sides under their names, and which of them hold its key.
 * In a chain of joins on one key all columns that were joined hold it, and expressions too, which
 * is how the next join knows that no row must move.
 */
#include "planner/join.h"

static void show_side(wr_joiner *j, const wr_from *f, uint32_t first)
{
	wr_from *o = j->out;

	for (uint32_t i = 0; i < f->nseen; i++) {
		wr_seen *s = &o->seen[o->nseen++];

		*s = f->seen[i];
		s->col = (int32_t)(first + i);
		if (s->flags & WR_SEEN_SYNTHETIC) { /* the key of a join below: nobody's now */
			s->flags |= WR_SEEN_PSEUDO;
			s->name = s->text = (wr_str){ "", 0 };
		}
	}
}

static void add_rep(wr_joiner *j, wr_key_part *k, const wr_from *f, int32_t seen, uint32_t first,
		    bool outer)
{
	const wr_seen *s = &f->seen[seen];
	wr_str name =
	    wr_arena_printf(j->p->a, "%.*s.%.*s", WR_STR_ARG(s->source), WR_STR_ARG(s->name));

	((bool *)k->outer)[k->n] = outer;
	((int32_t *)k->cols)[k->n++] = (int32_t)first + seen;
	k->words = k->words.n ? wr_arena_printf(j->p->a, "%.*s or %.*s", WR_STR_ARG(k->words),
						WR_STR_ARG(name))
			      : name;
}

/* Whether the join gives rows for which this side has none. In dialect ksql nobody asks. */
static bool is_outer(const wr_joiner *j, const wr_join_side *s)
{
	return !j->p->ksql && j->ast->join.type == (s == &j->l ? WR_JOIN_RIGHT : WR_JOIN_LEFT);
}

/*
 * The columns of a side that hold part i of the join key: the one named and, in a chain of joins,
 * those equal to it.
 */
static void add_reps(wr_joiner *j, wr_key_part *k, const wr_join_side *s, uint32_t i,
		     uint32_t first)
{
	const wr_from *f = s->from;
	bool outer = is_outer(j, s);

	if (!s->is_key || !f->join) {
		if (s->seen[i] >= 0)
			add_rep(j, k, f, s->seen[i], first, outer);
		return;
	}
	for (uint32_t n = 0; n < f->keys[i].n; n++)
		for (uint32_t c = 0; c < f->nseen; c++)
			if (f->seen[c].col == f->keys[i].cols[n] &&
			    !(f->seen[c].flags & WR_SEEN_SYNTHETIC))
				add_rep(j, k, f, (int32_t)c, first,
					outer || (f->keys[i].outer && f->keys[i].outer[n]));
}

typedef struct lift {
	wr_joiner *j;
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
			return wr_bind_column(x->j->p->a, (int32_t)(x->first + i), e->type,
					      e->span);
	x->lost = true;
	return e;
}

const wr_expr *wr_join_lift(wr_joiner *j, const wr_from *from, uint32_t first, const wr_expr *e)
{
	lift x = { j, from, first, false };

	e = wr_bind_rewrite(j->p->a, e, lift_column, &x);
	return x.lost ? NULL : e;
}

/* Expressions of a side that have the value of part i, over the join's rows. */
static void add_exprs(wr_joiner *j, wr_key_part *k, const wr_join_side *s, uint32_t i,
		      uint32_t first)
{
	const wr_key_part *below = s->is_key ? &s->from->keys[i] : NULL;
	uint32_t n = 1 + (below ? below->nexprs : 0);
	const wr_expr **all = WR_NEW_ARRAY(j->p->a, const wr_expr *, k->nexprs + n);

	if (is_outer(j, s))
		return;
	if (k->nexprs)
		memcpy(all, k->exprs, k->nexprs * sizeof(*all));
	for (uint32_t c = 0; c < n; c++) {
		const wr_expr *e =
		    wr_join_lift(j, s->from, first, c ? below->exprs[c - 1] : s->on[i]);

		if (e && e->kind != WR_EXPR_COL)
			all[k->nexprs++] = e;
	}
	k->exprs = all;
}

/* A key column that no column of the sides holds gets a name of its own and stands in front. */
static void synthetic_key(wr_joiner *j, uint32_t i)
{
	wr_from *o = j->out;
	wr_key_part *k = &o->keys[i];
	wr_namer namer = { .a = j->p->a };
	wr_str name;

	for (uint32_t c = 0; c < o->nseen; c++)
		wr_namer_take(&namer, o->seen[c].name);
	name = i ? wr_arena_printf(j->p->a, "ROWKEY_%u", i) : WR_STR_LIT("ROWKEY");
	name = wr_namer_field(&namer, name);
	memmove(o->seen + 1, o->seen, o->nseen * sizeof(*o->seen));
	o->nseen++;
	o->seen[0] = (wr_seen){ .name = name,
				.text = name,
				.type = j->l.on[i]->type,
				.col = (int32_t)i,
				.flags = WR_SEEN_KEY | WR_SEEN_SYNTHETIC };
	k->n = 1;
	((bool *)k->outer)[0] = false;
	((int32_t *)k->cols)[0] = (int32_t)i;
	k->words = name;
}

/* A join on a foreign key keeps the left table's key. */
static void left_keys(wr_joiner *j)
{
	const wr_from *l = j->l.from;

	for (uint32_t k = 0; k < l->nkeys; k++) {
		wr_key_part *part = &j->out->keys[k];

		for (uint32_t i = 0; i < l->nseen; i++)
			if (wr_join_holds(&l->keys[k], wr_bind_column(j->p->a, l->seen[i].col,
								      l->seen[i].type, WR_NO_SPAN)))
				add_rep(j, part, l, (int32_t)i, l->nkeys, false);
		if (!part->n)
			part->words = l->keys[k].words;
	}
}

static void join_keys(wr_joiner *j)
{
	wr_from *o = j->out;
	uint32_t n = o->nkeys, nl = j->l.from->nseen;

	for (uint32_t i = 0; i < n && j->ast->join.type != WR_JOIN_FULL; i++) {
		add_reps(j, &o->keys[i], &j->l, i, n);
		add_reps(j, &o->keys[i], &j->r, i, n + nl);
		add_exprs(j, &o->keys[i], &j->l, i, n);
		add_exprs(j, &o->keys[i], &j->r, i, n + nl);
	}
	for (uint32_t i = n; i-- > 0;)
		if (o->keys[i].n == 0)
			synthetic_key(j, i);
}

static void show_sources(wr_joiner *j)
{
	wr_arena *a = j->p->a;
	wr_from *o = j->out;
	const wr_from *l = j->l.from, *r = j->r.from;

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

void wr_join_show(wr_joiner *j)
{
	wr_arena *a = j->p->a;
	wr_from *o = j->out;
	const wr_from *l = j->l.from, *r = j->r.from;

	o->nkeys = wr_join_foreign(j) ? l->nkeys : j->l.n;
	o->keys = WR_NEW_ARRAY(a, wr_key_part, o->nkeys);
	o->seen = WR_NEW_ARRAY(a, wr_seen, l->nseen + r->nseen + o->nkeys);
	for (uint32_t i = 0; i < o->nkeys; i++) {
		o->keys[i].cols = WR_NEW_ARRAY(a, int32_t, l->nseen + r->nseen + 1);
		o->keys[i].outer = WR_NEW_ARRAY(a, bool, l->nseen + r->nseen + 1);
	}
	show_side(j, l, o->nkeys);
	show_side(j, r, o->nkeys + l->nseen);
	if (wr_join_foreign(j))
		left_keys(j);
	else
		join_keys(j);
	show_sources(j);
}

/*
 * ON: a = b [AND c = d …], each with one side of the join on either side of the =. The conditions
 * are put into the order of the key columns of the right side, or else of the left one, where they
 * name all of them: so a join on a whole key in any order is one on that key.
 */
#include "planner/join.h"

static const wr_expr *to_side(void *self, const wr_expr *e)
{
	wr_joiner *j = self;
	uint32_t nl = j->l.from->nseen, i = (uint32_t)e->col;
	const wr_seen *s;

	if (e->kind != WR_EXPR_COL)
		return NULL;
	s = i < nl ? &j->l.from->seen[i] : &j->r.from->seen[i - nl];
	return wr_bind_column(j->p->a, s->col, s->type, e->span);
}

/* Which sides an expression over both reads: 1 left, 2 right. */
static unsigned sides_of(const wr_joiner *j, const wr_expr *e)
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

bool wr_join_holds(const wr_key_part *k, const wr_expr *e)
{
	for (uint32_t i = 0; e->kind == WR_EXPR_COL && i < k->n; i++)
		if (k->cols[i] == e->col)
			return true;
	for (uint32_t i = 0; i < k->nexprs; i++)
		if (wr_expr_eq(k->exprs[i], e))
			return true;
	return false;
}

/* The key or, where an outer join found nothing, NULL. */
static bool holds_outer(const wr_key_part *k, const wr_expr *e)
{
	for (uint32_t i = 0; k->outer && e->kind == WR_EXPR_COL && i < k->n; i++)
		if (k->cols[i] == e->col)
			return k->outer[i];
	return false;
}

static void set_on(wr_joiner *j, wr_join_side *s, uint32_t i, const wr_expr *e)
{
	uint32_t nl = j->l.from->nseen;

	s->seen[i] = -1;
	if (e->kind == WR_EXPR_COL)
		s->seen[i] = e->col - (s == &j->r ? (int32_t)nl : 0);
	s->on[i] = wr_bind_rewrite(j->p->a, e, to_side, j);
	if (i == 0)
		s->span = e->span;
}

/* Both sides' columns, numbered in the order in which they are seen. */
static wr_bind_scope both(wr_joiner *j)
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
	const wr_joiner *j = self;

	return j->p->catalog->find_type(j->p->catalog, name);
}

static wr_status one_side(const wr_expr *e, unsigned sides, wr_err *err)
{
	if (sides == 1 || sides == 2)
		return WR_OK;
	WR_REFUSE(err, e->span,
		  sides ? "one side of a join's = reads columns of both relations"
			: "one side of a join's = reads no column");
	return wr_err_hint(
	    err, "a join is ON left.column = right.column; put other conditions into WHERE");
}

static wr_status bind_one(wr_joiner *j, wr_binder *b, const wr_ast_expr *on, uint32_t i,
			  wr_err *err)
{
	const wr_expr *x, *y;
	unsigned sx, sy;

	if (on->kind != WR_AST_BINARY || on->binary.op != WR_BIN_EQ) {
		WR_REFUSE(err, on->span, "a join's condition is an equality");
		return wr_err_hint(
		    err, "write ON left.column = right.column, and other conditions into WHERE");
	}
	if (wr_bind_expr(b, on->binary.left, &x, err) || wr_bind_expr(b, on->binary.right, &y, err))
		return WR_FAIL;
	sx = sides_of(j, x);
	sy = sides_of(j, y);
	if (one_side(x, sx, err) || one_side(y, sy, err))
		return WR_FAIL;
	if (sx == sy)
		return WR_REFUSE(err, on->span,
				 "both sides of the join's = read the same relation");
	if (!wr_type_eq(x->type, y->type)) {
		WR_REFUSE(err, on->span,
			  "the sides of the join's = have different types: %s and %s",
			  wr_type_text(j->p->a, x->type), wr_type_text(j->p->a, y->type));
		return wr_err_hint(err, "CAST one of them");
	}
	set_on(j, &j->l, i, sx == 1 ? x : y);
	set_on(j, &j->r, i, sx == 1 ? y : x);
	return WR_OK;
}

static bool is_and(const wr_ast_expr *e)
{
	return e->kind == WR_AST_BINARY && e->binary.op == WR_BIN_AND;
}

static uint32_t count(const wr_ast_expr *e)
{
	return is_and(e) ? count(e->binary.left) + count(e->binary.right) : 1;
}

static wr_status bind_all(wr_joiner *j, wr_binder *b, const wr_ast_expr *e, uint32_t *i,
			  wr_err *err)
{
	if (!is_and(e))
		return bind_one(j, b, e, (*i)++, err);
	if (bind_all(j, b, e->binary.left, i, err))
		return WR_FAIL;
	return bind_all(j, b, e->binary.right, i, err);
}

static void swap(wr_join_side *s, uint32_t i, uint32_t k)
{
	const wr_expr *on = s->on[i];
	int32_t seen = s->seen[i];

	s->on[i] = s->on[k];
	s->seen[i] = s->seen[k];
	s->on[k] = on;
	s->seen[k] = seen;
}

static bool is_key(const wr_join_side *s)
{
	if (s->n != s->from->nkeys)
		return false;
	for (uint32_t i = 0; i < s->n; i++)
		if (!wr_join_holds(&s->from->keys[i], s->on[i]))
			return false;
	return true;
}

/*
 * a LEFT JOIN b ON a.id = b.id  JOIN c ON b.id = c.id:  b.id is the key of the rows, but for those
 * that found no b. A stream's rows stay where they are and look the table c up by b.id; all others
 * are joined by b.id as by any other column.
 */
static void mind_outer(wr_joiner *j)
{
	wr_join_side *l = &j->l;

	for (uint32_t i = 0; l->is_key && i < l->n; i++)
		l->outer |= holds_outer(&l->from->keys[i], l->on[i]);
	if (l->outer && (l->from->node->table || !j->r.from->node->table || l->n > 1))
		l->is_key = l->outer = false;
}

/* Puts the conditions into the order of a side's key columns; those that are none stay behind. */
static void order_by(wr_joiner *j, const wr_join_side *s)
{
	for (uint32_t k = 0; k < s->from->nkeys && k < s->n; k++)
		for (uint32_t i = k; i < s->n; i++)
			if (wr_join_holds(&s->from->keys[k], s->on[i])) {
				swap(&j->l, k, i);
				swap(&j->r, k, i);
				break;
			}
}

static wr_status bind_on(wr_joiner *j, wr_err *err)
{
	const wr_ast_expr *on = j->ast->join.on;
	wr_bind_scope scope = both(j);
	wr_binder b = { .arena = j->p->a,
			.scope = &scope,
			.self = j,
			.find_type = find_type,
			.clause = "JOIN ON" };
	uint32_t n = count(on), i = 0;

	for (int k = 0; k < 2; k++) {
		wr_join_side *s = k ? &j->r : &j->l;

		s->n = n;
		s->on = WR_NEW_ARRAY(j->p->a, const wr_expr *, n);
		s->seen = WR_NEW_ARRAY(j->p->a, int32_t, n);
	}
	if (bind_all(j, &b, on, &i, err) || (n > 1 && wr_dialect_conditions(j->p, on->span, err)))
		return WR_FAIL;
	order_by(j, &j->l);
	order_by(j, &j->r);
	j->l.is_key = is_key(&j->l);
	j->r.is_key = is_key(&j->r);
	mind_outer(j);
	return WR_OK;
}

/* ---------------------------------------------------------------- rules */

static wr_status check_windows(const wr_joiner *j, wr_err *err)
{
	wr_window_kind l = j->l.from->node->window.kind, r = j->r.from->node->window.kind;
	bool session = l == WR_WINDOW_SESSION;

	if (!l && !r)
		return WR_OK;
	if (!l != !r)
		return WR_REFUSE(err, j->ast->span,
				 "one side of the join has windows and the other has none");
	if (j->l.from->node->table || j->r.from->node->table) {
		WR_REFUSE(err, j->ast->span, "a table with windows cannot be joined");
		return wr_err_hint(err, "declare a STREAM with WINDOW_TYPE over its topic");
	}
	if (session != (r == WR_WINDOW_SESSION))
		return WR_REFUSE(
		    err, j->ast->span,
		    "one side of the join has sessions and the other has windows of a fixed size");
	if (!j->l.is_key || !j->r.is_key)
		return WR_REFUSE(err, j->ast->join.on->span,
				 "windowed rows are joined on their key alone");
	return WR_OK;
}

static wr_status check_kinds(const wr_joiner *j, wr_err *err)
{
	bool lt = j->l.from->node->table, rt = j->r.from->node->table;
	wr_join_type type = j->ast->join.type;
	const wr_within *w = &j->ast->join.within;

	if (lt && !rt) {
		WR_REFUSE(err, j->ast->span,
			  "a table cannot be joined with a stream in this order");
		return wr_err_hint(err, "put the stream first: stream JOIN table");
	}
	if (!lt && rt && type != WR_JOIN_INNER && type != WR_JOIN_LEFT)
		return WR_REFUSE(err, j->ast->join.words,
				 "a stream joins a table by INNER or LEFT JOIN only");
	if ((lt || rt) && w->given) {
		WR_REFUSE(err, w->span, "WITHIN is for joins of two streams, and %s is a table",
			  lt ? "the left side" : "the right side");
		return wr_err_hint(err, "leave WITHIN out");
	}
	if (!lt && !rt && !w->given) {
		WR_REFUSE(err, j->ast->join.words.length ? j->ast->join.words : j->ast->span,
			  "a join of two streams says how far apart its rows may be");
		return wr_err_hint(err, "add WITHIN 1 HOUR before ON");
	}
	return WR_OK;
}

bool wr_join_foreign(const wr_joiner *j)
{
	return j->l.from->node->table && !j->l.is_key;
}

static wr_str key_words(const wr_joiner *j, const wr_from *f)
{
	wr_str s = { NULL, 0 };

	for (uint32_t i = 0; i < f->nkeys; i++)
		s = i ? wr_arena_printf(j->p->a, "%.*s, %.*s", WR_STR_ARG(s),
					WR_STR_ARG(f->keys[i].words))
		      : f->keys[i].words;
	return s;
}

static wr_status check_keys(const wr_joiner *j, wr_err *err)
{
	wr_join_type type = j->ast->join.type;
	const wr_from *r = j->r.from;

	if (!r->node->table)
		return WR_OK;
	if (!j->r.is_key) {
		WR_REFUSE(err, j->r.span,
			  "a table on the right is joined on its primary key, which this is not");
		return wr_err_hint(err, "its key is %.*s", WR_STR_ARG(key_words(j, r)));
	}
	if (!wr_join_foreign(j))
		return WR_OK;
	if (type != WR_JOIN_INNER && type != WR_JOIN_LEFT)
		return WR_REFUSE(err, j->ast->join.words,
				 "a join on a foreign key is INNER or LEFT");
	return j->l.from->join ? wr_dialect_late_foreign(j->p, j->ast->join.on->span, err) : WR_OK;
}

wr_status wr_join_on(wr_joiner *j, wr_err *err)
{
	if (check_kinds(j, err) || bind_on(j, err) || check_windows(j, err))
		return WR_FAIL;
	return check_keys(j, err);
}

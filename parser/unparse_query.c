/* Queries to text. */
#include "parser/unparse.h"

static void alias(const wr_ident *id, wr_buf *out)
{
	if (!wr_ident_given(id))
		return;
	wr_buf_puts(out, " AS ");
	wr_unparse_ident(id, out);
}

static void subquery(const wr_ast_query *q, wr_buf *out)
{
	wr_buf_putc(out, '(');
	wr_unparse_query(q, out);
	wr_buf_putc(out, ')');
}

static void idents(const wr_ident_list *l, wr_buf *out)
{
	for (uint32_t i = 0; i < l->n; i++) {
		wr_buf_puts(out, i ? ", " : "");
		wr_unparse_ident(&l->items[i], out);
	}
}

static void ctes(const wr_ast_query *q, wr_buf *out)
{
	for (uint32_t i = 0; i < q->nctes; i++) {
		const wr_cte *c = &q->ctes[i];

		wr_buf_puts(out, i ? ", " : "WITH ");
		wr_unparse_ident(&c->name, out);
		if (c->columns.n) {
			wr_buf_puts(out, " (");
			idents(&c->columns, out);
			wr_buf_putc(out, ')');
		}
		wr_buf_puts(out, " AS ");
		subquery(c->query, out);
	}
	if (q->nctes)
		wr_buf_putc(out, ' ');
}

/* What binds less than the arrow needs parentheses before it; so does a negative number. */
static void struct_star(const wr_ast_expr *e, wr_buf *out)
{
	wr_ast_expr deref = { .kind = WR_AST_DEREF,
			      .deref = {
				  .base = (wr_ast_expr *)e,
				  .field = { .name = WR_STR_LIT("X"), .text = WR_STR_LIT("X") } } };

	wr_unparse_expr(&deref, out);
	out->p[out->n - 1] = '*';
}

static void items(const wr_ast_query *q, wr_buf *out)
{
	for (uint32_t i = 0; i < q->nitems; i++) {
		const wr_select_item *item = &q->items[i];

		wr_buf_puts(out, i ? ", " : "");
		switch (item->kind) {
		case WR_ITEM_EXPR:
			wr_unparse_expr(item->expr, out);
			alias(&item->alias, out);
			break;
		case WR_ITEM_STAR: wr_buf_putc(out, '*'); break;
		case WR_ITEM_SOURCE_STAR:
			wr_unparse_ident(&item->source, out);
			wr_buf_puts(out, ".*");
			break;
		case WR_ITEM_STRUCT_STAR: struct_star(item->expr, out); break;
		}
	}
}

static void grace(const wr_duration *d, const char *before, wr_buf *out)
{
	if (!d->given)
		return;
	wr_buf_printf(out, "%sGRACE PERIOD ", before);
	wr_unparse_duration(d, out);
}

static void within(const wr_within *w, wr_buf *out)
{
	if (!w->given)
		return;
	wr_buf_puts(out, w->pair ? " WITHIN (" : " WITHIN ");
	wr_unparse_duration(&w->before, out);
	if (w->pair) {
		wr_buf_puts(out, ", ");
		wr_unparse_duration(&w->after, out);
		wr_buf_putc(out, ')');
	}
	grace(&w->grace, " ", out);
}

static void relation(const wr_ast_relation *r, wr_buf *out)
{
	static const char *const words[] = { " JOIN ", " LEFT JOIN ", " RIGHT JOIN ",
					     " FULL JOIN " };

	switch (r->kind) {
	case WR_REL_SOURCE: wr_unparse_ident(&r->source, out); break;
	case WR_REL_QUERY: subquery(r->query, out); break;
	case WR_REL_JOIN:
		relation(r->join.left, out);
		wr_buf_puts(out, words[r->join.type]);
		relation(r->join.right, out);
		within(&r->join.within, out);
		wr_buf_puts(out, " ON ");
		wr_unparse_expr(r->join.on, out);
		break;
	}
	alias(&r->alias, out);
}

static void window(const wr_ast_window *w, wr_buf *out)
{
	static const char *const kinds[] = { "TUMBLING (SIZE ", "HOPPING (SIZE ", "SESSION (" };

	if (!w)
		return;
	wr_buf_puts(out, " WINDOW ");
	if (wr_ident_given(&w->name)) {
		wr_unparse_ident(&w->name, out);
		wr_buf_putc(out, ' ');
	}
	wr_buf_puts(out, kinds[w->kind]);
	wr_unparse_duration(&w->size, out);
	if (w->kind == WR_AST_HOPPING) {
		wr_buf_puts(out, ", ADVANCE BY ");
		wr_unparse_duration(&w->advance, out);
	}
	if (w->retention.given) {
		wr_buf_puts(out, ", RETENTION ");
		wr_unparse_duration(&w->retention, out);
	}
	grace(&w->grace, ", ", out);
	wr_buf_putc(out, ')');
}

static void condition(const char *word, const wr_ast_expr *e, wr_buf *out)
{
	if (!e)
		return;
	wr_buf_puts(out, word);
	wr_unparse_expr(e, out);
}

/*
 * GROUP BY and PARTITION BY take values: what has AND, OR or a predicate gets parentheses. The list
 * printer of a call's arguments gives none, so each item is printed as one side of a ||.
 */
static void grouping(const char *word, const wr_ast_exprs *l, wr_buf *out)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const wr_ast_expr *e = l->items[i];
		bool parens = (e->kind == WR_AST_BINARY && e->binary.op < WR_BIN_CONCAT) ||
			      (e->kind == WR_AST_UNARY && e->unary.op == WR_UN_NOT) ||
			      (e->kind >= WR_AST_BETWEEN && e->kind <= WR_AST_IS_NULL);

		wr_buf_puts(out, i ? ", " : word);
		wr_buf_puts(out, parens ? "(" : "");
		wr_unparse_expr(e, out);
		wr_buf_puts(out, parens ? ")" : "");
	}
}

static void order(const wr_ast_query *q, wr_buf *out)
{
	for (uint32_t i = 0; i < q->norder; i++) {
		wr_buf_puts(out, i ? ", " : " ORDER BY ");
		wr_unparse_expr(q->order_by[i].expr, out);
		wr_buf_puts(out, q->order_by[i].descending ? " DESC" : "");
	}
}

void wr_unparse_query(const wr_ast_query *q, wr_buf *out)
{
	static const char *const emits[] = { "", " EMIT CHANGES", " EMIT FINAL" };

	ctes(q, out);
	wr_buf_puts(out, q->distinct ? "SELECT DISTINCT " : "SELECT ");
	items(q, out);
	wr_buf_puts(out, " FROM ");
	relation(q->from, out);
	window(q->window, out);
	condition(" WHERE ", q->where, out);
	grouping(" GROUP BY ", &q->group_by, out);
	grouping(" PARTITION BY ", &q->partition_by, out);
	condition(" HAVING ", q->having, out);
	order(q, out);
	wr_buf_puts(out, emits[q->emit]);
	if (q->limit.given)
		wr_buf_printf(out, " LIMIT %lld", (long long)q->limit.n);
	if (q->offset.given)
		wr_buf_printf(out, " OFFSET %lld", (long long)q->offset.n);
}

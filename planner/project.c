/*
 * The SELECT list: stars to columns, names for all, and at the end the projection with its key
 * columns first.
 *
 * Names: the alias; else a column's own name, with its relation's before it where a join makes the
 * bare one ambiguous; else the field's name of s->f; else KSQL_COL_n. Beside the name as stored
 * each item keeps the spelling of the statement, which is what a sink writes.
 *
 * Keys: rows keep the key that FROM, GROUP BY or PARTITION BY gave them. What is made under a name
 * must show every key column once; it stands first then, under the name that the list gives it. A
 * client's rows have no key, and a sink's have the key of a table even where the list leaves it
 * out: such a column is there and not shown.
 */
#include "planner/impl.h"

wr_item *wr_select_add(wr_select *s, wr_item item)
{
	wr_items *l = &s->items;

	if (l->n == l->room) {
		wr_item *more = WR_NEW_ARRAY(s->p->a, wr_item, l->room * 2 + 16);

		if (l->n)
			memcpy(more, l->items, l->n * sizeof(*more));
		l->items = more;
		l->room = l->room * 2 + 16;
	}
	item.key = -1;
	l->items[l->n] = item;
	return &l->items[l->n++];
}

static wr_str prefixed(wr_arena *a, wr_str source, wr_str name)
{
	return source.n ? wr_arena_printf(a, "%.*s_%.*s", WR_STR_ARG(source), WR_STR_ARG(name))
			: name;
}

/* ---------------------------------------------------------------- stars */

static bool is_part(const wr_select *s, const wr_seen *c)
{
	for (uint32_t i = 0; i < s->nparts; i++)
		if (s->parts[i]->kind == WR_EXPR_COL && s->parts[i]->col == c->col)
			return true;
	return false;
}

static bool in_star(const wr_select *s, const wr_seen *c)
{
	if (c->flags & (WR_SEEN_CDC | WR_SEEN_QUERY))
		return false;
	if ((c->flags & WR_SEEN_BOUND) && !s->windowed)
		return s->from.join || s->use == WR_USE_CLIENT;
	if (c->flags & WR_SEEN_PSEUDO)
		return s->from.join && s->ast->partition_by.n && wr_dialect_star_pseudo(s->p);
	return true;
}

static void star_column(wr_select *s, const wr_seen *c, wr_span span)
{
	bool join = s->from.join;

	wr_select_add(s, (wr_item){ .e = wr_bind_column(s->p->a, c->col, c->type, span),
				    .span = span,
				    .star = true,
				    .name = join ? prefixed(s->p->a, c->source, c->name) : c->name,
				    .text = join ? prefixed(s->p->a, c->source_text, c->text)
						 : c->text });
}

static const wr_seen *seen_of(const wr_select *s, const wr_expr *e)
{
	for (uint32_t i = 0; i < s->from.nseen; i++)
		if (e->kind == WR_EXPR_COL && s->from.seen[i].col == e->col)
			return &s->from.seen[i];
	return NULL;
}

static wr_str field_name(const wr_ast_expr *e)
{
	return e->kind == WR_AST_DEREF ? e->deref.field.name : (wr_str){ NULL, 0 };
}

/* PARTITION BY puts its expressions first in a star; columns that they are do not come again. */
static void star_parts(wr_select *s, wr_span span)
{
	for (uint32_t i = 0; s->ast->partition_by.n && i < s->nparts; i++) {
		const wr_seen *c = seen_of(s, s->parts[i]);

		if (c)
			star_column(s, c, span);
		else
			wr_select_add(s, (wr_item){
					     .e = s->parts[i],
					     .span = span,
					     .star = true,
					     .name = field_name(s->ast->partition_by.items[i]),
					     .text = field_name(s->ast->partition_by.items[i]) });
	}
}

static bool star_run(wr_select *s, wr_str source, wr_span span, bool keys, bool others)
{
	bool any = false, part = s->ast->partition_by.n > 0;

	for (uint32_t i = 0; i < s->from.nseen; i++) {
		const wr_seen *c = &s->from.seen[i];
		bool key = c->flags & WR_SEEN_KEY;

		if (source.p && (!wr_str_eq(source, c->source) || (c->flags & WR_SEEN_SYNTHETIC)))
			continue;
		any = true;
		if (in_star(s, c) && (key ? keys : others) && !(part && is_part(s, c)))
			star_column(s, c, span);
	}
	return any;
}

static wr_status expand_star(wr_select *s, const wr_select_item *it, wr_err *err)
{
	wr_str source = it->kind == WR_ITEM_SOURCE_STAR ? it->source.name : (wr_str){ NULL, 0 };
	bool any = false;

	if (!s->ast->partition_by.n) {
		any = star_run(s, source, it->span, true, true);
	} else {
		star_parts(s, it->span);
		for (uint32_t i = 0; i < s->from.naliases; i++) {
			wr_str one = s->from.aliases[i];

			if (source.p && !wr_str_eq(source, one))
				continue;
			any = star_run(s, one, it->span, false, true);
			any |= star_run(s, one, it->span, true, false);
		}
	}
	if (any)
		return WR_OK;
	WR_REFUSE(err, it->source.span, "%.*s is no relation of FROM", WR_STR_ARG(source));
	return wr_err_hint(err, "FROM has %.*s", WR_STR_ARG(s->from.aliases[0]));
}

static wr_status expand_struct(wr_select *s, const wr_select_item *it, wr_err *err)
{
	const wr_expr *e;

	if (wr_bind_expr(&s->binder, it->expr, &e, err))
		return WR_FAIL;
	if (!e->type || e->type->tag != WR_STRUCT)
		return WR_REFUSE(err, it->span, "->* takes the fields of a STRUCT, and this is %s",
				 e->type ? wr_type_text(s->p->a, e->type) : "NULL");
	for (uint32_t i = 0; i < e->type->nkids; i++) {
		wr_ast_expr f = { .kind = WR_AST_DEREF, .span = it->span };
		wr_item item = { .span = it->span,
				 .name = e->type->names[i],
				 .text = e->type->names[i] };

		f.deref.base = it->expr;
		f.deref.field = (wr_ident){
			.name = item.name, .text = item.name, .span = it->span, .quoted = true
		};
		if (wr_bind_expr(&s->binder, &f, &item.e, err))
			return WR_FAIL;
		wr_select_add(s, item);
	}
	return WR_OK;
}

/* ---------------------------------------------------------------- single items */

static wr_str source_text(const wr_select *s, const wr_ident *qualifier, wr_str name,
			  wr_str *source)
{
	for (uint32_t i = 0; i < s->from.nseen; i++) {
		const wr_seen *c = &s->from.seen[i];

		if (wr_str_eq(c->name, name) &&
		    (!wr_ident_given(qualifier) || wr_str_eq(c->source, qualifier->name))) {
			*source = c->source;
			return c->source_text;
		}
	}
	*source = (wr_str){ NULL, 0 };
	return *source;
}

/* The column of a query inside an expression has no name that could be shown. */
static bool is_query(const wr_select *s, wr_str name)
{
	for (uint32_t i = 0; i < s->from.nseen; i++)
		if ((s->from.seen[i].flags & WR_SEEN_QUERY) &&
		    wr_str_eq(s->from.seen[i].name, name))
			return true;
	return false;
}

static void name_item(wr_select *s, const wr_select_item *it, wr_item *item)
{
	const wr_ast_expr *e = it->expr;

	if (wr_ident_given(&it->alias)) {
		item->name = it->alias.name;
		item->text = it->alias.text;
	} else if (e->kind == WR_AST_COLUMN && !is_query(s, e->column.name.name)) {
		item->name = e->column.name.name;
		item->text = e->column.name.text;
		if (s->from.join && wr_from_clashes(&s->from, item->name)) {
			wr_str source,
			    text = source_text(s, &e->column.qualifier, item->name, &source);

			item->name = prefixed(s->p->a, source, item->name);
			item->text = prefixed(s->p->a, text, item->text);
		}
	} else if (e->kind == WR_AST_DEREF) {
		item->name = wr_namer_field(&s->namer, e->deref.field.name);
		item->text =
		    wr_str_eq(item->name, e->deref.field.name) ? e->deref.field.text : item->name;
	} else {
		item->name = wr_namer_column(&s->namer);
		item->text = item->name;
	}
}

static wr_status check_name(const wr_select *s, const wr_select_item *it, const wr_item *item,
			    wr_err *err)
{
	if (!wr_reserved_name(item->name))
		return WR_OK;
	if (wr_ident_given(&it->alias))
		return WR_REFUSE(err, it->alias.span,
				 "%.*s is a reserved name: it cannot be an alias",
				 WR_STR_ARG(item->name));
	if (s->use != WR_USE_AS)
		return WR_OK;
	WR_REFUSE(err, it->span,
		  "%.*s is a reserved name: the result cannot have a column of that name",
		  WR_STR_ARG(item->name));
	return wr_err_hint(err, "give it another: %.*s AS …", WR_STR_ARG(item->name));
}

static wr_status one_item(wr_select *s, const wr_select_item *it, wr_err *err)
{
	wr_item item = { .span = it->span };
	const wr_ast_expr *ast = s->cdc ? wr_cdc_expand(s->p->a, it->expr) : it->expr;

	name_item(s, it, &item);
	if (wr_bind_expr(&s->binder, ast, &item.e, err) || check_name(s, it, &item, err))
		return WR_FAIL;
	if (!item.e->type) {
		WR_REFUSE(err, it->span, "the type of this NULL cannot be told");
		return wr_err_hint(err, "say which it is: CAST(NULL AS STRING)");
	}
	wr_select_add(s, item);
	return WR_OK;
}

wr_status wr_select_items(wr_select *s, wr_err *err)
{
	s->binder.clause = "SELECT";
	for (uint32_t i = 0; i < s->from.nseen; i++)
		wr_namer_take(&s->namer, s->from.seen[i].name);
	for (uint32_t i = 0; i < s->ast->nitems; i++) {
		const wr_select_item *it = &s->ast->items[i];
		wr_status st;

		switch (it->kind) {
		case WR_ITEM_STAR:
		case WR_ITEM_SOURCE_STAR: st = expand_star(s, it, err); break;
		case WR_ITEM_STRUCT_STAR: st = expand_struct(s, it, err); break;
		default: st = one_item(s, it, err); break;
		}
		if (st)
			return WR_FAIL;
	}
	for (uint32_t i = 0; i < s->items.n; i++)
		if (!s->items.items[i].name.p)
			s->items.items[i].name = s->items.items[i].text =
			    wr_namer_column(&s->namer);
	return WR_OK;
}

/* ---------------------------------------------------------------- keys */

static uint32_t items_that_are(const wr_select *s, int32_t col, uint32_t *first)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->items.n; i++) {
		const wr_item *it = &s->items.items[i];

		if (it->e->kind == WR_EXPR_COL && it->e->col == col && it->key < 0 && !it->hidden) {
			if (n++ == 0)
				*first = i;
		}
	}
	return n;
}

static wr_status twice(const wr_select *s, uint32_t first, wr_err *err)
{
	const wr_item *a = &s->items.items[first], *b = a;

	for (uint32_t i = first + 1; i < s->items.n; i++)
		if (wr_expr_eq(s->items.items[i].e, a->e)) {
			b = &s->items.items[i];
			break;
		}
	WR_REFUSE(err, b->span, "key column %.*s is selected twice, as %.*s and as %.*s",
		  WR_STR_ARG(a->name), WR_STR_ARG(a->name), WR_STR_ARG(b->name));
	return wr_err_hint(err, "to have its value beside the key, select AS_VALUE(%.*s)",
			   WR_STR_ARG(a->name));
}

/* Marks the item that stands for key column k. *found: there is one. */
static wr_status mark_key(wr_select *s, uint32_t k, bool *found, wr_err *err)
{
	const wr_key_part *part = &s->keys[k];
	uint32_t first = 0;

	*found = false;
	for (uint32_t i = 0; i < part->n; i++) {
		uint32_t n = items_that_are(s, part->cols[i], &first);

		if (n > 1 && s->use == WR_USE_AS)
			return twice(s, first, err);
		if (n) {
			s->items.items[first].key = (int32_t)k;
			*found = true;
			return WR_OK;
		}
	}
	return WR_OK;
}

static wr_status keys_missing(const wr_select *s, const bool *found, wr_err *err)
{
	wr_arena *a = s->p->a;
	wr_str list = { NULL, 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nkeys; i++)
		if (!found[i]) {
			list = n++ ? wr_arena_printf(a, "%.*s, %.*s", WR_STR_ARG(list),
						     WR_STR_ARG(s->keys[i].words))
				   : s->keys[i].words;
		}
	WR_REFUSE(err, s->ast->items[0].span, "%.*s lacks key column%s %.*s",
		  WR_STR_ARG(s->name.p ? s->name : WR_STR_LIT("the result")), n > 1 ? "s" : "",
		  WR_STR_ARG(list));
	if (s->from.join && !s->nparts && s->keys[0].cols[0] == 0)
		return wr_err_hint(
		    err,
		    "%.*s is the join's key, which no column of either side holds: select it, "
		    "under any alias",
		    WR_STR_ARG(s->keys[0].words));
	return wr_err_hint(err, "add %.*s to the SELECT list, under any alias", WR_STR_ARG(list));
}

static wr_status find_keys(wr_select *s, wr_err *err)
{
	bool *found = WR_NEW_ARRAY(s->p->a, bool, s->nkeys);
	bool all = true;

	if ((s->use == WR_USE_CLIENT && !s->top) || (s->top && !s->node->table) ||
	    (s->ast->distinct && s->node->table)) {
		s->nkeys = 0;
		return WR_OK;
	}
	for (uint32_t i = 0; i < s->nkeys; i++) {
		if (mark_key(s, i, &found[i], err))
			return WR_FAIL;
		all &= found[i];
	}
	if (all)
		return WR_OK;
	if (s->use == WR_USE_AS && !s->ast->distinct &&
	    (s->node->table || !wr_dialect_keys_as_selected(s->p)))
		return keys_missing(s, found, err);
	if (!s->node->table) {
		for (uint32_t i = 0; i < s->items.n; i++)
			s->items.items[i].key = -1;
		s->nkeys = 0;
		return WR_OK;
	}
	for (uint32_t i = 0; i < s->nkeys; i++)
		if (!found[i]) {
			const wr_column *c = &s->node->out->cols[i];
			wr_item *it = wr_select_add(
			    s, (wr_item){
				   .e = wr_bind_column(s->p->a, (int32_t)i, c->type, WR_NO_SPAN),
				   .name = wr_arena_printf(s->p->a, "%.*s", WR_STR_ARG(c->name)),
				   .hidden = true });
			it->key = (int32_t)i;
		}
	return WR_OK;
}

/* ---------------------------------------------------------------- the projection */

static wr_status check_result(const wr_select *s, wr_err *err)
{
	uint32_t shown = 0;

	for (uint32_t i = 0; i < s->items.n; i++)
		shown += !s->items.items[i].hidden;
	if (s->use == WR_USE_AS && shown == s->nkeys) {
		WR_REFUSE(err, s->ast->items[0].span, "the result has key columns only");
		return wr_err_hint(err, "select one more column, or AS_VALUE of a key column");
	}
	for (uint32_t i = 0; s->use != WR_USE_CLIENT && i < s->items.n; i++)
		for (uint32_t j = 0; j < i; j++) {
			const wr_item *x = &s->items.items[j], *y = &s->items.items[i];

			if (wr_str_eq(x->name, y->name) && !x->hidden && !y->hidden) {
				WR_REFUSE(err, y->span, "two columns of the result are called %.*s",
					  WR_STR_ARG(y->name));
				return wr_err_hint(err, "give one of them another name with AS");
			}
		}
	return WR_OK;
}

wr_status wr_select_project(wr_select *s, wr_result *out, wr_err *err)
{
	wr_arena *a = s->p->a;
	const wr_expr **exprs;
	wr_column *cols;
	wr_schema *schema;
	wr_str *names;
	uint32_t value, key = 0;
	bool as_selected = wr_dialect_keys_as_selected(s->p);

	if (find_keys(s, err) || check_result(s, err))
		return WR_FAIL;
	schema = wr_schema_new(a, s->items.n, s->nkeys);
	cols = wr_schema_cols(schema);
	exprs = WR_NEW_ARRAY(a, const wr_expr *, s->items.n);
	names = WR_NEW_ARRAY(a, wr_str, s->items.n);
	value = s->nkeys;
	for (uint32_t i = 0; i < s->items.n; i++) {
		wr_item *it = &s->items.items[i];
		uint32_t at = it->key < 0 ? value++ : as_selected ? key++ : (uint32_t)it->key;

		it->at = at;
		cols[at] = (wr_column){ it->name, it->e->type };
		exprs[at] =
		    it->key >= 0 ? wr_bind_column(a, it->key, it->e->type, it->span) : it->e;
		names[at] = it->hidden ? (wr_str){ NULL, 0 } : it->text;
	}
	out->node = wr_node_new(a, WR_NODE_PROJECT, s->node);
	out->node->out = schema;
	out->node->exprs = exprs;
	out->names = names;
	wr_distinct_apply(s, out);
	return wr_order_apply(s, out, err);
}

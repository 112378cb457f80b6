/*
 * Equality of trees. What a person could see differently counts, spans and depth do not. Unquoted
 * names are the same in any case; a sink's field names come from the spelling, but that is not what
 * the tree means.
 */
#include "parser/ast.h"

static bool both(const void *a, const void *b)
{
	return (a == NULL) == (b == NULL);
}

static bool ident_eq(const wr_ident *a, const wr_ident *b)
{
	return wr_str_eq(a->name, b->name) && both(a->name.p, b->name.p);
}

/* Where the spelling decides: topics, keys of settings. */
static bool text_eq(const wr_ident *a, const wr_ident *b)
{
	return ident_eq(a, b) && (!a->quoted || wr_str_eq(a->text, b->text));
}

static bool idents_eq(const wr_ident *a, const wr_ident *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!ident_eq(&a[i], &b[i]))
			return false;
	return true;
}

static bool ident_lists_eq(const wr_ident_list *a, const wr_ident_list *b)
{
	return a->n == b->n && idents_eq(a->items, b->items, a->n);
}

static bool exprs_eq(wr_ast_expr *const *a, wr_ast_expr *const *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!wr_ast_expr_eq(a[i], b[i]))
			return false;
	return true;
}

static bool lists_eq(const wr_ast_exprs *a, const wr_ast_exprs *b)
{
	return a->n == b->n && exprs_eq(a->items, b->items, a->n);
}

static bool types_eq(const wr_ast_type *a, const wr_ast_type *b)
{
	if (a->kind != b->kind || a->nkids != b->nkids || !both(a->type, b->type))
		return false;
	if (a->type && !wr_type_eq(a->type, b->type))
		return false;
	if (a->kind == WR_ASTT_NAMED)
		return ident_eq(&a->name, &b->name);
	if (a->kind == WR_ASTT_STRUCT && !idents_eq(a->names, b->names, a->nkids))
		return false;
	for (uint32_t i = 0; i < a->nkids; i++)
		if (!types_eq(a->kids[i], b->kids[i]))
			return false;
	return true;
}

static bool cases_eq(const wr_ast_expr *a, const wr_ast_expr *b)
{
	if (a->cases.n != b->cases.n || !wr_ast_expr_eq(a->cases.operand, b->cases.operand) ||
	    !wr_ast_expr_eq(a->cases.otherwise, b->cases.otherwise))
		return false;
	for (uint32_t i = 0; i < a->cases.n; i++)
		if (!wr_ast_expr_eq(a->cases.whens[i].when, b->cases.whens[i].when) ||
		    !wr_ast_expr_eq(a->cases.whens[i].then, b->cases.whens[i].then))
			return false;
	return true;
}

static bool predicate_eq(const wr_ast_expr *a, const wr_ast_expr *b)
{
	switch (a->kind) {
	case WR_AST_BETWEEN:
		return a->between.negated == b->between.negated &&
		       wr_ast_expr_eq(a->between.value, b->between.value) &&
		       wr_ast_expr_eq(a->between.low, b->between.low) &&
		       wr_ast_expr_eq(a->between.high, b->between.high);
	case WR_AST_IN_LIST:
		return a->in_list.negated == b->in_list.negated &&
		       wr_ast_expr_eq(a->in_list.value, b->in_list.value) &&
		       lists_eq(&a->in_list.items, &b->in_list.items);
	case WR_AST_IN_QUERY:
		return a->in_query.negated == b->in_query.negated &&
		       wr_ast_expr_eq(a->in_query.value, b->in_query.value) &&
		       wr_ast_query_eq(a->in_query.query, b->in_query.query);
	case WR_AST_LIKE:
		return a->like.negated == b->like.negated &&
		       wr_ast_expr_eq(a->like.value, b->like.value) &&
		       wr_ast_expr_eq(a->like.pattern, b->like.pattern) &&
		       wr_ast_expr_eq(a->like.escape, b->like.escape);
	default:
		return a->is_null.negated == b->is_null.negated &&
		       wr_ast_expr_eq(a->is_null.value, b->is_null.value);
	}
}

static bool call_eq(const wr_ast_expr *a, const wr_ast_expr *b)
{
	return ident_eq(&a->call.name, &b->call.name) && a->call.star == b->call.star &&
	       a->call.distinct == b->call.distinct && lists_eq(&a->call.args, &b->call.args);
}

static bool same_kind_eq(const wr_ast_expr *a, const wr_ast_expr *b)
{
	switch (a->kind) {
	case WR_AST_NULL: return true;
	case WR_AST_BOOL: return a->boolean == b->boolean;
	case WR_AST_INTEGER:
	case WR_AST_DECIMAL:
	case WR_AST_DOUBLE: return wr_str_eq(a->spelled, b->spelled);
	case WR_AST_STRING: return wr_str_eq(a->text, b->text);
	case WR_AST_TYPED:
		return ident_eq(&a->typed.type, &b->typed.type) &&
		       wr_str_eq(a->typed.text, b->typed.text);
	case WR_AST_COLUMN:
		return ident_eq(&a->column.qualifier, &b->column.qualifier) &&
		       ident_eq(&a->column.name, &b->column.name);
	case WR_AST_CALL: return call_eq(a, b);
	case WR_AST_LAMBDA:
		return ident_lists_eq(&a->lambda.params, &b->lambda.params) &&
		       wr_ast_expr_eq(a->lambda.body, b->lambda.body);
	case WR_AST_UNIT: return a->unit == b->unit;
	case WR_AST_CASE: return cases_eq(a, b);
	case WR_AST_CAST:
		return wr_ast_expr_eq(a->cast.value, b->cast.value) &&
		       types_eq(a->cast.type, b->cast.type);
	case WR_AST_UNARY:
		return a->unary.op == b->unary.op && wr_ast_expr_eq(a->unary.value, b->unary.value);
	case WR_AST_BINARY:
		return a->binary.op == b->binary.op &&
		       wr_ast_expr_eq(a->binary.left, b->binary.left) &&
		       wr_ast_expr_eq(a->binary.right, b->binary.right);
	case WR_AST_BETWEEN:
	case WR_AST_IN_LIST:
	case WR_AST_IN_QUERY:
	case WR_AST_LIKE:
	case WR_AST_IS_NULL: return predicate_eq(a, b);
	case WR_AST_SUBSCRIPT:
		return wr_ast_expr_eq(a->subscript.base, b->subscript.base) &&
		       wr_ast_expr_eq(a->subscript.index, b->subscript.index);
	case WR_AST_DEREF:
		return wr_ast_expr_eq(a->deref.base, b->deref.base) &&
		       ident_eq(&a->deref.field, &b->deref.field);
	case WR_AST_ARRAY: return lists_eq(&a->array, &b->array);
	case WR_AST_MAP:
		return a->map.n == b->map.n && exprs_eq(a->map.keys, b->map.keys, a->map.n) &&
		       exprs_eq(a->map.values, b->map.values, a->map.n);
	case WR_AST_STRUCT:
		return a->fields.n == b->fields.n &&
		       idents_eq(a->fields.names, b->fields.names, a->fields.n) &&
		       exprs_eq(a->fields.values, b->fields.values, a->fields.n);
	case WR_AST_AT_ZONE:
		return wr_str_eq(a->at_zone.zone, b->at_zone.zone) &&
		       wr_ast_expr_eq(a->at_zone.value, b->at_zone.value);
	case WR_AST_EXISTS:
	case WR_AST_QUERY: return wr_ast_query_eq(a->query, b->query);
	}
	return false;
}

bool wr_ast_expr_eq(const wr_ast_expr *a, const wr_ast_expr *b)
{
	if (!a || !b)
		return a == b;
	return a->kind == b->kind && same_kind_eq(a, b);
}

/* ---------------------------------------------------------------- queries */

static bool durations_eq(const wr_duration *a, const wr_duration *b)
{
	return a->given == b->given && a->count == b->count && a->unit == b->unit;
}

static bool limits_eq(const wr_limit *a, const wr_limit *b)
{
	return a->given == b->given && a->n == b->n;
}

static bool items_eq(const wr_select_item *a, const wr_select_item *b)
{
	return a->kind == b->kind && wr_ast_expr_eq(a->expr, b->expr) &&
	       ident_eq(&a->alias, &b->alias) && ident_eq(&a->source, &b->source);
}

static bool withins_eq(const wr_within *a, const wr_within *b)
{
	return a->given == b->given && a->pair == b->pair && durations_eq(&a->before, &b->before) &&
	       durations_eq(&a->after, &b->after) && durations_eq(&a->grace, &b->grace);
}

static bool relations_eq(const wr_ast_relation *a, const wr_ast_relation *b)
{
	if (a->kind != b->kind || !ident_eq(&a->alias, &b->alias))
		return false;
	switch (a->kind) {
	case WR_REL_SOURCE: return ident_eq(&a->source, &b->source);
	case WR_REL_QUERY: return wr_ast_query_eq(a->query, b->query);
	case WR_REL_JOIN:
		return a->join.type == b->join.type && relations_eq(a->join.left, b->join.left) &&
		       relations_eq(a->join.right, b->join.right) &&
		       withins_eq(&a->join.within, &b->join.within) &&
		       wr_ast_expr_eq(a->join.on, b->join.on);
	}
	return false;
}

static bool windows_eq(const wr_ast_window *a, const wr_ast_window *b)
{
	if (!a || !b)
		return a == b;
	return a->kind == b->kind && ident_eq(&a->name, &b->name) &&
	       durations_eq(&a->size, &b->size) && durations_eq(&a->advance, &b->advance) &&
	       durations_eq(&a->retention, &b->retention) && durations_eq(&a->grace, &b->grace);
}

static bool parts_eq(const wr_ast_query *a, const wr_ast_query *b)
{
	for (uint32_t i = 0; i < a->nctes; i++)
		if (!ident_eq(&a->ctes[i].name, &b->ctes[i].name) ||
		    !ident_lists_eq(&a->ctes[i].columns, &b->ctes[i].columns) ||
		    !wr_ast_query_eq(a->ctes[i].query, b->ctes[i].query))
			return false;
	for (uint32_t i = 0; i < a->nitems; i++)
		if (!items_eq(&a->items[i], &b->items[i]))
			return false;
	for (uint32_t i = 0; i < a->norder; i++)
		if (a->order_by[i].descending != b->order_by[i].descending ||
		    !wr_ast_expr_eq(a->order_by[i].expr, b->order_by[i].expr))
			return false;
	return true;
}

bool wr_ast_query_eq(const wr_ast_query *a, const wr_ast_query *b)
{
	if (!a || !b)
		return a == b;
	return a->nctes == b->nctes && a->nitems == b->nitems && a->norder == b->norder &&
	       parts_eq(a, b) && a->distinct == b->distinct && relations_eq(a->from, b->from) &&
	       windows_eq(a->window, b->window) && wr_ast_expr_eq(a->where, b->where) &&
	       lists_eq(&a->group_by, &b->group_by) &&
	       lists_eq(&a->partition_by, &b->partition_by) &&
	       wr_ast_expr_eq(a->having, b->having) && a->emit == b->emit &&
	       limits_eq(&a->limit, &b->limit) && limits_eq(&a->offset, &b->offset);
}

/* ---------------------------------------------------------------- statements */

static bool props_eq(const wr_props *a, const wr_props *b)
{
	if (a->given != b->given || a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!text_eq(&a->items[i].name, &b->items[i].name) ||
		    !wr_ast_expr_eq(a->items[i].value, b->items[i].value))
			return false;
	return true;
}

static bool elements_eq(const wr_elements *a, const wr_elements *b)
{
	if (a->given != b->given || a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		const wr_element *x = &a->items[i], *y = &b->items[i];

		if (x->kind != y->kind || !ident_eq(&x->name, &y->name) ||
		    !types_eq(x->type, y->type) || !wr_str_eq(x->header, y->header))
			return false;
	}
	return true;
}

static bool create_eq(const wr_stmt_create_source *a, const wr_stmt_create_source *b)
{
	return a->is_table == b->is_table && a->or_replace == b->or_replace &&
	       a->is_source == b->is_source && a->if_not_exists == b->if_not_exists &&
	       ident_eq(&a->name, &b->name) && elements_eq(&a->elements, &b->elements) &&
	       props_eq(&a->props, &b->props) && wr_ast_query_eq(a->query, b->query);
}

static bool sink_eq(const wr_stmt_create_sink *a, const wr_stmt_create_sink *b)
{
	return a->or_replace == b->or_replace && a->if_not_exists == b->if_not_exists &&
	       ident_eq(&a->name, &b->name) && props_eq(&a->props, &b->props) &&
	       wr_ast_query_eq(a->query, b->query);
}

static bool connector_eq(const wr_stmt_create_connector *a, const wr_stmt_create_connector *b)
{
	return a->is_source == b->is_source && a->if_not_exists == b->if_not_exists &&
	       ident_eq(&a->name, &b->name) && props_eq(&a->props, &b->props);
}

static bool values_eq(const wr_stmt_values *a, const wr_stmt_values *b)
{
	if (!ident_eq(&a->name, &b->name) || !ident_lists_eq(&a->columns, &b->columns) ||
	    a->nrows != b->nrows)
		return false;
	for (uint32_t i = 0; i < a->nrows; i++)
		if (!lists_eq(&a->rows[i], &b->rows[i]))
			return false;
	return true;
}

static bool assert_eq(const wr_stmt_assert *a, const wr_stmt_assert *b)
{
	return a->not_exists == b->not_exists && text_eq(&a->name, &b->name) &&
	       limits_eq(&a->id, &b->id) && props_eq(&a->props, &b->props) &&
	       durations_eq(&a->timeout, &b->timeout);
}

static bool print_eq(const wr_stmt_print *a, const wr_stmt_print *b)
{
	return text_eq(&a->topic, &b->topic) && a->from_beginning == b->from_beginning &&
	       limits_eq(&a->interval, &b->interval) && limits_eq(&a->limit, &b->limit);
}

static bool drop_eq(const wr_stmt_drop *a, const wr_stmt_drop *b)
{
	return a->object == b->object && a->if_exists == b->if_exists &&
	       a->delete_topic == b->delete_topic && ident_eq(&a->name, &b->name);
}

static bool show_eq(const wr_stmt_show *a, const wr_stmt_show *b)
{
	return a->what == b->what && a->all == b->all && a->extended == b->extended &&
	       limits_eq(&a->limit, &b->limit);
}

static bool describe_eq(const wr_stmt_describe *a, const wr_stmt_describe *b)
{
	return a->object == b->object && a->every == b->every && a->extended == b->extended &&
	       ident_eq(&a->name, &b->name);
}

static bool explain_eq(const wr_stmt_explain *a, const wr_stmt_explain *b)
{
	return a->analyze == b->analyze && ident_eq(&a->id, &b->id) &&
	       both(a->statement, b->statement) &&
	       (!a->statement || wr_ast_stmt_eq(a->statement, b->statement));
}

bool wr_ast_stmt_eq(const wr_stmt *a, const wr_stmt *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case WR_STMT_CREATE_SOURCE:
	case WR_STMT_ASSERT_SOURCE: return create_eq(&a->create_source, &b->create_source);
	case WR_STMT_CREATE_SINK: return sink_eq(&a->create_sink, &b->create_sink);
	case WR_STMT_CREATE_CONNECTOR:
		return connector_eq(&a->create_connector, &b->create_connector);
	case WR_STMT_CREATE_TYPE:
		return a->create_type.if_not_exists == b->create_type.if_not_exists &&
		       ident_eq(&a->create_type.name, &b->create_type.name) &&
		       types_eq(a->create_type.type, b->create_type.type);
	case WR_STMT_INSERT_VALUES:
	case WR_STMT_ASSERT_VALUES:
	case WR_STMT_ASSERT_NULL_VALUES: return values_eq(&a->values, &b->values);
	case WR_STMT_INSERT_QUERY:
		return ident_eq(&a->insert_query.name, &b->insert_query.name) &&
		       props_eq(&a->insert_query.props, &b->insert_query.props) &&
		       wr_ast_query_eq(a->insert_query.query, b->insert_query.query);
	case WR_STMT_QUERY: return wr_ast_query_eq(a->query, b->query);
	case WR_STMT_DROP: return drop_eq(&a->drop, &b->drop);
	case WR_STMT_ALTER:
		return a->alter.is_table == b->alter.is_table &&
		       ident_eq(&a->alter.name, &b->alter.name) &&
		       elements_eq(&a->alter.added, &b->alter.added);
	case WR_STMT_ALTER_SYSTEM:
	case WR_STMT_SET:
	case WR_STMT_UNSET:
	case WR_STMT_DEFINE:
	case WR_STMT_UNDEFINE:
		return text_eq(&a->setting.name, &b->setting.name) &&
		       wr_str_eq(a->setting.value, b->setting.value);
	case WR_STMT_SHOW: return show_eq(&a->show, &b->show);
	case WR_STMT_DESCRIBE: return describe_eq(&a->describe, &b->describe);
	case WR_STMT_PRINT: return print_eq(&a->print, &b->print);
	case WR_STMT_TERMINATE:
	case WR_STMT_PAUSE:
	case WR_STMT_RESUME:
		return a->query_id.all == b->query_id.all &&
		       text_eq(&a->query_id.id, &b->query_id.id);
	case WR_STMT_EXPLAIN: return explain_eq(&a->explain, &b->explain);
	case WR_STMT_ASSERT_TOPIC:
	case WR_STMT_ASSERT_SCHEMA: return assert_eq(&a->assertion, &b->assertion);
	case WR_STMT_SAMPLE:
	case WR_STMT_BACKUP:
	case WR_STMT_RUN_SCRIPT:
		return wr_str_eq(a->text.text, b->text.text) &&
		       limits_eq(&a->text.limit, &b->text.limit);
	}
	return false;
}

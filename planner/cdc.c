/*
 * What a stream of change events offers beside its columns: OP, BEFORE and the like, and
 * CHANGED(c), which is short for BEFORE->c IS DISTINCT FROM c. The tree that the parser made is
 * shared, so what holds a CHANGED is copied.
 */
#include "planner/impl.h"

wr_str wr_cdc_name(wr_cdc_column c)
{
	static const char *const names[] = {
#define X(tag, name, type) name,
		WR_CDC_COLUMNS(X)
#undef X
	};
	return wr_str_of(names[c]);
}

static const wr_type *before_type(wr_arena *a, const wr_relation *r)
{
	const wr_schema *s = r->schema;
	wr_str *names = WR_NEW_ARRAY(a, wr_str, s->n);
	const wr_type **kids = WR_NEW_ARRAY(a, const wr_type *, s->n);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		if (!r->header_cols || !r->header_cols[i]) {
			names[n] = s->cols[i].name;
			kids[n++] = s->cols[i].type;
		}
	return wr_type_struct(a, n, names, kids);
}

const wr_type *wr_cdc_type(wr_arena *a, const wr_relation *r, wr_cdc_column c)
{
	static const wr_tag tags[] = {
#define X(tag, name, type) WR_##type,
		WR_CDC_COLUMNS(X)
#undef X
	};
	return tags[c] == WR_STRUCT ? before_type(a, r) : wr_type_of(tags[c]);
}

static wr_ast_expr *changed(wr_arena *a, const wr_ast_expr *e)
{
	wr_ast_expr *column = e->call.args.items[0];
	wr_ast_expr *before = WR_NEW(a, wr_ast_expr), *field = WR_NEW(a, wr_ast_expr),
		    *out = WR_NEW(a, wr_ast_expr);

	before->kind = WR_AST_COLUMN;
	before->span = e->span;
	before->column.qualifier = column->column.qualifier;
	before->column.name = column->column.name;
	before->column.name.name = WR_STR_LIT("BEFORE");
	field->kind = WR_AST_DEREF;
	field->span = e->span;
	field->deref.base = before;
	field->deref.field = column->column.name;
	out->kind = WR_AST_BINARY;
	out->span = e->span;
	out->binary.op = WR_BIN_DISTINCT;
	out->binary.left = field;
	out->binary.right = column;
	return out;
}

static wr_ast_expr *swap_changed(void *self, wr_ast_expr *e)
{
	bool is = e->kind == WR_AST_CALL && wr_str_is(e->call.name.name, "CHANGED") &&
		  e->call.args.n == 1 && e->call.args.items[0]->kind == WR_AST_COLUMN;

	return is ? changed(self, e) : NULL;
}

wr_ast_expr *wr_cdc_expand(wr_arena *a, wr_ast_expr *e)
{
	return wr_ast_map(a, e, swap_changed, a);
}

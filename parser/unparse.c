/*
 * Names, types and expressions to text.
 *
 * An expression is printed for a place that asks for a binding strength; what binds less gets
 * parentheses. The strengths are the layers of weir.y:
 *
 *   OR < AND < NOT < predicates < || < + - < * / % < unary - + < AT TIME ZONE < the rest
 *
 * Example: binary(*, binary(+, a, b), c) prints as (a + b) * c, since a factor asks for PRODUCT and
 * a sum is SUM. A negative literal binds as a unary minus does.
 */
#include "parser/unparse.h"

enum strength {
	S_OR = 1,
	S_AND,
	S_NOT,
	S_PREDICATE,
	S_VALUE,
	S_SUM,
	S_PRODUCT,
	S_UNARY,
	S_ZONE,
	S_PRIMARY
};

static void put(const wr_ast_expr *e, enum strength least, wr_buf *out);

static void quoted(wr_str s, char quote, wr_buf *out)
{
	wr_buf_putc(out, quote);
	for (uint32_t i = 0; i < s.n; i++) {
		wr_buf_putc(out, s.p[i]);
		if (s.p[i] == quote)
			wr_buf_putc(out, quote);
	}
	wr_buf_putc(out, quote);
}

void wr_unparse_string(wr_str s, wr_buf *out)
{
	quoted(s, '\'', out);
}

void wr_unparse_quoted(wr_str name, wr_buf *out)
{
	quoted(name, '`', out);
}

/* Letters, digits, _ and @, not beginning with @, and not digits alone. */
static bool is_plain(wr_str s)
{
	bool letters = false;

	for (uint32_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= '0' && c <= '9')
			continue;
		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
		      (c == '@' && i > 0)))
			return false;
		letters = true;
	}
	return letters;
}

void wr_unparse_ident(const wr_ident *id, wr_buf *out)
{
	if (!id->quoted && wr_str_ieq(id->text, id->name) && is_plain(id->text))
		wr_buf_str(out, id->text);
	else
		wr_unparse_quoted(id->name, out);
}

void wr_unparse_duration(const wr_duration *d, wr_buf *out)
{
	wr_buf_printf(out, "%lld %s", (long long)d->count, wr_unit_name(d->unit));
}

/* ---------------------------------------------------------------- types */

static void scalar(const wr_type *t, wr_buf *out)
{
	if (t->tag == WR_DECIMAL)
		wr_buf_printf(out, "DECIMAL(%u, %u)", t->precision, t->scale);
	else
		wr_buf_puts(out, wr_tag_name(t->tag));
}

void wr_unparse_type(const wr_ast_type *t, wr_buf *out)
{
	switch (t->kind) {
	case WR_ASTT_SCALAR: scalar(t->type, out); return;
	case WR_ASTT_NAMED: wr_unparse_ident(&t->name, out); return;
	case WR_ASTT_ARRAY: wr_buf_puts(out, "ARRAY<"); break;
	case WR_ASTT_MAP: wr_buf_puts(out, "MAP<"); break;
	case WR_ASTT_STRUCT: wr_buf_puts(out, "STRUCT<"); break;
	}
	for (uint32_t i = 0; i < t->nkids; i++) {
		wr_buf_puts(out, i ? ", " : "");
		if (t->kind == WR_ASTT_STRUCT) {
			wr_unparse_ident(&t->names[i], out);
			wr_buf_putc(out, ' ');
		}
		wr_unparse_type(t->kids[i], out);
	}
	wr_buf_putc(out, '>');
}

/* ---------------------------------------------------------------- expressions */

static enum strength binary_strength(wr_binary_op op)
{
	switch (op) {
	case WR_BIN_OR: return S_OR;
	case WR_BIN_AND: return S_AND;
	case WR_BIN_CONCAT: return S_VALUE;
	case WR_BIN_ADD:
	case WR_BIN_SUB: return S_SUM;
	case WR_BIN_MUL:
	case WR_BIN_DIV:
	case WR_BIN_MOD: return S_PRODUCT;
	default: return S_PREDICATE;
	}
}

static enum strength strength(const wr_ast_expr *e)
{
	switch (e->kind) {
	case WR_AST_BINARY: return binary_strength(e->binary.op);
	case WR_AST_UNARY: return e->unary.op == WR_UN_NOT ? S_NOT : S_UNARY;
	case WR_AST_BETWEEN:
	case WR_AST_IN_LIST:
	case WR_AST_IN_QUERY:
	case WR_AST_LIKE:
	case WR_AST_IS_NULL: return S_PREDICATE;
	case WR_AST_AT_ZONE: return S_ZONE;
	default: return e->spelled.n && e->spelled.p[0] == '-' ? S_UNARY : S_PRIMARY;
	}
}

static void put_list(wr_ast_expr *const *items, uint32_t n, enum strength least, wr_buf *out)
{
	for (uint32_t i = 0; i < n; i++) {
		wr_buf_puts(out, i ? ", " : "");
		put(items[i], least, out);
	}
}

static void put_binary(const wr_ast_expr *e, wr_buf *out)
{
	enum strength s = binary_strength(e->binary.op);

	put(e->binary.left, s == S_PREDICATE ? S_VALUE : s, out);
	wr_buf_printf(out, " %s ", wr_binary_op_text(e->binary.op));
	put(e->binary.right, s + 1, out);
}

static void put_unary(const wr_ast_expr *e, wr_buf *out)
{
	const wr_ast_expr *v = e->unary.value;

	if (e->unary.op == WR_UN_NOT) {
		wr_buf_puts(out, "NOT ");
		put(v, S_NOT, out);
		return;
	}
	wr_buf_putc(out, e->unary.op == WR_UN_MINUS ? '-' : '+');
	/* two minuses would begin a comment */
	if (strength(v) == S_UNARY && e->unary.op == WR_UN_MINUS)
		wr_buf_putc(out, ' ');
	put(v, S_UNARY, out);
}

static void put_case(const wr_ast_expr *e, wr_buf *out)
{
	wr_buf_puts(out, "CASE");
	if (e->cases.operand) {
		wr_buf_putc(out, ' ');
		put(e->cases.operand, S_VALUE, out);
	}
	for (uint32_t i = 0; i < e->cases.n; i++) {
		wr_buf_puts(out, " WHEN ");
		put(e->cases.whens[i].when, S_OR, out);
		wr_buf_puts(out, " THEN ");
		put(e->cases.whens[i].then, S_OR, out);
	}
	if (e->cases.otherwise) {
		wr_buf_puts(out, " ELSE ");
		put(e->cases.otherwise, S_OR, out);
	}
	wr_buf_puts(out, " END");
}

static void put_call(const wr_ast_expr *e, wr_buf *out)
{
	wr_unparse_ident(&e->call.name, out);
	wr_buf_puts(out, e->call.distinct ? "(DISTINCT " : "(");
	if (e->call.star)
		wr_buf_putc(out, '*');
	put_list(e->call.args.items, e->call.args.n, S_OR, out);
	wr_buf_putc(out, ')');
}

static void put_lambda(const wr_ast_expr *e, wr_buf *out)
{
	uint32_t n = e->lambda.params.n;

	wr_buf_puts(out, n == 1 ? "" : "(");
	for (uint32_t i = 0; i < n; i++) {
		wr_buf_puts(out, i ? ", " : "");
		wr_unparse_ident(&e->lambda.params.items[i], out);
	}
	wr_buf_puts(out, n == 1 ? " => " : ") => ");
	put(e->lambda.body, S_OR, out);
}

static void put_predicate(const wr_ast_expr *e, wr_buf *out)
{
	switch (e->kind) {
	case WR_AST_BETWEEN:
		put(e->between.value, S_VALUE, out);
		wr_buf_puts(out, e->between.negated ? " NOT BETWEEN " : " BETWEEN ");
		put(e->between.low, S_VALUE, out);
		wr_buf_puts(out, " AND ");
		put(e->between.high, S_VALUE, out);
		return;
	case WR_AST_IN_LIST:
		put(e->in_list.value, S_VALUE, out);
		wr_buf_puts(out, e->in_list.negated ? " NOT IN (" : " IN (");
		put_list(e->in_list.items.items, e->in_list.items.n, S_OR, out);
		wr_buf_putc(out, ')');
		return;
	case WR_AST_IN_QUERY:
		put(e->in_query.value, S_VALUE, out);
		wr_buf_puts(out, e->in_query.negated ? " NOT IN (" : " IN (");
		wr_unparse_query(e->in_query.query, out);
		wr_buf_putc(out, ')');
		return;
	case WR_AST_LIKE:
		put(e->like.value, S_VALUE, out);
		wr_buf_puts(out, e->like.negated ? " NOT LIKE " : " LIKE ");
		put(e->like.pattern, S_VALUE, out);
		if (e->like.escape) {
			wr_buf_puts(out, " ESCAPE ");
			wr_unparse_string(e->like.escape->text, out);
		}
		return;
	default:
		put(e->is_null.value, S_VALUE, out);
		wr_buf_puts(out, e->is_null.negated ? " IS NOT NULL" : " IS NULL");
		return;
	}
}

static void put_fields(const wr_ast_expr *e, wr_buf *out)
{
	uint32_t n = e->kind == WR_AST_MAP ? e->map.n : e->fields.n;

	wr_buf_puts(out, e->kind == WR_AST_MAP ? "MAP(" : "STRUCT(");
	for (uint32_t i = 0; i < n; i++) {
		wr_buf_puts(out, i ? ", " : "");
		if (e->kind == WR_AST_MAP)
			put(e->map.keys[i], S_OR, out);
		else
			wr_unparse_ident(&e->fields.names[i], out);
		wr_buf_puts(out, " := ");
		put(e->kind == WR_AST_MAP ? e->map.values[i] : e->fields.values[i], S_OR, out);
	}
	wr_buf_putc(out, ')');
}

static void put_column(const wr_ast_expr *e, wr_buf *out)
{
	if (wr_ident_given(&e->column.qualifier)) {
		wr_unparse_ident(&e->column.qualifier, out);
		wr_buf_putc(out, '.');
	}
	wr_unparse_ident(&e->column.name, out);
}

static void put_subscript(const wr_ast_expr *e, wr_buf *out)
{
	const wr_ast_expr *base = e->subscript.base;

	/* ARRAY[ would begin a constructor */
	if (base->kind == WR_AST_COLUMN && !wr_ident_given(&base->column.qualifier) &&
	    wr_str_is(base->column.name.name, "ARRAY"))
		wr_unparse_quoted(base->column.name.name, out);
	else
		put(base, S_PRIMARY, out);
	wr_buf_putc(out, '[');
	put(e->subscript.index, S_VALUE, out);
	wr_buf_putc(out, ']');
}

static void put_literal(const wr_ast_expr *e, wr_buf *out)
{
	switch (e->kind) {
	case WR_AST_NULL: wr_buf_puts(out, "NULL"); return;
	case WR_AST_BOOL: wr_buf_puts(out, e->boolean ? "TRUE" : "FALSE"); return;
	case WR_AST_STRING: wr_unparse_string(e->text, out); return;
	case WR_AST_TYPED:
		wr_unparse_ident(&e->typed.type, out);
		wr_buf_putc(out, ' ');
		wr_unparse_string(e->typed.text, out);
		return;
	default: wr_buf_str(out, e->spelled); return;
	}
}

static void put_compound(const wr_ast_expr *e, wr_buf *out)
{
	switch (e->kind) {
	case WR_AST_CAST:
		wr_buf_puts(out, "CAST(");
		put(e->cast.value, S_OR, out);
		wr_buf_puts(out, " AS ");
		wr_unparse_type(e->cast.type, out);
		wr_buf_putc(out, ')');
		return;
	case WR_AST_DEREF:
		put(e->deref.base, S_PRIMARY, out);
		wr_buf_puts(out, "->");
		wr_unparse_ident(&e->deref.field, out);
		return;
	case WR_AST_ARRAY:
		wr_buf_puts(out, "ARRAY[");
		put_list(e->array.items, e->array.n, S_OR, out);
		wr_buf_putc(out, ']');
		return;
	case WR_AST_AT_ZONE:
		put(e->at_zone.value, S_ZONE, out);
		wr_buf_puts(out, " AT TIME ZONE ");
		wr_unparse_string(e->at_zone.zone, out);
		return;
	default:
		wr_buf_puts(out, e->kind == WR_AST_EXISTS ? "EXISTS (" : "(");
		wr_unparse_query(e->query, out);
		wr_buf_putc(out, ')');
		return;
	}
}

static void put_bare(const wr_ast_expr *e, wr_buf *out)
{
	switch (e->kind) {
	case WR_AST_NULL:
	case WR_AST_BOOL:
	case WR_AST_INTEGER:
	case WR_AST_DECIMAL:
	case WR_AST_DOUBLE:
	case WR_AST_STRING:
	case WR_AST_TYPED: put_literal(e, out); return;
	case WR_AST_COLUMN: put_column(e, out); return;
	case WR_AST_CALL: put_call(e, out); return;
	case WR_AST_LAMBDA: put_lambda(e, out); return;
	case WR_AST_UNIT: wr_buf_puts(out, wr_unit_name(e->unit)); return;
	case WR_AST_CASE: put_case(e, out); return;
	case WR_AST_UNARY: put_unary(e, out); return;
	case WR_AST_BINARY: put_binary(e, out); return;
	case WR_AST_BETWEEN:
	case WR_AST_IN_LIST:
	case WR_AST_IN_QUERY:
	case WR_AST_LIKE:
	case WR_AST_IS_NULL: put_predicate(e, out); return;
	case WR_AST_SUBSCRIPT: put_subscript(e, out); return;
	case WR_AST_MAP:
	case WR_AST_STRUCT: put_fields(e, out); return;
	case WR_AST_CAST:
	case WR_AST_DEREF:
	case WR_AST_ARRAY:
	case WR_AST_AT_ZONE:
	case WR_AST_EXISTS:
	case WR_AST_QUERY: put_compound(e, out); return;
	}
}

/* A place that asks for `least`. */
static void put(const wr_ast_expr *e, enum strength least, wr_buf *out)
{
	bool parens = strength(e) < least;

	if (parens)
		wr_buf_putc(out, '(');
	put_bare(e, out);
	if (parens)
		wr_buf_putc(out, ')');
}

void wr_unparse_expr(const wr_ast_expr *e, wr_buf *out)
{
	put(e, S_OR, out);
}

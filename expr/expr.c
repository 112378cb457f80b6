/*
 * Typed expressions: printing, equality, the columns they read.
 *
 * Printing turns the hidden rows back into operators, with parentheses around every operator inside
 * another. Two expressions print alike if they are equal, so that plans can be compared by their
 * text too.
 */
#include "expr/expr.h"

#include "functions/registry.h"

/* ---- equality */

static bool const_eq(const wr_expr *a, const wr_expr *b)
{
	const wr_vec *x = a->value, *y = b->value;

	if (!a->type || !b->type)
		return a->type == b->type;
	return wr_type_eq(a->type, b->type) && wr_vec_eq(x, 0, y, 0);
}

bool wr_expr_eq(const wr_expr *a, const wr_expr *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->nargs != b->nargs || a->col != b->col || a->fn != b->fn ||
	    a->nparams != b->nparams || a->depth != b->depth)
		return false;
	if (a->kind == WR_EXPR_CONST)
		return const_eq(a, b);
	if (!a->type != !b->type || (a->type && !wr_type_eq(a->type, b->type)))
		return false;
	for (uint32_t i = 0; i < a->nargs; i++)
		if (!wr_expr_eq(a->args[i], b->args[i]))
			return false;
	return true;
}

void wr_expr_columns(const wr_expr *e, bool *used, uint32_t n)
{
	if (e->kind == WR_EXPR_COL && e->col >= 0 && (uint32_t)e->col < n)
		used[e->col] = true;
	for (uint32_t i = 0; i < e->nargs; i++)
		wr_expr_columns(e->args[i], used, n);
}

/* ---- printing */

typedef struct printer {
	const wr_schema *schema;
	wr_buf *out;
} printer;

static void print(const printer *p, const wr_expr *e);

static const char *pseudo_name(int32_t col)
{
	static const char *const names[] = { "ROWTIME",	    "ROWPARTITION", "ROWOFFSET",
					     "WINDOWSTART", "WINDOWEND",    "HEADERS" };

	return names[-col - 1];
}

static void print_column(const printer *p, const wr_expr *e)
{
	if (e->col < 0)
		wr_buf_puts(p->out, pseudo_name(e->col));
	else if (p->schema && (uint32_t)e->col < p->schema->n)
		wr_buf_str(p->out, p->schema->cols[e->col].name);
	else
		wr_buf_printf(p->out, "#%d", e->col);
}

static void print_list(const printer *p, const wr_expr *e, uint32_t from, const char *between)
{
	for (uint32_t i = from; i < e->nargs; i++) {
		if (i > from)
			wr_buf_puts(p->out, between);
		print(p, e->args[i]);
	}
}

/* X(row, text between the two operands) */
static const struct {
	const char *row, *sign;
} infix[] = {
	{ "$add", " + " },
	{ "$sub", " - " },
	{ "$mul", " * " },
	{ "$div", " / " },
	{ "$mod", " % " },
	{ "$concat", " || " },
	{ "$eq", " = " },
	{ "$ne", " <> " },
	{ "$lt", " < " },
	{ "$le", " <= " },
	{ "$gt", " > " },
	{ "$ge", " >= " },
	{ "$like", " LIKE " },
	{ "$distinct", " IS DISTINCT FROM " },
	{ "$not_distinct", " IS NOT DISTINCT FROM " },
};

static const char *infix_of(const char *row)
{
	for (size_t i = 0; i < sizeof(infix) / sizeof(*infix); i++)
		if (strcmp(infix[i].row, row) == 0)
			return infix[i].sign;
	return NULL;
}

static void print_infix(const printer *p, const wr_expr *e, const char *sign)
{
	wr_buf_putc(p->out, '(');
	print(p, e->args[0]);
	wr_buf_puts(p->out, sign);
	print(p, e->args[1]);
	if (e->nargs > 2) {
		wr_buf_puts(p->out, " ESCAPE ");
		print(p, e->args[2]);
	}
	wr_buf_putc(p->out, ')');
}

static void print_around(const printer *p, const wr_expr *e, const char *before, const char *after)
{
	wr_buf_puts(p->out, before);
	print(p, e->args[0]);
	wr_buf_puts(p->out, after);
}

static void print_field(const printer *p, const wr_expr *e)
{
	const wr_expr *s = e->args[0];

	print(p, s);
	wr_buf_puts(p->out, "->");
	wr_buf_str(p->out, s->type->names[wr_vec_INTEGER(e->args[1]->value)[0]]);
}

static void print_struct(const printer *p, const wr_expr *e)
{
	wr_buf_puts(p->out, "STRUCT(");
	for (uint32_t i = 0; i < e->nargs; i++) {
		wr_buf_puts(p->out, i ? ", " : "");
		wr_buf_str(p->out, e->type->names[i]);
		wr_buf_puts(p->out, " := ");
		print(p, e->args[i]);
	}
	wr_buf_putc(p->out, ')');
}

static void print_map(const printer *p, const wr_expr *e)
{
	wr_buf_puts(p->out, "MAP(");
	for (uint32_t i = 0; i + 1 < e->nargs; i += 2) {
		wr_buf_puts(p->out, i ? ", " : "");
		print(p, e->args[i]);
		wr_buf_puts(p->out, " := ");
		print(p, e->args[i + 1]);
	}
	wr_buf_putc(p->out, ')');
}

static void print_bracket(const printer *p, const wr_expr *e, const char *open, const char *close)
{
	wr_buf_puts(p->out, open);
	print_list(p, e, 0, ", ");
	wr_buf_puts(p->out, close);
}

static void print_cast(const printer *p, const wr_expr *e)
{
	print_around(p, e, "CAST(", " AS ");
	wr_type_print(e->type, p->out);
	wr_buf_putc(p->out, ')');
}

static void print_operator(const printer *p, const wr_expr *e)
{
	const char *row = e->fn->name, *sign = infix_of(row);

	if (sign) {
		print_infix(p, e, sign);
	} else if (strcmp(row, "$cast") == 0) {
		print_cast(p, e);
	} else if (strcmp(row, "$not") == 0) {
		print_around(p, e, "(NOT ", ")");
	} else if (strcmp(row, "$neg") == 0) {
		print_around(p, e, "(-", ")");
	} else if (strcmp(row, "$is_null") == 0) {
		print_around(p, e, "(", " IS NULL)");
	} else if (strcmp(row, "$is_not_null") == 0) {
		print_around(p, e, "(", " IS NOT NULL)");
	} else if (strcmp(row, "$field") == 0) {
		print_field(p, e);
	} else if (strcmp(row, "$index") == 0) {
		print(p, e->args[0]);
		wr_buf_putc(p->out, '[');
		print_list(p, e, 1, ", ");
		wr_buf_putc(p->out, ']');
	} else if (strcmp(row, "$in") == 0) {
		print_around(p, e, "(", " IN (");
		print_list(p, e, 1, ", ");
		wr_buf_puts(p->out, "))");
	} else if (strcmp(row, "$array") == 0) {
		print_bracket(p, e, "ARRAY[", "]");
	} else if (strcmp(row, "$map") == 0) {
		print_map(p, e);
	} else if (strcmp(row, "$struct") == 0) {
		print_struct(p, e);
	} else {
		wr_buf_puts(p->out, row);
		print_bracket(p, e, "(", ")");
	}
}

static void print_case(const printer *p, const wr_expr *e)
{
	uint32_t i;

	wr_buf_puts(p->out, "CASE");
	for (i = 0; i + 1 < e->nargs; i += 2) {
		wr_buf_puts(p->out, " WHEN ");
		print(p, e->args[i]);
		wr_buf_puts(p->out, " THEN ");
		print(p, e->args[i + 1]);
	}
	if (i < e->nargs) {
		wr_buf_puts(p->out, " ELSE ");
		print(p, e->args[i]);
	}
	wr_buf_puts(p->out, " END");
}

/* Parameters have no names any more: p1, p2 of this lambda, p1' of the one around it. */
static void print_param(wr_buf *out, uint32_t i, uint32_t depth)
{
	wr_buf_printf(out, "p%u", i + 1);
	while (depth--)
		wr_buf_putc(out, '\'');
}

static void print_lambda(const printer *p, const wr_expr *e)
{
	wr_buf_putc(p->out, '(');
	for (uint32_t i = 0; i < e->nparams; i++) {
		wr_buf_puts(p->out, i ? ", " : "");
		print_param(p->out, i, 0);
	}
	wr_buf_puts(p->out, ") => ");
	print(p, e->args[0]);
}

static void print(const printer *p, const wr_expr *e)
{
	switch (e->kind) {
	case WR_EXPR_COL: print_column(p, e); break;
	case WR_EXPR_CONST:
		if (e->type)
			wr_vec_print(e->value, 0, p->out);
		else
			wr_buf_puts(p->out, "NULL");
		break;
	case WR_EXPR_CALL:
		if (e->fn->name[0] == '$') {
			print_operator(p, e);
		} else {
			wr_buf_puts(p->out, e->fn->name);
			print_bracket(p, e, "(", ")");
		}
		break;
	case WR_EXPR_CASE: print_case(p, e); break;
	case WR_EXPR_AND:
	case WR_EXPR_OR:
		wr_buf_putc(p->out, '(');
		print_list(p, e, 0, e->kind == WR_EXPR_AND ? " AND " : " OR ");
		wr_buf_putc(p->out, ')');
		break;
	case WR_EXPR_LAMBDA: print_lambda(p, e); break;
	case WR_EXPR_PARAM: print_param(p->out, (uint32_t)e->col, e->depth); break;
	}
}

void wr_expr_print(const wr_expr *e, const wr_schema *s, wr_buf *out)
{
	printer p = { s, out };

	print(&p, e);
}

/*
 * parse.h's entrances: a statement's text is found (parser/split.c), made tokens (lex.c,
 * lookahead.c), and parsed (weir.y).
 */
#include "grammar/parse.gen.h"
#include "grammar/parse_cx.h"
#include "parser/parse.h"

int wr_yylex(WR_YYSTYPE *value, WR_YYLTYPE *where, wr_parse_cx *cx)
{
	const wr_token *t;
	int start = cx->start;

	if (start) {
		cx->start = 0;
		*where = (wr_span){ cx->tokens->items[0].span.at, 0 };
		return start;
	}
	t = &cx->tokens->items[cx->next];
	if (t->kind)
		cx->next++;
	*where = t->span;
	if (t->kind == WR_T_INTEGER_NUMBER || t->kind == WR_T_DECIMAL_NUMBER ||
	    t->kind == WR_T_DOUBLE_NUMBER)
		value->text = t->text;
	else
		value->ident = t->ident;
	return t->kind;
}

/* Parses the tokens at text[from .. text.n) as what `start` says. */
static wr_status parse(wr_parse_cx *cx, wr_str text, uint32_t from, int start)
{
	wr_arena *a = cx->build.arena;
	wr_tokens tokens;

	if (wr_lex(a, text, from, &tokens, cx->build.err) != WR_OK)
		return WR_FAIL;
	cx->text = text;
	cx->tokens = &tokens;
	cx->start = start;
	cx->next = 0;
	if (wr_yyparse(cx) == 0)
		wr_build_finish(&cx->build);
	return cx->build.failed ? WR_FAIL : WR_OK;
}

wr_status wr_parse_next(wr_arena *a, wr_str text, uint32_t *at, wr_stmt **out, wr_err *err)
{
	wr_parse_cx *cx;
	wr_span span;
	wr_status status;

	*out = NULL;
	if (!wr_parse_split(text, at, &span))
		return WR_OK;
	cx = WR_NEW(a, wr_parse_cx);
	cx->build = (wr_build){ .arena = a, .err = err };
	status = parse(cx, (wr_str){ text.p, span.at + span.length }, span.at, WR_T_START_STMT);
	if (status == WR_OK)
		*out = cx->stmt;
	return status;
}

wr_status wr_parse(wr_arena *a, wr_str text, wr_stmts *out, wr_err *err)
{
	uint32_t at = 0, room = 0;
	wr_stmt *s;

	*out = (wr_stmts){ 0 };
	for (;;) {
		if (wr_parse_next(a, text, &at, &s, err) != WR_OK)
			return WR_FAIL;
		if (!s)
			return WR_OK;
		if (out->n == room) {
			wr_stmt **old = out->items;

			room = room ? room * 2 : 8;
			out->items = WR_NEW_ARRAY(a, wr_stmt *, room);
			if (out->n)
				memcpy(out->items, old, out->n * sizeof(*old));
		}
		out->items[out->n++] = s;
	}
}

wr_status wr_parse_expr(wr_arena *a, wr_str text, wr_ast_expr **out, wr_err *err)
{
	wr_parse_cx *cx = WR_NEW(a, wr_parse_cx);

	cx->build = (wr_build){ .arena = a, .err = err };
	if (parse(cx, text, 0, WR_T_START_EXPR) != WR_OK)
		return WR_FAIL;
	*out = cx->expr;
	return WR_OK;
}

wr_status wr_parse_type(wr_arena *a, wr_str text, wr_ast_type **out, wr_err *err)
{
	wr_parse_cx *cx = WR_NEW(a, wr_parse_cx);

	cx->build = (wr_build){ .arena = a, .err = err };
	if (parse(cx, text, 0, WR_T_START_TYPE) != WR_OK)
		return WR_FAIL;
	*out = cx->type;
	return WR_OK;
}

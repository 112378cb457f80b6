/*
 * What the parser carries along: the tokens it reads, the builders' context, the result. One per
 * statement, on the stack of syntax.c.
 */
#ifndef GRAMMAR_PARSE_CX_H
#define GRAMMAR_PARSE_CX_H

#include "grammar/lex.h"
#include "parser/build.h"

enum { WR_EXPECTED_MAX = 256 }; /* more symbols than there are tokens */

typedef struct wr_parse_cx {
	wr_build build;
	wr_str text; /* for messages */
	const wr_tokens *tokens;
	uint32_t next; /* token that yylex gives next */
	int start;     /* WR_T_START_… until it was given, then 0 */
	/* the result: one of them */
	wr_stmt *stmt;
	wr_ast_expr *expr;
	wr_ast_type *type;
	/* at a syntax error: the symbols that could have followed */
	int expected[WR_EXPECTED_MAX];
	uint32_t nexpected;
} wr_parse_cx;

/* Says what is wrong at the token just read, from cx->expected. */
void wr_parse_syntax_error(wr_parse_cx *cx, wr_span span);

#endif

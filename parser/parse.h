/*
 * Text to statements.
 */
#ifndef PARSER_PARSE_H
#define PARSER_PARSE_H

#include "parser/ast.h"

typedef struct wr_stmts {
	uint32_t n;
	wr_stmt **items;
} wr_stmts;

/*
 * Parses every statement of a text. On an error *out holds the statements before it. Errors:
 * SYNTAX, with the span in text.
 */
wr_status wr_parse(wr_arena *a, wr_str text, wr_stmts *out, wr_err *err) WR_CHECKED;

/*
 * Parses the first statement at or behind *at and sets *at behind its ';'. *out = NULL when only
 * blanks and comments are left. After an error *at stands behind the ';' that ends the bad
 * statement (or at the end), so that the caller may go on. Spans count from the start of text,
 * whatever *at was.
 */
wr_status wr_parse_next(wr_arena *a, wr_str text, uint32_t *at, wr_stmt **out,
			wr_err *err) WR_CHECKED;

/* One expression and nothing else, without ';'. */
wr_status wr_parse_expr(wr_arena *a, wr_str text, wr_ast_expr **out, wr_err *err) WR_CHECKED;
/* One type, as in CREATE TYPE … AS. */
wr_status wr_parse_type(wr_arena *a, wr_str text, wr_ast_type **out, wr_err *err) WR_CHECKED;

/*
 * The span of the next statement's text: from its first word to its ';' (or the end of the text),
 * found without parsing: for substitution and for what is recorded. false when only blanks and
 * comments are left.
 */
bool wr_parse_split(wr_str text, uint32_t *at, wr_span *out);

/* Whether the shell may hand a text on. */
typedef enum wr_complete {
	WR_COMPLETE,	      /* ends in ';' outside of quotes and comments */
	WR_COMPLETE_EMPTY,    /* blanks and comments only */
	WR_COMPLETE_MORE,     /* a statement without its ';' */
	WR_COMPLETE_STRING,   /* ' is open */
	WR_COMPLETE_DOUBLE,   /* " is open */
	WR_COMPLETE_BACKTICK, /* ` is open */
	WR_COMPLETE_COMMENT,  /* a block comment is open */
} wr_complete;

wr_complete wr_parse_complete(wr_str text);

/*
 * Puts the values of variables in place of ${name}, in code, names and strings, not in comments;
 * $${name} stays as ${name}. Outside of strings a value must read as one literal or one identifier,
 * so that no value can bring in further SQL. lookup returns the value of a name (case does not
 * matter to the caller's map) or a str with p == NULL. *out is text itself when there is nothing to
 * replace, else a copy in the arena. Errors: STATEMENT, span in text.
 */
typedef wr_str wr_lookup(void *ctx, wr_str name);
wr_status wr_substitute(wr_arena *a, wr_str text, wr_lookup *lookup, void *ctx, wr_str *out,
			wr_err *err) WR_CHECKED;

#endif

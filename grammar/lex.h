/*
 * Text to tokens: flex finds them (weir.l), lookahead.c then looks at neighbours and gives some
 * words the token that fits their place, so that the grammar needs no more than one token of
 * look-ahead.
 */
#ifndef GRAMMAR_LEX_H
#define GRAMMAR_LEX_H

#include "parser/ast.h"

typedef struct wr_token {
	int kind; /* WR_T_…; 0 at the end */
	wr_span span;
	wr_ident ident; /* words, names */
	wr_str text;	/* numbers as written, strings without quotes */
} wr_token;

typedef struct wr_tokens {
	uint32_t n, room;
	wr_token *items; /* the last one has kind 0 and is not counted in n */
	uint32_t end;	 /* behind the last token */
} wr_tokens;

/* What the scanner carries along: flex's extra data. */
typedef struct wr_scan {
	wr_arena *arena;
	wr_str text;
	uint32_t begin, at; /* the token just found is text[begin .. at) */
	wr_token *token;
	wr_err *err;
} wr_scan;

/*
 * The token of an upper-cased word, 0 when it is none; *reserved says whether it cannot be a name.
 */
int wr_keyword(wr_str upper, bool *reserved);

/*
 * The tokens from byte `from` on, up to and with the first ';' or to the end. Errors: SYNTAX (open
 * quotes, bad characters).
 */
wr_status wr_lex(wr_arena *a, wr_str text, uint32_t from, wr_tokens *out, wr_err *err) WR_CHECKED;

/* Called by wr_lex: changes kinds by context. */
void wr_lookahead(wr_tokens *t);

/* Fills a token from what flex found. They return the token's kind, or -1 with scan->err set. */
int wr_scan_word(wr_scan *s);
int wr_scan_quoted(wr_scan *s);
int wr_scan_string(wr_scan *s);
int wr_scan_number(wr_scan *s, int kind);
int wr_scan_bad(wr_scan *s);
int wr_scan_refuse(wr_scan *s, const char *message, const char *hint);

/*
 * Whether e may be read as a name without quotes: LANGUAGE's rule for identifiers, reserved words
 * not looked at.
 */
bool wr_lex_is_name(wr_str s);

#endif

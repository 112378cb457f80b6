/*
 * The tree back to text. What is printed parses to the same tree (wr_ast_stmt_eq): keywords in
 * upper case, names as the statement spelled them and quoted where it quoted them, parentheses
 * where precedence needs them, one line.
 */
#ifndef PARSER_UNPARSE_H
#define PARSER_UNPARSE_H

#include "parser/ast.h"

/* With the closing ';'. */
void wr_unparse_stmt(const wr_stmt *s, wr_buf *out);
void wr_unparse_query(const wr_ast_query *q, wr_buf *out);
void wr_unparse_expr(const wr_ast_expr *e, wr_buf *out);
void wr_unparse_type(const wr_ast_type *t, wr_buf *out);

/*
 * The name, quoted where the statement quoted it or where it is no plain word. Names that the
 * caller makes up should be marked quoted: reserved words are not known here.
 */
void wr_unparse_ident(const wr_ident *id, wr_buf *out);
/* `a``b` */
void wr_unparse_quoted(wr_str name, wr_buf *out);
/* 'it''s' */
void wr_unparse_string(wr_str s, wr_buf *out);
/* 10 SECONDS */
void wr_unparse_duration(const wr_duration *d, wr_buf *out);

#endif

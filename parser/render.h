/*
 * Errors for people: the line, a caret under the place, what is wrong, how to mend it.
 */
#ifndef PARSER_RENDER_H
#define PARSER_RENDER_H

#include "core/buf.h"

/*
 * error: syntax error at FORM
 *   line 2:10
 *   SELECT * FORM t;
 *            ^^^^
 *   hint: expected FROM
 *
 * Without a span, or when it lies outside of text, the line is left out. Ends with a newline.
 */
void wr_render_error(wr_buf *out, wr_str text, const wr_err *err);

/* Line and column of a byte, both from 1; columns count characters, not bytes. */
void wr_line_column(wr_str text, uint32_t at, uint32_t *line, uint32_t *column);

#endif

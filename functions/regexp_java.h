/* Regular expressions as Java writes them, rewritten for PCRE2. */
#ifndef FUNCTIONS_REGEXP_JAVA_H
#define FUNCTIONS_REGEXP_JAVA_H

#include "core/buf.h"

/*
 * Appends the pattern in PCRE2's language to out. Never fails: what is wrong in the pattern stays
 * so, and PCRE2 will say it.
 */
void wr_regexp_translate(wr_str pattern, wr_buf *out);

#endif

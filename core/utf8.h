/*
 * UTF-8: is it, how long, and one character at a time. No surrogates, no overlong forms, nothing
 * beyond U+10FFFF.
 */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include "core/str.h"

/*
 * Bytes of the valid character at p, 0 when there is none before end; *c, if not NULL, is the
 * character.
 */
unsigned wr_utf8_get(const char *p, const char *end, uint32_t *c);
/* Writes a character, up to 4 bytes; returns how many. c must be one (no surrogate). */
unsigned wr_utf8_put(char *to, uint32_t c);
bool wr_utf8_valid(wr_str s);
/* Characters; a byte that is part of none counts as one. */
uint32_t wr_utf8_length(wr_str s);

#endif

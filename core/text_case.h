/* Upper and lower case of UTF-8 text, by ICU's rules for no particular language; kinds of
 * characters. */
#ifndef CORE_TEXT_CASE_H
#define CORE_TEXT_CASE_H

#include "core/arena.h"

/* In the arena. ASCII costs one pass. */
wr_str wr_utf8_case(wr_arena *a, wr_str s, bool upper);

/* What kind of character c is: by Unicode's general categories Lu, Ll, Nd, and the rest. */
typedef enum wr_char_kind {
	WR_CHAR_UPPER,
	WR_CHAR_LOWER,
	WR_CHAR_DIGIT,
	WR_CHAR_OTHER
} wr_char_kind;
wr_char_kind wr_char_kind_of(uint32_t c);

#endif

/* Upper and lower case of UTF-8 text, by ICU's rules for no particular language. */
#ifndef CORE_TEXT_CASE_H
#define CORE_TEXT_CASE_H

#include "core/arena.h"

/* In the arena. ASCII costs one pass. */
wr_str wr_utf8_case(wr_arena *a, wr_str s, bool upper);

#endif

/* Internal to core/time_pattern*.c: a compiled pattern. */
#ifndef CORE_TIME_PATTERN_ITEMS_H
#define CORE_TIME_PATTERN_ITEMS_H

#include "core/time_text.h"

typedef enum wr_item_kind {
	WR_ITEM_NUMBER,	  /* letter, min, max, sign */
	WR_ITEM_FRACTION, /* min digits of a second */
	WR_ITEM_TEXT,	  /* month, weekday, am/pm, quarter, era by name; style */
	WR_ITEM_ZONE,	  /* V z O X x Z; min = count of letters */
	WR_ITEM_LITERAL,
	WR_ITEM_OPEN, /* [ ; max = index of its ] */
	WR_ITEM_CLOSE,
} wr_item_kind;

typedef enum wr_item_sign { WR_SIGN_NEVER, WR_SIGN_MINUS, WR_SIGN_EXCEEDS } wr_item_sign;
typedef enum wr_item_style { WR_STYLE_SHORT, WR_STYLE_FULL, WR_STYLE_NARROW } wr_item_style;

typedef struct wr_item {
	uint8_t kind, letter, min, sign;
	uint16_t max;
	/* NUMBER that may vary: digits that the fixed numbers right behind it need */
	uint16_t reserve;
	uint8_t style;
	bool reduced; /* two digits of a year from 2000 */
	wr_str literal;
} wr_item;

struct wr_time_pattern {
	uint32_t n;
	wr_item *items;
	unsigned uses;
};

/* The names that a TEXT item chooses from, n of them; the first stands for value *base. */
const char *const *wr_item_names(const wr_item *it, unsigned *n, int *base);

#endif

/* Sorting many byte keys, inside the room. */
#ifndef STATE_SORT_H
#define STATE_SORT_H

#include "core/arena.h"

typedef struct wr_sort_item {
	wr_str key;
	uint64_t part; /* the sort's own */
} wr_sort_item;

/* Into the order of wr_str_cmp. Equal keys in any order. */
void wr_sort(wr_sort_item *items, size_t n);

#endif

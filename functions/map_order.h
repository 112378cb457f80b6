/*
 * The order in which the functions that walk through a map meet its entries: by the keys' hashes,
 * as ksqlDB's maps do, and where two hashes fall together as they stand.
 */
#ifndef FUNCTIONS_MAP_ORDER_H
#define FUNCTIONS_MAP_ORDER_H

#include "core/vec.h"

enum { WR_MAP_FEW = 32 };

/*
 * Writes at .. at + n - 1 to rows[n] in that order. Keys that are neither texts nor integers keep
 * the order they stand in. The arena is not needed (NULL) for up to WR_MAP_FEW entries.
 */
void wr_map_order(wr_arena *a, const wr_vec *keys, uint32_t at, uint32_t n, uint32_t *rows);

#endif

/*
 * What is left of a table after its changes: rows appear and go by their whole images, so no key is
 * needed. A row that goes takes out one row equal to it.
 */
#ifndef ENGINE_LEFT_ROWS_H
#define ENGINE_LEFT_ROWS_H

#include "core/batch.h"
#include "operators/spec.h"

typedef struct wr_left_rows wr_left_rows;

wr_left_rows *wr_left_rows_new(const wr_schema *schema);
void wr_left_rows_free(wr_left_rows *l); /* NULL is fine */
/* Takes changes in order; rows are copied. */
void wr_left_rows_take(wr_left_rows *l, const wr_batch *b, uint32_t at, uint32_t n);
/* How they are handed out. */
typedef struct wr_left_order {
	uint32_t n; /* first by these columns, then by all, so that the order is one */
	const wr_order *cols;
	int64_t skip, limit;	/* limit -1: all */
	const wr_schema *shown; /* the first columns of the rows */
} wr_left_order;

/*
 * The rows that are left as INSERTs; returns how many. The batch lives as long as l.
 */
uint32_t wr_left_rows_batch(wr_left_rows *l, const wr_left_order *order, wr_batch *out);

#endif

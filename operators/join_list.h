/*
 * The rows that a stream-stream join keeps for one side and key: a payload of wr_cache. For
 * op_join_streams.c.
 */
#ifndef OPERATORS_JOIN_LIST_H
#define OPERATORS_JOIN_LIST_H

#include "operators/rows.h"
#include "state/cache.h"

typedef struct join_row {
	int64_t time, offset;
	uint64_t number; /* order of arrival */
	uint32_t part;
	bool matched;
	wr_row_bytes row;
} join_row;

typedef struct join_list { /* payload */
	uint32_t n, room;
	int64_t timer;	/* of EXPIRY; INT64_MAX: none */
	join_row *rows; /* by (time, number) */
} join_list;

extern const wr_cache_def join_list_payload;

/* Puts a row with these bytes at its place; valid until the next change. */
join_row *join_list_insert(join_list *list, join_row row, wr_str bytes);
/* The row of that time and number; NULL: it is gone. */
const join_row *join_list_find(const join_list *list, int64_t time, uint64_t number);
/* Forgets the rows before time `end`. */
void join_list_cut(join_list *list, int64_t end);

#endif

/*
 * A transient query and its client: the sink of type "client" hands rows to the callbacks of
 * wr_push_def, from the query's threads. LIMIT is counted here, where all tasks meet.
 *
 * A SELECT without EMIT (a pull query) is the same query, run over what its topics hold now and
 * then ended. Of a table's changes only the rows that are left at the end are handed on, in order;
 * left_rows.h keeps them until then. So it does with a stream's rows where an order is asked for.
 */
#ifndef ENGINE_PUSH_QUERY_H
#define ENGINE_PUSH_QUERY_H

#include "engine/query.h"

struct wr_push_query {
	wr_query *query; /* owned */
	/* of a pull query on a table, or with an order; NULL else */
	struct wr_left_rows *left;
	wr_schema shown; /* the columns that the client sees: the result's first ones */
	wr_push_def def;
	int64_t skip, limit, given;	     /* rows; limit -1: none */
	_Atomic bool limit_reached, refused; /* refused: the client wants no more */
	bool over;			     /* ended() was told; under the query's lock */
};

extern const wr_sink_def wr_client_sink_def;

/* LIMIT is reached, or the client wants no more. */
bool wr_push_query_done(const wr_push_query *p);
/* The query has ended for good: tells the client. err NULL: well. Thread: the coordinator's. */
void wr_push_query_over(wr_push_query *p, const wr_err *err);

#endif

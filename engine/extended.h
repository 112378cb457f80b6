/* The longer answers: EXTENDED, ANALYZE. */
#ifndef ENGINE_EXTENDED_H
#define ENGINE_EXTENDED_H

#include "engine/internal.h"

/* Ids of the queries that read or write a relation, parted by commas; "": none. In x's arena. */
const char *wr_readers_of(wr_exec *x, const wr_named *n);
const char *wr_writers_of(wr_exec *x, const wr_named *n);
/* Where its rows' times come from, in words. */
const char *wr_row_time_of(wr_exec *x, const wr_relation *r);
/* Fills x->out->details. */
void wr_describe_extended(wr_exec *x, const wr_named *n);
/* What a query has done since it runs, as lines. */
void wr_explain_figures(wr_exec *x, const wr_query *q, wr_buf *out);

#endif

/*
 * Inside of a join while it is planned: join_on.c reads the conditions into the two sides,
 * join_show.c says what is seen of the result, join.c makes the nodes.
 */
#ifndef PLANNER_JOIN_H
#define PLANNER_JOIN_H

#include "planner/impl.h"

/* One side: its join key is on[0..n), over from->node. */
typedef struct wr_join_side {
	const wr_from *from;
	uint32_t n;
	const wr_expr **on;
	int32_t *seen; /* per on: the seen column that it is, or -1 */
	wr_span span;
	bool is_key; /* the join key is the rows' key already */
	bool outer;  /* is_key, but NULL where an outer join below found nothing */
} wr_join_side;

typedef struct wr_joiner {
	wr_planner *p;
	const wr_ast_relation *ast;
	wr_join_side l, r;
	wr_from *out;
} wr_joiner;

/* True when an expression over from->node holds that part of the key. */
bool wr_join_holds(const wr_key_part *k, const wr_expr *e);
/* The left table's rows name rows of the right one. */
bool wr_join_foreign(const wr_joiner *j);
/* Reads ON, and refuses what cannot be joined. */
WR_CHECKED wr_status wr_join_on(wr_joiner *j, wr_err *err);
/* Fills j->out but for its node. */
void wr_join_show(wr_joiner *j);
/*
 * e of a side's from->node over rows in which its seen columns stand from `first` on; NULL when it
 * reads a column that is not seen.
 */
const wr_expr *wr_join_lift(wr_joiner *j, const wr_from *from, uint32_t first, const wr_expr *e);

#endif

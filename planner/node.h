/*
 * The typed plan: a tree of nodes over whole rows, before columns are pruned and stages cut.
 * query.c and from.c build it, lower.c makes a wr_graph of it. Columns are named by their index in
 * the child's `out`; nothing is shared, nothing changes later.
 */
#ifndef PLANNER_NODE_H
#define PLANNER_NODE_H

#include "core/catalog.h"
#include "operators/spec.h"

typedef enum wr_node_kind {
	WR_NODE_SCAN,	      /* rel */
	WR_NODE_TABLE,	      /* a table's changes with their old images */
	WR_NODE_FILTER,	      /* pred */
	WR_NODE_PROJECT,      /* exprs */
	WR_NODE_REKEY,	      /* exprs are the new keys, then carried */
	WR_NODE_FLATMAP,      /* exprs, unrolled */
	WR_NODE_AGGREGATE,    /* aggs */
	WR_NODE_ROWTIME,      /* col, time_format */
	WR_NODE_EXCHANGE,     /* rows go to the task that owns their key */
	WR_NODE_DISTINCT,     /* pk: the columns that tell rows apart */
	WR_NODE_TOP,	      /* order, limit, offset */
	WR_NODE_JOIN_TABLE,   /* stream with table; from */
	WR_NODE_JOIN_STREAMS, /* two windows of streams; from */
	WR_NODE_JOIN_TABLES,  /* two tables on their keys; from */
	WR_NODE_JOIN_FOREIGN, /* left table's expression with the right one's key; from */
} wr_node_kind;

typedef struct wr_node wr_node;
struct wr_node {
	wr_node_kind kind;
	wr_span span; /* JOIN_* */
	wr_node *in[2];
	const wr_schema *out;
	bool table;		     /* rows are table changes */
	wr_window_spec window;	     /* of the rows' key */
	const wr_relation *rel;	     /* SCAN */
	const wr_expr *pred;	     /* FILTER; JOIN_*: NULL */
	const wr_expr *const *exprs; /* PROJECT, FLATMAP: out->n; REKEY: out->nkeys */
	const bool *unrolled;	     /* FLATMAP */
	const int32_t *carried;	     /* REKEY: out->n - out->nkeys */
	bool drop_null, drop_window; /* REKEY; PROJECT: drop_window */
	bool exchange;		     /* REKEY: the rows change their task */
	uint32_t naggs;		     /* AGGREGATE */
	const wr_agg_spec *aggs;
	/* AGGREGATE of a table: its primary key among the input's columns; DISTINCT */
	uint32_t npk;
	const int32_t *pk;
	bool emit_final;
	/* JOIN_TABLE: the table's key, over the stream's row; NULL: the row's key */
	const wr_expr *key;
	uint32_t nforeign; /* JOIN_FOREIGN: the right one's key, over the left row */
	const wr_expr *const *foreign;
	wr_join_kind join; /* JOIN_* */
	bool single;	   /* EXCHANGE: all rows go to one task */
	const bool *reads; /* lower.c: columns of in[0] that a join reads beside from */
	const int32_t
	    *from; /* JOIN_*: out->n; column of the left input, or ~column of the right one */
	int64_t before, after, grace; /* JOIN_STREAMS, ms; grace -1: none given */
	uint32_t norder;	      /* TOP */
	const wr_order *order;
	int64_t limit, offset;
	bool ranked; /* TOP of a stream: the place comes first, as the key */
	int32_t col; /* ROWTIME */
	const char *time_format;
};

#endif

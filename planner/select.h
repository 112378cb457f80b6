/*
 * One SELECT while it is planned, and what it gives: the part of planner/impl.h that query.c,
 * project.c, group.c, distinct.c, order.c and subexpr.c share. Included by impl.h alone.
 */
#ifndef PLANNER_SELECT_H
#define PLANNER_SELECT_H

#include "planner/impl.h"

/* ---- query.c */

typedef enum wr_query_use {
	WR_USE_AS,     /* CREATE … AS, INSERT: keys must be in the projection */
	WR_USE_SINK,   /* CREATE SINK: keys of tables are added unseen */
	WR_USE_CLIENT, /* SELECT … EMIT: no keys */
	WR_USE_INNER,  /* in FROM: as for a sink */
} wr_query_use;

/* What a SELECT gives. */
typedef struct wr_result {
	wr_node *node;	     /* a PROJECT, its key columns first */
	const wr_str *names; /* per column of node->out, as spelt; p NULL: not shown */
	const wr_relation *leftmost;
	wr_from from;
	const wr_relation *placed; /* as wr_from's, of the result's rows */
	bool single;
	bool keyless; /* PARTITION BY NULL */
	bool one_by_one;
	bool ends;	  /* a query over the rows that are there */
	bool old_images;  /* who takes the rows wants the old image of each change */
	wr_span key_span; /* of the clause that made the key */
	uint32_t norder;  /* of a query that ends: its rows are put in order at the end */
	const wr_order *order;
	uint32_t nshown; /* columns that the client sees; those behind are for the order */
	uint32_t naggs;
	const wr_agg_spec *aggs;
} wr_result;

WR_CHECKED wr_status wr_query_plan(wr_planner *p, const wr_ast_query *q, wr_query_use use,
				   wr_str name, wr_result *out, wr_err *err);

/* One entry of the SELECT list after * was expanded. */
typedef struct wr_item {
	const wr_expr *e;
	wr_str name, text; /* name p NULL: to be generated */
	wr_span span;
	bool star;
	bool hidden;
	int32_t key; /* which key column it is, or -1 */
	uint32_t at; /* its column of the projection */
} wr_item;

typedef struct wr_items {
	uint32_t n, room;
	wr_item *items;
} wr_items;

/* The state of one SELECT while it is planned: query.c, project.c and group.c work on it. */
typedef struct wr_select {
	wr_planner *p;
	const wr_ast_query *ast;
	wr_query_use use;
	wr_str name; /* of what is made, for messages; p NULL: nothing */
	wr_from from;
	wr_binder binder;
	wr_bind_scope scope, scope_bare; /* with and without window bounds */
	wr_namer namer;
	wr_items items;
	bool cdc;      /* FROM has a stream of change events: CHANGED(c) may occur */
	bool windowed; /* it has a WINDOW clause */
	wr_window_spec window;
	/* calls that were met: their results are columns base + i until they are put in place */
	int32_t base;
	uint32_t naggs, aggs_room;
	wr_agg_spec *aggs;
	wr_span *agg_spans;
	uint32_t nunrolled, unrolled_room;
	const wr_expr **unrolled; /* the calls' arrays */
	const wr_expr *having;
	wr_order *order; /* ast->norder: col is an item */
	bool top;	 /* ORDER BY and LIMIT in a query that goes on for ever */
	uint32_t nparts; /* GROUP BY or PARTITION BY */
	const wr_expr **parts;
	wr_str *part_names;
	bool part_null; /* PARTITION BY NULL */
	/* while expressions are put over the node after grouping */
	bool lost;
	wr_span lost_span;
	int32_t lost_col;
	wr_node *node;
	uint32_t nkeys;
	wr_key_part *keys;
} wr_select;

/* project.c */
WR_CHECKED wr_status wr_select_items(wr_select *s, wr_err *err);
/* Appends an entry to the list; key is -1. */
wr_item *wr_select_add(wr_select *s, wr_item item);
WR_CHECKED wr_status wr_select_project(wr_select *s, wr_result *out, wr_err *err);
/* subexpr.c */
/* Joins the queries inside of WHERE and the SELECT list to FROM; s->ast names their columns
 * then. */
WR_CHECKED wr_status wr_subqueries_join(wr_select *s, wr_err *err);
/* no_rows.c */
/* Of a sub-query that stands for an aggregate of all its rows: whether its value of no rows is known. */
WR_CHECKED wr_status wr_no_rows_check(const wr_ast_query *q, wr_err *err);
/*
 * COUNT(*) > 0, and what HAVING says (NULL: nothing): a group whose rows have all gone is a row else,
 * whose SUM is 0 and not NULL.
 */
wr_ast_expr *wr_no_rows_having(wr_arena *a, wr_ast_expr *having, wr_span span);
/* found, the column with its value, or what it is where there are no rows. */
wr_ast_expr *wr_no_rows_value(wr_arena *a, const wr_ast_query *q, wr_ast_expr *found);
/* order.c */
/* A SELECT that gives the rows that are there, and ends. */
bool wr_select_ends(const wr_select *s);
/* What ORDER BY, LIMIT and OFFSET may say where they stand. */
WR_CHECKED wr_status wr_order_check(wr_select *s, wr_err *err);
/* Binds ORDER BY: entries of the list, hidden ones are added to it. */
WR_CHECKED wr_status wr_order_bind(wr_select *s, wr_err *err);
/* Puts the order, or the places LIMIT asks for, over the projection. */
WR_CHECKED wr_status wr_order_apply(wr_select *s, wr_result *out, wr_err *err);
/* distinct.c */
void wr_distinct_apply(wr_select *s, wr_result *out);
/* DISTINCT by the first ncols columns; rows keyed by all their columns, moved to the task of that
 * key. */
wr_node *wr_node_distinct(wr_arena *a, wr_node *in, uint32_t ncols);
wr_node *wr_node_key_by_all(wr_arena *a, wr_node *in, bool drop_null);
/* group.c */
WR_CHECKED wr_status wr_select_parts(wr_select *s, wr_err *err);
WR_CHECKED wr_status wr_select_group(wr_select *s, wr_err *err);
WR_CHECKED wr_status wr_select_partition(wr_select *s, wr_err *err);
WR_CHECKED wr_status wr_on_aggregate(void *self, const wr_bind_call *call, const wr_expr **out,
				     wr_err *err);
/* window.c */
WR_CHECKED wr_status wr_window_read(wr_planner *p, const wr_ast_window *w, bool emit_final,
				    wr_window_spec *out, wr_err *err);

/* ---- dialect.c: what dialect='ksql' refuses though we can do it; everything that asks p->ksql is
 * there */
WR_CHECKED wr_status wr_dialect_query(wr_planner *p, const wr_ast_query *q, wr_query_use use,
				      wr_err *err);
WR_CHECKED wr_status wr_dialect_sources(wr_planner *p, const wr_from *f, wr_query_use use,
					wr_err *err);
WR_CHECKED wr_status wr_dialect_join(wr_planner *p, const wr_from *left, const wr_from *right,
				     wr_span span, wr_err *err);
WR_CHECKED wr_status wr_dialect_places(wr_planner *p, const wr_relation *l, const wr_relation *r,
				       wr_span span, wr_err *err);
/* A join on a foreign key behind another join. */
WR_CHECKED wr_status wr_dialect_late_foreign(wr_planner *p, wr_span span, wr_err *err);
/* ON a = b AND c = d */
WR_CHECKED wr_status wr_dialect_conditions(wr_planner *p, wr_span span, wr_err *err);
/* IN (SELECT …), EXISTS (SELECT …), (SELECT …) as a value. */
WR_CHECKED wr_status wr_dialect_subquery(wr_planner *p, wr_span span, wr_err *err);
WR_CHECKED wr_status wr_dialect_table_agg(wr_planner *p, const wr_agg *agg, wr_span span,
					  wr_err *err);
WR_CHECKED wr_status wr_dialect_scalar(wr_planner *p, const wr_fn *fn, const wr_fn_arg *given,
				       uint32_t n, wr_span span, wr_err *err);
/* What a constant text is good for is found out by the rows. */
bool wr_dialect_late_texts(const wr_planner *p);
WR_CHECKED wr_status wr_dialect_agg_state(wr_planner *p, const wr_result *r,
					  const char *value_format, wr_err *err);
bool wr_dialect_loses_finals(const wr_planner *p);
/* Streams lose keys that SELECT does not name; key columns stand in its order. */
bool wr_dialect_keys_as_selected(const wr_planner *p);
/* * of a join with PARTITION BY shows ROWTIME and its like. */
bool wr_dialect_star_pseudo(const wr_planner *p);
/* A key that the inherited format cannot hold is written as JSON. */
bool wr_dialect_finds_key_format(const wr_planner *p);
/* WINDOWSTART and WINDOWEND are known when groups of a join's rows have windows. */
bool wr_dialect_join_bounds(const wr_planner *p);

#endif

/*
 * The planner: a statement and the catalog to what is to be done. It touches neither topics nor
 * state nor the catalog's store: a plan is a pure value, in the arena given. EXPLAIN prints it; the
 * engine carries it out.
 */
#ifndef PLANNER_PLAN_H
#define PLANNER_PLAN_H

#include "core/catalog.h"
#include "core/settings.h"
#include "operators/spec.h"
#include "parser/ast.h"

typedef enum wr_plan_kind {
	WR_PLAN_CREATE_SOURCE, /* relation only */
	WR_PLAN_CREATE_AS,     /* relation and graph that fills it */
	WR_PLAN_INSERT_QUERY,  /* graph into an existing relation */
	WR_PLAN_INSERT_VALUES, /* relation, row */
	WR_PLAN_CREATE_SINK,   /* graph */
	WR_PLAN_SELECT,	       /* graph of a push query: graph->sink is NULL */
} wr_plan_kind;

typedef struct wr_plan {
	wr_plan_kind kind;
	bool if_not_exists, or_replace;
	wr_str name;		     /* of the relation or sink */
	const wr_relation *relation; /* CREATE_*: the new one; INSERT_*: the target */
	const wr_graph *graph;
	/* CREATE_SOURCE, CREATE_AS: topic to be made when it is not there (0: must be there) */
	int32_t partitions, replicas;
	int64_t retention_ms; /* -1: not given */
	bool compact;
	/* INSERT_VALUES: one batch of rows of the relation's schema with rowtime (WR_TIME_NONE:
	 * now); key and value sides to encode with */
	const wr_batch *rows;
	wr_side_spec key, value;
	/* SELECT */
	bool emit_final;
	/* without EMIT: the rows that are there now, and then it ends */
	bool pull;
	int64_t limit; /* -1: none */
	int64_t skip;  /* OFFSET: so many rows are not given */
	/* pull: the rows are given in this order, else in that of their columns */
	uint32_t norder;
	const wr_order *order;
	/* the first so many columns are the client's; those behind are for the order */
	uint32_t nshown;
	/* result column names as spelt by the statement (graph->out->n) */
	const wr_str *names;
	wr_str query_id; /* WITH (QUERY_ID='…'); p NULL: the engine makes one */
	uint32_t nreads; /* relations read, for DROP rules */
	const wr_str *reads;
} wr_plan;

typedef struct wr_plan_cx {
	wr_arena *arena; /* the plan lives here; must outlive it */
	const wr_catalog *catalog;
	const wr_settings *settings; /* dialect among them */
	/* "kafka", "log" or "memory": where a topic without FILE is */
	const char *source_kind;
	wr_str text; /* the statement's own text, kept in the relation */
} wr_plan_cx;

/*
 * Plans CREATE STREAM/TABLE [AS], ALTER (a CREATE_SOURCE that replaces), CREATE SINK, INSERT,
 * SELECT … EMIT, ASSERT STREAM/TABLE's relation, ASSERT [NULL] VALUES' row (as INSERT_VALUES).
 * Errors: STATEMENT with span and hint; NOT_IMPLEMENTED with span for what the language has and
 * this version does not run.
 */
WR_CHECKED wr_status wr_plan_statement(const wr_plan_cx *cx, const wr_stmt *stmt, wr_plan *out,
				       wr_err *err);

/*
 * Whether a query may go on as another: CREATE OR REPLACE over a running one, or a changed
 * statement of a file that is run again. Both are plans of CREATE … AS (or CREATE SINK) under one
 * name. Filters and projections may differ; what is read and what keeps state must be the same,
 * number for number. Errors: STATEMENT, at span, with what differs.
 */
WR_CHECKED wr_status wr_plan_can_replace(const wr_plan *old, const wr_plan *fresh, wr_span span,
					 wr_err *err);

typedef enum wr_fate {
	WR_FATE_KEPT, /* state and positions go on */
	/* state is built anew from the inputs, read from where the old query began */
	WR_FATE_REBUILT,
	WR_FATE_IMPOSSIBLE,
} wr_fate;

/*
 * The verdict on such a replacement, and a line for each operator, each behind a line's end, in
 * lines. may_rebuild false: kept or impossible, and windows are never kept. IMPOSSIBLE sets err
 * (STATEMENT, at span).
 */
wr_fate wr_plan_fate(const wr_plan *old, const wr_plan *fresh, wr_span span, bool may_rebuild,
		     wr_buf *lines, wr_err *err);
/* Every key that the old one has written is one that fresh, from the start, writes again. */
bool wr_plan_covers(const wr_plan *old, const wr_plan *fresh);
/* dialect='ksql' never rebuilds. */
bool wr_dialect_rebuilds(const wr_settings *s);

/* The plan as EXPLAIN shows it: the operators as an indented tree from the sink up, stages and
 * shuffles named, state growth class (none, per key, per window …) per operator, formats and topics
 * of the ends. */
void wr_plan_explain(const wr_plan *plan, wr_buf *out);

/* The list of SELECT INTO's columns for clients: schema text as REST wants it is made by
 * core/schema.h. */

#endif

/*
 * The contract between planner and operators: const structs that lowering fills and open reads.
 * Every spec begins with wr_op_spec. All of it lives in the query's arena, is never changed, and
 * holds nothing that only our operators could understand.
 */
#ifndef OPERATORS_SPEC_H
#define OPERATORS_SPEC_H

#include "core/catalog.h"
#include "expr/expr.h"
#include "formats/format.h"
#include "operators/operator.h"
#include "sinks/sink.h"
#include "sources/source.h"

struct wr_op_spec {
	const wr_op_def *def;
	uint16_t id; /* number in the plan: names its stores; stable across restarts */
	/* its output rows are table changes (NEW, OLD, BEFORE, AFTER, GONE) */
	bool table;
	const wr_schema *in; /* of input 0 (NULL for none) */
	const wr_schema *out;
};

/* WHERE, HAVING. Keeps rows for which pred is true; pairs are mended. Of a stream, INSERT_NULL rows
 * are dropped. A GONE row passes when `table`. */
typedef struct wr_spec_filter {
	wr_op_spec base;
	const wr_expr *pred;
} wr_spec_filter;

/* SELECT list: out column i is exprs[i] over the input's row. INSERT_NULL rows keep their kind:
 * value columns are null, only keys are computed; likewise GONE. */
typedef struct wr_spec_project {
	wr_op_spec base;
	const wr_expr *const *exprs; /* out->n */
	bool drop_window;	     /* the result has no window any more */
} wr_spec_project;

/* A table's source: upserts (NEW) and deletions (GONE) by key become NEW / BEFORE+AFTER / OLD /
 * GONE with the image from its state. Fills batch.absent columns from state. Keeps all columns of
 * `in`. materialise false: passes through what the decoder says (BEFORE='EVENT', or nobody needs
 * old images: then upserts go on as NEW and deletions as GONE). */
typedef struct wr_spec_table {
	wr_op_spec base;
	bool materialise;
	bool windowed; /* rows of one key differ by their windows */
	/* of a query that ends: the rows go out at the barrier, as they are then */
	bool hold;
} wr_spec_table;

/* New keys: PARTITION BY, GROUP BY, join keys. out = new key columns (keys[i]) and then the columns
 * carried[] of the input. A null or failed key: for GROUP BY and inner joins the row is dropped and
 * counted; for PARTITION BY it goes on with a null key. Table rows: an update whose key changes
 * becomes OLD (old key) then NEW (new key); else the pair stays. */
typedef struct wr_spec_rekey {
	wr_op_spec base;
	uint32_t nkeys;
	const wr_expr *const *keys;
	/* out->n - nkeys input columns (or pseudo columns WR_COL_*) */
	const int32_t *carried;
	bool drop_null; /* drop rows with any null key part */
	bool drop_window;
} wr_spec_rekey;

typedef struct wr_window_spec {
	wr_window_kind kind;
	int64_t size, advance; /* ms; SESSION: size is the gap */
	int64_t grace;	       /* ms, resolved by the planner */
	int64_t retention;     /* ms; 0: size + grace */
} wr_window_spec;

typedef struct wr_agg_spec {
	const wr_agg *agg;
	uint32_t nargs;
	const wr_expr *const *args;  /* over the input's row; nargs 0: COUNT(*) */
	const wr_vec *const *consts; /* constant arguments, NULL where none */
	const wr_type *const *types;
	const wr_type *result;
} wr_agg_spec;

/* GROUP BY: input rows have the group as their key columns (rekey stands before it where needed).
 * out = key columns, then one column per aggregate; a windowed one sets wstart and wend. One input
 * change gives one output change per window, unless the cache merges them or emit_final holds them
 * back. Row time out: highest of the group (window). */
typedef struct wr_spec_aggregate {
	wr_op_spec base;
	bool from_table; /* input rows are table changes: undo on removal */
	/* from_table: columns of `in` that are the input table's primary key: pk[] */
	uint32_t npk;
	const int32_t *pk;
	wr_window_spec window;
	uint32_t naggs;
	const wr_agg_spec *aggs;
	/* nobody downstream needs old images: a group's every change goes out as NEW with its new
	 * image (cheaper) */
	bool no_before;
	bool emit_final;
	/* LANGUAGE section 8: EMIT FINAL forgets windows out of retention (dialect='ksql') */
	bool lose_late_finals;
} wr_spec_aggregate;

/* Stream-table join. Input 0 stream, input 1 table (materialised here by its key). key: over the
 * stream's row, the table's one key column; NULL: the stream's first key columns are the table's
 * key. out = out key and columns are taken by `from`: column i of out is column from[i] of the
 * stream, or ~from[i] of the table when negative. A windowed stream keeps its window. */
typedef struct wr_spec_join_table {
	wr_op_spec base;
	const wr_schema *right;
	const wr_expr *key;
	bool left_outer;
	const int32_t *from;
} wr_spec_join_table;

typedef enum wr_join_kind {
	WR_JOINS_INNER,
	WR_JOINS_LEFT,
	WR_JOINS_RIGHT,
	WR_JOINS_FULL
} wr_join_kind;

/* Stream-stream join. Both inputs have the join key as their key columns. A left row at time l and
 * a right one at r with equal keys match when l - before <= r <= l + after. out = key columns (of
 * the side that is there), then from[] as in wr_spec_join_table, null where that side is missing;
 * from has out->n entries, those of the key columns are not looked at. Row time: the later of the
 * two. grace < 0: none was given: a row of an outer side without match goes out at once, and rows
 * are kept for 24 h; else a row without match goes out when before/after and grace are over.
 * window: of the left side's keys, NONE without windows; then rows meet only when their windows
 * begin (sessions: and end) at the same time, and the result has the left side's kind of window. */
typedef struct wr_spec_join_streams {
	wr_op_spec base;
	const wr_schema *right;
	wr_window_spec window;
	wr_join_kind kind;
	int64_t before, after, grace; /* ms */
	const int32_t *from;
} wr_spec_join_streams;

/* Table-table join on both primary keys, which are the inputs' key columns; each side is kept here.
 * from as above. Out: table changes by that key; row time: the later of the two current rows. */
typedef struct wr_spec_join_tables {
	wr_op_spec base;
	const wr_schema *right;
	wr_join_kind kind;
	const int32_t *from;
} wr_spec_join_tables;

/* Foreign-key join of two tables: a left row refers to at most one right row. Both inputs have
 * their own primary key as key columns; foreign[] are over the left row and have the types of the
 * right table's key columns. out = the left table's key columns, then from[] as above. Both sides
 * are kept here, and one task sees all rows of both: its stage's inputs come with hash_cols 0. kind
 * is INNER or LEFT. Out: table changes by the left key; row time: the later of the two current
 * rows. */
typedef struct wr_spec_join_foreign {
	wr_op_spec base;
	const wr_schema *right;
	uint32_t nforeign;
	/* one per key column of the right table; a null one refers to nobody */
	const wr_expr *const *foreign;
	wr_join_kind kind;
	const int32_t *from;
} wr_spec_join_foreign;

/* EXPLODE and its kind: columns exprs[i], those with udtf[i] != NULL are unrolled: zipped, the
 * shorter padded with null. */
typedef struct wr_spec_flatmap {
	wr_op_spec base;
	/* out->n; an ARRAY of the column's type where unrolled[i] */
	const wr_expr *const *exprs;
	const bool *unrolled;
} wr_spec_flatmap;

/* TIMESTAMP property of CREATE … AS: row time becomes that column's value; rows with a bad one are
 * dropped (or fail the query). */
typedef struct wr_spec_rowtime {
	wr_op_spec base;
	int32_t col;
	const char *format; /* pattern; NULL unless STRING */
	bool strict;
} wr_spec_rowtime;

/*
 * ORDER BY … LIMIT limit OFFSET offset: the rows in those places, as a table by the key of the
 * input, whose columns stay. Of a stream: rows without a key; or ranked: out = RANK BIGINT (its one
 * key column: places from 1) and then the columns of in. All rows come to one task. offset + limit
 * <= WR_TOP_MAX.
 */
typedef struct wr_order {
	int32_t col;	 /* of in */
	bool descending; /* nulls are the smallest value */
} wr_order;

enum { WR_TOP_MAX = 1000000 };

typedef struct wr_spec_top {
	wr_op_spec base;
	uint32_t norder;
	const wr_order *order;
	uint64_t limit, offset;
	bool stream, ranked;
} wr_spec_top;

/* DISTINCT: rows whose columns cols[] (a table: all of its key) were not there yet, or are there no
 * more. A stream gives its rows as a table's where base.table is set. Columns are those of in. */
typedef struct wr_spec_distinct {
	wr_op_spec base;
	uint32_t ncols;
	const int32_t *cols;
	bool stream;
} wr_spec_distinct;

/* LIMIT of a transient query: after n rows the driver is told to end. */
typedef struct wr_spec_limit {
	wr_op_spec base;
	uint64_t n;
} wr_spec_limit;

/* ---------------------------------------------------------------- the graph of a query */

/* One topic read by the query. */
typedef struct wr_scan {
	wr_str relation; /* its name in the catalog */
	const wr_source_spec *source;
	const wr_decode_spec *decode;
	bool table;
} wr_scan;

/* A stage: operators that one task runs by direct calls. Its inputs are scans or the exchanges of
 * earlier stages. */
typedef struct wr_stage_input {
	int32_t scan;  /* index of a scan, or -1 */
	int32_t stage; /* else: the earlier stage whose rows come here */
	uint16_t op;   /* they go to this operator of the stage … */
	uint8_t input; /* … at this input */
	/* a join's table side: read to its end of the start before the others begin */
	bool first;
	bool broadcast; /* every task gets all rows (never used for now) */
} wr_stage_input;

typedef struct wr_stage_op {
	const wr_op_spec *spec;
	int32_t next; /* operator of the stage that takes its rows; -1: the stage's end */
	uint8_t next_input;
} wr_stage_op;

typedef struct wr_stage {
	uint32_t ninputs, nops;
	const wr_stage_input *inputs;
	const wr_stage_op *ops; /* upstream first */
	/* The end: rows go to another stage, hashed on the key columns, or, in the last stage, to
	 * the sink. */
	bool last;
	uint32_t hash_cols; /* key columns that decide the task; 0 with !last: all to task 0 */
} wr_stage;

typedef struct wr_graph {
	uint32_t nscans, nstages;
	const wr_scan *scans;
	const wr_stage *stages; /* topological order; the last one is `last` */
	const wr_schema *out;
	bool table;		  /* the result is a table */
	wr_window_spec window;	  /* of the result's key; kind NONE: none */
	const wr_sink_spec *sink; /* NULL: transient query, rows go to the client */
	/* branches of one source meet again: runs of one row (DESIGN section 4) */
	bool one_by_one;
} wr_graph;

#endif

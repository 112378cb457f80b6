/*
 * What the planner's files share and nobody else sees.
 */
#ifndef PLANNER_IMPL_H
#define PLANNER_IMPL_H

#include "planner/bind.h"
#include "planner/node.h"
#include "planner/plan.h"

typedef struct wr_planner {
	const wr_plan_cx *cx;
	wr_arena *a;
	const wr_catalog *catalog;
	const wr_settings *set;
	bool ksql;			  /* dialect='ksql': asked in dialect.c only */
	const struct wr_with_query *with; /* queries named by WITH, innermost first */
} wr_planner;

/* WITH name [(columns)] AS (query): visible to queries behind it and inside. */
typedef struct wr_with_query {
	const struct wr_with_query *outer; /* what its own query sees */
	const wr_cte *cte;
} wr_with_query;

#define WR_REFUSE(err, span, ...) wr_err_set((err), WR_ERR_STATEMENT, (span), __VA_ARGS__)
#define WR_LATER(err, span, ...)  wr_err_set((err), WR_ERR_NOT_IMPLEMENTED, (span), __VA_ARGS__)

/* ---- names.c */

/* The relation of that name, or an error with did-you-mean at its place. */
const wr_relation *wr_find_relation(wr_planner *p, const wr_ident *name, wr_err *err);
/* ROWTIME, ROWPARTITION, ROWOFFSET, WINDOWSTART, WINDOWEND. */
bool wr_reserved_name(wr_str name);

/* Makes KSQL_COL_n and names of struct fields that nothing else has. */
typedef struct wr_namer {
	wr_arena *a;
	uint32_t next, ntaken, room;
	wr_str *taken;
} wr_namer;
void wr_namer_take(wr_namer *n, wr_str name);
wr_str wr_namer_column(wr_namer *n);
wr_str wr_namer_field(wr_namer *n, wr_str field);

/* ---- with.c */

typedef enum wr_with_place {
	WR_WITH_SOURCE = 1,	/* CREATE STREAM/TABLE */
	WR_WITH_AS = 2,		/* CREATE … AS */
	WR_WITH_INSERT = 4,	/* INSERT INTO … SELECT */
	WR_WITH_KAFKA_SINK = 8, /* CREATE SINK with TYPE='kafka' */
} wr_with_place;

/* All properties of a WITH clause. What was not given: p NULL, NULL, -1 or 0 as noted. */
typedef struct wr_with {
	wr_span span; /* of the clause; {0,0} without one */
	wr_str topic;
	const char *key_format, *value_format; /* FORMAT sets both */
	wr_span key_format_span, value_format_span;
	int64_t partitions, replicas; /* -1 */
	int64_t retention_ms;	      /* -1 */
	bool compact;
	wr_str timestamp, timestamp_format;
	wr_span timestamp_span, timestamp_format_span;
	int8_t wrap; /* -1 */
	wr_span wrap_span;
	char key_delimiter, value_delimiter; /* 0 */
	wr_span key_delimiter_span, value_delimiter_span;
	wr_window_kind window;
	wr_span window_span;
	int64_t window_size; /* 0 */
	wr_str query_id;
	wr_str file;
	wr_span file_span;
	int8_t file_records, file_follow; /* -1 */
	wr_str start_at;
	int on_error;
	wr_str dead_letter;
	wr_span dead_letter_span;
	int8_t before_event; /* -1 */
	wr_span before_span;
	int64_t idle_timeout; /* 0 */
} wr_with;

WR_CHECKED wr_status wr_with_read(wr_planner *p, const wr_props *props, wr_with_place place,
				  wr_with *out, wr_err *err);
/* "30 SECONDS" in milliseconds; false when it is no duration. */
bool wr_duration_read(wr_str text, int64_t *ms);
/* Reads START_AT into a source spec; false when it says nothing of that kind. */
bool wr_start_read(wr_str text, wr_start *start, int64_t *value);

/* ---- formats.c: formats of both sides of a relation */

/* Checks a format by name; NULL with err set. */
WR_CHECKED const wr_format_def *wr_format_known(wr_planner *p, const char *name, wr_span span,
						wr_err *err);
/* Sets key_wrap and value_wrap of r, checks that its formats can hold its columns. */
WR_CHECKED wr_status wr_relation_formats(wr_planner *p, wr_relation *r, const wr_with *w,
					 wr_err *err);
/* The two sides of a relation's records over its own schema (columns i at `to` i). */
void wr_relation_sides(wr_arena *a, const wr_relation *r, wr_side_spec *key, wr_side_spec *value);
bool wr_is_debezium(const wr_relation *r);

/* ---- create.c */

WR_CHECKED wr_status wr_plan_create_source(wr_planner *p, const wr_stmt *s, wr_plan *out,
					   wr_err *err);
WR_CHECKED wr_status wr_plan_alter(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err);
/* A type of the statement, CREATE TYPE's included. */
WR_CHECKED wr_status wr_read_type(wr_planner *p, const wr_ast_type *ast, const wr_type **out,
				  wr_err *err);
/* Whether a relation of that name may be made; old: what has it now, or NULL. */
WR_CHECKED wr_status wr_check_existing(const wr_planner *p, const wr_stmt_create_source *c,
				       const wr_relation *old, wr_err *err);
/* CREATE OR REPLACE: the new relation must be able to stand in for the old one. */
WR_CHECKED wr_status wr_check_replacement(const wr_planner *p, const wr_stmt_create_source *c,
					  const wr_relation *fresh, wr_err *err);
/* The TIMESTAMP property: must be a column of the schema and of a type that is a time. */
WR_CHECKED wr_status wr_check_timestamp(wr_planner *p, const wr_schema *schema, const wr_with *w,
					wr_relation *r, int32_t *col, wr_err *err);

/* ---- from.c */

typedef enum wr_seen_flag {
	WR_SEEN_PSEUDO = 1, /* ROWTIME …: not in * */
	WR_SEEN_CDC = 2,    /* OP, BEFORE …: not in * */
	WR_SEEN_KEY = 4,
	WR_SEEN_HEADER = 8,
	WR_SEEN_BOUND = 16, /* WINDOWSTART, WINDOWEND */
	/* the value of a query inside an expression: not in *, has a name that nobody can write */
	WR_SEEN_QUERY = 64,
	WR_SEEN_SYNTHETIC = 32, /* the key that a join made: in * but in no source.* */
} wr_seen_flag;

/* A column that FROM makes visible. */
typedef struct wr_seen {
	wr_str source;	    /* name or alias of its relation */
	wr_str source_text; /* as spelt */
	wr_str name, text;
	const wr_type *type;
	int32_t col; /* of from.node->out, or a pseudo column */
	unsigned flags;
} wr_seen;

/*
 * A key column of FROM's rows: columns of from.node->out that hold its value, in the order in which
 * they are preferred.
 */
typedef struct wr_key_part {
	uint32_t n;
	const int32_t *cols;
	const bool *
	    outer; /* of cols: NULL where an outer join found nothing, though the key is not; NULL: none is */
	uint32_t nexprs; /* and expressions over node->out with that value, in a chain of joins */
	const wr_expr **exprs;
	wr_str words; /* "L.A or R.A", for messages */
} wr_key_part;

typedef struct wr_from {
	wr_node *node;
	bool join;
	bool one_by_one;
	bool single; /* one task has all rows */
	const wr_relation *
	    placed; /* its topic's partitions decide where rows are; NULL: our own hash of the key */
	wr_span span;
	bool cdc; /* a stream of change events is seen: CHANGED(c) may occur */
	uint32_t nsources;
	const wr_relation **sources; /* all that is read, leftmost first */
	uint32_t naliases;
	wr_str *aliases; /* names of the relations seen */
	uint32_t nseen;
	wr_seen *seen;
	uint32_t nkeys;
	wr_key_part *keys;
} wr_from;

WR_CHECKED wr_status wr_from_plan(wr_planner *p, const wr_ast_relation *r, const wr_ast_query *q,
				  wr_from *out, wr_err *err);
/* The scope of what FROM shows; without: flags of columns that stay hidden. */
wr_bind_scope wr_from_scope(wr_planner *p, const wr_from *f, unsigned without);
/* True when another source has a column of that name too. */
bool wr_from_clashes(const wr_from *f, wr_str name);
/* Whether a source stands on both sides: then their rows must come one by one. */
bool wr_from_shares(const wr_from *l, const wr_from *r);

/* subquery.c: a SELECT in FROM, a query named by WITH */
WR_CHECKED wr_status wr_from_query(wr_planner *p, const wr_ast_query *q, const wr_ident *alias,
				   wr_span span, wr_from *out, wr_err *err);
/* Likewise; *found is false when nothing of that name is visible. */
WR_CHECKED wr_status wr_from_with(wr_planner *p, const wr_ast_relation *r, wr_from *out,
				  bool *found, wr_err *err);
/* Makes the queries of a WITH visible; returns what was before, for the caller to put back. */
WR_CHECKED wr_status wr_with_open(wr_planner *p, const wr_ast_query *q,
				  const wr_with_query **before, wr_err *err);

/* join.c */
WR_CHECKED wr_status wr_from_join(wr_planner *p, const wr_ast_relation *r, const wr_from *left,
				  const wr_from *right, wr_from *out, wr_err *err);

/* ---- cdc.c */

/* Types of the columns that a DEBEZIUM stream adds, WR_CDC_COUNT of them. */
const wr_type *wr_cdc_type(wr_arena *a, const wr_relation *r, wr_cdc_column c);
wr_str wr_cdc_name(wr_cdc_column c);
/* e with CHANGED(c) replaced by BEFORE->c IS DISTINCT FROM c; e itself when there is none. */
wr_ast_expr *wr_cdc_expand(wr_arena *a, wr_ast_expr *e);

/* ---- ast_map.c */

/*
 * A copy of e in which swap replaced expressions: it is asked for each from the top, and returns
 * what stands there instead, or NULL to go on below. Queries are not entered, the value of IN
 * (SELECT …) is. e NULL gives NULL.
 */
wr_ast_expr *wr_ast_map(wr_arena *a, wr_ast_expr *e,
			wr_ast_expr *(*swap)(void *self, wr_ast_expr *e), void *self);

typedef struct wr_result wr_result; /* select.h */

/* ---- nodes.c: builders */
wr_node *wr_node_new(wr_arena *a, wr_node_kind kind, wr_node *in); /* out, table, window as in's */
wr_node *wr_node_filter(wr_arena *a, wr_node *in, const wr_expr *pred);
/*
 * Whether rows keep the keys of the records they came in: then a record without key gives one
 * without key. Keys that are made on the way are there, though all their columns be null.
 */
bool wr_node_keeps_keys(const wr_node *n);
wr_schema *wr_schema_new(wr_arena *a, uint32_t n, uint32_t nkeys);
wr_column *wr_schema_cols(const wr_schema *s); /* to fill a new one */
/* Rewrites columns of e: i becomes map[i], pseudo columns stay. */
const wr_expr *wr_expr_move(wr_arena *a, const wr_expr *e, const int32_t *map);

/* ---- sink.c */
const wr_sink_spec *wr_sink_of_relation(wr_planner *p, const wr_relation *r, bool table);
WR_CHECKED wr_status wr_plan_create_sink(wr_planner *p, const wr_stmt *s, wr_plan *out,
					 wr_err *err);

/* ---- scan.c */
/*
 * map: the relation's columns (and those of change events behind them) -> columns of schema, -1:
 * nobody reads it.
 */
wr_scan wr_scan_of(wr_planner *p, const wr_relation *r, const wr_schema *schema,
		   const int32_t *map);

/* ---- lower.c */
WR_CHECKED wr_status wr_lower(wr_planner *p, wr_node *root, const wr_sink_spec *sink,
			      const wr_result *r, int64_t limit, const wr_graph **out, wr_err *err);

/* ---- as.c, insert.c */
/* Formats and topic of a result, where WITH does not say. */
WR_CHECKED wr_status wr_inherit_formats(wr_planner *p, const wr_result *r, const wr_with *w,
					wr_relation *rel, wr_err *err);
WR_CHECKED wr_status wr_inherit_topic(wr_planner *p, const wr_result *r, const wr_with *w,
				      wr_relation *rel, wr_plan *out, wr_err *err);
WR_CHECKED wr_status wr_plan_create_as(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err);
WR_CHECKED wr_status wr_plan_insert_query(wr_planner *p, const wr_stmt *s, wr_plan *out,
					  wr_err *err);
WR_CHECKED wr_status wr_plan_insert_values(wr_planner *p, const wr_stmt *s, wr_plan *out,
					   wr_err *err);
WR_CHECKED wr_status wr_plan_select(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err);
void wr_plan_reads(wr_planner *p, const wr_from *f, wr_plan *out);

#include "planner/select.h"

#endif

/*
 * The tree of a statement: plain structs, made by the parser in the statement's arena, read by
 * everyone else.
 *
 * A statement (wr_stmt) and an expression (wr_ast_expr) are a kind, a span and a union with one
 * member per kind, so a switch over `kind` is checked by the compiler and nothing is ever cast.
 * What is optional and absent is NULL, or has n == 0, or is an ident without name (wr_ident_given),
 * as noted at each. Nothing is resolved: names are names.
 *
 * Spans count bytes in the text that was given to the parser. All strings live in the arena; none
 * point into that text.
 */
#ifndef PARSER_AST_H
#define PARSER_AST_H

#include "core/type.h"

/* ---------------------------------------------------------------- small parts */

/* A name. The parser upper-cases what was not quoted; sinks name their fields by `text`. */
typedef struct wr_ident {
	wr_str name; /* as the catalog stores it */
	wr_str text; /* as the statement spells it, without quotes */
	wr_span span;
	bool quoted; /* `x` or "x" */
} wr_ident;

static inline bool wr_ident_given(const wr_ident *id)
{
	return id->name.p != NULL;
}

typedef struct wr_ident_list {
	uint32_t n;
	wr_ident *items;
} wr_ident_list;

typedef struct wr_ast_expr wr_ast_expr;
typedef struct wr_ast_query wr_ast_query;
typedef struct wr_stmt wr_stmt;

typedef struct wr_ast_exprs {
	uint32_t n;
	wr_ast_expr **items;
	wr_span span; /* all of it; {0,0} when the clause is absent */
} wr_ast_exprs;

/* X(tag, milliseconds) */
#define WR_UNITS(X)                                                                                \
	X(MILLISECONDS, 1)                                                                         \
	X(SECONDS, 1000)                                                                           \
	X(MINUTES, 60000)                                                                          \
	X(HOURS, 3600000)                                                                          \
	X(DAYS, 86400000)                                                                          \
	X(MONTHS, 0) /* only as an argument of a function */                                       \
	X(YEARS, 0)

typedef enum wr_unit {
#define X(tag, ms) WR_UNIT_##tag,
	WR_UNITS(X)
#undef X
} wr_unit;

/* "SECONDS" */
const char *wr_unit_name(wr_unit u);

/* 10 SECONDS */
typedef struct wr_duration {
	bool given;
	int64_t ms;
	int64_t count; /* as written, in `unit` */
	wr_unit unit;
	wr_span span;
} wr_duration;

/*
 * One NAME = literal of a WITH clause or SET. A name written as a string or quoted identifier keeps
 * its case in name.text; name.name is upper-cased in every case: properties are looked up by it.
 */
typedef struct wr_prop {
	wr_ident name;
	wr_ast_expr *value; /* a literal: NULL, BOOL, INTEGER, DECIMAL, DOUBLE, STRING */
} wr_prop;

typedef struct wr_props {
	bool given; /* WITH () is given with n == 0 */
	uint32_t n;
	wr_prop *items;
	wr_span span;
} wr_props;

/* ---------------------------------------------------------------- types */

typedef enum wr_ast_type_kind {
	WR_ASTT_SCALAR, /* BOOLEAN … TIMESTAMP, DECIMAL: type is set */
	WR_ASTT_ARRAY,	/* kids[0] */
	WR_ASTT_MAP,	/* kids[0], kids[1] */
	WR_ASTT_STRUCT, /* kids[i] named names[i] */
	WR_ASTT_NAMED,	/* name of a CREATE TYPE, or no type at all */
} wr_ast_type_kind;

typedef struct wr_ast_type wr_ast_type;
struct wr_ast_type {
	wr_ast_type_kind kind;
	wr_span span;
	const wr_type *type; /* the type itself; NULL when a NAMED occurs in it */
	wr_ident name;	     /* NAMED */
	uint32_t nkids;
	wr_ast_type **kids;
	wr_ident *names; /* STRUCT */
	uint32_t depth;	 /* of the tree below; the parser bounds it */
};

/* ---------------------------------------------------------------- expressions */

/* X(tag, text): binary operators */
#define WR_BINARY_OPS(X)                                                                           \
	X(OR, "OR")                                                                                \
	X(AND, "AND")                                                                              \
	X(EQ, "=")                                                                                 \
	X(NE, "<>")                                                                                \
	X(LT, "<")                                                                                 \
	X(LE, "<=")                                                                                \
	X(GT, ">")                                                                                 \
	X(GE, ">=")                                                                                \
	X(DISTINCT, "IS DISTINCT FROM")                                                            \
	X(NOT_DISTINCT, "IS NOT DISTINCT FROM")                                                    \
	X(CONCAT, "||")                                                                            \
	X(ADD, "+")                                                                                \
	X(SUB, "-")                                                                                \
	X(MUL, "*")                                                                                \
	X(DIV, "/")                                                                                \
	X(MOD, "%")

typedef enum wr_binary_op {
#define X(tag, text) WR_BIN_##tag,
	WR_BINARY_OPS(X)
#undef X
} wr_binary_op;

/* "<=" */
const char *wr_binary_op_text(wr_binary_op op);

typedef enum wr_unary_op { WR_UN_NOT, WR_UN_MINUS, WR_UN_PLUS } wr_unary_op;

typedef enum wr_ast_expr_kind {
	WR_AST_NULL,
	WR_AST_BOOL,	  /* boolean */
	WR_AST_INTEGER,	  /* integer: 12, -12; INTEGER if it fits 32 bits, else BIGINT */
	WR_AST_DECIMAL,	  /* text: 1.50, -1., .5 */
	WR_AST_DOUBLE,	  /* number: 1e3 */
	WR_AST_STRING,	  /* text, quotes resolved */
	WR_AST_TYPED,	  /* typed: DATE '2020-01-01' */
	WR_AST_COLUMN,	  /* column */
	WR_AST_CALL,	  /* call */
	WR_AST_LAMBDA,	  /* lambda; only as an argument of a call */
	WR_AST_UNIT,	  /* unit; only as an argument of a call: TIMESTAMPADD(SECONDS, …) */
	WR_AST_CASE,	  /* cases */
	WR_AST_CAST,	  /* cast */
	WR_AST_UNARY,	  /* unary; a minus before a number literal is part of the literal */
	WR_AST_BINARY,	  /* binary */
	WR_AST_BETWEEN,	  /* between */
	WR_AST_IN_LIST,	  /* in_list */
	WR_AST_IN_QUERY,  /* in_query */
	WR_AST_LIKE,	  /* like */
	WR_AST_IS_NULL,	  /* is_null */
	WR_AST_SUBSCRIPT, /* subscript: base[index] */
	WR_AST_DEREF,	  /* deref: base->field */
	WR_AST_ARRAY,	  /* array: ARRAY[…] */
	WR_AST_MAP,	  /* map: MAP(k := v, …) */
	WR_AST_STRUCT,	  /* fields: STRUCT(n := v, …) */
	WR_AST_AT_ZONE,	  /* at_zone: x AT TIME ZONE 'z' */
	WR_AST_QUERY,	  /* query: (SELECT …) as a value */
	WR_AST_EXISTS,	  /* query: EXISTS (SELECT …) */
} wr_ast_expr_kind;

typedef struct wr_when {
	wr_ast_expr *when, *then;
} wr_when;

struct wr_ast_expr {
	wr_ast_expr_kind kind;
	wr_span span; /* without parentheses around it */
	union {
		bool boolean;
		int64_t integer;
		double number;
		wr_str text; /* DECIMAL, STRING; DOUBLE keeps its spelling in `spelled` */
		struct {
			wr_ident type;
			wr_str text;
		} typed;
		struct {
			wr_ident qualifier; /* may be absent */
			wr_ident name;
		} column;
		struct {
			wr_ident name;
			bool star;     /* COUNT(*) */
			bool distinct; /* COUNT(DISTINCT x) */
			wr_ast_exprs args;
		} call;
		struct {
			wr_ident_list params;
			wr_ast_expr *body;
		} lambda;
		wr_unit unit;
		struct {
			/* CASE operand WHEN …; NULL for the searched form */
			wr_ast_expr *operand;
			uint32_t n;
			wr_when *whens;
			wr_ast_expr *otherwise; /* may be NULL */
		} cases;
		struct {
			wr_ast_expr *value;
			wr_ast_type *type;
		} cast;
		struct {
			wr_unary_op op;
			wr_ast_expr *value;
		} unary;
		struct {
			wr_binary_op op;
			wr_ast_expr *left, *right;
		} binary;
		struct {
			wr_ast_expr *value, *low, *high;
			bool negated;
		} between;
		struct {
			wr_ast_expr *value;
			wr_ast_exprs items; /* n >= 1 */
			bool negated;
		} in_list;
		struct {
			wr_ast_expr *value;
			wr_ast_query *query;
			bool negated;
		} in_query;
		struct {
			wr_ast_expr *value, *pattern;
			wr_ast_expr *escape; /* a STRING literal; may be NULL */
			bool negated;
		} like;
		struct {
			wr_ast_expr *value;
			bool negated;
		} is_null;
		struct {
			wr_ast_expr *base, *index;
		} subscript;
		struct {
			wr_ast_expr *base;
			wr_ident field;
		} deref;
		wr_ast_exprs array;
		struct {
			uint32_t n;
			wr_ast_expr **keys, **values;
		} map;
		struct {
			uint32_t n;
			wr_ident *names;
			wr_ast_expr **values;
		} fields;
		struct {
			wr_ast_expr *value;
			wr_str zone;
		} at_zone;
		wr_ast_query *query;
	};
	uint32_t depth; /* of the tree below; the parser bounds it, so recursion over it is safe */
	wr_str spelled; /* number literals: the text as written, with its sign; else empty */
};

/* ---------------------------------------------------------------- queries */

typedef enum wr_item_kind {
	WR_ITEM_EXPR,	     /* expr [AS alias] */
	WR_ITEM_STAR,	     /* * */
	WR_ITEM_SOURCE_STAR, /* source.* */
	WR_ITEM_STRUCT_STAR, /* expr->* */
} wr_item_kind;

typedef struct wr_select_item {
	wr_item_kind kind;
	wr_span span;
	wr_ast_expr *expr; /* EXPR; STRUCT_STAR: the struct */
	wr_ident alias;	   /* EXPR, may be absent */
	wr_ident source;   /* SOURCE_STAR */
} wr_select_item;

typedef enum wr_join_type { WR_JOIN_INNER, WR_JOIN_LEFT, WR_JOIN_RIGHT, WR_JOIN_FULL } wr_join_type;

/* WITHIN. `WITHIN 10 SECONDS` gives before and after alike, pair false. */
typedef struct wr_within {
	bool given, pair;
	wr_duration before, after;
	wr_duration grace; /* may be absent */
	wr_span span;
} wr_within;

typedef enum wr_ast_relation_kind { WR_REL_SOURCE, WR_REL_QUERY, WR_REL_JOIN } wr_ast_relation_kind;

typedef struct wr_ast_relation wr_ast_relation;
struct wr_ast_relation {
	wr_ast_relation_kind kind;
	wr_span span;
	wr_ident alias; /* SOURCE, QUERY: may be absent */
	uint32_t depth;
	union {
		wr_ident source;     /* SOURCE: name of a stream, table or CTE */
		wr_ast_query *query; /* QUERY: (SELECT …) */
		struct {
			wr_join_type type;
			wr_ast_relation *left, *right; /* n-way joins lean to the left */
			wr_within within;
			wr_ast_expr *on;
			wr_span words; /* LEFT OUTER JOIN */
		} join;
	};
};

typedef enum wr_ast_window_kind {
	WR_AST_TUMBLING,
	WR_AST_HOPPING,
	WR_AST_SESSION
} wr_ast_window_kind;

typedef struct wr_ast_window {
	wr_ast_window_kind kind;
	wr_span span;
	wr_ident name;		      /* may be absent */
	wr_duration size;	      /* SESSION: the gap */
	wr_duration advance;	      /* HOPPING */
	wr_duration retention, grace; /* may be absent */
} wr_ast_window;

typedef enum wr_emit { WR_EMIT_NONE, WR_EMIT_CHANGES, WR_EMIT_FINAL } wr_emit;

typedef struct wr_order_item {
	wr_ast_expr *expr;
	bool descending;
	wr_span span;
} wr_order_item;

/* LIMIT n, OFFSET n */
typedef struct wr_limit {
	bool given;
	int64_t n;    /* >= 0 */
	wr_span span; /* with its keyword */
} wr_limit;

/* name [(columns)] AS (query) */
typedef struct wr_cte {
	wr_ident name;
	wr_ident_list columns; /* n == 0: the query's own names */
	wr_ast_query *query;
} wr_cte;

struct wr_ast_query {
	wr_span span;
	uint32_t depth;
	uint32_t nctes;
	wr_cte *ctes;
	bool distinct;
	uint32_t nitems;
	wr_select_item *items;
	wr_ast_relation *from;
	wr_ast_window *window; /* may be NULL */
	wr_ast_expr *where;    /* may be NULL */
	wr_ast_exprs group_by;
	wr_ast_exprs partition_by;
	wr_ast_expr *having; /* may be NULL */
	wr_emit emit;
	wr_span emit_span;
	uint32_t norder;
	wr_order_item *order_by;
	wr_span order_span;
	wr_limit limit, offset;
};

/* ---------------------------------------------------------------- statements */

typedef enum wr_element_kind {
	WR_ELEMENT_VALUE,
	WR_ELEMENT_KEY,		/* KEY */
	WR_ELEMENT_PRIMARY_KEY, /* PRIMARY KEY */
	WR_ELEMENT_HEADERS,	/* HEADERS */
	WR_ELEMENT_HEADER,	/* HEADER('key') */
} wr_element_kind;

typedef struct wr_element {
	wr_ident name;
	wr_ast_type *type;
	wr_element_kind kind;
	wr_str header; /* HEADER */
	wr_span span;
	wr_span kind_span; /* of KEY, PRIMARY KEY, …; {0,0} for VALUE */
} wr_element;

typedef struct wr_elements {
	bool given;
	uint32_t n;
	wr_element *items;
	wr_span span;
} wr_elements;

/*
 * CREATE [OR REPLACE] [SOURCE] STREAM|TABLE [IF NOT EXISTS] name [(elements)] [WITH (props)] [AS
 * query]
 */
typedef struct wr_stmt_create_source {
	bool is_table, or_replace, is_source, if_not_exists;
	wr_ident name;
	wr_elements elements;
	wr_props props;
	wr_ast_query *query; /* NULL without AS */
} wr_stmt_create_source;

/* CREATE [OR REPLACE] SINK [IF NOT EXISTS] name WITH (props) AS query */
typedef struct wr_stmt_create_sink {
	bool or_replace, if_not_exists;
	wr_ident name;
	wr_props props;
	wr_ast_query *query;
} wr_stmt_create_sink;

/* CREATE SINK|SOURCE CONNECTOR [IF NOT EXISTS] name WITH (props) */
typedef struct wr_stmt_create_connector {
	bool is_source, if_not_exists;
	wr_ident name;
	wr_props props;
} wr_stmt_create_connector;

/* CREATE TYPE [IF NOT EXISTS] name AS type */
typedef struct wr_stmt_create_type {
	bool if_not_exists;
	wr_ident name;
	wr_ast_type *type;
} wr_stmt_create_type;

/*
 * INSERT INTO name [(columns)] VALUES (…)[, (…)]; ASSERT [NULL] VALUES name [(columns)] VALUES|KEY
 * (…)
 */
typedef struct wr_stmt_values {
	wr_ident name;
	wr_ident_list columns; /* n == 0: none given */
	uint32_t nrows;	       /* ASSERT: 1 */
	wr_ast_exprs *rows;
} wr_stmt_values;

/* INSERT INTO name [WITH (props)] query */
typedef struct wr_stmt_insert_query {
	wr_ident name;
	wr_props props;
	wr_ast_query *query;
} wr_stmt_insert_query;

typedef enum wr_object {
	WR_OBJ_STREAM,
	WR_OBJ_TABLE,
	WR_OBJ_SINK,
	WR_OBJ_CONNECTOR,
	WR_OBJ_TYPE,
	WR_OBJ_FUNCTION,
	WR_OBJ_SOURCE, /* DESCRIBE name: a stream or table */
} wr_object;

/* DROP object [IF EXISTS] name [DELETE TOPIC] */
typedef struct wr_stmt_drop {
	wr_object object;
	bool if_exists, delete_topic;
	wr_ident name;
} wr_stmt_drop;

/* ALTER STREAM|TABLE name ADD [COLUMN] col type, … */
typedef struct wr_stmt_alter {
	bool is_table;
	wr_ident name;
	wr_elements added;
} wr_stmt_alter;

/* X(tag, words): what SHOW and LIST list */
#define WR_SHOWS(X)                                                                                \
	X(PROPERTIES, "PROPERTIES")                                                                \
	X(TOPICS, "TOPICS")                                                                        \
	X(STREAMS, "STREAMS")                                                                      \
	X(TABLES, "TABLES")                                                                        \
	X(FUNCTIONS, "FUNCTIONS")                                                                  \
	X(CONNECTORS, "CONNECTORS")                                                                \
	X(SOURCE_CONNECTORS, "SOURCE CONNECTORS")                                                  \
	X(SINK_CONNECTORS, "SINK CONNECTORS")                                                      \
	X(CONNECTOR_PLUGINS, "CONNECTOR PLUGINS")                                                  \
	X(TYPES, "TYPES")                                                                          \
	X(VARIABLES, "VARIABLES")                                                                  \
	X(QUERIES, "QUERIES")                                                                      \
	X(SINKS, "SINKS")                                                                          \
	X(ERRORS, "ERRORS")                                                                        \
	X(OUTAGES, "OUTAGES")

typedef enum wr_show {
#define X(tag, words) WR_SHOW_##tag,
	WR_SHOWS(X)
#undef X
} wr_show;

typedef struct wr_stmt_show {
	wr_show what;
	bool all; /* SHOW ALL TOPICS */
	bool extended;
	wr_limit limit; /* SHOW ERRORS LIMIT n */
} wr_stmt_show;

/*
 * DESCRIBE name [EXTENDED], DESCRIBE STREAMS|TABLES [EXTENDED] (every: name absent), DESCRIBE
 * FUNCTION|CONNECTOR|SINK name
 */
typedef struct wr_stmt_describe {
	wr_object object; /* SOURCE, FUNCTION, CONNECTOR, SINK; with every: STREAM or TABLE */
	bool every, extended;
	wr_ident name;
} wr_stmt_describe;

/* PRINT topic [FROM BEGINNING] [INTERVAL|SAMPLE n] [LIMIT n] */
typedef struct wr_stmt_print {
	wr_ident topic; /* topic.text is what was written; a string counts as quoted */
	bool from_beginning;
	wr_limit interval, limit;
} wr_stmt_print;

/* TERMINATE|PAUSE|RESUME id | ALL */
typedef struct wr_stmt_query_id {
	bool all;
	wr_ident id;
} wr_stmt_query_id;

/*
 * SET 'k'='v', ALTER SYSTEM 'k'='v', DEFINE v='…'; UNSET 'k', UNDEFINE v (value absent: p == NULL)
 */
typedef struct wr_stmt_setting {
	wr_ident name; /* SET, UNSET, ALTER SYSTEM: name.text is the key */
	wr_str value;
} wr_stmt_setting;

/* EXPLAIN [ANALYZE] statement | id */
typedef struct wr_stmt_explain {
	bool analyze;
	wr_ident id;	    /* absent with a statement */
	wr_stmt *statement; /* NULL with an id */
} wr_stmt_explain;

/*
 * ASSERT [NOT EXISTS] TOPIC t [WITH (…)] [TIMEOUT d]; ASSERT [NOT EXISTS] SCHEMA [SUBJECT s] [ID n]
 * [TIMEOUT d]
 */
typedef struct wr_stmt_assert {
	bool not_exists;
	/* topic or subject; a string counts as quoted; the subject may be absent */
	wr_ident name;
	wr_limit id;	/* SCHEMA: its id */
	wr_props props; /* TOPIC */
	wr_duration timeout;
} wr_stmt_assert;

/* SAMPLE 'topic' [LIMIT n], BACKUP TO 'dir', RUN SCRIPT 'file' */
typedef struct wr_stmt_text {
	wr_str text;
	wr_span text_span;
	wr_limit limit;
} wr_stmt_text;

/* X(tag, union member, words) */
#define WR_STMTS(X)                                                                                \
	X(CREATE_SOURCE, create_source, "CREATE")                                                  \
	X(CREATE_SINK, create_sink, "CREATE SINK")                                                 \
	X(CREATE_CONNECTOR, create_connector, "CREATE CONNECTOR")                                  \
	X(CREATE_TYPE, create_type, "CREATE TYPE")                                                 \
	X(INSERT_VALUES, values, "INSERT VALUES")                                                  \
	X(INSERT_QUERY, insert_query, "INSERT INTO … SELECT")                                      \
	X(QUERY, query, "SELECT")                                                                  \
	X(DROP, drop, "DROP")                                                                      \
	X(ALTER, alter, "ALTER")                                                                   \
	X(ALTER_SYSTEM, setting, "ALTER SYSTEM")                                                   \
	X(SET, setting, "SET")                                                                     \
	X(UNSET, setting, "UNSET")                                                                 \
	X(DEFINE, setting, "DEFINE")                                                               \
	X(UNDEFINE, setting, "UNDEFINE")                                                           \
	X(SHOW, show, "SHOW")                                                                      \
	X(DESCRIBE, describe, "DESCRIBE")                                                          \
	X(PRINT, print, "PRINT")                                                                   \
	X(TERMINATE, query_id, "TERMINATE")                                                        \
	X(PAUSE, query_id, "PAUSE")                                                                \
	X(RESUME, query_id, "RESUME")                                                              \
	X(EXPLAIN, explain, "EXPLAIN")                                                             \
	X(ASSERT_TOPIC, assertion, "ASSERT TOPIC")                                                 \
	X(ASSERT_SCHEMA, assertion, "ASSERT SCHEMA")                                               \
	X(ASSERT_VALUES, values, "ASSERT VALUES")                                                  \
	X(ASSERT_NULL_VALUES, values, "ASSERT NULL VALUES")                                        \
	X(ASSERT_SOURCE, create_source, "ASSERT STREAM")                                           \
	X(SAMPLE, text, "SAMPLE")                                                                  \
	X(BACKUP, text, "BACKUP")                                                                  \
	X(RUN_SCRIPT, text, "RUN SCRIPT")

typedef enum wr_stmt_kind {
#define X(tag, member, words) WR_STMT_##tag,
	WR_STMTS(X)
#undef X
} wr_stmt_kind;

struct wr_stmt {
	wr_stmt_kind kind;
	wr_span span; /* from its first word to its ';', without comments before it */
	union {
		wr_stmt_create_source create_source;
		wr_stmt_create_sink create_sink;
		wr_stmt_create_connector create_connector;
		wr_stmt_create_type create_type;
		wr_stmt_values values;
		wr_stmt_insert_query insert_query;
		wr_ast_query *query;
		wr_stmt_drop drop;
		wr_stmt_alter alter;
		wr_stmt_setting setting;
		wr_stmt_show show;
		wr_stmt_describe describe;
		wr_stmt_print print;
		wr_stmt_query_id query_id;
		wr_stmt_explain explain;
		wr_stmt_assert assertion;
		wr_stmt_text text;
	};
};

/* "CREATE SINK": for messages */
const char *wr_stmt_kind_text(wr_stmt_kind k);

/*
 * Same tree, spans and spelling of unquoted names aside. Numbers are the same when their text is.
 */
bool wr_ast_expr_eq(const wr_ast_expr *a, const wr_ast_expr *b);
bool wr_ast_query_eq(const wr_ast_query *a, const wr_ast_query *b);
bool wr_ast_stmt_eq(const wr_stmt *a, const wr_stmt *b);

#endif

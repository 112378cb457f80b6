/*
 * Builders of the tree: what the grammar's actions call, one call each. They take what the rule's
 * parts gave and return a node in the statement's arena, never NULL. What a rule cannot say (a
 * number that does not fit, DECIMAL without its digits) a builder refuses: it sets cx->err, marks
 * cx->failed and still returns a node.
 */
#ifndef PARSER_BUILD_H
#define PARSER_BUILD_H

#include "parser/ast.h"

/* Deepest tree the parser builds. */
enum { WR_AST_DEPTH_MAX = 2000 };

typedef struct wr_build {
	wr_arena *arena;
	wr_err *err;
	bool failed;
	/* The literal 9223372036854775808: good only under a minus, which clears this. */
	const wr_ast_expr *lone;
} wr_build;

/* Refuses the statement; the first refusal wins. */
void wr_build_refuse(wr_build *cx, wr_span span, const char *message, const char *hint);
/* GROUP BY () and PARTITION BY (): the shape is right, but the statement cannot be. */
void wr_build_refuse_empty(wr_build *cx, wr_span span);
/* At the end of a statement: refuses what is still open. */
void wr_build_finish(wr_build *cx);

static inline wr_span wr_span_join(wr_span a, wr_span b)
{
	return (wr_span){ a.at, b.at + b.length - a.at };
}

/* Lists while they grow: pointers to parts, made arrays at the end. */
typedef struct wr_link wr_link;
struct wr_link {
	void *part;
	wr_link *next;
};
typedef struct wr_links {
	uint32_t n;
	wr_link *first, *last;
} wr_links;

wr_links wr_build_add(wr_build *cx, wr_links list, void *part);
wr_links wr_build_prepend(wr_build *cx, void *part, wr_links list);
/* The parts themselves (size bytes each) in one array. */
void *wr_build_array(wr_build *cx, wr_links list, size_t size);
/* The pointers in one array. */
void *wr_build_pointers(wr_build *cx, wr_links list);
/* A part in the arena: for structs that a list points to. */
void *wr_build_part(wr_build *cx, const void *part, size_t size);
wr_ident_list wr_build_idents(wr_build *cx, wr_links list);
wr_ast_exprs wr_build_exprs(wr_build *cx, wr_links list, wr_span span);

/* ---- expressions: build_expr.c */
wr_ast_expr *wr_build_null(wr_build *cx, wr_span span);
wr_ast_expr *wr_build_bool(wr_build *cx, wr_span span, bool value);
wr_ast_expr *wr_build_string(wr_build *cx, wr_span span, wr_str text);
wr_ast_expr *wr_build_integer(wr_build *cx, wr_span span, wr_str text);
wr_ast_expr *wr_build_decimal(wr_build *cx, wr_span span, wr_str text);
wr_ast_expr *wr_build_double(wr_build *cx, wr_span span, wr_str text);
wr_ast_expr *wr_build_typed(wr_build *cx, wr_span span, wr_ident type, wr_str text);
/* qualifier may be NULL. */
wr_ast_expr *wr_build_column(wr_build *cx, wr_span span, const wr_ident *qualifier, wr_ident name);
wr_ast_expr *wr_build_call(wr_build *cx, wr_span span, wr_ident name, wr_links args, bool distinct);
wr_ast_expr *wr_build_call_star(wr_build *cx, wr_span span, wr_ident name);
wr_ast_expr *wr_build_lambda(wr_build *cx, wr_span span, wr_links params, wr_ast_expr *body);
wr_ast_expr *wr_build_unit(wr_build *cx, wr_span span, wr_unit unit);
wr_when *wr_build_when(wr_build *cx, wr_ast_expr *when, wr_ast_expr *then);
wr_ast_expr *wr_build_case(wr_build *cx, wr_span span, wr_ast_expr *operand, wr_links whens,
			   wr_ast_expr *otherwise);
wr_ast_expr *wr_build_cast(wr_build *cx, wr_span span, wr_ast_expr *value, wr_ast_type *type);
wr_ast_expr *wr_build_unary(wr_build *cx, wr_span span, wr_unary_op op, wr_ast_expr *value);
wr_ast_expr *wr_build_binary(wr_build *cx, wr_binary_op op, wr_ast_expr *left, wr_ast_expr *right);
wr_ast_expr *wr_build_between(wr_build *cx, wr_ast_expr *value, bool negated, wr_ast_expr *low,
			      wr_ast_expr *high);
wr_ast_expr *wr_build_in_list(wr_build *cx, wr_span span, wr_ast_expr *value, bool negated,
			      wr_ast_exprs items);
wr_ast_expr *wr_build_in_query(wr_build *cx, wr_span span, wr_ast_expr *value, bool negated,
			       wr_ast_query *query);
/* escape may be NULL. */
wr_ast_expr *wr_build_like(wr_build *cx, wr_ast_expr *value, bool negated, wr_ast_expr *pattern,
			   wr_ast_expr *escape);
wr_ast_expr *wr_build_is_null(wr_build *cx, wr_span span, wr_ast_expr *value, bool negated);
wr_ast_expr *wr_build_subscript(wr_build *cx, wr_span span, wr_ast_expr *base, wr_ast_expr *index);
wr_ast_expr *wr_build_deref(wr_build *cx, wr_span span, wr_ast_expr *base, wr_ident field);
wr_ast_expr *wr_build_array_expr(wr_build *cx, wr_span span, wr_links items);
/* pairs: key, value, key, value … */
wr_ast_expr *wr_build_map_expr(wr_build *cx, wr_span span, wr_links pairs);
/* names: wr_ident parts; values: as many expressions. */
wr_ast_expr *wr_build_struct_expr(wr_build *cx, wr_span span, wr_links names, wr_links values);
wr_ast_expr *wr_build_at_zone(wr_build *cx, wr_span span, wr_ast_expr *value, wr_str zone);
wr_ast_expr *wr_build_subquery(wr_build *cx, wr_span span, bool exists, wr_ast_query *query);

/* ---- types, durations, properties, elements: build_type.c */
wr_ast_type *wr_build_type_array(wr_build *cx, wr_span span, wr_ast_type *element);
wr_ast_type *wr_build_type_map(wr_build *cx, wr_span span, wr_ast_type *key, wr_ast_type *value);
wr_ast_type *wr_build_type_struct(wr_build *cx, wr_span span, wr_links names, wr_links types);
wr_ast_type *wr_build_type_decimal(wr_build *cx, wr_span span, wr_str precision, wr_str scale);
/* A scalar type or the name of a CREATE TYPE; sized: VARCHAR(10). */
wr_ast_type *wr_build_type_named(wr_build *cx, wr_span span, wr_ident name, bool sized);

wr_duration wr_build_duration(wr_build *cx, wr_span span, wr_str count, wr_unit unit);
wr_limit wr_build_limit(wr_build *cx, wr_span span, wr_str count);
wr_prop *wr_build_prop(wr_build *cx, wr_ident name, wr_ast_expr *value);
wr_props wr_build_props(wr_build *cx, wr_span span, wr_links list);
wr_element *wr_build_element(wr_build *cx, wr_span span, wr_ident name, wr_ast_type *type);
wr_elements wr_build_elements(wr_build *cx, wr_span span, wr_links list);

/* ---- queries: build_query.c */
wr_select_item *wr_build_item(wr_build *cx, wr_span span, wr_item_kind kind, wr_ast_expr *expr);
wr_ast_relation *wr_build_source(wr_build *cx, wr_span span, wr_ident source, wr_ident alias);
wr_ast_relation *wr_build_derived(wr_build *cx, wr_span span, wr_ast_query *query, wr_ident alias);
/* join: type, right, within, on and words are set. */
wr_ast_relation *wr_build_join(wr_build *cx, wr_span span, wr_ast_relation *left,
			       const wr_ast_relation *join);
wr_cte *wr_build_cte(wr_build *cx, wr_ident name, wr_links columns, wr_ast_query *query);
wr_order_item *wr_build_order(wr_build *cx, wr_span span, wr_ast_expr *expr, bool descending);
/* Checks what a query's parts cannot check alone (depth) and puts it into the arena. */
wr_ast_query *wr_build_query(wr_build *cx, wr_span span, const wr_ast_query *parts);

/* ---- statements: build_stmt.c */
wr_stmt *wr_build_stmt(wr_build *cx, wr_span span, wr_stmt_kind kind);
/* Sets INSERT or ASSERT's rows; every row a wr_ast_exprs part. */
wr_stmt *wr_build_values(wr_build *cx, wr_span span, wr_stmt_kind kind, wr_ident name,
			 wr_links columns, wr_links rows);
wr_stmt *wr_build_setting(wr_build *cx, wr_span span, wr_stmt_kind kind, wr_ident name,
			  wr_str value);
wr_stmt *wr_build_query_id(wr_build *cx, wr_span span, wr_stmt_kind kind, wr_ident id);
wr_stmt *wr_build_show(wr_build *cx, wr_span span, wr_show what, bool extended);
wr_stmt *wr_build_describe(wr_build *cx, wr_span span, wr_object object, wr_ident name,
			   bool extended);
wr_stmt *wr_build_drop(wr_build *cx, wr_span span, wr_object object, bool if_exists, wr_ident name);
wr_stmt *wr_build_text(wr_build *cx, wr_span span, wr_stmt_kind kind, wr_str text,
		       wr_span text_span);
wr_stmt *wr_build_create(wr_build *cx, wr_span span, const wr_stmt_create_source *parts);
wr_stmt *wr_build_sink(wr_build *cx, wr_span span, bool or_replace, bool if_not_exists,
		       wr_ident name, wr_props props, wr_ast_query *query);
wr_stmt *wr_build_connector(wr_build *cx, wr_span span, bool is_source, bool if_not_exists,
			    wr_ident name, wr_props props);
wr_stmt *wr_build_assert(wr_build *cx, wr_span span, wr_stmt_kind kind,
			 const wr_stmt_assert *parts);

#endif

/*
 * The registry: finds a function by name and argument types. Built on first use from the families;
 * read-only afterwards. Thread: any.
 */
#ifndef FUNCTIONS_REGISTRY_H
#define FUNCTIONS_REGISTRY_H

#include "functions/function.h"

typedef struct wr_fn_arg {
	const wr_type *type;	/* NULL: the literal NULL (takes any type), or a lambda */
	const wr_vec *constant; /* one value when the argument is a constant, else NULL */
	uint32_t lambda_params; /* > 0: a lambda with so many parameters */
} wr_fn_arg;

/*
 * What a call was resolved to. want[i] is the type argument i must be brought to (implicit
 * widening).
 */
typedef struct wr_fn_match {
	const wr_fn *fn;
	const wr_agg *agg; /* exactly one of fn, agg, udtf is set */
	/* with fn: its form that gives an ARRAY of the rows; result is the element */
	const wr_udtf *udtf;
	const wr_type *const *want; /* of a lambda: what its body must be brought to */
	const wr_type *result;
	const void *bound; /* what fn->bind left */
} wr_fn_match;

typedef enum wr_fn_kind { WR_FN_UNKNOWN, WR_FN_SCALAR, WR_FN_AGGREGATE, WR_FN_TABLE } wr_fn_kind;
wr_fn_kind wr_fn_kind_of(wr_str name); /* any case */

/*
 * Calls back with a lambda's parameter types (inferred from the arguments before it) and gets its
 * result type; NULL with err on failure.
 */
typedef const wr_type *(*wr_lambda_typer)(void *self, uint32_t arg, const wr_type *const *params,
					  uint32_t nparams, wr_err *err);

/*
 * Overload choice of LANGUAGE section 12: exact types, else implicit widening; variadic less
 * preferred; generic least. Errors (class STATEMENT, span given): unknown name with did-you-mean;
 * no overload fits (lists what the function takes); ambiguous.
 */
wr_status wr_fn_resolve(wr_arena *a, wr_str name, const wr_fn_arg *args, uint32_t n, wr_span span,
			wr_lambda_typer typer, void *typer_self, wr_fn_match *out, wr_err *err);

/* The row of an operator ($eq …); a bug stop when there is none. */
const wr_fn *wr_fn_operator(const char *name);

/* All rows, by name, for SHOW FUNCTIONS and the docs: calls visit for each name with its kind. */
void wr_fn_each(void (*visit)(void *self, const char *name, wr_fn_kind kind), void *self);
/* The overloads of one name. */
uint32_t wr_fn_overloads(wr_str name, const wr_fn **fns, const wr_agg **aggs, const wr_udtf **udtfs,
			 uint32_t max);

#endif

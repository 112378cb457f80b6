/*
 * Scalar, aggregate and table functions: what a row of a family's table holds. Adding a function is
 * adding a row (and its body) to one file; families are listed in functions/families.h. SHOW
 * FUNCTIONS, DESCRIBE FUNCTION and the docs are printed from the rows.
 *
 * Signatures are text, read once when the registry is built:
 *
 *   "STRING, INTEGER"       types; DECIMAL stands for every precision and scale
 *   "STRING, INTEGER?"      the last ones may be left out
 *   "T, T..."               T, U, K, V: any type, the same wherever the letter stands; "..." may stand any number of times, also none
 *   "N"                     N, M: any of INTEGER, BIGINT, DOUBLE, DECIMAL
 *   "ARRAY<T>, LAMBDA(T) R" a lambda with its parameters' types and the letter that names its result
 *   "ANY"                   anything
 *   "UNIT"                  an interval word (SECONDS), handed over as a STRING constant
 *
 * The result is a type in the same language ("BIGINT", "T", "ARRAY<T>"); NULL where bind() tells
 * it.
 */
#ifndef FUNCTIONS_FUNCTION_H
#define FUNCTIONS_FUNCTION_H

#include "core/lambda.h"
#include "core/vec.h"

enum wr_fn_flags {
	WR_FN_STRICT =
	    1, /* a null argument gives null; eval still sees those rows and may compute garbage there,
				 * the driver sets the nulls afterwards (data at null rows is zeroed before, so reading is safe) */
	WR_FN_PURE = 2, /* same arguments, same result: constants are folded at plan time */
	/* an operator ($add, $cast …): not listed, cannot be called by name */
	WR_FN_HIDDEN = 4,
	/* cheap and never fails: may be computed for rows whose value no one needs */
	WR_FN_TOTAL = 8,
	/* arithmetic: inside a lambda a null argument fails it, as in the dialect */
	WR_FN_ARITH = 16,
};

typedef struct wr_fn_cx {
	wr_arena *arena; /* results live here */
	uint32_t rows;
	uint64_t failures;		 /* counted by wr_fn_fail */
	char last_failure[256];		 /* words of the latest, for the processing log */
	const wr_lambda *const *lambdas; /* per argument; NULL where it is no lambda */
	/* what bind() left (e.g. a compiled pattern of a constant argument) */
	const void *bound;
	const wr_type *const *types; /* argument types */
	const int64_t *rowtime;	     /* per row, ms */
	/* STRICT: 1 where an argument is null, so the result is; NULL when there is no such row */
	const uint8_t *null;
	uint8_t *failed; /* per row; made by the first wr_fn_fail */
} wr_fn_cx;

/*
 * The value of this row is null because the function failed on it (bad input, overflow); the whole
 * expression around it becomes null. Pushes the null where results are pushed row by row. Ignored
 * for rows that are null anyway.
 */
void wr_fn_fail(wr_fn_cx *cx, wr_vec *out, uint32_t row, const char *format, ...) WR_PRINTF(4, 5);

/*
 * STRICT kernels: true when the row is null whatever the kernel does, `if (wr_fn_null(cx, row))
 * continue;`.
 */
static inline bool wr_fn_null(const wr_fn_cx *cx, uint32_t row)
{
	return cx->null && cx->null[row];
}

/* The same for kernels that push their results: pushes a null for such a row. */
static inline bool wr_fn_push_null(const wr_fn_cx *cx, wr_vec *out, uint32_t row)
{
	if (!wr_fn_null(cx, row))
		return false;
	wr_vec_push_null(out, cx->arena);
	return true;
}

/*
 * Computes cx->rows values into out, which is FLAT, of the result type and has room and n = rows
 * (for variable nested results, n = 0: ARRAY, MAP and STRUCT results are pushed row by row).
 * args[i] may be CONST or FLAT (NULL for a lambda). A kernel may also put another vector of the
 * type into *out, CONST or sharing its arguments' memory, if the function is not STRICT.
 */
typedef void (*wr_kernel)(wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out);

typedef struct wr_fn {
	const char *name; /* upper case */
	const char *args, *result;
	unsigned flags;
	wr_kernel eval;
	/*
	 * Optional: decides the result type when result is NULL (else its answer is only looked at
	 * for NULL: refused), refuses arguments with a reason (NULL, err set), prepares *bound from
	 * constant arguments (consts[i] is NULL when argument i is no constant).
	 */
	const wr_type *(*bind)(wr_arena *a, const wr_type *const *types,
			       const wr_vec *const *consts, uint32_t n, const void **bound,
			       wr_err *err);
	const char *doc; /* one sentence */
	/* "ABS(-3) => 3": run as a test; NULL only for hidden ones and non-deterministic ones */
	const char *example;
} wr_fn;

/*
 * Aggregates. State is `size` plain bytes per group that the operator keeps; states that own memory
 * (lists) hold a handle to it, and say so by `drop`. Calls come row by row: order matters to some,
 * and one row gives one change.
 */
typedef struct wr_agg_cx {
	wr_arena *arena;	     /* final() puts its strings here */
	const wr_type *const *types; /* argument types */
	const wr_type *result;
	uint32_t nargs;
	const wr_vec *const *consts; /* constant arguments (k of TOPK); NULL where none */
	int64_t limit;		     /* ksql.functions.collect_*.limit; -1: none */
	/* heap bytes owned by states, kept up to date for memory accounting */
	size_t *bytes;
} wr_agg_cx;

typedef struct wr_agg {
	const char *name;
	const char *args, *result; /* as for wr_fn; "*" as args: COUNT(*) */
	uint32_t (*size)(const wr_agg_cx *cx);
	void (*init)(const wr_agg_cx *cx, void *state);
	/*
	 * Adds (or takes back) row `row` of the arguments. false: the query must stop (SUM of
	 * decimals out of range).
	 */
	bool (*step)(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row);
	/* NULL: cannot */
	bool (*undo)(const wr_agg_cx *cx, void *state, const wr_vec *const *args, uint32_t row);
	bool (*merge)(const wr_agg_cx *cx, void *into, const void *from); /* sessions */
	/* pushes one value */
	void (*final)(const wr_agg_cx *cx, const void *state, wr_vec *out);
	/* self-delimiting */
	void (*save)(const wr_agg_cx *cx, const void *state, wr_buf *out);
	/* state is not initialised yet */
	bool (*load)(const wr_agg_cx *cx, void *state, const char **p, const char *end);
	/* NULL: owns nothing */
	void (*drop)(const wr_agg_cx *cx, void *state);
	/*
	 * How it retracts over a table (beyond the dialect, where undo is NULL): the operator keeps
	 * the group's values in the store, in an order of their own, and makes the state of the
	 * first `most` of them (operators/agg_multiset.c, agg_counted.c).
	 *
	 *	FIRST, LAST        by value, ascending or descending; equal ones by the rows' primary keys
	 *	EARLIEST, LATEST   by arrival, oldest or newest first
	 *	COUNTED            distinct values with how often each came, in the order in which they came
	 *	COUNT_ONLY         the same without order: a value that was not there is a step, one that
	 *	                   is there no more an undo
	 */
	enum {
		WR_AGG_NO_MULTISET,
		WR_AGG_FIRST,
		WR_AGG_LAST,
		WR_AGG_EARLIEST,
		WR_AGG_LATEST,
		WR_AGG_COUNTED,
		WR_AGG_COUNT_ONLY,
	} multiset;
	bool distinct;			       /* FIRST, LAST: of equal values one is enough */
	uint32_t (*most)(const wr_agg_cx *cx); /* NULL: 1; of COUNTED: all */
	/* whether nulls are values; NULL: they are skipped */
	bool (*nulls)(const wr_agg_cx *cx);
	/* COUNTED, where the result tells counts: a step `times` times at once. */
	void (*step_times)(const wr_agg_cx *cx, void *state, const wr_vec *value, uint32_t row,
			   int64_t times);
	/* stands in for this one over a table; NULL: itself */
	const struct wr_agg *over_table;
	const char *doc, *example;
	/* Optional: the result type when result is NULL; refuses arguments (NULL, err set). */
	const wr_type *(*bind)(wr_arena *a, const wr_type *const *types,
			       const wr_vec *const *consts, uint32_t n, wr_err *err);
} wr_agg;

/*
 * Table functions: one row in, some rows out. eval pushes onto out an ARRAY per row whose elements
 * become the rows.
 */
typedef struct wr_udtf {
	const char *name, *args, *result; /* result: the element type */
	wr_kernel eval;
	const char *doc, *example;
} wr_udtf;

#endif

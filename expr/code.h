/*
 * Internal to expr/: compiled code and the state of a run. prog.c compiles, run.c runs.
 */
#ifndef EXPR_CODE_H
#define EXPR_CODE_H

#include "expr/prog.h"

/*
 * A selection: which rows a part of the program works on. Selection 0 is all rows of the run.
 * Others hold, of their parent's rows, those where a BOOLEAN register is true (or is not). The
 * values of a register are dense over its selection.
 */
typedef struct wr_sel {
	uint32_t parent;
	uint32_t n;
	bool all;	      /* the same rows as the parent */
	const uint32_t *rows; /* n positions among the parent's rows; not set when all */
} wr_sel;

typedef enum wr_step_kind {
	WR_STEP_LOAD,	/* out = column, pseudo column or parameter `expr`, all rows */
	WR_STEP_GATHER, /* out = args[0], of the parent selection, at the rows of sel */
	/* fills selection `to` with the rows of sel where args[0] is true (want) or not */
	WR_STEP_SELECT,
	WR_STEP_CALL, /* out = expr->fn(args) */
	/* out = args[0] and args[1]; args[1] is over selection `to`, or over sel itself when to ==
	 * sel */
	WR_STEP_AND,
	WR_STEP_OR,
	/* out = by args: when, then, when, then …, else; selections in `sels` */
	WR_STEP_CASE,
	WR_STEP_SETTLE, /* out = args[0], null where it failed */
} wr_step_kind;

typedef struct wr_lam wr_lam;

typedef struct wr_step {
	wr_step_kind kind;
	uint32_t sel, to, out;
	bool want;
	uint32_t nargs;
	const uint32_t *args; /* registers; of a lambda argument: UINT32_MAX */
	const wr_expr *expr;
	const wr_type *const *types; /* CALL: argument types */
	/* CALL: per argument, NULL where none; NULL when there is none at all */
	const wr_lambda **lambdas;
	const wr_vec **vecs; /* CALL: scratch, nargs */
} wr_step;

/* A register. failed: rows (of its selection) on which an operator failed; NULL: none. */
typedef struct wr_reg {
	wr_vec v;
	uint8_t *failed;
} wr_reg;

typedef struct wr_code wr_code;
struct wr_code {
	wr_arena *arena; /* of the compiled code */
	wr_step *steps;
	wr_reg *regs;
	wr_sel *sels;
	uint32_t nsteps, nregs, nsels;
	/* the run */
	wr_arena *batch; /* memory of the run */
	wr_prog_stats *stats;
	char *last; /* room for the words of a failure, 256 */
	/* … of a program */
	const wr_batch *b;
	uint32_t at;
	/*
	 * … of a lambda's body: its parameters; the code around it, and for each row the row there
	 */
	wr_code *outer;
	uint32_t outer_sel;
	const wr_vec *const *params;
	const uint32_t *rows;
	uint32_t *outer_rows; /* rows of the outer code's run; NULL until needed */
	/* of the call that runs now: rows whose lambda failed; NULL: none */
	uint8_t *lambda_failed;
};

/* A lambda as functions see it. */
struct wr_lam {
	wr_lambda lambda;
	wr_code *code;
	uint32_t result; /* register */
};

/* Runs all steps over n rows; sets up selection 0. */
void wr_code_run(wr_code *c, uint32_t n);
void wr_lam_call(const wr_lambda *self, wr_arena *arena, const wr_vec *const *params,
		 const uint32_t *outer, uint32_t n, wr_vec *out);

#endif

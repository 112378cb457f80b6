/*
 * Signatures: the text of a row's arguments (functions/function.h) read into a small tree, and the
 * matching of a call's arguments against it.
 */
#ifndef FUNCTIONS_SIGNATURE_H
#define FUNCTIONS_SIGNATURE_H

#include "functions/registry.h"

typedef enum wr_sig_kind {
	WR_SIG_TYPE,   /* `tag`, for ARRAY and MAP with kids */
	WR_SIG_LETTER, /* any type, the same wherever the letter stands */
	WR_SIG_NUMBER, /* a letter that stands for a numeric type */
	WR_SIG_ANY,
	WR_SIG_UNIT,
	WR_SIG_LAMBDA, /* kids: parameters; result */
} wr_sig_kind;

typedef struct wr_sig_type wr_sig_type;
struct wr_sig_type {
	wr_sig_kind kind;
	wr_tag tag;
	char letter;
	uint32_t nkids;
	wr_sig_type *kids;
	wr_sig_type *result;
};

typedef struct wr_sig {
	bool star; /* "*": COUNT(*) */
	uint32_t n, noptional;
	int variadic; /* the parameter that repeats; -1: none */
	bool generic; /* a letter or ANY occurs */
	wr_sig_type *params;
	wr_sig_type *result; /* NULL: bind tells */
} wr_sig;

/*
 * Reads args and result (may be NULL). Stops with WR_BUG on text that is none: the rows are ours.
 */
void wr_sig_read(wr_arena *a, const char *args, const char *result, wr_sig *out);

/* What the letters were found to be. */
typedef struct wr_sig_match {
	const wr_type *letters[26];
	uint32_t cost; /* steps of widening */
} wr_sig_match;

/* Whether the arguments fit; implicit: with widening. */
bool wr_sig_fits(wr_arena *a, const wr_sig *s, const wr_fn_arg *args, uint32_t n, bool implicit,
		 wr_sig_match *out);

/* The parameter that argument i of n stands for. */
const wr_sig_type *wr_sig_param(const wr_sig *s, uint32_t i, uint32_t n);

/* The type that a parameter is under a match. arg (may be NULL) is the argument's own type. */
const wr_type *wr_sig_resolve(wr_arena *a, const wr_sig_type *p, const wr_sig_match *m,
			      const wr_type *arg);

#endif

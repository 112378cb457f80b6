/*
 * Internal to core/decimal*.c: the same operations by GMP, for any operand and result, narrow or
 * wide. decimal.c calls them where 128 bits are not enough; nobody else includes this.
 */
#ifndef CORE_DECIMAL_WIDE_H
#define CORE_DECIMAL_WIDE_H

#include "core/decimal.h"

/* digits * 10^exp, with a sign; digits is n ASCII digits. */
typedef struct wr_dec_text {
	bool minus;
	const char *digits; /* no leading zeros; the point left out */
	uint32_t n;
	int64_t exp;
} wr_dec_text;

bool wr_wide_from_text(wr_arena *a, const wr_dec_text *x, const wr_type *t, bool exact,
		       wr_dec *out);
/* The unscaled value in decimal digits, with its sign, without a point. */
void wr_wide_digits(wr_dec d, const wr_type *t, wr_buf *out);
/* d, whose scale is `scale` (may be negative), to type `to`. `from` tells how d is stored. */
bool wr_wide_rescale(wr_arena *a, wr_dec d, const wr_type *from, int scale, const wr_type *to,
		     bool exact, wr_dec *out);
bool wr_wide_from_bytes(wr_arena *a, wr_str bytes, int scale, const wr_type *t, bool exact,
			wr_dec *out);
void wr_wide_to_bytes(wr_dec d, const wr_type *t, wr_buf *out);
bool wr_wide_arith(wr_arena *a, char op, wr_dec x, const wr_type *tx, wr_dec y, const wr_type *ty,
		   const wr_type *result, wr_dec *out);
int wr_wide_cmp(wr_dec x, const wr_type *tx, wr_dec y, const wr_type *ty);
bool wr_wide_to_int64(wr_dec d, const wr_type *t, int64_t *out);
wr_dec wr_wide_neg(wr_arena *a, wr_dec d, const wr_type *t);

#endif

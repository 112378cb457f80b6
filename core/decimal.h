/*
 * Exact decimals. A DECIMAL(p,s) value is an integer, its unscaled value; the scale is the type's.
 * Up to 38 digits it is a __int128 (wr_dec.i); beyond, big-endian two's complement bytes
 * (wr_dec.wide), computed by GMP. Every function takes the types of its operands and hides the
 * difference; wide results are put into the arena given.
 *
 * bool results: false means the value does not fit or would need a rounding that the dialect
 * forbids.
 */
#ifndef CORE_DECIMAL_H
#define CORE_DECIMAL_H

#include "core/type.h"

/* |x| < 10^digits, for digits 0..38. */
bool wr_dec_fits(__int128 x, unsigned digits);
/* 10^n for n 0..38. */
__int128 wr_dec_pow10(unsigned n);

/*
 * Text such as -12.30, +1e3, .5 (blanks not allowed) to a value of type t. exact: refuse text with
 * more fraction digits than the scale unless they are zeros; else round half up (away from zero at
 * the tie).
 */
bool wr_dec_parse(wr_arena *a, wr_str text, const wr_type *t, bool exact, wr_dec *out);
/* Plain notation with the full scale: -12.30 */
void wr_dec_print(wr_dec d, const wr_type *t, wr_buf *out);

/* To another precision and scale; exact as above. */
bool wr_dec_rescale(wr_arena *a, wr_dec d, const wr_type *from, const wr_type *to, bool exact,
		    wr_dec *out);
bool wr_dec_from_int(wr_arena *a, int64_t v, const wr_type *to, wr_dec *out);
/* half up on the shortest text */
bool wr_dec_from_double(wr_arena *a, double v, const wr_type *to, wr_dec *out);
double wr_dec_to_double(wr_dec d, const wr_type *t);
/* Truncated toward zero; false when out of range. */
bool wr_dec_to_int64(wr_dec d, const wr_type *t, int64_t *out);

/*
 * The dialect's arithmetic: exact result set to the result type; false on overflow or forbidden
 * rounding. op is one of + - * / %; false for / and % by zero.
 */
bool wr_dec_arith(wr_arena *a, char op, wr_dec x, const wr_type *tx, wr_dec y, const wr_type *ty,
		  const wr_type *result, wr_dec *out);
/* The result type of x op y for DECIMAL operands, LANGUAGE rule: + - * / %. */
const wr_type *wr_dec_arith_type(wr_arena *a, char op, const wr_type *x, const wr_type *y);
/* Compares by value: <0, 0, >0. */
int wr_dec_cmp(wr_dec x, const wr_type *tx, wr_dec y, const wr_type *ty);

/*
 * Big-endian two's complement bytes, as Debezium and Avro write them, of scale `scale`; rescaled to
 * t.
 */
bool wr_dec_from_bytes(wr_arena *a, wr_str bytes, int scale, const wr_type *t, bool exact,
		       wr_dec *out);
/* Minimal big-endian two's complement, into out. */
void wr_dec_to_bytes(wr_dec d, const wr_type *t, wr_buf *out);
wr_dec wr_dec_neg(wr_arena *a, wr_dec d, const wr_type *t);

#endif

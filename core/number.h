/*
 * Numbers as text, both ways. Doubles print as Java's Double.toString does: the shortest digits
 * that read back as the same double,
 * 1.0, 0.1, 1.0E10, 1.0E-5, NaN, Infinity, -0.0.
 */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H

#include "core/buf.h"

enum {
	WR_I64_TEXT = 20,    /* bytes that wr_print_i64 may write */
	WR_DOUBLE_TEXT = 32, /* bytes that wr_print_double_to may write */
};

/* Writes v in decimal, without a closing zero; returns the bytes written. */
unsigned wr_print_i64(int64_t v, char *to);
unsigned wr_print_double_to(double v, char *to);
void wr_print_double(double v, wr_buf *out);
void wr_buf_i64(wr_buf *b, int64_t v);

/*
 * The whole text is one number: an optional sign and digits. false when it is not, or does not fit.
 */
bool wr_parse_i64(wr_str text, int64_t *out);
/*
 * A decimal number with optional fraction and exponent, or NaN, Infinity, +Infinity, -Infinity;
 * correctly rounded. No blanks, no hexadecimal. Too large a number is Infinity.
 */
bool wr_parse_double(wr_str text, double *out);

#endif

/*
 * Values as text, the way CAST … AS STRING writes them: what Java's toString gives for each. DOUBLE is the shortest decimal text that
 * reads back as the same number, with an exponent below 10^-3 and from 10^7 on.
 */
#include "functions/cast.h"
#include "functions/iso.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The shortest digits of x > 0 and the power of ten of the first: 123 and 2 for 123.0. */
static unsigned shortest_digits(double x, char digits[24], int *exponent)
{
	char text[40];
	unsigned n = 0;

	for (int precision = 15; precision <= 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision - 1, x);
		if (strtod(text, NULL) == x)
			break;
	}
	for (const char *p = text; *p && *p != 'e'; p++)
		if (*p != '.')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	*exponent = atoi(strchr(text, 'e') + 1);
	return n;
}

static void print_plain(const char *digits, unsigned n, int exponent, wr_buf *out)
{
	if (exponent < 0) {
		wr_buf_puts(out, "0.");
		for (int i = -1; i > exponent; i--)
			wr_buf_putc(out, '0');
		wr_buf_put(out, digits, n);
		return;
	}
	for (int i = 0; i <= exponent; i++)
		wr_buf_putc(out, (unsigned)i < n ? digits[i] : '0');
	wr_buf_putc(out, '.');
	if (n > (unsigned)exponent + 1)
		wr_buf_put(out, digits + exponent + 1, n - (unsigned)exponent - 1);
	else
		wr_buf_putc(out, '0');
}

static void print_scientific(const char *digits, unsigned n, int exponent, wr_buf *out)
{
	wr_buf_putc(out, digits[0]);
	wr_buf_putc(out, '.');
	if (n > 1)
		wr_buf_put(out, digits + 1, n - 1);
	else
		wr_buf_putc(out, '0');
	wr_buf_printf(out, "E%d", exponent);
}

void wr_print_double(double x, wr_buf *out)
{
	char digits[24];
	int exponent;
	unsigned n;

	if (isnan(x)) {
		wr_buf_puts(out, "NaN");
		return;
	}
	if (signbit(x))
		wr_buf_putc(out, '-');
	x = fabs(x);
	if (isinf(x)) {
		wr_buf_puts(out, "Infinity");
	} else if (x == 0) {
		wr_buf_puts(out, "0.0");
	} else {
		n = shortest_digits(x, digits, &exponent);
		if (exponent >= -3 && exponent < 7)
			print_plain(digits, n, exponent, out);
		else
			print_scientific(digits, n, exponent, out);
	}
}

static void print_list(const wr_vec *v, uint32_t at, wr_buf *out)
{
	wr_list list = ((const wr_list *)v->data)[at];
	bool map = v->type->tag == WR_MAP;

	wr_buf_putc(out, map ? '{' : '[');
	for (uint32_t i = 0; i < list.n; i++) {
		if (i)
			wr_buf_puts(out, ", ");
		wr_cast_print(&v->kids[0], list.at + i, out);
		if (map) {
			wr_buf_putc(out, '=');
			wr_cast_print(&v->kids[1], list.at + i, out);
		}
	}
	wr_buf_putc(out, map ? '}' : ']');
}

/* Fields that are null are left out. */
static void print_struct(const wr_vec *v, uint32_t at, wr_buf *out)
{
	bool first = true;

	wr_buf_puts(out, "Struct{");
	for (uint32_t i = 0; i < v->type->nkids; i++) {
		if (wr_vec_is_null(&v->kids[i], at))
			continue;
		if (!first)
			wr_buf_putc(out, ',');
		first = false;
		wr_buf_str(out, v->type->names[i]);
		wr_buf_putc(out, '=');
		wr_cast_print(&v->kids[i], at, out);
	}
	wr_buf_putc(out, '}');
}

void wr_cast_print(const wr_vec *v, uint32_t row, wr_buf *out)
{
	uint32_t at = wr_vec_at(v, row);

	if (v->null && v->null[at]) {
		wr_buf_puts(out, "null");
		return;
	}
	switch (v->type->tag) {
	case WR_BOOLEAN:
		wr_buf_puts(out, wr_vec_BOOLEAN(v)[at] ? "true" : "false");
		break;
	case WR_INTEGER:
		wr_buf_printf(out, "%d", wr_vec_INTEGER(v)[at]);
		break;
	case WR_BIGINT:
		wr_buf_printf(out, "%lld", (long long)wr_vec_BIGINT(v)[at]);
		break;
	case WR_DOUBLE:
		wr_print_double(wr_vec_DOUBLE(v)[at], out);
		break;
	case WR_DECIMAL:
		wr_dec_print(wr_vec_DECIMAL(v)[at], v->type, out);
		break;
	case WR_STRING:
	case WR_BYTES:
		wr_buf_str(out, wr_vec_str(v, row));
		break;
	case WR_DATE:
		wr_iso_print_date(wr_vec_DATE(v)[at], out);
		break;
	case WR_TIME:
		wr_iso_print_time(wr_vec_TIME(v)[at], out);
		break;
	case WR_TIMESTAMP:
		wr_iso_print_timestamp(wr_vec_TIMESTAMP(v)[at], out);
		break;
	case WR_ARRAY:
	case WR_MAP:
		print_list(v, at, out);
		break;
	default:
		print_struct(v, at, out);
	}
}

/* Rows as lines of CSV (RFC 4180, lines end in \n). NULL is the null text, by default nothing at
 * all; an empty text is "". */
#ifndef SINKS_CSV_ROW_H
#define SINKS_CSV_ROW_H

#include "sinks/props.h"

typedef struct wr_csv_format {
	char delimiter;
	wr_str null_text;
	bool special[256]; /* a text with one of these bytes stands in quotes */
} wr_csv_format;

void wr_csv_format_init(wr_csv_format *f, char delimiter, wr_str null_text);

/* One text as a field: quoted where it must be. */
void wr_csv_text(const wr_csv_format *f, wr_str text, wr_buf *out);
/* The names, op_column (p NULL: none) before them. */
void wr_csv_header(const wr_csv_format *f, const wr_fields *fields, wr_str op_column, wr_buf *out);
/* A row of the batch; op: c, u, d in a field before the others, or 0. Of a row that is GONE only
 * the key is shown. */
void wr_csv_row(const wr_csv_format *f, const wr_fields *fields, const wr_batch *b, uint32_t row,
		char op, wr_buf *out);

#endif

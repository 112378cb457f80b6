/* Rows and listings for people and pipes: JSON lines, tables. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include <stdio.h>

#include "engine/engine.h"

/* A row as a JSON object and a line's end. A deleted row of a table carries "__deleted":true. */
void wr_row_json(const wr_push_query *q, const wr_batch *b, uint32_t row, wr_buf *out);

/* A client of a transient query that prints each row as such a line. */
typedef struct wr_row_printer {
	wr_push_def def; /* for wr_push_query_start */
	FILE *to;
	wr_push_query *query;
	wr_buf line;
	_Atomic bool over;
	bool limit_reached;
	wr_err err; /* why it failed; cls NONE else */
} wr_row_printer;

void wr_row_printer_init(wr_row_printer *p, FILE *to, wr_push_query *q);

/* A table with aligned columns. */
void wr_print_listing(FILE *to, const wr_listing *l);

#endif

/* Options of a CSV sink and its two modes, each a sink of its own behind wr_sink_csv. Inside
 * sinks/csv*.c only. */
#ifndef SINKS_CSV_H
#define SINKS_CSV_H

#include "sinks/csv_file.h"
#include "sinks/csv_row.h"

typedef enum wr_csv_mode { WR_CSV_APPEND, WR_CSV_TABLE } wr_csv_mode;

typedef struct wr_csv_options {
	wr_str path_text;
	int mode; /* wr_csv_mode */
	bool header;
	wr_str delimiter, null_text, op_column;
	int64_t rotate_bytes, rotate_ms; /* 0: never */
	int compress;			 /* wr_csv_compress */
} wr_csv_options;

/* The head of both sinks' structs. */
typedef struct wr_csv {
	wr_sink sink;
	wr_csv_options opt;
	wr_csv_format format;
	wr_fields fields;
	char *path;
} wr_csv;

/* Reads the options, makes the directories of PATH. */
WR_CHECKED wr_status wr_csv_init(wr_csv *c, const wr_sink_def *def, const wr_sink_spec *spec,
				 wr_sink_cx *cx, wr_err *err);
void wr_csv_done(wr_csv *c);

extern const wr_sink_def wr_csv_append, wr_csv_table;

#endif

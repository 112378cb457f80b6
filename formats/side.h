/*
 * Internal to formats/: one side of a record, key or value, in one format. format.c lists the
 * formats; decoder.c and encoder.c join the sides.
 */
#ifndef FORMATS_SIDE_H
#define FORMATS_SIDE_H

#include "formats/format.h"

typedef enum wr_side_result {
	WR_SIDE_ROW,  /* the columns of the row are set */
	WR_SIDE_NULL, /* the side is null; nothing was set */
	WR_SIDE_BAD,  /* why says so; what was set is of no account */
} wr_side_result;

/* Why a record cannot be read. */
typedef struct wr_defect {
	char reason[240]; /* one sentence without a full stop */
	int64_t at;	  /* byte in the side's bytes; -1: no place */
} wr_defect;

/* Sets the fault; returns WR_SIDE_BAD. */
wr_side_result wr_defect_set(wr_defect *f, int64_t at, const char *format, ...) WR_PRINTF(3, 4);

/* A side being decoded. Formats put their own struct around it. */
typedef struct wr_side wr_side;
struct wr_side {
	const wr_side_spec *spec;
	wr_batch *batch; /* set by bind */
	/* Before records are read into b; room for the rows is made. NULL: nothing to do. */
	void (*bind)(wr_side *s, wr_batch *b);
	/* bytes.p is not NULL. Sets the columns spec->to[] of `row`; rows count later. */
	wr_side_result (*read)(wr_side *s, wr_str bytes, uint32_t row, wr_defect *why);
};

/* The row of a format in the list of format.c: what planners see, and how it is opened. */
typedef struct wr_format_row {
	wr_format_def def;
	/* NULL: cannot be read (written) by this version. */
	wr_side *(*open)(wr_arena *a, const wr_side_spec *spec);
	/* What put wants to know of the columns, made once. NULL: nothing. */
	const void *(*prepare)(wr_arena *a, const wr_side_spec *spec);
	/* Appends the columns of a row, of which not all are null when the side is a key. */
	void (*put)(const void *prepared, const wr_side_spec *spec, const wr_batch *b, uint32_t row,
		    wr_buf *out);
	bool joined; /* DEBEZIUM: both sides are read together */
} wr_format_row;

const wr_format_row *wr_format_row_find(wr_str name);

wr_side *wr_json_side_open(wr_arena *a, const wr_side_spec *spec);
wr_side *wr_delimited_open(wr_arena *a, const wr_side_spec *spec);
wr_side *wr_kafka_open(wr_arena *a, const wr_side_spec *spec);

const void *wr_json_side_prepare(wr_arena *a, const wr_side_spec *spec);
void wr_json_side_put(const void *prepared, const wr_side_spec *spec, const wr_batch *b,
		      uint32_t row, wr_buf *out);
void wr_delimited_put(const void *prepared, const wr_side_spec *spec, const wr_batch *b,
		      uint32_t row, wr_buf *out);
void wr_kafka_put(const void *prepared, const wr_side_spec *spec, const wr_batch *b, uint32_t row,
		  wr_buf *out);

/* Makes the side's columns null at a row. */
void wr_side_nulls(const wr_side_spec *spec, wr_batch *b, uint32_t row);

#endif

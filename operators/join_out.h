/*
 * Rows of joins on their way out: both sides come as saved rows, each may be missing. For
 * op_join_streams.c and op_join_tables.c.
 */
#ifndef OPERATORS_JOIN_OUT_H
#define OPERATORS_JOIN_OUT_H

#include "operators/rows.h"
#include "operators/util.h"

/* Which columns of the two sides a result takes. */
typedef struct wr_join_shape {
	const wr_schema *out;
	/* out->n: column of side 0, or ~column of side 1; those of key columns are not looked at */
	const int32_t *from;
	wr_row_shape side[2]; /* the columns that are kept */
	uint32_t *place[2];   /* column -> its place in side[] */
	bool windowed;	      /* lines carry window bounds */
} wr_join_shape;

void wr_join_shape_init(wr_join_shape *s, wr_arena *a, const wr_schema *left,
			const wr_schema *right, const wr_schema *out, const int32_t *from);

typedef struct wr_join_line {
	uint32_t from, part;
	uint8_t change;
	int64_t rowtime, offset;
	int64_t wstart, wend; /* where the shape is windowed */
} wr_join_line;

typedef struct wr_join_out {
	const wr_join_shape *shape;
	wr_arena *arena;
	const wr_batch *src;
	wr_vec *side[2], *keys;
	wr_join_line *lines;
	uint32_t n, room;
} wr_join_out;

/*
 * src: the batch whose rows cause the results and give key and metadata; NULL: keys are given as
 * bytes.
 */
void wr_join_out_begin(wr_join_out *o, const wr_join_shape *shape, wr_arena *a, const wr_batch *src,
		       uint32_t room);
/* From now on keys are given as bytes, by wr_join_out_key_row, though metadata is src's. */
void wr_join_out_give_keys(wr_join_out *o);
/* One result; a side that is NULL is missing. line.from: the row of src. false: damaged bytes. */
bool wr_join_out_row(wr_join_out *o, wr_join_line line, const wr_str *left, const wr_str *right);
/* The same where keys are given: key is what wr_key_put_row made of the key columns. */
bool wr_join_out_key_row(wr_join_out *o, wr_join_line line, wr_str key, const wr_str *left,
			 const wr_str *right);
/* Sends them on. */
wr_status wr_join_out_end(wr_op *op, wr_join_out *o, wr_err *err);

#endif

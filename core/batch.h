/*
 * A batch: up to 1,024 source rows as typed columns, with what every row carries. It is transport,
 * never meaning: cut differently, the same rows give the same results.
 *
 * Rows stand in arrival order and stay so. What a row is to a table stands in change[]:
 *
 *   INSERT       a record of a stream               INSERT_NULL  a stream record whose value is null
 *   NEW          a table row that appears           OLD          a table row that goes; its last image
 *   BEFORE,AFTER the two images of one update: always neighbours, BEFORE first, never parted by a cut
 *   GONE         a deletion of which only the key is known (nothing was stored): sinks write a tombstone,
 *                aggregates ignore it
 *   TRUNCATE     all rows of the table went; its columns are null. Only between a table's decoder and the
 *                operator that keeps its rows
 *
 * So a filter sees plain rows: it keeps or drops each; where it keeps one half of a pair, BEFORE
 * turns into OLD, AFTER into NEW.
 *
 * Lifetime: everything hangs in `arena` (the task's batch arena) or in the messages the driver
 * holds; all of it is gone when the push that delivered the batch returns to the driver.
 */
#ifndef CORE_BATCH_H
#define CORE_BATCH_H

#include "core/schema.h"
#include "core/vec.h"

enum { WR_BATCH_ROWS = 1024 }; /* source rows; an update counts once though it takes two rows */

typedef enum wr_change {
	WR_ROW_INSERT,
	WR_ROW_INSERT_NULL,
	WR_ROW_NEW,
	WR_ROW_OLD,
	WR_ROW_BEFORE,
	WR_ROW_AFTER,
	WR_ROW_GONE,
	WR_ROW_TRUNCATE,
} wr_change;

/* True for the kinds that take a row out: OLD, BEFORE, GONE. */
static inline bool wr_change_removes(uint8_t c)
{
	return c == WR_ROW_OLD || c == WR_ROW_BEFORE || c == WR_ROW_GONE;
}

typedef struct wr_header {
	wr_str key;
	wr_str value; /* p == NULL: null */
} wr_header;

typedef struct wr_headers {
	uint32_t n;
	const wr_header *items;
} wr_headers;

#define WR_TIME_NONE INT64_MIN

/* The partition's own number, ROWPARTITION, out of batch.part. */
#define WR_PART_NUMBER(part) ((int32_t)((part)&0xffffu))

typedef struct wr_batch {
	const wr_schema *schema;
	wr_arena *arena;
	uint32_t n;
	uint32_t room;	  /* rows the metadata arrays have room for */
	wr_vec *cols;	  /* schema->n, FLAT or CONST, each with n rows */
	uint8_t *change;  /* wr_change */
	int64_t *rowtime; /* milliseconds */
	/* source partition: scan number << 16 | partition number (WR_PART_NUMBER) */
	uint32_t *part;
	/* the highest row time its partition had shown when this row was read */
	int64_t *ptime;
	int64_t *offset;	    /* source offset */
	int64_t *wstart, *wend;	    /* window bounds, ms; NULL when the rows have no window */
	const wr_headers **headers; /* NULL when no row has any; else NULL per row without */
	/* Set only between a re-keying and the place where the halves of a table change meet again:
	 * the row's primary key (encoded) and the version its owner counted. NULL otherwise. */
	wr_str *pk;
	uint64_t *version;
	/* Set only between a table's decoder and the operator that keeps the table's rows:
	 * WR_ABSENT_WORDS words a row, bit c set when column c was not in the change event. Its
	 * value is NULL here and must be taken from the stored row. NULL: none. */
	uint64_t *absent;
} wr_batch;

#define WR_ABSENT_WORDS(schema) (((schema)->n + 63) / 64)

/* True when column c of a row is to be filled from the stored row. */
static inline bool wr_batch_is_absent(const wr_batch *b, uint32_t row, uint32_t c)
{
	return b->absent &&
	       (b->absent[(size_t)row * WR_ABSENT_WORDS(b->schema) + c / 64] >> (c % 64) & 1);
}

/* Makes b an empty batch: columns as empty FLAT vectors and metadata arrays with room for `room`
 * rows. */
void wr_batch_init(wr_batch *b, wr_arena *a, const wr_schema *s, uint32_t room);
/* Room for n rows of metadata and columns in all. */
void wr_batch_reserve(wr_batch *b, uint32_t n);
/* Copies row `row` of src's metadata (all but columns and change) to row `to` of b; to < room.
 * windows, headers, pk and version are made in b when src has them. */
void wr_batch_meta(wr_batch *b, uint32_t to, const wr_batch *src, uint32_t row);
/* A batch of other columns over src's rows at .. at+n-1: metadata is shared (change[] is a copy),
 * cols has room and must be filled. */
void wr_batch_over(wr_batch *b, const wr_batch *src, uint32_t at, uint32_t n, const wr_schema *s);
/* out = the listed rows of src, in order; change[] copied as is. */
void wr_batch_gather(wr_batch *out, const wr_batch *src, const uint32_t *rows, uint32_t n);
/* The same for rows in rising order, and mends pairs: a BEFORE whose AFTER is not listed becomes
 * OLD, an AFTER without its BEFORE becomes NEW. What filters use. */
void wr_batch_select(wr_batch *out, const wr_batch *src, const uint32_t *rows, uint32_t n);
/* Appends deep copies of the listed rows of src, column by column (same schema). The way of rows
 * across a shuffle. */
void wr_batch_append(wr_batch *b, const wr_batch *src, const uint32_t *rows, uint32_t n);
/* Appends a deep copy of one row (columns, metadata, change) into b's arena. Same schema. */
void wr_batch_push(wr_batch *b, const wr_batch *src, uint32_t row);

#endif

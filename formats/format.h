/*
 * Formats: bytes of a record <-> a row of a batch.
 *
 * A record has two sides, key and value, each with a format. The decoder of a scan (wr_decoder)
 * joins the two; a format implements one side (or, as DEBEZIUM, needs both) by a row in
 * format_list. Decoders project: a column that nobody reads (to[i] < 0) is stepped over.
 */
#ifndef FORMATS_FORMAT_H
#define FORMATS_FORMAT_H

#include "core/record.h"

typedef enum wr_window_kind {
	WR_WINDOW_NONE,
	WR_WINDOW_TUMBLING,
	WR_WINDOW_HOPPING,
	WR_WINDOW_SESSION,
} wr_window_kind;

/* One side of a topic's records. Immutable, in the query's arena. */
typedef struct wr_side_spec {
	const char *format; /* "JSON", "DELIMITED", "KAFKA", "DEBEZIUM", "NONE" … */
	char delimiter;	    /* DELIMITED; 0: a comma */
	bool is_key;	    /* a key that is null as a whole when all its columns are */
	bool wrap;	    /* a single column stands in an object or record; several always do */
	uint32_t n;	    /* declared columns, in declared order */
	const wr_column *cols;
	const int32_t *to; /* their columns in the batch; decoding: -1 = nobody reads it */
	/* The key side of a windowed source or result. */
	wr_window_kind window;
	int64_t window_size; /* ms; TUMBLING and HOPPING */
} wr_side_spec;

/*
 * What a change event of DEBEZIUM offers beside its columns, on streams: X(tag, column name, type
 * tag or STRUCT). BEFORE is a STRUCT of the declared value columns (and keys). Names are found only
 * when no declared column has them; they are not in *.
 */
#define WR_CDC_COLUMNS(X)                                                                          \
	X(OP, "OP", STRING)                                                                        \
	X(BEFORE, "BEFORE", STRUCT)                                                                \
	X(SOURCE_TS, "SOURCE_TS", TIMESTAMP)                                                       \
	X(SOURCE_DB, "SOURCE_DB", STRING)                                                          \
	X(SOURCE_SCHEMA, "SOURCE_SCHEMA", STRING)                                                  \
	X(SOURCE_TABLE, "SOURCE_TABLE", STRING)                                                    \
	X(SOURCE_POSITION, "SOURCE_POSITION", STRING) /* lsn, or file:pos:row */                   \
	X(SOURCE_TX, "SOURCE_TX", STRING)                                                          \
	X(SOURCE_SNAPSHOT, "SOURCE_SNAPSHOT", STRING)
typedef enum wr_cdc_column {
#define X(tag, name, type) WR_CDC_##tag,
	WR_CDC_COLUMNS(X)
#undef X
	    WR_CDC_COUNT,
} wr_cdc_column;

typedef struct wr_header_column {
	wr_str
	    header; /* p == NULL: all headers as ARRAY<STRUCT<KEY, VALUE>>; else the last with that key, BYTES */
	int32_t to;
} wr_header_column;

/* How a scan's records become rows. */
typedef struct wr_decode_spec {
	const wr_schema *schema; /* of the batches; key columns first */
	wr_side_spec key, value;
	bool
	    table; /* rows are NEW (upsert, old image unknown) and GONE, not INSERT; DEBEZIUM may know more */
	bool
	    before_event; /* DEBEZIUM table with BEFORE='EVENT': BEFORE/AFTER, NEW and OLD from the event's own images */
	bool
	    file_times; /* the records have no timestamp of their own: row time is the event's source.ts_ms (DEBEZIUM) */
	int32_t cdc_to[WR_CDC_COUNT]; /* -1: nobody reads it */
	uint32_t nheaders;
	const wr_header_column *headers;
	int32_t time_col; /* TIMESTAMP='col': index in schema; -1: the record's own timestamp */
	const char *time_format; /* a pattern for a STRING column; NULL else */
	bool
	    strict_time; /* ksql.timestamp.throw.on.invalid: a bad row time fails the query, else drops the row */
} wr_decode_spec;

typedef struct wr_decoder wr_decoder;

/*
 * Told of every record that gives no row because it cannot be read. rec's bytes are valid during
 * the call only.
 */
typedef void (*wr_bad_record_fn)(void *self, const wr_record *rec, const wr_err *why);

/*
 * arena: the task's; the decoder lives in it. Errors: a format that cannot do such columns
 * (STATEMENT).
 */
wr_status wr_decoder_open(wr_arena *arena, const wr_decode_spec *spec, wr_decoder **out,
			  wr_err *err);

/*
 * Appends the rows of n records to b (made with wr_batch_init; grows by itself): columns, change,
 * rowtime and offset; part is set to parts[rec.partition]; ptime is left to the caller. A record
 * gives no row (skipped kinds, bad ones), one, or two (an update with both images). Strings may
 * point into the records. A null key of a table is counted bad with reason. Bad records go to bad()
 * and are not errors; WR_FAIL is for strict_time only.
 */
wr_status wr_decoder_run(wr_decoder *d, const wr_record *recs, uint32_t n, const uint32_t *parts,
			 wr_batch *b, wr_bad_record_fn bad, void *self, wr_err *err);

typedef struct wr_encoder wr_encoder;
wr_status wr_encoder_open(wr_arena *arena, const wr_side_spec *spec, wr_encoder **out, wr_err *err);
/*
 * Appends the side's bytes of row `row` to out. false: the side is null (no columns, all key parts
 * null …). Windowed keys take their bounds from the batch.
 */
bool wr_encoder_put(wr_encoder *e, const wr_batch *b, uint32_t row, wr_buf *out);

/* What the planner must know. */
typedef struct wr_format_def {
	const char *name;
	bool key, value;   /* may stand on that side */
	bool multi;	   /* several columns on the key side */
	bool wrap, unwrap; /* WRAP_SINGLE_VALUE may be true, false */
	bool delimiter;	   /* takes KEY_DELIMITER / VALUE_DELIMITER */
	bool registry;	   /* needs a schema registry */
	bool later;	   /* known by name only */
	/* Refuses columns it cannot hold: class STATEMENT. NULL: takes all. */
	wr_status (*check)(const wr_side_spec *spec, bool is_key, wr_err *err);
} wr_format_def;

/* By name, any case; NULL when there is none. */
const wr_format_def *wr_format_find(wr_str name);

#endif

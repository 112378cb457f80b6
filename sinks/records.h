/* Rows as records of a topic: what sinks to topics share. */
#ifndef SINKS_RECORDS_H
#define SINKS_RECORDS_H

#include "core/record.h"
#include "sinks/sink.h"

typedef struct wr_row_encoder {
	wr_encoder *key, *value;
	bool keyless;
	wr_buf bytes; /* of the row encoded last */
} wr_row_encoder;

/* arena: as long as the writer. */
WR_CHECKED wr_status wr_row_encoder_open(wr_row_encoder *e, wr_arena *arena,
					 const wr_sink_spec *spec, wr_err *err);
void wr_row_encoder_close(wr_row_encoder *e);

/*
 * The record of a row; false: it gives none (the old half of an update). A new image is a record; a
 * removal is one without value; no key columns: a null key. timestamp is the row time, headers are
 * the row's own, partition -1. Bytes are valid until the next call.
 */
bool wr_row_encode(wr_row_encoder *e, const wr_batch *b, uint32_t row, wr_record *out);

#endif

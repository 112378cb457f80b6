/*
 * A topic, or a file as one, read by a statement rather than by a query: PRINT, SAMPLE, columns
 * found out from events.
 */
#ifndef ENGINE_LOOK_H
#define ENGINE_LOOK_H

#include "engine/internal.h"

typedef struct wr_topic_look {
	wr_arena *arena;
	wr_source_spec spec; /* texts copied */
	wr_reader *reader;
	int32_t nparts;
	bool holding; /* records of the last read, to be released */
} wr_topic_look;

/* Opens all partitions from spec->start. Errors: STATEMENT (no such topic or file), CONNECT, IO. */
WR_CHECKED wr_status wr_look_open(wr_engine *e, const wr_source_spec *spec, wr_topic_look *out,
				  wr_err *err);
/* Up to max records, valid until the next call. *n 0: none came in time, or a broker is away. */
WR_CHECKED wr_status wr_look_read(wr_topic_look *l, wr_record *out, uint32_t max, int timeout_ms,
				  uint32_t *n, wr_err *err);
/* Whether nothing more is there now. */
bool wr_look_at_end(wr_topic_look *l);
void wr_look_close(wr_topic_look *l);

#endif

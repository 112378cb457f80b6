/*
 * A bad record as it is kept: where it stood, why it could not be read, and its bytes, in the
 * query's errors store under a number that grows. Its place there is part of the query's atomic
 * write.
 */
#ifndef ENGINE_BAD_RECORD_H
#define ENGINE_BAD_RECORD_H

#include "core/record.h"

typedef struct wr_bad_record {
	int64_t number;	 /* in its query */
	wr_str relation; /* the stream or table that it is a record of */
	wr_str topic;	 /* or the file */
	int64_t seen_at; /* ms */
	wr_str reason;
	wr_record rec;
} wr_bad_record;

/* Of what a sink could not deliver: no relation; topic: the sink; key: the request's id; value: its
 * body; and in this header its URL or addresses. */
#define WR_REFUSED_TO "weir.to"

/* The bytes under which it is kept (without its number). */
void wr_bad_record_put(wr_buf *out, const wr_bad_record *bad);
/* Read back; all of it in the arena. false: damaged, or of another version. */
bool wr_bad_record_get(wr_arena *a, wr_str bytes, wr_bad_record *out);

void wr_bad_record_key(wr_buf *out, int64_t number);
bool wr_bad_record_number(wr_str key, int64_t *out);

/*
 * Bytes as people can read them: as they are where they are printable UTF-8, else \xNN; at most max
 * bytes of them, "…" behind what was cut. p NULL: NULL.
 */
const char *wr_bad_record_text(wr_arena *a, wr_str bytes, uint32_t max);

#endif

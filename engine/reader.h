/*
 * A scan reader: a task's share of one topic's partitions, as batches ready for the operators. It
 * decodes records, gives each row its partition and the highest row time that partition has shown,
 * and knows which partitions are at their end or silent.
 */
#ifndef ENGINE_READER_H
#define ENGINE_READER_H

#include "engine/task.h"

struct wr_scan_reader {
	wr_task *task;
	wr_scan_run *scan;
	uint32_t number; /* of the scan in the run */
	wr_entry to;
	bool gated; /* waits until the first scans are read */
	wr_reader *reader;
	wr_decoder *decoder;
	int32_t nparts;	      /* its share */
	int32_t *parts;	      /* partition numbers */
	int32_t *slot;	      /* partition number -> index into parts, -1 */
	uint32_t *part_ids;   /* partition number -> batch.part */
	int64_t *ptime;	      /* per share: highest row time */
	int64_t *shown;	      /* the same of what has been pushed: the time that is told */
	int64_t *seek;	      /* per share: wr_scan_run.seek; taken back to 0 when it is found */
	wr_last_record *seen; /* per share: wr_scan_run.seen, up to what was handed out */
	int64_t *last_seen;   /* per share: monotonic ns of its latest record */
	/* per share: when the broker was last asked and said that nothing more is there */
	int64_t *confirmed;
	bool *done; /* per share: read to the end that counts */
	uint32_t rows_max;
	wr_record *records;
	wr_arena *arena;		 /* of the pending batch */
	wr_batch batch;			 /* rows decoded and not yet pushed */
	uint32_t at;			 /* first of them */
	struct wr_again *again, *taking; /* kept records to be read again: replay.c */
	bool holding;			 /* records of the pending batch are not released yet */
};

WR_CHECKED wr_status wr_scan_reader_open(wr_task *t, uint32_t scan, wr_entry to,
					 wr_scan_reader **out, wr_err *err);
void wr_scan_reader_close(wr_scan_reader *r);

/* Fetches the next batch when none is pending; waits at most timeout_ms for it. */
WR_CHECKED wr_status wr_scan_reader_fill(wr_scan_reader *r, int timeout_ms, wr_err *err);
/* Decodes given records as the pending batch: by hand. */
WR_CHECKED wr_status wr_scan_reader_take(wr_scan_reader *r, const wr_record *recs, uint32_t n,
					 wr_err *err);
static inline bool wr_scan_reader_pending(const wr_scan_reader *r)
{
	return r->at < r->batch.n;
}
/*
 * Pushes the first rows of the pending batch, those with row time <= until (whole changes); all
 * when until is INT64_MAX.
 */
WR_CHECKED wr_status wr_scan_reader_push(wr_scan_reader *r, int64_t until, wr_err *err);
/* Everything pending was pushed: records may go. */
void wr_scan_reader_release(wr_scan_reader *r);

/*
 * Writes what its partitions have to say into times (of the whole run) and answers whether anything
 * changed.
 */
bool wr_scan_reader_times(wr_scan_reader *r, int64_t *times);
/* The time from `since` (monotonic ns) to now was not silence: the task stood still, or its broker
 * was away. */
void wr_scan_reader_rested(wr_scan_reader *r, int64_t since);
/* Every partition of its share has been read to the end that counts. */
bool wr_scan_reader_done(wr_scan_reader *r);
/* Nothing more is there now, in any partition of its share. */
bool wr_scan_reader_at_end(wr_scan_reader *r);
/* The place to go on: next offset of share i; pending rows must have been pushed. */
int64_t wr_scan_reader_next(wr_scan_reader *r, int32_t i);

#endif

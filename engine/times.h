/*
 * Time as it reaches a stage: for each source partition the highest row time, as told by each
 * producer.
 *
 * A producer tells a number per partition: WR_TIME_NONE "nothing yet", WR_TIME_SILENT "does not
 * hold anything back" (not mine, or silent at its end longer than its idle time-out), else the
 * time. What holds for a partition is the least that any producer says; the stage's watermark is
 * the least over the partitions that are not silent, and when all are silent the highest time seen.
 */
#ifndef ENGINE_TIMES_H
#define ENGINE_TIMES_H

#include "core/batch.h"

#define WR_TIME_SILENT INT64_MAX

typedef struct wr_times {
	uint32_t producers, parts;
	int64_t *told;	 /* producers * parts */
	int64_t highest; /* of all times told */
} wr_times;

/* All of producers' numbers begin as WR_TIME_NONE. */
void wr_times_init(wr_times *t, wr_arena *a, uint32_t producers, uint32_t parts);
void wr_times_tell(wr_times *t, uint32_t producer, const int64_t *times);
/* What to pass on: per partition the least told. */
void wr_times_merged(const wr_times *t, int64_t *out);
/* WR_TIME_NONE while a partition has shown nothing. */
int64_t wr_times_watermark(const wr_times *t);

#endif

/* Bad records that are to be read again, by the definition that their query has now. */
#ifndef ENGINE_REPLAY_H
#define ENGINE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/* Which ones. */
typedef struct wr_replay {
	const char *query; /* its id; NULL: of every query */
	uint32_t n;	   /* 0: all of the query's */
	const int64_t *numbers;
} wr_replay;

bool wr_replay_wants(const wr_replay *r, const char *query, int64_t number);

struct wr_run;
struct wr_scan_reader;
/* The run's readers are open: each gets those of its partitions. A record whose stream the query
 * does not read any more stays. */
void wr_replay_load(struct wr_run *run);
/* True when the reader has some that it has not taken yet. */
bool wr_replay_waits(const struct wr_scan_reader *r);
/* Decodes the next one as the reader's pending batch: it is removed when it gives rows, kept with
 * the reason of now when it does not. */
WR_CHECKED wr_status wr_replay_take(struct wr_scan_reader *r, wr_err *err);
/* The one that is being taken cannot be read now either. */
void wr_replay_still_bad(struct wr_scan_reader *r, const wr_err *why);

#endif

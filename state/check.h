/* Looks through a whole data directory: what `weir check` prints. */
#ifndef STATE_CHECK_H
#define STATE_CHECK_H

#include "core/buf.h"

typedef struct wr_check {
	int64_t statements; /* in the catalog, dropped ones left out */
	int64_t queries;    /* incarnations that have state */
	uint64_t keys;	    /* read, with their checksums */
	/* queries with an epoch whose decision is open; the next start decides */
	int64_t pending;
	/* incarnations that no statement names; the next start removes them */
	int64_t orphans;
} wr_check;

/*
 * Opens the catalog and the state of dir, reads everything and adds a line for each thing worth
 * knowing to report. Fails (IO) when dir holds no data of weir, is in use, or something is damaged.
 * Changes nothing.
 */
wr_status wr_check_data(const char *dir, wr_check *out, wr_buf *report, wr_err *err);

#endif

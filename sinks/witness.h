/*
 * What sinks that decide share: the witness, the number of the last epoch they committed, as their
 * mark and as their answer.
 *
 * A mark is "INCARNATION N". At start the sink finds out what it committed last, and that must be
 * the pending epoch or the one of the mark; anything else means that one of the two is an old copy.
 */
#ifndef SINKS_WITNESS_H
#define SINKS_WITNESS_H

#include "sinks/sink.h"

/* Appends the mark. */
void wr_witness_put(wr_buf *mark, const char *incarnation, int64_t witness);
/* The witness in a mark; -1: the mark is not of a sink that decides, or of another incarnation. */
int64_t wr_witness_get(wr_str mark, const char *incarnation);

typedef struct wr_witness {
	const char *incarnation;
	const char *who; /* that was asked: "the broker" */
	wr_str where;	 /* it was written to: "topic T" */
	int64_t known;	 /* in the mark; -1: none */
	int64_t found;	 /* its answer; -1: none */
} wr_witness;

/*
 * Whether the pending epoch (NULL: there is none) was committed. An answer that fits neither it nor
 * the mark is a STATEMENT error.
 */
WR_CHECKED wr_status wr_witness_judge(const wr_witness *w, const uint64_t *pending, bool *committed,
				      wr_err *err);

#endif

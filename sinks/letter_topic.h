/*
 * A topic for dead letters, on Kafka or embedded: records that somebody has given up, with headers
 * weir.… that say why. Beside the transaction of whoever writes it: a crash lets a letter be
 * written again, under the same weir.id.
 */
#ifndef SINKS_LETTER_TOPIC_H
#define SINKS_LETTER_TOPIC_H

#include "sources/source.h"

typedef struct wr_letter_topic wr_letter_topic;

/* Who writes was told to end (NULL: never is): then a broker that does not answer is not waited for
 * in full. */
typedef struct wr_letter_ends {
	bool (*stopping)(void *self);
	void *self;
} wr_letter_ends;

/* Makes the topic unless it is there. io lives as long; topic is copied. Errors: CONNECT, IO. */
WR_CHECKED wr_status wr_letter_topic_open(const wr_io *io, wr_str topic, wr_letter_ends ends,
					  wr_letter_topic **out, wr_err *err);
/* The record's key, value, headers and timestamp; its partition is found by the key. Errors:
 * CONNECT, IO. */
WR_CHECKED wr_status wr_letter_topic_write(wr_letter_topic *t, const wr_record *rec, wr_err *err);
/* What was written is in the topic, synced, when it returns. */
WR_CHECKED wr_status wr_letter_topic_sync(wr_letter_topic *t, wr_err *err);
void wr_letter_topic_close(wr_letter_topic *t); /* NULL is fine */

#endif

/* A record as a topic holds it: bytes and a place. Borrowed: valid as long as its maker says. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/batch.h"

typedef struct wr_record {
	wr_str key, value; /* p == NULL: null */
	int64_t timestamp; /* ms */
	int64_t offset;
	int32_t partition;
	const wr_headers *headers; /* NULL: none */
} wr_record;

/* A checksum of key and value, the same in all versions: it is stored. */
uint64_t wr_record_sum(const wr_record *r);

/* The last record that was read of a partition: the topic is another one when another record has
 * its offset. */
typedef struct wr_last_record {
	int32_t partition;
	int64_t offset; /* -1: none is known */
	int64_t time;
	uint64_t sum;
} wr_last_record;

#endif

/* A record as a topic holds it: bytes and a place. Borrowed: valid as long as its maker says. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/batch.h"

typedef struct wr_record {
	wr_str key, value;	/* p == NULL: null */
	int64_t timestamp;	/* ms */
	int64_t offset;
	int32_t partition;
	const wr_headers *headers;	/* NULL: none */
} wr_record;

#endif

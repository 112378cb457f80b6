/*
 * What columns the records of a topic suggest: exact where events carry their schema, a guess from
 * their values where they do not. For sources declared without columns, and for SAMPLE.
 */
#ifndef FORMATS_INFER_H
#define FORMATS_INFER_H

#include "core/record.h"

typedef struct wr_inferred {
	const char *format; /* "DEBEZIUM" or "JSON" */
	bool exact;	    /* by a schema; else by the values seen */
	const wr_schema
	    *schema; /* key columns first; names as a declaration without quotes stores them,
					   unless only quotes can spell them */
} wr_inferred;

/*
 * Looks at n records. Names and types hang in arena. Errors (DATA): no record is a JSON object, or
 * none shows a row.
 */
wr_status wr_infer(wr_arena *arena, const wr_record *recs, uint32_t n, wr_inferred *out,
		   wr_err *err);

/*
 * The statement that declares such a source: a table when there are key columns. name: as it is to
 * be written.
 */
void wr_inferred_ddl(const wr_inferred *in, wr_str name, wr_str topic, wr_buf *out);

#endif

/*
 * Lines of FILE_LAYOUT='RECORD':
 * {"topic":…,"partition":…,"offset":…,"timestamp":ms,"headers":[[name,value],…],"key":…,"value":…}
 */
#ifndef SOURCES_FILE_LINE_H
#define SOURCES_FILE_LINE_H

#include "core/record.h"

typedef enum wr_line_kind {
	WR_LINE_RECORD,
	WR_LINE_OTHER_TOPIC,
	WR_LINE_BROKEN, /* not such a line */
} wr_line_kind;

/* What a line says beside its record. */
typedef struct wr_line_place {
	bool has_offset, has_timestamp;
} wr_line_place;

/*
 * Reads a line. topic: of other topics nothing is read; p NULL or empty: all. Key and value are the
 * line's own bytes of those members (a string keeps its quotes), null where they are null or
 * missing. Members may come in any order; unknown ones are passed over. Headers are made in the
 * arena, also from {"name":"value"} and [{"key":…,"value":…}].
 */
wr_line_kind wr_line_read(wr_str line, wr_str topic, wr_arena *a, wr_record *out,
			  wr_line_place *place);
/*
 * The partition alone; -1 when the line is of another topic or broken. Stops as soon as it knows.
 */
int32_t wr_line_partition(wr_str line, wr_str topic);

#endif

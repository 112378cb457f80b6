/* Running one conformance case: see conform.c. */
#ifndef CLI_CONFORM_H
#define CLI_CONFORM_H

#include "cli/test.h"

/* A case in the making: the engine it runs in. */
typedef struct wr_conform {
	wr_arena *arena;
	const wr_json *test;
	wr_engine *engine;
	wr_session *session;
	wr_case_result *result;
	bool exact; /* numbers of JSON topics compare with their digits */
} wr_conform;

/* conform_codec.c: the case's JSON to a topic's bytes and back, by the formats of the relation that
 * has the topic. */

/* Fills rec (bytes in the arena). false with a reason when the case cannot be encoded. */
bool wr_conform_encode(wr_conform *c, const wr_relation *r, const wr_json *input, wr_record *rec);
/* Headers as a case lists them; NULL: none. */
const wr_headers *wr_conform_headers(wr_conform *c, const wr_json *list);
/* Key and value of a record as JSON; window bounds where the key is windowed (else *windowed
 * false). */
typedef struct wr_conform_actual {
	wr_json *key, *value;
	bool windowed, session;
	int64_t start, end;
} wr_conform_actual;
bool wr_conform_decode(wr_conform *c, const wr_relation *r, const wr_record *rec,
		       wr_conform_actual *out);

/* conform_compare.c: RUNNER's rules. why is set when it answers false. */
bool wr_conform_equal(const wr_conform *c, const wr_json *expected, const wr_json *actual,
		      bool exact);

/* conform_sql.c: suite sql, statements that move rows and look at them. */
typedef struct wr_conform_sql wr_conform_sql;
wr_conform_sql *wr_conform_sql_new(wr_conform *c);
/* The next statement of text, as wr_engine_next. */
WR_CHECKED wr_status wr_conform_sql_next(wr_conform_sql *s, wr_str text, uint32_t *at, bool *found,
					 wr_err *err);

/* conform_post.c: conditions on the catalog after the run; fails the case. */
void wr_conform_post(wr_conform *c);

#endif

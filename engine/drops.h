/*
 * Rows that came to nothing, counted under a reason. The counts are part of the query's atomic
 * write: they say what became of the rows up to the last commit, over restarts, and a crash counts
 * no row twice.
 */
#ifndef ENGINE_DROPS_H
#define ENGINE_DROPS_H

#include <stdatomic.h>

#include "core/buf.h"

/*
 * X(tag, text, lost): lost false: no row is missing (a value became NULL; a join has no partner for
 * it). On disk in this order: new ones come last.
 */
#define WR_DROPS(X)                                                                                \
	X(KEPT, "bad record kept", true)                                                           \
	X(SKIPPED, "bad record skipped", true)                                                     \
	X(FORGOTTEN, "kept record given up beyond errors.max", true)                               \
	X(LATE, "late", true)                                                                      \
	X(NULL_KEY, "null key", true)                                                              \
	X(NULL_JOIN_KEY, "null join key", true)                                                    \
	X(NULL_VALUE, "null value", true)                                                          \
	X(NO_TIME, "no row time", true)                                                            \
	X(UNMATCHED, "no join partner", false)                                                     \
	X(FAILED, "failed expression, NULL instead", false)                                        \
	X(REFUSED, "request refused by the endpoint", true)

typedef enum wr_drop {
#define X(tag, text, lost) WR_DROP_##tag,
	WR_DROPS(X)
#undef X
	    WR_DROP_COUNT,
} wr_drop;

/* Where a query's counts are read, by anybody; the run tells them at commits. */
typedef struct wr_drops {
	_Atomic uint64_t n[WR_DROP_COUNT];
	uint64_t before[WR_DROP_COUNT]; /* what they were when this process opened the query */
	bool known;			/* before is set */
} wr_drops;

/*
 * "3 late, 1 null key" into out, without the first `before` of each (NULL: all of them); nothing
 * when there are none. lost_only: rows that are missing only.
 */
void wr_drops_print(const uint64_t *n, const uint64_t *before, bool lost_only, wr_buf *out);

struct wr_run;
/* What the last commit says; when it is opened. */
void wr_drops_restore(struct wr_run *run);
/* All tasks stand still: counts go to the meta store. */
void wr_drops_put(struct wr_run *run);
/* They are committed (or, of a transient query, counted): anybody may see them. */
void wr_drops_tell(struct wr_run *run);

#endif

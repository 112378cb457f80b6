/*
 * The journal: which statements this data directory has carried out, and so what it resumes. Calls
 * do nothing where nothing is kept (no data directory) and while the journal itself is being
 * replayed.
 */
#ifndef ENGINE_JOURNAL_H
#define ENGINE_JOURNAL_H

#include "engine/internal.h"

/* Opens DIR/weir.db, carries out again every live statement (queries resume under their
 * incarnation), removes what was half made. */
WR_CHECKED wr_status wr_journal_open(wr_engine *e, wr_err *err);
void wr_journal_close(wr_engine *e);

/* How many partitions a Kafka topic had when a statement was first planned with it, while
 * statements are carried out again: a plan must come out the same, and the broker need not be
 * there. -1: not recorded, or this is no replay. */
int32_t wr_journal_partitions(wr_engine *e, wr_str topic);
/* Records that number, unless one is recorded. */
WR_CHECKED wr_status wr_journal_topic(wr_engine *e, wr_str topic, int32_t partitions, wr_err *err);

/* Of all INSERTs into Kafka topics from this data directory: a transactional id without its prefix.
 * Made when there is none and make is set; else "" then. */
enum { WR_INSERT_ID = 48 };
#define WR_INSERT_ID_KEY "insert.id" /* in the catalog */
struct wr_catdb;
/* Makes another one in a catalog. */
WR_CHECKED wr_status wr_journal_new_insert_id(struct wr_catdb *catalog, char out[WR_INSERT_ID],
					      wr_err *err);
WR_CHECKED wr_status wr_journal_insert_id(wr_engine *e, bool make, char out[WR_INSERT_ID],
					  wr_err *err);

/* x's statement begins to exist: recorded as creating, and x->seq its number, unless it has one. */
WR_CHECKED wr_status wr_journal_number(wr_exec *x, wr_err *err);
/* Its query q is about to be made: incarnation and tasks are recorded. */
WR_CHECKED wr_status wr_journal_creating(wr_exec *x, const wr_query *q, wr_err *err);
/* All its parts exist. */
WR_CHECKED wr_status wr_journal_live(wr_exec *x, wr_err *err);
/*
 * It came to nothing: forgotten, its state removed. false: the journal could not be written, and
 * the next start finds it as far as it got.
 */
bool wr_journal_undo(wr_exec *x, const wr_query *q);
/* The statement numbered seq was dropped. */
WR_CHECKED wr_status wr_journal_dropped(wr_engine *e, int64_t seq, wr_err *err);

/*
 * The same for a relation or type: others that stay may have been planned against it (needed:
 * surely), and then it comes back at each start, for them alone, until none of them is left.
 */
WR_CHECKED wr_status wr_journal_gone(wr_engine *e, int64_t seq, bool needed, wr_err *err);

/* The query of the statement numbered seq was terminated; what it filled stays. */
WR_CHECKED wr_status wr_journal_terminated(wr_engine *e, int64_t seq, wr_err *err);

/* The query of the statement numbered seq rests, or goes on. */
WR_CHECKED wr_status wr_journal_paused(wr_engine *e, int64_t seq, bool paused, wr_err *err);
/* x's statement goes on as query q, with all that the one of statement old was: at once, or not at
 * all. */
WR_CHECKED wr_status wr_journal_replaced(wr_exec *x, const wr_query *q, int64_t old, wr_err *err);

#endif

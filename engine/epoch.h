/* Epochs: what is stored beside the operators' state, and the protocol of a commit. See epoch.c. */
#ifndef ENGINE_EPOCH_H
#define ENGINE_EPOCH_H

#include "engine/run.h"

/* Operator numbers that no plan uses. */
enum { WR_META_STORE = 0xffff, WR_ERROR_STORE = 0xfffe };

/* The mark of the last commit, read before any store is opened; appended. */
void wr_epoch_mark(wr_state *state, wr_buf *mark);
/* Applies or throws away an epoch that a crash left pending, as the run's sink (open, NULL: none
 * that decides) says. Before any store is opened. */
WR_CHECKED wr_status wr_epoch_settle(wr_run *run, wr_err *err);
/* Reads epoch, positions, times and the sink's mark (into mark). *known false: the query is new.
 * What it changes (places behind lost records) counts with the next commit. Errors: CONNECT;
 * STATEMENT, a topic is another one. */
WR_CHECKED wr_status wr_epoch_restore(wr_run *run, wr_buf *mark, bool *known, wr_err *err);
/* Epoch 0: the resolved start positions are stored before the first row. */
WR_CHECKED wr_status wr_epoch_first(wr_run *run, wr_err *err);
/* The next epoch, without rows: a sink begins to decide in a query that ran without that. */
WR_CHECKED wr_status wr_epoch_empty(wr_run *run, wr_err *err);
/* wr_bad_letters_write, when no backup is made. */
WR_CHECKED wr_status wr_epoch_letters(wr_run *run, wr_err *err);

/* The names of all that has state in db, in an array of the arena. */
WR_CHECKED wr_status wr_incarnations(wr_db *db, wr_arena *a, const char ***out, uint32_t *n,
				     wr_err *err);

/*
 * Under which name sinks know the query: its incarnation, or, in a restored data directory, the one
 * that the restore gave it (meta store, "i"), so that the copy and its original are two.
 */
void wr_epoch_identity(wr_state *state, const char *incarnation, char out[40]);

/* The offset that the query of this state began at, as it was resolved when it was made. */
int64_t wr_epoch_begin(wr_state *state, uint32_t scan, int32_t partition);

/* The query took the place of one that let other keys through, and kept its state: what that one
 * wrote is not what it would write (meta store, "c"). */
void wr_epoch_set_narrowed(wr_run *run);
bool wr_epoch_narrowed(wr_state *state);

#endif

/* Epochs: what is stored beside the operators' state, and the protocol of a commit. See epoch.c. */
#ifndef ENGINE_EPOCH_H
#define ENGINE_EPOCH_H

#include "engine/run.h"

/* Operator numbers that no plan uses. */
enum { WR_META_STORE = 0xffff, WR_ERROR_STORE = 0xfffe };

/* Reads epoch, positions, times and the sink's mark (into mark). false: the query is new. */
bool wr_epoch_restore(wr_run *run, wr_buf *mark);
/* Epoch 0: the resolved start positions are stored before the first row. */
WR_CHECKED wr_status wr_epoch_first(wr_run *run, wr_err *err);

#endif

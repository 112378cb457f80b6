/* What RocksDB's write-ahead log cannot tell by itself. */
#ifndef STATE_WAL_H
#define STATE_WAL_H

#include "core/err.h"

/*
 * Looks at the end of every log in a database's directory, before it is opened: WR_FAIL with an IO
 * error that names the log whose last record is whole but has a damaged length.
 */
wr_status wr_wal_check(const char *path, wr_err *err);

#endif

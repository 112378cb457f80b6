/*
 * The little that state needs of the file system, inside the room. Errors are IO errors with the
 * path.
 */
#ifndef STATE_FILES_H
#define STATE_FILES_H

#include "core/err.h"

/* Makes the directory and those above it. */
wr_status wr_dir_make(const char *dir, wr_err *err);
/* Makes dir/name and removes the files in it that keep says false of. */
wr_status wr_dir_clean(const char *dir, const char *name,
		       bool (*keep)(void *self, const char *file), void *self, wr_err *err);
/* New names in dir/name are on disk afterwards. */
wr_status wr_dir_sync(const char *dir, const char *name, wr_err *err);
/* Copies a file, synced. */
wr_status wr_file_copy(const char *from, const char *to, wr_err *err);
/* Whether a file in dir has a name that ends so. */
bool wr_dir_has(const char *dir, const char *ending);
bool wr_file_exists(const char *format, ...) WR_PRINTF(1, 2);

/*
 * Locks dir/state.lock for this process and writes its number into it; *fd stays open as long as
 * the lock is held. A lock held elsewhere is an error that names the process.
 */
wr_status wr_file_lock(const char *dir, int *fd, wr_err *err);
void wr_file_unlock(int fd); /* -1 is fine */

#endif

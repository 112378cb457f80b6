/*
 * Files that survive a crash: what the topic log and the file sinks share. Errors are of class IO
 * and name the path. Thread: any.
 */
#ifndef IO_FILES_H
#define IO_FILES_H

#include "core/buf.h"

/* "cannot WHAT PATH: reason", from errno, with a hint where one helps. Always WR_FAIL. */
wr_status wr_file_fail(wr_err *err, const char *what, const char *path);

/* Writes all n bytes at the descriptor's place, or at `at` (>= 0). */
WR_CHECKED wr_status wr_file_write(int fd, const char *path, const void *p, size_t n, int64_t at,
				   wr_err *err);
/* Writes at the end; when that fails, nothing of it is left there for what comes next. */
WR_CHECKED wr_status wr_file_append(int fd, const char *path, wr_str bytes, bool sync, wr_err *err);
/* Reads n bytes at `at`; a file that ends before is an error. */
WR_CHECKED wr_status wr_file_read(int fd, const char *path, void *p, size_t n, int64_t at,
				  wr_err *err);
/* The whole file, appended to out. *found false (and no error) when there is none. */
WR_CHECKED wr_status wr_file_load(const char *path, wr_buf *out, bool *found, wr_err *err);

/* The file's data is on disk (fdatasync). */
WR_CHECKED wr_status wr_file_sync(int fd, const char *path, wr_err *err);
/* Names made, renamed and removed in the directory are on disk. */
WR_CHECKED wr_status wr_file_sync_dir(const char *dir, wr_err *err);
/* The same for the directory that a path stands in. */
WR_CHECKED wr_status wr_file_sync_parent(const char *path, wr_err *err);

/*
 * Replaces a file's content at one stroke: PATH.tmp is written, synced, renamed over it, the
 * directory synced. After a crash there is the old content or the new one.
 */
WR_CHECKED wr_status wr_file_replace(const char *path, wr_str content, wr_err *err);
/* Renames and syncs both directories. */
WR_CHECKED wr_status wr_file_rename(const char *from, const char *to, wr_err *err);

/* Copies a file, synced; what stands there is overwritten. What is appended meanwhile may come with
 * it or not. */
WR_CHECKED wr_status wr_file_copy_to(const char *from, const char *to, wr_err *err);
/*
 * Copies a directory with all below it, synced, into `to`, which is made. take(name) NULL:
 * everything; else files that it says false of are left out.
 */
WR_CHECKED wr_status wr_file_copy_tree(const char *from, const char *to,
				       bool (*take)(const char *file), wr_err *err);
/* True when there is no such directory, or nothing in it. */
bool wr_file_dir_empty(const char *dir);

/* Makes a directory and those above it; being there is fine. */
WR_CHECKED wr_status wr_file_make_dir(const char *dir, wr_err *err);
/* Removes a directory and the files in it (no directories below). Not being there is fine. */
WR_CHECKED wr_status wr_file_remove_dir(const char *dir, wr_err *err);

#endif

/* A file that is written from a place on, plain or compressed, and synced. Errors are of class IO.
 * Thread: one at a time. */
#ifndef SINKS_CSV_FILE_H
#define SINKS_CSV_FILE_H

#include "core/buf.h"

typedef enum wr_csv_compress { WR_CSV_PLAIN, WR_CSV_GZIP, WR_CSV_ZSTD } wr_csv_compress;

typedef struct wr_csv_file wr_csv_file;

/* Opens or makes the file and cuts it to `keep` bytes. One that is shorter than that is an error
 * (RUNTIME: trying again does not help). Pipes and terminals are taken as they are. */
WR_CHECKED wr_status wr_csv_file_open(const char *path, wr_csv_compress compress, int64_t keep,
				      wr_csv_file **out, wr_err *err);
WR_CHECKED wr_status wr_csv_file_put(wr_csv_file *f, wr_str bytes, wr_err *err);
/* Ends the compressed member, so that the file is whole, and syncs. Nothing new: does nothing. A
 * file that is no longer under its name is an error. */
WR_CHECKED wr_status wr_csv_file_sync(wr_csv_file *f, wr_err *err);
/* Bytes in the file; after a sync: what a reader sees. */
int64_t wr_csv_file_length(const wr_csv_file *f);
void wr_csv_file_close(wr_csv_file *f); /* NULL is fine; what is not synced may be lost */

#endif

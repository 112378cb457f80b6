/*
 * What the files of the RocksDB base share: base_rocks.c (the database and its states),
 * rocks_read.c (gets, cursors, views), rocks_write.c (commits). Inside the room, and inside those
 * three.
 */
#ifndef STATE_ROCKS_H
#define STATE_ROCKS_H

#include "state/base.h"

#include <pthread.h>
#include <stdatomic.h>

enum { WR_ROCKS_PREFIX = 4 };
/* The store no one may open: its one key holds the pending epoch. */
#define WR_ROCKS_PENDING UINT32_MAX

typedef struct wr_family {
	struct wr_family *next;
	char *name;
	struct rocksdb_column_family_handle_t *handle;
	int refs; /* under the db's lock */
} wr_family;

typedef struct wr_rock_db {
	char *dir;
	int lock_fd;
	struct rocksdb_t *db;
	struct rocksdb_cache_t *cache;
	struct rocksdb_options_t *options, *file_options;
	struct rocksdb_readoptions_t *read;
	struct rocksdb_writeoptions_t *sync;
	pthread_mutex_t lock;
	wr_family *families;
	pthread_mutex_t files_lock; /* held while files of pending epochs go, and by a backup */
	_Atomic unsigned files;	    /* written so far: makes names */
	/* the disk was full, and has had room since then (monotonic ns); 0: it is not */
	_Atomic int64_t full_since;
} wr_rock_db;

typedef struct wr_rock_store wr_rock_store;

typedef struct wr_rock_state {
	wr_rock_db *db;
	wr_family *cf;
	pthread_mutex_t lock; /* stores, broken */
	wr_rock_store *stores;
	char *broken;
	bool pending;	/* an epoch waits for its decision */
	uint64_t epoch; /* that one */
} wr_rock_state;

/* Keys [from, to) of a store, where nothing is committed. */
typedef struct wr_rock_gap {
	bool set, open; /* open: no upper end */
	wr_buf from, to;
} wr_rock_gap;

enum { WR_ROCKS_GAPS = 4 };

struct wr_rock_store {
	wr_rock_store *next;
	wr_rock_state *state;
	uint32_t id;
	wr_buf key;
	struct wr_rock_cursor *spare;
	uint32_t nspare;
	wr_rock_gap gaps[WR_ROCKS_GAPS];
	uint32_t next_gap;
};

/* Sets an IO error and frees RocksDB's message. */
/* After each write; message: it failed with that. Ends the process when no other can succeed. */
void wr_rocks_lost(wr_rock_db *db, const char *message);
wr_status wr_rocks_error(wr_err *err, const char *what, char *message);
/* A read failed: told by health. Frees the message. */
void wr_rocks_read_failed(wr_rock_state *s, char *message);
void wr_rocks_hold(wr_rock_db *db, wr_family *f);
void wr_rocks_release(wr_rock_db *db, wr_family *f);

void wr_rocks_put_prefix(char to[WR_ROCKS_PREFIX], uint32_t id);
/* The key with its store's number, in buf. */
wr_str wr_rocks_key(wr_buf *buf, uint32_t id, wr_str key);
/* The committed value of any key, reserved ones too; false when not there or after a failure. */
bool wr_rocks_read(wr_rock_state *s, wr_str full, wr_buf *out);
/* Ends the cursors that a store keeps: the next ones see a new commit. */
void wr_rocks_drop_spare(wr_rock_store *st);
/* Before these changes are committed: gaps end where they put a key. */
void wr_rocks_cut_gaps(const wr_changes *ch);

/* The members of wr_base_rocks, by file. */
void *wr_rocks_store_open(void *state, uint32_t id, bool *empty);
void wr_rocks_store_close(void *store);
uint64_t wr_rocks_size(void *store);
bool wr_rocks_get(void *store, wr_str key, wr_buf *out);
wr_cursor *wr_rocks_cursor_open(void *store);
bool wr_rocks_seek(wr_cursor *c, wr_str key, bool backwards);
bool wr_rocks_step(wr_cursor *c, bool backwards);
void wr_rocks_cursor_close(wr_cursor *c);
void *wr_rocks_view_open(void *state, uint16_t op, wr_range r, wr_cursor ***out, uint32_t *n);
void wr_rocks_view_close(void *view);

wr_status wr_rocks_commit(void *state, const wr_changes *ch, uint32_t n, wr_err *err);
wr_status wr_rocks_prepare(void *state, const wr_changes *ch, uint32_t n, uint64_t epoch,
			   wr_err *err);
wr_status wr_rocks_apply(void *state, wr_err *err);
wr_status wr_rocks_discard(void *state, wr_err *err);
bool wr_rocks_pending(void *state, uint64_t *epoch);
/* At open: what waits in a state; and the removal of files that no state refers to. */
void wr_rocks_find_pending(wr_rock_state *s);
wr_status wr_rocks_clean_files(wr_rock_db *db, wr_err *err);
/* For a backup: the files of pending epochs, into dir/ingest. */
wr_status wr_rocks_copy_pending(wr_rock_db *db, const char *dir, wr_err *err);

#endif

/*
 * State: one ordered byte store per data directory, a column family per query, a key prefix per store.
 *
 *   wr_db     the data directory's RocksDB (or memory, for tests and transient queries)
 *   wr_state  a query's column family and its open epoch
 *   wr_store  the rows of one operator on one task: keys of other stores are invisible to it
 *
 * Writes go to an overlay that belongs to the open epoch; reads and iterators see overlay over committed data, deletes hiding. Nothing
 * reaches its final place before wr_state_commit, which makes the overlays of all stores of the query one atomic, synced write.
 *
 * Thread: a store belongs to its task. Commit and rollback are called while all tasks of the query stand still at a barrier.
 */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include "core/buf.h"

typedef struct wr_db wr_db;
typedef struct wr_state wr_state;
typedef struct wr_store wr_store;

typedef struct wr_db_options {
	bool memory;		/* no files at all */
	size_t cache_bytes;	/* block cache; and a bound for write buffers */
} wr_db_options;

/* Opens or creates dir/state. A second process on the same directory is refused (IO). An unknown format version or damage is refused
 * with words that say what to do (IO). */
wr_status wr_db_open(const char *dir, const wr_db_options *opt, wr_db **out, wr_err *err);
void wr_db_close(wr_db *db);

/* The state of a query, by its incarnation (a UUID text). Creates it when new. */
wr_status wr_state_open(wr_db *db, const char *incarnation, wr_state **out, wr_err *err);
void wr_state_close(wr_state *s);	/* uncommitted writes are gone */
wr_status wr_state_drop(wr_db *db, const char *incarnation, wr_err *err);
/* Calls visit for every incarnation that has state, so that start-up can remove orphans. */
wr_status wr_state_each(wr_db *db, void (*visit)(void *self, const char *incarnation), void *self,
                        wr_err *err);

/* op: the operator's number in its plan; task: 0 … */
wr_store *wr_store_open(wr_state *s, uint16_t op, uint16_t task);

/* true and the value in *out (appended after reset) when key is there. */
bool wr_store_get(wr_store *st, wr_str key, wr_buf *out);
void wr_store_put(wr_store *st, wr_str key, wr_str value);
void wr_store_del(wr_store *st, wr_str key);
/* Many changes at once in ascending key order (value.p == NULL deletes): what wr_cache flushes. Copied. */
typedef struct wr_kv {
	wr_str key, value;
} wr_kv;
void wr_store_put_sorted(wr_store *st, const wr_kv *kv, size_t n);
/* Deletes every key in [from, to). */
void wr_store_del_range(wr_store *st, wr_str from, wr_str to);

/* Iterates keys in [from, to) in order (to.p == NULL: no end), or backwards. The store must not be written while an iterator is open. */
typedef struct wr_iter wr_iter;
wr_iter *wr_store_scan(wr_store *st, wr_str from, wr_str to, bool backwards);
bool wr_iter_next(wr_iter *it, wr_str *key, wr_str *value);	/* views valid until the next call */
void wr_iter_close(wr_iter *it);

/* A read failed (disk) or the store is damaged: reads answer "not there" and this says so; the driver asks at each barrier. */
wr_status wr_state_health(wr_state *s, wr_err *err);

/* Bytes of writes waiting for the commit. */
size_t wr_state_dirty_bytes(const wr_state *s);

/* All overlays as one atomic write, synced to disk. Small: a WriteBatch; large: a sorted SST file, ingested. After success the
 * overlays are empty. On failure nothing was written; call wr_state_rollback. */
wr_status wr_state_commit(wr_state *s, wr_err *err);
/* Throws the overlays away: the stores show the last commit again. */
void wr_state_rollback(wr_state *s);

/* A consistent view of the last commit of one operator over all its tasks, for readers outside the tasks (pull queries, CSV TABLE):
 * keys come without prefix, ordered within each task, merged over tasks. */
typedef struct wr_view wr_view;
wr_view *wr_view_open(wr_state *s, uint16_t op, wr_str from, wr_str to);
bool wr_view_next(wr_view *v, wr_str *key, wr_str *value);
void wr_view_close(wr_view *v);

#endif

/*
 * State: one ordered byte store per data directory, a column family per query, a key prefix per
 * store.
 *
 *   wr_db     the data directory's RocksDB (or memory, for tests and transient queries)
 *   wr_state  a query's column family and its open epoch
 *   wr_store  the rows of one operator on one task: keys of other stores are invisible to it
 *
 * Writes go to an overlay that belongs to the open epoch; reads and iterators see overlay over
 * committed data, deletes hiding. Nothing reaches its final place before wr_state_commit, which
 * makes the overlays of all stores of the query one atomic, synced write.
 *
 * Thread: a store belongs to its task. Commit and rollback are called while all tasks of the query
 * stand still at a barrier.
 */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include "core/buf.h"

typedef struct wr_db wr_db;
typedef struct wr_state wr_state;
typedef struct wr_store wr_store;

typedef struct wr_db_options {
	bool memory; /* no files at all */
	/* block cache; and a bound for write buffers, and, six times, for all caches; 0: as it likes */
	size_t cache_bytes;
} wr_db_options;

/*
 * Opens or creates dir/state. A second process on the same directory is refused (IO). An unknown
 * format version or damage is refused with words that say what to do (IO).
 */
wr_status wr_db_open(const char *dir, const wr_db_options *opt, wr_db **out, wr_err *err);
void wr_db_close(wr_db *db);

/*
 * Copies all committed state, as of now, into dir/state; dir must not hold one. Queries go on
 * meanwhile.
 */
wr_status wr_db_backup(wr_db *db, const char *dir, wr_err *err);
/*
 * Reads all committed state and checks its checksums; *keys gets the number of keys. IO when
 * something is damaged.
 */
wr_status wr_db_verify(wr_db *db, uint64_t *keys, wr_err *err);

/* The state of a query, by its incarnation (a UUID text). Creates it when new. */
wr_status wr_state_open(wr_db *db, const char *incarnation, wr_state **out, wr_err *err);
void wr_state_close(wr_state *s); /* uncommitted writes are gone */
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
/*
 * Many changes at once in ascending key order (value.p == NULL deletes): what wr_cache flushes.
 * Copied.
 */
typedef struct wr_kv {
	wr_str key, value;
} wr_kv;
void wr_store_put_sorted(wr_store *st, const wr_kv *kv, size_t n);
/* Deletes every key in [from, to). */
void wr_store_del_range(wr_store *st, wr_str from, wr_str to);

/*
 * Iterates keys in [from, to) in order (to.p == NULL: no end), or backwards. The store must not be
 * written while an iterator is open.
 */
typedef struct wr_iter wr_iter;
wr_iter *wr_store_scan(wr_store *st, wr_str from, wr_str to, bool backwards);
/* views valid until the next call */
bool wr_iter_next(wr_iter *it, wr_str *key, wr_str *value);
void wr_iter_close(wr_iter *it);

/*
 * A read failed (disk) or the store is damaged: reads answer "not there" and this says so; the
 * driver asks at each barrier.
 */
wr_status wr_state_health(wr_state *s, wr_err *err);

/*
 * Bytes of writes waiting for the commit: overlays, and what caches hold changed, with what the
 * commit of it takes. Thread: any.
 */
size_t wr_state_dirty_bytes(const wr_state *s);

/*
 * All overlays as one atomic write, synced to disk. Small: a WriteBatch; large: a sorted SST file,
 * ingested. After success the overlays are empty. On failure nothing was written; call
 * wr_state_rollback.
 */
wr_status wr_state_commit(wr_state *s, wr_err *err);
/* Throws the overlays away: the stores show the last commit again. */
void wr_state_rollback(wr_state *s);

/*
 * A commit in two steps, for sinks whose own commit decides. prepare stores all overlays, synced,
 * as the pending epoch of that number; the stores go on showing the overlays, and nothing may be
 * written. Then either apply, which makes it the last commit in one atomic write and empties the
 * overlays, or discard, after which come wr_state_rollback and a new start. A pending epoch
 * outlives the process: after wr_state_open ask pending, and decide before any store is opened. A
 * state with a pending epoch cannot commit.
 */
wr_status wr_state_prepare(wr_state *s, uint64_t epoch, wr_err *err);
bool wr_state_pending(wr_state *s, uint64_t *epoch);
wr_status wr_state_apply(wr_state *s, wr_err *err);
wr_status wr_state_discard(wr_state *s, wr_err *err);

/*
 * A consistent view of the last commit of one operator over all its tasks, for readers outside the
 * tasks (pull queries, CSV TABLE): keys come without prefix, ordered within each task, merged over
 * tasks.
 */
typedef struct wr_view wr_view;
wr_view *wr_view_open(wr_state *s, uint16_t op, wr_str from, wr_str to);
bool wr_view_next(wr_view *v, wr_str *key, wr_str *value);
void wr_view_close(wr_view *v);

#endif

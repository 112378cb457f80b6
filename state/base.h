/*
 * What lies under the overlay, inside the room state/ only: committed data, in RocksDB
 * (base_rocks.c) or in memory (base_memory.c). store.c is the only caller.
 *
 * Objects are the base's own, as void *: db, state (of one incarnation), store (of one operator and
 * task).
 *
 * Thread: state_open/close/drop, view_open and views from any thread; get and cursors from the task
 * of the store; commit while all tasks of the state stand still.
 */
#ifndef STATE_BASE_H
#define STATE_BASE_H

#include "state/store.h"
#include "state/tree.h"

/* Keys [from, to) of one store; to.p == NULL: to its end. */
typedef struct wr_range {
	wr_str from, to;
} wr_range;

/* A place in the committed data of a store. Bases put it first in their own cursor. */
typedef struct wr_cursor {
	wr_str key, value; /* of the last seek or step that was true; valid until the next */
} wr_cursor;

/*
 * What an epoch changed in a store: first the ranges go (disjoint, ascending), then the points are
 * set.
 */
typedef struct wr_changes {
	void *store; /* the base's */
	uint32_t id;
	const wr_tree *points;
	const wr_range *ranges;
	uint32_t nranges;
} wr_changes;

/* A store's number: its key prefix in big-endian. */
static inline uint32_t wr_store_id(uint16_t op, uint16_t task)
{
	return (uint32_t)op << 16 | task;
}

typedef struct wr_base_def {
	wr_status (*open)(const char *dir, const wr_db_options *opt, void **db, wr_err *err);
	void (*close)(void *db);
	/* What stands behind wr_db_backup and wr_db_verify. */
	wr_status (*backup)(void *db, const char *dir, wr_err *err);
	wr_status (*verify)(void *db, uint64_t *keys, wr_err *err);

	wr_status (*state_open)(void *db, const char *incarnation, void **state, wr_err *err);
	void (*state_close)(void *state);
	wr_status (*state_drop)(void *db, const char *incarnation, wr_err *err);
	wr_status (*state_each)(void *db, void (*visit)(void *self, const char *incarnation),
				void *self, wr_err *err);
	/*
	 * Reads fail quietly (not there) and leave their message here; fail sets it from outside.
	 */
	wr_status (*health)(void *state, wr_err *err);
	void (*fail)(void *state, const char *message);

	/* *empty: nothing is committed in it. */
	void *(*store_open)(void *state, uint32_t id, bool *empty);
	void (*store_close)(void *store);
	/* About how many bytes are committed in it; 0 when that is not known. */
	uint64_t (*size)(void *store);
	/* The value becomes what is in *out. */
	bool (*get)(void *store, wr_str key, wr_buf *out);

	/* A cursor does not see commits made after it was opened, or ends; close it before. */
	wr_cursor *(*cursor_open)(void *store);
	/*
	 * Forward: first key >= key; backwards: last key < key. key.p == NULL: the first, the last.
	 */
	bool (*seek)(wr_cursor *c, wr_str key, bool backwards);
	bool (*step)(wr_cursor *c, bool backwards);
	void (*cursor_close)(wr_cursor *c);

	/* changes: n stores, ascending by id, all of them changed. */
	wr_status (*commit)(void *state, const wr_changes *changes, uint32_t n, wr_err *err);

	/*
	 * The same in two steps, see wr_state_prepare; pending says whether one waits, and its
	 * epoch.
	 */
	wr_status (*prepare)(void *state, const wr_changes *changes, uint32_t n, uint64_t epoch,
			     wr_err *err);
	bool (*pending)(void *state, uint64_t *epoch);
	wr_status (*apply)(void *state, wr_err *err);
	wr_status (*discard)(void *state, wr_err *err);

	/*
	 * Cursors of one moment over the range, one per task of op that has keys: *n of them in
	 * *out (an array that belongs to the view). The first seek places them; they may show keys
	 * from r.to on. NULL when it cannot be read.
	 */
	void *(*view_open)(void *state, uint16_t op, wr_range r, wr_cursor ***out, uint32_t *n);
	void (*view_close)(void *view);
} wr_base_def;

extern const wr_base_def wr_base_memory, wr_base_rocks;

/*
 * A mirror: all of a store's committed data in memory, in the form of a store of wr_base_memory,
 * whose get and cursors read it.
 */
void *wr_mirror_new(void);
void wr_mirror_free(void *mirror);
void wr_mirror_put(void *mirror, wr_str key, wr_str value);
void wr_mirror_apply(void *mirror, const wr_changes *ch);
size_t wr_mirror_bytes(const void *mirror);

/*
 * For wr_cache: that what it asks for is kept there, so that no mirror is wanted; how many bytes
 * more (or fewer) of it are changed; whether nothing of the store is committed or waiting, and how
 * damage is told.
 */
void wr_store_cached(wr_store *st);
void wr_store_note_cached(wr_store *st, ptrdiff_t more);
bool wr_store_empty(const wr_store *st);
/* What a cache holds has changed by so much, and the number of caches. */
void wr_store_note_held(wr_store *st, ptrdiff_t more, ptrdiff_t caches);
/* What all caches of the data directory hold too much, and the even share of one. */
size_t wr_store_held_over(const wr_store *st, size_t *share);
void wr_store_fail(wr_store *st, const char *message);

#endif

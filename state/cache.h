/*
 * wr_cache: the working set of a store, as payloads of fixed size that operators change in place.
 *
 * Key bytes -> a payload. Aggregates keep their states there, tables their rows (a payload that
 * holds a pointer to row bytes). An entry that is not in memory is loaded from the store when asked
 * for; changed entries are marked dirty and go to the store, sorted by key, at wr_cache_flush (a
 * barrier). Dirty entries never leave before; clean ones are dropped by wr_cache_trim under memory
 * pressure.
 *
 * Pointers to payloads stay valid until wr_cache_trim, wr_cache_flush or wr_cache_close (entries do
 * not move when the table grows). Payloads stand at multiples of 16 bytes and are moved by
 * wr_cache_trim as plain bytes: none may point into itself.
 *
 * Thread: that of the store.
 */
#ifndef STATE_CACHE_H
#define STATE_CACHE_H

#include "state/store.h"

typedef struct wr_cache wr_cache;

typedef struct wr_cache_def {
	uint32_t size; /* payload bytes */
	/* A new entry's payload. NULL: zeros. */
	void (*init)(void *self, void *payload);
	void (*save)(void *self, const void *payload, wr_buf *out);
	/*
	 * Into a payload of zeros. false: damaged; the store's health then says so, and the key
	 * counts as not there.
	 */
	bool (*load)(void *self, void *payload, wr_str bytes);
	/*
	 * Gives back what the payload owns; heap bytes it owned are reported by bytes(). Both NULL:
	 * plain bytes.
	 */
	void (*drop)(void *self, void *payload);
	size_t (*bytes)(void *self, const void *payload);
} wr_cache_def;

/*
 * No one else may write keys that this cache is asked for; other keys of the same store are not its
 * business.
 */
wr_cache *wr_cache_new(wr_store *st, const wr_cache_def *def, void *self);
void wr_cache_close(wr_cache *c);

/* The payload of key; NULL when there is none (in memory or store). hash: wr_cache_hash(key). */
void *wr_cache_find(wr_cache *c, wr_str key, uint64_t hash);
/* The payload of key, made when there was none (*created says so). */
void *wr_cache_make(wr_cache *c, wr_str key, uint64_t hash, bool *created);
uint64_t wr_cache_hash(wr_str key);
/*
 * When many keys are at hand, memory can be asked for ahead: the first some 16 rows before the find
 * of that hash, the second some 8 rows before. Neither changes anything.
 */
void wr_cache_prefetch(const wr_cache *c, uint64_t hash);
void wr_cache_prefetch_entry(const wr_cache *c, uint64_t hash);
/*
 * Marks as changed; true when it was clean before (the first change of this epoch). Called after
 * the change: what the payload owns by then is counted.
 */
bool wr_cache_touch(wr_cache *c, void *payload);
/* Removes key, from the store too at the next flush. */
void wr_cache_remove(wr_cache *c, wr_str key, uint64_t hash);
wr_str wr_cache_key(const wr_cache *c, const void *payload);

/* Writes the dirty entries to the store in key order; they are clean then. */
void wr_cache_flush(wr_cache *c);
/*
 * Calls visit for every entry with a key in [from, to) (p == NULL: no bound), in memory or only in
 * the store, in key order; flushes first. Entries made and never touched are left out. visit may
 * touch and remove; a payload that is not in memory is loaded, so that it may be changed. Stops
 * when visit says false.
 */
void wr_cache_scan(wr_cache *c, wr_str from, wr_str to,
		   bool (*visit)(void *arg, wr_str key, void *payload), void *arg);
/*
 * How much this cache may hold: `most`, or less when all caches of the data directory hold too much
 * together: whoever asks gives way by that, down to its even share. To be asked now and then, for it
 * also tells the others what this one holds.
 */
size_t wr_cache_room(wr_cache *c, size_t most);
/* Drops clean entries until at most `bytes` are held. */
void wr_cache_trim(wr_cache *c, size_t bytes);
/* Memory held. What payloads own is counted as of their last touch, flush or load. */
size_t wr_cache_bytes(const wr_cache *c);
size_t wr_cache_dirty(const wr_cache *c); /* entries */

#endif

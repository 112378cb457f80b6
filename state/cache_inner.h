/*
 * What cache.c and cache_sweep.c share; inside the room, and inside those two. The essay stands in
 * cache.c.
 */
#ifndef STATE_CACHE_INNER_H
#define STATE_CACHE_INNER_H

#include "state/base.h"
#include "state/cache.h"

enum {
	DIRTY = 1,
	DEAD = 2,
	STORED = 4,
	USED = 8,  /* since the clock's hand passed */
	FREE = 16, /* a hole */
	FLAGS = 8, /* bits; the rest of meta is heap bytes in units of 16 */
	HEAP_MAX = 0xFFFFFF,
	SLAB_MIN = 4096,
	SLAB_MAX = 2 << 20,
	PAGE = 4096,
	PLACES = 64, /* bytes in tables and lists that point at a changed entry and its copy */
	CLASSES = 32,
	CHUNK = 256,
	AHEAD = 24, /* entries to fetch ahead in a walk over all */
};

typedef struct entry {
	uint64_t hash;
	uint32_t klen;
	uint32_t meta;
	_Alignas(16) char payload[]; /* and the key */
} entry;

typedef struct slab {
	struct slab *next;
	size_t size, used; /* of bytes */
	_Alignas(16) char bytes[];
} slab;

struct wr_cache {
	wr_store *store;
	const wr_cache_def *def;
	void *self;
	uint64_t *slots;
	uint64_t mask; /* slots - 1; no slots: 0 */
	size_t count;  /* of slots in use */
	bool complete;
	slab *oldest, *youngest;
	entry *holes[CLASSES]; /* by size / 16 */
	size_t held, heap;
	size_t told; /* of what is held: as the data directory knows it */
	entry **dirty;
	size_t ndirty, dirty_room;
	size_t dirty_bytes; /* of dirty entries, as told to the store */
	wr_buf buf;
};

static inline entry *entry_of(const void *payload)
{
	return (entry *)((char *)payload - offsetof(entry, payload));
}

static inline char *key_of(const wr_cache *c, const entry *e)
{
	return (char *)e->payload + c->def->size;
}

/* The entry whose key stands there. */
static inline entry *entry_of_key(const wr_cache *c, const char *key)
{
	return entry_of(key - c->def->size);
}

static inline wr_str key_str(const wr_cache *c, const entry *e)
{
	return (wr_str){ key_of(c, e), e->klen };
}

static inline size_t entry_size(const wr_cache *c, uint32_t klen)
{
	return (sizeof(entry) + c->def->size + klen + 15) & ~(size_t)15;
}

static inline size_t slab_bytes(const slab *s)
{
	return s->size + sizeof(slab);
}

static inline entry *slot_entry(uint64_t slot)
{
	return (entry *)(uintptr_t)(slot & 0xFFFFFFFFFFFFu);
}

static inline uint64_t make_slot(const entry *e)
{
	return (uint64_t)(uintptr_t)e | (e->hash & ~(uint64_t)0xFFFFFFFFFFFFu);
}

static inline entry *next_entry(const wr_cache *c, slab *s, size_t *at)
{
	entry *e = (entry *)(s->bytes + *at);

	if (*at >= s->used)
		return NULL;
	*at += entry_size(c, e->klen);
	return e;
}

/* Room for an entry of so many bytes, not in the table yet. */
entry *wr_cache_take(wr_cache *c, size_t size);
/* Gives the room of an entry that is not in the table back. */
void wr_cache_give(wr_cache *c, entry *e);
slab *wr_cache_add_slab(wr_cache *c, size_t size);
void wr_cache_free_slab(slab *s);
/* A new table of n slots, a power of two. */
void wr_cache_resize(wr_cache *c, size_t n);
/* The entry of key in memory, dead ones too; NULL when there is none. */
entry *wr_cache_look_up(const wr_cache *c, wr_str key, uint64_t hash);
uint64_t wr_cache_slot(const wr_cache *c, const entry *e);
void wr_cache_unlink(wr_cache *c, const entry *e);
/* Makes an entry from the store's bytes; NULL when they are damaged. */
entry *wr_cache_load_bytes(wr_cache *c, wr_str key, uint64_t hash, wr_str bytes);
/* Counts anew what the payload owns. */
void wr_cache_count_heap(wr_cache *c, entry *e);
void wr_cache_drop_payload(wr_cache *c, entry *e);

#endif

/*
 * The working set of a store: a hash table of pointers to entries in slabs.
 *
 *     slots   [ . ][tag|ptr][ . ][tag|ptr] …      open addressing, 8 bytes a slot, at most 5/8 full
 *                     │             └──────────────┐
 *     slab    [ header | payload | key ][ header | payload | key ] …
 *
 * A slot is a pointer with the top 16 bits of the hash above it, so that a probe touches an entry
 * only when it is almost surely the one. Entries have the size that their key needs and stand one
 * behind the other; one that is given back goes to a list of its size. They do not move but in
 * wr_cache_trim.
 *
 * An entry is
 *   clean       as the store has it (or just made and never touched)
 *   DIRTY       in the dirty list, to be written by the next flush
 *   DEAD        removed, and DIRTY so that the flush deletes it in the store; it keeps its place in the table, so that a find need not
 *               ask the store, which still shows the old value
 *   STORED      the store has its key; what is DEAD and not STORED is simply forgotten at the flush
 *
 * `complete` says that memory holds all there is: true when the store was empty at the beginning
 * and nothing stored was ever trimmed. Then a miss is an answer; otherwise the store is asked.
 *
 * The flush, the scan and the trim are in cache_sweep.c.
 */
#include "state/cache_inner.h"

#include <stdlib.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t wr_cache_hash(wr_str key)
{
	return XXH3_64bits(key.n ? key.p : "", key.n);
}

/* ---- slabs */

/*
 * Large pieces are huge pages where the system gives them: random access over many megabytes is
 * mostly address translation. They come from the system itself and go back to it: malloc would
 * leave a hole as large as the piece before each, for the sake of the alignment, and fill it.
 */
static char *map_aligned(size_t size)
{
	size_t room = size + SLAB_MAX, front;
	char *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		wr_no_memory(size);
	front = -(uintptr_t)p & (SLAB_MAX - 1);
	if (front)
		munmap(p, front);
	munmap(p + front + size, room - front - size);
	return p + front;
}

static size_t whole_pages(size_t size)
{
	return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static void *big_alloc(size_t size)
{
	void *p;

	if (size < SLAB_MAX)
		return wr_malloc(size);
	p = map_aligned(whole_pages(size));
	madvise(p, whole_pages(size), MADV_HUGEPAGE);
	return p;
}

static void big_free(void *p, size_t size)
{
	if (size < SLAB_MAX)
		free(p);
	else
		munmap(p, whole_pages(size));
}

slab *wr_cache_add_slab(wr_cache *c, size_t size)
{
	slab *s = big_alloc(size);

	s->next = NULL;
	s->size = size - sizeof(slab);
	s->used = 0;
	if (c->youngest)
		c->youngest->next = s;
	else
		c->oldest = s;
	c->youngest = s;
	c->held += size;
	return s;
}

void wr_cache_free_slab(slab *s)
{
	big_free(s, slab_bytes(s));
}

/* Small caches take little; slabs double until they are large. */
static size_t slab_size(const wr_cache *c, size_t need)
{
	size_t size = c->youngest ? slab_bytes(c->youngest) * 2 : SLAB_MIN;

	if (size < SLAB_MIN)
		size = SLAB_MIN;
	if (size > SLAB_MAX)
		size = SLAB_MAX;
	return size < need + sizeof(slab) ? need + sizeof(slab) : size;
}

entry *wr_cache_take(wr_cache *c, size_t size)
{
	slab *s = c->youngest;
	size_t class = size / 16;
	entry *e;

	if (class < CLASSES && c->holes[class]) {
		e = c->holes[class];
		memcpy(&c->holes[class], &e->hash, sizeof(entry *));
		return e;
	}
	if (!s || s->size - s->used < size)
		s = wr_cache_add_slab(c, slab_size(c, size));
	e = (entry *)(s->bytes + s->used);
	s->used += size;
	return e;
}

void wr_cache_give(wr_cache *c, entry *e)
{
	size_t class = entry_size(c, e->klen) / 16;

	e->meta = FREE;
	if (class >= CLASSES)
		return;
	memcpy(&e->hash, &c->holes[class], sizeof(entry *));
	c->holes[class] = e;
}

/* ---- the table */

static uint64_t *new_slots(size_t n)
{
	uint64_t *slots = big_alloc(n * sizeof(*slots));

	return memset(slots, 0, n * sizeof(*slots));
}

void wr_cache_resize(wr_cache *c, size_t n)
{
	uint64_t *old = c->slots;
	size_t nold = old ? c->mask + 1 : 0;

	c->slots = new_slots(n);
	c->mask = n - 1;
	for (size_t i = 0; i < nold; i++) {
		uint64_t at;

		if (i + AHEAD < nold)
			__builtin_prefetch(slot_entry(old[i + AHEAD]));
		if (!old[i])
			continue;
		at = slot_entry(old[i])->hash & c->mask;
		while (c->slots[at])
			at = (at + 1) & c->mask;
		c->slots[at] = old[i];
	}
	if (old)
		big_free(old, nold * sizeof(*old));
}

static inline bool same_bytes(const char *a, const char *b, uint32_t n)
{
	uint64_t x, y, u, v;

	if (n < 8 || n > 16)
		return memcmp(a, b, n) == 0;
	memcpy(&x, a, 8);
	memcpy(&y, b, 8);
	memcpy(&u, a + n - 8, 8);
	memcpy(&v, b + n - 8, 8);
	return ((x ^ y) | (u ^ v)) == 0;
}

/* The entry of key, dead ones too; NULL when memory has none. */
entry *wr_cache_look_up(const wr_cache *c, wr_str key, uint64_t hash)
{
	if (!c->slots)
		return NULL;
	for (uint64_t at = hash & c->mask;; at = (at + 1) & c->mask) {
		uint64_t slot = c->slots[at];

		if (!slot)
			return NULL;
		if ((slot ^ hash) >> 48 == 0) {
			entry *e = slot_entry(slot);

			if (e->hash == hash && e->klen == key.n &&
			    (key.n == 0 || same_bytes(key_of(c, e), key.p, key.n)))
				return e;
		}
	}
}

uint64_t wr_cache_slot(const wr_cache *c, const entry *e)
{
	uint64_t at = e->hash & c->mask;

	while (slot_entry(c->slots[at]) != e)
		at = (at + 1) & c->mask;
	return at;
}

/* Takes the entry out and moves those behind it up, so that no probe meets a gap too early. */
void wr_cache_unlink(wr_cache *c, const entry *e)
{
	uint64_t gap = wr_cache_slot(c, e), at = gap;

	for (;;) {
		uint64_t home;

		at = (at + 1) & c->mask;
		if (!c->slots[at])
			break;
		home = slot_entry(c->slots[at])->hash & c->mask;
		if (((at - home) & c->mask) < ((at - gap) & c->mask))
			continue;
		c->slots[gap] = c->slots[at];
		gap = at;
	}
	c->slots[gap] = 0;
	c->count--;
}

/* A new entry in the table, its payload all zeros. */
static entry *insert(wr_cache *c, wr_str key, uint64_t hash, uint32_t flags)
{
	entry *e = wr_cache_take(c, entry_size(c, key.n));
	uint64_t at;

	if (!c->slots || c->count * 8 >= (c->mask + 1) * 5)
		wr_cache_resize(c, c->slots ? (c->mask + 1) * 2 : 16);
	e->hash = hash;
	e->klen = key.n;
	e->meta = flags;
	memset(e->payload, 0, c->def->size);
	if (key.n)
		memcpy(key_of(c, e), key.p, key.n);
	at = hash & c->mask;
	while (c->slots[at])
		at = (at + 1) & c->mask;
	c->slots[at] = make_slot(e);
	c->count++;
	return e;
}

/* ---- payloads */

void wr_cache_count_heap(wr_cache *c, entry *e)
{
	size_t old = (size_t)(e->meta >> FLAGS) * 16, now;

	if (!c->def->bytes)
		return;
	now = (c->def->bytes(c->self, e->payload) + 15) / 16;
	if (now > HEAP_MAX)
		now = HEAP_MAX;
	c->heap += now * 16 - old;
	e->meta = (e->meta & ((1u << FLAGS) - 1)) | (uint32_t)now << FLAGS;
}

void wr_cache_drop_payload(wr_cache *c, entry *e)
{
	if (c->def->drop)
		c->def->drop(c->self, e->payload);
	c->heap -= (size_t)(e->meta >> FLAGS) * 16;
	e->meta &= (1u << FLAGS) - 1;
}

/*
 * What a changed entry takes until it is committed: itself, its places in the table, in the list
 * of changed ones and in the sort of the flush, and its copy in the overlay.
 */
static size_t changed_bytes(const wr_cache *c, const entry *e)
{
	return 2 * (entry_size(c, e->klen) + (size_t)(e->meta >> FLAGS) * 16) + PLACES;
}

static void note_changed(wr_cache *c, size_t more)
{
	c->dirty_bytes += more;
	wr_store_note_cached(c->store, (ptrdiff_t)more);
}

static void mark_dirty(wr_cache *c, entry *e)
{
	e->meta |= DIRTY;
	if (c->ndirty == c->dirty_room) {
		c->dirty_room = c->dirty_room ? c->dirty_room * 2 : 64;
		c->dirty = wr_realloc(c->dirty, c->dirty_room * sizeof(entry *));
	}
	c->dirty[c->ndirty++] = e;
	note_changed(c, changed_bytes(c, e));
}

entry *wr_cache_load_bytes(wr_cache *c, wr_str key, uint64_t hash, wr_str bytes)
{
	entry *e = insert(c, key, hash, STORED | USED);

	if (c->def->load(c->self, e->payload, bytes)) {
		wr_cache_count_heap(c, e);
		return e;
	}
	wr_cache_unlink(c, e);
	wr_cache_give(c, e);
	wr_store_fail(
	    c->store,
	    "a value in the state is damaged: it is shorter than it says or of another kind");
	return NULL;
}

/* Brings an entry from the store; NULL when it has none. */
static entry *load(wr_cache *c, wr_str key, uint64_t hash)
{
	if (c->complete || !wr_store_get(c->store, key, &c->buf))
		return NULL;
	return wr_cache_load_bytes(c, key, hash, wr_buf_view(&c->buf));
}

wr_cache *wr_cache_new(wr_store *st, const wr_cache_def *def, void *self)
{
	wr_cache *c = wr_calloc(1, sizeof(*c));

	c->store = st;
	c->def = def;
	c->self = self;
	c->complete = wr_store_empty(st);
	wr_store_cached(st);
	wr_store_note_held(st, 0, 1);
	return c;
}

void wr_cache_close(wr_cache *c)
{
	if (!c)
		return;
	wr_store_note_held(c->store, -(ptrdiff_t)c->told, -1);
	for (slab *s = c->oldest, *next; s; s = next) {
		entry *e;

		for (size_t at = 0; c->def->drop && (e = next_entry(c, s, &at));)
			if (!(e->meta & (DEAD | FREE)))
				c->def->drop(c->self, e->payload);
		next = s->next;
		wr_cache_free_slab(s);
	}
	wr_buf_free(&c->buf);
	free(c->dirty);
	if (c->slots)
		big_free(c->slots, (c->mask + 1) * sizeof(*c->slots));
	free(c);
}

/* ---- the row path */

void wr_cache_prefetch(const wr_cache *c, uint64_t hash)
{
	if (c->slots)
		__builtin_prefetch(&c->slots[hash & c->mask]);
}

void wr_cache_prefetch_entry(const wr_cache *c, uint64_t hash)
{
	entry *e = c->slots ? slot_entry(c->slots[hash & c->mask]) : NULL;

	if (e) {
		__builtin_prefetch(e);
		__builtin_prefetch((char *)e + 64);
	}
}

void *wr_cache_find(wr_cache *c, wr_str key, uint64_t hash)
{
	entry *e = wr_cache_look_up(c, key, hash);

	if (!e)
		e = load(c, key, hash);
	if (!e || e->meta & DEAD)
		return NULL;
	if (!(e->meta & USED))
		e->meta |= USED;
	return e->payload;
}

static void init_payload(wr_cache *c, entry *e)
{
	if (c->def->init)
		c->def->init(c->self, e->payload);
	wr_cache_count_heap(c, e);
}

void *wr_cache_make(wr_cache *c, wr_str key, uint64_t hash, bool *created)
{
	entry *e = wr_cache_look_up(c, key, hash);

	if (!e)
		e = load(c, key, hash);
	*created = !e || e->meta & DEAD;
	if (!e) {
		e = insert(c, key, hash, USED);
		init_payload(c, e);
	} else if (e->meta & DEAD) {
		e->meta &= ~(uint32_t)DEAD;
		memset(e->payload, 0, c->def->size);
		init_payload(c, e);
	}
	if (!(e->meta & USED))
		e->meta |= USED;
	return e->payload;
}

bool wr_cache_touch(wr_cache *c, void *payload)
{
	entry *e = entry_of(payload);

	if (e->meta & DIRTY) {
		size_t before = c->def->bytes ? changed_bytes(c, e) : 0;

		wr_cache_count_heap(c, e);
		if (c->def->bytes && changed_bytes(c, e) != before)
			note_changed(c, changed_bytes(c, e) - before);
		return false;
	}
	wr_cache_count_heap(c, e);
	mark_dirty(c, e);
	return true;
}

void wr_cache_remove(wr_cache *c, wr_str key, uint64_t hash)
{
	entry *e = wr_cache_look_up(c, key, hash);

	if (!e) {
		if (!c->complete)
			mark_dirty(c, insert(c, key, hash, DEAD | STORED));
		return;
	}
	if (e->meta & DEAD)
		return;
	wr_cache_drop_payload(c, e);
	if (!(e->meta & (STORED | DIRTY))) {
		wr_cache_unlink(c, e);
		wr_cache_give(c, e);
		return;
	}
	e->meta |= DEAD;
	if (!(e->meta & DIRTY))
		mark_dirty(c, e);
}

wr_str wr_cache_key(const wr_cache *c, const void *payload)
{
	return key_str(c, entry_of(payload));
}

size_t wr_cache_bytes(const wr_cache *c)
{
	size_t table = c->slots ? (c->mask + 1) * sizeof(uint64_t) : 0;

	return c->held + table + c->heap + c->dirty_room * sizeof(entry *);
}

size_t wr_cache_room(wr_cache *c, size_t most)
{
	size_t own = wr_cache_bytes(c), over, share, room;

	if (own != c->told)
		wr_store_note_held(c->store, (ptrdiff_t)(own - c->told), 0);
	c->told = own;
	over = wr_store_held_over(c->store, &share);
	room = !over ? most : own > over + share ? own - over : share;
	return room < most ? room : most;
}

size_t wr_cache_dirty(const wr_cache *c)
{
	return c->ndirty;
}

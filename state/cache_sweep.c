/*
 * What goes over many entries of a cache: the flush, the scan and the trim.
 *
 * The flush sorts by a radix sort on the 8 bytes behind the keys' common beginning, and again
 * inside runs of equals. Cost for 300,000 entries: some 20 ms, of which half is fetching them.
 *
 * Trim is a clock over slabs: the oldest is emptied, entries used since the last round and dirty
 * ones move to the youngest slab, others are dropped, the slab is given back. So memory really
 * shrinks, and holes that removals left are closed.
 */
#include "state/cache_inner.h"
#include "state/sort.h"

#include <stdlib.h>

/* ---- the flush */

/* Dirty entries in key order. */
static wr_sort_item *sorted_dirty(wr_cache *c)
{
	wr_sort_item *items = wr_malloc(c->ndirty * sizeof(*items));

	for (size_t i = 0; i < c->ndirty; i++) {
		if (i + AHEAD < c->ndirty)
			__builtin_prefetch(c->dirty[i + AHEAD]);
		items[i] = (wr_sort_item){ .key = key_str(c, c->dirty[i]) };
	}
	wr_sort(items, c->ndirty);
	return items;
}

/* Writes n items, at most CHUNK, and makes them clean. */
static void write_chunk(wr_cache *c, const wr_sort_item *items, size_t n)
{
	wr_kv kv[CHUNK];
	size_t at[CHUNK + 1], m = 0;

	wr_buf_reset(&c->buf);
	for (size_t i = 0; i < n; i++) {
		entry *e = entry_of_key(c, items[i].key.p);

		if (i + 8 < n)
			__builtin_prefetch(entry_of_key(c, items[i + 8].key.p));
		e->meta &= ~(uint32_t)DIRTY;
		if ((e->meta & (DEAD | STORED)) == DEAD)
			continue;
		kv[m].key = items[i].key;
		kv[m].value.p = NULL;
		at[m++] = c->buf.n;
		if (e->meta & DEAD)
			continue;
		kv[m - 1].value.p = "";
		c->def->save(c->self, e->payload, &c->buf);
		wr_cache_count_heap(c, e);
		e->meta |= STORED;
	}
	at[m] = c->buf.n;
	for (size_t i = 0; i < m; i++)
		if (kv[i].value.p && at[i + 1] > at[i])
			kv[i].value = (wr_str){ c->buf.p + at[i], (uint32_t)(at[i + 1] - at[i]) };
		else
			kv[i].value.n = 0;
	wr_store_put_sorted(c->store, kv, m);
}

void wr_cache_flush(wr_cache *c)
{
	wr_sort_item *items;
	size_t n = c->ndirty;

	if (!n)
		return;
	items = sorted_dirty(c);
	for (size_t i = 0; i < n; i += CHUNK)
		write_chunk(c, items + i, n - i < CHUNK ? n - i : CHUNK);
	for (size_t i = 0; i < n; i++) {
		entry *e = c->dirty[i];

		if (i + AHEAD < n)
			__builtin_prefetch(c->dirty[i + AHEAD]);
		if (e->meta & DEAD) {
			wr_cache_unlink(c, e);
			wr_cache_give(c, e);
		}
	}
	c->ndirty = 0;
	wr_store_note_cached(c->store, -(ptrdiff_t)c->dirty_bytes);
	c->dirty_bytes = 0;
	free(items);
}

void wr_cache_scan(wr_cache *c, wr_str from, wr_str to,
		   bool (*visit)(void *arg, wr_str key, void *payload), void *arg)
{
	wr_iter *it;
	wr_str key, value;

	wr_cache_flush(c);
	it = wr_store_scan(c->store, from, to, false);
	while (wr_iter_next(it, &key, &value)) {
		uint64_t hash = wr_cache_hash(key);
		entry *e = wr_cache_look_up(c, key, hash);

		if (!e)
			e = wr_cache_load_bytes(c, key, hash, value);
		if (e && !(e->meta & DEAD) && !visit(arg, key_str(c, e), e->payload))
			break;
	}
	wr_iter_close(it);
}

/* ---- the trim */

/* The old place keeps where the entry went, for redirect_dirty. */
static void move_entry(wr_cache *c, entry *e)
{
	size_t size = entry_size(c, e->klen);
	uint64_t at = wr_cache_slot(c, e);
	entry *to = wr_cache_take(c, size);

	memcpy(to, e, size);
	to->meta &= ~(uint32_t)USED;
	c->slots[at] = make_slot(to);
	memcpy(&e->hash, &to, sizeof(to));
}

/* Dirty entries of this slab have moved: the list follows. */
static void redirect_dirty(wr_cache *c, const slab *s)
{
	uintptr_t begin = (uintptr_t)s->bytes;

	for (size_t i = 0; i < c->ndirty; i++)
		if ((uintptr_t)c->dirty[i] - begin < s->used)
			memcpy(&c->dirty[i], &c->dirty[i]->hash, sizeof(entry *));
}

static void evict(wr_cache *c, entry *e)
{
	if (e->meta & STORED)
		c->complete = false;
	wr_cache_drop_payload(c, e);
	wr_cache_unlink(c, e);
}

static bool stays(const entry *e)
{
	return !(e->meta & FREE) && e->meta & (DIRTY | USED);
}

/*
 * A slab just large enough for those of the only slab that stay: what moves goes behind the oldest,
 * never into it.
 */
static void add_last_slab(wr_cache *c)
{
	size_t size = 0;
	entry *e;

	for (size_t at = 0; (e = next_entry(c, c->oldest, &at));)
		size += stays(e) ? entry_size(c, e->klen) : 0;
	wr_cache_add_slab(c, size + sizeof(slab));
}

/* The hand passes one slab. */
static void empty_oldest(wr_cache *c)
{
	slab *s = c->oldest;
	bool dirty = false;
	entry *e;

	if (s == c->youngest)
		add_last_slab(c);
	for (size_t at = 0; (e = next_entry(c, s, &at));) {
		dirty |= stays(e) && e->meta & DIRTY;
		if (stays(e))
			move_entry(c, e);
		else if (!(e->meta & FREE))
			evict(c, e);
	}
	if (dirty)
		redirect_dirty(c, s);
	c->oldest = s->next;
	c->held -= slab_bytes(s);
	wr_cache_free_slab(s);
}

static void shrink_table(wr_cache *c)
{
	size_t n = 16;

	while (c->count * 2 >= n)
		n *= 2;
	if (c->slots && n * 4 <= c->mask + 1)
		wr_cache_resize(c, n);
}

void wr_cache_trim(wr_cache *c, size_t bytes)
{
	size_t rounds = 0;

	if (wr_cache_bytes(c) <= bytes || !c->oldest)
		return;
	memset(c->holes, 0, sizeof(c->holes));
	for (slab *s = c->oldest; s; s = s->next)
		rounds += 2;
	while (rounds-- && wr_cache_bytes(c) > bytes) {
		empty_oldest(c);
		shrink_table(c);
	}
}

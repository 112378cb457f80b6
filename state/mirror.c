/*
 * Mirrors: a store that is scanned again and again keeps its committed data in memory as well,
 * while that is little.
 *
 * A join looks for partners, MIN for the next smallest, a session for its neighbours: a scan of a
 * few rows at every row. Out of RocksDB that takes 4 microseconds, out of a tree half of one. What
 * is kept in a wr_cache needs no mirror, and one scan now and then is not worth one; so a store
 * gets its mirror at the WORTH-th scan: for nothing when nothing is committed yet, else by reading
 * all of it once, when the base thinks it is small. Each commit is then applied to both. All
 * mirrors of a database together stay below its limit; the one that breaks it is given up for good,
 * and its store goes on with the base.
 *
 * A mirror is always whole or not there: it is never asked in vain.
 */
#include "state/store_inner.h"

/* Where tests look for faults, soon. */
#ifdef WR_FAULTS
enum { WORTH = 3 };
#else
enum { WORTH = 32 };
#endif

static void count(wr_store *st, size_t bytes)
{
	atomic_fetch_add(&st->state->db->mirrored, bytes - st->mirror_bytes);
	st->mirror_bytes = bytes;
}

static bool over(const wr_store *st)
{
	return atomic_load(&st->state->db->mirrored) > st->state->db->mirror_limit;
}

void wr_store_drop_mirror(wr_store *st)
{
	if (!st->mirror)
		return;
	wr_mirror_free(st->mirror);
	count(st, 0);
	st->mirror = NULL;
	st->no_mirror = true;
	st->read_def = st->def;
	st->read = st->base;
}

/* Reads the base; stops when the limit is passed. */
static void load(wr_store *st)
{
	wr_cursor *c = st->def->cursor_open(st->base);
	bool here = st->def->seek(c, (wr_str){ 0 }, false);

	for (uint32_t n = 0; here; n++) {
		wr_mirror_put(st->mirror, c->key, c->value);
		if (n % 1024 == 0) {
			count(st, wr_mirror_bytes(st->mirror));
			if (over(st))
				break;
		}
		here = st->def->step(c, false);
	}
	st->def->cursor_close(c);
	count(st, wr_mirror_bytes(st->mirror));
}

void wr_store_consider_mirror(wr_store *st)
{
	wr_err err = WR_ERR_INIT;

	if (++st->scans < WORTH)
		return;
	if (!st->base_empty && st->def->size(st->base) > st->state->db->mirror_limit / 4) {
		st->no_mirror = true;
		return;
	}
	st->mirror = wr_mirror_new();
	if (!st->base_empty)
		load(st);
	if (over(st) || st->def->health(st->state->base, &err) != WR_OK) {
		wr_store_drop_mirror(st);
		return;
	}
	st->read_def = &wr_base_memory;
	st->read = st->mirror;
}

void wr_store_update_mirror(wr_store *st, const wr_changes *ch)
{
	wr_mirror_apply(st->mirror, ch);
	count(st, wr_mirror_bytes(st->mirror));
	if (over(st))
		wr_store_drop_mirror(st);
}

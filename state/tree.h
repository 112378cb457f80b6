/*
 * wr_tree: an ordered map of byte strings, inside the room state/ only. The overlay of an open
 * epoch is one, and so is a store that has no files. A record holds a key with its value, or with a
 * mark that the key is deleted (what an overlay hides).
 *
 * Two ways to keep records: from the tree's arena, gone all at once (overlays), or one heap piece
 * each, given back when replaced or removed (memory stores, which live long).
 *
 * Thread: one writer and no reader, or many readers.
 */
#ifndef STATE_TREE_H
#define STATE_TREE_H

#include "core/buf.h"

enum { WR_REC_DELETED = UINT32_MAX };

typedef struct wr_rec {
	uint32_t klen;
	uint32_t vlen; /* WR_REC_DELETED: a mark */
	uint32_t room; /* bytes there are for the value */
	char bytes[];  /* key, value */
} wr_rec;

static inline wr_str wr_rec_key(const wr_rec *r)
{
	return (wr_str){ r->bytes, r->klen };
}
static inline bool wr_rec_deleted(const wr_rec *r)
{
	return r->vlen == (uint32_t)WR_REC_DELETED;
}
/* p == NULL for a mark. */
static inline wr_str wr_rec_value(const wr_rec *r)
{
	return wr_rec_deleted(r) ? (wr_str){ NULL, 0 } : (wr_str){ r->bytes + r->klen, r->vlen };
}

typedef struct wr_leaf wr_leaf;

typedef struct wr_tree {
	bool heap;	 /* records are heap pieces */
	uint32_t depth;	 /* inner nodes above a leaf */
	wr_arena *arena; /* NULL until the first put */
	void *root;
	wr_leaf *first, *last;
	size_t count; /* records */
	size_t bytes; /* that records take; in an arena also what was replaced or removed */
	size_t leaves;
} wr_tree;

void wr_tree_init(wr_tree *t, bool heap);
/* Empties the tree and gives its memory back, save a little for the next round. */
void wr_tree_clear(wr_tree *t);
void wr_tree_free(wr_tree *t);

/* The record of key, marks too; NULL when there is none. */
wr_rec *wr_tree_find(const wr_tree *t, wr_str key);
/* Sets key to value (value.p == NULL: the mark). Bytes are copied. */
void wr_tree_put(wr_tree *t, wr_str key, wr_str value);
/* Takes the record of key, or all in [from, to) (to.p == NULL: no end), out of the tree. */
void wr_tree_remove(wr_tree *t, wr_str key);
void wr_tree_remove_range(wr_tree *t, wr_str from, wr_str to);
/*
 * Builds the tree anew when most of it is empty space: call it now and then on a tree that lives
 * long.
 */
void wr_tree_tidy(wr_tree *t);

/* A place in the tree; valid until the tree changes. */
typedef struct wr_tree_pos {
	const wr_leaf *leaf;
	uint32_t at;
} wr_tree_pos;

/*
 * Forward: the first record with key >= `key`; backwards: the last one with key < `key`. key.p ==
 * NULL: the very first, the very last. NULL when there is none.
 */
const wr_rec *wr_tree_seek(const wr_tree *t, wr_tree_pos *pos, wr_str key, bool backwards);
/* The neighbour of the record at *pos. */
const wr_rec *wr_tree_step(wr_tree_pos *pos, bool backwards);

#endif

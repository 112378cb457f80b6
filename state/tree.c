/*
 * A B+ tree of byte strings.
 *
 * Records never move; leaves hold pointers to them in key order, beside each the first 8 key bytes
 * as a number (its head), so that most comparisons touch the leaf alone. Leaves are chained both
 * ways for iterators. Inner nodes hold copies of keys as separators: sep[i] <= every key below
 * kid[i + 1], and > every key below kid[i].
 *
 * Removing takes records out of leaves and leaves them thinner, at last empty; nothing is joined,
 * and iterators step over empty leaves. An overlay lives one epoch, so that is enough; for a tree
 * that lives long wr_tree_tidy builds it anew when it is mostly holes. Keys that come in ascending
 * order (the flush of a cache) go to the end of the last leaf without a descent, and a last leaf
 * that is full is not halved, so that the leaves get full.
 *
 *                     [ "k" | "t" ]
 *                    /      |      \
 *         a b f g <-> k m n <-> t u w z
 */
#include "state/tree.h"

#include <endian.h>
#include <stdlib.h>

enum { LEAF = 32, INNER = 32, DEPTH = 16, KEEP = 1 << 20 };

struct wr_leaf {
	wr_leaf *prev, *next;
	uint32_t n;
	uint64_t head[LEAF];
	wr_rec *rec[LEAF];
};

typedef struct inner {
	uint32_t n; /* separators; kids are one more */
	uint64_t head[INNER];
	wr_str sep[INNER];
	void *kid[INNER + 1];
} inner;

/* The way from the root to a leaf, for splits. */
typedef struct path {
	inner *node[DEPTH];
	uint32_t at[DEPTH];
} path;

static inline uint64_t head_of(wr_str k)
{
	uint64_t h = 0;

	if (k.n >= 8) {
		memcpy(&h, k.p, 8);
		return be64toh(h);
	}
	for (uint32_t i = 0; i < k.n; i++)
		h |= (uint64_t)(unsigned char)k.p[i] << (56 - 8 * i);
	return h;
}

/* Order of two keys whose heads are equal. */
static inline int cmp_tail(wr_str a, wr_str b)
{
	uint32_t n = a.n < b.n ? a.n : b.n;

	if (n > 8) {
		int c = memcmp(a.p + 8, b.p + 8, n - 8);

		if (c)
			return c;
	}
	return (a.n > b.n) - (a.n < b.n);
}

static inline int cmp_rec(uint64_t head, wr_str key, const wr_leaf *l, uint32_t i)
{
	if (head != l->head[i])
		return head < l->head[i] ? -1 : 1;
	return cmp_tail(key, wr_rec_key(l->rec[i]));
}

/* The first place in the leaf whose key is >= key. */
static uint32_t leaf_bound(const wr_leaf *l, uint64_t head, wr_str key, bool *equal)
{
	uint32_t lo = 0, hi = l->n;

	*equal = false;
	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		int c = cmp_rec(head, key, l, mid);

		if (c == 0) {
			*equal = true;
			return mid;
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Which kid holds key: the number of separators <= key. */
static uint32_t inner_bound(const inner *node, uint64_t head, wr_str key)
{
	uint32_t lo = 0, hi = node->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;
		bool below = head != node->head[mid] ? head < node->head[mid]
						     : cmp_tail(key, node->sep[mid]) < 0;

		if (below)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static wr_leaf *descend(const wr_tree *t, uint64_t head, wr_str key, path *way)
{
	void *node = t->root;

	for (uint32_t d = 0; d < t->depth; d++) {
		inner *in = node;
		uint32_t at = inner_bound(in, head, key);

		if (way) {
			way->node[d] = in;
			way->at[d] = at;
		}
		node = in->kid[at];
	}
	return node;
}

void wr_tree_init(wr_tree *t, bool heap)
{
	*t = (wr_tree){ .heap = heap };
}

static void free_records(wr_tree *t)
{
	if (!t->heap)
		return;
	for (wr_leaf *l = t->first; l; l = l->next)
		for (uint32_t i = 0; i < l->n; i++)
			free(l->rec[i]);
}

void wr_tree_clear(wr_tree *t)
{
	wr_arena *a = t->arena;

	free_records(t);
	if (a && wr_arena_bytes(a) > KEEP) {
		wr_arena_free(a);
		a = NULL;
	}
	if (a)
		wr_arena_reset(a);
	*t = (wr_tree){ .heap = t->heap, .arena = a };
}

void wr_tree_free(wr_tree *t)
{
	free_records(t);
	wr_arena_free(t->arena);
	*t = (wr_tree){ .heap = t->heap };
}

static wr_leaf *new_leaf(wr_tree *t)
{
	wr_leaf *l = wr_arena_alloc(t->arena, sizeof(wr_leaf));

	l->prev = l->next = NULL;
	l->n = 0;
	t->leaves++;
	return l;
}

static size_t record_size(const wr_rec *r)
{
	return sizeof(wr_rec) + r->klen + r->room;
}

/* An arena's record is never given back alone and stays counted. */
static void drop_record(wr_tree *t, wr_rec *r)
{
	if (!t->heap)
		return;
	t->bytes -= record_size(r);
	free(r);
}

static wr_rec *new_record(wr_tree *t, wr_str key, wr_str value)
{
	uint32_t vlen = value.p ? value.n : 0;
	size_t size = (sizeof(wr_rec) + key.n + vlen + 15) & ~(size_t)15;
	wr_rec *r = t->heap ? wr_malloc(size) : wr_arena_alloc(t->arena, size);

	r->klen = key.n;
	r->room = (uint32_t)(size - sizeof(wr_rec) - key.n);
	t->bytes += size;
	if (key.n)
		memcpy(r->bytes, key.p, key.n);
	if (vlen)
		memcpy(r->bytes + key.n, value.p, vlen);
	r->vlen = value.p ? vlen : (uint32_t)WR_REC_DELETED;
	return r;
}

wr_rec *wr_tree_find(const wr_tree *t, wr_str key)
{
	uint64_t head;
	wr_leaf *l;
	uint32_t at;
	bool equal;

	if (!t->count)
		return NULL;
	head = head_of(key);
	l = descend(t, head, key, NULL);
	at = leaf_bound(l, head, key, &equal);
	return equal ? l->rec[at] : NULL;
}

/* A new value for a record that is there: in its place when it fits. */
static void replace(wr_tree *t, wr_leaf *l, uint32_t at, wr_str value)
{
	wr_rec *r = l->rec[at];

	if (value.p && value.n > r->room) {
		l->rec[at] = new_record(t, wr_rec_key(r), value);
		drop_record(t, r);
		return;
	}
	if (value.p && value.n)
		memmove(r->bytes + r->klen, value.p, value.n);
	r->vlen = value.p ? value.n : (uint32_t)WR_REC_DELETED;
}

static void inner_insert(inner *node, uint32_t at, uint64_t head, wr_str sep, void *right)
{
	uint32_t tail = node->n - at;

	memmove(node->head + at + 1, node->head + at, tail * sizeof(node->head[0]));
	memmove(node->sep + at + 1, node->sep + at, tail * sizeof(node->sep[0]));
	memmove(node->kid + at + 2, node->kid + at + 1, tail * sizeof(node->kid[0]));
	node->head[at] = head;
	node->sep[at] = sep;
	node->kid[at + 1] = right;
	node->n++;
}

/*
 * Parts a full inner node: the upper part becomes *right, the separator between goes up. At the
 * right edge of the tree the lower part stays full.
 */
static inner *inner_split(wr_tree *t, inner *node, uint32_t at, uint64_t *head, wr_str *sep)
{
	inner *right = wr_arena_alloc(t->arena, sizeof(inner));
	uint32_t keep = at == node->n ? INNER - 1 : INNER / 2;

	*head = node->head[keep];
	*sep = node->sep[keep];
	right->n = node->n - keep - 1;
	memcpy(right->head, node->head + keep + 1, right->n * sizeof(right->head[0]));
	memcpy(right->sep, node->sep + keep + 1, right->n * sizeof(right->sep[0]));
	memcpy(right->kid, node->kid + keep + 1, (right->n + 1) * sizeof(right->kid[0]));
	node->n = keep;
	return right;
}

/* Hangs `right`, whose keys begin at sep, behind the node that `way` led to. */
static void grow_up(wr_tree *t, path *way, wr_str sep, void *right)
{
	uint64_t head = head_of(sep);

	for (uint32_t d = t->depth; d-- > 0;) {
		inner *node = way->node[d];
		uint32_t at = way->at[d];
		uint64_t up_head;
		wr_str up;
		inner *half;

		if (node->n < INNER) {
			inner_insert(node, at, head, sep, right);
			return;
		}
		half = inner_split(t, node, at, &up_head, &up);
		if (at <= node->n)
			inner_insert(node, at, head, sep, right);
		else
			inner_insert(half, at - node->n - 1, head, sep, right);
		head = up_head;
		sep = up;
		right = half;
	}
	WR_ASSERT(t->depth < DEPTH);
	inner *root = wr_arena_alloc(t->arena, sizeof(inner));

	root->n = 1;
	root->head[0] = head;
	root->sep[0] = sep;
	root->kid[0] = t->root;
	root->kid[1] = right;
	t->root = root;
	t->depth++;
}

/*
 * Parts a full leaf at `keep` and returns the right part, chained but not yet hung below an inner
 * node.
 */
static wr_leaf *leaf_split(wr_tree *t, wr_leaf *l, uint32_t keep)
{
	wr_leaf *right = new_leaf(t);

	right->n = l->n - keep;
	memcpy(right->head, l->head + keep, right->n * sizeof(right->head[0]));
	memcpy(right->rec, l->rec + keep, right->n * sizeof(right->rec[0]));
	l->n = keep;
	right->prev = l;
	right->next = l->next;
	if (l->next)
		l->next->prev = right;
	else
		t->last = right;
	l->next = right;
	return right;
}

static void leaf_insert(wr_leaf *l, uint32_t at, uint64_t head, wr_rec *r)
{
	uint32_t tail = l->n - at;

	if (tail) {
		memmove(l->head + at + 1, l->head + at, tail * sizeof(l->head[0]));
		memmove(l->rec + at + 1, l->rec + at, tail * sizeof(l->rec[0]));
	}
	l->head[at] = head;
	l->rec[at] = r;
	l->n++;
}

/* True when key is behind everything and the last leaf can simply take it. */
static bool at_end(const wr_tree *t, uint64_t head, wr_str key)
{
	const wr_leaf *l = t->last;

	return l && l->n && l->n < LEAF && cmp_rec(head, key, l, l->n - 1) > 0;
}

static void insert_split(wr_tree *t, path *way, wr_leaf *l, uint32_t at, wr_rec *r)
{
	bool append = at == LEAF && !l->next;
	wr_leaf *right = leaf_split(t, l, append ? LEAF : LEAF / 2);
	uint64_t head = head_of(wr_rec_key(r));

	if (at > l->n || append)
		leaf_insert(right, at - l->n, head, r);
	else
		leaf_insert(l, at, head, r);
	grow_up(t, way, wr_arena_str(t->arena, wr_rec_key(right->rec[0])), right);
}

void wr_tree_put(wr_tree *t, wr_str key, wr_str value)
{
	uint64_t head = head_of(key);
	wr_leaf *l = t->last;
	path way;
	uint32_t at;
	bool equal;

	if (!t->root) {
		if (!t->arena)
			t->arena = wr_arena_new();
		t->root = t->first = t->last = l = new_leaf(t);
	}
	if (at_end(t, head, key)) {
		at = l->n;
	} else {
		l = descend(t, head, key, &way);
		at = leaf_bound(l, head, key, &equal);
		if (equal) {
			replace(t, l, at, value);
			return;
		}
	}
	t->count++;
	if (l->n < LEAF)
		leaf_insert(l, at, head, new_record(t, key, value));
	else
		insert_split(t, &way, l, at, new_record(t, key, value));
}

/* Takes records from .. to-1 out of a leaf. */
static void leaf_cut(wr_tree *t, wr_leaf *l, uint32_t from, uint32_t to)
{
	uint32_t tail = l->n - to;

	for (uint32_t i = from; i < to; i++)
		drop_record(t, l->rec[i]);
	memmove(l->head + from, l->head + to, tail * sizeof(l->head[0]));
	memmove(l->rec + from, l->rec + to, tail * sizeof(l->rec[0]));
	l->n -= to - from;
	t->count -= to - from;
}

void wr_tree_remove(wr_tree *t, wr_str key)
{
	uint64_t head = head_of(key);
	wr_leaf *l;
	uint32_t at;
	bool equal;

	if (!t->count)
		return;
	l = descend(t, head, key, NULL);
	at = leaf_bound(l, head, key, &equal);
	if (equal)
		leaf_cut(t, l, at, at + 1);
}

void wr_tree_remove_range(wr_tree *t, wr_str from, wr_str to)
{
	uint64_t head = head_of(from), to_head = to.p ? head_of(to) : 0;
	wr_leaf *l;
	uint32_t at, end;
	bool equal;

	if (!t->count)
		return;
	l = descend(t, head, from, NULL);
	at = leaf_bound(l, head, from, &equal);
	for (; l; l = l->next, at = 0) {
		end = to.p ? leaf_bound(l, to_head, to, &equal) : l->n;
		if (at < end)
			leaf_cut(t, l, at, end);
		if (at < l->n)
			return;
	}
}

/* Records move from the old leaves to new, full ones; the old nodes go with their arena. */
void wr_tree_tidy(wr_tree *t)
{
	wr_tree fresh = { .heap = t->heap };
	path way;

	if (!t->heap || t->leaves < 8 || t->count * 4 > t->leaves * LEAF)
		return;
	fresh.arena = wr_arena_new();
	fresh.root = fresh.first = fresh.last = new_leaf(&fresh);
	for (wr_leaf *l = t->first; l; l = l->next) {
		for (uint32_t i = 0; i < l->n; i++) {
			wr_leaf *to = fresh.last;

			if (to->n < LEAF) {
				leaf_insert(to, to->n, l->head[i], l->rec[i]);
				continue;
			}
			descend(&fresh, l->head[i], wr_rec_key(l->rec[i]), &way);
			insert_split(&fresh, &way, to, LEAF, l->rec[i]);
		}
	}
	fresh.count = t->count;
	fresh.bytes = t->bytes;
	wr_arena_free(t->arena);
	*t = fresh;
}

static const wr_rec *settle(wr_tree_pos *pos, bool backwards)
{
	const wr_leaf *l = pos->leaf;

	if (backwards) {
		while (l && pos->at == 0) {
			l = l->prev;
			pos->at = l ? l->n : 0;
		}
		pos->leaf = l;
		return l ? l->rec[--pos->at] : NULL;
	}
	while (l && pos->at >= l->n) {
		l = l->next;
		pos->at = 0;
	}
	pos->leaf = l;
	return l ? l->rec[pos->at] : NULL;
}

const wr_rec *wr_tree_seek(const wr_tree *t, wr_tree_pos *pos, wr_str key, bool backwards)
{
	bool equal;

	*pos = (wr_tree_pos){ 0 };
	if (!t->count)
		return NULL;
	if (key.p) {
		uint64_t head = head_of(key);

		pos->leaf = descend(t, head, key, NULL);
		pos->at = leaf_bound(pos->leaf, head, key, &equal);
	} else {
		pos->leaf = backwards ? t->last : t->first;
		pos->at = backwards ? t->last->n : 0;
	}
	return settle(pos, backwards);
}

const wr_rec *wr_tree_step(wr_tree_pos *pos, bool backwards)
{
	if (!pos->leaf)
		return NULL;
	if (!backwards)
		pos->at++;
	return settle(pos, backwards);
}

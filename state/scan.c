/*
 * Iterators, which show a store's open epoch over its committed data, and views, which show
 * committed data of all tasks.
 *
 * An iterator walks the overlay's points and the base in step; where a key stands in both, the
 * point counts. When the base meets a range of the overlay, it seeks behind it.
 *
 *     committed a b c d,  ranges [b, d),  points {a deleted, c=9}    forward: c=9 d    backwards: d c=9
 */
#include "state/store_inner.h"

#include <stdlib.h>

/*
 * The side of an iterator that stands still has `here`; the other one must be stepped before the
 * next answer.
 */
struct wr_iter {
	wr_store *st;
	const wr_base_def *def; /* of base; the store may get a mirror meanwhile */
	bool backwards;
	wr_str from, to; /* own copies in `bounds` */
	wr_buf bounds;
	wr_tree_pos pos;
	const wr_rec *point; /* NULL: no more */
	wr_cursor *base;     /* NULL: nothing committed */
	bool base_here;
	bool step_point, step_base;
};

struct wr_view {
	const wr_base_def *def;
	void *base;
	wr_cursor **cursors;
	bool *here;
	uint32_t n;
	int64_t last; /* the cursor that gave the last answer; -1 before */
	wr_buf bounds;
	wr_str from, to;
};

/* Copies both bounds into one buffer. */
static void keep_bounds(wr_buf *buf, wr_str *from, wr_str *to)
{
	wr_buf_str(buf, *from);
	wr_buf_str(buf, *to);
	if (from->p)
		from->p = buf->p;
	if (to->p)
		to->p = buf->p + from->n;
}

/* An iterator with nothing in it but room for its bounds. */
static wr_iter *new_iter(wr_store *st)
{
	wr_iter *it = st->spare;
	wr_buf bounds;

	if (!it)
		return wr_calloc(1, sizeof(*it));
	st->spare = NULL;
	bounds = it->bounds;
	wr_buf_reset(&bounds);
	*it = (wr_iter){ .bounds = bounds };
	return it;
}

static void free_iter(wr_iter *it)
{
	wr_buf_free(&it->bounds);
	free(it);
}

void wr_store_drop_spare(wr_store *st)
{
	if (st->spare)
		free_iter(st->spare);
}

wr_iter *wr_store_scan(wr_store *st, wr_str from, wr_str to, bool backwards)
{
	wr_iter *it = new_iter(st);
	wr_str start;

	it->st = st;
	it->backwards = backwards;
	it->from = from;
	it->to = to;
	keep_bounds(&it->bounds, &it->from, &it->to);
	start = backwards ? it->to : it->from;
	if (!st->mirror && !st->no_mirror)
		wr_store_consider_mirror(st);
	it->point = wr_tree_seek(&st->points, &it->pos, start, backwards);
	if (!st->base_empty) {
		it->def = st->read_def;
		it->base = it->def->cursor_open(st->read);
		it->base_here = it->def->seek(it->base, start, backwards);
	}
	return it;
}

/* < 0 when a comes first in the iterator's direction. */
static int order(const wr_iter *it, wr_str a, wr_str b)
{
	int c = wr_str_cmp(a, b);

	return it->backwards ? -c : c;
}

static bool outside(const wr_iter *it, wr_str key)
{
	if (it->backwards)
		return it->from.p && wr_str_cmp(key, it->from) < 0;
	return it->to.p && wr_str_cmp(key, it->to) >= 0;
}

/* Moves the base past what ranges hide, and lets it end where the iterator does. */
static void settle_base(wr_iter *it)
{
	const wr_base_def *def = it->def;

	while (it->base_here) {
		const wr_range *r;

		if (outside(it, it->base->key)) {
			it->base_here = false;
			return;
		}
		r = wr_store_hidden(it->st, it->base->key);
		if (!r)
			return;
		if (!it->backwards && !r->to.p)
			it->base_here = false;
		else
			it->base_here =
			    def->seek(it->base, it->backwards ? r->from : r->to, it->backwards);
	}
}

static void step(wr_iter *it)
{
	if (it->step_point)
		it->point = wr_tree_step(&it->pos, it->backwards);
	if (it->step_base)
		it->base_here = it->def->step(it->base, it->backwards);
	it->step_point = it->step_base = false;
	settle_base(it);
}

bool wr_iter_next(wr_iter *it, wr_str *key, wr_str *value)
{
	for (;;) {
		int c;

		step(it);
		if (it->point && outside(it, wr_rec_key(it->point)))
			it->point = NULL;
		if (!it->point && !it->base_here)
			return false;
		c = !it->point	     ? 1
		    : !it->base_here ? -1
				     : order(it, wr_rec_key(it->point), it->base->key);
		it->step_point = c <= 0;
		it->step_base = c >= 0;
		if (c > 0) {
			*key = it->base->key;
			*value = it->base->value;
			return true;
		}
		if (!wr_rec_deleted(it->point)) {
			*key = wr_rec_key(it->point);
			*value = wr_rec_value(it->point);
			return true;
		}
	}
}

void wr_iter_close(wr_iter *it)
{
	if (!it)
		return;
	if (it->base)
		it->def->cursor_close(it->base);
	if (it->st->spare)
		free_iter(it);
	else
		it->st->spare = it;
}

wr_view *wr_view_open(wr_state *s, uint16_t op, wr_str from, wr_str to)
{
	wr_view *v = wr_calloc(1, sizeof(*v));

	v->def = s->def;
	v->last = -1;
	v->from = from;
	v->to = to;
	keep_bounds(&v->bounds, &v->from, &v->to);
	v->base = s->def->view_open(s->base, op, (wr_range){ v->from, v->to }, &v->cursors, &v->n);
	v->here = wr_calloc(v->n, sizeof(*v->here));
	for (uint32_t i = 0; i < v->n; i++)
		v->here[i] = v->def->seek(v->cursors[i], v->from, false);
	return v;
}

/* Tasks are few: the least key is looked for among all. */
bool wr_view_next(wr_view *v, wr_str *key, wr_str *value)
{
	int64_t best = -1;

	if (v->last >= 0)
		v->here[v->last] = v->def->step(v->cursors[v->last], false);
	for (uint32_t i = 0; i < v->n; i++)
		if (v->here[i] &&
		    (best < 0 || wr_str_cmp(v->cursors[i]->key, v->cursors[best]->key) < 0))
			best = i;
	v->last = best;
	if (best < 0 || (v->to.p && wr_str_cmp(v->cursors[best]->key, v->to) >= 0)) {
		v->n = 0;
		v->last = -1;
		return false;
	}
	*key = v->cursors[best]->key;
	*value = v->cursors[best]->value;
	return true;
}

void wr_view_close(wr_view *v)
{
	if (!v)
		return;
	if (v->base)
		v->def->view_close(v->base);
	wr_buf_free(&v->bounds);
	free(v->here);
	free(v);
}

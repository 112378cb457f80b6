/*
 * Aggregates that cannot take a value back (MIN, MAX, TOPK, EARLIEST_BY_OFFSET …) over a table: the
 * group's values are kept in the store, ordered, and the state is made of those that decide.
 *
 * FIRST, LAST: the entries are value ‖ primary key; the state is made of the first (last) one,
 * whose key the group remembers:
 *
 *	values of a group   3|pk7  5|pk2  5|pk9        MIN: cur = 3|pk7
 *	take 5 of pk2       3|pk7  5|pk9               a blind delete: cur stays
 *	take 3 of pk7       5|pk9                      cur went: seek from its place
 *
 * The primary key makes entries unique and a removal exact. The seek starts where cur stood, never
 * at the front of the group: what was deleted in front of it is never walked over again, so a group
 * of a million values whose minimum goes again and again stays cheap. Null values do not enter;
 * every aggregate of this kind skips them.
 *
 * ALL_BY_ARRIVAL: the entries stand in the order in which they came; a second key leads from the
 * primary key to the place. A new value is a step; when one goes the state is stale and made anew
 * from all before anyone looks at it.
 *
 * The entries hold the values of all arguments; a changed row comes as its old and its new values.
 */
#include "operators/agg.h"

static bool by_arrival(const agg_part *p)
{
	return p->def->multiset == WR_AGG_ALL_BY_ARRIVAL;
}

/* prefix ‖ aggregate ‖ group */
static void put_group(wr_buf *out, enum agg_prefix prefix, const agg_part *p, wr_str group)
{
	wr_buf_reset(out);
	wr_buf_putc(out, (char)prefix);
	wr_buf_putc(out, (char)p->index);
	wr_buf_str(out, group);
}

static void put_pk(const op_aggregate *self, wr_buf *out, uint32_t i)
{
	for (uint32_t k = 0; k < self->spec->npk; k++)
		wr_key_put(out, &self->in->cols[self->spec->pk[k]], i);
}

static void restart(agg_part *p, void *state)
{
	if (p->def->drop)
		p->def->drop(&p->cx, state);
	p->def->init(&p->cx, state);
}

/* The arguments of row i as bytes. */
static void save_args(op_aggregate *self, const agg_part *p, uint32_t i, wr_buf *out)
{
	wr_buf_reset(out);
	for (uint32_t k = 0; k < p->cx.nargs; k++)
		wr_vec_save(p->args[k], wr_vec_at(p->args[k], i - self->in_at), out);
}

/* A step with the arguments that an entry holds. */
static bool step_saved(op_aggregate *self, agg_part *p, void *state, wr_str bytes)
{
	const char *at = bytes.p, *end = bytes.p + bytes.n;
	wr_arena *a = self->op.cx->batch_arena;
	wr_vec *vecs = WR_NEW_ARRAY(a, wr_vec, p->cx.nargs);
	const wr_vec **args = WR_NEW_ARRAY(a, const wr_vec *, p->cx.nargs);

	for (uint32_t k = 0; k < p->cx.nargs; k++) {
		wr_vec_init(&vecs[k], a, p->cx.types[k], 1);
		if (!wr_vec_load(&vecs[k], a, &at, end))
			return false;
		args[k] = &vecs[k];
	}
	return p->def->step(&p->cx, state, args, 0);
}

/* The end of all keys that begin with prefix: its successor. */
static wr_str behind(wr_buf *out, const char *p, size_t n)
{
	wr_buf_reset(out);
	wr_buf_put(out, p, n);
	while (out->n && (uint8_t)out->p[out->n - 1] == 0xff)
		out->n--;
	out->p[out->n - 1]++;
	return wr_buf_view(out);
}

/* ---------------------------------------------------------------- first and last */

/* self->tmp = the entry's key; *group is the length of what comes before value and primary key. */
static wr_str entry_key(op_aggregate *self, const agg_part *p, uint32_t i, size_t *group)
{
	put_group(&self->tmp, AGG_VALUES, p, wr_buf_view(&self->key));
	*group = self->tmp.n;
	wr_key_put(&self->tmp, p->args[0], wr_vec_at(p->args[0], i - self->in_at));
	put_pk(self, &self->tmp, i);
	return wr_buf_view(&self->tmp);
}

static bool decides(const agg_part *p, const agg_multi *m, wr_str suffix)
{
	int order;

	if (m->cur.n == 0)
		return true;
	order = wr_str_cmp(suffix, wr_row_bytes_view(&m->cur));
	return p->def->multiset == WR_AGG_FIRST ? order < 0 : order > 0;
}

static bool add_ordered(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	agg_multi *m = agg_multi_of(g, p);
	size_t group;
	wr_str key = entry_key(self, p, i, &group), suffix;

	save_args(self, p, i, &self->tmp2);
	wr_store_put(self->side, key, wr_buf_view(&self->tmp2));
	suffix = (wr_str){ key.p + group, (uint32_t)(key.n - group) };
	if (!decides(p, m, suffix))
		return true;
	wr_row_bytes_set(&m->cur, suffix.p, suffix.n);
	restart(p, agg_state(g, p));
	return p->def->step(&p->cx, agg_state(g, p), p->args, i - self->in_at);
}

/* The entry that decides went; self->tmp is its key. The next one takes its place. */
static bool next_ordered(op_aggregate *self, agg_part *p, agg_group *g, size_t group)
{
	agg_multi *m = agg_multi_of(g, p);
	bool first = p->def->multiset == WR_AGG_FIRST, good = true;
	wr_str here = wr_buf_view(&self->tmp), from, to, key, value;
	wr_iter *it;

	if (first) {
		from = here;
		to = behind(&self->tmp2, here.p, group);
	} else {
		from = (wr_str){ here.p, (uint32_t)group };
		to = here;
	}
	restart(p, agg_state(g, p));
	m->cur.n = 0;
	it = wr_store_scan(self->side, from, to, !first);
	if (wr_iter_next(it, &key, &value)) {
		wr_row_bytes_set(&m->cur, key.p + group, key.n - group);
		good = step_saved(self, p, agg_state(g, p), value);
	}
	wr_iter_close(it);
	return good;
}

static bool take_ordered(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	agg_multi *m = agg_multi_of(g, p);
	size_t group;
	wr_str key = entry_key(self, p, i, &group);
	wr_str suffix = { key.p + group, (uint32_t)(key.n - group) };

	wr_store_del(self->side, key);
	if (!wr_str_eq(suffix, wr_row_bytes_view(&m->cur)))
		return true;
	return next_ordered(self, p, g, group);
}

/* ---------------------------------------------------------------- by arrival */

static wr_str place_key(op_aggregate *self, const agg_part *p, uint32_t i)
{
	put_group(&self->tmp, AGG_ARRIVAL, p, wr_buf_view(&self->key));
	put_pk(self, &self->tmp, i);
	return wr_buf_view(&self->tmp);
}

static wr_str arrival_key(op_aggregate *self, const agg_part *p, int64_t number)
{
	put_group(&self->tmp, AGG_VALUES, p, wr_buf_view(&self->key));
	wr_key_put_i64(&self->tmp, number);
	return wr_buf_view(&self->tmp);
}

static bool add_arrival(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	int64_t number = (int64_t)++self->arrivals;

	wr_store_put(self->side, place_key(self, p, i),
	             (wr_str){ (const char *)&number, sizeof(number) });
	save_args(self, p, i, &self->tmp2);
	wr_store_put(self->side, arrival_key(self, p, number), wr_buf_view(&self->tmp2));
	if (agg_multi_of(g, p)->stale)
		return true;
	return p->def->step(&p->cx, agg_state(g, p), p->args, i - self->in_at);
}

static bool take_arrival(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	wr_str place = place_key(self, p, i);
	int64_t number;

	if (!wr_store_get(self->side, place, &self->tmp2) || self->tmp2.n != sizeof(number))
		return true;
	memcpy(&number, self->tmp2.p, sizeof(number));
	wr_store_del(self->side, place);
	wr_store_del(self->side, arrival_key(self, p, number));
	agg_multi_of(g, p)->stale = true;
	return true;
}

static void make_anew(op_aggregate *self, agg_part *p, agg_group *g, wr_str group)
{
	wr_str from, key, value;
	wr_iter *it;

	restart(p, agg_state(g, p));
	put_group(&self->tmp, AGG_VALUES, p, group);
	from = wr_buf_view(&self->tmp);
	it = wr_store_scan(self->side, from, behind(&self->tmp2, from.p, from.n), false);
	while (wr_iter_next(it, &key, &value))
		step_saved(self, p, agg_state(g, p), value);
	wr_iter_close(it);
	agg_multi_of(g, p)->stale = false;
}

/* ---------------------------------------------------------------- for the rest of the operator */

bool agg_multi_add(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	if (by_arrival(p))
		return add_arrival(self, p, g, i);
	if (wr_vec_is_null(p->args[0], i - self->in_at))
		return true;
	return add_ordered(self, p, g, i);
}

bool agg_multi_take(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	if (by_arrival(p))
		return take_arrival(self, p, g, i);
	if (wr_vec_is_null(p->args[0], i - self->in_at))
		return true;
	return take_ordered(self, p, g, i);
}

void agg_multi_settle(op_aggregate *self, agg_group *g, wr_str key)
{
	for (uint32_t k = 0; k < self->nparts; k++)
		if (self->parts[k].multi && agg_multi_of(g, &self->parts[k])->stale)
			make_anew(self, &self->parts[k], g, key);
}

/*
 * Aggregates over a table that keep their distinct values in the store, each with how often it is
 * there (COLLECT_SET, HISTOGRAM, ATTR, COUNT_DISTINCT). Two kinds of keys:
 *
 *	COUNTS   value    ->  how often, its number
 *	VALUES   number   ->  the value             in the order in which the values came; not of COUNT_ONLY
 *
 *	COLLECT_SET     add x   x is new: number 1           [x]
 *	                add y   number 2                     [x, y]
 *	                add x   its count is 2               [x, y]
 *	                take x  its count is 1: nothing      [x, y]
 *	                take x  it is gone: stale            [y]
 *
 * A change is a read and a write or two, however many values there are. The state is made of the
 * first `most` values by number: as long as it holds all of them it is stepped (and undone, where
 * the aggregate can), else it goes stale when one of its values may have changed, and is read anew
 * when somebody wants the result (agg_multiset.c).
 *
 * agg_multi.n counts the distinct values; front is the lowest number that may still be there.
 */
#include "operators/agg.h"

typedef struct count {
	int64_t times, number;
} count;

/* The key of row i's value, in self->tmp; *c: what stands there, zeros when it is new. */
static wr_str find(op_aggregate *self, const agg_part *p, uint32_t i, count *c)
{
	wr_str key;

	agg_multi_prefix(&self->tmp, AGG_COUNTS, p, wr_buf_view(&self->key));
	wr_key_put(&self->tmp, p->args[0], wr_vec_at(p->args[0], i - self->in_at));
	key = wr_buf_view(&self->tmp);
	*c = (count){ 0, 0 };
	if (wr_store_get(self->side, key, &self->tmp2) && self->tmp2.n == sizeof(*c))
		memcpy(c, self->tmp2.p, sizeof(*c));
	return key;
}

static void put(op_aggregate *self, wr_str key, count c)
{
	wr_store_put(self->side, key, (wr_str){ (const char *)&c, sizeof(c) });
}

/* In self->tmp2. */
static wr_str value_key(op_aggregate *self, const agg_part *p, int64_t number)
{
	agg_multi_prefix(&self->tmp2, AGG_VALUES, p, wr_buf_view(&self->key));
	wr_key_put_i64(&self->tmp2, number);
	return wr_buf_view(&self->tmp2);
}

static void put_value(op_aggregate *self, agg_part *p, int64_t number, uint32_t i)
{
	wr_str key = value_key(self, p, number);

	wr_buf_reset(&self->tmp);
	agg_multi_save_args(self, p, i, &self->tmp);
	wr_store_put(self->side, key, wr_buf_view(&self->tmp));
}

bool agg_counted_add(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	agg_multi *m = agg_multi_of(g, p);
	bool tells = p->def->step_times != NULL, entered;
	count c;
	wr_str key = find(self, p, i, &c);

	entered = c.times++ == 0;
	if (entered) {
		c.number = (int64_t)++self->arrivals;
		m->n++;
	}
	put(self, key, c);
	if (entered && p->def->multiset == WR_AGG_COUNTED)
		put_value(self, p, c.number, i);
	if (m->stale)
		return true;
	if (m->n > p->most)
		m->stale = tells;
	else if (entered || tells)
		return p->def->step(&p->cx, agg_state(g, p), p->args, i - self->in_at);
	return true;
}

bool agg_counted_take(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	agg_multi *m = agg_multi_of(g, p);
	bool tells = p->def->step_times != NULL, all = m->n <= p->most, gone;
	count c;
	wr_str key = find(self, p, i, &c);

	if (c.times == 0)
		return true;
	gone = --c.times == 0;
	if (gone) {
		wr_store_del(self->side, key);
		if (p->def->multiset == WR_AGG_COUNTED)
			wr_store_del(self->side, value_key(self, p, c.number));
		m->n--;
	} else {
		put(self, key, c);
	}
	if (m->stale || (!gone && !tells))
		return true;
	if (all && p->def->undo && (tells || p->def->multiset == WR_AGG_COUNT_ONLY))
		return p->def->undo(&p->cx, agg_state(g, p), p->args, i - self->in_at);
	m->stale = true;
	return true;
}

/* One value of the store to the state. */
static bool step_value(op_aggregate *self, agg_part *p, agg_group *g, wr_str group, wr_str bytes)
{
	const wr_vec **args;
	count c;

	wr_arena_reset(self->scratch);
	args = agg_multi_load_args(self->scratch, p, bytes);
	if (!args)
		return false;
	if (!p->def->step_times)
		return p->def->step(&p->cx, agg_state(g, p), args, 0);
	agg_multi_prefix(&self->tmp, AGG_COUNTS, p, group);
	wr_key_put(&self->tmp, args[0], 0);
	if (!wr_store_get(self->side, wr_buf_view(&self->tmp), &self->tmp2) ||
	    self->tmp2.n != sizeof(c))
		return false;
	memcpy(&c, self->tmp2.p, sizeof(c));
	p->def->step_times(&p->cx, agg_state(g, p), args[0], 0, c.times);
	return true;
}

bool agg_counted_read(op_aggregate *self, agg_part *p, agg_group *g, wr_str group)
{
	agg_multi *m = agg_multi_of(g, p);
	wr_str key, value, end;
	size_t prefix;
	uint32_t n = 0;
	bool good = true;
	wr_iter *it = agg_multi_scan(self, p, m, group, &end, &prefix);

	while (good && n < p->most && wr_iter_next(it, &key, &value)) {
		if (n++ == 0)
			wr_row_bytes_set(&m->front, key.p + prefix, key.n - prefix);
		good = step_value(self, p, g, group, value);
	}
	wr_iter_close(it);
	return good;
}

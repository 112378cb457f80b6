/*
 * Aggregates over a table that keep their values in the store: the ordered kinds (MIN, MAX, TOPK,
 * EARLIEST_BY_OFFSET, COLLECT_LIST …). A group's values are entries in the order in which the
 * aggregate wants them, and the state is made of the first `most` of them:
 *
 *	FIRST      value ‖ pk        MIN
 *	LAST       ~value ‖ pk       MAX, TOPK: the greatest first, equal ones by primary key
 *	EARLIEST   number            EARLIEST_BY_OFFSET, COLLECT_LIST: numbers count arrivals
 *	LATEST     ~number           LATEST_BY_OFFSET
 *
 *	TOPK(v, 2)       4|pk8  3|pk1  3|pk6  0|pk2       front = 4|pk8, back = 3|pk1
 *	take 3 of pk6    behind back: a blind delete, and nothing else
 *	take 4 of pk8    before back: a blind delete; the state is stale
 *
 * The primary key makes entries unique and a removal exact; for arrivals a second key leads from
 * the primary key to the number. What changes the first entries makes the state stale, and it is
 * read anew, by a seek and `most` steps, when somebody wants its result: with a cache once an
 * epoch, whatever happened in between. Entries behind the others are simply stepped, where there is
 * room.
 *
 * A group remembers its front, and reading begins there, not at the beginning of the group: what
 * was deleted in front of it is never walked over again, so a group of a million values whose
 * minimum goes again and again stays cheap.
 *
 * Large states (a list of all) are not saved with their group, or keeping them would cost the whole
 * list at each commit: they are stale when the group is loaded.
 */
#include "operators/agg.h"

enum { SMALL = 16 }; /* states of so many entries are saved with their group */

static bool counted(const agg_part *p)
{
	return p->def->multiset == WR_AGG_COUNTED || p->def->multiset == WR_AGG_COUNT_ONLY;
}

static bool by_arrival(const agg_part *p)
{
	return p->def->multiset == WR_AGG_EARLIEST || p->def->multiset == WR_AGG_LATEST;
}

void agg_multi_layout(agg_part *p)
{
	const wr_agg *def = p->def;

	p->most = def->most ? def->most(&p->cx) : counted(p) ? UINT32_MAX : 1;
	p->nulls = def->nulls && def->nulls(&p->cx);
	p->saved = p->most <= SMALL || def->multiset == WR_AGG_COUNT_ONLY;
}

/* ---------------------------------------------------------------- keys and values */

/* prefix ‖ aggregate ‖ group */
void agg_multi_prefix(wr_buf *out, enum agg_prefix prefix, const agg_part *p, wr_str group)
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

void agg_multi_restart(agg_part *p, void *state)
{
	if (p->def->drop)
		p->def->drop(&p->cx, state);
	p->def->init(&p->cx, state);
}

void agg_multi_save_args(op_aggregate *self, const agg_part *p, uint32_t i, wr_buf *out)
{
	for (uint32_t k = 0; k < p->cx.nargs; k++)
		wr_vec_save(p->args[k], wr_vec_at(p->args[k], i - self->in_at), out);
}

const wr_vec **agg_multi_load_args(wr_arena *a, const agg_part *p, wr_str bytes)
{
	const char *at, *end;
	wr_vec *vecs = WR_NEW_ARRAY(a, wr_vec, p->cx.nargs + 1);
	const wr_vec **args = WR_NEW_ARRAY(a, const wr_vec *, p->cx.nargs + 1);

	bytes = wr_arena_str(a, bytes);
	at = bytes.p;
	end = at + bytes.n;
	for (uint32_t k = 0; k < p->cx.nargs; k++) {
		wr_vec_init(&vecs[k], a, p->cx.types[k], 1);
		if (!wr_vec_load(&vecs[k], a, &at, end))
			return NULL;
		args[k] = &vecs[k];
	}
	return args;
}

wr_str agg_multi_behind(wr_buf *out, wr_str prefix)
{
	wr_buf_reset(out);
	wr_buf_str(out, prefix);
	while (out->n && (uint8_t)out->p[out->n - 1] == 0xff)
		out->n--;
	out->p[out->n - 1]++;
	return wr_buf_view(out);
}

static void turn(wr_buf *b, size_t from)
{
	for (size_t i = from; i < b->n; i++)
		b->p[i] = (char)~b->p[i];
}

/* Where an entry's key parts: the group's prefix, then what it is ordered by, then the primary
 * key. */
typedef struct entry {
	wr_str key;
	uint32_t group, value; /* lengths of the first part and of the first two */
} entry;

static wr_str suffix_of(const entry *e)
{
	return (wr_str){ e->key.p + e->group, e->key.n - e->group };
}

/* The key of row i's value, in self->tmp. */
static entry value_entry(op_aggregate *self, const agg_part *p, uint32_t i)
{
	wr_buf *b = &self->tmp;
	entry e;

	agg_multi_prefix(b, AGG_VALUES, p, wr_buf_view(&self->key));
	e.group = (uint32_t)b->n;
	wr_key_put(b, p->args[0], wr_vec_at(p->args[0], i - self->in_at));
	if (p->def->multiset == WR_AGG_LAST)
		turn(b, e.group);
	e.value = (uint32_t)b->n;
	put_pk(self, b, i);
	e.key = wr_buf_view(b);
	return e;
}

static entry arrival_entry(op_aggregate *self, const agg_part *p, int64_t number)
{
	wr_buf *b = &self->tmp;
	entry e;

	agg_multi_prefix(b, AGG_VALUES, p, wr_buf_view(&self->key));
	e.group = (uint32_t)b->n;
	wr_key_put_i64(b, number);
	if (p->def->multiset == WR_AGG_LATEST)
		turn(b, e.group);
	e.value = (uint32_t)b->n;
	e.key = wr_buf_view(b);
	return e;
}

/* Leads from row i's primary key to its number. */
static wr_str place_key(op_aggregate *self, const agg_part *p, uint32_t i)
{
	agg_multi_prefix(&self->tmp, AGG_ARRIVAL, p, wr_buf_view(&self->key));
	put_pk(self, &self->tmp, i);
	return wr_buf_view(&self->tmp);
}

/* ---------------------------------------------------------------- one value more, one value
 * less */

static void set(wr_row_bytes *b, wr_str s)
{
	wr_row_bytes_set(b, s.p, s.n);
}

/* What one entry more does to the state. */
static bool come(op_aggregate *self, agg_part *p, agg_group *g, const entry *e, uint32_t i)
{
	agg_multi *m = agg_multi_of(g, p);
	wr_str s = suffix_of(e);
	bool behind = m->n && wr_str_cmp(s, wr_row_bytes_view(&m->back)) > 0;

	if (!m->stale && behind && m->n == p->most)
		return true;
	if (m->front.n == 0 || wr_str_cmp(s, wr_row_bytes_view(&m->front)) < 0)
		set(&m->front, s);
	if (m->stale || p->def->distinct || (m->n && !behind && p->most > 1)) {
		m->stale = true;
		return true;
	}
	if (p->most == 1)
		agg_multi_restart(p, agg_state(g, p));
	set(&m->back, s);
	m->n = p->most == 1 ? 1 : m->n + 1;
	return p->def->step(&p->cx, agg_state(g, p), p->args, i - self->in_at);
}

/* What one entry less does. */
static void go(agg_part *p, agg_group *g, const entry *e)
{
	agg_multi *m = agg_multi_of(g, p);

	if (m->n < p->most || wr_str_cmp(suffix_of(e), wr_row_bytes_view(&m->back)) <= 0)
		m->stale = true;
}

static bool add_ordered(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	int64_t number;
	wr_buf *bytes = &self->tmp2;
	entry e;

	if (by_arrival(p)) {
		number = (int64_t)++self->arrivals;
		wr_store_put(self->side, place_key(self, p, i),
			     (wr_str){ (const char *)&number, sizeof(number) });
		e = arrival_entry(self, p, number);
	} else {
		e = value_entry(self, p, i);
	}
	wr_buf_reset(bytes);
	wr_buf_u32(bytes, e.value);
	agg_multi_save_args(self, p, i, bytes);
	wr_store_put(self->side, e.key, wr_buf_view(bytes));
	return come(self, p, g, &e, i);
}

static void take_ordered(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	entry e;
	int64_t number;

	if (by_arrival(p)) {
		wr_str place = place_key(self, p, i);

		if (!wr_store_get(self->side, place, &self->tmp2) || self->tmp2.n != sizeof(number))
			return;
		memcpy(&number, self->tmp2.p, sizeof(number));
		wr_store_del(self->side, place);
		e = arrival_entry(self, p, number);
	} else {
		e = value_entry(self, p, i);
	}
	wr_store_del(self->side, e.key);
	go(p, g, &e);
}

/* ---------------------------------------------------------------- the state anew */

/* What LATEST reads: it must step from the oldest, which comes last. */
typedef struct reading {
	const wr_vec ***args;
	uint32_t n, room;
} reading;

static void collect(reading *r, wr_arena *a, const wr_vec **args)
{
	if (r->n == r->room) {
		const wr_vec ***more =
		    WR_NEW_ARRAY(a, const wr_vec **, (r->room = r->room ? 2 * r->room : 16));

		memcpy(more, r->n ? r->args : more, r->n * sizeof(*more));
		r->args = more;
	}
	r->args[r->n++] = args;
}

static bool step_collected(agg_part *p, agg_group *g, const reading *r)
{
	for (uint32_t i = r->n; i > 0; i--)
		if (!p->def->step(&p->cx, agg_state(g, p), r->args[i - 1], 0))
			return false;
	return true;
}

/* An entry's arguments to the state, or into *r. */
static bool read_entry(op_aggregate *self, agg_part *p, agg_group *g, wr_str bytes, reading *r)
{
	bool later = p->def->multiset == WR_AGG_LATEST;
	wr_arena *a = later ? self->op.cx->batch_arena : self->scratch;
	const wr_vec **args;

	wr_arena_reset(self->scratch);
	args = agg_multi_load_args(a, p, bytes);
	if (!args)
		return false;
	if (!later)
		return p->def->step(&p->cx, agg_state(g, p), args, 0);
	collect(r, a, args);
	return true;
}

/* The next entry; of distinct ones the next with another value: a walk, or a seek where they are
 * many. */
static bool next_entry(op_aggregate *self, wr_iter **it, wr_buf *last, wr_str end, wr_str *key,
		       wr_str *value)
{
	for (int steps = 0; wr_iter_next(*it, key, value); steps++) {
		if (!last->n || key->n < last->n || memcmp(key->p, last->p, last->n) != 0)
			return true;
		if (steps < 8)
			continue;
		wr_iter_close(*it);
		*it = wr_store_scan(self->side, agg_multi_behind(&self->tmp, wr_buf_view(last)),
				    end, false);
		steps = 0;
	}
	return false;
}

/* Iterates the group's VALUES from its front on; *end (of what it iterates) and *prefix are
 * told. */
wr_iter *agg_multi_scan(op_aggregate *self, const agg_part *p, const agg_multi *m, wr_str group,
			wr_str *end, size_t *prefix)
{
	agg_multi_prefix(&self->tmp, AGG_VALUES, p, group);
	*prefix = self->tmp.n;
	*end = wr_arena_str(self->op.cx->batch_arena,
			    agg_multi_behind(&self->tmp2, wr_buf_view(&self->tmp)));
	wr_buf_str(&self->tmp, wr_row_bytes_view(&m->front));
	return wr_store_scan(self->side, wr_buf_view(&self->tmp), *end, false);
}

/* The first entries of the group. */
static bool read_ordered(op_aggregate *self, agg_part *p, agg_group *g, wr_str group)
{
	agg_multi *m = agg_multi_of(g, p);
	wr_buf last = { 0 }; /* of distinct entries: prefix and value of the one before */
	reading r = { 0 };
	wr_str key, value, end;
	size_t prefix;
	uint32_t parted;
	wr_iter *it = agg_multi_scan(self, p, m, group, &end, &prefix);
	bool good = true;

	m->front.n = m->back.n = 0;
	for (m->n = 0; good && m->n < p->most && next_entry(self, &it, &last, end, &key, &value);
	     m->n++) {
		wr_str suffix = { key.p + prefix, (uint32_t)(key.n - prefix) };

		if (m->n == 0)
			set(&m->front, suffix);
		set(&m->back, suffix);
		if (value.n >= 4)
			memcpy(&parted, value.p, 4);
		if (value.n < 4 || parted > key.n) {
			good = false;
			break;
		}
		wr_buf_reset(&last);
		wr_buf_put(&last, key.p, p->def->distinct ? parted : 0);
		good = read_entry(self, p, g, (wr_str){ value.p + 4, value.n - 4 }, &r);
	}
	wr_iter_close(it);
	wr_buf_free(&last);
	return good && step_collected(p, g, &r);
}

/* ---------------------------------------------------------------- for the rest of the operator */

bool agg_multi_add(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	if (!p->nulls && wr_vec_is_null(p->args[0], i - self->in_at))
		return true;
	return counted(p) ? agg_counted_add(self, p, g, i) : add_ordered(self, p, g, i);
}

bool agg_multi_take(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i)
{
	if (!p->nulls && wr_vec_is_null(p->args[0], i - self->in_at))
		return true;
	if (counted(p))
		return agg_counted_take(self, p, g, i);
	take_ordered(self, p, g, i);
	return true;
}

bool agg_multi_settle(op_aggregate *self, agg_group *g)
{
	wr_str key = wr_cache_key(self->groups, g);
	bool good = true;

	for (uint32_t k = 0; good && k < self->nparts; k++) {
		agg_part *p = &self->parts[k];

		if (!p->multi || !agg_multi_of(g, p)->stale)
			continue;
		agg_multi_of(g, p)->stale = false;
		agg_multi_restart(p, agg_state(g, p));
		good =
		    counted(p) ? agg_counted_read(self, p, g, key) : read_ordered(self, p, g, key);
	}
	return good;
}

/* ---------------------------------------------------------------- saved with the group */

static void save_bytes(wr_buf *out, const wr_row_bytes *b)
{
	wr_buf_u32(out, b->n);
	wr_buf_put(out, b->p, b->n);
}

static bool load_bytes(wr_row_bytes *b, const char **p, const char *end)
{
	uint32_t n;

	if (end - *p < 4)
		return false;
	memcpy(&n, *p, 4);
	*p += 4;
	if ((size_t)(end - *p) < n)
		return false;
	wr_row_bytes_set(b, *p, n);
	*p += n;
	return true;
}

void agg_multi_save(const agg_part *p, const agg_group *g, wr_buf *out)
{
	const agg_multi *m = agg_multi_of(g, p);
	bool whole = p->saved && !m->stale;

	wr_buf_u64(out, m->n);
	wr_buf_putc(out, (char)whole);
	save_bytes(out, &m->front);
	if (!whole)
		return;
	save_bytes(out, &m->back);
	p->def->save(&p->cx, agg_state(g, p), out);
}

bool agg_multi_load(agg_part *p, agg_group *g, const char **at, const char *end)
{
	agg_multi *m = agg_multi_of(g, p);

	if (end - *at < 9)
		return false;
	memcpy(&m->n, *at, 8);
	m->stale = !(*at)[8];
	*at += 9;
	if (!load_bytes(&m->front, at, end))
		return false;
	if (!m->stale)
		return load_bytes(&m->back, at, end) &&
		       p->def->load(&p->cx, agg_state(g, p), at, end);
	p->def->init(&p->cx, agg_state(g, p));
	return true;
}

void agg_multi_drop(const agg_part *p, agg_group *g)
{
	wr_row_bytes_free(&agg_multi_of(g, p)->front);
	wr_row_bytes_free(&agg_multi_of(g, p)->back);
}

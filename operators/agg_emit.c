/*
 * What an aggregate sends downstream, and when.
 *
 *	direct (cache_bytes == 0)  every change of a group, at once: NEW the first time, then BEFORE and AFTER
 *	cached                     changed groups wait in a list, in the order of their first change, and go out at the barrier or when the
 *	                           list outgrows cache_bytes: one change from the image downstream has to the present one
 *	EMIT FINAL                 nothing, until the window has closed (agg_window.c, agg_session.c): NEW
 *
 * With no_before every change is a NEW with the new image: cheaper where nobody looks at old ones.
 *
 * A batch on its way is a list of lines and the aggregates' columns; keys and metadata are gathered
 * at the end from the rows that caused the lines, or, outside of push, decoded from the groups'
 * keys.
 */
#include <stdlib.h>

#include "operators/agg.h"

void agg_out_begin(op_aggregate *self, wr_arena *a, const wr_batch *src, uint32_t room)
{
	const wr_schema *s = self->op.spec->out;
	agg_out *o = &self->out;

	*o = (agg_out){ .arena = a, .src = src, .room = room ? room : 1 };
	o->cols = WR_NEW_ARRAY(a, wr_vec, s->n);
	for (uint32_t c = src ? s->nkeys : 0; c < s->n; c++)
		wr_vec_init(&o->cols[c], a, s->cols[c].type, o->room);
	o->lines = wr_arena_alloc(a, o->room * sizeof(*o->lines));
}

static void add_line(agg_out *o, agg_line line)
{
	if (o->n == o->room) {
		agg_line *more = wr_arena_alloc(o->arena, 2 * o->room * sizeof(*more));

		memcpy(more, o->lines, o->n * sizeof(*more));
		o->lines = more;
		o->room *= 2;
	}
	o->lines[o->n++] = line;
	o->changes += line.change != WR_ROW_BEFORE;
}

void agg_out_row(op_aggregate *self, agg_group *g, uint32_t from, agg_line line)
{
	line.from = from;
	agg_group_finals(self, g, self->out.cols + self->op.spec->out->nkeys, self->out.arena);
	add_line(&self->out, line);
}

static bool push_key(op_aggregate *self, wr_str key)
{
	const char *p = key.p, *end = key.p + key.n;

	for (uint32_t c = 0; c < self->op.spec->out->nkeys; c++)
		if (!wr_key_get(&self->out.cols[c], self->out.arena, &p, end))
			return false;
	return p == end;
}

bool agg_out_key_row(op_aggregate *self, agg_group *g, wr_str key, agg_line line)
{
	line.offset = g->offset;
	line.part = g->part;
	agg_group_finals(self, g, self->out.cols + self->op.spec->out->nkeys, self->out.arena);
	add_line(&self->out, line);
	return push_key(self, key);
}

/* The metadata of a batch that no row of a batch caused. */
static void own_metadata(const agg_out *o, wr_batch *b)
{
	b->part = wr_arena_alloc(o->arena, o->n * sizeof(*b->part));
	b->offset = wr_arena_alloc(o->arena, o->n * sizeof(*b->offset));
	b->ptime = wr_arena_alloc(o->arena, o->n * sizeof(*b->ptime));
	b->rowtime = wr_arena_alloc(o->arena, o->n * sizeof(*b->rowtime));
	for (uint32_t i = 0; i < o->n; i++) {
		b->part[i] = o->lines[i].part;
		b->offset[i] = o->lines[i].offset;
		b->ptime[i] = o->lines[i].rowtime;
	}
}

static void source_metadata(op_aggregate *self, wr_batch *b)
{
	const agg_out *o = &self->out;
	uint32_t *rows = wr_arena_alloc(o->arena, o->n * sizeof(*rows));

	for (uint32_t i = 0; i < o->n; i++)
		rows[i] = o->lines[i].from;
	wr_batch_rows(b, o->src, rows, o->n, self->op.spec->out);
	b->pk = NULL;
	b->version = NULL;
	for (uint32_t c = 0; c < b->schema->nkeys; c++)
		wr_vec_gather(&o->cols[c], o->arena, &o->src->cols[c], rows, o->n);
}

wr_status agg_out_end(op_aggregate *self, wr_err *err)
{
	agg_out *o = &self->out;
	wr_batch b = { .schema = self->op.spec->out, .arena = o->arena, .n = o->n, .room = o->n };

	if (o->n == 0)
		return WR_OK;
	if (o->src)
		source_metadata(self, &b);
	else
		own_metadata(o, &b);
	b.cols = o->cols;
	b.change = wr_arena_alloc(o->arena, o->n);
	b.wstart = b.wend = NULL;
	if (self->spec->window.kind != WR_WINDOW_NONE) {
		b.wstart = wr_arena_alloc(o->arena, o->n * sizeof(*b.wstart));
		b.wend = wr_arena_alloc(o->arena, o->n * sizeof(*b.wend));
	}
	for (uint32_t i = 0; i < o->n; i++) {
		b.change[i] = o->lines[i].change;
		b.rowtime[i] = o->lines[i].rowtime;
		if (b.wstart) {
			b.wstart[i] = o->lines[i].wstart;
			b.wend[i] = o->lines[i].wend;
		}
	}
	o->n = o->changes = 0;
	return wr_out_push(&self->op, &b, 0, b.n, err);
}

wr_status agg_out_spill(op_aggregate *self, wr_err *err)
{
	agg_out o = self->out;

	if (o.changes < WR_BATCH_ROWS)
		return WR_OK;
	if (agg_out_end(self, err) != WR_OK)
		return WR_FAIL;
	if (o.arena == self->emit_arena)
		wr_arena_reset(self->emit_arena);
	agg_out_begin(self, o.arena, o.src, 2 * WR_BATCH_ROWS);
	return WR_OK;
}

/* ---------------------------------------------------------------- changes that wait */

/* The results downstream has, as bytes, before the group changes. */
static wr_str image_of(op_aggregate *self, agg_group *g)
{
	const wr_schema *s = self->op.spec->out;
	wr_arena *a = self->images;
	wr_vec *cols = WR_NEW_ARRAY(a, wr_vec, self->nparts + 1);

	for (uint32_t k = 0; k < self->nparts; k++)
		wr_vec_init(&cols[k], a, s->cols[s->nkeys + k].type, 1);
	agg_group_finals(self, g, cols, a);
	wr_buf_reset(&self->tmp);
	for (uint32_t k = 0; k < self->nparts; k++)
		wr_vec_save(&cols[k], 0, &self->tmp);
	return wr_arena_str(a, wr_buf_view(&self->tmp));
}

static void mark_changed(op_aggregate *self, agg_group *g)
{
	if (g->changed)
		return;
	g->changed = true;
	if (g->emitted && self->images_wanted)
		g->image = image_of(self, g);
	if (self->nchanged == self->changed_room) {
		self->changed_room = self->changed_room ? 2 * self->changed_room : 64;
		self->changed =
		    wr_realloc(self->changed, self->changed_room * sizeof(*self->changed));
	}
	self->changed[self->nchanged++] = g;
	self->changed_bytes += self->group_size + wr_cache_key(self->groups, g).n + g->image.n;
}

static bool image_row(op_aggregate *self, const agg_group *g, wr_str key, agg_line line)
{
	const wr_schema *s = self->op.spec->out;
	const char *p = g->image.p, *end = p + g->image.n;

	for (uint32_t k = 0; k < self->nparts; k++)
		if (!wr_vec_load(&self->out.cols[s->nkeys + k], self->out.arena, &p, end))
			return false;
	line.offset = g->offset;
	line.part = g->part;
	line.change = WR_ROW_BEFORE;
	add_line(&self->out, line);
	return push_key(self, key);
}

/* The part of a group's key behind the window start, which goes to *start. */
static wr_str group_key(const op_aggregate *self, wr_str key, int64_t *start)
{
	const char *p = key.p, *end = key.p + key.n;

	*start = 0;
	if (agg_windowed(self))
		wr_key_get_i64(start, &p, end);
	return (wr_str){ p, (uint32_t)(end - p) };
}

static bool emit_group(op_aggregate *self, agg_group *g)
{
	agg_line line = { .rowtime = g->rowtime, .change = WR_ROW_NEW };
	wr_str full = wr_cache_key(self->groups, g);
	wr_str key = group_key(self, full, &line.wstart);

	line.wend = line.wstart + self->spec->window.size;
	if (g->emitted && self->images_wanted) {
		if (!image_row(self, g, key, line))
			return false;
		line.change = WR_ROW_AFTER;
	}
	g->emitted = true;
	g->changed = false;
	g->image = (wr_str){ NULL, 0 };
	return agg_out_key_row(self, g, key, line);
}

wr_status agg_emit_changed(op_aggregate *self, wr_err *err)
{
	agg_out present = self->out;

	if (self->nchanged == 0)
		return WR_OK;
	wr_arena_reset(self->emit_arena);
	agg_out_begin(self, self->emit_arena, NULL, 256);
	for (size_t i = 0; i < self->nchanged; i++) {
		if (!emit_group(self, self->changed[i]))
			return wr_op_damaged(&self->op, err);
		if (agg_out_spill(self, err) != WR_OK)
			return WR_FAIL;
	}
	self->nchanged = self->changed_bytes = 0;
	wr_arena_reset(self->images);
	if (agg_out_end(self, err) != WR_OK)
		return WR_FAIL;
	self->out = present;
	return WR_OK;
}

/* ---------------------------------------------------------------- one change of one group */

static void latest(const op_aggregate *self, agg_group *g, uint32_t i)
{
	const wr_batch *b = self->in;

	if (b->rowtime[i] > g->rowtime)
		g->rowtime = b->rowtime[i];
	g->offset = b->offset[i];
	g->part = b->part[i];
}

wr_status agg_change(op_aggregate *self, agg_group *g, uint32_t undo, uint32_t step, int64_t wstart,
		     int64_t wend, wr_err *err)
{
	uint32_t cause = step != UINT32_MAX ? step : undo;
	agg_line line = { .change = WR_ROW_NEW, .wstart = wstart, .wend = wend };

	if (!self->direct) {
		if (!self->spec->emit_final)
			mark_changed(self, g);
	} else if (g->emitted && self->images_wanted) {
		/* the old image leaves at the time of the change: filters may make it a deletion */
		line.change = WR_ROW_BEFORE;
		line.rowtime = self->in->rowtime[cause];
		if (g->rowtime > line.rowtime)
			line.rowtime = g->rowtime;
		agg_out_row(self, g, cause, line);
		line.change = WR_ROW_AFTER;
	}
	if (undo != UINT32_MAX && agg_group_undo(self, g, undo, err) != WR_OK)
		return WR_FAIL;
	if (step != UINT32_MAX && agg_group_step(self, g, step, err) != WR_OK)
		return WR_FAIL;
	latest(self, g, cause);
	wr_cache_touch(self->groups, g);
	if (self->direct) {
		g->emitted = true;
		line.rowtime = g->rowtime;
		agg_out_row(self, g, cause, line);
		return agg_out_spill(self, err);
	}
	if (self->changed_bytes > self->op.cx->cache_bytes)
		return agg_emit_changed(self, err);
	return WR_OK;
}

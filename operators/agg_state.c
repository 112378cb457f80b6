/*
 * The states of a group: one payload of fixed size, a head and then the state of each aggregate,
 * 16-byte aligned. States that own memory (lists) hold a handle to it; `heap` counts what they own.
 *
 * Saved, a group is its row time, for EMIT FINAL where its latest row stood, and the states as the
 * aggregates write them. Whether it was emitted is not saved: flush goes before snapshot, so that
 * downstream has seen all that is saved, except under EMIT FINAL, where nobody asks.
 */
#include "operators/agg.h"

static uint32_t align16(uint32_t n)
{
	return (n + 15) & ~15u;
}

static int64_t collect_limit(const wr_op_cx *cx, const char *name)
{
	if (!cx->settings)
		return -1;
	if (strcmp(name, "COLLECT_LIST") == 0)
		return wr_setting_int(cx->settings, WR_SET_COLLECT_LIST_LIMIT);
	if (strcmp(name, "COLLECT_SET") == 0)
		return wr_setting_int(cx->settings, WR_SET_COLLECT_SET_LIMIT);
	return -1;
}

static wr_status part_open(op_aggregate *self, agg_part *p, const wr_agg_spec *s, wr_err *err)
{
	p->def = self->spec->from_table && s->agg->over_table ? s->agg->over_table : s->agg;
	p->cx = (wr_agg_cx){
		.arena = self->op.cx->batch_arena,
		.types = s->types,
		.result = s->result,
		.nargs = s->nargs,
		.consts = s->consts,
		.limit = collect_limit(self->op.cx, s->agg->name),
		.bytes = &self->heap,
	};
	p->multi = self->spec->from_table && s->agg->multiset != WR_AGG_NO_MULTISET;
	if (p->multi)
		agg_multi_layout(p);
	if (self->spec->from_table && !p->multi && !s->agg->undo)
		return wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, WR_NO_SPAN,
				  "%s over a table is not implemented: it cannot take values back",
				  s->agg->name);
	if (self->spec->window.kind == WR_WINDOW_SESSION && !s->agg->merge)
		return wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, WR_NO_SPAN,
				  "%s over session windows is not implemented: it cannot merge",
				  s->agg->name);
	return WR_OK;
}

/* Arguments of all aggregates are one program; each part points to its own. */
static void arguments(op_aggregate *self)
{
	const wr_spec_aggregate *spec = self->spec;
	wr_arena *a = self->op.cx->arena;
	const wr_expr **exprs;
	uint32_t n = 0;

	for (uint32_t i = 0; i < spec->naggs; i++)
		n += spec->aggs[i].nargs;
	if (n == 0)
		return;
	exprs = WR_NEW_ARRAY(a, const wr_expr *, n);
	self->vecs = WR_NEW_ARRAY(a, wr_vec, n);
	n = 0;
	for (uint32_t i = 0; i < spec->naggs; i++) {
		self->parts[i].args = WR_NEW_ARRAY(a, const wr_vec *, spec->aggs[i].nargs + 1);
		for (uint32_t k = 0; k < spec->aggs[i].nargs; k++, n++) {
			exprs[n] = spec->aggs[i].args[k];
			self->parts[i].args[k] = &self->vecs[n];
		}
	}
	self->prog = wr_prog_new(a, exprs, n);
}

wr_status agg_layout(op_aggregate *self, wr_err *err)
{
	uint32_t at = align16(sizeof(agg_group));

	self->nparts = self->spec->naggs;
	self->parts = WR_NEW_ARRAY(self->op.cx->arena, agg_part, self->nparts + 1);
	for (uint32_t i = 0; i < self->nparts; i++) {
		agg_part *p = &self->parts[i];

		if (part_open(self, p, &self->spec->aggs[i], err) != WR_OK)
			return WR_FAIL;
		p->index = i;
		p->at = at;
		at += align16(p->def->size(&p->cx));
		if (p->multi) {
			self->any_multi = true;
			p->multi_at = at;
			at += align16(sizeof(agg_multi));
		}
	}
	self->group_size = at;
	self->session_size = at + (uint32_t)offsetof(agg_session, group);
	arguments(self);
	return WR_OK;
}

void agg_group_init(op_aggregate *self, agg_group *g)
{
	memset(g, 0, self->group_size);
	g->rowtime = WR_TIME_NONE;
	for (uint32_t i = 0; i < self->nparts; i++)
		self->parts[i].def->init(&self->parts[i].cx, agg_state(g, &self->parts[i]));
}

void agg_group_save(op_aggregate *self, const agg_group *g, wr_buf *out)
{
	wr_buf_u64(out, (uint64_t)g->rowtime);
	if (self->spec->emit_final) {
		wr_buf_u64(out, (uint64_t)g->offset);
		wr_buf_u32(out, g->part);
	}
	for (uint32_t i = 0; i < self->nparts; i++) {
		const agg_part *p = &self->parts[i];

		if (p->multi)
			agg_multi_save(p, g, out);
		else
			p->def->save(&p->cx, agg_state(g, p), out);
	}
}

static bool get_u32(uint32_t *v, const char **p, const char *end)
{
	if (end - *p < 4)
		return false;
	memcpy(v, *p, 4);
	*p += 4;
	return true;
}

static bool get_i64(int64_t *v, const char **p, const char *end)
{
	if (end - *p < 8)
		return false;
	memcpy(v, *p, 8);
	*p += 8;
	return true;
}

bool agg_group_load(op_aggregate *self, agg_group *g, const char **p, const char *end)
{
	memset(g, 0, self->group_size);
	g->emitted = true;
	if (!get_i64(&g->rowtime, p, end))
		return false;
	if (self->spec->emit_final && (!get_i64(&g->offset, p, end) || !get_u32(&g->part, p, end)))
		return false;
	for (uint32_t i = 0; i < self->nparts; i++) {
		agg_part *part = &self->parts[i];

		if (part->multi ? !agg_multi_load(part, g, p, end)
				: !part->def->load(&part->cx, agg_state(g, part), p, end))
			return false;
	}
	return true;
}

void agg_group_drop(op_aggregate *self, agg_group *g)
{
	for (uint32_t i = 0; i < self->nparts; i++) {
		agg_part *p = &self->parts[i];

		if (p->def->drop)
			p->def->drop(&p->cx, agg_state(g, p));
		if (p->multi)
			agg_multi_drop(p, g);
	}
}

wr_status agg_step_failed(const agg_part *p, wr_err *err)
{
	wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN, "%s went out of the range of its type",
		   p->def->name);
	return WR_FAIL;
}

wr_status agg_group_step(op_aggregate *self, agg_group *g, uint32_t i, wr_err *err)
{
	uint32_t row = i - self->in_at;

	for (uint32_t k = 0; k < self->nparts; k++) {
		agg_part *p = &self->parts[k];
		bool good = p->multi ? agg_multi_add(self, p, g, i)
				     : p->def->step(&p->cx, agg_state(g, p), p->args, row);

		if (!good)
			return agg_step_failed(p, err);
	}
	return WR_OK;
}

wr_status agg_group_undo(op_aggregate *self, agg_group *g, uint32_t i, wr_err *err)
{
	uint32_t row = i - self->in_at;

	for (uint32_t k = 0; k < self->nparts; k++) {
		agg_part *p = &self->parts[k];
		bool good = p->multi ? agg_multi_take(self, p, g, i)
				     : p->def->undo(&p->cx, agg_state(g, p), p->args, row);

		if (!good)
			return agg_step_failed(p, err);
	}
	return WR_OK;
}

wr_status agg_group_merge(op_aggregate *self, agg_group *into, agg_group *from, wr_err *err)
{
	for (uint32_t k = 0; k < self->nparts; k++) {
		agg_part *p = &self->parts[k];

		if (!p->def->merge(&p->cx, agg_state(into, p), agg_state(from, p)))
			return agg_step_failed(p, err);
	}
	if (from->rowtime > into->rowtime)
		into->rowtime = from->rowtime;
	return WR_OK;
}

void agg_group_finals(op_aggregate *self, agg_group *g, wr_vec *cols, wr_arena *a)
{
	if (self->any_multi && !agg_multi_settle(self, g))
		self->damaged = true;
	for (uint32_t k = 0; k < self->nparts; k++) {
		agg_part *p = &self->parts[k];

		p->cx.arena = a;
		p->def->final(&p->cx, agg_state(g, p), &cols[k]);
		p->cx.arena = self->op.cx->batch_arena; /* a may be gone when the next row comes */
	}
}

static void payload_init(void *self, void *payload)
{
	agg_group_init(self, payload);
}

static void payload_save(void *self, const void *payload, wr_buf *out)
{
	agg_group_save(self, payload, out);
}

static bool payload_load(void *self, void *payload, wr_str bytes)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;

	return agg_group_load(self, payload, &p, end) && p == end;
}

static void payload_drop(void *self, void *payload)
{
	agg_group_drop(self, payload);
}

/* What states own is counted in `heap` for all of them together. */
static size_t payload_bytes(void *self, const void *payload)
{
	(void)self;
	(void)payload;
	return 0;
}

const wr_cache_def agg_group_payload = {
	.init = payload_init,
	.save = payload_save,
	.load = payload_load,
	.drop = payload_drop,
	.bytes = payload_bytes,
};

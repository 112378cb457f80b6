#include "engine/look.h"

static wr_status open_reader(wr_engine *e, wr_topic_look *l, wr_err *err)
{
	const wr_source_def *def = wr_source_find(l->spec.kind);

	if (def->partitions(&e->io, &l->spec, &l->nparts, err))
		return WR_FAIL;
	wr_position *p = WR_NEW_ARRAY(l->arena, wr_position, (uint32_t)l->nparts + 1);

	for (int32_t i = 0; i < l->nparts; i++)
		p[i].partition = i;
	if (def->resolve(&e->io, &l->spec, p, l->nparts, err))
		return WR_FAIL;
	return def->open(&e->io, &l->spec, p, l->nparts, &l->reader, err);
}

wr_status wr_look_open(wr_engine *e, const wr_source_spec *spec, wr_topic_look *out, wr_err *err)
{
	*out = (wr_topic_look){ .arena = wr_arena_new(), .spec = *spec };
	out->spec.topic = wr_arena_str(out->arena, spec->topic);
	out->spec.file = wr_arena_str(out->arena, spec->file);
	if (open_reader(e, out, err) == WR_OK)
		return WR_OK;
	wr_look_close(out);
	return WR_FAIL;
}

static void release(wr_topic_look *l)
{
	if (l->holding)
		l->reader->def->release(l->reader);
	l->holding = false;
}

wr_status wr_look_read(wr_topic_look *l, wr_record *out, uint32_t max, int timeout_ms, uint32_t *n,
		       wr_err *err)
{
	release(l);
	if (l->reader->def->poll(l->reader, out, max, timeout_ms, n, err))
		return WR_FAIL;
	l->holding = true;
	return WR_OK;
}

bool wr_look_at_end(wr_topic_look *l)
{
	bool all = true, at_end;

	for (int32_t i = 0; i < l->nparts; i++) {
		l->reader->def->next(l->reader, i, &at_end);
		all &= at_end;
	}
	return all;
}

void wr_look_close(wr_topic_look *l)
{
	if (l->reader) {
		release(l);
		l->reader->def->close(l->reader);
	}
	if (l->arena)
		wr_arena_free(l->arena);
	*l = (wr_topic_look){ 0 };
}

/*
 * Format JSON, reading: a side is an object whose members are the columns, or, when a single column
 * is not wrapped, any JSON value. null is the null row in both.
 */
#include "formats/json_read.h"
#include "formats/side.h"

typedef struct json_side {
	wr_side base;
	wr_jread reader;
	const wr_jread_walker *walker;
	wr_jread_object *object; /* NULL: a bare value */
	wr_jread_slot single;
	bool unread; /* a bare value that nobody reads */
} json_side;

static void bind(wr_side *side, wr_batch *b)
{
	json_side *s = (json_side *)side;
	const wr_side_spec *spec = side->spec;

	side->batch = b;
	s->reader.arena = b->arena;
	if (!s->object) {
		if (!s->unread)
			wr_jread_bind(&s->single, &b->cols[spec->to[0]]);
		return;
	}
	for (uint32_t i = 0, k = 0; i < spec->n; i++)
		if (spec->to[i] >= 0)
			wr_jread_bind(&s->object->slots[k++], &b->cols[spec->to[i]]);
}

/* The text is null and nothing else. */
static bool is_null(wr_str text)
{
	const char *p = text.p, *end = p + text.n;

	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	if (end - p < 4 || memcmp(p, "null", 4))
		return false;
	for (p += 4; p < end; p++)
		if (*p != ' ' && *p != '\n' && *p != '\r' && *p != '\t')
			return false;
	return true;
}

static wr_side_result read_side(wr_side *side, wr_str bytes, uint32_t row, wr_defect *why)
{
	json_side *s = (json_side *)side;
	wr_jread *r = &s->reader;
	bool ok;

	if (s->object)
		ok = s->walker->object(r, bytes, s->object, row);
	else
		ok = s->walker->value(r, bytes, &s->single, row);
	if (ok && s->object)
		return WR_SIDE_ROW;
	if (is_null(bytes))
		return WR_SIDE_NULL;
	if (ok)
		return WR_SIDE_ROW;
	return wr_defect_set(why, r->at - r->start, "%s", r->reason);
}

wr_side *wr_json_side_open(wr_arena *a, const wr_side_spec *spec)
{
	json_side *s = WR_NEW(a, json_side);
	uint32_t n = 0;

	s->base = (wr_side){ .spec = spec, .bind = bind, .read = read_side };
	s->reader.placeholder = UINT32_MAX;
	s->walker = wr_jread_fastest();
	for (uint32_t i = 0; i < spec->n; i++)
		n += spec->to[i] >= 0;
	if (!spec->wrap && spec->n == 1) {
		s->unread = n == 0;
		wr_jread_slot_init(a, &s->single, spec->cols[0].name, spec->cols[0].type,
				   wr_jread_plain_leaf);
		if (s->unread)
			s->single.kind = WR_JREAD_RAW;
		return &s->base;
	}
	s->object = wr_jread_object_new(a, n);
	for (uint32_t i = 0, k = 0; i < spec->n; i++)
		if (spec->to[i] >= 0)
			wr_jread_slot_init(a, &s->object->slots[k++], spec->cols[i].name,
					   spec->cols[i].type, wr_jread_plain_leaf);
	wr_jread_object_ready(s->object);
	return &s->base;
}

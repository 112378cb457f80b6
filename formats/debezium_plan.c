/*
 * What of a change event goes where: plans for the envelope, its two images, the flattened row and
 * the key.
 *
 *	{"before":{..}|null,"after":{..}|null,"source":{..},"op":"c","ts_ms":..}	the envelope
 *	{"id":7, .., "__deleted":"false","__op":"c",..}					flattened
 *	{"id":7}									a key
 *
 * each of them bare or as "payload" beside the "schema" that describes it. With a schema the plan
 * knows how each value is meant (debezium_schema.c), without one the declared type decides
 * (debezium_value.c).
 */
#include "formats/debezium.h"

static void add_columns(wr_arena *a, wr_jread_slot *slots, const wr_side_spec *side, uint32_t *n)
{
	for (uint32_t i = 0; i < side->n; i++) {
		wr_jread_slot *s;

		if (side->to[i] < 0)
			continue;
		s = &slots[(*n)++];
		wr_jread_slot_init(a, s, side->cols[i].name, side->cols[i].type, wr_debezium_leaf);
		s->column = side->to[i];
	}
}

/* Values are recognised at their first sight only where nothing else could be meant. */
static void refine(wr_jread_slot *slots, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		wr_jread_slot *s = &slots[i];

		/* Digits without a point may be base64. */
		if (s->kind == WR_JREAD_DECIMAL &&
		    (s->meaning > WR_MEANS_PLAIN ||
		     (s->meaning == WR_MEANS_UNKNOWN && s->type->scale == 0)))
			s->kind = WR_JREAD_LEAF;
		if (s->meaning > WR_MEANS_PLAIN &&
		    (s->kind == WR_JREAD_STRING || s->kind == WR_JREAD_BIGINT))
			s->kind = WR_JREAD_LEAF;
		if (s->object)
			refine(s->object->slots, s->object->n);
		else if (s->kids)
			refine(s->kids, s->type->nkids);
		if (s->column >= 0 && (s->kind == WR_JREAD_ARRAY || s->kind == WR_JREAD_MAP)) {
			s->kind = WR_JREAD_GUARDED;
			s->hook = wr_debezium_nested;
		}
	}
}

/* Slots for the columns, then room for others. */
static void start_row(wr_arena *a, wr_event_row *row, const wr_decode_spec *spec, bool own_key,
		      uint32_t others)
{
	uint32_t n = 0;

	row->object = wr_jread_object_new(a, spec->value.n + spec->key.n + others);
	add_columns(a, row->object->slots, &spec->value, &n);
	row->nvalue = n;
	if (own_key)
		add_columns(a, row->object->slots, &spec->key, &n);
	row->nkeys = n - row->nvalue;
	row->object->n = n;
}

static void finish_row(wr_event_row *row, const wr_connect *c, const char *member)
{
	uint32_t n = row->nvalue + row->nkeys;

	if (c)
		wr_connect_apply(c, member, row->object->slots, n);
	refine(row->object->slots, n);
	wr_jread_object_ready(row->object);
}

static void add_raw(wr_jread_object *o, const char *name)
{
	o->slots[o->n++] =
	    (wr_jread_slot){ .kind = WR_JREAD_RAW, .name = wr_str_of(name), .column = -1 };
}

static void plan_flat(wr_arena *a, wr_event_plan *p, const wr_decode_spec *spec, bool own_key,
		      const wr_connect *c)
{
	/*
	 * Debezium's ExtractNewRecordState writes a field's last name, or source_ and it, behind
	 * two underscores.
	 */
	static const char *const marks[2][WR_FLAT_MARKS] = {
		{ "__op", "__deleted", "__source_ts_ms", "__db", "__schema", "__table", "__lsn",
		  "__txId", "__snapshot" },
		{ "", "", "__ts_ms", "__source_db", "__source_schema", "__source_table",
		  "__source_lsn", "__source_txId", "__source_snapshot" },
	};

	start_row(a, &p->flat, spec, own_key, 2 * WR_FLAT_MARKS);
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < WR_FLAT_MARKS; i++)
			add_raw(p->flat.object, marks[k][i]);
	finish_row(&p->flat, c, NULL);
}

static void plan_key(wr_arena *a, wr_event_plan *p, const wr_decode_spec *spec, bool own_key,
		     const wr_connect *c)
{
	uint32_t n = 0;

	p->key.object = wr_jread_object_new(a, spec->key.n);
	if (own_key)
		add_columns(a, p->key.object->slots, &spec->key, &n);
	p->key.object->n = p->key.nkeys = n;
	finish_row(&p->key, c, NULL);
	if (n == 1) {
		p->lone_key = p->key.object->slots[0];
		p->lone_key.kind = WR_JREAD_LEAF;
	}
}

/* An envelope's before: an image of its own, a column of a stream, or only remembered. */
static void plan_before(wr_arena *a, wr_event_plan *p, const wr_decode_spec *spec, bool own_key,
			const wr_connect *c)
{
	wr_jread_slot *s = &p->envelope->slots[WR_EVENT_BEFORE];
	int32_t to = spec->table ? -1 : spec->cdc_to[WR_CDC_BEFORE];

	if (spec->table && spec->before_event) {
		start_row(a, &p->before, spec, own_key, 0);
		finish_row(&p->before, c, "before");
		s->kind = WR_JREAD_ROW;
		s->object = p->before.object;
	} else if (to >= 0) {
		wr_jread_slot_init(a, s, s->name, spec->schema->cols[to].type, wr_debezium_leaf);
		s->column = to;
		if (c)
			wr_connect_apply(c, "before", s->object->slots, s->object->n);
		refine(s->object->slots, s->object->n);
		p->image = true;
	}
}

static void plan_envelope(wr_arena *a, wr_event_plan *p, const wr_decode_spec *spec, bool own_key,
			  const wr_connect *c, wr_event_hooks hooks)
{
	static const char *const names[WR_EVENT_MEMBERS] = {
		"before", "after", "source", "op", "ts_ms", "schema", "payload",
	};
	static const wr_str nobody = { "\xff", 1 }; /* no text in UTF-8 */
	wr_jread_slot *s;

	p->envelope = wr_jread_object_new(a, WR_EVENT_MEMBERS);
	p->envelope->n = 0;
	for (int i = 0; i < WR_EVENT_MEMBERS; i++)
		add_raw(p->envelope, names[i]);
	s = p->envelope->slots;
	start_row(a, &p->after, spec, own_key, 0);
	finish_row(&p->after, c, "after");
	s[WR_EVENT_AFTER].kind = WR_JREAD_ROW;
	s[WR_EVENT_AFTER].object = p->after.object;
	plan_before(a, p, spec, own_key, c);
	/* Members that nobody asks for are stepped over like any other. */
	if (!hooks.source && !spec->before_event)
		s[WR_EVENT_SOURCE].name = nobody;
	if (!spec->file_times)
		s[WR_EVENT_TS].name = nobody;
	if (hooks.source) {
		s[WR_EVENT_SOURCE].kind = WR_JREAD_HOOK;
		s[WR_EVENT_SOURCE].hook = hooks.source;
	}
	if (!c) {
		s[WR_EVENT_SCHEMA].kind = s[WR_EVENT_PAYLOAD].kind = WR_JREAD_HOOK;
		s[WR_EVENT_SCHEMA].hook = hooks.schema;
		s[WR_EVENT_PAYLOAD].hook = hooks.payload;
	}
	wr_jread_object_ready(p->envelope);
}

wr_event_plan *wr_event_plan_new(wr_arena *a, const wr_decode_spec *spec, bool own_key,
				 const wr_connect *c, wr_event_hooks hooks)
{
	wr_event_plan *p = WR_NEW(a, wr_event_plan);

	p->layout = c ? wr_connect_layout(c) : WR_LAYOUT_UNKNOWN;
	plan_envelope(a, p, spec, own_key, c, hooks);
	plan_flat(a, p, spec, own_key, c);
	plan_key(a, p, spec, own_key, c);
	return p;
}

static void bind_row(wr_event_row *row, wr_batch *b)
{
	for (uint32_t i = 0; row->object && i < row->nvalue + row->nkeys; i++)
		wr_jread_bind(&row->object->slots[i], &b->cols[row->object->slots[i].column]);
}

void wr_event_plan_bind(wr_event_plan *p, wr_batch *b)
{
	wr_jread_slot *before = &p->envelope->slots[WR_EVENT_BEFORE];

	bind_row(&p->before, b);
	bind_row(&p->after, b);
	bind_row(&p->flat, b);
	bind_row(&p->key, b);
	if (p->key.nkeys == 1)
		wr_jread_bind(&p->lone_key, &b->cols[p->lone_key.column]);
	if (p->image)
		wr_jread_bind(before, &b->cols[before->column]);
}

wr_jread_object *wr_source_object_new(wr_arena *a)
{
	static const char *const names[WR_SOURCE_MEMBERS] = {
		"ts_ms", "db",	"schema", "table", "lsn",      "file",
		"pos",	 "row", "txId",	  "gtid",  "snapshot",
	};
	wr_jread_object *o = wr_jread_object_new(a, WR_SOURCE_MEMBERS);

	o->n = 0;
	for (int i = 0; i < WR_SOURCE_MEMBERS; i++)
		add_raw(o, names[i]);
	wr_jread_object_ready(o);
	return o;
}

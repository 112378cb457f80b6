/*
 * Scans: where a relation's records come from and how they become rows of just the columns that are
 * used.
 *
 * A file of bare values has no keys beside them, so there key columns are read from the value, in
 * front of the others.
 */
#include "planner/impl.h"

static wr_source_spec *source_spec(wr_planner *p, const wr_relation *r)
{
	wr_source_spec *s = WR_NEW(p->a, wr_source_spec);

	s->kind = r->file.p ? "file" : p->cx->source_kind;
	s->topic = r->file.p && r->file_any_topic ? (wr_str){ NULL, 0 } : r->topic;
	s->file = r->file;
	s->file_records = r->file_records;
	s->file_follow = r->file_follow;
	s->file_delimited = strcmp(r->value_format, "DELIMITED") == 0;
	s->on_error = (wr_on_error)r->on_error;
	s->dead_letter = r->dead_letter;
	s->idle_timeout = r->idle_timeout;
	if (wr_str_is(wr_setting_text(p->set, WR_SET_AUTO_OFFSET_RESET), "latest"))
		s->start = WR_START_LATEST;
	if (r->start_at.p && !wr_start_read(r->start_at, &s->start, &s->start_value))
		WR_BUG("START_AT %.*s was accepted", WR_STR_ARG(r->start_at));
	return s;
}

static void remap(wr_arena *a, wr_side_spec *side, const int32_t *map)
{
	int32_t *to = WR_NEW_ARRAY(a, int32_t, side->n);

	for (uint32_t i = 0; i < side->n; i++)
		to[i] = map[side->to[i]];
	side->to = to;
}

static void headers(wr_arena *a, const wr_relation *r, const int32_t *map, wr_decode_spec *d)
{
	wr_header_column *h = WR_NEW_ARRAY(a, wr_header_column, r->schema->n);

	for (uint32_t i = 0; r->header_cols && i < r->schema->n; i++)
		if (r->header_cols[i] && map[i] >= 0)
			h[d->nheaders++] =
			    (wr_header_column){ r->header_cols[i] == 2 ? r->header_keys[i]
								       : (wr_str){ NULL, 0 },
						map[i] };
	d->headers = h;
}

/* All columns on the value side, keys first. */
static void keys_in_value(wr_arena *a, wr_side_spec *key, wr_side_spec *value)
{
	wr_column *cols = WR_NEW_ARRAY(a, wr_column, key->n + value->n);
	int32_t *to = WR_NEW_ARRAY(a, int32_t, key->n + value->n);

	for (uint32_t i = 0; i < key->n + value->n; i++) {
		const wr_side_spec *from = i < key->n ? key : value;
		uint32_t at = i < key->n ? i : i - key->n;

		cols[i] = from->cols[at];
		to[i] = from->to[at];
	}
	value->n += key->n;
	value->cols = cols;
	value->to = to;
	value->wrap |= key->n > 0;
	*key = (wr_side_spec){ .format = "NONE", .cols = cols, .to = to };
}

static wr_decode_spec *decode_spec(wr_planner *p, const wr_relation *r, const wr_schema *schema,
				   const int32_t *map)
{
	wr_decode_spec *d = WR_NEW(p->a, wr_decode_spec);
	bool debezium = wr_is_debezium(r);
	int32_t time_col;

	d->schema = schema;
	wr_relation_sides(p->a, r, &d->key, &d->value);
	remap(p->a, &d->key, map);
	remap(p->a, &d->value, map);
	if (r->file.p && !r->file_records && !debezium)
		keys_in_value(p->a, &d->key, &d->value);
	d->table = r->table;
	d->before_event = r->before_event;
	d->file_times = debezium && r->file.p && !r->file_records && !r->time_column.p;
	for (uint32_t i = 0; i < WR_CDC_COUNT; i++)
		d->cdc_to[i] = debezium && !r->table ? map[r->schema->n + i] : -1;
	headers(p->a, r, map, d);
	time_col = r->time_column.p ? wr_schema_find(r->schema, r->time_column) : -1;
	d->time_col = time_col < 0 ? -1 : map[time_col];
	d->time_format = r->time_format.p ? wr_arena_str(p->a, r->time_format).p : NULL;
	d->strict_time = wr_setting_bool(p->set, WR_SET_TIMESTAMP_THROW);
	return d;
}

wr_scan wr_scan_of(wr_planner *p, const wr_relation *r, const wr_schema *schema, const int32_t *map)
{
	return (wr_scan){ .relation = r->name,
			  .source = source_spec(p, r),
			  .decode = decode_spec(p, r, schema, map),
			  .table = r->table };
}

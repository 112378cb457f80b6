/*
 * Following a change event: what its layout is, what happened to which row, and what of it becomes
 * rows of the batch.
 *
 *			table, BEFORE='STATE'	table, BEFORE='EVENT'	stream
 *	c, r		NEW after		NEW after		INSERT after
 *	u		NEW after		BEFORE before		INSERT after
 *						AFTER after
 *	d		GONE key		OLD before		INSERT, values null
 *	t		TRUNCATE		TRUNCATE		-
 *	m		-			-			-
 *	tombstone	GONE key; - behind the d of the same key		-, or d where nothing else says so
 *
 * Reading the text is debezium_read.c. Its images (debezium_image.c) then stand in places from b->n
 * on, usually where they belong already. A table's key columns (debezium_key.c) come from the
 * image; a d takes them from the record's key, which is shorter to read, and else from its before
 * image.
 */
#include "formats/debezium.h"

/* ---- what becomes of an event */

/* A row of which only the key counts. */
static int put_gone(wr_debezium *d, const wr_record *rec, const char **side, wr_defect *why)
{
	uint32_t row = d->batch->n;

	wr_side_nulls(&d->spec->value, d->batch, row);
	wr_absent_forget(d, row);
	if (!wr_event_find_key(d, rec, row, side, why))
		return -1;
	d->batch->change[row] = d->spec->table ? WR_ROW_GONE : WR_ROW_INSERT;
	return 1;
}

static int put_truncate(wr_debezium *d)
{
	uint32_t row = d->batch->n;

	wr_side_nulls(&d->spec->key, d->batch, row);
	wr_side_nulls(&d->spec->value, d->batch, row);
	wr_absent_forget(d, row);
	d->batch->change[row] = WR_ROW_TRUNCATE;
	return 1;
}

static void put_op(wr_debezium *d, uint32_t row, wr_str op)
{
	if (!d->spec->table)
		wr_cdc_put(d->spec, d->batch, row, WR_CDC_OP, op);
}

static int read_tombstone(wr_debezium *d, const wr_record *rec, uint32_t part, const char **side,
			  wr_defect *why)
{
	uint32_t row = d->batch->n;

	if (!rec->key.p || wr_event_was_deleted(d, part, rec->key))
		return 0;
	if (d->spec->table && d->spec->before_event) {
		wr_defect_set(why, -1,
			      "a tombstone without a delete event before it: BEFORE='EVENT' cannot "
			      "know the old row");
		return -1;
	}
	if (!d->spec->table && (d->layout != WR_LAYOUT_FLAT || d->marked))
		return 0;
	wr_event_use(d, d->bare);
	d->event = WR_LAYOUT_FLAT;
	if (put_gone(d, rec, side, why) < 0)
		return -1;
	if (!d->spec->table) {
		for (int i = 0; i < WR_CDC_COUNT; i++)
			if (d->spec->cdc_to[i] >= 0)
				wr_vec_set_null(&d->batch->cols[d->spec->cdc_to[i]],
						d->batch->arena, row);
		put_op(d, row, WR_STR_LIT("d"));
	}
	return 1;
}

static bool says_true(const wr_jread_token *t)
{
	return t &&
	       (t->kind == 't' || (t->kind == '"' && wr_str_is((wr_str){ t->p, t->n }, "true")));
}

static int finish_flat(wr_debezium *d, const wr_record *rec, uint32_t part, const char **side,
		       wr_defect *why)
{
	const wr_event_row *flat = &d->plan->flat;
	const wr_jread_token *op = wr_flat_mark(flat, WR_FLAT_OP),
			     *deleted = wr_flat_mark(flat, WR_FLAT_DELETED);
	uint32_t row = d->batch->n;
	bool gone = says_true(deleted) || (op && op->kind == '"' && op->n == 1 && *op->p == 'd');

	d->marked |= deleted != NULL || op != NULL;
	if (d->spec->table && d->spec->before_event) {
		wr_defect_set(why, -1,
			      "a flattened event has no before image, which BEFORE='EVENT' needs; "
			      "use BEFORE='STATE'");
		return -1;
	}
	if (!wr_event_complete_key(d, rec, flat, row, side, why))
		return -1;
	if (gone) {
		wr_side_nulls(&d->spec->value, d->batch, row);
		wr_absent_forget(d, row);
		wr_event_deleted(d, part, rec->key);
	}
	if (d->spec->table) {
		d->batch->change[row] = gone ? WR_ROW_GONE : WR_ROW_NEW;
		return 1;
	}
	d->batch->change[row] = WR_ROW_INSERT;
	wr_cdc_from_flat(d->spec, d->batch, row, flat);
	put_op(d, row,
	       op && op->kind == '"' ? (wr_str){ op->p, op->n }
	       : gone		     ? WR_STR_LIT("d")
				     : (wr_str){ NULL, 0 });
	return 1;
}

static int put_after(wr_debezium *d, const wr_record *rec, uint32_t before, uint32_t after,
		     const char **side, wr_defect *why)
{
	uint32_t row = d->batch->n;

	if (after == UINT32_MAX) {
		wr_defect_set(why, -1, "the event has no after image");
		return -1;
	}
	if (!wr_event_complete_key(d, rec, &d->plan->after, after, side, why))
		return -1;
	if (before != UINT32_MAX &&
	    !wr_event_complete_key(d, rec, &d->plan->before, before, side, why))
		return -1;
	wr_event_settle(d, before, after);
	if (before == UINT32_MAX) {
		d->batch->change[row] = d->spec->table ? WR_ROW_NEW : WR_ROW_INSERT;
		return 1;
	}
	if (d->any_absent)
		wr_event_fill(d, row, row + 1);
	if (wr_event_same_key(d, row, row + 1)) {
		d->batch->change[row] = WR_ROW_BEFORE;
		d->batch->change[row + 1] = WR_ROW_AFTER;
	} else {
		d->batch->change[row] = WR_ROW_OLD;
		d->batch->change[row + 1] = WR_ROW_NEW;
	}
	return 2;
}

static int put_delete(wr_debezium *d, const wr_record *rec, uint32_t part, uint32_t before,
		      const char **side, wr_defect *why)
{
	wr_event_deleted(d, part, rec->key);
	if (!d->spec->table || !d->spec->before_event)
		return put_gone(d, rec, side, why);
	if (!wr_event_check_before(d, before, why) ||
	    !wr_event_complete_key(d, rec, &d->plan->before, before, side, why))
		return -1;
	wr_event_settle(d, before, UINT32_MAX);
	wr_absent_forget(d, d->batch->n);
	d->batch->change[d->batch->n] = WR_ROW_OLD;
	return 1;
}

/* `source` of this event; NULL: it has none, or nobody reads it. */
static const wr_jread_object *event_source(const wr_debezium *d)
{
	const wr_jread_token *t = wr_jread_met(d->plan->envelope, WR_EVENT_SOURCE);

	return d->hooks.source && t && t->kind == '{' ? d->source : NULL;
}

static int finish_stream(wr_debezium *d, const wr_jread_token *op, int rows)
{
	static const wr_jread_object none;
	uint32_t row = d->batch->n;

	for (int i = 0; i < rows && !d->spec->table; i++) {
		put_op(d, row, (wr_str){ op->p, op->n });
		if (d->hooks.source)
			wr_cdc_from_source(d->spec, d->batch, row,
					   event_source(d) ? event_source(d) : &none);
	}
	return rows;
}

static int finish_event(wr_debezium *d, const wr_record *rec, uint32_t part, const char **side,
			wr_defect *why)
{
	const wr_jread_token *op = wr_jread_met(d->plan->envelope, WR_EVENT_OP);
	uint32_t before = UINT32_MAX, after;
	char what = op && op->kind == '"' && op->n == 1 ? *op->p : 0;

	switch (what) {
	case 'c':
	case 'r':
	case 'u':
		if (!wr_event_image(d, WR_EVENT_AFTER, &after, why))
			return -1;
		if (what == 'u' && d->spec->table && d->spec->before_event &&
		    (!wr_event_image(d, WR_EVENT_BEFORE, &before, why) ||
		     !wr_event_check_before(d, before, why)))
			return -1;
		return finish_stream(d, op, put_after(d, rec, before, after, side, why));
	case 'd':
		if (!wr_event_image(d, WR_EVENT_BEFORE, &before, why))
			return -1;
		return finish_stream(d, op, put_delete(d, rec, part, before, side, why));
	case 't': return d->spec->table ? put_truncate(d) : 0;
	case 'm': return 0;
	default:
		wr_defect_set(why, -1,
			      op ? "the event's op is none of c, u, d, r, t and m"
				 : "the event has no op");
		return -1;
	}
}

/* The time at which the database made the change. */
static void event_time(wr_debezium *d, int64_t *time)
{
	const wr_jread_token *t = NULL;

	if (d->event == WR_LAYOUT_FLAT) {
		t = wr_flat_mark(&d->plan->flat, WR_FLAT_TS);
	} else {
		if (event_source(d))
			t = wr_jread_met(event_source(d), WR_SOURCE_TS);
		if (!t || t->kind != '0')
			t = wr_jread_met(d->plan->envelope, WR_EVENT_TS);
	}
	if (t && t->kind == '0')
		wr_jread_integer(t, time);
}

static bool is_null_text(wr_str s)
{
	return !s.p || (s.n == 4 && !memcmp(s.p, "null", 4));
}

int wr_debezium_read(wr_debezium *d, const wr_record *rec, uint32_t part, int64_t *time,
		     const char **side, wr_defect *why)
{
	uint32_t row = d->batch->n;
	int rows;

	*side = "the value";
	d->any_absent = false;
	d->reader.first_row = row;
	d->key_reader.first_row =
	    row + 2; /* a key has no images; should it look so, they do no harm */
	if (is_null_text(rec->value))
		return read_tombstone(d, rec, part, side, why);
	if (!wr_event_text(d, rec->value)) {
		wr_defect_set(why, d->reader.at - d->reader.start, "%s", d->reader.reason);
		rows = -1;
	} else if (d->event == WR_LAYOUT_UNKNOWN) {
		return read_tombstone(d, rec, part, side, why);
	} else {
		if (d->spec->file_times)
			event_time(d, time);
		rows = d->event == WR_LAYOUT_FLAT ? finish_flat(d, rec, part, side, why)
						  : finish_event(d, rec, part, side, why);
	}
	if (d->any_absent)
		for (uint32_t i = rows > 0 ? (uint32_t)rows : 0; i < 4; i++)
			wr_absent_forget(d, row + i);
	return rows;
}

/* ---- opening */

static bool wants_source(const wr_decode_spec *spec)
{
	bool any = spec->file_times;

	for (int i = WR_CDC_SOURCE_TS; i < WR_CDC_COUNT && !spec->table; i++)
		any |= spec->cdc_to[i] >= 0;
	return any;
}

wr_status wr_debezium_open(wr_arena *a, const wr_decode_spec *spec, wr_side *other_key,
			   wr_debezium **out, wr_err *err)
{
	wr_debezium *d = WR_NEW(a, wr_debezium);

	if (spec->key.window != WR_WINDOW_NONE)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				  "A DEBEZIUM source has no windowed keys");
	d->spec = spec;
	d->arena = a;
	d->other_key = other_key;
	d->own_key = !other_key;
	for (uint32_t i = 0; i < spec->key.n; i++)
		d->nkeys += spec->key.to[i] >= 0;
	d->walker = wr_jread_fastest();
	d->hooks = wr_event_hooks_of(wants_source(spec));
	d->reader.owner = d->key_reader.owner = d;
	d->reader.placeholder = d->key_reader.placeholder = WR_PLACEHOLDER_LENGTH;
	d->source = wr_source_object_new(a);
	d->bare = wr_event_plan_new(a, spec, d->own_key, NULL, d->hooks);
	d->bare_key = wr_event_plan_new(a, spec, d->own_key, NULL, d->hooks);
	*out = d;
	return WR_OK;
}

uint32_t wr_debezium_room(const wr_debezium *d, uint32_t n)
{
	return (d->spec->table && d->spec->before_event ? 2 * n : n) + 4;
}

void wr_debezium_bind(wr_debezium *d, wr_batch *b)
{
	d->run++;
	d->batch = b;
	d->reader.arena = d->key_reader.arena = b->arena;
	wr_event_use(d, d->bare_key);
	wr_event_use(d, d->bare);
}

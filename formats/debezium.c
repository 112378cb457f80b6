/*
 * Following a change event: what its layout is, what happened to which row, and what of it becomes rows of the batch.
 *
 *			table, BEFORE='STATE'	table, BEFORE='EVENT'	stream
 *	c, r		NEW after		NEW after		INSERT after
 *	u		NEW after		BEFORE before		INSERT after
 *						AFTER after
 *	d		GONE key		OLD before		INSERT, values null
 *	t		truncated		truncated		-
 *	m		-			-			-
 *	tombstone	GONE key; - behind the d of the same key		-, or d where nothing else says so
 *
 * Layouts. An envelope has `op` and an image; anything else is a flattened row. Sources do not change their layout, so the one that was
 * right last is tried first. A schema, where there is one, says it outright; the plan for each schema is kept under its bytes, so that
 * the 1-2 KB before every payload cost one comparison.
 *
 * Images are read where they stand in the event into places from b->n on, before it is known what the event is (op comes last); settle()
 * then moves them where they belong. Usually that is where they are.
 *
 * Keys. A table's key columns come from the image; a d takes them from the record's key, which is shorter to read, and else from
 * its before image.
 *
 * BEFORE='EVENT' needs whole images. PostgreSQL's default identity writes only the key into `before` and fills the rest with nulls
 * and zeros: an image from there in which every other member is null, empty, zero or a boolean is taken for such a one and refused.
 */
#include "formats/debezium.h"

enum { PLANS_MAX = 64 };

/* The key that a partition's last d removed: the tombstone behind it says nothing new. */
typedef struct last_delete {
	uint32_t part;
	uint64_t key;
} last_delete;

struct wr_debezium {
	const wr_decode_spec *spec;
	wr_arena *arena;
	wr_side *other_key;
	bool own_key;
	uint32_t nkeys;		/* key columns that are read */
	const wr_jread_walker *walker;
	wr_event_hooks hooks;
	wr_jread reader, key_reader;
	wr_event_plan *plan, *plans, *bare;	/* of this event; of all schemas; of none */
	wr_event_plan *bare_key;		/* a key is read while the event's own plan is in use */
	wr_jread_object *source;
	uint32_t nplans;
	uint64_t run;
	wr_layout layout;	/* the last one without a schema */
	wr_layout event;	/* of this event */
	bool marked;		/* the flattened rows say themselves when they are deletes */
	wr_jread_token late;	/* a payload that stood before its schema, or had none */
	bool schema_met, payload_done;
	int decimals;
	wr_batch *batch;
	bool any_absent;
	last_delete *deletes;
	uint32_t ndeletes, deletes_room;
	bool truncated;
	uint32_t truncate_part;
	int64_t truncate_offset;
};

const wr_jread_walker *wr_debezium_walker(wr_jread *r)
{
	return ((wr_debezium *)r->owner)->walker;
}

int *wr_debezium_decimals(wr_jread *r)
{
	return &((wr_debezium *)r->owner)->decimals;
}

/* ---- absent values */

static uint64_t *absent_words(wr_debezium *d, uint32_t row)
{
	wr_batch *b = d->batch;

	if (!b->absent)
		b->absent = wr_arena_zalloc(b->arena, (size_t)b->room * WR_ABSENT_WORDS(b->schema) * 8);
	return b->absent + (size_t)row * WR_ABSENT_WORDS(b->schema);
}

void wr_debezium_absent(wr_jread *r, int32_t column, uint32_t row)
{
	wr_debezium *d = r->owner;

	if (column < 0 || !d->spec->table)
		return;
	absent_words(d, row)[column / 64] |= 1ull << (column % 64);
	d->any_absent = true;
}

static void forget_absent(wr_debezium *d, uint32_t row)
{
	if (d->batch->absent)
		memset(absent_words(d, row), 0, WR_ABSENT_WORDS(d->batch->schema) * 8);
}

/* An update that brings its own old image needs no state to fill from. */
static void fill_from_before(wr_debezium *d, uint32_t before, uint32_t after)
{
	wr_batch *b = d->batch;

	for (uint32_t c = 0; c < b->schema->n; c++) {
		wr_vec one, *v = &b->cols[c];
		uint32_t n = v->n;

		if (!wr_batch_is_absent(b, after, c) || wr_batch_is_absent(b, before, c))
			continue;
		wr_jread_set_rows(v, after);
		wr_vec_gather(&one, b->arena, v, &before, 1);
		wr_vec_push(v, b->arena, &one, 0, false);
		wr_jread_set_rows(v, n);
	}
	forget_absent(d, before);
	forget_absent(d, after);
}

/* ---- places */

/* Copies the columns of one place to another. */
static void copy_place(wr_debezium *d, uint32_t from, uint32_t to)
{
	wr_batch *b = d->batch;
	uint32_t words = WR_ABSENT_WORDS(b->schema);

	for (uint32_t c = 0; c < b->schema->n; c++) {
		wr_vec one, *v = &b->cols[c];
		uint32_t n = v->n;

		wr_jread_set_rows(v, from + 1);
		wr_vec_gather(&one, b->arena, v, &from, 1);
		wr_jread_set_rows(v, to);
		wr_vec_push(v, b->arena, &one, 0, false);
		wr_jread_set_rows(v, n);
	}
	if (b->absent)
		memcpy(absent_words(d, to), absent_words(d, from), words * 8);
}

/* Puts the images at b->n and behind: before (UINT32_MAX: none), then after. */
static void settle(wr_debezium *d, uint32_t before, uint32_t after)
{
	uint32_t row = d->batch->n, spare = row + 2;

	if (before == UINT32_MAX) {
		if (after != row)
			copy_place(d, after, row);
	} else if (after == UINT32_MAX) {
		if (before != row)
			copy_place(d, before, row);
	} else if (before == row + 1) {
		copy_place(d, row, spare);
		copy_place(d, row + 1, row);
		copy_place(d, spare, row + 1);
	}
}

/* ---- reading an event's text */

static void reset_images(wr_debezium *d, wr_event_plan *p)
{
	p->envelope->slots[WR_EVENT_BEFORE].row = UINT32_MAX;
	p->envelope->slots[WR_EVENT_AFTER].row = UINT32_MAX;
	d->reader.images = 0;
}

static void use_plan(wr_debezium *d, wr_event_plan *p)
{
	if (p->run != d->run) {
		wr_event_plan_bind(p, d->batch);
		p->run = d->run;
	}
	d->plan = p;
}

static wr_event_plan *make_plan(wr_debezium *d, wr_jread *r, const char *p, wr_str schema)
{
	wr_connect *c = wr_connect_parse(schema);
	wr_event_plan *plan;

	if (!c)
		return wr_jread_refuse(r, p, "the member schema is no Connect schema");
	plan = wr_event_plan_new(d->arena, d->spec, d->own_key, c, d->hooks);
	wr_connect_free(c);
	plan->schema = wr_arena_str(d->arena, schema);
	plan->next = d->plans;
	d->plans = plan;
	d->nplans++;
	return plan;
}

/* The schema's plan: known by its bytes, else made. */
static const char *schema_hook(wr_jread *r, wr_jread_slot *s, const char *p, uint32_t row)
{
	wr_debezium *d = r->owner;
	wr_event_plan **at, *plan = NULL;
	wr_jread_token t;

	(void)s;
	(void)row;
	if (*p != '{')
		return d->walker->token(r, p, &t);
	for (at = &d->plans; *at; at = &(*at)->next)
		if ((size_t)(r->end - p) > (*at)->schema.n && !memcmp(p, (*at)->schema.p, (*at)->schema.n)) {
			plan = *at;
			*at = plan->next;
			plan->next = d->plans;
			d->plans = plan;
			p += plan->schema.n;
			break;
		}
	if (!plan) {
		const char *from = p;

		p = d->walker->token(r, p, &t);
		if (!p)
			return NULL;
		if (d->nplans == PLANS_MAX)
			return wr_jread_refuse(r, from, "the topic's records carry more than %d schemas", PLANS_MAX);
		plan = make_plan(d, r, from, (wr_str){ t.p, t.n });
		if (!plan)
			return NULL;
	}
	use_plan(d, plan);
	d->schema_met = true;
	return p;
}

static const char *read_payload(wr_debezium *d, wr_jread *r, const char *p)
{
	wr_event_plan *plan = d->plan;

	d->payload_done = true;
	if (r == &d->key_reader)
		return d->walker->inside(r, plan->key.object, p + 1, d->batch->n);
	d->event = plan->layout;
	if (plan->layout == WR_LAYOUT_FLAT)
		return d->walker->inside(r, plan->flat.object, p + 1, r->first_row);
	reset_images(d, plan);
	return d->walker->inside(r, plan->envelope, p + 1, r->first_row);
}

static const char *payload_hook(wr_jread *r, wr_jread_slot *s, const char *p, uint32_t row)
{
	wr_debezium *d = r->owner;
	const char *from = p;

	(void)s;
	(void)row;
	if (*p != '{' || !d->schema_met)
		return d->walker->token(r, p, &d->late);
	p = read_payload(d, r, p);
	if (p && p == r->end)
		return wr_jread_refuse(r, from, "the text ends too early");
	return p;
}

static const char *source_hook(wr_jread *r, wr_jread_slot *s, const char *p, uint32_t row)
{
	wr_debezium *d = r->owner;
	const char *from = p;

	(void)s;
	if (*p != '{')
		return d->walker->token(r, p, &s->raw);
	s->raw = (wr_jread_token){ .p = p, .kind = '{' };
	p = d->walker->inside(r, d->source, p + 1, row);
	if (p && p == r->end)
		return wr_jread_refuse(r, from, "the text ends too early");
	return p;
}

static bool is_envelope(const wr_event_plan *p)
{
	const wr_jread_token *op = wr_jread_met(p->envelope, WR_EVENT_OP);
	const wr_jread_token *after = wr_jread_met(p->envelope, WR_EVENT_AFTER);

	if (!op || op->kind != '"' || op->n != 1)
		return false;
	return *op->p == 'm' || *op->p == 't' ||
	       (after && (after->kind == '{' || after->kind == 'n' || after->kind == '"')) ||
	       (*op->p == 'd' && wr_jread_met(p->envelope, WR_EVENT_BEFORE));
}

/* More than half of the columns were there. */
static bool is_flat(const wr_event_plan *p)
{
	uint32_t n = p->flat.nvalue + p->flat.nkeys, met = 0;

	for (uint32_t i = 0; i < n; i++)
		met += p->flat.object->slots[i].seen == p->flat.object->gen;
	return met * 2 > n;
}

static bool read_flat(wr_debezium *d, wr_str text)
{
	use_plan(d, d->bare);
	d->event = WR_LAYOUT_FLAT;
	reset_images(d, d->bare);
	return d->walker->object(&d->reader, text, d->bare->flat.object, d->batch->n);
}

static bool read_bare(wr_debezium *d, wr_str text)
{
	use_plan(d, d->bare);
	d->schema_met = d->payload_done = false;
	d->late.kind = 0;
	d->event = WR_LAYOUT_ENVELOPE;
	reset_images(d, d->bare);
	return d->walker->object(&d->reader, text, d->bare->envelope, d->batch->n);
}

/* A payload that could not be read in passing. */
static bool read_late(wr_debezium *d)
{
	wr_str text = { d->late.p, d->late.n };
	wr_event_plan *p = d->plan;

	if (p->layout == WR_LAYOUT_FLAT) {
		d->event = WR_LAYOUT_FLAT;
		return d->walker->object(&d->reader, text, p->flat.object, d->batch->n);
	}
	reset_images(d, p);
	d->event = WR_LAYOUT_ENVELOPE;
	if (!d->walker->object(&d->reader, text, p->envelope, d->batch->n))
		return false;
	return is_envelope(p) || p != d->bare || read_flat(d, text);
}

/* Sets d->event and d->plan; WR_LAYOUT_UNKNOWN: a payload of null. */
static bool read_event(wr_debezium *d, wr_str text)
{
	if (d->layout == WR_LAYOUT_FLAT && read_flat(d, text) && is_flat(d->bare))
		return true;
	if (!read_bare(d, text))
		return false;
	if (d->payload_done)
		return true;
	if (d->late.kind == '{' && !is_envelope(d->bare))
		return read_late(d);
	if (d->late.kind == 'n' && !is_envelope(d->bare)) {
		d->event = WR_LAYOUT_UNKNOWN;
		return true;
	}
	if (is_envelope(d->bare)) {
		d->layout = WR_LAYOUT_ENVELOPE;
		return true;
	}
	if (!read_flat(d, text))
		return false;
	d->layout = WR_LAYOUT_FLAT;
	return true;
}

/* ---- keys */

static uint64_t hash_of(wr_str s)
{
	uint64_t h = 14695981039346656037u;

	for (uint32_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

static bool all_met(const wr_jread_object *o, uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < from + n; i++)
		if (o->slots[i].seen != o->gen)
			return false;
	return true;
}

/* The record's own key: 1 the key columns are set, 0 they are not in it, -1 it cannot be read. */
static int read_own_key(wr_debezium *d, wr_str key, uint32_t row, wr_defect *why)
{
	wr_jread *r = &d->key_reader;
	wr_event_plan *event_plan = d->plan, *p = d->bare_key;
	bool ok;

	if (!key.p || key.n == 0)
		return 0;
	if (d->nkeys == 1 && *key.p != '{') {
		ok = d->walker->value(r, key, &p->lone_key, row);
		if (!ok)
			wr_defect_set(why, r->at - r->start, "%s", r->reason);
		return ok ? 1 : -1;
	}
	d->schema_met = d->payload_done = false;
	d->late.kind = 0;
	if (key.n > 10 && !memcmp(key.p, "{\"schema\":", 10)) {
		reset_images(d, p);
		ok = d->walker->object(r, key, p->envelope, row);
		p = d->plan;
	} else {
		ok = d->walker->object(r, key, p->key.object, row);
		d->payload_done = true;
	}
	d->plan = event_plan;
	if (!ok) {
		wr_defect_set(why, r->at - r->start, "%s", r->reason);
		return -1;
	}
	return d->payload_done && all_met(p->key.object, 0, p->key.nkeys);
}

static bool has_key(wr_debezium *d, uint32_t row)
{
	const wr_side_spec *key = &d->spec->key;

	for (uint32_t i = 0; i < key->n; i++)
		if (key->to[i] >= 0 && !wr_vec_is_null(&d->batch->cols[key->to[i]], row))
			return true;
	return d->nkeys == 0;
}

/* Sets the key columns from a key side of another format. */
static int read_other_key(wr_debezium *d, wr_str key, uint32_t row, wr_defect *why)
{
	wr_side_result got = WR_SIDE_NULL;

	if (key.p)
		got = d->other_key->read(d->other_key, key, row, why);
	if (got == WR_SIDE_NULL)
		wr_side_nulls(&d->spec->key, d->batch, row);
	return got == WR_SIDE_BAD ? -1 : got == WR_SIDE_ROW;
}

/* From the record's key, else from the before image. */
static bool find_key(wr_debezium *d, const wr_record *rec, uint32_t row, const char **side, wr_defect *why)
{
	const wr_jread_token *before = wr_jread_met(d->plan->envelope, WR_EVENT_BEFORE);
	wr_jread_object *keys = d->plan->key.object;
	int got;

	if (d->spec->key.n == 0)
		return true;
	got = d->other_key ? read_other_key(d, rec->key, row, why) : read_own_key(d, rec->key, row, why);
	if (got < 0) {
		*side = "the key";
		return false;
	}
	if (got == 0 && !d->other_key && d->event == WR_LAYOUT_ENVELOPE && before && before->kind == '{' && before->n) {
		wr_str text = { before->p, before->n };

		if (!d->walker->object(&d->key_reader, text, keys, row)) {
			wr_defect_set(why, -1, "the before image: %s", d->key_reader.reason);
			return false;
		}
		got = 1;
	}
	if (got && has_key(d, row))
		return true;
	if (!d->spec->table) {
		if (!got)
			wr_side_nulls(&d->spec->key, d->batch, row);
		return true;
	}
	wr_defect_set(why, -1, "neither the event nor its key holds the key columns of the table");
	return false;
}

/* The key columns of an image that was read into row. */
static bool complete_key(wr_debezium *d, const wr_record *rec, const wr_event_row *image, uint32_t row,
                         const char **side, wr_defect *why)
{
	if (!d->other_key && all_met(image->object, image->nvalue, image->nkeys) && has_key(d, row))
		return true;
	return find_key(d, rec, row, side, why);
}

static bool same_key(wr_debezium *d, uint32_t x, uint32_t y)
{
	const wr_side_spec *key = &d->spec->key;

	for (uint32_t i = 0; i < key->n; i++)
		if (key->to[i] >= 0 &&
		    !wr_vec_eq(&d->batch->cols[key->to[i]], x, &d->batch->cols[key->to[i]], y))
			return false;
	return true;
}

/* ---- images */

/* The place of an image; UINT32_MAX: the event has none. MongoDB writes images as text. */
static bool find_image(wr_debezium *d, uint32_t which, uint32_t *place, wr_defect *why)
{
	const wr_jread_token *t = wr_jread_met(d->plan->envelope, which);
	wr_jread_slot *s = &d->plan->envelope->slots[which];
	wr_jread inner = d->reader;
	wr_str text;

	*place = UINT32_MAX;
	if (!t || t->kind == 'n' || s->kind != WR_JREAD_ROW)
		return true;
	if (t->kind == '{') {
		*place = s->row;
		return true;
	}
	inner.at = NULL;
	if (t->kind != '"' || !wr_jread_string(&inner, t, &text)) {
		wr_defect_set(why, t->p - d->reader.start, "the image is neither an object nor null");
		return false;
	}
	*place = d->batch->n + d->reader.images++;
	if (d->walker->object(&inner, text, s->object, *place))
		return true;
	wr_defect_set(why, t->p - d->reader.start, "the image, which is text: %s", inner.reason);
	return false;
}

/* null, "", 0, 0.00 as number, text or base64, false, true, and the epoch as text. */
static bool says_little(const wr_jread_token *t)
{
	wr_str text = { t->p, t->n };

	if (t->kind == '{' || t->kind == '[')
		return false;
	if (t->kind == '"' && (wr_str_is(text, "AA==") || (t->n >= 10 && !memcmp(t->p, "1970-01-01", 10))))
		return true;
	for (uint32_t i = 0; (t->kind == '"' || t->kind == '0') && i < t->n; i++)
		if (t->p[i] != '0' && t->p[i] != '.')
			return false;
	return true;
}

static bool is_key_name(wr_debezium *d, const wr_jread_token *name)
{
	for (uint32_t i = 0; i < d->spec->key.n; i++)
		if (wr_str_ieq(d->spec->key.cols[i].name, (wr_str){ name->p, name->n }))
			return true;
	return false;
}

/* Every member of an object but the key's says little. It was read before, so it is well formed. */
static bool only_key(wr_debezium *d, const char *p)
{
	wr_jread_token name, value;

	for (p++; *p != '}'; p++) {
		while (*p != '"' && *p != '}')
			p++;
		if (*p == '}')
			break;
		p = d->walker->token(&d->reader, p, &name);
		while (*p == ':' || *p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
			p++;
		p = d->walker->token(&d->reader, p, &value);
		if (!p || (!is_key_name(d, &name) && !says_little(&value)))
			return false;
		while (*p != ',' && *p != '}')
			p++;
		if (*p == '}')
			break;
	}
	return true;
}

/* Quick: a value column that is read says something. */
static bool row_says_little(wr_debezium *d, uint32_t row)
{
	const wr_side_spec *value = &d->spec->value;

	for (uint32_t i = 0; i < value->n; i++) {
		const wr_vec *v = value->to[i] < 0 ? NULL : &d->batch->cols[value->to[i]];

		if (!v || wr_vec_is_null(v, row))
			continue;
		if (v->type->tag != WR_STRING)
			continue;
		if (((const wr_str *)v->data)[row].n)
			return false;
	}
	return true;
}

static bool is_postgres(wr_debezium *d)
{
	const wr_jread_token *t = wr_jread_met(d->plan->envelope, WR_EVENT_SOURCE);
	static const char word[] = "\"connector\":\"postgresql\"";

	return t && t->kind == '{' &&
	       memmem(t->p, (size_t)(d->reader.end - t->p), word, sizeof(word) - 1) != NULL;
}

/* A whole before image, for BEFORE='EVENT'. */
static bool check_before(wr_debezium *d, uint32_t place, wr_defect *why)
{
	const wr_jread_token *t = wr_jread_met(d->plan->envelope, WR_EVENT_BEFORE);

	if (place == UINT32_MAX) {
		wr_defect_set(why, -1, "the event has no before image, which BEFORE='EVENT' needs; let the database write "
		                      "whole images (REPLICA IDENTITY FULL), or use BEFORE='STATE'");
		return false;
	}
	if (t->kind == '{' && d->spec->value.n && row_says_little(d, place) && is_postgres(d) && only_key(d, t->p)) {
		wr_defect_set(why, -1, "the before image holds only the key, and BEFORE='EVENT' needs all of it; set REPLICA "
		                      "IDENTITY FULL, or use BEFORE='STATE'");
		return false;
	}
	return true;
}

/* ---- what becomes of an event */

/* A row of which only the key counts. */
static int put_gone(wr_debezium *d, const wr_record *rec, const char **side, wr_defect *why)
{
	uint32_t row = d->batch->n;

	wr_side_nulls(&d->spec->value, d->batch, row);
	forget_absent(d, row);
	if (!find_key(d, rec, row, side, why))
		return -1;
	d->batch->change[row] = d->spec->table ? WR_ROW_GONE : WR_ROW_INSERT;
	return 1;
}

static void remember_delete(wr_debezium *d, uint32_t part, wr_str key)
{
	uint32_t i = 0;

	if (!key.p)
		return;
	while (i < d->ndeletes && d->deletes[i].part != part)
		i++;
	if (i == d->deletes_room) {
		uint32_t room = i ? i * 2 : 4;
		last_delete *more = WR_NEW_ARRAY(d->arena, last_delete, room);

		if (i)
			memcpy(more, d->deletes, i * sizeof(*more));
		d->deletes = more;
		d->deletes_room = room;
	}
	d->ndeletes += i == d->ndeletes;
	d->deletes[i] = (last_delete){ part, hash_of(key) };
}

static bool was_deleted(const wr_debezium *d, uint32_t part, wr_str key)
{
	for (uint32_t i = 0; i < d->ndeletes; i++)
		if (d->deletes[i].part == part)
			return d->deletes[i].key == hash_of(key);
	return false;
}

static void put_op(wr_debezium *d, uint32_t row, wr_str op)
{
	if (!d->spec->table)
		wr_cdc_put(d->spec, d->batch, row, WR_CDC_OP, op);
}

static int read_tombstone(wr_debezium *d, const wr_record *rec, uint32_t part, const char **side, wr_defect *why)
{
	uint32_t row = d->batch->n;

	if (!rec->key.p || was_deleted(d, part, rec->key))
		return 0;
	if (d->spec->table && d->spec->before_event) {
		wr_defect_set(why, -1, "a tombstone without a delete event before it: BEFORE='EVENT' cannot know the old row");
		return -1;
	}
	if (!d->spec->table && (d->layout != WR_LAYOUT_FLAT || d->marked))
		return 0;
	use_plan(d, d->bare);
	d->event = WR_LAYOUT_FLAT;
	if (put_gone(d, rec, side, why) < 0)
		return -1;
	if (!d->spec->table) {
		for (int i = 0; i < WR_CDC_COUNT; i++)
			if (d->spec->cdc_to[i] >= 0)
				wr_vec_set_null(&d->batch->cols[d->spec->cdc_to[i]], d->batch->arena, row);
		put_op(d, row, WR_STR_LIT("d"));
	}
	return 1;
}

static bool says_true(const wr_jread_token *t)
{
	return t && (t->kind == 't' || (t->kind == '"' && wr_str_is((wr_str){ t->p, t->n }, "true")));
}

static int finish_flat(wr_debezium *d, const wr_record *rec, uint32_t part, const char **side, wr_defect *why)
{
	const wr_event_row *flat = &d->plan->flat;
	const wr_jread_token *op = wr_flat_mark(flat, WR_FLAT_OP), *deleted = wr_flat_mark(flat, WR_FLAT_DELETED);
	uint32_t row = d->batch->n;
	bool gone = says_true(deleted) || (op && op->kind == '"' && op->n == 1 && *op->p == 'd');

	d->marked |= deleted != NULL || op != NULL;
	if (d->spec->table && d->spec->before_event) {
		wr_defect_set(why, -1, "a flattened event has no before image, which BEFORE='EVENT' needs; use BEFORE='STATE'");
		return -1;
	}
	if (!complete_key(d, rec, flat, row, side, why))
		return -1;
	if (gone) {
		wr_side_nulls(&d->spec->value, d->batch, row);
		forget_absent(d, row);
		remember_delete(d, part, rec->key);
	}
	if (d->spec->table) {
		d->batch->change[row] = gone ? WR_ROW_GONE : WR_ROW_NEW;
		return 1;
	}
	d->batch->change[row] = WR_ROW_INSERT;
	wr_cdc_from_flat(d->spec, d->batch, row, flat);
	put_op(d, row, op && op->kind == '"' ? (wr_str){ op->p, op->n } :
	               gone ? WR_STR_LIT("d") : (wr_str){ NULL, 0 });
	return 1;
}

static int put_after(wr_debezium *d, const wr_record *rec, uint32_t before, uint32_t after, const char **side,
                     wr_defect *why)
{
	uint32_t row = d->batch->n;

	if (after == UINT32_MAX) {
		wr_defect_set(why, -1, "the event has no after image");
		return -1;
	}
	if (!complete_key(d, rec, &d->plan->after, after, side, why))
		return -1;
	if (before != UINT32_MAX && !complete_key(d, rec, &d->plan->before, before, side, why))
		return -1;
	settle(d, before, after);
	if (before == UINT32_MAX) {
		d->batch->change[row] = d->spec->table ? WR_ROW_NEW : WR_ROW_INSERT;
		return 1;
	}
	if (d->any_absent)
		fill_from_before(d, row, row + 1);
	if (same_key(d, row, row + 1)) {
		d->batch->change[row] = WR_ROW_BEFORE;
		d->batch->change[row + 1] = WR_ROW_AFTER;
	} else {
		d->batch->change[row] = WR_ROW_OLD;
		d->batch->change[row + 1] = WR_ROW_NEW;
	}
	return 2;
}

static int put_delete(wr_debezium *d, const wr_record *rec, uint32_t part, uint32_t before, const char **side,
                      wr_defect *why)
{
	remember_delete(d, part, rec->key);
	if (!d->spec->table || !d->spec->before_event)
		return put_gone(d, rec, side, why);
	if (!check_before(d, before, why) || !complete_key(d, rec, &d->plan->before, before, side, why))
		return -1;
	settle(d, before, UINT32_MAX);
	forget_absent(d, d->batch->n);
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
			wr_cdc_from_source(d->spec, d->batch, row, event_source(d) ? event_source(d) : &none);
	}
	return rows;
}

static int finish_event(wr_debezium *d, const wr_record *rec, uint32_t part, const char **side, wr_defect *why)
{
	const wr_jread_token *op = wr_jread_met(d->plan->envelope, WR_EVENT_OP);
	uint32_t before = UINT32_MAX, after;
	char what = op && op->kind == '"' && op->n == 1 ? *op->p : 0;

	switch (what) {
	case 'c':
	case 'r':
	case 'u':
		if (!find_image(d, WR_EVENT_AFTER, &after, why))
			return -1;
		if (what == 'u' && d->spec->table && d->spec->before_event &&
		    (!find_image(d, WR_EVENT_BEFORE, &before, why) || !check_before(d, before, why)))
			return -1;
		return finish_stream(d, op, put_after(d, rec, before, after, side, why));
	case 'd':
		if (!find_image(d, WR_EVENT_BEFORE, &before, why))
			return -1;
		return finish_stream(d, op, put_delete(d, rec, part, before, side, why));
	case 't':
		d->truncated = d->spec->table;
		d->truncate_part = part;
		d->truncate_offset = rec->offset;
		return 0;
	case 'm':
		return 0;
	default:
		wr_defect_set(why, -1, op ? "the event's op is none of c, u, d, r, t and m" : "the event has no op");
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

int wr_debezium_read(wr_debezium *d, const wr_record *rec, uint32_t part, int64_t *time, const char **side,
                     wr_defect *why)
{
	uint32_t row = d->batch->n;
	int rows;

	*side = "the value";
	d->any_absent = false;
	d->reader.first_row = row;
	if (is_null_text(rec->value))
		return read_tombstone(d, rec, part, side, why);
	if (!read_event(d, rec->value)) {
		wr_defect_set(why, d->reader.at - d->reader.start, "%s", d->reader.reason);
		rows = -1;
	} else if (d->event == WR_LAYOUT_UNKNOWN) {
		return read_tombstone(d, rec, part, side, why);
	} else {
		if (d->spec->file_times)
			event_time(d, time);
		rows = d->event == WR_LAYOUT_FLAT ? finish_flat(d, rec, part, side, why) :
		                                    finish_event(d, rec, part, side, why);
	}
	if (d->any_absent)
		for (uint32_t i = rows > 0 ? (uint32_t)rows : 0; i < 3; i++)
			forget_absent(d, row + i);
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

wr_status wr_debezium_open(wr_arena *a, const wr_decode_spec *spec, wr_side *other_key, wr_debezium **out,
                           wr_err *err)
{
	wr_debezium *d = WR_NEW(a, wr_debezium);

	if (spec->key.window != WR_WINDOW_NONE)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "A DEBEZIUM source has no windowed keys");
	d->spec = spec;
	d->arena = a;
	d->other_key = other_key;
	d->own_key = !other_key;
	for (uint32_t i = 0; i < spec->key.n; i++)
		d->nkeys += spec->key.to[i] >= 0;
	d->walker = wr_jread_fastest();
	d->hooks = (wr_event_hooks){ schema_hook, payload_hook, wants_source(spec) ? source_hook : NULL };
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
	return (d->spec->table && d->spec->before_event ? 2 * n : n) + 3;
}

void wr_debezium_bind(wr_debezium *d, wr_batch *b)
{
	d->run++;
	d->batch = b;
	d->reader.arena = d->key_reader.arena = b->arena;
	d->truncated = false;
	use_plan(d, d->bare_key);
	use_plan(d, d->bare);
}

bool wr_debezium_truncated(const wr_debezium *d, uint32_t *part, int64_t *offset)
{
	if (!d->truncated)
		return false;
	*part = d->truncate_part;
	*offset = d->truncate_offset;
	return true;
}

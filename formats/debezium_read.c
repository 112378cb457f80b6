/*
 * Reading the text of a change event: which layout it has, which plan fits, and values that it does
 * not bring.
 *
 * Layouts. An envelope has `op` and an image; anything else is a flattened row. Sources do not
 * change their layout, so the one that was right last is tried first. A schema, where there is one,
 * says it outright; the plan for each schema is kept under its bytes, so that the 1-2 KB before
 * every payload cost one comparison.
 *
 *	{"schema":S,"payload":P}	the plan of S, known or made; P by it, in the same pass
 *	{"payload":P,"schema":S}	P is remembered and read when S is known
 *	{"before":..,"op":"c",..}	the plan without a schema
 *	{"id":7,..}			no envelope: read again as a flattened row, and as such at once from then on
 *
 * The images of an envelope go to places of their own from b->n on, before it is known what the
 * event is (op comes last).
 */
#include "formats/debezium.h"

enum { PLANS_MAX = 64 };

const wr_jread_walker *wr_debezium_walker(wr_jread *r)
{
	return ((wr_debezium *)r->owner)->walker;
}

int *wr_debezium_decimals(wr_jread *r)
{
	return &((wr_debezium *)r->owner)->decimals;
}

/* ---- absent values */

uint64_t *wr_absent_words(wr_debezium *d, uint32_t row)
{
	wr_batch *b = d->batch;

	if (!b->absent)
		b->absent =
		    wr_arena_zalloc(b->arena, (size_t)b->room * WR_ABSENT_WORDS(b->schema) * 8);
	return b->absent + (size_t)row * WR_ABSENT_WORDS(b->schema);
}

void wr_debezium_absent(wr_jread *r, int32_t column, uint32_t row)
{
	wr_debezium *d = r->owner;

	if (column < 0 || !d->spec->table)
		return;
	wr_absent_words(d, row)[column / 64] |= 1ull << (column % 64);
	d->any_absent = true;
}

void wr_absent_forget(wr_debezium *d, uint32_t row)
{
	if (d->batch->absent)
		memset(wr_absent_words(d, row), 0, WR_ABSENT_WORDS(d->batch->schema) * 8);
}

/* ---- reading an event's text */

void wr_event_reset(wr_jread *r, wr_event_plan *p)
{
	p->envelope->slots[WR_EVENT_BEFORE].row = UINT32_MAX;
	p->envelope->slots[WR_EVENT_AFTER].row = UINT32_MAX;
	r->images = 0;
}

void wr_event_use(wr_debezium *d, wr_event_plan *p)
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
		if ((size_t)(r->end - p) > (*at)->schema.n &&
		    !memcmp(p, (*at)->schema.p, (*at)->schema.n)) {
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
			return wr_jread_refuse(r, from,
					       "the topic's records carry more than %d schemas",
					       PLANS_MAX);
		plan = make_plan(d, r, from, (wr_str){ t.p, t.n });
		if (!plan)
			return NULL;
	}
	wr_event_use(d, plan);
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
	wr_event_reset(&d->reader, plan);
	p = d->walker->inside(r, plan->envelope, p + 1, r->first_row);
	/* The object around the payload has no `before` of its own: it must not put a null over
	 * this one. */
	d->bare->envelope->slots[WR_EVENT_BEFORE].seen = d->bare->envelope->gen;
	return p;
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
	wr_event_use(d, d->bare);
	d->event = WR_LAYOUT_FLAT;
	wr_event_reset(&d->reader, d->bare);
	return d->walker->object(&d->reader, text, d->bare->flat.object, d->batch->n);
}

static bool read_bare(wr_debezium *d, wr_str text)
{
	wr_event_use(d, d->bare);
	d->schema_met = d->payload_done = false;
	d->late.kind = 0;
	d->event = WR_LAYOUT_ENVELOPE;
	wr_event_reset(&d->reader, d->bare);
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
	wr_event_reset(&d->reader, p);
	d->event = WR_LAYOUT_ENVELOPE;
	if (!d->walker->object(&d->reader, text, p->envelope, d->batch->n))
		return false;
	return is_envelope(p) || p != d->bare || read_flat(d, text);
}

/* Sets d->event and d->plan; WR_LAYOUT_UNKNOWN: a payload of null. */
bool wr_event_text(wr_debezium *d, wr_str text)
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

wr_event_hooks wr_event_hooks_of(bool source)
{
	return (wr_event_hooks){ schema_hook, payload_hook, source ? source_hook : NULL };
}

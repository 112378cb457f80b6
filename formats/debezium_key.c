/*
 * Keys of change events: in the image, in the record's key, in the before image; and which key was
 * deleted last.
 */
#include "formats/debezium.h"

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
		wr_event_reset(r, p);
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
bool wr_event_find_key(wr_debezium *d, const wr_record *rec, uint32_t row, const char **side,
		       wr_defect *why)
{
	const wr_jread_token *before = wr_jread_met(d->plan->envelope, WR_EVENT_BEFORE);
	wr_jread_object *keys = d->plan->key.object;
	int got;

	if (d->spec->key.n == 0)
		return true;
	got = d->other_key ? read_other_key(d, rec->key, row, why)
			   : read_own_key(d, rec->key, row, why);
	if (got < 0) {
		*side = "the key";
		return false;
	}
	if (got == 0 && !d->other_key && d->event == WR_LAYOUT_ENVELOPE && before &&
	    before->kind == '{' && before->n) {
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
bool wr_event_complete_key(wr_debezium *d, const wr_record *rec, const wr_event_row *image,
			   uint32_t row, const char **side, wr_defect *why)
{
	if (!d->other_key && all_met(image->object, image->nvalue, image->nkeys) && has_key(d, row))
		return true;
	return wr_event_find_key(d, rec, row, side, why);
}

bool wr_event_same_key(wr_debezium *d, uint32_t x, uint32_t y)
{
	const wr_side_spec *key = &d->spec->key;

	for (uint32_t i = 0; i < key->n; i++)
		if (key->to[i] >= 0 &&
		    !wr_vec_eq(&d->batch->cols[key->to[i]], x, &d->batch->cols[key->to[i]], y))
			return false;
	return true;
}

/* ---- deletes */

void wr_event_deleted(wr_debezium *d, uint32_t part, wr_str key)
{
	uint32_t i = 0;

	if (!key.p)
		return;
	while (i < d->ndeletes && d->deletes[i].part != part)
		i++;
	if (i == d->deletes_room) {
		uint32_t room = i ? i * 2 : 4;
		wr_last_delete *more = WR_NEW_ARRAY(d->arena, wr_last_delete, room);

		if (i)
			memcpy(more, d->deletes, i * sizeof(*more));
		d->deletes = more;
		d->deletes_room = room;
	}
	d->ndeletes += i == d->ndeletes;
	d->deletes[i] = (wr_last_delete){ part, hash_of(key) };
}

bool wr_event_was_deleted(const wr_debezium *d, uint32_t part, wr_str key)
{
	for (uint32_t i = 0; i < d->ndeletes; i++)
		if (d->deletes[i].part == part)
			return d->deletes[i].key == hash_of(key);
	return false;
}

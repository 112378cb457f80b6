/*
 * The images of a change event: finding them, whether a before image is whole, and moving them
 * where the batch wants them.
 *
 * BEFORE='EVENT' needs whole images. PostgreSQL's default identity writes only the key into
 * `before` and fills the rest with nulls and zeros: an image from there in which every other member
 * is null, empty, zero or a boolean is taken for such a one and refused. A whole row that says as
 * little is refused too; such a table needs BEFORE='STATE'.
 */
#include "formats/debezium.h"

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
		memcpy(wr_absent_words(d, to), wr_absent_words(d, from), words * 8);
}

/* Puts the images at b->n and behind: before (UINT32_MAX: none), then after. */
void wr_event_settle(wr_debezium *d, uint32_t before, uint32_t after)
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

/* An update that brings its own old image needs no state to fill from. */
void wr_event_fill(wr_debezium *d, uint32_t before, uint32_t after)
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
	wr_absent_forget(d, before);
	wr_absent_forget(d, after);
}

/* ---- images */

/* The place of an image; UINT32_MAX: the event has none. MongoDB writes images as text. */
bool wr_event_image(wr_debezium *d, uint32_t which, uint32_t *place, wr_defect *why)
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
		wr_defect_set(why, t->p - d->reader.start,
			      "the image is neither an object nor null");
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
	if (t->kind == '"' &&
	    (wr_str_is(text, "AA==") || (t->n >= 10 && !memcmp(t->p, "1970-01-01", 10))))
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
bool wr_event_check_before(wr_debezium *d, uint32_t place, wr_defect *why)
{
	const wr_jread_token *t = wr_jread_met(d->plan->envelope, WR_EVENT_BEFORE);

	if (place == UINT32_MAX) {
		wr_defect_set(why, -1,
			      "the event has no before image, which BEFORE='EVENT' needs; let the "
			      "database write "
			      "whole images (REPLICA IDENTITY FULL), or use BEFORE='STATE'");
		return false;
	}
	if (t->kind == '{' && d->spec->value.n && row_says_little(d, place) && is_postgres(d) &&
	    only_key(d, t->p)) {
		wr_defect_set(why, -1,
			      "the before image holds only the key, and BEFORE='EVENT' needs all "
			      "of it; set REPLICA "
			      "IDENTITY FULL, or use BEFORE='STATE'");
		return false;
	}
	return true;
}

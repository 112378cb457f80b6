/*
 * The coercions of the dialect's JSON: what of a JSON value fits which type.
 *
 *	BOOLEAN			true, false
 *	INTEGER, BIGINT		a number (its fraction is cut off) or its text; out of range is refused
 *	DOUBLE			a number or its text, NaN and Infinity as text
 *	DECIMAL			a number or its text that needs no rounding
 *	STRING			anything, as wr_jread_as_text says
 *	BYTES			base64
 *	DATE, TIME, TIMESTAMP	days, milliseconds of the day, milliseconds: a number or its text; or ISO text
 *
 * null is null everywhere. Nested values come here only when the JSON is of another kind: refused.
 */
#include "core/base64.h"
#include "core/number.h"
#include "core/time_text.h"
#include "formats/json_read.h"

static const char *kind_name(char kind)
{
	switch (kind) {
	case '"': return "text";
	case '0': return "number";
	case 't':
	case 'f': return "boolean";
	case 'n': return "null";
	case '{': return "object";
	default: return "array";
	}
}

bool wr_jread_misfit(wr_jread *r, const wr_jread_slot *s, const wr_jread_token *t)
{
	int n = t->n > 40 ? 40 : (int)t->n;

	while (n > 0 && n < (int)t->n && ((unsigned char)t->p[n] & 0xC0) == 0x80)
		n--;
	return wr_jread_refuse(r, t->p, "column %.*s is %s, which the %s %.*s%s is not",
			       WR_STR_ARG(s->name), wr_tag_name(s->type->tag), kind_name(t->kind),
			       n, t->p, n < (int)t->n ? "..." : "");
}

bool wr_jread_integer(const wr_jread_token *t, int64_t *out)
{
	const char *point = memchr(t->p, '.', t->n);
	double v;

	if (memchr(t->p, 'e', t->n) || memchr(t->p, 'E', t->n)) {
		if (!wr_parse_double((wr_str){ t->p, t->n }, &v) || !(v > -9.2e18 && v < 9.2e18))
			return false;
		*out = (int64_t)v;
		return true;
	}
	return wr_parse_i64((wr_str){ t->p, point ? (uint32_t)(point - t->p) : t->n }, out);
}

/* Numbers and their text. */
static bool take_integer(wr_jread *r, const wr_jread_token *t, int64_t *out)
{
	wr_str text;

	if (t->kind == '0')
		return wr_jread_integer(t, out);
	return t->kind == '"' && wr_jread_string(r, t, &text) && wr_parse_i64(text, out);
}

static bool take_double(wr_jread *r, const wr_jread_token *t, double *out)
{
	wr_str text;

	if (t->kind == '0')
		return wr_parse_double((wr_str){ t->p, t->n }, out);
	return t->kind == '"' && wr_jread_string(r, t, &text) && wr_parse_double(text, out);
}

static bool take_decimal(wr_jread *r, const wr_jread_token *t, const wr_type *type, wr_dec *out)
{
	wr_str text;

	if (t->kind == '0')
		return wr_dec_parse(r->arena, (wr_str){ t->p, t->n }, type, true, out);
	return t->kind == '"' && wr_jread_string(r, t, &text) &&
	       wr_dec_parse(r->arena, text, type, true, out);
}

static bool take_bytes(wr_jread *r, const wr_jread_token *t, wr_str *out)
{
	wr_str text;
	char *to;

	if (t->kind != '"' || !wr_jread_string(r, t, &text))
		return false;
	to = wr_arena_alloc(r->arena, WR_BASE64_ROOM(text.n));
	out->p = to;
	return wr_base64_decode(text, to, &out->n);
}

/* DATE, TIME and TIMESTAMP as a number in the type's own unit. */
static bool take_time(wr_jread *r, const wr_jread_token *t, wr_tag tag, int64_t *out)
{
	wr_str text;
	int32_t ms;

	if (take_integer(r, t, out))
		return tag == WR_TIMESTAMP || (tag == WR_DATE && *out == (int32_t)*out) ||
		       (tag == WR_TIME && *out >= 0 && *out < WR_MS_DAY);
	if (t->kind != '"' || !wr_jread_string(r, t, &text))
		return false;
	if (tag == WR_DATE)
		return wr_parse_date(text, out) && *out == (int32_t)*out;
	if (tag == WR_TIMESTAMP)
		return wr_parse_timestamp(text, out);
	if (!wr_parse_time(text, &ms))
		return false;
	*out = ms;
	return true;
}

bool wr_jread_plain_leaf(wr_jread *r, wr_jread_slot *s, const wr_jread_token *t, uint32_t row)
{
	void *data = s->vec->data;
	int64_t v = 0;
	bool ok;

	switch (s->type->tag) {
	case WR_BOOLEAN:
		ok = t->kind == 't' || t->kind == 'f';
		((uint8_t *)data)[row] = t->kind == 't';
		break;
	case WR_INTEGER:
		ok = take_integer(r, t, &v) && v == (int32_t)v;
		((int32_t *)data)[row] = (int32_t)v;
		break;
	case WR_BIGINT: ok = take_integer(r, t, &((int64_t *)data)[row]); break;
	case WR_DOUBLE: ok = take_double(r, t, &((double *)data)[row]); break;
	case WR_DECIMAL: ok = take_decimal(r, t, s->type, &((wr_dec *)data)[row]); break;
	case WR_STRING: ok = wr_jread_as_text(r, t, &((wr_str *)data)[row]); break;
	case WR_BYTES: ok = take_bytes(r, t, &((wr_str *)data)[row]); break;
	case WR_DATE:
	case WR_TIME:
		ok = take_time(r, t, s->type->tag, &v);
		((int32_t *)data)[row] = (int32_t)v;
		break;
	case WR_TIMESTAMP: ok = take_time(r, t, WR_TIMESTAMP, &((int64_t *)data)[row]); break;
	default: ok = false;
	}
	return ok || wr_jread_misfit(r, s, t);
}

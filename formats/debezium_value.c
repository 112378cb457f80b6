/*
 * Values as Debezium writes them, for a declared type.
 *
 * With a schema its names say how a number is meant. Without one the declared type and the value
 * decide:
 *
 *	DECIMAL		a number, or text with a point or sign: as it stands. Other text: base64 of the unscaled integer, with the column's
 *			scale. Digits alone may be both: text when the column's scale is 0, base64 when it is not (text would show
 *			the fraction), unless other values of the source have shown how it writes decimals.
 *			{"scale":..,"value":..}: that.
 *	TIMESTAMP	a number by its size: below 10^14 milliseconds (to the year 5138), below 10^17 microseconds (from 1973), else
 *			nanoseconds; or ISO text
 *	TIME		a number up to 86,400,000 is milliseconds, up to 86,400,000,000 microseconds, else nanoseconds. So microseconds of the
 *			first 86 seconds of a day are misread: such a source should send its schema, or ISO text.
 *	DATE		days, or ISO text
 *	BOOLEAN		also 0 and 1, as MySQL has them
 *	all else	as JSON (json_leaf.c)
 *
 * A value that the database did not send (TOAST) is a fixed text, inside an array or map too; it
 * becomes null and is marked absent, so that a table can put the stored value there.
 * {"$numberLong":"7"} and its like (MongoDB) stand for what is in them.
 */
#include "core/base64.h"
#include "core/time_text.h"
#include "formats/debezium.h"

static const char placeholder[] = "__debezium_unavailable_value";
static const char placeholder_base64[] = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";

static bool is_text(const wr_jread_token *t, const char *z)
{
	return t->kind == '"' && wr_str_is((wr_str){ t->p, t->n }, z);
}

static bool begins(const char *p, const char *end, const char *z)
{
	size_t n = strlen(z);

	return (size_t)(end - p) > n && !memcmp(p, z, n);
}

const char *wr_debezium_nested(wr_jread *r, wr_jread_slot *s, const char *p, uint32_t row)
{
	wr_jread_slot inner = *s;
	wr_jread_token t;

	inner.kind = s->type->tag == WR_ARRAY ? WR_JREAD_ARRAY : WR_JREAD_MAP;
	if (!begins(p, r->end, "[\"__debezium_unavailable_value\"]") &&
	    !begins(p, r->end, "{\"__debezium_unavailable_value\":") &&
	    !begins(p, r->end, "[95,95,100,101,98,101,122,105,117,109,95,117,110,97,118,"))
		return wr_debezium_walker(r)->slot(r, &inner, p, row);
	wr_vec_set_null(s->vec, r->arena, row);
	wr_debezium_absent(r, s->column, row);
	return wr_debezium_walker(r)->token(r, p, &t);
}

/* ---- decimals */

/* Digits alone, in the lengths of padded base64. */
static bool could_be_both(wr_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n % 4 == 0;
}

static bool looks_like_number(wr_str s)
{
	uint32_t digits = 0;

	for (uint32_t i = 0; i < s.n; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			digits++;
		else if (s.p[i] != '.' && !(i == 0 && s.p[i] == '-'))
			return false;
	}
	return digits > 0;
}

/* Text or base64? See the head of this file. */
static bool is_decimal_text(wr_jread *r, const wr_jread_slot *s, wr_str text)
{
	int *seen = wr_debezium_decimals(r);
	bool number;

	if (s->meaning == WR_MEANS_PLAIN)
		return true;
	if (s->meaning == WR_MEANS_DECIMAL)
		return false;
	if (could_be_both(text))
		return *seen ? *seen > 0 : s->type->tag != WR_DECIMAL || s->type->scale == 0;
	number = looks_like_number(text);
	*seen = number ? 1 : -1;
	return number;
}

/* Bytes of base64 as a decimal of type t. */
static bool decimal_bytes(wr_jread *r, wr_str text, int scale, const wr_type *t, wr_dec *out)
{
	char small[64], *to = small;
	wr_str bytes;

	if (WR_BASE64_ROOM(text.n) > sizeof(small))
		to = wr_arena_alloc(r->arena, WR_BASE64_ROOM(text.n));
	bytes.p = to;
	if (!wr_base64_decode(text, to, &bytes.n) || !bytes.n)
		return false;
	return wr_dec_from_bytes(r->arena, bytes, scale, t, true, out);
}

/* {"scale":2,"value":"AQ=="} */
static bool scaled_parts(wr_jread *r, const wr_jread_token *t, int64_t *scale, wr_str *value)
{
	const wr_jread_walker *w = wr_debezium_walker(r);
	wr_jread_object *o = wr_jread_object_new(r->arena, 2);
	wr_jread inner = { .arena = r->arena, .placeholder = UINT32_MAX };

	for (uint32_t i = 0; i < 2; i++)
		o->slots[i] = (wr_jread_slot){ .kind = WR_JREAD_RAW,
					       .name = wr_str_of(i ? "value" : "scale") };
	if (!w->object(&inner, (wr_str){ t->p, t->n }, o, 0) || !wr_jread_met(o, 0) ||
	    !wr_jread_met(o, 1) || wr_jread_met(o, 1)->kind != '"')
		return false;
	*value = (wr_str){ wr_jread_met(o, 1)->p, wr_jread_met(o, 1)->n };
	return wr_jread_met(o, 0)->kind == '0' && wr_jread_integer(wr_jread_met(o, 0), scale) &&
	       *scale > -1000 && *scale < 1000;
}

static bool read_decimal(wr_jread *r, const wr_jread_slot *s, const wr_jread_token *t,
			 const wr_type *type, wr_dec *out)
{
	wr_str text = { t->p, t->n };
	int64_t scale = s->meaning == WR_MEANS_DECIMAL ? s->scale : type->scale;

	if (t->kind == '0')
		return wr_dec_parse(r->arena, text, type, true, out);
	if (t->kind == '{')
		return scaled_parts(r, t, &scale, &text) &&
		       decimal_bytes(r, text, (int)scale, type, out);
	if (t->kind != '"' || !wr_jread_string(r, t, &text))
		return false;
	if (is_decimal_text(r, s, text))
		return wr_dec_parse(r->arena, text, type, true, out);
	return decimal_bytes(r, text, (int)scale, type, out);
}

/* A decimal of the schema where another type was declared. */
static bool decimal_as(wr_jread *r, const wr_jread_slot *s, const wr_jread_token *t, uint32_t row)
{
	wr_type type = { .tag = WR_DECIMAL,
			 .precision = 2000,
			 .scale = (uint16_t)(s->scale > 0 ? s->scale : 0) };
	size_t room = (size_t)t->n * 4 + 1100; /* a scale is below 1,000: never moves to the heap */
	wr_buf text = { .room = room };
	int64_t scale, i = 0;
	wr_str bytes;
	wr_dec d;

	if (t->kind == '{' && scaled_parts(r, t, &scale, &bytes))
		type.scale = (uint16_t)(scale > 0 ? scale : 0);
	if (!read_decimal(r, s, t, &type, &d))
		return false;
	switch (s->type->tag) {
	case WR_STRING:
		text.p = wr_arena_alloc(r->arena, room);
		wr_dec_print(d, &type, &text);
		((wr_str *)s->vec->data)[row] = wr_buf_view(&text);
		return true;
	case WR_DOUBLE: ((double *)s->vec->data)[row] = wr_dec_to_double(d, &type); return true;
	case WR_BIGINT: return wr_dec_to_int64(d, &type, &((int64_t *)s->vec->data)[row]);
	default:
		if (!wr_dec_to_int64(d, &type, &i) || i != (int32_t)i)
			return false;
		((int32_t *)s->vec->data)[row] = (int32_t)i;
		return true;
	}
}

/* ---- times */

static int64_t floor_div(int64_t x, int64_t by)
{
	return x / by - (x % by < 0);
}

static wr_meaning instant_unit(int64_t x)
{
	if (x > -100000000000000 && x < 100000000000000)
		return WR_MEANS_INSTANT_MS;
	if (x > -100000000000000000 && x < 100000000000000000)
		return WR_MEANS_INSTANT_US;
	return WR_MEANS_INSTANT_NS;
}

static int64_t to_instant(wr_meaning m, int64_t x)
{
	switch (m) {
	case WR_MEANS_UNKNOWN: return to_instant(instant_unit(x), x);
	case WR_MEANS_DAYS: return x * WR_MS_DAY;
	case WR_MEANS_INSTANT_US: return floor_div(x, 1000);
	case WR_MEANS_INSTANT_NS: return floor_div(x, 1000000);
	default: return x;
	}
}

static int64_t to_time(wr_meaning m, int64_t x)
{
	switch (m) {
	case WR_MEANS_UNKNOWN:
		if (x <= WR_MS_DAY)
			return x;
		return x <= WR_MS_DAY * INT64_C(1000) ? x / 1000 : x / 1000000;
	case WR_MEANS_TIME_US: return floor_div(x, 1000);
	case WR_MEANS_TIME_NS: return floor_div(x, 1000000);
	default: return x;
	}
}

/* Debezium closes dates and times with the zone, which is always UTC. */
static wr_str without_z(wr_str s)
{
	if (s.n && s.p[s.n - 1] == 'Z')
		s.n--;
	return s;
}

static bool date_text(wr_str text, int64_t *days)
{
	int64_t ms;

	if (wr_parse_date(without_z(text), days))
		return true;
	if (!wr_parse_timestamp(text, &ms))
		return false;
	*days = floor_div(ms, WR_MS_DAY);
	return true;
}

static bool read_time(wr_jread *r, const wr_jread_slot *s, const wr_jread_token *t, int64_t *out)
{
	wr_tag tag = s->type->tag;
	wr_str text;
	int32_t ms;

	if (t->kind == '0') {
		if (!wr_jread_integer(t, out))
			return false;
		if (tag == WR_TIMESTAMP)
			*out = to_instant(s->meaning, *out);
		else if (tag == WR_TIME)
			*out = to_time(s->meaning, *out);
		else if (s->meaning >= WR_MEANS_INSTANT_MS)
			*out = floor_div(to_instant(s->meaning, *out), WR_MS_DAY);
		return true;
	}
	if (t->kind != '"' || !wr_jread_string(r, t, &text))
		return false;
	if (tag == WR_TIMESTAMP)
		return wr_parse_timestamp(text, out);
	if (tag == WR_DATE)
		return date_text(text, out);
	if (!wr_parse_time(without_z(text), &ms))
		return false;
	*out = ms;
	return true;
}

/* ---- all */

/* {"$oid":"65.."}: the token inside. */
static bool unwrap_dollar(wr_jread *r, const wr_jread_token *t, wr_jread_token *in)
{
	const char *p = t->p + 1;
	wr_jread_token name;

	if (t->kind != '{' || t->n < 6 || memcmp(t->p, "{\"$", 3))
		return false;
	p = wr_debezium_walker(r)->token(r, p, &name);
	if (!p || *p != ':')
		return false;
	for (p++; *p == ' '; p++)
		;
	return wr_debezium_walker(r)->token(r, p, in) != NULL;
}

static bool store_time(wr_jread *r, wr_jread_slot *s, const wr_jread_token *t, uint32_t row)
{
	int64_t v;

	if (!read_time(r, s, t, &v))
		return wr_jread_misfit(r, s, t);
	if (s->type->tag == WR_TIMESTAMP) {
		((int64_t *)s->vec->data)[row] = v;
		return true;
	}
	if (v != (int32_t)v || (s->type->tag == WR_TIME && (v < 0 || v >= WR_MS_DAY)))
		return wr_jread_misfit(r, s, t);
	((int32_t *)s->vec->data)[row] = (int32_t)v;
	return true;
}

static bool store_boolean(wr_jread *r, wr_jread_slot *s, const wr_jread_token *t, uint32_t row)
{
	if (t->kind != '0' || t->n != 1 || (*t->p != '0' && *t->p != '1'))
		return wr_jread_plain_leaf(r, s, t, row);
	((uint8_t *)s->vec->data)[row] = *t->p == '1';
	return true;
}

bool wr_debezium_leaf(wr_jread *r, wr_jread_slot *s, const wr_jread_token *t, uint32_t row)
{
	wr_jread_token in;

	if (is_text(t, placeholder) ||
	    (s->type->tag == WR_BYTES && is_text(t, placeholder_base64))) {
		wr_vec_set_null(s->vec, r->arena, row);
		wr_debezium_absent(r, s->column, row);
		return true;
	}
	if (s->type->tag != WR_STRUCT && unwrap_dollar(r, t, &in))
		t = &in;
	switch (s->type->tag) {
	case WR_DATE:
	case WR_TIME:
	case WR_TIMESTAMP: return store_time(r, s, t, row);
	case WR_DECIMAL:
		return read_decimal(r, s, t, s->type, &((wr_dec *)s->vec->data)[row]) ||
		       wr_jread_misfit(r, s, t);
	case WR_BOOLEAN: return store_boolean(r, s, t, row);
	case WR_STRING:
	case WR_DOUBLE:
	case WR_BIGINT:
	case WR_INTEGER:
		if (s->meaning == WR_MEANS_DECIMAL || s->meaning == WR_MEANS_SCALED)
			return decimal_as(r, s, t, row) || wr_jread_misfit(r, s, t);
		return wr_jread_plain_leaf(r, s, t, row);
	default: return wr_jread_plain_leaf(r, s, t, row);
	}
}

/*
 * The values of a case are JSON; topics hold bytes. JSON sides: the value written compactly.
 * DELIMITED: the string as it is. KAFKA: by the declared column. NONE: nothing. A windowed key has
 * its bounds behind it.
 */
#include <math.h>
#include <stdlib.h>

#include "cli/conform.h"
#include "core/base64.h"
#include "core/number.h"
#include "formats/format.h"

static void put_be(wr_buf *b, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		wr_buf_putc(b, (char)(v >> (8 * i)));
}

static uint64_t get_be(const char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* A number's or text's integer. */
static int64_t integer(const wr_json *j)
{
	int64_t v = 0;
	double d;

	if (!wr_parse_i64(j->text, &v) && wr_parse_double(j->text, &d))
		v = (int64_t)d;
	return v;
}

static void put_kafka(wr_buf *b, const wr_json *j, const wr_type *type)
{
	double d = 0;
	uint64_t bits;

	switch (type ? type->tag : WR_STRING) {
	case WR_INTEGER: put_be(b, (uint64_t)integer(j), 4); break;
	case WR_BIGINT: put_be(b, (uint64_t)integer(j), 8); break;
	case WR_DOUBLE:
		(void)wr_parse_double(j->text, &d);
		memcpy(&bits, &d, 8);
		put_be(b, bits, 8);
		break;
	default:
		if (j->kind == WR_JSON_STRING || j->kind == WR_JSON_NUMBER)
			wr_buf_str(b, j->text);
		else
			wr_json_write(j, b);
	}
}

/* The type of the only column of a side; NULL when it has none or several. */
static const wr_type *only_type(const wr_relation *r, bool key)
{
	uint32_t n = key ? r->schema->nkeys : r->schema->n - r->schema->nkeys;

	return n != 1 ? NULL : r->schema->cols[key ? 0 : r->schema->nkeys].type;
}

static const char *format_of(const wr_relation *r, bool key)
{
	const char *f = key ? r->key_format : r->value_format;

	return f ? f : "KAFKA";
}

static bool put_side(wr_conform *c, wr_buf *b, const wr_relation *r, const wr_json *j, bool key)
{
	const char *f = format_of(r, key);

	(void)c;
	if (!j || j->kind == WR_JSON_NULL || !strcmp(f, "NONE"))
		return false;
	if (!strcmp(f, "JSON"))
		wr_json_write(j, b);
	else if (!strcmp(f, "DELIMITED") && j->kind == WR_JSON_STRING)
		wr_buf_str(b, j->text);
	else
		put_kafka(b, j, only_type(r, key));
	return true;
}

static wr_str side(wr_conform *c, const wr_relation *r, const wr_json *j, bool key,
		   const wr_json *window)
{
	wr_buf b = { 0 };
	wr_str out = { 0 };

	if (put_side(c, &b, r, j, key)) {
		if (window &&
		    wr_str_ieq(wr_json_string(wr_json_get(window, "type"), WR_STR_LIT("")),
			       WR_STR_LIT("session")))
			put_be(&b, (uint64_t)wr_json_int(wr_json_get(window, "end"), 0), 8);
		if (window)
			put_be(&b, (uint64_t)wr_json_int(wr_json_get(window, "start"), 0), 8);
		out = wr_arena_str(c->arena, wr_buf_view(&b));
		if (!out.p)
			out.p = "";
	}
	wr_buf_free(&b);
	return out;
}

const wr_headers *wr_conform_headers(wr_conform *c, const wr_json *list)
{
	if (!list || list->n == 0)
		return NULL;
	wr_headers *h = WR_NEW(c->arena, wr_headers);
	wr_header *items = WR_NEW_ARRAY(c->arena, wr_header, list->n);

	h->items = items;
	WR_JSON_EACH(j, list)
	{
		const wr_json *key = wr_json_get(j, "KEY"), *value = wr_json_get(j, "VALUE");

		items[h->n].key = wr_json_string(key ? key : wr_json_get(j, "key"), WR_STR_LIT(""));
		value = value ? value : wr_json_get(j, "value");
		if (wr_json_is(value, WR_JSON_STRING))
			wr_base64_read(c->arena, value->text, &items[h->n].value);
		h->n++;
	}
	return h;
}

bool wr_conform_encode(wr_conform *c, const wr_relation *r, const wr_json *input, wr_record *rec)
{
	const wr_json *window = wr_json_get(input, "window");

	*rec = (wr_record){ .timestamp = wr_json_int(wr_json_get(input, "timestamp"), 0),
			    .headers = wr_conform_headers(c, wr_json_get(input, "headers")) };
	rec->key = side(c, r, wr_json_get(input, "key"), true, window);
	rec->value = side(c, r, wr_json_get(input, "value"), false, NULL);
	return true;
}

static wr_json *number_node(wr_conform *c, const char *z)
{
	wr_json *j = wr_json_new(c->arena, WR_JSON_NUMBER);

	j->text = wr_str_of(wr_arena_strdup(c->arena, z));
	return j;
}

static wr_json *kafka_node(wr_conform *c, wr_str s, const wr_type *type)
{
	char text[64];
	double d;
	uint64_t bits;
	wr_tag tag = type ? type->tag : WR_STRING;

	if ((tag == WR_INTEGER && s.n == 4) || (tag == WR_BIGINT && s.n == 8)) {
		bits = get_be(s.p, (int)s.n);
		snprintf(text, sizeof text, "%lld",
			 tag == WR_INTEGER ? (long long)(int32_t)bits : (long long)bits);
		return number_node(c, text);
	}
	if (tag == WR_DOUBLE && s.n == 8) {
		bits = get_be(s.p, 8);
		memcpy(&d, &bits, 8);
		text[wr_print_double_to(d, text)] = 0;
		return isfinite(d) ? number_node(c, text)
				   : wr_json_new_string(c->arena,
							wr_str_of(wr_arena_strdup(c->arena, text)));
	}
	return wr_json_new_string(c->arena, wr_arena_str(c->arena, s));
}

static bool decode_side(wr_conform *c, const wr_relation *r, wr_str s, bool key, wr_json **out)
{
	const char *f = format_of(r, key);
	wr_err err = WR_ERR_INIT;

	*out = NULL;
	if (!s.p)
		return true;
	if (!strcmp(f, "JSON")) {
		*out = wr_json_parse(c->arena, wr_arena_str(c->arena, s), &err);
		if (!*out)
			wr_case_fail(c->result, "the output is no JSON: %.*s", WR_STR_ARG(s));
		return *out != NULL;
	}
	*out = kafka_node(c, s, strcmp(f, "KAFKA") ? NULL : only_type(r, key));
	return true;
}

bool wr_conform_decode(wr_conform *c, const wr_relation *r, const wr_record *rec,
		       wr_conform_actual *out)
{
	wr_str key = rec->key;

	*out = (wr_conform_actual){ .windowed = r->window_kind != WR_WINDOW_NONE && key.p };
	if (out->windowed && key.n >= 8) {
		out->start = (int64_t)get_be(key.p + key.n - 8, 8);
		key.n -= 8;
		out->session = r->window_kind == WR_WINDOW_SESSION;
		out->end = out->start + r->window_size;
		if (out->session && key.n >= 8) {
			out->end = (int64_t)get_be(key.p + key.n - 8, 8);
			key.n -= 8;
		}
	}
	return decode_side(c, r, key, true, &out->key) &&
	       decode_side(c, r, rec->value, false, &out->value);
}

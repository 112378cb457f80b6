/*
 * JSON documents: reading.
 *
 * A recursive reader in the plainest form: one function per kind of value, a node per value. It is
 * strict (RFC 8259): no comments, no closing commas, no leading zeros, strings in valid UTF-8
 * without raw control characters. Writing stands in json_write.c.
 *
 * Why not jansson: it turns every number with a point into a double, and judging `1.10` against
 * `1.1`, or carrying a decimal of 40 digits through a test file, needs the text.
 */
#include "core/json.h"

#include "core/number.h"
#include "core/utf8.h"

enum { DEPTH_MAX = 1000 };

typedef struct reader {
	wr_arena *a;
	const char *begin, *p, *end;
	int depth;
	wr_err *err;
} reader;

static wr_json *fail(reader *r, const char *expected)
{
	uint32_t at = (uint32_t)(r->p - r->begin);

	if (r->p >= r->end)
		wr_err_set(r->err, WR_ERR_DATA, (wr_span){ at, 0 },
			   "JSON text ends where %s is expected", expected);
	else
		wr_err_set(r->err, WR_ERR_DATA, (wr_span){ at, 1 },
			   "JSON text has no %s at byte %u, where it is expected", expected, at);
	return NULL;
}

static void blanks(reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

static bool eat(reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* ---- strings */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex4(reader *r, uint32_t *out)
{
	uint32_t v = 0;

	if (r->end - r->p < 4)
		return false;
	for (int i = 0; i < 4; i++, r->p++) {
		int d = hex(*r->p);

		if (d < 0)
			return false;
		v = v << 4 | (uint32_t)d;
	}
	*out = v;
	return true;
}

/* Behind \u. A high surrogate needs its low one. */
static bool unicode_escape(reader *r, char **to)
{
	uint32_t c, low;

	if (!hex4(r, &c))
		return false;
	if (c >= 0xD800 && c <= 0xDBFF) {
		if (r->end - r->p < 6 || r->p[0] != '\\' || r->p[1] != 'u')
			return false;
		r->p += 2;
		if (!hex4(r, &low) || low < 0xDC00 || low > 0xDFFF)
			return false;
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
	} else if (c >= 0xDC00 && c <= 0xDFFF) {
		return false;
	}
	*to += wr_utf8_put(*to, c);
	return true;
}

static bool escape(reader *r, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c;

	if (r->p == r->end)
		return false;
	c = *r->p++;
	if (c == 'u')
		return unicode_escape(r, to);
	at = c ? strchr(from, c) : NULL;
	if (!at)
		return false;
	*(*to)++ = into[at - from];
	return true;
}

/* Where the string ends, and whether it needs unescaping. */
static const char *string_end(const reader *r, bool *escaped)
{
	const char *p = r->p;

	for (*escaped = false; p < r->end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p == '\\') {
			*escaped = true;
			p++;
		}
	}
	return p < r->end ? p : NULL;
}

/* Behind the opening quote. */
static bool string(reader *r, wr_str *out)
{
	bool escaped;
	const char *end = string_end(r, &escaped);
	char *to, *from;

	if (!end || !wr_utf8_valid((wr_str){ r->p, (uint32_t)(end - r->p) })) {
		fail(r, "string in UTF-8 with a closing quote");
		return false;
	}
	*out = (wr_str){ r->p, (uint32_t)(end - r->p) };
	if (!escaped) {
		r->p = end + 1;
		return true;
	}
	/* an escape is never shorter than its character */
	from = to = wr_arena_alloc(r->a, out->n);
	while (r->p < end) {
		if (*r->p != '\\') {
			*to++ = *r->p++;
			continue;
		}
		r->p++;
		if (!escape(r, &to)) {
			fail(r, "known escape");
			return false;
		}
	}
	*out = (wr_str){ from, (uint32_t)(to - from) };
	r->p = end + 1;
	return true;
}

/* ---- values */

static bool digits(reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return r->p > from;
}

static wr_json *number(reader *r)
{
	const char *from = r->p;
	wr_json *j;

	eat(r, '-');
	if (!eat(r, '0') && !digits(r))
		return fail(r, "digit");
	if (eat(r, '.') && !digits(r))
		return fail(r, "digit");
	if (eat(r, 'e') || eat(r, 'E')) {
		if (!eat(r, '+'))
			eat(r, '-');
		if (!digits(r))
			return fail(r, "digit");
	}
	j = wr_json_new(r->a, WR_JSON_NUMBER);
	j->text = (wr_str){ from, (uint32_t)(r->p - from) };
	return j;
}

static wr_json *value(reader *r);

static wr_json *array(reader *r)
{
	wr_json *j = wr_json_new(r->a, WR_JSON_ARRAY), *item;

	blanks(r);
	if (eat(r, ']'))
		return j;
	do {
		item = value(r);
		if (!item)
			return NULL;
		wr_json_add(j, item);
		blanks(r);
	} while (eat(r, ','));
	return eat(r, ']') ? j : fail(r, "comma or ]");
}

static wr_json *object(reader *r)
{
	wr_json *j = wr_json_new(r->a, WR_JSON_OBJECT), *member;
	wr_str name;

	blanks(r);
	if (eat(r, '}'))
		return j;
	do {
		blanks(r);
		if (!eat(r, '"'))
			return fail(r, "member name");
		if (!string(r, &name))
			return NULL;
		blanks(r);
		if (!eat(r, ':'))
			return fail(r, "colon");
		member = value(r);
		if (!member)
			return NULL;
		wr_json_put(j, name, member);
		blanks(r);
	} while (eat(r, ','));
	return eat(r, '}') ? j : fail(r, "comma or }");
}

static wr_json *word(reader *r, const char *z, wr_json_kind kind)
{
	size_t n = strlen(z);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, z, n) != 0)
		return fail(r, "value");
	r->p += n;
	return wr_json_new(r->a, kind);
}

static wr_json *nested(reader *r, wr_json *(*read)(reader *))
{
	wr_json *j;

	if (r->depth == DEPTH_MAX)
		return fail(r, "end of so many levels");
	r->p++;
	r->depth++;
	j = read(r);
	r->depth--;
	return j;
}

static wr_json *string_value(reader *r)
{
	wr_json *j = wr_json_new(r->a, WR_JSON_STRING);

	r->p++;
	return string(r, &j->text) ? j : NULL;
}

static wr_json *value(reader *r)
{
	blanks(r);
	if (r->p == r->end)
		return fail(r, "value");
	switch (*r->p) {
	case '{': return nested(r, object);
	case '[': return nested(r, array);
	case '"': return string_value(r);
	case 'n': return word(r, "null", WR_JSON_NULL);
	case 't': return word(r, "true", WR_JSON_TRUE);
	case 'f': return word(r, "false", WR_JSON_FALSE);
	default:
		if (*r->p != '-' && (*r->p < '0' || *r->p > '9'))
			return fail(r, "value");
		return number(r);
	}
}

wr_json *wr_json_parse_prefix(wr_arena *a, wr_str text, wr_str *rest, wr_err *err)
{
	reader r = { .a = a, .begin = text.p, .p = text.p, .end = text.p + text.n, .err = err };
	wr_json *j = value(&r);

	if (j)
		blanks(&r);
	*rest = (wr_str){ r.p, (uint32_t)(r.end - r.p) };
	return j;
}

wr_json *wr_json_parse(wr_arena *a, wr_str text, wr_err *err)
{
	wr_str rest;
	wr_json *j = wr_json_parse_prefix(a, text, &rest, err);

	if (j && rest.n) {
		uint32_t at = text.n - rest.n;

		wr_err_set(err, WR_ERR_DATA, (wr_span){ at, 1 },
			   "JSON text goes on at byte %u, behind its value", at);
		return NULL;
	}
	return j;
}

/* ---- looking into documents */

wr_json *wr_json_get_str(const wr_json *j, wr_str name)
{
	wr_json *found = NULL;

	if (wr_json_is(j, WR_JSON_OBJECT))
		for (wr_json *m = j->first; m; m = m->next)
			if (wr_str_eq(m->name, name))
				found = m;
	return found;
}

wr_json *wr_json_get(const wr_json *j, const char *name)
{
	return wr_json_get_str(j, wr_str_of(name));
}

wr_json *wr_json_get_nocase(const wr_json *j, wr_str name)
{
	wr_json *found = wr_json_get_str(j, name);

	if (!found && wr_json_is(j, WR_JSON_OBJECT))
		for (wr_json *m = j->first; m; m = m->next)
			if (wr_str_ieq(m->name, name))
				found = m;
	return found;
}

wr_json *wr_json_at(const wr_json *j, uint32_t i)
{
	wr_json *m = j ? j->first : NULL;

	while (m && i--)
		m = m->next;
	return m;
}

wr_str wr_json_string(const wr_json *j, wr_str otherwise)
{
	return wr_json_is(j, WR_JSON_STRING) ? j->text : otherwise;
}

int64_t wr_json_int(const wr_json *j, int64_t otherwise)
{
	int64_t v;

	return wr_json_is(j, WR_JSON_NUMBER) && wr_parse_i64(j->text, &v) ? v : otherwise;
}

bool wr_json_bool(const wr_json *j, bool otherwise)
{
	if (wr_json_is(j, WR_JSON_TRUE))
		return true;
	return wr_json_is(j, WR_JSON_FALSE) ? false : otherwise;
}

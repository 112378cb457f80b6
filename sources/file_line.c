/*
 * A structural scan: it finds where members begin and end and looks at nothing inside key and value, whose decoder will. Containers are walked
 * by the six bytes that matter — quotes, backslashes, brackets — found sixteen at a time.
 */
#include "sources/file_line.h"

#include "core/json.h"

#ifdef __SSE2__
#include <emmintrin.h>

/* One bit for each of the 16 bytes at p that is a quote, a backslash or a bracket. */
static inline uint32_t marks(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	/* '[' ']' '{' '}' differ from '[' ']' by bit 5 alone; '\\' stands between them */
	__m128i low = _mm_andnot_si128(_mm_set1_epi8(0x20), v);
	__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(low, _mm_set1_epi8('[')),
				   _mm_cmpeq_epi8(low, _mm_set1_epi8(']')));

	hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
	hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
	return (uint32_t)_mm_movemask_epi8(hit);
}
#else
static inline uint32_t marks(const char *p)
{
	uint32_t bits = 0;

	for (int i = 0; i < 16; i++)
		bits |= (uint32_t)(p[i] == '"' || p[i] == '\\' || (p[i] & ~0x20) == '[' ||
				   (p[i] & ~0x20) == ']')
			<< i;
	return bits;
}
#endif

/* The first byte at or behind p that matters, or end. */
static inline const char *next_mark(const char *p, const char *end)
{
	for (; end - p >= 16; p += 16) {
		uint32_t bits = marks(p);

		if (bits)
			return p + __builtin_ctz(bits);
	}
	while (p < end && *p != '"' && *p != '\\' && (*p & ~0x20) != '[' && (*p & ~0x20) != ']')
		p++;
	return p;
}

typedef struct walk {
	uint32_t depth;
	bool text; /* inside a string */
	const char *skip; /* an escaped byte: means nothing */
} walk;

/* True when the walk is over: the byte at p closed the value. */
static inline bool step(walk *w, const char *p)
{
	if (p == w->skip)
		return false;
	if (w->text) {
		if (*p == '\\')
			w->skip = p + 1;
		else if (*p == '"')
			w->text = false;
		return !w->text && w->depth == 0;
	}
	if (*p == '"')
		w->text = true;
	else if (*p == '{' || *p == '[')
		w->depth++;
	else if (*p != '\\')
		return --w->depth == 0;
	return false;
}

/* Behind the string, object or array that begins at p; NULL: it has no end. */
static const char *skip_nested(const char *p, const char *end)
{
	walk w = { 0 };

	for (; end - p >= 16; p += 16)
		for (uint32_t bits = marks(p); bits; bits &= bits - 1)
			if (step(&w, p + __builtin_ctz(bits)))
				return p + __builtin_ctz(bits) + 1;
	while ((p = next_mark(p, end)) < end) {
		if (step(&w, p))
			return p + 1;
		p++;
	}
	return NULL;
}

static const char *blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

static const char *skip_value(const char *p, const char *end)
{
	const char *from = p;

	if (p < end && (*p == '"' || *p == '{' || *p == '['))
		return skip_nested(p, end);
	while (p < end && *p != ',' && *p != '}' && *p != ' ' && *p != '\t' && *p != '\r')
		p++;
	return p == from ? NULL : p;
}

/* ---------------------------------------------------------------- members */

typedef struct member {
	wr_str name, value; /* name without quotes, value as it stands */
} member;

/* Reads the member at *p and moves behind it and its comma. False: broken. *last: it was the last one. */
static bool take_member(const char **p, const char *end, member *m, bool *last)
{
	const char *at = blanks(*p, end), *stop;

	if (at == end || *at != '"' || !(stop = skip_nested(at, end)))
		return false;
	m->name = (wr_str){ at + 1, (uint32_t)(stop - at - 2) };
	at = blanks(stop, end);
	if (at == end || *at != ':')
		return false;
	at = blanks(at + 1, end);
	if (!(stop = skip_value(at, end)))
		return false;
	m->value = (wr_str){ at, (uint32_t)(stop - at) };
	at = blanks(stop, end);
	if (at == end || (*at != ',' && *at != '}'))
		return false;
	*last = *at == '}';
	*p = at + 1;
	return !*last || blanks(*p, end) == end;
}

static bool number(wr_str s, int64_t *out)
{
	bool negative = s.n && s.p[0] == '-';
	uint32_t i = negative;
	int64_t v = 0;

	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, s.p[i] - '0', &v))
			return false;
	*out = negative ? -v : v;
	return i == s.n && i > negative;
}

static bool is_topic(wr_str value, wr_str topic)
{
	return topic.n == 0 ||
	       (value.n == topic.n + 2 && memcmp(value.p + 1, topic.p, topic.n) == 0);
}

static wr_str unless_null(wr_str s)
{
	return wr_str_is(s, "null") ? (wr_str){ 0 } : s;
}

/* ---------------------------------------------------------------- headers */

/* Name and value of one item: ["n","v"], {"key":"n","value":"v"}, or a member of {"n":"v"}. */
static void take_header(const wr_json *item, bool of_object, wr_header *out)
{
	const wr_json *name = wr_json_get(item, "key"), *value = wr_json_get(item, "value");

	if (of_object) {
		out->key = item->name;
		value = item;
	} else if (wr_json_is(item, WR_JSON_ARRAY)) {
		name = wr_json_at(item, 0);
		value = wr_json_at(item, 1);
	}
	if (!of_object)
		out->key = wr_json_string(name, WR_STR_LIT(""));
	out->value =
	    wr_json_is(value, WR_JSON_NUMBER) ? value->text : wr_json_string(value, (wr_str){ 0 });
}

static const wr_headers *take_headers(wr_str text, wr_arena *a)
{
	wr_err ignored = WR_ERR_INIT;

	if (text.n <= 2 || wr_str_is(text, "null"))
		return NULL;
	const wr_json *all = wr_json_parse(a, text, &ignored);

	if (!all || all->n == 0)
		return NULL;
	wr_headers *h = WR_NEW(a, wr_headers);
	wr_header *items = WR_NEW_ARRAY(a, wr_header, all->n);

	WR_JSON_EACH(item, all)
	take_header(item, all->kind == WR_JSON_OBJECT, &items[h->n++]);
	h->items = items;
	return h;
}

/* ---------------------------------------------------------------- lines */

/* False: the member is not what it should be. */
static bool use_member(const member *m, wr_arena *a, wr_record *out, wr_line_place *place)
{
	int64_t n;

	if (wr_str_is(m->name, "value")) {
		out->value = unless_null(m->value);
	} else if (wr_str_is(m->name, "key")) {
		out->key = unless_null(m->value);
	} else if (wr_str_is(m->name, "headers")) {
		out->headers = take_headers(m->value, a);
	} else if (wr_str_is(m->name, "partition")) {
		if (!number(m->value, &n) || n < 0 || n > 65534)
			return false;
		out->partition = (int32_t)n;
	} else if (wr_str_is(m->name, "offset")) {
		return place->has_offset = number(m->value, &out->offset);
	} else if (wr_str_is(m->name, "timestamp")) {
		return place->has_timestamp = number(m->value, &out->timestamp);
	}
	return true;
}

static const char *begin(wr_str line, const char **end)
{
	*end = line.p + line.n;
	const char *p = blanks(line.p, *end);

	return p < *end && *p == '{' ? p + 1 : NULL;
}

wr_line_kind wr_line_read(wr_str line, wr_str topic, wr_arena *a, wr_record *out,
			  wr_line_place *place)
{
	const char *end, *p = begin(line, &end);
	bool last = false;
	member m;

	*out = (wr_record){ 0 };
	*place = (wr_line_place){ 0 };
	if (!p)
		return WR_LINE_BROKEN;
	while (!last) {
		if (!take_member(&p, end, &m, &last))
			return WR_LINE_BROKEN;
		if (wr_str_is(m.name, "topic") && !is_topic(m.value, topic))
			return WR_LINE_OTHER_TOPIC;
		if (!use_member(&m, a, out, place))
			return WR_LINE_BROKEN;
	}
	return WR_LINE_RECORD;
}

int32_t wr_line_partition(wr_str line, wr_str topic)
{
	const char *end, *p = begin(line, &end);
	bool last = false, topic_known = topic.n == 0;
	int64_t partition = -1;
	member m;

	while (p && !last && !(topic_known && partition >= 0)) {
		if (!take_member(&p, end, &m, &last))
			return -1;
		if (wr_str_is(m.name, "topic")) {
			if (!is_topic(m.value, topic))
				return -1;
			topic_known = true;
		}
		if (wr_str_is(m.name, "partition") &&
		    (!number(m.value, &partition) || partition < 0 || partition > 65534))
			return -1;
	}
	return (int32_t)partition;
}

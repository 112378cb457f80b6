/*
 * A structural scan: it finds where members begin and end and looks at nothing inside key and
 * value, whose decoder will. Objects and arrays are walked 64 bytes at a time as bit masks, one bit
 * a byte:
 *
 *	bytes     {"a":"}\"","b":[1]}
 *	quotes    .1.1.1...11.1........     escaped ones left out
 *	text      .11..1111.11..........    prefix xor of the quotes: inside a string (closing quotes are not)
 *	brackets  1.............1.11.       outside of text; counted as a whole where they cannot close the value
 */
#include "sources/file_line.h"

#include "core/json.h"

typedef struct masks {
	uint64_t quotes, escapes, opens, closes;
} masks;

#ifdef __SSE2__
#include <emmintrin.h>

static inline uint64_t equal(__m128i v, char c)
{
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}

/* '[' and '{' (']' and '}') differ by bit 5 alone. */
static inline masks look(const char *p)
{
	masks m = { 0 };

	for (int i = 0; i < 64; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + i));
		__m128i low = _mm_andnot_si128(_mm_set1_epi8(0x20), v);

		m.quotes |= equal(v, '"') << i;
		m.escapes |= equal(v, '\\') << i;
		m.opens |= equal(low, '[') << i;
		m.closes |= equal(low, ']') << i;
	}
	return m;
}
#else
static inline masks look(const char *p)
{
	masks m = { 0 };

	for (int i = 0; i < 64; i++) {
		m.quotes |= (uint64_t)(p[i] == '"') << i;
		m.escapes |= (uint64_t)(p[i] == '\\') << i;
		m.opens |= (uint64_t)((p[i] & ~0x20) == '[') << i;
		m.closes |= (uint64_t)((p[i] & ~0x20) == ']') << i;
	}
	return m;
}
#endif

typedef struct walk {
	uint32_t depth;
	uint64_t text; /* all ones: the block before ended inside a string */
	bool escape;   /* … with a backslash that means the next byte */
} walk;

/* The bytes that a backslash stands before. */
static uint64_t escaped(walk *w, uint64_t escapes)
{
	uint64_t out = w->escape;

	escapes &= ~out;
	w->escape = false;
	while (escapes) {
		int at = __builtin_ctzll(escapes);

		if (at == 63)
			w->escape = true;
		else
			out |= 2ull << at;
		escapes &= ~(3ull << at);
	}
	return out;
}

static uint64_t prefix_xor(uint64_t x)
{
	for (int i = 1; i < 64; i *= 2)
		x ^= x << i;
	return x;
}

/* Walks the block of 64 bytes at p; the place of the bracket that ends the value, or -1. */
static inline int walk_block(walk *w, const char *p)
{
	masks m = look(p);

	if (m.escapes || w->escape)
		m.quotes &= ~escaped(w, m.escapes);
	uint64_t text = prefix_xor(m.quotes) ^ w->text;

	w->text = 0 - (text >> 63);
	m.opens &= ~text;
	m.closes &= ~text;
	if ((uint32_t)__builtin_popcountll(m.closes) < w->depth) {
		w->depth += (uint32_t)__builtin_popcountll(m.opens) -
			    (uint32_t)__builtin_popcountll(m.closes);
		return -1;
	}
	for (uint64_t bits = m.opens | m.closes; bits; bits &= bits - 1) {
		int at = __builtin_ctzll(bits);

		if (m.opens >> at & 1)
			w->depth++;
		else if (--w->depth == 0)
			return at;
	}
	return -1;
}

/* Behind the object or array that begins at p; NULL: it has no end. */
static const char *skip_nested(const char *p, const char *end)
{
	walk w = { 0 };
	char rest[64];
	int at;

	for (; end - p >= 64; p += 64)
		if ((at = walk_block(&w, p)) >= 0)
			return p + at + 1;
	memset(rest, ' ', sizeof rest);
	memcpy(rest, p, (size_t)(end - p));
	at = walk_block(&w, rest);
	return at >= 0 ? p + at + 1 : NULL;
}

/* Behind the string that begins at p; NULL: it has no end. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
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

	if (p < end && *p == '"')
		return skip_string(p, end);
	if (p < end && (*p == '{' || *p == '['))
		return skip_nested(p, end);
	while (p < end && *p != ',' && *p != '}' && *p != ' ' && *p != '\t' && *p != '\r')
		p++;
	return p == from ? NULL : p;
}

/* ---------------------------------------------------------------- members */

typedef struct member {
	wr_str name, value; /* name without quotes, value as it stands */
} member;

/*
 * Reads the member at *p and moves behind it and its comma. False: broken. *last: it was the last
 * one.
 */
static bool take_member(const char **p, const char *end, member *m, bool *last)
{
	const char *at = blanks(*p, end), *stop;

	if (at == end || *at != '"' || !(stop = skip_string(at, end)))
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

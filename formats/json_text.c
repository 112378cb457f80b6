/*
 * Text out of JSON values: strings with their escapes decoded, and any value as the dialect makes a
 * STRING of it.
 *
 *	"a\u00e9"	→ aé		12.50 → 12.50		1e10 → 1E+10
 *	{"a" : "\/"}	→ {"a":"/"}	[1, "b"] → [1, b]
 *
 * Numbers with a fraction or an exponent print as Java's BigDecimal does, which is what readers of
 * such topics have seen before.
 */
#include "formats/json_read.h"

bool wr_jread_utf8(const char *text, uint32_t n)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + n;

	while (p < end) {
		unsigned c = *p++, more, least;

		if (c < 0x80)
			continue;
		if (c >= 0xC2 && c <= 0xDF)
			more = 1, least = 0x80, c &= 31;
		else if ((c & 0xF0) == 0xE0)
			more = 2, least = 0x800, c &= 15;
		else if (c >= 0xF0 && c <= 0xF4)
			more = 3, least = 0x10000, c &= 7;
		else
			return false;
		if (end - p < more)
			return false;
		while (more--) {
			if ((*p & 0xC0) != 0x80)
				return false;
			c = c << 6 | (*p++ & 63u);
		}
		if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
			return false;
	}
	return true;
}

static unsigned hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i];

		v = v << 4 | (c <= '9' ? c - '0' + 0u : (c | 32u) - 'a' + 10);
	}
	return v;
}

static char *put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xC0 | c >> 6);
		*to++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*to++ = (char)(0xE0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	} else {
		*to++ = (char)(0xF0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 63));
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	}
	return to;
}

/* *pp is behind \u. false: half of a pair. */
static bool unescape_u(const char **pp, const char *end, char **to)
{
	const char *p = *pp;
	unsigned c = hex4(p), low;

	p += 4;
	if (c >= 0xDC00 && c <= 0xDFFF)
		return false;
	if (c >= 0xD800 && c <= 0xDBFF) {
		if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
			return false;
		low = hex4(p + 2);
		if (low < 0xDC00 || low > 0xDFFF)
			return false;
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		p += 6;
	}
	*to = put_utf8(*to, c);
	*pp = p;
	return true;
}

/* Escapes were checked when the string was stepped over. */
static bool unescape(const char *p, const char *end, char *to, uint32_t *n)
{
	char *start = to;

	while (p < end) {
		if (*p != '\\') {
			*to++ = *p++;
			continue;
		}
		p += 2;
		switch (p[-1]) {
		case 'b': *to++ = '\b'; break;
		case 'f': *to++ = '\f'; break;
		case 'n': *to++ = '\n'; break;
		case 'r': *to++ = '\r'; break;
		case 't': *to++ = '\t'; break;
		case 'u':
			if (!unescape_u(&p, end, &to))
				return false;
			break;
		default: *to++ = p[-1];
		}
	}
	*n = (uint32_t)(to - start);
	return true;
}

bool wr_jread_string(wr_jread *r, const wr_jread_token *t, wr_str *out)
{
	char *to;

	if (t->high && !wr_jread_utf8(t->p, t->n))
		return wr_jread_refuse(r, t->p, "a string is not UTF-8");
	*out = (wr_str){ t->p, t->n };
	if (!t->escaped)
		return true;
	to = wr_arena_alloc(r->arena, t->n + 1);
	if (!unescape(t->p, t->p + t->n, to, &out->n))
		return wr_jread_refuse(r, t->p, "a \\u escape is half of a surrogate pair");
	out->p = to;
	return true;
}

/* ---- numbers and constants */

static bool is_number(const char *p, const char *end)
{
	const char *q;

	p += p < end && *p == '-';
	q = p;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	if (p == q || (*q == '0' && p - q > 1))
		return false;
	if (p < end && *p == '.') {
		for (q = ++p; p < end && *p >= '0' && *p <= '9'; p++)
			;
		if (p == q)
			return false;
	}
	if (p < end && (*p | 32) == 'e') {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		for (q = p; p < end && *p >= '0' && *p <= '9'; p++)
			;
		if (p == q)
			return false;
	}
	return p == end;
}

char wr_jread_scalar(const char *p, uint32_t n)
{
	if (n == 4 && !memcmp(p, "null", 4))
		return 'n';
	if (n == 4 && !memcmp(p, "true", 4))
		return 't';
	if (n == 5 && !memcmp(p, "false", 5))
		return 'f';
	return is_number(p, p + n) ? '0' : 0;
}

typedef struct number {
	bool minus;
	const char *p;	 /* digits with a point among them */
	uint32_t n;	 /* characters up to the exponent */
	uint32_t digits; /* without leading zeros, at least 1 */
	int64_t scale;
} number;

static number take_apart(const wr_jread_token *t)
{
	number x = { .minus = *t->p == '-', .p = t->p + (*t->p == '-') };
	const char *end = t->p + t->n;
	int64_t exp = 0;
	bool point = false, minus = false;

	for (; x.p + x.n < end && (x.p[x.n] | 32) != 'e'; x.n++) {
		if (x.p[x.n] == '.')
			point = true;
		else if (x.digits || x.p[x.n] != '0')
			x.digits++;
		x.scale += point && x.p[x.n] != '.';
	}
	for (const char *p = x.p + x.n + 1; p < end; p++) {
		if (*p == '-')
			minus = true;
		else if (*p != '+' && exp < INT32_MAX)
			exp = exp * 10 + (*p - '0');
	}
	x.scale -= minus ? -exp : exp;
	if (!x.digits) {
		x.digits = 1;
		x.minus = false;
	}
	return x;
}

/* The last x.digits digits, with a point behind the first `whole` of them (0: none). */
static void put_digits(const number *x, int64_t whole, wr_buf *out)
{
	uint32_t all = 0, skip, k = 0;

	for (uint32_t i = 0; i < x->n; i++)
		all += x->p[i] != '.';
	skip = all - x->digits;
	for (uint32_t i = 0; i < x->n; i++) {
		if (x->p[i] == '.' || skip) {
			skip -= x->p[i] != '.';
			continue;
		}
		if (k && k == whole)
			wr_buf_putc(out, '.');
		k++;
		wr_buf_putc(out, x->p[i]);
	}
}

static void put_number(const wr_jread_token *t, wr_buf *out)
{
	number x = take_apart(t);
	int64_t adjusted = (int64_t)x.digits - 1 - x.scale, whole = (int64_t)x.digits - x.scale;

	if (x.minus)
		wr_buf_putc(out, '-');
	if (x.scale >= 0 && adjusted >= -6) {
		if (whole <= 0)
			wr_buf_puts(out, "0.");
		for (; whole < 0; whole++)
			wr_buf_putc(out, '0');
		put_digits(&x, whole, out);
		return;
	}
	put_digits(&x, 1, out);
	wr_buf_printf(out, "E%+lld", (long long)adjusted);
}

/* ---- any value */

static const char *skip_white(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

/* What ends a string at p: its quote; end when it has none. */
static const char *closing_quote(const char *p, const char *end)
{
	while (p < end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	return p < end ? p : end;
}

/* Brackets were paired before. */
static const char *behind_nested(const char *p, const char *end)
{
	uint32_t depth = 0;

	for (; p < end; p++) {
		if (*p == '"')
			p = closing_quote(p + 1, end);
		else if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && --depth == 0)
			return p + 1;
	}
	return end;
}

/* The value at p, of a text that so far was only stepped over: now its scalars are checked. */
static bool next_token(wr_jread *r, const char *p, const char *end, wr_jread_token *t)
{
	const char *q = p;

	*t = (wr_jread_token){ .p = p, .kind = p < end ? *p : 0 };
	if (t->kind == '"') {
		q = closing_quote(++t->p, end);
		for (const char *c = t->p; c < q; c++) {
			t->escaped |= *c == '\\';
			t->high |= (unsigned char)*c > 127;
			if ((unsigned char)*c < 32)
				return wr_jread_refuse(r, c,
						       "a string holds a bare control character");
		}
	} else if (t->kind == '{' || t->kind == '[') {
		q = behind_nested(p, end);
	} else {
		while (q < end && !memchr(",:]} \n\r\t", *q, 8))
			q++;
		t->kind = wr_jread_scalar(p, (uint32_t)(q - p));
		if (!t->kind)
			return wr_jread_refuse(r, p, "this is not a JSON value");
	}
	t->n = (uint32_t)(q - t->p);
	return true;
}

/* Where the token ends, its closing quote included. */
static const char *behind(const wr_jread_token *t)
{
	return t->p + t->n + (t->kind == '"');
}

static void put_quoted(wr_str s, wr_buf *out)
{
	static const char digits[] = "0123456789abcdef";

	wr_buf_putc(out, '"');
	for (uint32_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		const char *at = c < 32 ? memchr("b\bf\fn\nr\rt\t", c, 10) : NULL;

		if (c == '"' || c == '\\') {
			wr_buf_putc(out, '\\');
			wr_buf_putc(out, (char)c);
		} else if (at) {
			wr_buf_putc(out, '\\');
			wr_buf_putc(out, at[-1]);
		} else if (c < 32) {
			wr_buf_puts(out, "\\u00");
			wr_buf_putc(out, digits[c >> 4]);
			wr_buf_putc(out, digits[c & 15]);
		} else {
			wr_buf_putc(out, (char)c);
		}
	}
	wr_buf_putc(out, '"');
}

static const char *put_compact(wr_jread *r, const char *p, const char *end, wr_buf *out);

/* A member's name and colon. */
static const char *put_name(wr_jread *r, const char *p, const char *end, wr_buf *out)
{
	if (p == end || *p != '"')
		return wr_jread_refuse(r, p, "a member's name is missing");
	p = put_compact(r, p, end, out);
	if (!p)
		return NULL;
	p = skip_white(p, end);
	if (p == end || *p != ':')
		return wr_jread_refuse(r, p, "a colon is missing");
	wr_buf_putc(out, ':');
	return p + 1;
}

/* p is behind the opening bracket. */
static const char *put_members(wr_jread *r, const char *p, const char *end, char close, wr_buf *out)
{
	p = skip_white(p, end);
	if (p < end && *p == close) {
		wr_buf_putc(out, close);
		return p + 1;
	}
	for (;;) {
		p = skip_white(p, end);
		if (close == '}' && !(p = put_name(r, p, end, out)))
			return NULL;
		p = put_compact(r, p, end, out);
		if (!p)
			return NULL;
		p = skip_white(p, end);
		if (p == end || (*p != ',' && *p != close))
			return wr_jread_refuse(r, p, "a comma or closing bracket is missing");
		wr_buf_putc(out, *p);
		if (*p++ == close)
			return p;
	}
}

/*
 * The value at p without blanks, strings with the fewest escapes. As deep as the brackets that were
 * stepped over: 2,048.
 */
static const char *put_compact(wr_jread *r, const char *p, const char *end, wr_buf *out)
{
	wr_jread_token t;
	wr_str s;

	p = skip_white(p, end);
	if (p < end && (*p == '{' || *p == '[')) {
		wr_buf_putc(out, *p);
		return put_members(r, p + 1, end, *p == '{' ? '}' : ']', out);
	}
	if (!next_token(r, p, end, &t))
		return NULL;
	if (t.kind != '"') {
		wr_buf_put(out, t.p, t.n);
	} else {
		if (!wr_jread_string(r, &t, &s))
			return NULL;
		put_quoted(s, out);
	}
	return behind(&t);
}

static bool put_text(wr_jread *r, const wr_jread_token *t, wr_buf *out);

/* [a, b] */
static bool put_array(wr_jread *r, const wr_jread_token *array, wr_buf *out)
{
	const char *p = array->p + 1, *end = array->p + array->n - 1;
	wr_jread_token t;
	bool first = true;

	wr_buf_putc(out, '[');
	while ((p = skip_white(p, end)) < end) {
		if (!first) {
			if (*p != ',')
				return wr_jread_refuse(r, p, "a comma or ] is missing");
			p = skip_white(p + 1, end);
			wr_buf_puts(out, ", ");
		}
		first = false;
		if (!next_token(r, p, end, &t) || !put_text(r, &t, out))
			return false;
		p = behind(&t);
	}
	wr_buf_putc(out, ']');
	return true;
}

static bool put_text(wr_jread *r, const wr_jread_token *t, wr_buf *out)
{
	wr_str s;

	switch (t->kind) {
	case '"':
		if (!wr_jread_string(r, t, &s))
			return false;
		wr_buf_str(out, s);
		return true;
	case '{': return put_compact(r, t->p, t->p + t->n, out) != NULL;
	case '[': return put_array(r, t, out);
	case '0': put_number(t, out); return true;
	default: wr_buf_put(out, t->p, t->n); return true;
	}
}

bool wr_jread_as_text(wr_jread *r, const wr_jread_token *t, wr_str *out)
{
	if (t->kind == '"')
		return wr_jread_string(r, t, out);
	/* No text grows to four times its size, so this never moves to the heap. */
	size_t room = (size_t)t->n * 4 + 64;
	wr_buf text = { .p = wr_arena_alloc(r->arena, room), .room = room };

	if (!put_text(r, t, &text))
		return false;
	*out = wr_buf_view(&text);
	return true;
}

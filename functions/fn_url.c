/*
 * URLs. Parts are told apart as RFC 2396 and java.net.URI do it: what the RFC does not allow (a
 * blank, a bare %) makes the text no URL; a scheme followed by anything but / makes it opaque
 * (mailto:a@b), without host, path and query; an authority that is no [user@]host[:port] has
 * neither host nor port. Path, query and fragment come decoded.
 *
 * libcurl's URL interface is not used: it wants a scheme it knows, and mends what it should refuse.
 *
 *	http://me@weir.example:8080/a%20b?q=1#top
 *	scheme    authority            path   query fragment
 */
#include "core/utf8.h"
#include "functions/families.h"
#include "functions/kernel.h"

#define STR(k, row) WR_ARG(wr_str, k, row)

/* A part that is not there has p == NULL; one that is there and empty has n == 0. */
typedef struct url {
	wr_str scheme, host, path, query, fragment;
	int32_t port; /* -1: none */
	bool opaque;
} url;

/* ---------------------------------------------------------------- characters */

static bool is_alpha(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
	return is_digit(c)			    ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						    : -1;
}

/* Whether two hexadecimal digits stand behind the % at i. */
static bool escape_at(wr_str s, uint32_t i)
{
	return i + 2 < s.n && hex_digit(s.p[i + 1]) >= 0 && hex_digit(s.p[i + 2]) >= 0;
}

static bool allowed(wr_str s)
{
	for (uint32_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || strchr("\"<>\\^`{|}", c) ||
		    (c == '%' && !escape_at(s, i)))
			return false;
	}
	return true;
}

/* ---------------------------------------------------------------- parts */

/* The text up to one of the marks; s moves to it. */
static wr_str until(wr_str *s, const char *marks)
{
	wr_str part = { s->p, 0 };

	while (part.n < s->n && !(s->p[part.n] && strchr(marks, s->p[part.n])))
		part.n++;
	s->p += part.n;
	s->n -= part.n;
	return part;
}

/* The text behind a mark if it begins with that. */
static bool behind(wr_str *s, char mark)
{
	if (s->n == 0 || s->p[0] != mark)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool read_scheme(wr_str *s, wr_str *scheme)
{
	wr_str rest = *s, name = until(&rest, ":/?#");

	if (rest.n == 0 || rest.p[0] != ':')
		return true;
	if (name.n == 0 || !is_alpha(name.p[0]))
		return false;
	for (uint32_t i = 0; i < name.n; i++)
		if (!is_alpha(name.p[i]) && !is_digit(name.p[i]) && !strchr("+-.", name.p[i]))
			return false;
	*scheme = name;
	*s = (wr_str){ rest.p + 1, rest.n - 1 };
	return s->n > 0;
}

/* Four numbers up to 255 between dots. */
static bool is_address(wr_str h)
{
	uint32_t parts = 1, v = 0, digits = 0;

	for (uint32_t i = 0; i < h.n; i++) {
		if (h.p[i] == '.') {
			if (digits == 0 || ++parts > 4)
				return false;
			v = digits = 0;
			continue;
		}
		if (!is_digit(h.p[i]) || ++digits > 3 ||
		    (v = v * 10 + (uint32_t)(h.p[i] - '0')) > 255)
			return false;
	}
	return parts == 4 && digits > 0;
}

/* Labels of letters, digits and - between dots, the last begins with a letter; or an address. */
static bool is_host(wr_str h)
{
	uint32_t label = 0;

	if (h.n && h.p[0] == '[')
		return h.p[h.n - 1] == ']' && memchr(h.p, ':', h.n);
	for (uint32_t i = 0; i < h.n; i++) {
		char c = h.p[i];

		if (c == '.') {
			if (i == label || h.p[i - 1] == '-')
				return false;
			if (i + 1 < h.n)
				label = i + 1;
			continue;
		}
		if (!is_alpha(c) && !is_digit(c) && !(c == '-' && i > label))
			return false;
	}
	return h.n && h.p[h.n - 1] != '-' && (is_alpha(h.p[label]) || is_address(h));
}

static bool read_port(wr_str s, int32_t *port)
{
	int64_t v = 0;

	for (uint32_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]) || v > INT32_MAX / 10)
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*port = s.n && v <= INT32_MAX ? (int32_t)v : -1;
	return v <= INT32_MAX;
}

static void read_authority(wr_str s, url *u)
{
	const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL, *colon, *end = s.p + s.n;
	wr_str host;

	if (at && memchr(s.p, '@', (size_t)(at - s.p)))
		return;
	if (at)
		s = (wr_str){ at + 1, (uint32_t)(end - at - 1) };
	colon = s.n ? memrchr(s.p, ':', s.n) : NULL;
	if (colon && memchr(colon, ']', (size_t)(end - colon)))
		colon = NULL;
	host = (wr_str){ s.p, (uint32_t)((colon ? colon : end) - s.p) };
	if (!is_host(host) ||
	    (colon && !read_port((wr_str){ colon + 1, (uint32_t)(end - colon - 1) }, &u->port)))
		u->port = -1;
	else
		u->host = host;
}

static bool read_url(wr_str s, url *u)
{
	*u = (url){ .port = -1 };
	if (!s.p)
		s.p = "";
	if (!allowed(s) || !read_scheme(&s, &u->scheme))
		return false;
	u->opaque = u->scheme.p && s.p[0] != '/';
	if (u->opaque) {
		until(&s, "#");
	} else {
		if (s.n >= 2 && s.p[0] == '/' && s.p[1] == '/') {
			s = (wr_str){ s.p + 2, s.n - 2 };
			if (s.n == 0)
				return false;
			read_authority(until(&s, "/?#"), u);
		}
		u->path = until(&s, "?#");
		if (memchr(u->path.p, '[', u->path.n) || memchr(u->path.p, ']', u->path.n))
			return false;
		if (behind(&s, '?'))
			u->query = until(&s, "#");
	}
	if (behind(&s, '#'))
		u->fragment = until(&s, "");
	return !u->fragment.p || !memchr(u->fragment.p, '#', u->fragment.n);
}

/* ---------------------------------------------------------------- decoding */

/* Bytes that are no UTF-8 become U+FFFD. */
static wr_str valid(wr_arena *a, wr_str s)
{
	char *to;
	uint32_t n = 0;

	if (wr_utf8_valid(s))
		return s;
	to = wr_arena_alloc(a, 3ul * s.n);
	for (uint32_t i = 0; i < s.n;) {
		unsigned c = wr_utf8_get(s.p + i, s.p + s.n, NULL);

		memcpy(to + n, c ? s.p + i : "\xef\xbf\xbd", c ? c : 3);
		n += c ? c : 3;
		i += c ? c : 1;
	}
	return (wr_str){ to, n };
}

/* form: + is a blank. Escapes are known to be right. */
static wr_str decoded(wr_arena *a, wr_str s, bool form)
{
	char *to = wr_arena_alloc(a, s.n);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%') {
			to[n++] = (char)(hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2]));
			i += 2;
		} else {
			to[n++] = form && s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	return valid(a, (wr_str){ to, n });
}

/* ---------------------------------------------------------------- URL_EXTRACT_… */

static bool url_at(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, uint32_t row, url *u)
{
	if (wr_fn_null(cx, row))
		return false;
	if (read_url(STR(0, row), u))
		return true;
	wr_fn_fail(cx, out, row, "%.*s is no URL", WR_STR_ARG(STR(0, row)));
	return false;
}

static void put_part(wr_fn_cx *cx, wr_vec *out, uint32_t row, wr_str part, bool decode)
{
	if (!part.p)
		wr_vec_set_null(out, cx->arena, row);
	else
		wr_out_str(out, row, decode ? decoded(cx->arena, part, false) : part);
}

#define EVAL_PART(part, decode)                                                                    \
	static void eval_##part(WR_KERNEL)                                                         \
	{                                                                                          \
		(void)nargs;                                                                       \
		for (uint32_t i = 0; i < cx->rows; i++) {                                          \
			url u;                                                                     \
                                                                                                   \
			if (url_at(cx, args, out, i, &u))                                          \
				put_part(cx, out, i, u.part, decode);                              \
		}                                                                                  \
	}
EVAL_PART(scheme, false)
EVAL_PART(host, false)
EVAL_PART(path, true)
EVAL_PART(query, true)
EVAL_PART(fragment, true)

static void eval_port(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		url u;

		if (!url_at(cx, args, out, i, &u))
			continue;
		if (u.port < 0)
			wr_vec_set_null(out, cx->arena, i);
		else
			((int32_t *)out->data)[i] = u.port;
	}
}

/*
 * The value of name=value between two &; '' for a bare name; p == NULL: there is no such parameter.
 */
static wr_str parameter(wr_str query, wr_str name)
{
	while (query.n) {
		wr_str value = until(&query, "&"), key = until(&value, "=");

		behind(&query, '&');
		behind(&value, '=');
		if (wr_str_eq(key, name))
			return value;
	}
	return (wr_str){ NULL, 0 };
}

static void eval_parameter(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		url u;
		wr_str query = { NULL, 0 };

		if (!url_at(cx, args, out, i, &u))
			continue;
		if (u.query.p)
			query = decoded(cx->arena, u.query, false);
		put_part(cx, out, i, parameter(query, STR(1, i)), false);
	}
}

/* ---------------------------------------------------------------- URL_ENCODE_PARAM,
 * URL_DECODE_PARAM */

static void eval_decode(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_str s = STR(0, i);
		uint32_t k = 0;

		if (wr_fn_null(cx, i))
			continue;
		while (k < s.n && (s.p[k] != '%' || escape_at(s, k)))
			k++;
		if (k < s.n)
			wr_fn_fail(cx, out, i,
				   "a %% in %.*s has no two hexadecimal digits behind it",
				   WR_STR_ARG(s));
		else
			wr_out_str(out, i, decoded(cx->arena, s, true));
	}
}

static wr_str encoded(wr_arena *a, wr_str s)
{
	char *to = wr_arena_alloc(a, 3ul * s.n);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_alpha(c) || is_digit(c) || (c && strchr("-_.*", c))) {
			to[n++] = c;
		} else if (c == ' ') {
			to[n++] = '+';
		} else {
			to[n++] = '%';
			to[n++] = "0123456789ABCDEF"[(unsigned char)c >> 4];
			to[n++] = "0123456789ABCDEF"[c & 15];
		}
	}
	return (wr_str){ to, n };
}

static void eval_encode(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_null(cx, i))
			wr_out_str(out, i, encoded(cx->arena, STR(0, i)));
}

#define STRICT WR_FN_STRICT | WR_FN_PURE

const wr_fn wr_fns_url[] = {
	{ "URL_DECODE_PARAM", "STRING", "STRING", STRICT, eval_decode, NULL,
	  "A parameter's value out of a URL: + is a blank, %XX a byte.",
	  "URL_DECODE_PARAM('url%20encoded+text') => 'url encoded text'" },
	{ "URL_ENCODE_PARAM", "STRING", "STRING", STRICT, eval_encode, NULL,
	  "The text as it may stand in a URL as a parameter's value.",
	  "URL_ENCODE_PARAM('?a $b') => '%3Fa+%24b'" },
	{ "URL_EXTRACT_FRAGMENT", "STRING", "STRING", STRICT, eval_fragment, NULL,
	  "What stands behind # in a URL.",
	  "URL_EXTRACT_FRAGMENT('http://test.com#frag') => 'frag'" },
	{ "URL_EXTRACT_HOST", "STRING", "STRING", STRICT, eval_host, NULL, "The host of a URL.",
	  "URL_EXTRACT_HOST('http://me@test.com:8080/a') => 'test.com'" },
	{ "URL_EXTRACT_PARAMETER", "STRING, STRING", "STRING", STRICT, eval_parameter, NULL,
	  "The value of a parameter of a URL; empty when it has none.",
	  "URL_EXTRACT_PARAMETER('http://test.com?a%20b=c%20d', 'a b') => 'c d'" },
	{ "URL_EXTRACT_PATH", "STRING", "STRING", STRICT, eval_path, NULL, "The path of a URL.",
	  "URL_EXTRACT_PATH('http://test.com/path/to#a') => '/path/to'" },
	{ "URL_EXTRACT_PORT", "STRING", "INTEGER", STRICT, eval_port, NULL,
	  "The port written in a URL.", "URL_EXTRACT_PORT('http://test.com:8080/path') => 8080" },
	{ "URL_EXTRACT_PROTOCOL", "STRING", "STRING", STRICT, eval_scheme, NULL,
	  "The scheme of a URL.", "URL_EXTRACT_PROTOCOL('http://test.com') => 'http'" },
	{ "URL_EXTRACT_QUERY", "STRING", "STRING", STRICT, eval_query, NULL,
	  "What stands between ? and # in a URL.",
	  "URL_EXTRACT_QUERY('http://test.com?a=foo&b=baz') => 'a=foo&b=baz'" },
	{ 0 },
};

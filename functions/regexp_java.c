/*
 * Java's regular expressions in PCRE2's language. They agree on nearly everything; rewritten is
 *
 *   \u0041, \uD83D\uDE00, \0101	\x{41}, \x{1f600}, \x{41}
 *   \p{Alpha}, \P{Digit} …		POSIX classes: the plain names mean ASCII
 *   \p{IsLatin}, \p{javaUpperCase} …	\p{Latin}, \p{Lu}: PCRE2's names
 *   [a-z&&[^b]], [a[bc]]		groups with lookaheads: PCRE2 has no sets in sets
 *   (?U) at the start			(*UCP)
 *
 * What stands between \Q and \E is left alone.
 *
 * A set that contains other sets becomes an expression for one character, where a|b stands for both
 * together, (?=a)b for what they share, and (?!a)(?s:.) for all others:
 *
 *	[a-z&&[^b]]	(?:(?=(?:(?!(?:[b]))(?s:.)))(?:[a-z]))
 */
#include "functions/regexp_java.h"

typedef struct reader {
	const char *p, *end;
	wr_buf *out;
} reader;

/* ---------------------------------------------------------------- escapes */

static int digits(const reader *r, size_t from, int n, int base)
{
	int v = 0;

	if ((size_t)(r->end - r->p) < from + (size_t)n)
		return -1;
	for (int i = 0; i < n; i++) {
		char c = r->p[from + (size_t)i], low = (char)(c | 32);
		int d = c >= '0' && c <= '9'	   ? c - '0'
			: low >= 'a' && low <= 'f' ? low - 'a' + 10
						   : base;

		if (d >= base)
			return -1;
		v = v * base + d;
	}
	return v;
}

/* \uXXXX, or two of them that make a pair. How many bytes it takes; 0: it is none. */
static size_t put_unit(const reader *r)
{
	int high = digits(r, 2, 4, 16), low;

	if (high < 0)
		return 0;
	low = high >= 0xd800 && high < 0xdc00 && r->end - r->p >= 12 && r->p[6] == '\\' &&
		      r->p[7] == 'u'
		  ? digits(r, 8, 4, 16)
		  : -1;
	if (low >= 0xdc00 && low < 0xe000) {
		wr_buf_printf(r->out, "\\x{%x}",
			      0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
		return 12;
	}
	wr_buf_printf(r->out, "\\x{%x}", high);
	return 6;
}

/* \0n, \0nn, \0mnn */
static size_t put_octal(const reader *r)
{
	for (int n = 3; n > 0; n--) {
		int v = digits(r, 2, n, 8);

		if (v < 0 || v > 0377)
			continue;
		wr_buf_printf(r->out, "\\x{%x}", v);
		return 2 + (size_t)n;
	}
	return 0;
}

typedef struct class_name {
	const char *java, *pcre;
} class_name;

/* The names that mean ASCII, in POSIX. */
static const char *posix_of(wr_str name)
{
	static const class_name names[] = {
		{ "Lower", "lower" }, { "Upper", "upper" }, { "ASCII", "ascii" },
		{ "Alpha", "alpha" }, { "Digit", "digit" }, { "Alnum", "alnum" },
		{ "Punct", "punct" }, { "Graph", "graph" }, { "Print", "print" },
		{ "Blank", "blank" }, { "Cntrl", "cntrl" }, { "XDigit", "xdigit" },
		{ "Space", "space" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (wr_str_is(name, names[i].java))
			return names[i].pcre;
	return NULL;
}

/* Names of properties that PCRE2 calls otherwise; the name itself where it does not. */
static wr_str property_of(wr_str name)
{
	static const class_name names[] = {
		{ "javaLowerCase", "Ll" },
		{ "javaUpperCase", "Lu" },
		{ "javaTitleCase", "Lt" },
		{ "javaLetter", "L" },
		{ "javaDigit", "Nd" },
		{ "javaAlphabetic", "L" },
		{ "javaLetterOrDigit", "Xan" },
		{ "javaWhitespace", "Xps" },
		{ "IsAlphabetic", "L" },
		{ "IsLetter", "L" },
		{ "IsLowercase", "Ll" },
		{ "IsUppercase", "Lu" },
		{ "IsTitlecase", "Lt" },
		{ "IsPunctuation", "P" },
		{ "IsDigit", "Nd" },
		{ "IsWhite_Space", "Xps" },
		{ "IsControl", "Cc" },
	};
	static const char *const prefixes[] = { "general_category=", "gc=", "script=", "sc=",
						"Is" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (wr_str_is(name, names[i].java))
			return wr_str_of(names[i].pcre);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		wr_str prefix = wr_str_of(prefixes[i]);

		if (name.n > prefix.n && memcmp(name.p, prefix.p, prefix.n) == 0)
			return (wr_str){ name.p + prefix.n, name.n - prefix.n };
	}
	return name;
}

/* \p{Name} and \P{Name} */
static size_t put_property(const reader *r, bool in_set)
{
	const char *close =
	    r->end - r->p > 3 && r->p[2] == '{' ? memchr(r->p, '}', (size_t)(r->end - r->p)) : NULL;
	bool not = r->p[1] == 'P';
	wr_str name;
	const char *posix;

	if (!close)
		return 0;
	name = (wr_str){ r->p + 3, (uint32_t)(close - r->p - 3) };
	posix = posix_of(name);
	if (posix) {
		wr_buf_printf(r->out, "%s[:%s%s:]%s", in_set ? "" : "[", not ? "^" : "", posix,
			      in_set ? "" : "]");
	} else {
		name = property_of(name);
		wr_buf_printf(r->out, "\\%c{%.*s}", not ? 'P' : 'p', WR_STR_ARG(name));
	}
	return (size_t)(close - r->p) + 1;
}

/* What begins with a backslash. */
static void put_escape(reader *r, bool in_set)
{
	size_t n = 0;

	if (r->end - r->p > 1) {
		char c = r->p[1];

		n = c == 'u'		   ? put_unit(r)
		    : c == '0'		   ? put_octal(r)
		    : c == 'p' || c == 'P' ? put_property(r, in_set)
					   : 0;
	}
	if (!n) {
		n = r->end - r->p > 1 ? 2 : 1;
		wr_buf_put(r->out, r->p, n);
	}
	r->p += n;
}

/* \Q…\E as it stands. false: it does not begin here. */
static bool put_quoted(reader *r)
{
	const char *close;
	size_t left = (size_t)(r->end - r->p);

	if (left < 2 || r->p[0] != '\\' || r->p[1] != 'Q')
		return false;
	close = memmem(r->p, left, "\\E", 2);
	left = close ? (size_t)(close + 2 - r->p) : left;
	wr_buf_put(r->out, r->p, left);
	r->p += left;
	return true;
}

/* ---------------------------------------------------------------- sets */

static bool at(const reader *r, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(r->end - r->p) >= n && memcmp(r->p, what, n) == 0;
}

/* Whether the set that begins at p holds another one, or &&. */
static bool is_nested(const reader *r)
{
	const char *p = r->p + 1;

	if (p < r->end && *p == '^')
		p++;
	if (p < r->end && *p == ']')
		p++;
	for (; p < r->end && *p != ']'; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '[' || (*p == '&' && p + 1 < r->end && p[1] == '&'))
			return true;
	}
	return false;
}

/* A set without others in it: as it is, but for escapes. */
static void put_plain_set(reader *r)
{
	bool first = true;

	wr_buf_putc(r->out, *r->p++);
	if (r->p < r->end && *r->p == '^')
		wr_buf_putc(r->out, *r->p++);
	for (; r->p < r->end && (first || *r->p != ']'); first = false) {
		if (put_quoted(r))
			continue;
		if (*r->p == '\\')
			put_escape(r, true);
		else
			wr_buf_putc(r->out, *r->p++);
	}
	if (r->p < r->end)
		wr_buf_putc(r->out, *r->p++);
}

static void put_set(reader *r);

/* The members up to && or the end: plain ones in one set, sets in it beside that. */
static void put_union(reader *r)
{
	wr_buf plain = { 0 };
	wr_buf *out = r->out;
	bool any = false;

	wr_buf_puts(out, "(?:");
	while (r->p < r->end && *r->p != ']' && !at(r, "&&")) {
		if (*r->p == '[') {
			if (any)
				wr_buf_putc(out, '|');
			any = true;
			put_set(r);
			continue;
		}
		r->out = &plain;
		if (*r->p == '\\')
			put_escape(r, true);
		else
			wr_buf_putc(&plain, *r->p++);
		r->out = out;
	}
	if (plain.n) {
		/* [: would begin one of POSIX's classes. */
		wr_buf_printf(out, "%s[%s", any ? "|" : "", strchr(":.=^", plain.p[0]) ? "\\" : "");
		wr_buf_str(out, wr_buf_view(&plain));
		wr_buf_putc(out, ']');
	}
	wr_buf_putc(out, ')');
	wr_buf_free(&plain);
}

/* From [ to ]: an expression for one character. */
static void put_set(reader *r)
{
	wr_buf *out = r->out, all = { 0 }, last = { 0 };
	bool not ;

	r->p++;
	not = r->p < r->end && *r->p == '^';
	r->p += not ;
	r->out = &last;
	put_union(r);
	while (at(r, "&&")) {
		r->p += 2;
		wr_buf_printf(&all, "(?=%s)", wr_buf_z(&last));
		wr_buf_reset(&last);
		put_union(r);
	}
	if (r->p < r->end)
		r->p++;
	r->out = out;
	wr_buf_puts(out, not ? "(?:(?!" : "(?:");
	wr_buf_str(out, wr_buf_view(&all));
	wr_buf_str(out, wr_buf_view(&last));
	wr_buf_puts(out, not ? ")(?s:.))" : ")");
	wr_buf_free(&all);
	wr_buf_free(&last);
}

void wr_regexp_translate(wr_str pattern, wr_buf *out)
{
	reader r = { pattern.p, pattern.p + pattern.n, out };

	if (at(&r, "(?U)")) {
		wr_buf_puts(out, "(*UCP)");
		r.p += 4;
	}
	while (r.p < r.end) {
		if (put_quoted(&r))
			continue;
		if (*r.p == '\\')
			put_escape(&r, false);
		else if (*r.p == '[' && is_nested(&r))
			put_set(&r);
		else if (*r.p == '[')
			put_plain_set(&r);
		else
			wr_buf_putc(out, *r.p++);
	}
}

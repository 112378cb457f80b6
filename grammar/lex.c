#include "grammar/lex.h"

#include "grammar/keywords.h"
#include "grammar/parse.gen.h"

static const struct keyword {
	const char *word;
	int kind;
	bool reserved;
} keywords[];
static const uint32_t nkeywords;

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool wr_lex_is_name(wr_str s)
{
	bool more = false;

	if (s.n == 0 || !(is_letter(s.p[0]) || is_digit(s.p[0])))
		return false;
	for (uint32_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i])) {
			if (!is_letter(s.p[i]) && s.p[i] != '@')
				return false;
			more = true;
		}
	}
	return more;
}

static wr_str upper(wr_arena *a, wr_str s)
{
	wr_str u = wr_arena_str(a, s);
	char *p = (char *)u.p;

	for (uint32_t i = 0; i < u.n; i++)
		if (p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)(p[i] - 'a' + 'A');
	return u;
}

int wr_keyword(wr_str word, bool *reserved)
{
	uint32_t low = 0, high = nkeywords;

	while (low < high) {
		uint32_t mid = (low + high) / 2;
		int order = wr_str_cmp(word, wr_str_of(keywords[mid].word));

		if (order == 0) {
			*reserved = keywords[mid].reserved;
			return keywords[mid].kind;
		}
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	*reserved = false;
	return 0;
}

static wr_str matched(const wr_scan *s)
{
	return (wr_str){ s->text.p + s->begin, s->at - s->begin };
}

static wr_span span_of(const wr_scan *s)
{
	return (wr_span){ s->begin, s->at - s->begin };
}

int wr_scan_word(wr_scan *s)
{
	wr_token *t = s->token;
	bool reserved;
	int kind;

	t->ident.text = wr_arena_str(s->arena, matched(s));
	t->ident.name = upper(s->arena, t->ident.text);
	t->ident.span = span_of(s);
	kind = wr_keyword(t->ident.name, &reserved);
	return kind ? kind : WR_T_NAME;
}

/* The inside of a quoted text, doubled quotes made single. */
static wr_str unquote(const wr_scan *s)
{
	wr_str m = matched(s);
	char quote = m.p[0];
	char *to = wr_arena_alloc(s->arena, m.n);
	uint32_t n = 0;

	for (uint32_t i = 1; i + 1 < m.n; i++) {
		to[n++] = m.p[i];
		if (m.p[i] == quote)
			i++;
	}
	return (wr_str){ to, n };
}

int wr_scan_quoted(wr_scan *s)
{
	wr_token *t = s->token;
	wr_str name = unquote(s);

	if (name.n == 0)
		return wr_scan_refuse(s, "a name is empty", "write it between the quotes");
	t->ident = (wr_ident){ .name = name, .text = name, .span = span_of(s), .quoted = true };
	return WR_T_NAME;
}

int wr_scan_string(wr_scan *s)
{
	s->token->text = unquote(s);
	s->token->ident = (wr_ident){
		.name = s->token->text, .text = s->token->text, .span = span_of(s), .quoted = true
	};
	return WR_T_TEXT;
}

int wr_scan_number(wr_scan *s, int kind)
{
	s->token->text = wr_arena_str(s->arena, matched(s));
	return kind;
}

/* Bytes of the UTF-8 character at p: at least 1, at most n. */
static uint32_t character(const char *p, uint32_t n)
{
	uint32_t i = 1;

	while (i < n && ((unsigned char)p[i] & 0xC0) == 0x80)
		i++;
	return i;
}

int wr_scan_bad(wr_scan *s)
{
	wr_str rest = { s->text.p + s->begin, s->text.n - s->begin };
	unsigned char c = (unsigned char)rest.p[0];

	rest.n = character(rest.p, rest.n);
	if (c < ' ' || c == 0x7F)
		wr_err_set(s->err, WR_ERR_SYNTAX, span_of(s),
			   "syntax error at the control character 0x%02X", c);
	else
		wr_err_set(s->err, WR_ERR_SYNTAX, (wr_span){ s->begin, rest.n },
			   "syntax error at %.*s", WR_STR_ARG(rest));
	if (c >= 0x80)
		wr_err_hint(s->err,
			    "names with letters other than A to Z stand in quotes: `Straße`");
	else if (c == '!')
		wr_err_hint(s->err, "expected != or NOT");
	else if (c == '&')
		wr_err_hint(s->err, "both of two conditions: a AND b");
	else if (c == ':')
		wr_err_hint(s->err, "a type is changed with CAST(x AS type)");
	else
		wr_err_hint(s->err, "this character has no meaning here");
	return -1;
}

int wr_scan_refuse(wr_scan *s, const char *message, const char *hint)
{
	if (message) {
		/* an open quote runs to the end of the text: mark where it was opened */
		wr_span span = { s->begin, s->at == s->text.n && s->at - s->begin > 1
					       ? 1
					       : s->at - s->begin };

		wr_err_set(s->err, WR_ERR_SYNTAX, span, "%s", message);
		wr_err_hint(s->err, "%s", hint);
	} else {
		wr_str m = matched(s);

		wr_err_set(s->err, WR_ERR_SYNTAX, span_of(s), "the variable %.*s has no value here",
			   WR_STR_ARG(m));
		wr_err_hint(s->err, "set it with DEFINE, or turn variable substitution on");
	}
	return -1;
}

static const struct keyword keywords[] = {
#define RESERVED       true
#define FREE	       false
#define X(name, class) { #name, WR_T_##name, class },
	WR_KEYWORDS(X)
#undef X
};
static const uint32_t nkeywords = sizeof(keywords) / sizeof(*keywords);

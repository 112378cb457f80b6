/*
 * The words of a syntax error.
 *
 * Bison tells which symbols could have followed (with LAC, exactly those). Of a hundred, people need few:
 *   1. a word that is nearly one of the expected ones is a misspelt one: `SELECT * FORM t`, expected FROM. When a name was
 *      taken one token too early, as in `SELECT a FORM t`, the one before the error is looked at too.
 *   2. a reserved word where a name could stand needs quotes;
 *   3. else the expected ones are listed: all that may begin an expression as "an expression", all words that may be
 *      names as "a name", then keywords, at most six; more of them would help nobody.
 */
#include "grammar/keywords.h"
#include "grammar/parse.gen.h"
#include "grammar/parse_cx.h"

#include <stdio.h>
#include <stdlib.h>

enum { LISTED_MAX = 6, WORD_MAX = 24 };

/* Steps (insert, drop, change, swap of neighbours) from a to b; both at most WORD_MAX long. */
static unsigned distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	unsigned n = (unsigned)strlen(a), m = (unsigned)strlen(b);

	for (unsigned i = 0; i <= n; i++) {
		for (unsigned j = 0; j <= m; j++) {
			unsigned best, change;

			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			best = d[i - 1][j] < d[i][j - 1] ? d[i - 1][j] + 1 : d[i][j - 1] + 1;
			if (change < best)
				best = change;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[n][m];
}

/* The nearest candidate: one step away for short words, two for longer ones. */
static const char *nearest(const char *word, const char *const *candidates, size_t n)
{
	size_t length = strlen(word);
	unsigned best = length > 5 ? 3 : 2;
	const char *found = NULL;

	for (size_t i = 0; length <= WORD_MAX && i < n; i++) {
		unsigned d = distance(word, candidates[i]);

		if (d < best) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}

static bool expects(const wr_parse_cx *cx, const char *symbol)
{
	for (uint32_t i = 0; i < cx->nexpected; i++)
		if (strcmp(wr_yy_symbol(cx->expected[i]), symbol) == 0)
			return true;
	return false;
}

/* What a person calls a symbol: its first word for those that lookahead.c makes; ';' without quotes. */
static wr_str symbol_word(const char *symbol)
{
	static const char *const first_word[] = { "EMIT CHANGES", "PARTITION BY", "ORDER BY", "OFFSET n",
	                                          "ESCAPE 'c'",   "WITH name AS", "EXPLAIN id",
	                                          "COLUMN name",  "IF [NOT] EXISTS" };
	wr_str s = wr_str_of(symbol);

	for (size_t i = 0; i < sizeof(first_word) / sizeof(*first_word); i++)
		if (strcmp(symbol, first_word[i]) == 0)
			s.n = (uint32_t)strcspn(symbol, " ");
	if (s.n == 3 && s.p[0] == '\'')
		s = (wr_str){ s.p + 1, 1 };
	return s;
}

static bool is_keyword(wr_str s, bool *reserved)
{
	return wr_keyword(s, reserved) != 0;
}

/* The expected keyword that the word nearly is, or NULL. */
static const char *misspelt(wr_parse_cx *cx, const wr_token *t)
{
	const char *candidates[WR_EXPECTED_MAX];
	const char *word, *found;
	bool reserved;
	size_t n = 0;

	if (!t->ident.name.p || t->ident.quoted || t->ident.name.n < 3)
		return NULL;
	for (uint32_t i = 0; i < cx->nexpected; i++) {
		wr_str s = symbol_word(wr_yy_symbol(cx->expected[i]));

		/* words that are free here stand for any name: nobody misspelt them */
		if (is_keyword(s, &reserved) && (reserved || !expects(cx, "a name")))
			candidates[n++] = wr_arena_str(cx->build.arena, s).p;
	}
	word = wr_arena_str(cx->build.arena, t->ident.name).p;
	found = nearest(word, candidates, n);
	return found && strcmp(found, word) != 0 ? found : NULL;
}

/* Collects the words of the hint. */
typedef struct listing {
	wr_str items[LISTED_MAX + 1];
	uint32_t n;
	bool more;
} listing;

static void list_add(listing *l, wr_str s)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (wr_str_eq(l->items[i], s))
			return;
	if (l->n < LISTED_MAX)
		l->items[l->n++] = s;
	else
		l->more = true;
}

/* May begin an expression and says nothing more than that. */
static bool begins_expression(const char *symbol)
{
	static const char *const symbols[] = {
		"a string", "a whole number", "a decimal number", "a floating-point number", "MAP(", "STRUCT(",
		"ARRAY[",   "(names) =>",     "CASE",             "CAST",                    "NULL", "TRUE",
		"FALSE",    "NOT",            "'('",              "'-'",                     "'+'",  "MILLISECONDS",
		"SECONDS",  "MINUTES",        "HOURS",            "DAYS",                    "MONTHS",
		"YEARS",    "MILLISECOND",    "DISTINCT",         "SELECT",                  "WITH name AS",
	};

	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++)
		if (strcmp(symbol, symbols[i]) == 0)
			return true;
	return false;
}

/* May go on with an expression that could also end here. */
static bool continues_expression(const char *symbol)
{
	static const char *const symbols[] = {
		"'['", "->", "'+'", "'-'", "'*'", "'/'", "'%'", "||", "'='", "<>",   "'<'", "<=",      "'>'",
		">=",  "AT", "NOT", "IN",  "IS",  "LIKE", "BETWEEN", "AND", "OR", "'.'", "'('", "ESCAPE 'c'",
	};

	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++)
		if (strcmp(symbol, symbols[i]) == 0)
			return true;
	return false;
}

static void collect(const wr_parse_cx *cx, listing *l)
{
	bool name = expects(cx, "a name"), expression = expects(cx, "CAST");
	bool tail = expects(cx, "->") || expects(cx, "LIKE"), reserved;

	if (expression)
		list_add(l, WR_STR_LIT("an expression"));
	else if (name)
		list_add(l, WR_STR_LIT("a name"));
	for (uint32_t i = 0; i < cx->nexpected; i++) {
		const char *symbol = wr_yy_symbol(cx->expected[i]);
		wr_str word = symbol_word(symbol);
		bool free_word = is_keyword(word, &reserved) && !reserved && !strchr(symbol, ' ');

		if (strcmp(symbol, "a name") == 0 || (name && free_word) ||
		    (expression && begins_expression(symbol)) ||
		    (!expression && tail && continues_expression(symbol)))
			continue;
		list_add(l, word);
	}
}

static void hint_expected(wr_parse_cx *cx)
{
	listing l = { .n = 0 };
	char text[400];
	size_t at = 0;

	collect(cx, &l);
	if (l.n == 0 || l.more)
		return;
	for (uint32_t i = 0; i < l.n && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.*s",
		                       i == 0 ? "" : i + 1 == l.n ? " or " : ", ", WR_STR_ARG(l.items[i]));
	wr_err_hint(cx->build.err, "expected %s", text);
}

/* The token as the text has it, cut when it is long. */
static void say_where(wr_parse_cx *cx, wr_span span)
{
	wr_err *err = cx->build.err;
	wr_str text = { cx->text.p + span.at, span.length };
	uint32_t n = text.n;

	if (n > 40)
		for (n = 40; n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80; n--)
			;
	wr_err_set(err, WR_ERR_SYNTAX, span, "syntax error at %.*s%s", (int)n, text.p, n < text.n ? "…" : "");
}

static void say_end(wr_parse_cx *cx, const wr_token *t)
{
	wr_err *err = cx->build.err;

	if (t->kind == ';') {
		wr_err_set(err, WR_ERR_SYNTAX, t->span, "the statement ends too early");
	} else if (expects(cx, "';'")) {
		wr_err_set(err, WR_ERR_SYNTAX, t->span, "the statement does not end");
		wr_err_hint(err, "end it with ;");
	} else {
		wr_err_set(err, WR_ERR_SYNTAX, t->span, "the text ends too early");
	}
}

static void hint_reserved(wr_parse_cx *cx, const wr_token *t)
{
	bool reserved = false;

	if (t->ident.name.p && !t->ident.quoted && is_keyword(t->ident.name, &reserved) && reserved &&
	    expects(cx, "a name") && !expects(cx, "FROM"))
		wr_err_hint(cx->build.err, "%.*s is a reserved word; as a name it is written `%.*s`",
		            WR_STR_ARG(t->ident.name), WR_STR_ARG(t->ident.name));
}

void wr_parse_syntax_error(wr_parse_cx *cx, wr_span span)
{
	uint32_t at = cx->next;
	const wr_token *items = cx->tokens->items, *t;
	const char *near;

	if (cx->build.failed)
		return;
	while (at > 0 && (items[at].span.at != span.at || items[at].span.length != span.length))
		at--;
	t = &items[at];
	cx->build.failed = true;
	near = misspelt(cx, t);
	if (!near && at > 0 && items[at - 1].kind == WR_T_NAME && (near = misspelt(cx, t - 1)))
		t--;
	if (near) {
		say_where(cx, t->span);
		wr_err_hint(cx->build.err, "expected %s", near);
		return;
	}
	if (t->kind == 0 || t->kind == ';')
		say_end(cx, t);
	else
		say_where(cx, span);
	hint_reserved(cx, t);
	hint_expected(cx);
}

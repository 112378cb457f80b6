/*
 * The words of a syntax error.
 *
 * Bison tells which symbols could have followed (with LAC, exactly those). Of a hundred, people
 * need few:
 *   1. a word that is nearly one of the expected ones is a misspelt one: `SELECT * FORM t`, expected FROM. When a name was
 *      taken one token too early, as in `SELECT a FORM t`, the one before the error is looked at too.
 *   2. a reserved word where a name could stand needs quotes;
 *   3. else the expected ones are listed: all that may begin an expression as "an expression", all words that may be
 *      names as "a name", then keywords, at most six; more of them would help nobody.
 */
#include "grammar/keywords.h"
#include "grammar/parse.gen.h"
#include "grammar/parse_cx.h"

#include "core/near.h"

#include <stdio.h>

enum { LISTED_MAX = 6 };

static bool expects(const wr_parse_cx *cx, const char *symbol)
{
	for (uint32_t i = 0; i < cx->nexpected; i++)
		if (strcmp(wr_yy_symbol(cx->expected[i]), symbol) == 0)
			return true;
	return false;
}

/*
 * What a person calls a symbol: its first word for those that lookahead.c makes; ';' without
 * quotes.
 */
static wr_str symbol_word(const char *symbol)
{
	static const char *const first_word[] = {
		"EMIT CHANGES", "PARTITION BY", "ORDER BY",    "OFFSET n",	 "ESCAPE 'c'",
		"WITH name AS", "EXPLAIN id",	"COLUMN name", "IF [NOT] EXISTS"
	};
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

/*
 * The expected keyword that the word nearly is; p == NULL when there is none. Words that are FREE
 * are offered where free is true.
 */
static wr_str misspelt(const wr_parse_cx *cx, const wr_token *t, bool free)
{
	wr_near near = wr_near_begin(t->ident.name);
	bool reserved;

	if (!t->ident.name.p || t->ident.quoted || t->ident.name.n < 3)
		return (wr_str){ 0 };
	for (uint32_t i = 0; i < cx->nexpected; i++) {
		wr_str s = symbol_word(wr_yy_symbol(cx->expected[i]));

		/* words that are free here stand for any name: nobody misspelt them */
		if (is_keyword(s, &reserved) && (reserved || (free && !expects(cx, "a name"))) &&
		    !wr_str_eq(s, t->ident.name))
			wr_near_offer(&near, s);
	}
	return wr_near_best(&near);
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
		"a string",
		"a whole number",
		"a decimal number",
		"a floating-point number",
		"MAP(",
		"STRUCT(",
		"ARRAY[",
		"(names) =>",
		"CASE",
		"CAST",
		"EXISTS",
		"NULL",
		"TRUE",
		"FALSE",
		"NOT",
		"'('",
		"'-'",
		"'+'",
		"MILLISECONDS",
		"SECONDS",
		"MINUTES",
		"HOURS",
		"DAYS",
		"MONTHS",
		"YEARS",
		"MILLISECOND",
		"DISTINCT",
		"SELECT",
		"WITH name AS",
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
		"'['",	"->",	   "'+'", "'-'", "'*'", "'/'", "'%'",	     "||", "'='",
		"<>",	"'<'",	   "<=",  "'>'", ">=",	"AT",  "NOT",	     "IN", "IS",
		"LIKE", "BETWEEN", "AND", "OR",	 "'.'", "'('", "ESCAPE 'c'",
	};

	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++)
		if (strcmp(symbol, symbols[i]) == 0)
			return true;
	return false;
}

static void collect(const wr_parse_cx *cx, listing *l)
{
	bool name = expects(cx, "a name"), expression = expects(cx, "CAST"), reserved;
	bool literal = !name && expects(cx, "a string") && expects(cx, "NULL");
	bool tail = expects(cx, "->") || expects(cx, "LIKE");
	bool alias = name && expects(cx, "AS");

	if (expression)
		list_add(l, WR_STR_LIT("an expression"));
	else if (literal)
		list_add(l, WR_STR_LIT("a literal"));
	else if (name && !alias)
		list_add(l, WR_STR_LIT("a name"));
	for (uint32_t i = 0; i < cx->nexpected; i++) {
		const char *symbol = wr_yy_symbol(cx->expected[i]);
		wr_str word = symbol_word(symbol);
		bool free_word = is_keyword(word, &reserved) && !reserved && !strchr(symbol, ' ');

		if (strcmp(symbol, "a name") == 0 || (name && free_word) ||
		    (alias && wr_str_is(word, "AS")) || strcmp(symbol, "IF [NOT] EXISTS") == 0 ||
		    ((expression || literal) && begins_expression(symbol)) ||
		    (!expression && tail && continues_expression(symbol)))
			continue;
		list_add(l, word);
	}
}

/* Of too many, what closes or goes on with a list. */
static void keep_closing(const wr_parse_cx *cx, listing *l)
{
	l->n = 0;
	if (expects(cx, "','"))
		list_add(l, WR_STR_LIT(","));
	if (expects(cx, "')'"))
		list_add(l, WR_STR_LIT(")"));
}

static void hint_expected(wr_parse_cx *cx)
{
	listing l = { .n = 0 };
	char text[400];
	size_t at = 0;

	collect(cx, &l);
	if (l.more)
		keep_closing(cx, &l);
	if (l.n == 0)
		return;
	for (uint32_t i = 0; i < l.n && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.*s",
				       i == 0	      ? ""
				       : i + 1 == l.n ? " or "
						      : ", ",
				       WR_STR_ARG(l.items[i]));
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
	wr_err_set(err, WR_ERR_SYNTAX, span, "syntax error at %.*s%s", (int)n, text.p,
		   n < text.n ? "…" : "");
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

/* Words that go on with a statement: where one stands in a name's place, the name was forgotten. */
static bool goes_on(int kind)
{
	switch (kind) {
	case WR_T_FROM:
	case WR_T_WHERE:
	case WR_T_WINDOW:
	case WR_T_GROUP:
	case WR_T_HAVING:
	case WR_T_LIMIT:
	case WR_T_JOIN:
	case WR_T_ON:
	case WR_T_AS:
	case WR_T_AND:
	case WR_T_OR:
	case WR_T_IN:
	case WR_T_IS:
	case WR_T_LIKE:
	case WR_T_BETWEEN:
	case WR_T_BY:
	case WR_T_SELECT:
	case WR_T_VALUES:
	case WR_T_WITH:
	case WR_T_WHEN:
	case WR_T_THEN:
	case WR_T_ELSE:
	case WR_T_END: return true;
	default: return false;
	}
}

static void hint_reserved(wr_parse_cx *cx, const wr_token *t)
{
	bool reserved = false;

	if (t->ident.name.p && !t->ident.quoted && is_keyword(t->ident.name, &reserved) &&
	    reserved && expects(cx, "a name") && !expects(cx, "AS") && !goes_on(t->kind))
		wr_err_hint(cx->build.err,
			    "%.*s is a reserved word; as a name it is written `%.*s`",
			    WR_STR_ARG(t->ident.name), WR_STR_ARG(t->ident.name));
}

static bool is_comparison(int kind)
{
	return kind == '=' || kind == '<' || kind == '>' || kind == WR_T_NE || kind == WR_T_LE ||
	       kind == WR_T_GE || kind == WR_T_LIKE || kind == WR_T_IN || kind == WR_T_BETWEEN ||
	       kind == WR_T_IS;
}

/* Reserved words that begin a statement. */
static bool begins_statement(int kind)
{
	return kind == WR_T_CREATE || kind == WR_T_SELECT || kind == WR_T_INSERT ||
	       kind == WR_T_DROP || kind == WR_T_DESCRIBE || kind == WR_T_PRINT ||
	       kind == WR_T_LIST || kind == WR_T_UNSET || kind == WR_T_TERMINATE;
}

/* Mistakes that have a cause of their own. */
static void hint_cause(wr_parse_cx *cx, const wr_token *t, uint32_t at)
{
	wr_err *err = cx->build.err;
	int before = at > 0 ? t[-1].kind : 0;

	if (at == 0)
		wr_err_hint(
		    err,
		    "a statement begins with CREATE, INSERT, SELECT, DROP, SHOW, DESCRIBE, SET …");
	else if (before == WR_T_ORDER || before == WR_T_PARTITION)
		wr_err_hint(err, "expected BY");
	else if (before == WR_T_NAME && !t[-1].ident.quoted && wr_str_is(t[-1].ident.name, "UNION"))
		wr_err_hint(
		    err, "there is no UNION: let two INSERT INTO statements write to one stream");
	else if (t->kind == '=' && before == '=')
		wr_err_hint(err, "equal is written with one =");
	else if (t->kind == WR_T_WHERE && expects(cx, "HAVING"))
		wr_err_hint(err, "WHERE stands before GROUP BY; HAVING behind it looks at groups");
	else if (t->kind == WR_T_WINDOW && expects(cx, "HAVING"))
		wr_err_hint(err, "WINDOW stands behind FROM, before WHERE and GROUP BY");
	else if (begins_statement(t->kind) && expects(cx, "';'"))
		wr_err_hint(err, "end the statement before it with ;");
	else if (is_comparison(t->kind) && expects(cx, "AND"))
		wr_err_hint(err,
			    "comparisons do not chain: write a = b AND b = c, or use parentheses");
	else if (t->kind == WR_T_NAME && expects(cx, "a string") && !expects(cx, "a name"))
		wr_err_hint(err, "a value that is text has quotes: '%.*s'",
			    WR_STR_ARG(t->ident.text));
	else
		hint_reserved(cx, t);
}

void wr_parse_syntax_error(wr_parse_cx *cx, wr_span span)
{
	uint32_t at = cx->next;
	const wr_token *items = cx->tokens->items, *t;
	wr_str near;

	if (cx->build.failed)
		return;
	while (at > 0 && (items[at].span.at != span.at || items[at].span.length != span.length))
		at--;
	t = &items[at];
	cx->build.failed = true;
	near = misspelt(cx, t, true);
	if (!near.p && at > 0 && items[at - 1].kind == WR_T_NAME) {
		near = misspelt(cx, t - 1, t->kind != WR_T_NAME);
		t -= near.p != NULL;
	}
	if (near.p) {
		say_where(cx, t->span);
		wr_err_hint(cx->build.err, "expected %.*s", WR_STR_ARG(near));
		return;
	}
	if (t->kind == 0 || t->kind == ';')
		say_end(cx, t);
	else
		say_where(cx, span);
	hint_cause(cx, t, at);
	hint_expected(cx);
}

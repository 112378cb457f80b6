/*
 * Variables: ${name} to their values, before a statement is parsed.
 *
 * In code, where a whole token stands, a value must itself be one token: a name, a literal, or a
 * signed number. It cannot be a reserved word and cannot hold a second token, so a value never
 * changes what kind of statement it stands in. Inside quotes the value is text, its quotes doubled.
 * There a name that nobody defined stays as it is: sinks have ${column} in their URLs. $${name} is
 * the way to write ${name} itself. Comments are copied as they are.
 */
#include "grammar/lex.h"
#include "grammar/parse.gen.h"
#include "parser/parse.h"

typedef struct subst {
	wr_str text;
	wr_buf out;
	uint32_t at;
	char quote; /* the open one, or 0 */
	wr_lookup *lookup;
	void *ctx;
	wr_arena *arena;
	wr_err *err;
} subst;

/* One token that may stand for a name or a literal. */
static bool is_value(subst *s, wr_str value)
{
	wr_err ignored = WR_ERR_INIT;
	wr_tokens t;
	uint32_t i = 0;
	bool reserved;

	if (memchr(value.p, '-', value.n) == value.p && value.n > 1 && value.p[1] == '-')
		return false;
	if (wr_lex(s->arena, value, 0, &t, &ignored) != WR_OK || t.n == 0)
		return false;
	if (t.n == 2 && (t.items[0].kind == '-' || t.items[0].kind == '+'))
		i = 1;
	if (t.n != i + 1 || t.end != value.n || t.items[0].span.at != 0)
		return false;
	switch (t.items[i].kind) {
	case WR_T_INTEGER_NUMBER:
	case WR_T_DECIMAL_NUMBER:
	case WR_T_DOUBLE_NUMBER: return true;
	case WR_T_TEXT:
	case WR_T_NAME:
	case WR_T_TRUE:
	case WR_T_FALSE:
	case WR_T_NULL: return i == 0;
	default:
		return i == 0 && t.items[0].ident.name.p &&
		       wr_keyword(t.items[0].ident.name, &reserved) && !reserved;
	}
}

static void put_quoted(subst *s, wr_str value)
{
	for (uint32_t i = 0; i < value.n; i++) {
		wr_buf_putc(&s->out, value.p[i]);
		if (value.p[i] == s->quote)
			wr_buf_putc(&s->out, s->quote);
	}
}

/*
 * A value must stay the token it is: two minuses would begin a comment, two quotes would join two
 * strings.
 */
static void put_code(subst *s, wr_str value)
{
	char first = value.p[0], last = value.p[value.n - 1];

	if (s->out.n && s->out.p[s->out.n - 1] == first && strchr("-'\"`", first))
		wr_buf_putc(&s->out, ' ');
	wr_buf_str(&s->out, value);
	if (s->at < s->text.n && s->text.p[s->at] == last && strchr("'\"`", last))
		wr_buf_putc(&s->out, ' ');
}

/* The name in ${name} at i; p == NULL when there is none. */
static wr_str variable_at(wr_str text, uint32_t i)
{
	wr_str name = { text.p + i + 2, 0 };

	if (i + 2 >= text.n || text.p[i] != '$' || text.p[i + 1] != '{')
		return (wr_str){ 0 };
	while (i + 2 + name.n < text.n && text.p[i + 2 + name.n] != '}')
		name.n++;
	if (i + 2 + name.n == text.n || !wr_lex_is_name(name))
		return (wr_str){ 0 };
	return name;
}

static wr_status replace(subst *s, wr_str name)
{
	wr_span span = { s->at, name.n + 3 };
	wr_str value = s->lookup(s->ctx, name);

	s->at += span.length;
	if (!value.p && s->quote) {
		wr_buf_put(&s->out, s->text.p + span.at, span.length);
		return WR_OK;
	}
	if (!value.p) {
		wr_err_set(s->err, WR_ERR_STATEMENT, span, "the variable %.*s is not defined",
			   WR_STR_ARG(name));
		return wr_err_hint(s->err, "DEFINE %.*s = '…';", WR_STR_ARG(name));
	}
	if (s->quote) {
		put_quoted(s, value);
		return WR_OK;
	}
	if (!is_value(s, value)) {
		wr_err_set(s->err, WR_ERR_STATEMENT, span,
			   "the value of the variable %.*s is neither one name nor one literal",
			   WR_STR_ARG(name));
		return wr_err_hint(s->err,
				   "a string has quotes of its own: DEFINE %.*s = '''text''';",
				   WR_STR_ARG(name));
	}
	put_code(s, value);
	return WR_OK;
}

/* Behind the comment that begins at i; i when none does. */
static uint32_t comment_end(wr_str text, uint32_t i)
{
	if (i + 1 >= text.n)
		return i;
	if (text.p[i] == '-' && text.p[i + 1] == '-') {
		while (i < text.n && text.p[i] != '\n')
			i++;
	} else if (text.p[i] == '/' && text.p[i + 1] == '*') {
		for (i += 2; i < text.n; i++)
			if (text.p[i - 1] == '*' && text.p[i] == '/' && i > 2)
				return i + 1;
	}
	return i;
}

static wr_status step(subst *s)
{
	char c = s->text.p[s->at];
	uint32_t end = s->quote ? s->at : comment_end(s->text, s->at);
	wr_str name;

	if (end > s->at) {
		wr_buf_put(&s->out, s->text.p + s->at, end - s->at);
		s->at = end;
		return WR_OK;
	}
	if (c == '$' && s->at + 1 < s->text.n && s->text.p[s->at + 1] == '$' &&
	    variable_at(s->text, s->at + 1).p) {
		name = variable_at(s->text, s->at + 1);
		wr_buf_put(&s->out, s->text.p + s->at + 1, name.n + 3);
		s->at += name.n + 4;
		return WR_OK;
	}
	name = variable_at(s->text, s->at);
	if (name.p)
		return replace(s, name);
	if (s->quote ? c == s->quote : c == '\'' || c == '"' || c == '`')
		s->quote = s->quote ? 0 : c; /* a doubled quote closes and opens: the same */
	wr_buf_putc(&s->out, c);
	s->at++;
	return WR_OK;
}

wr_status wr_substitute(wr_arena *a, wr_str text, wr_lookup *lookup, void *ctx, wr_str *out,
			wr_err *err)
{
	subst s = { .text = text, .lookup = lookup, .ctx = ctx, .arena = a, .err = err };
	wr_status status = WR_OK;

	*out = text;
	if (!text.n || !memchr(text.p, '$', text.n))
		return WR_OK;
	while (status == WR_OK && s.at < text.n)
		status = step(&s);
	if (status == WR_OK)
		*out = wr_arena_str(a, wr_buf_view(&s.out));
	wr_buf_free(&s.out);
	return status;
}

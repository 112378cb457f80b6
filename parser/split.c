/*
 * Where statements begin and end, without parsing: quotes and comments are stepped over by the same
 * rules as in weir.l (a test holds the two to each other), and a ';' outside of them ends a
 * statement.
 */
#include "parser/parse.h"

/* Behind the quoted text that opens at i; text.n + 1 when it is not closed. */
static uint32_t quoted(wr_str text, uint32_t i)
{
	char quote = text.p[i];

	for (i++; i < text.n; i++) {
		if (text.p[i] != quote)
			continue;
		if (i + 1 == text.n || text.p[i + 1] != quote)
			return i + 1;
		i++;
	}
	return text.n + 1;
}

static uint32_t line_comment(wr_str text, uint32_t i)
{
	while (i < text.n && text.p[i] != '\n')
		i++;
	return i;
}

static uint32_t block_comment(wr_str text, uint32_t i)
{
	for (i += 2; i + 1 < text.n; i++)
		if (text.p[i] == '*' && text.p[i + 1] == '/')
			return i + 2;
	return text.n + 1;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

enum piece { BLANK, COMMENT, QUOTED, OTHER };

/* The piece at i: what it is, and where the next one begins (text.n + 1: it is not closed). */
static enum piece piece_at(wr_str text, uint32_t i, uint32_t *next)
{
	char c = text.p[i], d = i + 1 < text.n ? text.p[i + 1] : 0;

	if (c == '-' && d == '-') {
		*next = line_comment(text, i);
		return COMMENT;
	}
	if (c == '/' && d == '*') {
		*next = block_comment(text, i);
		return COMMENT;
	}
	if (c == '\'' || c == '"' || c == '`') {
		*next = quoted(text, i);
		return QUOTED;
	}
	*next = i + 1;
	return is_blank(c) ? BLANK : OTHER;
}

bool wr_parse_split(wr_str text, uint32_t *at, wr_span *out)
{
	uint32_t i = *at, next, begin = 0, end = 0;
	bool found = false;

	for (; i < text.n; i = next) {
		enum piece p = piece_at(text, i, &next);

		if (next > text.n)
			next = text.n;
		else if (p == BLANK || p == COMMENT || (!found && text.p[i] == ';'))
			continue; /* a ';' alone is no statement */
		if (!found)
			begin = i;
		found = true;
		end = next;
		if (p == OTHER && text.p[i] == ';')
			break;
	}
	*at = found ? end : text.n;
	*out = (wr_span){ begin, end - begin };
	return found;
}

static wr_complete open_piece(char first)
{
	switch (first) {
	case '\'': return WR_COMPLETE_STRING;
	case '"': return WR_COMPLETE_DOUBLE;
	case '`': return WR_COMPLETE_BACKTICK;
	default: return WR_COMPLETE_COMMENT;
	}
}

wr_complete wr_parse_complete(wr_str text)
{
	wr_complete state = WR_COMPLETE_EMPTY;
	uint32_t next;

	for (uint32_t i = 0; i < text.n; i = next) {
		enum piece p = piece_at(text, i, &next);

		if (next > text.n)
			return open_piece(text.p[i]);
		if (p == QUOTED || p == OTHER)
			state = p == OTHER && text.p[i] == ';' ? WR_COMPLETE : WR_COMPLETE_MORE;
	}
	return state;
}

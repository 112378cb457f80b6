/*
 * Fuzz target: any text through the parser. Besides crashes it looks for
 *   - a tree whose text does not parse back to the same tree;
 *   - statements that the splitter finds elsewhere than the parser;
 *   - an error without words, or with a span outside of the text (rendering it must not read outside either);
 *   - a variable whose value, put in, changes how many statements there are.
 */
#include "parser/parse.h"
#include "parser/render.h"
#include "parser/unparse.h"

static void check_round_trip(wr_arena *a, const wr_stmt *s)
{
	wr_buf text = { 0 };
	wr_err err = WR_ERR_INIT;
	wr_stmts again;

	wr_unparse_stmt(s, &text);
	if (wr_parse(a, wr_buf_view(&text), &again, &err) != WR_OK)
		WR_BUG("%s: %s", wr_buf_z(&text), err.message);
	if (again.n != 1 || !wr_ast_stmt_eq(s, again.items[0]))
		WR_BUG("%s: another tree", wr_buf_z(&text));
	wr_buf_free(&text);
}

static void check_span(wr_str text, const wr_stmt *s, uint32_t begin)
{
	uint32_t at = begin;
	wr_span span;

	WR_ASSERT(wr_parse_split(text, &at, &span));
	WR_ASSERT(span.at == s->span.at && span.length == s->span.length);
}

static void check_error(wr_str text, const wr_err *err)
{
	wr_buf out = { 0 };

	WR_ASSERT(err->cls == WR_ERR_SYNTAX || err->cls == WR_ERR_STATEMENT);
	WR_ASSERT(err->message[0] && err->span.length);
	WR_ASSERT(err->span.at + err->span.length <= text.n + 1);
	wr_render_error(&out, text, err);
	wr_buf_free(&out);
}

static wr_str lookup(void *ctx, wr_str name)
{
	(void)ctx;
	if (name.n > 2)
		return WR_STR_LIT("-5");
	return name.n == 2 ? WR_STR_LIT("'a;b'") : WR_STR_LIT("x");
}

static uint32_t count_statements(wr_str text)
{
	uint32_t at = 0, n = 0;
	wr_span span;

	while (wr_parse_split(text, &at, &span))
		n++;
	return n;
}

static void check_variables(wr_arena *a, wr_str text)
{
	wr_err err = WR_ERR_INIT;
	wr_str with;

	if (wr_parse_complete(text) == WR_COMPLETE &&
	    wr_substitute(a, text, lookup, NULL, &with, &err) == WR_OK)
		WR_ASSERT(count_statements(with) == count_statements(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static wr_arena *a;
	wr_str text = { (const char *)data, (uint32_t)size };
	uint32_t at = 0;

	if (!a)
		a = wr_arena_new();
	for (;;) {
		uint32_t begin = at;
		wr_err err = WR_ERR_INIT;
		wr_stmt *s;

		if (wr_parse_next(a, text, &at, &s, &err) != WR_OK) {
			check_error(text, &err);
			WR_ASSERT(at > begin);
			continue;
		}
		if (!s)
			break;
		check_span(text, s, begin);
		check_round_trip(a, s);
	}
	check_variables(a, text);
	wr_arena_reset(a);
	return 0;
}

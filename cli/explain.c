/*
 * weir explain: what the statements would do. Definitions are carried out in memory, by hand, so
 * that nothing is read or written.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "parser/parse.h"

/* EXPLAIN of a statement that has a plan. */
static wr_status explain(wr_engine *e, wr_session *s, wr_arena *a, wr_stmt *stmt, wr_str text,
			 wr_err *err)
{
	wr_stmt ask = { .kind = WR_STMT_EXPLAIN,
			.span = stmt->span,
			.explain = { .statement = stmt } };
	wr_outcome out;

	if (wr_engine_execute(e, s, a, &ask, text, &out, err))
		return WR_FAIL;
	printf("%.*s\n\n%s\n", (int)stmt->span.length, text.p + stmt->span.at, out.message);
	return WR_OK;
}

static bool has_query(const wr_stmt *s)
{
	return s->kind == WR_STMT_QUERY || s->kind == WR_STMT_INSERT_QUERY ||
	       s->kind == WR_STMT_CREATE_SINK ||
	       (s->kind == WR_STMT_CREATE_SOURCE && s->create_source.query);
}

static wr_status one(wr_engine *e, wr_session *s, wr_arena *a, wr_stmt *stmt, wr_str text,
		     wr_err *err)
{
	wr_outcome out;

	if (has_query(stmt) && explain(e, s, a, stmt, text, err))
		return WR_FAIL;
	if (stmt->kind == WR_STMT_QUERY || stmt->kind == WR_STMT_INSERT_VALUES)
		return WR_OK;
	if (wr_engine_execute(e, s, a, stmt, text, &out, err))
		return WR_FAIL;
	if (out.kind == WR_OUTCOME_TEXT)
		printf("%s\n", out.message);
	return WR_OK;
}

static int explain_text(wr_engine *e, wr_session *s, wr_arena *a, wr_str text)
{
	wr_err err = WR_ERR_INIT;
	uint32_t at = 0;
	wr_str shown = text;
	bool found = true;

	while (found) {
		wr_stmt *stmt;

		if (wr_engine_parse(s, a, text, &at, &found, &stmt, &shown, &err) ||
		    (found && one(e, s, a, stmt, shown, &err)))
			return wr_print_error(shown, &err);
	}
	return WR_EXIT_GOOD;
}

int wr_cmd_explain(const wr_options *o)
{
	wr_settings settings;
	wr_err err = WR_ERR_INIT;
	wr_engine *e;
	wr_engine_config config = { .settings = &settings, .by_hand = true };
	wr_arena *a = wr_arena_new();
	wr_str text = o->sql ? wr_str_of(o->sql) : (wr_str){ 0 };
	int status;

	if (wr_options_settings(o, &settings, &err) ||
	    (o->nfiles && wr_read_file(a, o->files[0], &text, &err)) ||
	    wr_engine_open(&config, &e, &err))
		return wr_print_error(text, &err);
	wr_session *s = wr_session_new(e);

	wr_options_define(o, s);
	status = explain_text(e, s, a, text);
	wr_session_free(s);
	wr_engine_abandon(e);
	wr_arena_free(a);
	return status;
}

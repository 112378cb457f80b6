/* Shared by the tests of expressions: text to a bound expression to its value, over a small batch of rows. */
#ifndef TESTS_UNIT_EXPR_HELP_H
#define TESTS_UNIT_EXPR_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "expr/fold.h"
#include "expr/prog.h"
#include "parser/parse.h"
#include "planner/bind.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct help {
	wr_arena *arena;
	wr_binder binder;
	wr_bind_scope scope;
	wr_err err;
	wr_buf text;
	uint64_t failures;
} help;

static inline help *help_new(void)
{
	help *h = calloc(1, sizeof(*h));

	h->arena = wr_arena_new();
	h->binder.arena = h->arena;
	h->binder.scope = &h->scope;
	h->binder.self = h;
	return h;
}

static inline void help_free(help *h)
{
	wr_buf_free(&h->text);
	wr_arena_free(h->arena);
	free(h);
}

/* NULL: h->err says why. */
static inline const wr_expr *help_bind(help *h, const char *sql)
{
	wr_ast_expr *ast;
	const wr_expr *e;

	wr_err_clear(&h->err);
	if (wr_parse_expr(h->arena, wr_str_of(sql), &ast, &h->err) != WR_OK)
		return NULL;
	return wr_bind_expr(&h->binder, ast, &e, &h->err) == WR_OK ? e : NULL;
}

static inline const wr_expr *help_must_bind(help *h, const char *sql)
{
	const wr_expr *e = help_bind(h, sql);

	if (!e)
		fail_msg("%s: %s (%s)", sql, h->err.message, h->err.hint);
	return e;
}

/* The value of an expression without columns, as wr_vec_print shows it; "error: …" when it does not bind. */
static inline const char *help_eval(help *h, const char *sql)
{
	const wr_expr *e = help_bind(h, sql);
	const char *failure = NULL;
	wr_vec v;

	wr_buf_reset(&h->text);
	h->failures = 0;
	if (!e) {
		wr_buf_printf(&h->text, "error: %s", h->err.message);
	} else if (!e->type) {
		wr_buf_puts(&h->text, "untyped");
	} else {
		wr_expr_value(h->arena, e, &v, &failure);
		wr_vec_print(&v, 0, &h->text);
		h->failures = failure != NULL;
	}
	return wr_arena_strdup(h->arena, wr_buf_z(&h->text));
}

static inline const char *help_type(help *h, const char *sql)
{
	return wr_type_text(h->arena, help_must_bind(h, sql)->type);
}

#endif

/*
 * weir run: the statements of a file (and of -e) one after the other, then the queries until they
 * end or somebody says stop.
 *
 * A SELECT among the statements prints its rows on stdout, one JSON object a line. Without EMIT it
 * ends by itself, and the next statement waits for that; a push query runs on beside the rest.
 * Statements of -e alone that make no query (SHOW ERRORS, say) are answered, and that is all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/rows.h"
#include "core/log.h"

enum { MAX_SELECTS = 64, MAX_SCRIPTS = 16 };

typedef struct running {
	wr_engine *engine;
	wr_session *session;
	wr_push_query *selects[MAX_SELECTS];
	wr_row_printer printers[MAX_SELECTS];
	unsigned n;
	bool defined; /* a persistent query was made */
	int status;   /* exit status so far */
	int scripts;  /* that run now, one inside the other */
} running;

static void start_select(running *r, const wr_outcome *out)
{
	wr_err err = WR_ERR_INIT;

	if (r->n == MAX_SELECTS) {
		fputs("weir: too many SELECT statements in one file\n", stderr);
		r->status = WR_EXIT_FAILED;
		return;
	}
	wr_row_printer *p = &r->printers[r->n];

	wr_row_printer_init(p, stdout, out->query);
	if (wr_push_query_start(out->query, &p->def, &err)) {
		r->status = wr_print_error(out->text, &err);
		wr_push_query_free(out->query);
		return;
	}
	while (wr_push_query_pull(out->query) && !p->over && !wr_stop)
		usleep(500);
	r->selects[r->n++] = out->query;
}

/* PRINT holds up what stands behind it until its LIMIT, or the end of the topic in runs that have
 * one. */
static void print(running *r, wr_print *p)
{
	wr_err err = WR_ERR_INIT;
	wr_str line;

	while (!wr_print_over(p) && !wr_stop) {
		if (wr_print_next(p, 50, &line, &err)) {
			r->status = wr_print_error((wr_str){ 0 }, &err);
			break;
		}
		if (line.p) {
			printf("%.*s\n", WR_STR_ARG(line));
			fflush(stdout);
		}
	}
	wr_print_free(p);
}

static void on_outcome(void *self, const wr_outcome *out);

/* RUN SCRIPT: the file's statements are carried out as the program's own are, under a place of
 * their own. */
static void run_script(running *r, const wr_outcome *out)
{
	wr_arena *a = wr_arena_new();
	wr_err err = WR_ERR_INIT;
	wr_str text, shown = { 0 };

	if (++r->scripts > MAX_SCRIPTS)
		(void)!wr_err_set(&err, WR_ERR_STATEMENT, WR_NO_SPAN,
				  "scripts run each other without end");
	else if (wr_read_file(a, out->message, &text, &err) == WR_OK)
		(void)!wr_engine_run_text(r->engine, r->session, out->message, text, on_outcome, r,
					  &shown, &err);
	if (err.cls != WR_ERR_NONE && !r->status)
		r->status = wr_print_error(shown, &err);
	r->scripts--;
	wr_arena_free(a);
}

static void on_outcome(void *self, const wr_outcome *out)
{
	running *r = self;

	r->defined |= out->query_id && out->kind == WR_OUTCOME_MESSAGE;
	switch (out->kind) {
	case WR_OUTCOME_QUERY: start_select(r, out); break;
	case WR_OUTCOME_PRINT: print(r, out->print); break;
	case WR_OUTCOME_SCRIPT: run_script(r, out); break;
	case WR_OUTCOME_LISTING:
		wr_print_listing(stdout, &out->listing);
		if (out->details.ncols) {
			fputc('\n', stdout);
			wr_print_listing(stdout, &out->details);
		}
		break;
	case WR_OUTCOME_TEXT: printf("%s\n", out->message); break;
	case WR_OUTCOME_MESSAGE:
	case WR_OUTCOME_WARNING: fprintf(stderr, "%s\n", out->message); break;
	default: break;
	}
	fflush(stdout);
}

/* One line for each query that dropped rows in this run. */
static void tell_dropped(void *self, const wr_query_info *q)
{
	wr_buf words = { 0 };

	(void)self;
	wr_drops_print(q->dropped, q->dropped_before, true, &words);
	if (words.n)
		fprintf(stderr, "weir: query %s dropped rows: %s%s\n", q->id, wr_buf_z(&words),
			q->dropped[WR_DROP_KEPT] > q->dropped_before[WR_DROP_KEPT] && !q->transient
			    ? "; SHOW ERRORS has those kept"
			    : "");
	wr_buf_free(&words);
}

static bool selects_over(const running *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (!r->printers[i].over)
			return false;
	return true;
}

/* Until everything that can end has ended. A service without SELECTs runs until it is stopped. */
static void wait_for_end(running *r, const wr_options *o, bool has_queries)
{
	wr_err err = WR_ERR_INIT;
	bool service = o->until == WR_RUN_FOREVER && has_queries;

	if (service && !o->dir)
		fputs("weir: running without --data: state is in memory and gone when this ends\n",
		      stderr);
	if (service)
		fputs("weir: running; Ctrl-C ends it\n", stderr);

	while (!wr_stop && (service || !selects_over(r)))
		usleep(2000);
	if (!service && has_queries && !wr_stop && wr_engine_wait(r->engine, &wr_stop, &err))
		r->status = wr_print_error((wr_str){ 0 }, &err);
	wr_engine_queries(r->engine, tell_dropped, NULL);
	for (unsigned i = 0; i < r->n; i++) {
		wr_push_query_free(r->selects[i]);
		if (r->printers[i].err.cls != WR_ERR_NONE)
			r->status = wr_print_error((wr_str){ 0 }, &r->printers[i].err);
	}
}

static wr_status run_statements(running *r, wr_session *s, const wr_options *o, wr_arena *a,
				wr_str *shown, wr_err *err)
{
	for (unsigned i = 0; i < o->nfiles; i++) {
		wr_str text;

		if (wr_read_file(a, o->files[i], &text, err) ||
		    wr_engine_run_text(r->engine, s, o->files[i], text, on_outcome, r, shown, err))
			return WR_FAIL;
	}
	return o->sql ? wr_engine_run_text(r->engine, s, NULL, wr_str_of(o->sql), on_outcome, r,
					   shown, err)
		      : WR_OK;
}

static int run(running *r, const wr_options *o, wr_err *err)
{
	wr_session *s = wr_session_new(r->engine);
	wr_arena *a = wr_arena_new();
	wr_str shown = { 0 };
	const char *ids[1];

	r->session = s;
	wr_options_define(o, s);
	wr_status failed = run_statements(r, s, o, a, &shown, err);

	wr_engine_release(r->engine);
	if (failed)
		r->status = wr_print_error(shown, err);
	else
		wait_for_end(r, o,
			     (o->nfiles || r->defined) &&
				 wr_engine_query_ids(r->engine, ids, 1) > 0);
	if (r->status && r->n)
		wait_for_end(r, &(wr_options){ 0 }, false);
	wr_session_free(s);
	wr_arena_free(a);
	return r->status;
}

int wr_cmd_run(const wr_options *o)
{
	running *r = wr_calloc(1, sizeof *r);
	wr_settings settings;
	wr_err err = WR_ERR_INIT;
	wr_engine_config config = { .dir = o->dir,
				    .broker = o->broker,
				    .settings = &settings,
				    .until = o->until,
				    .hold = o->nfiles > 0 };
	int status;

	if (o->nfiles == 0 && !o->sql) {
		fputs("weir run: name a file of statements, or give them with -e\n", stderr);
		return WR_EXIT_USAGE;
	}
	wr_catch_signals();
	if (wr_options_settings(o, &settings, &err) || wr_engine_open(&config, &r->engine, &err)) {
		free(r);
		return wr_print_error((wr_str){ 0 }, &err);
	}
	status = run(r, o, &err);
	if (status == 0 && wr_stop == 2 /* SIGINT */)
		status = WR_EXIT_INTERRUPTED;
	wr_engine_close(r->engine);
	free(r);
	return status;
}

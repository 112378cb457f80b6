/*
 * The interactive shell: statements may span lines and end in ';'. On a terminal there is a prompt,
 * line editing and history (libedit); from a pipe the same without words. An error is shown and the
 * shell goes on. Ctrl-C ends the query that runs, or clears the line; Ctrl-D leaves.
 *
 * A SELECT holds the shell until it ends; persistent queries run beside.
 */
#include <editline/readline.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/rows.h"
#include "parser/parse.h"

enum { MAX_SCRIPTS = 16 }; /* that RUN SCRIPT may nest */

typedef struct shell {
	wr_engine *engine;
	wr_session *session;
	bool terminal;
	wr_buf text; /* what was typed and is not a whole statement yet */
	char history[512];
	int status;
	int scripts; /* that run now, one inside the other */
} shell;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* ---------------------------------------------------------------- carrying out */

static void follow(wr_push_query *q, const wr_outcome *out, int *status)
{
	wr_row_printer p;
	wr_err err = WR_ERR_INIT;

	interrupted = 0;
	wr_row_printer_init(&p, stdout, q);
	if (wr_push_query_start(q, &p.def, &err)) {
		*status = wr_print_error(out->text, &err);
		wr_push_query_free(q);
		return;
	}
	while (!p.over && !interrupted && wr_stop != SIGTERM)
		usleep(2000);
	wr_push_query_free(q);
	if (p.err.cls != WR_ERR_NONE)
		*status = wr_print_error((wr_str){ 0 }, &p.err);
}

static void carry_out(shell *sh, wr_str text);

/* PRINT: lines until its LIMIT or Ctrl-C. */
static void print(shell *sh, wr_print *p)
{
	wr_err err = WR_ERR_INIT;
	wr_str line;

	interrupted = 0;
	while (!wr_print_over(p) && !interrupted && wr_stop != SIGTERM) {
		if (wr_print_next(p, 50, &line, &err)) {
			sh->status = wr_print_error((wr_str){ 0 }, &err);
			break;
		}
		if (line.p) {
			printf("%.*s\n", WR_STR_ARG(line));
			fflush(stdout);
		}
	}
	wr_print_free(p);
}

static void run_script(shell *sh, const wr_outcome *out)
{
	wr_arena *a = wr_arena_new();
	wr_err err = WR_ERR_INIT;
	wr_str text;

	if (++sh->scripts > MAX_SCRIPTS) {
		err.span = out->stmt->span;
		(void)!wr_err_set(&err, WR_ERR_STATEMENT, err.span,
				  "scripts run each other without end");
		sh->status = wr_print_error((wr_str){ 0 }, &err);
	} else if (wr_read_file(a, out->message, &text, &err)) {
		sh->status = wr_print_error((wr_str){ 0 }, &err);
	} else {
		carry_out(sh, text);
	}
	sh->scripts--;
	wr_arena_free(a);
}

static void show(shell *sh, const wr_outcome *out)
{
	switch (out->kind) {
	case WR_OUTCOME_PRINT: print(sh, out->print); break;
	case WR_OUTCOME_SCRIPT: run_script(sh, out); break;
	case WR_OUTCOME_QUERY: follow(out->query, out, &sh->status); break;
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

/* Carries out every whole statement of a text; goes on behind errors. */
static void carry_out(shell *sh, wr_str text)
{
	wr_arena *a = wr_arena_new();
	uint32_t at = 0;
	bool found = true;

	while (found && wr_stop != SIGTERM) {
		wr_err err = WR_ERR_INIT;
		wr_outcome out = { 0 };
		wr_str shown;

		if (wr_engine_next(sh->engine, sh->session, a, text, &at, &found, &out, &shown,
				   &err)) {
			sh->status = wr_print_error(shown, &err);
			found = at < text.n;
		} else if (found) {
			show(sh, &out);
		}
	}
	wr_arena_free(a);
}

/* ---------------------------------------------------------------- words of the shell itself */

static const char HELP[] =
    "Statements end in ';'. Some to begin with:\n"
    "  CREATE STREAM s (id INT, v STRING) WITH (FILE='events.ndjson', FORMAT='JSON');\n"
    "  SELECT * FROM s EMIT CHANGES;             rows as they come; Ctrl-C ends the query\n"
    "  CREATE TABLE t AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;\n"
    "  SHOW STREAMS; SHOW TABLES; SHOW QUERIES; SHOW SINKS; SHOW TOPICS; SHOW FUNCTIONS; SHOW PROPERTIES;\n"
    "  DESCRIBE t; DESCRIBE FUNCTION SUBSTRING; EXPLAIN SELECT …;\n"
    "  PRINT 'topic' FROM BEGINNING; SAMPLE 'topic'; RUN SCRIPT 'file';\n"
    "  SET 'auto.offset.reset'='latest';         .help  .quit\n";

/* true: the line was for the shell. */
static bool shell_word(const char *line, bool *leave)
{
	if (!strcmp(line, ".quit") || !strcmp(line, ".exit") || !strcmp(line, "exit") ||
	    !strcmp(line, "quit")) {
		*leave = true;
		return true;
	}
	if (!strcmp(line, ".help") || !strcmp(line, "help")) {
		fputs(HELP, stdout);
		return true;
	}
	if (line[0] == '.') {
		fprintf(stderr, "there is no command %s; .help lists what there is\n", line);
		return true;
	}
	return false;
}

/* ---------------------------------------------------------------- lines */

static const char *prompt(const shell *sh)
{
	switch (wr_parse_complete(wr_buf_view(&sh->text))) {
	case WR_COMPLETE_STRING: return "   '> ";
	case WR_COMPLETE_DOUBLE: return "   \"> ";
	case WR_COMPLETE_BACKTICK: return "   `> ";
	case WR_COMPLETE_COMMENT: return "   *> ";
	case WR_COMPLETE_MORE: return "  ...> ";
	default: return "weir> ";
	}
}

static void take_line(shell *sh, const char *line, bool *leave)
{
	if (sh->text.n == 0 && shell_word(line, leave))
		return;
	wr_buf_puts(&sh->text, line);
	wr_buf_putc(&sh->text, '\n');
	wr_complete c = wr_parse_complete(wr_buf_view(&sh->text));

	if (c == WR_COMPLETE)
		carry_out(sh, wr_buf_view(&sh->text));
	if (c == WR_COMPLETE || c == WR_COMPLETE_EMPTY)
		wr_buf_reset(&sh->text);
}

static void history_file(shell *sh)
{
	const char *home = getenv("HOME");

	if (!home || snprintf(sh->history, sizeof sh->history, "%s/.weir_history", home) >=
			 (int)sizeof sh->history)
		sh->history[0] = 0;
	else
		read_history(sh->history);
}

static void remember(shell *sh, const char *line)
{
	static char last[4096];

	if (!line[0] || !strncmp(last, line, sizeof last))
		return;
	snprintf(last, sizeof last, "%s", line);
	add_history(line);
	if (!sh->history[0])
		return;
	mode_t old = umask(0077);

	write_history(sh->history);
	umask(old);
}

/* readline returns NULL at the end of input, and also when a signal came in between. */
static void terminal_loop(shell *sh)
{
	struct sigaction act = { .sa_handler = on_interrupt };
	bool leave = false;

	sigaction(SIGINT, &act, NULL);
	rl_initialize();
	history_file(sh);
	printf("weir: SQL over streams of changes. .help for help, Ctrl-D to leave.\n");
	while (!leave && wr_stop != SIGTERM) {
		interrupted = 0;
		char *line = readline(prompt(sh));

		if (!line && !interrupted)
			break;
		if (interrupted) {
			wr_buf_reset(&sh->text);
			fputc('\n', stdout);
		} else {
			remember(sh, line);
			take_line(sh, line, &leave);
		}
		free(line);
	}
}

static void pipe_loop(shell *sh)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	bool leave = false;

	while (!leave && !wr_stop && (n = getline(&line, &room, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		take_line(sh, line, &leave);
	}
	if (sh->text.n)
		carry_out(sh, wr_buf_view(&sh->text));
	free(line);
}

int wr_cmd_shell(const wr_options *o)
{
	shell sh = { .terminal = isatty(0) };
	wr_settings settings;
	wr_err err = WR_ERR_INIT;
	wr_engine_config config = { .dir = o->dir, .broker = o->broker, .settings = &settings };

	wr_catch_signals();
	if (wr_options_settings(o, &settings, &err) || wr_engine_open(&config, &sh.engine, &err))
		return wr_print_error((wr_str){ 0 }, &err);
	sh.session = wr_session_new(sh.engine);
	wr_options_define(o, sh.session);
	if (o->sql)
		carry_out(&sh, wr_str_of(o->sql));
	else if (sh.terminal)
		terminal_loop(&sh);
	else
		pipe_loop(&sh);
	wr_session_free(sh.session);
	wr_buf_free(&sh.text);
	wr_engine_close(sh.engine);
	return sh.terminal ? WR_EXIT_GOOD : sh.status;
}

/* The program: which command it is, and what all commands share. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/heap.h"
#include "core/near.h"
#include "parser/render.h"

#ifndef WR_VERSION
#define WR_VERSION "0.1.0"
#endif

volatile int wr_stop;

static const char HELP[] =
    "weir: SQL over streams of changes, in one program\n"
    "\n"
    "  weir run pipeline.sql --data state          run a file of statements as a service\n"
    "  weir run -e \"SELECT … EMIT CHANGES;\" --until-end   one query, to the end of its input\n"
    "  weir                                        the interactive shell\n"
    "  weir serve --listen 127.0.0.1:8088          the HTTP interface (ksqlDB's REST)\n"
    "\n"
    "  weir run FILE [-e SQL] [--data DIR] [--broker HOST:PORT] [--set NAME=VALUE] [--define NAME=VALUE]\n"
    "           [--until-end | --until-caught-up]\n"
    "  weir serve [--listen ADDRESS:PORT] [--data DIR] [--broker HOST:PORT] [FILE…]\n"
    "  weir test PATH… [--report FILE.jsonl] [--only GLOB] [--world NAME=VALUE,…]\n"
    "  weir explain FILE | -e SQL\n"
    "  weir errors list|show|replay [QUERY [NUMBER…]] --data DIR [--broker HOST:PORT]\n"
    "  weir check DIR\n"
    "  weir restore BACKUP --data NEW\n"
    "  weir recover QUERY --data DIR --assume committed|aborted|lost\n"
    "\n"
    "Without --broker, topics are logs in the data directory; without --data too, everything is in memory.\n"
    "--until-end reads every input to the end that it has now, closes all windows, and ends; --until-caught-up leaves\n"
    "windows open. Data goes to stdout, words to stderr.\n"
    "Exit status: 0 good, 1 a statement or test failed, 2 wrong usage, 3 cannot connect, 4 a bad record and\n"
    "ON_ERROR='STOP', "
    "70 a bug or no memory (state is safe), 130 interrupted.\n";

static void on_signal(int number)
{
	wr_stop = number;
}

void wr_catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write that fails says so */
}

static int status_of(const wr_err *err)
{
	return err->cls == WR_ERR_CONNECT	? WR_EXIT_CONNECT
	       : err->cls == WR_ERR_USAGE	? WR_EXIT_USAGE
	       : err->cls == WR_ERR_INTERRUPTED ? WR_EXIT_INTERRUPTED
	       : err->cls == WR_ERR_DATA	? WR_EXIT_BAD_RECORDS
						: WR_EXIT_FAILED;
}

int wr_print_error(wr_str text, const wr_err *err)
{
	wr_buf b = { 0 };

	wr_render_error(&b, text, err);
	fputs(wr_buf_z(&b), stderr);
	wr_buf_free(&b);
	return status_of(err);
}

wr_status wr_read_file(wr_arena *a, const char *name, wr_str *out, wr_err *err)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	wr_buf b = { 0 };
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0) {
		n = read(fd, wr_buf_reserve(&b, 65536), 65536);
		b.n += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "cannot read %s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	*out = n < 0 ? (wr_str){ 0 } : wr_arena_str(a, wr_buf_view(&b));
	wr_buf_free(&b);
	return n < 0 ? WR_FAIL : WR_OK;
}

typedef struct command {
	const char *name, *options;
	int (*run)(const wr_options *o);
} command;

/* clang-format off */
static const command COMMANDS[] = {
	{ "run", "dqu", wr_cmd_run },	    { "explain", "q", wr_cmd_explain }, { "test", "tq", wr_cmd_test },
	{ "serve", "dqsu", wr_cmd_serve },  { "shell", "dq", wr_cmd_shell },
	{ "recover", "dr", wr_cmd_recover }, { "errors", "dq", wr_cmd_errors },
	{ "check", "d", wr_cmd_check }, { "restore", "d", wr_cmd_restore }, { "docs", "", wr_cmd_docs },
};
/* clang-format on */

static int unknown_command(const char *word)
{
	const char *names[] = { "run",	   "explain", "test",  "serve",	 "shell",
				"recover", "errors",  "check", "restore" };
	const char *near = wr_near_of(wr_str_of(word), names, sizeof names / sizeof *names);

	fprintf(stderr, "weir: there is no command %s%s%s%s\n", word, near ? "; did you mean " : "",
		near ? near : "", near ? "?" : " (weir --help lists them)");
	return WR_EXIT_USAGE;
}

static int go(const command *c, int argc, char **argv, int from)
{
	static wr_options o;
	wr_err err = WR_ERR_INIT;

	if (wr_options_read(&o, argc, argv, from, c->options, &err))
		return wr_print_error((wr_str){ 0 }, &err);
	return c->run(&o);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "shell";

	wr_heap_setup();
	if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help"))
		return fputs(HELP, stdout) < 0;
	if (!strcmp(word, "--version"))
		return puts("weir " WR_VERSION) < 0;
	for (unsigned i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
		if (!strcmp(word, COMMANDS[i].name))
			return go(&COMMANDS[i], argc, argv, 2);
	return word[0] == '-' ? go(&COMMANDS[4], argc, argv, 1) : unknown_command(word);
}

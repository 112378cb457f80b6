/* The commands of the program; each has a file. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "engine/engine.h"

/* Exit statuses (DESIGN section 1 of the user's contract, README). */
enum {
	WR_EXIT_GOOD = 0,
	WR_EXIT_FAILED = 1,
	WR_EXIT_USAGE = 2,
	WR_EXIT_CONNECT = 3,
	WR_EXIT_BAD_RECORDS = 4,
	WR_EXIT_INTERRUPTED = 130,
};

/* What the command line says; see options.c. Strings belong to argv. */
typedef struct wr_options {
	const char *files[64];
	unsigned nfiles;
	const char *sql; /* -e */
	const char *dir, *broker, *listen;
	const char *sets[64], *defines[64]; /* NAME=VALUE */
	unsigned nsets, ndefines;
	wr_until_mode until;
	const char *report, *only; /* weir test */
	const char *worlds[16];	   /* weir test --world … */
	unsigned nworlds;
	bool verbose;
	const char *assume; /* weir recover */
} wr_options;

/* Reads argv[from…]. An unknown option is USAGE with a hint. allowed: letters of the groups that
 * the command takes (options.c). */
WR_CHECKED wr_status wr_options_read(wr_options *o, int argc, char **argv, int from,
				     const char *allowed, wr_err *err);
/* Puts --set into settings. */
WR_CHECKED wr_status wr_options_settings(const wr_options *o, wr_settings *s, wr_err *err);
void wr_options_define(const wr_options *o, wr_session *s);

int wr_cmd_run(const wr_options *o);
int wr_cmd_explain(const wr_options *o);
int wr_cmd_shell(const wr_options *o);
int wr_cmd_serve(const wr_options *o);
int wr_cmd_recover(const wr_options *o);
int wr_cmd_errors(const wr_options *o);
int wr_cmd_check(const wr_options *o);
int wr_cmd_restore(const wr_options *o);
int wr_cmd_test(const wr_options *o);
int wr_cmd_docs(const wr_options *o); /* pages of docs/, for `make docs` */

/* Prints an error to stderr, with the statement's line and a caret where it has a place. Returns
 * the exit status for its class. */
int wr_print_error(wr_str text, const wr_err *err);
/* A whole file; the arena owns it. */
WR_CHECKED wr_status wr_read_file(wr_arena *a, const char *name, wr_str *out, wr_err *err);

/* Set by SIGINT and SIGTERM, for all commands that wait. */
extern volatile int wr_stop;
void wr_catch_signals(void);

#endif

/* weir serve: the engine under the HTTP server, with the statements of files carried out first. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "server/server.h"

static void on_outcome(void *self, const wr_outcome *out)
{
	(void)self;
	if (out->query)
		wr_push_query_free(out->query); /* nobody is there to take rows */
	if (out->message)
		fprintf(stderr, "%s\n", out->message);
}

static int run_files(wr_engine *e, const wr_options *o)
{
	wr_session *s = wr_session_new(e);
	wr_arena *a = wr_arena_new();
	int status = 0;

	wr_options_define(o, s);
	for (unsigned i = 0; i < o->nfiles && status == 0; i++) {
		wr_err err = WR_ERR_INIT;
		wr_str text = { 0 }, shown = { 0 };

		if (wr_read_file(a, o->files[i], &text, &err) ||
		    wr_engine_run_text(e, s, o->files[i], text, on_outcome, NULL, &shown, &err))
			status = wr_print_error(shown, &err);
	}
	wr_session_free(s);
	wr_arena_free(a);
	return status;
}

int wr_cmd_serve(const wr_options *o)
{
	wr_settings settings;
	wr_err err = WR_ERR_INIT;
	wr_engine *e;
	wr_server *server;
	wr_engine_config config = { .dir = o->dir, .broker = o->broker, .settings = &settings };

	wr_catch_signals();
	if (wr_options_settings(o, &settings, &err) || wr_engine_open(&config, &e, &err))
		return wr_print_error((wr_str){ 0 }, &err);
	int status = run_files(e, o);

	if (status == 0 &&
	    wr_server_start(e, o->listen ? o->listen : "127.0.0.1:8088", &server, &err))
		status = wr_print_error((wr_str){ 0 }, &err);
	else if (status == 0) {
		fprintf(stderr, "weir: listening on port %d\n", wr_server_port(server));
		while (!wr_stop)
			usleep(20000);
		wr_server_stop(server);
	}
	wr_engine_close(e);
	return status;
}

/* weir recover: goes on with a query whose sink and data directory contradict each other. */
#include <stdio.h>

#include "cli/cli.h"

int wr_cmd_recover(const wr_options *o)
{
	wr_err err = WR_ERR_INIT;
	bool committed = o->assume && !strcmp(o->assume, "committed");

	if (o->nfiles != 1 || !o->dir || (!committed && (!o->assume || strcmp(o->assume, "aborted") != 0))) {
		fputs("weir: recover QUERY --data DIR --assume committed|aborted; the message that stopped the query has the words\n",
		      stderr);
		return WR_EXIT_USAGE;
	}
	if (wr_engine_recover(o->dir, o->files[0], committed, &err))
		return wr_print_error((wr_str){ 0 }, &err);
	fprintf(stderr, "query %s goes on from its data directory at the next start\n", o->files[0]);
	return WR_EXIT_GOOD;
}

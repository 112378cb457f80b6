/* weir recover: goes on with a query that stopped because only somebody who knows can say how: its
 * sink and its data directory contradict each other, or its topic has lost records. */
#include <stdio.h>

#include "cli/cli.h"

int wr_cmd_recover(const wr_options *o)
{
	wr_err err = WR_ERR_INIT;
	static const char *const words[] = { "committed", "aborted", "lost" }; /* wr_assume */
	int assume = 0;

	while (assume < 3 && o->assume && strcmp(o->assume, words[assume]) != 0)
		assume++;
	if (o->nfiles != 1 || !o->dir || !o->assume || assume == 3) {
		fputs(
		    "weir: recover QUERY --data DIR --assume committed|aborted|lost; the message that stopped the query has the words\n",
		    stderr);
		return WR_EXIT_USAGE;
	}
	if (wr_engine_recover(o->dir, o->files[0], (wr_assume)assume, &err))
		return wr_print_error((wr_str){ 0 }, &err);
	fprintf(stderr, "query %s goes on from its data directory at the next start\n",
		o->files[0]);
	return WR_EXIT_GOOD;
}

/* weir check: whether a data directory is whole. weir restore: a data directory of a backup. */
#include <stdio.h>

#include "cli/cli.h"
#include "state/check.h"

/* Prints a line for each thing worth knowing, then what was looked at. */
static int report(const char *dir, wr_err *err)
{
	wr_buf words = { 0 };
	wr_check state;
	wr_topics_checked topics;
	wr_status status = wr_check_data(dir, &state, &words, err);

	if (status == WR_OK)
		status = wr_topics_check(dir, &topics, &words, err);
	fputs(wr_buf_z(&words), stderr);
	wr_buf_free(&words);
	if (status)
		return wr_print_error((wr_str){ 0 }, err);
	printf(
	    "%s is whole: %lld statements, %lld queries with %llu keys, %lld partitions with %llu records\n",
	    dir, (long long)state.statements, (long long)state.queries,
	    (unsigned long long)state.keys, (long long)topics.partitions,
	    (unsigned long long)topics.frames);
	return WR_EXIT_GOOD;
}

int wr_cmd_check(const wr_options *o)
{
	const char *dir = o->nfiles == 1 ? o->files[0] : o->dir;
	wr_err err = WR_ERR_INIT;

	if (o->nfiles > 1 || !dir || (o->nfiles && o->dir)) {
		fputs(
		    "weir check DIR: reads a data directory, or a backup, through; nothing may run in it\n",
		    stderr);
		return WR_EXIT_USAGE;
	}
	return report(dir, &err);
}

int wr_cmd_restore(const wr_options *o)
{
	wr_err err = WR_ERR_INIT;

	if (o->nfiles != 1 || !o->dir) {
		fputs(
		    "weir restore BACKUP --data NEW: makes a data directory of what BACKUP TO made\n",
		    stderr);
		return WR_EXIT_USAGE;
	}
	if (wr_engine_restore(o->files[0], o->dir, &err))
		return wr_print_error((wr_str){ 0 }, &err);
	fprintf(stderr,
		"restored: weir run FILE --data %s goes on from where the backup was made\n",
		o->dir);
	return WR_EXIT_GOOD;
}

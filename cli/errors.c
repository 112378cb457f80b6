/*
 * weir errors: the bad records that the queries of a data directory have kept. list and show look
 * at it; replay opens the directory, reads what there is to read, the wanted records first, and
 * says what became of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/rows.h"
#include "core/number.h"
#include "core/time_text.h"
#include "engine/bad_record.h"

enum { LIST_COLS = 6, MAX_NUMBERS = 62 };

static const char USAGE[] =
    "weir errors list [QUERY] --data DIR             what was kept\n"
    "weir errors show QUERY NUMBER --data DIR        one record with its bytes\n"
    "weir errors replay [QUERY [NUMBER…]] --data DIR [--broker HOST:PORT]   read it again\n";

/* What the words behind the command ask for. */
typedef struct wanted {
	wr_replay which;
	int64_t numbers[MAX_NUMBERS];
} wanted;

static bool read_wanted(const wr_options *o, wanted *w)
{
	w->which.query = o->nfiles > 1 ? o->files[1] : NULL;
	for (unsigned i = 2; i < o->nfiles && w->which.n < MAX_NUMBERS; i++)
		if (!wr_parse_i64(wr_str_of(o->files[i]), &w->numbers[w->which.n++]))
			return false;
	w->which.numbers = w->numbers;
	return true;
}

static const char *time_text(wr_arena *a, int64_t ms)
{
	wr_buf b = { 0 };

	wr_print_timestamp(ms, &b);
	const char *text = wr_arena_strdup(a, wr_buf_z(&b));

	wr_buf_free(&b);
	return text;
}

/* ---------------------------------------------------------------- list */

typedef struct list {
	const wanted *w;
	wr_arena *arena;
	uint32_t n, room;
	const char **cells;
} list;

static bool add(void *self, const char *query, const wr_bad_record *bad)
{
	list *l = self;
	wr_arena *a = l->arena;

	if (!wr_replay_wants(&l->w->which, query, bad->number))
		return true;
	if (l->n == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->cells = wr_realloc(l->cells, (size_t)l->room * LIST_COLS * sizeof *l->cells);
	}
	const char **c = l->cells + (size_t)l->n++ * LIST_COLS;

	c[0] = wr_arena_strdup(a, query);
	c[1] = wr_arena_printf(a, "%lld", (long long)bad->number).p;
	c[2] = wr_bad_record_text(a, bad->topic, 200);
	c[3] = wr_arena_printf(a, "%d:%lld", bad->rec.partition, (long long)bad->rec.offset).p;
	c[4] = time_text(a, bad->seen_at);
	c[5] = wr_bad_record_text(a, bad->reason, 1000);
	return true;
}

static int print_list(const wr_options *o, const wanted *w)
{
	static const char *const names[] = { "query",	"number", "topic", "partition:offset",
					     "kept at", "reason" };
	list l = { .w = w, .arena = wr_arena_new() };
	wr_err err = WR_ERR_INIT;
	int status = WR_EXIT_GOOD;

	if (wr_engine_errors(o->dir, add, &l, &err))
		status = wr_print_error((wr_str){ 0 }, &err);
	else if (l.n)
		wr_print_listing(stdout, &(wr_listing){ LIST_COLS, l.n, names, l.cells });
	else
		fputs("no bad records are kept\n", stderr);
	free(l.cells);
	wr_arena_free(l.arena);
	return status;
}

/* ---------------------------------------------------------------- show */

static bool printable(wr_str s)
{
	wr_arena *a = wr_arena_new();
	const char *text = wr_bad_record_text(a, s, UINT32_MAX);
	bool same = strlen(text) == s.n && memcmp(text, s.p, s.n) == 0;

	wr_arena_free(a);
	return same;
}

static void dump(wr_str s)
{
	for (uint32_t at = 0; at < s.n; at += 16) {
		printf("    %08x ", at);
		for (uint32_t i = at; i < at + 16; i++)
			if (i < s.n)
				printf(" %02x", (unsigned char)s.p[i]);
			else
				fputs("   ", stdout);
		fputs("  ", stdout);
		for (uint32_t i = at; i < at + 16 && i < s.n; i++)
			putchar(s.p[i] >= ' ' && s.p[i] < 127 ? s.p[i] : '.');
		putchar('\n');
	}
}

/* Text as it is, other bytes in hexadecimal. */
static void print_bytes(const char *name, wr_str s)
{
	if (!s.p)
		printf("%-10s null\n", name);
	else if (printable(s))
		printf("%-10s %u bytes\n    %.*s\n", name, s.n, WR_STR_ARG(s));
	else
		printf("%-10s %u bytes\n", name, s.n), dump(s);
}

typedef struct shown {
	const wanted *w;
	uint32_t n;
} shown;

static bool print_one(void *self, const char *query, const wr_bad_record *bad)
{
	shown *s = self;
	wr_arena *a;

	if (!wr_replay_wants(&s->w->which, query, bad->number))
		return true;
	a = wr_arena_new();
	printf("%s%-10s %s\n%-10s %lld\n", s->n++ ? "\n" : "", "query", query, "number",
	       (long long)bad->number);
	printf("%-10s %.*s\n", "read as", WR_STR_ARG(bad->relation));
	printf("%-10s %.*s, partition %d, offset %lld\n", "place", WR_STR_ARG(bad->topic),
	       bad->rec.partition, (long long)bad->rec.offset);
	printf("%-10s %s\n%-10s %s\n", "timestamp", time_text(a, bad->rec.timestamp), "kept at",
	       time_text(a, bad->seen_at));
	printf("%-10s %.*s\n", "reason", WR_STR_ARG(bad->reason));
	for (uint32_t i = 0; bad->rec.headers && i < bad->rec.headers->n; i++) {
		const wr_header *h = &bad->rec.headers->items[i];
		const char *value = wr_bad_record_text(a, h->value, 1000);

		printf("%-10s %s = %s\n", "header", wr_bad_record_text(a, h->key, 1000),
		       value ? value : "null");
	}
	print_bytes("key", bad->rec.key);
	print_bytes("value", bad->rec.value);
	wr_arena_free(a);
	return true;
}

static int show(const wr_options *o, const wanted *w)
{
	shown s = { w, 0 };
	wr_err err = WR_ERR_INIT;

	if (w->which.n == 0) {
		fputs(USAGE, stderr);
		return WR_EXIT_USAGE;
	}
	if (wr_engine_errors(o->dir, print_one, &s, &err))
		return wr_print_error((wr_str){ 0 }, &err);
	if (s.n == 0)
		fputs("there is no such record; weir errors list has those there are\n", stderr);
	return s.n ? WR_EXIT_GOOD : WR_EXIT_FAILED;
}

/* ---------------------------------------------------------------- replay */

/* Opens the directory's queries and lets them read to the ends that there are now. */
static int run_queries(const wr_options *o, const wanted *w)
{
	wr_settings settings;
	wr_err err = WR_ERR_INIT;
	wr_engine_config config = { .dir = o->dir,
				    .broker = o->broker,
				    .settings = &settings,
				    .until = WR_RUN_UNTIL_CAUGHT_UP,
				    .replay = &w->which };
	wr_engine *e;
	int status = WR_EXIT_GOOD;

	if (wr_options_settings(o, &settings, &err) || wr_engine_open(&config, &e, &err))
		return wr_print_error((wr_str){ 0 }, &err);
	if (wr_engine_wait(e, &wr_stop, &err))
		status = wr_print_error((wr_str){ 0 }, &err);
	wr_engine_close(e);
	return status;
}

/* Says which of the records of before are there still. */
static int compare(const list *before, const list *after)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < before->n; i++) {
		const char **b = before->cells + (size_t)i * LIST_COLS;

		for (uint32_t k = 0; k < after->n; k++) {
			const char **c = after->cells + (size_t)k * LIST_COLS;

			if (strcmp(b[0], c[0]) != 0 || strcmp(b[1], c[1]) != 0)
				continue;
			left++;
			fprintf(stderr, "%s %s stays: %s\n", c[0], c[1], c[5]);
		}
	}
	fprintf(stderr, "%u of %u records were read and are no errors any more\n", before->n - left,
		before->n);
	return left ? WR_EXIT_BAD_RECORDS : WR_EXIT_GOOD;
}

static int replay(const wr_options *o, const wanted *w)
{
	list before = { .w = w, .arena = wr_arena_new() },
	     after = { .w = w, .arena = wr_arena_new() };
	wr_err err = WR_ERR_INIT;
	int status;

	wr_catch_signals();
	if (wr_engine_errors(o->dir, add, &before, &err))
		status = wr_print_error((wr_str){ 0 }, &err);
	else if (before.n == 0)
		status = (fputs("no such records are kept\n", stderr),
			  w->which.n ? WR_EXIT_FAILED : WR_EXIT_GOOD);
	else if ((status = run_queries(o, w)) == WR_EXIT_GOOD)
		status = wr_engine_errors(o->dir, add, &after, &err)
			     ? wr_print_error((wr_str){ 0 }, &err)
			     : compare(&before, &after);
	free(before.cells);
	free(after.cells);
	wr_arena_free(before.arena);
	wr_arena_free(after.arena);
	return status;
}

int wr_cmd_errors(const wr_options *o)
{
	const char *what = o->nfiles ? o->files[0] : "";
	wanted w = { 0 };

	if (!o->dir || !read_wanted(o, &w)) {
		fputs(USAGE, stderr);
		return WR_EXIT_USAGE;
	}
	if (!strcmp(what, "list"))
		return print_list(o, &w);
	if (!strcmp(what, "show"))
		return show(o, &w);
	if (!strcmp(what, "replay"))
		return replay(o, &w);
	fputs(USAGE, stderr);
	return WR_EXIT_USAGE;
}

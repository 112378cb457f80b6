/*
 * weir docs PAGE: a page of docs/ as Markdown, printed from the rows that the program itself goes
 * by. `make docs` writes them, tests/tools/docs holds what is in the tree to what comes out here.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "functions/registry.h"

/* Text of a table's cell; | would end it. */
static void cell(const char *text)
{
	for (; *text; text++)
		*text == '|' ? fputs("\\|", stdout) : putchar(*text);
}

/* The same as code, which may hold back-quotes. */
static void code(const char *text)
{
	const char *quote = strchr(text, '`') ? "``" : "`";

	printf(" %s", quote);
	cell(text);
	fputs(quote, stdout);
}

/* ---------------------------------------------------------------- functions */

static void overload(const char *name, const char *args, const char *result, const char *doc,
		     const char *example)
{
	printf("| `%s(", name);
	cell(args ? args : "");
	printf(")` | ");
	if (result) {
		putchar('`');
		cell(result);
		putchar('`');
	}
	printf(" | ");
	cell(doc ? doc : "");
	if (example)
		code(example);
	puts(" |");
}

enum { OVERLOADS = 64 };

static void function(void *self, const char *name, wr_fn_kind kind)
{
	const wr_fn *fns[OVERLOADS] = { 0 };
	const wr_agg *aggs[OVERLOADS] = { 0 };
	const wr_udtf *udtfs[OVERLOADS] = { 0 };

	if (kind != *(const wr_fn_kind *)self)
		return;
	uint32_t n = wr_fn_overloads(wr_str_of(name), fns, aggs, udtfs, OVERLOADS);

	for (uint32_t i = 0; i < n; i++) {
		if (udtfs[i])
			overload(name, udtfs[i]->args, udtfs[i]->result, udtfs[i]->doc,
				 udtfs[i]->example);
		else if (aggs[i])
			overload(name, aggs[i]->args, aggs[i]->result, aggs[i]->doc,
				 aggs[i]->example);
		else if (fns[i])
			overload(name, fns[i]->args, fns[i]->result, fns[i]->doc, fns[i]->example);
	}
}

static void section(const char *title, const char *text, wr_fn_kind kind)
{
	printf("\n## %s\n\n%s\n\n| function | result | |\n| --- | --- | --- |\n", title, text);
	wr_fn_each(function, &kind);
}

static void functions(void)
{
	puts("# Functions\n\n"
	     "Printed by `weir docs functions`; `DESCRIBE FUNCTION name;` shows the same. The "
	     "examples are run by the tests.\n\n"
	     "`INTEGER?` may be left out. `STRING...` may stand any number of times. `T`, `U`, "
	     "`K`, `V` stand for any type, the same one wherever "
	     "the letter stands; `N` for any of INTEGER, BIGINT, DOUBLE and DECIMAL. `LAMBDA(T) R` "
	     "is `x => …`. A result that is left out depends on the "
	     "arguments. An argument that is NULL gives NULL where nothing else is said; so does a "
	     "call that fails.");
	section("Scalar", "One value a row.", WR_FN_SCALAR);
	section("Aggregate",
		"With GROUP BY. Over a table they take back what a row had given when it changes "
		"or goes.",
		WR_FN_AGGREGATE);
	section("Table", "In a SELECT list over a stream: each element becomes a row.",
		WR_FN_TABLE);
}

/* ---------------------------------------------------------------- settings */

/* What a row's words promise and this version does not do. */
static const struct {
	wr_setting_id id;
	const char *text;
} NOTES[] = {
	{ WR_SET_PROCESSING_GUARANTEE, "Here it decides the default of commit.interval.ms alone; "
				       "results are always seen at commits" },
	{ WR_SET_SCHEMA_REGISTRY_URL, "No effect in this version" },
	{ WR_SET_SUBSTRING_LEGACY_ARGS, "No effect in this version" },
	{ WR_SET_TIMESTAMP_EXTRACTOR, "No effect in this version" },
	{ WR_SET_PULL_TABLE_SCAN, "No effect in this version" },
	{ WR_SET_PULL_RANGE_SCAN, "No effect in this version" },
	{ WR_SET_PULL_STREAM, "No effect in this version" },
	{ WR_SET_PULL_LIMIT, "No effect in this version" },
};

static const char *note(wr_setting_id id)
{
	for (size_t i = 0; i < sizeof NOTES / sizeof *NOTES; i++)
		if (NOTES[i].id == id)
			return NOTES[i].text;
	return NULL;
}

static void values(const wr_setting_row *r)
{
	static const char *const units[] = {
		[WR_SETTING_BYTES] = "bytes", [WR_SETTING_MS] = "time",
		[WR_SETTING_INT] = "number",  [WR_SETTING_BOOL] = "true, false",
		[WR_SETTING_TEXT] = "text",
	};

	if (r->kind != WR_SETTING_CHOICE) {
		fputs(units[r->kind], stdout);
		return;
	}
	for (const char *c = *r->choices == '|' ? r->choices + 1 : r->choices; *c; c++)
		*c == '|' ? fputs(", ", stdout) : putchar(*c);
}

static void settings(void)
{
	puts(
	    "# Settings\n\n"
	    "Printed by `weir docs settings`. `SET 'name'='value';` is for a session, `--set "
	    "name=value` for all, `SHOW PROPERTIES;` tells what "
	    "holds. A query keeps the settings that it was made with.\n\n"
	    "Names match without regard to case, with or without the prefixes `ksql.streams.` and "
	    "`ksql.`. Bytes may end in k, m or g (of 1,024), "
	    "times in ms, s, m, h or d. Further names of ksqlDB are taken "
	    "and ignored; any other is an error.\n\n"
	    "`security.protocol`, `sasl.…` and `ssl.…`, and every other property of librdkafka behind the "
	    "prefix `kafka.`, such as `kafka.socket.timeout.ms`, go to all of a query's connections to Kafka, and to those that make and "
	    "look for topics; one that librdkafka does not know, or that exactly-once delivery rests on, is an error. Passwords "
	    "and other secrets are not written to the data directory: those of queries that are resumed come from `--set`.\n\n"
	    "| setting | default | values | |\n| --- | --- | --- | --- |");
	for (int i = 0; i < WR_SETTING_COUNT; i++) {
		const wr_setting_row *r = wr_setting_row_of((wr_setting_id)i);

		printf("| `%s` | %s | ", r->name, *r->initial ? r->initial : "(empty)");
		values(r);
		printf(" | ");
		cell(r->doc);
		if (note((wr_setting_id)i))
			printf(". *%s*", note((wr_setting_id)i));
		puts(" |");
	}
}

/* ---------------------------------------------------------------- */

int wr_cmd_docs(const wr_options *o)
{
	const char *page = o->nfiles == 1 ? o->files[0] : "";

	if (!strcmp(page, "functions"))
		functions();
	else if (!strcmp(page, "settings"))
		settings();
	else
		return fputs("weir docs functions | settings\n", stderr), WR_EXIT_USAGE;
	return WR_EXIT_GOOD;
}

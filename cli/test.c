/* weir test: walks folders for .test files and conformance cases, runs them, counts. */
#include "cli/test.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

static void set_reason(wr_case_result *r, wr_verdict v, const char *format, va_list args)
{
	char text[4096];

	if (r->verdict != WR_PASSED)
		return;
	vsnprintf(text, sizeof text, format, args);
	r->verdict = v;
	wr_buf_reset(&r->reason);
	wr_buf_puts(&r->reason, text);
}

void wr_case_fail(wr_case_result *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_reason(r, WR_FAILED, format, args);
	va_end(args);
}

void wr_case_skip(wr_case_result *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_reason(r, WR_SKIPPED, format, args);
	va_end(args);
}

bool wr_test_wanted(const wr_test_run *t, wr_str name)
{
	char z[1024];

	if (!t->options->only)
		return true;
	snprintf(z, sizeof z, "%.*s", WR_STR_ARG(name));
	return fnmatch(t->options->only, z, 0) == 0;
}

static void write_report(wr_test_run *t, const char *file, wr_str name, const wr_case_result *r)
{
	static const char *const words[] = { "passed", "failed", "skipped" };
	wr_buf line = { 0 };
	wr_json_out w = { .out = &line };

	wr_json_open(&w, '{');
	wr_json_key(&w, "file");
	wr_json_put_z(&w, file);
	wr_json_key(&w, "name");
	wr_json_put_str(&w, name);
	wr_json_key(&w, "status");
	wr_json_put_z(&w, words[r->verdict]);
	wr_json_key(&w, "reason");
	wr_json_put_str(&w, wr_buf_view(&r->reason));
	wr_json_close(&w, '}');
	fprintf(t->report, "%s\n", wr_buf_z(&line));
	wr_buf_free(&line);
}

void wr_test_report(wr_test_run *t, const char *file, wr_str name, wr_case_result *r)
{
	if (t->report)
		write_report(t, file, name, r);
	if (r->verdict == WR_FAILED && (t->options->verbose || !t->report))
		printf("FAILED %.*s\n  %s\n", WR_STR_ARG(name), wr_buf_z(&r->reason));
	t->passed += r->verdict == WR_PASSED;
	t->failed += r->verdict == WR_FAILED;
	t->skipped += r->verdict == WR_SKIPPED;
	wr_buf_free(&r->reason);
}

static bool ends_in(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);

	return n > m && strcmp(name + n - m, ending) == 0;
}

static bool visit(wr_test_run *t, const char *path);

static bool visit_folder(wr_test_run *t, const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	bool good = n >= 0;

	for (int i = 0; i < n; i++) {
		char sub[4096];

		snprintf(sub, sizeof sub, "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			good &= visit(t, sub);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return good;
}

static bool visit(wr_test_run *t, const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		fprintf(stderr, "weir test: cannot read %s\n", path);
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return visit_folder(t, path);
	if (ends_in(path, ".json"))
		wr_conform_file(t, path);
	else if (ends_in(path, ".test"))
		wr_script_file(t, path);
	return true;
}

/* One NAME=VALUE of --world. */
static bool set_world(wr_world *w, const char *item)
{
	int value;
	char word[32], text[32];

	if (sscanf(item, "%31[a-z]=%31s", word, text) != 2)
		return false;
	value = atoi(text);
	if (!strcmp(word, "batch"))
		w->batch = value;
	else if (!strcmp(word, "tasks"))
		w->tasks = value;
	else if (!strcmp(word, "queue"))
		w->queue = value;
	else if (!strcmp(word, "restart"))
		w->restart = value != 0;
	else if (!strcmp(word, "rollback"))
		w->rollback = value != 0;
	else if (!strcmp(word, "store"))
		w->memory = !strcmp(text, "memory");
	else
		return false;
	return true;
}

static bool read_worlds(wr_test_run *t)
{
	for (unsigned i = 0; i < t->options->nworlds; i++) {
		char *copy = wr_strdup(t->options->worlds[i]), *save = NULL;

		for (char *item = strtok_r(copy, ",", &save); item;
		     item = strtok_r(NULL, ",", &save))
			if (!set_world(&t->world, item)) {
				fprintf(stderr, "weir test: --world does not know %s\n", item);
				free(copy);
				return false;
			}
		free(copy);
	}
	return true;
}

int wr_cmd_test(const wr_options *o)
{
	wr_test_run t = { .options = o };
	bool good = true;

	if (o->nfiles == 0) {
		fputs("weir test: name files or folders of tests\n", stderr);
		return WR_EXIT_USAGE;
	}
	if (!read_worlds(&t))
		return WR_EXIT_USAGE;
	if (o->report && !(t.report = fopen(o->report, "w"))) {
		fprintf(stderr, "weir test: cannot write %s\n", o->report);
		return WR_EXIT_FAILED;
	}
	for (unsigned i = 0; i < o->nfiles; i++)
		good &= visit(&t, o->files[i]);
	if (t.report)
		fclose(t.report);
	if (t.rows_all + t.errors_all)
		printf(
		    "conformance: rows %u of %u, errors %u of %u (without registry formats and custom functions)\n",
		    t.rows_passed, t.rows_all, t.errors_passed, t.errors_all);
	printf("%u passed, %u failed, %u skipped\n", t.passed, t.failed, t.skipped);
	return t.failed || !good ? WR_EXIT_FAILED : WR_EXIT_GOOD;
}

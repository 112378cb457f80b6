/*
 * .test files: what most tests are. Blocks parted by blank lines; '#' begins a comment line.
 *
 *	statement ok                     the statements below must run
 *	CREATE STREAM …;
 *
 *	statement error                  the last one must fail; what stands behind ---- is our whole error text
 *	SELECT x FORM s;
 *	----
 *	error: syntax error at FORM
 *	…
 *
 *	input TOPIC                      records: key | value [| rowtime [| partition [| headers]]]; key and value are bytes as they stand, NULL is
 *	a | {"v":1} | 0                  null; headers are name=value, …; where the relation's keys have windows, a key is key@start[-end]
 *
 *	output TOPIC                     the records that came since the last look, in order: key[@start[-end]] | value [| rowtime]
 *	a | {"N":1} | 0
 *
 *	table TOPIC                      the last value per key, sorted by key: the same in every world
 *
 *	query                            rows of a push query over what the topics hold, as JSON lines behind ----
 *	SELECT …;
 *	----
 *	{"id":1}
 *
 *	explain                          the plan's text
 *	show                             what SHOW, DESCRIBE or PRINT lists, or what a statement answers, behind ----
 *	SHOW VARIABLES;
 *	----
 *	name | value
 *
 *	commit                           waits until all that came in is committed
 *	restart                          the same; closes the engine and opens it again
 *	rollback                         stops the engine as a crash would, whatever it is doing, and opens it again
 *	skip REASON                      the rest of the file is skipped
 *
 * KAFKA-format keys and values are written as text: numbers by the relation's column type.
 *
 * A file is one case. Worlds (--world) change batch size, store, tasks and queues; restart=1 closes
 * and opens the engine after every input, rollback=1 crashes it after every input before that input
 * can be worked off. The order of `output` and `query` rows counts with one task only. A store in
 * memory has no restarts.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/script.h"
#include "core/clock.h"
#include "parser/render.h"

/* ---------------------------------------------------------------- blocks */

static wr_str next_line(wr_str *rest)
{
	const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	uint32_t n = end ? (uint32_t)(end - rest->p) : rest->n;
	wr_str line = { rest->p, n };

	rest->p += n + (end != NULL);
	rest->n -= n + (end != NULL);
	return line;
}

static bool blank(wr_str line)
{
	for (uint32_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r')
			return false;
	return true;
}

/* The next block: its first line, and the lines below it (comments left out). false: the file is
 * over. */
static bool next_block(wr_script *s, wr_str *rest, wr_str *head, wr_str *body)
{
	wr_buf b = { 0 };

	*head = (wr_str){ 0 };
	while (rest->n) {
		wr_str line = next_line(rest);

		s->line++;
		if (line.n && line.p[0] == '#')
			continue;
		if (blank(line)) {
			if (head->p)
				break;
			continue;
		}
		if (!head->p) {
			*head = line;
			s->block_line = s->line;
			continue;
		}
		wr_buf_str(&b, line);
		wr_buf_putc(&b, '\n');
	}
	*body = wr_arena_str(s->arena, wr_buf_view(&b));
	wr_buf_free(&b);
	return head->p != NULL;
}

wr_str wr_script_behind_rule(wr_str *body)
{
	wr_str rest = *body, none = { 0 };

	while (rest.n) {
		const char *at = rest.p;
		wr_str line = next_line(&rest);

		if (wr_str_is(line, "----")) {
			body->n = (uint32_t)(at - body->p);
			return rest;
		}
	}
	return none;
}

static wr_str word(wr_str *line)
{
	uint32_t i = 0;

	while (i < line->n && line->p[i] != ' ')
		i++;
	wr_str w = { line->p, i };

	while (i < line->n && line->p[i] == ' ')
		i++;
	line->p += i;
	line->n -= i;
	return w;
}

/* ---------------------------------------------------------------- statements */

static bool run_statements(wr_script *s, wr_str text, wr_buf *error, wr_push_query **select)
{
	uint32_t at = 0;
	bool found = true;

	while (found) {
		wr_err err = WR_ERR_INIT;
		wr_outcome out = { 0 };
		wr_str shown;

		if (wr_engine_next(s->engine, s->session, s->arena, text, &at, &found, &out, &shown,
				   &err)) {
			wr_render_error(error, shown, &err);
			return false;
		}
		if (out.kind == WR_OUTCOME_TEXT)
			s->explained = out.message;
		if (out.print)
			wr_print_free(out.print);
		if (out.query && select && !*select)
			*select = out.query;
		else if (out.query)
			wr_push_query_free(out.query);
	}
	return true;
}

static void fail(wr_script *s, const char *what, wr_str got, wr_str wanted)
{
	wr_case_fail(s->result, "line %u: %s\n--- got\n%.*s--- wanted\n%.*s", s->block_line, what,
		     WR_STR_ARG(got), WR_STR_ARG(wanted));
}

static void statement(wr_script *s, wr_str rest, wr_str body)
{
	wr_buf error = { 0 };
	wr_str wanted = wr_script_behind_rule(&body);
	bool good = run_statements(s, body, &error, NULL);

	if (wr_str_is(rest, "ok") && !good)
		fail(s, "a statement failed", wr_buf_view(&error), (wr_str){ 0 });
	else if (wr_str_is(rest, "error") && good)
		fail(s, "no error", (wr_str){ 0 }, wanted);
	else if (wr_str_is(rest, "error") && wanted.p && !wr_str_eq(wr_buf_view(&error), wanted))
		fail(s, "another error text", wr_buf_view(&error), wanted);
	wr_buf_free(&error);
}

static void put_listing(const wr_listing *l, wr_buf *out)
{
	for (uint32_t i = 0; i < l->ncols; i++)
		wr_buf_printf(out, "%s%s", i ? " | " : "", l->names[i]);
	wr_buf_putc(out, '\n');
	for (uint32_t i = 0; i < l->nrows * l->ncols; i++) {
		const char *cell = l->cells[i];

		wr_buf_printf(out, "%s%s", i % l->ncols ? " | " : "", cell ? cell : "NULL");
		if ((i + 1) % l->ncols == 0)
			wr_buf_putc(out, '\n');
	}
}

/* What PRINT has to say by now. */
static void put_print(wr_print *p, wr_buf *out)
{
	wr_str line = { "", 0 };
	wr_err err = WR_ERR_INIT;

	while (line.p && wr_print_next(p, 200, &line, &err) == WR_OK)
		if (line.p)
			wr_buf_printf(out, "%.*s\n", WR_STR_ARG(line));
	wr_print_free(p);
}

/* One statement's answer as text. */
static void show(wr_script *s, wr_str body)
{
	wr_str wanted = wr_script_behind_rule(&body), shown;
	uint32_t at = 0;
	bool found;
	wr_outcome out = { 0 };
	wr_err err = WR_ERR_INIT;
	wr_buf got = { 0 };

	if (wr_engine_next(s->engine, s->session, s->arena, body, &at, &found, &out, &shown, &err))
		wr_render_error(&got, shown, &err);
	else if (out.kind == WR_OUTCOME_LISTING)
		put_listing(&out.listing, &got);
	else if (out.kind == WR_OUTCOME_PRINT)
		put_print(out.print, &got);
	else if (out.message)
		wr_buf_printf(&got, "%s\n", out.message);
	if (out.details.ncols)
		put_listing(&out.details, &got);
	if (!wr_str_eq(wr_buf_view(&got), wanted))
		fail(s, "another answer", wr_buf_view(&got), wanted);
	wr_buf_free(&got);
}

static void explain(wr_script *s, wr_str body)
{
	wr_buf error = { 0 }, text = { 0 };
	wr_str wanted = wr_script_behind_rule(&body);

	wr_buf_puts(&text, "EXPLAIN ");
	wr_buf_str(&text, body);
	s->explained = "";
	if (!run_statements(s, wr_buf_view(&text), &error, NULL)) {
		fail(s, "EXPLAIN failed", wr_buf_view(&error), wanted);
	} else {
		wr_buf_reset(&text);
		wr_buf_puts(&text, s->explained);
		if (text.n && text.p[text.n - 1] != '\n')
			wr_buf_putc(&text, '\n');
		if (!wr_str_eq(wr_buf_view(&text), wanted))
			fail(s, "another plan", wr_buf_view(&text), wanted);
	}
	wr_buf_free(&error);
	wr_buf_free(&text);
}

/* ---------------------------------------------------------------- the engine's life */

static void quiet(void *self, const char *text)
{
	(void)self, (void)text;
}

static bool open_engine(wr_script *s)
{
	wr_err err = WR_ERR_INIT;
	wr_engine_config config = { .dir = s->dir,
				    .settings = &s->settings,
				    .until = WR_RUN_UNTIL_CAUGHT_UP,
				    .by_hand = s->by_hand,
				    .notice = quiet };

	if (!s->by_hand)
		config.until = WR_RUN_FOREVER;
	if (wr_engine_open(&config, &s->engine, &err)) {
		wr_case_fail(s->result, "line %u: cannot open the engine: %s", s->block_line,
			     err.message);
		return false;
	}
	return true;
}

static void set_world(wr_script *s)
{
	const wr_world *w = s->world;
	char text[32];
	wr_err err = WR_ERR_INIT;

	wr_settings_init(&s->settings);
	(void)!wr_settings_set(&s->settings, WR_STR_LIT("idle.timeout.ms"), WR_STR_LIT("0"), &err);
	(void)!wr_settings_set(&s->settings, WR_STR_LIT("cache.max.bytes.buffering"),
			       WR_STR_LIT("0"), &err);
	(void)!wr_settings_set(&s->settings, WR_STR_LIT("commit.interval.ms"), WR_STR_LIT("3"),
			       &err);
	if (w->batch) {
		snprintf(text, sizeof text, "%d", w->batch);
		(void)!wr_settings_set(&s->settings, WR_STR_LIT("batch.rows"), wr_str_of(text),
				       &err);
	}
	if (w->queue)
		(void)!wr_settings_set(&s->settings, WR_STR_LIT("queue.bytes"), WR_STR_LIT("1"),
				       &err);
	if (w->memory)
		(void)!wr_settings_set(&s->settings, WR_STR_LIT("state.store"),
				       WR_STR_LIT("memory"), &err);
	snprintf(text, sizeof text, "%d", w->tasks ? w->tasks : 1);
	(void)!wr_settings_set(&s->settings, WR_STR_LIT("tasks"), wr_str_of(text), &err);
}

/* Closes and opens again; session settings stay. */
static bool restart(wr_script *s, bool commit)
{
	if (s->world->memory) { /* memory does not survive; an epoch is all that can be asked for */
		return true;
	}
	wr_settings kept = *wr_session_settings(s->session);

	wr_session_free(s->session);
	if (commit)
		wr_engine_close(s->engine);
	else
		wr_engine_abandon(s->engine);
	s->engine = NULL;
	s->session = NULL;
	if (!open_engine(s))
		return false;
	s->session = wr_session_new(s->engine);
	*wr_session_settings(s->session) = kept;
	return true;
}

/*
 * Until every query has read and committed what its topics hold, seen three times in a row: what
 * one query commits another has to read. Queries that hold rows back (a join that waits for its
 * other side) never get there: for them, until nothing has moved for a while.
 */
static void settle(wr_script *s)
{
	uint64_t last = UINT64_MAX;

	for (int good = 0, calm = 0, rounds = 0; good < 3 && calm < 400 && rounds < 10000;
	     rounds++) {
		uint64_t now = wr_script_activity(s);

		good = wr_engine_settled(s->engine) ? good + 1 : 0;
		calm = now == last ? calm + 1 : 0;
		last = now;
		if (good == 0)
			usleep(2000);
	}
}

/* The worlds' restarts. A rollback comes at once, or some milliseconds later: at any place of an
 * epoch. */
static void look_again(wr_script *s)
{
	if (s->world->restart) {
		settle(s);
		(void)restart(s, true);
	}
	if (s->world->rollback) {
		usleep(s->rollbacks++ % 4 * 3000);
		(void)restart(s, false);
	}
}

/* ---------------------------------------------------------------- files */

static void block(wr_script *s, wr_str head, wr_str body)
{
	wr_str verb = word(&head);

	if (wr_str_is(verb, "statement"))
		statement(s, head, body);
	else if (wr_str_is(verb, "explain"))
		explain(s, body);
	else if (wr_str_is(verb, "show")) {
		settle(s);
		show(s, body);
	} else if (wr_str_is(verb, "input")) {
		wr_script_input(s, head, body);
		if (s->world->restart || s->world->rollback)
			look_again(s);
	} else if (wr_str_is(verb, "output") || wr_str_is(verb, "table")) {
		settle(s);
		wr_script_output(s, wr_str_is(verb, "table"), head, body);
	} else if (wr_str_is(verb, "query"))
		wr_script_query(s, body);
	else if (wr_str_is(verb, "restart") || wr_str_is(verb, "rollback")) {
		if (wr_str_is(verb, "restart"))
			settle(s);
		(void)restart(s, wr_str_is(verb, "restart"));
	} else if (wr_str_is(verb, "commit"))
		settle(s);
	else if (wr_str_is(verb, "skip"))
		wr_case_skip(s->result, "%.*s", WR_STR_ARG(head));
	else
		wr_case_fail(s->result, "line %u: no such block: %.*s", s->block_line,
			     WR_STR_ARG(verb));
}

static void run_file(wr_script *s, wr_str text)
{
	wr_str head, body;

	set_world(s);
	if (!open_engine(s))
		return;
	s->session = wr_session_new(s->engine);
	while (s->result->verdict == WR_PASSED && next_block(s, &text, &head, &body))
		block(s, head, body);
	wr_session_free(s->session);
	wr_engine_abandon(s->engine);
}

static void remove_dir(const char *dir)
{
	char command[600];

	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	(void)!system(command);
}

void wr_script_file(wr_test_run *t, const char *file)
{
	char dir[] = "/tmp/weir-test-XXXXXX";
	wr_case_result r = { .verdict = WR_PASSED };
	wr_script s = { .arena = wr_arena_new(), .result = &r, .world = &t->world };
	wr_err err = WR_ERR_INIT;
	wr_str text;

	if (!wr_test_wanted(t, wr_str_of(file)))
		goto out;
	s.dir = mkdtemp(dir);
	if (!s.dir || wr_read_file(s.arena, file, &text, &err))
		wr_case_fail(&r, "%s",
			     err.message[0] ? err.message : "cannot make a directory under /tmp");
	else
		run_file(&s, text);
	if (s.dir)
		remove_dir(s.dir);
	wr_test_report(t, file, wr_str_of(file), &r);
out:
	wr_arena_free(s.arena);
}

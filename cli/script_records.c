/* Records of .test files: lines to records and back. Output lines are made in the same form and compared as text. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/conform.h"
#include "cli/script.h"
#include "core/value_json.h"
#include "formats/format.h"

/* The fields of key | value | rowtime | partition, blanks around them cut. */
static uint32_t split(wr_str line, wr_str out[4])
{
	uint32_t n = 0, at = 0;

	while (n < 4) {
		uint32_t end = at;

		while (end < line.n && !(line.p[end] == '|' && (end == 0 || line.p[end - 1] == ' ')))
			end++;
		wr_str f = { line.p + at, end - at };

		while (f.n && f.p[0] == ' ') {
			f.p++;
			f.n--;
		}
		while (f.n && (f.p[f.n - 1] == ' ' || f.p[f.n - 1] == '\r'))
			f.n--;
		out[n++] = f;
		if (end >= line.n)
			break;
		at = end + 1;
	}
	return n;
}

typedef struct find {
	wr_str topic;
	const wr_relation *found;
} find;

static void match(void *self, const wr_relation *r)
{
	find *f = self;

	if (wr_str_eq(f->topic, r->topic) && !f->found)
		f->found = r;
}

static const wr_relation *relation_of(wr_script *s, wr_str topic)
{
	find f = { .topic = topic };

	wr_engine_relations(s->engine, match, &f);
	return f.found;
}

/* A field as a node of the conformance codec: NULL, a number or a text. */
static const wr_json *node(wr_script *s, wr_str field, const char *format)
{
	wr_err err = WR_ERR_INIT;

	if (wr_str_is(field, "NULL") || field.n == 0)
		return wr_json_new(s->arena, WR_JSON_NULL);
	if (format && !strcmp(format, "JSON")) {
		const wr_json *j = wr_json_parse(s->arena, field, &err);

		if (j)
			return j;
	}
	return wr_json_new_string(s->arena, field);
}

static bool encode(wr_script *s, const wr_relation *r, wr_str fields[4], wr_record *rec)
{
	wr_conform c = { .arena = s->arena, .result = s->result };
	wr_json *input = wr_json_new(s->arena, WR_JSON_OBJECT);

	wr_json_put(input, WR_STR_LIT("key"), (wr_json *)node(s, fields[0], r->key_format));
	wr_json_put(input, WR_STR_LIT("value"), (wr_json *)node(s, fields[1], r->value_format));
	return wr_conform_encode(&c, r, input, rec);
}

static void append(wr_script *s, wr_str topic, const wr_relation *r, wr_str line)
{
	wr_str f[4] = { { 0 } };
	uint32_t n = split(line, f);
	wr_record rec = { 0 };
	wr_err err = WR_ERR_INIT;
	bool raw = !r || !strcmp(r->value_format, "DEBEZIUM");

	if (raw) {
		rec.key = wr_str_is(f[0], "NULL") ? (wr_str){ 0 } : f[0];
		rec.value = wr_str_is(f[1], "NULL") ? (wr_str){ 0 } : f[1];
	} else if (!encode(s, r, f, &rec)) {
		return;
	}
	rec.timestamp = n > 2 ? strtoll(f[2].p, NULL, 10) : 0;
	if (wr_topics_append(wr_engine_topics(s->engine), topic, n > 3 ? atoi(f[3].p) : 0, &rec, NULL, 0, &err))
		wr_case_fail(s->result, "line %u: cannot append to %.*s: %s", s->block_line, WR_STR_ARG(topic),
			     err.message);
}

static wr_str take_line(wr_str *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	wr_str line = { rest->p, end ? (uint32_t)(end - rest->p) : rest->n };

	rest->n -= line.n + (end != NULL);
	rest->p += line.n + (end != NULL);
	return line;
}

void wr_script_input(wr_script *s, wr_str topic, wr_str lines)
{
	const wr_relation *r = relation_of(s, topic);

	while (lines.n && s->result->verdict == WR_PASSED)
		append(s, topic, r, take_line(&lines));
}

/* ---------------------------------------------------------------- outputs */

static void put_side(wr_buf *out, const wr_json *j)
{
	if (!j)
		wr_buf_puts(out, "NULL");
	else if (j->kind == WR_JSON_STRING && !memchr(j->text.p ? j->text.p : "", '|', j->text.n))
		wr_buf_str(out, j->text);
	else
		wr_json_write(j, out);
}

static void put_record(wr_script *s, const wr_relation *r, const wr_record *rec, bool time, wr_buf *out)
{
	wr_conform c = { .arena = s->arena, .result = s->result };
	wr_conform_actual a = { 0 };

	if (r)
		(void)wr_conform_decode(&c, r, rec, &a);
	put_side(out, a.key);
	if (a.windowed)
		wr_buf_printf(out, "@%lld-%lld", (long long)a.start, (long long)a.end);
	wr_buf_puts(out, " | ");
	put_side(out, a.value);
	if (time)
		wr_buf_printf(out, " | %lld", (long long)rec->timestamp);
	wr_buf_putc(out, '\n');
}

static wr_seen *seen(wr_script *s, wr_str topic)
{
	for (unsigned i = 0; i < s->nseen; i++)
		if (wr_str_is(topic, s->seen[i].topic))
			return &s->seen[i];
	WR_ASSERT(s->nseen < 32);
	snprintf(s->seen[s->nseen].topic, sizeof s->seen[0].topic, "%.*s", WR_STR_ARG(topic));
	return &s->seen[s->nseen++];
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines in the order of their text; for `table`, only the last of each key, and no deleted ones. */
static void tidy(wr_script *s, wr_buf *b, bool table)
{
	uint32_t n = 0, kept = 0;
	char **lines = wr_malloc((b->n + 1) * sizeof *lines);
	wr_str rest = wr_buf_view(b);

	while (rest.n)
		lines[n++] = (char *)wr_arena_str(s->arena, take_line(&rest)).p;
	for (uint32_t i = 0; table && i < n; i++) {
		size_t key = (size_t)(strstr(lines[i], " | ") - lines[i]) + 3;
		bool last = true;

		for (uint32_t j = i + 1; j < n && last; j++)
			last = strncmp(lines[i], lines[j], key) != 0;
		if (last && strcmp(lines[i] + key, "NULL") != 0)
			lines[kept++] = lines[i];
	}
	n = table ? kept : n;
	qsort(lines, n, sizeof *lines, by_text);
	wr_buf_reset(b);
	for (uint32_t i = 0; i < n; i++)
		wr_buf_printf(b, "%s\n", lines[i]);
	free(lines);
}

/* What the topic holds from where it was last looked at (table: from its beginning). */
static void read_topic(wr_script *s, wr_str topic, bool table, bool time, wr_buf *out)
{
	const wr_relation *r = relation_of(s, topic);
	wr_seen *at = seen(s, topic);
	int32_t n = wr_topics_partitions(wr_engine_topics(s->engine), topic);
	wr_err err = WR_ERR_INIT;

	for (int32_t p = 0; p < n && p < 64; p++) {
		wr_topic_cursor *c;
		wr_record rec;
		int64_t next = table ? 0 : at->next[p];

		if (wr_topic_cursor_open(wr_engine_topics(s->engine), topic, p, next, &c, &err)) {
			wr_case_fail(s->result, "line %u: %s", s->block_line, err.message);
			return;
		}
		while (wr_topic_cursor_read(c, &rec, 1, &next) == 1)
			put_record(s, r, &rec, time, out);
		if (!table)
			at->next[p] = next;
		wr_topic_cursor_close(c);
	}
}

/* Whether the expected lines give row times. */
static bool wants_time(wr_str lines)
{
	wr_str f[4];

	return lines.n && split(take_line(&lines), f) > 2;
}

void wr_script_output(wr_script *s, bool table, wr_str topic, wr_str lines)
{
	wr_buf got = { 0 }, wanted = { 0 };

	read_topic(s, topic, table, wants_time(lines), &got);
	wr_buf_str(&wanted, lines);
	if (table || s->world->tasks > 1) {
		tidy(s, &got, table);
		tidy(s, &wanted, table);
	}
	if (!wr_str_eq(wr_buf_view(&got), wr_buf_view(&wanted)))
		wr_case_fail(s->result, "line %u: other records in %.*s\n--- got\n%s--- wanted\n%s", s->block_line,
			     WR_STR_ARG(topic), wr_buf_z(&got), wr_buf_z(&wanted));
	wr_buf_free(&got);
	wr_buf_free(&wanted);
}

/* ---------------------------------------------------------------- activity */

static void add_up(void *self, const wr_query_info *q)
{
	*(uint64_t *)self = *(uint64_t *)self * 31 + q->rows_in * 7 + q->epoch + (uint64_t)q->state;
}

static void add_topic(void *self, wr_str name, int32_t n)
{
	wr_script *s = self;

	for (int32_t p = 0; p < n; p++)
		s->ends = s->ends * 31 + (uint64_t)wr_topics_end(wr_engine_topics(s->engine), name, p);
}

uint64_t wr_script_activity(wr_script *s)
{
	uint64_t sum = 0;

	s->ends = 0;
	wr_engine_queries(s->engine, add_up, &sum);
	wr_topics_each(wr_engine_topics(s->engine), add_topic, s);
	return sum * 31 + s->ends;
}

/* ---------------------------------------------------------------- queries */

typedef struct client {
	wr_buf text;
	_Atomic bool over;
	wr_err err;
	wr_push_query *query;
} client;

static bool on_rows(void *self, const wr_batch *b, uint32_t at, uint32_t n)
{
	client *c = self;
	const wr_str *names = wr_push_query_names(c->query);

	for (uint32_t i = at; i < at + n; i++) {
		if (b->change[i] == WR_ROW_BEFORE)
			continue;
		for (uint32_t k = 0; k < b->schema->n; k++) {
			wr_buf_putc(&c->text, k ? ',' : '{');
			wr_json_quote(&c->text, names ? names[k] : b->schema->cols[k].name);
			wr_buf_putc(&c->text, ':');
			wr_value_json(&b->cols[k], i, &c->text);
		}
		wr_buf_puts(&c->text, wr_change_removes(b->change[i]) ? ",\"__deleted\":true}\n" : "}\n");
	}
	return true;
}

static void on_ended(void *self, bool limit_reached, const wr_err *err)
{
	client *c = self;

	(void)limit_reached;
	c->err = *err;
	c->over = true;
}

void wr_script_query(wr_script *s, wr_str body)
{
	const char *rule = memmem(body.p, body.n, "----\n", 5);
	wr_str wanted = rule ? (wr_str){ rule + 5, (uint32_t)(body.p + body.n - rule - 5) } : (wr_str){ 0 };
	wr_str text = { body.p, rule ? (uint32_t)(rule - body.p) : body.n }, shown;
	uint32_t at = 0;
	bool found;
	wr_outcome out = { 0 };
	wr_err err = WR_ERR_INIT;
	client c = { 0 };

	if (wr_engine_next(s->engine, s->session, s->arena, text, &at, &found, &out, &shown, &err) || !out.query) {
		wr_case_fail(s->result, "line %u: %s", s->block_line, err.message[0] ? err.message : "not a SELECT");
		return;
	}
	wr_push_def def = { .rows = on_rows, .ended = on_ended, .self = &c };

	c.query = out.query;
	if (wr_push_query_start(out.query, &def, &err)) {
		wr_case_fail(s->result, "line %u: %s", s->block_line, err.message);
	} else {
		for (int i = 0; i < 40 && !c.over; i++)
			usleep(10000);
		wr_push_query_free(out.query);
		if (!wr_str_eq(wr_buf_view(&c.text), wanted))
			wr_case_fail(s->result, "line %u: other rows\n--- got\n%s--- wanted\n%.*s", s->block_line,
				     wr_buf_z(&c.text), WR_STR_ARG(wanted));
	}
	wr_buf_free(&c.text);
}

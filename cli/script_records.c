/* Records of .test files: lines to records and back. Output lines are made in the same form and
 * compared as text. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/conform.h"
#include "cli/rows.h"
#include "cli/script.h"
#include "formats/format.h"

enum { FIELDS = 5 };

/* The fields of key | value | rowtime | partition | headers, blanks around them cut. */
static uint32_t split(wr_str line, wr_str out[FIELDS])
{
	uint32_t n = 0, at = 0;

	while (n < FIELDS) {
		uint32_t end = at;

		while (end < line.n &&
		       !(line.p[end] == '|' && (end == 0 || line.p[end - 1] == ' ')))
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

/* The relation that has the topic, or is called so. */
static const wr_relation *relation_of(wr_script *s, wr_str topic)
{
	find f = { .topic = topic };

	wr_engine_relations(s->engine, match, &f);
	return f.found;
}

/* A field as bytes: as it stands, but for KAFKA's numbers. */
static void encode(wr_script *s, const wr_relation *r, wr_str fields[FIELDS], wr_record *rec)
{
	wr_conform c = { .arena = s->arena, .result = s->result };
	wr_json *input = wr_json_new(s->arena, WR_JSON_OBJECT);
	const char *const formats[] = { r->key_format, r->value_format };
	wr_str *const sides[] = { &rec->key, &rec->value };

	for (int i = 0; i < 2; i++)
		if (!wr_str_is(fields[i], "NULL"))
			wr_json_put(input, i ? WR_STR_LIT("value") : WR_STR_LIT("key"),
				    wr_json_new_string(s->arena, fields[i]));
	(void)wr_conform_encode(&c, r, input, rec);
	for (int i = 0; i < 2; i++)
		if (formats[i] && strcmp(formats[i], "KAFKA") != 0 &&
		    strcmp(formats[i], "NONE") != 0)
			*sides[i] = wr_str_is(fields[i], "NULL") ? (wr_str){ 0 } : fields[i];
}

/* Takes @start[-end] off a key; false: there is none. */
static bool cut_window(wr_str *key, int64_t *start, int64_t *end)
{
	const char *at = key->n ? memrchr(key->p, '@', key->n) : NULL;
	char *rest;

	if (!at)
		return false;
	*start = *end = strtoll(at + 1, &rest, 10);
	if (*rest == '-')
		*end = strtoll(rest + 1, NULL, 10);
	key->n = (uint32_t)(at - key->p);
	return true;
}

static void put_be64(wr_buf *b, int64_t v)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		wr_buf_putc(b, (char)((uint64_t)v >> shift));
}

/* A window behind the key's bytes: [end] start. */
static void add_window(wr_script *s, const wr_relation *r, int64_t start, int64_t end,
		       wr_record *rec)
{
	wr_buf b = { 0 };

	wr_buf_str(&b, rec->key);
	if (r->window_kind == WR_WINDOW_SESSION)
		put_be64(&b, end);
	put_be64(&b, start);
	rec->key = wr_arena_str(s->arena, wr_buf_view(&b));
	wr_buf_free(&b);
}

/* name=value, name=value; a name alone has no value. */
static const wr_headers *read_headers(wr_script *s, wr_str list)
{
	wr_headers *h = WR_NEW(s->arena, wr_headers);
	wr_header *items = WR_NEW_ARRAY(s->arena, wr_header, list.n + 1);

	h->items = items;
	while (list.n) {
		const char *comma = memchr(list.p, ',', list.n);
		wr_str one = { list.p, comma ? (uint32_t)(comma - list.p) : list.n };
		const char *eq = memchr(one.p, '=', one.n);

		list.p += one.n + (comma != NULL);
		list.n -= one.n + (comma != NULL);
		while (list.n && *list.p == ' ')
			list.p++, list.n--;
		items[h->n].key = (wr_str){ one.p, eq ? (uint32_t)(eq - one.p) : one.n };
		if (eq)
			items[h->n].value = (wr_str){ eq + 1, (uint32_t)(one.p + one.n - eq - 1) };
		h->n++;
	}
	return h;
}

static void append(wr_script *s, wr_str topic, const wr_relation *r, wr_str line)
{
	wr_str f[FIELDS] = { { 0 } };
	int64_t start, end;
	bool windowed;
	uint32_t n = split(line, f);
	wr_record rec = { 0 };
	wr_err err = WR_ERR_INIT;
	bool raw = !r || !strcmp(r->value_format, "DEBEZIUM");

	windowed = r && r->window_kind && cut_window(&f[0], &start, &end);
	if (raw) {
		rec.key = wr_str_is(f[0], "NULL") ? (wr_str){ 0 } : f[0];
		rec.value = wr_str_is(f[1], "NULL") ? (wr_str){ 0 } : f[1];
	} else {
		encode(s, r, f, &rec);
	}
	if (windowed)
		add_window(s, r, start, end, &rec);
	if (n > 4)
		rec.headers = read_headers(s, f[4]);
	rec.timestamp = n > 2 ? strtoll(f[2].p, NULL, 10) : 0;
	if (wr_topics_append(wr_engine_topics(s->engine), topic, n > 3 ? atoi(f[3].p) : 0, &rec,
			     NULL, 0, &err))
		wr_case_fail(s->result, "line %u: cannot append to %.*s: %s", s->block_line,
			     WR_STR_ARG(topic), err.message);
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

static void put_record(wr_script *s, const wr_relation *r, const wr_record *rec, bool time,
		       wr_buf *out)
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
	wr_str f[FIELDS];

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
		wr_case_fail(s->result, "line %u: other records in %.*s\n--- got\n%s--- wanted\n%s",
			     s->block_line, WR_STR_ARG(topic), wr_buf_z(&got), wr_buf_z(&wanted));
	wr_buf_free(&got);
	wr_buf_free(&wanted);
}

/* ---------------------------------------------------------------- activity */

static void add_up(void *self, const wr_query_info *q)
{
	*(uint64_t *)self = *(uint64_t *)self * 31 + q->rows_in * 7 + q->epoch + (uint64_t)q->state;
}

uint64_t wr_script_activity(wr_script *s)
{
	uint64_t sum = 0;

	wr_engine_queries(s->engine, add_up, &sum);
	return sum;
}

/* ---------------------------------------------------------------- queries */

typedef struct client {
	pthread_mutex_t lock; /* around text */
	wr_buf text;
	_Atomic bool over;
	wr_err err;
	wr_push_query *query;
} client;

static bool on_rows(void *self, const wr_batch *b, uint32_t at, uint32_t n)
{
	client *c = self;

	pthread_mutex_lock(&c->lock);
	for (uint32_t i = at; i < at + n; i++)
		if (b->change[i] != WR_ROW_BEFORE)
			wr_row_json(c->query, b, i, &c->text);
	pthread_mutex_unlock(&c->lock);
	return true;
}

static void on_ended(void *self, bool limit_reached, const wr_err *err)
{
	client *c = self;

	(void)limit_reached;
	c->err = *err;
	c->over = true;
}

/* Whether what came is what was wanted; with tasks beside each other the order is free. */
static bool same_rows(wr_script *s, client *c, wr_str wanted)
{
	pthread_mutex_lock(&c->lock);
	wr_str got = wr_arena_str(s->arena, wr_buf_view(&c->text));
	pthread_mutex_unlock(&c->lock);
	if (s->world->tasks <= 1)
		return wr_str_eq(got, wanted);
	wr_buf a = { 0 }, b = { 0 };

	wr_buf_str(&a, got);
	wr_buf_str(&b, wanted);
	tidy(s, &a, false);
	tidy(s, &b, false);
	bool same = wr_str_eq(wr_buf_view(&a), wr_buf_view(&b));

	wr_buf_free(&a);
	wr_buf_free(&b);
	return same;
}

/* Rows come when they come: waits long for the wanted ones, then a little for one too many. */
static void wait_for_rows(wr_script *s, client *c, wr_str wanted)
{
	for (int i = 0; i < 2500 && !c->over && !same_rows(s, c, wanted); i++)
		usleep(2000);
	for (int i = 0; i < 15 && !c->over; i++)
		usleep(2000);
}

void wr_script_query(wr_script *s, wr_str body)
{
	wr_str wanted = wr_script_behind_rule(&body), shown;
	uint32_t at = 0;
	bool found;
	wr_outcome out = { 0 };
	wr_err err = WR_ERR_INIT;
	client c = { .lock = PTHREAD_MUTEX_INITIALIZER };

	if (wr_engine_next(s->engine, s->session, s->arena, body, &at, &found, &out, &shown,
			   &err) ||
	    !out.query) {
		wr_case_fail(s->result, "line %u: %s", s->block_line,
			     err.message[0] ? err.message : "not a SELECT");
		return;
	}
	wr_push_def def = { .rows = on_rows, .ended = on_ended, .self = &c };

	c.query = out.query;
	if (wr_push_query_start(out.query, &def, &err)) {
		wr_case_fail(s->result, "line %u: %s", s->block_line, err.message);
	} else {
		wait_for_rows(s, &c, wanted);
		wr_push_query_cancel(out.query);
		wr_push_query_wait(out.query);
		if (!same_rows(s, &c, wanted))
			wr_case_fail(s->result,
				     "line %u: other rows\n--- got\n%s%s\n--- wanted\n%.*s",
				     s->block_line, wr_buf_z(&c.text), c.err.message,
				     WR_STR_ARG(wanted));
	}
	wr_push_query_free(out.query);
	wr_buf_free(&c.text);
}

/*
 * Conformance cases: one JSON array a file; each case is statements, input records and the records
 * expected in the topics afterwards, or an error expected.
 *
 * Everything runs in this process, in one task, by hand: all inputs are appended to their topics
 * first; then each query, in the order of making, takes the inputs of its topics in the order of
 * the file (or, of topics without inputs, what the topics hold by now).
 */
#include "cli/conform.h"

#include <stdlib.h>

#include "formats/format.h"

enum { MAX_TOPICS = 64, MAX_QUERIES = 64 };

/* ---------------------------------------------------------------- which cases */

static bool has_text(const wr_json *list, const char *text)
{
	WR_JSON_EACH(j, list)
	if (wr_json_is(j, WR_JSON_STRING) && wr_str_is(j->text, text))
		return true;
	return false;
}

static const char *why_skipped(const wr_json *test)
{
	static const char *const registry[] = { "AVRO", "PROTOBUF", "JSON_SR", "PROTOBUF_NOSR" };

	if (has_text(wr_json_get(test, "tags"), "custom-java-udf"))
		return "needs a function that exists only in ksqlDB's test code";
	for (int i = 0; i < 4; i++)
		if (has_text(wr_json_get(test, "formats"), registry[i]))
			return "needs a schema registry format";
	if (wr_str_is(wr_json_string(wr_json_get(test, "suite"), WR_STR_LIT("")), "rest"))
		return "the REST suite is not run by this version";
	return NULL;
}

/* ---------------------------------------------------------------- start state */

static void make_topic(wr_conform *c, wr_str name, int32_t partitions)
{
	wr_err err = WR_ERR_INIT;

	if (name.n && wr_topics_partitions(wr_engine_topics(c->engine), name) == 0)
		(void)!wr_topics_create(wr_engine_topics(c->engine), name, partitions, &err);
}

/* Topics of CREATE STREAM / TABLE with columns exist too: KAFKA_TOPIC = '…' in a statement with an
 * element list. */
static void make_declared_topic(wr_conform *c, const wr_stmt *s)
{
	const wr_stmt_create_source *cs = &s->create_source;
	wr_str topic = { 0 };
	int32_t partitions = 4;

	if (s->kind != WR_STMT_CREATE_SOURCE || cs->query || !cs->elements.given)
		return;
	for (uint32_t i = 0; i < cs->props.n; i++) {
		const wr_prop *p = &cs->props.items[i];

		if (wr_str_is(p->name.name, "KAFKA_TOPIC") && p->value->kind == WR_AST_STRING)
			topic = p->value->text;
		if (wr_str_is(p->name.name, "PARTITIONS") && p->value->kind == WR_AST_INTEGER)
			partitions = (int32_t)p->value->integer;
	}
	make_topic(c, topic, partitions > 0 ? partitions : 4);
}

static void make_topics(wr_conform *c)
{
	WR_JSON_EACH(t, wr_json_get(c->test, "topics"))
	make_topic(c, wr_json_string(wr_json_get(t, "name"), WR_STR_LIT("")),
		   (int32_t)wr_json_int(wr_json_get(t, "partitions"), 1));
	WR_JSON_EACH(text, wr_json_get(c->test, "statements"))
	{
		uint32_t at = 0;
		bool found = true;

		while (found) {
			wr_err err = WR_ERR_INIT;
			wr_stmt *s;
			wr_str shown;

			if (wr_engine_parse(c->session, c->arena, text->text, &at, &found, &s,
					    &shown, &err))
				break;
			if (found)
				make_declared_topic(c, s);
		}
	}
	for (int side = 0; side < 2; side++)
		WR_JSON_EACH(rec, wr_json_get(c->test, side ? "outputs" : "inputs"))
	make_topic(c, wr_json_string(wr_json_get(rec, "topic"), WR_STR_LIT("")), 4);
}

static void set_properties(wr_conform *c)
{
	WR_JSON_EACH(p, wr_json_get(c->test, "properties"))
	{
		wr_err err = WR_ERR_INIT;
		wr_str value = p->kind == WR_JSON_TRUE	  ? WR_STR_LIT("true")
			       : p->kind == WR_JSON_FALSE ? WR_STR_LIT("false")
							  : p->text;

		if (wr_str_is(p->name, "use.exact.numeric.comparison"))
			c->exact = p->kind != WR_JSON_FALSE && !wr_str_is(value, "false");
		else
			(void)!wr_settings_set(wr_session_settings(c->session), p->name, value,
					       &err);
	}
}

/* ---------------------------------------------------------------- statements */

static void describe_error(const wr_err *err, wr_buf *out)
{
	wr_buf_printf(out, "%s: %s%s%s", wr_err_class_text(err->cls), err->message,
		      err->hint[0] ? "; " : "", err->hint);
}

/* The class that the Java type of an expected error means. */
static bool class_fits(const wr_json *expected, const wr_err *err)
{
	wr_str type = wr_json_string(wr_json_get(expected, "type"), WR_STR_LIT(""));
	wr_str message = wr_json_string(wr_json_get(expected, "message"), WR_STR_LIT(""));
	bool syntax = type.n > 20 && memmem(type.p, type.n, "ParseFailed", 11);
	bool says_syntax = message.n && memmem(message.p, message.n, "line ", 5) != NULL;

	if (type.n && memmem(type.p, type.n, "AssertionError", 14))
		return err->cls == WR_ERR_RUNTIME;
	if (type.n && memmem(type.p, type.n, "StreamsException", 16))
		return err->cls == WR_ERR_RUNTIME || err->cls == WR_ERR_DATA;
	if (syntax || says_syntax || type.n == 0)
		return err->cls == WR_ERR_SYNTAX || err->cls == WR_ERR_STATEMENT;
	return err->cls == WR_ERR_STATEMENT || (err->cls == WR_ERR_SYNTAX && says_syntax);
}

static const wr_json *expected_error(const wr_json *test)
{
	const wr_json *e = wr_json_get(test, "expectedException");

	return e && e->kind != WR_JSON_NULL ? e : NULL;
}

/* Judges an error that statement number n (of all) or the feeding raised. */
static void judge_error(wr_conform *c, const wr_err *err, bool last)
{
	const wr_json *e = expected_error(c->test);
	wr_buf text = { 0 };

	describe_error(err, &text);
	if (!e)
		wr_case_fail(c->result, "%s", wr_buf_z(&text));
	else if (!last)
		wr_case_fail(c->result, "an earlier statement failed: %s", wr_buf_z(&text));
	else if (!class_fits(e, err))
		wr_case_fail(c->result, "failed in another way: %s (expected: %.*s)",
			     wr_buf_z(&text),
			     WR_STR_ARG(wr_json_string(wr_json_get(e, "message"), WR_STR_LIT(""))));
	else
		wr_buf_put(&c->result->reason, text.p, text.n);
	wr_buf_free(&text);
}

/* true: all went well. */
static bool run_statements(wr_conform *c)
{
	WR_JSON_EACH(text, wr_json_get(c->test, "statements"))
	{
		uint32_t at = 0;
		bool found = true;

		while (found) {
			wr_err err = WR_ERR_INIT;
			wr_outcome out = { 0 };
			wr_str shown;

			if (wr_engine_next(c->engine, c->session, c->arena, text->text, &at, &found,
					   &out, &shown, &err)) {
				judge_error(c, &err, text->next == NULL);
				return false;
			}
			if (out.query)
				wr_push_query_free(out.query);
		}
	}
	return true;
}

static bool is_sql(const wr_json *test)
{
	return wr_str_is(wr_json_string(wr_json_get(test, "suite"), WR_STR_LIT("")), "sql");
}

/* A case of suite sql looks at its records itself. */
static void run_sql(wr_conform *c)
{
	wr_conform_sql *s = wr_conform_sql_new(c);

	WR_JSON_EACH(text, wr_json_get(c->test, "statements"))
	{
		uint32_t at = 0;
		bool found = true;

		while (found) {
			wr_err err = WR_ERR_INIT;

			if (wr_conform_sql_next(s, text->text, &at, &found, &err)) {
				judge_error(c, &err, true);
				return;
			}
		}
	}
	if (expected_error(c->test))
		wr_case_fail(c->result, "no error");
}

/* ---------------------------------------------------------------- feeding */

typedef struct find_topic {
	wr_str topic;
	const wr_relation *found;
	bool sink; /* prefer what a query writes */
} find_topic;

static void match_topic(void *self, const wr_relation *r)
{
	find_topic *f = self;

	if (wr_str_eq(r->topic, f->topic) && (!f->found || (f->sink && r->created_by.p)))
		f->found = r;
}

static const wr_relation *relation_of(wr_conform *c, wr_str topic, bool sink)
{
	find_topic f = { .topic = topic, .sink = sink };

	wr_engine_relations(c->engine, match_topic, &f);
	return f.found;
}

typedef struct inputs {
	uint32_t n;
	wr_str *topics;
	wr_record *records;
} inputs;

/* Encodes every input and appends it to its topic. */
static bool load_inputs(wr_conform *c, inputs *in)
{
	const wr_json *list = wr_json_get(c->test, "inputs");

	in->topics = WR_NEW_ARRAY(c->arena, wr_str, list ? list->n + 1 : 1);
	in->records = WR_NEW_ARRAY(c->arena, wr_record, list ? list->n + 1 : 1);
	WR_JSON_EACH(j, list)
	{
		wr_err err = WR_ERR_INIT;
		wr_str topic = wr_json_string(wr_json_get(j, "topic"), WR_STR_LIT(""));
		const wr_relation *r = relation_of(c, topic, false);

		if (!r)
			continue; /* nobody reads it */
		if (!wr_conform_encode(c, r, j, &in->records[in->n]))
			return false;
		if (wr_topics_append(wr_engine_topics(c->engine), topic, 0, &in->records[in->n],
				     NULL, 0, &err)) {
			wr_case_fail(c->result, "cannot append to %.*s: %s", WR_STR_ARG(topic),
				     err.message);
			return false;
		}
		in->topics[in->n++] = topic;
	}
	return true;
}

static bool has_input(const inputs *in, wr_str topic)
{
	for (uint32_t i = 0; i < in->n; i++)
		if (wr_str_eq(in->topics[i], topic))
			return true;
	return false;
}

static bool listed(const wr_str *list, uint32_t n, wr_str s)
{
	for (uint32_t i = 0; i < n; i++)
		if (wr_str_eq(list[i], s))
			return true;
	return false;
}

/* Gives the query all that its topic holds. */
static wr_status feed_topic(wr_conform *c, const char *query, wr_str topic, wr_err *err)
{
	wr_topic_cursor *cursor;
	wr_record rec;
	int64_t next = 0;
	wr_status status = WR_OK;

	if (wr_topic_cursor_open(wr_engine_topics(c->engine), topic, 0, 0, &cursor, err))
		return WR_FAIL;
	while (status == WR_OK && wr_topic_cursor_read(cursor, &rec, 1, &next) == 1)
		status = wr_engine_feed(c->engine, query, topic, &rec, err);
	wr_topic_cursor_close(cursor);
	return status;
}

static wr_status feed_query(wr_conform *c, const inputs *in, const char *query, wr_err *err)
{
	wr_str topics[MAX_TOPICS];
	uint32_t n = wr_engine_query_topics(c->engine, query, topics, MAX_TOPICS);
	int64_t *offsets = WR_NEW_ARRAY(c->arena, int64_t, n + 1);

	for (uint32_t i = 0; i < in->n; i++)
		if (listed(topics, n, in->topics[i])) {
			wr_record rec = in->records[i];

			for (uint32_t t = 0; t < n; t++)
				if (wr_str_eq(topics[t], in->topics[i])) {
					rec.offset = offsets[t]++;
					break;
				}
			if (wr_engine_feed(c->engine, query, in->topics[i], &rec, err))
				return WR_FAIL;
		}
	for (uint32_t i = 0; i < n; i++)
		if (!has_input(in, topics[i]) && !listed(topics, i, topics[i]) &&
		    feed_topic(c, query, topics[i], err))
			return WR_FAIL;
	return WR_OK;
}

static bool feed(wr_conform *c)
{
	const char *ids[MAX_QUERIES];
	uint32_t n = wr_engine_query_ids(c->engine, ids, MAX_QUERIES);
	inputs in = { 0 };

	if (!load_inputs(c, &in))
		return false;
	if (n == 0 && !expected_error(c->test))
		wr_case_fail(c->result, "no query was made");
	for (uint32_t i = 0; i < n; i++) {
		wr_err err = WR_ERR_INIT;

		if (feed_query(c, &in, ids[i], &err)) {
			judge_error(c, &err, true);
			return false;
		}
	}
	return true;
}

/* ---------------------------------------------------------------- outputs */

static const char *show(wr_conform *c, const wr_json *j)
{
	wr_buf b = { 0 };

	if (j)
		wr_json_write(j, &b);
	else
		wr_buf_puts(&b, "null");
	const char *z = wr_arena_strdup(c->arena, wr_buf_z(&b));

	wr_buf_free(&b);
	return z;
}

static bool same_headers(wr_conform *c, const wr_json *expected, const wr_headers *actual)
{
	static const wr_headers none;
	const wr_headers *want = wr_conform_headers(c, expected);

	want = want ? want : &none;
	actual = actual ? actual : &none;
	if (want->n != actual->n)
		return false;
	for (uint32_t i = 0; i < want->n; i++)
		if (!wr_str_eq(want->items[i].key, actual->items[i].key) ||
		    (want->items[i].value.p == NULL) != (actual->items[i].value.p == NULL) ||
		    !wr_str_eq(want->items[i].value, actual->items[i].value))
			return false;
	return true;
}

static bool same_window(const wr_json *w, const wr_conform_actual *a)
{
	if (!w || w->kind == WR_JSON_NULL)
		return !a->windowed;
	return a->windowed && wr_json_int(wr_json_get(w, "start"), -1) == a->start &&
	       wr_json_int(wr_json_get(w, "end"), -1) == a->end;
}

static bool check_record(wr_conform *c, const wr_relation *r, const wr_json *e,
			 const wr_record *rec, uint32_t i)
{
	wr_conform_actual a;
	const wr_json *null = &(wr_json){ .kind = WR_JSON_NULL };
	const wr_json *key = wr_json_get(e, "key"), *value = wr_json_get(e, "value");
	const wr_json *time = wr_json_get(e, "timestamp");
	bool no_inputs =
	    wr_json_get(c->test, "inputs") == NULL || wr_json_get(c->test, "inputs")->n == 0;

	if (!wr_conform_decode(c, r, rec, &a))
		return false;
	if (!wr_conform_equal(c, key ? key : null, a.key, c->exact) ||
	    !same_window(wr_json_get(e, "window"), &a)) {
		wr_case_fail(c->result, "%.*s record %u: key %s instead of %s%s",
			     WR_STR_ARG(r->topic), i, show(c, a.key), show(c, key),
			     wr_json_get(e, "window") ? " (or its window)" : "");
		return false;
	}
	if (!wr_conform_equal(c, value ? value : null, a.value, c->exact)) {
		wr_case_fail(c->result, "%.*s record %u: value %s instead of %s",
			     WR_STR_ARG(r->topic), i, show(c, a.value), show(c, value));
		return false;
	}
	if (time && !(no_inputs && wr_json_int(time, 0) == 0) &&
	    wr_json_int(time, 0) != rec->timestamp) {
		wr_case_fail(c->result, "%.*s record %u: timestamp %lld instead of %lld",
			     WR_STR_ARG(r->topic), i, (long long)rec->timestamp,
			     (long long)wr_json_int(time, 0));
		return false;
	}
	if (!same_headers(c, wr_json_get(e, "headers"), rec->headers)) {
		wr_case_fail(c->result, "%.*s record %u: other headers", WR_STR_ARG(r->topic), i);
		return false;
	}
	return true;
}

static void check_topic(wr_conform *c, wr_str topic)
{
	const wr_relation *r = relation_of(c, topic, true);
	wr_topic_cursor *cursor;
	wr_record rec;
	int64_t next = 0;
	wr_err err = WR_ERR_INIT;
	uint32_t i = 0;
	const wr_json *list = wr_json_get(c->test, "outputs");
	bool more = true, same = true;

	if (!r) {
		wr_case_fail(c->result, "nothing in the catalog has the topic %.*s",
			     WR_STR_ARG(topic));
		return;
	}
	if (wr_topic_cursor_open(wr_engine_topics(c->engine), topic, 0, 0, &cursor, &err)) {
		wr_case_fail(c->result, "cannot read topic %.*s: %s", WR_STR_ARG(topic),
			     err.message);
		return;
	}
	WR_JSON_EACH(e, list)
	{
		if (!wr_str_eq(wr_json_string(wr_json_get(e, "topic"), WR_STR_LIT("")), topic))
			continue;
		more = wr_topic_cursor_read(cursor, &rec, 1, &next) == 1;
		if (!more) {
			wr_case_fail(c->result, "%.*s has %u records only; next was to be %s",
				     WR_STR_ARG(topic), i, show(c, e));
			break;
		}
		same = check_record(c, r, e, &rec, i++);
		if (!same)
			break;
	}
	if (more && same && wr_topic_cursor_read(cursor, &rec, 1, &next) == 1)
		wr_case_fail(c->result, "%.*s has more than the %u records expected: %.*s",
			     WR_STR_ARG(topic), i, WR_STR_ARG(rec.value));
	wr_topic_cursor_close(cursor);
}

static void check_outputs(wr_conform *c)
{
	wr_str done[MAX_TOPICS];
	uint32_t n = 0;

	WR_JSON_EACH(e, wr_json_get(c->test, "outputs"))
	{
		wr_str topic = wr_json_string(wr_json_get(e, "topic"), WR_STR_LIT(""));

		if (listed(done, n, topic))
			continue;
		if (n < MAX_TOPICS)
			done[n++] = topic;
		check_topic(c, topic);
	}
}

/* ---------------------------------------------------------------- cases and files */

static void judge_end(wr_conform *c, bool good)
{
	const wr_json *e = expected_error(c->test);

	if (!good)
		return;
	if (e) {
		wr_case_fail(c->result, "no error; expected: %.*s",
			     WR_STR_ARG(wr_json_string(wr_json_get(e, "message"), WR_STR_LIT(""))));
		return;
	}
	check_outputs(c);
	wr_conform_post(c);
}

static void quiet(void *self, const char *text)
{
	(void)self, (void)text;
}

static void run_case(const wr_test_run *t, wr_arena *a, const wr_json *test, wr_case_result *r)
{
	wr_settings settings;
	wr_err err = WR_ERR_INIT;
	wr_conform c = { .arena = a, .test = test, .result = r, .exact = true };
	wr_engine_config config = { .settings = &settings, .by_hand = true, .notice = quiet };

	(void)t;
	wr_settings_init(&settings);
	(void)!wr_settings_set(&settings, WR_STR_LIT("dialect"), WR_STR_LIT("ksql"), &err);
	if (wr_engine_open(&config, &c.engine, &err)) {
		wr_case_fail(r, "%s", err.message);
		return;
	}
	c.session = wr_session_new(c.engine);
	set_properties(&c);
	make_topics(&c);
	if (is_sql(test))
		run_sql(&c);
	else
		judge_end(&c, run_statements(&c) && feed(&c));
	wr_session_free(c.session);
	wr_engine_abandon(c.engine);
}

static void count(wr_test_run *t, const wr_case_result *r)
{
	if (r->verdict == WR_SKIPPED)
		return;
	if (r->expects_error) {
		t->errors_all++;
		t->errors_passed += r->verdict == WR_PASSED;
	} else {
		t->rows_all++;
		t->rows_passed += r->verdict == WR_PASSED;
	}
}

static void one_case(wr_test_run *t, const char *file, wr_arena *a, const wr_json *test)
{
	wr_str name = wr_json_string(wr_json_get(test, "name"), WR_STR_LIT("?"));
	wr_case_result r = { .verdict = WR_PASSED };
	const char *skip = why_skipped(test);

	if (!wr_test_wanted(t, name))
		return;
	r.expects_error = expected_error(test) || wr_json_get(test, "expectedError");
	if (skip)
		wr_case_skip(&r, "%s", skip);
	else
		run_case(t, a, test, &r);
	count(t, &r);
	wr_test_report(t, file, name, &r);
}

void wr_conform_file(wr_test_run *t, const char *file)
{
	wr_arena *whole = wr_arena_new(), *a = wr_arena_new();
	wr_str text;
	wr_err err = WR_ERR_INIT;
	wr_json *cases = NULL;

	if (wr_read_file(whole, file, &text, &err) == WR_OK)
		cases = wr_json_parse(whole, text, &err);
	if (!cases) {
		wr_case_result r = { .verdict = WR_PASSED };

		wr_case_fail(&r, "%s", err.message);
		wr_test_report(t, file, wr_str_of(file), &r);
	}
	WR_JSON_EACH(test, cases)
	{
		one_case(t, file, a, test);
		wr_arena_reset(a);
	}
	wr_arena_free(a);
	wr_arena_free(whole);
}

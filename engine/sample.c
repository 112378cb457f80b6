/*
 * What the events of a topic say about their columns: SAMPLE prints the statement that declares
 * them; CREATE … WITH (FORMAT='DEBEZIUM') without a column list is carried out as if they stood
 * there.
 *
 * The list is written into the statement's text, and that text is what is planned and what a
 * restart carries out again: columns are found out once, not each time from whatever the topic
 * holds by then. The statement as it was written is kept beside it in the journal, so that a file
 * still recognises its own.
 */
#include <stdlib.h>

#include "core/clock.h"
#include "engine/look.h"
#include "formats/infer.h"
#include "parser/parse.h"

enum { RECORDS = 200, WAIT_MS = 3000 };

/* Records that stay: copies in the arena. */
typedef struct sample {
	wr_arena *arena;
	wr_record *records;
	uint32_t n;
} sample;

static void take(sample *s, const wr_record *recs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		wr_record *r = &s->records[s->n++];

		*r = recs[i];
		r->headers = NULL;
		if (r->key.p)
			r->key = wr_arena_str(s->arena, r->key);
		if (r->value.p)
			r->value = wr_arena_str(s->arena, r->value);
	}
}

/* The first records, at most max; none when none came within WAIT_MS. */
static wr_status read_sample(wr_engine *e, const wr_source_spec *spec, uint32_t max, sample *s,
			     wr_err *err)
{
	wr_topic_look look;
	wr_record *recs = WR_NEW_ARRAY(s->arena, wr_record, max + 1);
	int64_t until = wr_clock_mono_ns() + WAIT_MS * 1000000LL;
	wr_status status = WR_OK;
	uint32_t n = 0;

	s->records = WR_NEW_ARRAY(s->arena, wr_record, max + 1);
	if (wr_look_open(e, spec, &look, err))
		return WR_FAIL;
	while (status == WR_OK && s->n < max && wr_clock_mono_ns() < until) {
		status = wr_look_read(&look, recs, max - s->n, 50, &n, err);
		if (status == WR_OK)
			take(s, recs, n);
		if (status == WR_OK && n == 0 && (s->n || !e->config.broker) &&
		    wr_look_at_end(&look))
			break;
	}
	wr_look_close(&look);
	return status;
}

static wr_status infer(wr_exec *x, const wr_source_spec *spec, uint32_t max, wr_span at,
		       wr_inferred *out, wr_err *err)
{
	sample s = { .arena = x->arena };

	if (read_sample(x->e, spec, max, &s, err) == WR_OK) {
		if (s.n && wr_infer(x->arena, s.records, s.n, out, err) == WR_OK)
			return WR_OK;
		if (s.n == 0) {
			wr_err_set(err, WR_ERR_STATEMENT, at,
				   "%.*s holds no records that columns could be found in",
				   WR_STR_ARG(spec->file.p ? spec->file : spec->topic));
			wr_err_hint(err, "list the columns");
		}
	}
	if (err->cls == WR_ERR_DATA)
		err->cls = WR_ERR_STATEMENT;
	if (!err->span.length)
		err->span = at;
	return WR_FAIL;
}

/* ---------------------------------------------------------------- SAMPLE */

/* shop.public.customers -> customers */
static wr_str name_of_topic(wr_arena *a, wr_str topic)
{
	wr_str last = topic;
	wr_buf b = { 0 };

	for (uint32_t i = 0; i + 1 < topic.n; i++)
		if (topic.p[i] == '.')
			last = (wr_str){ topic.p + i + 1, topic.n - i - 1 };
	for (uint32_t i = 0; i < last.n; i++) {
		char c = last.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool digit = c >= '0' && c <= '9';

		if (i == 0 && digit)
			wr_buf_putc(&b, '_');
		wr_buf_putc(&b, letter || digit ? c : '_');
	}
	wr_str name = wr_arena_str(a, wr_buf_view(&b));

	wr_buf_free(&b);
	return name;
}

wr_status wr_exec_sample(wr_exec *x, wr_err *err)
{
	const wr_stmt_text *s = &x->stmt->text;
	wr_source_spec spec = { .kind = wr_engine_topic_kind(x->e), .topic = s->text };
	uint32_t max = s->limit.given && s->limit.n > 0 && s->limit.n < 100000
			   ? (uint32_t)s->limit.n
			   : RECORDS;
	wr_inferred found;
	wr_buf text = { 0 };

	if (infer(x, &spec, max, s->text_span, &found, err))
		return WR_FAIL;
	wr_inferred_ddl(&found, name_of_topic(x->arena, s->text), s->text, &text);
	while (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	wr_say(x, WR_OUTCOME_TEXT, "%.*s", (int)text.n, text.p);
	wr_buf_free(&text);
	return WR_OK;
}

/* ---------------------------------------------------------------- columns of CREATE */

static wr_str text_property(const wr_stmt_create_source *c, const char *name)
{
	for (uint32_t i = 0; i < c->props.n; i++) {
		const wr_prop *p = &c->props.items[i];

		if (wr_str_ieq(p->name.name, wr_str_of(name)) && p->value->kind == WR_AST_STRING)
			return p->value->text;
	}
	return (wr_str){ NULL, 0 };
}

static bool wants_columns(const wr_stmt *s)
{
	const wr_stmt_create_source *c = &s->create_source;

	if (s->kind != WR_STMT_CREATE_SOURCE || c->query || c->elements.given)
		return false;
	return wr_str_ieq(text_property(c, "FORMAT"), WR_STR_LIT("DEBEZIUM")) ||
	       wr_str_ieq(text_property(c, "VALUE_FORMAT"), WR_STR_LIT("DEBEZIUM"));
}

static wr_source_spec source_of(const wr_exec *x)
{
	const wr_stmt_create_source *c = &x->stmt->create_source;
	wr_str file = text_property(c, "FILE");
	bool records = wr_str_ieq(text_property(c, "FILE_LAYOUT"), WR_STR_LIT("RECORD"));

	return (wr_source_spec){
		.kind = file.n ? "file" : wr_engine_topic_kind(x->e),
		.topic = file.n && !records ? (wr_str){ NULL, 0 } : text_property(c, "KAFKA_TOPIC"),
		.file = file.n ? file : (wr_str){ NULL, 0 },
		.file_records = records,
	};
}

/* The statement with the columns behind its name takes the statement's place. */
static wr_status write_columns(wr_exec *x, const wr_schema *s, wr_err *err)
{
	const wr_ident *name = &x->stmt->create_source.name;
	uint32_t at = name->span.at + name->span.length - x->stmt->span.at;
	wr_buf b = { 0 };
	wr_stmts stmts;

	wr_buf_put(&b, x->text.p, at);
	wr_buf_puts(&b, " (");
	wr_schema_print(s, x->stmt->create_source.is_table, &b);
	wr_buf_putc(&b, ')');
	wr_buf_put(&b, x->text.p + at, x->text.n - at);
	x->written = x->text;
	x->place = x->stmt->span;
	x->found = (wr_span){ at, (uint32_t)b.n - x->text.n };
	x->text = wr_arena_str(x->arena, wr_buf_view(&b));
	wr_buf_free(&b);
	if (wr_parse(x->arena, x->text, &stmts, err) || stmts.n != 1)
		return WR_FAIL;
	x->stmt = stmts.items[0];
	return WR_OK;
}

void wr_exec_written_span(const wr_exec *x, wr_err *err)
{
	if (!x->written.p || !err->span.length)
		return;
	if (err->span.at >= x->found.at + x->found.length)
		err->span.at -= x->found.length;
	else if (err->span.at + err->span.length > x->found.at)
		err->span = (wr_span){ 0, 6 }; /* a column that nobody wrote: CREATE */
	err->span.at += x->place.at;
}

wr_status wr_exec_find_columns(wr_exec *x, wr_err *err)
{
	wr_source_spec spec;
	wr_inferred found;
	wr_span at;

	if (!wants_columns(x->stmt))
		return WR_OK;
	at = x->stmt->create_source.name.span;
	spec = source_of(x);
	if (!spec.file.p && !spec.topic.n)
		return WR_OK; /* refused by the planner, in its words */
	if (infer(x, &spec, RECORDS, at, &found, err))
		return WR_FAIL;
	if (x->stmt->create_source.is_table && found.schema->nkeys == 0) {
		wr_err_set(err, WR_ERR_STATEMENT, at,
			   "the events do not say which columns are the key of a table");
		return wr_err_hint(err, "list the columns, one of them with PRIMARY KEY");
	}
	return write_columns(x, found.schema, err);
}

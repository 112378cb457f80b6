/*
 * Suite sql: a script statement by statement. INSERT VALUES moves through all queries at once;
 * ASSERT VALUES and ASSERT NULL VALUES take the next unread record of a relation's topic and
 * compare; ASSERT STREAM and ASSERT TABLE compare a declaration with the catalog.
 *
 * The expected row is encoded with the relation's own formats and decoded as the actual record is,
 * so that both are compared as one reads them in the topic. A windowed key is compared without its
 * bounds.
 */
#include <string.h>

#include "cli/conform.h"
#include "core/schema.h"
#include "formats/format.h"
#include "planner/plan.h"

enum { MAX_TOPICS = 64 };

struct wr_conform_sql {
	wr_conform *c;
	uint32_t n;
	struct {
		wr_str topic;
		int64_t next;
	} seen[MAX_TOPICS];
};

wr_conform_sql *wr_conform_sql_new(wr_conform *c)
{
	wr_conform_sql *s = WR_NEW(c->arena, wr_conform_sql);

	s->c = c;
	return s;
}

/* ---------------------------------------------------------------- ASSERT VALUES */

static int64_t *place(wr_conform_sql *s, wr_str topic)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (wr_str_eq(s->seen[i].topic, topic))
			return &s->seen[i].next;
	if (s->n == MAX_TOPICS)
		WR_BUG("a case with more than %d topics", MAX_TOPICS);
	s->seen[s->n].topic = topic;
	return &s->seen[s->n++].next;
}

/* The next unread record, decoded; *more false: there is none. */
static wr_status pop(wr_conform_sql *s, const wr_relation *r, bool *more, wr_conform_actual *out,
		     int64_t *time, wr_err *err)
{
	wr_topic_cursor *cursor;
	wr_record rec;
	int64_t *next = place(s, r->topic);
	wr_status status = WR_OK;

	if (wr_topic_cursor_open(wr_engine_topics(s->c->engine), r->topic, 0, *next, &cursor, err))
		return WR_FAIL;
	*more = wr_topic_cursor_read(cursor, &rec, 1, next) == 1;
	if (*more) {
		*time = rec.timestamp;
		if (!wr_conform_decode(s->c, r, &rec, out))
			status = wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN,
					    "a record of %.*s cannot be read", WR_STR_ARG(r->name));
	}
	wr_topic_cursor_close(cursor);
	return status;
}

static wr_status encode_side(wr_conform *c, const wr_side_spec *side, const wr_batch *b,
			     wr_str *out, wr_err *err)
{
	wr_side_spec plain = *side;
	wr_encoder *e;
	wr_buf bytes = { 0 };

	plain.window = WR_WINDOW_NONE;
	if (wr_encoder_open(c->arena, &plain, &e, err))
		return WR_FAIL;
	if (wr_encoder_put(e, b, 0, &bytes)) {
		*out =
		    wr_arena_str(c->arena, (wr_str){ bytes.p ? bytes.p : "", (uint32_t)bytes.n });
		out->p = out->p ? out->p : "";
	}
	wr_buf_free(&bytes);
	return WR_OK;
}

static wr_status expected(wr_conform *c, const wr_plan *plan, bool tombstone,
			  wr_conform_actual *out, wr_err *err)
{
	wr_relation plain = *plan->relation;
	wr_record rec = { 0 };

	plain.window_kind = WR_WINDOW_NONE;
	if (encode_side(c, &plan->key, plan->rows, &rec.key, err) ||
	    (!tombstone && encode_side(c, &plan->value, plan->rows, &rec.value, err)))
		return WR_FAIL;
	return wr_conform_decode(c, &plain, &rec, out)
		   ? WR_OK
		   : wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN,
				"the row expected cannot be encoded");
}

static void show(wr_buf *b, const wr_conform_actual *a)
{
	static const wr_json null = { .kind = WR_JSON_NULL };

	wr_json_write(a->key ? a->key : &null, b);
	wr_buf_puts(b, " | ");
	wr_json_write(a->value ? a->value : &null, b);
}

static wr_status differs(const wr_stmt *stmt, const wr_conform_actual *want,
			 const wr_conform_actual *have, wr_err *err)
{
	wr_buf text = { 0 };

	show(&text, have);
	wr_buf_puts(&text, " instead of ");
	show(&text, want);
	wr_err_set(err, WR_ERR_RUNTIME, stmt->span, "the record is not the one expected: %.800s",
		   wr_buf_z(&text));
	wr_buf_free(&text);
	return WR_FAIL;
}

static bool same(const wr_conform *c, const wr_json *want, const wr_json *have)
{
	static const wr_json null = { .kind = WR_JSON_NULL };

	return wr_conform_equal(c, want ? want : &null, have, c->exact);
}

static wr_status assert_values(wr_conform_sql *s, const wr_stmt *stmt, wr_str text, wr_err *err)
{
	wr_conform *c = s->c;
	wr_plan plan;
	wr_conform_actual want, have;
	int64_t time = 0;
	bool more;

	if (wr_engine_plan(c->engine, c->session, c->arena, stmt, text, &plan, err) ||
	    expected(c, &plan, stmt->kind == WR_STMT_ASSERT_NULL_VALUES, &want, err) ||
	    pop(s, plan.relation, &more, &have, &time, err))
		return WR_FAIL;
	if (!more)
		return wr_err_set(err, WR_ERR_RUNTIME, stmt->span, "%.*s has no further record",
				  WR_STR_ARG(plan.relation->name));
	if (!same(c, want.key, have.key) || !same(c, want.value, have.value))
		return differs(stmt, &want, &have, err);
	int64_t asked = plan.rows->rowtime[0];

	if (asked != WR_TIME_NONE && asked != time)
		return wr_err_set(err, WR_ERR_RUNTIME, stmt->span,
				  "the record's ROWTIME is %lld instead of %lld", (long long)time,
				  (long long)asked);
	return WR_OK;
}

/* ---------------------------------------------------------------- ASSERT STREAM, ASSERT TABLE */

typedef struct find_relation {
	wr_str name;
	const wr_relation *found;
} find_relation;

static void match_name(void *self, const wr_relation *r)
{
	find_relation *f = self;

	if (wr_str_eq(r->name, f->name))
		f->found = r;
}

static bool same_text(const char *x, const char *y)
{
	return x == y || (x && y && strcmp(x, y) == 0);
}

/* The first property in which the two differ; NULL: none. */
static const char *difference(const wr_relation *x, const wr_relation *y)
{
	return x->table != y->table			      ? "type"
	       : !wr_schema_eq(x->schema, y->schema)	      ? "schema"
	       : !wr_str_eq(x->topic, y->topic)		      ? "topic"
	       : !same_text(x->key_format, y->key_format)     ? "key format"
	       : !same_text(x->value_format, y->value_format) ? "value format"
	       : x->window_kind != y->window_kind || x->window_size != y->window_size ? "window"
	       : !wr_str_eq(x->time_column, y->time_column) ? "timestamp column"
	       : !wr_str_eq(x->time_format, y->time_format) ? "timestamp format"
	       : x->key_wrap != y->key_wrap || x->value_wrap != y->value_wrap
		   ? "wrapping of single columns"
		   : NULL;
}

static wr_status assert_source(wr_conform *c, const wr_stmt *stmt, wr_str text, wr_err *err)
{
	find_relation f = { .name = stmt->create_source.name.name };
	wr_plan plan;
	const char *what;

	if (wr_engine_plan(c->engine, c->session, c->arena, stmt, text, &plan, err))
		return WR_FAIL;
	wr_engine_relations(c->engine, match_name, &f);
	if (!f.found)
		return wr_err_set(err, WR_ERR_STATEMENT, stmt->span, "there is no %.*s",
				  WR_STR_ARG(f.name));
	what = difference(plan.relation, f.found);
	if (!what)
		return WR_OK;
	return wr_err_set(err, WR_ERR_STATEMENT, stmt->span,
			  "the %s of %.*s is not the one expected", what, WR_STR_ARG(f.name));
}

/* ---------------------------------------------------------------- statements */

static wr_status execute(wr_conform_sql *s, const wr_stmt *stmt, wr_str text, wr_err *err)
{
	wr_conform *c = s->c;
	wr_outcome out = { 0 };

	switch (stmt->kind) {
	case WR_STMT_ASSERT_VALUES:
	case WR_STMT_ASSERT_NULL_VALUES: return assert_values(s, stmt, text, err);
	case WR_STMT_ASSERT_SOURCE: return assert_source(c, stmt, text, err);
	default: break;
	}
	if (wr_engine_execute(c->engine, c->session, c->arena, stmt, text, &out, err))
		return WR_FAIL;
	if (out.query)
		wr_push_query_free(out.query);
	return stmt->kind == WR_STMT_INSERT_VALUES ? wr_engine_pump(c->engine, err) : WR_OK;
}

wr_status wr_conform_sql_next(wr_conform_sql *s, wr_str text, uint32_t *at, bool *found,
			      wr_err *err)
{
	wr_stmt *stmt;
	wr_str shown;

	if (wr_engine_parse(s->c->session, s->c->arena, text, at, found, &stmt, &shown, err))
		return WR_FAIL;
	return *found ? execute(s, stmt, shown, err) : WR_OK;
}

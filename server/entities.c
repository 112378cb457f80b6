/* The elements of /ksql's answer, by kind of statement, in ksqlDB's shapes. */
#include <stdlib.h>

#include "server/internal.h"

static void begin(const wr_outcome *out, wr_json_out *w, const char *type)
{
	wr_json_open(w, '{');
	wr_json_key(w, "@type");
	wr_json_put_z(w, type);
	wr_json_key(w, "statementText");
	wr_json_put_str(w, out->text);
	wr_json_key(w, "warnings");
	wr_json_put_raw(w, WR_STR_LIT("[]"));
}

static void put_text(wr_json_out *w, const char *key, const char *value)
{
	wr_json_key(w, key);
	wr_json_put_z(w, value);
}

/* ---------------------------------------------------------------- done */

static const char *action(const wr_outcome *out)
{
	switch (out->stmt->kind) {
	case WR_STMT_DROP: return "drop";
	case WR_STMT_TERMINATE: return "terminate";
	default: return "create";
	}
}

static void current_status(const wr_outcome *out, wr_json_out *w)
{
	begin(out, w, "currentStatus");
	wr_json_key(w, "commandId");
	wr_json_put_printf(w, "%s/`%s`/%s", out->object_kind ? out->object_kind : "stream",
			   out->object ? out->object : "", action(out));
	wr_json_key(w, "commandStatus");
	wr_json_open(w, '{');
	put_text(w, "status", "SUCCESS");
	put_text(w, "message", out->message);
	put_text(w, "queryId", out->query_id);
	wr_json_close(w, '}');
	wr_json_key(w, "commandSequenceNumber");
	wr_json_put_int(w, 0);
	wr_json_close(w, '}');
}

/* ---------------------------------------------------------------- listings */

typedef struct listing_cx {
	wr_json_out *w;
	bool tables;
} listing_cx;

static void put_relation(void *self, const wr_relation *r)
{
	listing_cx *cx = self;

	if (r->table != cx->tables)
		return;
	wr_json_open(cx->w, '{');
	put_text(cx->w, "type", r->table ? "TABLE" : "STREAM");
	wr_json_key(cx->w, "name");
	wr_json_put_str(cx->w, r->name);
	wr_json_key(cx->w, "topic");
	wr_json_put_str(cx->w, r->topic);
	put_text(cx->w, "keyFormat", r->key_format);
	put_text(cx->w, "valueFormat", r->value_format);
	wr_json_key(cx->w, "isWindowed");
	wr_json_put_bool(cx->w, r->window_kind != 0);
	wr_json_close(cx->w, '}');
}

static void relations(wr_server *s, const wr_outcome *out, wr_json_out *w, bool tables)
{
	listing_cx cx = { w, tables };

	begin(out, w, tables ? "tables" : "streams");
	wr_json_key(w, tables ? "tables" : "streams");
	wr_json_open(w, '[');
	wr_engine_relations(s->engine, put_relation, &cx);
	wr_json_close(w, ']');
	wr_json_close(w, '}');
}

static void put_array_of(wr_json_out *w, const char *key, const char *value)
{
	wr_json_key(w, key);
	wr_json_open(w, '[');
	if (value && *value)
		wr_json_put_z(w, value);
	wr_json_close(w, ']');
}

static void put_query(void *self, const wr_query_info *q)
{
	wr_json_out *w = self;
	const char *state = q->state == WR_QUERY_FAILED	  ? "ERROR"
			    : q->state == WR_QUERY_PAUSED ? "PAUSED"
							  : "RUNNING";

	wr_json_open(w, '{');
	put_text(w, "queryString", q->text);
	put_array_of(w, "sinks", q->sink);
	put_array_of(w, "sinkKafkaTopics", q->sink_topic);
	put_text(w, "id", q->id);
	wr_json_key(w, "statusCount");
	wr_json_open(w, '{');
	wr_json_key(w, state);
	wr_json_put_int(w, 1);
	wr_json_close(w, '}');
	put_text(w, "queryType", q->transient ? "PUSH" : "PERSISTENT");
	put_text(w, "state", state);
	if (q->trouble[0])
		put_text(w, "trouble", q->trouble);
	wr_json_close(w, '}');
}

static void queries(wr_server *s, const wr_outcome *out, wr_json_out *w)
{
	begin(out, w, "queries");
	wr_json_key(w, "queries");
	wr_json_open(w, '[');
	wr_engine_queries(s->engine, put_query, w);
	wr_json_close(w, ']');
	wr_json_close(w, '}');
}

static const char *cell(const wr_listing *l, uint32_t row, uint32_t col)
{
	return l->cells[(size_t)row * l->ncols + col];
}

static void topics(const wr_outcome *out, wr_json_out *w)
{
	const wr_listing *l = &out->listing;

	begin(out, w, "kafka_topics");
	wr_json_key(w, "topics");
	wr_json_open(w, '[');
	for (uint32_t i = 0; i < l->nrows; i++) {
		wr_json_open(w, '{');
		put_text(w, "name", cell(l, i, 0));
		wr_json_key(w, "replicaInfo");
		wr_json_open(w, '[');
		for (int p = 0; p < atoi(cell(l, i, 1)); p++)
			wr_json_put_int(w, 1);
		wr_json_close(w, ']');
		wr_json_close(w, '}');
	}
	wr_json_close(w, ']');
	wr_json_close(w, '}');
}

/* Rows of a listing as objects with the given member names, one per column. */
static void objects(const wr_outcome *out, wr_json_out *w, const char *type, const char *list,
		    const char *const *members)
{
	const wr_listing *l = &out->listing;

	begin(out, w, type);
	wr_json_key(w, list);
	wr_json_open(w, '[');
	for (uint32_t i = 0; i < l->nrows; i++) {
		wr_json_open(w, '{');
		for (uint32_t c = 0; c < l->ncols && members[c]; c++)
			put_text(w, members[c], cell(l, i, c));
		wr_json_close(w, '}');
	}
	wr_json_close(w, ']');
	wr_json_close(w, '}');
}

static void show(wr_server *s, const wr_outcome *out, wr_json_out *w)
{
	static const char *const name_value[] = { "name", "value", NULL };
	static const char *const name_type[] = { "name", "type", NULL };

	switch (out->stmt->show.what) {
	case WR_SHOW_STREAMS: relations(s, out, w, false); break;
	case WR_SHOW_TABLES: relations(s, out, w, true); break;
	case WR_SHOW_QUERIES: queries(s, out, w); break;
	case WR_SHOW_TOPICS: topics(out, w); break;
	case WR_SHOW_PROPERTIES: objects(out, w, "properties", "properties", name_value); break;
	case WR_SHOW_FUNCTIONS: objects(out, w, "function_names", "functions", name_type); break;
	case WR_SHOW_VARIABLES: objects(out, w, "variables", "variables", name_value); break;
	default: objects(out, w, "listing", "rows", out->listing.names);
	}
}

/* ---------------------------------------------------------------- DESCRIBE */

static void describe(const wr_outcome *out, wr_json_out *w)
{
	const wr_listing *l = &out->listing;

	begin(out, w, "sourceDescription");
	wr_json_key(w, "sourceDescription");
	wr_json_open(w, '{');
	wr_json_key(w, "name");
	wr_json_put_str(w, out->stmt->describe.name.name);
	put_text(w, "statement", out->message);
	wr_json_key(w, "fields");
	wr_json_open(w, '[');
	for (uint32_t i = 0; i < l->nrows; i++) {
		wr_json_open(w, '{');
		put_text(w, "name", cell(l, i, 0));
		wr_json_key(w, "schema");
		wr_json_open(w, '{');
		put_text(w, "type", cell(l, i, 1));
		wr_json_close(w, '}');
		if (*cell(l, i, 2))
			put_text(w, "type", "KEY");
		wr_json_close(w, '}');
	}
	wr_json_close(w, ']');
	wr_json_close(w, '}');
	wr_json_close(w, '}');
}

static void explain(const wr_outcome *out, wr_json_out *w)
{
	begin(out, w, "queryDescription");
	wr_json_key(w, "queryDescription");
	wr_json_open(w, '{');
	wr_json_key(w, "statementText");
	wr_json_put_str(w, out->text);
	put_text(w, "executionPlan", out->message);
	wr_json_close(w, '}');
	wr_json_close(w, '}');
}

bool wr_entity(wr_server *s, const wr_outcome *out, wr_json_out *w)
{
	switch (out->kind) {
	case WR_OUTCOME_MESSAGE: current_status(out, w); return true;
	case WR_OUTCOME_WARNING:
		begin(out, w, "warning_entity");
		put_text(w, "message", out->message);
		wr_json_close(w, '}');
		return true;
	case WR_OUTCOME_LISTING:
		if (out->stmt->kind == WR_STMT_SHOW)
			show(s, out, w);
		else
			describe(out, w);
		return true;
	case WR_OUTCOME_TEXT: explain(out, w); return true;
	default: return false;
	}
}

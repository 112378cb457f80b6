/*
 * HTTP sinks: rows become requests when an epoch closes (or a batch is full before), requests stand in the outbox, a thread sends
 * what is committed.
 *
 *	write       row -> JSON, into the open batch of its lane
 *	snapshot    open batches -> entries of the outbox
 *	committed   they may go out; at the end: wait until all have
 *
 * A lane is one request in flight at a time, its entries in order; rows of one key are in one lane. MAX_IN_FLIGHT lanes for each task, and
 * that many requests on their way in all. Batches never reach over an epoch, so that an id always means the same body.
 */
#include "sinks/http.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/number.h"
#include "sinks/sink_list.h"

/* ---------------------------------------------------------------- properties */

const char *const wr_http_methods[] = { "POST", "PUT", "PATCH", "DELETE" };

#define AT(field) offsetof(wr_http_options, field)

static const wr_sink_rule rules[] = {
	{ "URL", WR_RULE_TEXT, AT(url), 0, 0, NULL },
	{ "METHOD", WR_RULE_CHOICE, AT(method), 0, 0, "POST|PUT|PATCH|DELETE" },
	{ "BODY", WR_RULE_CHOICE, AT(body), 0, 0, "OBJECT|ARRAY|NDJSON" },
	{ "BATCH_ROWS", WR_RULE_INT, AT(batch_rows), 1, 1000000, NULL },
	{ "BATCH_BYTES", WR_RULE_BYTES, AT(batch_bytes), 1, 1 << 30, NULL },
	{ "LINGER_MS", WR_RULE_MS, AT(linger_ms), 0, 86400000, NULL },
	{ "ENVELOPE", WR_RULE_CHOICE, AT(envelope), 0, 0, "NONE|CHANGE" },
	{ "HEADER.", WR_RULE_PREFIX, 0, 0, 0, NULL },
	{ "BASIC_AUTH", WR_RULE_TEXT, AT(basic_auth), 0, 0, NULL },
	{ "BEARER_TOKEN", WR_RULE_TEXT, AT(bearer_token), 0, 0, NULL },
	{ "SIGNING_SECRET", WR_RULE_TEXT, AT(signing_secret), 0, 0, NULL },
	{ "TIMEOUT_MS", WR_RULE_MS, AT(timeout_ms), 1, 86400000, NULL },
	{ "MAX_IN_FLIGHT", WR_RULE_INT, AT(max_in_flight), 1, 256, NULL },
	{ "RATE", WR_RULE_TEXT, AT(rate_text), 0, 0, NULL },
	{ "RETRY_BACKOFF_MS", WR_RULE_MS, AT(backoff_ms), 1, 86400000, NULL },
	{ "RETRY_BACKOFF_MAX_MS", WR_RULE_MS, AT(backoff_max_ms), 1, 86400000, NULL },
	{ "RETRY_MAX_AGE", WR_RULE_MS, AT(max_age_ms), 1, INT64_MAX, NULL },
	{ "ON_DELETE", WR_RULE_CHOICE, AT(on_delete), 0, 0, "IGNORE|SEND" },
	{ "ON_STATUS", WR_RULE_LATER, 0, 0, 0, NULL },
	{ "DEAD_LETTER", WR_RULE_LATER, 0, 0, 0, NULL },
};

static wr_status refuse(const wr_sink_spec *spec, const char *prop, const char *message, wr_err *err)
{
	return wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, prop), "%s", message);
}

/* 100 or 100/s */
static wr_status read_rate(const wr_sink_spec *spec, wr_http_options *o, wr_err *err)
{
	wr_str t = o->rate_text;

	if (!t.p)
		return WR_OK;
	if (t.n > 2 && t.p[t.n - 2] == '/' && (t.p[t.n - 1] | 32) == 's')
		t.n -= 2;
	if (wr_parse_i64(t, &o->rate) && o->rate > 0 && o->rate <= 1000000)
		return WR_OK;
	return refuse(spec, "RATE", "RATE must be a number of requests a second, such as 100", err);
}

static bool one_line(wr_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			return false;
	return true;
}

static wr_status check_headers(const wr_sink_spec *spec, wr_err *err)
{
	for (uint32_t i = 0; i < spec->nprops; i++) {
		const wr_sink_prop *p = &spec->props[i];

		if (p->name.n < 7 || !wr_str_ieq((wr_str){ p->name.p, 7 }, WR_STR_LIT("HEADER.")))
			continue;
		if (p->name.n == 7 || memchr(p->name.p, ':', p->name.n) || memchr(p->name.p, ' ', p->name.n) ||
		    !one_line(p->name) || !one_line(p->value))
			return wr_err_set(err, WR_ERR_STATEMENT, p->span, "%.*s is no header of a request",
					  WR_STR_ARG(p->name));
	}
	return WR_OK;
}

static wr_status check_secrets(const wr_sink_spec *spec, const wr_http_options *o, wr_err *err)
{
	wr_sign_key key;

	if (o->basic_auth.p && o->bearer_token.p)
		return refuse(spec, "BEARER_TOKEN", "BASIC_AUTH and BEARER_TOKEN exclude each other", err);
	if (o->basic_auth.p && !memchr(o->basic_auth.p, ':', o->basic_auth.n))
		return refuse(spec, "BASIC_AUTH", "BASIC_AUTH must be user:password", err);
	if (!one_line(o->bearer_token))
		return refuse(spec, "BEARER_TOKEN", "BEARER_TOKEN must be one line", err);
	if (!o->signing_secret.p || wr_sign_key_read(o->signing_secret, &key))
		return WR_OK;
	refuse(spec, "SIGNING_SECRET", "SIGNING_SECRET is no secret of Standard Webhooks", err);
	return wr_err_hint(err, "it is whsec_ followed by 24 to 64 bytes in base64");
}

static wr_status check_url(const wr_sink_spec *spec, const wr_http_options *o, wr_err *err)
{
	wr_fields fields;
	wr_url url;

	if (!o->url.n) {
		refuse(spec, "URL", "an HTTP sink needs a URL", err);
		return wr_err_hint(err, "add URL='http://host:port/path' to WITH");
	}
	wr_fields_of(spec, &fields);
	wr_status status = wr_url_read(spec, o->url, &fields, &url, err);

	free(fields.items);
	return status;
}

wr_status wr_http_options_read(const wr_sink_spec *spec, wr_http_options *o, wr_err *err)
{
	*o = (wr_http_options){ .batch_rows = 500, .batch_bytes = 1 << 20, .timeout_ms = 10000, .max_in_flight = 1,
				.backoff_ms = 200, .backoff_max_ms = 30000, .on_delete = -1 };
	if (wr_sink_props_read(spec, rules, sizeof rules / sizeof *rules, o, err))
		return WR_FAIL;
	if (o->on_delete < 0)
		o->on_delete = o->envelope == WR_ENVELOPE_CHANGE ? WR_DELETE_SEND : WR_DELETE_IGNORE;
	if (o->body == WR_BODY_OBJECT)
		o->batch_rows = 1;
	if (o->backoff_max_ms < o->backoff_ms)
		o->backoff_max_ms = o->backoff_ms;
	return check_url(spec, o, err) || check_headers(spec, err) || check_secrets(spec, o, err) ||
	       read_rate(spec, o, err) ? WR_FAIL : WR_OK;
}

static wr_status check(const wr_sink_spec *spec, wr_err *err)
{
	wr_http_options o;

	return wr_http_options_read(spec, &o, err);
}

/* ---------------------------------------------------------------- the sink */

/* A request that is being filled. */
typedef struct batch {
	uint32_t rows;
	wr_buf url, body;
} batch;

typedef struct http_writer http_writer;
typedef struct http_sink {
	wr_sink sink;
	wr_http_options opt;
	wr_fields fields;
	wr_url url;
	wr_outbox *outbox;
	wr_http_sender *sender;
	http_writer *writers;
} http_sink;

struct http_writer {
	wr_sink_writer writer;
	batch *batches;		/* max_in_flight: one a lane */
	uint32_t turn;		/* of rows without a key */
	wr_buf url, row, entry;
	http_writer *next;
};

static void free_writer(http_writer *w, uint32_t lanes)
{
	for (uint32_t i = 0; i < lanes; i++) {
		wr_buf_free(&w->batches[i].url);
		wr_buf_free(&w->batches[i].body);
	}
	wr_buf_free(&w->url);
	wr_buf_free(&w->row);
	wr_buf_free(&w->entry);
	free(w->batches);
	free(w);
}

static void close_sink(wr_sink *sink)
{
	http_sink *s = (http_sink *)sink;
	wr_err err = WR_ERR_INIT;

	wr_http_sender_close(s->sender);
	if (s->outbox && wr_outbox_settle(s->outbox, &err))
		wr_log_err(WR_LOG_WARN, "what was delivered could not be noted", &err);
	while (s->writers) {
		http_writer *next = s->writers->next;

		free_writer(s->writers, (uint32_t)s->opt.max_in_flight);
		s->writers = next;
	}
	wr_outbox_close(s->outbox);
	free(s->fields.items);
	free(s);
}

static wr_status open_sink(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out, wr_err *err)
{
	http_sink *s = wr_calloc(1, sizeof *s);

	s->sink = (wr_sink){ &wr_sink_http, spec, cx };
	wr_fields_of(spec, &s->fields);
	if (wr_http_options_read(spec, &s->opt, err) || wr_url_read(spec, s->opt.url, &s->fields, &s->url, err)) {
		close_sink(&s->sink);
		return WR_FAIL;
	}
	s->outbox = wr_outbox_open(cx, spec->op, (uint32_t)s->opt.max_in_flight);
	s->sender = wr_http_sender_open(spec, &s->opt, cx, s->outbox);
	if (mark.p)
		wr_http_sender_more(s->sender);
	*out = &s->sink;
	return WR_OK;
}

static wr_status open_writer(wr_sink *sink, uint16_t task, wr_sink_writer **out, wr_err *err)
{
	http_sink *s = (http_sink *)sink;
	http_writer *w = wr_calloc(1, sizeof *w);

	(void)err;
	w->writer = (wr_sink_writer){ sink, task };
	w->batches = wr_calloc((size_t)s->opt.max_in_flight, sizeof *w->batches);
	wr_outbox_task(s->outbox, task);
	w->next = s->writers;
	s->writers = w;
	*out = &w->writer;
	return WR_OK;
}

/* ---------------------------------------------------------------- rows to entries */

static void finish(http_writer *w, uint32_t at)
{
	http_sink *s = (http_sink *)w->writer.sink;
	batch *t = &w->batches[at];

	if (!t->rows)
		return;
	if (s->opt.body == WR_BODY_ARRAY)
		wr_buf_putc(&t->body, ']');
	wr_buf_reset(&w->entry);
	wr_http_entry_put(&(wr_http_entry){ t->rows, wr_clock_ms(), wr_buf_view(&t->url), wr_buf_view(&t->body) },
			  &w->entry);
	wr_outbox_put(s->outbox, w->writer.task * (uint32_t)s->opt.max_in_flight + at, wr_buf_view(&w->entry), t->rows);
	t->rows = 0;
	wr_buf_reset(&t->body);
}

static void add_row(http_writer *w, uint32_t at)
{
	http_sink *s = (http_sink *)w->writer.sink;
	batch *t = &w->batches[at];

	if (t->rows && (!wr_str_eq(wr_buf_view(&t->url), wr_buf_view(&w->url)) ||
			t->body.n + w->row.n > (size_t)s->opt.batch_bytes))
		finish(w, at);
	if (!t->rows) {
		wr_buf_reset(&t->url);
		wr_buf_str(&t->url, wr_buf_view(&w->url));
	}
	if (s->opt.body == WR_BODY_ARRAY)
		wr_buf_putc(&t->body, t->rows ? ',' : '[');
	wr_buf_str(&t->body, wr_buf_view(&w->row));
	if (s->opt.body == WR_BODY_NDJSON)
		wr_buf_putc(&t->body, '\n');
	if (++t->rows >= s->opt.batch_rows)
		finish(w, at);
}

static uint32_t lane_of(http_writer *w, const wr_batch *b, uint32_t row)
{
	uint32_t lanes = (uint32_t)((http_sink *)w->writer.sink)->opt.max_in_flight;
	uint64_t hash = 0;

	if (lanes == 1)
		return 0;
	if (b->schema->nkeys == 0)
		return w->turn++ % lanes;
	for (uint32_t c = 0; c < b->schema->nkeys; c++)
		hash = wr_vec_hash(&b->cols[c], row, hash);
	return (uint32_t)(hash >> 32) % lanes;
}

static wr_status write_rows(wr_sink_writer *writer, const wr_batch *b, uint32_t at, uint32_t n, wr_err *err)
{
	http_writer *w = (http_writer *)writer;
	http_sink *s = (http_sink *)writer->sink;

	(void)err;
	for (uint32_t i = at; i < at + n; i++) {
		wr_buf_reset(&w->row);
		if (!wr_http_row(&s->opt, &s->fields, b, &i, &w->row))
			continue;
		wr_buf_reset(&w->url);
		wr_url_put(&s->url, &s->fields, b, i, &w->url);
		add_row(w, lane_of(w, b, i));
	}
	return WR_OK;
}

static wr_status snapshot(wr_sink_writer *writer, wr_err *err)
{
	http_writer *w = (http_writer *)writer;
	http_sink *s = (http_sink *)writer->sink;

	(void)err;
	for (uint32_t i = 0; i < (uint32_t)s->opt.max_in_flight; i++)
		finish(w, i);
	wr_outbox_snapshot(s->outbox, writer->task);
	return WR_OK;
}

static wr_status mark_epoch(wr_sink *sink, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	(void)sink, (void)epoch, (void)mark, (void)err;
	return WR_OK;
}

static wr_status committed(wr_sink *sink, uint64_t epoch, bool final, wr_err *err)
{
	http_sink *s = (http_sink *)sink;

	(void)epoch;
	wr_outbox_committed(s->outbox);
	wr_http_sender_more(s->sender);
	if (!final || !wr_http_sender_drain(s->sender, sink->cx->stopping, sink->cx->self))
		return WR_OK;
	return wr_outbox_settle(s->outbox, err);
}

static void status(wr_sink *sink, wr_buf *out)
{
	wr_http_sender_status(((http_sink *)sink)->sender, out);
}

const wr_sink_def wr_sink_http = {
	.type = "http",
	.kind = WR_SINK_DERIVER,
	.parallel = true,
	.check = check,
	.open = open_sink,
	.writer = open_writer,
	.write = write_rows,
	.snapshot = snapshot,
	.mark = mark_epoch,
	.committed = committed,
	.status = status,
	.close = close_sink,
};

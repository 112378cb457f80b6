/*
 * HTTP sinks: rows become requests when an epoch closes (or a batch is full before), requests stand
 * in the outbox, a thread sends what is committed (sinks/outbox_sender.c).
 *
 *	write       row -> JSON, into the open batch of its lane
 *	snapshot    open batches -> entries of the outbox
 *
 * A lane is one request in flight at a time, its entries in order; rows of one key are in one lane.
 * MAX_IN_FLIGHT lanes for each task, and that many requests on their way in all. Batches never
 * reach over an epoch, so that an id always means the same body.
 */
#include "sinks/http.h"

#include <stdlib.h>

#include "core/clock.h"
#include "sinks/sink_list.h"

/* A request that is being filled. */
typedef struct batch {
	uint32_t rows;
	wr_buf url, body;
} batch;

typedef struct http_writer http_writer;
typedef struct http_sink {
	wr_outbox_sink base;
	wr_http_options opt;
	wr_fields fields;
	wr_template url;
	wr_http_carrier *carrier;
	http_writer *writers;
} http_sink;

struct http_writer {
	wr_sink_writer writer;
	batch *batches; /* max_in_flight: one a lane */
	uint32_t turn;	/* of rows without a key */
	wr_buf url, row;
	http_writer *next;
};

static uint32_t lanes(const http_sink *s)
{
	return (uint32_t)s->opt.send.max_in_flight;
}

static wr_status check(const wr_sink_spec *spec, wr_err *err)
{
	wr_http_options o;

	return wr_http_options_read(spec, &o, err);
}

static void free_writer(http_writer *w, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		wr_buf_free(&w->batches[i].url);
		wr_buf_free(&w->batches[i].body);
	}
	wr_buf_free(&w->url);
	wr_buf_free(&w->row);
	free(w->batches);
	free(w);
}

static void close_sink(wr_sink *sink)
{
	http_sink *s = (http_sink *)sink;

	wr_outbox_sink_close(&s->base);
	while (s->writers) {
		http_writer *next = s->writers->next;

		free_writer(s->writers, lanes(s));
		s->writers = next;
	}
	wr_http_carrier_close(s->carrier);
	free(s->fields.items);
	free(s);
}

static wr_status open_parts(http_sink *s, wr_str mark, wr_err *err)
{
	const wr_sink_spec *spec = s->base.sink.spec;

	if (wr_http_options_read(spec, &s->opt, err) ||
	    wr_template_read(spec, "URL", s->opt.url, &s->fields, &s->url, err))
		return WR_FAIL;
	s->base.send = s->opt.send;
	s->carrier = wr_http_carrier_open(spec, &s->opt);
	return wr_outbox_sink_open(&s->base, wr_http_carrier_of(s->carrier), mark, err);
}

static wr_status open_sink(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
			   wr_err *err)
{
	http_sink *s = wr_calloc(1, sizeof *s);

	s->base.sink = (wr_sink){ &wr_sink_http, spec, cx };
	wr_fields_of(spec, &s->fields);
	if (open_parts(s, mark, err)) {
		close_sink(&s->base.sink);
		return WR_FAIL;
	}
	*out = &s->base.sink;
	return WR_OK;
}

static wr_status open_writer(wr_sink *sink, uint16_t task, wr_sink_writer **out, wr_err *err)
{
	http_sink *s = (http_sink *)sink;
	http_writer *w = wr_calloc(1, sizeof *w);

	(void)err;
	w->writer = (wr_sink_writer){ sink, task };
	w->batches = wr_calloc(lanes(s), sizeof *w->batches);
	wr_outbox_task(s->base.outbox, task);
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
	wr_outbox_put(s->base.outbox, w->writer.task, at,
		      &(wr_parcel){ t->rows, wr_clock_steady_ms(), wr_buf_view(&t->url),
				    wr_buf_view(&t->body) });
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

static wr_status write_rows(wr_sink_writer *writer, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	http_writer *w = (http_writer *)writer;
	http_sink *s = (http_sink *)writer->sink;

	(void)err;
	for (uint32_t i = at; i < at + n; i++) {
		wr_buf_reset(&w->row);
		if (!wr_http_row(&s->opt, &s->fields, b, &i, &w->row))
			continue;
		wr_buf_reset(&w->url);
		wr_template_put(&s->url, WR_TEMPLATE_URL, &s->fields, b, i, &w->url);
		add_row(w, wr_outbox_lane_of(b, i, lanes(s), &w->turn));
	}
	return WR_OK;
}

static wr_status snapshot(wr_sink_writer *writer, wr_err *err)
{
	http_writer *w = (http_writer *)writer;
	http_sink *s = (http_sink *)writer->sink;

	(void)err;
	for (uint32_t i = 0; i < lanes(s); i++)
		finish(w, i);
	wr_outbox_snapshot(s->base.outbox, writer->task);
	return WR_OK;
}

static void again(wr_sink *sink, uint32_t lane, wr_str to, wr_str body)
{
	wr_outbox_put_again(((http_sink *)sink)->base.outbox, lane,
			    &(wr_parcel){ wr_parcel_rows(body), wr_clock_steady_ms(), to, body });
}

const wr_sink_def wr_sink_http = {
	.type = "http",
	.kind = WR_SINK_DERIVER,
	.parallel = true,
	.replaceable = true,
	.check = check,
	.open = open_sink,
	.writer = open_writer,
	.write = write_rows,
	.snapshot = snapshot,
	.mark = wr_outbox_sink_mark,
	.committed = wr_outbox_sink_committed,
	.due = wr_outbox_sink_due,
	.again = again,
	.status = wr_outbox_sink_status,
	.close = close_sink,
};

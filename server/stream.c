/*
 * POST /query: the rows of a SELECT as ksqlDB's row objects, one element of a JSON array a line,
 * sent as they come:
 *
 *	[{"header":{"queryId":"…","schema":"`ID` INTEGER, `V` STRING"}},
 *	{"row":{"columns":[1,"a"]}},
 *	{"finalMessage":"Limit Reached"}]
 *
 * The query's thread appends lines to a buffer; the connection's thread takes them from there. A
 * client that is slow holds its query back (FULL); one that is gone is noticed by looking at its
 * socket while nothing has to be sent.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/value_json.h"
#include "core/wait.h"
#include "server/internal.h"

enum { FULL = 4 << 20, LOOK_MS = 200 };

typedef struct stream {
	wr_server *server;
	wr_push_query *query;
	struct MHD_Connection *connection;
	pthread_mutex_t lock;
	pthread_cond_t more, room;
	wr_buf pending;
	size_t sent; /* of pending */
	bool ended, gone;
} stream;

/* ---------------------------------------------------------------- the query's side */

static void put_row(wr_buf *out, const wr_batch *b, uint32_t row)
{
	bool gone = wr_change_removes(b->change[row]);

	wr_buf_puts(out, "{\"row\":{\"columns\":[");
	for (uint32_t c = 0; c < b->schema->n; c++) {
		if (c)
			wr_buf_putc(out, ',');
		wr_value_json(&b->cols[c], row, out);
	}
	wr_buf_puts(out, gone ? "],\"tombstone\":true}},\n" : "]}},\n");
}

static bool on_rows(void *self, const wr_batch *b, uint32_t at, uint32_t n)
{
	stream *s = self;

	pthread_mutex_lock(&s->lock);
	for (uint32_t i = at; i < at + n && !s->gone; i++)
		if (b->change[i] != WR_ROW_BEFORE)
			put_row(&s->pending, b, i);
	pthread_cond_signal(&s->more);
	while (s->pending.n - s->sent > FULL && !s->gone)
		pthread_cond_wait(&s->room, &s->lock);
	bool go_on = !s->gone;

	pthread_mutex_unlock(&s->lock);
	return go_on;
}

/* The comma behind the last element, which may have been sent, must not stay: rows of such queries
 * come all at once, at the end. */
static void end_array(wr_buf *b)
{
	if (b->n >= 2 && b->p[b->n - 2] == ',')
		b->n -= 2;
	wr_buf_puts(b, "]\n");
}

static void on_ended(void *self, bool limit_reached, const wr_err *err)
{
	stream *s = self;

	pthread_mutex_lock(&s->lock);
	if (err->cls != WR_ERR_NONE) {
		wr_buf_puts(&s->pending, "{\"errorMessage\":");
		wr_error_object(&s->pending, 50000, err, (wr_str){ 0 });
		wr_buf_puts(&s->pending, "}]\n");
	} else if (wr_push_query_pull(s->query) && wr_push_query_table(s->query)) {
		end_array(&s->pending); /* a pull query on a table has no last words */
	} else {
		wr_buf_printf(&s->pending, "{\"finalMessage\":\"%s\"}]\n",
			      limit_reached ? "Limit Reached" : "Query Completed");
	}
	s->ended = true;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

/* ---------------------------------------------------------------- the connection's side */

bool wr_client_left(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	char byte;
	ssize_t n = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/* What the library calls for more bytes. */
static ssize_t on_send(void *self, uint64_t position, char *to, size_t max)
{
	stream *s = self;
	ssize_t n = MHD_CONTENT_READER_END_OF_STREAM;

	(void)position;
	pthread_mutex_lock(&s->lock);
	while (s->sent == s->pending.n && !s->ended && !s->gone) {
		wr_cond_wait(&s->more, &s->lock, wr_clock_mono_ns() + LOOK_MS * 1000000LL);
		s->gone = s->sent == s->pending.n &&
			  (s->server->stopping || wr_client_left(s->connection));
	}
	if (s->sent < s->pending.n) {
		size_t left = s->pending.n - s->sent;

		n = (ssize_t)(left < max ? left : max);
		memcpy(to, s->pending.p + s->sent, (size_t)n);
		s->sent += (size_t)n;
	}
	if (s->sent == s->pending.n) {
		wr_buf_reset(&s->pending);
		s->sent = 0;
	}
	pthread_cond_signal(&s->room);
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void free_stream(void *self)
{
	stream *s = self;

	pthread_mutex_lock(&s->lock);
	s->gone = true;
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->lock);
	wr_push_query_free(s->query);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->more);
	pthread_cond_destroy(&s->room);
	wr_buf_free(&s->pending);
	free(s);
}

static void put_header(stream *s)
{
	wr_schema shown = *wr_push_query_schema(s->query);
	wr_buf schema = { 0 };

	shown.nkeys = 0; /* push queries show no KEY */
	wr_schema_print(&shown, false, &schema);
	wr_buf_printf(&s->pending,
		      "[{\"header\":{\"queryId\":\"%s\",\"schema\":", wr_push_query_id(s->query));
	wr_json_quote(&s->pending, wr_buf_view(&schema));
	wr_buf_puts(&s->pending, "}},\n");
	wr_buf_free(&schema);
}

static stream *new_stream(wr_server *server, struct MHD_Connection *c, wr_push_query *q)
{
	stream *s = wr_calloc(1, sizeof *s);

	s->server = server;
	s->connection = c;
	s->query = q;
	pthread_mutex_init(&s->lock, NULL);
	wr_cond_init(&s->more);
	pthread_cond_init(&s->room, NULL);
	put_header(s);
	return s;
}

/* ---------------------------------------------------------------- the request */

/* The one SELECT of the request, not started, or its PRINT. false: *a says why not. */
static bool prepare(wr_server *server, const wr_request *r, wr_push_query **query, wr_print **print,
		    wr_answer *a)
{
	uint32_t at = 0;
	bool found = true;

	*query = NULL;
	*print = NULL;
	while (found) {
		wr_err err = WR_ERR_INIT;
		wr_outcome out = { 0 };
		wr_str shown;

		if (wr_engine_next(server->engine, r->session, r->arena, r->text, &at, &found, &out,
				   &shown, &err)) {
			wr_answer_statement_error(a, shown, &err, (wr_str){ 0 });
			return false;
		}
		if (out.query && *query) {
			wr_push_query_free(out.query);
			break;
		}
		if (out.query)
			*query = out.query;
		if (out.print) {
			*print = out.print;
			return true;
		}
	}
	if (!*query)
		wr_answer_error(a, MHD_HTTP_BAD_REQUEST, 40002,
				"/query takes one SELECT or PRINT; other statements go to /ksql");
	return *query != NULL;
}

static enum MHD_Result refuse(struct MHD_Connection *c, wr_answer *a)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(a->body.n, a->body.p, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(r, "Content-Type", "application/json");
	enum MHD_Result result = MHD_queue_response(c, a->status, r);

	MHD_destroy_response(r);
	wr_buf_free(&a->body);
	return result;
}

static bool start(wr_server *server, struct MHD_Connection *c, wr_str body, stream **out,
		  wr_print **print, wr_answer *a)
{
	wr_request r;
	wr_push_query *q = NULL;
	wr_err err = WR_ERR_INIT;
	bool good = wr_request_read(server, body, true, &r, a) && prepare(server, &r, &q, print, a);

	if (good && q) {
		*out = new_stream(server, c, q);
		wr_push_def def = { .rows = on_rows, .ended = on_ended, .self = *out };

		if (wr_push_query_start(q, &def, &err)) {
			wr_answer_statement_error(a, r.text, &err, (wr_str){ 0 });
			free_stream(*out);
			good = false;
		}
	}
	wr_request_free(&r);
	return good;
}

enum MHD_Result wr_post_query(wr_server *server, struct MHD_Connection *c, wr_str body)
{
	wr_answer a = { 0 };
	stream *s;
	wr_print *print = NULL;

	if (!start(server, c, body, &s, &print, &a))
		return refuse(c, &a);
	if (print)
		return wr_answer_print(server, c, print);
	struct MHD_Response *r =
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, on_send, s, free_stream);

	MHD_add_response_header(r, "Content-Type", "application/vnd.ksql.v1+json");
	enum MHD_Result result = MHD_queue_response(c, MHD_HTTP_OK, r);

	MHD_destroy_response(r);
	return result;
}

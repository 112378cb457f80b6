/* PRINT over HTTP: a topic's records as lines of text, sent as they come. The connection's own
 * thread reads the topic. */
#include <stdlib.h>

#include "server/internal.h"

enum { LOOK_MS = 200 };

typedef struct printing {
	wr_server *server;
	struct MHD_Connection *connection;
	wr_print *print;
	wr_buf line;
	size_t sent; /* of line */
} printing;

/* The next line into s->line. false: nothing more is to be sent. */
static bool next_line(printing *s)
{
	wr_err err = WR_ERR_INIT;
	wr_str line = { 0 };

	wr_buf_reset(&s->line);
	s->sent = 0;
	while (!line.p) {
		if (wr_print_over(s->print) || s->server->stopping || wr_client_left(s->connection))
			return false;
		if (wr_print_next(s->print, LOOK_MS, &line, &err)) {
			wr_error_object(&s->line, 50000, &err, (wr_str){ 0 });
			break;
		}
	}
	wr_buf_str(&s->line, line);
	wr_buf_putc(&s->line, '\n');
	return true;
}

static ssize_t on_send(void *self, uint64_t position, char *to, size_t max)
{
	printing *s = self;

	(void)position;
	if (s->sent == s->line.n && !next_line(s))
		return MHD_CONTENT_READER_END_OF_STREAM;
	size_t left = s->line.n - s->sent, n = left < max ? left : max;

	memcpy(to, s->line.p + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

static void free_printing(void *self)
{
	printing *s = self;

	wr_print_free(s->print);
	wr_buf_free(&s->line);
	free(s);
}

enum MHD_Result wr_answer_print(wr_server *server, struct MHD_Connection *c, wr_print *p)
{
	printing *s = wr_calloc(1, sizeof *s);

	*s = (printing){ .server = server, .connection = c, .print = p };
	struct MHD_Response *r =
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, on_send, s, free_printing);

	MHD_add_response_header(r, "Content-Type", "text/plain; charset=utf-8");
	enum MHD_Result result = MHD_queue_response(c, MHD_HTTP_OK, r);

	MHD_destroy_response(r);
	return result;
}

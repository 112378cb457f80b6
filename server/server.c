/*
 * Listening and routing. The library gives each connection a thread; a request's body is collected
 * first, then its route is called. All answers but the rows of /query are known whole.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/internal.h"

enum { BODY_MAX = 16 << 20 };

/* ---------------------------------------------------------------- requests */

static enum MHD_Result send_answer(struct MHD_Connection *c, wr_answer *a)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(a->body.n, a->body.p, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(r, "Content-Type", a->type ? a->type : "application/json");
	enum MHD_Result result = MHD_queue_response(c, a->status, r);

	MHD_destroy_response(r);
	wr_buf_free(&a->body);
	return result;
}

static enum MHD_Result redirect_to_info(struct MHD_Connection *c)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	MHD_add_response_header(r, "Location", "/info");
	enum MHD_Result result = MHD_queue_response(c, MHD_HTTP_TEMPORARY_REDIRECT, r);

	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result route(wr_server *s, struct MHD_Connection *c, const char *method,
			     const char *path, wr_str body)
{
	wr_answer a = { .status = MHD_HTTP_OK };
	bool post = !strcmp(method, "POST");

	if (post && !strcmp(path, "/query"))
		return wr_post_query(s, c, body);
	if (!post && !strcmp(path, "/"))
		return redirect_to_info(c);
	if (post && !strcmp(path, "/ksql"))
		wr_post_ksql(s, body, &a);
	else if (post && !strcmp(path, "/close-query"))
		wr_post_close(s, body, &a);
	else if (!post && !strcmp(path, "/info"))
		wr_get_info(s, &a);
	else if (!post && !strcmp(path, "/healthcheck"))
		wr_get_health(s, &a);
	else {
		a.status = MHD_HTTP_NOT_FOUND;
		a.type = "text/plain";
		wr_buf_puts(&a.body, "Not Found");
	}
	return send_answer(c, &a);
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *n, void **state)
{
	wr_buf *body = *state;

	(void)version;
	if (!body) {
		*state = wr_calloc(1, sizeof(wr_buf));
		return MHD_YES;
	}
	if (*n) {
		if (body->n + *n > BODY_MAX)
			return MHD_NO;
		wr_buf_put(body, upload, *n);
		*n = 0;
		return MHD_YES;
	}
	return route(self, c, method, path, wr_buf_view(body));
}

static void on_done(void *self, struct MHD_Connection *c, void **state,
		    enum MHD_RequestTerminationCode why)
{
	wr_buf *body = *state;

	(void)self, (void)c, (void)why;
	if (body)
		wr_buf_free(body);
	free(body);
	*state = NULL;
}

/* ---------------------------------------------------------------- listening */

static wr_status read_address(const char *listen, struct sockaddr_in *out, wr_err *err)
{
	char host[64] = "127.0.0.1", port[16];
	const char *colon = strrchr(listen, ':');

	snprintf(port, sizeof port, "%s", colon ? colon + 1 : listen);
	if (colon && colon > listen)
		snprintf(host, sizeof host, "%.*s", (int)(colon - listen), listen);
	char *end;
	long number = strtol(port, &end, 10);

	*out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)number) };
	if (!strcmp(host, "localhost"))
		snprintf(host, sizeof host, "127.0.0.1");
	if (*end || !*port || number < 0 || number > 65535 ||
	    inet_pton(AF_INET, host, &out->sin_addr) != 1) {
		wr_err_set(err, WR_ERR_USAGE, WR_NO_SPAN, "--listen takes ADDRESS:PORT, not %s",
			   listen);
		return wr_err_hint(err,
				   "such as 127.0.0.1:8088, or 0.0.0.0:8088 for every interface");
	}
	return WR_OK;
}

wr_status wr_server_start(wr_engine *e, const char *listen, wr_server **out, wr_err *err)
{
	struct sockaddr_in address;

	if (read_address(listen, &address, err))
		return WR_FAIL;
	wr_server *s = wr_calloc(1, sizeof *s);

	s->engine = e;
	s->daemon =
	    MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0,
			     NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR, &address,
			     MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
			     MHD_OPTION_CONNECTION_LIMIT, 1024u, MHD_OPTION_THREAD_STACK_SIZE,
			     (size_t)512 << 10, MHD_OPTION_END);
	if (!s->daemon) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "cannot listen on %s: %s", listen,
			   strerror(errno));
		free(s);
		return wr_err_hint(
		    err,
		    "another program may have the port: choose one with --listen ADDRESS:PORT");
	}
	*out = s;
	return WR_OK;
}

int wr_server_port(const wr_server *s)
{
	return MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void wr_server_stop(wr_server *s)
{
	s->stopping = true;
	MHD_stop_daemon(s->daemon);
	free(s);
}

/* HTTP sinks against a small server in the same process: bodies, order, retries, ids over crashes, signatures. */
#include "sink_kit.h"

#include <microhttpd.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/log.h"
#include "sinks/outbox_pace.h"

enum { MOST = 256, HANG = -1 };

/* A request that the server was sent. */
typedef struct seen {
	int status; /* how it was answered */
	int64_t at; /* when it came, ms */
	char method[8], url[128], body[512], id[80], header[64], type[40], auth[64];
	char webhook_id[80], webhook_time[24], signature[80];
} seen;

typedef struct server {
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	int plan[16]; /* statuses of the first answers; then `otherwise` */
	unsigned nplan;
	int otherwise;
	const char *retry_after;
	const char *bad; /* bodies with this text in them are answered 422 */
	unsigned n, good;
	seen requests[MOST];
	char url[64];
} server;

static server srv;

static void copy(char *to, size_t room, struct MHD_Connection *c, const char *name)
{
	const char *v = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);

	snprintf(to, room, "%s", v ? v : "");
}

static void keep(seen *s, struct MHD_Connection *c, const char *url, const char *method,
		 const wr_buf *body)
{
	snprintf(s->url, sizeof s->url, "%s", url);
	snprintf(s->method, sizeof s->method, "%s", method);
	snprintf(s->body, sizeof s->body, "%.*s", (int)body->n, body->p ? body->p : "");
	copy(s->id, sizeof s->id, c, "Idempotency-Key");
	copy(s->header, sizeof s->header, c, "X-Shop");
	copy(s->type, sizeof s->type, c, "Content-Type");
	copy(s->auth, sizeof s->auth, c, "Authorization");
	copy(s->webhook_id, sizeof s->webhook_id, c, "webhook-id");
	copy(s->webhook_time, sizeof s->webhook_time, c, "webhook-timestamp");
	copy(s->signature, sizeof s->signature, c, "webhook-signature");
}

static int64_t mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int note(struct MHD_Connection *c, const char *url, const char *method, const wr_buf *body)
{
	pthread_mutex_lock(&srv.lock);
	int status = srv.n < srv.nplan ? srv.plan[srv.n] : srv.otherwise;
	seen *s = &srv.requests[srv.n];

	assert_true(srv.n < MOST);
	keep(s, c, url, method, body);
	if (srv.bad && memmem(body->p, body->n, srv.bad, strlen(srv.bad)))
		status = 422;
	s->status = status;
	s->at = mono_ms();
	srv.n++;
	srv.good += status == 200;
	pthread_mutex_unlock(&srv.lock);
	return status;
}

static unsigned requests(void)
{
	pthread_mutex_lock(&srv.lock);
	unsigned n = srv.n;

	pthread_mutex_unlock(&srv.lock);
	return n;
}

/* Whoever asked has given up and asks once more, or 20 s have passed. */
static void hang_until_it_comes_again(void)
{
	unsigned before = requests();

	for (int i = 0; i < 4000 && requests() == before; i++)
		usleep(5000);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *data, size_t *n,
			      void **request)
{
	wr_buf *body = *request;

	(void)cls, (void)version;
	if (!body) {
		*request = wr_calloc(1, sizeof(wr_buf));
		return MHD_YES;
	}
	if (*n) {
		wr_buf_put(body, data, *n);
		*n = 0;
		return MHD_YES;
	}
	int status = note(c, url, method, body);

	if (status == HANG) {
		hang_until_it_comes_again();
		return MHD_NO;
	}
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(5, (void *)"words", MHD_RESPMEM_PERSISTENT);

	if (srv.retry_after && status != 200)
		MHD_add_response_header(r, "Retry-After", srv.retry_after);
	enum MHD_Result result = MHD_queue_response(c, (unsigned)status, r);

	MHD_destroy_response(r);
	return result;
}

static void over(void *cls, struct MHD_Connection *c, void **request,
		 enum MHD_RequestTerminationCode why)
{
	wr_buf *body = *request;

	(void)cls, (void)c, (void)why;
	if (body)
		wr_buf_free(body);
	free(body);
}

static int start_server(void **state)
{
	(void)state;
	memset(&srv, 0, sizeof srv);
	srv.otherwise = 200;
	pthread_mutex_init(&srv.lock, NULL);
	srv.daemon =
	    MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0,
			     NULL, NULL, handle, NULL, MHD_OPTION_NOTIFY_COMPLETED, over, NULL,
			     MHD_OPTION_END);
	assert_non_null(srv.daemon);
	snprintf(srv.url, sizeof srv.url, "http://127.0.0.1:%u/rows",
		 MHD_get_daemon_info(srv.daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	MHD_stop_daemon(srv.daemon);
	pthread_mutex_destroy(&srv.lock);
	return 0;
}

/* From now on. */
static void answer(int status)
{
	pthread_mutex_lock(&srv.lock);
	srv.otherwise = status;
	pthread_mutex_unlock(&srv.lock);
}

static void set(const char **place, const char *text)
{
	pthread_mutex_lock(&srv.lock);
	*place = text;
	pthread_mutex_unlock(&srv.lock);
}

/* Request i, which must be there; what the server's threads wrote is seen through the lock. */
static const seen *request(unsigned i)
{
	assert_true(i < requests());
	return &srv.requests[i];
}

static const seen *last_request(void)
{
	return &srv.requests[requests() - 1];
}

static unsigned delivered(void)
{
	pthread_mutex_lock(&srv.lock);
	unsigned n = srv.good;

	pthread_mutex_unlock(&srv.lock);
	return n;
}

static void wait_for(unsigned (*count)(void), unsigned n)
{
	for (int i = 0; i < 12000 && count() < n; i++)
		usleep(5000);
	assert_true(count() >= n);
}

/* Bodies of the requests that were taken, one a line. */
static void assert_taken(const char *expected)
{
	wr_buf out = { 0 };

	for (unsigned i = 0, n = requests(); i < n; i++)
		if (request(i)->status == 200)
			wr_buf_printf(&out, "%s\n", request(i)->body);
	assert_string_equal(wr_buf_z(&out), expected);
	wr_buf_free(&out);
}

static void plan(unsigned n, const int *statuses)
{
	pthread_mutex_lock(&srv.lock);
	memcpy(srv.plan, statuses, n * sizeof *statuses);
	srv.nplan = n;
	pthread_mutex_unlock(&srv.lock);
}

#define PLAN(...) plan(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int), (int[]){ __VA_ARGS__ })
#define PROPS(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		"URL", srv.url, "RETRY_BACKOFF_MS", "5", "RETRY_BACKOFF_MAX_MS", "20",             \
		    __VA_ARGS__, NULL                                                              \
	}
#define STREAM "id BIGINT; t STRING"

static void open_http(sink_kit *k, const char *schema, const char *const *props)
{
	sink_kit_open(k, &wr_sink_http, schema, props);
}

/* ---------------------------------------------------------------- bodies */

static void test_objects_in_order(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_http(&k, "id BIGINT; t STRING; d DECIMAL(6, 2); at TIMESTAMP", PROPS("METHOD", "PUT"));
	sink_kit_rows(&k, "INSERT 1|a \"b\"|1.5|0 @0\nINSERT 2|~|-3|1777622950011 @0\n");
	sink_kit_epoch(&k, true);
	assert_taken(
	    "{\"id\":1,\"t\":\"a \\\"b\\\"\",\"d\":1.50,\"at\":\"1970-01-01T00:00:00.000\"}\n"
	    "{\"id\":2,\"t\":null,\"d\":-3.00,\"at\":\"2026-05-01T08:09:10.011\"}\n");
	assert_string_equal(request(0)->method, "PUT");
	assert_string_equal(request(0)->type, "application/json");
	assert_string_equal(request(0)->id, "inc-0-0");
	assert_string_equal(request(1)->id, "inc-0-1");
	sink_kit_close(&k);
}

static void test_arrays(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_http(&k, "id BIGINT", PROPS("BODY", "ARRAY", "BATCH_ROWS", "2"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\nINSERT 3 @0\n");
	sink_kit_epoch(&k, false);
	sink_kit_rows(&k, "INSERT 4 @0\n");
	sink_kit_epoch(&k, true);
	assert_taken("[{\"id\":1},{\"id\":2}]\n[{\"id\":3}]\n[{\"id\":4}]\n");
	sink_kit_close(&k);
}

static void test_ndjson_and_batch_bytes(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_http(&k, "id BIGINT", PROPS("BODY", "NDJSON", "BATCH_BYTES", "20"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\nINSERT 3 @0\n");
	sink_kit_epoch(&k, true);
	assert_taken("{\"id\":1}\n{\"id\":2}\n\n{\"id\":3}\n\n");
	assert_string_equal(request(0)->type, "application/x-ndjson");
	sink_kit_close(&k);
}

static const char changes[] = "NEW a|1 @5\nBEFORE a|1 @6\nAFTER a|2 @6\nOLD a|2 @7\nGONE b|~ @8\n";

static void test_table_rows(void **state)
{
	sink_kit k = { .spec.table = true };

	(void)state;
	open_http(&k, "k STRING KEY; n BIGINT", PROPS("ON_DELETE", "SEND"));
	sink_kit_rows(&k, changes);
	sink_kit_epoch(&k, true);
	assert_taken(
	    "{\"k\":\"a\",\"n\":1}\n{\"k\":\"a\",\"n\":2}\n{\"k\":\"a\",\"__deleted\":true}\n"
	    "{\"k\":\"b\",\"__deleted\":true}\n");
	sink_kit_close(&k);
}

static void test_changes(void **state)
{
	sink_kit k = { .spec.table = true };

	(void)state;
	open_http(&k, "k STRING KEY; n BIGINT", PROPS("ENVELOPE", "CHANGE"));
	sink_kit_rows(&k, changes);
	sink_kit_epoch(&k, true);
	assert_taken(
	    "{\"op\":\"c\",\"key\":{\"k\":\"a\"},\"before\":null,\"after\":{\"k\":\"a\",\"n\":1},\"ts_ms\":5}\n"
	    "{\"op\":\"u\",\"key\":{\"k\":\"a\"},\"before\":{\"k\":\"a\",\"n\":1},\"after\":{\"k\":\"a\",\"n\":2},\"ts_ms\":6}\n"
	    "{\"op\":\"d\",\"key\":{\"k\":\"a\"},\"before\":{\"k\":\"a\",\"n\":2},\"after\":null,\"ts_ms\":7}\n"
	    "{\"op\":\"d\",\"key\":{\"k\":\"b\"},\"before\":null,\"after\":null,\"ts_ms\":8}\n");
	sink_kit_close(&k);
}

static void test_url_and_headers(void **state)
{
	sink_kit k = { 0 };
	char url[128];

	(void)state;
	snprintf(url, sizeof url, "%s/${T}/x", srv.url);
	open_http(&k, STREAM,
		  (const char *const[]){ "URL", url, "HEADER.X-Shop", "mine", "BEARER_TOKEN", "abc",
					 "BODY", "ARRAY", NULL });
	sink_kit_rows(&k, "INSERT 1|a @0\nINSERT 2|a @0\nINSERT 3|b @0\n");
	sink_kit_epoch(&k, true);
	assert_taken("[{\"id\":1,\"t\":\"a\"},{\"id\":2,\"t\":\"a\"}]\n[{\"id\":3,\"t\":\"b\"}]\n");
	assert_string_equal(request(0)->url, "/rows/a/x");
	assert_string_equal(request(1)->url, "/rows/b/x");
	assert_string_equal(request(0)->header, "mine");
	assert_string_equal(request(0)->auth, "Bearer abc");
	sink_kit_close(&k);
}

static void test_signature(void **state)
{
	static const char secret[] = "a secret of 24 bytes....";
	sink_kit k = { 0 };
	wr_buf property = { 0 }, content = { 0 }, expected = { 0 };
	unsigned char digest[32];
	unsigned n;

	(void)state;
	wr_buf_puts(&property, "whsec_");
	wr_base64_encode(wr_str_of(secret), &property);
	open_http(&k, "id BIGINT",
		  PROPS("SIGNING_SECRET", wr_buf_z(&property), "BASIC_AUTH", "me:pass"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, true);
	const seen *s = last_request();

	assert_string_equal(s->webhook_id, s->id);
	wr_buf_printf(&content, "%s.%s.%s", s->webhook_id, s->webhook_time, s->body);
	HMAC(EVP_sha256(), secret, sizeof secret - 1, (unsigned char *)content.p, content.n, digest,
	     &n);
	wr_buf_puts(&expected, "v1,");
	wr_base64_encode((wr_str){ (char *)digest, n }, &expected);
	assert_string_equal(s->signature, wr_buf_z(&expected));
	assert_string_equal(s->auth, "Basic bWU6cGFzcw==");
	wr_buf_free(&property);
	wr_buf_free(&content);
	wr_buf_free(&expected);
	sink_kit_close(&k);
}

/* ---------------------------------------------------------------- refusals */

static void test_the_same_request_goes_again(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	PLAN(503, 500, 302, 408, 429);
	open_http(&k, "id BIGINT", PROPS("TIMEOUT_MS", "20000"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\n");
	sink_kit_epoch(&k, true);
	assert_taken("{\"id\":1}\n{\"id\":2}\n");
	assert_int_equal(requests(), 7);
	for (int i = 0; i < 6; i++) {
		assert_string_equal(request(i)->id, "inc-0-0");
		assert_string_equal(request(i)->body, "{\"id\":1}");
	}
	assert_string_equal(request(6)->id, "inc-0-1");
	sink_kit_close(&k);
}

static void test_no_answer_is_waited_for_so_long(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	PLAN(HANG);
	open_http(&k, "id BIGINT", PROPS("TIMEOUT_MS", "1000"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, true);
	assert_true(requests() >= 2); /* more where an answer took a second all the same */
	assert_int_equal(last_request()->status, 200);
	assert_true(request(1)->at - request(0)->at >= 990);
	for (unsigned i = 0; i < requests(); i++)
		assert_string_equal(request(i)->id, "inc-0-0");
	sink_kit_close(&k);
}

static void test_retry_after(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	set(&srv.retry_after, "1");
	PLAN(503);
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, true);
	assert_true(request(1)->at - request(0)->at >= 990);
	sink_kit_close(&k);
}

static void test_rate(void **state)
{
	sink_kit k = { 0 };
	int64_t before = mono_ms();

	(void)state;
	open_http(&k, "id BIGINT", PROPS("RATE", "20/s"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\nINSERT 3 @0\nINSERT 4 @0\nINSERT 5 @0\n");
	sink_kit_epoch(&k, true);
	assert_true(mono_ms() - before >= 190);
	assert_int_equal(delivered(), 5);
	sink_kit_close(&k);
}

static void test_linger(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_http(&k, "id BIGINT", PROPS("LINGER_MS", "300"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	int64_t before = mono_ms();

	sink_kit_epoch(&k, false);
	wait_for(delivered, 1);
	assert_true(request(0)->at - before >= 290);
	sink_kit_close(&k);
}

static void test_status_speaks_of_the_trouble(void **state)
{
	sink_kit k = { 0 };
	wr_buf words = { 0 };

	(void)state;
	answer(500);
	open_http(&k, "id BIGINT", PROPS("BODY", "ARRAY"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\n");
	sink_kit_epoch(&k, false);
	wait_for(requests, 2);
	k.sink->def->status(k.sink, &words);
	if (!strstr(wr_buf_z(&words), "1 with 2 rows waiting") ||
	    !strstr(wr_buf_z(&words), "answered 500: words"))
		fail_msg("%s", wr_buf_z(&words));
	wr_buf_free(&words);
	sink_kit_close(&k);
}

static void test_given_up_when_too_old(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	answer(500);
	open_http(&k, "id BIGINT", PROPS("RETRY_MAX_AGE", "50"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, true); /* comes back */
	assert_taken("");
	assert_true(requests() >= 1);
	if (!strstr(wr_buf_z(&k.refused), "inc-0-0|older than RETRY_MAX_AGE; POST") ||
	    !strstr(k.refused.p, "|{\"id\":1}\n"))
		fail_msg("%s", wr_buf_z(&k.refused));
	sink_kit_close(&k);
}

/* ---------------------------------------------------------------- dead letters */

static void assert_refused(sink_kit *k, const char *expected)
{
	wr_buf want = { 0 };

	for (const char *p = expected; *p; p++)
		if (*p == '@')
			wr_buf_printf(&want, "POST %s was answered ", srv.url);
		else
			wr_buf_putc(&want, *p);
	assert_string_equal(wr_buf_z(&k->refused), wr_buf_z(&want));
	wr_buf_free(&want);
}

static void test_a_404_is_a_dead_letter(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	PLAN(200, 404);
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\nINSERT 3 @0\n");
	sink_kit_epoch(&k, true);
	assert_taken("{\"id\":1}\n{\"id\":3}\n");
	assert_refused(&k, "inc-0-1|@404: words|{\"id\":2}\n");
	sink_kit_close(&k);
}

static void test_each_dead_letter_is_kept_once(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	answer(404);
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\n");
	sink_kit_epoch(&k, false);
	wait_for(requests, 2);
	while (k.sink->def->due(k.sink) == WR_DUE_NO)
		usleep(1000);
	sink_kit_epoch(&k, false);
	sink_kit_crash(&k);
	sink_kit_epoch(&k, true);
	assert_refused(&k, "inc-0-0|@404: words|{\"id\":1}\ninc-0-1|@404: words|{\"id\":2}\n");
	sink_kit_close(&k);
}

/* More refusals than are remembered at once: the lane waits for a commit. */
static void test_many_dead_letters(void **state)
{
	sink_kit k = { 0 };
	wr_buf rows = { 0 };
	unsigned lines = 0;

	(void)state;
	answer(410);
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	for (int i = 0; i < 150; i++) {
		wr_buf_printf(&rows, "INSERT %d @0\n", i);
		if (i % 50 == 49) {
			sink_kit_rows(&k, wr_buf_z(&rows));
			wr_buf_reset(&rows);
		}
	}
	sink_kit_epoch(&k, true);
	for (const char *p = wr_buf_z(&k.refused); *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 150);
	assert_int_equal(requests(), 150);
	wr_buf_free(&rows);
	sink_kit_close(&k);
}

/* A batch of five with one bad row: halves under ids of their own until the row is found. */
static void split_down_to(const char *body, const char *expected_bodies)
{
	sink_kit k = { 0 };

	set(&srv.bad, "\"id\":3");
	open_http(&k, STREAM, PROPS("BODY", body));
	sink_kit_rows(
	    &k,
	    "INSERT 1|a @0\nINSERT 2|],[ @0\nINSERT 3|\"}\\ @0\nINSERT 4|~ @0\nINSERT 5|e @0\n");
	sink_kit_epoch(&k, true);
	assert_taken(expected_bodies);
	assert_string_equal(request(0)->id, "inc-0-0");
	assert_string_equal(request(1)->id, "inc-0-0/0");
	assert_string_equal(request(2)->id, "inc-0-0/1");
	assert_string_equal(request(3)->id, "inc-0-0/1/0");
	assert_string_equal(request(4)->id, "inc-0-0/1/1");
	assert_int_equal(requests(), 5);
	assert_int_equal(strncmp(k.refused.p, "inc-0-0/1/0|", 12), 0);
	assert_non_null(strstr(k.refused.p, "422: words"));
	assert_non_null(strstr(k.refused.p, "\"id\":3"));
	assert_null(strstr(k.refused.p, "\"id\":4"));
	sink_kit_close(&k);
}

static void test_a_refused_array_is_halved(void **state)
{
	(void)state;
	split_down_to("ARRAY", "[{\"id\":1,\"t\":\"a\"},{\"id\":2,\"t\":\"],[\"}]\n"
			       "[{\"id\":4,\"t\":null},{\"id\":5,\"t\":\"e\"}]\n");
}

static void test_refused_lines_are_halved(void **state)
{
	(void)state;
	split_down_to("NDJSON", "{\"id\":1,\"t\":\"a\"}\n{\"id\":2,\"t\":\"],[\"}\n\n"
				"{\"id\":4,\"t\":null}\n{\"id\":5,\"t\":\"e\"}\n\n");
}

/* The halves do not go before the split is committed; after a crash they go under the same ids. */
static void test_a_split_is_committed_first(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	PLAN(413);
	answer(503);
	open_http(&k, "id BIGINT", PROPS("BODY", "ARRAY"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\n");
	sink_kit_epoch(&k, false);
	while (k.sink->def->due(k.sink) != WR_DUE_SOON)
		usleep(1000);
	usleep(50000);
	assert_int_equal(requests(), 1);
	sink_kit_epoch(&k, false); /* commits the split */
	wait_for(requests, 2);
	sink_kit_crash(&k);
	answer(200);
	wait_for(delivered, 2);
	assert_taken("[{\"id\":1}]\n[{\"id\":2}]\n");
	assert_string_equal(request(1)->id, "inc-0-0/0");
	assert_string_equal(last_request()->id, "inc-0-0/1");
	sink_kit_close(&k);
}

static void test_on_status(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	PLAN(409, 404, 500, 418, 200);
	open_http(&k, "id BIGINT",
		  PROPS("ON_STATUS", "4XX RETRY, 409 OK, 418 dead letter, 500-502 DEAD_LETTER"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\nINSERT 3 @0\nINSERT 4 @0\n");
	sink_kit_epoch(&k, true);
	assert_int_equal(requests(), 5); /* 1: 409; 2: 404, 500; 3: 418; 4: 200 */
	assert_taken("{\"id\":4}\n");
	assert_refused(&k, "inc-0-1|@500: words|{\"id\":2}\ninc-0-2|@418: words|{\"id\":3}\n");
	sink_kit_close(&k);
}

/* ---------------------------------------------------------------- pace */

static void test_one_probe_while_the_circuit_is_open(void **state)
{
	sink_kit k = { .spec.table = true };
	wr_buf rows = { 0 }, words = { 0 };

	(void)state;
	answer(503);
	open_http(&k, "k BIGINT KEY",
		  (const char *const[]){ "URL", srv.url, "RETRY_BACKOFF_MS", "100",
					 "RETRY_BACKOFF_MAX_MS", "100", "MAX_IN_FLIGHT", "16",
					 NULL });
	for (int i = 0; i < 64; i++)
		wr_buf_printf(&rows, "NEW %d @0\n", i);
	sink_kit_rows(&k, wr_buf_z(&rows));
	sink_kit_epoch(&k, false);
	wait_for(requests, 18); /* all lanes at once; then single ones, on average every 50 ms */
	usleep(500000);
	unsigned n = requests();

	assert_true(n - 18 < 20 + 3 * (request(n - 1)->at - request(17)->at) / 50);
	k.sink->def->status(k.sink, &words);
	if (!strstr(wr_buf_z(&words), "circuit "))
		fail_msg("%s", words.p);
	answer(200);
	sink_kit_epoch(&k, true);
	assert_int_equal(delivered(), 64);
	wr_buf_free(&rows);
	wr_buf_free(&words);
	sink_kit_close(&k);
}

/* All lanes keep still for as long as the endpoint asks for. */
static void test_retry_after_holds_all_lanes(void **state)
{
	sink_kit k = { .spec.table = true };

	(void)state;
	set(&srv.retry_after, "1");
	PLAN(429);
	open_http(&k, "k BIGINT KEY", PROPS("MAX_IN_FLIGHT", "2"));
	sink_kit_rows(&k, "NEW 1 @0\n");
	sink_kit_epoch(&k, false);
	wait_for(requests, 1);
	usleep(50000);
	sink_kit_rows(&k, "NEW 2 @0\nNEW 3 @0\nNEW 4 @0\n");
	sink_kit_epoch(&k, false);
	sink_kit_epoch(&k, true);
	assert_int_equal(delivered(), 4);
	assert_true(request(1)->at - request(0)->at >= 990);
	sink_kit_close(&k);
}

static void test_retry_after_as_a_date(void **state)
{
	sink_kit k = { 0 };
	char date[64];
	time_t then = time(NULL) + 3;
	struct tm tm;

	(void)state;
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &tm));
	set(&srv.retry_after, date);
	PLAN(503);
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, true);
	assert_true(time(NULL) >= then - 1);
	sink_kit_close(&k);
}

static _Atomic bool held_over;

static void *commit_one(void *arg)
{
	sink_kit_epoch(arg, false);
	held_over = true;
	return NULL;
}

static void test_a_full_outbox_holds_the_query_back(void **state)
{
	sink_kit k = { 0 };
	pthread_t thread;
	wr_buf words = { 0 };

	(void)state;
	answer(503);
	held_over = false;
	open_http(&k, STREAM, PROPS("OUTBOX_MAX_BYTES", "200"));
	sink_kit_rows(&k, "INSERT 1|a @0\n");
	sink_kit_epoch(&k, false); /* there is room */
	sink_kit_rows(&k, "INSERT 2|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa @0\nINSERT 3|b @0\n");
	pthread_create(&thread, NULL, commit_one, &k);
	wait_for(requests, 3);
	usleep(100000);
	assert_false(held_over);
	k.sink->def->status(k.sink, &words);
	if (!strstr(wr_buf_z(&words), "the query is held back"))
		fail_msg("%s", words.p);
	answer(200);
	pthread_join(thread, NULL);
	assert_true(held_over);
	sink_kit_epoch(&k, true);
	assert_int_equal(delivered(), 3);
	wr_buf_free(&words);
	sink_kit_close(&k);
}

/* What waits in four lanes would be passed by what comes into two. */
static void test_lanes_change_only_when_nothing_waits(void **state)
{
	sink_kit k = { .spec.table = true };
	wr_sink *other;
	wr_err err = WR_ERR_INIT;

	(void)state;
	answer(503);
	open_http(&k, "k BIGINT KEY", PROPS("MAX_IN_FLIGHT", "4"));
	sink_kit_rows(&k, "NEW 1 @0\nNEW 2 @0\nNEW 3 @0\n");
	sink_kit_epoch(&k, false);
	sink_kit_stop(&k);
	((wr_sink_prop *)k.spec.props)[3].value = WR_STR_LIT("2");
	assert_int_equal(wr_state_open(k.db, "test", &k.state, &k.err), WR_OK);
	k.cx.state = k.state;
	assert_int_equal(k.def->open(&k.spec, &k.cx, wr_buf_view(&k.mark), &other, &err), WR_FAIL);
	assert_non_null(
	    strstr(err.message,
		   "MAX_IN_FLIGHT cannot change while 3 requests of sink OUT are not delivered"));
	wr_state_close(k.state);
	((wr_sink_prop *)k.spec.props)[3].value = WR_STR_LIT("4");
	answer(200);
	sink_kit_start(&k);
	sink_kit_epoch(&k, true);
	sink_kit_stop(&k);
	((wr_sink_prop *)k.spec.props)[3].value = WR_STR_LIT("2");
	sink_kit_start(&k);
	sink_kit_rows(&k, "NEW 4 @0\nNEW 5 @0\n");
	sink_kit_epoch(&k, true);
	assert_int_equal(delivered(), 5);
	for (unsigned i = 0; i < requests(); i++) /* no number twice */
		for (unsigned j = 0; j < i; j++)
			if (!strcmp(request(i)->id, request(j)->id))
				assert_string_equal(request(i)->body, request(j)->body);
	sink_kit_close(&k);
}

static void test_a_bucket(void **state)
{
	wr_bucket b = { .interval_ns = 10000000 }; /* 100/s, ten at once */
	int64_t at, now = 5000000000;
	int n = 0;

	(void)state;
	assert_true(wr_bucket_take(&b, now, &at)); /* begins with one token */
	assert_false(wr_bucket_take(&b, now, &at));
	assert_int_equal(at, now + 10000000);
	assert_true(wr_bucket_take(&b, at, &at));
	for (now += 3000000000; wr_bucket_take(&b, now, &at); n++)
		;
	assert_int_equal(n, 10);
	for (int64_t end = now + 1000000000; now < end; now += 1000000)
		n += wr_bucket_take(&b, now, &at);
	assert_in_range(n, 108, 110);
}

static void test_jitter(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_in_range(wr_jitter(&random, 100, 30000, 1), 1, 100);
		assert_in_range(wr_jitter(&random, 100, 30000, 3), 1, 400);
		assert_in_range(wr_jitter(&random, 100, 30000, 4000000), 1, 30000);
	}
}

static bool yes(void *self)
{
	(void)self;
	return true;
}

static void test_the_end_can_be_interrupted(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	answer(500);
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	k.cx.stopping = yes;
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, true);
	assert_int_equal(delivered(), 0);
	answer(200);
	sink_kit_crash(&k); /* started again: the old rows go out by themselves */
	wait_for(delivered, 1);
	assert_string_equal(last_request()->id, "inc-0-0");
	sink_kit_close(&k);
}

/* ---------------------------------------------------------------- crashes */

static void test_nothing_goes_out_before_the_commit(void **state)
{
	sink_kit k = { 0 };
	wr_buf lost = { 0 };

	(void)state;
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	sink_kit_epoch(&k, false);
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_prepare(&k, &lost);
	usleep(50000);
	sink_kit_crash(&k);
	assert_int_equal(requests(), 0);
	sink_kit_rows(&k, "INSERT 2 @0\n");
	sink_kit_epoch(&k, true);
	assert_taken("{\"id\":2}\n");
	assert_string_equal(request(0)->id, "inc-0-0"); /* the number was never used */
	wr_buf_free(&lost);
	sink_kit_close(&k);
}

static void test_what_waits_survives(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	PLAN(200, 500, 500);
	answer(500);
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\nINSERT 3 @0\n");
	sink_kit_epoch(&k, false);
	wait_for(requests, 3);
	sink_kit_stop(&k);
	answer(200);
	sink_kit_start(&k);
	wait_for(delivered, 3);
	assert_taken("{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
	assert_string_equal(request(requests() - 2)->id, "inc-0-1");
	assert_string_equal(last_request()->id, "inc-0-2");
	sink_kit_rows(&k, "INSERT 4 @0\n");
	sink_kit_epoch(&k, true);
	assert_string_equal(last_request()->id, "inc-0-3");
	sink_kit_close(&k);
}

/* The epoch was committed and the process died before the sink was told. */
static void test_a_commit_that_the_sink_never_heard_of(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, true);
	sink_kit_rows(&k, "INSERT 2 @0\n");
	sink_kit_epoch(&k, false);
	wait_for(delivered, 2);
	sink_kit_rows(&k, "INSERT 3 @0\n");
	sink_kit_prepare(&k, &k.mark);
	assert_int_equal(wr_state_commit(k.state, &k.err), WR_OK);
	sink_kit_crash(&k);
	wait_for(delivered, 3);
	assert_taken("{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
	sink_kit_rows(&k, "INSERT 4 @0\n");
	sink_kit_epoch(&k, true);
	assert_taken("{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":4}\n");
	assert_string_equal(last_request()->id, "inc-0-3");
	sink_kit_close(&k);
}

static void test_what_is_delivered_leaves_the_state(void **state)
{
	sink_kit k = { 0 };
	wr_str key, value;

	(void)state;
	open_http(&k, "id BIGINT", PROPS("METHOD", "POST"));
	sink_kit_rows(&k, "INSERT 1 @0\nINSERT 2 @0\n");
	sink_kit_epoch(&k, true);
	wr_view *v = wr_view_open(k.state, k.spec.op, WR_STR_LIT("e"), WR_STR_LIT("f"));

	assert_false(wr_view_next(v, &key, &value));
	wr_view_close(v);
	sink_kit_crash(&k);
	usleep(50000);
	assert_int_equal(requests(), 2);
	sink_kit_close(&k);
}

/* Four lanes: the rows of one key keep their order although an early one is refused. */
static void test_each_key_in_its_order(void **state)
{
	sink_kit k = { .spec.table = true };
	wr_buf rows = { 0 };

	(void)state;
	PLAN(500, 200, 500, 200, 200, 500);
	open_http(&k, "k BIGINT KEY; n BIGINT", PROPS("MAX_IN_FLIGHT", "4"));
	for (int i = 0; i < 60; i++)
		wr_buf_printf(&rows, "NEW %d|%d @0\n", i % 7, i);
	sink_kit_rows(&k, wr_buf_z(&rows));
	sink_kit_epoch(&k, true);
	assert_int_equal(delivered(), 60);
	int last[7] = { -1, -1, -1, -1, -1, -1, -1 };

	for (unsigned i = 0; i < requests(); i++) {
		int key, n;

		if (request(i)->status != 200)
			continue;
		assert_int_equal(sscanf(request(i)->body, "{\"k\":%d,\"n\":%d}", &key, &n), 2);
		assert_true(n > last[key]);
		last[key] = n;
	}
	wr_buf_free(&rows);
	sink_kit_close(&k);
}

/* ---------------------------------------------------------------- properties */

static void refused(const char *const *props, wr_err_class cls, const char *message, uint32_t at)
{
	sink_kit k = { 0 };

	sink_kit_spec(&k, &wr_sink_http, STREAM, props);
	assert_int_equal(k.def->check(&k.spec, &k.err), WR_FAIL);
	if (k.err.cls != cls || !strstr(k.err.message, message))
		fail_msg("%s: %s", wr_err_class_text(k.err.cls), k.err.message);
	assert_int_equal(k.err.span.at, at);
	sink_kit_close(&k);
}

#define WITH(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		"URL", "http://h/", __VA_ARGS__, NULL                                              \
	}

static void test_properties(void **state)
{
	(void)state;
	refused((const char *const[]){ NULL }, WR_ERR_STATEMENT, "needs a URL", 0);
	refused((const char *const[]){ "URL", "localhost:80/x", NULL }, WR_ERR_STATEMENT, "no URL",
		10);
	refused((const char *const[]){ "URL", "http://h/${nam}", NULL }, WR_ERR_STATEMENT, "${nam}",
		10);
	refused(WITH("BODDY", "ARRAY"), WR_ERR_STATEMENT, "no property BODDY", 20);
	refused(WITH("BODY", "XML"), WR_ERR_STATEMENT, "OBJECT, ARRAY or NDJSON", 20);
	refused(WITH("ON_STATUS", "409 YES"), WR_ERR_STATEMENT,
		"an action expected instead of 'YES'", 20);
	refused(WITH("ON_STATUS", "409"), WR_ERR_STATEMENT, "an action expected at the end", 20);
	refused(WITH("ON_STATUS", "6XX OK"), WR_ERR_STATEMENT, "a status such as", 20);
	refused(WITH("ON_STATUS", "500-400 OK"), WR_ERR_STATEMENT, "a status such as", 20);
	refused(WITH("DEAD_LETTER", ""), WR_ERR_STATEMENT, "name of a topic", 20);
	refused(WITH("TLS_CA_FILE", "/nowhere/ca.pem"), WR_ERR_STATEMENT,
		"cannot read /nowhere/ca.pem", 20);
	refused(WITH("RATE", "5/day"), WR_ERR_STATEMENT, "requests a second", 20);
	refused(WITH("SIGNING_SECRET", "whsec_!"), WR_ERR_STATEMENT, "Standard Webhooks", 20);
	refused(WITH("BASIC_AUTH", "me"), WR_ERR_STATEMENT, "user:password", 20);
	refused(WITH("HEADER.X-A", "a\r\nb"), WR_ERR_STATEMENT, "no header", 20);
	refused(WITH("RATE", "fast"), WR_ERR_STATEMENT, "requests a second", 20);
	refused(WITH("TIMEOUT_MS", "soon"), WR_ERR_STATEMENT, "a time such as", 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_objects_in_order),
		TEST(test_arrays),
		TEST(test_ndjson_and_batch_bytes),
		TEST(test_table_rows),
		TEST(test_changes),
		TEST(test_url_and_headers),
		TEST(test_signature),
		TEST(test_the_same_request_goes_again),
		TEST(test_no_answer_is_waited_for_so_long),
		TEST(test_retry_after),
		TEST(test_rate),
		TEST(test_linger),
		TEST(test_status_speaks_of_the_trouble),
		TEST(test_given_up_when_too_old),
		TEST(test_the_end_can_be_interrupted),
		TEST(test_a_404_is_a_dead_letter),
		TEST(test_each_dead_letter_is_kept_once),
		TEST(test_many_dead_letters),
		TEST(test_a_refused_array_is_halved),
		TEST(test_refused_lines_are_halved),
		TEST(test_a_split_is_committed_first),
		TEST(test_on_status),
		TEST(test_one_probe_while_the_circuit_is_open),
		TEST(test_retry_after_holds_all_lanes),
		TEST(test_retry_after_as_a_date),
		TEST(test_a_full_outbox_holds_the_query_back),
		TEST(test_lanes_change_only_when_nothing_waits),
		TEST(test_a_bucket),
		TEST(test_jitter),
		TEST(test_nothing_goes_out_before_the_commit),
		TEST(test_what_waits_survives),
		TEST(test_a_commit_that_the_sink_never_heard_of),
		TEST(test_what_is_delivered_leaves_the_state),
		TEST(test_each_key_in_its_order),
		TEST(test_properties),
	};

	wr_log_set_level(WR_LOG_OFF);
	return cmocka_run_group_tests_name("sink_http", tests, NULL, NULL);
}

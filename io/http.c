/*
 * libcurl's multi interface behind five calls. A request takes a slot: an easy handle with its
 * headers and the beginning of its answer. Slots wander from idle to busy to done and back, so that
 * handles are reused; connections are kept by the multi handle.
 *
 * What comes back is an answer with a status, or none with the reason. What that means (try again,
 * give up) is the caller's business. The caller owns the body until it has taken the answer;
 * headers and URL are copied.
 */
#include "io/http.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct slot slot;
struct slot {
	CURL *easy;
	wr_http *http;
	struct curl_slist *headers, *to;
	wr_str rest; /* of a mail: not read yet */
	bool mail;
	void *self;
	char error[CURL_ERROR_SIZE];
	char text[sizeof((wr_http_answer *)0)->text];
	size_t n; /* bytes of text */
	wr_http_answer answer;
	slot *next; /* in idle, busy or done */
};

enum { MAX_SOCKETS = 512 };

struct wr_http {
	CURLM *multi;
	slot *idle, *busy, *done;
	uint32_t nsockets;
	curl_socket_t sockets[MAX_SOCKETS]; /* open ones */
	bool head_came;			    /* of some answer, since the last wait */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

wr_http *wr_http_open(void)
{
	wr_http *h = wr_calloc(1, sizeof *h);

	pthread_once(&once, init_library);
	h->multi = curl_multi_init();
	if (!h->multi)
		wr_no_memory(0);
	return h;
}

static void free_lists(slot *s)
{
	curl_slist_free_all(s->headers);
	curl_slist_free_all(s->to);
	s->headers = s->to = NULL;
}

static void free_slots(wr_http *h, slot *s, bool busy)
{
	while (s) {
		slot *next = s->next;

		if (busy)
			curl_multi_remove_handle(h->multi, s->easy);
		free_lists(s);
		curl_easy_cleanup(s->easy);
		free(s);
		s = next;
	}
}

void wr_http_close(wr_http *h)
{
	if (!h)
		return;
	free_slots(h, h->busy, true);
	free_slots(h, h->idle, false);
	free_slots(h, h->done, false);
	curl_multi_cleanup(h->multi);
	free(h);
}

static slot *take_slot(wr_http *h)
{
	slot *s = h->idle;

	if (s) {
		h->idle = s->next;
		curl_easy_reset(s->easy);
	} else {
		s = wr_calloc(1, sizeof *s);
		s->easy = curl_easy_init();
		if (!s->easy)
			wr_no_memory(0);
	}
	s->http = h;
	s->n = 0;
	s->error[0] = 0;
	s->next = h->busy;
	h->busy = s;
	return s;
}

/* Keeps the beginning of the answer, for messages. */
static size_t keep_text(char *p, size_t size, size_t n, void *arg)
{
	slot *s = arg;

	for (size_t i = 0; i < size * n && s->n < sizeof s->text - 1; i++)
		s->text[s->n++] = (unsigned char)p[i] < ' ' ? ' ' : p[i];
	return size * n;
}

/*
 * Some servers send head and body apart, and hold the body back until the head is acknowledged,
 * which our side puts off for 40 ms. So the sockets are known here, and acknowledge at once when a
 * head has come.
 */
static int keep_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	wr_http *h = arg;

	(void)purpose;
	if (h->nsockets < MAX_SOCKETS)
		h->sockets[h->nsockets++] = fd;
	return CURL_SOCKOPT_OK;
}

static int close_socket(void *arg, curl_socket_t fd)
{
	wr_http *h = arg;

	for (uint32_t i = 0; i < h->nsockets; i++)
		if (h->sockets[i] == fd) {
			h->sockets[i] = h->sockets[--h->nsockets];
			break;
		}
	return close(fd);
}

static void acknowledge(wr_http *h)
{
	int yes = 1;

	for (uint32_t i = 0; i < h->nsockets && h->head_came; i++)
		(void)setsockopt(h->sockets[i], IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
	h->head_came = false;
}

/*
 * A connection whose answer was a refusal is not used again: some servers leave bytes behind a 304,
 * others close it when they please.
 */
static size_t look_at_header(char *p, size_t size, size_t n, void *arg)
{
	slot *s = arg;
	int status = 0;
	char line[16] = { 0 };

	memcpy(line, p, size * n < sizeof line - 1 ? size * n : sizeof line - 1);
	if (sscanf(line, "HTTP/%*[0-9.] %d", &status) == 1 && status >= 300)
		curl_easy_setopt(s->easy, CURLOPT_FORBID_REUSE, 1L);
	if (line[0] == '\r' || line[0] == '\n')
		s->http->head_came = true;
	return size * n;
}

static void append(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (!longer)
		wr_no_memory(0);
	*list = longer;
}

/* What a mail server says, line by line: the last one is kept, or the refusal, behind which it only
 * says good-bye. */
static size_t keep_line(char *p, size_t size, size_t n, void *arg)
{
	slot *s = arg;

	if (s->n && (s->text[0] == '4' || s->text[0] == '5') && p[0] == '2')
		return size * n;
	s->n = 0;
	return keep_text(p, size, n, arg);
}

static size_t read_mail(char *p, size_t size, size_t n, void *arg)
{
	slot *s = arg;
	uint32_t take = s->rest.n < size * n ? s->rest.n : (uint32_t)(size * n);

	if (take)
		memcpy(p, s->rest.p, take);
	s->rest.p += take;
	s->rest.n -= take;
	return take;
}

static void set_connection(wr_http *h, CURL *e)
{
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, keep_socket);
	curl_easy_setopt(e, CURLOPT_SOCKOPTDATA, h);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, h);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps");
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
}

static void set_tls(CURL *e, const wr_http_tls *t)
{
	if (t->ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, t->ca_file);
	if (t->cert_file)
		curl_easy_setopt(e, CURLOPT_SSLCERT, t->cert_file);
	if (t->key_file)
		curl_easy_setopt(e, CURLOPT_SSLKEY, t->key_file);
}

static void set_http(slot *s, CURL *e, const wr_http_request *r)
{
	for (uint32_t i = 0; i < r->nheaders; i++)
		append(&s->headers, r->headers[i]);
	append(&s->headers, "Expect:"); /* no waiting for 100 Continue */
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, s->headers);
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body.p ? r->body.p : "");
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->method);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, look_at_header);
	if (r->user_password)
		curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
}

/* A password never goes in clear text; without one TLS is used where the server has it. */
static void set_mail(slot *s, CURL *e, const wr_http_request *r)
{
	for (uint32_t i = 0; i < r->mail->nto; i++)
		append(&s->to, r->mail->to[i]);
	s->rest = r->body;
	curl_easy_setopt(e, CURLOPT_MAIL_FROM, r->mail->from);
	curl_easy_setopt(e, CURLOPT_MAIL_RCPT, s->to);
	curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body.n);
	curl_easy_setopt(e, CURLOPT_READFUNCTION, read_mail);
	curl_easy_setopt(e, CURLOPT_READDATA, s);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, keep_line);
	curl_easy_setopt(e, CURLOPT_USE_SSL,
			 (long)(r->user_password ? CURLUSESSL_ALL : CURLUSESSL_TRY));
}

void wr_http_start(wr_http *h, const wr_http_request *r)
{
	slot *s = take_slot(h);
	CURL *e = s->easy;

	s->self = r->self;
	s->mail = r->mail != NULL;
	set_connection(h, e);
	set_tls(e, &r->tls);
	curl_easy_setopt(e, CURLOPT_PRIVATE, s);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->error);
	curl_easy_setopt(e, CURLOPT_URL, r->url);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, keep_text);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, s);
	if (r->user_password)
		curl_easy_setopt(e, CURLOPT_USERPWD, r->user_password);
	(r->mail ? set_mail : set_http)(s, e, r);
	curl_multi_add_handle(h->multi, e);
}

static void unlink_busy(wr_http *h, slot *s)
{
	slot **p = &h->busy;

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
}

/* A mail that is refused is an error to libcurl, as is a server that does not let us in: that says
 * nothing of the mail. */
static bool speaks_of_the_mail(const slot *s, CURLcode code)
{
	return s->mail &&
	       (code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && s->rest.n == 0));
}

static void answer(slot *s, CURLcode code)
{
	wr_http_answer *a = &s->answer;
	long status = 0;
	curl_off_t after = 0;

	*a = (wr_http_answer){ .self = s->self, .retry_after_ms = -1 };
	if (curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
	    (code == CURLE_OK || (status >= 400 && speaks_of_the_mail(s, code))))
		a->status = (int)status;
	if (curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &after) == CURLE_OK && after > 0)
		a->retry_after_ms = (int64_t)(after < 86400 ? after : 86400) * 1000;
	while (s->n && s->text[s->n - 1] == ' ')
		s->n--;
	snprintf(a->text, sizeof a->text, "%.*s", a->status ? (int)s->n : 199,
		 a->status     ? s->text
		 : s->error[0] ? s->error
			       : curl_easy_strerror(code));
}

static void collect(wr_http *h)
{
	int running, left;
	CURLMsg *m;

	curl_multi_perform(h->multi, &running);
	while ((m = curl_multi_info_read(h->multi, &left))) {
		slot *s;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
		answer(s, m->data.result);
		curl_multi_remove_handle(h->multi, s->easy);
		unlink_busy(h, s);
		s->next = h->done;
		h->done = s;
	}
}

void wr_http_wait(wr_http *h, int ms)
{
	collect(h);
	if (h->done)
		return;
	acknowledge(h);
	curl_multi_poll(h->multi, NULL, 0, ms, NULL);
	collect(h);
}

bool wr_http_take(wr_http *h, wr_http_answer *out)
{
	slot *s = h->done;

	if (!s)
		return false;
	*out = s->answer;
	free_lists(s);
	h->done = s->next;
	s->next = h->idle;
	h->idle = s;
	return true;
}

void wr_http_wake(wr_http *h)
{
	curl_multi_wakeup(h->multi);
}

static bool valid_with(const char *url, const char *plain, const char *secure)
{
	CURLU *u = curl_url();
	char *scheme = NULL;
	bool valid = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		     curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		     (strcmp(scheme, plain) == 0 || strcmp(scheme, secure) == 0);

	curl_free(scheme);
	curl_url_cleanup(u);
	return valid;
}

bool wr_http_url_valid(const char *url)
{
	return valid_with(url, "http", "https");
}

bool wr_http_mail_url_valid(const char *url)
{
	return valid_with(url, "smtp", "smtps");
}

/*
 * Requests over HTTP, and mails over SMTP, many at a time, by one thread. Redirects are not
 * followed, certificates are checked.
 *
 *	wr_http_start(h, &request)	any number
 *	wr_http_wait(h, 100)		until an answer is there, somebody wakes it, or the time is over
 *	while (wr_http_take(h, &answer)) …
 *
 * Thread: one, but for wr_http_wake: any.
 */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include "core/buf.h"

typedef struct wr_http wr_http;

/* Files; NULL: the system's authorities, no certificate of our own. */
typedef struct wr_http_tls {
	const char *ca_file, *cert_file, *key_file;
} wr_http_tls;

/* Makes a request a mail: the URL is smtp:// or smtps://, the body the whole message. */
typedef struct wr_http_mail {
	const char *from;
	uint32_t nto;
	const char *const *to; /* copied */
} wr_http_mail;

typedef struct wr_http_request {
	const char *method, *url;
	uint32_t nheaders;
	const char *const *headers; /* "Name: value", copied */
	wr_str body;		    /* must live until the answer is taken */
	const char *user_password;  /* "user:password" for basic authentication; NULL: none */
	int64_t timeout_ms;	    /* from the start to the end of the answer */
	wr_http_tls tls;
	const wr_http_mail *mail; /* NULL: HTTP */
	void *self;		  /* comes back with the answer */
} wr_http_request;

typedef struct wr_http_answer {
	void *self;
	/* HTTP's, SMTP's last; 0: there was no answer, text says why */
	int status;
	int64_t retry_after_ms; /* -1: the answer does not say */
	/* else the beginning of the answer's body, one line; SMTP: its last line */
	char text[200];
} wr_http_answer;

wr_http *wr_http_open(void);
void wr_http_close(wr_http *h); /* requests on their way are dropped; NULL is fine */
void wr_http_start(wr_http *h, const wr_http_request *r);
void wr_http_wait(wr_http *h, int ms);
/* The next finished request. */
bool wr_http_take(wr_http *h, wr_http_answer *out);
void wr_http_wake(wr_http *h);
/* True when the text is an absolute http or https URL that libcurl can read. */
bool wr_http_url_valid(const char *url);
/* The same for smtp and smtps. */
bool wr_http_mail_url_valid(const char *url);

#endif

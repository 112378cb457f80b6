/* Options of an HTTP sink, its requests and its sender. Inside sinks/http*.c only. */
#ifndef SINKS_HTTP_H
#define SINKS_HTTP_H

#include "sinks/outbox.h"
#include "sinks/props.h"

typedef enum wr_http_body { WR_BODY_OBJECT, WR_BODY_ARRAY, WR_BODY_NDJSON } wr_http_body;
typedef enum wr_http_envelope { WR_ENVELOPE_NONE, WR_ENVELOPE_CHANGE } wr_http_envelope;
typedef enum wr_http_on_delete { WR_DELETE_IGNORE, WR_DELETE_SEND } wr_http_on_delete;

typedef struct wr_http_options {
	wr_str url;
	int method, body, envelope, on_delete;
	int64_t batch_rows, batch_bytes, linger_ms;
	wr_str basic_auth, bearer_token, signing_secret, rate_text;
	int64_t timeout_ms, max_in_flight;
	int64_t backoff_ms, backoff_max_ms, max_age_ms;	/* max_age_ms 0: for ever */
	int64_t rate;			/* requests a second; 0: no bound */
} wr_http_options;

extern const char *const wr_http_methods[];

WR_CHECKED wr_status wr_http_options_read(const wr_sink_spec *spec, wr_http_options *o, wr_err *err);

/* ---- sinks/http_url.c: URLs with ${column} */

typedef struct wr_url_part {
	wr_str text;		/* as it stands */
	int32_t field;		/* then this field's value, encoded; -1: none */
} wr_url_part;

typedef struct wr_url {
	uint32_t n;
	wr_url_part parts[32];
} wr_url;

/* Errors with the span of URL: an unknown column, no http or https URL, too many parts. */
WR_CHECKED wr_status wr_url_read(const wr_sink_spec *spec, wr_str text, const wr_fields *fields, wr_url *out,
				 wr_err *err);
void wr_url_put(const wr_url *u, const wr_fields *fields, const wr_batch *b, uint32_t row, wr_buf *out);

/* ---- sinks/http_compose.c: rows to requests */

typedef struct wr_http_entry {
	uint32_t rows;
	int64_t made_ms;
	wr_str url, body;
} wr_http_entry;

void wr_http_entry_put(const wr_http_entry *e, wr_buf *out);
/* Views into bytes; false when they are damaged. */
bool wr_http_entry_get(wr_str bytes, wr_http_entry *e);

/* Appends what is sent for the row at *row, and moves *row to the last row of the change. false: nothing is sent for it. */
bool wr_http_row(const wr_http_options *o, const wr_fields *fields, const wr_batch *b, uint32_t *row, wr_buf *out);

/* ---- sinks/http_sign.c: Standard Webhooks */

enum { WR_SIGN_KEY_MAX = 256 };

typedef struct wr_sign_key {
	uint32_t n;
	char bytes[WR_SIGN_KEY_MAX];
} wr_sign_key;

/* whsec_ and base64, or base64 alone. */
bool wr_sign_key_read(wr_str text, wr_sign_key *out);
/* "v1,…" over "id.seconds.body". */
void wr_sign(const wr_sign_key *key, const char *id, int64_t seconds, wr_str body, wr_buf *out);

/* ---- sinks/http_sender.c: the thread that sends what is committed */

typedef struct wr_http_sender wr_http_sender;

wr_http_sender *wr_http_sender_open(const wr_sink_spec *spec, const wr_http_options *o, wr_sink_cx *cx,
				    wr_outbox *outbox);
/* There may be more to send. Starts the thread when it does not run. */
void wr_http_sender_more(wr_http_sender *s);
/* Waits until everything committed is delivered, or stopping() says so: then false. LINGER_MS no longer counts. */
bool wr_http_sender_drain(wr_http_sender *s, bool (*stopping)(void *self), void *self);
void wr_http_sender_status(wr_http_sender *s, wr_buf *out);
/* Gives requests on their way half a second, then drops them. */
void wr_http_sender_close(wr_http_sender *s);

#endif

/* Options of an HTTP sink, its requests and what their answers mean. Inside sinks/http*.c only. */
#ifndef SINKS_HTTP_H
#define SINKS_HTTP_H

#include "sinks/outbox_sender.h"
#include "sinks/template.h"

typedef enum wr_http_body { WR_BODY_OBJECT, WR_BODY_ARRAY, WR_BODY_NDJSON } wr_http_body;
typedef enum wr_http_envelope { WR_ENVELOPE_NONE, WR_ENVELOPE_CHANGE } wr_http_envelope;
typedef enum wr_http_on_delete { WR_DELETE_IGNORE, WR_DELETE_SEND } wr_http_on_delete;

/* What each status means: a wr_verdict. */
typedef struct wr_http_rules {
	uint8_t verdict[600];
} wr_http_rules;

typedef struct wr_http_options {
	wr_send_options send;
	wr_str url;
	int method, body, envelope, on_delete;
	int64_t batch_rows, batch_bytes;
	wr_str basic_auth, bearer_token, signing_secret, on_status;
	wr_http_rules rules;
} wr_http_options;

/* ---- sinks/http_options.c */

WR_CHECKED wr_status wr_http_options_read(const wr_sink_spec *spec, wr_http_options *o,
					  wr_err *err);

/* ---- sinks/http_rules.c */

/* The rule of the documentation (docs/sinks.md), changed by text: "409 OK, 404 RETRY, 4XX
 * DEAD_LETTER". text.p NULL: unchanged. */
WR_CHECKED wr_status wr_http_rules_read(const wr_sink_spec *spec, wr_str text, wr_http_rules *out,
					wr_err *err);
/* status 0: there was no answer. */
wr_verdict wr_http_verdict(const wr_http_rules *r, int status);

/* ---- sinks/http_compose.c: rows to bodies */

/* Appends what is sent for the row at *row, and moves *row to the last row of the change. false:
 * nothing is sent for it. */
bool wr_http_row(const wr_http_options *o, const wr_fields *fields, const wr_batch *b,
		 uint32_t *row, wr_buf *out);

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

/* ---- sinks/http_carrier.c: deliveries as requests */

typedef struct wr_http_carrier wr_http_carrier;

/* Both must outlive it. */
wr_http_carrier *wr_http_carrier_open(const wr_sink_spec *spec, const wr_http_options *o);
const wr_carrier *wr_http_carrier_of(const wr_http_carrier *c);
void wr_http_carrier_close(wr_http_carrier *c); /* NULL is fine */

#endif

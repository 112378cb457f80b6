/* The thread that sends what an outbox holds, and what sinks with an outbox share. */
#ifndef SINKS_OUTBOX_SENDER_H
#define SINKS_OUTBOX_SENDER_H

#include "io/http.h"
#include "sinks/outbox.h"
#include "sinks/props.h"

/* ---------------------------------------------------------------- how to send */

typedef struct wr_send_options {
	int64_t timeout_ms, max_in_flight, linger_ms;
	int64_t backoff_ms, backoff_max_ms, max_age_ms; /* max_age_ms 0: for ever */
	int64_t max_bytes; /* of the outbox, before the query is held back */
	wr_str rate_text, dead_letter;
	wr_str ca_file, cert_file, key_file;
	int64_t interval_ns; /* between two requests on average; 0: no bound */
} wr_send_options;

/* Rows of a table of rules, for options with a wr_send_options called `send`. */
/* clang-format off */
#define WR_SEND_RULES(type)                                                                        \
	{ "TIMEOUT_MS", WR_RULE_MS, offsetof(type, send.timeout_ms), 1, 86400000, NULL },          \
	{ "MAX_IN_FLIGHT", WR_RULE_INT, offsetof(type, send.max_in_flight), 1, 256, NULL },        \
	{ "LINGER_MS", WR_RULE_MS, offsetof(type, send.linger_ms), 0, 86400000, NULL },            \
	{ "RATE", WR_RULE_TEXT, offsetof(type, send.rate_text), 0, 0, NULL },                      \
	{ "RETRY_BACKOFF_MS", WR_RULE_MS, offsetof(type, send.backoff_ms), 1, 86400000, NULL },    \
	{ "RETRY_BACKOFF_MAX_MS", WR_RULE_MS, offsetof(type, send.backoff_max_ms), 1, 86400000, NULL }, \
	{ "RETRY_MAX_AGE", WR_RULE_MS, offsetof(type, send.max_age_ms), 1, INT64_MAX, NULL },      \
	{ "OUTBOX_MAX_BYTES", WR_RULE_BYTES, offsetof(type, send.max_bytes), 1, INT64_MAX, NULL }, \
	{ "DEAD_LETTER", WR_RULE_TEXT, offsetof(type, send.dead_letter), 0, 0, NULL },             \
	{ "TLS_CA_FILE", WR_RULE_TEXT, offsetof(type, send.ca_file), 0, 0, NULL },                 \
	{ "TLS_CERT_FILE", WR_RULE_TEXT, offsetof(type, send.cert_file), 0, 0, NULL },             \
	{ "TLS_KEY_FILE", WR_RULE_TEXT, offsetof(type, send.key_file), 0, 0, NULL }
/* clang-format on */

void wr_send_options_init(wr_send_options *o);
/* After the rules were read: RATE, and what does not fit together. */
WR_CHECKED wr_status wr_send_options_check(const wr_sink_spec *spec, wr_send_options *o,
					   wr_err *err);

/* A copy, closed with a zero, to be freed; NULL for NULL. */
char *wr_send_text(wr_str s);

/* The lane of a row: rows of one key are in one; rows without key take turns. */
uint32_t wr_outbox_lane_of(const wr_batch *b, uint32_t row, uint32_t lanes, uint32_t *turn);

/* ---------------------------------------------------------------- outbox_sender.c */

typedef enum wr_verdict {
	WR_VERDICT_OK,		/* delivered */
	WR_VERDICT_RETRY,	/* the same again, later */
	WR_VERDICT_DEAD_LETTER, /* never again */
	WR_VERDICT_SPLIT,	/* halves; one row alone: never again */
} wr_verdict;

/* A parcel on its way. */
typedef struct wr_delivery {
	wr_parcel parcel;
	char id[160];
	char *to;	/* parcel.to */
	wr_buf scratch; /* the carrier's, until the answer is there */
} wr_delivery;

/* The way of it: HTTP or mail. Thread: the sender's. */
typedef struct wr_carrier {
	void *self;
	/* NULL, or why it can never be sent. */
	const char *(*check)(void *self, const wr_delivery *d);
	/* Starts a request that comes back with `mine`. */
	void (*start)(void *self, wr_http *http, wr_delivery *d, void *mine);
	wr_verdict (*judge)(void *self, const wr_http_answer *a);
	const char *what; /* for words, before the address: "POST", "mail to" */
} wr_carrier;

typedef struct wr_sender wr_sender;

/* All must outlive it. */
wr_sender *wr_sender_open(const wr_sink_spec *spec, const wr_send_options *o,
			  const wr_carrier *carrier, wr_outbox *outbox);
/* There may be more to send. Starts the thread when it does not run. */
void wr_sender_more(wr_sender *s);
/* LINGER_MS no longer counts. */
void wr_sender_hurry(wr_sender *s);
/* Sleeps until something changed, at most 50 ms. */
void wr_sender_listen(wr_sender *s);
void wr_sender_status(wr_sender *s, wr_buf *out);
/* Gives requests on their way half a second, then drops them. NULL is fine. */
void wr_sender_close(wr_sender *s);

/* ---------------------------------------------------------------- outbox_sink.c: a sink with an
 * outbox */

typedef struct wr_outbox_sink {
	wr_sink sink;
	wr_send_options send;
	wr_outbox *outbox;
	wr_sender *sender;
	wr_outbox_hooks hooks;
	struct wr_dead_topic *letters; /* NULL: DEAD_LETTER is not given */
	bool held;		       /* OUTBOX_MAX_BYTES is reached */
} wr_outbox_sink;

/* spec and cx are set in b->sink, options in b->send. mark: of the last commit, as the sink's open
 * got it. After a failure close it. */
WR_CHECKED wr_status wr_outbox_sink_open(wr_outbox_sink *b, const wr_carrier *carrier, wr_str mark,
					 wr_err *err);
void wr_outbox_sink_close(wr_outbox_sink *b); /* what it holds, not b itself */

/* As in wr_sink_def; the sink must begin with a wr_outbox_sink. */
wr_status wr_outbox_sink_mark(wr_sink *sink, uint64_t epoch, wr_buf *mark, wr_err *err);
wr_status wr_outbox_sink_committed(wr_sink *sink, uint64_t epoch, bool final, wr_err *err);
wr_due wr_outbox_sink_due(wr_sink *sink);
void wr_outbox_sink_status(wr_sink *sink, wr_buf *out);

/* ---------------------------------------------------------------- outbox_topic.c:
 * DEAD_LETTER='topic' */

typedef struct wr_dead_topic wr_dead_topic;

/* Makes the topic unless it is there. Errors: CONNECT, IO. */
WR_CHECKED wr_status wr_dead_topic_open(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str topic,
					wr_dead_topic **out, wr_err *err);
/* Keeps a copy. Thread: any. */
void wr_dead_topic_add(wr_dead_topic *t, const wr_refused *r);
/* Writes what was added; it is in the topic, synced, when it returns. A crash before the commit
 * lets it be written again, under the same id. */
WR_CHECKED wr_status wr_dead_topic_flush(wr_dead_topic *t, wr_err *err);
void wr_dead_topic_forget(wr_dead_topic *t); /* what was added and is not written */
void wr_dead_topic_close(wr_dead_topic *t);  /* NULL is fine */

#endif

/*
 * Writing Kafka: one idempotent producer, acks from all replicas. Delivery reports are asked for
 * failures only: what was flushed and did not fail is delivered. The queue is bounded; whoever
 * finds it full serves the producer's callbacks until there is room. The first failed record fails
 * the writer for good: order and completeness of what follows could not be told any more, and the
 * caller begins again from its last commit with a new writer.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "io/kafka.h"
#include "io/kafka_internal.h"

enum { FULL_WAIT_MS = 5, FLUSH_MS = 60000, MESSAGE_MS = 60000, SLICE_MS = 200, LAST_MS = 5000 };

struct wr_kafka_writer {
	wr_kafka kafka;
	char *topic;
	rd_kafka_topic_t *rkt;
	bool transactional;
	bool (*ends)(void *self); /* NULL: never */
	void *self;
	_Atomic bool failed;
	pthread_mutex_t lock; /* around failure */
	rd_kafka_resp_err_t failure;
};

void wr_kafka_writer_ends(wr_kafka_writer *w, bool (*ends)(void *self), void *self)
{
	w->ends = ends;
	w->self = self;
}

/* Waiting since `begun` (ms) is enough. */
static bool waited_enough(const wr_kafka_writer *w, int64_t begun)
{
	int64_t waited = wr_clock_mono_ns() / 1000000 - begun;

	return waited > FLUSH_MS || (waited > LAST_MS && w->ends && w->ends(w->self));
}

static void on_failed_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	wr_kafka_writer *w = (wr_kafka_writer *)opaque;

	(void)rk;
	if (!m->err)
		return;
	pthread_mutex_lock(&w->lock);
	if (!w->failed)
		w->failure = m->err;
	w->failed = true;
	pthread_mutex_unlock(&w->lock);
}

/*
 * Records of a transaction that is lost are only said to be purged. Why it is lost is the answer to
 * beginning another one, which within one never does anything.
 */
static rd_kafka_resp_err_t why_lost(const wr_kafka_writer *w, rd_kafka_resp_err_t code,
				    char text[256])
{
	if (code != RD_KAFKA_RESP_ERR__PURGE_QUEUE && code != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT &&
	    code != RD_KAFKA_RESP_ERR__STATE)
		return code;
	rd_kafka_error_t *e = rd_kafka_begin_transaction(w->kafka.rk);

	if (!e)
		return code;
	if (rd_kafka_error_code(e) != RD_KAFKA_RESP_ERR__STATE) {
		code = rd_kafka_error_code(e);
		snprintf(text, 256, "%s", rd_kafka_error_string(e));
	}
	rd_kafka_error_destroy(e);
	return code;
}

static wr_status failure(wr_kafka_writer *w, wr_err *err)
{
	char what[300], fatal[256] = "";
	rd_kafka_resp_err_t code = rd_kafka_fatal_error(w->kafka.rk, fatal, sizeof fatal);

	snprintf(what, sizeof what, "cannot write to topic %s", w->topic);
	pthread_mutex_lock(&w->lock);
	if (!code)
		code = w->failure;
	pthread_mutex_unlock(&w->lock);
	if (w->transactional)
		code = why_lost(w, code, fatal);
	if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
	    code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
				  "cannot write to topic %s: it was deleted", w->topic);
	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		return wr_kafka_not_allowed(&w->kafka, what, err, "Write on topic %s", w->topic);
	return (w->transactional ? wr_kafka_txn_failed : wr_kafka_failed)(&w->kafka, what, code,
									  fatal, err);
}

wr_kafka *wr_kafka_writer_handle(wr_kafka_writer *w, const char **topic)
{
	*topic = w->topic;
	return &w->kafka;
}

wr_status wr_kafka_writer_open(const char *broker, const char *const *conf, wr_str topic,
			       const wr_kafka_txn *txn, wr_kafka_writer **out, wr_err *err)
{
	char timeout[16];

	snprintf(timeout, sizeof timeout, "%d",
		 txn && txn->timeout_ms < MESSAGE_MS ? txn->timeout_ms : MESSAGE_MS);
	/* clang-format off */
	const char *settings[] = {
		"enable.idempotence", "true",
		"compression.codec", "lz4",
		"linger.ms", "10",
		"partitioner", "murmur2_random",
		"queue.buffering.max.messages", "200000",
		"queue.buffering.max.kbytes", "65536",
		"delivery.report.only.error", "true",
		"message.timeout.ms", timeout,
		NULL, NULL,
		NULL, NULL,
		NULL,
	};
	/* clang-format on */
	wr_kafka_writer *w = wr_calloc(1, sizeof *w);
	char txn_timeout[16];

	if (txn) {
		const char **s = settings + sizeof settings / sizeof *settings - 5;

		snprintf(txn_timeout, sizeof txn_timeout, "%d", txn->timeout_ms);
		s[0] = "transactional.id";
		s[1] = txn->id;
		s[2] = "transaction.timeout.ms";
		s[3] = txn_timeout;
		w->transactional = true;
	}
	pthread_mutex_init(&w->lock, NULL);
	w->topic = wr_malloc((size_t)topic.n + 1);
	memcpy(w->topic, topic.p, topic.n);
	w->topic[topic.n] = 0;
	if (wr_kafka_start_writing(&w->kafka, broker, settings, conf, on_failed_delivery, err)) {
		wr_kafka_writer_close(w);
		return WR_FAIL;
	}
	snprintf(w->kafka.id, sizeof w->kafka.id, "%s", txn ? txn->id : "");
	w->rkt = rd_kafka_topic_new(w->kafka.rk, w->topic, NULL);
	if (!w->rkt) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "cannot write to topic %s: %s",
			   w->topic, rd_kafka_err2str(rd_kafka_last_error()));
		wr_kafka_writer_close(w);
		return WR_FAIL;
	}
	*out = w;
	return WR_OK;
}

static rd_kafka_headers_t *headers_of(const wr_headers *h)
{
	rd_kafka_headers_t *out = rd_kafka_headers_new(h->n);

	for (uint32_t i = 0; i < h->n; i++) {
		wr_str key = h->items[i].key, value = h->items[i].value;

		rd_kafka_header_add(out, key.p ? key.p : "", key.n, value.p, value.n);
	}
	return out;
}

static rd_kafka_resp_err_t produce(wr_kafka_writer *w, const wr_record *rec,
				   rd_kafka_headers_t *headers)
{
	rd_kafka_vu_t v[7];
	size_t n = 6;

	v[0].vtype = RD_KAFKA_VTYPE_RKT;
	v[0].u.rkt = w->rkt;
	v[1].vtype = RD_KAFKA_VTYPE_PARTITION;
	v[1].u.i32 = rec->partition < 0 ? RD_KAFKA_PARTITION_UA : rec->partition;
	v[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
	v[2].u.i = RD_KAFKA_MSG_F_COPY;
	v[3].vtype = RD_KAFKA_VTYPE_KEY;
	v[3].u.mem.ptr = (void *)rec->key.p;
	v[3].u.mem.size = rec->key.p ? rec->key.n : 0;
	v[4].vtype = RD_KAFKA_VTYPE_VALUE;
	v[4].u.mem.ptr = (void *)rec->value.p;
	v[4].u.mem.size = rec->value.p ? rec->value.n : 0;
	v[5].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
	v[5].u.i64 = rec->timestamp ? rec->timestamp : 1; /* 0 means "now" to librdkafka */
	if (headers) {
		v[n].vtype = RD_KAFKA_VTYPE_HEADERS;
		v[n++].u.headers = headers;
	}
	rd_kafka_error_t *error = rd_kafka_produceva(w->kafka.rk, v, n);

	if (!error)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);

	rd_kafka_error_destroy(error);
	return code;
}

wr_status wr_kafka_writer_put(wr_kafka_writer *w, const wr_record *rec, wr_err *err)
{
	rd_kafka_headers_t *headers =
	    rec->headers && rec->headers->n ? headers_of(rec->headers) : NULL;
	rd_kafka_resp_err_t code;
	int64_t full = 0;

	while ((code = atomic_load_explicit(&w->failed, memory_order_relaxed)
			   ? RD_KAFKA_RESP_ERR__FAIL
			   : produce(w, rec, headers)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		full = full ? full : wr_clock_mono_ns() / 1000000;
		if (w->ends && w->ends(w->self) && waited_enough(w, full)) {
			code = RD_KAFKA_RESP_ERR__TIMED_OUT;
			break;
		}
		rd_kafka_poll(w->kafka.rk, FULL_WAIT_MS);
	}
	if (!code)
		return WR_OK;
	if (headers)
		rd_kafka_headers_destroy(headers);
	if (!atomic_load(&w->failed)) {
		pthread_mutex_lock(&w->lock);
		w->failure = code;
		pthread_mutex_unlock(&w->lock);
	}
	return failure(w, err);
}

wr_status wr_kafka_writer_serve(wr_kafka_writer *w, wr_err *err)
{
	rd_kafka_poll(w->kafka.rk, 0);
	return atomic_load_explicit(&w->failed, memory_order_relaxed) ? failure(w, err) : WR_OK;
}

wr_status wr_kafka_writer_flush(wr_kafka_writer *w, wr_err *err)
{
	int64_t begun = wr_clock_mono_ns() / 1000000;
	rd_kafka_resp_err_t code;
	char fatal[8];

	do
		code = rd_kafka_flush(w->kafka.rk, SLICE_MS);
	while (code == RD_KAFKA_RESP_ERR__TIMED_OUT && !waited_enough(w, begun));

	if (atomic_load(&w->failed) || rd_kafka_fatal_error(w->kafka.rk, fatal, sizeof fatal))
		return failure(w, err);
	return code ? (w->transactional
			   ? wr_kafka_txn_failed
			   : wr_kafka_failed)(&w->kafka, "cannot deliver to Kafka", code, NULL, err)
		    : WR_OK;
}

void wr_kafka_writer_close(wr_kafka_writer *w)
{
	if (w->kafka.rk)
		rd_kafka_purge(w->kafka.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	if (w->rkt)
		rd_kafka_topic_destroy(w->rkt);
	wr_kafka_stop(&w->kafka);
	pthread_mutex_destroy(&w->lock);
	free(w->topic);
	free(w);
}

/*
 * Kafka transactions, and the witness that tells afterwards whether one was committed.
 *
 * A writer lives in one transaction after the other: init begins the first, each commit the next.
 * Beginning costs the broker nothing before the first record. The witness is a consumer group's
 * offset that is part of the transaction, so that it is seen if, and only if, the records are. Who
 * asks for it must have made his producer and called init first: that ends what a dead process
 * left, after which the answer cannot change any more.
 *
 * librdkafka tells of an error whether asking again may help (an answer was lost), whether the
 * transaction must be aborted, or whether the producer is dead (fenced). The second and third are
 * one to us: the caller begins again from its last commit with a new writer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "io/kafka.h"
#include "io/kafka_internal.h"

enum { SLICE_MS = 3000, INIT_MS = 30000, ABORT_MS = 5000, PAUSE_MS = 50 };

wr_status wr_kafka_txn_failed(wr_kafka *k, const char *what, rd_kafka_resp_err_t code,
			      const char *text, wr_err *err)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__FENCED:
	case RD_KAFKA_RESP_ERR__STATE:
	case RD_KAFKA_RESP_ERR__FATAL:
	case RD_KAFKA_RESP_ERR__FAIL:
	case RD_KAFKA_RESP_ERR__INCONSISTENT:
	case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
	case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
	case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
	case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
	case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
	case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
	case RD_KAFKA_RESP_ERR_INVALID_TXN_STATE:
	case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
	case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s: %s", what,
				  text && text[0] ? text : rd_kafka_err2str(code));
	default: return wr_kafka_failed(k, what, code, text, err);
	}
}

/* What an error may have to name. */
typedef struct names {
	wr_kafka *k;
	const char *topic;
	const char *id; /* of transactions, or of the group */
} names;

static names names_of(wr_kafka_writer *w)
{
	names n = { 0 };

	n.k = wr_kafka_writer_handle(w, &n.topic);
	n.id = n.k->id;
	return n;
}

/* Permissions on the topic, beside Write, are wanted for the witness, which is an offset of it. */
static wr_status not_allowed(const names *n, const char *what, rd_kafka_resp_err_t code,
			     wr_err *err)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
		return wr_kafka_not_allowed(n->k, what, err, "Write on transactional id %s", n->id);
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		return wr_kafka_not_allowed(n->k, what, err, "Read on group %s", n->id);
	default: return wr_kafka_not_allowed(n->k, what, err, "Read on topic %s", n->topic);
	}
}

/* Frees the error. */
static wr_status fail(const names *n, const char *what, rd_kafka_error_t *e, wr_err *err)
{
	rd_kafka_resp_err_t code = rd_kafka_error_code(e);
	wr_status status =
	    wr_kafka_forbidden(code)
		? not_allowed(n, what, code, err)
		: wr_kafka_txn_failed(n->k, what, code, rd_kafka_error_string(e), err);

	rd_kafka_error_destroy(e);
	return status;
}

static bool ask_again(rd_kafka_t *rk, rd_kafka_error_t *e)
{
	if (!rd_kafka_error_is_retriable(e) || rd_kafka_error_is_fatal(e) ||
	    rd_kafka_error_txn_requires_abort(e))
		return false;
	rd_kafka_error_destroy(e);
	rd_kafka_poll(rk, PAUSE_MS);
	return true;
}

static int64_t now_ms(void)
{
	return wr_clock_mono_ns() / 1000000;
}

static wr_status begin(const names *n, wr_err *err)
{
	rd_kafka_error_t *e = rd_kafka_begin_transaction(n->k->rk);

	return e ? fail(n, "cannot begin a Kafka transaction", e, err) : WR_OK;
}

wr_status wr_kafka_txn_init(wr_kafka_writer *w, wr_err *err)
{
	names who = names_of(w);
	wr_kafka *k = who.k;
	int64_t end = now_ms() + INIT_MS;
	rd_kafka_error_t *e;

	while ((e = rd_kafka_init_transactions(k->rk, SLICE_MS)))
		if (now_ms() > end || (k->down && now_ms() > end - INIT_MS / 2) ||
		    !ask_again(k->rk, e))
			return fail(&who, "cannot open transactions at the Kafka broker", e, err);
	return begin(&who, err);
}

wr_status wr_kafka_txn_witness(wr_kafka_writer *w, const char *group, int64_t n, wr_err *err)
{
	names who = names_of(w);
	rd_kafka_t *rk = who.k->rk;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_consumer_group_metadata_t *meta = rd_kafka_consumer_group_metadata_new(group);
	int64_t end = now_ms() + INIT_MS;
	rd_kafka_error_t *e;

	rd_kafka_topic_partition_list_add(list, who.topic, 0)->offset = n;
	while ((e = rd_kafka_send_offsets_to_transaction(rk, list, meta, SLICE_MS)))
		if (now_ms() > end || !ask_again(rk, e))
			break;
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_consumer_group_metadata_destroy(meta);
	return e ? fail(&who, "cannot write to a Kafka transaction", e, err) : WR_OK;
}

wr_status wr_kafka_txn_commit(wr_kafka_writer *w, bool (*give_up)(void *self), void *self,
			      wr_err *err)
{
	names who = names_of(w);
	rd_kafka_error_t *e;

	while ((e = rd_kafka_commit_transaction(who.k->rk, SLICE_MS)))
		if ((give_up && give_up(self)) || !ask_again(who.k->rk, e))
			return fail(&who, "cannot commit a Kafka transaction", e, err);
	return begin(&who, err);
}

void wr_kafka_txn_abort(wr_kafka_writer *w)
{
	const char *topic;
	wr_kafka *k = wr_kafka_writer_handle(w, &topic);
	rd_kafka_error_t *e = rd_kafka_abort_transaction(k->rk, ABORT_MS);

	if (e)
		rd_kafka_error_destroy(e);
}

static wr_status read_witness(const names *who, int64_t *n, wr_err *err)
{
	wr_kafka *k = who->k;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	int64_t end = now_ms() + INIT_MS;
	rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_add(list, who->topic, 0);
	rd_kafka_resp_err_t code;

	do {
		p->err = RD_KAFKA_RESP_ERR_NO_ERROR;
		code = rd_kafka_committed(k->rk, list, SLICE_MS);
		code = code ? code : p->err;
	} while (code && !wr_kafka_forbidden(code) && now_ms() < end &&
		 !(k->down && now_ms() > end - INIT_MS / 2));
	*n = p->offset < 0 ? -1 : p->offset;
	rd_kafka_topic_partition_list_destroy(list);
	if (wr_kafka_forbidden(code))
		return not_allowed(who, "cannot ask for the last committed epoch", code, err);
	return code ? wr_kafka_txn_failed(k, "cannot ask for the last committed epoch", code, NULL,
					  err)
		    : WR_OK;
}

wr_status wr_kafka_witness(const char *broker, const char *const *conf, wr_str topic,
			   const char *group, int64_t *n, wr_err *err)
{
	/* clang-format off */
	const char *settings[] = {
		"enable.auto.commit", "false",
		"isolation.level", "read_committed",
		"group.id", group,
		NULL,
	};
	/* clang-format on */
	wr_kafka k;
	char *z = wr_kafka_topic_z(topic);
	wr_status status = wr_kafka_start(&k, RD_KAFKA_CONSUMER, broker, settings, conf, err);

	if (status == WR_OK) {
		status = read_witness(&(names){ &k, z, group }, n, err);
		wr_kafka_stop(&k);
	}
	free(z);
	return status;
}

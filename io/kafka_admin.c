/*
 * Making and deleting topics. librdkafka's admin requests answer on a queue; each call here makes a
 * handle, sends one request, waits for its answer. A broker may answer before all others know a new
 * topic, so making one ends with asking until it is seen.
 */
#include "io/kafka_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/kafka_internal.h"

enum { SEEN_TRIES = 50, SEEN_WAIT_US = 100000 };

static void topic_z(wr_str topic, char out[256])
{
	snprintf(out, 256, "%.*s", WR_STR_ARG(topic));
}

static wr_status partitions_of(wr_kafka *k, const char *topic, int32_t *n, wr_err *err)
{
	const struct rd_kafka_metadata *meta;
	char what[300];

	*n = 0;
	if (wr_kafka_metadata(k, topic, &meta, err))
		return WR_FAIL;
	rd_kafka_resp_err_t code =
	    meta->topic_cnt == 1 ? meta->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;

	if (!code)
		*n = meta->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(meta);
	if (!code || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
	    code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
	    code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
		return WR_OK;
	snprintf(what, sizeof what, "cannot look at topic %s", topic);
	if (wr_kafka_forbidden(code))
		return wr_kafka_not_allowed(k, what, err, "Describe on topic %s", topic);
	return wr_kafka_failed(k, what, code, NULL, err);
}

wr_status wr_kafka_topic_partitions(const char *broker, const char *const *conf, wr_str topic,
				    int32_t *n, wr_err *err)
{
	wr_kafka k;
	char z[256];

	topic_z(topic, z);
	if (wr_kafka_ask(&k, broker, conf, err))
		return WR_FAIL;
	wr_status status = partitions_of(&k, z, n, err);

	wr_kafka_stop(&k);
	return status;
}

/* ---------------------------------------------------------------- admin requests */

typedef struct request {
	wr_kafka *k;
	rd_kafka_queue_t *queue;
	rd_kafka_AdminOptions_t *options;
} request;

static void begin(request *r, wr_kafka *k, rd_kafka_admin_op_t op)
{
	char ignored[64];

	r->k = k;
	r->queue = rd_kafka_queue_new(k->rk);
	r->options = rd_kafka_AdminOptions_new(k->rk, op);
	rd_kafka_AdminOptions_set_request_timeout(r->options, WR_KAFKA_PATIENCE_MS, ignored,
						  sizeof ignored);
	rd_kafka_AdminOptions_set_operation_timeout(r->options, WR_KAFKA_PATIENCE_MS, ignored,
						    sizeof ignored);
}

static void end(request *r)
{
	rd_kafka_AdminOptions_destroy(r->options);
	rd_kafka_queue_destroy(r->queue);
}

/* Waits for the answer. Returns the code of the request or of its one topic; text: its words. */
static rd_kafka_resp_err_t answer(request *r, char text[256])
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(r->queue, WR_KAFKA_PATIENCE_MS + 500);
	const rd_kafka_topic_result_t **results = NULL;
	size_t n = 0;

	text[0] = 0;
	if (!event)
		return RD_KAFKA_RESP_ERR__TIMED_OUT;
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);

	if (code)
		snprintf(text, 256, "%s", rd_kafka_event_error_string(event));
	else if (rd_kafka_event_CreateTopics_result(event))
		results =
		    rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
							&n);
	else if (rd_kafka_event_DeleteTopics_result(event))
		results =
		    rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event),
							&n);
	if (n && results) {
		code = rd_kafka_topic_result_error(results[0]);
		snprintf(text, 256, "%s",
			 rd_kafka_topic_result_error_string(results[0])
			     ? rd_kafka_topic_result_error_string(results[0])
			     : "");
	}
	rd_kafka_event_destroy(event);
	return code;
}

static rd_kafka_NewTopic_t *new_topic(const char *topic, const wr_kafka_topic *want, char why[256])
{
	char text[32];
	rd_kafka_NewTopic_t *t =
	    rd_kafka_NewTopic_new(topic, want->partitions > 0 ? want->partitions : -1,
				  want->replicas > 0 ? want->replicas : -1, why, 256);

	if (!t)
		return NULL;
	if (want->retention_ms >= 0) {
		snprintf(text, sizeof text, "%lld", (long long)want->retention_ms);
		rd_kafka_NewTopic_set_config(t, "retention.ms", text);
	}
	if (want->compact)
		rd_kafka_NewTopic_set_config(t, "cleanup.policy", "compact");
	return t;
}

static wr_status wait_until_seen(wr_kafka *k, const char *topic, wr_err *err)
{
	int32_t n = 0;

	for (int i = 0; i < SEEN_TRIES; i++) {
		if (partitions_of(k, topic, &n, err))
			return WR_FAIL;
		if (n > 0)
			return WR_OK;
		usleep(SEEN_WAIT_US);
	}
	return wr_err_set(err, WR_ERR_CONNECT, WR_NO_SPAN,
			  "topic %s was made but is not seen by the broker", topic);
}

static wr_status create(wr_kafka *k, const char *topic, const wr_kafka_topic *want, wr_err *err)
{
	char text[256] = "", what[300];
	rd_kafka_NewTopic_t *t = new_topic(topic, want, text);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__INVALID_ARG;
	request r;

	if (t) {
		begin(&r, k, RD_KAFKA_ADMIN_OP_CREATETOPICS);
		rd_kafka_CreateTopics(k->rk, &t, 1, r.options, r.queue);
		code = answer(&r, text);
		end(&r);
		rd_kafka_NewTopic_destroy(t);
	}
	if (!code || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return wait_until_seen(k, topic, err);
	snprintf(what, sizeof what, "cannot create topic %s", topic);
	if (wr_kafka_forbidden(code))
		return wr_kafka_not_allowed(k, what, err, "Create on topic %s or on the cluster",
					    topic);
	return wr_kafka_failed(k, what, code, text, err);
}

static wr_status ensure(wr_kafka *k, const char *topic, const wr_kafka_topic *want, wr_err *err)
{
	int32_t n;

	if (partitions_of(k, topic, &n, err))
		return WR_FAIL;
	if (n == 0)
		return create(k, topic, want, err);
	if (want->partitions <= 0 || want->partitions == n)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "topic %s has %d partition%s, not %d", topic,
		   n, n == 1 ? "" : "s", want->partitions);
	return wr_err_hint(err, "leave PARTITIONS out, or name another topic");
}

wr_status wr_kafka_topic_ensure(const char *broker, const char *const *conf, wr_str topic,
				const wr_kafka_topic *want, wr_err *err)
{
	wr_kafka k;
	char z[256];

	topic_z(topic, z);
	if (wr_kafka_ask(&k, broker, conf, err))
		return WR_FAIL;
	wr_status status = ensure(&k, z, want, err);

	wr_kafka_stop(&k);
	return status;
}

static wr_status delete (wr_kafka *k, const char *topic, wr_err *err)
{
	char text[256], what[300];
	rd_kafka_DeleteTopic_t *t = rd_kafka_DeleteTopic_new(topic);
	request r;

	begin(&r, k, RD_KAFKA_ADMIN_OP_DELETETOPICS);
	rd_kafka_DeleteTopics(k->rk, &t, 1, r.options, r.queue);
	rd_kafka_resp_err_t code = answer(&r, text);

	end(&r);
	rd_kafka_DeleteTopic_destroy(t);
	if (!code || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return WR_OK;
	snprintf(what, sizeof what, "cannot delete topic %s", topic);
	if (wr_kafka_forbidden(code))
		return wr_kafka_not_allowed(k, what, err, "Delete on topic %s", topic);
	return wr_kafka_failed(k, what, code, text, err);
}

wr_status wr_kafka_topic_delete(const char *broker, const char *const *conf, wr_str topic,
				wr_err *err)
{
	const struct rd_kafka_metadata *meta;
	wr_kafka k;
	char z[256];

	topic_z(topic, z);
	if (wr_kafka_ask(&k, broker, conf, err))
		return WR_FAIL;
	/* first a question that gives up early when nobody is there */
	wr_status status = wr_kafka_metadata(&k, z, &meta, err);

	if (status == WR_OK) {
		rd_kafka_metadata_destroy(meta);
		status = delete (&k, z, err);
	}
	wr_kafka_stop(&k);
	return status;
}

wr_status wr_kafka_topics_each(const char *broker, const char *const *conf,
			       void (*visit)(void *self, wr_str topic, int32_t partitions),
			       void *self, wr_err *err)
{
	const struct rd_kafka_metadata *meta;
	wr_kafka k;

	if (wr_kafka_ask(&k, broker, conf, err))
		return WR_FAIL;
	wr_status status = wr_kafka_metadata(&k, NULL, &meta, err);

	if (status == WR_OK) {
		for (int i = 0; i < meta->topic_cnt; i++)
			visit(self, wr_str_of(meta->topics[i].topic),
			      meta->topics[i].partition_cnt);
		rd_kafka_metadata_destroy(meta);
	}
	wr_kafka_stop(&k);
	return status;
}

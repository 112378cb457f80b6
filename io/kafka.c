/* Handles of librdkafka, their settings, and questions about offsets. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "io/kafka.h"
#include "io/kafka_internal.h"

enum { GIVE_UP_DOWN_MS = 3000, ASK_SLICE_MS = 250, MOVING_PAUSE_MS = 50 };

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	wr_kafka *k = opaque;

	(void)rk;
	k->down |= code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
	if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !k->trouble[0])
		snprintf(k->trouble, sizeof k->trouble, "%s", reason);
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	wr_log_debug("librdkafka %s: %s", facility, text);
}

static wr_status configure(rd_kafka_conf_t *conf, const char *const *settings, wr_err *err)
{
	char why[256];

	for (; settings && *settings; settings += 2)
		if (rd_kafka_conf_set(conf, settings[0], settings[1], why, sizeof why))
			return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
					  "bad Kafka setting: %s", why);
	return WR_OK;
}

wr_status wr_kafka_check_property(wr_str property, wr_str value, wr_err *err)
{
	static const char *const ours[] = {
		"bootstrap.servers",
		"metadata.broker.list",
		"transactional.id",
		"transaction.timeout.ms",
		"enable.idempotence",
		"isolation.level",
		"enable.auto.commit",
		"enable.auto.offset.store",
		"group.id",
		"auto.offset.reset",
		"acks",
		"request.required.acks",
		"partitioner",
		"enable.partition.eof",
		"auto.commit.enable",
		"delivery.report.only.error",
		"message.timeout.ms",
		"delivery.timeout.ms",
		"error_cb",
		"opaque",
	};
	char name[128], why[256], *text = wr_malloc((size_t)value.n + 1);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	snprintf(name, sizeof name, "%.*s", WR_STR_ARG(property));
	memcpy(text, value.p ? value.p : "", value.n);
	text[value.n] = 0;
	rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, text, why, sizeof why);

	rd_kafka_conf_destroy(conf);
	free(text);
	for (unsigned i = 0; i < sizeof ours / sizeof *ours; i++)
		if (strcmp(name, ours[i]) == 0)
			return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
					  "the Kafka property %s is Weir's own to set", name);
	if (result == RD_KAFKA_CONF_OK)
		return WR_OK;
	if (result == RD_KAFKA_CONF_INVALID)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				  "the Kafka property %s does not take this value: %s", name, why);
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "there is no Kafka property %s", name);
	return wr_err_hint(
	    err,
	    "properties are those of librdkafka, not of Java: sasl.username and sasl.password instead of "
	    "sasl.jaas.config, ssl.ca.location instead of a trust store");
}

/* The name of the principal where the settings have it. */
static const char *user_of(const char *const *settings)
{
	for (; settings && *settings; settings += 2)
		if (strcmp(settings[0], "sasl.username") == 0)
			return settings[1];
	return NULL;
}

static wr_status start(wr_kafka *k, rd_kafka_type_t type, rd_kafka_conf_t *conf,
		       const char *const *ours, const char *const *theirs, wr_err *err)
{
	const char *const basics[] = { "bootstrap.servers",
				       k->broker,
				       "client.id",
				       "weir",
				       "log.connection.close",
				       "false",
				       "reconnect.backoff.max.ms",
				       "2000",
				       NULL };
	char why[256];

	k->user = user_of(theirs);
	rd_kafka_conf_set_opaque(conf, k);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	if (configure(conf, basics, err) || configure(conf, ours, err) ||
	    configure(conf, theirs, err)) {
		rd_kafka_conf_destroy(conf);
		return WR_FAIL;
	}
	k->rk = rd_kafka_new(type, conf, why, sizeof why);
	if (k->rk)
		return WR_OK;
	rd_kafka_conf_destroy(conf);
	return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "cannot make a Kafka client: %s", why);
}

wr_status wr_kafka_start(wr_kafka *k, rd_kafka_type_t type, const char *broker,
			 const char *const *ours, const char *const *theirs, wr_err *err)
{
	*k = (wr_kafka){ .broker = broker };
	return start(k, type, rd_kafka_conf_new(), ours, theirs, err);
}

wr_status wr_kafka_start_writing(wr_kafka *k, const char *broker, const char *const *ours,
				 const char *const *theirs, wr_kafka_undelivered *failed,
				 wr_err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	*k = (wr_kafka){ .broker = broker };
	rd_kafka_conf_set_dr_msg_cb(conf, failed);
	return start(k, RD_KAFKA_PRODUCER, conf, ours, theirs, err);
}

wr_status wr_kafka_ask(wr_kafka *k, const char *broker, const char *const *conf, wr_err *err)
{
	/* clang-format off */
	static const char *const settings[] = {
		"enable.auto.commit", "false",
		"isolation.level", "read_committed",
		"allow.auto.create.topics", "false",
		NULL,
	};
	/* clang-format on */

	return wr_kafka_start(k, RD_KAFKA_CONSUMER, broker, settings, conf, err);
}

void wr_kafka_stop(wr_kafka *k)
{
	if (k->rk)
		rd_kafka_destroy(k->rk);
	k->rk = NULL;
}

/* ---------------------------------------------------------------- errors */

wr_status wr_kafka_no_answer(wr_kafka *k, wr_err *err)
{
	rd_kafka_poll(k->rk, 0);
	wr_err_set(err, WR_ERR_CONNECT, WR_NO_SPAN, "no answer from a Kafka broker at %s%s%s",
		   k->broker, k->trouble[0] ? ": " : "", k->trouble);
	return wr_err_hint(err, "is it running, and is --broker its address?");
}

bool wr_kafka_forbidden(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED: return true;
	default: return false;
	}
}

wr_status wr_kafka_not_allowed(const wr_kafka *k, const char *what, wr_err *err,
			       const char *permission, ...)
{
	char text[400];
	va_list args;

	va_start(args, permission);
	vsnprintf(text, sizeof text, permission, args);
	va_end(args);
	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s: the broker gives %s%s no permission %s", what,
		   k->user ? "user " : "this client", k->user ? k->user : "", text);
	return wr_err_hint(err, "its administrator can; queries go on by themselves then");
}

/* What a call that names no topic, group or id of its own needs. */
static const char *permission_of(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED: return "Read on the groups weir-…";
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
		return "Write on the transactional ids weir-…";
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return "IdempotentWrite on the cluster, or Write on a topic";
	default: return "Describe on the topic";
	}
}

static bool connection_to_blame(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR__WAIT_COORD:
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR__SSL:
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
	case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
	case RD_KAFKA_RESP_ERR_NOT_CONTROLLER: return true;
	default: return false;
	}
}

wr_status wr_kafka_failed(wr_kafka *k, const char *what, rd_kafka_resp_err_t code, const char *text,
			  wr_err *err)
{
	if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
	    code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		return wr_kafka_no_answer(k, err);
	if (wr_kafka_forbidden(code))
		return wr_kafka_not_allowed(k, what, err, "%s", permission_of(code));
	return wr_err_set(err, connection_to_blame(code) ? WR_ERR_CONNECT : WR_ERR_STATEMENT,
			  WR_NO_SPAN, "%s: %s", what,
			  text && text[0] ? text : rd_kafka_err2str(code));
}

/* ---------------------------------------------------------------- questions */

wr_status wr_kafka_metadata(wr_kafka *k, const char *topic, const struct rd_kafka_metadata **out,
			    wr_err *err)
{
	int64_t begun = wr_clock_mono_ns() / 1000000, waited = 0;
	rd_kafka_topic_t *rkt = topic ? rd_kafka_topic_new(k->rk, topic, NULL) : NULL;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;

	while (waited < WR_KAFKA_PATIENCE_MS && !(k->down && waited > GIVE_UP_DOWN_MS)) {
		code = rd_kafka_metadata(k->rk, !topic, rkt, out, ASK_SLICE_MS);
		if (code != RD_KAFKA_RESP_ERR__TIMED_OUT && code != RD_KAFKA_RESP_ERR__TRANSPORT)
			break;
		rd_kafka_poll(k->rk, code == RD_KAFKA_RESP_ERR__TRANSPORT ? 20 : 0);
		waited = wr_clock_mono_ns() / 1000000 - begun;
	}
	if (rkt)
		rd_kafka_topic_destroy(rkt);
	return code ? wr_kafka_failed(k, "cannot read the broker's list of topics", code, NULL, err)
		    : WR_OK;
}

/* A partition that was made just now, or moves, has a leader in a moment: the list of topics knows of
 * it before the broker that leads it does. */
static bool ask_again(wr_kafka *k, rd_kafka_resp_err_t code, int64_t begun)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
	case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
	case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE: break;
	default: return false;
	}
	rd_kafka_poll(k->rk, MOVING_PAUSE_MS);
	return wr_clock_mono_ns() - begun < WR_KAFKA_PATIENCE_MS * 1000000ll;
}

static rd_kafka_resp_err_t ends_of(wr_kafka *k, const char *topic, int32_t partition,
				   int64_t *first, int64_t *end)
{
	int64_t begun = wr_clock_mono_ns();
	rd_kafka_resp_err_t code;

	do
		code = rd_kafka_query_watermark_offsets(k->rk, topic, partition, first, end,
							WR_KAFKA_PATIENCE_MS);
	while (ask_again(k, code, begun));
	return code;
}

static wr_status ends(wr_kafka *k, const char *topic, int32_t n, int64_t *first, int64_t *end,
		      wr_err *err)
{
	char what[300];

	for (int32_t i = 0; i < n; i++) {
		rd_kafka_resp_err_t code = ends_of(k, topic, i, &first[i], &end[i]);

		if (!code)
			continue;
		snprintf(what, sizeof what, "cannot ask for the offsets of topic %s, partition %d",
			 topic, i);
		return wr_kafka_failed(k, what, code, NULL, err);
	}
	return WR_OK;
}

char *wr_kafka_topic_z(wr_str topic)
{
	char *z = wr_malloc((size_t)topic.n + 1);

	memcpy(z, topic.p, topic.n);
	z[topic.n] = 0;
	return z;
}

wr_status wr_kafka_ends(const char *broker, const char *const *conf, wr_str topic, int32_t n,
			int64_t *first, int64_t *end, wr_err *err)
{
	wr_kafka k;
	char *z = wr_kafka_topic_z(topic);
	wr_status status = wr_kafka_ask(&k, broker, conf, err);

	if (status == WR_OK) {
		status = ends(&k, z, n, first, end, err);
		wr_kafka_stop(&k);
	}
	free(z);
	return status;
}

static rd_kafka_resp_err_t look_up(wr_kafka *k, rd_kafka_topic_partition_list_t *list, int64_t ms)
{
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = ms;
	rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(k->rk, list, WR_KAFKA_PATIENCE_MS);

	for (int i = 0; i < list->cnt && !code; i++)
		code = list->elems[i].err;
	return code;
}

/* librdkafka answers OFFSET_END where no record is that young. */
static wr_status at_time(wr_kafka *k, const char *topic, int32_t n, int64_t ms, int64_t *offset,
			 wr_err *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
	char what[300];
	wr_status status = WR_OK;
	int64_t first, begun = wr_clock_mono_ns();
	rd_kafka_resp_err_t code;

	for (int32_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topic, i);
	do
		code = look_up(k, list, ms);
	while (ask_again(k, code, begun));
	for (int32_t i = 0; i < n && !code; i++) {
		offset[i] = list->elems[i].offset;
		if (offset[i] < 0)
			code = ends_of(k, topic, i, &first, &offset[i]);
	}
	if (code) {
		snprintf(what, sizeof what, "cannot look up a time in topic %s", topic);
		status = wr_kafka_failed(k, what, code, NULL, err);
	}
	rd_kafka_topic_partition_list_destroy(list);
	return status;
}

wr_status wr_kafka_at_time(const char *broker, const char *const *conf, wr_str topic, int32_t n,
			   int64_t ms, int64_t *offset, wr_err *err)
{
	wr_kafka k;
	char *z = wr_kafka_topic_z(topic);
	wr_status status = wr_kafka_ask(&k, broker, conf, err);

	if (status == WR_OK) {
		status = at_time(&k, z, n, ms, offset, err);
		wr_kafka_stop(&k);
	}
	free(z);
	return status;
}

/*
 * Whether a topic still holds what was read of it.
 *
 * A topic that was deleted and made anew has the name and the offsets of the old one; librdkafka
 * knows of no other sign. So the last record that was read of each partition is remembered, by its
 * offset, time and a checksum, and is read again before a query goes on: another record at that
 * offset is another topic. Where the record is gone (compaction, retention, a topic that is shorter
 * now) nothing is said here; what a reader finds then, it says itself.
 *
 * One consumer reads all partitions, each until its first record or its end.
 */
#include <stdlib.h>

#include "core/clock.h"
#include "io/kafka.h"
#include "io/kafka_internal.h"

enum { POLL_MS = 100, PATIENCE_MS = 5000 };

typedef struct look {
	const wr_last_record *seen;
	int32_t n, left;
	bool *done; /* n */
	int32_t differs;
} look;

static int32_t index_of(const look *l, int32_t partition)
{
	for (int32_t i = 0; i < l->n; i++)
		if (l->seen[i].partition == partition)
			return i;
	return -1;
}

static bool is_it(const rd_kafka_message_t *m, const wr_last_record *s)
{
	rd_kafka_timestamp_type_t kind;
	wr_record r = { .key = { m->key, m->key ? (uint32_t)m->key_len : 0 },
			.value = { m->payload, m->payload ? (uint32_t)m->len : 0 } };

	return rd_kafka_message_timestamp(m, &kind) == s->time && wr_record_sum(&r) == s->sum;
}

/* A partition's first message decides; an error says nothing of its records. */
static void judge(look *l, const rd_kafka_message_t *m)
{
	int32_t i = index_of(l, m->partition);

	if (i < 0 || l->done[i])
		return;
	l->done[i] = true;
	l->left--;
	if (!m->err && m->offset == l->seen[i].offset && !is_it(m, &l->seen[i]) && l->differs < 0)
		l->differs = i;
}

static void read_all(look *l, rd_kafka_queue_t *queue)
{
	int64_t end = wr_clock_mono_ns() + PATIENCE_MS * 1000000ll;

	while (l->left > 0 && l->differs < 0 && wr_clock_mono_ns() < end) {
		rd_kafka_message_t *m = rd_kafka_consume_queue(queue, POLL_MS);

		if (!m)
			continue;
		judge(l, m);
		rd_kafka_message_destroy(m);
	}
}

static void look_at(look *l, wr_kafka *k, const char *topic)
{
	rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
	char why[256];

	rd_kafka_topic_conf_set(conf, "auto.offset.reset", "error", why, sizeof why);
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(k->rk, topic, conf);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(k->rk);

	for (int32_t i = 0; i < l->n && rkt; i++) {
		bool known = l->seen[i].offset >= 0;

		if (known && !rd_kafka_consume_start_queue(rkt, l->seen[i].partition,
							   l->seen[i].offset, queue))
			l->left++;
		else
			l->done[i] = true;
	}
	read_all(l, queue);
	for (int32_t i = 0; i < l->n && rkt; i++)
		if (l->seen[i].offset >= 0)
			rd_kafka_consume_stop(rkt, l->seen[i].partition);
	rd_kafka_queue_destroy(queue);
	if (rkt)
		rd_kafka_topic_destroy(rkt);
}

wr_status wr_kafka_differs(const char *broker, const char *const *conf, wr_str topic,
			   const wr_last_record *seen, int32_t n, int32_t *which, wr_err *err)
{
	/* clang-format off */
	static const char *const settings[] = {
		"enable.auto.commit", "false",
		"enable.partition.eof", "true",
		"isolation.level", "read_committed",
		"allow.auto.create.topics", "false",
		"queued.min.messages", "1",
		"fetch.message.max.bytes", "16384",
		"fetch.wait.max.ms", "10",
		NULL,
	};
	/* clang-format on */
	look l = { seen, n, 0, wr_calloc((size_t)n + 1, sizeof(bool)), -1 };
	char *z = wr_kafka_topic_z(topic);
	wr_kafka k;
	bool any = false;
	wr_status status = WR_OK;

	for (int32_t i = 0; i < n; i++)
		any |= seen[i].offset >= 0;
	if (any && (status = wr_kafka_start(&k, RD_KAFKA_CONSUMER, broker, settings, conf, err)) ==
		       WR_OK) {
		look_at(&l, &k, z);
		wr_kafka_stop(&k);
	}
	*which = l.differs;
	free(l.done);
	free(z);
	return status;
}

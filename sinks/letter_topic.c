#include "sinks/letter_topic.h"

#include <stdlib.h>

#include "core/fault.h"
#include "io/kafka.h"
#include "io/kafka_admin.h"
#include "io/topics.h"

struct wr_letter_topic {
	wr_buf name;
	wr_topics *topics; /* NULL: Kafka */
	wr_kafka_writer *kafka;
};

wr_status wr_letter_topic_open(const wr_io *io, wr_str topic, wr_letter_ends ends,
			       wr_letter_topic **out, wr_err *err)
{
	wr_letter_topic *t = wr_calloc(1, sizeof *t);

	wr_buf_str(&t->name, topic);
	t->topics = io->topics;
	wr_status status =
	    t->topics ? wr_topics_create(t->topics, topic, 1, err)
	    : wr_kafka_topic_ensure(io->broker, io->kafka_conf, topic,
				    &(wr_kafka_topic){ 0, 0, -1, false }, err) ||
		    wr_kafka_writer_open(io->broker, io->kafka_conf, topic, NULL, &t->kafka, err)
		? WR_FAIL
		: WR_OK;

	if (status) {
		wr_letter_topic_close(t);
		return WR_FAIL;
	}
	if (t->kafka)
		wr_kafka_writer_ends(t->kafka, ends.stopping, ends.self);
	*out = t;
	return WR_OK;
}

wr_status wr_letter_topic_write(wr_letter_topic *t, const wr_record *rec, wr_err *err)
{
	wr_record r = *rec;

	r.partition = -1;
	return t->topics ? wr_topics_append(t->topics, wr_buf_view(&t->name), -1, &r, NULL, 0, err)
			 : wr_kafka_writer_put(t->kafka, &r, err);
}

wr_status wr_letter_topic_sync(wr_letter_topic *t, wr_err *err)
{
	if (t->topics ? wr_topics_sync(t->topics, wr_buf_view(&t->name), err)
		      : wr_kafka_writer_flush(t->kafka, err))
		return WR_FAIL;
	return WR_FAULT_FAIL("outbox.dead_letter", err) ? WR_FAIL : WR_OK;
}

void wr_letter_topic_close(wr_letter_topic *t)
{
	if (!t)
		return;
	if (t->kafka)
		wr_kafka_writer_close(t->kafka);
	wr_buf_free(&t->name);
	free(t);
}

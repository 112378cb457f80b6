/* Kafka topics: asking for them, making and deleting them. Each call makes a short-lived handle;
 * waits at most 10 s. conf: as in io/kafka.h. Thread: any. */
#ifndef IO_KAFKA_ADMIN_H
#define IO_KAFKA_ADMIN_H

#include "core/err.h"

typedef struct wr_kafka_topic {
	int32_t
	    partitions; /* <= 0: the topic must be there already (or the broker's default, when another query's sink needs it) */
	int32_t replicas;     /* <= 0: the broker's default */
	int64_t retention_ms; /* -1: the broker's default */
	bool compact;
} wr_kafka_topic;

/* Makes the topic unless it is there. Errors: CONNECT; STATEMENT when it is there with other
 * partitions than asked for. */
WR_CHECKED wr_status wr_kafka_topic_ensure(const char *broker, const char *const *conf,
					   wr_str topic, const wr_kafka_topic *want, wr_err *err);
/* Its partitions; 0: no such topic. */
WR_CHECKED wr_status wr_kafka_topic_partitions(const char *broker, const char *const *conf,
					       wr_str topic, int32_t *n, wr_err *err);
WR_CHECKED wr_status wr_kafka_topic_delete(const char *broker, const char *const *conf,
					   wr_str topic, wr_err *err);
WR_CHECKED wr_status wr_kafka_topics_each(const char *broker, const char *const *conf,
					  void (*visit)(void *self, wr_str topic,
							int32_t partitions),
					  void *self, wr_err *err);

#endif

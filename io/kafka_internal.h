/* What the Kafka files of io/ share: handles, and errors in words. */
#ifndef IO_KAFKA_INTERNAL_H
#define IO_KAFKA_INTERNAL_H

#include <librdkafka/rdkafka.h>

#include "core/err.h"

enum { WR_KAFKA_PATIENCE_MS = 9000 }; /* for an answer from a broker that may be away */

/* A librdkafka handle and what its error callback was told. */
typedef struct wr_kafka {
	rd_kafka_t *rk;
	const char *broker;
	const char *user;  /* it logs in as; NULL: not by name */
	char trouble[256]; /* written by who polls */
	bool down;	   /* all brokers are */
	char id[72];	   /* a transactional producer's; "" */
} wr_kafka;

/* ours, theirs: name, value … NULL; theirs win. k stays where it is until it is closed. */
WR_CHECKED wr_status wr_kafka_start(wr_kafka *k, rd_kafka_type_t type, const char *broker,
				    const char *const *ours, const char *const *theirs,
				    wr_err *err);
/* The same for a producer; failed: told of records that could not be delivered, with k as its
 * opaque. */
typedef void wr_kafka_undelivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *k);
WR_CHECKED wr_status wr_kafka_start_writing(wr_kafka *k, const char *broker,
					    const char *const *ours, const char *const *theirs,
					    wr_kafka_undelivered *failed, wr_err *err);
/* A short-lived handle for questions; sees only what is committed. */
WR_CHECKED wr_status wr_kafka_ask(wr_kafka *k, const char *broker, const char *const *conf,
				  wr_err *err);
void wr_kafka_stop(wr_kafka *k);

/* Sets a CONNECT error: nobody answers at the broker's address, and what librdkafka knows about
 * it. */
wr_status wr_kafka_no_answer(wr_kafka *k, wr_err *err);
/* Any other failure; what: "cannot create topic x". Class CONNECT when the connection is to blame,
 * IO when the broker's ACLs are, else STATEMENT. */
wr_status wr_kafka_failed(wr_kafka *k, const char *what, rd_kafka_resp_err_t code, const char *text,
			  wr_err *err);

/* Heap: free it. */
char *wr_kafka_topic_z(wr_str topic);

/* The broker's ACLs do not allow it; what: "cannot read topic x", permission: "Read on topic x".
 * Class IO: asked again for ever, for somebody may give it. */
bool wr_kafka_forbidden(rd_kafka_resp_err_t code);
wr_status wr_kafka_not_allowed(const wr_kafka *k, const char *what, wr_err *err,
			       const char *permission, ...) __attribute__((format(printf, 4, 5)));

/* A failure of a transaction or of a producer within one: IO where a new producer may do better. */
wr_status wr_kafka_txn_failed(wr_kafka *k, const char *what, rd_kafka_resp_err_t code,
			      const char *text, wr_err *err);
/* The handle and the topic of a writer. */
struct wr_kafka_writer;
wr_kafka *wr_kafka_writer_handle(struct wr_kafka_writer *w, const char **topic);

/* Metadata of one topic (NULL: all); patient, but gives up early when every broker refuses. Freed
 * by rd_kafka_metadata_destroy. */
WR_CHECKED wr_status wr_kafka_metadata(wr_kafka *k, const char *topic,
				       const struct rd_kafka_metadata **out, wr_err *err);

#endif

/*
 * Kafka records in and out, by librdkafka. Readers are assigned by hand: no group, no seek; going
 * back is a new reader.
 *
 * conf: further librdkafka settings, name, value … NULL; NULL: none. broker: "host:port,…".
 * Thread: each reader one at a time; a writer may be used by several at once.
 */
#ifndef IO_KAFKA_H
#define IO_KAFKA_H

#include "core/record.h"

/* Whether librdkafka knows the property and takes the value; those that exactly-once delivery rests
 * on are not for others to set. Errors: STATEMENT. */
WR_CHECKED wr_status wr_kafka_check_property(wr_str property, wr_str value, wr_err *err);

/* ---------------------------------------------------------------- asking */

/* Per partition 0..n-1: offsets of the first record that is kept and behind the last. Errors:
 * CONNECT, STATEMENT (no such topic). */
WR_CHECKED wr_status wr_kafka_ends(const char *broker, const char *const *conf, wr_str topic,
				   int32_t n, int64_t *first, int64_t *end, wr_err *err);
/* Per partition 0..n-1: the first offset whose timestamp is at or after ms; the end when there is
 * none. */
WR_CHECKED wr_status wr_kafka_at_time(const char *broker, const char *const *conf, wr_str topic,
				      int32_t n, int64_t ms, int64_t *offset, wr_err *err);

/* *which: the first of seen[0..n-1] in whose place the topic has another record; -1: there is none,
 * as far as can be told (a record that is gone says nothing). */
WR_CHECKED wr_status wr_kafka_differs(const char *broker, const char *const *conf, wr_str topic,
				      const wr_last_record *seen, int32_t n, int32_t *which,
				      wr_err *err);

/* ---------------------------------------------------------------- reading */

typedef struct wr_kafka_reader wr_kafka_reader;
typedef struct wr_kafka_from {
	int32_t partition;
	int64_t next; /* offset to begin at */
} wr_kafka_from;

/* prefetch: bytes that are read ahead, for all n partitions together. Does not wait for the
 * broker. */
WR_CHECKED wr_status wr_kafka_reader_open(const char *broker, const char *const *conf, wr_str topic,
					  const wr_kafka_from *from, int32_t n, size_t prefetch,
					  wr_kafka_reader **out, wr_err *err);
/*
 * Takes up to max records, waits at most timeout_ms for the first and not at all for more. Records
 * stay until wr_kafka_reader_release. A broker that is away is no error: see
 * wr_kafka_reader_trouble. Errors: RUNTIME (the topic is gone; the position fell out of retention,
 * with what was lost), IO (not allowed; the topic ends before the position).
 */
WR_CHECKED wr_status wr_kafka_reader_poll(wr_kafka_reader *r, wr_record *out, uint32_t max,
					  int timeout_ms, uint32_t *n, wr_err *err);
void wr_kafka_reader_release(wr_kafka_reader *r);
/* The offset behind all that was handed out of the i-th partition; at_end: there is nothing more
 * now. */
int64_t wr_kafka_reader_next(wr_kafka_reader *r, int32_t i, bool *at_end);
/* Asks the broker whether the i-th partition ends where it stands; false: it goes on, or no answer
 * in a few 100 ms (librdkafka may wait longer for it). */
bool wr_kafka_reader_confirm_end(wr_kafka_reader *r, int32_t i);
/* Asks how many partitions the topic has; 0: no answer in a few 100 ms. Thread: any. */
int32_t wr_kafka_reader_partitions(wr_kafka_reader *r);
/* Readable when there may be records. */
int wr_kafka_reader_fd(const wr_kafka_reader *r);
/* Why nothing comes; "" when all is well. */
void wr_kafka_reader_trouble(const wr_kafka_reader *r, char out[256]);
void wr_kafka_reader_close(wr_kafka_reader *r);

/* ---------------------------------------------------------------- writing */

typedef struct wr_kafka_writer wr_kafka_writer;

/* Makes a writer one of transactions. */
typedef struct wr_kafka_txn {
	const char *id; /* transactional id */
	int timeout_ms; /* after which the broker aborts */
} wr_kafka_txn;

/* An idempotent producer for one topic, which must be there. Records with key go by murmur2 as
 * Kafka's Java clients, others anywhere. Does not wait for the broker. txn: NULL, or then
 * wr_kafka_txn_init comes before the first record. */
WR_CHECKED wr_status wr_kafka_writer_open(const char *broker, const char *const *conf, wr_str topic,
					  const wr_kafka_txn *txn, wr_kafka_writer **out,
					  wr_err *err);
/* Copies the record into the producer's queue (partition < 0: by key; offset ignored); waits while
 * the queue is full. Errors: CONNECT or RUNTIME when a record written before could not be
 * delivered. */
WR_CHECKED wr_status wr_kafka_writer_put(wr_kafka_writer *w, const wr_record *rec, wr_err *err);
/* Serves the producer; fails like put. To be called now and then. */
WR_CHECKED wr_status wr_kafka_writer_serve(wr_kafka_writer *w, wr_err *err);
/* Everything put is delivered: acknowledged by all replicas in sync. Errors: as put; CONNECT when
 * that takes a minute, or some seconds once the writer is to end (wr_kafka_writer_ends). */
WR_CHECKED wr_status wr_kafka_writer_flush(wr_kafka_writer *w, wr_err *err);
/* ends(self): whether who uses the writer is to end, so that a broker that does not answer is
 * waited for only some seconds. Before the first record. */
void wr_kafka_writer_ends(wr_kafka_writer *w, bool (*ends)(void *self), void *self);
/* What was not delivered is thrown away; an open transaction stays open (see
 * wr_kafka_txn_abort). */
void wr_kafka_writer_close(wr_kafka_writer *w);

/* ---------------------------------------------------------------- transactions */

/* All of a writer made with a wr_kafka_txn. Errors: CONNECT (nobody answers), IO (the transaction
 * is lost, or another producer has the id now: begin again with a new writer). After an error only
 * abort and close may follow. */

/* Ends what another producer of the same id left open, and begins the first transaction. */
WR_CHECKED wr_status wr_kafka_txn_init(wr_kafka_writer *w, wr_err *err);
/* In this transaction: n is the witness, the offset of the topic's partition 0 in the group. */
WR_CHECKED wr_status wr_kafka_txn_witness(wr_kafka_writer *w, const char *group, int64_t n,
					  wr_err *err);
/* Commits, and begins the next one. An answer that says nothing is asked for again until it says
 * something, or until give_up(self) (NULL: never): then an error, and only the witness knows. */
WR_CHECKED wr_status wr_kafka_txn_commit(wr_kafka_writer *w, bool (*give_up)(void *self),
					 void *self, wr_err *err);
/* Tries to; what cannot be aborted now is aborted by the next wr_kafka_txn_init or by the broker's
 * clock. */
void wr_kafka_txn_abort(wr_kafka_writer *w);
/* The last committed witness; -1: none. Waits while a transaction with one is being decided. */
WR_CHECKED wr_status wr_kafka_witness(const char *broker, const char *const *conf, wr_str topic,
				      const char *group, int64_t *n, wr_err *err);

#endif

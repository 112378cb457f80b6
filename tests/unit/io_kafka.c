/* Kafka by librdkafka's own mock cluster, in this process; with BROKER set, by that broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "core/clock.h"
#include "io/kafka.h"
#include "io/kafka_admin.h"
#include "io/topics.h"
#include "sources/source.h"

static wr_err err;
static rd_kafka_t *holder;
static rd_kafka_mock_cluster_t *cluster;
static const char *broker;
static char topic_name[64];
static wr_str topic;
static int number;

enum { PARTS = 3, LIST_OFFSETS = 2 /* of Kafka's kinds of requests */ };

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) != WR_OK)                                                               \
			fail_msg("%s: %s", #call, err.message);                                    \
	} while (0)

static int start(void **state)
{
	char why[256];

	(void)state;
	broker = getenv("BROKER");
	if (broker)
		return 0;
	holder = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
	cluster = holder ? rd_kafka_mock_cluster_new(holder, 2) : NULL;
	if (!cluster)
		return -1;
	broker = rd_kafka_mock_cluster_bootstraps(cluster);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (cluster)
		rd_kafka_mock_cluster_destroy(cluster);
	if (holder)
		rd_kafka_destroy(holder);
	return 0;
}

/* The mock has no requests for making topics. */
static int new_topic(void **state)
{
	(void)state;
	err = WR_ERR_INIT;
	snprintf(topic_name, sizeof topic_name, "weir-unit-%d-%d", (int)getpid(), number++);
	topic = wr_str_of(topic_name);
	if (cluster)
		return rd_kafka_mock_topic_create(cluster, topic_name, PARTS, 1);
	return wr_kafka_topic_ensure(broker, NULL, topic, &(wr_kafka_topic){ PARTS, 1, -1, false },
				     &err);
}

static int drop_topic(void **state)
{
	(void)state;
	return cluster ? 0 : wr_kafka_topic_delete(broker, NULL, topic, &err);
}

static void put(wr_kafka_writer *w, int32_t partition, const char *key, const char *value,
		int64_t time)
{
	wr_record r = { .key = wr_str_of(key),
			.value = wr_str_of(value),
			.timestamp = time,
			.partition = partition };

	OK(wr_kafka_writer_put(w, &r, &err));
}

static void fill(int32_t partition, int from, int to)
{
	wr_kafka_writer *w;
	char value[32];

	OK(wr_kafka_writer_open(broker, NULL, topic, NULL, &w, &err));
	for (int i = from; i < to; i++) {
		snprintf(value, sizeof value, "%d", i);
		put(w, partition, "k", value, 1000 + i);
	}
	OK(wr_kafka_writer_flush(w, &err));
	wr_kafka_writer_close(w);
}

static void records_round_trip(void **state)
{
	wr_kafka_writer *w;
	wr_kafka_reader *r;
	wr_kafka_from from[PARTS] = { { 0, 0 }, { 1, 0 }, { 2, 0 } };
	wr_header items[] = { { WR_STR_LIT("h"), WR_STR_LIT("1") }, { WR_STR_LIT("n"), { 0 } } };
	wr_headers headers = { 2, items };
	wr_record full = { .key = WR_STR_LIT("key"),
			   .timestamp = 5000,
			   .partition = -1,
			   .headers = &headers },
		  got[8];
	uint32_t n = 0, total = 0;
	int32_t expected = (int32_t)((wr_murmur2(WR_STR_LIT("key")) & 0x7fffffff) % PARTS);
	bool at_end = false;

	(void)state;
	OK(wr_kafka_writer_open(broker, NULL, topic, NULL, &w, &err));
	OK(wr_kafka_writer_put(w, &full, &err));
	put(w, 1, NULL, "", 7000);
	OK(wr_kafka_writer_flush(w, &err));
	wr_kafka_writer_close(w);
	OK(wr_kafka_reader_open(broker, NULL, topic, from, PARTS, 1 << 20, &r, &err));
	for (int i = 0; i < 600 && total < 2; i++, total += n)
		OK(wr_kafka_reader_poll(r, got + total, 8 - total, 100, &n, &err));
	assert_int_equal(total, 2);
	const wr_record *a = got[0].key.p ? &got[0] : &got[1],
			*b = got[0].key.p ? &got[1] : &got[0];

	assert_true(wr_str_is(a->key, "key"));
	assert_null(a->value.p);
	assert_int_equal(a->partition, expected);
	assert_int_equal(a->timestamp, 5000);
	assert_int_equal(a->headers->n, 2);
	assert_true(wr_str_is(a->headers->items[0].value, "1"));
	assert_null(a->headers->items[1].value.p);
	assert_null(b->key.p);
	assert_non_null(b->value.p);
	assert_int_equal(b->value.n, 0);
	assert_int_equal(b->partition, 1);
	wr_kafka_reader_release(r);
	for (int i = 0; i < 600 && !at_end; i++) {
		OK(wr_kafka_reader_poll(r, got, 8, 100, &n, &err));
		wr_kafka_reader_next(r,
				     (expected + 1) % 3 == 1 ? (expected + 2) % 3
							     : (expected + 1) % 3,
				     &at_end);
	}
	assert_true(at_end); /* of the partition that holds nothing */
	wr_kafka_reader_close(r);
}

static void goes_on_from_offsets(void **state)
{
	wr_kafka_reader *r;
	wr_record got[64];
	uint32_t n = 0, total = 0;
	int64_t first[PARTS], end[PARTS], at[PARTS];
	bool at_end;

	(void)state;
	fill(2, 0, 50);
	OK(wr_kafka_ends(broker, NULL, topic, PARTS, first, end, &err));
	assert_int_equal(first[2], 0);
	assert_int_equal(end[2], 50);
	assert_int_equal(end[0], 0);
	if (!cluster) { /* the mock knows no times */
		OK(wr_kafka_at_time(broker, NULL, topic, PARTS, 1040, at, &err));
		assert_int_equal(at[2], 40);
		assert_int_equal(at[0], 0);
		OK(wr_kafka_at_time(broker, NULL, topic, PARTS, 999999, at, &err));
		assert_int_equal(at[2], 50);
	}
	OK(wr_kafka_reader_open(broker, NULL, topic, &(wr_kafka_from){ 2, 45 }, 1, 1 << 20, &r,
				&err));
	for (int i = 0; i < 600 && total < 5; i++, total += n)
		OK(wr_kafka_reader_poll(r, got + total, 64 - total, 100, &n, &err));
	assert_int_equal(total, 5);
	assert_true(wr_str_is(got[0].value, "45") && wr_str_is(got[4].value, "49"));
	assert_int_equal(wr_kafka_reader_next(r, 0, &at_end), 50);
	wr_kafka_reader_release(r);
	fill(2, 50, 51);
	for (n = 0; n == 0;)
		OK(wr_kafka_reader_poll(r, got, 64, 1000, &n, &err));
	assert_true(wr_str_is(got[0].value, "50"));
	wr_kafka_reader_close(r);
}

/* The list of topics knows a topic a moment before the broker that leads its partitions does. */
static void a_partition_just_made_is_asked_again(void **state)
{
	int64_t first[PARTS], end[PARTS];

	(void)state;
	if (!cluster)
		skip();
	fill(0, 0, 5);
	rd_kafka_mock_push_request_errors(cluster, LIST_OFFSETS, 4,
					  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
					  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
					  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
					  RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
	OK(wr_kafka_ends(broker, NULL, topic, PARTS, first, end, &err));
	assert_int_equal(end[0], 5);
	rd_kafka_mock_clear_request_errors(cluster, LIST_OFFSETS);
}

static void lost_records_are_an_error(void **state)
{
	wr_kafka_reader *r;
	wr_record got[8];
	uint32_t n = 0;
	wr_status status = WR_OK;

	(void)state;
	fill(0, 0, 5);
	OK(wr_kafka_reader_open(broker, NULL, topic, &(wr_kafka_from){ 0, 1000 }, 1, 1 << 20, &r,
				&err));
	for (int i = 0; i < 600 && status == WR_OK; i++)
		status = wr_kafka_reader_poll(r, got, 8, 100, &n, &err);
	assert_int_equal(status, WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	assert_non_null(strstr(err.message, "ends at offset 5, but was read up to 1000"));
	wr_kafka_reader_close(r);
}

static void counts_partitions(void **state)
{
	int32_t n;

	(void)state;
	OK(wr_kafka_topic_partitions(broker, NULL, topic, &n, &err));
	assert_int_equal(n, PARTS);
	if (cluster) /* the mock makes topics that are asked for */
		return;
	OK(wr_kafka_topic_partitions(broker, NULL, WR_STR_LIT("weir-unit-there-is-none"), &n,
				     &err));
	assert_int_equal(n, 0);
	assert_int_equal(wr_kafka_topic_ensure(broker, NULL, topic,
					       &(wr_kafka_topic){ PARTS + 1, 1, -1, false }, &err),
			 WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_STATEMENT);
}

static void nobody_there(void **state)
{
	int64_t begun = wr_clock_mono_ns();
	int32_t n;

	(void)state;
	assert_int_equal(wr_kafka_topic_partitions("127.0.0.1:9", NULL, topic, &n, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_CONNECT);
	assert_true(wr_clock_mono_ns() - begun < 30000000000);
	assert_non_null(strstr(err.message, "127.0.0.1:9"));
}

static const char *trouble(const wr_kafka_reader *r)
{
	static char text[256];

	wr_kafka_reader_trouble(r, text);
	return text;
}

static void a_reader_waits_for_its_broker(void **state)
{
	wr_kafka_reader *r;
	wr_record got[8];
	uint32_t n;

	(void)state;
	OK(wr_kafka_reader_open("127.0.0.1:9", NULL, topic, &(wr_kafka_from){ 0, 0 }, 1, 1 << 20,
				&r, &err));
	for (int i = 0; i < 1200 && !trouble(r)[0]; i++)
		OK(wr_kafka_reader_poll(r, got, 8, 50, &n, &err));
	assert_string_not_equal(trouble(r), "");
	wr_kafka_reader_close(r);
}

static void goes_on_when_the_broker_is_back(void **state)
{
	wr_kafka_reader *r;
	wr_record got[8];
	uint32_t n = 0;

	(void)state;
	if (!cluster)
		skip();
	fill(0, 0, 1);
	OK(wr_kafka_reader_open(broker, NULL, topic, &(wr_kafka_from){ 0, 0 }, 1, 1 << 20, &r,
				&err));
	for (int i = 0; i < 600 && n == 0; i++)
		OK(wr_kafka_reader_poll(r, got, 8, 100, &n, &err));
	assert_int_equal(n, 1);
	wr_kafka_reader_release(r);
	rd_kafka_mock_broker_set_down(cluster, 1);
	rd_kafka_mock_broker_set_down(cluster, 2);
	for (int i = 0; i < 1200 && !trouble(r)[0]; i++)
		OK(wr_kafka_reader_poll(r, got, 8, 50, &n, &err));
	assert_string_not_equal(trouble(r), "");
	rd_kafka_mock_broker_set_up(cluster, 1);
	rd_kafka_mock_broker_set_up(cluster, 2);
	fill(0, 1, 2);
	for (int i = 0; i < 600 && n == 0; i++)
		OK(wr_kafka_reader_poll(r, got, 8, 100, &n, &err));
	assert_int_equal(n, 1);
	assert_true(wr_str_is(got[0].value, "1"));
	assert_string_equal(trouble(r), "");
	wr_kafka_reader_close(r);
}

static void what_is_not_delivered_fails(void **state)
{
	static const char *const conf[] = { "message.timeout.ms", "1000", NULL };
	wr_kafka_writer *w;

	(void)state;
	OK(wr_kafka_writer_open("127.0.0.1:9", conf, topic, NULL, &w, &err));
	put(w, 0, "k", "v", 1);
	assert_int_equal(wr_kafka_writer_flush(w, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_CONNECT);
	err = WR_ERR_INIT;
	assert_int_equal(wr_kafka_writer_serve(w, &err), WR_FAIL);
	wr_kafka_writer_close(w);
}

/* What was put and never flushed is thrown away, without waiting. */
static void closing_does_not_wait(void **state)
{
	wr_kafka_writer *w;
	int64_t begun = wr_clock_mono_ns();

	(void)state;
	OK(wr_kafka_writer_open("127.0.0.1:9", NULL, topic, NULL, &w, &err));
	put(w, 0, "k", "v", 1);
	wr_kafka_writer_close(w);
	assert_true(wr_clock_mono_ns() - begun < 30000000000);
}

static void a_deleted_topic_is_an_error(void **state)
{
	wr_kafka_reader *r;
	wr_record got[8];
	uint32_t n = 0;
	wr_status status = WR_OK;

	(void)state;
	if (cluster)
		skip(); /* the mock cannot delete */
	fill(0, 0, 1);
	OK(wr_kafka_reader_open(broker, NULL, topic, &(wr_kafka_from){ 0, 0 }, 1, 1 << 20, &r,
				&err));
	for (int i = 0; i < 600 && n == 0; i++)
		OK(wr_kafka_reader_poll(r, got, 8, 100, &n, &err));
	OK(wr_kafka_topic_delete(broker, NULL, topic, &err));
	for (int i = 0; i < 600 && status == WR_OK; i++)
		status = wr_kafka_reader_poll(r, got, 8, 100, &n, &err);
	assert_int_equal(status, WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_RUNTIME);
	wr_kafka_reader_close(r);
	err = WR_ERR_INIT;
}

static void in_transaction(int from, int to, bool commit)
{
	char why[256], value[32];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "bootstrap.servers", broker, why, sizeof why);
	rd_kafka_conf_set(conf, "transactional.id", topic_name, why, sizeof why);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);

	assert_non_null(rk);
	assert_null(rd_kafka_init_transactions(rk, 10000));
	assert_null(rd_kafka_begin_transaction(rk));
	for (int i = from; i < to; i++) {
		int n = snprintf(value, sizeof value, "%d", i);

		assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic_name),
						   RD_KAFKA_V_PARTITION(0),
						   RD_KAFKA_V_VALUE(value, (size_t)n),
						   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
						   RD_KAFKA_V_END),
				 0);
	}
	rd_kafka_flush(rk, 10000);
	assert_null(commit ? rd_kafka_commit_transaction(rk, 10000)
			   : rd_kafka_abort_transaction(rk, 10000));
	rd_kafka_destroy(rk);
}

/* Markers and aborted records take offsets but are never handed out: the end is reached all the same. */
static void transactions_leave_gaps(void **state)
{
	wr_kafka_reader *r;
	wr_record got[16];
	uint32_t n = 0, total = 0;
	int64_t first[PARTS], end[PARTS];
	bool at_end;

	(void)state;
	if (cluster)
		skip(); /* the mock shows aborted records */
	in_transaction(0, 3, true);
	in_transaction(3, 5, false);
	in_transaction(5, 6, true);
	OK(wr_kafka_ends(broker, NULL, topic, PARTS, first, end, &err));
	assert_int_equal(end[0], 9);
	OK(wr_kafka_reader_open(broker, NULL, topic, &(wr_kafka_from){ 0, 0 }, 1, 1 << 20, &r,
				&err));
	for (int i = 0; i < 600 && wr_kafka_reader_next(r, 0, &at_end) < end[0]; i++, total += n)
		OK(wr_kafka_reader_poll(r, got + total, 16 - total, 100, &n, &err));
	assert_int_equal(total, 4);
	assert_true(wr_str_is(got[2].value, "2") && wr_str_is(got[3].value, "5"));
	assert_int_equal(wr_kafka_reader_next(r, 0, &at_end), 9);
	assert_true(at_end);
	wr_kafka_reader_close(r);
}

/* The source, as the engine uses it. */
static void as_a_source(void **state)
{
	wr_io io = { .broker = broker, .prefetch_bytes = 1 << 20 };
	wr_source_spec s = {
		.kind = "kafka", .topic = topic, .start = WR_START_OFFSET, .start_value = 3
	};
	const wr_source_def *def = wr_source_find("kafka");
	wr_position p[PARTS];
	wr_reader *r;
	wr_record got[8];
	uint32_t n = 0;
	int32_t parts;
	bool at_end;

	(void)state;
	fill(1, 0, 5);
	OK(def->partitions(&io, &s, &parts, &err));
	assert_int_equal(parts, PARTS);
	OK(def->resolve(&io, &s, p, PARTS, &err));
	assert_int_equal(p[1].next, 3);
	assert_int_equal(p[1].end, 5);
	assert_int_equal(p[0].next, 0);
	OK(def->open(&io, &s, p, PARTS, &r, &err));
	for (int i = 0; i < 600 && n == 0; i++)
		OK(def->poll(r, got, 8, 100, &n, &err));
	assert_true(wr_str_is(got[0].value, "3"));
	def->release(r);
	for (int i = 0; i < 600 && def->next(r, 1, &at_end) < 5; i++)
		OK(def->poll(r, got, 8, 100, &n, &err));
	def->next(r, 1, &at_end);
	assert_true(at_end);
	def->close(r);
}

/* The mock cluster decides no transactions: real brokers only. */
static void the_witness_tells_of_committed_transactions_only(void **state)
{
	wr_kafka_writer *w, *other;
	wr_kafka_txn txn = { topic_name, 10000 };
	int64_t n;

	(void)state;
	if (cluster)
		skip();
	OK(wr_kafka_writer_open(broker, NULL, topic, &txn, &w, &err));
	OK(wr_kafka_txn_init(w, &err));
	OK(wr_kafka_witness(broker, NULL, topic, topic_name, &n, &err));
	assert_int_equal(n, -1);
	OK(wr_kafka_txn_witness(w, topic_name, 0, &err));
	OK(wr_kafka_txn_commit(w, NULL, NULL, &err));
	put(w, 0, "k", "v", 1000);
	OK(wr_kafka_writer_flush(w, &err));
	OK(wr_kafka_txn_witness(w, topic_name, 7, &err));
	OK(wr_kafka_txn_commit(w, NULL, NULL, &err));
	OK(wr_kafka_witness(broker, NULL, topic, topic_name, &n, &err));
	assert_int_equal(n, 7);
	put(w, 0, "k", "w", 1000);
	OK(wr_kafka_writer_flush(w, &err));
	OK(wr_kafka_txn_witness(w, topic_name, 8, &err));
	OK(wr_kafka_writer_open(broker, NULL, topic, &txn, &other, &err)); /* as after a crash */
	OK(wr_kafka_txn_init(other, &err));
	OK(wr_kafka_witness(broker, NULL, topic, topic_name, &n, &err));
	assert_int_equal(n, 7);
	assert_int_equal(wr_kafka_txn_commit(w, NULL, NULL, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	OK(wr_kafka_witness(broker, NULL, topic, topic_name, &n, &err));
	assert_int_equal(n, 7);
	wr_kafka_writer_close(w);
	wr_kafka_writer_close(other);
}

#define T(f) cmocka_unit_test_setup_teardown(f, new_topic, drop_topic)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(records_round_trip),
		T(the_witness_tells_of_committed_transactions_only),
		T(goes_on_from_offsets),
		T(a_partition_just_made_is_asked_again),
		T(lost_records_are_an_error),
		T(counts_partitions),
		T(nobody_there),
		T(a_reader_waits_for_its_broker),
		T(goes_on_when_the_broker_is_back),
		T(what_is_not_delivered_fails),
		T(closing_does_not_wait),
		T(a_deleted_topic_is_an_error),
		T(transactions_leave_gaps),
		T(as_a_source),
	};

#ifdef __SANITIZE_THREAD__
	(void)tests;
	(void)start;
	(void)stop;
	puts("librdkafka makes its threads by thrd_create, which ThreadSanitizer does not see and "
	     "crashes on\n"
	     "0 passed, 0 failed, 1 skipped");
	return 0;
#else
	return cmocka_run_group_tests(tests, start, stop);
#endif
}

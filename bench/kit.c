/*
 * kit: what a measuring round does to topics.
 *
 *     kit create TOPIC PARTITIONS [NAME=VALUE…]    NAME: a topic setting of Kafka
 *     kit delete TOPIC
 *     kit load   TOPIC json|plain < NDJSON         one record per line
 *     kit replay [PREFIX] < RECORDS                lines {"topic","partition","offset","timestamp","headers",
 *                                                  "key","value"}: each to its own topic and partition
 *     kit pace   TOPIC RATE COUNT KEYS             COUNT events made here, RATE a second, over so many keys; SIGTERM ends it
 *                                                  earlier. The same numbers give the same events
 *     kit span   TOPIC                             one JSON line: records, bytes, first, last
 *     kit dump   TOPIC                             one line per record: key, tab, value
 *     kit settle TOPIC                             waits until no transaction is open on it, 60 s at most
 *
 * The broker is $BROKER, 127.0.0.1:9092 when unset. `load` keys a line by its first "id" field, as
 * {"id":N} (json) or N (plain), partitions like Kafka's Java clients (murmur2), compresses with lz4,
 * and takes the last "ts_ms" of the line as the record's timestamp, so that record time and event
 * time agree (a line without one gets a time before all events). `replay` keeps partition, time, the key's and the
 * value's bytes and null; it leaves out headers, and PREFIX goes before every topic's name. `span` gives the first and
 * last record timestamp in ms; on a topic made with message.timestamp.type=LogAppendTime these are the
 * broker's clock. Reading is read_committed.
 */
#include "kafka.h"

#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

static const char *broker;

static int admin_wait(rd_kafka_queue_t *queue, int create)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 15000);
	const rd_kafka_topic_result_t **results;
	size_t count = 0;

	if (!event)
		die("no answer from a broker at %s", broker);
	if (rd_kafka_event_error(event))
		die("%s", rd_kafka_event_error_string(event));
	results =
	    create ? rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
							 &count)
		   : rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event),
							 &count);
	rd_kafka_resp_err_t error = count ? rd_kafka_topic_result_error(results[0]) : 0;

	if (error)
		fprintf(stderr, "%s\n", rd_kafka_err2str(error));
	return error != 0;
}

static int create_topic(const char *topic, int partitions, char **settings)
{
	static const char *const none[] = { NULL };
	char error[512];
	rd_kafka_t *rk = kafka_new(RD_KAFKA_PRODUCER, broker, none);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_NewTopic_t *topic_spec =
	    rd_kafka_NewTopic_new(topic, partitions, 1, error, sizeof error);

	if (!topic_spec)
		die("%s", error);
	for (; *settings; settings++) {
		char *equals = strchr(*settings, '=');

		if (!equals)
			die("not NAME=VALUE: %s", *settings);
		*equals = 0;
		rd_kafka_NewTopic_set_config(topic_spec, *settings, equals + 1);
	}
	rd_kafka_CreateTopics(rk, &topic_spec, 1, NULL, queue);
	return admin_wait(queue, 1);
}

static int delete_topic(const char *topic)
{
	static const char *const none[] = { NULL };
	rd_kafka_t *rk = kafka_new(RD_KAFKA_PRODUCER, broker, none);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_DeleteTopic_t *topic_spec = rd_kafka_DeleteTopic_new(topic);

	rd_kafka_DeleteTopics(rk, &topic_spec, 1, NULL, queue);
	return admin_wait(queue, 0);
}

static long failed;

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	(void)rk, (void)opaque;
	failed += message->err != 0;
}

static rd_kafka_t *open_loader(void)
{
	static const char *const settings[] = {
		"enable.idempotence",
		"true",
		"acks",
		"all",
		"compression.codec",
		"lz4",
		"linger.ms",
		"20",
		"batch.num.messages",
		"100000",
		"batch.size",
		"1000000",
		"queue.buffering.max.messages",
		"200000",
		"queue.buffering.max.kbytes",
		"200000",
		"partitioner",
		"murmur2_random",
	};
	char error[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set(conf, "bootstrap.servers", broker, error, sizeof error);
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i += 2)
		if (rd_kafka_conf_set(conf, settings[i], settings[i + 1], error, sizeof error))
			die("%s", error);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);

	if (!rk)
		die("%s", error);
	return rk;
}

/* The number after the first (or last) `name` in line; otherwise when there is none. */
static long long field(const char *line, const char *name, int last, long long otherwise)
{
	const char *found = NULL, *at = line;

	while ((at = strstr(at, name)) != NULL) {
		found = at += strlen(name);
		if (!last)
			break;
	}
	return found ? atoll(found) : otherwise;
}

static int load(const char *topic, int json_keys)
{
	rd_kafka_t *rk = open_loader();
	char *line = NULL, key[64];
	size_t room = 0;
	ssize_t length;
	long count = 0;
	double begun = wall_seconds();

	while ((length = getline(&line, &room, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[--length] = 0;
		int key_length = snprintf(key, sizeof key, json_keys ? "{\"id\":%lld}" : "%lld",
					  field(line, "\"id\":", 0, 0));
		long long ms = field(line, "\"ts_ms\":", 1, 1600000000000);
		rd_kafka_resp_err_t error;

		while ((error =
			    rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_TIMESTAMP(ms),
					      RD_KAFKA_V_KEY(key, (size_t)key_length),
					      RD_KAFKA_V_VALUE(line, (size_t)length),
					      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
					      RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			rd_kafka_poll(rk, 5);
		if (error)
			die("%s", rd_kafka_err2str(error));
		if ((++count & 255) == 0)
			rd_kafka_poll(rk, 0);
	}
	if (rd_kafka_flush(rk, 60000) || failed)
		die("%s: %ld of %ld records were not delivered", topic, failed, count);
	printf("{\"records\":%ld,\"wall\":%.3f,\"cpu\":%.3f}\n", count, wall_seconds() - begun,
	       cpu_seconds());
	return 0;
}

/* Behind the JSON value that starts at `at`. */
static char *skip_value(char *at)
{
	int depth = 0;

	do {
		if (*at == '"')
			for (at++; *at && *at != '"'; at++)
				at += *at == '\\';
		depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
		if (*at)
			at++;
	} while (*at && (depth > 0 || (*at != ',' && *at != '}')));
	return at;
}

/* The start of member `name`, which stands at `at` or behind it outside of any value before it. */
static char *member(char *at, const char *name)
{
	char *found = strstr(at, name);

	if (!found)
		die("a line has no %s", name);
	return found + strlen(name);
}

static void replay_line(rd_kafka_t *rk, char *line, const char *prefix)
{
	char topic[300], *end;
	char *name = member(line, "\"topic\":\""), *partition = member(name, "\"partition\":");
	char *time = member(partition, "\"timestamp\":"), *headers = member(time, "\"headers\":");
	char *key = member(skip_value(headers), "\"key\":"), *key_end = skip_value(key);
	char *value = member(key_end, "\"value\":");
	rd_kafka_resp_err_t error;

	end = skip_value(value);
	snprintf(topic, sizeof topic, "%s%.*s", prefix, (int)strcspn(name, "\""), name);
	size_t value_length = (size_t)(end - value), key_length = (size_t)(key_end - key);
	int no_value = !strncmp(value, "null", 4), no_key = !strncmp(key, "null", 4);

	while ((error = rd_kafka_producev(
		    rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(atoi(partition)),
		    RD_KAFKA_V_TIMESTAMP(atoll(time)),
		    RD_KAFKA_V_KEY(no_key ? NULL : key, no_key ? 0 : key_length),
		    RD_KAFKA_V_VALUE(no_value ? NULL : value, no_value ? 0 : value_length),
		    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) ==
	       RD_KAFKA_RESP_ERR__QUEUE_FULL)
		rd_kafka_poll(rk, 5);
	if (error)
		die("%s: %s", topic, rd_kafka_err2str(error));
}

static int replay(const char *prefix)
{
	rd_kafka_t *rk = open_loader();
	char *line = NULL;
	size_t room = 0;
	long count = 0;

	while (getline(&line, &room, stdin) > 0) {
		replay_line(rk, line, prefix);
		if ((++count & 255) == 0)
			rd_kafka_poll(rk, 0);
	}
	if (rd_kafka_flush(rk, 60000) || failed)
		die("%ld of %ld records were not delivered", failed, count);
	printf("{\"records\":%ld}\n", count);
	return 0;
}

/* ---------------------------------------------------------------- pace */

static volatile sig_atomic_t stop_pacing;

static void on_term(int number)
{
	(void)number;
	stop_pacing = 1;
}

/* splitmix64: event i looks the same in every run. */
static uint64_t mixed(uint64_t i)
{
	i = (i + 1) * 0x9e3779b97f4a7c15ull;
	i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9ull;
	i = (i ^ i >> 27) * 0x94d049bb133111ebull;
	return i ^ i >> 31;
}

/*
 * Event i: key "kN", {"v":i,"g":"gM"}, 50 us after the one before; one in 64 is up to 4 s older than
 * its place says.
 */
static void pace_event(rd_kafka_t *rk, const char *topic, long i, unsigned keys)
{
	uint64_t random = mixed((uint64_t)i);
	char key[32], value[96];
	int key_length = snprintf(key, sizeof key, "\"k%u\"", (unsigned)(random % keys));
	int length = snprintf(value, sizeof value, "{\"v\":%ld,\"g\":\"g%u\"}", i,
			      (unsigned)(random >> 32) % 97);
	long long ms =
	    1700000000000 + i / 20 - (random >> 58 == 0 ? (long long)(random >> 40) % 4000 : 0);
	rd_kafka_resp_err_t error;

	while ((error = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_TIMESTAMP(ms),
					  RD_KAFKA_V_KEY(key, (size_t)key_length),
					  RD_KAFKA_V_VALUE(value, (size_t)length),
					  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
					  RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		rd_kafka_poll(rk, 5);
	if (error)
		die("%s", rd_kafka_err2str(error));
}

static int pace(const char *topic, long rate, long count, unsigned keys)
{
	rd_kafka_t *rk = open_loader();
	double begun = wall_seconds();
	long i = 0;

	signal(SIGTERM, on_term);
	while (i < count && !stop_pacing) {
		long due = (long)((wall_seconds() - begun) * (double)rate);

		for (; i < due && i < count; i++)
			pace_event(rk, topic, i, keys);
		rd_kafka_poll(rk, 2);
	}
	if (rd_kafka_flush(rk, 600000) || failed)
		die("%s: %ld of %ld records were not delivered", topic, failed, i);
	printf("{\"records\":%ld,\"wall\":%.3f}\n", i, wall_seconds() - begun);
	return 0;
}

/* One line per record; a key is raw bytes, so anything a line reader would trip over is \xNN. */
static void print_record(const rd_kafka_message_t *message)
{
	const unsigned char *key = message->key;

	for (size_t i = 0; i < message->key_len; i++)
		if (key[i] < 0x20 || key[i] == '\\' || key[i] >= 0x7f)
			printf("\\x%02x", key[i]);
		else
			putchar(key[i]);
	putchar('\t');
	if (message->payload)
		fwrite(message->payload, 1, message->len, stdout);
	putchar('\n');
}

static int read_topic(const char *topic, int dump)
{
	int partitions, ended = 0;
	rd_kafka_t *rk = consume_all(broker, topic, &partitions);
	long count = 0, bytes = 0;
	int64_t first = INT64_MAX, last = 0;

	while (ended < partitions) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 1000);

		if (!message)
			continue;
		if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
			ended++;
		} else if (!message->err) {
			int64_t ms = rd_kafka_message_timestamp(message, NULL);

			count++;
			bytes += (long)message->len;
			first = ms < first ? ms : first;
			last = ms > last ? ms : last;
			if (dump)
				print_record(message);
		}
		rd_kafka_message_destroy(message);
	}
	if (!dump)
		printf("{\"records\":%ld,\"bytes\":%ld,\"first\":%lld,\"last\":%lld}\n", count,
		       bytes, count ? (long long)first : 0, (long long)last);
	return 0;
}

/*
 * A transaction is committed, for good, a moment before its partitions show it: the broker answers
 * first and writes the markers then. Who compares what a process that has ended wrote waits for that:
 * the end for readers of committed records is the end.
 */
static int settle(const char *topic)
{
	static const char *const levels[][3] = { { "isolation.level", "read_committed", NULL },
						 { "isolation.level", "read_uncommitted", NULL } };
	rd_kafka_t *rk[2];
	const struct rd_kafka_metadata *meta;
	double give_up = wall_seconds() + 60;

	for (int i = 0; i < 2; i++)
		rk[i] = kafka_new(RD_KAFKA_CONSUMER, broker, levels[i]);
	if (rd_kafka_metadata(rk[0], 0, rd_kafka_topic_new(rk[0], topic, NULL), &meta, 10000))
		die("no answer from a broker at %s", broker);
	if (meta->topics[0].partition_cnt == 0)
		die("no topic %s at %s", topic, broker);
	for (int p = 0; p < meta->topics[0].partition_cnt && wall_seconds() < give_up;) {
		int64_t first, end[2];
		bool known = true;

		for (int i = 1; i >= 0; i--)
			known &= !rd_kafka_query_watermark_offsets(rk[i], topic, p, &first, &end[i],
								   5000);
		if (known && end[0] >= end[1])
			p++;
		else
			usleep(20000);
	}
	return wall_seconds() >= give_up;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	broker = getenv("BROKER") ? getenv("BROKER") : "127.0.0.1:9092";
	int status = 2;

	if (!strcmp(command, "replay"))
		status = replay(argc > 2 ? argv[2] : "");
	else if (argc < 3)
		command = "";
	else if (!strcmp(command, "create") && argc > 3)
		status = create_topic(argv[2], atoi(argv[3]), argv + 4);
	else if (!strcmp(command, "delete"))
		status = delete_topic(argv[2]);
	else if (!strcmp(command, "load") && argc > 3)
		status = load(argv[2], !strcmp(argv[3], "json"));
	else if (!strcmp(command, "pace") && argc > 5)
		status = pace(argv[2], atol(argv[3]), atol(argv[4]), (unsigned)atoi(argv[5]));
	else if (!strcmp(command, "span") || !strcmp(command, "dump"))
		status = read_topic(argv[2], command[0] == 'd');
	else if (!strcmp(command, "settle"))
		status = settle(argv[2]);
	if (status == 2)
		fputs("usage: kit create|delete|load|replay|pace|span|dump|settle TOPIC …\n",
		      stderr);
	fflush(stdout);
	_Exit(status); /* librdkafka's orderly close would cost more than the command */
}

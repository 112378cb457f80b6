/*
 * slow_reader BROKER TOPIC [KIB [US]]: reads a Kafka topic to its end as a query would that needs US (300) microseconds for 512 records, with KIB (1024) of
 * prefetch, and measures how long it ever waits for the next record. A reader whose queue was full must not sleep on (io/kafka_reader.c, the waker): exit status 1
 * when a wait was longer than 50 ms.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "io/kafka.h"
#include "io/kafka_admin.h"

enum { AT_ONCE = 512, LIMIT_MS = 50, MAX_PARTS = 256 };

static wr_err err;

static void check(wr_status status)
{
	if (status == WR_OK)
		return;
	fprintf(stderr, "slow_reader: %s\n", err.message);
	exit(1);
}

static void work(int64_t us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

static bool at_end(wr_kafka_reader *r, const int64_t *end, int32_t n)
{
	bool ignored;

	for (int32_t i = 0; i < n; i++)
		if (wr_kafka_reader_next(r, i, &ignored) < end[i])
			return false;
	return true;
}

int main(int argc, char **argv)
{
	wr_kafka_from from[MAX_PARTS];
	int64_t first[MAX_PARTS], end[MAX_PARTS], longest = 0, records = 0, waits = 0;
	wr_record got[AT_ONCE];
	wr_kafka_reader *r;
	int32_t n;
	uint32_t taken;

	if (argc < 3) {
		fprintf(stderr, "usage: slow_reader BROKER TOPIC [KIB [US]]\n");
		return 2;
	}
	wr_str topic = wr_str_of(argv[2]);
	size_t prefetch = (argc > 3 ? strtoul(argv[3], NULL, 10) : 1024) << 10;
	int64_t us = argc > 4 ? atoll(argv[4]) : 300, begun = wr_clock_mono_ns();

	check(wr_kafka_topic_partitions(argv[1], NULL, topic, &n, &err));
	check(wr_kafka_ends(argv[1], NULL, topic, n, first, end, &err));
	for (int32_t i = 0; i < n; i++)
		from[i] = (wr_kafka_from){ i, first[i] };
	check(wr_kafka_reader_open(argv[1], NULL, topic, from, n, prefetch, &r, &err));
	while (!at_end(r, end, n)) {
		int64_t since = wr_clock_mono_ns();

		do
			check(wr_kafka_reader_poll(r, got, AT_ONCE, 2000, &taken, &err));
		while (taken == 0 && !at_end(r, end, n));
		int64_t waited = wr_clock_mono_ns() - since;

		if (records && waited > longest)
			longest = waited;
		waits += records && waited > 5000000;
		records += taken;
		wr_kafka_reader_release(r);
		work(us);
	}
	printf("%lld records in %.0f ms; longest wait %.1f ms; %lld waits over 5 ms\n",
	       (long long)records, (double)(wr_clock_mono_ns() - begun) / 1e6,
	       (double)longest / 1e6, (long long)waits);
	wr_kafka_reader_close(r);
	return longest > LIMIT_MS * 1000000ll;
}

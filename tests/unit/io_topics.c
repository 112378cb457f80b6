/* Embedded topics, in memory and on disk: what counts when, what survives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/files.h"
#include "io/topics.h"

static wr_err err;
static const wr_str TOPIC = { "orders", 6 };

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) != WR_OK)                                                               \
			fail_msg("%s: %s", #call, err.message);                                    \
	} while (0)

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	err = WR_ERR_INIT;
	snprintf(dir, sizeof dir, "/tmp/io_topics.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

static wr_topics *open_topics(const char *where)
{
	wr_topics *t;

	OK(wr_topics_open(where, &t, &err));
	return t;
}

static void put(wr_topics *t, const char *key, const char *value, const char *writer, uint64_t epoch)
{
	wr_record r = { .key = wr_str_of(key), .value = wr_str_of(value), .timestamp = (int64_t)epoch * 1000 };

	OK(wr_topics_append(t, TOPIC, 0, &r, writer, epoch, &err));
}

/* Values of partition 0 from an offset on, parted by blanks; null values as "-". */
static const char *values(wr_topics *t, int64_t from, int64_t *next)
{
	static char text[4096];
	wr_topic_cursor *c;
	wr_record recs[3];
	uint32_t n;
	size_t at = 0;

	OK(wr_topic_cursor_open(t, TOPIC, 0, from, &c, &err));
	text[0] = 0;
	while ((n = wr_topic_cursor_read(c, recs, 3, next)))
		for (uint32_t i = 0; i < n; i++)
			at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s", at ? " " : "",
					       recs[i].value.p ? (int)recs[i].value.n : 1,
					       recs[i].value.p ? recs[i].value.p : "-");
	wr_topic_cursor_close(c);
	return text;
}

static void assert_values(wr_topics *t, int64_t from, const char *expected, int64_t expected_next)
{
	int64_t next;

	assert_string_equal(values(t, from, &next), expected);
	assert_int_equal(next, expected_next);
}

/* Known answers of Kafka's Java client (its own unit test uses some of them). */
static void hashes_as_java_does(void **state)
{
	(void)state;
	assert_int_equal((int32_t)wr_murmur2(WR_STR_LIT("21")), -973932308);
	assert_int_equal((int32_t)wr_murmur2(WR_STR_LIT("foobar")), -790332482);
	assert_int_equal((int32_t)wr_murmur2(WR_STR_LIT("a-little-bit-long-string")), -985981536);
	assert_int_equal((int32_t)wr_murmur2(WR_STR_LIT("a-little-bit-longer-string")), -1486304829);
	assert_int_equal((int32_t)wr_murmur2(WR_STR_LIT("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")), -58897971);
	assert_int_equal((int32_t)wr_murmur2(WR_STR_LIT("abc")), 479470107);
}

static void records_come_back(const char *where)
{
	wr_topics *t = open_topics(where);
	wr_header items[] = { { WR_STR_LIT("h"), WR_STR_LIT("1") }, { WR_STR_LIT("n"), { 0 } } };
	wr_headers headers = { 2, items };
	wr_record full = { .key = WR_STR_LIT("k"), .value = WR_STR_LIT("v"), .timestamp = -5, .headers = &headers };
	wr_record empty = { .key = { "", 0 }, .timestamp = 7 }, got[3];
	wr_topic_cursor *c;
	int64_t next;

	OK(wr_topics_create(t, TOPIC, 2, &err));
	OK(wr_topics_append(t, TOPIC, 1, &full, NULL, 0, &err));
	OK(wr_topics_append(t, TOPIC, 1, &empty, NULL, 0, &err));
	OK(wr_topic_cursor_open(t, TOPIC, 1, 0, &c, &err));
	assert_int_equal(wr_topic_cursor_read(c, got, 3, &next), 2);
	assert_int_equal(next, 2);
	assert_true(wr_str_is(got[0].key, "k") && wr_str_is(got[0].value, "v"));
	assert_int_equal(got[0].timestamp, -5);
	assert_int_equal(got[0].partition, 1);
	assert_int_equal(got[0].headers->n, 2);
	assert_true(wr_str_is(got[0].headers->items[0].value, "1"));
	assert_null(got[0].headers->items[1].value.p);
	assert_non_null(got[1].key.p);
	assert_int_equal(got[1].key.n, 0);
	assert_null(got[1].value.p);
	assert_int_equal(got[1].offset, 1);
	assert_int_equal(wr_topic_cursor_read(c, got, 3, &next), 0);
	wr_topic_cursor_close(c);
	assert_int_equal(wr_topics_end(t, TOPIC, 0), 0);
	wr_topics_close(t);
}

static void records_in_memory(void **state)
{
	(void)state;
	records_come_back(NULL);
}

static void records_on_disk(void **state)
{
	(void)state;
	records_come_back(dir);
}

/* Two writers' frames lie between each other; readers stop at the first that is not decided. */
static void epochs_of_two_writers(const char *where)
{
	wr_topics *t = open_topics(where);

	OK(wr_topics_create(t, TOPIC, 1, &err));
	OK(wr_topics_writer(t, "a", 0, &err));
	OK(wr_topics_writer(t, "b", 0, &err));
	put(t, "k", "a1", "a", 1);
	put(t, "k", "b1", "b", 1);
	put(t, "k", "a2", "a", 2);
	put(t, "k", "n", NULL, 0);
	assert_values(t, 0, "", 0);
	wr_topics_decide(t, "a", 1);
	assert_values(t, 0, "a1", 1);
	wr_topics_decide(t, "a", 2);
	assert_values(t, 0, "a1", 1);
	wr_topics_decide(t, "b", 1);
	assert_values(t, 0, "a1 b1 a2 n", 4);
	assert_values(t, 2, "a2 n", 4);
	assert_int_equal(wr_topics_end(t, TOPIC, 0), 4);
	wr_topics_close(t);
}

static void two_writers_in_memory(void **state)
{
	(void)state;
	epochs_of_two_writers(NULL);
}

static void two_writers_on_disk(void **state)
{
	(void)state;
	epochs_of_two_writers(dir);
}

/* A writer that begins again below its epoch: what it had written above is passed over, and its numbers may be used again. */
static void aborted_epochs(const char *where)
{
	wr_topics *t = open_topics(where);

	OK(wr_topics_create(t, TOPIC, 1, &err));
	OK(wr_topics_writer(t, "a", 0, &err));
	put(t, "k", "good1", "a", 1);
	wr_topics_decide(t, "a", 1);
	put(t, "k", "bad2", "a", 2);
	put(t, "k", "bad2", "a", 2);
	OK(wr_topics_writer(t, "a", 1, &err));
	put(t, "k", "good2", "a", 2);
	assert_values(t, 0, "good1", 3);
	wr_topics_decide(t, "a", 2);
	assert_values(t, 0, "good1 good2", 4);
	assert_values(t, 2, "good2", 4);
	put(t, "k", "bad3", "a", 3);
	OK(wr_topics_forget(t, "a", &err));
	assert_values(t, 0, "good1 good2", 5);
	assert_int_equal(wr_topics_end(t, TOPIC, 0), 5);
	wr_topics_close(t);
	if (!where)
		return;
	t = open_topics(where);
	assert_values(t, 0, "good1 good2", 5);
	wr_topics_close(t);
}

static void aborted_in_memory(void **state)
{
	(void)state;
	aborted_epochs(NULL);
}

static void aborted_on_disk(void **state)
{
	(void)state;
	aborted_epochs(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_java_does),
		cmocka_unit_test_setup_teardown(records_in_memory, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(records_on_disk, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(two_writers_in_memory, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(two_writers_on_disk, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(aborted_in_memory, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(aborted_on_disk, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Embedded topics, in memory and on disk: what counts when, what survives. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
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

static void put(wr_topics *t, const char *key, const char *value, const char *writer,
		uint64_t epoch)
{
	wr_record r = { .key = wr_str_of(key),
			.value = wr_str_of(value),
			.timestamp = (int64_t)epoch * 1000 };

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
	assert_int_equal((int32_t)wr_murmur2(WR_STR_LIT("a-little-bit-longer-string")),
			 -1486304829);
	assert_int_equal((int32_t)wr_murmur2(
			     WR_STR_LIT("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")),
			 -58897971);
	assert_int_equal((int32_t)wr_murmur2(WR_STR_LIT("abc")), 479470107);
}

static void records_come_back(const char *where)
{
	wr_topics *t = open_topics(where);
	wr_header items[] = { { WR_STR_LIT("h"), WR_STR_LIT("1") }, { WR_STR_LIT("n"), { 0 } } };
	wr_headers headers = { 2, items };
	wr_record full = { .key = WR_STR_LIT("k"),
			   .value = WR_STR_LIT("v"),
			   .timestamp = -5,
			   .headers = &headers };
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

static void path_of(const char *file, char out[128])
{
	snprintf(out, 128, "%s/topics/orders/%s", dir, file);
}

static void append_bytes(const char *file, const void *bytes, size_t n)
{
	char path[128];

	path_of(file, path);
	FILE *f = fopen(path, "ab");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static int64_t size_of(const char *file)
{
	char path[128];
	struct stat st;

	path_of(file, path);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* A crash: the files as they are, without what closing would write. */
static wr_topics *after_crash(wr_topics *t)
{
	char command[256];

	OK(wr_topics_sync(t, TOPIC, &err));
	snprintf(command, sizeof command, "cp -r %s/topics %s/kept", dir, dir);
	assert_int_equal(system(command), 0);
	wr_topics_close(t);
	snprintf(command, sizeof command, "rm -rf %s/topics && mv %s/kept %s/topics", dir, dir,
		 dir);
	assert_int_equal(system(command), 0);
	return open_topics(dir);
}

static void damaged_tails_are_cut(void **state)
{
	wr_topics *t = open_topics(dir);
	char path[128];
	int64_t whole;

	(void)state;
	OK(wr_topics_create(t, TOPIC, 1, &err));
	put(t, "k", "one", NULL, 0);
	put(t, "k", "two", NULL, 0);
	t = after_crash(t);
	whole = size_of("0.log");
	put(t, "k", "three", NULL, 0);
	t = after_crash(t);
	int64_t longer = size_of("0.log");

	for (int64_t cut = whole + 1; cut < longer; cut++) {
		put(t, "k", "three", NULL, 0);
		OK(wr_topics_sync(t, TOPIC, &err));
		t = after_crash(t);
		path_of("0.log", path);
		assert_int_equal(truncate(path, cut), 0);
		wr_topics_close(t);
		t = open_topics(dir);
		assert_int_equal(size_of("0.log"), whole);
		assert_values(t, 0, "one two", 2);
	}
	put(t, "k", "four", NULL, 0);
	wr_topics_close(t);
	append_bytes("0.log", "\1\2\3", 3);
	t = open_topics(dir);
	assert_values(t, 0, "one two four", 3);
	wr_topics_close(t);
}

static void flipped_bits_are_seen(void **state)
{
	wr_topics *t = open_topics(dir);
	char path[128];

	(void)state;
	OK(wr_topics_create(t, TOPIC, 1, &err));
	put(t, "k", "one", NULL, 0);
	put(t, "k", "two", NULL, 0);
	t = after_crash(t);
	wr_topics_close(t);
	path_of("0.log", path);
	assert_int_equal(truncate(path, size_of("0.log") - 1), 0);
	append_bytes("0.log", "O", 1);
	path_of("0.idx", path);
	assert_int_equal(truncate(path, 0), 0);
	t = open_topics(dir);
	assert_values(t, 0, "one", 1);
	wr_topics_close(t);
}

/* Damage in the middle is an error for who reads it, not an end. */
static void damage_is_told(void **state)
{
	wr_topics *t = open_topics(dir);
	wr_topic_cursor *c;
	wr_record got[3];
	char path[128];
	int64_t next;

	(void)state;
	OK(wr_topics_create(t, TOPIC, 1, &err));
	put(t, "k", "one", NULL, 0);
	put(t, "k", "two", NULL, 0);
	OK(wr_topics_sync(t, TOPIC, &err));
	path_of("0.log", path);
	FILE *f = fopen(path, "r+b");

	fseek(f, -1, SEEK_END);
	fputc('X', f);
	fclose(f);
	OK(wr_topic_cursor_open(t, TOPIC, 0, 0, &c, &err));
	assert_int_equal(wr_topic_cursor_read(c, got, 3, &next), 1);
	assert_int_equal(wr_topic_cursor_read(c, got, 3, &next), 0);
	assert_int_equal(wr_topic_cursor_health(c, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	wr_topic_cursor_close(c);
	wr_topics_close(t);
}

/* After a crash nothing of a writer is shown until it (or settling) says what counts. */
static void undecided_over_a_crash(void **state)
{
	wr_topics *t = open_topics(dir);

	(void)state;
	OK(wr_topics_create(t, TOPIC, 1, &err));
	OK(wr_topics_writer(t, "a", 0, &err));
	OK(wr_topics_writer(t, "b", 0, &err));
	put(t, "k", "a1", "a", 1);
	put(t, "k", "b1", "b", 1);
	put(t, "k", "a2", "a", 2);
	t = after_crash(t);
	assert_values(t, 0, "", 0);
	OK(wr_topics_writer(t, "a", 1, &err));
	assert_values(t, 0, "a1", 1);
	OK(wr_topics_settle(t, &err));
	assert_values(t, 0, "a1 b1", 3);
	t = after_crash(t);
	assert_values(t, 0, "", 0);
	OK(wr_topics_writer(t, "a", 1, &err));
	assert_values(t, 0, "a1 b1", 3);
	put(t, "k", "a2", "a", 2);
	t = after_crash(t);
	OK(wr_topics_writer(t, "a", 2, &err));
	assert_values(t, 0, "a1 b1 a2", 4);
	wr_topics_close(t);
}

static void topics_come_back(void **state)
{
	wr_topics *t = open_topics(dir);
	const wr_str odd = WR_STR_LIT(".a/b c%");

	(void)state;
	OK(wr_topics_create(t, TOPIC, 1, &err));
	OK(wr_topics_create(t, odd, 7, &err));
	OK(wr_topics_create(t, odd, 9, &err));
	wr_topics_close(t);
	t = open_topics(dir);
	assert_int_equal(wr_topics_partitions(t, odd), 7);
	OK(wr_topics_delete(t, odd, &err));
	assert_int_equal(wr_topics_partitions(t, odd), 0);
	wr_topics_close(t);
	t = open_topics(dir);
	assert_int_equal(wr_topics_partitions(t, odd), 0);
	assert_int_equal(wr_topics_partitions(t, TOPIC), 1);
	wr_topics_close(t);
}

/* Enough for way-marks: seeks by offset and time, records larger than any buffer, and reopening that reads marks. */
static void long_topics(const char *where)
{
	wr_topics *t = open_topics(where);
	size_t n = 3u << 20;
	char *big = malloc(n), value[32];
	wr_record huge = { .value = { big, (uint32_t)n }, .timestamp = 50000 }, got;
	wr_topic_cursor *c;
	int64_t next;

	memset(big, 'x', n);
	OK(wr_topics_create(t, TOPIC, 1, &err));
	for (int i = 0; i < 5000; i++) {
		wr_record r = { .value = { value,
					   (uint32_t)snprintf(value, sizeof value, "%d", i) },
				.timestamp = i };

		OK(wr_topics_append(t, TOPIC, 0, i == 2500 ? &huge : &r, NULL, 0, &err));
	}
	for (int round = 0; round < (where ? 2 : 1); round++) {
		OK(wr_topic_cursor_open(t, TOPIC, 0, 4321, &c, &err));
		assert_int_equal(wr_topic_cursor_read(c, &got, 1, &next), 1);
		assert_true(wr_str_is(got.value, "4321"));
		wr_topic_cursor_close(c);
		OK(wr_topic_cursor_open(t, TOPIC, 0, 2500, &c, &err));
		assert_int_equal(wr_topic_cursor_read(c, &got, 1, &next), 1);
		assert_int_equal(got.value.n, n);
		assert_memory_equal(got.value.p, big, n);
		wr_topic_cursor_close(c);
		assert_int_equal(wr_topics_at_time(t, TOPIC, 0, 1234), 1234);
		assert_int_equal(wr_topics_at_time(t, TOPIC, 0, 4000), 2500);
		assert_int_equal(wr_topics_at_time(t, TOPIC, 0, 99999), 5000);
		assert_int_equal(wr_topics_at_time(t, TOPIC, 0, -1), 0);
		if (where) {
			OK(wr_topics_sync(t, TOPIC, &err));
			wr_topics_close(t);
			t = open_topics(where);
		}
	}
	assert_int_equal(wr_topics_end(t, TOPIC, 0), 5000);
	wr_topics_close(t);
	free(big);
}

static void long_in_memory(void **state)
{
	(void)state;
	long_topics(NULL);
}

static void long_on_disk(void **state)
{
	(void)state;
	long_topics(dir);
}

static bool woken(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof n) == sizeof n;
}

static void watchers_are_woken(void **state)
{
	wr_topics *t = open_topics(NULL);

	(void)state;
	OK(wr_topics_create(t, TOPIC, 1, &err));
	OK(wr_topics_writer(t, "a", 0, &err));
	int fd = wr_topics_watch(t, TOPIC);

	assert_false(woken(fd));
	put(t, "k", "v", NULL, 0);
	assert_true(woken(fd));
	put(t, "k", "v", "a", 1);
	assert_false(woken(fd));
	wr_topics_decide(t, "a", 1);
	assert_true(woken(fd));
	OK(wr_topics_delete(t, TOPIC, &err));
	assert_true(woken(fd));
	wr_topics_unwatch(t, TOPIC, fd);
	close(fd);
	wr_topics_close(t);
}

static void keys_choose_partitions(void **state)
{
	wr_topics *t = open_topics(NULL);
	wr_record recs[] = { { .key = WR_STR_LIT("21"), .partition = -1 },
			     { .partition = -1 },
			     { .partition = -1 },
			     { .partition = 2 },
			     { .partition = 9 } };

	(void)state;
	OK(wr_topics_create(t, TOPIC, 3, &err));
	OK(wr_topics_append_all(t, TOPIC, recs, 1, NULL, 0, &err));
	assert_int_equal(wr_topics_end(t, TOPIC, (int32_t)((uint32_t)-973932308 & 0x7fffffff) % 3),
			 1);
	OK(wr_topics_append_all(t, TOPIC, recs + 1, 3, NULL, 0, &err));
	int64_t all =
	    wr_topics_end(t, TOPIC, 0) + wr_topics_end(t, TOPIC, 1) + wr_topics_end(t, TOPIC, 2);

	assert_int_equal(all, 4);
	assert_int_equal(wr_topics_append_all(t, TOPIC, recs + 4, 1, NULL, 0, &err), WR_FAIL);
	wr_topics_close(t);
}

enum { EPOCHS = 40, PER_EPOCH = 50 };

typedef struct job {
	wr_topics *topics;
	const char *name;
} job;

/* A query's life: epochs of records, every fourth rolled back and written again. */
static void *write_epochs(void *arg)
{
	const job *j = arg;
	wr_err mine = WR_ERR_INIT;

	for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++)
		for (int again = epoch % 4 == 0; again >= 0; again--) {
			for (int i = 0; i < PER_EPOCH; i++) {
				char value[32];
				wr_record r = { .key = wr_str_of(j->name), .value = { value, 0 } };

				r.value.n =
				    (uint32_t)snprintf(value, sizeof value, "%s%d%s", j->name,
						       (int)(epoch - 1) * PER_EPOCH + i,
						       again ? "!" : "");
				if (wr_topics_append(j->topics, TOPIC, 0, &r, j->name, epoch,
						     &mine))
					return (char *)"append";
			}
			if (wr_topics_sync(j->topics, TOPIC, &mine) ||
			    (again && wr_topics_writer(j->topics, j->name, epoch - 1, &mine)))
				return (char *)"sync";
			if (!again)
				wr_topics_decide(j->topics, j->name, epoch);
		}
	return NULL;
}

/* A reader sees each writer's records once, in order, and none that was rolled back. */
static void threads(const char *where)
{
	wr_topics *t = open_topics(where);
	job jobs[2] = { { t, "a" }, { t, "b" } };
	pthread_t thread[2];
	int next_of[2] = { 0, 0 };
	wr_topic_cursor *c;
	wr_record got[16];
	int64_t next;

	OK(wr_topics_create(t, TOPIC, 1, &err));
	for (int i = 0; i < 2; i++) {
		OK(wr_topics_writer(t, jobs[i].name, 0, &err));
		assert_int_equal(pthread_create(&thread[i], NULL, write_epochs, &jobs[i]), 0);
	}
	OK(wr_topic_cursor_open(t, TOPIC, 0, 0, &c, &err));
	while (next_of[0] + next_of[1] < 2 * EPOCHS * PER_EPOCH) {
		uint32_t n = wr_topic_cursor_read(c, got, 16, &next);

		for (uint32_t i = 0; i < n; i++) {
			char expected[32];
			int who = got[i].value.p[0] - 'a';

			snprintf(expected, sizeof expected, "%c%d", 'a' + who, next_of[who]++);
			assert_true(wr_str_is(got[i].value, expected));
		}
		if (n == 0)
			OK(wr_topic_cursor_health(c, &err));
	}
	for (int i = 0; i < 2; i++) {
		void *failed;

		pthread_join(thread[i], &failed);
		assert_null(failed);
	}
	wr_topic_cursor_close(c);
	wr_topics_close(t);
}

static void threads_in_memory(void **state)
{
	(void)state;
	threads(NULL);
}

static void threads_on_disk(void **state)
{
	(void)state;
	threads(dir);
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
		cmocka_unit_test_setup_teardown(damaged_tails_are_cut, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(flipped_bits_are_seen, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(damage_is_told, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(undecided_over_a_crash, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(topics_come_back, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(long_in_memory, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(long_on_disk, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(watchers_are_woken, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(threads_in_memory, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(threads_on_disk, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(keys_choose_partitions, make_dir, remove_dir),
	};

	wr_log_set_level(WR_LOG_OFF); /* cut tails are told */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

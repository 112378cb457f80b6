/*
 * kill -9 at any moment: a child commits epoch after epoch — small, large, in one step or in two — and tells each that has been
 * committed through a pipe. It is killed at a random time; what is then found must be one whole epoch, not older than the last one told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/store.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 28, LARGE = 11000 };

static char dir[64];
static const wr_db_options opt = { .cache_bytes = 8 << 20 };

static void clear(void)
{
	char command[128];

	snprintf(dir, sizeof(dir), "/tmp/weir-crash-test-%d", (int)getpid());
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

static void put_number(wr_store *st, const char *key, uint64_t n)
{
	wr_store_put(st, wr_str_of(key), (wr_str){ (const char *)&n, sizeof(n) });
}

static uint64_t get_number(wr_store *st, const char *key)
{
	wr_buf out = { 0 };
	uint64_t n = 0;

	if (wr_store_get(st, wr_str_of(key), &out) && out.n == sizeof(n))
		memcpy(&n, out.p, sizeof(n));
	wr_buf_free(&out);
	return n;
}

/* Every epoch replaces all rows of b by rows that carry its number; their count is in a. */
static void write_epoch(wr_store *a, wr_store *b, uint64_t n)
{
	uint64_t rows = n % 3 == 0 ? LARGE : n % 50 + 1;
	char k[32];

	wr_store_del_range(b, (wr_str){ 0 }, (wr_str){ 0 });
	for (uint64_t i = 0; i < rows; i++) {
		snprintf(k, sizeof(k), "%llu", (unsigned long long)(i * 7919 % 100003));
		put_number(b, k, n);
	}
	put_number(a, "epoch", n);
	put_number(a, "rows", rows);
}

static void child(int tell)
{
	wr_err err = WR_ERR_INIT;
	wr_db *db;
	wr_state *s;
	wr_store *a, *b;
	uint64_t waiting;

	if (wr_db_open(dir, &opt, &db, &err) || wr_state_open(db, "one", &s, &err) ||
	    (wr_state_pending(s, &waiting) && wr_state_apply(s, &err))) {
		fprintf(stderr, "child: %s\n", err.message);
		_exit(3);
	}
	a = wr_store_open(s, 1, 0);
	b = wr_store_open(s, 2, 0);
	for (uint64_t n = get_number(a, "epoch") + 1;; n++) {
		wr_status status;

		write_epoch(a, b, n);
		if (n % 2)
			status = wr_state_commit(s, &err);
		else
			status = wr_state_prepare(s, n, &err) || wr_state_apply(s, &err);
		if (status != WR_OK || write(tell, &n, sizeof(n)) != sizeof(n)) {
			fprintf(stderr, "child, epoch %llu: %s\n", (unsigned long long)n,
				err.message);
			_exit(4);
		}
	}
}

/* Returns the epoch found. */
static uint64_t check(uint64_t told)
{
	wr_err err = WR_ERR_INIT;
	wr_db *db;
	wr_state *s;
	wr_store *a, *b;
	wr_iter *it;
	wr_str key, value;
	uint64_t epoch, rows = 0, waiting = 0;

	if (wr_db_open(dir, &opt, &db, &err) || wr_state_open(db, "one", &s, &err))
		fail_msg("%s", err.message);
	if (wr_state_pending(s, &waiting) && wr_state_apply(s, &err))
		fail_msg("%s", err.message);
	a = wr_store_open(s, 1, 0);
	b = wr_store_open(s, 2, 0);
	epoch = get_number(a, "epoch");
	assert_true(epoch == told || epoch == told + 1);
	assert_true(!waiting || waiting == epoch);
	it = wr_store_scan(b, (wr_str){ 0 }, (wr_str){ 0 }, false);
	while (wr_iter_next(it, &key, &value)) {
		assert_int_equal(value.n, sizeof(epoch));
		assert_memory_equal(value.p, &epoch, sizeof(epoch));
		rows++;
	}
	wr_iter_close(it);
	assert_true(rows == get_number(a, "rows"));
	assert_int_equal(wr_state_health(s, &err), WR_OK);
	wr_state_close(s);
	wr_db_close(db);
	return epoch;
}

/* Lets a child run and kills it; the last epoch it told, or `told` when it told none. Most children are left alone until they told one. */
static uint64_t run_and_kill(int round, uint64_t told)
{
	struct timespec nap = { 0, (round * 13 % 40) * 1000000L };
	int ends[2], status;
	uint64_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) { /* a program of its own: RocksDB's threads do not come along with a fork */
		char tell[16];

		close(ends[0]);
		snprintf(tell, sizeof(tell), "%d", ends[1]);
		execl("/proc/self/exe", "state_crash", dir, tell, (char *)NULL);
		_exit(5);
	}
	close(ends[1]);
	if (round % 4)
		(void)poll(&(struct pollfd){ .fd = ends[0], .events = POLLIN }, 1, 30000);
	nanosleep(&nap, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	while (read(ends[0], &n, sizeof(n)) == sizeof(n))
		told = n;
	close(ends[0]);
	return told;
}

static void test_kill(void **state)
{
	uint64_t told = 0;

	(void)state;
	clear();
	for (int round = 0; round < ROUNDS; round++)
		told = check(run_and_kill(round, told));
	assert_true(told >= ROUNDS * 3 / 4);
	clear();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill),
	};

	if (argc == 3) {
		snprintf(dir, sizeof(dir), "%s", argv[1]);
		child(atoi(argv[2]));
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

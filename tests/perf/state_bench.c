/*
 * What the state costs, in nanoseconds: finds and makes in the cache (all keys in turn at random, and a few hot ones), and a
 * flush with its commit. Run it alone:  state_bench [entries, default 1200000] [dirty, default 300000]
 *
 * Prints one line per figure; nothing passes or fails.
 */
#include "state/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef struct payload {
	int64_t count, sum, min, max;
} payload;

static void save(void *self, const void *p, wr_buf *out)
{
	(void)self;
	wr_buf_put(out, p, sizeof(payload));
}

static bool load(void *self, void *p, wr_str bytes)
{
	(void)self;
	if (bytes.n != sizeof(payload))
		return false;
	memcpy(p, bytes.p, sizeof(payload));
	return true;
}

static const wr_cache_def def = { .size = sizeof(payload), .save = save, .load = load };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Key number i: 9 bytes, as an encoded BIGINT. */
static wr_str key_of(uint64_t i, char to[9])
{
	i = __builtin_bswap64(i * 0x9E3779B97F4A7C15u);
	to[0] = 1;
	memcpy(to + 1, &i, 8);
	return (wr_str){ to, 9 };
}

static void touch_some(wr_cache *c, uint64_t from, uint64_t n)
{
	char k[9];
	bool created;

	for (uint64_t i = from; i < from + n; i++) {
		wr_str key = key_of(i, k);
		payload *p = wr_cache_make(c, key, wr_cache_hash(key), &created);

		wr_cache_touch(c, p);
		p->count++;
	}
}

static double random_finds(wr_cache *c, uint64_t among, uint64_t n, bool ahead)
{
	enum { RUN = 1024 };
	char k[RUN][9];
	uint64_t hash[RUN];
	double begin = now();
	int64_t sum = 0;

	for (uint64_t done = 0; done < n; done += RUN) {
		for (int i = 0; i < RUN; i++)
			hash[i] = wr_cache_hash(key_of(next_random() % among, k[i]));
		for (int i = 0; i < RUN; i++) {
			if (ahead && i + 16 < RUN)
				wr_cache_prefetch(c, hash[i + 16]);
			if (ahead && i + 8 < RUN)
				wr_cache_prefetch_entry(c, hash[i + 8]);
			payload *p = wr_cache_find(c, (wr_str){ k[i], 9 }, hash[i]);

			sum += p->count;
		}
	}
	if (sum == 42)
		puts("");
	return (now() - begin) / (double)n;
}

static void commit(wr_cache *c, wr_state *st, const char *what, uint64_t n)
{
	wr_err err = WR_ERR_INIT;
	double begin = now(), flushed;

	wr_cache_flush(c);
	flushed = now();
	if (wr_state_commit(st, &err) != WR_OK) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	printf("%-44s %7.0f ns an entry, of which the flush %.0f\n", what,
	       (now() - begin) / (double)n, (flushed - begin) / (double)n);
}

/* Scans of some 3 rows each, as a join looks for its partners: key, time. */
static void bench_scans(wr_state *st, wr_store *s, const char *what)
{
	enum { GROUPS = 50000, SCANS = 200000 };
	wr_err err = WR_ERR_INIT;
	uint64_t rows = 0;
	double begin;

	for (uint64_t i = 0; i < GROUPS * 3; i++) {
		char k[32];
		int n = sprintf(k, "k%08u/%02u", (unsigned)(i / 3), (unsigned)(i % 3));

		wr_store_put(s, (wr_str){ k, (uint32_t)n },
			     WR_STR_LIT("a row of a join, some forty bytes of it…"));
	}
	for (int round = 0; round < 2; round++) {
		begin = now();
		for (int i = 0; i < SCANS; i++) {
			char a[32], b[32];
			unsigned g = (unsigned)(next_random() % GROUPS);
			wr_str from = { a, (uint32_t)sprintf(a, "k%08u/", g) };
			wr_str to = { b, (uint32_t)sprintf(b, "k%08u0", g) }, key, value;
			wr_iter *it = wr_store_scan(s, from, to, false);

			while (wr_iter_next(it, &key, &value))
				rows++;
			wr_iter_close(it);
		}
		printf("scan of 3 rows, %-28s %7.0f ns\n", round ? what : "of the open epoch",
		       (now() - begin) / SCANS);
		if (wr_state_commit(st, &err) != WR_OK)
			exit(1);
	}
	if (rows != (uint64_t)SCANS * 6)
		exit(1);
}

int main(int argc, char **argv)
{
	uint64_t all = argc > 1 ? strtoull(argv[1], NULL, 10) : 1200000;
	uint64_t dirty = argc > 2 ? strtoull(argv[2], NULL, 10) : 300000;
	char dir[64], command[128];
	wr_db_options opt = { .cache_bytes = 64 << 20 };
	wr_err err = WR_ERR_INIT;
	wr_db *db;
	wr_state *st;
	wr_store *store;
	wr_cache *c;
	double begin;

	snprintf(dir, sizeof(dir), "/tmp/weir-bench-%d", (int)getpid());
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	begin = now();
	if (wr_db_open(dir, &opt, &db, &err) != WR_OK ||
	    wr_state_open(db, "bench", &st, &err) != WR_OK) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	printf("%-44s %7.1f ms\n", "open a new database", (now() - begin) / 1e6);
	store = wr_store_open(st, 1, 0);
	c = wr_cache_new(store, &def, NULL);
	begin = now();
	touch_some(c, 0, all);
	printf("%-44s %7.0f ns\n", "make and touch, new keys", (now() - begin) / (double)all);
	printf("%-44s %7.1f bytes\n", "memory an entry, key 9 and payload 32 of it",
	       (double)wr_cache_bytes(c) / (double)all);
	printf("%-44s %7.0f ns\n", "find with hash, any key", random_finds(c, all, 4000000, false));
	printf("%-44s %7.0f ns\n", "the same, memory asked for ahead",
	       random_finds(c, all, 4000000, true));
	printf("%-44s %7.0f ns\n", "find with hash, 10,000 hot keys",
	       random_finds(c, 10000, 4000000, false));
	commit(c, st, "flush and commit of all", all);
	for (int i = 0; i < 3; i++) {
		touch_some(c, (uint64_t)i * dirty, dirty);
		commit(c, st, "flush and commit of a part", dirty);
	}
	touch_some(c, 0, 1000);
	commit(c, st, "flush and commit of 1,000", 1000);
	wr_cache_trim(c, 0);
	begin = now();
	for (uint64_t i = 0; i < 100000; i++) {
		char k[9];
		wr_str key = key_of(next_random() % all, k);

		wr_cache_find(c, key, wr_cache_hash(key));
	}
	printf("%-44s %7.0f ns\n", "find that loads from the store", (now() - begin) / 100000);
	begin = now();
	for (uint64_t i = 0; i < 100000; i++) {
		char k[9];
		wr_str key = key_of(all + i, k);

		wr_cache_find(c, key, wr_cache_hash(key));
	}
	printf("%-44s %7.0f ns\n", "find of a key the store has not", (now() - begin) / 100000);
	bench_scans(st, wr_store_open(st, 2, 0), "committed");
	wr_cache_close(c);
	wr_state_close(st);
	wr_db_close(db);
	return system(command) != 0;
}

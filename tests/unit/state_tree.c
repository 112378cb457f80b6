/*
 * The tree and the sort below stores and caches, at sizes that make trees several nodes deep: against a sorted array.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/sort.h"
#include "state/tree.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS = 20000, KEY_MAX = 40 };

typedef enum order { ASCENDING, DESCENDING, SHUFFLED } order;

typedef struct model {
	char (*keys)[KEY_MAX]; /* KEYS of them, ascending */
	uint32_t *len;
	bool *there;
	uint32_t *value;
} model;

static uint64_t seed = 88172645463325252u;

static uint32_t below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % n;
}

/* Key i; ascending in i. Long shared beginnings, and every seventh is the beginning of the next. */
static uint32_t make_key(uint32_t i, char *to)
{
	return (uint32_t)sprintf(to, "some beginning/%06u%s", i / 7, "\1\1\1\1\1\1" + (6 - i % 7));
}

static model new_model(void)
{
	model m = { calloc(KEYS, KEY_MAX), calloc(KEYS, sizeof(uint32_t)), calloc(KEYS, 1),
		    calloc(KEYS, sizeof(uint32_t)) };

	for (uint32_t i = 0; i < KEYS; i++)
		m.len[i] = make_key(i, m.keys[i]);
	return m;
}

static void free_model(model *m)
{
	free(m->keys);
	free(m->len);
	free(m->there);
	free(m->value);
}

static wr_str key_at(const model *m, uint32_t i)
{
	return (wr_str){ m->keys[i], m->len[i] };
}

static void put(wr_tree *t, model *m, uint32_t i)
{
	m->value[i] = below(1000000);
	m->there[i] = true;
	wr_tree_put(t, key_at(m, i), (wr_str){ (const char *)&m->value[i], sizeof(uint32_t) });
}

static void check_record(const model *m, uint32_t i, const wr_rec *r)
{
	assert_non_null(r);
	assert_true(wr_str_eq(wr_rec_key(r), key_at(m, i)));
	assert_int_equal(r->vlen, sizeof(uint32_t));
	assert_memory_equal(wr_rec_value(r).p, &m->value[i], sizeof(uint32_t));
}

static void check_all(const wr_tree *t, const model *m)
{
	wr_tree_pos pos;
	const wr_rec *r = wr_tree_seek(t, &pos, (wr_str){ 0 }, false);
	size_t n = 0;

	for (uint32_t i = 0; i < KEYS; i++) {
		if (!m->there[i]) {
			assert_null(wr_tree_find(t, key_at(m, i)));
			continue;
		}
		check_record(m, i, wr_tree_find(t, key_at(m, i)));
		check_record(m, i, r);
		r = wr_tree_step(&pos, false);
		n++;
	}
	assert_null(r);
	assert_int_equal(t->count, n);
	r = wr_tree_seek(t, &pos, (wr_str){ 0 }, true);
	for (uint32_t i = KEYS; i-- > 0;) {
		if (!m->there[i])
			continue;
		check_record(m, i, r);
		r = wr_tree_step(&pos, true);
	}
	assert_null(r);
}

static void check_seeks(const wr_tree *t, const model *m)
{
	wr_tree_pos pos;

	for (int k = 0; k < 2000; k++) {
		uint32_t i = below(KEYS), up = i, down = i;
		const wr_rec *r = wr_tree_seek(t, &pos, key_at(m, i), false);

		while (up < KEYS && !m->there[up])
			up++;
		while (down > 0 && !m->there[down - 1])
			down--;
		if (up == KEYS)
			assert_null(r);
		else
			check_record(m, up, r);
		r = wr_tree_seek(t, &pos, key_at(m, i), true);
		if (down == 0)
			assert_null(r);
		else
			check_record(m, down - 1, r);
	}
}

static void fill(wr_tree *t, model *m, order o)
{
	for (uint32_t k = 0; k < KEYS; k++)
		put(t, m, o == ASCENDING ? k : o == DESCENDING ? KEYS - 1 - k : below(KEYS));
}

static void remove_range(wr_tree *t, model *m, uint32_t from, uint32_t to)
{
	wr_tree_remove_range(t, key_at(m, from), to < KEYS ? key_at(m, to) : (wr_str){ 0 });
	for (uint32_t i = from; i < to; i++)
		m->there[i] = false;
}

static void run(bool heap, order o)
{
	model m = new_model();
	wr_tree t;

	wr_tree_init(&t, heap);
	fill(&t, &m, o);
	check_all(&t, &m);
	check_seeks(&t, &m);
	for (int k = 0; k < 3000; k++) {
		uint32_t i = below(KEYS);

		wr_tree_remove(&t, key_at(&m, i));
		m.there[i] = false;
	}
	remove_range(&t, &m, 100, 9000);
	remove_range(&t, &m, 9500, 9500 + below(5000));
	check_all(&t, &m);
	check_seeks(&t, &m);
	for (int k = 0; k < 5000; k++)
		put(&t, &m, below(KEYS));
	check_all(&t, &m);
	remove_range(&t, &m, 50, KEYS);
	wr_tree_tidy(&t);
	check_all(&t, &m);
	fill(&t, &m, SHUFFLED);
	check_all(&t, &m);
	wr_tree_clear(&t);
	assert_null(wr_tree_find(&t, key_at(&m, 0)));
	assert_int_equal(t.bytes, 0);
	wr_tree_free(&t);
	free_model(&m);
}

static void test_orders(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		run(i & 1, (order)(i / 2));
}

/* A queue in a tree that lives long: memory stays with what is in it. */
static void test_queue(void **state)
{
	wr_tree t;
	char k[32];

	(void)state;
	wr_tree_init(&t, true);
	for (uint32_t i = 0; i < 200000; i++) {
		wr_tree_put(&t, (wr_str){ k, (uint32_t)sprintf(k, "%09u", i) }, WR_STR_LIT("v"));
		if (i >= 500)
			wr_tree_remove(&t, (wr_str){ k, (uint32_t)sprintf(k, "%09u", i - 500) });
		if (i % 100 == 0)
			wr_tree_tidy(&t);
	}
	assert_int_equal(t.count, 500);
	assert_true(t.leaves < 500);
	assert_true(t.bytes < 100000);
	assert_true(wr_arena_bytes(t.arena) < 2 << 20);
	wr_tree_free(&t);
}

/* Marks, empty keys, empty values, values that grow. */
static void test_values(void **state)
{
	wr_tree t;
	char big[5000];

	(void)state;
	memset(big, 'x', sizeof(big));
	for (int heap = 0; heap < 2; heap++) {
		wr_tree_init(&t, heap);
		wr_tree_put(&t, WR_STR_LIT(""), WR_STR_LIT(""));
		wr_tree_put(&t, WR_STR_LIT("k"), (wr_str){ 0 });
		assert_true(wr_rec_deleted(wr_tree_find(&t, WR_STR_LIT("k"))));
		assert_false(wr_rec_deleted(wr_tree_find(&t, WR_STR_LIT(""))));
		for (uint32_t n = 0; n < sizeof(big); n += 37) {
			wr_str v;

			wr_tree_put(&t, WR_STR_LIT("k"), (wr_str){ big, n });
			v = wr_rec_value(wr_tree_find(&t, WR_STR_LIT("k")));
			assert_int_equal(v.n, n);
			assert_non_null(v.p);
		}
		assert_int_equal(t.count, 2);
		wr_tree_free(&t);
	}
}

static uint64_t hash_of(wr_str key)
{
	uint64_t h = key.n + (uintptr_t)key.p;

	for (uint32_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * 0x9E3779B97F4A7C15u;
	return h;
}

static void check_sort(uint32_t n, int kind)
{
	uint64_t sum = 0;
	wr_sort_item *items = malloc((n + 1) * sizeof(*items));
	char *bytes = malloc((size_t)(n + 1) * KEY_MAX);

	for (uint32_t i = 0; i < n; i++) {
		char *k = bytes + (size_t)i * KEY_MAX;
		uint32_t len = 0;

		if (kind == 0) /* numbers behind a common beginning */
			len = (uint32_t)sprintf(k, "key/%u", below(1u << 31));
		if (kind ==
		    1) /* few letters, many lengths: beginnings of each other, zeros, equals */
			for (len = 0; len < 20 && below(12); len++)
				k[len] = (char)below(2);
		if (kind == 2) /* a few beginnings, then numbers */
			len = (uint32_t)sprintf(k, "%020u/%u", below(3), below(5000));
		if (kind == 3) /* nothing but zeros */
			memset(k, 0, len = below(30));
		items[i] = (wr_sort_item){ .key = { k, len } };
		sum += hash_of(items[i].key);
	}
	wr_sort(items, n);
	for (uint32_t i = 0; i < n; i++) {
		sum -= hash_of(items[i].key);
		assert_true(i == 0 || wr_str_cmp(items[i - 1].key, items[i].key) <= 0);
	}
	assert_int_equal(sum, 0); /* the same keys as before */
	free(items);
	free(bytes);
}

static void test_sort(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 2, 47, 48, 49, 50, 300, 5000, 40000, 200000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int kind = 0; kind < 4; kind++)
			check_sort(sizes[i], kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_sort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

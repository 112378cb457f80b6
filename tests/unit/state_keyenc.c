/*
 * Keys: for random pairs of values of every type, the order of the encodings is the order of wr_vec_cmp; what is read back
 * is equal; and no cut or changed encoding makes the reader leave its bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/keyenc.h"

#include <math.h>

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(next_random() >> 20) % n;
}

/* Small numbers, borders and anything, each often enough. */
static int64_t random_i64(void)
{
	static const int64_t borders[] = { 0,	   1,	      -1,	 127,	    128,
					   -128,   -129,      255,	 256,	    32767,
					   -32768, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN };

	switch (below(3)) {
	case 0: return borders[below(sizeof(borders) / sizeof(borders[0]))];
	case 1: return (int64_t)below(5) - 2;
	default: return (int64_t)(next_random() >> below(64)) * (below(2) ? 1 : -1);
	}
}

static double random_double(void)
{
	static const double borders[] = { 0.0, -0.0,   1,	-1,    INFINITY, -INFINITY,
					  NAN, 5e-324, -5e-324, 1e308, 0.1 };
	uint64_t bits = next_random();
	double d;

	if (below(2))
		return borders[below(sizeof(borders) / sizeof(borders[0]))];
	memcpy(&d, &bits, sizeof(d));
	return d;
}

static wr_str random_str(wr_arena *a)
{
	static const char letters[] = { 0, 1, 2, 'a', 'b', (char)0x7F, (char)0x80, (char)0xFF };
	uint32_t n = below(5);
	char *p = wr_arena_alloc(a, n + 1);

	for (uint32_t i = 0; i < n; i++)
		p[i] = letters[below(sizeof(letters))];
	return (wr_str){ p, n };
}

static wr_dec random_dec(wr_arena *a, const wr_type *t)
{
	wr_dec d;
	char text[80];
	unsigned n = 0, digits = 1 + below(wr_type_wide(t) ? 60 : 30);

	if (below(3) == 0) {
		assert_true(wr_dec_from_int(a, (int64_t)below(700) - 350, t, &d));
		return d;
	}
	if (below(2))
		text[n++] = '-';
	for (unsigned i = 0; i < digits; i++)
		text[n++] = (char)('0' + below(10));
	assert_true(wr_dec_parse(a, (wr_str){ text, n }, t, false, &d));
	return d;
}

static void push_random(wr_vec *v, wr_arena *a);

static void push_list(wr_vec *v, wr_arena *a)
{
	uint32_t begin = wr_vec_list_begin(v), n = below(4);

	for (uint32_t i = 0; i < n; i++) {
		if (v->type->tag == WR_MAP) { /* keys of a map differ */
			wr_vec_resize(&v->kids[0], a, v->kids[0].n + 1);
			wr_vec_INTEGER(&v->kids[0])[v->kids[0].n - 1] =
			    (int32_t)((i * 2 + below(2)) ^ 3);
			push_random(&v->kids[1], a);
		} else {
			push_random(&v->kids[0], a);
		}
	}
	wr_vec_list_end(v, a, begin);
}

static void push_scalar(wr_vec *v, wr_arena *a)
{
	uint32_t n = v->n;

	wr_vec_resize(v, a, n + 1);
	switch (v->type->tag) {
	case WR_BOOLEAN: wr_vec_BOOLEAN(v)[n] = (uint8_t)below(2); break;
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME: ((int32_t *)v->data)[n] = (int32_t)random_i64(); break;
	case WR_BIGINT:
	case WR_TIMESTAMP: ((int64_t *)v->data)[n] = random_i64(); break;
	case WR_DOUBLE: wr_vec_DOUBLE(v)[n] = random_double(); break;
	case WR_DECIMAL: wr_vec_DECIMAL(v)[n] = random_dec(a, v->type); break;
	case WR_STRING:
	case WR_BYTES: ((wr_str *)v->data)[n] = random_str(a); break;
	default: fail();
	}
}

static void push_random(wr_vec *v, wr_arena *a)
{
	if (below(8) == 0) {
		wr_vec_push_null(v, a);
	} else if (v->type->tag == WR_STRUCT) {
		for (uint32_t k = 0; k < v->type->nkids; k++)
			push_random(&v->kids[k], a);
		wr_vec_struct_end(v, a);
	} else if (wr_tag_nested(v->type->tag)) {
		push_list(v, a);
	} else {
		push_scalar(v, a);
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

/* Followed by the same byte, so that an encoding that is the beginning of another shows itself. */
static wr_str encode(wr_buf *out, const wr_vec *v, uint32_t row, char tail)
{
	wr_buf_reset(out);
	wr_key_put(out, v, row);
	wr_buf_putc(out, tail);
	return wr_buf_view(out);
}

static void check_order(const wr_vec *v)
{
	wr_buf x = { 0 }, y = { 0 };

	for (int round = 0; round < 20000; round++) {
		uint32_t i = below(v->n), j = below(v->n);
		int want = sign(wr_vec_cmp(v, i, v, j));
		bool swap = below(2);
		wr_str a = encode(&x, v, i, want && swap ? (char)0xFF : 0);
		wr_str b = encode(&y, v, j, want && !swap ? (char)0xFF : 0);

		assert_int_equal(sign(wr_str_cmp(a, b)), want);
	}
	wr_buf_free(&x);
	wr_buf_free(&y);
}

static void check_back(const wr_vec *v, wr_arena *a)
{
	wr_buf buf = { 0 };
	wr_vec back;

	wr_vec_init(&back, a, v->type, 0);
	for (uint32_t i = 0; i < v->n; i++) {
		wr_str s = encode(&buf, v, i, 'x');
		const char *p = s.p;

		assert_true(wr_key_get(&back, a, &p, s.p + s.n));
		assert_ptr_equal(p, s.p + s.n - 1);
		assert_true(wr_vec_eq(v, i, &back, i));
	}
	wr_buf_free(&buf);
}

/* Cut anywhere it is refused; with a changed byte it is refused or read, within its bytes (ASan looks on). */
static void check_damage(const wr_vec *v, wr_arena *a)
{
	wr_buf buf = { 0 };
	wr_vec back;

	for (uint32_t i = 0; i < v->n; i++) {
		uint32_t n;

		wr_buf_reset(&buf);
		wr_key_put(&buf, v, i);
		for (n = 0; n < buf.n; n++) {
			char *cut = wr_arena_alloc(a, n);
			const char *p = cut;

			memcpy(cut, buf.p, n);
			wr_vec_init(&back, a, v->type, 0);
			assert_false(wr_key_get(&back, a, &p, cut + n));
		}
		for (int k = 0; k < 5; k++) {
			const char *p;
			char *copy = wr_arena_alloc(a, buf.n);

			memcpy(copy, buf.p, buf.n);
			copy[below(n)] = (char)next_random();
			p = copy;
			wr_vec_init(&back, a, v->type, 0);
			(void)wr_key_get(&back, a, &p, copy + buf.n);
		}
	}
	wr_buf_free(&buf);
}

static void check_type(wr_arena *a, const wr_type *t)
{
	wr_vec v;

	wr_vec_init(&v, a, t, 0);
	for (int i = 0; i < 500; i++)
		push_random(&v, a);
	check_order(&v);
	check_back(&v, a);
	check_damage(&v, a);
}

static void test_scalars(void **state)
{
	wr_arena *a = wr_arena_new();

	(void)state;
	for (wr_tag tag = 0; tag < WR_ARRAY; tag++)
		if (tag != WR_DECIMAL)
			check_type(a, wr_type_of(tag));
	wr_arena_free(a);
}

static void test_decimals(void **state)
{
	wr_arena *a = wr_arena_new();

	(void)state;
	check_type(a, wr_type_decimal(a, 4 + 30, 2));
	check_type(a, wr_type_decimal(a, 38, 0));
	check_type(a, wr_type_decimal(a, 70, 3));
	wr_arena_free(a);
}

static void test_nested(void **state)
{
	wr_arena *a = wr_arena_new();
	const wr_type *text = wr_type_of(WR_STRING), *number = wr_type_of(WR_INTEGER);
	const wr_type *list = wr_type_array(a, text), *map = wr_type_map(a, number, text);
	const wr_str names[] = { WR_STR_LIT("A"), WR_STR_LIT("B"), WR_STR_LIT("C") };
	const wr_type *fields[] = { text, list, wr_type_of(WR_DOUBLE) };

	(void)state;
	check_type(a, list);
	check_type(a, wr_type_array(a, list));
	check_type(a, map);
	check_type(a, wr_type_struct(a, 3, names, fields));
	check_type(a, wr_type_array(a, wr_type_struct(a, 3, names, fields)));
	wr_arena_free(a);
}

/* Rows of several columns compare column by column. */
static void test_rows(void **state)
{
	wr_arena *a = wr_arena_new();
	wr_vec cols[3];
	wr_buf x = { 0 }, y = { 0 };

	(void)state;
	wr_vec_init(&cols[0], a, wr_type_of(WR_STRING), 0);
	wr_vec_init(&cols[1], a, wr_type_of(WR_BYTES), 0);
	wr_vec_init(&cols[2], a, wr_type_of(WR_BIGINT), 0);
	for (int i = 0; i < 300; i++)
		for (int k = 0; k < 3; k++)
			push_random(&cols[k], a);
	for (int round = 0; round < 50000; round++) {
		uint32_t i = below(300), j = below(300);
		int want = 0;

		for (int k = 0; k < 3 && !want; k++)
			want = sign(wr_vec_cmp(&cols[k], i, &cols[k], j));
		wr_buf_reset(&x);
		wr_buf_reset(&y);
		wr_key_put_row(&x, cols, 3, i);
		wr_key_put_row(&y, cols, 3, j);
		assert_int_equal(sign(wr_str_cmp(wr_buf_view(&x), wr_buf_view(&y))), want);
	}
	wr_buf_free(&x);
	wr_buf_free(&y);
	wr_arena_free(a);
}

static void test_i64(void **state)
{
	wr_buf x = { 0 }, y = { 0 };

	(void)state;
	for (int round = 0; round < 10000; round++) {
		int64_t a = random_i64(), b = random_i64(), back;
		const char *p;

		wr_buf_reset(&x);
		wr_buf_reset(&y);
		wr_key_put_i64(&x, a);
		wr_key_put_i64(&y, b);
		assert_int_equal(sign(wr_str_cmp(wr_buf_view(&x), wr_buf_view(&y))),
				 (a > b) - (a < b));
		p = x.p;
		assert_true(wr_key_get_i64(&back, &p, x.p + x.n));
		assert_true(back == a);
		p = x.p;
		assert_false(wr_key_get_i64(&back, &p, x.p + 7));
	}
	wr_buf_free(&x);
	wr_buf_free(&y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars), cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_nested),	cmocka_unit_test(test_rows),
		cmocka_unit_test(test_i64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

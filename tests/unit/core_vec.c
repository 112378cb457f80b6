/* Vectors: growth, nested values, gather, order against hash, and bytes there and back. */
#include "core/number.h"
#include "core/vec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static wr_arena *arena;

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

static const wr_type *type_of(const char *text)
{
	const wr_type *t = wr_type_read(arena, wr_str_of(text));

	assert_non_null(t);
	return t;
}

static const char *text(const wr_vec *v, uint32_t row)
{
	wr_buf b = { 0 };
	const char *z;

	wr_vec_print(v, row, &b);
	z = wr_arena_strdup(arena, wr_buf_z(&b));
	wr_buf_free(&b);
	return z;
}

static void push_str(wr_vec *v, const char *z)
{
	wr_vec_resize(v, arena, v->n + 1);
	wr_vec_STRING(v)[v->n - 1] = wr_str_of(z);
}

/* ---- types */

static void test_type_text(void **state)
{
	static const char *const good[] = {
		"BIGINT",
		"DECIMAL(4, 2)",
		"ARRAY<STRING>",
		"MAP<STRING, ARRAY<DOUBLE>>",
		"STRUCT<`A` INTEGER, `b``c` STRUCT<`x` DECIMAL(60, 3)>>",
		"STRUCT<>",
	};
	static const char *const bad[] = {
		"", "FOO", "ARRAY<", "ARRAY<STRING", "DECIMAL(4)", "STRUCT<A INTEGER>", "BIGINT x"
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_string_equal(wr_type_text(arena, type_of(good[i])), good[i]);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(wr_type_read(arena, wr_str_of(bad[i])));
	assert_true(wr_type_eq(type_of(good[4]), wr_type_copy(arena, type_of(good[4]))));
	assert_false(wr_type_eq(type_of("STRUCT<`a` INTEGER>"), type_of("STRUCT<`A` INTEGER>")));
}

/* ---- making and gathering */

static void test_grow(void **state)
{
	wr_vec v;

	(void)state;
	wr_vec_init(&v, arena, wr_type_of(WR_BIGINT), 0);
	for (int64_t i = 0; i < 5000; i++) {
		if (i % 3 == 0) {
			wr_vec_push_null(&v, arena);
			continue;
		}
		wr_vec_resize(&v, arena, v.n + 1);
		wr_vec_BIGINT(&v)[i] = i;
	}
	assert_int_equal(v.n, 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		assert_int_equal(wr_vec_is_null(&v, i), i % 3 == 0);
		if (i % 3)
			assert_int_equal(wr_vec_BIGINT(&v)[i], i);
	}
}

/* STRUCT<L ARRAY<STRING>, N INTEGER>: {['a','b'],1}, null, {[],null} */
static void make_structs(wr_vec *v)
{
	uint32_t begin;

	wr_vec_init(v, arena, type_of("STRUCT<`L` ARRAY<STRING>, `N` INTEGER>"), 1);
	begin = wr_vec_list_begin(&v->kids[0]);
	push_str(&v->kids[0].kids[0], "a");
	push_str(&v->kids[0].kids[0], "b");
	wr_vec_list_end(&v->kids[0], arena, begin);
	wr_vec_resize(&v->kids[1], arena, 1);
	wr_vec_INTEGER(&v->kids[1])[0] = 1;
	wr_vec_struct_end(v, arena);
	wr_vec_push_null(v, arena);
	begin = wr_vec_list_begin(&v->kids[0]);
	wr_vec_list_end(&v->kids[0], arena, begin);
	wr_vec_push_null(&v->kids[1], arena);
	wr_vec_struct_end(v, arena);
}

static void test_nested(void **state)
{
	static const uint32_t rows[] = { 2, 0, 0, 1 };
	wr_vec v, out, copy;

	(void)state;
	make_structs(&v);
	assert_string_equal(text(&v, 0), "STRUCT(`L` := ARRAY['a', 'b'], `N` := 1)");
	assert_string_equal(text(&v, 1), "NULL");
	assert_string_equal(text(&v, 2), "STRUCT(`L` := ARRAY[], `N` := NULL)");
	assert_true(wr_vec_is_null(&v.kids[1], 1));

	wr_vec_gather(&out, arena, &v, rows, 4);
	assert_int_equal(out.n, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(wr_vec_eq(&out, i, &v, rows[i]));

	/* appending to a gathered vector must not write into its source */
	wr_vec_push(&out, arena, &v, 0, false);
	wr_vec_push(&v, arena, &out, 2, false);
	assert_string_equal(text(&out, 4), text(&v, 0));
	assert_string_equal(text(&v, 3), text(&v, 0));

	wr_vec_init(&copy, arena, v.type, 0);
	for (uint32_t i = 0; i < v.n; i++)
		wr_vec_push(&copy, arena, &v, i, true);
	for (uint32_t i = 0; i < v.n; i++)
		assert_true(wr_vec_eq(&copy, i, &v, i));
	assert_ptr_not_equal(wr_vec_str(&copy.kids[0].kids[0], 0).p,
			     wr_vec_str(&v.kids[0].kids[0], 0).p);
}

static void test_const(void **state)
{
	static const uint32_t rows[] = { 7, 9 };
	wr_vec v, out;

	(void)state;
	wr_vec_const_null(&v, arena, type_of("MAP<STRING, BIGINT>"));
	assert_true(wr_vec_is_null(&v, 12));
	wr_vec_init(&v, arena, wr_type_of(WR_STRING), 1);
	push_str(&v, "x'y");
	v.kind = WR_CONST;
	assert_string_equal(text(&v, 5), "'x''y'");
	wr_vec_gather(&out, arena, &v, rows, 2);
	assert_int_equal(out.kind, WR_CONST);
	assert_int_equal(out.n, 2);
	wr_vec_init(&out, arena, v.type, 0);
	wr_vec_push(&out, arena, &v, 1000, true);
	assert_string_equal(text(&out, 0), "'x''y'");
}

/* ---- random values of random types */

static const wr_type *random_type(int depth)
{
	static const wr_str names[] = { { "a", 1 }, { "B", 1 }, { "c`", 2 } };
	const wr_type *kids[3];
	unsigned n;

	switch (below(depth > 0 ? 13 : 10)) {
	case 4: n = below(2) ? 38 : 70; return wr_type_decimal(arena, n, below(n));
	case 10: return wr_type_array(arena, random_type(depth - 1));
	case 11: return wr_type_map(arena, wr_type_of(WR_STRING), random_type(depth - 1));
	case 12:
		n = below(4);
		for (unsigned i = 0; i < n; i++)
			kids[i] = random_type(depth - 1);
		return wr_type_struct(arena, n, names, kids);
	default: n = below(9); return wr_type_of((wr_tag)(n < WR_DECIMAL ? n : n + 1));
	}
}

static void random_scalar(wr_vec *v);
static void random_value(wr_vec *v);

static void random_list(wr_vec *v)
{
	uint32_t begin = wr_vec_list_begin(v), n = below(4);

	for (uint32_t i = 0; i < n; i++) {
		if (v->type->tag == WR_MAP) /* keys are not null and differ */
			push_str(&v->kids[0], (const char *const[]){ "p", "q", "r", "s" }[i]);
		random_value(&v->kids[v->type->tag == WR_MAP]);
	}
	wr_vec_list_end(v, arena, begin);
}

static void random_value(wr_vec *v)
{
	if (below(5) == 0) {
		wr_vec_push_null(v, arena);
	} else if (v->type->tag == WR_STRUCT) {
		for (uint32_t i = 0; i < v->type->nkids; i++)
			random_value(&v->kids[i]);
		wr_vec_struct_end(v, arena);
	} else if (wr_tag_nested(v->type->tag)) {
		random_list(v);
	} else {
		random_scalar(v);
	}
}

static int64_t random_int(void)
{
	static const int64_t edges[] = { 0,    1,	  -1,	     127,	128,	  -128,
					 -129, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN };

	return below(2) ? edges[below(11)] : (int64_t)below(3);
}

static wr_dec random_dec(const wr_type *t)
{
	wr_buf b = { 0 };
	wr_dec d;

	wr_buf_i64(&b, random_int() % 1000000);
	for (unsigned i = 0; i < t->scale; i++)
		wr_buf_putc(&b, '0');
	wr_buf_printf(&b, "e-%u", t->scale);
	if (!wr_dec_parse(arena, wr_buf_view(&b), t, false, &d))
		assert_true(wr_dec_parse(arena, wr_str_of("0"), t, false, &d));
	wr_buf_free(&b);
	return d;
}

static void random_scalar(wr_vec *v)
{
	static const double doubles[] = { 0.0, -0.0, NAN, INFINITY, -INFINITY, 1.5 };
	static const char *const strings[] = { "", "a", "ab", "b",
					       "a longer string that needs more than one byte" };
	uint32_t at = v->n;

	wr_vec_resize(v, arena, at + 1);
	switch (v->type->tag) {
	case WR_BOOLEAN: wr_vec_BOOLEAN(v)[at] = (uint8_t)below(2); break;
	case WR_DOUBLE: wr_vec_DOUBLE(v)[at] = doubles[below(6)]; break;
	case WR_DECIMAL: wr_vec_DECIMAL(v)[at] = random_dec(v->type); break;
	case WR_STRING:
	case WR_BYTES: ((wr_str *)v->data)[at] = wr_str_of(strings[below(5)]); break;
	case WR_BIGINT:
	case WR_TIMESTAMP: ((int64_t *)v->data)[at] = random_int(); break;
	case WR_TIME: wr_vec_TIME(v)[at] = (int32_t)below(86400000); break;
	default: ((int32_t *)v->data)[at] = (int32_t)random_int();
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void test_order_and_hash(void **state)
{
	(void)state;
	srandom(3);
	for (int round = 0; round < 300; round++) {
		wr_vec v;

		wr_vec_init(&v, arena, random_type(3), below(4));
		for (int i = 0; i < 12; i++)
			random_value(&v);
		for (uint32_t i = 0; i < v.n; i++)
			for (uint32_t j = 0; j < v.n; j++) {
				int c = wr_vec_cmp(&v, i, &v, j);

				assert_int_equal(wr_vec_eq(&v, i, &v, j), c == 0);
				assert_int_equal(sign(c), -sign(wr_vec_cmp(&v, j, &v, i)));
				if (c == 0)
					assert_true(wr_vec_hash(&v, i, 9) == wr_vec_hash(&v, j, 9));
				for (uint32_t k = 0; k < v.n; k++) /* transitive */
					if (c <= 0 && wr_vec_cmp(&v, j, &v, k) <= 0)
						assert_true(wr_vec_cmp(&v, i, &v, k) <= 0);
			}
		wr_arena_reset(arena);
	}
}

static void test_map_order(void **state)
{
	wr_vec v;
	static const char *const keys[2][2] = { { "a", "b" }, { "b", "a" } };

	(void)state;
	wr_vec_init(&v, arena, type_of("MAP<STRING, STRING>"), 2);
	for (int m = 0; m < 2; m++) {
		uint32_t begin = wr_vec_list_begin(&v);

		for (int i = 0; i < 2; i++) {
			push_str(&v.kids[0], keys[m][i]);
			push_str(&v.kids[1], keys[m][i]);
		}
		wr_vec_list_end(&v, arena, begin);
	}
	assert_true(wr_vec_eq(&v, 0, &v, 1));
	assert_true(wr_vec_hash(&v, 0, 1) == wr_vec_hash(&v, 1, 1));
}

static void test_save_load(void **state)
{
	(void)state;
	srandom(5);
	for (int round = 0; round < 500; round++) {
		wr_vec v, back, cut;
		wr_buf b = { 0 };
		const char *p;

		wr_vec_init(&v, arena, random_type(3), below(4));
		for (int i = 0; i < 6; i++)
			random_value(&v);
		for (uint32_t i = 0; i < v.n; i++)
			wr_vec_save(&v, i, &b);
		wr_vec_init(&back, arena, v.type, 0);
		p = b.p;
		for (uint32_t i = 0; i < v.n; i++)
			assert_true(wr_vec_load(&back, arena, &p, b.p + b.n));
		assert_ptr_equal(p, b.p + b.n);
		for (uint32_t i = 0; i < v.n; i++)
			assert_true(wr_vec_eq(&v, i, &back, i));
		for (size_t n = 0; n < b.n && n < 60;
		     n++) { /* cut bytes are noticed, damaged ones do no harm */
			char *part = malloc(n ? n : 1);
			uint32_t rows = 0;

			memcpy(part, b.p, n);
			p = part;
			wr_vec_init(&cut, arena, v.type, 0);
			while (rows < v.n && wr_vec_load(&cut, arena, &p, part + n))
				rows++;
			assert_true(rows < v.n);
			for (size_t i = 0; i < n; i++)
				part[i] = (char)below(256);
			p = part;
			wr_vec_init(&cut, arena, v.type, 0);
			for (rows = 0; rows < v.n && wr_vec_load(&cut, arena, &p, part + n);)
				rows++;
			free(part);
		}
		wr_buf_free(&b);
		wr_arena_reset(arena);
	}
}

static void test_narrow_bytes(void **state)
{
	const wr_type *t = wr_type_decimal(arena, 38, 0);
	wr_vec v, back;

	(void)state;
	for (int bit = 0; bit < 127; bit++)
		for (int d = -1; d <= 1; d++) {
			wr_buf b = { 0 };
			const char *p;

			wr_vec_init(&v, arena, t, 2);
			wr_vec_resize(&v, arena, 2);
			wr_vec_DECIMAL(&v)[0].i = ((__int128)1 << bit) + d;
			wr_vec_DECIMAL(&v)[1].i = -((__int128)1 << bit) + d;
			wr_vec_save(&v, 0, &b);
			wr_vec_save(&v, 1, &b);
			wr_vec_init(&back, arena, t, 0);
			p = b.p;
			for (uint32_t i = 0; i < 2; i++) {
				assert_true(wr_vec_load(&back, arena, &p, b.p + b.n));
				assert_true(wr_vec_DECIMAL(&back)[i].i == wr_vec_DECIMAL(&v)[i].i);
			}
			wr_buf_free(&b);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_type_text),      cmocka_unit_test(test_grow),
		cmocka_unit_test(test_nested),	       cmocka_unit_test(test_const),
		cmocka_unit_test(test_order_and_hash), cmocka_unit_test(test_map_order),
		cmocka_unit_test(test_save_load),      cmocka_unit_test(test_narrow_bytes),
	};
	int failed;

	arena = wr_arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	wr_arena_free(arena);
	return failed;
}

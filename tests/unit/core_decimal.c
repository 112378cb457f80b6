/* Decimals: texts, rounding, arithmetic types, and the narrow path held to the wide one. */
#include "core/decimal.h"
#include "core/decimal_wide.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static wr_arena *arena;

static const wr_type *dec(unsigned p, unsigned s)
{
	return wr_type_decimal(arena, p, s);
}

static const char *text(wr_dec d, const wr_type *t)
{
	wr_buf b = { 0 };
	const char *z;

	wr_dec_print(d, t, &b);
	z = wr_arena_str(arena, wr_buf_view(&b)).p;
	wr_buf_free(&b);
	return z;
}

/* in, as a value of DECIMAL(p,s), printed again; "no" when it is refused. */
static const char *parsed(const char *in, unsigned p, unsigned s, bool exact)
{
	wr_dec d;

	return wr_dec_parse(arena, wr_str_of(in), dec(p, s), exact, &d) ? text(d, dec(p, s)) : "no";
}

static void test_parse(void **state)
{
	(void)state;
	assert_string_equal(parsed("-12.30", 4, 2, true), "-12.30");
	assert_string_equal(parsed("12.3", 4, 2, true), "12.30");
	assert_string_equal(parsed("+1e3", 4, 0, true), "1000");
	assert_string_equal(parsed(".5", 2, 1, true), "0.5");
	assert_string_equal(parsed("5.", 2, 1, true), "5.0");
	assert_string_equal(parsed("-.05", 2, 2, true), "-0.05");
	assert_string_equal(parsed("0", 1, 0, true), "0");
	assert_string_equal(parsed("-0.00", 3, 2, true), "0.00");
	assert_string_equal(parsed("000000000000000000000000000000000000000000000012", 2, 0, true),
			    "12");
	assert_string_equal(parsed("1.2000000000000000000000000000000000000000000000", 2, 1, true),
			    "1.2");
	assert_string_equal(parsed("0e999999999999999999", 2, 1, true), "0.0");
	assert_string_equal(parsed("1e999999999999999999", 38, 1, true), "no");
	assert_string_equal(parsed("1e-999999999999999999", 38, 1, true), "no");
	assert_string_equal(parsed("1e-999999999999999999", 60, 1, false), "0.0");
	assert_string_equal(parsed("99999999999999999999999999999999999999", 38, 0, true),
			    "99999999999999999999999999999999999999");
	assert_string_equal(parsed("12.345", 4, 2, true), "no");
	assert_string_equal(parsed("100", 2, 0, true), "no");
	for (const char *const *bad = (const char *const[]){ "", "-", ".", "1 ", " 1", "1e", "1e+",
							     "1.2.3", "0x1", "NaN", "1e5x", NULL };
	     *bad; bad++)
		assert_string_equal(parsed(*bad, 10, 2, false), "no");
}

static void test_half_up(void **state)
{
	(void)state;
	assert_string_equal(parsed("0.125", 3, 2, false), "0.13");
	assert_string_equal(parsed("-0.125", 3, 2, false), "-0.13");
	assert_string_equal(parsed("0.1249999", 3, 2, false), "0.12");
	assert_string_equal(parsed("9.995", 3, 2, false), "no");
	assert_string_equal(parsed("0.5", 1, 0, false), "1");
	assert_string_equal(parsed("0.49999999999999999999999999999999999999999999", 1, 0, false),
			    "0");
	assert_string_equal(parsed("0.5", 50, 0, false), "1");
	assert_string_equal(parsed("-0.45", 50, 1, false), "-0.5");
}

static const char *calc(const char *x, const wr_type *tx, char op, const char *y, const wr_type *ty)
{
	const wr_type *t = wr_dec_arith_type(arena, op, tx, ty);
	wr_dec a, b, r;

	assert_true(wr_dec_parse(arena, wr_str_of(x), tx, true, &a));
	assert_true(wr_dec_parse(arena, wr_str_of(y), ty, true, &b));
	return wr_dec_arith(arena, op, a, tx, b, ty, t, &r) ? text(r, t) : "no";
}

static void test_arith(void **state)
{
	(void)state;
	assert_string_equal(calc("1.10", dec(3, 2), '+', "2.2", dec(2, 1)), "3.30");
	assert_string_equal(calc("1.10", dec(3, 2), '-', "2.2", dec(2, 1)), "-1.10");
	assert_string_equal(calc("1.10", dec(3, 2), '*', "-2.2", dec(2, 1)), "-2.420");
	assert_string_equal(calc("1.00", dec(3, 2), '/', "8.0", dec(2, 1)), "0.125000");
	assert_string_equal(calc("1.00", dec(3, 2), '/', "3.0", dec(2, 1)), "no");
	assert_string_equal(calc("1.00", dec(3, 2), '/', "0.0", dec(2, 1)), "no");
	assert_string_equal(calc("-7.50", dec(3, 2), '%', "2.0", dec(2, 1)), "-1.50");
	assert_string_equal(calc("7.50", dec(3, 2), '%', "0.0", dec(2, 1)), "no");
	assert_string_equal(calc("99999999999999999999999999999999999999", dec(38, 0), '*', "99",
				 dec(2, 0)),
			    "9899999999999999999999999999999999999901");
	assert_string_equal(calc("10.10", dec(31, 2), '/', "0.25", dec(30, 4)),
			    "40.400000000000000000000000000000000");
	assert_string_equal(wr_type_text(arena,
					 wr_dec_arith_type(arena, '/', dec(3, 2), dec(2, 1))),
			    "DECIMAL(8, 6)");
}

static void test_int_and_double(void **state)
{
	wr_dec d;
	int64_t v;

	(void)state;
	assert_true(wr_dec_from_int(arena, INT64_MIN, dec(19, 0), &d));
	assert_string_equal(text(d, dec(19, 0)), "-9223372036854775808");
	assert_true(wr_dec_to_int64(d, dec(19, 0), &v));
	assert_true(v == INT64_MIN);
	assert_false(wr_dec_from_int(arena, 1000, dec(5, 2), &d));
	assert_true(wr_dec_from_int(arena, -7, dec(60, 40), &d));
	assert_true(wr_dec_to_int64(d, dec(60, 40), &v));
	assert_int_equal(v, -7);
	assert_true(wr_dec_parse(arena, wr_str_of("-1.9"), dec(2, 1), true, &d));
	assert_true(wr_dec_to_int64(d, dec(2, 1), &v));
	assert_int_equal(v, -1);
	assert_true(wr_dec_parse(arena, wr_str_of("9223372036854775808"), dec(19, 0), true, &d));
	assert_false(wr_dec_to_int64(d, dec(19, 0), &v));

	assert_true(wr_dec_from_double(arena, 0.125, dec(4, 2), &d));
	assert_string_equal(text(d, dec(4, 2)), "0.13");
	assert_true(wr_dec_from_double(arena, 0.1, dec(30, 20), &d));
	assert_string_equal(text(d, dec(30, 20)), "0.10000000000000000000");
	assert_false(wr_dec_from_double(arena, NAN, dec(4, 2), &d));
	assert_false(wr_dec_from_double(arena, INFINITY, dec(4, 2), &d));
	assert_true(wr_dec_parse(arena, wr_str_of("0.1"), dec(50, 45), true, &d));
	assert_true(wr_dec_to_double(d, dec(50, 45)) == 0.1);
	assert_true(wr_dec_parse(arena, wr_str_of("123456789012345678.9"), dec(19, 1), true, &d));
	assert_true(wr_dec_to_double(d, dec(19, 1)) == 123456789012345678.9);
}

static void assert_bytes(const char *number, unsigned precision, const char *bytes, size_t n)
{
	const wr_type *t = dec(precision, 0);
	wr_buf b = { 0 };
	wr_dec d, back;

	assert_true(wr_dec_parse(arena, wr_str_of(number), t, true, &d));
	wr_dec_to_bytes(d, t, &b);
	assert_int_equal(b.n, n);
	assert_memory_equal(b.p, bytes, n);
	assert_true(wr_dec_from_bytes(arena, wr_buf_view(&b), 0, t, true, &back));
	assert_int_equal(wr_dec_cmp(d, t, back, t), 0);
	wr_buf_free(&b);
}

static void test_bytes(void **state)
{
	wr_dec d;

	(void)state;
	for (unsigned p = 30; p <= 60; p += 30) { /* narrow and wide */
		assert_bytes("0", p, "\0", 1);
		assert_bytes("127", p, "\x7F", 1);
		assert_bytes("128", p, "\0\x80", 2);
		assert_bytes("-128", p, "\x80", 1);
		assert_bytes("-129", p, "\xFF\x7F", 2);
		assert_bytes("-1", p, "\xFF", 1);
		assert_bytes("-32768", p, "\x80\0", 2);
		assert_bytes("65535", p, "\0\xFF\xFF", 3);
	}
	assert_true(
	    wr_dec_from_bytes(arena, (wr_str){ "\x01\xE2\x40", 3 }, 3, dec(10, 2), false, &d));
	assert_string_equal(text(d, dec(10, 2)), "123.46");
	assert_true(wr_dec_from_bytes(arena, (wr_str){ "\x05", 1 }, -2, dec(10, 2), true, &d));
	assert_string_equal(text(d, dec(10, 2)), "500.00");
	assert_false(
	    wr_dec_from_bytes(arena, (wr_str){ "\x05", 1 }, 2000000000, dec(10, 2), true, &d));
	assert_false(
	    wr_dec_from_bytes(arena, (wr_str){ "\x05", 1 }, -2000000000, dec(50, 2), true, &d));
	assert_true(wr_dec_from_bytes(arena, (wr_str){ NULL, 0 }, 0, dec(10, 2), true, &d));
	assert_string_equal(text(d, dec(10, 2)), "0.00");
}

/* ---- narrow and wide agree */

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

static const char *random_number(unsigned p, unsigned s)
{
	char z[64];
	unsigned n = 0, digits = 1 + below(p);

	if (below(2))
		z[n++] = '-';
	if (digits <= s)
		z[n++] = '0';
	else
		for (; digits > s; digits--)
			z[n++] = (char)('0' + below(10));
	if (s) {
		z[n++] = '.';
		for (unsigned i = 0; i < s; i++)
			z[n++] = i < s - digits ? '0' : (char)('0' + below(10) * below(2));
	}
	z[n] = 0;
	return wr_arena_strdup(arena, z);
}

static void test_paths_agree(void **state)
{
	(void)state;
	srandom(7);
	for (int round = 0; round < 20000; round++) {
		unsigned p1 = 1 + below(38), s1 = below(p1 + 1), p2 = 1 + below(38),
			 s2 = below(p2 + 1);
		const wr_type *t1 = dec(p1, s1), *t2 = dec(p2, s2), *w1 = dec(100, s1),
			      *w2 = dec(100, s2);
		const char *x = random_number(p1, s1), *y = random_number(p2, s2);
		char op = "+-*/%"[below(5)];
		const wr_type *t = wr_dec_arith_type(arena, op, t1, t2);
		wr_dec a, b, wa, wb, r, w;
		bool ok;

		assert_true(wr_dec_parse(arena, wr_str_of(x), t1, true, &a));
		assert_true(wr_dec_parse(arena, wr_str_of(y), t2, true, &b));
		assert_true(wr_dec_parse(arena, wr_str_of(x), w1, true, &wa));
		assert_true(wr_dec_parse(arena, wr_str_of(y), w2, true, &wb));
		assert_string_equal(text(a, t1), text(wa, w1));
		assert_int_equal(wr_dec_cmp(a, t1, b, t2), wr_dec_cmp(wa, w1, wb, w2));
		ok = wr_dec_arith(arena, op, a, t1, b, t2, t, &r);
		assert_int_equal(ok, wr_wide_arith(arena, op, wa, w1, wb, w2, t, &w));
		if (ok)
			assert_string_equal(text(r, t), text(w, t));
		ok = wr_dec_rescale(arena, a, t1, t2, below(2), &r);
		if (ok && wr_dec_rescale(arena, wa, w1, t2, false, &w))
			assert_string_equal(text(r, t2), text(w, t2));
		wr_arena_reset(arena);
	}
}

static void test_neg(void **state)
{
	wr_dec d;

	(void)state;
	for (unsigned p = 10; p < 60; p += 40) {
		assert_true(wr_dec_parse(arena, wr_str_of("-128.5"), dec(p, 1), true, &d));
		assert_string_equal(text(wr_dec_neg(arena, d, dec(p, 1)), dec(p, 1)), "128.5");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse), cmocka_unit_test(test_half_up),
		cmocka_unit_test(test_arith), cmocka_unit_test(test_int_and_double),
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_paths_agree),
		cmocka_unit_test(test_neg),
	};
	int failed;

	arena = wr_arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	wr_arena_free(arena);
	return failed;
}

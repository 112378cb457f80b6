/* Numbers: Java's text of doubles, round trips, and readers held to the C library. */
#include "core/number.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>

#include <cmocka.h>

static const char *text_of(double v)
{
	static char text[WR_DOUBLE_TEXT + 1];

	text[wr_print_double_to(v, text)] = 0;
	return text;
}

static void test_java_doubles(void **state)
{
	static const struct {
		double v;
		const char *text;
	} rows[] = {
		{ 0.0, "0.0" },
		{ -0.0, "-0.0" },
		{ 1, "1.0" },
		{ 0.1, "0.1" },
		{ -1.5, "-1.5" },
		{ 100, "100.0" },
		{ 1234567.0, "1234567.0" },
		{ 12345678.9, "1.23456789E7" },
		{ 1e7, "1.0E7" },
		{ 1e10, "1.0E10" },
		{ 0.001, "0.001" },
		{ 0.00099, "9.9E-4" },
		{ 1e-5, "1.0E-5" },
		{ 1e22, "1.0E22" },
		{ 1e23, "1.0E23" },
		{ 123456789012345680.0, "1.2345678901234568E17" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 2.0 / 3, "0.6666666666666666" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 3.141592653589793, "3.141592653589793" },
		{ 4.9e-324, "4.9E-324" },
		{ 1.7976931348623157e308, "1.7976931348623157E308" },
		{ 2.2250738585072014e-308, "2.2250738585072014E-308" },
		{ 9007199254740993.0, "9.007199254740992E15" },
		{ 999999.9999, "999999.9999" },
		{ NAN, "NaN" },
		{ INFINITY, "Infinity" },
		{ -INFINITY, "-Infinity" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_of(rows[i].v), rows[i].text);
}

static double random_double(void)
{
	uint64_t bits = (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
	double d;

	switch (random() % 3) {
	case 0: memcpy(&d, &bits, sizeof(d)); return d == d ? d : 0;
	case 1: return (double)(random() % 2000000000) / 1000;
	default: return (double)(random() % 100000) * 0.01 * 3;
	}
}

static void test_round_trip(void **state)
{
	(void)state;
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		double v = random_double(), back;
		const char *z = text_of(v);
		char shorter[40];

		assert_true(wr_parse_double(wr_str_of(z), &back));
		if (memcmp(&v, &back, sizeof(v)))
			fail_msg("%s is not %.17g", z, v);
		/* no text with fewer digits does */
		for (int precision = 1; precision < 17 && isfinite(v) && v != 0; precision++) {
			snprintf(shorter, sizeof(shorter), "%.*e", precision, v);
			if (strtod(shorter, NULL) == v) {
				unsigned digits = 0, zeros = 0;

				for (const char *p = z; *p && *p != 'E'; p++) {
					if (*p >= '1' && *p <= '9') {
						digits += zeros + 1;
						zeros = 0;
					} else if (*p == '0' && digits) {
						zeros++;
					}
				}
				assert_true(digits <= (unsigned)precision + 1);
				break;
			}
		}
	}
}

/* Powers of two, where the gap below is half as wide, and their neighbours: the nearest of the shortest. */
static void test_powers_of_two(void **state)
{
	(void)state;
	for (int e = -1074; e < 1024; e++)
		for (int d = -1; d <= 1; d++) {
			double v = ldexp(1, e), back;
			char as_c[40];

			v = d ? nextafter(v, d > 0 ? INFINITY : 0) : v;
			if (v == 0 || isinf(v))
				continue;
			assert_true(wr_parse_double(wr_str_of(text_of(v)), &back));
			assert_true(back == v);
			snprintf(as_c, sizeof(as_c), "%.16e", v); /* 17 digits, correctly rounded */
			assert_true(fabs(back - strtod(as_c, NULL)) == 0);
		}
	assert_string_equal(text_of(ldexp(1, -44)), "5.684341886080802E-14");
	assert_string_equal(text_of(9.5367431640625e-7), "9.5367431640625E-7");
}

static void test_parse_double(void **state)
{
	static const char *const good[] = { "1",
					    "-1.5",
					    "+2",
					    ".5",
					    "5.",
					    "1e5",
					    "1E-5",
					    "123456789012345678901234567890",
					    "0.000000000000000000000000000001",
					    "1e400",
					    "-1e-400",
					    "1.7976931348623159e308",
					    "00012.5000",
					    "9007199254740993",
					    "0e99999999999",
					    "4.35",
					    "8.5e22",
					    "1e23" };
	static const char *const bad[] = { "",	 "-",	 ".",	  "e5",	 "1e",	"1e+", " 1",
					   "1 ", "0x10", "1.2.3", "inf", "nan", "1f",  "--1" };
	double v;

	(void)state;
	for (unsigned i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(wr_parse_double(wr_str_of(good[i]), &v));
		assert_true(v == strtod(good[i], NULL));
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(wr_parse_double(wr_str_of(bad[i]), &v));
	assert_true(wr_parse_double(wr_str_of("NaN"), &v) && isnan(v));
	assert_true(wr_parse_double(wr_str_of("-Infinity"), &v) && v == -INFINITY);
}

static void test_random_texts(void **state)
{
	(void)state;
	srandom(2);
	for (int i = 0; i < 100000; i++) {
		char z[64];
		double v;
		int n =
		    snprintf(z, sizeof(z), "%s%ld", random() % 2 ? "-" : "", random() % 1000000);

		if (random() % 2)
			n += snprintf(z + n, sizeof(z) - (size_t)n, ".%0*ld",
				      (int)(1 + random() % 14), random());
		if (random() % 3 == 0)
			snprintf(z + n, sizeof(z) - (size_t)n, "e%ld", random() % 60 - 30);
		assert_true(wr_parse_double(wr_str_of(z), &v));
		assert_true(v == strtod(z, NULL));
	}
}

static void test_int64(void **state)
{
	static const int64_t values[] = { 0,   1,     -1,     9,	 10,	    99,
					  100, 12345, -67890, INT32_MIN, INT64_MAX, INT64_MIN };
	static const char *const bad[] = { "",
					   "-",
					   "+",
					   "1.0",
					   " 1",
					   "9223372036854775808",
					   "-9223372036854775809",
					   "99999999999999999999999",
					   "1e3" };
	int64_t v;

	(void)state;
	for (unsigned i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char text[WR_I64_TEXT + 1], expected[32];

		text[wr_print_i64(values[i], text)] = 0;
		snprintf(expected, sizeof(expected), "%lld", (long long)values[i]);
		assert_string_equal(text, expected);
		assert_true(wr_parse_i64(wr_str_of(text), &v) && v == values[i]);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(wr_parse_i64(wr_str_of(bad[i]), &v));
	assert_true(wr_parse_i64(wr_str_of("+007"), &v) && v == 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_java_doubles),  cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_powers_of_two), cmocka_unit_test(test_parse_double),
		cmocka_unit_test(test_random_texts),  cmocka_unit_test(test_int64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

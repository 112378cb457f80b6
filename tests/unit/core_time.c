/* Dates, times, zones and patterns. What is expected of patterns is what java.time says. */
#include "core/time_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static wr_arena *arena;

static const char *keep(wr_buf *b)
{
	const char *z = wr_arena_strdup(arena, wr_buf_z(b));

	wr_buf_free(b);
	return z;
}

static const char *timestamp(int64_t ms)
{
	wr_buf b = { 0 };

	wr_print_timestamp(ms, &b);
	return keep(&b);
}

static const char *time_text(int32_t ms)
{
	wr_buf b = { 0 };

	wr_print_time(ms, &b);
	return keep(&b);
}

static void test_civil(void **state)
{
	wr_civil last = wr_civil_from_days(-800000);

	(void)state;
	for (int64_t d = -799999; d < 800000; d++) {
		wr_civil c = wr_civil_from_days(d);

		assert_true(wr_days_from_civil(c) == d);
		if (c.day == 1)
			assert_int_equal(last.day, wr_days_of_month(last.year, last.month));
		else
			assert_int_equal(last.day + 1, c.day);
		last = c;
	}
	assert_true(wr_days_from_civil((wr_civil){ 2020, 2, 29 }) == 18321);
}

static void test_print(void **state)
{
	(void)state;
	assert_string_equal(timestamp(0), "1970-01-01T00:00:00.000");
	assert_string_equal(timestamp(-1), "1969-12-31T23:59:59.999");
	assert_string_equal(timestamp(1577836800123), "2020-01-01T00:00:00.123");
	assert_string_equal(timestamp(253402300800000), "+10000-01-01T00:00:00.000");
	assert_string_equal(timestamp(-62167219200000 - 86400000), "-0001-12-31T00:00:00.000");
	timestamp(INT64_MIN);
	timestamp(INT64_MAX);
	assert_string_equal(time_text(0), "00:00");
	assert_string_equal(time_text(1000), "00:00:01");
	assert_string_equal(time_text(86399999), "23:59:59.999");
	assert_string_equal(time_text(60000 + 20), "00:01:00.020");
}

#define NOT INT64_MIN

static int64_t parsed(const char *z)
{
	int64_t ms;

	return wr_parse_timestamp(wr_str_of(z), &ms) ? ms : NOT;
}

static void test_parse_iso(void **state)
{
	int64_t days;
	int32_t ms;

	(void)state;
	assert_true(parsed("2020") == 1577836800000);
	assert_true(parsed("2020-01") == 1577836800000);
	assert_true(parsed("2020-01-02") == 1577836800000 + 86400000);
	assert_true(parsed("2020-01-01T10") == 1577836800000 + 36000000);
	assert_true(parsed("2020-01-01T10:30") == 1577836800000 + 37800000);
	assert_true(parsed("2020-01-01T10:30:01.5") == 1577836800000 + 37801500);
	assert_true(parsed("2020-01-01T10:30:01.123456789") == 1577836800000 + 37801123);
	assert_true(parsed("2020-01-01T00:00:00.000Z") == 1577836800000);
	assert_true(parsed("2020-01-01T02:00:00+02:00") == 1577836800000);
	assert_true(parsed("2020-01-01T02:00:00+0200") == 1577836800000);
	assert_true(parsed("2020-01-01T01:00Europe/Paris") == 1577836800000);
	for (const char *const *z =
		 (const char *const[]){ "", "202", "2020-13", "2020-1-1", "2020-02-30",
					"2020-01-01T24", "2020-01-01T10:60", "2020-01-01T10:30.5",
					"2020-01-01X", "2020-01-01T10:30:01.", "hello", NULL };
	     *z; z++)
		assert_true(parsed(*z) == NOT);
	assert_true(wr_parse_date(wr_str_of("1969-12-31"), &days) && days == -1);
	assert_false(wr_parse_date(wr_str_of("1969-12"), &days));
	assert_false(wr_parse_date(wr_str_of("1969-12-31T00"), &days));
	assert_true(wr_parse_time(wr_str_of("10:11"), &ms) && ms == 36660000);
	assert_true(wr_parse_time(wr_str_of("10:11:12.013"), &ms) && ms == 36672013);
	assert_false(wr_parse_time(wr_str_of("10"), &ms));
	assert_false(wr_parse_time(wr_str_of("25:00"), &ms));
}

static const wr_zone *zone(const char *z)
{
	return wr_zone_get(wr_str_of(z));
}

static void test_zones(void **state)
{
	const wr_zone *paris = zone("Europe/Paris");
	int64_t spring = parsed("2020-03-29T01:00"), autumn = parsed("2020-10-25T01:00");

	(void)state;
	assert_ptr_equal(paris, zone("Europe/Paris"));
	assert_null(zone("Europe/Nowhere"));
	assert_null(zone(""));
	assert_null(zone("+19:00"));
	assert_true(wr_zone_offset_ms(zone("-05:30"), 0) == -19800000);
	assert_true(wr_zone_offset_ms(zone("UTC+1"), 0) == 3600000);
	assert_true(wr_zone_offset_ms(zone("+010203"), 0) == 3723000);
	assert_true(wr_zone_offset_ms(paris, spring - 1) == 3600000);
	assert_true(wr_zone_offset_ms(paris, spring) == 7200000);
	assert_true(wr_zone_offset_ms(paris, autumn - 1) == 7200000);
	assert_true(wr_zone_offset_ms(paris, autumn) == 3600000);
	/* the same summer day far beyond the table */
	assert_true(wr_zone_offset_ms(paris, parsed("2900-07-01")) == 7200000);
	assert_true(wr_zone_offset_ms(paris, parsed("9999-01-01")) == 3600000);
	/* 02:30 does not exist in the gap, and happens twice in the overlap */
	assert_true(wr_zone_to_utc(paris, parsed("2020-03-29T02:30")) == spring + 1800000);
	assert_true(wr_zone_to_utc(paris, parsed("2020-10-25T02:30")) == autumn - 1800000);
	assert_true(wr_zone_to_utc(paris, parsed("2020-10-25T03:30")) == autumn + 5400000);
	assert_true(wr_zone_to_utc(paris, parsed("2900-07-01T02:00")) == parsed("2900-07-01"));
	wr_zone_local();
}

/* ---- patterns */

static const wr_time_pattern *pattern(const char *z)
{
	wr_err err = WR_ERR_INIT;
	const wr_time_pattern *p = wr_time_pattern_new(arena, wr_str_of(z), &err);

	if (!p)
		fail_msg("%s: %s", z, err.message);
	return p;
}

static const char *formatted(const char *z, const char *iso, const char *in)
{
	wr_buf b = { 0 };

	wr_time_pattern_format(pattern(z), parsed(iso), zone(in), &b);
	return keep(&b);
}

static void test_format(void **state)
{
	static const char *const rows[][2] = {
		{ "yyyy-MM-dd'T'HH:mm:ss.SSS", "2021-03-07T15:04:05.067" },
		{ "yy/M/d H:m:s", "21/3/7 15:4:5" },
		{ "EEE, d MMM yyyy hh:mm a", "Sun, 7 Mar 2021 03:04 PM" },
		{ "EEEE MMMM EEEEE MMMMM", "Sunday March S M" },
		{ "D DDD Q QQ QQQ QQQQ", "66 066 1 01 Q1 1st quarter" },
		{ "k K A n N", "15 3 54245067 67000000 54245067000000" },
		{ "S SS SSSSSS", "0 06 067000" },
		{ "X XX XXX x xx xxx Z ZZZZ ZZZZZ", "Z Z Z +00 +0000 +00:00 +0000 GMT Z" },
		{ "VV z O OOOO", "UTC UTC GMT GMT" },
		{ "''yyyy'' 'it''s'", "'2021' it's" },
		{ "G GGGG u y uuuu", "AD Anno Domini 2021 2021 2021" },
		{ "e c w W YYYY", "1 1 11 2 2021" },
		{ "yyyy[-MM]", "2021-03" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(formatted(rows[i][0], "2021-03-07T15:04:05.067", "UTC"),
				    rows[i][1]);
	assert_string_equal(formatted("HH:mm X XXX Z O OOOO ZZZZ", "2020-07-01", "Asia/Kolkata"),
			    "05:30 +0530 +05:30 +0530 GMT+5:30 GMT+05:30 GMT+05:30");
	assert_string_equal(formatted("HH z zzzz VV", "2020-07-01", "America/Los_Angeles"),
			    "17 PDT Pacific Daylight Time America/Los_Angeles");
	assert_string_equal(formatted("HH z", "2020-01-01", "America/Los_Angeles"), "16 PST");
	assert_string_equal(formatted("HH z", "2020-01-01", "Europe/Paris"), "01 CET");
	assert_string_equal(formatted("YYYY-'W'ww", "2024-12-31", "UTC"), "2025-W01");
	assert_string_equal(formatted("YYYY-'W'ww", "2023-12-31", "UTC"), "2024-W01");
	assert_string_equal(formatted("hh a", "2024-12-31T00:30", "UTC"), "12 AM");
	assert_string_equal(formatted("yyyy", "+12345-01-01", "UTC"), "+12345");
}

static int64_t read_by(const char *z, const char *text)
{
	int64_t ms;

	return wr_time_pattern_parse(pattern(z), wr_str_of(text), wr_zone_utc(), &ms) ? ms : NOT;
}

static void test_parse(void **state)
{
	static const char *const rows[][3] = {
		{ "yyyy-MM-dd HH:mm:ss", "2021-03-07 15:04:05", "2021-03-07T15:04:05" },
		{ "yyyy-MM-dd'T'HH:mm:ssX", "2021-03-07T15:04:05-02", "2021-03-07T17:04:05" },
		{ "yyyy-MM-dd'T'HH:mm:ssX", "2021-03-07t15:04:05z", "2021-03-07T15:04:05" },
		{ "yyyy-MM-dd'T'HH:mm:ss.SX", "2021-03-07T15:04:05.1+0130",
		  "2021-03-07T13:34:05.1" },
		{ "yyyy-MM-dd HH:mm:ss Z", "2021-03-07 15:04:05 -0800", "2021-03-07T23:04:05" },
		{ "yyyy-MM-dd HH:mm:ss zzz", "2021-07-07 15:04:05 PST", "2021-07-07T22:04:05" },
		{ "yyyy-MM-dd HH:mm:ss z", "2021-07-07 15:04:05 Europe/London",
		  "2021-07-07T14:04:05" },
		{ "yyyyMMdd", "20210307", "2021-03-07" },
		{ "yyyyMMddHHmmssSSS", "20210307150405067", "2021-03-07T15:04:05.067" },
		{ "yy-MM-dd HH:mm:ssX", "21-03-07 00:00:00Z", "2021-03-07" },
		{ "yyyy", "2021", "2021-01-01" },
		{ "mm", "05", "1970-01-01T00:05" },
		{ "d/M/yyyy", "7/3/2021", "2021-03-07" },
		{ "d/M/yyyy", "07/003/2021", "2021-03-07" },
		{ "MMM d yyyy", "mar 7 2021", "2021-03-07" },
		{ "MMMM d, yyyy h:mm a", "MARCH 7, 2021 12:30 am", "2021-03-07T00:30" },
		{ "EEE d MMM yyyy", "Sun 7 Mar 2021", "2021-03-07" },
		{ "yyyy-DDD", "2020-366", "2020-12-31" },
		{ "yyyy-MM-dd[ HH:mm]", "2021-03-07", "2021-03-07" },
		{ "yyyy-MM-dd[ HH:mm]", "2021-03-07 10:00", "2021-03-07T10:00" },
		{ "yyyy-MM-dd HH:mm", "2021-03-07 24:00", "2021-03-08" },
		{ "yyyy-MM-dd", "2021-02-31", "2021-02-28" },
		{ "yyyy G", "2021 AD", "2021" },
		{ "u", "-5", "-0005-01-01" },
		{ "YYYY-MM-dd", "2021-03-07", "1970-03-07" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (read_by(rows[i][0], rows[i][1]) != parsed(rows[i][2]))
			fail_msg("%s by %s gives %s", rows[i][1], rows[i][0],
				 timestamp(read_by(rows[i][0], rows[i][1])));
	}
}

static void test_no_match(void **state)
{
	static const char *const rows[][2] = {
		{ "yyyy-MM-dd", "2021-3-07" },
		{ "yyyy-MM-dd", "2021-03-07 " },
		{ "yyyy-MM-dd", "2021-13-07" },
		{ "yyyy-MM-dd", "12021-03-07" },
		{ "yyyy-MM-dd", "021-03-07" },
		{ "yyyy-MM-dd", "0000-03-07" },
		{ "yyyy-MM-dd", "2021-03-32" },
		{ "yyyyMMdd", "120210307" },
		{ "HH:mm", "24:01" },
		{ "HH:mm", "1:00" },
		{ "EEE d MMM yyyy", "Mon 7 Mar 2021" },
		{ "hh:mm a", "13:00 AM" },
		{ "HH:mm a", "13:00 AM" },
		{ "ss.SSS", "01.12" },
		{ "yyyy-DDD", "2021-366" },
		{ "DDD", "100" },
		{ "ssX", "00" },
		{ "ss z", "00 Nowhere/City" },
		{ "yyyy", "" },
		{ "yyyy", "abcd" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (read_by(rows[i][0], rows[i][1]) != NOT)
			fail_msg("%s by %s gives %s", rows[i][1], rows[i][0],
				 timestamp(read_by(rows[i][0], rows[i][1])));
}

static void test_bad_patterns(void **state)
{
	static const char *const rows[] = { "yyyy-bb", "'open", "ddd",	      "HHH", "a]", "{",
					    "VVV",     "OO",	"SSSSSSSSSS", "R",   "pp", "B" };

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		wr_err err = WR_ERR_INIT;

		assert_null(wr_time_pattern_new(arena, wr_str_of(rows[i]), &err));
		assert_int_equal(err.cls, i < 10 ? WR_ERR_STATEMENT : WR_ERR_NOT_IMPLEMENTED);
	}
	assert_int_equal(wr_time_pattern_uses(pattern("yyyy HH")),
			 WR_PATTERN_DATE | WR_PATTERN_TIME);
	assert_int_equal(wr_time_pattern_uses(pattern("HH 'yyyy' X")),
			 WR_PATTERN_TIME | WR_PATTERN_ZONE);
}

/* What a full pattern prints, it reads. */
static void test_round_trip(void **state)
{
	static const char *const patterns[] = { "yyyy-MM-dd HH:mm:ss.SSS XXX",
						"EEEE, MMMM d y, h:mm:ss.SSS a Z",
						"yyyyDDDkkmmssSSS VV", "uuuu/MM/dd A z" };
	static const char *const zones[] = { "UTC", "Europe/Paris", "+05:45", "Asia/Tokyo" };

	(void)state;
	srandom(11);
	for (int round = 0; round < 4000; round++) {
		int64_t ms = (int64_t)(random() % 4000000000) * 1000 + random() % 1000, back;
		const wr_time_pattern *p = pattern(patterns[round % 4]);
		const wr_zone *z = zone(zones[random() % 4]);
		wr_buf b = { 0 };

		wr_time_pattern_format(p, ms, z, &b);
		assert_true(wr_time_pattern_parse(p, wr_buf_view(&b), z, &back));
		/* an hour that happens twice without its offset in the text comes back as the first */
		if (back != ms && ms - back != 3600000)
			fail_msg("%s is not %s", wr_buf_z(&b), timestamp(back));
		wr_buf_free(&b);
		wr_arena_reset(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_civil),	   cmocka_unit_test(test_print),
		cmocka_unit_test(test_parse_iso),  cmocka_unit_test(test_zones),
		cmocka_unit_test(test_format),	   cmocka_unit_test(test_parse),
		cmocka_unit_test(test_no_match),   cmocka_unit_test(test_bad_patterns),
		cmocka_unit_test(test_round_trip),
	};
	int failed;

	arena = wr_arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	wr_arena_free(arena);
	return failed;
}

/* Files as topics: both layouts, positions, following. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "sources/file_line.h"
#include "sources/source.h"

static wr_err err;
static char path[64];
static const wr_io io = { 0 };

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) != WR_OK)                                                               \
			fail_msg("%s: %s", #call, err.message);                                    \
	} while (0)

static int setup(void **state)
{
	(void)state;
	err = WR_ERR_INIT;
	snprintf(path, sizeof path, "/tmp/source_file.XXXXXX");
	int fd = mkstemp(path);

	return fd < 0 || close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void append(const char *text)
{
	FILE *f = fopen(path, "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static wr_source_spec spec_of(bool records)
{
	return (wr_source_spec){ .kind = "file", .file = wr_str_of(path), .file_records = records };
}

/* Reads what there is, `step` records at a time, as "partition/offset@time key=value;" */
static const char *read_all(wr_reader *r, uint32_t step)
{
	static wr_buf text;
	wr_record recs[16];
	uint32_t n = 1;

	wr_buf_reset(&text);
	wr_buf_puts(&text, "");
	while (n) {
		OK(r->def->poll(r, recs, step, 0, &n, &err));
		for (uint32_t i = 0; i < n; i++)
			wr_buf_printf(&text, "%d/%lld@%lld %.*s=%.*s;", recs[i].partition,
				      (long long)recs[i].offset,
				      (long long)(recs[i].timestamp > 999999 ? -1
									     : recs[i].timestamp),
				      recs[i].key.p ? (int)recs[i].key.n : 1,
				      recs[i].key.p ? recs[i].key.p : "-",
				      recs[i].value.p ? (int)recs[i].value.n : 1,
				      recs[i].value.p ? recs[i].value.p : "-");
		r->def->release(r);
	}
	return wr_buf_z(&text);
}

static wr_reader *open_at(const wr_source_spec *s, int32_t n, int64_t *next)
{
	const wr_source_def *def = wr_source_find("file");
	wr_position p[8] = { { 0 } };
	wr_reader *r;

	OK(def->resolve(&io, s, p, n, &err));
	for (int32_t i = 0; next && i < n; i++)
		p[i].next = next[i];
	OK(def->open(&io, s, p, n, &r, &err));
	return r;
}

static void lines_are_values(void **state)
{
	wr_source_spec s = spec_of(false);
	int32_t n;
	bool at_end;

	(void)state;
	append("{\"a\":1}\n\n{\"a\":2}\r\n  \n{\"a\":3}");
	OK(wr_source_find("file")->partitions(&io, &s, &n, &err));
	assert_int_equal(n, 1);
	for (uint32_t step = 1; step <= 3; step++) {
		wr_reader *r = open_at(&s, 1, NULL);

		assert_string_equal(read_all(r, step),
				    "0/0@-1 -={\"a\":1};0/9@-1 -={\"a\":2};0/21@-1 -={\"a\":3};");
		assert_int_equal(r->def->next(r, 0, &at_end), 28);
		assert_true(at_end);
		r->def->close(r);
	}
}

static void goes_on_where_it_stood(void **state)
{
	wr_source_spec s = spec_of(false);
	wr_record rec;
	uint32_t n;
	bool at_end;

	(void)state;
	append("one\ntwo\nthree\n");
	wr_reader *r = open_at(&s, 1, NULL);

	OK(r->def->poll(r, &rec, 1, 0, &n, &err));
	int64_t next = r->def->next(r, 0, &at_end);

	assert_int_equal(next, 4);
	assert_false(at_end);
	r->def->close(r);
	r = open_at(&s, 1, &next);
	assert_string_equal(read_all(r, 5), "0/4@-1 -=two;0/8@-1 -=three;");
	r->def->close(r);
}

static void quoted_line_breaks(void **state)
{
	wr_source_spec s = spec_of(false);

	(void)state;
	s.file_delimited = true;
	append("1,\"a\nb\"\n2,\"\"\"\"\n3,c\n");
	wr_reader *r = open_at(&s, 1, NULL);

	assert_string_equal(read_all(r, 5),
			    "0/0@-1 -=1,\"a\nb\";0/8@-1 -=2,\"\"\"\";0/15@-1 -=3,c;");
	r->def->close(r);
}

static const char *const RECORDS =
    "{\"topic\":\"a\",\"partition\":2,\"offset\":7,\"timestamp\":5,\"headers\":[[\"h\","
    "\"\\\"x\\\"\"],[\"n\",null]],"
    "\"key\":{\"id\":1},\"value\":{\"s\":\"}]\\\\\\\"{\",\"t\":[1,{\"u\":\"[\"}]}}\n"
    "{\"topic\":\"b\",\"partition\":9,\"offset\":0,\"timestamp\":5,\"headers\":[],\"key\":null,"
    "\"value\":1}\n"
    "{\"topic\":\"a\",\"partition\":0,\"offset\":3,\"timestamp\":6,\"headers\":[],\"key\":\"k\","
    "\"value\":null}\n"
    "{ \"value\" : 12.5 , \"key\" : \"x\" , \"timestamp\" : 8 , \"topic\" : \"a\" }\n"
    "{\"topic\":\"a\",\"value\":{\n";

static void lines_are_records(void **state)
{
	wr_source_spec s = spec_of(true);
	int32_t n;

	(void)state;
	s.topic = WR_STR_LIT("a");
	append(RECORDS);
	OK(wr_source_find("file")->partitions(&io, &s, &n, &err));
	assert_int_equal(n, 3);
	wr_reader *r = open_at(&s, 3, NULL);

	assert_string_equal(
	    read_all(r, 2),
	    "2/7@5 {\"id\":1}={\"s\":\"}]\\\\\\\"{\",\"t\":[1,{\"u\":\"[\"}]};"
	    "0/3@6 \"k\"=-;0/323@8 \"x\"=12.5;0/390@-1 -={\"topic\":\"a\",\"value\":{;");
	r->def->close(r);
}

static void headers_of_records(void **state)
{
	wr_source_spec s = spec_of(true);
	wr_record rec;
	uint32_t n;

	(void)state;
	append(RECORDS);
	wr_reader *r = open_at(&s, 3, NULL);

	OK(r->def->poll(r, &rec, 1, 0, &n, &err));
	assert_int_equal(rec.headers->n, 2);
	assert_true(wr_str_is(rec.headers->items[0].key, "h"));
	assert_true(wr_str_is(rec.headers->items[0].value, "\"x\""));
	assert_null(rec.headers->items[1].value.p);
	r->def->close(r);
}

/* A reader of some partitions, each from its own place. */
static void partitions_from_their_places(void **state)
{
	wr_source_spec s = spec_of(true);
	wr_position p[] = { { 2, 0, 0 }, { 1, 31, 0 } };
	wr_reader *r;

	(void)state;
	for (int i = 0; i < 9; i++) {
		char line[64];

		snprintf(line, sizeof line, "{\"partition\":%d,\"value\":%d}\n", i % 3, i);
		append(line);
	}
	OK(wr_source_find("file")->open(&io, &s, p, 2, &r, &err));
	assert_string_equal(read_all(r, 16),
			    "2/52@-1 -=2;1/104@-1 -=4;2/130@-1 -=5;1/182@-1 -=7;2/208@-1 -=8;");
	r->def->close(r);
}

static void begins_at_a_time(void **state)
{
	wr_source_spec s = spec_of(true);

	(void)state;
	s.start = WR_START_TIME;
	s.start_value = 6;
	s.topic = WR_STR_LIT("a");
	append(RECORDS);
	wr_reader *r = open_at(&s, 3, NULL);

	assert_string_equal(
	    read_all(r, 9),
	    "0/3@6 \"k\"=-;0/323@8 \"x\"=12.5;0/390@-1 -={\"topic\":\"a\",\"value\":{;");
	r->def->close(r);
	s.file_records = false;
	wr_position one;

	assert_int_equal(wr_source_find("file")->resolve(&io, &s, &one, 1, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_STATEMENT);
}

static void follows_a_growing_file(void **state)
{
	wr_source_spec s = spec_of(false);
	bool at_end;

	(void)state;
	s.file_follow = true;
	append("one\ntw");
	wr_reader *r = open_at(&s, 1, NULL);

	assert_string_equal(read_all(r, 5), "0/0@-1 -=one;");
	assert_int_equal(r->def->next(r, 0, &at_end), 4);
	assert_true(at_end);
	append("o\nthree\nx");
	assert_string_equal(read_all(r, 5), "0/4@-1 -=two;0/8@-1 -=three;");
	assert_int_equal(truncate(path, 2), 0);
	wr_record rec;
	uint32_t n;

	assert_int_equal(r->def->poll(r, &rec, 1, 0, &n, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_IO);
	r->def->close(r);
}

static void *append_later(void *arg)
{
	(void)arg;
	usleep(30000);
	append("late\n");
	return NULL;
}

static void is_woken_by_new_lines(void **state)
{
	wr_source_spec s = spec_of(false);
	wr_record rec;
	uint32_t n = 0;
	pthread_t thread;

	(void)state;
	s.file_follow = true;
	wr_reader *r = open_at(&s, 1, NULL);

	assert_int_equal(pthread_create(&thread, NULL, append_later, NULL), 0);
	for (int i = 0; i < 20 && n == 0; i++)
		OK(r->def->poll(r, &rec, 1, 1000, &n, &err));
	assert_int_equal(n, 1);
	assert_true(wr_str_is(rec.value, "late"));
	pthread_join(thread, NULL);
	r->def->close(r);
}

static void no_such_file(void **state)
{
	wr_source_spec s = spec_of(false);
	int32_t n;

	(void)state;
	s.file = WR_STR_LIT("/tmp/there/is/none");
	assert_int_equal(wr_source_find("file")->partitions(&io, &s, &n, &err), WR_FAIL);
	assert_int_equal(err.cls, WR_ERR_STATEMENT);
	assert_string_equal(err.message, "there is no file /tmp/there/is/none");
}

/* Lines across the borders of the buffer, and one longer than it. */
static void long_files(void **state)
{
	wr_source_spec s = spec_of(false);
	wr_record recs[100];
	uint32_t n = 1, total = 0;
	FILE *f = fopen(path, "w");

	(void)state;
	for (int i = 0; i < 300000; i++)
		fprintf(f, "{\"number\":%d}\n", i);
	for (int i = 0; i < 3 << 20; i++)
		fputc('y', f);
	fclose(f);
	wr_reader *r = open_at(&s, 1, NULL);

	while (n) {
		OK(r->def->poll(r, recs, 100, 0, &n, &err));
		for (uint32_t i = 0; i < n; i++, total++) {
			char expected[32];

			snprintf(expected, sizeof expected, "{\"number\":%u}", total);
			if (total < 300000)
				assert_true(wr_str_is(recs[i].value, expected));
			else
				assert_int_equal(recs[i].value.n, 3 << 20);
		}
		r->def->release(r);
	}
	assert_int_equal(total, 300001);
	r->def->close(r);
}

/* Every cut of a good line is broken; the scan agrees with itself at every alignment. */
static void cut_lines_are_broken(void **state)
{
	static const char line[] =
	    "{\"partition\":1,\"key\":\"a\\\\\\\"b\",\"value\":{\"x\":[\"]\",{}],\"y\":\"\\\\\"}}";
	wr_arena *a = wr_arena_new();
	wr_line_place place;
	wr_record rec;

	(void)state;
	for (uint32_t shift = 0; shift < 130; shift++) {
		char *copy = malloc(sizeof line + shift);

		memset(copy, ' ', shift);
		memcpy(copy + shift, line, sizeof line);
		for (uint32_t n = 0; n < sizeof line - 1; n++)
			assert_int_equal(wr_line_read((wr_str){ copy, shift + n }, (wr_str){ 0 }, a,
						      &rec, &place),
					 WR_LINE_BROKEN);
		assert_int_equal(wr_line_read((wr_str){ copy, shift + sizeof line - 1 },
					      (wr_str){ 0 }, a, &rec, &place),
				 WR_LINE_RECORD);
		assert_true(wr_str_is(rec.value, "{\"x\":[\"]\",{}],\"y\":\"\\\\\"}"));
		assert_int_equal(wr_line_partition((wr_str){ copy, shift + sizeof line - 1 },
						   (wr_str){ 0 }),
				 1);
		free(copy);
	}
	wr_arena_free(a);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lines_are_values),
		T(goes_on_where_it_stood),
		T(quoted_line_breaks),
		T(lines_are_records),
		T(headers_of_records),
		T(partitions_from_their_places),
		T(begins_at_a_time),
		T(follows_a_growing_file),
		T(is_woken_by_new_lines),
		T(no_such_file),
		T(long_files),
		T(cut_lines_are_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

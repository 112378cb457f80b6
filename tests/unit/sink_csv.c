/* CSV sinks: quoting to the byte, cutting off after a crash, tables, rotation, compression. */
#include "sink_kit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "io/files.h"

static char dir[64], path[96];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/weir_csv_XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/out.csv", dir);
	return 0;
}

static int remove_dir(void **state)
{
	wr_err err = WR_ERR_INIT;

	(void)state;
	wr_clock_real();
	return wr_file_remove_dir(dir, &err);
}

static void assert_file(const char *name, const char *content)
{
	wr_buf text = { 0 };
	wr_err err = WR_ERR_INIT;
	bool found;

	assert_int_equal(wr_file_load(name, &text, &found, &err), WR_OK);
	if (!found)
		fail_msg("%s is not there", name);
	assert_string_equal(wr_buf_z(&text), content);
	wr_buf_free(&text);
}

static void assert_content(const char *content)
{
	assert_file(path, content);
}

static unsigned files_in_dir(void)
{
	unsigned n = 0;
	DIR *d = opendir(dir);

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

#define PROPS(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		"PATH", path, __VA_ARGS__, NULL                                                    \
	}
#define APPEND(...) PROPS("MODE", "APPEND", __VA_ARGS__)

static void open_append(sink_kit *k, const char *schema)
{
	sink_kit_open(k, &wr_sink_csv, schema, PROPS("MODE", "APPEND"));
}

/* ---------------------------------------------------------------- lines */

static void test_quoting(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_append(&k, "ID INTEGER; T STRING");
	sink_kit_rows(
	    &k,
	    "INSERT 1|plain @0\nINSERT 2|a,b @0\nINSERT 3|say \"x\" @0\nINSERT 4| @0\nINSERT 5|~ @0\n"
	    "INSERT 6|  blanks  @0\nINSERT 7|cr\rx @0\nINSERT ~|Forlì 東京 @0\n");
	sink_kit_epoch(&k, true);
	assert_content(
	    "ID,T\n1,plain\n2,\"a,b\"\n3,\"say \"\"x\"\"\"\n4,\"\"\n5,\n6,  blanks \n7,\"cr\rx\"\n"
	    ",Forlì 東京\n");
	sink_kit_close(&k);
}

static void test_types(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_append(
	    &k,
	    "B BOOLEAN; N BIGINT; X DOUBLE; D DECIMAL(8, 3); T TIMESTAMP; Y DATE; H TIME; A ARRAY<INTEGER>; Z BYTES");
	sink_kit_rows(
	    &k, "INSERT true|-9223372036854775808|0.1|5|1777622950011|20574|3600000|1+2|abc @0\n");
	sink_kit_epoch(&k, true);
	assert_content(
	    "B,N,X,D,T,Y,H,A,Z\ntrue,-9223372036854775808,0.1,5.000,2026-05-01T08:09:10.011,2026-05-01,01:00,"
	    "\"[1,2]\",YWJj\n");
	sink_kit_close(&k);
}

static void test_delimiter_header_null_text(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	sink_kit_open(&k, &wr_sink_csv, "ID INTEGER; T STRING",
		      APPEND("DELIMITER", ";", "HEADER", "false", "NULL_TEXT", "NULL"));
	sink_kit_rows(&k, "INSERT 1|a;b @0\nINSERT 2|~ @0\nINSERT 3|NULL @0\nINSERT 4|a,b @0\n");
	sink_kit_epoch(&k, true);
	assert_content("1;\"a;b\"\n2;NULL\n3;\"NULL\"\n4;a,b\n");
	sink_kit_close(&k);
}

static void test_names_and_windows(void **state)
{
	sink_kit k = { 0 };
	wr_str names[] = { WR_STR_LIT("Region"), { NULL, 0 }, WR_STR_LIT("n, all") };

	(void)state;
	k.spec.fields = names;
	k.spec.table = true;
	k.spec.window = WR_WINDOW_TUMBLING;
	open_append(&k, "R STRING KEY; HIDDEN STRING KEY; N BIGINT");
	sink_kit_rows(&k, "NEW north|h|3 @0 [0,10000)\n");
	sink_kit_epoch(&k, true);
	assert_content("Region,windowstart,windowend,\"n, all\"\nnorth,0,10000,3\n");
	sink_kit_close(&k);
}

static const char changes[] =
    "NEW a|1 @0\nBEFORE a|1 @0\nAFTER a|2 @0\nOLD a|2 @0\nNEW b|7 @0\nGONE c|~ @0\n";

static void test_changes_of_a_table(void **state)
{
	sink_kit k = { .spec.table = true };

	(void)state;
	open_append(&k, "K STRING KEY; N BIGINT");
	sink_kit_rows(&k, changes);
	sink_kit_epoch(&k, true);
	assert_content("K,N\na,1\na,2\nb,7\n");
	sink_kit_close(&k);
	k.spec.table = true;
	sink_kit_open(&k, &wr_sink_csv, "K STRING KEY; N BIGINT", APPEND("OP_COLUMN", "op"));
	sink_kit_rows(&k, changes);
	sink_kit_epoch(&k, true);
	assert_content("op,K,N\nc,a,1\nu,a,2\nd,a,2\nc,b,7\nd,c,\n");
	sink_kit_close(&k);
}

/* ---------------------------------------------------------------- appending and crashes */

static void test_what_no_epoch_has_is_cut_off(void **state)
{
	sink_kit k = { 0 };
	wr_buf lost = { 0 };

	(void)state;
	open_append(&k, "V BIGINT");
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, false);
	sink_kit_rows(&k, "INSERT 2 @0\n");
	sink_kit_prepare(&k, &lost); /* synced, but the commit never came */
	assert_content("V\n1\n2\n");
	sink_kit_crash(&k);
	assert_content("V\n1\n");
	sink_kit_rows(&k, "INSERT 3 @0\n");
	sink_kit_epoch(&k, true);
	assert_content("V\n1\n3\n");
	wr_buf_free(&lost);
	sink_kit_close(&k);
}

static void test_without_a_mark_it_begins_anew(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		open_append(&k, "V BIGINT");
		sink_kit_rows(&k, "INSERT 1 @0\n");
		sink_kit_epoch(&k, true);
		assert_content("V\n1\n");
		sink_kit_close(&k);
	}
}

static void test_a_file_that_lost_bytes_is_refused(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_append(&k, "V BIGINT");
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, false);
	sink_kit_stop(&k);
	assert_int_equal(truncate(path, 2), 0);
	assert_int_equal(wr_state_open(k.db, "test", &k.state, &k.err), WR_OK);
	k.cx.state = k.state;
	assert_int_equal(k.def->open(&k.spec, &k.cx, wr_buf_view(&k.mark), &k.sink, &k.err),
			 WR_FAIL);
	assert_non_null(strstr(k.err.message, "has 2 bytes, but 4"));
	assert_int_equal(k.err.cls, WR_ERR_RUNTIME);
	k.sink = NULL;
	wr_state_close(k.state);
	sink_kit_close(&k);
}

static void test_directories_are_made(void **state)
{
	sink_kit k = { 0 };
	char deep[128];

	(void)state;
	snprintf(deep, sizeof deep, "%s/a/b.csv", dir);
	sink_kit_open(&k, &wr_sink_csv, "V BIGINT", (const char *const[]){ "PATH", deep, NULL });
	sink_kit_epoch(&k, true);
	assert_file(deep, "V\n");
	sink_kit_close(&k);
	assert_int_equal(unlink(deep), 0);
	snprintf(deep, sizeof deep, "%s/a", dir);
	assert_int_equal(rmdir(deep), 0);
}

static void test_a_path_that_cannot_be_is_told(void **state)
{
	sink_kit k = { 0 };
	char under[128];

	(void)state;
	snprintf(under, sizeof under, "%s/file/b.csv", dir);
	snprintf(path, sizeof path, "%s/file", dir);
	open_append(&k, "V BIGINT");
	sink_kit_close(&k);
	sink_kit_spec(&k, &wr_sink_csv, "V BIGINT", (const char *const[]){ "PATH", under, NULL });
	assert_int_equal(k.def->open(&k.spec, &k.cx, (wr_str){ 0 }, &k.sink, &k.err), WR_FAIL);
	assert_int_equal(k.err.cls, WR_ERR_IO);
	assert_non_null(strstr(k.err.message, "file"));
	k.sink = NULL;
	sink_kit_close(&k);
}

#ifdef WR_FAULTS
static void test_a_failed_write_leaves_the_last_epoch(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_append(&k, "V BIGINT");
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, false);
	sink_kit_rows(&k, "INSERT 2 @0\n");
	wr_fault_set("csv.write:1:fail");
	assert_int_equal(k.sink->def->snapshot(k.writer, &k.err), WR_FAIL);
	assert_int_equal(k.err.cls, WR_ERR_IO);
	wr_fault_set(NULL);
	sink_kit_crash(&k);
	sink_kit_rows(&k, "INSERT 2 @0\n");
	sink_kit_epoch(&k, true);
	assert_content("V\n1\n2\n");
	sink_kit_close(&k);
}
#endif

/* ---------------------------------------------------------------- rotation and compression */

static const char *file_number(unsigned n)
{
	static char name[128];

	snprintf(name, sizeof name, "%s/out-%06u.csv", dir, n);
	return name;
}

static void test_rotation_by_bytes(void **state)
{
	sink_kit k = { 0 };
	wr_buf lost = { 0 };

	(void)state;
	sink_kit_open(&k, &wr_sink_csv, "V BIGINT", APPEND("ROTATE_BYTES", "5"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, false); /* 4 bytes: goes on */
	sink_kit_rows(&k, "INSERT 2 @0\nINSERT 3 @0\n");
	sink_kit_epoch(&k, false); /* whole epochs: never cut within one */
	assert_file(file_number(1), "V\n1\n2\n3\n");
	sink_kit_rows(&k, "INSERT 4 @0\n");
	sink_kit_prepare(&k, &lost);
	assert_file(file_number(2), "V\n4\n");
	sink_kit_crash(&k);
	assert_int_equal(access(file_number(2), F_OK), -1);
	sink_kit_rows(&k, "INSERT 5 @0\n");
	sink_kit_epoch(&k, true);
	assert_file(file_number(1), "V\n1\n2\n3\n");
	assert_file(file_number(2), "V\n5\n");
	assert_int_equal(files_in_dir(), 2);
	wr_buf_free(&lost);
	sink_kit_close(&k);
}

static void test_rotation_by_time(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	wr_clock_set(1000000);
	sink_kit_open(&k, &wr_sink_csv, "V BIGINT", APPEND("ROTATE_INTERVAL", "1 MINUTE"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, false);
	wr_clock_set(1060000);
	sink_kit_crash(&k); /* the mark remembers when the file was begun */
	sink_kit_rows(&k, "INSERT 2 @0\n");
	sink_kit_epoch(&k, true);
	assert_file(file_number(1), "V\n1\n");
	assert_file(file_number(2), "V\n2\n");
	sink_kit_close(&k);
}

static void assert_gzip(const char *content)
{
	char text[256];
	gzFile f = gzopen(path, "rb");
	int n = gzread(f, text, sizeof text - 1);

	assert_true(n >= 0);
	text[n] = 0;
	gzclose(f);
	assert_string_equal(text, content);
}

static void test_a_member_ends_with_each_epoch(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	sink_kit_open(&k, &wr_sink_csv, "V BIGINT", APPEND("COMPRESS", "gzip"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, false);
	assert_gzip("V\n1\n");
	sink_kit_rows(&k, "INSERT 2 @0\n");
	sink_kit_crash(&k);
	assert_gzip("V\n1\n");
	sink_kit_rows(&k, "INSERT 3 @0\n");
	sink_kit_epoch(&k, true);
	assert_gzip("V\n1\n3\n");
	sink_kit_close(&k);
}

static void test_zstd(void **state)
{
	sink_kit k = { 0 };
	wr_buf text = { 0 };
	bool found;

	(void)state;
	sink_kit_open(&k, &wr_sink_csv, "V BIGINT", APPEND("COMPRESS", "zstd"));
	sink_kit_rows(&k, "INSERT 1 @0\n");
	sink_kit_epoch(&k, true);
	assert_int_equal(wr_file_load(path, &text, &found, &k.err), WR_OK);
	assert_true(text.n > 4 && memcmp(text.p, "\x28\xb5\x2f\xfd", 4) == 0);
	wr_buf_free(&text);
	sink_kit_close(&k);
}

/* ---------------------------------------------------------------- tables */

static void open_table(sink_kit *k, const char *schema)
{
	k->spec.table = true;
	sink_kit_open(k, &wr_sink_csv, schema, (const char *const[]){ "PATH", path, NULL });
}

static void test_table_holds_the_current_rows(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_table(&k, "K INTEGER KEY; N BIGINT");
	sink_kit_rows(&k, "NEW 2|1 @0\nNEW -1|5 @0\nNEW 10|3 @0\n");
	sink_kit_epoch(&k, true);
	assert_content("K,N\n-1,5\n2,1\n10,3\n");
	sink_kit_rows(&k, "BEFORE 2|1 @0\nAFTER 2|9 @0\nOLD 10|3 @0\nGONE 77|~ @0\nNEW 3|~ @0\n");
	sink_kit_epoch(&k, true);
	assert_content("K,N\n-1,5\n2,9\n3,\n");
	assert_int_equal(files_in_dir(), 1);
	sink_kit_close(&k);
}

static void test_table_with_windows(void **state)
{
	sink_kit k = { .spec.window = WR_WINDOW_TUMBLING };

	(void)state;
	open_table(&k, "K STRING KEY; N BIGINT");
	sink_kit_rows(
	    &k,
	    "NEW a|1 @0 [10,20)\nNEW a|2 @0 [0,10)\nBEFORE a|1 @0 [10,20)\nAFTER a|4 @0 [10,20)\n");
	sink_kit_epoch(&k, true);
	assert_content("K,windowstart,windowend,N\na,0,10,2\na,10,20,4\n");
	sink_kit_close(&k);
}

static void test_table_after_a_crash(void **state)
{
	sink_kit k = { 0 };

	(void)state;
	open_table(&k, "K INTEGER KEY; N BIGINT");
	sink_kit_rows(&k, "NEW 1|1 @0\n");
	sink_kit_epoch(&k, true);
	sink_kit_rows(&k, "NEW 2|2 @0\n"); /* no epoch has it */
	sink_kit_crash(&k);
	sink_kit_epoch(&k, true);
	assert_content("K,N\n1,1\n");
	assert_int_equal(unlink(path), 0); /* committed, but the file was not written any more */
	sink_kit_crash(&k);
	sink_kit_close(&k);
	assert_content("K,N\n1,1\n");
}

/* Many small epochs: whatever was owed is written when the sink closes. */
static void test_the_last_state_is_always_written(void **state)
{
	sink_kit k = { 0 };
	char row[64];

	(void)state;
	open_table(&k, "K INTEGER KEY; N BIGINT");
	for (int i = 0; i < 200; i++) {
		snprintf(row, sizeof row, "NEW 1|%d @0\n", i);
		sink_kit_rows(&k, row);
		sink_kit_epoch(&k, false);
	}
	sink_kit_close(&k);
	assert_content("K,N\n1,199\n");
}

static void test_a_table_is_written_without_further_commits(void **state)
{
	sink_kit k = { 0 };
	struct stat st;

	(void)state;
	open_table(&k, "K INTEGER KEY; N BIGINT");
	sink_kit_rows(&k, "NEW 1|1 @0\n");
	sink_kit_epoch(&k, false);
	for (int i = 0; i < 6000 && stat(path, &st); i++)
		usleep(10000);
	assert_content("K,N\n1,1\n");
	sink_kit_close(&k);
}

static void test_a_link_is_followed(void **state)
{
	sink_kit k = { 0 };
	char target[128];
	struct stat st;

	(void)state;
	snprintf(target, sizeof target, "%s/target", dir);
	assert_int_equal(close(creat(target, 0644)), 0);
	assert_int_equal(symlink(target, path), 0);
	open_table(&k, "K INTEGER KEY; N BIGINT");
	sink_kit_rows(&k, "NEW 1|1 @0\n");
	sink_kit_epoch(&k, true);
	assert_file(target, "K,N\n1,1\n");
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	sink_kit_close(&k);
}

static void test_a_device_is_not_replaced(void **state)
{
	sink_kit k = { .spec.table = true };

	(void)state;
	sink_kit_spec(&k, &wr_sink_csv, "K INTEGER KEY; N BIGINT",
		      (const char *const[]){ "PATH", "/dev/stdout", NULL });
	assert_int_equal(k.def->open(&k.spec, &k.cx, (wr_str){ 0 }, &k.sink, &k.err), WR_FAIL);
	assert_int_equal(k.err.cls, WR_ERR_STATEMENT);
	k.sink = NULL;
	sink_kit_close(&k);
}

/* ---------------------------------------------------------------- properties */

static void refused(const char *schema, const char *const *props, const char *message,
		    const char *hint, uint32_t at)
{
	sink_kit k = { 0 };

	sink_kit_spec(&k, &wr_sink_csv, schema, props);
	assert_int_equal(k.def->check(&k.spec, &k.err), WR_FAIL);
	assert_int_equal(k.err.cls, WR_ERR_STATEMENT);
	if (!strstr(k.err.message, message) || !strstr(k.err.hint, hint))
		fail_msg("%s (%s)", k.err.message, k.err.hint);
	assert_int_equal(k.err.span.at, at);
	sink_kit_close(&k);
}

static void test_properties(void **state)
{
	(void)state;
	refused("V BIGINT", NULL, "needs a PATH", "PATH='out.csv'", 0);
	refused("V BIGINT", PROPS("MODUS", "TABLE"), "no property MODUS", "MODE", 20);
	refused("V BIGINT", PROPS("MODE", "UPSERT"), "MODE must be APPEND or TABLE", "", 20);
	refused("V BIGINT", PROPS("MODE", "TABLE"), "no key", "GROUP BY", 20);
	refused("V BIGINT", PROPS("DELIMITER", "ab"), "one character", "", 20);
	refused("V BIGINT", PROPS("DELIMITER", "7"), "one character", "", 20);
	refused("V BIGINT", PROPS("HEADER", "maybe"), "true or false", "", 20);
	refused("V BIGINT", PROPS("ROTATE_BYTES", "many"), "number of bytes", "", 20);
	refused("V BIGINT", PROPS("HEADER", "true", "header", "true"), "twice", "", 30);
	refused("K BIGINT KEY", PROPS("MODE", "TABLE", "OP_COLUMN", "op"), "APPEND", "", 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_quoting),
		TEST(test_types),
		TEST(test_delimiter_header_null_text),
		TEST(test_names_and_windows),
		TEST(test_changes_of_a_table),
		TEST(test_what_no_epoch_has_is_cut_off),
		TEST(test_without_a_mark_it_begins_anew),
		TEST(test_a_file_that_lost_bytes_is_refused),
		TEST(test_directories_are_made),
		TEST(test_a_path_that_cannot_be_is_told),
#ifdef WR_FAULTS
		TEST(test_a_failed_write_leaves_the_last_epoch),
#endif
		TEST(test_rotation_by_bytes),
		TEST(test_rotation_by_time),
		TEST(test_a_member_ends_with_each_epoch),
		TEST(test_zstd),
		TEST(test_table_holds_the_current_rows),
		TEST(test_table_with_windows),
		TEST(test_table_after_a_crash),
		TEST(test_the_last_state_is_always_written),
		TEST(test_a_table_is_written_without_further_commits),
		TEST(test_a_link_is_followed),
		TEST(test_a_device_is_not_replaced),
		TEST(test_properties),
	};

	return cmocka_run_group_tests_name("sink_csv", tests, NULL, NULL);
}

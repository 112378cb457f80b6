/* State of another format than the program's is refused, by its number, and not touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/format.h"
#include "state/store.h"

#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[64] = "/tmp/weir-format-XXXXXX";

static wr_status open_state(wr_err *err)
{
	wr_db_options opt = { 0 };
	wr_db *db = NULL;
	wr_status status = wr_db_open(dir, &opt, &db, err);

	if (status == WR_OK)
		wr_db_close(db);
	return status;
}

/* Another program was here. */
static void set_number(const char *number)
{
	char path[96], *message = NULL;
	rocksdb_options_t *options = rocksdb_options_create();
	rocksdb_writeoptions_t *sync = rocksdb_writeoptions_create();

	snprintf(path, sizeof path, "%s/state", dir);
	rocksdb_t *raw = rocksdb_open(options, path, &message);

	assert_null(message);
	rocksdb_put(raw, sync, "weir.format", 11, number, strlen(number), &message);
	assert_null(message);
	rocksdb_close(raw);
	rocksdb_writeoptions_destroy(sync);
	rocksdb_options_destroy(options);
}

static void refused_with(const char *number)
{
	wr_err err = WR_ERR_INIT;
	char words[64];

	set_number(number);
	assert_int_equal(open_state(&err), WR_FAIL);
	snprintf(words, sizeof words, "has format %s; this program reads format %s", number,
		 WR_DATA_FORMAT);
	assert_non_null(strstr(err.message, words));
	assert_non_null(strstr(err.hint, "Use the version of weir that wrote it"));
	assert_int_equal(err.cls, WR_ERR_IO);
}

static void test_other_numbers_are_refused(void **state)
{
	wr_err err = WR_ERR_INIT;
	char command[128];

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(open_state(&err), WR_OK);
	refused_with("1");
	refused_with("99");
	refused_with(WR_DATA_FORMAT "0");
	set_number(WR_DATA_FORMAT);
	assert_int_equal(open_state(&err), WR_OK);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_other_numbers_are_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * weir test: what its files share. test.c walks folders, counts and reports; conform*.c run the
 * JSON cases of the conformance format; script*.c run .test files.
 */
#ifndef CLI_TEST_H
#define CLI_TEST_H

#include <stdio.h>

#include "cli/cli.h"
#include "core/json.h"

typedef enum wr_verdict { WR_PASSED, WR_FAILED, WR_SKIPPED } wr_verdict;

/* One case's end. */
typedef struct wr_case_result {
	wr_verdict verdict;
	bool expects_error;
	/* why it failed or was skipped; the text of our error where one was expected */
	wr_buf reason;
} wr_case_result;

/*
 * The other worlds of a run (`--world batch=7,store=memory,tasks=4,restart=1,queue=1`): the same
 * results are expected in each.
 */
typedef struct wr_world {
	int batch, tasks, queue; /* 0: default */
	bool memory, restart, rollback;
} wr_world;

typedef struct wr_test_run {
	const wr_options *options;
	wr_world world;
	FILE *report;
	unsigned passed, failed, skipped;
	/* of the conformance cases: by what they expect */
	unsigned rows_passed, rows_all, errors_passed, errors_all;
} wr_test_run;

/* Counts, prints failures, writes the report line. */
void wr_test_report(wr_test_run *t, const char *file, wr_str name, wr_case_result *r);
/* Whether --only leaves it in. */
bool wr_test_wanted(const wr_test_run *t, wr_str name);

/* Runs every case of a file. */
void wr_conform_file(wr_test_run *t, const char *file);
void wr_script_file(wr_test_run *t, const char *file);

void wr_case_fail(wr_case_result *r, const char *format, ...) WR_PRINTF(2, 3);
void wr_case_skip(wr_case_result *r, const char *format, ...) WR_PRINTF(2, 3);

#endif

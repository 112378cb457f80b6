/*
 * Errors: a status that must be checked and, for whoever can tell the user, a wr_err with the
 * words.
 *
 * A fallible function returns wr_status and takes wr_err * last (never NULL). The first error wins:
 * wr_err_set on an error already set keeps the first. The class says who can do something about it.
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include "core/str.h"

typedef enum wr_status { WR_OK = 0, WR_FAIL = 1 } wr_status;

#define WR_CHECKED	__attribute__((warn_unused_result))
#define WR_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* What kind of error: X(tag, text). `weir test` matches expected errors by class. */
#define WR_ERR_CLASSES(X)                                                                          \
	X(NONE, "no error")                                                                        \
	X(SYNTAX, "syntax error")	/* the text is not a statement */                          \
	X(STATEMENT, "statement error") /* a statement that cannot be: names, types, rules */      \
	X(NOT_IMPLEMENTED, "not implemented") /* a good statement that this version cannot run */  \
	X(RUNTIME, "runtime error")	      /* a query failed while it ran */                    \
	X(DATA, "bad record") /* a record that cannot be read; the source's ON_ERROR decides */    \
	X(CONNECT, "cannot connect") /* broker or endpoint away; retried where retrying helps */   \
	X(IO, "input/output error")  /* disk, files, permissions */                                \
	X(USAGE, "wrong usage")	     /* command line */                                            \
	X(INTERRUPTED, "interrupted")

typedef enum wr_err_class {
#define X(tag, text) WR_ERR_##tag,
	WR_ERR_CLASSES(X)
#undef X
} wr_err_class;

/* A place in a statement's text, in bytes. length 0: no place known. */
typedef struct wr_span {
	uint32_t at, length;
} wr_span;

typedef struct wr_err {
	wr_err_class cls;
	wr_span span;
	char message[1024]; /* what is wrong, one sentence without a full stop */
	char hint[512];	    /* how to mend it; may be empty */
	/* For data errors: where the record stood. topic[0] == 0 when it is not one. */
	char topic[128];
	int32_t partition;
	int64_t offset;
} wr_err;

#define WR_ERR_INIT ((wr_err){ .cls = WR_ERR_NONE })

/*
 * Sets *err unless one is set already. Always returns WR_FAIL, so that `return wr_err_set(...)`
 * works.
 */
wr_status wr_err_set(wr_err *err, wr_err_class cls, wr_span span, const char *format, ...)
    WR_PRINTF(4, 5);

/* Adds a hint to the error just set; the first hint wins. Returns WR_FAIL. */
wr_status wr_err_hint(wr_err *err, const char *format, ...) WR_PRINTF(2, 3);

void wr_err_clear(wr_err *err);

/* The class's words, e.g. "syntax error". */
const char *wr_err_class_text(wr_err_class cls);

#define WR_NO_SPAN ((wr_span){ 0, 0 })

/* A bug of ours: prints where and what to stderr, then abort(). The last commit stands. */
_Noreturn void wr_bug(const char *file, int line, const char *format, ...) WR_PRINTF(3, 4);
#define WR_BUG(...) wr_bug(__FILE__, __LINE__, __VA_ARGS__)
#define WR_ASSERT(cond)                                                                            \
	do {                                                                                       \
		if (!(cond))                                                                       \
			wr_bug(__FILE__, __LINE__, "%s", #cond);                                   \
	} while (0)

/* No memory: says so and exits with status 70; state is safe, restart recovers. */
_Noreturn void wr_no_memory(size_t bytes);

#endif

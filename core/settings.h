/*
 * Settings: one row each in the table of settings.c (name, type, default, range, document). A wr_settings is a plain value: copy it to
 * override some for a session or query. Names may carry the prefix `ksql.streams.` or `ksql.`, and case does not matter.
 */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include "core/err.h"
#include "core/buf.h"

/* X(tag, name, kind INT|BOOL|TEXT|SIZE, default text, minimum, maximum, document) */
#define WR_SETTINGS(X)                                                                             \
	X(AUTO_OFFSET_RESET, "auto.offset.reset", TEXT, "earliest", 0, 0,                          \
	  "where a query without stored position begins: earliest or latest")                     \
	X(PROCESSING_GUARANTEE, "processing.guarantee", TEXT, "exactly_once", 0, 0,                \
	  "exactly_once: results are seen at commits; at_least_once: as they are made")           \
	X(COMMIT_INTERVAL, "commit.interval.ms", INT, "200", 1, 3600000,                           \
	  "milliseconds between commits (1,000 by default when at_least_once)")                   \
	X(COMMIT_BYTES, "commit.bytes", SIZE, "64MiB", 1, 0,                                       \
	  "a commit comes early when so much changed state waits")                                \
	X(CACHE_BYTES, "cache.max.bytes.buffering", SIZE, "10MiB", 0, 0,                           \
	  "changes of one row between commits are merged up to so many bytes; 0: each goes out")   \
	X(TASK_IDLE, "max.task.idle.ms", INT, "0", 0, 3600000,                                     \
	  "how long to wait for an input that may still bring earlier rows")                       \
	X(IDLE_TIMEOUT, "idle.timeout.ms", INT, "0", 0, 0,                                         \
	  "a partition silent for so long no longer holds back windows; 0: it always does")        \
	X(MEMORY, "memory", SIZE, "128MiB", 1048576, 0, "caches and prefetched records")            \
	X(QUEUE_BYTES, "queue.bytes", SIZE, "4MiB", 1, 0, "bound of a queue between tasks")         \
	X(BATCH_ROWS, "batch.rows", INT, "1024", 1, 1024, "records taken at once")                  \
	X(TASKS, "tasks", INT, "0", 0, 64, "tasks per stage; 0: the smaller of partitions and cores")\
	X(STORE, "state.store", TEXT, "rocksdb", 0, 0, "rocksdb, or memory")                        \
	X(DIALECT, "dialect", TEXT, "weir", 0, 0, "ksql: refuse what ksqlDB refuses")               \
	X(ERRORS_MAX, "errors.max", INT, "10000", 0, 0, "bad records kept per query")               \
	X(KEY_FORMAT, "persistence.default.format.key", TEXT, "KAFKA", 0, 0, "KEY_FORMAT when none is given") \
	X(VALUE_FORMAT, "persistence.default.format.value", TEXT, "", 0, 0, "VALUE_FORMAT when none is given") \
	X(WRAP_SINGLE, "persistence.wrap.single.values", TEXT, "", 0, 0, "WRAP_SINGLE_VALUE when none is given: true, false or empty") \
	X(TOPIC_PREFIX, "output.topic.name.prefix", TEXT, "", 0, 0, "put before topics named after their sink") \
	X(COLLECT_LIST_LIMIT, "functions.collect_list.limit", INT, "-1", -1, 0, "longest COLLECT_LIST; -1: any") \
	X(COLLECT_SET_LIMIT, "functions.collect_set.limit", INT, "-1", -1, 0, "longest COLLECT_SET; -1: any") \
	X(THROW_ON_INVALID_TIME, "timestamp.throw.on.invalid", BOOL, "false", 0, 0, "a bad row time fails the query instead of dropping the row") \
	X(PULL_TABLE_SCAN, "query.pull.table.scan.enabled", BOOL, "true", 0, 0, "pull queries may scan tables") \
	X(OR_REPLACE, "create.or.replace.enabled", BOOL, "true", 0, 0, "CREATE OR REPLACE is allowed") \
	X(SUBSTITUTE, "variable.substitution.enable", BOOL, "true", 0, 0, "${name} is replaced")

typedef enum wr_setting {
#define X(tag, name, kind, def, min, max, doc) WR_SET_##tag,
	WR_SETTINGS(X)
#undef X
	WR_SETTING_COUNT,
} wr_setting;

enum { WR_SETTING_TEXT = 128 };

typedef struct wr_settings {
	char text[WR_SETTING_COUNT][WR_SETTING_TEXT];	/* as given */
	int64_t number[WR_SETTING_COUNT];		/* INT, SIZE (bytes), BOOL (0, 1); TEXT: 0 */
	bool given[WR_SETTING_COUNT];			/* not the default */
} wr_settings;

void wr_settings_default(wr_settings *s);
/* Sets one by name. Known names that mean nothing here are accepted (compatibility). Errors: STATEMENT: unknown (did-you-mean) or out of
 * range. value is text: "200", "64MiB", "true". */
WR_CHECKED wr_status wr_settings_set(wr_settings *s, wr_str name, wr_str value, wr_err *err);
/* Back to the default. */
WR_CHECKED wr_status wr_settings_unset(wr_settings *s, wr_str name, wr_err *err);
/* The setting of that name, or -1. */
int wr_setting_find(wr_str name);
const char *wr_setting_name(wr_setting id);
const char *wr_setting_doc(wr_setting id);

static inline int64_t wr_set_num(const wr_settings *s, wr_setting id)
{
	return s->number[id];
}
static inline const char *wr_set_text(const wr_settings *s, wr_setting id)
{
	return s->text[id];
}
/* True when the TEXT setting is z, without regard to case. */
bool wr_set_is(const wr_settings *s, wr_setting id, const char *z);

#endif

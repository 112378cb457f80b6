/*
 * Settings: what SET, --set, configuration files and test cases may change, one row each. A
 * wr_settings is a plain value: copy it to give a session, a statement or a query its own.
 *
 * Names match without regard to case, with or without the prefixes `ksql.streams.` and `ksql.`.
 * Bytes may end in k, m or g (of 1,024), times in ms, s, m, h or d.
 */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include "core/buf.h"

typedef enum wr_setting_kind {
	WR_SETTING_INT,
	WR_SETTING_BYTES,
	WR_SETTING_MS,
	WR_SETTING_BOOL,
	WR_SETTING_CHOICE, /* the value is the index in the row's choices */
	WR_SETTING_TEXT,
} wr_setting_kind;

enum { WR_SETTING_TEXT_MAX = 255 };

/* X(id, name, kind, default, least, most, choices parted by |, doc) */
/* clang-format off */
#define WR_SETTINGS(X)                                                                                      \
	X(AUTO_OFFSET_RESET, "auto.offset.reset", CHOICE, "earliest", 0, 0, "earliest|latest",             \
	  "where a query begins on a source that names no START_AT")                                       \
	X(PROCESSING_GUARANTEE, "processing.guarantee", CHOICE, "exactly_once", 0, 0,                       \
	  "exactly_once|at_least_once|exactly_once_v2|exactly_once_beta",                                  \
	  "exactly_once: results are seen at commits; at_least_once: results leave as they are made")      \
	X(COMMIT_INTERVAL_MS, "commit.interval.ms", MS, "200", 1, 3600000, NULL,                            \
	  "how often a query commits; 1000 where the guarantee is at_least_once and nothing else is said") \
	X(COMMIT_BYTES, "commit.bytes", BYTES, "64m", 1024, INT64_MAX, NULL,                                \
	  "a query commits early when its changed state, with what committing it takes, and waiting output " \
	  "are larger; at most half of memory")                                                            \
	X(CACHE_BYTES, "cache.max.bytes.buffering", BYTES, "10485760", 0, INT64_MAX, NULL,                  \
	  "room for merging several changes of one row between commits; 0: every change goes out")         \
	X(TRANSACTION_TIMEOUT_MS, "transaction.timeout.ms", MS, "60000", 1000, 900000, NULL,                \
	  "a Kafka transaction that lasts longer is aborted by the broker")                                \
	X(MAX_TASK_IDLE_MS, "max.task.idle.ms", MS, "1000", 0, 3600000, NULL,                               \
	  "how long a reader waits for a partition that may be behind, to keep time in order")             \
	X(IDLE_TIMEOUT_MS, "idle.timeout.ms", MS, "30000", 0, INT64_MAX, NULL,                              \
	  "a partition silent for so long at its end no longer holds back time; 0: it always does")        \
	X(METADATA_MAX_AGE_MS, "metadata.max.age.ms", MS, "30000", 100, 3600000, NULL,                      \
	  "how often Kafka topics are looked at for partitions that were added")                           \
	X(MEMORY, "memory", BYTES, "128m", 8388608, INT64_MAX, NULL,                                        \
	  "about what state takes of memory: 3/4 rows and groups at hand (each table, join or aggregate "  \
	  "half of that), 1/8 blocks of files, 1/8 what waits to become one; what a commit copies, the "   \
	  "program itself and each connection to Kafka come on top")                                                               \
	X(QUEUE_BYTES, "queue.bytes", BYTES, "4m", 1, INT64_MAX, NULL,                                      \
	  "bound of each queue between the stages of a query")                                             \
	X(TASKS, "tasks", INT, "0", 0, 256, NULL,                                                           \
	  "tasks per stage; 0: the smaller of partitions and processors")                                  \
	X(BATCH_ROWS, "batch.rows", INT, "1024", 1, 1024, NULL, "source rows in a batch; never changes results") \
	X(STATE_STORE, "state.store", CHOICE, "rocksdb", 0, 0, "rocksdb|memory", "where state is kept")     \
	X(ERRORS_MAX, "errors.max", INT, "10000", 0, INT64_MAX, NULL,                                       \
	  "bad records that a query keeps for SHOW ERRORS; the oldest give way and are counted; 0: no bound")        \
	X(DIALECT, "dialect", CHOICE, "weir", 0, 0, "weir|ksql",                                            \
	  "ksql: refuse what ksqlDB refuses; for conformance runs")                                        \
	X(SCHEMA_REGISTRY_URL, "ksql.schema.registry.url", TEXT, "", 0, 0, NULL,                            \
	  "the schema registry for AVRO, PROTOBUF and JSON_SR")                                            \
	X(DEFAULT_KEY_FORMAT, "ksql.persistence.default.format.key", TEXT, "KAFKA", 0, 0, NULL,             \
	  "key format where a statement names none")                                                       \
	X(DEFAULT_VALUE_FORMAT, "ksql.persistence.default.format.value", TEXT, "", 0, 0, NULL,              \
	  "value format where a statement names none; empty: it must")                                     \
	X(WRAP_SINGLE_VALUES, "ksql.persistence.wrap.single.values", CHOICE, "", 0, 0, "|true|false",       \
	  "whether a single value column is written as an object; empty: as the format likes")             \
	X(OUTPUT_TOPIC_PREFIX, "ksql.output.topic.name.prefix", TEXT, "", 0, 0, NULL,                       \
	  "goes before the name of a topic that CREATE AS makes")                                          \
	X(COLLECT_LIST_LIMIT, "ksql.functions.collect_list.limit", INT, "2147483647", 0, INT64_MAX, NULL,   \
	  "most elements of a COLLECT_LIST")                                                               \
	X(COLLECT_SET_LIMIT, "ksql.functions.collect_set.limit", INT, "2147483647", 0, INT64_MAX, NULL,     \
	  "most elements of a COLLECT_SET")                                                                \
	X(SUBSTRING_LEGACY_ARGS, "ksql.functions.substring.legacy.args", BOOL, "false", 0, 0, NULL,         \
	  "SUBSTRING counts from 0 and takes an end, as ksqlDB did long ago")                              \
	X(TIMESTAMP_THROW, "ksql.timestamp.throw.on.invalid", BOOL, "false", 0, 0, NULL,                    \
	  "a bad TIMESTAMP column stops the query instead of dropping the row")                            \
	X(TIMESTAMP_EXTRACTOR, "default.timestamp.extractor", TEXT, "", 0, 0, NULL,                         \
	  "name of a Kafka Streams extractor: what to do with records of negative time")                   \
	X(PULL_TABLE_SCAN, "ksql.query.pull.table.scan.enabled", BOOL, "true", 0, 0, NULL,                  \
	  "pull queries may read a whole table")                                                           \
	X(PULL_RANGE_SCAN, "ksql.query.pull.range.scan.enabled", BOOL, "true", 0, 0, NULL,                  \
	  "pull queries may read a range of keys")                                                         \
	X(PULL_STREAM, "ksql.query.pull.stream.enabled", BOOL, "true", 0, 0, NULL,                          \
	  "pull queries may read streams")                                                                 \
	X(PULL_LIMIT, "ksql.query.pull.limit.clause.enabled", BOOL, "true", 0, 0, NULL,                     \
	  "pull queries may have a LIMIT")                                                                 \
	X(CREATE_OR_REPLACE, "ksql.create.or.replace.enabled", BOOL, "true", 0, 0, NULL,                    \
	  "CREATE OR REPLACE is allowed")                                                                  \
	X(NEW_PLANNER, "ksql.new.query.planner.enabled", BOOL, "false", 0, 0, NULL,                         \
	  "only with dialect=ksql: streams lose keys that are not selected, and key columns stand as selected") \
	X(VARIABLE_SUBSTITUTION, "ksql.variable.substitution.enable", BOOL, "true", 0, 0, NULL,             \
	  "${name} in statements stands for a variable")
/* clang-format on */

typedef enum wr_setting_id {
#define X(id, name, kind, text, least, most, choices, doc) WR_SET_##id,
	WR_SETTINGS(X)
#undef X
	    WR_SETTING_COUNT,
} wr_setting_id;

typedef struct wr_setting_row {
	const char *name;
	wr_setting_kind kind;
	const char *initial;
	int64_t least, most;
	const char *choices; /* CHOICE: parted by |, else NULL */
	const char *doc;
} wr_setting_row;

typedef struct wr_settings {
	int64_t value[WR_SETTING_COUNT];
	char text[WR_SETTING_COUNT][WR_SETTING_TEXT_MAX + 1]; /* TEXT: the value */
	bool given[WR_SETTING_COUNT];			      /* by somebody, not by the row */
	uint32_t kafka_bytes;
	char kafka[4096]; /* Kafka's own: core/settings_kafka.h */
} wr_settings;

/* Everything as the rows say. */
void wr_settings_init(wr_settings *s);
/*
 * Sets by name. Errors (STATEMENT, no span): no such setting, with the nearest as a hint; value of
 * a wrong form or out of range. A name that ksqlDB knows and that has no meaning here is taken and
 * ignored. Kafka's own (core/settings_kafka.h) are taken as they are: wr_engine_set also asks
 * whether they are known.
 */
wr_status wr_settings_set(wr_settings *s, wr_str name, wr_str value, wr_err *err);
/* Back to what the row says. */
wr_status wr_settings_unset(wr_settings *s, wr_str name, wr_err *err);

/* Numbers, bytes and ms; BOOL 0 or 1; CHOICE the index. */
int64_t wr_setting_int(const wr_settings *s, wr_setting_id id);
static inline bool wr_setting_bool(const wr_settings *s, wr_setting_id id)
{
	return wr_setting_int(s, id) != 0;
}
/* TEXT: the value; CHOICE: the word chosen. */
wr_str wr_setting_text(const wr_settings *s, wr_setting_id id);
/* True for exactly_once and its other names. */
bool wr_settings_exactly_once(const wr_settings *s);

/* Any value as SHOW PROPERTIES prints it. */
void wr_setting_print(const wr_settings *s, wr_setting_id id, wr_buf *out);
const wr_setting_row *wr_setting_row_of(wr_setting_id id);
/* The id, WR_SETTING_COUNT for a name that is known and ignored, -1 for one that is not known. */
int wr_setting_find(wr_str name);

#endif

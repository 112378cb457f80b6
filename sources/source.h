/*
 * Sources: topics and files as records. A reader owns some partitions, read from given positions;
 * going back means a new reader. Raw records only: formats/ makes rows of them.
 */
#ifndef SOURCES_SOURCE_H
#define SOURCES_SOURCE_H

#include "core/record.h"

typedef enum wr_on_error {
	WR_ON_ERROR_DEAD_LETTER,
	WR_ON_ERROR_SKIP,
	WR_ON_ERROR_STOP
} wr_on_error;

typedef enum wr_start {
	WR_START_EARLIEST,
	WR_START_LATEST,
	WR_START_TIME,
	WR_START_OFFSET
} wr_start;

/* What to read. Immutable, in the query's arena. */
typedef struct wr_source_spec {
	const char *kind; /* "kafka", "log", "file", "memory": a row of source_list.h */
	wr_str topic;
	wr_str file;	   /* FILE: path */
	bool file_records; /* FILE_LAYOUT='RECORD'; topic is a filter unless empty */
	bool file_follow;
	bool
	    file_delimited; /* lines are CSV values (first line is no header); matters for quoted newlines only */
	wr_start start;
	int64_t start_value; /* ms, or an offset */
	wr_on_error on_error;
	wr_str dead_letter;   /* DEAD_LETTER: the topic; empty: none */
	int64_t idle_timeout; /* ms; 0: the setting idle.timeout.ms */
} wr_source_spec;

/* Where all sources live: given by the engine. */
typedef struct wr_io {
	const char *broker;	       /* "host:port,…"; NULL: the embedded topic log */
	const char *dir;	       /* data directory; NULL: none (memory topics) */
	void *topics;		       /* wr_topics * (io/topics.h), for "log" and "memory" */
	bool one_partition;	       /* tests by hand: whatever is written goes to partition 0 */
	size_t prefetch_bytes;	       /* per reader */
	const char *const *kafka_conf; /* name, value … NULL: further librdkafka settings */
} wr_io;

typedef struct wr_reader wr_reader;
typedef struct wr_source_def wr_source_def;

/* One partition's place. next: the offset that will be read next. */
typedef struct wr_position {
	int32_t partition;
	int64_t next;
	int64_t end; /* the offset behind the last record there was when it was resolved */
} wr_position;

struct wr_source_def {
	const char *kind;
	/* Records say which partition they are of: where one more shows up, no key has moved to it
	 * from another. */
	bool partition_in_record;
	/* Where a time is resolved, the place may lie before records that are older. */
	bool time_is_rough;
	/* How many partitions; CONNECT or IO when it cannot be asked, STATEMENT when there is no
	 * such topic or file. */
	wr_status (*partitions)(const wr_io *io, const wr_source_spec *s, int32_t *n, wr_err *err);
	/* Resolves the spec's start to a number for each partition 0..n-1 (next), and what is the
	 * end now (end). */
	wr_status (*resolve)(const wr_io *io, const wr_source_spec *s, wr_position *p, int32_t n,
			     wr_err *err);
	/* *which: the first of seen[0..n-1] whose offset holds another record than the one that was
	 * read there, so that the topic is another one; -1: none does, as far as can be told. NULL:
	 * a topic that is made anew has another end, or is not ours. */
	wr_status (*differs)(const wr_io *io, const wr_source_spec *s, const wr_last_record *seen,
			     int32_t n, int32_t *which, wr_err *err);
	/* A reader of the n partitions listed, from their next. */
	wr_status (*open)(const wr_io *io, const wr_source_spec *s, const wr_position *p, int32_t n,
			  wr_reader **out, wr_err *err);
	/*
	 * Takes up to max records, waiting at most timeout_ms for the first and not at all for
	 * more. *n may be 0. Per partition in offset order; partitions may be mixed. Records are
	 * valid until the next release. A broker that is away is no error: n is 0 and
	 * wr_reader.trouble says it. Fails with RUNTIME where trying again cannot help (topic
	 * deleted, position fell out of retention), else with IO (file gone, no permission).
	 */
	wr_status (*poll)(wr_reader *r, wr_record *out, uint32_t max, int timeout_ms, uint32_t *n,
			  wr_err *err);
	void (*release)(wr_reader *r);
	/* Position that will be read next, after all that poll handed out; at_end: nothing more is
	 * there now. i: index into the list given to open. */
	int64_t (*next)(wr_reader *r, int32_t i, bool *at_end);
	/* Asks now whether there is nothing more in partition i; waits a few 100 ms at most. false:
	 * there is, or nobody answers. NULL: next always knows. */
	bool (*confirm_end)(wr_reader *r, int32_t i);
	/* How many partitions there are now, as a new question; 0: nobody answers. NULL: the number
	 * never changes. Thread: any, while others poll. */
	int32_t (*count)(wr_reader *r);
	/* A descriptor that becomes readable when there may be records; -1: none, poll with a
	 * time-out. */
	int (*wait_fd)(wr_reader *r);
	void (*close)(wr_reader *r);
};

/* The head of every reader's struct. */
struct wr_reader {
	const wr_source_def *def;
	char trouble
	    [256]; /* why records do not come now ("broker 127.0.0.1:9092 does not answer"); empty: all is well */
};

/* By kind; NULL: none such. */
const wr_source_def *wr_source_find(const char *kind);

#endif

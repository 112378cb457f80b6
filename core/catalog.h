/*
 * The catalog as the planner sees it: read-only. The engine implements it; tests use a small fake.
 */
#ifndef CORE_CATALOG_H
#define CORE_CATALOG_H

#include "core/schema.h"

/*
 * A stream or table. Immutable; a changed one is a new object. Strings and schema live as long as
 * the catalog's snapshot.
 */
typedef struct wr_relation {
	wr_str name;
	bool table;
	bool source_only; /* SOURCE STREAM / TABLE: read-only */
	bool from_query;  /* CREATE … AS */
	wr_str topic;
	const wr_schema *schema; /* declared columns, keys first; header columns included */
	/* per column: 0 none, 1 HEADERS, 2 HEADER('key'); NULL: none */
	const int32_t *header_cols;
	const wr_str *header_keys; /* per column, of the 2s; else p NULL */
	/* per column: its name as the statement spelt it; NULL: as in the schema */
	const wr_str *spelled;
	/* formats */
	const char *key_format, *value_format;
	char key_delimiter, value_delimiter;
	bool key_wrap, value_wrap; /* effective: whether a single column is wrapped */
	int8_t wrap_single;	   /* WRAP_SINGLE_VALUE as given: -1 not, 0 false, 1 true */
	int window_kind;	   /* wr_window_kind of the key */
	int64_t window_size;
	/* row time */
	wr_str time_column; /* p NULL: the record's */
	wr_str time_format; /* p NULL: none */
	/* where records come from: FILE */
	wr_str file;	   /* p NULL: the topic itself */
	bool file_records; /* FILE_LAYOUT='RECORD' */
	bool file_follow;
	/* RECORD: no KAFKA_TOPIC was given, so lines of every topic count */
	bool file_any_topic;
	wr_str start_at;      /* p NULL: auto.offset.reset */
	int on_error;	      /* wr_on_error of sources/source.h */
	wr_str dead_letter;   /* the topic; p NULL: none */
	int64_t idle_timeout; /* ms; 0: none given */
	bool before_event;    /* BEFORE='EVENT' */
	int32_t partitions;   /* of the topic, as far as known */
	wr_str created_by;    /* id of the query that writes it; p NULL: none */
	wr_str statement;     /* text of the statement that made it */
} wr_relation;

typedef struct wr_catalog wr_catalog;
struct wr_catalog {
	void *self;
	/* NULL: there is none. Names are exact (already upper-cased unless quoted). */
	const wr_relation *(*find)(const wr_catalog *c, wr_str name);
	const wr_type *(*find_type)(const wr_catalog *c, wr_str name);
	/*
	 * Names of all relations, for did-you-mean: fills at most max, returns how many there are.
	 */
	uint32_t (*names)(const wr_catalog *c, const char **out, uint32_t max);
	/* Partitions of a topic; 0: it does not exist; -1: cannot be known now. */
	int32_t (*partitions)(const wr_catalog *c, wr_str topic);
};

#endif

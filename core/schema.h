/*
 * A schema: named, typed columns, key columns first. Immutable; lives in the query's arena.
 */
#ifndef CORE_SCHEMA_H
#define CORE_SCHEMA_H

#include "core/type.h"

typedef struct wr_column {
	wr_str name;
	const wr_type *type;
} wr_column;

typedef struct wr_schema {
	uint32_t n;	/* columns */
	uint32_t nkeys; /* the first nkeys are the key */
	const wr_column *cols;
} wr_schema;

/* Index of the column of exactly that name; -1 when there is none. */
int wr_schema_find(const wr_schema *s, wr_str name);
/* `A` STRING KEY, `B` ARRAY<INTEGER>; a table's keys read PRIMARY KEY where table is true. */
void wr_schema_print(const wr_schema *s, bool table, wr_buf *out);
bool wr_schema_eq(const wr_schema *a, const wr_schema *b);
const wr_schema *wr_schema_copy(wr_arena *a, const wr_schema *s);

#endif

/*
 * Properties of CREATE SINK … WITH, read by a table of rules into a struct of options. Names match
 * without regard to case.
 *
 *	{ "BATCH_ROWS", WR_RULE_INT, offsetof(options, batch_rows), 1, 100000, NULL }
 */
#ifndef SINKS_PROPS_H
#define SINKS_PROPS_H

#include "sinks/sink.h"

typedef enum wr_rule_kind {
	WR_RULE_TEXT,	/* wr_str */
	WR_RULE_INT,	/* int64_t, least … most */
	WR_RULE_BYTES,	/* int64_t; the text may end in k, m, g (of 1,024) */
	WR_RULE_MS,	/* int64_t; 500, '500 MS', '30 SECONDS', '5 MINUTES', '2 HOURS', '1 DAY' */
	WR_RULE_BOOL,	/* bool */
	WR_RULE_CHOICE, /* int: index in choices, parted by | */
	WR_RULE_PREFIX, /* any property that begins with the name; taken by the sink itself */
	WR_RULE_LATER,	/* known, and not there yet: an error of class NOT_IMPLEMENTED */
} wr_rule_kind;

typedef struct wr_sink_rule {
	const char *name;
	wr_rule_kind kind;
	size_t at;	     /* offset in the options */
	int64_t least, most; /* INT, BYTES, MS */
	const char *choices; /* CHOICE */
} wr_sink_rule;

/*
 * Fills the options that are given; the others stay as they are. Texts are the spec's. Errors are
 * of class STATEMENT with the property's span: an unknown name (with the nearest as a hint), one
 * given twice, a value that does not fit.
 */
WR_CHECKED wr_status wr_sink_props_read(const wr_sink_spec *spec, const wr_sink_rule *rules,
					uint32_t nrules, void *options, wr_err *err);
/* The property of that name, or NULL. */
const wr_sink_prop *wr_sink_prop_find(const wr_sink_spec *spec, const char *name);
/* Its span; WR_NO_SPAN when it is not given. */
wr_span wr_sink_prop_span(const wr_sink_spec *spec, const char *name);

/*
 * The cells of a row as sinks show them: shown key columns, window bounds, the other shown columns.
 */
enum { WR_FIELD_WSTART = -1, WR_FIELD_WEND = -2 };

typedef struct wr_field {
	wr_str name;
	int32_t col; /* of the schema, or WR_FIELD_WSTART, WR_FIELD_WEND: milliseconds */
	bool key;
} wr_field;

typedef struct wr_fields {
	uint32_t n;
	wr_field *items; /* wr_malloc; give back with free */
} wr_fields;

/*
 * As the statement spells them. Window bounds are added unless the statement shows columns of these
 * names itself.
 */
void wr_fields_of(const wr_sink_spec *spec, wr_fields *out);
/* The bounds of a row, or 0. */
int64_t wr_field_bound(const wr_field *f, const wr_batch *b, uint32_t row);

#endif

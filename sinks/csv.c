/*
 * CSV sinks: the properties. Which of the two modes it is decides open: from then on the engine
 * speaks to that one.
 *
 *	APPEND  every change, in order; a follower           (csv_append.c)
 *	TABLE   the rows as they are now; a deriver          (csv_table.c)
 */
#include "sinks/csv.h"

#include <libgen.h>
#include <stdlib.h>

#include "io/files.h"
#include "sinks/sink_list.h"

#define AT(field) offsetof(wr_csv_options, field)

static const wr_sink_rule rules[] = {
	{ "PATH", WR_RULE_TEXT, AT(path_text), 0, 0, NULL },
	{ "MODE", WR_RULE_CHOICE, AT(mode), 0, 0, "APPEND|TABLE" },
	{ "HEADER", WR_RULE_BOOL, AT(header), 0, 0, NULL },
	{ "DELIMITER", WR_RULE_TEXT, AT(delimiter), 0, 0, NULL },
	{ "NULL_TEXT", WR_RULE_TEXT, AT(null_text), 0, 0, NULL },
	{ "OP_COLUMN", WR_RULE_TEXT, AT(op_column), 0, 0, NULL },
	{ "ROTATE_BYTES", WR_RULE_BYTES, AT(rotate_bytes), 1, INT64_MAX, NULL },
	{ "ROTATE_INTERVAL", WR_RULE_MS, AT(rotate_ms), 1, INT64_MAX, NULL },
	{ "COMPRESS", WR_RULE_CHOICE, AT(compress), 0, 0, "none|gzip|zstd" },
};

static wr_status refuse(const wr_sink_spec *spec, const char *prop, const char *message,
			wr_err *err)
{
	return wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, prop), "%s", message);
}

static wr_status read_delimiter(const wr_sink_spec *spec, wr_csv_options *o, wr_err *err)
{
	if (wr_str_ieq(o->delimiter, WR_STR_LIT("TAB")) || wr_str_is(o->delimiter, "\\t"))
		o->delimiter = WR_STR_LIT("\t");
	else if (wr_str_ieq(o->delimiter, WR_STR_LIT("SPACE")))
		o->delimiter = WR_STR_LIT(" ");
	unsigned char c = o->delimiter.n == 1 ? (unsigned char)o->delimiter.p[0] : 'x';

	/* these stand in numbers, so that numbers need no look */
	if (c >= 'a'   ? c <= 'z'
	    : c >= 'A' ? c <= 'Z'
	    : c >= '0' ? c <= '9'
		       : memchr("+-.\"\r\n", c, 7) != NULL)
		return refuse(
		    spec, "DELIMITER",
		    "DELIMITER must be one character, such as ; or TAB, that cannot stand in a number",
		    err);
	return c < 128 ? WR_OK
		       : refuse(spec, "DELIMITER", "DELIMITER must be an ASCII character", err);
}

static wr_status check_table(const wr_sink_spec *spec, const wr_csv_options *o, wr_err *err)
{
	if (o->op_column.p)
		return refuse(spec, "OP_COLUMN",
			      "OP_COLUMN is for MODE='APPEND': a table holds rows, not changes",
			      err);
	if (o->rotate_bytes || o->rotate_ms)
		return refuse(spec, o->rotate_bytes ? "ROTATE_BYTES" : "ROTATE_INTERVAL",
			      "files rotate in MODE='APPEND' only: a table is one file", err);
	if (spec->schema->nkeys)
		return WR_OK;
	refuse(spec, "MODE", "MODE='TABLE' holds one row for each key, and these rows have no key",
	       err);
	return wr_err_hint(err, "use MODE='APPEND', or give the query a GROUP BY or PARTITION BY");
}

static wr_status read_options(const wr_sink_spec *spec, wr_csv_options *o, wr_err *err)
{
	*o = (wr_csv_options){ .header = true,
			       .delimiter = WR_STR_LIT(","),
			       .mode = spec->table && spec->schema->nkeys ? WR_CSV_TABLE
									  : WR_CSV_APPEND };
	if (wr_sink_props_read(spec, rules, sizeof rules / sizeof *rules, o, err))
		return WR_FAIL;
	if (!o->path_text.n) {
		refuse(spec, "PATH", "a CSV sink needs a PATH", err);
		return wr_err_hint(err, "add PATH='out.csv' to WITH");
	}
	if (o->path_text.p[o->path_text.n - 1] == '/')
		return refuse(spec, "PATH", "PATH names a file, not a directory", err);
	if (read_delimiter(spec, o, err))
		return WR_FAIL;
	for (uint32_t i = 0; i < o->null_text.n; i++)
		if (memchr("\"\r\n", o->null_text.p[i], 3) ||
		    o->null_text.p[i] == o->delimiter.p[0])
			return refuse(
			    spec, "NULL_TEXT",
			    "NULL_TEXT stands without quotes and cannot hold quotes, delimiters or line breaks",
			    err);
	return o->mode == WR_CSV_TABLE ? check_table(spec, o, err) : WR_OK;
}

static wr_status check(const wr_sink_spec *spec, wr_err *err)
{
	wr_csv_options o;

	return read_options(spec, &o, err);
}

static wr_status make_directories(const char *path, wr_err *err)
{
	char *copy = wr_strdup(path);
	wr_status status = wr_file_make_dir(dirname(copy), err);

	free(copy);
	return status;
}

wr_status wr_csv_init(wr_csv *c, const wr_sink_def *def, const wr_sink_spec *spec, wr_sink_cx *cx,
		      wr_err *err)
{
	c->sink = (wr_sink){ def, spec, cx };
	if (read_options(spec, &c->opt, err))
		return WR_FAIL;
	c->path = strndup(c->opt.path_text.p, c->opt.path_text.n);
	if (!c->path)
		wr_no_memory(c->opt.path_text.n);
	wr_csv_format_init(&c->format, c->opt.delimiter.p[0], c->opt.null_text);
	wr_fields_of(spec, &c->fields);
	return make_directories(c->path, err);
}

void wr_csv_done(wr_csv *c)
{
	free(c->fields.items);
	free(c->path);
}

static wr_status open_mode(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
			   wr_err *err)
{
	wr_csv_options o;

	if (read_options(spec, &o, err))
		return WR_FAIL;
	return (o.mode == WR_CSV_TABLE ? &wr_csv_table : &wr_csv_append)
	    ->open(spec, cx, mark, out, err);
}

const wr_sink_def wr_sink_csv = {
	.type = "csv",
	.kind = WR_SINK_FOLLOWER,
	.parallel = true,
	.check = check,
	.open = open_mode,
};

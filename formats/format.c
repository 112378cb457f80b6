/*
 * The list of formats, and the columns each can hold. To add a format: a file with its reader and
 * writer, and a row here.
 */
#include "formats/side.h"

#include <stdarg.h>
#include <stdio.h>

wr_side_result wr_defect_set(wr_defect *f, int64_t at, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(f->reason, sizeof(f->reason), format, ap);
	va_end(ap);
	f->at = at;
	return WR_SIDE_BAD;
}

void wr_side_nulls(const wr_side_spec *spec, wr_batch *b, uint32_t row)
{
	for (uint32_t i = 0; i < spec->n; i++)
		if (spec->to[i] >= 0)
			wr_vec_set_null(&b->cols[spec->to[i]], b->arena, row);
}

static wr_status refuse(wr_err *err, const char *format, const wr_column *col, const char *hint)
{
	wr_buf type = { 0 };

	wr_type_print(col->type, &type);
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "%s cannot hold %s, the type of column %.*s",
		   format, wr_tag_name(col->type->tag), WR_STR_ARG(col->name));
	wr_buf_free(&type);
	return wr_err_hint(err, "%s", hint);
}

static wr_status check_none(const wr_side_spec *spec, bool is_key, wr_err *err)
{
	(void)is_key;
	if (spec->n == 0)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
		   "format NONE holds no columns, and there is %.*s",
		   WR_STR_ARG(spec->cols[0].name));
	return wr_err_hint(err, "name a key format, for example KEY_FORMAT='JSON'");
}

static wr_status check_kafka(const wr_side_spec *spec, bool is_key, wr_err *err)
{
	if (spec->n > 1) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
			   "format KAFKA holds one %s column, and there are %u",
			   is_key ? "key" : "value", spec->n);
		return wr_err_hint(err, "use %s_FORMAT='JSON' or 'DELIMITED'",
				   is_key ? "KEY" : "VALUE");
	}
	if (spec->n == 0)
		return WR_OK;
	switch (spec->cols[0].type->tag) {
	case WR_INTEGER:
	case WR_BIGINT:
	case WR_DOUBLE:
	case WR_STRING:
	case WR_BYTES: return WR_OK;
	default:
		return refuse(
		    err, "KAFKA", &spec->cols[0],
		    "it holds INTEGER, BIGINT, DOUBLE, STRING and BYTES; JSON holds all types");
	}
}

static wr_status check_delimited(const wr_side_spec *spec, bool is_key, wr_err *err)
{
	(void)is_key;
	for (uint32_t i = 0; i < spec->n; i++)
		if (wr_tag_nested(spec->cols[i].type->tag))
			return refuse(err, "DELIMITED", &spec->cols[i], "JSON holds nested types");
	return WR_OK;
}

/* A MAP anywhere in it with keys other than STRING. */
static bool odd_map(const wr_type *t)
{
	if (t->tag == WR_MAP && t->kids[0]->tag != WR_STRING)
		return true;
	for (uint32_t i = 0; i < t->nkids; i++)
		if (odd_map(t->kids[i]))
			return true;
	return false;
}

static wr_status check_json(const wr_side_spec *spec, bool is_key, wr_err *err)
{
	(void)is_key;
	for (uint32_t i = 0; i < spec->n; i++) {
		if (!odd_map(spec->cols[i].type))
			continue;
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
			   "a MAP written as JSON has STRING keys, and that of column %.*s has not",
			   WR_STR_ARG(spec->cols[i].name));
		return wr_err_hint(err, "make it a MAP<STRING, …>");
	}
	return WR_OK;
}

#define BOTH  .key = true, .value = true
#define WRAPS .wrap = true, .unwrap = true

static const wr_format_row rows[] = {
	{
	    .def = { "JSON", BOTH, .multi = true, WRAPS, .check = check_json },
	    .open = wr_json_side_open,
	    .prepare = wr_json_side_prepare,
	    .put = wr_json_side_put,
	},
	{
	    .def = { "DEBEZIUM", BOTH, .multi = true, .wrap = true, .check = check_json },
	    .joined = true,
	},
	{
	    .def = { "DELIMITED", BOTH, .multi = true, .unwrap = true, .delimiter = true,
		     .check = check_delimited },
	    .open = wr_delimited_open,
	    .put = wr_delimited_put,
	},
	{
	    .def = { "KAFKA", BOTH, .unwrap = true, .check = check_kafka },
	    .open = wr_kafka_open,
	    .put = wr_kafka_put,
	},
	{
	    .def = { "NONE", .key = true, .check = check_none },
	    .open = wr_kafka_open,
	    .put = wr_kafka_put,
	},
	/* Known, so that a statement with them is told what is missing. */
	{ .def = { "AVRO", BOTH, .multi = true, WRAPS, .registry = true } },
	{ .def = { "PROTOBUF", BOTH, .multi = true, .wrap = true, .registry = true } },
	{ .def = { "PROTOBUF_NOSR", BOTH, .multi = true, WRAPS, .later = true } },
	{ .def = { "JSON_SR", BOTH, .multi = true, WRAPS, .registry = true, .check = check_json } },
};

const wr_format_row *wr_format_row_find(wr_str name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (wr_str_ieq(name, wr_str_of(rows[i].def.name)))
			return &rows[i];
	return NULL;
}

const wr_format_def *wr_format_find(wr_str name)
{
	const wr_format_row *row = wr_format_row_find(name);

	return row ? &row->def : NULL;
}

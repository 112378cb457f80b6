/*
 * WITH clauses: one row per property in a table, with the places where it may stand and what its
 * value is. A value goes to its member of wr_with by the row's offset; the few that need more have
 * a reader of their own.
 */
#include <stddef.h>

#include "core/near.h"
#include "core/number.h"
#include "core/time_text.h"
#include "planner/impl.h"

typedef enum kind { TEXT, COUNT, TRUTH, DELIMITER, DURATION, READER, IGNORED } kind;

typedef struct property property;
struct property {
	const char *name;
	unsigned places;
	kind kind;
	size_t to, span; /* offsets in wr_with; span 0: not kept */
	wr_status (*read)(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w, wr_err *err);
};

/* The literal's text, without quotes; p NULL for NULL. */
static wr_str text_of(const wr_ast_expr *e)
{
	switch (e->kind) {
	case WR_AST_STRING: return e->text;
	case WR_AST_BOOL: return e->boolean ? WR_STR_LIT("true") : WR_STR_LIT("false");
	case WR_AST_INTEGER:
	case WR_AST_DECIMAL:
	case WR_AST_DOUBLE: return e->spelled;
	default: return (wr_str){ NULL, 0 };
	}
}

bool wr_duration_read(wr_str text, int64_t *ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
#define X(tag, m) { #tag, m },
		WR_UNITS(X)
#undef X
	};
	uint32_t i = 0, j;
	int64_t n;

	while (i < text.n && text.p[i] == ' ')
		i++;
	j = i;
	while (j < text.n && text.p[j] >= '0' && text.p[j] <= '9')
		j++;
	if (!wr_parse_i64((wr_str){ text.p + i, j - i }, &n))
		return false;
	while (j < text.n && text.p[j] == ' ')
		j++;
	wr_str word = { text.p + j, text.n - j };

	while (word.n && word.p[word.n - 1] == ' ')
		word.n--;
	for (size_t u = 0; u < sizeof(units) / sizeof(*units); u++) {
		wr_str full = wr_str_of(units[u].name), one = { full.p, full.n - 1 };

		if (units[u].ms && (wr_str_ieq(word, full) || wr_str_ieq(word, one)))
			return !__builtin_mul_overflow(n, units[u].ms, ms);
	}
	return false;
}

bool wr_start_read(wr_str text, wr_start *start, int64_t *value)
{
	*value = 0;
	if (wr_str_ieq(text, WR_STR_LIT("EARLIEST"))) {
		*start = WR_START_EARLIEST;
		return true;
	}
	if (wr_str_ieq(text, WR_STR_LIT("LATEST"))) {
		*start = WR_START_LATEST;
		return true;
	}
	if (text.n > 7 && wr_str_ieq((wr_str){ text.p, 7 }, WR_STR_LIT("OFFSET "))) {
		*start = WR_START_OFFSET;
		return wr_parse_i64((wr_str){ text.p + 7, text.n - 7 }, value) && *value >= 0;
	}
	*start = WR_START_TIME;
	return wr_parse_timestamp(text, value);
}

static wr_status read_format(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w,
			     wr_err *err)
{
	const wr_format_def *f =
	    wr_format_known(p, wr_arena_str(p->a, text).p, prop->value->span, err);
	bool both = wr_str_is(prop->name.name, "FORMAT");

	if (!f)
		return WR_FAIL;
	if (both && (w->key_format || w->value_format))
		goto twice;
	if (both || wr_str_is(prop->name.name, "KEY_FORMAT")) {
		if (w->key_format)
			goto twice;
		w->key_format = f->name;
		w->key_format_span = prop->value->span;
	}
	if (both || wr_str_is(prop->name.name, "VALUE_FORMAT")) {
		if (w->value_format)
			goto twice;
		w->value_format = f->name;
		w->value_format_span = prop->value->span;
	}
	return WR_OK;
twice:
	WR_REFUSE(err, prop->name.span,
		  "FORMAT stands for KEY_FORMAT and VALUE_FORMAT together, so it excludes them");
	return wr_err_hint(err, "give either FORMAT alone, or KEY_FORMAT and VALUE_FORMAT");
}

static wr_status read_window_type(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w,
				  wr_err *err)
{
	(void)p;
	w->window_span = prop->value->span;
	if (wr_str_ieq(text, WR_STR_LIT("TUMBLING")))
		w->window = WR_WINDOW_TUMBLING;
	else if (wr_str_ieq(text, WR_STR_LIT("HOPPING")))
		w->window = WR_WINDOW_HOPPING;
	else if (wr_str_ieq(text, WR_STR_LIT("SESSION")))
		w->window = WR_WINDOW_SESSION;
	else
		return WR_REFUSE(err, prop->value->span,
				 "WINDOW_TYPE is one of TUMBLING, HOPPING and SESSION, not '%.*s'",
				 WR_STR_ARG(text));
	return WR_OK;
}

/* An empty one is none: create.c. */
static wr_status read_file(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w, wr_err *err)
{
	(void)prop, (void)err;
	w->file = wr_arena_str(p->a, text);
	return WR_OK;
}

static wr_status read_layout(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w,
			     wr_err *err)
{
	(void)p;
	w->file_records = wr_str_ieq(text, WR_STR_LIT("RECORD"));
	if (!w->file_records && !wr_str_ieq(text, WR_STR_LIT("VALUE")))
		return WR_REFUSE(err, prop->value->span,
				 "FILE_LAYOUT is VALUE or RECORD, not '%.*s'", WR_STR_ARG(text));
	return WR_OK;
}

static wr_status read_start(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w,
			    wr_err *err)
{
	wr_start start;
	int64_t value;

	w->start_at = wr_arena_str(p->a, text);
	if (wr_start_read(text, &start, &value))
		return WR_OK;
	WR_REFUSE(err, prop->value->span, "START_AT cannot be read from '%.*s'", WR_STR_ARG(text));
	return wr_err_hint(
	    err, "it is 'EARLIEST', 'LATEST', a time as '2026-05-01T00:00:00Z', or 'OFFSET 42'");
}

static wr_status read_on_error(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w,
			       wr_err *err)
{
	(void)p;
	if (wr_str_ieq(text, WR_STR_LIT("STOP")))
		w->on_error = WR_ON_ERROR_STOP;
	else if (wr_str_ieq(text, WR_STR_LIT("SKIP")))
		w->on_error = WR_ON_ERROR_SKIP;
	else if (wr_str_ieq(text, WR_STR_LIT("DEAD_LETTER")))
		w->on_error = WR_ON_ERROR_DEAD_LETTER;
	else
		return WR_REFUSE(err, prop->value->span,
				 "ON_ERROR is one of STOP, SKIP and DEAD_LETTER, not '%.*s'",
				 WR_STR_ARG(text));
	return WR_OK;
}

static wr_status read_before(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w,
			     wr_err *err)
{
	(void)p;
	w->before_span = prop->name.span;
	w->before_event = wr_str_ieq(text, WR_STR_LIT("EVENT"));
	if (!w->before_event && !wr_str_ieq(text, WR_STR_LIT("STATE")))
		return WR_REFUSE(err, prop->value->span, "BEFORE is STATE or EVENT, not '%.*s'",
				 WR_STR_ARG(text));
	return WR_OK;
}

static wr_status read_cleanup(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w,
			      wr_err *err)
{
	(void)p;
	if (wr_str_ieq(text, WR_STR_LIT("compact")) ||
	    wr_str_ieq(text, WR_STR_LIT("compact,delete")) ||
	    wr_str_ieq(text, WR_STR_LIT("delete,compact")))
		w->compact = true;
	else if (!wr_str_ieq(text, WR_STR_LIT("delete")))
		return WR_REFUSE(
		    err, prop->value->span,
		    "CLEANUP_POLICY is 'compact', 'delete' or 'compact,delete', not '%.*s'",
		    WR_STR_ARG(text));
	return WR_OK;
}

static wr_status read_registry(wr_planner *p, const wr_prop *prop, wr_str text, wr_with *w,
			       wr_err *err)
{
	(void)p;
	(void)text;
	(void)w;
	return WR_LATER(err, prop->name.span, "%.*s needs a schema registry",
			WR_STR_ARG(prop->name.name));
}

static bool read_delimiter(wr_str text, char *out)
{
	if (wr_str_ieq(text, WR_STR_LIT("SPACE")))
		*out = ' ';
	else if (wr_str_ieq(text, WR_STR_LIT("TAB")))
		*out = '\t';
	else if (text.n == 1 && text.p[0] != ' ' && text.p[0] != '\t')
		*out = text.p[0];
	else
		return false;
	return true;
}

static wr_status read_value(wr_planner *p, const property *row, const wr_prop *prop, wr_with *w,
			    wr_err *err)
{
	wr_str text = text_of(prop->value);
	wr_span at = prop->value->span;
	char *to = (char *)w + row->to;

	if (!text.p && row->kind != IGNORED)
		return WR_REFUSE(err, at, "%s has no value", row->name);
	if (row->span)
		memcpy((char *)w + row->span, &at, sizeof(at));
	switch (row->kind) {
	case TEXT: {
		wr_str s = wr_arena_str(p->a, text);

		if (s.n == 0)
			return WR_REFUSE(err, at, "%s is empty", row->name);
		memcpy(to, &s, sizeof(s));
		return WR_OK;
	}
	case COUNT: {
		int64_t n;

		if (!wr_parse_i64(text, &n) || n < 0)
			return WR_REFUSE(err, at, "%s is a whole number, not '%.*s'", row->name,
					 WR_STR_ARG(text));
		if (n == 0 && row->to == offsetof(wr_with, partitions))
			return WR_REFUSE(err, at, "a topic has at least one partition");
		memcpy(to, &n, sizeof(n));
		return WR_OK;
	}
	case TRUTH:
		*(int8_t *)to = wr_str_ieq(text, WR_STR_LIT("true"));
		if (!*to && !wr_str_ieq(text, WR_STR_LIT("false")))
			return WR_REFUSE(err, at, "%s is true or false, not '%.*s'", row->name,
					 WR_STR_ARG(text));
		return WR_OK;
	case DELIMITER:
		if (read_delimiter(text, to))
			return WR_OK;
		WR_REFUSE(err, at, "%s cannot be '%.*s'", row->name, WR_STR_ARG(text));
		return wr_err_hint(err, "it is one character, or TAB or SPACE");
	case DURATION: {
		int64_t ms;

		if (!wr_duration_read(text, &ms) || ms <= 0) {
			WR_REFUSE(err, at, "%s is a span of time, not '%.*s'", row->name,
				  WR_STR_ARG(text));
			return wr_err_hint(err, "write it as '30 SECONDS'");
		}
		memcpy(to, &ms, sizeof(ms));
		return WR_OK;
	}
	case READER: return row->read(p, prop, text, w, err);
	case IGNORED: break;
	}
	return WR_OK;
}

#define S     WR_WITH_SOURCE
#define A     WR_WITH_AS
#define I     WR_WITH_INSERT
#define K     WR_WITH_KAFKA_SINK
#define AT(m) offsetof(wr_with, m)
static const property properties[] = {
	{ "KAFKA_TOPIC", S | A, TEXT, AT(topic), 0, NULL },
	{ "TOPIC", K, TEXT, AT(topic), 0, NULL },
	{ "FORMAT", S | A | K, READER, 0, 0, read_format },
	{ "KEY_FORMAT", S | A | K, READER, 0, 0, read_format },
	{ "VALUE_FORMAT", S | A | K, READER, 0, 0, read_format },
	{ "PARTITIONS", S | A | K, COUNT, AT(partitions), 0, NULL },
	{ "REPLICAS", S | A | K, COUNT, AT(replicas), 0, NULL },
	{ "RETENTION_MS", S | A | K, COUNT, AT(retention_ms), 0, NULL },
	{ "CLEANUP_POLICY", S | A | K, READER, 0, 0, read_cleanup },
	{ "TIMESTAMP", S | A, TEXT, AT(timestamp), AT(timestamp_span), NULL },
	{ "TIMESTAMP_FORMAT", S | A, TEXT, AT(timestamp_format), AT(timestamp_format_span), NULL },
	{ "WRAP_SINGLE_VALUE", S | A | K, TRUTH, AT(wrap), AT(wrap_span), NULL },
	{ "KEY_DELIMITER", S | A | K, DELIMITER, AT(key_delimiter), AT(key_delimiter_span), NULL },
	{ "VALUE_DELIMITER", S | A | K, DELIMITER, AT(value_delimiter), AT(value_delimiter_span),
	  NULL },
	{ "WINDOW_TYPE", S, READER, 0, 0, read_window_type },
	{ "WINDOW_SIZE", S, DURATION, AT(window_size), 0, NULL },
	{ "QUERY_ID", I, TEXT, AT(query_id), 0, NULL },
	{ "SOURCED_BY_CONNECTOR", S, IGNORED, 0, 0, NULL },
	{ "KEY_SCHEMA_ID", S | A, READER, 0, 0, read_registry },
	{ "VALUE_SCHEMA_ID", S | A, READER, 0, 0, read_registry },
	{ "KEY_SCHEMA_FULL_NAME", S | A, READER, 0, 0, read_registry },
	{ "VALUE_SCHEMA_FULL_NAME", S | A, READER, 0, 0, read_registry },
	{ "VALUE_AVRO_SCHEMA_FULL_NAME", S | A, READER, 0, 0, read_registry },
	{ "KEY_PROTOBUF_NULLABLE_REPRESENTATION", S | A, READER, 0, 0, read_registry },
	{ "VALUE_PROTOBUF_NULLABLE_REPRESENTATION", S | A, READER, 0, 0, read_registry },
	{ "FILE", S, READER, 0, AT(file_span), read_file },
	{ "FILE_LAYOUT", S, READER, 0, 0, read_layout },
	{ "FILE_FOLLOW", S, TRUTH, AT(file_follow), 0, NULL },
	{ "START_AT", S, READER, 0, 0, read_start },
	{ "ON_ERROR", S, READER, 0, 0, read_on_error },
	{ "DEAD_LETTER", S, TEXT, AT(dead_letter), AT(dead_letter_span), NULL },
	{ "BEFORE", S, READER, 0, 0, read_before },
	{ "IDLE_TIMEOUT", S, DURATION, AT(idle_timeout), 0, NULL },
	{ NULL, 0, IGNORED, 0, 0, NULL },
};

static const property *find_property(wr_str name)
{
	for (const property *r = properties; r->name; r++)
		if (wr_str_is(name, r->name))
			return r;
	return NULL;
}

static wr_status unknown(const wr_prop *prop, wr_with_place place, wr_err *err)
{
	const char *names[64];
	const char *near;
	uint32_t n = 0;

	for (const property *r = properties; r->name && n < 64; r++)
		if (r->places & place)
			names[n++] = r->name;
	near = wr_near_of(prop->name.name, names, n);
	WR_REFUSE(err, prop->name.span, "there is no property %.*s", WR_STR_ARG(prop->name.name));
	return near ? wr_err_hint(err, "did you mean %s?", near) : WR_FAIL;
}

wr_status wr_with_read(wr_planner *p, const wr_props *props, wr_with_place place, wr_with *out,
		       wr_err *err)
{
	*out = (wr_with){ .span = props->span,
			  .partitions = -1,
			  .replicas = -1,
			  .retention_ms = -1,
			  .wrap = -1,
			  .file_records = -1,
			  .file_follow = -1,
			  .before_event = -1 };
	for (uint32_t i = 0; i < props->n; i++) {
		const wr_prop *prop = &props->items[i];
		const property *row = find_property(prop->name.name);

		if (!row && place == WR_WITH_KAFKA_SINK)
			continue;
		if (!row)
			return unknown(prop, place, err);
		if (!(row->places & place))
			return WR_REFUSE(err, prop->name.span, "%s cannot be given here",
					 row->name);
		for (uint32_t j = 0; j < i; j++)
			if (wr_str_eq(props->items[j].name.name, prop->name.name))
				return WR_REFUSE(err, prop->name.span, "%s is given twice",
						 row->name);
		if (read_value(p, row, prop, out, err))
			return WR_FAIL;
	}
	return WR_OK;
}

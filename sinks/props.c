/*
 * The properties of a sink are told by a table: a row says the name, what its value looks like and
 * where in the sink's options it goes. So every sink speaks the same way of a wrong value, with the
 * property's place in the statement, and a new property is one row.
 *
 *	WITH (TYPE='http', URL='http://h/', BATCH_ROWS='many')
 *	                                    ^^^^^^^^^^ BATCH_ROWS must be a whole number, not 'many'
 *
 * Options that are not given keep what the sink put there before. Texts point into the spec, which
 * outlives every sink.
 *
 * Below that: which cells of a row a sink shows, and in what order, so that a CSV line and a JSON
 * object agree.
 */
#include "sinks/props.h"

#include <stdlib.h>

#include "core/near.h"
#include "core/number.h"

const wr_sink_prop *wr_sink_prop_find(const wr_sink_spec *spec, const char *name)
{
	for (uint32_t i = 0; i < spec->nprops; i++)
		if (wr_str_ieq(spec->props[i].name, wr_str_of(name)))
			return &spec->props[i];
	return NULL;
}

wr_span wr_sink_prop_span(const wr_sink_spec *spec, const char *name)
{
	const wr_sink_prop *p = wr_sink_prop_find(spec, name);

	return p ? p->span : WR_NO_SPAN;
}

/* ---------------------------------------------------------------- values */

typedef struct unit {
	const char *name;
	int64_t times;
} unit;

static const unit byte_units[] = {
	{ "", 1 },	   { "B", 1 },	     { "K", 1 << 10 },	{ "KB", 1 << 10 }, { "M", 1 << 20 },
	{ "MB", 1 << 20 }, { "G", 1 << 30 }, { "GB", 1 << 30 }, { NULL, 0 },
};

/* clang-format off */
static const unit time_units[] = {
	{ "", 1 }, { "MS", 1 }, { "MILLISECOND", 1 }, { "MILLISECONDS", 1 },
	{ "S", 1000 }, { "SECOND", 1000 }, { "SECONDS", 1000 },
	{ "M", 60000 }, { "MINUTE", 60000 }, { "MINUTES", 60000 },
	{ "H", 3600000 }, { "HOUR", 3600000 }, { "HOURS", 3600000 },
	{ "D", 86400000 }, { "DAY", 86400000 }, { "DAYS", 86400000 }, { NULL, 0 },
};
/* clang-format on */

static bool parse_with_unit(wr_str text, const unit *units, int64_t *out)
{
	uint32_t digits = 0;

	while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	if (!digits || !wr_parse_i64((wr_str){ text.p, digits }, out))
		return false;
	while (digits < text.n && text.p[digits] == ' ')
		digits++;
	wr_str rest = { text.p + digits, text.n - digits };

	for (; units->name; units++)
		if (wr_str_ieq(rest, wr_str_of(units->name)))
			return !__builtin_mul_overflow(*out, units->times, out);
	return false;
}

static wr_status refuse(const wr_sink_prop *p, const char *what, wr_err *err)
{
	return wr_err_set(err, WR_ERR_STATEMENT, p->span, "%.*s must be %s, not '%.*s'",
			  WR_STR_ARG(p->name), what, WR_STR_ARG(p->value));
}

static wr_status read_number(const wr_sink_prop *p, const wr_sink_rule *r, int64_t *out,
			     wr_err *err)
{
	const char *what = r->kind == WR_RULE_MS      ? "a time such as 500 or '30 SECONDS'"
			   : r->kind == WR_RULE_BYTES ? "a number of bytes such as 65536 or '64k'"
						      : "a whole number";
	int64_t v;
	bool good =
	    r->kind == WR_RULE_INT
		? wr_parse_i64(p->value, &v)
		: parse_with_unit(p->value, r->kind == WR_RULE_MS ? time_units : byte_units, &v);

	if (!good)
		return refuse(p, what, err);
	if (v < r->least || v > r->most)
		return wr_err_set(err, WR_ERR_STATEMENT, p->span,
				  "%.*s must be from %lld to %lld, not %lld", WR_STR_ARG(p->name),
				  (long long)r->least, (long long)r->most, (long long)v);
	*out = v;
	return WR_OK;
}

static wr_status read_bool(const wr_sink_prop *p, bool *out, wr_err *err)
{
	if (wr_str_ieq(p->value, WR_STR_LIT("true")))
		*out = true;
	else if (wr_str_ieq(p->value, WR_STR_LIT("false")))
		*out = false;
	else
		return refuse(p, "true or false", err);
	return WR_OK;
}

static wr_status read_choice(const wr_sink_prop *p, const wr_sink_rule *r, int *out, wr_err *err)
{
	int i = 0;

	for (const char *c = r->choices;; i++) {
		size_t n = strcspn(c, "|");

		if (wr_str_ieq(p->value, (wr_str){ c, (uint32_t)n })) {
			*out = i;
			return WR_OK;
		}
		if (!c[n])
			break;
		c += n + 1;
	}
	wr_buf words = { 0 };

	for (const char *c = r->choices; *c; c++)
		*c == '|' ? wr_buf_puts(&words, strchr(c + 1, '|') ? ", " : " or ")
			  : wr_buf_putc(&words, *c);
	refuse(p, wr_buf_z(&words), err);
	wr_buf_free(&words);
	return WR_FAIL;
}

static wr_status read_value(const wr_sink_prop *p, const wr_sink_rule *r, void *to, wr_err *err)
{
	if (r->kind == WR_RULE_LATER)
		return wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, p->span, "%.*s is not there yet",
				  WR_STR_ARG(p->name));
	if (r->kind == WR_RULE_PREFIX)
		return WR_OK;
	if (!p->value.p)
		return wr_err_set(err, WR_ERR_STATEMENT, p->span, "%.*s has no value",
				  WR_STR_ARG(p->name));
	switch (r->kind) {
	case WR_RULE_TEXT: *(wr_str *)to = p->value; return WR_OK;
	case WR_RULE_BOOL: return read_bool(p, to, err);
	case WR_RULE_CHOICE: return read_choice(p, r, to, err);
	default: return read_number(p, r, to, err);
	}
}

/* ---------------------------------------------------------------- names */

static const wr_sink_rule *rule_of(wr_str name, const wr_sink_rule *rules, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		wr_str rule = wr_str_of(rules[i].name), begin = name;

		if (rules[i].kind == WR_RULE_PREFIX && name.n > rule.n)
			begin.n = rule.n;
		if (wr_str_ieq(begin, rule))
			return &rules[i];
	}
	return NULL;
}

static wr_status unknown(const wr_sink_spec *spec, const wr_sink_prop *p, const wr_sink_rule *rules,
			 uint32_t n, wr_err *err)
{
	wr_near near = wr_near_begin(p->name);

	for (uint32_t i = 0; i < n; i++)
		if (rules[i].kind != WR_RULE_LATER)
			wr_near_offer(&near, wr_str_of(rules[i].name));
	wr_err_set(err, WR_ERR_STATEMENT, p->span, "a sink of type %s has no property %.*s",
		   spec->type, WR_STR_ARG(p->name));
	if (near.best.p)
		return wr_err_hint(err, "did you mean %.*s?", WR_STR_ARG(near.best));
	wr_buf words = { 0 };

	for (uint32_t i = 0; i < n; i++)
		wr_buf_printf(&words, "%s%s", i ? ", " : "", rules[i].name);
	wr_err_hint(err, "properties are %s", wr_buf_z(&words));
	wr_buf_free(&words);
	return WR_FAIL;
}

wr_status wr_sink_props_read(const wr_sink_spec *spec, const wr_sink_rule *rules, uint32_t nrules,
			     void *options, wr_err *err)
{
	for (uint32_t i = 0; i < spec->nprops; i++) {
		const wr_sink_prop *p = &spec->props[i];
		const wr_sink_rule *r = rule_of(p->name, rules, nrules);

		if (!r)
			return unknown(spec, p, rules, nrules, err);
		for (uint32_t j = 0; j < i; j++)
			if (wr_str_ieq(spec->props[j].name, p->name))
				return wr_err_set(err, WR_ERR_STATEMENT, p->span,
						  "%.*s is given twice", WR_STR_ARG(p->name));
		if (read_value(p, r, (char *)options + r->at, err))
			return WR_FAIL;
	}
	return WR_OK;
}

/* ---------------------------------------------------------------- fields */

static bool shown(const wr_sink_spec *spec, uint32_t col)
{
	return !spec->fields || spec->fields[col].p;
}

static bool shows_name(const wr_sink_spec *spec, wr_str name)
{
	for (uint32_t i = 0; i < spec->schema->n; i++)
		if (shown(spec, i) &&
		    wr_str_ieq(spec->fields ? spec->fields[i] : spec->schema->cols[i].name, name))
			return true;
	return false;
}

static void add_columns(const wr_sink_spec *spec, uint32_t from, uint32_t to, wr_fields *out)
{
	for (uint32_t i = from; i < to; i++)
		if (shown(spec, i))
			out->items[out->n++] =
			    (wr_field){ spec->fields ? spec->fields[i] : spec->schema->cols[i].name,
					(int32_t)i, i < spec->schema->nkeys };
}

static void add_bound(const wr_sink_spec *spec, wr_str name, int32_t col, wr_fields *out)
{
	if (!shows_name(spec, name))
		out->items[out->n++] = (wr_field){ name, col, true };
}

void wr_fields_of(const wr_sink_spec *spec, wr_fields *out)
{
	*out = (wr_fields){ 0, wr_calloc(spec->schema->n + 2, sizeof(wr_field)) };
	add_columns(spec, 0, spec->schema->nkeys, out);
	if (spec->window != WR_WINDOW_NONE) {
		add_bound(spec, WR_STR_LIT("windowstart"), WR_FIELD_WSTART, out);
		add_bound(spec, WR_STR_LIT("windowend"), WR_FIELD_WEND, out);
	}
	add_columns(spec, spec->schema->nkeys, spec->schema->n, out);
}

int64_t wr_field_bound(const wr_field *f, const wr_batch *b, uint32_t row)
{
	const int64_t *bounds = f->col == WR_FIELD_WSTART ? b->wstart : b->wend;

	return bounds ? bounds[row] : 0;
}

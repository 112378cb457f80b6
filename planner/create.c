/*
 * CREATE STREAM and CREATE TABLE with columns: elements and WITH properties to a relation.
 *
 * Key columns come first in a relation's schema, in the order in which they were written, then the
 * others. A relation over a FILE of bare values has its keys in the values (lower.c reads them
 * there); in every other case the key is the record's.
 */
#include "core/near.h"
#include "core/time_text.h"
#include "planner/impl.h"

static const wr_type *find_type(void *self, wr_str name)
{
	const wr_planner *p = self;

	return p->catalog->find_type(p->catalog, name);
}

wr_status wr_read_type(wr_planner *p, const wr_ast_type *ast, const wr_type **out, wr_err *err)
{
	wr_binder b = { .arena = p->a, .self = p, .find_type = find_type };

	if (wr_bind_type(&b, ast, out, err))
		return WR_FAIL;
	*out = wr_type_copy(p->a, *out);
	return WR_OK;
}

static const wr_type *headers_type(wr_arena *a)
{
	wr_str names[2] = { WR_STR_LIT("KEY"), WR_STR_LIT("VALUE") };
	const wr_type *kids[2] = { wr_type_of(WR_STRING), wr_type_of(WR_BYTES) };

	return wr_type_array(a, wr_type_struct(a, 2, names, kids));
}

static wr_status check_header(wr_planner *p, const wr_element *e, const wr_type *t, wr_err *err)
{
	const wr_type *want =
	    e->kind == WR_ELEMENT_HEADERS ? headers_type(p->a) : wr_type_of(WR_BYTES);

	if (wr_type_eq(t, want))
		return WR_OK;
	return WR_REFUSE(err, e->type->span, "a column of %s is %s, not %s",
			 e->kind == WR_ELEMENT_HEADERS ? "HEADERS" : "HEADER('…')",
			 wr_type_text(p->a, want), wr_type_text(p->a, t));
}

static wr_status check_kind(const wr_stmt_create_source *c, const wr_element *e, wr_err *err)
{
	if (e->kind == WR_ELEMENT_KEY && c->is_table) {
		WR_REFUSE(err, e->kind_span, "%.*s: a table's key is a PRIMARY KEY",
			  WR_STR_ARG(e->name.name));
		return wr_err_hint(err, "write PRIMARY KEY");
	}
	if (e->kind == WR_ELEMENT_PRIMARY_KEY && !c->is_table) {
		WR_REFUSE(err, e->kind_span, "%.*s: only a table has a PRIMARY KEY",
			  WR_STR_ARG(e->name.name));
		return wr_err_hint(err, "a stream's key is KEY, without PRIMARY");
	}
	return WR_OK;
}

static wr_status check_names(const wr_elements *l, wr_err *err)
{
	uint32_t all = 0, some = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		const wr_element *e = &l->items[i];

		if (wr_reserved_name(e->name.name))
			return WR_REFUSE(err, e->name.span,
					 "%.*s is a reserved name: a column cannot have it",
					 WR_STR_ARG(e->name.name));
		for (uint32_t j = 0; j < i; j++)
			if (wr_str_eq(e->name.name, l->items[j].name.name))
				return WR_REFUSE(err, e->name.span, "there are two columns %.*s",
						 WR_STR_ARG(e->name.name));
		all += e->kind == WR_ELEMENT_HEADERS;
		some += e->kind == WR_ELEMENT_HEADER;
		for (uint32_t j = 0; j < i && e->kind == WR_ELEMENT_HEADER; j++)
			if (l->items[j].kind == WR_ELEMENT_HEADER &&
			    wr_str_eq(e->header, l->items[j].header))
				return WR_REFUSE(err, e->kind_span,
						 "two columns take header '%.*s'",
						 WR_STR_ARG(e->header));
		if (all > 1 || (all && some))
			return WR_REFUSE(
			    err, e->kind_span,
			    "one column takes all HEADERS, or some take single ones; not both");
	}
	return WR_OK;
}

static bool is_key(const wr_element *e)
{
	return e->kind == WR_ELEMENT_KEY || e->kind == WR_ELEMENT_PRIMARY_KEY;
}

static wr_status put_column(wr_planner *p, wr_relation *r, uint32_t at, const wr_element *e,
			    wr_err *err)
{
	wr_column *cols = wr_schema_cols(r->schema);
	const wr_type *t;

	if (wr_read_type(p, e->type, &t, err))
		return WR_FAIL;
	cols[at] = (wr_column){ wr_arena_str(p->a, e->name.name), t };
	((wr_str *)r->spelled)[at] = wr_arena_str(p->a, e->name.text);
	if (e->kind != WR_ELEMENT_HEADERS && e->kind != WR_ELEMENT_HEADER)
		return WR_OK;
	if (!r->header_cols) {
		r->header_cols = WR_NEW_ARRAY(p->a, int32_t, r->schema->n);
		r->header_keys = WR_NEW_ARRAY(p->a, wr_str, r->schema->n);
	}
	((int32_t *)r->header_cols)[at] = e->kind == WR_ELEMENT_HEADERS ? 1 : 2;
	if (e->kind == WR_ELEMENT_HEADER)
		((wr_str *)r->header_keys)[at] = wr_arena_str(p->a, e->header);
	return check_header(p, e, t, err);
}

static wr_status read_elements(wr_planner *p, const wr_stmt_create_source *c, wr_relation *r,
			       wr_err *err)
{
	const wr_elements *l = &c->elements;
	uint32_t nkeys = 0, key = 0, value;

	for (uint32_t i = 0; i < l->n; i++) {
		if (check_kind(c, &l->items[i], err))
			return WR_FAIL;
		nkeys += is_key(&l->items[i]);
	}
	if (check_names(l, err))
		return WR_FAIL;
	if (c->is_table && nkeys == 0) {
		WR_REFUSE(err, l->span.length ? l->span : c->name.span,
			  "table %.*s has no PRIMARY KEY", WR_STR_ARG(c->name.name));
		return wr_err_hint(err,
				   "write PRIMARY KEY behind the column that tells its rows apart, "
				   "or make it a STREAM");
	}
	r->schema = wr_schema_new(p->a, l->n, nkeys);
	r->spelled = WR_NEW_ARRAY(p->a, wr_str, l->n);
	value = nkeys;
	for (uint32_t i = 0; i < l->n; i++)
		if (put_column(p, r, is_key(&l->items[i]) ? key++ : value++, &l->items[i], err))
			return WR_FAIL;
	return WR_OK;
}

/* ---------------------------------------------------------------- properties */

/* `ts` and "ts" keep their case, ts becomes TS. */
static wr_str property_name(wr_arena *a, wr_str text)
{
	char *p;

	if (text.n > 2 && (text.p[0] == '`' || text.p[0] == '"') && text.p[text.n - 1] == text.p[0])
		return wr_arena_str(a, (wr_str){ text.p + 1, text.n - 2 });
	text = wr_arena_str(a, text);
	p = (char *)text.p;
	for (uint32_t i = 0; i < text.n; i++)
		if (p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)(p[i] - 'a' + 'A');
	return text;
}

static wr_status unknown_time(const wr_schema *s, wr_str name, wr_span span, wr_err *err)
{
	const char *names[256];
	const char *near;
	uint32_t n = 0;

	for (; n < s->n && n < 256; n++)
		names[n] = s->cols[n].name.p;
	near = wr_near_of(name, names, n);
	WR_REFUSE(err, span, "TIMESTAMP names %.*s, and there is no such column", WR_STR_ARG(name));
	return near ? wr_err_hint(err, "did you mean %s?", near) : WR_FAIL;
}

wr_status wr_check_timestamp(wr_planner *p, const wr_schema *schema, const wr_with *w,
			     wr_relation *r, int32_t *col, wr_err *err)
{
	wr_str name;
	const wr_type *t;

	*col = -1;
	if (!w->timestamp.p && w->timestamp_format.p) {
		WR_REFUSE(err, w->timestamp_format_span,
			  "TIMESTAMP_FORMAT says how to read TIMESTAMP, which is not given");
		return wr_err_hint(err, "name the column: TIMESTAMP='…'");
	}
	if (!w->timestamp.p)
		return WR_OK;
	name = property_name(p->a, w->timestamp);
	*col = wr_schema_find(schema, name);
	if (*col < 0)
		return unknown_time(schema, name, w->timestamp_span, err);
	t = schema->cols[*col].type;
	if (t->tag != WR_BIGINT && t->tag != WR_TIMESTAMP && t->tag != WR_STRING)
		return WR_REFUSE(err, w->timestamp_span,
				 "row time can be a BIGINT, a TIMESTAMP or a STRING, not %s",
				 wr_type_text(p->a, t));
	if (t->tag == WR_STRING && !w->timestamp_format.p) {
		WR_REFUSE(err, w->timestamp_span,
			  "%.*s is a STRING, and nothing says how to read a time from it",
			  WR_STR_ARG(name));
		return wr_err_hint(err,
				   "add TIMESTAMP_FORMAT='yyyy-MM-dd''T''HH:mm:ssX' or what fits");
	}
	if (t->tag != WR_STRING && w->timestamp_format.p)
		return WR_REFUSE(err, w->timestamp_format_span,
				 "TIMESTAMP_FORMAT is for a STRING, and %.*s is %s",
				 WR_STR_ARG(name), wr_type_text(p->a, t));
	if (w->timestamp_format.p && !wr_time_pattern_new(p->a, w->timestamp_format, err)) {
		err->span = w->timestamp_format_span;
		return WR_FAIL;
	}
	r->time_column = name;
	r->time_format = w->timestamp_format;
	return WR_OK;
}

static wr_status choose_formats(wr_planner *p, const wr_stmt *s, wr_relation *r, const wr_with *w,
				wr_err *err)
{
	wr_str key = wr_setting_text(p->set, WR_SET_DEFAULT_KEY_FORMAT);
	wr_str value = wr_setting_text(p->set, WR_SET_DEFAULT_VALUE_FORMAT);
	bool debezium;

	if (!w->value_format && !value.n) {
		WR_REFUSE(err, w->span.length ? w->span : s->span,
			  "nothing says how the values are written");
		return wr_err_hint(err,
				   "add VALUE_FORMAT='JSON', or the format that the topic has");
	}
	r->value_format = w->value_format ? w->value_format : wr_arena_str(p->a, value).p;
	debezium = wr_is_debezium(r);
	if (w->key_format)
		r->key_format = w->key_format;
	else if (debezium)
		r->key_format = "DEBEZIUM";
	else if (r->file.p && !r->file_records && r->schema && r->schema->nkeys > 1)
		r->key_format = "JSON";
	else
		r->key_format = wr_arena_str(p->a, key).p;
	if (!debezium && strcmp(r->key_format, "DEBEZIUM") == 0)
		return WR_REFUSE(err, w->key_format_span,
				 "KEY_FORMAT='DEBEZIUM' goes with VALUE_FORMAT='DEBEZIUM'");
	return WR_OK;
}

static wr_status set_window(wr_relation *r, const wr_with *w, wr_err *err)
{
	r->window_kind = w->window;
	r->window_size = w->window_size;
	if (w->window_size && (w->window == WR_WINDOW_NONE || w->window == WR_WINDOW_SESSION))
		return WR_REFUSE(err, w->span,
				 w->window ? "sessions have no WINDOW_SIZE"
					   : "WINDOW_SIZE is given without WINDOW_TYPE");
	if (!w->window_size &&
	    (w->window == WR_WINDOW_TUMBLING || w->window == WR_WINDOW_HOPPING)) {
		WR_REFUSE(err, w->window_span, "a window of that kind needs WINDOW_SIZE");
		return wr_err_hint(err, "add WINDOW_SIZE='30 SECONDS'");
	}
	if (w->window && r->schema->nkeys == 0)
		return WR_REFUSE(err, w->window_span,
				 "a window belongs to a key, and %.*s has none",
				 WR_STR_ARG(r->name));
	return WR_OK;
}

/*
 * FILE='' is none: the topic itself is read, so that one variable of a file of statements chooses
 * between the two.
 */
static wr_status set_file(wr_relation *r, wr_with *w, wr_err *err)
{
	if (w->file.p && w->file.n == 0) {
		w->file.p = NULL;
		w->file_records = w->file_follow = -1;
	}
	r->file = w->file;
	r->file_records = w->file_records == 1;
	r->file_follow = w->file_follow == 1;
	r->file_any_topic = r->file_records && !w->topic.p;
	if (!w->file.p && (w->file_records >= 0 || w->file_follow >= 0)) {
		WR_REFUSE(err, w->span, "%s goes with FILE, which is not given",
			  w->file_records >= 0 ? "FILE_LAYOUT" : "FILE_FOLLOW");
		return wr_err_hint(err, "add FILE='path'");
	}
	return WR_OK;
}

static wr_status set_topic(wr_planner *p, const wr_stmt *s, wr_relation *r, const wr_with *w,
			   wr_plan *out, wr_err *err)
{
	int32_t there;

	if (!w->topic.p && !w->file.p) {
		WR_REFUSE(err, w->span.length ? w->span : s->span,
			  "nothing says where %.*s is read from", WR_STR_ARG(r->name));
		return wr_err_hint(err, "add KAFKA_TOPIC='…' or FILE='…'");
	}
	r->topic = w->topic.p ? w->topic : r->name;
	out->partitions = w->partitions > 0 ? (int32_t)w->partitions : 0;
	out->replicas = w->replicas > 0 ? (int32_t)w->replicas : 0;
	out->retention_ms = w->retention_ms;
	out->compact = w->compact || (r->table && w->window == WR_WINDOW_NONE);
	if (r->file.p) {
		r->partitions = 1;
		out->partitions = 0;
		return WR_OK;
	}
	there = p->catalog->partitions(p->catalog, r->topic);
	if (there == 0 && out->partitions == 0) {
		if (strcmp(p->cx->source_kind, "kafka") == 0) {
			WR_REFUSE(err, w->span, "there is no topic '%.*s'", WR_STR_ARG(r->topic));
			return wr_err_hint(err, "to have it made, add PARTITIONS=…");
		}
		out->partitions = 1;
	}
	if (there > 0 && w->partitions > 0 && there != w->partitions)
		return WR_REFUSE(err, w->span, "topic '%.*s' has %d partitions, not %d",
				 WR_STR_ARG(r->topic), there, (int)w->partitions);
	r->partitions = there > 0 ? there : out->partitions;
	return WR_OK;
}

wr_status wr_check_existing(const wr_planner *p, const wr_stmt_create_source *c,
			    const wr_relation *old, wr_err *err)
{
	if (c->or_replace && c->is_source)
		return WR_REFUSE(err, c->name.span, "OR REPLACE is not for SOURCE %s",
				 c->is_table ? "TABLE" : "STREAM");
	if (c->or_replace && !wr_setting_bool(p->set, WR_SET_CREATE_OR_REPLACE))
		return WR_REFUSE(err, c->name.span,
				 "OR REPLACE is turned off by create.or.replace.enabled");
	if (!old)
		return WR_OK;
	if (!c->or_replace) {
		WR_REFUSE(err, c->name.span, "there is a %s %.*s already",
			  old->table ? "table" : "stream", WR_STR_ARG(old->name));
		return wr_err_hint(err, "DROP it first, or write IF NOT EXISTS or OR REPLACE");
	}
	if (old->source_only)
		return WR_REFUSE(err, c->name.span, "%.*s is a SOURCE %s: it cannot be replaced",
				 WR_STR_ARG(old->name), old->table ? "TABLE" : "STREAM");
	if (old->table != c->is_table)
		return WR_REFUSE(err, c->name.span, "%.*s is a %s: it cannot be replaced by a %s",
				 WR_STR_ARG(old->name), old->table ? "table" : "stream",
				 c->is_table ? "table" : "stream");
	return WR_OK;
}

wr_status wr_check_replacement(const wr_planner *p, const wr_stmt_create_source *c,
			       const wr_relation *fresh, wr_err *err)
{
	const wr_relation *old = p->catalog->find(p->catalog, c->name.name);
	const wr_schema *a, *b = fresh->schema;

	if (!old || !c->or_replace)
		return WR_OK;
	a = old->schema;
	if (a->nkeys != b->nkeys || b->n < a->n)
		return WR_REFUSE(err, c->name.span, "the new %.*s lacks columns of the old one",
				 WR_STR_ARG(old->name));
	for (uint32_t i = 0; i < a->n; i++)
		if (!wr_str_eq(a->cols[i].name, b->cols[i].name) ||
		    !wr_type_eq(a->cols[i].type, b->cols[i].type)) {
			WR_REFUSE(err, c->name.span,
				  "column %.*s of the old %.*s is changed, missing or moved",
				  WR_STR_ARG(a->cols[i].name), WR_STR_ARG(old->name));
			return wr_err_hint(
			    err, "a replacement may only add value columns, behind the others");
		}
	if (!wr_str_eq(old->topic, fresh->topic) || strcmp(old->key_format, fresh->key_format) ||
	    strcmp(old->value_format, fresh->value_format) ||
	    old->window_kind != fresh->window_kind)
		return WR_REFUSE(err, c->name.span,
				 "the new %.*s has another topic, window or format",
				 WR_STR_ARG(old->name));
	return WR_OK;
}

static wr_status check_columns_given(const wr_stmt_create_source *c, const wr_relation *r,
				     wr_err *err)
{
	wr_span at = c->elements.span.length ? c->elements.span : c->name.span;

	if (c->elements.n)
		return WR_OK;
	WR_REFUSE(err, at, "%.*s has no columns", WR_STR_ARG(r->name));
	return wr_err_hint(err, "list them: (id BIGINT KEY, name STRING)");
}

static void copy_simple(wr_relation *r, const wr_stmt_create_source *c, const wr_with *w)
{
	r->source_only = c->is_source;
	r->key_delimiter = w->key_delimiter;
	r->value_delimiter = w->value_delimiter;
	r->start_at = w->start_at;
	r->on_error = w->on_error;
	r->dead_letter = w->dead_letter;
	r->idle_timeout = w->idle_timeout;
	r->before_event = w->before_event == 1;
}

/* DEAD_LETTER goes with ON_ERROR='DEAD_LETTER', and a letter must not come back as a record. */
static wr_status check_dead_letter(const wr_relation *r, const wr_with *w, wr_err *err)
{
	if (!w->dead_letter.n)
		return WR_OK;
	if (w->on_error != WR_ON_ERROR_DEAD_LETTER) {
		WR_REFUSE(err, w->dead_letter_span,
			  "DEAD_LETTER names a topic for bad records, and ON_ERROR keeps none");
		return wr_err_hint(err, "give ON_ERROR='DEAD_LETTER', or leave ON_ERROR away");
	}
	if (!r->file.p && wr_str_eq(w->dead_letter, r->topic)) {
		WR_REFUSE(err, w->dead_letter_span,
			  "DEAD_LETTER is the topic that the source reads");
		return wr_err_hint(err, "give bad records a topic of their own");
	}
	return WR_OK;
}

wr_status wr_plan_create_source(wr_planner *p, const wr_stmt *s, wr_plan *out, wr_err *err)
{
	const wr_stmt_create_source *c = &s->create_source;
	const wr_relation *old = p->catalog->find(p->catalog, c->name.name);
	wr_relation *r = WR_NEW(p->a, wr_relation);
	wr_with w;
	int32_t time_col;

	out->kind = WR_PLAN_CREATE_SOURCE;
	out->relation = old;
	if (old && c->if_not_exists)
		return WR_OK;
	out->relation = r;
	r->name = wr_arena_str(p->a, c->name.name);
	r->table = c->is_table;
	r->statement = wr_arena_str(p->a, p->cx->text);
	if ((s->kind == WR_STMT_CREATE_SOURCE && wr_check_existing(p, c, old, err)) ||
	    wr_with_read(p, &c->props, WR_WITH_SOURCE, &w, err))
		return WR_FAIL;
	if (set_file(r, &w, err) || choose_formats(p, s, r, &w, err) ||
	    check_columns_given(c, r, err) || read_elements(p, c, r, err))
		return WR_FAIL;
	if (!w.key_format && choose_formats(p, s, r, &w, err)) /* now that the keys are known */
		return WR_FAIL;
	copy_simple(r, c, &w);
	if (w.before_event >= 0 && !(r->table && wr_is_debezium(r)))
		return WR_REFUSE(err, w.before_span,
				 "BEFORE is for tables with VALUE_FORMAT='DEBEZIUM'");
	if (set_window(r, &w, err) || wr_relation_formats(p, r, &w, err) ||
	    wr_check_timestamp(p, r->schema, &w, r, &time_col, err) ||
	    set_topic(p, s, r, &w, out, err) || check_dead_letter(r, &w, err))
		return WR_FAIL;
	return s->kind == WR_STMT_CREATE_SOURCE ? wr_check_replacement(p, c, r, err) : WR_OK;
}

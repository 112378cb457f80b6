/*
 * Conditions on what is there after a case: sources with given name, kind, schema and formats;
 * topics with given partitions and formats. Names of internal topics, which Weir has not, are
 * passed over.
 */
#include "cli/conform.h"

#include "core/schema.h"
#include "formats/format.h"

typedef struct wanted {
	const wr_json *want;
	wr_conform *c;
	bool found;
} wanted;

static bool text_is(const wr_json *j, wr_str s)
{
	return !j || j->kind == WR_JSON_NULL || wr_str_ieq(j->text, s);
}

/* The runner's schema text: `A` STRING KEY, also without back-quotes; blanks do not count. */
static void squeeze(wr_buf *out, wr_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (s.p[i] != ' ' && s.p[i] != '`')
			wr_buf_putc(out, s.p[i]);
	wr_buf_putc(out, 0);
}

static void replace_all(wr_buf *b, const char *from, const char *to)
{
	wr_buf out = { 0 };
	const char *p = wr_buf_z(b), *hit;

	for (; (hit = strstr(p, from)); p = hit + strlen(from)) {
		wr_buf_put(&out, p, (size_t)(hit - p));
		wr_buf_puts(&out, to);
	}
	wr_buf_puts(&out, p);
	wr_buf_free(b);
	*b = out;
}

/* Header columns are marked in the runner's schema text: `H` BYTES HEADER('key'). Ours has no such
 * words. */
static void drop_header_words(wr_buf *b)
{
	wr_buf out = { 0 };
	const char *p = wr_buf_z(b), *hit;

	for (; (hit = strstr(p, "HEADER(")); p = strchr(hit, ')') ? strchr(hit, ')') + 1 : hit + 7)
		wr_buf_put(&out, p, (size_t)(hit - p));
	wr_buf_puts(&out, p);
	wr_buf_free(b);
	*b = out;
	replace_all(b, ">HEADERS", ">");
}

static bool schema_is(const wr_json *j, const wr_relation *r)
{
	wr_buf ours = { 0 }, a = { 0 }, b = { 0 };
	bool same;

	if (!j || j->kind == WR_JSON_NULL)
		return true;
	wr_schema_print(r->schema, false, &ours);
	squeeze(&a, wr_buf_view(&ours));
	squeeze(&b, j->text);
	replace_all(&b, "PRIMARYKEY", "KEY");
	drop_header_words(&b);
	replace_all(&b, "VARCHAR", "STRING");
	replace_all(&a, "INTEGER", "INT");
	replace_all(&b, "INTEGER", "INT");
	same = strcasecmp(wr_buf_z(&a), wr_buf_z(&b)) == 0;
	wr_buf_free(&ours);
	wr_buf_free(&a);
	wr_buf_free(&b);
	return same;
}

static bool key_format_is(const wr_json *j, const wr_relation *r)
{
	static const char *const words[] = { "", "TUMBLING", "HOPPING", "SESSION" };

	if (!j || j->kind != WR_JSON_OBJECT)
		return true;
	if (!text_is(wr_json_get(j, "format"), wr_str_of(r->key_format)))
		return false;
	const wr_json *window = wr_json_get(j, "windowType");
	wr_str want = wr_json_string(window, WR_STR_LIT(""));

	if (!wr_str_ieq(want, wr_str_of(words[r->window_kind])))
		return false;
	return wr_json_int(wr_json_get(j, "windowSize"), r->window_size) == r->window_size;
}

static bool value_format_is(const wr_json *j, const wr_relation *r)
{
	if (!j || j->kind == WR_JSON_NULL)
		return true;
	return text_is(j->kind == WR_JSON_OBJECT ? wr_json_get(j, "format") : j,
		       wr_str_of(r->value_format));
}

static bool features_are(const wr_json *j, const char *feature)
{
	if (!j || j->kind != WR_JSON_ARRAY)
		return true;
	return feature ? j->n == 1 && wr_str_is(j->first->text, feature) : j->n == 0;
}

/* A single key of a format that could also wrap it is written bare. */
static const char *key_feature(const wr_relation *r)
{
	const wr_format_def *f = wr_format_find(wr_str_of(r->key_format));

	return r->schema->nkeys == 1 && f && f->wrap && f->unwrap ? "UNWRAP_SINGLES" : NULL;
}

/* A value feature is what WITH or the configuration asked for, not what the format does by
 * itself. */
static const char *value_feature(const wr_relation *r, const wr_settings *set)
{
	const wr_format_def *f = wr_format_find(wr_str_of(r->value_format));
	bool asked = r->wrap_single >= 0 || (wr_setting_text(set, WR_SET_WRAP_SINGLE_VALUES).n &&
					     f && f->wrap && f->unwrap);

	if (r->schema->n - r->schema->nkeys != 1 || !asked)
		return NULL;
	return r->value_wrap ? "WRAP_SINGLES" : "UNWRAP_SINGLES";
}

static bool same_features(const wr_json *want, const wr_conform *c, const wr_relation *r)
{
	return features_are(wr_json_get(want, "keyFeatures"), key_feature(r)) &&
	       features_are(wr_json_get(want, "valueFeatures"),
			    value_feature(r, wr_session_settings(c->session)));
}

static void compare(void *self, const wr_relation *r)
{
	wanted *w = self;
	const wr_json *name = wr_json_get(w->want, "name"), *type = wr_json_get(w->want, "type");

	if (w->found || !wr_json_is(name, WR_JSON_STRING) || !wr_str_eq(name->text, r->name))
		return;
	const wr_json *source = wr_json_get(w->want, "isSource");

	w->found = (!source || (source->kind == WR_JSON_TRUE) == r->source_only) &&
		   same_features(w->want, w->c, r) &&
		   text_is(type, wr_str_of(r->table ? "table" : "stream")) &&
		   schema_is(wr_json_get(w->want, "schema"), r) &&
		   key_format_is(wr_json_get(w->want, "keyFormat"), r) &&
		   value_format_is(wr_json_get(w->want, "valueFormat"), r);
	if (w->found)
		return;
	wr_buf text = { 0 };

	wr_buf_printf(&text, "%s with schema ", r->table ? "table" : "stream");
	wr_schema_print(r->schema, false, &text);
	wr_buf_printf(&text, ", key format %s, value format %s", r->key_format, r->value_format);
	wr_case_fail(w->c->result, "%.*s is not as expected: %s", WR_STR_ARG(r->name),
		     wr_buf_z(&text));
	wr_buf_free(&text);
}

/* ---------------------------------------------------------------- topics */

typedef struct topic_user {
	wr_str topic;
	const wr_relation *found;
} topic_user;

static void match_topic(void *self, const wr_relation *r)
{
	topic_user *u = self;

	if (wr_str_eq(r->topic, u->topic) && (!u->found || r->created_by.p))
		u->found = r;
}

static bool topic_format_is(const wr_json *j, const char *format, const char *feature)
{
	if (!j || j->kind != WR_JSON_OBJECT || !format)
		return true;
	return text_is(wr_json_get(j, "format"), wr_str_of(format)) &&
	       features_are(wr_json_get(j, "features"), feature);
}

static void check_topic(wr_conform *c, const wr_json *want)
{
	wr_str name = wr_json_string(wr_json_get(want, "name"), WR_STR_LIT(""));
	topic_user u = { .topic = name };
	int32_t n = wr_topics_partitions(wr_engine_topics(c->engine), name);

	if (name.n > 15 && memcmp(name.p, "_confluent-ksql", 15) == 0)
		return;
	wr_engine_relations(c->engine, match_topic, &u);
	if (n <= 0)
		wr_case_fail(c->result, "there is no topic %.*s", WR_STR_ARG(name));
	else if (wr_json_int(wr_json_get(want, "partitions"), n) != n)
		wr_case_fail(c->result, "topic %.*s has %d partitions", WR_STR_ARG(name), n);
	else if (u.found &&
		 (!topic_format_is(wr_json_get(want, "keyFormat"), u.found->key_format,
				   key_feature(u.found)) ||
		  !topic_format_is(wr_json_get(want, "valueFormat"), u.found->value_format,
				   value_feature(u.found, wr_session_settings(c->session)))))
		wr_case_fail(c->result, "topic %.*s has other formats", WR_STR_ARG(name));
}

void wr_conform_post(wr_conform *c)
{
	const wr_json *topics = wr_json_get(wr_json_get(c->test, "post"), "topics");

	WR_JSON_EACH(want, topics ? wr_json_get(topics, "topics") : NULL)
	check_topic(c, want);
	WR_JSON_EACH(want, wr_json_get(wr_json_get(c->test, "post"), "sources"))
	{
		wanted w = { .want = want, .c = c };

		wr_engine_relations(c->engine, compare, &w);
		if (!w.found)
			wr_case_fail(c->result, "the catalog has no such source: %.*s",
				     WR_STR_ARG(wr_json_string(wr_json_get(want, "name"),
							       WR_STR_LIT("?"))));
	}
}

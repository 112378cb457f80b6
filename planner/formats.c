/*
 * Which formats a relation's two sides have, whether single columns stand wrapped in an object, and
 * whether the formats can hold the columns.
 */
#include "core/near.h"
#include "planner/impl.h"

static const char *const formats[] = { "JSON", "DELIMITED", "KAFKA", "NONE", "DEBEZIUM" };

const wr_format_def *wr_format_known(wr_planner *p, const char *name, wr_span span, wr_err *err)
{
	const wr_format_def *f = wr_format_find(wr_str_of(name));
	const char *near;

	(void)p;
	if (f)
		return f;
	WR_REFUSE(err, span, "there is no format '%.*s'", WR_STR_ARG(wr_str_of(name)));
	near = wr_near_of(wr_str_of(name), formats, sizeof(formats) / sizeof(*formats));
	if (near)
		wr_err_hint(err, "did you mean %s?", near);
	else
		wr_err_hint(err, "formats are JSON, DELIMITED, KAFKA, DEBEZIUM and NONE");
	return NULL;
}

bool wr_is_debezium(const wr_relation *r)
{
	return strcmp(r->value_format, "DEBEZIUM") == 0;
}

static bool has_map(const wr_type *t)
{
	if (t->tag == WR_MAP)
		return true;
	for (uint32_t i = 0; i < t->nkids; i++)
		if (has_map(t->kids[i]))
			return true;
	return false;
}

void wr_relation_sides(wr_arena *a, const wr_relation *r, wr_side_spec *key, wr_side_spec *value)
{
	const wr_schema *s = r->schema;
	wr_column *cols = WR_NEW_ARRAY(a, wr_column, s->n);
	int32_t *to = WR_NEW_ARRAY(a, int32_t, s->n), *key_to = WR_NEW_ARRAY(a, int32_t, s->nkeys);
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nkeys; i++)
		key_to[i] = (int32_t)i;
	for (uint32_t i = s->nkeys; i < s->n; i++)
		if (!r->header_cols || !r->header_cols[i]) {
			cols[n] = s->cols[i];
			to[n++] = (int32_t)i;
		}
	*key = (wr_side_spec){ .format = r->key_format,
			       .delimiter = r->key_delimiter,
			       .wrap = r->key_wrap,
			       .n = s->nkeys,
			       .cols = s->cols,
			       .to = key_to,
			       .window = (wr_window_kind)r->window_kind,
			       .window_size = r->window_size };
	*value = (wr_side_spec){ .format = r->value_format,
				 .delimiter = r->value_delimiter,
				 .wrap = r->value_wrap,
				 .n = n,
				 .cols = cols,
				 .to = to };
}

static wr_status check_key(const wr_relation *r, const wr_format_def *f, const wr_with *w,
			   wr_err *err)
{
	const wr_schema *s = r->schema;
	wr_span at = w->key_format_span.length ? w->key_format_span : w->span;

	for (uint32_t i = 0; i < s->nkeys; i++)
		if (has_map(s->cols[i].type)) {
			WR_REFUSE(err, at, "key column %.*s has a MAP in its type",
				  WR_STR_ARG(s->cols[i].name));
			return wr_err_hint(
			    err,
			    "a map has no order, so the same key could be written in two ways; "
			    "use an ARRAY of STRUCTs or a STRING");
		}
	if (s->nkeys && strcmp(f->name, "NONE") == 0) {
		WR_REFUSE(err, at, "format NONE holds no columns, and there is key column %.*s",
			  WR_STR_ARG(s->cols[0].name));
		return wr_err_hint(err, "name another KEY_FORMAT");
	}
	if (!f->key)
		return WR_REFUSE(err, at, "format %s cannot be a key's format", f->name);
	if (s->nkeys > 1 && !f->multi) {
		WR_REFUSE(err, at, "format %s holds one key column, and there are %u", f->name,
			  s->nkeys);
		return wr_err_hint(err, "KEY_FORMAT='JSON' holds several");
	}
	if (w->key_delimiter && !f->delimiter)
		return WR_REFUSE(err, w->key_delimiter_span, "format %s has no delimiter", f->name);
	return WR_OK;
}

static wr_status check_value(const wr_format_def *f, uint32_t n, const wr_with *w, wr_err *err)
{
	wr_span at = w->value_format_span.length ? w->value_format_span : w->span;

	if (strcmp(f->name, "NONE") == 0 && n)
		return WR_REFUSE(err, at,
				 "format NONE holds no columns, and there are %u value columns", n);
	if (!f->value && n)
		return WR_REFUSE(err, at, "format %s cannot be a value's format", f->name);
	if (w->value_delimiter && !f->delimiter)
		return WR_REFUSE(err, w->value_delimiter_span, "format %s has no delimiter",
				 f->name);
	if (w->wrap < 0)
		return WR_OK;
	if (n != 1) {
		WR_REFUSE(err, w->wrap_span,
			  "WRAP_SINGLE_VALUE is for one value column, and there are %u", n);
		return wr_err_hint(
		    err, "several columns always stand in an object; leave the property out");
	}
	if (w->wrap ? !f->wrap : !f->unwrap)
		return WR_REFUSE(err, w->wrap_span, "format %s does not have WRAP_SINGLE_VALUE=%s",
				 f->name, w->wrap ? "true" : "false");
	return WR_OK;
}

static wr_status side_check(const wr_format_def *f, const wr_side_spec *side, bool is_key,
			    wr_span at, wr_err *err)
{
	if (f->registry) {
		WR_LATER(err, at, "%s needs a schema registry, and there is no client for one",
			 f->name);
		return wr_err_hint(err, "have the producer write JSON");
	}
	if (f->later) {
		WR_LATER(err, at, "format %s is not there yet", f->name);
		return wr_err_hint(err, "have the producer write JSON");
	}
	if (!f->check || f->check(side, is_key, err) == WR_OK)
		return WR_OK;
	if (!err->span.length)
		err->span = at;
	return WR_FAIL;
}

wr_status wr_relation_formats(wr_planner *p, wr_relation *r, const wr_with *w, wr_err *err)
{
	const wr_format_def *kf = wr_format_known(p, r->key_format, w->key_format_span, err), *vf;
	wr_side_spec key, value;

	if (!kf)
		return WR_FAIL;
	vf = wr_format_known(p, r->value_format, w->value_format_span, err);
	if (!vf)
		return WR_FAIL;
	wr_relation_sides(p->a, r, &key, &value);
	if (check_key(r, kf, w, err) || check_value(vf, value.n, w, err))
		return WR_FAIL;
	r->wrap_single = w->wrap;
	r->key_wrap = key.n > 1 || !kf->unwrap;
	if (value.n != 1)
		r->value_wrap = true;
	else if (w->wrap >= 0)
		r->value_wrap = w->wrap == 1;
	else if (wr_str_is(wr_setting_text(p->set, WR_SET_WRAP_SINGLE_VALUES), "false") &&
		 vf->unwrap)
		r->value_wrap = false;
	else
		r->value_wrap = vf->wrap;
	key.wrap = r->key_wrap;
	value.wrap = r->value_wrap;
	if (key.n && side_check(kf, &key, true,
				w->key_format_span.length ? w->key_format_span : w->span, err))
		return WR_FAIL;
	return side_check(vf, &value, false,
			  w->value_format_span.length ? w->value_format_span : w->span, err);
}

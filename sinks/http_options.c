#include <stdlib.h>

#include "sinks/http.h"

#define AT(field) offsetof(wr_http_options, field)

static const wr_sink_rule rules[] = {
	{ "URL", WR_RULE_TEXT, AT(url), 0, 0, NULL },
	{ "METHOD", WR_RULE_CHOICE, AT(method), 0, 0, "POST|PUT|PATCH|DELETE" },
	{ "BODY", WR_RULE_CHOICE, AT(body), 0, 0, "OBJECT|ARRAY|NDJSON" },
	{ "BATCH_ROWS", WR_RULE_INT, AT(batch_rows), 1, 1000000, NULL },
	{ "BATCH_BYTES", WR_RULE_BYTES, AT(batch_bytes), 1, 1 << 30, NULL },
	{ "ENVELOPE", WR_RULE_CHOICE, AT(envelope), 0, 0, "NONE|CHANGE" },
	{ "ON_DELETE", WR_RULE_CHOICE, AT(on_delete), 0, 0, "IGNORE|SEND" },
	{ "HEADER.", WR_RULE_PREFIX, 0, 0, 0, NULL },
	{ "BASIC_AUTH", WR_RULE_TEXT, AT(basic_auth), 0, 0, NULL },
	{ "BEARER_TOKEN", WR_RULE_TEXT, AT(bearer_token), 0, 0, NULL },
	{ "SIGNING_SECRET", WR_RULE_TEXT, AT(signing_secret), 0, 0, NULL },
	{ "ON_STATUS", WR_RULE_TEXT, AT(on_status), 0, 0, NULL },
	WR_SEND_RULES(wr_http_options),
};

static wr_status refuse(const wr_sink_spec *spec, const char *prop, const char *message,
			wr_err *err)
{
	return wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, prop), "%s", message);
}

static bool one_line(wr_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			return false;
	return true;
}

static wr_status check_headers(const wr_sink_spec *spec, wr_err *err)
{
	for (uint32_t i = 0; i < spec->nprops; i++) {
		const wr_sink_prop *p = &spec->props[i];

		if (p->name.n < 7 || !wr_str_ieq((wr_str){ p->name.p, 7 }, WR_STR_LIT("HEADER.")))
			continue;
		if (p->name.n == 7 || memchr(p->name.p, ':', p->name.n) ||
		    memchr(p->name.p, ' ', p->name.n) || !one_line(p->name) || !one_line(p->value))
			return wr_err_set(err, WR_ERR_STATEMENT, p->span,
					  "%.*s is no header of a request", WR_STR_ARG(p->name));
	}
	return WR_OK;
}

static wr_status check_secrets(const wr_sink_spec *spec, const wr_http_options *o, wr_err *err)
{
	wr_sign_key key;

	if (o->basic_auth.p && o->bearer_token.p)
		return refuse(spec, "BEARER_TOKEN",
			      "BASIC_AUTH and BEARER_TOKEN exclude each other", err);
	if (o->basic_auth.p && !memchr(o->basic_auth.p, ':', o->basic_auth.n))
		return refuse(spec, "BASIC_AUTH", "BASIC_AUTH must be user:password", err);
	if (!one_line(o->bearer_token))
		return refuse(spec, "BEARER_TOKEN", "BEARER_TOKEN must be one line", err);
	if (!o->signing_secret.p || wr_sign_key_read(o->signing_secret, &key))
		return WR_OK;
	refuse(spec, "SIGNING_SECRET", "SIGNING_SECRET is no secret of Standard Webhooks", err);
	return wr_err_hint(err, "it is whsec_ followed by 24 to 64 bytes in base64");
}

/* A URL made with x for every value must be one. */
static wr_status check_whole(const wr_sink_spec *spec, const wr_template *t, wr_str text,
			     wr_err *err)
{
	wr_buf sample = { 0 };

	for (uint32_t i = 0; i < t->n; i++) {
		wr_buf_str(&sample, t->parts[i].text);
		if (t->parts[i].field >= 0)
			wr_buf_putc(&sample, 'x');
	}
	bool valid = wr_http_url_valid(wr_buf_z(&sample));

	wr_buf_free(&sample);
	if (valid)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, "URL"),
		   "'%.*s' is no URL that rows can be sent to", WR_STR_ARG(text));
	return wr_err_hint(err, "write it as http://host:port/path or https://…");
}

static wr_status check_url(const wr_sink_spec *spec, const wr_http_options *o, wr_err *err)
{
	wr_fields fields;
	wr_template url;

	if (!o->url.n) {
		refuse(spec, "URL", "an HTTP sink needs a URL", err);
		return wr_err_hint(err, "add URL='http://host:port/path' to WITH");
	}
	wr_fields_of(spec, &fields);
	wr_status status = wr_template_read(spec, "URL", o->url, &fields, &url, err);

	free(fields.items);
	return status ? WR_FAIL : check_whole(spec, &url, o->url, err);
}

wr_status wr_http_options_read(const wr_sink_spec *spec, wr_http_options *o, wr_err *err)
{
	*o = (wr_http_options){ .batch_rows = 500, .batch_bytes = 1 << 20, .on_delete = -1 };
	wr_send_options_init(&o->send);
	if (wr_sink_props_read(spec, rules, sizeof rules / sizeof *rules, o, err))
		return WR_FAIL;
	if (o->on_delete < 0)
		o->on_delete =
		    o->envelope == WR_ENVELOPE_CHANGE ? WR_DELETE_SEND : WR_DELETE_IGNORE;
	if (o->body == WR_BODY_OBJECT)
		o->batch_rows = 1;
	return check_url(spec, o, err) || check_headers(spec, err) || check_secrets(spec, o, err) ||
		       wr_http_rules_read(spec, o->on_status, &o->rules, err) ||
		       wr_send_options_check(spec, &o->send, err)
		   ? WR_FAIL
		   : WR_OK;
}

/* Deliveries as HTTP requests: method, headers, authentication, signature. */
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "sinks/http.h"

enum { MAX_HEADERS = 64, OWN_HEADERS = 4 };

static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };

struct wr_http_carrier {
	wr_carrier carrier;
	const wr_sink_spec *spec;
	const wr_http_options *opt;
	wr_sign_key key;
	char *user_password, *ca_file, *cert_file, *key_file;
	uint32_t nheaders; /* the same for every request */
	char *headers[MAX_HEADERS];
};

/* ---------------------------------------------------------------- making */

static void add_header(wr_http_carrier *c, wr_str name, wr_str value)
{
	wr_buf out = { 0 };

	if (c->nheaders == MAX_HEADERS)
		return;
	wr_buf_printf(&out, "%.*s: %.*s", WR_STR_ARG(name), (int)value.n, value.p ? value.p : "");
	c->headers[c->nheaders++] = out.p;
}

static void add_known(wr_http_carrier *c, const char *name, const char *value)
{
	char prop[64];

	snprintf(prop, sizeof prop, "HEADER.%s", name);
	if (!wr_sink_prop_find(c->spec, prop))
		add_header(c, wr_str_of(name), wr_str_of(value));
}

static void make_headers(wr_http_carrier *c)
{
	bool lines = c->opt->body == WR_BODY_NDJSON;

	add_known(c, "Content-Type", lines ? "application/x-ndjson" : "application/json");
	add_known(c, "User-Agent", "weir");
	if (c->opt->bearer_token.p) {
		wr_buf value = { 0 };

		wr_buf_printf(&value, "Bearer %.*s", WR_STR_ARG(c->opt->bearer_token));
		add_known(c, "Authorization", wr_buf_z(&value));
		wr_buf_free(&value);
	}
	for (uint32_t i = 0; i < c->spec->nprops; i++) {
		const wr_sink_prop *p = &c->spec->props[i];

		if (p->name.n > 7 && wr_str_ieq((wr_str){ p->name.p, 7 }, WR_STR_LIT("HEADER.")))
			add_header(c, (wr_str){ p->name.p + 7, p->name.n - 7 }, p->value);
	}
}

/* ---------------------------------------------------------------- a request */

static const char *check(void *self, const wr_delivery *d)
{
	(void)self;
	return wr_http_url_valid(d->to) ? NULL : "the row makes no URL that can be sent to";
}

/* Idempotency-Key; the headers of Standard Webhooks. */
static uint32_t own_headers(const wr_http_carrier *c, const wr_delivery *d, wr_buf own[OWN_HEADERS])
{
	int64_t seconds = wr_clock_ms() / 1000;
	uint32_t n = 0;

	wr_buf_printf(&own[n++], "Idempotency-Key: %s", d->id);
	if (!c->key.n)
		return n;
	wr_buf_printf(&own[n++], "webhook-id: %s", d->id);
	wr_buf_printf(&own[n++], "webhook-timestamp: %lld", (long long)seconds);
	wr_buf_puts(&own[n], "webhook-signature: ");
	wr_sign(&c->key, d->id, seconds, d->parcel.body, &own[n++]);
	return n;
}

static void start(void *self, wr_http *http, wr_delivery *d, void *mine)
{
	const wr_http_carrier *c = self;
	const char *headers[MAX_HEADERS + OWN_HEADERS];
	wr_buf own[OWN_HEADERS] = { { 0 } };
	uint32_t n = 0, nown = own_headers(c, d, own);

	for (; n < c->nheaders; n++)
		headers[n] = c->headers[n];
	for (uint32_t i = 0; i < nown; i++)
		headers[n++] = wr_buf_z(&own[i]);
	wr_http_start(http, &(wr_http_request){ .method = methods[c->opt->method],
						.url = d->to,
						.nheaders = n,
						.headers = headers,
						.body = d->parcel.body,
						.user_password = c->user_password,
						.timeout_ms = c->opt->send.timeout_ms,
						.tls = { c->ca_file, c->cert_file, c->key_file },
						.self = mine });
	for (uint32_t i = 0; i < nown; i++)
		wr_buf_free(&own[i]);
}

static wr_verdict judge(void *self, const wr_http_answer *a)
{
	return wr_http_verdict(&((const wr_http_carrier *)self)->opt->rules, a->status);
}

wr_http_carrier *wr_http_carrier_open(const wr_sink_spec *spec, const wr_http_options *o)
{
	wr_http_carrier *c = wr_calloc(1, sizeof *c);

	c->carrier = (wr_carrier){ c, check, start, judge, methods[o->method] };
	c->spec = spec;
	c->opt = o;
	if (o->signing_secret.p)
		(void)wr_sign_key_read(o->signing_secret, &c->key);
	c->user_password = wr_send_text(o->basic_auth);
	c->ca_file = wr_send_text(o->send.ca_file);
	c->cert_file = wr_send_text(o->send.cert_file);
	c->key_file = wr_send_text(o->send.key_file);
	make_headers(c);
	return c;
}

const wr_carrier *wr_http_carrier_of(const wr_http_carrier *c)
{
	return &c->carrier;
}

void wr_http_carrier_close(wr_http_carrier *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->nheaders; i++)
		free(c->headers[i]);
	free(c->user_password);
	free(c->ca_file);
	free(c->cert_file);
	free(c->key_file);
	free(c);
}

/*
 * E-mail as a sink: a row is a mail. Mails go through an outbox (sinks/outbox.h) as an HTTP sink's
 * requests do, and over SMTP.
 *
 *	CREATE SINK alerts WITH (TYPE='email', SERVER='smtp://localhost:25', FROM='shop@example.org', TO='${email}',
 *	                         SUBJECT='Your balance is ${balance}') AS SELECT email, balance FROM …
 *
 * An entry's `to` is the list of addresses, its body the message without Message-ID. That is made
 * of the entry's id when the mail is sent, so a mail that is sent twice (a crash between the
 * server's answer and our noting it) has the same one, and mail programs show it once.
 *
 * What the server says decides: 2xx taken; 4xx, no answer and trouble with signing in: again; 5xx
 * about this mail: a dead letter.
 */
#include "sinks/email.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/value_json.h"
#include "sinks/sink_list.h"

enum { MOST_ADDRESSES = 100 };

#define AT(field) offsetof(wr_email_options, field)

static const wr_sink_rule rules[] = {
	{ "SERVER", WR_RULE_TEXT, AT(server), 0, 0, NULL },
	{ "FROM", WR_RULE_TEXT, AT(from), 0, 0, NULL },
	{ "TO", WR_RULE_TEXT, AT(to), 0, 0, NULL },
	{ "SUBJECT", WR_RULE_TEXT, AT(subject), 0, 0, NULL },
	{ "BODY", WR_RULE_TEXT, AT(body), 0, 0, NULL },
	{ "BASIC_AUTH", WR_RULE_TEXT, AT(basic_auth), 0, 0, NULL },
	WR_SEND_RULES(wr_email_options),
};

/* ---------------------------------------------------------------- options */

typedef struct texts {
	wr_template to, subject, body; /* body: only when given */
} texts;

static wr_status refuse(const wr_sink_spec *spec, const char *prop, const char *message,
			const char *hint, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, prop), "%s", message);
	return wr_err_hint(err, "%s", hint);
}

static wr_status check_server(const wr_sink_spec *spec, const wr_email_options *o, wr_err *err)
{
	wr_buf url = { 0 };

	wr_buf_str(&url, o->server);
	bool valid = o->server.n && wr_http_mail_url_valid(wr_buf_z(&url));

	wr_buf_free(&url);
	return valid ? WR_OK
		     : refuse(spec, "SERVER",
			      o->server.p ? "SERVER is no mail server's address"
					  : "an e-mail sink needs a SERVER",
			      "write it as smtp://host:25 or smtps://host:465", err);
}

static wr_status check_addresses(const wr_sink_spec *spec, const wr_email_options *o, wr_err *err)
{
	wr_str bare;

	if (!o->from.p || !wr_email_address(o->from, &bare))
		return refuse(spec, "FROM",
			      o->from.p ? "FROM is no e-mail address" : "an e-mail sink needs FROM",
			      "write it as shop@example.org or 'The shop <shop@example.org>'", err);
	if (!o->to.n)
		return refuse(spec, "TO", "an e-mail sink needs TO",
			      "an address, or a column with it: TO='${email}'", err);
	if (o->basic_auth.p && !memchr(o->basic_auth.p, ':', o->basic_auth.n))
		return refuse(spec, "BASIC_AUTH", "BASIC_AUTH must be user:password",
			      "both as the mail server knows them", err);
	return WR_OK;
}

static wr_status read_texts(const wr_sink_spec *spec, const wr_email_options *o,
			    const wr_fields *fields, texts *t, wr_err *err)
{
	wr_str subject = o->subject.p ? o->subject : spec->name;

	return wr_template_read(spec, "TO", o->to, fields, &t->to, err) ||
		       wr_template_read(spec, "SUBJECT", subject, fields, &t->subject, err) ||
		       (o->body.p && wr_template_read(spec, "BODY", o->body, fields, &t->body, err))
		   ? WR_FAIL
		   : WR_OK;
}

static wr_status read_options(const wr_sink_spec *spec, wr_email_options *o, wr_err *err)
{
	*o = (wr_email_options){ 0 };
	wr_send_options_init(&o->send);
	o->send.timeout_ms = 30000;
	return wr_sink_props_read(spec, rules, sizeof rules / sizeof *rules, o, err) ||
		       check_server(spec, o, err) || check_addresses(spec, o, err) ||
		       wr_send_options_check(spec, &o->send, err)
		   ? WR_FAIL
		   : WR_OK;
}

static wr_status check(const wr_sink_spec *spec, wr_err *err)
{
	wr_email_options o;
	wr_fields fields;
	texts t;

	if (read_options(spec, &o, err))
		return WR_FAIL;
	wr_fields_of(spec, &fields);
	wr_status status = read_texts(spec, &o, &fields, &t, err);

	free(fields.items);
	return status;
}

/* ---------------------------------------------------------------- mails on their way */

typedef struct email_writer email_writer;
typedef struct email_sink {
	wr_outbox_sink base;
	wr_email_options opt;
	wr_carrier carrier;
	/* from: the bare address */
	char *server, *from, *user_password, *ca_file, *cert_file, *key_file;
	wr_fields fields;
	texts texts;
	email_writer *writers;
} email_sink;

static const char *check_delivery(void *self, const wr_delivery *d)
{
	wr_str list = d->parcel.to, one, bare;
	uint32_t n = 0;

	(void)self;
	for (; wr_email_next(&list, &one); n++)
		if (!wr_email_address(one, &bare) || n == MOST_ADDRESSES)
			return n == MOST_ADDRESSES ? "the row gives more than 100 addresses"
						   : "what the row gives is no e-mail address";
	return n ? NULL : "the row gives no e-mail address";
}

static const char *domain_of(const char *address)
{
	return strrchr(address, '@') + 1;
}

static void start(void *self, wr_http *http, wr_delivery *d, void *mine)
{
	email_sink *s = self;
	char *to[MOST_ADDRESSES];
	wr_str list = d->parcel.to, one, bare = { 0 };
	uint32_t n = 0;

	wr_buf_reset(&d->scratch);
	wr_buf_printf(&d->scratch, "Message-ID: <%s@%s>\r\n", d->id, domain_of(s->from));
	wr_buf_str(&d->scratch, d->parcel.body);
	while (n < MOST_ADDRESSES && wr_email_next(&list, &one) && wr_email_address(one, &bare)) {
		wr_buf z = { 0 };

		wr_buf_str(&z, bare);
		to[n++] = z.p;
	}
	wr_http_start(http, &(wr_http_request){
				.url = s->server,
				.body = wr_buf_view(&d->scratch),
				.user_password = s->user_password,
				.timeout_ms = s->opt.send.timeout_ms,
				.tls = { s->ca_file, s->cert_file, s->key_file },
				.mail = &(wr_http_mail){ s->from, n, (const char *const *)to },
				.self = mine });
	while (n)
		free(to[--n]);
}

static wr_verdict judge(void *self, const wr_http_answer *a)
{
	(void)self;
	if (a->status >= 200 && a->status < 300)
		return WR_VERDICT_OK;
	return a->status >= 500 && a->status < 600 ? WR_VERDICT_DEAD_LETTER : WR_VERDICT_RETRY;
}

/* ---------------------------------------------------------------- the sink */

struct email_writer {
	wr_sink_writer writer;
	uint32_t turn;
	wr_buf to, subject, text, message;
	email_writer *next;
};

static void close_sink(wr_sink *sink)
{
	email_sink *s = (email_sink *)sink;

	wr_outbox_sink_close(&s->base);
	while (s->writers) {
		email_writer *w = s->writers;

		s->writers = w->next;
		wr_buf_free(&w->to);
		wr_buf_free(&w->subject);
		wr_buf_free(&w->text);
		wr_buf_free(&w->message);
		free(w);
	}
	free(s->server);
	free(s->from);
	free(s->user_password);
	free(s->ca_file);
	free(s->cert_file);
	free(s->key_file);
	free(s->fields.items);
	free(s);
}

static wr_status open_parts(email_sink *s, wr_str mark, wr_err *err)
{
	const wr_sink_spec *spec = s->base.sink.spec;
	wr_email_options *o = &s->opt;
	wr_str bare = { 0 };

	if (read_options(spec, o, err) || read_texts(spec, o, &s->fields, &s->texts, err))
		return WR_FAIL;
	(void)wr_email_address(o->from, &bare);
	s->server = wr_send_text(o->server);
	s->from = wr_send_text(bare);
	s->user_password = wr_send_text(o->basic_auth);
	s->ca_file = wr_send_text(o->send.ca_file);
	s->cert_file = wr_send_text(o->send.cert_file);
	s->key_file = wr_send_text(o->send.key_file);
	s->base.send = o->send;
	s->carrier = (wr_carrier){ s, check_delivery, start, judge, "mail to" };
	return wr_outbox_sink_open(&s->base, &s->carrier, mark, err);
}

static wr_status open_sink(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
			   wr_err *err)
{
	email_sink *s = wr_calloc(1, sizeof *s);

	s->base.sink = (wr_sink){ &wr_sink_email, spec, cx };
	wr_fields_of(spec, &s->fields);
	if (open_parts(s, mark, err)) {
		close_sink(&s->base.sink);
		return WR_FAIL;
	}
	*out = &s->base.sink;
	return WR_OK;
}

static wr_status open_writer(wr_sink *sink, uint16_t task, wr_sink_writer **out, wr_err *err)
{
	email_sink *s = (email_sink *)sink;
	email_writer *w = wr_calloc(1, sizeof *w);

	(void)err;
	w->writer = (wr_sink_writer){ sink, task };
	wr_outbox_task(s->base.outbox, task);
	w->next = s->writers;
	s->writers = w;
	*out = &w->writer;
	return WR_OK;
}

/* Without BODY: a line for each field. */
static void put_fields(const wr_fields *fields, const wr_batch *b, uint32_t row, wr_buf *out)
{
	for (uint32_t i = 0; i < fields->n; i++) {
		const wr_field *f = &fields->items[i];

		wr_buf_str(out, f->name);
		wr_buf_puts(out, ": ");
		if (f->col < 0)
			wr_buf_printf(out, "%lld", (long long)wr_field_bound(f, b, row));
		else
			wr_value_cell(&b->cols[f->col], row, out);
		wr_buf_putc(out, '\n');
	}
}

static void put_mail(email_writer *w, const wr_batch *b, uint32_t row)
{
	email_sink *s = (email_sink *)w->writer.sink;
	wr_buf_reset(&w->to);
	wr_buf_reset(&w->subject);
	wr_buf_reset(&w->text);
	wr_buf_reset(&w->message);
	wr_template_put(&s->texts.to, WR_TEMPLATE_LINE, &s->fields, b, row, &w->to);
	wr_template_put(&s->texts.subject, WR_TEMPLATE_LINE, &s->fields, b, row, &w->subject);
	if (s->opt.body.p)
		wr_template_put(&s->texts.body, WR_TEMPLATE_TEXT, &s->fields, b, row, &w->text);
	else
		put_fields(&s->fields, b, row, &w->text);
	wr_email_message(s->opt.from, wr_buf_view(&w->to), wr_buf_view(&w->subject),
			 wr_buf_view(&w->text), wr_clock_ms(), &w->message);
	wr_outbox_put(s->base.outbox, w->writer.task,
		      wr_outbox_lane_of(b, row, (uint32_t)s->opt.send.max_in_flight, &w->turn),
		      &(wr_parcel){ 1, wr_clock_steady_ms(), wr_buf_view(&w->to),
				    wr_buf_view(&w->message) });
}

/* New rows and new images are mails; what is gone is none. */
static wr_status write_rows(wr_sink_writer *writer, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	(void)err;
	for (uint32_t i = at; i < at + n; i++)
		if (b->change[i] != WR_ROW_INSERT_NULL && !wr_change_removes(b->change[i]))
			put_mail((email_writer *)writer, b, i);
	return WR_OK;
}

static wr_status snapshot(wr_sink_writer *writer, wr_err *err)
{
	(void)err;
	wr_outbox_snapshot(((email_sink *)writer->sink)->base.outbox, writer->task);
	return WR_OK;
}

static void again(wr_sink *sink, uint32_t lane, wr_str to, wr_str body)
{
	wr_outbox_put_again(((email_sink *)sink)->base.outbox, lane,
			    &(wr_parcel){ 1, wr_clock_steady_ms(), to, body });
}

const wr_sink_def wr_sink_email = {
	.type = "email",
	.kind = WR_SINK_DERIVER,
	.parallel = true,
	.replaceable = true,
	.check = check,
	.open = open_sink,
	.writer = open_writer,
	.write = write_rows,
	.snapshot = snapshot,
	.mark = wr_outbox_sink_mark,
	.committed = wr_outbox_sink_committed,
	.due = wr_outbox_sink_due,
	.again = again,
	.status = wr_outbox_sink_status,
	.close = close_sink,
};

/*
 * What sinks with an outbox share: how to send, and their life beside the query's epochs.
 *
 *	snapshot    what became of what was sent goes into the stores
 *	mark        dead letters go to their topic
 *	committed   the epoch's requests may go out. At the end: wait until all have, settling on the way what halves wait for
 *
 * OUTBOX_MAX_BYTES holds the query back where it harms nobody: in `committed`, while its tasks are
 * parked and all is stored. Nothing is read until there is room; other queries do not notice. An
 * epoch is let in whole, so that the bound can be passed by one epoch.
 */
#include <inttypes.h>
#include <stdio.h>

#include "core/fault.h"
#include "core/log.h"
#include "core/number.h"
#include "sinks/outbox_sender.h"

/* ---------------------------------------------------------------- options */

void wr_send_options_init(wr_send_options *o)
{
	*o = (wr_send_options){ .timeout_ms = 10000,
				.max_in_flight = 1,
				.backoff_ms = 200,
				.backoff_max_ms = 30000,
				.max_bytes = 1 << 30 };
}

typedef struct rate_unit {
	const char *name;
	int64_t ns;
} rate_unit;

/* 100, 100/s, 20/min, 5/h */
static bool read_rate(wr_str t, int64_t *interval_ns)
{
	static const rate_unit units[] = {
		{ "s", 1000000000 },	{ "sec", 1000000000 },	   { "second", 1000000000 },
		{ "m", 60000000000 },	{ "min", 60000000000 },	   { "minute", 60000000000 },
		{ "h", 3600000000000 }, { "hour", 3600000000000 },
	};
	const char *slash = memchr(t.p, '/', t.n);
	wr_str number = { t.p, slash ? (uint32_t)(slash - t.p) : t.n };
	wr_str unit = slash ? (wr_str){ slash + 1, t.n - number.n - 1 } : WR_STR_LIT("s");
	int64_t n;

	if (!wr_parse_i64(number, &n) || n < 1 || n > 1000000)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (wr_str_ieq(unit, wr_str_of(units[i].name))) {
			*interval_ns = units[i].ns / n;
			return true;
		}
	return false;
}

static wr_status check_file(const wr_sink_spec *spec, const char *prop, wr_str name, wr_err *err)
{
	char path[4096];

	if (!name.p)
		return WR_OK;
	snprintf(path, sizeof path, "%.*s", WR_STR_ARG(name));
	FILE *f = fopen(path, "r");

	if (!f)
		return wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, prop),
				  "%s: cannot read %s: %m", prop, path);
	fclose(f);
	return WR_OK;
}

wr_status wr_send_options_check(const wr_sink_spec *spec, wr_send_options *o, wr_err *err)
{
	if (o->backoff_max_ms < o->backoff_ms)
		o->backoff_max_ms = o->backoff_ms;
	if (o->rate_text.p && !read_rate(o->rate_text, &o->interval_ns))
		return wr_err_set(
		    err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, "RATE"),
		    "RATE must be a number of requests a second, such as 100, or '20/min' or '500/h'");
	if (o->dead_letter.p && !o->dead_letter.n)
		return wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, "DEAD_LETTER"),
				  "DEAD_LETTER must be the name of a topic");
	return check_file(spec, "TLS_CA_FILE", o->ca_file, err) ||
		       check_file(spec, "TLS_CERT_FILE", o->cert_file, err) ||
		       check_file(spec, "TLS_KEY_FILE", o->key_file, err)
		   ? WR_FAIL
		   : WR_OK;
}

char *wr_send_text(wr_str s)
{
	wr_buf out = { 0 };

	if (s.p)
		wr_buf_put(&out, s.p, s.n);
	return out.p;
}

uint32_t wr_outbox_lane_of(const wr_batch *b, uint32_t row, uint32_t lanes, uint32_t *turn)
{
	uint64_t hash = 0;

	if (lanes == 1)
		return 0;
	if (b->schema->nkeys == 0)
		return (*turn)++ % lanes;
	for (uint32_t c = 0; c < b->schema->nkeys; c++)
		hash = wr_vec_hash(&b->cols[c], row, hash);
	return (uint32_t)(hash >> 32) % lanes;
}

/* ---------------------------------------------------------------- life */

static void refused(void *self, const wr_refused *r)
{
	wr_outbox_sink *b = self;

	if (b->sink.cx->keep_refused)
		b->sink.cx->keep_refused(b->sink.cx->run, r);
	if (b->letters)
		wr_dead_topic_add(b->letters, r);
}

static void forget_letters(void *self)
{
	wr_outbox_sink *b = self;

	if (b->letters)
		wr_dead_topic_forget(b->letters);
}

static wr_status flush_letters(void *self, wr_err *err)
{
	wr_outbox_sink *b = self;

	return b->letters ? wr_dead_topic_flush(b->letters, err) : WR_OK;
}

wr_status wr_outbox_sink_open(wr_outbox_sink *b, const wr_carrier *carrier, wr_str mark,
			      wr_err *err)
{
	const wr_sink_spec *spec = b->sink.spec;

	b->hooks = (wr_outbox_hooks){ b, refused, forget_letters, flush_letters };
	if ((b->send.dead_letter.n &&
	     wr_dead_topic_open(spec, b->sink.cx, b->send.dead_letter, &b->letters, err)) ||
	    wr_outbox_open(b->sink.cx, spec, (uint32_t)b->send.max_in_flight, &b->hooks, &b->outbox,
			   err))
		return WR_FAIL;
	b->sender = wr_sender_open(spec, &b->send, carrier, b->outbox);
	if (mark.p)
		wr_sender_more(b->sender);
	return WR_OK;
}

void wr_outbox_sink_close(wr_outbox_sink *b)
{
	wr_err err = WR_ERR_INIT;

	wr_sender_close(b->sender);
	if (b->outbox && wr_outbox_settle(b->outbox, &err))
		wr_log_err(WR_LOG_WARN, "what was delivered could not be noted", &err);
	wr_outbox_close(b->outbox);
	wr_dead_topic_close(b->letters);
}

wr_status wr_outbox_sink_mark(wr_sink *sink, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	(void)epoch, (void)mark;
	if (WR_FAULT("outbox.mark"))
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
				  "fault on purpose before requests are committed");
	return flush_letters(sink, err);
}

static bool stopping(const wr_outbox_sink *b)
{
	return b->sink.cx->stopping && b->sink.cx->stopping(b->sink.cx->self);
}

/* Waits until `most` bytes wait at most; halves that wait for a commit get theirs. *left: what
 * waits still, when it was told to stop. */
static wr_status wait(wr_outbox_sink *b, uint64_t most, wr_outbox_load *left, wr_err *err)
{
	for (;;) {
		*left = wr_outbox_waiting(b->outbox);
		if (most ? left->bytes <= most : !left->n)
			return WR_OK;
		if (stopping(b))
			return WR_OK;
		if (wr_outbox_due(b->outbox, true)) {
			if (wr_outbox_settle(b->outbox, err))
				return WR_FAIL;
			wr_sender_more(b->sender);
		}
		wr_sender_listen(b->sender);
	}
}

static wr_status hold_back(wr_outbox_sink *b, wr_err *err)
{
	uint64_t max = (uint64_t)b->send.max_bytes;
	wr_outbox_load load = wr_outbox_waiting(b->outbox);

	if (load.bytes <= max)
		return WR_OK;
	wr_log_warn("sink %.*s: OUTBOX_MAX_BYTES is reached, %" PRIu64
		    " rows wait: the query reads no more until there is room",
		    WR_STR_ARG(b->sink.spec->name), load.rows);
	__atomic_store_n(&b->held, true, __ATOMIC_RELAXED);
	wr_status status = wait(b, max - max / 8, &load, err);

	__atomic_store_n(&b->held, false, __ATOMIC_RELAXED);
	return status;
}

wr_status wr_outbox_sink_committed(wr_sink *sink, uint64_t epoch, bool final, wr_err *err)
{
	wr_outbox_sink *b = (wr_outbox_sink *)sink;
	wr_outbox_load left;

	(void)epoch;
	wr_outbox_committed(b->outbox);
	if (WR_FAULT_FAIL("outbox.committed", err))
		return WR_FAIL;
	wr_sender_more(b->sender);
	if (!final)
		return hold_back(b, err);
	wr_sender_hurry(b->sender);
	if (wait(b, 0, &left, err))
		return WR_FAIL;
	if (left.n)
		wr_log_info("sink %.*s: %" PRIu64
			    " rows are not delivered yet; they are sent at the next start",
			    WR_STR_ARG(sink->spec->name), left.rows);
	return wr_outbox_settle(b->outbox, err);
}

wr_due wr_outbox_sink_due(wr_sink *sink)
{
	wr_outbox *ob = ((wr_outbox_sink *)sink)->outbox;

	return wr_outbox_due(ob, true)	  ? WR_DUE_SOON
	       : wr_outbox_due(ob, false) ? WR_DUE_COMMIT
					  : WR_DUE_NO;
}

void wr_outbox_sink_status(wr_sink *sink, wr_buf *out)
{
	wr_outbox_sink *b = (wr_outbox_sink *)sink;

	wr_sender_status(b->sender, out);
	if (__atomic_load_n(&b->held, __ATOMIC_RELAXED))
		wr_buf_puts(out, "; the query is held back: OUTBOX_MAX_BYTES is reached");
}

/*
 * The sender: one thread per sink that takes committed entries out of the outbox and sends them, per lane one at a time and in order, at most
 * MAX_IN_FLIGHT at once over all lanes.
 *
 * Only an answer 2xx delivers. Whatever else comes back — another status, no answer, a time-out — the same request goes again after a pause:
 * a random part of RETRY_BACKOFF_MS · 2ⁿ, at most RETRY_BACKOFF_MAX_MS, and never before Retry-After is over. For ever, unless RETRY_MAX_AGE
 * says when a request is given up; then that is told, and counted.
 *
 *	lane:  IDLE --first entry--> READY --start--> BUSY --2xx--> IDLE
 *	                               ^---- pause -----|  else
 *
 * An entry is read from the state when its turn comes, so memory holds one request a lane, whatever waits. Its id is incarnation-lane-number: the
 * same after any crash.
 *
 * What the thread and others share stands behind `lock`; the lanes are the thread's.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/wait.h"
#include "io/http.h"
#include "sinks/http.h"

enum { GRACE_MS = 500, LOOK_MS = 1000, MAX_HEADERS = 64 };

typedef enum lane_state { LANE_IDLE, LANE_READY, LANE_BUSY } lane_state;

typedef struct send_lane {
	lane_state state;
	uint32_t number;
	wr_buf bytes;		/* the entry */
	wr_http_entry entry;	/* views into bytes */
	char id[128];
	char *url;
	unsigned failures;
	int64_t not_before;	/* monotonic ms */
} send_lane;

struct wr_http_sender {
	const wr_sink_spec *spec;
	const wr_http_options *opt;
	wr_sink_cx *cx;
	wr_outbox *outbox;
	wr_http *http;
	wr_sign_key key;
	char *user_password;
	uint32_t nheaders;	/* the same for every request */
	char *headers[MAX_HEADERS];
	uint32_t nlanes, turn;	/* turn: where the search for the next lane begins */
	send_lane *lanes;
	uint32_t busy;
	int64_t next_send;	/* RATE: monotonic ns */
	uint64_t random;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;	/* what follows */
	pthread_cond_t changed;
	bool stop, hurry;
	uint64_t sent, given_up;
	char trouble[512];	/* empty: all is well */
	int64_t next_try;	/* monotonic ms, while there is trouble */
};

static int64_t now_ms(void)
{
	return wr_clock_mono_ns() / 1000000;
}

/* ---------------------------------------------------------------- making */

static void add_header(wr_http_sender *s, const char *name, int name_n, const char *value, int value_n)
{
	wr_buf out = { 0 };

	if (s->nheaders == MAX_HEADERS)
		return;
	wr_buf_printf(&out, "%.*s: %.*s", name_n, name, value_n, value);
	s->headers[s->nheaders++] = out.p;
}

static void add_known(wr_http_sender *s, const char *name, const char *value)
{
	char prop[64];

	snprintf(prop, sizeof prop, "HEADER.%s", name);
	if (!wr_sink_prop_find(s->spec, prop))
		add_header(s, name, (int)strlen(name), value, (int)strlen(value));
}

static void make_headers(wr_http_sender *s)
{
	add_known(s, "Content-Type", s->opt->body == WR_BODY_NDJSON ? "application/x-ndjson" : "application/json");
	add_known(s, "User-Agent", "weir");
	if (s->opt->bearer_token.p) {
		wr_buf value = { 0 };

		wr_buf_printf(&value, "Bearer %.*s", WR_STR_ARG(s->opt->bearer_token));
		add_known(s, "Authorization", wr_buf_z(&value));
		wr_buf_free(&value);
	}
	for (uint32_t i = 0; i < s->spec->nprops; i++) {
		const wr_sink_prop *p = &s->spec->props[i];

		if (p->name.n > 7 && wr_str_ieq((wr_str){ p->name.p, 7 }, WR_STR_LIT("HEADER.")))
			add_header(s, p->name.p + 7, (int)p->name.n - 7, p->value.p ? p->value.p : "", (int)p->value.n);
	}
}

static void init_lock(wr_http_sender *s)
{
	pthread_mutex_init(&s->lock, NULL);
	wr_cond_init(&s->changed);
}

wr_http_sender *wr_http_sender_open(const wr_sink_spec *spec, const wr_http_options *o, wr_sink_cx *cx,
				    wr_outbox *outbox)
{
	wr_http_sender *s = wr_calloc(1, sizeof *s);

	s->spec = spec;
	s->opt = o;
	s->cx = cx;
	s->outbox = outbox;
	s->nlanes = wr_outbox_lanes(outbox);
	s->lanes = wr_calloc(s->nlanes, sizeof *s->lanes);
	s->random = (uint64_t)wr_clock_mono_ns() | 1;
	for (uint32_t i = 0; i < s->nlanes; i++)
		s->lanes[i].number = i;
	if (o->signing_secret.p)
		(void)wr_sign_key_read(o->signing_secret, &s->key);
	if (o->basic_auth.p)
		s->user_password = strndup(o->basic_auth.p, o->basic_auth.n);
	make_headers(s);
	init_lock(s);
	s->http = wr_http_open();
	return s;
}

/* ---------------------------------------------------------------- one request */

/* Reads the lane's next entry. */
static void load(wr_http_sender *s, send_lane *l)
{
	uint64_t n;

	if (!wr_outbox_first(s->outbox, l->number, &l->bytes, &n)) {
		l->not_before = now_ms() + LOOK_MS;	/* the state's health speaks of it */
		return;
	}
	if (!wr_http_entry_get(wr_buf_view(&l->bytes), &l->entry)) {
		wr_log_error("sink %.*s: a damaged request is left out", WR_STR_ARG(s->spec->name));
		wr_outbox_ack(s->outbox, l->number, 0);
		return;
	}
	snprintf(l->id, sizeof l->id, "%s-%u-%" PRIu64, s->cx->incarnation, l->number, n);
	free(l->url);
	l->url = strndup(l->entry.url.p, l->entry.url.n);
	l->failures = 0;
	l->not_before = 0;
	l->state = LANE_READY;
}

static void start(wr_http_sender *s, send_lane *l)
{
	const char *headers[MAX_HEADERS + 4];
	wr_buf own[4] = { { 0 } };
	uint32_t n = 0, nown = 0;
	int64_t seconds = wr_clock_ms() / 1000;

	while (n < s->nheaders) {
		headers[n] = s->headers[n];
		n++;
	}
	wr_buf_printf(&own[nown++], "Idempotency-Key: %s", l->id);
	if (s->key.n) {
		wr_buf_printf(&own[nown++], "webhook-id: %s", l->id);
		wr_buf_printf(&own[nown++], "webhook-timestamp: %" PRId64, seconds);
		wr_buf_puts(&own[nown], "webhook-signature: ");
		wr_sign(&s->key, l->id, seconds, l->entry.body, &own[nown++]);
	}
	for (uint32_t i = 0; i < nown; i++)
		headers[n++] = wr_buf_z(&own[i]);
	wr_http_start(s->http, &(wr_http_request){
		.method = wr_http_methods[s->opt->method], .url = l->url, .nheaders = n, .headers = headers,
		.body = l->entry.body, .user_password = s->user_password, .timeout_ms = s->opt->timeout_ms,
		.self = l });
	for (uint32_t i = 0; i < nown; i++)
		wr_buf_free(&own[i]);
	l->state = LANE_BUSY;
	s->busy++;
}

static uint64_t random_below(wr_http_sender *s, uint64_t n)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return n ? s->random % n : 0;
}

static int64_t pause_ms(wr_http_sender *s, const send_lane *l, const wr_http_answer *a)
{
	unsigned doublings = l->failures - 1 < 30 ? l->failures - 1 : 30;
	int64_t most = s->opt->backoff_max_ms;

	if (s->opt->backoff_ms <= most >> doublings)
		most = s->opt->backoff_ms << doublings;
	int64_t pause = 1 + (int64_t)random_below(s, (uint64_t)most);

	return pause > a->retry_after_ms ? pause : a->retry_after_ms;
}

/* ---------------------------------------------------------------- answers */

static void say_trouble(wr_http_sender *s, const send_lane *l, const wr_http_answer *a, int64_t pause)
{
	char words[sizeof s->trouble];

	if (a->status)
		snprintf(words, sizeof words, "%s %s was answered %d%s%s", wr_http_methods[s->opt->method], l->url,
			 a->status, a->text[0] ? ": " : "", a->text);
	else
		snprintf(words, sizeof words, "%s %s got no answer: %s", wr_http_methods[s->opt->method], l->url, a->text);
	pthread_mutex_lock(&s->lock);
	bool first = !s->trouble[0];

	snprintf(s->trouble, sizeof s->trouble, "%s", words);
	s->next_try = now_ms() + pause;
	pthread_mutex_unlock(&s->lock);
	if (first)
		wr_log_warn("sink %.*s: %s; it is sent again until it is taken, rows wait in order",
			    WR_STR_ARG(s->spec->name), words);
}

static void delivered(wr_http_sender *s, send_lane *l, bool given_up)
{
	wr_outbox_ack(s->outbox, l->number, l->entry.rows);
	l->state = LANE_IDLE;
	l->not_before = 0;
	pthread_mutex_lock(&s->lock);
	bool well_again = s->trouble[0] && !given_up;

	if (given_up)
		s->given_up++;
	else
		s->sent++;
	if (well_again)
		s->trouble[0] = 0;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (well_again)
		wr_log_info("sink %.*s: %s takes rows again", WR_STR_ARG(s->spec->name), l->url);
}

static bool too_old(const wr_http_sender *s, const send_lane *l)
{
	return s->opt->max_age_ms && wr_clock_ms() - l->entry.made_ms > s->opt->max_age_ms;
}

static void take_answer(wr_http_sender *s, const wr_http_answer *a)
{
	send_lane *l = a->self;

	s->busy--;
	if (a->status >= 200 && a->status < 300 && !WR_FAULT("http.answered")) {
		delivered(s, l, false);
		return;
	}
	l->failures++;
	int64_t pause = pause_ms(s, l, a);

	say_trouble(s, l, a, pause);
	if (too_old(s, l)) {
		wr_log_error("sink %.*s: request %s with %u rows is older than RETRY_MAX_AGE and is given up",
			     WR_STR_ARG(s->spec->name), l->id, l->entry.rows);
		delivered(s, l, true);
		return;
	}
	l->state = LANE_READY;
	l->not_before = now_ms() + pause;
}

/* ---------------------------------------------------------------- the thread */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When the lane may start, in monotonic ms; INT64_MAX: nothing to send. */
static int64_t start_time(wr_http_sender *s, send_lane *l, bool hurry)
{
	int64_t now = now_ms();

	if (l->state == LANE_BUSY)
		return INT64_MAX;
	if (l->state == LANE_IDLE && l->not_before <= now && wr_outbox_waits(s->outbox, l->number))
		load(s, l);
	if (l->state == LANE_IDLE)
		return l->not_before > now ? l->not_before : INT64_MAX;
	int64_t lingers = hurry || l->failures ? 0 : l->entry.made_ms + s->opt->linger_ms - wr_clock_ms();

	return lingers > 0 && s->opt->linger_ms ? now + lingers : l->not_before;
}

static bool rate_allows(wr_http_sender *s, int64_t *next)
{
	int64_t now = wr_clock_mono_ns();

	if (!s->opt->rate)
		return true;
	if (now < s->next_send) {
		*next = least(*next, s->next_send / 1000000 + 1);
		return false;
	}
	s->next_send = (s->next_send > now - 1000000000 / s->opt->rate ? s->next_send : now) + 1000000000 / s->opt->rate;
	return true;
}

/* Starts what may start; returns when the next look is due. */
static int64_t start_lanes(wr_http_sender *s, bool hurry)
{
	int64_t next = now_ms() + LOOK_MS;

	for (uint32_t i = 0; i < s->nlanes && s->busy < s->opt->max_in_flight; i++) {
		send_lane *l = &s->lanes[(s->turn + i) % s->nlanes];
		int64_t at = start_time(s, l, hurry);

		if (at > now_ms())
			next = least(next, at);
		else if (rate_allows(s, &next))
			start(s, l);
	}
	s->turn = s->nlanes ? (s->turn + 1) % s->nlanes : 0;
	return next;
}

static void take_answers(wr_http_sender *s, int64_t until)
{
	wr_http_answer a;
	int64_t ms = until - now_ms();

	wr_http_wait(s->http, ms < 0 ? 0 : (int)ms);
	while (wr_http_take(s->http, &a))
		take_answer(s, &a);
}

static void *send_all(void *arg)
{
	wr_http_sender *s = arg;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		bool stop = s->stop, hurry = s->hurry;

		pthread_mutex_unlock(&s->lock);
		if (stop)
			break;
		take_answers(s, start_lanes(s, hurry));
	}
	for (int64_t end = now_ms() + GRACE_MS; s->busy && now_ms() < end;)
		take_answers(s, end);
	return NULL;
}

/* ---------------------------------------------------------------- for the sink */

void wr_http_sender_more(wr_http_sender *s)
{
	if (!s->started && pthread_create(&s->thread, NULL, send_all, s))
		WR_BUG("cannot start a thread");
	s->started = true;
	wr_http_wake(s->http);
}

static void wait_a_moment(wr_http_sender *s)
{
	wr_cond_wait(&s->changed, &s->lock, wr_clock_mono_ns() + 50000000);
}

bool wr_http_sender_drain(wr_http_sender *s, bool (*stopping)(void *self), void *self)
{
	uint64_t rows;
	bool stop = false;

	pthread_mutex_lock(&s->lock);
	s->hurry = true;
	wr_http_wake(s->http);
	while (!stop && wr_outbox_waiting(s->outbox, &rows)) {
		wait_a_moment(s);
		stop = stopping && stopping(self);
	}
	pthread_mutex_unlock(&s->lock);
	if (stop)
		wr_log_info("sink %.*s: %" PRIu64 " rows are not delivered yet; they are sent at the next start",
			    WR_STR_ARG(s->spec->name), rows);
	return !stop;
}

void wr_http_sender_status(wr_http_sender *s, wr_buf *out)
{
	uint64_t rows, n = wr_outbox_waiting(s->outbox, &rows);

	pthread_mutex_lock(&s->lock);
	wr_buf_printf(out, "%" PRIu64 " requests sent", s->sent);
	if (n)
		wr_buf_printf(out, ", %" PRIu64 " with %" PRIu64 " rows waiting", n, rows);
	if (s->given_up)
		wr_buf_printf(out, ", %" PRIu64 " given up", s->given_up);
	if (s->trouble[0]) {
		int64_t in = s->next_try - now_ms();

		wr_buf_printf(out, "; %s; next try in %.1f s", s->trouble, (double)(in > 0 ? in : 0) / 1000);
	}
	pthread_mutex_unlock(&s->lock);
}

void wr_http_sender_close(wr_http_sender *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_mutex_unlock(&s->lock);
	wr_http_wake(s->http);
	if (s->started)
		pthread_join(s->thread, NULL);
	wr_http_close(s->http);
	for (uint32_t i = 0; i < s->nlanes; i++) {
		wr_buf_free(&s->lanes[i].bytes);
		free(s->lanes[i].url);
	}
	for (uint32_t i = 0; i < s->nheaders; i++)
		free(s->headers[i]);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s->user_password);
	free(s->lanes);
	free(s);
}

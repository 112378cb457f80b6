/*
 * The sender: one thread per sink that takes committed entries out of the outbox and sends them,
 * per lane one at a time and in order, at most MAX_IN_FLIGHT at once over all lanes.
 *
 * The carrier says what an answer means: delivered; the same again after a pause; never again,
 * which makes it a dead letter; or, for a batch, its halves one after the other. A pause is a
 * random part of RETRY_BACKOFF_MS · 2ⁿ, at most RETRY_BACKOFF_MAX_MS. Retry-After holds back all
 * lanes for as long as it says. Tries go on for ever, unless RETRY_MAX_AGE says when a request
 * becomes a dead letter.
 *
 *	lane:  IDLE --first entry--> READY --start--> BUSY --delivered, refused, split--> IDLE
 *	                               ^---- pause -----|  try again
 *
 * After five failures in a row, over all lanes, the circuit is open: nothing goes, and after the
 * pause one request, which shows whether the endpoint lives. An answer of any kind that is not "try
 * again" closes it, and all lanes go on at once.
 *
 * An entry is read from the state when its turn comes, so memory holds one request a lane, whatever
 * waits. Its id is incarnation-lane-number: the same after any crash.
 *
 * What the thread and others share stands behind `lock`; the lanes are the thread's.
 */
#include "sinks/outbox_sender.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/wait.h"
#include "sinks/outbox_pace.h"

enum { GRACE_MS = 500, LOOK_MS = 1000, SAY_MS = 10000 };

typedef enum lane_state { LANE_IDLE, LANE_READY, LANE_BUSY } lane_state;

typedef struct send_lane {
	lane_state state;
	uint32_t number;    /* in the outbox */
	wr_buf bytes, room; /* the entry; the piece of it that is sent */
	wr_delivery d;	    /* views into them */
	unsigned failures;
	int64_t not_before; /* monotonic ms */
} send_lane;

struct wr_sender {
	const wr_sink_spec *spec;
	const wr_send_options *opt;
	const wr_carrier *carrier;
	wr_outbox *outbox;
	wr_http *http;
	uint32_t nlanes, turn; /* turn: where the search for the next lane begins */
	send_lane *lanes;
	uint32_t busy;
	wr_bucket bucket;
	int64_t held_until; /* Retry-After: monotonic ms */
	uint64_t random;
	bool said;	 /* the trouble of now was told */
	int64_t said_at; /* the last one that was: monotonic ms; 0: none */
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t changed;
	wr_breaker breaker; /* the thread writes it */
	bool stop, hurry;
	uint64_t sent, refused, tries;
	char trouble[512];     /* empty: all is well */
	int64_t trouble_since; /* monotonic ms */
	int64_t next_try;      /* monotonic ms, while there is trouble */
};

static int64_t now_ms(void)
{
	return wr_clock_mono_ns() / 1000000;
}

wr_sender *wr_sender_open(const wr_sink_spec *spec, const wr_send_options *o,
			  const wr_carrier *carrier, wr_outbox *outbox)
{
	wr_sender *s = wr_calloc(1, sizeof *s);

	s->spec = spec;
	s->opt = o;
	s->carrier = carrier;
	s->outbox = outbox;
	s->nlanes = wr_outbox_lanes(outbox);
	s->lanes = wr_calloc(s->nlanes, sizeof *s->lanes);
	s->bucket.interval_ns = o->interval_ns;
	s->random = (uint64_t)wr_clock_mono_ns() | 1;
	for (uint32_t i = 0; i < s->nlanes; i++)
		s->lanes[i].number = i;
	pthread_mutex_init(&s->lock, NULL);
	wr_cond_init(&s->changed);
	s->http = wr_http_open();
	return s;
}

/* ---------------------------------------------------------------- what is sent */

/* The lane's piece is no longer its own: the next one is looked for. */
static void next_piece(send_lane *l)
{
	l->state = LANE_IDLE;
	l->failures = 0;
	l->not_before = 0;
}

static void refuse(wr_sender *s, send_lane *l, const char *reason)
{
	wr_outbox_refuse(s->outbox, l->number, l->d.parcel.rows, reason);
	next_piece(l);
	pthread_mutex_lock(&s->lock);
	uint64_t n = ++s->refused;

	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	while (n && n % 10 == 0)
		n /= 10;
	if (n == 1) /* the first, the tenth, the hundredth … */
		wr_log_warn("sink %.*s: %s; it is kept with the errors (SHOW ERRORS), %" PRIu64
			    " so far",
			    WR_STR_ARG(s->spec->name), reason, s->refused);
}

/* Reads what the lane sends next. */
static void load(wr_sender *s, send_lane *l)
{
	wr_outbox_at at;
	wr_parcel whole;

	if (WR_FAULT("outbox.load") || !wr_outbox_first(s->outbox, l->number, &l->bytes, &at)) {
		l->not_before = now_ms() + LOOK_MS; /* the state's health speaks of it */
		return;
	}
	if (!wr_parcel_get(wr_buf_view(&l->bytes), &whole) ||
	    !wr_parcel_piece(&whole, at.path, &l->room, &l->d.parcel)) {
		wr_log_error("sink %.*s: a damaged request is left out", WR_STR_ARG(s->spec->name));
		wr_outbox_delivered(s->outbox, l->number, 0);
		return;
	}
	wr_outbox_id(s->outbox, l->number, &at, l->d.id, sizeof l->d.id);
	l->d.to = wr_realloc(l->d.to, l->d.parcel.to.n + 1);
	memcpy(l->d.to, l->d.parcel.to.p, l->d.parcel.to.n);
	l->d.to[l->d.parcel.to.n] = 0;
	next_piece(l);
	const char *never = s->carrier->check(s->carrier->self, &l->d);

	if (never)
		refuse(s, l, never);
	else
		l->state = LANE_READY;
}

static void start(wr_sender *s, send_lane *l)
{
	if (WR_FAULT("outbox.send")) {
		l->not_before = now_ms() + 1;
		return;
	}
	s->carrier->start(s->carrier->self, s->http, &l->d, l);
	l->state = LANE_BUSY;
	s->busy++;
	pthread_mutex_lock(&s->lock);
	s->tries++;
	wr_breaker_started(&s->breaker);
	pthread_mutex_unlock(&s->lock);
	(void)WR_FAULT("outbox.sent"); /* crashes only */
}

/* ---------------------------------------------------------------- answers */

static void describe(const wr_sender *s, const send_lane *l, const wr_http_answer *a, char *out,
		     size_t room)
{
	if (a->status)
		snprintf(out, room, "%s %s was answered %d%s%s", s->carrier->what, l->d.to,
			 a->status, a->text[0] ? ": " : "", a->text);
	else
		snprintf(out, room, "%s %s got no answer: %s", s->carrier->what, l->d.to, a->text);
}

/* The endpoint lives. */
static void answered(wr_sender *s, const send_lane *l)
{
	pthread_mutex_lock(&s->lock);
	bool well_again = s->trouble[0];
	bool was_open = s->breaker.state != WR_BREAKER_CLOSED;

	wr_breaker_answered(&s->breaker);
	s->trouble[0] = 0;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (was_open)
		for (uint32_t i = 0; i < s->nlanes; i++)
			s->lanes[i].not_before = 0;
	if (well_again && s->said)
		wr_log_info("sink %.*s: %s takes rows again", WR_STR_ARG(s->spec->name), l->d.to);
}

static bool too_old(const wr_sender *s, const send_lane *l)
{
	return s->opt->max_age_ms &&
	       wr_clock_steady_ms() - l->d.parcel.made_ms > s->opt->max_age_ms;
}

static void say_trouble(wr_sender *s, const char *words, int64_t pause)
{
	pthread_mutex_lock(&s->lock);
	bool first = !s->trouble[0], opened = wr_breaker_failed(&s->breaker, now_ms() + pause);

	if (first)
		s->trouble_since = now_ms();
	snprintf(s->trouble, sizeof s->trouble, "%s", words);
	s->next_try = now_ms() + pause;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (first) { /* an endpoint that stumbles all the time is spoken of now and then */
		s->said = !s->said_at || now_ms() - s->said_at > SAY_MS;
		s->said_at = s->said ? now_ms() : s->said_at;
	}
	if (first && s->said)
		wr_log_warn("sink %.*s: %s; it is sent again until it is taken, rows wait in order",
			    WR_STR_ARG(s->spec->name), words);
	if (opened && s->said)
		wr_log_info(
		    "sink %.*s: the circuit is open: single requests try whether it answers again",
		    WR_STR_ARG(s->spec->name));
}

static void again(wr_sender *s, send_lane *l, const wr_http_answer *a, const char *words)
{
	l->failures++;
	unsigned n = l->failures;

	if (s->breaker.state != WR_BREAKER_CLOSED && n < s->breaker.probes + WR_BREAKER_TRIPS)
		/* another lane's turn is no reason to hurry */
		n = s->breaker.probes + WR_BREAKER_TRIPS;
	int64_t pause = wr_jitter(&s->random, s->opt->backoff_ms, s->opt->backoff_max_ms, n);

	if (a->retry_after_ms > 0) {
		s->held_until = now_ms() + a->retry_after_ms;
		if (pause < a->retry_after_ms)
			pause = a->retry_after_ms;
	}
	say_trouble(s, words, pause);
	if (too_old(s, l)) {
		char reason[700];

		snprintf(reason, sizeof reason, "older than RETRY_MAX_AGE; %s", words);
		refuse(s, l, reason);
		return;
	}
	l->state = LANE_READY;
	l->not_before = now_ms() + pause;
}

static void delivered(wr_sender *s, send_lane *l)
{
	wr_outbox_delivered(s->outbox, l->number, l->d.parcel.rows);
	(void)WR_FAULT("outbox.acknowledged"); /* crashes only */
	next_piece(l);
	pthread_mutex_lock(&s->lock);
	s->sent++;
	pthread_mutex_unlock(&s->lock);
	answered(s, l);
}

static void take_answer(wr_sender *s, const wr_http_answer *a)
{
	send_lane *l = a->self;
	char words[sizeof s->trouble];
	wr_verdict v = s->carrier->judge(s->carrier->self, a);

	s->busy--;
	if (WR_FAULT("outbox.answered"))
		v = WR_VERDICT_RETRY;
	if (v == WR_VERDICT_OK) {
		delivered(s, l);
		return;
	}
	describe(s, l, a, words, sizeof words);
	if (v == WR_VERDICT_RETRY || WR_FAULT("outbox.refused")) {
		again(s, l, a, words);
	} else if (v == WR_VERDICT_SPLIT && l->d.parcel.rows > 1) {
		wr_outbox_split(s->outbox, l->number);
		next_piece(l);
		answered(s, l);
	} else {
		refuse(s, l, words);
		answered(s, l);
	}
}

/* ---------------------------------------------------------------- the thread */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When the lane may start, in monotonic ms; INT64_MAX: nothing to send. */
static int64_t start_time(wr_sender *s, send_lane *l, bool hurry)
{
	int64_t now = now_ms();

	if (l->state == LANE_BUSY)
		return INT64_MAX;
	if (l->state == LANE_IDLE && l->not_before <= now && wr_outbox_waits(s->outbox, l->number))
		load(s, l);
	if (l->state == LANE_IDLE)
		return l->not_before > now		       ? l->not_before
		       : wr_outbox_waits(s->outbox, l->number) ? now + 1
							       : INT64_MAX;
	int64_t lingers = hurry || l->failures || !s->opt->linger_ms
			      ? 0
			      : l->d.parcel.made_ms + s->opt->linger_ms - wr_clock_steady_ms();

	/* more: the clock was set back between two processes */
	if (lingers > 0 && lingers <= s->opt->linger_ms)
		return now + lingers;
	/* else the breaker's time counts */
	return s->breaker.state == WR_BREAKER_CLOSED ? l->not_before : 0;
}

/* Whether anything may go now; else *next is when to look again. */
static bool may_start(wr_sender *s, int64_t *next)
{
	int64_t now = now_ms(), at;

	if (s->busy >= s->opt->max_in_flight)
		return false;
	if (s->held_until > now) {
		*next = least(*next, s->held_until);
		return false;
	}
	if (!wr_breaker_allows(&s->breaker, now, &at)) {
		*next = least(*next, at);
		return false;
	}
	return true;
}

static bool rate_allows(wr_sender *s, int64_t *next)
{
	int64_t at;

	if (wr_bucket_take(&s->bucket, wr_clock_mono_ns(), &at))
		return true;
	*next = least(*next, at / 1000000 + 1);
	return false;
}

/* Starts what may start; returns when the next look is due. */
static int64_t start_lanes(wr_sender *s, bool hurry)
{
	int64_t next = now_ms() + LOOK_MS;

	for (uint32_t i = 0; i < s->nlanes && may_start(s, &next); i++) {
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

static void take_answers(wr_sender *s, int64_t until)
{
	wr_http_answer a;
	int64_t ms = until - now_ms();

	wr_http_wait(s->http, ms < 0 ? 0 : (int)ms);
	while (wr_http_take(s->http, &a))
		take_answer(s, &a);
}

static void *send_all(void *arg)
{
	wr_sender *s = arg;

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

void wr_sender_more(wr_sender *s)
{
	if (!s->started && pthread_create(&s->thread, NULL, send_all, s))
		WR_BUG("cannot start a thread");
	s->started = true;
	wr_http_wake(s->http);
}

void wr_sender_hurry(wr_sender *s)
{
	pthread_mutex_lock(&s->lock);
	s->hurry = true;
	pthread_mutex_unlock(&s->lock);
	wr_http_wake(s->http);
}

void wr_sender_listen(wr_sender *s)
{
	pthread_mutex_lock(&s->lock);
	wr_cond_wait(&s->changed, &s->lock, wr_clock_mono_ns() + 50000000);
	pthread_mutex_unlock(&s->lock);
}

static void put_trouble(wr_sender *s, wr_buf *out)
{
	int64_t now = now_ms(), in = s->next_try > now ? s->next_try - now : 0;

	if (s->breaker.state == WR_BREAKER_OPEN)
		wr_buf_puts(out, "; circuit open");
	else if (s->breaker.state == WR_BREAKER_HALF_OPEN)
		wr_buf_puts(out, "; circuit half open: a request is on its way to see");
	wr_buf_printf(out, "; for %.1f s: %s; next try in %.1f s",
		      (double)(now - s->trouble_since) / 1000, s->trouble, (double)in / 1000);
}

void wr_sender_status(wr_sender *s, wr_buf *out)
{
	wr_outbox_load load = wr_outbox_waiting(s->outbox);

	pthread_mutex_lock(&s->lock);
	wr_buf_printf(out, "%" PRIu64 " requests sent", s->sent);
	if (s->tries > s->sent)
		wr_buf_printf(out, " in %" PRIu64 " tries", s->tries);
	if (load.n)
		wr_buf_printf(out,
			      ", %" PRIu64 " with %" PRIu64 " rows waiting (%" PRIu64 " bytes)",
			      load.n, load.rows, load.bytes);
	if (s->refused)
		wr_buf_printf(out, ", %" PRIu64 " refused", s->refused);
	if (s->trouble[0])
		put_trouble(s, out);
	pthread_mutex_unlock(&s->lock);
}

void wr_sender_close(wr_sender *s)
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
		wr_buf_free(&s->lanes[i].room);
		wr_buf_free(&s->lanes[i].d.scratch);
		free(s->lanes[i].d.to);
	}
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s->lanes);
	free(s);
}

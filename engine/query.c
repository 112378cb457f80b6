/*
 * The coordinator. Its loop knows nothing of rows: it looks after a run.
 *
 *	open a run (the first one was opened by CREATE, so that its errors reach the user)
 *	  every commit interval, when something moved: an epoch; sooner when it has grown large
 *	  the gate is ripe (a join's table is read): an epoch, open the gate
 *	  the input is over: the last epoch; the query has ended
 *	  a task failed, or an epoch did: close the run; wait; open a new one at the stored positions
 *
 * An error that would come again on the same row (RUNTIME, DATA, STATEMENT) ends the query; one of
 * the world (CONNECT, IO) is tried again for ever, with a growing pause and one notice each time
 * the words change.
 */
#include "engine/query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/heap.h"
#include "core/settings_kafka.h"
#include "core/wait.h"
#include "engine/internal.h"
#include "engine/notice.h"
#include "engine/push_query.h"

enum { BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 5000, LOOK_MS = 50, SOON_NS = 20000000 };

wr_query *wr_query_new(wr_engine *e, wr_arena *arena, const wr_plan *plan,
		       const wr_settings *settings)
{
	wr_query *q = wr_calloc(1, sizeof *q);

	q->engine = e;
	q->arena = arena;
	q->plan = plan;
	q->settings = *settings;
	q->io = e->io;
	q->io.kafka_conf = wr_settings_kafka(&q->settings, arena);
	q->state = WR_QUERY_RUNNING;
	pthread_mutex_init(&q->lock, NULL);
	wr_cond_init(&q->ended);
	return q;
}

wr_status wr_query_open(wr_query *q, wr_err *err)
{
	return wr_run_open(&q->spec, &q->run, err);
}

static void set_state(wr_query *q, wr_query_state state, const wr_err *err)
{
	pthread_mutex_lock(&q->lock);
	q->state = state;
	if (err)
		q->err = *err;
	pthread_cond_broadcast(&q->ended);
	pthread_mutex_unlock(&q->lock);
}

static void set_live(wr_query *q, wr_run *run)
{
	pthread_mutex_lock(&q->lock);
	q->live = run;
	pthread_mutex_unlock(&q->lock);
}

static bool comes_again(const wr_err *err)
{
	return err->cls != WR_ERR_CONNECT && err->cls != WR_ERR_IO &&
	       err->cls != WR_ERR_INTERRUPTED;
}

/* Sleeps on the query's condition; wakes early when it is told to stop. */
static void pause_ms(wr_query *q, int ms)
{
	int64_t end = wr_clock_mono_ns() + (int64_t)ms * 1000000;

	pthread_mutex_lock(&q->lock);
	while (!q->stop && !q->abandon && !q->pause)
		if (!wr_cond_wait(&q->ended, &q->lock, end))
			break;
	pthread_mutex_unlock(&q->lock);
}

/* Sleeps until a task has something to say, at most ms. */
static void listen_to_tasks(wr_run *run, int ms)
{
	int64_t end = wr_clock_mono_ns() + (int64_t)ms * 1000000;

	pthread_mutex_lock(&run->lock);
	if (!run->stop)
		wr_cond_wait(&run->changed, &run->lock, end);
	pthread_mutex_unlock(&run->lock);
}

static int64_t commit_interval_ns(const wr_query *q)
{
	int64_t ms = wr_setting_int(&q->settings, WR_SET_COMMIT_INTERVAL_MS);

	if (!q->settings.given[WR_SET_COMMIT_INTERVAL_MS] &&
	    !wr_settings_exactly_once(&q->settings))
		ms = 1000;
	int64_t most = wr_setting_int(&q->settings, WR_SET_TRANSACTION_TIMEOUT_MS) / 2;

	/* the broker aborts what is open too long */
	if (q->spec.sink_def->kind == WR_SINK_DECIDER && ms > most)
		ms = most;
	return ms * 1000000;
}

/* From one commit to the next. */
static int64_t pause_ns(const wr_query *q, wr_due due)
{
	int64_t interval = commit_interval_ns(q);

	return due == WR_DUE_SOON && interval > SOON_NS ? SOON_NS : interval;
}

/* What one look at the run found. */
typedef enum look { LOOK_AGAIN, LOOK_ENDED, LOOK_BROKEN, LOOK_NEW_RUN } look;

/* When the coordinator did what it does now and then. */
typedef struct clocks {
	int64_t commit, metadata; /* monotonic ns */
	uint64_t rows;		  /* taken in by the last commit */
} clocks;

static look epoch(wr_query *q, wr_run *run, bool final, wr_err *err)
{
	if (wr_run_epoch(run, final, err))
		return LOOK_BROKEN;
	q->epoch = run->epoch;
	return final ? LOOK_ENDED : LOOK_AGAIN;
}

/* Says once that a query waits for its source, and once that it no longer does. */
static void look_at_trouble(wr_query *q, wr_run *run)
{
	char text[256];

	wr_run_trouble(run, text);
	if ((text[0] != 0) == q->told_waiting)
		return;
	q->told_waiting = text[0] != 0;
	if (q->told_waiting)
		wr_notice(q->engine, "query %s waits: %s", q->id, text);
	else
		wr_notice(q->engine, "query %s goes on", q->id);
}

/* Partitions that were added to a topic are read by a new run, behind a commit of this one. */
static look look_for_partitions(wr_query *q, wr_run *run, wr_err *err)
{
	int32_t now;
	const wr_scan_run *s = wr_run_grown(run, &now);

	if (!s)
		return LOOK_AGAIN;
	wr_notice(
	    q->engine,
	    "query %s: topic %.*s has %d partitions now instead of %d: the new ones are read from their beginning",
	    q->id, WR_STR_ARG(s->scan->source->topic), now, s->nparts);
	return epoch(q, run, false, err) == LOOK_BROKEN ? LOOK_BROKEN : LOOK_NEW_RUN;
}

static look look_at(wr_query *q, wr_run *run, clocks *c, wr_err *err)
{
	int64_t now = wr_clock_mono_ns();

	q->rows_in = run->rows;
	look_at_trouble(q, run);
	if (run->failed) {
		*err = run->err;
		return LOOK_BROKEN;
	}
	if (q->push && wr_push_query_done(q->push))
		return LOOK_ENDED;
	if (wr_run_gate_ripe(run)) {
		look l = epoch(q, run, false, err);

		wr_run_open_gate(run);
		return l;
	}
	if (q->spec.until != WR_UNTIL_STOPPED && wr_run_inputs_done(run))
		return epoch(q, run, true, err);
	if (q->spec.transient)
		return LOOK_AGAIN;
	if (q->spec.until == WR_UNTIL_STOPPED && !q->told_waiting &&
	    now - c->metadata >
		wr_setting_int(&q->settings, WR_SET_METADATA_MAX_AGE_MS) * 1000000) {
		c->metadata = now;
		return look_for_partitions(q, run, err);
	}
	wr_due due = run->sink->def->due ? run->sink->def->due(run->sink) : WR_DUE_NO;

	if (now - c->commit < pause_ns(q, due) && !run->full)
		return LOOK_AGAIN;
	c->commit = now;
	if (run->rows + run->written == c->rows && due == WR_DUE_NO)
		return LOOK_AGAIN;
	c->rows = run->rows + run->written;
	return epoch(q, run, false, err);
}

/* How long the coordinator may sleep: a finite run should not wait for its end, a transient query
 * has no commits. */
static int nap_ms(const wr_query *q)
{
	int64_t ms = commit_interval_ns(q) / 1000000;

	return ms < LOOK_MS ? (int)ms : LOOK_MS;
}

static look watch(wr_query *q, wr_run *run, wr_err *err)
{
	int64_t now = wr_clock_mono_ns();
	/* not run->rows: tasks may have read some by now, and those want an epoch as well */
	clocks c = { now, now, 0 };
	look l = LOOK_AGAIN;

	while (l == LOOK_AGAIN && !q->stop && !q->abandon && !q->pause) {
		listen_to_tasks(run, nap_ms(q));
		l = look_at(q, run, &c, err);
		wr_heap_tend(wr_clock_mono_ns());
	}
	if (l == LOOK_AGAIN && !q->abandon && !q->spec.transient)
		l = epoch(q, run, false, err) == LOOK_BROKEN ? LOOK_BROKEN
		    : q->stop				     ? LOOK_ENDED
							     : LOOK_AGAIN;
	return l;
}

static void tell_trouble(wr_query *q, const wr_err *err, bool again)
{
	if (strcmp(q->err.message, err->message) != 0)
		wr_notice(q->engine, "query %s: %s: %s%s%s", q->id, wr_err_class_text(err->cls),
			  err->message, err->hint[0] ? "; " : "", err->hint);
	if (again)
		wr_notice(q->engine, "query %s: rolled back to its last commit, will try again",
			  q->id);
}

/* What went wrong, for SHOW QUERIES and for people. true: trying again may help. */
static bool fall(wr_query *q, const wr_err *err)
{
	bool again = !comes_again(err) && !q->spec.transient;

	tell_trouble(q, err, again);
	set_state(q, again ? WR_QUERY_RETRYING : WR_QUERY_FAILED, err);
	return again;
}

/* The run that is open already, or NULL. live: others go on seeing it. */
static wr_run *take_run(wr_query *q, bool live)
{
	pthread_mutex_lock(&q->lock);
	wr_run *run = q->run;

	q->run = NULL;
	q->live = live ? run : NULL;
	pthread_mutex_unlock(&q->lock);
	return run;
}

/* One run from start to close. true: another one is wanted. */
static bool one_run(wr_query *q, int *backoff)
{
	wr_err err = WR_ERR_INIT;
	wr_run *run = take_run(q, true);
	look l = LOOK_BROKEN;

	if (run || wr_run_open(&q->spec, &run, &err) == WR_OK) {
		set_state(q, WR_QUERY_RUNNING, NULL);
		set_live(q, run);
		wr_run_start(run);
		l = watch(q, run, &err);
		if (run->epoch > q->epoch)
			*backoff = BACKOFF_MIN_MS;
		set_live(q, NULL);
		wr_run_close(run);
	}
	if ((l == LOOK_AGAIN || l == LOOK_NEW_RUN) && !q->abandon && !q->stop)
		return true; /* paused, or partitions were added */
	if (l != LOOK_BROKEN || q->abandon || q->stop) {
		set_state(q, WR_QUERY_ENDED, NULL);
		return false;
	}
	return fall(q, &err);
}

/* Rests while it is paused. */
static void rest(wr_query *q)
{
	if (!q->pause)
		return;
	wr_run_close(take_run(q, false));
	set_state(q, WR_QUERY_PAUSED, NULL);
	pthread_mutex_lock(&q->lock);
	while (q->pause && !q->stop && !q->abandon)
		pthread_cond_wait(&q->ended, &q->lock);
	pthread_mutex_unlock(&q->lock);
}

void *wr_query_coordinate(void *arg)
{
	wr_query *q = arg;
	int backoff = BACKOFF_MIN_MS;

	rest(q);
	while (!q->stop && !q->abandon && one_run(q, &backoff)) {
		if (!q->pause)
			pause_ms(q, backoff);
		backoff = backoff * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : backoff * 2;
		rest(q);
	}
	if (!wr_query_over(q))
		set_state(q, WR_QUERY_ENDED, NULL);
	if (q->push)
		wr_push_query_over(q->push, q->state == WR_QUERY_FAILED ? &q->err : NULL);
	return NULL;
}

void wr_query_start(wr_query *q)
{
	if (q->spec.by_hand)
		return;
	if (q->pause)
		q->state = WR_QUERY_PAUSED;
	if (pthread_create(&q->thread, NULL, wr_query_coordinate, q))
		WR_BUG("cannot start a thread");
	q->started = true;
}

wr_status wr_query_pause(wr_query *q, bool pause, wr_err *err)
{
	if (pause && q->spec.by_hand && wr_run_epoch(q->run, false, err))
		return WR_FAIL;
	pthread_mutex_lock(&q->lock);
	q->pause = pause;
	if (q->spec.by_hand)
		q->state = pause ? WR_QUERY_PAUSED : WR_QUERY_RUNNING;
	pthread_cond_broadcast(&q->ended);
	while (pause && q->started && q->state != WR_QUERY_PAUSED && !wr_query_over(q))
		pthread_cond_wait(&q->ended, &q->lock);
	pthread_mutex_unlock(&q->lock);
	return WR_OK;
}

void wr_query_try_again(wr_query *q)
{
	wr_query_join(q);
	q->state = WR_QUERY_RETRYING;
	wr_query_start(q);
}

void wr_query_stop(wr_query *q, bool commit)
{
	pthread_mutex_lock(&q->lock);
	if (commit)
		q->stop = true;
	else
		q->abandon = true;
	pthread_cond_broadcast(&q->ended);
	pthread_mutex_unlock(&q->lock);
}

void wr_query_join(wr_query *q)
{
	if (q->started)
		pthread_join(q->thread, NULL);
	q->started = false;
}

void wr_query_free(wr_query *q)
{
	if (!q)
		return;
	wr_query_stop(q, false);
	wr_query_join(q);
	wr_run_close(q->run);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->ended);
	if (q->push) /* the engine keeps the others: relations point into them */
		wr_arena_free(q->arena);
	free(q);
}

/*
 * What a task's thread does: take rows in (from its readers, or from its queue), push them through
 * its operators, move time on, and stand still at barriers.
 *
 * A reading task is asked for a barrier by the coordinator (wr_run.barrier_asked); a task behind a
 * queue meets it in the queue, when all its producers have sent theirs. Either way the task settles
 * (held-back changes go downstream, dirty state to the stores), sends the barrier on, parks, and
 * goes on when the coordinator says so. Nothing follows a barrier in a queue until then, so
 * aligning is counting.
 *
 * Readers of one task are merged by row time: the one whose next row is oldest goes first, as far
 * as it stays the oldest. A join's table side is read alone, to the end that it had at the start,
 * before the gate opens for the others.
 */
#include "engine/task.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "engine/exchange.h"
#include "engine/reader.h"
#include "engine/sink_op.h"

/* how long a task sleeps at most before it looks for barriers and silence again */
enum { WAIT_MS = 20 };

/* ---------------------------------------------------------------- time */

wr_status wr_task_advance(wr_task *t, wr_err *err)
{
	if (!t->watches)
		return WR_OK;
	int64_t mark = wr_times_watermark(&t->times);

	if (mark <= t->watermark)
		return WR_OK;
	t->watermark = mark;
	for (uint32_t i = 0; i < t->nops; i++)
		if (t->ops[i]->def->watermark && t->ops[i]->def->watermark(t->ops[i], mark, err))
			return WR_FAIL;
	wr_arena_reset(t->batch_arena);
	return WR_OK;
}

/* Its readers are one producer more: the last. */
static void tell_own_times(wr_task *t)
{
	bool changed = false;

	for (uint32_t i = 0; i < t->nreaders; i++)
		changed |= wr_scan_reader_times(t->readers[i], t->own_times);
	if (changed) {
		wr_times_tell(&t->times, t->nproducers, t->own_times);
		t->times_changed = true;
	}
}

/* Hands collected rows and times to the next stage. */
static wr_status send_on(wr_task *t, wr_err *err)
{
	bool changed = t->times_changed;

	if (t->end->def != &wr_exchange_def)
		return WR_OK;
	if (changed)
		wr_times_merged(&t->times, t->merged);
	t->times_changed = false;
	return wr_exchange_send(t->end, t->merged, changed, err);
}

wr_status wr_task_feed(wr_task *t, wr_entry to, const wr_batch *b, uint32_t at, uint32_t n,
		       wr_err *err)
{
	to.op->stats.rows_in += n;
	wr_status status = to.op->def->push(to.op, to.input, b, at, n, err);

	wr_arena_reset(t->batch_arena);
	return status;
}

/* ---------------------------------------------------------------- barriers */

static wr_status each_op(wr_task *t, bool flush, wr_err *err)
{
	for (uint32_t i = 0; i < t->nops; i++) {
		wr_op *op = t->ops[i];
		wr_status (*call)(wr_op *, wr_err *) = flush ? op->def->flush : op->def->snapshot;

		if (call && call(op, err))
			return WR_FAIL;
		wr_arena_reset(t->batch_arena);
	}
	return WR_OK;
}

static wr_status end_of_input(wr_task *t, wr_err *err)
{
	for (uint32_t i = 0; i < t->nops; i++) {
		if (t->ops[i]->def->watermark &&
		    t->ops[i]->def->watermark(t->ops[i], INT64_MAX, err))
			return WR_FAIL;
		wr_arena_reset(t->batch_arena);
	}
	return WR_OK;
}

wr_status wr_task_settle(wr_task *t, bool final, wr_err *err)
{
	if (WR_FAULT_FAIL("task.settle", err) ||
	    (final && t->run->spec->until != WR_UNTIL_CAUGHT_UP && end_of_input(t, err)))
		return WR_FAIL;
	if (each_op(t, true, err) || send_on(t, err) || each_op(t, false, err))
		return WR_FAIL;
	if (t->end->def == &wr_exchange_def)
		return wr_exchange_barrier(t->end, final, err);
	return wr_sink_op_snapshot(t->end, err);
}

/* Parks until the coordinator has finished the barrier. */
static wr_status stand_still(wr_task *t, bool final, wr_err *err)
{
	wr_run *run = t->run;

	if (wr_task_settle(t, final, err) || WR_FAULT_FAIL("task.settled", err))
		return WR_FAIL;
	int64_t begun = wr_clock_mono_ns();

	pthread_mutex_lock(&run->lock);
	uint64_t mine = run->barrier;

	run->parked++;
	pthread_cond_broadcast(&run->changed);
	while (!run->stop && run->barrier_over < mine)
		pthread_cond_wait(&run->resume, &run->lock);
	pthread_mutex_unlock(&run->lock);
	for (uint32_t i = 0; i < t->nreaders; i++)
		wr_scan_reader_rested(t->readers[i], begun);
	return WR_OK;
}

/*
 * The open epoch has grown: tells the coordinator, once, when it is larger than it should be. Asked
 * after a batch, for asking takes the lock of the state's list.
 */
static void look_at_size(wr_task *t)
{
	wr_run *run = t->run;
	uint64_t most = (uint64_t)wr_setting_int(run->spec->settings, WR_SET_COMMIT_BYTES);
	uint64_t half = (uint64_t)wr_setting_int(run->spec->settings, WR_SET_MEMORY) / 2;

	t->unlooked = 0;
	if (run->spec->transient || atomic_load_explicit(&run->full, memory_order_relaxed) ||
	    wr_state_dirty_bytes(run->state) +
		    atomic_load_explicit(&run->sink_cx.out_bytes, memory_order_relaxed) <=
		(most < half ? most : half))
		return;
	pthread_mutex_lock(&run->lock);
	run->full = true;
	pthread_cond_broadcast(&run->changed);
	pthread_mutex_unlock(&run->lock);
}

/* ---------------------------------------------------------------- reading */

static bool may_read(const wr_task *t, const wr_scan_reader *r)
{
	return !r->gated || atomic_load_explicit(&t->run->gate_open, memory_order_acquire);
}

/* The reader whose next row is oldest; *until: the oldest row of the others. */
static wr_scan_reader *oldest(wr_task *t, int64_t *until)
{
	wr_scan_reader *best = NULL;
	int64_t least = INT64_MAX;

	*until = INT64_MAX;
	for (uint32_t i = 0; i < t->nreaders; i++) {
		wr_scan_reader *r = t->readers[i];

		if (!wr_scan_reader_pending(r))
			continue;
		int64_t time = r->batch.rowtime[r->at];

		if (!best || time < least) {
			*until = best ? least : *until;
			best = r;
			least = time;
		} else if (time < *until) {
			*until = time;
		}
	}
	return best;
}

static wr_status push_run(wr_task *t, bool *pushed, wr_err *err)
{
	int64_t until;
	wr_scan_reader *r = oldest(t, &until);
	uint32_t at;

	*pushed = r != NULL;
	if (!r)
		return WR_OK;
	at = r->at;
	if (wr_scan_reader_push(r, until, err))
		return WR_FAIL;
	t->unlooked += r->at - at;
	tell_own_times(t);
	return wr_task_advance(t, err);
}

static wr_status push_all_pending(wr_task *t, wr_err *err)
{
	bool pushed = true;

	while (pushed)
		if (push_run(t, &pushed, err))
			return WR_FAIL;
	for (uint32_t i = 0; i < t->nreaders; i++)
		wr_scan_reader_release(t->readers[i]);
	return WR_OK;
}

/* Sleeps until a reader may have records, the coordinator wakes us, or the time is over. */
static void sleep_for_records(wr_task *t)
{
	struct pollfd fds[16] = { { .fd = t->wake, .events = POLLIN } };
	nfds_t n = 1;
	int timeout = WAIT_MS;
	uint64_t ignored;

	for (uint32_t i = 0; i < t->nreaders && n < 16; i++) {
		wr_scan_reader *r = t->readers[i];

		if (!may_read(t, r) || !r->reader)
			continue;
		int fd = r->reader->def->wait_fd ? r->reader->def->wait_fd(r->reader) : -1;

		if (fd >= 0)
			fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		else if (!wr_scan_reader_done(r))
			timeout = 2;
	}
	if (poll(fds, n, timeout) > 0 && fds[0].revents)
		(void)!read(t->wake, &ignored, sizeof ignored);
}

/*
 * True when some reader that may be read has nothing pending and might still get something older.
 */
static bool worth_waiting(wr_task *t, int64_t since)
{
	int64_t idle = wr_setting_int(t->run->spec->settings, WR_SET_MAX_TASK_IDLE_MS);

	if (t->nreaders < 2 || idle == 0 || wr_clock_mono_ns() - since > idle * 1000000)
		return false;
	for (uint32_t i = 0; i < t->nreaders; i++)
		if (may_read(t, t->readers[i]) && !wr_scan_reader_pending(t->readers[i]) &&
		    !wr_scan_reader_at_end(t->readers[i]))
			return true;
	return false;
}

static wr_status fill_readers(wr_task *t, bool *any, wr_err *err)
{
	*any = false;
	for (uint32_t i = 0; i < t->nreaders; i++) {
		wr_scan_reader *r = t->readers[i];

		if (may_read(t, r) && wr_scan_reader_fill(r, 0, err))
			return WR_FAIL;
		*any |= wr_scan_reader_pending(r);
	}
	return WR_OK;
}

static bool readers_done(const wr_task *t, bool first_only)
{
	bool done = true;

	for (uint32_t i = 0; i < t->nreaders; i++)
		if (!first_only || t->readers[i]->scan->first)
			done &= wr_scan_reader_done(t->readers[i]);
	return done;
}

/* Keeps the run's counts of tasks that have read everything. Called with the run's lock. */
static void count_done(uint32_t *count, bool *told, bool done)
{
	if (done != *told)
		*count = done ? *count + 1 : *count - 1;
	*told = done;
}

static void tell_done(wr_task *t)
{
	bool all = readers_done(t, false), first = readers_done(t, true);

	if (all == t->told_done && first == t->told_first)
		return;
	pthread_mutex_lock(&t->run->lock);
	count_done(&t->run->readers_done, &t->told_done, all);
	count_done(&t->run->first_done, &t->told_first, first);
	pthread_cond_broadcast(&t->run->changed);
	pthread_mutex_unlock(&t->run->lock);
}

/* The first of its sources that has something to say says why nothing comes. */
static void tell_trouble(wr_task *t)
{
	const char *text = "";

	for (uint32_t i = 0; i < t->nreaders && !text[0]; i++)
		if (t->readers[i]->reader)
			text = t->readers[i]->reader->trouble;
	if (strcmp(text, t->told_trouble) == 0)
		return;
	snprintf(t->told_trouble, sizeof t->told_trouble, "%s", text);
	wr_run_tell_trouble(t->run, t, text);
}

static wr_status nothing_to_do(wr_task *t, wr_err *err)
{
	for (uint32_t i = 0; i < t->nreaders; i++)
		wr_scan_reader_release(t->readers[i]);
	tell_own_times(t);
	if (wr_task_advance(t, err) || send_on(t, err))
		return WR_FAIL;
	tell_trouble(t);
	/* behind what it sent: whoever begins then finds it in the queues before his own */
	tell_done(t);
	sleep_for_records(t);
	return WR_OK;
}

static wr_status barrier_if_asked(wr_task *t, uint64_t *seen, wr_err *err)
{
	uint64_t asked = atomic_load_explicit(&t->run->barrier_asked, memory_order_acquire);

	if (asked == *seen)
		return WR_OK;
	*seen = asked;
	return push_all_pending(t, err) ? WR_FAIL : stand_still(t, t->run->barrier_final, err);
}

static bool some_pending(const wr_task *t)
{
	bool any = false;

	for (uint32_t i = 0; i < t->nreaders; i++)
		any |= wr_scan_reader_pending(t->readers[i]);
	return any;
}

/*
 * Where the open epoch is large enough, the coordinator asks for the barrier soon; on a busy
 * machine much could be read until then. Nothing rests on it that the barrier comes.
 */
static void leave_off(wr_task *t, uint64_t seen)
{
	struct pollfd fd = { .fd = t->wake, .events = POLLIN };
	uint64_t ignored;

	if (atomic_load_explicit(&t->run->full, memory_order_relaxed) &&
	    atomic_load_explicit(&t->run->barrier_asked, memory_order_acquire) == seen &&
	    poll(&fd, 1, WAIT_MS) > 0)
		(void)!read(t->wake, &ignored, sizeof ignored);
}

static wr_status read_loop(wr_task *t, wr_err *err)
{
	uint64_t seen = 0;
	int64_t waiting_since = 0;
	bool any;

	while (!t->run->stop) {
		if (barrier_if_asked(t, &seen, err) || fill_readers(t, &any, err))
			return WR_FAIL;
		if (!any) {
			waiting_since = 0;
			if (nothing_to_do(t, err))
				return WR_FAIL;
			continue;
		}
		if (worth_waiting(t, waiting_since ? waiting_since
						   : (waiting_since = wr_clock_mono_ns()))) {
			sleep_for_records(t);
			continue;
		}
		waiting_since = 0;
		if (push_run(t, &any, err) || send_on(t, err))
			return WR_FAIL;
		if (!some_pending(t))
			tell_trouble(t);
		if (!some_pending(t) || t->unlooked >= WR_BATCH_ROWS) {
			look_at_size(t);
			leave_off(t, seen);
		}
	}
	return WR_OK;
}

/* ---------------------------------------------------------------- behind a queue */

static wr_status on_message(wr_task *t, const wr_msg *m, wr_err *err)
{
	if (m->kind == WR_MSG_ROWS &&
	    wr_task_feed(t, t->inputs[m->input], &m->batch, 0, m->batch.n, err))
		return WR_FAIL;
	if (m->has_times) {
		wr_times_tell(&t->times, m->from, m->times);
		t->times_changed = true;
	}
	if (m->kind == WR_MSG_BARRIER && ++t->barriers == t->nproducers) {
		t->barriers = 0;
		return stand_still(t, m->final, err);
	}
	return m->kind == WR_MSG_BARRIER ? WR_OK : wr_task_advance(t, err);
}

static wr_status queue_loop(wr_task *t, wr_err *err)
{
	while (!t->run->stop) {
		wr_msg *m = wr_queue_take(t->in, 0);

		if (!m) { /* nothing waits: what was collected goes on before we sleep */
			if (send_on(t, err))
				return WR_FAIL;
			m = wr_queue_take(t->in, 1000);
		}
		if (!m)
			continue;
		wr_status status = on_message(t, m, err);

		if (m->kind == WR_MSG_ROWS)
			look_at_size(t);
		wr_queue_recycle(t->in, m);
		if (status)
			return WR_FAIL;
	}
	return WR_OK;
}

static void *task_main(void *arg)
{
	wr_task *t = arg;
	wr_err err = WR_ERR_INIT;

	if (t->in ? queue_loop(t, &err) : read_loop(t, &err))
		wr_run_fail(t->run, &err);
	return NULL;
}

void wr_task_start(wr_task *t)
{
	if (pthread_create(&t->thread, NULL, task_main, t))
		WR_BUG("cannot start a thread");
	t->started = true;
}

void wr_task_wake(wr_task *t)
{
	uint64_t one = 1;

	(void)!write(t->wake, &one, sizeof one);
}

void wr_task_join(wr_task *t)
{
	if (t->started)
		pthread_join(t->thread, NULL);
	t->started = false;
}

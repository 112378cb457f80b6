/*
 * An epoch's end, as the coordinator sees it:
 *
 *	1  barrier: every task settles and parks                      (nothing moves any more)
 *	2  the sink makes its data durable and gives its mark         followers: written and synced
 *	3  epoch number, positions, times, mark go to the meta store
 *	4  one atomic, synced write of all stores of the query        <- the epoch exists from here on
 *	5  the sink is told: a follower's data becomes visible, a deriver derives
 *	   dead letters of its bad records are written
 *	6  the tasks go on
 *
 * Where the sink itself decides (a Kafka transaction), 2 to 4 are
 *
 *	2  the sink makes its data ready, undecided, with a witness in it: the epoch's number
 *	3  one synced write stores what 4 would, as the pending epoch
 *	4  the sink commits                                           <- the epoch exists from here on
 *	4' the pending epoch is applied
 *
 * A crash between 3 and 4' leaves it open on which side of 4 we died; the next start makes the sink
 * end what it has open, asks it for the witness, and applies or throws away. An epoch without data
 * for the sink is committed the first way.
 *
 * A crash before 4 leaves the epoch before; the sink cuts off what 2 wrote when it is opened with
 * the old mark. A crash after 4 leaves this epoch; 5 is repeated at the next start, when the sink
 * is opened with the new mark. An error anywhere before 4 is a crash there: the caller throws the
 * run away and opens a new one.
 *
 * Meta store: "e" -> epoch, "m" -> mark, "p" scan partition -> next offset, highest row time,
 * wr_scan_run.seek and .seen (which older states do not have);
 * "l": the next start may go on behind records that the topic has lost (weir recover); "d", "n",
 * "N", "D": drops.c, bad_records.c, bad_letters.c; "i": wr_epoch_identity; "b" scan partition ->
 * where the query began; "c": wr_epoch_narrowed.
 */
#include "engine/epoch.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "core/fault.h"
#include "core/log.h"
#include "engine/reader.h"
#include "engine/task.h"
#include "state/keyenc.h"

enum { TRIM_BYTES = 4 << 20 };

static void position_key(wr_buf *key, uint32_t scan, int32_t partition)
{
	wr_buf_reset(key);
	wr_buf_putc(key, 'p');
	wr_key_put_i64(key, scan);
	wr_key_put_i64(key, partition);
}

/* What is stored of a partition. */
typedef struct place {
	int64_t next, ptime, seek;
	wr_last_record seen;
} place;

/* Nothing was read of it yet. */
#define BEGINNING(at, seek_)                                                                       \
	((place){ .next = at, .ptime = WR_TIME_NONE, .seek = seek_, .seen.offset = -1 })

static void put_position(wr_run *run, uint32_t scan, int32_t partition, place at)
{
	wr_buf key = { 0 }, value = { 0 };

	position_key(&key, scan, partition);
	wr_key_put_i64(&value, at.next);
	wr_key_put_i64(&value, at.ptime);
	wr_key_put_i64(&value, at.seek);
	wr_key_put_i64(&value, at.seen.offset);
	wr_key_put_i64(&value, at.seen.time);
	wr_key_put_i64(&value, (int64_t)at.seen.sum);
	wr_store_put(run->meta, wr_buf_view(&key), wr_buf_view(&value));
	wr_buf_free(&key);
	wr_buf_free(&value);
}

static bool get_position(wr_run *run, uint32_t scan, int32_t partition, place *at)
{
	wr_buf key = { 0 }, value = { 0 };

	position_key(&key, scan, partition);
	bool found = wr_store_get(run->meta, wr_buf_view(&key), &value);
	const char *p = value.p;

	found = found && wr_key_get_i64(&at->next, &p, value.p + value.n) &&
		wr_key_get_i64(&at->ptime, &p, value.p + value.n);
	int64_t sum = 0;

	if (found && !wr_key_get_i64(&at->seek, &p, value.p + value.n))
		at->seek = 0;
	at->seen = (wr_last_record){ partition, -1, 0, 0 };
	if (found && (!wr_key_get_i64(&at->seen.offset, &p, value.p + value.n) ||
		      !wr_key_get_i64(&at->seen.time, &p, value.p + value.n) ||
		      !wr_key_get_i64(&sum, &p, value.p + value.n)))
		at->seen.offset = -1;
	at->seen.sum = (uint64_t)sum;
	wr_buf_free(&key);
	wr_buf_free(&value);
	return found;
}

static bool get_epoch(wr_run *run)
{
	wr_buf value = { 0 };
	int64_t epoch = 0;
	bool found = wr_store_get(run->meta, WR_STR_LIT("e"), &value);
	const char *p = value.p;

	found = found && wr_key_get_i64(&epoch, &p, value.p + value.n);
	run->epoch = (uint64_t)epoch;
	wr_buf_free(&value);
	return found;
}

static bool lost_is_allowed(wr_run *run)
{
	wr_buf value = { 0 };
	bool found = wr_store_get(run->meta, WR_STR_LIT("l"), &value);

	wr_buf_free(&value);
	return found;
}

/* The stored place of partition p, whose records begin at `first` now. A partition without one was
 * added to the topic since: all of it is read, wherever the query began in the others. */
static void restore_position(wr_run *run, uint32_t i, int32_t p, int64_t first, bool lost)
{
	wr_scan_run *s = &run->scans[i];
	wr_position *pos = &s->pos[p];
	place at = BEGINNING(first, 0);

	if (get_position(run, i, p, &at))
		s->ptime[p] = at.ptime;
	pos->next = at.next;
	s->seek[p] = at.seek;
	s->seen[p] = at.seen;
	if (!lost || pos->next >= first)
		return;
	wr_log_warn(
	    "query %s goes on without records %lld to %lld of topic %.*s, partition %d, which are lost",
	    run->spec->id, (long long)pos->next, (long long)first - 1,
	    WR_STR_ARG(s->scan->source->topic), p);
	pos->next = first;
	at.next = first;
	put_position(run, i, p, at);
}

/*
 * Whether state is kept in the task that reads the partition. Its keys lie in other partitions when
 * the topic has more of them, and so with other tasks: what is kept of them would not be found.
 */
static bool keeps_by_partition(const wr_run *run, uint32_t scan)
{
	const wr_graph *g = run->spec->graph;
	bool keeps = false, reads;

	for (uint32_t s = 0; s < g->nstages && run->spec->ntasks > 1; s++) {
		reads = false;
		for (uint32_t i = 0; i < g->stages[s].ninputs; i++)
			reads |= g->stages[s].inputs[i].scan == (int32_t)scan;
		for (uint32_t o = 0; o < g->stages[s].nops && reads; o++)
			keeps |= g->stages[s].ops[o].spec->def->snapshot != NULL;
	}
	return keeps;
}

static wr_status moved(const wr_run *run, uint32_t scan, wr_err *err)
{
	wr_err_set(
	    err, WR_ERR_STATEMENT, WR_NO_SPAN,
	    "topic %.*s has got partitions, so its keys lie elsewhere; query %s keeps state by where they lay",
	    WR_STR_ARG(run->scans[scan].scan->source->topic), run->spec->id);
	return wr_err_hint(err,
			   "drop the query and create it anew; with tasks=1 it could have gone on");
}

static wr_status another_topic(const wr_run *run, uint32_t scan, const wr_last_record *seen,
			       wr_err *err)
{
	wr_err_set(
	    err, WR_ERR_RUNTIME, WR_NO_SPAN,
	    "topic %.*s, partition %d: another record than the one that was read is at offset "
	    "%lld now: the topic was made anew",
	    WR_STR_ARG(run->scans[scan].scan->source->topic), seen->partition,
	    (long long)seen->offset);
	return wr_err_hint(err,
			   "to read it from its first record: stop weir, then weir recover QUERY "
			   "--data DIR --assume lost; or drop the query and create it anew");
}

/* What was not read of the old one is lost; of the new one nothing was read. */
static void begin_anew(wr_run *run, uint32_t i, const wr_position *begin)
{
	wr_scan_run *s = &run->scans[i];

	wr_log_warn("query %s reads topic %.*s, which was made anew, from its first record",
		    run->spec->id, WR_STR_ARG(s->scan->source->topic));
	for (int32_t p = 0; p < s->nparts; p++) {
		place at = BEGINNING(begin[p].next, 0);

		at.ptime = s->ptime[p];
		s->pos[p].next = at.next;
		s->seen[p] = (wr_last_record){ p, -1, 0, 0 };
		s->seek[p] = 0;
		put_position(run, i, p, at);
	}
}

/* Whether the topic is the one that was read. lost: somebody said that it may be another; then it is
 * begun anew, at `begin`. */
static wr_status same_topic(wr_run *run, uint32_t i, const wr_position *begin, bool lost,
			    wr_err *err)
{
	wr_scan_run *s = &run->scans[i];
	bool shorter = false;
	int32_t which = -1;

	if (!s->def->differs)
		return WR_OK;
	if (s->def->differs(run->spec->io, s->scan->source, s->seen, s->nparts, &which, err))
		return WR_FAIL;
	if (which >= 0 && !lost)
		return another_topic(run, i, &s->seen[which], err);
	for (int32_t p = 0; p < s->nparts && lost; p++)
		shorter |= s->pos[p].next > begin[p].end;
	if (which >= 0 || shorter)
		begin_anew(run, i, begin);
	return WR_OK;
}

static wr_status restore_scan(wr_run *run, uint32_t i, bool lost, wr_err *err)
{
	wr_scan_run *s = &run->scans[i];
	wr_source_spec from_start = *s->scan->source;
	wr_position *begin = WR_NEW_ARRAY(run->arena, wr_position, s->nparts + 1);
	place at;

	if (get_position(run, i, s->nparts, &at)) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
			   "topic %.*s has %d partition%s, but more of them were read before",
			   WR_STR_ARG(s->scan->source->topic), s->nparts,
			   s->nparts == 1 ? "" : "s");
		return wr_err_hint(
		    err, "the topic was made anew: drop the query and create it anew too");
	}
	bool grown = !get_position(run, i, s->nparts - 1, &at);

	if (grown && !s->def->partition_in_record && keeps_by_partition(run, i))
		return moved(run, i, err);
	from_start.start = WR_START_EARLIEST;
	if ((grown || lost) && s->def->resolve(run->spec->io, &from_start, begin, s->nparts, err))
		return WR_FAIL;
	for (int32_t p = 0; p < s->nparts; p++)
		restore_position(run, i, p, begin[p].next, lost);
	return same_topic(run, i, begin, lost, err);
}

wr_status wr_epoch_restore(wr_run *run, wr_buf *mark, bool *known, wr_err *err)
{
	*known = get_epoch(run);
	if (!*known)
		return WR_OK;
	bool lost = lost_is_allowed(run);

	wr_store_get(run->meta, WR_STR_LIT("m"), mark);
	for (uint32_t i = 0; i < run->nscans; i++)
		if (restore_scan(run, i, lost, err))
			return WR_FAIL;
	wr_drops_restore(run);
	wr_bad_records_restore(run);
	if (lost)
		wr_store_del(run->meta, WR_STR_LIT("l"));
	return WR_OK;
}

static void put_epoch(wr_run *run, uint64_t epoch, const wr_buf *mark)
{
	wr_buf value = { 0 };

	wr_key_put_i64(&value, (int64_t)epoch);
	wr_store_put(run->meta, WR_STR_LIT("e"), wr_buf_view(&value));
	wr_store_put(run->meta, WR_STR_LIT("m"),
		     (wr_str){ mark->p ? mark->p : "", (uint32_t)mark->n });
	wr_buf_free(&value);
}

/* The sink decides: see the second list above. */
static wr_status decide(wr_run *run, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	const wr_sink_def *def = run->sink->def;
	bool open;

	if (def->prepare(run->sink, epoch, mark, &open, err) ||
	    WR_FAULT_FAIL("epoch.sink_ready", err))
		return WR_FAIL;
	put_epoch(run, epoch, mark);
	if (!open)
		return WR_FAULT_FAIL("epoch.without_sink", err) ? WR_FAIL
								: wr_state_commit(run->state, err);
	if (wr_state_prepare(run->state, epoch, err) || WR_FAULT_FAIL("epoch.pending", err) ||
	    def->commit(run->sink, epoch, err) || WR_FAULT_FAIL("epoch.decided", err))
		return WR_FAIL;
	return wr_state_apply(run->state, err);
}

static wr_status follow(wr_run *run, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	if (run->sink->def->mark(run->sink, epoch, mark, err) ||
	    WR_FAULT_FAIL("epoch.after_mark", err))
		return WR_FAIL;
	put_epoch(run, epoch, mark);
	return WR_FAULT_FAIL("epoch.before_apply", err) ? WR_FAIL
							: wr_state_commit(run->state, err);
}

/* A backup waits for the epoch's end, and the epoch for the backup's. */
static void hold_backups(wr_run *run, bool hold)
{
	if (run->spec->commits)
		(hold ? pthread_rwlock_rdlock : pthread_rwlock_unlock)(run->spec->commits);
}

static wr_status commit(wr_run *run, uint64_t epoch, wr_err *err)
{
	wr_buf mark = { 0 };
	wr_status status = WR_FAIL;

	hold_backups(run, true);
	if (wr_state_health(run->state, err) || WR_FAULT_FAIL("epoch.before_mark", err) ||
	    (run->sink_cx.decides ? decide : follow)(run, epoch, &mark, err))
		goto out;
	run->epoch = epoch;
	status = WR_FAULT_FAIL("epoch.after_apply", err);
out:
	hold_backups(run, false);
	wr_buf_free(&mark);
	return status;
}

/* A committed value of the meta store, before any store is opened; nothing when there is none. */
static void get_meta(wr_state *state, wr_str wanted, wr_buf *out)
{
	wr_view *v = wr_view_open(state, WR_META_STORE, wanted, (wr_str){ 0 });
	wr_str key, value;

	if (wr_view_next(v, &key, &value) && wr_str_eq(key, wanted))
		wr_buf_put(out, value.p, value.n);
	wr_view_close(v);
}

void wr_epoch_mark(wr_state *state, wr_buf *mark)
{
	get_meta(state, WR_STR_LIT("m"), mark);
}

void wr_epoch_identity(wr_state *state, const char *incarnation, char out[40])
{
	wr_buf found = { 0 };

	get_meta(state, WR_STR_LIT("i"), &found);
	snprintf(out, 40, "%s", found.n ? wr_buf_z(&found) : incarnation);
	wr_buf_free(&found);
}

wr_status wr_epoch_settle(wr_run *run, wr_err *err)
{
	uint64_t epoch;
	bool pending = wr_state_pending(run->state, &epoch), committed;

	if (!run->sink) {
		if (!pending)
			return WR_OK;
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
			   "epoch %llu of query %s is not decided yet", (unsigned long long)epoch,
			   run->spec->id);
		return wr_err_hint(
		    err,
		    "start once with processing.guarantee=exactly_once, under which it was written");
	}
	if (run->sink->def->decided(run->sink, pending ? &epoch : NULL, &committed, err) ||
	    WR_FAULT_FAIL("epoch.at_start", err))
		return WR_FAIL;
	if (!pending)
		return WR_OK;
	if (WR_FAULT_FAIL("epoch.open_at_start", err))
		return WR_FAIL;
	return committed ? wr_state_apply(run->state, err) : wr_state_discard(run->state, err);
}

wr_status wr_epoch_empty(wr_run *run, wr_err *err)
{
	return commit(run, run->epoch + 1, err);
}

wr_status wr_epoch_letters(wr_run *run, wr_err *err)
{
	hold_backups(run, true);
	wr_status status = wr_bad_letters_write(run, err);

	hold_backups(run, false);
	return status;
}

static void begin_key(wr_buf *key, uint32_t scan, int32_t partition)
{
	position_key(key, scan, partition);
	key->p[0] = 'b';
}

static void put_begin(wr_run *run, uint32_t scan, int32_t partition, int64_t next)
{
	wr_buf key = { 0 }, value = { 0 };

	begin_key(&key, scan, partition);
	wr_key_put_i64(&value, next);
	wr_store_put(run->meta, wr_buf_view(&key), wr_buf_view(&value));
	wr_buf_free(&key);
	wr_buf_free(&value);
}

void wr_epoch_set_narrowed(wr_run *run)
{
	wr_store_put(run->meta, WR_STR_LIT("c"), WR_STR_LIT("1"));
}

bool wr_epoch_narrowed(wr_state *state)
{
	wr_buf found = { 0 };

	get_meta(state, WR_STR_LIT("c"), &found);
	bool narrowed = found.n > 0;

	wr_buf_free(&found);
	return narrowed;
}

int64_t wr_epoch_begin(wr_state *state, uint32_t scan, int32_t partition)
{
	wr_buf key = { 0 }, value = { 0 };
	int64_t next = 0;

	begin_key(&key, scan, partition);
	get_meta(state, wr_buf_view(&key), &value);
	const char *p = value.p;

	if (!value.n || !wr_key_get_i64(&next, &p, value.p + value.n))
		next = 0;
	wr_buf_free(&key);
	wr_buf_free(&value);
	return next;
}

wr_status wr_epoch_first(wr_run *run, wr_err *err)
{
	for (uint32_t i = 0; i < run->nscans; i++)
		for (int32_t p = 0; p < run->scans[i].nparts; p++) {
			const wr_scan_run *s = &run->scans[i];

			put_position(run, i, p, BEGINNING(s->pos[p].next, s->seek[p]));
			put_begin(run, i, p, s->pos[p].next);
		}
	return WR_FAULT_FAIL("epoch.first", err) ? WR_FAIL : commit(run, 0, err);
}

static void put_positions(wr_run *run)
{
	for (uint32_t t = 0; t < run->ntasks; t++)
		for (uint32_t i = 0; i < run->tasks[t]->nreaders; i++) {
			wr_scan_reader *r = run->tasks[t]->readers[i];

			for (int32_t s = 0; s < r->nparts; s++)
				put_position(run, r->number, r->parts[s],
					     (place){ wr_scan_reader_next(r, s), r->ptime[s],
						      r->seek[s], r->seen[s] });
		}
}

/* The epoch's positions for those who ask from outside; told when all of the epoch is out. */
static void tell_positions(wr_run *run)
{
	for (uint32_t t = 0; t < run->ntasks; t++)
		for (uint32_t i = 0; i < run->tasks[t]->nreaders; i++) {
			wr_scan_reader *r = run->tasks[t]->readers[i];

			for (int32_t s = 0; s < r->nparts; s++)
				r->scan->committed[r->parts[s]] = wr_scan_reader_next(r, s);
		}
}

/* By hand records are read from the topics by their offsets, which the scans keep. */
static void put_hand_positions(wr_run *run)
{
	for (uint32_t i = 0; i < run->tasks[0]->nreaders; i++) {
		wr_scan_reader *r = run->tasks[0]->readers[i];

		for (int32_t s = 0; s < r->nparts; s++)
			put_position(run, r->number, r->parts[s],
				     (place){ .next = r->scan->pos[r->parts[s]].next,
					      .ptime = r->ptime[s],
					      .seen.offset = -1 });
	}
}

/* Asks for the barrier and waits until all tasks stand still. */
static wr_status gather(wr_run *run, bool final, wr_err *err)
{
	pthread_mutex_lock(&run->lock);
	run->parked = 0;
	run->barrier_final = final;
	run->barrier++;
	atomic_store_explicit(&run->barrier_asked, run->barrier, memory_order_release);
	pthread_mutex_unlock(&run->lock);
	for (uint32_t i = 0; i < run->ntasks; i++)
		wr_task_wake(run->tasks[i]);
	pthread_mutex_lock(&run->lock);
	while (run->parked < run->ntasks && !run->stop)
		pthread_cond_wait(&run->changed, &run->lock);
	bool all = run->parked == run->ntasks;

	if (!all && run->failed)
		*err = run->err;
	pthread_mutex_unlock(&run->lock);
	return all ? WR_OK
		   : wr_err_set(err, WR_ERR_INTERRUPTED, WR_NO_SPAN, "the query is stopping");
}

static void let_go(wr_run *run)
{
	pthread_mutex_lock(&run->lock);
	run->barrier_over = run->barrier;
	pthread_cond_broadcast(&run->resume);
	pthread_mutex_unlock(&run->lock);
}

/* A large epoch leaves much freed memory behind, in as many malloc arenas as there are threads; the
 * system gets it back. */
static void give_back(size_t dirty)
{
	if (dirty > TRIM_BYTES)
		malloc_trim(0);
}

wr_status wr_run_epoch(wr_run *run, bool final, wr_err *err)
{
	size_t dirty;

	if (WR_FAULT_FAIL("epoch.barrier", err) || (!run->spec->by_hand && gather(run, final, err)))
		return WR_FAIL;
	if ((run->spec->by_hand && wr_task_settle(run->tasks[0], final, err)) ||
	    WR_FAULT_FAIL("epoch.gathered", err))
		return WR_FAIL;
	run->sink_cx.out_bytes = 0;
	run->full = false;
	if (!run->spec->transient) {
		if (run->spec->by_hand)
			put_hand_positions(run);
		else
			put_positions(run);
		wr_drops_put(run);
		dirty = wr_state_dirty_bytes(run->state);
		if (commit(run, run->epoch + 1, err))
			return WR_FAIL;
		give_back(dirty);
	}
	wr_drops_tell(run);
	if (WR_FAULT_FAIL("epoch.before_told", err) ||
	    (run->sink->def->committed &&
	     run->sink->def->committed(run->sink, run->epoch, final, err)))
		return WR_FAIL;
	if (wr_epoch_letters(run, err))
		return WR_FAIL;
	if (!run->spec->by_hand)
		tell_positions(run);
	let_go(run);
	return WR_FAULT_FAIL("epoch.after_committed", err);
}

/*
 * From records to batches. A reader's life is a cycle: fill (poll, decode), push in one or several
 * runs, release. At a barrier nothing is pending, so that the source's own position is the position
 * of the epoch.
 *
 * Which end counts: the one that the topic had when the run began; where another query of this
 * process still writes the topic, the end it has when that query has ended (end_known). A run
 * without end never asks.
 */
#include "engine/reader.h"

#include "core/clock.h"
#include "core/fault.h"
#include "engine/replay.h"

static const int64_t ASK_NS = 250 * 1000000ll; /* no more questions than one in so long */

static uint32_t share_of(const wr_task *t)
{
	return t->run->spec->ntasks ? t->run->spec->ntasks : 1;
}

static void choose_parts(wr_scan_reader *r, wr_arena *a)
{
	wr_task *t = r->task;
	int32_t n = r->scan->nparts;

	r->parts = WR_NEW_ARRAY(a, int32_t, n);
	r->slot = WR_NEW_ARRAY(a, int32_t, n);
	r->part_ids = WR_NEW_ARRAY(a, uint32_t, n);
	for (int32_t p = 0; p < n; p++) {
		bool mine = p % share_of(t) == t->index;

		r->slot[p] = mine ? r->nparts : -1;
		r->part_ids[p] = r->number << 16 | (uint32_t)p;
		if (mine)
			r->parts[r->nparts++] = p;
	}
}

static wr_status open_source(wr_scan_reader *r, wr_err *err)
{
	wr_run *run = r->task->run;
	wr_position *pos = WR_NEW_ARRAY(r->task->arena, wr_position, r->nparts + 1);

	for (int32_t i = 0; i < r->nparts; i++)
		pos[i] = r->scan->pos[r->parts[i]];
	return r->scan->def->open(run->spec->io, r->scan->scan->source, pos, r->nparts, &r->reader,
				  err);
}

wr_status wr_scan_reader_open(wr_task *t, uint32_t scan, wr_entry to, wr_scan_reader **out,
			      wr_err *err)
{
	wr_scan_reader *r = WR_NEW(t->arena, wr_scan_reader);
	wr_scan_run *s = &t->run->scans[scan];

	*r = (wr_scan_reader){ .task = t, .scan = s, .number = scan, .to = to, .gated = !s->first };
	*out = r;
	choose_parts(r, t->arena);
	r->arena = wr_arena_new();
	r->rows_max = (uint32_t)wr_setting_int(t->run->spec->settings, WR_SET_BATCH_ROWS);
	r->records = WR_NEW_ARRAY(t->arena, wr_record, r->rows_max);
	r->ptime = WR_NEW_ARRAY(t->arena, int64_t, r->nparts + 1);
	r->shown = WR_NEW_ARRAY(t->arena, int64_t, r->nparts + 1);
	r->seek = WR_NEW_ARRAY(t->arena, int64_t, r->nparts + 1);
	r->seen = WR_NEW_ARRAY(t->arena, wr_last_record, r->nparts + 1);
	r->last_seen = WR_NEW_ARRAY(t->arena, int64_t, r->nparts + 1);
	r->confirmed = WR_NEW_ARRAY(t->arena, int64_t, r->nparts + 1);
	r->done = WR_NEW_ARRAY(t->arena, bool, r->nparts + 1);
	for (int32_t i = 0; i < r->nparts; i++) {
		r->ptime[i] = r->shown[i] = s->ptime[r->parts[i]];
		r->seek[i] = s->seek[r->parts[i]];
		r->seen[i] = s->seen[r->parts[i]];
		r->last_seen[i] = wr_clock_mono_ns();
	}
	if (wr_decoder_open(t->arena, s->scan->decode, &r->decoder, err))
		return WR_FAIL;
	return t->run->spec->by_hand ? WR_OK : open_source(r, err);
}

void wr_scan_reader_close(wr_scan_reader *r)
{
	if (r->reader)
		r->reader->def->close(r->reader);
	wr_arena_free(r->arena);
}

typedef struct bad_cx {
	wr_scan_reader *r;
	wr_err *err;
	bool failed;
} bad_cx;

static void on_bad(void *self, const wr_record *rec, const wr_err *why)
{
	bad_cx *cx = self;

	if (cx->r->taking) {
		wr_replay_still_bad(cx->r, why);
		return;
	}
	if (!cx->failed &&
	    wr_run_bad_record(cx->r->task->run, cx->r->scan->scan, rec, why, cx->err))
		cx->failed = true;
}

/*
 * Each row gets the highest row time that its partition has shown up to it. By hand the operators
 * keep time themselves.
 */
static void stamp(wr_scan_reader *r)
{
	wr_batch *b = &r->batch;

	if (r->task->cx.local_time) {
		memcpy(b->ptime, b->rowtime, b->n * sizeof *b->ptime);
		memset(b->part, 0, b->n * sizeof *b->part);
		return;
	}
	for (uint32_t i = 0; i < b->n; i++) {
		int64_t *highest = &r->ptime[r->slot[WR_PART_NUMBER(b->part[i])]];

		if (b->rowtime[i] > *highest)
			*highest = b->rowtime[i];
		b->ptime[i] = *highest;
	}
}

wr_status wr_scan_reader_take(wr_scan_reader *r, const wr_record *recs, uint32_t n, wr_err *err)
{
	bad_cx cx = { r, err, false };

	if (WR_FAULT_FAIL("reader.batch", err))
		return WR_FAIL;
	wr_arena_reset(r->arena);
	wr_batch_init(&r->batch, r->arena, r->scan->scan->decode->schema, n);
	r->at = 0;
	if (wr_decoder_run(r->decoder, recs, n, r->part_ids, &r->batch, on_bad, &cx, err) ||
	    cx.failed)
		return WR_FAIL;
	stamp(r);
	atomic_fetch_add_explicit(&r->task->run->rows, n, memory_order_relaxed);
	return WR_OK;
}

static void note_seen(wr_scan_reader *r, uint32_t n)
{
	int64_t now = wr_clock_mono_ns();

	for (uint32_t i = 0; i < n; i++)
		r->last_seen[r->slot[r->records[i].partition]] = now;
}

/* The last record of each partition, the first one met from behind. */
static void note_last(wr_scan_reader *r, uint32_t n)
{
	for (uint32_t i = n; i-- > 0 && r->scan->def->differs;) {
		const wr_record *rec = &r->records[i];
		wr_last_record *s = &r->seen[r->slot[rec->partition]];

		if (rec->offset > s->offset)
			*s = (wr_last_record){ rec->partition, rec->offset, rec->timestamp,
					       wr_record_sum(rec) };
	}
}

/* Drops what lies before START_AT's time; returns how many records stay. */
static uint32_t drop_older(wr_scan_reader *r, uint32_t n)
{
	int64_t begin = r->scan->scan->source->start_value;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		const wr_record *rec = &r->records[i];
		int64_t *seek = &r->seek[r->slot[rec->partition]];

		if (rec->offset >= *seek || rec->timestamp >= begin)
			*seek = 0;
		if (*seek == 0)
			r->records[kept++] = *rec;
	}
	return kept;
}

static bool seeks(const wr_scan_reader *r)
{
	bool any = false;

	for (int32_t i = 0; i < r->nparts; i++)
		any |= r->seek[i] != 0;
	return any;
}

wr_status wr_scan_reader_fill(wr_scan_reader *r, int timeout_ms, wr_err *err)
{
	uint32_t n = 0;

	if (wr_scan_reader_pending(r) || r->nparts == 0)
		return WR_OK;
	wr_scan_reader_release(r);
	if (wr_replay_waits(r))
		return wr_replay_take(r, err);
	if (r->reader->def->poll(r->reader, r->records, r->rows_max, timeout_ms, &n, err))
		return WR_FAIL;
	if (n == 0)
		return WR_OK;
	r->holding = true;
	note_seen(r, n);
	note_last(r, n);
	if (seeks(r) && (n = drop_older(r, n)) == 0)
		return WR_OK;
	return wr_scan_reader_take(r, r->records, n, err);
}

/*
 * The run of rows from r->at on with row time <= until, never parting an update. At least one
 * change.
 */
static uint32_t run_length(const wr_scan_reader *r, int64_t until)
{
	const wr_batch *b = &r->batch;
	bool single = r->task->run->spec->graph->one_by_one;
	uint32_t i = r->at;

	if (until == INT64_MAX && !single)
		return b->n - r->at;
	do {
		i += b->change[i] == WR_ROW_BEFORE ? 2 : 1;
	} while (!single && i < b->n && b->rowtime[i] <= until);
	return i - r->at;
}

/* Rows at .. at+n-1 are pushed: their time may be told. Rows that wait in the batch have moved
 * ptime already. */
static void show(wr_scan_reader *r, uint32_t at, uint32_t n)
{
	const wr_batch *b = &r->batch;

	if (at + n == b->n) {
		memcpy(r->shown, r->ptime, (size_t)r->nparts * sizeof *r->shown);
		return;
	}
	for (uint32_t i = at; i < at + n && !r->task->cx.local_time; i++)
		r->shown[r->slot[WR_PART_NUMBER(b->part[i])]] = b->ptime[i];
}

wr_status wr_scan_reader_push(wr_scan_reader *r, int64_t until, wr_err *err)
{
	uint32_t n = run_length(r, until), at = r->at;

	r->at += n;
	show(r, at, n);
	return wr_task_feed(r->task, r->to, &r->batch, at, n, err);
}

void wr_scan_reader_release(wr_scan_reader *r)
{
	if (r->holding)
		r->reader->def->release(r->reader);
	r->holding = false;
}

/* In ns; 0: a partition is never idle. */
static int64_t idle_limit(const wr_scan_reader *r)
{
	int64_t limit = r->scan->scan->source->idle_timeout;

	if (limit == 0)
		limit = wr_setting_int(r->task->run->spec->settings, WR_SET_IDLE_TIMEOUT_MS);
	return limit * 1000000;
}

/*
 * Idle for the limit, by the word of those who know. What a reader knows of a partition's end may
 * be old, when its broker has gone, or is frozen, or comes back; so the broker is asked now and
 * then during the silence, and where it does not answer at once, or the task itself stood still for
 * long, the silence is measured anew.
 */
static bool idle_for_long(wr_scan_reader *r, int32_t i)
{
	int64_t limit = idle_limit(r), period = limit / 4 > ASK_NS ? limit / 4 : ASK_NS,
		now = wr_clock_mono_ns();
	bool asks = r->reader && r->reader->def->confirm_end;
	int64_t since = r->confirmed[i] > r->last_seen[i] ? r->confirmed[i] : r->last_seen[i];

	if (limit == 0 || !asks)
		return limit != 0 && now - r->last_seen[i] >= limit;
	if (now - since >= period) {
		if (now - since < 3 * period && !r->reader->trouble[0] &&
		    r->reader->def->confirm_end(r->reader, i))
			r->confirmed[i] = now;
		else
			r->last_seen[i] = wr_clock_mono_ns();
	}
	return r->confirmed[i] - r->last_seen[i] >= limit;
}

void wr_scan_reader_rested(wr_scan_reader *r, int64_t since)
{
	int64_t now = wr_clock_mono_ns();

	for (int32_t i = 0; i < r->nparts; i++)
		r->last_seen[i] += now - (r->last_seen[i] > since ? r->last_seen[i] : since);
}

/*
 * Holds nothing back: at its end, and either empty or quiet for its idle time-out; or read to the
 * end of a run that will not be continued.
 */
static bool silent(wr_scan_reader *r, int32_t i)
{
	bool at_end = false;

	if (r->done[i] && r->task->run->spec->until == WR_UNTIL_END)
		return true;
	if (r->ptime[i] != WR_TIME_NONE && !idle_for_long(r, i))
		return false;
	if (r->reader)
		r->reader->def->next(r->reader, i, &at_end);
	return at_end;
}

bool wr_scan_reader_times(wr_scan_reader *r, int64_t *times)
{
	bool changed = false;

	for (int32_t i = 0; i < r->nparts; i++) {
		int64_t *told = &times[r->scan->part_base + (uint32_t)r->parts[i]];
		int64_t now = silent(r, i) ? WR_TIME_SILENT : r->shown[i];

		changed |= now != *told;
		*told = now;
	}
	return changed;
}

bool wr_scan_reader_done(wr_scan_reader *r)
{
	bool all = true;

	if (wr_scan_reader_pending(r) || wr_replay_waits(r))
		return false;
	if (!r->scan->end_known)
		return r->nparts == 0;
	for (int32_t i = 0; i < r->nparts; i++) {
		bool at_end;

		if (!r->done[i])
			r->done[i] = r->reader->def->next(r->reader, i, &at_end) >=
				     r->scan->pos[r->parts[i]].end;
		all &= r->done[i];
	}
	return all;
}

int64_t wr_scan_reader_next(wr_scan_reader *r, int32_t i)
{
	bool at_end;

	return r->reader ? r->reader->def->next(r->reader, i, &at_end) : 0;
}

bool wr_scan_reader_at_end(wr_scan_reader *r)
{
	bool all = !wr_replay_waits(r), at_end;

	for (int32_t i = 0; i < r->nparts && r->reader; i++) {
		r->reader->def->next(r->reader, i, &at_end);
		all &= at_end;
	}
	return all;
}

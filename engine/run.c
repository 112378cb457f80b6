/*
 * Making and ending runs. Order of opening: state, positions, sink, tasks from the last stage to
 * the first, readers. Closing takes the same road back: threads first, then what they used.
 */
#include "engine/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/fault.h"
#include "core/wait.h"
#include "engine/epoch.h"
#include "engine/exchange.h"
#include "engine/reader.h"
#include "engine/task.h"

/* True when rows of the scan come in at the input, directly or through earlier stages. */
static bool comes_from(const wr_graph *g, const wr_stage_input *in, uint32_t scan)
{
	if (in->scan >= 0)
		return in->scan == (int32_t)scan;
	for (uint32_t i = 0; i < g->stages[in->stage].ninputs; i++)
		if (comes_from(g, &g->stages[in->stage].inputs[i], scan))
			return true;
	return false;
}

static bool is_first(const wr_graph *g, uint32_t scan)
{
	for (uint32_t s = 0; s < g->nstages; s++)
		for (uint32_t i = 0; i < g->stages[s].ninputs; i++)
			if (g->stages[s].inputs[i].first &&
			    comes_from(g, &g->stages[s].inputs[i], scan))
				return true;
	return false;
}

/* Among the records that are there now. */
static void seek_start(wr_scan_run *s)
{
	bool rough = s->scan->source->start == WR_START_TIME && s->def->time_is_rough;

	for (int32_t p = 0; p < s->nparts; p++)
		s->seek[p] = rough && s->pos[p].next < s->pos[p].end ? s->pos[p].end : 0;
}

static wr_status open_scan(wr_run *run, uint32_t i, wr_err *err)
{
	const wr_run_spec *spec = run->spec;
	wr_scan_run *s = &run->scans[i];

	s->scan = &spec->graph->scans[i];
	s->first = is_first(spec->graph, i);
	s->part_base = run->nparts;
	s->def = wr_source_find(s->scan->source->kind);
	s->end_known = true;
	if (!s->def)
		WR_BUG("no source of kind %s", s->scan->source->kind);
	s->nparts = 1;
	if (!spec->by_hand && s->def->partitions(spec->io, s->scan->source, &s->nparts, err))
		return WR_FAIL;
	run->nparts += (uint32_t)s->nparts;
	s->pos = WR_NEW_ARRAY(run->arena, wr_position, s->nparts);
	s->ptime = WR_NEW_ARRAY(run->arena, int64_t, s->nparts);
	s->seek = WR_NEW_ARRAY(run->arena, int64_t, s->nparts);
	s->seen = WR_NEW_ARRAY(run->arena, wr_last_record, s->nparts);
	s->committed = WR_NEW_ARRAY(run->arena, _Atomic int64_t, s->nparts);
	for (int32_t p = 0; p < s->nparts; p++) {
		s->ptime[p] = WR_TIME_NONE;
		s->seen[p] = (wr_last_record){ p, -1, 0, 0 };
	}
	if (!spec->by_hand && s->def->resolve(spec->io, s->scan->source, s->pos, s->nparts, err))
		return WR_FAIL;
	for (uint32_t k = 0; k < spec->nbegins; k++)
		if (spec->begins[k].scan == i && spec->begins[k].partition < s->nparts)
			s->pos[spec->begins[k].partition].next = spec->begins[k].next;
	seek_start(s);
	/* A file is nobody's topic, whatever KAFKA_TOPIC says beside it. */
	if (spec->until != WR_UNTIL_STOPPED && spec->still_written && !s->scan->source->file.n &&
	    spec->still_written(spec->self, s->scan->source->topic))
		s->end_known = false;
	return WR_OK;
}

static wr_status open_scans(wr_run *run, wr_err *err)
{
	bool any_first = false;

	run->nscans = run->spec->graph->nscans;
	run->scans = WR_NEW_ARRAY(run->arena, wr_scan_run, run->nscans + 1);
	for (uint32_t i = 0; i < run->nscans; i++) {
		if (open_scan(run, i, err))
			return WR_FAIL;
		any_first |= run->scans[i].first;
	}
	run->gate_open = !any_first;
	return WR_OK;
}

/* Whether the sink's own commit decides the run's epochs. */
static bool decides(const wr_run_spec *s)
{
	return s->sink_def->kind == WR_SINK_DECIDER && !s->transient && !s->by_hand &&
	       wr_settings_exactly_once(s->settings);
}

static wr_status open_sink(wr_run *run, wr_str mark, wr_err *err)
{
	const wr_run_spec *s = run->spec;

	run->sink_cx = (wr_sink_cx){ .io = s->io,
				     .settings = s->settings,
				     .state = run->state,
				     .ntasks = s->ntasks,
				     .incarnation = run->identity,
				     .client = s->client,
				     .stopping = s->stopping,
				     .self = s->self };
	run->sink_cx.decides = decides(s);
	run->sink_cx.keep_refused = wr_run_refused;
	run->sink_cx.run = run;
	return s->sink_def->open(s->sink_spec, &run->sink_cx, mark, &run->sink, err);
}

static wr_status open_tasks(wr_run *run, wr_err *err)
{
	const wr_graph *g = run->spec->graph;
	uint32_t per_stage = run->spec->ntasks, stages = per_stage == 1 ? 1 : g->nstages;

	run->ntasks = stages * per_stage;
	run->tasks = WR_NEW_ARRAY(run->arena, wr_task *, run->ntasks);
	for (uint32_t s = stages; s-- > 0;)
		for (uint32_t i = 0; i < per_stage; i++)
			if (wr_task_open(run, per_stage == 1 ? g->nstages - 1 : s, (uint16_t)i,
					 &run->tasks[s * per_stage + i], err))
				return WR_FAIL;
	for (uint32_t i = 0; i < run->ntasks; i++) {
		if (wr_task_open_readers(run->tasks[i], err))
			return WR_FAIL;
		if (run->tasks[i]->in) { /* reads nothing: done from the start */
			run->tasks[i]->told_done = run->tasks[i]->told_first = true;
			run->readers_done++;
			run->first_done++;
		}
	}
	return WR_OK;
}

/* A sink that decides is there first: it must say what became of a pending epoch. */
static wr_status open_decider(wr_run *run, wr_err *err)
{
	wr_buf mark = { 0 };
	wr_status status = WR_OK;

	wr_epoch_mark(run->state, &mark);
	if (decides(run->spec))
		status = open_sink(run, wr_buf_view(&mark), err);
	wr_buf_free(&mark);
	return status ? WR_FAIL : wr_epoch_settle(run, err);
}

/* Embedded topics are copied with the directory, and so are the names of their writers. */
static void name_to_sink(wr_run *run)
{
	const wr_run_spec *s = run->spec;

	if (s->io->topics && s->sink_spec->topic.n)
		snprintf(run->identity, sizeof run->identity, "%s", s->incarnation);
	else
		wr_epoch_identity(run->state, s->incarnation, run->identity);
}

static wr_status open_stores(wr_run *run, wr_err *err)
{
	if (WR_FAULT_FAIL("run.open", err) ||
	    wr_state_open(run->spec->db, run->spec->incarnation, &run->state, err))
		return WR_FAIL;
	name_to_sink(run);
	if (WR_FAULT_FAIL("run.state_open", err) || open_decider(run, err))
		return WR_FAIL;
	run->meta = wr_store_open(run->state, WR_META_STORE, 0);
	run->errors = wr_store_open(run->state, WR_ERROR_STORE, 0);
	return open_scans(run, err);
}

static wr_status open_all(wr_run *run, wr_err *err)
{
	wr_buf mark = { 0 };
	bool known, begins;
	wr_status status = WR_FAIL;

	if (open_stores(run, err))
		return WR_FAIL;
	if (wr_epoch_restore(run, &mark, &known, err) || WR_FAULT_FAIL("run.restored", err))
		goto out;
	begins = known && decides(run->spec) && mark.n == 0;
	if ((!run->sink &&
	     open_sink(run,
		       known ? (wr_str){ mark.p ? mark.p : "", (uint32_t)mark.n } : (wr_str){ 0 },
		       err)) ||
	    (!known && !run->spec->transient && wr_epoch_first(run, err)) ||
	    ((begins || wr_state_dirty_bytes(run->state)) && !run->spec->transient &&
	     wr_epoch_empty(run, err)) ||
	    wr_bad_letters_open(run, err) || wr_epoch_letters(run, err))
		goto out;
	status = WR_FAULT_FAIL("run.sink_open", err) || open_tasks(run, err)
		     ? WR_FAIL
		     : WR_FAULT_FAIL("run.tasks_open", err);
	if (status == WR_OK && run->spec->replay && !run->spec->by_hand)
		wr_replay_load(run);
	for (uint32_t i = 0; i < run->nscans; i++)
		for (int32_t p = 0; p < run->scans[i].nparts; p++)
			run->scans[i].committed[p] = run->scans[i].pos[p].next;
out:
	wr_buf_free(&mark);
	return status;
}

wr_status wr_run_open(const wr_run_spec *spec, wr_run **out, wr_err *err)
{
	wr_run *run = wr_calloc(1, sizeof *run);

	run->spec = spec;
	run->arena = wr_arena_new();
	pthread_mutex_init(&run->lock, NULL);
	pthread_mutex_init(&run->sink_lock, NULL);
	pthread_mutex_init(&run->bad_lock, NULL);
	pthread_cond_init(&run->resume, NULL);
	wr_cond_init(&run->changed);
	if (open_all(run, err)) {
		wr_run_close(run);
		return WR_FAIL;
	}
	*out = run;
	return WR_OK;
}

void wr_run_start(wr_run *run)
{
	for (uint32_t i = 0; i < run->ntasks; i++)
		wr_task_start(run->tasks[i]);
}

static void stop_tasks(wr_run *run)
{
	pthread_mutex_lock(&run->lock);
	run->stop = true;
	pthread_cond_broadcast(&run->resume);
	pthread_mutex_unlock(&run->lock);
	for (uint32_t i = 0; i < run->ntasks; i++) {
		if (!run->tasks[i])
			continue;
		if (run->tasks[i]->in)
			wr_queue_shut(run->tasks[i]->in);
		wr_task_wake(run->tasks[i]);
	}
	for (uint32_t i = 0; i < run->ntasks; i++)
		if (run->tasks[i])
			wr_task_join(run->tasks[i]);
}

void wr_run_close(wr_run *run)
{
	if (!run)
		return;
	stop_tasks(run);
	if (run->spec->transient && run->tasks)
		wr_drops_tell(run);
	/* producers before the queues they write to */
	for (uint32_t i = 0; i < run->ntasks; i++)
		wr_task_close(run->tasks[i]);
	if (run->sink)
		run->sink->def->close(run->sink);
	wr_bad_letters_close(run);
	if (run->state)
		wr_state_close(run->state);
	pthread_mutex_destroy(&run->lock);
	pthread_mutex_destroy(&run->sink_lock);
	pthread_mutex_destroy(&run->bad_lock);
	pthread_cond_destroy(&run->changed);
	pthread_cond_destroy(&run->resume);
	wr_arena_free(run->arena);
	free(run);
}

void wr_run_tell_trouble(wr_run *run, const wr_task *t, const char *text)
{
	pthread_mutex_lock(&run->lock);
	if (text[0] || run->troubled == t) {
		snprintf(run->trouble, sizeof run->trouble, "%s", text);
		run->troubled = text[0] ? t : NULL;
	}
	pthread_mutex_unlock(&run->lock);
}

void wr_run_trouble(wr_run *run, char out[256])
{
	pthread_mutex_lock(&run->lock);
	memcpy(out, run->trouble, sizeof run->trouble);
	pthread_mutex_unlock(&run->lock);
}

void wr_run_fail(wr_run *run, const wr_err *err)
{
	pthread_mutex_lock(&run->lock);
	if (!run->failed && !run->stop) {
		run->failed = true;
		run->err = *err;
	}
	run->stop = true;
	pthread_cond_broadcast(&run->changed);
	pthread_cond_broadcast(&run->resume);
	pthread_mutex_unlock(&run->lock);
	for (uint32_t i = 0; i < run->ntasks; i++)
		if (run->tasks[i] && run->tasks[i]->in)
			wr_queue_shut(run->tasks[i]->in);
}

/* A reader of the scan, of any task; NULL: none. */
static wr_reader *reader_of(const wr_run *run, const wr_scan_run *s)
{
	for (uint32_t t = 0; t < run->ntasks; t++)
		for (uint32_t i = 0; i < run->tasks[t]->nreaders; i++)
			if (run->tasks[t]->readers[i]->scan == s &&
			    run->tasks[t]->readers[i]->nparts)
				return run->tasks[t]->readers[i]->reader;
	return NULL;
}

const wr_scan_run *wr_run_grown(wr_run *run, int32_t *now)
{
	for (uint32_t i = 0; i < run->nscans; i++) {
		wr_reader *r = reader_of(run, &run->scans[i]);

		*now = r && r->def->count ? r->def->count(r) : 0;
		if (*now > run->scans[i].nparts)
			return &run->scans[i];
	}
	return NULL;
}

/* A scan whose writer has ended has an end now: asked anew, once. */
static void learn_end(wr_run *run, wr_scan_run *s)
{
	wr_err err = WR_ERR_INIT;
	wr_position *pos = wr_calloc((size_t)s->nparts, sizeof *pos);

	if (!run->spec->still_written(run->spec->self, s->scan->source->topic) &&
	    s->def->resolve(run->spec->io, s->scan->source, pos, s->nparts, &err) == WR_OK) {
		for (int32_t p = 0; p < s->nparts; p++)
			s->pos[p].end = pos[p].end;
		atomic_store_explicit(&s->end_known, true, memory_order_release);
	}
	free(pos);
}

bool wr_run_inputs_done(wr_run *run)
{
	for (uint32_t i = 0; i < run->nscans; i++)
		if (!run->scans[i].end_known) {
			learn_end(run, &run->scans[i]);
			return false;
		}
	pthread_mutex_lock(&run->lock);
	bool done = run->readers_done == run->ntasks;

	pthread_mutex_unlock(&run->lock);
	return done;
}

bool wr_run_gate_ripe(wr_run *run)
{
	if (run->gate_open)
		return false;
	for (uint32_t i = 0; i < run->nscans; i++)
		if (run->scans[i].first && !run->scans[i].end_known) {
			learn_end(run, &run->scans[i]);
			return false;
		}
	pthread_mutex_lock(&run->lock);
	bool ripe = run->first_done == run->ntasks;

	pthread_mutex_unlock(&run->lock);
	return ripe;
}

void wr_run_open_gate(wr_run *run)
{
	atomic_store_explicit(&run->gate_open, true, memory_order_release);
	for (uint32_t i = 0; i < run->ntasks; i++)
		wr_task_wake(run->tasks[i]);
}

/*
 * Moving rows by hand, for tests: one task, no threads, always the same order. A query's run is
 * opened when it is created and stays with it; records are pushed into its readers directly,
 * whatever their source. What a query writes is visible at once: every feed is followed by the
 * sink's word (mark, committed) for topics in memory, so that the next query can read it.
 */
#include <stdlib.h>

#include "engine/internal.h"
#include "engine/reader.h"
#include "engine/task.h"

uint32_t wr_engine_query_ids(wr_engine *e, const char **ids, uint32_t max)
{
	uint32_t n = 0;

	for (wr_query *q = e->queries; q; q = q->next, n++)
		if (n < max)
			ids[n] = q->id;
	return n;
}

uint32_t wr_engine_query_topics(wr_engine *e, const char *id, wr_str *topics, uint32_t max)
{
	wr_query *q = wr_engine_find_query(e, wr_str_of(id));
	uint32_t n = 0;

	for (uint32_t i = 0; q && i < q->plan->graph->nscans; i++, n++)
		if (n < max)
			topics[n] = q->plan->graph->scans[i].source->topic;
	return n;
}

static wr_status push_pending(wr_scan_reader *r, wr_err *err)
{
	while (wr_scan_reader_pending(r)) {
		if (wr_scan_reader_push(r, INT64_MAX, err))
			return WR_FAIL;
		if (wr_scan_reader_times(r, r->task->own_times))
			wr_times_tell(&r->task->times, r->task->nproducers, r->task->own_times);
		if (wr_task_advance(r->task, err))
			return WR_FAIL;
	}
	return WR_OK;
}

/* Rows written so far become visible to readers of their topic: an epoch as the sink sees it,
 * without a commit of state. */
static wr_status show_output(wr_run *run, wr_err *err)
{
	wr_buf mark = { 0 };
	wr_status status = run->sink->def->mark(run->sink, ++run->epoch, &mark, err);

	wr_buf_free(&mark);
	wr_drops_tell(run);
	if (status == WR_OK && run->sink->def->committed)
		status = run->sink->def->committed(run->sink, run->epoch, false, err);
	return status;
}

wr_status wr_engine_feed(wr_engine *e, const char *query_id, wr_str topic, const wr_record *rec,
			 wr_err *err)
{
	wr_query *q = wr_engine_find_query(e, wr_str_of(query_id));

	WR_ASSERT(q && q->run);
	if (q->pause)
		return WR_OK;
	wr_task *t = q->run->tasks[0];

	for (uint32_t i = 0; i < t->nreaders; i++) {
		wr_scan_reader *r = t->readers[i];

		if (!wr_str_eq(r->scan->scan->source->topic, topic))
			continue;
		if (wr_scan_reader_take(r, rec, 1, err) || push_pending(r, err))
			return WR_FAIL;
	}
	return show_output(q->run, err);
}

/* Gives query q everything that a topic in memory holds from its position on. */
static wr_status read_topic(wr_engine *e, wr_query *q, wr_scan_reader *r, bool *moved, wr_err *err)
{
	wr_str topic = r->scan->scan->source->topic;
	int32_t n = wr_topics_partitions(e->topics, topic);

	for (int32_t p = 0; p < n && p < r->scan->nparts; p++) {
		wr_topic_cursor *c;
		wr_record rec;
		int64_t *next = &r->scan->pos[p].next;
		bool more = true;

		while (more) {
			if (wr_topic_cursor_open(e->topics, topic, p, *next, &c, err))
				return WR_FAIL;
			more = wr_topic_cursor_read(c, &rec, 1, next) == 1;
			wr_status status = !more ? WR_OK
					   : wr_scan_reader_take(r, &rec, 1, err)
					       ? WR_FAIL
					       : push_pending(r, err);

			wr_topic_cursor_close(c);
			if (status || (more && show_output(q->run, err)))
				return WR_FAIL;
			*moved |= more;
		}
	}
	return WR_OK;
}

wr_status wr_engine_pump(wr_engine *e, wr_err *err)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (wr_query *q = e->queries; q; q = q->next) {
			wr_task *t = q->run->tasks[0];

			if (q->pause)
				continue;
			for (uint32_t i = 0; i < t->nreaders; i++)
				if (read_topic(e, q, t->readers[i], &moved, err))
					return WR_FAIL;
		}
	}
	return WR_OK;
}

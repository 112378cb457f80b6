/*
 * DEAD_LETTER='topic' of a source: its bad records are records of that topic too.
 *
 *	key, value	its bytes, as they came
 *	timestamp	when the query met it
 *	headers		weir.query, weir.id, weir.source, weir.topic, weir.partition, weir.offset, weir.reason; then its own
 *
 * The errors store is the outbox: a letter is written after the commit that keeps its record, while
 * all tasks stand still, and what is written is noted in a commit of its own. A crash in between
 * writes it once more under the same weir.id, which is the query's identity and the record's
 * number.
 *
 * Meta store: "D" -> the first number that is not written; absent: nothing waits. It is put in the
 * epoch that keeps the record. Records that wait do not give way to errors.max until they are
 * written.
 */
#include <inttypes.h>

#include "engine/bad_record.h"
#include "engine/run.h"
#include "sinks/letter_topic.h"

#define WAITING WR_STR_LIT("D")

/* Scans of one relation have one topic, opened once. */
static wr_letter_topic *topic_of(const wr_run *run, wr_str relation)
{
	for (uint32_t i = 0; i < run->nscans; i++)
		if (run->letters[i] && wr_str_eq(run->scans[i].scan->relation, relation))
			return run->letters[i];
	return NULL;
}

wr_status wr_bad_letters_open(wr_run *run, wr_err *err)
{
	const wr_run_spec *spec = run->spec;
	wr_letter_ends ends = { spec->stopping, spec->self };

	run->letters = WR_NEW_ARRAY(run->arena, wr_letter_topic *, run->nscans + 1);
	for (uint32_t i = 0; i < run->nscans && !spec->transient; i++) {
		const wr_scan *scan = run->scans[i].scan;

		if (scan->source->dead_letter.n && !topic_of(run, scan->relation) &&
		    wr_letter_topic_open(spec->io, scan->source->dead_letter, ends,
					 &run->letters[i], err))
			return WR_FAIL;
	}
	return WR_OK;
}

void wr_bad_letters_close(wr_run *run)
{
	for (uint32_t i = 0; i < run->nscans && run->letters; i++)
		wr_letter_topic_close(run->letters[i]);
}

void wr_bad_letters_restore(wr_run *run)
{
	wr_buf first = { 0 };

	run->letters_wait = wr_store_get(run->meta, WAITING, &first) &&
			    wr_bad_record_number(wr_buf_view(&first), &run->letters_from);
	wr_buf_free(&first);
}

void wr_bad_letters_next(wr_run *run)
{
	wr_buf first = { 0 };

	if (run->letters_wait || run->spec->transient)
		return;
	run->letters_wait = true;
	run->letters_from = run->error_seq;
	wr_bad_record_key(&first, run->error_seq);
	wr_store_put(run->meta, WAITING, wr_buf_view(&first));
	wr_buf_free(&first);
}

/* Its headers behind ours, in the arena. */
static const wr_headers *headers(wr_arena *a, const wr_run *run, const wr_bad_record *bad)
{
	const wr_headers *own = bad->rec.headers;
	const wr_header ours[] = {
		{ WR_STR_LIT("weir.query"), wr_str_of(run->spec->id) },
		{ WR_STR_LIT("weir.id"),
		  wr_arena_printf(a, "%s-bad-%" PRId64, run->identity, bad->number) },
		{ WR_STR_LIT("weir.source"), bad->relation },
		{ WR_STR_LIT("weir.topic"), bad->topic },
		{ WR_STR_LIT("weir.partition"),
		  wr_arena_printf(a, "%" PRId32, bad->rec.partition) },
		{ WR_STR_LIT("weir.offset"), wr_arena_printf(a, "%" PRId64, bad->rec.offset) },
		{ WR_STR_LIT("weir.reason"), bad->reason },
	};
	const uint32_t n = sizeof ours / sizeof *ours;
	wr_headers *h = WR_NEW(a, wr_headers);
	wr_header *items = WR_NEW_ARRAY(a, wr_header, n + (own ? own->n : 0));

	memcpy(items, ours, sizeof ours);
	for (uint32_t i = 0; own && i < own->n; i++)
		items[n + i] = own->items[i];
	*h = (wr_headers){ n + (own ? own->n : 0), items };
	return h;
}

static wr_status write_letter(wr_arena *a, const wr_run *run, const wr_bad_record *bad, wr_err *err)
{
	wr_letter_topic *t = topic_of(run, bad->relation);
	wr_record rec = bad->rec;

	if (!t || !bad->relation.n) /* a sink's, or its source has no topic */
		return WR_OK;
	rec.timestamp = bad->seen_at;
	rec.headers = headers(a, run, bad);
	return wr_letter_topic_write(t, &rec, err);
}

static wr_status write_waiting(wr_run *run, wr_err *err)
{
	wr_arena *a = wr_arena_new();
	wr_buf from = { 0 };
	wr_bad_record bad;
	wr_str key, value;
	wr_status status = WR_OK;

	wr_bad_record_key(&from, run->letters_from);
	wr_iter *it = wr_store_scan(run->errors, wr_buf_view(&from), (wr_str){ 0 }, false);

	while (status == WR_OK && wr_iter_next(it, &key, &value)) {
		int64_t number;

		if (!wr_bad_record_number(key, &number) || !wr_bad_record_get(a, value, &bad))
			continue;
		bad.number = number;
		status = write_letter(a, run, &bad, err);
		wr_arena_reset(a);
	}
	wr_iter_close(it);
	wr_buf_free(&from);
	wr_arena_free(a);
	return status;
}

wr_status wr_bad_letters_write(wr_run *run, wr_err *err)
{
	if (!run->letters_wait)
		return WR_OK;
	if (write_waiting(run, err))
		return WR_FAIL;
	for (uint32_t i = 0; i < run->nscans; i++)
		if (run->letters[i] && wr_letter_topic_sync(run->letters[i], err))
			return WR_FAIL;
	run->letters_wait = false;
	wr_store_del(run->meta, WAITING);
	wr_bad_records_bound(run);
	wr_drops_put(run);
	if (wr_state_commit(run->state, err))
		return WR_FAIL;
	wr_drops_tell(run);
	return WR_OK;
}

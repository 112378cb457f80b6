/*
 * What a run does with bad records: its source's ON_ERROR says it.
 *
 *	DEAD_LETTER	kept in the query's errors store, under the next number; at most errors.max of them, then the oldest gives way;
 *			with DEAD_LETTER='topic' written there too (bad_letters.c)
 *	SKIP		counted
 *	STOP		the query ends, with the place
 *
 * Requests that a sink's endpoint refused for good are kept beside them (wr_run_refused): without a
 * stream that they are a record of.
 *
 * All is part of the epoch that read the record: after a crash it is read again, and is kept and
 * counted once.
 */
#include <stdlib.h>

#include "core/clock.h"
#include "engine/bad_record.h"
#include "engine/run.h"

void wr_bad_records_restore(wr_run *run)
{
	wr_iter *it = wr_store_scan(run->errors, (wr_str){ 0 }, (wr_str){ 0 }, true);
	wr_str key, value;
	int64_t last;

	if (wr_iter_next(it, &key, &value) && wr_bad_record_number(key, &last))
		run->error_seq = last + 1;
	wr_iter_close(it);
	/* Numbers are never given twice, also when the last record was replayed. */
	wr_buf next = { 0 };

	if (wr_store_get(run->meta, WR_STR_LIT("N"), &next) &&
	    wr_bad_record_number(wr_buf_view(&next), &last) && last > run->error_seq)
		run->error_seq = last;
	wr_buf_free(&next);
	wr_bad_letters_restore(run);
}

/* The oldest record goes. Those before run->error_first are gone already, and not looked through
 * again. */
static void give_up_oldest(wr_run *run, wr_buf *from)
{
	wr_str key, value;

	wr_bad_record_key(from, run->error_first);
	wr_iter *it = wr_store_scan(run->errors, wr_buf_view(from), (wr_str){ 0 }, false);
	bool found = wr_iter_next(it, &key, &value) && wr_bad_record_number(key, &run->error_first);

	wr_iter_close(it);
	run->nerrors--;
	if (!found) { /* the count was wrong: nothing is there to give up */
		run->nerrors = 0;
		return;
	}
	wr_bad_record_key(from, run->error_first++);
	wr_store_del(run->errors, wr_buf_view(from));
	run->dropped[WR_DROP_FORGOTTEN]++;
}

void wr_bad_records_bound(wr_run *run)
{
	wr_buf key = { 0 };
	uint64_t max = (uint64_t)wr_setting_int(run->spec->settings, WR_SET_ERRORS_MAX);

	while (max && run->nerrors > max) {
		give_up_oldest(run, &key);
		run->nerrors_changed = true;
	}
	wr_buf_free(&key);
}

/* Those that wait to be written to a topic do not give way. */
static bool may_give_up(const wr_run *run)
{
	return !run->letters_wait || run->nerrors > (uint64_t)(run->error_seq - run->letters_from);
}

static void keep(wr_run *run, const wr_bad_record *bad)
{
	wr_buf key = { 0 }, value = { 0 };
	int64_t max = wr_setting_int(run->spec->settings, WR_SET_ERRORS_MAX);

	while (max && run->nerrors >= (uint64_t)max && may_give_up(run))
		give_up_oldest(run, &key);
	wr_bad_record_put(&value, bad);
	wr_bad_record_key(&key, run->error_seq++);
	wr_store_put(run->errors, wr_buf_view(&key), wr_buf_view(&value));
	wr_bad_record_key(&key, run->error_seq);
	wr_store_put(run->meta, WR_STR_LIT("N"), wr_buf_view(&key));
	run->nerrors++;
	run->nerrors_changed = true;
	wr_buf_free(&key);
	wr_buf_free(&value);
}

static wr_status stop(const wr_bad_record *bad, wr_err *err)
{
	wr_err_set(err, WR_ERR_DATA, WR_NO_SPAN,
		   "bad record in %.*s, partition %d, offset %lld: %.*s", WR_STR_ARG(bad->topic),
		   bad->rec.partition, (long long)bad->rec.offset, WR_STR_ARG(bad->reason));
	return wr_err_hint(err, "ON_ERROR='DEAD_LETTER' keeps such records apart and goes on");
}

wr_status wr_run_bad_record(wr_run *run, const wr_scan *scan, const wr_record *rec,
			    const wr_err *why, wr_err *err)
{
	const wr_source_spec *s = scan->source;
	wr_bad_record bad = { .relation = scan->relation,
			      .topic = s->topic.n ? s->topic : s->file,
			      .seen_at = wr_clock_ms(),
			      .reason = wr_str_of(why->message),
			      .rec = *rec };

	if (s->on_error == WR_ON_ERROR_STOP)
		return stop(&bad, err);
	pthread_mutex_lock(&run->bad_lock);
	if (s->on_error == WR_ON_ERROR_SKIP) {
		run->dropped[WR_DROP_SKIPPED]++;
	} else {
		if (s->dead_letter.n)
			wr_bad_letters_next(run);
		run->dropped[WR_DROP_KEPT]++;
		keep(run, &bad);
	}
	pthread_mutex_unlock(&run->bad_lock);
	return WR_OK;
}

void wr_run_refused(void *self, const wr_refused *r)
{
	wr_run *run = self;
	wr_header to = { WR_STR_LIT(WR_REFUSED_TO), r->to };
	wr_headers headers = { 1, &to };
	wr_bad_record bad = { .topic = run->spec->sink_spec->name,
			      .seen_at = wr_clock_ms(),
			      .reason = wr_str_of(r->reason),
			      .rec = { .partition = (int32_t)r->lane,
				       .offset = (int64_t)r->number,
				       .key = wr_str_of(r->id),
				       .value = r->body,
				       .timestamp = wr_clock_ms(),
				       .headers = &headers } };

	pthread_mutex_lock(&run->bad_lock);
	keep(run, &bad);
	run->dropped[WR_DROP_REFUSED]++;
	pthread_mutex_unlock(&run->bad_lock);
}

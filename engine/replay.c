/*
 * Reading kept records again. When a run opens, wanted records are handed to the readers of their
 * partitions, which take them before they take anything new. A record that can be read now is a row
 * like any other, and leaves the errors store in the epoch that its row belongs to: a crash before
 * the commit leaves it there, to be asked for again, and nothing of its row.
 *
 * Its place is its old one (ROWPARTITION, ROWOFFSET, time): it comes late, and windows that are
 * closed do not take it.
 *
 * What a sink was refused is kept in the same way, and becomes a request again, under a new id and
 * behind what waits.
 */
#include "engine/replay.h"

#include <strings.h>

#include "engine/bad_record.h"
#include "engine/reader.h"

struct wr_again {
	struct wr_again *next;
	wr_bad_record bad;
};

bool wr_replay_wants(const wr_replay *r, const char *query, int64_t number)
{
	if (!r || (r->query && strcasecmp(r->query, query) != 0))
		return false;
	for (uint32_t i = 0; i < r->n; i++)
		if (r->numbers[i] == number)
			return true;
	return r->n == 0;
}

/* The reader of the record's partition; NULL: the query reads no such thing now. */
static wr_scan_reader *reader_of(wr_run *run, const wr_bad_record *bad)
{
	for (uint32_t t = 0; t < run->ntasks; t++)
		for (uint32_t i = 0; i < run->tasks[t]->nreaders; i++) {
			wr_scan_reader *r = run->tasks[t]->readers[i];

			if (wr_str_eq(r->scan->scan->relation, bad->relation) &&
			    bad->rec.partition >= 0 && bad->rec.partition < r->scan->nparts &&
			    r->slot[bad->rec.partition] >= 0)
				return r;
		}
	return NULL;
}

static void remove_kept(wr_run *run, int64_t number)
{
	wr_buf key = { 0 };

	wr_bad_record_key(&key, number);
	wr_store_del(run->errors, wr_buf_view(&key));
	run->nerrors -= run->nerrors > 0;
	run->nerrors_changed = true;
	wr_buf_free(&key);
}

/* What the sink could not deliver is a request again in the epoch in which it is no longer kept. */
static bool send_again(wr_run *run, const wr_bad_record *bad)
{
	const wr_headers *h = bad->rec.headers;

	if (bad->relation.n || !run->sink->def->again || !h || h->n != 1 ||
	    !wr_str_is(h->items[0].key, WR_REFUSED_TO))
		return false;
	run->sink->def->again(run->sink, (uint32_t)bad->rec.partition, h->items[0].value,
			      bad->rec.value);
	remove_kept(run, bad->number);
	return true;
}

static void hand_over(wr_run *run, struct wr_again *a)
{
	wr_scan_reader *r = reader_of(run, &a->bad);
	struct wr_again **last = r ? &r->again : NULL;

	if (!r) {
		(void)send_again(run, &a->bad);
		return;
	}
	while (*last)
		last = &(*last)->next;
	*last = a;
}

void wr_replay_load(wr_run *run)
{
	wr_iter *it = wr_store_scan(run->errors, (wr_str){ 0 }, (wr_str){ 0 }, false);
	struct wr_again *first = NULL, **last = &first, *a;
	wr_str key, value;
	int64_t number;

	while (wr_iter_next(it, &key, &value)) {
		if (!wr_bad_record_number(key, &number) ||
		    !wr_replay_wants(run->spec->replay, run->spec->id, number))
			continue;
		a = WR_NEW(run->arena, struct wr_again);
		if (!wr_bad_record_get(run->arena, value, &a->bad))
			continue;
		a->bad.number = number;
		*last = a;
		last = &a->next;
	}
	wr_iter_close(it); /* before anything is handed over: that may write into the store */
	while ((a = first)) {
		first = a->next;
		a->next = NULL;
		hand_over(run, a);
	}
}

bool wr_replay_waits(const wr_scan_reader *r)
{
	return r->again != NULL;
}

void wr_replay_still_bad(wr_scan_reader *r, const wr_err *why)
{
	wr_run *run = r->task->run;
	wr_bad_record bad = r->taking->bad;
	wr_buf key = { 0 }, value = { 0 };

	bad.reason = wr_str_of(why->message);
	wr_bad_record_put(&value, &bad);
	wr_bad_record_key(&key, bad.number);
	pthread_mutex_lock(&run->bad_lock);
	wr_store_put(run->errors, wr_buf_view(&key), wr_buf_view(&value));
	pthread_mutex_unlock(&run->bad_lock);
	r->taking = NULL;
	wr_buf_free(&key);
	wr_buf_free(&value);
}

wr_status wr_replay_take(wr_scan_reader *r, wr_err *err)
{
	wr_run *run = r->task->run;

	r->taking = r->again;
	r->again = r->again->next;
	wr_status status = wr_scan_reader_take(r, &r->taking->bad.rec, 1, err);

	if (status == WR_OK && r->taking) {
		pthread_mutex_lock(&run->bad_lock);
		remove_kept(run, r->taking->bad.number);
		pthread_mutex_unlock(&run->bad_lock);
	}
	r->taking = NULL;
	return status;
}

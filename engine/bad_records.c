/*
 * Bad records: kept in the query's errors store, as part of the same atomic write as everything
 * else, so that each is there once. Key: a sequence number. Value: a line of JSON-free fields,
 * length-prefixed: topic, partition, offset, reason, key bytes, value bytes. Bounded by errors.max:
 * the oldest goes.
 */
#include <stdlib.h>

#include "engine/run.h"
#include "state/keyenc.h"

static void put_bytes(wr_buf *b, wr_str s)
{
	wr_buf_u32(b, s.p ? s.n + 1 : 0);	/* 0: null */
	wr_buf_str(b, s);
}

static void keep(wr_run *run, wr_str topic, const wr_record *rec, wr_str reason)
{
	wr_buf key = { 0 }, value = { 0 };
	int64_t max = wr_setting_int(run->spec->settings, WR_SET_ERRORS_MAX);

	wr_key_put_i64(&key, (int64_t)run->error_seq);
	put_bytes(&value, topic);
	wr_buf_u32(&value, (uint32_t)rec->partition);
	wr_buf_u64(&value, (uint64_t)rec->offset);
	put_bytes(&value, reason);
	put_bytes(&value, rec->key);
	put_bytes(&value, rec->value);
	wr_store_put(run->errors, wr_buf_view(&key), wr_buf_view(&value));
	if (max && (int64_t)run->error_seq >= max) {
		wr_buf_reset(&key);
		wr_key_put_i64(&key, (int64_t)run->error_seq - max);
		wr_store_del(run->errors, wr_buf_view(&key));
	}
	run->error_seq++;
	wr_buf_free(&key);
	wr_buf_free(&value);
}

wr_status wr_run_bad_record(wr_run *run, const wr_scan *scan, const wr_record *rec, const wr_err *why,
			    wr_err *err)
{
	wr_str topic = scan->source->topic.n ? scan->source->topic : scan->source->file;

	run->bad++;
	if (scan->source->on_error == WR_ON_ERROR_SKIP)
		return WR_OK;
	if (scan->source->on_error == WR_ON_ERROR_STOP) {
		wr_err_set(err, WR_ERR_DATA, WR_NO_SPAN, "bad record in %.*s, partition %d, offset %lld: %s",
			   WR_STR_ARG(topic), rec->partition, (long long)rec->offset, why->message);
		return wr_err_hint(err, "ON_ERROR='DEAD_LETTER' keeps such records apart and goes on");
	}
	pthread_mutex_lock(&run->sink_lock);
	keep(run, topic, rec, wr_str_of(why->message));
	pthread_mutex_unlock(&run->sink_lock);
	return WR_OK;
}

void wr_run_refused(void *self, const wr_refused *r)
{
	wr_run *run = self;
	wr_record rec = { .partition = (int32_t)r->lane, .offset = (int64_t)r->number,
			  .key = wr_str_of(r->id), .value = r->body };

	run->bad++;
	pthread_mutex_lock(&run->sink_lock);
	keep(run, run->spec->sink_spec->name, &rec, wr_str_of(r->reason));
	pthread_mutex_unlock(&run->sink_lock);
}

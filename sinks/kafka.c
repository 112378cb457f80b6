/*
 * Kafka topics as sinks. All writers share one producer.
 *
 * Exactly once: the producer writes one transaction after the other. An epoch's witness is its
 * number, committed with its records as the offset of the topic's partition 0 in a group of the
 * query's own; transactional id and group are both "weir-INCARNATION". The mark is "INCARNATION N",
 * N the last witness: epochs without records commit nothing here and keep it. The first epoch under
 * this regime has no records and always commits, so that a missing witness later is never normal.
 *
 * At least once: the mark says nothing; it is given when all records are acknowledged, so that a
 * crash before the commit leaves records that will be written again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "io/kafka.h"
#include "sinks/records.h"
#include "sinks/sink_list.h"
#include "sinks/witness.h"

/* Brokers forget a group's offsets after days (seven, as they come): a query that reads and writes
 * nothing commits now and then. */
static const int64_t REFRESH_NS = 6 * 3600 * 1000000000ll;

typedef struct kafka_writer kafka_writer;
typedef struct kafka_sink {
	wr_sink sink;
	wr_kafka_writer *k;
	kafka_writer *writers;
	char id[64];	      /* of transactions and their group; "": at least once */
	int64_t witness;      /* the last committed; -1: none under this regime */
	int64_t committed_ns; /* when it was, or this sink was opened */
	bool deciding;	      /* the commit was asked for and its answer is not known */
} kafka_sink;

struct kafka_writer {
	wr_sink_writer writer;
	wr_arena *arena;
	wr_row_encoder encoder;
	bool wrote; /* in this epoch; others look while the task stands still */
	kafka_writer *next;
};

static wr_status check(const wr_sink_spec *spec, wr_err *err)
{
	if (spec->nprops == 0)
		return WR_OK;
	return wr_err_set(err, WR_ERR_STATEMENT, spec->props[0].span,
			  "a topic has no property %.*s", WR_STR_ARG(spec->props[0].name));
}

static wr_status open_sink(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
			   wr_err *err)
{
	kafka_sink *s = wr_calloc(1, sizeof *s);
	wr_kafka_txn txn = { s->id,
			     (int)wr_setting_int(cx->settings, WR_SET_TRANSACTION_TIMEOUT_MS) };

	s->sink = (wr_sink){ &wr_sink_kafka, spec, cx };
	s->witness = wr_witness_get(mark, cx->incarnation);
	s->committed_ns = wr_clock_mono_ns();
	if (cx->decides)
		snprintf(s->id, sizeof s->id, "weir-%s", cx->incarnation);
	if (wr_kafka_writer_open(cx->io->broker, cx->io->kafka_conf, spec->topic,
				 cx->decides ? &txn : NULL, &s->k, err)) {
		free(s);
		return WR_FAIL;
	}
	wr_kafka_writer_ends(s->k, cx->stopping, cx->self);
	if (WR_FAULT_FAIL("kafka.before_init", err) ||
	    (cx->decides && wr_kafka_txn_init(s->k, err)) || WR_FAULT_FAIL("kafka.init", err)) {
		wr_kafka_writer_close(s->k);
		free(s);
		return WR_FAIL;
	}
	*out = &s->sink;
	return WR_OK;
}

static wr_status open_writer(wr_sink *sink, uint16_t task, wr_sink_writer **out, wr_err *err)
{
	kafka_sink *s = (kafka_sink *)sink;
	kafka_writer *w = wr_calloc(1, sizeof *w);

	w->writer = (wr_sink_writer){ sink, task };
	w->arena = wr_arena_new();
	w->next = s->writers;
	s->writers = w;
	*out = &w->writer;
	return wr_row_encoder_open(&w->encoder, w->arena, sink->spec, err);
}

static wr_status write_rows(wr_sink_writer *writer, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	kafka_writer *w = (kafka_writer *)writer;
	wr_kafka_writer *k = ((kafka_sink *)writer->sink)->k;
	wr_record rec;
	uint64_t bytes = 0;

	w->wrote |= n > 0;
	if (WR_FAULT_FAIL("kafka.put", err))
		return WR_FAIL;
	for (uint32_t i = at; i < at + n; i++) {
		if (!wr_row_encode(&w->encoder, b, i, &rec))
			continue;
		if (wr_kafka_writer_put(k, &rec, err))
			return WR_FAIL;
		bytes += w->encoder.bytes.n;
	}
	atomic_fetch_add_explicit(&writer->sink->cx->out_bytes, bytes, memory_order_relaxed);
	return wr_kafka_writer_serve(k, err);
}

static wr_status mark_epoch(wr_sink *sink, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	(void)epoch;
	(void)mark;
	return wr_kafka_writer_flush(((kafka_sink *)sink)->k, err);
}

/* ---------------------------------------------------------------- exactly once */

static bool any_wrote(const kafka_sink *s)
{
	bool any = false;

	for (const kafka_writer *w = s->writers; w; w = w->next)
		any |= w->wrote;
	return any;
}

static wr_status prepare(wr_sink *sink, uint64_t epoch, wr_buf *mark, bool *open, wr_err *err)
{
	kafka_sink *s = (kafka_sink *)sink;

	*open = s->witness < 0 || any_wrote(s) || wr_clock_mono_ns() - s->committed_ns > REFRESH_NS;
	wr_witness_put(mark, sink->cx->incarnation, *open ? (int64_t)epoch : s->witness);
	if (!*open)
		return WR_OK;
	if (wr_kafka_writer_flush(s->k, err) || WR_FAULT_FAIL("kafka.before_witness", err))
		return WR_FAIL;
	return wr_kafka_txn_witness(s->k, s->id, (int64_t)epoch, err)
		   ? WR_FAIL
		   : WR_FAULT_FAIL("kafka.ready", err);
}

static wr_status commit(wr_sink *sink, uint64_t epoch, wr_err *err)
{
	kafka_sink *s = (kafka_sink *)sink;

	s->deciding = true;
	if (WR_FAULT_FAIL("kafka.before_commit", err) ||
	    wr_kafka_txn_commit(s->k, sink->cx->stopping, sink->cx->self, err))
		return WR_FAIL;
	s->deciding = false;
	s->witness = (int64_t)epoch;
	s->committed_ns = wr_clock_mono_ns();
	for (kafka_writer *w = s->writers; w; w = w->next)
		w->wrote = false;
	return WR_FAULT_FAIL("kafka.after_commit", err);
}

static wr_status decided(wr_sink *sink, const uint64_t *pending, bool *committed, wr_err *err)
{
	kafka_sink *s = (kafka_sink *)sink;
	const wr_io *io = sink->cx->io;
	char topic[300];

	*committed = false;
	if (s->witness < 0 && !pending)
		return WR_OK;
	snprintf(topic, sizeof topic, "topic %.*s", WR_STR_ARG(sink->spec->topic));
	wr_witness w = { sink->cx->incarnation, "the broker", wr_str_of(topic), s->witness, -1 };

	if (WR_FAULT_FAIL("kafka.ask", err) ||
	    wr_kafka_witness(io->broker, io->kafka_conf, sink->spec->topic, s->id, &w.found, err) ||
	    wr_witness_judge(&w, pending, committed, err))
		return WR_FAIL;
	if (*committed)
		s->witness = w.found;
	return WR_OK;
}

static void close_sink(wr_sink *sink)
{
	kafka_sink *s = (kafka_sink *)sink;

	if (s->id[0] && !s->deciding && any_wrote(s))
		wr_kafka_txn_abort(s->k);
	while (s->writers) {
		kafka_writer *next = s->writers->next;

		wr_row_encoder_close(&s->writers->encoder);
		wr_arena_free(s->writers->arena);
		free(s->writers);
		s->writers = next;
	}
	wr_kafka_writer_close(s->k);
	free(s);
}

const wr_sink_def wr_sink_kafka = {
	.type = "kafka",
	.kind = WR_SINK_DECIDER,
	.parallel = true,
	.check = check,
	.open = open_sink,
	.writer = open_writer,
	.write = write_rows,
	.mark = mark_epoch,
	.prepare = prepare,
	.commit = commit,
	.decided = decided,
	.close = close_sink,
};

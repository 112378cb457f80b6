/*
 * Kafka topics as sinks. All writers share one producer. The mark of an epoch says nothing: it is given when all records are acknowledged, so that a
 * crash before the commit leaves records that will be written again: at least once.
 */
#include <stdlib.h>

#include "io/kafka.h"
#include "sinks/records.h"
#include "sinks/sink_list.h"

typedef struct kafka_writer kafka_writer;
typedef struct kafka_sink {
	wr_sink sink;
	wr_kafka_writer *k;
	kafka_writer *writers;
} kafka_sink;

struct kafka_writer {
	wr_sink_writer writer;
	wr_arena *arena;
	wr_row_encoder encoder;
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

	(void)mark;
	s->sink = (wr_sink){ &wr_sink_kafka, spec, cx };
	if (wr_kafka_writer_open(cx->io->broker, cx->io->kafka_conf, spec->topic, &s->k, err)) {
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

	for (uint32_t i = at; i < at + n; i++)
		if (wr_row_encode(&w->encoder, b, i, &rec) && wr_kafka_writer_put(k, &rec, err))
			return WR_FAIL;
	return wr_kafka_writer_serve(k, err);
}

static wr_status mark_epoch(wr_sink *sink, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	(void)epoch;
	(void)mark;
	return wr_kafka_writer_flush(((kafka_sink *)sink)->k, err);
}

static void close_sink(wr_sink *sink)
{
	kafka_sink *s = (kafka_sink *)sink;

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
	.close = close_sink,
};

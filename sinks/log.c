/*
 * Embedded topics as sinks, on disk ("log") and in memory ("memory"). A follower: an epoch's
 * records are appended undecided and synced, the mark (eight bytes: the number that they were
 * appended under) goes into the query's atomic write, and only then they are decided.
 *
 *	open with mark m      frames above m are aborted; from now on frames carry m + 1
 *	write                 append, undecided
 *	mark                  sync; says m + 1; from now on frames carry m + 2
 *	committed             decide m + 1
 *
 * The number is the sink's own count, not the engine's epoch: an epoch may be marked and not told
 * as committed (the first one, which holds nothing), and where rows are moved by hand one epoch is
 * shown in several steps.
 */
#include <stdlib.h>

#include "core/fault.h"
#include "io/topics.h"
#include "sinks/records.h"
#include "sinks/sink_list.h"

enum { PIECE = 256 }; /* records appended at once */

typedef struct log_writer log_writer;
typedef struct log_sink {
	wr_sink sink;
	wr_topics *topics;
	uint64_t number; /* of the frames written now */
	uint64_t marked; /* of those in the last mark */
	log_writer *writers;
} log_sink;

struct log_writer {
	wr_sink_writer writer;
	wr_arena *arena;
	wr_row_encoder encoder;
	wr_buf bytes; /* of the piece */
	wr_record records[PIECE];
	size_t at[PIECE]; /* where each record's bytes begin in `bytes` */
	uint32_t n;
	log_writer *next;
};

static wr_status check(const wr_sink_spec *spec, wr_err *err)
{
	if (spec->nprops == 0)
		return WR_OK;
	return wr_err_set(err, WR_ERR_STATEMENT, spec->props[0].span,
			  "a topic has no property %.*s", WR_STR_ARG(spec->props[0].name));
}

static uint64_t number_of(wr_str mark)
{
	uint64_t n = 0;

	if (mark.p && mark.n == sizeof n)
		memcpy(&n, mark.p, sizeof n);
	return n;
}

static wr_status open_sink(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
			   wr_err *err)
{
	uint64_t committed = number_of(mark);
	log_sink *s = wr_calloc(1, sizeof *s);

	s->sink = (wr_sink){ spec->type[0] == 'l' ? &wr_sink_log : &wr_sink_memory, spec, cx };
	s->topics = cx->io->topics;
	s->number = committed + 1;
	if (wr_topics_create(s->topics, spec->topic, spec->partitions > 0 ? spec->partitions : 1,
			     err) ||
	    wr_topics_writer(s->topics, cx->incarnation, committed, err)) {
		free(s);
		return WR_FAIL;
	}
	*out = &s->sink;
	return WR_OK;
}

static wr_status open_writer(wr_sink *sink, uint16_t task, wr_sink_writer **out, wr_err *err)
{
	log_sink *s = (log_sink *)sink;
	log_writer *w = wr_calloc(1, sizeof *w);

	w->writer = (wr_sink_writer){ sink, task };
	w->arena = wr_arena_new();
	w->next = s->writers;
	s->writers = w;
	*out = &w->writer;
	return wr_row_encoder_open(&w->encoder, w->arena, sink->spec, err);
}

/* Makes pointers of the places in `bytes`, which has stopped moving. */
static void place(log_writer *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		wr_record *r = &w->records[i];
		const char *p = (w->bytes.p ? w->bytes.p : "") + w->at[i];

		if (r->key.p)
			r->key.p = p;
		if (r->value.p)
			r->value.p = p + (r->key.p ? r->key.n : 0);
	}
}

static wr_status append(log_writer *w, wr_err *err)
{
	log_sink *s = (log_sink *)w->writer.sink;

	place(w);
	wr_status status = wr_topics_append_all(s->topics, s->sink.spec->topic, w->records, w->n,
						s->sink.cx->incarnation, s->number, err);

	atomic_fetch_add_explicit(&s->sink.cx->out_bytes, w->bytes.n, memory_order_relaxed);
	w->n = 0;
	wr_buf_reset(&w->bytes);
	return status;
}

static wr_status write_rows(wr_sink_writer *writer, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	log_writer *w = (log_writer *)writer;

	for (uint32_t i = at; i < at + n; i++) {
		wr_record *r = &w->records[w->n];

		if (!wr_row_encode(&w->encoder, b, i, r))
			continue;
		if (writer->sink->cx->io->one_partition)
			r->partition = 0;
		w->at[w->n++] = w->bytes.n;
		wr_buf_put(&w->bytes, w->encoder.bytes.p, w->encoder.bytes.n);
		if (w->n == PIECE && append(w, err))
			return WR_FAIL;
	}
	return w->n ? append(w, err) : WR_OK;
}

static wr_status mark_epoch(wr_sink *sink, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	log_sink *s = (log_sink *)sink;

	(void)epoch;
	if (wr_topics_sync(s->topics, sink->spec->topic, err))
		return WR_FAIL;
	s->marked = s->number++;
	wr_buf_put(mark, &s->marked, sizeof s->marked);
	return WR_OK;
}

static wr_status committed(wr_sink *sink, uint64_t epoch, bool final, wr_err *err)
{
	log_sink *s = (log_sink *)sink;

	(void)epoch;
	(void) final;
	if (WR_FAULT_FAIL("topics.decide", err))
		return WR_FAIL;
	wr_topics_decide(s->topics, sink->cx->incarnation, s->marked);
	return WR_OK;
}

static void close_sink(wr_sink *sink)
{
	log_sink *s = (log_sink *)sink;

	while (s->writers) {
		log_writer *next = s->writers->next;

		wr_row_encoder_close(&s->writers->encoder);
		wr_buf_free(&s->writers->bytes);
		wr_arena_free(s->writers->arena);
		free(s->writers);
		s->writers = next;
	}
	free(s);
}

#define TOPIC_SINK(name)                                                                           \
	{                                                                                          \
		.type = name, .kind = WR_SINK_FOLLOWER, .parallel = true, .check = check,          \
		.open = open_sink, .writer = open_writer, .write = write_rows, .mark = mark_epoch, \
		.committed = committed, .close = close_sink,                                       \
	}

const wr_sink_def wr_sink_log = TOPIC_SINK("log");
const wr_sink_def wr_sink_memory = TOPIC_SINK("memory");

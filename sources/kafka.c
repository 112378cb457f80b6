/* Kafka topics as sources. io/kafka.h does the work. */
#include <stdio.h>
#include <stdlib.h>

#include "io/kafka.h"
#include "io/kafka_admin.h"
#include "sources/source_list.h"

enum { PREFETCH_LEAST = 1 << 20 };

typedef struct kafka_reader {
	wr_reader reader;
	wr_kafka_reader *k;
} kafka_reader;

static wr_status partitions(const wr_io *io, const wr_source_spec *s, int32_t *n, wr_err *err)
{
	if (wr_kafka_topic_partitions(io->broker, io->kafka_conf, s->topic, n, err))
		return WR_FAIL;
	if (*n > 0)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "there is no topic %.*s at %s",
		   WR_STR_ARG(s->topic), io->broker);
	return wr_err_hint(
	    err, "SHOW TOPICS lists those there are; PARTITIONS in the WITH clause makes one");
}

static wr_status begin_at(const wr_io *io, const wr_source_spec *s, int64_t *first,
			  const int64_t *end, int32_t n, wr_err *err)
{
	switch (s->start) {
	case WR_START_EARLIEST: break;
	case WR_START_LATEST: memcpy(first, end, (size_t)n * sizeof *first); break;
	case WR_START_OFFSET:
		for (int32_t i = 0; i < n; i++)
			if (s->start_value > first[i])
				first[i] = s->start_value < end[i] ? s->start_value : end[i];
		break;
	case WR_START_TIME:
		return wr_kafka_at_time(io->broker, io->kafka_conf, s->topic, n, s->start_value,
					first, err);
	}
	return WR_OK;
}

static wr_status resolve(const wr_io *io, const wr_source_spec *s, wr_position *p, int32_t n,
			 wr_err *err)
{
	int64_t *first = wr_calloc((size_t)n * 2 + 1, sizeof *first), *end = first + n;
	wr_status status =
	    wr_kafka_ends(io->broker, io->kafka_conf, s->topic, n, first, end, err) ||
		    begin_at(io, s, first, end, n, err)
		? WR_FAIL
		: WR_OK;

	for (int32_t i = 0; i < n && status == WR_OK; i++)
		p[i] = (wr_position){ i, first[i], end[i] };
	free(first);
	return status;
}

static wr_status differs(const wr_io *io, const wr_source_spec *s, const wr_last_record *seen,
			 int32_t n, int32_t *which, wr_err *err)
{
	return wr_kafka_differs(io->broker, io->kafka_conf, s->topic, seen, n, which, err);
}

static wr_status open_reader(const wr_io *io, const wr_source_spec *s, const wr_position *p,
			     int32_t n, wr_reader **out, wr_err *err)
{
	kafka_reader *r = wr_calloc(1, sizeof *r);
	wr_kafka_from *from = wr_calloc((size_t)n + 1, sizeof *from);
	size_t prefetch = io->prefetch_bytes > PREFETCH_LEAST ? io->prefetch_bytes : PREFETCH_LEAST;

	r->reader.def = &wr_source_kafka;
	for (int32_t i = 0; i < n; i++)
		from[i] = (wr_kafka_from){ p[i].partition, p[i].next };
	wr_status status = wr_kafka_reader_open(io->broker, io->kafka_conf, s->topic, from, n,
						prefetch, &r->k, err);

	free(from);
	if (status) {
		free(r);
		return WR_FAIL;
	}
	*out = &r->reader;
	return WR_OK;
}

static wr_status poll_reader(wr_reader *reader, wr_record *out, uint32_t max, int timeout_ms,
			     uint32_t *n, wr_err *err)
{
	kafka_reader *r = (kafka_reader *)reader;

	if (wr_kafka_reader_poll(r->k, out, max, timeout_ms, n, err))
		return WR_FAIL;
	wr_kafka_reader_trouble(r->k, reader->trouble);
	return WR_OK;
}

static void release(wr_reader *reader)
{
	wr_kafka_reader_release(((kafka_reader *)reader)->k);
}

static int64_t next(wr_reader *reader, int32_t i, bool *at_end)
{
	return wr_kafka_reader_next(((kafka_reader *)reader)->k, i, at_end);
}

static bool confirm_end(wr_reader *reader, int32_t i)
{
	return wr_kafka_reader_confirm_end(((kafka_reader *)reader)->k, i);
}

static int32_t count(wr_reader *reader)
{
	return wr_kafka_reader_partitions(((kafka_reader *)reader)->k);
}

static int wait_fd(wr_reader *reader)
{
	return wr_kafka_reader_fd(((kafka_reader *)reader)->k);
}

static void close_reader(wr_reader *reader)
{
	wr_kafka_reader_close(((kafka_reader *)reader)->k);
	free(reader);
}

const wr_source_def wr_source_kafka = {
	.kind = "kafka",
	.time_is_rough = true, /* the ends of transactions bear the broker's time */
	.partitions = partitions,
	.resolve = resolve,
	.differs = differs,
	.open = open_reader,
	.poll = poll_reader,
	.release = release,
	.next = next,
	.confirm_end = confirm_end,
	.count = count,
	.wait_fd = wait_fd,
	.close = close_reader,
};

/*
 * Embedded topics as sources, on disk ("log") and in memory ("memory"): io/topics.h does the work.
 */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/topics.h"
#include "sources/source_list.h"

typedef struct log_reader {
	wr_reader reader;
	wr_topics *topics;
	wr_str topic;
	int fd;		 /* -1: could not be had, callers poll */
	int32_t n, turn; /* partitions; the one that is asked first next time */
	wr_topic_cursor **cursors;
	int32_t *parts;
	int64_t *next;
} log_reader;

static wr_status unknown(const wr_source_spec *s, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "there is no topic %.*s",
		   WR_STR_ARG(s->topic));
	return wr_err_hint(
	    err, "SHOW TOPICS lists those there are; PARTITIONS in the WITH clause makes one");
}

static wr_status partitions(const wr_io *io, const wr_source_spec *s, int32_t *n, wr_err *err)
{
	*n = wr_topics_partitions(io->topics, s->topic);
	return *n > 0 ? WR_OK : unknown(s, err);
}

static wr_status resolve(const wr_io *io, const wr_source_spec *s, wr_position *p, int32_t n,
			 wr_err *err)
{
	if (wr_topics_partitions(io->topics, s->topic) < n)
		return unknown(s, err);
	for (int32_t i = 0; i < n; i++) {
		p[i].partition = i;
		p[i].end = wr_topics_end(io->topics, s->topic, i);
		switch (s->start) {
		case WR_START_EARLIEST: p[i].next = 0; break;
		case WR_START_LATEST: p[i].next = p[i].end; break;
		case WR_START_OFFSET:
			p[i].next = s->start_value < p[i].end ? s->start_value : p[i].end;
			break;
		case WR_START_TIME:
			p[i].next = wr_topics_at_time(io->topics, s->topic, i, s->start_value);
			break;
		}
	}
	return WR_OK;
}

static void close_reader(wr_reader *r)
{
	log_reader *l = (log_reader *)r;

	if (l->fd >= 0) {
		wr_topics_unwatch(l->topics, l->topic, l->fd);
		close(l->fd);
	}
	for (int32_t i = 0; i < l->n; i++)
		wr_topic_cursor_close(l->cursors[i]);
	free(l->cursors);
	free(l->parts);
	free(l->next);
	free(l);
}

static wr_status open_reader(const wr_io *io, const wr_source_spec *s, const wr_position *p,
			     int32_t n, wr_reader **out, wr_err *err)
{
	log_reader *l = wr_calloc(1, sizeof *l);

	l->reader.def = s->kind[0] == 'l' ? &wr_source_log : &wr_source_memory;
	l->topics = io->topics;
	l->topic = s->topic;
	l->fd = -1;
	l->cursors = wr_calloc((size_t)n + 1, sizeof *l->cursors);
	l->parts = wr_calloc((size_t)n + 1, sizeof *l->parts);
	l->next = wr_calloc((size_t)n + 1, sizeof *l->next);
	for (; l->n < n; l->n++) {
		l->parts[l->n] = p[l->n].partition;
		l->next[l->n] = p[l->n].next;
		if (wr_topic_cursor_open(io->topics, s->topic, p[l->n].partition, p[l->n].next,
					 &l->cursors[l->n], err)) {
			close_reader(&l->reader);
			return WR_FAIL;
		}
	}
	l->fd = wr_topics_watch(io->topics, s->topic);
	*out = &l->reader;
	return WR_OK;
}

/* Forgets what woke us: before looking, so that whatever comes later wakes again. */
static void drain(const log_reader *l)
{
	uint64_t ignored;

	if (l->fd >= 0)
		(void)!read(l->fd, &ignored, sizeof ignored);
}

static wr_status take(log_reader *l, wr_record *out, uint32_t max, uint32_t *n, wr_err *err)
{
	*n = 0;
	drain(l);
	for (int32_t i = 0; i < l->n && *n < max; i++) {
		int32_t at = (l->turn + i) % l->n;

		*n += wr_topic_cursor_read(l->cursors[at], out + *n, max - *n, &l->next[at]);
	}
	if (l->n)
		l->turn = (l->turn + 1) % l->n;
	for (int32_t i = 0; i < l->n && *n == 0; i++)
		if (wr_topic_cursor_health(l->cursors[i], err))
			return WR_FAIL;
	return WR_OK;
}

static wr_status poll_reader(wr_reader *r, wr_record *out, uint32_t max, int timeout_ms,
			     uint32_t *n, wr_err *err)
{
	log_reader *l = (log_reader *)r;
	struct pollfd fd = { .fd = l->fd, .events = POLLIN };

	if (take(l, out, max, n, err))
		return WR_FAIL;
	if (*n || timeout_ms == 0 || l->fd < 0 || poll(&fd, 1, timeout_ms) <= 0)
		return WR_OK;
	return take(l, out, max, n, err);
}

/* Records point into the cursors' buffers, which the next poll changes. */
static void release(wr_reader *r)
{
	(void)r;
}

static int64_t next(wr_reader *r, int32_t i, bool *at_end)
{
	log_reader *l = (log_reader *)r;

	*at_end = l->next[i] >= wr_topics_end(l->topics, l->topic, l->parts[i]);
	return l->next[i];
}

static int wait_fd(wr_reader *r)
{
	return ((log_reader *)r)->fd;
}

#define TOPIC_SOURCE(name)                                                                         \
	{                                                                                          \
		.kind = name, .partitions = partitions, .resolve = resolve, .open = open_reader,   \
		.poll = poll_reader, .release = release, .next = next, .wait_fd = wait_fd,         \
		.close = close_reader,                                                             \
	}

const wr_source_def wr_source_log = TOPIC_SOURCE("log");
const wr_source_def wr_source_memory = TOPIC_SOURCE("memory");

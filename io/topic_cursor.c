/*
 * Reading embedded topics. A cursor copies a piece of its partition's decided bytes and hands out
 * records that point into the copy; the copy stays until the next call that has used it up. Pieces
 * grow from 4 to 256 KiB, so that a look at one record is cheap and a long read fast.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/topic_internal.h"

enum { FIRST_PIECE = 4096, LAST_PIECE = 256 << 10 };

struct wr_topic_cursor {
	wr_topics *topics;
	wr_topic *topic;
	wr_part *part;
	int32_t partition;
	int64_t from; /* records before this offset are passed over */
	int64_t next; /* offset of the frame at `pos + at` */
	uint64_t pos; /* where buf begins */
	wr_buf buf;
	size_t at, piece;
	wr_arena *arena; /* headers */
	wr_err err;
};

wr_status wr_topic_cursor_open(wr_topics *t, wr_str name, int32_t partition, int64_t offset,
			       wr_topic_cursor **out, wr_err *err)
{
	wr_topic *topic = wr_topic_hold(t, name);

	if (!topic)
		return wr_topic_unknown(name, err);
	if (partition < 0 || partition >= topic->nparts) {
		wr_topic_release(t, topic);
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				  "topic %.*s has no partition %d", WR_STR_ARG(name), partition);
	}
	wr_topic_cursor *c = wr_calloc(1, sizeof *c);

	*c = (wr_topic_cursor){ .topics = t,
				.topic = topic,
				.part = &topic->parts[partition],
				.partition = partition,
				.from = offset,
				.piece = FIRST_PIECE,
				.err = WR_ERR_INIT };
	wr_part_mark m = wr_part_mark_at(c->part, offset);

	c->pos = m.pos;
	c->next = m.offset;
	c->arena = wr_arena_new();
	*out = c;
	return WR_OK;
}

/* Takes the next piece, at least `least` bytes of it when they are there. */
static bool refill(wr_topic_cursor *c, size_t least)
{
	bool any = false;

	c->pos += c->at;
	c->at = 0;
	if (wr_part_read(c->part, &c->pos, &c->next, least > c->piece ? least : c->piece, &c->buf,
			 &any, &c->err)) {
		c->buf.n = 0;
		return false;
	}
	if (c->piece < LAST_PIECE)
		c->piece *= 2;
	return any;
}

/* Files may have been damaged; memory is not looked at twice. */
static bool sound(wr_topic_cursor *c, wr_frame *f)
{
	if (c->part->fd < 0 || wr_frame_whole(f, c->buf.p + c->at, c->buf.n - c->at))
		return true;
	wr_err_set(&c->err, WR_ERR_IO, WR_NO_SPAN, "%s is damaged at byte %llu (offset %lld)",
		   c->part->path, (unsigned long long)(c->pos + c->at), (long long)c->next);
	return false;
}

/*
 * The frame at c->at, all in buf. keep: records handed out already point into buf, so it must stay.
 */
static bool have_frame(wr_topic_cursor *c, wr_frame *f, bool keep)
{
	if (wr_frame_head(f, c->buf.p + c->at, c->buf.n - c->at))
		return sound(c, f);
	if (keep || !refill(c, 0))
		return false;
	if (c->buf.n >= sizeof *f && !wr_frame_head(f, c->buf.p, c->buf.n)) {
		memcpy(f, c->buf.p, sizeof *f);
		if (f->size > INT32_MAX || !refill(c, f->size) ||
		    !wr_frame_head(f, c->buf.p, c->buf.n))
			return sound(c, f) && false;
	}
	return c->buf.n >= sizeof *f && sound(c, f);
}

uint32_t wr_topic_cursor_read(wr_topic_cursor *c, wr_record *out, uint32_t max, int64_t *next)
{
	uint32_t n = 0;
	wr_frame f;

	wr_arena_reset(c->arena);
	while (n < max && have_frame(c, &f, n > 0)) {
		if (f.offset >= c->from) {
			wr_frame_record(&f, c->buf.p + c->at, c->arena, &out[n]);
			out[n++].partition = c->partition;
		}
		c->at += f.size;
		c->next = f.offset + 1;
	}
	*next = c->next > c->from ? c->next : c->from;
	return n;
}

wr_status wr_topic_cursor_health(const wr_topic_cursor *c, wr_err *err)
{
	if (c->err.cls != WR_ERR_NONE) {
		*err = c->err;
		return WR_FAIL;
	}
	if (c->topic->deleted)
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "topic %.*s was deleted",
				  WR_STR_ARG(c->topic->name));
	return WR_OK;
}

void wr_topic_cursor_close(wr_topic_cursor *c)
{
	if (!c)
		return;
	wr_topic_release(c->topics, c->topic);
	wr_buf_free(&c->buf);
	wr_arena_free(c->arena);
	free(c);
}

/* ---------------------------------------------------------------- ends, times, watching */

int64_t wr_topics_end(wr_topics *t, wr_str name, int32_t partition)
{
	wr_topic *topic = wr_topic_hold(t, name);
	int64_t end = 0;

	if (!topic)
		return 0;
	if (partition >= 0 && partition < topic->nparts)
		end = wr_part_decided(&topic->parts[partition]);
	wr_topic_release(t, topic);
	return end;
}

int64_t wr_topics_at_time(wr_topics *t, wr_str name, int32_t partition, int64_t ms)
{
	wr_topic_cursor *c;
	wr_err err = WR_ERR_INIT;
	wr_record rec;
	int64_t next;

	if (wr_topic_cursor_open(t, name, partition, 0, &c, &err))
		return 0;
	wr_part_mark m = wr_part_mark_before_time(c->part, ms);

	c->pos = m.pos;
	c->next = m.offset;
	int64_t found = -1;

	while (found < 0 && wr_topic_cursor_read(c, &rec, 1, &next))
		if (rec.timestamp >= ms)
			found = rec.offset;
	if (found < 0)
		found = next;
	wr_topic_cursor_close(c);
	return found;
}

int wr_topics_watch(wr_topics *t, wr_str name)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	pthread_mutex_lock(&t->lock);
	wr_topic *topic = wr_topic_find(t, name);

	if (topic && fd >= 0) {
		if (topic->nwatchers == topic->watchers_room) {
			topic->watchers_room = topic->watchers_room ? topic->watchers_room * 2 : 4;
			topic->watchers = wr_realloc(topic->watchers, topic->watchers_room *
									  sizeof *topic->watchers);
		}
		topic->watchers[topic->nwatchers++] = fd;
	}
	pthread_mutex_unlock(&t->lock);
	return fd;
}

void wr_topics_unwatch(wr_topics *t, wr_str name, int fd)
{
	pthread_mutex_lock(&t->lock);
	wr_topic *topic = wr_topic_find(t, name);

	for (uint32_t i = 0; topic && i < topic->nwatchers; i++)
		if (topic->watchers[i] == fd) {
			topic->watchers[i] = topic->watchers[--topic->nwatchers];
			break;
		}
	pthread_mutex_unlock(&t->lock);
}

/*
 * Files as topics: one record per line.
 *
 *	VALUE    a line is a record's value, partition 0, no key; offset is the byte that the line begins at
 *	RECORD   a line says topic, partition, offset, timestamp, headers, key, value (sources/file_line.h)
 *
 * A position is always a byte of the file, whatever offsets the records show: going on after a
 * restart is one seek. A reader of several partitions walks the file once; each partition has its
 * own place to begin, and lines before it are passed over. All partitions stand where the walk
 * stands.
 *
 * A file is read a megabyte at a time into one buffer; records point into it, so it is filled again
 * only when the records are released. Blank lines are no records. A line that is not what RECORD
 * wants becomes the value of a record of partition 0, so that the decoder reports it with its
 * place. A last line without a line break counts, but for FILE_FOLLOW, where the rest of it may
 * come yet. DELIMITED values may hold line breaks inside quotes.
 *
 * Times: a bare value has none; it gets the file's time of change (the same when it is read again),
 * or, followed, the time when it was read.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "io/files.h"
#include "sources/file_line.h"
#include "sources/source_list.h"

enum { CHUNK = 1 << 20, QUOTED_MAX = 1 << 20, LOOK_AGAIN_MS = 100 };

typedef struct file_reader {
	wr_reader reader;
	const wr_source_spec *spec;
	char path[PATH_MAX];
	int fd, notify;	  /* notify -1: not followed, or it cannot be */
	int64_t mtime;	  /* ms */
	int32_t n, total; /* partitions of ours; of the file */
	int32_t *parts;
	int64_t *start; /* per partition of ours: lines before are not for us */
	int32_t *slot;	/* per partition of the file: its index in ours, -1 */
	wr_buf buf;
	int64_t pos;	 /* of the file: where buf begins */
	size_t at;	 /* in buf: the next line */
	bool held;	 /* records point into buf */
	bool at_end;	 /* of the file, when last looked at */
	wr_arena *arena; /* headers */
} file_reader;

/* ---------------------------------------------------------------- lines */

/* The line break that ends the line at p; NULL: not in sight. */
static const char *line_end(const char *p, const char *end, bool delimited)
{
	const char *from = p, *stop = memchr(p, '\n', (size_t)(end - p)), *first = stop;
	bool open = false;

	while (delimited && stop) {
		for (const char *q = p; (q = memchr(q, '"', (size_t)(stop - q))); q++)
			open = !open;
		if (!open)
			return stop;
		if (stop - from > QUOTED_MAX)
			return first; /* a stray quote, no line break inside a value */
		p = stop + 1;
		stop = memchr(p, '\n', (size_t)(end - p));
	}
	return stop;
}

static bool blank(wr_str line)
{
	for (uint32_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t')
			return false;
	return true;
}

static wr_str trimmed(const char *p, const char *end)
{
	if (end > p && end[-1] == '\r')
		end--;
	return (wr_str){ p, (uint32_t)(end - p) };
}

/* ---------------------------------------------------------------- reading the file */

static wr_status open_file(const wr_source_spec *s, char *path, int *fd, struct stat *st,
			   wr_err *err)
{
	snprintf(path, PATH_MAX, "%.*s", WR_STR_ARG(s->file));
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "there is no file %s", path);
		return wr_err_hint(
		    err, "paths are looked up from the directory that the program was started in");
	}
	if (*fd < 0)
		return wr_file_fail(err, "open", path);
	if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode))
		return WR_OK;
	close(*fd);
	return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "%s is no ordinary file", path);
}

/* Moves what is left of buf to its front and reads on. *got: bytes that came. */
static wr_status refill(int fd, const char *path, wr_buf *buf, size_t *at, int64_t *pos,
			size_t *got, wr_err *err)
{
	size_t rest = buf->n - *at;

	if (rest && *at)
		memmove(buf->p, buf->p + *at, rest);
	*pos += (int64_t)*at;
	*at = 0;
	buf->n = rest;
	size_t want = rest >= CHUNK / 2 ? rest + CHUNK : CHUNK;
	char *to = wr_buf_reserve(buf, want);
	ssize_t n;

	do
		n = pread(fd, to, want, *pos + (int64_t)rest);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return wr_file_fail(err, "read", path);
	buf->n += (size_t)n;
	*got = (size_t)n;
	return WR_OK;
}

/* Calls visit with every whole line and its place, until it says false. */
typedef bool visit_line(void *self, wr_str line, int64_t pos);

static wr_status each_line(const wr_source_spec *s, visit_line *visit, void *self, wr_err *err)
{
	char path[PATH_MAX];
	struct stat st;
	wr_buf buf = { 0 };
	size_t at = 0, got = 1;
	int64_t pos = 0;
	wr_status status;
	int fd;

	if (open_file(s, path, &fd, &st, err))
		return WR_FAIL;
	while ((status = refill(fd, path, &buf, &at, &pos, &got, err)) == WR_OK) {
		const char *stop;

		while ((stop = line_end(buf.p + at, buf.p + buf.n, false)) ||
		       (got == 0 && at < buf.n)) {
			if (!stop)
				stop = buf.p + buf.n;
			if (!visit(self, trimmed(buf.p + at, stop), pos + (int64_t)at))
				goto out;
			at = (size_t)(stop - buf.p) + (stop < buf.p + buf.n);
		}
		if (got == 0)
			break;
	}
out:
	wr_buf_free(&buf);
	close(fd);
	return status;
}

/* ---------------------------------------------------------------- partitions, positions */

typedef struct part_search {
	wr_str topic;
	int32_t highest;
} part_search;

static bool look_at_partition(void *self, wr_str line, int64_t pos)
{
	part_search *f = self;
	int32_t p = wr_line_partition(line, f->topic);

	(void)pos;
	if (p > f->highest)
		f->highest = p;
	return true;
}

static wr_status partitions(const wr_io *io, const wr_source_spec *s, int32_t *n, wr_err *err)
{
	part_search f = { s->topic, 0 };
	char path[PATH_MAX];
	struct stat st;
	int fd;

	(void)io;
	if (open_file(s, path, &fd, &st, err))
		return WR_FAIL;
	close(fd);
	if (s->file_records && each_line(s, look_at_partition, &f, err))
		return WR_FAIL;
	*n = f.highest + 1;
	return WR_OK;
}

typedef struct time_search {
	const wr_source_spec *spec;
	wr_arena *arena;
	wr_position *p;
	int32_t n, left;
} time_search;

static bool look_at_time(void *self, wr_str line, int64_t pos)
{
	time_search *f = self;
	wr_record rec;
	wr_line_place place;

	wr_arena_reset(f->arena);
	if (wr_line_read(line, f->spec->topic, f->arena, &rec, &place) != WR_LINE_RECORD ||
	    rec.partition >= f->n || rec.timestamp < f->spec->start_value ||
	    f->p[rec.partition].next >= 0)
		return true;
	f->p[rec.partition].next = pos;
	return --f->left > 0;
}

static wr_status resolve_time(const wr_source_spec *s, wr_position *p, int32_t n, wr_err *err)
{
	time_search f = { s, wr_arena_new(), p, n, n };

	for (int32_t i = 0; i < n; i++)
		p[i].next = -1;
	wr_status status = each_line(s, look_at_time, &f, err);

	for (int32_t i = 0; i < n; i++)
		if (p[i].next < 0)
			p[i].next = p[i].end;
	wr_arena_free(f.arena);
	return status;
}

typedef struct line_search {
	int64_t wanted, found;
} line_search;

static bool look_at_place(void *self, wr_str line, int64_t pos)
{
	line_search *f = self;

	(void)line;
	if (pos >= f->wanted)
		f->found = pos;
	return f->found < 0;
}

/* The first line that begins at or behind the byte wanted. */
static wr_status line_from(const wr_source_spec *s, int64_t end, int64_t *next, wr_err *err)
{
	line_search f = { s->start_value, -1 };

	if (each_line(s, look_at_place, &f, err))
		return WR_FAIL;
	*next = f.found < 0 ? end : f.found;
	return WR_OK;
}

/* Followed: behind the last line break, for what stands there is not whole. */
static wr_status end_of(const wr_source_spec *s, int64_t *end, wr_err *err)
{
	char path[PATH_MAX], tail[4096];
	struct stat st;
	int fd;

	if (open_file(s, path, &fd, &st, err))
		return WR_FAIL;
	*end = st.st_size;
	while (s->file_follow && *end > 0) {
		size_t n = *end < (int64_t)sizeof tail ? (size_t)*end : sizeof tail;
		const char *stop;

		if (wr_file_read(fd, path, tail, n, *end - (int64_t)n, err)) {
			close(fd);
			return WR_FAIL;
		}
		stop = memrchr(tail, '\n', n);
		*end -= stop ? (int64_t)n - (stop + 1 - tail) : (int64_t)n;
		if (stop)
			break;
	}
	close(fd);
	return WR_OK;
}

static wr_status resolve(const wr_io *io, const wr_source_spec *s, wr_position *p, int32_t n,
			 wr_err *err)
{
	int64_t end, next = 0;

	(void)io;
	if (end_of(s, &end, err))
		return WR_FAIL;
	if (s->start == WR_START_TIME && !s->file_records) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
			   "START_AT names a time, but lines of bare values have none");
		return wr_err_hint(
		    err, "leave START_AT out and filter by a column, or use FILE_LAYOUT='RECORD'");
	}
	if (s->start == WR_START_LATEST)
		next = end;
	if (s->start == WR_START_OFFSET && line_from(s, end, &next, err))
		return WR_FAIL;
	for (int32_t i = 0; i < n; i++)
		p[i] = (wr_position){ i, next, end };
	return s->start == WR_START_TIME ? resolve_time(s, p, n, err) : WR_OK;
}

/* ---------------------------------------------------------------- a reader's life */

static void close_reader(wr_reader *reader)
{
	file_reader *r = (file_reader *)reader;

	if (r->fd >= 0)
		close(r->fd);
	if (r->notify >= 0)
		close(r->notify);
	wr_buf_free(&r->buf);
	wr_arena_free(r->arena);
	free(r->parts);
	free(r->start);
	free(r->slot);
	free(r);
}

static void place(file_reader *r, const wr_position *p, int32_t n)
{
	r->n = n;
	r->parts = wr_calloc((size_t)n + 1, sizeof *r->parts);
	r->start = wr_calloc((size_t)n + 1, sizeof *r->start);
	r->pos = n ? INT64_MAX : 0;
	for (int32_t i = 0; i < n; i++) {
		r->parts[i] = p[i].partition;
		r->start[i] = p[i].next;
		if (p[i].next < r->pos)
			r->pos = p[i].next;
	}
	r->slot = wr_calloc((size_t)r->total, sizeof *r->slot);
	for (int32_t i = 0; i < r->total; i++)
		r->slot[i] = -1;
	for (int32_t i = 0; i < n; i++)
		if (r->parts[i] < r->total)
			r->slot[r->parts[i]] = i;
}

static int watch(const char *path)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && inotify_add_watch(fd, path, IN_MODIFY) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static wr_status open_reader(const wr_io *io, const wr_source_spec *s, const wr_position *p,
			     int32_t n, wr_reader **out, wr_err *err)
{
	file_reader *r = wr_calloc(1, sizeof *r);
	struct stat st;

	r->reader.def = &wr_source_file;
	r->spec = s;
	r->fd = r->notify = -1;
	r->arena = wr_arena_new();
	r->total = 1;
	if ((s->file_records && partitions(io, s, &r->total, err)) ||
	    open_file(s, r->path, &r->fd, &st, err)) {
		close_reader(&r->reader);
		return WR_FAIL;
	}
	place(r, p, n);
	r->mtime = st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	if (r->pos > st.st_size) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
			   "%s has %lld bytes, but was read up to byte %lld before: it is another "
			   "file now",
			   r->path, (long long)st.st_size, (long long)r->pos);
		wr_err_hint(err, "put the old file back, or drop the query and create it anew");
		close_reader(&r->reader);
		return WR_FAIL;
	}
	(void)posix_fadvise(r->fd, r->pos, 0, POSIX_FADV_SEQUENTIAL);
	if (s->file_follow)
		r->notify = watch(r->path);
	*out = &r->reader;
	return WR_OK;
}

/* ---------------------------------------------------------------- records */

/* A line that RECORD cannot read: the decoder will say so. */
static void as_value(const file_reader *r, wr_str line, int64_t pos, wr_record *out)
{
	*out = (wr_record){ .value = line,
			    .offset = pos,
			    .timestamp = r->spec->file_follow ? wr_clock_ms() : r->mtime };
}

/* False: the line is no record of ours. */
static bool to_record(file_reader *r, wr_str line, int64_t pos, wr_record *out)
{
	wr_line_place place = { 0 };
	wr_line_kind kind = WR_LINE_BROKEN;

	if (blank(line))
		return false;
	if (r->spec->file_records)
		kind = wr_line_read(line, r->spec->topic, r->arena, out, &place);
	if (kind == WR_LINE_OTHER_TOPIC)
		return false;
	if (kind == WR_LINE_BROKEN) {
		as_value(r, line, pos, out);
	} else {
		if (!place.has_offset)
			out->offset = pos;
		if (!place.has_timestamp)
			out->timestamp = r->mtime;
	}
	if (out->partition >= r->total) /* came while the file grew */
		out->partition %= r->total;
	int32_t slot = r->slot[out->partition];

	return slot >= 0 && pos >= r->start[slot];
}

/* What buf holds, as records. last: the file ends where buf ends. */
static uint32_t take_lines(file_reader *r, wr_record *out, uint32_t max, bool last)
{
	const char *end = r->buf.p + r->buf.n;
	uint32_t n = 0;

	while (n < max && r->at < r->buf.n) {
		const char *p = r->buf.p + r->at, *stop = line_end(p, end, r->spec->file_delimited);

		if (!stop && (!last || r->spec->file_follow))
			break;
		if (!stop)
			stop = end;
		n += to_record(r, trimmed(p, stop), r->pos + (int64_t)r->at, &out[n]);
		r->at = (size_t)(stop - r->buf.p) + (stop < end);
	}
	return n;
}

static wr_status take(file_reader *r, wr_record *out, uint32_t max, uint32_t *n, wr_err *err)
{
	size_t got = 1;

	*n = r->buf.n ? take_lines(r, out, max, false) : 0;
	while (*n == 0 && !r->held && got) {
		wr_arena_reset(r->arena);
		if (refill(r->fd, r->path, &r->buf, &r->at, &r->pos, &got, err))
			return WR_FAIL;
		r->at_end = got == 0;
		*n = take_lines(r, out, max, got == 0);
	}
	r->held |= *n > 0;
	return WR_OK;
}

static wr_status still_whole(file_reader *r, wr_err *err)
{
	struct stat st;

	if (fstat(r->fd, &st) == 0 && st.st_size < r->pos + (int64_t)r->at)
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
				  "%s became shorter while it was followed", r->path);
	return WR_OK;
}

static void drain(const file_reader *r)
{
	char events[4096];

	while (r->notify >= 0 && read(r->notify, events, sizeof events) > 0)
		;
}

static wr_status poll_reader(wr_reader *reader, wr_record *out, uint32_t max, int timeout_ms,
			     uint32_t *n, wr_err *err)
{
	file_reader *r = (file_reader *)reader;
	struct pollfd fd = { .fd = r->notify, .events = POLLIN };

	*n = 0;
	if (!r->held)
		wr_arena_reset(r->arena);
	if (r->spec->file_follow)
		drain(r);
	if (take(r, out, max, n, err))
		return WR_FAIL;
	if (*n || r->held || !r->spec->file_follow)
		return WR_OK;
	if (still_whole(r, err))
		return WR_FAIL;
	if (timeout_ms == 0)
		return WR_OK;
	poll(&fd, r->notify >= 0,
	     timeout_ms < 0 || timeout_ms > LOOK_AGAIN_MS ? LOOK_AGAIN_MS : timeout_ms);
	drain(r);
	return take(r, out, max, n, err);
}

static void release(wr_reader *reader)
{
	((file_reader *)reader)->held = false;
}

static int64_t next(wr_reader *reader, int32_t i, bool *at_end)
{
	file_reader *r = (file_reader *)reader;
	int64_t here = r->pos + (int64_t)r->at;

	*at_end = r->at_end && (r->at == r->buf.n || r->spec->file_follow);
	return here > r->start[i] ? here : r->start[i];
}

static int wait_fd(wr_reader *reader)
{
	return ((file_reader *)reader)->notify;
}

const wr_source_def wr_source_file = {
	.kind = "file",
	.partition_in_record = true,
	.partitions = partitions,
	.resolve = resolve,
	.open = open_reader,
	.poll = poll_reader,
	.release = release,
	.next = next,
	.wait_fd = wait_fd,
	.close = close_reader,
};

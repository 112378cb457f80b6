/*
 * CSV, MODE='APPEND': every change as a line, in the order in which it came. A follower: lines are
 * written and synced before the epoch commits, and the mark that the epoch stores says how far the
 * file is ours:
 *
 *	"3 51200 1780000000000"    file number 3, its length, when it was begun (ms)
 *
 * Opened with a mark, the file is cut to that length and files of higher numbers are removed: they
 * hold what no epoch has. Opened without one, it begins anew, as a shell's > does.
 *
 * With ROTATE_… there are numbered files, out-000001.csv, out-000002.csv; a new one begins with the
 * first line behind the epoch that made the old one long or old enough. A compressed file is a row
 * of members, one an epoch, so that cutting at a mark leaves a whole one.
 *
 * Writers make lines in a buffer of their own; `lock` guards the file.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "io/files.h"
#include "sinks/csv.h"

enum { FLUSH = 1 << 18 };

typedef struct append_writer append_writer;
typedef struct append_sink {
	wr_csv csv;
	pthread_mutex_t lock;
	wr_csv_file *file; /* NULL: the next line begins one */
	char *path;	   /* of the file */
	unsigned number;   /* of the file; 0 where files do not rotate */
	int64_t started;
	int64_t length; /* of the last mark, while there is no file */
	append_writer *writers;
} append_sink;

struct append_writer {
	wr_sink_writer writer;
	wr_buf lines;
	append_writer *next;
};

static bool rotates(const append_sink *s)
{
	return s->csv.opt.rotate_bytes || s->csv.opt.rotate_ms;
}

/* dir/name.ext with -000007 before the first point of the name. */
static char *numbered(const append_sink *s, unsigned number)
{
	const char *path = s->csv.path, *name = strrchr(path, '/'), *dot;
	wr_buf out = { 0 };

	if (!rotates(s))
		return wr_strdup(path);
	name = name ? name + 1 : path;
	dot = strchr(name[0] ? name + 1 : name, '.');
	if (!dot)
		dot = path + strlen(path);
	wr_buf_printf(&out, "%.*s-%06u%s", (int)(dot - path), path, number, dot);
	return out.p;
}

static bool due(const append_sink *s, int64_t length)
{
	const wr_csv_options *o = &s->csv.opt;

	/* far below 0: the clock was set back between two processes */
	int64_t age = wr_clock_steady_ms() - s->started;

	return (o->rotate_bytes && length >= o->rotate_bytes) ||
	       (o->rotate_ms && (age >= o->rotate_ms || -age >= o->rotate_ms));
}

static wr_status open_file(append_sink *s, int64_t keep, wr_err *err)
{
	wr_buf header = { 0 };

	free(s->path);
	s->path = numbered(s, s->number);
	if (wr_csv_file_open(s->path, (wr_csv_compress)s->csv.opt.compress, keep, &s->file, err))
		return WR_FAIL;
	if (keep || !s->csv.opt.header)
		return WR_OK;
	wr_csv_header(&s->csv.format, &s->csv.fields, s->csv.opt.op_column, &header);
	wr_status status = wr_csv_file_put(s->file, wr_buf_view(&header), err);

	wr_buf_free(&header);
	return status;
}

static wr_status rotate(append_sink *s, wr_err *err)
{
	if (WR_FAULT_FAIL("csv_append.rotate", err))
		return WR_FAIL;
	s->number++;
	s->started = wr_clock_steady_ms();
	return open_file(s, 0, err);
}

/* Files that hold nothing committed, numbers from `number` on. */
static wr_status remove_beyond(const append_sink *s, unsigned number, wr_err *err)
{
	for (;; number++) {
		char *path = numbered(s, number);
		int gone = unlink(path), why = errno;

		if (gone && why != ENOENT)
			wr_file_fail(err, "remove", path);
		free(path);
		if (gone)
			return why == ENOENT ? WR_OK : WR_FAIL;
	}
}

static wr_status resume(append_sink *s, wr_str mark, wr_err *err)
{
	char text[80];

	snprintf(text, sizeof text, "%.*s", WR_STR_ARG(mark));
	if (sscanf(text, "%u %" SCNd64 " %" SCNd64, &s->number, &s->length, &s->started) != 3)
		return wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN,
				  "the stored mark of %s cannot be read", s->csv.path);
	if (WR_FAULT_FAIL("csv_append.resume", err))
		return WR_FAIL;
	if (!rotates(s))
		return open_file(s, s->length, err);
	if (remove_beyond(s, s->number + 1, err))
		return WR_FAIL;
	return due(s, s->length) ? WR_OK : open_file(s, s->length, err);
}

static wr_status begin(append_sink *s, wr_err *err)
{
	if (rotates(s) && remove_beyond(s, 1, err))
		return WR_FAIL;
	s->number = rotates(s) ? 1 : 0;
	s->started = wr_clock_steady_ms();
	return open_file(s, 0, err);
}

static void close_sink(wr_sink *sink)
{
	append_sink *s = (append_sink *)sink;

	while (s->writers) {
		append_writer *next = s->writers->next;

		wr_buf_free(&s->writers->lines);
		free(s->writers);
		s->writers = next;
	}
	wr_csv_file_close(s->file);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	wr_csv_done(&s->csv);
	free(s);
}

static wr_status open_sink(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
			   wr_err *err)
{
	append_sink *s = wr_calloc(1, sizeof *s);

	pthread_mutex_init(&s->lock, NULL);
	if (wr_csv_init(&s->csv, &wr_csv_append, spec, cx, err) ||
	    (mark.p ? resume(s, mark, err) : begin(s, err))) {
		close_sink(&s->csv.sink);
		return WR_FAIL;
	}
	*out = &s->csv.sink;
	return WR_OK;
}

static wr_status open_writer(wr_sink *sink, uint16_t task, wr_sink_writer **out, wr_err *err)
{
	append_sink *s = (append_sink *)sink;
	append_writer *w = wr_calloc(1, sizeof *w);

	(void)err;
	w->writer = (wr_sink_writer){ sink, task };
	pthread_mutex_lock(&s->lock);
	w->next = s->writers;
	s->writers = w;
	pthread_mutex_unlock(&s->lock);
	*out = &w->writer;
	return WR_OK;
}

/* ---------------------------------------------------------------- rows */

static wr_status flush(append_sink *s, append_writer *w, wr_err *err)
{
	if (!w->lines.n)
		return WR_OK;
	if (WR_FAULT_FAIL("csv_append.flush", err))
		return WR_FAIL;
	pthread_mutex_lock(&s->lock);
	wr_status status = !s->file && rotate(s, err)
			       ? WR_FAIL
			       : wr_csv_file_put(s->file, wr_buf_view(&w->lines), err);

	pthread_mutex_unlock(&s->lock);
	wr_buf_reset(&w->lines);
	return status;
}

/* c, u, d; 0: a row that is no line. */
static char op_of(const append_sink *s, uint8_t change)
{
	switch (change) {
	case WR_ROW_BEFORE: return 0;
	case WR_ROW_AFTER: return 'u';
	case WR_ROW_OLD:
	case WR_ROW_GONE: return s->csv.opt.op_column.p ? 'd' : 0;
	default: return 'c';
	}
}

static wr_status write_rows(wr_sink_writer *writer, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	append_writer *w = (append_writer *)writer;
	append_sink *s = (append_sink *)writer->sink;
	bool with_op = s->csv.opt.op_column.p != NULL;

	for (uint32_t i = at; i < at + n; i++) {
		char op = op_of(s, b->change[i]);

		if (op)
			wr_csv_row(&s->csv.format, &s->csv.fields, b, i, with_op ? op : 0,
				   &w->lines);
	}
	return w->lines.n >= FLUSH ? flush(s, w, err) : WR_OK;
}

static wr_status snapshot(wr_sink_writer *w, wr_err *err)
{
	return flush((append_sink *)w->sink, (append_writer *)w, err);
}

static wr_status sync_file(append_sink *s, wr_buf *mark, wr_err *err)
{
	if (s->file) {
		if (WR_FAULT_FAIL("csv_append.sync", err) || wr_csv_file_sync(s->file, err) ||
		    WR_FAULT_FAIL("csv_append.synced", err))
			return WR_FAIL;
		s->length = wr_csv_file_length(s->file);
	}
	wr_buf_printf(mark, "%u %" PRId64 " %" PRId64, s->number, s->length, s->started);
	if (s->file && due(s, s->length)) {
		wr_csv_file_close(s->file);
		s->file = NULL;
	}
	return WR_OK;
}

static wr_status mark_epoch(wr_sink *sink, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	append_sink *s = (append_sink *)sink;

	(void)epoch;
	for (append_writer *w = s->writers; w; w = w->next)
		if (flush(s, w, err))
			return WR_FAIL;
	pthread_mutex_lock(&s->lock);
	wr_status done = sync_file(s, mark, err);

	pthread_mutex_unlock(&s->lock);
	return done;
}

static void status(wr_sink *sink, wr_buf *out)
{
	append_sink *s = (append_sink *)sink;

	pthread_mutex_lock(&s->lock);
	wr_buf_printf(out, "%s, %" PRId64 " bytes", s->path,
		      s->file ? wr_csv_file_length(s->file) : s->length);
	pthread_mutex_unlock(&s->lock);
}

const wr_sink_def wr_csv_append = {
	.type = "csv",
	.kind = WR_SINK_FOLLOWER,
	.parallel = true,
	.open = open_sink,
	.writer = open_writer,
	.write = write_rows,
	.snapshot = snapshot,
	.mark = mark_epoch,
	.status = status,
	.close = close_sink,
};

/*
 * CSV, MODE='TABLE': the rows as they are now, in the order of their keys, in a file that is always
 * whole. A deriver: the lines live in the query's state, under
 *
 *	key columns (order-preserving), window start, window end  ->  the line
 *
 * and after a commit the file is written anew from a view of it: PATH.tmp, synced, renamed over
 * PATH. A thread does that, so that tasks do not wait; it rests nine times as long as it worked, so
 * that a large table takes a tenth of a processor. The first state after the start and the last one
 * are always written: committed(final) waits for it, close writes what is owed.
 *
 * A write that fails is told once and tried again: nothing is lost, the lines are in the state.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/wait.h"
#include "io/files.h"
#include "sinks/csv.h"
#include "state/keyenc.h"

enum { PIECE = 1 << 18, REST_TIMES = 9, RETRY_NS = 1000000000 };

typedef struct table_writer table_writer;
typedef struct table_sink {
	wr_csv csv;
	char *tmp; /* PATH.tmp */
	table_writer *writers;
	pthread_mutex_t lock; /* what follows */
	pthread_cond_t changed;
	pthread_t thread;
	bool started, stop;
	bool hurry;	       /* somebody waits: no rest */
	uint64_t wanted, done; /* versions of the file; wanted > done: it is owed */
	uint64_t tried;	       /* last version whose writing failed */
	int64_t not_before;    /* monotonic ns */
	uint64_t rows;
	wr_err trouble;
} table_sink;

struct table_writer {
	wr_sink_writer writer;
	wr_store *store;
	wr_buf key, line;
	_Atomic bool changed; /* since the last commit */
	table_writer *next;
};

/* ---------------------------------------------------------------- the file */

static wr_status put_rows(table_sink *s, wr_csv_file *f, uint64_t *rows, wr_err *err)
{
	wr_buf piece = { 0 };
	wr_str key, line;
	wr_view *v =
	    wr_view_open(s->csv.sink.cx->state, s->csv.sink.spec->op, (wr_str){ 0 }, (wr_str){ 0 });
	wr_status status = WR_OK;

	if (s->csv.opt.header)
		wr_csv_header(&s->csv.format, &s->csv.fields, (wr_str){ 0 }, &piece);
	for (*rows = 0; status == WR_OK && wr_view_next(v, &key, &line); ++*rows) {
		wr_buf_str(&piece, line);
		if (piece.n < PIECE)
			continue;
		status = wr_csv_file_put(f, wr_buf_view(&piece), err);
		wr_buf_reset(&piece);
	}
	wr_view_close(v);
	if (status == WR_OK)
		status = wr_csv_file_put(f, wr_buf_view(&piece), err);
	wr_buf_free(&piece);
	return status;
}

static wr_status write_file(table_sink *s, uint64_t *rows, wr_err *err)
{
	wr_csv_file *f = NULL;
	wr_status status = WR_FAIL;

	if (WR_FAULT_FAIL("csv_table.begin", err) ||
	    wr_csv_file_open(s->tmp, (wr_csv_compress)s->csv.opt.compress, 0, &f, err) ||
	    put_rows(s, f, rows, err) || wr_state_health(s->csv.sink.cx->state, err) ||
	    wr_csv_file_sync(f, err))
		goto out;
	status = WR_FAULT_FAIL("csv_table.before_rename", err)
		     ? WR_FAIL
		     : wr_file_rename(s->tmp, s->csv.path, err);
	if (status == WR_OK)
		status = WR_FAULT_FAIL("csv_table.renamed", err);
out:
	wr_csv_file_close(f);
	if (status)
		unlink(s->tmp);
	return status;
}

/* Writes the file, with the lock let go meanwhile. */
static void derive(table_sink *s)
{
	uint64_t version = s->wanted, rows = 0;
	int64_t began = wr_clock_mono_ns();
	wr_err err = WR_ERR_INIT;

	pthread_mutex_unlock(&s->lock);
	wr_status status = write_file(s, &rows, &err);
	int64_t now = wr_clock_mono_ns();

	pthread_mutex_lock(&s->lock);
	if (status) {
		if (strcmp(s->trouble.message, err.message) != 0)
			wr_log_err(WR_LOG_WARN, s->csv.path, &err);
		s->trouble = err;
		s->tried = version;
		s->not_before = now + RETRY_NS;
	} else {
		s->trouble = WR_ERR_INIT;
		s->done = version;
		s->rows = rows;
		s->not_before = now + REST_TIMES * (now - began);
	}
	pthread_cond_broadcast(&s->changed);
}

static void *deriver(void *arg)
{
	table_sink *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		bool owed = s->wanted > s->done;

		if (!owed)
			pthread_cond_wait(&s->changed, &s->lock);
		else if (!(s->hurry && s->tried < s->wanted) && wr_clock_mono_ns() < s->not_before)
			wr_cond_wait(&s->changed, &s->lock, s->not_before);
		else
			derive(s);
	}
	if (s->wanted > s->done && s->tried < s->wanted)
		derive(s);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void want(table_sink *s)
{
	s->wanted++;
	if (!s->started && pthread_create(&s->thread, NULL, deriver, s))
		WR_BUG("cannot start a thread");
	s->started = true;
	pthread_cond_broadcast(&s->changed);
}

/* ---------------------------------------------------------------- opening */

static void close_sink(wr_sink *sink)
{
	table_sink *s = (table_sink *)sink;

	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (s->started)
		pthread_join(s->thread, NULL);
	while (s->writers) {
		table_writer *next = s->writers->next;

		wr_buf_free(&s->writers->key);
		wr_buf_free(&s->writers->line);
		free(s->writers);
		s->writers = next;
	}
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s->tmp);
	wr_csv_done(&s->csv);
	free(s);
}

/* A link is followed: its target is replaced, not the link. Devices, pipes and their names
 * (/dev/stdout) cannot be replaced. */
static wr_status follow_links(table_sink *s, wr_err *err)
{
	struct stat st;
	char *target = realpath(s->csv.path, NULL);

	if ((strncmp(s->csv.path, "/dev/", 5) == 0 && strncmp(s->csv.path, "/dev/shm/", 9) != 0) ||
	    (target && (stat(target, &st) || !S_ISREG(st.st_mode)))) {
		free(target);
		return wr_err_set(
		    err, WR_ERR_STATEMENT, wr_sink_prop_span(s->csv.sink.spec, "PATH"),
		    "MODE='TABLE' replaces its file, and %s is none that can be replaced",
		    s->csv.path);
	}
	if (target) {
		free(s->csv.path);
		s->csv.path = target;
	}
	return WR_OK;
}

/* Errors of the path should be known when the sink is created. */
static wr_status try_path(table_sink *s, wr_err *err)
{
	wr_csv_file *f;
	wr_buf tmp = { 0 };

	if (follow_links(s, err))
		return WR_FAIL;
	wr_buf_printf(&tmp, "%s.tmp", s->csv.path);
	s->tmp = tmp.p;
	if (wr_csv_file_open(s->tmp, WR_CSV_PLAIN, 0, &f, err))
		return WR_FAIL;
	wr_csv_file_close(f);
	unlink(s->tmp);
	return WR_OK;
}

static wr_status open_sink(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str mark, wr_sink **out,
			   wr_err *err)
{
	table_sink *s = wr_calloc(1, sizeof *s);

	pthread_mutex_init(&s->lock, NULL);
	wr_cond_init(&s->changed);
	if (wr_csv_init(&s->csv, &wr_csv_table, spec, cx, err) || try_path(s, err)) {
		close_sink(&s->csv.sink);
		return WR_FAIL;
	}
	if (mark.p) { /* whoever committed it may not have got so far */
		pthread_mutex_lock(&s->lock);
		want(s);
		pthread_mutex_unlock(&s->lock);
	}
	*out = &s->csv.sink;
	return WR_OK;
}

static wr_status open_writer(wr_sink *sink, uint16_t task, wr_sink_writer **out, wr_err *err)
{
	table_sink *s = (table_sink *)sink;
	table_writer *w = wr_calloc(1, sizeof *w);

	(void)err;
	w->writer = (wr_sink_writer){ sink, task };
	w->store = wr_store_open(sink->cx->state, sink->spec->op, task);
	pthread_mutex_lock(&s->lock);
	w->next = s->writers;
	s->writers = w;
	pthread_mutex_unlock(&s->lock);
	*out = &w->writer;
	return WR_OK;
}

/* ---------------------------------------------------------------- rows */

static wr_str key_of(table_writer *w, const wr_batch *b, uint32_t row)
{
	wr_buf_reset(&w->key);
	wr_key_put_row(&w->key, b->cols, b->schema->nkeys, row);
	if (b->wstart) {
		wr_key_put_i64(&w->key, b->wstart[row]);
		wr_key_put_i64(&w->key, b->wend[row]);
	}
	return wr_buf_view(&w->key);
}

static wr_status write_rows(wr_sink_writer *writer, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	table_writer *w = (table_writer *)writer;
	table_sink *s = (table_sink *)writer->sink;

	(void)err;
	for (uint32_t i = at; i < at + n; i++) {
		uint8_t change = b->change[i];

		if (change == WR_ROW_BEFORE) /* its AFTER has the same key */
			continue;
		if (change == WR_ROW_INSERT_NULL || wr_change_removes(change)) {
			wr_store_del(w->store, key_of(w, b, i));
			continue;
		}
		wr_buf_reset(&w->line);
		wr_csv_row(&s->csv.format, &s->csv.fields, b, i, 0, &w->line);
		wr_store_put(w->store, key_of(w, b, i), wr_buf_view(&w->line));
	}
	atomic_store_explicit(&w->changed, true, memory_order_release);
	return WR_OK;
}

static wr_status mark_epoch(wr_sink *sink, uint64_t epoch, wr_buf *mark, wr_err *err)
{
	(void)sink;
	(void)epoch;
	(void)mark;
	(void)err;
	return WR_OK;
}

static bool take_changed(table_sink *s)
{
	bool any = false;

	for (table_writer *w = s->writers; w; w = w->next)
		any |= atomic_exchange(&w->changed, false);
	return any;
}

static wr_status committed(wr_sink *sink, uint64_t epoch, bool final, wr_err *err)
{
	table_sink *s = (table_sink *)sink;
	wr_status status = WR_OK;

	(void)epoch;
	pthread_mutex_lock(&s->lock);
	if (take_changed(s) || final || s->wanted == 0)
		want(s);
	s->hurry = final;
	while (final && s->done < s->wanted && s->tried < s->wanted)
		pthread_cond_wait(&s->changed, &s->lock);
	if (final && s->done < s->wanted) {
		*err = s->trouble;
		status = WR_FAIL;
	}
	pthread_mutex_unlock(&s->lock);
	return status;
}

static void status(wr_sink *sink, wr_buf *out)
{
	table_sink *s = (table_sink *)sink;

	pthread_mutex_lock(&s->lock);
	wr_buf_printf(out, "%s, %llu row%s", s->csv.path, (unsigned long long)s->rows,
		      s->rows == 1 ? "" : "s");
	if (s->trouble.cls != WR_ERR_NONE)
		wr_buf_printf(out, "; %s", s->trouble.message);
	pthread_mutex_unlock(&s->lock);
}

const wr_sink_def wr_csv_table = {
	.type = "csv",
	.kind = WR_SINK_DERIVER,
	.parallel = true,
	.open = open_sink,
	.writer = open_writer,
	.write = write_rows,
	.mark = mark_epoch,
	.committed = committed,
	.status = status,
	.close = close_sink,
};

/*
 * A partition is a row of frames in a file (P.log), or in a buffer when topics live in memory.
 * Beside it stands P.idx, small entries of 40 bytes:
 *
 *	mark   pos, offset, highest time before     a frame begins here; all before it is whole and decided
 *	gap    bytes and offsets [from, to)         frames that were aborted
 *
 * Opening reads P.idx, then checks frames from the last mark on: the first one that is not whole
 * ends the file, and what lies behind is cut off. Marks are saved only for what is synced and
 * decided, so that a lost P.idx costs time and a stale one nothing. Gaps are synced before the
 * abort returns.
 *
 * Frames that wait for their writer's word are kept as runs, in order:
 *
 *	frames     a1 a1 b7 b7 b7 a2 n n        (writer and epoch; n: no writer)
 *	runs       [a1] [b7    ] [a2] [n]
 *	           ^decided      ^ stays here until b's epoch 7 is decided, even when a's are
 *
 * so that a decision touches no frame. An aborted run turns into a gap and is passed like a decided
 * one.
 *
 * Reading and writing: `bytes` holds what is not yet in the file and goes out a megabyte at a time,
 * at a sync, or when a reader wants it. Bytes below decided_pos never change, so readers copy from
 * the file without the lock.
 */
#include "io/topic_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/log.h"
#include "io/files.h"

enum { FLUSH_AT = 1 << 20, MARK_EVERY = 1 << 15, SCAN_CHUNK = 1 << 20, SAVE_MARKS_AT = 64 };
enum { SIDE_MARK = 1, SIDE_GAP = 2 };

typedef struct side_entry {
	uint32_t kind, check;
	uint64_t a, b;
	int64_t c, d;
} side_entry;

_Static_assert(sizeof(side_entry) == 40, "part of the format on disk");

static void *grown(void *items, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return items;
	*room = *room ? *room * 2 : 16;
	return wr_realloc(items, *room * size);
}

/* ---------------------------------------------------------------- marks, gaps, runs */

static void add_mark(wr_part *p, wr_part_mark m)
{
	p->marks = grown(p->marks, p->nmarks, &p->marks_room, sizeof *p->marks);
	p->marks[p->nmarks++] = m;
}

/* Before the frame that will stand at the end. */
static void mark_end(wr_part *p)
{
	if (p->nmarks == 0 || p->end_pos - p->marks[p->nmarks - 1].pos >= MARK_EVERY)
		add_mark(p, (wr_part_mark){ p->end_pos, p->end, p->max_time });
}

static void add_gap(wr_part *p, wr_part_gap g)
{
	p->gaps = grown(p->gaps, p->ngaps, &p->gaps_room, sizeof *p->gaps);
	size_t i = p->ngaps++;

	for (; i > 0 && p->gaps[i - 1].from_pos > g.from_pos; i--)
		p->gaps[i] = p->gaps[i - 1];
	p->gaps[i] = g;
}

/* The first gap that ends behind pos; ngaps: none. */
static size_t gap_at(const wr_part *p, uint64_t pos)
{
	size_t low = 0, high = p->ngaps;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (p->gaps[middle].to_pos <= pos)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool in_gap(const wr_part *p, uint64_t pos)
{
	size_t i = gap_at(p, pos);

	return i < p->ngaps && p->gaps[i].from_pos <= pos;
}

static bool run_over(const wr_part_run *r)
{
	return r->aborted || !r->writer || atomic_load(&r->writer->gone) ||
	       r->epoch <= atomic_load(&r->writer->decided);
}

static bool advance(wr_part *p)
{
	uint64_t before = p->decided_pos;

	while (p->first_run < p->nruns && run_over(&p->runs[p->first_run])) {
		p->decided_pos = p->runs[p->first_run].to_pos;
		p->decided = p->runs[p->first_run].to;
		p->first_run++;
	}
	if (p->first_run == p->nruns)
		p->first_run = p->nruns = 0;
	return p->decided_pos != before;
}

static bool continues(const wr_part_run *r, const wr_topic_writer *w, uint64_t epoch, bool aborted)
{
	return r->writer == w && r->epoch == epoch && r->aborted == aborted;
}

/*
 * The frame of `size` bytes that was just put at the end belongs to w (NULL: it counts). True when
 * decided records were added.
 */
static bool grow(wr_part *p, uint32_t size, int64_t time, wr_part_run run)
{
	wr_part_run *last = p->nruns > p->first_run ? &p->runs[p->nruns - 1] : NULL;
	uint64_t from_pos = p->end_pos;
	int64_t from = p->end;

	p->end_pos += size;
	p->end++;
	if (time > p->max_time)
		p->max_time = time;
	if (!last && run_over(&run)) {
		p->decided_pos = p->end_pos;
		p->decided = p->end;
		return true;
	}
	if (!last || !continues(last, run.writer, run.epoch, run.aborted)) {
		p->runs = grown(p->runs, p->nruns, &p->runs_room, sizeof *p->runs);
		last = &p->runs[p->nruns++];
		*last = run;
		last->from_pos = from_pos;
		last->from = from;
	}
	last->to_pos = p->end_pos;
	last->to = p->end;
	return false;
}

/* ---------------------------------------------------------------- the side file */

static uint32_t entry_check(side_entry e)
{
	e.check = 0;
	return wr_frame_check32(&e, sizeof e);
}

static void put_entry(wr_buf *out, side_entry e)
{
	e.check = entry_check(e);
	wr_buf_put(out, &e, sizeof e);
}

static wr_status append_side(wr_part *p, const wr_buf *entries, bool sync, wr_err *err)
{
	if (p->side_fd < 0 || entries->n == 0)
		return WR_OK;
	return wr_file_append(p->side_fd, p->side_path, wr_buf_view(entries), sync, err);
}

/*
 * Saves the way-marks that nothing can change any more. A failure costs time at the next opening
 * only.
 */
static void save_marks(wr_part *p)
{
	wr_err ignored = WR_ERR_INIT;
	wr_buf entries = { 0 };
	size_t i = p->marks_saved;

	for (; i < p->nmarks && p->marks[i].pos <= p->synced && p->marks[i].pos <= p->decided_pos;
	     i++)
		put_entry(&entries, (side_entry){ .kind = SIDE_MARK,
						  .a = p->marks[i].pos,
						  .c = p->marks[i].offset,
						  .d = p->marks[i].max_time });
	if (append_side(p, &entries, false, &ignored) == WR_OK)
		p->marks_saved = i;
	wr_buf_free(&entries);
}

static void take_entry(wr_part *p, const side_entry *e)
{
	if (e->kind == SIDE_GAP)
		add_gap(p, (wr_part_gap){ e->a, e->b, e->c, e->d });
	else if (e->kind == SIDE_MARK && (p->nmarks == 0 || e->a > p->marks[p->nmarks - 1].pos))
		add_mark(p, (wr_part_mark){ e->a, e->c, e->d });
}

static wr_status load_side(wr_part *p, wr_err *err)
{
	wr_buf text = { 0 };
	bool found;
	size_t at = 0;
	side_entry e;

	if (wr_file_load(p->side_path, &text, &found, err)) {
		wr_buf_free(&text);
		return WR_FAIL;
	}
	for (; at + sizeof e <= text.n; at += sizeof e) {
		memcpy(&e, text.p + at, sizeof e);
		if (entry_check(e) != e.check)
			break;
		take_entry(p, &e);
	}
	p->marks_saved = p->nmarks;
	bool whole = at == text.n;

	wr_buf_free(&text);
	return !whole && ftruncate(p->side_fd, (off_t)at) ? wr_file_fail(err, "cut", p->side_path)
							  : WR_OK;
}

/* ---------------------------------------------------------------- opening */

/* Takes the whole frames in buf into account and returns their bytes. */
static size_t take_frames(wr_part *p, const wr_buf *buf, wr_writer_of *writer_of, void *self)
{
	size_t at = 0;
	wr_frame f;

	while (wr_frame_whole(&f, buf->p + at, buf->n - at) && f.offset == p->end) {
		wr_topic_writer *w = f.writer ? writer_of(self, f.writer) : NULL;

		mark_end(p);
		grow(p, f.size, f.time,
		     (wr_part_run){
			 .writer = w, .epoch = f.epoch, .aborted = in_gap(p, p->end_pos) });
		at += f.size;
	}
	return at;
}

static wr_status scan(wr_part *p, uint64_t size, wr_writer_of *writer_of, void *self, wr_err *err)
{
	wr_buf buf = { 0 };
	size_t chunk = SCAN_CHUNK, used;
	wr_status status = WR_OK;

	while (p->end_pos < size) {
		size_t n = size - p->end_pos < chunk ? (size_t)(size - p->end_pos) : chunk;
		wr_frame f;

		wr_buf_reset(&buf);
		wr_buf_reserve(&buf, n);
		status = wr_file_read(p->fd, p->path, buf.p, n, (int64_t)p->end_pos, err);
		if (status)
			break;
		buf.n = n;
		used = take_frames(p, &buf, writer_of, self);
		chunk = SCAN_CHUNK;
		if (used)
			continue;
		if (n < sizeof f || wr_frame_head(&f, buf.p, n))
			break; /* a frame that is all there and damaged, or no head */
		memcpy(&f, buf.p, sizeof f);
		if (f.size < sizeof f || f.size > size - p->end_pos)
			break;
		chunk = f.size;
	}
	wr_buf_free(&buf);
	return status;
}

static bool gaps_fit(const wr_part *p)
{
	return p->ngaps == 0 || p->gaps[p->ngaps - 1].to_pos <= p->end_pos;
}

static wr_status cut_tail(wr_part *p, uint64_t size, wr_err *err)
{
	if (p->end_pos < size) {
		wr_log_warn("%s: %llu bytes behind the last whole record were cut off", p->path,
			    (unsigned long long)(size - p->end_pos));
		if (ftruncate(p->fd, (off_t)p->end_pos))
			return wr_file_fail(err, "cut", p->path);
	}
	while (
	    !gaps_fit(p)) { /* of frames that are no more: their places will be taken by others */
		wr_part_gap *g = &p->gaps[p->ngaps - 1];

		if (g->from_pos < p->end_pos) {
			g->to_pos = p->end_pos;
			g->to = p->end;
		} else {
			p->ngaps--;
		}
	}
	return WR_OK;
}

/* After a cut the side file may speak of what is gone: written anew. */
static wr_status rewrite_side(wr_part *p, wr_err *err)
{
	wr_buf entries = { 0 };

	for (size_t i = 0; i < p->ngaps; i++)
		put_entry(&entries, (side_entry){ .kind = SIDE_GAP,
						  .a = p->gaps[i].from_pos,
						  .b = p->gaps[i].to_pos,
						  .c = p->gaps[i].from,
						  .d = p->gaps[i].to });
	p->marks_saved = 0;
	if (ftruncate(p->side_fd, 0)) {
		wr_buf_free(&entries);
		return wr_file_fail(err, "cut", p->side_path);
	}
	wr_status status = append_side(p, &entries, true, err);

	wr_buf_free(&entries);
	return status;
}

static wr_status open_files(wr_part *p, const char *base, uint64_t *size, wr_err *err)
{
	struct stat st;
	wr_buf path = { 0 };

	wr_buf_printf(&path, "%s.log", base);
	p->path = wr_strdup(path.p);
	wr_buf_reset(&path);
	wr_buf_printf(&path, "%s.idx", base);
	p->side_path = wr_strdup(path.p);
	wr_buf_free(&path);
	p->fd = open(p->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (p->fd < 0)
		return wr_file_fail(err, "open", p->path);
	p->side_fd = open(p->side_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (p->side_fd < 0)
		return wr_file_fail(err, "open", p->side_path);
	if (fstat(p->fd, &st))
		return wr_file_fail(err, "look at", p->path);
	*size = (uint64_t)st.st_size;
	return WR_OK;
}

static wr_status load(wr_part *p, uint64_t size, wr_writer_of *writer_of, void *self, wr_err *err)
{
	if (load_side(p, err))
		return WR_FAIL;
	while (p->nmarks && p->marks[p->nmarks - 1].pos > size)
		p->nmarks--;
	if (p->nmarks) {
		wr_part_mark m = p->marks[p->nmarks - 1];

		p->end_pos = p->decided_pos = m.pos;
		p->end = p->decided = m.offset;
		p->max_time = m.max_time;
	}
	if (scan(p, size, writer_of, self, err))
		return WR_FAIL;
	bool damaged = p->end_pos < size || !gaps_fit(p) || p->marks_saved > p->nmarks;

	if (cut_tail(p, size, err) || (damaged && rewrite_side(p, err)))
		return WR_FAIL;
	p->flushed = p->synced = p->end_pos;
	return WR_OK;
}

wr_status wr_part_open(wr_part *p, const char *base, wr_writer_of *writer_of, void *self,
		       wr_err *err)
{
	uint64_t size = 0;

	*p = (wr_part){ .fd = -1, .side_fd = -1, .max_time = INT64_MIN };
	pthread_mutex_init(&p->lock, NULL);
	if (base && (open_files(p, base, &size, err) || load(p, size, writer_of, self, err))) {
		p->bytes.n = 0;
		p->marks_saved = p->nmarks;
		wr_part_close(p);
		return WR_FAIL;
	}
	return WR_OK;
}

/* ---------------------------------------------------------------- writing */

static wr_status flush(wr_part *p, wr_err *err)
{
	if (p->fd < 0 || p->bytes.n == 0)
		return WR_OK;
	if (WR_FAULT_FAIL("topics.flush", err) ||
	    wr_file_write(p->fd, p->path, p->bytes.p, p->bytes.n, (int64_t)p->flushed, err))
		return WR_FAIL;
	p->flushed += p->bytes.n;
	p->bytes.n = 0;
	return WR_OK;
}

static wr_status append(wr_part *p, const wr_record *rec, wr_topic_writer *w, uint64_t epoch,
			bool *woke, wr_err *err)
{
	size_t before = p->bytes.n;

	if (WR_FAULT_FAIL("topics.append", err))
		return WR_FAIL;
	if (!wr_frame_put(&p->bytes, rec, p->end, w ? w->number : 0, epoch))
		return wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN,
				  "a record of 2 GiB or more cannot be written to a topic");
	uint32_t size = (uint32_t)(p->bytes.n - before);

	if (p->fd >= 0 && p->bytes.n >= FLUSH_AT && flush(p, err)) {
		p->bytes.n = before;
		return WR_FAIL;
	}
	mark_end(p);
	*woke |= grow(p, size, rec->timestamp, (wr_part_run){ .writer = w, .epoch = epoch });
	return WR_OK;
}

wr_status wr_part_append(wr_part *p, const wr_record *rec, wr_topic_writer *w, uint64_t epoch,
			 bool *woke, wr_err *err)
{
	pthread_mutex_lock(&p->lock);
	wr_status status = append(p, rec, w, epoch, woke, err);

	pthread_mutex_unlock(&p->lock);
	return status;
}

wr_status wr_part_sync(wr_part *p, wr_err *err)
{
	pthread_mutex_lock(&p->lock);
	wr_status status = flush(p, err);
	uint64_t to = p->flushed;
	bool needed = status == WR_OK && p->fd >= 0 && to > p->synced;

	pthread_mutex_unlock(&p->lock);
	if (!needed || wr_file_sync(p->fd, p->path, err) || WR_FAULT_FAIL("topics.synced", err))
		return needed ? WR_FAIL : status;
	pthread_mutex_lock(&p->lock);
	if (to > p->synced)
		p->synced = to;
	if (p->nmarks - p->marks_saved >= SAVE_MARKS_AT)
		save_marks(p);
	pthread_mutex_unlock(&p->lock);
	return WR_OK;
}

bool wr_part_advance(wr_part *p)
{
	pthread_mutex_lock(&p->lock);
	bool moved = advance(p);

	pthread_mutex_unlock(&p->lock);
	return moved;
}

static bool to_abort(const wr_part_run *r, const wr_topic_writer *w, uint64_t committed)
{
	return r->writer == w && r->epoch > committed && !r->aborted;
}

/*
 * Aborted frames must be in the file before the side file speaks of them: else the next opening
 * would find others there.
 */
static wr_status save_gaps(wr_part *p, const wr_topic_writer *w, uint64_t committed, wr_err *err)
{
	wr_buf entries = { 0 };
	wr_status status = WR_OK;

	for (size_t i = p->first_run; i < p->nruns; i++) {
		const wr_part_run *r = &p->runs[i];

		if (to_abort(r, w, committed))
			put_entry(&entries, (side_entry){ .kind = SIDE_GAP,
							  .a = r->from_pos,
							  .b = r->to_pos,
							  .c = r->from,
							  .d = r->to });
	}
	if (entries.n &&
	    (flush(p, err) || wr_file_sync(p->fd, p->path, err) ||
	     append_side(p, &entries, true, err) || WR_FAULT_FAIL("topics.gap_noted", err)))
		status = WR_FAIL;
	wr_buf_free(&entries);
	return status;
}

static wr_status abort_runs(wr_part *p, const wr_topic_writer *w, uint64_t committed, wr_err *err)
{
	if (WR_FAULT_FAIL("topics.abort", err))
		return WR_FAIL;
	if (p->fd >= 0 && save_gaps(p, w, committed, err))
		return WR_FAIL;
	for (size_t i = p->first_run; i < p->nruns; i++) {
		wr_part_run *r = &p->runs[i];

		if (!to_abort(r, w, committed))
			continue;
		r->aborted = true;
		add_gap(p, (wr_part_gap){ r->from_pos, r->to_pos, r->from, r->to });
	}
	return WR_OK;
}

wr_status wr_part_abort(wr_part *p, const wr_topic_writer *w, uint64_t committed, wr_err *err)
{
	pthread_mutex_lock(&p->lock);
	wr_status status = abort_runs(p, w, committed, err);

	pthread_mutex_unlock(&p->lock);
	return status;
}

/* A last mark at the end, when all is decided, so that the next opening finds nothing to check. */
static void settle_files(wr_part *p)
{
	wr_err err = WR_ERR_INIT;

	if (flush(p, &err))
		return;
	if (p->synced == p->end_pos && p->nruns == 0 && p->nmarks &&
	    p->marks[p->nmarks - 1].pos < p->end_pos)
		add_mark(p, (wr_part_mark){ p->end_pos, p->end, p->max_time });
	save_marks(p);
}

void wr_part_close(wr_part *p)
{
	if (p->fd >= 0)
		settle_files(p);
	if (p->fd >= 0)
		close(p->fd);
	if (p->side_fd >= 0)
		close(p->side_fd);
	wr_buf_free(&p->bytes);
	free(p->path);
	free(p->side_path);
	free(p->runs);
	free(p->gaps);
	free(p->marks);
	pthread_mutex_destroy(&p->lock);
}

/* ---------------------------------------------------------------- reading */

/* Moves over gaps; the bytes that may be read at *pos. */
static uint64_t readable(const wr_part *p, uint64_t *pos, int64_t *offset)
{
	uint64_t limit = p->decided_pos;
	size_t i = gap_at(p, *pos);

	for (; i < p->ngaps && p->gaps[i].from_pos <= *pos && p->gaps[i].to_pos <= limit; i++) {
		*pos = p->gaps[i].to_pos;
		*offset = p->gaps[i].to;
	}
	if (i < p->ngaps && p->gaps[i].from_pos < limit)
		limit = p->gaps[i].from_pos;
	return limit > *pos ? limit - *pos : 0;
}

wr_status wr_part_read(wr_part *p, uint64_t *pos, int64_t *offset, size_t most, wr_buf *out,
		       bool *any, wr_err *err)
{
	wr_status status = WR_OK;

	wr_buf_reset(out);
	pthread_mutex_lock(&p->lock);
	uint64_t n = readable(p, pos, offset);

	if (n > most)
		n = most;
	*any = n > 0;
	if (n && p->fd >= 0 && *pos + n > p->flushed)
		status = flush(p, err);
	if (n && p->fd < 0)
		wr_buf_put(out, p->bytes.p + *pos, n);
	pthread_mutex_unlock(&p->lock);
	if (status || n == 0 || p->fd < 0)
		return status;
	wr_buf_reserve(out, n);
	out->n = n;
	return wr_file_read(p->fd, p->path, out->p, n, (int64_t)*pos, err);
}

wr_part_mark wr_part_mark_at(wr_part *p, int64_t offset)
{
	wr_part_mark best = { .max_time = INT64_MIN };
	size_t low = 0, high;

	pthread_mutex_lock(&p->lock);
	for (high = p->nmarks; low < high;) {
		size_t middle = (low + high) / 2;

		if (p->marks[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low)
		best = p->marks[low - 1];
	pthread_mutex_unlock(&p->lock);
	return best;
}

wr_part_mark wr_part_mark_before_time(wr_part *p, int64_t ms)
{
	wr_part_mark best = { .max_time = INT64_MIN };

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->nmarks && p->marks[i].max_time < ms; i++)
		best = p->marks[i];
	pthread_mutex_unlock(&p->lock);
	return best;
}

int64_t wr_part_decided(wr_part *p)
{
	pthread_mutex_lock(&p->lock);
	int64_t offset = p->decided;

	pthread_mutex_unlock(&p->lock);
	return offset;
}

/*
 * Who writes embedded topics: registering, deciding, forgetting. See io/topics.c for the file
 * `writers`; it is appended to and synced, and written anew at each opening.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/files.h"
#include "core/fault.h"
#include "io/topic_internal.h"

wr_topic_writer *wr_topics_find_writer(wr_topics *t, const char *name)
{
	wr_topic_writer *w = t->writers;

	while (w && (atomic_load(&w->gone) || strcmp(w->name, name) != 0))
		w = w->next;
	return w;
}

static wr_topic_writer *add(wr_topics *t, uint32_t number, const char *name, size_t n)
{
	wr_topic_writer *w = wr_calloc(1, sizeof *w);

	w->name = wr_malloc(n + 1);
	memcpy(w->name, name, n);
	w->name[n] = 0;
	w->number = number;
	w->next = t->writers;
	t->writers = w;
	if (number >= t->next_writer)
		t->next_writer = number + 1;
	return w;
}

/* ---------------------------------------------------------------- the file */

static void take_line(wr_topics *t, const char *line, size_t n)
{
	char *end;
	uint32_t number = n > 2 ? (uint32_t)strtoul(line + 2, &end, 10) : 0;

	if (number == 0)
		return;
	if (line[0] == '+' && *end == ' ' && (size_t)(end + 1 - line) < n)
		add(t, number, end + 1, n - (size_t)(end + 1 - line));
	if (line[0] == '=' && number > t->next_writer)
		t->next_writer = number;
	for (wr_topic_writer *w = t->writers; line[0] == '-' && w; w = w->next)
		if (w->number == number)
			atomic_store(&w->gone, true);
}

/* A last line without its end was being written in a crash: nobody built on it. */
static void take_lines(wr_topics *t, const wr_buf *text)
{
	const char *p = text->p, *end = text->p + text->n, *stop;

	for (; p < end && (stop = memchr(p, '\n', (size_t)(end - p))); p = stop + 1)
		take_line(t, p, (size_t)(stop - p));
}

static void write_lines(const wr_topics *t, wr_buf *out)
{
	wr_buf_printf(out, "= %u\n", t->next_writer);
	for (const wr_topic_writer *w = t->writers; w; w = w->next)
		if (!atomic_load(&w->gone))
			wr_buf_printf(out, "+ %u %s\n", w->number, w->name);
}

wr_status wr_topics_load_writers(wr_topics *t, wr_err *err)
{
	wr_buf path = { 0 }, text = { 0 };
	bool found;
	wr_status status = WR_FAIL;

	wr_buf_printf(&path, "%s/.writers", t->dir);
	t->writers_path = path.p;
	if (wr_file_load(path.p, &text, &found, err))
		goto out;
	take_lines(t, &text);
	wr_buf_reset(&text);
	write_lines(t, &text);
	if (wr_file_replace(path.p, wr_buf_view(&text), err))
		goto out;
	t->writers_fd = open(path.p, O_WRONLY | O_APPEND | O_CLOEXEC);
	status = t->writers_fd < 0 ? wr_file_fail(err, "open", path.p) : WR_OK;
out:
	wr_buf_free(&text);
	return status;
}

static wr_status note(wr_topics *t, char what, const wr_topic_writer *w, wr_err *err)
{
	wr_buf line = { 0 };

	if (t->writers_fd < 0)
		return WR_OK;
	if (WR_FAULT_FAIL("topics.writer", err))
		return WR_FAIL;
	wr_buf_printf(&line, "%c %u%s%s\n", what, w->number, what == '+' ? " " : "",
		      what == '+' ? w->name : "");
	wr_status status =
	    wr_file_append(t->writers_fd, t->writers_path, wr_buf_view(&line), true, err);

	wr_buf_free(&line);
	return status;
}

/* ---------------------------------------------------------------- what others call */

/* With the lock held: every partition moves on as far as it can; watchers are told. */
static void advance_all(wr_topics *t)
{
	const uint64_t one = 1;

	for (wr_topic *topic = t->first; topic; topic = topic->next) {
		bool moved = false;

		for (int32_t i = 0; i < topic->nparts; i++)
			moved |= wr_part_advance(&topic->parts[i]);
		for (uint32_t i = 0; moved && i < topic->nwatchers; i++)
			(void)!write(topic->watchers[i], &one, sizeof one);
	}
}

static wr_status abort_all(wr_topics *t, const wr_topic_writer *w, uint64_t committed, wr_err *err)
{
	for (wr_topic *topic = t->first; topic; topic = topic->next)
		for (int32_t i = 0; i < topic->nparts; i++)
			if (wr_part_abort(&topic->parts[i], w, committed, err))
				return WR_FAIL;
	return WR_OK;
}

static wr_status register_writer(wr_topics *t, const char *name, uint64_t committed, wr_err *err)
{
	wr_topic_writer *w = wr_topics_find_writer(t, name);

	if (!w) {
		w = add(t, t->next_writer, name, strlen(name));
		if (note(t, '+', w, err)) {
			atomic_store(&w->gone, true);
			return WR_FAIL;
		}
	}
	if (abort_all(t, w, committed, err))
		return WR_FAIL;
	w->registered = true;
	atomic_store(&w->decided, committed);
	advance_all(t);
	return WR_OK;
}

wr_status wr_topics_writer(wr_topics *t, const char *writer, uint64_t committed, wr_err *err)
{
	pthread_mutex_lock(&t->lock);
	wr_status status = register_writer(t, writer, committed, err);

	pthread_mutex_unlock(&t->lock);
	return status;
}

void wr_topics_decide(wr_topics *t, const char *writer, uint64_t epoch)
{
	pthread_mutex_lock(&t->lock);
	wr_topic_writer *w = wr_topics_find_writer(t, writer);

	if (w && epoch > atomic_load(&w->decided)) {
		atomic_store(&w->decided, epoch);
		advance_all(t);
	}
	pthread_mutex_unlock(&t->lock);
}

/* Frames first: when the writer's line is gone, what was not aborted counts. */
static wr_status forget(wr_topics *t, wr_topic_writer *w, uint64_t committed, wr_err *err)
{
	if (abort_all(t, w, committed, err) || note(t, '-', w, err))
		return WR_FAIL;
	atomic_store(&w->gone, true);
	advance_all(t);
	return WR_OK;
}

wr_status wr_topics_forget(wr_topics *t, const char *writer, wr_err *err)
{
	pthread_mutex_lock(&t->lock);
	wr_topic_writer *w = wr_topics_find_writer(t, writer);
	wr_status status = w ? forget(t, w, atomic_load(&w->decided), err) : WR_OK;

	pthread_mutex_unlock(&t->lock);
	return status;
}

wr_status wr_topics_take_back(wr_topics *t, const char *writer, wr_err *err)
{
	pthread_mutex_lock(&t->lock);
	wr_topic_writer *w = wr_topics_find_writer(t, writer);
	wr_status status = w ? forget(t, w, 0, err) : WR_OK;

	pthread_mutex_unlock(&t->lock);
	return status;
}

wr_status wr_topics_settle(wr_topics *t, wr_err *err)
{
	wr_status status = WR_OK;

	pthread_mutex_lock(&t->lock);
	for (wr_topic_writer *w = t->writers; w && status == WR_OK; w = w->next)
		if (!w->registered && !atomic_load(&w->gone))
			status = forget(t, w, UINT64_MAX, err);
	pthread_mutex_unlock(&t->lock);
	return status;
}

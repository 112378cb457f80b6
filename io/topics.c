/*
 * Embedded topics: the names, the writers, and the way from both to partitions (io/topic_part.h).
 * Reading is in io/topic_cursor.c.
 *
 *	DIR/topics/.writers         who may have undecided frames: "+ number name", "- number", "= next number", a line each
 *	DIR/topics/NAME/meta        "partitions N"; bytes that are no letters, digits, '-', '_' or inner '.' are %XX in NAME
 *	DIR/topics/NAME/P.log .idx
 *
 * A frame carries its writer's number. A number in `writers` that nobody has registered yet in this
 * process holds its undecided frames back: so a reader that starts before its writer after a crash
 * sees nothing too early. A number that is not there counts. Numbers are never used twice.
 *
 * Locks: the list of topics and writers has one, each partition one, each topic's watchers share
 * the list's. Order: list, then partition. A topic that was deleted lives until its last cursor is
 * closed.
 */
#include "io/topics.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/fault.h"
#include "io/files.h"
#include "io/topic_internal.h"

/* ---------------------------------------------------------------- topics */

wr_topic *wr_topic_find(wr_topics *t, wr_str name)
{
	wr_topic **at = &t->first;

	for (; *at; at = &(*at)->next)
		if (wr_str_eq((*at)->name, name))
			return *at;
	return NULL;
}

wr_topic *wr_topic_hold(wr_topics *t, wr_str name)
{
	pthread_mutex_lock(&t->lock);
	wr_topic *topic = wr_topic_find(t, name);

	if (topic)
		topic->holders++;
	pthread_mutex_unlock(&t->lock);
	return topic;
}

static void free_topic(wr_topic *topic)
{
	for (int32_t i = 0; i < topic->nparts; i++)
		wr_part_close(&topic->parts[i]);
	free(topic->parts);
	free((char *)topic->name.p);
	free(topic->watchers);
	free(topic);
}

void wr_topic_release(wr_topics *t, wr_topic *topic)
{
	pthread_mutex_lock(&t->lock);
	bool last = --topic->holders == 0;

	pthread_mutex_unlock(&t->lock);
	if (last)
		free_topic(topic);
}

void wr_topic_wake(wr_topics *t, wr_topic *topic)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&t->lock);
	for (uint32_t i = 0; i < topic->nwatchers; i++)
		(void)!write(topic->watchers[i], &one, sizeof one);
	pthread_mutex_unlock(&t->lock);
}

wr_status wr_topic_unknown(wr_str name, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "there is no topic %.*s", WR_STR_ARG(name));
	return wr_err_hint(err, "give PARTITIONS in the WITH clause to have it made");
}

/* The topic's directory, or a file in it. */
static void path_of(const wr_topics *t, const char *prefix, wr_str name, const char *file,
		    wr_buf *out)
{
	wr_buf_reset(out);
	wr_buf_printf(out, "%s/%s", t->dir, prefix);
	for (uint32_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '_' || (c == '.' && i > 0);

		if (plain)
			wr_buf_putc(out, (char)c);
		else
			wr_buf_printf(out, "%%%02X", c);
	}
	if (file)
		wr_buf_printf(out, "/%s", file);
}

static wr_topic_writer *writer_of(void *self, uint32_t number)
{
	wr_topics *t = self;
	wr_topic_writer *w = t->writers;

	while (w && w->number != number)
		w = w->next;
	return w && !atomic_load(&w->gone) ? w : NULL;
}

static wr_status open_parts(wr_topics *t, wr_topic *topic, wr_err *err)
{
	wr_buf path = { 0 };
	char file[16];
	int32_t i = 0;

	for (; i < topic->nparts; i++) {
		snprintf(file, sizeof file, "%d", i);
		if (t->dir)
			path_of(t, "", topic->name, file, &path);
		if (wr_part_open(&topic->parts[i], path.p, writer_of, t, err))
			break;
	}
	wr_buf_free(&path);
	if (i == topic->nparts)
		return WR_OK;
	topic->nparts = i;
	return WR_FAIL;
}

/* Puts a topic into the list; its directory, if any, is there. */
static wr_status add_topic(wr_topics *t, wr_str name, int32_t partitions, wr_err *err)
{
	wr_topic *topic = wr_calloc(1, sizeof *topic);
	wr_topic **at = &t->first;
	char *copy = wr_malloc((size_t)name.n + 1);

	memcpy(copy, name.p, name.n);
	copy[name.n] = 0;
	topic->name = (wr_str){ copy, name.n };
	topic->nparts = partitions;
	topic->parts = wr_calloc((size_t)partitions, sizeof *topic->parts);
	topic->holders = 1;
	if (open_parts(t, topic, err)) {
		free_topic(topic);
		return WR_FAIL;
	}
	while (*at && wr_str_cmp((*at)->name, name) < 0)
		at = &(*at)->next;
	topic->next = *at;
	*at = topic;
	return WR_OK;
}

/* The directory appears under its name only when it is complete. */
static wr_status make_files(wr_topics *t, wr_str name, int32_t partitions, wr_err *err)
{
	wr_buf temp = { 0 }, path = { 0 }, meta = { 0 };
	wr_status status = WR_FAIL;

	path_of(t, ".new-", name, NULL, &temp);
	if (wr_file_remove_dir(temp.p, err) || wr_file_make_dir(temp.p, err))
		goto out;
	path_of(t, ".new-", name, "meta", &path);
	wr_buf_printf(&meta, "partitions %d\n", partitions);
	if (wr_file_replace(path.p, wr_buf_view(&meta), err))
		goto out;
	path_of(t, "", name, NULL, &path);
	status =
	    WR_FAULT_FAIL("topics.create", err) ? WR_FAIL : wr_file_rename(temp.p, path.p, err);
out:
	wr_buf_free(&temp);
	wr_buf_free(&path);
	wr_buf_free(&meta);
	return status;
}

wr_status wr_topics_create(wr_topics *t, wr_str name, int32_t partitions, wr_err *err)
{
	if (name.n == 0 || name.n > 200)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				  "a topic's name has 1 to 200 bytes");
	if (partitions < 1 || partitions > 65535)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
				  "a topic has 1 to 65535 partitions");
	pthread_mutex_lock(&t->lock);
	wr_status status = WR_OK;

	if (!wr_topic_find(t, name))
		status = (t->dir && make_files(t, name, partitions, err)) ||
				 add_topic(t, name, partitions, err)
			     ? WR_FAIL
			     : WR_OK;
	pthread_mutex_unlock(&t->lock);
	return status;
}

int32_t wr_topics_partitions(wr_topics *t, wr_str name)
{
	pthread_mutex_lock(&t->lock);
	wr_topic *topic = wr_topic_find(t, name);
	int32_t n = topic ? topic->nparts : 0;

	pthread_mutex_unlock(&t->lock);
	return n;
}

static wr_status remove_files(wr_topics *t, wr_str name, wr_err *err)
{
	wr_buf path = { 0 }, gone = { 0 };

	path_of(t, "", name, NULL, &path);
	path_of(t, ".gone-", name, NULL, &gone);
	wr_status status = wr_file_remove_dir(gone.p, err) || wr_file_rename(path.p, gone.p, err) ||
				   WR_FAULT_FAIL("topics.delete", err) ||
				   wr_file_remove_dir(gone.p, err)
			       ? WR_FAIL
			       : WR_OK;

	wr_buf_free(&path);
	wr_buf_free(&gone);
	return status;
}

wr_status wr_topics_delete(wr_topics *t, wr_str name, wr_err *err)
{
	wr_topic **at = &t->first, *topic;
	wr_status status = WR_OK;

	pthread_mutex_lock(&t->lock);
	while (*at && !wr_str_eq((*at)->name, name))
		at = &(*at)->next;
	topic = *at;
	if (topic && t->dir)
		status = remove_files(t, name, err);
	if (topic && status == WR_OK) {
		*at = topic->next;
		topic->deleted = true;
	}
	pthread_mutex_unlock(&t->lock);
	if (!topic || status)
		return status;
	wr_topic_wake(t, topic);
	wr_topic_release(t, topic);
	return WR_OK;
}

void wr_topics_each(wr_topics *t, void (*visit)(void *self, wr_str name, int32_t partitions),
		    void *self)
{
	pthread_mutex_lock(&t->lock);
	for (wr_topic *topic = t->first; topic; topic = topic->next)
		visit(self, topic->name, topic->nparts);
	pthread_mutex_unlock(&t->lock);
}

/* ---------------------------------------------------------------- opening, closing */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The topic's name back from its directory's; 0: it is none. */
static uint32_t name_of(const char *dir, char *out)
{
	uint32_t n = 0;

	for (; *dir && n < 255; dir++) {
		if (*dir != '%') {
			out[n++] = *dir;
			continue;
		}
		int high = hex_digit(dir[1]), low = high < 0 ? -1 : hex_digit(dir[2]);

		if (low < 0)
			return 0;
		out[n++] = (char)(high << 4 | low);
		dir += 2;
	}
	return n;
}

static wr_status load_topic(wr_topics *t, const char *entry, wr_err *err)
{
	char name[256];
	wr_str view = { name, name_of(entry, name) };
	wr_buf path = { 0 }, meta = { 0 };
	bool found;
	int partitions = 0;
	wr_status status = WR_OK;

	if (view.n == 0)
		return WR_OK;
	path_of(t, "", view, "meta", &path);
	status = wr_file_load(path.p, &meta, &found, err);
	if (status == WR_OK && found &&
	    (sscanf(wr_buf_z(&meta), "partitions %d", &partitions) != 1 || partitions < 1))
		status = wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s is damaged", path.p);
	if (status == WR_OK && found)
		status = add_topic(t, view, partitions, err);
	wr_buf_free(&path);
	wr_buf_free(&meta);
	return status;
}

static wr_status load_all(wr_topics *t, wr_err *err)
{
	DIR *d = opendir(t->dir);
	struct dirent *e;
	wr_status status = WR_OK;
	char path[PATH_MAX];

	if (!d)
		return wr_file_fail(err, "open the directory", t->dir);
	while (status == WR_OK && (e = readdir(d))) {
		bool left_over =
		    strncmp(e->d_name, ".new-", 5) == 0 || strncmp(e->d_name, ".gone-", 6) == 0;

		snprintf(path, sizeof path, "%s/%s", t->dir, e->d_name);
		if (left_over)
			status = wr_file_remove_dir(path, err);
		else if (e->d_name[0] != '.')
			status = load_topic(t, e->d_name, err);
	}
	closedir(d);
	return status;
}

static wr_status open_dir(wr_topics *t, const char *dir, wr_err *err)
{
	wr_buf path = { 0 };

	wr_buf_printf(&path, "%s/topics", dir);
	t->dir = path.p;
	return wr_file_make_dir(t->dir, err) || wr_topics_load_writers(t, err) || load_all(t, err)
		   ? WR_FAIL
		   : WR_OK;
}

wr_status wr_topics_open(const char *dir, wr_topics **out, wr_err *err)
{
	wr_topics *t = wr_calloc(1, sizeof *t);

	pthread_mutex_init(&t->lock, NULL);
	t->writers_fd = -1;
	t->next_writer = 1;
	if (dir && open_dir(t, dir, err)) {
		wr_topics_close(t);
		return WR_FAIL;
	}
	*out = t;
	return WR_OK;
}

void wr_topics_close(wr_topics *t)
{
	if (!t)
		return;
	while (t->first) {
		wr_topic *next = t->first->next;

		free_topic(t->first);
		t->first = next;
	}
	while (t->writers) {
		wr_topic_writer *next = t->writers->next;

		free(t->writers->name);
		free(t->writers);
		t->writers = next;
	}
	if (t->writers_fd >= 0)
		close(t->writers_fd);
	free(t->writers_path);
	free(t->dir);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* ---------------------------------------------------------------- writing */

static wr_part *choose(wr_topic *topic, int32_t partition, wr_str key)
{
	uint32_t n = (uint32_t)topic->nparts;

	if (partition >= 0)
		return (uint32_t)partition < n ? &topic->parts[partition] : NULL;
	if (n == 1)
		return topic->parts;
	if (!key.p)
		return &topic->parts[atomic_fetch_add_explicit(&topic->turn, 1,
							       memory_order_relaxed) %
				     n];
	return &topic->parts[(wr_murmur2(key) & 0x7fffffff) % n];
}

static wr_status append_all(wr_topic *topic, const wr_record *recs, uint32_t n, wr_topic_writer *w,
			    uint64_t epoch, bool *woke, wr_err *err)
{
	for (uint32_t i = 0; i < n; i++) {
		wr_part *p = choose(topic, recs[i].partition, recs[i].key);

		if (!p)
			return wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN,
					  "topic %.*s has no partition %d", WR_STR_ARG(topic->name),
					  recs[i].partition);
		if (wr_part_append(p, &recs[i], w, epoch, woke, err))
			return WR_FAIL;
	}
	return WR_OK;
}

wr_status wr_topics_append_all(wr_topics *t, wr_str name, const wr_record *recs, uint32_t n,
			       const char *writer, uint64_t epoch, wr_err *err)
{
	pthread_mutex_lock(&t->lock);
	wr_topic *topic = wr_topic_find(t, name);
	wr_topic_writer *w = writer ? wr_topics_find_writer(t, writer) : NULL;
	bool woke = false;

	if (topic)
		topic->holders++;
	pthread_mutex_unlock(&t->lock);
	if (!topic)
		return wr_topic_unknown(name, err);
	if (writer && !w)
		WR_BUG("writer %s is not registered", writer);
	wr_status status = append_all(topic, recs, n, w, epoch, &woke, err);

	if (woke)
		wr_topic_wake(t, topic);
	wr_topic_release(t, topic);
	return status;
}

wr_status wr_topics_append(wr_topics *t, wr_str name, int32_t partition, const wr_record *rec,
			   const char *writer, uint64_t epoch, wr_err *err)
{
	wr_record one = *rec;

	one.partition = partition;
	return wr_topics_append_all(t, name, &one, 1, writer, epoch, err);
}

wr_status wr_topics_sync(wr_topics *t, wr_str name, wr_err *err)
{
	wr_topic *topic = wr_topic_hold(t, name);
	wr_status status = WR_OK;

	if (!topic)
		return wr_topic_unknown(name, err);
	for (int32_t i = 0; i < topic->nparts && status == WR_OK; i++)
		status = WR_FAULT_FAIL("topics.sync", err) ? WR_FAIL
							   : wr_part_sync(&topic->parts[i], err);
	wr_topic_release(t, topic);
	return status;
}

/*
 * Reading embedded topics through, without opening them: each frame of each P.log is whole and its
 * offset is the next one. Behind the last whole frame there may be part of one, which a crash has
 * left; but when whole frames follow it, something is damaged in between.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>

#include "io/files.h"
#include "io/topic_frame.h"
#include "io/topics.h"

enum { SEARCH = 64 << 20 }; /* bytes that are looked through for frames behind a bad one */

/* True when a whole frame of a later offset begins somewhere in the bytes. */
static bool any_frame(const char *p, size_t n, int64_t offset)
{
	wr_frame f;

	if (n > SEARCH)
		n = SEARCH;
	for (size_t at = 1; at + sizeof f <= n; at++)
		if (wr_frame_head(&f, p + at, n - at) && f.zero == 0 && f.offset > offset &&
		    wr_frame_whole(&f, p + at, n - at))
			return true;
	return false;
}

static wr_status check_log(const char *path, wr_topics_checked *out, wr_buf *report, wr_err *err)
{
	wr_buf text = { 0 };
	bool found;
	size_t at = 0;
	int64_t offset = 0;
	wr_frame f;
	wr_status status = wr_file_load(path, &text, &found, err);

	while (status == WR_OK && at < text.n && wr_frame_whole(&f, text.p + at, text.n - at) &&
	       f.offset == offset) {
		at += f.size;
		offset++;
	}
	out->frames += (uint64_t)offset;
	if (status == WR_OK && at < text.n) {
		if (any_frame(text.p + at, text.n - at, offset)) {
			wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
				   "%s is damaged at byte %zu, offset %lld", path, at,
				   (long long)offset);
			status = wr_err_hint(
			    err,
			    "restore the data directory from a backup: a start would cut the log off there");
		} else {
			out->cut += text.n - at;
			wr_buf_printf(
			    report,
			    "%s: %zu bytes behind the last whole record, which the next start cuts off\n",
			    path, text.n - at);
		}
	}
	wr_buf_free(&text);
	return status;
}

static wr_status check_topic(const char *dir, wr_topics_checked *out, wr_buf *report, wr_err *err)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(dir);
	wr_status status = WR_OK;

	if (!d)
		return wr_file_fail(err, "open the directory", dir);
	while (status == WR_OK && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n < 5 || strcmp(e->d_name + n - 4, ".log") != 0)
			continue;
		if (snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path)
			status =
			    wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the path %s is too long", dir);
		else
			status = check_log(path, out, report, err);
		out->partitions++;
	}
	closedir(d);
	return status;
}

wr_status wr_topics_check(const char *dir, wr_topics_checked *out, wr_buf *report, wr_err *err)
{
	char topics[PATH_MAX], path[PATH_MAX + 256];
	struct dirent *e;
	wr_status status = WR_OK;

	*out = (wr_topics_checked){ 0 };
	snprintf(topics, sizeof topics, "%s/topics", dir);
	DIR *d = opendir(topics);

	while (d && status == WR_OK && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", topics, e->d_name);
		status = check_topic(path, out, report, err);
	}
	if (d)
		closedir(d);
	return status;
}

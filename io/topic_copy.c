/*
 * Backups of embedded topics. P.idx (which frames are whole and decided, which are aborted), the
 * list of writers and the number of partitions belong to one moment, that of the state's copy;
 * P.log only grows and may be copied later, since no frame before a mark changes and frames behind
 * it are judged by their writers' marks.
 */
#include <stdio.h>

#include "io/files.h"
#include "io/topic_internal.h"

static bool is_log(const char *file)
{
	size_t n = strlen(file);

	return n > 4 && strcmp(file + n - 4, ".log") == 0;
}

static bool is_mark(const char *file)
{
	return !is_log(file);
}

static wr_status copy(wr_topics *t, const char *dir, bool (*take)(const char *file), wr_err *err)
{
	wr_buf to = { 0 };

	wr_buf_printf(&to, "%s/topics", dir);
	pthread_mutex_lock(&t->lock); /* no topic comes or goes, no writer */
	wr_status status = wr_file_copy_tree(t->dir, wr_buf_z(&to), take, err);

	pthread_mutex_unlock(&t->lock);
	wr_buf_free(&to);
	return status;
}

wr_status wr_topics_copy_marks(wr_topics *t, const char *dir, wr_err *err)
{
	return copy(t, dir, is_mark, err);
}

/* Buffered frames go to their files first. */
static wr_status write_out(wr_topics *t, wr_err *err)
{
	for (wr_topic *it = t->first; it; it = it->next)
		for (int32_t p = 0; p < it->nparts; p++)
			if (wr_part_sync(&it->parts[p], err))
				return WR_FAIL;
	return WR_OK;
}

wr_status wr_topics_copy_frames(wr_topics *t, const char *dir, wr_err *err)
{
	pthread_mutex_lock(&t->lock);
	wr_status status = write_out(t, err);

	pthread_mutex_unlock(&t->lock);
	return status ? WR_FAIL : copy(t, dir, is_log, err);
}

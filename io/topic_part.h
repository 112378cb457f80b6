/*
 * One partition of an embedded topic: its frames, which of them count, and where to find them.
 * Inside io/ only; io/topics.h is what others use.
 *
 * Every function takes the partition's lock by itself unless it says otherwise.
 */
#ifndef IO_TOPIC_PART_H
#define IO_TOPIC_PART_H

#include <pthread.h>
#include <stdatomic.h>

#include "io/topic_frame.h"

/*
 * Who writes. Made once per name, lives as long as the topics; `decided` only grows but for a new
 * registration.
 */
typedef struct wr_topic_writer wr_topic_writer;
struct wr_topic_writer {
	char *name;
	uint32_t number;	  /* in frames; never used twice */
	_Atomic uint64_t decided; /* frames of epochs up to this count */
	_Atomic bool gone;	  /* forgotten: all that was not aborted counts */
	bool registered;	  /* in the life of this process */
	wr_topic_writer *next;
};

/* Neighbouring frames of one writer and epoch that were undecided when they were written. */
typedef struct wr_part_run {
	wr_topic_writer *writer; /* NULL: decided */
	uint64_t epoch;
	bool aborted;
	uint64_t from_pos, to_pos;
	int64_t from, to; /* offsets */
	int64_t max_time;
} wr_part_run;

/* Frames that do not count: bytes and offsets [from, to). */
typedef struct wr_part_gap {
	uint64_t from_pos, to_pos;
	int64_t from, to;
} wr_part_gap;

/* A way-mark: the frame at pos has this offset, and frames before it have times up to max_time. */
typedef struct wr_part_mark {
	uint64_t pos;
	int64_t offset, max_time;
} wr_part_mark;

typedef struct wr_part {
	pthread_mutex_t lock;
	char *path, *side_path;	  /* NULL: in memory */
	int fd, side_fd;	  /* -1: in memory */
	wr_buf bytes;		  /* frames from `flushed` on (in memory: all) */
	uint64_t flushed, synced; /* bytes in the file; of those on disk for sure */
	uint64_t end_pos, decided_pos;
	int64_t end, decided; /* offsets behind the last frame, behind the last decided one */
	int64_t max_time;
	wr_part_run *runs; /* [first_run, nruns): what is not decided, in order */
	size_t first_run, nruns, runs_room;
	wr_part_gap *gaps;
	size_t ngaps, gaps_room;
	wr_part_mark *marks;
	size_t nmarks, marks_room, marks_saved;
} wr_part;

/* Finds the writer of a frame: NULL when nobody knows the number, and then the frame counts. */
typedef wr_topic_writer *wr_writer_of(void *self, uint32_t number);

/* base: path without extension; NULL: in memory. A damaged tail is cut off. */
WR_CHECKED wr_status wr_part_open(wr_part *p, const char *base, wr_writer_of *writer_of, void *self,
				  wr_err *err);
/* Writes out what is buffered and the way-marks, without sync. */
void wr_part_close(wr_part *p);

/* *woke is set to true when decided records were added. */
WR_CHECKED wr_status wr_part_append(wr_part *p, const wr_record *rec, wr_topic_writer *w,
				    uint64_t epoch, bool *woke, wr_err *err);
WR_CHECKED wr_status wr_part_sync(wr_part *p, wr_err *err);
/* Moves `decided` on as far as writers have decided; true when it moved. */
bool wr_part_advance(wr_part *p);
/* Aborts w's undecided frames of epochs above `committed`. On disk when it returns. */
WR_CHECKED wr_status wr_part_abort(wr_part *p, const wr_topic_writer *w, uint64_t committed,
				   wr_err *err);

/*
 * Copies decided bytes from *pos on into out (reset first): at most `most`, the last frame perhaps
 * cut. *pos and *offset are moved over aborted frames first; what is copied does not reach into
 * aborted ones. *any false: there is nothing (now).
 */
WR_CHECKED wr_status wr_part_read(wr_part *p, uint64_t *pos, int64_t *offset, size_t most,
				  wr_buf *out, bool *any, wr_err *err);
/* The last way-mark at or before an offset; before the first record at or after a time. */
wr_part_mark wr_part_mark_at(wr_part *p, int64_t offset);
wr_part_mark wr_part_mark_before_time(wr_part *p, int64_t ms);
int64_t wr_part_decided(wr_part *p);

#endif

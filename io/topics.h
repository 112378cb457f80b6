/*
 * Embedded topics: append-only logs of records, in DIR/topics or in memory. What Kafka is with
 * --broker, this is without.
 *
 * Several queries may write one topic, and a record counts only when its writer's epoch is
 * committed. So each frame names its writer (a query's incarnation), its epoch and a checksum.
 * Readers stop at the first frame whose epoch is not decided; frames of an epoch that was rolled
 * back are marked aborted and skipped. A frame of a writer that was forgotten is decided (its query
 * is gone and was settled when it went).
 *
 * Offsets count committed and aborted frames alike, from 0 per partition.
 *
 * Thread: any.
 */
#ifndef IO_TOPICS_H
#define IO_TOPICS_H

#include "core/record.h"

typedef struct wr_topics wr_topics;

/* dir NULL: in memory. Damaged tails (a crash while writing) are cut at the last whole frame. */
WR_CHECKED wr_status wr_topics_open(const char *dir, wr_topics **out, wr_err *err);
void wr_topics_close(wr_topics *t);

/* Makes a topic; nothing happens when it is there already. */
WR_CHECKED wr_status wr_topics_create(wr_topics *t, wr_str name, int32_t partitions, wr_err *err);
/* 0: no such topic. */
int32_t wr_topics_partitions(wr_topics *t, wr_str name);
WR_CHECKED wr_status wr_topics_delete(wr_topics *t, wr_str name, wr_err *err);
void wr_topics_each(wr_topics *t, void (*visit)(void *self, wr_str name, int32_t partitions),
		    void *self);

/*
 * Registers a writer: its frames of epochs above `committed` are aborted now, later ones stay
 * undecided until wr_topics_decide.
 */
WR_CHECKED wr_status wr_topics_writer(wr_topics *t, const char *writer, uint64_t committed,
				      wr_err *err);
/*
 * Appends one record (offset and partition of rec ignored; partition < 0: murmur2 of the key, as
 * Kafka's Java clients, null keys in turn). writer NULL: decided at once.
 */
WR_CHECKED wr_status wr_topics_append(wr_topics *t, wr_str name, int32_t partition,
				      const wr_record *rec, const char *writer, uint64_t epoch,
				      wr_err *err);
/* The same for n records, each to its own rec.partition (< 0: by key). */
WR_CHECKED wr_status wr_topics_append_all(wr_topics *t, wr_str name, const wr_record *recs,
					  uint32_t n, const char *writer, uint64_t epoch,
					  wr_err *err);
/* All that was appended is on disk. */
WR_CHECKED wr_status wr_topics_sync(wr_topics *t, wr_str name, wr_err *err);
/* The writer's epochs up to `epoch` are committed: readers see them and are woken. */
void wr_topics_decide(wr_topics *t, const char *writer, uint64_t epoch);
/* All that the writer has written and that is not gone is aborted, and it is forgotten. Nothing
 * when there is no such writer. */
WR_CHECKED wr_status wr_topics_take_back(wr_topics *t, const char *writer, wr_err *err);
/* The writer's query is gone: undecided frames are aborted, and it is forgotten. */
WR_CHECKED wr_status wr_topics_forget(wr_topics *t, const char *writer, wr_err *err);

/*
 * After recovery: writers of an earlier life of this directory that nobody has registered since are
 * forgotten, and what they wrote counts. Until then (or until they are registered) their frames
 * hold readers back.
 */
WR_CHECKED wr_status wr_topics_settle(wr_topics *t, wr_err *err);

/*
 * Reading: up to max committed records of a partition from offset on. Bytes are valid as long as
 * the cursor does not move. *next is where to go on (behind aborted frames too); returns the number
 * of records.
 */
typedef struct wr_topic_cursor wr_topic_cursor;
WR_CHECKED wr_status wr_topic_cursor_open(wr_topics *t, wr_str name, int32_t partition,
					  int64_t offset, wr_topic_cursor **out, wr_err *err);
uint32_t wr_topic_cursor_read(wr_topic_cursor *c, wr_record *out, uint32_t max, int64_t *next);
/*
 * Why there are no more records: the topic was deleted, the disk does not answer (IO); fine when
 * there are just none now.
 */
WR_CHECKED wr_status wr_topic_cursor_health(const wr_topic_cursor *c, wr_err *err);
void wr_topic_cursor_close(wr_topic_cursor *c);

/*
 * Offset behind the last decided record; first offset whose timestamp is at or after ms (the end
 * when there is none).
 */
int64_t wr_topics_end(wr_topics *t, wr_str name, int32_t partition);
int64_t wr_topics_at_time(wr_topics *t, wr_str name, int32_t partition, int64_t ms);

/*
 * A descriptor (eventfd) that becomes readable when new records of the topic are decided; owned by
 * the caller, closed with close().
 */
int wr_topics_watch(wr_topics *t, wr_str name);
void wr_topics_unwatch(wr_topics *t, wr_str name, int fd);

/*
 * A backup in two steps, into DIR/topics, which must not be there: first what says which frames
 * count (nothing may be committed between this and the copy of the state that belongs to it), then,
 * while all goes on, the frames. Frames of later epochs are in it as well: the writers that are
 * registered with their old marks abort them.
 */
WR_CHECKED wr_status wr_topics_copy_marks(wr_topics *t, const char *dir, wr_err *err);
WR_CHECKED wr_status wr_topics_copy_frames(wr_topics *t, const char *dir, wr_err *err);

typedef struct wr_topics_checked {
	int64_t partitions;
	uint64_t frames;
	/* bytes behind the last whole frame: a write that a crash ended; the next start cuts them
	 * off */
	uint64_t cut;
} wr_topics_checked;

/*
 * Reads every frame of DIR/topics, which nobody has open, with its checksum; adds a line for each
 * thing worth knowing to report. No topics there are fine. Errors: IO, something is damaged (the
 * first place).
 */
WR_CHECKED wr_status wr_topics_check(const char *dir, wr_topics_checked *out, wr_buf *report,
				     wr_err *err);

/* murmur2 of the key bytes as Kafka's Java clients hash: partition = (hash & 0x7fffffff) % n. */
uint32_t wr_murmur2(wr_str key);

#endif

/* What the files of the embedded topics share. */
#ifndef IO_TOPIC_INTERNAL_H
#define IO_TOPIC_INTERNAL_H

#include "io/topic_part.h"
#include "io/topics.h"

typedef struct wr_topic wr_topic;
struct wr_topic {
	wr_str name;
	int32_t nparts;
	wr_part *parts;
	uint32_t holders; /* the list is one of them */
	bool deleted;
	_Atomic uint32_t turn; /* for records without key */
	uint32_t nwatchers, watchers_room;
	int *watchers;
	wr_topic *next;
};

struct wr_topics {
	pthread_mutex_t lock;
	char *dir;	 /* DIR/topics; NULL: in memory */
	wr_topic *first; /* by name */
	wr_topic_writer *writers;
	uint32_t next_writer;
	char *writers_path;
	int writers_fd;
};

/* With the lock held. */
wr_topic *wr_topic_find(wr_topics *t, wr_str name);
wr_topic_writer *wr_topics_find_writer(wr_topics *t, const char *name);
/* Without it. hold: NULL when there is none; the topic stays until it is released. */
wr_topic *wr_topic_hold(wr_topics *t, wr_str name);
void wr_topic_release(wr_topics *t, wr_topic *topic);
void wr_topic_wake(wr_topics *t, wr_topic *topic);
wr_status wr_topic_unknown(wr_str name, wr_err *err);

/* topic_writers.c: reads DIR/topics/.writers. */
WR_CHECKED wr_status wr_topics_load_writers(wr_topics *t, wr_err *err);

#endif

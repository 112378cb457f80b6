/*
 * DEAD_LETTER='topic': what a sink could not deliver, as records of a topic, on Kafka or embedded.
 *
 *	value	the body of the request
 *	headers	weir.sink, weir.id, weir.to, weir.reason
 *
 * Refusals are gathered while an epoch is closed and written before it is committed. A crash in
 * between gathers and writes them once more: whoever must not see one twice looks at weir.id.
 */
#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "sinks/letter_topic.h"
#include "sinks/outbox_sender.h"

typedef struct letter letter;
struct letter {
	letter *next;
	char *id, *reason;
	wr_buf to, body;
};

struct wr_dead_topic {
	const wr_sink_spec *spec;
	wr_letter_topic *topic;
	pthread_mutex_t lock;
	letter *first, **end;
};

wr_status wr_dead_topic_open(const wr_sink_spec *spec, wr_sink_cx *cx, wr_str topic,
			     wr_dead_topic **out, wr_err *err)
{
	wr_dead_topic *t = wr_calloc(1, sizeof *t);

	t->spec = spec;
	t->end = &t->first;
	pthread_mutex_init(&t->lock, NULL);
	if (wr_letter_topic_open(cx->io, topic, (wr_letter_ends){ cx->stopping, cx->self },
				 &t->topic, err)) {
		wr_dead_topic_close(t);
		return WR_FAIL;
	}
	*out = t;
	return WR_OK;
}

void wr_dead_topic_add(wr_dead_topic *t, const wr_refused *r)
{
	letter *l = wr_calloc(1, sizeof *l);

	l->id = wr_strdup(r->id);
	l->reason = wr_strdup(r->reason);
	wr_buf_str(&l->to, r->to);
	wr_buf_str(&l->body, r->body);
	pthread_mutex_lock(&t->lock);
	*t->end = l;
	t->end = &l->next;
	pthread_mutex_unlock(&t->lock);
}

static void forget_first(wr_dead_topic *t)
{
	letter *l = t->first;

	t->first = l->next;
	if (!t->first)
		t->end = &t->first;
	free(l->id);
	free(l->reason);
	wr_buf_free(&l->to);
	wr_buf_free(&l->body);
	free(l);
}

static wr_status write_letter(wr_dead_topic *t, const letter *l, wr_err *err)
{
	wr_header items[] = { { WR_STR_LIT("weir.sink"), t->spec->name },
			      { WR_STR_LIT("weir.id"), wr_str_of(l->id) },
			      { WR_STR_LIT("weir.to"), wr_buf_view(&l->to) },
			      { WR_STR_LIT("weir.reason"), wr_str_of(l->reason) } };
	wr_headers headers = { sizeof items / sizeof *items, items };
	wr_record rec = { .value = wr_buf_view(&l->body),
			  .timestamp = wr_clock_ms(),
			  .partition = -1,
			  .headers = &headers };

	if (!rec.value.p)
		rec.value.p = "";
	return wr_letter_topic_write(t->topic, &rec, err);
}

void wr_dead_topic_forget(wr_dead_topic *t)
{
	while (t->first)
		forget_first(t);
}

wr_status wr_dead_topic_flush(wr_dead_topic *t, wr_err *err)
{
	if (!t->first)
		return WR_OK;
	for (const letter *l = t->first; l; l = l->next)
		if (write_letter(t, l, err))
			return WR_FAIL;
	if (wr_letter_topic_sync(t->topic, err))
		return WR_FAIL;
	wr_dead_topic_forget(t);
	return WR_OK;
}

void wr_dead_topic_close(wr_dead_topic *t)
{
	if (!t)
		return;
	wr_dead_topic_forget(t);
	wr_letter_topic_close(t->topic);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

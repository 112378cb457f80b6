#include "engine/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/wait.h"

struct wr_queue {
	pthread_mutex_t lock;
	pthread_cond_t room, work;
	size_t bytes, bound;
	uint32_t ntimes;
	wr_msg *first, **last;
	wr_msg *spare;
	bool shut;
};

wr_queue *wr_queue_new(size_t bytes, uint32_t ntimes)
{
	wr_queue *q = wr_calloc(1, sizeof *q);

	pthread_mutex_init(&q->lock, NULL);
	wr_cond_init(&q->room);
	wr_cond_init(&q->work);
	q->bound = bytes;
	q->ntimes = ntimes;
	q->last = &q->first;
	return q;
}

static void free_list(wr_msg *m)
{
	while (m) {
		wr_msg *next = m->next;

		wr_arena_free(m->arena);
		free(m->times);
		free(m);
		m = next;
	}
}

void wr_queue_free(wr_queue *q)
{
	if (!q)
		return;
	free_list(q->first);
	free_list(q->spare);
	pthread_cond_destroy(&q->room);
	pthread_cond_destroy(&q->work);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static wr_msg *take_spare(wr_queue *q)
{
	pthread_mutex_lock(&q->lock);
	wr_msg *m = q->spare;

	if (m)
		q->spare = m->next;
	pthread_mutex_unlock(&q->lock);
	return m;
}

wr_msg *wr_queue_blank(wr_queue *q)
{
	wr_msg *m = take_spare(q);

	if (!m) {
		m = wr_calloc(1, sizeof *m);
		m->arena = wr_arena_new();
		m->times = wr_calloc(q->ntimes ? q->ntimes : 1, sizeof *m->times);
		m->ntimes = q->ntimes;
	}
	wr_arena_reset(m->arena);
	m->batch = (wr_batch){ 0 };
	m->next = NULL;
	m->final = m->has_times = false;
	return m;
}

static size_t weight(const wr_msg *m)
{
	return m->kind == WR_MSG_ROWS ? wr_arena_bytes(m->arena) : 0;
}

bool wr_queue_put(wr_queue *q, wr_msg *m)
{
	pthread_mutex_lock(&q->lock);
	while (!q->shut && q->bytes && q->bytes + weight(m) > q->bound && m->kind == WR_MSG_ROWS)
		pthread_cond_wait(&q->room, &q->lock);
	bool open = !q->shut;

	m->next = NULL;
	*q->last = m; /* shut: it is freed with the queue */
	q->last = &m->next;
	q->bytes += weight(m);
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
	return open;
}

/* Waits until there is work; false when the time is over or the queue is shut. Called with the
 * lock. */
static bool wait_for_work(wr_queue *q, int timeout_ms)
{
	int64_t end = timeout_ms < 0 ? 0 : wr_clock_mono_ns() + (int64_t)timeout_ms * 1000000;

	while (!q->first && !q->shut) {
		if (timeout_ms < 0)
			pthread_cond_wait(&q->work, &q->lock);
		else if (!wr_cond_wait(&q->work, &q->lock, end))
			return q->first != NULL;
	}
	return !q->shut;
}

wr_msg *wr_queue_take(wr_queue *q, int timeout_ms)
{
	wr_msg *m = NULL;

	pthread_mutex_lock(&q->lock);
	if (wait_for_work(q, timeout_ms)) {
		m = q->first;
		q->first = m->next;
		if (!q->first)
			q->last = &q->first;
		q->bytes -= weight(m);
		pthread_cond_broadcast(&q->room);
	}
	pthread_mutex_unlock(&q->lock);
	return m;
}

void wr_queue_recycle(wr_queue *q, wr_msg *m)
{
	pthread_mutex_lock(&q->lock);
	m->next = q->spare;
	q->spare = m;
	pthread_mutex_unlock(&q->lock);
}

void wr_queue_shut(wr_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->shut = true;
	pthread_cond_broadcast(&q->room);
	pthread_cond_broadcast(&q->work);
	pthread_mutex_unlock(&q->lock);
}

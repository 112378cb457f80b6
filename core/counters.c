#include "core/counters.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static wr_counter **sorted; /* by name, labels; pointers stay, the array grows */
static size_t count, room;

static int order(const wr_counter *c, const char *name, const char *labels)
{
	int d = strcmp(c->name, name);

	return d ? d : strcmp(c->labels, labels);
}

/* Where it stands or would. */
static size_t find(const char *name, const char *labels)
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (order(sorted[mid], name, labels) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static wr_counter *insert(size_t at, const char *name, const char *labels)
{
	wr_counter *c = wr_calloc(1, sizeof(*c));

	c->name = wr_strdup(name);
	c->labels = wr_strdup(labels);
	if (count == room) {
		room = room ? room * 2 : 64;
		sorted = wr_realloc(sorted, room * sizeof(*sorted));
	}
	memmove(sorted + at + 1, sorted + at, (count - at) * sizeof(*sorted));
	sorted[at] = c;
	count++;
	return c;
}

wr_counter *wr_counter_get(const char *name, const char *labels)
{
	wr_counter *c;
	size_t at;

	pthread_mutex_lock(&lock);
	at = find(name, labels);
	if (at < count && order(sorted[at], name, labels) == 0)
		c = sorted[at];
	else
		c = insert(at, name, labels);
	pthread_mutex_unlock(&lock);
	return c;
}

wr_counter *wr_counter_of(const char *name, const char *query, const char *reason)
{
	wr_buf labels = { 0 };
	wr_counter *c;

	if (query)
		wr_buf_printf(&labels, "query=\"%s\"", query);
	if (reason)
		wr_buf_printf(&labels, "%sreason=\"%s\"", query ? "," : "", reason);
	c = wr_counter_get(name, wr_buf_z(&labels));
	wr_buf_free(&labels);
	return c;
}

void wr_counters_each(void (*f)(void *ctx, const wr_counter *c), void *ctx)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		f(ctx, sorted[i]);
	pthread_mutex_unlock(&lock);
}

void wr_counters_clear(const char *labels_with)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		if (!labels_with || strstr(sorted[i]->labels, labels_with))
			wr_counter_set(sorted[i], 0);
	pthread_mutex_unlock(&lock);
}

/*
 * Reading Kafka. A reader has a librdkafka handle of its own; its partitions' fetched records meet
 * in one queue, whose event descriptor tells when it is no longer empty. A poll takes what is there
 * with time-out 0 (librdkafka would else wait until the batch is full), and messages are kept until
 * release, since records point into them.
 *
 * Where a partition stands: behind the last message handed out, or where librdkafka said "end of
 * partition", which covers what is never handed out (control records, aborted transactions).
 *
 * The waker. In librdkafka 2.0 a fetcher that finds the queue full goes to sleep for up to a
 * second, and nothing of a consumer's wakes it when there is room again; but any request to the
 * leader does. So when a queue that was full has run low, a thread of the reader sends small
 * requests (offsets of one partition after the other) until the queue is full again: after 2 ms, 4
 * ms, 8 ms, 16 ms …, a bounded number of times. The thread exists only in readers that were ever
 * behind, and sends only after such a moment:
 *
 *	bytes    full ----.                      .---- full: enough
 *	                   '.  half: wake …    .'
 *	                     '--------'------'
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/wait.h"
#include "io/kafka.h"
#include "io/kafka_internal.h"

enum { QUIET_MS = 3000, ASK_MS = 300, MISSED = 3, AHEAD = 8 };
/* Read ahead at most, for a message of few bytes takes hundreds in librdkafka, which counts them
 * without. */
enum { MOST_MESSAGES = 50000 };
enum {
	WAKE_FIRST_MS = 2,
	WAKE_LAST_MS = 16,
	WAKE_PATIENCE_MS = 200,
	WAKE_TRIES = 16,
	NO_SLOT = -1
};

typedef struct part {
	int32_t partition;
	int64_t next;
	bool at_end;
} part;

typedef struct waker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool running, stop;
	_Atomic uint32_t asked; /* how often the queue ran low */
	_Atomic bool enough;	/* it is full again */
} waker;

struct wr_kafka_reader {
	wr_kafka kafka;
	char *topic;
	rd_kafka_topic_t *rkt;
	rd_kafka_queue_t *queue;
	int fd;
	int32_t n, started;
	part *parts;
	int32_t *slots, nslots; /* partition -> index in parts */
	size_t prefetch;
	size_t mean; /* bytes of a message, about */
	bool was_full;
	int64_t quiet_since; /* ns: nothing came since, and nothing was asked */
	int missed;	     /* how often in succession the broker did not know the topic */
	uint32_t held, held_room;
	rd_kafka_message_t **messages; /* held */
	wr_arena *arena;	       /* headers */
	waker waker;
};

/* ---------------------------------------------------------------- the waker */

static void sleep_on(waker *w, int ms)
{
	wr_cond_wait(&w->changed, &w->lock, wr_clock_mono_ns() + ms * 1000000LL);
}

/* One burst of requests. Called with the lock, which is let go while a request is on its way. */
static void wake(wr_kafka_reader *r, uint32_t *turn)
{
	waker *w = &r->waker;
	uint32_t asked = atomic_load(&w->asked);
	int64_t first, end;
	int ms = WAKE_FIRST_MS;

	for (int left = WAKE_TRIES + 2 * r->n; left > 0 && !w->stop; left--) {
		if (atomic_load(&w->enough) || atomic_load(&w->asked) != asked)
			return;
		pthread_mutex_unlock(&w->lock);
		rd_kafka_query_watermark_offsets(r->kafka.rk, r->topic,
						 r->parts[(*turn)++ % (uint32_t)r->n].partition,
						 &first, &end, WAKE_PATIENCE_MS);
		pthread_mutex_lock(&w->lock);
		if (!w->stop && !atomic_load(&w->enough))
			sleep_on(w, ms);
		ms = ms < WAKE_LAST_MS ? ms * 2 : WAKE_LAST_MS;
	}
}

static void *wake_fetchers(void *self)
{
	wr_kafka_reader *r = self;
	waker *w = &r->waker;
	uint32_t turn = 0, seen = 0;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		if (atomic_load(&w->asked) == seen) {
			pthread_cond_wait(&w->changed, &w->lock);
			continue;
		}
		seen = atomic_load(&w->asked);
		wake(r, &turn);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void start_waker(waker *w, wr_kafka_reader *r)
{
	pthread_mutex_init(&w->lock, NULL);
	wr_cond_init(&w->changed);
	w->running = pthread_create(&w->thread, NULL, wake_fetchers, r) == 0;
}

static void stop_waker(waker *w)
{
	if (!w->running)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}

static void ask_waker(wr_kafka_reader *r)
{
	waker *w = &r->waker;

	if (!w->running)
		start_waker(w, r);
	if (!w->running)
		return; /* no thread to be had: slower, nothing worse */
	pthread_mutex_lock(&w->lock);
	atomic_store(&w->enough, false);
	atomic_fetch_add(&w->asked, 1);
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

/* Looks at what is left in the queue after n messages were taken. */
static void look_at_level(wr_kafka_reader *r, size_t n)
{
	size_t left = rd_kafka_queue_length(r->queue), half = r->prefetch / 2;

	if (left * r->mean > half || left > MOST_MESSAGES / 2) {
		r->was_full = true;
		atomic_store_explicit(&r->waker.enough, true, memory_order_relaxed);
		return;
	}
	if (r->was_full || (left + n) * r->mean > half || left + n > MOST_MESSAGES / 2)
		ask_waker(r);
	r->was_full = false;
}

/* ---------------------------------------------------------------- messages */

static int32_t slot_of(const wr_kafka_reader *r, int32_t partition)
{
	return partition >= 0 && partition < r->nslots ? r->slots[partition] : NO_SLOT;
}

static const wr_headers *headers_of(rd_kafka_message_t *m, wr_arena *a)
{
	rd_kafka_headers_t *from;
	const char *name;
	const void *value;
	size_t size;

	if (rd_kafka_message_headers(m, &from))
		return NULL;
	size_t n = rd_kafka_header_cnt(from);

	if (n == 0)
		return NULL;
	wr_headers *h = WR_NEW(a, wr_headers);
	wr_header *items = WR_NEW_ARRAY(a, wr_header, n);

	for (; h->n < n && !rd_kafka_header_get_all(from, h->n, &name, &value, &size); h->n++)
		items[h->n] = (wr_header){ wr_str_of(name), { value, value ? (uint32_t)size : 0 } };
	h->items = items;
	return h;
}

/* librdkafka gives an empty key as a pointer with length 0, null as NULL. */
static void to_record(wr_kafka_reader *r, rd_kafka_message_t *m, wr_record *out)
{
	rd_kafka_timestamp_type_t kind;

	*out = (wr_record){
		.key = { m->key, m->key ? (uint32_t)m->key_len : 0 },
		.value = { m->payload, m->payload ? (uint32_t)m->len : 0 },
		.timestamp = rd_kafka_message_timestamp(m, &kind),
		.offset = m->offset,
		.partition = m->partition,
		.headers = headers_of(m, r->arena),
	};
}

static wr_status deleted(wr_kafka_reader *r, wr_err *err)
{
	wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN, "topic %s was deleted", r->topic);
	return wr_err_hint(err, "drop the query; or make the topic again, and RESUME the query");
}

static wr_status not_allowed(const wr_kafka_reader *r, wr_err *err)
{
	char what[300];

	snprintf(what, sizeof what, "cannot read topic %s", r->topic);
	return wr_kafka_not_allowed(&r->kafka, what, err, "Read on topic %s", r->topic);
}

/*
 * What retention took is an error for good: somebody must say that it is to be done without. An end
 * before the position may be a broker's that has not caught up, and is asked for again.
 */
static wr_status out_of_range(wr_kafka_reader *r, const part *p, wr_err *err)
{
	int64_t first = 0, end = 0;

	if (rd_kafka_query_watermark_offsets(r->kafka.rk, r->topic, p->partition, &first, &end,
					     5000))
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
				  "offset %lld of topic %s, partition %d, is not there any more",
				  (long long)p->next, r->topic, p->partition);
	if (p->next < first) {
		wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN,
			   "topic %s, partition %d: records %lld to %lld were removed by retention "
			   "before they were read",
			   r->topic, p->partition, (long long)p->next, (long long)first - 1);
		return wr_err_hint(
		    err, "to go on without them: stop weir, then weir recover QUERY --data DIR "
			 "--assume lost; and give the topic a longer retention");
	}
	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
		   "topic %s, partition %d ends at offset %lld, but was read up to %lld before",
		   r->topic, p->partition, (long long)end, (long long)p->next);
	return wr_err_hint(err,
			   "the topic was made anew or its broker lost records; to read it from "
			   "its first record: stop weir, then weir recover QUERY --data DIR "
			   "--assume lost");
}

static wr_status on_event(wr_kafka_reader *r, const rd_kafka_message_t *m, wr_err *err)
{
	int32_t slot = slot_of(r, m->partition);
	part *p = slot == NO_SLOT ? NULL : &r->parts[slot];

	switch (m->err) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
		if (p && m->offset > p->next)
			p->next = m->offset;
		if (p)
			p->at_end = true;
		r->kafka.trouble[0] = 0;
		return WR_OK;
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		return out_of_range(r, p ? p : &r->parts[0], err);
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		return WR_OK; /* still_there finds out whether that stays so */
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return not_allowed(r, err);
	default:
		snprintf(r->kafka.trouble, sizeof r->kafka.trouble, "%s",
			 rd_kafka_message_errstr(m));
		return WR_OK;
	}
}

/* Another thread made it; the headers and the time stand behind what the interface shows. */
static void fetch_ahead(const rd_kafka_message_t *m)
{
	for (int line = 0; line < 4; line++)
		__builtin_prefetch((const char *)m + 64 * line);
}

/* Sorts what was taken from the queue: records are kept, the rest is looked at and destroyed. */
static wr_status sort_out(wr_kafka_reader *r, rd_kafka_message_t **got, size_t n, wr_record *out,
			  uint32_t *taken, wr_err *err)
{
	wr_status status = WR_OK;
	size_t bytes = 0;

	*taken = 0;
	for (size_t i = 0; i < n; i++) {
		rd_kafka_message_t *m = got[i];
		int32_t slot = slot_of(r, m->partition);

		if (i + AHEAD < n)
			fetch_ahead(got[i + AHEAD]);

		if (m->err || slot == NO_SLOT || m->offset < r->parts[slot].next) {
			if (m->err && status == WR_OK)
				status = on_event(r, m, err);
			rd_kafka_message_destroy(m);
			continue;
		}
		to_record(r, m, &out[(*taken)++]);
		bytes += m->len + m->key_len;
		r->messages[r->held++] = m;
		r->parts[slot].next = m->offset + 1;
		r->parts[slot].at_end = false;
	}
	if (*taken) {
		r->mean = (r->mean + bytes / *taken) / 2 + 1;
		r->kafka.trouble[0] = 0;
		r->kafka.down = false;
	}
	return status;
}

static void drain_fd(const wr_kafka_reader *r)
{
	uint64_t ignored;

	(void)!read(r->fd, &ignored, sizeof ignored);
}

/*
 * A deleted topic makes no event in librdkafka's queues: it stays silent. So who has heard nothing
 * for a while asks whether the topic is still there; several times, since a broker that has just
 * started may not know all topics. An answer also says that the broker is back.
 */
static wr_status still_there(wr_kafka_reader *r, wr_err *err)
{
	const struct rd_kafka_metadata *meta;
	int64_t now = wr_clock_mono_ns();

	if (r->quiet_since == 0)
		r->quiet_since = now;
	if (now - r->quiet_since < QUIET_MS * 1000000ll)
		return WR_OK;
	r->quiet_since = now;
	if (rd_kafka_metadata(r->kafka.rk, 0, r->rkt, &meta, ASK_MS))
		return WR_OK;
	bool missing =
	    meta->topic_cnt == 1 && meta->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;

	rd_kafka_metadata_destroy(meta);
	r->kafka.trouble[0] = 0;
	r->kafka.down = false;
	r->missed = missing ? r->missed + 1 : 0;
	return r->missed < MISSED ? WR_OK : deleted(r, err);
}

static wr_status take(wr_kafka_reader *r, wr_record *out, uint32_t max, uint32_t *n, wr_err *err)
{
	if (r->held + max > r->held_room) {
		r->held_room = (r->held + max) * 2;
		r->messages = wr_realloc(r->messages, r->held_room * sizeof(void *));
	}
	drain_fd(r); /* first: what comes later wakes again */
	rd_kafka_message_t **got = r->messages + r->held;
	ssize_t taken = rd_kafka_consume_batch_queue(r->queue, 0, got, max);

	if (taken <= 0) {
		*n = 0;
		rd_kafka_poll(r->kafka.rk, 0);
		return still_there(r, err);
	}
	r->quiet_since = 0;
	wr_status status = sort_out(r, got, (size_t)taken, out, n, err);

	look_at_level(r, (size_t)taken);
	return status;
}

wr_status wr_kafka_reader_poll(wr_kafka_reader *r, wr_record *out, uint32_t max, int timeout_ms,
			       uint32_t *n, wr_err *err)
{
	struct pollfd fd = { .fd = r->fd, .events = POLLIN };

	if (take(r, out, max, n, err))
		return WR_FAIL;
	if (*n || timeout_ms == 0 || poll(&fd, 1, timeout_ms) <= 0)
		return WR_OK;
	return take(r, out, max, n, err);
}

void wr_kafka_reader_release(wr_kafka_reader *r)
{
	for (uint32_t i = 0; i < r->held; i++)
		rd_kafka_message_destroy(r->messages[i]);
	r->held = 0;
	wr_arena_reset(r->arena);
}

/* The end the last answer of the broker told is known without asking; it says sooner than the event
 * that nothing more is there. */
int64_t wr_kafka_reader_next(wr_kafka_reader *r, int32_t i, bool *at_end)
{
	part *p = &r->parts[i];
	int64_t first, end;

	if (!p->at_end &&
	    !rd_kafka_get_watermark_offsets(r->kafka.rk, r->topic, p->partition, &first, &end) &&
	    end >= 0)
		*at_end = p->next >= end;
	else
		*at_end = p->at_end;
	return p->next;
}

bool wr_kafka_reader_confirm_end(wr_kafka_reader *r, int32_t i)
{
	int64_t first, end, asked = wr_clock_mono_ns();

	return !rd_kafka_query_watermark_offsets(r->kafka.rk, r->topic, r->parts[i].partition,
						 &first, &end, ASK_MS) &&
	       wr_clock_mono_ns() - asked < 3 * ASK_MS * 1000000ll && r->parts[i].next >= end;
}

int32_t wr_kafka_reader_partitions(wr_kafka_reader *r)
{
	const struct rd_kafka_metadata *meta;
	int32_t n = 0;

	if (rd_kafka_metadata(r->kafka.rk, 0, r->rkt, &meta, ASK_MS))
		return 0;
	if (meta->topic_cnt == 1 && !meta->topics[0].err)
		n = meta->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(meta);
	return n;
}

int wr_kafka_reader_fd(const wr_kafka_reader *r)
{
	return r->fd;
}

void wr_kafka_reader_trouble(const wr_kafka_reader *r, char out[256])
{
	if (r->kafka.down)
		snprintf(out, 256, "no answer from a Kafka broker at %s", r->kafka.broker);
	else
		snprintf(out, 256, "%s", r->kafka.trouble);
}

/* ---------------------------------------------------------------- opening, closing */

static wr_status start_handle(wr_kafka_reader *r, const char *broker, const char *const *conf,
			      wr_err *err)
{
	char kbytes[24], fetch[24], part_fetch[24], most[24];
	size_t per_part = r->prefetch / 4 > 1 << 20 ? r->prefetch / 4 : 1 << 20;
	/* clang-format off */
	const char *const settings[] = {
		"enable.auto.commit", "false",
		"enable.auto.offset.store", "false",
		"enable.partition.eof", "true",
		"isolation.level", "read_committed",
		"check.crcs", "false",
		"allow.auto.create.topics", "false",
		"queued.min.messages", most,
		"queued.max.messages.kbytes", kbytes,
		"fetch.wait.max.ms", "50",
		"fetch.message.max.bytes", part_fetch,
		"fetch.max.bytes", fetch,
		"fetch.error.backoff.ms", "50",
		"topic.metadata.refresh.interval.ms", "30000",
		NULL,
	};
	/* clang-format on */

	snprintf(most, sizeof most, "%d", MOST_MESSAGES);
	snprintf(kbytes, sizeof kbytes, "%zu", r->prefetch / 1024 ? r->prefetch / 1024 : 1);
	snprintf(part_fetch, sizeof part_fetch, "%zu", per_part);
	snprintf(fetch, sizeof fetch, "%zu", r->prefetch > per_part ? r->prefetch : per_part);
	return wr_kafka_start(&r->kafka, RD_KAFKA_CONSUMER, broker, settings, conf, err);
}

static wr_status start_topic(wr_kafka_reader *r, wr_err *err)
{
	rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
	char why[256];

	rd_kafka_topic_conf_set(conf, "auto.offset.reset", "error", why, sizeof why);
	r->rkt = rd_kafka_topic_new(r->kafka.rk, r->topic, conf);
	if (!r->rkt)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "cannot read topic %s: %s",
				  r->topic, rd_kafka_err2str(rd_kafka_last_error()));
	r->queue = rd_kafka_queue_new(r->kafka.rk);
	static const uint64_t one = 1;

	rd_kafka_queue_io_event_enable(r->queue, r->fd, &one, sizeof one);
	for (; r->started < r->n; r->started++)
		if (rd_kafka_consume_start_queue(r->rkt, r->parts[r->started].partition,
						 r->parts[r->started].next, r->queue))
			return wr_err_set(err, WR_ERR_CONNECT, WR_NO_SPAN,
					  "cannot read topic %s: %s", r->topic,
					  rd_kafka_err2str(rd_kafka_last_error()));
	return WR_OK;
}

static void place(wr_kafka_reader *r, const wr_kafka_from *from, int32_t n)
{
	r->n = n;
	r->parts = wr_calloc((size_t)n + 1, sizeof *r->parts);
	for (int32_t i = 0; i < n; i++) {
		r->parts[i] = (part){ .partition = from[i].partition, .next = from[i].next };
		if (from[i].partition >= r->nslots)
			r->nslots = from[i].partition + 1;
	}
	r->slots = wr_calloc((size_t)r->nslots + 1, sizeof *r->slots);
	for (int32_t i = 0; i < r->nslots; i++)
		r->slots[i] = NO_SLOT;
	for (int32_t i = 0; i < n; i++)
		r->slots[from[i].partition] = i;
}

wr_status wr_kafka_reader_open(const char *broker, const char *const *conf, wr_str topic,
			       const wr_kafka_from *from, int32_t n, size_t prefetch,
			       wr_kafka_reader **out, wr_err *err)
{
	wr_kafka_reader *r = wr_calloc(1, sizeof *r);

	r->topic = wr_malloc((size_t)topic.n + 1);
	memcpy(r->topic, topic.p, topic.n);
	r->topic[topic.n] = 0;
	r->prefetch = prefetch;
	r->arena = wr_arena_new();
	place(r, from, n);
	r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->fd < 0)
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "cannot make an event descriptor: %s",
			   strerror(errno));
	if (r->fd < 0 || start_handle(r, broker, conf, err) || start_topic(r, err)) {
		wr_kafka_reader_close(r);
		return WR_FAIL;
	}
	*out = r;
	return WR_OK;
}

void wr_kafka_reader_close(wr_kafka_reader *r)
{
	stop_waker(&r->waker);
	wr_kafka_reader_release(r);
	for (int32_t i = 0; i < r->started; i++)
		rd_kafka_consume_stop(r->rkt, r->parts[i].partition);
	if (r->queue) {
		rd_kafka_queue_io_event_enable(r->queue, -1, NULL, 0);
		rd_kafka_queue_destroy(r->queue);
	}
	if (r->rkt)
		rd_kafka_topic_destroy(r->rkt);
	wr_kafka_stop(&r->kafka);
	if (r->fd >= 0)
		close(r->fd);
	wr_arena_free(r->arena);
	free(r->messages);
	free(r->parts);
	free(r->slots);
	free(r->topic);
	free(r);
}

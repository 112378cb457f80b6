/* Opening, closing and waiting: the engine as a whole. */
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/log.h"
#include "engine/internal.h"
#include "engine/journal.h"
#include "engine/notice.h"

void wr_notice(wr_engine *e, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (e->config.notice)
		e->config.notice(e->config.self, text);
	else
		wr_log_warn("%s", text);
}

void wr_uuid_make(char out[40])
{
	unsigned char b[16];
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, b, sizeof b) != sizeof b)
		WR_BUG("no random numbers");
	close(fd);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

static wr_status make_dir(const char *dir, wr_err *err)
{
	if (mkdir(dir, 0755) && errno != EEXIST) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "cannot make the data directory %s: %s", dir,
			   strerror(errno));
		return wr_err_hint(err, "choose another with --data DIR");
	}
	if (access(dir, W_OK | X_OK)) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "cannot write to the data directory %s: %s",
			   dir, strerror(errno));
		return wr_err_hint(err,
				   "give it write permission, or choose another with --data DIR");
	}
	return WR_OK;
}

static wr_status open_parts(wr_engine *e, wr_err *err)
{
	const wr_engine_config *c = &e->config;
	bool memory =
	    !c->dir || wr_str_is(wr_setting_text(&e->settings, WR_SET_STATE_STORE), "memory");
	wr_db_options opt = { .memory = memory,
			      .cache_bytes =
				  (size_t)wr_setting_int(&e->settings, WR_SET_MEMORY) / 8 };
	wr_db_options scratch = { .memory = true };

	if (c->dir && (make_dir(c->dir, err) || wr_backup_refuse(c->dir, err)))
		return WR_FAIL;
	if (WR_FAULT_FAIL("start.state", err) || wr_db_open(c->dir, &opt, &e->db, err) ||
	    wr_db_open(NULL, &scratch, &e->scratch, err) || WR_FAULT_FAIL("start.topics", err))
		return WR_FAIL;
	if (!c->broker && wr_topics_open(c->dir, &e->topics, err))
		return WR_FAIL;
	e->io = (wr_io){ .broker = c->broker,
			 .dir = c->dir,
			 .topics = e->topics,
			 .one_partition = c->by_hand,
			 .prefetch_bytes = 4u << 20 };
	if (!c->dir)
		return WR_OK;
	e->opening = true;
	wr_status status = WR_FAULT_FAIL("start.journal", err) || wr_journal_open(e, err) ||
			   WR_FAULT_FAIL("start.done", err);

	e->opening = false;
	if (status)
		return WR_FAIL;
	return e->topics ? wr_topics_settle(e->topics, err) : WR_OK;
}

/* Who writes goes first: a backup must not wait for ever while commits come one after the other. */
static void make_gate(pthread_rwlock_t *gate)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(gate, &attr);
	pthread_rwlockattr_destroy(&attr);
}

wr_status wr_engine_open(const wr_engine_config *config, wr_engine **out, wr_err *err)
{
	wr_engine *e = wr_calloc(1, sizeof *e);
	pthread_mutexattr_t recursive;

	e->config = *config;
	e->held = config->hold && !config->by_hand;
	if (config->settings)
		e->settings = *config->settings;
	else
		wr_settings_init(&e->settings);
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&e->lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	pthread_mutex_init(&e->list_lock, NULL);
	make_gate(&e->commits);
	e->arena = wr_arena_new();
	e->next_push = 1;
	wr_names_init(e);
	*out = e;
	if (open_parts(e, err)) {
		wr_engine_abandon(e);
		*out = NULL;
		return WR_FAIL;
	}
	return WR_OK;
}

void wr_engine_start(wr_engine *e, wr_query *q)
{
	if (!e->held)
		wr_query_start(q);
}

void wr_engine_release(wr_engine *e)
{
	pthread_mutex_lock(&e->lock);
	if (e->held) {
		e->held = false;
		for (wr_query *q = e->queries; q; q = q->next)
			if (!q->started && !wr_query_over(q))
				wr_query_start(q);
	}
	pthread_mutex_unlock(&e->lock);
}

static void end(wr_engine *e, bool commit)
{
	if (!e)
		return;
	for (size_t i = 0; i < sizeof e->pushes / sizeof *e->pushes; i++)
		wr_push_query_free(e->pushes[i]);
	for (wr_query *q = e->queries; q; q = q->next)
		wr_query_stop(q, commit);
	for (wr_query *q = e->queries; q; q = q->next)
		wr_query_join(q);
	while (e->queries) {
		wr_query *next = e->queries->next;

		wr_query_free(e->queries);
		e->queries = next;
	}
	wr_journal_close(e);
	wr_topics_close(e->topics);
	wr_db_close(e->db);
	wr_db_close(e->scratch);
	for (uint32_t i = 0; i < e->nplans; i++)
		wr_arena_free(e->plans[i]);
	free(e->plans);
	wr_arena_free(e->arena);
	pthread_mutex_destroy(&e->lock);
	pthread_mutex_destroy(&e->list_lock);
	pthread_rwlock_destroy(&e->commits);
	free(e);
}

void wr_engine_close(wr_engine *e)
{
	end(e, true);
}

void wr_engine_abandon(wr_engine *e)
{
	end(e, false);
}

wr_topics *wr_engine_topics(wr_engine *e)
{
	return e->topics;
}

const char *wr_query_state_text(wr_query_state s)
{
	static const char *const words[] = { "RUNNING", "PAUSED", "RETRYING", "ERROR", "ENDED" };

	return words[s];
}

void wr_engine_relations(wr_engine *e, void (*visit)(void *self, const wr_relation *r), void *self)
{
	pthread_mutex_lock(&e->lock);
	for (wr_named *n = e->names.first; n; n = n->next)
		if (n->relation)
			visit(self, n->relation);
	pthread_mutex_unlock(&e->lock);
}

static void visit_query(wr_query *q, void (*visit)(void *self, const wr_query_info *q), void *self)
{
	char waits[256] = "";

	pthread_mutex_lock(&q->lock);
	bool down = q->state == WR_QUERY_RETRYING || q->state == WR_QUERY_FAILED;

	if (q->live)
		wr_run_trouble(q->live, waits);
	wr_query_info info = {
		.id = q->id,
		.text = q->text.p,
		.sink = q->sink_name.p,
		.sink_topic = q->spec.sink_spec && q->spec.sink_spec->topic.p
				  ? q->spec.sink_spec->topic.p
				  : "",
		.state = q->state,
		.trouble = down ? q->err.message : waits,
		.transient = q->push != NULL,
		.rows_in = q->rows_in,
		.epoch = q->epoch,
	};
	for (int i = 0; i < WR_DROP_COUNT; i++) {
		info.dropped[i] = q->drops.n[i];
		info.dropped_before[i] = q->drops.before[i];
	}
	info.bad_records = info.dropped[WR_DROP_KEPT] + info.dropped[WR_DROP_SKIPPED];
	visit(self, &info);
	pthread_mutex_unlock(&q->lock);
}

void wr_engine_queries(wr_engine *e, void (*visit)(void *self, const wr_query_info *q), void *self)
{
	pthread_mutex_lock(&e->lock);
	for (wr_query *q = e->queries; q; q = q->next)
		visit_query(q, visit, self);
	for (size_t i = 0; i < sizeof e->pushes / sizeof *e->pushes; i++)
		if (e->pushes[i])
			visit_query(e->pushes[i]->query, visit, self);
	pthread_mutex_unlock(&e->lock);
}

static bool scan_settled(wr_engine *e, const wr_scan_run *s)
{
	wr_str topic = s->scan->source->topic;

	if (!e->topics || !strcmp(s->scan->source->kind, "file"))
		return true;
	for (int32_t p = 0; p < s->nparts; p++)
		if (s->committed[p] < wr_topics_end(e->topics, topic, p))
			return false;
	return true;
}

static bool query_settled(wr_engine *e, wr_query *q)
{
	pthread_mutex_lock(&q->lock);
	bool over = wr_query_over(q) || q->pause, all = q->live != NULL;

	for (uint32_t i = 0; all && i < q->live->nscans; i++)
		all = scan_settled(e, &q->live->scans[i]);
	pthread_mutex_unlock(&q->lock);
	return over || all;
}

bool wr_engine_settled(wr_engine *e)
{
	bool all = true;

	pthread_mutex_lock(&e->lock);
	for (wr_query *q = e->queries; q && all; q = q->next)
		all = query_settled(e, q);
	pthread_mutex_unlock(&e->lock);
	return all;
}

bool wr_engine_cancel(wr_engine *e, const char *query_id)
{
	bool found = false;

	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < sizeof e->pushes / sizeof *e->pushes && !found; i++)
		if (e->pushes[i] && strcasecmp(e->pushes[i]->query->id, query_id) == 0) {
			wr_push_query_cancel(e->pushes[i]);
			found = true;
		}
	pthread_mutex_unlock(&e->lock);
	return found;
}

uint32_t wr_engine_wait(wr_engine *e, const volatile int *stop, wr_err *err)
{
	uint32_t failed = 0;
	bool running = true;

	while (running && !(stop && *stop)) {
		running = false;
		pthread_mutex_lock(&e->list_lock);
		for (wr_query *q = e->queries; q; q = q->next)
			running |= !wr_query_over(q) && q->state != WR_QUERY_PAUSED;
		pthread_mutex_unlock(&e->list_lock);
		if (running)
			usleep(2000);
	}
	for (wr_query *q = e->queries; q; q = q->next)
		if (q->state == WR_QUERY_FAILED) {
			if (failed++ == 0)
				*err = q->err;
		}
	return failed;
}

/*
 * The store of an outbox, per task:
 *
 *	'e' lane number  ->  the entry
 *	'l' lane         ->  put: number of entries, rows; done: number, rows; put: bytes; done: bytes; path of the piece that is next
 *	'c'              ->  lanes per task
 *
 * A lane's number is lane of the task · tasks + task, so it stays the same when lanes are added.
 *
 *	numbers		0 ........ noted ....... done ........... committed ........ put
 *			gone	   delivered,	 waiting		     open epoch
 *				   not noted
 *
 * `put` and `noted` belong to the task; what sender and coordinator share stands behind `lock`. An
 * epoch that dies takes its entries and its 'l' with it, so numbers are given again to the entries
 * that take their place: none of them was ever sent.
 *
 * A refusal stays in memory, without the bytes, until the snapshot that notes its piece as done has
 * written it and that is committed; a lane with many of them waits. Should the process die before,
 * the piece is sent and refused once more. So each is kept once. A split is asked for by the sender
 * (path of its first half, `splitting`), noted by a snapshot, and true when that is committed.
 */
#include "sinks/outbox.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/fault.h"
#include "sinks/props.h"
#include "state/keyenc.h"

enum { MOST_REFUSALS = 64 }; /* of a lane, before they must be noted */

typedef struct refusal refusal;
struct refusal {
	wr_outbox_at at;
	char *reason;
	refusal *next;
};

/* How far. */
typedef struct counts {
	uint64_t n, rows, bytes;
} counts;

typedef struct progress {
	counts c;
	char path[WR_PATH_MAX];
} progress;

typedef struct lane {
	uint32_t number;
	uint16_t task;
	counts put;	  /* the task's */
	progress noted;	  /* the task's: done as the store has it */
	counts committed; /* from here on: under the lock */
	progress done;
	uint64_t head_bytes; /* of the entry that is next */
	bool splitting;	     /* the sender waits until done.path is committed */
	uint32_t nrefusals;
	refusal *refusals, **end;
} lane;

struct wr_outbox {
	wr_sink_cx *cx;
	uint16_t op;
	/* was: lanes per task when it was opened last; 0: not known */
	uint32_t per_task, was, n;
	const wr_outbox_hooks *hooks;
	wr_store **stores; /* per task */
	pthread_mutex_t lock;
	lane *lanes; /* per task, per_task of them; then those of another time */
};

/* ---------------------------------------------------------------- keys and values */

static wr_str lane_key(wr_buf *key, char kind, uint32_t number)
{
	wr_buf_reset(key);
	wr_buf_putc(key, kind);
	wr_key_put_i64(key, number);
	return wr_buf_view(key);
}

static wr_str entry_key(wr_buf *key, uint32_t number, uint64_t n)
{
	lane_key(key, 'e', number);
	wr_key_put_i64(key, (int64_t)n);
	return wr_buf_view(key);
}

static void put_lane(wr_buf *out, const counts *put, const progress *done)
{
	const uint64_t numbers[] = { put->n,	   put->rows,  done->c.n,
				     done->c.rows, put->bytes, done->c.bytes };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		wr_key_put_i64(out, (int64_t)numbers[i]);
	wr_buf_puts(out, done->path);
}

static bool get_lane(wr_str value, counts *put, progress *done)
{
	const char *p = value.p, *end = value.p + value.n;
	int64_t v[6];

	for (size_t i = 0; i < 6; i++)
		if (!wr_key_get_i64(&v[i], &p, end))
			return false;
	if (end - p >= WR_PATH_MAX)
		return false;
	*put = (counts){ (uint64_t)v[0], (uint64_t)v[1], (uint64_t)v[4] };
	done->c = (counts){ (uint64_t)v[2], (uint64_t)v[3], (uint64_t)v[5] };
	memcpy(done->path, p, (size_t)(end - p));
	done->path[end - p] = 0;
	return true;
}

/* ---------------------------------------------------------------- opening */

static lane *lane_of(wr_outbox *ob, uint32_t number)
{
	for (uint32_t i = 0; i < ob->n; i++)
		if (ob->lanes[i].number == number)
			return &ob->lanes[i];
	ob->lanes = wr_realloc(ob->lanes, (ob->n + 1) * sizeof *ob->lanes);
	ob->lanes[ob->n] = (lane){ .number = number, .task = (uint16_t)(number % ob->cx->ntasks) };
	return &ob->lanes[ob->n++];
}

static void load_lane(wr_outbox *ob, wr_str key, wr_str value)
{
	const char *p = key.p + 1;
	int64_t number;

	if (!wr_key_get_i64(&number, &p, key.p + key.n) || number < 0 || number > UINT32_MAX)
		return;
	lane *l = lane_of(ob, (uint32_t)number);

	if (!get_lane(value, &l->put, &l->noted))
		return;
	l->done = l->noted;
	l->committed = l->put;
}

static void load(wr_outbox *ob)
{
	wr_view *v = wr_view_open(ob->cx->state, ob->op, WR_STR_LIT("l"), WR_STR_LIT("m"));
	wr_str key, value;

	while (wr_view_next(v, &key, &value))
		load_lane(ob, key, value);
	wr_view_close(v);
	v = wr_view_open(ob->cx->state, ob->op, WR_STR_LIT("c"), WR_STR_LIT("d"));
	while (wr_view_next(v, &key, &value))
		if (value.n == 4)
			memcpy(&ob->was, value.p, 4);
	wr_view_close(v);
	for (uint32_t i = 0; i < ob->n; i++)
		ob->lanes[i].end = &ob->lanes[i].refusals;
}

/* With another number of lanes a key may change its lane, and what is new would pass what waits. */
static wr_status check_lanes(wr_outbox *ob, const wr_sink_spec *spec, wr_err *err)
{
	wr_outbox_load waiting = wr_outbox_waiting(ob);

	if (!waiting.n || !ob->was || ob->was == ob->per_task)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, "MAX_IN_FLIGHT"),
		   "MAX_IN_FLIGHT cannot change while %" PRIu64
		   " requests of sink %.*s are not delivered",
		   waiting.n, WR_STR_ARG(spec->name));
	return wr_err_hint(err, "keep %u until they are, SHOW SINKS tells", ob->was);
}

wr_status wr_outbox_open(wr_sink_cx *cx, const wr_sink_spec *spec, uint32_t lanes_per_task,
			 const wr_outbox_hooks *hooks, wr_outbox **out, wr_err *err)
{
	wr_outbox *ob = wr_calloc(1, sizeof *ob);

	ob->cx = cx;
	ob->op = spec->op;
	ob->hooks = hooks;
	ob->per_task = lanes_per_task;
	ob->n = cx->ntasks * lanes_per_task;
	ob->stores = wr_calloc(cx->ntasks, sizeof *ob->stores);
	ob->lanes = wr_calloc(ob->n, sizeof *ob->lanes);
	for (uint32_t i = 0; i < ob->n; i++) {
		ob->lanes[i].task = (uint16_t)(i / lanes_per_task);
		ob->lanes[i].number = i % lanes_per_task * cx->ntasks + ob->lanes[i].task;
	}
	pthread_mutex_init(&ob->lock, NULL);
	load(ob);
	if (check_lanes(ob, spec, err)) {
		wr_outbox_close(ob);
		return WR_FAIL;
	}
	*out = ob;
	return WR_OK;
}

/* The oldest refusal of the lane goes. */
static void drop_refusal(lane *l)
{
	refusal *r = l->refusals;

	l->refusals = r->next;
	if (!l->refusals)
		l->end = &l->refusals;
	l->nrefusals--;
	free(r->reason);
	free(r);
}

void wr_outbox_close(wr_outbox *ob)
{
	if (!ob)
		return;
	for (uint32_t i = 0; i < ob->n; i++)
		while (ob->lanes[i].refusals)
			drop_refusal(&ob->lanes[i]);
	pthread_mutex_destroy(&ob->lock);
	free(ob->stores);
	free(ob->lanes);
	free(ob);
}

uint32_t wr_outbox_lanes(const wr_outbox *ob)
{
	return ob->n;
}

/* ---------------------------------------------------------------- tasks */

void wr_outbox_task(wr_outbox *ob, uint16_t task)
{
	ob->stores[task] = wr_store_open(ob->cx->state, ob->op, task);
}

static void put(wr_outbox *ob, lane *l, const wr_parcel *p)
{
	wr_buf key = { 0 }, entry = { 0 };

	(void)WR_FAULT("outbox.put"); /* nothing can fail: crashes only */
	wr_parcel_put(p, &entry);
	wr_store_put(ob->stores[l->task], entry_key(&key, l->number, l->put.n),
		     wr_buf_view(&entry));
	l->put.n++;
	l->put.rows += p->rows;
	l->put.bytes += entry.n;
	wr_buf_free(&key);
	wr_buf_free(&entry);
}

void wr_outbox_put(wr_outbox *ob, uint16_t task, uint32_t at, const wr_parcel *p)
{
	put(ob, &ob->lanes[task * ob->per_task + at], p);
}

void wr_outbox_put_again(wr_outbox *ob, uint32_t number, const wr_parcel *p)
{
	uint32_t task = number % ob->cx->ntasks, at = number / ob->cx->ntasks;

	put(ob, &ob->lanes[task * ob->per_task + (at < ob->per_task ? at : 0)], p);
}

/* Whether what is at `at` lies before the progress. */
static bool is_behind(const wr_outbox_at *at, const progress *p)
{
	return at->number < p->c.n || (at->number == p->c.n && strcmp(at->path, p->path) < 0);
}

static bool same_place(const progress *a, const progress *b)
{
	return a->c.n == b->c.n && !strcmp(a->path, b->path);
}

static void tell_refusal(wr_outbox *ob, wr_store *st, lane *l, const refusal *r)
{
	wr_buf key = { 0 }, entry = { 0 }, room = { 0 };
	wr_parcel whole, piece;
	char id[160];

	wr_outbox_id(ob, (uint32_t)(l - ob->lanes), &r->at, id, sizeof id);
	if (wr_store_get(st, entry_key(&key, l->number, r->at.number), &entry) &&
	    wr_parcel_get(wr_buf_view(&entry), &whole) &&
	    wr_parcel_piece(&whole, r->at.path, &room, &piece))
		ob->hooks->refused(ob->hooks->self,
				   &(wr_refused){ l->number, r->at.number, id, r->reason, piece.to,
						  piece.body });
	wr_buf_free(&key);
	wr_buf_free(&entry);
	wr_buf_free(&room);
}

/* Writes the lane's numbers. The refusals up to `done` stay where they are: the list only grows at
 * its end meanwhile. */
static void note(wr_outbox *ob, lane *l, const progress *done, const refusal *refusals,
		 uint32_t nrefusals)
{
	wr_store *st = ob->stores[l->task];
	wr_buf from = { 0 }, to = { 0 };

	(void)WR_FAULT("outbox.note"); /* nothing can fail: crashes only */
	while (nrefusals--) {
		tell_refusal(ob, st, l, refusals);
		if (nrefusals) /* the sender may be hanging one behind the last */
			refusals = refusals->next;
	}
	if (done->c.n > l->noted.c.n)
		wr_store_del_range(st, entry_key(&from, l->number, l->noted.c.n),
				   entry_key(&to, l->number, done->c.n));
	l->noted = *done;
	wr_buf_reset(&to);
	put_lane(&to, &l->put, done);
	wr_store_put(st, lane_key(&from, 'l', l->number), wr_buf_view(&to));
	wr_buf_free(&from);
	wr_buf_free(&to);
}

static void note_lanes(wr_outbox *ob, uint16_t task)
{
	if (ob->was == ob->per_task)
		return;
	wr_buf value = { 0 };

	wr_buf_u32(&value, ob->per_task);
	wr_store_put(ob->stores[task], WR_STR_LIT("c"), wr_buf_view(&value));
	wr_buf_free(&value);
}

void wr_outbox_snapshot(wr_outbox *ob, uint16_t task)
{
	note_lanes(ob, task);
	for (uint32_t i = 0; i < ob->n; i++) {
		lane *l = &ob->lanes[i];

		if (l->task != task)
			continue;
		pthread_mutex_lock(&ob->lock);
		progress done = l->done;
		const refusal *refusals = l->refusals;
		uint32_t nrefusals = l->nrefusals;
		bool moved = l->put.n != l->committed.n || !same_place(&done, &l->noted);

		pthread_mutex_unlock(&ob->lock);
		if (moved)
			note(ob, l, &done, refusals, nrefusals);
	}
}

/* ---------------------------------------------------------------- the coordinator */

/* What is noted is committed: under the lock. */
static void noted_is_true(lane *l)
{
	while (l->refusals && is_behind(&l->refusals->at, &l->noted))
		drop_refusal(l);
	if (l->splitting && same_place(&l->done, &l->noted))
		l->splitting = false;
}

void wr_outbox_committed(wr_outbox *ob)
{
	pthread_mutex_lock(&ob->lock);
	ob->was = ob->per_task;
	for (uint32_t i = 0; i < ob->n; i++) {
		ob->lanes[i].committed = ob->lanes[i].put;
		noted_is_true(&ob->lanes[i]);
	}
	pthread_mutex_unlock(&ob->lock);
}

/*
 * What the last commit says of a task's lanes: it may have come without wr_outbox_committed being
 * told.
 */
static void reload(wr_outbox *ob, uint16_t task)
{
	wr_buf key = { 0 }, value = { 0 };

	for (uint32_t i = 0; i < ob->n; i++) {
		lane *l = &ob->lanes[i];

		if (l->task != task)
			continue;
		l->put = (counts){ 0 };
		l->noted = (progress){ .path = "" };
		if (wr_store_get(ob->stores[task], lane_key(&key, 'l', l->number), &value))
			(void)get_lane(wr_buf_view(&value), &l->put, &l->noted);
		pthread_mutex_lock(&ob->lock);
		noted_is_true(l);
		pthread_mutex_unlock(&ob->lock);
	}
	wr_buf_free(&key);
	wr_buf_free(&value);
}

bool wr_outbox_due(wr_outbox *ob, bool urgent)
{
	bool due = false;

	pthread_mutex_lock(&ob->lock);
	for (uint32_t i = 0; i < ob->n && !due; i++) {
		lane *l = &ob->lanes[i];

		due = l->splitting || l->nrefusals >= MOST_REFUSALS ||
		      (!urgent && !same_place(&l->done, &l->noted));
	}
	pthread_mutex_unlock(&ob->lock);
	return due;
}

wr_status wr_outbox_settle(wr_outbox *ob, wr_err *err)
{
	if (!wr_outbox_due(ob, false))
		return WR_OK;
	if (WR_FAULT_FAIL("outbox.settle", err))
		return WR_FAIL;
	wr_state_rollback(ob->cx->state);
	ob->hooks->forget(ob->hooks->self);
	for (uint16_t t = 0; t < ob->cx->ntasks; t++)
		if (ob->stores[t]) {
			reload(ob, t);
			wr_outbox_snapshot(ob, t);
		}
	if (WR_FAULT_FAIL("outbox.settled", err) ||
	    ob->hooks->before_commit(ob->hooks->self, err) || wr_state_commit(ob->cx->state, err))
		return WR_FAIL;
	if (WR_FAULT("outbox.settled"))
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
				  "fault on purpose behind what was noted");
	wr_outbox_committed(ob);
	return WR_OK;
}

/* ---------------------------------------------------------------- the sender */

static bool may_send(const lane *l)
{
	return l->done.c.n < l->committed.n && !l->splitting && l->nrefusals < MOST_REFUSALS;
}

bool wr_outbox_waits(wr_outbox *ob, uint32_t at)
{
	pthread_mutex_lock(&ob->lock);
	bool waits = may_send(&ob->lanes[at]);

	pthread_mutex_unlock(&ob->lock);
	return waits;
}

bool wr_outbox_first(wr_outbox *ob, uint32_t lane_at, wr_buf *entry, wr_outbox_at *at)
{
	lane *l = &ob->lanes[lane_at];
	wr_buf from = { 0 }, to = { 0 };
	wr_str key, value;

	pthread_mutex_lock(&ob->lock);
	bool waits = may_send(l);

	at->number = l->done.c.n;
	memcpy(at->path, l->done.path, sizeof at->path);
	pthread_mutex_unlock(&ob->lock);
	if (!waits)
		return false;
	wr_view *v = wr_view_open(ob->cx->state, ob->op, entry_key(&from, l->number, at->number),
				  entry_key(&to, l->number, at->number + 1));
	bool found = wr_view_next(v, &key, &value);

	wr_buf_reset(entry);
	if (found) {
		wr_buf_str(entry, value);
		l->head_bytes = value.n;
	}
	wr_view_close(v);
	wr_buf_free(&from);
	wr_buf_free(&to);
	return found;
}

void wr_outbox_id(const wr_outbox *ob, uint32_t lane_at, const wr_outbox_at *at, char *out,
		  size_t room)
{
	snprintf(out, room, "%s-%u-%" PRIu64 "%s", ob->cx->incarnation, ob->lanes[lane_at].number,
		 at->number, at->path);
}

/* The piece is done: under the lock. */
static void move_on(lane *l, uint32_t rows)
{
	l->done.c.rows += rows;
	if (wr_path_next(l->done.path))
		return;
	l->done.c.n++;
	l->done.c.bytes += l->head_bytes;
}

void wr_outbox_delivered(wr_outbox *ob, uint32_t at, uint32_t rows)
{
	pthread_mutex_lock(&ob->lock);
	move_on(&ob->lanes[at], rows);
	pthread_mutex_unlock(&ob->lock);
}

void wr_outbox_refuse(wr_outbox *ob, uint32_t lane_at, uint32_t rows, const char *reason)
{
	lane *l = &ob->lanes[lane_at];
	refusal *r = wr_calloc(1, sizeof *r);

	r->reason = wr_strdup(reason);
	pthread_mutex_lock(&ob->lock);
	r->at.number = l->done.c.n;
	memcpy(r->at.path, l->done.path, sizeof r->at.path);
	*l->end = r;
	l->end = &r->next;
	l->nrefusals++;
	move_on(l, rows);
	pthread_mutex_unlock(&ob->lock);
}

void wr_outbox_split(wr_outbox *ob, uint32_t at)
{
	lane *l = &ob->lanes[at];
	size_t n = strlen(l->done.path);

	WR_ASSERT(n + 2 < WR_PATH_MAX);
	pthread_mutex_lock(&ob->lock);
	memcpy(l->done.path + n, "/0", 3);
	l->splitting = true;
	pthread_mutex_unlock(&ob->lock);
}

wr_outbox_load wr_outbox_waiting(wr_outbox *ob)
{
	wr_outbox_load load = { 0 };

	pthread_mutex_lock(&ob->lock);
	for (uint32_t i = 0; i < ob->n; i++) {
		const lane *l = &ob->lanes[i];

		load.n += l->committed.n - l->done.c.n;
		load.rows += l->committed.rows - l->done.c.rows;
		load.bytes += l->committed.bytes - l->done.c.bytes;
	}
	pthread_mutex_unlock(&ob->lock);
	return load;
}

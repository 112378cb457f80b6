/*
 * The store of an outbox, per task:
 *
 *	'e' lane number  ->  the entry
 *	'l' lane         ->  next number, delivered numbers (all below), rows put, rows delivered
 *
 * A lane's `next` belongs to its task. What sender and coordinator share (committed, acked) stands
 * behind `lock`. An epoch that dies takes its entries and its 'l' with it, so numbers are given
 * again to the entries that take their place: none of them was ever sent.
 */
#include "sinks/outbox.h"

#include <pthread.h>
#include <stdlib.h>

#include "state/keyenc.h"

typedef struct counts {
	uint64_t n, rows;
} counts;

typedef struct lane {
	counts put;		/* the task's */
	counts noted;		/* the task's: acked as the store has it */
	counts committed, acked;
} lane;

struct wr_outbox {
	wr_sink_cx *cx;
	uint16_t op;
	uint32_t per_task, n;
	wr_store **stores;	/* per task */
	pthread_mutex_t lock;
	lane *lanes;
};

static wr_str lane_key(wr_buf *key, char kind, uint32_t at)
{
	wr_buf_reset(key);
	wr_buf_putc(key, kind);
	wr_key_put_i64(key, at);
	return wr_buf_view(key);
}

static wr_str entry_key(wr_buf *key, uint32_t at, uint64_t n)
{
	lane_key(key, 'e', at);
	wr_key_put_i64(key, (int64_t)n);
	return wr_buf_view(key);
}

static void put_counts(wr_buf *out, counts c)
{
	wr_key_put_i64(out, (int64_t)c.n);
	wr_key_put_i64(out, (int64_t)c.rows);
}

static bool get_counts(counts *c, const char **p, const char *end)
{
	int64_t n, rows;

	if (!wr_key_get_i64(&n, p, end) || !wr_key_get_i64(&rows, p, end))
		return false;
	*c = (counts){ (uint64_t)n, (uint64_t)rows };
	return true;
}

static void load_lane(wr_outbox *ob, wr_str key, wr_str value)
{
	const char *p = key.p + 1;
	int64_t at;
	lane l;

	if (!wr_key_get_i64(&at, &p, key.p + key.n) || at < 0 || at >= ob->n)
		return;
	p = value.p;
	if (!get_counts(&l.put, &p, value.p + value.n) || !get_counts(&l.acked, &p, value.p + value.n))
		return;
	l.noted = l.acked;
	l.committed = l.put;
	ob->lanes[at] = l;
}

wr_outbox *wr_outbox_open(wr_sink_cx *cx, uint16_t op, uint32_t lanes_per_task)
{
	wr_outbox *ob = wr_calloc(1, sizeof *ob);
	wr_str key, value;

	ob->cx = cx;
	ob->op = op;
	ob->per_task = lanes_per_task;
	ob->n = cx->ntasks * lanes_per_task;
	ob->stores = wr_calloc(cx->ntasks, sizeof *ob->stores);
	ob->lanes = wr_calloc(ob->n, sizeof *ob->lanes);
	pthread_mutex_init(&ob->lock, NULL);
	wr_view *v = wr_view_open(cx->state, op, WR_STR_LIT("l"), WR_STR_LIT("m"));

	while (wr_view_next(v, &key, &value))
		load_lane(ob, key, value);
	wr_view_close(v);
	return ob;
}

void wr_outbox_close(wr_outbox *ob)
{
	if (!ob)
		return;
	pthread_mutex_destroy(&ob->lock);
	free(ob->stores);
	free(ob->lanes);
	free(ob);
}

uint32_t wr_outbox_lanes(const wr_outbox *ob)
{
	return ob->n;
}

void wr_outbox_task(wr_outbox *ob, uint16_t task)
{
	ob->stores[task] = wr_store_open(ob->cx->state, ob->op, task);
}

void wr_outbox_put(wr_outbox *ob, uint32_t at, wr_str entry, uint32_t rows)
{
	lane *l = &ob->lanes[at];
	wr_buf key = { 0 };

	wr_store_put(ob->stores[at / ob->per_task], entry_key(&key, at, l->put.n), entry);
	l->put.n++;
	l->put.rows += rows;
	wr_buf_free(&key);
}

/* acked: read under the lock. */
static void note(wr_outbox *ob, wr_store *st, uint32_t at, counts acked)
{
	lane *l = &ob->lanes[at];
	wr_buf from = { 0 }, to = { 0 };

	if (acked.n > l->noted.n)
		wr_store_del_range(st, entry_key(&from, at, l->noted.n), entry_key(&to, at, acked.n));
	l->noted = acked;
	wr_buf_reset(&to);
	put_counts(&to, l->put);
	put_counts(&to, acked);
	wr_store_put(st, lane_key(&from, 'l', at), wr_buf_view(&to));
	wr_buf_free(&from);
	wr_buf_free(&to);
}

void wr_outbox_snapshot(wr_outbox *ob, uint16_t task)
{
	for (uint32_t at = task * ob->per_task; at < (task + 1u) * ob->per_task; at++) {
		lane *l = &ob->lanes[at];

		pthread_mutex_lock(&ob->lock);
		counts acked = l->acked;
		bool moved = l->put.n != l->committed.n || acked.n != l->noted.n;

		pthread_mutex_unlock(&ob->lock);
		if (moved)
			note(ob, ob->stores[task], at, acked);
	}
}

void wr_outbox_committed(wr_outbox *ob)
{
	pthread_mutex_lock(&ob->lock);
	for (uint32_t i = 0; i < ob->n; i++)
		ob->lanes[i].committed = ob->lanes[i].put;
	pthread_mutex_unlock(&ob->lock);
}

/*
 * What the last commit says of a task's lanes: it may have come without wr_outbox_committed being
 * told.
 */
static void reload_put(wr_outbox *ob, uint16_t task)
{
	wr_buf key = { 0 }, value = { 0 };

	for (uint32_t at = task * ob->per_task; at < (task + 1u) * ob->per_task; at++) {
		counts put = { 0, 0 };

		if (wr_store_get(ob->stores[task], lane_key(&key, 'l', at), &value)) {
			const char *p = value.p;

			(void)get_counts(&put, &p, value.p + value.n);
		}
		ob->lanes[at].put = put;
	}
	wr_buf_free(&key);
	wr_buf_free(&value);
}

wr_status wr_outbox_settle(wr_outbox *ob, wr_err *err)
{
	bool any = false;

	for (uint32_t i = 0; i < ob->n; i++)
		any |= ob->lanes[i].acked.n != ob->lanes[i].noted.n;
	if (!any)
		return WR_OK;
	wr_state_rollback(ob->cx->state);
	for (uint16_t t = 0; t < ob->cx->ntasks; t++)
		if (ob->stores[t]) {
			reload_put(ob, t);
			wr_outbox_snapshot(ob, t);
		}
	return wr_state_commit(ob->cx->state, err);
}

bool wr_outbox_waits(wr_outbox *ob, uint32_t at)
{
	pthread_mutex_lock(&ob->lock);
	bool waits = ob->lanes[at].acked.n < ob->lanes[at].committed.n;

	pthread_mutex_unlock(&ob->lock);
	return waits;
}

bool wr_outbox_first(wr_outbox *ob, uint32_t at, wr_buf *entry, uint64_t *n)
{
	wr_buf from = { 0 }, to = { 0 };
	wr_str key, value;

	if (!wr_outbox_waits(ob, at))
		return false;
	pthread_mutex_lock(&ob->lock);
	*n = ob->lanes[at].acked.n;
	pthread_mutex_unlock(&ob->lock);
	wr_view *v = wr_view_open(ob->cx->state, ob->op, entry_key(&from, at, *n), entry_key(&to, at, *n + 1));
	bool found = wr_view_next(v, &key, &value);

	wr_buf_reset(entry);
	if (found)
		wr_buf_str(entry, value);
	wr_view_close(v);
	wr_buf_free(&from);
	wr_buf_free(&to);
	return found;
}

void wr_outbox_ack(wr_outbox *ob, uint32_t at, uint32_t rows)
{
	pthread_mutex_lock(&ob->lock);
	ob->lanes[at].acked.n++;
	ob->lanes[at].acked.rows += rows;
	pthread_mutex_unlock(&ob->lock);
}

uint64_t wr_outbox_waiting(wr_outbox *ob, uint64_t *rows)
{
	uint64_t n = *rows = 0;

	pthread_mutex_lock(&ob->lock);
	for (uint32_t i = 0; i < ob->n; i++) {
		n += ob->lanes[i].committed.n - ob->lanes[i].acked.n;
		*rows += ob->lanes[i].committed.rows - ob->lanes[i].acked.rows;
	}
	pthread_mutex_unlock(&ob->lock);
	return n;
}

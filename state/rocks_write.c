/*
 * Writing to RocksDB: commits, at once or in two steps.
 *
 * A commit is one atomic, synced write in either of two ways: up to LARGE changes as a WriteBatch
 * through the log; more as a sorted file that is ingested, which skips the log and the memtable.
 *
 * Ranges are resolved here to the keys that stand in them, each deleted by itself. RocksDB's own
 * range deletions would be shorter, but in 7.8 a damaged block that follows one is passed over
 * without a word, by reads and, worse, by compaction (facebook/rocksdb, pull request 11782); and
 * whoever deletes a row here has paid for writing it. A walk merges a store's points with the keys
 * in its ranges, ascending, so that neither way needs a list of them.
 *
 * A pending epoch is stored under the one key of store WR_ROCKS_PENDING, whose value is
 *
 *     'B' epoch the WriteBatch's bytes        small
 *     'F' epoch the file's name in ingest/    large; the file is written and synced before the key
 *
 * To apply is to write that batch, or ingest that file, with the deletion of the key as its last
 * entry: so either the epoch is pending or it is committed. The file is copied by the ingestion,
 * not moved, for RocksDB may write a sequence number into a file it takes over, and until the key
 * is gone the file must stay as it was.
 */
#include "state/rocks.h"

#include <endian.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/fault.h"
#include "state/files.h"

enum { LARGE = 10000 };

/* The changes of one store, ascending. */
typedef struct walk {
	const wr_changes *ch;
	const wr_rec *point;
	wr_tree_pos pos;
	wr_cursor *base; /* NULL: there are no ranges */
	uint32_t range;	 /* the one that base stands in or comes to */
	bool here;	 /* base stands at a key to delete */
	bool placed;	 /* base was sought into the range */
	bool step_point, step_base;
} walk;

static void walk_open(walk *w, const wr_changes *ch)
{
	*w = (walk){ .ch = ch };
	w->point = wr_tree_seek(ch->points, &w->pos, (wr_str){ 0 }, false);
	if (ch->nranges)
		w->base = wr_rocks_cursor_open(ch->store);
}

static void walk_close(walk *w)
{
	if (w->base)
		wr_rocks_cursor_close(w->base);
}

/* Moves base to the next key that stands in a range. */
static void settle(walk *w)
{
	if (w->step_base)
		w->here = wr_rocks_step(w->base, false);
	while (w->range < w->ch->nranges) {
		const wr_range *r = &w->ch->ranges[w->range];

		if (!w->placed)
			w->here = wr_rocks_seek(w->base, r->from, false);
		w->placed = true;
		if (w->here && (!r->to.p || wr_str_cmp(w->base->key, r->to) < 0))
			return;
		w->placed = false;
		w->range++;
	}
	w->here = false;
}

/* value->p == NULL: a deletion. */
static bool walk_next(walk *w, wr_str *key, wr_str *value)
{
	int c;

	if (w->step_point)
		w->point = wr_tree_step(&w->pos, false);
	settle(w);
	w->step_point = w->step_base = false;
	if (!w->point && !w->here)
		return false;
	c = !w->point ? 1 : !w->here ? -1 : wr_str_cmp(wr_rec_key(w->point), w->base->key);
	w->step_point = c <= 0;
	w->step_base = c >= 0;
	*key = c <= 0 ? wr_rec_key(w->point) : w->base->key;
	*value = c <= 0 ? wr_rec_value(w->point) : (wr_str){ 0 };
	return true;
}

/* Adds to the batch; false when it has got too large. */
static bool batch_store(rocksdb_writebatch_t *wb, wr_family *cf, const wr_changes *ch, wr_buf *buf)
{
	wr_str key, value;
	walk w;

	walk_open(&w, ch);
	while (walk_next(&w, &key, &value) && rocksdb_writebatch_count(wb) <= LARGE) {
		key = wr_rocks_key(buf, ch->id, key);
		if (value.p)
			rocksdb_writebatch_put_cf(wb, cf->handle, key.p, key.n, value.p, value.n);
		else
			rocksdb_writebatch_delete_cf(wb, cf->handle, key.p, key.n);
	}
	walk_close(&w);
	return rocksdb_writebatch_count(wb) <= LARGE;
}

static bool large(const wr_changes *ch, uint32_t n)
{
	size_t changes = 0;

	for (uint32_t i = 0; i < n; i++)
		changes += ch[i].points->count;
	return changes > LARGE;
}

/* NULL when the changes are too many for one. */
static rocksdb_writebatch_t *make_batch(wr_rock_state *s, const wr_changes *ch, uint32_t n)
{
	rocksdb_writebatch_t *wb;
	wr_buf buf = { 0 };
	bool fits = true;

	/* failing there makes any epoch a large one */
	if (large(ch, n) || WR_FAULT("state.large"))
		return NULL;
	wb = rocksdb_writebatch_create();
	for (uint32_t i = 0; i < n && fits; i++)
		fits = batch_store(wb, s->cf, &ch[i], &buf);
	wr_buf_free(&buf);
	if (fits)
		return wb;
	rocksdb_writebatch_destroy(wb);
	return NULL;
}

/* A message as RocksDB would give it, when a test wants one; else NULL. */
static char *fault(const char *point)
{
	(void)point;
	return WR_FAULT(point) ? strdup("fault on purpose") : NULL;
}

static char *write_batch(wr_rock_state *s, rocksdb_writebatch_t *wb)
{
	char *message = fault("state.before_write");

	if (!message) {
		rocksdb_write(s->db->db, s->db->sync, wb, &message);
		wr_rocks_lost(s->db, message);
	}
	rocksdb_writebatch_destroy(wb);
	(void)WR_FAULT("state.written"); /* it is: crashes only */
	return message;
}

static char *file_store(rocksdb_sstfilewriter_t *w, const wr_changes *ch, wr_buf *buf)
{
	char *message = NULL;
	wr_str key, value;
	walk at;

	walk_open(&at, ch);
	while (!message && walk_next(&at, &key, &value)) {
		key = wr_rocks_key(buf, ch->id, key);
		if (value.p)
			rocksdb_sstfilewriter_put(w, key.p, key.n, value.p, value.n, &message);
		else
			rocksdb_sstfilewriter_delete(w, key.p, key.n, &message);
	}
	walk_close(&at);
	return message;
}

/*
 * The file is on disk when this returns NULL. decides: it also removes the mark of the pending
 * epoch.
 */
static char *write_file(wr_rock_state *s, const char *path, const wr_changes *ch, uint32_t n,
			bool decides)
{
	rocksdb_envoptions_t *env = rocksdb_envoptions_create();
	rocksdb_sstfilewriter_t *w = rocksdb_sstfilewriter_create(env, s->db->file_options);
	char *message = NULL;
	wr_buf buf = { 0 };

	rocksdb_sstfilewriter_open(w, path, &message);
	for (uint32_t i = 0; i < n && !message; i++)
		message = file_store(w, &ch[i], &buf);
	if (!message && decides) {
		wr_str key = wr_rocks_key(&buf, WR_ROCKS_PENDING, (wr_str){ 0 });

		rocksdb_sstfilewriter_delete(w, key.p, key.n, &message);
	}
	if (!message)
		message = fault("state.file_filled");
	if (!message)
		rocksdb_sstfilewriter_finish(w, &message);
	rocksdb_sstfilewriter_destroy(w);
	rocksdb_envoptions_destroy(env);
	wr_buf_free(&buf);
	return message;
}

static char *ingest(wr_rock_state *s, const char *path, bool move)
{
	rocksdb_ingestexternalfileoptions_t *how = rocksdb_ingestexternalfileoptions_create();
	const char *list[1] = { path };
	char *message = fault("state.before_ingest");

	rocksdb_ingestexternalfileoptions_set_move_files(how, move);
	if (!message)
		rocksdb_ingest_external_file_cf(s->db->db, s->cf->handle, list, 1, how, &message);
	(void)WR_FAULT("state.ingested"); /* it is: crashes only */
	rocksdb_ingestexternalfileoptions_destroy(how);
	return message;
}

static void forget_cursors(wr_rock_state *s)
{
	for (wr_rock_store *st = s->stores; st; st = st->next)
		wr_rocks_drop_spare(st);
}

static void cut_gaps(const wr_changes *ch, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		wr_rocks_cut_gaps(&ch[i]);
}

/* A range that could not be read was not resolved. */
static wr_status readable(wr_rock_state *s, wr_err *err)
{
	return wr_base_rocks.health(s, err);
}

wr_status wr_rocks_commit(void *self, const wr_changes *ch, uint32_t n, wr_err *err)
{
	wr_rock_state *s = self;
	rocksdb_writebatch_t *wb = make_batch(s, ch, n);
	char path[4096], *message = NULL;
	wr_status status;

	if (!wb) {
		snprintf(path, sizeof(path), "%s/ingest/%u.sst", s->db->dir,
			 atomic_fetch_add(&s->db->files, 1));
		message = write_file(s, path, ch, n, false);
	}
	forget_cursors(s);
	cut_gaps(ch, n);
	status = readable(s, err);
	if (wb && status == WR_OK)
		message = write_batch(s, wb);
	else if (wb)
		rocksdb_writebatch_destroy(wb);
	else if (!message && status == WR_OK)
		message = ingest(s, path, true);
	if (!wb)
		unlink(path);
	return message ? wr_rocks_error(err, "the commit of a query's state failed", message)
		       : status;
}

/* ---- two steps */

static void file_name(const wr_rock_state *s, uint64_t epoch, char to[256])
{
	snprintf(to, 256, "p-%.200s-%llu.sst", s->cf->name, (unsigned long long)epoch);
}

static void pending_head(wr_buf *value, char kind, uint64_t epoch)
{
	wr_buf_putc(value, kind);
	wr_buf_u64(value, epoch);
}

static wr_status prepare_large(wr_rock_state *s, const wr_changes *ch, uint32_t n, const char *name,
			       wr_err *err)
{
	char path[4096], *message;

	snprintf(path, sizeof(path), "%s/ingest/%s", s->db->dir, name);
	message = write_file(s, path, ch, n, true);
	if (message)
		return wr_rocks_error(err, "the state of an epoch cannot be written", message);
	return WR_FAULT_FAIL("state.file_ready", err) ? WR_FAIL
						      : wr_dir_sync(s->db->dir, "ingest", err);
}

/* What stands under the pending key. */
static wr_status pending_value(wr_rock_state *s, const wr_changes *ch, uint32_t n, wr_buf *value,
			       wr_err *err)
{
	rocksdb_writebatch_t *wb = make_batch(s, ch, n);
	char name[256];
	const char *bytes;
	size_t size;

	pending_head(value, wb ? 'B' : 'F', s->epoch);
	if (wb) {
		bytes = rocksdb_writebatch_data(wb, &size);
		wr_buf_put(value, bytes, size);
		rocksdb_writebatch_destroy(wb);
		return readable(s, err);
	}
	file_name(s, s->epoch, name);
	wr_buf_puts(value, name);
	return prepare_large(s, ch, n, name, err) == WR_OK ? readable(s, err) : WR_FAIL;
}

wr_status wr_rocks_prepare(void *self, const wr_changes *ch, uint32_t n, uint64_t epoch,
			   wr_err *err)
{
	wr_rock_state *s = self;
	wr_buf value = { 0 }, key = { 0 };
	wr_str full = wr_rocks_key(&key, WR_ROCKS_PENDING, (wr_str){ 0 });
	rocksdb_writebatch_t *wb;
	char *message;
	wr_status status;

	s->epoch = epoch;
	status = pending_value(s, ch, n, &value, err);
	cut_gaps(ch, n);
	if (status == WR_OK) {
		wb = rocksdb_writebatch_create();
		rocksdb_writebatch_put_cf(wb, s->cf->handle, full.p, full.n, value.p, value.n);
		message = write_batch(s, wb);
		if (message)
			status =
			    wr_rocks_error(err, "the state of an epoch cannot be written", message);
	}
	s->pending = status == WR_OK;
	wr_buf_free(&value);
	wr_buf_free(&key);
	return status;
}

static bool read_pending(wr_rock_state *s, wr_buf *value)
{
	wr_buf key = { 0 };
	bool found = wr_rocks_read(s, wr_rocks_key(&key, WR_ROCKS_PENDING, (wr_str){ 0 }), value);

	wr_buf_free(&key);
	return found && value->n >= 9 && (value->p[0] == 'B' || value->p[0] == 'F');
}

void wr_rocks_find_pending(wr_rock_state *s)
{
	wr_buf value = { 0 };
	uint64_t epoch;

	if (read_pending(s, &value)) {
		memcpy(&epoch, value.p + 1, sizeof(epoch));
		s->pending = true;
		s->epoch = le64toh(epoch);
	}
	wr_buf_free(&value);
}

bool wr_rocks_pending(void *self, uint64_t *epoch)
{
	wr_rock_state *s = self;

	if (s->pending)
		*epoch = s->epoch;
	return s->pending;
}

/* Writes a batch, given as bytes, and removes the mark with it. bytes.n == 0: the mark alone. */
static char *decide_batch(wr_rock_state *s, wr_str bytes)
{
	rocksdb_writebatch_t *wb = bytes.n ? rocksdb_writebatch_create_from(bytes.p, bytes.n)
					   : rocksdb_writebatch_create();
	wr_buf key = { 0 };
	wr_str full = wr_rocks_key(&key, WR_ROCKS_PENDING, (wr_str){ 0 });

	rocksdb_writebatch_delete_cf(wb, s->cf->handle, full.p, full.n);
	wr_buf_free(&key);
	return write_batch(s, wb);
}

/* The file of a pending epoch; "" when it has none. */
static void pending_path(const wr_rock_state *s, const wr_buf *value, char to[4096])
{
	to[0] = 0;
	if (value->p[0] == 'F')
		snprintf(to, 4096, "%s/ingest/%.*s", s->db->dir, (int)(value->n - 9), value->p + 9);
}

static wr_status decide(wr_rock_state *s, bool apply, wr_err *err)
{
	wr_buf value = { 0 };
	char path[4096], *message;

	if (!s->pending)
		return WR_OK;
	forget_cursors(s);
	if (!read_pending(s, &value)) {
		wr_buf_free(&value);
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
				  "the pending epoch %llu of a query cannot be read",
				  (unsigned long long)s->epoch);
	}
	pending_path(s, &value, path);
	if (WR_FAULT_FAIL("state.before_decision", err)) {
		wr_buf_free(&value);
		return WR_FAIL;
	}
	pthread_mutex_lock(&s->db->files_lock);
	if (!apply)
		message = decide_batch(s, (wr_str){ 0 });
	else if (path[0])
		message = ingest(s, path, false);
	else
		message = decide_batch(s, (wr_str){ value.p + 9, (uint32_t)(value.n - 9) });
	(void)WR_FAULT("state.decision_written"); /* it is: crashes only */
	if (!message && path[0])
		unlink(path);
	pthread_mutex_unlock(&s->db->files_lock);
	wr_buf_free(&value);
	if (message)
		return wr_rocks_error(err, "the decision on an epoch cannot be written", message);
	s->pending = false;
	return WR_OK;
}

wr_status wr_rocks_apply(void *self, wr_err *err)
{
	return decide(self, true, err);
}

wr_status wr_rocks_discard(void *self, wr_err *err)
{
	return decide(self, false, err);
}

/* ---- files that wait */

typedef struct names {
	wr_rock_db *db;
	const char *to; /* copy to to/ingest; NULL: look only */
	wr_err *err;
} names;

/* Whether a state waits for this file. */
static bool awaited(void *arg, const char *name)
{
	names *cx = arg;
	wr_buf value = { 0 };
	bool found = false;

	for (wr_family *f = cx->db->families; f && !found; f = f->next) {
		wr_rock_state s = { .db = cx->db, .cf = f, .lock = PTHREAD_MUTEX_INITIALIZER };

		found = read_pending(&s, &value) && value.p[0] == 'F' &&
			wr_str_is((wr_str){ value.p + 9, (uint32_t)(value.n - 9) }, name);
		free(s.broken);
	}
	wr_buf_free(&value);
	return found;
}

wr_status wr_rocks_clean_files(wr_rock_db *db, wr_err *err)
{
	names cx = { .db = db };

	return wr_dir_clean(db->dir, "ingest", awaited, &cx, err);
}

static bool copy_one(void *arg, const char *name)
{
	names *cx = arg;
	char from[4096], to[4096];

	if (name[0] != 'p')
		return true;
	snprintf(from, sizeof(from), "%s/ingest/%s", cx->db->dir, name);
	snprintf(to, sizeof(to), "%s/ingest/%s", cx->to, name);
	(void)wr_file_copy(from, to, cx->err);
	return true;
}

wr_status wr_rocks_copy_pending(wr_rock_db *db, const char *dir, wr_err *err)
{
	names cx = { db, dir, err };
	char path[4096];

	snprintf(path, sizeof(path), "%s/ingest", dir);
	if (wr_dir_make(path, err) != WR_OK)
		return WR_FAIL;
	return wr_dir_clean(db->dir, "ingest", copy_one, &cx, err);
}

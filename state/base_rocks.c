/*
 * Committed data in RocksDB; no other file knows its interface.
 *
 * DIR/state is one database: a column family per query incarnation, named by it, and "default", which holds the format version
 * alone. One database means one write-ahead log, one block cache and one budget of write buffers. A key is the store's number (operator, task;
 * 4 bytes big-endian) and then the store's own key, so a store is a contiguous range.
 *
 * DIR/state.lock is locked as long as the database is open and names the process that has it. DIR/ingest holds sorted files on their way into
 * the database; what stands there at start is from a process that died and is removed, for nothing refers to it.
 *
 * A commit is one atomic, synced write in either of two ways: up to LARGE changes as a WriteBatch through the log; more as a sorted
 * file that is ingested, which skips the log and the memtable. In such a file range deletions and points have one sequence number, and a
 * point counts against a range of its own number: just the rule that ranges go first.
 *
 * Iterators are dear to open (they pin a version and build a heap), cheap to seek. So a store keeps those it closed for the next
 * scan until the next commit, which is when they would become stale.
 *
 * A column family's handle lives as long as someone refers to it: the list, an open state, a view. Views read at a snapshot and may
 * outlive the state, even its drop, not the db.
 */
#include "state/base.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "state/files.h"

#define FORMAT_KEY "weir.format"
#define FORMAT "1"

enum { LARGE = 10000, PREFIX = 4, SPARE = 4, MB = 1 << 20 };

typedef struct family {
	struct family *next;
	char *name;
	rocksdb_column_family_handle_t *handle;
	int refs;	/* under the db's lock */
} family;

typedef struct rock_db {
	char *dir;
	int lock_fd;
	rocksdb_t *db;
	rocksdb_cache_t *cache;
	rocksdb_options_t *options, *file_options;
	rocksdb_readoptions_t *read;
	rocksdb_writeoptions_t *sync;
	pthread_mutex_t lock;
	family *families;
	_Atomic unsigned files;	/* ingested so far: makes names */
} rock_db;

typedef struct rock_store rock_store;

typedef struct rock_state {
	rock_db *db;
	family *cf;
	pthread_mutex_t lock;	/* stores, broken */
	rock_store *stores;
	char *broken;
} rock_state;

typedef struct rock_cursor {
	wr_cursor cursor;	/* first */
	rock_state *state;	/* whom errors are told */
	rock_store *store;	/* NULL: of a view */
	struct rock_cursor *next;
	rocksdb_readoptions_t *read;
	rocksdb_iterator_t *it;
	char lower[PREFIX], upper[PREFIX];	/* RocksDB points at them */
	wr_buf key;
} rock_cursor;

struct rock_store {
	rock_store *next;
	rock_state *state;
	uint32_t id;
	wr_buf key;
	rock_cursor *spare;
	uint32_t nspare;
};

typedef struct rock_view {
	rock_state state;	/* only what cursors use */
	const rocksdb_snapshot_t *snapshot;
	uint32_t n;
	wr_cursor **cursors;
} rock_view;

/* ---- opening */

static wr_status open_error(wr_err *err, const char *dir, char *message)
{
	bool damage = strstr(message, "Corruption") || strstr(message, "checksum") ||
	              strstr(message, "No such file") || strstr(message, "CURRENT");

	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the state in %s/state %s: %s", dir,
	           damage ? "is damaged" : "cannot be opened", message);
	if (damage)
		wr_err_hint(err, "Restore the data directory from a backup, or use another one and let the queries "
		                 "read their sources again");
	rocksdb_free(message);
	return WR_FAIL;
}

static wr_status io_error(wr_err *err, const char *what, char *message)
{
	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s: %s", what, message);
	if (strstr(message, "No space left"))
		wr_err_hint(err, "Make room on the disk; nothing committed is lost");
	rocksdb_free(message);
	return WR_FAIL;
}

static rocksdb_block_based_table_options_t *table_options(rocksdb_cache_t *cache)
{
	rocksdb_block_based_table_options_t *t = rocksdb_block_based_options_create();

	rocksdb_block_based_options_set_block_size(t, 8 << 10);
	rocksdb_block_based_options_set_block_cache(t, cache);
	/* the filter belongs to the options from here on */
	rocksdb_block_based_options_set_filter_policy(t, rocksdb_filterpolicy_create_bloom_full(10));
	rocksdb_block_based_options_set_whole_key_filtering(t, 1);
	/* indexes and filters in pieces that the cache can hold and drop like data */
	rocksdb_block_based_options_set_index_type(t, rocksdb_block_based_table_index_type_two_level_index_search);
	rocksdb_block_based_options_set_partition_filters(t, 1);
	rocksdb_block_based_options_set_metadata_block_size(t, 8 << 10);
	rocksdb_block_based_options_set_pin_top_level_index_and_filter(t, 1);
	rocksdb_block_based_options_set_cache_index_and_filter_blocks(t, 1);
	rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(t, 1);
	rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(t, 1);
	rocksdb_block_based_options_set_format_version(t, 5);
	return t;
}

static void make_options(rock_db *db, const wr_db_options *opt)
{
	size_t cache = opt->cache_bytes ? opt->cache_bytes : 64 * MB;
	size_t buffers = cache / 2 < 16 * MB ? 16 * MB : cache / 2 > 128 * MB ? 128 * MB : cache / 2;
	rocksdb_lru_cache_options_t *lru = rocksdb_lru_cache_options_create();
	rocksdb_block_based_table_options_t *table;

	/* few shards: a block larger than a shard would be read from disk every time */
	rocksdb_lru_cache_options_set_capacity(lru, cache);
	rocksdb_lru_cache_options_set_num_shard_bits(lru, 2);
	db->cache = rocksdb_cache_create_lru_opts(lru);
	rocksdb_lru_cache_options_destroy(lru);
	table = table_options(db->cache);
	db->options = rocksdb_options_create();
	rocksdb_options_set_create_if_missing(db->options, 1);
	rocksdb_options_set_block_based_table_factory(db->options, table);
	rocksdb_block_based_options_destroy(table);
	rocksdb_options_set_db_write_buffer_size(db->options, buffers);
	rocksdb_options_set_write_buffer_size(db->options, 16 * MB);
	rocksdb_options_set_max_total_wal_size(db->options, 128 * MB);
	rocksdb_options_set_max_open_files(db->options, 512);
	rocksdb_options_set_max_background_jobs(db->options, 2);
	rocksdb_options_set_level_compaction_dynamic_level_bytes(db->options, 1);
	rocksdb_options_set_compression(db->options, rocksdb_lz4_compression);
	rocksdb_options_set_memtable_whole_key_filtering(db->options, 1);
	rocksdb_options_set_memtable_prefix_bloom_size_ratio(db->options, 0.05);
	rocksdb_options_set_info_log_level(db->options, 2);	/* warnings */
	rocksdb_options_set_keep_log_file_num(db->options, 2);
	rocksdb_options_set_stats_dump_period_sec(db->options, 0);
	rocksdb_options_set_stats_persist_period_sec(db->options, 0);
	rocksdb_options_set_skip_stats_update_on_db_open(db->options, 1);
	/* files to ingest soon meet a compaction that packs them */
	db->file_options = rocksdb_options_create_copy(db->options);
	rocksdb_options_set_compression(db->file_options, rocksdb_no_compression);
	db->read = rocksdb_readoptions_create();
	db->sync = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(db->sync, 1);
}

static void add_family(rock_db *db, const char *name, rocksdb_column_family_handle_t *handle)
{
	family *f = wr_calloc(1, sizeof(*f));

	f->name = wr_strdup(name);
	f->handle = handle;
	f->refs = 1;
	f->next = db->families;
	db->families = f;
}

/* Opens with all column families there are; a new database has "default". */
static wr_status open_families(rock_db *db, const char *path, wr_err *err)
{
	char *message = NULL, only[] = "default", *one = only, **names;
	rocksdb_column_family_handle_t **handles;
	const rocksdb_options_t **options;
	bool fresh = !wr_file_exists("%s/CURRENT", path) && !wr_file_exists("%s/IDENTITY", path);
	size_t n = 1;

	names = fresh ? &one : rocksdb_list_column_families(db->options, path, &n, &message);
	if (message)
		return open_error(err, db->dir, message);
	handles = wr_calloc(n, sizeof(*handles));
	options = wr_calloc(n, sizeof(*options));
	for (size_t i = 0; i < n; i++)
		options[i] = db->options;
	db->db = rocksdb_open_column_families(db->options, path, (int)n, (const char *const *)names,
	                                      options, handles, &message);
	for (size_t i = 0; i < n && db->db; i++)
		add_family(db, names[i], handles[i]);
	if (!fresh)
		rocksdb_list_column_families_destroy(names, n);
	free(handles);
	free(options);
	return message ? open_error(err, db->dir, message) : WR_OK;
}

/* A database without the key is one whose maker died at once: nothing is in it. */
static wr_status check_format(rock_db *db, wr_err *err)
{
	char *message = NULL, *found;
	size_t n;

	found = rocksdb_get(db->db, db->read, FORMAT_KEY, strlen(FORMAT_KEY), &n, &message);
	if (message)
		return open_error(err, db->dir, message);
	if (!found) {
		rocksdb_put(db->db, db->sync, FORMAT_KEY, strlen(FORMAT_KEY), FORMAT, strlen(FORMAT), &message);
		return message ? io_error(err, "the new state cannot be written", message) : WR_OK;
	}
	if (n != strlen(FORMAT) || memcmp(found, FORMAT, n) != 0) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the state in %s has format %.*s; this program reads format " FORMAT,
		           db->dir, (int)n, found);
		wr_err_hint(err, "Use the version of weir that wrote it, or another data directory");
	}
	rocksdb_free(found);
	return err->cls == WR_ERR_NONE ? WR_OK : WR_FAIL;
}

static void free_family(family *f)
{
	rocksdb_column_family_handle_destroy(f->handle);
	free(f->name);
	free(f);
}

static void rock_close(void *self)
{
	rock_db *db = self;

	for (family *f = db->families, *next; f; f = next) {
		next = f->next;
		free_family(f);
	}
	if (db->db)
		rocksdb_close(db->db);
	if (db->options) {
		rocksdb_options_destroy(db->file_options);
		rocksdb_options_destroy(db->options);
		rocksdb_readoptions_destroy(db->read);
		rocksdb_writeoptions_destroy(db->sync);
		rocksdb_cache_destroy(db->cache);
	}
	wr_file_unlock(db->lock_fd);
	pthread_mutex_destroy(&db->lock);
	free(db->dir);
	free(db);
}

static wr_status rock_open(const char *dir, const wr_db_options *opt, void **out, wr_err *err)
{
	rock_db *db = wr_calloc(1, sizeof(*db));
	char path[4096];

	pthread_mutex_init(&db->lock, NULL);
	db->lock_fd = -1;
	db->dir = wr_strdup(dir);
	snprintf(path, sizeof(path), "%s/state", dir);
	if (wr_dir_make(dir, err) != WR_OK || wr_file_lock(dir, &db->lock_fd, err) != WR_OK)
		goto fail;
	if (wr_dir_empty(dir, "ingest", err) != WR_OK)
		goto fail;
	make_options(db, opt);
	if (open_families(db, path, err) != WR_OK || check_format(db, err) != WR_OK)
		goto fail;
	*out = db;
	return WR_OK;
fail:
	rock_close(db);
	return WR_FAIL;
}

/* ---- states */

static family *find_family(rock_db *db, const char *name)
{
	for (family *f = db->families; f; f = f->next)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static void hold(rock_db *db, family *f)
{
	pthread_mutex_lock(&db->lock);
	f->refs++;
	pthread_mutex_unlock(&db->lock);
}

static void release(rock_db *db, family *f)
{
	bool last;

	pthread_mutex_lock(&db->lock);
	last = --f->refs == 0;
	pthread_mutex_unlock(&db->lock);
	if (last)
		free_family(f);
}

static wr_status rock_state_open(void *self, const char *incarnation, void **out, wr_err *err)
{
	rock_db *db = self;
	rock_state *s;
	char *message = NULL;
	family *f;

	pthread_mutex_lock(&db->lock);
	f = find_family(db, incarnation);
	if (!f) {
		rocksdb_column_family_handle_t *h =
			rocksdb_create_column_family(db->db, db->options, incarnation, &message);

		if (!message) {
			add_family(db, incarnation, h);
			f = db->families;
		}
	}
	if (f)
		f->refs++;
	pthread_mutex_unlock(&db->lock);
	if (message)
		return io_error(err, "state for a query cannot be made", message);
	s = wr_calloc(1, sizeof(*s));
	s->db = db;
	s->cf = f;
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return WR_OK;
}

static void rock_state_close(void *self)
{
	rock_state *s = self;

	release(s->db, s->cf);
	pthread_mutex_destroy(&s->lock);
	free(s->broken);
	free(s);
}

static wr_status rock_state_drop(void *self, const char *incarnation, wr_err *err)
{
	rock_db *db = self;
	family **p, *f = NULL;
	char *message = NULL;

	pthread_mutex_lock(&db->lock);
	for (p = &db->families; *p && strcmp((*p)->name, incarnation) != 0; p = &(*p)->next)
		;
	if (*p) {
		rocksdb_drop_column_family(db->db, (*p)->handle, &message);
		if (!message) {
			f = *p;
			*p = f->next;
		}
	}
	pthread_mutex_unlock(&db->lock);
	if (message)
		return io_error(err, "the state of a query cannot be dropped", message);
	if (f)
		release(db, f);
	return WR_OK;
}

static wr_status rock_state_each(void *self, void (*visit)(void *, const char *), void *arg, wr_err *err)
{
	rock_db *db = self;

	(void)err;
	pthread_mutex_lock(&db->lock);
	for (family *f = db->families; f; f = f->next)
		if (strcmp(f->name, "default") != 0)
			visit(arg, f->name);
	pthread_mutex_unlock(&db->lock);
	return WR_OK;
}

static wr_status rock_health(void *self, wr_err *err)
{
	rock_state *s = self;
	wr_status status = WR_OK;

	pthread_mutex_lock(&s->lock);
	if (s->broken)
		status = wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s", s->broken);
	pthread_mutex_unlock(&s->lock);
	return status;
}

static void rock_fail(void *self, const char *text)
{
	rock_state *s = self;

	pthread_mutex_lock(&s->lock);
	if (!s->broken)
		s->broken = wr_strdup(text);
	pthread_mutex_unlock(&s->lock);
}

static void read_failed(rock_state *s, char *message)
{
	char text[512];

	snprintf(text, sizeof(text), "state in %s/state cannot be read: %s", s->db->dir, message);
	rocksdb_free(message);
	rock_fail(s, text);
}

/* ---- reading */

static void put_prefix(char to[PREFIX], uint32_t id)
{
	id = htobe32(id);
	memcpy(to, &id, PREFIX);
}

static wr_str full_key(wr_buf *buf, uint32_t id, wr_str key)
{
	char prefix[PREFIX];

	put_prefix(prefix, id);
	wr_buf_reset(buf);
	wr_buf_put(buf, prefix, PREFIX);
	wr_buf_str(buf, key);
	return wr_buf_view(buf);
}

static rock_cursor *new_cursor(rock_state *s, uint32_t id, const rocksdb_snapshot_t *snapshot)
{
	rock_cursor *c = wr_calloc(1, sizeof(*c));

	c->state = s;
	put_prefix(c->lower, id);
	put_prefix(c->upper, id + 1);
	c->read = rocksdb_readoptions_create();
	rocksdb_readoptions_set_iterate_lower_bound(c->read, c->lower, PREFIX);
	rocksdb_readoptions_set_iterate_upper_bound(c->read, c->upper, PREFIX);
	if (snapshot)
		rocksdb_readoptions_set_snapshot(c->read, snapshot);
	c->it = rocksdb_create_iterator_cf(s->db->db, c->read, s->cf->handle);
	return c;
}

static void free_cursor(rock_cursor *c)
{
	rocksdb_iter_destroy(c->it);
	rocksdb_readoptions_destroy(c->read);
	wr_buf_free(&c->key);
	free(c);
}

static bool show(rock_cursor *c)
{
	size_t n;
	char *message = NULL;

	if (!rocksdb_iter_valid(c->it)) {
		rocksdb_iter_get_error(c->it, &message);
		if (message)
			read_failed(c->state, message);
		return false;
	}
	c->cursor.key.p = rocksdb_iter_key(c->it, &n) + PREFIX;
	c->cursor.key.n = (uint32_t)n - PREFIX;
	c->cursor.value.p = rocksdb_iter_value(c->it, &n);
	c->cursor.value.n = (uint32_t)n;
	return true;
}

static wr_str cursor_key(rock_cursor *c, wr_str key)
{
	wr_buf_reset(&c->key);
	wr_buf_put(&c->key, c->lower, PREFIX);
	wr_buf_str(&c->key, key);
	return wr_buf_view(&c->key);
}

static bool rock_seek(wr_cursor *self, wr_str key, bool backwards)
{
	rock_cursor *c = (rock_cursor *)self;
	wr_str full, at;

	if (backwards && !key.p) {
		rocksdb_iter_seek_to_last(c->it);
		return show(c);
	}
	full = cursor_key(c, key);
	if (!backwards) {
		rocksdb_iter_seek(c->it, full.p, full.n);
		return show(c);
	}
	rocksdb_iter_seek_for_prev(c->it, full.p, full.n);
	if (!show(c))
		return false;
	at = (wr_str){ full.p + PREFIX, full.n - PREFIX };
	if (!wr_str_eq(c->cursor.key, at))
		return true;
	rocksdb_iter_prev(c->it);
	return show(c);
}

static bool rock_step(wr_cursor *self, bool backwards)
{
	rock_cursor *c = (rock_cursor *)self;

	if (backwards)
		rocksdb_iter_prev(c->it);
	else
		rocksdb_iter_next(c->it);
	return show(c);
}

static wr_cursor *rock_cursor_open(void *self)
{
	rock_store *st = self;
	rock_cursor *c = st->spare;

	if (c) {
		st->spare = c->next;
		st->nspare--;
		return &c->cursor;
	}
	c = new_cursor(st->state, st->id, NULL);
	c->store = st;
	return &c->cursor;
}

static void rock_cursor_close(wr_cursor *self)
{
	rock_cursor *c = (rock_cursor *)self;
	rock_store *st = c->store;

	if (st->nspare >= SPARE) {
		free_cursor(c);
		return;
	}
	c->next = st->spare;
	st->spare = c;
	st->nspare++;
}

static void drop_spare(rock_store *st)
{
	for (rock_cursor *c = st->spare, *next; c; c = next) {
		next = c->next;
		free_cursor(c);
	}
	st->spare = NULL;
	st->nspare = 0;
}

static bool rock_get(void *self, wr_str key, wr_buf *out)
{
	rock_store *st = self;
	rock_state *s = st->state;
	wr_str full = full_key(&st->key, st->id, key);
	rocksdb_pinnableslice_t *v;
	char *message = NULL;
	const char *p;
	size_t n;

	v = rocksdb_get_pinned_cf(s->db->db, s->db->read, s->cf->handle, full.p, full.n, &message);
	if (message)
		read_failed(s, message);
	if (!v)
		return false;
	p = rocksdb_pinnableslice_value(v, &n);
	wr_buf_put(out, p, n);
	rocksdb_pinnableslice_destroy(v);
	return true;
}

static void *rock_store_open(void *self, uint32_t id, bool *empty)
{
	rock_state *s = self;
	rock_store *st = wr_calloc(1, sizeof(*st));
	wr_cursor *c;

	st->state = s;
	st->id = id;
	pthread_mutex_lock(&s->lock);
	st->next = s->stores;
	s->stores = st;
	pthread_mutex_unlock(&s->lock);
	c = rock_cursor_open(st);
	*empty = !rock_seek(c, (wr_str){ 0 }, false);
	rock_cursor_close(c);
	return st;
}

static void rock_store_close(void *self)
{
	rock_store *st = self;
	rock_store **p;

	pthread_mutex_lock(&st->state->lock);
	for (p = &st->state->stores; *p != st; p = &(*p)->next)
		;
	*p = st->next;
	pthread_mutex_unlock(&st->state->lock);
	drop_spare(st);
	wr_buf_free(&st->key);
	free(st);
}

/* ---- views */

static bool first_task(rock_state *s, uint16_t op, uint32_t from, const rocksdb_snapshot_t *snap, uint32_t *id)
{
	rock_cursor *c = new_cursor(s, from, snap);
	const char *key;
	size_t n;
	uint32_t be;
	bool found = false;

	/* the whole operator, not one store */
	rocksdb_iter_destroy(c->it);
	put_prefix(c->upper, ((uint32_t)op + 1) << 16);
	if (op == UINT16_MAX)
		memset(c->upper, 0xFF, PREFIX);
	c->it = rocksdb_create_iterator_cf(s->db->db, c->read, s->cf->handle);
	rocksdb_iter_seek(c->it, c->lower, PREFIX);
	if (show(c)) {
		key = rocksdb_iter_key(c->it, &n);
		memcpy(&be, key, PREFIX);
		*id = be32toh(be);
		found = true;
	}
	free_cursor(c);
	return found;
}

static void rock_view_close(void *self)
{
	rock_view *v = self;

	for (uint32_t i = 0; i < v->n; i++)
		free_cursor((rock_cursor *)v->cursors[i]);
	rocksdb_release_snapshot(v->state.db->db, v->snapshot);
	release(v->state.db, v->state.cf);
	pthread_mutex_destroy(&v->state.lock);
	free(v->state.broken);
	free(v->cursors);
	free(v);
}

static void *rock_view_open(void *self, uint16_t op, wr_range r, wr_cursor ***out, uint32_t *n)
{
	rock_state *s = self;
	rock_view *v = wr_calloc(1, sizeof(*v));
	uint32_t id = wr_store_id(op, 0);

	(void)r;
	hold(s->db, s->cf);
	v->state.db = s->db;
	v->state.cf = s->cf;
	pthread_mutex_init(&v->state.lock, NULL);
	v->snapshot = rocksdb_create_snapshot(s->db->db);
	while (first_task(&v->state, op, id, v->snapshot, &id)) {
		v->cursors = wr_realloc(v->cursors, (v->n + 1) * sizeof(*v->cursors));
		v->cursors[v->n++] = &new_cursor(&v->state, id, v->snapshot)->cursor;
		if ((id & UINT16_MAX) == UINT16_MAX)
			break;
		id++;
	}
	*out = v->cursors;
	*n = v->n;
	return v;
}

/* ---- commits */

/* The keys a range deletion runs between, both in one buffer. */
static void range_keys(wr_buf *buf, uint32_t id, const wr_range *r, wr_str *from, wr_str *to)
{
	char prefix[PREFIX];
	size_t at;

	full_key(buf, id, r->from);
	at = buf->n;
	put_prefix(prefix, r->to.p ? id : id + 1);
	wr_buf_put(buf, prefix, PREFIX);
	if (r->to.p)
		wr_buf_str(buf, r->to);
	*from = (wr_str){ buf->p, (uint32_t)at };
	*to = (wr_str){ buf->p + at, (uint32_t)(buf->n - at) };
}

static void batch_store(rocksdb_writebatch_t *wb, family *cf, const wr_changes *ch, wr_buf *buf)
{
	wr_tree_pos pos;
	wr_str key, to;

	for (uint32_t i = 0; i < ch->nranges; i++) {
		range_keys(buf, ch->id, &ch->ranges[i], &key, &to);
		rocksdb_writebatch_delete_range_cf(wb, cf->handle, key.p, key.n, to.p, to.n);
	}
	for (const wr_rec *r = wr_tree_seek(ch->points, &pos, (wr_str){ 0 }, false); r; r = wr_tree_step(&pos, false)) {
		wr_str value = wr_rec_value(r);

		key = full_key(buf, ch->id, wr_rec_key(r));
		if (value.p)
			rocksdb_writebatch_put_cf(wb, cf->handle, key.p, key.n, value.p, value.n);
		else
			rocksdb_writebatch_delete_cf(wb, cf->handle, key.p, key.n);
	}
}

static char *commit_small(rock_state *s, const wr_changes *ch, uint32_t n)
{
	rocksdb_writebatch_t *wb = rocksdb_writebatch_create();
	char *message = NULL;
	wr_buf buf = { 0 };

	for (uint32_t i = 0; i < n; i++)
		batch_store(wb, s->cf, &ch[i], &buf);
	rocksdb_write(s->db->db, s->db->sync, wb, &message);
	rocksdb_writebatch_destroy(wb);
	wr_buf_free(&buf);
	return message;
}

static char *file_store(rocksdb_sstfilewriter_t *w, const wr_changes *ch, wr_buf *buf)
{
	char *message = NULL;
	wr_tree_pos pos;
	wr_str key, to;

	for (uint32_t i = 0; i < ch->nranges && !message; i++) {
		range_keys(buf, ch->id, &ch->ranges[i], &key, &to);
		rocksdb_sstfilewriter_delete_range(w, key.p, key.n, to.p, to.n, &message);
	}
	for (const wr_rec *r = wr_tree_seek(ch->points, &pos, (wr_str){ 0 }, false); r && !message;
	     r = wr_tree_step(&pos, false)) {
		wr_str value = wr_rec_value(r);

		key = full_key(buf, ch->id, wr_rec_key(r));
		if (value.p)
			rocksdb_sstfilewriter_put(w, key.p, key.n, value.p, value.n, &message);
		else
			rocksdb_sstfilewriter_delete(w, key.p, key.n, &message);
	}
	return message;
}

static char *write_file(rock_state *s, const char *path, const wr_changes *ch, uint32_t n)
{
	rocksdb_envoptions_t *env = rocksdb_envoptions_create();
	rocksdb_sstfilewriter_t *w = rocksdb_sstfilewriter_create(env, s->db->file_options);
	char *message = NULL;
	wr_buf buf = { 0 };

	rocksdb_sstfilewriter_open(w, path, &message);
	for (uint32_t i = 0; i < n && !message; i++)
		message = file_store(w, &ch[i], &buf);
	if (!message)
		rocksdb_sstfilewriter_finish(w, &message);
	rocksdb_sstfilewriter_destroy(w);
	rocksdb_envoptions_destroy(env);
	wr_buf_free(&buf);
	return message;
}

static char *commit_large(rock_state *s, const wr_changes *ch, uint32_t n)
{
	rocksdb_ingestexternalfileoptions_t *how = rocksdb_ingestexternalfileoptions_create();
	const char *list[1];
	char path[4096], *message;

	snprintf(path, sizeof(path), "%s/ingest/%u.sst", s->db->dir, atomic_fetch_add(&s->db->files, 1));
	message = write_file(s, path, ch, n);
	if (!message) {
		list[0] = path;
		rocksdb_ingestexternalfileoptions_set_move_files(how, 1);
		rocksdb_ingest_external_file_cf(s->db->db, s->cf->handle, list, 1, how, &message);
	}
	unlink(path);
	rocksdb_ingestexternalfileoptions_destroy(how);
	return message;
}

static wr_status rock_commit(void *self, const wr_changes *ch, uint32_t n, wr_err *err)
{
	rock_state *s = self;
	size_t changes = 0;
	char *message;

	for (uint32_t i = 0; i < n; i++)
		changes += ch[i].points->count + ch[i].nranges;
	for (rock_store *st = s->stores; st; st = st->next)
		drop_spare(st);
	message = changes > LARGE ? commit_large(s, ch, n) : commit_small(s, ch, n);
	return message ? io_error(err, "the commit of a query's state failed", message) : WR_OK;
}

const wr_base_def wr_base_rocks = {
	.open = rock_open,
	.close = rock_close,
	.state_open = rock_state_open,
	.state_close = rock_state_close,
	.state_drop = rock_state_drop,
	.state_each = rock_state_each,
	.health = rock_health,
	.fail = rock_fail,
	.store_open = rock_store_open,
	.store_close = rock_store_close,
	.get = rock_get,
	.cursor_open = rock_cursor_open,
	.seek = rock_seek,
	.step = rock_step,
	.cursor_close = rock_cursor_close,
	.commit = rock_commit,
	.view_open = rock_view_open,
	.view_close = rock_view_close,
};

/*
 * Committed data in RocksDB. This file has the database and its states; rocks_read.c and
 * rocks_write.c the rest. No other file knows RocksDB's interface.
 *
 * DIR/state is one database: a column family per query incarnation, named by it, and "default",
 * which holds the format version alone. One database means one write-ahead log, one block cache and
 * one budget of write buffers. A key is the store's number (operator, task; 4 bytes big-endian) and
 * then the store's own key, so a store is a contiguous range.
 *
 * DIR/state.lock is locked as long as the database is open and names the process that has it.
 * DIR/ingest holds sorted files on their way into the database; what stands there at start and is
 * not part of a pending epoch is from a process that died and is removed.
 *
 * A column family's handle lives as long as someone refers to it: the list, an open state, a view.
 * Views read at a snapshot and may outlive the state, even its drop, not the db.
 */
#include "state/rocks.h"

#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/format.h"
#include "state/files.h"
#include "state/wal.h"

#define FORMAT_KEY "weir.format"

enum { MB = 1 << 20, ROOM_AGAIN = MB };
static const int64_t RECOVERY_NS = 12000000000;

/* ---- opening */

static wr_status open_error(wr_err *err, const char *dir, char *message)
{
	bool damage = strstr(message, "Corruption") || strstr(message, "checksum") ||
		      strstr(message, "No such file") || strstr(message, "CURRENT") ||
		      strstr(message, "mismatch");

	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the state in %s/state %s: %s", dir,
		   damage ? "is damaged" : "cannot be opened", message);
	if (damage)
		wr_err_hint(
		    err,
		    "Restore the data directory from a backup, or use another one and let the queries "
		    "read their sources again");
	rocksdb_free(message);
	return WR_FAIL;
}

wr_status wr_rocks_error(wr_err *err, const char *what, char *message)
{
	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s: %s", what, message);
	if (strstr(message, "No space left"))
		wr_err_hint(err, "Make room on the disk; nothing committed is lost");
	rocksdb_free(message);
	return WR_FAIL;
}

/* Whether RocksDB has had the time to go on by itself: it looks for room every five seconds, and
 * wants more of it than we do. */
static bool should_have_recovered(wr_rock_db *db)
{
	struct statvfs st;
	int64_t now = wr_clock_mono_ns(), never = 0;

	if (statvfs(db->dir, &st) || (uint64_t)st.f_bavail * st.f_frsize < ROOM_AGAIN)
		atomic_store(&db->full_since, now);
	else
		atomic_compare_exchange_strong(&db->full_since, &never, now);
	return now - atomic_load(&db->full_since) > RECOVERY_NS;
}

/*
 * A full disk passes, and mostly RocksDB goes on by itself. After any other failure to write or
 * sync its log it takes no write any more until it is opened anew, and nobody knows what of the log
 * is on disk. So the process ends: the next start reads what is there.
 */
void wr_rocks_lost(wr_rock_db *db, const char *message)
{
	if (!message) {
		atomic_store_explicit(&db->full_since, 0, memory_order_relaxed);
		return;
	}
	if (strstr(message, "No space left") && !should_have_recovered(db))
		return;
	fprintf(
	    stderr,
	    "weir: the state in %s/state cannot be written any more: %s; what was committed is safe, start again\n",
	    db->dir, message);
	fflush(stderr);
	_exit(70);
}

static rocksdb_block_based_table_options_t *table_options(rocksdb_cache_t *cache)
{
	rocksdb_block_based_table_options_t *t = rocksdb_block_based_options_create();

	rocksdb_block_based_options_set_block_size(t, 8 << 10);
	rocksdb_block_based_options_set_block_cache(t, cache);
	/* the filter belongs to the options from here on */
	rocksdb_block_based_options_set_filter_policy(t,
						      rocksdb_filterpolicy_create_bloom_full(10));
	rocksdb_block_based_options_set_whole_key_filtering(t, 1);
	/* indexes and filters in pieces that the cache can wr_rocks_hold and drop like data */
	rocksdb_block_based_options_set_index_type(
	    t, rocksdb_block_based_table_index_type_two_level_index_search);
	rocksdb_block_based_options_set_partition_filters(t, 1);
	rocksdb_block_based_options_set_metadata_block_size(t, 8 << 10);
	rocksdb_block_based_options_set_pin_top_level_index_and_filter(t, 1);
	rocksdb_block_based_options_set_cache_index_and_filter_blocks(t, 1);
	rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(t, 1);
	rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(t, 1);
	rocksdb_block_based_options_set_format_version(t, 5);
	return t;
}

static void make_options(wr_rock_db *db, const wr_db_options *opt)
{
	size_t cache = opt->cache_bytes ? opt->cache_bytes : 64 * MB;
	size_t least = cache < 4 * MB ? 4 * MB : cache < 16 * MB ? cache : 16 * MB;
	size_t buffers = cache / 2 < least ? least : cache / 2 > 128 * MB ? 128 * MB : cache / 2;
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
	/*
	 * Damage within the log is refused; RocksDB's own default would go back to what stood
	 * before it, and commits that sinks and catalog know of would be gone. A write that a crash
	 * cut off is fine; what only looks like one is told from it in wal.c.
	 */
	rocksdb_options_set_wal_recovery_mode(db->options,
					      rocksdb_tolerate_corrupted_tail_records_recovery);
	rocksdb_options_set_max_open_files(db->options, 512);
	rocksdb_options_set_max_background_jobs(db->options, 2);
	rocksdb_options_set_level_compaction_dynamic_level_bytes(db->options, 1);
	/*
	 * A large epoch is a file of the first level that spans all keys, so that each compaction
	 * of that level writes most of the rest anew: it is worth waiting for more of them. A read
	 * of a key asks their filters.
	 */
	rocksdb_options_set_level0_file_num_compaction_trigger(db->options, 8);
	rocksdb_options_set_compression(db->options, rocksdb_lz4_compression);
	rocksdb_options_set_memtable_whole_key_filtering(db->options, 1);
	rocksdb_options_set_memtable_prefix_bloom_size_ratio(db->options, 0.05);
	/*
	 * Fatal ones only: this build of RocksDB ends the process when it cannot append to its log
	 * on a full disk.
	 */
	rocksdb_options_set_info_log_level(db->options, 4);
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

static void add_family(wr_rock_db *db, const char *name, rocksdb_column_family_handle_t *handle)
{
	wr_family *f = wr_calloc(1, sizeof(*f));

	f->name = wr_strdup(name);
	f->handle = handle;
	f->refs = 1;
	f->next = db->families;
	db->families = f;
}

/*
 * CURRENT comes into being before the first log and file of data: without any of them the maker
 * died at its work. Without CURRENT alone something is lost, and RocksDB would begin anew over it.
 */
static bool is_new(const char *path)
{
	return !wr_file_exists("%s/CURRENT", path) && !wr_dir_has(path, ".log") &&
	       !wr_dir_has(path, ".sst");
}

/* Opens with all column families there are; a new database has "default". */
static wr_status open_families(wr_rock_db *db, const char *path, wr_err *err)
{
	char *message = NULL, only[] = "default", *one = only, **names;
	rocksdb_column_family_handle_t **handles;
	const rocksdb_options_t **options;
	bool fresh = is_new(path);
	size_t n = 1;

	if (!fresh && wr_wal_check(path, err) != WR_OK)
		return WR_FAIL;
	names = fresh ? &one : rocksdb_list_column_families(db->options, path, &n, &message);
	if (message) {
		rocksdb_list_column_families_destroy(names, n);
		return open_error(err, db->dir, message);
	}
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
static wr_status check_format(wr_rock_db *db, wr_err *err)
{
	char *message = NULL, *found;
	size_t n;

	found = rocksdb_get(db->db, db->read, FORMAT_KEY, strlen(FORMAT_KEY), &n, &message);
	if (message)
		return open_error(err, db->dir, message);
	if (!found) {
		rocksdb_put(db->db, db->sync, FORMAT_KEY, strlen(FORMAT_KEY), WR_DATA_FORMAT,
			    strlen(WR_DATA_FORMAT), &message);
		return message ? wr_rocks_error(err, "the new state cannot be written", message)
			       : WR_OK;
	}
	if (n != strlen(WR_DATA_FORMAT) || memcmp(found, WR_DATA_FORMAT, n) != 0) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
			   "the state in %s has format %.*s; this program reads format %s", db->dir,
			   (int)n, found, WR_DATA_FORMAT);
		wr_err_hint(err,
			    "Use the version of weir that wrote it, or another data directory");
	}
	rocksdb_free(found);
	return err->cls == WR_ERR_NONE ? WR_OK : WR_FAIL;
}

static void free_family(wr_family *f)
{
	rocksdb_column_family_handle_destroy(f->handle);
	free(f->name);
	free(f);
}

static void rock_close(void *self)
{
	wr_rock_db *db = self;

	for (wr_family *f = db->families, *next; f; f = next) {
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
	pthread_mutex_destroy(&db->files_lock);
	free(db->dir);
	free(db);
}

static wr_status rock_open(const char *dir, const wr_db_options *opt, void **out, wr_err *err)
{
	wr_rock_db *db = wr_calloc(1, sizeof(*db));
	char path[4096];

	pthread_mutex_init(&db->lock, NULL);
	pthread_mutex_init(&db->files_lock, NULL);
	db->lock_fd = -1;
	db->dir = wr_strdup(dir);
	snprintf(path, sizeof(path), "%s/state", dir);
	if (wr_dir_make(dir, err) != WR_OK || wr_file_lock(dir, &db->lock_fd, err) != WR_OK)
		goto fail;
	make_options(db, opt);
	if (WR_FAULT_FAIL("state.locked", err) || open_families(db, path, err) != WR_OK ||
	    check_format(db, err) != WR_OK)
		goto fail;
	if (WR_FAULT_FAIL("state.open", err) || wr_rocks_clean_files(db, err) != WR_OK)
		goto fail;
	*out = db;
	return WR_OK;
fail:
	rock_close(db);
	return WR_FAIL;
}

/* ---- states */

static wr_family *find_family(wr_rock_db *db, const char *name)
{
	for (wr_family *f = db->families; f; f = f->next)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

void wr_rocks_hold(wr_rock_db *db, wr_family *f)
{
	pthread_mutex_lock(&db->lock);
	f->refs++;
	pthread_mutex_unlock(&db->lock);
}

void wr_rocks_release(wr_rock_db *db, wr_family *f)
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
	wr_rock_db *db = self;
	wr_rock_state *s;
	char *message = NULL;
	wr_family *f;

	if (WR_FAULT_FAIL("state.family", err))
		return WR_FAIL;
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
		return wr_rocks_error(err, "state for a query cannot be made", message);
	s = wr_calloc(1, sizeof(*s));
	s->db = db;
	s->cf = f;
	pthread_mutex_init(&s->lock, NULL);
	wr_rocks_find_pending(s);
	*out = s;
	return WR_OK;
}

static void rock_state_close(void *self)
{
	wr_rock_state *s = self;

	wr_rocks_release(s->db, s->cf);
	pthread_mutex_destroy(&s->lock);
	free(s->broken);
	free(s);
}

static wr_status rock_state_drop(void *self, const char *incarnation, wr_err *err)
{
	wr_rock_db *db = self;
	wr_family **p, *f = NULL;
	char *message = NULL;

	if (WR_FAULT_FAIL("state.drop", err))
		return WR_FAIL;
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
		return wr_rocks_error(err, "the state of a query cannot be dropped", message);
	if (f)
		wr_rocks_release(db, f);
	return WR_OK;
}

static wr_status rock_state_each(void *self, void (*visit)(void *, const char *), void *arg,
				 wr_err *err)
{
	wr_rock_db *db = self;

	(void)err;
	pthread_mutex_lock(&db->lock);
	for (wr_family *f = db->families; f; f = f->next)
		if (strcmp(f->name, "default") != 0)
			visit(arg, f->name);
	pthread_mutex_unlock(&db->lock);
	return WR_OK;
}

static wr_status rock_health(void *self, wr_err *err)
{
	wr_rock_state *s = self;
	wr_status status = WR_OK;

	pthread_mutex_lock(&s->lock);
	if (s->broken)
		status = wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s", s->broken);
	pthread_mutex_unlock(&s->lock);
	return status;
}

static void rock_fail(void *self, const char *text)
{
	wr_rock_state *s = self;

	pthread_mutex_lock(&s->lock);
	if (!s->broken)
		s->broken = wr_strdup(text);
	pthread_mutex_unlock(&s->lock);
}

void wr_rocks_read_failed(wr_rock_state *s, char *message)
{
	char text[512];

	snprintf(text, sizeof(text), "state in %s/state cannot be read: %s", s->db->dir, message);
	rocksdb_free(message);
	rock_fail(s, text);
}

/* ---- the whole */

static char *checkpoint(rocksdb_t *db, const char *path)
{
	char *message = NULL;
	rocksdb_checkpoint_t *cp = rocksdb_checkpoint_object_create(db, &message);

	if (!message)
		rocksdb_checkpoint_create(cp, path, 0, &message);
	if (cp)
		rocksdb_checkpoint_object_destroy(cp);
	return message;
}

static wr_status rock_backup(void *self, const char *dir, wr_err *err)
{
	wr_rock_db *db = self;
	char path[4096], *message;
	wr_status status;

	if (wr_dir_make(dir, err) != WR_OK)
		return WR_FAIL;
	snprintf(path, sizeof(path), "%s/state", dir);
	pthread_mutex_lock(&db->files_lock);
	message = checkpoint(db->db, path);
	status = message ? wr_rocks_error(err, "the backup of the state failed", message)
			 : wr_rocks_copy_pending(db, dir, err);
	pthread_mutex_unlock(&db->files_lock);
	return status;
}

/* Reads a whole column family past the cache. */
static char *verify_family(wr_rock_db *db, wr_family *f, uint64_t *keys)
{
	rocksdb_readoptions_t *read = rocksdb_readoptions_create();
	rocksdb_iterator_t *it;
	char *message = NULL;

	rocksdb_readoptions_set_verify_checksums(read, 1);
	rocksdb_readoptions_set_fill_cache(read, 0);
	it = rocksdb_create_iterator_cf(db->db, read, f->handle);
	for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it); rocksdb_iter_next(it))
		++*keys;
	rocksdb_iter_get_error(it, &message);
	rocksdb_iter_destroy(it);
	rocksdb_readoptions_destroy(read);
	return message;
}

static wr_status rock_verify(void *self, uint64_t *keys, wr_err *err)
{
	wr_rock_db *db = self;
	uint64_t own = 0;
	char *message = NULL;

	pthread_mutex_lock(&db->lock);
	for (wr_family *f = db->families; f && !message; f = f->next)
		message = verify_family(db, f, strcmp(f->name, "default") == 0 ? &own : keys);
	pthread_mutex_unlock(&db->lock);
	return message ? open_error(err, db->dir, message) : WR_OK;
}

const wr_base_def wr_base_rocks = {
	.open = rock_open,
	.close = rock_close,
	.backup = rock_backup,
	.verify = rock_verify,
	.state_open = rock_state_open,
	.state_close = rock_state_close,
	.state_drop = rock_state_drop,
	.state_each = rock_state_each,
	.health = rock_health,
	.fail = rock_fail,
	.store_open = wr_rocks_store_open,
	.store_close = wr_rocks_store_close,
	.size = wr_rocks_size,
	.get = wr_rocks_get,
	.cursor_open = wr_rocks_cursor_open,
	.seek = wr_rocks_seek,
	.step = wr_rocks_step,
	.cursor_close = wr_rocks_cursor_close,
	.commit = wr_rocks_commit,
	.prepare = wr_rocks_prepare,
	.pending = wr_rocks_pending,
	.apply = wr_rocks_apply,
	.discard = wr_rocks_discard,
	.view_open = wr_rocks_view_open,
	.view_close = wr_rocks_view_close,
};

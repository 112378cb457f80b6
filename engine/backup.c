/*
 * BACKUP TO 'dir': a copy of the data directory as of one moment, while queries go on; and `weir
 * restore`, which makes a data directory of it.
 *
 * The moment is one in which no query commits (wr_engine.commits is held), so that no epoch is half
 * decided. Copied in it: the catalog (no statement runs: wr_engine.lock), which frames of embedded
 * topics count, the state (RocksDB links its files). The frames themselves come later; those of
 * epochs behind the moment are aborted when the restored directory is opened.
 *
 *	backup		BACKUP/backup   made last: without it the copy is not whole
 *			BACKUP/weir.db, state/, ingest/, topics/
 *	restore		NEW/backup      first, removed last: nothing runs in a directory that has it
 *
 * A restored query continues from an old epoch, and what its original has sent since is sent again.
 * Its sink must not take it for the original: with a decider (Kafka, SQLite) the two would fight
 * over one witness, an endpoint would take new requests for those it has had. So a restore gives
 * each query a new identity (wr_epoch_identity) and empties the marks of deciders, which makes them
 * begin anew. CSV files go on from the length that the mark says, as after any restart.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/format.h"
#include "core/wait.h"
#include "engine/epoch.h"
#include "engine/internal.h"
#include "engine/journal.h"
#include "io/files.h"
#include "state/catalog_sqlite.h"

enum { WAIT_SECONDS = 60 };

static const char MARKER[] = "backup", FORMAT[] = "weir backup " WR_DATA_FORMAT "\n";

static wr_status marker_path(const char *dir, char path[PATH_MAX], wr_err *err)
{
	if (snprintf(path, PATH_MAX, "%s/%s", dir, MARKER) < PATH_MAX)
		return WR_OK;
	return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "the path %.200s… is too long", dir);
}

wr_status wr_backup_refuse(const char *dir, wr_err *err)
{
	char path[PATH_MAX];

	if (marker_path(dir, path, err))
		return WR_FAIL;
	if (access(path, F_OK))
		return WR_OK;
	wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
		   "%s is a backup, or the restore of one did not come to its end", dir);
	return wr_err_hint(err,
			   "weir restore BACKUP --data NEW makes a data directory of a backup");
}

/* ---------------------------------------------------------------- BACKUP TO */

/* No epoch is being committed while it is held. */
static wr_status hold_commits(wr_engine *e, wr_err *err)
{
	int64_t until = wr_clock_mono_ns() + WAIT_SECONDS * 1000000000ll;

	if (wr_write_lock_until(&e->commits, until))
		return WR_OK;
	wr_err_set(
	    err, WR_ERR_IO, WR_NO_SPAN,
	    "a query has been committing for %d seconds, and a backup must not come in between",
	    WAIT_SECONDS);
	return wr_err_hint(
	    err, "SHOW QUERIES says whether one waits for its sink; try again when that is there");
}

static wr_status copy_moment(wr_engine *e, const char *dir, wr_err *err)
{
	wr_status status;

	if (hold_commits(e, err))
		return WR_FAIL;
	status = wr_journal_backup(e, dir, err) ||
			 (e->topics && wr_topics_copy_marks(e->topics, dir, err)) ||
			 wr_db_backup(e->db, dir, err)
		     ? WR_FAIL
		     : WR_OK;
	pthread_rwlock_unlock(&e->commits);
	return status;
}

static wr_status back_up(wr_engine *e, const char *dir, wr_err *err)
{
	char path[PATH_MAX];

	if (marker_path(dir, path, err))
		return WR_FAIL;
	if (!wr_file_dir_empty(dir)) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s is there already and not empty", dir);
		return wr_err_hint(err, "each backup has a directory of its own");
	}
	if (wr_file_make_dir(dir, err) || copy_moment(e, dir, err) ||
	    (e->topics && wr_topics_copy_frames(e->topics, dir, err)) || wr_file_sync_dir(dir, err))
		return WR_FAIL;
	return wr_file_replace(path, wr_str_of(FORMAT), err);
}

wr_status wr_exec_backup(wr_exec *x, wr_err *err)
{
	const char *dir = wr_z(x->arena, x->stmt->text.text);

	if (!x->e->journal) {
		wr_err_set(err, WR_ERR_STATEMENT, x->stmt->span,
			   "there is no data directory to back up: all is in memory");
		return wr_err_hint(err, "start with --data DIR");
	}
	if (back_up(x->e, dir, err)) {
		if (err->span.length == 0)
			err->span = x->stmt->text.text_span;
		return WR_FAIL;
	}
	wr_say(x, WR_OUTCOME_MESSAGE,
	       "Backed up to %s; weir restore %s --data NEW makes a data directory of it", dir,
	       dir);
	return WR_OK;
}

/* ---------------------------------------------------------------- weir restore */

static wr_status check_backup(const char *dir, wr_err *err)
{
	char path[PATH_MAX];
	wr_buf text = { 0 };
	bool found;
	wr_status status =
	    marker_path(dir, path, err) || wr_file_load(path, &text, &found, err) ? WR_FAIL : WR_OK;

	if (status == WR_OK && !found) {
		status = wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s is no finished backup", dir);
		wr_err_hint(
		    err,
		    "BACKUP TO 'dir' makes one; a data directory that nothing runs in can be copied as it is, but then "
		    "only one of the two may go on");
	} else if (status == WR_OK && !wr_str_is(wr_buf_view(&text), FORMAT)) {
		status =
		    wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
			       "%s is a backup of a format that this program does not know: %.40s",
			       dir, wr_buf_z(&text));
		wr_err_hint(err, "use the version of weir that made it");
	}
	wr_buf_free(&text);
	return status;
}

static bool starts_with(const wr_buf *mark, const char *name)
{
	size_t n = strlen(name);

	return mark->n > n && memcmp(mark->p, name, n) == 0 && mark->p[n] == ' ';
}

static wr_status rename_query(wr_state *state, const char *incarnation, wr_err *err)
{
	wr_buf mark = { 0 };
	char old[40], fresh[40];
	uint64_t epoch;

	if (wr_state_pending(state, &epoch)) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
			   "query %s of this backup has an epoch that its sink had not decided",
			   incarnation);
		return wr_err_hint(err, "make another backup when SHOW QUERIES says RUNNING");
	}
	wr_epoch_identity(state, incarnation, old);
	wr_epoch_mark(state, &mark);
	wr_store *meta = wr_store_open(state, WR_META_STORE, 0);

	wr_uuid_make(fresh);
	wr_store_put(meta, WR_STR_LIT("i"), wr_str_of(fresh));
	if (starts_with(&mark, old))
		wr_store_put(meta, WR_STR_LIT("m"), WR_STR_LIT(""));
	wr_buf_free(&mark);
	return wr_state_commit(state, err);
}

static wr_status rename_in(wr_db *db, wr_arena *a, wr_err *err)
{
	const char **items;
	uint32_t n;
	wr_state *state;
	wr_status status = wr_incarnations(db, a, &items, &n, err);

	for (uint32_t i = 0; status == WR_OK && i < n; i++) {
		if (wr_state_open(db, items[i], &state, err))
			return WR_FAIL;
		status = rename_query(state, items[i], err);
		wr_state_close(state);
	}
	return status;
}

/* INSERT … VALUES into Kafka is a transaction under a name of the directory's own. */
static wr_status rename_inserts(const char *dir, wr_err *err)
{
	wr_buf id = { 0 };
	char fresh[WR_INSERT_ID];
	wr_catdb *catalog;
	bool found;

	if (wr_catdb_open(dir, &catalog, err))
		return WR_FAIL;
	wr_status status = wr_catdb_get(catalog, WR_INSERT_ID_KEY, &id, &found, err);

	if (status == WR_OK && found)
		status = wr_journal_new_insert_id(catalog, fresh, err);
	wr_catdb_close(catalog);
	wr_buf_free(&id);
	return status;
}

static wr_status rename_all(const char *dir, wr_err *err)
{
	wr_db_options options = { .cache_bytes = 8 << 20 };
	wr_arena *a = wr_arena_new();
	wr_db *db = NULL;
	wr_status status =
	    wr_db_open(dir, &options, &db, err) || rename_in(db, a, err) ? WR_FAIL : WR_OK;

	wr_db_close(db);
	wr_arena_free(a);
	return status;
}

wr_status wr_engine_restore(const char *backup, const char *to, wr_err *err)
{
	char path[PATH_MAX];

	if (check_backup(backup, err) || marker_path(to, path, err))
		return WR_FAIL;
	if (!wr_file_dir_empty(to)) {
		wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s is there already and not empty", to);
		return wr_err_hint(err, "a backup is restored into a new data directory");
	}
	if (wr_file_make_dir(to, err) || wr_file_replace(path, WR_STR_LIT("restoring\n"), err) ||
	    wr_file_copy_tree(backup, to, NULL, err) || rename_all(to, err) ||
	    rename_inserts(to, err))
		return WR_FAIL;
	return unlink(path) ? wr_file_fail(err, "remove", path) : wr_file_sync_dir(to, err);
}

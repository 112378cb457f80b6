#include "state/check.h"

#include <stdlib.h>

#include "state/catalog_sqlite.h"
#include "state/files.h"
#include "state/store.h"

typedef struct names {
	char **items;
	uint32_t n, room;
} names;

typedef struct look {
	names named, stored;
	wr_check *out;
} look;

static void add(names *list, wr_str name)
{
	if (list->n == list->room) {
		list->room = list->room ? list->room * 2 : 16;
		list->items = wr_realloc(list->items, list->room * sizeof(char *));
	}
	list->items[list->n] = wr_calloc(name.n + 1, 1);
	memcpy(list->items[list->n++], name.p, name.n);
}

static void free_names(names *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
}

static bool holds(const names *list, const char *name)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], name) == 0)
			return true;
	return false;
}

static wr_status statement(void *self, const wr_statement_row *row, wr_err *err)
{
	look *l = self;

	(void)err;
	l->out->statements++;
	if (row->incarnation.p && row->incarnation.n)
		add(&l->named, row->incarnation);
	return WR_OK;
}

static void incarnation(void *self, const char *name)
{
	add(&((look *)self)->stored, wr_str_of(name));
}

static wr_status check_states(wr_db *db, look *l, wr_buf *report, wr_err *err)
{
	for (uint32_t i = 0; i < l->stored.n; i++) {
		const char *name = l->stored.items[i];
		uint64_t epoch;
		wr_state *s;

		if (wr_state_open(db, name, &s, err) != WR_OK)
			return WR_FAIL;
		if (wr_state_pending(s, &epoch)) {
			l->out->pending++;
			wr_buf_printf(report, "%s: epoch %llu waits for its sink's decision\n",
				      name, (unsigned long long)epoch);
		}
		wr_state_close(s);
		if (!holds(&l->named, name)) {
			l->out->orphans++;
			wr_buf_printf(report,
				      "%s: state of no statement; the next start removes it\n",
				      name);
		}
	}
	return WR_OK;
}

static wr_status check_open(wr_catdb *catalog, wr_db *db, look *l, wr_buf *report, wr_err *err)
{
	if (wr_catdb_each(catalog, false, statement, l, err) != WR_OK ||
	    wr_state_each(db, incarnation, l, err) != WR_OK)
		return WR_FAIL;
	l->out->queries = l->stored.n;
	if (check_states(db, l, report, err) != WR_OK)
		return WR_FAIL;
	return wr_db_verify(db, &l->out->keys, err);
}

wr_status wr_check_data(const char *dir, wr_check *out, wr_buf *report, wr_err *err)
{
	wr_db_options opt = { .memory = false };
	look l = { .out = out };
	wr_catdb *catalog = NULL;
	wr_db *db = NULL;
	wr_status status = WR_FAIL;

	*out = (wr_check){ 0 };
	if (!wr_file_exists("%s/weir.db", dir) || !wr_file_exists("%s/state", dir))
		return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN, "%s is not a data directory of weir",
				  dir);
	/* the state first: it is what a second process is refused by */
	if (wr_db_open(dir, &opt, &db, err) == WR_OK && wr_catdb_open(dir, &catalog, err) == WR_OK)
		status = check_open(catalog, db, &l, report, err);
	wr_catdb_close(catalog);
	wr_db_close(db);
	free_names(&l.named);
	free_names(&l.stored);
	return status;
}

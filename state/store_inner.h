/*
 * What store.c and scan.c share of databases, states and stores; inside the room, and inside those
 * two.
 */
#ifndef STATE_STORE_INNER_H
#define STATE_STORE_INNER_H

#include "state/base.h"

#include <pthread.h>
#include <stdatomic.h>

struct wr_db {
	const wr_base_def *def;
	void *base;
	size_t mirror_limit;
	_Atomic size_t mirrored; /* bytes of all mirrors */
	size_t held_limit;
	_Atomic size_t held, caches; /* bytes of all caches, and how many there are */
};

struct wr_state {
	wr_db *db;
	const wr_base_def *def;
	void *base;
	pthread_mutex_t lock; /* of the list */
	wr_store *stores;     /* ascending by id */
};

struct wr_store {
	wr_store *next;
	wr_state *state;
	const wr_base_def *def;
	void *base;
	/* What is read: the base, or the mirror by way of wr_base_memory. */
	const wr_base_def *read_def;
	void *read;
	void *mirror;	     /* NULL: none */
	size_t mirror_bytes; /* as counted in the db */
	uint32_t scans;	     /* until a mirror is thought of */
	bool no_mirror;	     /* it never pays, or was given up */
	uint32_t id;
	bool base_empty;
	enum { WR_HIGHEST_UNKNOWN, WR_HIGHEST_KNOWN, WR_HIGHEST_NONE } highest_is;
	wr_buf highest; /* no committed key comes behind it */
	wr_tree points;
	wr_range *ranges; /* keys are heap pieces */
	uint32_t nranges, room;
	_Atomic size_t bytes;  /* of the overlay, for other threads */
	_Atomic size_t cached; /* of dirty cache entries on their way here, likewise */
	wr_iter *spare;	       /* closed, for the next scan: operators scan at every row */
};

/* The range that hides the committed key; NULL when none does. */
const wr_range *wr_store_hidden(const wr_store *st, wr_str key);

/* At a scan: makes a mirror when it seems to pay. */
void wr_store_consider_mirror(wr_store *st);
/* After a commit of these changes. */
void wr_store_update_mirror(wr_store *st, const wr_changes *ch);
void wr_store_drop_mirror(wr_store *st);

/* Gives the iterator that a store keeps back. */
void wr_store_drop_spare(wr_store *st);

#endif

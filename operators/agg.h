/*
 * Inside of GROUP BY: op_aggregate.c and the agg_*.c files that are parts of it. Nobody else
 * includes this.
 *
 *	op_aggregate.c   the operator: rows to groups, barriers
 *	agg_state.c      a group's states in one payload: made, stepped, saved
 *	agg_multiset.c   aggregates that keep their values in the store, over tables: ordered ones
 *	agg_counted.c    the same: distinct values and how often they are there
 *	agg_window.c     tumbling and hopping windows: which, late, closed, expired
 *	agg_session.c    session windows
 *	agg_front.c      the groups that came last, found quickly
 *	agg_emit.c       what goes downstream, and when
 *
 * The operator has two stores. The first is the cache's: [window start] group -> the group's states
 * (of SESSION: all live sessions of the group). The other's keys, by their first byte:
 *
 *	META                               times and counters
 *	TIMER  time group                  SESSION: look at this group when time has passed
 *	VALUES aggregate group value pk    the multiset of a table's values
 *	       aggregate group number      … of those that want them by arrival,
 *	ARRIVAL aggregate group pk         and the number of a row's value there
 *	COUNTS aggregate group value       of distinct values: how often, and the number
 */
#ifndef OPERATORS_AGG_H
#define OPERATORS_AGG_H

#include "operators/rows.h"
#include "operators/util.h"
#include "state/cache.h"
#include "state/keyenc.h"

enum agg_prefix {
	AGG_META = 0,
	AGG_TIMER = 1,
	AGG_VALUES = 2,
	AGG_ARRIVAL = 3,
	AGG_COUNTS = 4,
};

/* One aggregate of the list. */
typedef struct agg_part {
	const wr_agg *def;
	wr_agg_cx cx;
	uint32_t index;
	uint32_t at;	   /* its state's place in a group */
	uint32_t multi_at; /* its agg_multi's, where it goes by a multiset */
	bool multi;
	bool nulls, saved;   /* multi: nulls are values; the state is saved with its group */
	uint32_t most;	     /* multi: so many entries make the state */
	const wr_vec **args; /* evaluated for the rows of the present push */
} agg_part;

/* What a group remembers of its values in the store (front and back: without the group's
 * prefix). */
typedef struct agg_multi {
	wr_row_bytes front; /* no entry stands before this place; n == 0: it is not known */
	wr_row_bytes back;  /* the last entry that the state was made of */
	/* entries that the state was made of; counted ones: all distinct values */
	uint64_t n;
	bool stale; /* the state must be made anew */
} agg_multi;

/* A group: this head, then the states at part->at. 16-byte aligned. */
typedef struct agg_group {
	int64_t rowtime; /* highest of its rows; WR_TIME_NONE: none yet */
	int64_t offset;	 /* of its latest row */
	uint32_t part;
	bool emitted; /* downstream has an image of it */
	bool changed; /* stands in the list of changed groups */
	/* while changed and emitted: the results downstream has; in self->images */
	wr_str image;
} agg_group;

/* A session window of a group; the states follow its group head. */
typedef struct agg_session {
	int64_t start, end; /* times of its first and last row */
	agg_group group;
} agg_session;

/* Payload of a SESSION group: its live sessions by start. */
typedef struct agg_sessions {
	uint32_t n, room;
	int64_t timer; /* the armed one; INT64_MAX: none */
	char *items;   /* self->session_size apart */
} agg_sessions;

/* A row on its way out. */
typedef struct agg_line {
	uint32_t from;
	uint8_t change;
	int64_t rowtime, wstart, wend, offset;
	uint32_t part;
} agg_line;

/*
 * The batch being put together. Keys and metadata come from rows of src; with src NULL keys are
 * pushed one by one.
 */
typedef struct agg_out {
	wr_arena *arena;
	const wr_batch *src;
	wr_vec *cols; /* of the output schema */
	agg_line *lines;
	uint32_t n, room;
	uint32_t changes;
} agg_out;

enum { AGG_FRONT = 256 };

typedef struct agg_front_slot {
	uint64_t age;
	int64_t start, value;
	agg_group *group;
} agg_front_slot;

/* What outlives a restart beside the groups. */
typedef struct agg_meta {
	int64_t time, closed, max_start;
	uint64_t arrivals;
} agg_meta;

typedef struct op_aggregate {
	wr_op op;
	const wr_spec_aggregate *spec;
	wr_store *st, *side;
	wr_cache_def payload;
	wr_cache *groups;
	bool tight;
	agg_front_slot *front; /* AGG_FRONT of them; NULL: not for such groups */
	/* of the present push: hashes of the rows' groups, to ask for memory; NULL: they are few */
	const uint64_t *ahead;
	uint64_t age; /* counts what makes places in the cache invalid */
	uint32_t nparts;
	agg_part *parts;
	bool any_multi, damaged; /* damaged: an entry of the side store could not be read */
	uint32_t group_size, session_size;
	wr_prog *prog;	    /* all arguments; NULL: there are none */
	wr_vec *vecs;	    /* their values in the present push */
	const wr_batch *in; /* the present push: row i of in is row i - in_at of vecs */
	uint32_t in_at;
	size_t heap; /* bytes that states own beside their payload */

	/* emission */
	bool direct; /* every change goes out at once */
	bool images_wanted;
	agg_out out;
	wr_arena *emit_arena; /* of batches made outside of push */
	wr_arena *images;     /* old results of changed groups; reset when they went out */
	agg_group **changed;
	size_t nchanged, changed_room, changed_bytes;

	/* time */
	int64_t time;	   /* local_time: highest row time; else the last watermark */
	int64_t closed;	   /* windows that start before this are closed */
	int64_t max_start; /* latest window start written */
	/* no open window with a group starts before this (INT64_MAX: none) */
	int64_t low;
	int64_t lowest;	    /* nor any window that is kept */
	int64_t keep;	    /* a window is kept until start + keep (SESSION: end + keep) */
	int64_t next_timer; /* SESSION: no timer before this */
	uint64_t arrivals;  /* values by arrival counted so far */
	agg_meta saved;

	wr_arena *scratch; /* an entry of the side store that is being read */
	wr_buf key;	   /* of the present row */
	wr_buf tmp, tmp2;
} op_aggregate;

static inline void *agg_state(const agg_group *g, const agg_part *p)
{
	return (char *)(uintptr_t)g + p->at;
}
static inline agg_multi *agg_multi_of(const agg_group *g, const agg_part *p)
{
	return (agg_multi *)((char *)(uintptr_t)g + p->multi_at);
}
static inline bool agg_windowed(const op_aggregate *self)
{
	return self->spec->window.kind == WR_WINDOW_TUMBLING ||
	       self->spec->window.kind == WR_WINDOW_HOPPING;
}

/* ---- agg_state.c */

wr_status agg_layout(op_aggregate *self, wr_err *err);
void agg_group_init(op_aggregate *self, agg_group *g);
void agg_group_save(op_aggregate *self, const agg_group *g, wr_buf *out);
bool agg_group_load(op_aggregate *self, agg_group *g, const char **p, const char *end);
void agg_group_drop(op_aggregate *self, agg_group *g);
/* Adds row i of self->in to the group, or takes it back. */
wr_status agg_group_step(op_aggregate *self, agg_group *g, uint32_t i, wr_err *err);
wr_status agg_group_undo(op_aggregate *self, agg_group *g, uint32_t i, wr_err *err);
/* into takes up all of from; from stays to be dropped. */
wr_status agg_group_merge(op_aggregate *self, agg_group *into, agg_group *from, wr_err *err);
/* Appends one result per aggregate to cols (the first aggregate's column first). */
void agg_group_finals(op_aggregate *self, agg_group *g, wr_vec *cols, wr_arena *a);
wr_status agg_step_failed(const agg_part *p, wr_err *err);
extern const wr_cache_def agg_group_payload;

/* ---- agg_multiset.c */

/* How many entries of p there are in a state, and so on. */
void agg_multi_layout(agg_part *p);
/* Row i of self->in comes or goes; self->key is the group's. false: the state cannot take it. */
bool agg_multi_add(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i);
bool agg_multi_take(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i);
/* Makes stale states of a group in the cache anew. false: damaged. Keeps self->key. */
bool agg_multi_settle(op_aggregate *self, agg_group *g);
void agg_multi_save(const agg_part *p, const agg_group *g, wr_buf *out);
bool agg_multi_load(agg_part *p, agg_group *g, const char **at, const char *end);
void agg_multi_drop(const agg_part *p, agg_group *g);

/* What it shares with agg_counted.c. out = prefix ‖ aggregate ‖ group: */
void agg_multi_prefix(wr_buf *out, enum agg_prefix prefix, const agg_part *p, wr_str group);
void agg_multi_restart(agg_part *p, void *state);
/* The arguments of row i as bytes, and back in arena a (NULL: damaged). */
void agg_multi_save_args(op_aggregate *self, const agg_part *p, uint32_t i, wr_buf *out);
const wr_vec **agg_multi_load_args(wr_arena *a, const agg_part *p, wr_str bytes);
/* Iterates the group's VALUES from its front on; *end (of what it iterates) and *prefix are
 * told. */
wr_iter *agg_multi_scan(op_aggregate *self, const agg_part *p, const agg_multi *m, wr_str group,
			wr_str *end, size_t *prefix);
/* The end of all keys that begin with prefix: its successor, in out. */
wr_str agg_multi_behind(wr_buf *out, wr_str prefix);

/* ---- agg_counted.c */

bool agg_counted_add(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i);
bool agg_counted_take(op_aggregate *self, agg_part *p, agg_group *g, uint32_t i);
bool agg_counted_read(op_aggregate *self, agg_part *p, agg_group *g, wr_str group);

/* ---- agg_front.c */

void agg_front_open(op_aggregate *self);
/*
 * The group of row i (whose key is not null) in the window that begins at start (0: none); NULL:
 * not known here.
 */
agg_group *agg_front_find(op_aggregate *self, uint32_t i, int64_t start);
void agg_front_put(op_aggregate *self, uint32_t i, int64_t start, agg_group *g);

/* Where groups are many: prepares for rows at .. at+n-1 of self->in; then before each row i. */
void agg_ahead_begin(op_aggregate *self, uint32_t at, uint32_t n);
void agg_ahead(op_aggregate *self, uint32_t i, uint32_t end);

/* ---- agg_window.c */

/* The start of the first window that row i falls into. */
int64_t agg_window_first(const op_aggregate *self, uint32_t i);

void agg_window_open(op_aggregate *self);
wr_status agg_window_row(op_aggregate *self, uint32_t i, wr_err *err);
/* Time is t now: EMIT FINAL gives the windows that closed. */
wr_status agg_window_time(op_aggregate *self, int64_t t, wr_err *err);
/*
 * At a barrier, the cache being clean: forgets windows that nobody can change or ask for any more.
 */
void agg_window_expire(op_aggregate *self);

/* ---- agg_session.c */

extern const wr_cache_def agg_session_payload;
void agg_session_open(op_aggregate *self);
wr_status agg_session_row(op_aggregate *self, uint32_t i, wr_err *err);
wr_status agg_session_time(op_aggregate *self, int64_t t, wr_err *err);

/* ---- agg_emit.c */

/* The group changes by row i of self->in: `undo` rows first, each may be UINT32_MAX for none. */
wr_status agg_change(op_aggregate *self, agg_group *g, uint32_t undo, uint32_t step, int64_t wstart,
		     int64_t wend, wr_err *err);
/* Begins a batch in arena a; ends it and sends it on. */
void agg_out_begin(op_aggregate *self, wr_arena *a, const wr_batch *src, uint32_t room);
wr_status agg_out_end(op_aggregate *self, wr_err *err);
/* One row: the group's results. from: the row of src it comes from. */
void agg_out_row(op_aggregate *self, agg_group *g, uint32_t from, agg_line line);
/*
 * The same where src is NULL: the key is decoded (bytes after the prefix and window). false:
 * damaged.
 */
bool agg_out_key_row(op_aggregate *self, agg_group *g, wr_str key, agg_line line);
/* Sends what is there when it is a full batch. */
wr_status agg_out_spill(op_aggregate *self, wr_err *err);
/* All changed groups go out. */
wr_status agg_emit_changed(op_aggregate *self, wr_err *err);

#endif

/*
 * Internal to formats/: change events of Debezium, key and value together. debezium.c follows an
 * event, debezium_plan.c says what its columns are, debezium_schema.c reads the schema that stands
 * before it, debezium_value.c its values, debezium_source.c the columns beside it.
 */
#ifndef FORMATS_DEBEZIUM_H
#define FORMATS_DEBEZIUM_H

#include "core/record.h"
#include "formats/json_read.h"
#include "formats/side.h"

typedef struct wr_debezium wr_debezium;

/* other_key: the key's columns when their format is another one; else NULL. spec must stay. */
wr_status wr_debezium_open(wr_arena *a, const wr_decode_spec *spec, wr_side *other_key,
			   wr_debezium **out, wr_err *err);
/* How many places of the batch reading n records may use. */
uint32_t wr_debezium_room(const wr_debezium *d, uint32_t n);
void wr_debezium_bind(wr_debezium *d, wr_batch *b);
/*
 * Reads a record into the places from b->n on: columns and change. Returns the number of rows (0, 1
 * or 2), or -1: bad, *side and *why say so. *time becomes the event's own time where the spec asks
 * for it.
 */
int wr_debezium_read(wr_debezium *d, const wr_record *rec, uint32_t part, int64_t *time,
		     const char **side, wr_defect *why);

/* ---- what the files share */

/* How the writer says a value is to be read; 0: it did not say. */
typedef enum wr_meaning {
	WR_MEANS_UNKNOWN,
	WR_MEANS_PLAIN,	  /* as its type reads */
	WR_MEANS_DECIMAL, /* bytes of an integer, in base64; slot->scale */
	WR_MEANS_SCALED,  /* {"scale":..,"value":bytes} */
	WR_MEANS_DAYS,
	WR_MEANS_TIME_MS,
	WR_MEANS_TIME_US,
	WR_MEANS_TIME_NS,
	WR_MEANS_INSTANT_MS,
	WR_MEANS_INSTANT_US,
	WR_MEANS_INSTANT_NS,
} wr_meaning;

/* What an event offers beside its rows. Indexes of the members of a plan's envelope. */
enum {
	WR_EVENT_BEFORE,
	WR_EVENT_AFTER,
	WR_EVENT_SOURCE,
	WR_EVENT_OP,
	WR_EVENT_TS,
	WR_EVENT_SCHEMA,
	WR_EVENT_PAYLOAD,
	WR_EVENT_MEMBERS,
};

/*
 * What a flattened event offers beside its columns; each under one of two names (debezium_plan.c).
 */
enum {
	WR_FLAT_OP,
	WR_FLAT_DELETED,
	WR_FLAT_TS,
	WR_FLAT_DB,
	WR_FLAT_SCHEMA,
	WR_FLAT_TABLE,
	WR_FLAT_LSN,
	WR_FLAT_TX,
	WR_FLAT_SNAPSHOT,
	WR_FLAT_MARKS,
};

/* Members of `source`. */
enum {
	WR_SOURCE_TS,
	WR_SOURCE_DB,
	WR_SOURCE_SCHEMA,
	WR_SOURCE_TABLE,
	WR_SOURCE_LSN,
	WR_SOURCE_FILE,
	WR_SOURCE_POS,
	WR_SOURCE_ROW,
	WR_SOURCE_TXID,
	WR_SOURCE_GTID,
	WR_SOURCE_SNAPSHOT,
	WR_SOURCE_MEMBERS,
};

typedef enum wr_layout { WR_LAYOUT_UNKNOWN, WR_LAYOUT_ENVELOPE, WR_LAYOUT_FLAT } wr_layout;

/* A row as a plan reads it: the value's columns, then the key's. */
typedef struct wr_event_row {
	wr_jread_object *object;
	uint32_t nvalue,
	    nkeys; /* slots 0..nvalue-1 are value columns, the next nkeys key columns; then others */
} wr_event_row;

/* How to read the events that carry one schema, or none. */
typedef struct wr_event_plan wr_event_plan;
struct wr_event_plan {
	wr_event_plan *next;
	wr_str schema;	  /* its bytes in the record; p == NULL: none */
	wr_layout layout; /* as the schema says */
	wr_jread_object *envelope;
	bool image; /* `before` goes to the column BEFORE */
	wr_batch *bound;
	uint64_t run; /* of the decoder, when it was bound */
	wr_event_row before, after, flat, key;
	wr_jread_slot lone_key; /* a key that is no object */
};

/*
 * Reads a plan's schema from its text (jansson): finds a column's part, and how its values are
 * meant.
 */
typedef struct wr_connect wr_connect;
wr_connect *wr_connect_parse(wr_str schema);
void wr_connect_free(wr_connect *c);
/* ENVELOPE: it has `op` and `after`. */
wr_layout wr_connect_layout(const wr_connect *c);
/* Sets meaning and scale of a row's slots; member: "after" of an envelope, NULL for the whole. */
void wr_connect_apply(const wr_connect *c, const char *member, wr_jread_slot *slots, uint32_t n);

/* The hooks of an envelope. */
typedef struct wr_event_hooks {
	wr_jread_hook schema, payload, source; /* source NULL: nobody reads it */
} wr_event_hooks;

/* own_key: the key's columns are read from events too. c: NULL when the events carry no schema. */
wr_event_plan *wr_event_plan_new(wr_arena *a, const wr_decode_spec *spec, bool own_key,
				 const wr_connect *c, wr_event_hooks hooks);
void wr_event_plan_bind(wr_event_plan *p, wr_batch *b);
wr_jread_object *wr_source_object_new(wr_arena *a);

/* The token of a slot that was met in the object's last reading; NULL: it was not. */
const wr_jread_token *wr_jread_met(const wr_jread_object *o, uint32_t i);

/* The leaf of Debezium's values, and the hook of its arrays and maps. */
bool wr_debezium_leaf(wr_jread *r, wr_jread_slot *s, const wr_jread_token *t, uint32_t row);
const char *wr_debezium_nested(wr_jread *r, wr_jread_slot *s, const char *p, uint32_t row);
/* Bytes of the string that stands for a value that the database did not send. */
enum { WR_PLACEHOLDER_LENGTH = 28 };
/* Marks a column of a row as absent; r->owner is a wr_debezium. */
void wr_debezium_absent(wr_jread *r, int32_t column, uint32_t row);
/* The walker of r->owner, a wr_debezium. */
const wr_jread_walker *wr_debezium_walker(wr_jread *r);
/* Evidence on how the source writes decimals, of r->owner: > 0 as text, < 0 as bytes. */
int *wr_debezium_decimals(wr_jread *r);

/*
 * Sets columns beside the row, of a stream: one of STRING type (p == NULL: null); those of an
 * envelope's source; those of a flattened row.
 */
void wr_cdc_put(const wr_decode_spec *spec, wr_batch *b, uint32_t row, wr_cdc_column which,
		wr_str text);
void wr_cdc_from_source(const wr_decode_spec *spec, wr_batch *b, uint32_t row,
			const wr_jread_object *source);
/*
 * A mark (WR_FLAT_OP …) of the flattened row read last, under either of its names; NULL: it has
 * none.
 */
const wr_jread_token *wr_flat_mark(const wr_event_row *flat, uint32_t i);
void wr_cdc_from_flat(const wr_decode_spec *spec, wr_batch *b, uint32_t row,
		      const wr_event_row *flat);

/* The key that a partition's last d removed: the tombstone behind it says nothing new. */
typedef struct wr_last_delete {
	uint32_t part;
	uint64_t key;
} wr_last_delete;

struct wr_debezium {
	const wr_decode_spec *spec;
	wr_arena *arena;
	wr_side *other_key;
	bool own_key;
	uint32_t nkeys; /* key columns that are read */
	const wr_jread_walker *walker;
	wr_event_hooks hooks;
	wr_jread reader, key_reader;
	wr_event_plan *plan, *plans, *bare; /* of this event; of all schemas; of none */
	wr_event_plan *bare_key;	    /* a key is read while the event's own plan is in use */
	wr_jread_object *source;
	uint32_t nplans;
	uint64_t run;
	wr_layout layout;    /* the last one without a schema */
	wr_layout event;     /* of this event */
	bool marked;	     /* the flattened rows say themselves when they are deletes */
	wr_jread_token late; /* a payload that stood before its schema, or had none */
	bool schema_met, payload_done;
	int decimals;
	wr_batch *batch;
	bool any_absent;
	wr_last_delete *deletes;
	uint32_t ndeletes, deletes_room;
};

/* ---- debezium_read.c */

wr_event_hooks wr_event_hooks_of(bool source);
/*
 * Reads a record's value. Sets d->event and d->plan; WR_LAYOUT_UNKNOWN: a payload of null. false:
 * d->reader says why.
 */
bool wr_event_text(wr_debezium *d, wr_str text);
/* Before an envelope is read: its images have no places yet. */
void wr_event_reset(wr_jread *r, wr_event_plan *p);
/* Makes p the plan of this event, bound to the batch. */
void wr_event_use(wr_debezium *d, wr_event_plan *p);
/* The absent bits of a row, made when there were none; forgetting them. */
uint64_t *wr_absent_words(wr_debezium *d, uint32_t row);
void wr_absent_forget(wr_debezium *d, uint32_t row);

/* ---- debezium_key.c. false: *side and *why say why. */

/* The key columns of a row from the record's key, else from the event's before image. */
bool wr_event_find_key(wr_debezium *d, const wr_record *rec, uint32_t row, const char **side,
		       wr_defect *why);
/* Those of an image that was read into row: they are in it, or else as above. */
bool wr_event_complete_key(wr_debezium *d, const wr_record *rec, const wr_event_row *image,
			   uint32_t row, const char **side, wr_defect *why);
bool wr_event_same_key(wr_debezium *d, uint32_t x, uint32_t y);
/* Notes the key that a d removed; whether it is the last one removed in its partition. */
void wr_event_deleted(wr_debezium *d, uint32_t part, wr_str key);
bool wr_event_was_deleted(const wr_debezium *d, uint32_t part, wr_str key);

/* ---- debezium_image.c */

/* The place of an image (WR_EVENT_BEFORE, WR_EVENT_AFTER); UINT32_MAX: the event has none. */
bool wr_event_image(wr_debezium *d, uint32_t which, uint32_t *place, wr_defect *why);
/* Whether there is a whole before image, for BEFORE='EVENT'. */
bool wr_event_check_before(wr_debezium *d, uint32_t place, wr_defect *why);
/* Puts the images at b->n and behind: before, then after; UINT32_MAX: none. */
void wr_event_settle(wr_debezium *d, uint32_t before, uint32_t after);
/* Takes what the after image lacks from the before image. */
void wr_event_fill(wr_debezium *d, uint32_t before, uint32_t after);

#endif
